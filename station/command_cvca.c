/* SPDX-License-Identifier: Apache-2.0 */
#include "station/command_cvca.h"

#include "station/cv_home.h"
#include "station/pki_words.h"
#include "station/whole_number.h"

#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct option_spec pki_cvca_options[] = {
	{ "--name", "TEXT", "holder's name, up to 9 characters (CVCA, DV, IS)", "tên chủ thể, tối đa 9 ký tự (CVCA, DV, IS)" },
	{ "--days", "N", "validity in days (1095, 90, 30)", "thời hạn theo ngày (1095, 90, 30)" },
	{ "--rights", "LIST", "dg3, dg4, dg3,dg4 or none (dg3,dg4)", "dg3, dg4, dg3,dg4 hoặc none (dg3,dg4)" },
	{ "--rsa", "BITS", "init: RSA keys of 2048, 3072 or 4096 bits instead of EC", "init: khóa RSA 2048, 3072 hoặc 4096 bit" },
	{ "--foreign", NULL, "dv: a verifier of another country", "dv: đơn vị xác minh của nước khác" },
	{ "--request", "FILE", "dv, terminal: certify this request instead of making a key",
	  "dv, terminal: cấp chứng chỉ cho yêu cầu này thay vì tạo khóa" },
	{ "--ask", "CAR", "dv, terminal: write a request to this authority (or any) instead of a certificate",
	  "dv, terminal: ghi yêu cầu gửi cơ quan cấp này (any: bất kỳ) thay vì chứng chỉ" },
	{ "--out", "FILE", "where the certificate for --request, or the request of --ask goes",
	  "nơi ghi chứng chỉ cho --request, hoặc yêu cầu của --ask" },
	{ 0 },
};

/* ---- what is said */
static bool is_vi(const struct invocation *inv)
{
	return inv->config.lang == LANG_VI;
}

static const char *role_name(const struct cvc *c)
{
	static const char *const names[] = { "terminal", "dv-foreign", "dv-domestic", "cvca" };

	if (c->is_request)
		return "request";
	return c->chat.role == CVC_ROLE_CVCA && strcmp(c->car, c->chr) != 0 ? "link" : names[c->chat.role];
}

static const char *terminal_name(enum cvc_terminal t)
{
	static const char *const names[] = { "inspection-system", "authentication-terminal", "signature-terminal", "unknown" };

	return names[t];
}

static const char *scheme_name(const struct cvc_key *k)
{
	switch (k->alg.scheme) {
	case SIG_ECDSA:
	case SIG_ECDSA_PLAIN:
		return "ECDSA";
	case SIG_RSA_PKCS1:
		return "RSA-v1.5";
	case SIG_RSA_PSS:
		return "RSA-PSS";
	}
	return "?";
}

static json_t *describe(const char *file, const struct cvc *c)
{
	char hex[2 * 8 + 1] = "";
	json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "file", file, "holder", c->chr, "issuer",
			      c->has_car ? c->car : "", "role", role_name(c), "algorithm", scheme_name(&c->key), "hash",
			      hash_name(c->key.alg.hash), "curve",
			      c->key.kind == PUBKEY_EC && c->key.has_domain ? ec_curve_name(c->key.curve) : "");

	if (o != NULL && !c->is_request) {
		bytes_to_hex(c->chat.raw, hex);
		(void)json_object_set_new(o, "terminal", json_string(terminal_name(c->chat.terminal)));
		(void)json_object_set_new(o, "authorisation", json_string(hex));
		(void)json_object_set_new(o, "reads_dg3", json_boolean((c->chat.rights & CVC_READ_DG3) != 0));
		(void)json_object_set_new(o, "reads_dg4", json_boolean((c->chat.rights & CVC_READ_DG4) != 0));
		(void)json_object_set_new(o, "effective", json_integer(c->effective));
		(void)json_object_set_new(o, "expiration", json_integer(c->expiration));
	}
	if (o != NULL && c->has_outer)
		(void)json_object_set_new(o, "signed_again_by", json_string(c->outer_car));
	return o;
}

