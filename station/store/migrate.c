/* SPDX-License-Identifier: Apache-2.0 */
#include "station/store/store.h"

#include "crypto/hash.h"

#include <string.h>

#define SHA256_HEX_SIZE 65

/* BYTEA is PostgreSQL's name for bytes; SQLite keeps a blob as it is in a column of any type. */
static const char sql_table[] =
	"CREATE TABLE IF NOT EXISTS schema_migration ("
	"number BIGINT PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL, applied_ms BIGINT NOT NULL)";
static const char sql_find[] = "SELECT sha256 FROM schema_migration WHERE number = $1";
static const char sql_count[] = "SELECT COUNT(*) FROM schema_migration WHERE number > $1";
static const char sql_record[] = "INSERT INTO schema_migration (number, name, sha256, applied_ms) VALUES ($1, $2, $3, $4)";

static cc_status checksum(struct store *s, const struct migration *m, char hex[SHA256_HEX_SIZE])
{
	struct digest d;
	cc_status st = hash_digest(HASH_SHA256, bytes_str(m->sql), &d);

	if (cc_failed(st))
		return cc_fail(&s->err, st.code, "crypto.failed", "checksum of migration %u", m->number);
	bytes_to_hex(bytes_of(d.p, d.n), hex);
	return st;
}

/* *ret_applied: it ran before, with this very text. */
static cc_status applied_before(struct store *s, const struct migration *m, const char *hex, bool *ret_applied)
{
	struct stmt *q = NULL;
	bool row = false;
	cc_status st = store_prepare(s, sql_find, &q);

	if (!cc_failed(st))
		st = stmt_bind_int(q, 1, m->number);
	if (!cc_failed(st))
		st = stmt_step(q, &row);
	if (!cc_failed(st) && row && !bytes_equal(stmt_column_bytes(q, 0), bytes_str(hex)))
		st = cc_fail(&s->err, CC_E_VERIFY, "store.migration-changed", "migration %u %s", m->number, m->name);
	stmt_finish(&q);
	if (!cc_failed(st))
		*ret_applied = row;
	return st;
}

static cc_status record(struct store *s, const struct migration *m, const char *hex, const struct sys *sys)
{
	struct stmt *q = NULL;
	cc_status st = store_prepare(s, sql_record, &q);

	if (!cc_failed(st))
		st = stmt_bind_int(q, 1, m->number);
	if (!cc_failed(st))
		st = stmt_bind_str(q, 2, m->name);
	if (!cc_failed(st))
		st = stmt_bind_str(q, 3, hex);
	if (!cc_failed(st))
		st = stmt_bind_int(q, 4, sys_wall_ms(sys));
	if (!cc_failed(st))
		st = stmt_run(q);
	stmt_finish(&q);
	return st;
}

static cc_status apply(struct store *s, const struct migration *m, const char *hex, const struct sys *sys)
{
	cc_status st = store_begin(s);

	if (!cc_failed(st))
		st = s->ops->exec(s, m->sql);
	if (!cc_failed(st))
		st = record(s, m, hex, sys);
	if (!cc_failed(st))
		st = store_commit(s);
	store_rollback(s);
	return st;
}

/* A file of a newer program: its tables may mean something else than this program thinks. */
static cc_status refuse_newer(struct store *s, size_t known)
{
	struct stmt *q = NULL;
	bool row = false;
	cc_status st = store_prepare(s, sql_count, &q);

	if (!cc_failed(st))
		st = stmt_bind_int(q, 1, (int64_t)known);
	if (!cc_failed(st))
		st = stmt_step(q, &row);
	if (!cc_failed(st) && row && stmt_column_int(q, 0) > 0)
		st = cc_fail(&s->err, CC_E_UNSUPPORTED, "store.newer", "the file has migrations above %zu", known);
	stmt_finish(&q);
	return st;
}

cc_status store_migrate(struct store *s, const struct migration *list, size_t count, const struct sys *sys)
{
	cc_status st = s->ops->exec(s, sql_table);

	if (!cc_failed(st))
		st = refuse_newer(s, count);
	for (size_t i = 0; i < count && !cc_failed(st); i++) {
		char hex[SHA256_HEX_SIZE];
		bool applied = false;

		CC_ASSERT(list[i].number == i + 1);
		st = checksum(s, &list[i], hex);
		if (!cc_failed(st))
			st = applied_before(s, &list[i], hex, &applied);
		if (!cc_failed(st) && !applied)
			st = apply(s, &list[i], hex, sys);
	}
	return st;
}

cc_status store_migrated(struct store *s, const struct migration *list, size_t count)
{
	cc_status st = refuse_newer(s, count);

	/* Without the table of migrations there is no schema at all: the question itself fails. */
	if (cc_failed(st) && st.code != CC_E_UNSUPPORTED && st.code != CC_E_MEMORY) {
		cc_error_init(&s->err);
		return cc_fail(&s->err, CC_E_STATE, "store.older", "no schema");
	}
	for (size_t i = 0; i < count && !cc_failed(st); i++) {
		char hex[SHA256_HEX_SIZE];
		bool applied = false;

		st = checksum(s, &list[i], hex);
		if (!cc_failed(st))
			st = applied_before(s, &list[i], hex, &applied);
		if (!cc_failed(st) && !applied)
			st = cc_fail(&s->err, CC_E_STATE, "store.older", "migration %u %s is missing", list[i].number,
				     list[i].name);
	}
	return st;
}
