/* SPDX-License-Identifier: Apache-2.0 */
#include "card/lds/sod.h"
#include "card/lds/security_infos.h"
#include "crypto/base/tlv.h"
#include "tests/support/alloc_fault.h"
#include "tests/support/lds_fixture.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- the LDS security object */
static const uint8_t hash_a[64] = { 1 }, hash_b[64] = { 2 };

static struct sod_object two_groups(void)
{
	struct sod_object o = { .version = 0, .alg = HASH_SHA256, .count = 2 };

	o.hashes[0] = (struct sod_hash){ 1, bytes_of(hash_a, 32) };
	o.hashes[1] = (struct sod_hash){ 14, bytes_of(hash_b, 32) };
	return o;
}

static struct buf encode(const struct sod_object *o)
{
	struct buf der = { 0 };

	assert_int_equal(sod_object_encode(o, &der, NULL).code, CC_OK);
	return der;
}

/* ICAO 9303-10 4.6.2.3, written by hand. */
static void object_is_the_standards_der(void **state)
{
	struct sod_object o = two_groups(), back;
	struct buf der = encode(&o);
	struct buf want = vectors_from_hex("3060 020100 300B 0609608648016503040201 304E"
					   "3025 020101 0420 0100000000000000000000000000000000000000000000000000000000000000"
					   "3025 02010E 0420 0200000000000000000000000000000000000000000000000000000000000000");

	(void)state;
	assert_int_equal(der.n, want.n);
	assert_memory_equal(der.p, want.p, want.n);
	assert_int_equal(sod_object_parse(buf_view(&der), &back, NULL).code, CC_OK);
	assert_int_equal(back.version, 0);
	assert_int_equal(back.count, 2);
	assert_true(bytes_equal(sod_object_hash(&back, 14), bytes_of(hash_b, 32)));
	assert_int_equal(sod_object_hash(&back, 2).n, 0);
	assert_int_equal(sod_object_dg_mask(&back), 1 | 1 << 13);
	buf_done(&want);
	buf_done(&der);
}

static void version_1_carries_the_versions(void **state)
{
	struct sod_object o = two_groups(), back;
	struct buf der = { 0 };

	(void)state;
	o.version = 1;
	assert_int_equal(sod_object_encode(&o, &der, NULL).code, CC_E_ARG);
	assert_int_equal(sod_object_set_versions(&o, "108", "040000", NULL).code, CC_E_ARG);
	assert_int_equal(sod_object_set_versions(&o, "0108", "04000x", NULL).code, CC_E_ARG);
	assert_int_equal(sod_object_set_versions(&o, "0108", "040000", NULL).code, CC_OK);
	der = encode(&o);
	assert_int_equal(sod_object_parse(buf_view(&der), &back, NULL).code, CC_OK);
	assert_int_equal(back.version, 1);
	assert_string_equal(back.lds_version, "0108");
	assert_string_equal(back.unicode_version, "040000");
	buf_done(&der);
}

static void object_writer_is_strict(void **state)
{
	struct sod_object o;
	struct buf der = { 0 };

	(void)state;
	o = two_groups(), o.count = 1;
	assert_int_equal(sod_object_encode(&o, &der, NULL).code, CC_E_ARG);
	o = two_groups(), o.hashes[1].dg = 1;
	assert_int_equal(sod_object_encode(&o, &der, NULL).code, CC_E_ARG);
	o = two_groups(), o.hashes[1].dg = 17;
	assert_int_equal(sod_object_encode(&o, &der, NULL).code, CC_E_ARG);
	o = two_groups(), o.hashes[0].hash.n = 31;
	assert_int_equal(sod_object_encode(&o, &der, NULL).code, CC_E_ARG);
	o = two_groups(), o.alg = HASH_SHA384;
	assert_int_equal(sod_object_encode(&o, &der, NULL).code, CC_E_ARG);
	o = two_groups(), o.version = 2;
	assert_int_equal(sod_object_encode(&o, &der, NULL).code, CC_E_ARG);
	assert_null(der.p);
}

