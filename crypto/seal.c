/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/seal.h"

#include "crypto/base/secret.h"

#include <limits.h>
#include <openssl/evp.h>

#define NONCE_LEN 12
#define TAG_LEN 16
#define TEXT_MAX (INT_MAX / 2) /* the library counts in int */

static EVP_CIPHER_CTX *gcm_new(struct bytes key, const uint8_t *nonce, struct bytes aad, int encrypt)
{
	EVP_CIPHER *evp = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n;

	/* Its nonce is 12 bytes unless told otherwise. */
	if (evp == NULL || ctx == NULL || EVP_CipherInit_ex2(ctx, evp, key.p, nonce, encrypt, NULL) != 1 ||
	    (aad.n > 0 && EVP_CipherUpdate(ctx, NULL, &n, aad.p, (int)aad.n) != 1)) {
		EVP_CIPHER_CTX_free(ctx);
		ctx = NULL;
	}
	EVP_CIPHER_free(evp);
	return ctx;
}

static bool gcm_text(EVP_CIPHER_CTX *ctx, struct bytes in, uint8_t *out)
{
	int n = 0;

	if (in.n == 0)
		return true;
	return EVP_CipherUpdate(ctx, out, &n, in.p, (int)in.n) == 1 && (size_t)n == in.n;
}

cc_status seal_encrypt(struct bytes key, struct bytes aad, struct bytes plain, const struct sys *sys, struct buf *ret)
{
	EVP_CIPHER_CTX *ctx = NULL;
	struct buf out = { 0 };
	uint8_t *text, *tag;
	int n;
	cc_status st;

	if (key.n != SEAL_KEY_LEN)
		return cc_code_status(CC_E_ARG);
	if (plain.n > TEXT_MAX || aad.n > TEXT_MAX)
		return cc_code_status(CC_E_LIMIT);
	st = buf_zero(&out, plain.n + SEAL_OVERHEAD);
	if (cc_failed(st))
		return st;
	text = out.p + NONCE_LEN;
	tag = text + plain.n;
	st = sys_random(sys, out.p, NONCE_LEN);
	if (cc_failed(st))
		goto out;
	st = cc_code_status(CC_E_CRYPTO);
	ctx = gcm_new(key, out.p, aad, 1);
	if (ctx == NULL || !gcm_text(ctx, plain, text) || EVP_CipherFinal_ex(ctx, tag, &n) != 1 ||
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_LEN, tag) != 1)
		goto out;
	buf_move(ret, &out);
	st = cc_ok();
out:
	EVP_CIPHER_CTX_free(ctx);
	buf_done(&out);
	return st;
}

cc_status seal_decrypt(struct bytes key, struct bytes aad, struct bytes sealed, struct buf *ret)
{
	EVP_CIPHER_CTX *ctx = NULL;
	struct buf out = { 0 };
	struct cursor in;
	uint8_t nonce[NONCE_LEN], tag[TAG_LEN], none[TAG_LEN];
	struct bytes text;
	int n;
	cc_status st;

	if (key.n != SEAL_KEY_LEN)
		return cc_code_status(CC_E_ARG);
	if (sealed.n > TEXT_MAX || aad.n > TEXT_MAX)
		return cc_code_status(CC_E_LIMIT);
	cursor_init(&in, sealed);
	if (!cursor_copy(&in, nonce, sizeof nonce) || cursor_left(&in) < TAG_LEN ||
	    !cursor_take(&in, cursor_left(&in) - TAG_LEN, &text) || !cursor_copy(&in, tag, sizeof tag))
		return cc_code_status(CC_E_VERIFY);
	st = buf_zero(&out, text.n);
	if (cc_failed(st))
		return st;
	st = cc_code_status(CC_E_CRYPTO);
	ctx = gcm_new(key, nonce, aad, 0);
	if (ctx == NULL || !gcm_text(ctx, text, out.p) || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_LEN, tag) != 1)
		goto out;
	/* Nothing of the text leaves before its tag was checked. */
	if (EVP_CipherFinal_ex(ctx, none, &n) != 1) {
		st = cc_code_status(CC_E_VERIFY);
		goto out;
	}
	buf_move(ret, &out);
	st = cc_ok();
out:
	EVP_CIPHER_CTX_free(ctx);
	buf_done(&out);
	return st;
}
