/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/cipher.h"

#include "crypto/base/secret.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <string.h>

#define TDES_BLOCK 8
#define DES_KEY_LEN 8

struct alg_info {
	size_t key_len, block_len;
	const char *cbc_name;
};

static const struct alg_info infos[CIPHER_ALG_COUNT] = {
	[CIPHER_TDES] = { 16, 8, "DES-EDE-CBC" },
	[CIPHER_AES128] = { 16, 16, "AES-128-CBC" },
	[CIPHER_AES192] = { 24, 16, "AES-192-CBC" },
	[CIPHER_AES256] = { 32, 16, "AES-256-CBC" },
};

static const struct alg_info *info_of(enum cipher_alg alg)
{
	CC_ASSERT(alg < CIPHER_ALG_COUNT);
	return &infos[alg];
}

size_t cipher_key_len(enum cipher_alg alg)
{
	return info_of(alg)->key_len;
}

size_t cipher_block_len(enum cipher_alg alg)
{
	return info_of(alg)->block_len;
}

bool cipher_aes_from_key_len(size_t key_len, enum cipher_alg *ret)
{
	for (enum cipher_alg alg = CIPHER_AES128; alg <= CIPHER_AES256; alg++) {
		if (infos[alg].key_len == key_len) {
			*ret = alg;
			return true;
		}
	}
	return false;
}

struct cipher {
	size_t block_len;
	EVP_CIPHER *evp;
	EVP_CIPHER_CTX *enc, *dec; /* the key schedules; only the IV changes from call to call */
};

static EVP_CIPHER_CTX *context_new(const EVP_CIPHER *evp, const uint8_t *key, int encrypt)
{
	static const uint8_t zero_iv[CIPHER_BLOCK_MAX];
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

	if (ctx != NULL && EVP_CipherInit_ex2(ctx, evp, key, zero_iv, encrypt, NULL) == 1 &&
	    EVP_CIPHER_CTX_set_padding(ctx, 0) == 1)
		return ctx;
	EVP_CIPHER_CTX_free(ctx);
	return NULL;
}

cc_status cipher_new(enum cipher_alg alg, struct bytes key, struct cipher **ret)
{
	const struct alg_info *info = info_of(alg);
	struct cipher *c;

	if (key.n != info->key_len)
		return cc_code_status(CC_E_ARG);
	c = cc_alloc(sizeof *c);
	if (c == NULL)
		return cc_code_status(CC_E_MEMORY);
	c->block_len = info->block_len;
	c->evp = EVP_CIPHER_fetch(NULL, info->cbc_name, NULL);
	if (c->evp != NULL) {
		c->enc = context_new(c->evp, key.p, 1);
		c->dec = context_new(c->evp, key.p, 0);
	}
	if (c->enc == NULL || c->dec == NULL) {
		cipher_free(&c);
		return cc_code_status(CC_E_CRYPTO);
	}
	*ret = c;
	return cc_ok();
}

void cipher_free(struct cipher **c)
{
	if (*c == NULL)
		return;
	EVP_CIPHER_CTX_free((*c)->enc); /* cleanses the key schedule */
	EVP_CIPHER_CTX_free((*c)->dec);
	EVP_CIPHER_free((*c)->evp);
	cc_free(*c, sizeof **c);
	*c = NULL;
}

/* iv NULL: go on with the chain of the last call. */
static cc_status run(EVP_CIPHER_CTX *ctx, size_t block_len, const uint8_t *iv, struct bytes in, uint8_t *out)
{
	int n = 0;

	if (in.n % block_len != 0)
		return cc_code_status(CC_E_FORMAT);
	if (in.n > INT_MAX - CIPHER_BLOCK_MAX)
		return cc_code_status(CC_E_LIMIT);
	if (iv != NULL && EVP_CipherInit_ex2(ctx, NULL, NULL, iv, -1, NULL) != 1)
		return cc_code_status(CC_E_CRYPTO);
	if (in.n == 0)
		return cc_ok();
	if (EVP_CipherUpdate(ctx, out, &n, in.p, (int)in.n) != 1 || (size_t)n != in.n)
		return cc_code_status(CC_E_CRYPTO);
	return cc_ok();
}

