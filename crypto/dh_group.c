/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/dh_internal.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <pthread.h>

static const struct {
	const char *name;
	const char *openssl_name; /* RFC 5114 2.1, 2.2, 2.3 */
	size_t prime_len, order_len;
} infos[DH_GROUP_COUNT] = {
	[DH_1024_160] = { "MODP 1024/160", "dh_1024_160", 128, 20 },
	[DH_2048_224] = { "MODP 2048/224", "dh_2048_224", 256, 28 },
	[DH_2048_256] = { "MODP 2048/256", "dh_2048_256", 256, 32 },
};

size_t dh_prime_len(enum dh_group group)
{
	CC_ASSERT((unsigned)group < DH_GROUP_COUNT);
	return infos[group].prime_len;
}

size_t dh_order_len(enum dh_group group)
{
	CC_ASSERT((unsigned)group < DH_GROUP_COUNT);
	return infos[group].order_len;
}

const char *dh_group_name(enum dh_group group)
{
	CC_ASSERT((unsigned)group < DH_GROUP_COUNT);
	return infos[group].name;
}

/* ICAO 9303-11 9.5.1: 0, 1, 2 in the order of RFC 5114. */
int dh_group_parameter_id(enum dh_group group)
{
	return (int)group;
}

bool dh_group_from_parameter_id(unsigned id, enum dh_group *ret)
{
	if (id >= DH_GROUP_COUNT)
		return false;
	*ret = (enum dh_group)id;
	return true;
}

static void numbers_free(struct dh_numbers *n)
{
	BN_free(n->p);
	BN_free(n->q);
	BN_free(n->g);
	BN_free(n->cofactor);
	BN_MONT_CTX_free(n->mont);
	*n = (struct dh_numbers){ 0 };
}

static EVP_PKEY *library_group(const char *name)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "DHX", NULL);
	EVP_PKEY *pkey = NULL;
	OSSL_PARAM params[2] = { OSSL_PARAM_construct_end(), OSSL_PARAM_construct_end() };
	char text[16];

	(void)OPENSSL_strlcpy(text, name, sizeof text);
	params[0] = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, text, 0);
	if (ctx != NULL && EVP_PKEY_paramgen_init(ctx) == 1 && EVP_PKEY_CTX_set_params(ctx, params) == 1 &&
	    EVP_PKEY_paramgen(ctx, &pkey) != 1)
		pkey = NULL;
	EVP_PKEY_CTX_free(ctx);
	return pkey;
}

static bool numbers_load(enum dh_group group, struct dh_numbers *ret)
{
	struct dh_numbers n = { 0 };
	EVP_PKEY *pkey = library_group(infos[group].openssl_name);
	BN_CTX *ctx = BN_CTX_new();
	BIGNUM *rest = BN_new();
	bool good = false;

	if (pkey == NULL || ctx == NULL || rest == NULL || EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_FFC_P, &n.p) != 1 ||
	    EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_FFC_Q, &n.q) != 1 ||
	    EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_FFC_G, &n.g) != 1)
		goto out;
	n.cofactor = BN_dup(n.p);
	n.mont = BN_MONT_CTX_new();
	if (n.cofactor == NULL || n.mont == NULL || BN_sub_word(n.cofactor, 1) != 1 ||
	    BN_div(n.cofactor, rest, n.cofactor, n.q, ctx) != 1 || !BN_is_zero(rest) || BN_MONT_CTX_set(n.mont, n.p, ctx) != 1)
		goto out;
	good = (size_t)BN_num_bytes(n.p) == infos[group].prime_len && (size_t)BN_num_bytes(n.q) == infos[group].order_len;
	if (good) {
		*ret = n;
		n = (struct dh_numbers){ 0 };
	}
out:
	numbers_free(&n);
	BN_free(rest);
	BN_CTX_free(ctx);
	EVP_PKEY_free(pkey);
	ERR_clear_error();
	return good;
}

static struct dh_numbers loaded[DH_GROUP_COUNT];
static bool is_loaded[DH_GROUP_COUNT];
static pthread_mutex_t loaded_lock = PTHREAD_MUTEX_INITIALIZER;

const struct dh_numbers *dh_group_numbers(enum dh_group group)
{
	const struct dh_numbers *n;

	CC_ASSERT((unsigned)group < DH_GROUP_COUNT);
	CC_ASSERT(pthread_mutex_lock(&loaded_lock) == 0);
	if (!is_loaded[group])
		is_loaded[group] = numbers_load(group, &loaded[group]);
	n = is_loaded[group] ? &loaded[group] : NULL;
	CC_ASSERT(pthread_mutex_unlock(&loaded_lock) == 0);
	return n;
}
