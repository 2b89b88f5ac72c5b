/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CRYPTO_BER_H
#define CC_CRYPTO_BER_H

#include "crypto/base/buf.h"
#include "crypto/base/bytes.h"
#include "crypto/base/err.h"

#include <stdbool.h>

/*
 * BER with indefinite lengths and strings in pieces (X.690 8.1.3.6, 8.7.3), as
 * some signers write CMS, to definite lengths and whole strings. What needs no
 * change keeps its bytes, so that certificates and signed attributes inside
 * still carry their signatures.
 */
#define BER_DEPTH_MAX 16

/* in: one object, all bytes used. CC_E_FORMAT; CC_E_LIMIT when it nests too deep. *ret_changed: something had to be rewritten. */
CC_MUST cc_status ber_to_definite(struct bytes in, struct buf *ret, bool *ret_changed);

#endif
