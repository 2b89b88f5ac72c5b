/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/base/tlv.h"
#include "crypto/pki/crl.h"
#include "crypto/pki/master_list.h"
#include "crypto/x509_profile.h"
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

/* Master lists and trust folders, with the openssl command as the judge of what we make. */

#define MASTER_LIST "06_pki/masterlists/DE_ML_2024-08-07-07-38-24.ml"

static const struct sig_alg sha256 = { SIG_ECDSA, HASH_SHA256, 0, HASH_SHA256 };

static struct buf make_list(struct fixture_pki *p, const struct cert *const *certs, size_t count, struct cert **ret_signer)
{
	struct pki_profile profile = p->ds_profile;
	struct master_list_params params;
	struct buf der = { 0 };
	struct cc_error err = { 0 };

	fixture_key(p->ks, "ml-1");
	profile.common_name = "Test Master List Signer";
	fixture_must(master_list_signer_issue(p->ks, "csca-1", p->csca, "ml-1", &profile, &p->sys.sys, &der, &err), &err);
	*ret_signer = fixture_cert(&der);
	params = (struct master_list_params){ .keystore = p->ks,
					      .key_label = "ml-1",
					      .signer = *ret_signer,
					      .signer_csca = p->csca,
					      .alg = sha256,
					      .signing_time_s = FIXTURE_NOW_S,
					      .certs = certs,
					      .count = count };
	fixture_must(master_list_build(&params, &der, &err), &err);
	return der;
}

static void master_list_round_trip_and_openssl_agrees(void **state)
{
	struct fixture_pki *p = *state;
	struct fixture_rollover r;
	struct cert *signer = NULL;
	struct master_list *l = NULL;
	struct cert_findings f;
	struct buf der;
	int64_t at_s = 0;

	fixture_roll_over(p, "Test CSCA", &r);
	der = make_list(p, (const struct cert *const[]){ r.csca, p->csca, r.link, p->csca }, 4, &signer);
	cert_lint(signer, CERT_ROLE_MASTER_LIST_SIGNER, &f);
	assert_int_equal(f.count, 1); /* named curve, as the fixture asks */
	assert_int_equal(master_list_parse(buf_view(&der), &l, NULL).code, CC_OK);
	assert_int_equal(master_list_count(l), 3);
	assert_true(master_list_signing_time(l, &at_s));
	assert_int_equal(at_s, FIXTURE_NOW_S);
	assert_int_equal(master_list_verify_signature(l, NULL).code, CC_OK);
	fixture_write(&p->folder, "a.ml", buf_view(&der));
	assert_int_equal(fixture_run(&p->folder,
				     "openssl x509 -inform der -in csca.cer -out csca.pem && openssl cms -verify -inform der "
				     "-in a.ml -CAfile csca.pem -purpose any -attime 1767225700 -out content"),
			 0);
	master_list_free(&l);
	cert_free(&signer);
	fixture_rollover_done(&r);
	buf_done(&der);
}

static void master_list_is_judged_before_it_is_trusted(void **state)
{
	struct fixture_pki *p = *state;
	struct fixture_pki stranger;
	struct cert *signer = NULL;
	struct trust *t = NULL;
	struct buf der;
	struct cc_error err = { 0 };
	bool self_vouched = false;
	size_t refused = 0;

	fixture_pki(&stranger, EC_P256, 0, sha256, EC_PARAMS_EXPLICIT);
	der = make_list(p, (const struct cert *const[]){ p->csca, stranger.csca }, 2, &signer);
	assert_int_equal(trust_new(&t).code, CC_OK);
	/* nothing of the country here: the list stands on its own */
	assert_int_equal(trust_add_master_list(t, buf_view(&der), &self_vouched, NULL).code, CC_OK);
	assert_true(self_vouched);
	assert_int_equal(trust_count(t), 2);
	trust_free(&t);
	/* its country signer is here */
	assert_int_equal(trust_add_master_list(p->trust, buf_view(&der), &self_vouched, NULL).code, CC_OK);
	assert_false(self_vouched);
	assert_int_equal(trust_count(p->trust), 2);
	/* another country signer of the same name is here: it vouches for nothing */
	assert_int_equal(trust_add_master_list(stranger.trust, buf_view(&der), &self_vouched, &err).code, CC_OK);
	assert_true(self_vouched);
	/* changed anywhere in content or signature: nothing of it is trusted */
	for (size_t i = 0; i < der.n; i += 7) {
		assert_int_equal(trust_new(&t).code, CC_OK);
		der.p[i] ^= 0x01;
		if (cc_failed(trust_add_master_list(t, buf_view(&der), &self_vouched, NULL))) {
			assert_int_equal(trust_count(t), 0);
			refused++;
		} else {
			/* bytes that nobody signed: algorithm lists, the copy of the country signer beside the signer */
			assert_int_equal(trust_count(t), 2);
		}
		der.p[i] ^= 0x01;
		trust_free(&t);
	}
	assert_true(refused > der.n / 7 / 2);
	cert_free(&signer);
	fixture_pki_done(&stranger);
	buf_done(&der);
}

