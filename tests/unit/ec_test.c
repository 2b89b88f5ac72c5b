/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/ec.h"

#include "tests/support/alloc_fault.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <string.h>

static struct ec_domain *domain(enum ec_curve curve)
{
	struct ec_domain *d = NULL;

	assert_int_equal(ec_domain_new(curve, &d).code, CC_OK);
	return d;
}

static struct ec_key *key_of_hex(const struct ec_domain *d, const char *scalar)
{
	struct buf s = vectors_from_hex(scalar);
	struct ec_key *k = NULL;

	assert_int_equal(ec_key_import(d, buf_view(&s), &k).code, CC_OK);
	buf_done(&s);
	return k;
}

static struct ec_key *fresh_key(const struct ec_domain *d)
{
	struct ec_key *k = NULL;

	assert_int_equal(ec_key_generate(d, &k).code, CC_OK);
	return k;
}

/* ---- names */

static void every_curve_is_found_by_each_of_its_names(void **state)
{
	(void)state;
	for (int i = 0; i < EC_CURVE_COUNT; i++) {
		enum ec_curve curve = (enum ec_curve)i, found = EC_CURVE_COUNT;

		assert_true(ec_curve_from_name(ec_curve_name(curve), &found));
		assert_int_equal(found, i);
		found = EC_CURVE_COUNT;
		assert_true(ec_curve_from_oid(ec_curve_oid(curve), &found));
		assert_int_equal(found, i);
		found = EC_CURVE_COUNT;
		assert_true(ec_curve_from_parameter_id((unsigned)ec_curve_parameter_id(curve), &found));
		assert_int_equal(found, i);
	}
}

/* ICAO 9303-11 9.5.1. */
static void parameter_ids_are_the_standards(void **state)
{
	static const int ids[EC_CURVE_COUNT] = {
		[EC_P192] = 8,	 [EC_BP192] = 9, [EC_P224] = 10,  [EC_BP224] = 11, [EC_P256] = 12, [EC_BP256] = 13,
		[EC_BP320] = 14, [EC_P384] = 15, [EC_BP384] = 16, [EC_BP512] = 17, [EC_P521] = 18,
	};
	enum ec_curve found = EC_CURVE_COUNT;

	(void)state;
	for (int i = 0; i < EC_CURVE_COUNT; i++)
		assert_int_equal(ec_curve_parameter_id((enum ec_curve)i), ids[i]);
	/* 0 to 2 are groups of numbers, the rest is not given out. */
	for (unsigned id = 0; id < 300; id++)
		assert_int_equal(ec_curve_from_parameter_id(id, &found), id >= 8 && id <= 18);
}

static void unknown_names_are_refused(void **state)
{
	enum ec_curve found = EC_CURVE_COUNT;
	struct bytes oid = ec_curve_oid(EC_BP256);

	(void)state;
	assert_false(ec_curve_from_name("secp256k1", &found));
	assert_false(ec_curve_from_name("", &found));
	assert_false(ec_curve_from_oid(bytes_of(oid.p, oid.n - 1), &found));
	assert_false(ec_curve_from_oid(bytes_of(NULL, 0), &found));
	assert_int_equal(found, EC_CURVE_COUNT);
	assert_true(ec_curve_from_name("prime256v1", &found));
	assert_int_equal(found, EC_P256);
}

/* ---- keys and agreement */

/* RFC 5903 8.1 (P-256) and RFC 7027 A.1 (brainpoolP256r1). */
static const struct {
	enum ec_curve curve;
	const char *a, *b, *a_point, *b_point, *x;
} agreements[] = {
	{ EC_P256, "C88F01F510D9AC3F70A292DAA2316DE544E9AAB8AFE84049C62A9C57862D1433",
	  "C6EF9C5D78AE012A011164ACB397CE2088685D8F06BF9BE0B283AB46476BEE53",
	  "04DAD0B65394221CF9B051E1FECA5787D098DFE637FC90B9EF945D0C37725811805271A0461CDB8252D61F1C456FA3E59AB1F45B33ACCF5F58389E0577"
	  "B8990BB3",
	  "04D12DFB5289C8D4F81208B70270398C342296970A0BCCB74C736FC7554494BF6356FBF3CA366CC23E8157854C13C58D6AAC23F046ADA30F8353E74F33"
	  "039872AB",
	  "D6840F6B42F6EDAFD13116E0E12565202FEF8E9ECE7DCE03812464D04B9442DE" },
	{ EC_BP256, "81DB1EE100150FF2EA338D708271BE38300CB54241D79950F77B063039804F1D",
	  "55E40BC41E37E3E2AD25C3C6654511FFA8474A91A0032087593852D3E7D76BD3",
	  "0444106E913F92BC02A1705D9953A8414DB95E1AAA49E81D9E85F929A8E3100BE58AB4846F11CACCB73CE49CBDD120F5A900A69FD32C272223F789EF10"
	  "EB089BDC",
	  "048D2D688C6CF93E1160AD04CC4429117DC2C41825E1E9FCA0ADDD34E6F1B39F7B990C57520812BE512641E47034832106BC7D3E8DD0E4C7F1136D7006"
	  "547CEC6A",
	  "89AFC39D41D3B327814B80940B042590F96556EC91E6AE7939BCE31F3A18BF2B" },
};

