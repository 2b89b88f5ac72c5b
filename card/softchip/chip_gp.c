/* SPDX-License-Identifier: Apache-2.0 */
#include "card/softchip/chip.h"

#include "crypto/base/tlv.h"

#include <string.h>

#define KEY_FAILURES_MAX 10
#define SEQUENCE_MAX 0xFFFFFFu
#define SCP02_SEQUENCE_MAX 0xFFFFu
#define SCP02_ID 0x02
#define SCP03_ID 0x03
#define SCP03_I 0x70 /* Amendment D table 5-1: pseudo-random challenge, R-MAC, R-ENC */
#define STATE_INITIALIZED 0x07
#define STATE_SECURED 0x0F
#define TAG_CPLC 0x9F7F
#define TAG_LENGTHS 0x7F66
#define TAG_KEY_INFO 0x00E0
#define TAG_CARD_DATA 0x0066
#define TAG_AA_KEY 0x00A1
#define TAG_CA_KEY 0x00A2 /* to 00A5 */

bool chip_has_scp02(const struct softchip *chip)
{
	return chip_factory_data(chip).personality == SOFTCHIP_SCP02;
}

bool chip_gp_session(const struct softchip *chip)
{
	return chip->s.scp02.state == CHIP_SCP02_OPEN || chip->s.scp03.state == CHIP_SCP03_OPEN;
}

void chip_gp_close(struct softchip *chip)
{
	chip_scp02_reset(&chip->s.scp02);
	chip_scp03_reset(&chip->s.scp03);
	cc_wipe(&chip->s.store, sizeof chip->s.store);
	chip->s.chain.active = false;
	writer_done(&chip->s.chain.data);
}

cc_status chip_keys_read(const struct softchip *chip, struct chip_keys *ret)
{
	struct bytes field = chip_memory_field(&chip->memory, CHIP_FIELD_KEYS);
	struct chip_keys keys;
	struct cursor in;
	enum cipher_alg alg;
	size_t n;

	cursor_init(&in, field);
	if (!cursor_u8(&in, &keys.version))
		return cc_code_status(CC_E_FORMAT);
	n = cursor_left(&in) / 3;
	if (!cipher_aes_from_key_len(n, &alg) || !cursor_take(&in, n, &keys.enc) || !cursor_take(&in, n, &keys.mac) ||
	    !cursor_take(&in, n, &keys.dek) || cc_failed(cursor_end(&in)))
		return cc_code_status(CC_E_FORMAT);
	*ret = keys;
	return cc_ok();
}

/* GlobalPlatform 2.3.1 H.6, CPLC: 42 bytes; of the chip's own: fabrication date, serial number, batch. */
static void put_cplc(const struct softchip *chip, struct writer *out)
{
	struct chip_factory f = chip_factory_data(chip);

	tlv_open(out, TAG_CPLC);
	writer_put(out, BYTES_LITERAL("\xCC\xCD\x50"));
	writer_u8(out, chip_has_scp02(chip) ? 0x02 : 0x01);
	writer_put(out, BYTES_LITERAL("\xCC\xCD\x63\x27\x01\x00"));
	writer_put(out, bytes_of(f.serial, sizeof f.serial));
	writer_fill(out, 0, 24);
	tlv_close(out);
}

/* GlobalPlatform 2.3.1 11.3.3.1: key information template. */
static void put_key_info(struct writer *out, const struct chip_keys *keys, uint8_t type)
{
	tlv_open(out, 0xE0);
	for (uint8_t id = 1; id <= 3; id++) {
		const uint8_t row[] = { id, keys->version, type, (uint8_t)keys->enc.n };

		tlv_put(out, 0xC0, bytes_of(row, sizeof row));
	}
	tlv_close(out);
}

static void put_wrapped_oid(struct writer *out, uint32_t tag, struct bytes oid)
{
	tlv_open(out, tag);
	tlv_put(out, 0x06, oid);
	tlv_close(out);
}

