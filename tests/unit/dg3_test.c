/* SPDX-License-Identifier: Apache-2.0 */
#include "card/lds/dg3.h"

#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t right_index = 0x09, left_index = 0x0A;

static struct buf encoded(const struct dg3 *d)
{
	struct buf out = { 0 };

	assert_int_equal(dg3_encode(d, 4096, &out, NULL).code, CC_OK);
	return out;
}

static struct dg3 two_fingers(void)
{
	struct dg3 d = { .count = 2 };

	d.items[0] = dg3_template_finger(&right_index, BYTES_LITERAL("\x01"));
	d.items[1] = dg3_template_finger(&left_index, BYTES_LITERAL("\x02\x03"));
	return d;
}

static void the_bytes_are_those_of_doc_9303(void **state)
{
	struct dg3 d = two_fingers(), back;
	struct buf out = encoded(&d);

	(void)state;
	assert_true(vectors_is_hex(buf_view(&out), "633D7F613A020102"
						   "7F6018A1128002010181010882010987020101880200075F2E0101"
						   "7F6019A1128002010181010882010A87020101880200075F2E020203"));
	assert_int_equal(dg3_parse(buf_view(&out), &back, NULL).code, CC_OK);
	assert_int_equal(back.count, 2);
	assert_int_equal(back.items[1].header.subtype.p[0], left_index);
	assert_int_equal(back.items[1].record.n, 2);
	buf_done(&out);
}

/* Without the filler every such document would have the same hash, and the EF.SOD would tell. */
static void nobodys_fingers_need_random_filler(void **state)
{
	struct dg3 d = { .filler = BYTES_LITERAL("12345678") }, back;
	struct buf out = encoded(&d), refused = { 0 };

	(void)state;
	assert_true(vectors_is_hex(buf_view(&out), "6310"
						   "7F6103020100"
						   "53083132333435363738"));
	assert_int_equal(dg3_parse(buf_view(&out), &back, NULL).code, CC_OK);
	assert_int_equal(back.count, 0);
	assert_int_equal(back.filler.n, 8);
	d.filler.n = 7;
	assert_int_equal(dg3_encode(&d, 4096, &refused, NULL).code, CC_E_ARG);
	d = two_fingers();
	d.filler = BYTES_LITERAL("12345678");
	assert_int_equal(dg3_encode(&d, 4096, &refused, NULL).code, CC_E_ARG);
	assert_null(refused.p);
	buf_done(&out);
}

static void broken_files_are_refused(void **state)
{
	struct dg3 d = two_fingers(), back = { .count = 99 };
	struct buf out = encoded(&d), longer = { 0 };

	(void)state;
	for (size_t n = 0; n < out.n; n++)
		assert_int_equal(dg3_parse(bytes_of(out.p, n), &back, NULL).code, CC_E_FORMAT);
	assert_int_equal(buf_zero(&longer, out.n + 1).code, CC_OK);
	memcpy(longer.p, out.p, out.n);
	assert_int_equal(dg3_parse(buf_view(&longer), &back, NULL).code, CC_E_FORMAT);
	out.p[0] = 0x75;
	assert_int_equal(dg3_parse(buf_view(&out), &back, NULL).code, CC_E_FORMAT);
	out.p[0] = 0x63;
	out.p[7] = 1;
	assert_int_equal(dg3_parse(buf_view(&out), &back, NULL).code, CC_E_FORMAT);
	assert_int_equal(back.count, 99);
	buf_done(&out);
	buf_done(&longer);
}

static void the_limit_is_kept(void **state)
{
	struct dg3 d = two_fingers();
	struct buf out = { 0 };
	struct cc_error err;

	(void)state;
	cc_error_init(&err);
	assert_int_equal(dg3_encode(&d, 63, &out, NULL).code, CC_OK);
	assert_int_equal(out.n, 63);
	buf_done(&out);
	assert_int_equal(dg3_encode(&d, 62, &out, &err).code, CC_E_LIMIT);
	assert_string_equal(err.key, "dg3.too-large");
}

static void a_test_cards_file_comes_back_byte_for_byte(void **state)
{
	struct buf file = { 0 }, again = { 0 };
	struct dg3 d;

	(void)state;
	if (!vectors_file("05_lds/bsi2008_jmrtd/Datagroup3.bin", &file))
		skip();
	assert_int_equal(dg3_parse(buf_view(&file), &d, NULL).code, CC_OK);
	assert_int_equal(d.count, 2);
	assert_int_equal(dg3_encode(&d, file.n, &again, NULL).code, CC_OK);
	assert_true(bytes_equal(buf_view(&file), buf_view(&again)));
	buf_done(&file);
	buf_done(&again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_bytes_are_those_of_doc_9303),
		cmocka_unit_test(nobodys_fingers_need_random_filler),
		cmocka_unit_test(broken_files_are_refused),
		cmocka_unit_test(the_limit_is_kept),
		cmocka_unit_test(a_test_cards_file_comes_back_byte_for_byte),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
