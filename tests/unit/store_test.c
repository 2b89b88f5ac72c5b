/* SPDX-License-Identifier: Apache-2.0 */
#include "station/store/store.h"
#include "tests/support/store_engine.h"

#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/cccd-store-XXXXXX";
static char path[PATH_MAX];

#define assert_ok(call) assert_int_equal((call).code, CC_OK)

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL ? -1 : 0;
}

static int remove_folder(void **state)
{
	char command[64];

	(void)state;
	(void)snprintf(command, sizeof command, "rm -rf %s", folder);
	return system(command);
}

static int fresh_path(void **state)
{
	static unsigned count;

	(void)state;
	(void)snprintf(path, sizeof path, "%s/%u.db", folder, count++);
	return 0;
}

static struct store *open_store(void)
{
	struct cc_error err = { 0 };
	struct store *s = NULL;

	char place[1024];

	store_engine_place(path, place, sizeof place);
	assert_ok(store_open(place, &s, &err));
	return s;
}

static void run(struct store *s, const char *sql)
{
	struct stmt *q = NULL;

	assert_ok(store_prepare(s, sql, &q));
	assert_ok(stmt_run(q));
	stmt_finish(&q);
}

static int64_t query_int(struct store *s, const char *sql)
{
	struct stmt *q = NULL;
	bool row = false;
	int64_t v;

	assert_ok(store_prepare(s, sql, &q));
	assert_ok(stmt_step(q, &row));
	assert_true(row);
	v = stmt_column_int(q, 0);
	stmt_finish(&q);
	return v;
}

static cc_status insert(struct store *s, int64_t id, const char *name)
{
	struct stmt *q = NULL;
	cc_status st;

	assert_ok(store_prepare(s, "INSERT INTO t (name, id) VALUES ($2, $1)", &q));
	assert_ok(stmt_bind_int(q, 1, id));
	assert_ok(stmt_bind_str(q, 2, name));
	st = stmt_run(q);
	stmt_finish(&q);
	return st;
}

/* What is about the embedded engine's file. */
#define ONLY_SQLITE()                                                                                                            \
	do {                                                                                                                     \
		if (store_engine_is_postgres())                                                                                  \
			skip();                                                                                                  \
	} while (0)

static const char sql_t[] = "CREATE TABLE t (id BIGINT PRIMARY KEY, name TEXT, raw BYTEA)";

static void open_refuses_a_file_in_use(void **state)
{
	struct store *s = NULL, *other = NULL;
	struct cc_error err = { 0 };

	(void)state;
	ONLY_SQLITE();
	s = open_store();
	assert_int_equal(store_sqlite_open(path, &other, &err).code, CC_E_BUSY);
	assert_string_equal(err.key, "store.in-use");
	assert_non_null(strstr(err.detail, path));
	assert_null(other);
	store_close(&s);
	assert_null(s);
	s = open_store();
	store_close(&s);
}

static void open_tells_a_missing_folder(void **state)
{
	struct store *s = NULL;
	struct cc_error err = { 0 };

	(void)state;
	ONLY_SQLITE();
	assert_int_equal(store_sqlite_open("/nonexistent/folder/x.db", &s, &err).code, CC_E_NOT_FOUND);
	assert_null(s);
}

static void open_refuses_what_is_no_database(void **state)
{
	struct store *s = NULL;
	struct cc_error err = { 0 };
	FILE *f;

	(void)state;
	ONLY_SQLITE();
	f = fopen(path, "w");
	for (int i = 0; i < 200; i++)
		(void)fputs("this is no database", f);
	(void)fclose(f);
	assert_int_equal(store_sqlite_open(path, &s, &err).code, CC_E_VERIFY);
	assert_string_equal(err.key, "store.damaged");
}

