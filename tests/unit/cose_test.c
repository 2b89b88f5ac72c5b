/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/cose.h"

#include "crypto/base/secret.h"
#include "tests/support/alloc_fault.h"
#include "tests/support/pki_fixture.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the working group's examples (folder 09_cose) */
static struct buf from_base64url(const char *text)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	struct buf out = { 0 };
	uint32_t bits = 0;
	unsigned have = 0;
	size_t n = 0;

	assert_false(cc_failed(buf_zero(&out, strlen(text) * 3 / 4)));
	for (; *text != '\0'; text++) {
		const char *d = strchr(digits, *text);

		assert_non_null(d);
		bits = bits << 6 | (uint32_t)(d - digits);
		have += 6;
		if (have >= 8) {
			have -= 8;
			out.p[n++] = (uint8_t)(bits >> have);
		}
	}
	assert_int_equal(n, out.n);
	return out;
}

static struct buf key_number(const json_t *key, const char *name)
{
	char hex[16];

	(void)snprintf(hex, sizeof hex, "%s_hex", name);
	if (json_object_get(key, hex) != NULL)
		return vectors_hex(key, hex);
	return from_base64url(vectors_text(key, name));
}

static struct pubkey *ec_key_of(const json_t *key, enum ec_curve curve)
{
	struct buf x = key_number(key, "x"), y = key_number(key, "y");
	uint8_t point[200] = { 4 };
	struct pubkey *k = NULL;

	memcpy(point + 1, x.p, x.n);
	memcpy(point + 1 + x.n, y.p, y.n);
	assert_int_equal(pubkey_from_ec_point(curve, bytes_of(point, 1 + x.n + y.n), &k).code, CC_OK);
	buf_done(&x);
	buf_done(&y);
	return k;
}

static struct pubkey *rsa_key_of(const json_t *key)
{
	struct buf n = key_number(key, "n"), e = key_number(key, "e"), spki = { 0 };
	struct pubkey *k = NULL;

	assert_int_equal(rsa_spki_encode(buf_view(&n), buf_view(&e), &spki).code, CC_OK);
	assert_int_equal(pubkey_from_spki(buf_view(&spki), &k, NULL).code, CC_OK);
	buf_done(&n);
	buf_done(&e);
	buf_done(&spki);
	return k;
}

/* NULL: a kind of key that we don't have. */
static struct pubkey *key_of(const json_t *key)
{
	const char *kty = key != NULL ? vectors_text(key, "kty") : "";
	enum ec_curve curve;

	if (strcmp(kty, "RSA") == 0)
		return rsa_key_of(key);
	if (strncmp(kty, "EC", 2) != 0)
		return NULL;
	assert_true(ec_curve_from_name(vectors_text(key, "crv"), &curve));
	return ec_key_of(key, curve);
}

struct tally {
	size_t passed, failed, unsupported;
};

static cc_status verify_one(const json_t *signer, struct bytes data, size_t index, struct bytes external, struct cc_error *err)
{
	struct pubkey *key = key_of(vectors_find(signer, "key"));
	struct cose_signed m;
	cc_status st = cose_signed_parse(data, COSE_ANY, index, &m, err);

	if (!cc_failed(st) && m.alg == COSE_EDDSA) {
		struct buf raw = key_number(vectors_find(signer, "key"), "x");

		st = cose_signed_verify_eddsa(&m, buf_view(&raw), external, err);
		m.signature.n--; /* and a shorter one doesn't */
		assert_int_equal(cose_signed_verify_eddsa(&m, buf_view(&raw), external, NULL).code, CC_E_VERIFY);
		buf_done(&raw);
	} else if (!cc_failed(st)) {
		assert_non_null(key);
		/* RFC8152/Appendix_C_1_4: this reader knows the header "reserved"; one that doesn't refuses the message. */
		if (m.critical.n > 0) {
			assert_int_equal(cose_signed_verify(&m, key, external, NULL).code, CC_E_UNSUPPORTED);
			assert_true(bytes_equal(m.critical, BYTES_LITERAL("\x81\x68reserved")));
			m.critical.n = 0;
		}
		st = cose_signed_verify(&m, key, external, err);
	}
	pubkey_free(&key);
	return st;
}

