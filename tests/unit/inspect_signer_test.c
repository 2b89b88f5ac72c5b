/* SPDX-License-Identifier: Apache-2.0 */
#include "card/inspect/inspect.h"
#include "card/inspect/issuing_state.h"
#include "card/lds/card_access_infos.h"
#include "card/lds/card_security.h"
#include "card/lds/sod_object.h"
#include "crypto/base/tlv.h"
#include "crypto/pki/crl.h"
#include "crypto/pki/master_list.h"
#include "tests/support/inspect_expect.h"
#include "tests/support/lds_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Passive authentication beyond the plain case: who signed, when, in what form, and what revocation says. */

#define DAY_S 86400

static const struct bytes none;

struct scene {
	struct lds_fixture f;
	struct lds_set set;
};

static int setup(void **state)
{
	static struct scene s;

	memset(&s, 0, sizeof s);
	lds_fixture(&s.f, EC_BP256, HASH_SHA256);
	lds_fixture_files(&s.f, none, none, &s.set);
	lds_fixture_sign(&s.f, 1, &s.set);
	*state = &s;
	return 0;
}

static int teardown(void **state)
{
	struct scene *s = *state;

	lds_set_done(&s->set);
	lds_fixture_done(&s->f);
	return 0;
}

static void judge_at(const struct scene *s, int64_t now_s, struct inspection *ret)
{
	const struct inspect_params p = { .trust = s->f.trust, .now_s = now_s, .sys = &s->f.sys.sys };

	memset(ret, 0, sizeof *ret);
	assert_int_equal(inspect_files(&s->set, &p, ret).code, CC_OK);
}

static void add_crl(struct scene *s, bool revoked, int64_t from_s, uint64_t number)
{
	struct crl_entry entry = { cert_serial(s->f.ds), from_s, CRL_KEY_COMPROMISE };
	struct crl_params params = { .keystore = s->f.keystore,
				     .key_label = "csca-1",
				     .issuer = s->f.csca,
				     .alg = { SIG_ECDSA, HASH_SHA256, 0, HASH_SHA256 },
				     .number = number,
				     .this_update_s = from_s,
				     .next_update_s = from_s + DAY_S,
				     .entries = &entry,
				     .count = revoked ? 1 : 0 };
	struct buf der = { 0 };
	struct cc_error err = { 0 };

	if (cc_failed(crl_build(&params, &der, &err)))
		fail_msg("%s: %s", err.key, err.detail);
	assert_int_equal(trust_add_crl(s->f.trust, buf_view(&der), NULL).code, CC_OK);
	buf_done(&der);
}

static void put_sod(struct scene *s, struct bytes cms)
{
	struct writer w;
	struct buf file = { 0 };

	writer_init(&w, 65536);
	tlv_put(&w, 0x77, cms);
	assert_int_equal(writer_finish(&w, &file).code, CC_OK);
	assert_int_equal(lds_set_put(&s->set, LDS_SOD, buf_view(&file)).code, CC_OK);
	buf_done(&file);
}

/* The CMS object of the SOD; a view into the set. */
static struct bytes cms_of(const struct scene *s)
{
	struct bytes cms;
	struct cursor in;

	cursor_init(&in, lds_set_get(&s->set, LDS_SOD));
	assert_true(tlv_expect_bytes(&in, TLV_STRICT, 0x77, &cms));
	return cms;
}

static void plain_case_says_everything(void **state)
{
	struct inspection i;

	judge_at(*state, FIXTURE_NOW_S, &i);
	assert_int_equal(i.verdict, INSPECT_GOOD);
	inspect_expect(&i, "sod.algorithms", INSPECT_PASSED);
	inspect_expect(&i, "sod.signing-time", INSPECT_NOT_APPLICABLE);
	inspect_expect(&i, "signer.validity", INSPECT_PASSED);
	inspect_expect(&i, "sod.crl", INSPECT_REMARK);
	assert_null(inspection_find(&i, "sod.encoding"));
	assert_null(inspection_find(&i, "dg15.key"));
	assert_non_null(inspection_find(&i, "signer.profile"));
	assert_non_null(inspection_find(&i, "anchor.profile"));
	inspection_done(&i);
}

