/* SPDX-License-Identifier: Apache-2.0 */
#include "station/command.h"

#include "station/forms_session.h"
#include "station/message.h"
#include "station/registry/civil_task.h"
#include "station/registry/correction.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

/*
 * `cccd registry correct | corrections | approve | refuse | tasks`: form DC02 with its two officers, and what civil status
 * has to establish.
 */

/* ---- showing a form */

static json_t *correction_json(const struct correction *c)
{
	return json_pack("{s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:s, s:o, s:s}", "id", (json_int_t)c->id, "state",
			 correction_state_name(c->state), "number", c->number, "field", c->field, "old", c->old_value, "new",
			 c->new_value, "evidence", c->evidence, "source", c->source, "proposed_by", c->proposed_by, "proposed_at",
			 forms_session_time_json(c->proposed_ms), "decided_by", c->decided_by, "decided_at",
			 forms_session_time_json(c->decided_ms), "reason", c->reason);
}

static const char *state_text(const struct forms_session *f, enum correction_state s)
{
	switch (s) {
	case CORRECTION_PROPOSED:
		return registry_session_pick(&f->s, "chờ duyệt", "waits for approval");
	case CORRECTION_APPROVED:
		return registry_session_pick(&f->s, "đã duyệt", "approved");
	case CORRECTION_REFUSED:
		return registry_session_pick(&f->s, "không duyệt", "refused");
	case CORRECTION_STATES:
		break;
	}
	return "";
}

static void print_correction(const struct forms_session *f, const struct correction *c)
{
	char proposed[FORMS_TIME_SIZE], decided[FORMS_TIME_SIZE], before[REGISTRY_VALUE_SIZE], after[REGISTRY_VALUE_SIZE];

	forms_session_time(c->proposed_ms, proposed);
	forms_session_time(c->decided_ms, decided);
	(void)printf("%s %lld (%s): %s\n", registry_session_pick(&f->s, "Phiếu", "Form"), (long long)c->id,
		     state_text(f, c->state), c->number);
	(void)printf("  %s: %s → %s\n", forms_session_field(f, c->field), forms_session_value(f, c->field, c->old_value, before),
		     forms_session_value(f, c->field, c->new_value, after));
	(void)printf("  %s: %s\n", registry_session_pick(&f->s, "căn cứ", "evidence"), c->evidence);
	(void)printf("  %s: %s, %s\n", registry_session_pick(&f->s, "đề xuất", "proposed by"), c->proposed_by, proposed);
	if (c->decided_by[0] != '\0')
		(void)printf("  %s: %s, %s\n", registry_session_pick(&f->s, "quyết định", "decided by"), c->decided_by, decided);
	if (c->reason[0] != '\0')
		(void)printf("  %s: %s\n", registry_session_pick(&f->s, "lý do", "reason"), c->reason);
}

static void show(struct forms_session *f, const struct correction *c, json_t *more)
{
	json_t *root;

	if (f->s.list == NULL) {
		print_correction(f, c);
		return;
	}
	root = json_pack("{s:i, s:o, s:b}", "schema", REGISTRY_SCHEMA, "correction", correction_json(c), "dry_run",
			 f->forms.dry_run);
	(void)json_object_update(root, more);
	registry_session_print(root);
}

/* ---- correct */

static const struct option_spec correct_options[] = {
	{ "--evidence", "TEXT", "the document that shows the new value", "giấy tờ chứng minh giá trị mới" },
	{ "--officer", "NAME", "the officer who proposes", "cán bộ đề xuất" },
	{ 0 },
};

static void tell_next(const struct forms_session *f, const struct correction *c, bool is_new, bool under_way)
{
	if (!is_new)
		(void)fprintf(stderr, "%s\n",
			      registry_session_pick(&f->s, "Đề xuất này đã có từ trước; không ghi thêm phiếu.",
						    "The same was proposed before; no second form was made."));
	if (!f->forms.dry_run)
		(void)fprintf(
			stderr,
			forms_session_vi(f)
				? "Chưa có hiệu lực. Cán bộ khác duyệt: cccd registry approve %lld --officer TÊN\n"
				: "Not effective yet. Another officer approves: cccd registry approve %lld --officer NAME\n",
			(long long)c->id);
	if (under_way)
		(void)fprintf(
			stderr, "%s\n",
			registry_session_pick(
				&f->s, "Thẻ của người này đang được làm: chỉ duyệt được sau khi thẻ xong hoặc phôi bị hủy.",
				"A card of this person is being made: it can be approved when that card is done or its blank is spoiled."));
}

