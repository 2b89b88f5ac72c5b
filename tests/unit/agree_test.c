/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/agree.h"
#include "crypto/pace_prf.h"
#include "tests/support/alloc_fault.h"
#include "tests/support/sys_fake.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

/* ICAO Doc 9303-11, 8th edition, Appendix G.2: DH generic mapping, MODP 1024/160. */
#define G2_S "FA5B7E3E49753A0DB9178B7B9BD898C8"
#define G2_MAP_PCD "5265030F751F4AD18B08AC565FC7AC952E41618D"
#define G2_MAP_PCD_PUB                                                                                                           \
	"23FB3749EA030D2A25B278D2A562047ADE3F01B74F17A15402CB7352CA7D2B3EB71C343DB13D1DEBCE9A3666DBCFC920B49174A602CB47965CAA7"  \
	"3DC702489A44D41DB914DE9613DC5E98C94160551C0DF86274B9359BC0490D01B03AD54022DCB4F57FAD6322497D7A1E28D46710F461AFE710FBBB" \
	"C5F8BA166F4311975EC6C"
#define G2_MAP_IC "66DDAFEAC1609CB5B963BB0CB3FF8B3E047F336C"
#define G2_MAP_IC_PUB                                                                                                             \
	"78879F57225AA8080D52ED0FC890A4B25336F699AA89A2D3A189654AF70729E623EA5738B26381E4DA19E004706FACE7B235C2DBF2F38748312F3C"  \
	"98C2DD4882A41947B324AA1259AC22579DB93F7085655AF30889DBB845D9E6783FE42C9F2449400306254C8AE8EE9DD812A804C0B66E8CAFC14F84D" \
	"8258950A91B44126EE6"
#define G2_H                                                                                                                       \
	"5BABEBEF5B74E5BA94B5C063FDA15F1F1CDE94873EE0A5D3A2FCAB49F258D07F544F13CB66658C3AFEE9E727389BE3F6CBBBD32128A8C21DD6EEA3"   \
	"CF7091CDDFB08B8D007D40318DCCA4FFBF51208790FB4BD111E5A968ED6B6F08B26CA87C410B3CE0C310CE104EABD16629AA48620C1279270CB0750C" \
	"0D37C57FFFE302AE7F"
#define G2_G                                                                                                                       \
	"7C9CBFE98F9FBDDA8D143506FA7D9306F4CB17E3C71707AFF5E1C1A12370249684D64EE37AF44B8DBD9D45BF6023919CBAA027AB97ACC771666C8E9"  \
	"8FF483301BFA4872DEDE9034EDFACB70814166B7F360676829B826BEA57291B5AD69FBC84EF1E779032A305803F74341793E869742D401325B37EE85" \
	"65FFCDEE618342DC5"
#define G2_EPH_PCD "89CCD99B0E8D3B1F11E1296DCA68EC53411CF2CA"
#define G2_EPH_IC_PUB                                                                                                             \
	"075693D9AE941877573E634B6E644F8E60AF17A0076B8B123D9201074D36152BD8B3A213F53820C42ADC79AB5D0AEEC3AEFB91394DA476BD97B9B14" \
	"D0A65C1FC71A0E019CB08AF55E1F729005FBA7E3FA5DC41899238A250767A6D46DB974064386CD456743585F8E5D90CC8B4004B1F6D866C79CE0584" \
	"E49687FF61BC29AEA1"
#define G2_K                                                                                                                      \
	"6BABC7B3A72BCD7EA385E4C62DB2625BD8613B24149E146A629311C4CA6698E38B834B6A9E9CD7184BA8834AFF5043D436950C4C1E7832367C10CB"  \
	"8C314D40E5990B0DF7013E64B4549E2270923D06F08CFF6BD3E977DDE6ABE4C31D55C0FA2E465E553E77BDF75E3193D3834FC26E8EB1EE2FA1E4FC9" \
	"7C18C3F6CFFFE2607FD"

