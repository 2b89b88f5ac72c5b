/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/cms.h"

#include "crypto/base/sys.h"
#include "crypto/base/tlv.h"
#include "crypto/ber.h"
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

static const struct sig_alg sha256 = { SIG_ECDSA, HASH_SHA256, 0, HASH_SHA256 };
static const struct sig_alg pkcs1 = { SIG_RSA_PKCS1, HASH_SHA256, 0, HASH_SHA256 };
static const struct sig_alg pss = { SIG_RSA_PSS, HASH_SHA256, 32, HASH_SHA256 };
/* id-icao-mrtd-security-ldsSecurityObject */
static const struct bytes lds_oid = BYTES_LITERAL("\x67\x81\x08\x01\x01\x01");
static const struct bytes content = BYTES_LITERAL("content that is signed");

static int authority(void **state)
{
	struct fixture_pki *p = calloc(1, sizeof *p);

	assert_non_null(p);
	fixture_pki(p, EC_BP256, 0, sha256, EC_PARAMS_NAMED);
	*state = p;
	return 0;
}

static int authority_done(void **state)
{
	fixture_pki_done(*state);
	free(*state);
	return 0;
}

static struct cms_sign_params params_of(const struct fixture_pki *p, struct sig_alg alg)
{
	return (struct cms_sign_params){
		.content_type = lds_oid, .content = content, .keystore = p->ks, .key_label = "ds-1", .signer = p->ds, .alg = alg
	};
}

static struct buf signed_by(const struct fixture_pki *p, struct sig_alg alg)
{
	struct cms_sign_params params = params_of(p, alg);
	struct buf der = { 0 };
	struct cc_error err = { 0 };

	if (cc_failed(cms_sign(&params, &der, &err)))
		fail_msg("cms_sign: %s %s", err.key, err.detail);
	return der;
}

/* All that an inspector asks. */
static bool good_in_every_respect(struct bytes data, const struct fixture_pki *p)
{
	struct cms *c = NULL;
	const struct cert *signer, *anchor;
	bool good = false;

	if (cc_failed(cms_parse(data, &c, NULL)))
		return false;
	signer = cms_signer_cert(c);
	good = signer != NULL && !cc_failed(cms_check_structure(c, NULL)) && !cc_failed(cms_verify(c, signer, NULL)) &&
	       trust_verify(p->trust, signer, FIXTURE_NOW_S, &anchor, NULL) == CHAIN_GOOD &&
	       bytes_equal(cms_content_type(c), lds_oid) && bytes_equal(cms_content(c), content);
	cms_free(&c);
	return good;
}

/* ---- what we make */

static void signed_data_follows_the_profile(void **state)
{
	const struct fixture_pki *p = *state;
	struct buf der = signed_by(p, sha256);
	struct cms *c = NULL;
	int64_t when = 0;

	assert_true(good_in_every_respect(buf_view(&der), p));
	assert_int_equal(cms_parse(buf_view(&der), &c, NULL).code, CC_OK);
	assert_int_equal(cms_version(c), 3);
	assert_int_equal(cms_cert_count(c), 1);
	assert_true(bytes_equal(cert_der(cms_cert(c, 0)), cert_der(p->ds)));
	assert_ptr_equal(cms_signer_cert(c), cms_cert(c, 0));
	assert_int_equal(cms_digest_alg(c), HASH_SHA256);
	assert_int_equal(cms_sig_alg(c).scheme, SIG_ECDSA);
	assert_false(cms_signing_time(c, &when));
	cms_free(&c);
	buf_done(&der);
}

static void signing_time_only_when_asked(void **state)
{
	const struct fixture_pki *p = *state;
	struct cms_sign_params params = params_of(p, sha256);
	struct buf der = { 0 };
	struct cms *c = NULL;
	int64_t when = 0;

	params.with_signing_time = true;
	params.signing_time_s = FIXTURE_NOW_S;
	assert_int_equal(cms_sign(&params, &der, NULL).code, CC_OK);
	assert_true(good_in_every_respect(buf_view(&der), p));
	assert_int_equal(cms_parse(buf_view(&der), &c, NULL).code, CC_OK);
	assert_true(cms_signing_time(c, &when));
	assert_int_equal(when, FIXTURE_NOW_S);
	cms_free(&c);
	buf_done(&der);
}

