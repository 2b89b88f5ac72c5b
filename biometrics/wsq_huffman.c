/* SPDX-License-Identifier: Apache-2.0 */
#include "biometrics/wsq_parts.h"

#include <string.h>

/*
 * ISO/IEC 10918-1 K.2, which IAFIS-IC-0110 takes over: merge the two rarest
 * until one tree is left, then shorten what is longer than 16 bits. One symbol
 * more than there are keeps the code of ones alone free.
 */
#define SYMBOLS 257u
#define NOBODY SYMBOLS
#define LENGTH_MAX 64u

struct tree {
	uint64_t frequency[SYMBOLS];
	unsigned length[SYMBOLS];
	unsigned next[SYMBOLS]; /* the symbols of one branch, as a list */
};

/* The rarest branch; of equal ones the last. */
static unsigned rarest(const struct tree *t, unsigned other_than)
{
	unsigned best = NOBODY;

	for (unsigned i = 0; i < SYMBOLS; i++)
		if (t->frequency[i] > 0 && i != other_than && (best == NOBODY || t->frequency[i] <= t->frequency[best]))
			best = i;
	return best;
}

static void deepen(struct tree *t, unsigned first)
{
	for (unsigned i = first; i != NOBODY; i = t->next[i])
		t->length[i]++;
}

static void merge_all(struct tree *t)
{
	for (;;) {
		unsigned a = rarest(t, NOBODY), b = rarest(t, a), end = a;

		if (b == NOBODY)
			return;
		t->frequency[a] += t->frequency[b];
		t->frequency[b] = 0;
		deepen(t, a);
		deepen(t, b);
		while (t->next[end] != NOBODY)
			end = t->next[end];
		t->next[end] = b;
	}
}

/* ISO/IEC 10918-1 figure K.3: a pair that is too deep gives its prefix to one of them; the other moves under a shorter code. */
static void limit_lengths(unsigned counts[LENGTH_MAX + 1])
{
	for (unsigned len = LENGTH_MAX; len > WSQ_CODE_BITS; len--) {
		while (counts[len] > 0) {
			unsigned shorter = len - 2;

			while (counts[shorter] == 0)
				shorter--;
			counts[len] -= 2;
			counts[len - 1]++;
			counts[shorter + 1] += 2;
			counts[shorter]--;
		}
	}
}

static void put_values(const struct tree *t, const unsigned counts[LENGTH_MAX + 1], struct wsq_huffman *ret)
{
	for (unsigned len = 1; len <= WSQ_CODE_BITS; len++)
		ret->counts[len - 1] = (uint8_t)counts[len];
	/* The order of the lengths before they were limited is the order of the frequencies. */
	for (unsigned len = 1; len <= LENGTH_MAX; len++)
		for (unsigned i = 0; i < SYMBOLS - 1; i++)
			if (t->length[i] == len)
				ret->values[ret->value_count++] = (uint8_t)i;
}

void wsq_huffman_build(const uint32_t frequency[256], struct wsq_huffman *ret)
{
	struct tree t = { .frequency = { 0 } };
	unsigned counts[LENGTH_MAX + 1] = { 0 }, longest = WSQ_CODE_BITS;
	bool any = false;

	for (unsigned i = 0; i < SYMBOLS - 1; i++) {
		t.frequency[i] = frequency[i];
		any = any || frequency[i] > 0;
	}
	if (!any)
		t.frequency[WSQ_VALUE_ZERO] = 1;
	t.frequency[SYMBOLS - 1] = 1;
	for (unsigned i = 0; i < SYMBOLS; i++)
		t.next[i] = NOBODY;
	merge_all(&t);
	for (unsigned i = 0; i < SYMBOLS; i++) {
		/* Frequencies of at most 2^26 in all: a tree of 40 levels needs more (Fibonacci). */
		CC_ASSERT(t.length[i] <= LENGTH_MAX);
		if (t.length[i] > 0)
			counts[t.length[i]]++;
	}
	limit_lengths(counts);
	while (counts[longest] == 0)
		longest--;
	counts[longest]--;
	*ret = (struct wsq_huffman){ .defined = true };
	put_values(&t, counts, ret);
}