static int run_correct(struct invocation *inv)
{
	struct forms_session f = { .s = { .inv = inv } };
	const struct correction_request request = {
		.number = inv->arguments[0],
		.field = inv->arguments[1],
		.value = inv->arguments[2],
		.evidence = invocation_option(inv, "--evidence"),
		.officer = invocation_option(inv, "--officer"),
		.source = "officer",
	};
	struct correction c = { 0 };
	bool is_new = false, under_way = false;
	json_t *more;
	cc_status st = forms_session_open(&f);

	if (!cc_failed(st))
		st = correction_propose(&f.forms, &request, &c, &is_new, &under_way, &f.s.err);
	if (!cc_failed(st)) {
		more = json_pack("{s:b, s:b}", "new", is_new, "card_under_way", under_way);
		show(&f, &c, more);
		json_decref(more);
		tell_next(&f, &c, is_new, under_way);
		forms_session_dry(&f);
	}
	correction_done(&c);
	return forms_session_close(&f, st, EXIT_DONE);
}

/* ---- corrections */

static const struct option_spec corrections_options[] = {
	{ "--pending", NULL, "only those that wait for approval", "chỉ phiếu chờ duyệt" },
	{ 0 },
};

static bool list_correction(void *ctx, const struct correction *c)
{
	struct forms_session *f = ctx;

	f->s.count++;
	if (f->s.list != NULL)
		(void)json_array_append_new(f->s.list, correction_json(c));
	else
		print_correction(f, c);
	return true;
}

static int run_corrections(struct invocation *inv)
{
	struct forms_session f = { .s = { .inv = inv } };
	const char *number = NULL;
	cc_status st = forms_session_open_number(&f, &number);

	if (!cc_failed(st))
		st = correction_list(&f.forms, number, invocation_option(inv, "--pending") != NULL, list_correction, &f,
				     &f.s.err);
	if (!cc_failed(st) && f.s.list != NULL)
		registry_session_print_list(&f.s, "corrections", json_pack("{s:i}", "schema", REGISTRY_SCHEMA));
	else if (!cc_failed(st))
		(void)printf(forms_session_vi(&f) ? "%zu phiếu\n" : "%zu forms\n", f.s.count);
	return forms_session_close(&f, st, EXIT_DONE);
}

/* ---- approve, refuse */

static const struct option_spec approve_options[] = {
	{ "--officer", "NAME", "the officer who approves; not the one who proposed", "cán bộ duyệt; khác người đề xuất" },
	{ 0 },
};

static int decided(struct forms_session *f, struct correction *c, cc_status st)
{
	if (!cc_failed(st)) {
		show(f, c, NULL);
		forms_session_dry(f);
	}
	correction_done(c);
	return forms_session_close(f, st, EXIT_DONE);
}

static int run_approve(struct invocation *inv)
{
	struct forms_session f = { .s = { .inv = inv } };
	struct correction c = { 0 };
	int64_t id = 0;
	cc_status st = forms_session_open_id(&f, &id);

	if (!cc_failed(st))
		st = correction_approve(&f.forms, id, invocation_option(inv, "--officer"), &c, &f.s.err);
	return decided(&f, &c, st);
}

static const struct option_spec refuse_options[] = {
	{ "--officer", "NAME", "the officer who refuses, or withdraws", "cán bộ không duyệt, hoặc rút phiếu" },
	{ "--reason", "TEXT", "why", "lý do" },
	{ 0 },
};

static int run_refuse(struct invocation *inv)
{
	struct forms_session f = { .s = { .inv = inv } };
	struct correction c = { 0 };
	int64_t id = 0;
	cc_status st = forms_session_open_id(&f, &id);

	if (!cc_failed(st))
		st = correction_refuse(&f.forms, id, invocation_option(inv, "--officer"), invocation_option(inv, "--reason"), &c,
				       &f.s.err);
	return decided(&f, &c, st);
}

/* ---- tasks */

static const struct option_spec tasks_options[] = {
	{ "--collect", NULL, "go through everybody first and open the tasks that are missing",
	  "rà soát toàn bộ dân cư trước và mở các việc còn thiếu" },
	{ "--all", NULL, "closed tasks too", "cả việc đã xong" },
	{ 0 },
};

