/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "station/issue/report.h"
#include "tests/support/books_fixture.h"
#include "tests/support/issue_station.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static cc_status issue(struct issue_chip *c, const char *number, struct worker_report *r)
{
	const struct worker_request request = { .number = number };

	return issue_run(&station, c, &request, r);
}

static void assert_issued(struct issue_chip *c, const char *number)
{
	struct worker_report r = { 0 };
	cc_status st = issue(c, number, &r);

	if (cc_failed(st))
		fail_msg("%s: %s", station.err.key, station.err.detail);
	assert_int_equal(r.state, JOB_ISSUED);
	assert_true(r.inspected);
	assert_int_equal(r.inspection.verdict, INSPECT_GOOD);
	worker_report_done(&r);
}

static void assert_refused(struct issue_chip *c, const char *number, enum cc_code code, const char *key)
{
	struct worker_report r = { 0 };
	cc_status st = issue(c, number, &r);

	assert_int_equal(st.code, code);
	assert_string_equal(station.err.key, key);
	assert_int_not_equal(r.state, JOB_ISSUED);
	worker_report_done(&r);
}

static enum stock_state stock_of(uint32_t number)
{
	enum stock_state s = STOCK_STATE_COUNT;
	char serial[17];

	(void)snprintf(serial, sizeof serial, "6183%08X0001", number);
	assert_int_equal(ledger_blank(station.issuer.books, serial, &s, NULL, &station.err).code, CC_OK);
	return s;
}

static void a_card_is_issued(void **state)
{
	struct issue_chip c = { 0 };

	(void)state;
	issue_chip_blank(&station, &c, 1, true);
	assert_issued(&c, ISSUE_ANNA);
	assert_int_equal(stock_of(1), STOCK_ISSUED);
	issue_chip_done(&c);
}

/* Issue 2, shown by 6: at most 1.10 times the minimum of the negotiated lengths. */
static void the_wire_costs_little_more_than_the_minimum(void **state)
{
	(void)state;
	for (int extended = 0; extended < 2; extended++) {
		const struct worker_request request = { .number = extended ? ISSUE_ANNA : ISSUE_BINH };
		struct worker_report r = { 0 };
		struct issue_chip c = { 0 };
		struct report_sums s;

		issue_chip_blank(&station, &c, 2 + (uint32_t)extended, extended == 1);
		assert_int_equal(issue_run(&station, &c, &request, &r).code, CC_OK);
		for (unsigned p = 0; p < FIGURES_PHASE_COUNT; p++) {
			unsigned apdus = figures_permille(r.figures.spent[p].apdus, r.figures.least[p].apdus);
			unsigned bytes = figures_permille(r.figures.spent[p].bytes, r.figures.least[p].bytes);

			print_message("# %s %s: %u APDUs (%u.%03u), %u bytes (%u.%03u)\n", extended ? "extended" : "short",
				      figures_phase_name((enum figures_phase)p), (unsigned)r.figures.spent[p].apdus, apdus / 1000,
				      apdus % 1000, (unsigned)r.figures.spent[p].bytes, bytes / 1000, bytes % 1000);
			/* Nobody is cheaper than the minimum: then it would not be one. */
			assert_true(apdus >= 1000 && bytes >= 1000);
		}
		s = report_sums(&r);
		print_message("# figure: %s length: %llu APDUs against %llu, %llu bytes against %llu\n",
			      extended ? "extended" : "short", (unsigned long long)s.spent.apdus,
			      (unsigned long long)s.least.apdus, (unsigned long long)s.spent.bytes,
			      (unsigned long long)s.least.bytes);
		assert_true(figures_permille(s.spent.apdus, s.least.apdus) <= 1100);
		assert_true(figures_permille(s.spent.bytes, s.least.bytes) <= 1100);
		worker_report_done(&r);
		issue_chip_done(&c);
	}
}

static void holds_stop_a_card_with_their_reason(void **state)
{
	struct issue_chip c = { 0 };

	(void)state;
	issue_chip_blank(&station, &c, 4, true);
	assert_refused(&c, "004090000000", CC_E_HELD, "registry.no-photo");
	assert_refused(&c, "001050000000", CC_E_HELD, "registry.birth-incomplete");
	assert_refused(&c, "006090000000", CC_E_NOT_FOUND, "registry.not-found");
	assert_int_equal(softchip_apdu_count(c.chip), 0);
	assert_int_equal(stock_of(4), STOCK_UNKNOWN);
	issue_chip_done(&c);
}

