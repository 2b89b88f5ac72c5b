/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/base/secret.h"
#include "crypto/base/sys.h"
#include "crypto/pem.h"
#include "crypto/pki/master_list.h"
#include "crypto/x509_profile.h"
#include "crypto/x509_store.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define CERTS_MAX 8192
#define CRLS_MAX 1024
#define CERT_FILE_MAX (4u << 20)
#define LIST_FILE_MAX (16u << 20)

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
		cert_free(&(*t)->certs[i].cert);
	for (size_t i = 0; i < (*t)->crl_count; i++)
		crl_free(&(*t)->crls[i]);
	cc_free((*t)->certs, (*t)->cap * sizeof *(*t)->certs);
	cc_free((*t)->crls, (*t)->crl_cap * sizeof(struct crl *));
	cc_free(*t, sizeof **t);
	*t = NULL;
}

size_t trust_count(const struct trust *t)
{
	return t->count;
}

size_t trust_crl_count(const struct trust *t)
{
	return t->crl_count;
}

const struct cert *trust_at(const struct trust *t, size_t i)
{
	CC_ASSERT(i < t->count);
	return t->certs[i].cert;
}

bool trust_is_anchor(const struct trust *t, size_t i)
{
	CC_ASSERT(i < t->count);
	return t->certs[i].is_anchor;
}

/* ---- adding */

static cc_status make_room(struct trust *t)
{
	size_t cap = t->cap > 0 ? 2 * t->cap : 16;
	struct trust_cert *more;

	if (t->count < t->cap)
		return cc_ok();
	if (t->count >= CERTS_MAX)
		return cc_code_status(CC_E_LIMIT);
	more = cc_alloc(cap * sizeof *more);
	if (more == NULL)
		return cc_code_status(CC_E_MEMORY);
	if (t->count > 0)
		memcpy(more, t->certs, t->count * sizeof *more);
	cc_free(t->certs, t->cap * sizeof *more);
	t->certs = more;
	t->cap = cap;
	return cc_ok();
}

static struct trust_cert *find_same(const struct trust *t, struct bytes der)
{
	for (size_t i = 0; i < t->count; i++)
		if (bytes_equal(cert_der(t->certs[i].cert), der))
			return &t->certs[i];
	return NULL;
}

/* The same certificate twice (in two files, or PEM and DER) is one. */
static cc_status add_der(struct trust *t, struct bytes der, bool vouched, struct cc_error *err)
{
	struct trust_cert *same = find_same(t, der);
	struct cert *c = NULL;
	cc_status st;

	if (same != NULL) {
		same->is_anchor = same->is_anchor || vouched;
		return cc_ok();
	}
	st = make_room(t);
	if (cc_failed(st))
		return cc_fail(err, st.code, "trust.too-many", "%zu certificates", t->count);
	st = cert_parse(der, &c, err);
	if (!cc_failed(st))
		t->certs[t->count++] = (struct trust_cert){ c, vouched || cert_is_self_issued(c) };
	return st;
}

struct adding {
	struct trust *trust;
	struct cc_error *err;
};

static cc_status add_one(void *ctx, struct bytes der)
{
	struct adding *a = ctx;

	return add_der(a->trust, der, false, a->err);
}

/* all of a file or nothing of it */
static void take_back(struct trust *t, size_t count)
{
	while (t->count > count)
		cert_free(&t->certs[--t->count].cert);
}

cc_status trust_add(struct trust *t, struct bytes cert_data, struct cc_error *err)
{
	struct adding a = { t, err };
	size_t before = t->count, count = 0;
	cc_status st;

	if (!pem_is(cert_data))
		return add_one(&a, cert_data);
	st = pem_each_certificate(cert_data, add_one, &a, &count);
	if (!cc_failed(st) && count == 0)
		st = cc_fail(err, CC_E_FORMAT, "certificate.malformed", "no certificate in PEM");
	if (cc_failed(st))
		take_back(t, before);
	return st;
}