static bool list_task(void *ctx, const struct civil_task *t)
{
	struct forms_session *f = ctx;
	char opened[FORMS_TIME_SIZE], known[REGISTRY_VALUE_SIZE];

	f->s.count++;
	if (f->s.list != NULL) {
		(void)json_array_append_new(
			f->s.list, json_pack("{s:I, s:s, s:s, s:s, s:s, s:b, s:o, s:o, s:I}", "id", (json_int_t)t->id, "kind",
					     "birth-date", "number", t->number, "known", t->known, "basis", t->basis, "open",
					     t->open, "opened_at", forms_session_time_json(t->opened_ms), "closed_at",
					     forms_session_time_json(t->closed_ms), "correction", (json_int_t)t->correction_id));
		return true;
	}
	forms_session_time(t->opened_ms, opened);
	(void)printf(forms_session_vi(f) ? "Việc %lld%s: %s, mới biết ngày sinh: %s (%s); mở %s\n"
					 : "Task %lld%s: %s, known of the date of birth: %s (%s); opened %s\n",
		     (long long)t->id, t->open ? "" : registry_session_pick(&f->s, " (đã xong)", " (done)"), t->number,
		     forms_session_value(f, "birth_date", t->known, known),
		     t->basis[0] != '\0' ? t->basis : registry_session_pick(&f->s, "chưa có giấy tờ", "no document"), opened);
	return true;
}

static void tell_tasks(const struct forms_session *f, uint64_t opened)
{
	if (opened > 0)
		(void)fprintf(stderr, forms_session_vi(f) ? "Mở mới %llu việc.\n" : "%llu tasks were opened.\n",
			      (unsigned long long)opened);
	(void)printf(forms_session_vi(f) ? "%zu việc hộ tịch\n" : "%zu tasks for civil status\n", f->s.count);
	if (f->s.count > 0)
		(void)fprintf(stderr, "%s\n",
			      registry_session_pick(
				      &f->s,
				      "Khi hộ tịch xác định được ngày: cccd registry correct SỐ birth_date NĂM-THÁNG-NGÀY "
				      "--evidence \"giấy tờ\" --officer TÊN; không tự điền 01/01.",
				      "When civil status has established it: cccd registry correct NUMBER birth_date "
				      "YYYY-MM-DD --evidence DOCUMENT --officer NAME; never fill in 1 January."));
}

static int run_tasks(struct invocation *inv)
{
	struct forms_session f = { .s = { .inv = inv } };
	uint64_t opened = 0;
	cc_status st = forms_session_open(&f);

	if (!cc_failed(st) && invocation_option(inv, "--collect") != NULL)
		st = civil_task_collect(&f.forms, &opened, &f.s.err);
	if (!cc_failed(st))
		st = civil_task_list(&f.forms, invocation_option(inv, "--all") == NULL, list_task, &f, &f.s.err);
	if (!cc_failed(st) && f.s.list != NULL)
		registry_session_print_list(&f.s, "tasks",
					    json_pack("{s:i, s:I}", "schema", REGISTRY_SCHEMA, "opened", (json_int_t)opened));
	else if (!cc_failed(st))
		tell_tasks(&f, opened);
	return forms_session_close(&f, st, EXIT_DONE);
}

const struct command commands_registry_forms[] = {
	{ "registry", "correct", "NUMBER FIELD VALUE", 3, 3,
	  "propose a correction of one field (form DC02); \"\" removes a value",
	  "đề xuất sửa một trường (phiếu DC02); \"\" để xóa giá trị", correct_options, run_correct },
	{ "registry", "corrections", "[NUMBER]", 0, 1, "forms DC02 and what became of them", "các phiếu DC02 và kết quả",
	  corrections_options, run_corrections },
	{ "registry", "approve", "ID", 1, 1, "approve another officer's correction: the record is changed",
	  "duyệt phiếu của cán bộ khác: hồ sơ được sửa", approve_options, run_approve },
	{ "registry", "refuse", "ID", 1, 1, "refuse or withdraw a correction, with a reason",
	  "không duyệt hoặc rút phiếu, có lý do", refuse_options, run_refuse },
	{ "registry", "tasks", "", 0, 0, "birth dates that civil status has to establish", "ngày sinh cần hộ tịch xác định",
	  tasks_options, run_tasks },
	{ 0 },
};
