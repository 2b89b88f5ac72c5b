/* SPDX-License-Identifier: Apache-2.0 */
#include "card/inspect/inspect.h"
#include "crypto/cms.h"
#include "tests/support/chip_made.h"
#include "tests/support/inspect_expect.h"
#include "tests/support/pki_fixture.h"
#include "tests/support/sys_fake.h"
#include "tests/support/terminal_made.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

/* What an inspection says of Terminal Authentication and of PACE's chip authentication mapping. */

static struct fixture_pki pki;
static struct terminal_made authority, stranger;

static int group_setup(void **state)
{
	const struct sig_alg ecdsa256 = { SIG_ECDSA, HASH_SHA256, 0, HASH_SHA256 };
	const struct terminal_made_options o = { .curve = EC_BP256, .alg = ecdsa256, .rights = 3 };

	(void)state;
	fixture_pki(&pki, EC_BP256, 0, ecdsa256, EC_PARAMS_EXPLICIT);
	terminal_made_init(&authority, &o);
	terminal_made_init(&stranger, &o);
	return 0;
}

static int group_done(void **state)
{
	(void)state;
	fixture_pki_done(&pki);
	terminal_made_done(&authority);
	terminal_made_done(&stranger);
	return 0;
}

struct run {
	struct sys_fake fake;
	struct chip_made made;
	struct channel ch;
	struct inspection i;
};

static void inspect(struct run *r, const struct chip_made_options *o, const struct terminal *terminal, bool by_bac,
		    const struct trust *trust)
{
	struct inspect_keys keys = { 0 };
	struct inspect_params p = { .keys = &keys, .trust = trust, .now_s = FIXTURE_NOW_S, .terminal = terminal };

	memset(r, 0, sizeof *r);
	sys_fake_init(&r->fake, 8);
	p.sys = &r->fake.sys;
	chip_made_init(&r->made, o, &r->fake.sys);
	assert_false(cc_failed(reader_connect(r->made.cr.reader)));
	channel_init(&r->ch, r->made.cr.reader);
	keys.has_can = !by_bac;
	(void)snprintf(keys.can, sizeof keys.can, "%s", r->made.can);
	keys.has_mrz = by_bac;
	(void)snprintf(keys.document_number, sizeof keys.document_number, "%s", r->made.document_number);
	(void)snprintf(keys.birth, sizeof keys.birth, "%.6s", r->made.birth);
	(void)snprintf(keys.expiry, sizeof keys.expiry, "%.6s", r->made.expiry);
	if (cc_failed(inspect_card(&r->ch, &p, &r->i)))
		fail_msg("%s: %s", r->i.err.key, r->i.err.detail);
}

static void run_done(struct run *r)
{
	inspection_done(&r->i);
	channel_done(&r->ch);
	chip_made_done(&r->made);
}

static struct chip_made_options with_terminal(void)
{
	return (struct chip_made_options){ .pace = { { CHIP_MADE_GM, CIPHER_AES128, 13 } },
					   .pace_count = 1,
					   .ca = { { .parameter_id = 13, .alg = CIPHER_AES128 } },
					   .ca_count = 1,
					   .aa = CHIP_MADE_AA_EC,
					   .aa_parameter_id = 13,
					   .aa_hash = HASH_SHA256,
					   .cvca = buf_view(&authority.cvca),
					   .with_dg3 = true,
					   .with_dg4 = true };
}

static void terminal_reads_fingers_and_irises(void **state)
{
	const struct chip_made_options o = with_terminal();

	(void)state;
	for (unsigned by_bac = 0; by_bac < 2; by_bac++) {
		struct run r;

		inspect(&r, &o, &authority.terminal, by_bac, NULL);
		inspect_expect(&r.i, "terminal-authentication", INSPECT_PASSED);
		inspect_expect_evidence(&r.i, "terminal-authentication", "as VNIS00000001, rights DG3 yes, DG4 yes");
		inspect_expect(&r.i, "dg3.read", INSPECT_PASSED);
		inspect_expect(&r.i, "dg4.read", INSPECT_PASSED);
		assert_true(bytes_equal(lds_set_get(&r.i.files, lds_dg(3)), buf_view(&r.made.dg3)));
		assert_true(bytes_equal(lds_set_get(&r.i.files, lds_dg(4)), buf_view(&r.made.dg4)));
		run_done(&r);
	}
}

static void without_terminal_keys_they_are_unavailable(void **state)
{
	const struct chip_made_options o = with_terminal();
	struct run r;

	(void)state;
	inspect(&r, &o, NULL, false, NULL);
	inspect_expect(&r.i, "terminal-authentication", INSPECT_UNAVAILABLE);
	inspect_expect_evidence(&r.i, "terminal-authentication", "needs terminal authentication");
	inspect_expect(&r.i, "dg3.read", INSPECT_UNAVAILABLE);
	inspect_expect_evidence(&r.i, "dg3.read", "needs terminal authentication");
	assert_false(lds_set_has(&r.i.files, lds_dg(3)));
	run_done(&r);
}

