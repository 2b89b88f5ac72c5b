/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/ec_scalar.h"

#include "crypto/bignum.h"
#include "crypto/ec_internal.h"

static bool in_range(const BIGNUM *v, const BIGNUM *order)
{
	return !BN_is_zero(v) && BN_cmp(v, order) < 0;
}

/* The order is a prime: b^-1 = b^(n-2), by the constant-time exponentiation. */
static bool divide(BIGNUM *r, const BIGNUM *a, const BIGNUM *b, const BIGNUM *order, BN_CTX *ctx)
{
	BIGNUM *e = BN_dup(order);
	bool good = e != NULL && BN_sub_word(e, 2) == 1 && BN_mod_exp_mont_consttime(r, b, e, order, ctx, NULL) == 1 &&
		    BN_mod_mul(r, r, a, order, ctx) == 1;

	BN_free(e);
	return good;
}

cc_status ec_scalar_divide(enum ec_curve curve, struct bytes a, struct bytes b, struct buf *ret)
{
	const EC_GROUP *group = ec_curve_group(curve);
	const BIGNUM *order = group != NULL ? EC_GROUP_get0_order(group) : NULL;
	BN_CTX *ctx = NULL;
	BIGNUM *na = NULL, *nb = NULL, *r = NULL;
	cc_status st = cc_code_status(CC_E_VERIFY);

	if (order == NULL)
		return cc_code_status(CC_E_CRYPTO);
	if (a.n == 0 || b.n == 0 || a.n > EC_ORDER_LEN_MAX || b.n > EC_ORDER_LEN_MAX)
		return st;
	ctx = BN_CTX_secure_new();
	na = bignum_secret(a);
	nb = bignum_secret(b);
	r = BN_secure_new();
	if (ctx == NULL || na == NULL || nb == NULL || r == NULL) {
		st = cc_code_status(CC_E_MEMORY);
		goto out;
	}
	if (!in_range(na, order) || !in_range(nb, order))
		goto out;
	st = divide(r, na, nb, order, ctx) ? bignum_put(r, ec_order_len(curve), ret) : cc_code_status(CC_E_CRYPTO);
out:
	BN_clear_free(r);
	BN_clear_free(nb);
	BN_clear_free(na);
	BN_CTX_free(ctx);
	return st;
}