static void revocation_fails_a_stale_list_is_a_remark(void **state)
{
	struct scene *s = *state;
	struct inspection i;

	add_crl(s, false, FIXTURE_NOW_S, 1);
	judge_at(s, FIXTURE_NOW_S, &i);
	inspect_expect(&i, "sod.crl", INSPECT_PASSED);
	assert_int_equal(i.verdict, INSPECT_GOOD);
	inspection_done(&i);
	judge_at(s, FIXTURE_NOW_S + 2 * DAY_S, &i);
	inspect_expect(&i, "sod.crl", INSPECT_REMARK);
	assert_int_equal(i.verdict, INSPECT_GOOD);
	inspection_done(&i);
	add_crl(s, true, FIXTURE_NOW_S + DAY_S, 2);
	judge_at(s, FIXTURE_NOW_S + 2 * DAY_S, &i);
	inspect_expect(&i, "sod.crl", INSPECT_FAILED);
	inspect_expect_evidence(&i, "sod.crl", "key-compromise");
	inspect_expect(&i, "sod.chain", INSPECT_FAILED);
	inspect_expect_evidence(&i, "sod.chain", "revoked");
	inspect_expect(&i, "sod.signature", INSPECT_PASSED);
	assert_int_equal(i.verdict, INSPECT_BAD);
	inspection_done(&i);
}

/* Expired now is told apart from the time of signing. */
static void validity_then_and_now(void **state)
{
	struct scene *s = *state;
	static const struct {
		int64_t after_s;
		enum inspect_result want;
	} cases[] = { { 0, INSPECT_PASSED }, { (int64_t)40 * 365 * DAY_S, INSPECT_INCONCLUSIVE } };
	struct inspection i;

	for (size_t k = 0; k < 2; k++) {
		struct sod sod = { 0 };
		struct buf content = { 0 }, der = { 0 };
		struct cc_error err = { 0 };
		struct cms_sign_params p = { .content_type = oid_lds_security_object,
					     .keystore = s->f.keystore,
					     .key_label = "ds-1",
					     .signer = s->f.ds,
					     .alg = { SIG_ECDSA, HASH_SHA256, 0, HASH_SHA256 },
					     .with_signing_time = true,
					     .signing_time_s = FIXTURE_NOW_S + cases[k].after_s };

		assert_int_equal(sod_parse(lds_set_get(&s->set, LDS_SOD), &sod, NULL).code, CC_OK);
		assert_int_equal(buf_copy(&content, cms_content(sod.cms)).code, CC_OK);
		sod_done(&sod);
		p.content = buf_view(&content);
		if (cc_failed(cms_sign(&p, &der, &err)))
			fail_msg("%s: %s", err.key, err.detail);
		put_sod(s, buf_view(&der));
		judge_at(s, cert_not_after_s(s->f.ds) + 1, &i);
		inspect_expect(&i, "sod.signing-time", cases[k].want);
		inspect_expect(&i, "signer.validity", INSPECT_REMARK);
		inspect_expect(&i, "sod.signature", INSPECT_PASSED);
		inspect_expect(&i, "sod.chain", INSPECT_FAILED);
		inspect_expect_evidence(&i, "sod.chain", "expired");
		inspection_done(&i);
		buf_done(&content);
		buf_done(&der);
	}
}

