/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/import.h"
#include "tests/support/store_engine.h"

#include "station/message.h"
#include "station/registry/registry.h"
#include "tests/support/alloc_fault.h"

#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define assert_ok(call) assert_int_equal((call).code, CC_OK)
#define DATA "tests/data/people"

/* One key store for all tests: deriving its key from a password is made to be slow. */
static char folder[] = "/tmp/cccd-import-XXXXXX";
static char db_path[PATH_MAX];
static struct keystore *ks, *other_ks;
static struct store *store;
static struct registry *reg;

static int make_home(void **state)
{
	char path[PATH_MAX];
	struct cc_error err = { 0 };

	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	(void)snprintf(path, sizeof path, "%s/a.ccks", folder);
	if (cc_failed(keystore_file_create(path, BYTES_LITERAL("a"), sys_real(), &ks, &err)))
		return -1;
	(void)snprintf(path, sizeof path, "%s/b.ccks", folder);
	return cc_failed(keystore_file_create(path, BYTES_LITERAL("b"), sys_real(), &other_ks, &err)) ? -1 : 0;
}

static int remove_home(void **state)
{
	char command[64];

	(void)state;
	keystore_close(&ks);
	keystore_close(&other_ks);
	(void)snprintf(command, sizeof command, "rm -rf %s", folder);
	return system(command);
}

static const char *place(void)
{
	static char out[1024];

	store_engine_place(db_path, out, sizeof out);
	return out;
}

static void open_registry(void)
{
	struct cc_error err = { 0 };

	assert_ok(store_open(place(), &store, &err));
	assert_ok(registry_open(store, ks, sys_real(), &reg, &err));
}

static void close_registry(void)
{
	registry_close(&reg);
	store_close(&store);
}

static int fresh_registry(void **state)
{
	static unsigned count;

	(void)state;
	(void)snprintf(db_path, sizeof db_path, "%s/%u.db", folder, count++);
	open_registry();
	return 0;
}

static int end_registry(void **state)
{
	(void)state;
	close_registry();
	return 0;
}

/* ---- running an import, and its remarks as the lines of broken.expected */

struct record {
	char text[16384];
	size_t n;
	uint64_t kill_at; /* rows after which the process dies in its progress */
};

static void keep_remark(void *ctx, const struct import_remark *m)
{
	struct record *r = ctx;
	const char *field = m->fault.unknown[0] != '\0' ? m->fault.unknown : m->fault.field;

	assert_string_equal(message_find(m->fault.key)->key, m->fault.key);
	r->n += (size_t)snprintf(r->text + r->n, sizeof r->text - r->n, "%llu %s %s %s\n", (unsigned long long)m->line,
				 import_severity_name(m->severity), m->fault.key, field[0] != '\0' ? field : "-");
	assert_true(r->n < sizeof r->text);
}

static void die_in_progress(void *ctx, const struct import_counts *c, uint64_t bytes)
{
	const struct record *r = ctx;

	(void)bytes;
	if (r->kill_at != 0 && c->rows >= r->kill_at)
		(void)kill(getpid(), SIGKILL);
}

static struct import_counts run(FILE *in, const char *photos, bool dry_run, struct record *r)
{
	struct import_options o = { .folder = photos,
				    .dry_run = dry_run,
				    .check = { .today = { 2026, 7, 1 }, .rules = validity_rules_2024() },
				    .remark = keep_remark,
				    .progress = die_in_progress,
				    .ctx = r };
	struct import_counts c = { 0 };
	struct cc_error err = { 0 };

	assert_non_null(in);
	assert_ok(import_run(reg, in, &o, &c, &err));
	(void)fclose(in);
	return c;
}

static struct import_counts run_file(const char *name, struct record *r)
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof path, DATA "/%s", name);
	return run(fopen(path, "r"), DATA, false, r);
}

static struct import_counts run_text(const char *text, const char *photos, struct record *r)
{
	return run(fmemopen((void *)(uintptr_t)text, strlen(text), "r"), photos, false, r);
}

static int64_t people(void)
{
	struct cc_error err = { 0 };
	int64_t n = -1;

	assert_ok(registry_count(reg, &n, &err));
	return n;
}

