/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_ISSUE_BOOKS_H
#define CC_STATION_ISSUE_BOOKS_H

#include "crypto/base/err.h"
#include "crypto/base/secret.h"
#include "crypto/base/sys.h"
#include "crypto/hash.h"
#include "crypto/keystore.h"
#include "station/store/store.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * What journal, ledger and stock stand in: the station's store behind a lock
 * (several reader threads issue at once, one at a time writes), the keys that
 * seal personal data, and a hook around each durable step for the tests that
 * kill the process there.
 */
#define BOOKS_KEY_LABEL "issue-data"

struct issue_hooks {
	void *ctx;
	void (*durable)(void *ctx, bool after); /* before and after each commit; NULL: none */
};

struct books {
	struct store *store; /* borrowed, as the key store */
	const struct sys *sys;
	struct issue_hooks hooks;
	pthread_mutex_t lock;
	struct secret seal_key, mac_key;
};

/* The key "issue-data" is made when there is none and nothing is sealed. CC_E_VERIFY "issue.damaged": another key sealed the
 * rows. */
CC_MUST cc_status books_open(struct store *store, struct keystore *ks, const struct sys *sys, const struct issue_hooks *hooks,
			     struct books **ret, struct cc_error *err);
void books_close(struct books **b); /* wipes; NULL-safe */

/* For others who use the same store (the registry) beside running workers. */
void books_lock(struct books *b);
void books_unlock(struct books *b);

/*
 * A transaction under the lock. books_end commits when st is good, else rolls
 * back; it returns st, or what the commit said.
 *
 *	if (cc_failed(st = books_begin(b, err)))
 *		return st;
 *	if (!cc_failed(st = ...))
 *		st = ...;
 *	return books_end(b, st, err);
 */
CC_MUST cc_status books_begin(struct books *b, struct cc_error *err);
CC_MUST cc_status books_end(struct books *b, cc_status st, struct cc_error *err);

/* Values of a statement, in the order of $1, $2, ... */
enum books_kind { BOOKS_NULL, BOOKS_INT, BOOKS_TEXT, BOOKS_BLOB };
struct books_value {
	enum books_kind kind;
	int64_t i;
	struct bytes b;
};
struct books_value books_int(int64_t v);
struct books_value books_text(const char *s); /* NULL: a null */
struct books_value books_blob(struct bytes b);

/* Inside a transaction (or under books_lock for reading). A broken unique index is CC_E_EXISTS. */
CC_MUST cc_status books_run(struct books *b, const char *sql, const struct books_value *values, size_t count,
			    struct cc_error *err);
/* Prepares, binds and steps to the first row; *ret must be finished when it is not NULL. */
CC_MUST cc_status books_query(struct books *b, const char *sql, const struct books_value *values, size_t count, struct stmt **ret,
			      bool *ret_row, struct cc_error *err);

#define BOOKS_MAC_LEN 32
/* Keyed hash of a personal number: the only form in which it lies in these tables. */
CC_MUST cc_status books_number_mac(const struct books *b, const char *number, uint8_t out[BOOKS_MAC_LEN]);
/* place: bound as associated data, e.g. "issue_files/sealed/JOB". */
CC_MUST cc_status books_seal(const struct books *b, const char *place, struct bytes plain, struct buf *ret);
CC_MUST cc_status books_unseal(const struct books *b, const char *place, struct bytes sealed, struct buf *ret);

#endif