/* A key that both sides have: it opens what was put in, and one bit of the message changed doesn't. */
static cc_status open_given(const json_t *input, struct bytes data, struct cc_error *err)
{
	bool mac = vectors_find(input, "mac0") != NULL;
	struct buf key = vectors_hex(input, mac ? "mac0.recipients.0.key.k_hex" : "encrypted.recipients.0.key.k_hex");
	struct buf want = vectors_hex(input, "plaintext_hex"), plain = { 0 }, changed = { 0 };
	struct bytes none = bytes_of(NULL, 0), payload = { 0 };
	cc_status st, other;

	assert_int_equal(buf_copy(&changed, data).code, CC_OK);
	changed.p[changed.n - 1] ^= 1;
	if (mac) {
		st = cose_mac0_verify(buf_view(&key), data, none, &payload, err);
		other = cose_mac0_verify(buf_view(&key), buf_view(&changed), none, &payload, NULL);
	} else {
		other = cose_encrypt0_open(buf_view(&key), buf_view(&changed), none, &plain, NULL);
		st = cose_encrypt0_open(buf_view(&key), data, none, &plain, err);
		payload = buf_view(&plain);
	}
	assert_int_equal(other.code, CC_E_VERIFY);
	if (!cc_failed(st))
		assert_true(bytes_equal(payload, buf_view(&want)));
	buf_done(&key);
	buf_done(&want);
	buf_done(&plain);
	buf_done(&changed);
	return st;
}

/* Every signature of the message. */
static cc_status verify_message(const json_t *input, struct bytes data, struct cc_error *err)
{
	json_t *signers = vectors_find(input, "sign.signers"), *one = vectors_find(input, "sign0"), *signer;
	struct buf external = { 0 };
	cc_status st = cc_ok();
	size_t i;

	if (one == NULL && signers == NULL)
		return open_given(input, data, err);
	signer = one != NULL ? one : json_array_get(signers, 0);
	if (json_object_get(signer, "external") != NULL)
		external = vectors_hex(signer, "external");
	if (one != NULL)
		st = verify_one(one, data, 0, buf_view(&external), err);
	json_array_foreach(signers, i, signer)
	{
		if (!cc_failed(st))
			st = verify_one(signer, data, i, buf_view(&external), err);
	}
	buf_done(&external);
	return st;
}

static void run_example(const char *folder, const char *name, struct tally *t)
{
	char path[PATH_MAX];
	json_t *root;
	struct buf data;
	struct cc_error err;
	bool must_fail;
	cc_status st;

	(void)snprintf(path, sizeof path, "09_cose/cose_wg/%s/%s", folder, name);
	root = vectors_open(path);
	assert_non_null(root);
	must_fail = json_is_true(vectors_find(root, "fail"));
	data = vectors_hex(root, "output.cbor");
	cc_error_init(&err);
	st = verify_message(vectors_at(root, "input"), buf_view(&data), &err);
	if (must_fail && cc_failed(st)) {
		t->failed++;
	} else if (st.code == CC_E_UNSUPPORTED) {
		(void)printf("# figure: COSE example not supported: %s/%s: %s\n", folder, name, err.detail);
		t->unsupported++;
	} else if (!must_fail && !cc_failed(st)) {
		t->passed++;
	} else {
		fail_msg("%s: %s", path, cc_failed(st) ? err.detail : "verified, though it must fail");
	}
	buf_done(&data);
	json_decref(root);
}

static void run_folder(const char *folder, struct tally *t)
{
	char name[128], path[PATH_MAX];
	struct dirent *entry;
	DIR *dir;

	(void)snprintf(name, sizeof name, "09_cose/cose_wg/%s", folder);
	if (!vectors_path(name, path, sizeof path))
		skip();
	dir = opendir(path);
	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		if (strstr(entry->d_name, ".json") != NULL)
			run_example(folder, entry->d_name, t);
	}
	(void)closedir(dir);
}

