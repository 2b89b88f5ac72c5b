/* SPDX-License-Identifier: Apache-2.0 */
#include "station/pki_verbs_internal.h"

#include "station/message.h"
#include "station/pki_file.h"
#include "station/pki_words.h"
#include "station/trust_folder.h"

#include <stdio.h>
#include <string.h>

#define TABLE_CERTS_MAX 40 /* of a master list, in words; --json has all */

const struct option_spec pki_verify_options[] = {
	{ "--trust", "PATH", "folder or file of country signers, lists and revocation lists (the home's trust folder)",
	  "thư mục hoặc tệp CSCA, danh sách CSCA, danh sách thu hồi (mặc định: thư mục trust của trạm)" },
	{ 0 },
};

static void print_cert(const struct config *c, const json_t *o)
{
	bool vi = pki_verbs_vi(c);
	const json_t *f;
	size_t i;

	(void)printf("%s: %s\n", vi ? "Chứng thư" : "Certificate", pki_verbs_text(o, "role"));
	pki_print_label(vi ? "chủ thể" : "subject");
	(void)printf("%s\n", pki_verbs_text(o, "subject"));
	pki_print_label(vi ? "bên cấp" : "issuer");
	(void)printf("%s\n", pki_verbs_text(o, "issuer"));
	pki_print_label(vi ? "số sê-ri" : "serial");
	(void)printf("%s\n", pki_verbs_text(o, "serial"));
	pki_print_label(vi ? "hiệu lực" : "validity");
	(void)printf("%.10s .. %.10s, %s\n", pki_verbs_text(o, "not_before"), pki_verbs_text(o, "not_after"),
		     pki_word(pki_verbs_text(o, "status"), c->lang));
	if (pki_verbs_text(o, "signs_until")[0] != '\0') {
		pki_print_label(vi ? "ký đến" : "signs until");
		(void)printf("%.10s\n", pki_verbs_text(o, "signs_until"));
	}
	pki_print_label(vi ? "khóa" : "key");
	(void)printf("%s%s%s\n", pki_verbs_text(o, "key"), pki_verbs_text(o, "curve")[0] != '\0' ? ", " : "",
		     pki_verbs_text(o, "curve")[0] != '\0' ? pki_verbs_text(o, "parameters") : "");
	pki_print_label(vi ? "mã khóa" : "key id");
	(void)printf("%s\n", pki_verbs_text(o, "ski"));
	json_array_foreach(json_object_get(o, "findings"), i, f)(void)
		printf("  %-*s %s (%s)\n", message_width(pki_word(pki_verbs_text(f, "severity"), c->lang), 14),
		       pki_word(pki_verbs_text(f, "severity"), c->lang), pki_verbs_text(f, "text"), pki_verbs_text(f, "id"));
}

static void print_crl(const struct config *c, const json_t *o)
{
	bool vi = pki_verbs_vi(c);
	const json_t *e;
	size_t i;

	(void)printf("%s\n", vi ? "Danh sách thu hồi" : "Revocation list");
	pki_print_label(vi ? "bên ký" : "issuer");
	(void)printf("%s\n", pki_verbs_text(o, "issuer"));
	pki_print_label(vi ? "số" : "number");
	(void)printf("%s\n", pki_verbs_text(o, "number"));
	pki_print_label(vi ? "hiệu lực" : "validity");
	(void)printf("%.10s .. %.10s, %s\n", pki_verbs_text(o, "this_update"), pki_verbs_text(o, "next_update"),
		     pki_word(pki_verbs_text(o, "status"), c->lang));
	json_array_foreach(json_object_get(o, "entries"), i, e)
	{
		pki_print_label(vi ? "thu hồi" : "revoked");
		(void)printf("%s %.10s %s\n", pki_verbs_text(e, "serial"), pki_verbs_text(e, "revoked"),
			     pki_word(pki_verbs_text(e, "reason"), c->lang));
	}
}

