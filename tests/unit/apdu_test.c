/* SPDX-License-Identifier: Apache-2.0 */
#include "card/apdu.h"
#include "card/sw.h"
#include "tests/support/script_reader.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static const uint8_t zeros[70000];

static void expect_encoded(const struct apdu *cmd, bool extended, const char *head, size_t len)
{
	struct writer w;
	struct buf want = vectors_from_hex(head);

	writer_init(&w, 70000);
	assert_false(cc_failed(apdu_encode(cmd, extended, &w)));
	assert_int_equal(w.n, len);
	assert_true(bytes_starts_with(writer_view(&w), buf_view(&want)));
	writer_done(&w);
	buf_done(&want);
}

/* ISO/IEC 7816-3:2006 12.1.3: the seven shapes. */
static void encode_makes_all_cases(void **state)
{
	struct apdu a = { .ins = 0xA4, .p1 = 1, .p2 = 2 };

	(void)state;
	expect_encoded(&a, false, "00A40102", 4);
	expect_encoded(&a, true, "00A40102", 4);
	a.le = 1;
	expect_encoded(&a, false, "00A4010201", 5);
	expect_encoded(&a, true, "00A40102000001", 7);
	a.le = 256;
	expect_encoded(&a, false, "00A4010200", 5);
	expect_encoded(&a, true, "00A40102000100", 7);
	a.le = 65536;
	expect_encoded(&a, true, "00A40102000000", 7);
	a.le = 0;
	a.data = bytes_of(zeros, 255);
	expect_encoded(&a, false, "00A40102FF00", 260);
	expect_encoded(&a, true, "00A401020000FF00", 262);
	a.data = bytes_of(zeros, 65535);
	a.le = 256;
	expect_encoded(&a, true, "00A4010200FFFF00", 65544);
	a.data = bytes_of("\xAB\xCD", 2);
	expect_encoded(&a, false, "00A4010202ABCD00", 8);
	expect_encoded(&a, true, "00A40102000002ABCD0100", 11);
}

static void encode_refuses_what_does_not_fit(void **state)
{
	struct apdu a = { .ins = 0xA4 };
	struct writer w;

	(void)state;
	writer_init(&w, 70000);
	a.data = bytes_of(zeros, 256);
	assert_int_equal(apdu_encode(&a, false, &w).code, CC_E_LIMIT);
	a.data = bytes_of(zeros, 65536);
	assert_int_equal(apdu_encode(&a, true, &w).code, CC_E_LIMIT);
	a.data = bytes_of(NULL, 0);
	a.le = 257;
	assert_int_equal(apdu_encode(&a, false, &w).code, CC_E_LIMIT);
	a.le = 65537;
	assert_int_equal(apdu_encode(&a, true, &w).code, CC_E_LIMIT);
	assert_int_equal(w.n, 0);
	writer_done(&w);
}

static void response_parse_takes_the_status_word(void **state)
{
	struct response r = { 0 };

	(void)state;
	assert_int_equal(response_parse(bytes_of("\x90", 1), &r).code, CC_E_FORMAT);
	assert_int_equal(response_parse(bytes_of(NULL, 0), &r).code, CC_E_FORMAT);
	assert_false(cc_failed(response_parse(bytes_of("\x6A\x82", 2), &r)));
	assert_int_equal(r.sw, SW_FILE_NOT_FOUND);
	assert_int_equal(r.data.n, 0);
	assert_false(cc_failed(response_parse(bytes_of("\x01\x02\x03\x90\x00", 5), &r)));
	assert_int_equal(r.data.n, 3);
	response_done(&r);
}

/* Runs one command against a script; all its lines must be used. */
static cc_status run(struct script *script, void (*setup)(struct channel *), const struct apdu *cmd, struct response *r,
		     struct cc_error *err)
{
	struct channel ch;
	struct reader *reader = script_reader(script);
	cc_status st;

	channel_init(&ch, reader);
	if (setup != NULL)
		setup(&ch);
	st = channel_send(&ch, cmd, r);
	*err = ch.err;
	assert_int_equal(script->next, script->count);
	channel_done(&ch);
	reader_free(&reader);
	return st;
}

static const struct apdu read_all = { .ins = 0xB0, .le = 256 };

