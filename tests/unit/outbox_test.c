/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "station/registry/outbox.h"
#include "station/registry/outbox_http.h"
#include "tests/support/books_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EVENTS 300

/* The national registry as a model: what it applied, in which order, and how badly the line behaves. */
struct receiver {
	uint64_t applied[EVENTS + 1]; /* how often event n took effect */
	uint64_t order[EVENTS];
	size_t count, deliveries, doubles;
	uint32_t seed;
	unsigned bad; /* of 100 deliveries that don't end well */
	const char *poison;
};

static uint32_t next_random(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

/* Applies a key once, whatever was said before. */
static void apply(struct receiver *r, const struct outbox_event *e)
{
	unsigned long n = strtoul(e->key + strlen("test/"), NULL, 10);
	char body[64];

	(void)snprintf(body, sizeof body, "{\"n\":%lu}", n);
	assert_true(n < EVENTS && bytes_equal(e->body, bytes_str(body)));
	assert_string_equal(e->kind, "test");
	if (r->applied[n] > 0) {
		r->doubles++;
		return;
	}
	r->applied[n]++;
	r->order[r->count++] = n;
}

static enum outbox_answer deliver(void *ctx, const struct outbox_event *e, char text[64])
{
	struct receiver *r = ctx;
	unsigned what = next_random(&r->seed) % 100;

	r->deliveries++;
	if (r->poison != NULL && strcmp(e->key, r->poison) == 0) {
		(void)snprintf(text, 64, "HTTP 422");
		return OUTBOX_REFUSED;
	}
	if (what >= r->bad) {
		apply(r, e);
		return OUTBOX_ACCEPTED;
	}
	if (what % 2 == 0) /* the answer is lost, the work is done */
		apply(r, e);
	return OUTBOX_AGAIN;
}

static void put(struct books_fixture *f, unsigned n)
{
	char key[32], body[64];

	(void)snprintf(key, sizeof key, "test/%u", n);
	(void)snprintf(body, sizeof body, "{\"n\":%u}", n);
	assert_int_equal(outbox_put(f->books, key, "test", bytes_str(body), &f->err).code, CC_OK);
}

static void put_all(struct books_fixture *f, unsigned count)
{
	assert_int_equal(books_begin(f->books, &f->err).code, CC_OK);
	for (unsigned n = 0; n < count; n++)
		put(f, n);
	assert_int_equal(books_end(f->books, cc_ok(), &f->err).code, CC_OK);
}

static int fixture_up(void **state)
{
	struct books_fixture *f = calloc(1, sizeof *f);

	assert_non_null(f);
	books_fixture(f);
	*state = f;
	return 0;
}

static int fixture_down(void **state)
{
	books_fixture_done(*state);
	free(*state);
	return 0;
}

static void run(struct books_fixture *f, struct receiver *r, uint64_t most, struct outbox_counts *ret)
{
	const struct outbox_sender sender = { r, deliver };

	assert_int_equal(outbox_run(f->books, &sender, most, false, ret, &f->err).code, CC_OK);
}

static void assert_pending(struct books_fixture *f, uint64_t waiting, uint64_t refused)
{
	uint64_t w = 99, r = 99;

	assert_int_equal(outbox_pending(f->books, &w, &r, &f->err).code, CC_OK);
	assert_int_equal(w, waiting);
	assert_int_equal(r, refused);
}

static void every_event_takes_effect_once_and_in_order(void **state)
{
	struct books_fixture *f = *state;
	struct receiver r = { .seed = 7, .bad = 45 };
	struct outbox_counts c;
	size_t restarts = 0;

	put_all(f, EVENTS);
	do {
		run(f, &r, 1000, &c);
		sys_fake_advance(&f->sys, c.wait_ms > 0 ? c.wait_ms : 0);
		/* Now and then a new process goes on. */
		if (r.deliveries % 7 == 0) {
			books_fixture_reopen(f);
			restarts++;
		}
	} while (c.wait_ms >= 0);
	for (size_t n = 0; n < EVENTS; n++)
		assert_true(r.applied[n] == 1 && r.order[n] == n);
	assert_pending(f, 0, 0);
	assert_true(r.doubles > 20 && restarts > 5);
	(void)printf("# count: outbox: %d events applied once and in order, %zu deliveries, %zu doubled, %zu restarts\n", EVENTS,
		     r.deliveries, r.doubles, restarts);
}

static void an_event_is_there_with_its_change_or_not_at_all(void **state)
{
	struct books_fixture *f = *state;
	struct job job;

	assert_int_equal(books_begin(f->books, &f->err).code, CC_OK);
	put(f, 0);
	assert_int_equal(books_end(f->books, cc_code_status(CC_E_IO), NULL).code, CC_E_IO);
	assert_pending(f, 0, 0);
	/* Issuing a card tells of it; a card under way doesn't. */
	books_fixture_bind(f, "001090000000", "0011223344556677", &job);
	assert_pending(f, 0, 0);
	books_fixture_walk(f, &job, JOB_ISSUED);
	assert_pending(f, 1, 0);
}

static void the_same_key_is_put_once_for_ever(void **state)
{
	struct books_fixture *f = *state;
	struct receiver r = { .seed = 7 };
	struct outbox_counts c;

	put_all(f, 2);
	put_all(f, 2);
	assert_pending(f, 2, 0);
	run(f, &r, 1000, &c);
	assert_int_equal(c.accepted, 2);
	put_all(f, 2); /* delivered long ago */
	assert_pending(f, 0, 0);
}

static void a_refused_event_is_set_aside_and_the_feed_goes_on(void **state)
{
	struct books_fixture *f = *state;
	struct receiver r = { .seed = 7, .poison = "test/1" };
	struct outbox_counts c;

	put_all(f, 3);
	run(f, &r, 1000, &c);
	assert_true(c.accepted == 2 && c.refused == 1 && c.wait_ms == -1);
	assert_pending(f, 0, 1);
}

static void a_failed_delivery_waits_longer_each_time(void **state)
{
	struct books_fixture *f = *state;
	struct receiver r = { .seed = 7, .bad = 100 };
	struct outbox_counts c;
	const int64_t want[] = { 1000, 2000, 4000, 8000, 16000, 32000, 64000, 128000, 256000, 300000, 300000 };

	put_all(f, 2);
	for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
		run(f, &r, 1000, &c);
		assert_int_equal(c.failed, 1); /* the second event waits for the first */
		run(f, &r, 1000, &c);
		assert_int_equal(c.wait_ms, want[i]);
		assert_int_equal(c.failed, 0);
		sys_fake_advance(&f->sys, want[i] - 1);
		run(f, &r, 1000, &c);
		assert_int_equal(c.wait_ms, 1);
		sys_fake_advance(&f->sys, 1);
	}
	assert_int_equal(r.applied[1], 0);
	/* A clock set back by a year doesn't stop it, and an officer may ask at once. */
	run(f, &r, 1000, &c);
	f->sys.wall_ms -= 365LL * 86400 * 1000;
	run(f, &r, 1000, &c);
	assert_int_equal(c.failed, 1);
	assert_int_equal(outbox_run(f->books, &(struct outbox_sender){ &r, deliver }, 1000, true, &c, &f->err).code, CC_OK);
	assert_int_equal(c.failed, 1);
}

