/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/kdf.h"

#include "crypto/hash.h"

#include <string.h>

#define LABEL_ZEROS 11
#define CMAC_LEN 16
#define TDES_KEY_LEN 16
#define DIVERSIFICATION_LEN 10

/* ICAO 9303-11 9.7.1.1: the least significant bit of each byte makes its parity odd. */
static void set_odd_parity(uint8_t *key, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned high = key[i] & 0xFEu;

		key[i] = (uint8_t)(high | ((unsigned)__builtin_parity(high) ^ 1u));
	}
}

cc_status kdf_9303(struct bytes shared_secret, struct bytes nonce, enum kdf_9303_counter counter, enum cipher_alg alg,
		   struct secret *ret)
{
	const uint8_t c[4] = { 0, 0, 0, (uint8_t)counter };
	const struct bytes parts[] = { shared_secret, nonce, bytes_of(c, sizeof c) };
	/* ICAO 9303-11 9.7.1.1 and 9.7.1.2: SHA-1 for 3DES and AES-128, SHA-256 for the longer AES keys. */
	enum hash_alg hash = alg == CIPHER_AES192 || alg == CIPHER_AES256 ? HASH_SHA256 : HASH_SHA1;
	struct digest d;
	cc_status st = hash_digest_parts(hash, parts, sizeof parts / sizeof parts[0], &d);

	if (cc_failed(st))
		return st;
	if (alg == CIPHER_TDES)
		set_odd_parity(d.p, cipher_key_len(alg));
	secret_set(ret, d.p, cipher_key_len(alg));
	cc_wipe(&d, sizeof d);
	return st;
}

/* One CMAC block per counter value, cut at out_len. The counter is the byte at *i_byte, which lies in one of the parts. */
static cc_status counter_mode(struct bytes aes_key, const struct bytes *parts, size_t count, uint8_t *i_byte, size_t out_len,
			      uint8_t *out)
{
	struct mac *m = NULL;
	uint8_t block[CMAC_LEN], made[SECRET_LEN_MAX];
	enum cipher_alg alg;
	cc_status st;

	if (!cipher_aes_from_key_len(aes_key.n, &alg) || out_len == 0 || out_len > sizeof made)
		return cc_code_status(CC_E_ARG);
	st = mac_new(alg, aes_key, &m);
	*i_byte = 0;
	for (size_t done = 0; !cc_failed(st) && done < out_len; done += CMAC_LEN) {
		size_t n = out_len - done < CMAC_LEN ? out_len - done : CMAC_LEN;

		*i_byte = (uint8_t)(*i_byte + 1);
		st = mac_compute(m, parts, count, block);
		if (!cc_failed(st))
			memcpy(made + done, block, n);
	}
	if (!cc_failed(st))
		memcpy(out, made, out_len);
	cc_wipe(made, sizeof made);
	cc_wipe(block, sizeof block);
	mac_free(&m);
	return st;
}

cc_status kdf_scp03(struct bytes aes_key, uint8_t constant, struct bytes context, size_t out_bits, uint8_t *out)
{
	/* GlobalPlatform Amendment D 4.1.5: label, separation indicator, L, i, context. */
	uint8_t head[LABEL_ZEROS + 1 + 1 + 2 + 1] = { 0 };
	const struct bytes parts[] = { bytes_of(head, sizeof head), context };

	if (out_bits % 8 != 0 || out_bits > 8 * SECRET_LEN_MAX)
		return cc_code_status(CC_E_ARG);
	head[LABEL_ZEROS] = constant;
	head[LABEL_ZEROS + 2] = (uint8_t)(out_bits >> 8);
	head[LABEL_ZEROS + 3] = (uint8_t)out_bits;
	return counter_mode(aes_key, parts, 2, &head[LABEL_ZEROS + 4], out_bits / 8, out);
}

