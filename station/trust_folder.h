/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_TRUST_FOLDER_H
#define CC_STATION_TRUST_FOLDER_H

#include "crypto/x509.h"
#include "station/config.h"

/*
 * The anchors that a command judges by: of the folder or file `given` (an option's
 * value), else of HOME/trust. Without a folder of its own a station trusts nobody:
 * that is a verdict, not an error. What can't be read is counted on the error stream.
 */
CC_MUST cc_status trust_folder_load(const struct config *c, const char *given, struct trust **ret, struct cc_error *err);

#endif
