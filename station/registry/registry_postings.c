/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/registry_rows.h"

#include <string.h>

/*
 * Who stands under a mark. A row holds its first person in the key and the others in
 * `more`, as distances of 16 bits. All of a row lie in one slice of ids: who reads a
 * slice's rows knows everybody of it, and the first row behind it begins with the
 * next person. Rows of one slice may overlap, and a person may stand in two.
 */
#define SLICE_OF(id) ((id) >> REGISTRY_SLICE_BITS)
#define PAGE_FIRST 4 /* a load leaves two rows or three in a slice; what came alone is a row each */
#define PAGE_MAX 1024

static const char sql_page[] =
	"SELECT person_id, more FROM registry_mark WHERE mark = $1 AND person_id >= $2 ORDER BY person_id LIMIT $3";
static const char sql_rows_until[] = "SELECT person_id, more FROM registry_mark WHERE mark = $1 AND person_id >= $2 AND person_id"
				     " <= $3 ORDER BY person_id";
static const char sql_drop[] = "DELETE FROM registry_mark WHERE mark = $1 AND person_id = $2";
static const char sql_add[] = "INSERT INTO registry_mark (mark, person_id, more) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
/* A load has some rows for each person: a statement for many, on PostgreSQL a journey for many. */
#define ROWS_AT_ONCE 20
static const char sql_add_many[] =
	"INSERT INTO registry_mark (mark, person_id, more) VALUES "
	"($1, $2, $3), ($4, $5, $6), ($7, $8, $9), ($10, $11, $12), ($13, $14, $15), ($16, $17, $18), ($19, $20, $21), "
	"($22, $23, $24), ($25, $26, $27), ($28, $29, $30), ($31, $32, $33), ($34, $35, $36), ($37, $38, $39), "
	"($40, $41, $42), ($43, $44, $45), ($46, $47, $48), ($49, $50, $51), ($52, $53, $54), ($55, $56, $57), "
	"($58, $59, $60)"
	" ON CONFLICT DO NOTHING";

/* ---- writing */

struct posting {
	const struct registry_mark *first;
	size_t count;	   /* of the marks from first on that it holds */
	struct bytes more; /* empty: nobody */
};

/* How many of the marks make one row with the first. */
static size_t row_of(const struct registry_mark *m, size_t count)
{
	size_t n = 1;

	while (n < count && m[n].mark == m[0].mark && m[n].person >= m[n - 1].person &&
	       SLICE_OF(m[n].person) == SLICE_OF(m[0].person))
		n++;
	return n;
}

/* The same person twice in a row is one. *ret: the bytes that were put. */
static size_t put_more(struct writer *w, const struct registry_mark *first, size_t count)
{
	size_t before = writer_view(w).n;

	for (size_t i = 1; i < count; i++) {
		if (first[i].person > first[i - 1].person)
			writer_u16(w, (uint16_t)(first[i].person - first[0].person));
	}
	return writer_view(w).n - before;
}

/* The first marks as at most ROWS_AT_ONCE rows; ret_more owns what they point to. */
static cc_status take_rows(const struct registry_mark *marks, size_t count, struct posting *rows, size_t *ret_n,
			   struct buf *ret_more)
{
	size_t lens[ROWS_AT_ONCE], n = 0;
	struct writer w;
	struct cursor in;
	cc_status st;

	writer_init(&w, (size_t)ROWS_AT_ONCE * 2 * REGISTRY_SLICE);
	for (size_t at = 0; n < ROWS_AT_ONCE && at < count; at += rows[n++].count) {
		rows[n] = (struct posting){ .first = &marks[at], .count = row_of(&marks[at], count - at) };
		lens[n] = put_more(&w, rows[n].first, rows[n].count);
	}
	st = writer_finish(&w, ret_more);
	if (cc_failed(st))
		return st;
	cursor_init(&in, buf_view(ret_more));
	for (size_t i = 0; i < n; i++)
		CC_ASSERT(cursor_take(&in, lens[i], &rows[i].more));
	*ret_n = n;
	return st;
}

static cc_status bind_row(struct stmt *q, int at, const struct registry_mark *first, struct bytes more)
{
	cc_status st = stmt_bind_int(q, at, first->mark);

	if (!cc_failed(st))
		st = stmt_bind_int(q, at + 1, first->person);
	if (!cc_failed(st))
		st = more.n > 0 ? stmt_bind_blob(q, at + 2, more) : stmt_bind_null(q, at + 2);
	return st;
}

static cc_status add_row(struct registry *r, const struct registry_mark *first, struct bytes more, bool *ret_added)
{
	struct stmt *q = NULL;
	cc_status st = store_prepare(r->store, sql_add, &q);

	if (!cc_failed(st))
		st = bind_row(q, 1, first, more);
	if (!cc_failed(st))
		st = stmt_run(q);
	if (!cc_failed(st))
		*ret_added = store_changes(r->store) == 1;
	stmt_finish(&q);
	return st;
}