static void published_agreements_are_met(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof agreements / sizeof agreements[0]; i++) {
		struct ec_domain *d = domain(agreements[i].curve);
		struct ec_key *a = key_of_hex(d, agreements[i].a), *b = key_of_hex(d, agreements[i].b);
		struct buf x = { 0 };

		assert_true(vectors_is_hex(ec_key_public(a), agreements[i].a_point));
		assert_true(vectors_is_hex(ec_key_public(b), agreements[i].b_point));
		assert_int_equal(ec_agree_x(a, ec_key_public(b), &x).code, CC_OK);
		assert_true(vectors_is_hex(buf_view(&x), agreements[i].x));
		assert_int_equal(ec_agree_x(b, ec_key_public(a), &x).code, CC_OK);
		assert_true(vectors_is_hex(buf_view(&x), agreements[i].x));
		buf_done(&x);
		ec_key_free(&a);
		ec_key_free(&b);
		ec_domain_free(&d);
	}
}

static void two_sides_agree_on_every_curve(void **state)
{
	(void)state;
	for (int i = 0; i < EC_CURVE_COUNT; i++) {
		struct ec_domain *d = domain((enum ec_curve)i);
		struct ec_key *a = fresh_key(d), *b = fresh_key(d);
		struct buf ab = { 0 }, ba = { 0 }, scalar = { 0 };

		assert_int_equal(ec_agree_point(a, ec_key_public(b), &ab).code, CC_OK);
		assert_int_equal(ec_agree_point(b, ec_key_public(a), &ba).code, CC_OK);
		assert_true(bytes_equal(buf_view(&ab), buf_view(&ba)));
		assert_int_equal(ab.n, 1 + 2 * ec_field_len((enum ec_curve)i));
		assert_int_equal(ec_point_check(d, buf_view(&ab)).code, CC_OK);
		assert_int_equal(ec_key_scalar(a, &scalar).code, CC_OK);
		assert_int_equal(scalar.n, ec_order_len((enum ec_curve)i));
		assert_false(bytes_equal(ec_key_public(a), ec_key_public(b)));
		buf_done(&ab);
		buf_done(&ba);
		buf_done(&scalar);
		ec_key_free(&a);
		assert_null(a);
		ec_key_free(&a);
		ec_key_free(&b);
		ec_domain_free(&d);
		assert_null(d);
		ec_domain_free(&d);
	}
}

static void a_key_outlives_its_domain(void **state)
{
	struct ec_domain *d = domain(EC_BP256);
	struct ec_key *a = fresh_key(d), *b = fresh_key(d);
	struct buf x = { 0 };

	(void)state;
	ec_domain_free(&d);
	assert_int_equal(ec_key_curve(a), EC_BP256);
	assert_int_equal(ec_agree_x(a, ec_key_public(b), &x).code, CC_OK);
	buf_done(&x);
	ec_key_free(&a);
	ec_key_free(&b);
}

static void a_scalar_is_kept_at_full_length(void **state)
{
	struct ec_domain *d = domain(EC_BP256);
	struct ec_key *one = key_of_hex(d, "01"), *padded = key_of_hex(d, "000000000000000001");
	struct buf g = { 0 }, s = { 0 };

	(void)state;
	assert_int_equal(ec_domain_generator(d, &g).code, CC_OK);
	assert_true(bytes_equal(ec_key_public(one), buf_view(&g)));
	assert_true(bytes_equal(ec_key_public(padded), buf_view(&g)));
	assert_int_equal(ec_key_scalar(one, &s).code, CC_OK);
	assert_true(vectors_is_hex(buf_view(&s), "0000000000000000000000000000000000000000000000000000000000000001"));
	buf_done(&g);
	buf_done(&s);
	ec_key_free(&one);
	ec_key_free(&padded);
	ec_domain_free(&d);
}

