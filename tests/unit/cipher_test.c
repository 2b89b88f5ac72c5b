/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/cipher.h"

#include "tests/support/alloc_fault.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

static struct cipher *cipher_of_hex(enum cipher_alg alg, const char *key)
{
	struct buf k = vectors_from_hex(key);
	struct cipher *c = NULL;

	assert_int_equal(cipher_new(alg, buf_view(&k), &c).code, CC_OK);
	buf_done(&k);
	return c;
}

static struct mac *mac_of_hex(enum cipher_alg alg, const char *key)
{
	struct buf k = vectors_from_hex(key);
	struct mac *m = NULL;

	assert_int_equal(mac_new(alg, buf_view(&k), &m).code, CC_OK);
	buf_done(&k);
	return m;
}

/* NIST SP 800-38A F.2 (AES); ICAO 9303-11 D.3: E_IFD under the document basic access key (two-key triple DES). */
static const struct {
	enum cipher_alg alg;
	const char *key, *iv, *plain, *cipher;
} cbc[] = {
	{ CIPHER_AES128, "2B7E151628AED2A6ABF7158809CF4F3C", "000102030405060708090A0B0C0D0E0F",
	  "6BC1BEE22E409F96E93D7E117393172AAE2D8A571E03AC9C9EB76FAC45AF8E51",
	  "7649ABAC8119B246CEE98E9B12E9197D5086CB9B507219EE95DB113A917678B2" },
	{ CIPHER_AES192, "8E73B0F7DA0E6452C810F32B809079E562F8EAD2522C6B7B", "000102030405060708090A0B0C0D0E0F",
	  "6BC1BEE22E409F96E93D7E117393172AAE2D8A571E03AC9C9EB76FAC45AF8E51",
	  "4F021DB243BC633D7178183A9FA071E8B4D9ADA9AD7DEDF4E5E738763F69145A" },
	{ CIPHER_AES256, "603DEB1015CA71BE2B73AEF0857D77811F352C073B6108D72D9810A30914DFF4", "000102030405060708090A0B0C0D0E0F",
	  "6BC1BEE22E409F96E93D7E117393172AAE2D8A571E03AC9C9EB76FAC45AF8E51",
	  "F58C4C04D6E5F1BA779EABFB5F7BFBD69CFC4E967EDB808D679F777BC6702C7D" },
	{ CIPHER_TDES, "AB94FDECF2674FDFB9B391F85D7F76F2", "0000000000000000",
	  "781723860C06C2264608F919887022120B795240CB7049B01C19B33E32804F0B",
	  "72C29C2371CC9BDB65B779B8E8D37B29ECC154AA56A8799FAE2F498F76ED92F2" },
};

static void published_cbc_examples_are_met_both_ways(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cbc / sizeof cbc[0]; i++) {
		struct cipher *c = cipher_of_hex(cbc[i].alg, cbc[i].key);
		struct buf iv = vectors_from_hex(cbc[i].iv), plain = vectors_from_hex(cbc[i].plain);
		uint8_t out[64];

		/* Twice: the chain of one call must not reach into the next. */
		for (int round = 0; round < 2; round++) {
			assert_int_equal(cipher_cbc_encrypt(c, iv.p, buf_view(&plain), out).code, CC_OK);
			assert_true(vectors_is_hex(bytes_of(out, plain.n), cbc[i].cipher));
			assert_int_equal(cipher_cbc_decrypt(c, iv.p, bytes_of(out, plain.n), out).code, CC_OK);
			assert_true(vectors_is_hex(bytes_of(out, plain.n), cbc[i].plain));
		}
		cipher_free(&c);
		assert_null(c);
		cipher_free(&c);
		buf_done(&iv);
		buf_done(&plain);
	}
}

static void cbc_takes_whole_blocks_only(void **state)
{
	uint8_t zeros[48] = { 0 }, out[48];

	(void)state;
	for (size_t i = 0; i < sizeof cbc / sizeof cbc[0]; i++) {
		struct cipher *c = cipher_of_hex(cbc[i].alg, cbc[i].key);
		size_t block = cipher_block_len(cbc[i].alg);

		for (size_t n = 0; n <= sizeof zeros; n++) {
			enum cc_code want = n % block == 0 ? CC_OK : CC_E_FORMAT;

			assert_int_equal(cipher_cbc_encrypt(c, zeros, bytes_of(zeros, n), out).code, want);
			assert_int_equal(cipher_cbc_decrypt(c, zeros, bytes_of(zeros, n), out).code, want);
		}
		cipher_free(&c);
	}
}

