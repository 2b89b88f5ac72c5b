/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/pkcs11_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/pkcs11_module.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct sig_alg ecdsa_sha256 = { SIG_ECDSA, HASH_SHA256, 0, HASH_SHA256 };
static const struct sig_alg pss_sha256 = { SIG_RSA_PSS, HASH_SHA256, 32, HASH_SHA256 };

struct keystore_pkcs11_params pkcs11_rig_params(const struct pkcs11_rig *r)
{
	struct keystore_pkcs11_params params = softhsm_params(&r->hsm, &r->sys.sys);

	params.module = pkcs11_fault_module();
	return params;
}

static void make_key(struct pkcs11_rig *r, struct keystore_key_info want, const char *label)
{
	(void)snprintf(want.label, sizeof want.label, "%s", label);
	assert_int_equal(keystore_generate(r->ks, &want).code, CC_OK);
}

int pkcs11_rig_up(void **state)
{
	struct pkcs11_rig *r;
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
	params = pkcs11_rig_params(r);
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

int pkcs11_rig_down(void **state)
{
	struct pkcs11_rig *r = *state;

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

/* ---- operations */

static bool verifies(const struct buf *spki, struct sig_alg alg, const struct buf *sig)
{
	struct pubkey *k = NULL;
	bool good;

	assert_int_equal(pubkey_from_spki(buf_view(spki), &k, NULL).code, CC_OK);
	good = !cc_failed(pubkey_verify(k, alg, BYTES_LITERAL("message"), buf_view(sig)));
	pubkey_free(&k);
	return good;
}

static cc_status sign_with(struct pkcs11_rig *r, const char *label, const struct buf *spki, struct sig_alg alg, bool *ret_right)
{
	struct buf sig = { 0 };
	cc_status st = keystore_sign(r->ks, label, alg, BYTES_LITERAL("message"), &sig);

	*ret_right = cc_failed(st) ? sig.p == NULL : verifies(spki, alg, &sig);
	buf_done(&sig);
	return st;
}

cc_status pkcs11_rig_sign_ec(struct pkcs11_rig *r, bool *ret_right)
{
	return sign_with(r, "ec", &r->ec_spki, ecdsa_sha256, ret_right);
}

cc_status pkcs11_rig_sign_rsa(struct pkcs11_rig *r, bool *ret_right)
{
	return sign_with(r, "rsa", &r->rsa_spki, pss_sha256, ret_right);
}

cc_status pkcs11_rig_derive(struct pkcs11_rig *r, bool *ret_right)
{
	struct secret s = { 0 };
	cc_status st = keystore_derive_kdf3(r->ks, "aes", 2, BYTES_LITERAL("chip"), &s);

	*ret_right = cc_failed(st) ? s.n == 0 : s.n == r->derived.n && memcmp(s.p, r->derived.p, s.n) == 0;
	secret_done(&s);
	return st;
}

static cc_status run_agree(struct pkcs11_rig *r, bool *ret_right)
{
	struct buf x = { 0 };
	cc_status st = keystore_agree(r->ks, "box", ec_key_public(r->peer), &x);

	*ret_right = cc_failed(st) ? x.p == NULL : bytes_equal(buf_view(&x), buf_view(&r->x));
	buf_done(&x);
	return st;
}

static cc_status run_public_key(struct pkcs11_rig *r, bool *ret_right)
{
	struct buf spki = { 0 };
	cc_status st = keystore_public_key(r->ks, "rsa", &spki);

	*ret_right = cc_failed(st) ? spki.p == NULL : bytes_equal(buf_view(&spki), buf_view(&r->rsa_spki));
	buf_done(&spki);
	return st;
}

static cc_status run_info(struct pkcs11_rig *r, bool *ret_right)
{
	struct keystore_key_info info = { .bits = 7 };
	cc_status st = keystore_info(r->ks, "aes", &info);

	*ret_right = cc_failed(st) ? info.bits == 7 : info.kind == KEYSTORE_AES && info.bits == 256;
	return st;
}

static cc_status run_list(struct pkcs11_rig *r, bool *ret_right)
{
	struct keystore_key_info infos[64];
	size_t count = 7;
	cc_status st = keystore_list(r->ks, infos, 64, &count);

	*ret_right = cc_failed(st) ? count == 7 : count == 4;
	return st;
}

void pkcs11_rig_forget_all(struct pkcs11_rig *r)
{
	struct keystore_pkcs11_params params = pkcs11_rig_params(r);

	keystore_close(&r->ks);
	assert_int_equal(keystore_pkcs11_open(&params, &r->ks, NULL).code, CC_OK);
}

/* Past the key store, so that the token stays small: it reads all its objects whenever it is started anew. */
void pkcs11_rig_erase(struct pkcs11_rig *r, const char *label)
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
	pkcs11_rig_forget_all(r);
	assert_int_equal(f->C_GetSlotList(CK_TRUE, slots, &n), CKR_OK);
	assert_int_equal(f->C_OpenSession(slots[0], CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &h), CKR_OK);
	assert_int_equal(f->C_FindObjectsInit(h, &template, 1), CKR_OK);
	assert_int_equal(f->C_FindObjects(h, objects, 4, &found), CKR_OK);
	assert_int_equal(f->C_FindObjectsFinal(h), CKR_OK);
	for (CK_ULONG i = 0; i < found; i++)
		assert_int_equal(f->C_DestroyObject(h, objects[i]), CKR_OK);
	assert_int_equal(f->C_CloseSession(h), CKR_OK);
}

static cc_status make_next(struct pkcs11_rig *r, struct keystore_key_info want, bool *ret_right)
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

static cc_status run_make_ec(struct pkcs11_rig *r, bool *ret_right)
{
	return make_next(r, (struct keystore_key_info){ .kind = KEYSTORE_EC, .curve = EC_P256 }, ret_right);
}

static cc_status run_make_aes(struct pkcs11_rig *r, bool *ret_right)
{
	return make_next(r, (struct keystore_key_info){ .kind = KEYSTORE_AES, .bits = 128 }, ret_right);
}

cc_status pkcs11_rig_open(struct pkcs11_rig *r, bool *ret_right)
{
	struct keystore_pkcs11_params params = pkcs11_rig_params(r);
	struct keystore *ks = NULL;
	struct cc_error err = { 0 };
	cc_status st;

	keystore_close(&r->ks);
	st = keystore_pkcs11_open(&params, &ks, &err);
	*ret_right = cc_failed(st) == (ks == NULL);
	if (cc_failed(st)) {
		/* Its detail is looked at where that of an open store is. */
		struct keystore_pkcs11_params again = pkcs11_rig_params(r);

		r->shim->disarm();
		assert_int_equal(keystore_pkcs11_open(&again, &ks, NULL).code, CC_OK);
		(void)keystore_fail(ks, err.code, err.key, "%s", err.detail);
	}
	r->ks = ks;
	return st;
}

const struct pkcs11_rig_operation pkcs11_rig_operations[PKCS11_RIG_OPERATIONS] = {
	{ "sign ECDSA", pkcs11_rig_sign_ec, 1, false, false },
	{ "sign RSA-PSS", pkcs11_rig_sign_rsa, 3, false, false },
	{ "derive card key", pkcs11_rig_derive, 1, false, false },
	{ "agree", run_agree, 3, false, false },
	{ "public key", run_public_key, 3, false, false },
	{ "info", run_info, 3, false, false },
	{ "list", run_list, 11, true, false },
	{ "open", pkcs11_rig_open, 1, false, false },
	{ "make EC", run_make_ec, 5, false, true },
	{ "make AES", run_make_aes, 5, false, true },
};
_Static_assert(sizeof pkcs11_rig_operations / sizeof pkcs11_rig_operations[0] == PKCS11_RIG_OPERATIONS, "all of them");

bool pkcs11_rig_key_is(const struct keystore *ks, const char *key)
{
	struct cc_error err = { 0 };

	keystore_error(ks, &err);
	return err.key != NULL && strcmp(err.key, key) == 0;
}
