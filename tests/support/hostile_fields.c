/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/hostile_classes.h"

#include <stdlib.h>
#include <string.h>

#define PICK(list, s) (list)[seed_below(s, sizeof(list) / sizeof(list)[0])]

/* ---- numbers */

static void number_bad(struct hostile_seed *s, struct raw_row *r, struct told *t)
{
	static const char *const odd[] = { "0010900000",
					   "0010900000000000",
					   "00109000000O",
					   "-01090000000",
					   "001 090 000 000",
					   "+0109000000",
					   "1.09E+09",
					   "0x1090000000",
					   "001090000000\u00A0",
					   " 001090000000",
					   "\u0660\u0661\u0660\u0661\u0660\u0661",
					   "\uFF10\uFF10\uFF11\uFF10",
					   "'001090000000" };
	char text[64];

	(void)snprintf(text, sizeof text, "%s", t->number);
	switch (seed_below(s, 4)) {
	case 0:
		text[1 + seed_below(s, 11)] = '\0';
		break;
	case 1:
		(void)snprintf(text, sizeof text, "%s%u", t->number, (unsigned)seed_below(s, 100000));
		break;
	case 2:
		text[seed_below(s, 12)] = "abcXYZ-/ .,oOlI"[seed_below(s, 15)];
		break;
	default:
		(void)snprintf(text, sizeof text, "%s", PICK(odd, s));
		break;
	}
	raw_row_set(r, "number", text);
	told_refused(t, "import.number-malformed", "number");
}

static void number_of_relative_bad(struct hostile_seed *s, struct raw_row *r, struct told *t)
{
	static const char *const names[] = { "father_number",	 "mother_number",	  "spouse_number",
					     "cancelled_number", "representative_number", "household_head_number" };
	static const char *const values[] = { "1", "00109000000", "0010900000000", "00109000000a" };
	const char *name = PICK(names, s);

	raw_row_set(r, name, PICK(values, s));
	told_refused(t, "import.number-malformed", name);
}

static void old_cmnd_bad(struct hostile_seed *s, struct raw_row *r, struct told *t)
{
	static const char *const values[] = { "1",	   "12345678", "1234567890", "12345678901", "1234567890123",
					      "12345678a", "B12345678" };

	raw_row_set(r, "old_cmnd", PICK(values, s));
	told_refused(t, "import.old-cmnd", "old_cmnd");
}

static void required_missing(struct hostile_seed *s, struct raw_row *r, struct told *t)
{
	static const char *const names[] = { "number", "full_name", "sex", "nationality" };
	const char *name = PICK(names, s);

	if (seed_below(s, 2) == 0)
		raw_row_drop(r, name);
	else
		raw_row_set(r, name, "");
	told_refused(t, "import.field-missing", name);
}

/* ---- dates */

static void bad_date(struct hostile_seed *s, char *out, size_t cap)
{
	static const unsigned days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	static const char *const odd[] = { "1990-2-15",	  "15-02-1990", "1990/02/15", "19900215",	  "1990-02-15T00:00:00Z",
					   " 1990-02-15", "1990-02-",	"1990-",      "90-02-15",	  "1900-02-29",
					   "2023-02-29",  "2100-02-29", "0000-00-00", "1990-02-15\u00A0", "\u0661990-02-15",
					   "-990-02-15",  "32/01/1990", "29/02/1900", "00/01/1990",	  "01/13/1990",
					   "1/2/1990",	  " 1/ 2/1990", "+1/+2/1990", "unknown" };
	unsigned year = 1900 + (unsigned)seed_below(s, 110), month = 1 + (unsigned)seed_below(s, 12);

	switch (seed_below(s, 5)) {
	case 0:
		(void)snprintf(out, cap, "%04u-%02u-%02u", year, 13 + (unsigned)seed_below(s, 87), 1u);
		break;
	case 1:
		(void)snprintf(out, cap, "%04u-%02u-%02u", year, month,
			       days[month - 1] + (month == 2 ? 2 : 1) + (unsigned)seed_below(s, 60));
		break;
	case 2:
		(void)snprintf(out, cap, "%04u-%02u-%02u", year, seed_below(s, 2) == 0 ? 0 : month, 0u);
		break;
	case 3:
		(void)snprintf(out, cap, "%04u-01-01",
			       seed_below(s, 2) == 0 ? (unsigned)seed_below(s, 1800) : 2400 + (unsigned)seed_below(s, 7600));
		break;
	default:
		(void)snprintf(out, cap, "%s", PICK(odd, s));
		break;
	}
}

