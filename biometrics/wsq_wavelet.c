/* SPDX-License-Identifier: Apache-2.0 */
#include "biometrics/wsq_parts.h"

#include "crypto/base/secret.h"

#include <string.h>

/*
 * Both directions are one pass: a line of samples falls into two phases, even
 * and odd positions, or low and high halves; each output is a weighted sum of
 * the samples of its own phase and of the phase between. Beyond a line's ends
 * it is mirrored about its first and its last sample.
 */

/* Where the samples of a line lie: sample p of phase p & 1 at first[p & 1] + p / 2 * step. */
struct axis {
	unsigned count;
	unsigned first[2];
	unsigned step;
};

static struct axis axis_interleaved(unsigned count)
{
	return (struct axis){ count, { 0, 1 }, 2 };
}

static struct axis axis_halves(unsigned count, bool high_first)
{
	unsigned low = (count + 1) / 2;

	return (struct axis){ count, { high_first ? count - low : 0, high_first ? 0 : low }, 1 };
}

/* Position of the mirrored line, at most four beyond its ends. */
static unsigned mirrored(int p, unsigned count)
{
	int last = (int)count - 1;

	while (p < 0 || p > last)
		p = p < 0 ? -p : 2 * last - p;
	return (unsigned)p;
}

static size_t place(const struct axis *a, int p)
{
	unsigned at = mirrored(p, a->count);

	return a->first[at & 1] + (size_t)(at / 2) * a->step;
}

static unsigned phase_count(const struct axis *a, unsigned phase)
{
	return (a->count + 1 - phase) / 2;
}

void wsq_bank_synthesis(const float low[WSQ_HALF_TAPS], const float high[WSQ_HALF_TAPS], struct wsq_bank *ret)
{
	/* IAFIS-IC-0110: the synthesis filters are the other analysis filters with every second sign turned. */
	for (unsigned n = 0; n < WSQ_HALF_TAPS; n++) {
		float sign = n & 1 ? -1.0f : 1.0f;

		ret->same[0][n] = ret->cross[1][n] = sign * high[n];
		ret->same[1][n] = ret->cross[0][n] = sign * low[n];
	}
}

void wsq_bank_analysis(const float low[WSQ_HALF_TAPS], const float high[WSQ_HALF_TAPS], struct wsq_bank *ret)
{
	for (unsigned n = 0; n < WSQ_HALF_TAPS; n++) {
		ret->same[0][n] = ret->cross[0][n] = low[n];
		ret->same[1][n] = ret->cross[1][n] = high[n];
	}
}

struct plane {
	float *p;
	size_t stride;
};

/* Columns: whole rows are added, which is what the machine's vectors are for. */
static void mix_rows(const struct plane *in, const struct axis *a, int at, unsigned width, const struct wsq_bank *b, float *out)
{
	const float *same = b->same[at & 1], *cross = b->cross[at & 1];
	const float *r[9];

	for (int d = -4; d <= 4; d++)
		r[d + 4] = in->p + place(a, at + d) * in->stride;
	for (unsigned x = 0; x < width; x++)
		out[x] = same[0] * r[4][x] + cross[1] * (r[3][x] + r[5][x]) + same[2] * (r[2][x] + r[6][x]) +
			 cross[3] * (r[1][x] + r[7][x]) + same[4] * (r[0][x] + r[8][x]);
}

#define MARGIN 3

/* One phase of a row with its mirrored margins; out points behind the left margin. */
static void load_phase(const float *row, const struct axis *a, unsigned phase, float *out)
{
	int n = (int)phase_count(a, phase);
	const float *from = row + a->first[phase];

	if (a->step == 1)
		memcpy(out, from, (size_t)n * sizeof *out);
	else
		for (int k = 0; k < n; k++)
			out[k] = from[2 * k];
	for (int k = 1; k <= MARGIN; k++) {
		out[-k] = row[place(a, -2 * k + (int)phase)];
		out[n - 1 + k] = row[place(a, 2 * (n - 1 + k) + (int)phase)];
	}
}

/* cross[k - 1] and cross[k] are the neighbours of same[k]. */
static void mix_line(const float *restrict same, const float *restrict cross, unsigned n, const float *fs, const float *fc,
		     float *restrict out)
{
	const float s0 = fs[0], s2 = fs[2], s4 = fs[4], c1 = fc[1], c3 = fc[3];

	for (int k = 0; k < (int)n; k++)
		out[k] = s0 * same[k] + c1 * (cross[k - 1] + cross[k]) + s2 * (same[k - 1] + same[k + 1]) +
			 c3 * (cross[k - 2] + cross[k + 1]) + s4 * (same[k - 2] + same[k + 2]);
}

