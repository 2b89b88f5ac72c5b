/* SPDX-License-Identifier: Apache-2.0 */
#include "station/command.h"

#include "station/forms_session.h"
#include "station/message.h"
#include "station/registry/application.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* `cccd registry apply | applications | requeue | reject`: form CC01 on its way to the queue. */

/* ---- words */

static const struct {
	const char *code, *vi, *en;
} words[] = {
	{ "first", "cấp lần đầu", "first card" },
	{ "exchange", "cấp đổi", "exchange" },
	{ "reissue", "cấp lại", "reissue" },
	{ "age", "đến tuổi đổi thẻ", "exchange age" },
	{ "data-changed", "thay đổi thông tin nhân thân", "personal data changed" },
	{ "appearance", "thay đổi nhân dạng", "appearance changed" },
	{ "card-error", "sai sót trên thẻ", "error on the card" },
	{ "units-changed", "sắp xếp đơn vị hành chính", "administrative units changed" },
	{ "number-renewed", "xác lập lại số định danh", "number renewed" },
	{ "on-request", "theo yêu cầu", "on request" },
	{ "lost", "mất thẻ", "lost" },
	{ "damaged", "hư hỏng thẻ", "damaged" },
	{ "nationality-regained", "trở lại quốc tịch", "nationality regained" },
	{ "waiting", "đang chờ", "waiting" },
	{ "claimed", "đang làm", "in work" },
	{ "held", "bị giữ", "held" },
	{ "issued", "đã cấp", "issued" },
	{ "refused", "từ chối", "refused" },
};

static const char *word(const struct forms_session *f, const char *code)
{
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (strcmp(words[i].code, code) == 0)
			return registry_session_pick(&f->s, words[i].vi, words[i].en);
	}
	return code;
}

static json_t *application_json(const struct application *a)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:s, s:s, s:s, s:s, s:o}", "id", a->id, "state", a->state, "number",
			 a->number, "kind", a->kind, "reason", a->reason, "layout", a->layout, "confirm_cmnd", a->confirm_cmnd,
			 "officer", a->officer, "note", a->note, "rejected_by", a->rejected_by, "rejected_why", a->rejected_why,
			 "received_at", forms_session_time_json(a->received_ms));
}

/* A note is a message's key when the program wrote it: then the officer is told what to do, too. */
static void print_note(const struct forms_session *f, const char *note)
{
	const struct message *m = message_find(note);

	if (m == message_find(NULL))
		(void)printf("  ✗ %s\n", note);
	else
		(void)printf("  ✗ %s\n      %s\n", message_text(m, f->s.inv->config.lang),
			     message_next(m, f->s.inv->config.lang));
}

static void print_application(const struct forms_session *f, const struct application *a)
{
	char received[FORMS_TIME_SIZE];

	forms_session_time(a->received_ms, received);
	(void)printf("%s (%s): %s, %s%s%s, %s %s%s\n", a->id, word(f, a->state), a->number, word(f, a->kind),
		     a->reason[0] != '\0' ? ": " : "", word(f, a->reason), registry_session_pick(&f->s, "mẫu thẻ", "design"),
		     a->layout,
		     a->confirm_cmnd ? registry_session_pick(&f->s, ", xác nhận số CMND cũ", ", confirms the old CMND") : "");
	(void)printf("  %s: %s\n", registry_session_pick(&f->s, "nhận", "received"), received);
	if (a->note[0] != '\0')
		print_note(f, a->note);
	if (a->rejected_by[0] != '\0')
		(void)printf("  ✗ %s: %s\n", a->rejected_by, a->rejected_why);
}

/* ---- apply */

static const struct option_spec apply_options[] = {
	{ "--kind", "KIND", "first, exchange or reissue", "first (lần đầu), exchange (cấp đổi) hoặc reissue (cấp lại)" },
	{ "--reason", "REASON",
	  "of an exchange: age, data-changed, appearance, card-error, units-changed, number-renewed, on-request; "
	  "of a reissue: lost, damaged, nationality-regained",
	  "cấp đổi: age, data-changed, appearance, card-error, units-changed, number-renewed, on-request; "
	  "cấp lại: lost, damaged, nationality-regained" },
	{ "--layout", "DESIGN", "2024-under-6 or 2024; default: by age", "2024-under-6 hoặc 2024; mặc định theo tuổi" },
	{ "--confirm-cmnd", NULL, "a confirmation of the old identity number is wanted", "cần giấy xác nhận số CMND cũ" },
	{ "--officer", "NAME", "the officer who accepts", "cán bộ tiếp nhận" },
	{ 0 },
};

static json_t *findings_json(const struct holds *h)
{
	json_t *list = json_array();

	for (size_t i = 0; i < h->count; i++)
		(void)json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "key", h->items[i].key, "field", h->items[i].field,
							    "severity", hold_severity_name(h->items[i].severity)));
	return list;
}

static void print_findings(const struct forms_session *f, const struct holds *h)
{
	for (size_t i = 0; i < h->count; i++) {
		const struct message *m = message_find(h->items[i].key);

		(void)fprintf(stderr, "  %s %s: %s\n      %s\n", h->items[i].severity == HOLD_HOLD ? "✗" : "!",
			      forms_session_field(f, h->items[i].field), message_text(m, f->s.inv->config.lang),
			      message_next(m, f->s.inv->config.lang));
	}
}

