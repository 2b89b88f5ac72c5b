/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/ec_internal.h"

#include "crypto/bignum.h"

#include <openssl/err.h>

#define NONCE_MAX 32 /* AES-192 and AES-256 */

cc_status ec_domain_new(enum ec_curve curve, struct ec_domain **ret)
{
	const EC_GROUP *group = ec_curve_group(curve);
	struct ec_domain *d;

	if (group == NULL)
		return cc_code_status(CC_E_CRYPTO);
	d = cc_alloc(sizeof *d);
	if (d == NULL)
		return cc_code_status(CC_E_MEMORY);
	*d = (struct ec_domain){ .curve = curve, .group = group };
	*ret = d;
	return cc_ok();
}

void ec_domain_free(struct ec_domain **d)
{
	if (*d == NULL)
		return;
	EC_GROUP_free((*d)->mapped);
	cc_free(*d, sizeof **d);
	*d = NULL;
}

enum ec_curve ec_domain_curve(const struct ec_domain *d)
{
	return d->curve;
}

/*
 * BSI TR-03111 4.3.2: a point from outside is on the curve and not infinity.
 * All our curves have cofactor 1: then its order is the group's order too.
 */
static cc_status point_decode(const EC_GROUP *group, size_t field_len, struct bytes in, BN_CTX *ctx, EC_POINT **ret)
{
	struct cursor c;
	uint8_t form;
	EC_POINT *p;

	cursor_init(&c, in);
	/* Uncompressed only: 04 || x || y; infinity is a single 00 and falls here too. */
	if (!cursor_u8(&c, &form) || form != POINT_CONVERSION_UNCOMPRESSED || cursor_left(&c) != 2 * field_len)
		return cc_code_status(CC_E_VERIFY);
	p = EC_POINT_new(group);
	if (p == NULL)
		return cc_code_status(CC_E_MEMORY);
	if (EC_POINT_oct2point(group, p, in.p, in.n, ctx) != 1 || EC_POINT_is_on_curve(group, p, ctx) != 1 ||
	    EC_POINT_is_at_infinity(group, p)) {
		ERR_clear_error();
		EC_POINT_free(p);
		return cc_code_status(CC_E_VERIFY);
	}
	*ret = p;
	return cc_ok();
}

static cc_status point_encode(const EC_GROUP *group, size_t field_len, const EC_POINT *p, BN_CTX *ctx, struct buf *ret)
{
	struct buf out = { 0 };
	cc_status st;

	if (EC_POINT_is_at_infinity(group, p))
		return cc_code_status(CC_E_VERIFY);
	st = buf_zero(&out, 1 + 2 * field_len);
	if (cc_failed(st))
		return st;
	if (EC_POINT_point2oct(group, p, POINT_CONVERSION_UNCOMPRESSED, out.p, out.n, ctx) != out.n) {
		buf_done(&out);
		return cc_code_status(CC_E_CRYPTO);
	}
	buf_move(ret, &out);
	return cc_ok();
}

cc_status ec_point_check(const struct ec_domain *d, struct bytes point)
{
	EC_POINT *p = NULL;
	cc_status st = point_decode(d->group, ec_field_len(d->curve), point, NULL, &p);

	EC_POINT_free(p);
	return st;
}

cc_status ec_curve_point_check(enum ec_curve curve, struct bytes point)
{
	struct ec_domain *d = NULL;
	cc_status st = ec_domain_new(curve, &d);

	if (!cc_failed(st))
		st = ec_point_check(d, point);
	ec_domain_free(&d);
	return st;
}

cc_status ec_domain_generator(const struct ec_domain *d, struct buf *ret_point)
{
	return point_encode(d->group, ec_field_len(d->curve), EC_GROUP_get0_generator(d->group), NULL, ret_point);
}

static BIGNUM *secret_scalar(struct bytes in)
{
	return in.n <= EC_ORDER_LEN_MAX ? bignum_secret(in) : NULL;
}