static enum cc_code import_of_hex(const struct ec_domain *d, const char *hex)
{
	struct buf s = vectors_from_hex(hex);
	struct ec_key *k = NULL;
	cc_status st = ec_key_import(d, buf_view(&s), &k);

	assert_int_equal(k != NULL, !cc_failed(st));
	ec_key_free(&k);
	buf_done(&s);
	return st.code;
}

/* RFC 5639 3.4: the order q of brainpoolP256r1. */
static void a_scalar_lies_between_zero_and_the_order(void **state)
{
	struct ec_domain *d = domain(EC_BP256);
	uint8_t large[67] = { 1 };
	struct ec_key *k = NULL;

	(void)state;
	assert_int_equal(import_of_hex(d, ""), CC_E_VERIFY);
	assert_int_equal(import_of_hex(d, "00"), CC_E_VERIFY);
	assert_int_equal(import_of_hex(d, "A9FB57DBA1EEA9BC3E660A909D838D718C397AA3B561A6F7901E0E82974856A6"), CC_OK);
	assert_int_equal(import_of_hex(d, "A9FB57DBA1EEA9BC3E660A909D838D718C397AA3B561A6F7901E0E82974856A7"), CC_E_VERIFY);
	assert_int_equal(import_of_hex(d, "A9FB57DBA1EEA9BC3E660A909D838D718C397AA3B561A6F7901E0E82974856A8"), CC_E_VERIFY);
	assert_int_equal(import_of_hex(d, "0100000000000000000000000000000000000000000000000000000000000000000000"), CC_E_VERIFY);
	assert_int_equal(ec_key_import(d, bytes_of(large, sizeof large), &k).code, CC_E_VERIFY);
	ec_domain_free(&d);
}

/* ---- points from outside */

static void expect_refused(const struct ec_domain *d, const struct ec_key *k, struct bytes point)
{
	struct buf out = { 0 };
	struct ec_domain *mapped = NULL;
	const uint8_t nonce[16] = { 7 };
	uint8_t digest[32] = { 0 }, sig[64] = { 1 };

	assert_int_equal(ec_point_check(d, point).code, CC_E_VERIFY);
	assert_int_equal(ec_agree_point(k, point, &out).code, CC_E_VERIFY);
	assert_int_equal(ec_agree_x(k, point, &out).code, CC_E_VERIFY);
	assert_int_equal(ec_domain_map_generic(d, bytes_of(nonce, sizeof nonce), point, &mapped).code, CC_E_VERIFY);
	assert_int_equal(ec_verify_digest(ec_domain_curve(d), point, bytes_of(digest, 32), bytes_of(sig, 64), EC_SIG_PLAIN).code,
			 CC_E_VERIFY);
	assert_null(out.p);
	assert_null(mapped);
}

static void expect_refused_hex(const struct ec_domain *d, const struct ec_key *k, const char *hex)
{
	struct buf point = vectors_from_hex(hex);

	expect_refused(d, k, buf_view(&point));
	buf_done(&point);
}

static void wrong_points_are_refused_everywhere(void **state)
{
	struct ec_domain *d = domain(EC_BP256);
	struct ec_key *k = fresh_key(d);
	struct buf good = { 0 };

	(void)state;
	assert_int_equal(buf_copy(&good, ec_key_public(k)).code, CC_OK);
	for (size_t n = 0; n < good.n; n++)
		expect_refused(d, k, bytes_of(good.p, n));
	/* Infinity, and its padded form. */
	expect_refused_hex(d, k, "00");
	expect_refused_hex(d, k,
			   "0000000000000000000000000000000000000000000000000000000000000000"
			   "000000000000000000000000000000000000000000000000000000000000000000");
	/* (0, 0), a valid x with a wrong y, compressed and hybrid forms, another curve's point. */
	expect_refused_hex(d, k,
			   "0400000000000000000000000000000000000000000000000000000000000000000"
			   "000000000000000000000000000000000000000000000000000000000000000");
	good.p[good.n - 1] ^= 1;
	expect_refused(d, k, buf_view(&good));
	good.p[good.n - 1] ^= 1;
	good.p[0] = 0x06 | (good.p[good.n - 1] & 1);
	expect_refused(d, k, buf_view(&good));
	good.p[0] = 0x02 | (good.p[good.n - 1] & 1);
	expect_refused(d, k, bytes_of(good.p, 33));
	expect_refused_hex(d, k, agreements[0].a_point);
	buf_done(&good);
	/* The curve has a point with x = 1: x + p is the same number modulo p, but not a field element. */
	good = vectors_from_hex("040000000000000000000000000000000000000000000000000000000000000001"
				"09E0E9E8D98FB89DA2A32B2C7618B26BB99B920F02A5E831A142E6C8673110CD");
	assert_int_equal(ec_point_check(d, buf_view(&good)).code, CC_OK);
	expect_refused_hex(d, k,
			   "04A9FB57DBA1EEA9BC3E660A909D838D726E3BF623D52620282013481D1F6E5378"
			   "09E0E9E8D98FB89DA2A32B2C7618B26BB99B920F02A5E831A142E6C8673110CD");
	buf_done(&good);
	ec_key_free(&k);
	ec_domain_free(&d);
}

