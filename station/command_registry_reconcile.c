/* SPDX-License-Identifier: Apache-2.0 */
#include "station/command.h"

#include "crypto/base/secret.h"
#include "station/forms_session.h"
#include "station/registry/reconcile.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* `cccd registry reconcile | conflicts | decide`: documents of one person against each other and the registry. */

static const struct {
	const char *code, *vi, *en;
} words[] = {
	{ "birth-certificate", "giấy khai sinh", "birth certificate" },
	{ "cccd", "thẻ CCCD", "CCCD card" },
	{ "household-book", "sổ hộ khẩu", "household book" },
	{ "cmnd", "CMND", "CMND" },
	{ "agreed", "khớp", "agreed" },
	{ "kept", "giữ nguyên hồ sơ", "registry kept" },
	{ "proposed", "đề xuất sửa, chờ cán bộ khác duyệt", "correction proposed, another officer approves" },
	{ "conflict", "mâu thuẫn: giữ hồ sơ, chờ cán bộ quyết định", "conflict: the person is held until an officer decides" },
	{ "alone", "chỉ một giấy tờ ghi", "one document alone says so" },
	{ "agree", "các giấy tờ ghi như nhau", "the documents agree" },
	{ "precedence", "giấy tờ có giá trị cao hơn quyết định", "the document of higher rank decides" },
	{ "newest", "giấy tờ mới nhất quyết định", "the newest document decides" },
	{ "same-rank", "các giấy tờ ngang hàng ghi khác nhau", "documents of one rank disagree" },
	{ "finer-date", "nơi khác biết ngày sinh đầy đủ hơn", "another source knows the date finer" },
	{ "number", "trái với số định danh, giấy tờ khác thì khớp", "contradicts the number, another source does not" },
	{ "another-person", "tên và năm sinh đều khác: có thể của người khác",
	  "name and birth year differ: it may be another person's" },
};

static const char *word(const struct forms_session *f, const char *code)
{
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (strcmp(words[i].code, code) == 0)
			return registry_session_pick(&f->s, words[i].vi, words[i].en);
	}
	return code;
}

static json_t *field_json(const struct reconcile_field *field)
{
	json_t *values = json_array(), *root;
	char date[DATE_TEXT_SIZE];

	for (size_t i = 0; i < field->count; i++) {
		const struct reconcile_value *v = &field->values[i];

		date_format(v->date, date);
		(void)json_array_append_new(values, json_pack("{s:s, s:s, s:s, s:s}", "source", reconcile_source_name(v->source),
							      "document", v->document, "date", date, "value", v->value));
	}
	root = json_pack("{s:s, s:s, s:s, s:s, s:I, s:o}", "field", field->field, "verdict",
			 reconcile_verdict_name(field->verdict), "reason", field->reason, "registry", field->registry, "form",
			 (json_int_t)field->form, "values", values);
	if (field->verdict != RECONCILE_CONFLICT)
		(void)json_object_set_new(root, "decided", json_string(field->values[field->chosen].value));
	return root;
}

/* What waits for an officer, and the command by which they end it. */
static void print_form(const struct forms_session *f, const struct reconcile_field *field)
{
	const bool conflict = field->verdict == RECONCILE_CONFLICT;

	if (forms_session_vi(f))
		(void)printf(
			conflict
				? "    mâu thuẫn số %lld: cccd registry decide %lld --source GIẤY_TỜ --reason LÝ_DO --officer TÊN\n"
				: "    phiếu sửa số %lld: cccd registry approve %lld --officer TÊN\n",
			(long long)field->form, (long long)field->form);
	else
		(void)printf(conflict ? "    conflict %lld: cccd registry decide %lld --source KIND --reason WHY --officer NAME\n"
				      : "    correction %lld: cccd registry approve %lld --officer NAME\n",
			     (long long)field->form, (long long)field->form);
}

