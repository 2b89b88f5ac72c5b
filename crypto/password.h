/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CRYPTO_PASSWORD_H
#define CC_CRYPTO_PASSWORD_H

#include "crypto/base/bytes.h"
#include "crypto/base/err.h"
#include "crypto/base/secret.h"

#include <stdint.h>

/* Argon2id (RFC 9106): a 32-byte key from a password. Cost is stored with what it protects. */
struct password_cost {
	uint32_t memory_kib;
	uint32_t passes;
	uint32_t lanes;
};

/* salt: at least 16 bytes. Cost outside 8 MiB..1 GiB, 1..10, 1..8: CC_E_LIMIT (a hostile file must not stall us). */
CC_MUST cc_status password_key(struct bytes password, struct bytes salt, struct password_cost cost, struct secret *ret);

#endif
