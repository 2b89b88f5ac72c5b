/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_PORTRAIT_DG2_H
#define CC_STATION_PORTRAIT_DG2_H

#include "biometrics/face_record.h"
#include "biometrics/portrait.h"
#include "station/portrait_case.h"

/*
 * The portrait as DG2 (ICAO Doc 9303-10 4.7.2): the record of ISO/IEC 19794-5
 * under 5F2E, or that of ISO/IEC 39794-5 under 7F2E, and either read back.
 */
struct portrait_subject {
	bool male;
	bool eyes_known; /* the eyes of the portrait are set */
};
CC_MUST cc_status portrait_dg2_make(const struct portrait *p, const struct portrait_subject *subject,
				    enum portrait_record standard, size_t limit, struct buf *ret, struct cc_error *err);

struct portrait_dg2 {
	enum portrait_record standard;
	enum face_coding coding; /* by its first bytes */
	struct bytes picture;	 /* a view into the file */
	unsigned width, height;	 /* as the record says; 0: it doesn't */
};
/* The first picture of the first record. CC_E_FORMAT "dg2.structure", "face.record-malformed", "face.record-image"; CC_E_LIMIT.
 */
CC_MUST cc_status portrait_dg2_read(struct bytes file, struct portrait_dg2 *ret, struct cc_error *err);

#endif
