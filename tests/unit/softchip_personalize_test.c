/* SPDX-License-Identifier: Apache-2.0 */
#include "card/perso/gp.h"
#include "card/perso/scp03.h"
#include "card/softchip/chip.h"
#include "tests/support/chip_desk.h"
#include "tests/support/chip_raw.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

/* The security domain, its keys and personalization. */

static void check_whole_life(const struct chip_reader_options *o, uint8_t level, size_t room)
{
	struct chip_desk d;
	struct buf answer = { 0 };
	uint8_t block = 0;
	/* Le of a protected command counts the wire: 18 asked for are 40 there with R-ENC, which have room for 31. */
	size_t got = level == 0x33 ? 31 : 18;

	chip_desk_init(&d, o);
	chip_desk_authenticate(&d, level);
	assert_int_equal(chip_desk_write(&d, room, &block), 0x9000);
	/* Reading back: 53 and a part of DG2; at the end a warning. */
	assert_int_equal(chip_desk_send_hex(&d, 0xB1, 0x01, 0x02, "54020004", 18, &answer), 0x9000);
	assert_int_equal(answer.n, got);
	assert_int_equal(answer.p[0], 0x53);
	assert_int_equal(answer.p[1], got - 2);
	assert_int_equal(chip_desk_send_hex(&d, 0xB1, 0x01, 0x02, "54022320", 18, &answer), 0x6282);
	assert_memory_equal(answer.p, "\x53\x08\x42\x42", 4);
	assert_int_equal(chip_desk_send_hex(&d, 0xB1, 0x01, 0x02, "54022328", 18, &answer), 0x6B00);
	assert_int_equal(chip_desk_send_hex(&d, 0xB1, 0x01, 0x0B, "540100", 18, &answer), 0x6A82);
	assert_int_equal(chip_desk_send_hex(&d, 0xCA, 0x00, 0xA1, "", 256, &answer), 0x9000);
	assert_memory_equal(answer.p, "\x7F\x49\x43\x86\x41\x04", 6);
	assert_int_equal(chip_desk_finish(&d, &block), 0x9000);
	assert_true(chip_is_personalized(d.cr.chip));
	/* Sealed: nothing opens it again. */
	assert_int_equal(chip_desk_store(&d,
					 BYTES_LITERAL("\x00\xB2\x06"
						       "000002"),
					 200, false, &block, NULL),
			 0x6985);
	assert_int_equal(chip_desk_install(&d), 0x6985);
	assert_int_equal(chip_desk_send_hex(&d, 0xB1, 0x01, 0x02, "540100", 18, &answer), 0x6985);
	assert_int_equal(chip_desk_send_hex(&d, 0xCA, 0x00, 0xA1, "", 256, &answer), 0x6985);
	buf_done(&answer);
	chip_desk_done(&d);
}

static void whole_life_extended_level_33(void **state)
{
	(void)state;
	check_whole_life(&(struct chip_reader_options){ .number = 1 }, 0x33, 3900);
}

static void whole_life_short_level_33(void **state)
{
	(void)state;
	check_whole_life(&(struct chip_reader_options){ .number = 2, .short_length = true }, 0x33, 231);
}

static void whole_life_level_13_in_odd_pieces(void **state)
{
	(void)state;
	check_whole_life(&(struct chip_reader_options){ .number = 3, .personality = SOFTCHIP_ICAO }, 0x13, 61);
}

static void chained_blocks_are_one(void **state)
{
	struct chip_desk d;
	struct writer w;
	uint8_t block = 0;

	(void)state;
	chip_desk_init(&d, &(struct chip_reader_options){ .number = 4, .short_length = true });
	chip_desk_authenticate(&d, 0x33);
	assert_int_equal(chip_desk_install(&d), 0x9000);
	writer_init(&w, 4000);
	chip_desk_put_dgi(&w, 0x0102, 3000, 0x77);
	/* The channel chains what is beyond 255 bytes. */
	assert_int_equal(chip_desk_store(&d, writer_view(&w), 4000, false, &block, NULL), 0x9000);
	writer_done(&w);
	assert_true(chip_file_complete(chip_memory_file(&d.cr.chip->memory, 0x0102)));
	chip_desk_done(&d);
}

