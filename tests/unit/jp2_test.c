/* SPDX-License-Identifier: Apache-2.0 */
#include "biometrics/jp2.h"
#include "biometrics/face_record.h"
#include "card/lds/dg2.h"

#include "tests/support/alloc_fault.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A soft picture with a few edges: what a wavelet keeps at a good rate. */
static struct image picture(unsigned w, unsigned h, unsigned channels)
{
	struct image im = { 0 };

	assert_int_equal(image_new(w, h, channels, &im, NULL).code, CC_OK);
	for (unsigned y = 0; y < h; y++)
		for (unsigned x = 0; x < w; x++)
			for (unsigned c = 0; c < channels; c++)
				im.p[((size_t)y * w + x) * channels + c] =
					(uint8_t)(x * (50 + 30 * c) / w + y * 80 / h + ((x / 16 + y / 16) & 1 ? 60 : 0));
	return im;
}

static struct buf encoded(unsigned w, unsigned h, unsigned channels, size_t bytes)
{
	struct image im = picture(w, h, channels);
	struct buf out = { 0 };

	assert_int_equal(jp2_encode(&im, bytes, &out, NULL).code, CC_OK);
	image_done(&im);
	return out;
}

static const char *refusal(struct bytes file)
{
	struct image im = { 0 };
	struct cc_error err;

	cc_error_init(&err);
	if (!cc_failed(jp2_decode(file, &im, NULL, &err))) {
		image_done(&im);
		return NULL;
	}
	assert_null(im.p);
	return err.key;
}

static void refused(struct bytes file, const char *key)
{
	const char *got = refusal(file);

	assert_non_null(got);
	assert_string_equal(got, key);
}

static double mean_error(const struct image *rgb, const struct image *of)
{
	double sum = 0;
	size_t n = (size_t)rgb->width * rgb->height;

	for (size_t i = 0; i < n; i++)
		for (unsigned c = 0; c < 3; c++)
			sum += abs(rgb->p[3 * i + c] - of->p[of->channels * i + (of->channels == 3 ? c : 0)]);
	return sum / (3.0 * (double)n);
}

static void a_picture_comes_back_within_its_budget(void **state)
{
	static const struct {
		unsigned w, h, channels;
		size_t bytes;
		double error_max;
	} rows[] = { { 120, 160, 3, 20000, 1.5 }, { 120, 160, 3, 3000, 6 }, { 121, 77, 1, 9000, 1.5 },
		     { 121, 77, 3, 1000, 14 },	  { 5, 3, 3, 900, 3 },	    { 480, 640, 3, 20000, 3 } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct image im = picture(rows[i].w, rows[i].h, rows[i].channels), back = { 0 };
		struct buf out = { 0 }, again = { 0 };
		struct jp2_info info;

		assert_int_equal(jp2_encode(&im, rows[i].bytes, &out, NULL).code, CC_OK);
		assert_int_equal(jp2_encode(&im, rows[i].bytes, &again, NULL).code, CC_OK);
		assert_true(out.n <= rows[i].bytes);
		assert_true(bytes_equal(buf_view(&out), buf_view(&again)));
		assert_int_equal(jp2_decode(buf_view(&out), &back, &info, NULL).code, CC_OK);
		assert_int_equal(back.width, rows[i].w);
		assert_int_equal(back.height, rows[i].h);
		assert_int_equal(info.components, rows[i].channels);
		assert_int_equal(info.colour, rows[i].channels == 3 ? JP2_RGB : JP2_GREY);
		assert_true(info.boxed && !info.reversible && info.tiles == 1 && info.bits == 8);
		printf("# figure: %u x %u x %u in %zu of %zu bytes: mean error %.2f\n", rows[i].w, rows[i].h, rows[i].channels,
		       out.n, rows[i].bytes, mean_error(&back, &im));
		assert_true(mean_error(&back, &im) <= rows[i].error_max);
		image_done(&im);
		image_done(&back);
		buf_done(&out);
		buf_done(&again);
	}
}

