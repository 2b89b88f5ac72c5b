/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CRYPTO_HASH_H
#define CC_CRYPTO_HASH_H

#include "crypto/base/bytes.h"
#include "crypto/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* FIPS 180-4. SHA-1 only where a protocol fixes it (BAC, 3DES key derivation) and to read old documents. */
enum hash_alg { HASH_SHA1, HASH_SHA224, HASH_SHA256, HASH_SHA384, HASH_SHA512, HASH_COUNT };

#define HASH_LEN_MAX 64

struct digest {
	size_t n;
	uint8_t p[HASH_LEN_MAX];
};

size_t hash_len(enum hash_alg alg);
const char *hash_name(enum hash_alg alg); /* "SHA-256" */
struct bytes hash_oid(enum hash_alg alg); /* OID content bytes */
bool hash_from_oid(struct bytes oid, enum hash_alg *ret);
bool hash_from_name(const char *name, enum hash_alg *ret); /* "sha256", "SHA-256" */

CC_MUST cc_status hash_digest(enum hash_alg alg, struct bytes in, struct digest *ret);
/* Hash of the parts one after the other. */
CC_MUST cc_status hash_digest_parts(enum hash_alg alg, const struct bytes *parts, size_t count, struct digest *ret);
CC_MUST cc_status hash_hmac(enum hash_alg alg, struct bytes key, struct bytes in, struct digest *ret);

/* HMAC of many messages under one key: the key is prepared once. One thread at a time. */
struct hmac;
CC_MUST cc_status hmac_new(enum hash_alg alg, struct bytes key, struct hmac **ret);
CC_MUST cc_status hmac_run(struct hmac *h, struct bytes in, struct digest *ret);
void hmac_free(struct hmac **h); /* wipes; NULL-safe */

#endif
