/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/disk_fault.h"
#include "tests/support/hostile_rows.h"
#include "tests/support/store_engine.h"

#include "crypto/hash.h"
#include "station/registry/registry.h"

#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define assert_ok(call) assert_int_equal((call).code, CC_OK)
#define PEOPLE 1100 /* more than one batch */
/* A store on PostgreSQL takes a second to be made. */
#define STATEMENT_POINTS (store_engine_is_postgres() ? 10ul : 24ul)
#define DISK_POINTS 9

/*
 * An accepted row is never lost: whatever breaks an import, the same command again
 * gives exactly the registry of an import that nothing broke.
 */
static char folder[64];
static char db_path[PATH_MAX];
static struct keystore *ks;
static struct store *store;
static struct registry *reg;
static struct hostile_file rows;

static void key_path(char out[PATH_MAX])
{
	(void)snprintf(out, PATH_MAX, "%s/a.ccks", folder);
}

static void make_rows(void)
{
	struct hostile_seed s = { 5 };

	hostile_file_init(&rows);
	for (uint64_t i = 0; i < PEOPLE; i++) {
		struct raw_row r;
		struct told t;

		raw_row_good(i * 131, &r, &t);
		hostile_file_row(&rows, &r, &s, &t);
		if (i % 100 == 50)
			hostile_file_bytes(&rows, "{\"number\":\"\n", 12);
		if (i % 100 == 70)
			hostile_file_row(&rows, &r, &s, &t); /* twice: refused */
	}
}