static void nothing_leaves_signed_by_another_key(void **state)
{
	const struct fixture_pki *p = *state;
	struct cms_sign_params params = params_of(p, sha256);
	struct buf der = { 0 };
	struct cc_error err = { 0 };

	params.key_label = "csca-1";
	assert_int_equal(cms_sign(&params, &der, &err).code, CC_E_VERIFY);
	assert_string_equal(err.key, "cms.signature-wrong");
	cc_error_init(&err);
	params.key_label = "nobody";
	assert_int_equal(cms_sign(&params, &der, &err).code, CC_E_NOT_FOUND);
	assert_string_equal(err.key, "keystore.no-key");
	assert_null(der.p);
}

static const char to_pem[] =
	"openssl x509 -inform der -in csca.cer -out csca.pem && openssl x509 -inform der -in ds.cer -out ds.pem";

static void openssl_command_verifies_ours(void **state)
{
	const struct {
		unsigned rsa_bits;
		enum ec_curve curve;
		struct sig_alg alg;
	} cases[] = { { 0, EC_BP256, sha256 },
		      { 0, EC_P521, { SIG_ECDSA, HASH_SHA512, 0, HASH_SHA512 } },
		      { 2048, EC_P192, pkcs1 },
		      { 2048, EC_P192, pss } };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct fixture_pki p;
		struct buf der;

		fixture_pki(&p, cases[i].curve, cases[i].rsa_bits, cases[i].alg, EC_PARAMS_NAMED);
		der = signed_by(&p, cases[i].alg);
		fixture_write(&p.folder, "sod.der", buf_view(&der));
		fixture_write(&p.folder, "content", content);
		assert_int_equal(fixture_run(&p.folder, to_pem), 0);
		assert_int_equal(fixture_run(&p.folder,
					     "openssl cms -verify -inform der -in sod.der -CAfile csca.pem -purpose any "
					     "-attime 1767225600 -binary -out got && cmp got content"),
				 0);
		der.p[der.n - 1] ^= 1;
		fixture_write(&p.folder, "sod.der", buf_view(&der));
		assert_int_not_equal(fixture_run(&p.folder,
						 "openssl cms -verify -inform der -in sod.der -CAfile csca.pem -purpose any "
						 "-attime 1767225600 -binary -out got"),
				     0);
		buf_done(&der);
		fixture_pki_done(&p);
	}
}

/* ---- what others make */

static void verify_foreign(const struct fixture_pki *p, const char *options, enum cc_code structure, const char *want_fault)
{
	char command[512], path[256];
	struct buf der = { 0 };
	struct cms *c = NULL;
	struct cc_error err = { 0 };

	(void)snprintf(
		command, sizeof command,
		"openssl cms -sign -binary -nodetach -in content -signer other.pem -inkey other.key -outform der -out other.der %s",
		options);
	assert_int_equal(fixture_run(&p->folder, command), 0);
	fixture_path(&p->folder, "other.der", path, sizeof path);
	assert_int_equal(sys_read_file(path, 1 << 20, &der, NULL).code, CC_OK);
	assert_int_equal(cms_parse(buf_view(&der), &c, NULL).code, CC_OK);
	assert_non_null(cms_signer_cert(c));
	assert_int_equal(cms_verify(c, cms_signer_cert(c), NULL).code, CC_OK);
	assert_int_equal(cms_verify(c, p->ds, NULL).code, CC_E_VERIFY);
	assert_true(bytes_equal(cms_content(c), content));
	assert_int_equal(cms_check_structure(c, &err).code, structure);
	if (want_fault != NULL)
		assert_non_null(strstr(err.detail, want_fault));
	cms_free(&c);
	buf_done(&der);
}

static void openssl_made_is_read(void **state)
{
	const struct fixture_pki *p = *state;

	fixture_write(&p->folder, "content", content);
	assert_int_equal(fixture_run(&p->folder,
				     "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout other.key "
				     "-out other.pem -subj /C=VN/O=x/CN=y -days 30"),
			 0);
	verify_foreign(p, "-econtent_type 2.23.136.1.1.1", CC_OK, NULL);
	verify_foreign(p, "-econtent_type 2.23.136.1.1.1 -keyid -md sha384", CC_OK, NULL);
	verify_foreign(p, "-econtent_type 2.23.136.1.1.1 -stream", CC_E_FORMAT, "not DER");
	verify_foreign(p, "-econtent_type 2.23.136.1.1.1 -noattr", CC_E_FORMAT, "attributes");
	verify_foreign(p, "", CC_E_FORMAT, "version");
	assert_int_equal(fixture_run(&p->folder, "openssl req -x509 -newkey rsa:2048 -nodes -keyout other.key -out other.pem "
						 "-subj /C=VN/O=x/CN=z -days 30"),
			 0);
	verify_foreign(p, "-econtent_type 2.23.136.1.1.1", CC_OK, NULL);
	verify_foreign(p, "-econtent_type 2.23.136.1.1.1 -keyopt rsa_padding_mode:pss", CC_OK, NULL);
}

