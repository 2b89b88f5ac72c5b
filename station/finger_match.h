/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_FINGER_MATCH_H
#define CC_STATION_FINGER_MATCH_H

#include "card/inspect/inspect.h"
#include "station/command.h"

/*
 * The match-on-card application of a card that was just inspected, through the
 * session that the inspection opened: a stranger's card is never shown a print.
 */

/* Adds the check "match-on-card" when the setting chip.match-on-card says yes. */
CC_MUST cc_status finger_match_look(const struct config *c, struct channel *ch, struct inspection *i, struct cc_error *err);

/* `cccd finger match`: a row of command_finger.c. */
extern const struct option_spec finger_match_options[];
int command_finger_match(struct invocation *inv);

#endif
