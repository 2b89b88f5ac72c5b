/* SPDX-License-Identifier: Apache-2.0 */
#include "card/lds/mrz.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct mrz read_good(const char *text, enum mrz_read_mode mode)
{
	struct cc_error err;
	struct mrz m;

	cc_error_init(&err);
	memset(&m, 0, sizeof m);
	if (cc_failed(mrz_read(bytes_str(text), mode, &m, &err)))
		fail_msg("%s: %s", text, err.detail);
	return m;
}

/* ICAO 9303-3 App A, 9303-5 App B and the standards' samples. */
static void check_digits_of_the_standard(void **state)
{
	static const struct {
		const char *text;
		char digit;
	} cases[] = { { "520727", '3' },    { "AB2134<<<", '5' },
		      { "L898902C<", '3' }, { "D23145890734", '9' },
		      { "HA672242<", '6' }, { "L898902C<369080619406236ZE184226B<<<<<1", '4' },
		      { "", '0' } };
	char digit;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_true(mrz_check_digit(bytes_str(cases[i].text), &digit));
		assert_int_equal(digit, cases[i].digit);
	}
	assert_false(mrz_check_digit(BYTES_LITERAL("52 727"), &digit));
	assert_false(mrz_check_digit(BYTES_LITERAL("ab"), &digit));
}

static void writes_the_cards_of_the_data_sheet(void **state)
{
	static const struct {
		struct mrz_cccd in;
		const char *want;
	} cases[] = {
		{ { "001090000000", "NGUYEN VAN DUC", "900215", 'M', "300215" },
		  "IDVNM0900000007001090000000<<89002155M3002153VNM<<<<<<<<<<<2NGUYEN<<VAN<DUC<<<<<<<<<<<<<<<" },
		{ { "079301000000", "TRAN THI THUY", "010308", 'F', "260308" },
		  "IDVNM3010000002079301000000<<20103082F2603081VNM<<<<<<<<<<<0TRAN<<THI<THUY<<<<<<<<<<<<<<<<" },
		{ { "036058000000", "DANG HONG SON", "580101", 'M', "991231" },
		  "IDVNM0580000003036058000000<<85801017M9912315VNM<<<<<<<<<<<6DANG<<HONG<SON<<<<<<<<<<<<<<<<" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char out[MRZ_TEXT_MAX + 1];
		bool truncated = true;
		struct mrz m;

		assert_int_equal(mrz_cccd_write(&cases[i].in, out, &truncated, NULL).code, CC_OK);
		assert_string_equal(out, cases[i].want);
		assert_false(truncated);
		m = read_good(out, MRZ_READ_EXACT);
		assert_true(m.digits_good);
		assert_int_equal(m.digits[MRZ_DIGIT_PERSONAL], MRZ_DIGIT_GOOD);
		assert_string_equal(m.personal_number, cases[i].in.number);
		assert_string_equal(m.document_number, cases[i].in.number + 3);
		assert_string_equal(m.birth, cases[i].in.birth);
	}
}

static void every_changed_digit_of_a_card_is_caught(void **state)
{
	const char *good = "IDVNM0900000007001090000000<<89002155M3002153VNM<<<<<<<<<<<2NGUYEN<<VAN<DUC<<<<<<<<<<<<<<<";
	static const size_t places[] = { 5, 13, 14, 15, 26, 29, 30, 35, 36, 38, 44, 59 };

	(void)state;
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		char text[MRZ_TEXT_MAX + 1];

		memcpy(text, good, sizeof text);
		text[places[i]] = text[places[i]] == '9' ? '0' : (char)(text[places[i]] + 1);
		assert_false(read_good(text, MRZ_READ_EXACT).digits_good);
	}
}

static void reads_the_fields_of_a_card(void **state)
{
	struct mrz m = read_good("IDVNM0580000003036058000000<<85801017M9912315VNM<<<<<<<<<<<6DANG<<HONG<SON<<<<<<<<<<<<<<<<",
				 MRZ_READ_EXACT);

	(void)state;
	assert_int_equal(m.format, MRZ_TD1);
	assert_string_equal(m.code, "ID");
	assert_string_equal(m.issuer, "VNM");
	assert_string_equal(m.nationality, "VNM");
	assert_string_equal(m.primary, "DANG");
	assert_string_equal(m.secondary, "HONG SON");
	assert_string_equal(m.expiry, "991231");
	assert_int_equal(m.sex, 'M');
	assert_false(m.name_may_be_truncated);
}

