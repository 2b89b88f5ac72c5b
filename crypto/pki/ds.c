/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pki/master_list.h"
#include "crypto/pki/tbs.h"

#include <string.h>

/* Document signers and master list signers differ in what their key is for. */
enum signer_kind { SIGNER_DOCUMENT, SIGNER_MASTER_LIST };

struct ds_extensions {
	enum signer_kind kind;
	const struct pki_profile *profile;
	struct bytes key_id, csca_key_id;
};

/* ICAO 9303-12 7.1.1, table of the document signer: no basicConstraints. */
static void put_extensions(struct writer *w, const void *ctx)
{
	const struct ds_extensions *e = ctx;
	const struct pki_profile *p = e->profile;

	tbs_extension_key_ids(w, e->key_id, e->csca_key_id);
	tbs_extension_key_usage(w, CERT_USAGE_DIGITAL_SIGNATURE);
	tbs_extension_private_key_usage(w, p->private_from_s, p->private_to_s);
	tbs_extension_alt_names(w, p->country_icao);
	tbs_extension_crl(w, p->crl_url);
	if (e->kind == SIGNER_MASTER_LIST)
		tbs_extension_master_list_signer(w);
	else
		tbs_extension_document_types(w, p->document_types, sizeof p->document_types / sizeof p->document_types[0]);
}

static cc_status check_issuer(const struct cert *csca, const struct pki_profile *profile, struct cc_error *err)
{
	char country[3];
	int64_t from_s, to_s;

	cert_country(csca, country);
	if (!cert_is_ca(csca) || cert_ski(csca).n == 0)
		return cc_fail(err, CC_E_ARG, "pki.issuer", "not a country signer");
	if (strcmp(country, profile->country) != 0)
		return cc_fail(err, CC_E_ARG, "pki.issuer", "the country signer is of %s, the document signer of %s", country,
			       profile->country);
	if (profile->not_before_s < cert_not_before_s(csca) || profile->not_after_s > cert_not_after_s(csca))
		return cc_fail(err, CC_E_ARG, "pki.issuer", "the document signer would outlive its country signer");
	if (cert_private_key_usage(csca, &from_s, &to_s) && (profile->not_before_s < from_s || profile->not_before_s > to_s))
		return cc_fail(err, CC_E_STATE, "pki.issuer", "the country signer's private key usage period is over");
	return cc_ok();
}

static cc_status issue(enum signer_kind kind, struct keystore *ks, const char *csca_label, const struct cert *csca,
		       const char *ds_label, const struct pki_profile *profile, const struct sys *sys, struct buf *ret_cert,
		       struct cc_error *err)
{
	struct buf name = { 0 }, spki = { 0 };
	struct digest key_id = { 0 };
	struct ds_extensions extensions;
	struct tbs tbs;
	cc_status st = tbs_check_profile(profile, err);

	if (!cc_failed(st))
		st = check_issuer(csca, profile, err);
	if (!cc_failed(st))
		st = tbs_name(profile, &name, err);
	if (!cc_failed(st))
		st = tbs_public_key(ks, ds_label, profile->params, &spki, &key_id, err);
	if (cc_failed(st))
		goto out;
	extensions = (struct ds_extensions){ kind, profile, bytes_of(key_id.p, key_id.n), cert_ski(csca) };
	tbs = (struct tbs){
		.issuer = cert_subject(csca),
		.subject = buf_view(&name),
		.spki = buf_view(&spki),
		.alg = profile->alg,
		.not_before_s = profile->not_before_s,
		.not_after_s = profile->not_after_s,
		.extensions = put_extensions,
		.ctx = &extensions,
	};
	st = tbs_sign(&tbs, ks, csca_label, cert_spki(csca), sys, ret_cert, err);
out:
	buf_done(&name);
	buf_done(&spki);
	return st;
}

cc_status ds_issue(struct keystore *ks, const char *csca_label, const struct cert *csca, const char *ds_label,
		   const struct pki_profile *profile, const struct sys *sys, struct buf *ret_cert, struct cc_error *err)
{
	return issue(SIGNER_DOCUMENT, ks, csca_label, csca, ds_label, profile, sys, ret_cert, err);
}

cc_status master_list_signer_issue(struct keystore *ks, const char *csca_label, const struct cert *csca, const char *label,
				   const struct pki_profile *profile, const struct sys *sys, struct buf *ret_cert,
				   struct cc_error *err)
{
	return issue(SIGNER_MASTER_LIST, ks, csca_label, csca, label, profile, sys, ret_cert, err);
}