static void a_budget_below_the_headers_is_refused(void **state)
{
	struct image im = picture(64, 64, 3);
	struct buf out = { 0 };
	struct cc_error err;

	(void)state;
	for (size_t bytes = 0; bytes <= 200; bytes += 40) {
		cc_error_init(&err);
		assert_int_equal(jp2_encode(&im, bytes, &out, &err).code, CC_E_LIMIT);
		assert_string_equal(err.key, "photo.does-not-fit");
		assert_null(out.p);
	}
	image_done(&im);
}

static void a_bare_codestream_is_the_same_picture(void **state)
{
	struct buf file = encoded(60, 80, 3, 5000);
	struct image a = { 0 }, b = { 0 };
	struct jp2_info info;

	(void)state;
	assert_int_equal(jp2_decode(buf_view(&file), &a, &info, NULL).code, CC_OK);
	assert_true(jp2_is(info.codestream));
	assert_int_equal(jp2_decode(info.codestream, &b, &info, NULL).code, CC_OK);
	assert_false(info.boxed);
	assert_memory_equal(a.p, b.p, image_size(&a));
	image_done(&a);
	image_done(&b);
	buf_done(&file);
}

static void every_truncation_is_refused_by_name(void **state)
{
	struct buf file = encoded(40, 56, 3, 1500);
	struct jp2_info info;

	(void)state;
	assert_int_equal(jp2_probe(buf_view(&file), &info, NULL).code, CC_OK);
	for (size_t n = 0; n < file.n; n++)
		refused(bytes_of(file.p, n), n < 12 ? "photo.not-jpeg2000" : "photo.damaged");
	for (size_t n = 0; n < info.codestream.n; n++)
		refused(bytes_of(info.codestream.p, n), n < 4 ? "photo.not-jpeg2000" : "photo.damaged");
	buf_done(&file);
}

static struct buf with_behind(struct bytes file, struct bytes more)
{
	struct writer w;
	struct buf out = { 0 };

	writer_init(&w, JP2_BYTES_MAX);
	writer_put(&w, file);
	writer_put(&w, more);
	assert_int_equal(writer_finish(&w, &out).code, CC_OK);
	return out;
}

static void what_hides_behind_the_picture_is_named(void **state)
{
	struct buf file = encoded(40, 56, 3, 1500);
	struct jp2_info info;
	struct buf padded, zip, bare, box;

	(void)state;
	assert_int_equal(jp2_probe(buf_view(&file), &info, NULL).code, CC_OK);
	padded = with_behind(buf_view(&file), bytes_of("\0\0\0", 3));
	zip = with_behind(buf_view(&file), BYTES_LITERAL("PK\x03\x04"));
	bare = with_behind(info.codestream, BYTES_LITERAL("<html>"));
	box = with_behind(buf_view(&file), BYTES_LITERAL("\0\0\0\x0Cuuidevil"));
	assert_null(refusal(buf_view(&padded)));
	refused(buf_view(&zip), "photo.trailing-data");
	refused(buf_view(&bare), "photo.trailing-data");
	refused(buf_view(&box), "photo.trailing-data");
	buf_done(&padded);
	buf_done(&zip);
	buf_done(&bare);
	buf_done(&box);
	buf_done(&file);
}

/* The first place of a marker or word. */
static uint8_t *place(struct buf *b, const char *what, size_t n)
{
	uint8_t *p = memmem(b->p, b->n, what, n);

	assert_non_null(p);
	return p;
}

