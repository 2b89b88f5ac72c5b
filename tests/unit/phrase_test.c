/* SPDX-License-Identifier: Apache-2.0 */
#include "card/inspect/phrase.h"

#include "card/inspect/inspect.h"
#include "card/sw.h"
#include "crypto/x509.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define CAP 240

static char en[CAP], vi[CAP];
#define SAY(...) phrase_say(en, sizeof en, vi, sizeof vi, __VA_ARGS__)

static void a_sentence_is_said_in_both(void **state)
{
	(void)state;
	SAY("challenge %s answered, but DG15 isn't proven", "0102");
	assert_string_equal(en, "challenge 0102 answered, but DG15 isn't proven");
	assert_string_equal(vi, "đã trả lời thách thức 0102, nhưng DG15 chưa được chứng minh");
	SAY("%zu record(s), the first of %zu bytes", (size_t)1, (size_t)2345);
	assert_string_equal(vi, "1 bản ghi, bản đầu 2345 byte");
}

static void values_that_are_phrases_are_turned(void **state)
{
	(void)state;
	SAY("%s, though EF.%s lists it", "6A82 file not found", "SOD");
	assert_string_equal(en, "6A82 file not found, though EF.SOD lists it");
	assert_string_equal(vi, "6A82 không tìm thấy tệp, dù EF.SOD có nêu");
	SAY("equal:%s", " number birth sex");
	assert_string_equal(vi, "khớp: số định danh ngày sinh giới tính");
	SAY("%s", "certificate missing, crls present");
	assert_string_equal(vi, "thiếu chứng thư, có danh sách thu hồi bên trong");
	/* What no table has stays: names, OIDs, hex. */
	SAY("%s: %s", "0.4.0.127", "anything");
	assert_string_equal(vi, "0.4.0.127: anything");
}

static void every_conversion_is_as_printf_has_it(void **state)
{
	char want[CAP];

	(void)state;
	SAY("%s|%.3s|%.*s|%u|%zu|%d|%X|%02X|%c|%%", "ab", "abcdef", 2, "xyz", 7u, (size_t)8, -9, 0x7F61u, 5u, 'q');
	(void)snprintf(want, sizeof want, "%s|%.3s|%.*s|%u|%zu|%d|%X|%02X|%c|%%", "ab", "abcdef", 2, "xyz", 7u, (size_t)8, -9,
		       0x7F61u, 5u, 'q');
	assert_string_equal(en, want);
	assert_string_equal(vi, want);
}

static void a_card_s_bytes_drive_no_terminal(void **state)
{
	(void)state;
	SAY("%s: %c", "\x1B[2J\xE1\xBA\xA1", 7);
	assert_string_equal(en, "?[2J???: ?");
	assert_string_equal(vi, en);
	/* Braces and percent signs of a value are only text. */
	SAY("key: %s", "{9} %n %s");
	assert_string_equal(vi, "khóa: {9} %n %s");
}

static void a_cut_is_never_within_a_letter(void **state)
{
	(void)state;
	for (size_t cap = 1; cap < 60; cap++) {
		phrase_say(en, cap, vi, cap, "the chip has no access control");
		assert_true(strlen(en) < cap && strlen(vi) < cap);
		for (size_t i = 0; i < strlen(vi);) {
			unsigned char c = (unsigned char)vi[i];
			size_t n = c < 0x80 ? 1 : c < 0xE0 ? 2 : 3;

			for (size_t k = 1; k < n; k++)
				assert_int_equal((unsigned char)vi[i + k] & 0xC0, 0x80);
			i += n;
		}
	}
}

static unsigned conversions(const char *fmt)
{
	unsigned n = 0;

	for (; (fmt = strchr(fmt, '%')) != NULL; fmt += fmt[1] == '%' ? 2 : 1)
		n += fmt[1] != '%';
	return n;
}

static void every_row_uses_what_its_english_has(void **state)
{
	struct phrase row, other;

	(void)state;
	for (size_t i = 0; phrase_at(i, &row); i++) {
		unsigned n = conversions(row.en);

		assert_true(row.vi[0] != 0 && strchr(row.vi, '%') == NULL);
		for (const char *p = row.vi; (p = strchr(p, '{')) != NULL; p++) {
			if (p[1] == ' ')
				continue;
			if (p[1] < '1' || (unsigned)(p[1] - '0') > n || p[2] != '}')
				fail_msg("\"%s\" has no value for \"%s\"", row.en, row.vi);
		}
		for (size_t k = 0; k < i && phrase_at(k, &other); k++)
			assert_string_not_equal(row.en, other.en);
	}
	assert_true(phrase_at(200, &row));
}

static void is_turned(const char *word)
{
	if (phrase_find(word) == NULL)
		fail_msg("no Vietnamese for \"%s\"", word);
}

static void words_of_other_rooms_are_turned(void **state)
{
	char text[48];

	(void)state;
	for (unsigned sw = 0; sw <= 0xFFFF; sw++) {
		const char *s = sw_text((uint16_t)sw, text);

		if (s != text)
			is_turned(s + 5);
	}
	for (unsigned r = 0; r <= INSPECT_REMARK; r++)
		is_turned(inspect_result_name((enum inspect_result)r));
	for (unsigned v = CHAIN_GOOD; v <= CHAIN_UNDETERMINED; v++)
		is_turned(chain_verdict_name((enum chain_verdict)v));
	for (unsigned c = CC_E_ARG; c <= CC_E_BUSY; c++)
		is_turned(cc_code_name((enum cc_code)c));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sentence_is_said_in_both),		cmocka_unit_test(values_that_are_phrases_are_turned),
		cmocka_unit_test(every_conversion_is_as_printf_has_it), cmocka_unit_test(a_card_s_bytes_drive_no_terminal),
		cmocka_unit_test(a_cut_is_never_within_a_letter),	cmocka_unit_test(every_row_uses_what_its_english_has),
		cmocka_unit_test(words_of_other_rooms_are_turned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
