/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/pkcs11_module.h"
#include "station/message.h"
#include "tests/support/pkcs11_rig.h"

#include <stdio.h>
#include <string.h>

/*
 * Each call that an operation makes into the token, failed with each code; lost
 * after it was done; answered wrongly; the token pulled. Afterwards, with nothing but
 * time passed, the next operation works.
 */

static const CK_RV codes[] = {
	CKR_HOST_MEMORY,
	CKR_SLOT_ID_INVALID,
	CKR_GENERAL_ERROR,
	CKR_FUNCTION_FAILED,
	CKR_ARGUMENTS_BAD,
	CKR_CANT_LOCK,
	CKR_ATTRIBUTE_READ_ONLY,
	CKR_ATTRIBUTE_SENSITIVE,
	CKR_ATTRIBUTE_TYPE_INVALID,
	CKR_ATTRIBUTE_VALUE_INVALID,
	CKR_DATA_INVALID,
	CKR_DATA_LEN_RANGE,
	CKR_DEVICE_ERROR,
	CKR_DEVICE_MEMORY,
	CKR_DEVICE_REMOVED,
	CKR_FUNCTION_CANCELED,
	CKR_FUNCTION_NOT_SUPPORTED,
	CKR_KEY_HANDLE_INVALID,
	CKR_KEY_SIZE_RANGE,
	CKR_KEY_TYPE_INCONSISTENT,
	CKR_KEY_FUNCTION_NOT_PERMITTED,
	CKR_MECHANISM_INVALID,
	CKR_MECHANISM_PARAM_INVALID,
	CKR_OBJECT_HANDLE_INVALID,
	CKR_OPERATION_ACTIVE,
	CKR_OPERATION_NOT_INITIALIZED,
	CKR_PIN_EXPIRED,
	CKR_PIN_LOCKED,
	CKR_SESSION_CLOSED,
	CKR_SESSION_COUNT,
	CKR_SESSION_HANDLE_INVALID,
	CKR_SESSION_READ_ONLY,
	CKR_SIGNATURE_LEN_RANGE,
	CKR_TEMPLATE_INCOMPLETE,
	CKR_TEMPLATE_INCONSISTENT,
	CKR_TOKEN_NOT_PRESENT,
	CKR_TOKEN_NOT_RECOGNIZED,
	CKR_TOKEN_WRITE_PROTECTED,
	CKR_USER_NOT_LOGGED_IN,
	CKR_USER_PIN_NOT_INITIALIZED,
	CKR_USER_TOO_MANY_TYPES,
	CKR_RANDOM_NO_RNG,
	CKR_DOMAIN_PARAMS_INVALID,
	CKR_BUFFER_TOO_SMALL,
	CKR_CRYPTOKI_NOT_INITIALIZED,
	CKR_VENDOR_DEFINED + 7,
};
#define CODE_COUNT (sizeof codes / sizeof codes[0])

/* ---- judging */

/* A key with its sentences in both languages, not the general one; and no PIN in the detail. */
static void assert_clear(const struct keystore *ks, const char *what)
{
	struct cc_error err = { 0 };
	const struct message *m;

	keystore_error(ks, &err);
	assert_non_null(err.key);
	m = message_find(err.key);
	if (strcmp(m->key, err.key) != 0)
		print_message("# %s: %s has no sentences\n", what, err.key);
	assert_string_equal(m->key, err.key);
	assert_true(m->vi_next[0] != '\0' && m->en_next[0] != '\0');
	assert_null(strstr(err.detail, SOFTHSM_PIN));
}

static bool is_gone_code(CK_RV rv)
{
	return rv == CKR_DEVICE_REMOVED || rv == CKR_TOKEN_NOT_PRESENT || rv == CKR_DEVICE_ERROR || rv == CKR_SLOT_ID_INVALID;
}

/* What another session mends within the call. */
static bool is_session_code(CK_RV rv)
{
	return rv == CKR_SESSION_HANDLE_INVALID || rv == CKR_SESSION_CLOSED || rv == CKR_USER_NOT_LOGGED_IN;
}