/* GlobalPlatform 2.3.1 H.2: card recognition data. */
static void put_card_data(const struct softchip *chip, struct writer *out)
{
	tlv_open(out, 0x66);
	tlv_open(out, 0x73);
	tlv_put(out, 0x06, BYTES_LITERAL("\x2A\x86\x48\x86\xFC\x6B\x01"));
	put_wrapped_oid(out, 0x60, BYTES_LITERAL("\x2A\x86\x48\x86\xFC\x6B\x02\x02\x03\x01"));
	put_wrapped_oid(out, 0x63, BYTES_LITERAL("\x2A\x86\x48\x86\xFC\x6B\x03"));
	put_wrapped_oid(out, 0x64,
			chip_has_scp02(chip) ? BYTES_LITERAL("\x2A\x86\x48\x86\xFC\x6B\x04\x02\x55")
					     : BYTES_LITERAL("\x2A\x86\x48\x86\xFC\x6B\x04\x03\x70"));
	tlv_close(out);
	tlv_close(out);
}

static uint16_t get_public_key(struct softchip *chip, enum chip_field which, struct writer *out)
{
	return chip->s.store.open ? chip_keypair_put_public(chip, which, out) : CHIP_SW_CONDITIONS;
}

uint16_t chip_gp_get_data(struct softchip *chip, const struct command *cmd, struct writer *out)
{
	struct chip_keys keys;

	if (cmd->data.n > 0)
		return CHIP_SW_LENGTH;
	switch ((uint16_t)(cmd->p1 << 8 | cmd->p2)) {
	case TAG_CPLC:
		put_cplc(chip, out);
		return CHIP_SW_OK;
	case TAG_KEY_INFO:
		if (cc_failed(chip_keys_read(chip, &keys)))
			return CHIP_SW_FAULT;
		put_key_info(out, &keys, chip_has_scp02(chip) ? 0x80 : 0x88);
		return CHIP_SW_OK;
	case TAG_CARD_DATA:
		put_card_data(chip, out);
		return CHIP_SW_OK;
	case TAG_LENGTHS:
		return chip_put_lengths(chip, out) ? CHIP_SW_OK : CHIP_SW_NOT_FOUND;
	case TAG_AA_KEY:
		return get_public_key(chip, CHIP_FIELD_AA_KEY, out);
	case TAG_CA_KEY:
	case TAG_CA_KEY + 1:
	case TAG_CA_KEY + 2:
	case TAG_CA_KEY + 3:
		return get_public_key(chip, (enum chip_field)(CHIP_FIELD_CA_KEY + (cmd->p2 - TAG_CA_KEY)), out);
	default:
		return CHIP_SW_NOT_FOUND;
	}
}

/* Amendment D 7.1.1.6: answer to INITIALIZE UPDATE. */
static void put_update_answer(const struct softchip *chip, const struct chip_keys *keys, const uint8_t challenge[8],
			      uint32_t sequence, struct writer *out)
{
	struct chip_factory f = chip_factory_data(chip);

	writer_u16(out, 0);
	writer_put(out, bytes_of(f.serial, sizeof f.serial));
	writer_u8(out, keys->version);
	writer_u8(out, SCP03_ID);
	writer_u8(out, SCP03_I);
	writer_put(out, bytes_of(challenge, 8));
	writer_put(out, bytes_of(chip->s.scp03.card_cryptogram, 8));
	writer_u24(out, sequence);
}

/* Amendment D 6.2.2.1: the pseudo-random card challenge is made over the name of the application that was invoked. */
static struct bytes invoked(const struct softchip *chip)
{
	return chip->s.place == CHIP_MOC ? chip_memory_field(&chip->memory, CHIP_FIELD_MOC_AID) : chip_aid_isd;
}

