/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/revocation.h"

#include "crypto/base/secret.h"
#include "station/registry/check.h"
#include "station/registry/forms_decision.h"
#include "station/registry/number.h"
#include "station/registry/outbox_events.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define TABLE "issue_revocation"
#define COLUMNS "id, serial, reason, form, state, asked_by, asked_ms, decided_by, decided_ms, why"

const struct revocation_reason revocation_reasons[] = {
	{ "lost", "mất thẻ", "lost", false, "reissue", "lost" },
	{ "stolen", "bị trộm, bị cướp", "stolen", false, "reissue", "lost" },
	{ "died", "người có thẻ đã chết", "the holder has died", false, NULL, NULL },
	{ "nationality-lost", "thôi, bị tước quốc tịch Việt Nam hoặc bị hủy quyết định cho nhập quốc tịch",
	  "Vietnamese nationality given up or taken away", false, "reissue", "nationality-regained" },
	{ "issued-wrong", "thẻ cấp sai quy định", "issued against the rules", true, "exchange", "card-error" },
	{ "altered", "thẻ bị tẩy xóa, sửa chữa", "erased or altered", true, "reissue", "damaged" },
	{ "withdrawn", "thu hồi theo quyết định", "withdrawn by decision", true, "exchange", "on-request" },
	{ 0 },
};

static const char *const states[REVOCATION_STATES] = {
	[REVOCATION_PROPOSED] = "proposed",
	[REVOCATION_REVOKED] = "revoked",
	[REVOCATION_REFUSED] = "refused",
	[REVOCATION_LAPSED] = "lapsed",
};

const char *revocation_state_name(enum revocation_state s)
{
	CC_ASSERT(s < REVOCATION_STATES);
	return states[s];
}

const struct revocation_reason *revocation_reason_find(const char *code)
{
	for (const struct revocation_reason *r = revocation_reasons; r->code != NULL; r++) {
		if (code != NULL && strcmp(r->code, code) == 0)
			return r;
	}
	return NULL;
}

void revocation_done(struct revocation *r)
{
	cc_wipe(r, sizeof *r);
}

/* ---- reading */

static cc_status open_form(struct forms *f, struct stmt *q, struct revocation *r, struct cc_error *err)
{
	json_t *form = NULL;
	cc_status st = forms_open(f, TABLE, r->id, stmt_column_bytes(q, 3), &form, err);

	if (cc_failed(st))
		return st;
	forms_copy(form, "number", r->number, sizeof r->number);
	forms_copy(form, "evidence", r->evidence, sizeof r->evidence);
	json_decref(form);
	return forms_open_text(f, TABLE "/why", r->id, q, 9, "why", r->why, sizeof r->why, err);
}

static cc_status read_row(struct forms *f, struct stmt *q, struct revocation *ret, struct cc_error *err)
{
	size_t state = 0;
	cc_status st;

	*ret = (struct revocation){ .id = stmt_column_int(q, 0), .asked_ms = stmt_column_int(q, 6) };
	st = forms_state(TABLE, ret->id, stmt_column_bytes(q, 4), states, REVOCATION_STATES, &state, err);
	if (cc_failed(st))
		return st;
	ret->state = (enum revocation_state)state;
	forms_copy_column(q, 1, ret->serial, sizeof ret->serial);
	forms_copy_column(q, 2, ret->reason, sizeof ret->reason);
	forms_copy_column(q, 5, ret->asked_by, sizeof ret->asked_by);
	forms_copy_column(q, 7, ret->decided_by, sizeof ret->decided_by);
	if (!stmt_column_is_null(q, 8))
		ret->decided_ms = stmt_column_int(q, 8);
	return open_form(f, q, ret, err);
}

/* The one row that sql gives; *ret_found false: none. */
static cc_status read_one(struct forms *f, const char *sql, struct books_value key, struct revocation *ret, bool *ret_found,
			  struct cc_error *err)
{
	struct stmt *q = NULL;
	cc_status st = books_query(f->books, sql, &key, 1, &q, ret_found, err);

	if (!cc_failed(st) && *ret_found)
		st = read_row(f, q, ret, err);
	stmt_finish(&q);
	return st;
}