static void master_list_reports_memory_at_each_allocation(void **state)
{
	struct fixture_pki *p = *state;
	struct cert *signer = NULL;
	struct buf der = make_list(p, (const struct cert *const[]){ p->csca }, 1, &signer);
	unsigned failures = 0;

	for (size_t k = 1; alloc_fault_next(&k);) {
		struct trust *t = NULL;
		bool self_vouched = false;
		cc_status st = trust_new(&t);

		if (!cc_failed(st))
			st = trust_add_master_list(t, buf_view(&der), &self_vouched, NULL);
		if (alloc_fault_end()) {
			assert_true(cc_failed(st));
			assert_true(t == NULL || trust_count(t) == 0);
			failures++;
		} else {
			assert_int_equal(st.code, CC_OK);
		}
		trust_free(&t);
	}
	assert_true(failures > 10);
	print_message("# count: master list with each of %u allocations refused\n", failures);
	cert_free(&signer);
	buf_done(&der);
}

/* A document signer's key must not sign master lists, though its chain is good. */
static void a_document_signer_makes_no_master_list(void **state)
{
	struct fixture_pki *p = *state;
	const struct cert *certs[] = { p->csca };
	struct master_list_params params = { .keystore = p->ks,
					     .key_label = "ds-1",
					     .signer = p->ds,
					     .signer_csca = p->csca,
					     .alg = sha256,
					     .signing_time_s = FIXTURE_NOW_S,
					     .certs = certs,
					     .count = 1 };
	struct cms_sign_params sign = { .content_type = BYTES_LITERAL("\x67\x81\x08\x01\x01\x02"),
					.keystore = p->ks,
					.key_label = "ds-1",
					.signer = p->ds,
					.alg = sha256 };
	struct buf der = { 0 }, content = { 0 };
	struct trust *t = NULL;
	struct cc_error err = { 0 };
	struct writer w;
	bool self_vouched;

	assert_int_equal(master_list_build(&params, &der, NULL).code, CC_E_ARG);
	writer_init(&w, 65536);
	tlv_open(&w, 0x30);
	der_put_uint(&w, 0);
	tlv_put(&w, 0x31, cert_der(p->csca));
	tlv_close(&w);
	assert_int_equal(writer_finish(&w, &content).code, CC_OK);
	sign.content = buf_view(&content);
	fixture_must(cms_sign(&sign, &der, &err), &err);
	assert_int_equal(trust_new(&t).code, CC_OK);
	assert_int_equal(trust_add_master_list(t, buf_view(&der), &self_vouched, &err).code, CC_E_DENIED);
	assert_string_equal(err.key, "master-list.signer");
	trust_free(&t);
	buf_done(&der);
	buf_done(&content);
}

static void trust_folder_holds_certificates_lists_and_revocations(void **state)
{
	struct fixture_pki *p = *state;
	struct cert *signer = NULL;
	struct crl_entry entry = { cert_serial(p->ds), FIXTURE_NOW_S, CRL_KEY_COMPROMISE };
	struct buf list = make_list(p, (const struct cert *const[]){ p->csca }, 1, &signer), crl = fixture_crl(p, &entry, 1, 3);
	struct trust *t = NULL;
	size_t skipped = 9;
	char path[256];
	struct cc_error err = { 0 };

	assert_int_equal(fixture_run(&p->folder, "mkdir t"), 0);
	fixture_write(&p->folder, "t/a.ml", buf_view(&list));
	fixture_write(&p->folder, "t/a.crl", buf_view(&crl));
	fixture_write(&p->folder, "t/b.crl", BYTES_LITERAL("junk"));
	fixture_write(&p->folder, "t/b.ml", BYTES_LITERAL("junk"));
	fixture_path(&p->folder, "t", path, sizeof path);
	assert_int_equal(trust_new(&t).code, CC_OK);
	assert_int_equal(trust_load(t, path, &skipped, NULL).code, CC_OK);
	assert_int_equal(skipped, 2);
	assert_int_equal(trust_count(t), 1);
	assert_int_equal(trust_verify(t, p->ds, FIXTURE_NOW_S, NULL, NULL), CHAIN_REVOKED);
	trust_free(&t);
	/* one file must be good, and of a known kind */
	assert_int_equal(trust_new(&t).code, CC_OK);
	fixture_path(&p->folder, "t/a.ml", path, sizeof path);
	assert_int_equal(trust_load(t, path, &skipped, NULL).code, CC_OK);
	assert_int_equal(trust_count(t), 1);
	fixture_path(&p->folder, "t/b.ml", path, sizeof path);
	assert_int_equal(trust_load(t, path, &skipped, NULL).code, CC_E_FORMAT);
	fixture_path(&p->folder, "keys.ccks", path, sizeof path);
	assert_int_equal(trust_load(t, path, &skipped, &err).code, CC_E_ARG);
	assert_string_equal(err.key, "trust.unknown-file");
	trust_free(&t);
	cert_free(&signer);
	buf_done(&list);
	buf_done(&crl);
}

