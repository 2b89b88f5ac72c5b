/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/import_batch.h"

#include "crypto/base/secret.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/*
 * Rows go from the thread that reads to the one that writes in a ring of small
 * batches, so that neither waits for long; many batches make one transaction: a flush
 * costs more than the rows, and sorted keys walk through an index in order. A crash
 * loses at most the open transaction, so the first ones are small.
 */
#define RING 16
#define RING_AT_ONCE (RING / 2) /* batches of one transaction: the other half is being read meanwhile */
#define BATCH_ROWS_FIRST 500
#define BATCH_ROWS_MAX 4000
#define BATCH_ROWS_ALONE 500 /* without a thread that reads ahead: small files */
#define TRANSACTION_ROWS(batch_rows) ((batch_rows)*RING_AT_ONCE)
#define IDS_MAX(batch_rows) ((batch_rows) * (RING + RING_AT_ONCE)) /* of all granted batches, and what the others left */

const char *import_severity_name(enum import_severity s)
{
	static const char *const names[] = { [IMPORT_WARNING] = "warning", [IMPORT_HELD] = "held", [IMPORT_REFUSED] = "refused" };

	return names[s];
}

/* ---- the ring: batches are numbered on and on, batch n lies at n modulo RING */

struct run {
	struct registry *r;
	const struct import_options *o;
	struct cc_error *err;
	struct import_reader *reader;
	struct import_batch batches[RING];
	size_t batch_rows;	 /* at most */
	size_t transaction_rows; /* of the next one */
	int64_t *ids;		 /* taken, for batches to come */
	size_t id_count;
	struct registry_mark *marks, *room; /* of the open transaction */
	size_t mark_count;
	struct import_counts counts, committed;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool threaded, quit, heading_rejected;
	size_t done, filled, granted; /* written, read, free to be read: done <= filled <= granted <= done + RING */
};

static struct import_batch *batch_at(struct run *run, size_t n)
{
	return &run->batches[n % RING];
}

/* Small ones first; what a batch holds at most depends on its number alone. */
static size_t rows_of(const struct run *run, size_t n)
{
	size_t rows = n < 8 ? (size_t)BATCH_ROWS_FIRST << n : run->batch_rows;

	return rows < run->batch_rows ? rows : run->batch_rows;
}

static void fill(struct run *run, size_t n)
{
	/* By who made its rows: their memory is at hand here. */
	import_batch_clear(batch_at(run, n));
	import_reader_fill(run->reader, rows_of(run, n), batch_at(run, n));
}

static void *reading(void *ctx)
{
	struct run *run = ctx;
	bool more = true;

	(void)pthread_mutex_lock(&run->lock);
	while (more) {
		size_t n = run->filled;

		while (n == run->granted && !run->quit)
			(void)pthread_cond_wait(&run->changed, &run->lock);
		if (run->quit)
			break;
		(void)pthread_mutex_unlock(&run->lock);
		fill(run, n);
		more = !cc_failed(batch_at(run, n)->st) && !batch_at(run, n)->last;
		(void)pthread_mutex_lock(&run->lock);
		run->filled++;
		(void)pthread_cond_broadcast(&run->changed);
	}
	(void)pthread_mutex_unlock(&run->lock);
	return NULL;
}

static struct import_batch *wait_filled(struct run *run, size_t n)
{
	if (!run->threaded) {
		for (; run->filled <= n; run->filled++)
			fill(run, run->filled);
		return batch_at(run, n);
	}
	(void)pthread_mutex_lock(&run->lock);
	while (run->filled <= n)
		(void)pthread_cond_wait(&run->changed, &run->lock);
	(void)pthread_mutex_unlock(&run->lock);
	return batch_at(run, n);
}

/* ---- writing */

static cc_status store_failed(struct run *run, cc_status st)
{
	return cc_failed(st) ? cc_fail(run->err, st.code, run->r->store->err.key, "%s", run->r->store->err.detail) : st;
}

/* How far batches may be read once those below `done` are written: for two transactions like the next. */
static size_t grant_until(const struct run *run, size_t done)
{
	size_t until = run->granted, rows = 0;

	for (size_t n = done; n < run->granted; n++)
		rows += rows_of(run, n);
	for (; until < done + RING && (rows < 2 * run->transaction_rows || until < done + 2); until++)
		rows += rows_of(run, until);
	return until;
}