static void name_case(const char *primary, const char *secondary, size_t width, const char *want, bool want_truncated)
{
	char out[64];
	bool truncated = !want_truncated;

	assert_int_equal(mrz_name_field(primary, secondary, width, out, &truncated).code, CC_OK);
	assert_string_equal(out, want);
	assert_int_equal(truncated, want_truncated);
}

static void names_by_the_standard(void **state)
{
	(void)state;
	/* ICAO 9303-4 4.2.3.1, 9303-5 4.2.3 */
	name_case("VAN DER MUELLEN", "MARTIN", 39, "VAN<DER<MUELLEN<<MARTIN<<<<<<<<<<<<<<<<", false);
	name_case("SMITH-JONES", "SUSIE MARGARET", 39, "SMITH<JONES<<SUSIE<MARGARET<<<<<<<<<<<<", false);
	name_case("O'CONNOR", "ENYA SIOBHAN", 39, "OCONNOR<<ENYA<SIOBHAN<<<<<<<<<<<<<<<<<<", false);
	name_case("ARKFREITH", "", 39, "ARKFREITH<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<", false);
	/* A name that just fits ends with a letter and isn't truncated. */
	name_case("PAPANDROPOULOUS", "JONATHON ALEC", 30, "PAPANDROPOULOUS<<JONATHON<ALEC", false);
	/* Truncated: every component keeps a part, the last position is a letter. */
	name_case("NILAVADHANANANDA", "CHAYAPA DEJTHAMRONG KRASUANG", 30, "NILAVADHANANANDA<<CHAY<DEJ<KRA", true);
	name_case("BENNELONG WOOLOOMOOLOO WARRANDYTE WARNAMBOOL", "DINGO POTOROO", 30, "BENNEL<WOOLOO<WARRAN<WARNAM<<D", true);
	name_case("NGUYENNGUYENNGUYENNGUYENNGUYENNGUYEN", "AN", 30, "NGUYENNGUYENNGUYENNGUYENNGU<<A", true);
}

static void truncated_names_always_end_with_a_letter(void **state)
{
	static const char *const words = "CONG TANG TON NU THI HUONG GIANG LINH DAN";

	(void)state;
	for (size_t width = 6; width <= 39; width++) {
		char out[64];
		bool truncated = false;

		assert_int_equal(mrz_name_field("NGUYEN", words, width, out, &truncated).code, CC_OK);
		assert_int_equal(strlen(out), width);
		assert_true(truncated);
		if (width >= 9)
			assert_true(out[width - 1] >= 'A' && out[width - 1] <= 'Z');
		assert_non_null(strstr(out, "<<"));
	}
}

static void name_field_refuses_what_it_cannot_write(void **state)
{
	char out[64] = "untouched";
	bool truncated;

	(void)state;
	assert_int_equal(mrz_name_field("", "AN", 30, out, &truncated).code, CC_E_ARG);
	assert_int_equal(mrz_name_field("--", "AN", 30, out, &truncated).code, CC_E_ARG);
	assert_int_equal(mrz_name_field("\xC4\x90"
					"ANG",
					"AN", 30, out, &truncated)
				 .code,
			 CC_E_ARG);
	assert_int_equal(mrz_name_field("dang", "AN", 30, out, &truncated).code, CC_E_ARG);
	assert_int_equal(mrz_name_field("A", "B", 40, out, &truncated).code, CC_E_ARG);
	assert_string_equal(out, "untouched");
}

static void writer_refuses(struct mrz_cccd in, const char *field)
{
	char out[MRZ_TEXT_MAX + 1] = "untouched";
	bool truncated;
	struct cc_error err;

	cc_error_init(&err);
	assert_int_equal(mrz_cccd_write(&in, out, &truncated, &err).code, CC_E_ARG);
	assert_string_equal(err.key, "mrz.field");
	assert_string_equal(err.detail, field);
	assert_string_equal(out, "untouched");
}

