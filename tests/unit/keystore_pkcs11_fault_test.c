/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/keystore_pkcs11.h"

#include "crypto/pkcs11_module.h"
#include "station/message.h"
#include "tests/support/pkcs11_fault.h"
#include "tests/support/softhsm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Each call that an operation makes into the token, failed with each code; lost
 * after it was done; answered wrongly; hanging; the token pulled. Afterwards, with
 * nothing but time passed, the next operation works.
 */

static const struct sig_alg ecdsa_sha256 = { SIG_ECDSA, HASH_SHA256, 0, HASH_SHA256 };
static const struct sig_alg pss_sha256 = { SIG_RSA_PSS, HASH_SHA256, 32, HASH_SHA256 };

#define HUNG_MS 50

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

/* ---- a token with keys whose answers are known */

struct rig {
	struct softhsm hsm;
	struct fixture_sys sys;
	const struct shim_control *shim;
	struct keystore *ks;
	struct buf ec_spki, rsa_spki, x;
	struct secret derived;
	struct ec_key *peer;
};

static struct keystore_pkcs11_params rig_params(const struct rig *r)
{
	struct keystore_pkcs11_params params = softhsm_params(&r->hsm, &r->sys.sys);

	params.module = pkcs11_fault_module();
	return params;
}

static void make_key(struct rig *r, struct keystore_key_info want, const char *label)
{
	(void)snprintf(want.label, sizeof want.label, "%s", label);
	assert_int_equal(keystore_generate(r->ks, &want).code, CC_OK);
}

static int rig_up(void **state)
{
	struct rig *r;
	struct ec_domain *d = NULL;
	struct keystore_pkcs11_params params;

	*state = NULL;
	if (!softhsm_there())
		return 0;
	r = calloc(1, sizeof *r);
	assert_non_null(r);
	softhsm(&r->hsm);
	fixture_sys(&r->sys);
	r->shim = pkcs11_fault();
	params = rig_params(r);
	assert_int_equal(keystore_pkcs11_open(&params, &r->ks, NULL).code, CC_OK);
	make_key(r, (struct keystore_key_info){ .kind = KEYSTORE_EC, .curve = EC_BP256 }, "ec");
	make_key(r, (struct keystore_key_info){ .kind = KEYSTORE_RSA, .bits = 2048 }, "rsa");
	make_key(r, (struct keystore_key_info){ .kind = KEYSTORE_AES, .bits = 256 }, "aes");
	make_key(r, (struct keystore_key_info){ .kind = KEYSTORE_EC, .curve = EC_P256, .agrees = true }, "box");
	assert_int_equal(keystore_public_key(r->ks, "ec", &r->ec_spki).code, CC_OK);
	assert_int_equal(keystore_public_key(r->ks, "rsa", &r->rsa_spki).code, CC_OK);
	assert_int_equal(keystore_derive_kdf3(r->ks, "aes", 2, BYTES_LITERAL("chip"), &r->derived).code, CC_OK);
	assert_int_equal(ec_domain_new(EC_P256, &d).code, CC_OK);
	assert_int_equal(ec_key_generate(d, &r->peer).code, CC_OK);
	ec_domain_free(&d);
	assert_int_equal(keystore_agree(r->ks, "box", ec_key_public(r->peer), &r->x).code, CC_OK);
	*state = r;
	return 0;
}

static int rig_down(void **state)
{
	struct rig *r = *state;

	if (r == NULL)
		return 0;
	r->shim->disarm();
	keystore_close(&r->ks);
	buf_done(&r->ec_spki);
	buf_done(&r->rsa_spki);
	buf_done(&r->x);
	secret_done(&r->derived);
	ec_key_free(&r->peer);
	softhsm_done(&r->hsm);
	free(r);
	return 0;
}

/* ---- operations; each says whether an answer that it got is the right one */

struct operation {
	const char *name;
	cc_status (*run)(struct rig *r, bool *ret_right);
	size_t step; /* one code in so many */
	/* A list is for people: an object that says it has no label isn't one of ours. */
	bool lists;
	bool makes;
};

