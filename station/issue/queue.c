/* SPDX-License-Identifier: Apache-2.0 */
#include "station/issue/queue.h"

#include "crypto/base/secret.h"

#include <stdio.h>
#include <string.h>

static const char *const names[QUEUE_STATE_COUNT] = {
	[QUEUE_WAITING] = "waiting", [QUEUE_CLAIMED] = "claimed", [QUEUE_HELD] = "held",
	[QUEUE_ISSUED] = "issued",   [QUEUE_REFUSED] = "refused",
};

const char *queue_state_name(enum queue_state s)
{
	CC_ASSERT(s < QUEUE_STATE_COUNT);
	return names[s];
}

static bool is_live(enum queue_state s)
{
	return s == QUEUE_WAITING || s == QUEUE_CLAIMED || s == QUEUE_HELD;
}

void queue_form_place(const char *id, char out[QUEUE_PLACE_SIZE])
{
	(void)snprintf(out, QUEUE_PLACE_SIZE, "issue_application/form/%s", id);
}

/* ---- adding */

static cc_status insert(struct books *b, const struct queue_application *a, const char *id, const uint8_t *mac,
			struct bytes sealed, struct cc_error *err)
{
	int64_t now = sys_wall_ms(b->sys);
	const struct books_value values[] = {
		books_text(id),	     books_blob(bytes_of(mac, BOOKS_MAC_LEN)),
		books_text(a->kind), books_blob(sealed),
		books_int(a->place), books_int(now),
	};
	struct cc_error own;
	cc_status st;

	cc_error_init(&own);
	st = books_run(
		b,
		"INSERT INTO issue_application (id, number_mac, kind, form, state, live, place, station, lease_until_ms, fence,"
		" reason, received_ms, changed_ms) VALUES ($1, $2, $3, $4, 'waiting', 1, $5, NULL, 0, 0, NULL, $6, $6)",
		values, 6, &own);
	if (st.code == CC_E_EXISTS)
		return cc_fail(err, CC_E_EXISTS, "queue.live", "the person has a live application");
	return cc_failed(st) ? cc_fail(err, st.code, own.key, "%s", own.detail) : st;
}

cc_status queue_add_inside(struct books *b, const struct queue_application *a, char ret_id[QUEUE_ID_SIZE], struct cc_error *err)
{
	uint8_t raw[(QUEUE_ID_SIZE - 1) / 2], mac[BOOKS_MAC_LEN];
	char id[QUEUE_ID_SIZE], place[QUEUE_PLACE_SIZE];
	struct buf sealed = { 0 };
	cc_status st;

	if (a->form.n > QUEUE_FORM_MAX)
		return cc_fail(err, CC_E_LIMIT, "queue.form-too-long", "%zu bytes", a->form.n);
	if (cc_failed(st = sys_random(b->sys, raw, sizeof raw)) || cc_failed(st = books_number_mac(b, a->number, mac)))
		return cc_fail(err, st.code, "crypto.failed", "application");
	bytes_to_hex(bytes_of(raw, sizeof raw), id);
	queue_form_place(id, place);
	if (cc_failed(st = books_seal(b, place, a->form, &sealed)))
		return cc_fail(err, st.code, st.code == CC_E_MEMORY ? "memory" : "crypto.failed", "form");
	st = insert(b, a, id, mac, buf_view(&sealed), err);
	buf_done(&sealed);
	if (!cc_failed(st))
		memcpy(ret_id, id, sizeof id);
	return st;
}

cc_status queue_add(struct books *b, const struct queue_application *a, char ret_id[QUEUE_ID_SIZE], struct cc_error *err)
{
	cc_status st = books_begin(b, err);

	return cc_failed(st) ? st : books_end(b, queue_add_inside(b, a, ret_id, err), err);
}

/* ---- claiming */

/*
 * One statement; the line is looked up once, however the server plans it. On a
 * shared server rows that another station is just claiming are passed over.
 */
#define TAKE(locking)                                                                                                            \
	"WITH line AS MATERIALIZED (SELECT id AS next_id FROM issue_application WHERE state = 'waiting'"                         \
	" ORDER BY place, id LIMIT $4" locking ")"                                                                               \
	" UPDATE issue_application SET state = 'claimed', station = $1, lease_until_ms = $2, fence = fence + 1, changed_ms = $3" \
	" FROM line WHERE id = next_id RETURNING id, number_mac, fence"
static const char sql_take_alone[] = TAKE("");
static const char sql_take_shared[] = TAKE(" FOR UPDATE SKIP LOCKED");

