/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/dh_internal.h"

#include "crypto/base/secret.h"
#include "crypto/bignum.h"
#include "crypto/pace_prf.h"

#define NONCE_MAX 32
#define DRAWS_MAX 128
#define ORDER_LEN_MAX 32

struct dh_domain {
	enum dh_group group;
	const struct dh_numbers *n;
	BIGNUM *g; /* owned */
};

struct dh_key {
	enum dh_group group;
	BIGNUM *x;
	struct buf y;
};

/* Takes g, also on failure. */
static cc_status domain_new(enum dh_group group, BIGNUM *g, struct dh_domain **ret)
{
	const struct dh_numbers *n = dh_group_numbers(group);
	struct dh_domain *d = g != NULL && n != NULL ? cc_alloc(sizeof *d) : NULL;

	if (d == NULL) {
		BN_clear_free(g);
		return cc_code_status(n == NULL ? CC_E_CRYPTO : CC_E_MEMORY);
	}
	*d = (struct dh_domain){ .group = group, .n = n, .g = g };
	*ret = d;
	return cc_ok();
}

cc_status dh_domain_new(enum dh_group group, struct dh_domain **ret)
{
	const struct dh_numbers *n = dh_group_numbers(group);

	if (n == NULL)
		return cc_code_status(CC_E_CRYPTO);
	return domain_new(group, BN_dup(n->g), ret);
}

void dh_domain_free(struct dh_domain **d)
{
	if (*d == NULL)
		return;
	BN_clear_free((*d)->g);
	cc_free(*d, sizeof **d);
	*d = NULL;
}

enum dh_group dh_domain_group(const struct dh_domain *d)
{
	return d->group;
}

/* As unsigned integer, without leading zeros (BSI TR-03110-3 D.2.1.1). */
static cc_status put_number(const BIGNUM *bn, struct buf *ret)
{
	return bignum_put(bn, (size_t)BN_num_bytes(bn), ret);
}

cc_status dh_domain_generator(const struct dh_domain *d, struct buf *ret)
{
	return put_number(d->g, ret);
}

/* base^x mod p, for secret x. */
static bool power(const struct dh_numbers *n, BIGNUM *ret, const BIGNUM *base, const BIGNUM *x, BN_CTX *ctx)
{
	return BN_mod_exp_mont_consttime(ret, base, x, n->p, ctx, n->mont) == 1;
}

/*
 * RFC 2631 2.1.5 with 1 and p - 1 refused as well: 1 < y < p - 1, y^q = 1. The
 * groups have large cofactors, so a value of another order would tell the
 * private number bit by bit.
 */
static cc_status public_decode(const struct dh_numbers *n, struct bytes in, BN_CTX *ctx, BIGNUM **ret)
{
	BIGNUM *y = NULL, *t = NULL;
	cc_status st = cc_code_status(CC_E_VERIFY);

	if (in.n == 0 || in.n > (size_t)BN_num_bytes(n->p))
		return st;
	y = BN_bin2bn(in.p, (int)in.n, NULL);
	t = BN_dup(n->p);
	if (y == NULL || t == NULL || BN_sub_word(t, 1) != 1) {
		st = cc_code_status(CC_E_MEMORY);
		goto out;
	}
	if (BN_is_zero(y) || BN_is_one(y) || BN_cmp(y, t) >= 0)
		goto out;
	if (BN_mod_exp_mont(t, y, n->q, n->p, ctx, n->mont) != 1) {
		st = cc_code_status(CC_E_CRYPTO);
		goto out;
	}
	if (!BN_is_one(t))
		goto out;
	*ret = y;
	y = NULL;
	st = cc_ok();
out:
	BN_free(y);
	BN_free(t);
	return st;
}

cc_status dh_public_check(enum dh_group group, struct bytes y)
{
	const struct dh_numbers *n = dh_group_numbers(group);
	BN_CTX *ctx = BN_CTX_new();
	BIGNUM *bn = NULL;
	cc_status st = cc_code_status(CC_E_MEMORY);

	if (n == NULL)
		st = cc_code_status(CC_E_CRYPTO);
	else if (ctx != NULL)
		st = public_decode(n, y, ctx, &bn);
	BN_free(bn);
	BN_CTX_free(ctx);
	return st;
}

cc_status dh_domain_map_generic(const struct dh_domain *d, struct bytes nonce, struct bytes h, struct dh_domain **ret)
{
	BN_CTX *ctx = BN_CTX_secure_new();
	BIGNUM *s = NULL, *g = BN_secure_new(), *hn = NULL;
	cc_status st = cc_code_status(CC_E_MEMORY);

	if (nonce.n == 0 || nonce.n > NONCE_MAX || h.n == 0 || h.n > dh_prime_len(d->group)) {
		st = cc_code_status(CC_E_ARG);
		goto out;
	}
	s = bignum_secret(nonce);
	if (ctx == NULL || g == NULL || s == NULL)
		goto out;
	st = public_decode(d->n, h, ctx, &hn);
	if (cc_failed(st))
		goto out;
	/* ICAO 9303-11 4.4.3.3.1: g' = g^s * h */
	if (!power(d->n, g, d->g, s, ctx) || BN_mod_mul(g, g, hn, d->n->p, ctx) != 1) {
		st = cc_code_status(CC_E_CRYPTO);
	} else if (BN_is_one(g)) {
		st = cc_code_status(CC_E_VERIFY);
	} else {
		st = domain_new(d->group, g, ret);
		g = NULL;
	}
out:
	BN_clear_free(s);
	BN_clear_free(g);
	BN_clear_free(hn);
	BN_CTX_free(ctx);
	return st;
}

