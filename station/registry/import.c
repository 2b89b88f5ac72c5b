/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/import_batch.h"

#include "crypto/base/secret.h"

#include <pthread.h>
#include <string.h>

/*
 * One commit for many rows: an fsync costs more than the rows, and sorted keys
 * walk through an index in order. A crash loses at most the open batch, so the first
 * ones are small.
 */
#define BATCH_ROWS_FIRST 500
#define BATCH_ROWS_ALONE 2000 /* without a thread that reads ahead: small files */
#define BATCH_ROWS_MAX 32000

const char *import_severity_name(enum import_severity s)
{
	static const char *const names[] = { [IMPORT_WARNING] = "warning", [IMPORT_HELD] = "held", [IMPORT_REFUSED] = "refused" };

	return names[s];
}

/* ---- two batches, handed to and fro between the thread that reads and the one that writes */

struct run {
	struct registry *r;
	const struct import_options *o;
	struct cc_error *err;
	struct import_reader *reader;
	struct import_batch batches[2];
	size_t rows, rows_max; /* of the next batch */
	struct import_counts counts, committed;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool threaded, quit, heading_rejected;
	int to_fill, to_write; /* index of a batch; -1: none */
	size_t fill_rows;
};

static void *reading(void *ctx)
{
	struct run *run = ctx;

	(void)pthread_mutex_lock(&run->lock);
	for (;;) {
		int i;
		size_t rows;

		while (run->to_fill < 0 && !run->quit)
			(void)pthread_cond_wait(&run->changed, &run->lock);
		if (run->quit)
			break;
		i = run->to_fill;
		rows = run->fill_rows;
		(void)pthread_mutex_unlock(&run->lock);
		import_reader_fill(run->reader, rows, &run->batches[i]);
		(void)pthread_mutex_lock(&run->lock);
		run->to_fill = -1;
		run->to_write = i;
		(void)pthread_cond_broadcast(&run->changed);
	}
	(void)pthread_mutex_unlock(&run->lock);
	return NULL;
}

static void start_fill(struct run *run, int i)
{
	size_t rows = run->rows;

	run->rows = rows * 2 < run->rows_max ? rows * 2 : run->rows_max;
	if (!run->threaded) {
		import_reader_fill(run->reader, rows, &run->batches[i]);
		return;
	}
	(void)pthread_mutex_lock(&run->lock);
	run->to_write = -1;
	run->to_fill = i;
	run->fill_rows = rows;
	(void)pthread_cond_broadcast(&run->changed);
	(void)pthread_mutex_unlock(&run->lock);
}

static void wait_filled(struct run *run, int i)
{
	if (!run->threaded)
		return;
	(void)pthread_mutex_lock(&run->lock);
	while (run->to_write != i)
		(void)pthread_cond_wait(&run->changed, &run->lock);
	(void)pthread_mutex_unlock(&run->lock);
}

/* ---- writing */

static cc_status store_failed(struct run *run, cc_status st)
{
	return cc_failed(st) ? cc_fail(run->err, st.code, run->r->store->err.key, "%s", run->r->store->err.detail) : st;
}

/* Ids are taken in a transaction of their own: other stations need the counter too. */
static cc_status top_up(struct run *run, struct import_batch *b)
{
	size_t missing = run->rows - (b->id_count < run->rows ? b->id_count : run->rows);
	int64_t first = 0;
	cc_status st;

	if (run->o->dry_run || missing == 0)
		return cc_ok();
	st = store_failed(run, store_begin(run->r->store));
	if (cc_failed(st))
		return st;
	st = registry_take_ids(run->r, missing, &first, run->err);
	if (!cc_failed(st))
		st = store_failed(run, store_commit(run->r->store));
	store_rollback(run->r->store);
	for (size_t i = 0; i < missing && !cc_failed(st); i++)
		b->ids[b->id_count++] = first + (int64_t)i;
	return st;
}

/* Numbers that no row took serve the next batch. */
static void keep_unused_ids(struct import_batch *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->id_count; i++) {
		if (i >= b->order_count || b->items[b->order[i]].result != PUT_ADDED)
			b->ids[n++] = b->ids[i];
	}
	b->id_count = n;
}

static cc_status write_items(struct run *run, struct import_batch *b)
{
	cc_status st = cc_ok();
	bool all_new = true;
	int64_t id;

	for (size_t i = 0; i < b->order_count && !cc_failed(st); i++) {
		struct import_item *it = &b->items[b->order[i]];

		if (run->o->dry_run)
			st = registry_row_compare(run->r, &it->row, &it->result, &id, run->err);
		else
			st = registry_row_write(run->r, &it->row, &it->result, run->err);
		all_new = all_new && it->result == PUT_ADDED;
	}
	if (cc_failed(st) || run->o->dry_run)
		return st;
	if (!all_new) {
		size_t n = 0;

		b->mark_count = 0;
		/* Marks of rows that were there already are there as well. */
		for (size_t i = 0; i < b->order_count; i++) {
			const struct import_item *it = &b->items[b->order[i]];

			for (size_t m = 0; it->result == PUT_ADDED && m < it->row.mark_count; m++)
				b->marks[n++] = (struct registry_mark){ it->row.marks[m], it->row.id };
		}
		b->mark_count = n;
	}
	return registry_marks_write(run->r, b->marks, b->mark_count, run->err);
}

static void tell(struct run *run, const struct import_batch *b, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		if (b->remarks[i].severity == IMPORT_WARNING)
			run->counts.warnings++;
		if (run->o->remark != NULL)
			run->o->remark(run->o->ctx, &b->remarks[i]);
	}
}

