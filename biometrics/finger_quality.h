/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_BIOMETRICS_FINGER_QUALITY_H
#define CC_BIOMETRICS_FINGER_QUALITY_H

#include "biometrics/image.h"

#include <stdbool.h>

/*
 * Is this print worth keeping? Simple measures of the image, each a number with
 * the range in which it passes. They tell an officer what to change before the
 * citizen has left; they predict no recognition score and are not NFIQ 2
 * (ISO/IEC 29794-4), for which the station has a slot.
 *
 * The picture is cut into blocks of 16 pixels (0.8 mm at 500 ppi). The print is
 * the largest connected group of blocks in which grey levels vary; everything
 * else is paper.
 */
enum finger_measure {
	FINGER_Q_WIDTH,	     /* of the picture, mm */
	FINGER_Q_HEIGHT,     /* mm */
	FINGER_Q_RESOLUTION, /* pixels per inch that the file claims; not measured when it claims none */
	FINGER_Q_AREA,	     /* of the print, square mm */
	FINGER_Q_CONTRAST,   /* standard deviation of grey levels in a block of the print, median */
	FINGER_Q_CLARITY,    /* coherence of the gradients' orientation in a block, mean: 1 parallel ridges, 0 none */
	FINGER_Q_FLOW,	     /* share of neighbouring blocks whose ridges agree within 20 degrees */
	FINGER_Q_PERIOD,     /* from ridge to ridge, mm, median: tells a wrong claim of resolution */
	FINGER_Q_RIDGE,	     /* share of the print that is ridge, median: low is dry, high is wet or pressed too hard */
	FINGER_MEASURES
};

/* low, high: passes inside. below, above: the defect's name in JSON and in messages ("finger." + name); NULL: no bound. */
struct finger_rule {
	const char *name;
	double low, high;
	const char *below, *above;
};
struct finger_rules {
	struct finger_rule rule[FINGER_MEASURES];
};
struct finger_rules finger_rules_default(void);
/* Replaces one bound by the measure's name; false when there is no such measure or bound. */
CC_MUST bool finger_rules_set(struct finger_rules *rules, const char *name, bool high, double value);

struct finger_result {
	bool measured; /* what needs a print isn't without one */
	double value;
	const char *defect; /* NULL: passes */
};
struct finger_report {
	struct finger_result result[FINGER_MEASURES];
	bool passes;
};

/* ppi: 0 when the file says none; then 500 is taken for lengths. Colour is turned to grey. */
CC_MUST cc_status finger_quality_check(const struct image *im, unsigned ppi, const struct finger_rules *rules,
				       struct finger_report *ret, struct cc_error *err);

#endif
