/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pubkey.h"

#include "crypto/asn1.h"
#include "crypto/ec.h"
#include "crypto/rsa.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

static void make_key(enum ec_curve curve, struct ec_key **ret)
{
	struct ec_domain *d = NULL;

	assert_int_equal(ec_domain_new(curve, &d).code, CC_OK);
	assert_int_equal(ec_key_generate(d, ret).code, CC_OK);
	ec_domain_free(&d);
}

static void make_spki(enum ec_curve curve, enum ec_param_form form, struct buf *ret)
{
	struct ec_key *k = NULL;

	make_key(curve, &k);
	assert_int_equal(ec_spki_encode(curve, ec_key_public(k), form, ret).code, CC_OK);
	ec_key_free(&k);
}

static void every_curve_comes_back_in_both_forms(void **state)
{
	(void)state;
	for (unsigned i = 0; i < EC_CURVE_COUNT; i++)
		for (unsigned form = 0; form < 2; form++) {
			struct buf spki = { 0 }, again = { 0 };
			struct pubkey *k = NULL;

			make_spki((enum ec_curve)i, (enum ec_param_form)form, &spki);
			assert_int_equal(pubkey_from_spki(buf_view(&spki), &k, NULL).code, CC_OK);
			assert_int_equal(pubkey_kind(k), PUBKEY_EC);
			assert_int_equal(pubkey_curve(k), i);
			assert_int_equal(pubkey_is_explicit(k), form == EC_PARAMS_EXPLICIT);
			assert_int_equal(ec_spki_encode(pubkey_curve(k), pubkey_point(k), (enum ec_param_form)form, &again).code,
					 CC_OK);
			assert_true(bytes_equal(buf_view(&spki), buf_view(&again)));
			pubkey_free(&k);
			buf_done(&spki);
			buf_done(&again);
		}
}

static cc_status parse_only(struct bytes der)
{
	struct pubkey *k = NULL;
	cc_status st = pubkey_from_spki(der, &k, NULL);

	pubkey_free(&k);
	return st;
}

static void spki_refuses_every_cut_and_one_more_byte(void **state)
{
	struct buf spki = { 0 }, longer = { 0 };

	(void)state;
	make_spki(EC_BP256, EC_PARAMS_EXPLICIT, &spki);
	for (size_t n = 0; n < spki.n; n++)
		assert_int_equal(parse_only(bytes_of(spki.p, n)).code, CC_E_FORMAT);
	assert_int_equal(buf_zero(&longer, spki.n + 1).code, CC_OK);
	memcpy(longer.p, spki.p, spki.n);
	assert_int_equal(parse_only(buf_view(&longer)).code, CC_E_FORMAT);
	buf_done(&spki);
	buf_done(&longer);
}

/* CVE-2020-0601: a foreign generator (or any other number) under the name of a known curve is refused. */
static void spki_refuses_each_changed_parameter(void **state)
{
	struct buf spki = { 0 };
	struct ec_key *k = NULL;
	size_t params_end;
	unsigned refused = 0;

	(void)state;
	make_key(EC_BP256, &k);
	assert_int_equal(ec_spki_encode(EC_BP256, ec_key_public(k), EC_PARAMS_EXPLICIT, &spki).code, CC_OK);
	params_end = spki.n - 65 - 3;
	for (size_t i = 0; i < params_end; i++) {
		struct cc_error err;
		struct pubkey *pk = NULL;
		cc_status st;

		cc_error_init(&err);
		spki.p[i] ^= 0x02;
		st = pubkey_from_spki(buf_view(&spki), &pk, &err);
		spki.p[i] ^= 0x02;
		if (!cc_failed(st)) {
			/* the version (1, 2 or 3) is no part of the group */
			assert_int_equal(spki.p[i], 1);
			pubkey_free(&pk);
			continue;
		}
		assert_non_null(err.key);
		refused++;
	}
	assert_int_equal(refused, params_end - 1);
	ec_key_free(&k);
	buf_done(&spki);
}

