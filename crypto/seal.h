/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CRYPTO_SEAL_H
#define CC_CRYPTO_SEAL_H

#include "crypto/base/buf.h"
#include "crypto/base/bytes.h"
#include "crypto/base/err.h"
#include "crypto/base/sys.h"

/*
 * Authenticated encryption at rest: AES-256-GCM (NIST SP 800-38D), a random
 * 12-byte nonce, output nonce || ciphertext || 16-byte tag. `aad` binds the
 * text to its place (file and version, or table, column, row, key version).
 */
#define SEAL_KEY_LEN 32
#define SEAL_OVERHEAD 28

CC_MUST cc_status seal_encrypt(struct bytes key, struct bytes aad, struct bytes plain, const struct sys *sys, struct buf *ret);
/* CC_E_VERIFY when key, aad or text are wrong. */
CC_MUST cc_status seal_decrypt(struct bytes key, struct bytes aad, struct bytes sealed, struct buf *ret);

/*
 * The same for many texts under one key, which is prepared once; nonces come from
 * a stock of random bytes. One thread at a time. NIST SP 800-38D 8.3: a key seals at
 * most 2^32 texts.
 */
struct sealer;
CC_MUST cc_status sealer_new(struct bytes key, const struct sys *sys, struct sealer **ret);
CC_MUST cc_status sealer_encrypt(struct sealer *s, struct bytes aad, struct bytes plain, struct buf *ret);
CC_MUST cc_status sealer_decrypt(struct sealer *s, struct bytes aad, struct bytes sealed, struct buf *ret);
void sealer_free(struct sealer **s); /* wipes; NULL-safe */

#endif
