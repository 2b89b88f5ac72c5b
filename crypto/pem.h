/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CRYPTO_PEM_H
#define CC_CRYPTO_PEM_H

#include "crypto/base/buf.h"
#include "crypto/base/bytes.h"
#include "crypto/base/err.h"

#include <stdbool.h>

/* PEM (RFC 7468) around certificates and revocation lists. */
#define PEM_LEN_MAX (16u << 20)

/* The text "-----BEGIN " is somewhere inside. */
bool pem_is(struct bytes data);
/* Calls each(ctx, der) for every certificate in turn, until it fails. *ret_count: how many there were. */
CC_MUST cc_status pem_each_certificate(struct bytes data, cc_status (*each)(void *ctx, struct bytes der), void *ctx,
				       size_t *ret_count);
/* The same for revocation lists ("X509 CRL"). */
CC_MUST cc_status pem_each_crl(struct bytes data, cc_status (*each)(void *ctx, struct bytes der), void *ctx, size_t *ret_count);
/* One certificate as PEM. */
CC_MUST cc_status pem_encode_certificate(struct bytes der, struct buf *ret);

#endif
