/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/vietnamese.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <utf8proc.h>

#define assert_ok(call) assert_int_equal((call).code, CC_OK)

/* The 134 accented letters of the Vietnamese alphabet, by their MRZ letter. */
static const struct {
	const char *letters;
	const char *mrz;
} alphabet[] = {
	{ "àáảãạăằắẳẵặâầấẩẫậÀÁẢÃẠĂẰẮẲẴẶÂẦẤẨẪẬ", "A" },
	{ "èéẻẽẹêềếểễệÈÉẺẼẸÊỀẾỂỄỆ", "E" },
	{ "ìíỉĩịÌÍỈĨỊ", "I" },
	{ "òóỏõọôồốổỗộơờớởỡợÒÓỎÕỌÔỒỐỔỖỘƠỜỚỞỠỢ", "O" },
	{ "ùúủũụưừứửữựÙÚỦŨỤƯỪỨỬỮỰ", "U" },
	{ "ỳýỷỹỵỲÝỶỸỴ", "Y" },
	{ "đĐ", "D" },
};

static size_t next_letter(const char *p, char out[5])
{
	utf8proc_int32_t c;
	utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)p, -1, &c);

	assert_true(n > 0 && n < 5);
	memcpy(out, p, (size_t)n);
	out[n] = '\0';
	return (size_t)n;
}

static void assert_normal(const char *in, const char *want)
{
	char out[256];
	struct text_fault fault = { 0 };

	assert_ok(vietnamese_normalise_name(bytes_str(in), out, sizeof out, &fault));
	assert_string_equal(out, want);
	assert_ok(vietnamese_normalise(bytes_str(in), out, sizeof out, &fault));
	assert_string_equal(out, want);
}

static void assert_fault(struct bytes in, enum text_fault_kind kind, size_t position)
{
	char out[256] = "untouched";
	struct text_fault fault = { 0 };

	assert_true(cc_failed(vietnamese_normalise_name(in, out, sizeof out, &fault)));
	assert_int_equal(fault.kind, kind);
	assert_int_equal(fault.position, position);
}

/* Every way in which a letter is typed or stored comes out as the one NFC letter. */
static void assert_all_forms(const char *letter)
{
	utf8proc_int32_t parts[8];
	utf8proc_uint8_t nfd[32] = { 0 }, swapped[32] = { 0 }, half[32] = { 0 };
	utf8proc_uint8_t *d = utf8proc_NFD((const utf8proc_uint8_t *)letter);
	utf8proc_ssize_t n = utf8proc_decompose(d, 0, parts, 8, UTF8PROC_NULLTERM);
	size_t at = 0, s = 0;

	for (utf8proc_ssize_t i = 0; i < n; i++)
		at += (size_t)utf8proc_encode_char(parts[i], nfd + at);
	assert_normal((const char *)nfd, letter);
	if (n == 3) {
		/* Windows-1258: the letter with its quality mark in one, the tone behind it. */
		bool first_is_tone = parts[1] == 0x0323;
		utf8proc_int32_t quality = first_is_tone ? parts[2] : parts[1], tone = first_is_tone ? parts[1] : parts[2];
		utf8proc_int32_t two[2] = { parts[0], quality };

		assert_int_equal(utf8proc_normalize_utf32(two, 2, UTF8PROC_COMPOSE), 1);
		s = (size_t)utf8proc_encode_char(two[0], half);
		(void)utf8proc_encode_char(tone, half + s);
		assert_normal((const char *)half, letter);
		/* Keyboard order: tone first. */
		s = (size_t)utf8proc_encode_char(parts[0], swapped);
		s += (size_t)utf8proc_encode_char(tone, swapped + s);
		(void)utf8proc_encode_char(quality, swapped + s);
		assert_normal((const char *)swapped, letter);
	}
	free(d);
}

static void every_letter_has_one_form_and_its_mrz_letter(void **state)
{
	size_t count = 0;

	(void)state;
	for (size_t i = 0; i < sizeof alphabet / sizeof alphabet[0]; i++) {
		for (const char *p = alphabet[i].letters; *p != '\0'; count++) {
			char letter[5], out[8], key[8], lower[2] = { (char)(alphabet[i].mrz[0] | 0x20), '\0' };

			p += next_letter(p, letter);
			assert_normal(letter, letter);
			assert_all_forms(letter);
			assert_ok(vietnamese_to_latin(letter, out, sizeof out));
			assert_string_equal(out, alphabet[i].mrz);
			assert_ok(vietnamese_search_key(letter, key, sizeof key));
			assert_string_equal(key, lower);
		}
	}
	assert_int_equal(count, 134);
}

/* In each row above the lower-case letters stand before their upper-case partners. */
static void every_letter_changes_case(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof alphabet / sizeof alphabet[0]; i++) {
		char lower[64] = "", upper[128] = "", out[128];
		size_t half = 0, n = 0;

		for (const char *p = alphabet[i].letters; *p != '\0'; half++) {
			char letter[5];

			p += next_letter(p, letter);
		}
		for (const char *p = alphabet[i].letters; *p != '\0'; n++) {
			char letter[5];

			p += next_letter(p, letter);
			(void)strcat(n < half / 2 ? lower : upper, letter);
		}
		assert_ok(vietnamese_upper(lower, out, sizeof out));
		assert_string_equal(out, upper);
		assert_ok(vietnamese_lower(upper, out, sizeof out));
		assert_string_equal(out, lower);
	}
}