static void print_cvc(const struct invocation *inv, const char *file, const struct cvc *c)
{
	(void)printf("%s\n", file);
	pki_print_label(is_vi(inv) ? "chủ thể" : "holder");
	(void)printf("%s\n", c->chr);
	pki_print_label(is_vi(inv) ? "nơi cấp" : "issuer");
	(void)printf("%s\n", c->has_car ? c->car : "-");
	pki_print_label(is_vi(inv) ? "vai trò" : "role");
	(void)printf("%s%s%s\n", role_name(c), c->is_request ? "" : ", ", c->is_request ? "" : terminal_name(c->chat.terminal));
	pki_print_label(is_vi(inv) ? "khóa" : "key");
	(void)printf("%s %s %s\n", scheme_name(&c->key), hash_name(c->key.alg.hash),
		     c->key.kind == PUBKEY_EC && c->key.has_domain ? ec_curve_name(c->key.curve) : "");
	if (c->is_request)
		return;
	pki_print_label(is_vi(inv) ? "quyền" : "rights");
	(void)printf("DG3 %s, DG4 %s\n", (c->chat.rights & CVC_READ_DG3) != 0 ? "+" : "-",
		     (c->chat.rights & CVC_READ_DG4) != 0 ? "+" : "-");
	pki_print_label(is_vi(inv) ? "thời hạn" : "valid");
	(void)printf("%u - %u\n", (unsigned)c->effective, (unsigned)c->expiration);
}

static int dump(json_t *root)
{
	int rc = root != NULL && json_dumpf(root, stdout, JSON_INDENT(1) | JSON_PRESERVE_ORDER) == 0 && putchar('\n') != EOF
			 ? EXIT_DONE
			 : EXIT_FAILED;

	json_decref(root);
	return rc;
}

/* ---- show and verify */
static int show_home(struct invocation *inv)
{
	struct cv_home *h = calloc(1, sizeof *h);
	json_t *list = json_array();
	struct cc_error err;
	cc_status st;
	int rc = EXIT_DONE;

	cc_error_init(&err);
	st = h != NULL && list != NULL ? cv_home_load(&inv->config, h, &err) : cc_fail(&err, CC_E_MEMORY, "memory", "cv");
	if (cc_failed(st)) {
		rc = invocation_fail(inv, &err);
		json_decref(list);
		free(h);
		return rc;
	}
	for (size_t i = 0; i < h->count; i++) {
		if (inv->config.json)
			(void)json_array_append_new(list, describe(h->files[i].name, &h->files[i].cvc));
		else
			print_cvc(inv, h->files[i].name, &h->files[i].cvc);
	}
	if (inv->config.json)
		rc = dump(json_pack("{s:i, s:O}", "schema", 1, "certificates", list));
	else if (h->count == 0)
		(void)printf("%s\n", is_vi(inv) ? "Chưa có chứng chỉ thiết bị đọc nào." : "There is no CV certificate here.");
	json_decref(list);
	cv_home_done(h);
	free(h);
	return rc;
}

static int show_file(struct invocation *inv, const char *path)
{
	struct buf der = { 0 };
	struct cvc c;
	struct cc_error err;
	cc_status st;
	int rc = EXIT_DONE;

	cc_error_init(&err);
	st = sys_read_file(path, CVC_LEN_MAX, &der, &err);
	if (!cc_failed(st))
		st = cvc_parse(buf_view(&der), &c, &err);
	if (cc_failed(st))
		rc = invocation_fail(inv, &err);
	else if (inv->config.json)
		rc = dump(json_pack("{s:i, s:o}", "schema", 1, "certificate", describe(path, &c)));
	else
		print_cvc(inv, path, &c);
	buf_done(&der);
	return rc;
}

static cc_status verify(struct invocation *inv, struct cv_home *h, struct bytes der, char path[CV_PATH_TEXT],
			struct cc_error *err)
{
	uint32_t today = cvc_date_of(sys_wall_ms(inv->config.sys) / 1000);
	struct cvc c;
	cc_status st = cvc_parse(der, &c, err);

