/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "station/issue/queue.h"
#include "station/issue/stock.h"
#include "tests/support/books_fixture.h"
#include "tests/support/store_engine.h"

#include <libpq-fe.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Two stations, each with its own connection, at one PostgreSQL (tests/regress/postgres_test.sh starts it). */
#define ROUNDS 10000
#define BIND_ROUNDS 1000
#define assert_ok(call) assert_int_equal((call).code, CC_OK)

struct station {
	struct store *store;
	struct books *books;
	struct cc_error err;
	const char *name;
	struct world *world;
	size_t won, lost, wrong;
};

struct world {
	struct books_fixture f;
	char place[1024];
	pthread_barrier_t line;
	struct station stations[2];
	int rounds;
	bool (*race)(struct station *s, int round); /* true: this one has won */
	unsigned winners[ROUNDS];
	pthread_mutex_t lock;
};

static void open_world(struct world *w)
{
	char path[256];

	memset(w, 0, sizeof *w);
	books_fixture(&w->f);
	fixture_path(&w->f.folder, "station.db", path, sizeof path);
	store_engine_place(path, w->place, sizeof w->place);
	(void)pthread_barrier_init(&w->line, NULL, 2);
	(void)pthread_mutex_init(&w->lock, NULL);
	for (int i = 0; i < 2; i++) {
		struct station *s = &w->stations[i];

		s->world = w;
		s->name = i == 0 ? "desk-1" : "desk-2";
		cc_error_init(&s->err);
		assert_ok(store_open(w->place, &s->store, &s->err));
		assert_ok(books_open(s->store, w->f.ks, sys_real(), NULL, &s->books, &s->err));
	}
}

static void close_world(struct world *w)
{
	for (int i = 0; i < 2; i++) {
		books_close(&w->stations[i].books);
		store_close(&w->stations[i].store);
	}
	books_fixture_done(&w->f);
}

static void *run_station(void *ctx)
{
	struct station *s = ctx;
	struct world *w = s->world;

	for (int i = 0; i < w->rounds; i++) {
		bool won;

		(void)pthread_barrier_wait(&w->line);
		won = w->race(s, i);
		(void)pthread_mutex_lock(&w->lock);
		w->winners[i] += won ? 1 : 0;
		(void)pthread_mutex_unlock(&w->lock);
		s->won += won ? 1 : 0;
	}
	return NULL;
}

static void race(struct world *w, int rounds, bool (*one)(struct station *s, int round))
{
	pthread_t threads[2];

	w->rounds = rounds;
	w->race = one;
	memset(w->winners, 0, sizeof w->winners);
	for (int i = 0; i < 2; i++) {
		w->stations[i].won = w->stations[i].wrong = 0;
		assert_int_equal(pthread_create(&threads[i], NULL, run_station, &w->stations[i]), 0);
	}
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	for (int i = 0; i < rounds; i++) {
		if (w->winners[i] != 1)
			fail_msg("round %d has %u winners", i, w->winners[i]);
	}
	assert_int_equal(w->stations[0].wrong + w->stations[1].wrong, 0);
	assert_int_equal(w->stations[0].won + w->stations[1].won, rounds);
}

/* Both want to enter the same person's application: one is told that there is one. */
static bool enter(struct station *s, int round)
{
	char number[13], id[QUEUE_ID_SIZE];
	struct queue_application a = { .number = number, .kind = "first", .form = BYTES_LITERAL("form"), .place = round };
	cc_status st;

	(void)snprintf(number, sizeof number, "%06d000000", round);
	cc_error_init(&s->err);
	st = queue_add(s->books, &a, id, &s->err);
	if (cc_failed(st) && (st.code != CC_E_EXISTS || strcmp(s->err.key, "queue.live") != 0))
		s->wrong++;
	return !cc_failed(st);
}