static void check_file(const char *name, bool in_tag_77, unsigned *count)
{
	struct buf file = { 0 };
	struct bytes data;
	struct cms *c = NULL;
	struct cursor in;

	if (!vectors_file(name, &file))
		return;
	data = buf_view(&file);
	cursor_init(&in, data);
	if (in_tag_77)
		assert_true(tlv_expect_bytes(&in, TLV_LENIENT, 0x77, &data));
	assert_int_equal(cms_parse(data, &c, NULL).code, CC_OK);
	assert_int_equal(cms_check_structure(c, NULL).code, CC_OK);
	assert_non_null(cms_signer_cert(c));
	assert_int_equal(cms_verify(c, cms_signer_cert(c), NULL).code, CC_OK);
	(*count)++;
	cms_free(&c);
	buf_done(&file);
}

static void recorded_documents_verify(void **state)
{
	unsigned count = 0;

	(void)state;
	check_file("05_lds/bsi2008_jmrtd/EF_SOD.bin", true, &count);
	check_file("05_lds/etsi_eacaa_pymrtd/EF_SOD.bin", true, &count);
	check_file("05_lds/cardaccess_ausweisapp/efCardSecurity.bin", false, &count);
	check_file("05_lds/cardaccess_cardsecurity_openpace/ef_cardsecurity_dan.bin", false, &count);
	check_file("05_lds/cardaccess_cardsecurity_openpace/tc_dh_ef_cardsecurity.bin", false, &count);
	check_file("05_lds/cardaccess_cardsecurity_openpace/tc_ecdh_ef_cardsecurity.bin", false, &count);
	check_file("06_pki/masterlists/DE_ML_2024-08-07-07-38-24.ml", false, &count);
	if (count == 0)
		skip();
	assert_int_equal(count, 7);
}

/* ---- oddities of real documents, made from one of ours */

/* Offset of the last occurrence: SignerInfo stands at the end. */
static uint8_t *last_of(struct buf *der, struct bytes what)
{
	for (size_t i = der->n - what.n + 1; i-- > 0;)
		if (memcmp(der->p + i, what.p, what.n) == 0)
			return der->p + i;
	fail_msg("not found");
	return NULL;
}

/* The issuer of a SignerInfo isn't signed; some signers list its names the other way round. */
static void issuer_in_another_order_is_found(void **state)
{
	const struct fixture_pki *p = *state;
	struct buf der = signed_by(p, sha256);
	struct bytes issuer = cert_issuer(p->ds);
	uint8_t *name = last_of(&der, issuer);
	struct cursor in, seq;
	struct tlv rdns[8];
	size_t count = 0;
	uint8_t *out;

	cursor_init(&in, issuer);
	assert_true(tlv_expect(&in, TLV_STRICT, 0x30, &seq));
	while (cursor_left(&seq) > 0)
		assert_true(tlv_next(&seq, TLV_STRICT, &rdns[count++]));
	out = name + 2;
	for (size_t i = count; i-- > 0;) {
		memcpy(out, rdns[i].whole.p, rdns[i].whole.n);
		out += rdns[i].whole.n;
	}
	assert_memory_not_equal(name, issuer.p, issuer.n);
	assert_true(good_in_every_respect(buf_view(&der), p));
	buf_done(&der);
}

static void plain_rsa_encryption_takes_the_digest_algorithm(void **state)
{
	struct fixture_pki p;
	struct buf der;
	uint8_t *oid;

	(void)state;
	fixture_pki(&p, EC_P192, 2048, pkcs1, EC_PARAMS_NAMED);
	der = signed_by(&p, pkcs1);
	oid = last_of(&der, BYTES_LITERAL("\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0B"));
	oid[8] = 0x01;
	assert_true(good_in_every_respect(buf_view(&der), &p));
	buf_done(&der);
	fixture_pki_done(&p);
}

