/* SPDX-License-Identifier: Apache-2.0 */
#include "biometrics/quality_measure.h"

#include <math.h>
#include <string.h>

/* The face without hair and neck, in the frame: brow to chin. */
#define OVAL_Y (FRAME_Y + 42)
#define OVAL_RX 82
#define OVAL_RY 105

/* ISO/IEC 29794-5, under- and over-exposure: luma that is as good as black or white. */
#define BLACK 25
#define WHITE 247

/* ISO/IEC 39794-5:2019 D.1.4.3: zones of 0.3 eye distances. */
#define ZONE 30

static bool in_oval(int x, int y)
{
	double u = (x - FRAME_X) / (double)OVAL_RX, v = (y - OVAL_Y) / (double)OVAL_RY;

	return u * u + v * v <= 1;
}

static void mean_zone(const struct image *rgb, double cx, double cy, double mean[3])
{
	int x0 = (int)cx - ZONE / 2, y0 = (int)cy - ZONE / 2, n = 0;

	memset(mean, 0, 3 * sizeof *mean);
	for (int y = y0; y < y0 + ZONE; y++)
		for (int x = x0; x < x0 + ZONE; x++) {
			if (x < 0 || y < 0 || x >= (int)rgb->width || y >= (int)rgb->height)
				continue;
			for (unsigned c = 0; c < 3; c++)
				mean[c] += image_row(rgb, (unsigned)y)[3 * x + (int)c];
			n++;
		}
	for (unsigned c = 0; c < 3; c++)
		mean[c] /= n ? n : 1;
}

/* Right cheek, left cheek, chin: below the eyes by half an eye distance, and between mouth and chin. */
static void skin_zones(const struct quality_frame *f, double zone[3][3])
{
	mean_zone(&f->rgb, FRAME_X - FRAME_EYES / 2, FRAME_Y + 55, zone[0]);
	mean_zone(&f->rgb, FRAME_X + FRAME_EYES / 2, FRAME_Y + 55, zone[1]);
	mean_zone(&f->rgb, (f->points[57].x + f->points[8].x) / 2, (f->points[57].y + f->points[8].y) / 2, zone[2]);
}

static double evenness(double zone[3][3])
{
	double worst = 1;

	/* ISO/IEC 39794-5:2019 D.1.4.3: in no channel may the lowest zone be under half of the highest. */
	for (unsigned c = 0; c < 3; c++) {
		double low = fmin(zone[0][c], fmin(zone[1][c], zone[2][c])),
		       high = fmax(zone[0][c], fmax(zone[1][c], zone[2][c]));

		worst = fmin(worst, (low + 1) / (high + 1));
	}
	return worst;
}

static double outside(double v, double low, double high)
{
	return v < low ? low - v : v > high ? v - high : 0;
}

/* ISO/IEC 29794-5, natural colour: skin has a* of 5 to 25 and b* of 5 to 35. */
static double unnatural(struct lab c)
{
	return hypot(outside(c.a, 5, 25), outside(c.b, 5, 35));
}

struct histogram {
	unsigned count[256], n;
	double mean;
};

static void face_histogram(const struct image *grey, struct histogram *h)
{
	double sum = 0;

	*h = (struct histogram){ 0 };
	for (unsigned y = 0; y < grey->height; y++)
		for (unsigned x = 0; x < grey->width; x++)
			if (in_oval((int)x, (int)y)) {
				uint8_t v = image_row(grey, y)[x];

				h->count[v]++;
				h->n++;
				sum += v;
			}
	h->mean = sum / h->n;
}

static double share(const struct histogram *h, unsigned from, unsigned to)
{
	unsigned n = 0;

	for (unsigned i = from; i <= to; i++)
		n += h->count[i];
	return (double)n / h->n;
}

/* ISO/IEC 19794-5:2005 7.4.2.1: unique values of intensity in the facial region, from crown to chin and ear to ear. */
static double levels(const struct image *grey)
{
	bool seen[256] = { false };
	unsigned used = 0;

	for (unsigned y = FRAME_Y - 130; y < FRAME_Y + 140; y++)
		for (unsigned x = FRAME_X - 105; x < FRAME_X + 105; x++)
			seen[image_row(grey, y)[x]] = true;
	for (unsigned i = 0; i < 256; i++)
		used += seen[i];
	return used;
}

#define SPOT_PIXELS (FRAME_WIDTH * FRAME_HEIGHT)

/* Grows one burnt-out spot from its seed and clears it; returns its pixels. */
static unsigned take_spot(uint8_t *burnt, unsigned seed, unsigned *stack)
{
	static const int step[4] = { -1, 1, -(int)FRAME_WIDTH, (int)FRAME_WIDTH };
	unsigned n = 0, top = 0;

	burnt[seed] = 0;
	stack[top++] = seed;
	while (top) {
		unsigned at = stack[--top];

		n++;
		for (unsigned k = 0; k < 4; k++) {
			int to = (int)at + step[k];

			if (to >= 0 && to < (int)SPOT_PIXELS && burnt[to]) {
				burnt[to] = 0;
				stack[top++] = (unsigned)to;
			}
		}
	}
	return n;
}

