/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pace_prf.h"

#include "crypto/base/secret.h"
#include "crypto/bignum.h"

#include <string.h>

#define NONCE_MAX 32
#define MARGIN_BITS 64
#define OUTPUT_MAX (256 + 8 + NONCE_MAX)

/* ICAO 9303-11 4.4.3.3.2: the constants, for l = 128 and l = 256 */
static const uint8_t c0_128[] = {
	0xA6, 0x68, 0x89, 0x2A, 0x7C, 0x41, 0xE3, 0xCA, 0x73, 0x9F, 0x40, 0xB0, 0x57, 0xD8, 0x59, 0x04
};
static const uint8_t c1_128[] = {
	0xA4, 0xE1, 0x36, 0xAC, 0x72, 0x5F, 0x73, 0x8B, 0x01, 0xC1, 0xF6, 0x02, 0x17, 0xC1, 0x88, 0xAD
};
static const uint8_t c0_256[] = {
	0xD4, 0x63, 0xD6, 0x52, 0x34, 0x12, 0x4E, 0xF7, 0x89, 0x70, 0x54, 0x98, 0x6D, 0xCA, 0x0A, 0x17,
	0x4E, 0x28, 0xDF, 0x75, 0x8C, 0xBA, 0xA0, 0x3F, 0x24, 0x06, 0x16, 0x41, 0x4D, 0x5A, 0x16, 0x76
};
static const uint8_t c1_256[] = {
	0x54, 0xBD, 0x72, 0x55, 0xF0, 0xAA, 0xF8, 0x31, 0xBE, 0xC3, 0x42, 0x3F, 0xCF, 0x39, 0xD6, 0x9B,
	0x6C, 0xBF, 0x06, 0x66, 0x77, 0xD0, 0xFA, 0xAE, 0x5A, 0xAD, 0xD9, 0x9D, 0xF8, 0xE5, 0x35, 0x17
};

size_t pace_nonce_len(enum cipher_alg alg)
{
	return cipher_key_len(alg) <= 16 ? 16 : 32;
}

/* CBC with a zero IV under the first cipher_key_len bytes of key: the truncation that AES-192 needs. */
static cc_status encrypt(enum cipher_alg alg, const uint8_t *key, struct bytes in, uint8_t *out)
{
	static const uint8_t zero_iv[CIPHER_BLOCK_MAX];
	struct cipher *c = NULL;
	cc_status st = cipher_new(alg, bytes_of(key, cipher_key_len(alg)), &c);

	if (!cc_failed(st))
		st = cipher_cbc_encrypt(c, zero_iv, in, out);
	cipher_free(&c);
	return st;
}

/* ICAO 9303-11 figure 2: k0 = E(t, s); x_i = E(k_i-1, c1), k_i = E(k_i-1, c0). */
static cc_status fill(enum cipher_alg alg, struct bytes s, struct bytes t, uint8_t *x, size_t blocks)
{
	size_t l = s.n;
	struct bytes c0 = l == 16 ? bytes_of(c0_128, l) : bytes_of(c0_256, l);
	struct bytes c1 = l == 16 ? bytes_of(c1_128, l) : bytes_of(c1_256, l);
	uint8_t key[NONCE_MAX], next[NONCE_MAX];
	cc_status st = encrypt(alg, t.p, s, key);

	for (size_t i = 0; i < blocks && !cc_failed(st); i++) {
		st = encrypt(alg, key, c1, x + i * l);
		if (!cc_failed(st))
			st = encrypt(alg, key, c0, next);
		memcpy(key, next, l);
	}
	cc_wipe(key, sizeof key);
	cc_wipe(next, sizeof next);
	return st;
}

static cc_status reduce(struct bytes x, struct bytes prime, struct buf *ret)
{
	BN_CTX *ctx = BN_CTX_secure_new();
	BIGNUM *n = BN_bin2bn(x.p, (int)x.n, NULL), *p = BN_bin2bn(prime.p, (int)prime.n, NULL);
	cc_status st = cc_code_status(CC_E_MEMORY);

	if (ctx != NULL && n != NULL && p != NULL)
		st = BN_nnmod(n, n, p, ctx) == 1 ? bignum_put(n, prime.n, ret) : cc_code_status(CC_E_CRYPTO);
	BN_clear_free(n);
	BN_free(p);
	BN_CTX_free(ctx);
	return st;
}

static size_t bit_len(struct bytes prime)
{
	size_t bits = 8 * prime.n;

	for (size_t i = 0; i < prime.n; i++) {
		for (unsigned mask = 0x80; mask != 0; mask >>= 1, bits--) {
			if ((prime.p[i] & mask) != 0)
				return bits;
		}
	}
	return 0;
}

cc_status pace_prf(enum cipher_alg alg, struct bytes s, struct bytes t, struct bytes prime, struct buf *ret)
{
	uint8_t x[OUTPUT_MAX];
	size_t bits = bit_len(prime), blocks;
	cc_status st;

	if (s.n != pace_nonce_len(alg) || t.n != cipher_key_len(alg) || prime.n > 256 || bits == 0)
		return cc_code_status(CC_E_ARG);
	/* The smallest n with n * l >= log2 p + 64. */
	blocks = (bits + MARGIN_BITS + 8 * s.n - 1) / (8 * s.n);
	CC_ASSERT(blocks * s.n <= sizeof x);
	st = fill(alg, s, t, x, blocks);
	if (!cc_failed(st))
		st = reduce(bytes_of(x, blocks * s.n), prime, ret);
	cc_wipe(x, sizeof x);
	return st;
}
