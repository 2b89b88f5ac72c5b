/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/kdf.h"

#include "crypto/hash.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static struct bytes view(const struct secret *s)
{
	return bytes_of(s->p, s->n);
}

static void check_9303(const char *k, long counter, enum cipher_alg alg, const char *want)
{
	struct buf shared = vectors_from_hex(k);
	struct secret out;

	assert_int_equal(kdf_9303(buf_view(&shared), bytes_of(NULL, 0), (enum kdf_9303_counter)counter, alg, &out).code, CC_OK);
	assert_true(vectors_is_hex(view(&out), want));
	assert_int_equal(out.n, cipher_key_len(alg));
	secret_done(&out);
	buf_done(&shared);
}

/* ICAO 9303-11 D.1 and D.2 (3DES), G.1 (AES-128: session keys and the key from the MRZ). */
static void worked_examples_are_met(void **state)
{
	(void)state;
	check_9303("239AB9CB282DAF66231DC5A4DF6BFBAE", KDF_ENC, CIPHER_TDES, "AB94FDECF2674FDFB9B391F85D7F76F2");
	check_9303("239AB9CB282DAF66231DC5A4DF6BFBAE", KDF_MAC, CIPHER_TDES, "7962D9ECE03D1ACD4C76089DCE131543");
	check_9303("0036D272F5C350ACAC50C3F572D23600", KDF_ENC, CIPHER_TDES, "979EC13B1CBFE9DCD01AB0FED307EAE5");
	check_9303("28768D20701247DAE81804C9E780EDE582A9996DB4A315020B2733197DB84925", KDF_ENC, CIPHER_AES128,
		   "F5F0E35C0D7161EE6724EE513A0D9A7F");
	check_9303("28768D20701247DAE81804C9E780EDE582A9996DB4A315020B2733197DB84925", KDF_MAC, CIPHER_AES128,
		   "FE251C7858B356B24514B3BD5F4297D1");
	check_9303("7E2D2A41C74EA0B38CD36F863939BFA8E9032AAD", KDF_PI, CIPHER_AES128, "89DED1B26624EC1E634C1989302849DD");
}

static void more_9303_keys(void **state)
{
	static const char *const names[CIPHER_ALG_COUNT] = { "3DES", "AES128", "AES192", "AES256" };
	json_t *root = vectors_open("01_bac_sm_mrz/bac_sm_icao_appD.json");
	size_t i, count = 0;
	json_t *v;

	(void)state;
	if (root == NULL)
		skip();
	json_array_foreach(vectors_at(root, "kdf"), i, v)
	{
		for (int alg = 0; alg < CIPHER_ALG_COUNT; alg++) {
			if (strcmp(vectors_text(v, "alg"), names[alg]) != 0)
				continue;
			check_9303(vectors_text(v, "K"), vectors_int(v, "c"), (enum cipher_alg)alg, vectors_text(v, "out"));
			count++;
		}
	}
	assert_int_equal(count, json_array_size(vectors_at(root, "kdf")));
	json_decref(root);
}

static void pace_keys_from_the_mrz(void **state)
{
	json_t *root = vectors_open("02_pace/pace_icao_appG_GM_appI_CAM.json");
	static const char *const parts[] = { "G1_ECDH_GM", "G2_DH_GM", "I1_ECDH_CAM" };

	(void)state;
	if (root == NULL)
		skip();
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		json_t *v = vectors_at(root, parts[i]);
		struct digest d;
		char seed[2 * HASH_LEN_MAX + 1];

		assert_int_equal(hash_digest(HASH_SHA1, bytes_str(vectors_text(v, "mrz_information")), &d).code, CC_OK);
		bytes_to_hex(bytes_of(d.p, d.n), seed);
		check_9303(seed, KDF_PI, CIPHER_AES128, vectors_text(v, "K_pi"));
		check_9303(vectors_text(v, "K"), KDF_ENC, CIPHER_AES128, vectors_text(v, "KS_enc"));
		check_9303(vectors_text(v, "K"), KDF_MAC, CIPHER_AES128, vectors_text(v, "KS_mac"));
	}
	json_decref(root);
}

static void a_nonce_stands_between_secret_and_counter(void **state)
{
	struct secret joined, split;

	(void)state;
	assert_int_equal(kdf_9303(bytes_str("secretnonce"), bytes_of(NULL, 0), KDF_ENC, CIPHER_AES256, &joined).code, CC_OK);
	assert_int_equal(kdf_9303(bytes_str("secret"), bytes_str("nonce"), KDF_ENC, CIPHER_AES256, &split).code, CC_OK);
	assert_true(bytes_equal(view(&joined), view(&split)));
}

