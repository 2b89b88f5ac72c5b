/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/correction.h"

#include "crypto/base/secret.h"
#include "station/registry/civil_task.h"
#include "station/registry/forms_decision.h"
#include "station/registry/number.h"
#include "station/registry/outbox_events.h"
#include "station/registry/registry_rows.h"

#include <string.h>

#define TABLE "registry_correction"
#define COLUMNS "id, field, form, source, state, proposed_by, proposed_ms, decided_by, decided_ms, reason"

static const char *const states[CORRECTION_STATES] = {
	[CORRECTION_PROPOSED] = "proposed",
	[CORRECTION_APPROVED] = "approved",
	[CORRECTION_REFUSED] = "refused",
};

const char *correction_state_name(enum correction_state s)
{
	CC_ASSERT(s < CORRECTION_STATES);
	return states[s];
}

void correction_done(struct correction *c)
{
	cc_wipe(c, sizeof *c);
}

/* ---- reading */

static cc_status open_form(struct forms *f, struct stmt *q, struct correction *c, struct cc_error *err)
{
	json_t *form = NULL;
	cc_status st = forms_open(f, TABLE, c->id, stmt_column_bytes(q, 2), &form, err);

	if (cc_failed(st))
		return st;
	forms_copy(form, "number", c->number, sizeof c->number);
	forms_copy(form, "old", c->old_value, sizeof c->old_value);
	forms_copy(form, "new", c->new_value, sizeof c->new_value);
	forms_copy(form, "evidence", c->evidence, sizeof c->evidence);
	json_decref(form);
	return forms_open_text(f, TABLE "/reason", c->id, q, 9, "reason", c->reason, sizeof c->reason, err);
}

static cc_status read_row(struct forms *f, struct stmt *q, struct correction *ret, struct cc_error *err)
{
	size_t state = 0;
	cc_status st;

	*ret = (struct correction){ .id = stmt_column_int(q, 0), .proposed_ms = stmt_column_int(q, 6) };
	st = forms_state(TABLE, ret->id, stmt_column_bytes(q, 4), states, CORRECTION_STATES, &state, err);
	if (cc_failed(st))
		return st;
	ret->state = (enum correction_state)state;
	forms_copy_column(q, 1, ret->field, sizeof ret->field);
	forms_copy_column(q, 3, ret->source, sizeof ret->source);
	forms_copy_column(q, 5, ret->proposed_by, sizeof ret->proposed_by);
	forms_copy_column(q, 7, ret->decided_by, sizeof ret->decided_by);
	if (!stmt_column_is_null(q, 8))
		ret->decided_ms = stmt_column_int(q, 8);
	return open_form(f, q, ret, err);
}

static cc_status find(struct forms *f, int64_t id, struct correction *ret, struct cc_error *err)
{
	const struct books_value values[] = { books_int(id) };
	struct stmt *q = NULL;
	bool row = false;
	cc_status st =
		books_query(f->books, "SELECT " COLUMNS " FROM registry_correction WHERE id = $1", values, 1, &q, &row, err);

	if (!cc_failed(st) && !row)
		st = cc_fail(err, CC_E_NOT_FOUND, "correction.not-found", "%lld", (long long)id);
	if (!cc_failed(st))
		st = read_row(f, q, ret, err);
	stmt_finish(&q);
	return st;
}

struct listing {
	bool pending_only;
	correction_visit visit;
	void *ctx;
};

static cc_status list_row(void *ctx, struct forms *f, struct stmt *q, bool *go, struct cc_error *err)
{
	const struct listing *l = ctx;
	struct correction c = { 0 };
	cc_status st = read_row(f, q, &c, err);

	if (!cc_failed(st) && (!l->pending_only || c.state == CORRECTION_PROPOSED))
		*go = l->visit(l->ctx, &c);
	correction_done(&c);
	return st;
}

cc_status correction_list(struct forms *f, const char *number, bool pending_only, correction_visit visit, void *ctx,
			  struct cc_error *err)
{
	struct listing listing = { pending_only, visit, ctx };
	const struct forms_list list = {
		.all = "SELECT " COLUMNS " FROM registry_correction ORDER BY id",
		.pending = "SELECT " COLUMNS " FROM registry_correction WHERE live = 1 ORDER BY id",
		.of_number = "SELECT " COLUMNS " FROM registry_correction WHERE number_mac = $1 ORDER BY id",
		.row = list_row,
		.ctx = &listing,
	};

