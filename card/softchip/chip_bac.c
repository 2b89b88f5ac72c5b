/* SPDX-License-Identifier: Apache-2.0 */
#include "card/softchip/chip.h"

#include "crypto/kdf.h"

#include <string.h>

#define FREE_WRONG_PASSWORDS 3
#define DELAY_MS 1000
#define MUTUAL_LEN 40
#define TEXT_LEN 32
#define MAC_LEN 8
#define MRZ_DATES_LEN 14 /* birth and expiry with their check digits, behind the document number */

cc_status chip_password_count(struct softchip *chip, bool right)
{
	uint32_t n = chip_memory_number(&chip->memory, CHIP_FIELD_PASSWORD_FAILURES);

	if (right ? n == 0 : n == 0xFF)
		return cc_ok();
	return chip_memory_set_number(&chip->memory, CHIP_FIELD_PASSWORD_FAILURES, right ? 0 : n + 1, 1);
}

void chip_password_delay(struct softchip *chip)
{
	if (chip_memory_number(&chip->memory, CHIP_FIELD_PASSWORD_FAILURES) >= FREE_WRONG_PASSWORDS)
		chip->sys->sleep_ms(chip->sys->ctx, DELAY_MS);
}

uint16_t chip_bac_get_challenge(struct softchip *chip, const struct command *cmd, struct writer *out)
{
	if (cmd->p1 != 0 || cmd->p2 != 0)
		return CHIP_SW_P1P2;
	if (cmd->data.n > 0 || (cmd->le != sizeof chip->s.challenge && !cmd->le_is_max))
		return CHIP_SW_LENGTH;
	if (!chip_is_personalized(chip))
		return CHIP_SW_CONDITIONS;
	chip_password_delay(chip);
	if (cc_failed(sys_random(chip->sys, chip->s.challenge, sizeof chip->s.challenge)))
		return CHIP_SW_FAULT;
	chip->s.has_challenge = true;
	writer_put(out, bytes_of(chip->s.challenge, sizeof chip->s.challenge));
	return CHIP_SW_OK;
}

/* Document basic access keys, ICAO 9303-11 4.3.2 and 9.7.2. */
struct bac_keys {
	struct cipher *enc;
	struct mac *mac;
};

static void bac_keys_done(struct bac_keys *k)
{
	cipher_free(&k->enc);
	mac_free(&k->mac);
}

static cc_status bac_keys_make(struct bac_keys *k, struct bytes mrz)
{
	struct digest seed = { 0 };
	struct secret enc = { 0 }, mac = { 0 };
	cc_status st = hash_digest(HASH_SHA1, mrz, &seed);

	if (!cc_failed(st))
		st = kdf_9303(bytes_of(seed.p, 16), bytes_of(NULL, 0), KDF_ENC, CIPHER_TDES, &enc);
	if (!cc_failed(st))
		st = kdf_9303(bytes_of(seed.p, 16), bytes_of(NULL, 0), KDF_MAC, CIPHER_TDES, &mac);
	if (!cc_failed(st))
		st = cipher_new(CIPHER_TDES, bytes_of(enc.p, enc.n), &k->enc);
	if (!cc_failed(st))
		st = mac_new(CIPHER_TDES, bytes_of(mac.p, mac.n), &k->mac);
	cc_wipe(&seed, sizeof seed);
	secret_done(&enc);
	secret_done(&mac);
	return st;
}

/* A cryptogram is whole blocks: its padding is a block of its own. */
static cc_status text_mac(struct bac_keys *k, struct bytes text, uint8_t out[MAC_LEN])
{
	static const uint8_t padding[8] = { 0x80 };
	const struct bytes parts[] = { text, bytes_of(padding, sizeof padding) };

	return mac_compute(k->mac, parts, 2, out);
}

/* RND.IFD, RND.IC, K.IFD as decrypted. */
struct mutual {
	uint8_t rnd_ifd[8], rnd_ic[8], k_ifd[16];
};

static uint16_t open_mutual(struct softchip *chip, struct bac_keys *k, struct bytes data, struct mutual *ret)
{
	static const uint8_t iv[8] = { 0 };
	struct cursor in;
	struct bytes text, mac;
	uint8_t clear[TEXT_LEN], want[MAC_LEN];
	uint16_t sw = CHIP_SW_AUTHENTICATION_FAILED;

	cursor_init(&in, data);
	if (!cursor_take(&in, TEXT_LEN, &text) || !cursor_take(&in, MAC_LEN, &mac))
		return CHIP_SW_LENGTH;
	if (cc_failed(text_mac(k, text, want)) || cc_failed(cipher_cbc_decrypt(k->enc, iv, text, clear)))
		return CHIP_SW_FAULT;
	cursor_init(&in, bytes_of(clear, sizeof clear));
	if (cc_equal(mac.p, mac.n, want, sizeof want) && cursor_copy(&in, ret->rnd_ifd, 8) && cursor_copy(&in, ret->rnd_ic, 8) &&
	    cursor_copy(&in, ret->k_ifd, 16) && cc_equal(ret->rnd_ic, 8, chip->s.challenge, 8))
		sw = CHIP_SW_OK;
	cc_wipe(clear, sizeof clear);
	return sw;
}