/* A changed version or digestAlgorithms isn't covered by the signature: structure is checked too. */
static void structure_is_judged_apart_from_the_signature(void **state)
{
	const struct fixture_pki *p = *state;
	struct buf der = signed_by(p, sha256);
	static const uint8_t start[] = { 0x02, 0x01, 0x03, 0x31 };
	uint8_t *version = memmem(der.p, der.n, start, sizeof start);
	struct cms *c = NULL;
	struct cc_error err = { 0 };

	assert_non_null(version);
	version[2] = 1;
	assert_int_equal(cms_parse(buf_view(&der), &c, NULL).code, CC_OK);
	assert_int_equal(cms_verify(c, p->ds, NULL).code, CC_OK);
	assert_int_equal(cms_check_structure(c, &err).code, CC_E_FORMAT);
	assert_string_equal(err.key, "cms.structure");
	cms_free(&c);
	buf_done(&der);
}

static void every_changed_byte_every_cut_and_a_trailing_byte_are_found(void **state)
{
	const struct fixture_pki *p = *state;
	struct buf der = signed_by(p, sha256), longer = { 0 };

	for (size_t i = 0; i < der.n; i++) {
		for (unsigned bit = 0; bit < 8; bit += 7) {
			der.p[i] ^= (uint8_t)(1u << bit);
			if (good_in_every_respect(buf_view(&der), p))
				fail_msg("byte %zu bit %u may change", i, bit);
			der.p[i] ^= (uint8_t)(1u << bit);
		}
		assert_false(good_in_every_respect(bytes_of(der.p, i), p));
	}
	assert_int_equal(buf_zero(&longer, der.n + 1).code, CC_OK);
	memcpy(longer.p, der.p, der.n);
	assert_false(good_in_every_respect(buf_view(&longer), p));
	print_message("# count: %zu changed bytes and cuts of a signed object, none accepted\n", 3 * der.n);
	buf_done(&der);
	buf_done(&longer);
}

static void parse_reports_memory_at_each_allocation(void **state)
{
	const struct fixture_pki *p = *state;
	struct buf der = signed_by(p, sha256);
	unsigned failures = 0;

	for (size_t k = 1; alloc_fault_next(&k);) {
		struct cms *c = NULL;
		cc_status st = cms_parse(buf_view(&der), &c, NULL);

		if (alloc_fault_end()) {
			assert_int_equal(st.code, CC_E_MEMORY);
			assert_null(c);
			failures++;
		}
		cms_free(&c);
	}
	assert_true(failures >= 4);
	buf_done(&der);
}

static void sign_leaves_nothing_half_at_each_allocation(void **state)
{
	const struct fixture_pki *p = *state;
	struct cms_sign_params params = params_of(p, sha256);
	unsigned failures = 0;

	for (size_t k = 1; alloc_fault_next(&k);) {
		struct buf der = { 0 };
		cc_status st = cms_sign(&params, &der, NULL);

		if (alloc_fault_end()) {
			assert_true(cc_failed(st));
			assert_null(der.p);
			failures++;
		}
		buf_done(&der);
	}
	assert_true(failures > 20);
}

/* ---- BER */

/* The same object as a careless signer writes it: every constructed object open, octet strings in pieces of 3. */
static void put_as_ber(struct writer *w, struct bytes der, unsigned depth)
{
	struct cursor in;
	struct tlv t;

	cursor_init(&in, der);
	while (cursor_left(&in) > 0) {
		assert_true(tlv_next(&in, TLV_STRICT, &t));
		if (t.tag == 0x04 && depth == 4) { /* eContent */
			writer_put(w, BYTES_LITERAL("\x24\x80"));
			for (size_t i = 0; i < t.value.n; i += 3)
				tlv_put(w, 0x04, bytes_of(t.value.p + i, t.value.n - i < 3 ? t.value.n - i : 3));
			writer_put(w, BYTES_LITERAL("\x00\x00"));
		} else if ((t.tag & 0x20) != 0 && depth < 4 && !(depth == 2 && t.tag == 0xA0)) {
			writer_u8(w, (uint8_t)t.tag);
			writer_u8(w, 0x80);
			put_as_ber(w, t.value, depth + 1);
			writer_put(w, BYTES_LITERAL("\x00\x00"));
		} else {
			writer_put(w, t.whole);
		}
	}
}