static cc_status find(struct forms *f, int64_t id, struct revocation *ret, struct cc_error *err)
{
	bool found = false;
	cc_status st = read_one(f, "SELECT " COLUMNS " FROM issue_revocation WHERE id = $1", books_int(id), ret, &found, err);

	return !cc_failed(st) && !found ? cc_fail(err, CC_E_NOT_FOUND, "revocation.not-found", "%lld", (long long)id) : st;
}

struct listing {
	bool pending_only;
	revocation_visit visit;
	void *ctx;
};

static cc_status list_row(void *ctx, struct forms *f, struct stmt *q, bool *go, struct cc_error *err)
{
	const struct listing *l = ctx;
	struct revocation r = { 0 };
	cc_status st = read_row(f, q, &r, err);

	if (!cc_failed(st) && (!l->pending_only || r.state == REVOCATION_PROPOSED))
		*go = l->visit(l->ctx, &r);
	revocation_done(&r);
	return st;
}

cc_status revocation_list(struct forms *f, const char *number, bool pending_only, revocation_visit visit, void *ctx,
			  struct cc_error *err)
{
	struct listing listing = { pending_only, visit, ctx };
	const struct forms_list list = {
		.all = "SELECT " COLUMNS " FROM issue_revocation ORDER BY id",
		.pending = "SELECT " COLUMNS " FROM issue_revocation WHERE live = 1 ORDER BY id",
		.of_number = "SELECT " COLUMNS " FROM issue_revocation WHERE number_mac = $1 ORDER BY id",
		.row = list_row,
		.ctx = &listing,
	};

	return forms_walk(f, &list, number, pending_only, err);
}

/* ---- which card */

/* A card made here, or by a station that had the applicant from here and told of it. */
#define ELSEWHERE                                                                                                                \
	"FROM exchange_item i JOIN exchange_package p ON p.id = i.package_id WHERE i.number_mac = $1 AND p.direction = 'out'"    \
	" AND i.serial IS NOT NULL"

static cc_status find_card(struct forms *f, const uint8_t *mac, char ret_serial[LEDGER_SERIAL_SIZE], struct cc_error *err)
{
	const struct books_value key = books_blob(bytes_of(mac, BOOKS_MAC_LEN));
	struct stmt *q = NULL;
	bool row = false;
	cc_status st = books_query(f->books,
				   "SELECT serial FROM issue_card WHERE number_mac = $1 AND active = 1 UNION ALL"
				   " SELECT i.serial " ELSEWHERE " AND i.state = 'issued'",
				   &key, 1, &q, &row, err);

	ret_serial[0] = '\0';
	if (!cc_failed(st) && row)
		forms_copy_column(q, 0, ret_serial, LEDGER_SERIAL_SIZE);
	stmt_finish(&q);
	return st;
}

/* Who had another card before may mean that one: the lost card is often the one that was replaced yesterday. */
static cc_status had_several(struct forms *f, const uint8_t *mac, bool *ret, struct cc_error *err)
{
	const struct books_value key = books_blob(bytes_of(mac, BOOKS_MAC_LEN));
	struct stmt *q = NULL;
	bool row = false;
	cc_status st = books_query(f->books,
				   "SELECT COUNT(*) FROM (SELECT serial FROM issue_card WHERE number_mac = $1 UNION"
				   " SELECT i.serial " ELSEWHERE " AND i.state IN ('issued', 'replaced', 'revoked')) cards",
				   &key, 1, &q, &row, err);

	if (!cc_failed(st))
		*ret = row && stmt_column_int(q, 0) > 1;
	stmt_finish(&q);
	return st;
}

/* The holder came in another station's package: that one keeps the books of the card, and ends it. */
static cc_status belongs_elsewhere(struct forms *f, const uint8_t *mac, const char *serial, struct cc_error *err)
{
	const struct books_value values[] = { books_blob(bytes_of(mac, BOOKS_MAC_LEN)), books_text(serial) };
	char peer[64] = "";
	struct stmt *q = NULL;
	bool row = false;
	cc_status st = books_query(f->books,
				   "SELECT p.peer FROM exchange_item i JOIN exchange_package p ON p.id = i.package_id WHERE"
				   " i.number_mac = $1 AND p.direction = 'in' AND (i.live = 1 OR (i.state = 'issued' AND"
				   " i.serial = $2))",
				   values, 2, &q, &row, err);

	if (!cc_failed(st) && row)
		forms_copy_column(q, 0, peer, sizeof peer);
	stmt_finish(&q);
	return !cc_failed(st) && row ? cc_fail(err, CC_E_HELD, "revocation.other-station", "%s", peer) : st;
}

