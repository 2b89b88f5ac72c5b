/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_ATR_H
#define CC_CARD_ATR_H

#include "crypto/base/bytes.h"
#include "crypto/base/err.h"

#include <stdbool.h>

/* Answer to reset (ISO/IEC 7816-3 8.2) and what its historical bytes say (7816-4:2020 12.1.1). */
struct atr_capabilities {
	bool chaining;	  /* command chaining */
	bool extended;	  /* extended Lc and Le fields */
	bool length_info; /* EF.ATR/INFO holds the extended length information */
};

/* A view of the historical bytes; CC_E_FORMAT when the ATR isn't one. */
CC_MUST cc_status atr_historical(struct bytes atr, struct bytes *ret);
/* All false when the historical bytes carry no card capabilities, or are not readable. */
struct atr_capabilities atr_capabilities(struct bytes atr);
/*
 * Extended length information (7816-4:2020 12.7.1) among the data objects of
 * `in`: 7F66 { 02 longest command APDU, 02 longest response APDU }, in bytes.
 * CC_E_NOT_FOUND when there is none, CC_E_FORMAT when it is malformed.
 */
CC_MUST cc_status atr_length_info(struct bytes in, size_t *ret_command, size_t *ret_response);

#endif
