/* SPDX-License-Identifier: Apache-2.0 */
#include "biometrics/wsq.h"

#include "biometrics/wsq_parts.h"
#include "tests/support/alloc_fault.h"
#include "tests/support/finger_print.h"
#include "tests/support/vectors.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static const struct wsq_params usual = { WSQ_BIT_RATE_15_1, 500 };

static void draw(unsigned width, unsigned height, struct image *ret)
{
	struct finger_print p = finger_print_good();

	p.width = width;
	p.height = height;
	finger_print_draw(&p, ret);
}

static struct buf coded(unsigned width, unsigned height, const struct wsq_params *params)
{
	struct image im = { 0 };
	struct buf out = { 0 };

	draw(width, height, &im);
	assert_int_equal(wsq_encode(&im, params, &out, NULL).code, CC_OK);
	image_done(&im);
	return out;
}

/* Refused with this key, and the output is left alone. */
static void refused(struct bytes file, enum cc_code code, const char *key)
{
	struct cc_error err;
	struct image im = { 0 };

	cc_error_init(&err);
	assert_int_equal(wsq_decode(file, &im, NULL, &err).code, code);
	assert_string_equal(err.key, key);
	assert_null(im.p);
}

/* ---- layout */

/* 64 bands tile the picture, whatever its sides: 60 here and the diagonal quarter that is not coded. */
static void bands_tile_the_picture(void **state)
{
	static const unsigned sides[][2] = { { 32, 32 }, { 33, 47 }, { 61, 63 }, { 400, 480 }, { 545, 622 }, { 301, 999 } };
	static uint8_t seen[999 * 301];

	(void)state;
	for (size_t i = 0; i < sizeof sides / sizeof sides[0]; i++) {
		unsigned w = sides[i][0], h = sides[i][1];
		size_t covered = 0;
		struct wsq_layout layout;

		memset(seen, 0, sizeof seen);
		wsq_layout_make(w, h, &layout);
		for (unsigned b = 0; b < WSQ_CODED_BANDS; b++) {
			const struct wsq_rect *r = &layout.bands[b];

			assert_true(r->x + r->width <= w && r->y + r->height <= h);
			for (unsigned y = 0; y < r->height && w * h <= sizeof seen; y++)
				for (unsigned x = 0; x < r->width; x++)
					assert_int_equal(seen[(size_t)(r->y + y) * w + r->x + x]++, 0);
			covered += (size_t)r->width * r->height;
		}
		assert_int_equal(covered, (size_t)w * h - (size_t)(w / 2) * (h / 2));
	}
}

/* The bands of a 512 x 512 picture as IAFIS-IC-0110 numbers them. */
static void bands_have_the_places_of_the_specification(void **state)
{
	static const struct {
		unsigned first, end, side;
	} runs[] = { { 0, 4, 16 }, { 4, 51, 32 }, { 51, 52, 128 }, { 52, 60, 128 } };
	struct wsq_layout layout;

	(void)state;
	wsq_layout_make(512, 512, &layout);
	for (size_t i = 0; i < 4; i++) {
		for (unsigned b = runs[i].first; b < runs[i].end; b++) {
			assert_int_equal(layout.bands[b].width, runs[i].side);
			assert_int_equal(layout.bands[b].height, runs[i].side);
		}
	}
	assert_int_equal(layout.bands[0].x + layout.bands[0].y, 0);
	assert_int_equal(layout.bands[19].x, 128);
	assert_int_equal(layout.bands[35].y, 128);
	assert_int_equal(layout.bands[51].x, 128);
	assert_int_equal(layout.bands[52].x, 256);
	assert_int_equal(layout.bands[56].y, 256);
}

