/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/base/secret.h"
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

/* Revocation lists, link certificates and master lists, with the openssl command as the judge of what we make. */

#define DAY_S 86400
#define MASTER_LIST "06_pki/masterlists/DE_ML_2024-08-07-07-38-24.ml"

static const struct sig_alg sha256 = { SIG_ECDSA, HASH_SHA256, 0, HASH_SHA256 };

static int authority(void **state)
{
	struct fixture_pki *p = calloc(1, sizeof *p);

	assert_non_null(p);
	fixture_pki(p, EC_P256, 0, sha256, EC_PARAMS_NAMED);
	*state = p;
	return 0;
}

static int authority_done(void **state)
{
	fixture_pki_done(*state);
	free(*state);
	return 0;
}

static void must(cc_status st, const struct cc_error *err)
{
	if (cc_failed(st))
		fail_msg("%s: %s", err->key, err->detail);
}

static struct buf make_crl(const struct fixture_pki *p, const struct crl_entry *entries, size_t count, uint64_t number)
{
	struct crl_params params = {
		.keystore = p->ks,
		.key_label = "csca-1",
		.issuer = p->csca,
		.alg = p->csca_profile.alg,
		.number = number,
		.this_update_s = FIXTURE_NOW_S,
		.next_update_s = FIXTURE_NOW_S + 90 * DAY_S,
		.entries = entries,
		.count = count,
	};
	struct buf der = { 0 };
	struct cc_error err = { 0 };

	must(crl_build(&params, &der, &err), &err);
	return der;
}

static struct cert *parse_cert(struct buf *der)
{
	struct cert *c = NULL;

	assert_int_equal(cert_parse(buf_view(der), &c, NULL).code, CC_OK);
	buf_done(der);
	return c;
}

/* ---- revocation lists */

