/* SPDX-License-Identifier: Apache-2.0 */
#include "card/softchip/chip.h"

/* The commands that several protocols share, and which protocol they belong to. */

uint16_t chip_auth_manage_environment(struct softchip *chip, const struct command *cmd, struct writer *out)
{
	(void)out;
	switch ((uint16_t)(cmd->p1 << 8 | cmd->p2)) {
	case 0xC1A4:
		return chip_pace_set_at(chip, cmd);
	case 0x41A6:
		chip_password_delay(chip);
		return chip_ca_set_kat(chip, cmd);
	case 0x41A4:
		chip_password_delay(chip);
		return chip_ca_set_at(chip, cmd);
	case 0x81B6:
		return chip_terminal_set_dst(chip, cmd);
	case 0x81A4:
		return chip_terminal_set_at(chip, cmd);
	default:
		return CHIP_SW_P1P2;
	}
}

uint16_t chip_auth_general(struct softchip *chip, const struct command *cmd, struct writer *out)
{
	if (cmd->p1 != 0 || cmd->p2 != 0)
		return CHIP_SW_P1P2;
	chip_password_delay(chip);
	if (chip->s.pace.step != CHIP_PACE_NONE)
		return chip_pace_general_authenticate(chip, cmd, out);
	if (chip->s.ca_for_aes && !chip_command_is_chained(cmd))
		return chip_ca_general(chip, cmd, out);
	return CHIP_SW_CONDITIONS;
}

uint16_t chip_auth_external(struct softchip *chip, const struct command *cmd, struct writer *out)
{
	/* Under secure messaging the terminal authenticates; in the clear it is BAC. */
	if (chip_sm_active(&chip->s.sm))
		return chip_terminal_external(chip, cmd);
	return chip_bac_external_authenticate(chip, cmd, out);
}
