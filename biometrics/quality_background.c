/* SPDX-License-Identifier: Apache-2.0 */
#include "biometrics/quality_measure.h"

#include <math.h>
#include <stdlib.h>

/*
 * What can be seen of the wall: a strip along each side of the portrait, from
 * its top to the eyes, and the outer quarters of one along its top. Wide hair
 * may stand in them, so the colour is a median.
 */
#define STRIP 0.05 /* of the portrait's width */
#define LONG 64u   /* points along a strip */
#define ACROSS 6u
#define POINTS (3 * LONG * ACROSS)
/* A visible difference: five times what an eye just sees. */
#define VISIBLE 12.0

static int rising(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y ? 1 : 0;
}

static double median(double *v, size_t n)
{
	qsort(v, n, sizeof *v, rising);
	return n ? v[n / 2] : 0;
}

static struct lab mean_at(const struct image *im, double x, double y)
{
	unsigned cx = (unsigned)fmin(fmax(x, 1), im->width - 2.0), cy = (unsigned)fmin(fmax(y, 1), im->height - 2.0);
	double rgb[3] = { 0 };

	for (unsigned k = 0; k < 9; k++)
		for (unsigned c = 0; c < 3; c++)
			rgb[c] += image_row(im, cy + k / 3 - 1)[3 * (cx + k % 3 - 1) + c] / 9.0;
	return lab_of(rgb);
}

/* The points that lie in the photo. */
static size_t sample_strips(const struct image *im, const struct image_rect *r, struct lab point[POINTS])
{
	size_t n = 0;

	for (unsigned i = 0; i < POINTS; i++) {
		unsigned strip = i / (LONG * ACROSS), k = i % (LONG * ACROSS);
		double along = (k / ACROSS + 0.5) / LONG, across = (k % ACROSS + 0.5) / ACROSS * STRIP * r->width;
		double x, y;

		if (strip == 2 && along > 0.25 && along < 0.75)
			continue; /* high hair */
		x = strip == 0 ? r->x + across : strip == 1 ? r->x + r->width - across : r->x + along * r->width;
		y = strip == 2 ? r->y + across : r->y + along * 0.4 * r->height;

		if (x >= 0 && y >= 0 && x < im->width && y < im->height)
			point[n++] = mean_at(im, x, y);
	}
	return n;
}

static struct lab median_colour(const struct lab *point, size_t n)
{
	double v[3][POINTS];

	for (size_t i = 0; i < n; i++) {
		v[0][i] = point[i].l;
		v[1][i] = point[i].a;
		v[2][i] = point[i].b;
	}
	return (struct lab){ median(v[0], n), median(v[1], n), median(v[2], n) };
}

void quality_measure_background(const struct image *photo, const struct image_rect *portrait, double v[QUALITY_MEASURES])
{
	struct lab point[POINTS], colour;
	size_t n = sample_strips(photo, portrait, point), other = 0;

	colour = median_colour(point, n);
	for (size_t i = 0; i < n; i++)
		other += lab_distance(point[i], colour) > VISIBLE;
	v[QUALITY_BACKGROUND_UNIFORMITY] = n ? (double)other / (double)n : 1;
	v[QUALITY_BACKGROUND_LIGHTNESS] = colour.l;
	v[QUALITY_BACKGROUND_COLOUR] = lab_chroma(colour);
}
