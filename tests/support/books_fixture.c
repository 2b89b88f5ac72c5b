/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/books_fixture.h"
#include "tests/support/store_engine.h"

#include <stdio.h>
#include <string.h>

static void open_books(struct books_fixture *f)
{
	char path[256], place[1024];

	cc_error_init(&f->err);
	fixture_path(&f->folder, "station.db", path, sizeof path);
	store_engine_place(path, place, sizeof place);
	assert_int_equal(store_open(place, &f->store, &f->err).code, CC_OK);
	assert_int_equal(books_open(f->store, f->ks, &f->sys.sys, NULL, &f->books, &f->err).code, CC_OK);
}

void books_fixture(struct books_fixture *f)
{
	char path[256];

	memset(f, 0, sizeof *f);
	cc_error_init(&f->err);
	sys_fake_init(&f->sys, 1);
	fixture_folder(&f->folder);
	fixture_path(&f->folder, "keys.ccks", path, sizeof path);
	assert_int_equal(keystore_file_create(path, BYTES_LITERAL("a test's password"), &f->sys.sys, &f->ks, &f->err).code,
			 CC_OK);
	open_books(f);
}

void books_fixture_done(struct books_fixture *f)
{
	books_close(&f->books);
	store_close(&f->store);
	keystore_close(&f->ks);
	fixture_folder_done(&f->folder);
}

void books_fixture_reopen(struct books_fixture *f)
{
	books_close(&f->books);
	store_close(&f->store);
	open_books(f);
}

void books_fixture_bind(struct books_fixture *f, const char *number, const char *serial, struct job *ret)
{
	struct ledger_files files = { .packet = BYTES_LITERAL("packet") };

	assert_int_equal(hash_digest(HASH_SHA256, files.packet, &files.hash).code, CC_OK);
	assert_int_equal(ledger_bind(f->books, number, serial, "softchip", &files, NULL, ret, &f->err).code, CC_OK);
}

void books_fixture_walk(struct books_fixture *f, struct job *job, enum job_state to)
{
	char text[32];

	while (job->state != to) {
		const struct job_row *row = job_row_next(job->state);
		struct ledger_result result = { 0 };

		assert_non_null(row);
		if (row->event == JOB_MAKE_KEYS) {
			(void)snprintf(text, sizeof text, "aa%s", job->serial);
			assert_int_equal(hash_digest(HASH_SHA256, bytes_str(text), &result.aa_key).code, CC_OK);
			text[0] = 'c';
			assert_int_equal(hash_digest(HASH_SHA256, bytes_str(text), &result.ca_key).code, CC_OK);
		}
		if (row->irreversible)
			assert_int_equal(ledger_begin(f->books, job, row, &f->err).code, CC_OK);
		assert_int_equal(ledger_done(f->books, job, row, &result, &f->err).code, CC_OK);
	}
}

/* ---- invariants */

static int64_t one_number(struct books *b, const char *sql)
{
	struct cc_error err;
	struct stmt *q = NULL;
	bool row = false;
	int64_t v;

	cc_error_init(&err);
	assert_int_equal(books_query(b, sql, NULL, 0, &q, &row, &err).code, CC_OK);
	assert_true(row);
	v = stmt_column_int(q, 0);
	stmt_finish(&q);
	return v;
}

