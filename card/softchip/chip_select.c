/* SPDX-License-Identifier: Apache-2.0 */
#include "card/softchip/chip.h"

#include "crypto/base/tlv.h"

#define P1_BY_ID 0x00
#define P1_EF_BY_ID 0x02
#define P1_BY_NAME 0x04
#define P2_FCI 0x00
#define P2_NOTHING 0x0C
#define AID_MIN 5
#define AID_MAX 16

const struct bytes chip_aid_isd = BYTES_LITERAL("\xA0\x00\x00\x01\x51\x00\x00\x00");
const struct bytes chip_aid_emrtd = BYTES_LITERAL("\xA0\x00\x00\x02\x47\x10\x01");

/* GlobalPlatform 2.3.1 11.9.3.1: FCI of the security domain. */
static void put_isd_fci(struct writer *out)
{
	tlv_open(out, 0x6F);
	tlv_put(out, 0x84, chip_aid_isd);
	tlv_open(out, 0xA5);
	tlv_put_u8(out, 0x9F65, 0xFF);
	tlv_close(out);
	tlv_close(out);
}

static void put_emrtd_fci(struct writer *out)
{
	tlv_open(out, 0x6F);
	tlv_put(out, 0x84, chip_aid_emrtd);
	tlv_close(out);
}

static void enter(struct softchip *chip, enum chip_place place)
{
	chip_gp_close(chip);
	chip->s.place = place;
	chip->s.ef = 0;
}

static uint16_t select_isd(struct softchip *chip, bool fci, struct writer *out)
{
	/* Secure messaging of the eMRTD doesn't reach the security domain. */
	if (chip_sm_active(&chip->s.sm))
		return CHIP_SW_FILE_NOT_FOUND;
	enter(chip, CHIP_ISD);
	if (fci)
		put_isd_fci(out);
	return CHIP_SW_OK;
}

static uint16_t select_emrtd(struct softchip *chip, bool fci, struct writer *out)
{
	enter(chip, CHIP_EMRTD);
	/* BSI TR-03110-1 3.4: rights of a terminal are of one selection. */
	chip_terminal_reset(&chip->s.terminal);
	if (fci)
		put_emrtd_fci(out);
	return CHIP_SW_OK;
}

static uint16_t select_moc(struct softchip *chip, bool fci, struct writer *out)
{
	enter(chip, CHIP_MOC);
	chip_terminal_reset(&chip->s.terminal);
	if (fci) {
		tlv_open(out, 0x6F);
		tlv_put(out, 0x84, chip_memory_field(&chip->memory, CHIP_FIELD_MOC_AID));
		tlv_close(out);
	}
	return CHIP_SW_OK;
}

static uint16_t select_by_name(struct softchip *chip, const struct command *cmd, struct writer *out)
{
	bool fci = cmd->p2 == P2_FCI;

	if (cmd->p2 != P2_FCI && cmd->p2 != P2_NOTHING)
		return CHIP_SW_P1P2;
	if (cmd->data.n == 0)
		return select_isd(chip, fci, out);
	if (cmd->data.n > AID_MAX)
		return CHIP_SW_LENGTH;
	/* ISO/IEC 7816-4 11.2.2: a right-truncated name selects the first that begins with it. */
	if (cmd->data.n >= AID_MIN && bytes_starts_with(chip_aid_isd, cmd->data))
		return select_isd(chip, fci, out);
	if (cmd->data.n >= AID_MIN && bytes_starts_with(chip_aid_emrtd, cmd->data))
		return select_emrtd(chip, fci, out);
	if (cmd->data.n >= AID_MIN && bytes_starts_with(chip_memory_field(&chip->memory, CHIP_FIELD_MOC_AID), cmd->data) &&
	    chip_moc_selectable(chip))
		return select_moc(chip, fci, out);
	return CHIP_SW_FILE_NOT_FOUND;
}

static uint16_t select_by_id(struct softchip *chip, const struct command *cmd, struct writer *out)
{
	static const uint8_t mf[2] = { 0x3F, 0x00 };

	/* cccd-card.md 4: the cards in the field have no MF to select. */
	if (!chip_is_icao(chip))
		return CHIP_SW_INS;
	if (cmd->data.n > 0 && !bytes_equal(cmd->data, bytes_of(mf, sizeof mf)))
		return chip_file_select(chip, cmd, out);
	if (cmd->p2 != P2_FCI && cmd->p2 != P2_NOTHING)
		return CHIP_SW_P1P2;
	chip_gp_close(chip);
	chip->s.place = CHIP_ROOT;
	chip->s.ef = 0;
	if (cmd->p2 == P2_FCI) {
		tlv_open(out, 0x6F);
		tlv_put(out, 0x83, bytes_of(mf, sizeof mf));
		tlv_close(out);
	}
	return CHIP_SW_OK;
}

uint16_t chip_select(struct softchip *chip, const struct command *cmd, struct writer *out)
{
	/* A class without secure messaging here means that the security domain's channel, if any, was left. */
	if (cmd->p1 == P1_BY_NAME)
		return select_by_name(chip, cmd, out);
	if (cmd->p1 == P1_BY_ID)
		return select_by_id(chip, cmd, out);
	if (cmd->p1 == P1_EF_BY_ID && (chip->s.place & (CHIP_ROOT | CHIP_EMRTD)) != 0)
		return chip_file_select(chip, cmd, out);
	return CHIP_SW_P1P2;
}