static void the_working_groups_examples_pass_and_fail_as_named(void **state)
{
	static const char *const folders[] = {
		"CWT", "RFC8152", "ecdsa-examples", "eddsa-examples", "rsa-pss-examples", "sign1-tests", "x509-examples"
	};
	struct tally t = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
		run_folder(folders[i], &t);
	(void)printf("# count: COSE working group examples: %zu verified, %zu refused as they must, %zu not supported\n",
		     t.passed, t.failed, t.unsupported);
	assert_int_equal(t.passed + t.failed + t.unsupported, 39);
	assert_int_equal(t.unsupported, 0);
	assert_int_equal(t.failed, 6);
}

/* RFC 8152 (and RFC 9052) Appendix C.3.1: direct ECDH, HKDF-256, AES-128-GCM; the sender's point is compressed. */
#define C_3_1                                                                                                                      \
	"D8608443A10101A1054CC9CF4DF2FE6C632BF788641358247ADBE2709CA818FB415F1E5DF66F4E1A51053BA6D65A1A0C52A357DA7A644B8070A151B0" \
	"818344A1013818A220A40102200121582098F50A4FF6C05861C8860D13A638EA56C3F5AD7590BBFBF054E1C7B4D91D628022F50458246D6572696164" \
	"6F632E6272616E64796275636B406275636B6C616E642E6578616D706C6540"
#define C_3_1_PRIVATE "AFF907C99F9AD3AAE6C4CDF21122BCE2BD68B5283E6907154AD911840FA208CF"

static cc_status agree_with_key(void *ctx, enum ec_curve curve, struct bytes point, struct buf *ret_x)
{
	struct ec_key *k = ctx;

	return curve == ec_key_curve(k) ? ec_agree_x(k, point, ret_x) : cc_code_status(CC_E_VERIFY);
}

static struct ec_key *private_key(enum ec_curve curve, const char *hex)
{
	struct buf scalar = vectors_from_hex(hex);
	struct ec_domain *d = NULL;
	struct ec_key *k = NULL;

	assert_int_equal(ec_domain_new(curve, &d).code, CC_OK);
	assert_int_equal(ec_key_import(d, buf_view(&scalar), &k).code, CC_OK);
	ec_domain_free(&d);
	buf_done(&scalar);
	return k;
}

static void rfc_8152_c_3_1_opens_whole_only(void **state)
{
	struct ec_key *k = private_key(EC_P256, C_3_1_PRIVATE);
	struct buf data = vectors_from_hex(C_3_1), plain = { 0 };
	size_t refused = 0;

	(void)state;
	assert_int_equal(cose_decrypt_with(agree_with_key, k, COSE_ANY, buf_view(&data), bytes_of(NULL, 0), &plain, NULL).code,
			 CC_OK);
	assert_true(bytes_equal(buf_view(&plain), bytes_str("This is the content.")));
	buf_done(&plain);
	assert_int_equal(cose_decrypt_with(agree_with_key, k, COSE_ANY, buf_view(&data), BYTES_LITERAL("x"), &plain, NULL).code,
			 CC_E_VERIFY);
	for (size_t n = 0; n < data.n; n++)
		refused += cc_failed(cose_decrypt_with(agree_with_key, k, COSE_ANY, bytes_of(data.p, n), bytes_of(NULL, 0),
						       &plain, NULL))
				   ? 1
				   : 0;
	assert_int_equal(refused, data.n);
	assert_null(plain.p);
	buf_done(&data);
	ec_key_free(&k);
}

/* ---- messages of our own */
struct rig {
	struct fixture_folder folder;
	struct fixture_sys sys;
	struct keystore *ks;
};