static void weak_levels_do_not_personalize(void **state)
{
	static const uint8_t weak[] = { 0x01, 0x03, 0x11 };
	struct chip_desk d;

	(void)state;
	chip_desk_init(&d, &(struct chip_reader_options){ .number = 5 });
	assert_int_equal(chip_desk_install(&d), 0x6982);
	for (size_t i = 0; i < sizeof weak; i++) {
		chip_desk_authenticate(&d, weak[i]);
		assert_int_equal(chip_desk_install(&d), 0x6982);
	}
	chip_desk_done(&d);
}

static void the_end_is_refused_until_all_is_there(void **state)
{
	struct chip_desk d;
	uint8_t block = 0;

	(void)state;
	chip_desk_init(&d, &(struct chip_reader_options){ .number = 6 });
	chip_desk_authenticate(&d, 0x33);
	assert_int_equal(chip_desk_install(&d), 0x9000);
	assert_int_equal(chip_desk_finish(&d, &block), 0x6985);
	assert_false(chip_is_personalized(d.cr.chip));
	block = 0;
	assert_int_equal(chip_desk_write(&d, 3000, &block), 0x9000);
	/* A begun and unfinished DG11 stands in the way as well. */
	assert_int_equal(chip_desk_store(&d,
					 BYTES_LITERAL("\x01\x0B\x05"
						       "ab"),
					 100, false, &block, NULL),
			 0x9000);
	assert_int_equal(chip_desk_store(&d, BYTES_LITERAL("cde"), 100, false, &block, NULL), 0x9000);
	assert_int_equal(chip_desk_finish(&d, &block), 0x9000);
	chip_desk_done(&d);
}

static void store_data_checks_its_parameters(void **state)
{
	struct chip_desk d;
	uint8_t zero = 0;

	(void)state;
	chip_desk_init(&d, &(struct chip_reader_options){ .number = 7 });
	chip_desk_authenticate(&d, 0x33);
	assert_int_equal(chip_desk_send_hex(&d, 0xE2, 0x08, 0x00, "00B206303030303031", 0, NULL), 0x6985);
	assert_int_equal(chip_desk_install(&d), 0x9000);
	assert_int_equal(chip_desk_send_hex(&d, 0xE2, 0x08, 0x01, "00B206303030303031", 0, NULL), 0x6A86);
	assert_int_equal(chip_desk_send_hex(&d, 0xE2, 0x00, 0x00, "00B206303030303031", 0, NULL), 0x6A86);
	assert_int_equal(chip_desk_send_hex(&d, 0xE2, 0x68, 0x00, "00B206303030303031", 0, NULL), 0x6A86);
	assert_int_equal(chip_desk_send_hex(&d, 0xE2, 0x08, 0x00, "00B20630303030303A", 0, NULL), 0x6A80);
	assert_int_equal(chip_desk_send_hex(&d, 0xE2, 0x08, 0x00, "00B2053030303030", 0, NULL), 0x6A80);
	assert_int_equal(chip_desk_send_hex(&d, 0xE2, 0x08, 0x00, "01120100", 0, NULL), 0x6A80);
	assert_int_equal(chip_desk_send_hex(&d, 0xE2, 0x08, 0x00, "010100", 0, NULL), 0x6A80);
	assert_int_equal(chip_desk_send_hex(&d, 0xE2, 0x08, 0x00, "00A1021303", 0, NULL), 0x6A80);     /* no such parameters */
	assert_int_equal(chip_desk_send_hex(&d, 0xE2, 0x08, 0x00, "00A1020103", 0, NULL), 0x6A80);     /* DH signs nothing */
	assert_int_equal(chip_desk_send_hex(&d, 0xE2, 0x08, 0x00, "00A1030D0302", 0, NULL), 0x6A80);   /* no such form */
	assert_int_equal(chip_desk_send_hex(&d, 0xE2, 0x08, 0x00, "00A104FF030400", 0, NULL), 0x6A80); /* RSA, 1024 bits */
	assert_int_equal(chip_desk_send_hex(&d, 0xE2, 0x08, 0x00, "00A202FF02", 0, NULL), 0x6A80);     /* RSA agrees on nothing */
	assert_int_equal(chip_desk_send_hex(&d, 0xE2, 0x08, 0x00, "00B306000000000000", 0, NULL), 0x6A80);
	assert_int_equal(chip_desk_send_hex(&d, 0xE2, 0x08, 0x00, "00B406020601030001", 0, NULL), 0x6A80); /* month 13 */
	assert_int_equal(chip_desk_send_hex(&d, 0xE2, 0x08, 0x00, "00A1020D06", 0, NULL), 0x6A80);
	assert_int_equal(chip_desk_send_hex(&d, 0xE2, 0x88, 0x00, "010105AA", 0, NULL), 0x6A80);
	assert_int_equal(chip_desk_store(&d,
					 BYTES_LITERAL("\x00\xB2\x06"
						       "000001"),
					 1, false, &zero, NULL),
			 0x9000);
	assert_int_equal(chip_memory_field(&d.cr.chip->memory, CHIP_FIELD_CAN).n, 6);
	chip_desk_done(&d);
}

