/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/application.h"

#include "card/lds/cccd_design.h"
#include "crypto/base/secret.h"
#include "station/registry/civil_task.h"
#include "station/registry/gate.h"
#include "station/registry/number.h"
#include "station/registry/outbox_events.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LAYOUT_UNDER_6 "2024-under-6"
#define LAYOUT_2024 "2024"
/* Rework stands before all new orders. */
#define PLACE_REWORK (INT64_C(1) << 40)

static const struct {
	const char *kind, *reason;
} reasons[] = {
	{ "first", "" },
	{ "exchange", "age" },
	{ "exchange", "data-changed" },
	{ "exchange", "appearance" },
	{ "exchange", "card-error" },
	{ "exchange", "units-changed" },
	{ "exchange", "number-renewed" },
	{ "exchange", "on-request" },
	{ "reissue", "lost" },
	{ "reissue", "damaged" },
	{ "reissue", "nationality-regained" },
};

const char *application_layout(const struct validity_rules *rules, struct date birth, struct date on)
{
	/* Known to the year alone: the youngest that the person may be. */
	unsigned age = date_precision(birth) == DATE_DAY ? validity_age(rules, birth, on)
		       : on.year > birth.year		 ? (unsigned)on.year - birth.year - 1
							 : 0;

	return age < CCCD_DESIGN_FACE_AGE ? LAYOUT_UNDER_6 : LAYOUT_2024;
}

/* ---- the form */

static json_t *form_of(const struct application *a)
{
	return json_pack("{s:i, s:s, s:s, s:s, s:s, s:b, s:s}", "schema", 1, "number", a->number, "kind", a->kind, "reason",
			 a->reason, "layout", a->layout, "confirm_cmnd", a->confirm_cmnd, "officer", a->officer);
}

cc_status application_of_form(struct bytes form, struct application *ret, struct cc_error *err)
{
	struct application a = { 0 };
	json_t *root;

	person_json_wipes();
	root = json_loadb((const char *)form.p, form.n, JSON_REJECT_DUPLICATES, NULL);
	forms_copy(root, "number", a.number, sizeof a.number);
	forms_copy(root, "kind", a.kind, sizeof a.kind);
	forms_copy(root, "reason", a.reason, sizeof a.reason);
	forms_copy(root, "layout", a.layout, sizeof a.layout);
	forms_copy(root, "officer", a.officer, sizeof a.officer);
	a.confirm_cmnd = json_is_true(json_object_get(root, "confirm_cmnd"));
	forms_copy(root, "rejected_by", a.rejected_by, sizeof a.rejected_by);
	forms_copy(root, "rejected_why", a.rejected_why, sizeof a.rejected_why);
	json_decref(root);
	if (!number_is_well_formed(bytes_str(a.number)))
		return cc_fail(err, CC_E_VERIFY, "issue.damaged", "the application's form names nobody");
	*ret = a;
	return cc_ok();
}

/* Columns: id, state, form, reason, received_ms. */
static cc_status read_row(struct forms *f, struct stmt *q, struct application *ret, struct cc_error *err)
{
	struct application a = { 0 };
	char place[QUEUE_PLACE_SIZE], id[QUEUE_ID_SIZE];
	struct buf form = { 0 };
	cc_status st;

	forms_copy_column(q, 0, id, sizeof id);
	queue_form_place(id, place);
	st = books_unseal(f->books, place, stmt_column_bytes(q, 2), &form);
	if (cc_failed(st))
		return cc_fail(err, st.code == CC_E_MEMORY ? CC_E_MEMORY : CC_E_VERIFY,
			       st.code == CC_E_MEMORY ? "memory" : "issue.damaged", "application %s", id);
	st = application_of_form(buf_view(&form), &a, err);
	buf_done(&form);
	if (cc_failed(st))
		return st;
	memcpy(a.id, id, sizeof a.id);
	forms_copy_column(q, 1, a.state, sizeof a.state);
	forms_copy_column(q, 3, a.note, sizeof a.note);
	a.received_ms = stmt_column_int(q, 4);
	*ret = a;
	return st;
}