static void crl_round_trip_and_openssl_agrees(void **state)
{
	struct fixture_pki *p = *state;
	struct crl_entry entries[] = {
		{ BYTES_LITERAL("\x11\x22"), FIXTURE_NOW_S - DAY_S, CRL_UNSPECIFIED },
		{ cert_serial(p->ds), FIXTURE_NOW_S, CRL_KEY_COMPROMISE },
	};
	struct buf der = make_crl(p, entries, 2, 7), none = make_crl(p, NULL, 0, 6);
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
	struct buf der = make_crl(p, &entry, 1, 1), longer = { 0 };
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
	struct buf der = make_crl(p, &entry, 1, 1);
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
	struct buf none = make_crl(p, NULL, 0, 1), revoked = make_crl(p, &entry, 1, 2), foreign;
	struct cc_error err = { 0 };
	struct chain chain;

	trust_verify_chain(p->trust, p->ds, FIXTURE_NOW_S, &chain, NULL);
	assert_int_equal(chain.verdict, CHAIN_GOOD);
	assert_int_equal(chain.crl, CRL_STATUS_NONE);
	assert_int_equal(chain.count, 1);
	/* a list of the same name by another key is nobody's word */
	fixture_pki(&stranger, EC_P256, 0, sha256, EC_PARAMS_NAMED);
	foreign = make_crl(&stranger, &entry, 1, 9);
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
	struct buf revoked = make_crl(p, &entry, 1, 2);
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

/* ---- link certificates */

struct rollover {
	struct cert *csca, *link, *ds;
};

static void make_key(struct keystore *ks, const char *label)
{
	struct keystore_key_info want = { .kind = KEYSTORE_EC, .curve = EC_P256 };

	memcpy(want.label, label, strlen(label));
	assert_int_equal(keystore_generate(ks, &want).code, CC_OK);
}

static void roll_over(struct fixture_pki *p, const char *common_name, struct rollover *ret)
{
	struct pki_profile profile = p->csca_profile, ds_profile = p->ds_profile;
	struct buf der = { 0 };
	struct cc_error err = { 0 };

	make_key(p->ks, "csca-2");
	make_key(p->ks, "ds-2");
	profile.common_name = common_name;
	profile.not_before_s = profile.private_from_s = FIXTURE_NOW_S - DAY_S;
	profile.not_after_s += 365 * DAY_S;
	must(csca_issue(p->ks, "csca-2", &profile, &p->sys.sys, &der, &err), &err);
	ret->csca = parse_cert(&der);
	must(csca_link(p->ks, "csca-1", p->csca, ret->csca, &profile, &p->sys.sys, &der, &err), &err);
	ret->link = parse_cert(&der);
	must(ds_issue(p->ks, "csca-2", ret->csca, "ds-2", &ds_profile, &p->sys.sys, &der, &err), &err);
	ret->ds = parse_cert(&der);
}

static void rollover_done(struct rollover *r)
{
	cert_free(&r->csca);
	cert_free(&r->link);
	cert_free(&r->ds);
}

static void link_carries_trust_to_the_new_key(void **state)
{
	static const char *const names[] = { "Test CSCA", "Test CSCA of a new name" };
	struct bytes name_change;
	bool critical = true;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct fixture_pki p;
		struct rollover r;
		struct cert_findings f;
		struct chain chain;
		struct trust *alone = NULL;

		fixture_pki(&p, EC_P256, 0, sha256, EC_PARAMS_EXPLICIT);
		roll_over(&p, names[i], &r);
		assert_int_equal(cert_role_of(r.link), CERT_ROLE_CSCA_LINK);
		cert_lint(r.link, CERT_ROLE_CSCA_LINK, &f);
		assert_int_equal(f.count, 0);
		assert_int_equal(cert_extension(r.link, BYTES_LITERAL("\x67\x81\x08\x01\x01\x06\x01"), &name_change, &critical),
				 i == 1);
		assert_int_equal(critical, i == 0);
		/* without the link the new signer is a stranger; the link alone is no anchor */
		trust_verify_chain(p.trust, r.ds, FIXTURE_NOW_S, &chain, NULL);
		assert_int_equal(chain.verdict, CHAIN_NO_ANCHOR);
		assert_int_equal(trust_new(&alone).code, CC_OK);
		assert_int_equal(trust_add(alone, cert_der(r.link), NULL).code, CC_OK);
		assert_false(trust_is_anchor(alone, 0));
		trust_verify_chain(alone, r.ds, FIXTURE_NOW_S, &chain, NULL);
		assert_int_equal(chain.verdict, CHAIN_NO_ANCHOR);
		trust_free(&alone);
		assert_int_equal(trust_add(p.trust, cert_der(r.link), NULL).code, CC_OK);
		trust_verify_chain(p.trust, r.ds, FIXTURE_NOW_S, &chain, NULL);
		assert_int_equal(chain.verdict, CHAIN_GOOD);
		assert_int_equal(chain.count, 2);
		assert_true(bytes_equal(cert_der(chain.path[0]), cert_der(r.link)));
		assert_true(bytes_equal(cert_der(chain.path[1]), cert_der(p.csca)));
		/* the link ends with the old country signer */
		trust_verify_chain(p.trust, r.ds, cert_not_after_s(r.link) + 1, &chain, NULL);
		assert_int_equal(chain.verdict, CHAIN_EXPIRED);
		/* with the new anchor the way is short */
		assert_int_equal(trust_add(p.trust, cert_der(r.csca), NULL).code, CC_OK);
		trust_verify_chain(p.trust, r.ds, FIXTURE_NOW_S, &chain, NULL);
		assert_int_equal(chain.verdict, CHAIN_GOOD);
		rollover_done(&r);
		fixture_pki_done(&p);
	}
}

/* The new key signs the list of revocations for what the old one issued, under the old name and the new. */
static void list_of_the_new_key_revokes_what_the_old_one_issued(void **state)
{
	static const char *const names[] = { "Test CSCA", "Test CSCA of a new name" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct fixture_pki p;
		struct rollover r;
		struct crl_entry entry;
		struct crl_params params;
		struct chain chain;
		struct buf der = { 0 };
		struct cc_error err = { 0 };

		fixture_pki(&p, EC_P256, 0, sha256, EC_PARAMS_NAMED);
		roll_over(&p, names[i], &r);
		entry = (struct crl_entry){ cert_serial(p.ds), FIXTURE_NOW_S, CRL_SUPERSEDED };
		params = (struct crl_params){ .keystore = p.ks,
					      .key_label = "csca-2",
					      .issuer = r.csca,
					      .alg = sha256,
					      .number = 1,
					      .this_update_s = FIXTURE_NOW_S,
					      .next_update_s = FIXTURE_NOW_S + DAY_S,
					      .entries = &entry,
					      .count = 1 };
		must(crl_build(&params, &der, &err), &err);
		assert_int_equal(trust_add_crl(p.trust, buf_view(&der), NULL).code, CC_OK);
		assert_int_equal(trust_add(p.trust, cert_der(r.link), NULL).code, CC_OK);
		trust_verify_chain(p.trust, p.ds, FIXTURE_NOW_S, &chain, NULL);
		assert_int_equal(chain.verdict, CHAIN_REVOKED);
		trust_verify_chain(p.trust, r.ds, FIXTURE_NOW_S, &chain, NULL);
		assert_int_equal(chain.verdict, CHAIN_GOOD);
		buf_done(&der);
		rollover_done(&r);
		fixture_pki_done(&p);
	}
}

