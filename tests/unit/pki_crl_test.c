/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pki/crl.h"
#include "tests/support/alloc_fault.h"
#include "tests/support/pki_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Revocation lists, with the openssl command as the judge of what we make. */

#define DAY_S 86400

static const struct sig_alg sha256 = { SIG_ECDSA, HASH_SHA256, 0, HASH_SHA256 };

static void crl_round_trip_and_openssl_agrees(void **state)
{
	struct fixture_pki *p = *state;
	struct crl_entry entries[] = {
		{ BYTES_LITERAL("\x11\x22"), FIXTURE_NOW_S - DAY_S, CRL_UNSPECIFIED },
		{ cert_serial(p->ds), FIXTURE_NOW_S, CRL_KEY_COMPROMISE },
	};
	struct buf der = fixture_crl(p, entries, 2, 7), none = fixture_crl(p, NULL, 0, 6);
	struct crl *c = NULL;
	struct crl_entry e;

	assert_int_equal(crl_parse(buf_view(&der), &c, NULL).code, CC_OK);
	assert_int_equal(crl_count(c), 2);
	assert_true(crl_find(c, cert_serial(p->ds), &e));
	assert_int_equal(e.reason, CRL_KEY_COMPROMISE);
	assert_int_equal(e.revoked_s, FIXTURE_NOW_S);
	assert_true(crl_find(c, BYTES_LITERAL("\x11\x22"), &e));
	assert_int_equal(e.reason, CRL_UNSPECIFIED);
	assert_false(crl_find(c, BYTES_LITERAL("\x11"), &e));
	assert_true(bytes_equal(crl_aki(c), cert_ski(p->csca)) && bytes_equal(crl_number(c), BYTES_LITERAL("\x07")));
	assert_int_equal(crl_verify(c, p->csca, NULL).code, CC_OK);
	assert_int_equal(crl_verify(c, p->ds, NULL).code, CC_E_DENIED);
	fixture_write(&p->folder, "a.crl", buf_view(&der));
	fixture_write(&p->folder, "none.crl", buf_view(&none));
	assert_int_equal(fixture_run(&p->folder,
				     "openssl crl -inform der -in a.crl -out a.pem && openssl crl -inform der -in none.crl -out "
				     "none.pem && openssl x509 -inform der -in csca.cer -out csca.pem && openssl x509 "
				     "-inform der -in ds.cer -out ds.pem && openssl crl -in a.pem -CAfile csca.pem -noout"),
			 0);
	/* the judge of both lists, at the fixture's time: the second names no one */
	assert_int_equal(fixture_run(&p->folder,
				     "openssl verify -attime 1767225700 -x509_strict -crl_check -CRLfile a.pem -CAfile "
				     "csca.pem ds.pem; test $? = 2 && grep -q 'certificate revoked' out"),
			 0);
	assert_int_equal(fixture_run(&p->folder,
				     "openssl verify -attime 1767225700 -x509_strict -crl_check -CRLfile none.pem -CAfile "
				     "csca.pem ds.pem"),
			 0);
	assert_int_equal(fixture_run(&p->folder,
				     "openssl crl -in a.pem -noout -text >text && grep -q 'Key Compromise' text && grep -A1 "
				     "'CRL Number' text | grep -q 7"),
			 0);
	crl_free(&c);
	buf_done(&der);
	/* PEM reads the same */
	assert_int_equal(fixture_run(&p->folder, "cat none.pem none.pem >two.pem"), 0);
	for (unsigned i = 0; i < 2; i++) {
		char path[256];

		fixture_path(&p->folder, i == 0 ? "a.pem" : "two.pem", path, sizeof path);
		assert_int_equal(sys_read_file(path, 65536, &der, NULL).code, CC_OK);
		assert_int_equal(crl_parse(buf_view(&der), &c, NULL).code, i == 0 ? CC_OK : CC_E_FORMAT);
		crl_free(&c);
	}
	buf_done(&der);
	buf_done(&none);
}

