/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_BIOMETRICS_FACE_NET_KERNELS_H
#define CC_BIOMETRICS_FACE_NET_KERNELS_H

#include <stddef.h>

/*
 * The two operations that cost the time, compiled once for every machine and
 * once for AVX2 with FMA. Pixels lie NHWC: all channels of a pixel together.
 * The two versions may differ in the last bits of a float.
 */
#define FACE_PANEL 16u /* output channels that are computed together */

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
};

/* The fastest that this machine has. */
const struct face_kernels *face_kernels_best(void);
extern const struct face_kernels face_kernels_generic;

#endif