static void committed_people_are_imported_and_issuable(void **state)
{
	struct record r = { 0 };
	struct import_counts c = run_file("people.jsonl", &r);

	(void)state;
	assert_int_equal(c.rows, 24);
	assert_int_equal(c.imported, 24);
	assert_int_equal(c.held, 0);
	assert_int_equal(c.refused + c.conflicts + c.unchanged + c.completed, 0);
	assert_int_equal(people(), 24);
	assert_null(strstr(r.text, "held"));
}

static void record_and_photo_come_back_as_they_were(void **state)
{
	struct record r = { 0 };
	struct person p;
	struct buf photo = { 0 }, file = { 0 };
	struct cc_error err = { 0 };

	(void)state;
	(void)run_file("people.jsonl", &r);
	assert_ok(registry_find(reg, "066302000000", &p, &photo, &err));
	assert_string_equal(p.full_name, "H'Ngăm Niê Kđăm");
	assert_string_equal(p.photo_path, "");
	assert_ok(sys_read_file(DATA "/photos/g05.jpg", PERSON_PHOTO_MAX, &file, &err));
	assert_true(bytes_equal(buf_view(&photo), buf_view(&file)));
	assert_int_equal(registry_find(reg, "068302000000", &p, NULL, &err).code, CC_E_NOT_FOUND);
	cc_error_init(&err);
	assert_int_equal(registry_find(reg, "066302", &p, NULL, &err).code, CC_E_ARG);
	buf_done(&photo);
	buf_done(&file);
}

static void same_file_again_changes_nothing(void **state)
{
	struct record r = { 0 };
	struct import_counts c;

	(void)state;
	(void)run_file("people.jsonl", &r);
	close_registry();
	open_registry();
	c = run_file("people.jsonl", &r);
	assert_int_equal(c.unchanged, 24);
	assert_int_equal(c.imported + c.completed + c.conflicts + c.refused, 0);
	assert_int_equal(people(), 24);
}

static void dry_run_writes_nothing(void **state)
{
	struct record r = { 0 };
	struct import_counts c = run(fopen(DATA "/people.jsonl", "r"), DATA, true, &r);

	(void)state;
	assert_int_equal(c.imported, 24);
	assert_int_equal(people(), 0);
	(void)run_file("people.jsonl", &r);
	c = run(fopen(DATA "/people.jsonl", "r"), DATA, true, &r);
	assert_int_equal(c.unchanged, 24);
}

static void held_people_are_imported_with_their_reason(void **state)
{
	static const char expected[] = "1 held registry.birth-incomplete birth_date\n"
				       "2 held registry.birth-incomplete birth_date\n"
				       "3 held registry.no-photo photo\n"
				       "4 held import.photo-missing photo\n"
				       "5 held import.photo-not-jpeg photo\n"
				       "6 held registry.dead life_status\n"
				       "7 held registry.missing-person life_status\n"
				       "8 held registry.nationality nationality\n"
				       "9 held registry.birth-future birth_date\n"
				       "9 warning registry.number-province number\n"
				       "9 warning registry.number-birth number\n"
				       "10 held registry.expired expiry_date\n";
	struct record r = { 0 };
	struct import_counts c = run_file("held.jsonl", &r);

	(void)state;
	assert_int_equal(c.imported, 10);
	assert_int_equal(c.held, 10);
	assert_string_equal(r.text, expected);
}

static void broken_rows_are_told_and_the_rest_is_imported(void **state)
{
	struct record r = { 0 };
	struct buf expected = { 0 };
	struct cc_error err = { 0 };
	struct import_counts c = run_file("broken.jsonl", &r);

	(void)state;
	assert_ok(sys_read_file(DATA "/broken.expected", sizeof r.text, &expected, &err));
	assert_int_equal(r.n, expected.n);
	assert_memory_equal(r.text, expected.p, r.n);
	assert_int_equal(c.rows, 36);
	assert_int_equal(c.refused, 27);
	assert_int_equal(c.imported, 9);
	assert_int_equal(c.held, 5);
	assert_int_equal(people(), 9);
	buf_done(&expected);
}