/* Ids for the batches that will be granted next. Inside a transaction. */
static cc_status take_ids(struct run *run, size_t until)
{
	size_t wanted = 0, missing;
	int64_t first = 0;
	cc_status st;

	for (size_t n = run->granted; n < until; n++)
		wanted += rows_of(run, n);
	missing = wanted > run->id_count ? wanted - run->id_count : 0;
	if (missing == 0)
		return cc_ok();
	st = registry_take_ids(run->r, missing, &first, run->err);
	for (size_t i = 0; i < missing && !cc_failed(st); i++)
		run->ids[run->id_count++] = first + (int64_t)i;
	return st;
}

static void grant(struct run *run, size_t done, size_t until)
{
	for (size_t n = run->granted; n < until; n++) {
		struct import_batch *b = batch_at(run, n);

		b->id_count = run->o->dry_run ? 0 : rows_of(run, n);
		CC_ASSERT(b->id_count <= run->id_count);
		run->id_count -= b->id_count;
		for (size_t i = 0; i < b->id_count; i++)
			b->ids[i] = run->ids[i];
		memmove(run->ids, run->ids + b->id_count, run->id_count * sizeof *run->ids);
	}
	(void)pthread_mutex_lock(&run->lock);
	run->done = done;
	run->granted = until;
	(void)pthread_cond_broadcast(&run->changed);
	(void)pthread_mutex_unlock(&run->lock);
}

/* Before the first batch, in a transaction of its own. */
static cc_status grant_first(struct run *run)
{
	size_t until = grant_until(run, 0);
	cc_status st = cc_ok();

	if (!run->o->dry_run) {
		st = store_failed(run, store_begin(run->r->store));
		if (!cc_failed(st))
			st = take_ids(run, until);
		if (!cc_failed(st))
			st = store_failed(run, store_commit(run->r->store));
		store_rollback(run->r->store);
	}
	if (!cc_failed(st))
		grant(run, 0, until);
	return st;
}

/* Numbers that no row took serve a batch to come. */
static void keep_unused_ids(struct run *run, struct import_batch *b)
{
	CC_ASSERT(run->id_count + b->id_count <= IDS_MAX(run->batch_rows));
	for (size_t i = 0; i < b->id_count; i++) {
		if (i >= b->order_count || b->items[b->order[i]].result != PUT_ADDED)
			run->ids[run->id_count++] = b->ids[i];
	}
	b->id_count = 0;
}

static cc_status tell_incomplete(struct run *run, const struct import_item *it)
{
	struct person p = { 0 };
	cc_status st = person_unpack(buf_view(&it->incomplete), &p);

	if (cc_failed(st))
		return cc_fail(run->err, st.code, "registry.damaged", "line %llu", (unsigned long long)it->line);
	st = run->o->incomplete(run->o->ctx, &p, run->err);
	person_done(&p);
	return st;
}

