/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/ec_internal.h"

#include "crypto/base/tlv.h"
#include "crypto/ec_recent.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <string.h>

/* Two INTEGERs of at most 67 bytes each, their heads and the SEQUENCE's. */
#define DER_SIG_MAX (4 + 2 * (3 + 1 + EC_ORDER_LEN_MAX))

static EVP_PKEY *pkey_make(enum ec_curve curve, struct bytes point, const BIGNUM *d)
{
	EVP_PKEY *pkey = NULL;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params = NULL;

	if (ctx == NULL || bld == NULL)
		goto out;
	if (OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME, ec_curve_openssl_name(curve), 0) != 1 ||
	    OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_PUB_KEY, point.p, point.n) != 1 ||
	    OSSL_PARAM_BLD_push_BN_pad(bld, OSSL_PKEY_PARAM_PRIV_KEY, d, ec_order_len(curve)) != 1)
		goto out;
	params = OSSL_PARAM_BLD_to_param(bld);
	if (params == NULL || EVP_PKEY_fromdata_init(ctx) != 1 || EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_KEYPAIR, params) != 1)
		pkey = NULL;
out:
	OSSL_PARAM_free(params); /* cleanses what was pushed from a secure BIGNUM */
	OSSL_PARAM_BLD_free(bld);
	EVP_PKEY_CTX_free(ctx);
	return pkey;
}

/* A curve by its name costs the library more than a copy of one: made once for the process, never changed or freed. */
static EVP_PKEY *curve_params[EC_CURVE_COUNT];
static pthread_mutex_t curve_params_lock = PTHREAD_MUTEX_INITIALIZER;

static EVP_PKEY *params_make(enum ec_curve curve)
{
	EVP_PKEY *pkey = NULL;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);

	if (ctx == NULL || EVP_PKEY_paramgen_init(ctx) != 1 ||
	    EVP_PKEY_CTX_set_group_name(ctx, ec_curve_openssl_name(curve)) != 1 || EVP_PKEY_paramgen(ctx, &pkey) != 1)
		pkey = NULL;
	EVP_PKEY_CTX_free(ctx);
	return pkey;
}

static const EVP_PKEY *params_of(enum ec_curve curve)
{
	const EVP_PKEY *params;

	CC_ASSERT(curve < EC_CURVE_COUNT);
	CC_ASSERT(pthread_mutex_lock(&curve_params_lock) == 0);
	if (curve_params[curve] == NULL)
		curve_params[curve] = params_make(curve);
	params = curve_params[curve];
	CC_ASSERT(pthread_mutex_unlock(&curve_params_lock) == 0);
	return params;
}

static EVP_PKEY *public_pkey(enum ec_curve curve, struct bytes point)
{
	const EVP_PKEY *params = params_of(curve);
	EVP_PKEY *pkey = EVP_PKEY_new();

	if (params == NULL || pkey == NULL || EVP_PKEY_copy_parameters(pkey, params) != 1 ||
	    EVP_PKEY_set1_encoded_public_key(pkey, point.p, point.n) != 1) {
		EVP_PKEY_free(pkey);
		return NULL;
	}
	return pkey;
}

static EVP_PKEY *signer_pkey(const struct ec_key *k)
{
	EVP_PKEY *pkey;

	CC_ASSERT(pthread_mutex_lock(&k->signer->lock) == 0);
	if (k->signer->pkey == NULL)
		k->signer->pkey = pkey_make(k->curve, buf_view(&k->point), k->d);
	pkey = k->signer->pkey;
	CC_ASSERT(pthread_mutex_unlock(&k->signer->lock) == 0);
	return pkey;
}

/* An operation that is begun once; each signature takes a copy of it, which costs less than beginning anew. */
static EVP_PKEY_CTX *begun(EVP_PKEY *pkey, int (*begin)(EVP_PKEY_CTX *))
{
	EVP_PKEY_CTX *ctx = pkey != NULL ? EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL) : NULL;

	if (ctx == NULL || begin(ctx) == 1)
		return ctx;
	EVP_PKEY_CTX_free(ctx);
	return NULL;
}

struct der_sig {
	uint8_t p[DER_SIG_MAX];
	size_t n;
};

/* Takes ctx, also on failure. */
static cc_status sign_der(EVP_PKEY_CTX *ctx, struct bytes digest, struct der_sig *ret)
{
	bool good;

	ret->n = sizeof ret->p;
	good = ctx != NULL && EVP_PKEY_sign(ctx, ret->p, &ret->n, digest.p, digest.n) == 1;
	EVP_PKEY_CTX_free(ctx);
	return cc_code_status(good ? CC_OK : CC_E_CRYPTO);
}

