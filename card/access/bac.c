/* SPDX-License-Identifier: Apache-2.0 */
#include "card/access/bac.h"

#include "card/access/pace.h"
#include "card/access/sm.h"
#include "card/sw.h"
#include "crypto/cipher.h"
#include "crypto/hash.h"
#include "crypto/kdf.h"

#include <string.h>

#define RND_LEN 8
#define KEY_LEN 16
#define CRYPTOGRAM_LEN 32
#define MAC_LEN 8
#define TDES_BLOCK 8

/* ICAO 9303-11 9.7.2: the 16 most significant bytes of SHA-1 over the MRZ information. */
cc_status bac_key_seed(const char *document_number, const char *birth, const char *expiry, struct secret *ret_seed)
{
	char info[64];
	struct digest d = { 0 };
	cc_status st = pace_mrz_input(document_number, birth, expiry, info);

	if (!cc_failed(st))
		st = hash_digest(HASH_SHA1, bytes_str(info), &d);
	if (!cc_failed(st))
		secret_set(ret_seed, d.p, KEY_LEN);
	cc_wipe(info, sizeof info);
	cc_wipe(&d, sizeof d);
	return st;
}

static cc_status derive_pair(struct bytes seed, struct secret *ret_enc, struct secret *ret_mac)
{
	struct secret enc = { 0 }, mac = { 0 };
	cc_status st = kdf_9303(seed, bytes_of(NULL, 0), KDF_ENC, CIPHER_TDES, &enc);

	if (!cc_failed(st))
		st = kdf_9303(seed, bytes_of(NULL, 0), KDF_MAC, CIPHER_TDES, &mac);
	if (!cc_failed(st)) {
		*ret_enc = enc;
		*ret_mac = mac;
	}
	secret_done(&enc);
	secret_done(&mac);
	return st;
}

cc_status bac_init(struct bac *b, const struct secret *seed)
{
	*b = (struct bac){ 0 };
	return derive_pair(bytes_of(seed->p, seed->n), &b->k_enc, &b->k_mac);
}

void bac_done(struct bac *b)
{
	cc_wipe(b, sizeof *b);
}

/* ICAO 9303-11 4.3.3.2: retail MAC over the cryptogram, padded by method 2 */
static cc_status retail_mac(const struct secret *key, struct bytes cryptogram, uint8_t out[MAC_LEN])
{
	static const uint8_t pad[TDES_BLOCK] = { 0x80 };
	struct bytes parts[] = { cryptogram, bytes_of(pad, sizeof pad) };
	struct mac *m = NULL;
	cc_status st = mac_new(CIPHER_TDES, bytes_of(key->p, key->n), &m);

	if (!cc_failed(st))
		st = mac_compute(m, parts, 2, out);
	mac_free(&m);
	return st;
}

/* ICAO 9303-11 4.3.1 step 2: S = RND.IFD || RND.IC || K.IFD, E_IFD = E(K_Enc, S), M_IFD = MAC(K_MAC, E_IFD). */
cc_status bac_mutual_build(const struct bac *b, uint8_t out[40])
{
	static const uint8_t zero_iv[TDES_BLOCK];
	uint8_t s[CRYPTOGRAM_LEN], message[CRYPTOGRAM_LEN + MAC_LEN];
	struct cipher *c = NULL;
	cc_status st;

	memcpy(s, b->rnd_ifd, RND_LEN);
	memcpy(s + RND_LEN, b->rnd_ic, RND_LEN);
	memcpy(s + 2 * RND_LEN, b->k_ifd, KEY_LEN);
	st = cipher_new(CIPHER_TDES, bytes_of(b->k_enc.p, b->k_enc.n), &c);
	if (!cc_failed(st))
		st = cipher_cbc_encrypt(c, zero_iv, bytes_of(s, sizeof s), message);
	if (!cc_failed(st))
		st = retail_mac(&b->k_mac, bytes_of(message, CRYPTOGRAM_LEN), message + CRYPTOGRAM_LEN);
	if (!cc_failed(st))
		memcpy(out, message, sizeof message);
	cipher_free(&c);
	cc_wipe(s, sizeof s);
	return st;
}

/* ICAO 9303-11 4.3.1 step 3: checks M_IC, then opens E_IC = E(K_Enc, RND.IC || RND.IFD || K.IC). */
static cc_status open_answer(const struct bac *b, struct bytes answer, uint8_t ret_r[CRYPTOGRAM_LEN])
{
	static const uint8_t zero_iv[TDES_BLOCK];
	struct cursor in;
	struct bytes cryptogram, mac;
	uint8_t expected[MAC_LEN];
	struct cipher *c = NULL;
	cc_status st;

	cursor_init(&in, answer);
	if (!cursor_take(&in, CRYPTOGRAM_LEN, &cryptogram) || !cursor_take(&in, MAC_LEN, &mac) || cc_failed(cursor_end(&in)))
		return cc_code_status(CC_E_VERIFY);
	st = retail_mac(&b->k_mac, cryptogram, expected);
	if (!cc_failed(st) && !cc_equal(expected, MAC_LEN, mac.p, mac.n))
		st = cc_code_status(CC_E_VERIFY);
	if (!cc_failed(st))
		st = cipher_new(CIPHER_TDES, bytes_of(b->k_enc.p, b->k_enc.n), &c);
	if (!cc_failed(st))
		st = cipher_cbc_decrypt(c, zero_iv, cryptogram, ret_r);
	cipher_free(&c);
	cc_wipe(expected, sizeof expected);
	return st;
}