static void file_is_for_its_owner_alone(void **state)
{
	struct store *s;
	struct stat info;
	char wal[PATH_MAX + 8];

	(void)state;
	ONLY_SQLITE();
	s = open_store();
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
	(void)snprintf(wal, sizeof wal, "%s-wal", path);
	assert_int_equal(stat(wal, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
	store_close(&s);
}

static void every_commit_is_synchronous(void **state)
{
	struct store *s;

	(void)state;
	ONLY_SQLITE();
	s = open_store();
	assert_int_equal(query_int(s, "PRAGMA synchronous"), 2);
	assert_int_equal(query_int(s, "PRAGMA foreign_keys"), 1);
	assert_int_equal(query_int(s, "PRAGMA temp_store"), 2);
	store_close(&s);
}

static void values_come_back_as_bound(void **state)
{
	static const uint8_t raw[] = { 0, 1, 0xFF, 0 };
	struct store *s = open_store();
	struct stmt *q = NULL;
	bool row = false;

	(void)state;
	run(s, sql_t);
	assert_ok(store_prepare(s, "INSERT INTO t (raw, name, id) VALUES ($3, $2, $1)", &q));
	assert_ok(stmt_bind_int(q, 1, INT64_MIN));
	assert_ok(stmt_bind_text(q, 2, bytes_of(NULL, 0)));
	assert_ok(stmt_bind_blob(q, 3, bytes_of(raw, sizeof raw)));
	assert_ok(stmt_run(q));
	assert_ok(stmt_bind_int(q, 1, 2));
	assert_ok(stmt_bind_null(q, 2));
	assert_ok(stmt_bind_blob(q, 3, bytes_of(NULL, 0)));
	assert_ok(stmt_run(q));
	stmt_finish(&q);

	assert_ok(store_prepare(s, "SELECT id, name, raw FROM t ORDER BY id", &q));
	assert_ok(stmt_step(q, &row));
	assert_true(row);
	assert_true(stmt_column_int(q, 0) == INT64_MIN);
	assert_false(stmt_column_is_null(q, 1));
	assert_int_equal(stmt_column_bytes(q, 1).n, 0);
	assert_true(bytes_equal(stmt_column_bytes(q, 2), bytes_of(raw, sizeof raw)));
	assert_ok(stmt_step(q, &row));
	assert_true(row);
	assert_true(stmt_column_is_null(q, 1));
	assert_false(stmt_column_is_null(q, 2));
	assert_int_equal(stmt_column_bytes(q, 2).n, 0);
	assert_ok(stmt_step(q, &row));
	assert_false(row);
	stmt_finish(&q);
	store_close(&s);
}

static void one_text_may_be_in_use_twice(void **state)
{
	struct store *s = open_store();
	struct stmt *a = NULL, *b = NULL;
	bool row = false;

	(void)state;
	run(s, sql_t);
	assert_ok(insert(s, 1, "a"));
	assert_ok(insert(s, 2, "b"));
	assert_ok(store_prepare(s, "SELECT id FROM t ORDER BY id", &a));
	assert_ok(stmt_step(a, &row));
	assert_ok(store_prepare(s, "SELECT id FROM t ORDER BY id", &b));
	assert_ptr_not_equal(a, b);
	assert_ok(stmt_step(b, &row));
	assert_ok(stmt_step(a, &row));
	assert_true(stmt_column_int(a, 0) == 2);
	assert_true(stmt_column_int(b, 0) == 1);
	stmt_finish(&a);
	stmt_finish(&b);
	store_close(&s);
}

static void finished_statement_is_used_again_without_old_values(void **state)
{
	struct store *s = open_store();
	struct stmt *q = NULL, *first;
	bool row = false;

	(void)state;
	run(s, sql_t);
	assert_ok(store_prepare(s, "INSERT INTO t (id, name) VALUES ($1, $2)", &q));
	first = q;
	assert_ok(stmt_bind_int(q, 1, 1));
	assert_ok(stmt_bind_str(q, 2, "old"));
	assert_ok(stmt_run(q));
	stmt_finish(&q);
	assert_ok(store_prepare(s, "INSERT INTO t (id, name) VALUES ($1, $2)", &q));
	assert_ptr_equal(q, first);
	assert_ok(stmt_bind_int(q, 1, 2));
	assert_ok(stmt_run(q));
	stmt_finish(&q);
	assert_ok(store_prepare(s, "SELECT name FROM t WHERE id = 2", &q));
	assert_ok(stmt_step(q, &row));
	assert_true(row && stmt_column_is_null(q, 0));
	stmt_finish(&q);
	store_close(&s);
}

static void pages_in_memory_can_be_bounded(void **state)
{
	struct store *s = open_store();
	struct stmt *q = NULL;
	bool row = false;

	(void)state;
	assert_ok(store_set_cache(s, 8192));
	if (!store_engine_is_postgres()) {
		assert_ok(store_prepare(s, "PRAGMA cache_size", &q));
		assert_ok(stmt_step(q, &row));
		assert_true(row);
		assert_int_equal(stmt_column_int(q, 0), -8192);
		stmt_finish(&q);
	}
	store_close(&s);
}

static void cache_survives_more_texts_than_it_holds(void **state)
{
	static char sql[100][40];
	struct stmt *q[100] = { NULL };
	struct store *s = open_store();
	bool row = false;

	(void)state;
	for (int i = 0; i < 100; i++) {
		(void)snprintf(sql[i], sizeof sql[i], "SELECT %d", i);
		assert_ok(store_prepare(s, sql[i], &q[i]));
	}
	for (int i = 0; i < 100; i++) {
		assert_ok(stmt_step(q[i], &row));
		assert_true(stmt_column_int(q[i], 0) == i);
		stmt_finish(&q[i]);
	}
	for (int i = 0; i < 100; i++)
		assert_true(query_int(s, sql[i]) == i);
	store_close(&s);
}

/* On both engines alike: PostgreSQL could not go on. */
static void broken_unique_index_fails_its_transaction(void **state)
{
	struct store *s = open_store();

	(void)state;
	run(s, sql_t);
	assert_ok(store_begin(s));
	assert_ok(insert(s, 1, "a"));
	assert_int_equal(insert(s, 1, "secret value").code, CC_E_EXISTS);
	assert_null(strstr(s->err.detail, "secret"));
	assert_int_equal(store_commit(s).code, CC_E_STATE);
	assert_string_equal(s->err.key, "store.transaction-failed");
	assert_false(s->in_transaction);
	assert_true(query_int(s, "SELECT COUNT(*) FROM t") == 0);
	assert_ok(insert(s, 1, "a"));
	assert_int_equal(insert(s, 1, "secret value").code, CC_E_EXISTS);
	assert_ok(insert(s, 2, "b"));
	assert_true(query_int(s, "SELECT COUNT(*) FROM t") == 2);
	store_close(&s);
}

static void rollback_undoes(void **state)
{
	struct store *s = open_store();

	(void)state;
	run(s, sql_t);
	store_rollback(s);
	assert_ok(store_begin(s));
	assert_ok(insert(s, 1, "a"));
	store_rollback(s);
	store_rollback(s);
	assert_true(query_int(s, "SELECT COUNT(*) FROM t") == 0);
	assert_ok(store_begin(s));
	assert_ok(insert(s, 1, "a"));
	store_close(&s); /* an open transaction does not survive its owner */
	s = open_store();
	assert_true(query_int(s, "SELECT COUNT(*) FROM t") == 0);
	store_close(&s);
}

static void broken_sql_is_an_error(void **state)
{
	struct store *s = open_store();
	struct stmt *q = NULL;

	(void)state;
	assert_int_equal(store_prepare(s, "SELEC 1", &q).code, CC_E_IO);
	assert_null(q);
	assert_false(s->stopped);
	store_close(&s);
}

/* The violation shows at COMMIT only, as a failed fsync does. */
static void failed_commit_stops_the_store(void **state)
{
	struct store *s = open_store();
	struct stmt *q = NULL;
	bool row;

	(void)state;
	run(s, "CREATE TABLE parent (id BIGINT PRIMARY KEY)");
	run(s, "CREATE TABLE child (id BIGINT REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)");
	assert_ok(store_prepare(s, "SELECT 1", &q));
	assert_ok(store_begin(s));
	run(s, "INSERT INTO child (id) VALUES (1)");
	assert_int_equal(store_commit(s).code, CC_E_IO);
	assert_true(s->stopped);
	assert_int_equal(store_begin(s).code, CC_E_IO);
	assert_int_equal(stmt_step(q, &row).code, CC_E_IO);
	assert_string_equal(s->err.key, "store.constraint");
	stmt_finish(&q);
	store_close(&s);
	s = open_store();
	assert_true(query_int(s, "SELECT COUNT(*) FROM child") == 0);
	store_close(&s);
}

static void writer_child(void)
{
	struct store *s = open_store();

	run(s, sql_t);
	for (int i = 0; i < 20; i++) {
		assert_ok(store_begin(s));
		assert_ok(insert(s, i, "committed"));
		assert_ok(store_commit(s));
	}
	assert_ok(store_begin(s));
	assert_ok(insert(s, 100, "not committed"));
	(void)kill(getpid(), SIGKILL);
}

static void commits_survive_a_killed_process(void **state)
{
	struct store *s;
	int status = 0;
	pid_t pid;

	(void)state;
	pid = fork();
	if (pid == 0) {
		writer_child();
		_exit(1);
	}
	assert_true(waitpid(pid, &status, 0) == pid);
	assert_true(WIFSIGNALED(status));
	s = open_store();
	assert_true(query_int(s, "SELECT COUNT(*) FROM t") == 20);
	assert_true(query_int(s, "SELECT COUNT(*) FROM t WHERE id = 100") == 0);
	store_close(&s);
}

/* ---- the journal of who commits little and often */

static off_t journal_size(void)
{
	char wal[PATH_MAX + 8];
	struct stat info;

	(void)snprintf(wal, sizeof wal, "%s-wal", path);
	return stat(wal, &info) == 0 ? info.st_size : 0;
}

static void commit_one(struct store *s, int id)
{
	assert_ok(store_begin(s));
	assert_ok(insert(s, id, "little and often"));
	assert_ok(store_commit(s));
}

#define OFTEN 1000

static void journal_has_room_ahead_of_little_commits(void **state)
{
	struct store *s;
	off_t size = 0;
	int grown = 0;

	(void)state;
	ONLY_SQLITE();
	s = open_store();
	run(s, sql_t);
	for (int i = 0; i < OFTEN; i++) {
		commit_one(s, i);
		grown += journal_size() != size;
		size = journal_size();
	}
	print_message("# count: %d commits made the journal longer %d times\n", OFTEN, grown);
	assert_in_range(grown, 3, 30);
	store_close(&s);
}

static void often_child(void)
{
	struct store *s = open_store();

	run(s, sql_t);
	for (int i = 0; i < OFTEN; i++)
		commit_one(s, i);
	assert_ok(store_begin(s));
	assert_ok(insert(s, OFTEN, "not committed"));
	(void)kill(getpid(), SIGKILL);
}

static void room_in_the_journal_is_no_commit(void **state)
{
	struct store *s;
	int status = 0;
	pid_t pid;

	(void)state;
	ONLY_SQLITE();
	pid = fork();
	if (pid == 0) {
		often_child();
		_exit(1);
	}
	assert_true(waitpid(pid, &status, 0) == pid);
	assert_true(WIFSIGNALED(status));
	assert_true(journal_size() > 0);
	s = open_store();
	assert_true(query_int(s, "SELECT COUNT(*) FROM t") == OFTEN);
	commit_one(s, OFTEN + 1);
	assert_true(query_int(s, "SELECT COUNT(*) FROM t") == OFTEN + 1);
	store_close(&s);
}

/* Where the room begins: behind the last byte that was written. */
static long journal_end(FILE *wal)
{
	long end = 0;

	rewind(wal);
	for (int c; (c = fgetc(wal)) != EOF;) {
		if (c != 0)
			end = ftell(wal);
	}
	return end;
}

enum journal_harm { HARM_CUT, HARM_ONES, HARM_OLD_FRAMES, HARMS };

static void harm_room(enum journal_harm harm)
{
	char wal[PATH_MAX + 8];
	uint8_t old[4096 + 24];
	FILE *file;
	long end;

	(void)snprintf(wal, sizeof wal, "%s-wal", path);
	file = fopen(wal, "r+");
	assert_non_null(file);
	end = journal_end(file);
	/* Frames end where the next begins; trailing zeros may be of the last page. */
	end = 32 + (end - 32 + (long)sizeof old - 1) / (long)sizeof old * (long)sizeof old;
	assert_true(end < journal_size());
	assert_int_equal(fseek(file, end - (long)sizeof old, SEEK_SET), 0);
	assert_int_equal(fread(old, 1, sizeof old, file), sizeof old);
	if (harm == HARM_ONES)
		memset(old, 0xFF, sizeof old);
	assert_int_equal(fseek(file, end, SEEK_SET), 0);
	while (harm != HARM_CUT && ftell(file) + (long)sizeof old <= journal_size())
		assert_int_equal(fwrite(old, 1, sizeof old, file), sizeof old);
	assert_int_equal(fclose(file), 0);
	if (harm == HARM_CUT)
		assert_int_equal(truncate(wal, end), 0);
}

/* The room is not flushed: a power cut may leave anything there, or nothing. A frame of before, valid but for its place, is the
 * worst. */
static void what_stands_in_the_journals_room_is_no_commit(void **state)
{
	(void)state;
	ONLY_SQLITE();
	for (int harm = 0; harm < HARMS; harm++) {
		struct store *s;
		int status = 0;
		pid_t pid;

		assert_int_equal(fresh_path(NULL), 0);
		pid = fork();
		if (pid == 0) {
			often_child();
			_exit(1);
		}
		assert_true(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));
		harm_room((enum journal_harm)harm);
		s = open_store();
		assert_true(query_int(s, "SELECT COUNT(*) FROM t") == OFTEN);
		commit_one(s, OFTEN + 1);
		store_close(&s);
		s = open_store();
		assert_true(query_int(s, "SELECT COUNT(*) FROM t") == OFTEN + 1);
		store_close(&s);
	}
}

static int commits_until_longer(struct store *s)
{
	off_t size = journal_size();
	int i = 0;

	while (journal_size() == size && i < OFTEN)
		commit_one(s, i++);
	return i;
}

/* A disk that is full for more room, and not yet for the commits themselves. */
static void a_journal_without_room_goes_on(void **state)
{
	struct rlimit all, full;
	struct store *s;
	int commits;

	(void)state;
	ONLY_SQLITE();
	s = open_store();
	run(s, sql_t);
	commits = commits_until_longer(s);
	store_close(&s);
	assert_in_range(commits, 1, OFTEN - 1);
	assert_int_equal(fresh_path(NULL), 0);
	s = open_store();
	run(s, sql_t);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &all), 0);
	full = all;
	full.rlim_cur = (rlim_t)journal_size();
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
	for (int i = 0; i < commits + 10; i++)
		commit_one(s, i);
	assert_true(journal_size() == (off_t)full.rlim_cur);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &all), 0);
	(void)signal(SIGXFSZ, SIG_DFL);
	assert_true(query_int(s, "SELECT COUNT(*) FROM t") == commits + 10);
	store_close(&s);
}

