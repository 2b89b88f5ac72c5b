/* SPDX-License-Identifier: Apache-2.0 */
#include "station/store/store.h"

#include "crypto/base/secret.h"
#include "station/store/store_pg_connect.h"

#include <endian.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The engine of a centre: many stations on one PostgreSQL. Values travel in
 * binary form, so that nothing is quoted. A query's rows are fetched one by one;
 * when another statement needs the connection the rest is kept in memory first, as
 * SQLite's callers may read two statements in turn.
 */
#define CACHE_MAX 64
#define BINDS_MAX 64
#define ROWS_FIRST 16
#define MIGRATION_LOCK "7163830022004411217"

struct pg_store;

#define TYPE_INT4 23 /* PostgreSQL's own number of a type, pg_type.dat */

struct pg_bind {
	bool null;
	bool set;
	bool narrow; /* the server takes 4 bytes here */
	struct buf value;
};

struct pg_stmt {
	struct stmt base;
	const char *sql; /* the caller's constant */
	char name[24];
	unsigned generation; /* of the connection that knows it */
	bool in_use, returns_rows;
	bool fresh;   /* nothing has been read of it */
	bool fetched; /* all rows are off the wire */
	bool failed;  /* ... and an error ended them */
	bool done;    /* the caller was told the end */
	int bind_count;
	struct pg_bind binds[BINDS_MAX];
	PGresult *row;	 /* the row the caller reads */
	PGresult **kept; /* rows read ahead */
	size_t kept_n, kept_at, kept_cap;
	struct pg_stmt *next;
};

struct pg_store {
	struct store base;
	PGconn *db;
	unsigned generation, names;
	struct pg_stmt *cache;
	size_t cached;
	struct pg_stmt *active; /* its rows are on the wire */
	int64_t changes;	/* of the last statement that ended well */
};

static struct pg_store *self(struct store *s)
{
	return (struct pg_store *)s;
}

static struct pg_stmt *self_stmt(struct stmt *q)
{
	return (struct pg_stmt *)q;
}

static cc_status lost(struct pg_store *s)
{
	return store_pg_lost(&s->base.err);
}

static cc_status result_error(struct pg_store *s, const PGresult *r)
{
	return store_pg_error(s->db, r, &s->base.err);
}

/* ---- rows of the active statement */

static bool is_row(const PGresult *r)
{
	return PQresultStatus(r) == PGRES_SINGLE_TUPLE;
}

static bool is_end(const PGresult *r)
{
	return PQresultStatus(r) == PGRES_TUPLES_OK || PQresultStatus(r) == PGRES_COMMAND_OK;
}

/* The next row from the wire, or NULL at the end (*st tells whether it is a good one). */
static PGresult *from_wire(struct pg_store *s, cc_status *st)
{
	PGresult *r = PQgetResult(s->db);

	*st = cc_ok();
	if (r != NULL && is_row(r))
		return r;
	if (r == NULL || !is_end(r))
		*st = result_error(s, r);
	else
		s->changes = strtoll(PQcmdTuples(r), NULL, 10);
	PQclear(r);
	/* Nothing but the end may follow. */
	while ((r = PQgetResult(s->db)) != NULL)
		PQclear(r);
	s->active = NULL;
	return NULL;
}

static bool keep(struct pg_stmt *q, PGresult *r)
{
	if (q->kept_n == q->kept_cap) {
		size_t cap = q->kept_cap == 0 ? ROWS_FIRST : q->kept_cap * 2;
		PGresult **bigger = cc_alloc(cap * sizeof(PGresult *));

		if (bigger == NULL)
			return false;
		if (q->kept_n > 0)
			memcpy(bigger, q->kept, q->kept_n * sizeof(PGresult *));
		cc_free(q->kept, q->kept_cap * sizeof(PGresult *));
		q->kept = bigger;
		q->kept_cap = cap;
	}
	q->kept[q->kept_n++] = r;
	return true;
}

