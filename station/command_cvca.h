/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_COMMAND_CVCA_H
#define CC_STATION_COMMAND_CVCA_H

#include "station/command.h"

/* `cccd pki cvca init | dv | terminal | link | show [FILE] | verify FILE`: a row of command_pki.c's table. */
extern const struct option_spec pki_cvca_options[];
int pki_run_cvca(struct invocation *inv);

#endif