static bool verifies(const struct buf *spki, struct sig_alg alg, const struct buf *sig)
{
	struct pubkey *k = NULL;
	bool good;

	assert_int_equal(pubkey_from_spki(buf_view(spki), &k, NULL).code, CC_OK);
	good = !cc_failed(pubkey_verify(k, alg, BYTES_LITERAL("message"), buf_view(sig)));
	pubkey_free(&k);
	return good;
}

static cc_status sign_with(struct rig *r, const char *label, const struct buf *spki, struct sig_alg alg, bool *ret_right)
{
	struct buf sig = { 0 };
	cc_status st = keystore_sign(r->ks, label, alg, BYTES_LITERAL("message"), &sig);

	*ret_right = cc_failed(st) ? sig.p == NULL : verifies(spki, alg, &sig);
	buf_done(&sig);
	return st;
}

static cc_status run_sign_ec(struct rig *r, bool *ret_right)
{
	return sign_with(r, "ec", &r->ec_spki, ecdsa_sha256, ret_right);
}

static cc_status run_sign_rsa(struct rig *r, bool *ret_right)
{
	return sign_with(r, "rsa", &r->rsa_spki, pss_sha256, ret_right);
}

static cc_status run_derive(struct rig *r, bool *ret_right)
{
	struct secret s = { 0 };
	cc_status st = keystore_derive_kdf3(r->ks, "aes", 2, BYTES_LITERAL("chip"), &s);

	*ret_right = cc_failed(st) ? s.n == 0 : s.n == r->derived.n && memcmp(s.p, r->derived.p, s.n) == 0;
	secret_done(&s);
	return st;
}

static cc_status run_agree(struct rig *r, bool *ret_right)
{
	struct buf x = { 0 };
	cc_status st = keystore_agree(r->ks, "box", ec_key_public(r->peer), &x);

	*ret_right = cc_failed(st) ? x.p == NULL : bytes_equal(buf_view(&x), buf_view(&r->x));
	buf_done(&x);
	return st;
}

static cc_status run_public_key(struct rig *r, bool *ret_right)
{
	struct buf spki = { 0 };
	cc_status st = keystore_public_key(r->ks, "rsa", &spki);

	*ret_right = cc_failed(st) ? spki.p == NULL : bytes_equal(buf_view(&spki), buf_view(&r->rsa_spki));
	buf_done(&spki);
	return st;
}

static cc_status run_info(struct rig *r, bool *ret_right)
{
	struct keystore_key_info info = { .bits = 7 };
	cc_status st = keystore_info(r->ks, "aes", &info);

	*ret_right = cc_failed(st) ? info.bits == 7 : info.kind == KEYSTORE_AES && info.bits == 256;
	return st;
}

static cc_status run_list(struct rig *r, bool *ret_right)
{
	struct keystore_key_info infos[64];
	size_t count = 7;
	cc_status st = keystore_list(r->ks, infos, 64, &count);

	*ret_right = cc_failed(st) ? count == 7 : count == 4;
	return st;
}

/* Starts from no session, no login and no key known: all calls are made again. */
static void forget_all(struct rig *r)
{
	struct keystore_pkcs11_params params = rig_params(r);

	keystore_close(&r->ks);
	assert_int_equal(keystore_pkcs11_open(&params, &r->ks, NULL).code, CC_OK);
}