static const struct {
	const char *what;
	const char *sql; /* must count 0 */
} broken[] = {
	{ "I1: a job without a record",
	  "SELECT COUNT(*) FROM issue_job j WHERE NOT EXISTS (SELECT 1 FROM issue_journal r WHERE r.job_id = j.id)" },
	{ "I1: job and journal name different states",
	  "SELECT COUNT(*) FROM issue_job j WHERE j.state <> (SELECT r.state FROM issue_journal r WHERE r.job_id = j.id"
	  " ORDER BY r.seq DESC LIMIT 1)" },
	{ "I1: live and final disagree",
	  "SELECT COUNT(*) FROM issue_job WHERE (live = 1) <> (state NOT IN ('issued', 'spoiled'))" },
	{ "I2: two live jobs of a person",
	  "SELECT COUNT(*) FROM (SELECT number_mac FROM issue_job WHERE live = 1 GROUP BY number_mac HAVING COUNT(*) > 1) t" },
	{ "I2: two active cards of a person",
	  "SELECT COUNT(*) FROM (SELECT number_mac FROM issue_card WHERE active = 1 GROUP BY number_mac HAVING COUNT(*) > 1) t" },
	{ "I2: a live job beside an active card",
	  "SELECT COUNT(*) FROM issue_job j JOIN issue_card c ON c.number_mac = j.number_mac WHERE j.live = 1 AND c.active = 1" },
	{ "I3: an issued job that was not proved and inspected",
	  "SELECT COUNT(*) FROM issue_job j WHERE j.state = 'issued' AND (SELECT COUNT(DISTINCT r.event) FROM issue_journal r"
	  " WHERE r.job_id = j.id AND r.phase = 'done' AND r.event IN ('bind', 'make-keys', 'sign', 'write', 'close', 'secure',"
	  " 'lock', 'prove', 'issue')) <> 9" },
	{ "I3: an irreversible step without its begin",
	  "SELECT COUNT(*) FROM issue_journal d WHERE d.phase = 'done' AND d.event IN ('make-keys', 'write', 'close', 'secure', 'lock')"
	  " AND NOT EXISTS (SELECT 1 FROM issue_journal s WHERE s.job_id = d.job_id AND s.event = d.event AND s.phase = 'begin'"
	  " AND s.seq < d.seq)" },
	{ "I3: a card without an issued job, or the other way round",
	  "SELECT (SELECT COUNT(*) FROM issue_card) - (SELECT COUNT(*) FROM issue_job WHERE state = 'issued')" },
	{ "I4: a blank that served two people",
	  "SELECT COUNT(*) FROM (SELECT serial FROM issue_job GROUP BY serial HAVING COUNT(DISTINCT number_mac) > 1) t" },
	{ "I4: a blank with two jobs",
	  "SELECT COUNT(*) FROM (SELECT serial FROM issue_job GROUP BY serial HAVING COUNT(*) > 1) t" },
	{ "I5: a live job whose blank is not in the machine",
	  "SELECT COUNT(*) FROM issue_job j JOIN issue_blank b ON b.serial = j.serial WHERE (j.live = 1) <> (b.state = 'in-machine')" },
	{ "I5: an issued card whose blank is not issued",
	  "SELECT COUNT(*) FROM issue_card c JOIN issue_blank b ON b.serial = c.serial WHERE b.state <> 'issued'" },
	{ "I5: an issued blank without a card",
	  "SELECT COUNT(*) FROM issue_blank b WHERE b.state = 'issued' AND NOT EXISTS (SELECT 1 FROM issue_card c WHERE c.serial ="
	  " b.serial)" },
	{ "I5: a state that is none",
	  "SELECT COUNT(*) FROM issue_blank WHERE state NOT IN ('in-stock', 'in-machine', 'issued', 'spoiled')" },
	{ "I5: spoiled without a reason", "SELECT COUNT(*) FROM issue_blank WHERE state = 'spoiled' AND reason IS NULL" },
	{ "I6: a public key twice",
	  "SELECT COUNT(*) FROM (SELECT key_hash FROM issue_key GROUP BY key_hash HAVING COUNT(*) > 1) t" },
	{ "I6: an issued job without two keys",
	  "SELECT COUNT(*) FROM issue_job j WHERE j.state = 'issued' AND (SELECT COUNT(*) FROM issue_key k WHERE k.job_id = j.id) <> 2" },
};

void books_fixture_check(struct books *b)
{
	books_lock(b);
	for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
		int64_t n = one_number(b, broken[i].sql);

		if (n != 0)
			fail_msg("%s (%lld)", broken[i].what, (long long)n);
	}
	books_unlock(b);
}
