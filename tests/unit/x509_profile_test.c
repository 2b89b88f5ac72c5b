/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/x509_profile.h"

#include "card/access/active_auth.h"
#include "card/lds/dg15.h"
#include "crypto/base/tlv.h"
#include "crypto/roca.h"
#include "crypto/rsa.h"
#include "tests/support/pki_fixture.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static const struct sig_alg sha256 = { SIG_ECDSA, HASH_SHA256, 0, HASH_SHA256 };

static void our_certificates_keep_every_rule(void **state)
{
	struct fixture_pki p;
	struct cert_findings f;

	(void)state;
	fixture_pki(&p, EC_BP256, 0, sha256, EC_PARAMS_EXPLICIT);
	assert_int_equal(cert_role_of(p.csca), CERT_ROLE_CSCA);
	assert_int_equal(cert_role_of(p.ds), CERT_ROLE_DS);
	cert_lint(p.csca, CERT_ROLE_CSCA, &f);
	assert_int_equal(f.count, 0);
	cert_lint(p.ds, CERT_ROLE_DS, &f);
	assert_int_equal(f.count, 0);
	fixture_pki_done(&p);
}

/* The two roles' rules are told apart: each certificate breaks the other's. */
static void a_certificate_in_the_wrong_role_is_told(void **state)
{
	struct fixture_pki p;
	struct cert_findings f;

	(void)state;
	fixture_pki(&p, EC_P256, 0, sha256, EC_PARAMS_NAMED);
	cert_lint(p.csca, CERT_ROLE_DS, &f);
	assert_true(cert_findings_has(&f, "cert.basic-constraints-present") && cert_findings_has(&f, "cert.key-usage-signer") &&
		    cert_findings_has(&f, "cert.document-types-missing") && cert_findings_has(&f, "cert.named-curve"));
	assert_int_equal(f.count, 4);
	cert_lint(p.ds, CERT_ROLE_CSCA, &f);
	assert_true(cert_findings_has(&f, "cert.basic-constraints-missing") && cert_findings_has(&f, "cert.key-usage-ca") &&
		    cert_findings_has(&f, "cert.names-differ"));
	cert_lint(p.ds, CERT_ROLE_MASTER_LIST_SIGNER, &f);
	assert_true(cert_findings_has(&f, "cert.ext-key-usage-list"));
	fixture_pki_done(&p);
}

/* One byte of a good certificate changed: the rule that names it speaks, and no other. The signature is not asked. */
static void each_deviation_has_its_name(void **state)
{
	static const struct {
		const char *find, *put;
		size_t len;
		const char *id;
	} cases[] = {
		{ "\xA0\x03\x02\x01\x02", "\xA0\x03\x02\x01\x01", 5, "cert.version" },
		{ "\x06\x03\x55\x04\x06\x13\x02VN", "\x06\x03\x55\x04\x06\x13\x02vn", 9, "cert.country-case" },
		{ "\x06\x03\x55\x04\x06\x13\x02VN", "\x06\x03\x55\x04\x06\x0C\x02VN", 9, "cert.country-string" },
		{ "\x06\x03\x55\x04\x06\x13\x02VN", "\x06\x03\x55\x04\x05\x13\x02VN", 9, "cert.country-missing" },
		{ "\x06\x03\x55\x1D\x0F\x01\x01\xFF", "\x06\x03\x55\x1D\x0F\x01\x01\x00", 8, "cert.key-usage-not-critical" },
		{ "\x06\x03\x55\x1D\x0F\x01\x01\xFF", "\x06\x03\x55\x1D\x6F\x01\x01\xFF", 8, "cert.unknown-critical" },
		{ "\x06\x03\x55\x1D\x10", "\x06\x03\x55\x1D\x70", 5, "cert.private-use-missing" },
		{ "\x06\x03\x55\x1D\x11", "\x06\x03\x55\x1D\x71", 5, "cert.alt-names-missing" },
		{ "\x06\x03\x55\x1D\x1F", "\x06\x03\x55\x1D\x7F", 5, "cert.crl-missing" },
		{ "\x06\x03\x55\x1D\x23", "\x06\x03\x55\x1D\x73", 5, "cert.aki-missing" },
		{ "\x01\x01\x06\x02", "\x01\x01\x06\x07", 4, "cert.document-types-missing" },
	};
	struct fixture_pki p;

	(void)state;
	fixture_pki(&p, EC_BP256, 0, sha256, EC_PARAMS_EXPLICIT);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf der = { 0 };
		struct cert *c = NULL;
		struct cert_findings f;
		uint8_t *at;

		assert_int_equal(buf_copy(&der, cert_der(p.ds)).code, CC_OK);
		at = memmem(der.p, der.n, cases[i].find, cases[i].len);
		assert_non_null(at);
		memcpy(at, cases[i].put, cases[i].len);
		if (cc_failed(cert_parse(buf_view(&der), &c, NULL)))
			fail_msg("%s: not readable", cases[i].id);
		cert_lint(c, CERT_ROLE_DS, &f);
		if (!cert_findings_has(&f, cases[i].id))
			fail_msg("%s not found", cases[i].id);
		cert_free(&c);
		buf_done(&der);
	}
	fixture_pki_done(&p);
}

