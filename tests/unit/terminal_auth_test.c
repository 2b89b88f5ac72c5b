/* SPDX-License-Identifier: Apache-2.0 */
#include "card/access/terminal_auth.h"
#include "crypto/pki/cvca.h"
#include "tests/support/script_reader.h"
#include "tests/support/terminal_made.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static struct terminal_made authority;

static int group_setup(void **state)
{
	const struct terminal_made_options o = {
		.curve = EC_P256, .alg = { SIG_ECDSA, HASH_SHA256, 0, HASH_SHA256 }, .rights = 3, .by_second = true
	};

	(void)state;
	terminal_made_init(&authority, &o);
	return 0;
}

static int group_done(void **state)
{
	(void)state;
	terminal_made_done(&authority);
	return 0;
}

/* ---- EF.CVCA */
#define TWO "\x42\x0BVNCVCA00002\x42\x0BVNCVCA00001\0\0\0\0\0\0\0\0\0\0"

static void ef_cvca_holds_one_or_two_references(void **state)
{
	static const uint8_t only_zero[EF_CVCA_LEN];
	struct ef_cvca t = { 0 };

	(void)state;
	assert_false(cc_failed(ef_cvca_parse(bytes_of(TWO, 36), &t)));
	assert_string_equal(t.car[0], "VNCVCA00002");
	assert_string_equal(t.car[1], "VNCVCA00001");
	/* One reference alone, with and without the filler. */
	assert_false(cc_failed(ef_cvca_parse(bytes_of(TWO, 13), &t)));
	assert_string_equal(t.car[1], "");
	assert_int_equal(ef_cvca_parse(bytes_of(only_zero, sizeof only_zero), &t).code, CC_E_FORMAT);
	for (size_t n = 0; n < 26; n++) {
		if (n != 13)
			assert_int_equal(ef_cvca_parse(bytes_of(TWO, n), &t).code, CC_E_FORMAT);
	}
	assert_int_equal(ef_cvca_parse(BYTES_LITERAL("\x42\x03"
						     "A\nB"),
				       &t)
				 .code,
			 CC_E_FORMAT);
	assert_int_equal(ef_cvca_parse(BYTES_LITERAL("\x42\x11"
						     "ABCDEFGHIJKLMNOPQ"),
				       &t)
				 .code,
			 CC_E_FORMAT);
	assert_int_equal(ef_cvca_parse(BYTES_LITERAL("\x42\x01"
						     "A\0\x01"),
				       &t)
				 .code,
			 CC_E_FORMAT);
	assert_int_equal(ef_cvca_parse(BYTES_LITERAL("\x43\x01"
						     "A"),
				       &t)
				 .code,
			 CC_E_FORMAT);
}

static void identity_after_bac_is_number_and_check_digit(void **state)
{
	char id[32];

	(void)state;
	/* cccd-card.md 2: IDVNM0900000007 */
	assert_false(cc_failed(terminal_auth_bac_id("090000000", id)));
	assert_string_equal(id, "0900000007");
	assert_false(cc_failed(terminal_auth_bac_id("T2200012", id)));
	assert_int_equal(strlen(id), 10);
	assert_true(cc_failed(terminal_auth_bac_id("", id)));
	assert_true(cc_failed(terminal_auth_bac_id("09000000009000000000900000000", id)));
	assert_true(cc_failed(terminal_auth_bac_id("09000000!", id)));
}

/* ---- the way */
static void way_leads_over_the_link_or_begins_at_the_new_authority(void **state)
{
	const struct cvc *path[CVC_CHAIN_MAX];
	size_t n = 0;

	(void)state;
	assert_false(cc_failed(terminal_path(&authority.terminal, "VNCVCA00001", path, &n)));
	assert_int_equal(n, 3);
	assert_string_equal(path[0]->chr, "VNCVCA00002");
	assert_string_equal(path[1]->chr, "VNDVPOL00001");
	assert_string_equal(path[2]->chr, "VNIS00000001");
	assert_false(cc_failed(terminal_path(&authority.terminal, "VNCVCA00002", path, &n)));
	assert_int_equal(n, 2);
	assert_int_equal(terminal_path(&authority.terminal, "DECVCA00001", path, &n).code, CC_E_NOT_FOUND);
	assert_int_equal(terminal_path(&authority.terminal, "", path, &n).code, CC_E_NOT_FOUND);
}