static const struct migration list[] = {
	{ 1, "one", "CREATE TABLE one (id BIGINT); CREATE TABLE one_more (id BIGINT)" },
	{ 2, "two", "CREATE TABLE two (id BIGINT)" },
};

/* A store of this test's own migrations: the program's are forgotten. */
static struct store *open_bare(void)
{
	struct store *s = open_store();

	run(s, "DROP TABLE schema_migration");
	return s;
}

static void migrations_run_once(void **state)
{
	struct store *s = open_bare();

	(void)state;
	assert_ok(store_migrate(s, list, 1, sys_real()));
	assert_true(query_int(s, "SELECT COUNT(*) FROM schema_migration") == 1);
	assert_ok(store_migrate(s, list, 2, sys_real()));
	assert_ok(store_migrate(s, list, 2, sys_real()));
	assert_true(query_int(s, "SELECT COUNT(*) FROM schema_migration") == 2);
	assert_true(query_int(s, "SELECT COUNT(*) FROM one_more") == 0);
	assert_true(query_int(s, "SELECT COUNT(*) FROM two") == 0);
	store_close(&s);
}

/* A dry run: what is behind stays behind, byte for byte. */
static void a_store_is_opened_as_it_is_or_not_at_all(void **state)
{
	static const char *const older[] = {
		"DELETE FROM schema_migration WHERE number = (SELECT MAX(number) FROM schema_migration)",
		"DROP TABLE schema_migration"
	};
	char place[1024];
	struct cc_error err = { 0 };
	struct store *s = NULL;

	(void)state;
	store_engine_place(path, place, sizeof place);
	for (size_t i = 0; i < sizeof older / sizeof older[0]; i++) {
		store_engine_drop(path);
		store_engine_place(path, place, sizeof place);
		s = open_store();
		store_close(&s);
		assert_ok(store_open_as_it_is(place, &s, &err));
		run(s, older[i]);
		store_close(&s);
		for (int again = 0; again < 2; again++) {
			cc_error_init(&err);
			assert_int_equal(store_open_as_it_is(place, &s, &err).code, CC_E_STATE);
			assert_string_equal(err.key, "store.older");
		}
		cc_error_init(&err);
	}
	assert_ok(store_open_as_it_is(STORE_IN_MEMORY, &s, &err));
	assert_true(query_int(s, "SELECT COUNT(*) FROM schema_migration") == (int64_t)store_migration_count);
	store_close(&s);
}