/* The holder is at another station now, which may have made the next card: its results say which one is active. */
static cc_status check_at_home(struct forms *f, const uint8_t *mac, struct cc_error *err)
{
	const struct books_value key = books_blob(bytes_of(mac, BOOKS_MAC_LEN));
	char peer[64] = "";
	struct stmt *q = NULL;
	bool row = false;
	cc_status st = books_query(f->books,
				   "SELECT p.peer FROM exchange_item i JOIN exchange_package p ON p.id = i.package_id WHERE"
				   " i.number_mac = $1 AND p.direction = 'out' AND i.live = 1",
				   &key, 1, &q, &row, err);

	if (!cc_failed(st) && row)
		forms_copy_column(q, 0, peer, sizeof peer);
	stmt_finish(&q);
	return !cc_failed(st) && row ? cc_fail(err, CC_E_HELD, "revocation.handed-out", "%s", peer) : st;
}

/* Read from a list or a card: letters of either case. */
static bool same_chip(const char *asked, const char *serial)
{
	return strcasecmp(asked, serial) == 0;
}

/* Nothing is active: was it ended before, and for this reason? */
static cc_status judge_ended(struct forms *f, const uint8_t *mac, const struct revocation *asked, struct revocation *ret,
			     struct cc_error *err)
{
	struct revocation last = { 0 };
	bool found = false;
	cc_status st = read_one(f,
				"SELECT " COLUMNS " FROM issue_revocation WHERE number_mac = $1 AND state = 'revoked'"
				" ORDER BY id DESC LIMIT 1",
				books_blob(bytes_of(mac, BOOKS_MAC_LEN)), &last, &found, err);

	if (!cc_failed(st) && (!found || !same_chip(asked->serial, last.serial)))
		st = check_at_home(f, mac, err);
	if (!cc_failed(st) && !found)
		st = cc_fail(err, CC_E_NOT_FOUND, "revocation.no-card", "none is active");
	else if (!cc_failed(st) && asked->serial[0] != '\0' && !same_chip(asked->serial, last.serial))
		st = cc_fail(err, CC_E_STATE, "revocation.other-card", "the last card was chip %s", last.serial);
	else if (!cc_failed(st) && strcmp(last.reason, asked->reason) != 0)
		st = cc_fail(err, CC_E_STATE, "revocation.already", "chip %s: %s", last.serial, last.reason);
	else if (!cc_failed(st))
		*ret = last;
	revocation_done(&last);
	return st;
}

/* asked->serial: the chip that the officer named, or "". */
static cc_status choose_card(struct forms *f, const uint8_t *mac, const struct revocation *asked,
			     char ret_serial[LEDGER_SERIAL_SIZE], struct cc_error *err)
{
	bool several = false;
	cc_status st = find_card(f, mac, ret_serial, err);

	if (cc_failed(st) || ret_serial[0] == '\0')
		return st;
	if (asked->serial[0] == '\0') {
		st = check_at_home(f, mac, err);
		if (!cc_failed(st))
			st = had_several(f, mac, &several, err);
	} else if (!same_chip(asked->serial, ret_serial))
		st = cc_fail(err, CC_E_STATE, "revocation.other-card", "the active card is chip %s", ret_serial);
	if (!cc_failed(st) && several)
		st = cc_fail(err, CC_E_ARG, "revocation.which-card", "the active card is chip %s", ret_serial);
	return cc_failed(st) ? st : belongs_elsewhere(f, mac, ret_serial, err);
}

/* ---- ending it */

/*
 * Of two who end or replace a card at once, the second finds no row to change. Only this person's: what another station tells
 * of its chips ends nobody else's card.
 */
