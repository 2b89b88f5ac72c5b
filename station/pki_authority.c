/* SPDX-License-Identifier: Apache-2.0 */
#include "station/pki_authority.h"

#include "crypto/base/tlv.h"
#include "station/pki_home.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DAY_S 86400
#define NUMBER_MAX 9999
#define FILE_NAME_MAX 64

/* ---- by the predecessor */

/* CRLDistributionPoints with one URI: SEQUENCE { SEQUENCE { [0] { [0] { [6] URI } } } } */
static bool crl_url_of(const struct cert *c, char url[PKI_URL_MAX])
{
	struct bytes value, text;
	struct cursor in, points, point, name, full;
	bool critical;

	if (!cert_extension(c, BYTES_LITERAL("\x55\x1D\x1F"), &value, &critical))
		return false;
	cursor_init(&in, value);
	if (!tlv_expect(&in, TLV_STRICT, 0x30, &points) || !tlv_expect(&points, TLV_STRICT, 0x30, &point) ||
	    !tlv_expect(&point, TLV_STRICT, 0xA0, &name) || !tlv_expect(&name, TLV_STRICT, 0xA0, &full) ||
	    !tlv_expect_bytes(&full, TLV_STRICT, 0x86, &text) || text.n >= PKI_URL_MAX)
		return false;
	memcpy(url, text.p, text.n);
	url[text.n] = '\0';
	return true;
}

void pki_profile_after(const struct config *c, const struct pki_options *o, const struct cert *before, char url[PKI_URL_MAX],
		       struct pki_profile *ret)
{
	int64_t now_s = sys_wall_ms(c->sys) / 1000, from_s = now_s - now_s % DAY_S;
	int64_t life_s = cert_not_after_s(before) - cert_not_before_s(before), use_s = life_s, a, b;

	if (cert_private_key_usage(before, &a, &b) && a != INT64_MIN && b != INT64_MAX)
		use_s = b - a;
	*ret = (struct pki_profile){
		.country = o->country,
		.country_icao = o->country_icao,
		.organization = o->organization,
		.alg = pki_sig_alg(o, o->csca_key),
		.params = o->params,
		.not_before_s = from_s,
		.not_after_s = from_s + life_s,
		.private_from_s = from_s,
		.private_to_s = from_s + use_s,
		.crl_url = crl_url_of(before, url) ? url : NULL,
	};
}

/* ---- what is there */

static void file_name(char out[FILE_NAME_MAX], const char *folder, const char *kind, unsigned n, const char *tail)
{
	(void)snprintf(out, FILE_NAME_MAX, "%s/%s-%u%s", folder, kind, n, tail);
}

/* 0: none. Numbers have no gaps. */
static unsigned last_number(const struct config *c, const char *kind)
{
	char name[FILE_NAME_MAX];
	unsigned n = 0;

	for (; n < NUMBER_MAX; n++) {
		file_name(name, "certs", kind, n + 1, ".cer");
		if (!pki_home_exists(c, name))
			break;
	}
	return n;
}

static cc_status read_numbered(const struct config *c, const char *kind, unsigned n, struct cert **ret, struct cc_error *err)
{
	char name[FILE_NAME_MAX];

	file_name(name, "certs", kind, n, ".cer");
	return pki_read_cert(c, name, ret, err);
}

bool pki_may_sign(const struct cert *c, int64_t now_s)
{
	int64_t from_s, to_s;

	return now_s >= cert_not_before_s(c) && now_s <= cert_not_after_s(c) &&
	       (!cert_private_key_usage(c, &from_s, &to_s) || (now_s >= from_s && now_s <= to_s));
}

cc_status pki_current_csca(const struct config *c, struct cert **ret, unsigned *ret_number, struct cc_error *err)
{
	int64_t now_s = sys_wall_ms(c->sys) / 1000;
	unsigned n = last_number(c, "csca");

	if (n == 0)
		return cc_fail(err, CC_E_NOT_FOUND, "pki.no-csca", "%s/certs/csca-1.cer", c->home);
	for (; n > 0; n--) {
		struct cert *one = NULL;
		cc_status st = read_numbered(c, "csca", n, &one, err);

		if (cc_failed(st))
			return st;
		if (pki_may_sign(one, now_s)) {
			*ret = one;
			*ret_number = n;
			return st;
		}
		cert_free(&one);
	}
	return cc_fail(err, CC_E_STATE, "pki.issuer", "no country signer's private key usage period runs now");
}

/* ---- a new country signer */

/* Copies certs/NAME to trust/NAME when it isn't there. */
static cc_status want_trusted(const struct config *c, unsigned n, const char *tail, bool *made, struct cc_error *err)
{
	char from[FILE_NAME_MAX], to[FILE_NAME_MAX];
	struct cert *cert = NULL;
	cc_status st;

	file_name(from, "certs", "csca", n, tail);
	file_name(to, "trust", "csca", n, tail);
	if (pki_home_exists(c, to))
		return cc_ok();
	st = pki_read_cert(c, from, &cert, err);
	if (!cc_failed(st))
		st = pki_write_file(c, to, cert_der(cert), err);
	*made = true;
	cert_free(&cert);
	return st;
}