static void memory_has_an_end(void **state)
{
	struct chip_desk d;
	struct writer w;
	uint8_t block = 0;

	(void)state;
	chip_desk_init(&d, &(struct chip_reader_options){ .number = 8 });
	chip_desk_authenticate(&d, 0x33);
	assert_int_equal(chip_desk_install(&d), 0x9000);
	writer_init(&w, 70000);
	chip_desk_put_dgi(&w, 0x0102, 65535, 1);
	assert_int_equal(chip_desk_store(&d, writer_view(&w), 3900, false, &block, NULL), 0x9000);
	/* 80 KB less 65,535: 16,385 are left. */
	assert_int_equal(chip_desk_store(&d, BYTES_LITERAL("\x01\x01\xFF\x40\x02"), 100, false, &block, NULL), 0x6A84);
	block--;
	assert_int_equal(chip_desk_store(&d, BYTES_LITERAL("\x01\x01\xFF\x40\x01"), 100, false, &block, NULL), 0x9000);
	writer_done(&w);
	chip_desk_done(&d);
}

static void making_a_key_answers_it_and_again_replaces_it(void **state)
{
	struct chip_desk d;
	struct buf first = { 0 }, second = { 0 }, read = { 0 };
	uint8_t block = 0;

	(void)state;
	chip_desk_init(&d, &(struct chip_reader_options){ .number = 9 });
	chip_desk_authenticate(&d, 0x33);
	assert_int_equal(chip_desk_install(&d), 0x9000);
	assert_int_equal(chip_desk_send_hex(&d, 0xCA, 0x00, 0xA1, "", 256, NULL), 0x6A88);
	assert_int_equal(chip_desk_store(&d, BYTES_LITERAL("\x00\xA1\x02\x12\x05"), 100, false, &block, &first), 0x9000);
	assert_int_equal(first.n, 2 + 2 + 3 + 133);
	assert_int_equal(chip_desk_store(&d, BYTES_LITERAL("\x00\xA1\x02\x12\x05"), 100, false, &block, &second), 0x9000);
	assert_false(bytes_equal(buf_view(&first), buf_view(&second)));
	assert_int_equal(chip_desk_send_hex(&d, 0xCA, 0x00, 0xA1, "", 256, &read), 0x9000);
	assert_true(bytes_equal(buf_view(&read), buf_view(&second)));
	buf_done(&first);
	buf_done(&second);
	buf_done(&read);
	chip_desk_done(&d);
}

/* ---- keys */