static void date_bad(struct hostile_seed *s, struct raw_row *r, struct told *t)
{
	static const char *const names[] = { "birth_date", "birth_date", "expiry_date", "issue_date", "death_date" };
	const char *name = PICK(names, s);
	char text[64];

	bad_date(s, text, sizeof text);
	raw_row_set(r, name, text);
	told_refused(t, "import.date", name);
}

static void date_of_csv_bad(struct hostile_seed *s, struct raw_row *r, struct told *t)
{
	const char *name = seed_below(s, 3) == 0 ? "expiry_date" : "birth_date";
	char text[64];

	bad_date(s, text, sizeof text);
	raw_row_set(r, name, text);
	told_refused(t, "import.date", name);
}

static unsigned year_of(const struct told *t)
{
	return 1900 + (unsigned)(t->number[3] - '0') / 2 * 100 + (unsigned)(t->number[4] - '0') * 10 +
	       (unsigned)(t->number[5] - '0');
}

static void birth_partly_known(struct hostile_seed *s, struct raw_row *r, struct told *t)
{
	char text[16];

	if (seed_below(s, 3) == 0)
		raw_row_drop(r, "birth_date");
	else
		(void)snprintf(text, sizeof text, seed_below(s, 2) == 0 ? "%04u" : "%04u-07", year_of(t)),
			raw_row_set(r, "birth_date", text);
	told_add(t, IMPORT_HELD, "registry.birth-incomplete", "birth_date");
}

static void birth_precision(struct hostile_seed *s, struct raw_row *r, struct told *t)
{
	static const char *const values[] = { "day", "month", "year", "exact", "DAY" };
	size_t i = seed_below(s, 5);

	raw_row_set(r, "birth_precision", values[i]);
	if (i == 1 || i == 2)
		told_refused(t, "import.precision", "birth_precision");
	else if (i > 2)
		told_refused(t, "import.value", "birth_precision");
}

static void birth_of_another_year(struct hostile_seed *s, struct raw_row *r, struct told *t)
{
	char text[16];

	(void)snprintf(text, sizeof text, "%04u-03-08", year_of(t) == 2009 ? 1950 : year_of(t) + 1);
	(void)s;
	raw_row_set(r, "birth_date", text);
	told_add(t, IMPORT_WARNING, "registry.number-birth", "number");
}

static void under_age(struct hostile_seed *s, struct raw_row *r, struct told *t)
{
	uint64_t child = hostile_next_child();

	raw_row_born(child, 2013 + (unsigned)(child / 2000), r, t);
	told_add(t, IMPORT_WARNING, "registry.under-age", "birth_date");
	/* Under 6 on the day of the import: the card shows no face. */
	if (strcmp(raw_row_field(r, "birth_date")->value, "2020-07-01") > 0)
		told_drop(t, "registry.no-photo", "photo");
	switch (seed_below(s, 3)) {
	case 0:
		raw_row_drop(r, "father");
		raw_row_drop(r, "mother");
		told_add(t, IMPORT_HELD, "registry.no-representative", "representative");
		break;
	case 1:
		raw_row_drop(r, seed_below(s, 2) == 0 ? "father" : "mother");
		break;
	default:
		break;
	}
}

