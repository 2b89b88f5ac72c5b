/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/pkcs11_module.h"
#include "tests/support/pkcs11_rig.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A token that refuses its PIN, hangs, has few sessions, or goes while threads use it. */

#define HUNG_MS 50

/* ---- PINs */

static void a_wrong_pin_is_tried_once_and_never_again(void **state)
{
	struct pkcs11_rig *r = softhsm_state(state);
	struct keystore_pkcs11_params params = pkcs11_rig_params(r);
	bool right;

	/* The session is lost, and the PIN was changed meanwhile. */
	r->shim->arm(SHIM_LOGIN, 1, SHIM_FAIL, CKR_PIN_INCORRECT);
	keystore_close(&r->ks);
	{
		struct cc_error err = { 0 };

		assert_int_equal(keystore_pkcs11_open(&params, &r->ks, &err).code, CC_E_DENIED);
		assert_string_equal(err.key, "keystore.pin-wrong");
		assert_int_equal(r->shim->calls(SHIM_LOGIN), 1);
	}
	r->shim->disarm();
	assert_int_equal(keystore_pkcs11_open(&params, &r->ks, NULL).code, CC_OK);
	/* In an open store: the module is started anew under it, and the login is asked for again. */
	r->shim->arm(SHIM_SIGN_INIT, 1, SHIM_FAIL, CKR_DEVICE_REMOVED);
	assert_int_equal(pkcs11_rig_sign_ec(r, &right).code, CC_E_NO_SERVICE);
	r->shim->arm(SHIM_LOGIN, 1, SHIM_FAIL, CKR_PIN_INCORRECT);
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(pkcs11_rig_sign_ec(r, &right).code, CC_E_DENIED);
		assert_true(pkcs11_rig_key_is(r->ks, "keystore.pin-wrong"));
	}
	assert_int_equal(r->shim->calls(SHIM_LOGIN), 1);
	pkcs11_rig_forget_all(r);
	assert_int_equal(pkcs11_rig_sign_ec(r, &right).code, CC_OK);
}

static void a_locked_pin_is_seen_before_it_is_tried(void **state)
{
	static const struct {
		CK_FLAGS flag;
		const char *key;
	} cases[] = { { CKF_USER_PIN_LOCKED, "keystore.pin-locked" }, { CKF_USER_PIN_FINAL_TRY, "keystore.pin-final-try" } };
	struct pkcs11_rig *r = softhsm_state(state);

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		bool right;

		r->shim->arm(SHIM_SIGN_INIT, 1, SHIM_FAIL, CKR_DEVICE_REMOVED);
		assert_int_equal(pkcs11_rig_sign_ec(r, &right).code, CC_E_NO_SERVICE);
		r->shim->arm(SHIM_CALL_COUNT, 0, SHIM_NONE, CKR_OK);
		r->shim->token_flags(cases[i].flag);
		assert_int_equal(pkcs11_rig_sign_ec(r, &right).code, CC_E_DENIED);
		assert_true(right && pkcs11_rig_key_is(r->ks, cases[i].key));
		assert_int_equal(r->shim->calls(SHIM_LOGIN), 0);
		/* Unlocked by the token's security officer: no restart is needed. */
		r->shim->disarm();
		assert_int_equal(pkcs11_rig_sign_ec(r, &right).code, CC_OK);
	}
}

/* ---- slow */

static void a_hanging_token_is_given_up_and_comes_back(void **state)
{
	static const enum shim_call calls[] = { SHIM_SIGN, SHIM_SIGN_INIT, SHIM_FIND_OBJECTS, SHIM_GET_ATTRIBUTE_VALUE,
						SHIM_OPEN_SESSION };
	struct pkcs11_rig *r = softhsm_state(state);
	struct keystore_pkcs11_params params = pkcs11_rig_params(r);
	bool right;

	params.limit_ms = HUNG_MS;
	for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
		keystore_close(&r->ks);
		assert_int_equal(keystore_pkcs11_open(&params, &r->ks, NULL).code, CC_OK);
		if (calls[i] == SHIM_OPEN_SESSION) {
			r->shim->arm(SHIM_SIGN_INIT, 1, SHIM_FAIL, CKR_SESSION_CLOSED);
			assert_int_equal(pkcs11_rig_sign_ec(r, &right).code, CC_OK);
			r->shim->arm(SHIM_SIGN_INIT, 1, SHIM_FAIL, CKR_DEVICE_REMOVED);
			assert_int_equal(pkcs11_rig_sign_ec(r, &right).code, CC_E_NO_SERVICE);
		}
		r->shim->arm(calls[i], 1, SHIM_HANG, CKR_OK);
		assert_int_equal(pkcs11_rig_sign_ec(r, &right).code, CC_E_NO_SERVICE);
		assert_true(right && pkcs11_rig_key_is(r->ks, "keystore.hsm-slow"));
		assert_int_equal(r->shim->hit(), calls[i]);
		r->shim->disarm();
		/* The call that hung may still be in the way for a moment. */
		for (unsigned tries = 0; cc_failed(pkcs11_rig_sign_ec(r, &right)) && tries < 100; tries++)
			assert_true(pkcs11_rig_key_is(r->ks, "keystore.hsm-slow"));
		assert_int_equal(pkcs11_rig_sign_ec(r, &right).code, CC_OK);
	}
}