/* A power of 65537 is one modulo every prime; a generated key isn't. */
static void roca_fingerprint_is_found(void **state)
{
	uint8_t n[257] = { 0 };
	struct rsa_key *k = NULL;
	struct buf modulus = { 0 }, exponent = { 0 };
	size_t len = 1;

	(void)state;
	n[256] = 1;
	for (unsigned i = 0; i < 127; i++) { /* n = 65537 n = n << 16 + n, big-endian from the end */
		uint8_t sum[257] = { 0 };
		unsigned carry = 0;

		len += 2;
		for (size_t at = 0; at < len; at++) {
			unsigned high = at >= 2 ? n[256 - (at - 2)] : 0u;

			carry += n[256 - at] + high;
			sum[256 - at] = (uint8_t)carry;
			carry >>= 8;
		}
		memcpy(n, sum, sizeof n);
	}
	assert_true(roca_fingerprint(bytes_of(n, sizeof n)));
	n[256] = (uint8_t)(n[256] + 2);
	assert_false(roca_fingerprint(bytes_of(n, sizeof n)));
	assert_false(roca_fingerprint(bytes_of(NULL, 0)));
	assert_int_equal(rsa_key_generate(2048, &k).code, CC_OK);
	assert_int_equal(rsa_key_numbers(k, &modulus, &exponent).code, CC_OK);
	assert_false(roca_fingerprint(buf_view(&modulus)));
	rsa_key_free(&k);
	buf_done(&modulus);
	buf_done(&exponent);
}

/* SPKI of an RSA key whose modulus INTEGER has no leading zero octet. */
static void unsigned_spki(struct bytes modulus, struct bytes exponent, struct buf *ret)
{
	struct writer w;

	writer_init(&w, 2048);
	tlv_open(&w, 0x30);
	writer_put(&w, BYTES_LITERAL("\x30\x0D\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x01\x01\x05\x00"));
	tlv_open(&w, 0x03);
	writer_u8(&w, 0);
	tlv_open(&w, 0x30);
	tlv_put(&w, 0x02, modulus);
	tlv_put(&w, 0x02, exponent);
	tlv_close(&w);
	tlv_close(&w);
	tlv_close(&w);
	assert_int_equal(writer_finish(&w, ret).code, CC_OK);
}

/* A recorded chip whose key is rewritten so: its answers are judged as before, and we write no such DG15. */
static void active_authentication_by_such_a_key(void **state)
{
	json_t *root = vectors_open("12_ca_aa/aa_vectors.json");
	struct buf dg15, spki = { 0 }, file = { 0 };
	struct pubkey *good = NULL, *odd = NULL;
	const json_t *set, *row;
	struct buf rnd, sig;

	(void)state;
	if (root == NULL)
		skip();
	set = vectors_at(root, "rsa1856_over_3DES_SM_gmrtd");
	dg15 = vectors_hex(set, "DG15");
	assert_int_equal(dg15_parse(buf_view(&dg15), &good, NULL).code, CC_OK);
	unsigned_spki(pubkey_modulus(good), pubkey_exponent(good), &spki);
	assert_int_equal(pubkey_from_spki(buf_view(&spki), &odd, NULL).code, CC_OK);
	assert_true(pubkey_lacks_sign_octet(odd) && !pubkey_lacks_sign_octet(good));
	row = vectors_find(set, "cases.0") != NULL ? vectors_at(set, "cases.0") : set;
	rnd = vectors_hex(row, "RND_IFD");
	sig = vectors_hex(row, "sig");
	assert_int_equal(active_auth_verify(odd, HASH_SHA1, buf_view(&rnd), buf_view(&sig)).code, CC_OK);
	sig.p[sig.n / 2] ^= 1;
	assert_int_equal(active_auth_verify(odd, HASH_SHA1, buf_view(&rnd), buf_view(&sig)).code, CC_E_VERIFY);
	assert_int_equal(dg15_encode(buf_view(&spki), &file, NULL).code, CC_E_ARG);
	assert_null(file.p);
	pubkey_free(&good);
	pubkey_free(&odd);
	buf_done(&dg15);
	buf_done(&spki);
	buf_done(&rnd);
	buf_done(&sig);
	json_decref(root);
}

