/* SPDX-License-Identifier: Apache-2.0 */
#include "biometrics/image.h"

#include <math.h>

#define SAMPLES_MAX 4 /* a side, per pixel of the output */

/* Weights of the pixels around a point, at x0, x0 + 1 .. along one axis. */
struct taps {
	int first, count;
	float w[4];
};

/* floorf by conversion: a call of the library for each sample costs more than the sample. */
static int floor_of(float v)
{
	int i = (int)v;

	return i - ((float)i > v);
}

static struct taps linear(float x)
{
	int f = floor_of(x - 0.5f);
	float a = x - 0.5f - (float)f;

	return (struct taps){ f, 2, { 1 - a, a, 0, 0 } };
}

/* Catmull and Rom's cubic: passes through the pixels, keeps straight ramps straight. */
static struct taps cubic(float x)
{
	int f = floor_of(x - 0.5f);
	float a = x - 0.5f - (float)f, b = 1 - a;

	return (struct taps){
		f - 1, 4, { -0.5f * a * b * b, 1 + a * a * (1.5f * a - 2.5f), 1 + b * b * (1.5f * b - 2.5f), -0.5f * b * a * a }
	};
}

static unsigned within(int i, unsigned n)
{
	return i < 0 ? 0 : (unsigned)i >= n ? n - 1 : (unsigned)i;
}

static void add_sample(const struct image *im, const struct taps *tx, const struct taps *ty, float sum[3])
{
	for (int j = 0; j < ty->count; j++) {
		const uint8_t *row = image_row(im, within(ty->first + j, im->height));

		for (int i = 0; i < tx->count; i++) {
			const uint8_t *p = row + (size_t)within(tx->first + i, im->width) * im->channels;
			float w = ty->w[j] * tx->w[i];

			for (unsigned c = 0; c < im->channels; c++)
				sum[c] += w * (float)p[c];
		}
	}
}

static void turn_row(const struct image *src, const struct image_turn *t, enum image_sampling sampling, int samples,
		     const struct image *out, unsigned y)
{
	uint8_t *to = out->p + (size_t)y * out->width * out->channels;
	float c = (float)(cos(t->roll) * t->unit), s = (float)(sin(t->roll) * t->unit), per = 1.0f / (float)samples;

	for (unsigned x = 0; x < out->width; x++) {
		float sum[3] = { 0, 0, 0 };

		for (int k = 0; k < samples * samples; k++) {
			float u = (float)x + ((float)(k % samples) + 0.5f) * per - (float)out->width / 2;
			float v = (float)y + ((float)(k / samples) + 0.5f) * per - (float)out->height / 2;
			float px = (float)t->x + u * c - v * s, py = (float)t->y + u * s + v * c;
			struct taps tx = sampling == IMAGE_CUBIC ? cubic(px) : linear(px);
			struct taps ty = sampling == IMAGE_CUBIC ? cubic(py) : linear(py);

			add_sample(src, &tx, &ty, sum);
		}
		for (unsigned ch = 0; ch < out->channels; ch++) {
			float v = sum[ch] * per * per;

			*to++ = (uint8_t)(v <= 0 ? 0 : v >= 255 ? 255 : v + 0.5f);
		}
	}
}

cc_status image_turned(const struct image *src, const struct image_turn *turn, enum image_sampling sampling, unsigned width,
		       unsigned height, struct image *ret, struct cc_error *err)
{
	struct image out = { 0 };
	/* A bilinear sample covers more than one pixel. */
	int samples = (int)fmin(ceil(turn->unit / 1.5), SAMPLES_MAX);
	cc_status st = image_new(width, height, src->channels, &out, err);

	CC_ASSERT(turn->unit > 0);
	if (cc_failed(st))
		return st;
	for (unsigned y = 0; y < height; y++)
		turn_row(src, turn, sampling, samples < 1 ? 1 : samples, &out, y);
	image_move(ret, &out);
	image_done(&out);
	return cc_ok();
}
