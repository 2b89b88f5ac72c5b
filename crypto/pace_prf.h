/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CRYPTO_PACE_PRF_H
#define CC_CRYPTO_PACE_PRF_H

#include "crypto/base/buf.h"
#include "crypto/base/bytes.h"
#include "crypto/base/err.h"
#include "crypto/cipher.h"

#include <stddef.h>

/*
 * The pseudo-random function of PACE's integrated mapping, ICAO 9303-11
 * 4.4.3.3.2. The chip's nonce s has pace_nonce_len bytes, the terminal's nonce t
 * is a key of the cipher: cipher_key_len bytes; others are CC_E_ARG.
 */
size_t pace_nonce_len(enum cipher_alg alg); /* l: 16 for 3DES and AES-128, 32 for AES-192 and AES-256 */
/* R(s, t) mod p as prime.n bytes. prime: big-endian. */
CC_MUST cc_status pace_prf(enum cipher_alg alg, struct bytes s, struct bytes t, struct bytes prime, struct buf *ret);

#endif
