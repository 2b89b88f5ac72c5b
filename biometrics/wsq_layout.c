/* SPDX-License-Identifier: Apache-2.0 */
#include "biometrics/wsq_parts.h"

/* Where a split's rectangle comes from: which quarter of which split before it. Quarters: 0, 1 above; 2, 3 below. */
struct origin {
	uint8_t parent, quarter;
};

static const struct origin origins[WSQ_SPLITS] = {
	{ 0, 0 }, { 0, 0 }, { 0, 1 }, { 0, 2 }, { 1, 1 }, { 1, 2 },  { 4, 0 },	{ 4, 1 },  { 4, 2 },  { 4, 3 },
	{ 5, 0 }, { 5, 1 }, { 5, 2 }, { 5, 3 }, { 1, 0 }, { 14, 0 }, { 14, 1 }, { 14, 2 }, { 14, 3 }, { 15, 0 },
};

/* IAFIS-IC-0110, figure of the subbands: which quarters become bands, from the coarsest to the finest. */
struct run_of_bands {
	uint8_t first_band, split, first_quarter, end_quarter;
};

static const struct run_of_bands runs[] = {
	{ 0, 19, 0, 4 },  { 4, 15, 1, 4 }, { 7, 16, 0, 4 }, { 11, 17, 0, 4 }, { 15, 18, 0, 4 }, { 19, 6, 0, 4 },
	{ 23, 7, 0, 4 },  { 27, 8, 0, 4 }, { 31, 9, 0, 4 }, { 35, 10, 0, 4 }, { 39, 11, 0, 4 }, { 43, 12, 0, 4 },
	{ 47, 13, 0, 4 }, { 51, 1, 3, 4 }, { 52, 2, 0, 4 }, { 56, 3, 0, 4 },
};

/* The left (upper) part of a side: the low half, which takes the odd sample, or the high half where they are swapped. */
static unsigned first_part(unsigned side, bool high_first)
{
	return high_first ? side / 2 : (side + 1) / 2;
}

static struct wsq_rect quarter_of(const struct wsq_split *s, unsigned quarter)
{
	unsigned w = first_part(s->at.width, s->high_left), h = first_part(s->at.height, s->high_above);
	struct wsq_rect r = { s->at.x, s->at.y, w, h };

	if (quarter & 1) {
		r.x += w;
		r.width = s->at.width - w;
	}
	if (quarter & 2) {
		r.y += h;
		r.height = s->at.height - h;
	}
	return r;
}

void wsq_layout_make(unsigned width, unsigned height, struct wsq_layout *ret)
{
	ret->splits[0] = (struct wsq_split){ .at = { 0, 0, width, height } };
	for (unsigned i = 1; i < WSQ_SPLITS; i++) {
		const struct origin *o = &origins[i];

		ret->splits[i] = (struct wsq_split){
			.at = quarter_of(&ret->splits[o->parent], o->quarter),
			.high_left = (o->quarter & 1) != 0,
			.high_above = (o->quarter & 2) != 0,
		};
	}
	for (size_t i = 0; i < sizeof runs / sizeof runs[0]; i++)
		for (unsigned q = runs[i].first_quarter; q < runs[i].end_quarter; q++)
			ret->bands[runs[i].first_band + q - runs[i].first_quarter] = quarter_of(&ret->splits[runs[i].split], q);
}

unsigned wsq_block_end(unsigned block)
{
	static const uint8_t ends[WSQ_BLOCKS] = { 19, 52, WSQ_CODED_BANDS };

	CC_ASSERT(block < WSQ_BLOCKS);
	return ends[block];
}