static cc_status end_card(struct forms *f, const uint8_t *mac, const char *serial, bool *ret_ended, struct cc_error *err)
{
	const struct books_value values[] = { books_text(serial), books_blob(bytes_of(mac, BOOKS_MAC_LEN)) };
	cc_status st = forms_change(f,
				    "UPDATE issue_card SET active = 0 WHERE serial = $1 AND number_mac = $2 AND active = 1"
				    " RETURNING serial",
				    values, 2, ret_ended, err);

	if (cc_failed(st) || *ret_ended)
		return st;
	return forms_change(
		f,
		"UPDATE exchange_item SET state = 'revoked' WHERE serial = $1 AND number_mac = $2 AND state = 'issued'"
		" AND package_id IN (SELECT id FROM exchange_package WHERE direction = 'out') RETURNING serial",
		values, 2, ret_ended, err);
}

/* What waited for its second officer is answered by the card's end. */
static cc_status lapse(struct forms *f, const uint8_t *mac, struct cc_error *err)
{
	const struct books_value values[] = { books_blob(bytes_of(mac, BOOKS_MAC_LEN)), books_int(sys_wall_ms(f->books->sys)) };

	return books_run(
		f->books,
		"UPDATE issue_revocation SET state = 'lapsed', live = 0, decided_ms = $2 WHERE number_mac = $1 AND live = 1",
		values, 2, err);
}

static cc_status insert(struct forms *f, const uint8_t *mac, struct revocation *r, struct cc_error *err)
{
	struct buf sealed = { 0 };
	cc_status st = forms_next_id(f, &r->id, err);

	r->asked_ms = sys_wall_ms(f->books->sys);
	r->decided_ms = r->state == REVOCATION_REVOKED ? r->asked_ms : 0;
	if (!cc_failed(st))
		st = forms_seal(f, TABLE, r->id, json_pack("{s:s, s:s}", "number", r->number, "evidence", r->evidence), &sealed,
				err);
	if (!cc_failed(st)) {
		const struct books_value values[] = {
			books_int(r->id),
			books_blob(bytes_of(mac, BOOKS_MAC_LEN)),
			books_text(r->serial),
			books_text(r->reason),
			books_blob(buf_view(&sealed)),
			books_text(states[r->state]),
			books_int(r->state == REVOCATION_PROPOSED ? 1 : 0),
			books_text(r->asked_by),
			books_int(r->asked_ms),
			r->state == REVOCATION_REVOKED ? books_int(r->decided_ms) : books_text(NULL),
		};

		st = books_run(
			f->books,
			"INSERT INTO issue_revocation (id, number_mac, serial, reason, form, state, live, asked_by, asked_ms,"
			" decided_by, decided_ms, why) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, NULL, $10, NULL)",
			values, 10, err);
	}
	buf_done(&sealed);
	return st;
}

/* ---- asking */

static cc_status read_request(const struct revocation_request *q, struct revocation *r, bool *ret_second, struct cc_error *err)
{
	const struct revocation_reason *reason = revocation_reason_find(q->reason);
	cc_status st = forms_officer(q->officer, r->asked_by, err);

	if (cc_failed(st))
		return st;
	if (!number_is_well_formed(bytes_str(q->number)))
		return cc_fail(err, CC_E_ARG, "registry.number-malformed", "a number has 12 digits");
	if (reason == NULL)
		return cc_fail(err, CC_E_ARG, "revocation.reason", "--reason");
	if (q->evidence != NULL)
		st = forms_text(q->evidence, "--evidence", r->evidence, err);
	else if (reason->second_officer)
		st = cc_fail(err, CC_E_ARG, "revocation.evidence", "--evidence");
	if (!cc_failed(st) && q->chip != NULL && strlen(q->chip) >= sizeof r->serial)
		st = cc_fail(err, CC_E_ARG, "revocation.other-card", "--serial");
	if (cc_failed(st))
		return st;
	memcpy(r->number, q->number, PERSON_NUMBER_SIZE);
	(void)snprintf(r->reason, sizeof r->reason, "%s", reason->code);
	(void)snprintf(r->serial, sizeof r->serial, "%s", q->chip != NULL ? q->chip : "");
	*ret_second = reason->second_officer;
	return st;
}

/* The register has one word on who lives and who is a citizen; a card is not ended against it, nor by a mistyped number. */
static cc_status judge_person(struct forms *f, const struct revocation *r, struct cc_error *err)
{
	struct person p = { 0 };
	cc_status st = registry_find(f->registry, r->number, &p, NULL, err);

	if (!cc_failed(st) && strcmp(r->reason, "died") == 0 && p.life != LIFE_DEAD)
		st = cc_fail(err, CC_E_HELD, "revocation.not-dead", "life_status");
	if (!cc_failed(st) && strcmp(r->reason, "nationality-lost") == 0 && registry_is_citizen(&p))
		st = cc_fail(err, CC_E_HELD, "revocation.citizen", "nationality");
	person_done(&p);
	return st;
}

