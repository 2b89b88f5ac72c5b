/* SPDX-License-Identifier: Apache-2.0 */
#include "card/inspect/inspect_run.h"

#include "card/inspect/issuing_state.h"

#include "card/lds/dg15.h"
#include "crypto/x509_profile.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/*
 * Who signed EF.SOD, with what, when, and what that is worth: ICAO 9303-11 5.1,
 * 9303-12 7.1. Real countries deviate and their documents are genuine, so what
 * fails is what lets somebody else sign: a right that was not given, another
 * name, another kind of document. tests/unit/signer_constraints_test.c has a
 * case for each line.
 *
 *	constraint						result
 *	signer: issuer's name is another			failed	sod.chain, structure-wrong
 *	signer: the same name in another order, case, string	nothing
 *	signer: CA flag						failed	sod.chain, structure-wrong
 *	signer: basicConstraints without CA			remark	signer.profile
 *	signer: keyUsage without digitalSignature		failed	sod.chain, structure-wrong
 *	signer: keyUsage absent, not critical, or with more	remark	signer.profile
 *	signer: extKeyUsage for lists; critical for others	failed	sod.chain, structure-wrong
 *	signer: extKeyUsage for others, not critical		inconclusive	signer.purpose
 *	signer: extKeyUsage for any purpose			remark	signer.profile
 *	signer: of another country than DG1's			inconclusive	sod.country
 *	signer or anchor: unknown critical extension		failed	sod.chain, structure-wrong
 *	anchor: no CA, keyUsage without keyCertSign		failed	sod.chain, structure-wrong
 *	anchor: path length absent or not 0			remark	anchor.profile
 *	link: path length 0 above it (a link is a change of key,
 *	  not a longer path, 9303-12 7.1)			nothing
 *	signer or anchor outside its validity now		failed	sod.chain, expired
 *	signer: ends after its country signer			remark	signer.nesting
 *	signing time outside the signer's validity, or to come	inconclusive	sod.signing-time
 *	signing time outside the private key usage period	remark	sod.signing-time
 *	document types: no type of this kind			failed	signer.document-types
 *	document types: the kind, but not this type		remark	signer.document-types
 *	document types: malformed				remark	signer.document-types
 *	document types: absent					not applicable, remark signer.profile
 */

#define DATE_TEXT 24
/* A signer's clock may be ahead of ours, and signing times are often days. */
#define CLOCK_SLACK_S 86400

/* Names joined by commas, cut at the limit of evidence. */
struct list {
	char text[INSPECT_EVIDENCE_MAX];
	size_t n;
};

static void list_add(struct list *l, const char *name)
{
	if (l->n < sizeof l->text)
		l->n += (size_t)snprintf(l->text + l->n, sizeof l->text - l->n, "%s%s", l->n > 0 ? ", " : "", name);
}

static void date_text(int64_t s, char out[DATE_TEXT])
{
	time_t t = (time_t)s;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL || strftime(out, DATE_TEXT, "%Y-%m-%d", &tm) == 0)
		(void)snprintf(out, DATE_TEXT, "?");
}

/* ---- the form */

/* Real signers write BER, leave their certificate out or don't sort: the signature is none the worse for it. */
void inspect_encoding(struct inspect_run *run)
{
	const char *found[CMS_DEVIATIONS_MAX];
	size_t n = cms_deviations(run->sod.cms, found);
	struct list l = { 0 };

	for (size_t i = 0; i < n; i++)
		list_add(&l, found[i]);
	if (n > 0)
		inspect_add(run, INSPECT_REMARK, "sod.encoding", "%s", l.text);
}

/* ---- the signer */

/* Issuer and serial number, or the key identifier: in EF.SOD, else among the certificates that the station has. */
static const struct cert *find_signer(const struct inspect_run *run, const char **ret_where)
{
	const struct cert *signer = cms_signer_cert(run->sod.cms);
	const struct trust *t = run->p->trust;

	*ret_where = "";
	for (size_t i = 0; signer == NULL && t != NULL && i < trust_count(t); i++) {
		if (!cms_names_signer(run->sod.cms, trust_at(t, i)))
			continue;
		signer = trust_at(t, i);
		*ret_where = ", found in the trust folder";
	}
	return signer;
}

const struct cert *inspect_signer(const struct inspect_run *run)
{
	const char *where;

	return run->has_sod ? find_signer(run, &where) : NULL;
}

