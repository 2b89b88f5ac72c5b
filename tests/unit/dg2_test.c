/* SPDX-License-Identifier: Apache-2.0 */
#include "card/lds/dg2.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define LIMIT 65535

static void one_face_is_wrapped_by_the_standard(void **state)
{
	struct buf file = { 0 };
	struct buf want =
		vectors_from_hex("7525 7F6122 020101 7F601C A10F 80020101 810102 87020101 88020008 5F2E08 4641430030313000");
	struct dg2 d;

	(void)state;
	assert_int_equal(dg2_encode_face(BYTES_LITERAL("FAC\0"
						       "010\0"),
					 LIMIT, &file, NULL)
				 .code,
			 CC_OK);
	assert_int_equal(file.n, want.n);
	assert_memory_equal(file.p, want.p, want.n);
	assert_int_equal(dg2_parse(buf_view(&file), &d, NULL).code, CC_OK);
	assert_int_equal(d.count, 1);
	assert_int_equal(d.items[0].record_tag, 0x5F2E);
	assert_memory_equal(d.items[0].record.p, "FAC", 4);
	buf_done(&want);
	buf_done(&file);
}

static void limit_is_kept(void **state)
{
	struct buf file = { 0 }, record = { 0 };
	struct cc_error err;
	size_t full;

	(void)state;
	cc_error_init(&err);
	assert_int_equal(buf_zero(&record, 20000).code, CC_OK);
	assert_int_equal(dg2_encode_face(buf_view(&record), LIMIT, &file, NULL).code, CC_OK);
	full = file.n;
	assert_int_equal(dg2_encode_face(buf_view(&record), full, &file, NULL).code, CC_OK);
	assert_int_equal(dg2_encode_face(buf_view(&record), full - 1, &file, &err).code, CC_E_LIMIT);
	assert_string_equal(err.key, "dg2.too-large");
	assert_int_equal(dg2_encode_face(bytes_of(record.p, 0), LIMIT, &file, NULL).code, CC_E_ARG);
	buf_done(&record);
	buf_done(&file);
}

static void every_truncation_is_refused(void **state)
{
	struct buf file =
		vectors_from_hex("7524 7F6121 020101 7F601B A10F 80020101 810102 87020101 88020008 5F2E07 46414300303130");
	struct dg2 d;

	(void)state;
	assert_int_equal(dg2_parse(buf_view(&file), &d, NULL).code, CC_OK);
	for (size_t n = 0; n < file.n; n++)
		assert_int_equal(dg2_parse(bytes_of(file.p, n), &d, NULL).code, CC_E_FORMAT);
	buf_done(&file);
}

static void malformed_files_are_refused(void **state)
{
	static const char *const bad[] = {
		"6324 7F6121 020101 7F601B A10F 80020101 810102 87020101 88020008 5F2E07 46414300303130",    /* outer tag */
		"7524 7F6121 020102 7F601B A10F 80020101 810102 87020101 88020008 5F2E07 46414300303130",    /* count */
		"7524 7F6121 020100 7F601B A10F 80020101 810102 87020101 88020008 5F2E07 46414300303130",    /* none */
		"7524 7F6121 02010A 7F601B A10F 80020101 810102 87020101 88020008 5F2E07 46414300303130",    /* ten */
		"7524 7F6121 020101 7F611B A10F 80020101 810102 87020101 88020008 5F2E07 46414300303130",    /* template tag */
		"7524 7F6121 020101 7F601B A10F 80020101 810102 87020101 84020008 5F2E07 46414300303130",    /* no type */
		"7524 7F6121 020101 7F601B A10F 87020101 810102 87020101 88020008 5F2E07 46414300303130",    /* owner twice */
		"7524 7F6121 020101 7F601B A10F 80020101 810102 87020101 88020008 5F2D07 46414300303130",    /* record tag */
		"751D 7F611A 020101 7F6014 A10F 80020101 810102 87020101 88020008 5F2E00",		     /* empty record */
		"7525 7F6121 020101 7F601B A10F 80020101 810102 87020101 88020008 5F2E07 46414300303130 00", /* byte inside */
		"7524 7F6121 020101 7F601B A10F 80020101 810102 87020101 88020008 5F2E07 46414300303130 00", /* byte behind */
	};
	struct dg2 d;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct buf file = vectors_from_hex(bad[i]);

		if (!cc_failed(dg2_parse(buf_view(&file), &d, NULL)))
			fail_msg("case %zu parses", i);
		buf_done(&file);
	}
}

/* Published and collected files: parse, and the same bytes again. */
static void samples_encode_to_the_same_bytes(void **state)
{
	static const struct {
		const char *name;
		size_t record_len;
	} files[] = { { "05_lds/icao_p10_samples_gmrtd/Dg2.bin", 5145 }, { "05_lds/bsi2008_jmrtd/Datagroup2.bin", 15045 } };

	(void)state;
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		struct buf file = { 0 }, again = { 0 };
		struct dg2 d;

		if (!vectors_file(files[i].name, &file))
			skip();
		assert_int_equal(dg2_parse(buf_view(&file), &d, NULL).code, CC_OK);
		assert_int_equal(d.count, 1);
		assert_int_equal(d.items[0].record.n, files[i].record_len);
		assert_memory_equal(d.items[0].record.p,
				    "FAC\0"
				    "010",
				    8);
		assert_int_equal(dg2_encode(&d, LIMIT, &again, NULL).code, CC_OK);
		assert_true(bytes_equal(buf_view(&file), buf_view(&again)));
		buf_done(&again);
		buf_done(&file);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_face_is_wrapped_by_the_standard), cmocka_unit_test(limit_is_kept),
		cmocka_unit_test(every_truncation_is_refused),	       cmocka_unit_test(malformed_files_are_refused),
		cmocka_unit_test(samples_encode_to_the_same_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
