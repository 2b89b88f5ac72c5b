/* SPDX-License-Identifier: Apache-2.0 */
#include "card/lds/dg1.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define CARD "IDVNM0900000007001090000000<<89002155M3002153VNM<<<<<<<<<<<2NGUYEN<<VAN<DUC<<<<<<<<<<<<<<<"

static struct buf card_file(void)
{
	struct buf file = { 0 };

	assert_int_equal(dg1_encode(CARD, &file, NULL).code, CC_OK);
	return file;
}

/* cccd-card.md 2: 61 5D 5F1F 5A and the 90 characters. */
static void card_is_wrapped_exactly(void **state)
{
	struct buf file = card_file();
	struct mrz m;

	(void)state;
	assert_int_equal(file.n, 95);
	assert_memory_equal(file.p, "\x61\x5D\x5F\x1F\x5A" CARD, 95);
	assert_int_equal(dg1_parse(buf_view(&file), &m, NULL).code, CC_OK);
	assert_string_equal(m.text, CARD);
	assert_true(m.digits_good);
	buf_done(&file);
}

static void wrong_check_digits_are_not_written(void **state)
{
	char text[] = CARD;
	struct buf file = { 0 };
	struct cc_error err;

	(void)state;
	cc_error_init(&err);
	text[14] = '8';
	assert_int_equal(dg1_encode(text, &file, &err).code, CC_E_ARG);
	assert_string_equal(err.key, "dg1.mrz");
	assert_null(file.p);
	assert_int_equal(dg1_encode("IDVNM", &file, NULL).code, CC_E_ARG);
}

static void reads_wrong_check_digits_as_a_verdict(void **state)
{
	struct buf file = card_file();
	struct mrz m;

	(void)state;
	file.p[5 + 14] = '8';
	assert_int_equal(dg1_parse(buf_view(&file), &m, NULL).code, CC_OK);
	assert_int_equal(m.digits[MRZ_DIGIT_DOCUMENT], MRZ_DIGIT_WRONG);
	assert_false(m.digits_good);
	buf_done(&file);
}

static void every_truncation_is_refused(void **state)
{
	struct buf file = card_file();
	struct mrz m;

	(void)state;
	for (size_t n = 0; n < file.n; n++)
		assert_int_equal(dg1_parse(bytes_of(file.p, n), &m, NULL).code, CC_E_FORMAT);
	buf_done(&file);
}

static void malformed_files_are_refused(void **state)
{
	static const char *const bad[] = {
		"\x62\x5D\x5F\x1F\x5A" CARD,		 /* outer tag */
		"\x61\x5D\x5F\x1E\x5A" CARD,		 /* inner tag */
		"\x61\x5D\x5F\x1F\x5A" CARD "<",	 /* a byte behind the file */
		"\x61\x5E\x5F\x1F\x5A" CARD "<",	 /* a byte behind the object */
		"\x61\x5E\x5F\x1F\x5B" CARD "<",	 /* 91 characters */
		"\x61\x5C\x5F\x1F\x59" CARD,		 /* 89 characters */
		"\x61\x81\x5D\x5F\x1F\x81\x5A" CARD "<", /* inner length lies */
	};
	struct mrz m;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(dg1_parse(bytes_str(bad[i]), &m, NULL).code, CC_E_FORMAT);
}

static void longer_length_forms_are_read(void **state)
{
	struct mrz m;

	(void)state;
	assert_int_equal(dg1_parse(BYTES_LITERAL("\x61\x81\x5E\x5F\x1F\x81\x5A" CARD), &m, NULL).code, CC_OK);
	assert_string_equal(m.text, CARD);
}

static void standard_and_others_samples_encode_to_the_same_bytes(void **state)
{
	static const char *const names[] = {
		"05_lds/icao_p10_samples_gmrtd/Dg1.bin", "05_lds/misc_pymrtd/DG1_TD1_icao_p10_A21.bin",
		"05_lds/misc_pymrtd/DG1_TD2.bin",	 "05_lds/misc_pymrtd/DG1_TD3_icao_p4_B.bin",
		"05_lds/bsi2008_jmrtd/Datagroup1.bin",	 "05_lds/etsi_eacaa_pymrtd/EF_DG1.bin"
	};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct buf file = { 0 }, again = { 0 };
		struct mrz m;

		if (!vectors_file(names[i], &file))
			skip();
		assert_int_equal(dg1_parse(buf_view(&file), &m, NULL).code, CC_OK);
		if (m.digits_good) {
			assert_int_equal(dg1_encode(m.text, &again, NULL).code, CC_OK);
			assert_true(bytes_equal(buf_view(&file), buf_view(&again)));
		} else {
			print_message("# %s: check digits wrong in the sample\n", names[i]);
		}
		buf_done(&again);
		buf_done(&file);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(card_is_wrapped_exactly),
		cmocka_unit_test(wrong_check_digits_are_not_written),
		cmocka_unit_test(reads_wrong_check_digits_as_a_verdict),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(malformed_files_are_refused),
		cmocka_unit_test(longer_length_forms_are_read),
		cmocka_unit_test(standard_and_others_samples_encode_to_the_same_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
