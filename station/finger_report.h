/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_FINGER_REPORT_H
#define CC_STATION_FINGER_REPORT_H

#include "biometrics/finger_quality.h"
#include "station/finger_file.h"

#include <stdbool.h>
#include <stdio.h>

/* What was found about the prints of one file, as text for an officer and as JSON (schema 1). */
enum nfiq2_state { NFIQ2_ABSENT, NFIQ2_SCORED, NFIQ2_FAILED };
struct finger_verdict {
	struct finger_report report;
	enum nfiq2_state nfiq2;
	unsigned nfiq2_score;
	const char *nfiq2_key; /* NFIQ2_FAILED: why */
};
struct finger_check {
	const char *path;
	bool decoded; /* false: err says why not */
	struct cc_error err;
	const struct finger_file *file;
	const struct finger_rules *rules;
	struct finger_verdict verdicts[FINGER_IMAGES_MAX];
};

bool finger_check_passes(const struct finger_check *c);
void finger_report_text(FILE *out, const struct finger_check *c, enum lang lang);
/* False when it can't be written. */
CC_MUST bool finger_report_json(FILE *out, const struct finger_check *c, enum lang lang);

#endif
