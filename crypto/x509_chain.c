/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/x509_store.h"

#include <string.h>

/* A chain is short and a signer has few namesakes; a folder made to cost time ends here. */
#define STEPS_MAX 256

const char *chain_verdict_name(enum chain_verdict v)
{
	switch (v) {
	case CHAIN_GOOD:
		return "good";
	case CHAIN_NO_ANCHOR:
		return "no-anchor";
	case CHAIN_SIGNATURE_WRONG:
		return "signature-wrong";
	case CHAIN_EXPIRED:
		return "expired";
	case CHAIN_STRUCTURE_WRONG:
		return "structure-wrong";
	case CHAIN_REVOKED:
		return "revoked";
	case CHAIN_UNDETERMINED:
		return "undetermined";
	}
	return "undetermined";
}

const char *crl_status_name(enum crl_status s)
{
	static const char *const names[] = { "none", "good", "stale", "undetermined", "revoked" };

	CC_ASSERT(s <= CRL_STATUS_REVOKED);
	return names[s];
}

/* How far a candidate came: more is better, and the best one's verdict counts. */
static int rank(enum chain_verdict v)
{
	switch (v) {
	case CHAIN_GOOD:
		return 6;
	case CHAIN_REVOKED:
		return 5;
	case CHAIN_EXPIRED:
		return 4;
	case CHAIN_STRUCTURE_WRONG:
		return 3;
	case CHAIN_UNDETERMINED:
		return 2;
	case CHAIN_SIGNATURE_WRONG:
		return 1;
	case CHAIN_NO_ANCHOR:
		break;
	}
	return 0;
}

enum match { MATCH_NONE, MATCH_NAME_ONLY, MATCH_KEY_ONLY, MATCH_BOTH };

/*
 * Name and key identifier may each be odd in real documents; either makes a
 * candidate. The key identifier alone makes no chain for a signer (RFC 5280
 * 6.1.3 (a)(4), BSI TR-03105-5.1 LDS_H_54), but says what is wrong with it. Five
 * countries' link certificates (HU, PT, ES, PH, TR in the German master list of
 * 2024) bear another name over the right key: there the key counts, because a
 * country that changes its name has no better proof.
 */
static enum match match_issuer(const struct cert *c, const struct cert *issuer)
{
	struct bytes aki = cert_aki(c), ski = cert_ski(issuer);
	bool name = cert_name_equal(cert_issuer(c), cert_subject(issuer));

	if (aki.n == 0 || ski.n == 0)
		return name ? MATCH_BOTH : MATCH_NONE;
	if (bytes_equal(aki, ski))
		return name ? MATCH_BOTH : MATCH_KEY_ONLY;
	return name ? MATCH_NAME_ONLY : MATCH_NONE;
}

/* A country signer's word is good for its own country alone. */
static bool same_country(const struct cert *c, const struct cert *ca)
{
	char subject[3], issuer[3], country[3];

	cert_country(c, subject);
	cert_name_country(cert_issuer(c), issuer);
	cert_country(ca, country);
	return strcmp(issuer, country) == 0 && (subject[0] == '\0' || strcmp(subject, country) == 0);
}

static const char *structure_fault(const struct cert *c, const struct cert *issuer, enum match match)
{
	unsigned usage;

	if (match == MATCH_KEY_ONLY && !cert_is_ca(c))
		return "the issuer's name is not the subject of the country signer with that key";

	if (!cert_is_ca(issuer))
		return "the anchor is not a CA";
	if (cert_key_usage(issuer, &usage) && (usage & CERT_USAGE_KEY_CERT_SIGN) == 0)
		return "the anchor may not sign certificates";
	if (cert_key_usage(c, &usage) && (usage & (CERT_USAGE_DIGITAL_SIGNATURE | CERT_USAGE_KEY_CERT_SIGN)) == 0)
		return "the certificate may not sign";
	if (cert_has_unknown_critical(c) || cert_has_unknown_critical(issuer))
		return "an unknown critical extension";
	if (!same_country(c, issuer))
		return "countries of certificate and anchor differ";
	return NULL;
}

static bool valid_at(const struct cert *c, int64_t at_s)
{
	return at_s >= cert_not_before_s(c) && at_s <= cert_not_after_s(c);
}

/* One step: `c` under `issuer`. */
static enum chain_verdict judge(const struct cert *c, const struct cert *issuer, enum match match, int64_t at_s,
				struct cc_error *err)
{
	cc_status st = cert_verify_signature(c, issuer, NULL);
	const char *fault;

