/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/x509.h"

#include "crypto/base/secret.h"
#include "crypto/base/sys.h"
#include "crypto/pem.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ANCHORS_MAX 4096
#define ANCHOR_FILE_MAX (4u << 20)

struct trust {
	struct cert **anchors;
	size_t count, cap;
};

cc_status trust_new(struct trust **ret)
{
	struct trust *t = cc_alloc(sizeof *t);

	if (t == NULL)
		return cc_code_status(CC_E_MEMORY);
	*ret = t;
	return cc_ok();
}

void trust_free(struct trust **t)
{
	if (*t == NULL)
		return;
	for (size_t i = 0; i < (*t)->count; i++)
		cert_free(&(*t)->anchors[i]);
	cc_free((*t)->anchors, (*t)->cap * sizeof *(*t)->anchors);
	cc_free(*t, sizeof **t);
	*t = NULL;
}

size_t trust_count(const struct trust *t)
{
	return t->count;
}

const struct cert *trust_at(const struct trust *t, size_t i)
{
	CC_ASSERT(i < t->count);
	return t->anchors[i];
}

static cc_status make_room(struct trust *t)
{
	size_t cap = t->cap > 0 ? 2 * t->cap : 16;
	struct cert **more;

	if (t->count < t->cap)
		return cc_ok();
	if (t->count >= ANCHORS_MAX)
		return cc_code_status(CC_E_LIMIT);
	more = cc_alloc(cap * sizeof *more);
	if (more == NULL)
		return cc_code_status(CC_E_MEMORY);
	if (t->count > 0)
		memcpy(more, t->anchors, t->count * sizeof *more);
	cc_free(t->anchors, t->cap * sizeof *more);
	t->anchors = more;
	t->cap = cap;
	return cc_ok();
}

struct adding {
	struct trust *trust;
	struct cc_error *err;
};

/* The same certificate twice (in two files, or PEM and DER) is one anchor. */
static cc_status add_der(void *ctx, struct bytes der)
{
	struct adding *a = ctx;
	struct trust *t = a->trust;
	cc_status st;

	for (size_t i = 0; i < t->count; i++)
		if (bytes_equal(cert_der(t->anchors[i]), der))
			return cc_ok();
	st = make_room(t);
	if (cc_failed(st))
		return cc_fail(a->err, st.code, "trust.too-many", "%zu certificates", t->count);
	st = cert_parse(der, &t->anchors[t->count], a->err);
	if (!cc_failed(st))
		t->count++;
	return st;
}

cc_status trust_add(struct trust *t, struct bytes cert_data, struct cc_error *err)
{
	struct adding a = { t, err };
	size_t before = t->count, count = 0;
	cc_status st;

	if (!pem_is(cert_data))
		return add_der(&a, cert_data);
	st = pem_each_certificate(cert_data, add_der, &a, &count);
	if (!cc_failed(st) && count == 0)
		st = cc_fail(err, CC_E_FORMAT, "certificate.malformed", "no certificate in PEM");
	/* all of a file or nothing of it */
	while (cc_failed(st) && t->count > before)
		cert_free(&t->anchors[--t->count]);
	return st;
}

static int is_certificate_file(const struct dirent *e)
{
	static const char *const endings[] = { ".cer", ".crt", ".der", ".pem" };
	const char *dot = strrchr(e->d_name, '.');

	for (size_t i = 0; dot != NULL && e->d_name[0] != '.' && i < sizeof endings / sizeof endings[0]; i++)
		if (strcasecmp(dot, endings[i]) == 0)
			return 1;
	return 0;
}

static cc_status add_file(struct trust *t, const char *folder, const char *name)
{
	char path[PATH_MAX];
	struct buf data = { 0 };
	cc_status st;

	if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path)
		return cc_code_status(CC_E_LIMIT);
	st = sys_read_file(path, ANCHOR_FILE_MAX, &data, NULL);
	if (!cc_failed(st))
		st = trust_add(t, buf_view(&data), NULL);
	buf_done(&data);
	return st;
}

cc_status trust_load_folder(struct trust *t, const char *path, size_t *ret_skipped, struct cc_error *err)
{
	struct dirent **names = NULL;
	size_t skipped = 0;
	cc_status st = cc_ok();
	int n = scandir(path, &names, is_certificate_file, alphasort);

	if (n < 0)
		return cc_fail(err, errno == ENOENT || errno == ENOTDIR ? CC_E_NOT_FOUND : CC_E_IO, "trust.no-folder", "%s: %s",
			       path, strerror(errno));
	for (int i = 0; i < n; i++) {
		cc_status one = st.code == CC_E_MEMORY ? st : add_file(t, path, names[i]->d_name);

		if (one.code == CC_E_MEMORY)
			st = one;
		else if (cc_failed(one))
			skipped++;
		free(names[i]);
	}
	free(names);
	if (cc_failed(st))
		return cc_fail(err, st.code, "memory", "%s", path);
	*ret_skipped = skipped;
	return st;
}

/* ---- the chain */

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
	case CHAIN_UNDETERMINED:
		return "undetermined";
	}
	return "undetermined";
}