static void ber_of_ours_verifies(void **state)
{
	const struct fixture_pki *p = *state;
	struct buf der = signed_by(p, sha256), ber = { 0 }, back = { 0 };
	struct writer w;
	struct cms *c = NULL;
	struct cc_error err = { 0 };
	bool changed = false;

	writer_init(&w, 65536);
	put_as_ber(&w, buf_view(&der), 0);
	assert_int_equal(writer_finish(&w, &ber).code, CC_OK);
	assert_int_equal(ber_to_definite(buf_view(&ber), &back, &changed).code, CC_OK);
	assert_true(changed);
	assert_true(bytes_equal(buf_view(&back), buf_view(&der)));
	assert_int_equal(cms_parse(buf_view(&ber), &c, NULL).code, CC_OK);
	assert_int_equal(cms_verify(c, cms_signer_cert(c), NULL).code, CC_OK);
	assert_int_equal(cms_check_structure(c, &err).code, CC_E_FORMAT);
	assert_non_null(strstr(err.detail, "not DER"));
	cms_free(&c);
	for (size_t n = 0; n < ber.n; n++) {
		struct buf cut = { 0 };

		assert_int_equal(ber_to_definite(bytes_of(ber.p, n), &cut, &changed).code, CC_E_FORMAT);
		assert_null(cut.p);
	}
	buf_done(&der);
	buf_done(&ber);
	buf_done(&back);
}

static void ber_keeps_what_needs_no_change(void **state)
{
	static const struct {
		const char *in, *out; /* NULL: refused */
		bool changed;
	} cases[] = {
		{ "3003020101", "3003020101", false },
		{ "308103020101", "308103020101", false }, /* not minimal, yet definite: left alone */
		{ "30800201010000", "3003020101", true },
		{ "3080308000000000", "30023000", true },
		{ "300730800201010000", "30053003020101", true },
		{ "2480040101040102"
		  "0000",
		  "04020102", true },
		{ "2406040101040102", "04020102", true },
		{ "2480248004010100000000", "040101", true },
		{ "24800000", "0400", true },
		{ "0480", NULL, false },	   /* open and primitive */
		{ "3080020101", NULL, false },	   /* no end */
		{ "308002010100", NULL, false },   /* half an end */
		{ "30800201010001", NULL, false }, /* end mark with a length */
		{ "3003020101"
		  "00",
		  NULL, false }, /* one more byte */
		{ "2480020101"
		  "0000",
		  NULL, false }, /* a piece that is no octet string */
		{ "", NULL, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf in = vectors_from_hex(cases[i].in), out = { 0 };
		bool changed = false;
		cc_status st = ber_to_definite(buf_view(&in), &out, &changed);

		assert_int_equal(st.code, cases[i].out != NULL ? CC_OK : CC_E_FORMAT);
		if (cases[i].out != NULL) {
			assert_true(vectors_is_hex(buf_view(&out), cases[i].out));
			assert_int_equal(changed, cases[i].changed);
		}
		buf_done(&in);
		buf_done(&out);
	}
}

static cc_status nested(unsigned depth)
{
	struct writer w;
	struct buf in = { 0 }, out = { 0 };
	bool changed;
	cc_status st;

	writer_init(&w, 1 << 20);
	for (unsigned i = 0; i < depth; i++)
		writer_put(&w, BYTES_LITERAL("\x30\x80"));
	for (unsigned i = 0; i < depth; i++)
		writer_put(&w, BYTES_LITERAL("\x00\x00"));
	assert_int_equal(writer_finish(&w, &in).code, CC_OK);
	st = ber_to_definite(buf_view(&in), &out, &changed);
	buf_done(&in);
	buf_done(&out);
	return st;
}

static void ber_depth_is_bounded(void **state)
{
	(void)state;
	assert_int_equal(nested(BER_DEPTH_MAX).code, CC_OK);
	assert_int_equal(nested(BER_DEPTH_MAX + 1).code, CC_E_LIMIT);
	assert_int_equal(nested(100000).code, CC_E_LIMIT);
}

#define with_authority(f) cmocka_unit_test_setup_teardown(f, authority, authority_done)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_authority(signed_data_follows_the_profile),
		with_authority(signing_time_only_when_asked),
		with_authority(nothing_leaves_signed_by_another_key),
		cmocka_unit_test(openssl_command_verifies_ours),
		with_authority(openssl_made_is_read),
		cmocka_unit_test(recorded_documents_verify),
		with_authority(issuer_in_another_order_is_found),
		cmocka_unit_test(plain_rsa_encryption_takes_the_digest_algorithm),
		with_authority(structure_is_judged_apart_from_the_signature),
		with_authority(every_changed_byte_every_cut_and_a_trailing_byte_are_found),
		with_authority(parse_reports_memory_at_each_allocation),
		with_authority(sign_leaves_nothing_half_at_each_allocation),
		with_authority(ber_of_ours_verifies),
		cmocka_unit_test(ber_keeps_what_needs_no_change),
		cmocka_unit_test(ber_depth_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