static void one_byte_more_is_not_a_point(void **state)
{
	struct ec_domain *d = domain(EC_P256);
	struct ec_key *k = fresh_key(d);
	struct writer w;

	(void)state;
	writer_init(&w, 100);
	writer_put(&w, ec_key_public(k));
	writer_u8(&w, 0);
	expect_refused(d, k, writer_view(&w));
	writer_done(&w);
	ec_key_free(&k);
	ec_domain_free(&d);
}

/* ---- generic mapping */

static void expect_mapping(const json_t *v)
{
	struct ec_domain *d = domain(EC_BP256), *mapped = NULL;
	struct ec_key *pcd = key_of_hex(d, vectors_text(v, "PCD_map_priv"));
	struct ec_key *picc = key_of_hex(d, vectors_text(v, "PICC_map_priv"));
	struct ec_key *eph, *eph_peer = NULL;
	struct buf h = { 0 }, s = vectors_hex(v, "s"), g = { 0 }, x = { 0 }, peer = vectors_hex(v, "PICC_eph_pub");

	assert_true(vectors_is_hex(ec_key_public(pcd), vectors_text(v, "PCD_map_pub")));
	assert_true(vectors_is_hex(ec_key_public(picc), vectors_text(v, "PICC_map_pub")));
	assert_int_equal(ec_agree_point(pcd, ec_key_public(picc), &h).code, CC_OK);
	if (vectors_find(v, "H") != NULL)
		assert_true(vectors_is_hex(buf_view(&h), vectors_text(v, "H")));
	assert_int_equal(ec_domain_map_generic(d, buf_view(&s), buf_view(&h), &mapped).code, CC_OK);
	assert_int_equal(ec_domain_curve(mapped), EC_BP256);
	assert_int_equal(ec_domain_generator(mapped, &g).code, CC_OK);
	assert_true(vectors_is_hex(buf_view(&g), vectors_text(v, "G_mapped")));
	eph = key_of_hex(mapped, vectors_text(v, "PCD_eph_priv"));
	assert_true(vectors_is_hex(ec_key_public(eph), vectors_text(v, "PCD_eph_pub")));
	assert_int_equal(ec_agree_x(eph, buf_view(&peer), &x).code, CC_OK);
	assert_true(vectors_is_hex(buf_view(&x), vectors_text(v, "K")));
	if (vectors_find(v, "PICC_eph_priv") != NULL) {
		eph_peer = key_of_hex(mapped, vectors_text(v, "PICC_eph_priv"));
		assert_true(vectors_is_hex(ec_key_public(eph_peer), vectors_text(v, "PICC_eph_pub")));
	}
	ec_key_free(&pcd);
	ec_key_free(&picc);
	ec_key_free(&eph);
	ec_key_free(&eph_peer);
	buf_done(&h);
	buf_done(&s);
	buf_done(&g);
	buf_done(&x);
	buf_done(&peer);
	ec_domain_free(&mapped);
	ec_domain_free(&d);
}

static void mapping_of_the_pace_examples(void **state)
{
	json_t *root = vectors_open("02_pace/pace_icao_appG_GM_appI_CAM.json");

	(void)state;
	if (root == NULL)
		skip();
	expect_mapping(vectors_at(root, "G1_ECDH_GM"));
	expect_mapping(vectors_at(root, "I1_ECDH_CAM"));
	json_decref(root);
}

