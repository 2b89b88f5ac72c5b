/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "station/whole_number.h"

static void digits_alone_within_the_limits_are_a_number(void **state)
{
	static const struct {
		const char *text;
		uint64_t low, high, value;
	} good[] = {
		{ "0", 0, 9, 0 },
		{ "9", 0, 9, 9 },
		{ "007", 1, 9, 7 },
		{ "18446744073709551615", 0, UINT64_MAX, UINT64_MAX },
		{ "000000000000000000000000000012", 1, 99, 12 },
	};
	static const struct {
		const char *text;
		uint64_t low, high;
	} bad[] = {
		{ "", 0, 9 },
		{ " 1", 0, 9 },
		{ "1 ", 0, 9 },
		{ "+1", 0, 9 },
		{ "-1", 0, UINT64_MAX },
		{ "0x1", 0, 99 },
		{ "1.0", 0, 99 },
		{ "0", 1, 9 },
		{ "10", 1, 9 },
		{ "18446744073709551616", 0, UINT64_MAX },
		{ "1\n", 0, 9 },
		{ "\xD9\xA1", 0, 9 },
		{ "1e3", 0, 9 },
		{ "1,0", 0, 99 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		uint64_t v = 77;

		assert_true(whole_number(good[i].text, good[i].low, good[i].high, &v));
		assert_true(v == good[i].value);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		uint64_t v = 77;

		assert_false(whole_number(bad[i].text, bad[i].low, bad[i].high, &v));
		assert_true(v == 77);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(digits_alone_within_the_limits_are_a_number) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