/* Each round has one applicant waiting: both ask for the next one. */
static bool claim(struct station *s, int round)
{
	struct queue_claim c;
	size_t n = 0;
	bool won;

	(void)round;
	cc_error_init(&s->err);
	if (cc_failed(queue_take(s->books, s->name, 60000, 1, &c, &n, &s->err)))
		s->wrong++;
	won = n == 1;
	/* The other one has asked too before the applicant is settled and the next round begins. */
	(void)pthread_barrier_wait(&s->world->line);
	if (won && (c.fence != 1 || cc_failed(queue_settle(s->books, &c, QUEUE_ISSUED, NULL, &s->err))))
		s->wrong++;
	return won;
}

/* Both bind a blank of their own to one person. */
static bool bind_blank(struct station *s, int round)
{
	struct ledger_files files = { .packet = BYTES_LITERAL("packet") };
	char number[13], serial[17];
	struct job job;
	cc_status st;

	(void)snprintf(number, sizeof number, "%06d000000", round);
	(void)snprintf(serial, sizeof serial, "%015d%c", round, s->name[5]);
	cc_error_init(&s->err);
	if (cc_failed(hash_digest(HASH_SHA256, files.packet, &files.hash)))
		s->wrong++;
	st = ledger_bind(s->books, number, serial, "softchip", &files, NULL, &job, &s->err);
	if (cc_failed(st) && st.code != CC_E_BUSY && st.code != CC_E_EXISTS)
		s->wrong++;
	return !cc_failed(st);
}

static struct world w;

static void one_applicant_has_one_winner(void **state)
{
	int64_t counts[QUEUE_STATE_COUNT];

	(void)state;
	if (!store_engine_is_postgres())
		skip();
	open_world(&w);
	race(&w, ROUNDS, enter);
	printf("# count: %d races to enter one application, one winner each: desk-1 %zu, desk-2 %zu\n", ROUNDS, w.stations[0].won,
	       w.stations[1].won);
	assert_ok(queue_count(w.f.books, counts, &w.f.err));
	assert_int_equal(counts[QUEUE_WAITING], ROUNDS);
	/* One waits in each round: the others stand aside until their turn. */
	assert_ok(books_begin(w.f.books, &w.f.err));
	assert_ok(books_end(
		w.f.books,
		books_run(w.f.books, "UPDATE issue_application SET state = 'aside' WHERE state = 'waiting'", NULL, 0, &w.f.err),
		&w.f.err));
	close_world(&w);
}

static bool claim_next(struct station *s, int round)
{
	if (s == &s->world->stations[0]) {
		char number[13], id[QUEUE_ID_SIZE];
		struct queue_application a = { .number = number, .kind = "first", .form = BYTES_LITERAL("form"), .place = 0 };

		(void)snprintf(number, sizeof number, "%06d000000", round);
		if (cc_failed(queue_add(s->books, &a, id, &s->err)))
			s->wrong++;
	}
	(void)pthread_barrier_wait(&s->world->line);
	return claim(s, round);
}

static void one_claim_has_one_winner(void **state)
{
	int64_t counts[QUEUE_STATE_COUNT];

	(void)state;
	if (!store_engine_is_postgres())
		skip();
	open_world(&w);
	race(&w, ROUNDS, claim_next);
	printf("# count: %d races to claim one applicant, one winner each: desk-1 %zu, desk-2 %zu\n", ROUNDS, w.stations[0].won,
	       w.stations[1].won);
	assert_ok(queue_count(w.f.books, counts, &w.f.err));
	assert_int_equal(counts[QUEUE_ISSUED], ROUNDS);
	close_world(&w);
}

static void one_person_has_one_job(void **state)
{
	(void)state;
	if (!store_engine_is_postgres())
		skip();
	open_world(&w);
	race(&w, BIND_ROUNDS, bind_blank);
	printf("# count: %d races to bind a blank to one person, one winner each: desk-1 %zu, desk-2 %zu\n", BIND_ROUNDS,
	       w.stations[0].won, w.stations[1].won);
	books_fixture_check(w.f.books);
	close_world(&w);
}

