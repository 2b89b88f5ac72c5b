/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_FACE_CROSS_CHECK_H
#define CC_STATION_FACE_CROSS_CHECK_H

#include "biometrics/quality.h"
#include "station/config.h"

/*
 * A second opinion on where the eyes are: the program that the setting
 * face.cross-check names (an absolute path; empty: none). It is started without a
 * shell, arguments or environment, gets the upright photo as PNG on its
 * standard input, and must answer on its standard output, within the time limit:
 *
 *	{"faces": 1, "eyes": {"right": [x, y], "left": [x, y]}}
 *
 * in pixels of that picture, right and left being the subject's; without a
 * face {"faces": 0}. Anything else is an error: a detector that is wanted and
 * does not work must not pass silently.
 */
struct face_cross_check {
	char program[PATH_MAX]; /* "": none */
	unsigned timeout_ms;
};
CC_MUST cc_status face_cross_check_load(const struct config *c, struct face_cross_check *ret, struct cc_error *err);

struct face_second_opinion {
	unsigned faces;
	struct face_landmark eye[2]; /* by enum face_eye; with one face */
};
/* Errors: CC_E_IO "face.cross-check-failed", CC_E_FORMAT "face.cross-check-answer". */
CC_MUST cc_status face_cross_check_run(const struct face_cross_check *x, const struct image *photo,
				       struct face_second_opinion *ret, struct cc_error *err);
/* The answer alone. */
CC_MUST cc_status face_cross_check_parse(struct bytes json, const struct image *photo, struct face_second_opinion *ret,
					 struct cc_error *err);

/* Does nothing without a program or a face of our own; else the report gets the measure detector_agreement. */
CC_MUST cc_status face_cross_check_apply(const struct face_cross_check *x, const struct image *photo,
					 const struct quality_rules *rules, struct quality_report *report, struct cc_error *err);

#endif
