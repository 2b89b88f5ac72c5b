/* SPDX-License-Identifier: Apache-2.0 */
#include "card/softchip/chip.h"

#include <string.h>

#define KEY_TYPE_AES 0x88
#define KCV_LEN 3
#define BLOCK 16
#define KEY_MAX 32

struct new_key {
	size_t n;
	uint8_t p[KEY_MAX];
	uint8_t kcv[KCV_LEN];
};

/* GlobalPlatform Amendment D 4.1.4: key check value, the first bytes of sixteen 01 encrypted. */
static cc_status check_value(struct bytes key, uint8_t out[KCV_LEN])
{
	uint8_t ones[BLOCK], text[BLOCK];
	enum cipher_alg alg;
	struct cipher *c = NULL;
	cc_status st;

	if (!cipher_aes_from_key_len(key.n, &alg))
		return cc_code_status(CC_E_ARG);
	st = cipher_new(alg, key, &c);
	memset(ones, 0x01, sizeof ones);
	if (!cc_failed(st))
		st = cipher_encrypt_block(c, ones, text);
	if (!cc_failed(st))
		memcpy(out, text, KCV_LEN);
	cipher_free(&c);
	return st;
}

/* Amendment D 7.2: type 88, length, length of the clear key, key under DEK (CBC, zero ICV), length of check value, value. */
static uint16_t read_key(struct cursor *in, struct cipher *dek, struct new_key *ret)
{
	const uint8_t icv[BLOCK] = { 0 };
	uint8_t type, field_n, key_n, kcv_n, clear[KEY_MAX];
	struct bytes text, kcv;
	enum cipher_alg alg;

	if (!cursor_u8(in, &type) || !cursor_u8(in, &field_n) || !cursor_u8(in, &key_n) || type != KEY_TYPE_AES ||
	    !cipher_aes_from_key_len(key_n, &alg) || field_n != 1 + (key_n + BLOCK - 1) / BLOCK * BLOCK ||
	    !cursor_take(in, field_n - 1u, &text) || !cursor_u8(in, &kcv_n) || kcv_n != KCV_LEN ||
	    !cursor_take(in, KCV_LEN, &kcv))
		return CHIP_SW_DATA;
	if (cc_failed(cipher_cbc_decrypt(dek, icv, text, clear)))
		return CHIP_SW_FAULT;
	ret->n = key_n;
	memcpy(ret->p, clear, key_n);
	cc_wipe(clear, sizeof clear);
	if (cc_failed(check_value(bytes_of(ret->p, ret->n), ret->kcv)))
		return CHIP_SW_FAULT;
	return cc_equal(kcv.p, kcv.n, ret->kcv, KCV_LEN) ? CHIP_SW_OK : CHIP_SW_DATA;
}

static uint16_t read_keys(struct softchip *chip, struct cursor *in, struct new_key keys[3])
{
	struct chip_keys now;
	struct cipher *dek = NULL;
	enum cipher_alg alg;
	uint16_t sw = CHIP_SW_OK;

	if (cc_failed(chip_keys_read(chip, &now)) || !cipher_aes_from_key_len(now.dek.n, &alg) ||
	    cc_failed(cipher_new(alg, now.dek, &dek)))
		return CHIP_SW_FAULT;
	for (size_t i = 0; i < 3 && sw == CHIP_SW_OK; i++)
		sw = read_key(in, dek, &keys[i]);
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

	if (chip->s.scp03.state != CHIP_SCP03_OPEN)
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