	path[0] = '\0';
	if (cc_failed(st) || cc_failed(st = cv_home_load(&inv->config, h, err)))
		return st;
	if (!c.is_request)
		return cv_home_verify(h, &c, today, path, err);
	(void)snprintf(path, CV_PATH_TEXT, "%s", c.chr);
	st = cvc_request_verify(&c, NULL);
	return cc_failed(st) ? cc_fail(err, st.code, "cvc.signature", "request of %s", c.chr) : st;
}

static int verify_file(struct invocation *inv, const char *file)
{
	struct cv_home *h = calloc(1, sizeof *h);
	struct buf der = { 0 };
	char path[CV_PATH_TEXT] = "";
	struct cc_error err;
	cc_status st;
	int rc = EXIT_DONE;

	cc_error_init(&err);
	st = h != NULL ? sys_read_file(file, CVC_LEN_MAX, &der, &err) : cc_fail(&err, CC_E_MEMORY, "memory", "cv");
	if (!cc_failed(st))
		st = verify(inv, h, buf_view(&der), path, &err);
	if (inv->config.json)
		rc = dump(json_pack("{s:i, s:s, s:s, s:s, s:s}", "schema", 1, "file", file, "verdict",
				    cc_failed(st) ? "refused" : "good", "path", path, "reason",
				    cc_failed(st) && err.key != NULL ? err.key : ""));
	else if (!cc_failed(st))
		(void)printf("%s: %s\n", is_vi(inv) ? "hợp lệ" : "good", path);
	if (cc_failed(st)) {
		rc = invocation_fail(inv, &err);
		if (st.code == CC_E_NOT_FOUND && err.key != NULL && strcmp(err.key, "cvc.issuer") == 0)
			rc = EXIT_CHECK_NO;
	}
	if (h != NULL)
		cv_home_done(h);
	free(h);
	buf_done(&der);
	return rc;
}

/* ---- making */
static bool read_number(const char *text, unsigned max, unsigned *ret)
{
	uint64_t v;

	if (!whole_number(text, 1, max, &v))
		return false;
	*ret = (unsigned)v;
	return true;
}

static cc_status read_rights(const char *text, uint8_t *ret)
{
	static const struct {
		const char *text;
		uint8_t rights;
	} known[] = { { "none", 0 },
		      { "dg3", CVC_READ_DG3 },
		      { "dg4", CVC_READ_DG4 },
		      { "dg3,dg4", CVC_READ_DG3 | CVC_READ_DG4 },
		      { "dg4,dg3", CVC_READ_DG3 | CVC_READ_DG4 } };

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		if (strcmp(text, known[i].text) != 0)
			continue;
		*ret = known[i].rights;
		return cc_ok();
	}
	return cc_code_status(CC_E_ARG);
}

static cc_status read_request(const struct invocation *inv, struct cv_request *q, struct cc_error *err)
{
	const char *days = invocation_option(inv, "--days"), *rights = invocation_option(inv, "--rights");
	const char *rsa = invocation_option(inv, "--rsa");

	q->mnemonic = invocation_option(inv, "--name");
	q->foreign = invocation_option(inv, "--foreign") != NULL;
	q->rights = CVC_READ_DG3 | CVC_READ_DG4;
	if (days != NULL && !read_number(days, 36500, &q->days))
		return cc_fail(err, CC_E_ARG, "pki.option", "--days %s", days);
	if (rsa != NULL && (!read_number(rsa, 4096, &q->rsa_bits) || q->rsa_bits < 2048 || q->rsa_bits % 1024 != 0))
		return cc_fail(err, CC_E_ARG, "pki.option", "--rsa %s", rsa);
	if (rights != NULL && cc_failed(read_rights(rights, &q->rights)))
		return cc_fail(err, CC_E_ARG, "pki.option", "--rights %s", rights);
	return cc_ok();
}

