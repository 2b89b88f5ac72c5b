/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CRYPTO_EC_INTERNAL_H
#define CC_CRYPTO_EC_INTERNAL_H

#include "crypto/ec.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <pthread.h>

/* Shared by ec_curve.c, ec.c, ec_sig.c and (the group alone) pubkey_ec.c. */

#define EC_POINT_LEN_MAX (1 + 2 * 66)
#define EC_ORDER_LEN_MAX 66

/* The standard group, made once for the process and never changed or freed; NULL when the library can't. */
const EC_GROUP *ec_curve_group(enum ec_curve curve);
const char *ec_curve_openssl_name(enum ec_curve curve);

struct ec_domain {
	enum ec_curve curve;
	const EC_GROUP *group;
	EC_GROUP *mapped; /* owned; NULL on the standard generator */
};

/* A domain with another generator (PACE's mappings); CC_E_VERIFY for infinity. */
CC_MUST cc_status ec_domain_with_generator(const struct ec_domain *d, const EC_POINT *g, struct ec_domain **ret);

/* What signing prepares on first use; behind a pointer because a const key may be shared by threads. */
struct ec_key_signer {
	pthread_mutex_t lock;
	EVP_PKEY *pkey;
};

struct ec_key {
	enum ec_curve curve;
	bool mapped; /* on PACE's generator: never signs */
	BIGNUM *d;
	struct buf point;
	struct ec_key_signer *signer;
};

#endif
