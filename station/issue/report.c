/* SPDX-License-Identifier: Apache-2.0 */
#include "station/issue/report.h"

#include "station/message.h"

#include <jansson.h>
#include <string.h>

static const struct {
	const char *vi, *en;
} event_texts[JOB_EVENT_COUNT] = {
	[JOB_BIND] = { "gắn phôi với người được cấp", "binding the blank to the applicant" },
	[JOB_MAKE_KEYS] = { "chíp tạo khóa", "the chip makes its keys" },
	[JOB_SIGN] = { "ký EF.SOD", "signing EF.SOD" },
	[JOB_WRITE] = { "ghi và đọc lại từng byte", "writing, and reading back every byte" },
	[JOB_CLOSE] = { "kết thúc ghi", "ending personalization" },
	[JOB_SECURE] = { "bảo vệ chíp", "securing the card" },
	[JOB_LOCK] = { "hủy khóa ghi", "replacing the personalization keys" },
	[JOB_PROVE] = { "chứng minh khóa cũ không còn dùng được", "proving that the old keys are dead" },
	[JOB_ISSUE] = { "kiểm tra như đầu đọc thực tế", "inspecting like a reader in the field" },
	[JOB_SPOIL] = { "khai hỏng phôi", "declaring the blank spoiled" },
};

const char *report_event_text(enum job_event e, enum lang lang)
{
	CC_ASSERT(e < JOB_EVENT_COUNT);
	return lang == LANG_VI ? event_texts[e].vi : event_texts[e].en;
}

const char *report_verdict(const struct worker_report *r, const struct cc_error *err, bool dry_run)
{
	if (r->spoil_reason[0] && r->state != JOB_ISSUED)
		return "spoiled";
	if (err->code == CC_OK)
		return dry_run ? "could-be-issued" : "issued";
	if (err->code == CC_E_HELD)
		return "held";
	return r->state == JOB_NEW ? "not-started" : "outstanding";
}

struct report_sums report_sums(const struct worker_report *r)
{
	struct report_sums s = { figures_sum(r->figures.spent), figures_sum(r->figures.least), 0 };

	for (unsigned p = 0; p < FIGURES_PHASE_COUNT; p++)
		s.ms += r->figures.ms[p];
	return s;
}

/* ---- JSON; a failed allocation anywhere gives NULL at the end */

static double ratio(uint64_t spent, uint64_t least)
{
	return (double)figures_permille(spent, least) / 1000;
}

static json_t *phases_json(const struct figures *f)
{
	json_t *list = json_array();

	for (unsigned p = 0; list && p < FIGURES_PHASE_COUNT; p++) {
		json_t *row = json_pack("{s:s, s:I, s:I, s:f, s:I, s:I}", "name", figures_phase_name((enum figures_phase)p),
					"apdus", (json_int_t)f->spent[p].apdus, "bytes", (json_int_t)f->spent[p].bytes, "seconds",
					(double)f->ms[p] / 1000, "least_apdus", (json_int_t)f->least[p].apdus, "least_bytes",
					(json_int_t)f->least[p].bytes);

		(void)json_array_append_new(list, row);
	}
	return list;
}

static json_t *inspection_json(const struct worker_report *r)
{
	json_t *checks;

	if (!r->inspected)
		return json_null();
	checks = json_array();
	for (size_t i = 0; i < r->inspection.check_count; i++) {
		const struct inspect_check *c = &r->inspection.checks[i];

		(void)json_array_append_new(checks,
					    json_pack("{s:s, s:s}", "id", c->id, "result", inspect_result_name(c->result)));
	}
	return json_pack("{s:s, s:s, s:o}", "verdict", inspect_verdict_name(r->inspection.verdict), "access",
			 inspect_access_name(r->inspection.access), "checks", checks);
}

static json_t *warnings_json(const struct worker_report *r)
{
	json_t *list = json_array();

	for (size_t i = 0; i < r->holds.count; i++)
		(void)json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "key", r->holds.items[i].key, "field",
							    r->holds.items[i].field, "severity",
							    hold_severity_name(r->holds.items[i].severity)));
	for (size_t i = 0; i < r->warnings.count; i++)
		(void)json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "key", "dg13.long-field", "field",
							    dg13_field_name(r->warnings.items[i].field), "severity", "warning"));
	for (size_t i = 0; i < r->lost_count; i++)
		(void)json_array_append_new(list,
					    json_pack("{s:s, s:s, s:s, s:s}", "key", "issue.readers", "field", r->lost[i].rule,
						      "family", r->lost[i].family->id, "severity", "warning"));
	return list;
}

