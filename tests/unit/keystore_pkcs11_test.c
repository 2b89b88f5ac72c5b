/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/keystore_pkcs11.h"

#include "crypto/kdf.h"
#include "crypto/pkcs11_module.h"
#include "tests/support/softhsm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* The key store over a real SoftHSM2: what it makes, what it signs, and what it refuses. */

static const struct sig_alg ecdsa_sha256 = { SIG_ECDSA, HASH_SHA256, 0, HASH_SHA256 };

struct rig {
	struct softhsm hsm;
	struct fixture_sys sys;
	struct keystore *ks;
};

static int rig_up(void **state)
{
	struct rig *r;
	struct keystore_pkcs11_params params;

	*state = NULL;
	if (!softhsm_there())
		return 0;
	r = calloc(1, sizeof *r);
	assert_non_null(r);
	softhsm(&r->hsm);
	fixture_sys(&r->sys);
	params = softhsm_params(&r->hsm, &r->sys.sys);
	assert_int_equal(keystore_pkcs11_open(&params, &r->ks, NULL).code, CC_OK);
	*state = r;
	return 0;
}

static int rig_down(void **state)
{
	struct rig *r = *state;

	if (r == NULL)
		return 0;
	keystore_close(&r->ks);
	softhsm_done(&r->hsm);
	free(r);
	return 0;
}

static cc_status generate(struct keystore *ks, const char *label, enum keystore_kind kind, enum ec_curve curve, unsigned bits)
{
	struct keystore_key_info want = { .kind = kind, .curve = curve, .bits = bits };
	cc_status st;

	assert_true(strlen(label) < sizeof want.label);
	memcpy(want.label, label, strlen(label));
	st = keystore_generate(ks, &want);
	if (cc_failed(st))
		print_message("# %s: %s: %s\n", label, ks->err.key, ks->err.detail);
	return st;
}

/* ---- kinds of keys */

static void every_curve_signs_with_every_hash(void **state)
{
	static const enum ec_curve curves[] = { EC_P224,  EC_P256,  EC_P384,  EC_P521, EC_BP224,
						EC_BP256, EC_BP320, EC_BP384, EC_BP512 };
	struct rig *r = softhsm_state(state);
	unsigned signatures = 0;

	for (size_t i = 0; i < sizeof curves / sizeof curves[0]; i++) {
		struct keystore_key_info info;
		char label[32];

		(void)snprintf(label, sizeof label, "ec-%zu", i);
		assert_int_equal(generate(r->ks, label, KEYSTORE_EC, curves[i], 0).code, CC_OK);
		assert_int_equal(keystore_info(r->ks, label, &info).code, CC_OK);
		assert_int_equal(info.kind, KEYSTORE_EC);
		assert_int_equal(info.curve, curves[i]);
		assert_int_equal(info.bits, 8 * ec_field_len(curves[i]));
		assert_string_equal(info.label, label);
		for (enum hash_alg h = HASH_SHA224; h < HASH_COUNT; h++, signatures++)
			fixture_assert_signs(r->ks, label, (struct sig_alg){ SIG_ECDSA, h, 0, h });
	}
	print_message("# count: %u ECDSA signatures of a token, %zu curves\n", signatures, sizeof curves / sizeof curves[0]);
}

static void rsa_keys_sign_both_ways(void **state)
{
	static const unsigned sizes[] = { 2048, 3072 };
	struct rig *r = softhsm_state(state);

	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		struct keystore_key_info info;
		char label[32];

		(void)snprintf(label, sizeof label, "rsa-%u", sizes[i]);
		assert_int_equal(generate(r->ks, label, KEYSTORE_RSA, EC_P256, sizes[i]).code, CC_OK);
		assert_int_equal(keystore_info(r->ks, label, &info).code, CC_OK);
		assert_int_equal(info.kind, KEYSTORE_RSA);
		assert_int_equal(info.bits, sizes[i]);
		for (enum hash_alg h = HASH_SHA224; h < HASH_COUNT; h++) {
			fixture_assert_signs(r->ks, label, (struct sig_alg){ SIG_RSA_PKCS1, h, 0, h });
			fixture_assert_signs(r->ks, label, (struct sig_alg){ SIG_RSA_PSS, h, hash_len(h), h });
		}
		fixture_assert_signs(r->ks, label, (struct sig_alg){ SIG_RSA_PSS, HASH_SHA256, 20, HASH_SHA256 });
	}
}

