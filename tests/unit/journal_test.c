/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "station/issue/journal.h"
#include "station/issue/ledger.h"
#include "tests/support/books_fixture.h"
#include "tests/support/store_engine.h"

#include <string.h>

#define ANNA "001190000000"
#define BINH "001090000000"
#define CHIP1 "0000000000000001"
#define CHIP2 "0000000000000002"

static void a_whole_life_is_recorded_in_order(void **state)
{
	struct journal_record r[32];
	struct books_fixture f;
	struct job job;
	size_t n = 0;

	(void)state;
	books_fixture(&f);
	books_fixture_bind(&f, ANNA, CHIP1, &job);
	books_fixture_walk(&f, &job, JOB_ISSUED);
	books_fixture_check(f.books);
	assert_int_equal(journal_read(f.books, job.id, r, 32, &n, &f.err).code, CC_OK);
	assert_int_equal(n, 1 + 2 + 1 + 2 + 2 + 2 + 2 + 1 + 1);
	for (size_t i = 0; i < n; i++) {
		const struct job_row *row;

		assert_true(i == 0 || r[i].seq > r[i - 1].seq);
		if (r[i].phase == JOURNAL_DONE)
			continue;
		/* begin and done of one step stand beside each other */
		assert_true(i + 1 < n);
		assert_int_equal(r[i + 1].phase, JOURNAL_DONE);
		assert_int_equal(r[i + 1].event, r[i].event);
		row = job_row_find(r[i].state, r[i].event);
		assert_non_null(row);
		assert_true(row->irreversible);
		assert_int_equal(r[i + 1].state, row->to);
	}
	books_fixture_done(&f);
}

static void a_new_process_finds_what_was_begun(void **state)
{
	struct books_fixture f;
	struct job job, again;
	bool found = false;

	(void)state;
	books_fixture(&f);
	books_fixture_bind(&f, ANNA, CHIP1, &job);
	books_fixture_walk(&f, &job, JOB_WRITTEN);
	assert_int_equal(ledger_begin(f.books, &job, job_row_next(job.state), &f.err).code, CC_OK);
	books_fixture_reopen(&f);
	assert_int_equal(ledger_find_live(f.books, ANNA, &again, &found, &f.err).code, CC_OK);
	assert_true(found);
	assert_string_equal(again.id, job.id);
	assert_string_equal(again.serial, CHIP1);
	assert_int_equal(again.state, JOB_WRITTEN);
	assert_true(again.begun);
	assert_int_equal(again.begun_event, JOB_CLOSE);
	assert_true(again.aa_key.n == 32 && again.ca_key.n == 32);
	assert_memory_equal(again.aa_key.p, job.aa_key.p, 32);
	/* and the sequence goes on */
	assert_int_equal(ledger_done(f.books, &again, job_row_next(again.state), &(struct ledger_result){ 0 }, &f.err).code,
			 CC_OK);
	assert_false(again.begun);
	books_fixture_check(f.books);
	books_fixture_done(&f);
}

static void one_live_job_for_a_person_and_for_a_blank(void **state)
{
	struct ledger_files files = { .packet = BYTES_LITERAL("p") };
	struct books_fixture f;
	struct job job, other;

	(void)state;
	books_fixture(&f);
	books_fixture_bind(&f, ANNA, CHIP1, &job);
	assert_int_equal(ledger_bind(f.books, ANNA, CHIP2, "softchip", &files, NULL, &other, &f.err).code, CC_E_BUSY);
	assert_string_equal(f.err.key, "issue.job-busy");
	cc_error_init(&f.err);
	assert_int_equal(ledger_bind(f.books, BINH, CHIP1, "softchip", &files, NULL, &other, &f.err).code, CC_E_STATE);
	assert_string_equal(f.err.key, "issue.blank-busy");
	books_fixture_check(f.books);
	books_fixture_done(&f);
}

static void one_active_card_for_a_person(void **state)
{
	struct ledger_files files = { .packet = BYTES_LITERAL("p") };
	struct books_fixture f;
	struct job job, other;
	bool has = false;

	(void)state;
	books_fixture(&f);
	books_fixture_bind(&f, ANNA, CHIP1, &job);
	books_fixture_walk(&f, &job, JOB_ISSUED);
	assert_int_equal(ledger_has_card(f.books, ANNA, &has, &f.err).code, CC_OK);
	assert_true(has);
	assert_int_equal(ledger_has_card(f.books, BINH, &has, &f.err).code, CC_OK);
	assert_false(has);
	assert_int_equal(ledger_bind(f.books, ANNA, CHIP2, "softchip", &files, NULL, &other, &f.err).code, CC_E_STATE);
	assert_string_equal(f.err.key, "issue.card-active");
	cc_error_init(&f.err);
	/* and an issued blank serves nobody else */
	assert_int_equal(ledger_bind(f.books, BINH, CHIP1, "softchip", &files, NULL, &other, &f.err).code, CC_E_STATE);
	assert_string_equal(f.err.key, "issue.blank-used");
	books_fixture_check(f.books);
	books_fixture_done(&f);
}

