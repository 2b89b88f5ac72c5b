/* SPDX-License-Identifier: Apache-2.0 */
#include "station/forms_session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
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
	char *end = NULL;
	long long v;

	errno = 0;
	v = text != NULL ? strtoll(text, &end, 10) : 0;
	if (text == NULL || errno != 0 || end == text || *end != '\0' || v <= 0)
		return cc_fail(err, CC_E_ARG, "forms.id", "a whole number above 0 is needed");
	*ret = v;
	return cc_ok();
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

static const struct {
	const char *field, *vi, *en;
} labels[] = {
	{ "full_name", "họ và tên", "full name" },
	{ "birth_date", "ngày sinh", "date of birth" },
	{ "birth_basis", "căn cứ ngày sinh", "basis of the date of birth" },
	{ "sex", "giới tính", "sex" },
	{ "nationality", "quốc tịch", "nationality" },
	{ "ethnicity", "dân tộc", "ethnicity" },
	{ "religion", "tôn giáo", "religion" },
	{ "origin", "quê quán", "place of origin" },
	{ "residence", "nơi cư trú", "place of residence" },
	{ "current_residence", "nơi ở hiện tại", "current residence" },
	{ "identifying_marks", "đặc điểm nhận dạng", "identifying marks" },
	{ "father", "họ tên cha", "father" },
	{ "mother", "họ tên mẹ", "mother" },
	{ "spouse", "họ tên vợ, chồng", "spouse" },
	{ "old_cmnd", "số CMND cũ", "old identity number" },
	{ "issue_date", "ngày cấp", "date of issue" },
	{ "issue_place", "nơi cấp", "place of issue" },
	{ "expiry_date", "ngày hết hạn", "date of expiry" },
	{ "life_status", "tình trạng sống", "life status" },
	{ "death_date", "ngày chết, mất tích", "date of death" },
	{ "other_name", "tên gọi khác", "other name" },
	{ "blood_group", "nhóm máu", "blood group" },
	{ "marital_status", "tình trạng hôn nhân", "marital status" },
	{ "birth_place", "nơi sinh", "place of birth" },
	{ "birth_registration", "nơi đăng ký khai sinh", "place of birth registration" },
	{ "occupation", "nghề nghiệp", "occupation" },
	{ "education", "trình độ học vấn", "education" },
	{ "household_head", "chủ hộ", "household head" },
	{ "household_relation", "quan hệ với chủ hộ", "relation to the household head" },
	{ "cancelled_number", "số định danh đã hủy", "cancelled number" },
};

const char *forms_session_field(const struct forms_session *f, const char *field)
{
	for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
		if (strcmp(labels[i].field, field) == 0)
			return registry_session_pick(&f->s, labels[i].vi, labels[i].en);
	}
	return field;
}

const char *forms_session_value(const struct forms_session *f, const char *value)
{
	return value[0] != '\0' ? value : registry_session_pick(&f->s, "(trống)", "(empty)");
}

void forms_session_dry(const struct forms_session *f)
{
	if (f->forms.dry_run)
		(void)fprintf(stderr, "%s\n",
			      registry_session_pick(&f->s, "(chạy thử: không thay đổi gì)", "(dry run: nothing was changed)"));
}
