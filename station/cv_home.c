/* SPDX-License-Identifier: Apache-2.0 */
#include "station/cv_home.h"

#include "crypto/base/buf.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SUFFIX ".cvcert"
#define CHAIN_FILE_MAX (CV_FILES_MAX * CVC_LEN_MAX)

void cv_home_done(struct cv_home *h)
{
	for (size_t i = 0; i < h->count; i++)
		buf_done(&h->files[i].der);
	h->count = 0;
}

static bool has_suffix(const char *name)
{
	size_t n = strlen(name), k = strlen(SUFFIX);

	return n > k && n < CV_NAME_MAX && strcmp(name + n - k, SUFFIX) == 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct cv_file *)a)->name, ((const struct cv_file *)b)->name);
}

static cc_status list_names(const char *folder, struct cv_home *h, struct cc_error *err)
{
	DIR *d = opendir(folder);
	const struct dirent *e;
	cc_status st = cc_ok();

	if (d == NULL)
		return errno == ENOENT ? cc_ok() : cc_fail(err, CC_E_IO, "file.io", "%s: %s", folder, strerror(errno));
	while (!cc_failed(st) && (e = readdir(d)) != NULL) {
		if (!has_suffix(e->d_name))
			continue;
		if (h->count == CV_FILES_MAX)
			st = cc_fail(err, CC_E_LIMIT, "cvc.structure", "%s: more than %d certificates", folder, CV_FILES_MAX);
		else
			(void)snprintf(h->files[h->count++].name, CV_NAME_MAX, "%.*s", CV_NAME_MAX - 1, e->d_name);
	}
	(void)closedir(d);
	qsort(h->files, h->count, sizeof h->files[0], by_name);
	return st;
}

/* TR-03110-3 C.1.3: below the authority domain parameters come from the issuer; twice, for terminals under verifiers. */
static void inherit(struct cv_home *h)
{
	for (unsigned round = 0; round < 2; round++)
		for (size_t i = 0; i < h->count; i++)
			for (size_t k = 0; k < h->count; k++) {
				struct cvc *c = &h->files[i].cvc;
				const struct cvc *by = &h->files[k].cvc;

				if (!c->key.has_domain && by->key.has_domain && strcmp(c->car, by->chr) == 0 &&
				    !cc_failed(cvc_verify(c, &by->key)))
					(void)!cc_failed(cvc_key_inherit(&c->key, &by->key));
			}
}

cc_status cv_home_load(const struct config *c, struct cv_home *ret, struct cc_error *err)
{
	char folder[PATH_MAX], path[PATH_MAX + CV_NAME_MAX + 1];
	cc_status st;

	*ret = (struct cv_home){ 0 };
	config_path(c, "cv", folder);
	st = list_names(folder, ret, err);
	for (size_t i = 0; i < ret->count && !cc_failed(st); i++) {
		struct cv_file *f = &ret->files[i];
		struct cc_error cause;

		cc_error_init(&cause);
		(void)snprintf(path, sizeof path, "%s/%s", folder, f->name);
		st = sys_read_file(path, CVC_LEN_MAX, &f->der, err);
		if (!cc_failed(st) && cc_failed(st = cvc_parse(buf_view(&f->der), &f->cvc, &cause)))
			st = cc_fail(err, st.code, cause.key != NULL ? cause.key : "cvc.structure", "%s: %.180s", f->name,
				     cause.detail);
	}
	if (cc_failed(st))
		cv_home_done(ret);
	else
		inherit(ret);
	return st;
}

/* "cvca-12.cvcert" is 12 of CV_AUTHORITY; "cvca-12-link.cvcert" of CV_LINK. */
static bool number_of(const char *name, enum cv_kind kind, unsigned *ret)
{
	int end = 0;

	switch (kind) {
	case CV_AUTHORITY:
		return sscanf(name, "cvca-%5u.cvcert%n", ret, &end) == 1 && end > 0 && name[end] == '\0';
	case CV_LINK:
		return sscanf(name, "cvca-%5u-link.cvcert%n", ret, &end) == 1 && end > 0 && name[end] == '\0';
	case CV_VERIFIER:
		return sscanf(name, "dv-%5u.cvcert%n", ret, &end) == 1 && end > 0 && name[end] == '\0';
	case CV_TERMINAL:
		return sscanf(name, "terminal-%5u.cvcert%n", ret, &end) == 1 && end > 0 && name[end] == '\0';
	}
	return false;
}