static void birth_in_the_future(struct hostile_seed *s, struct raw_row *r, struct told *t)
{
	/* cccd-card.md 1: the codes of the 34 provinces, which a number of after the reform has. */
	static const char since[] =
		"001 004 008 011 012 014 015 019 020 022 024 025 031 033 037 038 040 042 044 046 048 051 052 056 066 "
		"068 075 079 080 082 086 091 092 096";
	uint64_t child = hostile_next_child();
	char code[4];

	(void)s;
	raw_row_born(child, 2027 + (unsigned)(child / 2000), r, t);
	(void)snprintf(code, sizeof code, "%.3s", t->number);
	told_drop(t, "registry.number-province", "number");
	if (strstr(since, code) == NULL)
		told_add(t, IMPORT_WARNING, "registry.number-province", "number");
	told_add(t, IMPORT_HELD, "registry.birth-future", "birth_date");
}

static void expiry_dates(struct hostile_seed *s, struct raw_row *r, struct told *t)
{
	unsigned year = year_of(t);
	size_t kind = seed_below(s, 3);

	/* cccd-card.md 6: born by June 1968, nobody's card ends. */
	if (kind == 0) {
		raw_row_set(r, "expiry_date", "none");
		if (year >= 1969)
			told_add(t, IMPORT_WARNING, "registry.expiry-differs", "expiry_date");
		else if (year == 1968)
			raw_row_set(r, "expiry_date", "");
		return;
	}
	raw_row_set(r, "expiry_date", kind == 1 ? "2020-01-01" : "2199-12-31");
	told_add(t, IMPORT_WARNING, "registry.expiry-differs", "expiry_date");
	if (kind == 1)
		told_add(t, IMPORT_HELD, "registry.expired", "expiry_date");
}

/* ---- terms */

static void sex_words(struct hostile_seed *s, struct raw_row *r, struct told *t)
{
	static const char *const male[] = { "male", "M", "Nam" }, *const female[] = { "female", "F", "Nữ", "Nữ " };
	static const char *const bad[] = { "x", "1", "nam", "Female", "Nu", "khác", "mal", "male,female" };
	bool is_male = (t->number[3] - '0') % 2 == 0;

	switch (seed_below(s, 3)) {
	case 0:
		raw_row_set(r, "sex", is_male ? PICK(male, s) : PICK(female, s));
		break;
	case 1:
		raw_row_set(r, "sex", is_male ? PICK(female, s) : PICK(male, s));
		told_add(t, IMPORT_WARNING, "registry.number-sex", "number");
		break;
	default:
		raw_row_set(r, "sex", PICK(bad, s));
		told_refused(t, "import.value", "sex");
		break;
	}
}

static void life(struct hostile_seed *s, struct raw_row *r, struct told *t)
{
	static const char *const bad[] = { "Dead", "deceased", "qua đời", "0", "alive " };

	switch (seed_below(s, 4)) {
	case 0:
		raw_row_set(r, "life_status", "dead");
		told_add(t, IMPORT_HELD, "registry.dead", "life_status");
		break;
	case 1:
		raw_row_set(r, "life_status", "missing");
		told_add(t, IMPORT_HELD, "registry.missing-person", "life_status");
		break;
	case 2:
		raw_row_set(r, "life_status", "alive");
		break;
	default:
		raw_row_set(r, "life_status", PICK(bad, s));
		told_refused(t, "import.value", "life_status");
		break;
	}
}

static void nationality(struct hostile_seed *s, struct raw_row *r, struct told *t)
{
	static const char *const others[] = { "Lào", "Campuchia", "Hoa Kỳ", "Viet", "Việt Nam Cộng hòa" };
	static const char *const same[] = { "VIỆT NAM", "Việt  Nam", "Viet Nam", "việt nam" };

	if (seed_below(s, 2) == 0) {
		raw_row_set(r, "nationality", PICK(same, s));
		return;
	}
	raw_row_set(r, "nationality", PICK(others, s));
	told_add(t, IMPORT_HELD, "registry.nationality", "nationality");
}

