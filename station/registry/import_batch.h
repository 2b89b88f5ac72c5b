/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_REGISTRY_IMPORT_BATCH_H
#define CC_STATION_REGISTRY_IMPORT_BATCH_H

#include "station/registry/import.h"
#include "station/registry/registry_rows.h"

/*
 * Between import_read.c, which reads and prepares rows (in a thread of its own for
 * large files), and import.c, which writes them. A batch is filled by one side,
 * then emptied by the other.
 */
struct import_item {
	uint64_t line;
	bool refused;		   /* row is empty */
	bool held;		   /* a hold stops the card */
	size_t told, holds, after; /* remarks [told, holds) are always told, [holds, after) unless it is a conflict */
	struct registry_row row;
	struct buf raw;	       /* with import_options.reject: the line */
	struct buf incomplete; /* packed person whose birth date is incomplete, for import_options.incomplete */
	enum registry_put result;
};

struct import_batch {
	size_t count, cap;
	struct import_item *items;
	size_t *order; /* of the items to write, by number: the index is walked, not jumped in */
	size_t order_count;
	int64_t *ids; /* for new rows: at least as many as rows */
	size_t id_count;
	struct registry_mark *keys; /* twice cap: to sort by */
	struct import_remark *remarks;
	size_t remark_count, remark_cap;
	uint64_t bytes; /* of the file, read until here */
	bool last;
	cc_status st; /* what ended the reading */
	struct cc_error err;
};
CC_MUST cc_status import_batch_new(size_t cap, struct import_batch *ret);
void import_batch_clear(struct import_batch *b); /* wipes; keeps the ids */
void import_batch_done(struct import_batch *b);
/* False: out of memory. */
CC_MUST bool import_batch_remark(struct import_batch *b, uint64_t line, enum import_severity severity,
				 const struct row_fault *fault, uint64_t other_line);
void import_batch_sort_order(struct import_batch *b);

struct import_reader;
CC_MUST cc_status import_reader_new(struct registry *r, FILE *in, const struct import_options *o, struct import_reader **ret,
				    struct cc_error *err);
void import_reader_free(struct import_reader **rd);
/* CSV: the first row as it stood, once a batch was filled. */
struct bytes import_reader_heading(const struct import_reader *rd);
/* At most `rows` rows, prepared, numbered and sealed. Never touches the store. */
void import_reader_fill(struct import_reader *rd, size_t rows, struct import_batch *b);

#endif