static void a_spoiled_blank_ends_the_job_alone(void **state)
{
	char reason[STOCK_REASON_SIZE];
	struct books_fixture f;
	struct job job;
	enum stock_state s;
	bool found = true;

	(void)state;
	books_fixture(&f);
	books_fixture_bind(&f, ANNA, CHIP1, &job);
	books_fixture_walk(&f, &job, JOB_KEYED);
	assert_int_equal(ledger_spoil(f.books, &job, "perso.read-back: DG2", &f.err).code, CC_OK);
	assert_int_equal(ledger_blank(f.books, CHIP1, &s, reason, &f.err).code, CC_OK);
	assert_int_equal(s, STOCK_SPOILED);
	assert_string_equal(reason, "perso.read-back: DG2");
	assert_int_equal(ledger_find_live(f.books, ANNA, &job, &found, &f.err).code, CC_OK);
	assert_false(found);
	books_fixture_bind(&f, ANNA, CHIP2, &job);
	books_fixture_walk(&f, &job, JOB_ISSUED);
	books_fixture_check(f.books);
	books_fixture_done(&f);
}

static void a_public_key_is_taken_once(void **state)
{
	struct ledger_result result = { 0 };
	struct books_fixture f;
	struct job a, b;

	(void)state;
	books_fixture(&f);
	books_fixture_bind(&f, ANNA, CHIP1, &a);
	books_fixture_walk(&f, &a, JOB_KEYED);
	books_fixture_bind(&f, BINH, CHIP2, &b);
	assert_int_equal(ledger_begin(f.books, &b, job_row_next(b.state), &f.err).code, CC_OK);
	result.ca_key = a.aa_key; /* even as a key of the other kind */
	assert_int_equal(hash_digest(HASH_SHA256, BYTES_LITERAL("fresh"), &result.aa_key).code, CC_OK);
	assert_int_equal(ledger_done(f.books, &b, job_row_next(b.state), &result, &f.err).code, CC_E_EXISTS);
	assert_string_equal(f.err.key, "issue.duplicate-key");
	assert_int_equal(b.state, JOB_BOUND);
	books_fixture_check(f.books);
	books_fixture_done(&f);
}

static void files_come_back_only_to_their_job(void **state)
{
	struct books_fixture f;
	struct buf packet = { 0 };
	struct digest hash;
	struct job a, b;

	(void)state;
	books_fixture(&f);
	books_fixture_bind(&f, ANNA, CHIP1, &a);
	books_fixture_bind(&f, BINH, CHIP2, &b);
	assert_int_equal(ledger_load_files(f.books, &a, &packet, &hash, &f.err).code, CC_OK);
	assert_true(bytes_equal(buf_view(&packet), BYTES_LITERAL("packet")));
	buf_done(&packet);
	/* A row moved to another job doesn't open. */
	assert_int_equal(store_begin(f.store).code, CC_OK);
	assert_int_equal(books_run(f.books,
				   "UPDATE issue_files SET sealed = (SELECT sealed FROM issue_files WHERE job_id = $1)"
				   " WHERE job_id = $2",
				   (struct books_value[]){ books_text(b.id), books_text(a.id) }, 2, &f.err)
				 .code,
			 CC_OK);
	assert_int_equal(store_commit(f.store).code, CC_OK);
	assert_int_equal(ledger_load_files(f.books, &a, &packet, &hash, &f.err).code, CC_E_VERIFY);
	assert_string_equal(f.err.key, "issue.damaged");
	books_fixture_done(&f);
}

static void no_personal_number_lies_in_the_store(void **state)
{
	struct books_fixture f;
	struct buf file = { 0 };
	struct job job;
	char path[256];
	bool found = false;

	(void)state;
	/* On PostgreSQL tests/regress/postgres_test.sh looks through the server's files. */
	if (store_engine_is_postgres())
		skip();
	books_fixture(&f);
	books_fixture_bind(&f, ANNA, CHIP1, &job);
	books_close(&f.books);
	store_close(&f.store);
	fixture_path(&f.folder, "station.db", path, sizeof path);
	assert_int_equal(sys_read_file(path, 1u << 24, &file, &f.err).code, CC_OK);
	for (size_t i = 0; i + 12 <= file.n; i++)
		found = found || memcmp(file.p + i, ANNA, 12) == 0;
	assert_false(found);
	buf_done(&file);
	books_fixture_done(&f);
}

static void another_key_store_is_told(void **state)
{
	struct books_fixture f;
	struct keystore *other = NULL;
	char path[256];

	(void)state;
	books_fixture(&f);
	books_close(&f.books);
	fixture_path(&f.folder, "other.ccks", path, sizeof path);
	assert_int_equal(keystore_file_create(path, BYTES_LITERAL("a test's password"), &f.sys.sys, &other, &f.err).code, CC_OK);
	assert_int_equal(books_open(f.store, other, &f.sys.sys, NULL, &f.books, &f.err).code, CC_E_VERIFY);
	assert_string_equal(f.err.key, "issue.damaged");
	assert_null(f.books);
	keystore_close(&other);
	books_fixture_done(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_life_is_recorded_in_order),
		cmocka_unit_test(a_new_process_finds_what_was_begun),
		cmocka_unit_test(one_live_job_for_a_person_and_for_a_blank),
		cmocka_unit_test(one_active_card_for_a_person),
		cmocka_unit_test(a_spoiled_blank_ends_the_job_alone),
		cmocka_unit_test(a_public_key_is_taken_once),
		cmocka_unit_test(files_come_back_only_to_their_job),
		cmocka_unit_test(no_personal_number_lies_in_the_store),
		cmocka_unit_test(another_key_store_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
