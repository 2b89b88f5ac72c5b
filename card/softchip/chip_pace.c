/* SPDX-License-Identifier: Apache-2.0 */
#include "card/softchip/chip.h"

#include "crypto/base/tlv.h"
#include "crypto/ec_scalar.h"
#include "crypto/kdf.h"
#include "crypto/pace_prf.h"

#include <string.h>

#define NONCE_LEN 16 /* generic mapping: one block */
#define TOKEN_MAX 512
#define TOKEN_LEN 8
#define PASSWORD_MRZ 1
#define PASSWORD_CAN 2

void chip_pace_reset(struct chip_pace *p)
{
	agree_domain_free(&p->mapped);
	buf_done(&p->mapping_private);
	buf_done(&p->own_public);
	buf_done(&p->peer_public);
	cc_wipe(p, sizeof *p);
}

/* ---- MSE:Set AT, ICAO 9303-11 4.4.4.1 */
struct at_objects {
	struct bytes oid, password, parameters;
	bool want_car; /* 7F4C: the terminal asks for the authorities that the chip trusts */
};

static bool read_at(struct bytes data, struct at_objects *ret)
{
	struct cursor in;
	struct tlv t;

	for (cursor_init(&in, data); cursor_left(&in) > 0;) {
		if (!tlv_next(&in, TLV_LENIENT, &t))
			return false;
		if (t.tag == 0x80)
			ret->oid = t.value;
		else if (t.tag == 0x83)
			ret->password = t.value;
		else if (t.tag == 0x84)
			ret->parameters = t.value;
		else if (t.tag == 0x7F4C)
			ret->want_car = true;
		else
			return false;
	}
	return !cc_failed(cursor_end(&in)) && ret->oid.n > 0 && ret->password.n == 1 && ret->parameters.n <= 1;
}

static uint8_t one_byte(struct bytes in)
{
	struct cursor c;
	uint8_t v = 0;

	cursor_init(&c, in);
	return cursor_u8(&c, &v) ? v : 0;
}

static bool password_there(const struct softchip *chip, uint8_t password)
{
	if (password == PASSWORD_MRZ)
		return chip_memory_field(&chip->memory, CHIP_FIELD_MRZ).n > 0;
	return password == PASSWORD_CAN && chip_memory_field(&chip->memory, CHIP_FIELD_CAN).n > 0;
}

/* Chip Authentication Mapping needs a static key in the group of the mapping (ICAO 9303-11 4.4.3.3.3). */
static bool cam_key(const struct softchip *chip, struct agree_group group, enum chip_field *ret)
{
	for (unsigned i = 0; i < CHIP_CA_KEYS; i++) {
		*ret = (enum chip_field)(CHIP_FIELD_CA_KEY + i);
		if (chip_keypair_in_group(chip, *ret, group))
			return true;
	}
	return false;
}

uint16_t chip_pace_set_at(struct softchip *chip, const struct command *cmd)
{
	const struct chip_file *access = chip_memory_file(&chip->memory, CHIP_FILE_CARD_ACCESS);
	struct chip_pace *p = &chip->s.pace;
	struct at_objects o = { 0 };
	struct chip_pace_info info;
	enum chip_field key;
	uint8_t password;

	if (chip->s.place != CHIP_ROOT || chip_sm_active(&chip->s.sm) || !chip_is_personalized(chip))
		return CHIP_SW_CONDITIONS;
	chip_password_delay(chip);
	if (!read_at(cmd->data, &o) || o.oid.n > sizeof p->oid)
		return CHIP_SW_DATA;
	password = one_byte(o.password);
	if (!password_there(chip, password))
		return CHIP_SW_NOT_FOUND;
	if (!chip_pace_info_find(bytes_of(access->body.p, access->filled), o.oid, o.parameters, &info))
		return CHIP_SW_DATA;
	if (info.mapping == CHIP_PACE_CAM && !cam_key(chip, info.group, &key))
		return CHIP_SW_DATA;
	chip_pace_reset(p);
	p->info = info;
	memcpy(p->oid, o.oid.p, o.oid.n);
	p->oid_n = o.oid.n;
	p->password = password;
	p->want_car = o.want_car;
	p->step = CHIP_PACE_NONCE;
	return CHIP_SW_OK;
}

