/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/reconcile.h"

#include "crypto/base/secret.h"
#include "station/registry/reconcile_judge.h"

#include <stdio.h>
#include <string.h>

#define TABLE "registry_conflict"

const char *reconcile_verdict_name(enum reconcile_verdict v)
{
	static const char *const names[] = {
		[RECONCILE_AGREED] = "agreed",
		[RECONCILE_KEPT] = "kept",
		[RECONCILE_PROPOSED] = "proposed",
		[RECONCILE_CONFLICT] = "conflict",
	};

	return names[v];
}

/* ---- conflicts as they lie in the store */

static json_t *values_json(const struct reconcile_field *f)
{
	json_t *list = json_array();

	for (size_t i = 0; i < f->count; i++) {
		const struct reconcile_value *v = &f->values[i];
		char date[DATE_TEXT_SIZE];

		date_format(v->date, date);
		if (json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s}", "source", reconcile_source_name(v->source),
							  "document", v->document, "date", date, "value", v->value)) != 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static void read_value(const json_t *item, struct reconcile_value *ret)
{
	char date[DATE_TEXT_SIZE], source[32];

	forms_copy(item, "source", source, sizeof source);
	forms_copy(item, "document", ret->document, sizeof ret->document);
	forms_copy(item, "value", ret->value, sizeof ret->value);
	forms_copy(item, "date", date, sizeof date);
	(void)reconcile_source_find(source, &ret->source);
	if (!date_parse(bytes_str(date), &ret->date))
		ret->date = (struct date){ 0 };
}

/* Columns: id, field, form, opened_by, opened_ms. */
static cc_status read_conflict(struct forms *f, struct stmt *q, struct reconcile_conflict *ret, struct cc_error *err)
{
	json_t *form = NULL;
	const json_t *list;
	cc_status st;

	memset(ret, 0, sizeof *ret);
	ret->id = stmt_column_int(q, 0);
	ret->opened_ms = stmt_column_int(q, 4);
	forms_copy_column(q, 1, ret->field.field, sizeof ret->field.field);
	forms_copy_column(q, 3, ret->opened_by, sizeof ret->opened_by);
	st = forms_open(f, TABLE, ret->id, stmt_column_bytes(q, 2), &form, err);
	if (cc_failed(st))
		return st;
	forms_copy(form, "number", ret->number, sizeof ret->number);
	forms_copy(form, "registry", ret->field.registry, sizeof ret->field.registry);
	forms_copy(form, "reason", ret->reason, sizeof ret->reason);
	ret->field.verdict = RECONCILE_CONFLICT;
	ret->field.reason = ret->reason;
	ret->field.form = ret->id;
	list = json_object_get(form, "values");
	for (size_t i = 0; i < json_array_size(list) && i < RECONCILE_SOURCES_MAX; i++)
		read_value(json_array_get(list, i), &ret->field.values[ret->field.count++]);
	json_decref(form);
	return st;
}

cc_status reconcile_list(struct forms *f, reconcile_visit visit, void *ctx, struct cc_error *err)
{
	struct reconcile_conflict *c = cc_alloc(sizeof *c);
	struct stmt *q = NULL;
	bool row = false, go = true;
	cc_status st;

	if (c == NULL)
		return cc_fail(err, CC_E_MEMORY, "memory", "conflict");
	person_json_wipes();
	books_lock(f->books);
	st = books_query(f->books,
			 "SELECT id, field, form, opened_by, opened_ms FROM registry_conflict WHERE live = 1 ORDER BY id", NULL,
			 0, &q, &row, err);
	while (!cc_failed(st) && row && go) {
		st = read_conflict(f, q, c, err);
		go = !cc_failed(st) && visit(ctx, c);
		if (go)
			st = forms_step(f, q, &row, err);
	}
	stmt_finish(&q);
	books_unlock(f->books);
	cc_free(c, sizeof *c);
	return st;
}

/* ---- booking */

static cc_status find_open(struct forms *f, const uint8_t *mac, const char *field, int64_t *ret, bool *ret_found,
			   struct cc_error *err)
{
	const struct books_value values[] = { books_blob(bytes_of(mac, BOOKS_MAC_LEN)), books_text(field) };
	struct stmt *q = NULL;
	cc_status st = books_query(f->books, "SELECT id FROM registry_conflict WHERE number_mac = $1 AND field = $2 AND live = 1",
				   values, 2, &q, ret_found, err);

	if (!cc_failed(st) && *ret_found)
		*ret = stmt_column_int(q, 0);
	stmt_finish(&q);
	return st;
}