static cc_status write_items(struct run *run, struct import_batch *b)
{
	cc_status st = cc_ok();
	int64_t id;

	for (size_t i = 0; i < b->order_count && !cc_failed(st); i++) {
		struct import_item *it = &b->items[b->order[i]];

		if (run->o->dry_run) {
			st = registry_row_compare(run->r, &it->row, &it->result, &id, run->err);
			continue;
		}
		st = registry_row_write(run->r, &it->row, &it->result, run->err);
		if (!cc_failed(st) && it->incomplete.n > 0 && it->result != PUT_CONFLICT)
			st = tell_incomplete(run, it);
		/* Marks of rows that were there already are there as well. */
		for (size_t m = 0; !cc_failed(st) && it->result == PUT_ADDED && m < it->row.mark_count; m++)
			run->marks[run->mark_count++] = (struct registry_mark){ it->row.marks[m], it->row.id };
	}
	return st;
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

static void tell_batch(struct run *run, struct import_batch *b)
{
	/* What stands before the first row's remarks is about the heading. */
	tell(run, b, 0, b->count > 0 ? b->items[0].told : b->remark_count);
	for (size_t i = 0; i < b->count; i++)
		count_item(run, b, &b->items[i]);
	keep_unused_ids(run, b);
}

/* The batch after the first n of a transaction, when it goes on: there may be one, and it was read well. */
static struct import_batch *next_of(struct run *run, size_t n, size_t rows)
{
	struct import_batch *b = batch_at(run, run->done + n - 1);

	if (b->last || n == RING_AT_ONCE || rows >= run->transaction_rows || run->done + n == run->granted)
		return NULL;
	b = wait_filled(run, run->done + n);
	return cc_failed(b->st) ? NULL : b;
}

/* Where others write too, nobody waits for our file: all is read before the transaction begins. */
static void read_ahead(struct run *run)
{
	size_t rows = 0, n = 0;

	for (struct import_batch *b = batch_at(run, run->done); b != NULL; b = next_of(run, n, rows)) {
		rows += b->count;
		n++;
	}
}

/* *ret_n batches from run->done on. */
static cc_status write_batches(struct run *run, size_t *ret_n)
{
	size_t rows = 0, n = 0;
	cc_status st = cc_ok();

	run->mark_count = 0;
	for (struct import_batch *b = batch_at(run, run->done); b != NULL && !cc_failed(st); b = next_of(run, n, rows)) {
		st = write_items(run, b);
		rows += b->count;
		n++;
		if (cc_failed(st))
			return st;
	}
	*ret_n = n;
	registry_marks_sort(run->marks, run->room, run->mark_count);
	return registry_marks_write(run->r, run->marks, run->mark_count, run->err);
}

/* One transaction; ends before a batch that could not be read. */
static cc_status write_transaction(struct run *run, bool *ret_last)
{
	const struct import_batch *end;
	size_t n = 0, until;
	cc_status st = cc_ok();

	if (store_is_shared(run->r->store))
		read_ahead(run);
	if (!run->o->dry_run)
		st = store_failed(run, store_begin(run->r->store));
	if (!cc_failed(st) && !run->o->dry_run)
		st = registry_hold_keys(run->r, run->err);
	if (!cc_failed(st))
		st = write_batches(run, &n);
	if (cc_failed(st))
		return st;
	end = batch_at(run, run->done + n - 1);
	if (run->transaction_rows < TRANSACTION_ROWS(run->batch_rows))
		run->transaction_rows *= 2;
	until = end->last ? run->granted : grant_until(run, run->done + n);
	if (!run->o->dry_run)
		st = take_ids(run, until);
	if (!cc_failed(st) && !run->o->dry_run)
		st = store_failed(run, store_commit(run->r->store));
	if (cc_failed(st))
		return st;
	for (size_t i = 0; i < n; i++)
		tell_batch(run, batch_at(run, run->done + i));
	run->committed = run->counts;
	if (run->o->progress != NULL)
		run->o->progress(run->o->ctx, &run->counts, end->bytes);
	*ret_last = end->last;
	grant(run, run->done + n, until);
	return st;
}

static cc_status take_batches(struct run *run)
{
	bool last = false;
	cc_status st = grant_first(run);

	while (!last && !cc_failed(st)) {
		struct import_batch *b = wait_filled(run, run->done);

		if (cc_failed(b->st))
			return cc_fail(run->err, b->st.code, b->err.key, "%s", b->err.detail);
		st = write_transaction(run, &last);
		store_rollback(run->r->store);
	}
	return st;
}

static cc_status prepare(struct run *run, FILE *in)
{
	size_t rows = TRANSACTION_ROWS(run->batch_rows);
	cc_status st = import_reader_new(run->r, in, run->o, &run->reader, run->err);

	run->ids = cc_alloc(IDS_MAX(run->batch_rows) * sizeof *run->ids);
	run->marks = cc_alloc(rows * REGISTRY_MARKS_MAX * sizeof *run->marks);
	run->room = cc_alloc(rows * REGISTRY_MARKS_MAX * sizeof *run->room);
	if (!cc_failed(st) && (run->ids == NULL || run->marks == NULL || run->room == NULL))
		return cc_fail(run->err, CC_E_MEMORY, "memory", "import");
	for (int i = 0; i < RING && !cc_failed(st); i++) {
		st = import_batch_new(run->batch_rows, &run->batches[i]);
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
	for (int i = 0; i < RING; i++)
		import_batch_done(&run->batches[i]);
	/* Numbers, and hashes that the store holds as they are: nothing to wipe. */
	free(run->ids);
	free(run->marks);
	free(run->room);
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
	run->batch_rows = o->threads > 0 ? BATCH_ROWS_MAX : BATCH_ROWS_ALONE;
	run->transaction_rows = BATCH_ROWS_FIRST;
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