static void both_sides_map_alike_on_every_curve(void **state)
{
	const uint8_t nonce[16] = { 0xFF, 1, 2, 3 };

	(void)state;
	for (int i = 0; i < EC_CURVE_COUNT; i++) {
		struct ec_domain *d = domain((enum ec_curve)i), *m1 = NULL, *m2 = NULL;
		struct ec_key *a = fresh_key(d), *b = fresh_key(d), *c, *e;
		struct buf h1 = { 0 }, h2 = { 0 }, g1 = { 0 }, g2 = { 0 }, x1 = { 0 }, x2 = { 0 };

		assert_int_equal(ec_agree_point(a, ec_key_public(b), &h1).code, CC_OK);
		assert_int_equal(ec_agree_point(b, ec_key_public(a), &h2).code, CC_OK);
		assert_int_equal(ec_domain_map_generic(d, bytes_of(nonce, 16), buf_view(&h1), &m1).code, CC_OK);
		assert_int_equal(ec_domain_map_generic(d, bytes_of(nonce, 16), buf_view(&h2), &m2).code, CC_OK);
		assert_int_equal(ec_domain_generator(m1, &g1).code, CC_OK);
		assert_int_equal(ec_domain_generator(m2, &g2).code, CC_OK);
		assert_true(bytes_equal(buf_view(&g1), buf_view(&g2)));
		c = fresh_key(m1);
		e = fresh_key(m2);
		assert_int_equal(ec_agree_x(c, ec_key_public(e), &x1).code, CC_OK);
		assert_int_equal(ec_agree_x(e, ec_key_public(c), &x2).code, CC_OK);
		assert_true(bytes_equal(buf_view(&x1), buf_view(&x2)));
		ec_key_free(&a);
		ec_key_free(&b);
		ec_key_free(&c);
		ec_key_free(&e);
		ec_domain_free(&d);
		ec_domain_free(&m1);
		ec_domain_free(&m2);
		buf_done(&h1);
		buf_done(&h2);
		buf_done(&g1);
		buf_done(&g2);
		buf_done(&x1);
		buf_done(&x2);
	}
}

/* s = 1 and H = -G give infinity; the nonce zero gives H itself. */
static void a_mapping_to_infinity_is_refused(void **state)
{
	struct ec_domain *d = domain(EC_BP256), *mapped = NULL;
	struct ec_key *minus_one = key_of_hex(d, "A9FB57DBA1EEA9BC3E660A909D838D718C397AA3B561A6F7901E0E82974856A6");
	struct buf g = { 0 };
	uint8_t nonce[33] = { 0 };

	(void)state;
	nonce[15] = 1;
	assert_int_equal(ec_domain_map_generic(d, bytes_of(nonce, 16), ec_key_public(minus_one), &mapped).code, CC_E_VERIFY);
	assert_null(mapped);
	nonce[15] = 0;
	assert_int_equal(ec_domain_map_generic(d, bytes_of(nonce, 16), ec_key_public(minus_one), &mapped).code, CC_OK);
	assert_int_equal(ec_domain_generator(mapped, &g).code, CC_OK);
	assert_true(bytes_equal(buf_view(&g), ec_key_public(minus_one)));
	ec_domain_free(&mapped);
	assert_int_equal(ec_domain_map_generic(d, bytes_of(nonce, 0), ec_key_public(minus_one), &mapped).code, CC_E_ARG);
	assert_int_equal(ec_domain_map_generic(d, bytes_of(nonce, 33), ec_key_public(minus_one), &mapped).code, CC_E_ARG);
	buf_done(&g);
	ec_key_free(&minus_one);
	ec_domain_free(&d);
}

/* ---- signatures */

static void signatures_verify_on_every_curve_in_both_forms(void **state)
{
	(void)state;
	for (int i = 0; i < EC_CURVE_COUNT; i++) {
		enum ec_curve curve = (enum ec_curve)i;
		struct ec_domain *d = domain(curve);
		struct ec_key *k = fresh_key(d), *other = fresh_key(d);

		for (int alg = 0; alg < HASH_COUNT; alg++) {
			struct digest dg;
			struct buf der = { 0 }, plain = { 0 }, again = { 0 };
			struct bytes digest;

			assert_int_equal(hash_digest((enum hash_alg)alg, bytes_str("message"), &dg).code, CC_OK);
			digest = bytes_of(dg.p, dg.n);
			assert_int_equal(ec_sign_digest(k, digest, EC_SIG_DER, &der).code, CC_OK);
			assert_int_equal(ec_sign_digest(k, digest, EC_SIG_PLAIN, &plain).code, CC_OK);
			assert_int_equal(plain.n, 2 * ec_order_len(curve));
			assert_int_equal(ec_verify_digest(curve, ec_key_public(k), digest, buf_view(&der), EC_SIG_DER).code,
					 CC_OK);
			assert_int_equal(ec_verify_digest(curve, ec_key_public(k), digest, buf_view(&plain), EC_SIG_PLAIN).code,
					 CC_OK);
			assert_int_equal(ec_verify_digest(curve, ec_key_public(other), digest, buf_view(&der), EC_SIG_DER).code,
					 CC_E_VERIFY);
			/* The forms are one signature. */
			assert_int_equal(ec_sig_to_plain(buf_view(&der), ec_order_len(curve), &again).code, CC_OK);
			assert_int_equal(ec_verify_digest(curve, ec_key_public(k), digest, buf_view(&again), EC_SIG_PLAIN).code,
					 CC_OK);
			dg.p[0] ^= 1;
			assert_int_equal(ec_verify_digest(curve, ec_key_public(k), digest, buf_view(&der), EC_SIG_DER).code,
					 CC_E_VERIFY);
			buf_done(&der);
			buf_done(&plain);
			buf_done(&again);
		}
		ec_key_free(&k);
		ec_key_free(&other);
		ec_domain_free(&d);
	}
}