const struct cv_file *cv_home_newest(const struct cv_home *h, enum cv_kind kind, unsigned *ret_number)
{
	const struct cv_file *newest = NULL;
	unsigned number = 0, n;

	for (size_t i = 0; i < h->count; i++) {
		if (!number_of(h->files[i].name, kind, &n) || (newest != NULL && n < number))
			continue;
		newest = &h->files[i];
		number = n;
	}
	if (newest != NULL && ret_number != NULL)
		*ret_number = number;
	return newest;
}

const struct cv_file *cv_home_find(const struct cv_home *h, const char *label)
{
	size_t n = strlen(label);

	for (size_t i = 0; i < h->count; i++) {
		const char *name = h->files[i].name;

		if (strncmp(name, label, n) == 0 && strcmp(name + n, SUFFIX) == 0)
			return &h->files[i];
	}
	return NULL;
}

cc_status cv_home_join(const struct cv_home *h, struct buf *ret, struct cc_error *err)
{
	struct writer w;
	cc_status st;

	writer_init(&w, CHAIN_FILE_MAX);
	for (size_t i = 0; i < h->count; i++)
		writer_put(&w, buf_view(&h->files[i].der));
	st = writer_finish(&w, ret);
	return cc_failed(st) ? cc_fail(err, st.code, "memory", "CV certificates") : st;
}

/* The certificate above `c`; for an authority's that is a link's signer, or itself when it is the trust point. */
static const struct cvc *issuer_of(const struct cv_home *h, const struct cvc *c)
{
	const struct cvc *link = NULL;

	for (size_t i = 0; i < h->count; i++) {
		const struct cvc *by = &h->files[i].cvc;

		if (by->is_request || strcmp(by->chr, c->car) != 0)
			continue;
		if (strcmp(by->car, by->chr) == 0)
			return by; /* a trust point ends the way */
		link = by;
	}
	return link;
}

cc_status cv_home_verify(const struct cv_home *h, const struct cvc *cert, uint32_t today, char ret_path[CV_PATH_TEXT],
			 struct cc_error *err)
{
	const struct cvc *up[CVC_CHAIN_MAX];
	struct cvc_state s;
	struct writer w;
	size_t n = 0;
	cc_status st;

	for (const struct cvc *c = cert; c != NULL && n < CVC_CHAIN_MAX; c = issuer_of(h, c)) {
		up[n++] = c;
		if (strcmp(c->car, c->chr) == 0)
			break;
	}
	if (n == 0 || strcmp(up[n - 1]->car, up[n - 1]->chr) != 0)
		return cc_fail(err, CC_E_NOT_FOUND, "cvc.issuer", "%s isn't here", n > 0 ? up[n - 1]->car : "the issuer");
	cvc_state_from(up[n - 1], &s);
	st = cvc_verify(up[n - 1], &up[n - 1]->key);
	if (cc_failed(st))
		return cc_fail(err, st.code, "cvc.signature", "%s by itself", up[n - 1]->chr);
	writer_init(&w, CV_PATH_TEXT - 1);
	writer_str(&w, up[n - 1]->chr);
	for (size_t i = n - 1; i > 0 && !cc_failed(st); i--) {
		st = cvc_chain_step(&s, up[i - 1], today, err);
		writer_str(&w, " > ");
		writer_str(&w, up[i - 1]->chr);
	}
	if (ret_path != NULL) {
		memcpy(ret_path, writer_view(&w).p, writer_view(&w).n);
		ret_path[writer_view(&w).n] = '\0';
	}
	writer_done(&w);
	return st;
}