/* Session keys from both halves, ICAO 9303-11 4.3.3 and 9.7.1; SSC from both random numbers. */
/* ICAO 9303-11 7.1.3: after BAC the chip's name is the document number with its check digit. */
static cc_status name_chip(struct softchip *chip)
{
	struct cursor in;
	struct bytes dates;

	cursor_init(&in, chip_memory_field(&chip->memory, CHIP_FIELD_MRZ));
	if (!cursor_take_back(&in, MRZ_DATES_LEN, &dates))
		return cc_code_status(CC_E_FORMAT);
	return buf_copy(&chip->s.id_picc, cursor_rest(&in));
}

static cc_status start_session(struct softchip *chip, const struct mutual *m, const uint8_t k_ic[16])
{
	uint8_t seed[16], ssc[8];
	struct secret enc = { 0 }, mac = { 0 };
	cc_status st;

	for (size_t i = 0; i < sizeof seed; i++)
		seed[i] = m->k_ifd[i] ^ k_ic[i];
	memcpy(ssc, m->rnd_ic + 4, 4);
	memcpy(ssc + 4, m->rnd_ifd + 4, 4);
	st = name_chip(chip);
	if (!cc_failed(st))
		st = kdf_9303(bytes_of(seed, sizeof seed), bytes_of(NULL, 0), KDF_ENC, CIPHER_TDES, &enc);
	if (!cc_failed(st))
		st = kdf_9303(bytes_of(seed, sizeof seed), bytes_of(NULL, 0), KDF_MAC, CIPHER_TDES, &mac);
	if (!cc_failed(st))
		st = chip_sm_stage(&chip->s.sm, CIPHER_TDES, bytes_of(enc.p, enc.n), bytes_of(mac.p, mac.n),
				   bytes_of(ssc, sizeof ssc));
	if (!cc_failed(st))
		chip->s.access_staged = true;
	cc_wipe(seed, sizeof seed);
	secret_done(&enc);
	secret_done(&mac);
	return st;
}

static cc_status answer_mutual(struct bac_keys *k, const struct mutual *m, const uint8_t k_ic[16], struct writer *out)
{
	static const uint8_t iv[8] = { 0 };
	uint8_t text[TEXT_LEN], mac[MAC_LEN];
	cc_status st;

	memcpy(text, m->rnd_ic, 8);
	memcpy(text + 8, m->rnd_ifd, 8);
	memcpy(text + 16, k_ic, 16);
	st = cipher_cbc_encrypt(k->enc, iv, bytes_of(text, sizeof text), text);
	if (!cc_failed(st))
		st = text_mac(k, bytes_of(text, sizeof text), mac);
	if (!cc_failed(st)) {
		writer_put(out, bytes_of(text, sizeof text));
		writer_put(out, bytes_of(mac, sizeof mac));
	}
	cc_wipe(text, sizeof text);
	return st;
}

static uint16_t mutual_authenticate(struct softchip *chip, struct bac_keys *k, struct bytes data, struct writer *out)
{
	struct mutual m = { 0 };
	uint8_t k_ic[16] = { 0 };
	uint16_t sw = open_mutual(chip, k, data, &m);
	cc_status st;

	if (sw == CHIP_SW_FAULT)
		return sw;
	st = chip_password_count(chip, sw == CHIP_SW_OK);
	if (!cc_failed(st) && sw == CHIP_SW_OK) {
		st = sys_random(chip->sys, k_ic, sizeof k_ic);
		if (!cc_failed(st))
			st = answer_mutual(k, &m, k_ic, out);
		if (!cc_failed(st))
			st = start_session(chip, &m, k_ic);
	}
	cc_wipe(&m, sizeof m);
	cc_wipe(k_ic, sizeof k_ic);
	return cc_failed(st) ? chip_sw_of(st) : sw;
}

uint16_t chip_bac_external_authenticate(struct softchip *chip, const struct command *cmd, struct writer *out)
{
	struct bac_keys k = { 0 };
	uint16_t sw;

	if (cmd->p1 != 0 || cmd->p2 != 0)
		return CHIP_SW_P1P2;
	if (cmd->data.n != MUTUAL_LEN)
		return CHIP_SW_LENGTH;
	if (!chip->s.has_challenge || chip_sm_active(&chip->s.sm))
		return CHIP_SW_CONDITIONS;
	chip->s.has_challenge = false;
	if (cc_failed(bac_keys_make(&k, chip_memory_field(&chip->memory, CHIP_FIELD_MRZ))))
		sw = CHIP_SW_FAULT;
	else
		sw = mutual_authenticate(chip, &k, cmd->data, out);
	bac_keys_done(&k);
	return sw;
}
