/* SPDX-License-Identifier: Apache-2.0 */
#include "card/quirks.h"
#include "card/access/sm.h"
#include "card/fs.h"
#include "card/sw.h"
#include "tests/support/script_reader.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static struct bytes none(void)
{
	return bytes_of(NULL, 0);
}

static void channel_with_atr(struct channel *ch, struct reader *r, const char *atr)
{
	size_t n;

	memset(r, 0, sizeof *r);
	assert_true(bytes_from_hex(atr, r->atr, sizeof r->atr, &n));
	r->atr_len = n;
	channel_init(ch, r);
}

static void every_row_says_how_and_why(void **state)
{
	(void)state;
	assert_true(quirks_count > 0);
	for (size_t i = 0; i < quirks_count; i++) {
		const struct quirk *q = &quirks_table[i];

		assert_true(strlen(q->name) > 0 && strlen(q->reason) > 40);
		assert_true(q->historical != NULL || q->cplc != NULL);
		/* The row does something. */
		assert_true(q->habits.no_mf || q->habits.no_sfi || q->habits.header_first || q->habits.read_max > 0);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(q->name, quirks_table[k].name);
	}
}

static void rows_fit_by_historical_bytes_and_cplc(void **state)
{
	static const struct quirk by_cplc = { .name = "x", .cplc = "47905168", .reason = "" };
	static const struct quirk both = { .name = "x", .historical = "8031", .cplc = "4790", .reason = "" };
	struct buf cccd = vectors_from_hex("3B87800180318973D421C0A7"), plain = vectors_from_hex("3B80800101");
	struct buf cplc = vectors_from_hex("479051684791");

	(void)state;
	assert_string_equal(quirks_find(buf_view(&cccd), none())->name, "cccd");
	assert_string_equal(quirks_find(buf_view(&plain), none())->name, "silent");
	assert_null(quirks_find(BYTES_LITERAL("\x3B\x02\x14\x50"), none()));
	assert_null(quirks_find(BYTES_LITERAL("\x00\x01"), none()));
	assert_true(quirk_fits(&by_cplc, buf_view(&plain), buf_view(&cplc)));
	assert_false(quirk_fits(&by_cplc, buf_view(&plain), none()));
	assert_true(quirk_fits(&both, buf_view(&cccd), buf_view(&cplc)));
	assert_false(quirk_fits(&both, buf_view(&plain), buf_view(&cplc)));
	buf_done(&cccd);
	buf_done(&plain);
	buf_done(&cplc);
}

static void what_was_learned_is_kept_by_type(void **state)
{
	struct reader a, b;
	struct channel ca, cb;

	(void)state;
	quirks_forget();
	channel_with_atr(&ca, &a, "3B021450");
	channel_with_atr(&cb, &b, "3B021451");
	quirks_recall(&ca, none());
	assert_int_equal(ca.habits.read_max, 0);
	ca.habits.read_max = 160;
	ca.habits.no_sfi = true;
	quirks_keep(&ca, none(), true);
	channel_init(&ca, &a);
	quirks_recall(&ca, none());
	assert_int_equal(ca.habits.read_max, 160);
	assert_true(ca.habits.no_sfi);
	quirks_recall(&cb, none());
	assert_int_equal(cb.habits.read_max, 0);
	/* The same ATR with another CPLC is another chip. */
	channel_init(&ca, &a);
	quirks_recall(&ca, BYTES_LITERAL("\x47\x90\x51\x68"));
	assert_int_equal(ca.habits.read_max, 0);
	quirks_forget();
	quirks_recall(&ca, none());
	assert_int_equal(ca.habits.read_max, 0);
}

/* The type in the ATR is the card's own word: what a hostile card can do to honest ones of that type. */
static void a_lesson_of_an_unproven_chip_is_for_the_next_alone(void **state)
{
	struct reader r;
	struct channel ch;

	(void)state;
	quirks_forget();
	channel_with_atr(&ch, &r, "3B021450");
	ch.habits = (struct channel_habits){ .no_sfi = true, .header_first = true, .no_mf = true, .read_max = 1 };
	for (unsigned i = 0; i < 5; i++)
		quirks_keep(&ch, none(), false);
	channel_init(&ch, &r);
	quirks_recall(&ch, none());
	assert_true(ch.habits.no_sfi && ch.habits.header_first);
	assert_int_equal(ch.habits.read_max, QUIRKS_UNPROVEN_READ_MIN);
	/* A way into the chip is never skipped on a card's word. */
	assert_false(ch.habits.no_mf);
	channel_init(&ch, &r);
	quirks_recall(&ch, none());
	assert_false(ch.habits.no_sfi || ch.habits.header_first || ch.habits.read_max != 0);
}

