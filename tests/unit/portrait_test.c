/* SPDX-License-Identifier: Apache-2.0 */
#include "biometrics/portrait.h"

#include "biometrics/contact_sheet.h"
#include "biometrics/jp2.h"
#include "biometrics/png.h"
#include "biometrics/similarity.h"
#include "crypto/base/sys.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
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

static cc_status make_status(struct bytes file, const struct portrait_params *params, struct portrait *ret, struct cc_error *err)
{
	struct photo photo = { 0 };
	cc_status st = photo_decode(file, &photo, err);

	if (!cc_failed(st))
		st = portrait_make(&photo.image, params, ret, err);
	photo_done(&photo);
	return st;
}

static struct portrait make(struct bytes photo, const struct portrait_params *params)
{
	struct portrait p = { 0 };

	assert_int_equal(make_status(photo, params, &p, NULL).code, CC_OK);
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
		assert_true(p.data.n <= budget);
		assert_in_range(p.quality, params.quality_min, params.quality_max - 1);
		struct portrait_params above = params;
		above.quality_min = p.quality + 1;
		assert_int_equal(make_status(buf_view(&photo), &above, &next, NULL).code, CC_E_LIMIT);
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
	assert_int_equal(jpeg_probe(buf_view(&p.data), &info, NULL).code, CC_OK);
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
	assert_int_equal(a.data.n, b.data.n);
	assert_memory_equal(a.data.p, b.data.p, a.data.n);
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
	assert_int_equal(make_status(buf_view(&photo), &params, &p, &err).code, CC_E_LIMIT);
	assert_string_equal(err.key, "photo.does-not-fit");
	assert_null(p.data.p);
	buf_done(&photo);
}

static struct face_net *net;

static int open_net(void **state)
{
	(void)state;
	return cc_failed(face_net_new(&net, NULL));
}

static int close_net(void **state)
{
	(void)state;
	face_net_free(&net);
	return 0;
}

struct made {
	struct image photo;
	struct face_finding finding;
	struct portrait portrait;
};

static struct made make_of_face(const char *path, const struct portrait_params *params)
{
	struct buf b = load(path);
	struct made m = { 0 };

	assert_int_equal(jpeg_decode(buf_view(&b), 1, &m.photo, NULL, NULL).code, CC_OK);
	assert_int_equal(face_find(net, &m.photo, &m.finding, NULL).code, CC_OK);
	assert_int_equal(m.finding.count, 1);
	assert_int_equal(portrait_from_face(net, &m.photo, &m.finding.face, params, &m.portrait, NULL).code, CC_OK);
	buf_done(&b);
	return m;
}

static void made_done(struct made *m)
{
	image_done(&m->photo);
	portrait_done(&m->portrait);
}

/* ISO/IEC 19794-5:2005 8.3.2 and 8.3.3, and eyes level, also of a head that leans. */
static void the_eyes_lie_in_the_bands_of_the_standard(void **state)
{
	static const char *const files[] = { "tests/data/people/photos/g01.jpg", "tests/data/people/photos/g11.jpg",
					     "tests/data/faulty_portraits/b01_tilted.jpg" };
	struct portrait_params params = portrait_params_default();

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct made m = make_of_face(files[i], &params);
		const struct portrait *p = &m.portrait;
		double x = (p->eye[0].x + p->eye[1].x) / 2 / p->width, y = (p->eye[0].y + p->eye[1].y) / 2 / p->height;

		assert_true(x >= 0.45 && x <= 0.55);
		assert_true(1 - y >= 0.5 && 1 - y <= 0.7);
		assert_true(hypot(p->eye[1].x - p->eye[0].x, p->eye[1].y - p->eye[0].y) >= 90);
		assert_true(fabs(p->eye[1].y - p->eye[0].y) < 4);
		assert_true(p->data.n <= params.bytes_max);
		made_done(&m);
	}
}

/* The eyes are where the record will say they are. */
static void the_eyes_are_found_again_in_the_portrait(void **state)
{
	struct portrait_params params = portrait_params_default();
	struct made m = make_of_face("tests/data/faulty_portraits/b01_tilted.jpg", &params);
	struct image back = { 0 };
	struct face_finding again;

	(void)state;
	assert_int_equal(jpeg_decode(buf_view(&m.portrait.data), 1, &back, NULL, NULL).code, CC_OK);
	assert_int_equal(face_find(net, &back, &again, NULL).code, CC_OK);
	for (unsigned e = 0; e < 2; e++)
		assert_true(hypot(again.face.eye[e].x - m.portrait.eye[e].x, again.face.eye[e].y - m.portrait.eye[e].y) < 6);
	assert_true(fabs(again.face.roll) < 2);
	image_done(&back);
	made_done(&m);
}