/* 2.3.1 E.5.1.6. The counter is that of the next session: it rises when one is opened (E.4.2.3). */
static uint16_t update_scp02(struct softchip *chip, const struct chip_keys *keys, const struct command *cmd, struct writer *out)
{
	uint32_t sequence = chip_memory_number(&chip->memory, CHIP_FIELD_SEQUENCE);
	struct chip_factory f = chip_factory_data(chip);
	struct chip_scp02 *s = &chip->s.scp02;
	cc_status st;

	if (sequence >= SCP02_SEQUENCE_MAX)
		return CHIP_SW_CONDITIONS;
	st = chip_scp02_challenge(s, keys->enc, keys->mac, keys->dek, (uint16_t)sequence, invoked(chip), cmd->data);
	if (cc_failed(st))
		return chip_sw_of(st);
	writer_u16(out, 0);
	writer_put(out, bytes_of(f.serial, sizeof f.serial));
	writer_u8(out, keys->version);
	writer_u8(out, SCP02_ID);
	writer_u16(out, (uint16_t)sequence);
	writer_put(out, bytes_of(s->challenge, sizeof s->challenge));
	writer_put(out, bytes_of(s->card_cryptogram, sizeof s->card_cryptogram));
	return CHIP_SW_OK;
}

static uint16_t update_scp03(struct softchip *chip, const struct chip_keys *keys, const struct command *cmd, struct writer *out)
{
	uint32_t sequence = chip_memory_number(&chip->memory, CHIP_FIELD_SEQUENCE);
	uint8_t challenge[8];
	cc_status st;

	if (sequence >= SEQUENCE_MAX)
		return CHIP_SW_CONDITIONS;
	st = chip_memory_set_number(&chip->memory, CHIP_FIELD_SEQUENCE, ++sequence, 3);
	if (!cc_failed(st))
		st = chip_scp03_card_challenge(keys->enc, sequence, invoked(chip), challenge);
	if (!cc_failed(st))
		st = chip_scp03_challenge(&chip->s.scp03, keys->enc, keys->mac, cmd->data, bytes_of(challenge, sizeof challenge));
	if (cc_failed(st))
		return chip_sw_of(st);
	put_update_answer(chip, keys, challenge, sequence, out);
	return CHIP_SW_OK;
}

uint16_t chip_gp_initialize_update(struct softchip *chip, const struct command *cmd, struct writer *out)
{
	struct chip_keys keys;

	chip_gp_close(chip);
	if (cmd->data.n != 8)
		return CHIP_SW_LENGTH;
	if (cmd->p2 != 0)
		return CHIP_SW_P1P2;
	if (cc_failed(chip_keys_read(chip, &keys)))
		return CHIP_SW_FAULT;
	if (cmd->p1 != 0 && cmd->p1 != keys.version)
		return CHIP_SW_NOT_FOUND;
	if (chip_memory_number(&chip->memory, CHIP_FIELD_KEY_FAILURES) >= KEY_FAILURES_MAX)
		return CHIP_SW_BLOCKED;
	return chip_has_scp02(chip) ? update_scp02(chip, &keys, cmd, out) : update_scp03(chip, &keys, cmd, out);
}

static uint16_t authenticate(struct softchip *chip, const struct command *cmd)
{
	uint32_t sequence = chip_memory_number(&chip->memory, CHIP_FIELD_SEQUENCE);
	uint16_t sw;

	if (!chip_has_scp02(chip))
		return chip_scp03_authenticate(&chip->s.scp03, cmd);
	sw = chip_scp02_authenticate(&chip->s.scp02, cmd);
	if (sw == CHIP_SW_OK)
		sw = chip_sw_of(chip_memory_set_number(&chip->memory, CHIP_FIELD_SEQUENCE, sequence + 1, 3));
	return sw;
}

static bool challenged(const struct softchip *chip)
{
	return chip->s.scp02.state == CHIP_SCP02_CHALLENGED || chip->s.scp03.state == CHIP_SCP03_CHALLENGED;
}