static void put32(uint8_t *p, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

/* Offsets in SIZ from its marker: extent 6, 10; tile 22, 26; components 40. In COD: layers 6, levels 9, blocks 10, 11. */
static void limits_are_refused_before_they_cost_anything(void **state)
{
	static const struct {
		const char *what;
		size_t at;
		uint32_t value;
		unsigned bytes;
		const char *key;
	} rows[] = {
		{ "\xFF\x51", 6, 20000, 4, "photo.too-large" },
		{ "\xFF\x51", 10, 0x7FFFFFFF, 4, "photo.too-large" },
		{ "\xFF\x51", 6, 0xFFFFFFFF, 4, "photo.too-large" },
		{ "\xFF\x51", 6, 0, 4, "photo.damaged" },
		{ "\xFF\x51", 22, 1, 4, "photo.damaged" },
		{ "\xFF\x51", 22, 0, 4, "photo.damaged" },
		{ "\xFF\x51", 38, 16000, 2, "photo.too-large" },
		{ "\xFF\x51", 38, 4, 2, "photo.unsupported" },
		{ "\xFF\x51", 38, 0, 2, "photo.damaged" },
		{ "\xFF\x51", 40, 0x87, 1, "photo.unsupported" },
		{ "\xFF\x51", 40, 30, 1, "photo.unsupported" },
		{ "\xFF\x51", 41, 0, 1, "photo.damaged" },
		{ "\xFF\x51", 41, 7, 1, "photo.unsupported" },
		{ "\xFF\x52", 6, 60000, 2, "photo.too-large" },
		{ "\xFF\x52", 6, 0, 2, "photo.damaged" },
		{ "\xFF\x52", 9, 32, 1, "photo.too-large" },
		{ "\xFF\x52", 9, 200, 1, "photo.damaged" },
		{ "\xFF\x52", 10, 9, 1, "photo.damaged" },
		{ "\xFF\x52", 13, 7, 1, "photo.damaged" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct buf file = encoded(40, 56, 3, 1500);
		uint8_t *p = place(&file, rows[i].what, 2) + rows[i].at;

		for (unsigned k = 0; k < rows[i].bytes; k++)
			p[k] = (uint8_t)(rows[i].value >> (8 * (rows[i].bytes - 1 - k)));
		print_message("# row %zu\n", i);
		refused(buf_view(&file), rows[i].key);
		buf_done(&file);
	}
}

/* A header that claims 16 million pixels over a kilobyte, in both places so that box and codestream agree. */
static void a_bomb_is_refused_by_its_header(void **state)
{
	struct buf file = encoded(40, 56, 3, 1500);
	uint8_t *siz = place(&file, "\xFF\x51", 2), *ihdr = place(&file, "ihdr", 4);

	(void)state;
	put32(siz + 6, 4000);
	put32(siz + 10, 4000);
	put32(siz + 22, 4000);
	put32(siz + 26, 4000);
	put32(ihdr + 4, 4000);
	put32(ihdr + 8, 4000);
	refused(buf_view(&file), "photo.damaged");
	put32(siz + 22, 10);
	put32(siz + 26, 10);
	refused(buf_view(&file), "photo.too-large");
	buf_done(&file);
}

static void boxes_and_codestream_must_agree(void **state)
{
	struct buf file = encoded(40, 56, 3, 1500), grey = encoded(40, 56, 1, 1500);

	(void)state;
	put32(place(&file, "ihdr", 4) + 8, 41);
	refused(buf_view(&file), "photo.damaged");
	put32(place(&grey, "colr", 4) + 7, 16);
	refused(buf_view(&grey), "photo.damaged");
	put32(place(&grey, "colr", 4) + 7, 12);
	refused(buf_view(&grey), "photo.unsupported");
	put32(place(&grey, "colr", 4) + 7, 17);
	memcpy(place(&grey, "colr", 4), "pclr", 4);
	refused(buf_view(&grey), "photo.unsupported");
	buf_done(&file);
	buf_done(&grey);
}

/* sYCC (IEC 61966-2-1 amendment 1): Y = 100, Cb = 150, Cr = 60 is R 5, G 141, B 139. */
static void ycc_becomes_rgb(void **state)
{
	static const uint8_t ycc[3] = { 100, 150, 60 }, rgb[3] = { 5, 141, 139 };
	struct image im = { 0 }, back = { 0 };
	struct buf file = { 0 };

	(void)state;
	assert_int_equal(image_new(32, 32, 3, &im, NULL).code, CC_OK);
	for (size_t i = 0; i < image_size(&im); i++)
		im.p[i] = ycc[i % 3];
	assert_int_equal(jp2_encode(&im, 4000, &file, NULL).code, CC_OK);
	put32(place(&file, "colr", 4) + 7, 18);
	assert_int_equal(jp2_decode(buf_view(&file), &back, NULL, NULL).code, CC_OK);
	for (size_t i = 0; i < image_size(&back); i++)
		assert_true(abs(back.p[i] - rgb[i % 3]) <= 3);
	image_done(&im);
	image_done(&back);
	buf_done(&file);
}

static void each_failed_allocation_is_reported(void **state)
{
	struct image im = picture(24, 24, 3), back = { 0 };
	struct buf file = { 0 };
	cc_status st;

	(void)state;
	for (size_t k = 1; alloc_fault_next(&k);) {
		buf_done(&file);
		st = jp2_encode(&im, 2000, &file, NULL);
		assert_int_equal(st.code, alloc_fault_end() ? CC_E_MEMORY : CC_OK);
		assert_true((st.code == CC_OK) == (file.p != NULL));
	}
	for (size_t k = 1; alloc_fault_next(&k);) {
		image_done(&back);
		st = jp2_decode(buf_view(&file), &back, NULL, NULL);
		assert_int_equal(st.code, alloc_fault_end() ? CC_E_MEMORY : CC_OK);
		assert_true((st.code == CC_OK) == (back.p != NULL));
	}
	image_done(&im);
	image_done(&back);
	buf_done(&file);
}

static void published_chips_pictures_decode(void **state)
{
	/* The record's header says 337 x 449: the picture itself counts. */
	static const struct {
		const char *file;
		unsigned width, height;
	} rows[] = { { "05_lds/bsi2008_jmrtd/Datagroup2.bin", 413, 531 } };
	unsigned seen = 0;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct buf file = { 0 };
		struct face_record record;
		struct image im = { 0 };
		struct dg2 dg2;
		struct cc_error err;

		if (!vectors_file(rows[i].file, &file))
			continue;
		cc_error_init(&err);
		assert_int_equal(dg2_parse(buf_view(&file), &dg2, NULL).code, CC_OK);
		assert_int_equal(face_record_decode(dg2.items[0].record, &record, NULL).code, CC_OK);
		if (cc_failed(jp2_decode(record.images[0].data, &im, NULL, &err)))
			fail_msg("%s: %s", rows[i].file, err.detail);
		assert_int_equal(im.width, rows[i].width);
		assert_int_equal(im.height, rows[i].height);
		for (size_t n = 0; n < record.images[0].data.n; n += 97)
			assert_non_null(refusal(bytes_of(record.images[0].data.p, n)));
		image_done(&im);
		buf_done(&file);
		seen++;
	}
	if (seen == 0)
		skip();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_picture_comes_back_within_its_budget),
		cmocka_unit_test(a_budget_below_the_headers_is_refused),
		cmocka_unit_test(a_bare_codestream_is_the_same_picture),
		cmocka_unit_test(every_truncation_is_refused_by_name),
		cmocka_unit_test(what_hides_behind_the_picture_is_named),
		cmocka_unit_test(limits_are_refused_before_they_cost_anything),
		cmocka_unit_test(a_bomb_is_refused_by_its_header),
		cmocka_unit_test(boxes_and_codestream_must_agree),
		cmocka_unit_test(ycc_becomes_rgb),
		cmocka_unit_test(each_failed_allocation_is_reported),
		cmocka_unit_test(published_chips_pictures_decode),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
