/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_INSPECT_ISSUING_STATE_H
#define CC_CARD_INSPECT_ISSUING_STATE_H

#include <stdbool.h>

/*
 * Whether a country signer of `country` (two letters, ICAO 9303-12 7.1) speaks
 * for the issuing state of an MRZ (one to three letters, ICAO 9303-3 5). Without
 * this, each country of a master list could sign documents of any other.
 */
bool issuing_state_is(const char *issuer, const char country[3]);

#endif