/* Appendix H.1: ECDH integrated mapping, brainpoolP256r1, AES-128. */
#define H1_S "2923BE84E16CD6AE529049F1F1BBE9EB"
#define H1_T "5DD4CBFC96F5453B130D890A1CDBAE32"
#define H1_P "A9FB57DBA1EEA9BC3E660A909D838D726E3BF623D52620282013481D1F6E5377"
#define H1_R "A2F8FF2DF50E52C6599F386ADCB595D229F6A167ADE2BE5F2C3296ADD5B7430E"
#define H1_G                                                                                                                     \
	"048E82D31559ED0FDE92A4D0498ADD3C23BABA94FB77691E31E90AEA77FB17D427"                                                     \
	"4C1AE14BD0C3DBAC0C871B7F3608169364437CA30AC243A089D3F266C1E60FAD"
#define H1_IC "107CF58696EF6155053340FD633392BA81909DF7B9706F226F32086C7AFF974A"
#define H1_IC_PUB                                                                                                                \
	"0467F78E5F7F7686082B293E8D087E056916D0F74BC01A5F8957D0DE45691E51E8"                                                     \
	"932B69A962B52A0985AD2C0A271EE6A13A8ADDDCD1A3A994B9DED257F4D22753"
#define H1_PCD "A73FB703AC1436A18E0CFA5ABB3F7BEC7A070E7A6788486BEE230C4A22762595"
#define H1_PCD_PUB                                                                                                               \
	"0489CBA23FFE96AA18D824627C3E934E54A9FD0B87A95D1471DC1C0ABFDCD640D4"                                                     \
	"6755DE9B7B778280B6BEBD57439ADFEB0E21FD4ED6DF42578C13418A59B34C37"
#define H1_K "4F150FDE1D4F0E38E95017B891BAE17133A0DF45B0D3E18B60BA7BEAFDC2C713"

/* Appendix H.2: DH integrated mapping, MODP 1024/160, AES-128. */
#define H2_T "B3A6DB3C870C3E99245E0D1C06B747DE"
#define H2_G                                                                                                                      \
	"1D7D767F11E333BCD6DBAEF40E799E7A926B96973550656FF3C830726D118D61C276CDCC61D475CF03A98E0C0E79CAEBA5BE25578BD4551D0B1090"  \
	"3236F0B0F976852FA78EEA14EA0ACA87D1E91F688FE0DFF897BBE35A472621D343564B262F34223AE8FC59B664BFEDFA2BFE7516CA5510A6BBB633D" \
	"517EC25D4E0BBAA16C2"
#define H2_PCD                                                                                                                    \
	"4BD0E54740F9A028E6A515BFDAF967848C4F5F5FFF65AA0915947FFD1A0DF2FA6981271BC905F3551457B7E03AC3B8066DE4AA406C1171FB43DD93"  \
	"9C4BA16175103BA3DEE16419AA248118F90CC36A3D6F4C373652E0C3CCE7F0F1D0C5425B3600F0F0D6A67F004C8BBA33F2B4733C7252445C1DFC4F1" \
	"107203F71D2EFB28161"
#define H2_PCD_PUB                                                                                                                \
	"0F0CC62945A8029251FB7EF3C094E12EC68E4EF07F27CB9D9CD04C5C4250FAE0E4F8A951557E929AEB48E5C6DD47F2F5CD7C351A9BD2CD722C07ED"  \
	"E166770F08FFCB370262CF308DD7B07F2E0DA9CAAA1492344C852906919538C98A4BA4187E76CE9D87832386D319CE2E043C3343AEAE6EDBA1A9894" \
	"DC5094D22F7FE1351D5"
#define H2_IC_PUB                                                                                                                 \
	"928D9A0F9DBA450F13FC859C6F290D1D36E42431138A4378500BEB4E0401854CFF111F71CB6DC1D0335807A11388CC8EAA87B07907AAD9FBA6B169"  \
	"AF6D8C26AF8DDDC39ADC3AD2E3FF882B84D23E9768E95A80E4746FB07A9767679FE92133B4D379935C771BD7FBED6C7BB4B1708B275EA75679524CD" \
	"C9C6A91370CC662A2F3"