static void print_field(const struct forms_session *f, const struct reconcile_field *field)
{
	char date[DATE_TEXT_SIZE], dated[REGISTRY_VALUE_SIZE], text[REGISTRY_VALUE_SIZE];

	(void)printf("%s %s: %s (%s)\n",
		     field->verdict == RECONCILE_CONFLICT   ? "✗"
		     : field->verdict == RECONCILE_PROPOSED ? "→"
							    : "✓",
		     forms_session_field(f, field->field), word(f, reconcile_verdict_name(field->verdict)),
		     word(f, field->reason));
	(void)printf("    %s: %s\n", registry_session_pick(&f->s, "trong hồ sơ", "registry"),
		     forms_session_value(f, field->field, field->registry, text));
	for (size_t i = 0; i < field->count; i++) {
		const struct reconcile_value *v = &field->values[i];

		date_format(v->date, date);
		(void)printf("  %s %s: %s  [%s %s]\n", field->verdict != RECONCILE_CONFLICT && i == field->chosen ? "*" : " ",
			     word(f, reconcile_source_name(v->source)), forms_session_value(f, field->field, v->value, text),
			     v->document, registry_session_value(&f->s, "issue_date", date, dated));
	}
	if (field->form > 0)
		print_form(f, field);
}

/* ---- reconcile */

static const struct option_spec reconcile_options[] = {
	{ "--officer", "NAME", "the officer who compares", "cán bộ đối chiếu" },
	{ 0 },
};

static size_t show_result(struct forms_session *f, const struct reconcile_result *r)
{
	size_t conflicts = 0, proposed = 0;

	for (size_t i = 0; i < r->count; i++) {
		conflicts += r->fields[i].verdict == RECONCILE_CONFLICT ? 1 : 0;
		proposed += r->fields[i].verdict == RECONCILE_PROPOSED ? 1 : 0;
		if (f->s.list != NULL)
			(void)json_array_append_new(f->s.list, field_json(&r->fields[i]));
		else
			print_field(f, &r->fields[i]);
	}
	if (f->s.list != NULL) {
		registry_session_print_list(&f->s, "fields",
					    json_pack("{s:i, s:s, s:I, s:I, s:b}", "schema", REGISTRY_SCHEMA, "number", r->number,
						      "conflicts", (json_int_t)conflicts, "proposed", (json_int_t)proposed,
						      "dry_run", f->forms.dry_run));
		return conflicts;
	}
	(void)printf(forms_session_vi(f) ? "%zu trường, %zu đề xuất sửa, %zu mâu thuẫn\n"
					 : "%zu fields, %zu corrections proposed, %zu conflicts\n",
		     r->count, proposed, conflicts);
	return conflicts;
}

static cc_status compare(struct forms_session *f, struct reconcile_result *r)
{
	struct invocation *inv = f->s.inv;
	struct reconcile_rules rules;
	struct buf input = { 0 };
	char order[128];
	cc_status st = config_setting(&inv->config, "reconcile.precedence", order, sizeof order, &f->s.err);

	if (!cc_failed(st))
		st = reconcile_rules_parse(order, &rules, &f->s.err);
	if (!cc_failed(st))
		st = sys_read_file(inv->arguments[0], RECONCILE_INPUT_MAX, &input, &f->s.err);
	if (!cc_failed(st))
		st = reconcile(&f->forms, &rules, buf_view(&input), invocation_option(inv, "--officer"), r, &f->s.err);
	buf_done(&input);
	return st;
}

static int run_reconcile(struct invocation *inv)
{
	struct forms_session f = { .s = { .inv = inv } };
	struct reconcile_result *r = cc_alloc(sizeof *r);
	size_t conflicts = 0;
	cc_status st = forms_session_open(&f);

	if (!cc_failed(st) && r == NULL)
		st = cc_fail(&f.s.err, CC_E_MEMORY, "memory", "result");
	if (!cc_failed(st))
		st = compare(&f, r);
	if (!cc_failed(st)) {
		conflicts = show_result(&f, r);
		forms_session_dry(&f);
	}
	cc_free(r, sizeof *r);
	return forms_session_close(&f, st, conflicts > 0 ? EXIT_CHECK_NO : EXIT_DONE);
}

/* ---- conflicts */