/* A key whose value the test knows, put into the token by hand: what the token derives is what kdf_kdf3 says. */
static void import_aes(const char *label, struct bytes value)
{
	CK_RV (*get)(CK_FUNCTION_LIST **);
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE type = CKK_AES;
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_BYTE bytes[32];
	char name[64];
	CK_ATTRIBUTE template[] = {
		{ CKA_CLASS, &class, sizeof class }, { CKA_KEY_TYPE, &type, sizeof type }, { CKA_TOKEN, &yes, sizeof yes },
		{ CKA_PRIVATE, &yes, sizeof yes },   { CKA_SENSITIVE, &yes, sizeof yes },  { CKA_EXTRACTABLE, &no, sizeof no },
		{ CKA_SIGN, &yes, sizeof yes },	     { CKA_LABEL, name, strlen(label) },   { CKA_VALUE, bytes, value.n },
	};
	CK_FUNCTION_LIST *f = NULL;
	CK_SLOT_ID slots[8];
	CK_ULONG n = 8;
	CK_SESSION_HANDLE h;
	CK_OBJECT_HANDLE object;
	void *symbol = dlsym(dlopen(SOFTHSM_MODULE, RTLD_NOW), "C_GetFunctionList");

	memcpy(&get, &symbol, sizeof get);
	memcpy(bytes, value.p, value.n);
	(void)snprintf(name, sizeof name, "%s", label);
	assert_int_equal(get(&f), CKR_OK);
	assert_int_equal(f->C_GetSlotList(CK_TRUE, slots, &n), CKR_OK);
	assert_int_equal(f->C_OpenSession(slots[0], CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &h), CKR_OK);
	assert_int_equal(f->C_CreateObject(h, template, sizeof template / sizeof template[0], &object), CKR_OK);
	assert_int_equal(f->C_CloseSession(h), CKR_OK);
}

static void card_keys_are_derived_in_the_token_as_by_kdf_kdf3(void **state)
{
	static const uint8_t value[32] = "0123456789abcdefghijklmnopqrstu";
	struct rig *r = softhsm_state(state);

	for (size_t n = 16; n <= 32; n += 8) {
		char label[32];

		(void)snprintf(label, sizeof label, "known-%zu", n);
		import_aes(label, bytes_of(value, n));
		for (uint8_t id = 1; id <= 3; id++) {
			struct secret want = { 0 }, got = { 0 };

			assert_int_equal(kdf_kdf3(bytes_of(value, n), id, BYTES_LITERAL("0123456789"), &want).code, CC_OK);
			assert_int_equal(keystore_derive_kdf3(r->ks, label, id, BYTES_LITERAL("0123456789"), &got).code, CC_OK);
			assert_int_equal(got.n, n);
			assert_memory_equal(got.p, want.p, n);
			secret_done(&want);
			secret_done(&got);
		}
	}
	assert_int_equal(generate(r->ks, "perso-master", KEYSTORE_AES, EC_P256, 256).code, CC_OK);
	assert_int_equal(generate(r->ks, "other", KEYSTORE_AES, EC_P256, 128).code, CC_OK);
	{
		struct secret a = { 0 }, b = { 0 };

		assert_int_equal(keystore_derive_kdf3(r->ks, "perso-master", 1, BYTES_LITERAL("x"), &a).code, CC_OK);
		assert_int_equal(keystore_derive_kdf3(r->ks, "perso-master", 1, BYTES_LITERAL("x"), &b).code, CC_OK);
		assert_int_equal(a.n, 32);
		assert_memory_equal(a.p, b.p, 32);
		assert_int_equal(keystore_derive_kdf3(r->ks, "other", 1, BYTES_LITERAL("x"), &b).code, CC_OK);
		assert_int_equal(b.n, 16);
		secret_done(&a);
		secret_done(&b);
	}
}