static void terms_of_lists(struct hostile_seed *s, struct raw_row *r, struct told *t)
{
	static const char *const values[] = { "A+", "AB", "O-", "C", "a", "AB +" };
	size_t i = seed_below(s, 6);

	switch (seed_below(s, 3)) {
	case 0:
		raw_row_set(r, "ethnicity", "Sao Hỏa");
		told_add(t, IMPORT_WARNING, "registry.ethnicity", "ethnicity");
		break;
	case 1:
		raw_row_set(r, "religion", "Mì sợi");
		told_add(t, IMPORT_WARNING, "registry.religion", "religion");
		break;
	default:
		raw_row_set(r, "blood_group", values[i]);
		if (i >= 3)
			told_refused(t, "import.value", "blood_group");
		break;
	}
}

static void addresses(struct hostile_seed *s, struct raw_row *r, struct told *t)
{
	static const char *const current[] = { "Phường 3, TP. Hồ Chí Minh", "Xã Hòa Bình, Tỉnh Đồng Tháp",
					       "Phường Thuận Hóa, Thành phố Huế" };
	static const char *const old[] = { "Xã An Bình, Huyện Long Hồ, Hà Nam", "Thị trấn Vân Đình, Tỉnh Bình Dương",
					   "Xã A, Bến Tre" };
	static const char *const unknown[] = { "Xã A, Paris", "Phố Huế", "Hà Nội, Xã A", "," };

	switch (seed_below(s, 5)) {
	case 0:
		raw_row_set(r, "residence", PICK(current, s));
		break;
	case 1:
		raw_row_set(r, "residence", PICK(old, s));
		told_add(t, IMPORT_WARNING, "registry.address-old-unit", "residence");
		break;
	case 2:
		raw_row_set(r, "residence", PICK(unknown, s));
		told_add(t, IMPORT_WARNING, "registry.address-province", "residence");
		break;
	case 3:
		raw_row_set(r, "residence", "");
		told_add(t, IMPORT_WARNING, "registry.no-residence", "residence");
		break;
	default:
		raw_row_drop(r, "origin");
		told_add(t, IMPORT_WARNING, "registry.no-origin", "origin");
		break;
	}
}

/* ---- photos */

static void photo_paths(struct hostile_seed *s, struct raw_row *r, struct told *t)
{
	static const struct pair paths[] = {
		{ "../a.jpg", "import.photo-path" },
		{ "photos/../../../etc/passwd", "import.photo-path" },
		{ "/etc/passwd", "import.photo-path" },
		{ "./photos/ok.jpg", "import.photo-path" },
		{ "photos//ok.jpg", "import.photo-path" },
		{ "..", "import.photo-path" },
		{ "photos", "import.photo-path" },
		{ "photos/link.jpg", "import.photo-path" },
		{ "linked/ok.jpg", "import.photo-path" },
		{ "photos/pipe", "import.photo-path" },
		{ "photos/ok.jpg/x", "import.photo-path" },
		{ "photos/none.jpg", "import.photo-missing" },
		{ "C:\\anh\\ok.jpg", "import.photo-missing" },
		{ "photos/OK.JPG", "import.photo-missing" },
		{ "photos/png.jpg", "import.photo-not-jpeg" },
		{ "photos/empty.jpg", "import.photo-not-jpeg" },
		{ "photos/cut.jpg", "import.photo-not-jpeg" },
	};
	const struct pair *p = &PICK(paths, s);

	told_drop(t, "registry.no-photo", "photo");
	raw_row_set(r, "photo", p->written);
	told_add(t, IMPORT_HELD, p->kept, "photo");
}

/* ---- JSON alone */

static void field_types(struct hostile_seed *s, struct raw_row *r, struct told *t)
{
	static const char *const values[] = {
		"true", "12", "{}", "[]", "-1.5e3", "[\"An\"]", "{\"a\":\"b\"}", "0", "123456789012345678"
	};
	const char *name = r->fields[seed_below(s, r->count)].name;

	raw_row_literal(r, name, PICK(values, s));
	told_refused(t, "import.field-type", name);
}

