/* SPDX-License-Identifier: Apache-2.0 */
#include "biometrics/finger_quality.h"

#include "crypto/base/secret.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK 16u
#define PPI 500u      /* all work is done at this resolution */
#define VARIES 11.0f  /* standard deviation of a block that is no paper: above scanner noise */
#define COHERENT 0.5f /* blocks whose ridges have a direction worth comparing */
#define PI 3.14159265358979323846
#define MM_PER_INCH 25.4

/*
 * Bounds. Resolution: ISO/IEC 19794-4:2005 table 1 (500 and 1000 ppi, 1 %, and
 * what readers round). Size: the smallest capture area that FBI appendix F
 * allows for one finger (12.8 x 16.5 mm), less a margin for cut pictures. The
 * others were set on drawn prints of known faults and on the two foreign
 * pictures that the tests use.
 */
static const struct finger_rule defaults[FINGER_MEASURES] = {
	[FINGER_Q_WIDTH] = { "width_mm", 10, 0, "too_small", NULL },
	[FINGER_Q_HEIGHT] = { "height_mm", 12, 0, "too_small", NULL },
	[FINGER_Q_RESOLUTION] = { "resolution_ppi", 490, 1010, "resolution_low", "resolution_high" },
	[FINGER_Q_AREA] = { "area_mm2", 100, 0, "area_small", NULL },
	[FINGER_Q_CONTRAST] = { "contrast", 20, 0, "low_contrast", NULL },
	[FINGER_Q_CLARITY] = { "ridge_clarity", 0.45, 0, "unclear", NULL },
	[FINGER_Q_FLOW] = { "ridge_flow", 0.6, 0, "broken_flow", NULL },
	[FINGER_Q_PERIOD] = { "ridge_period_mm", 0.28, 0.75, "ridges_close", "ridges_wide" },
	[FINGER_Q_RIDGE] = { "ridge_share", 0.33, 0.74, "dry", "wet" },
};

struct finger_rules finger_rules_default(void)
{
	struct finger_rules r;

	memcpy(r.rule, defaults, sizeof r.rule);
	return r;
}

bool finger_rules_set(struct finger_rules *rules, const char *name, bool high, double value)
{
	for (unsigned i = 0; i < FINGER_MEASURES; i++) {
		struct finger_rule *r = &rules->rule[i];

		if (strcmp(r->name, name) != 0)
			continue;
		if ((high ? r->above : r->below) == NULL)
			return false;
		*(high ? &r->high : &r->low) = value;
		return true;
	}
	return false;
}

/* ---- blocks */

struct block {
	float deviation, coherence;
	float angle; /* of the ridges, 0 to pi */
	float ridge;
	bool print;
};

struct grid {
	const struct image *im;
	unsigned width, height; /* in blocks */
	struct block *blocks;
	size_t size;
	float *values; /* room for a median over all blocks */
	size_t values_size;
};

static const uint8_t *block_row(const struct grid *g, unsigned bx, unsigned by, unsigned y)
{
	return image_row(g->im, by * BLOCK + y) + bx * BLOCK;
}

/* The grey level below which `rank` pixels of a histogram lie. */
static unsigned level_of(const unsigned histogram[256], unsigned rank)
{
	unsigned sum = 0, v = 0;

	while (v < 255 && (sum += histogram[v]) <= rank)
		v++;
	return v;
}

/* Variation, and the share of pixels nearer to the block's dark than to its light end. */
static void measure_greys(const struct grid *g, unsigned bx, unsigned by, struct block *b)
{
	unsigned histogram[256] = { 0 }, n = BLOCK * BLOCK, sum = 0, squares = 0, middle, dark = 0;
	float mean;

	for (unsigned y = 0; y < BLOCK; y++) {
		const uint8_t *row = block_row(g, bx, by, y);

		for (unsigned x = 0; x < BLOCK; x++) {
			unsigned v = row[x];

			sum += v;
			squares += v * v;
			histogram[v]++;
		}
	}
	mean = (float)sum / (float)n;
	b->deviation = sqrtf(fmaxf((float)squares / (float)n - mean * mean, 0));
	middle = (level_of(histogram, n / 20) + level_of(histogram, n - n / 20)) / 2;
	for (unsigned v = 0; v < middle; v++)
		dark += histogram[v];
	b->ridge = (float)dark / (float)n;
}

