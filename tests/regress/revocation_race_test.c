/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "station/registry/application.h"
#include "station/registry/revocation.h"
#include "tests/support/books_fixture.h"
#include "tests/support/forms_world.h"
#include "tests/support/store_engine.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

/*
 * Two stations at one PostgreSQL (tests/regress/postgres_test.sh starts it) end one card at once, or one ends it while the
 * other's new card takes its place: it ends once, for one reason, told once.
 */
#define ROUNDS 60
#define assert_ok(call) assert_int_equal((call).code, CC_OK)

struct desk {
	struct forms_world at;
	struct arena *arena;
	unsigned won;
};

struct arena {
	struct forms_world world;
	struct desk desks[2];
	pthread_barrier_t line;
	bool (*attempt[2])(struct desk *d, int round);
	struct job jobs[ROUNDS];
	int64_t forms[ROUNDS];
	unsigned winners[ROUNDS], wrong;
	pthread_mutex_t lock;
};
static struct arena arena;

static void number_of(int round, char out[13])
{
	(void)snprintf(out, 13, "%06u000000", (unsigned)(round + 1) % 1000000);
}

static void serial_of(int round, int card, char out[17])
{
	(void)snprintf(out, 17, "%015u%u", (unsigned)round, (unsigned)card % 10);
}

/* ---- before the race */

static void bind_blank(int round, int card, struct job *job)
{
	struct ledger_files files = { .packet = BYTES_LITERAL("packet") };
	char number[13], serial[17];

	number_of(round, number);
	serial_of(round, card, serial);
	assert_ok(hash_digest(HASH_SHA256, files.packet, &files.hash));
	assert_ok(ledger_bind(arena.world.books, number, serial, "softchip", &files, NULL, job, &arena.world.err));
}

static cc_status step(struct books *b, struct job *job, struct cc_error *err)
{
	const struct job_row *row = job_row_next(job->state);
	struct ledger_result result = { 0 };
	cc_status st = cc_ok();

	if (row->event == JOB_MAKE_KEYS) {
		assert_ok(hash_digest(HASH_SHA256, bytes_str(job->id), &result.aa_key));
		assert_ok(hash_digest(HASH_SHA256, bytes_str(job->serial), &result.ca_key));
	}
	if (row->irreversible)
		st = ledger_begin(b, job, row, err);
	return cc_failed(st) ? st : ledger_done(b, job, row, &result, err);
}

static void issue(int round)
{
	struct job job;

	bind_blank(round, 1, &job);
	while (job.state != JOB_ISSUED)
		assert_ok(step(arena.world.books, &job, &arena.world.err));
}

static void open_arena(void)
{
	memset(&arena, 0, sizeof arena);
	forms_world(&arena.world);
	(void)pthread_barrier_init(&arena.line, NULL, 2);
	(void)pthread_mutex_init(&arena.lock, NULL);
	for (int i = 0; i < ROUNDS; i++) {
		char number[13], birth[11];

		number_of(i, number);
		(void)snprintf(birth, sizeof birth, "19%02u-01-02", (20 + (unsigned)i) % 100);
		forms_world_add(&arena.world, number, "Nguyễn Văn An", birth, "");
		issue(i);
	}
	for (int i = 0; i < 2; i++) {
		forms_world_station(&arena.world, &arena.desks[i].at);
		arena.desks[i].at.sys.state += (uint64_t)(1000 * (i + 1));
		arena.desks[i].arena = &arena;
	}
}

static void close_arena(void)
{
	books_fixture_check(arena.world.books);
	for (int i = 0; i < 2; i++)
		forms_world_station_done(&arena.desks[i].at);
	forms_world_done(&arena.world);
}

/* ---- the race */

static void *run_desk(void *ctx)
{
	struct desk *d = ctx;
	size_t place = (size_t)(d - arena.desks);

	for (int i = 0; i < ROUNDS; i++) {
		bool won;

		(void)pthread_barrier_wait(&arena.line);
		won = arena.attempt[place](d, i);
		(void)pthread_mutex_lock(&arena.lock);
		arena.winners[i] += won ? 1 : 0;
		(void)pthread_mutex_unlock(&arena.lock);
		d->won += won ? 1 : 0;
	}
	return NULL;
}

static void race(bool (*left)(struct desk *d, int round), bool (*right)(struct desk *d, int round))
{
	pthread_t threads[2];

	arena.attempt[0] = left;
	arena.attempt[1] = right;
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, run_desk, &arena.desks[i]), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(arena.wrong, 0);
}

static int64_t count_of(const char *sql)
{
	struct stmt *q = NULL;
	bool row = false;
	int64_t n;

	assert_ok(books_query(arena.world.books, sql, NULL, 0, &q, &row, &arena.world.err));
	assert_true(row);
	n = stmt_column_int(q, 0);
	stmt_finish(&q);
	return n;
}

static void wrong(struct desk *d, int round)
{
	(void)pthread_mutex_lock(&arena.lock);
	arena.wrong++;
	(void)printf("# round %d: %s: %s\n", round, d->at.err.key != NULL ? d->at.err.key : "-", d->at.err.detail);
	(void)pthread_mutex_unlock(&arena.lock);
}