static void make_key(struct keystore *ks, const char *label, enum keystore_kind kind, enum ec_curve curve)
{
	struct keystore_key_info want = { .kind = kind, .curve = curve, .bits = 2048 };

	memcpy(want.label, label, strlen(label));
	assert_int_equal(keystore_generate(ks, &want).code, CC_OK);
}

static int rig_up(void **state)
{
	static const struct password_cost cheap = { .memory_kib = 8 << 10, .passes = 1, .lanes = 1 };
	struct rig *r = calloc(1, sizeof *r);
	char path[256];

	assert_non_null(r);
	fixture_folder(&r->folder);
	fixture_sys(&r->sys);
	fixture_path(&r->folder, "keys.ccks", path, sizeof path);
	assert_int_equal(keystore_file_create_cost(path, BYTES_LITERAL("word"), cheap, &r->sys.sys, &r->ks, NULL).code, CC_OK);
	make_key(r->ks, "p256", KEYSTORE_EC, EC_P256);
	*state = r;
	return 0;
}

static int rig_down(void **state)
{
	struct rig *r = *state;

	keystore_close(&r->ks);
	fixture_folder_done(&r->folder);
	free(r);
	return 0;
}

static struct pubkey *public_of(struct keystore *ks, const char *label, struct buf *ret_spki)
{
	struct pubkey *k = NULL;

	assert_int_equal(keystore_public_key(ks, label, ret_spki).code, CC_OK);
	assert_int_equal(pubkey_from_spki(buf_view(ret_spki), &k, NULL).code, CC_OK);
	return k;
}

static cc_status sign(struct keystore *ks, const char *label, struct buf *ret)
{
	const struct cose_sign_params p = {
		.keystore = ks, .key_label = label, .external = BYTES_LITERAL("place"), .payload = BYTES_LITERAL("\xA1\x01\x02")
	};

	return cose_sign1(&p, ret, NULL);
}

static void every_curve_and_rsa_sign_and_verify(void **state)
{
	static const struct {
		enum ec_curve curve;
		int64_t alg;
	} cases[] = {
		{ EC_P256, COSE_ES256 },  { EC_P384, COSE_ES384 },  { EC_P521, COSE_ES512 },  { EC_BP256, COSE_ES256 },
		{ EC_BP320, COSE_ES384 }, { EC_BP384, COSE_ES384 }, { EC_BP512, COSE_ES512 }, { EC_CURVE_COUNT, COSE_PS256 }
	};
	struct rig *r = *state;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf data = { 0 }, spki = { 0 };
		struct cose_signed m;
		struct digest kid;
		struct pubkey *k;
		char label[16];

		(void)snprintf(label, sizeof label, "key-%zu", i);
		make_key(r->ks, label, cases[i].curve == EC_CURVE_COUNT ? KEYSTORE_RSA : KEYSTORE_EC, cases[i].curve);
		k = public_of(r->ks, label, &spki);
		assert_int_equal(sign(r->ks, label, &data).code, CC_OK);
		assert_int_equal(cose_signed_parse(buf_view(&data), COSE_OURS, 0, &m, NULL).code, CC_OK);
		assert_int_equal(m.alg, cases[i].alg);
		assert_int_equal(cose_kid(buf_view(&spki), &kid).code, CC_OK);
		assert_true(bytes_equal(m.kid, bytes_of(kid.p, kid.n)));
		assert_true(bytes_equal(m.payload, BYTES_LITERAL("\xA1\x01\x02")));
		assert_int_equal(cose_signed_verify(&m, k, BYTES_LITERAL("place"), NULL).code, CC_OK);
		assert_int_equal(cose_signed_verify(&m, k, BYTES_LITERAL("palce"), NULL).code, CC_E_VERIFY);
		pubkey_free(&k);
		buf_done(&spki);
		buf_done(&data);
	}
}

static bool verifies(struct bytes data, const struct pubkey *k)
{
	struct cose_signed m;

	return !cc_failed(cose_signed_parse(data, COSE_OURS, 0, &m, NULL)) &&
	       !cc_failed(cose_signed_verify(&m, k, BYTES_LITERAL("place"), NULL));
}