static void wrong_le_is_corrected_once(void **state)
{
	static const struct script_step once[] = { { "00B0000000", "6C02" }, { "00B0000002", "01029000" } };
	static const struct script_step twice[] = { { "00B0000000", "6C02" }, { "00B0000002", "6C03" } };
	struct script script = { once, 2, NULL, 0 };
	struct response r = { 0 };
	struct cc_error err;

	(void)state;
	assert_false(cc_failed(run(&script, NULL, &read_all, &r, &err)));
	assert_int_equal(r.sw, SW_OK);
	assert_int_equal(r.data.n, 2);
	script = (struct script){ twice, 2, NULL, 0 };
	assert_false(cc_failed(run(&script, NULL, &read_all, &r, &err)));
	assert_int_equal(r.sw, 0x6C03);
	response_done(&r);
}

static void more_data_is_fetched(void **state)
{
	static const struct script_step steps[] = { { "00B0000000", "AABB6102" },
						    { "00C0000002", "CCDD6100" },
						    { "00C0000000", "EE9000" } };
	struct script script = { steps, 3, NULL, 0 };
	struct response r = { 0 };
	struct cc_error err;

	(void)state;
	assert_false(cc_failed(run(&script, NULL, &read_all, &r, &err)));
	assert_int_equal(r.sw, SW_OK);
	assert_int_equal(r.data.n, 5);
	assert_memory_equal(r.data.p, "\xAA\xBB\xCC\xDD\xEE", 5);
	response_done(&r);
}

static cc_status always(void *ctx, struct bytes command, struct writer *answer)
{
	unsigned *calls = ctx;

	(*calls)++;
	if (command.p[1] == 0xB0 || *calls % 3 != 0)
		writer_u8(answer, 0x55);
	writer_u16(answer, 0x6101);
	return cc_ok();
}

static cc_status always_full(void *ctx, struct bytes command, struct writer *answer)
{
	(void)command;
	(*(unsigned *)ctx)++;
	writer_fill(answer, 0, 256);
	writer_u16(answer, 0x6100);
	return cc_ok();
}

static cc_status reset(void *ctx, uint8_t atr[READER_ATR_MAX], size_t *ret_len)
{
	(void)ctx;
	atr[0] = 0x3B;
	*ret_len = 1;
	return cc_ok();
}

static void endless_more_data_is_cut(void **state)
{
	static const reader_memory_transmit cards[] = { always, always_full };

	(void)state;
	for (int i = 0; i < 2; i++) {
		unsigned calls = 0;
		struct reader *reader;
		struct channel ch;
		struct response r = { 0 };

		assert_false(cc_failed(reader_memory_new("endless", &calls, reset, cards[i], &reader)));
		assert_false(cc_failed(reader_connect(reader)));
		channel_init(&ch, reader);
		assert_int_equal(channel_send(&ch, &read_all, &r).code, CC_E_FORMAT);
		assert_string_equal(ch.err.key, "card.bad-answer");
		assert_in_range(calls, 2, 300);
		channel_done(&ch);
		reader_free(&reader);
	}
}

static void long_data_is_chained(void **state)
{
	uint8_t data[600];
	char line[3][2 * 270];
	struct script_step steps[3];
	struct script script = { steps, 3, NULL, 0 };
	struct apdu cmd = { .cla = 0x80, .ins = 0xE2, .data = bytes_of(data, sizeof data), .le = 256 };
	struct response r = { 0 };
	struct cc_error err;

	(void)state;
	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (uint8_t)i;
	for (size_t i = 0; i < 3; i++) {
		size_t n = i < 2 ? 255 : 90;
		int head = snprintf(line[i], sizeof line[i], "%s E2 00 00 %02zX ", i < 2 ? "90" : "80", n);

		bytes_to_hex(bytes_of(data + 255 * i, n), line[i] + head);
		if (i == 2)
			strcat(line[i], "00");
		steps[i] = (struct script_step){ line[i], "9000" };
	}
	assert_false(cc_failed(run(&script, NULL, &cmd, &r, &err)));
	assert_int_equal(r.sw, SW_OK);
	/* A block that is refused ends the chain, with its status word. */
	steps[1].answer = "6A80";
	script.count = 2;
	assert_false(cc_failed(run(&script, NULL, &cmd, &r, &err)));
	assert_int_equal(r.sw, SW_WRONG_DATA);
	response_done(&r);
}