static cc_status certify(struct invocation *inv, const struct cv_request *q, const char *file, struct cc_error *err)
{
	const char *out = invocation_option(inv, "--out");
	struct buf request = { 0 }, cert = { 0 };
	cc_status st;

	if (out == NULL)
		return cc_fail(err, CC_E_ARG, "pki.option", "--request needs --out");
	st = sys_read_file(file, CVC_LEN_MAX, &request, err);
	if (!cc_failed(st))
		st = cv_certify(&inv->config, q, buf_view(&request), &cert, err);
	if (!cc_failed(st) && !inv->config.dry_run)
		st = sys_write_file(out, buf_view(&cert), 0644, err);
	if (!cc_failed(st) && !inv->config.json)
		(void)printf("%s\n", out);
	else if (!cc_failed(st))
		(void)dump(json_pack("{s:i, s:s}", "schema", 1, "file", out));
	buf_done(&request);
	buf_done(&cert);
	return st;
}

static cc_status ask(struct invocation *inv, struct cv_request *q, const char *car, struct cv_made *made, struct cc_error *err)
{
	const char *out = invocation_option(inv, "--out");
	struct buf request = { 0 };
	cc_status st;

	if (out == NULL)
		return cc_fail(err, CC_E_ARG, "pki.option", "--ask needs --out");
	q->car = strcmp(car, "any") == 0 ? NULL : car;
	st = cv_request_make(&inv->config, q, made, &request, err);
	if (!cc_failed(st) && !inv->config.dry_run)
		st = sys_write_file(out, buf_view(&request), 0644, err);
	if (!cc_failed(st) && !inv->config.json)
		(void)printf("%s: %s, cv/%s.cvcert\n", out, made->holder, made->label);
	else if (!cc_failed(st))
		(void)dump(json_pack("{s:i, s:s, s:s, s:s}", "schema", 1, "file", out, "holder", made->holder, "label",
				     made->label));
	buf_done(&request);
	return st;
}

static int make(struct invocation *inv, enum cv_kind kind)
{
	const char *car = invocation_option(inv, "--ask");
	const char *request = invocation_option(inv, "--request");
	struct cv_request q = { .kind = kind };
	struct cv_made made = { 0 };
	struct cc_error err;
	cc_status st;

	cc_error_init(&err);
	st = read_request(inv, &q, &err);
	if (!cc_failed(st) && request != NULL)
		st = certify(inv, &q, request, &err);
	else if (!cc_failed(st) && car != NULL)
		st = ask(inv, &q, car, &made, &err);
	else if (!cc_failed(st))
		st = cv_make(&inv->config, &q, &made, &err);
	if (cc_failed(st))
		return invocation_fail(inv, &err);
	if (request != NULL || car != NULL)
		return EXIT_DONE;
	if (inv->config.json)
		return dump(json_pack("{s:i, s:s, s:s, s:i, s:i}", "schema", 1, "label", made.label, "holder", made.holder,
				      "effective", (int)made.effective, "expiration", (int)made.expiration));
	(void)printf("cv/%s.cvcert: %s, %u - %u\n", made.label, made.holder, (unsigned)made.effective, (unsigned)made.expiration);
	return EXIT_DONE;
}

int pki_run_cvca(struct invocation *inv)
{
	static const struct {
		const char *word;
		enum cv_kind kind;
	} makers[] = {
		{ "init", CV_AUTHORITY },
		{ "link", CV_LINK },
		{ "dv", CV_VERIFIER },
		{ "terminal", CV_TERMINAL },
	};
	const char *word = inv->arguments[0];
	struct cc_error err;

	for (size_t i = 0; i < sizeof makers / sizeof makers[0]; i++) {
		if (strcmp(word, makers[i].word) == 0 && inv->argument_count == 1)
			return make(inv, makers[i].kind);
	}
	if (strcmp(word, "show") == 0 && inv->argument_count <= 2)
		return inv->argument_count == 1 ? show_home(inv) : show_file(inv, inv->arguments[1]);
	if (strcmp(word, "verify") == 0 && inv->argument_count == 2)
		return verify_file(inv, inv->arguments[1]);
	cc_error_init(&err);
	(void)cc_fail(&err, CC_E_ARG, "pki.option", "cvca %s", word);
	return invocation_fail(inv, &err);
}