static json_t *portrait_json(const struct worker_report *r)
{
	const struct portrait_case *c = &r->portrait;
	json_t *list;

	if (!r->portrait_decided)
		return json_null();
	list = json_array();
	for (size_t i = 0; i < c->count; i++)
		(void)json_array_append_new(
			list, json_pack("{s:s, s:s}", "check", c->overrides[i].check, "officer", c->overrides[i].officer));
	return json_pack("{s:s, s:s, s:o}", "record", portrait_record_name(c->choice.record), "reason",
			 portrait_reason_name(c->choice.reason), "overrides", list);
}

static json_t *steps_json(const struct worker_report *r)
{
	json_t *list = json_array();

	for (size_t i = 0; i < r->step_count; i++)
		(void)json_array_append_new(list, json_string(job_event_name(r->steps[i])));
	return list;
}

static json_t *text_or_null(const char *s)
{
	return s && s[0] ? json_string(s) : json_null();
}

static json_t *error_json(const struct cc_error *err)
{
	if (err->code == CC_OK)
		return json_null();
	return json_pack("{s:s, s:s, s:s}", "key", err->key ? err->key : "general", "code", cc_code_name(err->code), "detail",
			 err->detail);
}

static json_t *head_json(const struct worker_report *r, const struct cc_error *err, bool dry_run)
{
	char hash[2 * HASH_LEN_MAX + 1];

	bytes_to_hex(bytes_of(r->files_hash.p, r->files_hash.n), hash);
	return json_pack("{s:i, s:s, s:o, s:o, s:s, s:s, s:o, s:o, s:o, s:o, s:b, s:{s:I, s:s}}", "schema", 1, "number",
			 r->number, "chip", text_or_null(r->serial), "profile", text_or_null(r->profile), "verdict",
			 report_verdict(r, err, dry_run), "state", job_state_name(r->state), "resumed_from",
			 text_or_null(r->resumed ? job_state_name(r->resumed_from) : NULL), "steps", steps_json(r), "warnings",
			 warnings_json(r), "portrait", portrait_json(r), "name_truncated", r->name_truncated, "files", "bytes",
			 (json_int_t)r->files_bytes, "sha256", hash);
}

static json_t *figures_json(const struct worker_report *r, const struct cc_error *err)
{
	struct report_sums s = report_sums(r);

	return json_pack("{s:o, s:I, s:I, s:f, s:I, s:I, s:f, s:f, s:o, s:o, s:o}", "phases", phases_json(&r->figures), "apdus",
			 (json_int_t)s.spent.apdus, "bytes", (json_int_t)s.spent.bytes, "seconds", (double)s.ms / 1000,
			 "least_apdus", (json_int_t)s.least.apdus, "least_bytes", (json_int_t)s.least.bytes, "ratio_apdus",
			 ratio(s.spent.apdus, s.least.apdus), "ratio_bytes", ratio(s.spent.bytes, s.least.bytes), "inspection",
			 inspection_json(r), "spoil_reason", text_or_null(r->spoil_reason), "error", error_json(err));
}

bool report_json(FILE *out, const struct worker_report *r, const struct cc_error *err, bool dry_run)
{
	json_t *root = head_json(r, err, dry_run), *rest = figures_json(r, err);
	bool good = root && rest && json_object_update(root, rest) == 0 &&
		    json_dumpf(root, out, JSON_INDENT(2) | JSON_REAL_PRECISION(6)) == 0 && fputc('\n', out) != EOF;

	json_decref(rest);
	json_decref(root);
	return good;
}

/* ---- text */

const char *report_verdict_text(const char *verdict, enum lang lang)
{
	static const struct {
		const char *verdict, *vi, *en;
	} texts[] = {
		{ "issued", "ĐÃ CẤP", "ISSUED" },
		{ "could-be-issued", "CÓ THỂ CẤP (chưa làm gì)", "COULD BE ISSUED (nothing was done)" },
		{ "spoiled", "PHÔI HỎNG", "SPOILED" },
		{ "held", "TẠM GIỮ", "HELD" },
		{ "outstanding", "CHƯA XONG (chạy lại lệnh với chính phôi này)", "NOT FINISHED (run again with this blank)" },
		{ "not-started", "CHƯA BẮT ĐẦU", "NOT STARTED" },
	};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		if (strcmp(texts[i].verdict, verdict) == 0)
			return lang == LANG_VI ? texts[i].vi : texts[i].en;
	}
	return verdict;
}

