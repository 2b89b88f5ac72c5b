/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CRYPTO_CMS_H
#define CC_CRYPTO_CMS_H

#include "crypto/base/buf.h"
#include "crypto/base/bytes.h"
#include "crypto/base/err.h"
#include "crypto/keystore.h"
#include "crypto/x509.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * CMS SignedData (RFC 5652) by the profile of Doc 9303-10 4.6.2.3 (EF.SOD):
 * version 3, one digest algorithm, encapsulated content, the signer's
 * certificate, one SignerInfo (version 1, issuer and serial), signed attributes
 * content type and message digest (and signing time where asked), DER.
 */
#define CMS_MORE_CERTS_MAX 8
struct cms_sign_params {
	struct bytes content_type; /* OID content bytes */
	struct bytes content;
	struct keystore *keystore;
	const char *key_label;
	const struct cert *signer;
	const struct cert *const *more_certs; /* beside the signer's; may be NULL (master list: its country signer) */
	size_t more_cert_count;		      /* at most CMS_MORE_CERTS_MAX */
	struct sig_alg alg;
	bool with_signing_time; /* default off: SODs of one batch must not tell when */
	int64_t signing_time_s;
};

/* The result is parsed and verified again before it is returned. */
CC_MUST cc_status cms_sign(const struct cms_sign_params *params, struct buf *ret_der, struct cc_error *err);

/*
 * For a caller that verifies what it makes of the result: signature, structure and content, over its last bytes and with the key
 * of the certificate inside, before any of them leaves. That is card/lds/sod.c; tests/lint/check.sh ("unverified") holds
 * everybody else off. Signed and encoded, neither verified nor read back; of a type of its own, so that it isn't taken for
 * cms_sign's.
 */
struct cms_unverified {
	struct buf der;
};
CC_MUST cc_status cms_sign_unverified(const struct cms_sign_params *params, struct cms_unverified *ret, struct cc_error *err);

/*
 * Reading: DER or BER with indefinite lengths (normalised first), certificates
 * optional. All views live as long as the object.
 */
struct cms;

CC_MUST cc_status cms_parse(struct bytes data, struct cms **ret, struct cc_error *err);
void cms_free(struct cms **c);
struct bytes cms_content_type(const struct cms *c);
struct bytes cms_content(const struct cms *c);
unsigned cms_version(const struct cms *c);
/* Of the first SignerInfo. HASH_COUNT when it is unknown to us; cms_verify then says CC_E_UNSUPPORTED. */
enum hash_alg cms_digest_alg(const struct cms *c);
struct sig_alg cms_sig_alg(const struct cms *c);
/* Signing time attribute; false when absent. */
bool cms_signing_time(const struct cms *c, int64_t *ret_s);
size_t cms_cert_count(const struct cms *c);
const struct cert *cms_cert(const struct cms *c, size_t i);
/* The certificate that SignerInfo names (issuer and serial, or SKI); NULL when it isn't inside. */
const struct cert *cms_signer_cert(const struct cms *c);
/* The certificate is the one that SignerInfo names. */
bool cms_names_signer(const struct cms *c, const struct cert *cert);
/* The part of the profile below without which nothing can be judged: CC_E_FORMAT "cms.structure". */
CC_MUST cc_status cms_check_shape(const struct cms *c, struct cc_error *err);
/* What else deviates, as real signers do (BER, no certificate inside, attributes unsorted): English literals. How many. */
#define CMS_DEVIATIONS_MAX 8
size_t cms_deviations(const struct cms *c, const char *ret[CMS_DEVIATIONS_MAX]);
/* Structure by the profile above: CC_E_FORMAT with what deviates ("cms.structure"). A deviation says nothing about the signature.
 */
CC_MUST cc_status cms_check_structure(const struct cms *c, struct cc_error *err);
/* Message digest attribute = digest of content, content type attribute = type, signature good under `signer`. CC_E_VERIFY. */
CC_MUST cc_status cms_verify(const struct cms *c, const struct cert *signer, struct cc_error *err);
/*
 * For whoever signed: the same as cms_verify, but that the signature over the signed attributes' DER is known to be good.
 * Both are here bit by bit, and the attributes are those of the content: CC_E_VERIFY "cms.self-check" and as cms_verify.
 */
CC_MUST cc_status cms_check_carries(const struct cms *c, struct bytes attributes, struct bytes sig, struct cc_error *err);

#endif