static void a_second_card_is_refused(void **state)
{
	struct issue_chip c = { 0 };

	(void)state;
	issue_chip_blank(&station, &c, 5, true);
	assert_issued(&c, ISSUE_ANNA);
	issue_chip_blank(&station, &c, 6, true);
	assert_refused(&c, ISSUE_ANNA, CC_E_STATE, "issue.card-active");
	assert_int_equal(stock_of(6), STOCK_UNKNOWN);
	issue_chip_done(&c);
}

static void a_finished_card_is_no_blank(void **state)
{
	struct issue_chip c = { 0 };

	(void)state;
	issue_chip_blank(&station, &c, 7, true);
	assert_issued(&c, ISSUE_ANNA);
	assert_refused(&c, ISSUE_BINH, CC_E_STATE, "issue.blank-used");
	/* Also for a station that never saw it: nothing is booked, nothing tried. */
	issue_fixture_close(&station);
	issue_fixture_fresh(&station);
	issue_fixture_open(&station, NULL);
	assert_refused(&c, ISSUE_BINH, CC_E_STATE, "issue.already-sealed");
	assert_int_equal(stock_of(7), STOCK_UNKNOWN);
	issue_chip_done(&c);
}

/* The serial is the chip's own word: one that can't show the keys says nothing about the blank of that serial. */
static void a_foreign_chip_spoils_no_blank_of_ours(void **state)
{
	static const uint8_t serial[8] = { 0x61, 0x83, 0, 0, 0, 8, 0x00, 0x01 }, key[16] = { 7 };
	struct softchip_config config = { .serial = { serial, 8 }, .master_key = { key, 16 }, .extended = true };
	struct issue_chip c = { 0 };

	(void)state;
	assert_int_equal(softchip_new(&config, &station.sys, &c.chip).code, CC_OK);
	assert_refused(&c, ISSUE_ANNA, CC_E_DENIED, "perso.wrong-keys");
	assert_int_equal(stock_of(8), STOCK_UNKNOWN);
	issue_chip_blank(&station, &c, 8, true);
	assert_issued(&c, ISSUE_ANNA);
	assert_int_equal(stock_of(8), STOCK_ISSUED);
	issue_chip_done(&c);
}

/* SCP02 with VISA2 keys: without a master key nothing is sent, with one the card is issued, inspected and good. */
static void a_card_on_an_older_chip_is_issued(void **state)
{
	static const uint8_t serial[8] = { 0x61, 0x83, 0, 0, 0, 80, 0x00, 0x01 }, key[16] = { 7 };
	const struct keystore_key_info tdes = { .label = "perso-master-3des", .kind = KEYSTORE_TDES, .bits = 128 };
	struct softchip_config config = {
		.personality = SOFTCHIP_SCP02, .serial = { serial, 8 }, .master_key = { key, 16 }, .extended = true
	};
	struct issue_chip c = { 0 };

	(void)state;
	assert_int_equal(softchip_new(&config, &station.sys, &c.chip).code, CC_OK);
	assert_refused(&c, ISSUE_ANNA, CC_E_NOT_FOUND, "perso.master-key");
	assert_int_not_equal(stock_of(80), STOCK_SPOILED);
	assert_int_equal(keystore_generate(station.ks, &tdes).code, CC_OK);
	assert_refused(&c, ISSUE_ANNA, CC_E_DENIED, "perso.wrong-keys");
	assert_int_equal(stock_of(80), STOCK_UNKNOWN);
	issue_chip_older(&station, &c, 81);
	assert_issued(&c, ISSUE_ANNA);
	assert_int_equal(stock_of(81), STOCK_ISSUED);
	issue_chip_done(&c);
}