/* ContentInfo with indefinite lengths around the same SignedData: another form of the same, the signature is good. */
static void ber_is_a_remark(void **state)
{
	struct scene *s = *state;
	struct cursor in, seq;
	struct tlv oid, tagged;
	struct buf ber = { 0 };
	struct inspection i;
	struct writer w;

	cursor_init(&in, cms_of(s));
	assert_true(tlv_expect(&in, TLV_STRICT, 0x30, &seq) && tlv_next(&seq, TLV_STRICT, &oid) &&
		    tlv_next(&seq, TLV_STRICT, &tagged));
	writer_init(&w, 65536);
	writer_put(&w, BYTES_LITERAL("\x30\x80"));
	writer_put(&w, oid.whole);
	writer_put(&w, BYTES_LITERAL("\xA0\x80"));
	writer_put(&w, tagged.value);
	writer_put(&w, BYTES_LITERAL("\x00\x00\x00\x00"));
	assert_int_equal(writer_finish(&w, &ber).code, CC_OK);
	put_sod(s, buf_view(&ber));
	judge_at(s, FIXTURE_NOW_S, &i);
	inspect_expect(&i, "sod.structure", INSPECT_PASSED);
	inspect_expect(&i, "sod.encoding", INSPECT_REMARK);
	inspect_expect_evidence(&i, "sod.encoding", "not DER");
	assert_int_equal(i.verdict, INSPECT_GOOD);
	inspection_done(&i);
	buf_done(&ber);
}

/* The signer's certificate taken out of the SOD: found among the station's certificates, else nobody can say. */
static void signer_is_found_in_the_trust_folder(void **state)
{
	struct scene *s = *state;
	struct cursor in, seq, tagged, data;
	struct bytes oid = { 0 };
	struct buf without = { 0 };
	struct inspection i;
	struct writer w;
	struct tlv t;

	cursor_init(&in, cms_of(s));
	assert_true(tlv_expect(&in, TLV_STRICT, 0x30, &seq) && der_oid(&seq, &oid) &&
		    tlv_expect(&seq, TLV_STRICT, 0xA0, &tagged) && tlv_expect(&tagged, TLV_STRICT, 0x30, &data));
	writer_init(&w, 65536);
	tlv_open(&w, 0x30);
	der_put_oid(&w, oid);
	tlv_open(&w, 0xA0);
	tlv_open(&w, 0x30);
	while (cursor_left(&data) > 0) {
		assert_true(tlv_next(&data, TLV_STRICT, &t));
		if (t.tag != 0xA0)
			writer_put(&w, t.whole);
	}
	tlv_close(&w);
	tlv_close(&w);
	tlv_close(&w);
	assert_int_equal(writer_finish(&w, &without).code, CC_OK);
	put_sod(s, buf_view(&without));
	judge_at(s, FIXTURE_NOW_S, &i);
	inspect_expect(&i, "sod.signature", INSPECT_INCONCLUSIVE);
	assert_int_equal(i.verdict, INSPECT_UNDECIDED);
	inspection_done(&i);
	assert_int_equal(trust_add(s->f.trust, cert_der(s->f.ds), NULL).code, CC_OK);
	judge_at(s, FIXTURE_NOW_S, &i);
	inspect_expect(&i, "sod.signature", INSPECT_PASSED);
	inspect_expect_evidence(&i, "sod.signature", "trust folder");
	inspect_expect(&i, "sod.encoding", INSPECT_REMARK);
	inspect_expect(&i, "sod.chain", INSPECT_PASSED);
	assert_int_equal(i.verdict, INSPECT_GOOD);
	inspection_done(&i);
	buf_done(&without);
}

/* A version or an algorithm list that was changed has a good signature all the same, and is refused. */
static void changed_shape_fails_though_signed(void **state)
{
	struct scene *s = *state;
	struct inspection i;
	struct buf file = { 0 };
	uint8_t *at;

	assert_int_equal(buf_copy(&file, lds_set_get(&s->set, LDS_SOD)).code, CC_OK);
	at = memmem(file.p, file.n, "\x02\x01\x03\x31", 4);
	assert_non_null(at);
	at[2] = 0x01;
	assert_int_equal(lds_set_put(&s->set, LDS_SOD, buf_view(&file)).code, CC_OK);
	judge_at(s, FIXTURE_NOW_S, &i);
	inspect_expect(&i, "sod.signature", INSPECT_PASSED);
	inspect_expect(&i, "sod.structure", INSPECT_FAILED);
	assert_int_equal(i.verdict, INSPECT_BAD);
	inspection_done(&i);
	buf_done(&file);
}

/* ---- who may speak for whom */