static void a_changed_bit_anywhere_is_refused(void **state)
{
	struct rig *r = *state;
	struct buf data = { 0 }, spki = { 0 };
	struct pubkey *k = public_of(r->ks, "p256", &spki);
	size_t bits = 0, cuts = 0;

	assert_int_equal(sign(r->ks, "p256", &data).code, CC_OK);
	assert_true(verifies(buf_view(&data), k));
	for (size_t i = 0; i < 8 * data.n; i++) {
		data.p[i / 8] ^= (uint8_t)(1u << (i % 8));
		bits += verifies(buf_view(&data), k) ? 0 : 1;
		data.p[i / 8] ^= (uint8_t)(1u << (i % 8));
	}
	for (size_t n = 0; n < data.n; n++)
		cuts += verifies(bytes_of(data.p, n), k) ? 0 : 1;
	(void)printf("# count: COSE_Sign1: %zu changed bits and %zu cuts, all refused\n", bits, cuts);
	assert_int_equal(bits, 8 * data.n);
	assert_int_equal(cuts, data.n);
	pubkey_free(&k);
	buf_done(&spki);
	buf_done(&data);
}

static void what_stands_outside_the_signature_is_refused(void **state)
{
	static const char *const cases[] = {
		"8443A10126A04100"
		"4100", /* no tag */
		"D28443A10126A0410041"
		"00",			/* no key id */
		"D28440A1012641004100", /* algorithm unprotected */
		"D28447A2012604420102A10444313233344100"
		"4100", /* a second key id */
		"D28448A30126028104044101A04100"
		"4100",			/* crit */
		"D28442A000A041004100", /* bytes after the protected map */
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf data = vectors_from_hex(cases[i]);
		struct cose_signed m;

		if (!cc_failed(cose_signed_parse(buf_view(&data), COSE_OURS, 0, &m, NULL)))
			fail_msg("%s", cases[i]);
		buf_done(&data);
	}
}

static cc_status encrypt(struct rig *r, struct bytes spki, enum cose_alg alg, struct buf *ret, struct cc_error *err)
{
	const struct cose_encrypt_params p = { .recipient_spki = spki,
					       .alg = alg,
					       .external = BYTES_LITERAL("place"),
					       .plaintext = BYTES_LITERAL("Nguyen Van Duc"),
					       .sys = &r->sys.sys };

	return cose_encrypt(&p, ret, err);
}

static void what_is_encrypted_opens_for_its_recipient_alone(void **state)
{
	static const enum ec_curve curves[] = { EC_P256, EC_P384, EC_P521, EC_BP256, EC_BP384, EC_BP512 };
	static const enum cose_alg algs[] = { COSE_A128GCM, COSE_A192GCM, COSE_A256GCM };
	struct rig *r = *state;
	struct bytes place = BYTES_LITERAL("place");

	for (size_t i = 0; i < sizeof curves / sizeof curves[0]; i++) {
		struct buf spki = { 0 }, data = { 0 }, plain = { 0 };
		char label[16];

		(void)snprintf(label, sizeof label, "agree-%zu", i);
		make_key(r->ks, label, KEYSTORE_EC, curves[i]);
		assert_int_equal(keystore_public_key(r->ks, label, &spki).code, CC_OK);
		assert_int_equal(encrypt(r, buf_view(&spki), algs[i % 3], &data, NULL).code, CC_OK);
		assert_int_equal(cose_decrypt(r->ks, label, buf_view(&data), place, &plain, NULL).code, CC_OK);
		assert_true(bytes_equal(buf_view(&plain), BYTES_LITERAL("Nguyen Van Duc")));
		assert_int_equal(cose_decrypt(r->ks, "p256", buf_view(&data), place, &plain, NULL).code, CC_E_NOT_FOUND);
		assert_int_equal(cose_decrypt(r->ks, label, buf_view(&data), BYTES_LITERAL("other"), &plain, NULL).code,
				 CC_E_VERIFY);
		buf_done(&plain);
		buf_done(&data);
		buf_done(&spki);
	}
}

