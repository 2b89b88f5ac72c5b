/* SPDX-License-Identifier: Apache-2.0 */
#include "biometrics/quality_measure.h"

#include <math.h>
#include <stdlib.h>

/* Sharpness, noise and coding blocks are measured on the photo's own pixels: scaling would hide them. */

#define BLOCK 8u

/* Clamped part of the photo around the face: from brow to chin, ear to ear. */
struct part {
	unsigned x0, y0, x1, y1;
};

static unsigned clamped(double v, unsigned most)
{
	return v <= 0 ? 0 : v >= most ? most : (unsigned)v;
}

static struct part around_face(const struct image *photo, const struct face *face)
{
	double mx = (face->eye[0].x + face->eye[1].x) / 2, my = (face->eye[0].y + face->eye[1].y) / 2, d = face->eye_distance;

	return (struct part){ clamped(mx - 0.9 * d, photo->width), clamped(my - 0.45 * d, photo->height),
			      clamped(mx + 0.9 * d, photo->width), clamped(my + 1.4 * d, photo->height) };
}

static cc_status cut(const struct image *photo, const struct part *p, struct image *ret, struct cc_error *err)
{
	struct image piece = { 0 };
	cc_status st = image_new(p->x1 - p->x0, p->y1 - p->y0, 3, &piece, err);

	if (cc_failed(st))
		return st;
	for (unsigned y = 0; y < piece.height; y++)
		for (unsigned i = 0; i < piece.width * 3; i++)
			piece.p[(size_t)y * piece.width * 3 + i] = image_row(photo, p->y0 + y)[3 * p->x0 + i];
	st = image_to_grey(&piece, ret, err);
	image_done(&piece);
	return st;
}

/* Binomial smoothing, a Gaussian of variance 1, along rows (step 1) or columns (step: the width) of n pixels in a row. */
static void smooth_along(const uint8_t *in, size_t step, size_t n, uint8_t *out)
{
	for (size_t i = 2 * step; i + 2 * step < n; i++)
		out[i] = (uint8_t)((in[i - 2 * step] + in[i + 2 * step] + 4u * (in[i - step] + in[i + step]) + 6u * in[i] + 8u) >>
				   4);
}

/* Both directions; the outermost pixels are not meaningful. */
static cc_status smooth(const struct image *in, struct image *ret, struct cc_error *err)
{
	struct image across = { 0 }, out = { 0 };
	size_t n = image_size(in);
	cc_status st = image_new(in->width, in->height, 1, &across, err);

	if (!cc_failed(st))
		st = image_new(in->width, in->height, 1, &out, err);
	if (!cc_failed(st)) {
		smooth_along(in->p, 1, n, across.p);
		smooth_along(across.p, in->width, n, out.p);
		image_move(ret, &out);
	}
	image_done(&across);
	image_done(&out);
	return st;
}

static double gradient(const struct image *im, unsigned x, unsigned y)
{
	double gx = image_row(im, y)[x + 1] - image_row(im, y)[x - 1];
	double gy = image_row(im, y + 1)[x] - image_row(im, y - 1)[x];

	return hypot(gx, gy) / 2;
}

#define MARGIN 10u

#define FINE 16 /* gradients are sorted into 1/16 of a grey level */
#define BINS (256 * FINE)

/* Mean of the strongest gradients: one in two hundred of the picture's. */
static double strongest(const struct image *im)
{
	unsigned count[BINS] = { 0 }, n = 0, top, taken = 0;
	double sum = 0;

	for (unsigned y = MARGIN; y + MARGIN < im->height; y++)
		for (unsigned x = MARGIN; x + MARGIN < im->width; x++, n++)
			count[(unsigned)(gradient(im, x, y) * FINE)]++;
	top = n / 200 + 1;
	for (unsigned i = BINS; i-- > 0 && taken < top;) {
		unsigned take = count[i] < top - taken ? count[i] : top - taken;

		sum += take * (i + 0.5) / FINE;
		taken += take;
	}
	return taken ? sum / taken : 0;
}

/*
 * The width of the sharpest edges, as the sigma of a Gaussian: an edge of width
 * s has a gradient in proportion to 1 / s, and smoothing with variance t makes
 * it sqrt(s^2 + t). So smoothing the picture a little and a little more tells s
 * without knowing the edge's height.
 */
