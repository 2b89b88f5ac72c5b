/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pki/issue.h"

#include "crypto/base/tlv.h"
#include "tests/support/pki_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static const struct sig_alg sha256 = { SIG_ECDSA, HASH_SHA256, 0, HASH_SHA256 };
static const struct sig_alg sha384 = { SIG_ECDSA, HASH_SHA384, 0, HASH_SHA384 };
static const struct sig_alg pss = { SIG_RSA_PSS, HASH_SHA256, 32, HASH_SHA256 };

static void convert_to_pem(const struct fixture_pki *p)
{
	assert_int_equal(fixture_run(&p->folder, "openssl x509 -inform der -in csca.cer -out csca.pem && "
						 "openssl x509 -inform der -in ds.cer -out ds.pem"),
			 0);
}

static void openssl_command_verifies_the_chain(void **state)
{
	const struct {
		enum ec_curve curve;
		unsigned rsa_bits;
		struct sig_alg alg;
	} cases[] = { { EC_BP256, 0, sha256 }, { EC_P384, 0, sha384 }, { EC_BP512, 0, sha384 }, { EC_P192, 2048, pss } };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct fixture_pki p;

		fixture_pki(&p, cases[i].curve, cases[i].rsa_bits, cases[i].alg, EC_PARAMS_NAMED);
		convert_to_pem(&p);
		assert_int_equal(fixture_run(&p.folder, "openssl verify -x509_strict -check_ss_sig -attime 1767225600 "
							"-CAfile csca.pem csca.pem ds.pem"),
				 0);
		/* and not with a byte changed */
		assert_int_equal(fixture_run(&p.folder, "openssl x509 -in ds.pem -outform der -out x.cer && "
							"printf '\\377' | dd of=x.cer bs=1 seek=30 conv=notrunc 2>/dev/null && "
							"openssl x509 -inform der -in x.cer -out x.pem && "
							"openssl verify -attime 1767225600 -CAfile csca.pem x.pem"),
				 2);
		fixture_pki_done(&p);
	}
}

/* ICAO 9303-12 demands explicit parameters; OpenSSL's chain check refuses them, its bare signature check doesn't. */
static void explicit_parameters_verify_here_and_parse_there(void **state)
{
	struct fixture_pki p;
	const struct cert *anchor = NULL;

	(void)state;
	fixture_pki(&p, EC_BP256, 0, sha256, EC_PARAMS_EXPLICIT);
	assert_true(pubkey_is_explicit(cert_pubkey(p.csca)));
	assert_int_equal(trust_verify(p.trust, p.ds, FIXTURE_NOW_S, &anchor, NULL), CHAIN_GOOD);
	assert_ptr_equal(anchor, trust_at(p.trust, 0));
	convert_to_pem(&p);
	assert_int_equal(fixture_run(&p.folder, "openssl x509 -in csca.pem -noout -text | grep -q 'Field Type: prime-field'"), 0);
	fixture_pki_done(&p);
}

static bool has(const struct cert *c, const char *oid, size_t n, bool want_critical)
{
	struct bytes value;
	bool critical = !want_critical;

	return cert_extension(c, bytes_of(oid, n), &value, &critical) && critical == want_critical;
}