static void object_reader_refuses(void **state)
{
	static const struct {
		const char *hex;
		enum cc_code code;
	} cases[] = {
		{ "3029 020100 3007 06052B0E03021A 301B 3019 020101 0414 0100000000000000000000000000000000000000", CC_OK },
		{ "302A 020100 3007 06052B0E03021A 301B 3019 020101 0414 0100000000000000000000000000000000000000 00",
		  CC_E_FORMAT },
		{ "3029 020100 3007 06052B0E03021A 301B 3019 020101 0414 0100000000000000000000000000000000000000 00",
		  CC_E_FORMAT },
		{ "3027 020100 3009 06052B0E03021A0500 3017 3015 020101 0410 01000000000000000000000000000000", CC_E_FORMAT },
		{ "302B 020100 3009 06052B0E03021A0500 301B 3019 020101 0414 0100000000000000000000000000000000000000", CC_OK },
		{ "302B 020102 3009 06052B0E03021A0500 301B 3019 020101 0414 0100000000000000000000000000000000000000",
		  CC_E_FORMAT },
		{ "302B 020100 3009 06052B0E03021A0500 301B 3019 020111 0414 0100000000000000000000000000000000000000",
		  CC_E_FORMAT },
		{ "302B 020100 3009 06052B0E03021A0500 301B 3019 020100 0414 0100000000000000000000000000000000000000",
		  CC_E_FORMAT },
		{ "302B 020100 3009 06052B0E03021B0500 301B 3019 020101 0414 0100000000000000000000000000000000000000",
		  CC_E_UNSUPPORTED },
		{ "302B 020100 3009 06052B0E03021A0400 301B 3019 020101 0414 0100000000000000000000000000000000000000",
		  CC_E_FORMAT },
		{ "3010 020100 3009 06052B0E03021A0500 3000", CC_E_FORMAT },
		{ "3046 020100 3009 06052B0E03021A0500 3036 3019 020101 0414 0100000000000000000000000000000000000000"
		  "3019 020101 0414 0100000000000000000000000000000000000000",
		  CC_E_FORMAT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf der = vectors_from_hex(cases[i].hex);
		struct sod_object o;

		if (sod_object_parse(buf_view(&der), &o, NULL).code != cases[i].code)
			fail_msg("case %zu", i);
		buf_done(&der);
	}
}

static void every_truncated_object_is_refused(void **state)
{
	struct sod_object o = two_groups(), back;
	struct buf der = encode(&o);

	(void)state;
	for (size_t n = 0; n < der.n; n++)
		assert_int_equal(sod_object_parse(bytes_of(der.p, n), &back, NULL).code, CC_E_FORMAT);
	buf_done(&der);
}

/* ---- building */
static void built_sod_holds_the_hashes_of_the_files(void **state)
{
	const struct lds_fixture *f = *state;

	for (unsigned version = 0; version <= 1; version++) {
		struct lds_set set = { 0 };
		struct sod s = { 0 };
		struct digest d;

		lds_fixture_files(f, (struct bytes){ 0 }, (struct bytes){ 0 }, &set);
		lds_fixture_sign(f, version, &set);
		assert_int_equal(sod_parse(lds_set_get(&set, LDS_SOD), &s, NULL).code, CC_OK);
		assert_int_equal(s.object.version, version);
		assert_string_equal(s.object.lds_version, version == 1 ? "0108" : "");
		assert_int_equal(sod_object_dg_mask(&s.object), lds_set_dg_mask(&set));
		for (unsigned n = 1; n <= LDS_DG_LAST; n++) {
			if (!lds_set_has(&set, lds_dg(n)))
				continue;
			assert_int_equal(hash_digest(HASH_SHA256, lds_set_get(&set, lds_dg(n)), &d).code, CC_OK);
			assert_true(bytes_equal(sod_object_hash(&s.object, n), bytes_of(d.p, d.n)));
			assert_int_equal(sod_check_file(&s, n, lds_set_get(&set, lds_dg(n)), NULL).code, CC_OK);
			set.files[lds_dg(n)].p[5] ^= 1;
			assert_int_equal(sod_check_file(&s, n, lds_set_get(&set, lds_dg(n)), NULL).code, CC_E_VERIFY);
		}
		assert_int_equal(sod_check_file(&s, 3, BYTES_LITERAL("x"), NULL).code, CC_E_NOT_FOUND);
		sod_done(&s);
		lds_set_done(&set);
	}
}

static void sod_without_a_chain_never_leaves(void **state)
{
	const struct lds_fixture *f = *state;
	struct sod_params p = lds_fixture_sod_params(f, 0);
	struct lds_set set = { 0 };
	struct buf file = { 0 };
	struct trust *empty = NULL;
	struct cc_error err;

	cc_error_init(&err);
	lds_fixture_files(f, (struct bytes){ 0 }, (struct bytes){ 0 }, &set);
	assert_int_equal(trust_new(&empty).code, CC_OK);
	p.trust = empty;
	assert_int_equal(sod_build(&p, &set, &file, &err).code, CC_E_VERIFY);
	assert_string_equal(err.key, "sod.chain");
	assert_null(file.p);
	p.trust = f->trust;
	p.now_s = FIXTURE_NOW_S + 40LL * 365 * 24 * 3600;
	assert_int_equal(sod_build(&p, &set, &file, NULL).code, CC_E_VERIFY);
	trust_free(&empty);
	lds_set_done(&set);
}

static void sod_of_another_key_never_leaves(void **state)
{
	const struct lds_fixture *f = *state;
	struct sod_params p = lds_fixture_sod_params(f, 0);
	struct lds_set set = { 0 };
	struct buf file = { 0 };

	lds_fixture_files(f, (struct bytes){ 0 }, (struct bytes){ 0 }, &set);
	p.key_label = "csca-1";
	assert_true(cc_failed(sod_build(&p, &set, &file, NULL)));
	assert_null(file.p);
	buf_done(&set.files[lds_dg(2)]);
	buf_done(&set.files[lds_dg(13)]);
	buf_done(&set.files[lds_dg(14)]);
	buf_done(&set.files[lds_dg(15)]);
	p.key_label = "ds-1";
	assert_int_equal(sod_build(&p, &set, &file, NULL).code, CC_E_ARG); /* one data group */
	lds_set_done(&set);
}

/* ---- a key store that answers wrongly: sod_build alone verifies what it signs */

enum lie { LIE_BIT, LIE_OTHER_KEY, LIE_OTHER_MESSAGE, LIE_EARLIER, LIE_EMPTY, LIE_CUT, LIE_ZERO, LIE_OTHER_HASH, LIE_COUNT };

struct liar {
	struct keystore base;
	struct keystore *honest;
	enum lie lie;
	size_t bit;	    /* LIE_BIT: which */
	size_t len;	    /* of the last honest signature */
	struct buf earlier; /* LIE_EARLIER: one over another SOD */
};

static cc_status honest_sign(struct liar *l, const char *label, struct sig_alg alg, struct bytes message, struct buf *ret)
{
	assert_int_equal(l->honest->ops->sign(l->honest, label, alg, message, ret).code, CC_OK);
	l->len = ret->n;
	return cc_ok();
}

static cc_status liar_sign(struct keystore *ks, const char *label, struct sig_alg alg, struct bytes message, struct buf *ret)
{
	struct liar *l = (struct liar *)ks;
	cc_status st;

	switch (l->lie) {
	case LIE_OTHER_KEY:
		return honest_sign(l, "csca-1", alg, message, ret);
	case LIE_OTHER_MESSAGE:
		return honest_sign(l, label, alg, BYTES_LITERAL("another message"), ret);
	case LIE_OTHER_HASH:
		alg.hash = HASH_SHA512;
		return honest_sign(l, label, alg, message, ret);
	case LIE_EARLIER:
		return buf_copy(ret, buf_view(&l->earlier));
	case LIE_EMPTY:
		return buf_copy(ret, (struct bytes){ 0 });
	case LIE_ZERO:
		return buf_copy(ret, BYTES_LITERAL("\x30\x06\x02\x01\x00\x02\x01\x00"));
	case LIE_BIT:
	case LIE_CUT:
	case LIE_COUNT:
		break;
	}
	st = honest_sign(l, label, alg, message, ret);
	if (l->lie == LIE_BIT && l->bit < 8 * ret->n)
		ret->p[l->bit / 8] ^= (uint8_t)(1 << l->bit % 8);
	if (l->lie == LIE_CUT)
		ret->n--;
	return st;
}

static cc_status liar_public_key(struct keystore *ks, const char *label, struct buf *ret)
{
	return keystore_public_key(((struct liar *)ks)->honest, label, ret);
}

static const struct keystore_ops liar_ops = { .name = "liar", .public_key = liar_public_key, .sign = liar_sign };

/* Whatever it is, it is said to be the key store's, and nothing leaves. */
static void assert_no_sod(const struct sod_params *p, const struct lds_set *set)
{
	struct buf file = { 0 };
	struct cc_error err;

	cc_error_init(&err);
	if (sod_build(p, set, &file, &err).code != CC_E_VERIFY)
		fail_msg("lie %d, bit %zu", (int)((struct liar *)p->keystore)->lie, ((struct liar *)p->keystore)->bit);
	assert_string_equal(err.key, "keystore.bad-signature");
	assert_null(file.p);
}

static void lying_key_store_gives_no_sod(void **state)
{
	const struct lds_fixture *f = *state;
	struct liar l = { .base = { .ops = &liar_ops }, .honest = f->keystore, .lie = LIE_COUNT };
	struct sod_params p = lds_fixture_sod_params(f, 0);
	struct lds_set set = { 0 };
	struct buf file = { 0 };
	unsigned count = 0;

	lds_fixture_files(f, (struct bytes){ 0 }, (struct bytes){ 0 }, &set);
	/* A signature of this very key over another card's object. */
	assert_int_equal(keystore_sign(f->keystore, "ds-1", p.alg, BYTES_LITERAL("another card"), &l.earlier).code, CC_OK);
	p.keystore = &l.base;
	assert_int_equal(sod_build(&p, &set, &file, NULL).code, CC_OK); /* as long as it doesn't lie */
	buf_done(&file);
	for (l.lie = LIE_OTHER_KEY; l.lie < LIE_COUNT; l.lie++, count++)
		assert_no_sod(&p, &set);
	/* Each bit of a signature, which is another one each time; a bit behind its end would be no lie. */
	l.lie = LIE_BIT;
	for (l.bit = 0; l.bit < 8 * 66; l.bit++, count++)
		assert_no_sod(&p, &set);
	assert_true(l.len >= 66);
	print_message("# count: %u wrong signatures by the key store, no SOD from any of them\n", count);
	buf_done(&l.earlier);
	lds_set_done(&set);
}

static void build_leaves_nothing_half_at_each_allocation(void **state)
{
	const struct lds_fixture *f = *state;
	const struct sod_params p = lds_fixture_sod_params(f, 1);
	struct lds_set set = { 0 };
	unsigned failures = 0;

	lds_fixture_files(f, (struct bytes){ 0 }, (struct bytes){ 0 }, &set);
	for (size_t k = 1; alloc_fault_next(&k);) {
		struct buf file = { 0 };
		cc_status st = sod_build(&p, &set, &file, NULL);
		bool refused = alloc_fault_end();

		assert_int_equal(cc_failed(st), refused);
		assert_int_equal(file.p == NULL, refused);
		failures += refused;
		buf_done(&file);
	}
	assert_true(failures > 20);
	lds_set_done(&set);
}

static void changed_sods_are_caught(void **state)
{
	const struct lds_fixture *f = *state;
	struct lds_set set = { 0 };
	size_t accepted = 0, n;

	lds_fixture_files(f, (struct bytes){ 0 }, (struct bytes){ 0 }, &set);
	lds_fixture_sign(f, 1, &set);
	n = set.files[LDS_SOD].n;
	for (size_t i = 0; i < n; i++) {
		struct sod s = { 0 };
		const struct cert *signer, *anchor = NULL;

		set.files[LDS_SOD].p[i] ^= 4;
		if (!cc_failed(sod_parse(lds_set_get(&set, LDS_SOD), &s, NULL))) {
			signer = cms_signer_cert(s.cms);
			if (signer != NULL && !cc_failed(cms_check_structure(s.cms, NULL)) &&
			    !cc_failed(cms_verify(s.cms, signer, NULL)) &&
			    trust_verify(f->trust, signer, FIXTURE_NOW_S, &anchor, NULL) == CHAIN_GOOD)
				accepted++;
		}
		sod_done(&s);
		set.files[LDS_SOD].p[i] ^= 4;
	}
	assert_int_equal(accepted, 0);
	lds_set_done(&set);
}

static void every_truncated_sod_is_refused(void **state)
{
	const struct lds_fixture *f = *state;
	struct lds_set set = { 0 };
	struct sod s = { 0 };
	struct bytes file;

	lds_fixture_files(f, (struct bytes){ 0 }, (struct bytes){ 0 }, &set);
	lds_fixture_sign(f, 0, &set);
	file = lds_set_get(&set, LDS_SOD);
	for (size_t n = 0; n < file.n; n++)
		assert_true(cc_failed(sod_parse(bytes_of(file.p, n), &s, NULL)));
	lds_set_done(&set);
}

/* The openssl command as a second opinion on the signature and the content. */
static void openssl_verifies_the_sod(void **state)
{
	const struct lds_fixture *f = *state;
	struct lds_set set = { 0 };
	struct bytes cms = { 0 };
	struct cursor in;
	struct buf content = { 0 };
	struct sod s = { 0 };
	char path[256];

	if (system("command -v openssl >/dev/null 2>&1") != 0)
		skip();
	lds_fixture_files(f, (struct bytes){ 0 }, (struct bytes){ 0 }, &set);
	lds_fixture_sign(f, 0, &set);
	cursor_init(&in, lds_set_get(&set, LDS_SOD));
	assert_true(tlv_expect_bytes(&in, TLV_STRICT, 0x77, &cms));
	fixture_write(&f->folder, "sod.cms", cms);
	/* -noverify: the chain with explicit parameters is beyond OpenSSL's own check; the signature isn't. */
	assert_int_equal(fixture_run(&f->folder, "openssl cms -verify -inform DER -in sod.cms -noverify -out content"), 0);
	fixture_path(&f->folder, "content", path, sizeof path);
	assert_int_equal(sys_read_file(path, 65536, &content, NULL).code, CC_OK);
	assert_int_equal(sod_parse(lds_set_get(&set, LDS_SOD), &s, NULL).code, CC_OK);
	assert_true(bytes_equal(buf_view(&content), cms_content(s.cms)));
	sod_done(&s);
	buf_done(&content);
	lds_set_done(&set);
}

/* ---- files of others, INDEX.md 05_lds */
struct sample {
	const char *sod;
	const char *dg_prefix;
	const unsigned *in_list, *not_in_list; /* end with 0 */
};

static void judge_sample(const struct sample *sample)
{
	struct buf file = { 0 };
	struct sod s = { 0 };
	struct cc_error err;
	char name[128];

	cc_error_init(&err);
	if (!vectors_file(sample->sod, &file))
		skip();
	if (cc_failed(sod_parse(buf_view(&file), &s, &err)))
		fail_msg("%s: %s", sample->sod, err.detail);
	if (cc_failed(cms_check_structure(s.cms, &err)) || cms_signer_cert(s.cms) == NULL ||
	    cc_failed(cms_verify(s.cms, cms_signer_cert(s.cms), &err)))
		fail_msg("%s: %s", sample->sod, err.detail);
	buf_done(&file);
	for (const unsigned *n = sample->in_list; *n != 0; n++) {
		(void)snprintf(name, sizeof name, "%s%u.bin", sample->dg_prefix, *n);
		assert_true(vectors_file(name, &file));
		assert_int_equal(sod_check_file(&s, *n, buf_view(&file), NULL).code, CC_OK);
		file.p[file.n - 1] ^= 1;
		assert_int_equal(sod_check_file(&s, *n, buf_view(&file), NULL).code, CC_E_VERIFY);
		buf_done(&file);
	}
	for (const unsigned *n = sample->not_in_list; *n != 0; n++)
		assert_int_equal(sod_check_file(&s, *n, BYTES_LITERAL("x"), NULL).code, CC_E_NOT_FOUND);
	sod_done(&s);
}

static void sods_of_others_are_good(void **state)
{
	static const unsigned bsi[] = { 1, 2, 3, 14, 0 }, bsi_not[] = { 4, 15, 0 };
	static const unsigned etsi[] = { 1, 14, 15, 0 }, etsi_not[] = { 11, 0 };
	static const struct sample samples[] = {
		{ "05_lds/bsi2008_jmrtd/EF_SOD.bin", "05_lds/bsi2008_jmrtd/Datagroup", bsi, bsi_not },
		{ "05_lds/etsi_eacaa_pymrtd/EF_SOD.bin", "05_lds/etsi_eacaa_pymrtd/EF_DG", etsi, etsi_not }
	};

	(void)state;
	for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++)
		judge_sample(&samples[i]);
}

