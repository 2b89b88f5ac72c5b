/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/x509.h"

#include "crypto/base/sys.h"
#include "crypto/base/tlv.h"
#include "crypto/pem.h"
#include "tests/support/alloc_fault.h"
#include "tests/support/pki_fixture.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MASTER_LIST "06_pki/masterlists/DE_ML_2024-08-07-07-38-24.ml"
#define DAY_S 86400

static const struct sig_alg sha256 = { SIG_ECDSA, HASH_SHA256, 0, HASH_SHA256 };

static int authority(void **state)
{
	struct fixture_pki *p = calloc(1, sizeof *p);

	assert_non_null(p);
	fixture_pki(p, EC_BP256, 0, sha256, EC_PARAMS_EXPLICIT);
	*state = p;
	return 0;
}

static int authority_done(void **state)
{
	fixture_pki_done(*state);
	free(*state);
	return 0;
}

static cc_status parse_only(struct bytes data)
{
	struct cert *c = NULL;
	cc_status st = cert_parse(data, &c, NULL);

	cert_free(&c);
	return st;
}

/* ---- parsing */

static void parse_refuses_every_cut_and_one_more_byte(void **state)
{
	const struct fixture_pki *p = *state;
	struct bytes der = cert_der(p->ds);
	struct buf longer = { 0 };

	for (size_t n = 0; n < der.n; n++)
		assert_int_equal(parse_only(bytes_of(der.p, n)).code, CC_E_FORMAT);
	assert_int_equal(buf_zero(&longer, der.n + 1).code, CC_OK);
	memcpy(longer.p, der.p, der.n);
	assert_int_equal(parse_only(buf_view(&longer)).code, CC_E_FORMAT);
	buf_done(&longer);
}

/* Whatever byte changes: refused by the parser, or the signature no longer verifies. */
static void every_changed_byte_is_found(void **state)
{
	const struct fixture_pki *p = *state;
	struct buf der = { 0 };
	unsigned refused = 0, unverified = 0;

	assert_int_equal(buf_copy(&der, cert_der(p->ds)).code, CC_OK);
	for (size_t i = 0; i < der.n; i++) {
		struct cert *c = NULL;

		der.p[i] ^= 0x01;
		if (cc_failed(cert_parse(buf_view(&der), &c, NULL)))
			refused++;
		else
			unverified += cc_failed(cert_verify_signature(c, p->csca, NULL));
		cert_free(&c);
		der.p[i] ^= 0x01;
	}
	assert_int_equal(refused + unverified, der.n);
	assert_true(refused > 0 && unverified > 0);
	buf_done(&der);
}

static void parse_reports_memory_at_each_allocation(void **state)
{
	const struct fixture_pki *p = *state;
	unsigned failures = 0;

	for (size_t k = 1; alloc_fault_next(&k);) {
		struct cert *c = NULL;
		cc_status st = cert_parse(cert_der(p->ds), &c, NULL);

		if (alloc_fault_end()) {
			assert_int_equal(st.code, CC_E_MEMORY);
			assert_null(c);
			failures++;
		}
		cert_free(&c);
	}
	assert_true(failures >= 2);
}

static void pem_and_der_are_the_same_certificate(void **state)
{
	const struct fixture_pki *p = *state;
	struct buf pem = { 0 }, two = { 0 };
	struct cert *c = NULL;
	struct writer w;

	assert_int_equal(pem_encode_certificate(cert_der(p->csca), &pem).code, CC_OK);
	assert_int_equal(cert_parse(buf_view(&pem), &c, NULL).code, CC_OK);
	assert_true(bytes_equal(cert_der(c), cert_der(p->csca)));
	cert_free(&c);
	writer_init(&w, 65536);
	writer_put(&w, buf_view(&pem));
	writer_put(&w, buf_view(&pem));
	assert_int_equal(writer_finish(&w, &two).code, CC_OK);
	assert_int_equal(parse_only(buf_view(&two)).code, CC_E_FORMAT);
	assert_int_equal(parse_only(BYTES_LITERAL("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")).code,
			 CC_E_FORMAT);
	assert_int_equal(parse_only(BYTES_LITERAL("-----BEGIN NOTHING-----\n")).code, CC_E_FORMAT);
	buf_done(&pem);
	buf_done(&two);
}

