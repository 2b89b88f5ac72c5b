/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_SOFTCHIP_CHIP_COMMAND_H
#define CC_CARD_SOFTCHIP_CHIP_COMMAND_H

#include "crypto/base/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Status words of ISO/IEC 7816-4:2020 tables 5 and 6 and GlobalPlatform 2.3.1 table 11-10, as the chip names them. */
enum chip_sw {
	CHIP_SW_OK = 0x9000,
	CHIP_SW_MORE = 0x6100,
	CHIP_SW_END_OF_FILE = 0x6282,
	CHIP_SW_AUTHENTICATION_FAILED = 0x6300,
	CHIP_SW_TRIES = 0x63C0, /* and the tries that are left */
	CHIP_SW_MEMORY_FAILURE = 0x6581,
	CHIP_SW_LENGTH = 0x6700,
	CHIP_SW_CHANNEL = 0x6881,
	CHIP_SW_SM_UNSUPPORTED = 0x6882,
	CHIP_SW_CHAIN_BROKEN = 0x6883,
	CHIP_SW_SECURITY = 0x6982,
	CHIP_SW_BLOCKED = 0x6983,
	CHIP_SW_CONDITIONS = 0x6985,
	CHIP_SW_NO_EF = 0x6986,
	CHIP_SW_SM_MISSING = 0x6987,
	CHIP_SW_SM_WRONG = 0x6988,
	CHIP_SW_DATA = 0x6A80,
	CHIP_SW_FILE_NOT_FOUND = 0x6A82,
	CHIP_SW_NO_SPACE = 0x6A84,
	CHIP_SW_P1P2 = 0x6A86,
	CHIP_SW_NOT_FOUND = 0x6A88,
	CHIP_SW_OFFSET = 0x6B00,
	CHIP_SW_INS = 0x6D00,
	CHIP_SW_CLA = 0x6E00,
	CHIP_SW_FAULT = 0x6F00,
};

#define CHIP_LE_SHORT_MAX 256
#define CHIP_LE_EXTENDED_MAX 65536

/* A command APDU. data: a view into the bytes it was read from. */
struct command {
	uint8_t cla, ins, p1, p2;
	struct bytes data;
	size_t le;	/* 0: absent; else 1 to 65536 */
	bool le_is_max; /* 00 or 0000: "all there is" */
	bool long_form; /* Lc or Le in extended form */
	size_t room;	/* most response data that one answer under this command's protection carries */
};

/* ISO/IEC 7816-3 12.1.3 (cases 1 to 4, short and extended). 9000, or 6700. */
uint16_t chip_command_read(struct bytes apdu, bool extended, struct command *ret);

/* CLA, ISO/IEC 7816-4 5.4.1 and GlobalPlatform 2.3.1 11.1.4. */
static inline bool chip_command_is_gp(const struct command *cmd)
{
	return (cmd->cla & 0x80) != 0;
}
static inline bool chip_command_is_secure(const struct command *cmd)
{
	return (cmd->cla & 0x0C) != 0;
}
static inline bool chip_command_is_chained(const struct command *cmd)
{
	return (cmd->cla & 0x10) != 0;
}
/* 9000, 6881 (logical channel), 6882 (secure messaging that the chip doesn't know) or 6E00. */
uint16_t chip_command_check_class(uint8_t cla);

/* Space for content under tag and length within total bytes: 0 when nothing fits. */
size_t chip_tlv_room(size_t total, size_t tag_len);

#endif
