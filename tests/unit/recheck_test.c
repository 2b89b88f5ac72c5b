/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "station/message.h"
#include "station/registry/person.h"
#include "station/registry/recheck.h"

#include <string.h>

#define assert_ok(call) assert_int_equal((call).code, CC_OK)

static struct recheck_report r;
static struct cc_error err;

static void what_came_back_is_counted(void **state)
{
	(void)state;
	assert_ok(recheck_read(BYTES_LITERAL("number,full_name,sai\n"
					     "\"001090000000\",\"Lê \"\"Ba\"\"\",\n"
					     "001190000000,An,x\n"
					     "079090000000,Bình,quê quán; cha\n"
					     "079190000000,Cao, \n"
					     "079290000000,Dung,Quê quán\n"),
			       &r, &err));
	assert_true(r.people == 5 && r.wrong == 3);
	assert_true(r.provinces[1].people == 2 && r.provinces[1].wrong == 1);
	assert_true(r.provinces[79].people == 3 && r.provinces[79].wrong == 2);
	assert_int_equal(r.field_count, 2);
	assert_string_equal(r.fields[0].name, "origin");
	assert_int_equal(r.fields[0].wrong, 2);
	assert_string_equal(r.fields[1].name, "father");
}

/* As a spreadsheet gives it back: a mark in front, semicolons, CR LF, no zeros before a number, columns moved. */
static void a_spreadsheet_may_have_had_it(void **state)
{
	(void)state;
	assert_ok(recheck_read(
		BYTES_LITERAL("\xEF\xBB\xBFWRONG;Số định danh;full_name\r\n;1090000000;An\r\nx;79090000000;Bình\r\n\r\n"), &r,
		&err));
	assert_true(r.people == 2 && r.wrong == 1);
	assert_true(r.provinces[1].people == 1 && r.provinces[79].wrong == 1);
	assert_ok(recheck_read(BYTES_LITERAL("number,wrong\n004090000000,x"), &r, &err));
	assert_int_equal(r.provinces[4].wrong, 1);
}

static void what_is_no_sample_is_refused(void **state)
{
	static const struct {
		const char *file, *key;
	} cases[] = {
		{ "", "recheck.heading" },
		{ "number,full_name\n", "recheck.heading" },
		{ "sai\n", "recheck.heading" },
		{ "number,\"sai\n", "recheck.heading" },
		{ "number,sai\n001090000000\n", "recheck.row" },
		{ "number,sai\n001090000000,x,y\n", "recheck.row" },
		{ "number,sai\n1.09E+09,x\n", "recheck.row" },
		{ "number,sai\n00109000,x\n", "recheck.row" },
		{ "number,sai\n0010900000000,x\n", "recheck.row" },
		{ "number,sai\n,x\n", "recheck.row" },
		{ "number,sai\n001090000000,\"x\n", "recheck.row" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		cc_error_init(&err);
		assert_int_equal(recheck_read(bytes_str(cases[i].file), &r, &err).code, CC_E_FORMAT);
		assert_string_equal(err.key, cases[i].key);
		assert_string_equal(message_find(err.key)->key, err.key);
	}
}

/* A row as long as a person's record may be, and one byte more. */
static void a_row_has_room_for_a_record_and_no_more(void **state)
{
	static char file[PERSON_ROW_MAX + 64];
	static const char heading[] = "number,sai\n001090000000,";

	(void)state;
	for (size_t more = 0; more < 2; more++) {
		size_t row = PERSON_ROW_MAX - 1 + more, n = strlen("number,sai\n") + row;

		memset(file, 'x', sizeof file);
		memcpy(file, heading, strlen(heading));
		cc_error_init(&err);
		assert_int_equal(recheck_read(bytes_of((const uint8_t *)file, n), &r, &err).code,
				 more == 0 ? CC_OK : CC_E_FORMAT);
	}
	assert_string_equal(err.key, "recheck.row");
}

/* Wilson's interval for 0 of 20, 1 of 100, 5 of 1,000 (computed apart). */
static void a_small_sample_says_little(void **state)
{
	(void)state;
	assert_int_equal(recheck_at_most(0, 0), 1000);
	assert_int_equal(recheck_at_most(20, 0), 162);
	assert_int_equal(recheck_at_most(100, 1), 55);
	assert_int_equal(recheck_at_most(1000, 5), 12);
	assert_int_equal(recheck_at_most(20, 20), 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_came_back_is_counted),	cmocka_unit_test(a_spreadsheet_may_have_had_it),
		cmocka_unit_test(what_is_no_sample_is_refused), cmocka_unit_test(a_row_has_room_for_a_record_and_no_more),
		cmocka_unit_test(a_small_sample_says_little),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
