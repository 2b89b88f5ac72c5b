/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/revocation.h"

#include <string.h>

/* What the books say of a chip, or of a person's card. One store of several stations says what all of them know. */

static const struct question {
	const char *sql; /* reason or state, time; serial as $1 */
	enum revocation_standing standing;
} questions[] = {
	{ "SELECT reason, decided_ms FROM issue_revocation WHERE serial = $1 AND state = 'revoked'", CARD_REVOKED },
	{ "SELECT i.state, i.at_ms FROM exchange_item i JOIN exchange_package p ON p.id = i.package_id WHERE i.serial = $1"
	  " AND p.direction = 'in' AND i.state = 'issued'",
	  CARD_ELSEWHERE },
	{ "SELECT 'issued', issued_ms FROM issue_card WHERE serial = $1 AND active = 1", CARD_ACTIVE },
	{ "SELECT 'replaced', issued_ms FROM issue_card WHERE serial = $1 AND active = 0", CARD_REPLACED },
	{ "SELECT i.state, i.at_ms FROM exchange_item i JOIN exchange_package p ON p.id = i.package_id WHERE i.serial = $1"
	  " AND p.direction = 'out' AND i.state = 'issued'",
	  CARD_ACTIVE },
	{ "SELECT i.state, i.at_ms FROM exchange_item i JOIN exchange_package p ON p.id = i.package_id WHERE i.serial = $1"
	  " AND p.direction = 'out' AND i.state = 'replaced'",
	  CARD_REPLACED },
};

static cc_status ask(struct store *store, const struct question *question, const char *serial, struct revocation_card *ret)
{
	struct stmt *q = NULL;
	bool row = false;
	cc_status st = store_prepare(store, question->sql, &q);

	if (!cc_failed(st))
		st = stmt_bind_str(q, 1, serial);
	if (!cc_failed(st))
		st = stmt_step(q, &row);
	if (!cc_failed(st) && row) {
		ret->standing = question->standing;
		if (question->standing == CARD_REVOKED)
			forms_copy_column(q, 0, ret->reason, sizeof ret->reason);
		ret->at_ms = stmt_column_int(q, 1);
	}
	stmt_finish(&q);
	return st;
}

cc_status revocation_card_of(struct store *store, const char *serial, struct revocation_card *ret, struct cc_error *err)
{
	struct revocation_card card = { .standing = CARD_UNKNOWN };
	cc_status st = cc_ok();

	for (size_t i = 0; i < sizeof questions / sizeof questions[0] && !cc_failed(st) && card.standing == CARD_UNKNOWN; i++)
		st = ask(store, &questions[i], serial, &card);
	if (cc_failed(st))
		return cc_fail(err, st.code, store->err.key, "%s", store->err.detail);
	*ret = card;
	return st;
}

cc_status revocation_card_of_person(struct books *b, const char *number, char ret_serial[LEDGER_SERIAL_SIZE],
				    struct revocation_card *ret, struct cc_error *err)
{
	static const char sql[] =
		"SELECT serial, 0, 0 FROM issue_card WHERE number_mac = $1 AND active = 1 UNION ALL"
		" SELECT i.serial, 1, 0 FROM exchange_item i JOIN exchange_package p ON p.id = i.package_id WHERE i.number_mac = $1"
		" AND p.direction = 'out' AND i.state = 'issued' AND i.serial IS NOT NULL UNION ALL"
		" SELECT serial, 2, -id FROM issue_revocation WHERE number_mac = $1 AND state = 'revoked' ORDER BY 2, 3 LIMIT 1";
	uint8_t mac[BOOKS_MAC_LEN];
	struct stmt *q = NULL;
	bool row = false;
	cc_status st = books_number_mac(b, number, mac);

	if (cc_failed(st))
		return cc_fail(err, st.code, "crypto.failed", "HMAC-SHA256");
	{
		const struct books_value key = books_blob(bytes_of(mac, sizeof mac));

		st = books_query(b, sql, &key, 1, &q, &row, err);
	}
	if (!cc_failed(st) && row)
		forms_copy_column(q, 0, ret_serial, LEDGER_SERIAL_SIZE);
	stmt_finish(&q);
	if (!cc_failed(st) && row)
		return revocation_card_of(b->store, ret_serial, ret, err);
	*ret = (struct revocation_card){ .standing = CARD_UNKNOWN };
	return st;
}