static void crl_refuses_every_cut_and_each_changed_byte(void **state)
{
	struct fixture_pki *p = *state;
	struct crl_entry entry = { cert_serial(p->ds), FIXTURE_NOW_S, CRL_SUPERSEDED };
	struct buf der = fixture_crl(p, &entry, 1, 1), longer = { 0 };
	struct crl *c = NULL;
	unsigned refused = 0, unverified = 0;

	for (size_t n = 0; n < der.n; n++)
		assert_int_equal(crl_parse(bytes_of(der.p, n), &c, NULL).code, CC_E_FORMAT);
	assert_int_equal(buf_zero(&longer, der.n + 1).code, CC_OK);
	memcpy(longer.p, der.p, der.n);
	assert_int_equal(crl_parse(buf_view(&longer), &c, NULL).code, CC_E_FORMAT);
	for (size_t i = 0; i < der.n; i++) {
		der.p[i] ^= 0x01;
		if (cc_failed(crl_parse(buf_view(&der), &c, NULL)))
			refused++;
		else
			unverified += cc_failed(crl_verify(c, p->csca, NULL));
		crl_free(&c);
		der.p[i] ^= 0x01;
	}
	assert_int_equal(refused + unverified, der.n);
	assert_true(refused > 0 && unverified > 0);
	print_message("# count: %zu changed bytes of a revocation list, none accepted\n", der.n);
	buf_done(&der);
	buf_done(&longer);
}

static void crl_reports_memory_at_each_allocation(void **state)
{
	struct fixture_pki *p = *state;
	struct crl_entry entry = { cert_serial(p->ds), FIXTURE_NOW_S, CRL_SUPERSEDED };
	struct buf der = fixture_crl(p, &entry, 1, 1);
	unsigned failures = 0;

	for (size_t k = 1; alloc_fault_next(&k);) {
		struct crl *c = NULL;
		cc_status st = crl_parse(buf_view(&der), &c, NULL);

		if (alloc_fault_end()) {
			assert_int_equal(st.code, CC_E_MEMORY);
			assert_null(c);
			failures++;
		}
		crl_free(&c);
	}
	assert_true(failures >= 3);
	buf_done(&der);
}

static void crl_build_refuses_what_must_not_be_signed(void **state)
{
	struct fixture_pki *p = *state;
	struct crl_entry entries[] = { { BYTES_LITERAL("\x05"), FIXTURE_NOW_S, CRL_UNSPECIFIED },
				       { BYTES_LITERAL("\x05"), FIXTURE_NOW_S, CRL_UNSPECIFIED } };
	struct crl_params good = { .keystore = p->ks,
				   .key_label = "csca-1",
				   .issuer = p->csca,
				   .alg = sha256,
				   .number = 1,
				   .this_update_s = FIXTURE_NOW_S,
				   .next_update_s = FIXTURE_NOW_S + DAY_S,
				   .entries = entries,
				   .count = 1 };
	struct crl_params bad;
	struct buf der = { 0 };

	bad = good;
	bad.count = 2;
	assert_int_equal(crl_build(&bad, &der, NULL).code, CC_E_ARG);
	bad = good;
	bad.next_update_s = bad.this_update_s;
	assert_int_equal(crl_build(&bad, &der, NULL).code, CC_E_ARG);
	bad = good;
	bad.issuer = p->ds;
	assert_int_equal(crl_build(&bad, &der, NULL).code, CC_E_ARG);
	bad = good;
	bad.key_label = "ds-1"; /* another key than the certificate's: found by the self-check */
	assert_int_equal(crl_build(&bad, &der, NULL).code, CC_E_VERIFY);
	bad = good;
	entries[0].reason = CRL_REMOVE_FROM_CRL;
	assert_int_equal(crl_build(&bad, &der, NULL).code, CC_E_ARG);
	assert_null(der.p);
}

