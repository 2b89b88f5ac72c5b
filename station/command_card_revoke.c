/* SPDX-License-Identifier: Apache-2.0 */
#include "station/command_card_revoke.h"

#include "station/forms_session.h"
#include "station/registry/revocation.h"

#include <stdio.h>
#include <string.h>

const struct option_spec card_revoke_options[] = {
	{ "--reason", "REASON", "lost, stolen, died, nationality-lost; with a second officer: issued-wrong, altered, withdrawn",
	  "lost (mất), stolen (bị trộm, cướp), died (đã chết), nationality-lost (thôi quốc tịch); cần người duyệt: issued-wrong "
	  "(cấp sai), altered (tẩy xóa), withdrawn (theo quyết định)" },
	{ "--evidence", "TEXT", "the document that it stands on; needed with a second officer",
	  "giấy tờ làm căn cứ; bắt buộc khi cần người duyệt" },
	{ "--serial", "SERIAL", "serial of the chip that is meant, of somebody who has had several cards",
	  "số chíp của thẻ cần thu hồi, khi người này đã có nhiều thẻ" },
	{ "--officer", "NAME", "the officer who revokes, or asks for it", "cán bộ thu hồi, hoặc đề nghị thu hồi" },
	{ 0 },
};

const struct option_spec card_revocations_options[] = {
	{ "--pending", NULL, "only those that wait for a second officer", "chỉ đề nghị chờ duyệt" },
	{ 0 },
};

const struct option_spec card_approve_revocation_options[] = {
	{ "--officer", "NAME", "the officer who approves; not the one who asked", "cán bộ duyệt; khác người đề nghị" },
	{ 0 },
};

const struct option_spec card_refuse_revocation_options[] = {
	{ "--officer", "NAME", "the officer who refuses, or withdraws", "cán bộ không duyệt, hoặc rút đề nghị" },
	{ "--reason", "TEXT", "why", "lý do" },
	{ 0 },
};

/* ---- showing one */

static json_t *revocation_json(const struct revocation *r)
{
	return json_pack("{s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:s, s:o, s:s}", "id", (json_int_t)r->id, "state",
			 revocation_state_name(r->state), "number", r->number, "chip", r->serial, "reason", r->reason, "evidence",
			 r->evidence, "asked_by", r->asked_by, "asked_at", forms_session_time_json(r->asked_ms), "decided_by",
			 r->decided_by, "decided_at", forms_session_time_json(r->decided_ms), "why", r->why);
}

static const char *state_text(const struct forms_session *f, enum revocation_state s)
{
	switch (s) {
	case REVOCATION_PROPOSED:
		return registry_session_pick(&f->s, "chờ duyệt, thẻ còn hiệu lực", "waits for approval, the card is active");
	case REVOCATION_REVOKED:
		return registry_session_pick(&f->s, "ĐÃ THU HỒI", "REVOKED");
	case REVOCATION_REFUSED:
		return registry_session_pick(&f->s, "không duyệt", "refused");
	case REVOCATION_LAPSED:
		return registry_session_pick(&f->s, "hết ý nghĩa: thẻ đã hết hiệu lực theo cách khác",
					     "lapsed: the card ended in another way");
	case REVOCATION_STATES:
		break;
	}
	return "";
}

static const char *reason_text(const struct forms_session *f, const char *code)
{
	const struct revocation_reason *r = revocation_reason_find(code);

	return r != NULL ? registry_session_pick(&f->s, r->vi, r->en) : code;
}

static void print_revocation(const struct forms_session *f, const struct revocation *r)
{
	char asked[FORMS_TIME_SIZE], decided[FORMS_TIME_SIZE];

	forms_session_time(r->asked_ms, asked);
	forms_session_time(r->decided_ms, decided);
	(void)printf("%s %lld (%s): %s, %s %s\n", registry_session_pick(&f->s, "Thu hồi", "Revocation"), (long long)r->id,
		     state_text(f, r->state), r->number, registry_session_pick(&f->s, "chíp", "chip"), r->serial);
	(void)printf("  %s: %s\n", registry_session_pick(&f->s, "lý do", "reason"), reason_text(f, r->reason));
	if (r->evidence[0] != '\0')
		(void)printf("  %s: %s\n", registry_session_pick(&f->s, "căn cứ", "evidence"), r->evidence);
	(void)printf("  %s: %s, %s\n", registry_session_pick(&f->s, "cán bộ", "officer"), r->asked_by, asked);
	if (r->decided_by[0] != '\0')
		(void)printf("  %s: %s, %s\n", registry_session_pick(&f->s, "quyết định", "decided by"), r->decided_by, decided);
	if (r->why[0] != '\0')
		(void)printf("  %s: %s\n", registry_session_pick(&f->s, "lý do không duyệt", "why"), r->why);
}

