/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CRYPTO_X509_H
#define CC_CRYPTO_X509_H

#include "crypto/base/buf.h"
#include "crypto/base/bytes.h"
#include "crypto/base/err.h"
#include "crypto/pubkey.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Certificates (RFC 5280) as Doc 9303-12 uses them: parsed by our own strict
 * walk over the cursor, because OpenSSL's chain check refuses explicit EC
 * parameters that Doc 9303-12 demands. Signatures are checked by pubkey_verify.
 */
struct cert;

/* PEM ("-----BEGIN CERTIFICATE") or DER, one certificate. Takes a copy. */
CC_MUST cc_status cert_parse(struct bytes data, struct cert **ret, struct cc_error *err);
void cert_free(struct cert **c);

struct bytes cert_der(const struct cert *c);
struct bytes cert_serial(const struct cert *c);	 /* content bytes, two's complement (may be negative) */
struct bytes cert_issuer(const struct cert *c);	 /* Name DER */
struct bytes cert_subject(const struct cert *c); /* Name DER */
struct bytes cert_spki(const struct cert *c);
const struct pubkey *cert_pubkey(const struct cert *c); /* NULL when the key is unsupported */
struct bytes cert_ski(const struct cert *c);		/* empty when absent */
struct bytes cert_aki(const struct cert *c);		/* key identifier; empty when absent */
int64_t cert_not_before_s(const struct cert *c);	/* seconds since 1970 UTC */
int64_t cert_not_after_s(const struct cert *c);
struct bytes cert_tbs(const struct cert *c);	 /* TBSCertificate DER */
struct bytes cert_sig_alg(const struct cert *c); /* AlgorithmIdentifier DER */
bool cert_is_ca(const struct cert *c);
/* pathLenConstraint; false when absent. */
bool cert_path_len(const struct cert *c, uint64_t *ret);
/* RFC 5280 4.2.1.3, bit n of the BIT STRING as 1 << n; false when the extension is absent. */
#define CERT_USAGE_DIGITAL_SIGNATURE (1u << 0)
#define CERT_USAGE_KEY_CERT_SIGN (1u << 5)
#define CERT_USAGE_CRL_SIGN (1u << 6)
bool cert_key_usage(const struct cert *c, unsigned *ret);
/* Value of an extension by its OID (content bytes); false when it is absent. A view. */
bool cert_extension(const struct cert *c, struct bytes oid, struct bytes *ret_value, bool *ret_critical);
/* A critical extension that this code doesn't know is inside (RFC 5280 4.2: such a certificate is refused). */
bool cert_has_unknown_critical(const struct cert *c);
/* countryName of the subject, upper-cased; "" when absent. */
void cert_country(const struct cert *c, char out[3]);
void cert_name_country(struct bytes name_der, char out[3]);
/* "C=VN,O=...,CN=...": printable, escaped; cut at cap. */
void cert_name_text(struct bytes name_der, char *out, size_t cap);
/* Private key usage period (RFC 3280); false when absent. */
bool cert_private_key_usage(const struct cert *c, int64_t *ret_from_s, int64_t *ret_to_s);
/* Same RDNs regardless of their order (real SignerInfos list them otherwise) and of letter case in the country. */
bool cert_name_equal(struct bytes a, struct bytes b);
/* Signature of `c` under `issuer`'s key. CC_E_VERIFY, CC_E_UNSUPPORTED. */
CC_MUST cc_status cert_verify_signature(const struct cert *c, const struct cert *issuer, struct cc_error *err);

/* Trust anchors: country signer and link certificates, from a folder of .cer .crt .der .pem files (PEM may hold several). */
struct trust;

CC_MUST cc_status trust_new(struct trust **ret);
void trust_free(struct trust **t);
CC_MUST cc_status trust_add(struct trust *t, struct bytes cert_data, struct cc_error *err);
/* Unreadable files are counted, not fatal: *ret_skipped. CC_E_NOT_FOUND when the folder is missing. */
CC_MUST cc_status trust_load_folder(struct trust *t, const char *path, size_t *ret_skipped, struct cc_error *err);
size_t trust_count(const struct trust *t);
const struct cert *trust_at(const struct trust *t, size_t i);

enum chain_verdict {
	CHAIN_GOOD,
	CHAIN_NO_ANCHOR,       /* no country signer here issued it */
	CHAIN_SIGNATURE_WRONG, /* an anchor with that name and key id exists, but the signature doesn't verify */
	CHAIN_EXPIRED,	       /* certificate or anchor outside its validity at `at_s` */
	CHAIN_STRUCTURE_WRONG, /* not a CA, missing fields */
	CHAIN_UNDETERMINED,    /* not judged: algorithm or curve unknown to us, no memory, library failure; err says which */
};
const char *chain_verdict_name(enum chain_verdict v); /* "no-anchor" ... */

/*
 * Document signer to country signer: candidates by AKI, else by issuer name;
 * each is tried (a signer may verify under a self-signed and a link
 * certificate). *ret_anchor: the certificate that verified (or the best
 * candidate), a view into t; untouched when there is no candidate.
 */
CC_MUST enum chain_verdict trust_verify(const struct trust *t, const struct cert *ds, int64_t at_s,
					const struct cert **ret_anchor, struct cc_error *err);

#endif
