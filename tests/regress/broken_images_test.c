/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 10,000 broken JPEGs and 6,000 broken PNG and JPEG 2000 files by class, from
 * one seed: cut, changed, bombs, two files in one. None may crash or hang; each ends in a picture or in a refusal
 * with its name, and each class that can't be a picture is always refused.
 */
#include "biometrics/jp2.h"
#include "biometrics/photo.h"
#include "biometrics/png.h"
#include "crypto/base/sys.h"
#include "tests/support/damage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FAULTY "tests/data/faulty_portraits/"

static struct damage damage = { 20260101 };

static size_t below(size_t n)
{
	return damage_below(&damage, n);
}

static unsigned pictures, refusals;
static unsigned broken_total;

/* Returns the key of the refusal, or NULL when it is a picture. */
static const char *feed(struct bytes file)
{
	struct cc_error err;
	struct photo p = { 0 };
	cc_status st;

	cc_error_init(&err);
	st = photo_decode(file, &p, &err);
	broken_total++;
	if (cc_failed(st)) {
		assert_non_null(err.key);
		if (strncmp(err.key, "photo.", 6) != 0)
			fail_msg("%s: %s", err.key, err.detail);
		assert_null(p.image.p);
		refusals++;
		return err.key;
	}
	assert_true(p.image.width <= IMAGE_SIDE_MAX && p.image.height <= IMAGE_SIDE_MAX);
	pictures++;
	photo_done(&p);
	return NULL;
}

static void feed_and_free(struct buf file)
{
	(void)feed(buf_view(&file));
	buf_done(&file);
}

static struct buf encoded(unsigned w, unsigned h, unsigned channels, enum jpeg_chroma chroma)
{
	struct image im = { 0 };
	struct buf out = { 0 };

	assert_int_equal(image_new(w, h, channels, &im, NULL).code, CC_OK);
	for (size_t i = 0; i < image_size(&im); i++)
		im.p[i] = (uint8_t)(i * 37 / 3);
	assert_int_equal(jpeg_encode(&im, &(struct jpeg_params){ 70, chroma }, &out, NULL).code, CC_OK);
	image_done(&im);
	return out;
}

#define SOURCES 5u
static struct buf source[SOURCES];
#define OTHERS 6u /* two PNGs, two JP2 files, two bare codestreams */
static struct buf kin[OTHERS];

static void open_others(void)
{
	static const size_t budgets[2] = { 900, 3000 };

	for (unsigned i = 0; i < 2; i++) {
		struct image im = { 0 };
		struct jp2_info info;

		assert_int_equal(image_new(i ? 24 : 40, i ? 33 : 30, i ? 1 : 3, &im, NULL).code, CC_OK);
		for (size_t k = 0; k < image_size(&im); k++)
			im.p[k] = (uint8_t)(k * 11 / 5);
		assert_int_equal(png_encode(&im, &kin[i], NULL).code, CC_OK);
		assert_int_equal(jp2_encode(&im, budgets[i], &kin[2 + i], NULL).code, CC_OK);
		assert_int_equal(jp2_probe(buf_view(&kin[2 + i]), &info, NULL).code, CC_OK);
		assert_int_equal(buf_copy(&kin[4 + i], info.codestream).code, CC_OK);
		image_done(&im);
	}
}

static struct buf load(const char *path)
{
	struct buf b = { 0 };

	assert_int_equal(sys_read_file(path, JPEG_BYTES_MAX, &b, NULL).code, CC_OK);
	return b;
}

static int open_sources(void **state)
{
	struct image im = { 0 };

	(void)state;
	source[0] = encoded(40, 56, 3, JPEG_CHROMA_QUARTER);
	source[1] = encoded(33, 17, 3, JPEG_CHROMA_FULL);
	source[2] = encoded(48, 64, 1, JPEG_CHROMA_FULL);
	source[3] = encoded(8, 8, 3, JPEG_CHROMA_HALF);
	assert_int_equal(image_new(30, 40, 3, &im, NULL).code, CC_OK);
	assert_int_equal(png_encode(&im, &source[4], NULL).code, CC_OK);
	image_done(&im);
	open_others();
	return 0;
}

static int close_sources(void **state)
{
	(void)state;
	for (unsigned i = 0; i < SOURCES; i++)
		buf_done(&source[i]);
	for (unsigned i = 0; i < OTHERS; i++)
		buf_done(&kin[i]);
	return 0;
}

static struct buf copy_of(unsigned i)
{
	return damage_none(buf_view(&source[i]));
}

