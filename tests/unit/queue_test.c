/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "station/issue/queue.h"
#include "tests/support/books_fixture.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define assert_ok(call) assert_int_equal((call).code, CC_OK)
#define LEASE 60000

static struct books_fixture f;

static int begin(void **state)
{
	(void)state;
	books_fixture(&f);
	return 0;
}

static int end(void **state)
{
	(void)state;
	books_fixture_done(&f);
	return 0;
}

static cc_status add(int i, int64_t place)
{
	char number[13], id[QUEUE_ID_SIZE];
	struct queue_application a = { .number = number, .kind = "first", .form = BYTES_LITERAL("{\"form\":1}"), .place = place };

	(void)snprintf(number, sizeof number, "%06d000000", i);
	return queue_add(f.books, &a, id, &f.err);
}

static size_t take(const char *station, size_t max, struct queue_claim *ret)
{
	size_t n = 99;

	assert_ok(queue_take(f.books, station, LEASE, max, ret, &n, &f.err));
	return n;
}

/* I1: accepted = waiting + claimed + held + issued + refused. */
static void assert_counts(int64_t waiting, int64_t claimed, int64_t held, int64_t issued, int64_t refused)
{
	const int64_t want[QUEUE_STATE_COUNT] = { waiting, claimed, held, issued, refused };
	int64_t have[QUEUE_STATE_COUNT];

	assert_ok(queue_count(f.books, have, &f.err));
	assert_memory_equal(have, want, sizeof want);
}

static void each_goes_once_and_rework_first(void **state)
{
	struct queue_claim c[5];
	struct buf form = { 0 };

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_ok(add(i, i == 3 ? 0 : 10));
	assert_counts(4, 0, 0, 0, 0);
	assert_int_equal(take("a", 1, c), 1);
	assert_ok(queue_form(f.books, &c[0], &form, &f.err));
	assert_true(bytes_equal(buf_view(&form), BYTES_LITERAL("{\"form\":1}")));
	buf_done(&form);
	{
		uint8_t mac[BOOKS_MAC_LEN];

		assert_ok(books_number_mac(f.books, "000003000000", mac));
		assert_memory_equal(c[0].number_mac, mac, sizeof mac);
	}
	assert_int_equal(take("b", 5, c + 1), 3);
	assert_int_equal(take("a", 5, c), 0);
	assert_counts(0, 4, 0, 0, 0);
	assert_ok(queue_settle(f.books, &c[1], QUEUE_ISSUED, NULL, &f.err));
	assert_ok(queue_settle(f.books, &c[2], QUEUE_REFUSED, "photo of another person", &f.err));
	assert_ok(queue_settle(f.books, &c[3], QUEUE_WAITING, NULL, &f.err));
	assert_counts(1, 1, 0, 1, 1);
}

/* I2. */
static void a_person_has_one_live_application(void **state)
{
	struct queue_claim c;

	(void)state;
	assert_ok(add(1, 0));
	assert_int_equal(add(1, 0).code, CC_E_EXISTS);
	assert_string_equal(f.err.key, "queue.live");
	assert_int_equal(take("a", 1, &c), 1);
	assert_int_equal(add(1, 0).code, CC_E_EXISTS);
	assert_ok(queue_settle(f.books, &c, QUEUE_ISSUED, NULL, &f.err));
	assert_ok(add(1, 0));
	assert_counts(1, 0, 0, 1, 0);
}

static void a_lost_lease_settles_nothing(void **state)
{
	struct queue_claim first, second;
	size_t waiting, held;

	(void)state;
	assert_ok(add(1, 0));
	assert_int_equal(take("a", 1, &first), 1);
	sys_fake_advance(&f.sys, LEASE - 1);
	assert_ok(queue_renew(f.books, &first, LEASE, &f.err));
	sys_fake_advance(&f.sys, LEASE - 1);
	assert_ok(queue_expire(f.books, &waiting, &held, &f.err));
	assert_int_equal(waiting + held, 0);
	sys_fake_advance(&f.sys, 2);
	assert_ok(queue_expire(f.books, &waiting, &held, &f.err));
	assert_int_equal(waiting, 1);
	assert_int_equal(held, 0);
	assert_int_equal(take("b", 1, &second), 1);
	assert_true(second.fence > first.fence);
	assert_int_equal(queue_settle(f.books, &first, QUEUE_ISSUED, NULL, &f.err).code, CC_E_BUSY);
	assert_string_equal(f.err.key, "queue.lost");
	assert_int_equal(queue_renew(f.books, &first, LEASE, &f.err).code, CC_E_BUSY);
	assert_ok(queue_settle(f.books, &second, QUEUE_ISSUED, NULL, &f.err));
	assert_counts(0, 0, 0, 1, 0);
}

/* The chip decides what became of a touched card: no other station gets its applicant. */
static void a_touched_card_is_held_when_its_lease_ends(void **state)
{
	struct queue_claim c;
	struct job job;
	size_t waiting, held;

	(void)state;
	assert_ok(add(1, 0));
	assert_ok(add(2, 0));
	assert_int_equal(take("a", 2, (struct queue_claim[2]){ { .fence = 0 } }), 2);
	books_fixture_bind(&f, "000001000000", "6183000001F40001", &job);
	sys_fake_advance(&f.sys, LEASE + 1);
	assert_ok(queue_expire(f.books, &waiting, &held, &f.err));
	assert_int_equal(waiting, 1);
	assert_int_equal(held, 1);
	assert_int_equal(take("b", 1, &c), 1);
	assert_int_equal(take("b", 1, &c), 0);
	assert_counts(0, 1, 1, 0, 0);
}

