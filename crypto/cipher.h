/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CRYPTO_CIPHER_H
#define CC_CRYPTO_CIPHER_H

#include "crypto/base/bytes.h"
#include "crypto/base/buf.h"
#include "crypto/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Block ciphers and MACs of the chip protocols. An object holds its key
 * schedule, so that a session pays for it once; free wipes. Not shared between
 * threads.
 *
 * CIPHER_TDES is two-key triple DES (16-byte key, ISO/IEC 18033-3 keying option 2), block 8.
 */
enum cipher_alg { CIPHER_TDES, CIPHER_AES128, CIPHER_AES192, CIPHER_AES256, CIPHER_ALG_COUNT };

#define CIPHER_BLOCK_MAX 16

struct cipher;

size_t cipher_key_len(enum cipher_alg alg);   /* 16, 16, 24, 32 */
size_t cipher_block_len(enum cipher_alg alg); /* 8, 16, 16, 16 */

/* AES by the length of its key: 16, 24, 32; false otherwise. */
bool cipher_aes_from_key_len(size_t key_len, enum cipher_alg *ret);

/* key.n must be cipher_key_len(alg), else CC_E_ARG. */
CC_MUST cc_status cipher_new(enum cipher_alg alg, struct bytes key, struct cipher **ret);
void cipher_free(struct cipher **c);
/* CBC without padding: in.n a multiple of the block (else CC_E_FORMAT). iv: one block. out has in.n bytes and may be in.p. */
CC_MUST cc_status cipher_cbc_encrypt(struct cipher *c, const uint8_t *iv, struct bytes in, uint8_t *out);
CC_MUST cc_status cipher_cbc_decrypt(struct cipher *c, const uint8_t *iv, struct bytes in, uint8_t *out);
/* One block (SSC -> IV, SCP03 ICV). */
CC_MUST cc_status cipher_encrypt_block(struct cipher *c, const uint8_t *in, uint8_t *out);

/*
 * MAC: AES-CMAC (NIST SP 800-38B, 16 bytes) or, for CIPHER_TDES, ISO/IEC
 * 9797-1 MAC algorithm 3 (retail MAC, 8 bytes) over data that the caller has
 * padded (method 2). Callers cut to what their protocol sends.
 */
struct mac;

CC_MUST cc_status mac_new(enum cipher_alg alg, struct bytes key, struct mac **ret);
void mac_free(struct mac **m);
size_t mac_len(const struct mac *m); /* 8 or 16 */
/* MAC over the parts one after the other; out has mac_len bytes. Retail MAC: CC_E_FORMAT unless all is one or more blocks. */
CC_MUST cc_status mac_compute(struct mac *m, const struct bytes *parts, size_t count, uint8_t *out);

/* ISO/IEC 9797-1 padding method 2: 80 00.. to a multiple of block. Appends always. */
void pad_iso9797_2(struct writer *w, struct bytes in, size_t block);
/* Length without padding; CC_E_FORMAT when there is none. Constant time is not needed: a MAC was checked before. */
CC_MUST cc_status pad_iso9797_2_strip(struct bytes in, size_t block, struct bytes *ret);

#endif
