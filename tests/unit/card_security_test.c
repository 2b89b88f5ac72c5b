/* SPDX-License-Identifier: Apache-2.0 */
#include "card/lds/card_security.h"

#include "card/lds/card_access.h"
#include "card/lds/card_access_infos.h"
#include "tests/support/lds_fixture.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

static void must(cc_status st, const struct cc_error *err)
{
	if (cc_failed(st))
		fail_msg("%s: %s", err->key, err->detail);
}

/* A static key for Chip Authentication Mapping, beside what EF.CardAccess says. */
static struct buf build(const struct lds_fixture *f, struct security_infos *infos, struct card_access_storage *id,
			struct buf *spki)
{
	struct card_access_settings access = card_access_default();
	struct ec_domain *d = NULL;
	struct ec_key *k = NULL;
	struct buf file = { 0 };
	struct cc_error err = { 0 };
	struct card_security_params p = { .infos = infos,
					  .keystore = f->keystore,
					  .key_label = "ds-1",
					  .signer = f->ds,
					  .alg = { SIG_ECDSA, f->hash, 0, f->hash },
					  .trust = f->trust,
					  .now_s = FIXTURE_NOW_S };

	must(card_access_infos(&access, id, infos, &err), &err);
	assert_int_equal(ec_domain_new(EC_BP256, &d).code, CC_OK);
	assert_int_equal(ec_key_generate(d, &k).code, CC_OK);
	assert_int_equal(ec_spki_encode(EC_BP256, ec_key_public(k), EC_PARAMS_NAMED, spki).code, CC_OK);
	infos->items[infos->count++] =
		(struct security_info){ .kind = SECURITY_INFO_CA_KEY, .oid = oid_pk_ecdh, .value = buf_view(spki) };
	must(card_security_build(&p, &file, &err), &err);
	ec_key_free(&k);
	ec_domain_free(&d);
	return file;
}

static void built_file_is_read_and_verified(void **state)
{
	struct lds_fixture f;
	struct security_infos infos = { 0 };
	struct card_security s = { 0 };
	const struct security_info *key;
	const struct cert *signer = NULL;
	struct buf spki = { 0 }, file;
	struct card_access_storage id;

	(void)state;
	lds_fixture(&f, EC_BP256, HASH_SHA256);
	file = build(&f, &infos, &id, &spki);
	assert_int_equal(card_security_parse(buf_view(&file), &s, NULL).code, CC_OK);
	assert_int_equal(card_security_verify(&s, &signer, NULL).code, CC_OK);
	assert_true(bytes_equal(cert_der(signer), cert_der(f.ds)));
	key = security_infos_find(&s.infos, SECURITY_INFO_CA_KEY);
	assert_non_null(key);
	assert_true(bytes_equal(key->value, buf_view(&spki)));
	assert_int_equal(s.infos.count, infos.count);
	card_security_done(&s);
	/* the openssl command says the same of the signature (it refuses chains with explicit parameters) */
	fixture_write(&f.folder, "cs.bin", buf_view(&file));
	assert_int_equal(fixture_run(&f.folder, "openssl cms -verify -noverify -inform der -in cs.bin -out content"), 0);
	buf_done(&file);
	buf_done(&spki);
	lds_fixture_done(&f);
}

static void cuts_and_changes_are_refused(void **state)
{
	struct lds_fixture f;
	struct security_infos infos = { 0 };
	struct card_security s = { 0 };
	struct buf spki = { 0 }, file, longer = { 0 };
	struct card_access_storage id;
	unsigned refused = 0, unverified = 0, foreign = 0;

	(void)state;
	lds_fixture(&f, EC_BP256, HASH_SHA256);
	file = build(&f, &infos, &id, &spki);
	for (size_t n = 0; n < file.n; n++)
		assert_true(cc_failed(card_security_parse(bytes_of(file.p, n), &s, NULL)));
	assert_int_equal(buf_zero(&longer, file.n + 1).code, CC_OK);
	memcpy(longer.p, file.p, file.n);
	assert_int_equal(card_security_parse(buf_view(&longer), &s, NULL).code, CC_E_FORMAT);
	for (size_t i = 0; i < file.n; i++) {
		const struct cert *signer = NULL;

		file.p[i] ^= 0x01;
		if (cc_failed(card_security_parse(buf_view(&file), &s, NULL)))
			refused++;
		else if (cc_failed(card_security_verify(&s, &signer, NULL)) || cc_failed(cms_check_structure(s.cms, NULL)))
			unverified++;
		else
			/* the certificate's own bytes: then its chain is broken */
			foreign += trust_verify(f.trust, signer, FIXTURE_NOW_S, NULL, NULL) != CHAIN_GOOD;
		card_security_done(&s);
		file.p[i] ^= 0x01;
	}
	assert_int_equal(refused + unverified + foreign, file.n);
	print_message("# count: %zu changed bytes of EF.CardSecurity, none accepted\n", file.n);
	buf_done(&file);
	buf_done(&longer);
	buf_done(&spki);
	lds_fixture_done(&f);
}