cc_status application_list(struct forms *f, bool live_only, application_visit visit, void *ctx, struct cc_error *err)
{
	static const char sql_all[] = "SELECT id, state, form, reason, received_ms FROM issue_application ORDER BY place, id";
	static const char sql_live[] =
		"SELECT id, state, form, reason, received_ms FROM issue_application WHERE live = 1 ORDER BY place, id";
	struct application a = { 0 };
	struct stmt *q = NULL;
	bool row = false, go = true;
	cc_status st;

	books_lock(f->books);
	st = books_query(f->books, live_only ? sql_live : sql_all, NULL, 0, &q, &row, err);
	while (!cc_failed(st) && row && go) {
		st = read_row(f, q, &a, err);
		go = !cc_failed(st) && visit(ctx, &a);
		if (go)
			st = forms_step(f, q, &row, err);
	}
	stmt_finish(&q);
	books_unlock(f->books);
	cc_wipe(&a, sizeof a);
	return st;
}

/* ---- is it complete? */

static cc_status read_kind(const struct application_request *q, struct application *a, struct cc_error *err)
{
	const char *reason = q->reason != NULL ? q->reason : "";
	bool known = false;

	for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
		if (q->kind == NULL || strcmp(reasons[i].kind, q->kind) != 0)
			continue;
		known = true;
		if (strcmp(reasons[i].reason, reason) != 0)
			continue;
		(void)snprintf(a->kind, sizeof a->kind, "%s", q->kind);
		(void)snprintf(a->reason, sizeof a->reason, "%s", reason);
		return cc_ok();
	}
	return cc_fail(err, CC_E_ARG, known ? "application.reason" : "application.kind", "--kind, --reason");
}

static cc_status read_layout(const char *wanted, const char *by_age, struct application *a, struct cc_error *err)
{
	(void)snprintf(a->layout, sizeof a->layout, "%s", by_age);
	if (wanted == NULL || strcmp(wanted, by_age) == 0)
		return cc_ok();
	/* Law 26/2023/QH15 46.1: cards of the 2021 design stay valid, none is issued any more. */
	if (strcmp(wanted, "2021") == 0)
		return cc_fail(err, CC_E_ARG, "application.layout-2021", "2021");
	if (strcmp(wanted, LAYOUT_UNDER_6) != 0 && strcmp(wanted, LAYOUT_2024) != 0)
		return cc_fail(err, CC_E_ARG, "application.layout", LAYOUT_UNDER_6 ", " LAYOUT_2024);
	return cc_fail(err, CC_E_ARG, "application.layout-age", "by age: %s", by_age);
}

static cc_status judge(struct forms *f, const struct check_context *check, const struct application_request *q, struct person *p,
		       struct application *a, struct holds *ret_holds, struct cc_error *err)
{
	const struct gate_options gate = { .check = *check, .books = f->books, .renewal = strcmp(a->kind, "first") != 0 };
	const struct hold *hold;
	cc_status st = registry_find(f->registry, q->number, p, NULL, err);

	if (!cc_failed(st))
		st = gate_person(f->registry, q->number, &gate, ret_holds, NULL, err);
	if (!cc_failed(st))
		st = read_layout(q->layout, application_layout(&check->rules, p->birth, check->today), a, err);
	if (cc_failed(st))
		return st;
	if ((hold = holds_first(ret_holds)) != NULL)
		return cc_fail(err, CC_E_HELD, hold->key, "%s", hold->field);
	if (q->confirm_cmnd && p->old_cmnd[0] == '\0')
		return cc_fail(err, CC_E_ARG, "application.no-old-cmnd", "old_cmnd");
	return st;
}

/* ---- accepting */

