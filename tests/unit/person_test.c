/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/person.h"

#include "card/lds/mrz.h"
#include "station/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define assert_ok(call) assert_int_equal((call).code, CC_OK)

static const char good[] =
	"{\"number\":\"001090000000\",\"full_name\":\"Nguyễn Văn Đức\",\"birth_date\":\"1990-02-15\",\"birth_precision\":\"day\","
	"\"birth_basis\":\"Giấy khai sinh\",\"sex\":\"male\",\"nationality\":\"Việt Nam\",\"ethnicity\":\"Kinh\",\"religion\":null,"
	"\"origin\":\"Hà Nội\",\"residence\":\"Số 1, Hà Nội\",\"identifying_marks\":\"Nốt ruồi\",\"father\":\"Nguyễn Văn A\","
	"\"mother\":\"Trần Thị B\",\"spouse\":\"Lê C\",\"old_cmnd\":\"010000000\",\"issue_date\":\"2026-01-02\","
	"\"issue_place\":\"Hà Nội\",\"expiry_date\":\"2030-02-15\",\"life_status\":\"alive\",\"photo\":\"photos/a.jpg\"}";

static void row_gives_every_field(void **state)
{
	struct person p;
	struct row_warnings w = { 0 };

	(void)state;
	assert_ok(person_parse(bytes_str(good), &p, &w, NULL));
	assert_int_equal(w.count, 0);
	assert_string_equal(p.number, "001090000000");
	assert_string_equal(p.full_name, "Nguyễn Văn Đức");
	assert_true(p.birth.year == 1990 && p.birth.month == 2 && p.birth.day == 15);
	assert_string_equal(p.birth_basis, "Giấy khai sinh");
	assert_int_equal(p.sex, SEX_MALE);
	assert_string_equal(p.nationality, "Việt Nam");
	assert_string_equal(p.ethnicity, "Kinh");
	assert_string_equal(p.religion, "");
	assert_string_equal(p.origin, "Hà Nội");
	assert_string_equal(p.residence, "Số 1, Hà Nội");
	assert_string_equal(p.marks, "Nốt ruồi");
	assert_string_equal(p.father, "Nguyễn Văn A");
	assert_string_equal(p.mother, "Trần Thị B");
	assert_string_equal(p.spouse, "Lê C");
	assert_string_equal(p.old_cmnd, "010000000");
	assert_true(p.issued.year == 2026 && p.issued.month == 1 && p.issued.day == 2);
	assert_string_equal(p.issue_place, "Hà Nội");
	assert_int_equal(p.expiry_kind, EXPIRY_DATE);
	assert_true(p.expiry.year == 2030);
	assert_int_equal(p.life, LIFE_ALIVE);
	assert_string_equal(p.photo_path, "photos/a.jpg");
	person_done(&p);
	assert_string_equal(p.number, "");
}

static void every_prefix_and_a_byte_more_are_refused(void **state)
{
	char longer[sizeof good + 1];
	struct person p;
	static const struct person nobody;
	struct row_fault fault;

	(void)state;
	memset(&p, 0x5A, sizeof p);
	for (size_t n = 0; n < sizeof good - 1; n++) {
		assert_int_equal(person_parse(bytes_of(good, n), &p, NULL, &fault).code, CC_E_FORMAT);
		assert_string_equal(fault.field, "");
		assert_memory_equal(&p, &nobody, sizeof p); /* nothing of the row stays */
	}
	memset(&p, 0x5A, sizeof p);
	(void)snprintf(longer, sizeof longer, "%s}", good);
	assert_int_equal(person_parse(bytes_str(longer), &p, NULL, &fault).code, CC_E_FORMAT);
	assert_string_equal(fault.key, "import.not-json");
	assert_memory_equal(&p, &nobody, sizeof p);
}

static void encoding_and_parsing_again_is_the_same(void **state)
{
	struct person p, again;
	struct buf a = { 0 }, b = { 0 };

	(void)state;
	assert_ok(person_parse(bytes_str(good), &p, NULL, NULL));
	assert_ok(person_encode(&p, &a));
	assert_ok(person_parse(buf_view(&a), &again, NULL, NULL));
	assert_string_equal(again.photo_path, "");
	memset(p.photo_path, 0, sizeof p.photo_path);
	assert_memory_equal(&p, &again, sizeof p);
	assert_ok(person_encode(&again, &b));
	assert_true(bytes_equal(buf_view(&a), buf_view(&b)));
	buf_done(&a);
	buf_done(&b);
}

