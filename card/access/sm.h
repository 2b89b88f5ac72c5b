/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_ACCESS_SM_H
#define CC_CARD_ACCESS_SM_H

#include "card/apdu.h"
#include "crypto/cipher.h"

#include <stdint.h>

/*
 * Secure messaging of ICAO 9303-11 9.8 (host side). 3DES: SSC of 8 bytes, zero
 * IV, retail MAC; AES: SSC of 16 bytes, IV = E(KSenc, SSC), CMAC cut to 8.
 * Data objects 87/85, 97, 99, 8E.
 */

/* ssc: cipher_block_len(alg) bytes (BAC: from the random numbers; PACE, CA: zeros). Keys are copied. */
CC_MUST cc_status sm_new(enum cipher_alg alg, struct bytes k_enc, struct bytes k_mac, struct bytes ssc,
			 struct secure_layer **ret);

#endif
