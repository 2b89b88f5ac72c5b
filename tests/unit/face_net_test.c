/* SPDX-License-Identifier: Apache-2.0 */
#include "biometrics/face.h"
#include "biometrics/face_net/kernels.h"
#include "biometrics/jpeg.h"
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
	assert_null(net);
	return 0;
}

static struct image photo(const char *path)
{
	struct buf b = { 0 };
	struct image im = { 0 };

	assert_int_equal(sys_read_file(path, JPEG_BYTES_MAX, &b, NULL).code, CC_OK);
	assert_int_equal(jpeg_decode(buf_view(&b), 1, &im, NULL, NULL).code, CC_OK);
	buf_done(&b);
	return im;
}

static float wave(unsigned i)
{
	return sinf((float)i * 1.7f) * 0.5f;
}

static void fill(float *v, unsigned n, unsigned seed)
{
	for (unsigned i = 0; i < n; i++)
		v[i] = wave(i + seed);
}

/* The definition, written out: both kernel sets must agree with it. */
static float pointwise_at(const float *in, unsigned in_channels, const float *weight, unsigned out_channels, float bias,
			  unsigned p, unsigned o, float slope)
{
	float v = bias;

	for (unsigned i = 0; i < in_channels; i++)
		v += in[p * in_channels + i] * weight[i * out_channels + o];
	return v > slope * v ? v : slope * v;
}

static void check_pointwise(const struct face_kernels *k, unsigned pixels, unsigned in_channels, unsigned out_channels)
{
	static float in[64 * 40], weight[40 * 40], packed[40 * 48], bias[48], out[64 * 40];
	unsigned panels = (out_channels + FACE_PANEL - 1) / FACE_PANEL;

	fill(in, pixels * in_channels, 1);
	fill(weight, in_channels * out_channels, 2);
	memset(packed, 0, sizeof packed);
	memset(bias, 0, sizeof bias);
	fill(bias, out_channels, 3);
	for (unsigned i = 0; i < in_channels; i++)
		for (unsigned o = 0; o < out_channels; o++)
			packed[(o / FACE_PANEL) * in_channels * FACE_PANEL + i * FACE_PANEL + o % FACE_PANEL] =
				weight[i * out_channels + o];
	assert_true(panels * FACE_PANEL <= 48);
	k->pointwise(in, pixels, in_channels, packed, bias, out_channels, 0.1f, out);
	for (unsigned p = 0; p < pixels; p++)
		for (unsigned o = 0; o < out_channels; o++) {
			float want = pointwise_at(in, in_channels, weight, out_channels, bias[o], p, o, 0.1f);

			assert_true(fabsf(out[p * out_channels + o] - want) < 1e-4f);
		}
}

static void pointwise_is_what_its_definition_says(void **state)
{
	static const unsigned channels[] = { 16, 25, 32, 40, 8 };

	(void)state;
	for (unsigned pixels = 1; pixels < 20; pixels++)
		for (unsigned c = 0; c < 5; c++) {
			check_pointwise(&face_kernels_generic, pixels, 27, channels[c]);
			check_pointwise(face_kernels_best(), pixels, 27, channels[c]);
		}
}

/* TensorFlow "same": out = ceil(in / stride), total padding (out - 1) * stride + 3 - in, the smaller half before. */
static void check_depthwise(const struct face_kernels *k, int side, int stride)
{
	static float in[12 * 12 * 8], weight[9 * 8], out[12 * 12 * 8];
	int out_side = (side + stride - 1) / stride, pad = ((out_side - 1) * stride + 3 - side) / 2;

	fill(in, (unsigned)(side * side * 8), 4);
	fill(weight, 72, 5);
	k->depthwise(in, (unsigned)side, (unsigned)side, 8, (unsigned)stride, weight, out);
	for (int y = 0; y < out_side; y++)
		for (int x = 0; x < out_side; x++)
			for (int c = 0; c < 8; c++) {
				float want = 0;

				for (int t = 0; t < 9; t++) {
					int sy = y * stride + t / 3 - pad, sx = x * stride + t % 3 - pad;

					if (sy >= 0 && sx >= 0 && sy < side && sx < side)
						want += in[(sy * side + sx) * 8 + c] * weight[t * 8 + c];
				}
				assert_true(fabsf(out[(y * out_side + x) * 8 + c] - want) < 1e-4f);
			}
}

