/* SPDX-License-Identifier: Apache-2.0 */
#include "biometrics/jpeg.h"

#include "crypto/base/sys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FOLDER "tests/data/faulty_portraits/"

static struct buf load(const char *path)
{
	struct buf b = { 0 };

	assert_int_equal(sys_read_file(path, JPEG_BYTES_MAX, &b, NULL).code, CC_OK);
	return b;
}

/* A picture with structure in both directions, so that a turned or mirrored copy differs. */
static struct image pattern(unsigned w, unsigned h, unsigned channels)
{
	struct image im = { 0 };

	assert_int_equal(image_new(w, h, channels, &im, NULL).code, CC_OK);
	for (unsigned y = 0; y < h; y++)
		for (unsigned x = 0; x < w; x++)
			for (unsigned c = 0; c < channels; c++)
				im.p[((size_t)y * w + x) * channels + c] = (uint8_t)(x * 200 / w + (c == 1 ? y * 55 / h : 0));
	return im;
}

static struct buf encoded(unsigned w, unsigned h, unsigned channels)
{
	struct image im = pattern(w, h, channels);
	struct buf out = { 0 };

	assert_int_equal(jpeg_encode(&im, &(struct jpeg_params){ 90, JPEG_CHROMA_FULL }, &out, NULL).code, CC_OK);
	image_done(&im);
	return out;
}

static void refused(struct bytes file, enum cc_code code, const char *key)
{
	struct cc_error err;
	struct image im = { 0 };

	cc_error_init(&err);
	assert_int_equal(jpeg_decode(file, 1, &im, NULL, &err).code, code);
	assert_string_equal(err.key, key);
	assert_null(im.p);
}

static void refused_file(const char *name, enum cc_code code, const char *key)
{
	char path[256];
	struct buf b;

	snprintf(path, sizeof path, FOLDER "%s", name);
	b = load(path);
	refused(buf_view(&b), code, key);
	buf_done(&b);
}

static void encode_then_decode_keeps_the_picture(void **state)
{
	struct image im = pattern(67, 41, 3), back = { 0 };
	struct jpeg_info info;
	struct buf file = encoded(67, 41, 3);

	(void)state;
	assert_int_equal(jpeg_decode(buf_view(&file), 1, &back, &info, NULL).code, CC_OK);
	assert_int_equal(info.colour, JPEG_COLOUR);
	assert_false(info.progressive);
	assert_int_equal(info.scans, 1);
	assert_int_equal(back.width, 67);
	assert_int_equal(back.height, 41);
	for (size_t i = 0; i < image_size(&im); i++)
		assert_true(abs(im.p[i] - back.p[i]) <= 12);
	image_done(&im);
	image_done(&back);
	buf_done(&file);
}

static void quality_and_table_sum_move_together(void **state)
{
	struct image im = pattern(64, 64, 3);
	struct jpeg_info fine, coarse;
	struct buf a = { 0 }, b = { 0 };

	(void)state;
	assert_int_equal(jpeg_encode(&im, &(struct jpeg_params){ 95, JPEG_CHROMA_QUARTER }, &a, NULL).code, CC_OK);
	assert_int_equal(jpeg_encode(&im, &(struct jpeg_params){ 10, JPEG_CHROMA_QUARTER }, &b, NULL).code, CC_OK);
	assert_true(a.n > b.n);
	assert_int_equal(jpeg_probe(buf_view(&a), &fine, NULL).code, CC_OK);
	assert_int_equal(jpeg_probe(buf_view(&b), &coarse, NULL).code, CC_OK);
	assert_true(fine.luma_scaled * 4 < coarse.luma_scaled);
	buf_done(&a);
	buf_done(&b);
	image_done(&im);
}

static void grey_decodes_to_equal_channels(void **state)
{
	struct buf file = encoded(40, 30, 1);
	struct image back = { 0 };
	struct jpeg_info info;

	(void)state;
	assert_int_equal(jpeg_decode(buf_view(&file), 1, &back, &info, NULL).code, CC_OK);
	assert_int_equal(info.colour, JPEG_GREY);
	assert_int_equal(back.channels, 3);
	for (size_t i = 0; i < (size_t)40 * 30; i++)
		assert_true(back.p[3 * i] == back.p[3 * i + 1] && back.p[3 * i] == back.p[3 * i + 2]);
	image_done(&back);
	buf_done(&file);
}

