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

#endif
