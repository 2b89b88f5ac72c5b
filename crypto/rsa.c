/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/rsa.h"

#include "crypto/base/secret.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

struct rsa_key {
	EVP_PKEY *pkey;
};

static cc_status crypto_error(void)
{
	ERR_clear_error();
	return cc_code_status(CC_E_CRYPTO);
}

/* Takes pkey over, also on failure. */
static cc_status wrap(EVP_PKEY *pkey, struct rsa_key **ret)
{
	struct rsa_key *k = cc_alloc(sizeof *k);

	if (k == NULL) {
		EVP_PKEY_free(pkey);
		return cc_code_status(CC_E_MEMORY);
	}
	k->pkey = pkey;
	*ret = k;
	return cc_ok();
}

static cc_status check_public(const BIGNUM *n, const BIGNUM *e)
{
	int bits = BN_num_bits(n);

	if (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX || !BN_is_odd(n))
		return cc_code_status(CC_E_VERIFY);
	if (!BN_is_odd(e) || BN_is_one(e) || BN_cmp(e, n) >= 0)
		return cc_code_status(CC_E_VERIFY);
	return cc_ok();
}

static EVP_PKEY *public_from_numbers(const BIGNUM *n, const BIGNUM *e)
{
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params = NULL;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	EVP_PKEY *pkey = NULL;

	if (bld == NULL || ctx == NULL || !OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, n) ||
	    !OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, e))
		goto out;
	params = OSSL_PARAM_BLD_to_param(bld);
	if (params == NULL || EVP_PKEY_fromdata_init(ctx) <= 0)
		goto out;
	if (EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) <= 0)
		pkey = NULL;
out:
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(bld);
	EVP_PKEY_CTX_free(ctx);
	return pkey;
}

cc_status rsa_key_public(struct bytes modulus, struct bytes exponent, struct rsa_key **ret)
{
	BIGNUM *n = NULL, *e = NULL;
	EVP_PKEY *pkey;
	cc_status st = cc_code_status(CC_E_VERIFY);

	if (modulus.n > RSA_BITS_MAX / 8 + 1 || exponent.n > RSA_BITS_MAX / 8 + 1)
		return st;
	n = BN_bin2bn(modulus.p, (int)modulus.n, NULL);
	e = BN_bin2bn(exponent.p, (int)exponent.n, NULL);
	if (n == NULL || e == NULL) {
		st = cc_code_status(CC_E_MEMORY);
		goto out;
	}
	st = check_public(n, e);
	if (cc_failed(st))
		goto out;
	pkey = public_from_numbers(n, e);
	st = pkey != NULL ? wrap(pkey, ret) : crypto_error();
out:
	BN_free(n);
	BN_free(e);
	return st;
}

cc_status rsa_key_generate(unsigned bits, struct rsa_key **ret)
{
	EVP_PKEY *pkey;

	if (bits != 2048 && bits != 3072 && bits != 4096)
		return cc_code_status(CC_E_ARG);
	pkey = EVP_RSA_gen(bits);
	return pkey != NULL ? wrap(pkey, ret) : crypto_error();
}

cc_status rsa_key_import(struct bytes pkcs8, struct rsa_key **ret)
{
	const unsigned char *p = pkcs8.p;
	PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &p, (long)pkcs8.n);
	EVP_PKEY *pkey = info != NULL ? EVP_PKCS82PKEY(info) : NULL;

	PKCS8_PRIV_KEY_INFO_free(info);
	if (pkey == NULL)
		return crypto_error();
	if (!EVP_PKEY_is_a(pkey, "RSA")) {
		EVP_PKEY_free(pkey);
		return cc_code_status(CC_E_FORMAT);
	}
	return wrap(pkey, ret);
}

cc_status rsa_key_export(const struct rsa_key *k, struct buf *ret_pkcs8)
{
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(k->pkey);
	unsigned char *der = NULL;
	int n = info != NULL ? i2d_PKCS8_PRIV_KEY_INFO(info, &der) : -1;
	cc_status st;

	PKCS8_PRIV_KEY_INFO_free(info);
	if (n <= 0)
		return crypto_error();
	st = buf_copy(ret_pkcs8, bytes_of(der, (size_t)n));
	OPENSSL_clear_free(der, (size_t)n);
	return st;
}

void rsa_key_free(struct rsa_key **k)
{
	if (*k == NULL)
		return;
	EVP_PKEY_free((*k)->pkey);
	cc_free(*k, sizeof **k);
	*k = NULL;
}

static cc_status number(const struct rsa_key *k, const char *name, struct buf *ret)
{
	BIGNUM *v = NULL;
	struct buf out = { 0 };
	cc_status st;

	if (!EVP_PKEY_get_bn_param(k->pkey, name, &v))
		return crypto_error();
	st = buf_zero(&out, (size_t)BN_num_bytes(v));
	if (!cc_failed(st)) {
		(void)BN_bn2bin(v, out.p);
		buf_move(ret, &out);
	}
	BN_free(v);
	return st;
}

