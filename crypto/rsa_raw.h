/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CRYPTO_RSA_RAW_H
#define CC_CRYPTO_RSA_RAW_H

#include "crypto/base/buf.h"
#include "crypto/base/bytes.h"
#include "crypto/base/err.h"

/*
 * The bare RSA public operation (RFC 8017 5.2.2, RSAVP1): in ** exponent mod
 * modulus. For the one scheme that OpenSSL doesn't have, ISO/IEC 9796-2; all
 * others go through pubkey.h.
 *
 * ret: as many bytes as the modulus. CC_E_VERIFY when `in` isn't below the
 * modulus; CC_E_LIMIT when modulus or `in` is longer than 8192 bits, or the
 * exponent longer than 64 (a huge one is a way to stall a verifier);
 * CC_E_FORMAT for a modulus or exponent that is even or empty.
 */
CC_MUST cc_status rsa_raw_public(struct bytes modulus, struct bytes exponent, struct bytes in, struct buf *ret);
/* modulus - in, as many bytes as the modulus: the other root of ISO/IEC 9796-2. CC_E_VERIFY when `in` is above the modulus. */
CC_MUST cc_status rsa_raw_complement(struct bytes modulus, struct bytes in, struct buf *ret);

#endif
