/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/base/secret.h"
#include "crypto/ec_internal.h"
#include "crypto/pace_prf.h"

#include <openssl/bn.h>

/*
 * ICAO 9303-11 appendix B.2: the point encoding f_G of integrated mapping
 * (simplified SWU) in affine coordinates. Its input is a hash of the nonce: both
 * candidates are computed, and the choice is between two results that are there.
 */
struct encoding {
	BN_CTX *ctx;
	BIGNUM *p, *a, *b; /* curve */
	BIGNUM *t, *alpha, *x2, *x3, *h2, *u, *root, *check, *e;
};

static bool encoding_numbers(struct encoding *f)
{
	BIGNUM **all[] = { &f->p, &f->a, &f->b, &f->t, &f->alpha, &f->x2, &f->x3, &f->h2, &f->u, &f->root, &f->check, &f->e };

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		*all[i] = BN_CTX_get(f->ctx);
		if (*all[i] == NULL)
			return false;
	}
	return true;
}

/* 3.: X2 = -b * a^-1 * (1 + (alpha + alpha^2)^-1), X3 = alpha * X2, with alpha = -t^2. */
static bool candidates(struct encoding *f)
{
	return BN_mod_sqr(f->alpha, f->t, f->p, f->ctx) && BN_mod_sub(f->alpha, f->p, f->alpha, f->p, f->ctx) &&
	       BN_mod_sqr(f->x2, f->alpha, f->p, f->ctx) && BN_mod_add(f->x2, f->x2, f->alpha, f->p, f->ctx) &&
	       BN_mod_inverse(f->x2, f->x2, f->p, f->ctx) != NULL && BN_mod_add(f->x2, f->x2, BN_value_one(), f->p, f->ctx) &&
	       BN_mod_inverse(f->check, f->a, f->p, f->ctx) != NULL && BN_mod_mul(f->x2, f->x2, f->check, f->p, f->ctx) &&
	       BN_mod_mul(f->x2, f->x2, f->b, f->p, f->ctx) && BN_mod_sub(f->x2, f->p, f->x2, f->p, f->ctx) &&
	       BN_mod_mul(f->x3, f->alpha, f->x2, f->p, f->ctx);
}

/* h2 = X2^3 + a * X2 + b, U = t^3 * h2. */
static bool right_side(struct encoding *f)
{
	return BN_mod_sqr(f->h2, f->x2, f->p, f->ctx) && BN_mod_add(f->h2, f->h2, f->a, f->p, f->ctx) &&
	       BN_mod_mul(f->h2, f->h2, f->x2, f->p, f->ctx) && BN_mod_add(f->h2, f->h2, f->b, f->p, f->ctx) &&
	       BN_mod_sqr(f->u, f->t, f->p, f->ctx) && BN_mod_mul(f->u, f->u, f->t, f->p, f->ctx) &&
	       BN_mod_mul(f->u, f->u, f->h2, f->p, f->ctx);
}

/* A = h2^(p - 1 - (p + 1) / 4), and A^2 * h2: 1 when X2 is on the curve. */
static bool inverse_root(struct encoding *f)
{
	return BN_copy(f->e, f->p) != NULL && BN_add_word(f->e, 1) && BN_rshift(f->e, f->e, 2) && BN_sub(f->e, f->p, f->e) &&
	       BN_sub_word(f->e, 1) && BN_mod_exp_mont_consttime(f->root, f->h2, f->e, f->p, f->ctx, NULL) &&
	       BN_mod_sqr(f->check, f->root, f->p, f->ctx) && BN_mod_mul(f->check, f->check, f->h2, f->p, f->ctx);
}

static bool encode(struct encoding *f)
{
	return candidates(f) && right_side(f) && inverse_root(f) && BN_mod_mul(f->h2, f->h2, f->root, f->p, f->ctx) &&
	       BN_mod_mul(f->u, f->u, f->root, f->p, f->ctx);
}

