/* SPDX-License-Identifier: Apache-2.0 */
#include "biometrics/image.h"

#include "crypto/base/secret.h"

#include <math.h>
#include <string.h>

cc_status image_new(unsigned width, unsigned height, unsigned channels, struct image *ret, struct cc_error *err)
{
	struct image im = { NULL, width, height, channels };

	CC_ASSERT(channels == 1 || channels == 3);
	if (width == 0 || height == 0 || width > IMAGE_SIDE_MAX || height > IMAGE_SIDE_MAX ||
	    (uint64_t)width * height > IMAGE_PIXELS_MAX)
		return cc_fail(err, CC_E_LIMIT, "photo.too-large", "%u x %u pixels", width, height);
	im.p = cc_alloc(image_size(&im));
	if (!im.p)
		return cc_fail(err, CC_E_MEMORY, "memory", "%u x %u pixels", width, height);
	image_done(ret);
	*ret = im;
	return cc_ok();
}

void image_done(struct image *im)
{
	cc_free(im->p, image_size(im));
	*im = (struct image){ 0 };
}

void image_move(struct image *ret, struct image *src)
{
	image_done(ret);
	*ret = *src;
	*src = (struct image){ 0 };
}

/* Where the upright pixel (x, y) lies in the stored picture of w x h. CIPA DC-008 (Exif 2.32) 4.6.4 A, Orientation. */
static size_t stored_index(unsigned orientation, unsigned w, unsigned h, unsigned x, unsigned y)
{
	unsigned sx = orientation >= 5 ? y : x;
	unsigned sy = orientation >= 5 ? x : y;

	if (orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8)
		sx = w - 1 - sx;
	if (orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7)
		sy = h - 1 - sy;
	return (size_t)sy * w + sx;
}

cc_status image_upright(struct image *im, unsigned orientation, struct cc_error *err)
{
	struct image up = { 0 };
	unsigned c = im->channels;
	bool swap = orientation >= 5;
	cc_status st;

	CC_ASSERT(orientation >= 1 && orientation <= 8);
	if (orientation == 1)
		return cc_ok();
	st = image_new(swap ? im->height : im->width, swap ? im->width : im->height, c, &up, err);
	if (cc_failed(st))
		return st;
	for (unsigned y = 0; y < up.height; y++)
		for (unsigned x = 0; x < up.width; x++)
			memcpy(up.p + ((size_t)y * up.width + x) * c,
			       im->p + stored_index(orientation, im->width, im->height, x, y) * c, c);
	image_move(im, &up);
	return cc_ok();
}

/* One output sample's share of the input: weights for input first .. first + count - 1, summing to 1. */
struct taps {
	int first, count;
	const float *weight;
};

struct filter {
	struct taps *taps;
	float *weights;
	size_t taps_size, weights_size;
};

/* A filter's shape: its half width in lobes, and its value at x. */
struct shape {
	double lobes;
	double (*at)(double x);
};

static double lanczos3(double x)
{
	double px = 3.14159265358979323846 * x;

	if (fabs(x) < 1e-9)
		return 1;
	return fabs(x) >= 3 ? 0 : 3 * sin(px) * sin(px / 3) / (px * px);
}

static double triangle(double x)
{
	return fabs(x) >= 1 ? 0 : 1 - fabs(x);
}

static const struct shape sharp = { 3, lanczos3 }, soft = { 1, triangle };

static void taps_fill(struct taps *t, float *weight, double centre, const struct shape *shape, double scale)
{
	double sum = 0;

	t->first = (int)floor(centre - shape->lobes * scale + 0.5);
	t->count = (int)floor(centre + shape->lobes * scale + 0.5) - t->first;
	t->weight = weight;
	for (int k = 0; k < t->count; k++) {
		double v = shape->at((t->first + k + 0.5 - centre) / scale);

		weight[k] = (float)v;
		sum += v;
	}
	for (int k = 0; k < t->count; k++)
		weight[k] = (float)(weight[k] / sum);
}

static bool filter_init(struct filter *f, const struct shape *shape, double from, double length, unsigned out)
{
	double step = length / out;
	double scale = step > 1 ? step : 1;
	size_t most = (size_t)(2 * shape->lobes * scale) + 3;

	f->taps_size = out * sizeof *f->taps;
	f->weights_size = out * most * sizeof *f->weights;
	f->taps = cc_alloc(f->taps_size);
	f->weights = cc_alloc(f->weights_size);
	if (!f->taps || !f->weights)
		return false;
	for (unsigned i = 0; i < out; i++)
		taps_fill(&f->taps[i], f->weights + i * most, from + (i + 0.5) * step, shape, scale);
	return true;
}

static void filter_done(struct filter *f)
{
	cc_free(f->taps, f->taps_size);
	cc_free(f->weights, f->weights_size);
}

static unsigned clamp_index(int i, unsigned n)
{
	return i < 0 ? 0 : (unsigned)i >= n ? n - 1 : (unsigned)i;
}

static uint8_t to_byte(float v)
{
	return (uint8_t)(v <= 0 ? 0 : v >= 255 ? 255 : v + 0.5f);
}

