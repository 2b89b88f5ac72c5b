/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pkcs11_module.h"
#include "tests/support/issue_fixture.h"
#include "tests/support/pkcs11_fault.h"
#include "tests/support/softhsm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

/*
 * A station with its keys in a token issues a card, and the token goes at each of
 * its calls in turn, or answers wrongly: the card is not issued, the person keeps
 * it, and the same command finishes it when the token is back. The station goes
 * on: no process is started anew.
 */

static struct softhsm hsm;
static struct issue_fixture station;
static bool there;

static int station_up(void **state)
{
	struct keystore_pkcs11_params params;
	struct keystore *ks = NULL;

	(void)state;
	there = softhsm_there();
	if (!there)
		return 0;
	softhsm(&hsm);
	params = softhsm_params(&hsm, sys_real());
	params.module = pkcs11_fault_module();
	assert_int_equal(keystore_pkcs11_open(&params, &ks, NULL).code, CC_OK);
	issue_fixture_with(&station, ks);
	return 0;
}

static int station_down(void **state)
{
	(void)state;
	if (!there)
		return 0;
	issue_fixture_done(&station);
	softhsm_done(&hsm);
	return 0;
}

static bool is_keystore_error(const struct cc_error *err)
{
	return err->key != NULL && strncmp(err->key, "keystore.", 9) == 0;
}

struct outcome {
	bool resumed, bad_signature;
};

/* false: the card was done before that call. */
static bool issue_through(enum shim_call call, enum shim_fault fault, unsigned at, struct outcome *ret)
{
	const struct shim_control *shim = pkcs11_fault();
	/* Another person than the time before: an earlier signature is over another security object. */
	const struct worker_request request = { .number = at % 2 == 0 ? ISSUE_ANNA : ISSUE_BINH };
	struct worker_report first = { 0 }, second = { 0 };
	struct issue_chip c = { 0 };
	bool hit;
	cc_status st;

	issue_fixture_fresh(&station);
	issue_fixture_open(&station, NULL);
	issue_chip_blank(&station, &c, at, true);
	shim->arm(call, at, fault, fault == SHIM_GONE ? CKR_DEVICE_REMOVED : CKR_OK);
	st = issue_run(&station, &c, &request, &first);
	hit = shim->hit() != SHIM_CALL_COUNT;
	shim->disarm();
	if (cc_failed(st)) {
		assert_true(hit);
		assert_int_not_equal(first.state, JOB_ISSUED);
		assert_int_not_equal(first.state, JOB_SPOILED);
		/* Not signed: nothing was written that a reader would take for a card. */
		assert_true(first.state < JOB_SIGNED);
		assert_true(is_keystore_error(&station.err));
		ret->bad_signature = strcmp(station.err.key, "keystore.bad-signature") == 0;
		cc_error_init(&station.err);
		assert_int_equal(issue_run(&station, &c, &request, &second).code, CC_OK);
		assert_int_equal(second.state, JOB_ISSUED);
		assert_string_equal(second.serial, first.state == JOB_NEW ? second.serial : first.serial);
		ret->resumed = second.resumed;
	} else {
		assert_int_equal(first.state, JOB_ISSUED);
		assert_false(hit && fault == SHIM_GONE);
	}
	worker_report_done(&first);
	worker_report_done(&second);
	issue_chip_done(&c);
	issue_fixture_close(&station);
	return hit;
}

static void skip_without_token(void)
{
	if (!there) {
		print_message("# softhsm2 is not installed\n");
		skip();
	}
}

static void a_token_pulled_at_any_call_loses_nothing(void **state)
{
	unsigned at = 1, resumed = 0;
	struct outcome out = { 0 };

	(void)state;
	skip_without_token();
	for (; issue_through(SHIM_CALL_COUNT, SHIM_GONE, at, &out); at++, out = (struct outcome){ 0 })
		resumed += out.resumed ? 1 : 0;
	print_message(
		"# count: a card's token pulled at each of its %u calls: %u jobs resumed, the others began anew; all issued\n",
		at - 1, resumed);
	assert_true(at > 10 && resumed > 0);
}

/* The signature of EF.SOD is verified by sod_build alone: at one of these calls it is what turned the card away. */
static void a_token_that_answers_wrongly_signs_no_card(void **state)
{
	unsigned at = 1, bad = 0;
	struct outcome out = { 0 };

	(void)state;
	skip_without_token();
	for (; issue_through(SHIM_CALL_COUNT, SHIM_WRONG, at, &out); at++, out = (struct outcome){ 0 })
		bad += out.bad_signature ? 1 : 0;
	print_message("# count: a card with each of %u answers of its token wrong by a bit, %u of them a signature\n", at - 1,
		      bad);
	assert_true(bad > 0);
}

static void a_token_that_gives_an_earlier_signature_signs_no_card(void **state)
{
	unsigned at = 1, bad = 0;
	struct outcome out = { 0 };

	(void)state;
	skip_without_token();
	for (; issue_through(SHIM_SIGN, SHIM_STALE, at, &out); at++, out = (struct outcome){ 0 })
		bad += out.bad_signature ? 1 : 0;
	print_message("# count: a card with each of its token's %u C_Sign answered as an earlier one, %u of them a signature\n",
		      at - 1, bad);
	assert_true(bad > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_token_pulled_at_any_call_loses_nothing),
		cmocka_unit_test(a_token_that_answers_wrongly_signs_no_card),
		cmocka_unit_test(a_token_that_gives_an_earlier_signature_signs_no_card),
	};

	return cmocka_run_group_tests(tests, station_up, station_down);
}