/* ---- GENERAL AUTHENTICATE, one function for each step of ICAO 9303-11 4.4.3 */

/* K_pi = KDF_pi(password): SHA-1 of the MRZ information, or the CAN itself (9303-11 9.7.3). */
static cc_status password_key(const struct softchip *chip, struct secret *ret)
{
	const struct chip_pace *p = &chip->s.pace;
	struct digest d = { 0 };
	struct bytes f = chip_memory_field(&chip->memory, CHIP_FIELD_CAN);
	cc_status st = cc_ok();

	if (p->password == PASSWORD_MRZ) {
		st = hash_digest(HASH_SHA1, chip_memory_field(&chip->memory, CHIP_FIELD_MRZ), &d);
		f = bytes_of(d.p, d.n);
	}
	if (!cc_failed(st))
		st = kdf_9303(f, bytes_of(NULL, 0), KDF_PI, p->info.alg, ret);
	cc_wipe(&d, sizeof d);
	return st;
}

static cc_status send_nonce(struct softchip *chip, struct writer *out)
{
	static const uint8_t iv[CIPHER_BLOCK_MAX] = { 0 };
	struct chip_pace *p = &chip->s.pace;
	struct secret k_pi = { 0 };
	struct cipher *c = NULL;
	uint8_t z[SECRET_LEN_MAX];
	cc_status st;

	p->nonce.n = p->info.mapping == CHIP_PACE_IM ? pace_nonce_len(p->info.alg) : NONCE_LEN;
	st = sys_random(chip->sys, p->nonce.p, p->nonce.n);
	if (!cc_failed(st))
		st = password_key(chip, &k_pi);
	if (!cc_failed(st))
		st = cipher_new(p->info.alg, bytes_of(k_pi.p, k_pi.n), &c);
	if (!cc_failed(st))
		st = cipher_cbc_encrypt(c, iv, bytes_of(p->nonce.p, p->nonce.n), z);
	if (!cc_failed(st))
		tlv_put(out, 0x80, bytes_of(z, p->nonce.n));
	cipher_free(&c);
	secret_done(&k_pi);
	return st;
}

/* ICAO 9303-11 4.4.3.3.1: a key pair of the standard generator; its agreement is the new generator's second part. */
static cc_status map_generic(struct softchip *chip, const struct agree_domain *d, struct bytes peer, struct writer *out)
{
	struct chip_pace *p = &chip->s.pace;
	struct agree_key *key = NULL;
	struct buf h = { 0 };
	cc_status st = chip_make_key(chip, d, &key, &p->mapping_private);

	if (!cc_failed(st))
		st = agree_mapping_secret(key, peer, &h);
	if (!cc_failed(st))
		st = agree_domain_map_generic(d, bytes_of(p->nonce.p, p->nonce.n), buf_view(&h), &p->mapped);
	if (!cc_failed(st))
		tlv_put(out, 0x82, agree_key_public(key));
	buf_done(&h);
	agree_key_free(&key);
	return st;
}

/* ICAO 9303-11 4.4.3.3.2: the terminal's nonce is a key of the cipher; the chip answers with an empty object. */
static cc_status map_integrated(struct chip_pace *p, const struct agree_domain *d, struct bytes peer, struct writer *out)
{
	if (peer.n != cipher_key_len(p->info.alg))
		return cc_code_status(CC_E_VERIFY);
	tlv_put(out, 0x82, bytes_of(NULL, 0));
	return agree_domain_map_integrated(d, p->info.alg, bytes_of(p->nonce.p, p->nonce.n), peer, &p->mapped);
}

static cc_status map_nonce(struct softchip *chip, struct bytes peer, struct writer *out)
{
	struct chip_pace *p = &chip->s.pace;
	struct agree_domain *d = NULL;
	cc_status st = agree_domain_new(p->info.group, &d);

	if (!cc_failed(st))
		st = p->info.mapping == CHIP_PACE_IM ? map_integrated(p, d, peer, out) : map_generic(chip, d, peer, out);
	secret_done(&p->nonce);
	agree_domain_free(&d);
	return st;
}

