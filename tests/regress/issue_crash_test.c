/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/alloc_fault.h"
#include "tests/support/books_fixture.h"
#include "tests/support/issue_station.h"
#include "tests/support/store_engine.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * kill -9 at every durable step, and the card torn at every APDU: afterwards the
 * same command finishes the card or declares the blank spoiled, and the
 * invariants I1 to I6 hold. Nothing is sampled but the double faults.
 */
static char memory_path[256];

static int open_station(void **state)
{
	(void)issue_station(state);
	fixture_path(&station.folder, "chip.memory", memory_path, sizeof memory_path);
	return 0;
}

/* ---- what must hold when everything is over */

static enum stock_state blank_state(uint32_t number, char reason[STOCK_REASON_SIZE])
{
	enum stock_state s = STOCK_STATE_COUNT;
	char serial[17];

	(void)snprintf(serial, sizeof serial, "6183%08X0001", number);
	assert_int_equal(ledger_blank(station.issuer.books, serial, &s, reason, &station.err).code, CC_OK);
	return s;
}

/* The store is open. *spoiled counts the blanks that were declared so. */
static void check_end(const char *where, uint32_t number, unsigned *spoiled)
{
	char reason[STOCK_REASON_SIZE];
	enum stock_state s = blank_state(number, reason);
	bool has = false;

	books_fixture_check(station.issuer.books);
	assert_int_equal(ledger_has_card(station.issuer.books, ISSUE_ANNA, &has, &station.err).code, CC_OK);
	if (s == STOCK_ISSUED) {
		assert_true(has);
	} else if (s == STOCK_SPOILED) {
		assert_false(has);
		assert_true(reason[0] != '\0');
		print_message("# %s: spoiled: %s\n", where, reason);
		(*spoiled)++;
	} else {
		fail_msg("%s: the blank is %s", where, stock_state_name(s));
	}
}

static cc_status issue(struct issue_chip *c)
{
	const struct worker_request request = { .number = ISSUE_ANNA };
	struct worker_report r = { 0 };
	cc_status st = issue_run(&station, c, &request, &r);

	worker_report_done(&r);
	return st;
}

/* A person whose blank was spoiled gets a card on the next one; one who has a card gets no second. */
static void check_next(uint32_t number)
{
	struct issue_chip next = { 0 };
	bool had = false;
	cc_status st;

	assert_int_equal(ledger_has_card(station.issuer.books, ISSUE_ANNA, &had, &station.err).code, CC_OK);
	issue_chip_blank(&station, &next, number + 100000, true);
	st = issue(&next);
	assert_int_equal(st.code, had ? CC_E_STATE : CC_OK);
	if (had)
		assert_string_equal(station.err.key, "issue.card-active");
	books_fixture_check(station.issuer.books);
	issue_chip_done(&next);
}

/* ---- kill -9 at each durable step */

struct killer {
	unsigned seen, at; /* at 0: never */
};

static void kill_here(void *ctx, bool after)
{
	struct killer *k = ctx;

	(void)after;
	if (++k->seen == k->at)
		(void)kill(getpid(), SIGKILL);
}

/* A process of its own: opens the station, issues, ends. Its exit code: 0 issued, 3 spoiled, 9 anything else; -1: killed. */
static int run_process(unsigned kill_at)
{
	pid_t child = fork();
	int status = 0;

	assert_true(child >= 0);
	if (child == 0) {
		struct killer killer = { 0, kill_at };
		struct issue_chip c = { .memory_path = memory_path };
		cc_status st;

		issue_fixture_forked(&station);
		issue_fixture_open(&station, &(struct issue_hooks){ &killer, kill_here });
		issue_chip_load(&station, &c);
		st = issue(&c);
		issue_fixture_close(&station);
		_exit(!cc_failed(st) ? 0 : station.err.key && strcmp(station.err.key, "issue.spoiled") == 0 ? 3 : 9);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFSIGNALED(status)) {
		assert_int_equal(WTERMSIG(status), SIGKILL);
		return -1;
	}
	return WEXITSTATUS(status);
}

static void blank_in_file(uint32_t number, bool extended)
{
	struct issue_chip c = { .memory_path = memory_path };

	issue_chip_blank(&station, &c, number, extended);
	issue_chip_done(&c);
}

static unsigned count_durable_steps(void)
{
	struct killer killer = { 0, 0 };
	struct issue_chip c = { 0 };

	issue_fixture_fresh(&station);
	issue_fixture_open(&station, &(struct issue_hooks){ &killer, kill_here });
	issue_chip_blank(&station, &c, 1, true);
	assert_int_equal(issue(&c).code, CC_OK);
	issue_chip_done(&c);
	issue_fixture_close(&station);
	return killer.seen;
}