static void allow_extended(struct channel *ch)
{
	ch->extended = true;
	ch->command_max = 65535;
	ch->response_max = 65536;
}

static void extended_form_is_used_only_where_needed(void **state)
{
	static const struct script_step small[] = { { "00B0000000", "9000" } };
	static const struct script_step large[] = { { "00B00000000101", "9000" } };
	struct script script = { small, 1, NULL, 0 };
	struct apdu cmd = { .ins = 0xB0, .le = 257 };
	struct response r = { 0 };
	struct cc_error err;

	(void)state;
	assert_false(cc_failed(run(&script, allow_extended, &read_all, &r, &err)));
	script = (struct script){ large, 1, NULL, 0 };
	assert_false(cc_failed(run(&script, allow_extended, &cmd, &r, &err)));
	/* A card that takes short length only gets nothing it can't take. */
	script = (struct script){ NULL, 0, NULL, 0 };
	assert_int_equal(run(&script, NULL, &cmd, &r, &err).code, CC_E_LIMIT);
	assert_string_equal(err.key, "card.command-too-long");
	response_done(&r);
}

static void refused_command_names_instruction_and_word(void **state)
{
	static const struct script_step steps[] = { { "00B0000000", "6A82" }, { "00B0000000", "019000" } };
	struct script script = { steps, 2, NULL, 0 };
	struct reader *reader = script_reader(&script);
	struct channel ch;
	struct response r = { 0 };

	(void)state;
	channel_init(&ch, reader);
	assert_int_equal(channel_send_ok(&ch, &read_all, &r).code, CC_E_STATUS);
	assert_string_equal(ch.err.key, "card.refused");
	assert_string_equal(ch.err.detail, "INS B0: 6A82 file not found");
	assert_null(r.data.p);
	assert_false(cc_failed(channel_send_ok(&ch, &read_all, &r)));
	assert_int_equal(ch.err.code, CC_OK);
	assert_int_equal(r.data.n, 1);
	response_done(&r);
	channel_done(&ch);
	reader_free(&reader);
}

/* ---- negotiation: expected lengths by ATR and answers */
struct negotiation {
	const char *atr;
	struct script_step steps[3];
	size_t count, reader_max;
	bool extended;
	size_t command_max, response_max;
};