static cc_status write_conflict(struct forms *f, const uint8_t *mac, const struct reconcile_field *field, bool there,
				struct bytes sealed, const char *officer, struct cc_error *err)
{
	const struct books_value values[] = {
		books_int(field->form),	  books_blob(sealed),  books_blob(bytes_of(mac, BOOKS_MAC_LEN)),
		books_text(field->field), books_text(officer), books_int(sys_wall_ms(f->books->sys)),
	};

	/* The same field again: what the officer decides on is the newest state of the papers. */
	if (there)
		return books_run(f->books, "UPDATE registry_conflict SET form = $2 WHERE id = $1", values, 2, err);
	return books_run(f->books,
			 "INSERT INTO registry_conflict (id, form, number_mac, field, live, opened_by, opened_ms, decided_by,"
			 " decided_ms, decision) VALUES ($1, $2, $3, $4, 1, $5, $6, NULL, NULL, NULL)",
			 values, 6, err);
}

static cc_status book_conflict(struct forms *f, const char *number, const uint8_t *mac, struct reconcile_field *field,
			       const char *officer, struct cc_error *err)
{
	struct buf sealed = { 0 };
	bool there = false;
	cc_status st = find_open(f, mac, field->field, &field->form, &there, err);

	if (!cc_failed(st) && !there)
		st = forms_next_id(f, &field->form, err);
	if (!cc_failed(st))
		st = forms_seal(f, TABLE, field->form,
				json_pack("{s:s, s:s, s:s, s:o}", "number", number, "registry", field->registry, "reason",
					  field->reason, "values", values_json(field)),
				&sealed, err);
	if (!cc_failed(st))
		st = write_conflict(f, mac, field, there, buf_view(&sealed), officer, err);
	field->is_new = !cc_failed(st) && !there;
	buf_done(&sealed);
	return st;
}

static cc_status propose(struct forms *f, const char *number, const char *field, const struct reconcile_value *v,
			 const char *officer, int64_t *ret_form, bool *ret_new, struct cc_error *err)
{
	const struct correction_request q = { number, field, v->value, v->document, officer, "reconcile" };
	struct correction c = { 0 };
	cc_status st = correction_propose_inside(f, &q, &c, ret_new, err);

	if (!cc_failed(st))
		*ret_form = c.id;
	correction_done(&c);
	return st;
}

static cc_status book(struct forms *f, struct reconcile_result *r, const char *officer, struct cc_error *err)
{
	uint8_t mac[BOOKS_MAC_LEN];
	cc_status st = forms_mac(f, r->number, mac, err);

	for (size_t i = 0; i < r->count && !cc_failed(st); i++) {
		struct reconcile_field *field = &r->fields[i];

		if (field->verdict == RECONCILE_CONFLICT)
			st = book_conflict(f, r->number, mac, field, officer, err);
		else if (field->verdict == RECONCILE_PROPOSED)
			st = propose(f, r->number, field->field, &field->values[field->chosen], officer, &field->form,
				     &field->is_new, err);
	}
	return st;
}

static cc_status judge_and_book(struct forms *f, const struct reconcile_rules *rules, const struct reconcile_input *in,
				const char *officer, struct reconcile_result *r, struct cc_error *err)
{
	struct person p = { 0 };
	cc_status st = registry_find(f->registry, in->number, &p, NULL, err);

	if (!cc_failed(st))
		st = reconcile_judge(in, rules, &p, r, err);
	if (!cc_failed(st))
		st = book(f, r, officer, err);
	person_done(&p);
	return st;
}

/* A paper of a day to come is a date that was mistyped, and would win over the papers before it. */
static cc_status check_dates(const struct reconcile_input *in, struct date today, struct cc_error *err)
{
	for (size_t i = 0; i < in->count; i++) {
		if (date_compare(in->papers[i].date, today) > 0)
			return cc_fail(err, CC_E_ARG, "reconcile.input", "source %zu: its date is after today", i + 1);
	}
	return cc_ok();
}

cc_status reconcile(struct forms *f, const struct reconcile_rules *rules, struct bytes input, const char *officer,
		    struct reconcile_result *ret, struct cc_error *err)
{
	char name[FORMS_OFFICER_SIZE];
	struct reconcile_input in = { 0 };
	cc_status st = forms_officer(officer, name, err);

	if (!cc_failed(st))
		st = reconcile_read(input, &in, err);
	if (!cc_failed(st))
		st = check_dates(&in, date_in_vietnam(sys_wall_ms(f->books->sys)), err);
	if (!cc_failed(st) && !cc_failed(st = forms_begin(f, err)))
		st = forms_end(f, judge_and_book(f, rules, &in, name, ret, err), err);
	reconcile_input_done(&in);
	return st;
}

/* ---- an officer decides */

