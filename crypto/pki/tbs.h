/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_PKI_TBS_H
#define CC_PKI_TBS_H

#include "crypto/pki/issue.h"

/*
 * What country signer and document signer certificates share: the DER of a
 * TBSCertificate and its signature. Internal to crypto/pki.
 */

/* One certificate to be written. Views; extensions(w, ctx) appends the Extension objects, via tbs_extension_*. */
struct tbs {
	struct bytes issuer;  /* Name DER */
	struct bytes subject; /* Name DER */
	struct bytes spki;
	struct sig_alg alg;
	int64_t not_before_s, not_after_s;
	void (*extensions)(struct writer *w, const void *ctx);
	const void *ctx;
};

/* Serial from sys's random, signature by the key store; the result is parsed and verified under `issuer_spki`. */
CC_MUST cc_status tbs_sign(const struct tbs *tbs, struct keystore *ks, const char *signing_label, struct bytes issuer_spki,
			   const struct sys *sys, struct buf *ret_cert, struct cc_error *err);

/* C, O, CN by the profile. CC_E_ARG when the country isn't two letters or a text isn't UTF-8 or too long. */
CC_MUST cc_status tbs_name(const struct pki_profile *profile, struct buf *ret, struct cc_error *err);
/* The key's SubjectPublicKeyInfo in the parameter form that the profile asks for, and its key identifier (RFC 5280 4.2.1.2 (1)).
 */
CC_MUST cc_status tbs_public_key(struct keystore *ks, const char *label, enum ec_param_form params, struct buf *ret_spki,
				 struct digest *ret_key_id, struct cc_error *err);
/* Names and times that fit together: CC_E_ARG. */
CC_MUST cc_status tbs_check_profile(const struct pki_profile *profile, struct cc_error *err);

void tbs_extension_key_usage(struct writer *w, unsigned usage); /* CERT_USAGE_... */
void tbs_extension_key_ids(struct writer *w, struct bytes subject_key_id, struct bytes authority_key_id);
void tbs_extension_private_key_usage(struct writer *w, int64_t from_s, int64_t to_s);
/* issuerAltName and subjectAltName: directory name with the ICAO country code as localityName. */
void tbs_extension_alt_names(struct writer *w, const char *country_icao);
void tbs_extension_basic_constraints_ca(struct writer *w, unsigned path_len);
void tbs_extension_crl(struct writer *w, const char *url);
/* extKeyUsage 2.23.136.1.1.3 alone, critical. */
void tbs_extension_master_list_signer(struct writer *w);
/* A link certificate whose subject has another name than its issuer (2.23.136.1.1.6.1). */
void tbs_extension_name_change(struct writer *w);
void tbs_extension_document_types(struct writer *w, const char *const *types, size_t cap);

#endif