static void print_list(const struct config *c, const json_t *o)
{
	bool vi = pki_verbs_vi(c);
	const json_t *e;
	size_t i;

	(void)printf("%s: %lld\n", vi ? "Danh sách CSCA" : "Master list",
		     (long long)json_integer_value(json_object_get(o, "count")));
	pki_print_label(vi ? "ký lúc" : "signed");
	(void)printf("%.19s\n", pki_verbs_text(o, "signed"));
	pki_print_label(vi ? "bên ký" : "signer");
	(void)printf("%s\n", pki_verbs_text(json_object_get(o, "signer"), "subject"));
	json_array_foreach(json_object_get(o, "certificates"), i, e)
	{
		if (i == TABLE_CERTS_MAX) {
			(void)printf("  ... (--json)\n");
			break;
		}
		(void)printf("  %-10s %.10s %s\n", pki_verbs_text(e, "role"), pki_verbs_text(e, "not_after"),
			     pki_verbs_text(e, "subject"));
	}
}

static void print_file(const struct config *c, const json_t *root)
{
	const json_t *o = json_object_get(root, "content"), *reason;
	const char *kind = pki_verbs_text(root, "kind");
	size_t i;

	if (strcmp(kind, "certificate") == 0)
		print_cert(c, o);
	else if (strcmp(kind, "crl") == 0)
		print_crl(c, o);
	else
		print_list(c, o);
	if (pki_verbs_text(root, "verdict")[0] == '\0')
		return;
	(void)printf("%s: %s\n", pki_verbs_vi(c) ? "Kết luận" : "Verdict", pki_word(pki_verbs_text(root, "verdict"), c->lang));
	json_array_foreach(json_object_get(root, "reasons"), i, reason) pki_print_reason(json_string_value(reason), c->lang);
}

static json_t *file_json(const char *path, const struct pki_file *f, int64_t at_s)
{
	return json_pack("{s:i, s:s, s:s, s:o}", "schema", 1, "file", path, "kind", pki_file_kind_name(f->kind), "content",
			 pki_file_describe(f, at_s));
}

int pki_show_file(struct invocation *inv, const char *path)
{
	struct pki_file f = { 0 };
	struct cc_error err = { 0 };
	char named[PATH_MAX];
	int rc;

	path = pki_named_path(&inv->config, path, named);
	if (cc_failed(pki_file_read(path, &f, &err)))
		return invocation_fail(inv, &err);
	rc = pki_verbs_finish(inv, file_json(path, &f, pki_verbs_now_s(inv)), print_file, EXIT_DONE);
	pki_file_done(&f);
	return rc;
}

int pki_verbs_verify_file(struct invocation *inv, const char *path)
{
	struct pki_file f = { 0 };
	struct trust *t = NULL;
	struct cc_error err = { 0 };
	char named[PATH_MAX];
	json_t *root, *verdict;
	bool good = false;
	int rc;

	path = pki_named_path(&inv->config, path, named);
	if (cc_failed(pki_file_read(path, &f, &err)))
		return invocation_fail(inv, &err);
	if (cc_failed(trust_folder_load(&inv->config, invocation_option(inv, "--trust"), &t, &err))) {
		pki_file_done(&f);
		return invocation_fail(inv, &err);
	}
	root = file_json(path, &f, pki_verbs_now_s(inv));
	verdict = pki_file_judge(&f, t, pki_verbs_now_s(inv), &good);
	if (root != NULL && (verdict == NULL || json_object_update(root, verdict) != 0)) {
		json_decref(root);
		root = NULL;
	}
	json_decref(verdict);
	rc = pki_verbs_finish(inv, root, print_file, good ? EXIT_DONE : EXIT_CHECK_NO);
	trust_free(&t);
	pki_file_done(&f);
	return rc;
}

int pki_run_verify(struct invocation *inv)
{
	return pki_verbs_verify_file(inv, inv->arguments[0]);
}