/* What the officer does next, with the command. */
static void tell_next(const struct forms_session *f, const struct revocation *r)
{
	const struct revocation_reason *reason = revocation_reason_find(r->reason);

	if (r->state == REVOCATION_PROPOSED && !f->forms.dry_run)
		(void)fprintf(
			stderr,
			forms_session_vi(f)
				? "Chưa có hiệu lực. Cán bộ khác duyệt: cccd card approve-revocation %lld --officer TÊN\n"
				: "Not effective yet. Another officer approves: cccd card approve-revocation %lld --officer NAME\n",
			(long long)r->id);
	if (r->state == REVOCATION_REVOKED && reason != NULL && reason->next_kind != NULL)
		(void)fprintf(
			stderr,
			forms_session_vi(f)
				? "Thẻ mới, khi được xét cấp: cccd registry apply %s --kind %s --reason %s --officer TÊN\n"
				: "A new card, when it is due: cccd registry apply %s --kind %s --reason %s --officer NAME\n",
			r->number, reason->next_kind, reason->next_reason);
	if (r->state == REVOCATION_REVOKED)
		(void)fprintf(stderr, "%s\n",
			      registry_session_pick(&f->s, "Thu lại thẻ nếu còn và hủy theo quy định.",
						    "If the card itself is there, take it and have it destroyed by the rules."));
}

static void show(struct forms_session *f, const struct revocation *r, bool is_new)
{
	if (f->s.list != NULL) {
		registry_session_print(json_pack("{s:i, s:o, s:b, s:b}", "schema", REGISTRY_SCHEMA, "revocation",
						 revocation_json(r), "new", is_new, "dry_run", f->forms.dry_run));
		return;
	}
	if (!is_new)
		(void)printf("%s\n", r->state == REVOCATION_REVOKED
					     ? registry_session_pick(&f->s, "Thẻ này đã bị thu hồi từ trước; không thay đổi gì:",
								     "This card was revoked before; nothing was changed:")
					     : registry_session_pick(&f->s, "Đề nghị này đã có từ trước; không ghi thêm:",
								     "The same was asked before; nothing was added:"));
	print_revocation(f, r);
	tell_next(f, r);
}

/* ---- the verbs */

int command_card_revoke(struct invocation *inv)
{
	struct forms_session f = { .s = { .inv = inv } };
	const struct revocation_request request = {
		.number = inv->arguments[0],
		.reason = invocation_option(inv, "--reason"),
		.chip = invocation_option(inv, "--serial"),
		.evidence = invocation_option(inv, "--evidence"),
		.officer = invocation_option(inv, "--officer"),
	};
	struct revocation r = { 0 };
	bool is_new = false;
	cc_status st = forms_session_open(&f);

	if (!cc_failed(st))
		st = revocation_ask(&f.forms, &request, &r, &is_new, &f.s.err);
	if (!cc_failed(st)) {
		show(&f, &r, is_new);
		forms_session_dry(&f);
	}
	revocation_done(&r);
	return forms_session_close(&f, st, EXIT_DONE);
}

static bool list_one(void *ctx, const struct revocation *r)
{
	struct forms_session *f = ctx;

	f->s.count++;
	if (f->s.list != NULL)
		(void)json_array_append_new(f->s.list, revocation_json(r));
	else
		print_revocation(f, r);
	return true;
}

int command_card_revocations(struct invocation *inv)
{
	struct forms_session f = { .s = { .inv = inv } };
	const char *number = NULL;
	cc_status st = forms_session_open_number(&f, &number);

	if (!cc_failed(st))
		st = revocation_list(&f.forms, number, invocation_option(inv, "--pending") != NULL, list_one, &f, &f.s.err);
	if (!cc_failed(st) && f.s.list != NULL)
		registry_session_print_list(&f.s, "revocations", json_pack("{s:i}", "schema", REGISTRY_SCHEMA));
	else if (!cc_failed(st))
		(void)printf(forms_session_vi(&f) ? "%zu đề nghị thu hồi\n" : "%zu revocations\n", f.s.count);
	return forms_session_close(&f, st, EXIT_DONE);
}

static int decided(struct forms_session *f, struct revocation *r, cc_status st)
{
	if (!cc_failed(st)) {
		show(f, r, true);
		forms_session_dry(f);
	}
	revocation_done(r);
	return forms_session_close(f, st, EXIT_DONE);
}

int command_card_approve_revocation(struct invocation *inv)
{
	struct forms_session f = { .s = { .inv = inv } };
	struct revocation r = { 0 };
	int64_t id = 0;
	cc_status st = forms_session_open_id(&f, &id);

	if (!cc_failed(st))
		st = revocation_approve(&f.forms, id, invocation_option(inv, "--officer"), &r, &f.s.err);
	return decided(&f, &r, st);
}

int command_card_refuse_revocation(struct invocation *inv)
{
	struct forms_session f = { .s = { .inv = inv } };
	struct revocation r = { 0 };
	int64_t id = 0;
	cc_status st = forms_session_open_id(&f, &id);

	if (!cc_failed(st))
		st = revocation_refuse(&f.forms, id, invocation_option(inv, "--officer"), invocation_option(inv, "--reason"), &r,
				       &f.s.err);
	return decided(&f, &r, st);
}