static void kill_at_each_durable_step(void **state)
{
	unsigned points = count_durable_steps(), killed = 0, spoiled = 0;
	char where[64];

	(void)state;
	assert_true(points >= 2 * 14); /* before and after each of at least 14 commits */
	for (unsigned at = 1; at <= points; at++) {
		int code;

		(void)snprintf(where, sizeof where, "kill point %u", at);
		issue_fixture_fresh(&station);
		blank_in_file(at, true);
		killed += run_process(at) == -1;
		code = run_process(0);
		issue_fixture_open(&station, NULL);
		/* Killed behind the last record: the card is done, and the second run is refused because of it. */
		if (code == 9) {
			char reason[STOCK_REASON_SIZE];

			assert_int_equal(at, points);
			assert_int_equal(blank_state(at, reason), STOCK_ISSUED);
		}
		check_end(where, at, &spoiled);
		check_next(at);
		issue_fixture_close(&station);
	}
	assert_int_equal(killed, points);
	/* A process that dies loses no card: chip and journal always agree on how to go on. */
	assert_int_equal(spoiled, 0);
	print_message("# count: %u kill points, %u cards finished, %u blanks spoiled\n", points, points - spoiled, spoiled);
}

/* ---- the card torn at each APDU */

static uint64_t count_apdus(bool extended)
{
	struct issue_chip c = { 0 };
	uint64_t n;

	issue_fixture_fresh(&station);
	issue_fixture_open(&station, NULL);
	issue_chip_blank(&station, &c, 1, extended);
	assert_int_equal(issue(&c).code, CC_OK);
	n = softchip_apdu_count(c.chip);
	issue_chip_done(&c);
	issue_fixture_close(&station);
	return n;
}

static const char *const kind_names[] = {
	[SOFTCHIP_TEAR_BEFORE] = "before", [SOFTCHIP_TEAR_AFTER] = "after", [SOFTCHIP_TEAR_MID_WRITE] = "mid-write"
};

static void tear_once(uint64_t nth, enum softchip_tear kind, bool extended, unsigned *spoiled)
{
	uint32_t number = (uint32_t)nth * 4 + (uint32_t)kind;
	struct issue_chip c = { 0 };
	char where[64];
	cc_status st;

	(void)snprintf(where, sizeof where, "APDU %u, %s", (unsigned)nth, kind_names[kind]);
	issue_fixture_fresh(&station);
	issue_fixture_open(&station, NULL);
	issue_chip_blank(&station, &c, number, extended);
	softchip_tear_after(c.chip, nth, kind);
	st = issue(&c);
	if (st.code != CC_E_DEVICE)
		fail_msg("%s: %s (%s)", where, cc_code_name(st.code), station.err.key);
	books_fixture_check(station.issuer.books);
	st = issue(&c);
	if (cc_failed(st) && st.code != CC_E_VERIFY)
		fail_msg("%s, second run: %s: %s", where, station.err.key, station.err.detail);
	check_end(where, number, spoiled);
	issue_chip_done(&c);
	issue_fixture_close(&station);
}

static void tear_everywhere(bool extended)
{
	static const enum softchip_tear kinds[] = { SOFTCHIP_TEAR_BEFORE, SOFTCHIP_TEAR_AFTER, SOFTCHIP_TEAR_MID_WRITE };
	uint64_t apdus = count_apdus(extended);
	unsigned spoiled = 0, points = 0;

	for (uint64_t nth = 1; nth <= apdus; nth++) {
		for (size_t k = 0; k < 3; k++) {
			/* A slower store sees the same calls whatever the kind: one of them at each point, in turn. */
			if (store_engine_is_postgres() && k != nth % 3)
				continue;
			tear_once(nth, kinds[k], extended, &spoiled);
			points++;
		}
	}
	/* The data sheet promises atomic or repeatable writes: of this chip no blank is lost to a tear. */
	assert_int_equal(spoiled, 0);
	print_message("# count: %u tear points (%s length, %u APDUs), %u cards finished, %u blanks spoiled\n", points,
		      extended ? "extended" : "short", (unsigned)apdus, points - spoiled, spoiled);
}

static void tear_at_each_apdu_extended(void **state)
{
	(void)state;
	tear_everywhere(true);
}

static void tear_at_each_apdu_short(void **state)
{
	(void)state;
	tear_everywhere(false);
}

