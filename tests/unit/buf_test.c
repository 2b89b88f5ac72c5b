/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/base/buf.h"

#include "tests/support/alloc_fault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

static void a_copy_is_its_own(void **state)
{
	uint8_t source[] = "secret";
	struct buf b = { 0 };

	(void)state;
	assert_int_equal(buf_copy(&b, bytes_of(source, 6)).code, CC_OK);
	source[0] = 'X';
	assert_true(bytes_equal(buf_view(&b), bytes_str("secret")));
	/* A buffer may be copied onto itself: the old content is freed last. */
	assert_int_equal(buf_copy(&b, buf_view(&b)).code, CC_OK);
	assert_true(bytes_equal(buf_view(&b), bytes_str("secret")));
	assert_int_equal(buf_zero(&b, 3).code, CC_OK);
	assert_true(bytes_equal(buf_view(&b), BYTES_LITERAL("\0\0\0")));
	buf_done(&b);
	assert_null(b.p);
	assert_int_equal(b.n, 0);
	buf_done(&b);
}

static void a_move_empties_its_source(void **state)
{
	struct buf a = { 0 }, b = { 0 };

	(void)state;
	assert_int_equal(buf_copy(&a, bytes_str("old")).code, CC_OK);
	assert_int_equal(buf_copy(&b, bytes_str("new")).code, CC_OK);
	buf_move(&a, &b);
	assert_true(bytes_equal(buf_view(&a), bytes_str("new")));
	assert_null(b.p);
	buf_done(&a);
}

static void numbers_are_written_big_endian(void **state)
{
	struct writer w;
	struct buf out = { 0 };

	(void)state;
	writer_init(&w, 100);
	writer_u8(&w, 0x01);
	writer_u16(&w, 0x0203);
	writer_u24(&w, 0x040506);
	writer_u32(&w, 0x0708090A);
	writer_u64(&w, UINT64_C(0x0B0C0D0E0F101112));
	writer_fill(&w, 0xEE, 2);
	writer_str(&w, "ab");
	assert_true(writer_printf(&w, "%03d", 7));
	writer_put(&w, bytes_of(NULL, 0));
	assert_int_equal(writer_finish(&w, &out).code, CC_OK);
	assert_true(bytes_equal(buf_view(&out), BYTES_LITERAL("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0A\x0B\x0C\x0D\x0E\x0F"
							      "\x10\x11\x12\xEE\xEE"
							      "ab007")));
	buf_done(&out);
}

static void the_limit_is_exact(void **state)
{
	struct writer w;
	struct buf out = { 0 };

	(void)state;
	for (size_t limit = 0; limit < 200; limit++) {
		writer_init(&w, limit);
		writer_fill(&w, 0xAA, limit);
		assert_int_equal(writer_finish(&w, &out).code, CC_OK);
		assert_int_equal(out.n, limit);
		writer_init(&w, limit);
		for (size_t i = 0; i <= limit; i++)
			writer_u8(&w, 0xAA);
		assert_int_equal(w.failed, CC_E_LIMIT);
		assert_int_equal(writer_finish(&w, &out).code, CC_E_LIMIT);
		assert_int_equal(out.n, limit);
	}
	buf_done(&out);
}

static void a_sum_past_the_largest_size_is_over_the_limit(void **state)
{
	struct writer w;

	(void)state;
	writer_init(&w, SIZE_MAX);
	writer_u8(&w, 1);
	writer_put(&w, bytes_of("x", SIZE_MAX));
	assert_int_equal(w.failed, CC_E_LIMIT);
	writer_done(&w);
}

static void the_first_failure_stays(void **state)
{
	struct writer w;
	struct buf out = { 0 };

	(void)state;
	writer_init(&w, 4);
	writer_str(&w, "ab");
	writer_fail(&w, CC_E_FORMAT);
	writer_str(&w, "too long for it");
	assert_int_equal(w.failed, CC_E_FORMAT);
	assert_int_equal(writer_view(&w).n, 2);
	assert_false(writer_printf(&w, "x"));
	assert_int_equal(writer_finish(&w, &out).code, CC_E_FORMAT);
	assert_null(out.p);
	writer_done(&w);
}

static void formatted_text_counts_without_its_nul(void **state)
{
	struct writer w;

	(void)state;
	writer_init(&w, 8);
	assert_true(writer_printf(&w, "%s", "1234567"));
	assert_int_equal(writer_view(&w).n, 7);
	assert_true(bytes_equal(writer_view(&w), bytes_str("1234567")));
	assert_false(writer_printf(&w, "%s", "12"));
	assert_int_equal(w.failed, CC_E_LIMIT);
	writer_done(&w);
}

static cc_status fill(struct buf *ret)
{
	struct writer w;

	writer_init(&w, 10000);
	for (unsigned i = 0; i < 1000; i++)
		writer_u32(&w, i);
	return writer_finish(&w, ret);
}

static void out_of_memory_at_any_growth_is_reported(void **state)
{
	size_t failures = 0;

	(void)state;
	for (size_t k = 1; alloc_fault_next(&k);) {
		struct buf out = { 0 };
		cc_status st = fill(&out);

		if (alloc_fault_end()) {
			assert_int_equal(st.code, CC_E_MEMORY);
			assert_null(out.p);
			failures++;
		} else {
			assert_int_equal(st.code, CC_OK);
			assert_int_equal(out.n, 4000);
		}
		buf_done(&out);
	}
	/* 64, 128 ... 4096 bytes and the copy that leaves. */
	assert_int_equal(failures, 8);
}

static void a_failed_copy_leaves_the_old_content(void **state)
{
	struct buf b = { 0 };
	size_t k = 1;

	(void)state;
	assert_int_equal(buf_copy(&b, bytes_str("old")).code, CC_OK);
	assert_true(alloc_fault_next(&k));
	assert_int_equal(buf_copy(&b, bytes_str("new")).code, CC_E_MEMORY);
	assert_true(alloc_fault_end());
	assert_true(bytes_equal(buf_view(&b), bytes_str("old")));
	buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_copy_is_its_own),
		cmocka_unit_test(a_move_empties_its_source),
		cmocka_unit_test(numbers_are_written_big_endian),
		cmocka_unit_test(the_limit_is_exact),
		cmocka_unit_test(a_sum_past_the_largest_size_is_over_the_limit),
		cmocka_unit_test(the_first_failure_stays),
		cmocka_unit_test(formatted_text_counts_without_its_nul),
		cmocka_unit_test(out_of_memory_at_any_growth_is_reported),
		cmocka_unit_test(a_failed_copy_leaves_the_old_content),
	};

	return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