/* Frees the connection for another statement: what the active one has not read yet is kept for it. */
static cc_status park(struct pg_store *s)
{
	struct pg_stmt *q = s->active;
	cc_status st = cc_ok();
	PGresult *r;

	if (q == NULL)
		return st;
	while ((r = from_wire(s, &st)) != NULL) {
		if (!keep(q, r)) {
			PQclear(r);
			q->failed = true;
			return cc_fail(&s->base.err, CC_E_MEMORY, "memory", "rows");
		}
	}
	q->fetched = true;
	q->failed = cc_failed(st);
	return st;
}

static void forget_rows(struct pg_stmt *q)
{
	struct pg_store *s = self(q->base.store);
	cc_status ignored;
	PGresult *r;

	if (s->active == q) {
		while ((r = from_wire(s, &ignored)) != NULL)
			PQclear(r);
	}
	PQclear(q->row);
	q->row = NULL;
	while (q->kept_at < q->kept_n)
		PQclear(q->kept[q->kept_at++]);
	q->kept_n = q->kept_at = 0;
	q->fetched = q->failed = q->done = false;
}

/* ---- the connection */

static cc_status exec_text(struct pg_store *s, const char *sql)
{
	PGresult *r = PQexec(s->db, sql);
	cc_status st = is_end(r) ? cc_ok() : result_error(s, r);

	PQclear(r);
	return st;
}

/* A commit is durable when it returns; nobody waits for ever on another station's row or leaves a transaction open. */
static const char session[] = "SET client_encoding = 'UTF8';"
			      "SET standard_conforming_strings = on;"
			      "SET synchronous_commit = on;"
			      "SET default_transaction_isolation = 'read committed';"
			      "SET lock_timeout = '30s';"
			      "SET idle_in_transaction_session_timeout = '120s';"
			      "SET client_min_messages = 'warning'";

/* The last call failed because the connection ended, between transactions. */
static bool was_lost(const struct pg_store *s)
{
	return s->base.err.code == CC_E_IO && strcmp(s->base.err.key, "store.connection-lost") == 0 && !s->base.in_transaction;
}

static cc_status connect_anew(struct pg_store *s)
{
	cc_error_init(&s->base.err);
	PQreset(s->db);
	s->generation++;
	s->active = NULL;
	return PQstatus(s->db) == CONNECTION_OK ? exec_text(s, session) : lost(s);
}

/* Outside a transaction a lost connection is made anew: nothing was promised on it. */
static cc_status connected(struct pg_store *s)
{
	if (PQstatus(s->db) == CONNECTION_OK)
		return cc_ok();
	if (s->base.in_transaction)
		return lost(s);
	return connect_anew(s);
}

static cc_status pg_exec(struct store *base, const char *sql)
{
	struct pg_store *s = self(base);
	cc_status st = connected(s);

	if (!cc_failed(st))
		st = park(s);
	if (!cc_failed(st))
		st = exec_text(s, sql);
	/* A server that restarted meanwhile shows at the first word: before a transaction nothing was said yet. */
	if (cc_failed(st) && was_lost(s) && strcmp(sql, "BEGIN") == 0) {
		st = connect_anew(s);
		if (!cc_failed(st))
			st = exec_text(s, sql);
	}
	return st;
}

/* ---- statements */

static void destroy(struct pg_stmt *q)
{
	forget_rows(q);
	for (int i = 0; i < BINDS_MAX; i++)
		buf_done(&q->binds[i].value);
	cc_free(q->kept, q->kept_cap * sizeof(PGresult *));
	cc_free(q, sizeof *q);
}

