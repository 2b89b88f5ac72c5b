/* SPDX-License-Identifier: Apache-2.0 */
#include "card/lds/dg.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void judge(unsigned number, struct bytes file, bool want)
{
	struct buf again = { 0 };
	struct dg d;
	bool good = !cc_failed(dg_parse(number, file, &d, NULL));

	if (good != want)
		fail_msg("DG%u of %zu bytes %s", number, file.n, good ? "parses" : "is refused");
	if (good) {
		assert_int_equal(dg_encode(&d, &again).code, CC_OK);
		assert_true(bytes_equal(file, buf_view(&again)));
	}
	buf_done(&again);
}

/* ICAO 9303-10 App A and files of others: the same bytes again. */
static void samples_encode_to_the_same_bytes(void **state)
{
	static const struct {
		const char *name;
		unsigned number;
	} files[] = { { "05_lds/icao_p10_samples_gmrtd/Dg7.bin", 7 },	{ "05_lds/icao_p10_samples_gmrtd/Dg11.bin", 11 },
		      { "05_lds/icao_p10_samples_gmrtd/Dg12.bin", 12 }, { "05_lds/icao_p10_samples_gmrtd/Dg16.bin", 16 },
		      { "05_lds/tsemrtd_dgs/EF_DG5.bin", 5 },		{ "05_lds/tsemrtd_dgs/EF_DG7.bin", 7 },
		      { "05_lds/tsemrtd_dgs/EF_DG11.bin", 11 } };

	(void)state;
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		struct buf file = { 0 };

		if (!vectors_file(files[i].name, &file))
			skip();
		judge(files[i].number, buf_view(&file), true);
		buf_done(&file);
	}
}

/* Literals of other test suites; the wrong counters are negative cases there. */
static void reads_literals_of_others(void **state)
{
	static const struct {
		unsigned number;
		const char *hex;
		bool good;
	} cases[] = {
		{ 11, "6B305C065F0E5F2B5F115F0E0C546573743C3C5465737465725F2B0831393730313230315F110B4E6F727468616D70746F6E",
		  true },
		{ 11, "6B1B5C045F0E5F0F5F0E06E8B5B5E5BDAC5F0F095A48414F3C3C42494E", true },
		{ 11, "6B245C025F0FA01E0201025F0F0B534D4954483C3C4A4F484E5F0F0A4A4F484E3C534D495448", true },
		{ 11, "6B235C01A0A01E0201025F0F0B534D4954483C3C4A4F484E5F0F0A4A4F484E3C534D495448", true },
		{ 11, "6B125C025F0F5F0F0B534D4954483C3C4A4F484E", true },
		{ 11, "6B135C025F0FA00D020200025F0F06414141413C3C", false }, /* counter of two bytes */
		{ 11, "6B125C025F0FA00C0201005F0F06414141413C3C", false },
		{ 11, "6B125C025F0FA00C0201645F0F06414141413C3C", false },
		{ 11, "6B125C025F0FA00C0201025F0F06414141413C3C", false },
		{ 11, "6B0C5F0F09414141413C3C4242", false },	       /* no list */
		{ 11, "6B105C025F0E5F0F09414141413C3C424242", false }, /* listed, not there */
		{ 12, "6C1A5C045F265F195F260832303138303332365F1906544553544552", true },
		{ 12, "6C205C045F555F565F550E32303136313131353031333631325F56064E2D34393632", true },
		{ 16, "7011020102A1065F510341414141A2045F520131", false }, /* lengths lie */
		{ 16, "7011020102A1065F5103414141A2045F520131", true },
		{ 16, "7011020103A1065F5103414141A2045F520131", false },
		{ 16, "7011020102A1065F5103414141A3045F520131", false },
		{ 5, "650A0201015F40045A5A5A5A", true },
		{ 5, "650A0201015F43045A5A5A5A", false },
		{ 5, "650A0201025F40045A5A5A5A", false },
		{ 7, "670A0201015F43045A5A5A5A", true },
		{ 7, "670A0201025F43045A5A5A5A", false },
		{ 7, "670A0201015F44045A5A5A5A", false },
		{ 7, "6703020100", false },
		{ 7, "680A0201015F43045A5A5A5A", false },
		{ 7, "670A0201015F43045A5A5A5A00", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf file = vectors_from_hex(cases[i].hex);

		judge(cases[i].number, buf_view(&file), cases[i].good);
		buf_done(&file);
	}
}

static void every_truncation_is_refused(void **state)
{
	struct buf file = vectors_from_hex("6B245C025F0FA01E0201025F0F0B534D4954483C3C4A4F484E5F0F0A4A4F484E3C534D495448");

	(void)state;
	for (size_t n = 0; n < file.n; n++)
		judge(11, bytes_of(file.p, n), false);
	buf_done(&file);
}

static void number_of_elements_is_bounded(void **state)
{
	struct buf file = { 0 };
	struct dg d;

	(void)state;
	/* 5C 00 and elements 5F0E 00 */
	assert_int_equal(buf_zero(&file, 4 + 2 + 3 * DG_ELEMENTS_MAX).code, CC_OK);
	memcpy(file.p, "\x6B\x81\x92\x5C\x00", 5);
	file.p[2] = (uint8_t)(file.n - 3 - 1);
	for (size_t i = 0; i < DG_ELEMENTS_MAX; i++)
		memcpy(file.p + 5 + 3 * i, "\x5F\x0E", 3);
	assert_int_equal(dg_parse(11, bytes_of(file.p, file.n - 1), &d, NULL).code, CC_E_LIMIT);
	file.p[2] = (uint8_t)(file.p[2] - 3);
	assert_int_equal(dg_parse(11, bytes_of(file.p, file.n - 4), &d, NULL).code, CC_OK);
	buf_done(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples_encode_to_the_same_bytes),
		cmocka_unit_test(reads_literals_of_others),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(number_of_elements_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
