/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "station/registry/correction.h"
#include "station/registry/registry_rows.h"
#include "station/registry/registry_stamp.h"
#include "tests/support/books_fixture.h"
#include "tests/support/forms_world.h"
#include "tests/support/issue_station.h"
#include "tests/support/store_engine.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * What changes about a person between the moment at which a worker read them and the moment at which it binds a blank: no
 * card is made from what was read, and no blank is lost. On PostgreSQL another station changes it, on SQLite another
 * thread's turn of the same one.
 */
struct meanwhile {
	void (*change)(struct forms *f);
	bool done;
};

#define assert_ok(call) assert_int_equal((call).code, CC_OK)

static void correct(struct forms *f, const char *field, const char *value, bool approve)
{
	const struct correction_request q = {
		.number = ISSUE_ANNA, .field = field, .value = value, .evidence = "Giấy tờ", .officer = "Hà", .source = "officer"
	};
	struct correction c = { 0 };
	struct cc_error err;
	bool is_new, under_way;

	cc_error_init(&err);
	assert_ok(correction_propose(f, &q, &c, &is_new, &under_way, &err));
	assert_false(under_way);
	if (approve && cc_failed(correction_approve(f, c.id, "Minh", &c, &err)))
		fail_msg("%s: %s", err.key, err.detail);
	correction_done(&c);
}

static void residence_is_corrected(struct forms *f)
{
	correct(f, "residence", "Huế", true);
}

static void death_is_recorded(struct forms *f)
{
	correct(f, "life_status", "dead", true);
}

static void disappearance_is_recorded(struct forms *f)
{
	correct(f, "life_status", "missing", true);
}

static void a_correction_is_proposed(struct forms *f)
{
	correct(f, "residence", "Huế", false);
}

static void twin_is_added(struct forms *f)
{
	struct registry *r = f->registry;
	struct person p;
	enum registry_put put;
	struct cc_error err;

	cc_error_init(&err);
	assert_ok(person_parse(BYTES_LITERAL("{\"number\":\"001190000001\",\"full_name\":\"Nguyễn Thị An\","
					     "\"birth_date\":\"1990-02-15\",\"sex\":\"female\",\"nationality\":\"Việt Nam\","
					     "\"father\":\"Nguyễn Văn Cha\",\"mother\":\"Lê Thị Mẹ\"}"),
			       &p, NULL, NULL));
	assert_ok(store_begin(r->store));
	assert_ok(registry_put(r, &p, bytes_of(NULL, 0), &put, &err));
	assert_ok(store_commit(r->store));
	assert_int_equal(put, PUT_ADDED);
}

static void photo_is_replaced(struct forms *f)
{
	static const uint8_t other[] = { 0xFF, 0xD8, 0xFF, 1, 2, 3 };
	struct registry *r = f->registry;
	struct cc_error err;
	struct person p;

	cc_error_init(&err);
	assert_ok(registry_find(r, ISSUE_ANNA, &p, NULL, &err));
	assert_ok(store_begin(r->store));
	assert_ok(registry_row_rewrite(r, 0, 1, &p, &p, bytes_of(other, sizeof other), &err));
	assert_ok(store_commit(r->store));
}

static void prints_are_removed(struct forms *f)
{
	struct stmt *q = NULL;

	assert_ok(store_prepare(f->registry->store, "DELETE FROM registry_fingers WHERE person_id = 1", &q));
	assert_ok(stmt_run(q));
	stmt_finish(&q);
}

static void nothing_changes(struct forms *f)
{
	(void)f;
}

static void on_exchange(void *ctx, struct bytes command, struct bytes answer, cc_status st)
{
	struct meanwhile *m = ctx;

	(void)command;
	(void)answer;
	(void)st.code;
	if (m->done)
		return;
	m->done = true;
	if (store_engine_is_postgres()) {
		struct forms_world mine = { .ks = station.ks }, other;

		mine.sys.wall_ms = sys_wall_ms(&station.sys);
		memcpy(mine.place, station.config.store, strlen(station.config.store) + 1);
		forms_world_station(&mine, &other);
		m->change(&other.forms);
		forms_world_station_done(&other);
	} else {
		struct forms f = { .registry = station.issuer.registry, .books = station.issuer.books };

		m->change(&f);
	}
}

static cc_status issue(struct issue_chip *c, struct meanwhile *m, struct worker_report *r)
{
	const struct worker_request request = { .number = ISSUE_ANNA };
	struct reader *reader = NULL;

	assert_ok(reader_trace_new(issue_reader(c), on_exchange, m, &reader));
	cc_error_init(&station.err);
	return worker_issue(&station.issuer, reader, &request, r, &station.err);
}

static enum stock_state stock(void)
{
	enum stock_state s = STOCK_STATE_COUNT;

	assert_ok(ledger_blank(station.issuer.books, "6183000000010001", &s, NULL, &station.err));
	return s;
}

