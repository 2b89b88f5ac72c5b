/* SPDX-License-Identifier: Apache-2.0 */
#include "station/issue/stock.h"

#include <string.h>

static const char *const names[STOCK_STATE_COUNT] = {
	[STOCK_UNKNOWN] = "unknown", [STOCK_IN_STOCK] = "in-stock", [STOCK_IN_MACHINE] = "in-machine",
	[STOCK_ISSUED] = "issued",   [STOCK_SPOILED] = "spoiled",
};

static const struct {
	enum stock_state from, to;
} moves[] = {
	{ STOCK_IN_STOCK, STOCK_IN_MACHINE },
	{ STOCK_IN_STOCK, STOCK_SPOILED },
	{ STOCK_IN_MACHINE, STOCK_ISSUED },
	{ STOCK_IN_MACHINE, STOCK_SPOILED },
};

const char *stock_state_name(enum stock_state s)
{
	CC_ASSERT(s < STOCK_STATE_COUNT);
	return names[s];
}

static enum stock_state state_of(struct bytes name)
{
	for (unsigned i = 0; i < STOCK_STATE_COUNT; i++) {
		if (bytes_equal(name, bytes_str(names[i])))
			return (enum stock_state)i;
	}
	return STOCK_UNKNOWN;
}

static void copy_text(struct bytes text, char *out, size_t cap)
{
	size_t n = text.n < cap - 1 ? text.n : cap - 1;

	if (n)
		memcpy(out, text.p, n);
	out[n] = '\0';
}

cc_status stock_find(struct books *b, const char *serial, enum stock_state *ret, char *ret_reason, struct cc_error *err)
{
	const struct books_value values[] = { books_text(serial) };
	struct stmt *q = NULL;
	bool row = false;
	cc_status st = books_query(b, "SELECT state, reason FROM issue_blank WHERE serial = $1", values, 1, &q, &row, err);

	if (!cc_failed(st)) {
		*ret = row ? state_of(stmt_column_bytes(q, 0)) : STOCK_UNKNOWN;
		if (ret_reason)
			copy_text(row ? stmt_column_bytes(q, 1) : bytes_of(NULL, 0), ret_reason, STOCK_REASON_SIZE);
	}
	stmt_finish(&q);
	return st;
}

cc_status stock_receive(struct books *b, const char *serial, struct cc_error *err)
{
	int64_t now = sys_wall_ms(b->sys);
	const struct books_value values[] = { books_text(serial), books_text(names[STOCK_IN_STOCK]), books_int(now),
					      books_int(now) };
	enum stock_state state;
	cc_status st = stock_find(b, serial, &state, NULL, err);

	if (cc_failed(st) || state != STOCK_UNKNOWN)
		return st;
	return books_run(b, "INSERT INTO issue_blank (serial, state, received_ms, changed_ms) VALUES ($1, $2, $3, $4)", values, 4,
			 err);
}

static bool may_move(enum stock_state from, enum stock_state to)
{
	for (size_t i = 0; i < sizeof moves / sizeof moves[0]; i++) {
		if (moves[i].from == from && moves[i].to == to)
			return true;
	}
	return false;
}

cc_status stock_move(struct books *b, const char *serial, enum stock_state to, const char *reason, struct cc_error *err)
{
	struct books_value values[] = { books_text(serial), books_text(names[to]), books_text(reason),
					books_int(sys_wall_ms(b->sys)), books_text(NULL) };
	enum stock_state from;
	cc_status st = stock_find(b, serial, &from, NULL, err);

	if (cc_failed(st))
		return st;
	if (!may_move(from, to))
		return cc_fail(err, CC_E_STATE, "issue.blank-used", "blank %s is %s", serial, names[from]);
	/* Another station may have moved it since it was read: then nothing is changed, and nothing bound. */
	values[4] = books_text(names[from]);
	st = books_run(b, "UPDATE issue_blank SET state = $2, reason = $3, changed_ms = $4 WHERE serial = $1 AND state = $5",
		       values, 5, err);
	if (!cc_failed(st) && store_changes(b->store) != 1)
		return cc_fail(err, CC_E_STATE, "issue.blank-used", "blank %s was moved by another station", serial);
	return st;
}

cc_status stock_count(struct books *b, struct stock_counts *ret, struct cc_error *err)
{
	struct stock_counts c = { 0 };
	struct stmt *q = NULL;
	bool row = false;
	cc_status st;

	books_lock(b);
	st = books_query(b, "SELECT state, COUNT(*) FROM issue_blank GROUP BY state", NULL, 0, &q, &row, err);
	while (!cc_failed(st) && row) {
		c.by_state[state_of(stmt_column_bytes(q, 0))] += stmt_column_int(q, 1);
		c.received += stmt_column_int(q, 1);
		st = stmt_step(q, &row);
	}
	stmt_finish(&q);
	books_unlock(b);
	if (!cc_failed(st))
		*ret = c;
	return st;
}