/* ---- names */

static struct buf name_of(const char *const *parts)
{
	struct writer w;
	struct buf out = { 0 };

	writer_init(&w, 4096);
	tlv_open(&w, 0x30);
	for (; parts[0] != NULL; parts += 3) {
		tlv_open(&w, 0x31);
		tlv_open(&w, 0x30);
		der_put_oid(&w, bytes_of(parts[0], 3));
		tlv_put(&w, (uint8_t)parts[1][0], bytes_str(parts[2]));
		tlv_close(&w);
		tlv_close(&w);
	}
	tlv_close(&w);
	assert_int_equal(writer_finish(&w, &out).code, CC_OK);
	return out;
}

#define C "\x55\x04\x06"
#define O "\x55\x04\x0A"
#define CN "\x55\x04\x03"
#define PRINTABLE "\x13"
#define UTF8 "\x0C"

static void names_are_equal_regardless_of_order_and_country_case(void **state)
{
	static const struct {
		const char *const a[10], *const b[10];
		bool equal;
	} cases[] = {
		{ { C, PRINTABLE, "VN", O, UTF8, "x", CN, UTF8, "y" },
		  { CN, UTF8, "y", C, PRINTABLE, "VN", O, UTF8, "x" },
		  true },
		{ { C, PRINTABLE, "vn", O, UTF8, "x" }, { C, PRINTABLE, "VN", O, PRINTABLE, "x" }, true },
		{ { C, PRINTABLE, "VN", O, UTF8, "x" }, { C, PRINTABLE, "VN", O, UTF8, "X" }, false },
		{ { C, PRINTABLE, "VN", O, UTF8, "x" }, { C, PRINTABLE, "VN" }, false },
		{ { O, UTF8, "x", O, UTF8, "y" }, { O, UTF8, "x", O, UTF8, "x" }, false },
		{ { O, UTF8, "x", CN, UTF8, "y" }, { CN, UTF8, "x", O, UTF8, "y" }, false },
		{ { O, UTF8, "x" }, { O, "\x1E", "x" }, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf a = name_of(cases[i].a), b = name_of(cases[i].b);

		assert_int_equal(cert_name_equal(buf_view(&a), buf_view(&b)), cases[i].equal);
		assert_int_equal(cert_name_equal(buf_view(&b), buf_view(&a)), cases[i].equal);
		assert_true(cert_name_equal(buf_view(&a), buf_view(&a)));
		assert_false(cert_name_equal(buf_view(&a), bytes_of(a.p, a.n - 1)));
		buf_done(&a);
		buf_done(&b);
	}
	assert_false(cert_name_equal(bytes_of(NULL, 0), bytes_of(NULL, 0)));
}

static void name_text_is_safe_to_print(void **state)
{
	static const struct {
		const char *const parts[7];
		const char *want;
	} cases[] = {
		{ { C, PRINTABLE, "VN", CN, UTF8, "Cục" }, "C=VN,CN=Cục" },
		{ { CN, UTF8, "a,b=c\\d" }, "CN=a\\,b\\=c\\\\d" },
		{ { CN, UTF8, "\033[2J" }, "CN=\\1B[2J" },
		{ { CN, UTF8,
		    "\xE2\x80\xAE"
		    "x" },
		  "CN=\\E2\\80\\AEx" },						     /* right-to-left override */
		{ { CN, UTF8, "\xC2\x9B" }, "CN=\\C2\\9B" },			     /* C1 control */
		{ { CN, UTF8, "\xC0\xAF\xED\xA0\x80" }, "CN=\\C0\\AF\\ED\\A0\\80" }, /* overlong, surrogate */
		{ { CN, PRINTABLE, "\xC3\xA9" }, "CN=\\C3\\A9" },
		{ { "\x55\x04\x7F", PRINTABLE, "z" }, "2.5.4.127=z" },
	};
	char text[64];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf name = name_of(cases[i].parts);

		cert_name_text(buf_view(&name), text, sizeof text);
		assert_string_equal(text, cases[i].want);
		for (size_t cap = 1; cap < strlen(cases[i].want) + 1; cap++) {
			cert_name_text(buf_view(&name), text, cap);
			assert_true(strlen(text) < cap);
			assert_memory_equal(text, cases[i].want, strlen(text));
		}
		buf_done(&name);
	}
	cert_name_text(BYTES_LITERAL("\x30\x05"), text, sizeof text);
	assert_string_equal(text, "?");
}

