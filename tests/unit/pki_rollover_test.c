/* SPDX-License-Identifier: Apache-2.0 */
#include "station/pki.h"
#include "station/pki_authority.h"
#include "station/pki_signer.h"
#include "tests/support/pki_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* An authority over the years, by a clock that the test moves: which key signs what, and what an old verifier still believes. */

#define DAY_S 86400
#define YEAR_S (365 * (int64_t)DAY_S)

struct station {
	struct fixture_folder folder;
	struct fixture_sys sys;
	struct config config;
	struct pki_options options;
};

static void must(cc_status st, const struct cc_error *err)
{
	if (cc_failed(st))
		fail_msg("%s: %s", err->key, err->detail);
}

static void open_station(struct station *s)
{
	static const struct password_cost cheap = { .memory_kib = 8 << 10, .passes = 1, .lanes = 1 };
	struct cc_error err = { 0 };
	struct keystore *ks = NULL;
	char path[PATH_MAX];
	bool resumed;

	fixture_folder(&s->folder);
	fixture_sys(&s->sys);
	s->config = (struct config){ .sys = &s->sys.sys };
	fixture_path(&s->folder, "home", s->config.home, sizeof s->config.home);
	fixture_path(&s->folder, "password", s->config.password_file, sizeof s->config.password_file);
	fixture_write(&s->folder, "password", BYTES_LITERAL("secret\n"));
	must(pki_options_default(&s->config, &s->options, &err), &err);
	/* A cheap key store, which init then finds. */
	assert_int_equal(sys_make_dirs(s->config.home, 0700, NULL).code, CC_OK);
	config_path(&s->config, "keys.ccks", path);
	assert_int_equal(keystore_file_create_cost(path, BYTES_LITERAL("secret"), cheap, &s->sys.sys, &ks, NULL).code, CC_OK);
	keystore_close(&ks);
	must(pki_init(&s->config, &s->options, &resumed, &err), &err);
}

static void at(struct station *s, int64_t after_s)
{
	s->sys.wall_ms = (FIXTURE_NOW_S + after_s) * 1000;
}

static void make(struct station *s, bool csca, const char *want)
{
	struct pki_made made = { 0 };
	struct cc_error err = { 0 };

	if (csca)
		must(pki_new_csca(&s->config, &s->options, NULL, false, &made, &err), &err);
	else
		must(pki_new_signer(&s->config, &s->options, &made, &err), &err);
	assert_string_equal(made.label, want);
	assert_false(made.resumed);
}

static struct cert *read_cert(const struct station *s, const char *name)
{
	struct buf file = { 0 };
	struct cert *c = NULL;
	char path[PATH_MAX];

	config_path(&s->config, name, path);
	assert_int_equal(sys_read_file(path, 65536, &file, NULL).code, CC_OK);
	assert_int_equal(cert_parse(buf_view(&file), &c, NULL).code, CC_OK);
	buf_done(&file);
	return c;
}

static enum chain_verdict judge(const struct station *s, const char *ds, const char *const *trusted)
{
	struct trust *t = NULL;
	struct cert *c = read_cert(s, ds);
	enum chain_verdict v;

	assert_int_equal(trust_new(&t).code, CC_OK);
	for (; *trusted != NULL; trusted++) {
		struct cert *one = read_cert(s, *trusted);

		assert_int_equal(trust_add(t, cert_der(one), NULL).code, CC_OK);
		cert_free(&one);
	}
	v = trust_verify(t, c, s->sys.wall_ms / 1000, NULL, NULL);
	cert_free(&c);
	trust_free(&t);
	return v;
}

static const char *const old_alone[] = { "certs/csca-1.cer", NULL };
static const char *const with_link[] = { "certs/csca-1.cer", "certs/csca-2-link.cer", NULL };
static const char *const new_alone[] = { "certs/csca-2.cer", NULL };

static void years_of_an_authority(void **state)
{
	struct station s;
	struct cert *ds1, *ds2, *ds3;

	(void)state;
	open_station(&s);
	at(&s, 80 * DAY_S);
	make(&s, false, "ds-2");
	at(&s, 4 * YEAR_S + 300 * (int64_t)DAY_S); /* two months before the old key's period ends */
	make(&s, true, "csca-2");
	make(&s, false, "ds-3");
	ds1 = read_cert(&s, "certs/ds-1.cer");
	ds2 = read_cert(&s, "certs/ds-2.cer");
	ds3 = read_cert(&s, "certs/ds-3.cer");
	/* periods are the predecessor's, from the day of making */
	assert_int_equal(cert_not_after_s(ds2) - cert_not_before_s(ds2), cert_not_after_s(ds1) - cert_not_before_s(ds1));
	assert_int_equal(cert_not_before_s(ds2), FIXTURE_NOW_S + 80 * DAY_S);
	assert_true(cert_not_before_s(ds3) > FIXTURE_NOW_S + 4 * YEAR_S);
	assert_int_equal(judge(&s, "certs/ds-3.cer", old_alone), CHAIN_NO_ANCHOR);
	assert_int_equal(judge(&s, "certs/ds-3.cer", with_link), CHAIN_GOOD);
	assert_int_equal(judge(&s, "certs/ds-3.cer", new_alone), CHAIN_GOOD);
	/* fifteen years later cards of both generations still verify */
	at(&s, 15 * YEAR_S);
	assert_int_equal(judge(&s, "certs/ds-1.cer", old_alone), CHAIN_GOOD);
	assert_int_equal(judge(&s, "certs/ds-3.cer", with_link), CHAIN_GOOD);
	/* when the old country signer ends, the link ends with it; the new anchor stands */
	at(&s, 31 * YEAR_S);
	assert_int_equal(judge(&s, "certs/ds-3.cer", with_link), CHAIN_EXPIRED);
	cert_free(&ds1);
	cert_free(&ds2);
	cert_free(&ds3);
	fixture_folder_done(&s.folder);
}

