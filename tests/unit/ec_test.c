/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/ec.h"

#include "tests/support/alloc_fault.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
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

/* ICAO 9303-11 Appendix G.1, names as in the vectors. */
static const char *const example_g1[][2] = {
	{ "s", "3F00C4D39D153F2B2A214A078D899B22" },
	{ "PCD_map_priv", "7F4EF07B9EA82FD78AD689B38D0BC78CF21F249D953BC46F4C6E19259C010F99" },
	{ "PCD_map_pub", ("047ACF3EFC982EC45565A4B155129EFBC74650DCBFA6362D896FC70262E0C2CC5E"
			  "544552DCB6725218799115B55C9BAA6D9F6BC3A9618E70C25AF71777A9C4922D") },
	{ "PICC_map_priv", "498FF49756F2DC1587840041839A85982BE7761D14715FB091EFA7BCE9058560" },
	{ "PICC_map_pub", ("04824FBA91C9CBE26BEF53A0EBE7342A3BF178CEA9F45DE0B70AA601651FBA3F57"
			   "30D8C879AAA9C9F73991E61B58F4D52EB87A0A0C709A49DC63719363CCD13C54") },
	{ "H", ("0460332EF2450B5D247EF6D3868397D398852ED6E8CAF6FFEEF6BF85CA57057FD5"
		"0840CA7415BAF3E43BD414D35AA4608B93A2CAF3A4E3EA4E82C9C13D03EB7181") },
	{ "G_mapped", ("048CED63C91426D4F0EB1435E7CB1D74A46723A0AF21C89634F65A9AE87A9265E2"
		       "8C879506743F8611AC33645C5B985C80B5F09A0B83407C1B6A4D857AE76FE522") },
	{ "PCD_eph_priv", "A73FB703AC1436A18E0CFA5ABB3F7BEC7A070E7A6788486BEE230C4A22762595" },
	{ "PCD_eph_pub", ("042DB7A64C0355044EC9DF190514C625CBA2CEA48754887122F3A5EF0D5EDD301C"
			  "3556F3B3B186DF10B857B58F6A7EB80F20BA5DC7BE1D43D9BF850149FBB36462") },
	{ "PICC_eph_priv", "107CF58696EF6155053340FD633392BA81909DF7B9706F226F32086C7AFF974A" },
	{ "PICC_eph_pub", ("049E880F842905B8B3181F7AF7CAA9F0EFB743847F44A306D2D28C1D9EC65DF6DB"
			   "7764B22277A2EDDC3C265A9F018F9CB852E111B768B326904B59A0193776F094") },
	{ "K", "28768D20701247DAE81804C9E780EDE582A9996DB4A315020B2733197DB84925" },
};

static void the_worked_example_of_pace_is_met(void **state)
{
	json_t *v = json_object();

	(void)state;
	for (size_t i = 0; i < sizeof example_g1 / sizeof example_g1[0]; i++)
		assert_int_equal(json_object_set_new(v, example_g1[i][0], json_string(example_g1[i][1])), 0);
	expect_mapping(v);
	json_decref(v);
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

/* ---- memory */

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
		cmocka_unit_test(the_worked_example_of_pace_is_met),
		cmocka_unit_test(mapping_of_the_pace_examples),
		cmocka_unit_test(both_sides_map_alike_on_every_curve),
		cmocka_unit_test(a_mapping_to_infinity_is_refused),
		cmocka_unit_test(out_of_memory_is_reported_at_each_allocation),
	};

	return cmocka_run_group_tests_name("ec", tests, NULL, NULL);
}