/* Past the key store, so that the token stays small: it reads all its objects whenever it is started anew. */
static void erase(struct rig *r, const char *label)
{
	CK_RV (*get)(CK_FUNCTION_LIST **) = NULL;
	void *symbol = dlsym(dlopen(SOFTHSM_MODULE, RTLD_NOW), "C_GetFunctionList");
	char name[KEYSTORE_LABEL_MAX + 1];
	CK_ATTRIBUTE template = { CKA_LABEL, name, strlen(label) };
	CK_FUNCTION_LIST *f = NULL;
	CK_OBJECT_HANDLE objects[4];
	CK_SLOT_ID slots[8];
	CK_ULONG n = 8, found = 0;
	CK_SESSION_HANDLE h;

	memcpy(&get, &symbol, sizeof get);
	assert_int_equal(get(&f), CKR_OK);
	(void)snprintf(name, sizeof name, "%s", label);
	forget_all(r);
	assert_int_equal(f->C_GetSlotList(CK_TRUE, slots, &n), CKR_OK);
	assert_int_equal(f->C_OpenSession(slots[0], CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &h), CKR_OK);
	assert_int_equal(f->C_FindObjectsInit(h, &template, 1), CKR_OK);
	assert_int_equal(f->C_FindObjects(h, objects, 4, &found), CKR_OK);
	assert_int_equal(f->C_FindObjectsFinal(h), CKR_OK);
	for (CK_ULONG i = 0; i < found; i++)
		assert_int_equal(f->C_DestroyObject(h, objects[i]), CKR_OK);
	assert_int_equal(f->C_CloseSession(h), CKR_OK);
}

static cc_status make_next(struct rig *r, struct keystore_key_info want, bool *ret_right)
{
	struct keystore_key_info info;
	cc_status st;

	(void)snprintf(want.label, sizeof want.label, "made");
	st = keystore_generate(r->ks, &want);
	*ret_right = true;
	if (cc_failed(st) && st.code != CC_E_EXISTS)
		return st;
	/* A key that stands in the token is a whole one. */
	st = keystore_info(r->ks, want.label, &info);
	if (cc_failed(st))
		return st;
	*ret_right = info.kind == want.kind && (want.kind == KEYSTORE_EC || info.bits == want.bits);
	return st;
}

static cc_status run_make_ec(struct rig *r, bool *ret_right)
{
	return make_next(r, (struct keystore_key_info){ .kind = KEYSTORE_EC, .curve = EC_P256 }, ret_right);
}

static cc_status run_make_aes(struct rig *r, bool *ret_right)
{
	return make_next(r, (struct keystore_key_info){ .kind = KEYSTORE_AES, .bits = 128 }, ret_right);
}

/* As a new process does: nothing is known yet. */
static cc_status run_open(struct rig *r, bool *ret_right)
{
	struct keystore_pkcs11_params params = rig_params(r);
	struct keystore *ks = NULL;
	struct cc_error err = { 0 };
	cc_status st;

	keystore_close(&r->ks);
	st = keystore_pkcs11_open(&params, &ks, &err);
	*ret_right = cc_failed(st) == (ks == NULL);
	if (cc_failed(st)) {
		/* Its detail is looked at where that of an open store is. */
		struct keystore_pkcs11_params again = rig_params(r);

		r->shim->disarm();
		assert_int_equal(keystore_pkcs11_open(&again, &ks, NULL).code, CC_OK);
		(void)keystore_fail(ks, err.code, err.key, "%s", err.detail);
	}
	r->ks = ks;
	return st;
}

static const struct operation operations[] = {
	{ "sign ECDSA", run_sign_ec, 1, false, false },
	{ "sign RSA-PSS", run_sign_rsa, 3, false, false },
	{ "derive card key", run_derive, 1, false, false },
	{ "agree", run_agree, 3, false, false },
	{ "public key", run_public_key, 3, false, false },
	{ "info", run_info, 3, false, false },
	{ "list", run_list, 11, true, false },
	{ "open", run_open, 1, false, false },
	{ "make EC", run_make_ec, 5, false, true },
	{ "make AES", run_make_aes, 5, false, true },
};
#define OPERATION_COUNT (sizeof operations / sizeof operations[0])

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

