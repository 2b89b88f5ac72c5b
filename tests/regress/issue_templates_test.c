/* SPDX-License-Identifier: Apache-2.0 */
#include "card/perso/match_on_card.h"
#include "card/softchip/chip.h"
#include "tests/support/books_fixture.h"
#include "tests/support/issue_station.h"
#include "tests/support/minutiae_made.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

/* Cards with templates for match-on-card: whole, and torn at each APDU of their making. */

static int open_station(void **state)
{
	(void)issue_station(state);
	issue_fixture_settings(&station, "{" ISSUE_SETTINGS ", \"chip.match-on-card\": \"yes\"}");
	return 0;
}

static cc_status issue(struct issue_chip *c, const char *number, struct digest *ret_hash)
{
	const struct worker_request request = { .number = number };
	struct worker_report r = { 0 };
	cc_status st = issue_run(&station, c, &request, &r);

	if (ret_hash != NULL)
		*ret_hash = r.files_hash;
	worker_report_done(&r);
	return st;
}

/* The chip holds exactly the registry's minutiae. */
static void assert_templates(const struct issue_chip *c)
{
	for (uint32_t i = 0; i < 2; i++) {
		struct buf t = minutiae_made(i + 1, NULL);
		struct bytes on_chip = chip_memory_field(&c->chip->memory, (enum chip_field)(CHIP_FIELD_MOC_1 + i));

		assert_int_equal(on_chip.n, 1 + 3 * MINUTIAE_MADE_COUNT);
		assert_memory_equal(on_chip.p + 1, t.p + t.n - 3 * MINUTIAE_MADE_COUNT, 3 * MINUTIAE_MADE_COUNT);
		buf_done(&t);
	}
	assert_true(chip_is_personalized(c->chip));
}

static uint64_t whole_card(struct digest *ret_hash)
{
	struct issue_chip c = { 0 };
	uint64_t apdus;

	issue_fixture_fresh(&station);
	issue_fixture_open(&station, NULL);
	issue_chip_blank(&station, &c, 1, true);
	if (cc_failed(issue(&c, ISSUE_ANNA, ret_hash)))
		fail_msg("%s: %s", station.err.key, station.err.detail);
	assert_templates(&c);
	apdus = softchip_apdu_count(c.chip);
	issue_chip_done(&c);
	issue_fixture_close(&station);
	return apdus;
}

static void a_card_gets_the_templates_of_the_registry(void **state)
{
	struct digest with, without;
	struct issue_chip c = { 0 };

	(void)state;
	(void)whole_card(&with);
	/* Somebody without templates gets a card without the application. */
	issue_fixture_open(&station, NULL);
	issue_chip_blank(&station, &c, 2, true);
	assert_int_equal(issue(&c, ISSUE_BINH, &without).code, CC_OK);
	assert_false(chip_moc_selectable(c.chip));
	assert_int_equal(with.n, without.n);
	issue_chip_done(&c);
	issue_fixture_close(&station);
}

static void a_tear_at_each_apdu_is_made_good(void **state)
{
	static const enum softchip_tear kinds[] = { SOFTCHIP_TEAR_BEFORE, SOFTCHIP_TEAR_AFTER, SOFTCHIP_TEAR_MID_WRITE };
	uint64_t apdus = whole_card(NULL);
	unsigned points = 0;

	(void)state;
	for (uint64_t nth = 1; nth <= apdus; nth++) {
		for (size_t k = 0; k < 3; k++, points++) {
			struct issue_chip c = { 0 };

			issue_fixture_fresh(&station);
			issue_fixture_open(&station, NULL);
			issue_chip_blank(&station, &c, 1, true);
			softchip_tear_after(c.chip, nth, kinds[k]);
			assert_int_equal(issue(&c, ISSUE_ANNA, NULL).code, CC_E_DEVICE);
			books_fixture_check(station.issuer.books);
			if (cc_failed(issue(&c, ISSUE_ANNA, NULL)))
				fail_msg("APDU %u, %u: %s: %s", (unsigned)nth, (unsigned)kinds[k], station.err.key,
					 station.err.detail);
			books_fixture_check(station.issuer.books);
			assert_templates(&c);
			issue_chip_done(&c);
			issue_fixture_close(&station);
		}
	}
	print_message("# count: %u tear points of a card with templates, all finished\n", points);
}

static void an_older_chip_gets_its_templates_too(void **state)
{
	const struct keystore_key_info tdes = { .label = "perso-master-3des", .kind = KEYSTORE_TDES, .bits = 128 };
	struct issue_chip c = { 0 };
	uint64_t apdus;
	unsigned points = 0;

	(void)state;
	issue_fixture_fresh(&station);
	issue_fixture_open(&station, NULL);
	if (keystore_generate(station.ks, &tdes).code != CC_E_EXISTS)
		assert_int_equal(keystore_info(station.ks, tdes.label, &(struct keystore_key_info){ 0 }).code, CC_OK);
	issue_chip_older(&station, &c, 1);
	if (cc_failed(issue(&c, ISSUE_ANNA, NULL)))
		fail_msg("%s: %s", station.err.key, station.err.detail);
	assert_templates(&c);
	apdus = softchip_apdu_count(c.chip);
	issue_chip_done(&c);
	issue_fixture_close(&station);
	for (uint64_t nth = 1; nth <= apdus; nth += 5, points++) {
		struct issue_chip torn = { 0 };

		issue_fixture_fresh(&station);
		issue_fixture_open(&station, NULL);
		issue_chip_older(&station, &torn, 1);
		softchip_tear_after(torn.chip, nth, SOFTCHIP_TEAR_AFTER);
		assert_int_equal(issue(&torn, ISSUE_ANNA, NULL).code, CC_E_DEVICE);
		if (cc_failed(issue(&torn, ISSUE_ANNA, NULL)))
			fail_msg("APDU %u: %s: %s", (unsigned)nth, station.err.key, station.err.detail);
		books_fixture_check(station.issuer.books);
		assert_templates(&torn);
		issue_chip_done(&torn);
		issue_fixture_close(&station);
	}
	print_message("# count: %u tear points of an SCP02 card with templates, all finished\n", points);
}

static void a_card_without_the_application_is_not_begun(void **state)
{
	struct issue_chip c = { 0 };

	(void)state;
	issue_fixture_settings(&station, "{" ISSUE_SETTINGS
					 ", \"chip.match-on-card\": \"yes\", \"chip.match-on-card-aid\": \"F00102030405\"}");
	issue_fixture_fresh(&station);
	issue_fixture_open(&station, NULL);
	issue_chip_blank(&station, &c, 1, true);
	assert_int_equal(issue(&c, ISSUE_ANNA, NULL).code, CC_E_NOT_FOUND);
	assert_string_equal(station.err.key, "moc.absent");
	books_fixture_check(station.issuer.books);
	issue_chip_done(&c);
	issue_fixture_close(&station);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_card_gets_the_templates_of_the_registry),
		cmocka_unit_test(a_tear_at_each_apdu_is_made_good),
		cmocka_unit_test(an_older_chip_gets_its_templates_too),
		cmocka_unit_test(a_card_without_the_application_is_not_begun),
	};

	return cmocka_run_group_tests(tests, open_station, issue_station_done);
}
