/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CRYPTO_PUBKEY_EC_H
#define CC_CRYPTO_PUBKEY_EC_H

#include "crypto/base/bytes.h"
#include "crypto/base/err.h"
#include "crypto/ec.h"

#include <stdbool.h>

/* EC domain parameters in SubjectPublicKeyInfo (RFC 3279 2.3.5, RFC 5480 2.1.1); shared by pubkey*.c alone. */

extern const struct bytes pubkey_oid_ec; /* id-ecPublicKey */

/*
 * params: the whole parameter object, an OID or a SpecifiedECDomain. Explicit
 * parameters are compared number by number with each known curve.
 */
CC_MUST cc_status pubkey_ec_curve(struct bytes params, enum ec_curve *ret, bool *ret_explicit, struct cc_error *err);

#endif