/* A ring of links, each signed by the next, and more links than a chain may have: an end, and no anchor. */
static void rings_and_long_chains_end(void **state)
{
	struct fixture_pki *p = *state;
	struct cert *cscas[CHAIN_LENGTH_MAX + 3] = { p->csca };
	struct trust *ring = NULL, *line = NULL;
	struct buf der = { 0 };
	struct cc_error err = { 0 };
	struct chain chain;
	char label[16];

	assert_int_equal(trust_new(&ring).code, CC_OK);
	assert_int_equal(trust_new(&line).code, CC_OK);
	assert_int_equal(trust_add(line, cert_der(p->csca), NULL).code, CC_OK);
	for (size_t i = 1; i < sizeof cscas / sizeof cscas[0]; i++) {
		char old[16];

		(void)snprintf(old, sizeof old, "csca-%zu", i);
		(void)snprintf(label, sizeof label, "csca-%zu", i + 1);
		make_key(p->ks, label);
		must(csca_issue(p->ks, label, &p->csca_profile, &p->sys.sys, &der, &err), &err);
		cscas[i] = parse_cert(&der);
		must(csca_link(p->ks, old, cscas[i - 1], cscas[i], &p->csca_profile, &p->sys.sys, &der, &err), &err);
		assert_int_equal(trust_add(line, buf_view(&der), NULL).code, CC_OK);
		assert_int_equal(trust_add(ring, buf_view(&der), NULL).code, CC_OK);
		buf_done(&der);
		must(ds_issue(p->ks, label, cscas[i], "ds-1", &p->ds_profile, &p->sys.sys, &der, &err), &err);
		{
			struct cert *ds = parse_cert(&der);

			trust_verify_chain(line, ds, FIXTURE_NOW_S, &chain, NULL);
			assert_int_equal(chain.verdict, i + 1 <= CHAIN_LENGTH_MAX ? CHAIN_GOOD : CHAIN_NO_ANCHOR);
			if (chain.verdict == CHAIN_GOOD)
				assert_int_equal(chain.count, i + 1);
			trust_verify_chain(ring, ds, FIXTURE_NOW_S, &chain, NULL);
			assert_int_equal(chain.verdict, CHAIN_NO_ANCHOR);
			cert_free(&ds);
		}
	}
	/* close the ring: the first is signed by the last */
	must(csca_link(p->ks, label, cscas[CHAIN_LENGTH_MAX + 2], cscas[0], &p->csca_profile, &p->sys.sys, &der, &err), &err);
	assert_int_equal(trust_add(ring, buf_view(&der), NULL).code, CC_OK);
	buf_done(&der);
	trust_verify_chain(ring, p->ds, FIXTURE_NOW_S, &chain, NULL);
	assert_int_equal(chain.verdict, CHAIN_NO_ANCHOR);
	for (size_t i = 1; i < sizeof cscas / sizeof cscas[0]; i++)
		cert_free(&cscas[i]);
	trust_free(&ring);
	trust_free(&line);
}

