/* SPDX-License-Identifier: Apache-2.0 */
#include "station/command.h"

#include "station/forms_session.h"
#include "station/registry/due.h"
#include "station/registry/export.h"
#include "station/registry/number.h"
#include "station/registry/residence.h"

#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* `cccd registry due | export | exports`. */
#define DAYS_MAX 3660
#define DAY_MS INT64_C(86400000)

static cc_status read_province(const char *code, struct date today, const char **ret, struct cc_error *err)
{
	const char *name = code != NULL && strlen(code) == 3 ? number_province(code, today) : NULL;

	*ret = name != NULL ? residence_province_of_name(name, today) : NULL;
	if (code != NULL && *ret == NULL)
		return cc_fail(err, CC_E_ARG, "due.province", "--province");
	return cc_ok();
}

/* ---- due */

static const struct option_spec due_options[] = {
	{ "--days", "N", "look this many days ahead (default 90)", "xem trước bấy nhiêu ngày (mặc định 90)" },
	{ "--province", "CODE", "residents of this province", "người cư trú ở tỉnh, thành phố này" },
	{ 0 },
};

static const char *due_text(const struct forms_session *f, const struct due *d)
{
	switch (d->kind) {
	case DUE_FIRST:
		return registry_session_pick(&f->s, "cấp lần đầu, chưa thấy thẻ nào", "first card, none is known");
	case DUE_EXCHANGE:
		return d->overdue ? registry_session_pick(&f->s, "cấp đổi, thẻ ĐÃ hết hạn", "exchange, the card HAS expired")
				  : registry_session_pick(&f->s, "cấp đổi, thẻ hết hạn", "exchange, the card expires");
	case DUE_REVOKED:
		return registry_session_pick(&f->s, "thẻ ĐÃ THU HỒI, chưa có thẻ mới",
					     "the card was REVOKED, and there is no new one");
	case DUE_AGE:
		break;
	}
	return registry_session_pick(&f->s, "đến tuổi đổi thẻ, chưa rõ thẻ đang dùng",
				     "exchange age, the card is not known here");
}

static bool list_due(void *ctx, const struct due *d)
{
	struct forms_session *f = ctx;
	char on[DATE_TEXT_SIZE], issued[DATE_TEXT_SIZE];

	f->s.count++;
	f->s.held += d->overdue ? 1 : 0;
	date_format(d->on, on);
	date_format(d->issued, issued);
	if (f->s.list != NULL)
		(void)json_array_append_new(f->s.list, json_pack("{s:s, s:s, s:s, s:s, s:i, s:b, s:s, s:s, s:s}", "number",
								 d->person->number, "full_name", d->person->full_name, "kind",
								 due_kind_name(d->kind), "on", on, "age", (int)d->age, "overdue",
								 d->overdue, "issued", issued, "layout", d->layout, "province",
								 d->province != NULL ? d->province : ""));
	else
		(void)printf("%s  %s  %s %u  %s: %s (%s)\n", d->person->number, on, registry_session_pick(&f->s, "tuổi", "age"),
			     d->age, d->person->full_name, due_text(f, d), d->layout);
	return true;
}

static cc_status read_due(const struct forms_session *f, struct due_query *ret, struct cc_error *err)
{
	const struct config *c = &f->s.inv->config;
	const char *days_text = invocation_option(f->s.inv, "--days");
	int64_t days = 90;

	if (days_text != NULL && strcmp(days_text, "0") == 0)
		days = 0;
	else if (days_text != NULL && (cc_failed(forms_session_number(days_text, &days, NULL)) || days > DAYS_MAX))
		return cc_fail(err, CC_E_ARG, "due.days", "--days: 0 to %d", DAYS_MAX);
	*ret = (struct due_query){ .rules = f->s.check.rules,
				   .today = f->s.check.today,
				   .until = date_in_vietnam(sys_wall_ms(c->sys) + days * DAY_MS) };
	return read_province(invocation_option(f->s.inv, "--province"), ret->today, &ret->province, err);
}