static bool names_germany(const struct cert *c)
{
	char country[3];

	cert_country(c, country);
	return strcmp(country, "DE") == 0;
}

/* The published list stands on its own, and on its root when that is here; a byte of its content changed, on nothing. */
static void german_master_list_is_541_anchors(void **state)
{
	struct buf file = { 0 }, root = { 0 };
	struct trust *t = NULL;
	struct master_list *l = NULL;
	unsigned explicit = 0, named = 0;
	bool self_vouched = false;
	struct cc_error err = { 0 };

	(void)state;
	if (!vectors_file(MASTER_LIST, &file))
		skip();
	assert_int_equal(trust_new(&t).code, CC_OK);
	fixture_must(trust_add_master_list(t, buf_view(&file), &self_vouched, &err), &err);
	assert_int_equal(trust_count(t), 541);
	for (size_t i = 0; i < 541; i++) {
		const struct pubkey *k = cert_pubkey(trust_at(t, i));

		assert_true(trust_is_anchor(t, i));
		explicit += k != NULL && pubkey_kind(k) == PUBKEY_EC && pubkey_is_explicit(k);
		named += k != NULL && pubkey_kind(k) == PUBKEY_EC && !pubkey_is_explicit(k);
	}
	/* Field practice is what Doc 9303-12 4.1.6.3 says: our default follows both. */
	print_message("# figure: EC parameters of the German master list: %u explicit, %u named\n", explicit, named);
	assert_true(explicit > 10 * named);
	assert_true(self_vouched);
	trust_free(&t);
	/* the country's later root has not signed it */
	assert_true(vectors_file("06_pki/masterlists/DE_ROOT_CA_CSCA07.cer", &root));
	assert_int_equal(trust_new(&t).code, CC_OK);
	assert_int_equal(trust_add(t, buf_view(&root), NULL).code, CC_OK);
	fixture_must(trust_add_master_list(t, buf_view(&file), &self_vouched, &err), &err);
	assert_true(self_vouched);
	assert_int_equal(trust_count(t), 542);
	trust_free(&t);
	/* its oldest one has, over two changes of key and name */
	assert_int_equal(master_list_parse(buf_view(&file), &l, NULL).code, CC_OK);
	assert_int_equal(trust_new(&t).code, CC_OK);
	for (size_t i = 0; i < master_list_count(l); i++)
		if (bytes_equal(cert_serial(master_list_at(l, i)), BYTES_LITERAL("\x01")) &&
		    cert_role_of(master_list_at(l, i)) == CERT_ROLE_CSCA && names_germany(master_list_at(l, i)))
			assert_int_equal(trust_add(t, cert_der(master_list_at(l, i)), NULL).code, CC_OK);
	assert_int_equal(trust_count(t), 1);
	fixture_must(trust_add_master_list(t, buf_view(&file), &self_vouched, &err), &err);
	assert_false(self_vouched);
	master_list_free(&l);
	trust_free(&t);
	assert_int_equal(trust_new(&t).code, CC_OK);
	file.p[file.n / 2] ^= 1;
	assert_true(cc_failed(trust_add_master_list(t, buf_view(&file), &self_vouched, NULL)));
	assert_int_equal(trust_count(t), 0);
	trust_free(&t);
	print_message("# count: 541 anchors of the German master list of 2024-08-07\n");
	buf_done(&file);
	buf_done(&root);
}

#define with_authority(f) cmocka_unit_test_setup_teardown(f, fixture_authority, fixture_authority_done)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_authority(master_list_reports_memory_at_each_allocation),
		with_authority(master_list_round_trip_and_openssl_agrees),
		with_authority(master_list_is_judged_before_it_is_trusted),
		with_authority(a_document_signer_makes_no_master_list),
		with_authority(trust_folder_holds_certificates_lists_and_revocations),
		cmocka_unit_test(german_master_list_is_541_anchors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