cc_status rsa_key_numbers(const struct rsa_key *k, struct buf *ret_modulus, struct buf *ret_exponent)
{
	struct buf n = { 0 }, e = { 0 };
	cc_status st = number(k, OSSL_PKEY_PARAM_RSA_N, &n);

	if (!cc_failed(st))
		st = number(k, OSSL_PKEY_PARAM_RSA_E, &e);
	if (!cc_failed(st)) {
		buf_move(ret_modulus, &n);
		buf_move(ret_exponent, &e);
	}
	buf_done(&n);
	buf_done(&e);
	return st;
}

static const EVP_MD *md_of(enum hash_alg alg)
{
	switch (alg) {
	case HASH_SHA1:
		return EVP_sha1();
	case HASH_SHA224:
		return EVP_sha224();
	case HASH_SHA256:
		return EVP_sha256();
	case HASH_SHA384:
		return EVP_sha384();
	case HASH_SHA512:
		return EVP_sha512();
	case HASH_COUNT:
		break;
	}
	return NULL;
}

static bool set_padding(EVP_PKEY_CTX *ctx, struct sig_alg alg)
{
	const EVP_MD *md = md_of(alg.hash);

	if (md == NULL || EVP_PKEY_CTX_set_signature_md(ctx, md) <= 0)
		return false;
	if (alg.scheme == SIG_RSA_PKCS1)
		return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) > 0;
	return alg.scheme == SIG_RSA_PSS && md_of(alg.mgf_hash) != NULL && alg.salt_len <= RSA_BITS_MAX / 8 &&
	       EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) > 0 &&
	       EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, md_of(alg.mgf_hash)) > 0 &&
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, (int)alg.salt_len) > 0;
}

cc_status rsa_private_raw(const struct rsa_key *k, struct bytes in, struct buf *ret)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(k->pkey, NULL);
	size_t n = (size_t)EVP_PKEY_get_size(k->pkey);
	struct buf out = { 0 };
	cc_status st = cc_code_status(CC_E_CRYPTO);

	if (ctx == NULL || EVP_PKEY_sign_init(ctx) <= 0 || EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING) <= 0)
		goto out;
	if (in.n != n) {
		st = cc_code_status(CC_E_VERIFY);
		goto out;
	}
	st = buf_zero(&out, n);
	if (cc_failed(st))
		goto out;
	if (EVP_PKEY_sign(ctx, out.p, &n, in.p, in.n) <= 0 || n != out.n) {
		st = cc_code_status(CC_E_VERIFY);
		goto out;
	}
	buf_move(ret, &out);
out:
	buf_done(&out);
	EVP_PKEY_CTX_free(ctx);
	ERR_clear_error();
	return st;
}

cc_status rsa_sign_digest(const struct rsa_key *k, struct sig_alg alg, struct bytes digest, struct buf *ret)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(k->pkey, NULL);
	struct buf sig = { 0 };
	size_t n = (size_t)EVP_PKEY_get_size(k->pkey);
	cc_status st = cc_code_status(CC_E_CRYPTO);

	if (digest.n != hash_len(alg.hash)) {
		st = cc_code_status(CC_E_ARG);
		goto out;
	}
	if (ctx == NULL || EVP_PKEY_sign_init(ctx) <= 0 || !set_padding(ctx, alg))
		goto out;
	st = buf_zero(&sig, n);
	if (cc_failed(st))
		goto out;
	if (EVP_PKEY_sign(ctx, sig.p, &n, digest.p, digest.n) <= 0 || n != sig.n) {
		st = cc_code_status(CC_E_CRYPTO);
		goto out;
	}
	buf_move(ret, &sig);
out:
	buf_done(&sig);
	EVP_PKEY_CTX_free(ctx);
	ERR_clear_error();
	return st;
}

cc_status rsa_verify_digest(const struct rsa_key *k, struct sig_alg alg, struct bytes digest, struct bytes sig)
{
	EVP_PKEY_CTX *ctx;
	cc_status st = cc_code_status(CC_E_CRYPTO);

	if (digest.n != hash_len(alg.hash))
		return cc_code_status(CC_E_ARG);
	ctx = EVP_PKEY_CTX_new(k->pkey, NULL);
	if (ctx != NULL && EVP_PKEY_verify_init(ctx) > 0 && set_padding(ctx, alg))
		st = EVP_PKEY_verify(ctx, sig.p, sig.n, digest.p, digest.n) == 1 ? cc_ok() : cc_code_status(CC_E_VERIFY);
	EVP_PKEY_CTX_free(ctx);
	ERR_clear_error();
	return st;
}