	return forms_walk(f, &list, number, pending_only, err);
}

/* ---- what holds an approval, or a card */

static cc_status exists(struct books *b, const char *number, const char *sql, bool *ret, struct cc_error *err)
{
	uint8_t mac[BOOKS_MAC_LEN];
	struct stmt *q = NULL;
	cc_status st = books_number_mac(b, number, mac);

	if (cc_failed(st))
		return cc_fail(err, st.code, "crypto.failed", "HMAC-SHA256");
	{
		const struct books_value values[] = { books_blob(bytes_of(mac, sizeof mac)) };

		st = books_query(b, sql, values, 1, &q, ret, err);
	}
	stmt_finish(&q);
	return st;
}

/* I7: from the claim of an application, or the binding of a blank, until the card is issued or spoiled; here or elsewhere. */
cc_status correction_card_under_way(struct forms *f, const char *number, bool *ret, struct cc_error *err)
{
	return exists(f->books, number,
		      "SELECT 1 FROM issue_job WHERE number_mac = $1 AND live = 1 UNION ALL SELECT 1 FROM issue_application"
		      " WHERE number_mac = $1 AND state = 'claimed' UNION ALL SELECT 1 FROM exchange_item"
		      " WHERE number_mac = $1 AND live = 1",
		      ret, err);
}

static cc_status read_waiting(struct forms *f, const uint8_t *mac, const char *field, struct correction *ret, bool *ret_found,
			      struct cc_error *err)
{
	const struct books_value values[] = { books_blob(bytes_of(mac, BOOKS_MAC_LEN)), books_text(field) };
	struct stmt *q = NULL;
	cc_status st = books_query(
		f->books, "SELECT " COLUMNS " FROM registry_correction WHERE number_mac = $1 AND field = $2 AND live = 1", values,
		2, &q, ret_found, err);

	if (!cc_failed(st) && *ret_found)
		st = read_row(f, q, ret, err);
	stmt_finish(&q);
	return st;
}

/* ---- proposing */

/* The person with the new value; c gets both values as the registry would hold them. */
static cc_status change(const struct person *before, struct correction *c, const char *value, struct person *ret,
			struct cc_error *err)
{
	struct row_fault fault = { 0 };
	cc_status st = person_field_get(before, c->field, c->old_value);

	if (!cc_failed(st))
		st = person_field_set(before, c->field, value, ret, &fault);
	/* A birth date is known by a document: the form's evidence becomes its basis. */
	if (!cc_failed(st) && strcmp(c->field, "birth_date") == 0)
		st = person_field_set(ret, "birth_basis", c->evidence, ret, &fault);
	if (!cc_failed(st))
		st = person_field_get(ret, c->field, c->new_value);
	if (st.code == CC_E_FORMAT && strcmp(fault.field, "birth_basis") == 0)
		return cc_fail(err, CC_E_ARG, "correction.basis", "at most %d bytes", PERSON_TERM_SIZE - 1);
	if (st.code == CC_E_FORMAT)
		return cc_fail(err, CC_E_ARG, fault.key, "%s", fault.field);
	return cc_failed(st) ? cc_fail(err, st.code, "memory", "person") : st;
}

static cc_status read_request(const struct correction_request *q, struct correction *c, struct cc_error *err)
{
	const char *field = person_field_of_heading(bytes_str(q->field)); /* its name, or what the forms call it */
	cc_status st = forms_officer(q->officer, c->proposed_by, err);

	if (!cc_failed(st))
		st = forms_text(q->evidence, "--evidence", c->evidence, err);
	if (cc_failed(st))
		return st;
	if (!number_is_well_formed(bytes_str(q->number)))
		return cc_fail(err, CC_E_ARG, "registry.number-malformed", "a number has 12 digits");
	if (field == NULL || !person_field_may_change(field) || strlen(field) >= sizeof c->field)
		return cc_fail(err, CC_E_ARG, "correction.field", "no such field, or none that a form may change");
	memcpy(c->number, q->number, PERSON_NUMBER_SIZE);
	memcpy(c->field, field, strlen(field) + 1);
	(void)strncpy(c->source, q->source, sizeof c->source - 1);
	return st;
}

