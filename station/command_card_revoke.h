/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_COMMAND_CARD_REVOKE_H
#define CC_STATION_COMMAND_CARD_REVOKE_H

#include "station/command.h"

/* `cccd card revoke | revocations | approve-revocation | refuse-revocation`: rows of the table in command_card.c. */
extern const struct option_spec card_revoke_options[], card_revocations_options[], card_approve_revocation_options[],
	card_refuse_revocation_options[];
int command_card_revoke(struct invocation *inv);
int command_card_revocations(struct invocation *inv);
int command_card_approve_revocation(struct invocation *inv);
int command_card_refuse_revocation(struct invocation *inv);

#endif
