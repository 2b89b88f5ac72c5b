/* SPDX-License-Identifier: Apache-2.0 */
#include "biometrics/face_net/layers.h"

#include "crypto/base/secret.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LEAKY 0.1f
#define ANCHORS 5u
#define ANCHOR_VALUES 5u
#define CELLS_MAX (DETECTOR_SIZE_MAX / 32u)
#define CANDIDATES_MAX (CELLS_MAX * CELLS_MAX * ANCHORS)
#define SAME_FACE_OVERLAP 0.4

/* Width and height of the anchors in cells. */
static const float anchors[ANCHORS][2] = {
	{ 1.603231f, 2.094468f }, { 6.041143f, 7.080126f }, { 2.882459f, 3.518061f },
	{ 4.266906f, 5.178857f }, { 9.041765f, 10.66308f },
};

cc_status face_net_new(struct face_net **ret, struct cc_error *err)
{
	struct face_net *net = cc_alloc(sizeof *net);
	size_t bytes = FACE_ACTIVATIONS * sizeof(float);

	if (!net)
		return cc_fail(err, CC_E_MEMORY, "memory", "face network");
	net->kernels = face_kernels_best();
	net->a = cc_alloc(bytes);
	net->b = cc_alloc(bytes);
	net->c = cc_alloc(bytes);
	net->sum = cc_alloc(bytes);
	if (!net->a || !net->b || !net->c || !net->sum || !face_weights_load(net)) {
		face_net_free(&net);
		return cc_fail(err, CC_E_MEMORY, "memory", "face network");
	}
	*ret = net;
	return cc_ok();
}

void face_net_free(struct face_net **net)
{
	struct face_net *n = *net;
	size_t bytes = FACE_ACTIVATIONS * sizeof(float);

	if (!n)
		return;
	cc_free(n->a, bytes);
	cc_free(n->b, bytes);
	cc_free(n->c, bytes);
	cc_free(n->sum, bytes);
	cc_free(n->weights, n->weights_count * sizeof *n->weights);
	cc_free(n, sizeof *n);
	*net = NULL;
}

double image_rect_overlap(const struct image_rect *a, const struct image_rect *b)
{
	double w = fmin(a->x + a->width, b->x + b->width) - fmax(a->x, b->x);
	double h = fmin(a->y + a->height, b->y + b->height) - fmax(a->y, b->y);

	if (w <= 0 || h <= 0)
		return 0;
	return w * h / (a->width * a->height + b->width * b->height - w * h);
}

/* The convolutional part; the 25 values of each cell are left in net->a. Returns the cells of a side. */
static unsigned run_detector(struct face_net *net, unsigned size)
{
	const struct face_layer *first = &net->detector_first;
	unsigned valid = size - 2, side = (valid + 1) / 2;
	float *in = net->a, *out = net->b;

	/* First layer without padding, two rows at a time, pooled at once: its full output would be the largest by far. */
	for (unsigned y = 0; y < side; y++) {
		unsigned rows = 2 * y + 1 < valid ? 2 : 1;
		float *to = net->b + (size_t)y * side * first->out;

		face_first_rows(net, first, net->a, size, 1, 0, 2 * y, rows, valid, LEAKY, net->c);
		face_pool(net->c, rows, valid, first->out, 2, to);
	}
	for (unsigned i = 0; i < DETECTOR_SEPARABLE; i++) {
		unsigned stride = i + 1 < DETECTOR_SEPARABLE ? 2 : 1;

		face_separable(net, &net->detector[i], out, side, 1, LEAKY, in);
		face_pool(in, side, side, net->detector[i].out, stride, out);
		side = (side + stride - 1) / stride;
	}
	net->kernels->pointwise(out, (size_t)side * side, net->detector_head.in, net->detector_head.packed,
				net->detector_head.bias, net->detector_head.out, 1, in);
	return side;
}

static double sigmoid(double x)
{
	return 1 / (1 + exp(-x));
}

/* What one anchor of one cell says; reach: the padded picture's side in pixels of the image. */
static struct face_box box_at(const float *v, unsigned anchor, unsigned row, unsigned col, unsigned cells, double reach)
{
	double unit = reach / cells;
	double w = exp((double)v[2]) * anchors[anchor][0] * unit, h = exp((double)v[3]) * anchors[anchor][1] * unit;

	return (struct face_box){ { (col + sigmoid(v[0])) * unit - w / 2, (row + sigmoid(v[1])) * unit - h / 2, w, h },
				  sigmoid(v[4]) };
}

static int better(const void *a, const void *b)
{
	double x = ((const struct face_box *)a)->score, y = ((const struct face_box *)b)->score;

	return x < y ? 1 : x > y ? -1 : 0;
}

static size_t suppress(struct face_box *all, size_t n, struct face_box ret[FACE_BOXES_MAX])
{
	size_t kept = 0;

	qsort(all, n, sizeof *all, better);
	for (size_t i = 0; i < n && kept < FACE_BOXES_MAX; i++) {
		bool same = false;

		for (size_t k = 0; k < kept && !same; k++)
			same = image_rect_overlap(&all[i].rect, &ret[k].rect) > SAME_FACE_OVERLAP;
		if (!same)
			ret[kept++] = all[i];
	}
	return kept;
}

