/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/base/utf8.h"

#include <stdio.h>

#define POINTS 0x110000u

/* RFC 3629 3, the table. */
static size_t encode(uint32_t c, uint8_t out[4])
{
	if (c < 0x80) {
		out[0] = (uint8_t)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (uint8_t)(0xC0 | c >> 6);
		out[1] = (uint8_t)(0x80 | (c & 0x3F));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (uint8_t)(0xE0 | c >> 12);
		out[1] = (uint8_t)(0x80 | (c >> 6 & 0x3F));
		out[2] = (uint8_t)(0x80 | (c & 0x3F));
		return 3;
	}
	out[0] = (uint8_t)(0xF0 | c >> 18);
	out[1] = (uint8_t)(0x80 | (c >> 12 & 0x3F));
	out[2] = (uint8_t)(0x80 | (c >> 6 & 0x3F));
	out[3] = (uint8_t)(0x80 | (c & 0x3F));
	return 4;
}

static bool reads(struct bytes text, uint32_t *ret)
{
	struct cursor in;

	cursor_init(&in, text);
	return utf8_next(&in, ret) && !cc_failed(cursor_end(&in));
}

static void each_character_is_read_and_no_surrogate(void **state)
{
	uint8_t text[5] = { 0 };
	uint32_t c = 0;

	(void)state;
	for (uint32_t point = 0; point < POINTS; point++) {
		size_t n = encode(point, text);

		if (reads(bytes_of(text, n), &c) != (point < 0xD800 || point > 0xDFFF))
			fail_msg("U+%04X", point);
		if ((point < 0xD800 || point > 0xDFFF) && c != point)
			fail_msg("U+%04X read as U+%04X", point, c);
		/* one byte less, and one more */
		if (n > 1 && reads(bytes_of(text, n - 1), &c))
			fail_msg("U+%04X, cut", point);
		text[n] = 'a';
		if (reads(bytes_of(text, n + 1), &c))
			fail_msg("U+%04X, one byte more", point);
	}
	print_message("# count: %u code points\n", POINTS);
}

/* Of all that one to three bytes can say, exactly the characters up to U+FFFF are read. */
static void nothing_else_is_read(void **state)
{
	unsigned good[4] = { 0 };
	uint32_t c;

	(void)state;
	for (uint32_t v = 0; v < 1u << 24; v++) {
		const uint8_t text[3] = { (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v };

		good[3] += reads(bytes_of(text, 3), &c);
		if ((v & 0xFF) == 0)
			good[2] += reads(bytes_of(text, 2), &c);
		if ((v & 0xFFFF) == 0)
			good[1] += reads(bytes_of(text, 1), &c);
	}
	assert_int_equal(good[1], 0x80);
	assert_int_equal(good[2], 0x800 - 0x80);
	assert_int_equal(good[3], 0x10000 - 0x800 - 0x800);
}

static void what_is_no_shortest_form_or_too_high_latches(void **state)
{
	static const struct bytes bad[] = {
		{ NULL, 0 },
		{ (const uint8_t *)"\xF0\x8F\xBF\xBF", 4 },	/* U+FFFF in four */
		{ (const uint8_t *)"\xF4\x90\x80\x80", 4 },	/* U+110000 */
		{ (const uint8_t *)"\xF5\x80\x80\x80", 4 },	/* no such first byte */
		{ (const uint8_t *)"\xF8\x88\x80\x80\x80", 5 }, /* RFC 2279 had five */
	};
	struct cursor in;
	uint32_t c = 1;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		cursor_init(&in, bad[i]);
		assert_false(utf8_next(&in, &c));
		assert_true(cc_failed(cursor_end(&in)));
		assert_int_equal(c, 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_character_is_read_and_no_surrogate),
		cmocka_unit_test(nothing_else_is_read),
		cmocka_unit_test(what_is_no_shortest_form_or_too_high_latches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