/* EF.CardSecurity: SecurityInfos signed by a document signer, ICAO 9303-11 9.2.12. */
static void card_security_of_others_is_good(void **state)
{
	static const char *const names[] = { "05_lds/cardaccess_cardsecurity_openpace/ef_cardsecurity_dan.bin",
					     "05_lds/cardaccess_cardsecurity_openpace/tc_dh_ef_cardsecurity.bin",
					     "05_lds/cardaccess_cardsecurity_openpace/tc_ecdh_ef_cardsecurity.bin",
					     "05_lds/cardaccess_ausweisapp/efCardSecurity.bin" };

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct buf file = { 0 };
		struct cms *cms = NULL;
		struct security_infos infos;
		struct cc_error err;

		cc_error_init(&err);
		if (!vectors_file(names[i], &file))
			skip();
		if (cc_failed(cms_parse(buf_view(&file), &cms, &err)) || cms_signer_cert(cms) == NULL ||
		    cc_failed(cms_verify(cms, cms_signer_cert(cms), &err)))
			fail_msg("%s: %s", names[i], err.detail);
		if (cc_failed(security_infos_parse(cms_content(cms), &infos, &err)))
			fail_msg("%s: %s", names[i], err.detail);
		assert_non_null(security_infos_find(&infos, SECURITY_INFO_CA_KEY));
		cms_free(&cms);
		buf_done(&file);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(object_is_the_standards_der),
		cmocka_unit_test(version_1_carries_the_versions),
		cmocka_unit_test(object_writer_is_strict),
		cmocka_unit_test(object_reader_refuses),
		cmocka_unit_test(every_truncated_object_is_refused),
		cmocka_unit_test(built_sod_holds_the_hashes_of_the_files),
		cmocka_unit_test(sod_without_a_chain_never_leaves),
		cmocka_unit_test(sod_of_another_key_never_leaves),
		cmocka_unit_test(lying_key_store_gives_no_sod),
		cmocka_unit_test(build_leaves_nothing_half_at_each_allocation),
		cmocka_unit_test(changed_sods_are_caught),
		cmocka_unit_test(every_truncated_sod_is_refused),
		cmocka_unit_test(openssl_verifies_the_sod),
		cmocka_unit_test(sods_of_others_are_good),
		cmocka_unit_test(card_security_of_others_is_good),
	};

	return cmocka_run_group_tests(tests, lds_fixture_up, lds_fixture_down);
}
