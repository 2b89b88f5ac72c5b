/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_REGISTRY_EXCHANGE_INTERNAL_H
#define CC_STATION_REGISTRY_EXCHANGE_INTERNAL_H

#include "station/registry/exchange.h"

/* Shared by exchange.c (keys, peers, claims), exchange_make.c and exchange_take.c. */
#define EXCHANGE_DOMAIN "cccd-exchange"
#define EXCHANGE_SPKI_MAX 256

/*
 * States of an item: "given" is the live one. Out: issued, returned, conflict end it; the card of an issued one ends as
 * replaced (ledger_replace_inside) or revoked (revocation.h). In: issued, returned and
 * conflict-told end it; conflict waits to be told.
 */
#define EXCHANGE_ITEM_GIVEN "given"

struct exchange_peer {
	char name[EXCHANGE_NAME_SIZE];
	uint8_t kid[EXCHANGE_KID_LEN];
	struct buf sign_spki, agree_spki;
	uint64_t sent_seq, taken_seq;
	struct buf sent_hash, taken_hash;
};
void exchange_peer_done(struct exchange_peer *p);
/*
 * Inside a transaction; the row stays locked until its end. Exactly one of name and kid is given. CC_E_NOT_FOUND
 * "exchange.unknown-peer" (by name), CC_E_VERIFY "exchange.unknown-sender" (by kid).
 */
CC_MUST cc_status exchange_peer_lock(struct exchange *x, const char *name, struct bytes kid, struct exchange_peer *ret,
				     struct cc_error *err);
/* Commits or rolls back; a dry run rolls back what went well. */
CC_MUST cc_status exchange_end(struct exchange *x, cc_status st, struct cc_error *err);
/* A column's bytes as a string, cut at cap. */
void exchange_column_text(struct stmt *q, int column, char *out, size_t cap);
/* Place of a sealed number: bound to its row. */
void exchange_number_place(const char *package_id, uint64_t n, char out[96]);
/* One row is there. */
CC_MUST cc_status exchange_exists(struct exchange *x, const char *sql, const struct books_value *values, size_t count, bool *ret,
				  struct cc_error *err);
struct exchange_item_row {
	const char *package_id;
	uint64_t n;
	const char *number, *state;
	bool live;
};
CC_MUST cc_status exchange_item_insert(struct exchange *x, const struct exchange_item_row *row, struct cc_error *err);
struct exchange_package_row {
	const char *id, *peer;
	bool out;
	const struct exchange_head *head;
	struct bytes hash, sealed; /* sealed: n == 0 is a null */
};
CC_MUST cc_status exchange_package_insert(struct exchange *x, const struct exchange_package_row *row, struct cc_error *err);

#endif