static void a_signature_of_another_length_or_with_a_changed_byte_is_wrong(void **state)
{
	struct ec_domain *d = domain(EC_P256);
	struct ec_key *k = fresh_key(d);
	uint8_t digest[32] = { 3 };
	struct bytes dg = bytes_of(digest, sizeof digest), pub = ec_key_public(k);
	struct buf sig = { 0 };

	(void)state;
	for (int form = 0; form < 2; form++) {
		struct writer w;

		assert_int_equal(ec_sign_digest(k, dg, (enum ec_sig_form)form, &sig).code, CC_OK);
		for (size_t i = 0; i < sig.n; i++) {
			assert_int_equal(ec_verify_digest(EC_P256, pub, dg, bytes_of(sig.p, i), (enum ec_sig_form)form).code,
					 CC_E_VERIFY);
			sig.p[i] ^= 0x40;
			assert_int_equal(ec_verify_digest(EC_P256, pub, dg, buf_view(&sig), (enum ec_sig_form)form).code,
					 CC_E_VERIFY);
			sig.p[i] ^= 0x40;
		}
		writer_init(&w, 600);
		writer_put(&w, buf_view(&sig));
		writer_u8(&w, 0);
		assert_int_equal(ec_verify_digest(EC_P256, pub, dg, writer_view(&w), (enum ec_sig_form)form).code, CC_E_VERIFY);
		writer_fill(&w, 0, 400);
		assert_int_equal(ec_verify_digest(EC_P256, pub, dg, writer_view(&w), (enum ec_sig_form)form).code, CC_E_VERIFY);
		writer_done(&w);
		assert_int_equal(ec_verify_digest(EC_P256, pub, dg, buf_view(&sig), (enum ec_sig_form)form).code, CC_OK);
	}
	buf_done(&sig);
	ec_key_free(&k);
	ec_domain_free(&d);
}

static void digest_lengths_have_bounds(void **state)
{
	struct ec_domain *d = domain(EC_P256);
	struct ec_key *k = fresh_key(d);
	uint8_t digest[65] = { 0 }, sig[64] = { 1 };
	struct buf out = { 0 };

	(void)state;
	assert_int_equal(ec_sign_digest(k, bytes_of(digest, 0), EC_SIG_DER, &out).code, CC_E_ARG);
	assert_int_equal(ec_sign_digest(k, bytes_of(digest, 65), EC_SIG_DER, &out).code, CC_E_ARG);
	assert_int_equal(ec_verify_digest(EC_P256, ec_key_public(k), bytes_of(digest, 65), bytes_of(sig, 64), EC_SIG_PLAIN).code,
			 CC_E_ARG);
	assert_null(out.p);
	ec_key_free(&k);
	ec_domain_free(&d);
}

static void a_key_on_a_mapped_generator_does_not_sign(void **state)
{
	struct ec_domain *d = domain(EC_BP256), *mapped = NULL;
	struct ec_key *h = fresh_key(d), *k;
	const uint8_t nonce[16] = { 1 };
	uint8_t digest[32] = { 0 };
	struct buf out = { 0 };

	(void)state;
	assert_int_equal(ec_domain_map_generic(d, bytes_of(nonce, 16), ec_key_public(h), &mapped).code, CC_OK);
	k = fresh_key(mapped);
	assert_int_equal(ec_sign_digest(k, bytes_of(digest, 32), EC_SIG_DER, &out).code, CC_E_STATE);
	assert_null(out.p);
	ec_key_free(&h);
	ec_key_free(&k);
	ec_domain_free(&mapped);
	ec_domain_free(&d);
}