static cc_status make_crl_room(struct trust *t)
{
	size_t cap = t->crl_cap > 0 ? 2 * t->crl_cap : 4;
	struct crl **more;

	if (t->crl_count < t->crl_cap)
		return cc_ok();
	if (t->crl_count >= CRLS_MAX)
		return cc_code_status(CC_E_LIMIT);
	more = cc_alloc(cap * sizeof *more);
	if (more == NULL)
		return cc_code_status(CC_E_MEMORY);
	if (t->crl_count > 0)
		memcpy(more, t->crls, t->crl_count * sizeof *more);
	cc_free(t->crls, t->crl_cap * sizeof *more);
	t->crls = more;
	t->crl_cap = cap;
	return cc_ok();
}

cc_status trust_add_crl(struct trust *t, struct bytes crl_data, struct cc_error *err)
{
	cc_status st = make_crl_room(t);

	if (cc_failed(st))
		return cc_fail(err, st.code, "trust.too-many", "%zu revocation lists", t->crl_count);
	st = crl_parse(crl_data, &t->crls[t->crl_count], err);
	if (!cc_failed(st))
		t->crl_count++;
	return st;
}

/* ---- master lists */

/* A store for one judgement: `t`'s anchors, or none, and the list's certificates as anchors or as mere steps. */
static cc_status make_judge(const struct trust *t, const struct master_list *l, struct trust **ret, struct cc_error *err)
{
	struct trust *j = NULL;
	cc_status st = trust_new(&j);

	for (size_t i = 0; i < master_list_count(l) && !cc_failed(st); i++) {
		st = add_der(j, cert_der(master_list_at(l, i)), true, err);
		if (!cc_failed(st))
			find_same(j, cert_der(master_list_at(l, i)))->is_anchor = t == NULL;
	}
	for (size_t i = 0; t != NULL && i < t->count && !cc_failed(st); i++)
		if (t->certs[i].is_anchor)
			st = add_der(j, cert_der(t->certs[i].cert), true, err);
	if (cc_failed(st))
		trust_free(&j);
	else
		*ret = j;
	return cc_failed(st) ? cc_fail(err, st.code, "memory", "master list") : st;
}

static cc_status judge_under(const struct trust *t, const struct master_list *l, int64_t at_s, enum chain_verdict *ret,
			     struct cc_error *err)
{
	struct trust *j = NULL;
	struct chain chain;
	cc_status st = make_judge(t, l, &j, err);

	if (cc_failed(st))
		return st;
	trust_verify_chain(j, master_list_signer(l), at_s, &chain, NULL);
	*ret = chain.verdict;
	trust_free(&j);
	return st;
}

/* ICAO 9303-12 8: the list counts when its signer's certificate leads to a country signer. */
static cc_status judge_signer(const struct trust *t, const struct master_list *l, bool *ret_self_vouched, struct cc_error *err)
{
	enum chain_verdict v = CHAIN_NO_ANCHOR;
	int64_t at_s;
	cc_status st;

	if (!master_list_signing_time(l, &at_s))
		at_s = cert_not_before_s(master_list_signer(l));
	st = judge_under(t, l, at_s, &v, err);
	*ret_self_vouched = v == CHAIN_NO_ANCHOR;
	if (!cc_failed(st) && *ret_self_vouched)
		st = judge_under(NULL, l, at_s, &v, err);
	if (cc_failed(st) || v == CHAIN_GOOD)
		return st;
	return cc_fail(err, CC_E_VERIFY, "master-list.chain", "the signer's chain: %s", chain_verdict_name(v));
}

static cc_status add_list(struct trust *t, const struct master_list *l, struct cc_error *err)
{
	size_t before = t->count;
	cc_status st = cc_ok();

	for (size_t i = 0; i < master_list_count(l) && !cc_failed(st); i++)
		st = add_der(t, cert_der(master_list_at(l, i)), true, err);
	if (cc_failed(st))
		take_back(t, before);
	return st;
}

