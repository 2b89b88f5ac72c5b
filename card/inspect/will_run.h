/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_INSPECT_WILL_RUN_H
#define CC_CARD_INSPECT_WILL_RUN_H

#include "card/inspect/will_it_read.h"

/* One question under way; the parts of will_it_read share it. */

/* How a family looks for the fields of DG13 (cccd-card.md 5). */
enum will_scan {
	WILL_SCAN_NONE,	 /* doesn't read DG13, or parses it */
	WILL_SCAN_ALONG, /* looks for 30 ?? 02 01 n, n rising by one; a field not found is passed over */
	WILL_SCAN_STOP,	 /* the same, and stops at the first field not found */
};

struct will_run {
	const struct lds_set *files;
	const struct will_chip *chip;
	const struct will_family *family;
	struct will_report *out;
};

struct will_rule {
	const char *id;
	enum will_effect effect;
	bool by_person;
	const char *vi, *en;
};
void will_add(struct will_run *run, const struct will_rule *rule, unsigned file, const char *fmt, ...) CC_PRINTF(4, 5);

/* will_scan.c: what a scanner makes of DG13, against what is in it. */
void will_scan_dg13(struct will_run *run, enum will_scan scan);

#endif
