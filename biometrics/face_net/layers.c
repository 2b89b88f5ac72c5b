/* SPDX-License-Identifier: Apache-2.0 */
#include "biometrics/face_net/layers.h"

#include <math.h>
#include <string.h>

#define PATCH 27u

#define SAMPLES_MAX 4 /* a side, per pixel of a crop */

void face_input_fill(const struct image *im, unsigned size, const float mean[3], float *to)
{
	CC_ASSERT(im->width <= size && im->height <= size);
	for (unsigned y = 0; y < size; y++) {
		for (unsigned x = 0; x < size; x++, to += 3) {
			bool inside = x < im->width && y < im->height;
			const uint8_t *p = inside ? image_row(im, y) + (size_t)3 * x : NULL;

			for (unsigned c = 0; c < 3; c++)
				to[c] = ((inside ? (float)p[c] : 0) - mean[c]) / 255;
		}
	}
}

void face_input_crop(const struct face_net *net, const struct image *im, const struct face_crop *crop, unsigned size,
		     const float mean[3], float *to)
{
	double unit = crop->side / size, wanted = ceil(unit / 1.5); /* a bilinear sample covers more than a pixel */
	struct face_sampler s = { .rgb = im->p,
				  .width = (int)im->width,
				  .height = (int)im->height,
				  .size = size,
				  .samples = (unsigned)(wanted < 1	       ? 1
							: wanted > SAMPLES_MAX ? SAMPLES_MAX
									       : wanted),
				  .x = (float)crop->x,
				  .y = (float)crop->y,
				  .step_x = (float)(cos(crop->roll) * unit),
				  .step_y = (float)(sin(crop->roll) * unit),
				  .mirror = crop->mirrored ? -1 : 1,
				  .mean = mean };

	for (unsigned y = 0; y < size; y++)
		net->kernels->sample_row(&s, y, to + (size_t)y * size * 3);
}

/* The 27 inputs of one output pixel. */
static void gather(const float *in, unsigned size, unsigned y, unsigned x, float *patch)
{
	for (unsigned ky = 0; ky < 3; ky++) {
		for (unsigned kx = 0; kx < 3; kx++, patch += 3) {
			if (y + ky >= size || x + kx >= size) /* also below zero: unsigned */
				memset(patch, 0, 3 * sizeof *patch);
			else
				memcpy(patch, in + ((size_t)(y + ky) * size + x + kx) * 3, 3 * sizeof *patch);
		}
	}
}

void face_first_rows(const struct face_net *net, const struct face_layer *layer, const float *in, unsigned size, unsigned stride,
		     unsigned pad_before, unsigned first_row, unsigned rows, unsigned out_side, float slope, float *out)
{
	float patches[DETECTOR_SIZE_MAX * PATCH];

	for (unsigned r = 0; r < rows; r++) {
		for (unsigned x = 0; x < out_side; x++)
			gather(in, size, (first_row + r) * stride - pad_before, x * stride - pad_before,
			       patches + (size_t)x * PATCH);
		net->kernels->pointwise(patches, out_side, PATCH, layer->packed, layer->bias, layer->out, slope,
					out + (size_t)r * out_side * layer->out);
	}
}

void face_separable(struct face_net *net, const struct face_layer *layer, const float *in, unsigned side, unsigned stride,
		    float slope, float *out)
{
	unsigned out_side = (side + stride - 1) / stride;

	net->kernels->depthwise(in, side, side, layer->in, stride, layer->depthwise, net->c);
	net->kernels->pointwise(net->c, (size_t)out_side * out_side, layer->in, layer->packed, layer->bias, layer->out, slope,
				out);
}

static void pool_pixel(const float *in, unsigned rows, unsigned side, unsigned channels, unsigned y, unsigned x, float *out)
{
	memcpy(out, in + ((size_t)y * side + x) * channels, channels * sizeof *out);
	for (unsigned k = 1; k < 4; k++) {
		unsigned sy = y + k / 2, sx = x + k % 2;
		const float *p = in + ((size_t)sy * side + sx) * channels;

		if (sy >= rows || sx >= side)
			continue;
		for (unsigned c = 0; c < channels; c++)
			out[c] = out[c] > p[c] ? out[c] : p[c];
	}
}

void face_pool(const float *in, unsigned rows, unsigned side, unsigned channels, unsigned stride, float *out)
{
	for (unsigned y = 0; y < rows; y += stride)
		for (unsigned x = 0; x < side; x += stride, out += channels)
			pool_pixel(in, rows, side, channels, y, x, out);
}