/* The structure tensor of a block: how much its gradients agree on a direction, and which. */
static void measure_ridges(const struct grid *g, unsigned bx, unsigned by, struct block *b)
{
	float xx = 0, yy = 0, xy = 0;

	for (unsigned y = by * BLOCK; y < (by + 1) * BLOCK; y++) {
		const uint8_t *r0, *r1, *r2;

		if (y == 0 || y + 1 >= g->im->height)
			continue;
		r0 = image_row(g->im, y - 1);
		r1 = image_row(g->im, y);
		r2 = image_row(g->im, y + 1);
		for (unsigned x = bx * BLOCK; x < (bx + 1) * BLOCK; x++) {
			float gx, gy;

			if (x == 0 || x + 1 >= g->im->width)
				continue;
			gx = (float)(r0[x + 1] + 2 * r1[x + 1] + r2[x + 1] - r0[x - 1] - 2 * r1[x - 1] - r2[x - 1]);
			gy = (float)(r2[x - 1] + 2 * r2[x] + r2[x + 1] - r0[x - 1] - 2 * r0[x] - r0[x + 1]);
			xx += gx * gx;
			yy += gy * gy;
			xy += gx * gy;
		}
	}
	b->coherence = xx + yy > 0 ? hypotf(xx - yy, 2 * xy) / (xx + yy) : 0;
	b->angle = (float)(0.5 * atan2(2 * (double)xy, (double)(xx - yy)) + PI / 2);
}

static void measure_blocks(struct grid *g)
{
	for (unsigned by = 0; by < g->height; by++) {
		for (unsigned bx = 0; bx < g->width; bx++) {
			struct block *b = &g->blocks[(size_t)by * g->width + bx];

			measure_greys(g, bx, by, b);
			measure_ridges(g, bx, by, b);
		}
	}
}

/* ---- the print: the largest connected group of blocks that vary */

struct flood {
	uint32_t *queue, *group; /* group: 0 not visited */
	size_t size;
};

static void visit(const struct grid *g, struct flood *f, size_t at, uint32_t group, size_t *tail)
{
	if (f->group[at] != 0 || g->blocks[at].deviation < VARIES)
		return;
	f->group[at] = group;
	f->queue[(*tail)++] = (uint32_t)at;
}

static size_t fill(const struct grid *g, struct flood *f, size_t from, uint32_t group)
{
	size_t head = 0, tail = 0, n = (size_t)g->width * g->height;

	visit(g, f, from, group, &tail);
	while (head < tail) {
		size_t at = f->queue[head++];

		if (at % g->width > 0)
			visit(g, f, at - 1, group, &tail);
		if (at % g->width + 1 < g->width)
			visit(g, f, at + 1, group, &tail);
		if (at >= g->width)
			visit(g, f, at - g->width, group, &tail);
		if (at + g->width < n)
			visit(g, f, at + g->width, group, &tail);
	}
	return tail;
}

static cc_status find_print(struct grid *g, size_t *ret_blocks, struct cc_error *err)
{
	size_t n = (size_t)g->width * g->height, best = 0;
	struct flood f = { .size = 2 * n * sizeof(uint32_t) };
	uint32_t group = 0, best_group = 0;

	f.queue = cc_alloc(f.size);
	if (f.queue == NULL)
		return cc_fail(err, CC_E_MEMORY, "memory", "blocks of a print");
	f.group = f.queue + n;
	for (size_t i = 0; i < n; i++) {
		size_t found = fill(g, &f, i, group + 1);

		if (found == 0)
			continue;
		group++;
		if (found > best) {
			best = found;
			best_group = group;
		}
	}
	for (size_t i = 0; i < n; i++)
		g->blocks[i].print = best > 0 && f.group[i] == best_group;
	cc_free(f.queue, f.size);
	*ret_blocks = best;
	return cc_ok();
}

/* ---- measures over the print */