static void names_are_cleaned(void **state)
{
	(void)state;
	assert_normal("  Nguyễn \xC2\xA0 Văn   Đức ", "Nguyễn Văn Đức");
	assert_normal("Nguye\xCC\x82\xCC\x83n", "Nguyễn");
	assert_normal("Nguye\xCC\x83\xCC\x82n", "Nguyễn");
	assert_normal("NGUY\xC3\x8A\xCC\x83N", "NGUYỄN");
	assert_normal("", "");
	/* Letters of minority alphabets that Unicode has in no single code point stay letter and mark. */
	assert_normal("Ê\xCC\x86", "Ê\xCC\x86");
	assert_normal("Y\xC6\x80ih", "Yƀih");
}

static void typographic_signs_become_plain(void **state)
{
	char out[64];

	(void)state;
	assert_ok(vietnamese_normalise_name(bytes_str("H\u2019Hen Niê"), out, sizeof out, NULL));
	assert_string_equal(out, "H'Hen Niê");
	assert_ok(vietnamese_normalise_name(bytes_str("Trần\u2010Lê"), out, sizeof out, NULL));
	assert_string_equal(out, "Trần-Lê");
	/* Only names: an address keeps what it had. */
	assert_ok(vietnamese_normalise(bytes_str("Ấp \u201813\u2019, số 5/7"), out, sizeof out, NULL));
	assert_string_equal(out, "Ấp \u201813\u2019, số 5/7");
}

static void name_rejects_what_is_no_letter(void **state)
{
	(void)state;
	assert_fault(bytes_str("Nguyễn 4"), TEXT_LETTER, 8);
	assert_fault(bytes_str("Trần, B"), TEXT_LETTER, 5);
	assert_fault(bytes_str("Иван"), TEXT_LETTER, 1);
	assert_fault(bytes_str("阮文"), TEXT_LETTER, 1);
	assert_fault(bytes_str("An \xF0\x9F\x98\x80"), TEXT_LETTER, 4);
	assert_fault(bytes_str("An\xE2\x80\x8B"), TEXT_CONTROL, 3);
	assert_fault(bytes_str("An\xE2\x80\xAE"), TEXT_CONTROL, 3);
	assert_fault(bytes_str("An\tB"), TEXT_CONTROL, 3);
	assert_fault(bytes_of("An\0B", 4), TEXT_CONTROL, 3);
	assert_fault(bytes_str("\xC3\x90\xE1\xBB\xA9"
			       "c"),
		     TEXT_LOOKALIKE, 1);
	assert_fault(bytes_str("\xC6\x89\xE1\xBB\xA9"
			       "c"),
		     TEXT_LOOKALIKE, 1);
}

static void name_rejects_marks_that_no_letter_carries(void **state)
{
	(void)state;
	assert_fault(bytes_str("\xCC\x81"
			       "An"),
		     TEXT_MARK, 1);
	assert_fault(bytes_str("An \xCC\x81"), TEXT_MARK, 4);
	assert_fault(bytes_str("\xC3\xA1\xCC\x81"), TEXT_MARK, 2); /* á + acute */
	assert_fault(bytes_str("\xC3\xA1\xCC\xA3"), TEXT_MARK, 2); /* á + dot: two tones */
	assert_fault(bytes_str("a\xCC\x82\xCC\x86\xCC\x81\xCC\x8C"), TEXT_MARK, 5);
	assert_fault(bytes_str("H-\xCC\x81"), TEXT_MARK, 3);
}

static void name_rejects_misplaced_separators(void **state)
{
	(void)state;
	assert_fault(bytes_str("-An"), TEXT_SEPARATOR, 1);
	assert_fault(bytes_str("'An"), TEXT_SEPARATOR, 1);
	assert_fault(bytes_str("An-"), TEXT_SEPARATOR, 3);
	assert_fault(bytes_str("Lê--An"), TEXT_SEPARATOR, 4);
	assert_fault(bytes_str("Lê- An"), TEXT_SEPARATOR, 5);
	assert_fault(bytes_str("Lê -An"), TEXT_SEPARATOR, 4);
	assert_normal("H' Hen", "H' Hen");
}

static void text_rejects_broken_utf8(void **state)
{
	static const char *const broken[] = { "\x80",	  "\xC3",	  "\xE1\xBB",	      "\xF0\x9F\x98",
					      "\xC0\x80", "\xED\xA0\x80", "\xF5\x80\x80\x80", "\xFF" };
	char out[64];
	struct text_fault fault;

	(void)state;
	for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
		fault = (struct text_fault){ 0 };
		assert_int_equal(vietnamese_normalise(bytes_str(broken[i]), out, sizeof out, &fault).code, CC_E_FORMAT);
		assert_int_equal(fault.kind, TEXT_NOT_UTF8);
		assert_int_equal(fault.position, 1);
	}
}