static bool key_is(const struct keystore *ks, const char *key)
{
	struct cc_error err = { 0 };

	keystore_error(ks, &err);
	return err.key != NULL && strcmp(err.key, key) == 0;
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
static bool one_fault(struct rig *r, const struct operation *op, unsigned at, enum shim_fault fault, CK_RV rv, struct count *n)
{
	enum shim_call hit;
	bool right = false;
	cc_status st;
	char what[128];

	if (op->run != run_open)
		forget_all(r);
	r->shim->arm(SHIM_CALL_COUNT, at, fault, rv);
	st = op->run(r, &right);
	hit = r->shim->hit();
	r->shim->disarm();
	if (hit == SHIM_CALL_COUNT) {
		assert_int_equal(st.code, CC_OK);
		assert_true(right);
		if (op->makes)
			erase(r, "made");
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
		if (fault == SHIM_FAIL && is_gone_code(rv) && !key_is(r->ks, "keystore.hsm-gone"))
			print_message("# %s: %s\n", what, r->ks->err.key);
		assert_true(fault != SHIM_FAIL || !is_gone_code(rv) || key_is(r->ks, "keystore.hsm-gone"));
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
		erase(r, "made");
	return true;
}

static void each_call_with_each_code(struct rig *r, const struct operation *op, struct count *n)
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
	struct rig *r = softhsm_state(state);
	struct count n = { 0 };

	for (size_t i = 0; i < OPERATION_COUNT; i++)
		each_call_with_each_code(r, &operations[i], &n);
	print_message("# count: %u failing calls: %u refused with a clear error, %u mended within the call; the next call worked "
		      "after each\n",
		      n.runs, n.refused, n.mended);
	assert_true(n.refused > 1000);
}

static void answers_that_are_lost_after_the_work_was_done(void **state)
{
	static const CK_RV late[] = { CKR_DEVICE_REMOVED, CKR_SESSION_HANDLE_INVALID, CKR_GENERAL_ERROR };
	struct rig *r = softhsm_state(state);
	struct count n = { 0 };

	for (size_t i = 0; i < OPERATION_COUNT; i++)
		for (size_t c = 0; c < (operations[i].step > 3 ? 1 : sizeof late / sizeof late[0]); c++)
			for (unsigned at = 1; one_fault(r, &operations[i], at, SHIM_LATE, late[c], &n);)
				at++;
	print_message("# count: %u answers lost after the work was done\n", n.runs);
}

static void wrong_answers_never_come_through(void **state)
{
	struct rig *r = softhsm_state(state);
	struct count n = { 0 };

	for (size_t i = 0; i < OPERATION_COUNT; i++)
		for (unsigned at = 1; one_fault(r, &operations[i], at, SHIM_WRONG, CKR_OK, &n);)
			at++;
	print_message("# count: %u answers with one bit turned, %u refused\n", n.runs, n.refused);
	assert_true(n.refused > 20);
}

static void a_wrong_signature_is_named(void **state)
{
	struct rig *r = softhsm_state(state);
	bool right;

	r->shim->arm(SHIM_SIGN, 1, SHIM_WRONG, CKR_OK);
	assert_int_equal(run_sign_ec(r, &right).code, CC_E_VERIFY);
	assert_true(right && key_is(r->ks, "keystore.bad-signature"));
	r->shim->arm(SHIM_SIGN, 1, SHIM_WRONG, CKR_OK);
	assert_int_equal(run_sign_rsa(r, &right).code, CC_E_VERIFY);
	assert_true(right && key_is(r->ks, "keystore.bad-signature"));
	for (unsigned at = 1; at <= 4; at++) {
		r->shim->arm(SHIM_SIGN, at, SHIM_WRONG, CKR_OK);
		assert_int_equal(run_derive(r, &right).code, CC_E_VERIFY);
		assert_true(right && key_is(r->ks, "keystore.hsm-wrong"));
	}
}

/* ---- pulled at any moment, and put back later */

static void a_pulled_token_costs_calls_until_it_is_back(void **state)
{
	struct rig *r = softhsm_state(state);
	unsigned pulled = 0;

	for (size_t i = 0; i < OPERATION_COUNT; i++) {
		const struct operation *op = &operations[i];

		for (unsigned at = 1; op->run != run_open; at++) {
			bool right;
			cc_status st;

			forget_all(r);
			r->shim->arm(SHIM_CALL_COUNT, at, SHIM_GONE, CKR_DEVICE_REMOVED);
			st = op->run(r, &right);
			assert_true(right);
			if (r->shim->hit() == SHIM_CALL_COUNT) {
				r->shim->disarm();
				if (op->makes)
					erase(r, "made");
				break;
			}
			assert_int_equal(st.code, CC_E_NO_SERVICE);
			assert_true(key_is(r->ks, "keystore.hsm-gone"));
			/* still out */
			assert_int_equal(run_sign_ec(r, &right).code, CC_E_NO_SERVICE);
			assert_true(right && key_is(r->ks, "keystore.hsm-gone"));
			assert_int_equal(run_derive(r, &right).code, CC_E_NO_SERVICE);
			r->shim->disarm();
			assert_int_equal(op->run(r, &right).code, CC_OK);
			assert_true(right);
			if (op->makes)
				erase(r, "made");
			pulled++;
		}
	}
	print_message("# count: pulled at %u calls, back each time without a restart\n", pulled);
}

/* ---- PINs */

static void a_wrong_pin_is_tried_once_and_never_again(void **state)
{
	struct rig *r = softhsm_state(state);
	struct keystore_pkcs11_params params = rig_params(r);
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
	assert_int_equal(run_sign_ec(r, &right).code, CC_E_NO_SERVICE);
	r->shim->arm(SHIM_LOGIN, 1, SHIM_FAIL, CKR_PIN_INCORRECT);
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(run_sign_ec(r, &right).code, CC_E_DENIED);
		assert_true(key_is(r->ks, "keystore.pin-wrong"));
	}
	assert_int_equal(r->shim->calls(SHIM_LOGIN), 1);
	forget_all(r);
	assert_int_equal(run_sign_ec(r, &right).code, CC_OK);
}