/* FIPS 197 Appendix B and C: one block. */
static void one_block_is_the_block_cipher(void **state)
{
	static const struct {
		enum cipher_alg alg;
		const char *key, *in, *out;
	} known[] = {
		{ CIPHER_AES128, "2B7E151628AED2A6ABF7158809CF4F3C", "3243F6A8885A308D313198A2E0370734",
		  "3925841D02DC09FBDC118597196A0B32" },
		{ CIPHER_AES192, "000102030405060708090A0B0C0D0E0F1011121314151617", "00112233445566778899AABBCCDDEEFF",
		  "DDA97CA4864CDFE06EAF70A0EC0D7191" },
		{ CIPHER_AES256, "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F",
		  "00112233445566778899AABBCCDDEEFF", "8EA2B7CA516745BFEAFC49904B496089" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		struct cipher *c = cipher_of_hex(known[i].alg, known[i].key);
		struct buf in = vectors_from_hex(known[i].in);
		uint8_t out[16];

		for (int round = 0; round < 2; round++) {
			assert_int_equal(cipher_encrypt_block(c, in.p, out).code, CC_OK);
			assert_true(vectors_is_hex(bytes_of(out, sizeof out), known[i].out));
		}
		cipher_free(&c);
		buf_done(&in);
	}
}

static void a_key_of_another_length_is_refused(void **state)
{
	uint8_t key[40] = { 0 };

	(void)state;
	for (int alg = 0; alg < CIPHER_ALG_COUNT; alg++) {
		for (size_t n = 0; n <= sizeof key; n++) {
			struct cipher *c = NULL;
			struct mac *m = NULL;
			enum cc_code want = n == cipher_key_len((enum cipher_alg)alg) ? CC_OK : CC_E_ARG;

			assert_int_equal(cipher_new((enum cipher_alg)alg, bytes_of(key, n), &c).code, want);
			assert_int_equal(mac_new((enum cipher_alg)alg, bytes_of(key, n), &m).code, want);
			assert_int_equal(c != NULL && m != NULL, want == CC_OK);
			cipher_free(&c);
			mac_free(&m);
		}
	}
}

static void aes_is_known_by_its_key_length(void **state)
{
	(void)state;
	for (size_t n = 0; n < 64; n++) {
		enum cipher_alg alg = CIPHER_ALG_COUNT;
		bool known = cipher_aes_from_key_len(n, &alg);

		assert_int_equal(known, n == 16 || n == 24 || n == 32);
		if (known)
			assert_int_equal(cipher_key_len(alg), n);
		else
			assert_int_equal(alg, CIPHER_ALG_COUNT);
	}
}

/* ICAO 9303-11 D.3 and D.4: MACs over padded data under K_MAC and KS_MAC. */
static const struct {
	const char *key, *padded, *mac;
} retail[] = {
	{ "7962D9ECE03D1ACD4C76089DCE131543", "72C29C2371CC9BDB65B779B8E8D37B29ECC154AA56A8799FAE2F498F76ED92F28000000000000000",
	  "5F1448EEA8AD90A7" },
	{ "7962D9ECE03D1ACD4C76089DCE131543", "46B9342A41396CD7386BF5803104D7CEDC122B9132139BAF2EEDC94EE178534F8000000000000000",
	  "2F2D235D074D7449" },
	{ "F1CB1F1FB5ADF208806B89DC579DC1F8", "887022120C06C2270CA4020C800000008709016375432908C044F68000000000",
	  "BF8B92D635FF24F8" },
	{ "F1CB1F1FB5ADF208806B89DC579DC1F8", "887022120C06C2290CB00000800000009701048000000000", "ED6705417E96BA55" },
};

static void published_retail_macs_are_met(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof retail / sizeof retail[0]; i++) {
		struct mac *m = mac_of_hex(CIPHER_TDES, retail[i].key);
		struct buf data = vectors_from_hex(retail[i].padded);
		struct bytes whole = buf_view(&data);
		uint8_t out[8];

		assert_int_equal(mac_len(m), 8);
		for (int round = 0; round < 2; round++) {
			assert_int_equal(mac_compute(m, &whole, 1, out).code, CC_OK);
			assert_true(vectors_is_hex(bytes_of(out, sizeof out), retail[i].mac));
		}
		mac_free(&m);
		assert_null(m);
		mac_free(&m);
		buf_done(&data);
	}
}

