/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/civil_task.h"

#include "crypto/base/secret.h"

#include <stdlib.h>
#include <string.h>

#define TABLE "registry_task"
#define KIND "birth-date"
#define PAGE 200

static cc_status is_open(struct forms *f, const uint8_t *mac, bool *ret, struct cc_error *err)
{
	const struct books_value values[] = { books_blob(bytes_of(mac, BOOKS_MAC_LEN)) };
	struct stmt *q = NULL;
	cc_status st =
		books_query(f->books, "SELECT id FROM registry_task WHERE number_mac = $1 AND kind = '" KIND "' AND live = 1",
			    values, 1, &q, ret, err);

	stmt_finish(&q);
	return st;
}

static cc_status insert(struct forms *f, const struct person *p, const uint8_t *mac, struct cc_error *err)
{
	char known[DATE_TEXT_SIZE];
	struct buf sealed = { 0 };
	int64_t id = 0;
	cc_status st = forms_next_id(f, &id, err);

	date_format(p->birth, known);
	if (!cc_failed(st))
		st = forms_seal(f, TABLE, id,
				json_pack("{s:s, s:s, s:s}", "number", p->number, "known", known, "basis", p->birth_basis),
				&sealed, err);
	if (!cc_failed(st)) {
		const struct books_value values[] = { books_int(id), books_blob(bytes_of(mac, BOOKS_MAC_LEN)),
						      books_blob(buf_view(&sealed)), books_int(sys_wall_ms(f->books->sys)) };

		st = books_run(f->books,
			       "INSERT INTO registry_task (id, number_mac, kind, form, live, opened_ms, closed_ms, correction_id)"
			       " VALUES ($1, $2, '" KIND "', $3, 1, $4, NULL, NULL)",
			       values, 4, err);
	}
	buf_done(&sealed);
	return st;
}

cc_status civil_task_open_inside(struct forms *f, const struct person *p, bool *ret_opened, struct cc_error *err)
{
	uint8_t mac[BOOKS_MAC_LEN];
	bool there = false;
	cc_status st;

	*ret_opened = false;
	if (date_precision(p->birth) == DATE_DAY)
		return cc_ok();
	st = forms_mac(f, p->number, mac, err);
	if (!cc_failed(st))
		st = is_open(f, mac, &there, err);
	if (cc_failed(st) || there)
		return st;
	st = insert(f, p, mac, err);
	*ret_opened = !cc_failed(st);
	return st;
}

cc_status civil_task_settle_inside(struct forms *f, const struct person *p, int64_t correction_id, struct cc_error *err)
{
	uint8_t mac[BOOKS_MAC_LEN];
	bool closed = false;
	cc_status st;

	if (date_precision(p->birth) != DATE_DAY)
		return cc_ok();
	st = forms_mac(f, p->number, mac, err);
	if (!cc_failed(st)) {
		const struct books_value values[] = { books_blob(bytes_of(mac, sizeof mac)),
						      books_int(sys_wall_ms(f->books->sys)), books_int(correction_id) };

		st = forms_change(f,
				  "UPDATE registry_task SET live = 0, closed_ms = $2, correction_id = $3"
				  " WHERE number_mac = $1 AND kind = '" KIND "' AND live = 1 RETURNING id",
				  values, 3, &closed, err);
	}
	return st;
}

/* ---- everybody: found first, then booked, a page at a time */

struct collected {
	char (*numbers)[PERSON_NUMBER_SIZE];
	size_t count, cap;
	bool full; /* out of memory */
};

static bool collect_one(void *ctx, const struct person *p, bool has_photo)
{
	struct collected *c = ctx;

	(void)has_photo;
	if (p->life != LIFE_ALIVE || date_precision(p->birth) == DATE_DAY)
		return true;
	if (c->count == c->cap) {
		size_t cap = c->cap > 0 ? 2 * c->cap : 256;
		void *more = realloc(c->numbers, cap * sizeof *c->numbers);

		if (more == NULL) {
			c->full = true;
			return false;
		}
		c->numbers = more;
		c->cap = cap;
	}
	memcpy(c->numbers[c->count++], p->number, PERSON_NUMBER_SIZE);
	return true;
}