/* The transform alone loses nothing, at even and at odd sides. */
static void analysis_and_synthesis_undo_each_other(void **state)
{
	static const float low[WSQ_HALF_TAPS] = { 0.852698679f, 0.377402856f, -0.110624404f, -0.0238494650f, 0.0378284555f };
	static const float high[WSQ_HALF_TAPS] = { 0.788485616f, -0.418092273f, -0.0406894176f, 0.0645388826f };
	static const unsigned sides[][2] = { { 32, 32 }, { 33, 35 }, { 47, 63 }, { 64, 61 }, { 101, 200 } };
	static float before[101 * 200], after[101 * 200];

	(void)state;
	for (size_t i = 0; i < sizeof sides / sizeof sides[0]; i++) {
		unsigned w = sides[i][0], h = sides[i][1];
		struct wsq_layout layout;
		struct wsq_bank bank;
		float worst = 0;

		for (size_t k = 0; k < (size_t)w * h; k++)
			before[k] = after[k] = (float)((k * 7919) % 256) - 128;
		wsq_layout_make(w, h, &layout);
		wsq_bank_analysis(low, high, &bank);
		assert_int_equal(wsq_analyse(after, w, h, &layout, &bank, NULL).code, CC_OK);
		assert_true(fabsf(after[w / 2] - before[w / 2]) > 1e-3f || fabsf(after[0] - before[0]) > 1e-3f);
		wsq_bank_synthesis(low, high, &bank);
		assert_int_equal(wsq_synthesise(after, w, h, &layout, &bank, NULL).code, CC_OK);
		for (size_t k = 0; k < (size_t)w * h; k++)
			worst = fmaxf(worst, fabsf(after[k] - before[k]));
		assert_true(worst < 0.01f);
	}
}

/* ---- there and back */

static void a_print_comes_back(void **state)
{
	static const unsigned sides[][2] = { { 64, 64 }, { 65, 79 }, { 257, 301 }, { 400, 480 } };
	static const double rates[] = { WSQ_BIT_RATE_15_1, WSQ_BIT_RATE_5_1, 6 };
	static const double least_db[] = { 24, 31, 34 };

	(void)state;
	for (size_t i = 0; i < sizeof sides / sizeof sides[0]; i++) {
		struct image im = { 0 };

		draw(sides[i][0], sides[i][1], &im);
		for (size_t r = 0; r < 3; r++) {
			struct image back = { 0 };
			struct buf file = { 0 };
			struct wsq_info info;
			double db;

			assert_int_equal(wsq_encode(&im, &(struct wsq_params){ rates[r], 500 }, &file, NULL).code, CC_OK);
			assert_int_equal(wsq_decode(buf_view(&file), &back, &info, NULL).code, CC_OK);
			db = finger_print_psnr(&im, &back);
			if (sides[i][0] == 400)
				printf("# figure: WSQ at %.2f bits a pixel: %zu bytes, %.1f:1, %.1f dB\n", rates[r], file.n,
				       (double)image_size(&im) / (double)file.n, db);
			assert_true(db > least_db[r]);
			assert_int_equal(info.width, im.width);
			assert_int_equal(info.height, im.height);
			assert_int_equal(info.ppi, 500);
			image_done(&back);
			buf_done(&file);
		}
		image_done(&im);
	}
}

static void a_flat_page_comes_back(void **state)
{
	struct image im = { 0 }, back = { 0 };
	struct buf file = { 0 };

	(void)state;
	assert_int_equal(image_new(320, 200, 1, &im, NULL).code, CC_OK);
	memset(im.p, 200, image_size(&im));
	assert_int_equal(wsq_encode(&im, &usual, &file, NULL).code, CC_OK);
	assert_true(file.n < 1000);
	assert_int_equal(wsq_decode(buf_view(&file), &back, NULL, NULL).code, CC_OK);
	assert_memory_equal(im.p, back.p, image_size(&im));
	image_done(&im);
	image_done(&back);
	buf_done(&file);
}