static void more_retail_macs(void **state)
{
	json_t *root = vectors_open("01_bac_sm_mrz/bac_sm_icao_appD.json");
	size_t n, i;
	json_t *v;

	(void)state;
	if (root == NULL)
		skip();
	n = json_array_size(vectors_at(root, "retail_mac"));
	assert_true(n >= 4);
	json_array_foreach(vectors_at(root, "retail_mac"), i, v)
	{
		struct mac *m = mac_of_hex(CIPHER_TDES, vectors_text(v, "key"));
		struct buf data = vectors_hex(v, "data_padded");
		struct bytes whole = buf_view(&data);
		uint8_t out[8];

		assert_int_equal(mac_compute(m, &whole, 1, out).code, CC_OK);
		assert_true(vectors_is_hex(bytes_of(out, sizeof out), vectors_text(v, "mac")));
		mac_free(&m);
		buf_done(&data);
	}
	json_decref(root);
}

static void the_retail_mac_wants_whole_blocks(void **state)
{
	struct mac *m = mac_of_hex(CIPHER_TDES, retail[0].key);
	uint8_t data[600] = { 0 }, out[8];

	(void)state;
	for (size_t n = 0; n <= sizeof data; n++) {
		struct bytes part = bytes_of(data, n);

		assert_int_equal(mac_compute(m, &part, 1, out).code, n > 0 && n % 8 == 0 ? CC_OK : CC_E_FORMAT);
	}
	mac_free(&m);
}

/* NIST SP 800-38B Appendix D (as RFC 4493 4): AES-CMAC of 0, 16, 40 and 64 bytes; 192 and 256 bits: D.2, D.3. */
static const struct {
	enum cipher_alg alg;
	const char *key;
	size_t n;
	const char *mac;
} cmacs[] = {
	{ CIPHER_AES128, "2B7E151628AED2A6ABF7158809CF4F3C", 0, "BB1D6929E95937287FA37D129B756746" },
	{ CIPHER_AES128, "2B7E151628AED2A6ABF7158809CF4F3C", 16, "070A16B46B4D4144F79BDD9DD04A287C" },
	{ CIPHER_AES128, "2B7E151628AED2A6ABF7158809CF4F3C", 40, "DFA66747DE9AE63030CA32611497C827" },
	{ CIPHER_AES128, "2B7E151628AED2A6ABF7158809CF4F3C", 64, "51F0BEBF7E3B9D92FC49741779363CFE" },
	{ CIPHER_AES192, "8E73B0F7DA0E6452C810F32B809079E562F8EAD2522C6B7B", 0, "D17DDF46ADAACDE531CAC483DE7A9367" },
	{ CIPHER_AES192, "8E73B0F7DA0E6452C810F32B809079E562F8EAD2522C6B7B", 64, "A1D5DF0EED790F794D77589659F39A11" },
	{ CIPHER_AES256, "603DEB1015CA71BE2B73AEF0857D77811F352C073B6108D72D9810A30914DFF4", 0,
	  "028962F61B7BF89EFC6B551F4667D983" },
	{ CIPHER_AES256, "603DEB1015CA71BE2B73AEF0857D77811F352C073B6108D72D9810A30914DFF4", 64,
	  "E1992190549F6ED5696A2C056C315410" },
};

#define CMAC_MESSAGE                                                                                                             \
	"6BC1BEE22E409F96E93D7E117393172AAE2D8A571E03AC9C9EB76FAC45AF8E51"                                                       \
	"30C81C46A35CE411E5FBC1191A0A52EFF69F2445DF4F9B17AD2B417BE66C3710"

static void published_cmacs_are_met(void **state)
{
	struct buf message = vectors_from_hex(CMAC_MESSAGE);

	(void)state;
	for (size_t i = 0; i < sizeof cmacs / sizeof cmacs[0]; i++) {
		struct mac *m = mac_of_hex(cmacs[i].alg, cmacs[i].key);
		struct bytes part = bytes_of(message.p, cmacs[i].n);
		uint8_t out[16];

		assert_int_equal(mac_len(m), 16);
		for (int round = 0; round < 2; round++) {
			assert_int_equal(mac_compute(m, &part, 1, out).code, CC_OK);
			assert_true(vectors_is_hex(bytes_of(out, sizeof out), cmacs[i].mac));
		}
		mac_free(&m);
	}
	buf_done(&message);
}

