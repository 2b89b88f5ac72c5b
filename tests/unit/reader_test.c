/* SPDX-License-Identifier: Apache-2.0 */
#include "card/atr.h"
#include "card/reader.h"
#include "card/sw.h"
#include "tests/support/script_reader.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static struct bytes hex(const char *text)
{
	static uint8_t out[256];
	size_t n;

	assert_true(bytes_from_hex(text, out, sizeof out, &n));
	return bytes_of(out, n);
}

static void memory_reader_carries_command_and_answer(void **state)
{
	static const struct script_step steps[] = { { "00A4000C", "9000" }, { "00B0000002", "01029000" } };
	struct script script = { steps, 2, "3B 81 01 55", 0 };
	struct reader *r = script_reader(&script);
	struct buf answer = { 0 };

	(void)state;
	assert_int_equal(r->atr_len, 4);
	assert_false(cc_failed(reader_transmit(r, hex("00A4000C"), &answer)));
	assert_int_equal(answer.n, 2);
	assert_false(cc_failed(reader_transmit(r, hex("00B0000002"), &answer)));
	assert_true(bytes_equal(buf_view(&answer), hex("01029000")));
	buf_done(&answer);
	reader_free(&r);
	assert_null(r);
	reader_free(&r);
}

static void short_answers_are_faults(void **state)
{
	static const struct script_step steps[] = { { NULL, "" }, { NULL, "90" } };
	struct script script = { steps, 2, NULL, 0 };
	struct reader *r = script_reader(&script);
	struct buf answer = { 0 };

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(reader_transmit(r, hex("00A4000C"), &answer).code, CC_E_DEVICE);
		assert_string_equal(r->err.key, "card.short-answer");
		assert_null(answer.p);
	}
	reader_free(&r);
}

static void short_command_is_not_sent(void **state)
{
	struct script script = { NULL, 0, NULL, 0 };
	struct reader *r = script_reader(&script);
	struct buf answer = { 0 };

	(void)state;
	assert_int_equal(reader_transmit(r, hex("00A400"), &answer).code, CC_E_ARG);
	r->command_max = 5;
	assert_int_equal(reader_transmit(r, hex("00B000000000"), &answer).code, CC_E_LIMIT);
	assert_int_equal(script.next, 0);
	reader_free(&r);
}

static void torn_card_stays_gone_until_connected(void **state)
{
	static const struct script_step steps[] = { { NULL, NULL }, { NULL, "9000" } };
	struct script script = { steps, 2, NULL, 0 };
	struct reader *r = script_reader(&script);
	struct buf answer = { 0 };

	(void)state;
	assert_int_equal(reader_transmit(r, hex("00A4000C"), &answer).code, CC_E_DEVICE);
	assert_string_equal(r->err.key, "card.removed");
	assert_int_equal(reader_transmit(r, hex("00A4000C"), &answer).code, CC_E_DEVICE);
	assert_string_equal(r->err.key, "card.absent");
	assert_int_equal(reader_reset(r).code, CC_E_DEVICE);
	assert_int_equal(script.next, 1);
	assert_false(cc_failed(reader_connect(r)));
	assert_false(cc_failed(reader_transmit(r, hex("00A4000C"), &answer)));
	buf_done(&answer);
	reader_free(&r);
}

static cc_status long_answer(void *ctx, struct bytes command, struct writer *answer)
{
	(void)command;
	writer_fill(answer, 0x90, *(size_t *)ctx);
	return cc_ok();
}

static cc_status plain_reset(void *ctx, uint8_t atr[READER_ATR_MAX], size_t *ret_len)
{
	(void)ctx;
	atr[0] = 0x3B;
	*ret_len = 1;
	return cc_ok();
}

static void longest_answer_passes_and_one_more_fails(void **state)
{
	size_t n = READER_ANSWER_MAX;
	struct reader *r;
	struct buf answer = { 0 };

	(void)state;
	assert_false(cc_failed(reader_memory_new("long", &n, plain_reset, long_answer, &r)));
	assert_false(cc_failed(reader_connect(r)));
	assert_false(cc_failed(reader_transmit(r, hex("00A4000C"), &answer)));
	assert_int_equal(answer.n, READER_ANSWER_MAX);
	n++;
	assert_true(cc_failed(reader_transmit(r, hex("00A4000C"), &answer)));
	assert_int_equal(answer.n, READER_ANSWER_MAX);
	buf_done(&answer);
	reader_free(&r);
}

struct seen {
	unsigned calls, failures;
	size_t out, in;
};

static void note(void *ctx, struct bytes command, struct bytes answer, cc_status st)
{
	struct seen *s = ctx;

	s->calls++;
	s->failures += cc_failed(st);
	s->out += command.n;
	s->in += answer.n;
}

static void trace_counts_and_mirrors(void **state)
{
	static const struct script_step steps[] = { { NULL, "01029000" }, { NULL, NULL } };
	struct script script = { steps, 2, "3B 81 01 55", 0 };
	struct seen seen = { 0 };
	struct reader *r;
	struct buf answer = { 0 };
	struct reader_counts counts;

	(void)state;
	assert_false(cc_failed(reader_trace_new(script_reader(&script), note, &seen, &r)));
	assert_false(cc_failed(reader_connect(r)));
	assert_int_equal(r->atr_len, 4);
	assert_string_equal(r->name, "script");
	assert_false(cc_failed(reader_transmit(r, hex("00B0000002"), &answer)));
	assert_true(cc_failed(reader_transmit(r, hex("00B00000"), &answer)));
	assert_string_equal(r->err.key, "card.removed");
	counts = reader_trace_counts(r);
	assert_int_equal(counts.apdus, 2);
	assert_int_equal(counts.bytes_out, 9);
	assert_int_equal(counts.bytes_in, 4);
	assert_int_equal(seen.calls, 2);
	assert_int_equal(seen.failures, 1);
	assert_int_equal(seen.out, 9);
	assert_int_equal(seen.in, 4);
	buf_done(&answer);
	reader_free(&r);
}

