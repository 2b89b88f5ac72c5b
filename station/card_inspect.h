/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_CARD_INSPECT_H
#define CC_STATION_CARD_INSPECT_H

#include "card/inspect/defect_list.h"
#include "card/inspect/inspect.h"
#include "crypto/x509.h"
#include "station/command.h"

/*
 * `cccd card inspect` and `cccd card verify`; their rows, with the two option
 * tables below, stand in command_card.c.
 */
extern const struct option_spec card_inspect_options[], card_verify_options[];

/* Rows for other commands that open a card: by what, and whom they trust (trust_folder.h). */
#define CARD_INSPECT_KEY_OPTIONS                                                                                                 \
	{ "--mrz", "LINES|FILE", "the MRZ printed on the card, as text or in a file", "MRZ in trên thẻ, dạng chữ hoặc tệp" },    \
		{ "--can", "N", "card access number of 6 digits", "số truy cập thẻ (CAN) 6 số" },                                \
		{ "--number", "N", "personal number of 12 digits (gives the CAN)", "số định danh 12 số (suy ra CAN)" },          \
		{ "--birth", "DATE", "with --number: birth date, DD/MM/YYYY or YYMMDD",                                          \
		  "đi cùng --number: ngày sinh, DD/MM/YYYY" },                                                                   \
	{                                                                                                                        \
		"--expiry", "DATE", "with --number: expiry date, DD/MM/YYYY or YYMMDD",                                          \
			"đi cùng --number: ngày hết hạn, DD/MM/YYYY"                                                      \
	}
#define CARD_INSPECT_TRUST_OPTION                                                                                                \
	{                                                                                                                        \
		"--trust", "PATH", "folder or file of country signers, revocation lists, master lists",                          \
			"thư mục hoặc tệp CSCA, danh sách thu hồi, danh sách CSCA"                                    \
	}

/* The signed list that --defects names, as of `at_s`; *ret stays as it is without the option. */
CC_MUST cc_status card_inspect_load_defects(const struct invocation *inv, const struct trust *trust, int64_t at_s,
					    struct defect_list **ret, struct cc_error *err);
/* What is done with a card in the session that its inspection opened; there is a verdict. */
typedef cc_status (*card_inspect_act)(void *ctx, const struct invocation *inv, struct channel *ch, struct inspection *i,
				      struct cc_error *err);
/* Opens and inspects the card in the reader by --mrz, --can or --number, then acts; the command has those options and --trust. */
CC_MUST cc_status card_inspect_then(const struct invocation *inv, card_inspect_act act, void *ctx, struct cc_error *err);

int command_card_inspect(struct invocation *inv);
/* One argument: the folder. */
int command_card_verify(struct invocation *inv);

#endif