static void null_is_absent(struct hostile_seed *s, struct raw_row *r, struct told *t)
{
	static const char *const names[] = { "father", "mother", "old_cmnd", "spouse", "blood_group", "number", "sex" };
	const char *name = PICK(names, s);

	raw_row_literal(r, name, "null");
	if (strcmp(name, "number") == 0 || strcmp(name, "sex") == 0)
		told_refused(t, "import.field-missing", name);
}

static void numbers_that_json_has_not(struct hostile_seed *s, struct raw_row *r, struct told *t)
{
	static const char *const values[] = { "1e9999", "0x10", "001090000000", "NaN",	     "Infinity", "+1",
					      ".5",	"1.",	"- 1",		"undefined", "True" };
	char text[500];

	(void)memset(text, '9', 400);
	text[400] = '\0';
	raw_row_literal(r, "number", seed_below(s, 6) == 0 ? text : PICK(values, s));
	told_refused(t, "import.not-json", "");
}

static void escapes(struct hostile_seed *s, struct raw_row *r, struct told *t)
{
	static const char *const bad[] = { "\"An\\ud800\"", "\"\\udc00An\"", "\"An\\u0000\"",	  "\"An\\u12\"",
					   "\"An\\x41\"",   "\"An\\\"",	     "\"\\ud83d\\u0041\"" };

	switch (seed_below(s, 3)) {
	case 0:
		raw_row_name(r, t, "", "Nguyễn Thị Thủy");
		raw_row_literal(r, "full_name", "\"Nguy\\u1EC5n Th\\u1ecb Thu\\u0309y\"");
		break;
	case 1:
		raw_row_literal(r, "full_name", "\"An \\ud83d\\ude00\"");
		told_refused(t, "import.text-letter", "full_name");
		break;
	default:
		raw_row_literal(r, "full_name", PICK(bad, s));
		told_refused(t, "import.not-json", "");
		break;
	}
}

static void unknown_fields(struct hostile_seed *s, struct raw_row *r, struct told *t)
{
	static const char *const names[] = { "shoe_size", "Number", "full-name", "__proto__", "", "số", "\xE2\x80\xAE", "sex " };
	size_t n = 1 + seed_below(s, sizeof names / sizeof names[0]);

	for (size_t i = 0; i < n; i++) {
		raw_row_set(r, names[i], "x");
		told_add(t, IMPORT_WARNING, "import.unknown-field", "");
	}
	raw_row_literal(r, names[0], "[[[1]]]"); /* four levels with the row */
}

static void brackets_in_text(struct hostile_seed *s, struct raw_row *r, struct told *t)
{
	(void)s;
	(void)t;
	raw_row_set(r, "identifying_marks", "{[{[{[\"\\\"[[[[[[");
}

static void fingerprint_lists(struct hostile_seed *s, struct raw_row *r, struct told *t)
{
	static const char *const values[] = { "[{\"finger\":\"nose\",\"file\":\"a\"}]",
					      "[{}]",
					      "[1]",
					      "[{\"finger\":\"left-index\"}]",
					      "[{\"finger\":\"left-index\",\"file\":\"\"}]",
					      "[{\"finger\":\"left-index\",\"missing\":\"bored\"}]",
					      "[{\"finger\":\"left-index\",\"file\":\"a\",\"x\":1}]" };

	if (seed_below(s, 4) == 0) {
		raw_row_literal(r, "fingerprints", "\"left-index\"");
		told_refused(t, "import.field-type", "fingerprints");
		return;
	}
	raw_row_literal(r, "fingerprints", PICK(values, s));
	told_refused(t, "import.value", "fingerprints");
}

/* ---- CSV alone */

