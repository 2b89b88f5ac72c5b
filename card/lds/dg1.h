/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_LDS_DG1_H
#define CC_CARD_LDS_DG1_H

#include "card/lds/mrz.h"
#include "crypto/base/buf.h"

/* DG1, ICAO 9303-10 4.7.1: 61 { 5F1F MRZ }. */

/* mrz_text: 72, 88 or 90 characters; checked by mrz_read with every check digit good, else CC_E_ARG "dg1.mrz". */
CC_MUST cc_status dg1_encode(const char *mrz_text, struct buf *ret, struct cc_error *err);
/* file: whole DG1. CC_E_FORMAT "dg1.structure", or of the MRZ. */
CC_MUST cc_status dg1_parse(struct bytes file, struct mrz *ret, struct cc_error *err);

#endif
