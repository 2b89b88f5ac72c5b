/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/exchange_internal.h"

#include "station/issue/queue.h"

/* What packages say about a person before a card is made here (I2: at most one live job and one active card). */

enum hold_of_package { NO_HOLD, WORK_HERE, GIVEN_OUT, ISSUED_ELSEWHERE, GONE_BACK };

struct found {
	enum hold_of_package hold;
	char package_id[EXCHANGE_ID_SIZE];
	int64_t expires_ms;
};

/* The heavier one wins: live rows before ended ones. */
static enum hold_of_package hold_of(struct bytes direction, struct bytes state, bool live)
{
	bool out = bytes_equal(direction, BYTES_LITERAL("out"));

	if (live)
		return out ? GIVEN_OUT : WORK_HERE;
	if (out)
		return bytes_equal(state, BYTES_LITERAL("issued")) ? ISSUED_ELSEWHERE : NO_HOLD;
	return bytes_equal(state, BYTES_LITERAL("issued")) ? NO_HOLD : GONE_BACK;
}

static cc_status find(struct books *b, const uint8_t mac[BOOKS_MAC_LEN], struct found *ret, struct cc_error *err)
{
	const struct books_value key = books_blob(bytes_of(mac, BOOKS_MAC_LEN));
	struct stmt *q = NULL;
	bool row = false;
	cc_status st = books_query(b,
				   "SELECT p.direction, i.state, i.live, p.id, p.expires_ms FROM exchange_item i"
				   " JOIN exchange_package p ON p.id = i.package_id WHERE i.number_mac = $1 ORDER BY i.live DESC",
				   &key, 1, &q, &row, err);

	while (!cc_failed(st) && row) {
		bool live = stmt_column_int(q, 2) != 0;
		enum hold_of_package hold = hold_of(stmt_column_bytes(q, 0), stmt_column_bytes(q, 1), live);

		if (ret->hold == NO_HOLD || hold == ISSUED_ELSEWHERE) {
			ret->hold = hold;
			exchange_column_text(q, 3, ret->package_id, sizeof ret->package_id);
			ret->expires_ms = stmt_column_int(q, 4);
		}
		if (live)
			break;
		if (cc_failed(st = stmt_step(q, &row)))
			(void)cc_fail(err, st.code, "store.failed", "reading packages");
	}
	stmt_finish(&q);
	return st;
}

/* One signature of the package's quota; the row's lock makes two stations on one store take turns. */
static cc_status use_quota(struct books *b, const struct found *f, struct cc_error *err)
{
	const struct books_value key = books_text(f->package_id);
	struct stmt *q = NULL;
	bool row = false;
	cc_status st;

	if (sys_wall_ms(b->sys) > f->expires_ms)
		return cc_fail(err, CC_E_HELD, "exchange.work-expired", "package %.8s", f->package_id);
	st = books_query(b,
			 "UPDATE exchange_package SET quota_used = quota_used + 1 WHERE id = $1 AND quota_used < quota"
			 " RETURNING quota_used",
			 &key, 1, &q, &row, err);
	stmt_finish(&q);
	if (!cc_failed(st) && !row)
		return cc_fail(err, CC_E_HELD, "exchange.quota", "package %.8s", f->package_id);
	return st;
}

/* Who has a card from elsewhere gets the next one like everybody: by an exchange or a reissue. */
static cc_status may_replace(struct books *b, const uint8_t mac[BOOKS_MAC_LEN], bool *ret, struct cc_error *err)
{
	const struct books_value key = books_blob(bytes_of(mac, BOOKS_MAC_LEN));
	struct stmt *q = NULL;
	cc_status st = books_query(b, "SELECT 1 WHERE " QUEUE_MAY_REPLACE, &key, 1, &q, ret, err);

	stmt_finish(&q);
	return st;
}

cc_status exchange_claim(struct books *b, const uint8_t number_mac[BOOKS_MAC_LEN], struct cc_error *err)
{
	struct found f = { .hold = NO_HOLD };
	bool replaces = false;
	cc_status st = find(b, number_mac, &f, err);

	if (!cc_failed(st) && f.hold == ISSUED_ELSEWHERE)
		st = may_replace(b, number_mac, &replaces, err);
	if (cc_failed(st) || replaces)
		return st;
	switch (f.hold) {
	case NO_HOLD:
		return st;
	case WORK_HERE:
		return use_quota(b, &f, err);
	case GIVEN_OUT:
		return cc_fail(err, CC_E_HELD, "exchange.given-out", "package %.8s", f.package_id);
	case ISSUED_ELSEWHERE:
		return cc_fail(err, CC_E_HELD, "exchange.issued-elsewhere", "package %.8s", f.package_id);
	case GONE_BACK:
		return cc_fail(err, CC_E_HELD, "exchange.returned", "package %.8s", f.package_id);
	}
	return st;
}
