/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_LDS_CARD_SECURITY_H
#define CC_CARD_LDS_CARD_SECURITY_H

#include "card/lds/security_infos.h"
#include "crypto/base/buf.h"
#include "crypto/cms.h"
#include "crypto/keystore.h"
#include "crypto/x509.h"

#include <stdint.h>

/*
 * EF.CardSecurity, ICAO 9303-11 9.2.11: CMS SignedData over SecurityInfos, content
 * type id-SecurityObject (0.4.0.127.0.7.3.2.1), signed by the document signer.
 * It holds the static key of PACE with Chip Authentication Mapping.
 */
extern const struct bytes oid_security_object;

/* Owned copy, views into it. Start from {0}. */
struct card_security {
	struct cms *cms;
	struct security_infos infos;
};
/* CMS, content type and infos; the signature is not judged here. CC_E_FORMAT "card-security.structure". */
CC_MUST cc_status card_security_parse(struct bytes file, struct card_security *ret, struct cc_error *err);
void card_security_done(struct card_security *s);
/*
 * Signature by the certificate inside. What it is worth is told by the chain of
 * *ret_signer (a view, may be NULL), which is the caller's: CC_E_VERIFY,
 * CC_E_UNSUPPORTED, CC_E_NOT_FOUND without that certificate.
 */
CC_MUST cc_status card_security_verify(const struct card_security *s, const struct cert **ret_signer, struct cc_error *err);

struct card_security_params {
	const struct security_infos *infos; /* written in DER order */
	struct keystore *keystore;
	const char *key_label; /* document signer key */
	const struct cert *signer;
	struct sig_alg alg;
	const struct trust *trust; /* the chain must end here */
	int64_t now_s;
};
/* Signed, read back, verified with its chain: CC_E_VERIFY "card-security.self-check", "sod.chain". */
CC_MUST cc_status card_security_build(const struct card_security_params *p, struct buf *ret_file, struct cc_error *err);

#endif