/* Torn in the middle, it is carried on in a new session of the older protocol. */
static void a_torn_older_card_is_finished_on_the_same_chip(void **state)
{
	size_t torn = 0;

	(void)state;
	for (uint8_t i = 0; i < 6; i++) {
		struct issue_chip c = { 0 };
		struct worker_report r = { 0 };
		bool issued;

		if (i > 0) {
			assert_int_equal(issue_station_checked(NULL), 0);
			assert_int_equal(issue_station_fresh(NULL), 0);
		}
		issue_chip_older(&station, &c, (uint8_t)(90 + i));
		softchip_tear_after(c.chip, 10 + 40u * i, SOFTCHIP_TEAR_AFTER);
		torn += cc_failed(issue(&c, ISSUE_ANNA, &r));
		issued = r.state == JOB_ISSUED;
		worker_report_done(&r);
		if (!issued)
			assert_issued(&c, ISSUE_ANNA);
		issue_chip_done(&c);
	}
	assert_true(torn >= 3);
}

static void an_empty_reader_books_nothing(void **state)
{
	struct worker_report r = { 0 };
	struct issue_chip c = { 0 };
	struct stock_counts counts;

	(void)state;
	assert_int_equal(issue(&c, ISSUE_ANNA, &r).code, CC_E_DEVICE);
	worker_report_done(&r);
	assert_int_equal(stock_count(station.issuer.books, &counts, &station.err).code, CC_OK);
	assert_int_equal(counts.received, 0);
}

static void a_dry_run_changes_nothing(void **state)
{
	const struct worker_request request = { .number = ISSUE_ANNA, .dry_run = true };
	struct worker_report r = { 0 };
	struct issue_chip c = { 0 };
	uint64_t version;

	(void)state;
	issue_chip_blank(&station, &c, 10, true);
	version = softchip_memory_version(c.chip);
	assert_int_equal(issue_run(&station, &c, &request, &r).code, CC_OK);
	assert_int_equal(r.state, JOB_NEW);
	assert_true(r.files_bytes > 1000);
	assert_int_equal(softchip_memory_version(c.chip), version);
	assert_int_equal(stock_of(10), STOCK_UNKNOWN);
	worker_report_done(&r);
	issue_chip_done(&c);
}

/* Pulled out in the middle, then the same command again. */
static void tear_then(struct issue_chip *c, uint64_t nth)
{
	struct worker_report r = { 0 };

	softchip_tear_after(c->chip, nth, SOFTCHIP_TEAR_AFTER);
	assert_int_equal(issue(c, ISSUE_ANNA, &r).code, CC_E_DEVICE);
	worker_report_done(&r);
}

static void a_torn_card_is_finished_on_the_same_chip(void **state)
{
	struct worker_report r = { 0 };
	struct issue_chip c = { 0 };

	(void)state;
	issue_chip_blank(&station, &c, 11, true);
	tear_then(&c, 12);
	assert_int_equal(stock_of(11), STOCK_IN_MACHINE);
	assert_int_equal(issue(&c, ISSUE_ANNA, &r).code, CC_OK);
	assert_true(r.resumed);
	assert_int_equal(r.state, JOB_ISSUED);
	worker_report_done(&r);
	issue_chip_done(&c);
}

static void another_chip_is_refused_while_one_is_torn(void **state)
{
	struct issue_chip torn = { 0 }, other = { 0 };
	const struct worker_request spoil = { .number = ISSUE_ANNA, .spoil = true };
	struct worker_report r = { 0 };

	(void)state;
	issue_chip_blank(&station, &torn, 12, true);
	issue_chip_blank(&station, &other, 13, true);
	tear_then(&torn, 12);
	assert_refused(&other, ISSUE_ANNA, CC_E_STATE, "issue.other-chip");
	assert_int_equal(stock_of(13), STOCK_UNKNOWN);
	assert_refused(&torn, ISSUE_BINH, CC_E_STATE, "issue.blank-busy");
	assert_int_equal(issue_run(&station, &other, &spoil, &r).code, CC_OK);
	assert_int_equal(r.state, JOB_ISSUED);
	assert_int_equal(stock_of(12), STOCK_SPOILED);
	assert_int_equal(stock_of(13), STOCK_ISSUED);
	worker_report_done(&r);
	/* The torn one is never used again, for anybody. */
	assert_refused(&torn, ISSUE_BINH, CC_E_STATE, "issue.blank-used");
	issue_chip_done(&torn);
	issue_chip_done(&other);
}

static void nothing_to_spoil_is_told(void **state)
{
	const struct worker_request spoil = { .number = ISSUE_ANNA, .spoil = true };
	struct worker_report r = { 0 };
	struct issue_chip c = { 0 };

	(void)state;
	issue_chip_blank(&station, &c, 14, true);
	assert_int_equal(issue_run(&station, &c, &spoil, &r).code, CC_E_STATE);
	assert_string_equal(station.err.key, "issue.nothing-to-spoil");
	worker_report_done(&r);
	issue_chip_done(&c);
}