cc_status cipher_cbc_encrypt(struct cipher *c, const uint8_t *iv, struct bytes in, uint8_t *out)
{
	return run(c->enc, c->block_len, iv, in, out);
}

cc_status cipher_cbc_decrypt(struct cipher *c, const uint8_t *iv, struct bytes in, uint8_t *out)
{
	return run(c->dec, c->block_len, iv, in, out);
}

cc_status cipher_encrypt_block(struct cipher *c, const uint8_t *in, uint8_t *out)
{
	static const uint8_t zero_iv[CIPHER_BLOCK_MAX];

	/* CBC of one block under a zero IV is the block cipher itself. */
	return run(c->enc, c->block_len, zero_iv, bytes_of(in, c->block_len), out);
}

struct mac {
	size_t len;
	EVP_MAC_CTX *cmac;    /* AES */
	EVP_CIPHER_CTX *des;  /* retail MAC: DES under K1, for all blocks but the last */
	EVP_CIPHER_CTX *tdes; /* retail MAC: EDE under K1, K2, for the last */
};

static cc_status cmac_new(const struct alg_info *info, struct bytes key, EVP_MAC_CTX **ret)
{
	char name[16];
	OSSL_PARAM params[2];
	EVP_MAC *evp = EVP_MAC_fetch(NULL, "CMAC", NULL);
	EVP_MAC_CTX *ctx = evp != NULL ? EVP_MAC_CTX_new(evp) : NULL;

	EVP_MAC_free(evp); /* the context holds its own reference */
	memcpy(name, info->cbc_name, strlen(info->cbc_name) + 1);
	params[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, name, 0);
	params[1] = OSSL_PARAM_construct_end();
	if (ctx == NULL || EVP_MAC_init(ctx, key.p, key.n, params) != 1) {
		EVP_MAC_CTX_free(ctx);
		return cc_code_status(CC_E_CRYPTO);
	}
	*ret = ctx;
	return cc_ok();
}

/*
 * ISO/IEC 9797-1 MAC algorithm 3 with two contexts: single DES is two-key
 * triple DES with equal halves (E D cancel), and the output transformation
 * E_K1(D_K2(.)) joins with the last block's E_K1 to one EDE of that block.
 */
static cc_status retail_new(const struct alg_info *info, struct bytes key, struct mac *m)
{
	EVP_CIPHER *evp = EVP_CIPHER_fetch(NULL, info->cbc_name, NULL);
	uint8_t k1_twice[2 * DES_KEY_LEN];

	if (evp == NULL)
		return cc_code_status(CC_E_CRYPTO);
	memcpy(k1_twice, key.p, DES_KEY_LEN);
	memcpy(k1_twice + DES_KEY_LEN, key.p, DES_KEY_LEN);
	m->des = context_new(evp, k1_twice, 1);
	m->tdes = context_new(evp, key.p, 1);
	cc_wipe(k1_twice, sizeof k1_twice);
	EVP_CIPHER_free(evp); /* the contexts hold their own references */
	return cc_code_status(m->des != NULL && m->tdes != NULL ? CC_OK : CC_E_CRYPTO);
}

cc_status mac_new(enum cipher_alg alg, struct bytes key, struct mac **ret)
{
	const struct alg_info *info = info_of(alg);
	struct mac *m;
	cc_status st;

	if (key.n != info->key_len)
		return cc_code_status(CC_E_ARG);
	m = cc_alloc(sizeof *m);
	if (m == NULL)
		return cc_code_status(CC_E_MEMORY);
	m->len = info->block_len;
	st = alg == CIPHER_TDES ? retail_new(info, key, m) : cmac_new(info, key, &m->cmac);
	if (cc_failed(st)) {
		mac_free(&m);
		return st;
	}
	*ret = m;
	return st;
}

void mac_free(struct mac **m)
{
	if (*m == NULL)
		return;
	EVP_MAC_CTX_free((*m)->cmac);
	EVP_CIPHER_CTX_free((*m)->des);
	EVP_CIPHER_CTX_free((*m)->tdes);
	cc_free(*m, sizeof **m);
	*m = NULL;
}

size_t mac_len(const struct mac *m)
{
	return m->len;
}