/* A key that comes late is one that nobody asked for any more: the label is free, or the key is whole. */
static void closing_does_not_wait_for_a_hanging_call(void **state)
{
	struct pkcs11_rig *r = softhsm_state(state);
	struct keystore_pkcs11_params params = pkcs11_rig_params(r);
	bool right;

	keystore_close(&r->ks);
	params.limit_ms = HUNG_MS;
	assert_int_equal(keystore_pkcs11_open(&params, &r->ks, NULL).code, CC_OK);
	r->shim->arm(SHIM_SIGN, 1, SHIM_HANG, CKR_OK);
	assert_int_equal(pkcs11_rig_sign_ec(r, &right).code, CC_E_NO_SERVICE);
	keystore_close(&r->ks);
	params.limit_ms = 0;
	assert_int_equal(keystore_pkcs11_open(&params, &r->ks, NULL).code, CC_OK);
	assert_int_equal(pkcs11_rig_sign_ec(r, &right).code, CC_OK);
	r->shim->disarm();
	assert_int_equal(pkcs11_rig_sign_ec(r, &right).code, CC_OK);
}

/* A module whose thread doesn't come to its end after the answer keeps nobody waiting for good. */
static void a_thread_that_never_ends_is_left_alone(void **state)
{
	struct pkcs11_rig *r = softhsm_state(state);
	bool right;

	r->shim->arm(SHIM_SIGN, 1, SHIM_STAY, CKR_OK);
	assert_int_equal(pkcs11_rig_sign_ec(r, &right).code, CC_OK);
	assert_true(right);
	assert_int_equal(r->shim->hit(), SHIM_SIGN);
	assert_int_equal(pkcs11_rig_sign_ec(r, &right).code, CC_OK);
	r->shim->disarm();
	assert_int_equal(pkcs11_rig_sign_ec(r, &right).code, CC_OK);
}

/* ---- few sessions */

struct signer_thread {
	pthread_t thread;
	struct pkcs11_rig *r;
	unsigned good;
};

static void *sign_many(void *arg)
{
	struct signer_thread *t = arg;

	for (unsigned i = 0; i < 20; i++) {
		bool right;

		if (!cc_failed(pkcs11_rig_sign_ec(t->r, &right)) && right)
			t->good++;
	}
	return NULL;
}

static void a_token_with_two_sessions_serves_eight_threads(void **state)
{
	struct pkcs11_rig *r = softhsm_state(state);
	struct signer_thread threads[8];

	keystore_close(&r->ks);
	r->shim->sessions_max(2);
	{
		struct keystore_pkcs11_params params = pkcs11_rig_params(r);

		assert_int_equal(keystore_pkcs11_open(&params, &r->ks, NULL).code, CC_OK);
	}
	for (size_t i = 0; i < 8; i++) {
		threads[i] = (struct signer_thread){ .r = r };
		assert_int_equal(pthread_create(&threads[i].thread, NULL, sign_many, &threads[i]), 0);
	}
	for (size_t i = 0; i < 8; i++) {
		assert_int_equal(pthread_join(threads[i].thread, NULL), 0);
		assert_int_equal(threads[i].good, 20);
	}
}

static void threads_outlive_a_pulled_token(void **state)
{
	struct pkcs11_rig *r = softhsm_state(state);
	struct signer_thread threads[8];
	unsigned good = 0;
	bool right;

	r->shim->arm(SHIM_SIGN, 30, SHIM_FAIL, CKR_DEVICE_REMOVED);
	for (size_t i = 0; i < 8; i++) {
		threads[i] = (struct signer_thread){ .r = r };
		assert_int_equal(pthread_create(&threads[i].thread, NULL, sign_many, &threads[i]), 0);
	}
	for (size_t i = 0; i < 8; i++) {
		assert_int_equal(pthread_join(threads[i].thread, NULL), 0);
		good += threads[i].good;
	}
	r->shim->disarm();
	assert_in_range(good, 100, 160);
	assert_int_equal(pkcs11_rig_sign_ec(r, &right).code, CC_OK);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, pkcs11_rig_up, pkcs11_rig_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_wrong_pin_is_tried_once_and_never_again),
		CASE(a_locked_pin_is_seen_before_it_is_tried),
		CASE(a_hanging_token_is_given_up_and_comes_back),
		CASE(closing_does_not_wait_for_a_hanging_call),
		CASE(a_thread_that_never_ends_is_left_alone),
		CASE(a_token_with_two_sessions_serves_eight_threads),
		CASE(threads_outlive_a_pulled_token),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