static void a_smaller_budget_costs_pixels_before_it_is_refused(void **state)
{
	struct portrait_params params = portrait_params_default();
	struct made m;

	(void)state;
	params.bytes_max = 12000;
	m = make_of_face("tests/data/people/photos/g01.jpg", &params);
	assert_true(m.portrait.data.n <= 12000);
	assert_true(m.portrait.width < 480);
	assert_true(m.portrait.eye[1].x - m.portrait.eye[0].x >= 90);
	made_done(&m);
}

static void jpeg_2000_is_smaller_at_the_same_similarity(void **state)
{
	struct portrait_params params = portrait_params_default();
	struct made m[3];

	(void)state;
	for (unsigned f = 0; f < 3; f++) {
		params.format = (enum portrait_format)f;
		m[f] = make_of_face("tests/data/people/photos/g11.jpg", &params);
		assert_true(m[f].portrait.data.n <= params.bytes_max);
		assert_true(m[f].portrait.similarity >= PORTRAIT_SIMILARITY_WANTED);
		assert_true(m[f].portrait.landmark_shift <= PORTRAIT_LANDMARK_SHIFT_MAX);
		printf("# figure: format %u: %zu bytes, similarity %.4f, landmarks moved by %.4f\n", m[f].portrait.format,
		       m[f].portrait.data.n, m[f].portrait.similarity, m[f].portrait.landmark_shift);
	}
	assert_int_equal(m[0].portrait.format, PORTRAIT_JPEG);
	assert_int_equal(m[1].portrait.format, PORTRAIT_JPEG2000);
	assert_true(jp2_is(buf_view(&m[1].portrait.data)));
	assert_true(m[2].portrait.data.n <= m[0].portrait.data.n);
	assert_true(m[2].portrait.similarity >= m[0].portrait.similarity - 0.0005);
	for (unsigned f = 0; f < 3; f++)
		made_done(&m[f]);
}

static void a_reading_time_lowers_the_budget(void **state)
{
	struct portrait_params params = portrait_params_default();
	struct made m;

	(void)state;
	assert_int_equal(portrait_budget(&params), 20000);
	params.read_ms = 1000;
	params.read_rate = 11000;
	assert_int_equal(portrait_budget(&params), 11000);
	params.format = PORTRAIT_JPEG2000;
	m = make_of_face("tests/data/people/photos/g01.jpg", &params);
	assert_true(m.portrait.data.n <= 11000);
	assert_true(m.portrait.similarity >= PORTRAIT_SIMILARITY_MIN);
	made_done(&m);
	params.read_ms = 60000;
	assert_int_equal(portrait_budget(&params), 20000);
}

static void similarity_is_one_for_equals_and_falls_with_quality(void **state)
{
	struct buf b = load(PHOTO), low = { 0 }, high = { 0 };
	struct image im = { 0 }, grey = { 0 }, a = { 0 }, c = { 0 };

	(void)state;
	assert_int_equal(jpeg_decode(buf_view(&b), 1, &im, NULL, NULL).code, CC_OK);
	assert_int_equal(image_to_grey(&im, &grey, NULL).code, CC_OK);
	assert_int_equal(jpeg_encode(&im, &(struct jpeg_params){ 10, JPEG_CHROMA_QUARTER }, &low, NULL).code, CC_OK);
	assert_int_equal(jpeg_encode(&im, &(struct jpeg_params){ 90, JPEG_CHROMA_QUARTER }, &high, NULL).code, CC_OK);
	assert_int_equal(jpeg_decode_luma(buf_view(&low), &a, NULL).code, CC_OK);
	assert_int_equal(jpeg_decode_luma(buf_view(&high), &c, NULL).code, CC_OK);
	assert_true(image_similarity(&grey, &grey) > 0.999999);
	assert_true(image_similarity(&grey, &a) < image_similarity(&grey, &c));
	assert_true(image_similarity(&grey, &c) < 1);
	image_done(&im);
	image_done(&grey);
	image_done(&a);
	image_done(&c);
	buf_done(&b);
	buf_done(&low);
	buf_done(&high);
}