cc_status bac_mutual_parse(const struct bac *b, struct bytes answer, struct secret *ret_ks_enc, struct secret *ret_ks_mac,
			   uint8_t ret_ssc[8])
{
	uint8_t r[CRYPTOGRAM_LEN], seed[KEY_LEN];
	cc_status st = open_answer(b, answer, r);

	if (cc_failed(st))
		goto out;
	if (!cc_equal(r, RND_LEN, b->rnd_ic, RND_LEN) || !cc_equal(r + RND_LEN, RND_LEN, b->rnd_ifd, RND_LEN)) {
		st = cc_code_status(CC_E_VERIFY);
		goto out;
	}
	/* ICAO 9303-11 4.3.1 step 4: KS_seed = K.IFD xor K.IC */
	for (size_t i = 0; i < KEY_LEN; i++)
		seed[i] = b->k_ifd[i] ^ r[2 * RND_LEN + i];
	st = derive_pair(bytes_of(seed, sizeof seed), ret_ks_enc, ret_ks_mac);
	if (cc_failed(st))
		goto out;
	/* ICAO 9303-11 9.8.3: SSC = the four last bytes of RND.IC and of RND.IFD */
	memcpy(ret_ssc, b->rnd_ic + 4, 4);
	memcpy(ret_ssc + 4, b->rnd_ifd + 4, 4);
out:
	cc_wipe(r, sizeof r);
	cc_wipe(seed, sizeof seed);
	return st;
}

static cc_status get_challenge(struct channel *ch, struct bac *b)
{
	const struct apdu cmd = { .ins = 0x84, .le = RND_LEN };
	struct response r = { 0 };
	struct cursor in;
	cc_status st = channel_send_ok(ch, &cmd, &r);

	if (cc_failed(st))
		return st;
	cursor_init(&in, buf_view(&r.data));
	if (!cursor_copy(&in, b->rnd_ic, RND_LEN) || cc_failed(cursor_end(&in)))
		st = cc_fail(&ch->err, CC_E_FORMAT, "card.bad-answer", "challenge of %zu bytes", r.data.n);
	response_done(&r);
	return st;
}

/* A wrong password shows as any of several status words on cards in the field; none is tried again. */
static cc_status external_authenticate(struct channel *ch, const struct bac *b, struct response *ret)
{
	uint8_t message[CRYPTOGRAM_LEN + MAC_LEN];
	char text[48];
	cc_status st = bac_mutual_build(b, message);

	if (cc_failed(st))
		return cc_fail(&ch->err, st.code, "access.crypto", "BAC: %s", cc_code_name(st.code));
	const struct apdu cmd = { .ins = 0x82, .data = bytes_of(message, sizeof message), .le = sizeof message };

	st = channel_send(ch, &cmd, ret);
	if (!cc_failed(st) && ret->sw != SW_OK)
		st = cc_fail(&ch->err, CC_E_DENIED, "access.bac-refused", "EXTERNAL AUTHENTICATE: %s", sw_text(ret->sw, text));
	return st;
}

cc_status bac_authenticate(struct channel *ch, const struct secret *seed, const struct sys *sys)
{
	struct bac b;
	struct response r = { 0 };
	struct secret ks_enc = { 0 }, ks_mac = { 0 };
	uint8_t ssc[8];
	struct secure_layer *layer = NULL;
	cc_status st = bac_init(&b, seed);

	CC_ASSERT(ch->layer == NULL);
	if (!cc_failed(st))
		st = sys_random(sys, b.rnd_ifd, RND_LEN);
	if (!cc_failed(st))
		st = sys_random(sys, b.k_ifd, KEY_LEN);
	if (cc_failed(st)) {
		st = cc_fail(&ch->err, st.code, "access.crypto", "BAC: %s", cc_code_name(st.code));
		goto out;
	}
	if (cc_failed(st = get_challenge(ch, &b)) || cc_failed(st = external_authenticate(ch, &b, &r)))
		goto out;
	st = bac_mutual_parse(&b, buf_view(&r.data), &ks_enc, &ks_mac, ssc);
	if (!cc_failed(st))
		st = sm_new(CIPHER_TDES, bytes_of(ks_enc.p, ks_enc.n), bytes_of(ks_mac.p, ks_mac.n), bytes_of(ssc, sizeof ssc),
			    &layer);
	if (cc_failed(st))
		st = cc_fail(&ch->err, st.code, "access.bac-chip-wrong", "the chip's answer of %zu bytes: %s", r.data.n,
			     cc_code_name(st.code));
	else
		channel_set_layer(ch, layer);
out:
	secret_done(&ks_enc);
	secret_done(&ks_mac);
	response_done(&r);
	bac_done(&b);
	return st;
}