/* ---- trust and chains */

static void chain_verdicts(void **state)
{
	struct fixture_pki *p = *state;
	struct fixture_pki stranger, namesake;
	struct trust *both = NULL, *none = NULL;
	const struct cert *anchor = NULL;
	struct cc_error err = { 0 };

	assert_int_equal(trust_verify(p->trust, p->ds, FIXTURE_NOW_S, &anchor, &err), CHAIN_GOOD);
	assert_null(err.key);
	assert_ptr_equal(anchor, trust_at(p->trust, 0));
	/* exactly within the validity */
	assert_int_equal(trust_verify(p->trust, p->ds, cert_not_before_s(p->ds), &anchor, NULL), CHAIN_GOOD);
	assert_int_equal(trust_verify(p->trust, p->ds, cert_not_before_s(p->ds) - 1, &anchor, NULL), CHAIN_EXPIRED);
	assert_int_equal(trust_verify(p->trust, p->ds, cert_not_after_s(p->ds), &anchor, NULL), CHAIN_GOOD);
	assert_int_equal(trust_verify(p->trust, p->ds, cert_not_after_s(p->ds) + 1, &anchor, &err), CHAIN_EXPIRED);
	assert_string_equal(err.key, "chain.expired");
	assert_non_null(anchor);
	/* nobody, or another country signer of the same name: no anchor, not a forgery */
	assert_int_equal(trust_new(&none).code, CC_OK);
	anchor = NULL;
	assert_int_equal(trust_verify(none, p->ds, FIXTURE_NOW_S, &anchor, NULL), CHAIN_NO_ANCHOR);
	assert_null(anchor);
	/* without a candidate the output stays as it was */
	anchor = p->csca;
	assert_int_equal(trust_verify(none, p->ds, FIXTURE_NOW_S, &anchor, NULL), CHAIN_NO_ANCHOR);
	assert_ptr_equal(anchor, p->csca);
	fixture_pki(&stranger, EC_P384, 0, sha256, EC_PARAMS_NAMED);
	assert_int_equal(trust_verify(stranger.trust, p->ds, FIXTURE_NOW_S, &anchor, NULL), CHAIN_NO_ANCHOR);
	/* both there: the right one is found behind the wrong one */
	assert_int_equal(trust_new(&both).code, CC_OK);
	assert_int_equal(trust_add(both, cert_der(stranger.csca), NULL).code, CC_OK);
	assert_int_equal(trust_add(both, cert_der(p->csca), NULL).code, CC_OK);
	assert_int_equal(trust_add(both, cert_der(p->csca), NULL).code, CC_OK);
	assert_int_equal(trust_count(both), 2);
	assert_int_equal(trust_verify(both, p->ds, FIXTURE_NOW_S, &anchor, NULL), CHAIN_GOOD);
	assert_true(bytes_equal(cert_der(anchor), cert_der(p->csca)));
	/* a document signer in the trust folder is no authority */
	fixture_pki(&namesake, EC_P256, 0, sha256, EC_PARAMS_NAMED);
	assert_int_equal(trust_add(none, cert_der(p->ds), NULL).code, CC_OK);
	assert_int_equal(trust_verify(none, p->ds, FIXTURE_NOW_S, &anchor, NULL), CHAIN_NO_ANCHOR);
	trust_free(&both);
	trust_free(&none);
	fixture_pki_done(&stranger);
	fixture_pki_done(&namesake);
}