static void new_keys(struct scp03_keys *k, size_t n)
{
	struct secret *to[3] = { &k->enc, &k->mac, &k->dek };
	uint8_t bytes[32];

	assert_false(cc_failed(scp03_alg(n, &k->alg)));
	for (uint8_t i = 0; i < 3; i++) {
		memset(bytes, 0x90 + i, sizeof bytes);
		secret_set(to[i], bytes, n);
	}
}

static void put_key_replaces_the_set(size_t n)
{
	struct chip_desk d;
	struct scp03_keys fresh;
	struct gp_command cmd;
	struct scp03_handshake hs;
	struct response r = { 0 };
	uint16_t sw;

	chip_desk_init(&d, &(struct chip_reader_options){ .number = 10 });
	chip_desk_authenticate(&d, 0x33);
	new_keys(&fresh, n);
	assert_false(cc_failed(gp_put_key_build(&d.keys.dek, &fresh, 0x30, 0x30, &cmd)));
	assert_false(cc_failed(channel_send_ok(&d.ch, &cmd.apdu, &r)));
	assert_false(cc_failed(gp_put_key_parse(buf_view(&r.data), &fresh, 0x30)));
	response_done(&r);
	channel_set_layer(&d.ch, NULL);
	/* The old keys are dead, the new ones live. */
	assert_false(cc_failed(scp03_initialize_update(&d.ch, 0, &d.fake.sys, &hs)));
	assert_false(cc_failed(scp03_probe_refusal(&d.ch, &hs, &d.keys, &sw)));
	assert_int_equal(sw, 0x6300);
	assert_false(cc_failed(scp03_initialize_update(&d.ch, 0x30, &d.fake.sys, &hs)));
	assert_false(cc_failed(scp03_external_authenticate(&d.ch, &hs, &fresh, 0x33)));
	assert_int_equal(chip_memory_number(&d.cr.chip->memory, CHIP_FIELD_KEY_FAILURES), 0);
	gp_command_done(&cmd);
	scp03_keys_done(&fresh);
	chip_desk_done(&d);
}

static void put_key_of_every_length(void **state)
{
	(void)state;
	put_key_replaces_the_set(16);
	put_key_replaces_the_set(24);
	put_key_replaces_the_set(32);
}

static void put_key_with_a_wrong_check_value_changes_nothing(void **state)
{
	struct chip_desk d;
	struct scp03_keys fresh;
	struct gp_command cmd;
	struct buf before = { 0 };
	struct bytes keys;

	(void)state;
	chip_desk_init(&d, &(struct chip_reader_options){ .number = 11 });
	chip_desk_authenticate(&d, 0x33);
	new_keys(&fresh, 16);
	assert_false(cc_failed(buf_copy(&before, chip_memory_field(&d.cr.chip->memory, CHIP_FIELD_KEYS))));
	assert_false(cc_failed(gp_put_key_build(&d.keys.dek, &fresh, 0x30, 0x31, &cmd)));
	cmd.data[cmd.apdu.data.n - 1] ^= 1;
	assert_int_equal(chip_desk_send(&d, 0xD8, 0x30, 0x81, cmd.apdu.data, 256, NULL), 0x6A80);
	assert_int_equal(chip_desk_send(&d, 0xD8, 0x29, 0x81, cmd.apdu.data, 256, NULL), 0x6A88);
	assert_int_equal(chip_desk_send(&d, 0xD8, 0x30, 0x01, cmd.apdu.data, 256, NULL), 0x6A86);
	for (size_t n = 0; n < cmd.apdu.data.n; n++)
		assert_int_equal(chip_desk_send(&d, 0xD8, 0x30, 0x81, bytes_of(cmd.data, n), 256, NULL), 0x6A80);
	keys = chip_memory_field(&d.cr.chip->memory, CHIP_FIELD_KEYS);
	assert_true(bytes_equal(keys, buf_view(&before)));
	buf_done(&before);
	gp_command_done(&cmd);
	scp03_keys_done(&fresh);
	chip_desk_done(&d);
}