static void a_colour_picture_becomes_grey(void **state)
{
	struct image im = { 0 }, back = { 0 };
	struct buf file = { 0 };

	(void)state;
	assert_int_equal(image_new(64, 64, 3, &im, NULL).code, CC_OK);
	for (size_t i = 0; i < image_size(&im); i++)
		im.p[i] = (uint8_t)(i / 3 % 64 * 3);
	assert_int_equal(wsq_encode(&im, &(struct wsq_params){ 2.25, 0 }, &file, NULL).code, CC_OK);
	assert_int_equal(wsq_decode(buf_view(&file), &back, NULL, NULL).code, CC_OK);
	assert_int_equal(back.channels, 1);
	image_done(&im);
	image_done(&back);
	buf_done(&file);
}

static void the_encoder_refuses_what_it_can_not_keep(void **state)
{
	struct image im = { 0 };
	struct buf file = { 0 };
	struct cc_error err;

	(void)state;
	cc_error_init(&err);
	assert_int_equal(image_new(63, 64, 1, &im, NULL).code, CC_OK);
	assert_int_equal(wsq_encode(&im, &usual, &file, &err).code, CC_E_ARG);
	assert_string_equal(err.key, "finger.bad-option");
	assert_int_equal(image_new(64, 64, 1, &im, NULL).code, CC_OK);
	assert_int_equal(wsq_encode(&im, &(struct wsq_params){ 0.05, 0 }, &file, NULL).code, CC_E_ARG);
	assert_int_equal(wsq_encode(&im, &(struct wsq_params){ NAN, 0 }, &file, NULL).code, CC_E_ARG);
	assert_null(file.p);
	image_done(&im);
}

/* ---- broken files */

static void every_truncation_is_refused(void **state)
{
	struct buf file = coded(64, 64, &usual);
	struct image im = { 0 };

	(void)state;
	assert_int_equal(wsq_decode(buf_view(&file), &im, NULL, NULL).code, CC_OK);
	image_done(&im);
	for (size_t n = 0; n < file.n; n++)
		refused(bytes_of(file.p, n), CC_E_FORMAT, n < 2 ? "finger.not-wsq" : "finger.damaged");
	buf_done(&file);
}

static void bytes_behind_the_end_are_refused(void **state)
{
	struct buf file = coded(64, 64, &usual), longer = { 0 };

	(void)state;
	assert_int_equal(buf_zero(&longer, file.n + 3).code, CC_OK);
	memcpy(longer.p, file.p, file.n);
	refused(buf_view(&longer), CC_E_FORMAT, "finger.damaged");
	buf_done(&longer);
	buf_done(&file);
}

static size_t find_marker(const struct buf *b, uint8_t marker)
{
	for (size_t i = 0; i + 1 < b->n; i++)
		if (b->p[i] == 0xFF && b->p[i + 1] == marker)
			return i;
	fail();
	return 0;
}

struct edit {
	uint8_t marker;
	size_t offset; /* from the marker */
	uint8_t value;
	enum cc_code code;
	const char *key;
};

static void broken_headers_are_named(void **state)
{
	static const struct edit edits[] = {
		{ 0xA4, 4, 8, CC_E_UNSUPPORTED, "finger.unsupported" },			     /* even filter */
		{ 0xA4, 4, 11, CC_E_UNSUPPORTED, "finger.unsupported" },		     /* longer than nine taps */
		{ 0xA4, 6, 2, CC_E_FORMAT, "finger.damaged" },				     /* sign */
		{ 0xA4, 7, 40, CC_E_FORMAT, "finger.damaged" },				     /* power of ten */
		{ 0xA4, 3, 57, CC_E_FORMAT, "finger.damaged" },				     /* length */
		{ 0xA5, 2 + 2 + 3 + 62 * 6 + 2, 9, CC_E_UNSUPPORTED, "finger.unsupported" }, /* band 62 is coded */
		{ 0xA2, 6, 0x60, CC_E_LIMIT, "finger.too-large" },			     /* height of 24640 */
		{ 0xA2, 7, 31, CC_E_UNSUPPORTED, "finger.unsupported" },		     /* height of 31 */
		{ 0xA2, 7, 0, CC_E_FORMAT, "finger.damaged" },				     /* height of 0 */
		{ 0xA2, 6, 2, CC_E_FORMAT, "finger.damaged" },				     /* taller than its coded data */
		{ 0xA6, 4, 8, CC_E_FORMAT, "finger.damaged" },				     /* table number */
		{ 0xA6, 5, 3, CC_E_FORMAT, "finger.damaged" },				     /* three codes of one bit */
		{ 0xA3, 4, 7, CC_E_FORMAT, "finger.damaged" },				     /* a table that is not there */
		{ 0xA3, 1, 0xA7, CC_E_UNSUPPORTED, "finger.unsupported" },		     /* restart interval */
		{ 0xA5, 1, 0xB0, CC_E_FORMAT, "finger.damaged" },			     /* unknown marker */
		{ 0xA5, 1, 0xA8, CC_E_FORMAT, "finger.damaged" }, /* the quantisation table is a comment now */
	};
	struct buf file = coded(64, 64, &usual);

	(void)state;
	for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
		struct buf b = { 0 };
		size_t at = find_marker(&file, edits[i].marker);

		assert_int_equal(buf_copy(&b, buf_view(&file)).code, CC_OK);
		b.p[at + edits[i].offset] = edits[i].value;
		refused(buf_view(&b), edits[i].code, edits[i].key);
		buf_done(&b);
	}
	buf_done(&file);
}

