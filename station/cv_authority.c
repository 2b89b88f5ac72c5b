/* SPDX-License-Identifier: Apache-2.0 */
#include "station/cv_home.h"

#include "crypto/pki/cvca.h"
#include "station/pki.h"
#include "station/pki_home.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct {
	const char *label, *mnemonic;
	enum cvc_role role;
	unsigned days;
} kinds[] = {
	[CV_AUTHORITY] = { "cvca", "CVCA", CVC_ROLE_CVCA, 1095 },
	[CV_LINK] = { "cvca", "CVCA", CVC_ROLE_CVCA, 1095 },
	[CV_VERIFIER] = { "dv", "DV", CVC_ROLE_DV_DOMESTIC, 90 },
	[CV_TERMINAL] = { "terminal", "IS", CVC_ROLE_TERMINAL, 30 },
};

/* What one making needs; views into home. */
struct making {
	const struct config *c;
	const struct cv_request *q;
	struct cv_home home;
	struct keystore *ks;
	const struct cv_file *issuer; /* NULL: a first authority */
	char issuer_label[KEYSTORE_LABEL_MAX + 1];
	struct cv_made made;
	uint32_t today;
};

static cc_status find_issuer(struct making *m, struct cc_error *err)
{
	enum cv_kind above = m->q->kind == CV_TERMINAL ? CV_VERIFIER : CV_AUTHORITY;
	const char *name = kinds[above].label;
	unsigned number = 0;

	if (m->q->kind == CV_AUTHORITY)
		return cv_home_newest(&m->home, CV_AUTHORITY, NULL) == NULL
			       ? cc_ok()
			       : cc_fail(err, CC_E_EXISTS, "cvc.exists", "the next one is made with link");
	m->issuer = cv_home_newest(&m->home, above, &number);
	if (m->issuer == NULL)
		return cc_fail(err, CC_E_NOT_FOUND, "cvc.no-authority", "no cv/%s-N.cvcert", name);
	(void)snprintf(m->issuer_label, sizeof m->issuer_label, "%s-%u", name, number);
	return cc_ok();
}

/* Below the first authority keys are of its kind and on its curve: chips demand it (TR-03110-3 C.1.3). */
static cc_status want_key(struct making *m, struct cc_error *err)
{
	struct keystore_key_info info, want = { .kind = KEYSTORE_EC };
	struct pki_options o;
	cc_status st = keystore_info(m->ks, m->made.label, &info);

	if (!cc_failed(st))
		return st; /* of an attempt that had broken off */
	if (m->issuer != NULL) {
		st = keystore_info(m->ks, m->issuer_label, &want);
		if (cc_failed(st))
			return pki_keystore_failed(m->ks, st, err);
	} else {
		if (cc_failed(st = pki_options_default(m->c, &o, err)))
			return st;
		want.kind = m->q->rsa_bits > 0 ? KEYSTORE_RSA : KEYSTORE_EC;
		want.curve = o.curve;
		want.bits = m->q->rsa_bits;
	}
	(void)snprintf(want.label, sizeof want.label, "%s", m->made.label);
	st = keystore_generate(m->ks, &want);
	return cc_failed(st) ? pki_keystore_failed(m->ks, st, err) : st;
}

/* From today, for as long as asked, but never beyond the issuer; an authority and its link stand on their own. */
static void set_dates(const struct making *m, struct cvc_fields *f)
{
	unsigned days = m->q->days > 0 ? m->q->days : kinds[m->q->kind].days;

	f->effective = m->today;
	f->expiration = cvc_date_add(m->today, days);
	if (f->role != CVC_ROLE_CVCA && m->issuer != NULL && f->expiration > m->issuer->cvc.expiration)
		f->expiration = m->issuer->cvc.expiration;
}

static cc_status set_holder(struct making *m, struct cc_error *err)
{
	const char *mnemonic = m->q->mnemonic != NULL ? m->q->mnemonic : kinds[m->q->kind].mnemonic;
	struct pki_options o;
	unsigned number = 0;
	cc_status st = pki_options_default(m->c, &o, err);

	if (cc_failed(st))
		return st;
	(void)cv_home_newest(&m->home, m->q->kind == CV_LINK ? CV_AUTHORITY : m->q->kind, &number);
	number++;
	(void)snprintf(m->made.label, sizeof m->made.label, "%s-%u", kinds[m->q->kind].label, number);
	if (strlen(o.country) != 2 || strlen(mnemonic) > 9 || number > 99999)
		return cc_fail(err, CC_E_ARG, "cvc.reference", "country of two letters, name of at most 9 characters");
	(void)snprintf(m->made.holder, sizeof m->made.holder, "%.2s%.9s%05u", o.country, mnemonic, number);
	return cc_ok();
}