static struct pki_profile profile_of(const char *country, const char *country_icao, const char *name)
{
	return (struct pki_profile){ .country = country,
				     .country_icao = country_icao,
				     .organization = "Test",
				     .common_name = name,
				     .alg = { SIG_ECDSA, HASH_SHA256, 0, HASH_SHA256 },
				     .params = EC_PARAMS_NAMED,
				     .not_before_s = FIXTURE_NOW_S - DAY_S,
				     .not_after_s = FIXTURE_NOW_S + 4000LL * DAY_S,
				     .private_from_s = FIXTURE_NOW_S - DAY_S,
				     .private_to_s = FIXTURE_NOW_S + 100LL * DAY_S,
				     .document_types = { "ID" } };
}

static struct cert *take(cc_status st, struct buf *der, const struct cc_error *err)
{
	struct cert *c = NULL;

	if (cc_failed(st))
		fail_msg("%s: %s", err->key, err->detail);
	assert_int_equal(cert_parse(buf_view(der), &c, NULL).code, CC_OK);
	buf_done(der);
	return c;
}

/* The keys of the scene under another country's names, trusted beside the first. */
static void other_country(struct scene *s, struct lds_fixture *ret)
{
	const struct pki_profile csca = profile_of("LA", "LAO", "Other CSCA"), ds = profile_of("LA", "LAO", "Other DS");
	struct cc_error err = { 0 };
	struct buf der = { 0 };

	*ret = s->f;
	ret->csca = take(csca_issue(s->f.keystore, "csca-1", &csca, &s->f.sys.sys, &der, &err), &der, &err);
	ret->ds = take(ds_issue(s->f.keystore, "csca-1", ret->csca, "ds-1", &ds, &s->f.sys.sys, &der, &err), &der, &err);
	assert_int_equal(trust_add(s->f.trust, cert_der(ret->csca), NULL).code, CC_OK);
}

/* A station that trusts the world: each country signs its own documents, and no other's. */
static void signer_of_another_country_proves_nothing(void **state)
{
	struct scene *s = *state;
	struct lds_fixture other;
	struct inspection i;

	judge_at(s, FIXTURE_NOW_S, &i);
	inspect_expect(&i, "sod.country", INSPECT_PASSED);
	inspection_done(&i);
	other_country(s, &other);
	lds_fixture_sign(&other, 1, &s->set);
	judge_at(s, FIXTURE_NOW_S, &i);
	inspect_expect(&i, "sod.chain", INSPECT_PASSED);
	inspect_expect(&i, "sod.country", INSPECT_INCONCLUSIVE);
	inspect_expect_evidence(&i, "sod.country", "\"LA\", the issuing state is VNM");
	assert_int_equal(i.verdict, INSPECT_UNDECIDED);
	inspection_done(&i);
	cert_free(&other.ds);
	cert_free(&other.csca);
}

static void card_security_of_another_country_proves_nothing(void **state)
{
	struct scene *s = *state;
	const struct card_access_settings access = card_access_default();
	struct card_access_storage storage;
	struct security_infos infos;
	struct lds_fixture other;
	struct card_security_params p = { .infos = &infos,
					  .keystore = s->f.keystore,
					  .key_label = "ds-1",
					  .signer = s->f.ds,
					  .alg = { SIG_ECDSA, HASH_SHA256, 0, HASH_SHA256 },
					  .trust = s->f.trust,
					  .now_s = FIXTURE_NOW_S };
	struct inspection i;

	assert_int_equal(card_access_infos(&access, &storage, &infos, NULL).code, CC_OK);
	assert_int_equal(card_security_build(&p, &s->set.files[LDS_CARD_SECURITY], NULL).code, CC_OK);
	judge_at(s, FIXTURE_NOW_S, &i);
	inspect_expect(&i, "card-security", INSPECT_PASSED);
	assert_int_equal(i.verdict, INSPECT_GOOD);
	inspection_done(&i);
	other_country(s, &other);
	p.signer = other.ds;
	assert_int_equal(card_security_build(&p, &s->set.files[LDS_CARD_SECURITY], NULL).code, CC_OK);
	judge_at(s, FIXTURE_NOW_S, &i);
	inspect_expect(&i, "card-security", INSPECT_INCONCLUSIVE);
	inspect_expect_evidence(&i, "card-security", "another country");
	assert_int_equal(i.verdict, INSPECT_UNDECIDED);
	inspection_done(&i);
	cert_free(&other.ds);
	cert_free(&other.csca);
}

