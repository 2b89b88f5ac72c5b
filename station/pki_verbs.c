/* SPDX-License-Identifier: Apache-2.0 */
#include "station/pki_verbs.h"

#include "station/message.h"
#include "station/pki_authority.h"
#include "station/pki_file.h"
#include "station/pki_signer.h"
#include "station/pki_words.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CRL_DAYS_DEFAULT 90 /* ICAO 9303-12 5.1.4: at least every 90 days */
#define CRL_DAYS_MAX 90
#define TABLE_CERTS_MAX 40 /* of a master list, in words; --json has all */

const struct option_spec pki_csca_options[] = {
	{ "--new", NULL, "make the next country signer, its key signed by the present one",
	  "tạo CSCA kế tiếp, khóa mới được khóa hiện tại ký" },
	{ "--without-link", NULL, "with --new: also when the present one may no longer sign a link certificate",
	  "đi cùng --new: tạo cả khi CSCA hiện tại không còn được ký chứng thư liên kết" },
	{ "--name", "NAME", "with --new: another common name (the link certificate tells the change)",
	  "đi cùng --new: tên mới (chứng thư liên kết ghi việc đổi tên)" },
	{ 0 },
};
const struct option_spec pki_ds_options[] = {
	{ "--new", NULL, "make the next document signer", "tạo khóa ký hồ sơ (DS) kế tiếp" },
	{ "--list", NULL, "list them (what is done without an option)", "liệt kê (mặc định)" },
	{ "--cards", "NAME", "list the cards that carry this one's signature, by chip serial",
	  "liệt kê thẻ mang chữ ký của khóa này, theo số chíp" },
	{ "--retire", "NAME", "this one never signs again (ds-1)", "khóa này không bao giờ ký nữa (ds-1)" },
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
const struct option_spec pki_verify_options[] = {
	{ "--trust", "PATH", "folder or file of country signers, lists and revocation lists (the home's trust folder)",
	  "thư mục hoặc tệp CSCA, danh sách CSCA, danh sách thu hồi (mặc định: thư mục trust của trạm)" },
	{ 0 },
};

const struct option_spec pki_master_list_options[] = {
	{ "--trust", "PATH", "folder or file of country signers, lists and revocation lists (the home's trust folder)",
	  "thư mục hoặc tệp CSCA, danh sách CSCA, danh sách thu hồi (mặc định: thư mục trust của trạm)" },
	{ "--force", NULL, "build: replace FILE when it is there", "build: thay FILE nếu đã có" },
	{ 0 },
};

/* ---- output */

static const char *text(const json_t *o, const char *name)
{
	const char *s = json_string_value(json_object_get(o, name));

	return s != NULL ? s : "";
}

/* Takes root over. NULL: there was no memory for it. */
static int finish(const struct invocation *inv, json_t *root, void (*print)(const struct config *c, const json_t *root), int rc)
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

static bool is_vi(const struct config *c)
{
	return c->lang == LANG_VI;
}

static int64_t now_s(const struct invocation *inv)
{
	return sys_wall_ms(inv->config.sys) / 1000;
}

/* ---- files: show and verify */

static void print_cert(const struct config *c, const json_t *o)
{
	bool vi = is_vi(c);
	const json_t *f;
	size_t i;

	(void)printf("%s: %s\n", vi ? "Chứng thư" : "Certificate", text(o, "role"));
	pki_print_label(vi ? "chủ thể" : "subject");
	(void)printf("%s\n", text(o, "subject"));
	pki_print_label(vi ? "bên cấp" : "issuer");
	(void)printf("%s\n", text(o, "issuer"));
	pki_print_label(vi ? "số sê-ri" : "serial");
	(void)printf("%s\n", text(o, "serial"));
	pki_print_label(vi ? "hiệu lực" : "validity");
	(void)printf("%.10s .. %.10s, %s\n", text(o, "not_before"), text(o, "not_after"), pki_word(text(o, "status"), c->lang));
	if (text(o, "signs_until")[0] != '\0') {
		pki_print_label(vi ? "ký đến" : "signs until");
		(void)printf("%.10s\n", text(o, "signs_until"));
	}
	pki_print_label(vi ? "khóa" : "key");
	(void)printf("%s%s%s\n", text(o, "key"), text(o, "curve")[0] != '\0' ? ", " : "",
		     text(o, "curve")[0] != '\0' ? text(o, "parameters") : "");
	pki_print_label(vi ? "mã khóa" : "key id");
	(void)printf("%s\n", text(o, "ski"));
	json_array_foreach(json_object_get(o, "findings"), i, f)(void)
		printf("  %-*s %s (%s)\n", message_width(pki_word(text(f, "severity"), c->lang), 14),
		       pki_word(text(f, "severity"), c->lang), text(f, "text"), text(f, "id"));
}

static void print_crl(const struct config *c, const json_t *o)
{
	bool vi = is_vi(c);
	const json_t *e;
	size_t i;

	(void)printf("%s\n", vi ? "Danh sách thu hồi" : "Revocation list");
	pki_print_label(vi ? "bên ký" : "issuer");
	(void)printf("%s\n", text(o, "issuer"));
	pki_print_label(vi ? "số" : "number");
	(void)printf("%s\n", text(o, "number"));
	pki_print_label(vi ? "hiệu lực" : "validity");
	(void)printf("%.10s .. %.10s, %s\n", text(o, "this_update"), text(o, "next_update"),
		     pki_word(text(o, "status"), c->lang));
	json_array_foreach(json_object_get(o, "entries"), i, e)
	{
		pki_print_label(vi ? "thu hồi" : "revoked");
		(void)printf("%s %.10s %s\n", text(e, "serial"), text(e, "revoked"), pki_word(text(e, "reason"), c->lang));
	}
}

static void print_list(const struct config *c, const json_t *o)
{
	bool vi = is_vi(c);
	const json_t *e;
	size_t i;

	(void)printf("%s: %lld\n", vi ? "Danh sách CSCA" : "Master list",
		     (long long)json_integer_value(json_object_get(o, "count")));
	pki_print_label(vi ? "ký lúc" : "signed");
	(void)printf("%.19s\n", text(o, "signed"));
	pki_print_label(vi ? "bên ký" : "signer");
	(void)printf("%s\n", text(json_object_get(o, "signer"), "subject"));
	json_array_foreach(json_object_get(o, "certificates"), i, e)
	{
		if (i == TABLE_CERTS_MAX) {
			(void)printf("  ... (--json)\n");
			break;
		}
		(void)printf("  %-10s %.10s %s\n", text(e, "role"), text(e, "not_after"), text(e, "subject"));
	}
}

static void print_file(const struct config *c, const json_t *root)
{
	const json_t *o = json_object_get(root, "content"), *reason;
	const char *kind = text(root, "kind");
	size_t i;

	if (strcmp(kind, "certificate") == 0)
		print_cert(c, o);
	else if (strcmp(kind, "crl") == 0)
		print_crl(c, o);
	else
		print_list(c, o);
	if (text(root, "verdict")[0] == '\0')
		return;
	(void)printf("%s: %s\n", is_vi(c) ? "Kết luận" : "Verdict", pki_word(text(root, "verdict"), c->lang));
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
	rc = finish(inv, file_json(path, &f, now_s(inv)), print_file, EXIT_DONE);
	pki_file_done(&f);
	return rc;
}

static cc_status load_trust(const struct invocation *inv, struct trust **ret, struct cc_error *err)
{
	const char *given = invocation_option(inv, "--trust");
	char path[PATH_MAX];
	size_t skipped = 0;
	struct trust *t = NULL;
	cc_status st = trust_new(&t);

	if (cc_failed(st))
		return cc_fail(err, st.code, "memory", "trust");
	config_path(&inv->config, "trust", path);
	st = trust_load(t, given != NULL ? given : path, &skipped, given != NULL ? err : NULL);
	/* Without a folder of its own a station trusts nobody: that is a verdict, not an error. */
	if (cc_failed(st) && given != NULL) {
		trust_free(&t);
		return st;
	}
	if (skipped > 0)
		(void)fprintf(stderr, "%zu %s\n", skipped,
			      is_vi(&inv->config) ? "tệp trong thư mục trust không đọc được, bỏ qua"
						  : "files of the trust folder can't be read and were skipped");
	*ret = t;
	return cc_ok();
}

static int verify_file(struct invocation *inv, const char *path)
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
	if (cc_failed(load_trust(inv, &t, &err))) {
		pki_file_done(&f);
		return invocation_fail(inv, &err);
	}
	root = file_json(path, &f, now_s(inv));
	verdict = pki_file_judge(&f, t, now_s(inv), &good);
	if (root != NULL && (verdict == NULL || json_object_update(root, verdict) != 0)) {
		json_decref(root);
		root = NULL;
	}
	json_decref(verdict);
	rc = finish(inv, root, print_file, good ? EXIT_DONE : EXIT_CHECK_NO);
	trust_free(&t);
	pki_file_done(&f);
	return rc;
}

