/* SPDX-License-Identifier: Apache-2.0 */
#include "card/softchip/chip.h"
#include "card/softchip/chip_moc_match.h"
#include "crypto/base/tlv.h"
#include "tests/support/chip_desk.h"
#include "tests/support/chip_raw.h"
#include "tests/support/chip_term.h"
#include "tests/support/minutiae_made.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

/* The chip's match-on-card application: who may write it and when, what it tells, its matcher and its tries. */

#define AID                                                                                                                      \
	"F043434344"                                                                                                             \
	"4D4F43"
#define SELECT_MOC "00A4040C08" AID
#define MRZ "L898902C<369080619406236"
#define RIGHT_INDEX 0x09
#define LEFT_INDEX 0x0A

static const struct chip_reader_options blank = { .number = 1 };
static const struct minutiae_noise second_print = { 11, 9, 7, -5, 3, 4, 4 };

static struct buf enrolment(uint8_t reference, uint8_t subtype, struct bytes template_object)
{
	struct buf out = { 0 };
	struct writer w;

	writer_init(&w, 1024);
	tlv_open(&w, 0x7F60);
	tlv_put_u8(&w, 0x83, reference);
	tlv_open(&w, 0xA1);
	tlv_put_u8(&w, 0x82, subtype);
	tlv_close(&w);
	writer_put(&w, template_object);
	tlv_close(&w);
	assert_false(cc_failed(writer_finish(&w, &out)));
	writer_done(&w);
	return out;
}

static void open_moc(struct chip_desk *d, uint8_t level)
{
	channel_set_layer(&d->ch, NULL);
	chip_raw_expect_sw(d->cr.chip, SELECT_MOC, 0x9000);
	chip_desk_authenticate(d, level);
}

static uint16_t put(struct chip_desk *d, uint8_t reference, uint8_t subtype, uint32_t finger)
{
	struct buf t = minutiae_made(finger, NULL), e = enrolment(reference, subtype, buf_view(&t));
	uint16_t sw = chip_desk_send(d, 0xDB, 0x3F, 0xFF, buf_view(&e), 0, NULL);

	buf_done(&t);
	buf_done(&e);
	return sw;
}

static void select_isd(struct chip_desk *d)
{
	channel_set_layer(&d->ch, NULL);
	chip_raw_expect_sw(d->cr.chip, "00A4040C08A000000151000000", 0x9000);
}

static void finish(struct chip_desk *d)
{
	uint8_t block = 0;

	select_isd(d);
	chip_desk_authenticate(d, 0x33);
	assert_int_equal(chip_desk_write(d, 231, &block), 0x9000);
	assert_int_equal(chip_desk_finish(d, &block), 0x9000);
	channel_set_layer(&d->ch, NULL);
}

/* A finished document with templates of fingers 1 and 2. */
static void make(struct chip_desk *d)
{
	chip_desk_init(d, &blank);
	open_moc(d, 0x33);
	assert_int_equal(put(d, 0x81, RIGHT_INDEX, 1), 0x9000);
	assert_int_equal(put(d, 0x82, LEFT_INDEX, 2), 0x9000);
	finish(d);
}

static void enter(struct chip_desk *d, struct chip_term *t)
{
	const struct bytes aid = chip_memory_field(&d->cr.chip->memory, CHIP_FIELD_MOC_AID);

	chip_term_init(t, d->cr.chip, &d->fake.sys);
	chip_term_reset(t);
	assert_int_equal(chip_term_select_application(t), 0x9000);
	assert_int_equal(chip_term_bac(t, MRZ), 0x9000);
	assert_int_equal(chip_term_sw(t, 0xA4, 0x04, 0x0C, aid, 0), 0x9000);
}

static uint16_t verify(struct chip_term *t, uint8_t reference, uint32_t finger, const struct minutiae_noise *noise)
{
	struct buf b = minutiae_made(finger, noise);
	uint16_t sw = chip_term_sw(t, 0x21, 0x00, reference, buf_view(&b), 0);

	buf_done(&b);
	return sw;
}