/* The value that the officer names; *ret_value NULL: the registry's. */
static cc_status choose(const struct reconcile_conflict *c, const char *source, const struct reconcile_value **ret_value,
			struct cc_error *err)
{
	enum reconcile_source wanted = RECONCILE_SOURCES;
	const struct reconcile_value *chosen = NULL;
	bool registry = source != NULL && strcmp(source, "registry") == 0;

	if (!registry && !reconcile_source_find(source, &wanted))
		return cc_fail(err, CC_E_ARG, "reconcile.choice", "--source");
	for (size_t i = 0; i < c->field.count; i++) {
		const struct reconcile_value *v = &c->field.values[i];

		if (v->source != wanted)
			continue;
		if (chosen != NULL && !reconcile_same_value(chosen->value, v->value))
			return cc_fail(err, CC_E_ARG, "reconcile.choice", "several of this kind differ");
		chosen = v;
	}
	if (!registry && chosen == NULL)
		return cc_fail(err, CC_E_ARG, "reconcile.choice", "no document of this kind");
	*ret_value = chosen;
	return cc_ok();
}

static cc_status find_conflict(struct forms *f, int64_t id, struct reconcile_conflict *ret, struct cc_error *err)
{
	const struct books_value values[] = { books_int(id) };
	struct stmt *q = NULL;
	bool row = false;
	cc_status st = books_query(
		f->books, "SELECT id, field, form, opened_by, opened_ms FROM registry_conflict WHERE id = $1 AND live = 1",
		values, 1, &q, &row, err);

	if (!cc_failed(st) && !row)
		st = cc_fail(err, CC_E_STATE, "reconcile.decided", "conflict %lld", (long long)id);
	if (!cc_failed(st))
		st = read_conflict(f, q, ret, err);
	stmt_finish(&q);
	return st;
}

static cc_status close_conflict(struct forms *f, int64_t id, const char *source, const char *officer, const char *reason,
				struct cc_error *err)
{
	struct buf sealed = { 0 };
	bool changed = false;
	cc_status st =
		forms_seal(f, TABLE "/decision", id, json_pack("{s:s, s:s}", "source", source, "reason", reason), &sealed, err);

	if (!cc_failed(st)) {
		const struct books_value values[] = { books_int(id), books_text(officer), books_int(sys_wall_ms(f->books->sys)),
						      books_blob(buf_view(&sealed)) };

		st = forms_change(f,
				  "UPDATE registry_conflict SET live = 0, decided_by = $2, decided_ms = $3, decision = $4"
				  " WHERE id = $1 AND live = 1 RETURNING id",
				  values, 4, &changed, err);
	}
	if (!cc_failed(st) && !changed)
		st = cc_fail(err, CC_E_STATE, "reconcile.decided", "conflict %lld", (long long)id);
	buf_done(&sealed);
	return st;
}

static cc_status decide_inside(struct forms *f, int64_t id, const char *source, const char *officer, const char *reason,
			       struct reconcile_conflict *c, int64_t *ret_form, struct cc_error *err)
{
	const struct reconcile_value *chosen = NULL;
	char now[PERSON_FIELD_SIZE];
	struct person p = { 0 };
	bool is_new = false;
	cc_status st = find_conflict(f, id, c, err);

	if (!cc_failed(st))
		st = choose(c, source, &chosen, err);
	if (!cc_failed(st))
		st = close_conflict(f, id, source, officer, reason, err);
	if (cc_failed(st) || chosen == NULL)
		return st;
	st = registry_find(f->registry, c->number, &p, NULL, err);
	if (!cc_failed(st) && cc_failed(st = person_field_get(&p, c->field.field, now)))
		st = cc_fail(err, st.code, "memory", "person");
	if (!cc_failed(st) && !reconcile_same_value(now, chosen->value))
		st = propose(f, c->number, c->field.field, chosen, officer, ret_form, &is_new, err);
	person_done(&p);
	cc_wipe(now, sizeof now);
	return st;
}

cc_status reconcile_decide(struct forms *f, int64_t id, const char *source, const char *officer, const char *reason,
			   int64_t *ret_form, struct cc_error *err)
{
	char name[FORMS_OFFICER_SIZE], text[FORMS_TEXT_SIZE];
	struct reconcile_conflict *c = cc_alloc(sizeof *c);
	int64_t form = 0;
	cc_status st = c == NULL ? cc_fail(err, CC_E_MEMORY, "memory", "conflict") : forms_officer(officer, name, err);

	if (!cc_failed(st))
		st = forms_text(reason, "--reason", text, err);
	if (!cc_failed(st) && !cc_failed(st = forms_begin(f, err)))
		st = forms_end(f, decide_inside(f, id, source, name, text, c, &form, err), err);
	if (!cc_failed(st))
		*ret_form = form;
	cc_free(c, sizeof *c);
	return st;
}