static void a_changed_bit_of_what_is_encrypted_is_refused(void **state)
{
	struct rig *r = *state;
	struct buf spki = { 0 }, data = { 0 }, plain = { 0 };
	size_t bits = 0;

	assert_int_equal(keystore_public_key(r->ks, "p256", &spki).code, CC_OK);
	assert_int_equal(encrypt(r, buf_view(&spki), COSE_A256GCM, &data, NULL).code, CC_OK);
	for (size_t i = 0; i < 8 * data.n; i++) {
		data.p[i / 8] ^= (uint8_t)(1u << (i % 8));
		bits += cc_failed(cose_decrypt(r->ks, "p256", buf_view(&data), BYTES_LITERAL("place"), &plain, NULL)) ? 1 : 0;
		data.p[i / 8] ^= (uint8_t)(1u << (i % 8));
	}
	(void)printf("# count: COSE_Encrypt: %zu changed bits, all refused\n", bits);
	assert_int_equal(bits, 8 * data.n);
	buf_done(&data);
	buf_done(&spki);
}

static void rsa_is_no_recipient_and_aes_agrees_on_nothing(void **state)
{
	struct rig *r = *state;
	struct buf spki = { 0 }, data = { 0 };
	struct cc_error err;

	make_key(r->ks, "rsa", KEYSTORE_RSA, EC_P256);
	assert_int_equal(keystore_public_key(r->ks, "rsa", &spki).code, CC_OK);
	cc_error_init(&err);
	assert_int_equal(encrypt(r, buf_view(&spki), COSE_A256GCM, &data, &err).code, CC_E_UNSUPPORTED);
	assert_string_equal(err.key, "cose.unsupported");
	assert_int_equal(keystore_agree(r->ks, "rsa", BYTES_LITERAL("\x04"), &data).code, CC_E_ARG);
	assert_int_equal(keystore_agree(r->ks, "p256", BYTES_LITERAL("\x04"), &data).code, CC_E_VERIFY);
	buf_done(&spki);
}

static void each_failed_allocation_is_told(void **state)
{
	struct rig *r = *state;
	struct buf spki = { 0 };

	assert_int_equal(keystore_public_key(r->ks, "p256", &spki).code, CC_OK);
	for (size_t k = 1; alloc_fault_next(&k);) {
		struct buf signed_data = { 0 }, sealed = { 0 }, plain = { 0 };
		cc_status st = sign(r->ks, "p256", &signed_data);

		if (!cc_failed(st))
			st = encrypt(r, buf_view(&spki), COSE_A256GCM, &sealed, NULL);
		if (!cc_failed(st))
			st = cose_decrypt(r->ks, "p256", buf_view(&sealed), BYTES_LITERAL("place"), &plain, NULL);
		assert_int_equal(cc_failed(st), alloc_fault_end());
		buf_done(&signed_data);
		buf_done(&sealed);
		buf_done(&plain);
	}
	buf_done(&spki);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_working_groups_examples_pass_and_fail_as_named),
		cmocka_unit_test(rfc_8152_c_3_1_opens_whole_only),
		cmocka_unit_test(every_curve_and_rsa_sign_and_verify),
		cmocka_unit_test(a_changed_bit_anywhere_is_refused),
		cmocka_unit_test(what_stands_outside_the_signature_is_refused),
		cmocka_unit_test(what_is_encrypted_opens_for_its_recipient_alone),
		cmocka_unit_test(a_changed_bit_of_what_is_encrypted_is_refused),
		cmocka_unit_test(rsa_is_no_recipient_and_aes_agrees_on_nothing),
		cmocka_unit_test(each_failed_allocation_is_told),
	};

	return cmocka_run_group_tests(tests, rig_up, rig_down);
}