/* element < p. The library checks that the result is on the curve. */
static cc_status encode_element(const EC_GROUP *group, struct bytes element, BN_CTX *ctx, EC_POINT *ret)
{
	struct encoding f = { .ctx = ctx };
	const BIGNUM *x, *y;
	cc_status st = cc_code_status(CC_E_CRYPTO);
	bool second;

	BN_CTX_start(ctx);
	if (!encoding_numbers(&f) || BN_bin2bn(element.p, (int)element.n, f.t) == NULL ||
	    EC_GROUP_get_curve(group, f.p, f.a, f.b, ctx) != 1)
		goto out;
	if (BN_cmp(f.t, f.p) >= 0) {
		st = cc_code_status(CC_E_ARG);
		goto out;
	}
	/* t of 0, 1 or -1 has no encoding: alpha + alpha^2 is 0. */
	if (!encode(&f)) {
		st = cc_code_status(CC_E_VERIFY);
		goto out;
	}
	second = BN_is_one(f.check);
	x = second ? f.x2 : f.x3;
	y = second ? f.h2 : f.u;
	if (EC_POINT_set_affine_coordinates(group, ret, x, y, ctx) == 1)
		st = cc_ok();
out:
	BN_CTX_end(ctx);
	return st;
}

bool ec_curve_maps_integrated(enum ec_curve curve)
{
	/* ICAO 9303-11 9.5.1: the curve with p = 1 mod 4 can't be used with integrated mapping. */
	return curve != EC_P224;
}

cc_status ec_point_encode_element(enum ec_curve curve, struct bytes element, struct buf *ret_point)
{
	const EC_GROUP *group = ec_curve_group(curve);
	BN_CTX *ctx = BN_CTX_secure_new();
	EC_POINT *p = group != NULL ? EC_POINT_new(group) : NULL;
	struct buf out = { 0 };
	cc_status st = cc_code_status(CC_E_MEMORY);

	if (!ec_curve_maps_integrated(curve))
		st = cc_code_status(CC_E_UNSUPPORTED);
	else if (ctx != NULL && p != NULL && !cc_failed(st = encode_element(group, element, ctx, p)) &&
		 !cc_failed(st = buf_zero(&out, 1 + 2 * ec_field_len(curve)))) {
		if (EC_POINT_point2oct(group, p, POINT_CONVERSION_UNCOMPRESSED, out.p, out.n, ctx) == out.n)
			buf_move(ret_point, &out);
		else
			st = cc_code_status(CC_E_CRYPTO);
	}
	buf_done(&out);
	EC_POINT_clear_free(p);
	BN_CTX_free(ctx);
	return st;
}

cc_status ec_domain_map_integrated(const struct ec_domain *d, enum cipher_alg alg, struct bytes s, struct bytes t,
				   struct ec_domain **ret)
{
	struct ec_numbers numbers = { 0 };
	struct buf element = { 0 };
	BN_CTX *ctx = NULL;
	EC_POINT *g = NULL;
	cc_status st;

	if (!ec_curve_maps_integrated(d->curve))
		return cc_code_status(CC_E_UNSUPPORTED);
	st = ec_curve_numbers(d->curve, &numbers);
	if (!cc_failed(st))
		st = pace_prf(alg, s, t, buf_view(&numbers.p), &element);
	if (cc_failed(st))
		goto out;
	ctx = BN_CTX_secure_new();
	g = EC_POINT_new(d->group);
	if (ctx == NULL || g == NULL)
		st = cc_code_status(CC_E_MEMORY);
	else
		st = encode_element(d->group, buf_view(&element), ctx, g);
	if (!cc_failed(st))
		st = ec_domain_with_generator(d, g, ret);
out:
	EC_POINT_clear_free(g);
	BN_CTX_free(ctx);
	buf_done(&element);
	ec_numbers_done(&numbers);
	return st;
}