static void modulus_without_sign_octet(void **state)
{
	static const uint8_t e3[] = { 3 };
	uint8_t n[128], *at;
	struct buf spki = { 0 }, again = { 0 };
	struct pubkey *k = NULL;
	struct cert_findings f = { 0 };

	(void)state;
	memset(n, 0xFF, sizeof n);
	unsigned_spki(bytes_of(n, sizeof n), bytes_of(e3, sizeof e3), &spki);
	assert_int_equal(pubkey_from_spki(buf_view(&spki), &k, NULL).code, CC_OK);
	assert_true(pubkey_lacks_sign_octet(k));
	assert_int_equal(pubkey_bits(k), 1024);
	pubkey_lint(k, &f);
	assert_true(cert_findings_has(&f, "key.rsa-sign-octet") && cert_findings_has(&f, "key.rsa-short") &&
		    cert_findings_has(&f, "key.rsa-exponent"));
	assert_int_equal(f.count, 3);
	/* what we write has the octet */
	assert_int_equal(rsa_spki_encode(pubkey_modulus(k), pubkey_exponent(k), &again).code, CC_OK);
	pubkey_free(&k);
	assert_int_equal(pubkey_from_spki(buf_view(&again), &k, NULL).code, CC_OK);
	assert_false(pubkey_lacks_sign_octet(k));
	pubkey_free(&k);
	/* a negative exponent has no such reading */
	at = memmem(spki.p, spki.n, "\x02\x01\x03", 3);
	assert_non_null(at);
	at[2] = 0x83;
	assert_int_equal(pubkey_from_spki(buf_view(&spki), &k, NULL).code, CC_E_FORMAT);
	buf_done(&spki);
	buf_done(&again);
}

/* vectors/05_lds/bsi2008_jmrtd: an Active Authentication key written so. */
static void the_test_card_of_2008_has_such_a_key(void **state)
{
	struct buf file = { 0 };
	struct pubkey *k = NULL;
	struct cursor in;
	struct tlv dg, spki;

	(void)state;
	if (!vectors_file("05_lds/bsi2008_jmrtd/Datagroup15.bin", &file))
		skip();
	cursor_init(&in, buf_view(&file));
	assert_true(tlv_next(&in, TLV_STRICT, &dg));
	cursor_init(&in, dg.value);
	assert_true(tlv_next(&in, TLV_STRICT, &spki));
	assert_int_equal(pubkey_from_spki(spki.whole, &k, NULL).code, CC_OK);
	assert_true(pubkey_lacks_sign_octet(k));
	pubkey_free(&k);
	buf_done(&file);
}

static void every_rule_has_its_own_name_and_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < cert_rule_count(); i++) {
		struct cert_finding a = cert_rule_at(i);

		assert_true(a.id != NULL && a.text[0] != '\0' && cert_severity_name(a.severity)[0] != 0);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(a.id, cert_rule_at(k).id);
	}
	print_message("# count: %zu rules of the certificate profile\n", cert_rule_count());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(our_certificates_keep_every_rule),	cmocka_unit_test(a_certificate_in_the_wrong_role_is_told),
		cmocka_unit_test(each_deviation_has_its_name),		cmocka_unit_test(roca_fingerprint_is_found),
		cmocka_unit_test(modulus_without_sign_octet),		cmocka_unit_test(active_authentication_by_such_a_key),
		cmocka_unit_test(the_test_card_of_2008_has_such_a_key), cmocka_unit_test(every_rule_has_its_own_name_and_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
