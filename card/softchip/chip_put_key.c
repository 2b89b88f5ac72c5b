/* SPDX-License-Identifier: Apache-2.0 */
#include "card/softchip/chip.h"

#include <string.h>

#define KEY_TYPE_AES 0x88
#define KEY_TYPE_TDES 0x80
#define TDES_HALF 8
#define KCV_LEN 3
#define BLOCK 16
#define KEY_MAX 32

struct new_key {
	enum cipher_alg alg;
	size_t n;
	uint8_t p[KEY_MAX];
	uint8_t kcv[KCV_LEN];
};

/* GlobalPlatform 2.3.1 B.6, Amendment D 4.1.4: eight zeros under 3DES, sixteen 01 under AES; the first bytes of it. */
static cc_status check_value(enum cipher_alg alg, struct bytes key, uint8_t out[KCV_LEN])
{
	uint8_t input[BLOCK] = { 0 }, text[BLOCK];
	struct cipher *c = NULL;
	cc_status st = cipher_new(alg, key, &c);

	if (alg != CIPHER_TDES)
		memset(input, 0x01, sizeof input);
	if (!cc_failed(st))
		st = cipher_encrypt_block(c, input, text);
	if (!cc_failed(st))
		memcpy(out, text, KCV_LEN);
	cipher_free(&c);
	cc_wipe(text, sizeof text);
	return st;
}

/* What stands before the check value: the key, decrypted. */
static uint16_t read_value(struct cursor *in, struct cipher *dek, struct new_key *ret)
{
	const uint8_t icv[BLOCK] = { 0 };
	uint8_t type, field_n, key_n;
	struct bytes text;
	enum cipher_alg alg;

	/* Amendment D 7.2: type 88, length, length of the clear key, key under DEK (CBC, zero ICV). */
	if (!cursor_u8(in, &type) || !cursor_u8(in, &field_n) || !cursor_u8(in, &key_n) || type != KEY_TYPE_AES ||
	    !cipher_aes_from_key_len(key_n, &alg) || field_n != 1 + (key_n + BLOCK - 1) / BLOCK * BLOCK ||
	    !cursor_take(in, field_n - 1u, &text))
		return CHIP_SW_DATA;
	ret->n = key_n;
	ret->alg = alg;
	return cc_failed(cipher_cbc_decrypt(dek, icv, text, ret->p)) ? CHIP_SW_FAULT : CHIP_SW_OK;
}

/* GlobalPlatform 2.3.1 11.8.2.3.1 and E.4.7: type 80, length, key under the session's DEK, each half by itself. */
static uint16_t read_tdes_value(struct cursor *in, struct cipher *dek, struct new_key *ret)
{
	const uint8_t icv[BLOCK] = { 0 };
	uint8_t type, n;
	struct bytes left, right;

	if (!cursor_u8(in, &type) || !cursor_u8(in, &n) || type != KEY_TYPE_TDES || n != 2 * TDES_HALF ||
	    !cursor_take(in, TDES_HALF, &left) || !cursor_take(in, TDES_HALF, &right))
		return CHIP_SW_DATA;
	ret->n = n;
	ret->alg = CIPHER_TDES;
	if (cc_failed(cipher_cbc_decrypt(dek, icv, left, ret->p)) ||
	    cc_failed(cipher_cbc_decrypt(dek, icv, right, ret->p + TDES_HALF)))
		return CHIP_SW_FAULT;
	return CHIP_SW_OK;
}

static uint16_t read_key(struct cursor *in, bool tdes, struct cipher *dek, struct new_key *ret)
{
	uint16_t sw = tdes ? read_tdes_value(in, dek, ret) : read_value(in, dek, ret);
	struct bytes kcv;
	uint8_t kcv_n;

	if (sw != CHIP_SW_OK)
		return sw;
	if (!cursor_u8(in, &kcv_n) || kcv_n != KCV_LEN || !cursor_take(in, KCV_LEN, &kcv))
		return CHIP_SW_DATA;
	if (cc_failed(check_value(ret->alg, bytes_of(ret->p, ret->n), ret->kcv)))
		return CHIP_SW_FAULT;
	return cc_equal(kcv.p, kcv.n, ret->kcv, KCV_LEN) ? CHIP_SW_OK : CHIP_SW_DATA;
}

/* The static DEK, in SCP02 that of the session. */
static cc_status open_dek(struct softchip *chip, struct cipher **ret)
{
	const struct secret *session = &chip->s.scp02.dek;
	struct chip_keys now;
	enum cipher_alg alg;
	cc_status st;

	if (chip_has_scp02(chip))
		return cipher_new(CIPHER_TDES, bytes_of(session->p, session->n), ret);
	st = chip_keys_read(chip, &now);
	if (!cc_failed(st) && !cipher_aes_from_key_len(now.dek.n, &alg))
		st = cc_code_status(CC_E_FORMAT);
	return cc_failed(st) ? st : cipher_new(alg, now.dek, ret);
}

static uint16_t read_keys(struct softchip *chip, struct cursor *in, struct new_key keys[3])
{
	struct cipher *dek = NULL;
	uint16_t sw = CHIP_SW_OK;

	if (cc_failed(open_dek(chip, &dek)))
		return CHIP_SW_FAULT;
	for (size_t i = 0; i < 3 && sw == CHIP_SW_OK; i++)
		sw = read_key(in, chip_has_scp02(chip), dek, &keys[i]);
	cipher_free(&dek);
	if (sw == CHIP_SW_OK && (cc_failed(cursor_end(in)) || keys[1].n != keys[0].n || keys[2].n != keys[0].n))
		sw = CHIP_SW_DATA;
	return sw;
}

static uint16_t replace(struct softchip *chip, uint8_t version, const struct new_key keys[3], struct writer *out)
{
	struct writer field;
	cc_status st;

	writer_init(&field, 1 + 3 * KEY_MAX);
	writer_u8(&field, version);
	writer_u8(out, version);
	for (size_t i = 0; i < 3; i++) {
		writer_put(&field, bytes_of(keys[i].p, keys[i].n));
		writer_put(out, bytes_of(keys[i].kcv, KCV_LEN));
	}
	st = cc_code_status(field.failed);
	if (!cc_failed(st))
		st = chip_memory_set(&chip->memory, CHIP_FIELD_KEYS, writer_view(&field));
	writer_done(&field);
	return chip_sw_of(st);
}

uint16_t chip_put_key(struct softchip *chip, const struct command *cmd, struct writer *out)
{
	struct new_key keys[3] = { 0 };
	struct chip_keys now;
	struct cursor in;
	uint8_t version;
	uint16_t sw;

	if (!chip_gp_session(chip))
		return CHIP_SW_SECURITY;
	if (cc_failed(chip_keys_read(chip, &now)))
		return CHIP_SW_FAULT;
	/* GlobalPlatform 2.3.1 11.8.2: P2 81 = several keys, the first has identifier 1. One key set: only replaced. */
	if (cmd->p2 != 0x81)
		return CHIP_SW_P1P2;
	if (cmd->p1 != now.version)
		return CHIP_SW_NOT_FOUND;
	cursor_init(&in, cmd->data);
	if (!cursor_u8(&in, &version) || version == 0 || version > 0x7F)
		return CHIP_SW_DATA;
	sw = read_keys(chip, &in, keys);
	if (sw == CHIP_SW_OK)
		sw = replace(chip, version, keys, out);
	cc_wipe(keys, sizeof keys);
	return sw;
}