static cc_status describe(struct pg_store *s, struct pg_stmt *q)
{
	PGresult *r = PQdescribePrepared(s->db, q->name);
	cc_status st = cc_ok();

	if (PQresultStatus(r) != PGRES_COMMAND_OK) {
		st = result_error(s, r);
	} else {
		q->bind_count = PQnparams(r);
		q->returns_rows = PQnfields(r) > 0;
		CC_ASSERT(q->bind_count <= BINDS_MAX);
		for (int i = 0; i < q->bind_count; i++)
			q->binds[i].narrow = PQparamtype(r, i) == TYPE_INT4;
	}
	PQclear(r);
	return st;
}

/* The server learns the statement: at first, and again after a new connection. */
static cc_status teach(struct pg_store *s, struct pg_stmt *q)
{
	PGresult *r;
	cc_status st = park(s);

	if (cc_failed(st))
		return st;
	r = PQprepare(s->db, q->name, q->sql, 0, NULL);
	if (!is_end(r))
		st = result_error(s, r);
	PQclear(r);
	if (!cc_failed(st))
		st = describe(s, q);
	if (!cc_failed(st))
		q->generation = s->generation;
	return st;
}

static struct pg_stmt *cache_take(struct pg_store *s, const char *sql)
{
	struct pg_stmt *q = s->cache;

	while (q != NULL && (q->in_use || strcmp(q->sql, sql) != 0))
		q = q->next;
	return q;
}

static void cache_drop(struct pg_store *s, struct pg_stmt *q)
{
	struct pg_stmt **at = &s->cache;

	while (*at != q)
		at = &(*at)->next;
	*at = q->next;
	s->cached--;
	destroy(q);
}

static cc_status pg_prepare(struct store *base, const char *sql, struct stmt **ret)
{
	struct pg_store *s = self(base);
	struct pg_stmt *q = cache_take(s, sql);
	cc_status st = connected(s);

	if (cc_failed(st))
		return st;
	if (q == NULL) {
		q = cc_alloc(sizeof *q);
		if (q == NULL)
			return cc_fail(&base->err, CC_E_MEMORY, "memory", "statement");
		q->base.store = base;
		q->sql = sql;
		q->generation = s->generation - 1;
		(void)snprintf(q->name, sizeof q->name, "cccd_%u", ++s->names);
		q->next = s->cache;
		s->cache = q;
		s->cached++;
	}
	if (q->generation != s->generation) {
		st = teach(s, q);
		if (cc_failed(st) && was_lost(s) && !cc_failed(st = connect_anew(s)))
			st = teach(s, q);
	}
	if (cc_failed(st)) {
		cache_drop(s, q);
		return st;
	}
	q->in_use = true;
	*ret = &q->base;
	return cc_ok();
}

static cc_status bind(struct stmt *base, int index, struct bytes v)
{
	struct pg_stmt *q = self_stmt(base);
	struct pg_bind *b = &q->binds[index - 1];

	CC_ASSERT(index >= 1 && index <= q->bind_count);
	b->null = false;
	b->set = true;
	if (cc_failed(buf_copy(&b->value, v)))
		return cc_fail(&base->store->err, CC_E_MEMORY, "memory", "value");
	return cc_ok();
}

static cc_status pg_bind_int(struct stmt *base, int index, int64_t v)
{
	uint64_t big = htobe64((uint64_t)v);
	uint32_t small = htobe32((uint32_t)v);

	CC_ASSERT(index >= 1 && index <= self_stmt(base)->bind_count);
	if (!self_stmt(base)->binds[index - 1].narrow)
		return bind(base, index, bytes_of(&big, sizeof big));
	if (v != (int64_t)(int32_t)v)
		return cc_fail(&base->store->err, CC_E_LIMIT, "store.constraint", "a row number above 2^31");
	return bind(base, index, bytes_of(&small, sizeof small));
}

static cc_status pg_bind_null(struct stmt *base, int index)
{
	struct pg_bind *b = &self_stmt(base)->binds[index - 1];

	CC_ASSERT(index >= 1 && index <= self_stmt(base)->bind_count);
	b->null = b->set = true;
	return cc_ok();
}