static void the_forms_convert_at_the_edges(void **state)
{
	static const struct {
		const char *plain, *der;
	} known[] = {
		{ "0102", "3006020101020102" },
		{ "00000001", "3006020100020101" },
		{ "80000001", "30080203008000020101" },
		{ "00FF7FFF", "3008020200FF02027FFF" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		struct buf plain = vectors_from_hex(known[i].plain), der = { 0 }, back = { 0 };

		assert_int_equal(ec_sig_to_der(buf_view(&plain), &der).code, CC_OK);
		assert_true(vectors_is_hex(buf_view(&der), known[i].der));
		assert_int_equal(ec_sig_to_plain(buf_view(&der), plain.n / 2, &back).code, CC_OK);
		assert_true(bytes_equal(buf_view(&back), buf_view(&plain)));
		buf_done(&plain);
		buf_done(&der);
		buf_done(&back);
	}
}

static void malformed_forms_are_refused(void **state)
{
	/* cut, one more byte, more inside, negative, padded, too long for the order, other tags, length not minimal */
	static const char *const wrong[] = { "",
					     "30",
					     "3000",
					     "3003020101",
					     "30060201010201",
					     "300602010102010200",
					     "3009020101020102020103",
					     "3006020181020102",
					     "300702020001020102",
					     "300802030100000201 02",
					     "3106020101020102",
					     "3006030101020102",
					     "308106020101020102",
					     "300502000201 02" };
	uint8_t large[134] = { 0 };
	struct buf out = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		struct buf der = vectors_from_hex(wrong[i]);

		assert_int_equal(ec_sig_to_plain(buf_view(&der), 2, &out).code, CC_E_FORMAT);
		buf_done(&der);
	}
	assert_int_equal(ec_sig_to_plain(bytes_of(large, 8), 0, &out).code, CC_E_ARG);
	assert_int_equal(ec_sig_to_plain(bytes_of(large, 8), 67, &out).code, CC_E_ARG);
	assert_int_equal(ec_sig_to_der(bytes_of(large, 0), &out).code, CC_E_FORMAT);
	assert_int_equal(ec_sig_to_der(bytes_of(large, 63), &out).code, CC_E_FORMAT);
	assert_int_equal(ec_sig_to_der(bytes_of(large, 134), &out).code, CC_E_FORMAT);
	assert_null(out.p);
}

static size_t check_wycheproof_group(const json_t *group, enum ec_curve curve)
{
	struct buf point = vectors_hex(group, "publicKey.uncompressed");
	enum hash_alg alg;
	size_t i;
	json_t *v;

	assert_true(hash_from_name(vectors_text(group, "sha"), &alg));
	json_array_foreach(vectors_at(group, "tests"), i, v)
	{
		struct buf msg = vectors_hex(v, "msg"), sig = vectors_hex(v, "sig");
		bool valid = strcmp(vectors_text(v, "result"), "valid") == 0, good;
		struct digest dg;

		assert_int_equal(hash_digest(alg, buf_view(&msg), &dg).code, CC_OK);
		good = !cc_failed(ec_verify_digest(curve, buf_view(&point), bytes_of(dg.p, dg.n), buf_view(&sig), EC_SIG_DER));
		if (good != valid)
			print_error("tcId %ld: %s\n", vectors_int(v, "tcId"), vectors_text(v, "comment"));
		assert_int_equal(good, valid);
		buf_done(&msg);
		buf_done(&sig);
	}
	buf_done(&point);
	return i;
}

static void check_wycheproof(const char *name, enum ec_curve curve)
{
	json_t *root = vectors_open(name);
	size_t g, count = 0;
	json_t *group;

	if (root == NULL)
		skip();
	json_array_foreach(vectors_at(root, "testGroups"), g, group) count += check_wycheproof_group(group, curve);
	assert_int_equal(count, vectors_int(root, "numberOfTests"));
	json_decref(root);
}

static void wycheproof_p256_verdicts(void **state)
{
	(void)state;
	check_wycheproof("10_wycheproof/ecdsa_secp256r1_sha256_test.json", EC_P256);
}

static void wycheproof_brainpool_verdicts(void **state)
{
	(void)state;
	check_wycheproof("10_wycheproof/ecdsa_brainpoolP256r1_sha256_test.json", EC_BP256);
}

/* ---- threads and memory */

struct signing {
	const struct ec_key *key;
	enum cc_code code;
};