static void turning_by_nothing_keeps_and_by_a_right_angle_turns(void **state)
{
	struct image im = { 0 }, same = { 0 }, turned = { 0 };

	(void)state;
	assert_int_equal(image_new(20, 20, 1, &im, NULL).code, CC_OK);
	for (unsigned i = 0; i < 400; i++)
		im.p[i] = (uint8_t)(i * 7 % 251);
	assert_int_equal(image_turned(&im, &(struct image_turn){ 10, 10, 1, 0 }, IMAGE_CUBIC, 20, 20, &same, NULL).code, CC_OK);
	assert_memory_equal(same.p, im.p, 400);
	assert_int_equal(image_turned(&im, &(struct image_turn){ 10, 10, 1, 3.14159265358979323846 / 2 }, IMAGE_LINEAR, 20, 20,
				      &turned, NULL)
				 .code,
			 CC_OK);
	for (unsigned y = 0; y < 20; y++)
		for (unsigned x = 0; x < 20; x++)
			assert_true(abs(image_row(&turned, y)[x] - image_row(&im, x)[19 - y]) <= 1);
	image_done(&im);
	image_done(&same);
	image_done(&turned);
}

static void a_png_round_trip_keeps_every_pixel_and_truncations_are_refused(void **state)
{
	struct image im = { 0 }, back = { 0 };
	struct buf png = { 0 };

	(void)state;
	assert_int_equal(image_new(31, 17, 3, &im, NULL).code, CC_OK);
	for (size_t i = 0; i < image_size(&im); i++)
		im.p[i] = (uint8_t)(i * 31);
	assert_int_equal(png_encode(&im, &png, NULL).code, CC_OK);
	assert_true(png_is(buf_view(&png)));
	assert_int_equal(png_decode(buf_view(&png), &back, NULL).code, CC_OK);
	assert_memory_equal(back.p, im.p, image_size(&im));
	for (size_t n = 0; n < png.n; n++) {
		struct cc_error err;
		struct image none = { 0 };

		cc_error_init(&err);
		assert_int_not_equal(png_decode(bytes_of(png.p, n), &none, &err).code, CC_OK);
		assert_string_equal(err.key, "photo.damaged");
	}
	image_done(&im);
	image_done(&back);
	buf_done(&png);
}

static void a_contact_sheet_shows_photo_and_portrait_side_by_side(void **state)
{
	struct portrait_params params = portrait_params_default();
	struct made m = make_of_face("tests/data/people/photos/g11.jpg", &params);
	struct image sheet = { 0 };
	const uint8_t *p;

	(void)state;
	assert_int_equal(contact_sheet(&m.photo, &m.finding.face, &m.portrait, &sheet, NULL).code, CC_OK);
	assert_int_equal(sheet.height, 800);
	assert_int_equal(sheet.width, 600 + 16 + 600);
	p = image_row(&sheet, 400) + 3 * 608; /* the gap is white */
	assert_true(p[0] == 255 && p[1] == 255 && p[2] == 255);
	p = image_row(&sheet, 20) + 3 * (616 + 270); /* the left bound of the eyes' middle is red */
	assert_true(p[0] > 150 && p[1] < 100 && p[2] < 100);
	image_done(&sheet);
	made_done(&m);
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
		cmocka_unit_test(the_eyes_lie_in_the_bands_of_the_standard),
		cmocka_unit_test(the_eyes_are_found_again_in_the_portrait),
		cmocka_unit_test(a_smaller_budget_costs_pixels_before_it_is_refused),
		cmocka_unit_test(jpeg_2000_is_smaller_at_the_same_similarity),
		cmocka_unit_test(a_reading_time_lowers_the_budget),
		cmocka_unit_test(similarity_is_one_for_equals_and_falls_with_quality),
		cmocka_unit_test(turning_by_nothing_keeps_and_by_a_right_angle_turns),
		cmocka_unit_test(a_png_round_trip_keeps_every_pixel_and_truncations_are_refused),
		cmocka_unit_test(a_contact_sheet_shows_photo_and_portrait_side_by_side),
		cmocka_unit_test(resampling_keeps_constants_and_ramps),
		cmocka_unit_test(resampling_outside_repeats_the_edge),
	};
	return cmocka_run_group_tests(tests, open_net, close_net);
}
