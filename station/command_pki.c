/* SPDX-License-Identifier: Apache-2.0 */
#include "station/command.h"

#include "crypto/keystore.h"
#include "station/command_cvca.h"
#include "station/pki.h"
#include "station/pki_file.h"
#include "station/pki_verbs.h"
#include "station/pki_words.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEYS_MAX 1024

/* ---- keys and certificates as data */

static const char *kind_name(enum keystore_kind kind)
{
	switch (kind) {
	case KEYSTORE_EC:
		return "ec";
	case KEYSTORE_RSA:
		return "rsa";
	case KEYSTORE_AES:
		return "aes";
	case KEYSTORE_TDES:
		return "3des";
	}
	return "?";
}

static json_t *key_json(const struct keystore_key_info *info)
{
	char created[PKI_DATE_TEXT];

	/* A token may not know it. */
	(void)snprintf(created, sizeof created, "-");
	if (info->created_ms != 0)
		pki_date_text(info->created_ms / 1000, created);
	return json_pack("{s:s, s:s, s:s, s:i, s:s}", "label", info->label, "kind", kind_name(info->kind), "curve",
			 info->kind == KEYSTORE_EC ? ec_curve_name(info->curve) : "", "bits", (int)info->bits, "created",
			 created);
}

struct collecting {
	json_t *certs;
	int64_t now_s;
};

static cc_status collect_cert(void *ctx, const char *file, const struct cert *cert, struct cc_error *err)
{
	struct collecting *c = ctx;

	if (json_array_append_new(c->certs, pki_cert_json(file, cert, c->now_s)) != 0)
		return cc_fail(err, CC_E_MEMORY, "memory", "%s", file);
	return cc_ok();
}

static cc_status collect_keys(const struct config *c, json_t *keys, struct cc_error *err)
{
	struct keystore *ks = NULL;
	struct keystore_key_info *infos = calloc(KEYS_MAX, sizeof *infos);
	size_t count = 0;
	cc_status st = infos != NULL ? config_open_keystore(c, &ks, err) : cc_fail(err, CC_E_MEMORY, "memory", "keys");

	if (!cc_failed(st)) {
		st = keystore_list(ks, infos, KEYS_MAX, &count);
		if (cc_failed(st))
			keystore_error(ks, err);
	}
	for (size_t i = 0; !cc_failed(st) && i < count && i < KEYS_MAX; i++)
		if (json_array_append_new(keys, key_json(&infos[i])) != 0)
			st = cc_fail(err, CC_E_MEMORY, "memory", "keys");
	keystore_close(&ks);
	free(infos);
	return st;
}

/* ---- showing it */

static const char *text(const json_t *o, const char *name)
{
	const char *s = json_string_value(json_object_get(o, name));

	return s != NULL ? s : "";
}

static void print_text(const struct config *c, const json_t *root)
{
	bool vi = c->lang == LANG_VI;
	const json_t *o;
	size_t i;

	(void)printf("%s\n", vi ? "Khóa" : "Keys");
	json_array_foreach(json_object_get(root, "keys"), i, o)
	{
		char bits[24];

		(void)snprintf(bits, sizeof bits, "%lld", (long long)json_integer_value(json_object_get(o, "bits")));
		(void)printf("  %-16s %-4s %-18s %.10s\n", text(o, "label"), text(o, "kind"),
			     text(o, "curve")[0] != '\0' ? text(o, "curve") : bits, text(o, "created"));
	}
	(void)printf("%s\n", vi ? "Chứng thư" : "Certificates");
	json_array_foreach(json_object_get(root, "certificates"), i, o)
	{
		(void)printf("  %-16s %s\n", text(o, "file"), text(o, "subject"));
		(void)printf("  %-16s %.10s .. %.10s, %s %.10s, %s, %s: %s\n", "", text(o, "not_before"), text(o, "not_after"),
			     vi ? "ký đến" : "signs until", text(o, "signs_until"), text(o, "key"), text(o, "parameters"),
			     pki_word(text(o, "status"), c->lang));
	}
}

static int print(const struct config *c, const json_t *root)
{
	if (!c->json) {
		print_text(c, root);
		return EXIT_DONE;
	}
	if (json_dumpf(root, stdout, JSON_INDENT(1) | JSON_PRESERVE_ORDER) != 0)
		return EXIT_FAILED;
	(void)putchar('\n');
	return EXIT_DONE;
}