static cc_status execute(struct pg_store *s, struct pg_stmt *q)
{
	const char *values[BINDS_MAX];
	int lengths[BINDS_MAX], formats[BINDS_MAX];
	cc_status st;

	for (int i = 0; i < q->bind_count; i++) {
		const struct pg_bind *b = &q->binds[i];

		values[i] = b->null || !b->set ? NULL : b->value.n > 0 ? (const char *)b->value.p : "";
		lengths[i] = (int)b->value.n;
		formats[i] = 1;
	}
	if (cc_failed(st = connected(s)) || cc_failed(st = park(s)))
		return st;
	if (q->generation != s->generation && cc_failed(st = teach(s, q)))
		return st;
	if (PQsendQueryPrepared(s->db, q->name, q->bind_count, values, lengths, formats, 1) != 1)
		return PQstatus(s->db) == CONNECTION_OK ? cc_fail(&s->base.err, CC_E_MEMORY, "memory", "libpq") : lost(s);
	s->active = q;
	q->fresh = true;
	/* Refused only for another query than the one just sent; then all rows come in one result, which from_wire tells. */
	if (q->returns_rows)
		(void)PQsetSingleRowMode(s->db);
	return st;
}

/* A question asked of a server that restarted meanwhile is asked again, once; a change outside a transaction is not. */
static bool may_ask_again(const struct pg_store *s, const struct pg_stmt *q)
{
	return was_lost(s) && strncmp(q->sql, "SELECT", 6) == 0;
}

static cc_status execute_anew(struct pg_store *s, struct pg_stmt *q)
{
	cc_status st = connect_anew(s);

	return cc_failed(st) ? st : execute(s, q);
}

static PGresult *first_from_wire(struct pg_store *s, struct pg_stmt *q, cc_status *st)
{
	PGresult *r = from_wire(s, st);
	bool first = q->fresh;

	q->fresh = false;
	if (!cc_failed(*st) || !first || !may_ask_again(s, q))
		return r;
	*st = execute_anew(s, q);
	q->fresh = false;
	return cc_failed(*st) ? NULL : from_wire(s, st);
}

static cc_status pg_step(struct stmt *base, bool *ret_row)
{
	struct pg_stmt *q = self_stmt(base);
	struct pg_store *s = self(base->store);
	cc_status st = cc_ok();

	/* As SQLite does it, a finished statement that is stepped again starts over. */
	if (q->done)
		forget_rows(q);
	if (s->active != q && !q->fetched) {
		st = execute(s, q);
		if (cc_failed(st) && may_ask_again(s, q))
			st = execute_anew(s, q);
		if (cc_failed(st))
			return st;
	}
	PQclear(q->row);
	q->row = NULL;
	if (q->kept_at < q->kept_n)
		q->row = q->kept[q->kept_at++];
	else if (s->active == q)
		q->row = first_from_wire(s, q, &st);
	else if (q->failed)
		st = lost(s);
	if (q->row == NULL)
		q->done = true;
	if (!cc_failed(st))
		*ret_row = q->row != NULL;
	return st;
}

static bool pg_column_is_null(struct stmt *base, int column)
{
	return PQgetisnull(self_stmt(base)->row, 0, column) != 0;
}

static struct bytes pg_column_bytes(struct stmt *base, int column)
{
	const PGresult *r = self_stmt(base)->row;

	if (r == NULL || PQgetisnull(r, 0, column) != 0)
		return bytes_of(NULL, 0);
	return bytes_of(PQgetvalue(r, 0, column), (size_t)PQgetlength(r, 0, column));
}

/* int2, int4 and int8 by their length; anything else is no number of ours. */
static int64_t pg_column_int(struct stmt *base, int column)
{
	struct bytes v = pg_column_bytes(base, column);
	struct cursor in;
	uint64_t u = 0;
	uint8_t b = 0;

	if (v.n == 0 || v.n > 8)
		return 0;
	cursor_init(&in, v);
	if (cursor_peek(&in, &b) && (b & 0x80) != 0)
		u = UINT64_MAX;
	while (cursor_u8(&in, &b))
		u = u << 8 | b;
	return (int64_t)u;
}