/* However a message is cut into parts, its MAC is one; also across the retail MAC's inner buffer. */
static void parts_are_maced_as_one(void **state)
{
	static const enum cipher_alg algs[] = { CIPHER_TDES, CIPHER_AES256 };
	uint8_t key[32] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 }, data[520];

	(void)state;
	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (uint8_t)(i * 31);
	for (size_t a = 0; a < 2; a++) {
		struct mac *m = NULL;

		assert_int_equal(mac_new(algs[a], bytes_of(key, cipher_key_len(algs[a])), &m).code, CC_OK);
		for (size_t n = 8; n <= sizeof data; n += 8) {
			struct bytes whole = bytes_of(data, n);
			uint8_t want[16], got[16];

			assert_int_equal(mac_compute(m, &whole, 1, want).code, CC_OK);
			for (size_t cut = 0; cut <= n; cut += 1 + cut / 3) {
				const struct bytes parts[] = { bytes_of(data, cut), bytes_of(NULL, 0),
							       bytes_of(data + cut, n - cut) };

				assert_int_equal(mac_compute(m, parts, 3, got).code, CC_OK);
				assert_memory_equal(got, want, mac_len(m));
			}
		}
		mac_free(&m);
	}
}

static struct cipher *des_of(const uint8_t *half)
{
	uint8_t twice[16];
	struct cipher *c = NULL;

	memcpy(twice, half, 8);
	memcpy(twice + 8, half, 8);
	assert_int_equal(cipher_new(CIPHER_TDES, bytes_of(twice, sizeof twice), &c).code, CC_OK);
	return c;
}

/* ISO/IEC 9797-1 MAC algorithm 3 step by step: DES-CBC under K1, then the last block through D_K2 and E_K1. */
static void a_long_retail_mac_follows_the_standard(void **state)
{
	static const uint8_t zero_iv[8];
	uint8_t key[16], data[1024], chain[1024], block[8], got[8];
	struct cipher *k1, *k2;
	struct mac *m = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (uint8_t)(i * 13 + i / 256);
	for (size_t i = 0; i < sizeof key; i++)
		key[i] = (uint8_t)(i * 29 + 1);
	k1 = des_of(key);
	k2 = des_of(key + 8);
	assert_int_equal(mac_new(CIPHER_TDES, bytes_of(key, sizeof key), &m).code, CC_OK);
	for (size_t n = 8; n <= sizeof data; n += 8) {
		struct bytes part = bytes_of(data, n);

		assert_int_equal(cipher_cbc_encrypt(k1, zero_iv, part, chain).code, CC_OK);
		assert_int_equal(cipher_cbc_decrypt(k2, zero_iv, bytes_of(chain + n - 8, 8), block).code, CC_OK);
		assert_int_equal(cipher_encrypt_block(k1, block, block).code, CC_OK);
		assert_int_equal(mac_compute(m, &part, 1, got).code, CC_OK);
		assert_memory_equal(got, block, sizeof got);
	}
	cipher_free(&k1);
	cipher_free(&k2);
	mac_free(&m);
}

/* The output transformation must use the second half of the key, and only it. */
static void each_half_of_the_retail_key_counts(void **state)
{
	uint8_t key[16] = { 0x10, 0x20 }, data[24] = { 5 }, base[8], other[8];
	struct bytes part = bytes_of(data, sizeof data);

	(void)state;
	for (int flipped = -1; flipped < 16; flipped++) {
		struct mac *m = NULL;

		if (flipped >= 0)
			key[flipped] ^= 0x10;
		assert_int_equal(mac_new(CIPHER_TDES, bytes_of(key, sizeof key), &m).code, CC_OK);
		assert_int_equal(mac_compute(m, &part, 1, flipped < 0 ? base : other).code, CC_OK);
		if (flipped >= 0) {
			assert_memory_not_equal(base, other, sizeof base);
			key[flipped] ^= 0x10;
		}
		mac_free(&m);
	}
}