static cc_status describe(const struct config *c, json_t **ret, struct cc_error *err)
{
	json_t *root = json_pack("{s:i, s:s, s:[], s:[]}", "schema", 1, "home", c->home, "keys", "certificates");
	struct collecting certs = { json_object_get(root, "certificates"), sys_wall_ms(c->sys) / 1000 };
	cc_status st = root != NULL ? cc_ok() : cc_fail(err, CC_E_MEMORY, "memory", "pki");

	if (!cc_failed(st))
		st = collect_keys(c, json_object_get(root, "keys"), err);
	if (!cc_failed(st))
		st = pki_list_certificates(c, collect_cert, &certs, err);
	if (cc_failed(st))
		json_decref(root);
	else
		*ret = root;
	return st;
}

static int run_show(struct invocation *inv)
{
	struct cc_error err = { 0 };
	json_t *root = NULL;
	int rc;

	if (inv->argument_count > 0)
		return pki_show_file(inv, inv->arguments[0]);
	if (cc_failed(describe(&inv->config, &root, &err)))
		return invocation_fail(inv, &err);
	rc = print(&inv->config, root);
	json_decref(root);
	return rc;
}

/* ---- init */

static const struct option_spec init_options[] = {
	{ "--curve", "NAME", "curve of the signing keys (brainpoolP256r1)", "đường cong của khóa ký (brainpoolP256r1)" },
	{ "--csca-key", "KEY", "key of the country signer: a curve, or rsa2048, rsa3072, rsa4096 (as --curve)",
	  "khóa của CSCA: một đường cong, hoặc rsa2048, rsa3072, rsa4096 (theo --curve)" },
	{ "--ds-key", "KEY", "key of the document signer, likewise", "khóa của DS, chọn như trên" },
	{ "--rsa-padding", "NAME", "signatures of RSA keys: pss or pkcs1 (pss)", "chữ ký của khóa RSA: pss hoặc pkcs1 (pss)" },
	{ "--keystore", "KIND", "where the keys are made: file, or pkcs11 (a token, HSM)",
	  "nơi tạo khóa: file, hoặc pkcs11 (thiết bị khóa, HSM)" },
	{ "--module", "FILE", "the token's PKCS#11 module", "mô-đun PKCS#11 của thiết bị khóa" },
	{ "--token", "LABEL", "the token's label (cccd)", "tên của thiết bị khóa (cccd)" },
	{ "--pin-file", "FILE", "file with the token's PIN", "tệp chứa mã PIN của thiết bị khóa" },
	{ "--hash", "NAME", "hash of the signatures (sha256)", "hàm băm của chữ ký (sha256)" },
	{ "--params", "FORM", "EC parameters in certificates: explicit (Doc 9303-12) or named",
	  "tham số đường cong trong chứng thư: named hoặc explicit" },
	{ "--country", "CC", "country code (VN)", "mã quốc gia (VN)" },
	{ "--country-icao", "CCC", "country code of the machine-readable zone (VNM)", "mã quốc gia của dòng máy đọc (VNM)" },
	{ "--organization", "NAME", "organization in the certificates", "tên cơ quan trong chứng thư" },
	{ "--crl-url", "URL", "where revocation lists will be", "địa chỉ danh sách thu hồi" },
	{ "--document-years", "N", "longest validity of a card (25)", "thời hạn dài nhất của thẻ (25)" },
	{ 0 },
};

/* Typed on the command line, a path starts where the user stands; one in settings.json starts at the station's folder. */
static cc_status set_pin_file(struct pki_options *o, const char *value, struct cc_error *err)
{
	char whole[PATH_MAX];

	if (realpath(value, whole) == NULL)
		return sys_path_fail(err, errno, "%s", value);
	return pki_option_set(o, "--pin-file", whole, err);
}

static cc_status read_options(const struct invocation *inv, struct pki_options *ret, struct cc_error *err)
{
	cc_status st = pki_options_default(&inv->config, ret, err);

	for (size_t i = 0; !cc_failed(st) && init_options[i].name != NULL; i++) {
		const char *value = invocation_option(inv, init_options[i].name);

		if (value != NULL && strcmp(init_options[i].name, "--pin-file") == 0)
			st = set_pin_file(ret, value, err);
		else if (value != NULL)
			st = pki_option_set(ret, init_options[i].name, value, err);
	}
	return st;
}

