/* SPDX-License-Identifier: Apache-2.0 */
#include "card/softchip/chip_command.h"

static void set_le(struct command *cmd, size_t value, size_t max)
{
	cmd->le_is_max = value == 0;
	cmd->le = value == 0 ? max : value;
}

static bool read_short(struct cursor *in, uint8_t first, struct command *cmd)
{
	uint8_t le;

	if (cursor_left(in) == 0) {
		set_le(cmd, first, CHIP_LE_SHORT_MAX);
		return true;
	}
	if (first == 0 || !cursor_take(in, first, &cmd->data))
		return false;
	if (cursor_left(in) == 0)
		return true;
	if (!cursor_u8(in, &le))
		return false;
	set_le(cmd, le, CHIP_LE_SHORT_MAX);
	return true;
}

static bool read_extended(struct cursor *in, struct command *cmd)
{
	uint16_t n, le;

	cmd->long_form = true;
	if (!cursor_u16(in, &n))
		return false;
	if (cursor_left(in) == 0) {
		set_le(cmd, n, CHIP_LE_EXTENDED_MAX);
		return true;
	}
	if (n == 0 || !cursor_take(in, n, &cmd->data))
		return false;
	if (cursor_left(in) == 0)
		return true;
	if (!cursor_u16(in, &le))
		return false;
	set_le(cmd, le, CHIP_LE_EXTENDED_MAX);
	return true;
}

uint16_t chip_command_read(struct bytes apdu, bool extended, struct command *ret)
{
	struct command cmd = { 0 };
	struct cursor in;
	uint8_t first;
	bool good = true;

	cursor_init(&in, apdu);
	if (!cursor_u8(&in, &cmd.cla) || !cursor_u8(&in, &cmd.ins) || !cursor_u8(&in, &cmd.p1) || !cursor_u8(&in, &cmd.p2))
		return CHIP_SW_LENGTH;
	if (cursor_left(&in) > 0) {
		good = cursor_u8(&in, &first);
		/* A first byte 00 with more behind it opens the extended form. */
		if (good && first == 0 && cursor_left(&in) > 0)
			good = extended && read_extended(&in, &cmd);
		else if (good)
			good = read_short(&in, first, &cmd);
	}
	if (!good || cc_failed(cursor_end(&in)))
		return CHIP_SW_LENGTH;
	*ret = cmd;
	return CHIP_SW_OK;
}

uint16_t chip_command_check_class(uint8_t cla)
{
	uint8_t secure = cla & 0x0C;

	if ((cla & 0x60) != 0)
		return CHIP_SW_CLA;
	if ((cla & 0x03) != 0)
		return CHIP_SW_CHANNEL;
	if (secure != 0 && secure != ((cla & 0x80) != 0 ? 0x04 : 0x0C))
		return CHIP_SW_SM_UNSUPPORTED;
	return CHIP_SW_OK;
}

size_t chip_tlv_room(size_t total, size_t tag_len)
{
	static const struct {
		size_t overhead, max;
	} forms[] = { { 4, 0xFFFFFF }, { 3, 0xFFFF }, { 2, 0xFF }, { 1, 0x7F } };
	size_t best = 0;

	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		size_t n = total > tag_len + forms[i].overhead ? total - tag_len - forms[i].overhead : 0;

		n = n > forms[i].max ? forms[i].max : n;
		best = n > best ? n : best;
	}
	return best;
}