static void changed_migration_is_refused(void **state)
{
	struct migration changed[2] = { list[0], list[1] };
	struct store *s = open_bare();

	(void)state;
	assert_ok(store_migrate(s, list, 2, sys_real()));
	changed[0].sql = "CREATE TABLE one (id TEXT)";
	assert_int_equal(store_migrate(s, changed, 2, sys_real()).code, CC_E_VERIFY);
	assert_string_equal(s->err.key, "store.migration-changed");
	store_close(&s);
}

static void failed_migration_leaves_nothing(void **state)
{
	static const struct migration broken[] = {
		{ 1, "broken", "CREATE TABLE half (id BIGINT); CREATE TABLE half (id BIGINT)" },
	};
	struct store *s = open_bare();
	struct stmt *q = NULL;

	(void)state;
	assert_true(cc_failed(store_migrate(s, broken, 1, sys_real())));
	assert_true(cc_failed(store_prepare(s, "SELECT COUNT(*) FROM half", &q)));
	assert_true(query_int(s, "SELECT COUNT(*) FROM schema_migration") == 0);
	store_close(&s);
}

static void file_of_a_newer_program_is_refused(void **state)
{
	struct store *s = open_bare();

	(void)state;
	assert_ok(store_migrate(s, list, 2, sys_real()));
	assert_int_equal(store_migrate(s, list, 1, sys_real()).code, CC_E_UNSUPPORTED);
	assert_string_equal(s->err.key, "store.newer");
	store_close(&s);
}