int pki_run_verify(struct invocation *inv)
{
	return verify_file(inv, inv->arguments[0]);
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

	json_array_foreach(json_object_get(root, "certificates"), i, o)(void)
		printf("%-24s %s\n  %.10s .. %.10s, %s %.10s, %s\n", text(o, "file"), text(o, "subject"), text(o, "not_before"),
		       text(o, "not_after"), is_vi(c) ? "ký đến" : "signs until", text(o, "signs_until"),
		       pki_word(text(o, "status"), c->lang));
}

static void print_made(const struct config *c, const json_t *root)
{
	bool resumed = json_is_true(json_object_get(root, "resumed"));

	(void)printf("%s: %s\n",
		     is_vi(c) ? (resumed ? "Đã hoàn tất lần tạo dở dang" : "Đã tạo") : (resumed ? "Finished" : "Made"),
		     text(root, "made"));
	if (json_is_true(json_object_get(root, "alone")))
		(void)printf(
			"%s\n",
			is_vi(c)
				? "Không có chứng thư liên kết: khóa trước không còn được ký. Mỗi bên kiểm tra phải nhận "
				  "chứng thư CSCA mới này trực tiếp hoặc qua master list; thẻ đã cấp vẫn kiểm tra theo CSCA cũ."
				: "There is no link certificate: the key before it may sign none. Every reader must be given this "
				  "new CSCA certificate itself, or a master list with it; cards issued before still verify by the old one.");
}