static void ten_wrong_cryptograms_lock_the_keys_for_ever(void **state)
{
	struct chip_desk d;
	struct scp03_keys wrong;
	struct scp03_handshake hs;
	struct buf memory = { 0 };
	uint16_t sw;

	(void)state;
	chip_desk_init(&d, &(struct chip_reader_options){ .number = 12 });
	new_keys(&wrong, 16);
	for (int i = 0; i < 9; i++) {
		assert_false(cc_failed(scp03_initialize_update(&d.ch, 0, &d.fake.sys, &hs)));
		assert_false(cc_failed(scp03_probe_refusal(&d.ch, &hs, &wrong, &sw)));
		assert_int_equal(sw, 0x6300);
	}
	chip_desk_authenticate(&d, 0x01); /* success clears */
	channel_set_layer(&d.ch, NULL);
	for (int i = 0; i < 10; i++) {
		assert_false(cc_failed(scp03_initialize_update(&d.ch, 0, &d.fake.sys, &hs)));
		assert_false(cc_failed(scp03_probe_refusal(&d.ch, &hs, &wrong, &sw)));
	}
	chip_raw_expect(d.cr.chip, "8050000008000000000000000000", "6983");
	/* Power and memory carry it. */
	chip_reader_take_out(&d.cr, &memory);
	chip_reader_insert(&d.cr, buf_view(&memory));
	chip_raw_power(d.cr.chip);
	chip_raw_expect(d.cr.chip, "8050000008000000000000000000", "6983");
	buf_done(&memory);
	scp03_keys_done(&wrong);
	chip_desk_done(&d);
}

static void the_sequence_counter_rises_and_the_challenge_with_it(void **state)
{
	struct chip_desk d;
	struct scp03_handshake a, b;

	(void)state;
	chip_desk_init(&d, &(struct chip_reader_options){ .number = 13 });
	assert_false(cc_failed(scp03_initialize_update(&d.ch, 0, &d.fake.sys, &a)));
	assert_false(cc_failed(reader_reset(d.cr.reader)));
	assert_false(cc_failed(scp03_initialize_update(&d.ch, 0, &d.fake.sys, &b)));
	assert_int_equal(a.card.sequence, 1);
	assert_int_equal(b.card.sequence, 2);
	assert_memory_not_equal(a.card.challenge, b.card.challenge, 8);
	/* One EXTERNAL AUTHENTICATE for each: not without, not with the key version of nobody. */
	chip_raw_expect(d.cr.chip, "8050310008000000000000000000", "6A88");
	chip_raw_expect(d.cr.chip, "848233001000000000000000000000000000000000", "6985");
	chip_desk_done(&d);
}

/* ---- life cycle and data of the domain */

static void the_card_goes_to_secured_and_never_back(void **state)
{
	struct chip_desk d;
	struct buf answer = { 0 };

	(void)state;
	chip_desk_init(&d, &(struct chip_reader_options){ .number = 14 });
	chip_raw_expect(d.cr.chip, "80F0800F00", "6982");
	chip_raw_expect(d.cr.chip, "80F28002024F0000", "6982");
	chip_desk_authenticate(&d, 0x33);
	assert_int_equal(chip_desk_send_hex(&d, 0xF2, 0x80, 0x02, "4F00", 256, &answer), 0x9000);
	assert_memory_equal(answer.p, "\xE3\x13\x4F\x08\xA0\x00\x00\x01\x51\x00\x00\x00\x9F\x70\x01\x01", 16);
	assert_int_equal(chip_desk_send_hex(&d, 0xF2, 0x40, 0x02, "4F07A0000002471001", 256, &answer), 0x9000);
	assert_memory_equal(answer.p, "\xE3\x12\x4F\x07\xA0\x00\x00\x02\x47\x10\x01\x9F\x70\x01\x07", 15);
	assert_int_equal(chip_desk_send_hex(&d, 0xF2, 0x40, 0x02, "4F07A0000002471002", 256, &answer), 0x6A88);
	assert_int_equal(chip_desk_send_hex(&d, 0xF0, 0x80, 0x7F, "", 0, NULL), 0x6A86);
	assert_int_equal(chip_desk_send_hex(&d, 0xF0, 0x80, 0x0F, "", 0, NULL), 0x9000);
	assert_int_equal(chip_desk_send_hex(&d, 0xF0, 0x80, 0x0F, "", 0, NULL), 0x6985);
	assert_int_equal(chip_desk_send_hex(&d, 0xF0, 0x80, 0x07, "", 0, NULL), 0x6985);
	assert_int_equal(chip_memory_number(&d.cr.chip->memory, CHIP_FIELD_CARD_STATE), 0x0F);
	buf_done(&answer);
	chip_desk_done(&d);
}