cc_status dh_domain_map_integrated(const struct dh_domain *d, enum cipher_alg alg, struct bytes s, struct bytes t,
				   struct dh_domain **ret)
{
	BN_CTX *ctx = BN_CTX_secure_new();
	BIGNUM *x = NULL, *g = BN_secure_new();
	struct buf prime = { 0 }, element = { 0 };
	cc_status st = cc_code_status(CC_E_MEMORY);

	if (ctx == NULL || g == NULL)
		goto out;
	st = put_number(d->n->p, &prime);
	if (!cc_failed(st))
		st = pace_prf(alg, s, t, buf_view(&prime), &element);
	if (cc_failed(st))
		goto out;
	x = bignum_secret(buf_view(&element));
	/* ICAO 9303-11 4.4.3.3.2: f_g(x) = x^a mod p with a = (p - 1) / q; g' must not be 1. */
	if (x == NULL || !power(d->n, g, x, d->n->cofactor, ctx)) {
		st = cc_code_status(CC_E_CRYPTO);
	} else if (BN_is_zero(g) || BN_is_one(g)) {
		st = cc_code_status(CC_E_VERIFY);
	} else {
		st = domain_new(d->group, g, ret);
		g = NULL;
	}
out:
	buf_done(&prime);
	buf_done(&element);
	BN_clear_free(x);
	BN_clear_free(g);
	BN_CTX_free(ctx);
	return st;
}

void dh_key_free(struct dh_key **k)
{
	if (*k == NULL)
		return;
	BN_clear_free((*k)->x);
	buf_done(&(*k)->y);
	cc_free(*k, sizeof **k);
	*k = NULL;
}

/* Takes x, also on failure. */
static cc_status key_new(const struct dh_domain *d, BIGNUM *x, BN_CTX *ctx, struct dh_key **ret)
{
	struct dh_key *k = cc_alloc(sizeof *k);
	BIGNUM *y = BN_new();
	cc_status st = cc_code_status(CC_E_MEMORY);

	if (k == NULL || y == NULL) {
		BN_clear_free(x);
		goto out;
	}
	k->group = d->group;
	k->x = x;
	if (!power(d->n, y, d->g, x, ctx)) {
		st = cc_code_status(CC_E_CRYPTO);
		goto out;
	}
	st = put_number(y, &k->y);
	if (cc_failed(st))
		goto out;
	*ret = k;
	k = NULL;
out:
	dh_key_free(&k);
	BN_free(y);
	return st;
}

cc_status dh_key_import(const struct dh_domain *d, struct bytes x, struct dh_key **ret)
{
	BN_CTX *ctx;
	BIGNUM *bn;
	cc_status st;

	if (x.n == 0 || x.n > dh_prime_len(d->group))
		return cc_code_status(CC_E_VERIFY);
	ctx = BN_CTX_secure_new();
	bn = bignum_secret(x);
	if (ctx == NULL || bn == NULL) {
		st = cc_code_status(CC_E_MEMORY);
	} else if (BN_cmp(bn, d->n->p) >= 0 || BN_nnmod(bn, bn, d->n->q, ctx) != 1 || BN_is_zero(bn)) {
		st = cc_code_status(CC_E_VERIFY);
	} else {
		st = key_new(d, bn, ctx, ret);
		bn = NULL;
	}
	BN_clear_free(bn);
	BN_CTX_free(ctx);
	return st;
}

/* BSI TR-03111 4.1.1, algorithm 1, for q: draw until the number is in 1..q-1. */
cc_status dh_key_generate(const struct dh_domain *d, const struct sys *sys, struct dh_key **ret)
{
	uint8_t x[ORDER_LEN_MAX], q[ORDER_LEN_MAX];
	size_t len = dh_order_len(d->group);
	cc_status st = cc_code_status(CC_E_CRYPTO);

	if (BN_bn2binpad(d->n->q, q, (int)len) != (int)len)
		return st;
	for (unsigned draw = 0; draw < DRAWS_MAX; draw++) {
		st = sys_random(sys, x, len);
		if (cc_failed(st))
			break;
		st = cc_code_status(CC_E_VERIFY);
		if (bytes_compare(bytes_of(x, len), bytes_of(q, len)) < 0)
			st = dh_key_import(d, bytes_of(x, len), ret);
		if (st.code != CC_E_VERIFY)
			break;
	}
	cc_wipe(x, sizeof x);
	/* Never in range: the generator is broken. */
	return st.code == CC_E_VERIFY ? cc_code_status(CC_E_CRYPTO) : st;
}

enum dh_group dh_key_group(const struct dh_key *k)
{
	return k->group;
}

struct bytes dh_key_public(const struct dh_key *k)
{
	return buf_view(&k->y);
}

cc_status dh_key_private(const struct dh_key *k, struct buf *ret)
{
	return bignum_put(k->x, dh_order_len(k->group), ret);
}

cc_status dh_agree(const struct dh_key *k, struct bytes peer, struct buf *ret_secret)
{
	const struct dh_numbers *n = dh_group_numbers(k->group);
	BN_CTX *ctx = BN_CTX_secure_new();
	BIGNUM *y = NULL, *z = BN_secure_new();
	cc_status st = cc_code_status(CC_E_MEMORY);

	if (n == NULL || ctx == NULL || z == NULL)
		goto out;
	st = public_decode(n, peer, ctx, &y);
	if (cc_failed(st))
		goto out;
	if (!power(n, z, y, k->x, ctx))
		st = cc_code_status(CC_E_CRYPTO);
	else if (BN_is_one(z))
		st = cc_code_status(CC_E_VERIFY);
	else
		st = bignum_put(z, dh_prime_len(k->group), ret_secret);
out:
	BN_free(y);
	BN_clear_free(z);
	BN_CTX_free(ctx);
	return st;
}