static void writer_is_strict(void **state)
{
	const struct mrz_cccd good = { "001090000000", "NGUYEN VAN DUC", "900215", 'M', "300215" };
	struct mrz_cccd in;

	(void)state;
	in = good, in.number = "00109000000", writer_refuses(in, "personal number");
	in = good, in.number = "0010900000000", writer_refuses(in, "personal number");
	in = good, in.number = "00109000000A", writer_refuses(in, "personal number");
	in = good, in.name = "", writer_refuses(in, "name");
	in = good, in.name = "NGUYEN  V4N", writer_refuses(in, "name");
	in = good, in.birth = "901315", writer_refuses(in, "birth date");
	in = good, in.birth = "900032", writer_refuses(in, "birth date");
	in = good, in.birth = "90021", writer_refuses(in, "birth date");
	in = good, in.birth = "90<<15", writer_refuses(in, "birth date");
	in = good, in.sex = 'X', writer_refuses(in, "sex");
	in = good, in.expiry = "<<<<<<", writer_refuses(in, "expiry date");
}

/* ICAO 9303-3 4.8: unknown parts of a birth date. */
static void unknown_birth_parts_are_fillers(void **state)
{
	struct mrz_cccd in = { "001090000000", "NGUYEN VAN DUC", "90<<<<", 'M', "300215" };
	char out[MRZ_TEXT_MAX + 1];
	bool truncated;

	(void)state;
	assert_int_equal(mrz_cccd_write(&in, out, &truncated, NULL).code, CC_OK);
	assert_true(read_good(out, MRZ_READ_EXACT).digits_good);
	in.birth = "9002<<";
	assert_int_equal(mrz_cccd_write(&in, out, &truncated, NULL).code, CC_OK);
	assert_string_equal(read_good(out, MRZ_READ_EXACT).birth, "9002<<");
}

static void reads_the_long_document_number(void **state)
{
	/* ICAO 9303-5 4.2.4, note on numbers above nine characters */
	struct mrz m = read_good("I<UTOD23145890<7349<<<<<<<<<<<3407127M9507122UTO<<<<<<<<<<<2STEVENSON<<PETER<JOHN<<<<<<<<<",
				 MRZ_READ_EXACT);

	(void)state;
	assert_string_equal(m.document_number, "D23145890734");
	assert_int_equal(m.digits[MRZ_DIGIT_DOCUMENT], MRZ_DIGIT_GOOD);
	assert_true(m.digits_good);
}

#define L1 "IDVNM0900000007001090000000<<8"
#define L2 "9002155M3002153VNM<<<<<<<<<<<2"
#define L3 "NGUYEN<<VAN<DUC<<<<<<<<<<<<<<<"

static void scans_are_repaired(void **state)
{
	static const char *const scans[] = {
		L1 "\n" L2 "\n" L3,
		L1 "\r\n" L2 "\r\n" L3 "\r\n",
		L1 L2 L3,
		"  idvnm0900000007001090000000<<8\n 9002155m3002153vnm<<<<<<<<<<<2\n nguyen<<van<duc\n",
		L1 "<\n" L2 "\n" L3 "<<",
		L1 "\n9002155M3002153VNM<<<<<<<<<<<<2\nNGUYEN<<VAN<DUC",
		"IDVNM0900000007001090000000KK8\n9002155M3002153VNMKKKKKKKKKKK2\nNGUYEN<<VAN<DUCKKKKKKKK<<K<<<K",
		"IDVNM 090000000 7 001090000000 << 8\n" L2 "\n" L3,
	};

	(void)state;
	for (size_t i = 0; i < sizeof scans / sizeof scans[0]; i++) {
		struct mrz m = read_good(scans[i], MRZ_READ_SCAN);

		assert_string_equal(m.text, L1 L2 L3);
		assert_true(m.digits_good);
	}
}

static void repair_leaves_names_with_k_alone(void **state)
{
	struct mrz m = read_good(L1 "\n" L2 "\nKPA<<Y<DAK\n", MRZ_READ_SCAN);

	(void)state;
	assert_string_equal(m.primary, "KPA");
	assert_string_equal(m.secondary, "Y DAK");
}

