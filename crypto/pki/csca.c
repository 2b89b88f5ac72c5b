/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pki/tbs.h"

struct csca_extensions {
	const struct pki_profile *profile;
	struct bytes key_id;
};

/* ICAO 9303-12 7.1.1, table of the country signer. */
static void put_extensions(struct writer *w, const void *ctx)
{
	const struct csca_extensions *e = ctx;
	const struct pki_profile *p = e->profile;

	tbs_extension_key_ids(w, e->key_id, e->key_id);
	tbs_extension_key_usage(w, CERT_USAGE_KEY_CERT_SIGN | CERT_USAGE_CRL_SIGN);
	tbs_extension_private_key_usage(w, p->private_from_s, p->private_to_s);
	tbs_extension_alt_names(w, p->country_icao);
	tbs_extension_basic_constraints_ca(w, 0);
	tbs_extension_crl(w, p->crl_url);
}

cc_status csca_issue(struct keystore *ks, const char *key_label, const struct pki_profile *profile, const struct sys *sys,
		     struct buf *ret_cert, struct cc_error *err)
{
	struct buf name = { 0 }, spki = { 0 };
	struct digest key_id = { 0 };
	struct csca_extensions extensions;
	struct tbs tbs;
	cc_status st = tbs_check_profile(profile, err);

	if (!cc_failed(st))
		st = tbs_name(profile, &name, err);
	if (!cc_failed(st))
		st = tbs_public_key(ks, key_label, profile->params, &spki, &key_id, err);
	if (cc_failed(st))
		goto out;
	extensions = (struct csca_extensions){ profile, bytes_of(key_id.p, key_id.n) };
	tbs = (struct tbs){
		.issuer = buf_view(&name),
		.subject = buf_view(&name),
		.spki = buf_view(&spki),
		.alg = profile->alg,
		.not_before_s = profile->not_before_s,
		.not_after_s = profile->not_after_s,
		.extensions = put_extensions,
		.ctx = &extensions,
	};
	st = tbs_sign(&tbs, ks, key_label, buf_view(&spki), sys, ret_cert, err);
out:
	buf_done(&name);
	buf_done(&spki);
	return st;
}
