/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/import_batch.h"

#include "crypto/base/secret.h"

#include <stdlib.h>
#include <string.h>

#define REMARKS_FIRST 64

cc_status import_batch_new(size_t cap, struct import_batch *ret)
{
	struct import_batch b = { .cap = cap, .st = cc_ok() };

	b.items = cc_alloc(cap * sizeof *b.items);
	b.order = cc_alloc(cap * sizeof *b.order);
	b.ids = cc_alloc(cap * sizeof *b.ids);
	b.marks = cc_alloc(cap * REGISTRY_MARKS_MAX * sizeof *b.marks);
	b.room = cc_alloc(cap * REGISTRY_MARKS_MAX * sizeof *b.room);
	if (b.items == NULL || b.order == NULL || b.ids == NULL || b.marks == NULL || b.room == NULL) {
		import_batch_done(&b);
		return cc_code_status(CC_E_MEMORY);
	}
	*ret = b;
	return cc_ok();
}

void import_batch_clear(struct import_batch *b)
{
	for (size_t i = 0; i < b->count; i++) {
		registry_row_done(&b->items[i].row);
		buf_done(&b->items[i].raw);
	}
	b->count = b->order_count = b->mark_count = b->remark_count = 0;
}

void import_batch_done(struct import_batch *b)
{
	import_batch_clear(b);
	/* Rows were wiped; the rest are places, and hashes that the store holds as they are. Large, and mostly never touched. */
	free(b->items);
	free(b->order);
	free(b->ids);
	free(b->marks);
	free(b->room);
	cc_free(b->remarks, b->remark_cap * sizeof *b->remarks);
	*b = (struct import_batch){ 0 };
}

bool import_batch_remark(struct import_batch *b, uint64_t line, enum import_severity severity, const struct row_fault *fault,
			 uint64_t other_line)
{
	if (b->remark_count == b->remark_cap) {
		size_t cap = b->remark_cap == 0 ? REMARKS_FIRST : 2 * b->remark_cap;
		struct import_remark *bigger = cc_alloc(cap * sizeof *bigger);

		if (bigger == NULL)
			return false;
		if (b->remark_count > 0)
			memcpy(bigger, b->remarks, b->remark_count * sizeof *bigger);
		cc_free(b->remarks, b->remark_cap * sizeof *bigger);
		b->remarks = bigger;
		b->remark_cap = cap;
	}
	b->remarks[b->remark_count++] =
		(struct import_remark){ .line = line, .severity = severity, .fault = *fault, .other_line = other_line };
	return true;
}

/* ---- order: an index is walked, not jumped in */

/*
 * By mark, lowest digits first, so that what is equal stays in its order: marks are
 * hashes, evenly spread, and a batch has hundreds of thousands of them. Signed: the top bit
 * is turned.
 */
#define DIGIT_BITS 11
#define DIGITS (1u << DIGIT_BITS)

static size_t digit_of(int64_t mark, unsigned shift)
{
	return (size_t)(((uint64_t)mark ^ (uint64_t)1 << 63) >> shift) & (DIGITS - 1);
}

static void sort_by_digit(const struct registry_mark *from, struct registry_mark *to, size_t count, unsigned shift)
{
	size_t at[DIGITS] = { 0 }, next = 0;

	for (size_t i = 0; i < count; i++)
		at[digit_of(from[i].mark, shift)]++;
	for (size_t d = 0; d < DIGITS; d++) {
		size_t n = at[d];

		at[d] = next;
		next += n;
	}
	for (size_t i = 0; i < count; i++)
		to[at[digit_of(from[i].mark, shift)]++] = from[i];
}

/* Needs `room` for as many; six digits, so that the outcome stands in `marks` again. */
static void sort_marks(struct registry_mark *marks, struct registry_mark *room, size_t count)
{
	for (unsigned shift = 0; shift < 64; shift += 2 * DIGIT_BITS) {
		sort_by_digit(marks, room, count, shift);
		sort_by_digit(room, marks, count, shift + DIGIT_BITS);
	}
}

/* The rows' places by the first bytes of their numbers' hashes: the index is walked, equal beginnings matter to nobody. */
void import_batch_sort_order(struct import_batch *b)
{
	for (size_t i = 0; i < b->order_count; i++) {
		const uint8_t *mac = b->items[b->order[i]].row.number_mac[0];
		uint64_t first = 0;

		for (size_t k = 0; k < 8; k++)
			first = first << 8 | mac[k];
		b->marks[i] = (struct registry_mark){ (int64_t)(first ^ (uint64_t)1 << 63), (int64_t)b->order[i] };
	}
	sort_marks(b->marks, b->room, b->order_count);
	for (size_t i = 0; i < b->order_count; i++)
		b->order[i] = (size_t)b->marks[i].person;
}

/* Ids rise: people under one mark stand in their order already. */
void import_batch_sort_marks(struct import_batch *b)
{
	sort_marks(b->marks, b->room, b->mark_count);
}
