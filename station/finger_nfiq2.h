/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_FINGER_NFIQ2_H
#define CC_STATION_FINGER_NFIQ2_H

#include "biometrics/image.h"
#include "station/config.h"

#include <stdbool.h>

/*
 * The slot for NFIQ 2 (ISO/IEC 29794-4), whose reference program `nfiq2` of
 * version 2.1 or later a station may have installed: setting finger.nfiq2 is
 * its path, empty for none. It is started without a shell and without an
 * environment as `nfiq2 -F FILE`; FILE is memory of this process (no print lies
 * on a disk), and of its answer only a whole number of 0 to 100 on one line
 * counts.
 *
 *	finger.nfiq2-start	CC_E_IO		the program can't be started, or there is none at the path
 *	finger.nfiq2-timeout	CC_E_LIMIT	it took longer than the limit and was ended
 *	finger.nfiq2-refused	CC_E_FORMAT	it gave no score for this print
 */
#define FINGER_NFIQ2_TIMEOUT_MS 20000u

/* Its path from the settings; "" none. */
CC_MUST cc_status finger_nfiq2_program(const struct config *c, char *ret, size_t cap, struct cc_error *err);
CC_MUST cc_status finger_nfiq2_run(const char *program, const struct image *print, unsigned timeout_ms, unsigned *ret,
				   struct cc_error *err);
/* What the program printed: digits and at most one line end. */
CC_MUST bool finger_nfiq2_parse(struct bytes output, unsigned *ret);

#endif