static int report_made(const struct invocation *inv, const struct pki_made *made)
{
	return finish(inv,
		      json_pack("{s:i, s:s, s:b, s:b}", "schema", 1, "made", made->label, "resumed", made->resumed, "alone",
				made->alone),
		      print_made, EXIT_DONE);
}

/* One line of what would be done. */
static int dry(const struct invocation *inv, const char *vi, const char *en)
{
	(void)fprintf(stderr, "%s\n", is_vi(&inv->config) ? vi : en);
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
		certs = (struct collecting){ json_object_get(root, "certificates"), now_s(inv) };
		if (root != NULL && cc_failed(pki_list_certificates(&inv->config, add_csca, &certs, &err))) {
			json_decref(root);
			return invocation_fail(inv, &err);
		}
		return finish(inv, root, print_cscas, EXIT_DONE);
	}
	if (inv->config.dry_run)
		return dry(inv, "Sẽ tạo CSCA kế tiếp kèm chứng thư liên kết.",
			   "Would make the next country signer with its link certificate.");
	if (cc_failed(pki_options_default(&inv->config, &o, &err)) ||
	    cc_failed(pki_new_csca(&inv->config, &o, invocation_option(inv, "--name"),
				   invocation_option(inv, "--without-link") != NULL, &made, &err)))
		return invocation_fail(inv, &err);
	return report_made(inv, &made);
}

/* ---- document signers */

