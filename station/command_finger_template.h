/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_COMMAND_FINGER_TEMPLATE_H
#define CC_STATION_COMMAND_FINGER_TEMPLATE_H

#include "station/command.h"

/* `cccd finger template FILE`: a row of command_finger.c. */
extern const struct option_spec finger_template_options[];
int command_finger_template(struct invocation *inv);

#endif