static const struct {
	const char *what;
	void (*change)(struct forms *f);
	enum cc_code code, again; /* of this try, and of the next, which reads anew */
	const char *key, *again_key;
} cases[] = {
	{ "nothing", nothing_changes, CC_OK, CC_E_STATE, NULL, "issue.card-active" },
	{ "a corrected residence", residence_is_corrected, CC_E_BUSY, CC_OK, "issue.person-changed", NULL },
	{ "a death", death_is_recorded, CC_E_BUSY, CC_E_HELD, "issue.person-changed", "registry.dead" },
	{ "a disappearance", disappearance_is_recorded, CC_E_BUSY, CC_E_HELD, "issue.person-changed", "registry.missing-person" },
	{ "another photo", photo_is_replaced, CC_E_BUSY, CC_E_FORMAT, "issue.person-changed", NULL },
	{ "other prints", prints_are_removed, CC_E_BUSY, CC_OK, "issue.person-changed", NULL },
	{ "the same person under another number", twin_is_added, CC_E_HELD, CC_E_HELD, "registry.same-person",
	  "registry.same-person" },
	{ "a correction that waits", a_correction_is_proposed, CC_E_HELD, CC_E_HELD, "correction.waiting", "correction.waiting" },
};

static void try_case(size_t i)
{
	struct meanwhile m = { .change = cases[i].change }, none = { .change = nothing_changes };
	struct worker_report first = { 0 }, second = { 0 };
	struct issue_chip c = { 0 };
	cc_status st;

	issue_fixture_fresh(&station);
	issue_fixture_open(&station, NULL);
	if (cases[i].change == twin_is_added) {
		struct forms f = { .registry = station.issuer.registry, .books = station.issuer.books };

		correct(&f, "father", "Nguyễn Văn Cha", true);
		correct(&f, "mother", "Lê Thị Mẹ", true);
	}
	issue_chip_blank(&station, &c, 1, true);
	st = issue(&c, &m, &first);
	assert_true(m.done);
	print_message("# count: %s meanwhile: %s\n", cases[i].what, cc_failed(st) ? station.err.key : "issued");
	assert_int_equal(st.code, cases[i].code);
	if (cases[i].key != NULL) {
		assert_string_equal(station.err.key, cases[i].key);
		assert_int_equal(first.state, JOB_NEW);
		assert_int_equal(stock(), STOCK_UNKNOWN);
	}
	if (!cc_failed(st))
		issue_chip_blank(&station, &c, 2, true);
	st = issue(&c, &none, &second);
	assert_int_equal(st.code, cases[i].again);
	if (cases[i].again_key != NULL)
		assert_string_equal(station.err.key, cases[i].again_key);
	if (!cc_failed(st))
		assert_int_equal(second.inspection.verdict, INSPECT_GOOD);
	worker_report_done(&first);
	worker_report_done(&second);
	issue_chip_done(&c);
	books_fixture_check(station.issuer.books);
	issue_fixture_close(&station);
}

static void no_card_is_bound_from_what_is_no_longer_true(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		try_case(i);
}

/* The new value is what the next try writes. */
static void the_next_try_carries_the_new_value(void **state)
{
	static const char wanted[] = "Huế";
	struct meanwhile m = { .change = residence_is_corrected }, none = { .change = nothing_changes };
	struct worker_report r = { 0 }, again = { 0 };
	struct issue_chip c = { 0 };
	struct buf packet = { 0 };
	struct prepared p = { 0 };
	struct digest hash;
	struct job job;
	bool found = false;

	(void)state;
	issue_fixture_fresh(&station);
	issue_fixture_open(&station, NULL);
	issue_chip_blank(&station, &c, 1, true);
	assert_int_equal(issue(&c, &m, &r).code, CC_E_BUSY);
	assert_ok(issue(&c, &none, &again));
	assert_ok(ledger_find_live(station.issuer.books, ISSUE_ANNA, &job, &found, &station.err));
	assert_false(found);
	{
		struct stmt *q = NULL;
		bool row = false;

		assert_ok(books_query(station.issuer.books, "SELECT job_id FROM issue_card", NULL, 0, &q, &row, &station.err));
		assert_true(row);
		job = (struct job){ 0 };
		memcpy(job.id, stmt_column_bytes(q, 0).p, stmt_column_bytes(q, 0).n);
		stmt_finish(&q);
	}
	assert_ok(ledger_load_files(station.issuer.books, &job, &packet, &hash, &station.err));
	assert_ok(prepared_decode(buf_view(&packet), &p));
	assert_non_null(memmem(p.files.files[lds_dg(13)].p, p.files.files[lds_dg(13)].n, wanted, sizeof wanted - 1));
	prepared_done(&p);
	buf_done(&packet);
	worker_report_done(&r);
	worker_report_done(&again);
	issue_chip_done(&c);
	issue_fixture_close(&station);
}