static void a_template_goes_in_and_never_comes_out(void **state)
{
	static const char *const asked[] = { "7F2E", "81", "7F60817F2E", "7F61817F2E", "90", "5F2E", "" };
	const char *information = "7F6019A1178101088201008702010188020005B10781020C3C8201009000";
	struct chip_desk d;
	struct buf memory = { 0 };

	(void)state;
	make(&d);
	chip_raw_power(d.cr.chip);
	chip_raw_expect(d.cr.chip, SELECT_MOC, "9000");
	chip_raw_expect(d.cr.chip, "00CB3FFF045C027F6000", information);
	chip_raw_expect(d.cr.chip, "00CB3FFF045C027F6100",
			"7F6141020102"
			"7F601C830181A1178101088201098702010188020005B10781020C3C820100"
			"7F601C830182A11781010882010A8702010188020005B10781020C3C820100"
			"9000");
	for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
		char hex[64];

		(void)snprintf(hex, sizeof hex, "00CB3FFF%02zX5C%02zX%s00", strlen(asked[i]) / 2 + 2, strlen(asked[i]) / 2,
			       asked[i]);
		chip_raw_expect_sw(d.cr.chip, hex, 0x6A88);
	}
	chip_raw_expect_sw(d.cr.chip, "00CB0000045C027F6000", 0x6A86);
	chip_raw_expect_sw(d.cr.chip, "00B0000000", 0x6D00);
	/* Saved and loaded it is the same. */
	chip_reader_take_out(&d.cr, &memory);
	chip_reader_insert(&d.cr, buf_view(&memory));
	chip_raw_power(d.cr.chip);
	chip_raw_expect(d.cr.chip, SELECT_MOC, "9000");
	chip_raw_expect(d.cr.chip, "00CB3FFF045C027F6000", information);
	buf_done(&memory);
	chip_desk_done(&d);
}

static void templates_are_written_in_a_strong_channel_before_the_end_alone(void **state)
{
	static const uint8_t weak[] = { 0x01, 0x03, 0x11 };
	struct chip_desk d;

	(void)state;
	chip_desk_init(&d, &blank);
	chip_raw_expect_sw(d.cr.chip, SELECT_MOC, 0x9000);
	chip_raw_expect_sw(d.cr.chip, "80DB3FFF017F", 0x6982);
	chip_raw_expect_sw(d.cr.chip, "00DB3FFF017F", 0x6E00);
	for (size_t i = 0; i < sizeof weak; i++) {
		open_moc(&d, weak[i]);
		assert_int_equal(put(&d, 0x81, RIGHT_INDEX, 1), 0x6982);
	}
	open_moc(&d, 0x13);
	assert_int_equal(put(&d, 0x80, RIGHT_INDEX, 1), 0x6A88);
	assert_int_equal(put(&d, 0x83, RIGHT_INDEX, 1), 0x6A88);
	assert_int_equal(put(&d, 0x81, RIGHT_INDEX, 3), 0x9000);
	assert_int_equal(put(&d, 0x81, RIGHT_INDEX, 1), 0x9000);
	finish(&d);
	open_moc(&d, 0x33);
	assert_int_equal(put(&d, 0x81, RIGHT_INDEX, 1), 0x6985);
	chip_desk_done(&d);
}

static void what_is_no_template_is_refused(void **state)
{
	struct buf t = minutiae_made(1, NULL), e = enrolment(0x81, RIGHT_INDEX, buf_view(&t));
	struct chip_desk d;
	unsigned cases = 0;

	(void)state;
	chip_desk_init(&d, &blank);
	open_moc(&d, 0x33);
	for (size_t n = 1; n < e.n; n++, cases++)
		assert_int_equal(chip_desk_send(&d, 0xDB, 0x3F, 0xFF, bytes_of(e.p, n), 0, NULL), 0x6A80);
	/* A wrong tag, at each place where one is; a type 3; a minutia twice. */
	for (size_t i = 0; i < 16; i++, cases++) {
		e.p[i] ^= 0x01;
		if (i != 5 && i != 10) /* reference and subtype */
			assert_int_equal(chip_desk_send(&d, 0xDB, 0x3F, 0xFF, buf_view(&e), 0, NULL), 0x6A80);
		e.p[i] ^= 0x01;
	}
	e.p[e.n - 1] |= 0xC0;
	assert_int_equal(chip_desk_send(&d, 0xDB, 0x3F, 0xFF, buf_view(&e), 0, NULL), 0x6A80);
	memcpy(e.p + e.n - 3, e.p + e.n - 6, 3);
	assert_int_equal(chip_desk_send(&d, 0xDB, 0x3F, 0xFF, buf_view(&e), 0, NULL), 0x6A80);
	assert_int_equal(chip_memory_field(&d.cr.chip->memory, CHIP_FIELD_MOC_1).n, 0);
	(void)printf("# count: %u broken templates refused\n", cases + 2);
	buf_done(&t);
	buf_done(&e);
	chip_desk_done(&d);
}

static void without_a_template_a_finished_chip_has_no_such_application(void **state)
{
	struct chip_desk d;

	(void)state;
	chip_desk_init(&d, &blank);
	chip_raw_expect_sw(d.cr.chip, SELECT_MOC, 0x9000);
	chip_raw_expect_sw(d.cr.chip, "00CB3FFF045C027F6100", 0x6A88);
	finish(&d);
	chip_raw_power(d.cr.chip);
	chip_raw_expect_sw(d.cr.chip, SELECT_MOC, 0x6A82);
	chip_desk_done(&d);
}