static void dates_as_on_the_card(struct hostile_seed *s, struct raw_row *r, struct told *t)
{
	char text[16];

	(void)snprintf(text, sizeof text, "%02u/%02u/%04u", 1 + (unsigned)seed_below(s, 28), 1 + (unsigned)seed_below(s, 12),
		       year_of(t));
	raw_row_set(r, "birth_date", text);
}

static void quoted_text(struct hostile_seed *s, struct raw_row *r, struct told *t)
{
	static const char *const values[] = { "Số 5, \"Nhà Xanh\", Hà Nội", "\"Hai\" Bà Trưng; Tổ 3, Hà Nội", ";,;,, Hà Nội" };

	(void)t;
	raw_row_set(r, "residence", PICK(values, s));
}

static void nul_in_value(struct hostile_seed *s, struct raw_row *r, struct told *t)
{
	switch (seed_below(s, 3)) {
	case 0:
		raw_row_set_bytes(r, "photo", "photos/ok.jpg\0.png", 18);
		told_refused(t, "import.text-control", "photo");
		break;
	case 1:
		raw_row_set_bytes(r, "full_name", "An\0Ba", 5);
		told_refused(t, "import.text-control", "full_name");
		break;
	default:
		raw_row_set_bytes(r, "number",
				  "00109000\0"
				  "000",
				  12);
		told_refused(t, "import.number-malformed", "number");
		break;
	}
}

static void not_utf8_in_value(struct hostile_seed *s, struct raw_row *r, struct told *t)
{
	static const char *const bad[] = { "\xFF", "\xC0\x80", "\xED\xA0\x80",	      "\xF4\x90\x80\x80",
					   "\x80", "\xE1\xBB", "\xF8\x88\x80\x80\x80" };
	static const char *const names[] = { "full_name", "residence", "father", "ethnicity" };
	const char *name = PICK(names, s);

	raw_field_insert(s, raw_row_field(r, name), PICK(bad, s));
	told_refused(t, "import.not-utf8", name);
}

const struct field_class field_classes[] = {
	{ "number malformed", IN_UTF8, number_bad },
	{ "number of a relative malformed", IN_JSON, number_of_relative_bad },
	{ "old number malformed", IN_ALL, old_cmnd_bad },
	{ "required field missing", IN_ALL, required_missing },
	{ "impossible date", IN_JSON, date_bad },
	{ "birth date partly known", IN_ALL, birth_partly_known },
	{ "birth precision", IN_JSON, birth_precision },
	{ "birth year against the number", IN_ALL, birth_of_another_year },
	{ "under age", IN_ALL, under_age },
	{ "born in the future", IN_ALL, birth_in_the_future },
	{ "expiry dates", IN_ALL, expiry_dates },
	{ "sex", IN_ALL, sex_words },
	{ "dead, missing", IN_ALL, life },
	{ "nationality", IN_UTF8, nationality },
	{ "peoples, religions, blood groups", IN_ALL, terms_of_lists },
	{ "addresses", IN_ALL, addresses },
	{ "photo paths", IN_ALL, photo_paths },
	{ "wrong types", IN_JSON, field_types },
	{ "null", IN_JSON, null_is_absent },
	{ "numbers that JSON has not, huge ones", IN_JSON, numbers_that_json_has_not },
	{ "escapes", IN_JSON, escapes },
	{ "unknown fields", IN_JSON, unknown_fields },
	{ "brackets in text", IN_JSON, brackets_in_text },
	{ "lists of prints", IN_JSON, fingerprint_lists },
	{ "impossible date", IN_CSV, date_of_csv_bad },
	{ "dates as on the card", IN_CSV, dates_as_on_the_card },
	{ "quoted text", IN_CSV, quoted_text },
	{ "NUL in a value", IN_CSV, nul_in_value },
	{ "not UTF-8 in a value", IN_CSV, not_utf8_in_value },
};
const size_t field_class_count = sizeof field_classes / sizeof field_classes[0];