static cc_status read_claim(struct stmt *q, int64_t lease_until_ms, struct queue_claim *ret, struct cc_error *err)
{
	struct bytes id = stmt_column_bytes(q, 0), mac = stmt_column_bytes(q, 1);

	if (id.n != QUEUE_ID_SIZE - 1 || mac.n != BOOKS_MAC_LEN)
		return cc_fail(err, CC_E_VERIFY, "issue.damaged", "application");
	*ret = (struct queue_claim){ .fence = stmt_column_int(q, 2), .lease_until_ms = lease_until_ms };
	memcpy(ret->id, id.p, id.n);
	memcpy(ret->number_mac, mac.p, mac.n);
	return cc_ok();
}

static cc_status take(struct books *b, const char *station, int64_t lease_ms, size_t max, struct queue_claim *ret, size_t *n,
		      struct cc_error *err)
{
	int64_t now = sys_wall_ms(b->sys);
	const struct books_value values[] = { books_text(station), books_int(now + lease_ms), books_int(now),
					      books_int((int64_t)max) };
	struct stmt *q = NULL;
	bool row = false;
	cc_status st = books_query(b, store_is_shared(b->store) ? sql_take_shared : sql_take_alone, values, 4, &q, &row, err);

	while (!cc_failed(st) && row) {
		CC_ASSERT(*n < max);
		st = read_claim(q, now + lease_ms, &ret[*n], err);
		if (cc_failed(st))
			break;
		++*n;
		st = stmt_step(q, &row);
		if (cc_failed(st))
			st = cc_fail(err, st.code, b->store->err.key, "%s", b->store->err.detail);
	}
	stmt_finish(&q);
	return st;
}

cc_status queue_take(struct books *b, const char *station, int64_t lease_ms, size_t max, struct queue_claim *ret,
		     size_t *ret_count, struct cc_error *err)
{
	size_t n = 0;
	cc_status st = books_begin(b, err);

	CC_ASSERT(max > 0 && lease_ms > 0);
	if (cc_failed(st))
		return st;
	st = books_end(b, take(b, station, lease_ms, max, ret, &n, err), err);
	if (!cc_failed(st))
		*ret_count = n;
	return st;
}

cc_status queue_form(struct books *b, const struct queue_claim *c, struct buf *ret, struct cc_error *err)
{
	const struct books_value values[] = { books_text(c->id) };
	struct stmt *q = NULL;
	char place[QUEUE_PLACE_SIZE];
	bool row = false;
	cc_status st;

	queue_form_place(c->id, place);
	books_lock(b);
	st = books_query(b, "SELECT form FROM issue_application WHERE id = $1", values, 1, &q, &row, err);
	if (!cc_failed(st) && (!row || cc_failed(st = books_unseal(b, place, stmt_column_bytes(q, 0), ret))))
		st = cc_fail(err, st.code == CC_E_MEMORY ? CC_E_MEMORY : CC_E_VERIFY,
			     st.code == CC_E_MEMORY ? "memory" : "issue.damaged", "application %s", c->id);
	stmt_finish(&q);
	books_unlock(b);
	return st;
}

/* An UPDATE of one claimed row: no row means that the claim is not the caller's any more. */
static cc_status update_claimed(struct books *b, const struct queue_claim *c, const char *sql, const struct books_value *values,
				size_t count, struct cc_error *err)
{
	struct stmt *q = NULL;
	bool row = false;
	cc_status st = books_begin(b, err);

	if (cc_failed(st))
		return st;
	st = books_query(b, sql, values, count, &q, &row, err);
	stmt_finish(&q);
	if (!cc_failed(st) && !row)
		st = cc_fail(err, CC_E_BUSY, "queue.lost", "application %s", c->id);
	return books_end(b, st, err);
}

cc_status queue_renew(struct books *b, struct queue_claim *c, int64_t lease_ms, struct cc_error *err)
{
	int64_t now = sys_wall_ms(b->sys);
	const struct books_value values[] = { books_text(c->id), books_int(c->fence), books_int(now + lease_ms), books_int(now) };
	cc_status st = update_claimed(b, c,
				      "UPDATE issue_application SET lease_until_ms = $3, changed_ms = $4"
				      " WHERE id = $1 AND fence = $2 AND state = 'claimed' RETURNING id",
				      values, 4, err);

	if (!cc_failed(st))
		c->lease_until_ms = now + lease_ms;
	return st;
}

cc_status queue_settle(struct books *b, const struct queue_claim *c, enum queue_state to, const char *reason,
		       struct cc_error *err)
{
	char cut[QUEUE_REASON_SIZE] = "";
	cc_status st = cc_ok();