static cc_status insert(struct forms *f, const uint8_t *mac, struct correction *c, struct cc_error *err)
{
	struct buf sealed = { 0 };
	cc_status st = forms_next_id(f, &c->id, err);

	c->proposed_ms = sys_wall_ms(f->books->sys);
	if (!cc_failed(st))
		st = forms_seal(f, TABLE, c->id,
				json_pack("{s:s, s:s, s:s, s:s}", "number", c->number, "old", c->old_value, "new", c->new_value,
					  "evidence", c->evidence),
				&sealed, err);
	if (!cc_failed(st)) {
		const struct books_value values[] = { books_int(c->id),		books_blob(bytes_of(mac, BOOKS_MAC_LEN)),
						      books_text(c->field),	books_blob(buf_view(&sealed)),
						      books_text(c->source),	books_text(c->proposed_by),
						      books_int(c->proposed_ms) };

		st = books_run(f->books,
			       "INSERT INTO registry_correction (id, number_mac, field, form, source, state, live, proposed_by,"
			       " proposed_ms, decided_by, decided_ms, reason)"
			       " VALUES ($1, $2, $3, $4, $5, 'proposed', 1, $6, $7, NULL, NULL, NULL)",
			       values, 7, err);
	}
	buf_done(&sealed);
	return st;
}

cc_status correction_propose_inside(struct forms *f, const struct correction_request *q, struct correction *ret, bool *ret_new,
				    struct cc_error *err)
{
	struct correction c = { 0 }, there = { 0 };
	struct person before = { 0 }, after = { 0 };
	uint8_t mac[BOOKS_MAC_LEN];
	bool found = false;
	cc_status st = read_request(q, &c, err);

	if (!cc_failed(st))
		st = registry_find(f->registry, c.number, &before, NULL, err);
	if (!cc_failed(st))
		st = change(&before, &c, q->value, &after, err);
	if (!cc_failed(st) && strcmp(c.old_value, c.new_value) == 0)
		st = cc_fail(err, CC_E_ARG, "correction.no-change", "%s", c.field);
	if (!cc_failed(st))
		st = forms_mac(f, c.number, mac, err);
	if (!cc_failed(st))
		st = read_waiting(f, mac, c.field, &there, &found, err);
	if (!cc_failed(st) && found && strcmp(there.new_value, c.new_value) != 0)
		st = cc_fail(err, CC_E_EXISTS, "correction.pending", "form %lld: %s", (long long)there.id, c.field);
	if (!cc_failed(st) && !found)
		st = insert(f, mac, &c, err);
	if (!cc_failed(st)) {
		*ret = found ? there : c;
		*ret_new = !found;
	}
	person_done(&before);
	person_done(&after);
	correction_done(&there);
	correction_done(&c);
	return st;
}

cc_status correction_propose(struct forms *f, const struct correction_request *q, struct correction *ret, bool *ret_new,
			     bool *ret_card_under_way, struct cc_error *err)
{
	bool making = false;
	cc_status st = forms_begin(f, err);

	if (cc_failed(st))
		return st;
	st = correction_propose_inside(f, q, ret, ret_new, err);
	if (!cc_failed(st))
		st = correction_card_under_way(f, ret->number, &making, err);
	*ret_card_under_way = !cc_failed(st) && making && person_field_is_printed(ret->field);
	return forms_end(f, st, err);
}

/* ---- deciding */

static cc_status decide(struct forms *f, struct correction *c, enum correction_state to, const char *officer, struct bytes reason,
			struct cc_error *err)
{
	bool changed = false;
	int64_t now_ms = 0;
	cc_status st = forms_decide(f,
				    "UPDATE registry_correction SET state = $2, live = 0, decided_by = $3, decided_ms = $4,"
				    " reason = $5 WHERE id = $1 AND state = 'proposed' RETURNING id",
				    c->id, states[to], officer, reason, &now_ms, &changed, err);

	if (cc_failed(st))
		return st;
	if (!changed)
		return cc_fail(err, CC_E_STATE, "correction.decided", "form %lld", (long long)c->id);
	c->state = to;
	c->decided_ms = now_ms;
	memcpy(c->decided_by, officer, strlen(officer) + 1);
	return st;
}