static cc_status book_page(struct forms *f, const struct collected *c, size_t from, uint64_t *opened, struct cc_error *err)
{
	uint64_t n = 0;
	struct person p;
	cc_status st = forms_begin(f, err);

	if (cc_failed(st))
		return st;
	for (size_t i = from; i < c->count && i < from + PAGE && !cc_failed(st); i++) {
		bool one = false;

		st = registry_find(f->registry, c->numbers[i], &p, NULL, err);
		if (!cc_failed(st))
			st = civil_task_open_inside(f, &p, &one, err);
		n += one ? 1 : 0;
	}
	person_done(&p);
	st = forms_end(f, st, err);
	if (!cc_failed(st))
		*opened += n;
	return st;
}

cc_status civil_task_collect(struct forms *f, uint64_t *ret_opened, struct cc_error *err)
{
	struct collected c = { 0 };
	uint64_t opened = 0;
	cc_status st;

	books_lock(f->books);
	st = registry_walk(f->registry, collect_one, &c, err);
	books_unlock(f->books);
	if (!cc_failed(st) && c.full)
		st = cc_fail(err, CC_E_MEMORY, "memory", "tasks");
	for (size_t i = 0; i < c.count && !cc_failed(st); i += PAGE)
		st = book_page(f, &c, i, &opened, err);
	if (c.numbers != NULL)
		cc_wipe(c.numbers, c.cap * sizeof *c.numbers);
	free(c.numbers);
	if (!cc_failed(st))
		*ret_opened = opened;
	return st;
}

/* ---- listing */

static cc_status read_task(struct forms *f, struct stmt *q, struct civil_task *ret, struct cc_error *err)
{
	json_t *form = NULL;
	cc_status st;

	*ret = (struct civil_task){ .id = stmt_column_int(q, 0),
				    .open = stmt_column_int(q, 2) == 1,
				    .opened_ms = stmt_column_int(q, 3) };
	if (!stmt_column_is_null(q, 4))
		ret->closed_ms = stmt_column_int(q, 4);
	if (!stmt_column_is_null(q, 5))
		ret->correction_id = stmt_column_int(q, 5);
	st = forms_open(f, TABLE, ret->id, stmt_column_bytes(q, 1), &form, err);
	if (cc_failed(st))
		return st;
	forms_copy(form, "number", ret->number, sizeof ret->number);
	forms_copy(form, "known", ret->known, sizeof ret->known);
	forms_copy(form, "basis", ret->basis, sizeof ret->basis);
	json_decref(form);
	return st;
}

cc_status civil_task_list(struct forms *f, bool open_only, civil_task_visit visit, void *ctx, struct cc_error *err)
{
	static const char sql_all[] = "SELECT id, form, live, opened_ms, closed_ms, correction_id FROM registry_task ORDER BY id";
	static const char sql_open[] =
		"SELECT id, form, live, opened_ms, closed_ms, correction_id FROM registry_task WHERE live = 1 ORDER BY id";
	struct civil_task t;
	struct stmt *q = NULL;
	bool row = false, go = true;
	cc_status st;

	person_json_wipes();
	books_lock(f->books);
	st = books_query(f->books, open_only ? sql_open : sql_all, NULL, 0, &q, &row, err);
	while (!cc_failed(st) && row && go) {
		st = read_task(f, q, &t, err);
		go = !cc_failed(st) && visit(ctx, &t);
		if (go)
			st = forms_step(f, q, &row, err);
	}
	stmt_finish(&q);
	books_unlock(f->books);
	cc_wipe(&t, sizeof t);
	return st;
}