static int say_plan(const struct config *c, const struct pki_options *o)
{
	const char *curve = ec_curve_name(o->curve);

	(void)fprintf(stderr,
		      c->lang == LANG_VI ? "Sẽ tạo trong %s: kho khóa (%s), CSCA %s và DS %s với %s, %s\n"
					 : "Would make in %s: key store (%s), CSCA %s and DS %s with %s, %s\n",
		      c->home, o->keystore, o->csca_key[0] != '\0' ? o->csca_key : curve,
		      o->ds_key[0] != '\0' ? o->ds_key : curve, hash_name(o->hash),
		      o->params == EC_PARAMS_EXPLICIT ? "explicit" : "named");
	return EXIT_DONE;
}

/* The certificates alone: listing keys would ask for the password again. */
static int print_made(const struct invocation *inv, bool resumed)
{
	const struct config *c = &inv->config;
	json_t *root = json_pack("{s:i, s:s, s:b, s:[]}", "schema", 1, "home", c->home, "resumed", resumed, "certificates");
	struct collecting certs = { json_object_get(root, "certificates"), sys_wall_ms(c->sys) / 1000 };
	struct cc_error err = { 0 };
	int rc = EXIT_FAILED;

	if (root != NULL && cc_failed(pki_list_certificates(c, collect_cert, &certs, &err)))
		rc = invocation_fail(inv, &err);
	else if (root != NULL)
		rc = print(c, root);
	json_decref(root);
	return rc;
}

static int run_init(struct invocation *inv)
{
	struct config *c = &inv->config;
	struct pki_options o;
	struct cc_error err = { 0 };
	bool resumed = false;

	if (cc_failed(read_options(inv, &o, &err)))
		return invocation_fail(inv, &err);
	if (c->dry_run)
		return say_plan(c, &o);
	if (cc_failed(pki_init(c, &o, &resumed, &err)))
		return invocation_fail(inv, &err);
	if (c->json)
		return print_made(inv, resumed);
	(void)fprintf(stderr, "%s: %s\n",
		      c->lang == LANG_VI ? (resumed ? "Đã hoàn tất lần tạo dở dang" : "Đã tạo khóa và chứng thư")
					 : (resumed ? "Finished the init that had broken off" : "Made keys and certificates"),
		      c->home);
	return EXIT_DONE;
}

const struct command commands_pki[] = {
	{ "pki", "init", "", 0, 0, "make the station's keys and certificates", "tạo khóa và chứng thư của trạm", init_options,
	  run_init },
	{ "pki", "show", "[FILE]", 0, 1,
	  "keys and certificates of the station; or a certificate, revocation list or master list in words",
	  "khóa và chứng thư của trạm; hoặc nội dung một chứng thư, danh sách thu hồi, danh sách CSCA", NULL, run_show },
	{ "pki", "verify", "FILE", 1, 1, "judge a certificate, revocation list or master list, with reasons",
	  "kiểm tra một chứng thư, danh sách thu hồi hoặc danh sách CSCA, kèm lý do", pki_verify_options, pki_run_verify },
	{ "pki", "csca", "", 0, 0, "country signers; --new: the next one, with its link certificate",
	  "CSCA của trạm; --new: tạo CSCA kế tiếp kèm chứng thư liên kết", pki_csca_options, pki_run_csca },
	{ "pki", "ds", "", 0, 0, "document signers, their use, and when the next one is due",
	  "khóa ký hồ sơ (DS), số lần đã ký, và hạn phải có khóa kế tiếp", pki_ds_options, pki_run_ds },
	{ "pki", "crl", "", 0, 0, "sign a new revocation list, with one more certificate in it or none",
	  "ký danh sách thu hồi mới, thêm một chứng thư hoặc không", pki_crl_options, pki_run_crl },
	{ "pki", "cvca", "init | link | dv | terminal | show [FILE] | verify FILE", 1, 2,
	  "who may read fingers: authority, verifiers, terminals (CV certificates)",
	  "ai được đọc vân tay: CVCA, đơn vị xác minh, thiết bị đọc (chứng chỉ CV)", pki_cvca_options, pki_run_cvca },
	{ "pki", "master-list", "build FILE [CERT|DIR|LIST...] | show FILE | verify FILE", 2, -1,
	  "make, read or judge a list of country signers", "tạo, đọc hoặc kiểm tra danh sách CSCA", pki_master_list_options,
	  pki_run_master_list },
	{ 0 },
};