static void keys_for_agreement_agree_and_do_not_sign(void **state)
{
	static const enum ec_curve curves[] = { EC_P256, EC_BP256, EC_P521 };
	struct rig *r = softhsm_state(state);

	for (size_t i = 0; i < sizeof curves / sizeof curves[0]; i++) {
		struct keystore_key_info want = { .kind = KEYSTORE_EC, .curve = curves[i], .agrees = true };
		struct buf spki = { 0 }, here = { 0 }, there = { 0 };
		struct ec_domain *d = NULL;
		struct ec_key *k = NULL;
		struct pubkey *pk = NULL;

		(void)snprintf(want.label, sizeof want.label, "box-%zu", i);
		assert_int_equal(keystore_generate(r->ks, &want).code, CC_OK);
		assert_int_equal(keystore_public_key(r->ks, want.label, &spki).code, CC_OK);
		assert_int_equal(pubkey_from_spki(buf_view(&spki), &pk, NULL).code, CC_OK);
		assert_int_equal(ec_domain_new(curves[i], &d).code, CC_OK);
		assert_int_equal(ec_key_generate(d, &k).code, CC_OK);
		assert_int_equal(ec_agree_x(k, pubkey_point(pk), &here).code, CC_OK);
		assert_int_equal(keystore_agree(r->ks, want.label, ec_key_public(k), &there).code, CC_OK);
		assert_true(bytes_equal(buf_view(&here), buf_view(&there)));
		assert_int_equal(keystore_agree(r->ks, want.label, BYTES_LITERAL("\x04"), &there).code, CC_E_VERIFY);
		assert_int_equal(keystore_sign(r->ks, want.label, ecdsa_sha256, BYTES_LITERAL("m"), &there).code,
				 CC_E_UNSUPPORTED);
		ec_key_free(&k);
		ec_domain_free(&d);
		pubkey_free(&pk);
		buf_done(&spki);
		buf_done(&here);
		buf_done(&there);
	}
	assert_int_equal(generate(r->ks, "signs", KEYSTORE_EC, EC_P256, 0).code, CC_OK);
}

/* ---- labels, kinds, listing */

static void keys_survive_reopening_and_are_listed(void **state)
{
	struct rig *r = softhsm_state(state);
	struct keystore_pkcs11_params params = softhsm_params(&r->hsm, &r->sys.sys);
	struct keystore_key_info infos[8], info;
	size_t count = 0;

	assert_int_equal(generate(r->ks, "ds-1", KEYSTORE_EC, EC_BP256, 0).code, CC_OK);
	assert_int_equal(generate(r->ks, "perso-master", KEYSTORE_AES, EC_P256, 192).code, CC_OK);
	keystore_close(&r->ks);
	assert_int_equal(keystore_pkcs11_open(&params, &r->ks, NULL).code, CC_OK);
	fixture_assert_signs(r->ks, "ds-1", ecdsa_sha256);
	assert_int_equal(keystore_info(r->ks, "perso-master", &info).code, CC_OK);
	assert_int_equal(info.bits, 192);
	assert_int_equal(info.created_ms, 0);
	/* the day: PKCS#11 has no time */
	assert_int_equal(keystore_info(r->ks, "ds-1", &info).code, CC_OK);
	assert_int_equal(info.created_ms, r->sys.wall_ms - r->sys.wall_ms % 86400000);
	assert_int_equal(keystore_list(r->ks, infos, 1, &count).code, CC_OK);
	assert_int_equal(count, 2);
	assert_int_equal(keystore_list(r->ks, infos, 8, &count).code, CC_OK);
	assert_string_equal(infos[0].label, "ds-1");
	assert_string_equal(infos[1].label, "perso-master");
}