/* A header that claims twelve million pixels in a file of two kilobytes. */
static void bombs_are_refused_by_their_header(void **state)
{
	struct buf file = coded(64, 64, &usual);
	size_t at = find_marker(&file, 0xA2);

	(void)state;
	file.p[at + 6] = 3000 >> 8;
	file.p[at + 7] = (uint8_t)(3000 & 0xFF);
	file.p[at + 8] = 3900 >> 8;
	file.p[at + 9] = (uint8_t)(3900 & 0xFF);
	refused(buf_view(&file), CC_E_FORMAT, "finger.damaged");
	buf_done(&file);
}

static void other_files_are_refused(void **state)
{
	(void)state;
	refused(BYTES_LITERAL(""), CC_E_FORMAT, "finger.not-wsq");
	refused(BYTES_LITERAL("\xFF\xD8\xFF\xE0"), CC_E_FORMAT, "finger.not-wsq");
	refused(BYTES_LITERAL("\xFF\xA0"), CC_E_FORMAT, "finger.damaged");
}

static void want_of_memory_is_told(void **state)
{
	struct buf file = coded(64, 64, &usual);
	unsigned failures = 0;

	(void)state;
	for (size_t k = 1; alloc_fault_next(&k);) {
		struct image im = { 0 };
		cc_status st = wsq_decode(buf_view(&file), &im, NULL, NULL);

		if (alloc_fault_end()) {
			assert_int_equal(st.code, CC_E_MEMORY);
			failures++;
		}
		image_done(&im);
	}
	for (size_t k = 1; alloc_fault_next(&k);) {
		struct image im = { 0 };
		struct buf out = { 0 };
		cc_status st = image_new(64, 64, 1, &im, NULL);

		if (!cc_failed(st))
			st = wsq_encode(&im, &usual, &out, NULL);
		if (alloc_fault_end()) {
			assert_int_equal(st.code, CC_E_MEMORY);
			failures++;
		}
		image_done(&im);
		buf_done(&out);
	}
	assert_true(failures >= 10);
	buf_done(&file);
}

/* ---- other people's files */

static struct wsq_info decode_vector(const char *name, struct image *ret, struct buf *file)
{
	struct wsq_info info = { 0 };

	if (!vectors_file(name, file))
		skip();
	assert_int_equal(wsq_decode(buf_view(file), ret, &info, NULL).code, CC_OK);
	return info;
}