static json_t *signer_json(const struct pki_signers *s, const struct pki_signer *one, int64_t at_s)
{
	char from[PKI_DATE_TEXT], to[PKI_DATE_TEXT], serial[2 * 20 + 1] = "";

	pki_date_text(one->from_s, from);
	pki_date_text(one->to_s, to);
	if (cert_serial(one->cert).n <= 20)
		bytes_to_hex(cert_serial(one->cert), serial);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I}", "label", one->label, "state",
			 pki_signer_state_name(pki_signer_state(s, one, at_s)), "serial", serial, "signs_from", from,
			 "signs_until", to, "used", (json_int_t)one->used, "left",
			 (json_int_t)(one->used < s->limit ? s->limit - one->used : 0), "cards", (json_int_t)one->cards);
}

static json_t *signers_json(const struct pki_signers *s, int64_t at_s)
{
	struct pki_rotation plan;
	char due[PKI_DATE_TEXT];
	json_t *list = json_array();

	pki_rotation_plan(s, at_s, &plan);
	pki_date_text(plan.due_s, due);
	for (size_t i = 0; list != NULL && i < s->count; i++)
		if (json_array_append_new(list, signer_json(s, &s->items[i], at_s)) != 0) {
			json_decref(list);
			list = NULL;
		}
	return json_pack("{s:i, s:I, s:o, s:{s:s, s:s, s:I, s:s, s:s}}", "schema", 1, "limit", (json_int_t)s->limit, "signers",
			 list, "rotation", "current", plan.current != NULL ? plan.current->label : "", "next",
			 plan.next != NULL ? plan.next->label : "", "left", (json_int_t)plan.left, "due", due, "due_by",
			 plan.current == NULL ? "now" : (plan.due_by_limit ? "limit" : "period"));
}

static void print_rotation(const struct config *c, const json_t *plan)
{
	bool vi = is_vi(c);
	long long left = json_integer_value(json_object_get(plan, "left"));

	if (text(plan, "current")[0] == '\0')
		(void)printf("%s\n", vi ? "Không khóa nào được ký lúc này. Tạo ngay: cccd pki ds --new"
					: "No key may sign now. Make one now: cccd pki ds --new");
	else
		(void)printf(vi ? "Đang ký: %s, còn %lld lần\n" : "Signing: %s, %lld signatures left\n", text(plan, "current"),
			     left);
	if (text(plan, "current")[0] == '\0')
		return;
	if (text(plan, "next")[0] != '\0')
		(void)printf(vi ? "Khóa kế tiếp đã sẵn sàng: %s\n" : "The next one is ready: %s\n", text(plan, "next"));
	else
		(void)printf(vi ? "Phải có khóa kế tiếp trước %.10s (%s): cccd pki ds --new\n"
				: "The next one must be ready before %.10s (%s): cccd pki ds --new\n",
			     text(plan, "due"),
			     strcmp(text(plan, "due_by"), "limit") == 0 ? (vi ? "hết số lần ký" : "the limit is reached")
									: (vi ? "hết thời gian ký" : "its period ends"));
}

static void print_number_heading(const char *text, bool last)
{
	(void)printf("%*s%s", message_width(text, 10), text, last ? "\n" : " ");
}

static void print_signers(const struct config *c, const json_t *root)
{
	bool vi = is_vi(c);
	const json_t *o;
	size_t i;

	pki_print_cell(vi ? "khóa" : "key", 8);
	pki_print_cell(vi ? "tình trạng" : "state", 12);
	pki_print_cell(vi ? "ký từ .. đến" : "signs from .. until", 24);
	print_number_heading(vi ? "đã ký" : "used", false);
	print_number_heading(vi ? "còn" : "left", false);
	print_number_heading(vi ? "thẻ" : "cards", true);
	json_array_foreach(json_object_get(root, "signers"), i, o)
	{
		pki_print_cell(text(o, "label"), 8);
		pki_print_cell(pki_word(text(o, "state"), c->lang), 12);
		(void)printf("%.10s .. %.10s %10lld %10lld %10lld\n", text(o, "signs_from"), text(o, "signs_until"),
			     (long long)json_integer_value(json_object_get(o, "used")),
			     (long long)json_integer_value(json_object_get(o, "left")),
			     (long long)json_integer_value(json_object_get(o, "cards")));
	}
	print_rotation(c, json_object_get(root, "rotation"));
}