static void labels_are_never_taken_twice(void **state)
{
	struct rig *r = softhsm_state(state);
	struct keystore_key_info info;
	struct cc_error err = { 0 };

	assert_int_equal(generate(r->ks, "a", KEYSTORE_EC, EC_P256, 0).code, CC_OK);
	assert_int_equal(generate(r->ks, "a", KEYSTORE_EC, EC_P256, 0).code, CC_E_EXISTS);
	keystore_error(r->ks, &err);
	assert_string_equal(err.key, "keystore.key-exists");
	assert_int_equal(generate(r->ks, "a", KEYSTORE_AES, EC_P256, 256).code, CC_E_EXISTS);
	assert_int_equal(keystore_info(r->ks, "a", &info).code, CC_OK);
	assert_int_equal(info.kind, KEYSTORE_EC);
	/* "a" is not found by the beginning of another label */
	assert_int_equal(keystore_info(r->ks, "ab", &info).code, CC_E_NOT_FOUND);
	/* two of a label, made past this program */
	import_aes("twin", BYTES_LITERAL("0123456789abcdef"));
	import_aes("twin", BYTES_LITERAL("0123456789abcdeF"));
	assert_int_equal(keystore_info(r->ks, "twin", &info).code, CC_E_STATE);
	cc_error_init(&err);
	keystore_error(r->ks, &err);
	assert_string_equal(err.key, "keystore.key-ambiguous");
}

static void a_key_does_only_what_its_kind_does(void **state)
{
	struct rig *r = softhsm_state(state);
	struct buf out = { 0 };
	struct secret s = { 0 };

	assert_int_equal(generate(r->ks, "ec", KEYSTORE_EC, EC_P256, 0).code, CC_OK);
	assert_int_equal(generate(r->ks, "aes", KEYSTORE_AES, EC_P256, 256).code, CC_OK);
	assert_int_equal(keystore_sign(r->ks, "ec", (struct sig_alg){ SIG_RSA_PKCS1, HASH_SHA256, 0, HASH_SHA256 },
				       BYTES_LITERAL("m"), &out)
				 .code,
			 CC_E_ARG);
	assert_int_equal(keystore_sign(r->ks, "aes", ecdsa_sha256, BYTES_LITERAL("m"), &out).code, CC_E_ARG);
	assert_int_equal(keystore_public_key(r->ks, "aes", &out).code, CC_E_ARG);
	assert_int_equal(keystore_derive_kdf3(r->ks, "ec", 1, BYTES_LITERAL("m"), &s).code, CC_E_ARG);
	assert_int_equal(generate(r->ks, "tdes", KEYSTORE_TDES, EC_P256, 128).code, CC_E_UNSUPPORTED);
	assert_int_equal(keystore_derive_card_key(r->ks, "aes", KDF_SCHEME_VISA2, 1, BYTES_LITERAL("0123456789"), &s).code,
			 CC_E_UNSUPPORTED);
	assert_int_equal(keystore_sign(r->ks, "none", ecdsa_sha256, BYTES_LITERAL("m"), &out).code, CC_E_NOT_FOUND);
	assert_null(out.p);
}

/* ---- PIN, token, module */

static void assert_open_fails(struct keystore_pkcs11_params params, enum cc_code code, const char *key)
{
	struct keystore *ks = NULL;
	struct cc_error err = { 0 };

	assert_int_equal(keystore_pkcs11_open(&params, &ks, &err).code, code);
	assert_string_equal(err.key, key);
	assert_null(ks);
	/* A PIN is never in a message. */
	assert_null(strstr(err.detail, SOFTHSM_PIN));
}

