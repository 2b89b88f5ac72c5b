/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CRYPTO_BIGNUM_H
#define CC_CRYPTO_BIGNUM_H

#include "crypto/base/buf.h"
#include "crypto/base/err.h"

#include <openssl/bn.h>

/* A secret number: in the library's secure arena when there is one, flagged for constant-time arithmetic. NULL: no memory. */
BIGNUM *bignum_secret(struct bytes in);
/* Big-endian in len bytes, zeros in front; CC_E_CRYPTO when it does not fit. */
CC_MUST cc_status bignum_put(const BIGNUM *bn, size_t len, struct buf *ret);

#endif