void inspect_country_of(const struct cert *c, char ret[3])
{
	cert_country(c, ret);
	if (ret[0] == '\0')
		cert_name_country(cert_issuer(c), ret);
}

/* ICAO 9303-12 7.1: a country signer's word is good for its own documents. */
void inspect_country(struct inspect_run *run)
{
	const struct cert *signer = inspect_signer(run);
	const char *issuer = run->out->mrz.issuer;
	char country[3];

	if (signer == NULL)
		return;
	inspect_country_of(signer, country);
	if (issuing_state_is(issuer, country))
		inspect_add(run, INSPECT_PASSED, "sod.country", "signed by %s for %s", country, issuer);
	else
		inspect_add(run, INSPECT_INCONCLUSIVE, "sod.country", "signed by \"%s\", the issuing state is %s", country,
			    issuer);
}

/*
 * RFC 5280 4.2.1.12: a certificate for named purposes is for these alone, and
 * ICAO 9303-12 7.1 names none for document signers: master list, deviation list
 * and visible seal signers have the same country signer behind them.
 */
static void check_purpose(struct inspect_run *run, const struct cert *signer)
{
	if (cert_has_purposes(signer))
		inspect_add(run, INSPECT_INCONCLUSIVE, "signer.purpose",
			    "the certificate's extended key usage names other purposes than documents");
	else if (cert_is_ca(signer))
		inspect_add(run, INSPECT_INCONCLUSIVE, "signer.purpose", "a country signer's certificate is for certificates");
}

static void check_validity(struct inspect_run *run, const struct cert *signer)
{
	char from[DATE_TEXT], to[DATE_TEXT];
	bool valid = run->p->now_s >= cert_not_before_s(signer) && run->p->now_s <= cert_not_after_s(signer);

	date_text(cert_not_before_s(signer), from);
	date_text(cert_not_after_s(signer), to);
	inspect_add(run, valid ? INSPECT_PASSED : INSPECT_REMARK, "signer.validity", "%s to %s%s", from, to,
		    valid ? "" : ": not valid now");
}

/* RFC 5652 11.3: the signer's own word. Outside its validity the signature can't have been made as it says. */
static void check_signing_time(struct inspect_run *run, const struct cert *signer)
{
	int64_t at_s, from_s = INT64_MIN, to_s = INT64_MAX;
	char at[DATE_TEXT];

	if (!cms_signing_time(run->sod.cms, &at_s)) {
		inspect_add(run, INSPECT_NOT_APPLICABLE, "sod.signing-time", "EF.SOD doesn't say when it was signed");
		return;
	}
	date_text(at_s, at);
	(void)cert_private_key_usage(signer, &from_s, &to_s);
	if (at_s < cert_not_before_s(signer) || at_s > cert_not_after_s(signer))
		inspect_add(run, INSPECT_INCONCLUSIVE, "sod.signing-time", "%s, outside the validity of the signer's certificate",
			    at);
	else if (at_s > run->p->now_s + CLOCK_SLACK_S)
		inspect_add(run, INSPECT_INCONCLUSIVE, "sod.signing-time", "%s is still to come", at);
	else if (at_s < from_s || at_s > to_s)
		inspect_add(run, INSPECT_REMARK, "sod.signing-time", "%s, outside the usage period of the signer's key", at);
	else
		inspect_add(run, INSPECT_PASSED, "sod.signing-time", "%s, while the signer's certificate was valid", at);
}

static void check_profile(struct inspect_run *run, const char *id, const struct cert *c, enum cert_role role)
{
	struct cert_findings f;
	struct list l = { 0 };

	cert_lint(c, role, &f);
	for (size_t i = 0; i < f.count; i++)
		list_add(&l, f.items[i].id);
	if (f.count > 0)
		inspect_add(run, INSPECT_REMARK, id, "%s", l.text);
	else
		inspect_add(run, INSPECT_PASSED, id, "keeps Doc 9303-12 7.1");
}

/* ---- algorithms */

static void note_hash(struct list *l, const char *of, enum hash_alg alg)
{
	char text[64];

	if (alg != HASH_SHA1)
		return;
	(void)snprintf(text, sizeof text, "%s by SHA-1", of);
	list_add(l, text);
}

/*
 * What is old or odd. A key that anybody can compute proves nothing: that alone
 * takes the decision away.
 */