static void wrong_pin_token_or_module_is_named(void **state)
{
	struct rig *r = softhsm_state(state);
	struct keystore_pkcs11_params params = softhsm_params(&r->hsm, &r->sys.sys);

	keystore_close(&r->ks); /* a login counts for the whole process */
	params.pin = BYTES_LITERAL("12345678");
	assert_open_fails(params, CC_E_DENIED, "keystore.pin-wrong");
	params = softhsm_params(&r->hsm, &r->sys.sys);
	params.token = "cccd";
	assert_open_fails(params, CC_E_NO_SERVICE, "keystore.hsm-gone");
	params.module = "/nonexistent/module.so";
	assert_open_fails(params, CC_E_NOT_FOUND, "keystore.module");
	params.module = "/etc/passwd";
	assert_open_fails(params, CC_E_UNSUPPORTED, "keystore.module");
	params.module = "";
	assert_open_fails(params, CC_E_NOT_FOUND, "keystore.module");
	softhsm_add_token(&r->hsm, SOFTHSM_LABEL);
	assert_open_fails(softhsm_params(&r->hsm, &r->sys.sys), CC_E_STATE, "keystore.token-ambiguous");
}

static void probe_needs_no_pin(void **state)
{
	struct rig *r = softhsm_state(state);
	struct keystore_pkcs11_params params = softhsm_params(&r->hsm, &r->sys.sys);
	struct keystore_pkcs11_state told;
	struct cc_error err = { 0 };

	params.pin = bytes_of(NULL, 0);
	assert_int_equal(keystore_pkcs11_probe(&params, &told, &err).code, CC_OK);
	assert_non_null(strstr(told.manufacturer, "SoftHSM"));
	assert_false(told.pin_locked);
	params.token = "other";
	assert_int_equal(keystore_pkcs11_probe(&params, &told, &err).code, CC_E_NO_SERVICE);
	assert_string_equal(err.key, "keystore.hsm-gone");
}

/* ---- going away and coming back */

static void a_token_that_comes_back_works_again(void **state)
{
	struct rig *r = softhsm_state(state);
	struct cc_error err = { 0 };
	struct buf out = { 0 };

	assert_int_equal(generate(r->ks, "ds-1", KEYSTORE_EC, EC_P256, 0).code, CC_OK);
	fixture_assert_signs(r->ks, "ds-1", ecdsa_sha256);
	softhsm_pull(&r->hsm);
	for (unsigned i = 0; i < 3; i++)
		if (keystore_sign(r->ks, "ds-1", ecdsa_sha256, BYTES_LITERAL("m"), &out).code == CC_E_NO_SERVICE)
			break;
	keystore_error(r->ks, &err);
	assert_int_equal(err.code, CC_E_NO_SERVICE);
	assert_int_equal(generate(r->ks, "new", KEYSTORE_EC, EC_P256, 0).code, CC_E_NO_SERVICE);
	softhsm_plug(&r->hsm);
	fixture_assert_signs(r->ks, "ds-1", ecdsa_sha256);
	buf_done(&out);
}

static void another_application_that_finalizes_costs_nothing(void **state)
{
	struct rig *r = softhsm_state(state);
	CK_RV (*get)(CK_FUNCTION_LIST **);
	CK_FUNCTION_LIST *f = NULL;
	void *symbol = dlsym(dlopen(SOFTHSM_MODULE, RTLD_NOW), "C_GetFunctionList");
	CK_SLOT_ID slots[8];
	CK_ULONG n = 8;

	memcpy(&get, &symbol, sizeof get);
	assert_int_equal(get(&f), CKR_OK);
	assert_int_equal(generate(r->ks, "ds-1", KEYSTORE_EC, EC_P256, 0).code, CC_OK);
	assert_int_equal(f->C_GetSlotList(CK_TRUE, slots, &n), CKR_OK);
	assert_int_equal(f->C_CloseAllSessions(slots[0]), CKR_OK);
	fixture_assert_signs(r->ks, "ds-1", ecdsa_sha256);
}

/* ---- threads and processes */

struct signer_thread {
	pthread_t thread;
	struct keystore *ks;
	unsigned good;
};