static void check_wycheproof_mac(const json_t *v, size_t tag_len)
{
	struct buf key = vectors_hex(v, "key"), msg = vectors_hex(v, "msg"), tag = vectors_hex(v, "tag");
	bool valid = strcmp(vectors_text(v, "result"), "valid") == 0, met = false;
	enum cipher_alg alg;
	struct mac *m = NULL;
	uint8_t out[16];

	if (cipher_aes_from_key_len(key.n, &alg)) {
		struct bytes part = buf_view(&msg);

		assert_int_equal(mac_new(alg, buf_view(&key), &m).code, CC_OK);
		assert_int_equal(mac_compute(m, &part, 1, out).code, CC_OK);
		met = bytes_equal(bytes_of(out, tag_len), buf_view(&tag));
	} else {
		assert_int_equal(mac_new(CIPHER_AES128, buf_view(&key), &m).code, CC_E_ARG);
	}
	if (met != valid)
		print_error("tcId %ld\n", vectors_int(v, "tcId"));
	assert_int_equal(met, valid);
	mac_free(&m);
	buf_done(&key);
	buf_done(&msg);
	buf_done(&tag);
}

static void wycheproof_cmac_verdicts(void **state)
{
	json_t *root = vectors_open("10_wycheproof/aes_cmac_test.json");
	size_t g, i, count = 0;
	json_t *group, *v;

	(void)state;
	if (root == NULL)
		skip();
	json_array_foreach(vectors_at(root, "testGroups"), g, group)
	{
		json_array_foreach(vectors_at(group, "tests"), i, v)
		{
			check_wycheproof_mac(v, (size_t)vectors_int(group, "tagSize") / 8);
			count++;
		}
	}
	assert_int_equal(count, vectors_int(root, "numberOfTests"));
	json_decref(root);
}

static void padding_goes_both_ways(void **state)
{
	uint8_t data[40];

	(void)state;
	memset(data, 0x80, sizeof data);
	for (size_t block = 8; block <= 16; block += 8) {
		for (size_t n = 0; n <= sizeof data; n++) {
			struct writer w;
			struct bytes back;

			writer_init(&w, 64);
			pad_iso9797_2(&w, bytes_of(data, n), block);
			assert_int_equal(writer_view(&w).n, (n / block + 1) * block);
			assert_int_equal(pad_iso9797_2_strip(writer_view(&w), block, &back).code, CC_OK);
			assert_true(bytes_equal(back, bytes_of(data, n)));
			writer_done(&w);
		}
	}
}

static void wrong_padding_is_refused(void **state)
{
	/* nothing, no 80 at all, another byte before the zeros, more than a block of zeros, not a block */
	static const char *const wrong[] = {
		"",   "0000000000000000",   "0102030405060708", "8001000000000000", "80000000000000000000000000000000",
		"80", "0180000000000000 01"
	};
	struct bytes back = { NULL, 77 };

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		struct buf data = vectors_from_hex(wrong[i]);

		assert_int_equal(pad_iso9797_2_strip(buf_view(&data), 8, &back).code, CC_E_FORMAT);
		assert_int_equal(back.n, 77);
		buf_done(&data);
	}
}

static void out_of_memory_makes_no_object(void **state)
{
	static const uint8_t key[16];

	(void)state;
	for (size_t k = 1; alloc_fault_next(&k);) {
		struct cipher *c = NULL;
		struct mac *m = NULL;
		cc_status st = cipher_new(CIPHER_TDES, bytes_of(key, sizeof key), &c);

		if (!cc_failed(st))
			st = mac_new(CIPHER_TDES, bytes_of(key, sizeof key), &m);
		assert_int_equal(st.code, alloc_fault_end() ? CC_E_MEMORY : CC_OK);
		cipher_free(&c);
		mac_free(&m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_cbc_examples_are_met_both_ways),
		cmocka_unit_test(cbc_takes_whole_blocks_only),
		cmocka_unit_test(one_block_is_the_block_cipher),
		cmocka_unit_test(a_key_of_another_length_is_refused),
		cmocka_unit_test(aes_is_known_by_its_key_length),
		cmocka_unit_test(published_retail_macs_are_met),
		cmocka_unit_test(more_retail_macs),
		cmocka_unit_test(the_retail_mac_wants_whole_blocks),
		cmocka_unit_test(published_cmacs_are_met),
		cmocka_unit_test(parts_are_maced_as_one),
		cmocka_unit_test(a_long_retail_mac_follows_the_standard),
		cmocka_unit_test(each_half_of_the_retail_key_counts),
		cmocka_unit_test(wycheproof_cmac_verdicts),
		cmocka_unit_test(padding_goes_both_ways),
		cmocka_unit_test(wrong_padding_is_refused),
		cmocka_unit_test(out_of_memory_makes_no_object),
	};

	return cmocka_run_group_tests_name("cipher", tests, NULL, NULL);
}
