/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/person.h"

#include "station/registry/person_judge.h"

#include <stdio.h>
#include <string.h>

/* cccd-card.md 6 and 7: what the card and the forms print, compared without marks and case. */
static const struct {
	const char *label, *field;
} labels[] = {
	{ "so dinh danh ca nhan", "number" },
	{ "so dinh danh", "number" },
	{ "so cccd", "number" },
	{ "ho va ten", "full_name" },
	{ "ho chu dem va ten", "full_name" },
	{ "ho chu dem va ten khai sinh", "full_name" },
	{ "ngay sinh", "birth_date" },
	{ "ngay thang nam sinh", "birth_date" },
	{ "gioi tinh", "sex" },
	{ "quoc tich", "nationality" },
	{ "dan toc", "ethnicity" },
	{ "ton giao", "religion" },
	{ "que quan", "origin" },
	{ "noi thuong tru", "residence" },
	{ "noi cu tru", "residence" },
	{ "noi o hien tai", "current_residence" },
	{ "noi sinh", "birth_place" },
	{ "noi dang ky khai sinh", "birth_registration" },
	{ "dac diem nhan dang", "identifying_marks" },
	{ "ho va ten cha", "father" },
	{ "ho ten cha", "father" },
	{ "ho chu dem va ten cha", "father" },
	{ "ho va ten me", "mother" },
	{ "ho ten me", "mother" },
	{ "ho chu dem va ten me", "mother" },
	{ "ho va ten vo chong", "spouse" },
	{ "ho ten vo chong", "spouse" },
	{ "ho chu dem va ten vo chong", "spouse" },
	{ "cha", "father" },
	{ "me", "mother" },
	{ "vo chong", "spouse" },
	{ "so dinh danh cua cha", "father_number" },
	{ "so dinh danh cua me", "mother_number" },
	{ "so dinh danh cua vo chong", "spouse_number" },
	{ "quoc tich cua cha", "father_nationality" },
	{ "quoc tich cua me", "mother_nationality" },
	{ "quoc tich cua vo chong", "spouse_nationality" },
	{ "nguoi dai dien", "representative" },
	{ "nguoi dai dien hop phap", "representative" },
	{ "ho ten nguoi dai dien", "representative" },
	{ "ho va ten nguoi dai dien", "representative" },
	{ "so dinh danh cua nguoi dai dien", "representative_number" },
	{ "quoc tich cua nguoi dai dien", "representative_nationality" },
	{ "chu ho", "household_head" },
	{ "ho ten chu ho", "household_head" },
	{ "ho va ten chu ho", "household_head" },
	{ "so dinh danh cua chu ho", "household_head_number" },
	{ "quan he voi chu ho", "household_relation" },
	{ "can cu ngay sinh", "birth_basis" },
	{ "ngay cap", "issue_date" },
	{ "noi cap", "issue_place" },
	{ "ngay het han", "expiry_date" },
	{ "co gia tri den", "expiry_date" },
	{ "tinh trang song", "life_status" },
	{ "tinh trang", "life_status" },
	{ "ngay chet mat tich", "death_date" },
	{ "tinh trang hon nhan", "marital_status" },
	{ "so dien thoai", "phone" },
	{ "thu dien tu", "email" },
	{ "so dinh danh da huy", "cancelled_number" },
	{ "anh chan dung", "photo" },
	{ "so cmnd cu", "old_cmnd" },
	{ "so cmnd", "old_cmnd" },
	{ "ten goi khac", "other_name" },
	{ "nhom mau", "blood_group" },
	{ "nghe nghiep", "occupation" },
	{ "trinh do hoc van", "education" },
	{ "anh", "photo" },
};

const char *person_field_of_label(const char *key)
{
	for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
		if (strcmp(labels[i].label, key) == 0)
			return labels[i].field;
	}
	return NULL;
}

const char *person_field_of_heading(struct bytes heading)
{
	char text[PERSON_TERM_SIZE], key[2 * PERSON_TERM_SIZE];
	size_t f;

	if (cc_failed(vietnamese_normalise(heading, text, sizeof text, NULL)))
		return NULL;
	f = person_judge_field(bytes_str(text));
	if (f != PERSON_JUDGE_NO_FIELD)
		return person_judge_field_name(f);
	return cc_failed(vietnamese_search_key(text, key, sizeof key)) ? NULL : person_field_of_label(key);
}

void row_fault_name_column(struct row_fault *f, struct bytes heading)
{
	char text[PERSON_TERM_SIZE];
	size_t n = 0;

	/* A name of the outside: without characters that a screen obeys or hides. */
	if (cc_failed(vietnamese_normalise(heading, text, sizeof text, NULL)))
		return;
	n = strnlen(text, sizeof f->unknown - 1);
	while (n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80)
		n--; /* no half of a letter */
	memcpy(f->unknown, text, n);
	f->unknown[n] = '\0';
}

/* "15/02/1990" as "1990-02-15"; everything else as it is. */
static struct bytes iso_date(struct bytes value, char out[DATE_TEXT_SIZE])
{
	static const char form[] = "dd/dd/dddd";
	const char *p = (const char *)value.p;

	if (value.n != sizeof form - 1)
		return value;
	for (size_t i = 0; i < value.n; i++) {
		if (form[i] == 'd' ? p[i] < '0' || p[i] > '9' : p[i] != form[i])
			return value;
	}
	(void)snprintf(out, DATE_TEXT_SIZE, "%.4s-%.2s-%.2s", p + 6, p + 3, p);
	return bytes_str(out);
}

cc_status person_from_fields(const struct person_field *list, size_t count, struct person *ret, struct row_warnings *ret_warnings,
			     struct row_fault *fault)
{
	struct row_warnings warnings = { 0 };
	struct row_fault unheard;
	struct person_judge in = { .person = ret, .fault = fault != NULL ? fault : &unheard };
	bool good = true;

	memset(ret, 0, sizeof *ret);
	for (size_t i = 0; i < count && good; i++) {
		size_t f = person_judge_field(bytes_str(list[i].name));
		char date[DATE_TEXT_SIZE];

		if (f == PERSON_JUDGE_NO_FIELD)
			person_judge_unknown(&warnings, list[i].name);
		else
			good = person_judge_value(&in, f,
						  person_judge_field_is_date(f) ? iso_date(list[i].value, date) : list[i].value);
	}
	good = good && person_judge_whole(&in);
	if (!good)
		person_done(ret);
	else if (ret_warnings != NULL)
		*ret_warnings = warnings;
	return cc_code_status(good ? CC_OK : CC_E_FORMAT);
}