/* The security object of a SOD is no EF.CardSecurity. */
static void another_content_type_is_refused(void **state)
{
	struct lds_fixture f;
	struct card_security s = { 0 };
	struct cms_sign_params sign = { .content_type = oid_lds_security_object };
	struct buf der = { 0 };
	struct cc_error err = { 0 };

	(void)state;
	lds_fixture(&f, EC_P256, HASH_SHA256);
	sign.content = BYTES_LITERAL("\x31\x00");
	sign.keystore = f.keystore;
	sign.key_label = "ds-1";
	sign.signer = f.ds;
	sign.alg = (struct sig_alg){ SIG_ECDSA, HASH_SHA256, 0, HASH_SHA256 };
	must(cms_sign(&sign, &der, &err), &err);
	assert_int_equal(card_security_parse(buf_view(&der), &s, &err).code, CC_E_FORMAT);
	assert_string_equal(err.key, "card-security.structure");
	buf_done(&der);
	lds_fixture_done(&f);
}

/* vectors/05_lds: four cards by two makers, RSA-PSS and ECDSA, DH and ECDH keys. */
static void published_files_verify(void **state)
{
	static const char *const names[] = { "05_lds/cardaccess_ausweisapp/efCardSecurity.bin",
					     "05_lds/cardaccess_cardsecurity_openpace/ef_cardsecurity_dan.bin",
					     "05_lds/cardaccess_cardsecurity_openpace/tc_dh_ef_cardsecurity.bin",
					     "05_lds/cardaccess_cardsecurity_openpace/tc_ecdh_ef_cardsecurity.bin" };
	unsigned count = 0;

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct card_security s = { 0 };
		const struct cert *signer = NULL;
		struct cc_error err = { 0 };
		struct buf file = { 0 };

		if (!vectors_file(names[i], &file))
			skip();
		must(card_security_parse(buf_view(&file), &s, &err), &err);
		must(card_security_verify(&s, &signer, &err), &err);
		assert_non_null(security_infos_find(&s.infos, SECURITY_INFO_CA_KEY));
		count++;
		card_security_done(&s);
		buf_done(&file);
	}
	print_message("# count: %u published EF.CardSecurity verified\n", count);
}

/* One of them with its country signer, both with explicit parameters: good while valid, expired today, nobody's without it. */
static void published_chain_is_good_in_its_time(void **state)
{
	static const struct {
		int64_t at_s;
		enum chain_verdict want;
	} cases[] = { { 1293840000, CHAIN_GOOD }, { 1767225600, CHAIN_EXPIRED } }; /* 2011-01-01, 2026-01-01 */
	struct card_security s = { 0 };
	struct buf file = { 0 }, csca = { 0 };
	const struct cert *signer = NULL;
	struct trust *t = NULL;

	(void)state;
	if (!vectors_file("05_lds/cardaccess_cardsecurity_openpace/ef_cardsecurity_dan.bin", &file) ||
	    !vectors_file("05_lds/cardaccess_cardsecurity_openpace/csca_germany_013_self_signed_cer.bin", &csca))
		skip();
	assert_int_equal(card_security_parse(buf_view(&file), &s, NULL).code, CC_OK);
	assert_int_equal(card_security_verify(&s, &signer, NULL).code, CC_OK);
	assert_int_equal(trust_new(&t).code, CC_OK);
	assert_int_equal(trust_verify(t, signer, cases[0].at_s, NULL, NULL), CHAIN_NO_ANCHOR);
	assert_int_equal(trust_add(t, buf_view(&csca), NULL).code, CC_OK);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_int_equal(trust_verify(t, signer, cases[i].at_s, NULL, NULL), cases[i].want);
	trust_free(&t);
	card_security_done(&s);
	buf_done(&file);
	buf_done(&csca);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(built_file_is_read_and_verified),     cmocka_unit_test(cuts_and_changes_are_refused),
		cmocka_unit_test(another_content_type_is_refused),     cmocka_unit_test(published_files_verify),
		cmocka_unit_test(published_chain_is_good_in_its_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