static void *sign_many(void *arg)
{
	struct signer_thread *t = arg;
	struct buf sig = { 0 };

	for (unsigned i = 0; i < 25; i++)
		if (!cc_failed(keystore_sign(t->ks, i % 2 ? "ds-1" : "ds-2", ecdsa_sha256, BYTES_LITERAL("message"), &sig)))
			t->good++;
	buf_done(&sig);
	return NULL;
}

static void threads_share_the_pool(void **state)
{
	struct rig *r = softhsm_state(state);
	struct keystore_pkcs11_params params = softhsm_params(&r->hsm, &r->sys.sys);
	struct signer_thread threads[12];

	assert_int_equal(generate(r->ks, "ds-1", KEYSTORE_EC, EC_P256, 0).code, CC_OK);
	assert_int_equal(generate(r->ks, "ds-2", KEYSTORE_EC, EC_P256, 0).code, CC_OK);
	keystore_close(&r->ks);
	params.sessions_max = 3;
	assert_int_equal(keystore_pkcs11_open(&params, &r->ks, NULL).code, CC_OK);
	for (size_t i = 0; i < 12; i++) {
		threads[i] = (struct signer_thread){ .ks = r->ks };
		assert_int_equal(pthread_create(&threads[i].thread, NULL, sign_many, &threads[i]), 0);
	}
	for (size_t i = 0; i < 12; i++) {
		assert_int_equal(pthread_join(threads[i].thread, NULL), 0);
		assert_int_equal(threads[i].good, 25);
	}
}

/*
 * A machine that stood still comes back after the time that a wait was given, with nobody having run in between: so does this
 * one, without standing still, as often as `late` says. Seen on a machine that stood for 24 s: keystore.hsm-slow in processes
 * that asked a token in that moment.
 */
static unsigned late, waits_cut;

int pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *lock, const struct timespec *until)
{
	static int (*real)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
	void *symbol;

	if (late > 0) {
		late--;
		waits_cut++;
		return ETIMEDOUT;
	}
	if (real == NULL) {
		symbol = dlsym(RTLD_NEXT, "pthread_cond_timedwait");
		memcpy(&real, &symbol, sizeof real);
	}
	return real(cond, lock, until);
}

static void a_machine_that_stood_still_is_no_slow_token(void **state)
{
	struct rig *r = softhsm_state(state);

	assert_int_equal(generate(r->ks, "ds-1", KEYSTORE_EC, EC_P256, 0).code, CC_OK);
	/* A token that has answered before anybody waits is not waited for: then once more. */
	for (unsigned tries = 0; waits_cut < 10; tries++) {
		assert_true(tries < 1000);
		late = 1 + tries % 3;
		fixture_assert_signs(r->ks, "ds-1", ecdsa_sha256);
	}
	late = 0;
}

/* What went wrong in a child is only seen when the child says so. */
static int child_fails(int step, const struct cc_error *err)
{
	fprintf(stderr, "# child, step %d: %s: %s\n", step, err->key, err->detail);
	return step;
}

static int child(struct rig *r)
{
	struct keystore_pkcs11_params params = softhsm_params(&r->hsm, &r->sys.sys);
	struct keystore *own = NULL;
	struct buf sig = { 0 };
	struct cc_error err = { 0 };

	if (keystore_sign(r->ks, "ds-1", ecdsa_sha256, BYTES_LITERAL("m"), &sig).code != CC_E_STATE)
		return 1;
	keystore_error(r->ks, &err);
	if (strcmp(err.key, "keystore.forked") != 0)
		return 2;
	cc_error_init(&err);
	if (cc_failed(keystore_pkcs11_open(&params, &own, &err)))
		return child_fails(3, &err);
	if (cc_failed(keystore_sign(own, "ds-1", ecdsa_sha256, BYTES_LITERAL("m"), &sig))) {
		keystore_error(own, &err);
		return child_fails(4, &err);
	}
	keystore_close(&r->ks); /* its parent's: nothing but memory */
	if (cc_failed(keystore_sign(own, "ds-1", ecdsa_sha256, BYTES_LITERAL("m"), &sig))) {
		keystore_error(own, &err);
		return child_fails(5, &err);
	}
	buf_done(&sig);
	keystore_close(&own);
	return 0;
}