#define H2_K                                                                                                                      \
	"419410D6C0A17A4C07C54872CE1CBCEB0A2705C1A434C8A89A4CFE41F1D78124CA7EC52BDE7615E5345E48AB1ABB6E7D1D59A57F3174084D3CA457"  \
	"0397C1F62228BDFDB2DA191EA2239E2C060DBE3BBC23C2FCD0AF12E0F9E0B99FCF91FF1959011D5798B2FCBC1F14FCC24E441F4C8F9B08D977E9498" \
	"560E63E7FFAB3134EA7"

static const struct agree_group modp0 = { .kind = AGREE_DH, .group = DH_1024_160 };
static const struct agree_group bp256 = { .kind = AGREE_ECDH, .curve = EC_BP256 };

static struct agree_domain *domain_of(struct agree_group g)
{
	struct agree_domain *d = NULL;

	assert_int_equal(agree_domain_new(g, &d).code, CC_OK);
	return d;
}

static struct agree_key *key_of(const struct agree_domain *d, const char *hex)
{
	struct buf b = vectors_from_hex(hex);
	struct agree_key *k = NULL;

	assert_int_equal(agree_key_import(d, buf_view(&b), &k).code, CC_OK);
	buf_done(&b);
	return k;
}

static void secret_is(const struct agree_key *k, const char *peer, const char *want)
{
	struct buf p = vectors_from_hex(peer), got = { 0 };

	assert_int_equal(agree_secret(k, buf_view(&p), &got).code, CC_OK);
	assert_true(vectors_is_hex(buf_view(&got), want));
	buf_done(&p);
	buf_done(&got);
}

static void dh_generator_is(const struct dh_domain *d, const char *want)
{
	struct buf g = { 0 };

	assert_int_equal(dh_domain_generator(d, &g).code, CC_OK);
	assert_true(vectors_is_hex(buf_view(&g), want));
	buf_done(&g);
}

static void appendix_g2_dh_generic_mapping(void **state)
{
	struct agree_domain *d = domain_of(modp0), *mapped = NULL;
	struct agree_key *pcd = key_of(d, G2_MAP_PCD), *ic = key_of(d, G2_MAP_IC), *eph;
	struct dh_domain *dh = NULL, *dh_mapped = NULL;
	struct buf h = { 0 }, s = vectors_from_hex(G2_S);

	(void)state;
	assert_true(vectors_is_hex(agree_key_public(pcd), G2_MAP_PCD_PUB));
	assert_true(vectors_is_hex(agree_key_public(ic), G2_MAP_IC_PUB));
	assert_int_equal(agree_mapping_secret(pcd, agree_key_public(ic), &h).code, CC_OK);
	assert_true(vectors_is_hex(buf_view(&h), G2_H));
	assert_int_equal(agree_domain_map_generic(d, buf_view(&s), buf_view(&h), &mapped).code, CC_OK);
	assert_int_equal(dh_domain_new(DH_1024_160, &dh).code, CC_OK);
	assert_int_equal(dh_domain_map_generic(dh, buf_view(&s), buf_view(&h), &dh_mapped).code, CC_OK);
	dh_generator_is(dh_mapped, G2_G);
	eph = key_of(mapped, G2_EPH_PCD);
	secret_is(eph, G2_EPH_IC_PUB, G2_K);
	agree_key_free(&pcd);
	agree_key_free(&ic);
	agree_key_free(&eph);
	agree_domain_free(&d);
	agree_domain_free(&mapped);
	dh_domain_free(&dh);
	dh_domain_free(&dh_mapped);
	buf_done(&h);
	buf_done(&s);
}

