/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/seal.h"

#include "crypto/base/secret.h"

#include <limits.h>
#include <openssl/evp.h>
#include <string.h>

#define NONCE_LEN 12
#define TAG_LEN 16
#define TEXT_MAX (INT_MAX / 2) /* the library counts in int */

#define NONCE_STOCK 64

struct sealer {
	EVP_CIPHER_CTX *ctx;
	const struct sys *sys;
	size_t nonces_left;
	uint8_t nonces[NONCE_STOCK * NONCE_LEN];
};

void sealer_free(struct sealer **s)
{
	if (s == NULL || *s == NULL)
		return;
	EVP_CIPHER_CTX_free((*s)->ctx);
	cc_free(*s, sizeof **s);
	*s = NULL;
}

cc_status sealer_new(struct bytes key, const struct sys *sys, struct sealer **ret)
{
	struct sealer *s;
	EVP_CIPHER *evp;

	if (key.n != SEAL_KEY_LEN)
		return cc_code_status(CC_E_ARG);
	s = cc_alloc(sizeof *s);
	if (s == NULL)
		return cc_code_status(CC_E_MEMORY);
	s->sys = sys;
	evp = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	s->ctx = EVP_CIPHER_CTX_new();
	if (evp == NULL || s->ctx == NULL || EVP_CipherInit_ex2(s->ctx, evp, key.p, NULL, 1, NULL) != 1)
		sealer_free(&s);
	EVP_CIPHER_free(evp);
	if (s == NULL)
		return cc_code_status(CC_E_CRYPTO);
	*ret = s;
	return cc_ok();
}

/* Its nonce is 12 bytes unless told otherwise; the key stays. */
static bool gcm_begin(EVP_CIPHER_CTX *ctx, const uint8_t *nonce, struct bytes aad, int encrypt)
{
	int n;

	return EVP_CipherInit_ex2(ctx, NULL, NULL, nonce, encrypt, NULL) == 1 &&
	       (aad.n == 0 || EVP_CipherUpdate(ctx, NULL, &n, aad.p, (int)aad.n) == 1);
}

static bool gcm_text(EVP_CIPHER_CTX *ctx, struct bytes in, uint8_t *out)
{
	int n = 0;

	if (in.n == 0)
		return true;
	return EVP_CipherUpdate(ctx, out, &n, in.p, (int)in.n) == 1 && (size_t)n == in.n;
}

/* Each nonce leaves the stock once. */
static cc_status take_nonce(struct sealer *s, uint8_t *out)
{
	if (s->nonces_left == 0) {
		cc_status st = sys_random(s->sys, s->nonces, sizeof s->nonces);

		if (cc_failed(st))
			return st;
		s->nonces_left = NONCE_STOCK;
	}
	memcpy(out, s->nonces + --s->nonces_left * NONCE_LEN, NONCE_LEN);
	return cc_ok();
}

cc_status sealer_encrypt(struct sealer *s, struct bytes aad, struct bytes plain, struct buf *ret)
{
	struct buf out = { 0 };
	uint8_t *text, *tag;
	int n;
	cc_status st;

	if (plain.n > TEXT_MAX || aad.n > TEXT_MAX)
		return cc_code_status(CC_E_LIMIT);
	st = buf_zero(&out, plain.n + SEAL_OVERHEAD);
	if (cc_failed(st))
		return st;
	text = out.p + NONCE_LEN;
	tag = text + plain.n;
	st = take_nonce(s, out.p);
	if (!cc_failed(st) &&
	    (!gcm_begin(s->ctx, out.p, aad, 1) || !gcm_text(s->ctx, plain, text) || EVP_CipherFinal_ex(s->ctx, tag, &n) != 1 ||
	     EVP_CIPHER_CTX_ctrl(s->ctx, EVP_CTRL_AEAD_GET_TAG, TAG_LEN, tag) != 1))
		st = cc_code_status(CC_E_CRYPTO);
	if (!cc_failed(st))
		buf_move(ret, &out);
	buf_done(&out);
	return st;
}

cc_status sealer_decrypt(struct sealer *s, struct bytes aad, struct bytes sealed, struct buf *ret)
{
	struct buf out = { 0 };
	struct cursor in;
	uint8_t nonce[NONCE_LEN], tag[TAG_LEN], none[TAG_LEN];
	struct bytes text;
	int n;
	cc_status st;

	if (sealed.n > TEXT_MAX || aad.n > TEXT_MAX)
		return cc_code_status(CC_E_LIMIT);
	cursor_init(&in, sealed);
	if (!cursor_copy(&in, nonce, sizeof nonce) || cursor_left(&in) < TAG_LEN ||
	    !cursor_take(&in, cursor_left(&in) - TAG_LEN, &text) || !cursor_copy(&in, tag, sizeof tag))
		return cc_code_status(CC_E_VERIFY);
	st = buf_zero(&out, text.n);
	if (cc_failed(st))
		return st;
	if (!gcm_begin(s->ctx, nonce, aad, 0) || !gcm_text(s->ctx, text, out.p) ||
	    EVP_CIPHER_CTX_ctrl(s->ctx, EVP_CTRL_AEAD_SET_TAG, TAG_LEN, tag) != 1)
		st = cc_code_status(CC_E_CRYPTO);
	/* Nothing of the text leaves before its tag was checked. */
	else if (EVP_CipherFinal_ex(s->ctx, none, &n) != 1)
		st = cc_code_status(CC_E_VERIFY);
	else
		buf_move(ret, &out);
	buf_done(&out);
	return st;
}

cc_status seal_encrypt(struct bytes key, struct bytes aad, struct bytes plain, const struct sys *sys, struct buf *ret)
{
	struct sealer *s = NULL;
	cc_status st = sealer_new(key, sys, &s);

	if (!cc_failed(st))
		st = sealer_encrypt(s, aad, plain, ret);
	sealer_free(&s);
	return st;
}

cc_status seal_decrypt(struct bytes key, struct bytes aad, struct bytes sealed, struct buf *ret)
{
	struct sealer *s = NULL;
	cc_status st = sealer_new(key, NULL, &s);

	if (!cc_failed(st))
		st = sealer_decrypt(s, aad, sealed, ret);
	sealer_free(&s);
	return st;
}