static cc_status cmac_compute(struct mac *m, const struct bytes *parts, size_t count, uint8_t *out)
{
	uint8_t tag[CIPHER_BLOCK_MAX];
	size_t n = 0;

	/* Without a key: back to the start, with the subkeys that are there. */
	if (EVP_MAC_init(m->cmac, NULL, 0, NULL) != 1)
		return cc_code_status(CC_E_CRYPTO);
	for (size_t i = 0; i < count; i++) {
		if (parts[i].n > 0 && EVP_MAC_update(m->cmac, parts[i].p, parts[i].n) != 1)
			return cc_code_status(CC_E_CRYPTO);
	}
	if (EVP_MAC_final(m->cmac, tag, &n, sizeof tag) != 1 || n != m->len)
		return cc_code_status(CC_E_CRYPTO);
	memcpy(out, tag, n);
	return cc_ok();
}

/* Chains what is held except its last block, which stays behind: it may be the message's last. */
struct retail_run {
	uint8_t held[256];
	size_t n;
	uint8_t chain[TDES_BLOCK];
};

static cc_status retail_flush(struct mac *m, struct retail_run *r)
{
	uint8_t scratch[sizeof r->held];
	size_t whole = r->n - TDES_BLOCK;
	cc_status st;

	if (whole == 0)
		return cc_ok();
	st = run(m->des, TDES_BLOCK, r->chain, bytes_of(r->held, whole), scratch);
	if (cc_failed(st))
		return st;
	memcpy(r->chain, scratch + whole - TDES_BLOCK, TDES_BLOCK);
	memmove(r->held, r->held + whole, TDES_BLOCK);
	r->n = TDES_BLOCK;
	cc_wipe(scratch, sizeof scratch);
	return st;
}

static cc_status retail_feed(struct mac *m, struct retail_run *r, struct bytes part)
{
	struct cursor in;

	cursor_init(&in, part);
	while (cursor_left(&in) > 0) {
		size_t room, n;

		if (r->n == sizeof r->held) {
			cc_status st = retail_flush(m, r);

			if (cc_failed(st))
				return st;
		}
		room = sizeof r->held - r->n;
		n = cursor_left(&in) < room ? cursor_left(&in) : room;
		if (!cursor_copy(&in, r->held + r->n, n))
			return cc_code_status(CC_E_FORMAT);
		r->n += n;
	}
	return cc_ok();
}

static cc_status retail_compute(struct mac *m, const struct bytes *parts, size_t count, uint8_t *out)
{
	struct retail_run r = { .n = 0 };
	cc_status st = cc_ok();

	for (size_t i = 0; i < count && !cc_failed(st); i++)
		st = retail_feed(m, &r, parts[i]);
	if (!cc_failed(st) && (r.n == 0 || r.n % TDES_BLOCK != 0))
		st = cc_code_status(CC_E_FORMAT);
	if (!cc_failed(st))
		st = retail_flush(m, &r);
	if (!cc_failed(st))
		st = run(m->tdes, TDES_BLOCK, r.chain, bytes_of(r.held, TDES_BLOCK), out);
	cc_wipe(&r, sizeof r);
	return st;
}

cc_status mac_compute(struct mac *m, const struct bytes *parts, size_t count, uint8_t *out)
{
	if (m->cmac != NULL)
		return cmac_compute(m, parts, count, out);
	return retail_compute(m, parts, count, out);
}

void pad_iso9797_2(struct writer *w, struct bytes in, size_t block)
{
	CC_ASSERT(block > 0 && block <= CIPHER_BLOCK_MAX);
	writer_put(w, in);
	writer_u8(w, 0x80);
	writer_fill(w, 0, block - 1 - in.n % block);
}

cc_status pad_iso9797_2_strip(struct bytes in, size_t block, struct bytes *ret)
{
	struct cursor c;
	struct bytes last;

	CC_ASSERT(block > 0 && block <= CIPHER_BLOCK_MAX);
	if (in.n == 0 || in.n % block != 0)
		return cc_code_status(CC_E_FORMAT);
	cursor_init(&c, in);
	/* At most one block: a longer run of zeros is not this padding. */
	for (size_t i = 0; i < block; i++) {
		if (!cursor_take_back(&c, 1, &last))
			break;
		if (last.p[0] == 0x80) {
			*ret = cursor_rest(&c);
			return cc_ok();
		}
		if (last.p[0] != 0)
			break;
	}
	return cc_code_status(CC_E_FORMAT);
}