static cc_status end_at_once(struct forms *f, const uint8_t *mac, struct revocation *r, struct cc_error *err)
{
	bool ended = false;
	cc_status st = end_card(f, mac, r->serial, &ended, err);

	if (!cc_failed(st) && !ended)
		st = cc_fail(err, CC_E_STATE, "revocation.overtaken", "chip %s", r->serial);
	r->state = REVOCATION_REVOKED;
	if (!cc_failed(st))
		st = lapse(f, mac, err);
	if (!cc_failed(st))
		st = insert(f, mac, r, err);
	return cc_failed(st) ? st : outbox_put_revoked(f->books, r->serial, r->reason, err);
}

static cc_status propose(struct forms *f, const uint8_t *mac, struct revocation *r, bool *ret_new, struct cc_error *err)
{
	struct revocation there = { 0 };
	bool found = false;
	cc_status st = read_one(f, "SELECT " COLUMNS " FROM issue_revocation WHERE number_mac = $1 AND live = 1",
				books_blob(bytes_of(mac, BOOKS_MAC_LEN)), &there, &found, err);

	r->state = REVOCATION_PROPOSED;
	if (!cc_failed(st) && found && strcmp(there.serial, r->serial) != 0) {
		st = lapse(f, mac, err); /* it was about a card that is replaced by now */
		found = false;
	}
	if (!cc_failed(st) && found && strcmp(there.reason, r->reason) != 0)
		st = cc_fail(err, CC_E_EXISTS, "revocation.pending", "form %lld: %s", (long long)there.id, there.reason);
	if (!cc_failed(st) && !found)
		st = insert(f, mac, r, err);
	else if (!cc_failed(st))
		*r = there;
	*ret_new = !found;
	revocation_done(&there);
	return st;
}

static cc_status ask_inside(struct forms *f, const struct revocation *asked, bool second, struct revocation *ret, bool *ret_new,
			    struct cc_error *err)
{
	char serial[LEDGER_SERIAL_SIZE] = "";
	uint8_t mac[BOOKS_MAC_LEN];
	cc_status st = judge_person(f, asked, err);

	*ret = *asked;
	*ret_new = true;
	if (!cc_failed(st))
		st = forms_mac(f, asked->number, mac, err);
	if (!cc_failed(st))
		st = choose_card(f, mac, asked, serial, err);
	if (cc_failed(st))
		return st;
	if (serial[0] == '\0') {
		*ret_new = false;
		return judge_ended(f, mac, asked, ret, err);
	}
	memcpy(ret->serial, serial, sizeof ret->serial);
	return second ? propose(f, mac, ret, ret_new, err) : end_at_once(f, mac, ret, err);
}

static cc_status ask_once(struct forms *f, const struct revocation *asked, bool second, struct revocation *ret, bool *ret_new,
			  struct cc_error *err)
{
	cc_status st = forms_begin(f, err);

	return cc_failed(st) ? st : forms_end(f, ask_inside(f, asked, second, ret, ret_new, err), err);
}

cc_status revocation_ask(struct forms *f, const struct revocation_request *q, struct revocation *ret, bool *ret_new,
			 struct cc_error *err)
{
	struct revocation asked = { 0 }, r = { 0 };
	bool second = false, is_new = false;
	struct cc_error own;
	cc_status st = read_request(q, &asked, &second, err);

	if (cc_failed(st))
		return st;
	cc_error_init(&own);
	st = ask_once(f, &asked, second, &r, &is_new, &own);
	/* Another officer was faster: what they did is seen, and told, now. */
	if (st.code == CC_E_EXISTS || (st.code == CC_E_STATE && strcmp(own.key, "revocation.overtaken") == 0)) {
		cc_error_init(&own);
		st = ask_once(f, &asked, second, &r, &is_new, &own);
	}
	if (cc_failed(st)) {
		st = cc_fail(err, own.code, own.key, "%s", own.detail);
	} else {
		*ret = r;
		*ret_new = is_new;
	}
	revocation_done(&asked);
	revocation_done(&r);
	return st;
}