cc_status ec_sign_digest(const struct ec_key *k, struct bytes digest, enum ec_sig_form form, struct buf *ret)
{
	struct der_sig sig;
	cc_status st;

	if (k->mapped)
		return cc_code_status(CC_E_STATE);
	if (digest.n == 0 || digest.n > HASH_LEN_MAX)
		return cc_code_status(CC_E_ARG);
	st = sign_der(begun(signer_pkey(k), EVP_PKEY_sign_init), digest, &sig);
	if (cc_failed(st))
		return st;
	if (form == EC_SIG_PLAIN)
		return ec_sig_to_plain(bytes_of(sig.p, sig.n), ec_order_len(k->curve), ret);
	return buf_copy(ret, bytes_of(sig.p, sig.n));
}

static bool scalar_in_range(enum ec_curve curve, const BIGNUM *d)
{
	const EC_GROUP *group = ec_curve_group(curve);

	return group != NULL && !BN_is_zero(d) && BN_cmp(d, EC_GROUP_get0_order(group)) < 0;
}

struct ec_signer {
	EVP_PKEY *pkey;
	EVP_PKEY_CTX *begun;
};

void ec_signer_free(struct ec_signer **s)
{
	if (*s == NULL)
		return;
	EVP_PKEY_CTX_free((*s)->begun);
	EVP_PKEY_free((*s)->pkey); /* clears the scalar */
	cc_free(*s, sizeof **s);
	*s = NULL;
}

static cc_status signer_from(enum ec_curve curve, const BIGNUM *d, struct bytes point, struct ec_signer **ret)
{
	struct ec_signer *s;

	if (!scalar_in_range(curve, d))
		return cc_code_status(CC_E_VERIFY);
	s = cc_alloc(sizeof *s);
	if (s == NULL)
		return cc_code_status(CC_E_MEMORY);
	s->pkey = pkey_make(curve, point, d);
	s->begun = begun(s->pkey, EVP_PKEY_sign_init);
	if (s->begun == NULL) {
		ec_signer_free(&s);
		return cc_code_status(CC_E_CRYPTO);
	}
	*ret = s;
	return cc_ok();
}

cc_status ec_signer_new(enum ec_curve curve, struct bytes scalar, struct bytes point, struct ec_signer **ret)
{
	BIGNUM *d;
	cc_status st = cc_code_status(CC_E_MEMORY);

	if (scalar.n == 0 || scalar.n > EC_ORDER_LEN_MAX)
		return cc_code_status(CC_E_VERIFY);
	d = BN_secure_new();
	if (d != NULL && BN_bin2bn(scalar.p, (int)scalar.n, d) != NULL)
		st = signer_from(curve, d, point, ret);
	BN_clear_free(d);
	return st;
}

cc_status ec_signer_digest(const struct ec_signer *s, struct bytes digest, struct buf *ret)
{
	struct der_sig sig;
	cc_status st;

	if (digest.n == 0 || digest.n > HASH_LEN_MAX)
		return cc_code_status(CC_E_ARG);
	st = sign_der(EVP_PKEY_CTX_dup(s->begun), digest, &sig);
	return cc_failed(st) ? st : buf_copy(ret, bytes_of(sig.p, sig.n));
}

struct ec_verifier {
	enum ec_curve curve;
	struct buf point;
	pthread_mutex_t lock; /* guards begun, which is never replaced */
	EVP_PKEY_CTX *begun;
};

cc_status ec_verifier_new(enum ec_curve curve, struct bytes point, struct ec_verifier **ret)
{
	/* One that is known was checked when it became so. */
	EVP_PKEY_CTX *known = ec_recent_take(curve, point);
	cc_status st = known != NULL ? cc_ok() : ec_curve_point_check(curve, point);
	struct ec_verifier *v;

	if (cc_failed(st))
		return st;
	v = cc_alloc(sizeof *v);
	if (v == NULL) {
		EVP_PKEY_CTX_free(known);
		return cc_code_status(CC_E_MEMORY);
	}
	v->curve = curve;
	v->begun = known;
	CC_ASSERT(pthread_mutex_init(&v->lock, NULL) == 0);
	st = buf_copy(&v->point, point);
	if (cc_failed(st))
		ec_verifier_free(&v);
	else
		*ret = v;
	return st;
}

void ec_verifier_free(struct ec_verifier **v)
{
	if (*v == NULL)
		return;
	EVP_PKEY_CTX_free((*v)->begun);
	(void)pthread_mutex_destroy(&(*v)->lock);
	buf_done(&(*v)->point);
	cc_free(*v, sizeof **v);
	*v = NULL;
}

