/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_ISSUE_PREPARE_CHIP_H
#define CC_STATION_ISSUE_PREPARE_CHIP_H

#include "station/issue/prepare.h"

/*
 * The settings chip.aa-curve, chip.ca-curve, chip.pace and chip.cvca. ret: the
 * fields of these are filled in (chip.ca-cipher was read); others stay.
 * CC_E_FORMAT "issue.setting" names the one that is wrong.
 */
CC_MUST cc_status prepare_chip_settings(const struct config *c, struct prepare_settings *ret, struct cc_error *err);

#endif