static void set_fields(const struct making *m, struct sig_alg alg, struct bytes spki, struct cvc_fields *ret)
{
	*ret = (struct cvc_fields){ .chr = m->made.holder,
				    .car = m->issuer != NULL ? m->issuer->cvc.chr : m->made.holder,
				    .key_alg = alg,
				    .spki = spki,
				    .with_domain = kinds[m->q->kind].role == CVC_ROLE_CVCA,
				    .terminal = CVC_INSPECTION_SYSTEM,
				    .role = kinds[m->q->kind].role,
				    .rights = m->q->rights };
	if (m->q->kind == CV_VERIFIER && m->q->foreign)
		ret->role = CVC_ROLE_DV_FOREIGN;
	set_dates(m, ret);
}

static cc_status write_cert(const struct making *m, const char *suffix, struct bytes cert, struct cc_error *err)
{
	char name[KEYSTORE_LABEL_MAX + 32];

	(void)snprintf(name, sizeof name, "cv/%s%s.cvcert", m->made.label, suffix);
	return pki_write_file(m->c, name, cert, err);
}

static cc_status issue(struct making *m, const struct cvca_signer *holder, const struct cvc_fields *f, struct cc_error *err)
{
	struct cvca_signer by = *holder;
	struct cvc_fields own = *f;
	struct buf cert = { 0 };
	cc_status st = cc_ok();

	if (m->issuer != NULL) {
		st = cvca_signer_of(m->ks, m->issuer_label, &by, err);
		if (!cc_failed(st))
			st = cvca_issue(&by, &m->issuer->cvc, f, &cert, err);
		if (!cc_failed(st))
			st = write_cert(m, m->q->kind == CV_LINK ? "-link" : "", buf_view(&cert), err);
	}
	/* The link first: without it the new authority would be one that no chip in the field can follow. */
	if (!cc_failed(st) && f->role == CVC_ROLE_CVCA) {
		own.car = own.chr;
		st = cvca_issue(holder, NULL, &own, &cert, err);
		if (!cc_failed(st))
			st = write_cert(m, "", buf_view(&cert), err);
	}
	buf_done(&cert);
	return st;
}

static cc_status make_with_key(struct making *m, struct cc_error *err)
{
	struct cvca_signer holder;
	struct cvc_fields f;
	struct buf spki = { 0 };
	cc_status st = want_key(m, err);

	if (cc_failed(st) || cc_failed(st = cvca_signer_of(m->ks, m->made.label, &holder, err)))
		return st;
	st = keystore_public_key(m->ks, m->made.label, &spki);
	if (cc_failed(st))
		return pki_keystore_failed(m->ks, st, err);
	set_fields(m, holder.alg, buf_view(&spki), &f);
	st = issue(m, &holder, &f, err);
	buf_done(&spki);
	return st;
}

static cc_status make(struct making *m, struct cc_error *err)
{
	struct cvc_fields f;
	cc_status st;

	if (cc_failed(st = find_issuer(m, err)) || cc_failed(st = set_holder(m, err)))
		return st;
	set_fields(m, (struct sig_alg){ 0 }, bytes_of(NULL, 0), &f);
	m->made.effective = f.effective;
	m->made.expiration = f.expiration;
	return m->c->dry_run ? st : make_with_key(m, err);
}

static cc_status open_home(struct making *m, int *ret_lock, struct cc_error *err)
{
	char folder[PATH_MAX];
	cc_status st = pki_home_lock(m->c, ret_lock, err);

	m->today = cvc_date_of(sys_wall_ms(m->c->sys) / 1000);
	config_path(m->c, "cv", folder);
	if (!cc_failed(st) && !cvc_date_valid(m->today))
		st = cc_fail(err, CC_E_STATE, "cvc.dates", "the clock is outside the years 2000 to 2099");
	if (!cc_failed(st))
		st = sys_make_dirs(folder, 0700, err);
	if (!cc_failed(st))
		st = cv_home_load(m->c, &m->home, err);
	if (!cc_failed(st))
		st = config_open_keystore(m->c, &m->ks, err);
	return st;
}

static void close_home(struct making *m, int lock)
{
	keystore_close(&m->ks);
	cv_home_done(&m->home);
	if (lock >= 0)
		(void)close(lock);
}

cc_status cv_make(const struct config *c, const struct cv_request *q, struct cv_made *ret, struct cc_error *err)
{
	struct making m = { .c = c, .q = q };
	int lock = -1;
	cc_status st = open_home(&m, &lock, err);

	if (!cc_failed(st))
		st = make(&m, err);
	if (!cc_failed(st))
		*ret = m.made;
	close_home(&m, lock);
	return st;
}