/* Room for the two phases of a row and for one phase of the output, each with margins. */
struct scratch {
	float *rows; /* a whole rectangle between the passes */
	float *phase[2], *line;
	void *memory;
	size_t size;
};

static void mix_row(const float *row, const struct axis *in, const struct axis *out, const struct wsq_bank *b,
		    const struct scratch *s, float *to)
{
	load_phase(row, in, 0, s->phase[0]);
	load_phase(row, in, 1, s->phase[1]);
	for (unsigned phase = 0; phase < 2; phase++) {
		const float *cross = phase == 0 ? s->phase[1] : s->phase[0] + 1;
		unsigned n = phase_count(out, phase);
		float *first = to + out->first[phase];

		if (out->step == 1) {
			mix_line(s->phase[phase], cross, n, b->same[phase], b->cross[phase], first);
			continue;
		}
		mix_line(s->phase[phase], cross, n, b->same[phase], b->cross[phase], s->line);
		for (unsigned k = 0; k < n; k++)
			first[2 * k] = s->line[k];
	}
}

struct pass {
	struct axis in_x, out_x, in_y, out_y;
};

static void run_pass(const struct plane *plane, const struct wsq_rect *at, const struct pass *pass, const struct wsq_bank *b,
		     const struct scratch *s)
{
	struct plane in = { plane->p + (size_t)at->y * plane->stride + at->x, plane->stride };

	for (unsigned y = 0; y < at->height; y++)
		mix_rows(&in, &pass->in_y, (int)y, at->width, b, s->rows + place(&pass->out_y, (int)y) * at->width);
	for (unsigned y = 0; y < at->height; y++)
		mix_row(s->rows + (size_t)y * at->width, &pass->in_x, &pass->out_x, b, s, in.p + (size_t)y * in.stride);
}

static cc_status scratch_init(struct scratch *s, unsigned width, unsigned height, struct cc_error *err)
{
	size_t half = width / 2 + 1 + 2 * MARGIN, all = (size_t)width * height;
	float *p;

	s->size = (all + 3 * half) * sizeof(float);
	s->memory = p = cc_alloc(s->size);
	if (p == NULL)
		return cc_fail(err, CC_E_MEMORY, "memory", "wavelet of %u x %u", width, height);
	s->rows = p;
	s->phase[0] = p + all + MARGIN;
	s->phase[1] = s->phase[0] + half;
	s->line = s->phase[1] + half;
	return cc_ok();
}

cc_status wsq_synthesise(float *p, unsigned width, unsigned height, const struct wsq_layout *layout, const struct wsq_bank *bank,
			 struct cc_error *err)
{
	struct plane plane = { p, width };
	struct scratch s;
	cc_status st = scratch_init(&s, width, height, err);

	if (cc_failed(st))
		return st;
	for (unsigned i = WSQ_SPLITS; i-- > 0;) {
		const struct wsq_split *split = &layout->splits[i];
		struct pass pass = { axis_halves(split->at.width, split->high_left), axis_interleaved(split->at.width),
				     axis_halves(split->at.height, split->high_above), axis_interleaved(split->at.height) };

		run_pass(&plane, &split->at, &pass, bank, &s);
	}
	cc_free(s.memory, s.size);
	return st;
}

cc_status wsq_analyse(float *p, unsigned width, unsigned height, const struct wsq_layout *layout, const struct wsq_bank *bank,
		      struct cc_error *err)
{
	struct plane plane = { p, width };
	struct scratch s;
	cc_status st = scratch_init(&s, width, height, err);

	if (cc_failed(st))
		return st;
	for (unsigned i = 0; i < WSQ_SPLITS; i++) {
		const struct wsq_split *split = &layout->splits[i];
		struct pass pass = { axis_interleaved(split->at.width), axis_halves(split->at.width, split->high_left),
				     axis_interleaved(split->at.height), axis_halves(split->at.height, split->high_above) };

		run_pass(&plane, &split->at, &pass, bank, &s);
	}
	cc_free(s.memory, s.size);
	return st;
}
