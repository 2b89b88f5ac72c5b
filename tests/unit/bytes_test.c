/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/base/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

static const uint8_t numbers[] = { 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09,
				   0x0A, 0x0B, 0x0C, 0x0D, 0x0E, 0x0F, 0x10, 0x11, 0x12 };

static void views_compare_by_content_and_length(void **state)
{
	(void)state;
	assert_true(bytes_equal(bytes_str("abc"), BYTES_LITERAL("abc")));
	assert_false(bytes_equal(bytes_str("abc"), bytes_str("abd")));
	assert_false(bytes_equal(bytes_str("abc"), bytes_str("ab")));
	assert_true(bytes_equal(bytes_of(NULL, 0), bytes_str("")));
	assert_true(bytes_compare(bytes_str("ab"), bytes_str("abc")) < 0);
	assert_true(bytes_compare(bytes_str("b"), bytes_str("abc")) > 0);
	assert_int_equal(bytes_compare(bytes_str("abc"), bytes_str("abc")), 0);
	assert_int_equal(bytes_compare(bytes_of(NULL, 0), bytes_of(NULL, 0)), 0);
	/* Bytes, not signed chars. */
	assert_true(bytes_compare(BYTES_LITERAL("\xFF"), BYTES_LITERAL("\x01")) > 0);
	assert_true(bytes_starts_with(bytes_str("abc"), bytes_str("ab")));
	assert_true(bytes_starts_with(bytes_str("abc"), bytes_of(NULL, 0)));
	assert_false(bytes_starts_with(bytes_str("ab"), bytes_str("abc")));
}

static void hex_goes_both_ways(void **state)
{
	uint8_t out[4];
	char text[9];
	size_t n = 99;

	(void)state;
	bytes_to_hex(BYTES_LITERAL("\x00\x9A\xFF\x10"), text);
	assert_string_equal(text, "009AFF10");
	assert_true(bytes_from_hex("00 9a\nFF\t10 \r", out, sizeof out, &n));
	assert_int_equal(n, 4);
	assert_memory_equal(out, "\x00\x9A\xFF\x10", 4);
	assert_true(bytes_from_hex("", out, sizeof out, &n));
	assert_int_equal(n, 0);
}

static void hex_refuses_what_is_not_hex(void **state)
{
	static const char *const wrong[] = { "0", "0g", "g0", "00 0", "0 0", "000000000000", "00-11", "\xC4\x91" };
	uint8_t out[4];
	size_t n = 7;

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_false(bytes_from_hex(wrong[i], out, sizeof out, &n));
	assert_int_equal(n, 7);
}

static void numbers_are_big_endian_and_in_order(void **state)
{
	struct cursor in;
	uint8_t a;
	uint16_t b;
	uint32_t c, d;
	uint64_t e;

	(void)state;
	cursor_init(&in, bytes_of(numbers, sizeof numbers));
	assert_true(cursor_u8(&in, &a));
	assert_true(cursor_u16(&in, &b));
	assert_true(cursor_u24(&in, &c));
	assert_true(cursor_u32(&in, &d));
	assert_true(cursor_u64(&in, &e));
	assert_int_equal(a, 0x01);
	assert_int_equal(b, 0x0203);
	assert_int_equal(c, 0x040506);
	assert_int_equal(d, 0x0708090A);
	assert_true(e == UINT64_C(0x0B0C0D0E0F101112));
	assert_int_equal(cursor_end(&in).code, CC_OK);
}

/* Every read of 1 to 8 bytes from every length: good when it fits, else latched, with the output untouched. */
static void a_read_past_the_end_latches(void **state)
{
	(void)state;
	for (size_t have = 0; have < 8; have++) {
		struct cursor in;
		uint64_t v = 77;
		uint8_t b = 55;
		struct bytes view = { NULL, 66 };

		cursor_init(&in, bytes_of(numbers, have));
		assert_false(cursor_u64(&in, &v));
		assert_true(v == 77);
		assert_true(in.failed);
		assert_int_equal(cursor_left(&in), 0);
		assert_false(cursor_u8(&in, &b));
		assert_int_equal(b, 55);
		assert_false(cursor_take(&in, 0, &view));
		assert_false(cursor_take_back(&in, 0, &view));
		assert_false(cursor_until(&in, 1, &view));
		assert_false(cursor_peek(&in, &b));
		assert_int_equal(view.n, 66);
		assert_int_equal(cursor_rest(&in).n, 0);
		assert_int_equal(cursor_end(&in).code, CC_E_FORMAT);
	}
}

static void each_width_needs_its_bytes(void **state)
{
	(void)state;
	for (size_t have = 0; have <= 8; have++) {
		struct cursor in[5];
		uint8_t a = 0;
		uint16_t b = 0;
		uint32_t c = 0, d = 0;
		uint64_t e = 0;

		for (size_t i = 0; i < 5; i++)
			cursor_init(&in[i], bytes_of(numbers, have));
		assert_int_equal(cursor_u8(&in[0], &a), have >= 1);
		assert_int_equal(cursor_u16(&in[1], &b), have >= 2);
		assert_int_equal(cursor_u24(&in[2], &c), have >= 3);
		assert_int_equal(cursor_u32(&in[3], &d), have >= 4);
		assert_int_equal(cursor_u64(&in[4], &e), have >= 8);
	}
}