/* One row with one field changed. value: JSON text; NULL leaves the field out. */
static void row_with(char *out, size_t cap, const char *field, const char *value)
{
	static const char *const base[][2] = { { "number", "\"001090000000\"" },
					       { "full_name", "\"An\"" },
					       { "sex", "\"male\"" },
					       { "nationality", "\"Việt Nam\"" } };
	size_t n = (size_t)snprintf(out, cap, "{");

	for (size_t i = 0; i < 4; i++) {
		if (strcmp(base[i][0], field) != 0)
			n += (size_t)snprintf(out + n, cap - n, "\"%s\":%s,", base[i][0], base[i][1]);
	}
	(void)snprintf(out + n, cap - n, value != NULL ? "\"%s\":%s}" : "\"religion\":null}", field, value);
}

static void assert_refused(const char *field, const char *value, const char *key, size_t position)
{
	char row[4096];
	struct person p;
	struct row_fault fault = { 0 };

	row_with(row, sizeof row, field, value);
	assert_int_equal(person_parse(bytes_str(row), &p, NULL, &fault).code, CC_E_FORMAT);
	assert_string_equal(fault.key, key);
	assert_string_equal(fault.field, field);
	assert_int_equal(fault.position, position);
	assert_string_not_equal(message_find(key)->key, "general");
}