static void check_algorithms(struct inspect_run *run, const struct cert *signer)
{
	enum hash_alg digest = cms_digest_alg(run->sod.cms);
	struct sig_alg sig = cms_sig_alg(run->sod.cms);
	struct cert_findings f = { 0 };
	struct list l = { 0 };

	note_hash(&l, "data groups", run->sod.object.alg);
	note_hash(&l, "content", digest);
	note_hash(&l, "signature", sig.hash);
	if (digest < HASH_COUNT && sig.hash < HASH_COUNT && digest != sig.hash)
		list_add(&l, "digest and signature use different hashes");
	if (digest != run->sod.object.alg)
		list_add(&l, "data groups and content use different hashes");
	if (cert_pubkey(signer) != NULL)
		pubkey_lint(cert_pubkey(signer), &f);
	for (size_t i = 0; i < f.count; i++)
		list_add(&l, f.items[i].text);
	if (cert_findings_has(&f, "key.rsa-roca"))
		inspect_add(run, INSPECT_INCONCLUSIVE, "sod.algorithms", "%s", l.text);
	else if (l.n > 0)
		inspect_add(run, INSPECT_REMARK, "sod.algorithms", "%s", l.text);
	else
		inspect_add(run, INSPECT_PASSED, "sod.algorithms", "%s", hash_name(digest));
}

bool inspect_signature(struct inspect_run *run, const struct cert **ret_signer)
{
	const char *where;
	const struct cert *signer = find_signer(run, &where);
	char name[128], serial[44];
	struct cc_error err;
	cc_status st;

	cc_error_init(&err);
	if (signer == NULL) {
		inspect_add(run, INSPECT_INCONCLUSIVE, "sod.signature", "the document signer's certificate isn't in EF.SOD");
		return false;
	}
	*ret_signer = signer;
	st = cms_verify(run->sod.cms, signer, &err);
	if (cc_failed(st)) {
		inspect_add_error(run, inspect_result_of(st), "sod.signature", "", &err);
	} else {
		cert_name_text(cert_subject(signer), name, sizeof name);
		inspect_hex(cert_serial(signer), serial, sizeof serial);
		inspect_add(run, INSPECT_PASSED, "sod.signature", "by %s, serial %s%s", name, serial, where);
		check_algorithms(run, signer);
		check_signing_time(run, signer);
	}
	check_validity(run, signer);
	check_purpose(run, signer);
	check_profile(run, "signer.profile", signer, CERT_ROLE_DS);
	return !cc_failed(st);
}

/* ---- the chain */

enum inspect_result inspect_result_of_chain(enum chain_verdict v)
{
	switch (v) {
	case CHAIN_GOOD:
		return INSPECT_PASSED;
	case CHAIN_NO_ANCHOR:
	case CHAIN_UNDETERMINED:
		return INSPECT_INCONCLUSIVE;
	case CHAIN_SIGNATURE_WRONG:
	case CHAIN_EXPIRED:
	case CHAIN_STRUCTURE_WRONG:
	case CHAIN_REVOKED:
		return INSPECT_FAILED;
	}
	return INSPECT_FAILED;
}

static void check_crl(struct inspect_run *run, const struct chain *c)
{
	char date[DATE_TEXT];

	date_text(c->crl == CRL_STATUS_REVOKED ? c->revoked_s : c->crl_next_update_s, date);
	switch (c->crl) {
	case CRL_STATUS_GOOD:
		inspect_add(run, INSPECT_PASSED, "sod.crl", "not revoked; the list is current until %s", date);
		break;
	case CRL_STATUS_NONE:
		inspect_add(run, INSPECT_REMARK, "sod.crl", "no revocation list of this country signer is here");
		break;
	case CRL_STATUS_STALE:
		inspect_add(run, INSPECT_REMARK, "sod.crl", "not revoked in a list that was to be replaced by %s", date);
		break;
	case CRL_STATUS_UNDETERMINED:
		inspect_add(run, INSPECT_INCONCLUSIVE, "sod.crl", "the revocation list can't be judged");
		break;
	case CRL_STATUS_REVOKED:
		inspect_add(run, INSPECT_FAILED, "sod.crl", "revoked on %s: %s", date, c->revoked_reason);
		break;
	}
}

