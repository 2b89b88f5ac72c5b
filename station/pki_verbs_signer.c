/* SPDX-License-Identifier: Apache-2.0 */
#include "station/pki_verbs_internal.h"

#include "station/message.h"
#include "station/pki_file.h"
#include "station/pki_signer.h"
#include "station/pki_words.h"

#include <stdio.h>
#include <string.h>

const struct option_spec pki_ds_options[] = {
	{ "--new", NULL, "make the next document signer", "tạo khóa ký hồ sơ (DS) kế tiếp" },
	{ "--list", NULL, "list them (what is done without an option)", "liệt kê (mặc định)" },
	{ "--cards", "NAME", "list the cards that carry this one's signature, by chip serial",
	  "liệt kê thẻ mang chữ ký của khóa này, theo số chíp" },
	{ "--retire", "NAME", "this one never signs again (ds-1)", "khóa này không bao giờ ký nữa (ds-1)" },
	{ 0 },
};

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
	bool vi = pki_verbs_vi(c);
	long long left = json_integer_value(json_object_get(plan, "left"));

	if (pki_verbs_text(plan, "current")[0] == '\0')
		(void)printf("%s\n", vi ? "Không khóa nào được ký lúc này. Tạo ngay: cccd pki ds --new"
					: "No key may sign now. Make one now: cccd pki ds --new");
	else
		(void)printf(vi ? "Đang ký: %s, còn %lld lần\n" : "Signing: %s, %lld signatures left\n",
			     pki_verbs_text(plan, "current"), left);
	if (pki_verbs_text(plan, "current")[0] == '\0')
		return;
	if (pki_verbs_text(plan, "next")[0] != '\0')
		(void)printf(vi ? "Khóa kế tiếp đã sẵn sàng: %s\n" : "The next one is ready: %s\n", pki_verbs_text(plan, "next"));
	else
		(void)printf(vi ? "Phải có khóa kế tiếp trước %.10s (%s): cccd pki ds --new\n"
				: "The next one must be ready before %.10s (%s): cccd pki ds --new\n",
			     pki_verbs_text(plan, "due"),
			     strcmp(pki_verbs_text(plan, "due_by"), "limit") == 0
				     ? (vi ? "hết số lần ký" : "the limit is reached")
				     : (vi ? "hết thời gian ký" : "its period ends"));
}

static void print_number_heading(const char *text, bool last)
{
	(void)printf("%*s%s", message_width(text, 10), text, last ? "\n" : " ");
}

static void print_signers(const struct config *c, const json_t *root)
{
	bool vi = pki_verbs_vi(c);
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
		pki_print_cell(pki_verbs_text(o, "label"), 8);
		pki_print_cell(pki_word(pki_verbs_text(o, "state"), c->lang), 12);
		(void)printf("%.10s .. %.10s %10lld %10lld %10lld\n", pki_verbs_text(o, "signs_from"),
			     pki_verbs_text(o, "signs_until"), (long long)json_integer_value(json_object_get(o, "used")),
			     (long long)json_integer_value(json_object_get(o, "left")),
			     (long long)json_integer_value(json_object_get(o, "cards")));
	}
	print_rotation(c, json_object_get(root, "rotation"));
}

static void print_cards(const struct config *c, const json_t *root)
{
	const json_t *o;
	size_t i;

	json_array_foreach(json_object_get(root, "cards"), i, o)(void)
		printf("%s %.10s\n", pki_verbs_text(o, "serial"), pki_verbs_text(o, "issued"));
	(void)fprintf(stderr, pki_verbs_vi(c) ? "%zu thẻ mang chữ ký của %s\n" : "%zu cards carry the signature of %s\n",
		      json_array_size(json_object_get(root, "cards")), pki_verbs_text(root, "label"));
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
		rc = pki_verbs_finish(inv, root, print_cards, EXIT_DONE);
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
		st = pki_signers_read_use(s, store, pki_verbs_now_s(inv), &err);
	rc = cc_failed(st) ? invocation_fail(inv, &err)
			   : pki_verbs_finish(inv, signers_json(s, pki_verbs_now_s(inv)), print_signers, EXIT_DONE);
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
			return pki_verbs_dry(inv, "Khóa này sẽ không bao giờ ký nữa.", "This key would never sign again.");
		if (invocation_option(inv, "--cards") != NULL)
			return list_cards(inv, invocation_option(inv, "--cards"));
		return list_signers(inv);
	}
	if (inv->config.dry_run)
		return pki_verbs_dry(inv, "Sẽ tạo khóa ký hồ sơ (DS) kế tiếp.", "Would make the next document signer.");
	if (cc_failed(pki_options_default(&inv->config, &o, &err)) || cc_failed(pki_new_signer(&inv->config, &o, &made, &err)))
		return invocation_fail(inv, &err);
	return pki_verbs_report_made(inv, &made);
}
