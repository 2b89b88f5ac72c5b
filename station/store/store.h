/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_STORE_H
#define CC_STATION_STORE_H

#include "crypto/base/buf.h"
#include "crypto/base/bytes.h"
#include "crypto/base/err.h"
#include "crypto/base/sys.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The store: SQL statements behind one seam, the same SQL for SQLite
 * (store_sqlite.c) and PostgreSQL (store_pg.c): `$1` placeholders, ids made by the
 * program, time as BIGINT milliseconds UTC, no engine-made keys or clocks.
 * One thread owns a store. SQLite: one process owns the file by a lock
 * (CC_E_BUSY "store.in-use"), WAL, synchronous=FULL, the writing connection
 * checkpoints. PostgreSQL: many stations; unique indexes decide who was first, a
 * lost connection is made anew outside transactions. An fsync or commit error is
 * a stop: later calls fail with CC_E_IO.
 *
 * A statement that fails inside a transaction fails the transaction, on both
 * engines: it can be rolled back and nothing else.
 */
struct store;
struct stmt;

struct store_ops {
	const char *name;
	bool shared;
	cc_status (*exec)(struct store *s, const char *sql);
	cc_status (*prepare)(struct store *s, const char *sql, struct stmt **ret);
	cc_status (*bind_int)(struct stmt *q, int index, int64_t v);
	cc_status (*bind_text)(struct stmt *q, int index, struct bytes utf8);
	cc_status (*bind_blob)(struct stmt *q, int index, struct bytes v);
	cc_status (*bind_null)(struct stmt *q, int index);
	cc_status (*step)(struct stmt *q, bool *ret_row);
	bool (*column_is_null)(struct stmt *q, int column);
	int64_t (*column_int)(struct stmt *q, int column);
	struct bytes (*column_bytes)(struct stmt *q, int column);
	cc_status (*reset)(struct stmt *q);
	int64_t (*changes)(struct store *s);
	cc_status (*set_cache)(struct store *s, int kib);
	void (*finish)(struct stmt *q);
	void (*close)(struct store *s);
};

struct store {
	const struct store_ops *ops;
	struct cc_error err;
	bool in_transaction;
	bool transaction_failed;
	bool stopped; /* after an I/O error at commit */
};

/* First member of each engine's statement. */
struct stmt {
	struct store *store;
};

#define STORE_IN_MEMORY ":memory:" /* a path: a store of this process alone that leaves nothing behind */
/* ret is ready, migrated (store_migrate) and locked. */
CC_MUST cc_status store_sqlite_open(const char *path, struct store **ret, struct cc_error *err);
/*
 * What its pages in memory take at most, of the memory that the process may have (memory_limit.h): a quarter, never more than
 * 32 GiB. 0: unknown, 128 MiB are taken.
 */
int store_sqlite_cache_kib(int64_t memory_kib);
/*
 * A libpq address ("postgres://station@host/cccd", "host=/run/postgresql dbname=cccd"); ret is migrated. A password in it is
 * refused ("store.address-password": it belongs into a passfile or a client certificate); a server elsewhere must
 * show a certificate for its name unless the address says another sslmode.
 */
CC_MUST cc_status store_pg_open(const char *url, struct store **ret, struct cc_error *err);
/* By what it looks like: an address of PostgreSQL, else a path. */
CC_MUST cc_status store_open(const char *place, struct store **ret, struct cc_error *err);
/*
 * The same for a dry run: the schema stays as it is. CC_E_STATE "store.older": it is behind this program, or there is none.
 * A store in memory is made.
 */
CC_MUST cc_status store_open_as_it_is(const char *place, struct store **ret, struct cc_error *err);
CC_MUST cc_status store_sqlite_open_as_it_is(const char *path, struct store **ret, struct cc_error *err);
CC_MUST cc_status store_pg_open_as_it_is(const char *url, struct store **ret, struct cc_error *err);
/* Another bound for SQLite's pages in memory than store_open's; PostgreSQL's server has its own, nothing is done there. */
CC_MUST cc_status store_set_cache(struct store *s, int kib);
void store_close(struct store **s);
/* Other stations may be at work in it (PostgreSQL): a few statements lock rows there. */
bool store_is_shared(const struct store *s);

CC_MUST cc_status store_begin(struct store *s);
/* Durable when it returns CC_OK. CC_E_STATE "store.transaction-failed" (rolled back): a statement inside failed. */
CC_MUST cc_status store_commit(struct store *s);
void store_rollback(struct store *s); /* harmless outside a transaction */

/* SQL constants only; values go through binds. Statements are cached by the store; stmt_finish returns them. */
CC_MUST cc_status store_prepare(struct store *s, const char *sql, struct stmt **ret);
CC_MUST cc_status stmt_bind_int(struct stmt *q, int index, int64_t v); /* index from 1 */
CC_MUST cc_status stmt_bind_text(struct stmt *q, int index, struct bytes utf8);
CC_MUST cc_status stmt_bind_str(struct stmt *q, int index, const char *s);
CC_MUST cc_status stmt_bind_blob(struct stmt *q, int index, struct bytes v);
CC_MUST cc_status stmt_bind_null(struct stmt *q, int index);
/* *ret_row: a row is there. A broken unique index is CC_E_EXISTS. */
CC_MUST cc_status stmt_step(struct stmt *q, bool *ret_row);
/* Steps a statement that returns no row, and resets it. */
CC_MUST cc_status stmt_run(struct stmt *q);
bool stmt_column_is_null(struct stmt *q, int column); /* column from 0 */
int64_t stmt_column_int(struct stmt *q, int column);
struct bytes stmt_column_bytes(struct stmt *q, int column); /* text or blob; valid until the next step */
CC_MUST cc_status stmt_reset(struct stmt *q);
void stmt_finish(struct stmt **q);
/* Rows that the last INSERT, UPDATE or DELETE that ended well has changed. */
int64_t store_changes(struct store *s);

/*
 * Numbered migrations, append-only: each runs once, in a transaction, and its
 * SHA-256 is recorded; a changed old migration is CC_E_VERIFY "store.migration-changed".
 */
struct migration {
	unsigned number; /* 1, 2, ... without gaps */
	const char *name;
	const char *sql;
};
extern const struct migration store_migrations[];
extern const size_t store_migration_count;
CC_MUST cc_status store_migrate(struct store *s, const struct migration *list, size_t count, const struct sys *sys);
/* What store_migrate would find, without writing: CC_E_STATE "store.older" when it would run anything. */
CC_MUST cc_status store_migrated(struct store *s, const struct migration *list, size_t count);

#endif