static void spki_with_foreign_generator_names_the_reason(void **state)
{
	struct buf spki = { 0 };
	struct ec_key *k = NULL, *other = NULL;
	struct cc_error err;
	struct pubkey *pk = NULL;
	bool done = false;

	(void)state;
	make_key(EC_P256, &k);
	make_key(EC_P256, &other);
	assert_int_equal(ec_spki_encode(EC_P256, ec_key_public(k), EC_PARAMS_EXPLICIT, &spki).code, CC_OK);
	for (size_t i = 0; i + 67 < spki.n && !done; i++)
		if (spki.p[i] == 0x04 && spki.p[i + 1] == 0x41 && spki.p[i + 2] == 0x04) {
			memcpy(spki.p + i + 2, ec_key_public(other).p, 65);
			done = true;
		}
	assert_true(done);
	cc_error_init(&err);
	assert_int_equal(pubkey_from_spki(buf_view(&spki), &pk, &err).code, CC_E_UNSUPPORTED);
	assert_string_equal(err.key, "pubkey.unknown-curve");
	ec_key_free(&k);
	ec_key_free(&other);
	buf_done(&spki);
}

static void spki_refuses_a_point_off_the_curve(void **state)
{
	struct buf spki = { 0 };

	(void)state;
	make_spki(EC_P384, EC_PARAMS_NAMED, &spki);
	spki.p[spki.n - 1] ^= 1;
	assert_int_equal(parse_only(buf_view(&spki)).code, CC_E_VERIFY);
	buf_done(&spki);
}