static int make_home(void **state)
{
	char path[PATH_MAX];
	struct cc_error err = { 0 };

	(void)state;
	/* In memory where that can be: a killed process loses nothing that a disk would keep, and syncs take no time. */
	(void)snprintf(folder, sizeof folder, "%s/cccd-crash-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (mkdtemp(folder) == NULL || hostile_photos(folder) != 0)
		return -1;
	make_rows();
	key_path(path);
	return cc_failed(keystore_file_create_cost(path, BYTES_LITERAL("a"), (struct password_cost){ 8192, 1, 1 }, sys_real(),
						   &ks, &err))
		       ? -1
		       : 0;
}

static int remove_home(void **state)
{
	char command[128];

	(void)state;
	hostile_file_done(&rows);
	keystore_close(&ks);
	(void)snprintf(command, sizeof command, "rm -rf %s", folder);
	return system(command);
}

static cc_status try_open(struct cc_error *err)
{
	char place[1024];
	cc_status st;

	store_engine_place(db_path, place, sizeof place);
	st = store_open(place, &store, err);
	if (!cc_failed(st))
		st = registry_open(store, ks, sys_real(), &reg, err);
	return st;
}

static void close_registry(void)
{
	registry_close(&reg);
	store_close(&store);
}

static void new_store(void)
{
	static unsigned count;

	if (count > 0)
		store_engine_drop(db_path);
	(void)snprintf(db_path, sizeof db_path, "%s/%u.db", folder, count++);
}

static cc_status import(unsigned threads, struct import_counts *ret, struct cc_error *err)
{
	struct import_options o = { .folder = folder,
				    .threads = threads,
				    .check = { .today = { 2026, 7, 1 }, .rules = validity_rules_2024() } };
	FILE *in = fmemopen(rows.bytes, rows.n, "r");
	cc_status st;

	if (in == NULL)
		return cc_fail(err, CC_E_MEMORY, "memory", "rows");
	st = import_run(reg, in, &o, ret, err);
	(void)fclose(in);
	return st;
}

/* ---- what a registry holds, whatever its row numbers are */

struct contents {
	uint64_t people, photos, marks, strays, pages;
	uint64_t records, photo_bytes; /* sums of digests: the order does not count */
};

struct walk {
	struct contents *c;
	char (*numbers)[13];
};

static uint64_t digest_of(struct bytes b)
{
	struct digest d;
	struct cursor in;
	uint64_t v = 0;

	assert_ok(hash_digest(HASH_SHA256, b, &d));
	cursor_init(&in, bytes_of(d.p, d.n));
	assert_true(cursor_u64(&in, &v));
	return v;
}

static bool take_person(void *ctx, const struct person *p, bool has_photo)
{
	struct walk *w = ctx;
	struct buf record = { 0 };

	assert_true(w->c->people < PEOPLE);
	memcpy(w->numbers[w->c->people++], p->number, 13);
	w->c->photos += has_photo;
	assert_ok(person_pack(p, &record));
	w->c->records += digest_of(buf_view(&record));
	buf_done(&record);
	return true;
}

static bool take_hit(void *ctx, const struct person *p, bool has_photo)
{
	(void)has_photo;
	((struct contents *)ctx)->pages += digest_of(bytes_str(p->number));
	return true;
}

static uint64_t ask(const char *sql)
{
	struct stmt *q = NULL;
	bool row = false;
	uint64_t n;

	assert_ok(store_prepare(store, sql, &q));
	assert_ok(stmt_step(q, &row));
	assert_true(row);
	n = (uint64_t)stmt_column_int(q, 0);
	stmt_finish(&q);
	return n;
}

static struct contents look(void)
{
	static const char *const searches[] = { "nguyen", "Trần Văn", "hong an", "DUNG", "le thi hoa", "huynh" };
	static char numbers[PEOPLE][13];
	struct contents c = { 0 };
	struct walk w = { &c, numbers };
	struct cc_error err = { 0 };

	assert_ok(registry_walk(reg, take_person, &w, &err));
	for (uint64_t i = 0; i < c.people; i++) {
		struct person p;
		struct buf photo = { 0 };

		assert_ok(registry_find(reg, numbers[i], &p, &photo, &err));
		c.photo_bytes += photo.n > 0 ? digest_of(buf_view(&photo)) ^ digest_of(bytes_str(numbers[i])) : 0;
		buf_done(&photo);
	}
	c.marks = ask("SELECT COUNT(*) + COALESCE(SUM(LENGTH(more)), 0) / 2 FROM registry_mark");
	c.strays =
		ask("SELECT COUNT(*) FROM registry_mark m LEFT JOIN registry_person p ON p.id = m.person_id WHERE p.id IS NULL");
	for (size_t i = 0; i < sizeof searches / sizeof searches[0]; i++)
		assert_ok(registry_search(reg, searches[i], PEOPLE, take_hit, &c, &err));
	return c;
}

static struct contents undisturbed(void)
{
	static struct contents c;
	struct import_counts counts = { 0 };
	struct cc_error err = { 0 };

	if (c.people > 0)
		return c;
	new_store();
	assert_ok(try_open(&err));
	assert_ok(import(0, &counts, &err));
	assert_int_equal(counts.imported, PEOPLE);
	c = look();
	close_registry();
	assert_int_equal(c.people, PEOPLE);
	assert_int_equal(c.strays, 0);
	assert_true(c.photos > PEOPLE / 8 && c.marks > 5 * PEOPLE && c.pages > 0);
	return c;
}

/* The same command again; *ret_before: people that the broken one had committed. */
static void again_gives_the_same(const char *where, unsigned threads, uint64_t *ret_before)
{
	struct contents want = undisturbed(), have;
	struct import_counts counts = { 0 };
	struct cc_error err = { 0 };
	cc_status st = try_open(&err);

	if (cc_failed(st))
		fail_msg("%s: %s %s", where, err.key, err.detail);
	*ret_before = ask("SELECT COUNT(*) FROM registry_person");
	assert_ok(import(threads, &counts, &err));
	have = look();
	close_registry();
	if (memcmp(&have, &want, sizeof want) != 0)
		fail_msg("%s: another registry: %llu people, %llu photos, %llu marks, %llu strays", where,
			 (unsigned long long)have.people, (unsigned long long)have.photos, (unsigned long long)have.marks,
			 (unsigned long long)have.strays);
	assert_int_equal(counts.unchanged, *ret_before);
	assert_int_equal(counts.imported + counts.unchanged, PEOPLE);
	assert_int_equal(counts.conflicts + counts.completed, 0);
}

/* ---- kill -9 at a statement: on both engines */

static const struct store_ops *real_ops;
static unsigned long steps, kill_step;
static bool kill_after;

static cc_status counted_step(struct stmt *q, bool *ret_row)
{
	cc_status st;
	bool now = ++steps == kill_step;

	if (now && !kill_after)
		(void)kill(getpid(), SIGKILL);
	st = real_ops->step(q, ret_row);
	if (now)
		(void)kill(getpid(), SIGKILL);
	return st;
}

static cc_status counted_exec(struct store *s, const char *sql)
{
	cc_status st;
	bool now = ++steps == kill_step;

	if (now && !kill_after)
		(void)kill(getpid(), SIGKILL);
	st = real_ops->exec(s, sql);
	if (now)
		(void)kill(getpid(), SIGKILL);
	return st;
}

static void count_statements(unsigned long at, bool after)
{
	static struct store_ops counted;

	real_ops = store->ops;
	counted = *real_ops;
	counted.step = counted_step;
	counted.exec = counted_exec;
	store->ops = &counted;
	steps = 0;
	kill_step = at;
	kill_after = after;
}

/* The key store's memory is not given to forked processes. */
static cc_status child_opens(struct cc_error *err)
{
	char path[PATH_MAX];
	cc_status st;

	key_path(path);
	st = keystore_file_open(path, BYTES_LITERAL("a"), sys_real(), &ks, err);
	return cc_failed(st) ? st : try_open(err);
}

static int wait_for(pid_t pid)
{
	int status = 0;

	assert_true(pid > 0);
	assert_true(waitpid(pid, &status, 0) == pid);
	return status;
}

static void killed_at_a_statement(unsigned long at, bool after, unsigned threads)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		struct import_counts c = { 0 };
		struct cc_error err = { 0 };

		if (cc_failed(child_opens(&err)))
			_exit(2);
		count_statements(at, after);
		_exit(cc_failed(import(threads, &c, &err)) ? 3 : 1);
	}
	status = wait_for(pid);
	assert_true(WIFSIGNALED(status));
}