/* ICAO 9303-12 7.1.1: which extensions, and which of them critical. */
static void profiles_carry_what_9303_demands(void **state)
{
	struct fixture_pki p;
	int64_t from_s = 0, to_s = 0;
	unsigned usage = 0;
	struct bytes value = { 0 };
	bool critical = true;

	(void)state;
	fixture_pki(&p, EC_BP256, 0, sha256, EC_PARAMS_EXPLICIT);
	assert_true(cert_is_ca(p.csca));
	assert_true(has(p.csca, "\x55\x1D\x13", 3, true));
	assert_false(has(p.ds, "\x55\x1D\x13", 3, true));
	assert_false(cert_is_ca(p.ds));
	assert_true(cert_key_usage(p.csca, &usage));
	assert_int_equal(usage, CERT_USAGE_KEY_CERT_SIGN | CERT_USAGE_CRL_SIGN);
	assert_true(cert_key_usage(p.ds, &usage));
	assert_int_equal(usage, CERT_USAGE_DIGITAL_SIGNATURE);
	assert_true(has(p.csca, "\x55\x1D\x0F", 3, true));
	assert_true(has(p.ds, "\x55\x1D\x0F", 3, true));
	for (const struct cert *const *c = (const struct cert *const[]){ p.csca, p.ds, NULL }; *c != NULL; c++) {
		assert_true(has(*c, "\x55\x1D\x10", 3, false));
		assert_true(has(*c, "\x55\x1D\x11", 3, false));
		assert_true(has(*c, "\x55\x1D\x12", 3, false));
		assert_true(has(*c, "\x55\x1D\x1F", 3, false));
		assert_false(cert_has_unknown_critical(*c));
		assert_int_equal(cert_ski(*c).n, 20);
		assert_true(bytes_equal(cert_aki(*c), cert_ski(p.csca)));
		assert_true(cert_serial(*c).n >= 1 && cert_serial(*c).n <= 20);
		assert_true(cert_serial(*c).p[0] > 0 && cert_serial(*c).p[0] < 0x80);
	}
	assert_false(bytes_equal(cert_serial(p.csca), cert_serial(p.ds)));
	assert_true(cert_private_key_usage(p.ds, &from_s, &to_s));
	assert_int_equal(from_s, p.ds_profile.private_from_s);
	assert_int_equal(to_s, p.ds_profile.private_to_s);
	assert_true(cert_extension(p.ds, BYTES_LITERAL("\x67\x81\x08\x01\x01\x06\x02"), &value, &critical));
	assert_true(bytes_equal(value, BYTES_LITERAL("\x30\x09\x02\x01\x00\x31\x04\x13\x02ID")));
	assert_false(critical);
	assert_false(cert_extension(p.csca, BYTES_LITERAL("\x67\x81\x08\x01\x01\x06\x02"), &value, &critical));
	fixture_pki_done(&p);
}

/* RFC 5280 4.1.2.5: UTCTime to 2049, GeneralizedTime after. The fixture's CSCA ends in 2055. */
static void times_change_their_type_at_2050(void **state)
{
	struct fixture_pki p;
	struct bytes der;

	(void)state;
	fixture_pki(&p, EC_P256, 0, sha256, EC_PARAMS_NAMED);
	der = cert_der(p.csca);
	assert_non_null(memmem(der.p, der.n,
			       "\x17\x0D"
			       "250101000000Z",
			       15));
	assert_non_null(memmem(der.p, der.n,
			       "\x18\x0F"
			       "2055",
			       6));
	assert_int_equal(cert_not_after_s(p.csca), p.csca_profile.not_after_s);
	fixture_pki_done(&p);
}

static void document_types_are_a_sorted_set(void **state)
{
	struct fixture_pki p;
	struct buf der = { 0 };
	struct cert *c = NULL;
	struct bytes value;
	bool critical;

	(void)state;
	fixture_pki(&p, EC_P256, 0, sha256, EC_PARAMS_NAMED);
	p.ds_profile.document_types[0] = "PP";
	p.ds_profile.document_types[1] = "ID";
	p.ds_profile.document_types[2] = "P";
	assert_int_equal(ds_issue(p.ks, "csca-1", p.csca, "ds-1", &p.ds_profile, &p.sys.sys, &der, NULL).code, CC_OK);
	assert_int_equal(cert_parse(buf_view(&der), &c, NULL).code, CC_OK);
	assert_true(cert_extension(c, BYTES_LITERAL("\x67\x81\x08\x01\x01\x06\x02"), &value, &critical));
	assert_true(bytes_equal(value, BYTES_LITERAL("\x30\x10\x02\x01\x00\x31\x0B\x13\x01P\x13\x02ID\x13\x02PP")));
	cert_free(&c);
	buf_done(&der);
	fixture_pki_done(&p);
}

static void expect_refused(struct fixture_pki *p, const struct pki_profile *profile, enum cc_code want, const char *key)
{
	struct buf der = { 0 };
	struct cc_error err = { 0 };

	assert_int_equal(ds_issue(p->ks, "csca-1", p->csca, "ds-1", profile, &p->sys.sys, &der, &err).code, want);
	assert_string_equal(err.key, key);
	assert_null(der.p);
}