static cc_status agree_key(struct softchip *chip, struct bytes peer, struct writer *out)
{
	struct chip_pace *p = &chip->s.pace;
	struct agree_key *key = NULL;
	struct buf k = { 0 };
	cc_status st = chip_make_key(chip, p->mapped, &key, NULL);

	if (!cc_failed(st))
		st = agree_secret(key, peer, &k);
	/* ICAO 9303-11 4.4.3.3: the two ephemeral public keys differ. */
	if (!cc_failed(st) && bytes_equal(peer, agree_key_public(key)))
		st = cc_code_status(CC_E_VERIFY);
	if (!cc_failed(st))
		st = kdf_9303(buf_view(&k), bytes_of(NULL, 0), KDF_ENC, p->info.alg, &p->ks_enc);
	if (!cc_failed(st))
		st = kdf_9303(buf_view(&k), bytes_of(NULL, 0), KDF_MAC, p->info.alg, &p->ks_mac);
	if (!cc_failed(st))
		st = buf_copy(&p->own_public, agree_key_public(key));
	if (!cc_failed(st))
		st = buf_copy(&p->peer_public, peer);
	if (!cc_failed(st))
		tlv_put(out, 0x84, agree_key_public(key));
	buf_done(&k);
	agree_key_free(&key);
	return st;
}

/* ICAO 9303-11 4.4.3.4: T = MAC(KSmac, 7F49 { 06 OID, 86 point or 84 DH value }). */
static cc_status token(const struct chip_pace *p, const struct buf *public_key, uint8_t out[TOKEN_LEN])
{
	struct writer object, padded;
	struct mac *m = NULL;
	struct bytes part;
	uint8_t mac[CIPHER_BLOCK_MAX];
	cc_status st;

	writer_init(&object, TOKEN_MAX);
	writer_init(&padded, TOKEN_MAX);
	tlv_open(&object, 0x7F49);
	tlv_put(&object, 0x06, bytes_of(p->oid, p->oid_n));
	tlv_put(&object, agree_public_tag(p->info.group), buf_view(public_key));
	tlv_close(&object);
	part = writer_view(&object);
	if (p->info.alg == CIPHER_TDES) {
		pad_iso9797_2(&padded, writer_view(&object), cipher_block_len(p->info.alg));
		part = writer_view(&padded);
	}
	st = cc_code_status(object.failed != CC_OK ? object.failed : padded.failed);
	if (!cc_failed(st))
		st = mac_new(p->info.alg, bytes_of(p->ks_mac.p, p->ks_mac.n), &m);
	if (!cc_failed(st))
		st = mac_compute(m, &part, 1, mac);
	if (!cc_failed(st))
		memcpy(out, mac, TOKEN_LEN);
	mac_free(&m);
	writer_done(&object);
	writer_done(&padded);
	return st;
}

/*
 * ICAO 9303-11 4.4.3.5: CA_IC = SK_IC^-1 * SK_map,IC mod n, encrypted under the
 * new key; the initialization vector is the block of ones, encrypted.
 */
static cc_status put_chip_data(struct softchip *chip, struct writer *out)
{
	struct chip_pace *p = &chip->s.pace;
	uint8_t iv[CIPHER_BLOCK_MAX];
	struct chip_key key = { 0 };
	struct buf data = { 0 }, text = { 0 };
	struct cipher *c = NULL;
	struct writer padded;
	enum chip_field which;
	cc_status st;

	memset(iv, 0xFF, sizeof iv);
	writer_init(&padded, 128);
	if (!cam_key(chip, p->info.group, &which))
		return cc_code_status(CC_E_STATE);
	st = chip_keypair_load(chip, which, &key);
	if (!cc_failed(st))
		st = ec_scalar_divide(p->info.group.curve, buf_view(&p->mapping_private), key.secret, &data);
	pad_iso9797_2(&padded, buf_view(&data), CIPHER_BLOCK_MAX);
	if (!cc_failed(st))
		st = writer_finish(&padded, &text);
	if (!cc_failed(st))
		st = cipher_new(p->info.alg, bytes_of(p->ks_enc.p, p->ks_enc.n), &c);
	if (!cc_failed(st))
		st = cipher_encrypt_block(c, iv, iv);
	if (!cc_failed(st))
		st = cipher_cbc_encrypt(c, iv, buf_view(&text), text.p);
	if (!cc_failed(st))
		tlv_put(out, 0x8A, buf_view(&text));
	cipher_free(&c);
	writer_done(&padded);
	buf_done(&data);
	buf_done(&text);
	chip_key_done(&key);
	return st;
}

