/* SPDX-License-Identifier: Apache-2.0 */
#include "card/softchip/chip.h"

#include "crypto/base/tlv.h"
#include "crypto/kdf.h"

#include <string.h>

#define NONCE_LEN 16
#define TOKEN_LEN 8
#define PASSWORD_MRZ 1
#define PASSWORD_CAN 2

void chip_pace_reset(struct chip_pace *p)
{
	ec_domain_free(&p->mapped);
	buf_done(&p->own_point);
	buf_done(&p->peer_point);
	cc_wipe(p, sizeof *p);
}

/* ---- MSE:Set AT, ICAO 9303-11 4.4.4.1 */
struct at_objects {
	struct bytes oid, password, parameters;
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

uint16_t chip_pace_set_at(struct softchip *chip, const struct command *cmd)
{
	const struct chip_file *access = chip_memory_file(&chip->memory, CHIP_FILE_CARD_ACCESS);
	struct chip_pace *p = &chip->s.pace;
	struct at_objects o = { 0 };
	uint8_t password;

	if (chip->s.place != CHIP_ROOT || chip_sm_active(&chip->s.sm) || !chip_is_personalized(chip))
		return CHIP_SW_CONDITIONS;
	chip_password_delay(chip);
	if (!read_at(cmd->data, &o) || o.oid.n > sizeof p->oid)
		return CHIP_SW_DATA;
	password = one_byte(o.password);
	if (!password_there(chip, password))
		return CHIP_SW_NOT_FOUND;
	if (!chip_pace_info_find(bytes_of(access->body.p, access->filled), o.oid, one_byte(o.parameters), &p->alg, &p->curve))
		return CHIP_SW_DATA;
	memcpy(p->oid, o.oid.p, o.oid.n);
	p->oid_n = o.oid.n;
	p->password = password;
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
		st = kdf_9303(f, bytes_of(NULL, 0), KDF_PI, p->alg, ret);
	cc_wipe(&d, sizeof d);
	return st;
}

static cc_status send_nonce(struct softchip *chip, struct writer *out)
{
	static const uint8_t iv[CIPHER_BLOCK_MAX] = { 0 };
	struct chip_pace *p = &chip->s.pace;
	struct secret k_pi = { 0 };
	struct cipher *c = NULL;
	uint8_t nonce[NONCE_LEN], z[NONCE_LEN];
	cc_status st = sys_random(chip->sys, nonce, sizeof nonce);

	if (!cc_failed(st))
		st = password_key(chip, &k_pi);
	if (!cc_failed(st))
		st = cipher_new(p->alg, bytes_of(k_pi.p, k_pi.n), &c);
	if (!cc_failed(st))
		st = cipher_cbc_encrypt(c, iv, bytes_of(nonce, sizeof nonce), z);
	if (!cc_failed(st)) {
		secret_set(&p->nonce, nonce, sizeof nonce);
		tlv_put(out, 0x80, bytes_of(z, sizeof z));
	}
	cipher_free(&c);
	secret_done(&k_pi);
	cc_wipe(nonce, sizeof nonce);
	return st;
}

static cc_status map_nonce(struct softchip *chip, struct bytes peer, struct writer *out)
{
	struct chip_pace *p = &chip->s.pace;
	struct ec_domain *d = NULL;
	struct ec_key *key = NULL;
	struct buf h = { 0 };
	cc_status st = ec_domain_new(p->curve, &d);

	if (!cc_failed(st))
		st = chip_make_key(chip, p->curve, &key);
	if (!cc_failed(st))
		st = ec_agree_point(key, peer, &h);
	if (!cc_failed(st))
		st = ec_domain_map_generic(d, bytes_of(p->nonce.p, p->nonce.n), buf_view(&h), &p->mapped);
	if (!cc_failed(st))
		tlv_put(out, 0x82, ec_key_public(key));
	secret_done(&p->nonce);
	buf_done(&h);
	ec_key_free(&key);
	ec_domain_free(&d);
	return st;
}

/* A key pair on the mapped generator, by the chip's own random source. */
static cc_status ephemeral_key(struct softchip *chip, struct ec_key **ret)
{
	struct ec_key *draw = NULL;
	struct buf scalar = { 0 };
	cc_status st = chip_make_key(chip, chip->s.pace.curve, &draw);

	if (!cc_failed(st))
		st = ec_key_scalar(draw, &scalar);
	if (!cc_failed(st))
		st = ec_key_import(chip->s.pace.mapped, buf_view(&scalar), ret);
	buf_done(&scalar);
	ec_key_free(&draw);
	return st;
}

static cc_status agree_key(struct softchip *chip, struct bytes peer, struct writer *out)
{
	struct chip_pace *p = &chip->s.pace;
	struct ec_key *key = NULL;
	struct buf k = { 0 };
	cc_status st = ephemeral_key(chip, &key);

	if (!cc_failed(st))
		st = ec_agree_x(key, peer, &k);
	/* ICAO 9303-11 4.4.3.3: the two ephemeral public keys differ. */
	if (!cc_failed(st) && bytes_equal(peer, ec_key_public(key)))
		st = cc_code_status(CC_E_VERIFY);
	if (!cc_failed(st))
		st = kdf_9303(buf_view(&k), bytes_of(NULL, 0), KDF_ENC, p->alg, &p->ks_enc);
	if (!cc_failed(st))
		st = kdf_9303(buf_view(&k), bytes_of(NULL, 0), KDF_MAC, p->alg, &p->ks_mac);
	if (!cc_failed(st))
		st = buf_copy(&p->own_point, ec_key_public(key));
	if (!cc_failed(st))
		st = buf_copy(&p->peer_point, peer);
	if (!cc_failed(st))
		tlv_put(out, 0x84, ec_key_public(key));
	buf_done(&k);
	ec_key_free(&key);
	return st;
}

/* ICAO 9303-11 4.4.3.4: T = MAC(KSmac, 7F49 { 06 OID, 86 point }). */
static cc_status token(const struct chip_pace *p, const struct buf *point, uint8_t out[TOKEN_LEN])
{
	struct writer object, padded;
	struct mac *m = NULL;
	struct bytes part;
	uint8_t mac[CIPHER_BLOCK_MAX];
	cc_status st;

	writer_init(&object, 256);
	writer_init(&padded, 256);
	tlv_open(&object, 0x7F49);
	tlv_put(&object, 0x06, bytes_of(p->oid, p->oid_n));
	tlv_put(&object, 0x86, buf_view(point));
	tlv_close(&object);
	part = writer_view(&object);
	if (p->alg == CIPHER_TDES) {
		pad_iso9797_2(&padded, writer_view(&object), cipher_block_len(p->alg));
		part = writer_view(&padded);
	}
	st = cc_code_status(object.failed != CC_OK ? object.failed : padded.failed);
	if (!cc_failed(st))
		st = mac_new(p->alg, bytes_of(p->ks_mac.p, p->ks_mac.n), &m);
	if (!cc_failed(st))
		st = mac_compute(m, &part, 1, mac);
	if (!cc_failed(st))
		memcpy(out, mac, TOKEN_LEN);
	mac_free(&m);
	writer_done(&object);
	writer_done(&padded);
	return st;
}

static cc_status check_token(struct softchip *chip, struct bytes peer_token, struct writer *out)
{
	struct chip_pace *p = &chip->s.pace;
	uint8_t want[TOKEN_LEN], own[TOKEN_LEN];
	bool right;
	cc_status st = token(p, &p->own_point, want);

	if (cc_failed(st))
		return st;
	right = cc_equal(peer_token.p, peer_token.n, want, sizeof want);
	st = chip_password_count(chip, right);
	if (!cc_failed(st) && !right)
		st = cc_code_status(CC_E_VERIFY);
	if (!cc_failed(st))
		st = token(p, &p->peer_point, own);
	if (!cc_failed(st))
		st = chip_sm_stage(&chip->s.sm, p->alg, bytes_of(p->ks_enc.p, p->ks_enc.n), bytes_of(p->ks_mac.p, p->ks_mac.n),
				   bytes_of(NULL, 0));
	if (!cc_failed(st)) {
		chip->s.access_staged = true;
		tlv_put(out, 0x86, bytes_of(own, sizeof own));
	}
	return st;
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