static cc_status find_live(struct forms *f, const uint8_t *mac, struct application *ret, bool *ret_found, struct cc_error *err)
{
	const struct books_value values[] = { books_blob(bytes_of(mac, BOOKS_MAC_LEN)) };
	struct stmt *q = NULL;
	cc_status st = books_query(f->books,
				   "SELECT id, state, form, reason, received_ms FROM issue_application"
				   " WHERE number_mac = $1 AND live = 1",
				   values, 1, &q, ret_found, err);

	if (!cc_failed(st) && *ret_found)
		st = read_row(f, q, ret, err);
	stmt_finish(&q);
	return st;
}

static cc_status has_card(struct forms *f, const uint8_t *mac, bool *ret, struct cc_error *err)
{
	const struct books_value values[] = { books_blob(bytes_of(mac, BOOKS_MAC_LEN)) };
	struct stmt *q = NULL;
	cc_status st = books_query(f->books,
				   "SELECT 1 FROM issue_card WHERE number_mac = $1 AND active = 1 UNION ALL SELECT 1 FROM"
				   " exchange_item i JOIN exchange_package p ON p.id = i.package_id WHERE i.number_mac = $1"
				   " AND i.state = 'issued' AND p.direction = 'out'",
				   values, 1, &q, ret, err);

	stmt_finish(&q);
	return st;
}

/* Whoever had a card gets the next one by an exchange or a reissue, also when an officer has ended it. */
static cc_status check_first(struct forms *f, const uint8_t *mac, struct cc_error *err)
{
	const struct books_value values[] = { books_blob(bytes_of(mac, BOOKS_MAC_LEN)) };
	bool card = false, revoked = false;
	struct stmt *q = NULL;
	cc_status st = has_card(f, mac, &card, err);

	if (!cc_failed(st) && card)
		return cc_fail(err, CC_E_STATE, "application.has-card", "first");
	if (!cc_failed(st))
		st = books_query(f->books, "SELECT id FROM issue_revocation WHERE number_mac = $1 AND state = 'revoked'", values,
				 1, &q, &revoked, err);
	stmt_finish(&q);
	return !cc_failed(st) && revoked ? cc_fail(err, CC_E_STATE, "application.had-card", "first") : st;
}

static bool same(const struct application *a, const struct application *b)
{
	return strcmp(a->kind, b->kind) == 0 && strcmp(a->reason, b->reason) == 0 && strcmp(a->layout, b->layout) == 0 &&
	       a->confirm_cmnd == b->confirm_cmnd;
}