/* Both put one blank into a machine; the one who has it spoils it before the other may look again. */
static bool take_blank(struct station *s, int round)
{
	char serial[17];
	cc_status st;

	(void)snprintf(serial, sizeof serial, "%016d", round);
	cc_error_init(&s->err);
	assert_ok(books_begin(s->books, &s->err));
	st = stock_move(s->books, serial, STOCK_IN_MACHINE, NULL, &s->err);
	if (!cc_failed(st))
		st = stock_move(s->books, serial, STOCK_SPOILED, "it fell", &s->err);
	if (cc_failed(st) && st.code != CC_E_STATE)
		s->wrong++;
	return !cc_failed(books_end(s->books, st, &s->err));
}

static void one_blank_is_taken_once(void **state)
{
	struct stock_counts counts;

	(void)state;
	if (!store_engine_is_postgres())
		skip();
	open_world(&w);
	assert_ok(books_begin(w.f.books, &w.f.err));
	for (int i = 0; i < BIND_ROUNDS; i++) {
		char serial[17];

		(void)snprintf(serial, sizeof serial, "%016d", i);
		assert_ok(stock_receive(w.f.books, serial, &w.f.err));
	}
	assert_ok(books_end(w.f.books, cc_ok(), &w.f.err));
	race(&w, BIND_ROUNDS, take_blank);
	printf("# count: %d races for one blank, one winner each: desk-1 %zu, desk-2 %zu\n", BIND_ROUNDS, w.stations[0].won,
	       w.stations[1].won);
	assert_ok(stock_count(w.f.books, &counts, &w.f.err));
	assert_int_equal(counts.by_state[STOCK_SPOILED], BIND_ROUNDS);
	close_world(&w);
}

/* ---- the connection ends */

static void end_connections(void)
{
	PGconn *db = PQconnectdb(getenv("CCCD_TEST_POSTGRES"));

	PQclear(PQexec(db, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'cccd'"));
	PQfinish(db);
}

static void a_lost_connection_loses_nothing_and_is_made_anew(void **state)
{
	struct station *s = &w.stations[0];
	struct queue_claim c;
	int64_t counts[QUEUE_STATE_COUNT];
	size_t n = 0;

	(void)state;
	if (!store_engine_is_postgres())
		skip();
	open_world(&w);
	assert_true(enter(s, 1));
	assert_true(enter(s, 2));
	/* In the middle of a transaction: it fails, by name, and is undone. */
	assert_ok(books_begin(s->books, &s->err));
	assert_ok(books_run(s->books, "UPDATE issue_application SET state = 'issued'", NULL, 0, &s->err));
	end_connections();
	assert_int_equal(books_run(s->books, "UPDATE issue_application SET state = 'issued'", NULL, 0, &s->err).code, CC_E_IO);
	assert_string_equal(s->err.key, "store.connection-lost");
	assert_int_equal(books_end(s->books, cc_code_status(CC_E_IO), &s->err).code, CC_E_IO);
	/* Outside one the next call connects again. */
	cc_error_init(&s->err);
	assert_ok(queue_count(s->books, counts, &s->err));
	assert_int_equal(counts[QUEUE_WAITING], 2);
	end_connections();
	assert_ok(queue_take(s->books, "desk-1", 60000, 1, &c, &n, &s->err));
	assert_int_equal(n, 1);
	end_connections();
	assert_ok(queue_count(s->books, counts, &s->err));
	assert_int_equal(counts[QUEUE_CLAIMED], 1);
	close_world(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_applicant_has_one_winner),
		cmocka_unit_test(one_claim_has_one_winner),
		cmocka_unit_test(one_person_has_one_job),
		cmocka_unit_test(one_blank_is_taken_once),
		cmocka_unit_test(a_lost_connection_loses_nothing_and_is_made_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