static void tell_conflict(struct run *run, const struct import_item *it)
{
	const struct import_remark m = { .line = it->line,
					 .severity = IMPORT_REFUSED,
					 .fault = { .field = "number", .key = "import.conflict" } };

	if (run->o->remark != NULL)
		run->o->remark(run->o->ctx, &m);
}

static void count_item(struct run *run, const struct import_batch *b, const struct import_item *it)
{
	bool conflict = !it->refused && it->result == PUT_CONFLICT;

	run->counts.rows++;
	tell(run, b, it->told, it->holds);
	if (it->refused)
		run->counts.refused++;
	else if (conflict)
		run->counts.conflicts++;
	else if (it->result == PUT_ADDED)
		run->counts.imported++;
	else if (it->result == PUT_UNCHANGED)
		run->counts.unchanged++;
	else
		run->counts.completed++;
	if (conflict)
		tell_conflict(run, it);
	else
		tell(run, b, it->holds, it->after);
	if (!it->refused && !conflict && it->held)
		run->counts.held++;
	if ((!it->refused && !conflict) || run->o->reject == NULL)
		return;
	if (run->o->format == IMPORT_CSV && !run->heading_rejected)
		run->o->reject(run->o->ctx, 1, import_reader_heading(run->reader));
	run->heading_rejected = true;
	run->o->reject(run->o->ctx, it->line, buf_view(&it->raw));
}

static cc_status write_batch(struct run *run, struct import_batch *b)
{
	bool writes = !run->o->dry_run && b->order_count > 0;
	cc_status st = writes ? store_failed(run, store_begin(run->r->store)) : cc_ok();

	if (!cc_failed(st) && writes)
		st = registry_hold_keys(run->r, run->err);
	if (!cc_failed(st))
		st = write_items(run, b);
	if (!cc_failed(st) && writes)
		st = store_failed(run, store_commit(run->r->store));
	store_rollback(run->r->store);
	if (cc_failed(st))
		return st;
	/* What stands before the first row's remarks is about the heading. */
	tell(run, b, 0, b->count > 0 ? b->items[0].told : b->remark_count);
	for (size_t i = 0; i < b->count; i++)
		count_item(run, b, &b->items[i]);
	run->committed = run->counts;
	keep_unused_ids(b);
	if (run->o->progress != NULL)
		run->o->progress(run->o->ctx, &run->counts, b->bytes);
	return st;
}

static cc_status take_batches(struct run *run)
{
	cc_status st = top_up(run, &run->batches[0]);
	int i = 0;

	if (cc_failed(st))
		return st;
	start_fill(run, 0);
	for (;;) {
		struct import_batch *b = &run->batches[i];
		bool more;

		wait_filled(run, i);
		if (cc_failed(b->st))
			return cc_fail(run->err, b->st.code, b->err.key, "%s", b->err.detail);
		more = !b->last;
		/* While this one is written the next one is read. */
		if (more && run->threaded) {
			if (cc_failed(st = top_up(run, &run->batches[1 - i])))
				return st;
			start_fill(run, 1 - i);
		}
		if (cc_failed(st = write_batch(run, b)) || !more)
			return st;
		import_batch_clear(b);
		if (!run->threaded) {
			if (cc_failed(st = top_up(run, b)))
				return st;
			start_fill(run, i);
		} else {
			i = 1 - i;
		}
	}
}

static cc_status prepare(struct run *run, FILE *in)
{
	cc_status st = import_reader_new(run->r, in, run->o, &run->reader, run->err);

	for (int i = 0; i < 2 && !cc_failed(st); i++) {
		st = import_batch_new(run->rows_max, &run->batches[i]);
		if (cc_failed(st))
			return cc_fail(run->err, st.code, "memory", "import");
	}
	if (cc_failed(st) || run->o->threads == 0)
		return st;
	run->threaded = pthread_create(&run->thread, NULL, reading, run) == 0;
	return st;
}

static void finish(struct run *run)
{
	if (run->threaded) {
		(void)pthread_mutex_lock(&run->lock);
		run->quit = true;
		(void)pthread_cond_broadcast(&run->changed);
		(void)pthread_mutex_unlock(&run->lock);
		(void)pthread_join(run->thread, NULL);
	}
	import_batch_done(&run->batches[0]);
	import_batch_done(&run->batches[1]);
	if (run->reader != NULL)
		import_reader_free(&run->reader);
	(void)pthread_mutex_destroy(&run->lock);
	(void)pthread_cond_destroy(&run->changed);
}

cc_status import_run(struct registry *r, FILE *in, const struct import_options *o, struct import_counts *ret,
		     struct cc_error *err)
{
	struct run *run = cc_alloc(sizeof *run);
	cc_status st;

	if (run == NULL)
		return cc_fail(err, CC_E_MEMORY, "memory", "import");
	run->r = r;
	run->o = o;
	run->err = err;
	run->rows = BATCH_ROWS_FIRST;
	run->rows_max = o->threads > 0 ? BATCH_ROWS_MAX : BATCH_ROWS_ALONE;
	run->to_fill = run->to_write = -1;
	(void)pthread_mutex_init(&run->lock, NULL);
	(void)pthread_cond_init(&run->changed, NULL);
	st = prepare(run, in);
	if (!cc_failed(st))
		st = take_batches(run);
	*ret = run->committed;
	finish(run);
	cc_free(run, sizeof *run);
	return st;
}