static void a_form_moved_to_another_row_does_not_open(void **state)
{
	struct queue_claim c[2];
	struct buf form = { 0 };

	(void)state;
	assert_ok(add(1, 0));
	assert_ok(add(2, 1));
	assert_int_equal(take("a", 2, c), 2);
	assert_ok(books_begin(f.books, &f.err));
	assert_ok(books_end(
		f.books,
		books_run(f.books,
			  "UPDATE issue_application SET form = (SELECT form FROM issue_application WHERE id = $1) WHERE id = $2",
			  (struct books_value[]){ books_text(c[0].id), books_text(c[1].id) }, 2, &f.err),
		&f.err));
	assert_int_equal(queue_form(f.books, &c[1], &form, &f.err).code, CC_E_VERIFY);
	assert_int_equal(form.n, 0);
}

/* ---- many threads at one desk */

#define THREADS 80 /* more than one transaction serves */
#define APPLICATIONS 400

struct clerk {
	struct queue_desk *desk;
	struct queue_claim claims[APPLICATIONS];
	size_t n;
	bool failed;
};

static void *clerk(void *ctx)
{
	struct clerk *c = ctx;
	struct cc_error err;
	bool found = true;

	cc_error_init(&err);
	while (found && !c->failed) {
		if (cc_failed(queue_desk_take(c->desk, &c->claims[c->n], &found, &err)))
			c->failed = true;
		else if (found)
			c->n++;
	}
	return NULL;
}

static void threads_at_a_desk_share_and_never_collide(void **state)
{
	static struct clerk clerks[THREADS];
	pthread_t threads[THREADS];
	struct queue_desk *desk = NULL;
	size_t total = 0;

	(void)state;
	memset(clerks, 0, sizeof clerks);
	for (int i = 0; i < APPLICATIONS; i++)
		assert_ok(add(i, 0));
	assert_ok(queue_desk_new(f.books, "hall", LEASE, &desk, &f.err));
	for (int i = 0; i < THREADS; i++) {
		clerks[i].desk = desk;
		assert_int_equal(pthread_create(&threads[i], NULL, clerk, &clerks[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_false(clerks[i].failed);
		total += clerks[i].n;
	}
	queue_desk_free(&desk);
	assert_int_equal(total, APPLICATIONS);
	/* A claim that was handed out twice would have a fence of 2. */
	for (int i = 0; i < THREADS; i++) {
		for (size_t k = 0; k < clerks[i].n; k++)
			assert_int_equal(clerks[i].claims[k].fence, 1);
	}
	assert_counts(0, APPLICATIONS, 0, 0, 0);
}

static void *one_try(void *ctx)
{
	struct clerk *c = ctx;
	struct cc_error err;
	bool found = false;

	cc_error_init(&err);
	c->failed = cc_failed(queue_desk_take(c->desk, &c->claims[0], &found, &err)) && err.key != NULL;
	c->n = found ? 1 : 0;
	return NULL;
}

static size_t all_try(struct queue_desk *desk, struct clerk *clerks, size_t *ret_failed)
{
	pthread_t threads[THREADS];
	size_t found = 0;

	*ret_failed = 0;
	for (int i = 0; i < THREADS; i++) {
		clerks[i] = (struct clerk){ .desk = desk };
		assert_int_equal(pthread_create(&threads[i], NULL, one_try, &clerks[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		*ret_failed += clerks[i].failed;
		found += clerks[i].n;
	}
	return found;
}

/* Whoever was served together is told; who waits behind them is served, and nobody waits for ever. */
static void a_transaction_that_fails_is_told_to_all_who_wait(void **state)
{
	static struct clerk clerks[THREADS];
	struct queue_desk *desk = NULL;
	size_t failed = 0;

	(void)state;
	if (strcmp(f.store->ops->name, "sqlite") != 0)
		skip(); /* its triggers are written in another way */
	for (int i = 0; i < APPLICATIONS; i++)
		assert_ok(add(i, 0));
	assert_ok(queue_desk_new(f.books, "hall", LEASE, &desk, &f.err));
	assert_ok(f.store->ops->exec(f.store, "CREATE TRIGGER broken BEFORE UPDATE ON issue_application"
					      " BEGIN SELECT RAISE(ABORT, 'no'); END"));
	assert_int_equal(all_try(desk, clerks, &failed), 0);
	assert_int_equal(failed, THREADS);
	assert_counts(APPLICATIONS, 0, 0, 0, 0);
	assert_ok(f.store->ops->exec(f.store, "DROP TRIGGER broken"));
	assert_int_equal(all_try(desk, clerks, &failed), THREADS);
	assert_int_equal(failed, 0);
	assert_counts(APPLICATIONS - THREADS, THREADS, 0, 0, 0);
	queue_desk_free(&desk);
}

#define queue_unit_test(t) cmocka_unit_test_setup_teardown(t, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		queue_unit_test(each_goes_once_and_rework_first),
		queue_unit_test(a_person_has_one_live_application),
		queue_unit_test(a_lost_lease_settles_nothing),
		queue_unit_test(a_touched_card_is_held_when_its_lease_ends),
		queue_unit_test(a_form_moved_to_another_row_does_not_open),
		queue_unit_test(threads_at_a_desk_share_and_never_collide),
		queue_unit_test(a_transaction_that_fails_is_told_to_all_who_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
