/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_BIOMETRICS_FACE_NET_KERNELS_BODY_H
#define CC_BIOMETRICS_FACE_NET_KERNELS_BODY_H

#include "biometrics/face_net/kernels.h"

#include <string.h>

/*
 * The body of both kernel files, each of which includes it once after defining
 * KERNEL (the target attribute) and KERNEL_ROWS (pixels per block: as many as
 * the accumulators' registers allow).
 */
#ifndef KERNEL
#define KERNEL
#define KERNEL_ROWS 3
#endif

typedef float v8 __attribute__((vector_size(32), aligned(4), may_alias));

/* `rows` pixels times one panel; rows is a constant after inlining, so the sums stay in registers. */
KERNEL static inline __attribute__((always_inline)) void panel_block(const float *in, unsigned in_channels, unsigned rows,
								     const float *weight, const float *bias, float *sums)
{
	v8 low[KERNEL_ROWS], high[KERNEL_ROWS];

	for (unsigned r = 0; r < rows; r++) {
		low[r] = *(const v8 *)bias;
		high[r] = *(const v8 *)(bias + 8);
	}
	for (unsigned i = 0; i < in_channels; i++) {
		v8 w0 = *(const v8 *)(weight + (size_t)i * FACE_PANEL);
		v8 w1 = *(const v8 *)(weight + (size_t)i * FACE_PANEL + 8);

		for (unsigned r = 0; r < rows; r++) {
			float x = in[(size_t)r * in_channels + i];

			low[r] += x * w0;
			high[r] += x * w1;
		}
	}
	for (unsigned r = 0; r < rows; r++) {
		*(v8 *)(sums + (size_t)r * FACE_PANEL) = low[r];
		*(v8 *)(sums + (size_t)r * FACE_PANEL + 8) = high[r];
	}
}

KERNEL static inline __attribute__((always_inline)) void store_panel(const float *sums, unsigned rows, float slope,
								     unsigned count, unsigned out_channels, float *out)
{
	for (unsigned r = 0; r < rows; r++) {
		float act[FACE_PANEL];

		for (unsigned o = 0; o < FACE_PANEL; o++) {
			float v = sums[r * FACE_PANEL + o], scaled = slope * v;

			act[o] = v > scaled ? v : scaled;
		}
		if (count == FACE_PANEL)
			memcpy(out + (size_t)r * out_channels, act, sizeof act);
		else
			memcpy(out + (size_t)r * out_channels, act, count * sizeof *act);
	}
}

KERNEL static void pointwise(const float *in, size_t pixels, unsigned in_channels, const float *packed, const float *bias,
			     unsigned out_channels, float slope, float *out)
{
	float sums[KERNEL_ROWS * FACE_PANEL];

	for (unsigned first = 0; first < out_channels; first += FACE_PANEL) {
		const float *weight = packed + (size_t)first * in_channels;
		unsigned count = out_channels - first < FACE_PANEL ? out_channels - first : FACE_PANEL;

		for (size_t p = 0; p < pixels;) {
			/* The last block overlaps the one before rather than being short. */
			size_t at = p + KERNEL_ROWS <= pixels || pixels < KERNEL_ROWS ? p : pixels - KERNEL_ROWS;

			if (pixels < KERNEL_ROWS) {
				panel_block(in + at * in_channels, in_channels, 1, weight, bias + first, sums);
				store_panel(sums, 1, slope, count, out_channels, out + at * out_channels + first);
				p = at + 1;
			} else {
				panel_block(in + at * in_channels, in_channels, KERNEL_ROWS, weight, bias + first, sums);
				store_panel(sums, KERNEL_ROWS, slope, count, out_channels, out + at * out_channels + first);
				p = at + KERNEL_ROWS;
			}
		}
	}
}

KERNEL static inline __attribute__((always_inline)) void taps_sum(const float *const *in, const float *const *weight,
								  unsigned taps, unsigned channels, float *out)
{
	for (unsigned c = 0; c < channels; c += 8) {
		v8 sum = { 0 };

		for (unsigned t = 0; t < taps; t++)
			sum += *(const v8 *)(in[t] + c) * *(const v8 *)(weight[t] + c);
		*(v8 *)(out + c) = sum;
	}
}