static void chain_says_what_the_lists_say(void **state)
{
	struct fixture_pki *p = *state;
	struct fixture_pki stranger;
	struct crl_entry entry = { cert_serial(p->ds), FIXTURE_NOW_S, CRL_KEY_COMPROMISE };
	struct buf none = fixture_crl(p, NULL, 0, 1), revoked = fixture_crl(p, &entry, 1, 2), foreign;
	struct cc_error err = { 0 };
	struct chain chain;

	trust_verify_chain(p->trust, p->ds, FIXTURE_NOW_S, &chain, NULL);
	assert_int_equal(chain.verdict, CHAIN_GOOD);
	assert_int_equal(chain.crl, CRL_STATUS_NONE);
	assert_int_equal(chain.count, 1);
	/* a list of the same name by another key is nobody's word */
	fixture_pki(&stranger, EC_P256, 0, sha256, EC_PARAMS_NAMED);
	foreign = fixture_crl(&stranger, &entry, 1, 9);
	assert_int_equal(trust_add_crl(p->trust, buf_view(&foreign), NULL).code, CC_OK);
	trust_verify_chain(p->trust, p->ds, FIXTURE_NOW_S, &chain, NULL);
	assert_int_equal(chain.verdict, CHAIN_GOOD);
	assert_int_equal(chain.crl, CRL_STATUS_NONE);
	assert_int_equal(trust_add_crl(p->trust, buf_view(&none), NULL).code, CC_OK);
	trust_verify_chain(p->trust, p->ds, FIXTURE_NOW_S, &chain, NULL);
	assert_int_equal(chain.crl, CRL_STATUS_GOOD);
	trust_verify_chain(p->trust, p->ds, FIXTURE_NOW_S + 91 * DAY_S, &chain, NULL);
	assert_int_equal(chain.verdict, CHAIN_GOOD);
	assert_int_equal(chain.crl, CRL_STATUS_STALE);
	assert_int_equal(chain.crl_next_update_s, FIXTURE_NOW_S + 90 * DAY_S);
	assert_int_equal(trust_add_crl(p->trust, buf_view(&revoked), NULL).code, CC_OK);
	trust_verify_chain(p->trust, p->ds, FIXTURE_NOW_S, &chain, &err);
	assert_int_equal(chain.verdict, CHAIN_REVOKED);
	assert_string_equal(err.key, "chain.revoked");
	assert_string_equal(chain.revoked_reason, "key-compromise");
	assert_int_equal(chain.revoked_s, FIXTURE_NOW_S);
	/* an old list still revokes */
	trust_verify_chain(p->trust, p->ds, FIXTURE_NOW_S + 91 * DAY_S, &chain, NULL);
	assert_int_equal(chain.verdict, CHAIN_REVOKED);
	assert_int_equal(trust_crl_count(p->trust), 3);
	fixture_pki_done(&stranger);
	buf_done(&foreign);
	buf_done(&none);
	buf_done(&revoked);
}

/* From the bytes to the verdict: an error, or no verdict, but never a good one. */
static cc_status judge_all(const struct fixture_pki *p, struct bytes crl, enum chain_verdict *ret)
{
	struct trust *t = NULL;
	struct cert *ds = NULL;
	struct chain chain;
	cc_status st = trust_new(&t);

	if (!cc_failed(st))
		st = trust_add(t, cert_der(p->csca), NULL);
	if (!cc_failed(st))
		st = trust_add_crl(t, crl, NULL);
	if (!cc_failed(st))
		st = cert_parse(cert_der(p->ds), &ds, NULL);
	if (!cc_failed(st)) {
		trust_verify_chain(t, ds, FIXTURE_NOW_S, &chain, NULL);
		*ret = chain.verdict;
	}
	cert_free(&ds);
	trust_free(&t);
	return st;
}

/* Out of memory on the way to a verdict must not let a revoked signer through. */
static void revoked_is_never_good_without_memory(void **state)
{
	struct fixture_pki *p = *state;
	struct crl_entry entry = { cert_serial(p->ds), FIXTURE_NOW_S, CRL_KEY_COMPROMISE };
	struct buf revoked = fixture_crl(p, &entry, 1, 2);
	unsigned failures = 0;

	for (size_t k = 1; alloc_fault_next(&k);) {
		enum chain_verdict v = CHAIN_UNDETERMINED;
		cc_status st = judge_all(p, buf_view(&revoked), &v);

		if (!alloc_fault_end()) {
			assert_int_equal(v, CHAIN_REVOKED);
			continue;
		}
		assert_int_equal(v, CHAIN_UNDETERMINED);
		assert_int_equal(st.code, CC_E_MEMORY);
		failures++;
	}
	assert_true(failures >= 5);
	buf_done(&revoked);
}

#define with_authority(f) cmocka_unit_test_setup_teardown(f, fixture_authority, fixture_authority_done)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_authority(crl_round_trip_and_openssl_agrees),
		with_authority(crl_refuses_every_cut_and_each_changed_byte),
		with_authority(crl_reports_memory_at_each_allocation),
		with_authority(crl_build_refuses_what_must_not_be_signed),
		with_authority(chain_says_what_the_lists_say),
		with_authority(revoked_is_never_good_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
