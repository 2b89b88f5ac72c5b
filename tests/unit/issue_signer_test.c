/* SPDX-License-Identifier: Apache-2.0 */
#include "station/pki_signer.h"
#include "tests/support/books_fixture.h"
#include "tests/support/issue_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* A document signer that may sign no more: no blank is bound for nothing, no card leaves; what was begun is held and finished
 * later. */

static struct issue_fixture station;

/* Closes the station and opens it with another limit of signatures. */
static void limit_to(const char *limit)
{
	char path[PATH_MAX];
	json_t *root;

	issue_fixture_close(&station);
	config_path(&station.config, "settings.json", path);
	root = json_load_file(path, 0, NULL);
	assert_non_null(root);
	assert_int_equal(json_object_set_new(root, "pki.ds-max-signatures", json_string(limit)), 0);
	assert_int_equal(json_dump_file(root, path, 0), 0);
	json_decref(root);
	issue_fixture_open(&station, NULL);
}

static cc_status issue(struct issue_chip *c, const char *number, struct worker_report *r)
{
	const struct worker_request request = { .number = number };

	cc_error_init(&station.err);
	return issue_run(&station, c, &request, r);
}

static void used_up_signer_leaves_the_blank_alone(void **state)
{
	struct issue_chip anna = { 0 }, binh = { 0 };
	struct worker_report r = { 0 };

	(void)state;
	issue_fixture_fresh(&station);
	issue_fixture_open(&station, NULL);
	limit_to("1");
	issue_chip_blank(&station, &anna, 1, true);
	assert_int_equal(issue(&anna, ISSUE_ANNA, &r).code, CC_OK);
	assert_int_equal(r.state, JOB_ISSUED);
	worker_report_done(&r);
	issue_chip_blank(&station, &binh, 2, true);
	assert_int_equal(issue(&binh, ISSUE_BINH, &r).code, CC_E_STATE);
	assert_string_equal(station.err.key, "signer.none");
	assert_int_equal(r.state, JOB_NEW);
	assert_string_equal(r.spoil_reason, "");
	worker_report_done(&r);
	/* tried again: the same answer, and no signature was counted for it */
	assert_int_equal(issue(&binh, ISSUE_BINH, &r).code, CC_E_STATE);
	worker_report_done(&r);
	limit_to("2");
	assert_int_equal(pki_signers_read_use(station.issuer.signers, station.store, 0, NULL).code, CC_OK);
	assert_int_equal(station.issuer.signers->items[0].used, 1);
	assert_int_equal(issue(&binh, ISSUE_BINH, &r).code, CC_OK);
	assert_false(r.resumed);
	assert_int_equal(r.state, JOB_ISSUED);
	assert_int_equal(r.inspection.verdict, INSPECT_GOOD);
	worker_report_done(&r);
	assert_int_equal(pki_signers_read_use(station.issuer.signers, station.store, 0, NULL).code, CC_OK);
	assert_int_equal(station.issuer.signers->items[0].used, 2);
	assert_int_equal(station.issuer.signers->items[0].cards, 2);
	books_fixture_check(station.issuer.books);
	issue_fixture_close(&station);
	issue_chip_done(&anna);
	issue_chip_done(&binh);
}

/* The last signature goes to another card between start and signing: the card waits with its keys, and is finished later. */
static void take_the_last(void *ctx, bool after)
{
	struct issue_fixture *f = ctx;

	if (after && f->open && f->issuer.signers->limit > 1)
		f->issuer.signers->limit = 1;
}

static void signer_used_up_on_the_way_holds_the_card(void **state)
{
	const struct issue_hooks hooks = { &station, take_the_last };
	struct issue_chip anna = { 0 }, binh = { 0 };
	struct worker_report r = { 0 };

	(void)state;
	issue_fixture_fresh(&station);
	issue_fixture_open(&station, NULL);
	issue_chip_blank(&station, &anna, 4, true);
	assert_int_equal(issue(&anna, ISSUE_ANNA, &r).code, CC_OK);
	worker_report_done(&r);
	issue_fixture_close(&station);
	issue_fixture_open(&station, &hooks);
	issue_chip_blank(&station, &binh, 5, true);
	assert_int_equal(issue(&binh, ISSUE_BINH, &r).code, CC_E_STATE);
	assert_string_equal(station.err.key, "signer.none");
	assert_int_not_equal(r.state, JOB_ISSUED);
	assert_int_not_equal(r.state, JOB_NEW);
	assert_int_not_equal(r.state, JOB_SPOILED);
	worker_report_done(&r);
	issue_fixture_close(&station);
	issue_fixture_open(&station, NULL);
	assert_int_equal(issue(&binh, ISSUE_BINH, &r).code, CC_OK);
	assert_true(r.resumed);
	assert_int_equal(r.inspection.verdict, INSPECT_GOOD);
	worker_report_done(&r);
	books_fixture_check(station.issuer.books);
	issue_fixture_close(&station);
	issue_chip_done(&anna);
	issue_chip_done(&binh);
}

static void retired_signer_signs_nothing(void **state)
{
	struct issue_chip c = { 0 };
	struct worker_report r = { 0 };

	(void)state;
	issue_fixture_fresh(&station);
	issue_fixture_open(&station, NULL);
	assert_int_equal(pki_signer_retire(&station.issuer.signers->items[0], station.store, 1, NULL).code, CC_OK);
	issue_chip_blank(&station, &c, 3, true);
	assert_int_equal(issue(&c, ISSUE_ANNA, &r).code, CC_E_STATE);
	assert_string_equal(station.err.key, "signer.none");
	worker_report_done(&r);
	issue_fixture_close(&station);
	issue_chip_done(&c);
}

static int start(void **state)
{
	(void)state;
	issue_fixture(&station);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	issue_fixture_done(&station);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(used_up_signer_leaves_the_blank_alone),
		cmocka_unit_test(signer_used_up_on_the_way_holds_the_card),
		cmocka_unit_test(retired_signer_signs_nothing),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