static void appendix_h1_ecdh_integrated_mapping(void **state)
{
	struct agree_domain *d = domain_of(bp256), *mapped = NULL;
	struct buf s = vectors_from_hex(H1_S), t = vectors_from_hex(H1_T), p = vectors_from_hex(H1_P), r = { 0 }, g = { 0 };
	struct agree_key *pcd, *ic;

	(void)state;
	assert_int_equal(pace_prf(CIPHER_AES128, buf_view(&s), buf_view(&t), buf_view(&p), &r).code, CC_OK);
	assert_true(vectors_is_hex(buf_view(&r), H1_R));
	assert_int_equal(ec_point_encode_element(EC_BP256, buf_view(&r), &g).code, CC_OK);
	assert_true(vectors_is_hex(buf_view(&g), H1_G));
	assert_int_equal(agree_domain_map_integrated(d, CIPHER_AES128, buf_view(&s), buf_view(&t), &mapped).code, CC_OK);
	pcd = key_of(mapped, H1_PCD);
	ic = key_of(mapped, H1_IC);
	assert_true(vectors_is_hex(agree_key_public(pcd), H1_PCD_PUB));
	assert_true(vectors_is_hex(agree_key_public(ic), H1_IC_PUB));
	secret_is(pcd, H1_IC_PUB, H1_K);
	secret_is(ic, H1_PCD_PUB, H1_K);
	agree_key_free(&pcd);
	agree_key_free(&ic);
	agree_domain_free(&d);
	agree_domain_free(&mapped);
	buf_done(&s);
	buf_done(&t);
	buf_done(&p);
	buf_done(&r);
	buf_done(&g);
}

static void appendix_h2_dh_integrated_mapping(void **state)
{
	struct agree_domain *d = domain_of(modp0), *mapped = NULL;
	struct buf s = vectors_from_hex(G2_S), t = vectors_from_hex(H2_T);
	struct dh_domain *dh = NULL, *dh_mapped = NULL;
	struct agree_key *pcd;

	(void)state;
	assert_int_equal(dh_domain_new(DH_1024_160, &dh).code, CC_OK);
	assert_int_equal(dh_domain_map_integrated(dh, CIPHER_AES128, buf_view(&s), buf_view(&t), &dh_mapped).code, CC_OK);
	dh_generator_is(dh_mapped, H2_G);
	assert_int_equal(agree_domain_map_integrated(d, CIPHER_AES128, buf_view(&s), buf_view(&t), &mapped).code, CC_OK);
	/* The example's private numbers are longer than q. */
	pcd = key_of(mapped, H2_PCD);
	assert_true(vectors_is_hex(agree_key_public(pcd), H2_PCD_PUB));
	secret_is(pcd, H2_IC_PUB, H2_K);
	agree_key_free(&pcd);
	agree_domain_free(&d);
	agree_domain_free(&mapped);
	dh_domain_free(&dh);
	dh_domain_free(&dh_mapped);
	buf_done(&s);
	buf_done(&t);
}

/* ---- every group */
static void two_sides_agree(struct agree_group g, enum cipher_alg alg, bool integrated, struct sys_fake *fake)
{
	struct agree_domain *d = domain_of(g), *mapped = NULL;
	struct agree_key *a = NULL, *b = NULL;
	struct buf h = { 0 }, k1 = { 0 }, k2 = { 0 };
	uint8_t s[32], t[32];
	cc_status st;

	assert_false(cc_failed(sys_random(&fake->sys, s, sizeof s)));
	assert_false(cc_failed(sys_random(&fake->sys, t, sizeof t)));
	assert_int_equal(agree_key_generate(d, &fake->sys, &a).code, CC_OK);
	assert_int_equal(agree_key_generate(d, &fake->sys, &b).code, CC_OK);
	assert_int_equal(agree_mapping_secret(a, agree_key_public(b), &h).code, CC_OK);
	if (integrated)
		st = agree_domain_map_integrated(d, alg, bytes_of(s, pace_nonce_len(alg)), bytes_of(t, cipher_key_len(alg)),
						 &mapped);
	else
		st = agree_domain_map_generic(d, bytes_of(s, pace_nonce_len(alg)), buf_view(&h), &mapped);
	agree_key_free(&a);
	agree_key_free(&b);
	if (integrated && !agree_group_maps_integrated(g)) {
		assert_int_equal(st.code, CC_E_UNSUPPORTED);
	} else {
		assert_int_equal(st.code, CC_OK);
		assert_int_equal(agree_key_generate(mapped, &fake->sys, &a).code, CC_OK);
		assert_int_equal(agree_key_generate(mapped, &fake->sys, &b).code, CC_OK);
		assert_int_equal(agree_public_check(g, agree_key_public(a)).code, CC_OK);
		assert_int_equal(agree_secret(a, agree_key_public(b), &k1).code, CC_OK);
		assert_int_equal(agree_secret(b, agree_key_public(a), &k2).code, CC_OK);
		assert_true(bytes_equal(buf_view(&k1), buf_view(&k2)));
		agree_key_free(&a);
		agree_key_free(&b);
	}
	agree_domain_free(&d);
	agree_domain_free(&mapped);
	buf_done(&h);
	buf_done(&k1);
	buf_done(&k2);
}