static unsigned long statements_of_an_import(unsigned threads)
{
	struct import_counts c = { 0 };
	struct cc_error err = { 0 };
	unsigned long n;

	new_store();
	assert_ok(try_open(&err));
	count_statements(0, false);
	assert_ok(import(threads, &c, &err));
	n = steps;
	store->ops = real_ops;
	close_registry();
	return n;
}

static void killed_at_any_statement_and_run_again(void **state)
{
	unsigned long all[2] = { statements_of_an_import(0), statements_of_an_import(1) };
	uint64_t before = 0, least = PEOPLE, most = 0;

	(void)state;
	for (unsigned long i = 0; i < STATEMENT_POINTS; i++) {
		unsigned threads = (unsigned)(i / 2 % 2);
		unsigned long at = 1 + i * (all[threads] - 1) / (STATEMENT_POINTS - 1);

		new_store();
		killed_at_a_statement(at, i % 2 == 1, threads);
		/* Every fourth one is killed once more while it is finished. */
		if (i % 4 == 3)
			killed_at_a_statement(1 + at / 8, false, 0);
		again_gives_the_same("killed at a statement", (unsigned)(i % 2), &before);
		least = before < least ? before : least;
		most = before > most ? before : most;
	}
	assert_int_equal(least, 0);
	assert_int_equal(most, PEOPLE);
	print_message("# count: %lu kills among %lu statements of an import, run again: the same registry each time (%s)\n",
		      STATEMENT_POINTS + STATEMENT_POINTS / 4, all[0], store_engine_is_postgres() ? "PostgreSQL" : "SQLite");
}

/* ---- the disk: SQLite */

static unsigned long disk_calls_of_an_import(void)
{
	struct import_counts c = { 0 };
	struct cc_error err = { 0 };
	unsigned long n;

	new_store();
	disk_fault_begin(DISK_COUNTS, 0);
	assert_ok(try_open(&err));
	disk_fault_begin(DISK_COUNTS, 0);
	assert_ok(import(0, &c, &err));
	n = disk_fault_calls();
	close_registry();
	disk_fault_end();
	return n;
}