/* A chip with the torn one's serial but another key of its own: never carried on. */
static void a_chip_with_another_public_key_is_spoiled(void **state)
{
	struct issue_chip c = { 0 };

	(void)state;
	issue_chip_blank(&station, &c, 15, true);
	tear_then(&c, 13);
	issue_chip_blank(&station, &c, 15, true);
	assert_refused(&c, ISSUE_ANNA, CC_E_VERIFY, "issue.spoiled");
	assert_int_equal(stock_of(15), STOCK_SPOILED);
	issue_chip_done(&c);
}

/* The keys that a broken random generator in a chip would make again: taken by another job before this chip makes them. */
static cc_status same_random(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx;
	memset(out, 0x21, n);
	return cc_ok();
}

static void a_duplicate_public_key_stops_the_card(void **state)
{
	struct sys broken = station.sys;
	struct issue_chip a = { 0 }, b = { 0 };
	struct buf memory = { 0 };

	(void)state;
	broken.random = same_random;
	issue_chip_blank(&station, &a, 16, true);
	assert_int_equal(softchip_save(a.chip, &memory).code, CC_OK);
	softchip_free(&a.chip);
	assert_int_equal(softchip_load(buf_view(&memory), &broken, &a.chip).code, CC_OK);
	buf_done(&memory);
	/* Both keys of one chip are alike already. */
	assert_refused(&a, ISSUE_ANNA, CC_E_VERIFY, "issue.spoiled");
	assert_non_null(strstr(station.err.detail, "issue.duplicate-key"));
	assert_int_equal(stock_of(16), STOCK_SPOILED);
	issue_chip_blank(&station, &b, 17, true);
	assert_issued(&b, ISSUE_ANNA);
	issue_chip_done(&a);
	issue_chip_done(&b);
}

static void the_report_is_json(void **state)
{
	const struct worker_request request = { .number = ISSUE_ANNA };
	struct worker_report r = { 0 };
	struct issue_chip c = { 0 };
	char *text = NULL;
	size_t n = 0;
	json_t *root;
	FILE *out;

	(void)state;
	issue_chip_blank(&station, &c, 18, true);
	assert_int_equal(issue_run(&station, &c, &request, &r).code, CC_OK);
	out = open_memstream(&text, &n);
	assert_non_null(out);
	assert_true(report_json(out, &r, &station.err, false));
	assert_int_equal(fclose(out), 0);
	root = json_loads(text, 0, NULL);
	assert_non_null(root);
	assert_int_equal(json_integer_value(json_object_get(root, "schema")), 1);
	assert_string_equal(json_string_value(json_object_get(root, "verdict")), "issued");
	assert_string_equal(json_string_value(json_object_get(root, "chip")), "6183000000120001");
	assert_int_equal(json_array_size(json_object_get(root, "steps")), 8);
	assert_int_equal(json_array_size(json_object_get(root, "phases")), FIGURES_PHASE_COUNT);
	assert_true(json_is_null(json_object_get(root, "error")));
	json_decref(root);
	free(text);
	worker_report_done(&r);
	issue_chip_done(&c);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, issue_station_fresh, issue_station_checked)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_card_is_issued),
		CASE(the_wire_costs_little_more_than_the_minimum),
		CASE(holds_stop_a_card_with_their_reason),
		CASE(a_second_card_is_refused),
		CASE(a_finished_card_is_no_blank),
		CASE(a_foreign_chip_spoils_no_blank_of_ours),
		CASE(a_card_on_an_older_chip_is_issued),
		CASE(a_torn_older_card_is_finished_on_the_same_chip),
		CASE(an_empty_reader_books_nothing),
		CASE(a_dry_run_changes_nothing),
		CASE(a_torn_card_is_finished_on_the_same_chip),
		CASE(another_chip_is_refused_while_one_is_torn),
		CASE(nothing_to_spoil_is_told),
		CASE(a_chip_with_another_public_key_is_spoiled),
		CASE(a_duplicate_public_key_stops_the_card),
		CASE(the_report_is_json),
	};

	return cmocka_run_group_tests(tests, issue_station, issue_station_done);
}
