/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_WHOLE_NUMBER_H
#define CC_STATION_WHOLE_NUMBER_H

#include "station/command.h"

#include <stdbool.h>
#include <stdint.h>

/* Digits alone, from low to high; false, and *ret stays, for everything else. */
CC_MUST bool whole_number(const char *text, uint64_t low, uint64_t high, uint64_t *ret);
/* The same of an option; without it *inout stays and that is right. */
CC_MUST bool whole_number_option(const struct invocation *inv, const char *name, uint64_t low, uint64_t high, uint64_t *inout);

#endif
