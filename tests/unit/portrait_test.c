/* SPDX-License-Identifier: Apache-2.0 */
#include "biometrics/portrait.h"

#include "crypto/base/sys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PHOTO "tests/data/faulty_portraits/b22_progressive.jpg"

static struct buf load(const char *path)
{
	struct buf b = { 0 };

	assert_int_equal(sys_read_file(path, JPEG_BYTES_MAX, &b, NULL).code, CC_OK);
	return b;
}

static struct portrait make(struct bytes photo, const struct portrait_params *params)
{
	struct portrait p = { 0 };

	assert_int_equal(portrait_make(photo, params, &p, NULL).code, CC_OK);
	return p;
}

static void fits_the_budget_and_the_next_quality_would_not(void **state)
{
	struct portrait_params params = portrait_params_default();
	struct buf photo = load(PHOTO);

	(void)state;
	for (size_t budget = 14000; budget <= 40000; budget += 6500) {
		struct portrait p, next = { 0 };

		params.bytes_max = budget;
		p = make(buf_view(&photo), &params);
		assert_true(p.jpeg.n <= budget);
		assert_in_range(p.quality, params.quality_min, params.quality_max - 1);
		struct portrait_params above = params;
		above.quality_min = p.quality + 1;
		assert_int_equal(portrait_make(buf_view(&photo), &above, &next, NULL).code, CC_E_LIMIT);
		portrait_done(&p);
	}
	buf_done(&photo);
}

static void what_is_made_is_baseline_of_the_size_asked(void **state)
{
	struct portrait_params params = portrait_params_default();
	struct buf photo = load(PHOTO);
	struct portrait p = make(buf_view(&photo), &params);
	struct jpeg_info info;

	(void)state;
	assert_int_equal(jpeg_probe(buf_view(&p.jpeg), &info, NULL).code, CC_OK);
	assert_int_equal(info.width, 480);
	assert_int_equal(info.height, 640);
	assert_int_equal(p.width, 480);
	assert_int_equal(p.height, 640);
	assert_false(info.progressive);
	assert_int_equal(info.colour, JPEG_COLOUR);
	portrait_done(&p);
	buf_done(&photo);
}

static void the_same_photo_gives_the_same_bytes(void **state)
{
	struct portrait_params params = portrait_params_default();
	struct buf photo = load(PHOTO);
	struct portrait a = make(buf_view(&photo), &params), b = make(buf_view(&photo), &params);

	(void)state;
	assert_int_equal(a.jpeg.n, b.jpeg.n);
	assert_memory_equal(a.jpeg.p, b.jpeg.p, a.jpeg.n);
	portrait_done(&a);
	portrait_done(&b);
	buf_done(&photo);
}

static void a_small_photo_is_not_enlarged(void **state)
{
	struct portrait_params params = portrait_params_default();
	struct image im = { 0 };
	struct buf photo = { 0 };
	struct portrait p;

	(void)state;
	assert_int_equal(image_new(200, 200, 3, &im, NULL).code, CC_OK);
	assert_int_equal(jpeg_encode(&im, &(struct jpeg_params){ 90, JPEG_CHROMA_FULL }, &photo, NULL).code, CC_OK);
	p = make(buf_view(&photo), &params);
	assert_int_equal(p.width, 150);
	assert_int_equal(p.height, 200);
	portrait_done(&p);
	buf_done(&photo);
	image_done(&im);
}

static void a_photo_that_cannot_fit_is_refused(void **state)
{
	struct portrait_params params = portrait_params_default();
	struct buf photo = load(PHOTO);
	struct portrait p = { 0 };
	struct cc_error err;

	(void)state;
	cc_error_init(&err);
	params.bytes_max = 2000;
	assert_int_equal(portrait_make(buf_view(&photo), &params, &p, &err).code, CC_E_LIMIT);
	assert_string_equal(err.key, "photo.does-not-fit");
	assert_null(p.jpeg.p);
	buf_done(&photo);
}

static void a_broken_photo_is_refused_by_its_name(void **state)
{
	struct portrait_params params = portrait_params_default();
	struct buf photo = load("tests/data/faulty_portraits/b26_header_20000.jpg");
	struct portrait p = { 0 };
	struct cc_error err;

	(void)state;
	cc_error_init(&err);
	assert_int_equal(portrait_make(buf_view(&photo), &params, &p, &err).code, CC_E_LIMIT);
	assert_string_equal(err.key, "photo.too-large");
	buf_done(&photo);
}

/* A constant stays constant, a ramp stays a ramp of the same values: the filter's weights sum to one and are centred. */
static void resampling_keeps_constants_and_ramps(void **state)
{
	struct image im = { 0 }, out = { 0 };

	(void)state;
	assert_int_equal(image_new(200, 100, 3, &im, NULL).code, CC_OK);
	for (unsigned y = 0; y < 100; y++)
		for (unsigned x = 0; x < 200; x++) {
			uint8_t *p = im.p + ((size_t)y * 200 + x) * 3;

			p[0] = 77;
			p[1] = (uint8_t)x;
			p[2] = (uint8_t)(2 * y);
		}
	assert_int_equal(image_resample(&im, &(struct image_rect){ 20, 10, 160, 80 }, 40, 20, &out, NULL).code, CC_OK);
	for (unsigned y = 0; y < 20; y++)
		for (unsigned x = 0; x < 40; x++) {
			const uint8_t *p = image_row(&out, y) + 3 * x;

			assert_int_equal(p[0], 77);
			assert_true(abs(p[1] - (int)(20 + 4 * x + 1)) <= 1);
			assert_true(abs(p[2] - (int)(2 * (10 + 4 * y + 1))) <= 2);
		}
	image_done(&im);
	image_done(&out);
}

static void resampling_outside_repeats_the_edge(void **state)
{
	struct image im = { 0 }, out = { 0 };

	(void)state;
	assert_int_equal(image_new(16, 16, 1, &im, NULL).code, CC_OK);
	memset(im.p, 200, 256);
	assert_int_equal(image_resample(&im, &(struct image_rect){ -40, -40, 96, 96 }, 48, 48, &out, NULL).code, CC_OK);
	for (size_t i = 0; i < image_size(&out); i++)
		assert_int_equal(out.p[i], 200);
	image_done(&im);
	image_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fits_the_budget_and_the_next_quality_would_not),
		cmocka_unit_test(what_is_made_is_baseline_of_the_size_asked),
		cmocka_unit_test(the_same_photo_gives_the_same_bytes),
		cmocka_unit_test(a_small_photo_is_not_enlarged),
		cmocka_unit_test(a_photo_that_cannot_fit_is_refused),
		cmocka_unit_test(a_broken_photo_is_refused_by_its_name),
		cmocka_unit_test(resampling_keeps_constants_and_ramps),
		cmocka_unit_test(resampling_outside_repeats_the_edge),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