static cc_status may_approve(struct forms *f, const struct correction *c, const char *officer, struct cc_error *err)
{
	bool making = false;
	cc_status st = cc_ok();

	if (c->state != CORRECTION_PROPOSED)
		return cc_fail(err, CC_E_STATE, "correction.decided", "form %lld: %s", (long long)c->id, states[c->state]);
	if (forms_same_officer(c->proposed_by, officer))
		return cc_fail(err, CC_E_DENIED, "correction.same-officer", "form %lld", (long long)c->id);
	if (person_field_is_printed(c->field))
		st = correction_card_under_way(f, c->number, &making, err);
	if (!cc_failed(st) && making)
		st = cc_fail(err, CC_E_HELD, "correction.card-under-way", "form %lld: %s", (long long)c->id, c->field);
	return st;
}

/* The record, rewritten; the old value must still be there. */
static cc_status rewrite(struct forms *f, const struct correction *c, struct cc_error *err)
{
	struct person before = { 0 }, after = { 0 };
	struct correction now = *c;
	cc_status st = registry_find(f->registry, c->number, &before, NULL, err);

	if (!cc_failed(st))
		st = change(&before, &now, c->new_value, &after, err);
	if (!cc_failed(st) && strcmp(now.old_value, c->old_value) != 0)
		st = cc_fail(err, CC_E_STATE, "correction.stale", "form %lld: %s", (long long)c->id, c->field);
	if (!cc_failed(st))
		st = registry_replace(f->registry, &before, &after, err);
	if (!cc_failed(st))
		st = civil_task_settle_inside(f, &after, c->id, err);
	person_done(&before);
	person_done(&after);
	correction_done(&now);
	return st;
}

static cc_status approve_inside(struct forms *f, int64_t id, const char *officer, struct correction *c, struct cc_error *err)
{
	/* Nobody else rewrites people from here on: what is read now is what is judged and replaced. */
	cc_status st = registry_hold_keys(f->registry, err);

	if (!cc_failed(st))
		st = find(f, id, c, err);
	if (!cc_failed(st))
		st = may_approve(f, c, officer, err);
	if (!cc_failed(st))
		st = decide(f, c, CORRECTION_APPROVED, officer, bytes_of(NULL, 0), err);
	if (!cc_failed(st))
		st = rewrite(f, c, err);
	return cc_failed(st) ? st : outbox_put_correction(f->books, c, err);
}

cc_status correction_approve(struct forms *f, int64_t id, const char *officer, struct correction *ret, struct cc_error *err)
{
	char name[FORMS_OFFICER_SIZE];
	struct correction c = { 0 };
	cc_status st = forms_officer(officer, name, err);

	if (!cc_failed(st))
		st = forms_begin(f, err);
	if (cc_failed(st))
		return st;
	st = forms_end(f, approve_inside(f, id, name, &c, err), err);
	if (!cc_failed(st))
		*ret = c;
	correction_done(&c);
	return st;
}

static cc_status refuse_inside(struct forms *f, int64_t id, const char *officer, const char *reason, struct correction *c,
			       struct cc_error *err)
{
	struct buf sealed = { 0 };
	cc_status st = find(f, id, c, err);

	if (!cc_failed(st) && c->state != CORRECTION_PROPOSED)
		st = cc_fail(err, CC_E_STATE, "correction.decided", "form %lld: %s", (long long)id, states[c->state]);
	if (!cc_failed(st))
		st = forms_seal(f, TABLE "/reason", id, json_pack("{s:s}", "reason", reason), &sealed, err);
	if (!cc_failed(st))
		st = decide(f, c, CORRECTION_REFUSED, officer, buf_view(&sealed), err);
	buf_done(&sealed);
	return st;
}

cc_status correction_refuse(struct forms *f, int64_t id, const char *officer, const char *reason, struct correction *ret,
			    struct cc_error *err)
{
	char name[FORMS_OFFICER_SIZE], text[FORMS_TEXT_SIZE];
	struct correction c = { 0 };
	cc_status st = forms_officer(officer, name, err);

	if (!cc_failed(st))
		st = forms_text(reason, "--reason", text, err);
	if (!cc_failed(st))
		st = forms_begin(f, err);
	if (cc_failed(st))
		return st;
	st = forms_end(f, refuse_inside(f, id, name, text, &c, err), err);
	if (!cc_failed(st)) {
		memcpy(c.reason, text, sizeof c.reason);
		*ret = c;
	}
	correction_done(&c);
	return st;
}