static void print_figures(FILE *out, const struct worker_report *r, enum lang lang)
{
	struct report_sums s = report_sums(r);

	(void)fprintf(out,
		      lang == LANG_VI
			      ? "  %llu lệnh (tối thiểu %llu, %.3f lần), %llu byte (tối thiểu %llu, %.3f lần), %.1f giây\n"
			      : "  %llu APDUs (least %llu, ratio %.3f), %llu bytes (least %llu, ratio %.3f), %.1f seconds\n",
		      (unsigned long long)s.spent.apdus, (unsigned long long)s.least.apdus, ratio(s.spent.apdus, s.least.apdus),
		      (unsigned long long)s.spent.bytes, (unsigned long long)s.least.bytes, ratio(s.spent.bytes, s.least.bytes),
		      (double)s.ms / 1000);
}

static void print_warnings(FILE *out, const struct worker_report *r, enum lang lang)
{
	for (size_t i = 0; i < r->holds.count; i++) {
		const struct message *m = message_find(r->holds.items[i].key);

		if (r->holds.items[i].severity == HOLD_WARNING)
			(void)fprintf(out, "  %s %s\n", lang == LANG_VI ? "Chú ý:" : "Note:", message_text(m, lang));
	}
	if (r->name_truncated)
		(void)fprintf(out, "  %s\n",
			      lang == LANG_VI ? "Chú ý: họ tên bị cắt ngắn trong vùng đọc máy."
					      : "Note: the name is truncated in the machine readable zone.");
	for (size_t i = 0; i < r->warnings.count; i++)
		(void)fprintf(out,
			      lang == LANG_VI ? "  Chú ý: trường %s của DG13 dài %zu byte, đầu đọc cũ có thể không hiểu.\n"
					      : "  Note: field %s of DG13 has %zu bytes; old readers may stumble.\n",
			      dg13_field_name(r->warnings.items[i].field), r->warnings.items[i].bytes);
	for (size_t i = 0; i < r->lost_count; i++)
		(void)fprintf(out, "  %s %s: %s\n", lang == LANG_VI ? "Chú ý:" : "Note:",
			      lang == LANG_VI ? r->lost[i].family->vi : r->lost[i].family->en,
			      lang == LANG_VI ? r->lost[i].vi : r->lost[i].en);
}

static const char *reason_text(enum portrait_reason reason, enum lang lang)
{
	switch (reason) {
	case PORTRAIT_BY_SETTING:
		return lang == LANG_VI ? "theo cài đặt" : "by the setting";
	case PORTRAIT_BY_DATE:
		return lang == LANG_VI ? "theo ngày cấp" : "by the date";
	case PORTRAIT_BY_PILOT:
		return lang == LANG_VI ? "theo đợt thí điểm" : "by the pilot";
	}
	return "";
}

static void print_portrait(FILE *out, const struct worker_report *r, enum lang lang)
{
	const struct portrait_case *c = &r->portrait;

	if (!r->portrait_decided)
		return;
	(void)fprintf(out, lang == LANG_VI ? "  Bản ghi khuôn mặt: ISO/IEC %s-5 (%s)\n" : "  Face record: ISO/IEC %s-5 (%s)\n",
		      portrait_record_name(c->choice.record), reason_text(c->choice.reason, lang));
	for (size_t i = 0; i < c->count; i++)
		(void)fprintf(out,
			      lang == LANG_VI ? "  Chú ý: tiêu chí ảnh %s được %s cho phép bỏ qua.\n"
					      : "  Note: the photo check %s is overridden by %s.\n",
			      c->overrides[i].check, c->overrides[i].officer);
}

void report_text(FILE *out, const struct worker_report *r, const struct cc_error *err, bool dry_run, enum lang lang)
{
	(void)fprintf(out, "%s  %s %s: %s\n", r->number, lang == LANG_VI ? "chíp" : "chip", r->serial[0] ? r->serial : "-",
		      report_verdict_text(report_verdict(r, err, dry_run), lang));
	if (r->spoil_reason[0])
		(void)fprintf(out, "  %s %s\n", lang == LANG_VI ? "Phôi khai hỏng, lý do:" : "A blank was declared spoiled:",
			      message_text(message_find(r->spoil_reason), lang));
	print_warnings(out, r, lang);
	print_portrait(out, r, lang);
	if (r->figures.spent[FIGURES_CONNECT].apdus)
		print_figures(out, r, lang);
}
