/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_PKI_ISSUE_H
#define CC_PKI_ISSUE_H

#include "crypto/base/buf.h"
#include "crypto/base/bytes.h"
#include "crypto/base/err.h"
#include "crypto/base/sys.h"
#include "crypto/keystore.h"
#include "crypto/x509.h"

#include <stdint.h>

/*
 * Certificates of the issuing authority by the profiles of Doc 9303-12 7.1:
 * country signer and its links (csca.c), document signer (ds.c).
 *
 * Country signer: self-signed, serial of 1 to 20 octets, C (upper case), O, CN;
 * basicConstraints CA pathlen 0 critical, keyUsage keyCertSign+cRLSign
 * critical, SKI, AKI, privateKeyUsagePeriod, issuerAltName/subjectAltName with
 * the ICAO country code, CRL distribution point.
 * Document signer: keyUsage digitalSignature critical, AKI, SKI,
 * privateKeyUsagePeriod, altNames, CRL distribution point, document type list
 * (2.23.136.1.1.6.2) with e.g. "ID".
 */
struct pki_profile {
	const char *country;	  /* "VN" */
	const char *country_icao; /* "VNM", altName localityName */
	const char *organization;
	const char *common_name;
	struct sig_alg alg;	   /* of the signing key */
	enum ec_param_form params; /* how EC keys are written in the certificate */
	int64_t not_before_s;
	int64_t not_after_s;
	int64_t private_from_s; /* private key usage period */
	int64_t private_to_s;
	const char *crl_url;	       /* "http://..." or NULL: no distribution point */
	const char *document_types[4]; /* document signer only, NULL-terminated when shorter */
};

CC_MUST cc_status csca_issue(struct keystore *ks, const char *key_label, const struct pki_profile *profile, const struct sys *sys,
			     struct buf *ret_cert, struct cc_error *err);
/*
 * Link certificate (Doc 9303-12 7.1): the new country signer's key and name,
 * signed with the old key, so that who trusts the old one can trust the new one.
 * It ends with the first of the two. A changed name carries the name change
 * extension (2.23.136.1.1.6.1). Not country signers of one country, or the old
 * key's usage period over: CC_E_ARG, CC_E_STATE "pki.issuer".
 */
CC_MUST cc_status csca_link(struct keystore *ks, const char *old_label, const struct cert *old_csca, const struct cert *new_csca,
			    const struct pki_profile *profile, const struct sys *sys, struct buf *ret_cert, struct cc_error *err);
CC_MUST cc_status ds_issue(struct keystore *ks, const char *csca_label, const struct cert *csca, const char *ds_label,
			   const struct pki_profile *profile, const struct sys *sys, struct buf *ret_cert, struct cc_error *err);

#endif