cc_status ec_domain_with_generator(const struct ec_domain *d, const EC_POINT *g, struct ec_domain **ret)
{
	struct ec_domain *out = NULL;
	EC_GROUP *mapped;
	cc_status st;

	if (EC_POINT_is_at_infinity(d->group, g))
		return cc_code_status(CC_E_VERIFY);
	mapped = EC_GROUP_dup(d->group);
	if (mapped == NULL)
		return cc_code_status(CC_E_MEMORY);
	st = cc_code_status(CC_E_CRYPTO);
	if (EC_GROUP_set_generator(mapped, g, EC_GROUP_get0_order(d->group), EC_GROUP_get0_cofactor(d->group)) == 1)
		st = ec_domain_new(d->curve, &out);
	if (cc_failed(st)) {
		EC_GROUP_free(mapped);
		return st;
	}
	out->mapped = mapped;
	out->group = mapped;
	*ret = out;
	return st;
}

cc_status ec_domain_map_generic(const struct ec_domain *d, struct bytes nonce, struct bytes h_point, struct ec_domain **ret)
{
	BN_CTX *ctx = NULL;
	BIGNUM *s = NULL;
	EC_POINT *h = NULL, *g = NULL;
	cc_status st;

	if (nonce.n == 0 || nonce.n > NONCE_MAX)
		return cc_code_status(CC_E_ARG);
	ctx = BN_CTX_secure_new();
	s = secret_scalar(nonce);
	g = EC_POINT_new(d->group);
	if (ctx == NULL || s == NULL || g == NULL) {
		st = cc_code_status(CC_E_MEMORY);
		goto out;
	}
	st = point_decode(d->group, ec_field_len(d->curve), h_point, ctx, &h);
	if (cc_failed(st))
		goto out;
	/*
	 * ICAO 9303-11 4.4.3.3.1: G' = s * G + H. Two steps: the nonce meets the constant-time multiplication alone. Reduced
	 * first, which changes nothing of s * G: a nonce of 256 bits may be above the order of a smaller curve.
	 */
	if (BN_nnmod(s, s, EC_GROUP_get0_order(d->group), ctx) != 1 || EC_POINT_mul(d->group, g, s, NULL, NULL, ctx) != 1 ||
	    EC_POINT_add(d->group, g, g, h, ctx) != 1)
		st = cc_code_status(CC_E_CRYPTO);
	else
		st = ec_domain_with_generator(d, g, ret);
out:
	EC_POINT_clear_free(g);
	EC_POINT_clear_free(h);
	BN_clear_free(s);
	BN_CTX_free(ctx);
	return st;
}

void ec_key_free(struct ec_key **k)
{
	if (*k == NULL)
		return;
	BN_clear_free((*k)->d);
	buf_done(&(*k)->point);
	if ((*k)->signer != NULL) {
		EVP_PKEY_free((*k)->signer->pkey);
		(void)pthread_mutex_destroy(&(*k)->signer->lock);
		cc_free((*k)->signer, sizeof *(*k)->signer);
	}
	cc_free(*k, sizeof **k);
	*k = NULL;
}

static struct ec_key *key_alloc(const struct ec_domain *d)
{
	struct ec_key *k = cc_alloc(sizeof *k);

	if (k == NULL)
		return NULL;
	k->curve = d->curve;
	k->mapped = d->mapped != NULL;
	k->signer = cc_alloc(sizeof *k->signer);
	if (k->signer == NULL) {
		cc_free(k, sizeof *k);
		return NULL;
	}
	CC_ASSERT(pthread_mutex_init(&k->signer->lock, NULL) == 0);
	return k;
}

/* Takes scalar, also on failure. */
static cc_status key_new(const struct ec_domain *d, BIGNUM *scalar, BN_CTX *ctx, struct ec_key **ret)
{
	struct ec_key *k = key_alloc(d);
	EC_POINT *pub = EC_POINT_new(d->group);
	cc_status st;

	if (k == NULL || pub == NULL) {
		BN_clear_free(scalar);
		st = cc_code_status(CC_E_MEMORY);
		goto out;
	}
	k->d = scalar;
	st = cc_code_status(CC_E_CRYPTO);
	if (EC_POINT_mul(d->group, pub, k->d, NULL, NULL, ctx) != 1)
		goto out;
	st = point_encode(d->group, ec_field_len(d->curve), pub, ctx, &k->point);
	if (cc_failed(st))
		goto out;
	*ret = k;
	k = NULL;
out:
	ec_key_free(&k);
	EC_POINT_free(pub);
	return st;
}

