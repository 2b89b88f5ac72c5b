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

/* The anchors of --trust, else of HOME/trust; the command has that option. Without a folder of its own: none. */
CC_MUST cc_status card_inspect_load_trust(const struct invocation *inv, struct trust **ret, struct cc_error *err);

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