static void nothing_is_issued_after_the_usage_period(void **state)
{
	struct station s;
	struct pki_made made = { 0 };
	struct pki_crl_made crl = { 0 };
	struct pki_crl_request q = { .days = 30 };
	struct cc_error err = { 0 };

	(void)state;
	open_station(&s);
	at(&s, 6 * YEAR_S);
	assert_int_equal(pki_new_signer(&s.config, &s.options, &made, &err).code, CC_E_STATE);
	assert_string_equal(err.key, "pki.issuer");
	cc_error_init(&err);
	assert_int_equal(pki_new_csca(&s.config, &s.options, NULL, false, &made, &err).code, CC_E_STATE);
	assert_string_equal(err.key, "pki.no-link");
	cc_error_init(&err);
	assert_int_equal(pki_make_crl(&s.config, &s.options, &q, &crl, &err).code, CC_E_STATE);
	assert_string_equal(made.label, "");
	assert_int_equal(crl.number, 0);
	fixture_folder_done(&s.folder);
}

/* The rollover was forgotten: the authority goes on with a country signer that stands alone, and says so. */
static void an_authority_whose_key_expired_goes_on(void **state)
{
	static const char *const both[] = { "certs/csca-1.cer", "certs/csca-2.cer", NULL };
	struct station s;
	struct pki_made made = { 0 };
	struct cc_error err = { 0 };
	char path[PATH_MAX];

	(void)state;
	open_station(&s);
	at(&s, 6 * YEAR_S);
	must(pki_new_csca(&s.config, &s.options, NULL, true, &made, &err), &err);
	assert_string_equal(made.label, "csca-2");
	assert_true(made.alone);
	config_path(&s.config, "certs/csca-2-link.cer", path);
	assert_int_equal(access(path, F_OK), -1);
	config_path(&s.config, "trust/csca-2.cer", path);
	assert_int_equal(access(path, F_OK), 0);
	make(&s, false, "ds-2");
	assert_int_equal(judge(&s, "certs/ds-2.cer", both), CHAIN_GOOD);
	assert_int_equal(judge(&s, "certs/ds-2.cer", old_alone), CHAIN_NO_ANCHOR);
	assert_int_equal(judge(&s, "certs/ds-1.cer", both), CHAIN_GOOD);
	/* The next one, in time, has its link; nobody leaves one out that can be made. */
	at(&s, 10 * YEAR_S);
	must(pki_new_csca(&s.config, &s.options, NULL, true, &made, &err), &err);
	assert_string_equal(made.label, "csca-3");
	assert_false(made.alone || made.resumed);
	config_path(&s.config, "certs/csca-3-link.cer", path);
	assert_int_equal(access(path, F_OK), 0);
	fixture_folder_done(&s.folder);
}

/* CRL numbers rise even when a list failed; revocations stay through every list. */
static void revocations_stay(void **state)
{
	struct station s;
	struct pki_crl_made made = { 0 };
	struct pki_crl_request q = { .days = 30 };
	struct buf serial = { 0 };
	struct cc_error err = { 0 };
	char path[PATH_MAX];
	uint64_t last = 0;

	(void)state;
	open_station(&s);
	config_path(&s.config, "certs/ds-1.cer", path);
	must(pki_revocation_serial(&s.config, path, &serial, &err), &err);
	q.serial = buf_view(&serial);
	q.reason = CRL_SUPERSEDED;
	for (unsigned i = 0; i < 3; i++) {
		must(pki_make_crl(&s.config, &s.options, &q, &made, &err), &err);
		assert_true(made.number > last);
		assert_int_equal(made.count, 1);
		last = made.number;
		q.serial = bytes_of(NULL, 0);
	}
	q.serial = buf_view(&serial);
	assert_int_equal(pki_make_crl(&s.config, &s.options, &q, &made, &err).code, CC_E_EXISTS);
	assert_string_equal(err.key, "pki.revoked-already");
	buf_done(&serial);
	fixture_folder_done(&s.folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(years_of_an_authority),
		cmocka_unit_test(nothing_is_issued_after_the_usage_period),
		cmocka_unit_test(an_authority_whose_key_expired_goes_on),
		cmocka_unit_test(revocations_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