/* ICAO 9303-12 7.1: the old key signs the new one, while its usage period runs; afterwards there is none. */
static cc_status want_link(const struct config *c, const struct pki_options *o, struct keystore *ks, unsigned n, bool *made,
			   bool *ret_there, struct cc_error *err)
{
	char name[FILE_NAME_MAX], label[FILE_NAME_MAX], url[PKI_URL_MAX];
	struct cert *old_csca = NULL, *new_csca = NULL;
	struct pki_profile profile;
	struct buf der = { 0 };
	bool may;
	cc_status st;

	*ret_there = true;
	file_name(name, "certs", "csca", n, "-link.cer");
	if (pki_home_exists(c, name))
		return cc_ok();
	(void)snprintf(label, sizeof label, "csca-%u", n - 1);
	st = read_numbered(c, "csca", n - 1, &old_csca, err);
	may = !cc_failed(st) && pki_may_sign(old_csca, sys_wall_ms(c->sys) / 1000);
	if (!cc_failed(st) && !may) {
		*ret_there = false;
		goto out;
	}
	if (!cc_failed(st))
		st = read_numbered(c, "csca", n, &new_csca, err);
	if (!cc_failed(st)) {
		pki_profile_after(c, o, old_csca, url, &profile);
		profile.alg = pki_alg_of_cert(o, old_csca);
		st = csca_link(ks, label, old_csca, new_csca, &profile, c->sys, &der, err);
	}
	if (!cc_failed(st))
		st = pki_write_file(c, name, buf_view(&der), err);
	*made = true;
out:
	buf_done(&der);
	cert_free(&old_csca);
	cert_free(&new_csca);
	return st;
}

static cc_status finish_csca(const struct config *c, const struct pki_options *o, struct keystore *ks, unsigned n, bool *made,
			     bool *ret_alone, struct cc_error *err)
{
	bool has_link = false;
	cc_status st = cc_ok();

	if (n > 1)
		st = want_link(c, o, ks, n, made, &has_link, err);
	*ret_alone = n > 1 && !has_link;
	if (!cc_failed(st))
		st = want_trusted(c, n, ".cer", made, err);
	if (!cc_failed(st) && has_link)
		st = want_trusted(c, n, "-link.cer", made, err);
	return st;
}

/* The common name of the predecessor, when it is kept. */
static bool common_name_of(const struct cert *c, char out[PKI_TEXT_MAX + 1])
{
	struct cursor in, name, rdn, attribute;
	struct bytes oid;
	struct tlv value;

	cursor_init(&in, cert_subject(c));
	if (!tlv_expect(&in, TLV_STRICT, 0x30, &name))
		return false;
	while (cursor_left(&name) > 0) {
		if (!tlv_expect(&name, TLV_STRICT, 0x31, &rdn) || !tlv_expect(&rdn, TLV_STRICT, 0x30, &attribute) ||
		    !der_oid(&attribute, &oid) || !tlv_next(&attribute, TLV_STRICT, &value))
			return false;
		if (!bytes_equal(oid, BYTES_LITERAL("\x55\x04\x03")))
			continue;
		if (value.value.n > PKI_TEXT_MAX)
			return false;
		memcpy(out, value.value.p, value.value.n);
		out[value.value.n] = '\0';
		return true;
	}
	return false;
}

static cc_status issue_csca(const struct config *c, const struct pki_options *o, struct keystore *ks, unsigned n,
			    const char *common_name, bool alone, struct cc_error *err)
{
	char label[FILE_NAME_MAX], name[FILE_NAME_MAX], url[PKI_URL_MAX], kept[PKI_TEXT_MAX + 1];
	struct cert *before = NULL;
	struct pki_profile profile;
	struct buf der = { 0 };
	bool made = false;
	cc_status st = read_numbered(c, "csca", n - 1, &before, err);

	if (cc_failed(st))
		return st;
	(void)snprintf(label, sizeof label, "csca-%u", n);
	file_name(name, "certs", "csca", n, ".cer");
	pki_profile_after(c, o, before, url, &profile);
	profile.common_name = common_name;
	if (common_name == NULL && common_name_of(before, kept))
		profile.common_name = kept;
	if (profile.common_name == NULL)
		st = cc_fail(err, CC_E_ARG, "pki.profile", "csca-%u has no common name", n - 1);
	/* The old key must still be able to sign the link, or the new one stands alone: somebody has to want that. */
	if (!cc_failed(st) && !alone && !pki_may_sign(before, sys_wall_ms(c->sys) / 1000))
		st = cc_fail(err, CC_E_STATE, "pki.no-link", "csca-%u can't sign csca-%u-link", n - 1, n);
	if (!cc_failed(st))
		st = pki_want_key(ks, label, pki_key_wanted(o, o->csca_key), &made, err);
	if (!cc_failed(st))
		st = csca_issue(ks, label, &profile, c->sys, &der, err);
	if (!cc_failed(st))
		st = pki_write_file(c, name, buf_view(&der), err);
	buf_done(&der);
	cert_free(&before);
	return st;
}

