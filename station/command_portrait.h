/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_COMMAND_PORTRAIT_H
#define CC_STATION_COMMAND_PORTRAIT_H

#include "station/command.h"

/* `cccd portrait override`, whose row stands in command_portrait.c. */
extern const struct option_spec portrait_override_options[];
int command_portrait_override(struct invocation *inv);

#endif