/* ---- requests of others */
/* The outer signature is the holder's earlier key's, or the authority's that vouches for a new one. */
static cc_status check_request(const struct making *m, const struct cvc *request, struct cc_error *err)
{
	const struct cvc_key *holder = NULL;
	cc_status st;

	for (size_t i = 0; request->has_outer && i < m->home.count; i++) {
		if (strcmp(m->home.files[i].cvc.chr, request->outer_car) == 0)
			holder = &m->home.files[i].cvc.key;
	}
	if (request->has_outer && holder == NULL)
		return cc_fail(err, CC_E_NOT_FOUND, "cvc.issuer", "%s, who signed the request, isn't here", request->outer_car);
	st = cvc_request_verify(request, holder);
	return cc_failed(st) ? cc_fail(err, st.code, "cvc.signature", "request of %s", request->chr) : st;
}

static cc_status spki_of(const struct cvc_key *k, struct buf *ret)
{
	return k->kind == PUBKEY_EC ? ec_spki_encode(k->curve, k->point, EC_PARAMS_NAMED, ret)
				    : rsa_spki_encode(k->modulus, k->exponent, ret);
}

static cc_status certify(struct making *m, const struct cvc *request, struct buf *ret, struct cc_error *err)
{
	struct cvca_signer by;
	struct cvc_fields f;
	struct buf spki = { 0 };
	cc_status st = find_issuer(m, err);

	if (cc_failed(st) || cc_failed(st = check_request(m, request, err)) ||
	    cc_failed(st = cvca_signer_of(m->ks, m->issuer_label, &by, err)))
		return st;
	(void)snprintf(m->made.holder, sizeof m->made.holder, "%s", request->chr);
	st = spki_of(&request->key, &spki);
	if (cc_failed(st))
		return cc_fail(err, st.code, "cvc.point", "key of %s", request->chr);
	set_fields(m, request->key.alg, buf_view(&spki), &f);
	if (by.alg.scheme == SIG_ECDSA && (request->key.kind != PUBKEY_EC || request->key.curve != m->issuer->cvc.key.curve))
		st = cc_fail(err, CC_E_ARG, "cvc.point", "the key isn't on the curve of %s", m->issuer->cvc.chr);
	else
		st = cvca_issue(&by, &m->issuer->cvc, &f, ret, err);
	buf_done(&spki);
	return st;
}

cc_status cv_certify(const struct config *c, const struct cv_request *q, struct bytes request, struct buf *ret,
		     struct cc_error *err)
{
	struct making m = { .c = c, .q = q };
	struct cvc parsed;
	int lock = -1;
	cc_status st = cvc_parse(request, &parsed, err);

	if (cc_failed(st))
		return st;
	if (!parsed.is_request || (q->kind != CV_VERIFIER && q->kind != CV_TERMINAL))
		return cc_fail(err, CC_E_ARG, "cvc.structure", "not a request");
	st = open_home(&m, &lock, err);
	if (!cc_failed(st))
		st = certify(&m, &parsed, ret, err);
	close_home(&m, lock);
	return st;
}

static cc_status make_request(struct making *m, struct buf *ret, struct cc_error *err)
{
	const struct cv_file *before;
	struct cvca_signer fresh, outer;
	unsigned number = 0;
	cc_status st = set_holder(m, err);

	if (cc_failed(st) || m->c->dry_run)
		return st;
	/* An authority that is here decides the kind of key; else the settings do. */
	(void)!cc_failed(find_issuer(m, NULL));
	if (cc_failed(st = want_key(m, err)) || cc_failed(st = cvca_signer_of(m->ks, m->made.label, &fresh, err)))
		return st;
	before = cv_home_newest(&m->home, m->q->kind, &number);
	if (before == NULL)
		return cvca_request(&fresh, m->q->car, m->made.holder, NULL, NULL, ret, err);
	(void)snprintf(m->issuer_label, sizeof m->issuer_label, "%s-%u", kinds[m->q->kind].label, number);
	st = cvca_signer_of(m->ks, m->issuer_label, &outer, err);
	return cc_failed(st) ? st : cvca_request(&fresh, m->q->car, m->made.holder, &outer, before->cvc.chr, ret, err);
}

cc_status cv_request_make(const struct config *c, const struct cv_request *q, struct cv_made *ret, struct buf *ret_request,
			  struct cc_error *err)
{
	struct making m = { .c = c, .q = q };
	int lock = -1;
	cc_status st;

	if (q->kind != CV_VERIFIER && q->kind != CV_TERMINAL)
		return cc_fail(err, CC_E_ARG, "pki.option", "requests are for verifiers and terminals");
	st = open_home(&m, &lock, err);
	if (!cc_failed(st))
		st = make_request(&m, ret_request, err);
	if (!cc_failed(st))
		*ret = m.made;
	close_home(&m, lock);
	return st;
}
