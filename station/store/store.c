/* SPDX-License-Identifier: Apache-2.0 */
#include "station/store/store.h"

#include <string.h>

/*
 * What both engines share: transaction state, the stop after a failed commit,
 * and an error that tells of the last failed call.
 */

static cc_status stopped_status(struct store *s)
{
	return cc_fail(&s->err, CC_E_IO, "store.stopped", "an earlier commit failed");
}

/* Each call tells its own failure; after a stop the first cause stays. */
static bool begin_call(struct store *s)
{
	if (s->stopped)
		return false;
	cc_error_init(&s->err);
	return true;
}

/* Told once, so that both engines go on alike: PostgreSQL refuses everything after it, SQLite would carry on. */
static cc_status in_transaction(struct store *s, cc_status st)
{
	if (cc_failed(st) && s->in_transaction)
		s->transaction_failed = true;
	return st;
}

static bool is_address(const char *place)
{
	static const char *const marks[] = { "postgres://", "postgresql://", "host=", "service=", "dbname=" };

	for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
		if (strncmp(place, marks[i], strlen(marks[i])) == 0)
			return true;
	}
	return false;
}

cc_status store_open(const char *place, struct store **ret, struct cc_error *err)
{
	return is_address(place) ? store_pg_open(place, ret, err) : store_sqlite_open(place, ret, err);
}

cc_status store_open_as_it_is(const char *place, struct store **ret, struct cc_error *err)
{
	return is_address(place) ? store_pg_open_as_it_is(place, ret, err) : store_sqlite_open_as_it_is(place, ret, err);
}

bool store_is_shared(const struct store *s)
{
	return s->ops->shared;
}

void store_close(struct store **s)
{
	if (s == NULL || *s == NULL)
		return;
	store_rollback(*s);
	(*s)->ops->close(*s);
	*s = NULL;
}

cc_status store_set_cache(struct store *s, int kib)
{
	return s->ops->set_cache(s, kib);
}

cc_status store_begin(struct store *s)
{
	cc_status st;

	CC_ASSERT(!s->in_transaction);
	if (!begin_call(s))
		return stopped_status(s);
	st = s->ops->exec(s, "BEGIN");
	s->in_transaction = !cc_failed(st);
	s->transaction_failed = false;
	return st;
}

cc_status store_commit(struct store *s)
{
	cc_status st;

	CC_ASSERT(s->in_transaction);
	if (!begin_call(s))
		return stopped_status(s);
	if (s->transaction_failed) {
		store_rollback(s);
		return cc_fail(&s->err, CC_E_STATE, "store.transaction-failed", "a statement of the transaction failed");
	}
	st = s->ops->exec(s, "COMMIT");
	if (cc_failed(st)) {
		/* After a failed fsync the kernel may have dropped the pages: trying again would claim what is lost. */
		store_rollback(s);
		s->stopped = true;
		return cc_code_status(CC_E_IO);
	}
	s->in_transaction = false;
	return st;
}

void store_rollback(struct store *s)
{
	struct cc_error kept = s->err;

	if (!s->in_transaction)
		return;
	/* It may have been rolled back by the engine already; then this fails and nothing is amiss. */
	if (cc_failed(s->ops->exec(s, "ROLLBACK")))
		s->err = kept;
	s->in_transaction = false;
}

cc_status store_prepare(struct store *s, const char *sql, struct stmt **ret)
{
	if (!begin_call(s))
		return stopped_status(s);
	return in_transaction(s, s->ops->prepare(s, sql, ret));
}

cc_status stmt_bind_int(struct stmt *q, int index, int64_t v)
{
	return q->store->ops->bind_int(q, index, v);
}

cc_status stmt_bind_text(struct stmt *q, int index, struct bytes utf8)
{
	return q->store->ops->bind_text(q, index, utf8);
}

cc_status stmt_bind_str(struct stmt *q, int index, const char *s)
{
	return q->store->ops->bind_text(q, index, bytes_str(s));
}

cc_status stmt_bind_blob(struct stmt *q, int index, struct bytes v)
{
	return q->store->ops->bind_blob(q, index, v);
}

cc_status stmt_bind_null(struct stmt *q, int index)
{
	return q->store->ops->bind_null(q, index);
}

cc_status stmt_step(struct stmt *q, bool *ret_row)
{
	if (!begin_call(q->store))
		return stopped_status(q->store);
	return in_transaction(q->store, q->store->ops->step(q, ret_row));
}

cc_status stmt_run(struct stmt *q)
{
	bool row = false;
	cc_status st = stmt_step(q, &row);

	CC_ASSERT(!row);
	/* The failure of the step is what counts; a reset repeats it. */
	if (cc_failed(st))
		(void)q->store->ops->reset(q).code;
	else
		st = q->store->ops->reset(q);
	return st;
}

bool stmt_column_is_null(struct stmt *q, int column)
{
	return q->store->ops->column_is_null(q, column);
}

int64_t stmt_column_int(struct stmt *q, int column)
{
	return q->store->ops->column_int(q, column);
}

struct bytes stmt_column_bytes(struct stmt *q, int column)
{
	return q->store->ops->column_bytes(q, column);
}

cc_status stmt_reset(struct stmt *q)
{
	return q->store->ops->reset(q);
}

int64_t store_changes(struct store *s)
{
	return s->ops->changes(s);
}

void stmt_finish(struct stmt **q)
{
	if (q == NULL || *q == NULL)
		return;
	(*q)->store->ops->finish(*q);
	*q = NULL;
}