static void every_group_cipher_and_mapping(void **state)
{
	struct sys_fake fake;
	unsigned count = 0;

	(void)state;
	sys_fake_init(&fake, 7);
	for (unsigned id = 0; id < 40; id++) {
		struct agree_group g;
		bool known = id <= 2 || (id >= 8 && id <= 18);

		assert_int_equal(agree_group_from_parameter_id(id, &g), known);
		if (!known)
			continue;
		assert_int_equal(agree_group_parameter_id(g), (int)id);
		for (unsigned alg = 0; alg < CIPHER_ALG_COUNT; alg++) {
			two_sides_agree(g, (enum cipher_alg)alg, false, &fake);
			two_sides_agree(g, (enum cipher_alg)alg, true, &fake);
			count += 2;
		}
	}
	assert_int_equal(count, 14 * 4 * 2);
	print_message("# count: %u group x cipher x mapping combinations\n", count);
}

static cc_status all_ones(void *ctx, uint8_t *out, size_t n)
{
	(*(unsigned *)ctx)++;
	memset(out, 0xFF, n);
	return cc_ok();
}

/* A generator that never gives a number in range is not waited for. */
static void keys_are_in_range_or_fail(void **state)
{
	unsigned draws = 0;
	const struct sys ones = { .ctx = &draws, .random = all_ones };

	(void)state;
	for (unsigned id = 0; id < 19; id++) {
		struct agree_group g;
		struct agree_domain *d;
		struct agree_key *key = NULL;

		if (!agree_group_from_parameter_id(id, &g))
			continue;
		d = domain_of(g);
		draws = 0;
		assert_int_equal(agree_key_generate(d, &ones, &key).code, CC_E_CRYPTO);
		assert_in_range(draws, 2, 1000);
		assert_null(key);
		agree_domain_free(&d);
	}
}

/* RFC 5114 has large cofactors: 1, 0, p - 1, p, numbers of another order, and one of our own are to be told apart. */
static void dh_refuses_values_outside_the_subgroup(void **state)
{
	static const char *const bad[] = {
		"00",
		"01",
		"02", /* of order far above q */
		"B10B8F96A080E01DDE92DE5EAE5D54EC52C99FBCFB06A3C69A6A9DCA52D23B616073E28675A23D189838EF1E2EE652C013ECB4AEA9061123"
		"24975C3CD49B83BFACCBDD7D90C4BD7098488E9C219A73724EFFD6FAE5644738FAA31A4FF55BCCC0A151AF5F0DC8B4BD45BF37DF365C1A65"
		"E68CFDA76D4DA708DF1FB2BC2E4A4371", /* p */
		"B10B8F96A080E01DDE92DE5EAE5D54EC52C99FBCFB06A3C69A6A9DCA52D23B616073E28675A23D189838EF1E2EE652C013ECB4AEA9061123"
		"24975C3CD49B83BFACCBDD7D90C4BD7098488E9C219A73724EFFD6FAE5644738FAA31A4FF55BCCC0A151AF5F0DC8B4BD45BF37DF365C1A65"
		"E68CFDA76D4DA708DF1FB2BC2E4A4370", /* p - 1: order 2 */
		"B10B8F96A080E01DDE92DE5EAE5D54EC52C99FBCFB06A3C69A6A9DCA52D23B616073E28675A23D189838EF1E2EE652C013ECB4AEA9061123"
		"24975C3CD49B83BFACCBDD7D90C4BD7098488E9C219A73724EFFD6FAE5644738FAA31A4FF55BCCC0A151AF5F0DC8B4BD45BF37DF365C1A65"
		"E68CFDA76D4DA708DF1FB2BC2E4A4372", /* p + 1 */
		"",
	};
	struct agree_domain *d = domain_of(modp0);
	struct agree_key *k = key_of(d, G2_MAP_PCD);
	struct buf out = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct buf y = vectors_from_hex(bad[i]);

		assert_int_equal(agree_public_check(modp0, buf_view(&y)).code, CC_E_VERIFY);
		assert_int_equal(agree_secret(k, buf_view(&y), &out).code, CC_E_VERIFY);
		assert_null(out.p);
		buf_done(&y);
	}
	agree_key_free(&k);
	agree_domain_free(&d);
}