static void a_forked_child_opens_its_own(void **state)
{
	struct rig *r = softhsm_state(state);
	int status = 0;
	pid_t pid;

	assert_int_equal(generate(r->ks, "ds-1", KEYSTORE_EC, EC_P256, 0).code, CC_OK);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(child(r));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	fixture_assert_signs(r->ks, "ds-1", ecdsa_sha256);
}

/* ---- secrets */

/* By the token's own word, asked past this program: nothing private can be read out. */
static void private_objects_cannot_be_read_out(void **state)
{
	struct rig *r = softhsm_state(state);

	assert_int_equal(generate(r->ks, "ec", KEYSTORE_EC, EC_P256, 0).code, CC_OK);
	assert_int_equal(generate(r->ks, "rsa", KEYSTORE_RSA, EC_P256, 2048).code, CC_OK);
	assert_int_equal(generate(r->ks, "aes", KEYSTORE_AES, EC_P256, 256).code, CC_OK);
	assert_int_equal(
		fixture_run(&r->hsm.folder,
			    "command -v pkcs11-tool >/dev/null || exit 0; export SOFTHSM2_CONF=$PWD/softhsm2.conf; "
			    "pkcs11-tool --module " SOFTHSM_MODULE " --token-label '" SOFTHSM_LABEL "' --login --pin " SOFTHSM_PIN
			    " --list-objects >objects 2>&1 || exit 2; "
			    "[ $(grep -c 'sensitive, always sensitive, never extractable, local' objects) = 3 ] || exit 3; "
			    "for label in aes; do pkcs11-tool --module " SOFTHSM_MODULE " --token-label '" SOFTHSM_LABEL
			    "' --login --pin " SOFTHSM_PIN
			    " --read-object --type secrkey --label $label >read 2>&1 && exit 4; done; exit 0"),
		0);
}

static void an_exportable_key_is_refused(void **state)
{
	struct rig *r = softhsm_state(state);
	struct cc_error err = { 0 };
	struct keystore_key_info info;

	assert_int_equal(fixture_run(&r->hsm.folder,
				     "export SOFTHSM2_CONF=$PWD/softhsm2.conf; command -v pkcs11-tool >/dev/null || exit 7; "
				     "pkcs11-tool --module " SOFTHSM_MODULE " --token-label '" SOFTHSM_LABEL
				     "' --login --pin " SOFTHSM_PIN
				     " --keypairgen --key-type EC:prime256v1 --label open --extractable"),
			 0);
	keystore_close(&r->ks);
	{
		struct keystore_pkcs11_params params = softhsm_params(&r->hsm, &r->sys.sys);

		assert_int_equal(keystore_pkcs11_open(&params, &r->ks, NULL).code, CC_OK);
	}
	assert_int_equal(keystore_info(r->ks, "open", &info).code, CC_E_DENIED);
	keystore_error(r->ks, &err);
	assert_string_equal(err.key, "keystore.key-exportable");
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, rig_up, rig_down)
	const struct CMUnitTest tests[] = {
		CASE(every_curve_signs_with_every_hash),
		CASE(rsa_keys_sign_both_ways),
		CASE(card_keys_are_derived_in_the_token_as_by_kdf_kdf3),
		CASE(keys_for_agreement_agree_and_do_not_sign),
		CASE(keys_survive_reopening_and_are_listed),
		CASE(labels_are_never_taken_twice),
		CASE(a_key_does_only_what_its_kind_does),
		CASE(wrong_pin_token_or_module_is_named),
		CASE(probe_needs_no_pin),
		CASE(a_token_that_comes_back_works_again),
		CASE(another_application_that_finalizes_costs_nothing),
		CASE(threads_share_the_pool),
		CASE(a_machine_that_stood_still_is_no_slow_token),
		CASE(a_forked_child_opens_its_own),
		CASE(private_objects_cannot_be_read_out),
		CASE(an_exportable_key_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