/* ---- the same for a card with EF.CardSecurity: one more file, and a second signature */

static void kills_and_tears_with_chip_authentication_mapping(void **state)
{
	issue_fixture_settings(&station, "{" ISSUE_SETTINGS ", \"chip.pace\": \"ecdh-gm/aes128/13,ecdh-cam/aes128/13\"}");
	kill_at_each_durable_step(state);
	tear_everywhere(true);
	issue_fixture_settings(&station, "{" ISSUE_SETTINGS "}");
}

/* ---- faults upon faults: the same card torn again and again, at places that a seed chooses */

static void tears_in_a_row(void **state)
{
	const unsigned cards = 60;
	uint64_t apdus = count_apdus(true);
	unsigned spoiled = 0, tears = 0;
	struct sys_fake dice;
	char where[64];

	(void)state;
	sys_fake_init(&dice, 2026);
	for (unsigned n = 1; n <= cards; n++) {
		struct issue_chip c = { 0 };
		cc_status st = cc_code_status(CC_E_DEVICE);

		(void)snprintf(where, sizeof where, "card %u", n);
		issue_fixture_fresh(&station);
		issue_fixture_open(&station, NULL);
		issue_chip_blank(&station, &c, n, true);
		for (unsigned i = 0; i < 4 && st.code == CC_E_DEVICE; i++, tears++) {
			softchip_tear_after(c.chip, 1 + sys_fake_below(&dice, apdus),
					    (enum softchip_tear)(SOFTCHIP_TEAR_BEFORE + sys_fake_below(&dice, 3)));
			st = issue(&c);
			books_fixture_check(station.issuer.books);
		}
		softchip_tear_after(c.chip, 0, SOFTCHIP_TEAR_NONE);
		if (st.code == CC_E_DEVICE)
			st = issue(&c);
		if (cc_failed(st) && st.code != CC_E_VERIFY)
			fail_msg("%s: %s: %s", where, station.err.key, station.err.detail);
		check_end(where, n, &spoiled);
		issue_chip_done(&c);
		issue_fixture_close(&station);
	}
	print_message("# count: %u cards torn %u times in a row, %u blanks spoiled\n", cards, tears, spoiled);
}

/* ---- out of memory in the middle of a card */

/* The chip in this process allocates too: when it is the one that starves, it answers with an error and is spoiled for that. */
static bool chip_starved(uint32_t number)
{
	char reason[STOCK_REASON_SIZE];

	return blank_state(number, reason) == STOCK_SPOILED &&
	       (strncmp(reason, "card.refused", 12) == 0 || strncmp(reason, "perso.", 6) == 0 ||
		strncmp(reason, "issue.inspection", 16) == 0);
}

static bool starve_once(size_t *k, uint32_t number, unsigned *spoiled)
{
	struct issue_chip c = { 0 };
	bool more;
	cc_status st;

	issue_fixture_fresh(&station);
	issue_fixture_open(&station, NULL);
	issue_chip_blank(&station, &c, number, true);
	more = alloc_fault_next(k);
	st = issue(&c);
	(void)alloc_fault_end();
	books_fixture_check(station.issuer.books);
	if (cc_failed(st) && !chip_starved(number) && cc_failed(st = issue(&c)))
		fail_msg("allocation %zu, second run: %s: %s", *k - 1, station.err.key, station.err.detail);
	check_end("out of memory", number, spoiled);
	issue_chip_done(&c);
	issue_fixture_close(&station);
	return more;
}

static void memory_runs_out_at_every_13th_allocation(void **state)
{
	unsigned spoiled = 0;
	uint32_t number = 1;
	size_t k = 1;

	(void)state;
	/* The first failure starts the count; the next ones lie behind the test's own reader. */
	assert_true(alloc_fault_next(&k));
	assert_null(cc_alloc(1));
	for (k = 3; starve_once(&k, number, &spoiled); k += 12) /* behind the test's own reader */
		number++;
	assert_true(number > 50);
	print_message("# count: %u cards starved of memory, %u blanks spoiled by a starved chip\n", number - 1, spoiled);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kill_at_each_durable_step),
		cmocka_unit_test(tear_at_each_apdu_extended),
		cmocka_unit_test(tear_at_each_apdu_short),
		cmocka_unit_test(kills_and_tears_with_chip_authentication_mapping),
		cmocka_unit_test(tears_in_a_row),
		cmocka_unit_test(memory_runs_out_at_every_13th_allocation),
	};

	return cmocka_run_group_tests(tests, open_station, issue_station_done);
}