static void faults_name_field_key_and_position(void **state)
{
	static const struct {
		const char *field, *value, *key;
		size_t position;
	} cases[] = {
		{ "number", NULL, "import.field-missing", 0 },
		{ "number", "null", "import.field-missing", 0 },
		{ "number", "\"\"", "import.field-missing", 0 },
		{ "number", "1090000000", "import.field-type", 0 },
		{ "number", "[\"001090000000\"]", "import.field-type", 0 },
		{ "number", "\"00109000000\"", "import.number-malformed", 0 },
		{ "number", "\"0010900000000\"", "import.number-malformed", 0 },
		{ "number", "\"00109000000x\"", "import.number-malformed", 0 },
		{ "full_name", NULL, "import.field-missing", 0 },
		{ "full_name", "\"   \"", "import.field-missing", 0 },
		{ "full_name", "\"Nguyễn 5\"", "import.text-letter", 8 },
		{ "full_name", "\"An\\u200b\"", "import.text-control", 3 },
		{ "full_name", "\"\\u00d0ức\"", "import.text-lookalike", 1 },
		{ "full_name", "\"á\\u0301\"", "import.text-mark", 2 },
		{ "full_name", "\"An-\"", "import.text-separator", 3 },
		{ "sex", NULL, "import.field-missing", 0 },
		{ "sex", "\"nam\"", "import.value", 0 },
		{ "sex", "true", "import.field-type", 0 },
		{ "nationality", NULL, "import.field-missing", 0 },
		{ "birth_date", "\"1990-02-29\"", "import.date", 0 },
		{ "birth_date", "\"1990-2-1\"", "import.date", 0 },
		{ "birth_date", "\"1990-00-00\"", "import.date", 0 },
		{ "birth_date", "\"1990-01-01T00:00\"", "import.date", 0 },
		{ "birth_date", "\"1700-01-01\"", "import.date", 0 },
		{ "birth_date", "\"0000\"", "import.date", 0 },
		{ "birth_precision", "\"day\"", "import.precision", 0 },
		{ "birth_precision", "\"hour\"", "import.value", 0 },
		{ "old_cmnd", "\"12345678\"", "import.old-cmnd", 0 },
		{ "old_cmnd", "\"12345678x\"", "import.old-cmnd", 9 },
		{ "issue_date", "\"2025\"", "import.date", 0 },
		{ "expiry_date", "\"never\"", "import.date", 0 },
		{ "life_status", "\"Dead\"", "import.value", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_refused(cases[i].field, cases[i].value, cases[i].key, cases[i].position);
}

static void assert_row_fault(const char *row, size_t n, enum cc_code code, const char *key)
{
	struct person p;
	struct row_fault fault = { 0 };

	assert_int_equal(person_parse(bytes_of(row, n), &p, NULL, &fault).code, code);
	assert_string_equal(fault.key, key);
	assert_string_not_equal(message_find(key)->key, "general");
}

static void broken_rows_are_told_apart(void **state)
{
	static char big[PERSON_ROW_MAX + 1];
	static const char nul[] = "{\"number\":\"0010\0\"}";

	(void)state;
	assert_row_fault("", 0, CC_E_FORMAT, "import.not-json");
	assert_row_fault("[]", 2, CC_E_FORMAT, "import.not-object");
	assert_row_fault("\"x\"", 3, CC_E_FORMAT, "import.not-json");
	assert_row_fault("[[[[[]]]]]", 10, CC_E_FORMAT, "import.too-deep");
	assert_row_fault("{\"a\":\"\\\"[[[[[[[\"}", 17, CC_E_FORMAT, "import.field-missing");
	assert_row_fault("{\"sex\":\"male\",\"sex\":\"male\"}", 27, CC_E_FORMAT, "import.duplicate-field");
	assert_row_fault("{\"number\":\"\xC3(\"}", 15, CC_E_FORMAT, "import.not-utf8");
	assert_row_fault(nul, sizeof nul - 1, CC_E_FORMAT, "import.not-json");
	assert_row_fault("{\"number\":\"\\u0000\"}", 19, CC_E_FORMAT, "import.not-json");
	memset(big, ' ', sizeof big);
	assert_row_fault(big, sizeof big, CC_E_LIMIT, "import.line-too-long");
	assert_row_fault(big, sizeof big - 1, CC_E_FORMAT, "import.not-json");
}

static void text_of_the_limit_is_taken_and_one_more_is_not(void **state)
{
	char value[PERSON_PLACE_SIZE + 8], row[2048];
	struct person p;
	struct row_fault fault = { 0 };

	(void)state;
	(void)snprintf(value, sizeof value, "\"%0*d\"", PERSON_PLACE_SIZE - 1, 1);
	row_with(row, sizeof row, "origin", value);
	assert_ok(person_parse(bytes_str(row), &p, NULL, &fault));
	assert_int_equal(strlen(p.origin), PERSON_PLACE_SIZE - 1);
	(void)snprintf(value, sizeof value, "\"%0*d\"", PERSON_PLACE_SIZE, 1);
	assert_refused("origin", value, "import.text-too-long", PERSON_PLACE_SIZE);
}

static void unknown_fields_are_named_in_print_characters(void **state)
{
	struct person p;
	struct row_warnings w = { 0 };
	char row[4096];
	size_t n;

	(void)state;
	row_with(row, sizeof row, "sho\\u0007e ế", "\"41\"");
	assert_ok(person_parse(bytes_str(row), &p, &w, NULL));
	assert_int_equal(w.count, 1);
	assert_string_equal(w.items[0].key, "import.unknown-field");
	assert_string_equal(w.items[0].unknown, "sho?e????");
	row_with(row, sizeof row, "x0", "1");
	n = strlen(row) - 1;
	for (int i = 1; i < 40; i++)
		n += (size_t)snprintf(row + n, sizeof row - n, ",\"x%d\":[]", i);
	(void)snprintf(row + n, sizeof row - n, "}");
	assert_ok(person_parse(bytes_str(row), &p, &w, NULL));
	assert_int_equal(w.count, 40);
}

static void birth_keeps_its_precision(void **state)
{
	char row[1024];
	struct person p;

	(void)state;
	row_with(row, sizeof row, "birth_date", "\"1949\"");
	assert_ok(person_parse(bytes_str(row), &p, NULL, NULL));
	assert_int_equal(date_precision(p.birth), DATE_YEAR);
	row_with(row, sizeof row, "birth_date", "\"1949-12\"");
	assert_ok(person_parse(bytes_str(row), &p, NULL, NULL));
	assert_int_equal(date_precision(p.birth), DATE_MONTH);
	row_with(row, sizeof row, "birth_date", "null");
	assert_ok(person_parse(bytes_str(row), &p, NULL, NULL));
	assert_int_equal(date_precision(p.birth), DATE_NONE);
	row_with(row, sizeof row, "expiry_date", "\"none\"");
	assert_ok(person_parse(bytes_str(row), &p, NULL, NULL));
	assert_int_equal(p.expiry_kind, EXPIRY_NONE);
}

static void sex_may_be_written_as_on_the_card(void **state)
{
	static const char *const male[] = { "male", "M", "Nam" }, *const female[] = { "female", "F", "Nữ", "Nu\xCC\x9B\xCC\x83" };
	char row[1024], value[16];
	struct person p;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		(void)snprintf(value, sizeof value, "\"%s\"", male[i]);
		row_with(row, sizeof row, "sex", value);
		assert_ok(person_parse(bytes_str(row), &p, NULL, NULL));
		assert_int_equal(p.sex, SEX_MALE);
	}
	for (size_t i = 0; i < 4; i++) {
		(void)snprintf(value, sizeof value, "\"%s\"", female[i]);
		row_with(row, sizeof row, "sex", value);
		assert_ok(person_parse(bytes_str(row), &p, NULL, NULL));
		assert_int_equal(p.sex, SEX_FEMALE);
	}
}

/* Equal people give equal bytes, however their text was typed. */
static void composed_and_decomposed_rows_are_equal(void **state)
{
	struct person a, b;
	struct buf ea = { 0 }, eb = { 0 };
	char row[1024];

	(void)state;
	row_with(row, sizeof row, "full_name", "\"Nguyễn Thị Phượng\"");
	assert_ok(person_parse(bytes_str(row), &a, NULL, NULL));
	row_with(row, sizeof row, "full_name", "\" Nguye\\u0302\\u0303n  Thi\\u0323 Ph\\u01b0\\u01a1\\u0323ng\"");
	assert_ok(person_parse(bytes_str(row), &b, NULL, NULL));
	assert_ok(person_encode(&a, &ea));
	assert_ok(person_encode(&b, &eb));
	assert_true(bytes_equal(buf_view(&ea), buf_view(&eb)));
	buf_done(&ea);
	buf_done(&eb);
}

/* ---- the people of tests/data */

static const char letters[] = "àáảãạăằắẳẵặâầấẩẫậèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵđ"
			      "ÀÁẢÃẠĂẰẮẲẴẶÂẦẤẨẪẬÈÉẺẼẸÊỀẾỂỄỆÌÍỈĨỊÒÓỎÕỌÔỒỐỔỖỘƠỜỚỞỠỢÙÚỦŨỤƯỪỨỬỮỰỲÝỶỸỴĐ";

static size_t utf8_length(char first)
{
	unsigned char c = (unsigned char)first;

	return c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
}

static void load_people(struct person people[24])
{
	FILE *f = fopen("tests/data/people/people.jsonl", "r");
	char line[4096];
	size_t n = 0;

	assert_non_null(f);
	for (; fgets(line, sizeof line, f) != NULL; n++) {
		struct row_warnings w = { 0 };

		assert_true(n < 24);
		assert_ok(person_parse(bytes_of(line, strcspn(line, "\n")), &people[n], &w, NULL));
		assert_int_equal(w.count, 0);
	}
	assert_int_equal(n, 24);
	(void)fclose(f);
}

static void committed_people_use_every_vietnamese_letter(void **state)
{
	static struct person people[24];
	size_t count = 0, missing = 0;

	(void)state;
	load_people(people);
	for (const char *p = letters; *p != '\0'; count++) {
		char letter[5] = "";
		bool found = false;

		memcpy(letter, p, utf8_length(*p));
		p += utf8_length(*p);
		for (size_t i = 0; i < 24 && !found; i++)
			found = strstr(people[i].full_name, letter) != NULL || strstr(people[i].father, letter) != NULL ||
				strstr(people[i].mother, letter) != NULL || strstr(people[i].spouse, letter) != NULL;
		missing += found ? 0 : 1;
	}
	assert_int_equal(count, 134);
	assert_int_equal(missing, 0);
}

static void committed_people_are_fictional_and_distinct(void **state)
{
	static struct person people[24];

	(void)state;
	load_people(people);
	for (size_t i = 0; i < 24; i++) {
		assert_string_equal(people[i].number + 6, "000000");
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(people[i].number, people[j].number);
	}
}

/* Registry text to MRZ and back through the reader: nothing but length may change a name. */
static void committed_people_have_a_machine_readable_zone(void **state)
{
	static struct person people[24];
	size_t truncated_count = 0;

	(void)state;
	load_people(people);
	for (size_t i = 0; i < 24; i++) {
		char latin[512], birth[7], text[MRZ_TEXT_MAX + 1];
		bool truncated = false;
		struct mrz_cccd in = { .number = people[i].number,
				       .name = latin,
				       .birth = birth,
				       .sex = people[i].sex == SEX_MALE ? 'M' : 'F',
				       .expiry = "991231" };

		assert_ok(vietnamese_to_latin(people[i].full_name, latin, sizeof latin));
		date_format_mrz(people[i].birth, birth);
		assert_ok(mrz_cccd_write(&in, text, &truncated, NULL));
		truncated_count += truncated ? 1 : 0;
		if (strcmp(people[i].full_name, "H'Ngăm Niê Kđăm") == 0)
			assert_string_equal(text + 60, "HNGAM<<NIE<KDAM<<<<<<<<<<<<<<<");
		if (strcmp(people[i].full_name, "Võ Cẩm Tú-Uyên") == 0)
			assert_string_equal(text + 60, "VO<<CAM<TU<UYEN<<<<<<<<<<<<<<<");
		if (strcmp(people[i].full_name, "Phúc") == 0)
			assert_string_equal(text + 60, "PHUC<<<<<<<<<<<<<<<<<<<<<<<<<<");
	}
	assert_int_equal(truncated_count, 1);
}

/* The same object, once as the common form and once as only the library reads it, is the same person or the same fault. */
static void common_form_and_library_agree(void **state)
{
	static const char *const bodies[] = {
		"\"number\":\"001090000000\",\"full_name\":\"Nguyễn Văn An\",\"sex\":\"male\",\"nationality\":\"Việt Nam\"",
		"\"number\":\"001090000000\",\"full_name\":\"Nguyễn V4n\",\"sex\":\"male\",\"nationality\":\"Việt Nam\"",
		"\"number\":\"\",\"full_name\":\"An\",\"sex\":\"male\",\"nationality\":\"Việt Nam\"",
		"\"sex\":\"x\",\"number\":\"1\"",
		"\"number\":\"001090000000\",\"sex\":\"male\",\"sex\":\"male\"",
		"\"full_name\":\"\xC0\x80\"",
		"\"full_name\":\"\xED\xA0\x80\"",
		"\"full_name\":\"\xF4\x90\x80\x80\"",
		"\"full_name\":\"\xE1\xBB\"",
		"\"full_name\":\"A\x01\"",
		"\"full_name\":\"An",
		"\"full_name\" \"An\"",
		"\"full_name\":An",
		"\"full_name\":\"An\",",
		"",
	};

	(void)state;
	for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
		char common[512], escaped[512];
		struct person a = { 0 }, b = { 0 };
		struct row_fault fault_a = { 0 }, fault_b = { 0 };
		struct row_warnings w;
		cc_status st_a, st_b;

		/* A null field changes nothing, and is none of the common form. */
		(void)snprintf(common, sizeof common, "{%s}", bodies[i]);
		(void)snprintf(escaped, sizeof escaped, "{%s%s\"spouse\":null}", bodies[i], bodies[i][0] != '\0' ? "," : "");
		st_a = person_parse(bytes_str(common), &a, &w, &fault_a);
		st_b = person_parse(bytes_str(escaped), &b, &w, &fault_b);
		assert_int_equal(st_a.code, st_b.code);
		assert_memory_equal(&a, &b, sizeof a);
		if (cc_failed(st_a)) {
			assert_string_equal(fault_a.key, fault_b.key);
			assert_string_equal(fault_a.field, fault_b.field);
		}
	}
	{
		static const char nul[] = "{\"number\":\"001090000000\"}\0";
		struct row_fault fault = { 0 };
		struct person p;

		assert_int_equal(person_parse(bytes_of(nul, sizeof nul - 1), &p, NULL, &fault).code, CC_E_FORMAT);
		assert_string_equal(fault.key, "import.not-json");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(common_form_and_library_agree),
		cmocka_unit_test(row_gives_every_field),
		cmocka_unit_test(every_prefix_and_a_byte_more_are_refused),
		cmocka_unit_test(encoding_and_parsing_again_is_the_same),
		cmocka_unit_test(faults_name_field_key_and_position),
		cmocka_unit_test(broken_rows_are_told_apart),
		cmocka_unit_test(text_of_the_limit_is_taken_and_one_more_is_not),
		cmocka_unit_test(unknown_fields_are_named_in_print_characters),
		cmocka_unit_test(birth_keeps_its_precision),
		cmocka_unit_test(sex_may_be_written_as_on_the_card),
		cmocka_unit_test(composed_and_decomposed_rows_are_equal),
		cmocka_unit_test(committed_people_use_every_vietnamese_letter),
		cmocka_unit_test(committed_people_are_fictional_and_distinct),
		cmocka_unit_test(committed_people_have_a_machine_readable_zone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