/* The chip's No is about the terminal; the document is judged as before. */
static void a_stranger_is_refused_and_the_document_unharmed(void **state)
{
	const struct chip_made_options o = with_terminal();
	struct run r;

	(void)state;
	inspect(&r, &o, &stranger.terminal, false, NULL);
	inspect_expect(&r.i, "terminal-authentication", INSPECT_UNAVAILABLE);
	inspect_expect_evidence(&r.i, "terminal-authentication", "PSO: Verify Certificate");
	inspect_expect(&r.i, "dg3.read", INSPECT_UNAVAILABLE);
	assert_false(lds_set_has(&r.i.files, lds_dg(3)));
	run_done(&r);
}

static void a_chip_without_trust_point_says_so(void **state)
{
	struct chip_made_options o = with_terminal();
	struct run r;

	(void)state;
	o.cvca = bytes_of(NULL, 0);
	inspect(&r, &o, &authority.terminal, false, NULL);
	if (inspection_find(&r.i, "terminal-authentication") != NULL)
		inspect_expect(&r.i, "terminal-authentication", INSPECT_UNAVAILABLE);
	assert_false(lds_set_has(&r.i.files, lds_dg(3)));
	run_done(&r);
}

static void terminal_without_chip_authentication_is_not_run(void **state)
{
	struct chip_made_options o = with_terminal();
	struct run r;

	(void)state;
	o.ca_count = 0;
	inspect(&r, &o, &authority.terminal, false, NULL);
	inspect_expect(&r.i, "terminal-authentication", INSPECT_UNAVAILABLE);
	inspect_expect_evidence(&r.i, "terminal-authentication", "needs chip authentication");
	run_done(&r);
}

/* ---- chip authentication mapping */
static void sign_card_security(void *ctx, struct bytes infos, struct buf *ret)
{
	static const uint8_t oid[] = { 0x04, 0x00, 0x7F, 0x00, 0x07, 0x03, 0x02, 0x01 };
	const struct cms_sign_params p = { .content_type = bytes_of(oid, sizeof oid),
					   .content = infos,
					   .keystore = pki.ks,
					   .key_label = "ds-1",
					   .signer = pki.ds,
					   .alg = { SIG_ECDSA, HASH_SHA256, 0, HASH_SHA256 } };
	struct cc_error err;

	cc_error_init(&err);
	if (cc_failed(cms_sign(&p, ret, &err)))
		fail_msg("%s", err.detail);
	/* *ctx: spoil the signature. */
	if (*(const bool *)ctx)
		ret->p[ret->n - 1] ^= 1;
}

static struct chip_made_options with_mapping(bool *spoil, bool with_file)
{
	return (struct chip_made_options){ .pace = { { CHIP_MADE_GM, CIPHER_AES128, 13 }, { CHIP_MADE_CAM, CIPHER_AES128, 13 } },
					   .pace_count = 2,
					   .ca = { { .parameter_id = 13, .alg = CIPHER_AES128, .standardized = true } },
					   .ca_count = 1,
					   .sign = with_file ? sign_card_security : NULL,
					   .sign_ctx = spoil };
}

static void mapping_is_proven_by_card_security(void **state)
{
	bool spoil = false;
	const struct chip_made_options o = with_mapping(&spoil, true);
	struct run r;

	(void)state;
	inspect(&r, &o, NULL, false, pki.trust);
	inspect_expect(&r.i, "access", INSPECT_PASSED);
	inspect_expect_evidence(&r.i, "access", "ECDH-CAM");
	inspect_expect(&r.i, "chip-authentication-mapping", INSPECT_PASSED);
	run_done(&r);
	/* Nobody trusts the signer. */
	inspect(&r, &o, NULL, false, NULL);
	inspect_expect(&r.i, "chip-authentication-mapping", INSPECT_INCONCLUSIVE);
	run_done(&r);
}

static void spoilt_card_security_proves_nothing(void **state)
{
	bool spoil = true;
	const struct chip_made_options o = with_mapping(&spoil, true);
	struct run r;

	(void)state;
	inspect(&r, &o, NULL, false, pki.trust);
	inspect_expect(&r.i, "chip-authentication-mapping", INSPECT_FAILED);
	run_done(&r);
}

static void mapping_without_card_security_looks_at_dg14(void **state)
{
	bool spoil = false;
	const struct chip_made_options o = with_mapping(&spoil, false);
	struct run r;

	(void)state;
	inspect(&r, &o, NULL, false, pki.trust);
	/* The key is the chip's, and this chip's DG14 isn't signed. */
	inspect_expect(&r.i, "chip-authentication-mapping", INSPECT_INCONCLUSIVE);
	inspect_expect_evidence(&r.i, "chip-authentication-mapping", "DG14");
	run_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(terminal_reads_fingers_and_irises),
		cmocka_unit_test(without_terminal_keys_they_are_unavailable),
		cmocka_unit_test(a_stranger_is_refused_and_the_document_unharmed),
		cmocka_unit_test(a_chip_without_trust_point_says_so),
		cmocka_unit_test(terminal_without_chip_authentication_is_not_run),
		cmocka_unit_test(mapping_is_proven_by_card_security),
		cmocka_unit_test(spoilt_card_security_proves_nothing),
		cmocka_unit_test(mapping_without_card_security_looks_at_dg14),
	};

	return cmocka_run_group_tests(tests, group_setup, group_done);
}