static void a_locked_pin_is_seen_before_it_is_tried(void **state)
{
	static const struct {
		CK_FLAGS flag;
		const char *key;
	} cases[] = { { CKF_USER_PIN_LOCKED, "keystore.pin-locked" }, { CKF_USER_PIN_FINAL_TRY, "keystore.pin-final-try" } };
	struct rig *r = softhsm_state(state);

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		bool right;

		r->shim->arm(SHIM_SIGN_INIT, 1, SHIM_FAIL, CKR_DEVICE_REMOVED);
		assert_int_equal(run_sign_ec(r, &right).code, CC_E_NO_SERVICE);
		r->shim->arm(SHIM_CALL_COUNT, 0, SHIM_NONE, CKR_OK);
		r->shim->token_flags(cases[i].flag);
		assert_int_equal(run_sign_ec(r, &right).code, CC_E_DENIED);
		assert_true(right && key_is(r->ks, cases[i].key));
		assert_int_equal(r->shim->calls(SHIM_LOGIN), 0);
		/* Unlocked by the token's security officer: no restart is needed. */
		r->shim->disarm();
		assert_int_equal(run_sign_ec(r, &right).code, CC_OK);
	}
}

/* ---- slow */

static void a_hanging_token_is_given_up_and_comes_back(void **state)
{
	static const enum shim_call calls[] = { SHIM_SIGN, SHIM_SIGN_INIT, SHIM_FIND_OBJECTS, SHIM_GET_ATTRIBUTE_VALUE,
						SHIM_OPEN_SESSION };
	struct rig *r = softhsm_state(state);
	struct keystore_pkcs11_params params = rig_params(r);
	bool right;

	params.limit_ms = HUNG_MS;
	for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
		keystore_close(&r->ks);
		assert_int_equal(keystore_pkcs11_open(&params, &r->ks, NULL).code, CC_OK);
		if (calls[i] == SHIM_OPEN_SESSION) {
			r->shim->arm(SHIM_SIGN_INIT, 1, SHIM_FAIL, CKR_SESSION_CLOSED);
			assert_int_equal(run_sign_ec(r, &right).code, CC_OK);
			r->shim->arm(SHIM_SIGN_INIT, 1, SHIM_FAIL, CKR_DEVICE_REMOVED);
			assert_int_equal(run_sign_ec(r, &right).code, CC_E_NO_SERVICE);
		}
		r->shim->arm(calls[i], 1, SHIM_HANG, CKR_OK);
		assert_int_equal(run_sign_ec(r, &right).code, CC_E_NO_SERVICE);
		assert_true(right && key_is(r->ks, "keystore.hsm-slow"));
		assert_int_equal(r->shim->hit(), calls[i]);
		r->shim->disarm();
		/* The call that hung may still be in the way for a moment. */
		for (unsigned tries = 0; cc_failed(run_sign_ec(r, &right)) && tries < 100; tries++)
			assert_true(key_is(r->ks, "keystore.hsm-slow"));
		assert_int_equal(run_sign_ec(r, &right).code, CC_OK);
	}
}