/* Sides, and what any decoder must find: dark ridges on light paper in the middle, nothing at the corner. */
static void two_foreign_files_decode(void **state)
{
	struct image im = { 0 };
	struct buf file = { 0 };
	struct wsq_info info = decode_vector("05_lds/wsq_jmrtd/fp.wsq", &im, &file);

	(void)state;
	assert_int_equal(info.width, 620);
	assert_int_equal(info.height, 620);
	assert_int_equal(info.ppi, 0);
	assert_in_range(im.p[5 * 620 + 5], 250, 255);
	for (unsigned v = 0, dark = 0, light = 0, i = 0; i < 100 * 100; i++) {
		v = im.p[(350 + i / 100) * 620 + 250 + i % 100];
		dark += v < 100;
		light += v > 200;
		if (i == 100 * 100 - 1)
			assert_true(dark > 2000 && light > 1000);
	}
	buf_done(&file);
	info = decode_vector("05_lds/wsq_jmrtd/sample_image.wsq", &im, &file);
	assert_int_equal(info.width, 545);
	assert_int_equal(info.height, 622);
	buf_done(&file);
	image_done(&im);
}

/* A band's bin width in a file's quantisation table. */
static double bin_of(const struct buf *file, unsigned band)
{
	const uint8_t *p = file->p + find_marker(file, 0xA5) + 7 + 6 * (size_t)band;

	return (p[1] << 8 | p[2]) / pow(10, p[0]);
}

/*
 * An independent encoder's bin widths for a picture, held against ours for what
 * it decodes to. They come from the variances of each band under the analysis:
 * a wrong filter, split or order of bands would show as another pattern.
 */
static void bin_widths_agree_with_a_foreign_encoder(void **state)
{
	struct image im = { 0 };
	struct buf theirs = { 0 }, ours = { 0 };
	double worst = 0;

	(void)state;
	(void)decode_vector("05_lds/wsq_jmrtd/sample_image.wsq", &im, &theirs);
	assert_int_equal(wsq_encode(&im, &usual, &ours, NULL).code, CC_OK);
	for (unsigned band = 1; band < 40; band++) {
		double x = bin_of(&theirs, band) / bin_of(&theirs, 0), y = bin_of(&ours, band) / bin_of(&ours, 0);

		worst = fmax(worst, fabs(y / x - 1));
	}
	printf("# figure: WSQ of a foreign file again: %zu bytes, theirs %zu; pattern of 39 bin widths within %.1f%%\n", ours.n,
	       theirs.n, 100 * worst);
	assert_true(worst < 0.05);
	assert_true(ours.n > theirs.n * 9 / 10 && ours.n < theirs.n * 11 / 10);
	image_done(&im);
	buf_done(&theirs);
	buf_done(&ours);
}

static void speed_is_shown(void **state)
{
	struct buf file = coded(512, 512, &usual);
	double best = 1e9;

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		struct timespec from, to;
		struct image im = { 0 };

		(void)clock_gettime(CLOCK_MONOTONIC, &from);
		assert_int_equal(wsq_decode(buf_view(&file), &im, NULL, NULL).code, CC_OK);
		(void)clock_gettime(CLOCK_MONOTONIC, &to);
		best = fmin(best, (double)(to.tv_sec - from.tv_sec) * 1e3 + (double)(to.tv_nsec - from.tv_nsec) / 1e6);
		image_done(&im);
	}
	printf("# figure: WSQ decode of 512 x 512: %.1f ms\n", best);
	buf_done(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bands_tile_the_picture),
		cmocka_unit_test(bands_have_the_places_of_the_specification),
		cmocka_unit_test(analysis_and_synthesis_undo_each_other),
		cmocka_unit_test(a_print_comes_back),
		cmocka_unit_test(a_flat_page_comes_back),
		cmocka_unit_test(a_colour_picture_becomes_grey),
		cmocka_unit_test(the_encoder_refuses_what_it_can_not_keep),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(bytes_behind_the_end_are_refused),
		cmocka_unit_test(broken_headers_are_named),
		cmocka_unit_test(bombs_are_refused_by_their_header),
		cmocka_unit_test(other_files_are_refused),
		cmocka_unit_test(want_of_memory_is_told),
		cmocka_unit_test(two_foreign_files_decode),
		cmocka_unit_test(bin_widths_agree_with_a_foreign_encoder),
		cmocka_unit_test(speed_is_shown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
