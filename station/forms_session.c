/* SPDX-License-Identifier: Apache-2.0 */
#include "station/forms_session.h"

#include "station/registry/number.h"
#include "station/whole_number.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define VIETNAM_S (7 * 3600) /* no summer time */

cc_status forms_session_open(struct forms_session *f)
{
	const struct config *c = &f->s.inv->config;
	cc_status st = registry_session_open(&f->s);

	if (!cc_failed(st))
		st = books_open(f->s.store, f->s.ks, c->sys, NULL, &f->books, &f->s.err);
	f->forms = (struct forms){ .registry = f->s.registry, .books = f->books, .dry_run = c->dry_run };
	return st;
}

int forms_session_close(struct forms_session *f, cc_status st, int rc)
{
	books_close(&f->books);
	return registry_session_close(&f->s, st, rc);
}

cc_status forms_session_number(const char *text, int64_t *ret, struct cc_error *err)
{
	uint64_t v;

	if (text == NULL || !whole_number(text, 1, INT64_MAX, &v))
		return cc_fail(err, CC_E_ARG, "forms.id", "a whole number above 0 is needed");
	*ret = (int64_t)v;
	return cc_ok();
}

cc_status forms_session_open_id(struct forms_session *f, int64_t *ret_id)
{
	cc_status st = forms_session_open(f);

	return cc_failed(st) ? st : forms_session_number(f->s.inv->arguments[0], ret_id, &f->s.err);
}

cc_status forms_session_open_number(struct forms_session *f, const char **ret_number)
{
	const struct invocation *inv = f->s.inv;
	cc_status st = forms_session_open(f);

	*ret_number = inv->argument_count > 0 ? inv->arguments[0] : NULL;
	if (!cc_failed(st) && *ret_number != NULL && !number_is_well_formed(bytes_str(*ret_number)))
		st = cc_fail(&f->s.err, CC_E_ARG, "registry.number-malformed", "a number has 12 digits");
	return st;
}

bool forms_session_vi(const struct forms_session *f)
{
	return f->s.inv->config.lang == LANG_VI;
}

static bool in_vietnam(int64_t ms, struct tm *ret)
{
	time_t t = (time_t)(ms / 1000 + VIETNAM_S);

	return ms > 0 && gmtime_r(&t, ret) != NULL;
}

void forms_session_time(int64_t ms, char out[FORMS_TIME_SIZE])
{
	struct tm tm;

	if (!in_vietnam(ms, &tm) || strftime(out, FORMS_TIME_SIZE, "%d/%m/%Y %H:%M", &tm) == 0)
		memcpy(out, "-", 2);
}

json_t *forms_session_time_json(int64_t ms)
{
	char text[FORMS_TIME_SIZE];
	struct tm tm;

	if (!in_vietnam(ms, &tm) || strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S+07:00", &tm) == 0)
		return json_null();
	return json_string(text);
}

const char *forms_session_field(const struct forms_session *f, const char *field)
{
	return registry_session_field(&f->s, field);
}

const char *forms_session_value(const struct forms_session *f, const char *field, const char *value,
				char out[REGISTRY_VALUE_SIZE])
{
	return value[0] != '\0' ? registry_session_value(&f->s, field, value, out)
				: registry_session_pick(&f->s, "(trống)", "(empty)");
}

void forms_session_dry(const struct forms_session *f)
{
	if (f->forms.dry_run)
		(void)fprintf(stderr, "%s\n",
			      registry_session_pick(&f->s, "(chạy thử: không thay đổi gì)", "(dry run: nothing was changed)"));
}