	/* Only a signature that was judged can be wrong; no memory or an unknown algorithm is our own failure to judge. */
	if (cc_failed(st) && st.code != CC_E_VERIFY) {
		(void)cc_fail(err, st.code, "chain.undetermined", "%s",
			      st.code == CC_E_UNSUPPORTED ? "key or signature algorithm unknown" : cc_code_name(st.code));
		return CHAIN_UNDETERMINED;
	}
	if (cc_failed(st)) {
		/* the same name with another key, or the other way round, is another anchor, not a forged signature */
		if (match != MATCH_BOTH)
			return CHAIN_NO_ANCHOR;
		(void)cc_fail(err, CC_E_VERIFY, "chain.signature-wrong", "the signature is not the named country signer's");
		return CHAIN_SIGNATURE_WRONG;
	}
	fault = structure_fault(c, issuer, match);
	if (fault != NULL) {
		(void)cc_fail(err, CC_E_FORMAT, "chain.structure-wrong", "%s", fault);
		return CHAIN_STRUCTURE_WRONG;
	}
	if (!valid_at(c, at_s) || !valid_at(issuer, at_s)) {
		(void)cc_fail(err, CC_E_VERIFY, "chain.expired", "%s outside its validity",
			      valid_at(c, at_s) ? "country signer" : "certificate");
		return CHAIN_EXPIRED;
	}
	return CHAIN_GOOD;
}

/* ---- walking */

struct walk {
	const struct trust *trust;
	int64_t at_s;
	unsigned steps;
	size_t depth;
	const struct cert *path[CHAIN_LENGTH_MAX]; /* under trial */
};

/* The best that was found for one certificate. */
struct outcome {
	enum chain_verdict verdict;
	size_t count;
	const struct cert *path[CHAIN_LENGTH_MAX];
	struct cc_error err;
};

static bool on_path(const struct walk *w, const struct cert *c)
{
	for (size_t i = 0; i < w->depth; i++)
		if (w->path[i] == c)
			return true;
	return false;
}

static void keep_better(struct outcome *best, enum chain_verdict v, const struct walk *w, const struct cc_error *err)
{
	if (rank(v) <= rank(best->verdict))
		return;
	best->verdict = v;
	best->count = w->depth;
	memcpy(best->path, w->path, sizeof best->path);
	best->err = *err;
}

static void walk_from(struct walk *w, const struct cert *c, struct outcome *best);

/* ICAO 9303-12 7.1: a link certificate carries trust from the old key to the new one; it has none of its own. */
static void try_issuer(struct walk *w, const struct cert *c, const struct trust_cert *issuer, enum match match,
		       struct outcome *best)
{
	struct cc_error err;
	enum chain_verdict v;

	cc_error_init(&err);
	w->steps++;
	v = judge(c, issuer->cert, match, w->at_s, &err);
	w->path[w->depth++] = issuer->cert;
	if (v == CHAIN_GOOD && !issuer->is_anchor)
		walk_from(w, issuer->cert, best);
	else
		keep_better(best, v, w, &err);
	w->depth--;
}

static void walk_from(struct walk *w, const struct cert *c, struct outcome *best)
{
	for (size_t i = 0; i < w->trust->count && best->verdict != CHAIN_GOOD; i++) {
		const struct trust_cert *issuer = &w->trust->certs[i];
		enum match match;

		if (w->depth == CHAIN_LENGTH_MAX || w->steps == STEPS_MAX || on_path(w, issuer->cert))
			continue;
		match = match_issuer(c, issuer->cert);
		if (match != MATCH_NONE)
			try_issuer(w, c, issuer, match, best);
	}
}

static void find_path(const struct trust *t, const struct cert *c, int64_t at_s, struct outcome *ret)
{
	struct walk w = { .trust = t, .at_s = at_s };

	*ret = (struct outcome){ .verdict = CHAIN_NO_ANCHOR };
	(void)cc_fail(&ret->err, CC_E_NOT_FOUND, "chain.no-anchor", "no country signer here issued it");
	walk_from(&w, c, ret);
}

/* ---- revocation */

/* Under the same name, or under a name that a link certificate of the country leads to: ICAO 9303-12 7.1, change of name. */
static bool list_covers(const struct trust *t, const struct crl *crl, const struct cert *c)
{
	if (cert_name_equal(crl_issuer(crl), cert_issuer(c)))
		return true;
	for (size_t i = 0; i < t->count; i++)
		if (cert_name_equal(cert_issuer(t->certs[i].cert), cert_issuer(c)) &&
		    cert_name_equal(cert_subject(t->certs[i].cert), crl_issuer(crl)))
			return cert_is_ca(t->certs[i].cert);
	return false;
}

/* The list counts when an issuer that is an anchor, or leads to one, signed it. Its validity in time is judged apart. */
static cc_status list_is_trusted(const struct trust *t, const struct crl *crl)
{
	cc_status st = cc_code_status(CC_E_NOT_FOUND);

	for (size_t i = 0; i < t->count; i++) {
		const struct cert *issuer = t->certs[i].cert;
		struct outcome o;
		cc_status one;

		if (!cert_name_equal(crl_issuer(crl), cert_subject(issuer)) ||
		    (crl_aki(crl).n > 0 && cert_ski(issuer).n > 0 && !bytes_equal(crl_aki(crl), cert_ski(issuer))))
			continue;
		one = crl_verify(crl, issuer, NULL);
		if (!cc_failed(one) && !t->certs[i].is_anchor) {
			find_path(t, issuer, crl_this_update_s(crl), &o);
			if (o.verdict != CHAIN_GOOD)
				one = cc_code_status(o.verdict == CHAIN_UNDETERMINED ? o.err.code : CC_E_VERIFY);
		}
		if (!cc_failed(one))
			return one;
		st = one;
	}
	return st;
}