/* A row that begins with this person may be there already, for others than these: then each gets a row. */
static cc_status add_posting(struct registry *r, const struct posting *p)
{
	bool added = false;
	cc_status st = add_row(r, p->first, p->more, &added);

	for (size_t i = 1; i < p->count && !added && !cc_failed(st); i++) {
		bool unused;

		st = add_row(r, &p->first[i], (struct bytes){ 0 }, &unused);
	}
	return st;
}

static cc_status add_postings(struct registry *r, const struct posting *p, size_t count)
{
	struct stmt *q = NULL;
	bool all = false;
	cc_status st = cc_ok();

	if (count == ROWS_AT_ONCE) {
		st = store_prepare(r->store, sql_add_many, &q);
		for (size_t i = 0; i < count && !cc_failed(st); i++)
			st = bind_row(q, (int)(3 * i + 1), p[i].first, p[i].more);
		if (!cc_failed(st))
			st = stmt_run(q);
		all = !cc_failed(st) && store_changes(r->store) == ROWS_AT_ONCE;
		stmt_finish(&q);
	}
	for (size_t i = 0; i < count && !all && !cc_failed(st); i++)
		st = add_posting(r, &p[i]);
	return st;
}

cc_status registry_marks_write(struct registry *r, const struct registry_mark *marks, size_t count, struct cc_error *err)
{
	struct posting rows[ROWS_AT_ONCE];
	struct buf more = { 0 };
	cc_status st = cc_ok();

	while (count > 0 && !cc_failed(st)) {
		size_t n = 0;

		st = take_rows(marks, count, rows, &n, &more);
		if (cc_failed(st))
			return registry_crypto_error(st, err, "marks");
		st = add_postings(r, rows, n);
		for (size_t i = 0; i < n; i++) {
			marks += rows[i].count;
			count -= rows[i].count;
		}
		buf_done(&more);
	}
	return registry_store_error(r, st, err);
}

/* ---- reading */

/* Calls put for each of a row; what its bytes say stays in the row's slice. */
static bool each_of_row(int64_t first, struct bytes more, void (*put)(void *ctx, int64_t id), void *ctx)
{
	struct cursor in;
	uint16_t distance, before = 0;
	int64_t left = REGISTRY_SLICE - 1 - (first & (REGISTRY_SLICE - 1)); /* in the slice behind the first */

	put(ctx, first);
	cursor_init(&in, more);
	while (cursor_left(&in) > 0) {
		if (!cursor_u16(&in, &distance) || distance <= before || distance > left)
			return false;
		before = distance;
		put(ctx, first + distance);
	}
	return true;
}

static struct bytes more_of(struct stmt *q)
{
	return stmt_column_is_null(q, 1) ? (struct bytes){ 0 } : stmt_column_bytes(q, 1);
}

static cc_status damaged(struct cc_error *err)
{
	return cc_fail(err, CC_E_VERIFY, "registry.damaged", "registry_mark.more");
}

void registry_postings_begin(struct registry_postings *l, int64_t mark)
{
	l->mark = mark;
	l->slice = -1;
	l->beyond = 0;
}

static void set_bit(void *ctx, int64_t id)
{
	struct registry_postings *l = ctx;
	uint64_t at = (uint64_t)id & (REGISTRY_SLICE - 1);

	l->bits[at / 64] |= (uint64_t)1 << (at % 64);
}

/* The first of the slice at or after `from`; 0: nobody. */
static int64_t first_bit(const struct registry_postings *l, int64_t from)
{
	size_t at = (size_t)((uint64_t)from & (REGISTRY_SLICE - 1));
	uint64_t word = l->bits[at / 64] & (UINT64_MAX << (at % 64));
	size_t i = at / 64;

	while (word == 0 && ++i < REGISTRY_SLICE / 64)
		word = l->bits[i];
	return word == 0 ? 0 : (l->slice << REGISTRY_SLICE_BITS) + (int64_t)(64 * i) + __builtin_ctzll(word);
}

/* One page of rows from *at on; *ret_more: there may be others of the slice. */
static cc_status read_page(struct registry *r, struct registry_postings *l, int64_t *at, int64_t page, bool *ret_more,
			   struct cc_error *err)
{
	struct stmt *q = NULL;
	int64_t n = 0;
	bool row = false, good = true;
	cc_status st = store_prepare(r->store, sql_page, &q);

	if (!cc_failed(st))
		st = stmt_bind_int(q, 1, l->mark);
	if (!cc_failed(st))
		st = stmt_bind_int(q, 2, *at);
	if (!cc_failed(st))
		st = stmt_bind_int(q, 3, page);
	if (!cc_failed(st))
		st = stmt_step(q, &row);
	while (!cc_failed(st) && row && good && l->beyond == 0) {
		int64_t first = stmt_column_int(q, 0);

		n++;
		/* No number at all (SQLite keeps it), or the last that there is: behind it nothing can be asked for. */
		if (first < *at || first <= 0 || first == INT64_MAX) {
			good = false;
			break;
		}
		*at = first + 1;
		if (SLICE_OF(first) != l->slice)
			l->beyond = first;
		else
			good = each_of_row(first, more_of(q), set_bit, l);
		if (l->beyond == 0 && good)
			st = stmt_step(q, &row);
	}
	*ret_more = n == page && l->beyond == 0;
	stmt_finish(&q);
	if (!good)
		return damaged(err);
	return registry_store_error(r, st, err);
}

