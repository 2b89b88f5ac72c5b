/* SPDX-License-Identifier: Apache-2.0 */
#include "station/command.h"

#include "station/forms_session.h"
#include "station/registry/same_person.h"

#include <jansson.h>
#include <stdio.h>

/* `cccd registry distinct NUMBER OTHER`: two people whom only a mark, or nothing, tells apart. */

static const struct option_spec distinct_options[] = {
	{ "--officer", "NAME", "who found that they are two", "cán bộ xác minh" },
	{ "--approved-by", "NAME", "the second officer", "cán bộ thứ hai, đã xem lại" },
	{ "--reason", "TEXT", "what shows it", "căn cứ, lý do" },
	{ 0 },
};

static int run_distinct(struct invocation *inv)
{
	struct forms_session f = { .s = { .inv = inv } };
	const struct same_person_request q = { .number = inv->arguments[0],
					       .other = inv->arguments[1],
					       .officer = invocation_option(inv, "--officer"),
					       .approved_by = invocation_option(inv, "--approved-by"),
					       .reason = invocation_option(inv, "--reason") };
	bool is_new = false;
	cc_status st = forms_session_open(&f);

	if (!cc_failed(st))
		st = same_person_part(&f.forms, &q, &is_new, &f.s.err);
	if (!cc_failed(st) && f.s.list != NULL)
		registry_session_print(json_pack("{s:i, s:s, s:s, s:b, s:b}", "schema", REGISTRY_SCHEMA, "number", q.number,
						 "other", q.other, "new", is_new, "dry_run", f.forms.dry_run));
	else if (!cc_failed(st))
		(void)printf(
			"%s, %s: %s\n", q.number, q.other,
			is_new ? registry_session_pick(&f.s, "là hai người, không còn giữ thẻ của nhau",
						       "are two people and hold each other's cards no longer")
			       : registry_session_pick(&f.s, "đã ghi là hai người từ trước", "were booked as two people before"));
	if (!cc_failed(st))
		forms_session_dry(&f);
	return forms_session_close(&f, st, EXIT_DONE);
}

const struct command commands_registry_distinct[] = {
	{ "registry", "distinct", "NUMBER OTHER", 2, 2, "two people with the same name, birth date and parents are not one",
	  "xác nhận hai số trùng họ tên, ngày sinh, cha mẹ là hai người", distinct_options, run_distinct },
	{ 0 },
};