/* Certificates of a hostile folder that sign each other in a circle. */
static void circles_end(void **state)
{
	struct buf a = terminal_made_cert(&authority, "cvca-1", "VNCVCA00008", "cvca-1", "VNDVPOL00001", CVC_ROLE_CVCA, 3,
					  20260101, 20261231);
	struct buf b = terminal_made_cert(&authority, "cvca-1", "VNDVPOL00001", "cvca-1", "VNCVCA00008", CVC_ROLE_CVCA, 3,
					  20260101, 20261231);
	const struct cvc *path[CVC_CHAIN_MAX];
	struct terminal t;
	struct writer w;
	size_t n = 0;

	(void)state;
	writer_init(&w, 8192);
	writer_put(&w, buf_view(&a));
	writer_put(&w, buf_view(&b));
	assert_false(cc_failed(terminal_init(&t, authority.ks, "terminal-1", buf_view(&authority.own), writer_view(&w), NULL)));
	assert_int_equal(t.count, 3);
	assert_int_equal(terminal_path(&t, "VNCVCA00001", path, &n).code, CC_E_NOT_FOUND);
	writer_done(&w);
	buf_done(&a);
	buf_done(&b);
}

static void only_inspection_systems_are_terminals(void **state)
{
	struct terminal t;
	struct cc_error err;

	(void)state;
	cc_error_init(&err);
	assert_int_equal(terminal_init(&t, authority.ks, "dv-1", buf_view(&authority.dv), bytes_of(NULL, 0), &err).code,
			 CC_E_ARG);
	assert_string_equal(err.key, "access.terminal-role");
	assert_int_equal(
		terminal_init(&t, authority.ks, "terminal-1", bytes_of(authority.own.p, 40), bytes_of(NULL, 0), NULL).code,
		CC_E_FORMAT);
	assert_int_equal(terminal_init(&t, authority.ks, "terminal-1", buf_view(&authority.own),
				       bytes_of(authority.others.p, authority.others.n - 1), NULL)
				 .code,
			 CC_E_FORMAT);
}

/* A key store without the key: nothing is signed, and the detail is the key store's. */
static void a_missing_key_is_no_fault_of_the_chip(void **state)
{
	static const struct script_step steps[] = {
		{ NULL, "9000" }, { NULL, "9000" }, { NULL, "9000" },
		{ NULL, "9000" }, { NULL, "9000" }, { "0084000008", "1122334455667788 9000" }
	};
	struct script script = { steps, 6, NULL, 0 };
	struct reader *r = script_reader(&script);
	struct terminal t = authority.terminal;
	struct terminal_auth_params p = { .terminal = &t, .trust = { { "VNCVCA00002", "" } } };
	struct channel ch;
	uint8_t rights = 0;

	(void)state;
	(void)snprintf(t.label, sizeof t.label, "terminal-9");
	channel_init(&ch, r);
	assert_int_equal(terminal_auth_run(&ch, &p, &rights).code, CC_E_NOT_FOUND);
	assert_int_equal(strncmp(ch.err.key, "keystore.", 9), 0);
	assert_int_equal(script.next, 6);
	channel_done(&ch);
	reader_free(&r);
}

/* ---- the authority's side */
static struct cvc_fields fields(const char *car, const char *chr, enum cvc_role role, uint8_t rights, struct bytes spki)
{
	return (struct cvc_fields){ .car = car,
				    .chr = chr,
				    .key_alg = { SIG_ECDSA, HASH_SHA256, 0, HASH_SHA256 },
				    .spki = spki,
				    .with_domain = role == CVC_ROLE_CVCA,
				    .role = role,
				    .rights = rights,
				    .effective = 20260101,
				    .expiration = 20260601 };
}

static void issue_fails(const char *label, const struct cvc *issuer, const struct cvc_fields *f, const char *key)
{
	struct cvca_signer by;
	struct buf cert = { 0 };
	struct cc_error err;

	cc_error_init(&err);
	assert_false(cc_failed(cvca_signer_of(authority.ks, label, &by, &err)));
	assert_true(cc_failed(cvca_issue(&by, issuer, f, &cert, &err)));
	assert_string_equal(err.key, key);
	assert_null(cert.p);
}