static void a_chip_may_have_another_name_for_it(void **state)
{
	const struct softchip_config config = { .serial = BYTES_LITERAL("12345678"),
						.master_key = BYTES_LITERAL("0123456789ABCDEF"),
						.match_on_card_aid = BYTES_LITERAL("\xF0\x01\x02\x03\x04\x05") };
	struct softchip_config bad = config;
	struct softchip *chip = NULL;
	struct sys_fake fake;

	(void)state;
	sys_fake_init(&fake, 1);
	assert_false(cc_failed(softchip_new(&config, &fake.sys, &chip)));
	chip_raw_power(chip);
	chip_raw_expect_sw(chip, SELECT_MOC, 0x6A82);
	chip_raw_expect(chip, "00A4040006F0010203040500", "6F088406F001020304059000");
	softchip_free(&chip);
	bad.match_on_card_aid = bytes_of("1234", 4);
	assert_int_equal(softchip_new(&bad, &fake.sys, &chip).code, CC_E_ARG);
}

static void the_same_finger_matches_and_another_does_not(void **state)
{
	struct chip_desk d;
	struct chip_term t;

	(void)state;
	make(&d);
	enter(&d, &t);
	assert_int_equal(verify(&t, 0x81, 1, &second_print), 0x9000);
	assert_int_equal(verify(&t, 0x82, 2, &second_print), 0x9000);
	assert_int_equal(verify(&t, 0x82, 1, &second_print), 0x63C2);
	assert_int_equal(verify(&t, 0x82, 2, &second_print), 0x9000);
	assert_int_equal(verify(&t, 0x83, 2, NULL), 0x6A88);
	chip_term_done(&t);
	chip_desk_done(&d);
}

static void after_three_wrong_prints_a_template_is_blocked(void **state)
{
	struct chip_desk d;
	struct chip_term t;
	struct buf memory = { 0 };

	(void)state;
	make(&d);
	enter(&d, &t);
	assert_int_equal(chip_term_sw(&t, 0x21, 0x00, 0x81, bytes_of(NULL, 0), 0), 0x63C3);
	/* What is no template costs no try. */
	assert_int_equal(chip_term_sw(&t, 0x21, 0x00, 0x81, BYTES_LITERAL("\x7F\x2E\x02\x81\x00"), 0), 0x6A80);
	assert_int_equal(verify(&t, 0x81, 3, NULL), 0x63C2);
	assert_int_equal(verify(&t, 0x81, 3, NULL), 0x63C1);
	/* Neither power nor another reader gives a try back. */
	chip_term_done(&t);
	chip_reader_take_out(&d.cr, &memory);
	chip_reader_insert(&d.cr, buf_view(&memory));
	enter(&d, &t);
	assert_int_equal(chip_term_sw(&t, 0x21, 0x00, 0x81, bytes_of(NULL, 0), 0), 0x63C1);
	assert_int_equal(verify(&t, 0x81, 3, NULL), 0x6983);
	assert_int_equal(verify(&t, 0x81, 1, NULL), 0x6983);
	assert_int_equal(chip_term_sw(&t, 0x21, 0x00, 0x81, bytes_of(NULL, 0), 0), 0x6983);
	/* The other finger isn't touched by it. */
	assert_int_equal(verify(&t, 0x82, 2, &second_print), 0x9000);
	chip_term_done(&t);
	buf_done(&memory);
	chip_desk_done(&d);
}

static void a_stranger_can_use_up_no_tries(void **state)
{
	struct buf p = minutiae_made(3, NULL);
	struct chip_desk d;
	struct chip_term t;

	(void)state;
	make(&d);
	enter(&d, &t);
	assert_int_equal(chip_term_clear_sw(&t, 0x21, 0x00, 0x81, buf_view(&p), 0), 0x6982);
	chip_term_reset(&t);
	assert_int_equal(chip_term_clear_sw(&t, 0x21, 0x00, 0x81, buf_view(&p), 0), 0x6D00);
	enter(&d, &t);
	assert_int_equal(chip_term_sw(&t, 0x21, 0x00, 0x81, bytes_of(NULL, 0), 0), 0x63C3);
	chip_term_done(&t);
	buf_done(&p);
	chip_desk_done(&d);
}