/* What the child did: 0 imported all, 1 told a failure of the disk, 2 told another one; or it was killed. */
static int disturbed(enum disk_fault kind, unsigned long at, unsigned threads)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		struct import_counts c = { 0 };
		struct cc_error err = { 0 };
		cc_status st;

		disk_fault_begin(DISK_COUNTS, 0);
		if (cc_failed(child_opens(&err)))
			_exit(3);
		disk_fault_begin(kind, at);
		st = import(threads, &c, &err);
		close_registry();
		_exit(!cc_failed(st) ? 0 : st.code == CC_E_IO ? 1 : 2);
	}
	status = wait_for(pid);
	return WIFSIGNALED(status) ? -1 : WEXITSTATUS(status);
}

static void each_disk_call(enum disk_fault kind, const char *where, bool dies)
{
	unsigned long all = disk_calls_of_an_import();
	uint64_t before = 0, most = 0;
	unsigned told = 0;

	for (unsigned long i = 0; i < DISK_POINTS; i++) {
		unsigned long at = 1 + i * (all - 1) / (DISK_POINTS - 1);
		int what;

		new_store();
		what = disturbed(kind, at, (unsigned)(i % 2));
		/* A checkpoint that fails after the last commit harms nothing: the journal stays. */
		if (dies ? what != -1 : what != 0 && what != 1)
			fail_msg("%s, call %lu of %lu: %d", where, at, all, what);
		told += what == 1;
		again_gives_the_same(where, (unsigned)(i % 2), &before);
		most = before > most ? before : most;
	}
	assert_true(most > 0 && (dies || told > DISK_POINTS / 2));
	print_message("# count: %s at %d of %lu calls of an import, run again: the same registry each time\n", where, DISK_POINTS,
		      all);
}

static void killed_at_a_disk_call(void **state)
{
	(void)state;
	if (store_engine_is_postgres())
		skip();
	each_disk_call(DISK_KILL, "kill -9", true);
}

static void killed_with_a_torn_write(void **state)
{
	(void)state;
	if (store_engine_is_postgres())
		skip();
	each_disk_call(DISK_KILL_TORN, "kill -9 amid a write", true);
}

static void disk_is_full(void **state)
{
	(void)state;
	if (store_engine_is_postgres())
		skip();
	each_disk_call(DISK_FULL, "disk full", false);
}

static void disk_fails(void **state)
{
	(void)state;
	if (store_engine_is_postgres())
		skip();
	each_disk_call(DISK_WRITE_IO, "write error", false);
	each_disk_call(DISK_SYNC_IO, "sync error", false);
}

/* The kernel's own refusal: a limit on the size of files. */
static int limited(rlim_t bytes)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		struct rlimit limit = { bytes, bytes };
		struct import_counts c = { 0 };
		struct cc_error err = { 0 };
		cc_status st;

		(void)signal(SIGXFSZ, SIG_IGN);
		if (cc_failed(child_opens(&err)))
			_exit(3);
		if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
			_exit(4);
		st = import(1, &c, &err);
		close_registry();
		_exit(!cc_failed(st) ? 0 : st.code == CC_E_IO ? 1 : 2);
	}
	status = wait_for(pid);
	return WIFSIGNALED(status) ? -1 : WEXITSTATUS(status);
}

static void files_may_not_grow(void **state)
{
	uint64_t before = 0;
	unsigned failed = 0, done = 0;

	(void)state;
	if (store_engine_is_postgres())
		skip();
	for (rlim_t kib = 64; kib <= 8192 && done == 0; kib += kib / 3 & ~(rlim_t)3) {
		int what;

		new_store();
		what = limited(kib * 1024 + 100);
		assert_true(what == 0 || what == 1);
		failed += what == 1;
		done += what == 0;
		again_gives_the_same("files may not grow", 1, &before);
	}
	assert_true(failed > 4 && done == 1);
	print_message("# count: %u imports stopped by a limit on the size of files, run again: the same registry each time\n",
		      failed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(killed_at_any_statement_and_run_again),
		cmocka_unit_test(killed_at_a_disk_call),
		cmocka_unit_test(killed_with_a_torn_write),
		cmocka_unit_test(disk_is_full),
		cmocka_unit_test(disk_fails),
		cmocka_unit_test(files_may_not_grow),
	};

	return cmocka_run_group_tests(tests, make_home, remove_home);
}
