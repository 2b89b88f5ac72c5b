/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_ACCESS_ACTIVE_AUTH_H
#define CC_CARD_ACCESS_ACTIVE_AUTH_H

#include "card/apdu.h"
#include "crypto/base/sys.h"
#include "crypto/pubkey.h"

/* Active Authentication, ICAO 9303-11 6.1: RSA by ISO/IEC 9796-2 scheme 1, ECDSA plain (and DER, as some chips answer). */

/*
 * Checks a recorded answer. hash: from DG14's ActiveAuthenticationInfo for
 * ECDSA; for RSA it is in the trailer. CC_E_VERIFY when wrong.
 */
CC_MUST cc_status active_auth_verify(const struct pubkey *key, enum hash_alg hash, struct bytes challenge, struct bytes answer);
/* INTERNAL AUTHENTICATE with 8 fresh random bytes and the check. ret_challenge (8) and ret_answer are the evidence, also on
 * CC_E_VERIFY. */
CC_MUST cc_status active_auth_run(struct channel *ch, const struct pubkey *key, enum hash_alg hash, const struct sys *sys,
				  uint8_t ret_challenge[8], struct buf *ret_answer);

#endif