#define ROW(number, name, more)                                                                                                  \
	"{\"number\":\"" number "\",\"full_name\":\"" name                                                                       \
	"\",\"birth_date\":\"1990-02-15\",\"sex\":\"male\",\"nationality\":\"Việt Nam\","                                      \
	"\"origin\":\"Huế\",\"residence\":\"Huế\"" more "}\n"

static void other_content_is_a_conflict_and_overwrites_nothing(void **state)
{
	struct record r = { 0 };
	struct person p;
	struct cc_error err = { 0 };
	struct import_counts c;

	(void)state;
	(void)run_text(ROW("001090000000", "An", ""), DATA, &r);
	c = run_text(ROW("001090000000", "Ân", ""), DATA, &r);
	assert_int_equal(c.conflicts, 1);
	assert_int_equal(c.imported + c.unchanged + c.held, 0);
	assert_non_null(strstr(r.text, "1 refused import.conflict number\n"));
	assert_ok(registry_find(reg, "001090000000", &p, NULL, &err));
	assert_string_equal(p.full_name, "An");
}

static void missing_photo_may_follow_later(void **state)
{
	static const char with[] = ROW("001090000000", "An", ",\"photo\":\"photos/g02.jpg\"");
	static const char other[] = ROW("001090000000", "An", ",\"photo\":\"photos/g04.jpg\"");
	struct record r = { 0 };
	struct import_counts c;

	(void)state;
	c = run_text(ROW("001090000000", "An", ""), DATA, &r);
	assert_int_equal(c.held, 1);
	c = run_text(with, DATA, &r);
	assert_int_equal(c.completed, 1);
	assert_int_equal(c.held, 0);
	c = run_text(with, DATA, &r);
	assert_int_equal(c.unchanged, 1);
	c = run_text(ROW("001090000000", "An", ""), DATA, &r);
	assert_int_equal(c.unchanged, 1);
	c = run_text(other, DATA, &r);
	assert_int_equal(c.conflicts, 1);
}

static void file_may_have_mark_blank_lines_and_any_line_end(void **state)
{
	struct record r = { 0 };
	struct import_counts c =
		run_text("\xEF\xBB\xBF" ROW("001090000000", "An", "") "\r\n  \t\n" ROW("002090000000", "Ba", ""), DATA, &r);

	(void)state;
	assert_int_equal(c.rows, 2);
	assert_int_equal(c.imported, 2);
	c = run_text("", DATA, &r);
	assert_int_equal(c.rows, 0);
	c = run_text("\n\n", DATA, &r);
	assert_int_equal(c.rows, 0);
}

/* A row of the limit is taken, whatever stands behind a longer one is still read. */
static void long_lines_do_not_swallow_their_neighbours(void **state)
{
	static char text[3 * PERSON_ROW_MAX];
	struct record r = { 0 };
	struct import_counts c;
	size_t n = (size_t)snprintf(text, sizeof text, "%s", ROW("001090000000", "An", "")) - 1;

	(void)state;
	memset(text + n, ' ', PERSON_ROW_MAX - n);
	n = PERSON_ROW_MAX;
	text[n++] = '\n';
	memset(text + n, ' ', PERSON_ROW_MAX);
	text[n + PERSON_ROW_MAX] = '1';
	n += PERSON_ROW_MAX + 1;
	text[n++] = '\n';
	(void)snprintf(text + n, sizeof text - n, "%s", ROW("002090000000", "Ba", ""));
	c = run_text(text, DATA, &r);
	assert_int_equal(c.imported, 2);
	assert_int_equal(c.refused, 1);
	assert_non_null(strstr(r.text, "2 refused import.line-too-long -\n"));
}

/* ---- search */

static bool count_person(void *ctx, const struct person *p, bool has_photo)
{
	(void)p;
	(void)has_photo;
	++*(size_t *)ctx;
	return true;
}

static size_t found(const char *text)
{
	struct cc_error err = { 0 };
	size_t n = 0;

	assert_ok(registry_search(reg, text, 100, count_person, &n, &err));
	return n;
}