static void program_migrations_are_numbered_without_gaps(void **state)
{
	(void)state;
	assert_true(store_migration_count > 0);
	for (size_t i = 0; i < store_migration_count; i++) {
		assert_int_equal(store_migrations[i].number, i + 1);
		assert_true(strlen(store_migrations[i].name) > 0);
		assert_null(strstr(store_migrations[i].sql, "AUTOINCREMENT"));
		assert_null(strstr(store_migrations[i].sql, "BLOB"));
	}
}

static void changes_tell_what_was_written(void **state)
{
	struct store *s = open_store();

	(void)state;
	run(s, sql_t);
	assert_ok(store_begin(s));
	run(s, "INSERT INTO t (id, name) VALUES (1, 'a'), (2, 'b'), (3, 'c') ON CONFLICT (id) DO NOTHING");
	assert_int_equal(store_changes(s), 3);
	run(s, "INSERT INTO t (id, name) VALUES (3, 'x') ON CONFLICT (id) DO NOTHING");
	assert_int_equal(store_changes(s), 0);
	run(s, "INSERT INTO t (id, name) VALUES (3, 'x'), (4, 'd') ON CONFLICT (id) DO NOTHING");
	assert_int_equal(store_changes(s), 1);
	run(s, "UPDATE t SET name = 'y' WHERE id > 2");
	assert_int_equal(store_changes(s), 2);
	run(s, "DELETE FROM t WHERE id > 9");
	assert_int_equal(store_changes(s), 0);
	assert_ok(store_commit(s));
	store_close(&s);
}

