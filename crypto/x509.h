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
/*
 * What forbids a certificate to have signed a document (EF.SOD, EF.CardSecurity):
 * a CA's, keyUsage without digitalSignature, extKeyUsage for lists or, critical,
 * for something else. English, a literal; NULL when nothing does.
 */
const char *cert_signer_fault(const struct cert *c);
/*
 * The document type list (ICAO 9303-12 7.1.1, 2.23.136.1.1.6.2) against the type
 * in the MRZ ("ID", "P"): a single letter in the list stands for all types that
 * begin with it.
 */
enum cert_document_types {
	CERT_TYPES_ABSENT,
	CERT_TYPES_MALFORMED,
	CERT_TYPES_COVER,
	CERT_TYPES_SAME_KIND, /* a type with the same first letter is listed, this one isn't */
	CERT_TYPES_OTHER,
};
enum cert_document_types cert_covers_document(const struct cert *c, const char *type);
/* Signature of `c` under `issuer`'s key. CC_E_VERIFY, CC_E_UNSUPPORTED. */
CC_MUST cc_status cert_verify_signature(const struct cert *c, const struct cert *issuer, struct cc_error *err);

/*
 * What a verifier trusts. A self-issued country signer is an anchor. A link
 * certificate (the new key signed by the old one, Doc 9303-12 7.1) is a step: it
 * counts when it leads to an anchor. The certificates of a master list are all
 * anchors, links too, because the list's signer vouches for each. Revocation
 * lists count when a trusted country signer signed them.
 */
struct trust;

CC_MUST cc_status trust_new(struct trust **ret);
void trust_free(struct trust **t);
/* DER, or PEM with several; all of it or nothing. */
CC_MUST cc_status trust_add(struct trust *t, struct bytes cert_data, struct cc_error *err);
/* DER or PEM. It may come before its issuer's certificate. */
CC_MUST cc_status trust_add_crl(struct trust *t, struct bytes crl_data, struct cc_error *err);
/*
 * The list's own signature, its signer's extended key usage and chain are judged
 * first, the chain at the signing time: to an anchor that is here already (over
 * link certificates of the list too), or, when none of them issued it, to a
 * country signer that the list itself holds. Then the file's source is all there
 * is to trust: *ret_self_vouched. CC_E_VERIFY "master-list.chain" and others:
 * nothing was added.
 */
CC_MUST cc_status trust_add_master_list(struct trust *t, struct bytes data, bool *ret_self_vouched, struct cc_error *err);
/*
 * Files .cer .crt .der .pem, then .crl, then .ml. Unreadable files are counted,
 * not fatal: *ret_skipped. CC_E_NOT_FOUND "trust.no-folder" when the folder is missing.
 */
CC_MUST cc_status trust_load_folder(struct trust *t, const char *path, size_t *ret_skipped, struct cc_error *err);
/* A folder as above, or one file of one of these kinds, which must then be good. */
CC_MUST cc_status trust_load(struct trust *t, const char *path, size_t *ret_skipped, struct cc_error *err);
size_t trust_count(const struct trust *t); /* certificates: anchors and links */
const struct cert *trust_at(const struct trust *t, size_t i);
bool trust_is_anchor(const struct trust *t, size_t i);
size_t trust_crl_count(const struct trust *t);

enum chain_verdict {
	CHAIN_GOOD,
	CHAIN_NO_ANCHOR,       /* no country signer here issued it */
	CHAIN_SIGNATURE_WRONG, /* an anchor with that name and key id exists, but the signature doesn't verify */
	CHAIN_EXPIRED,	       /* certificate or anchor outside its validity at `at_s` */
	CHAIN_STRUCTURE_WRONG, /* the issuer's key signed it, but one of the two breaks a rule: see trust_verify_chain */
	CHAIN_REVOKED,	       /* the chain is good, and a revocation list of the country signer names one of its certificates */
	CHAIN_UNDETERMINED,    /* not judged: algorithm or curve unknown to us, no memory, library failure; err says which */
};
const char *chain_verdict_name(enum chain_verdict v); /* "no-anchor" ... */

/*
 * Document signer to country signer: trust_verify_chain, and cert_signer_fault
 * is CHAIN_STRUCTURE_WRONG. *ret_anchor: the certificate that verified (or the
 * best candidate), a view into t; untouched when there is no candidate.
 */
CC_MUST enum chain_verdict trust_verify(const struct trust *t, const struct cert *ds, int64_t at_s,
					const struct cert **ret_anchor, struct cc_error *err);

/* What revocation lists say of a chain: a remark beside the verdict, but for REVOKED. */
enum crl_status {
	CRL_STATUS_NONE,	 /* no list of that country signer is here */
	CRL_STATUS_GOOD,	 /* a current list doesn't name it */
	CRL_STATUS_STALE,	 /* the newest list doesn't name it, but should have been replaced by now */
	CRL_STATUS_UNDETERMINED, /* there is a list that can't be judged */
	CRL_STATUS_REVOKED,
};
const char *crl_status_name(enum crl_status s); /* "none", "good", "stale", "undetermined", "revoked" */

/* Issuers from the certificate's own to the anchor; at most this many. */
#define CHAIN_LENGTH_MAX 8
struct chain {
	enum chain_verdict verdict;
	size_t count; /* when good or revoked; else 0 or the best candidate alone */
	const struct cert *path[CHAIN_LENGTH_MAX];
	enum crl_status crl;
	int64_t crl_next_update_s; /* of the newest list, when there is one */
	int64_t revoked_s;	   /* CRL_STATUS_REVOKED */
	const char *revoked_reason;
};
/*
 * Any certificate. Candidates by issuer name or key identifier; each is tried (a
 * signer may verify under a self-signed and a link certificate). Wrong structure,
 * at each step: a signer's issuer field is another name than the issuer's subject
 * (but for the order of its parts, the case of the country and the string type);
 * the issuer is no CA or may not sign certificates; the certificate may sign
 * nothing; an unknown critical extension; another country. err: the cause of
 * what isn't good.
 */
void trust_verify_chain(const struct trust *t, const struct cert *c, int64_t at_s, struct chain *ret, struct cc_error *err);
/* The same for the signer of a document, with cert_signer_fault. */
void trust_verify_signer(const struct trust *t, const struct cert *ds, int64_t at_s, struct chain *ret, struct cc_error *err);

#endif