static void check_nesting(struct inspect_run *run, const struct cert *signer, const struct cert *issuer)
{
	char to[DATE_TEXT], issuer_to[DATE_TEXT];

	if (cert_not_after_s(signer) <= cert_not_after_s(issuer))
		return;
	date_text(cert_not_after_s(signer), to);
	date_text(cert_not_after_s(issuer), issuer_to);
	inspect_add(run, INSPECT_REMARK, "signer.nesting", "valid to %s, its country signer only to %s", to, issuer_to);
}

bool inspect_chain(struct inspect_run *run, const struct cert *signer)
{
	struct chain c;
	struct cc_error err;
	char name[128];

	cc_error_init(&err);
	if (run->p->trust == NULL || trust_count(run->p->trust) == 0) {
		inspect_add(run, INSPECT_INCONCLUSIVE, "sod.chain", "no-anchor: no country signer is trusted here");
		inspect_last(run)->error_key = "chain.no-anchor";
		return false;
	}
	trust_verify_signer(run->p->trust, signer, run->p->now_s, &c, &err);
	cert_name_text(c.count > 0 ? cert_subject(c.path[c.count - 1]) : cert_issuer(signer), name, sizeof name);
	if (c.verdict == CHAIN_GOOD && c.count > 1)
		inspect_add(run, INSPECT_PASSED, "sod.chain", "good: %s, over %zu link certificate%s", name, c.count - 1,
			    c.count > 2 ? "s" : "");
	else
		inspect_add(run, inspect_result_of_chain(c.verdict), "sod.chain", "%s: %s%s%s", chain_verdict_name(c.verdict),
			    name, err.detail[0] != 0 ? ": " : "", err.detail);
	inspect_last(run)->error_key = c.verdict == CHAIN_GOOD ? NULL : err.key;
	if (c.verdict == CHAIN_GOOD || c.verdict == CHAIN_REVOKED || c.verdict == CHAIN_EXPIRED) {
		check_crl(run, &c);
		check_nesting(run, signer, c.path[0]);
		check_profile(run, "anchor.profile", c.path[c.count - 1], cert_role_of(c.path[c.count - 1]));
	}
	return c.verdict == CHAIN_GOOD;
}

/* ---- what documents the signer is for */

void inspect_document_type(struct inspect_run *run)
{
	const struct cert *signer = inspect_signer(run);
	const char *code = run->out->mrz.code;

	if (signer == NULL)
		return;
	switch (cert_covers_document(signer, code)) {
	case CERT_TYPES_ABSENT:
		inspect_add(run, INSPECT_NOT_APPLICABLE, "signer.document-types", "the signer's certificate names no types");
		break;
	case CERT_TYPES_MALFORMED:
		inspect_add(run, INSPECT_REMARK, "signer.document-types", "the list of types is malformed");
		break;
	case CERT_TYPES_COVER:
		inspect_add(run, INSPECT_PASSED, "signer.document-types", "the signer may sign \"%s\"", code);
		break;
	case CERT_TYPES_SAME_KIND:
		inspect_add(run, INSPECT_REMARK, "signer.document-types", "the signer is for others of this kind than \"%s\"",
			    code);
		break;
	case CERT_TYPES_OTHER:
		inspect_add(run, INSPECT_FAILED, "signer.document-types", "the signer may not sign \"%s\"", code);
		break;
	}
}

/* ---- the key of Active Authentication */

void inspect_aa_key(struct inspect_run *run)
{
	struct bytes file = lds_set_get(&run->out->files, lds_dg(15));
	struct cert_findings f = { 0 };
	struct pubkey *k = NULL;
	struct list l = { 0 };
	cc_status st = file.n > 0 ? dg15_parse(file, &k, NULL) : cc_code_status(CC_E_NOT_FOUND);

	if (st.code == CC_E_MEMORY)
		inspect_add(run, INSPECT_INCONCLUSIVE, "dg15.key", "no memory");
	if (cc_failed(st))
		return;
	pubkey_lint(k, &f);
	for (size_t i = 0; i < f.count; i++)
		list_add(&l, f.items[i].text);
	/* Whoever can compute the private key can answer for the chip. */
	if (f.count > 0)
		inspect_add(run, cert_findings_has(&f, "key.rsa-roca") ? INSPECT_INCONCLUSIVE : INSPECT_REMARK, "dg15.key", "%s",
			    l.text);
	pubkey_free(&k);
}