static void reduce_divides_the_sides_and_rounds_up(void **state)
{
	struct buf file = encoded(67, 41, 3);
	struct image back = { 0 };

	(void)state;
	assert_int_equal(jpeg_decode(buf_view(&file), 2, &back, NULL, NULL).code, CC_OK);
	assert_int_equal(back.width, 34);
	assert_int_equal(back.height, 21);
	assert_int_equal(jpeg_decode(buf_view(&file), 8, &back, NULL, NULL).code, CC_OK);
	assert_int_equal(back.width, 9);
	assert_int_equal(back.height, 6);
	image_done(&back);
	buf_done(&file);
}

/* The file with an Exif segment behind SOI. */
static struct buf with_exif(struct bytes file, bool little, uint16_t orientation)
{
	static const uint8_t big_tiff[] = { 'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1 };
	static const uint8_t little_tiff[] = { 'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0 };
	struct cursor in;
	struct bytes soi;
	struct writer w;
	struct buf out = { 0 };

	cursor_init(&in, file);
	assert_true(cursor_take(&in, 2, &soi));
	writer_init(&w, JPEG_BYTES_MAX);
	writer_put(&w, soi);
	writer_u16(&w, 0xFFE1);
	writer_u16(&w, 2 + 6 + 18 + 4 + 4);
	writer_put(&w, BYTES_LITERAL("Exif\0\0"));
	writer_put(&w, little ? bytes_of(little_tiff, 18) : bytes_of(big_tiff, 18));
	if (little)
		writer_u16(&w, (uint16_t)(orientation << 8));
	else
		writer_u16(&w, orientation);
	writer_u16(&w, 0);
	writer_u32(&w, 0);
	writer_put(&w, cursor_rest(&in));
	assert_int_equal(writer_finish(&w, &out).code, CC_OK);
	return out;
}

static uint8_t pixel(const struct image *im, unsigned x, unsigned y)
{
	return image_row(im, y)[x * im->channels];
}

/* Where the stored top left corner (0, 0) goes, by CIPA DC-008 4.6.4 A: the 0th row and 0th column of each value. */
static void every_exif_orientation_is_applied(void **state)
{
	static const struct {
		unsigned right, bottom, swap;
	} corner[9] = { { 0, 0, 0 }, { 0, 0, 0 }, { 1, 0, 0 }, { 1, 1, 0 }, { 0, 1, 0 },
			{ 0, 0, 1 }, { 1, 0, 1 }, { 1, 1, 1 }, { 0, 1, 1 } };
	struct image im = { 0 };
	struct buf plain = { 0 };

	(void)state;
	assert_int_equal(image_new(48, 32, 1, &im, NULL).code, CC_OK);
	for (unsigned y = 0; y < 8; y++)
		memset(im.p + (size_t)y * 48, 255, 8); /* a white corner on black */
	assert_int_equal(jpeg_encode(&im, &(struct jpeg_params){ 90, JPEG_CHROMA_FULL }, &plain, NULL).code, CC_OK);
	for (unsigned o = 1; o <= 8; o++) {
		struct buf file = with_exif(buf_view(&plain), o & 1, (uint16_t)o);
		struct image back = { 0 };
		struct jpeg_info info;

		assert_int_equal(jpeg_decode(buf_view(&file), 1, &back, &info, NULL).code, CC_OK);
		assert_int_equal(info.orientation, o);
		assert_int_equal(back.width, corner[o].swap ? 32 : 48);
		for (unsigned right = 0; right < 2; right++)
			for (unsigned bottom = 0; bottom < 2; bottom++) {
				uint8_t v = pixel(&back, right ? back.width - 3 : 2, bottom ? back.height - 3 : 2);

				assert_int_equal(v > 128, right == corner[o].right && bottom == corner[o].bottom);
			}
		image_done(&back);
		buf_done(&file);
	}
	image_done(&im);
	buf_done(&plain);
}

static void a_broken_exif_block_is_ignored(void **state)
{
	struct buf plain = encoded(48, 32, 1);
	struct buf file = with_exif(buf_view(&plain), false, 9);
	struct jpeg_info info;

	(void)state;
	assert_int_equal(jpeg_probe(buf_view(&file), &info, NULL).code, CC_OK);
	assert_int_equal(info.orientation, 1);
	buf_done(&plain);
	buf_done(&file);
}

static void every_truncation_is_refused(void **state)
{
	struct buf file = encoded(40, 30, 3);

	(void)state;
	for (size_t n = 0; n < file.n; n++) {
		struct cc_error err;
		struct image im = { 0 };

		cc_error_init(&err);
		assert_int_equal(jpeg_decode(bytes_of(file.p, n), 1, &im, NULL, &err).code, CC_E_FORMAT);
		assert_string_equal(err.key, n < 3 ? "photo.not-jpeg" : "photo.damaged");
	}
	buf_done(&file);
}

static void zero_padding_is_taken_and_anything_else_behind_the_picture_refused(void **state)
{
	struct buf file = encoded(40, 30, 3), longer = { 0 };
	struct jpeg_info info;

	(void)state;
	assert_int_equal(buf_zero(&longer, file.n + 4).code, CC_OK);
	memcpy(longer.p, file.p, file.n);
	assert_int_equal(jpeg_probe(buf_view(&longer), &info, NULL).code, CC_OK);
	longer.p[longer.n - 1] = 'P';
	refused(buf_view(&longer), CC_E_FORMAT, "photo.trailing-data");
	buf_done(&file);
	buf_done(&longer);
}

/* The frame header of a file that this program encoded. */
static uint8_t *frame_header(struct buf *file)
{
	for (size_t i = 0; i + 9 < file->n; i++)
		if (file->p[i] == 0xFF && file->p[i + 1] == 0xC0)
			return file->p + i;
	fail();
	return NULL;
}

static void sizes_at_the_limit_pass_and_above_are_refused(void **state)
{
	struct buf file = encoded(16, 16, 3);
	uint8_t *sof = frame_header(&file);
	struct jpeg_info info;

	(void)state;
	memcpy(sof + 5, "\x00\x10\x1F\x40", 4); /* 16 lines of 8000 */
	assert_int_equal(jpeg_probe(buf_view(&file), &info, NULL).code, CC_OK);
	assert_false(jpeg_is_starved(buf_view(&file)));
	memcpy(sof + 5, "\x00\x10\x1F\x41", 4);
	refused(buf_view(&file), CC_E_LIMIT, "photo.too-large");
	memcpy(sof + 5, "\x13\x88\x1F\x40", 4); /* 5000 x 8000: 40 million, allowed, but not of these few bytes */
	refused(buf_view(&file), CC_E_FORMAT, "photo.damaged");
	assert_true(jpeg_is_starved(buf_view(&file)));
	memcpy(sof + 5, "\x13\x89\x1F\x40", 4);
	refused(buf_view(&file), CC_E_LIMIT, "photo.too-large");
	memcpy(sof + 5, "\x00\x10\x4E\x20", 4); /* 20000 wide */
	refused(buf_view(&file), CC_E_LIMIT, "photo.too-large");
	memcpy(sof + 5, "\x00\x00\x00\x10", 4);
	refused(buf_view(&file), CC_E_FORMAT, "photo.damaged");
	buf_done(&file);
}

static void rare_kinds_are_refused_by_name(void **state)
{
	static const uint8_t frames[] = { 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF };
	struct buf file = encoded(16, 16, 3);
	uint8_t *sof = frame_header(&file);

	(void)state;
	for (size_t i = 0; i < sizeof frames; i++) {
		sof[1] = frames[i];
		refused(buf_view(&file), CC_E_UNSUPPORTED, "photo.unsupported");
	}
	sof[1] = 0xC0;
	sof[4] = 12;
	refused(buf_view(&file), CC_E_UNSUPPORTED, "photo.unsupported");
	buf_done(&file);
}

static void too_many_scans_are_refused(void **state)
{
	static const uint8_t scan[] = { 0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0, 0x55 };
	struct buf file = encoded(16, 16, 1);
	struct writer w;
	struct buf many = { 0 };

	(void)state;
	writer_init(&w, JPEG_BYTES_MAX);
	writer_put(&w, bytes_of(file.p, file.n - 2));
	for (unsigned i = 0; i < JPEG_SCANS_MAX; i++)
		writer_put(&w, bytes_of(scan, sizeof scan));
	writer_u16(&w, 0xFFD9);
	assert_int_equal(writer_finish(&w, &many).code, CC_OK);
	refused(buf_view(&many), CC_E_LIMIT, "photo.too-large");
	buf_done(&many);
	buf_done(&file);
}

static void every_flipped_byte_ends_in_a_picture_or_a_named_refusal(void **state)
{
	struct buf file = encoded(24, 24, 3);

	(void)state;
	for (size_t i = 0; i < file.n; i++)
		for (unsigned bit = 0; bit < 8; bit++) {
			struct cc_error err;
			struct image im = { 0 };

			cc_error_init(&err);
			file.p[i] ^= (uint8_t)(1u << bit);
			if (cc_failed(jpeg_decode(buf_view(&file), 1, &im, NULL, &err)))
				assert_true(err.key && strncmp(err.key, "photo.", 6) == 0);
			else
				assert_non_null(im.p);
			file.p[i] ^= (uint8_t)(1u << bit);
			image_done(&im);
		}
	buf_done(&file);
}

static void files_of_the_faulty_set_are_refused_by_name(void **state)
{
	(void)state;
	refused_file("b24_truncated.jpg", CC_E_FORMAT, "photo.damaged");
	refused_file("b25_png_renamed.jpg", CC_E_FORMAT, "photo.not-jpeg");
	refused_file("b26_header_20000.jpg", CC_E_LIMIT, "photo.too-large");
	refused_file("b27_zero_byte.jpg", CC_E_FORMAT, "photo.not-jpeg");
}

static void progressive_rotated_and_cmyk_files_decode_upright(void **state)
{
	static const char *const files[] = { FOLDER "b22_progressive.jpg", FOLDER "b23_exif_orientation6.jpg",
					     FOLDER "b21_cmyk.jpg" };
	struct jpeg_info info;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct buf b = load(files[i]);
		struct image im = { 0 };
		const uint8_t *corner;

		assert_int_equal(jpeg_decode(buf_view(&b), 1, &im, &info, NULL).code, CC_OK);
		assert_int_equal(im.width, 600);
		assert_int_equal(im.height, 800);
		assert_int_equal(info.progressive, i == 0);
		assert_int_equal(info.orientation, i == 1 ? 6 : 1);
		assert_int_equal(info.colour, i == 2 ? JPEG_CMYK : JPEG_COLOUR);
		corner = image_row(&im, 5) + 15; /* the light wall: light only when the inks are read the right way round */
		assert_true(corner[0] > 180 && corner[1] > 180 && corner[2] > 180);
		image_done(&im);
		buf_done(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encode_then_decode_keeps_the_picture),
		cmocka_unit_test(quality_and_table_sum_move_together),
		cmocka_unit_test(grey_decodes_to_equal_channels),
		cmocka_unit_test(reduce_divides_the_sides_and_rounds_up),
		cmocka_unit_test(every_exif_orientation_is_applied),
		cmocka_unit_test(a_broken_exif_block_is_ignored),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(zero_padding_is_taken_and_anything_else_behind_the_picture_refused),
		cmocka_unit_test(sizes_at_the_limit_pass_and_above_are_refused),
		cmocka_unit_test(rare_kinds_are_refused_by_name),
		cmocka_unit_test(too_many_scans_are_refused),
		cmocka_unit_test(every_flipped_byte_ends_in_a_picture_or_a_named_refusal),
		cmocka_unit_test(files_of_the_faulty_set_are_refused_by_name),
		cmocka_unit_test(progressive_rotated_and_cmyk_files_decode_upright),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