static int run_due(struct invocation *inv)
{
	struct forms_session f = { .s = { .inv = inv } };
	struct due_query q;
	char until[DATE_TEXT_SIZE] = "";
	cc_status st = forms_session_open(&f);

	if (!cc_failed(st))
		st = read_due(&f, &q, &f.s.err);
	if (!cc_failed(st)) {
		date_format(q.until, until);
		st = due_list(&f.forms, &q, list_due, &f, &f.s.err);
	}
	if (!cc_failed(st) && f.s.list != NULL)
		registry_session_print_list(
			&f.s, "due",
			json_pack("{s:i, s:s, s:I}", "schema", REGISTRY_SCHEMA, "until", until, "overdue", (json_int_t)f.s.held));
	else if (!cc_failed(st))
		(void)printf(forms_session_vi(&f) ? "%zu người đến %s, trong đó %zu thẻ đã hết hạn\n"
						  : "%zu people until %s, %zu of their cards have expired\n",
			     f.s.count, until, f.s.held);
	return forms_session_close(&f, st, EXIT_DONE);
}

/* ---- export */

static const struct option_spec export_options[] = {
	{ "--purpose", "P",
	  "card-printing, statistics, local-police, health-insurance or national-registry: decides which fields leave",
	  "card-printing, statistics, local-police, health-insurance hoặc national-registry: quyết định trường nào được chuyển" },
	{ "--to", "RECEIVER", "who gets the file", "nơi nhận tệp" },
	{ "--officer", "NAME", "the officer who exports", "cán bộ kết xuất" },
	{ "--format", "jsonl|csv", "default jsonl", "mặc định jsonl" },
	{ "--province", "CODE", "residents of this province", "người cư trú ở tỉnh, thành phố này" },
	{ "-o", "FILE", "the file; never overwritten", "tệp kết quả; không bao giờ ghi đè" },
	{ 0 },
};