static void tdes_keys_have_odd_parity(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 64; i++) {
		uint8_t seed = (uint8_t)i;
		struct secret s;

		assert_int_equal(kdf_9303(bytes_of(&seed, 1), bytes_of(NULL, 0), KDF_MAC, CIPHER_TDES, &s).code, CC_OK);
		for (size_t j = 0; j < s.n; j++) {
			unsigned ones = 0;

			for (unsigned bit = 0; bit < 8; bit++)
				ones += (unsigned)s.p[j] >> bit & 1u;
			assert_int_equal(ones % 2, 1);
		}
	}
}

/* ---- SCP03 */

static void check_scp03_key(const json_t *v, const char *static_key, uint8_t constant, struct bytes context, const char *want)
{
	struct buf key = vectors_hex(v, static_key);
	uint8_t out[SECRET_LEN_MAX];

	assert_int_equal(kdf_scp03(buf_view(&key), constant, context, 8 * key.n, out).code, CC_OK);
	assert_true(vectors_is_hex(bytes_of(out, key.n), vectors_text(v, want)));
	buf_done(&key);
}

static void check_scp03_cryptogram(const json_t *v, uint8_t constant, struct bytes context, const char *want)
{
	struct buf key = vectors_hex(v, "S_MAC");
	uint8_t out[8];

	assert_int_equal(kdf_scp03(buf_view(&key), constant, context, 64, out).code, CC_OK);
	assert_true(vectors_is_hex(bytes_of(out, sizeof out), vectors_text(v, want)));
	buf_done(&key);
}

/* Host challenge: the data of INITIALIZE UPDATE; card challenge: behind 10 bytes of diversification and 3 of key information. */
static void context_of(const json_t *v, struct buf *ret)
{
	struct buf command = vectors_hex(v, "initialize_update"), reply = vectors_hex(v, "init_update_response");
	struct cursor c, r;
	struct bytes host, card;
	struct writer w;

	cursor_init(&c, buf_view(&command));
	cursor_init(&r, buf_view(&reply));
	assert_true(cursor_skip(&c, 5));
	assert_true(cursor_take(&c, 8, &host));
	assert_true(cursor_skip(&r, 13));
	assert_true(cursor_take(&r, 8, &card));
	writer_init(&w, 16);
	writer_put(&w, host);
	writer_put(&w, card);
	assert_int_equal(writer_finish(&w, ret).code, CC_OK);
	buf_done(&command);
	buf_done(&reply);
}

/* GlobalPlatform Amendment D 4.1.5 table 4-1: 00 card cryptogram, 01 host cryptogram, 04 S-ENC, 06 S-MAC, 07 S-RMAC. */
static void scp03_session_keys_and_cryptograms(void **state)
{
	json_t *root = vectors_open("03_gp/gp_scp02_scp03_pysim_gppro.json");
	size_t i, count = 0;
	json_t *v;

	(void)state;
	if (root == NULL)
		skip();
	json_array_foreach(vectors_at(root, "SCP03"), i, v)
	{
		struct buf context = { 0 };

		if (vectors_find(v, "S_ENC") == NULL)
			continue;
		context_of(v, &context);
		check_scp03_key(v, "K_ENC", 0x04, buf_view(&context), "S_ENC");
		check_scp03_key(v, "K_MAC", 0x06, buf_view(&context), "S_MAC");
		check_scp03_key(v, "K_MAC", 0x07, buf_view(&context), "S_RMAC");
		check_scp03_cryptogram(v, 0x00, buf_view(&context), "card_cryptogram");
		check_scp03_cryptogram(v, 0x01, buf_view(&context), "host_cryptogram");
		buf_done(&context);
		count++;
	}
	assert_true(count >= 9);
	json_decref(root);
}