static cc_status edge_width(const struct image *grey, double *ret, struct cc_error *err)
{
	struct image once = { 0 }, more = { 0 };
	double a = 0, b = 0, ratio;
	cc_status st = smooth(grey, &once, err);

	if (!cc_failed(st))
		st = smooth(&once, &more, err);
	for (unsigned i = 0; i < 2 && !cc_failed(st); i++)
		st = smooth(&more, &more, err);
	if (!cc_failed(st)) {
		a = strongest(&once);
		b = strongest(&more);
	}
	/* (a / b)^2 = (s^2 + 4) / (s^2 + 1) */
	ratio = b > 0 ? a * a / (b * b) : 1;
	*ret = ratio > 1.0001 ? sqrt(fmax((4 - ratio) / (ratio - 1), 0)) : 100;
	image_done(&once);
	image_done(&more);
	return st;
}

/* J. Immerkaer's estimate, on the flatter half of the part so that texture does not count. */
static double noise(const struct image *g)
{
	unsigned count[1025] = { 0 }, n = 0, seen = 0;

	for (unsigned y = 1; y + 1 < g->height; y++)
		for (unsigned x = 1; x + 1 < g->width; x++) {
			const uint8_t *a = image_row(g, y - 1) + x, *b = image_row(g, y) + x, *c = image_row(g, y + 1) + x;
			int v = a[-1] - 2 * a[0] + a[1] - 2 * b[-1] + 4 * b[0] - 2 * b[1] + c[-1] - 2 * c[0] + c[1];

			v = v < 0 ? -v : v;
			count[v > 1024 ? 1024 : v]++;
			n++;
		}
	/* The median of |v| for Gaussian noise is 0.6745 * 6 sigma. */
	for (unsigned i = 0; i <= 1024; i++) {
		seen += count[i];
		if (2 * seen >= n)
			return i / (0.6745 * 6);
	}
	return 0;
}

/* Mean step between neighbours by the column's or row's place in an 8 x 8 grid; the strongest place over the others' mean. */
static double blockiness(const struct image *g)
{
	double across[BLOCK] = { 0 }, down[BLOCK] = { 0 }, worst[2] = { 0 }, sum[2] = { 0 };

	for (unsigned y = 1; y + 1 < g->height; y++)
		for (unsigned x = 2; x + 2 < g->width; x++) {
			const uint8_t *p = image_row(g, y) + x;
			int h = abs(p[0] - p[1]) * 2 - abs(p[-1] - p[0]) - abs(p[1] - p[2]);

			across[x % BLOCK] += fmax(h, 0);
		}
	for (unsigned y = 2; y + 2 < g->height; y++)
		for (unsigned x = 1; x + 1 < g->width; x++) {
			int a = image_row(g, y - 1)[x], b = image_row(g, y)[x], c = image_row(g, y + 1)[x],
			    d = image_row(g, y + 2)[x];

			down[y % BLOCK] += fmax(abs(b - c) * 2 - abs(a - b) - abs(c - d), 0);
		}
	for (unsigned i = 0; i < BLOCK; i++) {
		worst[0] = fmax(worst[0], across[i]);
		worst[1] = fmax(worst[1], down[i]);
		sum[0] += across[i];
		sum[1] += down[i];
	}
	return fmin((worst[0] + 1) * (BLOCK - 1) / (sum[0] - worst[0] + BLOCK - 1),
		    (worst[1] + 1) * (BLOCK - 1) / (sum[1] - worst[1] + BLOCK - 1));
}

cc_status quality_measure_detail(const struct image *photo, const struct face *face, double v[QUALITY_MEASURES],
				 struct cc_error *err)
{
	struct part p = around_face(photo, face);
	struct image grey = { 0 };
	double width = 100;
	cc_status st = cc_ok();

	if (p.x1 < p.x0 + 3 * MARGIN || p.y1 < p.y0 + 3 * MARGIN) {
		v[QUALITY_SHARPNESS] = 100;
		return st;
	}
	st = cut(photo, &p, &grey, err);
	if (!cc_failed(st))
		st = edge_width(&grey, &width, err);
	if (!cc_failed(st)) {
		v[QUALITY_SHARPNESS] = 100 * width / face->eye_distance;
		v[QUALITY_RESOLUTION] = face->eye_distance / (2.355 * fmax(width, 0.05));
		v[QUALITY_NOISE] = noise(&grey);
		v[QUALITY_COMPRESSION] = blockiness(&grey);
	}
	image_done(&grey);
	return st;
}