static void status_words_have_text(void **state)
{
	char buf[48];

	(void)state;
	assert_string_equal(sw_text(0x6A82, buf), "6A82 file not found");
	assert_string_equal(sw_text(0x63C2, buf), "63C2 2 tries left");
	assert_string_equal(sw_text(0x6110, buf), "6110 more bytes available");
	assert_string_equal(sw_text(0x6C05, buf), "6C05 wrong Le, 5 bytes available");
	for (unsigned sw = 0; sw <= 0xFFFF; sw++) {
		char code[5];

		(void)snprintf(code, sizeof code, "%04X", sw);
		assert_memory_equal(sw_text((uint16_t)sw, buf), code, 4);
	}
}

struct atr_case {
	const char *atr;
	bool good, chaining, extended, info;
};

static void atr_capabilities_are_read(void **state)
{
	static const struct atr_case cases[] = {
		{ "3B00", true, false, false, false },
		/* contactless, made by a reader (PC/SC part 3): 80 01, then the ATS's historical bytes */
		{ "3B 88 80 01 80 73 F6 21 C0 00 00 00 A4", true, true, true, false },
		/* T=1 with TA, TB, TC; category 80; status at the end */
		{ "3B FF 94 00 00 81 31 FE 43 80 73 C0 21 E0 57 46 4A 43 4F 50 00 00 00 00 00", true, false, false, false },
		{ "3B 84 01 73 F6 21 E0", true, true, true, true },
		{ "3B 88 01 00 73 F6 21 60 00 90 00 00", true, false, true, true },
		/* capabilities of one byte only: nothing known */
		{ "3B 83 01 80 71 F6", true, false, false, false },
		/* compact TLV runs past the end */
		{ "3B 83 01 80 73 F6", true, false, false, false },
		{ "3C 00", false, false, false, false },
		{ "3B", false, false, false, false },
		{ "", false, false, false, false },
		{ "3B 88 01 00", false, false, false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct bytes historical = { 0 };
		struct atr_capabilities caps = atr_capabilities(hex(cases[i].atr));

		assert_int_equal(cc_failed(atr_historical(hex(cases[i].atr), &historical)), !cases[i].good);
		if (i == 2) /* 15 historical bytes, checked for form only */
			continue;
		assert_int_equal(caps.chaining, cases[i].chaining);
		assert_int_equal(caps.extended, cases[i].extended);
		assert_int_equal(caps.length_info, cases[i].info);
	}
}

/* A generator of the test's own: any bytes must be judged without reading past them. */
static void ten_thousand_atrs_are_harmless(void **state)
{
	uint32_t x = 1;
	unsigned readable = 0;

	(void)state;
	for (unsigned i = 0; i < 10000; i++) {
		uint8_t *atr = test_malloc(1 + i % 33);
		size_t n = 1 + i % 33;
		struct bytes historical;

		for (size_t k = 0; k < n; k++) {
			x = x * 1664525u + 1013904223u;
			atr[k] = (uint8_t)(x >> 24);
		}
		atr[0] = 0x3B;
		(void)atr_capabilities(bytes_of(atr, n));
		readable += !cc_failed(atr_historical(bytes_of(atr, n), &historical));
		test_free(atr);
	}
	assert_in_range(readable, 1, 9999);
}

static void length_information_is_read(void **state)
{
	size_t command, response;

	(void)state;
	assert_false(cc_failed(atr_length_info(hex("7F66 08 0202 FFFF 0202 8000"), &command, &response)));
	assert_int_equal(command, 65535);
	assert_int_equal(response, 32768);
	assert_false(cc_failed(atr_length_info(hex("4301 B8 7F66 09 0203 010008 0202 8000"), &command, &response)));
	assert_int_equal(command, 65544);
	assert_int_equal(atr_length_info(hex("4301B8"), &command, &response).code, CC_E_NOT_FOUND);
	assert_int_equal(atr_length_info(hex("7F6604 0202FFFF"), &command, &response).code, CC_E_FORMAT);
	assert_int_equal(atr_length_info(hex("7F6609 0202FFFF 0202FFFF 00"), &command, &response).code, CC_E_FORMAT);
	assert_int_equal(atr_length_info(hex("7F660B 0205 0000000001 0202FFFF"), &command, &response).code, CC_E_FORMAT);
	assert_int_equal(atr_length_info(hex("7F6608 0202FFFF 0202FF"), &command, &response).code, CC_E_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_reader_carries_command_and_answer),
		cmocka_unit_test(short_answers_are_faults),
		cmocka_unit_test(short_command_is_not_sent),
		cmocka_unit_test(torn_card_stays_gone_until_connected),
		cmocka_unit_test(longest_answer_passes_and_one_more_fails),
		cmocka_unit_test(trace_counts_and_mirrors),
		cmocka_unit_test(status_words_have_text),
		cmocka_unit_test(atr_capabilities_are_read),
		cmocka_unit_test(ten_thousand_atrs_are_harmless),
		cmocka_unit_test(length_information_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
