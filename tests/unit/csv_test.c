/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "station/registry/csv.h"
#include "station/registry/person.h"

#include <stdlib.h>
#include <string.h>

static size_t part(const char *text, char separator, struct bytes fields[CSV_FIELDS_MAX], char **own, size_t *column)
{
	size_t n = strlen(text), count = 0;

	*own = malloc(n + 1);
	memcpy(*own, text, n + 1);
	return csv_part(*own, n, separator, fields, &count, column) ? count : 0;
}

static void assert_fields(const char *text, char separator, size_t count, const char *const *want)
{
	struct bytes fields[CSV_FIELDS_MAX];
	size_t column = 0;
	char *own;

	assert_int_equal(part(text, separator, fields, &own, &column), count);
	for (size_t i = 0; i < count; i++)
		assert_true(bytes_equal(fields[i], bytes_str(want[i])));
	free(own);
}

static void fields_are_parted_and_unquoted(void **state)
{
	(void)state;
	assert_fields("a,b,c", ',', 3, (const char *[]){ "a", "b", "c" });
	assert_fields("", ',', 1, (const char *[]){ "" });
	assert_fields(",", ',', 2, (const char *[]){ "", "" });
	assert_fields("\"a,b\";c", ';', 2, (const char *[]){ "a,b", "c" });
	assert_fields("\"say \"\"so\"\"\",\"\"", ',', 2, (const char *[]){ "say \"so\"", "" });
	assert_fields("\"two\nlines\",x", ',', 2, (const char *[]){ "two\nlines", "x" });
}

static void misplaced_quotes_are_told(void **state)
{
	struct bytes fields[CSV_FIELDS_MAX];
	size_t column = 0;
	char *own;

	(void)state;
	assert_int_equal(part("a,b\"c", ',', fields, &own, &column), 0);
	assert_int_equal(column, 4);
	free(own);
	assert_int_equal(part("\"a\"b,c", ',', fields, &own, &column), 0);
	assert_int_equal(column, 4);
	free(own);
	assert_int_equal(part("a,\"open", ',', fields, &own, &column), 0);
	assert_int_equal(column, 3);
	free(own);
}

static void more_fields_than_a_row_may_have_are_refused(void **state)
{
	struct bytes fields[CSV_FIELDS_MAX];
	char text[2 * CSV_FIELDS_MAX + 8];
	size_t count = 0, column = 0;

	(void)state;
	memset(text, ',', sizeof text);
	assert_true(csv_part(text, CSV_FIELDS_MAX - 1, ',', fields, &count, &column));
	assert_int_equal(count, CSV_FIELDS_MAX);
	assert_false(csv_part(text, CSV_FIELDS_MAX, ',', fields, &count, &column));
}

static void separator_and_open_quotes_are_seen(void **state)
{
	(void)state;
	assert_int_equal(csv_separator(BYTES_LITERAL("a;b;c,d")), ';');
	assert_int_equal(csv_separator(BYTES_LITERAL("\"a;b;c\",d")), ',');
	assert_int_equal(csv_separator(BYTES_LITERAL("a\tb")), '\t');
	assert_int_equal(csv_separator(BYTES_LITERAL("alone")), ',');
	assert_true(csv_is_open(BYTES_LITERAL("a,\"b"), ','));
	assert_false(csv_is_open(BYTES_LITERAL("a,\"b\"\"c\""), 0));
	assert_true(csv_is_open(BYTES_LITERAL("\"b\"\"c"), 0));
	/* A quote inside a field that has none at its start opens nothing. */
	assert_false(csv_is_open(BYTES_LITERAL("a,b\"c"), ','));
}

static void headings_are_names_or_labels(void **state)
{
	(void)state;
	assert_string_equal(person_field_of_heading(BYTES_LITERAL("full_name")), "full_name");
	assert_string_equal(person_field_of_heading(BYTES_LITERAL("Họ và tên")), "full_name");
	assert_string_equal(person_field_of_heading(BYTES_LITERAL(" SỐ ĐỊNH DANH CÁ NHÂN ")), "number");
	assert_string_equal(person_field_of_heading(BYTES_LITERAL("Ngày, tháng, năm sinh")), "birth_date");
	assert_null(person_field_of_heading(BYTES_LITERAL("Ghi chú")));
	assert_null(person_field_of_heading(BYTES_LITERAL("")));
}

static void dates_may_be_written_as_on_the_card(void **state)
{
	struct person_field f[] = { { "number", BYTES_LITERAL("001090000000") },
				    { "full_name", BYTES_LITERAL("An") },
				    { "sex", BYTES_LITERAL("Nam") },
				    { "nationality", BYTES_LITERAL("Việt Nam") },
				    { "birth_date", BYTES_LITERAL("15/02/1990") } };
	struct row_fault fault = { 0 };
	struct person p;

	(void)state;
	assert_int_equal(person_from_fields(f, 5, &p, NULL, &fault).code, CC_OK);
	assert_int_equal(p.birth.day, 15);
	assert_int_equal(p.birth.month, 2);
	f[4].value = BYTES_LITERAL("30/02/1990");
	assert_int_equal(person_from_fields(f, 5, &p, NULL, &fault).code, CC_E_FORMAT);
	assert_string_equal(fault.field, "birth_date");
	assert_string_equal(fault.key, "import.date");
	f[4].value = BYTES_LITERAL("1/2/1990");
	assert_int_equal(person_from_fields(f, 5, &p, NULL, &fault).code, CC_E_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_are_parted_and_unquoted),
		cmocka_unit_test(misplaced_quotes_are_told),
		cmocka_unit_test(more_fields_than_a_row_may_have_are_refused),
		cmocka_unit_test(separator_and_open_quotes_are_seen),
		cmocka_unit_test(headings_are_names_or_labels),
		cmocka_unit_test(dates_may_be_written_as_on_the_card),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