KERNEL static void depthwise(const float *in, unsigned height, unsigned width, unsigned channels, unsigned stride,
			     const float *weight, float *out)
{
	/* TensorFlow "same": with stride 2 and an even side all padding is behind the last pixel. */
	unsigned before_y = stride == 2 && height % 2 == 0 ? 0 : 1, before_x = stride == 2 && width % 2 == 0 ? 0 : 1;

	for (unsigned y = 0; y < (height + stride - 1) / stride; y++) {
		for (unsigned x = 0; x < (width + stride - 1) / stride; x++, out += channels) {
			const float *pixel[9], *tap[9];
			unsigned n = 0;

			for (unsigned k = 0; k < 9; k++) {
				unsigned sy = y * stride + k / 3 - before_y, sx = x * stride + k % 3 - before_x;

				if (sy >= height || sx >= width) /* also below zero: unsigned */
					continue;
				pixel[n] = in + ((size_t)sy * width + sx) * channels;
				tap[n++] = weight + (size_t)k * channels;
			}
			if (n == 9)
				taps_sum(pixel, tap, 9, channels, out);
			else
				taps_sum(pixel, tap, n, channels, out);
		}
	}
}

typedef float v4 __attribute__((vector_size(16)));

/* Four bytes from a pixel: its colours, and one that is ignored. */
KERNEL static inline __attribute__((always_inline)) v4 pixel_at(const uint8_t *p)
{
#ifdef KERNEL_SSE4 /* compilers take the portable form apart into single bytes */
	int bytes;

	memcpy(&bytes, p, sizeof bytes);
	return (v4)_mm_cvtepi32_ps(_mm_cvtepu8_epi32(_mm_cvtsi32_si128(bytes)));
#else
	return (v4){ (float)p[0], (float)p[1], (float)p[2], 0 };
#endif
}

/* The same at the picture's edge, where four bytes may be too many and the neighbour may be missing. */
KERNEL static inline v4 pixel_clamped(const struct face_sampler *s, int x, int y)
{
	const uint8_t *p;

	x = x < 0 ? 0 : x >= s->width ? s->width - 1 : x;
	y = y < 0 ? 0 : y >= s->height ? s->height - 1 : y;
	p = s->rgb + ((size_t)y * (size_t)s->width + (size_t)x) * 3;
	return (v4){ (float)p[0], (float)p[1], (float)p[2], 0 };
}

KERNEL static inline __attribute__((always_inline)) v4 sample_at(const struct face_sampler *s, float x, float y)
{
	int ix = (int)x, iy = (int)y, x0 = ix - ((float)ix > x), y0 = iy - ((float)iy > y);
	float ax = x - (float)x0, ay = y - (float)y0;
	v4 p00, p01, p10, p11, top, bottom;

	if (x0 >= 0 && y0 >= 0 && x0 + 2 < s->width && y0 + 1 < s->height) {
		const uint8_t *p = s->rgb + ((size_t)y0 * (size_t)s->width + (size_t)x0) * 3, *q = p + (size_t)s->width * 3;

		p00 = pixel_at(p);
		p01 = pixel_at(p + 3);
		p10 = pixel_at(q);
		p11 = pixel_at(q + 3);
	} else {
		p00 = pixel_clamped(s, x0, y0);
		p01 = pixel_clamped(s, x0 + 1, y0);
		p10 = pixel_clamped(s, x0, y0 + 1);
		p11 = pixel_clamped(s, x0 + 1, y0 + 1);
	}
	top = (1 - ax) * p00 + ax * p01;
	bottom = (1 - ax) * p10 + ax * p11;
	return (1 - ay) * top + ay * bottom;
}

KERNEL static void sample_row(const struct face_sampler *s, unsigned y, float *to)
{
	float half = (float)s->size / 2, per = 1 / (float)s->samples, all = (float)(s->samples * s->samples);

	for (unsigned x = 0; x < s->size; x++, to += 3) {
		v4 sum = { 0, 0, 0, 0 };

		for (unsigned j = 0; j < s->samples; j++) {
			float v = (float)y + ((float)j + 0.5f) * per - half;

			for (unsigned i = 0; i < s->samples; i++) {
				float u = s->mirror * ((float)x + ((float)i + 0.5f) * per - half);

				sum += sample_at(s, s->x - 0.5f + u * s->step_x - v * s->step_y,
						 s->y - 0.5f + u * s->step_y + v * s->step_x);
			}
		}
		for (unsigned c = 0; c < 3; c++)
			to[c] = (sum[c] / all - s->mean[c]) / 255;
	}
}

#endif
