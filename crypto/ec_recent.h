/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CRYPTO_EC_RECENT_H
#define CC_CRYPTO_EC_RECENT_H

#include "crypto/base/bytes.h"
#include "crypto/ec.h"

#include <openssl/evp.h>

/*
 * Public keys that verified something lately, as verifications that are begun;
 * ec_sig.c's own. A document signer's key comes back with each of its cards, a
 * country signer's with each check, and making it anew is a tenth of a
 * verification. What a key is depends on curve and point alone: one that is here
 * was checked to be a point of full order, and is found by all its bytes. That a
 * key is known says nothing of whether it is trusted. Thread-safe.
 */

/* A copy, the caller's; NULL when it isn't here. */
EVP_PKEY_CTX *ec_recent_take(enum ec_curve curve, struct bytes point);
/* point: checked. Keeps a copy in the place of the one that wasn't asked for the longest. */
void ec_recent_keep(enum ec_curve curve, struct bytes point, const EVP_PKEY_CTX *begun);

#endif
