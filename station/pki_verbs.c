/* SPDX-License-Identifier: Apache-2.0 */
#include "station/pki_verbs_internal.h"

#include "station/pki_file.h"
#include "station/pki_signer.h"
#include "station/pki_words.h"
#include "station/whole_number.h"

#include <stdio.h>
#include <string.h>

#define CRL_DAYS_DEFAULT 90 /* ICAO 9303-12 5.1.4: at least every 90 days */
#define CRL_DAYS_MAX 90

const struct option_spec pki_csca_options[] = {
	{ "--new", NULL, "make the next country signer, its key signed by the present one",
	  "tạo CSCA kế tiếp, khóa mới được khóa hiện tại ký" },
	{ "--without-link", NULL, "with --new: also when the present one may no longer sign a link certificate",
	  "đi cùng --new: tạo cả khi CSCA hiện tại không còn được ký chứng thư liên kết" },
	{ "--name", "NAME", "with --new: another common name (the link certificate tells the change)",
	  "đi cùng --new: tên mới (chứng thư liên kết ghi việc đổi tên)" },
	{ 0 },
};
const struct option_spec pki_crl_options[] = {
	{ "--revoke", "SERIAL|FILE", "revoke this certificate", "thu hồi chứng thư này" },
	{ "--reason", "REASON",
	  "key-compromise, ca-compromise, superseded, cessation-of-operation, certificate-hold, unspecified ...",
	  "lý do: key-compromise, ca-compromise, superseded, cessation-of-operation ..." },
	{ "--days", "N", "days until the next list (90)", "số ngày tới danh sách kế tiếp (90)" },
	{ 0 },
};

const struct option_spec pki_master_list_options[] = {
	{ "--trust", "PATH", "folder or file of country signers, lists and revocation lists (the home's trust folder)",
	  "thư mục hoặc tệp CSCA, danh sách CSCA, danh sách thu hồi (mặc định: thư mục trust của trạm)" },
	{ "--force", NULL, "build: replace FILE when it is there", "build: thay FILE nếu đã có" },
	{ 0 },
};

/* ---- output */

const char *pki_verbs_text(const json_t *o, const char *name)
{
	const char *s = json_string_value(json_object_get(o, name));

	return s != NULL ? s : "";
}

int pki_verbs_finish(const struct invocation *inv, json_t *root, void (*print)(const struct config *c, const json_t *root),
		     int rc)
{
	struct cc_error err = { 0 };

	if (root == NULL) {
		(void)cc_fail(&err, CC_E_MEMORY, "memory", "report");
		return invocation_fail(inv, &err);
	}
	if (!inv->config.json)
		print(&inv->config, root);
	else if (json_dumpf(root, stdout, JSON_INDENT(1) | JSON_PRESERVE_ORDER) != 0 || putchar('\n') == EOF)
		rc = EXIT_FAILED;
	json_decref(root);
	return rc;
}

bool pki_verbs_vi(const struct config *c)
{
	return c->lang == LANG_VI;
}

int64_t pki_verbs_now_s(const struct invocation *inv)
{
	return sys_wall_ms(inv->config.sys) / 1000;
}

/* ---- country signers */

struct collecting {
	json_t *certs;
	int64_t now_s;
};

static cc_status add_csca(void *ctx, const char *file, const struct cert *cert, struct cc_error *err)
{
	const struct collecting *c = ctx;

	if (!cert_is_ca(cert))
		return cc_ok();
	if (json_array_append_new(c->certs, pki_cert_json(file, cert, c->now_s)) != 0)
		return cc_fail(err, CC_E_MEMORY, "memory", "%s", file);
	return cc_ok();
}

static void print_cscas(const struct config *c, const json_t *root)
{
	const json_t *o;
	size_t i;

	json_array_foreach(json_object_get(root, "certificates"), i, o)(void) printf(
		"%-24s %s\n  %.10s .. %.10s, %s %.10s, %s\n", pki_verbs_text(o, "file"), pki_verbs_text(o, "subject"),
		pki_verbs_text(o, "not_before"), pki_verbs_text(o, "not_after"), pki_verbs_vi(c) ? "ký đến" : "signs until",
		pki_verbs_text(o, "signs_until"), pki_word(pki_verbs_text(o, "status"), c->lang));
}