static void a_command_in_the_clear_ends_the_channel(void **state)
{
	struct chip_desk d;

	(void)state;
	chip_desk_init(&d, &(struct chip_reader_options){ .number = 15 });
	chip_desk_authenticate(&d, 0x33);
	chip_raw_expect(d.cr.chip, "80CA9F7F00", "6982");
	assert_int_equal(d.cr.chip->s.scp03.state, CHIP_SCP03_CLOSED);
	chip_desk_authenticate(&d, 0x33);
	/* A MAC of nothing. */
	chip_raw_expect(d.cr.chip, "84F0800F080000000000000000", "6982");
	assert_int_equal(d.cr.chip->s.scp03.state, CHIP_SCP03_CLOSED);
	assert_int_equal(chip_memory_number(&d.cr.chip->memory, CHIP_FIELD_CARD_STATE), 0x01);
	chip_desk_done(&d);
}

static void data_of_the_domain(void **state)
{
	struct chip_reader cr;
	struct sys_fake fake;

	(void)state;
	sys_fake_init(&fake, 1);
	chip_reader_init(&cr, &(struct chip_reader_options){ .number = 0x01020304 }, &fake.sys);
	chip_raw_power(cr.chip);
	chip_raw_expect(cr.chip, "00A4040008A000000151000000", "6112");
	chip_raw_expect(cr.chip, "00A4040008A00000015100000000", "6F108408A000000151000000A5049F6501FF9000");
	chip_raw_expect(cr.chip, "00CA00E000", "E012C00401308810C00402308810C004033088109000");
	chip_raw_expect(cr.chip, "80CA9F7F00",
			"9F7F2ACCCD5001CCCD6327010061830102030400010000000000000000000000000000000000000000000000009000");
	chip_raw_expect(
		cr.chip, "80CA006600",
		"6631732F06072A864886FC6B01600C060A2A864886FC6B02020301630906072A864886FC6B03640B06092A864886FC6B0403709000");
	chip_raw_expect(cr.chip, "00CA7F6600",
			"7F660A02030100080203010002"
			"9000");
	chip_raw_expect(cr.chip, "80CA000100", "6A88");
	chip_reader_insert_blank(&cr, &(struct chip_reader_options){ .number = 2, .short_length = true });
	chip_raw_power(cr.chip);
	chip_raw_expect(cr.chip, "00CA7F6600", "6A88");
	chip_reader_done(&cr);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_life_extended_level_33),
		cmocka_unit_test(whole_life_short_level_33),
		cmocka_unit_test(whole_life_level_13_in_odd_pieces),
		cmocka_unit_test(chained_blocks_are_one),
		cmocka_unit_test(weak_levels_do_not_personalize),
		cmocka_unit_test(the_end_is_refused_until_all_is_there),
		cmocka_unit_test(store_data_checks_its_parameters),
		cmocka_unit_test(memory_has_an_end),
		cmocka_unit_test(making_a_key_answers_it_and_again_replaces_it),
		cmocka_unit_test(put_key_of_every_length),
		cmocka_unit_test(put_key_with_a_wrong_check_value_changes_nothing),
		cmocka_unit_test(ten_wrong_cryptograms_lock_the_keys_for_ever),
		cmocka_unit_test(the_sequence_counter_rises_and_the_challenge_with_it),
		cmocka_unit_test(the_card_goes_to_secured_and_never_back),
		cmocka_unit_test(a_command_in_the_clear_ends_the_channel),
		cmocka_unit_test(data_of_the_domain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