static void a_huge_length_does_not_wrap(void **state)
{
	struct cursor in;
	struct bytes view;
	uint8_t out[1];

	(void)state;
	cursor_init(&in, bytes_of(numbers, 4));
	assert_true(cursor_skip(&in, 2));
	assert_false(cursor_take(&in, SIZE_MAX, &view));
	cursor_init(&in, bytes_of(numbers, 4));
	assert_true(cursor_skip(&in, 2));
	assert_false(cursor_take_back(&in, SIZE_MAX - 1, &view));
	cursor_init(&in, bytes_of(numbers, 4));
	assert_false(cursor_copy(&in, out, SIZE_MAX));
}

static void pieces_come_from_both_ends(void **state)
{
	struct cursor in;
	struct bytes front, back;
	uint8_t next, copied[2];

	(void)state;
	cursor_init(&in, bytes_of(numbers, 10));
	assert_true(cursor_take(&in, 3, &front));
	assert_true(cursor_take_back(&in, 2, &back));
	assert_true(bytes_equal(front, bytes_of(numbers, 3)));
	assert_true(bytes_equal(back, BYTES_LITERAL("\x09\x0A")));
	assert_true(cursor_peek(&in, &next));
	assert_int_equal(next, 4);
	assert_true(cursor_copy(&in, copied, 2));
	assert_memory_equal(copied, "\x04\x05", 2);
	assert_int_equal(cursor_left(&in), 3);
	assert_true(bytes_equal(cursor_rest(&in), BYTES_LITERAL("\x06\x07\x08")));
	assert_int_equal(cursor_end(&in).code, CC_OK);
}

static void one_byte_left_is_an_error_at_the_end(void **state)
{
	struct cursor in;

	(void)state;
	cursor_init(&in, bytes_of(numbers, 2));
	assert_true(cursor_skip(&in, 1));
	assert_int_equal(cursor_end(&in).code, CC_E_FORMAT);
	assert_true(cursor_skip(&in, 1));
	assert_int_equal(cursor_end(&in).code, CC_OK);
}

static void until_splits_fields(void **state)
{
	struct cursor in;
	struct bytes field;

	(void)state;
	cursor_init(&in, bytes_str("an<<binh"));
	assert_true(cursor_until(&in, '<', &field));
	assert_true(bytes_equal(field, bytes_str("an")));
	assert_true(cursor_until(&in, '<', &field));
	assert_int_equal(field.n, 0);
	assert_true(cursor_until(&in, '<', &field));
	assert_true(bytes_equal(field, bytes_str("binh")));
	assert_false(cursor_until(&in, '<', &field));
	assert_int_equal(cursor_end(&in).code, CC_E_FORMAT);
}

static void until_leaves_nothing_after_a_last_stop(void **state)
{
	struct cursor in;
	struct bytes field;

	(void)state;
	cursor_init(&in, bytes_str("an<"));
	assert_true(cursor_until(&in, '<', &field));
	assert_int_equal(cursor_end(&in).code, CC_OK);
}

static void a_nested_cursor_counts_its_depth(void **state)
{
	struct cursor in, child;

	(void)state;
	cursor_init(&in, bytes_of(numbers, 4));
	cursor_nest(&child, &in, bytes_of(numbers, 2));
	assert_int_equal(child.depth, 1);
	assert_int_equal(cursor_left(&child), 2);
	assert_false(cursor_fail(&child));
	assert_false(in.failed);
}

static void the_empty_view_is_read_without_an_address(void **state)
{
	struct cursor in;
	struct bytes view;

	(void)state;
	cursor_init(&in, bytes_of(NULL, 0));
	assert_true(cursor_take(&in, 0, &view));
	assert_true(cursor_take_back(&in, 0, &view));
	assert_true(cursor_copy(&in, NULL, 0));
	assert_int_equal(cursor_rest(&in).n, 0);
	assert_int_equal(cursor_end(&in).code, CC_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(views_compare_by_content_and_length),
		cmocka_unit_test(hex_goes_both_ways),
		cmocka_unit_test(hex_refuses_what_is_not_hex),
		cmocka_unit_test(numbers_are_big_endian_and_in_order),
		cmocka_unit_test(a_read_past_the_end_latches),
		cmocka_unit_test(each_width_needs_its_bytes),
		cmocka_unit_test(a_huge_length_does_not_wrap),
		cmocka_unit_test(pieces_come_from_both_ends),
		cmocka_unit_test(one_byte_left_is_an_error_at_the_end),
		cmocka_unit_test(until_splits_fields),
		cmocka_unit_test(until_leaves_nothing_after_a_last_stop),
		cmocka_unit_test(a_nested_cursor_counts_its_depth),
		cmocka_unit_test(the_empty_view_is_read_without_an_address),
	};

	return cmocka_run_group_tests_name("bytes", tests, NULL, NULL);
}