static void search_takes_words_in_any_order_case_and_accent(void **state)
{
	struct record r = { 0 };
	struct cc_error err = { 0 };
	size_t n = 0;

	(void)state;
	(void)run_file("people.jsonl", &r);
	assert_int_equal(found("nguyễn thị thùy dương"), 1);
	assert_int_equal(found("DUONG thuy"), 2);
	assert_int_equal(found("dang"), 2);
	assert_int_equal(found("Đặng hong"), 1);
	assert_int_equal(found("hngam"), 1);
	assert_int_equal(found("uyen"), 1);
	assert_int_equal(found("dang dang"), 2);
	assert_int_equal(found("dang nobody"), 0);
	assert_int_equal(registry_search(reg, " .. ", 100, count_person, &n, &err).code, CC_E_ARG);
	cc_error_init(&err);
	assert_ok(registry_search(reg, "thi", 3, count_person, &n, &err));
	assert_int_equal(n, 3);
	n = 0;
	assert_ok(registry_walk(reg, count_person, &n, &err));
	assert_int_equal(n, 24);
}

/* ---- what lies on the disk */

static bool file_contains(const char *path, struct bytes needle)
{
	struct buf file = { 0 };
	struct cc_error err = { 0 };
	bool hit;

	if (cc_failed(sys_read_file(path, 256u * 1024 * 1024, &file, &err)))
		return false;
	hit = memmem(file.p, file.n, needle.p, needle.n) != NULL;
	buf_done(&file);
	return hit;
}

/* I9. Looked for while the journal is full and after the close, which folds it into the file. */
static void disk_holds_no_name_number_place_or_photo(void **state)
{
	static const char *const needles[] = { "066302000000", "Niê",	   "Ea Mar", "Nguyễn",	 "nguyen",
					       "NGUYEN",       "Tin lành", "Buôn",   "full_name" };
	char wal[PATH_MAX + 8];
	struct record r = { 0 };
	struct buf photo = { 0 };
	struct cc_error err = { 0 };

	(void)state;
	/* On PostgreSQL tests/regress/postgres_test.sh looks through the server's files. */
	if (store_engine_is_postgres())
		skip();
	(void)run_file("people.jsonl", &r);
	assert_ok(sys_read_file(DATA "/photos/g05.jpg", PERSON_PHOTO_MAX, &photo, &err));
	(void)snprintf(wal, sizeof wal, "%s-wal", db_path);
	assert_true(file_contains(wal, BYTES_LITERAL("registry_person")) ||
		    file_contains(db_path, BYTES_LITERAL("registry_person")));
	for (int closed = 0; closed < 2; closed++) {
		for (size_t i = 0; i < sizeof needles / sizeof needles[0]; i++) {
			assert_false(file_contains(db_path, bytes_str(needles[i])));
			assert_false(file_contains(wal, bytes_str(needles[i])));
		}
		assert_false(file_contains(db_path, bytes_of(photo.p + photo.n / 2, 32)));
		assert_false(file_contains(wal, bytes_of(photo.p + photo.n / 2, 32)));
		if (closed == 0)
			close_registry();
	}
	assert_true(file_contains(db_path, BYTES_LITERAL("registry_person")));
	buf_done(&photo);
	open_registry();
}

static void other_key_store_is_told_before_any_row_is_read(void **state)
{
	struct record r = { 0 };
	struct registry *other = NULL;
	struct cc_error err = { 0 };

	(void)state;
	(void)run_text(ROW("001090000000", "An", ""), DATA, &r);
	registry_close(&reg);
	/* No key there, and the rows exist: none is made. */
	assert_int_equal(registry_open(store, other_ks, sys_real(), &other, &err).code, CC_E_NOT_FOUND);
	cc_error_init(&err);
	assert_ok(keystore_generate(
		other_ks, &(struct keystore_key_info){ .label = REGISTRY_KEY_LABEL, .kind = KEYSTORE_AES, .bits = 256 }));
	assert_int_equal(registry_open(store, other_ks, sys_real(), &other, &err).code, CC_E_VERIFY);
	assert_string_equal(err.key, "registry.key-wrong");
	assert_null(other);
	cc_error_init(&err);
	assert_ok(registry_open(store, ks, sys_real(), &reg, &err));
}

static void run_sql(const char *sql)
{
	struct stmt *q = NULL;

	assert_ok(store_prepare(store, sql, &q));
	assert_ok(stmt_run(q));
	stmt_finish(&q);
}