struct count {
	unsigned runs, refused, mended;
};

/* One run with one fault; false when the operation ended before it. */
static bool one_fault(struct pkcs11_rig *r, const struct pkcs11_rig_operation *op, unsigned at, enum shim_fault fault, CK_RV rv,
		      struct count *n)
{
	enum shim_call hit;
	bool right = false;
	cc_status st;
	char what[128];

	if (op->run != pkcs11_rig_open)
		pkcs11_rig_forget_all(r);
	r->shim->arm(SHIM_CALL_COUNT, at, fault, rv);
	st = op->run(r, &right);
	hit = r->shim->hit();
	r->shim->disarm();
	if (hit == SHIM_CALL_COUNT) {
		assert_int_equal(st.code, CC_OK);
		assert_true(right);
		if (op->makes)
			pkcs11_rig_erase(r, "made");
		return false;
	}
	(void)snprintf(what, sizeof what, "%s, %s is call %u, %s", op->name, r->shim->name(hit), at,
		       pkcs11_rv_name(rv) != NULL ? pkcs11_rv_name(rv) : "unknown code");
	n->runs++;
	right = right || op->lists;
	if (!right)
		print_message("# %s: a wrong answer came through\n", what);
	assert_true(right);
	if (cc_failed(st)) {
		n->refused++;
		assert_clear(r->ks, what);
		if (fault == SHIM_FAIL && is_gone_code(rv) && !pkcs11_rig_key_is(r->ks, "keystore.hsm-gone"))
			print_message("# %s: %s\n", what, r->ks->err.key);
		assert_true(fault != SHIM_FAIL || !is_gone_code(rv) || pkcs11_rig_key_is(r->ks, "keystore.hsm-gone"));
		if (fault == SHIM_FAIL && is_session_code(rv) && hit != SHIM_GET_SLOT_LIST && hit != SHIM_GET_TOKEN_INFO &&
		    hit != SHIM_INITIALIZE)
			print_message("# %s: not mended\n", what);
		assert_false(fault == SHIM_FAIL && is_session_code(rv) && hit != SHIM_GET_SLOT_LIST &&
			     hit != SHIM_GET_TOKEN_INFO && hit != SHIM_INITIALIZE);
	} else {
		n->mended++;
	}
	/* Nothing was done but that the fault is over. */
	st = op->run(r, &right);
	if (cc_failed(st))
		print_message("# %s: afterwards %s: %s\n", what, r->ks->err.key, r->ks->err.detail);
	assert_int_equal(st.code, CC_OK);
	assert_true(right);
	if (op->makes)
		pkcs11_rig_erase(r, "made");
	return true;
}

static void each_call_with_each_code(struct pkcs11_rig *r, const struct pkcs11_rig_operation *op, struct count *n)
{
	bool more = true;
	unsigned at;

	for (at = 1; more; at++)
		for (size_t c = at % op->step; c < CODE_COUNT && more; c += op->step)
			more = one_fault(r, op, at, SHIM_FAIL, codes[c], n);
	print_message("# %s: %u calls, each with %zu codes\n", op->name, at - 2, CODE_COUNT / op->step);
}

static void every_call_fails_with_every_code(void **state)
{
	struct pkcs11_rig *r = softhsm_state(state);
	struct count n = { 0 };

	for (size_t i = 0; i < PKCS11_RIG_OPERATIONS; i++)
		each_call_with_each_code(r, &pkcs11_rig_operations[i], &n);
	print_message("# count: %u failing calls: %u refused with a clear error, %u mended within the call; the next call worked "
		      "after each\n",
		      n.runs, n.refused, n.mended);
	assert_true(n.refused > 1000);
}

static void answers_that_are_lost_after_the_work_was_done(void **state)
{
	static const CK_RV late[] = { CKR_DEVICE_REMOVED, CKR_SESSION_HANDLE_INVALID, CKR_GENERAL_ERROR };
	struct pkcs11_rig *r = softhsm_state(state);
	struct count n = { 0 };

	for (size_t i = 0; i < PKCS11_RIG_OPERATIONS; i++)
		for (size_t c = 0; c < (pkcs11_rig_operations[i].step > 3 ? 1 : sizeof late / sizeof late[0]); c++)
			for (unsigned at = 1; one_fault(r, &pkcs11_rig_operations[i], at, SHIM_LATE, late[c], &n);)
				at++;
	print_message("# count: %u answers lost after the work was done\n", n.runs);
}