/* ---- two stations on one PostgreSQL: one binds, one approves, at the same moment */
#define ROUNDS 150

struct rivals {
	struct forms_world binder, approver;
	pthread_barrier_t line;
	int64_t forms[ROUNDS];
	enum cc_code bound[ROUNDS], approved[ROUNDS];
	bool wrong;
};

static void number_of(int round, char out[13])
{
	(void)snprintf(out, 13, "%03u090000000", (unsigned)(round + 1) % 1000);
}

struct stamped {
	struct registry *registry;
	const char *number;
	struct digest was;
};

static cc_status still_there(void *ctx, struct cc_error *err)
{
	struct stamped *s = ctx;

	return registry_stamp_hold(s->registry, s->number, &s->was, err);
}

static void *bind_all(void *ctx)
{
	struct rivals *r = ctx;
	struct ledger_files files = { .packet = BYTES_LITERAL("packet") };

	if (cc_failed(hash_digest(HASH_SHA256, files.packet, &files.hash)))
		r->wrong = true;
	for (int i = 0; i < ROUNDS; i++) {
		char number[13], serial[17];
		struct stamped s = { .registry = r->binder.registry, .number = number };
		const struct ledger_guard guard = { still_there, &s };
		struct job job;

		number_of(i, number);
		(void)snprintf(serial, sizeof serial, "61830000%08X", (unsigned)i);
		cc_error_init(&r->binder.err);
		books_lock(r->binder.books);
		if (cc_failed(registry_stamp(r->binder.registry, number, &s.was, &r->binder.err)))
			r->wrong = true;
		books_unlock(r->binder.books);
		(void)pthread_barrier_wait(&r->line);
		r->bound[i] = ledger_bind(r->binder.books, number, serial, "softchip", &files, &guard, &job, &r->binder.err).code;
		(void)pthread_barrier_wait(&r->line);
	}
	return NULL;
}

static void *approve_all(void *ctx)
{
	struct rivals *r = ctx;

	for (int i = 0; i < ROUNDS; i++) {
		struct correction c;

		cc_error_init(&r->approver.err);
		(void)pthread_barrier_wait(&r->line);
		r->approved[i] = correction_approve(&r->approver.forms, r->forms[i], "Minh", &c, &r->approver.err).code;
		(void)pthread_barrier_wait(&r->line);
	}
	return NULL;
}

static void make_rivals(struct rivals *r)
{
	forms_world(&r->binder);
	for (int i = 0; i < ROUNDS; i++) {
		struct correction_request q = {
			.field = "residence", .value = "Huế", .evidence = "x", .officer = "Hà", .source = "officer"
		};
		char number[13];
		struct correction c;
		bool is_new, under_way;

		number_of(i, number);
		q.number = number;
		forms_world_add(&r->binder, number, "Nguyễn Văn An", "1990-02-15", "");
		assert_ok(correction_propose(&r->binder.forms, &q, &c, &is_new, &under_way, &r->binder.err));
		r->forms[i] = c.id;
	}
	forms_world_station(&r->binder, &r->approver);
	assert_int_equal(pthread_barrier_init(&r->line, NULL, 2), 0);
}

static void a_card_is_bound_or_a_correction_approved_never_both(void **state)
{
	struct rivals *r;
	pthread_t threads[2];
	int bound = 0;

	(void)state;
	if (!store_engine_is_postgres()) {
		skip();
		return;
	}
	r = calloc(1, sizeof *r);
	assert_non_null(r);
	make_rivals(r);
	assert_int_equal(pthread_create(&threads[0], NULL, bind_all, r), 0);
	assert_int_equal(pthread_create(&threads[1], NULL, approve_all, r), 0);
	assert_int_equal(pthread_join(threads[0], NULL), 0);
	assert_int_equal(pthread_join(threads[1], NULL), 0);
	assert_false(r->wrong);
	for (int i = 0; i < ROUNDS; i++) {
		bool is_bound = r->bound[i] == CC_OK;

		bound += is_bound ? 1 : 0;
		if (is_bound ? r->approved[i] != CC_E_HELD : r->approved[i] != CC_OK || r->bound[i] != CC_E_BUSY)
			fail_msg("round %d: bind %s, approval %s", i, cc_code_name(r->bound[i]), cc_code_name(r->approved[i]));
	}
	print_message("# count: %d races of a blank and a correction: %d bound, %d approved, never both\n", ROUNDS, bound,
		      ROUNDS - bound);
	(void)pthread_barrier_destroy(&r->line);
	forms_world_station_done(&r->approver);
	forms_world_done(&r->binder);
	free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_card_is_bound_from_what_is_no_longer_true),
		cmocka_unit_test(the_next_try_carries_the_new_value),
		cmocka_unit_test(a_card_is_bound_or_a_correction_approved_never_both),
	};

	return cmocka_run_group_tests(tests, issue_station, issue_station_done);
}
