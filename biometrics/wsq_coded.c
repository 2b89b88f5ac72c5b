/* SPDX-License-Identifier: Apache-2.0 */
#include "biometrics/wsq_parts.h"

#include <string.h>

void wsq_lookup_make(const struct wsq_huffman *t, struct wsq_lookup *ret)
{
	size_t at = 0;
	unsigned value = 0;

	for (unsigned len = 1; len <= WSQ_CODE_BITS; len++) {
		for (unsigned i = 0; i < t->counts[len - 1]; i++, value++)
			for (size_t end = at + ((size_t)1 << (WSQ_CODE_BITS - len)); at < end; at++)
				ret->of[at] = (uint16_t)(len << 8 | t->values[value]);
	}
	memset(ret->of + at, 0, (sizeof ret->of / sizeof ret->of[0] - at) * sizeof ret->of[0]);
}

/* Bits of one block, most significant first, a zero byte after each 0xFF taken out. */
struct bits {
	struct cursor in;
	uint64_t hold;
	unsigned count;
};

static void bits_fill(struct bits *b)
{
	uint8_t v;

	while (b->count <= 48 && cursor_left(&b->in) > 0 && cursor_u8(&b->in, &v)) {
		b->hold = b->hold << 8 | v;
		b->count += 8;
	}
}

/* The next n <= 16 bits without taking them; beyond the end come zeros. */
static unsigned bits_peek(const struct bits *b, unsigned n)
{
	uint64_t v = b->count >= n ? b->hold >> (b->count - n) : b->hold << (n - b->count);

	return (unsigned)(v & ((1u << n) - 1));
}

static bool bits_drop(struct bits *b, unsigned n)
{
	if (n > b->count)
		return false;
	b->count -= n;
	return true;
}

static bool bits_take(struct bits *b, unsigned n, unsigned *ret)
{
	bits_fill(b);
	*ret = bits_peek(b, n);
	return bits_drop(b, n);
}

static bool sink_at_band(const struct wsq_sink *s)
{
	const struct wsq_rect *r = &s->layout->bands[s->band];

	return s->q->bin[s->band] > 0 && s->y < r->height && r->width > 0;
}

/* True: there is a place left in the block. Bands whose bins are zero are not coded. */
static bool sink_ready(struct wsq_sink *s)
{
	while (s->band < s->end && !sink_at_band(s)) {
		s->band++;
		s->x = s->y = 0;
	}
	return s->band < s->end;
}

static bool sink_skip(struct wsq_sink *s, unsigned n)
{
	while (n > 0) {
		const struct wsq_rect *r;
		unsigned row;

		if (!sink_ready(s))
			return false;
		r = &s->layout->bands[s->band];
		row = r->width - s->x;
		if (n < row) {
			s->x += n;
			return true;
		}
		n -= row;
		s->x = 0;
		s->y++;
	}
	return true;
}

static bool sink_put(struct wsq_sink *s, int v)
{
	const struct wsq_rect *r;
	float half, value;

	if (!sink_ready(s))
		return false;
	r = &s->layout->bands[s->band];
	half = s->q->zero_bin[s->band] / 2;
	/* IAFIS-IC-0110, dequantisation. */
	if (v > 0)
		value = s->q->bin[s->band] * ((float)v - s->q->centre) + half;
	else
		value = v < 0 ? s->q->bin[s->band] * ((float)v + s->q->centre) - half : 0;
	s->plane[(size_t)(r->y + s->y) * s->stride + r->x + s->x] = value;
	if (++s->x == r->width) {
		s->x = 0;
		s->y++;
	}
	return true;
}

static bool decode_symbol(struct bits *b, unsigned symbol, struct wsq_sink *s)
{
	unsigned v;

	if (symbol >= 1 && symbol <= WSQ_RUN_MAX)
		return sink_skip(s, symbol);
	if (symbol >= WSQ_VALUE_FIRST && symbol <= WSQ_VALUE_LAST)
		return sink_put(s, (int)symbol - WSQ_VALUE_ZERO);
	switch (symbol) {
	case WSQ_PLUS_8:
		return bits_take(b, 8, &v) && sink_put(s, (int)v);
	case WSQ_MINUS_8:
		return bits_take(b, 8, &v) && sink_put(s, -(int)v);
	case WSQ_PLUS_16:
		return bits_take(b, 16, &v) && sink_put(s, (int)v);
	case WSQ_MINUS_16:
		return bits_take(b, 16, &v) && sink_put(s, -(int)v);
	case WSQ_RUN_8:
		return bits_take(b, 8, &v) && sink_skip(s, v);
	case WSQ_RUN_16:
		return bits_take(b, 16, &v) && sink_skip(s, v);
	default:
		return false;
	}
}

bool wsq_decode_block(struct bytes coded, const struct wsq_lookup *codes, struct wsq_sink *s)
{
	struct bits b = { .count = 0 };

	cursor_init(&b.in, coded);
	while (sink_ready(s)) {
		unsigned code;

		bits_fill(&b);
		code = codes->of[bits_peek(&b, WSQ_CODE_BITS)];
		if (code == 0 || !bits_drop(&b, code >> 8) || !decode_symbol(&b, code & 0xFF, s))
			return false;
	}
	/* The last byte is filled up; a whole byte more is none of this block. */
	return b.count < 8 && cursor_left(&b.in) == 0;
}