static void limits_hold(void **state)
{
	char in[4096], out[4];
	struct text_fault fault = { 0 };

	(void)state;
	assert_ok(vietnamese_normalise(bytes_str("ấ"), out, sizeof out, &fault));
	assert_int_equal(vietnamese_normalise(bytes_str("ấa"), out, sizeof out, &fault).code, CC_E_LIMIT);
	assert_int_equal(fault.kind, TEXT_TOO_LONG);
	assert_int_equal(vietnamese_to_latin("abcd", out, sizeof out).code, CC_E_LIMIT);
	assert_ok(vietnamese_to_latin("abc", out, sizeof out));
	memset(in, 'a', sizeof in);
	char big[8192];
	assert_ok(vietnamese_normalise(bytes_of(in, 1024), big, sizeof big, &fault));
	assert_int_equal(vietnamese_normalise(bytes_of(in, 1025), big, sizeof big, &fault).code, CC_E_LIMIT);
}

static void latin_follows_the_icao_table(void **state)
{
	static const struct {
		const char *name, *latin;
	} cases[] = {
		{ "Nguyễn Văn Đức", "NGUYEN VAN DUC" },
		{ "H'Hen Niê", "H'HEN NIE" },
		{ "Trần-Lê Ánh", "TRAN-LE ANH" },
		{ "Müller", "MUELLER" },
		{ "Åström Øre", "AASTROEM OERE" },
		{ "Groß", "GROSS" },
		{ "Y\xC6\x80ih Êban", "YBIH EBAN" },
		{ "Ksor H'Blă", "KSOR H'BLA" },
		{ "Ñay Ơ\xCC\x86i", "NAY OI" },
		{ "Łódź", "LODZ" },
		{ "", "" },
	};
	char out[64];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_ok(vietnamese_to_latin(cases[i].name, out, sizeof out));
		assert_string_equal(out, cases[i].latin);
	}
	assert_int_equal(vietnamese_to_latin("Số 4", out, sizeof out).code, CC_E_FORMAT);
}

static void title_case_knows_hyphen_and_apostrophe(void **state)
{
	char out[64];

	(void)state;
	assert_ok(vietnamese_title("NGUYỄN THỊ ÁNH-ĐÀO", out, sizeof out));
	assert_string_equal(out, "Nguyễn Thị Ánh-Đào");
	assert_ok(vietnamese_title("h'mông êđê", out, sizeof out));
	assert_string_equal(out, "H'Mông Êđê");
}

static void search_key_forgets_accents_case_and_signs(void **state)
{
	char out[64];

	(void)state;
	assert_ok(vietnamese_search_key("  Số 12/3, đường  Lê-Lợi. ", out, sizeof out));
	assert_string_equal(out, "so 12 3 duong le loi");
	assert_ok(vietnamese_search_key("H'Hen NIÊ", out, sizeof out));
	assert_string_equal(out, "hhen nie");
	assert_ok(vietnamese_search_key("...", out, sizeof out));
	assert_string_equal(out, "");
}

static void assert_split(const char *name, const char *surname, const char *middle, const char *given)
{
	struct name_parts parts;

	vietnamese_split_name(name, &parts);
	assert_true(bytes_equal(parts.surname, bytes_str(surname)));
	assert_true(bytes_equal(parts.middle, bytes_str(middle)));
	assert_true(bytes_equal(parts.given, bytes_str(given)));
}

static void name_splits_at_first_and_last_word(void **state)
{
	(void)state;
	assert_split("Nguyễn Văn Đức", "Nguyễn", "Văn", "Đức");
	assert_split("Công Tằng Tôn Nữ Mỹ Ngọc", "Công", "Tằng Tôn Nữ Mỹ", "Ngọc");
	assert_split("Lê Lợi", "Lê", "", "Lợi");
	assert_split("Phúc", "Phúc", "", "");
	assert_split("", "", "", "");
}

static void name_of_40_letters_is_kept_whole(void **state)
{
	const char *name = "Công Huyền Tôn Nữ Thị Quỳnh Phương Nguyệt Ánh Tuyết";

	(void)state;
	assert_normal(name, name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_letter_has_one_form_and_its_mrz_letter),
		cmocka_unit_test(every_letter_changes_case),
		cmocka_unit_test(names_are_cleaned),
		cmocka_unit_test(typographic_signs_become_plain),
		cmocka_unit_test(name_rejects_what_is_no_letter),
		cmocka_unit_test(name_rejects_marks_that_no_letter_carries),
		cmocka_unit_test(name_rejects_misplaced_separators),
		cmocka_unit_test(text_rejects_broken_utf8),
		cmocka_unit_test(limits_hold),
		cmocka_unit_test(latin_follows_the_icao_table),
		cmocka_unit_test(title_case_knows_hyphen_and_apostrophe),
		cmocka_unit_test(search_key_forgets_accents_case_and_signs),
		cmocka_unit_test(name_splits_at_first_and_last_word),
		cmocka_unit_test(name_of_40_letters_is_kept_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