/* The counter rises before the comparison and falls after it: pulling the card in between gains nothing. */
static uint16_t authenticate_counted(struct softchip *chip, const struct command *cmd)
{
	uint32_t failures = chip_memory_number(&chip->memory, CHIP_FIELD_KEY_FAILURES);
	uint16_t sw;
	cc_status st;

	if (failures >= KEY_FAILURES_MAX)
		return CHIP_SW_BLOCKED;
	st = chip_memory_set_number(&chip->memory, CHIP_FIELD_KEY_FAILURES, failures + 1, 1);
	if (cc_failed(st))
		return chip_sw_of(st);
	sw = authenticate(chip, cmd);
	if (sw == CHIP_SW_AUTHENTICATION_FAILED)
		return sw;
	st = chip_memory_set_number(&chip->memory, CHIP_FIELD_KEY_FAILURES, sw == CHIP_SW_OK ? 0 : failures, 1);
	return cc_failed(st) ? chip_sw_of(st) : sw;
}

uint16_t chip_gp_external_authenticate(struct softchip *chip, const struct command *cmd, struct writer *out)
{
	uint16_t sw = CHIP_SW_OK;

	(void)out;
	if (!challenged(chip))
		sw = CHIP_SW_CONDITIONS;
	else if (!chip_command_is_secure(cmd))
		sw = CHIP_SW_SECURITY;
	else if (cmd->data.n != 16)
		sw = CHIP_SW_LENGTH;
	else if (!(chip_has_scp02(chip) ? chip_scp02_level_known(cmd->p1) : chip_scp03_level_known(cmd->p1)) || cmd->p2 != 0)
		sw = CHIP_SW_P1P2;
	else
		sw = authenticate_counted(chip, cmd);
	if (sw != CHIP_SW_OK)
		chip_gp_close(chip);
	return sw;
}

/* GlobalPlatform 2.3.1 11.4.3.1: one E3 object. */
static void put_status(struct writer *out, struct bytes aid, uint32_t state, struct bytes privileges)
{
	tlv_open(out, 0xE3);
	tlv_put(out, 0x4F, aid);
	tlv_put_u8(out, 0x9F70, (uint8_t)state);
	tlv_put(out, 0xC5, privileges);
	tlv_close(out);
}

uint16_t chip_gp_get_status(struct softchip *chip, const struct command *cmd, struct writer *out)
{
	struct cursor in;
	struct bytes wanted;

	if (!chip_gp_session(chip))
		return CHIP_SW_SECURITY;
	if ((cmd->p1 != 0x80 && cmd->p1 != 0x40) || cmd->p2 != 0x02)
		return CHIP_SW_P1P2;
	cursor_init(&in, cmd->data);
	/* Search criteria: 4F with an AID, its beginning, or empty; a tag list 5C behind it asks for no more than we tell. */
	if (!tlv_expect_bytes(&in, TLV_LENIENT, 0x4F, &wanted))
		return CHIP_SW_DATA;
	if (cmd->p1 == 0x80 && bytes_starts_with(chip_aid_isd, wanted))
		put_status(out, chip_aid_isd, chip_memory_number(&chip->memory, CHIP_FIELD_CARD_STATE),
			   BYTES_LITERAL("\x9E\xFE\x80"));
	else if (cmd->p1 == 0x40 && bytes_starts_with(chip_aid_emrtd, wanted))
		put_status(out, chip_aid_emrtd, chip_memory_number(&chip->memory, CHIP_FIELD_APP_STATE),
			   BYTES_LITERAL("\x00\x00\x00"));
	else
		return CHIP_SW_NOT_FOUND;
	return CHIP_SW_OK;
}

uint16_t chip_gp_set_status(struct softchip *chip, const struct command *cmd, struct writer *out)
{
	uint32_t now = chip_memory_number(&chip->memory, CHIP_FIELD_CARD_STATE);

	(void)out;
	if (!chip_gp_session(chip))
		return CHIP_SW_SECURITY;
	/* GlobalPlatform 2.3.1 11.10.2.1: P1 80 is the card; of its states this chip has two beyond OP_READY. */
	if (cmd->p1 != 0x80 || (cmd->p2 != STATE_INITIALIZED && cmd->p2 != STATE_SECURED))
		return CHIP_SW_P1P2;
	if (cmd->p2 <= now)
		return CHIP_SW_CONDITIONS;
	return chip_sw_of(chip_memory_set_number(&chip->memory, CHIP_FIELD_CARD_STATE, cmd->p2, 1));
}
