/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_DEMO_H
#define CC_STATION_DEMO_H

#include "station/config.h"

#include <stdbool.h>

/*
 * The demonstration: a station in a folder of its own, fictional people, test
 * PKI, software chips. demo_prepare makes the folder outside the lab,
 * demo_stage issues and inspects inside it.
 *
 *	HOME/demo.marker	this folder is a demo's, and may be replaced by the next
 *	HOME/dumps/NUMBER/	files that were read from the finished card
 *	HOME/cards/NUMBER.json	report of `card issue` (station/issue/report.h)
 *	HOME/report.txt		the table
 */
#define DEMO_HOME_DEFAULT "build/demo"
#define DEMO_CHIPS_DEFAULT 4

/* CC_E_EXISTS "demo.not-a-demo" when the folder is there and has no marker. Sets c->password_file. */
CC_MUST cc_status demo_prepare(struct config *c, struct cc_error *err);
/* c as demo_prepare left it: PKI and people. */
CC_MUST cc_status demo_fill(const struct config *c, const char *people, struct cc_error *err);
/*
 * Inside the lab: all people, one thread for each reader. *ret_good: every card
 * is issued and passed its inspection; the table goes to stdout.
 */
CC_MUST cc_status demo_stage(const struct config *c, bool *ret_good, struct cc_error *err);

#endif