static cc_status new_csca_locked(const struct config *c, const struct pki_options *o, struct keystore *ks,
				 const char *common_name, bool alone, struct pki_made *ret, struct cc_error *err)
{
	unsigned n = last_number(c, "csca");
	bool made = false;
	cc_status st;

	if (n == 0)
		return cc_fail(err, CC_E_NOT_FOUND, "pki.no-csca", "%s/certs/csca-1.cer", c->home);
	st = finish_csca(c, o, ks, n, &made, &ret->alone, err);
	ret->resumed = made;
	if (!cc_failed(st) && !made) {
		n++;
		st = issue_csca(c, o, ks, n, common_name, alone, err);
		if (!cc_failed(st))
			st = finish_csca(c, o, ks, n, &made, &ret->alone, err);
	}
	(void)snprintf(ret->label, sizeof ret->label, "csca-%u", n);
	return st;
}

/* Lock, key store, work. */
static cc_status begin(const struct config *c, int *ret_fd, struct keystore **ret_ks, struct cc_error *err)
{
	int fd = -1;
	bool has = false;
	cc_status st = config_has_keystore(c, &has, err);

	if (!cc_failed(st) && !has)
		st = cc_fail(err, CC_E_NOT_FOUND, "keystore.missing", "%s/keys.ccks", c->home);
	if (!cc_failed(st))
		st = pki_home_lock(c, &fd, err);
	if (cc_failed(st))
		return st;
	st = config_open_keystore(c, ret_ks, err);
	if (cc_failed(st))
		(void)close(fd);
	else
		*ret_fd = fd;
	return st;
}

cc_status pki_new_csca(const struct config *c, const struct pki_options *o, const char *common_name, bool alone,
		       struct pki_made *ret, struct cc_error *err)
{
	struct pki_made made = { 0 };
	struct keystore *ks = NULL;
	int fd = -1;
	cc_status st = begin(c, &fd, &ks, err);

	if (cc_failed(st))
		return st;
	st = new_csca_locked(c, o, ks, common_name, alone, &made, err);
	if (!cc_failed(st))
		*ret = made;
	keystore_close(&ks);
	(void)close(fd);
	return st;
}

/* ---- a new document signer */

static cc_status new_signer_locked(const struct config *c, const struct pki_options *o, struct keystore *ks, struct pki_made *ret,
				   struct cc_error *err)
{
	char name[FILE_NAME_MAX], csca_label[FILE_NAME_MAX], common_name[64], url[PKI_URL_MAX];
	struct cert *csca = NULL, *before = NULL;
	struct pki_profile profile;
	struct buf der = { 0 };
	unsigned csca_number = 0, n = last_number(c, "ds") + 1;
	bool made = false;
	cc_status st = pki_current_csca(c, &csca, &csca_number, err);

	if (!cc_failed(st))
		st = read_numbered(c, "ds", n > 1 ? n - 1 : 1, &before, err);
	if (cc_failed(st))
		goto out;
	(void)snprintf(csca_label, sizeof csca_label, "csca-%u", csca_number);
	(void)snprintf(ret->label, sizeof ret->label, "ds-%u", n);
	(void)snprintf(common_name, sizeof common_name, "Document Signer %u", n);
	file_name(name, "certs", "ds", n, ".cer");
	pki_profile_after(c, o, before, url, &profile);
	profile.common_name = common_name;
	profile.alg = pki_alg_of_cert(o, csca);
	profile.document_types[0] = "ID";
	st = pki_want_key(ks, ret->label, pki_key_wanted(o, o->ds_key), &made, err);
	ret->resumed = !made;
	if (!cc_failed(st))
		st = ds_issue(ks, csca_label, csca, ret->label, &profile, c->sys, &der, err);
	if (!cc_failed(st))
		st = pki_write_file(c, name, buf_view(&der), err);
out:
	buf_done(&der);
	cert_free(&csca);
	cert_free(&before);
	return st;
}

cc_status pki_new_signer(const struct config *c, const struct pki_options *o, struct pki_made *ret, struct cc_error *err)
{
	struct pki_made made = { 0 };
	struct keystore *ks = NULL;
	int fd = -1;
	cc_status st = begin(c, &fd, &ks, err);

	if (cc_failed(st))
		return st;
	st = new_signer_locked(c, o, ks, &made, err);
	if (!cc_failed(st))
		*ret = made;
	keystore_close(&ks);
	(void)close(fd);
	return st;
}