/* The present hash list under another signer's certificate; `cccd` itself makes no EF.SOD with such a one. */
static void sign_by(struct scene *s, const struct cert *signer)
{
	struct cms_sign_params p = { .content_type = oid_lds_security_object,
				     .keystore = s->f.keystore,
				     .key_label = "ds-1",
				     .signer = signer,
				     .alg = { SIG_ECDSA, HASH_SHA256, 0, HASH_SHA256 } };
	struct buf der = { 0 };
	struct sod sod = { 0 };

	assert_int_equal(sod_parse(lds_set_get(&s->set, LDS_SOD), &sod, NULL).code, CC_OK);
	p.content = cms_content(sod.cms);
	assert_int_equal(cms_sign(&p, &der, NULL).code, CC_OK);
	sod_done(&sod);
	put_sod(s, buf_view(&der));
	buf_done(&der);
}

/* The same country signer vouches for who signs master lists: not for documents. */
static void list_signer_signs_no_documents(void **state)
{
	struct scene *s = *state;
	const struct pki_profile profile = profile_of("VN", "VNM", "List signer");
	struct cc_error err = { 0 };
	struct buf der = { 0 };
	struct inspection i;
	struct cert *forger =
		take(master_list_signer_issue(s->f.keystore, "csca-1", s->f.csca, "ds-1", &profile, &s->f.sys.sys, &der, &err),
		     &der, &err);

	sign_by(s, forger);
	judge_at(s, FIXTURE_NOW_S, &i);
	inspect_expect(&i, "sod.chain", INSPECT_FAILED);
	inspect_expect_evidence(&i, "sod.chain", "for signing lists");
	inspect_expect(&i, "signer.purpose", INSPECT_INCONCLUSIVE);
	assert_int_equal(i.verdict, INSPECT_BAD);
	inspection_done(&i);
	cert_free(&forger);
}

static void issuing_states_have_their_countries(void **state)
{
	static const struct {
		const char *issuer, *country;
		bool want;
	} cases[] = {
		{ "VNM", "VN", true },	{ "VNM", "VU", false }, { "VUT", "VU", true }, { "D", "DE", true },
		{ "D", "DK", false },	{ "AFG", "AF", true },	{ "ZWE", "ZW", true }, { "GBR", "GB", true },
		{ "EUE", "EU", true },	{ "UNO", "UN", true },	{ "RKS", "KS", true }, { "UTO", "UT", true },
		{ "UTO", "VN", false }, { "VNM", "", false },	{ "", "VN", false },   { "VN", "VN", false },
		{ "AUT", "AU", false }, { "CHN", "CH", false }, { "BWA", "BW", true },
	};

	(void)state;
	for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++)
		assert_int_equal(issuing_state_is(cases[k].issuer, cases[k].country), cases[k].want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(plain_case_says_everything, setup, teardown),
		cmocka_unit_test_setup_teardown(revocation_fails_a_stale_list_is_a_remark, setup, teardown),
		cmocka_unit_test_setup_teardown(validity_then_and_now, setup, teardown),
		cmocka_unit_test_setup_teardown(ber_is_a_remark, setup, teardown),
		cmocka_unit_test_setup_teardown(signer_is_found_in_the_trust_folder, setup, teardown),
		cmocka_unit_test_setup_teardown(changed_shape_fails_though_signed, setup, teardown),
		cmocka_unit_test_setup_teardown(signer_of_another_country_proves_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(card_security_of_another_country_proves_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(list_signer_signs_no_documents, setup, teardown),
		cmocka_unit_test(issuing_states_have_their_countries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