/* The seal is bound to its row: records that changed places do not open. */
static void swapped_records_do_not_open(void **state)
{
	struct record r = { 0 };
	struct person p;
	struct cc_error err = { 0 };
	cc_status st;

	(void)state;
	(void)run_text(ROW("001090000000", "An", "") ROW("002090000000", "Ba", ""), DATA, &r);
	run_sql("UPDATE registry_person SET record = (SELECT o.record FROM registry_person o WHERE o.id <> registry_person.id)"
		" WHERE id = (SELECT MIN(id) FROM registry_person)");
	st = registry_find(reg, "001090000000", &p, NULL, &err);
	if (!cc_failed(st))
		st = registry_find(reg, "002090000000", &p, NULL, &err);
	assert_int_equal(st.code, CC_E_VERIFY);
	assert_string_equal(err.key, "registry.damaged");
	assert_null(strstr(err.detail, "An"));
}

static void put_inside_an_aborted_transaction_leaves_nothing(void **state)
{
	struct person p;
	struct cc_error err = { 0 };
	enum registry_put result;
	static const char row[] = ROW("001090000000", "An", "");

	(void)state;
	assert_ok(person_parse(bytes_of(row, strlen(row) - 1), &p, NULL, NULL));
	assert_ok(store_begin(store));
	assert_ok(registry_put(reg, &p, bytes_of(NULL, 0), &result, &err));
	assert_int_equal(result, PUT_ADDED);
	store_rollback(store);
	assert_int_equal(people(), 0);
	assert_ok(store_begin(store));
	assert_ok(registry_put(reg, &p, bytes_of(NULL, 0), &result, &err));
	assert_int_equal(result, PUT_ADDED);
	assert_ok(store_commit(store));
	assert_int_equal(people(), 1);
}

/* ---- out of memory */

static const char two_rows[] = ROW("001090000000", "An", ",\"photo\":\"photos/g02.jpg\"") ROW("002090000000", "Ba", "");

/* A batch is all or nothing, and want of memory is never a fault of a row. */
static void import_out_of_memory_imports_nothing(void **state)
{
	struct import_options o = { .folder = DATA, .check = { .today = { 2026, 7, 1 }, .rules = validity_rules_2024() } };
	size_t runs = 0;

	(void)state;
	for (size_t k = 1; alloc_fault_next(&k); runs++) {
		struct import_counts c = { 0 };
		struct cc_error err = { 0 };
		FILE *in = fmemopen((void *)(uintptr_t)two_rows, sizeof two_rows - 1, "r");
		cc_status st = import_run(reg, in, &o, &c, &err);
		bool refused = alloc_fault_end();

		(void)fclose(in);
		assert_int_equal(st.code, refused ? CC_E_MEMORY : CC_OK);
		assert_int_equal(c.refused + c.conflicts, 0);
		assert_int_equal(people(), refused ? 0 : 2);
		if (refused)
			assert_string_equal(err.key, "memory");
	}
	assert_true(runs > 10);
}

static void reading_out_of_memory_says_so(void **state)
{
	struct record r = { 0 };
	size_t runs = 0;

	(void)state;
	(void)run_text(two_rows, DATA, &r);
	for (size_t k = 1; alloc_fault_next(&k); runs++) {
		struct person p;
		struct buf photo = { 0 };
		struct cc_error err = { 0 };
		cc_status st = registry_find(reg, "001090000000", &p, &photo, &err);
		bool refused = alloc_fault_end();

		assert_int_equal(st.code, refused ? CC_E_MEMORY : CC_OK);
		assert_true(refused == (photo.n == 0));
		if (refused)
			assert_string_equal(err.key, "memory");
		buf_done(&photo);
	}
	assert_true(runs > 2);
}