static unsigned scaled_side(unsigned side, unsigned longer, unsigned size)
{
	unsigned s = (side * size + longer / 2) / longer;

	return s ? s : 1;
}

cc_status face_net_detect(struct face_net *net, const struct image *im, unsigned size, double score_min,
			  struct face_box ret[FACE_BOXES_MAX], size_t *ret_count, struct cc_error *err)
{
	static const float mean[3] = { 117.001f, 114.697f, 97.404f };
	unsigned longer = im->width > im->height ? im->width : im->height;
	const struct image_rect whole = { 0, 0, im->width, im->height };
	struct face_box all[CANDIDATES_MAX];
	struct image small = { 0 };
	size_t n = 0;
	unsigned cells;
	cc_status st;

	CC_ASSERT(im->channels == 3 && size % 32 == 0 && size >= 32 && size <= DETECTOR_SIZE_MAX);
	st = image_reduce(im, &whole, scaled_side(im->width, longer, size), scaled_side(im->height, longer, size), &small, err);
	if (cc_failed(st))
		return st;
	face_input_fill(&small, size, mean, net->a);
	image_done(&small);
	cells = run_detector(net, size);
	for (unsigned i = 0; i < cells * cells * ANCHORS; i++) {
		unsigned cell = i / ANCHORS;
		struct face_box b =
			box_at(net->a + (size_t)i * ANCHOR_VALUES, i % ANCHORS, cell / cells, cell % cells, cells, longer);

		if (b.score > score_min)
			all[n++] = b;
	}
	*ret_count = suppress(all, n, ret);
	return cc_ok();
}

/* One dense block: four layers whose running sum, through ReLU, feeds the next. in and out may not be net->c or net->sum. */
static void run_block(struct face_net *net, unsigned b, const float *in, unsigned in_side, float *out)
{
	const struct face_layer *layer = net->block[b];
	unsigned side = in_side / 2;
	size_t n = (size_t)side * side * layer[0].out;

	if (b == 0)
		face_first_rows(net, &layer[0], in, in_side, 2, 0, 0, side, side, 0, net->sum);
	else
		face_separable(net, &layer[0], in, in_side, 2, 0, net->sum);
	memcpy(out, net->sum, n * sizeof *out);
	for (unsigned i = 1; i < 4; i++) {
		float *next = net->a == out ? net->b : net->a;

		face_separable(net, &layer[i], out, side, 1, 1, next);
		for (size_t k = 0; k < n; k++) {
			net->sum[k] += next[k];
			out[k] = net->sum[k] > 0 ? net->sum[k] : 0;
		}
	}
}

static void average(const float *in, unsigned pixels, unsigned channels, float *out)
{
	memset(out, 0, channels * sizeof *out);
	for (unsigned p = 0; p < pixels; p++)
		for (unsigned c = 0; c < channels; c++)
			out[c] += in[(size_t)p * channels + c];
	for (unsigned c = 0; c < channels; c++)
		out[c] /= (float)pixels;
}

/* The same point of the mirrored face, in the order of iBUG 300-W. */
static unsigned mirrored_landmark(unsigned i)
{
	static const uint8_t eyes_and_mouth[] = { 45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40, 54, 53, 52, 51,
						  50, 49, 48, 59, 58, 57, 56, 55, 64, 63, 62, 61, 60, 67, 66, 65 };

	if (i < 17)
		return 16 - i; /* jaw */
	if (i < 27)
		return 43 - i; /* brows */
	if (i < 31)
		return i; /* bridge of the nose */
	return i < 36 ? 66 - i : eyes_and_mouth[i - 36];
}

void face_net_landmarks(struct face_net *net, const struct image *im, const struct face_crop *crop,
			struct face_landmark ret[FACE_LANDMARKS])
{
	static const float mean[3] = { 122.782f, 117.001f, 104.298f };
	float features[256], point[2 * FACE_LANDMARKS];
	double dx = cos(crop->roll) * crop->side, dy = sin(crop->roll) * crop->side;
	unsigned side = LANDMARK_SIZE;
	float *from = net->a, *to = net->b;

	CC_ASSERT(im->channels == 3 && crop->side > 0);
	face_input_crop(net, im, crop, LANDMARK_SIZE, mean, from);
	for (unsigned b = 0; b < LANDMARK_BLOCKS; b++, side /= 2) {
		float *done = to;

		run_block(net, b, from, side, to);
		to = from;
		from = done;
	}
	average(from, side * side, 256, features);
	net->kernels->pointwise(features, 1, 256, net->landmark_head.packed, net->landmark_head.bias, 2 * FACE_LANDMARKS, 1,
				point);
	for (unsigned i = 0; i < FACE_LANDMARKS; i++) {
		struct face_landmark *p = &ret[crop->mirrored ? mirrored_landmark(i) : i];
		double u = (crop->mirrored ? -1 : 1) * ((double)point[2 * i] - 0.5), v = (double)point[2 * i + 1] - 0.5;

		p->x = crop->x + u * dx - v * dy;
		p->y = crop->y + u * dy + v * dx;
	}
}