static void print_cards(const struct config *c, const json_t *root)
{
	const json_t *o;
	size_t i;

	json_array_foreach(json_object_get(root, "cards"), i, o)(void) printf("%s %.10s\n", text(o, "serial"), text(o, "issued"));
	(void)fprintf(stderr, is_vi(c) ? "%zu thẻ mang chữ ký của %s\n" : "%zu cards carry the signature of %s\n",
		      json_array_size(json_object_get(root, "cards")), text(root, "label"));
}

static cc_status add_card(void *ctx, const char *serial, int64_t issued_ms)
{
	char at[PKI_DATE_TEXT];

	pki_date_text(issued_ms / 1000, at);
	if (json_array_append_new(ctx, json_pack("{s:s, s:s}", "serial", serial, "issued", at)) != 0)
		return cc_code_status(CC_E_MEMORY);
	return cc_ok();
}

static const struct pki_signer *find_signer(const struct pki_signers *s, const char *label, struct cc_error *err)
{
	for (size_t i = 0; i < s->count; i++)
		if (strcmp(s->items[i].label, label) == 0)
			return &s->items[i];
	(void)cc_fail(err, CC_E_ARG, "signer.unknown", "%.63s", label);
	return NULL;
}

static int list_cards(struct invocation *inv, const char *label)
{
	const struct pki_signer *one = NULL;
	struct pki_signers *s = NULL;
	struct store *store = NULL;
	struct cc_error err = { 0 };
	json_t *root = json_pack("{s:i, s:s, s:[]}", "schema", 1, "label", label, "cards");
	int rc;
	cc_status st = root != NULL ? pki_signers_load(&inv->config, &s, &err) : cc_fail(&err, CC_E_MEMORY, "memory", "cards");

	if (!cc_failed(st) && (one = find_signer(s, label, &err)) == NULL)
		st = cc_code_status(CC_E_ARG);
	if (!cc_failed(st))
		st = config_open_store(&inv->config, &store, &err);
	if (!cc_failed(st))
		st = pki_signer_each_card(one, store, add_card, json_object_get(root, "cards"), &err);
	if (cc_failed(st)) {
		json_decref(root);
		rc = invocation_fail(inv, &err);
	} else {
		rc = finish(inv, root, print_cards, EXIT_DONE);
	}
	store_close(&store);
	pki_signers_free(&s);
	return rc;
}

static cc_status retire(const struct invocation *inv, const struct pki_signers *s, struct store *store, const char *label,
			struct cc_error *err)
{
	const struct pki_signer *one = find_signer(s, label, err);

	return one != NULL ? pki_signer_retire(one, store, sys_wall_ms(inv->config.sys), err) : cc_code_status(CC_E_ARG);
}

static int list_signers(struct invocation *inv)
{
	const char *label = invocation_option(inv, "--retire");
	struct pki_signers *s = NULL;
	struct store *store = NULL;
	struct cc_error err = { 0 };
	int rc;
	cc_status st = pki_signers_load(&inv->config, &s, &err);

	if (!cc_failed(st))
		st = config_open_store(&inv->config, &store, &err);
	if (!cc_failed(st) && label != NULL)
		st = retire(inv, s, store, label, &err);
	if (!cc_failed(st))
		st = pki_signers_read_use(s, store, now_s(inv), &err);
	rc = cc_failed(st) ? invocation_fail(inv, &err) : finish(inv, signers_json(s, now_s(inv)), print_signers, EXIT_DONE);
	store_close(&store);
	pki_signers_free(&s);
	return rc;
}

int pki_run_ds(struct invocation *inv)
{
	struct pki_options o;
	struct pki_made made;
	struct cc_error err = { 0 };

	if (invocation_option(inv, "--new") == NULL) {
		if (inv->config.dry_run && invocation_option(inv, "--retire") != NULL)
			return dry(inv, "Khóa này sẽ không bao giờ ký nữa.", "This key would never sign again.");
		if (invocation_option(inv, "--cards") != NULL)
			return list_cards(inv, invocation_option(inv, "--cards"));
		return list_signers(inv);
	}
	if (inv->config.dry_run)
		return dry(inv, "Sẽ tạo khóa ký hồ sơ (DS) kế tiếp.", "Would make the next document signer.");
	if (cc_failed(pki_options_default(&inv->config, &o, &err)) || cc_failed(pki_new_signer(&inv->config, &o, &made, &err)))
		return invocation_fail(inv, &err);
	return report_made(inv, &made);
}