static cc_status enqueue(struct forms *f, struct application *a, struct cc_error *err)
{
	json_t *form = form_of(a);
	char *text = form != NULL ? json_dumps(form, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
	int64_t place = 0;
	cc_status st;

	json_decref(form);
	if (text == NULL)
		return cc_fail(err, CC_E_MEMORY, "memory", "application");
	st = forms_next_id(f, &place, err);
	if (!cc_failed(st)) {
		const struct queue_application q = {
			.number = a->number,
			.kind = a->kind,
			.form = bytes_str(text),
			.place = strcmp(a->reason, "card-error") == 0 ? place - PLACE_REWORK : place,
		};

		st = queue_add_inside(f->books, &q, a->id, err);
	}
	(void)snprintf(a->state, sizeof a->state, "%s", queue_state_name(QUEUE_WAITING));
	a->received_ms = sys_wall_ms(f->books->sys);
	cc_wipe(text, strlen(text));
	free(text);
	return st;
}

cc_status application_enqueue_inside(struct forms *f, const struct application *a, struct cc_error *err)
{
	const struct application_request q = { .kind = a->kind, .reason = a->reason };
	struct application mine = *a;
	cc_status st = read_kind(&q, &mine, err);

	return cc_failed(st) ? st : enqueue(f, &mine, err);
}

static cc_status accept_inside(struct forms *f, const struct check_context *check, const struct application_request *q,
			       struct application *a, bool *ret_new, struct holds *ret_holds, struct cc_error *err)
{
	struct application there = { 0 };
	uint8_t mac[BOOKS_MAC_LEN];
	struct person p = { 0 };
	bool found = false;
	cc_status st = judge(f, check, q, &p, a, ret_holds, err);

	if (!cc_failed(st))
		st = forms_mac(f, a->number, mac, err);
	if (!cc_failed(st))
		st = find_live(f, mac, &there, &found, err);
	if (!cc_failed(st) && found && !same(a, &there))
		st = cc_fail(err, CC_E_EXISTS, "queue.live", "application %s", there.id);
	if (!cc_failed(st) && !found && strcmp(a->kind, "first") == 0)
		st = check_first(f, mac, err);
	if (!cc_failed(st) && !found)
		st = enqueue(f, a, err);
	if (!cc_failed(st) && !found)
		st = outbox_put_accepted(f->books, a->id, a->number, a->kind, a->reason, err);
	if (!cc_failed(st) && found)
		*a = there;
	*ret_new = !found;
	person_done(&p);
	return st;
}

/* Whoever is turned away for an incomplete birth date is civil status' work from now on. */
static cc_status open_task(struct forms *f, const char *number, struct cc_error *err)
{
	struct person p = { 0 };
	bool opened;
	cc_status st = forms_begin(f, err);

	if (cc_failed(st))
		return st;
	st = registry_find(f->registry, number, &p, NULL, err);
	if (!cc_failed(st))
		st = civil_task_open_inside(f, &p, &opened, err);
	person_done(&p);
	return forms_end(f, st, err);
}

static cc_status accept_once(struct forms *f, const struct check_context *check, const struct application_request *q,
			     struct application *a, bool *ret_new, struct holds *ret_holds, struct cc_error *err)
{
	cc_status st = forms_begin(f, err);

	return cc_failed(st) ? st : forms_end(f, accept_inside(f, check, q, a, ret_new, ret_holds, err), err);
}

cc_status application_accept(struct forms *f, const struct check_context *check, const struct application_request *q,
			     struct application *ret, bool *ret_new, struct holds *ret_holds, struct cc_error *err)
{
	struct application a = { .confirm_cmnd = q->confirm_cmnd };
	struct cc_error own;
	cc_status st = read_kind(q, &a, err);

	*ret_holds = (struct holds){ 0 };
	if (!cc_failed(st) && q->officer != NULL)
		st = forms_officer(q->officer, a.officer, err);
	if (!cc_failed(st) && !number_is_well_formed(bytes_str(q->number)))
		st = cc_fail(err, CC_E_ARG, "registry.number-malformed", "a number has 12 digits");
	if (cc_failed(st))
		return st;
	memcpy(a.number, q->number, sizeof a.number);
	cc_error_init(&own);
	st = accept_once(f, check, q, &a, ret_new, ret_holds, &own);
	/* Another station was faster: whether it queued the same is seen now. */
	if (st.code == CC_E_EXISTS) {
		cc_error_init(&own);
		st = accept_once(f, check, q, &a, ret_new, ret_holds, &own);
	}
	if (st.code == CC_E_HELD && own.key != NULL && strcmp(own.key, "registry.birth-incomplete") == 0) {
		struct cc_error task;

		cc_error_init(&task);
		if (cc_failed(open_task(f, a.number, &task)))
			return cc_fail(err, task.code, task.key, "%s", task.detail);
	}
	if (cc_failed(st))
		return cc_fail(err, own.code, own.key, "%s", own.detail);
	*ret = a;
	return st;
}

/* ---- held and refused */

cc_status application_requeue(struct forms *f, const char *id, struct cc_error *err)
{
	const struct books_value values[] = { books_text(id), books_int(sys_wall_ms(f->books->sys)) };
	bool changed = false;
	cc_status st = forms_begin(f, err);

	if (cc_failed(st))
		return st;
	st = forms_change(
		f,
		"UPDATE issue_application SET state = 'waiting', reason = NULL, station = NULL, changed_ms = $2"
		" WHERE id = $1 AND state = 'held' AND NOT EXISTS (SELECT 1 FROM exchange_item i JOIN exchange_package p"
		" ON p.id = i.package_id WHERE i.number_mac = issue_application.number_mac AND i.live = 1"
		" AND p.direction = 'out') RETURNING id",
		values, 2, &changed, err);
	if (!cc_failed(st) && !changed)
		st = cc_fail(err, CC_E_STATE, "application.not-held", "application %.32s", id);
	return forms_end(f, st, err);
}

/* The officer's words may be personal: they go into the sealed form, not beside it. */
static cc_status seal_rejection(struct forms *f, const struct application *a, const char *officer, const char *reason,
				struct buf *ret, struct cc_error *err)
{
	json_t *form = form_of(a);
	char place[QUEUE_PLACE_SIZE], *text = NULL;
	cc_status st;

	if (form != NULL && json_object_set_new(form, "rejected_by", json_string(officer)) == 0 &&
	    json_object_set_new(form, "rejected_why", json_string(reason)) == 0)
		text = json_dumps(form, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(form);
	if (text == NULL)
		return cc_fail(err, CC_E_MEMORY, "memory", "application");
	queue_form_place(a->id, place);
	st = books_seal(f->books, place, bytes_str(text), ret);
	cc_wipe(text, strlen(text));
	free(text);
	return cc_failed(st) ? cc_fail(err, st.code, st.code == CC_E_MEMORY ? "memory" : "crypto.failed", "form") : st;
}

static cc_status find(struct forms *f, const char *id, struct application *ret, bool *ret_found, struct cc_error *err)
{
	const struct books_value values[] = { books_text(id) };
	struct stmt *q = NULL;
	cc_status st = books_query(f->books, "SELECT id, state, form, reason, received_ms FROM issue_application WHERE id = $1",
				   values, 1, &q, ret_found, err);

	if (!cc_failed(st) && *ret_found)
		st = read_row(f, q, ret, err);
	stmt_finish(&q);
	return st;
}

static cc_status reject_inside(struct forms *f, const char *id, const char *officer, const char *reason, struct cc_error *err)
{
	struct application a = { 0 };
	struct buf form = { 0 };
	bool found = false, changed = false;
	cc_status st = find(f, id, &a, &found, err);

	if (!cc_failed(st) && found)
		st = seal_rejection(f, &a, officer, reason, &form, err);
	if (!cc_failed(st) && found) {
		const struct books_value values[] = { books_text(id), books_int(sys_wall_ms(f->books->sys)),
						      books_blob(buf_view(&form)) };

		st = forms_change(
			f,
			"UPDATE issue_application SET state = 'refused', live = 0, form = $3, changed_ms = $2"
			" WHERE id = $1 AND state IN ('waiting', 'held') AND NOT EXISTS (SELECT 1 FROM issue_job j"
			" WHERE j.number_mac = issue_application.number_mac AND j.live = 1) AND NOT EXISTS (SELECT 1 FROM"
			" exchange_item i WHERE i.number_mac = issue_application.number_mac AND i.live = 1) RETURNING id",
			values, 3, &changed, err);
	}
	if (!cc_failed(st) && !changed)
		st = cc_fail(err, CC_E_STATE, "application.not-open", "application %.32s", id);
	if (!cc_failed(st))
		st = outbox_put_refused(f->books, a.id, err);
	buf_done(&form);
	cc_wipe(&a, sizeof a);
	return st;
}

cc_status application_reject(struct forms *f, const char *id, const char *officer, const char *reason, struct cc_error *err)
{
	char name[FORMS_OFFICER_SIZE], text[FORMS_TEXT_SIZE];
	cc_status st = forms_officer(officer, name, err);

	if (!cc_failed(st))
		st = forms_text(reason, "--reason", text, err);
	if (!cc_failed(st))
		st = forms_begin(f, err);
	return cc_failed(st) ? st : forms_end(f, reject_inside(f, id, name, text, err), err);
}