cc_status kdf_kdf3(struct bytes master_key, uint8_t key_id, struct bytes diversification, struct secret *ret)
{
	uint8_t head[6] = { 0, 0, 0, 0, key_id, 0 };
	const struct bytes parts[] = { bytes_of(head, sizeof head), diversification };
	uint8_t key[SECRET_LEN_MAX];
	cc_status st = counter_mode(master_key, parts, 2, &head[0], master_key.n, key);

	if (!cc_failed(st))
		secret_set(ret, key, master_key.n);
	cc_wipe(key, sizeof key);
	return st;
}

cc_status kdf_kdf3_input(uint8_t i, uint8_t key_id, struct bytes diversification, struct buf *ret)
{
	struct writer w;

	writer_init(&w, 6 + diversification.n);
	writer_u8(&w, i);
	writer_fill(&w, 0, 3);
	writer_u8(&w, key_id);
	writer_u8(&w, 0);
	writer_put(&w, diversification);
	return writer_finish(&w, ret);
}

static cc_status tdes_encrypt(struct bytes key, const uint8_t block[TDES_KEY_LEN], bool chained, struct secret *ret)
{
	static const uint8_t zero_icv[CIPHER_BLOCK_MAX];
	struct cipher *c = NULL;
	uint8_t out[TDES_KEY_LEN];
	cc_status st = cipher_new(CIPHER_TDES, key, &c);

	if (cc_failed(st))
		return st;
	if (chained) {
		st = cipher_cbc_encrypt(c, zero_icv, bytes_of(block, TDES_KEY_LEN), out);
	} else {
		for (size_t i = 0; i < TDES_KEY_LEN && !cc_failed(st); i += TDES_KEY_LEN / 2)
			st = cipher_encrypt_block(c, block + i, out + i);
	}
	if (!cc_failed(st))
		secret_set(ret, out, sizeof out);
	cc_wipe(out, sizeof out);
	cipher_free(&c);
	return st;
}

cc_status kdf_tdes_card_key(enum kdf_tdes_scheme scheme, struct bytes master_key, uint8_t key_id, struct bytes diversification,
			    struct secret *ret)
{
	uint8_t six[6], block[TDES_KEY_LEN];
	struct cursor in;

	cursor_init(&in, diversification);
	if (diversification.n != DIVERSIFICATION_LEN)
		return cc_code_status(CC_E_ARG);
	if (scheme == KDF_EMV_CPS) {
		if (!cursor_skip(&in, 4) || !cursor_copy(&in, six, 6))
			return cc_code_status(CC_E_ARG);
	} else if (!cursor_copy(&in, six, 2) || !cursor_skip(&in, 2) || !cursor_copy(&in, six + 2, 4)) {
		return cc_code_status(CC_E_ARG);
	}
	memcpy(block, six, sizeof six);
	block[6] = 0xF0;
	block[7] = key_id;
	memcpy(block + 8, six, sizeof six);
	block[14] = 0x0F;
	block[15] = key_id;
	return tdes_encrypt(master_key, block, false, ret);
}

cc_status kdf_card_key(enum kdf_scheme scheme, struct bytes master_key, uint8_t key_id, struct bytes diversification,
		       struct secret *ret)
{
	switch (scheme) {
	case KDF_SCHEME_KDF3:
		return kdf_kdf3(master_key, key_id, diversification, ret);
	case KDF_SCHEME_EMV_CPS:
		return kdf_tdes_card_key(KDF_EMV_CPS, master_key, key_id, diversification, ret);
	case KDF_SCHEME_VISA2:
		return kdf_tdes_card_key(KDF_VISA2, master_key, key_id, diversification, ret);
	}
	return cc_code_status(CC_E_ARG);
}

cc_status kdf_scp02(struct bytes tdes_key, uint16_t constant, uint16_t sequence, struct secret *ret)
{
	const uint8_t block[TDES_KEY_LEN] = { (uint8_t)(constant >> 8), (uint8_t)constant, (uint8_t)(sequence >> 8),
					      (uint8_t)sequence };

	return tdes_encrypt(tdes_key, block, true, ret);
}
