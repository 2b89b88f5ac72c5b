/* SPDX-License-Identifier: Apache-2.0 */
#include "station/command.h"

#include "station/forms_session.h"
#include "station/registry/number.h"
#include "station/registry/photo_change.h"

#include <jansson.h>
#include <stdio.h>

/* `cccd registry photo NUMBER [FILE]`: a photo that was taken again, or which ones were. */

static const struct option_spec photo_options[] = {
	{ "--officer", "NAME", "who took the photo", "cán bộ thu nhận ảnh" },
	{ "--approved-by", "NAME", "the second officer, who compared the person with the new photo",
	  "cán bộ thứ hai, đã đối chiếu người với ảnh mới" },
	{ "--reason", "TEXT", "why the photo is replaced", "lý do thay ảnh" },
	{ 0 },
};

static json_t *change_json(const struct photo_change *c)
{
	return json_pack("{s:I, s:s, s:s, s:s, s:s, s:s, s:o}", "id", (json_int_t)c->id, "before", c->before, "after", c->after,
			 "officer", c->officer, "approved_by", c->approved_by, "reason", c->reason, "changed_at",
			 forms_session_time_json(c->changed_ms));
}

static void print_change(const struct forms_session *f, const struct photo_change *c)
{
	char at[FORMS_TIME_SIZE];

	forms_session_time(c->changed_ms, at);
	(void)printf("%s %lld: %s, %s %s", registry_session_pick(&f->s, "Phiếu", "Form"), (long long)c->id,
		     c->first ? registry_session_pick(&f->s, "thêm ảnh", "photo added")
			      : registry_session_pick(&f->s, "thay ảnh", "photo replaced"),
		     c->officer, at);
	if (c->approved_by[0] != '\0')
		(void)printf(", %s %s", registry_session_pick(&f->s, "đồng ý", "agreed"), c->approved_by);
	if (c->reason[0] != '\0')
		(void)printf(", %s: %s", registry_session_pick(&f->s, "lý do", "reason"), c->reason);
	(void)printf("\n  SHA-256 %.16s → %.16s\n", c->first ? "-" : c->before, c->after);
}

static bool list_change(void *ctx, const struct photo_change *c)
{
	struct forms_session *f = ctx;

	f->s.count++;
	if (f->s.list != NULL)
		(void)json_array_append_new(f->s.list, change_json(c));
	else
		print_change(f, c);
	return true;
}

static cc_status list(struct forms_session *f, const char *number)
{
	cc_status st;

	if (!number_is_well_formed(bytes_str(number)))
		return cc_fail(&f->s.err, CC_E_ARG, "registry.number-malformed", "a number has 12 digits");
	st = photo_change_list(&f->forms, number, list_change, f, &f->s.err);
	if (!cc_failed(st) && f->s.list != NULL)
		registry_session_print_list(&f->s, "photos", json_pack("{s:i}", "schema", REGISTRY_SCHEMA));
	else if (!cc_failed(st))
		(void)printf(forms_session_vi(f) ? "%zu lần thêm hoặc thay ảnh\n" : "%zu changes of the photo\n", f->s.count);
	return st;
}

static cc_status change(struct forms_session *f)
{
	const struct invocation *inv = f->s.inv;
	struct photo_change_request q = { .number = inv->arguments[0],
					  .officer = invocation_option(inv, "--officer"),
					  .approved_by = invocation_option(inv, "--approved-by"),
					  .reason = invocation_option(inv, "--reason") };
	struct photo_change c = { 0 };
	struct buf file = { 0 };
	cc_status st = sys_read_file(inv->arguments[1], PERSON_PHOTO_MAX, &file, &f->s.err);

	q.photo = buf_view(&file);
	if (!cc_failed(st))
		st = photo_change(&f->forms, &q, &c, &f->s.err);
	buf_done(&file);
	if (cc_failed(st))
		return st;
	if (f->s.list != NULL)
		registry_session_print(json_pack("{s:i, s:o, s:b}", "schema", REGISTRY_SCHEMA, "photo", change_json(&c),
						 "dry_run", f->forms.dry_run));
	else
		print_change(f, &c);
	if (f->s.list == NULL && !f->forms.dry_run)
		(void)fprintf(stderr,
			      forms_session_vi(f) ? "Việc cần làm: xem ảnh có đạt không: cccd registry check %s\n"
						  : "Next: is the photo good enough? cccd registry check %s\n",
			      q.number);
	forms_session_dry(f);
	return st;
}

static int run_photo(struct invocation *inv)
{
	struct forms_session f = { .s = { .inv = inv } };
	cc_status st = forms_session_open(&f);

	if (!cc_failed(st))
		st = inv->argument_count > 1 ? change(&f) : list(&f, inv->arguments[0]);
	return forms_session_close(&f, st, EXIT_DONE);
}

const struct command commands_registry_photo[] = {
	{ "registry", "photo", "NUMBER [FILE]", 1, 2,
	  "a photo taken again: adds or replaces it; without FILE: the changes so far",
	  "ảnh chụp lại: thêm hoặc thay ảnh; không nêu FILE: các lần đã thay", photo_options, run_photo },
	{ 0 },
};