/* ---- revocation */

static void print_crl_made(const struct config *c, const json_t *root)
{
	bool vi = is_vi(c);

	(void)printf(vi ? "Danh sách thu hồi số %lld: %lld chứng thư, danh sách kế tiếp trước %.10s\n"
			: "Revocation list %lld: %lld certificates, the next list before %.10s\n",
		     (long long)json_integer_value(json_object_get(root, "number")),
		     (long long)json_integer_value(json_object_get(root, "count")), text(root, "next_update"));
	if (text(root, "retired")[0] != '\0')
		(void)printf(vi ? "%s không ký nữa. Thẻ mang chữ ký của khóa này: cccd pki ds --cards %s\n"
				: "%s signs no more. The cards that it signed: cccd pki ds --cards %s\n",
			     text(root, "retired"), text(root, "retired"));
}

static cc_status read_crl_request(const struct invocation *inv, struct pki_crl_request *q, struct buf *serial,
				  struct cc_error *err)
{
	const char *revoke = invocation_option(inv, "--revoke"), *reason = invocation_option(inv, "--reason");
	const char *days = invocation_option(inv, "--days");
	char *end = NULL;
	long n = CRL_DAYS_DEFAULT;

	if (reason != NULL && (revoke == NULL || !crl_reason_from_name(reason, &q->reason)))
		return cc_fail(err, CC_E_ARG, "pki.option", "--reason: %.40s", reason);
	if (days != NULL)
		n = strtol(days, &end, 10);
	if (days != NULL && (end == days || *end != '\0' || n < 1 || n > CRL_DAYS_MAX))
		return cc_fail(err, CC_E_ARG, "pki.option", "--days: 1 to %d", CRL_DAYS_MAX);
	q->days = (int)n;
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
		return dry(inv, "Sẽ ký một danh sách thu hồi mới.", "Would sign a new revocation list.");
	}
	if (!cc_failed(st))
		st = pki_options_default(&inv->config, &o, &err);
	if (!cc_failed(st))
		st = pki_make_crl(&inv->config, &o, &q, &made, &err);
	buf_done(&serial);
	if (cc_failed(st))
		return invocation_fail(inv, &err);
	pki_date_text(made.next_update_s, next);
	rc = finish(inv,
		    json_pack("{s:i, s:I, s:I, s:s, s:s}", "schema", 1, "number", (json_int_t)made.number, "count",
			      (json_int_t)made.count, "next_update", next, "retired", made.retired),
		    print_crl_made, EXIT_DONE);
	return rc;
}

/* ---- master lists */

static void print_list_made(const struct config *c, const json_t *root)
{
	(void)printf("%s: %s, %lld\n", is_vi(c) ? "Đã ghi danh sách CSCA" : "Wrote the master list", text(root, "file"),
		     (long long)json_integer_value(json_object_get(root, "count")));
}

static int build_list(struct invocation *inv)
{
	struct pki_options o;
	struct cc_error err = { 0 };
	size_t count = 0;

	if (inv->config.dry_run)
		return dry(inv, "Sẽ ký một danh sách CSCA.", "Would sign a master list.");
	if (cc_failed(pki_options_default(&inv->config, &o, &err)) ||
	    cc_failed(pki_make_master_list(&inv->config, &o, (const char *const *)inv->arguments + 2,
					   (size_t)inv->argument_count - 2, inv->arguments[1],
					   invocation_option(inv, "--force") != NULL, &count, &err)))
		return invocation_fail(inv, &err);
	return finish(inv, json_pack("{s:i, s:s, s:I}", "schema", 1, "file", inv->arguments[1], "count", (json_int_t)count),
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
		return verify_file(inv, inv->arguments[1]);
	(void)cc_fail(&err, CC_E_ARG, "pki.option", "build, show or verify: %.40s", action);
	return invocation_fail(inv, &err);
}