static void spki_refuses_what_it_does_not_know(void **state)
{
	static const struct {
		const char *hex;
		enum cc_code want;
	} cases[] = {
		/* Ed25519 (RFC 8410 10.1) */
		{ "302a300506032b657003210019bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1", CC_E_UNSUPPORTED },
		/* id-ecPublicKey with sect233k1 */
		{ "301a301006072a8648ce3d020106052b8104001a0306000401020304", CC_E_UNSUPPORTED },
		/* id-ecPublicKey with NULL: parameters of somebody else */
		{ "3015300b06072a8648ce3d020105000306000401020304", CC_E_UNSUPPORTED },
		/* id-ecPublicKey without parameters */
		{ "3013300906072a8648ce3d02010306000401020304", CC_E_FORMAT },
		/* BIT STRING with unused bits */
		{ "301b301306072a8648ce3d020106082a8648ce3d03010703040104ff00", CC_E_FORMAT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf der = vectors_from_hex(cases[i].hex);
		assert_int_equal(parse_only(buf_view(&der)).code, cases[i].want);
		buf_done(&der);
	}
}

static void rsa_key_round_trip_and_signatures(void **state)
{
	static const struct sig_alg algs[] = {
		{ SIG_RSA_PKCS1, HASH_SHA256, 0, HASH_SHA256 },
		{ SIG_RSA_PSS, HASH_SHA256, 32, HASH_SHA256 },
		{ SIG_RSA_PSS, HASH_SHA384, 20, HASH_SHA256 },
	};
	struct rsa_key *k = NULL, *again = NULL;
	struct buf pkcs8 = { 0 }, n = { 0 }, e = { 0 }, spki = { 0 };
	struct pubkey *pk = NULL;

	(void)state;
	assert_int_equal(rsa_key_generate(1024, &k).code, CC_E_ARG);
	assert_int_equal(rsa_key_generate(2048, &k).code, CC_OK);
	assert_int_equal(rsa_key_export(k, &pkcs8).code, CC_OK);
	assert_int_equal(rsa_key_import(buf_view(&pkcs8), &again).code, CC_OK);
	assert_int_equal(rsa_key_numbers(again, &n, &e).code, CC_OK);
	assert_int_equal(rsa_spki_encode(buf_view(&n), buf_view(&e), &spki).code, CC_OK);
	assert_int_equal(pubkey_from_spki(buf_view(&spki), &pk, NULL).code, CC_OK);
	assert_int_equal(pubkey_kind(pk), PUBKEY_RSA);
	assert_int_equal(pubkey_bits(pk), 2048);
	assert_true(bytes_equal(pubkey_modulus(pk), buf_view(&n)));
	for (size_t i = 0; i < sizeof algs / sizeof algs[0]; i++) {
		struct digest d;
		struct buf sig = { 0 };

		assert_int_equal(hash_digest(algs[i].hash, BYTES_LITERAL("abc"), &d).code, CC_OK);
		assert_int_equal(rsa_sign_digest(again, algs[i], bytes_of(d.p, d.n), &sig).code, CC_OK);
		assert_int_equal(pubkey_verify(pk, algs[i], BYTES_LITERAL("abc"), buf_view(&sig)).code, CC_OK);
		assert_int_equal(pubkey_verify(pk, algs[i], BYTES_LITERAL("abd"), buf_view(&sig)).code, CC_E_VERIFY);
		assert_int_equal(pubkey_verify(pk, algs[(i + 1) % 3], BYTES_LITERAL("abc"), buf_view(&sig)).code, CC_E_VERIFY);
		buf_done(&sig);
	}
	pubkey_free(&pk);
	rsa_key_free(&k);
	rsa_key_free(&again);
	buf_done(&pkcs8);
	buf_done(&n);
	buf_done(&e);
	buf_done(&spki);
}

static void rsa_key_bounds(void **state)
{
	uint8_t n[1025], e[3] = { 1, 0, 1 };
	struct rsa_key *k = NULL;

	(void)state;
	memset(n, 0xFF, sizeof n);
	assert_int_equal(rsa_key_public(bytes_of(n, 127), bytes_of(e, 3), &k).code, CC_E_VERIFY);
	assert_int_equal(rsa_key_public(bytes_of(n, 128), bytes_of(e, 3), &k).code, CC_OK);
	rsa_key_free(&k);
	assert_int_equal(rsa_key_public(bytes_of(n, 1024), bytes_of(e, 3), &k).code, CC_OK);
	rsa_key_free(&k);
	assert_int_equal(rsa_key_public(bytes_of(n, 1025), bytes_of(e, 3), &k).code, CC_E_VERIFY);
	assert_int_equal(rsa_key_public(bytes_of(n, 128), bytes_of(e, 1), &k).code, CC_E_VERIFY);
	n[127] = 0xFE;
	assert_int_equal(rsa_key_public(bytes_of(n, 128), bytes_of(e, 3), &k).code, CC_E_VERIFY);
}

static void ecdsa_is_not_tried_with_an_rsa_scheme(void **state)
{
	struct ec_key *k = NULL;
	struct pubkey *pk = NULL;
	struct sig_alg alg = { SIG_RSA_PKCS1, HASH_SHA256, 0, HASH_SHA256 };

	(void)state;
	make_key(EC_P256, &k);
	assert_int_equal(pubkey_from_ec_point(EC_P256, ec_key_public(k), &pk).code, CC_OK);
	assert_int_equal(pubkey_verify(pk, alg, BYTES_LITERAL("abc"), BYTES_LITERAL("\x30\x00")).code, CC_E_VERIFY);
	pubkey_free(&pk);
	ec_key_free(&k);
}

static void sig_alg_round_trip(void **state)
{
	unsigned count = 0;

	(void)state;
	for (unsigned scheme = 0; scheme <= SIG_RSA_PSS; scheme++)
		for (unsigned hash = 0; hash < HASH_COUNT; hash++)
			for (unsigned mgf = 0; mgf < HASH_COUNT; mgf++)
				for (size_t salt = 0; salt <= 64; salt += 4) {
					struct sig_alg in = { (enum sig_scheme)scheme, (enum hash_alg)hash, 0,
							      (enum hash_alg)hash },
						       out;
					struct buf der = { 0 };

					if (scheme == SIG_RSA_PSS) {
						in.salt_len = salt;
						in.mgf_hash = (enum hash_alg)mgf;
					}
					assert_int_equal(sig_alg_encode(in, &der).code, CC_OK);
					assert_int_equal(sig_alg_parse(buf_view(&der), HASH_COUNT, &out, NULL).code, CC_OK);
					assert_int_equal(out.scheme, in.scheme);
					assert_int_equal(out.hash, in.hash);
					assert_int_equal(out.salt_len, in.salt_len);
					assert_int_equal(out.mgf_hash, in.mgf_hash);
					for (size_t n = 0; n < der.n; n++)
						assert_true(cc_failed(sig_alg_parse(bytes_of(der.p, n), HASH_COUNT, &out, NULL)));
					buf_done(&der);
					count++;
				}
	assert_int_equal(count, 3 * HASH_COUNT * HASH_COUNT * 17);
}

static void sig_alg_reads_what_real_documents_carry(void **state)
{
	static const struct {
		const char *hex;
		enum hash_alg fallback;
		enum cc_code want;
		struct sig_alg alg;
	} cases[] = {
		/* rsaEncryption, NULL and absent */
		{ "300d06092a864886f70d0101010500", HASH_SHA256, CC_OK, { SIG_RSA_PKCS1, HASH_SHA256, 0, HASH_SHA256 } },
		{ "300b06092a864886f70d010101", HASH_SHA1, CC_OK, { SIG_RSA_PKCS1, HASH_SHA1, 0, HASH_SHA1 } },
		{ "300d06092a864886f70d0101010500", HASH_COUNT, CC_E_UNSUPPORTED, { 0 } },
		/* RSASSA-PSS with an empty SEQUENCE: the DEFAULTs of RFC 4055 */
		{ "300d06092a864886f70d01010a3000", HASH_SHA512, CC_OK, { SIG_RSA_PSS, HASH_SHA1, 20, HASH_SHA1 } },
		{ "300b06092a864886f70d01010a", HASH_SHA512, CC_OK, { SIG_RSA_PSS, HASH_SHA512, 64, HASH_SHA512 } },
		/* ecdsa-with-Specified with SHA-256; ecdsa-with-SHA256 with NULL */
		{ "301806082a8648ce3d040300", HASH_SHA1, CC_E_FORMAT, { 0 } },
		{ "301606072a8648ce3d0403300b0609608648016503040201",
		  HASH_SHA1,
		  CC_OK,
		  { SIG_ECDSA, HASH_SHA256, 0, HASH_SHA256 } },
		{ "300c06082a8648ce3d0403020500", HASH_SHA1, CC_OK, { SIG_ECDSA, HASH_SHA256, 0, HASH_SHA256 } },
		/* MD5 */
		{ "300d06092a864886f70d0101040500", HASH_SHA1, CC_E_UNSUPPORTED, { 0 } },
		/* PSS with trailerField 2, with a salt of 65536 */
		{ "301206092a864886f70d01010a3005a303020102", HASH_SHA1, CC_E_UNSUPPORTED, { 0 } },
		{ "301406092a864886f70d01010a3007a2050203010000", HASH_SHA1, CC_E_UNSUPPORTED, { 0 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf der = vectors_from_hex(cases[i].hex);
		struct sig_alg alg;
		assert_int_equal(sig_alg_parse(buf_view(&der), cases[i].fallback, &alg, NULL).code, cases[i].want);
		if (cases[i].want == CC_OK) {
			assert_int_equal(alg.scheme, cases[i].alg.scheme);
			assert_int_equal(alg.hash, cases[i].alg.hash);
			assert_int_equal(alg.salt_len, cases[i].alg.salt_len);
			assert_int_equal(alg.mgf_hash, cases[i].alg.mgf_hash);
		}
		buf_done(&der);
	}
}

static void run_wycheproof_group(const json_t *group, struct sig_alg alg, unsigned *count)
{
	const json_t *test;
	size_t i;
	struct buf spki = vectors_hex(group, "publicKeyDer");
	struct pubkey *pk = NULL;

	assert_int_equal(pubkey_from_spki(buf_view(&spki), &pk, NULL).code, CC_OK);
	json_array_foreach(json_object_get(group, "tests"), i, test)
	{
		struct buf msg = vectors_hex(test, "msg"), sig = vectors_hex(test, "sig");
		bool good;

		good = pubkey_verify(pk, alg, buf_view(&msg), buf_view(&sig)).code == CC_OK;
		/* "acceptable" is the missing NULL of RFC 8017 8.2.2 note 1: this one refuses it */
		if (good != (strcmp(vectors_text(test, "result"), "valid") == 0))
			fail_msg("case %ld", vectors_int(test, "tcId"));
		buf_done(&msg);
		buf_done(&sig);
		(*count)++;
	}
	pubkey_free(&pk);
	buf_done(&spki);
}

static void run_wycheproof(const char *name, struct sig_alg alg)
{
	json_t *root = vectors_open(name);
	const json_t *group;
	size_t i;
	unsigned count = 0;

	if (root == NULL)
		skip();
	json_array_foreach(json_object_get(root, "testGroups"), i, group) run_wycheproof_group(group, alg, &count);
	assert_int_equal(count, vectors_int(root, "numberOfTests"));
	json_decref(root);
}

static void wycheproof_ecdsa_p256(void **state)
{
	(void)state;
	run_wycheproof("10_wycheproof/ecdsa_secp256r1_sha256_test.json",
		       (struct sig_alg){ SIG_ECDSA, HASH_SHA256, 0, HASH_SHA256 });
}

static void wycheproof_ecdsa_brainpool(void **state)
{
	(void)state;
	run_wycheproof("10_wycheproof/ecdsa_brainpoolP256r1_sha256_test.json",
		       (struct sig_alg){ SIG_ECDSA, HASH_SHA256, 0, HASH_SHA256 });
}

static void wycheproof_rsa_pkcs1(void **state)
{
	(void)state;
	run_wycheproof("10_wycheproof/rsa_signature_2048_sha256_test.json",
		       (struct sig_alg){ SIG_RSA_PKCS1, HASH_SHA256, 0, HASH_SHA256 });
}

static void wycheproof_rsa_pss(void **state)
{
	(void)state;
	run_wycheproof("10_wycheproof/rsa_pss_2048_sha256_mgf1_32_test.json",
		       (struct sig_alg){ SIG_RSA_PSS, HASH_SHA256, 32, HASH_SHA256 });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_curve_comes_back_in_both_forms),
		cmocka_unit_test(spki_refuses_every_cut_and_one_more_byte),
		cmocka_unit_test(spki_refuses_each_changed_parameter),
		cmocka_unit_test(spki_with_foreign_generator_names_the_reason),
		cmocka_unit_test(spki_refuses_a_point_off_the_curve),
		cmocka_unit_test(spki_refuses_what_it_does_not_know),
		cmocka_unit_test(rsa_key_round_trip_and_signatures),
		cmocka_unit_test(rsa_key_bounds),
		cmocka_unit_test(ecdsa_is_not_tried_with_an_rsa_scheme),
		cmocka_unit_test(sig_alg_round_trip),
		cmocka_unit_test(sig_alg_reads_what_real_documents_carry),
		cmocka_unit_test(wycheproof_ecdsa_p256),
		cmocka_unit_test(wycheproof_ecdsa_brainpool),
		cmocka_unit_test(wycheproof_rsa_pkcs1),
		cmocka_unit_test(wycheproof_rsa_pss),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