static void an_answer_counts_when_it_repeats_the_key(void **state)
{
	static const struct {
		long status;
		const char *body;
		enum outbox_answer want;
	} cases[] = {
		{ 200, "{\"key\":\"a/1\"}", OUTBOX_ACCEPTED },
		{ 201, "{\"key\":\"a/1\",\"applied\":true}", OUTBOX_ACCEPTED },
		{ 409, "{\"key\":\"a/1\"}", OUTBOX_ACCEPTED },
		{ 400, "{\"key\":\"a/1\",\"why\":\"x\"}", OUTBOX_REFUSED },
		{ 422, "{\"key\":\"a/1\"}", OUTBOX_REFUSED },
		{ 200, "", OUTBOX_AGAIN },
		{ 200, "<html>Welcome</html>", OUTBOX_AGAIN },
		{ 200, "{\"key\":\"a/2\"}", OUTBOX_AGAIN },
		{ 200, "{\"key\":7}", OUTBOX_AGAIN },
		{ 200, "{\"key\":\"a/2\",\"key\":\"a/1\"}", OUTBOX_AGAIN },
		{ 200, "{\"key\":\"a/1\"} x", OUTBOX_AGAIN },
		{ 200, "[\"a/1\"]", OUTBOX_AGAIN },
		{ 400, "bad request", OUTBOX_AGAIN },
		{ 401, "{\"key\":\"a/1\"}", OUTBOX_AGAIN },
		{ 404, "{\"key\":\"a/1\"}", OUTBOX_AGAIN },
		{ 302, "{\"key\":\"a/1\"}", OUTBOX_AGAIN },
		{ 429, "{\"key\":\"a/1\"}", OUTBOX_AGAIN },
		{ 500, "{\"key\":\"a/1\"}", OUTBOX_AGAIN },
		{ 503, "", OUTBOX_AGAIN },
	};
	char deep[4096];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		if (outbox_http_judge(cases[i].status, bytes_str(cases[i].body), "a/1") != cases[i].want)
			fail_msg("%ld %s", cases[i].status, cases[i].body);
	}
	memset(deep, '[', sizeof deep);
	assert_int_equal(outbox_http_judge(200, bytes_of(deep, sizeof deep), "a/1"), OUTBOX_AGAIN);
}

static void only_https_or_this_machine_is_asked(void **state)
{
	static const char *const good[] = { "https://dancu.example/feed", "http://127.0.0.1:8080/x", "http://[::1]/",
					    "http://localhost" };
	static const char *const bad[] = { "",
					   "http://dancu.example/",
					   "ftp://127.0.0.1/",
					   "file:///etc/passwd",
					   "127.0.0.1",
					   "https://",
					   "http://127.0.0.1.evil.example/",
					   "http://127.0.0.1@evil.example/",
					   "https://user@dancu.example/",
					   "https://a b/",
					   "https://a\x1B[31m/",
					   "https://a/\x7F",
					   "http://localhost.example/" };

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		if (!outbox_http_url_allowed(good[i]))
			fail_msg("%s", good[i]);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct outbox_http *h = NULL;
		struct cc_error err;

		cc_error_init(&err);
		assert_int_equal(outbox_http_open(&(struct outbox_http_params){ .url = bad[i] }, &h, &err).code, CC_E_ARG);
		assert_string_equal(err.key, "feed.url");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_event_takes_effect_once_and_in_order, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(an_event_is_there_with_its_change_or_not_at_all, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(the_same_key_is_put_once_for_ever, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(a_refused_event_is_set_aside_and_the_feed_goes_on, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(a_failed_delivery_waits_longer_each_time, fixture_up, fixture_down),
		cmocka_unit_test(an_answer_counts_when_it_repeats_the_key),
		cmocka_unit_test(only_https_or_this_machine_is_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