static void text_of_no_form_is_refused(void **state)
{
	static const char *const bad[] = { "", "IDVNM", L1 L2, L1 "\n" L2, L1 L2 L3 "<", L1 "\n" L2 "\n" L3 "\n" L3 };
	struct mrz m;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(mrz_read(bytes_str(bad[i]), MRZ_READ_EXACT, &m, NULL).code, CC_E_FORMAT);
		assert_int_equal(mrz_read(bytes_str(bad[i]), MRZ_READ_SCAN, &m, NULL).code, CC_E_FORMAT);
	}
	for (size_t n = 0; n < MRZ_TD1_LEN; n++) {
		if (n != 72 && n != 88)
			assert_int_equal(mrz_read(bytes_of(L1 L2 L3, n), MRZ_READ_EXACT, &m, NULL).code, CC_E_FORMAT);
	}
	assert_int_equal(mrz_read(BYTES_LITERAL(L1 L2 "nGUYEN<<VAN<DUC<<<<<<<<<<<<<<<"), MRZ_READ_EXACT, &m, NULL).code,
			 CC_E_FORMAT);
}

/* ---- 101 samples of others, judged digit by digit */
static bool agrees(const json_t *detail, const char *name, enum mrz_digit_verdict v)
{
	const json_t *want = json_object_get(detail, name);

	if (want == NULL)
		return true;
	if (json_is_null(want))
		return v == MRZ_DIGIT_ABSENT;
	return json_is_true(want) ? v != MRZ_DIGIT_WRONG : v == MRZ_DIGIT_WRONG;
}

static void verdicts_agree_with_101_samples(void **state)
{
	static const char *const formats[] = { "TD1", "TD2", "TD3" };
	json_t *root = vectors_open("01_bac_sm_mrz/mrz_samples.json"), *item;
	size_t i, count;

	(void)state;
	if (root == NULL)
		skip();
	count = json_array_size(vectors_at(root, "mrz"));
	assert_int_equal(count, 101);
	json_array_foreach(vectors_at(root, "mrz"), i, item)
	{
		const json_t *detail = json_object_get(item, "detail");
		const json_t *long_number = json_object_get(detail, "longdoc");
		struct mrz m = read_good(vectors_text(item, "mrz"), MRZ_READ_EXACT);

		assert_string_equal(formats[m.format], vectors_text(item, "format"));
		if (!agrees(detail, "docno", m.digits[MRZ_DIGIT_DOCUMENT]) || !agrees(detail, "dob", m.digits[MRZ_DIGIT_BIRTH]) ||
		    !agrees(detail, "doe", m.digits[MRZ_DIGIT_EXPIRY]) || !agrees(detail, "opt", m.digits[MRZ_DIGIT_OPTIONAL]) ||
		    !agrees(detail, "comp", m.digits[MRZ_DIGIT_COMPOSITE]))
			fail_msg("sample %zu: a digit is judged otherwise", i);
		assert_int_equal(m.digits_good, json_is_true(json_object_get(item, "check_digits_ok")));
		if (long_number != NULL && m.digits[MRZ_DIGIT_DOCUMENT] == MRZ_DIGIT_GOOD)
			assert_string_equal(m.document_number, json_string_value(long_number));
	}
	json_decref(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(check_digits_of_the_standard),
		cmocka_unit_test(writes_the_cards_of_the_data_sheet),
		cmocka_unit_test(every_changed_digit_of_a_card_is_caught),
		cmocka_unit_test(reads_the_fields_of_a_card),
		cmocka_unit_test(names_by_the_standard),
		cmocka_unit_test(truncated_names_always_end_with_a_letter),
		cmocka_unit_test(name_field_refuses_what_it_cannot_write),
		cmocka_unit_test(writer_is_strict),
		cmocka_unit_test(unknown_birth_parts_are_fillers),
		cmocka_unit_test(reads_the_long_document_number),
		cmocka_unit_test(scans_are_repaired),
		cmocka_unit_test(repair_leaves_names_with_k_alone),
		cmocka_unit_test(text_of_no_form_is_refused),
		cmocka_unit_test(verdicts_agree_with_101_samples),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
