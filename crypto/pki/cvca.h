/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_PKI_CVCA_H
#define CC_PKI_CVCA_H

#include "crypto/cvc.h"
#include "crypto/keystore.h"

/*
 * The authorities that let terminals read fingers (BSI TR-03110-3 2): country
 * verifying authority, document verifier, inspection system. Every signature is
 * made by the key store, and every certificate is read again and verified
 * before it leaves.
 */

/* A key of the store that signs certificates or requests. */
struct cvca_signer {
	struct keystore *ks;
	const char *label;
	struct sig_alg alg;
};
/* The algorithm that fits a key: ECDSA with the hash of the curve's size, RSA-PSS with SHA-256. CC_E_ARG for AES keys. */
CC_MUST cc_status cvca_signer_of(struct keystore *ks, const char *label, struct cvca_signer *ret, struct cc_error *err);

/*
 * issuer: certificate of the signer, which must be allowed to issue this role (else CC_E_ARG "cvc.role") and covers the
 * dates; NULL: self-signed (fields->car is then fields->chr). Rights beyond the issuer's are refused. For a request use
 * cvca_request.
 */
CC_MUST cc_status cvca_issue(const struct cvca_signer *signer, const struct cvc *issuer, const struct cvc_fields *fields,
			     struct buf *ret_cert, struct cc_error *err);
/* A request for the signer's key. outer (may be NULL): the holder's present key and its reference, which sign it again. */
CC_MUST cc_status cvca_request(const struct cvca_signer *signer, const char *car, const char *chr,
			       const struct cvca_signer *outer, const char *outer_chr, struct buf *ret, struct cc_error *err);

#endif
