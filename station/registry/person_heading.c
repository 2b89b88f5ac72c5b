/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/person.h"

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