static void scp03_arguments_have_bounds(void **state)
{
	uint8_t key[33] = { 0 }, out[SECRET_LEN_MAX + 1];

	(void)state;
	memset(out, 0xEE, sizeof out);
	for (size_t n = 0; n <= sizeof key; n++)
		assert_int_equal(kdf_scp03(bytes_of(key, n), 4, bytes_str("context"), 128, out).code,
				 n == 16 || n == 24 || n == 32 ? CC_OK : CC_E_ARG);
	memset(out, 0xEE, sizeof out);
	assert_int_equal(kdf_scp03(bytes_of(key, 16), 4, bytes_str("c"), 0, out).code, CC_E_ARG);
	assert_int_equal(kdf_scp03(bytes_of(key, 16), 4, bytes_str("c"), 129, out).code, CC_E_ARG);
	assert_int_equal(kdf_scp03(bytes_of(key, 16), 4, bytes_str("c"), 8 * (SECRET_LEN_MAX + 1), out).code, CC_E_ARG);
	assert_int_equal(out[0], 0xEE);
	assert_int_equal(kdf_scp03(bytes_of(key, 16), 4, bytes_str("c"), 8 * SECRET_LEN_MAX, out).code, CC_OK);
	assert_int_equal(out[SECRET_LEN_MAX], 0xEE);
}

/* ---- card keys from a master key */

static void check_kcv(struct bytes key, const char *want)
{
	static const uint8_t ones[16] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 };
	struct cipher *c = NULL;
	enum cipher_alg alg;
	uint8_t out[16];

	assert_true(cipher_aes_from_key_len(key.n, &alg));
	assert_int_equal(cipher_new(alg, key, &c).code, CC_OK);
	assert_int_equal(cipher_encrypt_block(c, ones, out).code, CC_OK);
	assert_true(vectors_is_hex(bytes_of(out, 3), want));
	cipher_free(&c);
}

/* GlobalPlatformPro's test of an AES-256 master key, recomputed with openssl mac. */
static void kdf3_makes_a_known_card_key(void **state)
{
	struct buf master = vectors_from_hex("8C72C72CF908411653018807950D82FBAD947562F0828A0B10B8B9606ABF3BCD");
	struct buf kdd = vectors_from_hex("D9B1DE5D0362DEDCE4FB");
	struct secret out;

	(void)state;
	assert_int_equal(kdf_kdf3(buf_view(&master), 1, buf_view(&kdd), &out).code, CC_OK);
	assert_true(vectors_is_hex(view(&out), "9AAC5D0B3601F89438A0D9D0B6B256CFB47E6462DFA5228D3420C4AC7C224781"));
	buf_done(&master);
	buf_done(&kdd);
	secret_done(&out);
}

static void kdf3_key_check_values(void **state)
{
	json_t *root = vectors_open("03_gp/gp_scp02_scp03_pysim_gppro.json");
	struct buf master, kdd;

	(void)state;
	if (root == NULL)
		skip();
	master = vectors_hex(root, "diversification_KCV.master");
	kdd = vectors_hex(root, "diversification_KCV.KDD");
	for (uint8_t id = 1; id <= 3; id++) {
		char path[64];
		struct secret out;

		(void)snprintf(path, sizeof path, "diversification_KCV.KDF3_AES128.%d", id - 1);
		assert_int_equal(kdf_kdf3(buf_view(&master), id, buf_view(&kdd), &out).code, CC_OK);
		check_kcv(view(&out), vectors_text(root, path));
		secret_done(&out);
	}
	buf_done(&master);
	buf_done(&kdd);
	json_decref(root);
}

static void kdf3_refuses_a_master_key_of_another_length(void **state)
{
	uint8_t key[64] = { 0 };
	struct secret out = { .n = 5 };

	(void)state;
	for (size_t n = 0; n <= sizeof key; n++) {
		if (n == 16 || n == 24 || n == 32)
			continue;
		assert_int_equal(kdf_kdf3(bytes_of(key, n), 1, bytes_str("0123456789"), &out).code, CC_E_ARG);
	}
	assert_int_equal(out.n, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(worked_examples_are_met),     cmocka_unit_test(more_9303_keys),
		cmocka_unit_test(pace_keys_from_the_mrz),      cmocka_unit_test(a_nonce_stands_between_secret_and_counter),
		cmocka_unit_test(tdes_keys_have_odd_parity),   cmocka_unit_test(scp03_session_keys_and_cryptograms),
		cmocka_unit_test(scp03_arguments_have_bounds), cmocka_unit_test(kdf3_makes_a_known_card_key),
		cmocka_unit_test(kdf3_key_check_values),       cmocka_unit_test(kdf3_refuses_a_master_key_of_another_length),
	};

	return cmocka_run_group_tests_name("kdf", tests, NULL, NULL);
}
