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

#endif