/* As sha256sum prints it. */
static void hash_text(const struct digest *d, char out[2 * HASH_LEN_MAX + 1])
{
	out[0] = '\0';
	if (d->n > 0)
		bytes_to_hex(bytes_of(d->p, d->n), out);
	for (char *c = out; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
}

static json_t *booking_json(const struct export_booking *b)
{
	char hash[2 * HASH_LEN_MAX + 1];

	hash_text(&b->sha256, hash);
	return json_pack("{s:I, s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:o, s:o}", "id", (json_int_t)b->id, "purpose", b->purpose,
			 "receiver", b->receiver, "officer", b->officer, "format", b->format, "state", b->state, "people",
			 (json_int_t)b->people, "sha256", hash, "begun_at", forms_session_time_json(b->begun_ms), "done_at",
			 forms_session_time_json(b->done_ms));
}

static const char *booking_state(const struct forms_session *f, const char *state)
{
	if (strcmp(state, "done") == 0)
		return registry_session_pick(&f->s, "xong", "done");
	return strcmp(state, "failed") == 0 ? registry_session_pick(&f->s, "hỏng, không có tệp", "failed, no file")
					    : registry_session_pick(&f->s, "dở dang", "broken off");
}

static void print_booking(const struct forms_session *f, const struct export_booking *b)
{
	const struct export_purpose *p = export_purpose_find(b->purpose);
	char hash[2 * HASH_LEN_MAX + 1], begun[FORMS_TIME_SIZE];

	hash_text(&b->sha256, hash);
	forms_session_time(b->begun_ms, begun);
	(void)printf(forms_session_vi(f) ? "Lần %lld (%s), %s: %s, %lld người, gửi %s, cán bộ %s\n"
					 : "Export %lld (%s), %s: %s, %lld people, to %s, by %s\n",
		     (long long)b->id, booking_state(f, b->state), begun,
		     p != NULL ? registry_session_pick(&f->s, p->vi, p->en) : b->purpose, (long long)b->people, b->receiver,
		     b->officer);
	if (hash[0] != '\0')
		(void)printf("  SHA-256 %s\n", hash);
}

static cc_status read_export(const struct forms_session *f, struct export_request *ret, struct cc_error *err)
{
	const struct invocation *inv = f->s.inv;
	const char *format = invocation_option(inv, "--format");

	*ret = (struct export_request){ .purpose = invocation_option(inv, "--purpose"),
					.receiver = invocation_option(inv, "--to"),
					.officer = invocation_option(inv, "--officer"),
					.path = invocation_option(inv, "-o"),
					.today = f->s.check.today };
	if (format != NULL && strcmp(format, "csv") == 0)
		ret->format = EXPORT_CSV;
	else if (format != NULL && strcmp(format, "jsonl") != 0)
		return cc_fail(err, CC_E_ARG, "export.format", "--format");
	if (ret->path == NULL || ret->path[0] == '\0')
		return cc_fail(err, CC_E_ARG, "export.path", "-o");
	return read_province(invocation_option(inv, "--province"), ret->today, &ret->province, err);
}

static void show_export(struct forms_session *f, const struct export_booking *b)
{
	const struct export_purpose *p = export_purpose_find(invocation_option(f->s.inv, "--purpose"));
	json_t *root;

	if (f->s.list != NULL) {
		root = json_pack("{s:i, s:o, s:b}", "schema", REGISTRY_SCHEMA, "export", booking_json(b), "dry_run",
				 f->forms.dry_run);
		for (const char *const *field = p->fields; *field != NULL; field++)
			(void)json_array_append_new(f->s.list, json_string(*field));
		registry_session_print_list(&f->s, "fields", root);
		return;
	}
	if (!f->forms.dry_run)
		print_booking(f, b);
	else
		(void)printf(forms_session_vi(f) ? "Sẽ chuyển %lld người\n" : "%lld people would leave\n", (long long)b->people);
	(void)printf("  %s:", registry_session_pick(&f->s, "các trường", "fields"));
	for (const char *const *field = p->fields; *field != NULL; field++)
		(void)printf(" %s", *field);
	(void)printf("\n");
}

static int run_export(struct invocation *inv)
{
	struct forms_session f = { .s = { .inv = inv } };
	struct export_booking b = { 0 };
	struct export_request q;
	cc_status st = forms_session_open(&f);

	if (!cc_failed(st))
		st = read_export(&f, &q, &f.s.err);
	if (!cc_failed(st))
		st = export_make(&f.forms, &q, &b, &f.s.err);
	if (!cc_failed(st)) {
		show_export(&f, &b);
		forms_session_dry(&f);
	}
	return forms_session_close(&f, st, EXIT_DONE);
}

/* ---- exports */

static bool list_booking(void *ctx, const struct export_booking *b)
{
	struct forms_session *f = ctx;

	f->s.count++;
	if (f->s.list != NULL)
		(void)json_array_append_new(f->s.list, booking_json(b));
	else
		print_booking(f, b);
	return true;
}

static int run_exports(struct invocation *inv)
{
	struct forms_session f = { .s = { .inv = inv } };
	cc_status st = forms_session_open(&f);

	if (!cc_failed(st))
		st = export_list(&f.forms, list_booking, &f, &f.s.err);
	if (!cc_failed(st) && f.s.list != NULL)
		registry_session_print_list(&f.s, "exports", json_pack("{s:i}", "schema", REGISTRY_SCHEMA));
	else if (!cc_failed(st))
		(void)printf(forms_session_vi(&f) ? "%zu lần kết xuất\n" : "%zu exports\n", f.s.count);
	return forms_session_close(&f, st, EXIT_DONE);
}

const struct command commands_registry_export[] = {
	{ "registry", "due", "", 0, 0, "who needs another card soon, by age and expiry",
	  "ai sắp phải đổi thẻ, theo tuổi và hạn thẻ", due_options, run_due },
	{ "registry", "export", "", 0, 0, "people's data for one purpose: its fields alone leave, and it is booked",
	  "kết xuất cho một mục đích: chỉ các trường của mục đích đó, có ghi sổ", export_options, run_export },
	{ "registry", "exports", "", 0, 0, "who received what, when, from whom", "sổ kết xuất: ai nhận gì, khi nào, từ ai", NULL,
	  run_exports },
	{ 0 },
};