static void show_accepted(struct forms_session *f, const struct application *a, bool is_new, const struct holds *holds)
{
	if (f->s.list != NULL) {
		registry_session_print(json_pack("{s:i, s:o, s:b, s:b, s:o}", "schema", REGISTRY_SCHEMA, "application",
						 application_json(a), "new", is_new, "dry_run", f->forms.dry_run, "findings",
						 findings_json(holds)));
		return;
	}
	(void)printf(
		"%s\n",
		is_new ? registry_session_pick(&f->s, "Đã tiếp nhận; hồ sơ đang chờ làm thẻ:", "Accepted; it waits for its card:")
		       : registry_session_pick(&f->s, "Hồ sơ này đã được tiếp nhận từ trước:", "It was accepted before:"));
	print_application(f, a);
	print_findings(f, holds);
}

static int run_apply(struct invocation *inv)
{
	struct forms_session f = { .s = { .inv = inv } };
	const struct application_request q = {
		.number = inv->arguments[0],
		.kind = invocation_option(inv, "--kind"),
		.reason = invocation_option(inv, "--reason"),
		.layout = invocation_option(inv, "--layout"),
		.confirm_cmnd = invocation_option(inv, "--confirm-cmnd") != NULL,
		.officer = invocation_option(inv, "--officer"),
	};
	struct application a = { 0 };
	struct holds holds = { 0 };
	bool is_new = false;
	cc_status st = forms_session_open(&f);

	if (!cc_failed(st))
		st = application_accept(&f.forms, &f.s.check, &q, &a, &is_new, &holds, &f.s.err);
	if (!cc_failed(st)) {
		show_accepted(&f, &a, is_new, &holds);
		forms_session_dry(&f);
	} else if (st.code == CC_E_HELD) {
		print_findings(&f, &holds);
	}
	return forms_session_close(&f, st, EXIT_DONE);
}

/* ---- applications */

static const struct option_spec applications_options[] = {
	{ "--all", NULL, "issued and refused ones too", "cả hồ sơ đã cấp và đã từ chối" },
	{ 0 },
};

static bool list_application(void *ctx, const struct application *a)
{
	struct forms_session *f = ctx;

	f->s.count++;
	if (f->s.list != NULL)
		(void)json_array_append_new(f->s.list, application_json(a));
	else
		print_application(f, a);
	return true;
}

static int run_applications(struct invocation *inv)
{
	struct forms_session f = { .s = { .inv = inv } };
	cc_status st = forms_session_open(&f);

	if (!cc_failed(st))
		st = application_list(&f.forms, invocation_option(inv, "--all") == NULL, list_application, &f, &f.s.err);
	if (!cc_failed(st) && f.s.list != NULL)
		registry_session_print_list(&f.s, "applications", json_pack("{s:i}", "schema", REGISTRY_SCHEMA));
	else if (!cc_failed(st))
		(void)printf(forms_session_vi(&f) ? "%zu hồ sơ\n" : "%zu applications\n", f.s.count);
	return forms_session_close(&f, st, EXIT_DONE);
}

/* ---- held and refused ones */

static int tell_moved(struct forms_session *f, cc_status st, const char *state)
{
	if (!cc_failed(st) && f->s.list != NULL)
		registry_session_print(json_pack("{s:i, s:s, s:s, s:b}", "schema", REGISTRY_SCHEMA, "id", f->s.inv->arguments[0],
						 "state", state, "dry_run", f->forms.dry_run));
	else if (!cc_failed(st))
		(void)printf("%s: %s\n", f->s.inv->arguments[0], word(f, state));
	if (!cc_failed(st))
		forms_session_dry(f);
	return forms_session_close(f, st, EXIT_DONE);
}

static int run_requeue(struct invocation *inv)
{
	struct forms_session f = { .s = { .inv = inv } };
	cc_status st = forms_session_open(&f);

	if (!cc_failed(st))
		st = application_requeue(&f.forms, inv->arguments[0], &f.s.err);
	return tell_moved(&f, st, "waiting");
}

static const struct option_spec reject_options[] = {
	{ "--officer", "NAME", "the officer who refuses", "cán bộ từ chối" },
	{ "--reason", "TEXT", "why", "lý do" },
	{ 0 },
};

static int run_reject(struct invocation *inv)
{
	struct forms_session f = { .s = { .inv = inv } };
	cc_status st = forms_session_open(&f);

	if (!cc_failed(st))
		st = application_reject(&f.forms, inv->arguments[0], invocation_option(inv, "--officer"),
					invocation_option(inv, "--reason"), &f.s.err);
	return tell_moved(&f, st, "refused");
}

const struct command commands_registry_apply[] = {
	{ "registry", "apply", "NUMBER", 1, 1, "accept an application for a card (form CC01) into the queue",
	  "tiếp nhận đề nghị cấp thẻ (tờ khai CC01) vào hàng chờ", apply_options, run_apply },
	{ "registry", "applications", "", 0, 0, "applications that wait, are in work or held",
	  "hồ sơ cấp thẻ đang chờ, đang làm, bị giữ", applications_options, run_applications },
	{ "registry", "requeue", "ID", 1, 1, "a held application waits again", "đưa hồ sơ bị giữ trở lại hàng chờ", NULL,
	  run_requeue },
	{ "registry", "reject", "ID", 1, 1, "refuse an application, with a reason", "từ chối hồ sơ cấp thẻ, có lý do",
	  reject_options, run_reject },
	{ 0 },
};