static void links_that_must_not_be_made(void **state)
{
	struct fixture_pki *p = *state;
	struct rollover r;
	struct buf der = { 0 };

	roll_over(p, "Test CSCA", &r);
	assert_int_equal(csca_link(p->ks, "csca-1", p->csca, p->csca, &p->csca_profile, &p->sys.sys, &der, NULL).code, CC_E_ARG);
	assert_int_equal(csca_link(p->ks, "csca-1", p->csca, p->ds, &p->csca_profile, &p->sys.sys, &der, NULL).code, CC_E_ARG);
	/* after the old key's usage period, and with a key that isn't the certificate's */
	assert_int_equal(csca_link(p->ks, "csca-2", p->csca, r.csca, &p->csca_profile, &p->sys.sys, &der, NULL).code,
			 CC_E_VERIFY);
	p->sys.wall_ms += (int64_t)5 * 365 * DAY_S * 1000;
	assert_int_equal(csca_link(p->ks, "csca-1", p->csca, r.csca, &p->csca_profile, &p->sys.sys, &der, NULL).code, CC_E_STATE);
	assert_null(der.p);
	rollover_done(&r);
}

/* ---- master lists */

static struct buf make_list(struct fixture_pki *p, const struct cert *const *certs, size_t count, struct cert **ret_signer)
{
	struct pki_profile profile = p->ds_profile;
	struct master_list_params params;
	struct buf der = { 0 };
	struct cc_error err = { 0 };

	make_key(p->ks, "ml-1");
	profile.common_name = "Test Master List Signer";
	must(master_list_signer_issue(p->ks, "csca-1", p->csca, "ml-1", &profile, &p->sys.sys, &der, &err), &err);
	*ret_signer = parse_cert(&der);
	params = (struct master_list_params){ .keystore = p->ks,
					      .key_label = "ml-1",
					      .signer = *ret_signer,
					      .signer_csca = p->csca,
					      .alg = sha256,
					      .signing_time_s = FIXTURE_NOW_S,
					      .certs = certs,
					      .count = count };
	must(master_list_build(&params, &der, &err), &err);
	return der;
}

static void master_list_round_trip_and_openssl_agrees(void **state)
{
	struct fixture_pki *p = *state;
	struct rollover r;
	struct cert *signer = NULL;
	struct master_list *l = NULL;
	struct cert_findings f;
	struct buf der;
	int64_t at_s = 0;

	roll_over(p, "Test CSCA", &r);
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
	rollover_done(&r);
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
	must(cms_sign(&sign, &der, &err), &err);
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
	struct buf list = make_list(p, (const struct cert *const[]){ p->csca }, 1, &signer), crl = make_crl(p, &entry, 1, 3);
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
	bool self_vouched = false;
	struct cc_error err = { 0 };

	(void)state;
	if (!vectors_file(MASTER_LIST, &file))
		skip();
	assert_int_equal(trust_new(&t).code, CC_OK);
	must(trust_add_master_list(t, buf_view(&file), &self_vouched, &err), &err);
	assert_int_equal(trust_count(t), 541);
	for (size_t i = 0; i < 541; i++)
		assert_true(trust_is_anchor(t, i));
	assert_true(self_vouched);
	trust_free(&t);
	/* the country's later root has not signed it */
	assert_true(vectors_file("06_pki/masterlists/DE_ROOT_CA_CSCA07.cer", &root));
	assert_int_equal(trust_new(&t).code, CC_OK);
	assert_int_equal(trust_add(t, buf_view(&root), NULL).code, CC_OK);
	must(trust_add_master_list(t, buf_view(&file), &self_vouched, &err), &err);
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
	must(trust_add_master_list(t, buf_view(&file), &self_vouched, &err), &err);
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

#define with_authority(f) cmocka_unit_test_setup_teardown(f, authority, authority_done)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_authority(crl_round_trip_and_openssl_agrees),
		with_authority(crl_refuses_every_cut_and_each_changed_byte),
		with_authority(crl_reports_memory_at_each_allocation),
		with_authority(crl_build_refuses_what_must_not_be_signed),
		with_authority(chain_says_what_the_lists_say),
		with_authority(revoked_is_never_good_without_memory),
		with_authority(master_list_reports_memory_at_each_allocation),
		cmocka_unit_test(link_carries_trust_to_the_new_key),
		cmocka_unit_test(list_of_the_new_key_revokes_what_the_old_one_issued),
		with_authority(rings_and_long_chains_end),
		with_authority(links_that_must_not_be_made),
		with_authority(master_list_round_trip_and_openssl_agrees),
		with_authority(master_list_is_judged_before_it_is_trusted),
		with_authority(a_document_signer_makes_no_master_list),
		with_authority(trust_folder_holds_certificates_lists_and_revocations),
		cmocka_unit_test(german_master_list_is_541_anchors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