static void *sign_some(void *arg)
{
	struct signing *s = arg;
	uint8_t digest[32] = { 9 };
	struct buf sig = { 0 };

	for (int i = 0; i < 20 && s->code == CC_OK; i++) {
		s->code = ec_sign_digest(s->key, bytes_of(digest, 32), EC_SIG_PLAIN, &sig).code;
		if (s->code == CC_OK)
			s->code = ec_verify_digest(EC_P256, ec_key_public(s->key), bytes_of(digest, 32), buf_view(&sig),
						   EC_SIG_PLAIN)
					  .code;
	}
	buf_done(&sig);
	return NULL;
}

static void one_key_signs_in_several_threads(void **state)
{
	struct ec_domain *d = domain(EC_P256);
	struct ec_key *k = fresh_key(d);
	pthread_t threads[4];
	struct signing runs[4];

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		runs[i] = (struct signing){ k, CC_OK };
		assert_int_equal(pthread_create(&threads[i], NULL, sign_some, &runs[i]), 0);
	}
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_int_equal(runs[i].code, CC_OK);
	}
	ec_key_free(&k);
	ec_domain_free(&d);
}

static cc_status whole_way(struct buf *ret_x)
{
	const uint8_t nonce[16] = { 1 };
	struct ec_domain *d = NULL, *mapped = NULL;
	struct ec_key *a = NULL, *b = NULL;
	struct buf sig = { 0 };
	cc_status st;

	if (cc_failed(st = ec_domain_new(EC_P256, &d)) || cc_failed(st = ec_key_generate(d, &a)) ||
	    cc_failed(st = ec_domain_map_generic(d, bytes_of(nonce, 16), ec_key_public(a), &mapped)) ||
	    cc_failed(st = ec_key_generate(mapped, &b)) ||
	    cc_failed(st = ec_sign_digest(a, bytes_of(nonce, 16), EC_SIG_PLAIN, &sig)) ||
	    cc_failed(st = ec_verify_digest(EC_P256, ec_key_public(a), bytes_of(nonce, 16), buf_view(&sig), EC_SIG_PLAIN)))
		goto out;
	st = ec_agree_x(b, ec_key_public(a), ret_x);
out:
	ec_key_free(&a);
	ec_key_free(&b);
	ec_domain_free(&d);
	ec_domain_free(&mapped);
	buf_done(&sig);
	return st;
}

static void out_of_memory_is_reported_at_each_allocation(void **state)
{
	size_t failures = 0;

	(void)state;
	for (size_t k = 1; alloc_fault_next(&k);) {
		struct buf x = { 0 };
		cc_status st = whole_way(&x);

		if (alloc_fault_end()) {
			assert_int_equal(st.code, CC_E_MEMORY);
			assert_null(x.p);
			failures++;
		} else {
			assert_int_equal(st.code, CC_OK);
		}
		buf_done(&x);
	}
	assert_true(failures > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_curve_is_found_by_each_of_its_names),
		cmocka_unit_test(parameter_ids_are_the_standards),
		cmocka_unit_test(unknown_names_are_refused),
		cmocka_unit_test(published_agreements_are_met),
		cmocka_unit_test(two_sides_agree_on_every_curve),
		cmocka_unit_test(a_key_outlives_its_domain),
		cmocka_unit_test(a_scalar_is_kept_at_full_length),
		cmocka_unit_test(a_scalar_lies_between_zero_and_the_order),
		cmocka_unit_test(wrong_points_are_refused_everywhere),
		cmocka_unit_test(one_byte_more_is_not_a_point),
		cmocka_unit_test(mapping_of_the_pace_examples),
		cmocka_unit_test(both_sides_map_alike_on_every_curve),
		cmocka_unit_test(a_mapping_to_infinity_is_refused),
		cmocka_unit_test(signatures_verify_on_every_curve_in_both_forms),
		cmocka_unit_test(a_signature_of_another_length_or_with_a_changed_byte_is_wrong),
		cmocka_unit_test(digest_lengths_have_bounds),
		cmocka_unit_test(a_key_on_a_mapped_generator_does_not_sign),
		cmocka_unit_test(the_forms_convert_at_the_edges),
		cmocka_unit_test(malformed_forms_are_refused),
		cmocka_unit_test(wycheproof_p256_verdicts),
		cmocka_unit_test(wycheproof_brainpool_verdicts),
		cmocka_unit_test(one_key_signs_in_several_threads),
		cmocka_unit_test(out_of_memory_is_reported_at_each_allocation),
	};

	return cmocka_run_group_tests_name("ec", tests, NULL, NULL);
}