/* Pulled out at any point of a comparison: a wrong print never leaves more tries than before. */
static void a_torn_comparison_gains_nothing(void **state)
{
	static const enum softchip_tear kinds[] = { SOFTCHIP_TEAR_BEFORE, SOFTCHIP_TEAR_AFTER, SOFTCHIP_TEAR_MID_WRITE };
	static const uint16_t left[] = { 0x63C3, 0x63C2, 0x63C3 };

	(void)state;
	for (size_t k = 0; k < 3; k++) {
		struct chip_desk d;
		struct chip_term t;

		make(&d);
		enter(&d, &t);
		softchip_tear_after(d.cr.chip, 1, kinds[k]);
		assert_int_equal(verify(&t, 0x81, 3, NULL), 0);
		chip_term_done(&t);
		enter(&d, &t);
		assert_int_equal(chip_term_sw(&t, 0x21, 0x00, 0x81, bytes_of(NULL, 0), 0), left[k]);
		chip_term_done(&t);
		chip_desk_done(&d);
	}
}

static void a_torn_template_is_the_old_or_the_new(void **state)
{
	static const enum softchip_tear kinds[] = { SOFTCHIP_TEAR_BEFORE, SOFTCHIP_TEAR_AFTER, SOFTCHIP_TEAR_MID_WRITE };

	(void)state;
	for (size_t k = 0; k < 3; k++) {
		struct buf whole = minutiae_made(1, NULL);
		struct bytes now;
		struct chip_desk d;

		chip_desk_init(&d, &blank);
		open_moc(&d, 0x33);
		softchip_tear_after(d.cr.chip, 1, kinds[k]);
		assert_int_equal(put(&d, 0x81, RIGHT_INDEX, 1), 0);
		now = chip_memory_field(&d.cr.chip->memory, CHIP_FIELD_MOC_1);
		assert_int_equal(now.n, kinds[k] == SOFTCHIP_TEAR_AFTER ? 1 + MINUTIAE_MADE_COUNT * 3 : 0);
		chip_desk_power(&d);
		open_moc(&d, 0x33);
		assert_int_equal(put(&d, 0x81, RIGHT_INDEX, 1), 0x9000);
		buf_done(&whole);
		chip_desk_done(&d);
	}
}

static struct chip_minutiae minutiae(uint32_t finger, const struct minutiae_noise *noise)
{
	struct buf b = minutiae_made(finger, noise);
	struct chip_minutiae m = { 0 };
	struct cursor in, t;
	struct bytes v;

	cursor_init(&in, buf_view(&b));
	assert_true(tlv_expect(&in, TLV_STRICT, 0x7F2E, &t) && tlv_expect_bytes(&t, TLV_STRICT, 0x81, &v) &&
		    chip_minutiae_read(v, &m));
	buf_done(&b);
	return m;
}

/* The threshold stands between the two kinds of comparison, with room on both sides. */
static void the_matcher_tells_fingers_apart(void **state)
{
	enum { FINGERS_TRIED = 12, PRINTS = 4 };
	size_t least = 99, most = 0;
	unsigned same = 0, other = 0;

	(void)state;
	for (uint32_t f = 1; f <= FINGERS_TRIED; f++) {
		struct chip_minutiae reference = minutiae(f, NULL);

		for (uint32_t p = 0; p < PRINTS; p++, same++) {
			const struct minutiae_noise n = { f * 31 + p, (int)(p * 18) - 27, (int)p * 6 - 9, 4, 4, 3 + p, 5 };
			struct chip_minutiae probe = minutiae(f, &n);
			size_t pairs = chip_minutiae_paired(&reference, &probe);

			least = pairs < least ? pairs : least;
			assert_true(chip_minutiae_match(&reference, &probe));
		}
		for (uint32_t g = f + 1; g <= FINGERS_TRIED; g++, other++) {
			struct chip_minutiae probe = minutiae(g, &second_print);
			size_t pairs = chip_minutiae_paired(&reference, &probe);

			most = pairs > most ? pairs : most;
			assert_false(chip_minutiae_match(&reference, &probe));
		}
	}
	assert_true(least > most + 4);
	(void)printf("# count: %u comparisons of one finger, %u of two; of 36 minutiae at least %zu and at most %zu paired\n",
		     same, other, least, most);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_template_goes_in_and_never_comes_out),
		cmocka_unit_test(templates_are_written_in_a_strong_channel_before_the_end_alone),
		cmocka_unit_test(what_is_no_template_is_refused),
		cmocka_unit_test(without_a_template_a_finished_chip_has_no_such_application),
		cmocka_unit_test(a_chip_may_have_another_name_for_it),
		cmocka_unit_test(the_same_finger_matches_and_another_does_not),
		cmocka_unit_test(after_three_wrong_prints_a_template_is_blocked),
		cmocka_unit_test(a_stranger_can_use_up_no_tries),
		cmocka_unit_test(a_torn_comparison_gains_nothing),
		cmocka_unit_test(a_torn_template_is_the_old_or_the_new),
		cmocka_unit_test(the_matcher_tells_fingers_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
