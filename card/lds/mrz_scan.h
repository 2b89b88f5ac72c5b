/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_LDS_MRZ_SCAN_H
#define CC_CARD_LDS_MRZ_SCAN_H

#include "card/lds/mrz.h"

/* The tolerant half of mrz_read (MRZ_READ_SCAN); callers use mrz_read. */
CC_MUST cc_status mrz_scan_read(struct bytes text, struct mrz *ret, struct cc_error *err);

#endif