static bool report_lost(struct desk *d, int round)
{
	char number[13], serial[17];
	const struct revocation_request q = { .number = number, .reason = "lost", .chip = serial, .officer = "Hà" };
	struct revocation r = { 0 };
	bool is_new = false;
	cc_status st;

	number_of(round, number);
	serial_of(round, 1, serial);
	cc_error_init(&d->at.err);
	st = revocation_ask(&d->at.forms, &q, &r, &is_new, &d->at.err);
	/* It lost to a new card, and to nothing else. */
	if (cc_failed(st) && strcmp(d->at.err.key, "revocation.other-card") != 0)
		wrong(d, round);
	return !cc_failed(st) && is_new;
}

static bool approve(struct desk *d, int round)
{
	const char *officer = d == &arena.desks[0] ? "Lê Minh" : "Trần Bình";
	struct revocation r = { 0 };
	cc_status st;

	cc_error_init(&d->at.err);
	st = revocation_approve(&d->at.forms, arena.forms[round], officer, &r, &d->at.err);
	if (cc_failed(st) && st.code != CC_E_STATE)
		wrong(d, round);
	return !cc_failed(st);
}

static bool finish_new_card(struct desk *d, int round)
{
	cc_error_init(&d->at.err);
	if (cc_failed(step(d->at.books, &arena.jobs[round], &d->at.err)))
		wrong(d, round);
	return false; /* it is never told that it lost: the new card is issued either way */
}

/* ---- the cases */

static void one_of_two_ends_the_card(void **state)
{
	(void)state;
	if (!store_engine_is_postgres())
		skip();
	open_arena();
	race(report_lost, report_lost);
	for (int i = 0; i < ROUNDS; i++)
		assert_int_equal(arena.winners[i], 1);
	printf("# count: %d races to revoke one card, one winner each: desk-1 %u, desk-2 %u\n", ROUNDS, arena.desks[0].won,
	       arena.desks[1].won);
	assert_int_equal(count_of("SELECT COUNT(*) FROM issue_card WHERE active = 1"), 0);
	assert_int_equal(count_of("SELECT COUNT(*) FROM issue_revocation WHERE state = 'revoked'"), ROUNDS);
	assert_int_equal(count_of("SELECT COUNT(*) FROM outbox_event WHERE kind = 'card-revoked'"), ROUNDS);
	close_arena();
}

static void one_of_two_officers_approves(void **state)
{
	(void)state;
	if (!store_engine_is_postgres())
		skip();
	open_arena();
	for (int i = 0; i < ROUNDS; i++) {
		char number[13];
		const struct revocation_request q = {
			.number = number, .reason = "withdrawn", .evidence = "Quyết định 15", .officer = "Hà"
		};
		struct revocation r;
		bool is_new;

		number_of(i, number);
		assert_ok(revocation_ask(&arena.world.forms, &q, &r, &is_new, &arena.world.err));
		arena.forms[i] = r.id;
	}
	race(approve, approve);
	for (int i = 0; i < ROUNDS; i++)
		assert_int_equal(arena.winners[i], 1);
	printf("# count: %d races to approve one revocation, one winner each: desk-1 %u, desk-2 %u\n", ROUNDS, arena.desks[0].won,
	       arena.desks[1].won);
	assert_int_equal(count_of("SELECT COUNT(*) FROM outbox_event WHERE kind = 'card-revoked'"), ROUNDS);
	close_arena();
}

/* A reissue is about to be done when its old card is reported lost at another desk. */
static void a_card_ends_by_revocation_or_by_its_successor(void **state)
{
	const struct check_context check = { .today = { 2026, 11, 24 }, .rules = validity_rules_2024() };

	(void)state;
	if (!store_engine_is_postgres())
		skip();
	open_arena();
	for (int i = 0; i < ROUNDS; i++) {
		char number[13];
		const struct application_request q = { .number = number, .kind = "reissue", .reason = "lost", .officer = "Hà" };
		struct application a;
		struct holds holds;
		bool is_new;

		number_of(i, number);
		assert_ok(application_accept(&arena.world.forms, &check, &q, &a, &is_new, &holds, &arena.world.err));
		bind_blank(i, 2, &arena.jobs[i]);
		while (job_row_next(arena.jobs[i].state)->to != JOB_ISSUED)
			assert_ok(step(arena.world.books, &arena.jobs[i], &arena.world.err));
	}
	race(report_lost, finish_new_card);
	printf("# count: %d races of a revocation with a reissue, each card ended once: revoked %u, replaced %u\n", ROUNDS,
	       arena.desks[0].won, ROUNDS - arena.desks[0].won);
	assert_int_equal(count_of("SELECT COUNT(*) FROM issue_card WHERE active = 1 AND serial LIKE '%2'"), ROUNDS);
	assert_int_equal(count_of("SELECT COUNT(*) FROM issue_card WHERE active = 1"), ROUNDS);
	assert_int_equal(count_of("SELECT COUNT(*) FROM issue_revocation WHERE state = 'revoked'"), arena.desks[0].won);
	assert_int_equal(count_of("SELECT COUNT(*) FROM outbox_event WHERE kind = 'card-revoked'"), ROUNDS);
	close_arena();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_of_two_ends_the_card),
		cmocka_unit_test(one_of_two_officers_approves),
		cmocka_unit_test(a_card_ends_by_revocation_or_by_its_successor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