static const EVP_PKEY_CTX *verifier_begun(struct ec_verifier *v)
{
	const EVP_PKEY_CTX *ctx;
	EVP_PKEY *pkey;

	CC_ASSERT(pthread_mutex_lock(&v->lock) == 0);
	if (v->begun == NULL) {
		pkey = public_pkey(v->curve, buf_view(&v->point));
		v->begun = begun(pkey, EVP_PKEY_verify_init);
		EVP_PKEY_free(pkey); /* the operation holds it */
		if (v->begun != NULL)
			ec_recent_keep(v->curve, buf_view(&v->point), v->begun);
	}
	ctx = v->begun;
	CC_ASSERT(pthread_mutex_unlock(&v->lock) == 0);
	return ctx;
}

static cc_status verify_der(const EVP_PKEY_CTX *begun, struct bytes digest, struct bytes der)
{
	EVP_PKEY_CTX *ctx = begun != NULL ? EVP_PKEY_CTX_dup(begun) : NULL;
	cc_status st = cc_code_status(CC_E_CRYPTO);

	if (ctx != NULL)
		st = cc_code_status(EVP_PKEY_verify(ctx, der.p, der.n, digest.p, digest.n) == 1 ? CC_OK : CC_E_VERIFY);
	ERR_clear_error();
	EVP_PKEY_CTX_free(ctx);
	return st;
}

cc_status ec_verifier_digest(struct ec_verifier *v, struct bytes digest, struct bytes sig, enum ec_sig_form form)
{
	struct buf der = { 0 };
	cc_status st;

	if (digest.n == 0 || digest.n > HASH_LEN_MAX)
		return cc_code_status(CC_E_ARG);
	if (form == EC_SIG_DER)
		return sig.n <= DER_SIG_MAX ? verify_der(verifier_begun(v), digest, sig) : cc_code_status(CC_E_VERIFY);
	/* TR-03111 5.2.1: both halves have the length of the order. */
	if (sig.n != 2 * ec_order_len(v->curve))
		return cc_code_status(CC_E_VERIFY);
	st = ec_sig_to_der(sig, &der);
	if (!cc_failed(st))
		st = verify_der(verifier_begun(v), digest, buf_view(&der));
	buf_done(&der);
	return st;
}

cc_status ec_verify_digest(enum ec_curve curve, struct bytes point, struct bytes digest, struct bytes sig, enum ec_sig_form form)
{
	struct ec_verifier *v = NULL;
	cc_status st;

	if (digest.n == 0 || digest.n > HASH_LEN_MAX)
		return cc_code_status(CC_E_ARG);
	st = ec_verifier_new(curve, point, &v);
	if (!cc_failed(st))
		st = ec_verifier_digest(v, digest, sig, form);
	ec_verifier_free(&v);
	return st;
}

cc_status ec_sig_to_der(struct bytes plain, struct buf *ret)
{
	struct cursor c;
	struct bytes r, s;
	struct writer w;

	cursor_init(&c, plain);
	if (plain.n == 0 || plain.n % 2 != 0 || plain.n > 2 * EC_ORDER_LEN_MAX || !cursor_take(&c, plain.n / 2, &r))
		return cc_code_status(CC_E_FORMAT);
	s = cursor_rest(&c);
	writer_init(&w, DER_SIG_MAX);
	tlv_open(&w, 0x30);
	der_put_integer(&w, r);
	der_put_integer(&w, s);
	tlv_close(&w);
	return writer_finish(&w, ret);
}

/* One half, right-aligned in len bytes. */
static bool put_half(struct cursor *seq, size_t len, struct writer *w)
{
	struct bytes v;
	struct cursor c;
	uint8_t first;

	if (!der_integer(seq, &v))
		return false;
	cursor_init(&c, v);
	if (!cursor_peek(&c, &first) || first >= 0x80)
		return false;
	if (first == 0 && !cursor_skip(&c, 1))
		return false;
	if (cursor_left(&c) > len)
		return false;
	writer_fill(w, 0, len - cursor_left(&c));
	writer_put(w, cursor_rest(&c));
	return true;
}

cc_status ec_sig_to_plain(struct bytes der, size_t order_len, struct buf *ret)
{
	struct cursor c, seq;
	struct writer w;

	if (order_len == 0 || order_len > EC_ORDER_LEN_MAX)
		return cc_code_status(CC_E_ARG);
	writer_init(&w, 2 * order_len);
	cursor_init(&c, der);
	if (!tlv_expect(&c, TLV_STRICT, 0x30, &seq) || !put_half(&seq, order_len, &w) || !put_half(&seq, order_len, &w) ||
	    cc_failed(cursor_end(&seq)) || cc_failed(cursor_end(&c))) {
		writer_done(&w);
		return cc_code_status(CC_E_FORMAT);
	}
	return writer_finish(&w, ret);
}