static void mapping_arguments_are_checked(void **state)
{
	struct agree_domain *d = domain_of(bp256), *mapped = NULL;
	uint8_t z[64] = { 1 };
	struct buf out = { 0 };

	(void)state;
	for (unsigned a = 0; a < CIPHER_ALG_COUNT; a++) {
		enum cipher_alg alg = (enum cipher_alg)a;
		size_t l = pace_nonce_len(alg), k = cipher_key_len(alg);

		for (size_t n = 0; n <= 40; n++) {
			if (n != l)
				assert_int_equal(
					agree_domain_map_integrated(d, alg, bytes_of(z, n), bytes_of(z, k), &mapped).code,
					CC_E_ARG);
			if (n != k)
				assert_int_equal(
					agree_domain_map_integrated(d, alg, bytes_of(z, l), bytes_of(z, n), &mapped).code,
					CC_E_ARG);
		}
	}
	assert_int_equal(agree_domain_map_generic(d, bytes_of(z, 33), bytes_of(z, 1), &mapped).code, CC_E_ARG);
	assert_int_equal(agree_domain_map_generic(d, bytes_of(z, 16), bytes_of(z, 1), &mapped).code, CC_E_VERIFY);
	/* f_G has no value for 0, 1 and -1. */
	memset(z, 0, sizeof z);
	assert_int_equal(ec_point_encode_element(EC_BP256, bytes_of(z, 32), &out).code, CC_E_VERIFY);
	z[31] = 1;
	assert_int_equal(ec_point_encode_element(EC_BP256, bytes_of(z, 32), &out).code, CC_E_VERIFY);
	memset(z, 0xFF, 32);
	assert_int_equal(ec_point_encode_element(EC_BP256, bytes_of(z, 32), &out).code, CC_E_ARG);
	agree_domain_free(&d);
}

/* ---- encodings */
static void compression_is_the_standards(void **state)
{
	struct buf p = vectors_from_hex(H1_PCD_PUB), out = { 0 };

	(void)state;
	assert_int_equal(agree_compress(bp256, buf_view(&p), &out).code, CC_OK);
	assert_true(vectors_is_hex(buf_view(&out), "89CBA23FFE96AA18D824627C3E934E54A9FD0B87A95D1471DC1C0ABFDCD640D4"));
	assert_int_equal(agree_compress(bp256, bytes_of(p.p, p.n - 1), &out).code, CC_E_FORMAT);
	/* FIPS 180 "abc": a leading zero doesn't count. */
	assert_int_equal(agree_compress(modp0,
					BYTES_LITERAL("\x00"
						      "abc"),
					&out)
				 .code,
			 CC_OK);
	assert_true(vectors_is_hex(buf_view(&out), "A9993E364706816ABA3E25717850C26C9CD0D89D"));
	buf_done(&p);
	buf_done(&out);
}

