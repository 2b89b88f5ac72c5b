/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_PORTRAIT_REPORT_H
#define CC_STATION_PORTRAIT_REPORT_H

#include "biometrics/portrait.h"
#include "biometrics/quality.h"
#include "station/config.h"

#include <stdio.h>

/* What `cccd portrait` tells about one photo, as text for an officer or as JSON. */
struct portrait_verdict {
	const char *file;
	bool measured; /* else the photo could not be decoded, and refusal says why */
	const struct quality_rules *rules;
	struct quality_report report;
	struct cc_error err;
	const char *refusal[QUALITY_REFUSALS_MAX];
	size_t refusal_count;
	const struct portrait *made; /* NULL: only checked */
};

void portrait_report_text(FILE *out, const struct portrait_verdict *v, enum lang lang);
/*
 * {"schema":1, "file", "verdict":"pass"|"fail", "overridable", "defects":[names], "faces", "width", "height",
 *  "eyes":{"right":[x,y],"left":[x,y]}, "pose":{"yaw","pitch","roll"},
 *  "measures":[{"name","value","min","max","verdict","hard","clause"}], "advice":[{"defect","text","next"}],
 *  "portrait":{"format","bytes","width","height","quality","similarity","landmark_shift"}, "error"}
 * Pixels of the upright photo. False when it can't be written.
 */
bool portrait_report_json(FILE *out, const struct portrait_verdict *v, enum lang lang);

#endif
