/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_EXIT_CODE_H
#define CC_STATION_EXIT_CODE_H

#include "crypto/base/err.h"

/*
 * The exit code of a failure, for every command. Its code decides, and for a few keys the key: "this person has a card",
 * "this blank was used" are a check's no wherever they are found, in the books or by the chip.
 */
int exit_code_of(enum cc_code code, const char *key); /* key may be NULL */

#endif
