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
	b.keys = cc_alloc(2 * cap * sizeof *b.keys);
	if (b.items == NULL || b.order == NULL || b.ids == NULL || b.keys == NULL) {
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
		buf_done(&b->items[i].incomplete);
	}
	b->count = b->order_count = b->remark_count = 0;
}

void import_batch_done(struct import_batch *b)
{
	import_batch_clear(b);
	/* Rows were wiped; the rest are places, and hashes that the store holds as they are. Large, and mostly never touched. */
	free(b->items);
	free(b->order);
	free(b->ids);
	free(b->keys);
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

/* The rows' places by the first bytes of their numbers' hashes: the index is walked, equal beginnings matter to nobody. */
void import_batch_sort_order(struct import_batch *b)
{
	for (size_t i = 0; i < b->order_count; i++) {
		const uint8_t *mac = b->items[b->order[i]].row.number_mac[0];
		uint64_t first = 0;

		for (size_t k = 0; k < 8; k++)
			first = first << 8 | mac[k];
		b->keys[i] = (struct registry_mark){ (int64_t)(first ^ (uint64_t)1 << 63), (int64_t)b->order[i] };
	}
	registry_marks_sort(b->keys, b->keys + b->cap, b->order_count);
	for (size_t i = 0; i < b->order_count; i++)
		b->order[i] = (size_t)b->keys[i].person;
}
