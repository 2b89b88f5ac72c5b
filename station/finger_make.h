/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_FINGER_MAKE_H
#define CC_STATION_FINGER_MAKE_H

#include "biometrics/finger_quality.h"
#include "station/config.h"
#include "station/finger_file.h"

/*
 * Records for the chip from prints as they were taken. A print that is in the
 * coding wanted already is kept as it is: coding twice loses ridges.
 */
struct finger_params {
	enum finger_coding coding; /* FINGER_WSQ, FINGER_JPEG, FINGER_JPEG2000 or FINGER_RAW */
	double bit_rate;	   /* bits a pixel, of WSQ and JPEG 2000; a JPEG of about as much */
	unsigned ppi;		   /* of prints that name none; 0: such a print is refused */
};
/* By the settings finger.format, finger.bit-rate, finger.ppi. CC_E_FORMAT "issue.setting". */
CC_MUST cc_status finger_params_load(const struct config *c, struct finger_params *ret, struct cc_error *err);
/* "wsq", "jpeg", "jp2", "raw"; false for anything else. */
CC_MUST bool finger_coding_find(const char *name, enum finger_coding *ret);
/* A number like "0.75" within what wsq_encode takes. */
CC_MUST bool finger_bit_rate_parse(const char *text, double *ret);

/* The station's bounds: those of biometrics/finger_quality.c, changed by HOME/finger.json {"contrast": {"min": 25}}. */
CC_MUST cc_status finger_rules_load(const struct config *c, struct finger_rules *ret, struct cc_error *err);

/* The coded picture of one print. */
CC_MUST cc_status finger_code(const struct finger_entry *e, const struct finger_params *params, struct buf *ret,
			      struct cc_error *err);
/*
 * An ISO/IEC 19794-4 record of one finger. quality: 0 to 100 or
 * FINGER_QUALITY_UNKNOWN. CC_E_ARG "finger.no-resolution".
 */
CC_MUST cc_status finger_make_record(const struct finger_entry *e, unsigned position, unsigned quality,
				     const struct finger_params *params, struct buf *ret, struct cc_error *err);

#endif