/* A key that comes late is one that nobody asked for any more: the label is free, or the key is whole. */
static void closing_does_not_wait_for_a_hanging_call(void **state)
{
	struct rig *r = softhsm_state(state);
	struct keystore_pkcs11_params params = rig_params(r);
	bool right;

	keystore_close(&r->ks);
	params.limit_ms = HUNG_MS;
	assert_int_equal(keystore_pkcs11_open(&params, &r->ks, NULL).code, CC_OK);
	r->shim->arm(SHIM_SIGN, 1, SHIM_HANG, CKR_OK);
	assert_int_equal(run_sign_ec(r, &right).code, CC_E_NO_SERVICE);
	keystore_close(&r->ks);
	params.limit_ms = 0;
	assert_int_equal(keystore_pkcs11_open(&params, &r->ks, NULL).code, CC_OK);
	assert_int_equal(run_sign_ec(r, &right).code, CC_OK);
	r->shim->disarm();
	assert_int_equal(run_sign_ec(r, &right).code, CC_OK);
}

/* A module whose thread doesn't come to its end after the answer keeps nobody waiting for good. */
static void a_thread_that_never_ends_is_left_alone(void **state)
{
	struct rig *r = softhsm_state(state);
	bool right;

	r->shim->arm(SHIM_SIGN, 1, SHIM_STAY, CKR_OK);
	assert_int_equal(run_sign_ec(r, &right).code, CC_OK);
	assert_true(right);
	assert_int_equal(r->shim->hit(), SHIM_SIGN);
	assert_int_equal(run_sign_ec(r, &right).code, CC_OK);
	r->shim->disarm();
	assert_int_equal(run_sign_ec(r, &right).code, CC_OK);
}

/* ---- few sessions */

struct signer_thread {
	pthread_t thread;
	struct rig *r;
	unsigned good;
};

static void *sign_many(void *arg)
{
	struct signer_thread *t = arg;

	for (unsigned i = 0; i < 20; i++) {
		bool right;

		if (!cc_failed(run_sign_ec(t->r, &right)) && right)
			t->good++;
	}
	return NULL;
}

static void a_token_with_two_sessions_serves_eight_threads(void **state)
{
	struct rig *r = softhsm_state(state);
	struct signer_thread threads[8];

	keystore_close(&r->ks);
	r->shim->sessions_max(2);
	{
		struct keystore_pkcs11_params params = rig_params(r);

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
	struct rig *r = softhsm_state(state);
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
	assert_int_equal(run_sign_ec(r, &right).code, CC_OK);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, rig_up, rig_down)
	const struct CMUnitTest tests[] = {
		CASE(every_call_fails_with_every_code),
		CASE(answers_that_are_lost_after_the_work_was_done),
		CASE(wrong_answers_never_come_through),
		CASE(a_wrong_signature_is_named),
		CASE(a_pulled_token_costs_calls_until_it_is_back),
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