static bool list_conflict(void *ctx, const struct reconcile_conflict *c)
{
	struct forms_session *f = ctx;
	char opened[FORMS_TIME_SIZE];
	json_t *root;

	f->s.count++;
	if (f->s.list != NULL) {
		root = json_pack("{s:I, s:s, s:s, s:o}", "id", (json_int_t)c->id, "number", c->number, "opened_by", c->opened_by,
				 "opened_at", forms_session_time_json(c->opened_ms));
		(void)json_object_set_new(root, "field", field_json(&c->field));
		(void)json_array_append_new(f->s.list, root);
		return true;
	}
	forms_session_time(c->opened_ms, opened);
	(void)printf("%s, %s, %s\n", c->number, c->opened_by, opened);
	print_field(f, &c->field);
	return true;
}

static int run_conflicts(struct invocation *inv)
{
	struct forms_session f = { .s = { .inv = inv } };
	cc_status st = forms_session_open(&f);

	if (!cc_failed(st))
		st = reconcile_list(&f.forms, list_conflict, &f, &f.s.err);
	if (!cc_failed(st) && f.s.list != NULL)
		registry_session_print_list(&f.s, "conflicts", json_pack("{s:i}", "schema", REGISTRY_SCHEMA));
	else if (!cc_failed(st))
		(void)printf(forms_session_vi(&f) ? "%zu mâu thuẫn chờ quyết định\n" : "%zu conflicts wait for a decision\n",
			     f.s.count);
	return forms_session_close(&f, st, EXIT_DONE);
}

/* ---- decide */

static const struct option_spec decide_options[] = {
	{ "--source", "KIND", "whose value is right: birth-certificate, cccd, household-book, cmnd, or registry",
	  "giá trị đúng theo: birth-certificate, cccd, household-book, cmnd, hoặc registry (giữ hồ sơ)" },
	{ "--reason", "TEXT", "why", "lý do" },
	{ "--officer", "NAME", "the officer who decides", "cán bộ quyết định" },
	{ 0 },
};

static void tell_decided(struct forms_session *f, int64_t id, int64_t form)
{
	if (f->s.list != NULL) {
		registry_session_print(json_pack("{s:i, s:I, s:I, s:b}", "schema", REGISTRY_SCHEMA, "conflict", (json_int_t)id,
						 "correction", (json_int_t)form, "dry_run", f->forms.dry_run));
		return;
	}
	if (form == 0)
		(void)printf(forms_session_vi(f) ? "Mâu thuẫn %lld: giữ giá trị trong hồ sơ.\n"
						 : "Conflict %lld: the registry's value stays.\n",
			     (long long)id);
	else
		(void)printf(
			forms_session_vi(f)
				? "Mâu thuẫn %lld: lập phiếu sửa %lld, chờ cán bộ khác duyệt (cccd registry approve %lld --officer TÊN).\n"
				: "Conflict %lld: correction %lld waits for another officer (cccd registry approve %lld --officer NAME).\n",
			(long long)id, (long long)form, (long long)form);
}

static int run_decide(struct invocation *inv)
{
	struct forms_session f = { .s = { .inv = inv } };
	int64_t id = 0, form = 0;
	cc_status st = forms_session_open(&f);

	if (!cc_failed(st))
		st = forms_session_number(inv->arguments[0], &id, &f.s.err);
	if (!cc_failed(st))
		st = reconcile_decide(&f.forms, id, invocation_option(inv, "--source"), invocation_option(inv, "--officer"),
				      invocation_option(inv, "--reason"), &form, &f.s.err);
	if (!cc_failed(st)) {
		tell_decided(&f, id, form);
		forms_session_dry(&f);
	}
	return forms_session_close(&f, st, EXIT_DONE);
}

const struct command commands_registry_reconcile[] = {
	{ "registry", "reconcile", "FILE", 1, 1, "hold a person's documents (JSON) against each other and the registry",
	  "đối chiếu giấy tờ của một người (JSON) với nhau và với hồ sơ", reconcile_options, run_reconcile },
	{ "registry", "conflicts", "", 0, 0, "documents that disagree and wait for an officer",
	  "giấy tờ mâu thuẫn chờ quyết định", NULL, run_conflicts },
	{ "registry", "decide", "ID", 1, 1, "decide a conflict for one document, with a reason",
	  "quyết định một mâu thuẫn, có lý do", decide_options, run_decide },
	{ 0 },
};