static cc_status read_slice(struct registry *r, struct registry_postings *l, int64_t slice, struct cc_error *err)
{
	int64_t at = slice << REGISTRY_SLICE_BITS, page = PAGE_FIRST;
	bool more = true;
	cc_status st = cc_ok();

	memset(l->bits, 0, sizeof l->bits);
	l->slice = slice;
	l->beyond = 0;
	while (more && !cc_failed(st)) {
		st = read_page(r, l, &at, page, &more, err);
		page = page < PAGE_MAX ? 4 * page : page;
	}
	return st;
}

cc_status registry_postings_next(struct registry *r, struct registry_postings *l, int64_t from, int64_t *ret,
				 struct cc_error *err)
{
	cc_status st = cc_ok();
	int64_t found = 0;

	CC_ASSERT(from > 0);
	/* Behind the slice that was read nobody stands before l->beyond. */
	if (l->slice < 0 || (SLICE_OF(from) > l->slice && l->beyond > 0 && from > l->beyond))
		st = read_slice(r, l, SLICE_OF(from), err);
	if (cc_failed(st))
		return st;
	if (SLICE_OF(from) == l->slice)
		found = first_bit(l, from);
	*ret = found > 0 ? found : l->beyond;
	return st;
}

/* ---- taking somebody out */

struct block {
	int64_t wanted; /* a person */
	bool has_wanted;
	int64_t mark, first;
	struct buf more;
	size_t count;
	struct registry_mark *others;
};

static void look_for(void *ctx, int64_t id)
{
	struct block *b = ctx;

	b->has_wanted = b->has_wanted || id == b->wanted;
}

static void take_other(void *ctx, int64_t id)
{
	struct block *b = ctx;

	if (id != b->wanted)
		b->others[b->count++] = (struct registry_mark){ b->mark, id };
}

/* The first row in which the person stands, as b->first and b->more. */
static cc_status find_block(struct registry *r, struct block *b, struct cc_error *err)
{
	struct stmt *q = NULL;
	bool row = false, good = true;
	cc_status st = store_prepare(r->store, sql_rows_until, &q);

	b->has_wanted = false;
	if (!cc_failed(st))
		st = stmt_bind_int(q, 1, b->mark);
	if (!cc_failed(st))
		st = stmt_bind_int(q, 2, SLICE_OF(b->wanted) << REGISTRY_SLICE_BITS);
	if (!cc_failed(st))
		st = stmt_bind_int(q, 3, b->wanted);
	if (!cc_failed(st))
		st = stmt_step(q, &row);
	while (!cc_failed(st) && row && good && !b->has_wanted) {
		b->first = stmt_column_int(q, 0);
		good = each_of_row(b->first, more_of(q), look_for, b);
		if (good && b->has_wanted)
			st = buf_copy(&b->more, more_of(q));
		else if (good)
			st = stmt_step(q, &row);
	}
	stmt_finish(&q);
	return good ? registry_store_error(r, st, err) : damaged(err);
}

static cc_status drop_row(struct registry *r, int64_t mark, int64_t first, struct cc_error *err)
{
	struct stmt *q = NULL;
	cc_status st = store_prepare(r->store, sql_drop, &q);

	if (!cc_failed(st))
		st = stmt_bind_int(q, 1, mark);
	if (!cc_failed(st))
		st = stmt_bind_int(q, 2, first);
	if (!cc_failed(st))
		st = stmt_run(q);
	stmt_finish(&q);
	return registry_store_error(r, st, err);
}

/* The row of block b without the person. */
static cc_status leave_others(struct registry *r, struct block *b, struct cc_error *err)
{
	size_t cap = 1 + b->more.n / 2;
	cc_status st = drop_row(r, b->mark, b->first, err);

	if (cc_failed(st) || b->more.n == 0)
		return st;
	b->others = cc_alloc(cap * sizeof *b->others);
	if (b->others == NULL)
		return cc_fail(err, CC_E_MEMORY, "memory", "marks");
	b->count = 0;
	CC_ASSERT(each_of_row(b->first, buf_view(&b->more), take_other, b));
	st = registry_marks_write(r, b->others, b->count, err);
	cc_free(b->others, cap * sizeof *b->others);
	return st;
}

cc_status registry_mark_drop(struct registry *r, struct registry_mark m, struct cc_error *err)
{
	struct block b = { .wanted = m.person, .mark = m.mark };
	cc_status st;

	do {
		st = find_block(r, &b, err);
		if (!cc_failed(st) && b.has_wanted)
			st = leave_others(r, &b, err);
		buf_done(&b.more);
	} while (!cc_failed(st) && b.has_wanted);
	return st;
}