static void bad_profiles_are_refused(void **state)
{
	struct fixture_pki p;
	struct pki_profile bad;

	(void)state;
	fixture_pki(&p, EC_P256, 0, sha256, EC_PARAMS_NAMED);
#define REFUSED(field, value, code, key)                                                                                         \
	do {                                                                                                                     \
		bad = p.ds_profile;                                                                                              \
		bad.field = (value);                                                                                             \
		expect_refused(&p, &bad, code, key);                                                                             \
	} while (0)
	REFUSED(country, "vn", CC_E_ARG, "pki.profile");
	REFUSED(country, "VNM", CC_E_ARG, "pki.profile");
	REFUSED(country_icao, "VN", CC_E_ARG, "pki.profile");
	REFUSED(organization, "", CC_E_ARG, "pki.profile");
	REFUSED(organization, "\xC3(", CC_E_ARG, "pki.profile");
	REFUSED(common_name, "a\nb", CC_E_ARG, "pki.profile");
	REFUSED(not_after_s, p.ds_profile.not_before_s, CC_E_ARG, "pki.profile");
	REFUSED(private_to_s, p.ds_profile.not_after_s + 1, CC_E_ARG, "pki.profile");
	REFUSED(country, "DE", CC_E_ARG, "pki.issuer");
	REFUSED(not_after_s, p.csca_profile.not_after_s + 1, CC_E_ARG, "pki.issuer");
	REFUSED(document_types[0], "IDX", CC_E_ARG, "pki.profile");
#undef REFUSED
	fixture_pki_done(&p);
}

static void document_signer_is_no_issuer(void **state)
{
	struct fixture_pki p;
	struct buf der = { 0 };

	(void)state;
	fixture_pki(&p, EC_P256, 0, sha256, EC_PARAMS_NAMED);
	assert_int_equal(ds_issue(p.ks, "ds-1", p.ds, "ds-1", &p.ds_profile, &p.sys.sys, &der, NULL).code, CC_E_ARG);
	/* the certificate is the country signer's, the key isn't: found before it leaves */
	assert_int_equal(ds_issue(p.ks, "ds-1", p.csca, "ds-1", &p.ds_profile, &p.sys.sys, &der, NULL).code, CC_E_VERIFY);
	assert_int_equal(ds_issue(p.ks, "nobody", p.csca, "ds-1", &p.ds_profile, &p.sys.sys, &der, NULL).code, CC_E_NOT_FOUND);
	assert_null(der.p);
	fixture_pki_done(&p);
}

static void names_beyond_ascii_are_utf8(void **state)
{
	struct fixture_pki p;
	struct buf der = { 0 };
	struct cert *c = NULL;
	char text[128];

	(void)state;
	fixture_pki(&p, EC_P256, 0, sha256, EC_PARAMS_NAMED);
	p.csca_profile.organization = "Bộ Công an";
	assert_int_equal(csca_issue(p.ks, "csca-1", &p.csca_profile, &p.sys.sys, &der, NULL).code, CC_OK);
	assert_int_equal(cert_parse(buf_view(&der), &c, NULL).code, CC_OK);
	cert_name_text(cert_subject(c), text, sizeof text);
	assert_string_equal(text, "C=VN,O=Bộ Công an,CN=Test CSCA");
	assert_non_null(memmem(der.p, der.n, "\x13\x02VN", 4));
	assert_non_null(memmem(der.p, der.n,
			       "\x0C\x0D"
			       "B",
			       3));
	cert_free(&c);
	buf_done(&der);
	fixture_pki_done(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(openssl_command_verifies_the_chain),
		cmocka_unit_test(explicit_parameters_verify_here_and_parse_there),
		cmocka_unit_test(profiles_carry_what_9303_demands),
		cmocka_unit_test(times_change_their_type_at_2050),
		cmocka_unit_test(document_types_are_a_sorted_set),
		cmocka_unit_test(bad_profiles_are_refused),
		cmocka_unit_test(document_signer_is_no_issuer),
		cmocka_unit_test(names_beyond_ascii_are_utf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
