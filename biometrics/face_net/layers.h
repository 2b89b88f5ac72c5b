/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_BIOMETRICS_FACE_NET_LAYERS_H
#define CC_BIOMETRICS_FACE_NET_LAYERS_H

#include "biometrics/face_net/kernels.h"
#include "biometrics/face_net/net.h"

#include <stdbool.h>
#include <stdint.h>

/* Shared by the files of this folder: the layers' weights as floats, and the memory of a run. */

struct face_tensor {
	const char *name;
	unsigned offset, count;
	float scale, min; /* value = byte * scale + min */
};

/* One convolution: depthwise 3 x 3 (NULL: none) then pointwise, both without activation; or a plain one (in: 27 for 3 x 3 x 3).
 */
struct face_layer {
	unsigned in, out;
	float *depthwise; /* [9][in] */
	float *packed;	  /* as struct face_kernels wants it */
	float *bias;
};

#define DETECTOR_SEPARABLE 5u
#define LANDMARK_BLOCKS 4u
#define LANDMARK_SIZE 112u
#define DETECTOR_SIZE_MAX 224u

struct face_net {
	const struct face_kernels *kernels;
	struct face_layer detector_first, detector[DETECTOR_SEPARABLE], detector_head;
	struct face_layer block[LANDMARK_BLOCKS][4], landmark_head;
	float *weights; /* all layers point into it */
	size_t weights_count;
	float *a, *b, *c, *sum; /* activations, FACE_ACTIVATIONS each */
};

/* The largest activation: 111 x 111 x 32 of the detector's second layer at 224. */
#define FACE_ACTIVATIONS (112u * 112u * 32u)

CC_MUST bool face_weights_load(struct face_net *net);

/* (pixel - mean) / 255 of an RGB image of at most size x size, in the top left of the input; the rest is black. */
void face_input_fill(const struct image *im, unsigned size, const float mean[3], float *to);
/* The same of a crop, sampled to size x size with smoothing; beyond the image's edge its last pixels go on. */
void face_input_crop(const struct face_net *net, const struct image *im, const struct face_crop *crop, unsigned size,
		     const float mean[3], float *to);

/* Rows first_row .. of a 3 x 3 x 3 convolution of a size x size input; outside it is zero. */
void face_first_rows(const struct face_net *net, const struct face_layer *layer, const float *in, unsigned size, unsigned stride,
		     unsigned pad_before, unsigned first_row, unsigned rows, unsigned out_side, float slope, float *out);
void face_separable(struct face_net *net, const struct face_layer *layer, const float *in, unsigned side, unsigned stride,
		    float slope, float *out);
/* 2 x 2 maximum over rows of `side` pixels, "same" padding. */
void face_pool(const float *in, unsigned rows, unsigned side, unsigned channels, unsigned stride, float *out);

#endif