/* A picture that ends early is no picture, wherever it ends. */
static void cut_files_are_refused(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 2500; k++) {
		assert_non_null(feed(damage_cut(&damage, buf_view(&source[k % 4]))));
	}
}

static void changed_bytes_end_in_a_picture_or_a_name(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 3000; k++) {
		feed_and_free(damage_bytes(&damage, buf_view(&source[k % SOURCES]), 6, SIZE_MAX));
	}
}

/* Pieces of the file doubled, swapped or left out. */
static void shuffled_pieces_end_in_a_picture_or_a_name(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 1500; k++) {
		feed_and_free(damage_shuffle(&damage, buf_view(&source[k % SOURCES]), k & 1));
	}
}

static uint8_t *frame_header(struct buf *b)
{
	for (size_t i = 0; i + 9 < b->n; i++)
		if (b->p[i] == 0xFF && b->p[i + 1] == 0xC0)
			return b->p + i;
	fail();
	return NULL;
}

/* A header that claims a picture of hundreds of megabytes, in a file of one kilobyte. */
static void bombs_are_refused_before_they_cost_anything(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 1000; k++) {
		struct buf b = copy_of(k % 4);
		uint8_t *sof = frame_header(&b);
		unsigned h = 2000 + (unsigned)below(63000), w = 2000 + (unsigned)below(63000);

		sof[5] = (uint8_t)(h >> 8);
		sof[6] = (uint8_t)h;
		sof[7] = (uint8_t)(w >> 8);
		sof[8] = (uint8_t)w;
		assert_non_null(feed(buf_view(&b)));
		buf_done(&b);
	}
}

/* 12 bits, lossless, arithmetic, hierarchical; and numbers of components that no photo has. */
static void rare_frames_are_refused(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 500; k++) {
		struct buf b = copy_of(k % 4);
		uint8_t *sof = frame_header(&b);
		static const uint8_t kinds[] = { 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF };

		if (k & 1)
			sof[1] = kinds[below(sizeof kinds)];
		else
			sof[4] = (uint8_t)(9 + below(240));
		assert_non_null(feed(buf_view(&b)));
		buf_done(&b);
	}
}

/* A picture with another file behind it, or another file's beginning before it. */
static void two_files_in_one_are_refused(void **state)
{
	static const char *const others[] = { "PK\x03\x04", "%PDF-1.7",	   "<html><script>", "MZ\x90",
					      "\177ELF",    "#!/bin/sh\n", "GIF89a",	     "Rar!\x1A\x07" };

	(void)state;
	for (unsigned k = 0; k < 1000; k++) {
		struct bytes picture = buf_view(&source[k % 4]), other = bytes_str(others[below(8)]);
		struct buf out = k & 1 ? damage_join(picture, other, below(5)) : damage_join(other, picture, 0);

		assert_string_equal(feed(buf_view(&out)), k & 1 ? "photo.trailing-data" : "photo.not-jpeg");
		buf_done(&out);
	}
}

/* Progressive, four inks and an Exif block that says which way is up: real files, changed. */
static void changed_photos_end_in_a_picture_or_a_name(void **state)
{
	static const char *const files[] = { FAULTY "b22_progressive.jpg", FAULTY "b21_cmyk.jpg",
					     FAULTY "b23_exif_orientation6.jpg" };

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct buf whole = load(files[i]);

		for (unsigned k = 0; k < 100; k++) {
			/* Half of the changes fall on the headers. */
			feed_and_free(damage_bytes(&damage, buf_view(&whole), 1, k & 1 ? SIZE_MAX : 700));
		}
		buf_done(&whole);
	}
}

static void random_bytes_are_refused(void **state)
{
	uint8_t junk[512];

	(void)state;
	for (unsigned k = 0; k < 200; k++) {
		struct bytes head = bytes_of("\xFF\xD8\xFF", k & 1 ? 3 : 0);

		assert_non_null(feed(bytes_of(junk, damage_junk(&damage, junk, sizeof junk, head))));
	}
	printf("# count: %u broken pictures: %u refused by name, %u still pictures\n", broken_total, refusals, pictures);
	assert_int_equal(broken_total, 10000);
}

/* ---- PNG and JPEG 2000 */

static void cut_other_files_are_refused(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 2000; k++) {
		assert_non_null(feed(damage_cut(&damage, buf_view(&kin[k % OTHERS]))));
	}
}

static void changed_other_files_end_in_a_picture_or_a_name(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 2000; k++) {
		/* Half of the changes fall on the headers. */
		feed_and_free(damage_bytes(&damage, buf_view(&kin[k % OTHERS]), 4, k & 8 ? SIZE_MAX : 200));
	}
}

