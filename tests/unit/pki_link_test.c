/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pki/crl.h"
#include "crypto/x509_profile.h"
#include "tests/support/pki_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Link certificates and chains through them: an old key vouches for the new one. */

#define DAY_S 86400

static const struct sig_alg sha256 = { SIG_ECDSA, HASH_SHA256, 0, HASH_SHA256 };

static void link_carries_trust_to_the_new_key(void **state)
{
	static const char *const names[] = { "Test CSCA", "Test CSCA of a new name" };
	struct bytes name_change;
	bool critical = true;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct fixture_pki p;
		struct fixture_rollover r;
		struct cert_findings f;
		struct chain chain;
		struct trust *alone = NULL;

		fixture_pki(&p, EC_P256, 0, sha256, EC_PARAMS_EXPLICIT);
		fixture_roll_over(&p, names[i], &r);
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
		fixture_rollover_done(&r);
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
		struct fixture_rollover r;
		struct crl_entry entry;
		struct crl_params params;
		struct chain chain;
		struct buf der = { 0 };
		struct cc_error err = { 0 };

		fixture_pki(&p, EC_P256, 0, sha256, EC_PARAMS_NAMED);
		fixture_roll_over(&p, names[i], &r);
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
		fixture_must(crl_build(&params, &der, &err), &err);
		assert_int_equal(trust_add_crl(p.trust, buf_view(&der), NULL).code, CC_OK);
		assert_int_equal(trust_add(p.trust, cert_der(r.link), NULL).code, CC_OK);
		trust_verify_chain(p.trust, p.ds, FIXTURE_NOW_S, &chain, NULL);
		assert_int_equal(chain.verdict, CHAIN_REVOKED);
		trust_verify_chain(p.trust, r.ds, FIXTURE_NOW_S, &chain, NULL);
		assert_int_equal(chain.verdict, CHAIN_GOOD);
		buf_done(&der);
		fixture_rollover_done(&r);
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
		fixture_key(p->ks, label);
		fixture_must(csca_issue(p->ks, label, &p->csca_profile, &p->sys.sys, &der, &err), &err);
		cscas[i] = fixture_cert(&der);
		fixture_must(csca_link(p->ks, old, cscas[i - 1], cscas[i], &p->csca_profile, &p->sys.sys, &der, &err), &err);
		assert_int_equal(trust_add(line, buf_view(&der), NULL).code, CC_OK);
		assert_int_equal(trust_add(ring, buf_view(&der), NULL).code, CC_OK);
		buf_done(&der);
		fixture_must(ds_issue(p->ks, label, cscas[i], "ds-1", &p->ds_profile, &p->sys.sys, &der, &err), &err);
		{
			struct cert *ds = fixture_cert(&der);

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
	fixture_must(csca_link(p->ks, label, cscas[CHAIN_LENGTH_MAX + 2], cscas[0], &p->csca_profile, &p->sys.sys, &der, &err),
		     &err);
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
	struct fixture_rollover r;
	struct buf der = { 0 };

	fixture_roll_over(p, "Test CSCA", &r);
	assert_int_equal(csca_link(p->ks, "csca-1", p->csca, p->csca, &p->csca_profile, &p->sys.sys, &der, NULL).code, CC_E_ARG);
	assert_int_equal(csca_link(p->ks, "csca-1", p->csca, p->ds, &p->csca_profile, &p->sys.sys, &der, NULL).code, CC_E_ARG);
	/* after the old key's usage period, and with a key that isn't the certificate's */
	assert_int_equal(csca_link(p->ks, "csca-2", p->csca, r.csca, &p->csca_profile, &p->sys.sys, &der, NULL).code,
			 CC_E_VERIFY);
	p->sys.wall_ms += (int64_t)5 * 365 * DAY_S * 1000;
	assert_int_equal(csca_link(p->ks, "csca-1", p->csca, r.csca, &p->csca_profile, &p->sys.sys, &der, NULL).code, CC_E_STATE);
	assert_null(der.p);
	fixture_rollover_done(&r);
}

#define with_authority(f) cmocka_unit_test_setup_teardown(f, fixture_authority, fixture_authority_done)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(link_carries_trust_to_the_new_key),
		cmocka_unit_test(list_of_the_new_key_revokes_what_the_old_one_issued),
		with_authority(rings_and_long_chains_end),
		with_authority(links_that_must_not_be_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