/* ---- deciding */

static cc_status decide(struct forms *f, struct revocation *r, enum revocation_state to, const char *officer, struct bytes why,
			struct cc_error *err)
{
	bool changed = false;
	int64_t now_ms = 0;
	cc_status st = forms_decide(f,
				    "UPDATE issue_revocation SET state = $2, live = 0, decided_by = $3, decided_ms = $4, why = $5"
				    " WHERE id = $1 AND state = 'proposed' RETURNING id",
				    r->id, states[to], officer, why, &now_ms, &changed, err);

	if (cc_failed(st))
		return st;
	if (!changed)
		return cc_fail(err, CC_E_STATE, "revocation.decided", "form %lld", (long long)r->id);
	r->state = to;
	r->decided_ms = now_ms;
	memcpy(r->decided_by, officer, strlen(officer) + 1);
	return st;
}

static cc_status find_open(struct forms *f, int64_t id, struct revocation *r, struct cc_error *err)
{
	cc_status st = find(f, id, r, err);

	if (!cc_failed(st) && r->state != REVOCATION_PROPOSED)
		st = cc_fail(err, CC_E_STATE, "revocation.decided", "form %lld: %s", (long long)id, states[r->state]);
	return st;
}

static cc_status approve_inside(struct forms *f, int64_t id, const char *officer, struct revocation *r, struct cc_error *err)
{
	uint8_t mac[BOOKS_MAC_LEN];
	bool ended = false;
	cc_status st = find_open(f, id, r, err);

	if (!cc_failed(st) && forms_same_officer(r->asked_by, officer))
		st = cc_fail(err, CC_E_DENIED, "revocation.same-officer", "form %lld", (long long)id);
	/* The card before the form, as in all that ends a card: two stations never wait for each other. */
	if (!cc_failed(st))
		st = forms_mac(f, r->number, mac, err);
	if (!cc_failed(st))
		st = end_card(f, mac, r->serial, &ended, err);
	if (!cc_failed(st) && !ended)
		st = cc_fail(err, CC_E_STATE, "revocation.overtaken", "form %lld: chip %s", (long long)id, r->serial);
	if (!cc_failed(st))
		st = decide(f, r, REVOCATION_REVOKED, officer, bytes_of(NULL, 0), err);
	return cc_failed(st) ? st : outbox_put_revoked(f->books, r->serial, r->reason, err);
}

cc_status revocation_approve(struct forms *f, int64_t id, const char *officer, struct revocation *ret, struct cc_error *err)
{
	char name[FORMS_OFFICER_SIZE];
	struct revocation r = { 0 };
	cc_status st = forms_officer(officer, name, err);

	if (!cc_failed(st))
		st = forms_begin(f, err);
	if (cc_failed(st))
		return st;
	st = forms_end(f, approve_inside(f, id, name, &r, err), err);
	if (!cc_failed(st))
		*ret = r;
	revocation_done(&r);
	return st;
}

static cc_status refuse_inside(struct forms *f, int64_t id, const char *officer, const char *why, struct revocation *r,
			       struct cc_error *err)
{
	struct buf sealed = { 0 };
	cc_status st = find_open(f, id, r, err);

	if (!cc_failed(st))
		st = forms_seal(f, TABLE "/why", id, json_pack("{s:s}", "why", why), &sealed, err);
	if (!cc_failed(st))
		st = decide(f, r, REVOCATION_REFUSED, officer, buf_view(&sealed), err);
	buf_done(&sealed);
	return st;
}

cc_status revocation_refuse(struct forms *f, int64_t id, const char *officer, const char *why, struct revocation *ret,
			    struct cc_error *err)
{
	char name[FORMS_OFFICER_SIZE], text[FORMS_TEXT_SIZE];
	struct revocation r = { 0 };
	cc_status st = forms_officer(officer, name, err);

	if (!cc_failed(st))
		st = forms_text(why, "--reason", text, err);
	if (!cc_failed(st))
		st = forms_begin(f, err);
	if (cc_failed(st))
		return st;
	st = forms_end(f, refuse_inside(f, id, name, text, &r, err), err);
	if (!cc_failed(st)) {
		memcpy(r.why, text, sizeof r.why);
		*ret = r;
	}
	revocation_done(&r);
	return st;
}