cc_status ec_key_generate(const struct ec_domain *d, struct ec_key **ret)
{
	const BIGNUM *order = EC_GROUP_get0_order(d->group);
	BN_CTX *ctx = BN_CTX_secure_new();
	BIGNUM *scalar = secret_scalar(bytes_of(NULL, 0));
	cc_status st = cc_code_status(CC_E_CRYPTO);

	if (ctx == NULL || scalar == NULL)
		goto out;
	do {
		if (BN_priv_rand_range(scalar, order) != 1)
			goto out;
	} while (BN_is_zero(scalar));
	st = key_new(d, scalar, ctx, ret);
	scalar = NULL;
out:
	BN_clear_free(scalar);
	BN_CTX_free(ctx);
	return st;
}

cc_status ec_key_import(const struct ec_domain *d, struct bytes scalar, struct ec_key **ret)
{
	BN_CTX *ctx;
	BIGNUM *bn;
	cc_status st;

	if (scalar.n == 0 || scalar.n > EC_ORDER_LEN_MAX)
		return cc_code_status(CC_E_VERIFY);
	ctx = BN_CTX_secure_new();
	bn = secret_scalar(scalar);
	if (ctx == NULL || bn == NULL) {
		st = cc_code_status(CC_E_MEMORY);
	} else if (BN_is_zero(bn) || BN_cmp(bn, EC_GROUP_get0_order(d->group)) >= 0) {
		st = cc_code_status(CC_E_VERIFY);
	} else {
		st = key_new(d, bn, ctx, ret);
		bn = NULL;
	}
	BN_clear_free(bn);
	BN_CTX_free(ctx);
	return st;
}

enum ec_curve ec_key_curve(const struct ec_key *k)
{
	return k->curve;
}

struct bytes ec_key_public(const struct ec_key *k)
{
	return buf_view(&k->point);
}

cc_status ec_key_scalar(const struct ec_key *k, struct buf *ret)
{
	return bignum_put(k->d, ec_order_len(k->curve), ret);
}

cc_status ec_agree_point(const struct ec_key *k, struct bytes peer_point, struct buf *ret_point)
{
	/* The generator plays no part: the standard group serves mapped keys as well. */
	const EC_GROUP *group = ec_curve_group(k->curve);
	size_t field_len = ec_field_len(k->curve);
	BN_CTX *ctx = BN_CTX_secure_new();
	EC_POINT *peer = NULL, *shared = NULL;
	cc_status st = cc_code_status(CC_E_MEMORY);

	if (ctx == NULL || group == NULL || (shared = EC_POINT_new(group)) == NULL)
		goto out;
	st = point_decode(group, field_len, peer_point, ctx, &peer);
	if (cc_failed(st))
		goto out;
	if (EC_POINT_mul(group, shared, NULL, peer, k->d, ctx) != 1)
		st = cc_code_status(CC_E_CRYPTO);
	else
		st = point_encode(group, field_len, shared, ctx, ret_point); /* TR-03111 4.3.1: infinity is refused */
out:
	EC_POINT_clear_free(shared);
	EC_POINT_free(peer);
	BN_CTX_free(ctx);
	return st;
}

cc_status ec_agree_x(const struct ec_key *k, struct bytes peer_point, struct buf *ret_x)
{
	struct buf point = { 0 };
	struct cursor c;
	struct bytes x;
	cc_status st = ec_agree_point(k, peer_point, &point);

	if (cc_failed(st))
		return st;
	cursor_init(&c, buf_view(&point));
	if (!cursor_skip(&c, 1) || !cursor_take(&c, ec_field_len(k->curve), &x))
		st = cc_code_status(CC_E_FORMAT);
	else
		st = buf_copy(ret_x, x);
	buf_done(&point);
	return st;
}