	CC_ASSERT(to != QUEUE_CLAIMED && to < QUEUE_STATE_COUNT);
	if (reason != NULL)
		(void)snprintf(cut, sizeof cut, "%s", reason);
	{
		const struct books_value values[] = {
			books_text(c->id),
			books_int(c->fence),
			books_text(names[to]),
			books_int(is_live(to) ? 1 : 0),
			books_text(reason != NULL ? cut : NULL),
			books_int(sys_wall_ms(b->sys)),
		};

		st = update_claimed(
			b, c,
			"UPDATE issue_application SET state = $3, live = $4, reason = $5, changed_ms = $6, lease_until_ms = 0"
			" WHERE id = $1 AND fence = $2 AND state = 'claimed' RETURNING id",
			values, 6, err);
	}
	return st;
}

cc_status queue_issued_inside(struct books *b, const uint8_t mac[BOOKS_MAC_LEN], char ret_id[QUEUE_ID_SIZE], struct cc_error *err)
{
	const struct books_value values[] = { books_blob(bytes_of(mac, BOOKS_MAC_LEN)), books_int(sys_wall_ms(b->sys)) };
	struct stmt *q = NULL;
	bool row = false;
	cc_status st = books_query(b,
				   "UPDATE issue_application SET state = 'issued', live = 0, reason = NULL, lease_until_ms = 0,"
				   " changed_ms = $2 WHERE number_mac = $1 AND live = 1 RETURNING id",
				   values, 2, &q, &row, err);

	ret_id[0] = '\0';
	if (!cc_failed(st) && row) {
		struct bytes id = stmt_column_bytes(q, 0);

		if (id.n == QUEUE_ID_SIZE - 1) {
			memcpy(ret_id, id.p, id.n);
			ret_id[id.n] = '\0';
		} else {
			st = cc_fail(err, CC_E_VERIFY, "issue.damaged", "application");
		}
	}
	stmt_finish(&q);
	return st;
}

static cc_status count_changed(struct books *b, const char *sql, int64_t now, size_t *ret, struct cc_error *err)
{
	const struct books_value values[] = { books_int(now) };
	struct stmt *q = NULL;
	bool row = false;
	cc_status st = books_query(b, sql, values, 1, &q, &row, err);

	*ret = 0;
	while (!cc_failed(st) && row) {
		++*ret;
		st = stmt_step(q, &row);
		if (cc_failed(st))
			st = cc_fail(err, st.code, b->store->err.key, "%s", b->store->err.detail);
	}
	stmt_finish(&q);
	return st;
}

cc_status queue_expire(struct books *b, size_t *ret_waiting, size_t *ret_held, struct cc_error *err)
{
	/* The fence rises here too: who comes back late can't settle what was taken from them. */
	static const char sql_held[] =
		"UPDATE issue_application SET state = 'held', fence = fence + 1, reason = 'queue.lease-ended',"
		" changed_ms = $1 WHERE state = 'claimed' AND lease_until_ms < $1 AND EXISTS (SELECT 1 FROM issue_job j"
		" WHERE j.number_mac = issue_application.number_mac AND j.created_ms >= issue_application.received_ms) RETURNING id";
	static const char sql_waiting[] = "UPDATE issue_application SET state = 'waiting', fence = fence + 1, station = NULL,"
					  " changed_ms = $1 WHERE state = 'claimed' AND lease_until_ms < $1 RETURNING id";
	int64_t now = sys_wall_ms(b->sys);
	cc_status st = books_begin(b, err);

	if (cc_failed(st))
		return st;
	st = count_changed(b, sql_held, now, ret_held, err);
	if (!cc_failed(st))
		st = count_changed(b, sql_waiting, now, ret_waiting, err);
	return books_end(b, st, err);
}

cc_status queue_count(struct books *b, int64_t ret[QUEUE_STATE_COUNT], struct cc_error *err)
{
	int64_t counts[QUEUE_STATE_COUNT] = { 0 };
	struct stmt *q = NULL;
	bool row = false;
	cc_status st;

	books_lock(b);
	st = books_query(b, "SELECT state, COUNT(*) FROM issue_application GROUP BY state", NULL, 0, &q, &row, err);
	while (!cc_failed(st) && row) {
		for (unsigned i = 0; i < QUEUE_STATE_COUNT; i++) {
			if (bytes_equal(stmt_column_bytes(q, 0), bytes_str(names[i])))
				counts[i] = stmt_column_int(q, 1);
		}
		st = stmt_step(q, &row);
	}
	stmt_finish(&q);
	books_unlock(b);
	if (!cc_failed(st))
		memcpy(ret, counts, sizeof counts);
	return st;
}
