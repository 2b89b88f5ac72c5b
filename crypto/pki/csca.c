/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pki/tbs.h"

#include <string.h>

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

/* ---- link certificates */

struct link_extensions {
	const struct pki_profile *profile;
	const struct cert *old_csca, *new_csca;
	int64_t private_from_s, private_to_s;
};

/* ICAO 9303-12 7.1.1, column of the link certificate. */
static void put_link_extensions(struct writer *w, const void *ctx)
{
	const struct link_extensions *e = ctx;

	tbs_extension_key_ids(w, cert_ski(e->new_csca), cert_ski(e->old_csca));
	tbs_extension_key_usage(w, CERT_USAGE_KEY_CERT_SIGN | CERT_USAGE_CRL_SIGN);
	tbs_extension_private_key_usage(w, e->private_from_s, e->private_to_s);
	tbs_extension_alt_names(w, e->profile->country_icao);
	tbs_extension_basic_constraints_ca(w, 0);
	tbs_extension_crl(w, e->profile->crl_url);
	if (!bytes_equal(cert_subject(e->old_csca), cert_subject(e->new_csca)))
		tbs_extension_name_change(w);
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static cc_status check_link(const struct cert *old_csca, const struct cert *new_csca, int64_t now_s, struct cc_error *err)
{
	char was[3], becomes[3];
	int64_t from_s, to_s;

	cert_country(old_csca, was);
	cert_country(new_csca, becomes);
	if (!cert_is_ca(old_csca) || !cert_is_ca(new_csca) || cert_ski(old_csca).n == 0 || cert_ski(new_csca).n == 0 ||
	    strcmp(was, becomes) != 0)
		return cc_fail(err, CC_E_ARG, "pki.issuer", "not two country signers of one country");
	if (bytes_equal(cert_ski(old_csca), cert_ski(new_csca)))
		return cc_fail(err, CC_E_ARG, "pki.issuer", "old and new key are the same");
	if (now_s > cert_not_after_s(old_csca) ||
	    (cert_private_key_usage(old_csca, &from_s, &to_s) && (now_s < from_s || now_s > to_s)))
		return cc_fail(err, CC_E_STATE, "pki.issuer", "the old country signer's private key usage period is over");
	return cc_ok();
}

cc_status csca_link(struct keystore *ks, const char *old_label, const struct cert *old_csca, const struct cert *new_csca,
		    const struct pki_profile *profile, const struct sys *sys, struct buf *ret_cert, struct cc_error *err)
{
	struct link_extensions e = { .profile = profile, .old_csca = old_csca, .new_csca = new_csca };
	struct tbs tbs = {
		.issuer = cert_subject(old_csca),
		.subject = cert_subject(new_csca),
		.spki = cert_spki(new_csca),
		.alg = profile->alg,
		.not_before_s = later(cert_not_before_s(old_csca), cert_not_before_s(new_csca)),
		.not_after_s = sooner(cert_not_after_s(old_csca), cert_not_after_s(new_csca)),
		.extensions = put_link_extensions,
		.ctx = &e,
	};
	cc_status st = check_link(old_csca, new_csca, sys_wall_ms(sys) / 1000, err);

	if (cc_failed(st))
		return st;
	if (!cert_private_key_usage(new_csca, &e.private_from_s, &e.private_to_s)) {
		e.private_from_s = tbs.not_before_s;
		e.private_to_s = tbs.not_after_s;
	}
	e.private_from_s = later(e.private_from_s, tbs.not_before_s);
	e.private_to_s = sooner(e.private_to_s, tbs.not_after_s);
	return tbs_sign(&tbs, ks, old_label, cert_spki(old_csca), sys, ret_cert, err);
}