static void authorities_issue_within_their_own_bounds(void **state)
{
	struct buf spki = { 0 }, cert = { 0 };
	struct cvc ca, dv, made;
	struct cvca_signer by;
	struct cvc_fields f;

	(void)state;
	assert_false(cc_failed(keystore_public_key(authority.ks, "terminal-1", &spki)));
	assert_false(cc_failed(cvc_parse(buf_view(&authority.cvca2), &ca, NULL)));
	assert_false(cc_failed(cvc_parse(buf_view(&authority.dv), &dv, NULL)));
	assert_false(cc_failed(cvc_key_inherit(&dv.key, &ca.key)));
	f = fields("VNDVPOL00001", "VNIS00000009", CVC_ROLE_TERMINAL, 3, buf_view(&spki));
	assert_false(cc_failed(cvca_signer_of(authority.ks, "dv-1", &by, NULL)));
	assert_false(cc_failed(cvca_issue(&by, &dv, &f, &cert, NULL)));
	assert_false(cc_failed(cvc_parse(buf_view(&cert), &made, NULL)));
	assert_string_equal(made.chr, "VNIS00000009");
	assert_false(made.key.has_domain);
	/* Another name, another role, more rights, longer, an issuer that can't, the wrong key. */
	f.car = "VNDVPOL00002";
	issue_fails("dv-1", &dv, &f, "cvc.issuer");
	f = fields("VNDVPOL00001", "VNDVTWO00001", CVC_ROLE_DV_DOMESTIC, 3, buf_view(&spki));
	issue_fails("dv-1", &dv, &f, "cvc.role");
	f = fields("VNDVPOL00001", "VNIS00000009", CVC_ROLE_TERMINAL, 7, buf_view(&spki));
	issue_fails("dv-1", &dv, &f, "cvc.role");
	f = fields("VNDVPOL00001", "VNIS00000009", CVC_ROLE_TERMINAL, 3, buf_view(&spki));
	f.expiration = 20270101;
	issue_fails("dv-1", &dv, &f, "cvc.dates");
	f.expiration = 20251231;
	issue_fails("dv-1", &dv, &f, "cvc.dates");
	f = fields("VNCVCA00002", "VNIS00000009", CVC_ROLE_TERMINAL, 3, buf_view(&spki));
	issue_fails("cvca-2", &ca, &f, "cvc.role");
	f = fields("VNCVCA00002", "VNDVTWO00001", CVC_ROLE_DV_DOMESTIC, 3, buf_view(&spki));
	issue_fails("cvca-1", &ca, &f, "cvc.signature");
	issue_fails("cvca-2", NULL, &f, "cvc.issuer");
	buf_done(&spki);
	buf_done(&cert);
}

static void requests_are_signed_by_the_key_and_the_key_before(void **state)
{
	struct cvca_signer fresh, before;
	struct buf request = { 0 };
	struct cvc c, dv, ca;

	(void)state;
	assert_false(cc_failed(cvca_signer_of(authority.ks, "terminal-1", &fresh, NULL)));
	assert_false(cc_failed(cvca_signer_of(authority.ks, "dv-1", &before, NULL)));
	assert_false(cc_failed(cvca_request(&fresh, "VNCVCA00002", "VNDVPOL00002", NULL, NULL, &request, NULL)));
	assert_false(cc_failed(cvc_parse(buf_view(&request), &c, NULL)));
	assert_true(c.is_request && !c.has_outer && c.key.has_domain);
	assert_false(cc_failed(cvc_request_verify(&c, NULL)));
	assert_false(cc_failed(cvca_request(&fresh, "VNCVCA00002", "VNDVPOL00002", &before, "VNDVPOL00001", &request, NULL)));
	assert_false(cc_failed(cvc_parse(buf_view(&request), &c, NULL)));
	assert_true(c.has_outer);
	assert_false(cc_failed(cvc_parse(buf_view(&authority.cvca2), &ca, NULL)));
	assert_false(cc_failed(cvc_parse(buf_view(&authority.dv), &dv, NULL)));
	assert_false(cc_failed(cvc_key_inherit(&dv.key, &ca.key)));
	assert_false(cc_failed(cvc_request_verify(&c, &dv.key)));
	assert_int_equal(cvc_request_verify(&c, &ca.key).code, CC_E_VERIFY);
	buf_done(&request);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ef_cvca_holds_one_or_two_references),
		cmocka_unit_test(identity_after_bac_is_number_and_check_digit),
		cmocka_unit_test(way_leads_over_the_link_or_begins_at_the_new_authority),
		cmocka_unit_test(circles_end),
		cmocka_unit_test(only_inspection_systems_are_terminals),
		cmocka_unit_test(a_missing_key_is_no_fault_of_the_chip),
		cmocka_unit_test(authorities_issue_within_their_own_bounds),
		cmocka_unit_test(requests_are_signed_by_the_key_and_the_key_before),
	};

	return cmocka_run_group_tests(tests, group_setup, group_done);
}