/* How far a candidate came: more is better, and the best one's verdict counts. */
static int rank(enum chain_verdict v)
{
	switch (v) {
	case CHAIN_GOOD:
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

enum match { MATCH_NONE, MATCH_NAME_ONLY, MATCH_KEY };

/* Name and key identifier may each be missing or odd in real documents; either makes a candidate. */
static enum match match_anchor(const struct cert *ds, const struct cert *anchor)
{
	struct bytes aki = cert_aki(ds), ski = cert_ski(anchor);
	bool name = cert_name_equal(cert_issuer(ds), cert_subject(anchor));

	if (aki.n > 0 && ski.n > 0) {
		if (bytes_equal(aki, ski))
			return MATCH_KEY;
		return name ? MATCH_NAME_ONLY : MATCH_NONE;
	}
	return name ? MATCH_KEY : MATCH_NONE;
}

/* A country signer's word is good for its own country alone. */
static bool same_country(const struct cert *ds, const struct cert *anchor)
{
	char subject[3], issuer[3], ca[3];

	cert_country(ds, subject);
	cert_name_country(cert_issuer(ds), issuer);
	cert_country(anchor, ca);
	return strcmp(issuer, ca) == 0 && (subject[0] == '\0' || strcmp(subject, ca) == 0);
}

static const char *structure_fault(const struct cert *ds, const struct cert *anchor)
{
	unsigned usage;

	if (!cert_is_ca(anchor))
		return "the anchor is not a CA";
	if (cert_key_usage(anchor, &usage) && (usage & CERT_USAGE_KEY_CERT_SIGN) == 0)
		return "the anchor may not sign certificates";
	if (cert_key_usage(ds, &usage) && (usage & (CERT_USAGE_DIGITAL_SIGNATURE | CERT_USAGE_KEY_CERT_SIGN)) == 0)
		return "the certificate may not sign";
	if (cert_has_unknown_critical(ds) || cert_has_unknown_critical(anchor))
		return "an unknown critical extension";
	if (!same_country(ds, anchor))
		return "countries of certificate and anchor differ";
	return NULL;
}

static bool valid_at(const struct cert *c, int64_t at_s)
{
	return at_s >= cert_not_before_s(c) && at_s <= cert_not_after_s(c);
}

static enum chain_verdict judge(const struct cert *ds, const struct cert *anchor, enum match match, int64_t at_s,
				struct cc_error *err)
{
	cc_status st = cert_verify_signature(ds, anchor, NULL);
	const char *fault;

	/* Only a signature that was judged can be wrong; no memory or an unknown algorithm is our own failure to judge. */
	if (cc_failed(st) && st.code != CC_E_VERIFY) {
		(void)cc_fail(err, st.code, "chain.undetermined", "%s",
			      st.code == CC_E_UNSUPPORTED ? "key or signature algorithm unknown" : cc_code_name(st.code));
		return CHAIN_UNDETERMINED;
	}
	if (cc_failed(st)) {
		/* the same name with another key is another anchor, not a forged signature */
		if (match == MATCH_NAME_ONLY)
			return CHAIN_NO_ANCHOR;
		(void)cc_fail(err, CC_E_VERIFY, "chain.signature-wrong", "the signature is not the named country signer's");
		return CHAIN_SIGNATURE_WRONG;
	}
	fault = structure_fault(ds, anchor);
	if (fault != NULL) {
		(void)cc_fail(err, CC_E_FORMAT, "chain.structure-wrong", "%s", fault);
		return CHAIN_STRUCTURE_WRONG;
	}
	if (!valid_at(ds, at_s) || !valid_at(anchor, at_s)) {
		(void)cc_fail(err, CC_E_VERIFY, "chain.expired", "%s outside its validity",
			      valid_at(ds, at_s) ? "country signer" : "certificate");
		return CHAIN_EXPIRED;
	}
	return CHAIN_GOOD;
}

enum chain_verdict trust_verify(const struct trust *t, const struct cert *ds, int64_t at_s, const struct cert **ret_anchor,
				struct cc_error *err)
{
	enum chain_verdict best = CHAIN_NO_ANCHOR;
	const struct cert *best_anchor = NULL;
	struct cc_error best_err;

	cc_error_init(&best_err);
	(void)cc_fail(&best_err, CC_E_NOT_FOUND, "chain.no-anchor", "no country signer here issued it");
	for (size_t i = 0; i < t->count && best != CHAIN_GOOD; i++) {
		enum match match = match_anchor(ds, t->anchors[i]);
		struct cc_error one_err;
		enum chain_verdict v;

		if (match == MATCH_NONE)
			continue;
		cc_error_init(&one_err);
		v = judge(ds, t->anchors[i], match, at_s, &one_err);
		if (rank(v) <= rank(best))
			continue;
		best = v;
		best_anchor = t->anchors[i];
		best_err = one_err;
	}
	if (best != CHAIN_GOOD)
		(void)cc_fail(err, best_err.code, best_err.key, "%s", best_err.detail);
	if (best_anchor != NULL && ret_anchor != NULL)
		*ret_anchor = best_anchor;
	return best;
}