/*
 * The worst of what the lists say of one certificate; a list that nobody trusted
 * signed is none. One that we failed to judge (no memory) takes the verdict away;
 * one of an unknown kind is told, as if it weren't there.
 */
static void check_lists(const struct trust *t, const struct cert *c, int64_t at_s, struct chain *out)
{
	int64_t newest_s = INT64_MIN;
	enum crl_status status = CRL_STATUS_NONE;
	struct crl_entry e;

	for (size_t i = 0; i < t->crl_count; i++) {
		const struct crl *crl = t->crls[i];
		cc_status st;

		if (!list_covers(t, crl, c))
			continue;
		st = list_is_trusted(t, crl);
		if (st.code == CC_E_NOT_FOUND || st.code == CC_E_VERIFY || st.code == CC_E_DENIED)
			continue;
		if (cc_failed(st)) {
			status = CRL_STATUS_UNDETERMINED;
			if (st.code != CC_E_UNSUPPORTED)
				out->verdict = CHAIN_UNDETERMINED;
			continue;
		}
		if (crl_find(crl, cert_serial(c), &e)) {
			out->crl = CRL_STATUS_REVOKED;
			out->revoked_s = e.revoked_s;
			out->revoked_reason = crl_reason_name(e.reason);
			return;
		}
		if (status == CRL_STATUS_UNDETERMINED || crl_this_update_s(crl) < newest_s)
			continue;
		newest_s = crl_this_update_s(crl);
		out->crl_next_update_s = crl_next_update_s(crl);
		status = at_s > crl_next_update_s(crl) ? CRL_STATUS_STALE : CRL_STATUS_GOOD;
	}
	/* GOOD for the whole chain only when each certificate that was issued in it is covered. */
	if (status == CRL_STATUS_NONE || out->crl == CRL_STATUS_NONE)
		out->crl = CRL_STATUS_NONE;
	else if (status > out->crl)
		out->crl = status;
}

static void check_revocation(const struct trust *t, const struct cert *c, int64_t at_s, struct chain *out)
{
	if (t->crl_count == 0)
		return;
	out->crl = CRL_STATUS_GOOD;
	check_lists(t, c, at_s, out);
	/* The anchor is trusted by whoever put it there; the links before it were issued like any other certificate. */
	for (size_t i = 0; i + 1 < out->count && out->crl != CRL_STATUS_REVOKED; i++)
		check_lists(t, out->path[i], at_s, out);
}

void trust_verify_chain(const struct trust *t, const struct cert *c, int64_t at_s, struct chain *ret, struct cc_error *err)
{
	struct outcome o;

	*ret = (struct chain){ 0 };
	find_path(t, c, at_s, &o);
	ret->verdict = o.verdict;
	ret->count = o.count;
	memcpy(ret->path, o.path, sizeof ret->path);
	if (o.verdict != CHAIN_GOOD)
		(void)cc_fail(err, o.err.code, o.err.key, "%s", o.err.detail);
	if (o.verdict == CHAIN_GOOD || o.verdict == CHAIN_EXPIRED)
		check_revocation(t, c, at_s, ret);
	if (o.verdict == CHAIN_GOOD && ret->crl == CRL_STATUS_REVOKED) {
		ret->verdict = CHAIN_REVOKED;
		(void)cc_fail(err, CC_E_VERIFY, "chain.revoked", "%s", ret->revoked_reason);
	} else if (o.verdict == CHAIN_GOOD && ret->verdict == CHAIN_UNDETERMINED) {
		(void)cc_fail(err, CC_E_MEMORY, "chain.undetermined", "a revocation list couldn't be judged");
	}
}

void trust_verify_signer(const struct trust *t, const struct cert *ds, int64_t at_s, struct chain *ret, struct cc_error *err)
{
	const char *fault = cert_signer_fault(ds);

	trust_verify_chain(t, ds, at_s, ret, err);
	/* Forged, of nobody, or not judged: the chain's own verdict says more. */
	if (fault == NULL || (ret->verdict != CHAIN_GOOD && ret->verdict != CHAIN_EXPIRED))
		return;
	ret->verdict = CHAIN_STRUCTURE_WRONG;
	if (err != NULL)
		cc_error_init(err);
	(void)cc_fail(err, CC_E_FORMAT, "chain.structure-wrong", "%s", fault);
}

enum chain_verdict trust_verify(const struct trust *t, const struct cert *ds, int64_t at_s, const struct cert **ret_anchor,
				struct cc_error *err)
{
	struct chain chain;

	trust_verify_signer(t, ds, at_s, &chain, err);
	if (chain.count > 0 && ret_anchor != NULL)
		*ret_anchor = chain.path[chain.count - 1];
	return chain.verdict;
}