static int by_value(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

static double median(float *values, size_t n)
{
	qsort(values, n, sizeof *values, by_value);
	return (double)values[n / 2];
}

static float deviation_of(const struct block *b)
{
	return b->deviation;
}

static float ridge_of(const struct block *b)
{
	return b->ridge;
}

static double median_of(const struct grid *g, float (*of)(const struct block *b))
{
	size_t n = 0;

	for (size_t i = 0; i < (size_t)g->width * g->height; i++)
		if (g->blocks[i].print)
			g->values[n++] = of(&g->blocks[i]);
	return median(g->values, n);
}

static double mean_coherence(const struct grid *g)
{
	double sum = 0;
	size_t n = 0;

	for (size_t i = 0; i < (size_t)g->width * g->height; i++) {
		if (!g->blocks[i].print)
			continue;
		sum += (double)g->blocks[i].coherence;
		n++;
	}
	return sum / (double)n;
}

static bool agree(const struct block *a, const struct block *b)
{
	double d = fabs((double)(a->angle - b->angle));

	return fmin(d, PI - d) < PI / 9;
}

static double flow(const struct grid *g)
{
	size_t pairs = 0, good = 0;

	for (unsigned y = 0; y < g->height; y++) {
		for (unsigned x = 0; x < g->width; x++) {
			const struct block *b = &g->blocks[(size_t)y * g->width + x];

			if (!b->print)
				continue;
			if (x + 1 < g->width && b[1].print) {
				pairs++;
				good += agree(b, b + 1);
			}
			if (y + 1 < g->height && b[g->width].print) {
				pairs++;
				good += agree(b, b + g->width);
			}
		}
	}
	return pairs > 0 ? (double)good / (double)pairs : 0;
}

#define ACROSS 48 /* samples over the ridges: five of the widest */
#define ALONG 9	  /* averaged in their direction */

/* Mean grey levels on a line across the ridges through a block's middle. False when it leaves the picture. */
static bool cross_section(const struct grid *g, double x, double y, double angle, float out[ACROSS])
{
	double ux = cos(angle), uy = sin(angle), reach = ACROSS / 2 + ALONG;

	if (x < reach || y < reach || x + reach >= g->im->width || y + reach >= g->im->height)
		return false;
	for (int i = 0; i < ACROSS; i++) {
		unsigned sum = 0;

		for (int k = -(ALONG / 2); k <= ALONG / 2; k++) {
			double px = x - (i - ACROSS / 2) * uy + k * ux, py = y + (i - ACROSS / 2) * ux + k * uy;

			sum += image_row(g->im, (unsigned)(py + 0.5))[(unsigned)(px + 0.5)];
		}
		out[i] = (float)sum / ALONG;
	}
	return true;
}

/* From crossing to crossing of the mean is half a period; fewer than three tell nothing. */
static double period_of(const float line[ACROSS])
{
	float mean = 0;
	double first = -1, last = -1;
	unsigned crossings = 0;

	for (unsigned i = 0; i < ACROSS; i++)
		mean += line[i] / ACROSS;
	for (unsigned i = 1; i < ACROSS; i++) {
		float a = line[i - 1] - mean, b = line[i] - mean;

		if ((a < 0) == (b < 0))
			continue;
		last = i - 1 + (double)(a / (a - b));
		if (first < 0)
			first = last;
		crossings++;
	}
	return crossings >= 3 ? 2 * (last - first) / (crossings - 1) : 0;
}

/* False when no block is clear enough. */
static bool ridge_period(const struct grid *g, double *ret)
{
	size_t n = 0;

	for (unsigned by = 0; by < g->height; by++) {
		for (unsigned bx = 0; bx < g->width; bx++) {
			const struct block *b = &g->blocks[(size_t)by * g->width + bx];
			float line[ACROSS];
			double period;

			if (!b->print || b->coherence < COHERENT ||
			    !cross_section(g, (bx + 0.5) * BLOCK, (by + 0.5) * BLOCK, (double)b->angle, line))
				continue;
			period = period_of(line);
			if (period > 0)
				g->values[n++] = (float)period;
		}
	}
	if (n > 0)
		*ret = median(g->values, n);
	return n > 0;
}

/* ---- the report */

static void put(struct finger_report *r, enum finger_measure m, double value)
{
	r->result[m] = (struct finger_result){ .measured = true, .value = value };
}

static cc_status measure_print(struct grid *g, struct finger_report *r, struct cc_error *err)
{
	double block_mm = BLOCK * MM_PER_INCH / PPI, period = 0;
	size_t blocks = 0;
	cc_status st;

	measure_blocks(g);
	st = find_print(g, &blocks, err);
	if (cc_failed(st))
		return st;
	put(r, FINGER_Q_AREA, (double)blocks * block_mm * block_mm);
	if (blocks == 0)
		return st;
	put(r, FINGER_Q_CONTRAST, median_of(g, deviation_of));
	put(r, FINGER_Q_CLARITY, mean_coherence(g));
	put(r, FINGER_Q_FLOW, flow(g));
	put(r, FINGER_Q_RIDGE, median_of(g, ridge_of));
	if (ridge_period(g, &period))
		put(r, FINGER_Q_PERIOD, period * MM_PER_INCH / PPI);
	return st;
}

static cc_status measure_image(const struct image *im, struct finger_report *r, struct cc_error *err)
{
	struct grid g = { .im = im, .width = im->width / BLOCK, .height = im->height / BLOCK };
	size_t n = (size_t)g.width * g.height;
	cc_status st;

	if (n == 0) {
		put(r, FINGER_Q_AREA, 0);
		return cc_ok();
	}
	g.size = n * sizeof *g.blocks;
	g.values_size = n * sizeof *g.values;
	g.blocks = cc_alloc(g.size);
	g.values = cc_alloc(g.values_size);
	if (g.blocks == NULL || g.values == NULL)
		st = cc_fail(err, CC_E_MEMORY, "memory", "blocks of a print");
	else
		st = measure_print(&g, r, err);
	cc_free(g.blocks, g.size);
	cc_free(g.values, g.values_size);
	return st;
}

static void judge(struct finger_report *r, const struct finger_rules *rules)
{
	r->passes = true;
	for (unsigned i = 0; i < FINGER_MEASURES; i++) {
		struct finger_result *m = &r->result[i];
		const struct finger_rule *rule = &rules->rule[i];

		if (!m->measured)
			continue;
		if (rule->below != NULL && m->value < rule->low)
			m->defect = rule->below;
		else if (rule->above != NULL && m->value > rule->high)
			m->defect = rule->above;
		r->passes = r->passes && m->defect == NULL;
	}
}

/* Brings the picture to 500 ppi, so that a block is a block. Near it, nothing is resampled. */
static cc_status to_working_size(struct image *grey, unsigned ppi, struct cc_error *err)
{
	struct image_rect all = { 0, 0, grey->width, grey->height };
	double scale = (double)PPI / ppi;
	struct image out = { 0 };
	unsigned w = (unsigned)(grey->width * scale + 0.5), h = (unsigned)(grey->height * scale + 0.5);
	cc_status st;

	if (fabs(scale - 1) < 0.03 || w == 0 || h == 0)
		return cc_ok();
	st = image_reduce(grey, &all, w, h, &out, err);
	if (!cc_failed(st))
		image_move(grey, &out);
	return st;
}

cc_status finger_quality_check(const struct image *im, unsigned ppi, const struct finger_rules *rules, struct finger_report *ret,
			       struct cc_error *err)
{
	struct finger_report r = { .passes = false };
	/* A claim beyond all readers is a defect of the file; lengths are then taken as at 500. */
	unsigned at = ppi >= 100 && ppi <= 2500 ? ppi : PPI;
	struct image grey = { 0 };
	cc_status st = image_to_grey(im, &grey, err);

	put(&r, FINGER_Q_WIDTH, im->width * MM_PER_INCH / at);
	put(&r, FINGER_Q_HEIGHT, im->height * MM_PER_INCH / at);
	if (ppi > 0)
		put(&r, FINGER_Q_RESOLUTION, ppi);
	if (!cc_failed(st))
		st = to_working_size(&grey, at, err);
	if (!cc_failed(st))
		st = measure_image(&grey, &r, err);
	if (!cc_failed(st)) {
		judge(&r, rules);
		*ret = r;
	}
	image_done(&grey);
	return st;
}