/* The session begins; for Terminal Authentication the chip is named by its ephemeral key (ICAO 9303-11 7.1.3). */
static cc_status start_session(struct softchip *chip)
{
	struct chip_pace *p = &chip->s.pace;
	cc_status st = agree_compress(p->info.group, buf_view(&p->own_public), &chip->s.id_picc);

	if (!cc_failed(st))
		st = chip_sm_stage(&chip->s.sm, p->info.alg, bytes_of(p->ks_enc.p, p->ks_enc.n),
				   bytes_of(p->ks_mac.p, p->ks_mac.n), bytes_of(NULL, 0));
	if (!cc_failed(st))
		chip->s.access_staged = true;
	return st;
}

static cc_status check_token(struct softchip *chip, struct bytes peer_token, struct writer *out)
{
	struct chip_pace *p = &chip->s.pace;
	uint8_t want[TOKEN_LEN], own[TOKEN_LEN];
	bool right;
	cc_status st = token(p, &p->own_public, want);

	if (cc_failed(st))
		return st;
	right = cc_equal(peer_token.p, peer_token.n, want, sizeof want);
	st = chip_password_count(chip, right);
	if (!cc_failed(st) && !right)
		st = cc_code_status(CC_E_VERIFY);
	if (!cc_failed(st))
		st = token(p, &p->peer_public, own);
	if (cc_failed(st))
		return st;
	tlv_put(out, 0x86, bytes_of(own, sizeof own));
	if (p->want_car)
		chip_trust_put_references(chip, out);
	if (p->info.mapping == CHIP_PACE_CAM)
		st = put_chip_data(chip, out);
	return cc_failed(st) ? st : start_session(chip);
}

static cc_status run_step(struct softchip *chip, struct bytes value, struct writer *out)
{
	switch (chip->s.pace.step) {
	case CHIP_PACE_NONCE:
		return send_nonce(chip, out);
	case CHIP_PACE_MAP:
		return map_nonce(chip, value, out);
	case CHIP_PACE_AGREE:
		return agree_key(chip, value, out);
	case CHIP_PACE_TOKEN:
		return check_token(chip, value, out);
	case CHIP_PACE_NONE:
		break;
	}
	return cc_code_status(CC_E_STATE);
}

/* 7C { } for the first step, then 81, 83, 85. */
static bool read_step(struct bytes data, enum chip_pace_step step, struct bytes *ret)
{
	static const uint32_t tags[] = { [CHIP_PACE_MAP] = 0x81, [CHIP_PACE_AGREE] = 0x83, [CHIP_PACE_TOKEN] = 0x85 };
	struct cursor in, dynamic;

	cursor_init(&in, data);
	*ret = bytes_of(NULL, 0);
	if (!tlv_expect(&in, TLV_LENIENT, 0x7C, &dynamic) || cc_failed(cursor_end(&in)))
		return false;
	if (step != CHIP_PACE_NONCE && !tlv_expect_bytes(&dynamic, TLV_LENIENT, tags[step], ret))
		return false;
	return !cc_failed(cursor_end(&dynamic));
}

uint16_t chip_pace_general_authenticate(struct softchip *chip, const struct command *cmd, struct writer *out)
{
	struct chip_pace *p = &chip->s.pace;
	bool last = p->step == CHIP_PACE_TOKEN;
	uint16_t sw = CHIP_SW_OK;
	struct bytes value;
	cc_status st;

	/* ICAO 9303-11 4.4.4.2: all steps but the last carry the chaining bit. */
	if (chip_command_is_chained(cmd) == last)
		sw = last ? CHIP_SW_CHAIN_BROKEN : CHIP_SW_CONDITIONS;
	else if (!read_step(cmd->data, p->step, &value))
		sw = CHIP_SW_DATA;
	if (sw == CHIP_SW_OK) {
		tlv_open(out, 0x7C);
		st = run_step(chip, value, out);
		tlv_close(out);
		if (cc_failed(st))
			sw = st.code == CC_E_VERIFY ? CHIP_SW_AUTHENTICATION_FAILED : chip_sw_of(st);
	}
	if (sw != CHIP_SW_OK || last) {
		chip_pace_reset(p);
		return sw;
	}
	p->step++;
	return sw;
}
