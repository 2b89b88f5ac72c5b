/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CRYPTO_X509_STORE_H
#define CC_CRYPTO_X509_STORE_H

#include "crypto/pki/crl.h"
#include "crypto/x509.h"

/* What x509_trust.c gathers and x509_chain.c judges by. Internal. */
struct trust_cert {
	struct cert *cert;
	bool is_anchor;
};

struct trust {
	struct trust_cert *certs;
	size_t count, cap;
	struct crl **crls;
	size_t crl_count, crl_cap;
};

#endif