/* Weighted sum of rows, columns first to end - 1: the inner loop runs over contiguous pixels. */
static void sum_rows(const struct image *src, const struct taps *t, unsigned first, unsigned end, float *row)
{
	size_t from = (size_t)first * src->channels, to = (size_t)end * src->channels;

	memset(row + from, 0, (to - from) * sizeof *row);
	for (int k = 0; k < t->count; k++) {
		const uint8_t *in = image_row(src, clamp_index(t->first + k, src->height));
		float w = t->weight[k];

		for (size_t i = from; i < to; i++)
			row[i] += w * (float)in[i];
	}
}

typedef float v4 __attribute__((vector_size(16), aligned(4), may_alias));

/* One output pixel of three channels; `in` is the row's first pixel that counts. The fourth lane is the next pixel's and ignored.
 */
static void pixel_rgb(const float *in, const struct taps *t, uint8_t *to)
{
	v4 sum = { 0, 0, 0, 0 };

	for (int k = 0; k < t->count; k++, in += 3)
		sum += t->weight[k] * *(const v4 *)in;
	to[0] = to_byte(sum[0]);
	to[1] = to_byte(sum[1]);
	to[2] = to_byte(sum[2]);
}

/* Any number of channels, and taps beyond the row's ends. */
static void pixel_clamped(const float *row, const struct image *src, const struct taps *t, uint8_t *to)
{
	float sum[3] = { 0, 0, 0 };

	for (int k = 0; k < t->count; k++) {
		const float *in = row + (size_t)clamp_index(t->first + k, src->width) * src->channels;

		for (unsigned j = 0; j < src->channels; j++)
			sum[j] += t->weight[k] * in[j];
	}
	for (unsigned j = 0; j < src->channels; j++)
		to[j] = to_byte(sum[j]);
}

static void sum_columns(const float *row, const struct image *src, const struct filter *f, unsigned out, uint8_t *to)
{
	for (unsigned x = 0; x < out; x++, to += src->channels) {
		const struct taps *t = &f->taps[x];

		if (src->channels == 3 && t->first >= 0 && t->first + t->count <= (int)src->width)
			pixel_rgb(row + (size_t)3 * (unsigned)t->first, t, to);
		else
			pixel_clamped(row, src, t, to);
	}
}

static cc_status resample(const struct image *src, const struct image_rect *from, const struct shape *shape, struct image *out,
			  struct cc_error *err)
{
	struct filter across = { 0 }, down = { 0 };
	size_t row_size = ((size_t)src->width * src->channels + 1) * sizeof(float); /* one more: pixel_rgb */
	float *row = cc_alloc(row_size);
	cc_status st = cc_ok();
	unsigned first, end;

	if (!row || !filter_init(&across, shape, from->x, from->width, out->width) ||
	    !filter_init(&down, shape, from->y, from->height, out->height)) {
		st = cc_fail(err, CC_E_MEMORY, "memory", "scaling to %u x %u", out->width, out->height);
		goto out;
	}
	first = clamp_index(across.taps[0].first, src->width);
	end = clamp_index(across.taps[out->width - 1].first + across.taps[out->width - 1].count, src->width) + 1;
	for (unsigned y = 0; y < out->height; y++) {
		sum_rows(src, &down.taps[y], first, end, row);
		sum_columns(row, src, &across, out->width, out->p + (size_t)y * out->width * out->channels);
	}
out:
	filter_done(&across);
	filter_done(&down);
	cc_free(row, row_size);
	return st;
}

static cc_status scaled(const struct image *src, const struct image_rect *from, const struct shape *shape, unsigned width,
			unsigned height, struct image *ret, struct cc_error *err)
{
	struct image out = { 0 };
	cc_status st;

	CC_ASSERT(from->width > 0 && from->height > 0);
	st = image_new(width, height, src->channels, &out, err);
	if (!cc_failed(st))
		st = resample(src, from, shape, &out, err);
	if (!cc_failed(st))
		image_move(ret, &out);
	image_done(&out);
	return st;
}

cc_status image_resample(const struct image *src, const struct image_rect *from, unsigned width, unsigned height,
			 struct image *ret, struct cc_error *err)
{
	return scaled(src, from, &sharp, width, height, ret, err);
}

cc_status image_reduce(const struct image *src, const struct image_rect *from, unsigned width, unsigned height, struct image *ret,
		       struct cc_error *err)
{
	return scaled(src, from, &soft, width, height, ret, err);
}

cc_status image_to_grey(const struct image *src, struct image *ret, struct cc_error *err)
{
	struct image grey = { 0 };
	size_t n = (size_t)src->width * src->height;
	cc_status st = image_new(src->width, src->height, 1, &grey, err);

	if (cc_failed(st))
		return st;
	if (src->channels == 1)
		memcpy(grey.p, src->p, n);
	/* ITU-T T.871 7: Y = 0.299 R + 0.587 G + 0.114 B, in 1/65536. */
	for (size_t i = 0; src->channels == 3 && i < n; i++) {
		const uint8_t *rgb = src->p + 3 * i;

		grey.p[i] = (uint8_t)((19595u * rgb[0] + 38470u * rgb[1] + 7471u * rgb[2] + 32768u) >> 16);
	}
	image_move(ret, &grey);
	return cc_ok();
}
