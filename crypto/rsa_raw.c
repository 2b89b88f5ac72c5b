/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/rsa_raw.h"

#include "crypto/bignum.h"

#define MODULUS_MAX 1024
#define EXPONENT_MAX 8

static BIGNUM *number(struct bytes in)
{
	return BN_bin2bn(in.p, (int)in.n, NULL);
}

static bool odd(struct bytes in)
{
	return in.n > 0 && (in.p[in.n - 1] & 1) != 0;
}

static cc_status check_limits(struct bytes modulus, struct bytes in)
{
	if (modulus.n > MODULUS_MAX || in.n > MODULUS_MAX)
		return cc_code_status(CC_E_LIMIT);
	return cc_code_status(odd(modulus) ? CC_OK : CC_E_FORMAT);
}

cc_status rsa_raw_public(struct bytes modulus, struct bytes exponent, struct bytes in, struct buf *ret)
{
	BN_CTX *ctx = NULL;
	BIGNUM *n = NULL, *e = NULL, *s = NULL, *m = NULL;
	cc_status st = check_limits(modulus, in);

	if (cc_failed(st))
		return st;
	if (exponent.n > EXPONENT_MAX)
		return cc_code_status(CC_E_LIMIT);
	if (!odd(exponent))
		return cc_code_status(CC_E_FORMAT);
	ctx = BN_CTX_new();
	n = number(modulus);
	e = number(exponent);
	s = number(in);
	m = BN_new();
	if (ctx == NULL || n == NULL || e == NULL || s == NULL || m == NULL)
		st = cc_code_status(CC_E_MEMORY);
	else if (BN_cmp(s, n) >= 0)
		st = cc_code_status(CC_E_VERIFY);
	else if (BN_mod_exp(m, s, e, n, ctx) != 1)
		st = cc_code_status(CC_E_CRYPTO);
	else
		st = bignum_put(m, modulus.n, ret);
	BN_free(n);
	BN_free(e);
	BN_free(s);
	BN_free(m);
	BN_CTX_free(ctx);
	return st;
}

cc_status rsa_raw_complement(struct bytes modulus, struct bytes in, struct buf *ret)
{
	BIGNUM *n = NULL, *s = NULL, *d = NULL;
	cc_status st = check_limits(modulus, in);

	if (cc_failed(st))
		return st;
	n = number(modulus);
	s = number(in);
	d = BN_new();
	if (n == NULL || s == NULL || d == NULL)
		st = cc_code_status(CC_E_MEMORY);
	else if (BN_cmp(s, n) > 0)
		st = cc_code_status(CC_E_VERIFY);
	else if (BN_sub(d, n, s) != 1)
		st = cc_code_status(CC_E_CRYPTO);
	else
		st = bignum_put(d, modulus.n, ret);
	BN_free(n);
	BN_free(s);
	BN_free(d);
	return st;
}