static void negotiation_reads_lengths(void **state)
{
	static const struct negotiation cases[] = {
		{ "3B00", { { 0 } }, 0, 0, false, 255, 256 },
		{ "3B840173F621C0", { { "00CA7F6600", "7F6609020301000802028000 9000" } }, 1, 0, true, 65535, 32766 },
		{ "3B840173F621C0", { { "00CA7F6600", "7F6609020301000802028000 9000" } }, 1, 65535, true, 65526, 32766 },
		{ "3B840173F621C0", { { "00CA7F6600", "7F660A02030100080203010002 9000" } }, 1, 65535, true, 65526, 65533 },
		{ "3B840173F621C0", { { "00CA7F6600", "7F66080202020002020200 9000" } }, 1, 0, true, 503, 510 },
		{ "3B840173F621E0",
		  { { "00CA7F6600", "6A88" },
		    { "00A4020C022F01", "9000" },
		    { "00B0000000", "4301B87F6608020203E8020203E8 9000" } },
		  3,
		  0,
		  true,
		  991,
		  998 },
		{ "3B840173F621C0", { { "00CA7F6600", "6D00" }, { "00A4020C022F01", "6A82" } }, 2, 0, true, 255, 65536 },
		/* lengths that lie are as good as none */
		{ "3B840173F621C0",
		  { { "00CA7F6600", "7F6606020104020104 9000" }, { "00A4020C022F01", "6A82" } },
		  2,
		  0,
		  true,
		  255,
		  65536 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct script script = { cases[i].steps, cases[i].count, cases[i].atr, 0 };
		struct reader *reader = script_reader(&script);
		struct channel ch;

		reader->command_max = cases[i].reader_max;
		channel_init(&ch, reader);
		assert_false(cc_failed(channel_negotiate(&ch)));
		assert_int_equal(script.next, cases[i].count);
		assert_int_equal(ch.extended, cases[i].extended);
		assert_int_equal(ch.command_max, cases[i].command_max);
		assert_int_equal(ch.response_max, cases[i].response_max);
		channel_done(&ch);
		reader_free(&reader);
	}
}

/* ---- a layer of the test's own: one byte of overhead, to see how blocks are cut and wrapped */
struct marking {
	struct secure_layer base;
	unsigned wrapped, unwrapped, freed;
};

static cc_status mark(struct secure_layer *l, const struct apdu *cmd, bool extended, struct writer *scratch, struct apdu *ret)
{
	(void)extended;
	((struct marking *)l)->wrapped++;
	writer_u8(scratch, 0xEE);
	writer_put(scratch, cmd->data);
	*ret = *cmd;
	ret->cla |= 0x0C;
	ret->data = writer_view(scratch);
	return cc_ok();
}

static cc_status unmark(struct secure_layer *l, const struct response *raw, struct response *ret)
{
	((struct marking *)l)->unwrapped++;
	ret->sw = raw->sw;
	return buf_copy(&ret->data, buf_view(&raw->data));
}

static size_t less_one(const struct secure_layer *l, size_t wire_max)
{
	(void)l;
	return wire_max - 1;
}

static void count_free(struct secure_layer *l)
{
	((struct marking *)l)->freed++;
}

static const struct secure_layer_ops marking_ops = { "marking", mark, unmark, less_one, less_one, count_free };

static void chained_blocks_are_wrapped_one_by_one(void **state)
{
	struct marking layer = { { &marking_ops }, 0, 0, 0 };
	static const struct script_step steps[] = { { NULL, "9000" }, { NULL, "9000" }, { NULL, "AA9000" } };
	struct script script = { steps, 3, NULL, 0 };
	struct reader *reader = script_reader(&script);
	struct channel ch;
	struct apdu cmd = { .ins = 0xE2, .data = bytes_of(zeros, 254 * 2 + 1) };
	struct response r = { 0 };

	(void)state;
	channel_init(&ch, reader);
	channel_set_layer(&ch, &layer.base);
	assert_int_equal(channel_command_room(&ch), 254);
	assert_int_equal(channel_response_room(&ch), 255);
	assert_false(cc_failed(channel_send(&ch, &cmd, &r)));
	assert_int_equal(layer.wrapped, 3);
	assert_int_equal(layer.unwrapped, 3);
	assert_int_equal(r.data.n, 1);
	channel_set_layer(&ch, &layer.base); /* the same layer again is kept */
	assert_int_equal(layer.freed, 0);
	channel_done(&ch);
	assert_int_equal(layer.freed, 1);
	response_done(&r);
	reader_free(&reader);
}

/* Every status word passes through unchanged, except those that the transport answers itself. */
static cc_status answer_sw(void *ctx, struct bytes command, struct writer *answer)
{
	if (command.p[1] == 0xC0)
		writer_u16(answer, SW_OK);
	else
		writer_u16(answer, *(const uint16_t *)ctx);
	return cc_ok();
}

static void all_status_words_reach_the_caller(void **state)
{
	uint16_t sw = 0;
	struct reader *reader;
	struct channel ch;
	unsigned transport = 0;

	(void)state;
	assert_false(cc_failed(reader_memory_new("sw", &sw, reset, answer_sw, &reader)));
	assert_false(cc_failed(reader_connect(reader)));
	channel_init(&ch, reader);
	for (unsigned i = 0; i <= 0xFFFF; i++) {
		struct response r = { 0 };

		sw = (uint16_t)i;
		assert_false(cc_failed(channel_send(&ch, &read_all, &r)));
		if (i >> 8 == 0x61)
			transport++;
		else
			assert_int_equal(r.sw, i);
		response_done(&r);
	}
	assert_int_equal(transport, 256);
	channel_done(&ch);
	reader_free(&reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encode_makes_all_cases),
		cmocka_unit_test(encode_refuses_what_does_not_fit),
		cmocka_unit_test(response_parse_takes_the_status_word),
		cmocka_unit_test(wrong_le_is_corrected_once),
		cmocka_unit_test(more_data_is_fetched),
		cmocka_unit_test(endless_more_data_is_cut),
		cmocka_unit_test(long_data_is_chained),
		cmocka_unit_test(extended_form_is_used_only_where_needed),
		cmocka_unit_test(refused_command_names_instruction_and_word),
		cmocka_unit_test(negotiation_reads_lengths),
		cmocka_unit_test(chained_blocks_are_wrapped_one_by_one),
		cmocka_unit_test(all_status_words_reach_the_caller),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
