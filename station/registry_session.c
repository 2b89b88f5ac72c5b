/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry_session.h"

#include <stdio.h>
#include <string.h>

const char *registry_session_pick(const struct registry_session *s, const char *vi, const char *en)
{
	return s->inv->config.lang == LANG_VI ? vi : en;
}

static const struct {
	const char *field, *vi, *en;
} labels[] = {
	{ "number", "số định danh", "number" },
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
	{ "father_number", "số định danh của cha", "father's number" },
	{ "mother_number", "số định danh của mẹ", "mother's number" },
	{ "spouse_number", "số định danh của vợ, chồng", "spouse's number" },
	{ "father_nationality", "quốc tịch của cha", "father's nationality" },
	{ "mother_nationality", "quốc tịch của mẹ", "mother's nationality" },
	{ "spouse_nationality", "quốc tịch của vợ, chồng", "spouse's nationality" },
	{ "representative", "người đại diện", "representative" },
	{ "representative_number", "số định danh của người đại diện", "representative's number" },
	{ "representative_nationality", "quốc tịch của người đại diện", "representative's nationality" },
	{ "household_head_number", "số định danh của chủ hộ", "household head's number" },
	{ "phone", "số điện thoại", "telephone" },
	{ "email", "thư điện tử", "e-mail" },
	{ "household_head", "chủ hộ", "household head" },
	{ "household_relation", "quan hệ với chủ hộ", "relation to the household head" },
	{ "cancelled_number", "số định danh đã hủy", "cancelled number" },
	{ "photo", "ảnh", "photo" },
	{ "fingerprints", "vân tay", "fingerprints" },
};

const char *registry_session_field(const struct registry_session *s, const char *field)
{
	for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
		if (strcmp(labels[i].field, field) == 0)
			return registry_session_pick(s, labels[i].vi, labels[i].en);
	}
	return field;
}

/* Words of the record as a Vietnamese officer writes them; others stay as they are. */
static const struct {
	const char *field, *value, *vi, *en;
} words[] = {
	{ "sex", "male", "Nam", "Nam" },
	{ "sex", "female", "Nữ", "Nữ" },
	{ "marital_status", "single", "chưa kết hôn", "single" },
	{ "marital_status", "married", "đã kết hôn", "married" },
	{ "marital_status", "divorced", "đã ly hôn", "divorced" },
	{ "marital_status", "widowed", "vợ hoặc chồng đã chết", "widowed" },
	{ "life_status", "alive", "còn sống", "alive" },
	{ "life_status", "dead", "đã chết", "dead" },
	{ "life_status", "missing", "mất tích", "missing" },
	{ "expiry_date", "none", "Không thời hạn", "none" },
};

static bool is_date_field(const char *field)
{
	const char *end = strstr(field, "_date");

	return end != NULL && end[5] == '\0';
}

const char *registry_session_value(const struct registry_session *s, const char *field, const char *value,
				   char out[REGISTRY_VALUE_SIZE])
{
	unsigned year = 0, month = 0, day = 0;
	int parts = 0;

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (strcmp(words[i].field, field) == 0 && strcmp(words[i].value, value) == 0)
			return registry_session_pick(s, words[i].vi, words[i].en);
	}
	if (is_date_field(field) && s->inv->config.lang == LANG_VI)
		parts = sscanf(value, "%4u-%2u-%2u", &year, &month, &day);
	if (parts < 2)
		return value;
	if (parts == 3)
		(void)snprintf(out, REGISTRY_VALUE_SIZE, "%02u/%02u/%04u", day, month, year);
	else
		(void)snprintf(out, REGISTRY_VALUE_SIZE, "%02u/%04u", month, year);
	return out;
}

cc_status registry_session_open(struct registry_session *s)
{
	const struct config *c = &s->inv->config;
	cc_status st = config_open_store(c, &s->store, &s->err);

	if (!cc_failed(st))
		st = config_open_keystore(c, &s->ks, &s->err);
	if (!cc_failed(st))
		st = c->dry_run ? registry_open_dry(s->store, s->ks, c->sys, &s->registry, &s->err)
				: registry_open(s->store, s->ks, c->sys, &s->registry, &s->err);
	if (!cc_failed(st))
		st = registry_check_context(c, &s->check, &s->err);
	if (!cc_failed(st) && c->json) {
		s->list = json_array();
		if (s->list == NULL)
			st = cc_fail(&s->err, CC_E_MEMORY, "memory", "result");
	}
	return st;
}

cc_status registry_session_books(struct registry_session *s, struct books **ret)
{
	struct stmt *q = NULL;
	bool there = false;
	cc_status st = store_prepare(s->store, "SELECT key_version FROM issue_secret", &q);

	if (!cc_failed(st))
		st = stmt_step(q, &there);
	stmt_finish(&q);
	if (cc_failed(st))
		return cc_fail(&s->err, st.code, s->store->err.key, "%s", s->store->err.detail);
	return there ? books_open(s->store, s->ks, s->inv->config.sys, NULL, ret, &s->err) : st;
}

int registry_session_close(struct registry_session *s, cc_status st, int rc)
{
	registry_close(&s->registry);
	keystore_close(&s->ks);
	store_close(&s->store);
	json_decref(s->list);
	return cc_failed(st) ? invocation_fail(s->inv, &s->err) : rc;
}

void registry_session_print(json_t *root)
{
	(void)json_dumpf(root, stdout, JSON_INDENT(2));
	(void)putchar('\n');
	json_decref(root);
}

void registry_session_print_list(struct registry_session *s, const char *name, json_t *root)
{
	(void)json_object_set(root, name, s->list);
	registry_session_print(root);
}