static void print_made(const struct config *c, const json_t *root)
{
	bool resumed = json_is_true(json_object_get(root, "resumed"));

	(void)printf("%s: %s\n",
		     pki_verbs_vi(c) ? (resumed ? "Đã hoàn tất lần tạo dở dang" : "Đã tạo") : (resumed ? "Finished" : "Made"),
		     pki_verbs_text(root, "made"));
	if (json_is_true(json_object_get(root, "alone")))
		(void)printf(
			"%s\n",
			pki_verbs_vi(c)
				? "Không có chứng thư liên kết: khóa trước không còn được ký. Mỗi bên kiểm tra phải nhận "
				  "chứng thư CSCA mới này trực tiếp hoặc qua master list; thẻ đã cấp vẫn kiểm tra theo CSCA cũ."
				: "There is no link certificate: the key before it may sign none. Every reader must be given this "
				  "new CSCA certificate itself, or a master list with it; cards issued before still verify by the old one.");
}

int pki_verbs_report_made(const struct invocation *inv, const struct pki_made *made)
{
	return pki_verbs_finish(inv,
				json_pack("{s:i, s:s, s:b, s:b}", "schema", 1, "made", made->label, "resumed", made->resumed,
					  "alone", made->alone),
				print_made, EXIT_DONE);
}

/* One line of what would be done. */
int pki_verbs_dry(const struct invocation *inv, const char *vi, const char *en)
{
	(void)fprintf(stderr, "%s\n", pki_verbs_vi(&inv->config) ? vi : en);
	return EXIT_DONE;
}

int pki_run_csca(struct invocation *inv)
{
	struct pki_options o;
	struct pki_made made;
	struct collecting certs;
	struct cc_error err = { 0 };
	json_t *root;

	if (invocation_option(inv, "--new") == NULL) {
		root = json_pack("{s:i, s:[]}", "schema", 1, "certificates");
		certs = (struct collecting){ json_object_get(root, "certificates"), pki_verbs_now_s(inv) };
		if (root != NULL && cc_failed(pki_list_certificates(&inv->config, add_csca, &certs, &err))) {
			json_decref(root);
			return invocation_fail(inv, &err);
		}
		return pki_verbs_finish(inv, root, print_cscas, EXIT_DONE);
	}
	if (inv->config.dry_run)
		return pki_verbs_dry(inv, "Sẽ tạo CSCA kế tiếp kèm chứng thư liên kết.",
				     "Would make the next country signer with its link certificate.");
	if (cc_failed(pki_options_default(&inv->config, &o, &err)) ||
	    cc_failed(pki_new_csca(&inv->config, &o, invocation_option(inv, "--name"),
				   invocation_option(inv, "--without-link") != NULL, &made, &err)))
		return invocation_fail(inv, &err);
	return pki_verbs_report_made(inv, &made);
}

/* ---- revocation */

static void print_crl_made(const struct config *c, const json_t *root)
{
	bool vi = pki_verbs_vi(c);

	(void)printf(vi ? "Danh sách thu hồi số %lld: %lld chứng thư, danh sách kế tiếp trước %.10s\n"
			: "Revocation list %lld: %lld certificates, the next list before %.10s\n",
		     (long long)json_integer_value(json_object_get(root, "number")),
		     (long long)json_integer_value(json_object_get(root, "count")), pki_verbs_text(root, "next_update"));
	if (pki_verbs_text(root, "retired")[0] != '\0')
		(void)printf(vi ? "%s không ký nữa. Thẻ mang chữ ký của khóa này: cccd pki ds --cards %s\n"
				: "%s signs no more. The cards that it signed: cccd pki ds --cards %s\n",
			     pki_verbs_text(root, "retired"), pki_verbs_text(root, "retired"));
}