/* The eyes' own reflections are wanted, so the eyes are left out. */
static bool in_eyes(int x, int y)
{
	int from_eye = x < FRAME_X ? x - (FRAME_X - FRAME_EYES / 2) : x - (FRAME_X + FRAME_EYES / 2);

	return y > FRAME_Y - 14 && y < FRAME_Y + 14 && from_eye > -26 && from_eye < 26;
}

static double largest_spot(const struct image *rgb)
{
	static _Thread_local uint8_t burnt[SPOT_PIXELS];
	static _Thread_local unsigned stack[SPOT_PIXELS];
	unsigned most = 0;

	for (unsigned i = 0; i < SPOT_PIXELS; i++) {
		const uint8_t *p = rgb->p + (size_t)3 * i;
		int x = (int)(i % FRAME_WIDTH), y = (int)(i / FRAME_WIDTH);

		burnt[i] = p[0] >= WHITE && p[1] >= WHITE && p[2] >= WHITE && in_oval(x, y) && !in_eyes(x, y);
	}
	for (unsigned i = 0; i < SPOT_PIXELS; i++)
		if (burnt[i]) {
			unsigned n = take_spot(burnt, i, stack);

			most = n > most ? n : most;
		}
	return most / (double)(FRAME_EYES * FRAME_EYES);
}

#define BLOCK 6

static double block_luma(const struct image *grey, int x0, int y0)
{
	unsigned sum = 0;

	for (int y = y0; y < y0 + BLOCK; y++)
		for (int x = x0; x < x0 + BLOCK; x++)
			sum += image_row(grey, (unsigned)y)[x];
	return sum / (double)(BLOCK * BLOCK);
}

/* A cast shadow falls on one side: from under the eyes to the mouth, each place against its mirror image. */
static double shadowed(const struct image *grey)
{
	unsigned n = 0, dark = 0;

	for (int y = FRAME_Y + 18; y < FRAME_Y + 84; y += BLOCK)
		for (int x = BLOCK; x < 66; x += BLOCK, n++) {
			double r = block_luma(grey, FRAME_X - x - BLOCK, y), l = block_luma(grey, FRAME_X + x, y);

			dark += fmin(r, l) + 4 < 0.6 * (fmax(r, l) + 4);
		}
	return (double)dark / n;
}

/*
 * How differently the parts of a face are coloured: spread of the red and blue
 * shares of light, in thousandths. A grey picture that was toned (sepia) has a
 * colour, but the same one everywhere.
 */
static double colours_apart(const struct image *rgb)
{
	double n = 0, sum[2] = { 0, 0 }, square[2] = { 0, 0 };

	for (int y = FRAME_Y - 40; y < FRAME_Y + 120; y += BLOCK)
		for (int x = FRAME_X - 72; x < FRAME_X + 72; x += BLOCK) {
			double c[3] = { 1, 1, 1 }, all, part[2];

			for (int i = 0; i < BLOCK * BLOCK; i++)
				for (unsigned k = 0; k < 3; k++)
					c[k] += image_row(rgb, (unsigned)(y + i / BLOCK))[3 * (x + i % BLOCK) + (int)k];
			all = c[0] + c[1] + c[2];
			part[0] = 1000 * c[0] / all;
			part[1] = 1000 * c[2] / all;
			for (unsigned k = 0; k < 2; k++) {
				sum[k] += part[k];
				square[k] += part[k] * part[k];
			}
			n++;
		}
	return sqrt(fmax((square[0] - sum[0] * sum[0] / n + square[1] - sum[1] * sum[1] / n) / n, 0));
}

void quality_measure_light(const struct quality_frame *f, double v[QUALITY_MEASURES])
{
	struct histogram h;
	double zone[3][3], skin[3] = { 0 };
	struct lab c;

	face_histogram(&f->grey, &h);
	skin_zones(f, zone);
	for (unsigned k = 0; k < 9; k++)
		skin[k % 3] += zone[k / 3][k % 3] / 3;
	c = lab_of(skin);
	v[QUALITY_UNDER_EXPOSURE] = share(&h, 0, BLACK);
	v[QUALITY_OVER_EXPOSURE] = share(&h, WHITE, 255);
	v[QUALITY_LUMINANCE] = h.mean;
	v[QUALITY_DYNAMIC_RANGE] = levels(&f->grey);
	v[QUALITY_ILLUMINATION] = evenness(zone);
	v[QUALITY_SHADOW] = shadowed(&f->grey);
	v[QUALITY_GLARE] = largest_spot(&f->rgb);
	v[QUALITY_GRAYSCALE] = fmin(lab_chroma(c), colours_apart(&f->rgb));
	v[QUALITY_NATURAL_COLOUR] = unnatural(c);
}
