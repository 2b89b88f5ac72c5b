/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_BIOMETRICS_CONTACT_SHEET_H
#define CC_BIOMETRICS_CONTACT_SHEET_H

#include "biometrics/portrait.h"

/*
 * A picture for the officer: at the left the photo with the piece that is cut
 * (red), the landmarks (green) and the eyes' centres (blue); at the right the
 * portrait with the bands of ISO/IEC 19794-5:2005 8.3 in which the middle of
 * the eyes must lie, and the head's outline as the geometry takes it.
 */
CC_MUST cc_status contact_sheet(const struct image *photo, const struct face *face, const struct portrait *portrait,
				struct image *ret, struct cc_error *err);

#endif