static void wrong_answers_never_come_through(void **state)
{
	struct pkcs11_rig *r = softhsm_state(state);
	struct count n = { 0 };

	for (size_t i = 0; i < PKCS11_RIG_OPERATIONS; i++)
		for (unsigned at = 1; one_fault(r, &pkcs11_rig_operations[i], at, SHIM_WRONG, CKR_OK, &n);)
			at++;
	print_message("# count: %u answers with one bit turned, %u refused\n", n.runs, n.refused);
	assert_true(n.refused > 20);
}

static void a_wrong_signature_is_named(void **state)
{
	struct pkcs11_rig *r = softhsm_state(state);
	bool right;

	r->shim->arm(SHIM_SIGN, 1, SHIM_WRONG, CKR_OK);
	assert_int_equal(pkcs11_rig_sign_ec(r, &right).code, CC_E_VERIFY);
	assert_true(right && pkcs11_rig_key_is(r->ks, "keystore.bad-signature"));
	r->shim->arm(SHIM_SIGN, 1, SHIM_WRONG, CKR_OK);
	assert_int_equal(pkcs11_rig_sign_rsa(r, &right).code, CC_E_VERIFY);
	assert_true(right && pkcs11_rig_key_is(r->ks, "keystore.bad-signature"));
	for (unsigned at = 1; at <= 4; at++) {
		r->shim->arm(SHIM_SIGN, at, SHIM_WRONG, CKR_OK);
		assert_int_equal(pkcs11_rig_derive(r, &right).code, CC_E_VERIFY);
		assert_true(right && pkcs11_rig_key_is(r->ks, "keystore.hsm-wrong"));
	}
}

/* ---- pulled at any moment, and put back later */

static void a_pulled_token_costs_calls_until_it_is_back(void **state)
{
	struct pkcs11_rig *r = softhsm_state(state);
	unsigned pulled = 0;

	for (size_t i = 0; i < PKCS11_RIG_OPERATIONS; i++) {
		const struct pkcs11_rig_operation *op = &pkcs11_rig_operations[i];

		for (unsigned at = 1; op->run != pkcs11_rig_open; at++) {
			bool right;
			cc_status st;

			pkcs11_rig_forget_all(r);
			r->shim->arm(SHIM_CALL_COUNT, at, SHIM_GONE, CKR_DEVICE_REMOVED);
			st = op->run(r, &right);
			assert_true(right);
			if (r->shim->hit() == SHIM_CALL_COUNT) {
				r->shim->disarm();
				if (op->makes)
					pkcs11_rig_erase(r, "made");
				break;
			}
			assert_int_equal(st.code, CC_E_NO_SERVICE);
			assert_true(pkcs11_rig_key_is(r->ks, "keystore.hsm-gone"));
			/* still out */
			assert_int_equal(pkcs11_rig_sign_ec(r, &right).code, CC_E_NO_SERVICE);
			assert_true(right && pkcs11_rig_key_is(r->ks, "keystore.hsm-gone"));
			assert_int_equal(pkcs11_rig_derive(r, &right).code, CC_E_NO_SERVICE);
			r->shim->disarm();
			assert_int_equal(op->run(r, &right).code, CC_OK);
			assert_true(right);
			if (op->makes)
				pkcs11_rig_erase(r, "made");
			pulled++;
		}
	}
	print_message("# count: pulled at %u calls, back each time without a restart\n", pulled);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, pkcs11_rig_up, pkcs11_rig_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(every_call_fails_with_every_code),
		CASE(answers_that_are_lost_after_the_work_was_done),
		CASE(wrong_answers_never_come_through),
		CASE(a_wrong_signature_is_named),
		CASE(a_pulled_token_costs_calls_until_it_is_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