static uint8_t *find(struct buf *b, const char *what, size_t n)
{
	uint8_t *p = memmem(b->p, b->n, what, n);

	assert_non_null(p);
	return p;
}

static void put_u32(uint8_t *p, size_t v)
{
	for (unsigned i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

/* IHDR, or SIZ with its one tile, claims 4 million to 2^31 pixels. */
static void other_bombs_are_refused(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 800; k++) {
		struct buf b = { 0 };
		size_t w = 2000 + below(k & 1 ? 5000 : 1u << 31), h = 2000 + below(k & 2 ? 5000 : 1u << 31);
		uint8_t *p;

		assert_int_equal(buf_copy(&b, buf_view(&kin[k % OTHERS])).code, CC_OK);
		p = k % OTHERS < 2 ? find(&b, "IHDR", 4) + 4 : find(&b, "\xFF\x51", 2) + 6;
		put_u32(p, w);
		put_u32(p + 4, h);
		if (k % OTHERS >= 2) {
			put_u32(p + 16, w);
			put_u32(p + 20, h);
		}
		if (k % OTHERS == 2 || k % OTHERS == 3) {
			put_u32(find(&b, "ihdr", 4) + 4, h);
			put_u32(find(&b, "ihdr", 4) + 8, w);
		}
		assert_non_null(feed(buf_view(&b)));
		buf_done(&b);
	}
}

/* JPEG 2000 with tiles, layers, levels, blocks or precincts without measure. */
static void rare_codestreams_are_refused(void **state)
{
	static const struct {
		uint8_t marker;
		size_t at;
		uint8_t low, high;
	} rows[] = {
		{ 0x51, 38, 1, 255 }, { 0x51, 40, 16, 255 }, { 0x51, 41, 3, 255 }, { 0x51, 42, 3, 255 }, { 0x52, 6, 2, 255 },
		{ 0x52, 9, 13, 255 }, { 0x52, 10, 9, 255 },  { 0x52, 11, 9, 255 }, { 0x52, 13, 2, 255 }, { 0x52, 5, 5, 255 }
	};

	(void)state;
	for (unsigned k = 0; k < 600; k++) {
		struct buf b = { 0 };
		size_t r = below(sizeof rows / sizeof rows[0]);
		const char marker[2] = { (char)0xFF, (char)rows[r].marker };

		assert_int_equal(buf_copy(&b, buf_view(&kin[2 + k % 4])).code, CC_OK);
		find(&b, marker, 2)[rows[r].at] = (uint8_t)(rows[r].low + below((size_t)rows[r].high - rows[r].low + 1));
		assert_non_null(feed(buf_view(&b)));
		buf_done(&b);
	}
}

static void other_polyglots_are_refused(void **state)
{
	static const char *const behind[] = { "PK\x03\x04", "%PDF-1.7", "<html><script>", "MZ\x90", "\177ELF", "#!/bin/sh\n" };

	(void)state;
	for (unsigned k = 0; k < 600; k++) {
		struct bytes picture = buf_view(&kin[k % OTHERS]), more = bytes_str(behind[below(6)]);
		struct buf out = k & 8 ? damage_join(more, picture, 0) : damage_join(picture, more, 0);

		assert_string_equal(feed(buf_view(&out)), k & 8 ? "photo.not-jpeg" : "photo.trailing-data");
		buf_done(&out);
	}
	printf("# count: with PNG and JPEG 2000: %u broken pictures: %u refused by name, %u still pictures\n", broken_total,
	       refusals, pictures);
	assert_int_equal(broken_total, 16000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cut_files_are_refused),
		cmocka_unit_test(changed_bytes_end_in_a_picture_or_a_name),
		cmocka_unit_test(shuffled_pieces_end_in_a_picture_or_a_name),
		cmocka_unit_test(bombs_are_refused_before_they_cost_anything),
		cmocka_unit_test(rare_frames_are_refused),
		cmocka_unit_test(two_files_in_one_are_refused),
		cmocka_unit_test(changed_photos_end_in_a_picture_or_a_name),
		cmocka_unit_test(random_bytes_are_refused),
		cmocka_unit_test(cut_other_files_are_refused),
		cmocka_unit_test(changed_other_files_end_in_a_picture_or_a_name),
		cmocka_unit_test(other_bombs_are_refused),
		cmocka_unit_test(rare_codestreams_are_refused),
		cmocka_unit_test(other_polyglots_are_refused),
	};
	return cmocka_run_group_tests(tests, open_sources, close_sources);
}