/* A signature byte changed: the named anchor is there, the signature is not its. */
static void forged_signature_is_told_from_a_missing_anchor(void **state)
{
	struct fixture_pki *p = *state;
	struct buf der = { 0 };
	struct cert *c = NULL;
	const struct cert *anchor = NULL;
	struct cc_error err = { 0 };

	assert_int_equal(buf_copy(&der, cert_der(p->ds)).code, CC_OK);
	der.p[der.n - 1] ^= 1;
	assert_int_equal(cert_parse(buf_view(&der), &c, NULL).code, CC_OK);
	assert_int_equal(trust_verify(p->trust, c, FIXTURE_NOW_S, &anchor, &err), CHAIN_SIGNATURE_WRONG);
	assert_string_equal(err.key, "chain.signature-wrong");
	assert_ptr_equal(anchor, trust_at(p->trust, 0));
	cert_free(&c);
	buf_done(&der);
}

/* Out of memory is no judgement: the verdict is undetermined, never a wrong signature. */
static void lack_of_memory_is_not_a_wrong_signature(void **state)
{
	struct fixture_pki *p = *state;
	unsigned failures = 0;

	for (size_t k = 1; alloc_fault_next(&k);) {
		struct cc_error err = { 0 };
		const struct cert *anchor = NULL;
		struct cert *c = NULL;
		enum chain_verdict v = CHAIN_UNDETERMINED;
		cc_status st = cert_parse(cert_der(p->ds), &c, &err);
		bool refused;

		if (!cc_failed(st))
			v = trust_verify(p->trust, c, FIXTURE_NOW_S, &anchor, &err);
		refused = alloc_fault_end();
		cert_free(&c);
		if (!refused) {
			assert_int_equal(v, CHAIN_GOOD);
			continue;
		}
		assert_int_equal(v, CHAIN_UNDETERMINED);
		assert_int_equal(err.code, CC_E_MEMORY);
		failures++;
	}
	assert_true(failures > 0);
}

/* A key that signs certificates but whose own certificate is a document signer's. */
static void signer_that_is_no_ca_is_a_structure_fault(void **state)
{
	struct fixture_pki *p = *state;
	struct pki_profile profile = p->csca_profile;
	struct buf fake_der = { 0 }, der = { 0 };
	struct cert *c = NULL;
	struct trust *t = NULL;
	const struct cert *anchor = NULL;

	/* self-signed by ds-1 under the document signer's own name, so that p->ds is its anchor by name and key */
	profile.common_name = p->ds_profile.common_name;
	assert_int_equal(csca_issue(p->ks, "ds-1", &profile, &p->sys.sys, &der, NULL).code, CC_OK);
	assert_int_equal(cert_parse(buf_view(&der), &c, NULL).code, CC_OK);
	assert_int_equal(trust_new(&t).code, CC_OK);
	assert_int_equal(trust_add(t, cert_der(p->ds), NULL).code, CC_OK);
	assert_int_equal(trust_verify(t, c, FIXTURE_NOW_S, &anchor, NULL), CHAIN_STRUCTURE_WRONG);
	trust_free(&t);
	cert_free(&c);
	buf_done(&der);
	buf_done(&fake_der);
}

static void folder_is_loaded_and_bad_files_are_counted(void **state)
{
	struct fixture_pki *p = *state;
	struct fixture_pki other;
	struct trust *t = NULL;
	size_t skipped = 0;
	struct buf pem = { 0 }, two = { 0 };
	struct writer w;

	fixture_pki(&other, EC_P256, 0, sha256, EC_PARAMS_NAMED);
	writer_init(&w, 65536);
	for (const struct cert *const *c = (const struct cert *const[]){ other.csca, other.ds, NULL }; *c != NULL; c++) {
		assert_int_equal(pem_encode_certificate(cert_der(*c), &pem).code, CC_OK);
		writer_put(&w, buf_view(&pem));
	}
	assert_int_equal(writer_finish(&w, &two).code, CC_OK);
	assert_int_equal(fixture_run(&p->folder,
				     "mkdir t && cp csca.cer t/a.cer && cp csca.cer t/a.DER && cp ds.cer t/notes.txt && "
				     "echo junk >t/b.crt && : >t/.hidden.cer && echo junk >t/c.pem"),
			 0);
	fixture_write(&p->folder, "t/two.pem", buf_view(&two));
	assert_int_equal(trust_new(&t).code, CC_OK);
	{
		char path[256];

		fixture_path(&p->folder, "t", path, sizeof path);
		assert_int_equal(trust_load_folder(t, path, &skipped, NULL).code, CC_OK);
		assert_int_equal(trust_count(t), 3);
		assert_int_equal(skipped, 2);
		fixture_path(&p->folder, "nowhere", path, sizeof path);
		assert_int_equal(trust_load_folder(t, path, &skipped, NULL).code, CC_E_NOT_FOUND);
	}
	trust_free(&t);
	buf_done(&pem);
	buf_done(&two);
	fixture_pki_done(&other);
}