static void depthwise_is_what_its_definition_says(void **state)
{
	(void)state;
	for (int side = 2; side <= 12; side++)
		for (int stride = 1; stride <= 2; stride++) {
			check_depthwise(&face_kernels_generic, side, stride);
			check_depthwise(face_kernels_best(), side, stride);
		}
}

static void both_scales_see_the_one_face(void **state)
{
	struct image im = photo("tests/data/people/photos/g11.jpg");
	struct face_box box[FACE_BOXES_MAX];
	size_t n;

	(void)state;
	for (unsigned size = 128; size <= 224; size += 96) {
		assert_int_equal(face_net_detect(net, &im, size, 0.5, box, &n, NULL).code, CC_OK);
		assert_int_equal(n, 1);
		assert_true(box[0].score > 0.7);
		assert_true(box[0].rect.x < 230 && box[0].rect.x + box[0].rect.width > 380);
		assert_true(box[0].rect.y < 330 && box[0].rect.y + box[0].rect.height > 480);
	}
	image_done(&im);
}

static void a_wall_has_no_face(void **state)
{
	struct image im = { 0 };
	struct face_finding f;

	(void)state;
	assert_int_equal(image_new(320, 200, 3, &im, NULL).code, CC_OK);
	memset(im.p, 190, image_size(&im));
	assert_int_equal(face_find(net, &im, &f, NULL).code, CC_OK);
	assert_int_equal(f.count, 0);
	image_done(&im);
}

static void the_smallest_and_thinnest_pictures_are_searched(void **state)
{
	static const unsigned sides[][2] = { { 1, 1 }, { 1, 3000 }, { 3000, 1 }, { 2, 2 }, { 7, 5 } };

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		struct image im = { 0 };
		struct face_finding f;

		assert_int_equal(image_new(sides[i][0], sides[i][1], 3, &im, NULL).code, CC_OK);
		assert_int_equal(face_find(net, &im, &f, NULL).code, CC_OK);
		assert_int_equal(f.count, 0);
		image_done(&im);
	}
}

static void a_mirrored_view_gives_the_landmarks_of_the_face_itself(void **state)
{
	struct image im = photo("tests/data/people/photos/g11.jpg");
	struct face_crop crop = { 304, 415, 310, 0, false };
	struct face_landmark plain[FACE_LANDMARKS], mirrored[FACE_LANDMARKS];

	(void)state;
	face_net_landmarks(net, &im, &crop, plain);
	crop.mirrored = true;
	face_net_landmarks(net, &im, &crop, mirrored);
	for (unsigned i = 0; i < FACE_LANDMARKS; i++)
		assert_true(hypot(plain[i].x - mirrored[i].x, plain[i].y - mirrored[i].y) < 25);
	assert_true(plain[36].x < plain[45].x && mirrored[36].x < mirrored[45].x);
	image_done(&im);
}

static void overlap_is_intersection_over_union(void **state)
{
	const struct image_rect a = { 0, 0, 10, 10 }, b = { 5, 0, 10, 10 }, c = { 10, 10, 5, 5 };

	(void)state;
	assert_true(fabs(image_rect_overlap(&a, &b) - 50.0 / 150) < 1e-12);
	assert_true(image_rect_overlap(&a, &c) == 0);
	assert_true(image_rect_overlap(&a, &a) == 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pointwise_is_what_its_definition_says),
		cmocka_unit_test(depthwise_is_what_its_definition_says),
		cmocka_unit_test(both_scales_see_the_one_face),
		cmocka_unit_test(a_wall_has_no_face),
		cmocka_unit_test(the_smallest_and_thinnest_pictures_are_searched),
		cmocka_unit_test(a_mirrored_view_gives_the_landmarks_of_the_face_itself),
		cmocka_unit_test(overlap_is_intersection_over_union),
	};
	return cmocka_run_group_tests(tests, open_net, close_net);
}