static void a_proven_chip_stands_above_the_others(void **state)
{
	struct reader r;
	struct channel ch;

	(void)state;
	quirks_forget();
	channel_with_atr(&ch, &r, "3B021450");
	ch.habits = (struct channel_habits){ .no_sfi = true, .read_max = 160 };
	quirks_keep(&ch, none(), false);
	ch.habits = (struct channel_habits){ .read_max = 96 };
	quirks_keep(&ch, none(), true);
	ch.habits = (struct channel_habits){ .header_first = true, .read_max = 32 };
	quirks_keep(&ch, none(), false);
	/* Hostile cards of ever new types don't push it out. */
	for (unsigned i = 0; i < 200; i++) {
		struct reader other;
		struct channel hostile;

		channel_with_atr(&hostile, &other, "3B02FF00");
		other.atr[3] = (uint8_t)i;
		hostile.habits.no_sfi = true;
		quirks_keep(&hostile, none(), false);
	}
	/* Tried anew after some cards: a type may have been updated, and a genuine card in hostile hands is a card, too. */
	for (unsigned i = 0; i <= QUIRKS_PROVEN_USES; i++) {
		channel_init(&ch, &r);
		quirks_recall(&ch, none());
		assert_int_equal(ch.habits.read_max, i < QUIRKS_PROVEN_USES ? 96 : 0);
		assert_false(ch.habits.no_sfi || ch.habits.header_first);
	}
	quirks_forget();
}

static void many_types_don_t_grow_the_memory(void **state)
{
	struct reader r;
	struct channel ch;

	(void)state;
	quirks_forget();
	for (unsigned i = 0; i < 200; i++) {
		channel_with_atr(&ch, &r, "3B021450");
		r.atr[3] = (uint8_t)i;
		ch.habits.read_max = 32 + i;
		quirks_keep(&ch, none(), true);
	}
	for (unsigned i = 0; i < 200; i++) {
		channel_with_atr(&ch, &r, "3B021450");
		r.atr[3] = (uint8_t)i;
		quirks_recall(&ch, none());
		assert_int_equal(ch.habits.read_max, i < 200 - 32 ? 0 : 32 + i);
	}
	quirks_forget();
}

static void select_mf_is_not_asked_twice(void **state)
{
	static const struct script_step steps[] = { { "00A4000C023F00", "6D00" } };
	struct script script = { steps, 1, NULL, 0 };
	struct reader *r = script_reader(&script);
	struct channel ch;
	uint16_t sw = 0;

	(void)state;
	channel_init(&ch, r);
	for (unsigned i = 0; i < 3; i++) {
		assert_false(cc_failed(fs_select_mf(&ch, &sw)));
		assert_int_equal(sw, SW_INS_UNKNOWN);
	}
	assert_int_equal(script.next, 1);
	assert_true(ch.habits.no_mf);
	channel_done(&ch);
	reader_free(&r);
}

/* A bare 6B00 under secure messaging: the session is lost, and the next one begins with the header. */
static void an_unprotected_refusal_is_a_lesson(void **state)
{
	static const struct script_step steps[] = { { NULL, "6B00" } };
	static const uint8_t key[16] = { 1, 2, 3 }, ssc[8];
	struct script script = { steps, 1, NULL, 0 };
	struct reader *r = script_reader(&script);
	struct secure_layer *layer = NULL;
	struct channel ch;
	struct buf file = { 0 };
	uint16_t sw = 0;

	(void)state;
	channel_init(&ch, r);
	assert_false(cc_failed(sm_new(CIPHER_TDES, bytes_of(key, 16), bytes_of(key, 16), bytes_of(ssc, 8), &layer)));
	channel_set_layer(&ch, layer);
	assert_int_equal(fs_read_ef(&ch, FS_EF_COM, FS_FILE_MAX, &file, &sw).code, CC_E_VERIFY);
	assert_string_equal(ch.err.key, "card.sm-unprotected");
	assert_true(ch.habits.header_first);
	channel_done(&ch);
	reader_free(&r);
}

/* 6282 without data at a first read beyond the end of a small file. */
static void an_empty_end_of_file_is_asked_again(void **state)
{
	static const struct script_step steps[] = {
		{ "00A4020C02011C", "9000" },
		{ "00B0000000", "6282" },
		{ "00B0000004", "31030201 9000" },
		{ "00B0000401", "07 9000" },
	};
	struct script script = { steps, 4, NULL, 0 };
	struct reader *r = script_reader(&script);
	struct channel ch;
	struct buf file = { 0 };
	uint16_t sw = 0;

	(void)state;
	channel_init(&ch, r);
	assert_false(cc_failed(fs_read_ef(&ch, FS_EF_CARD_ACCESS, 1024, &file, &sw)));
	assert_int_equal(sw, SW_OK);
	assert_true(vectors_is_hex(buf_view(&file), "3103020107"));
	buf_done(&file);
	channel_done(&ch);
	reader_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_says_how_and_why),
		cmocka_unit_test(rows_fit_by_historical_bytes_and_cplc),
		cmocka_unit_test(what_was_learned_is_kept_by_type),
		cmocka_unit_test(many_types_don_t_grow_the_memory),
		cmocka_unit_test(select_mf_is_not_asked_twice),
		cmocka_unit_test(an_unprotected_refusal_is_a_lesson),
		cmocka_unit_test(an_empty_end_of_file_is_asked_again),
		cmocka_unit_test(a_lesson_of_an_unproven_chip_is_for_the_next_alone),
		cmocka_unit_test(a_proven_chip_stands_above_the_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