static void spki_of_every_group_comes_back(void **state)
{
	struct sys_fake fake;

	(void)state;
	sys_fake_init(&fake, 9);
	for (unsigned id = 0; id < 19; id++) {
		struct agree_group g, found;
		struct agree_domain *d;
		struct agree_key *k = NULL;

		if (!agree_group_from_parameter_id(id, &g))
			continue;
		d = domain_of(g);
		assert_int_equal(agree_key_generate(d, &fake.sys, &k).code, CC_OK);
		for (unsigned standardized = 0; standardized < 2; standardized++) {
			struct buf spki = { 0 }, pub = { 0 };

			assert_int_equal(agree_spki_encode(g, agree_key_public(k), standardized, &spki).code, CC_OK);
			assert_int_equal(agree_spki_parse(buf_view(&spki), &found, &pub, NULL).code, CC_OK);
			assert_true(agree_group_equal(g, found));
			assert_true(bytes_equal(buf_view(&pub), agree_key_public(k)));
			for (size_t n = 0; n < spki.n; n++)
				assert_true(cc_failed(agree_spki_parse(bytes_of(spki.p, n), &found, &pub, NULL)));
			buf_done(&spki);
			buf_done(&pub);
		}
		agree_key_free(&k);
		agree_domain_free(&d);
	}
}

/* Doc 9303-11 Appendix I.1: the key of the example stands under standardized domain parameters 13. */
static void spki_of_appendix_i1_is_read(void **state)
{
	struct buf spki = vectors_from_hex(
		"3052300C060704007F0007010202010D034200041872709494399E7470A6431BE25E83EEE24FEA568C2ED28DB48E05DB3A610DC884D256A4"
		"0E35EFCB59BF6753D3A489D28C7A4D973C2DA138A6E7A4A08F68E16F");
	struct buf pub = { 0 };
	struct agree_group g;

	(void)state;
	assert_int_equal(agree_spki_parse(buf_view(&spki), &g, &pub, NULL).code, CC_OK);
	assert_true(agree_group_equal(g, bp256));
	spki.p[spki.n - 1] ^= 1;
	assert_int_equal(agree_spki_parse(buf_view(&spki), &g, &pub, NULL).code, CC_E_VERIFY);
	buf_done(&spki);
	buf_done(&pub);
}

static void failed_allocations_leave_nothing(void **state)
{
	static const struct agree_group groups[] = { { .kind = AGREE_DH, .group = DH_1024_160 },
						     { .kind = AGREE_ECDH, .curve = EC_P256 } };
	struct sys_fake fake;
	uint8_t nonce[16] = { 5 };

	(void)state;
	sys_fake_init(&fake, 3);
	for (size_t i = 0; i < 2; i++) {
		for (size_t k = 1; alloc_fault_next(&k);) {
			struct agree_domain *d = NULL, *mapped = NULL;
			struct agree_key *a = NULL;
			struct buf h = { 0 };
			cc_status st = agree_domain_new(groups[i], &d);

			if (!cc_failed(st))
				st = agree_key_generate(d, &fake.sys, &a);
			if (!cc_failed(st))
				st = agree_mapping_secret(a, agree_key_public(a), &h);
			if (!cc_failed(st))
				st = agree_domain_map_generic(d, bytes_of(nonce, 16), buf_view(&h), &mapped);
			if (!cc_failed(st)) {
				agree_domain_free(&mapped);
				st = agree_domain_map_integrated(d, CIPHER_AES128, bytes_of(nonce, 16), bytes_of(nonce, 16),
								 &mapped);
			}
			if (alloc_fault_end())
				assert_int_equal(st.code, CC_E_MEMORY);
			else
				assert_int_equal(st.code, CC_OK);
			agree_key_free(&a);
			agree_domain_free(&d);
			agree_domain_free(&mapped);
			buf_done(&h);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(appendix_g2_dh_generic_mapping),    cmocka_unit_test(appendix_h1_ecdh_integrated_mapping),
		cmocka_unit_test(appendix_h2_dh_integrated_mapping), cmocka_unit_test(every_group_cipher_and_mapping),
		cmocka_unit_test(keys_are_in_range_or_fail),	     cmocka_unit_test(dh_refuses_values_outside_the_subgroup),
		cmocka_unit_test(mapping_arguments_are_checked),     cmocka_unit_test(compression_is_the_standards),
		cmocka_unit_test(spki_of_every_group_comes_back),    cmocka_unit_test(spki_of_appendix_i1_is_read),
		cmocka_unit_test(failed_allocations_leave_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
