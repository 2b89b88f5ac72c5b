/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CRYPTO_DH_INTERNAL_H
#define CC_CRYPTO_DH_INTERNAL_H

#include "crypto/dh.h"

#include <openssl/bn.h>

/* Shared by dh.c, dh_group.c and dh_spki.c. */
struct dh_numbers {
	BIGNUM *p, *q, *g;
	BIGNUM *cofactor; /* (p - 1) / q */
	BN_MONT_CTX *mont;
};

/* Made once for the process and never changed; NULL when the library can't. */
const struct dh_numbers *dh_group_numbers(enum dh_group group);

#endif