#define store_unit_test(f) cmocka_unit_test_setup(f, fresh_path)

int main(void)
{
	const struct CMUnitTest tests[] = {
		store_unit_test(changes_tell_what_was_written),
		store_unit_test(open_refuses_a_file_in_use),
		store_unit_test(open_tells_a_missing_folder),
		store_unit_test(open_refuses_what_is_no_database),
		store_unit_test(file_is_for_its_owner_alone),
		store_unit_test(every_commit_is_synchronous),
		store_unit_test(values_come_back_as_bound),
		store_unit_test(one_text_may_be_in_use_twice),
		store_unit_test(finished_statement_is_used_again_without_old_values),
		store_unit_test(pages_in_memory_can_be_bounded),
		store_unit_test(cache_survives_more_texts_than_it_holds),
		store_unit_test(broken_unique_index_fails_its_transaction),
		store_unit_test(rollback_undoes),
		store_unit_test(broken_sql_is_an_error),
		store_unit_test(failed_commit_stops_the_store),
		store_unit_test(commits_survive_a_killed_process),
		store_unit_test(journal_has_room_ahead_of_little_commits),
		store_unit_test(room_in_the_journal_is_no_commit),
		store_unit_test(what_stands_in_the_journals_room_is_no_commit),
		store_unit_test(a_journal_without_room_goes_on),
		store_unit_test(migrations_run_once),
		store_unit_test(a_store_is_opened_as_it_is_or_not_at_all),
		store_unit_test(changed_migration_is_refused),
		store_unit_test(failed_migration_leaves_nothing),
		store_unit_test(file_of_a_newer_program_is_refused),
		cmocka_unit_test(program_migrations_are_numbered_without_gaps),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