/* ---- real country signers */

static bool load_master_list(struct trust *t)
{
	struct buf file = { 0 };
	struct cc_error err = { 0 };
	bool self_vouched = false;

	if (!vectors_file(MASTER_LIST, &file))
		return false;
	if (cc_failed(trust_add_master_list(t, buf_view(&file), &self_vouched, &err)))
		fail_msg("%s: %s", err.key, err.detail);
	assert_true(self_vouched);
	buf_done(&file);
	return true;
}

/* Counts found once by a second implementation with its own ECDSA, RSA and DER: 541 distinct, 358 verify under their own key. */
static void master_list_of_541_country_signers(void **state)
{
	struct trust *t = NULL;
	unsigned self = 0, explicit_keys = 0, lower_case = 0, verdicts[CHAIN_UNDETERMINED + 1] = { 0 };

	(void)state;
	assert_int_equal(trust_new(&t).code, CC_OK);
	if (!load_master_list(t)) {
		trust_free(&t);
		skip();
	}
	assert_int_equal(trust_count(t), 541);
	for (size_t i = 0; i < trust_count(t); i++) {
		const struct cert *c = trust_at(t, i);
		struct chain chain;
		char country[3];

		assert_non_null(cert_pubkey(c));
		cert_country(c, country);
		assert_int_equal(strlen(country), 2);
		lower_case += memmem(cert_subject(c).p, cert_subject(c).n, country, 2) == NULL;
		explicit_keys += pubkey_kind(cert_pubkey(c)) == PUBKEY_EC && pubkey_is_explicit(cert_pubkey(c));
		self += !cc_failed(cert_verify_signature(c, c, NULL));
		trust_verify_chain(t, c, cert_not_before_s(c) + DAY_S, &chain, NULL);
		verdicts[chain.verdict]++;
	}
	assert_int_equal(self, 358);
	assert_int_equal(explicit_keys, 126);
	assert_true(lower_case > 0);
	/* every link certificate whose issuer is in the list verifies under it; five outlived their issuer, seven have none here
	 */
	assert_int_equal(verdicts[CHAIN_GOOD], 529);
	assert_int_equal(verdicts[CHAIN_EXPIRED], 5);
	assert_int_equal(verdicts[CHAIN_NO_ANCHOR], 7);
	print_message("# count: 541 country signers read, 358 self-signatures, 534 chains, %u with explicit parameters\n",
		      explicit_keys);
	trust_free(&t);
}

#define with_authority(f) cmocka_unit_test_setup_teardown(f, authority, authority_done)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_authority(parse_refuses_every_cut_and_one_more_byte),
		with_authority(every_changed_byte_is_found),
		with_authority(parse_reports_memory_at_each_allocation),
		with_authority(pem_and_der_are_the_same_certificate),
		cmocka_unit_test(names_are_equal_regardless_of_order_and_country_case),
		cmocka_unit_test(name_text_is_safe_to_print),
		with_authority(chain_verdicts),
		with_authority(forged_signature_is_told_from_a_missing_anchor),
		with_authority(lack_of_memory_is_not_a_wrong_signature),
		with_authority(signer_that_is_no_ca_is_a_structure_fault),
		with_authority(folder_is_loaded_and_bad_files_are_counted),
		cmocka_unit_test(master_list_of_541_country_signers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