cc_status trust_add_master_list(struct trust *t, struct bytes data, bool *ret_self_vouched, struct cc_error *err)
{
	struct master_list *l = NULL;
	bool self_vouched = false;
	cc_status st = master_list_parse(data, &l, err);

	if (!cc_failed(st))
		st = master_list_verify_signature(l, err);
	if (!cc_failed(st))
		st = judge_signer(t, l, &self_vouched, err);
	if (!cc_failed(st))
		st = add_list(t, l, err);
	if (!cc_failed(st))
		*ret_self_vouched = self_vouched;
	master_list_free(&l);
	return st;
}

/* ---- folders and files */

static bool ends_with(const char *name, const char *const *endings)
{
	const char *dot = strrchr(name, '.');

	for (; dot != NULL && *endings != NULL; endings++)
		if (strcasecmp(dot, *endings) == 0)
			return true;
	return false;
}

static cc_status add_list_data(struct trust *t, struct bytes data, struct cc_error *err)
{
	bool self_vouched;

	return trust_add_master_list(t, data, &self_vouched, err);
}

/* In this order: a list's signer is judged by the certificates of the folder. */
static const struct kind {
	const char *endings[5];
	size_t limit;
	cc_status (*add)(struct trust *t, struct bytes data, struct cc_error *err);
} kinds[] = {
	{ { ".cer", ".crt", ".der", ".pem", NULL }, CERT_FILE_MAX, trust_add },
	{ { ".crl", NULL }, CRL_LEN_MAX, trust_add_crl },
	{ { ".ml", NULL }, LIST_FILE_MAX, add_list_data },
};
#define KIND_COUNT (sizeof kinds / sizeof kinds[0])

static cc_status add_file(struct trust *t, const struct kind *kind, const char *path, struct cc_error *err)
{
	struct buf data = { 0 };
	cc_status st = sys_read_regular(path, kind->limit, &data, err);

	if (!cc_failed(st))
		st = kind->add(t, buf_view(&data), err);
	buf_done(&data);
	return st;
}

static int is_visible(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

static cc_status add_kind(struct trust *t, const char *folder, const struct kind *kind, struct dirent **names, int n,
			  size_t *skipped)
{
	char path[PATH_MAX];
	cc_status st;

	for (int i = 0; i < n; i++) {
		if (!ends_with(names[i]->d_name, kind->endings))
			continue;
		st = cc_code_status(CC_E_LIMIT);
		if (snprintf(path, sizeof path, "%s/%s", folder, names[i]->d_name) < (int)sizeof path)
			st = add_file(t, kind, path, NULL);
		if (st.code == CC_E_MEMORY)
			return st;
		*skipped += cc_failed(st) ? 1 : 0;
	}
	return cc_ok();
}

cc_status trust_load_folder(struct trust *t, const char *path, size_t *ret_skipped, struct cc_error *err)
{
	struct dirent **names = NULL;
	size_t skipped = 0;
	cc_status st = cc_ok();
	int n = scandir(path, &names, is_visible, alphasort);

	if (n < 0)
		return cc_fail(err, errno == ENOENT || errno == ENOTDIR ? CC_E_NOT_FOUND : CC_E_IO, "trust.no-folder", "%s: %s",
			       path, strerror(errno));
	for (size_t k = 0; k < KIND_COUNT && !cc_failed(st); k++)
		st = add_kind(t, path, &kinds[k], names, n, &skipped);
	for (int i = 0; i < n; i++)
		free(names[i]);
	free(names);
	if (cc_failed(st))
		return cc_fail(err, st.code, "memory", "%s", path);
	*ret_skipped = skipped;
	return st;
}

cc_status trust_load(struct trust *t, const char *path, size_t *ret_skipped, struct cc_error *err)
{
	struct stat s;
	cc_status st;

	if (stat(path, &s) != 0 || S_ISDIR(s.st_mode))
		return trust_load_folder(t, path, ret_skipped, err);
	for (size_t k = 0; k < KIND_COUNT; k++) {
		if (!ends_with(path, kinds[k].endings))
			continue;
		st = add_file(t, &kinds[k], path, err);
		if (!cc_failed(st))
			*ret_skipped = 0;
		return st;
	}
	return cc_fail(err, CC_E_ARG, "trust.unknown-file", "%s: .cer .crt .der .pem .crl .ml", path);
}