static cc_status read_crl_request(const struct invocation *inv, struct pki_crl_request *q, struct buf *serial,
				  struct cc_error *err)
{
	const char *revoke = invocation_option(inv, "--revoke"), *reason = invocation_option(inv, "--reason");
	uint64_t days = CRL_DAYS_DEFAULT;

	if (reason != NULL && (revoke == NULL || !crl_reason_from_name(reason, &q->reason)))
		return cc_fail(err, CC_E_ARG, "pki.option", "--reason: %.40s", reason);
	if (!whole_number_option(inv, "--days", 1, CRL_DAYS_MAX, &days))
		return cc_fail(err, CC_E_ARG, "pki.option", "--days: 1 to %d", CRL_DAYS_MAX);
	q->days = (int)days;
	if (revoke == NULL)
		return cc_ok();
	return pki_revocation_serial(&inv->config, revoke, serial, err);
}

int pki_run_crl(struct invocation *inv)
{
	struct pki_crl_request q = { .reason = CRL_UNSPECIFIED };
	struct pki_crl_made made = { 0 };
	struct pki_options o;
	struct buf serial = { 0 };
	struct cc_error err = { 0 };
	char next[PKI_DATE_TEXT];
	int rc;
	cc_status st = read_crl_request(inv, &q, &serial, &err);

	q.serial = buf_view(&serial);
	if (!cc_failed(st) && inv->config.dry_run) {
		buf_done(&serial);
		return pki_verbs_dry(inv, "Sẽ ký một danh sách thu hồi mới.", "Would sign a new revocation list.");
	}
	if (!cc_failed(st))
		st = pki_options_default(&inv->config, &o, &err);
	if (!cc_failed(st))
		st = pki_make_crl(&inv->config, &o, &q, &made, &err);
	buf_done(&serial);
	if (cc_failed(st))
		return invocation_fail(inv, &err);
	pki_date_text(made.next_update_s, next);
	rc = pki_verbs_finish(inv,
			      json_pack("{s:i, s:I, s:I, s:s, s:s}", "schema", 1, "number", (json_int_t)made.number, "count",
					(json_int_t)made.count, "next_update", next, "retired", made.retired),
			      print_crl_made, EXIT_DONE);
	return rc;
}

/* ---- master lists */

static void print_list_made(const struct config *c, const json_t *root)
{
	(void)printf("%s: %s, %lld\n", pki_verbs_vi(c) ? "Đã ghi danh sách CSCA" : "Wrote the master list",
		     pki_verbs_text(root, "file"), (long long)json_integer_value(json_object_get(root, "count")));
}

static int build_list(struct invocation *inv)
{
	struct pki_options o;
	struct cc_error err = { 0 };
	size_t count = 0;

	if (inv->config.dry_run)
		return pki_verbs_dry(inv, "Sẽ ký một danh sách CSCA.", "Would sign a master list.");
	if (cc_failed(pki_options_default(&inv->config, &o, &err)) ||
	    cc_failed(pki_make_master_list(&inv->config, &o, (const char *const *)inv->arguments + 2,
					   (size_t)inv->argument_count - 2, inv->arguments[1],
					   invocation_option(inv, "--force") != NULL, &count, &err)))
		return invocation_fail(inv, &err);
	return pki_verbs_finish(inv,
				json_pack("{s:i, s:s, s:I}", "schema", 1, "file", inv->arguments[1], "count", (json_int_t)count),
				print_list_made, EXIT_DONE);
}

int pki_run_master_list(struct invocation *inv)
{
	const char *action = inv->arguments[0];
	struct cc_error err = { 0 };

	if (strcmp(action, "build") == 0)
		return build_list(inv);
	if (inv->argument_count == 2 && strcmp(action, "show") == 0)
		return pki_show_file(inv, inv->arguments[1]);
	if (inv->argument_count == 2 && strcmp(action, "verify") == 0)
		return pki_verbs_verify_file(inv, inv->arguments[1]);
	(void)cc_fail(&err, CC_E_ARG, "pki.option", "build, show or verify: %.40s", action);
	return invocation_fail(inv, &err);
}