static void opening_out_of_memory_says_so(void **state)
{
	size_t runs = 0, unheard = 0;

	(void)state;
	close_registry();
	for (size_t k = 1; alloc_fault_next(&k); runs++) {
		struct cc_error err = { 0 };
		cc_status st = store_open(place(), &store, &err);

		if (!cc_failed(st))
			st = registry_open(store, ks, sys_real(), &reg, &err);
		/* What a control group allows is good to know; without it the store opens all the same (memory_limit.h). */
		if (!alloc_fault_end())
			assert_ok(st);
		else if (cc_failed(st))
			assert_int_equal(st.code, CC_E_MEMORY);
		else
			unheard++;
		close_registry();
	}
	print_message("# count: %zu allocations of an opening refused, %zu of them not needed\n", runs, unheard);
	assert_true(runs - unheard > 2);
	open_registry();
}

/* ---- a crash */

#define MANY 1200

static void write_many(const char *path)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	for (int i = 0; i < MANY; i++)
		(void)fprintf(
			f,
			"{\"number\":\"%03d0%02d000000\",\"full_name\":\"An\",\"birth_date\":\"19%02d-01-01\",\"sex\":\"male\","
			"\"nationality\":\"Việt Nam\"}\n",
			i / 100, i % 100, i % 100);
	(void)fclose(f);
}

static struct import_counts run_many(const char *path, uint64_t kill_at)
{
	struct record r = { .kill_at = kill_at };
	struct import_options o = { .folder = DATA,
				    .check = { .today = { 2026, 7, 1 }, .rules = validity_rules_2024() },
				    .progress = die_in_progress,
				    .ctx = &r };
	struct import_counts c = { 0 };
	struct cc_error err = { 0 };
	FILE *in = fopen(path, "r");

	assert_ok(import_run(reg, in, &o, &c, &err));
	(void)fclose(in);
	return c;
}

static void killed_import_is_finished_by_running_it_again(void **state)
{
	char path[PATH_MAX];
	struct import_counts c;
	int status = 0;
	pid_t pid;

	(void)state;
	(void)snprintf(path, sizeof path, "%s/many.jsonl", folder);
	write_many(path);
	close_registry();
	pid = fork();
	if (pid == 0) {
		struct cc_error err = { 0 };
		char keys[PATH_MAX];

		/* the key store's memory is not given to forked processes */
		(void)snprintf(keys, sizeof keys, "%s/a.ccks", folder);
		assert_ok(keystore_file_open(keys, BYTES_LITERAL("a"), sys_real(), &ks, &err));
		open_registry();
		(void)run_many(path, 500);
		_exit(1);
	}
	assert_true(waitpid(pid, &status, 0) == pid);
	assert_true(WIFSIGNALED(status));
	open_registry();
	assert_int_equal(people(), 500);
	c = run_many(path, 0);
	assert_int_equal(c.unchanged, 500);
	assert_int_equal(c.imported, MANY - 500);
	assert_int_equal(c.refused + c.conflicts, 0);
	assert_int_equal(people(), MANY);
}

#define registry_unit_test(f) cmocka_unit_test_setup_teardown(f, fresh_registry, end_registry)

int main(void)
{
	const struct CMUnitTest tests[] = {
		registry_unit_test(committed_people_are_imported_and_issuable),
		registry_unit_test(record_and_photo_come_back_as_they_were),
		registry_unit_test(same_file_again_changes_nothing),
		registry_unit_test(dry_run_writes_nothing),
		registry_unit_test(held_people_are_imported_with_their_reason),
		registry_unit_test(broken_rows_are_told_and_the_rest_is_imported),
		registry_unit_test(other_content_is_a_conflict_and_overwrites_nothing),
		registry_unit_test(missing_photo_may_follow_later),
		registry_unit_test(file_may_have_mark_blank_lines_and_any_line_end),
		registry_unit_test(long_lines_do_not_swallow_their_neighbours),
		registry_unit_test(search_takes_words_in_any_order_case_and_accent),
		registry_unit_test(disk_holds_no_name_number_place_or_photo),
		registry_unit_test(other_key_store_is_told_before_any_row_is_read),
		registry_unit_test(swapped_records_do_not_open),
		registry_unit_test(put_inside_an_aborted_transaction_leaves_nothing),
		registry_unit_test(import_out_of_memory_imports_nothing),
		registry_unit_test(reading_out_of_memory_says_so),
		registry_unit_test(opening_out_of_memory_says_so),
		registry_unit_test(killed_import_is_finished_by_running_it_again),
	};

	return cmocka_run_group_tests(tests, make_home, remove_home);
}