static int64_t pg_changes(struct store *base)
{
	return self(base)->changes;
}

static cc_status pg_reset(struct stmt *base)
{
	forget_rows(self_stmt(base));
	return cc_ok();
}

static void pg_finish(struct stmt *base)
{
	struct pg_stmt *q = self_stmt(base);
	struct pg_store *s = self(base->store);

	forget_rows(q);
	for (int i = 0; i < BINDS_MAX; i++) {
		buf_done(&q->binds[i].value);
		q->binds[i].null = q->binds[i].set = false;
	}
	q->in_use = false;
	if (s->cached > CACHE_MAX) {
		char sql[48];

		(void)snprintf(sql, sizeof sql, "DEALLOCATE %s", q->name);
		if (!cc_failed(park(s)))
			PQclear(PQexec(s->db, sql));
		cache_drop(s, q);
	}
}

static void pg_close(struct store *base)
{
	struct pg_store *s = self(base);

	while (s->cache != NULL)
		cache_drop(s, s->cache);
	PQfinish(s->db);
	cc_free(s, sizeof *s);
}

/* The server has its own. */
static cc_status pg_set_cache(struct store *base, int kib)
{
	(void)base;
	(void)kib;
	return cc_ok();
}

static const struct store_ops pg_ops = {
	.name = "postgres",
	.shared = true,
	.exec = pg_exec,
	.prepare = pg_prepare,
	.bind_int = pg_bind_int,
	.bind_text = bind,
	.bind_blob = bind,
	.bind_null = pg_bind_null,
	.step = pg_step,
	.column_is_null = pg_column_is_null,
	.column_int = pg_column_int,
	.column_bytes = pg_column_bytes,
	.reset = pg_reset,
	.changes = pg_changes,
	.set_cache = pg_set_cache,
	.finish = pg_finish,
	.close = pg_close,
};

/* ---- opening */

static cc_status connect_to(struct pg_store *s, const char *url)
{
	cc_status st = store_pg_connect(url, &s->db, &s->base.err);

	return cc_failed(st) ? st : exec_text(s, session);
}

/* Stations that start together migrate one after the other. */
static cc_status migrate_alone(struct pg_store *s)
{
	cc_status st = exec_text(s, "SELECT pg_advisory_lock(" MIGRATION_LOCK ")"), unlocked;

	if (cc_failed(st))
		return st;
	st = store_migrate(&s->base, store_migrations, store_migration_count, sys_real());
	unlocked = park(s);
	if (!cc_failed(unlocked))
		unlocked = exec_text(s, "SELECT pg_advisory_unlock(" MIGRATION_LOCK ")");
	return cc_failed(st) ? st : unlocked;
}

static cc_status open_store(const char *url, bool as_it_is, struct store **ret, struct cc_error *err)
{
	struct pg_store *s = cc_alloc(sizeof *s);
	struct store *base;
	cc_status st;

	if (s == NULL)
		return cc_fail(err, CC_E_MEMORY, "memory", "store");
	s->base.ops = &pg_ops;
	base = &s->base;
	st = connect_to(s, url);
	if (!cc_failed(st))
		st = as_it_is ? store_migrated(base, store_migrations, store_migration_count) : migrate_alone(s);
	if (cc_failed(st)) {
		st = cc_fail(err, st.code, base->err.key, "%s", base->err.detail);
		store_close(&base);
		return st;
	}
	*ret = base;
	return cc_ok();
}

cc_status store_pg_open(const char *url, struct store **ret, struct cc_error *err)
{
	return open_store(url, false, ret, err);
}

cc_status store_pg_open_as_it_is(const char *url, struct store **ret, struct cc_error *err)
{
	return open_store(url, true, ret, err);
}
