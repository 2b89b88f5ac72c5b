/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_BIOMETRICS_FACE_NET_KERNELS_H
#define CC_BIOMETRICS_FACE_NET_KERNELS_H

#include <stddef.h>
#include <stdint.h>

/*
 * The operations that cost the time, compiled once for every machine and
 * once for AVX2 with FMA. Pixels lie NHWC: all channels of a pixel together.
 * The two versions may differ in the last bits of a float.
 */
#define FACE_PANEL 16u /* output channels that are computed together */

/* How the input is sampled from an RGB picture: `samples` x `samples` bilinear samples for each of size x size pixels. */
struct face_sampler {
	const uint8_t *rgb;
	int width, height;
	unsigned size, samples;
	float x, y;	      /* of the picture, in the middle of the input */
	float step_x, step_y; /* one pixel of the input to the right, in the picture */
	float mirror;	      /* -1: right and left change places */
	const float *mean;
};

struct face_kernels {
	/*
	 * out[p][o] = act(bias[o] + sum over i of in[p][i] * weight[i][o]), act(v) = max(v, slope * v).
	 * packed: panels of FACE_PANEL output channels, each as [in_channels][FACE_PANEL], the last one filled with zeros;
	 * bias is filled likewise. slope 1: no activation, 0: ReLU.
	 */
	void (*pointwise)(const float *in, size_t pixels, unsigned in_channels, const float *packed, const float *bias,
			  unsigned out_channels, float slope, float *out);
	/* 3 x 3 on each channel by itself, TensorFlow "same" padding; channels is a multiple of 8; weight: [3][3][channels]. */
	void (*depthwise)(const float *in, unsigned height, unsigned width, unsigned channels, unsigned stride,
			  const float *weight, float *out);
	/* Row y of the input: (pixel - mean) / 255; beyond the picture its last pixels go on. */
	void (*sample_row)(const struct face_sampler *s, unsigned y, float *to);
};

/* The fastest that this machine has. */
const struct face_kernels *face_kernels_best(void);
extern const struct face_kernels face_kernels_generic;

#endif
