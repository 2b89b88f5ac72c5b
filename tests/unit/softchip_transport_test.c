/* SPDX-License-Identifier: Apache-2.0 */
#include "card/softchip/chip.h"
#include "tests/support/chip_raw.h"
#include "tests/support/chip_reader.h"
#include "tests/support/sys_fake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

/* What every command has in common: length forms, classes, chaining, GET RESPONSE; and commands that are none. */

struct rig {
	struct sys_fake fake;
	struct chip_reader cr;
};

static struct rig rig;

static struct softchip *start(enum softchip_personality personality, bool short_length, size_t command_max)
{
	sys_fake_init(&rig.fake, 3);
	chip_reader_init(
		&rig.cr,
		&(struct chip_reader_options){
			.number = 1, .personality = personality, .short_length = short_length, .command_max = command_max },
		&rig.fake.sys);
	chip_raw_power(rig.cr.chip);
	return rig.cr.chip;
}

static int stop(void **state)
{
	(void)state;
	if (rig.cr.chip != NULL)
		chip_reader_done(&rig.cr);
	return 0;
}

/* ---- ISO/IEC 7816-3 12.1.3: the seven forms */

static void check_form(const char *hex, uint16_t sw, size_t data_n, size_t le, bool long_form)
{
	uint8_t apdu[64];
	size_t n;
	struct command cmd = { 0 };

	assert_true(bytes_from_hex(hex, apdu, sizeof apdu, &n));
	assert_int_equal(chip_command_read(bytes_of(apdu, n), true, &cmd), sw);
	if (sw != CHIP_SW_OK)
		return;
	assert_int_equal(cmd.data.n, data_n);
	assert_int_equal(cmd.le, le);
	assert_int_equal(cmd.long_form, long_form);
}

static void the_forms_of_a_command(void **state)
{
	(void)state;
	check_form("00A40000", 0x9000, 0, 0, false);
	check_form("00A4000010", 0x9000, 0, 16, false);
	check_form("00A4000000", 0x9000, 0, 256, false);
	check_form("00A4000002AABB", 0x9000, 2, 0, false);
	check_form("00A4000002AABB00", 0x9000, 2, 256, false);
	check_form("00A40000000100", 0x9000, 0, 256, true);
	check_form("00A40000000000", 0x9000, 0, 65536, true);
	check_form("00A40000000002AABB", 0x9000, 2, 0, true);
	check_form("00A40000000002AABB0100", 0x9000, 2, 256, true);
	check_form("00A40000000002AABB0000", 0x9000, 2, 65536, true);
	check_form("", 0x6700, 0, 0, false);
	check_form("00A400", 0x6700, 0, 0, false);
	check_form("00A4000003AABB", 0x6700, 0, 0, false);
	check_form("00A4000002AABB0000", 0x6700, 0, 0, false);
	check_form("00A40000000003AABB", 0x6700, 0, 0, false);
	check_form("00A40000000002AABB01", 0x6700, 0, 0, false);
	check_form("00A40000000002AABB010000", 0x6700, 0, 0, false);
	check_form("00A40000000000AABB", 0x6700, 0, 0, false);
	check_form("00A400000001", 0x6700, 0, 0, false);
}

static void short_length_chips_refuse_extended_commands(void **state)
{
	struct softchip *chip = start(SOFTCHIP_CCCD, true, 0);

	(void)state;
	chip_raw_expect(chip, "00CA9F7F000000", "6700");
	chip_raw_expect_sw(chip, "00CA9F7F00", 0x9000);
}

static void a_command_longer_than_the_chip_takes(void **state)
{
	static char hex[2 * 310 + 1];
	struct softchip *chip = start(SOFTCHIP_CCCD, false, 300);

	(void)state;
	/* 7 bytes of header and length, 294 of data: 301; then 300. */
	(void)strcpy(hex, "00A40400000126");
	memset(hex + strlen(hex), '0', 2 * 0x126);
	chip_raw_expect(chip, hex, "6700");
	(void)strcpy(hex, "00A40400000125");
	memset(hex + strlen(hex), '0', 2 * 0x125);
	hex[14 + 2 * 0x125] = '\0';
	chip_raw_expect(chip, hex, "6700"); /* no name is that long: refused by SELECT itself */
	chip_raw_expect(chip, "00CA7F6600", "7F66080202012C0202012C9000");
}

/* ---- classes and instructions */

static void classes(void **state)
{
	struct softchip *chip = start(SOFTCHIP_CCCD, false, 0);

	(void)state;
	chip_raw_expect(chip, "01A4040000", "6881");
	chip_raw_expect(chip, "83CA9F7F00", "6881");
	chip_raw_expect(chip, "04A4040000", "6882");
	chip_raw_expect(chip, "08A4040000", "6882");
	chip_raw_expect(chip, "88CA9F7F00", "6882");
	chip_raw_expect(chip, "20A4040000", "6E00");
	chip_raw_expect(chip, "40A4040000", "6E00");
	chip_raw_expect(chip, "FFA4040000", "6E00");
	chip_raw_expect(chip, "80A4040000", "6E00");
	chip_raw_expect(chip, "0050000008000000000000000000", "6E00");
	chip_raw_expect(chip, "00F1000000", "6D00");
	chip_raw_expect(chip, "0CA4040000", "6988"); /* secure messaging without a session */
	chip_raw_expect(chip, "84F28002024F0000", "6982");
	/* What one application knows, another doesn't. */
	chip_raw_expect(chip, "0084000008", "6D00");
	chip_raw_expect(chip, "00A4040C07A0000002471001", "9000");
	chip_raw_expect(chip, "80F28002024F0000", "6D00");
	chip_raw_expect(chip, "80CA9F7F00", "6E00");
	chip_raw_expect(chip, "00CA9F7F00", "6A88");
	chip_raw_expect_sw(chip, "00CA7F6600", 0x9000);
	chip_raw_expect(chip, "0084000008", "6985"); /* not personalized */
}

static void selecting(void **state)
{
	struct softchip *chip = start(SOFTCHIP_CCCD, false, 0);

	(void)state;
	chip_raw_expect(chip, "00A4000C023F00", "6D00");
	chip_raw_expect(chip, "00A4020C02011C", "6A82");
	chip_raw_expect(chip, "00A4040007A000000247100100", "6F098407A00000024710019000");
	chip_raw_expect(chip, "00A4040C07A0000002471002", "6A82");
	chip_raw_expect(chip, "00A4040C05A000000247", "9000"); /* right-truncated */
	chip_raw_expect(chip, "00A4040C04A0000002", "6A82");
	chip_raw_expect(chip, "00A4040207A0000002471001", "6A86");
	chip_raw_expect(chip, "00A4080C02011E", "6A86");
	chip_raw_expect(chip, "00A4020C02011E", "6982");
	chip_raw_expect(chip, "00A4020C03011E00", "6700");
	chip_raw_expect(chip, "00A4040C00", "9000"); /* no name: the security domain */
	chip_raw_expect(chip, "00A4020C02011C", "6A86");
	stop(NULL);
	chip = start(SOFTCHIP_ICAO, false, 0);
	chip_raw_expect(chip, "00A4000C023F00", "9000");
	chip_raw_expect(chip, "00A4000C", "9000");
	chip_raw_expect(chip, "00A40000023F0000", "6F0483023F009000");
	chip_raw_expect(chip, "00A4020C022F01", "9000");
	chip_raw_expect(chip, "00B0000000", "4703D421E07F660A020301000802030100029000");
	chip_raw_expect(chip, "00B0810005", "4703D421E09000");
	chip_raw_expect(chip,
			"00A4020402"
			"2F0100",
			"620B80020012820101830"
			"22F019000");
	chip_raw_expect(chip, "00A4040C07A0000002471001", "9000");
	chip_raw_expect(chip, "00B0810005", "6982"); /* here it is DG1 */
}

/* ---- GET RESPONSE */

static void answers_wait_for_get_response(void **state)
{
	struct softchip *chip = start(SOFTCHIP_CCCD, false, 0);

	(void)state;
	chip_raw_expect(chip, "00A4040008A000000151000000", "6112");
	chip_raw_expect(chip, "00C0000000", "6F108408A000000151000000A5049F6501FF9000");
	chip_raw_expect(chip, "00C0000000", "6985");
	chip_raw_expect(chip, "00A4040008A00000015100000005", "6F108408A0610D");
	chip_raw_expect(chip, "00C0010002", "6A86");
	chip_raw_expect(chip, "00C00000", "6700");
	chip_raw_expect(chip, "80C0000002", "0000610B");
	chip_raw_expect(chip, "00C000000B", "0151000000A5049F6501FF9000");
	/* Any other command drops what waits. */
	chip_raw_expect(chip, "00A4040008A000000151000000", "6112");
	chip_raw_expect(chip, "00A4040C07A0000002471001", "9000");
	chip_raw_expect(chip, "00C0000000", "6985");
}

/* ---- chaining */

static void chaining(void **state)
{
	struct softchip *chip = start(SOFTCHIP_CCCD, false, 0);

	(void)state;
	chip_raw_expect(chip, "10A4040C03A00000", "9000");
	chip_raw_expect(chip, "10A4040C020247", "9000");
	chip_raw_expect(chip, "00A4040C021001", "9000");
	assert_int_equal(chip->s.place, CHIP_EMRTD);
	/* Another command in between: the last one was expected, and the chain is lost. */
	chip_raw_expect(chip, "10A4040C03A00000", "9000");
	chip_raw_expect(chip, "00CA7F6600", "6883");
	chip_raw_expect(chip, "00A4040C0402471001", "6A82");
	chip_raw_expect(chip, "10A4040C03A00000", "9000");
	chip_raw_expect(chip, "10A4040003A00000", "6883");
	/* Power forgets it too. */
	chip_raw_expect(chip, "10A4040C03A00000", "9000");
	chip_raw_power(chip);
	chip_raw_expect_sw(chip, "00CA9F7F00", 0x9000);
}

static void a_chain_has_an_end(void **state)
{
	static char hex[10 + 2 * 255 + 1];
	struct softchip *chip = start(SOFTCHIP_CCCD, true, 0);
	struct buf answer;
	uint16_t sw = 0x9000;
	int n = 0;

	(void)state;
	(void)strcpy(hex, "90E20800FF");
	memset(hex + 10, '0', 2 * 255);
	for (; n < 300 && sw == 0x9000; n++) {
		answer = chip_raw_send(chip, hex);
		sw = chip_raw_sw(&answer);
		buf_done(&answer);
	}
	assert_int_equal(n, 258); /* 257 times 255 bytes are 65,535 */
	assert_int_equal(sw, 0x6700);
}

/* ---- answer to reset */

static void check_atr(enum softchip_personality personality, bool short_length, const char *hex)
{
	struct softchip *chip = start(personality, short_length, 0);
	uint8_t atr[33], want[33], check = 0;
	size_t n, want_n;

	assert_false(cc_failed(softchip_power_on(chip, atr, &n)));
	for (size_t i = 1; i < n; i++)
		check ^= atr[i];
	assert_int_equal(check, 0);
	assert_true(bytes_from_hex(hex, want, sizeof want, &want_n));
	assert_int_equal(n, want_n + 1);
	assert_memory_equal(atr, want, want_n);
	stop(NULL);
}

static void the_answer_to_reset_tells_the_capabilities(void **state)
{
	(void)state;
	check_atr(SOFTCHIP_CCCD, false,
		  "3B878001"
		  "80318973D421C0");
	check_atr(SOFTCHIP_CCCD, true,
		  "3B878001"
		  "80318973D42180");
	check_atr(SOFTCHIP_ICAO, false,
		  "3B878001"
		  "80319873D421E0");
	check_atr(SOFTCHIP_ICAO, true,
		  "3B878001"
		  "80319873D42180");
}

static void without_power_there_is_no_answer(void **state)
{
	struct softchip *chip = start(SOFTCHIP_CCCD, false, 0);
	struct writer w;
	const uint8_t get[] = { 0x00, 0xCA, 0x9F, 0x7F, 0x00 };

	(void)state;
	softchip_power_off(chip);
	writer_init(&w, 300);
	assert_int_equal(softchip_transmit(chip, bytes_of(get, sizeof get), &w).code, CC_E_DEVICE);
	assert_int_equal(w.n, 0);
	writer_done(&w);
}

/* ---- commands that no host would send */

/* Half of them start like something that the chip knows. */
static size_t random_command(struct sys_fake *f, uint8_t out[400])
{
	static const uint8_t ins[] = { 0xA4, 0xCA, 0xB0, 0xB1, 0x50, 0x82, 0xE6, 0xE2,
				       0xD8, 0xF0, 0xF2, 0x84, 0x88, 0x22, 0x86, 0xC0 };
	static const uint8_t cla[] = { 0x00, 0x0C, 0x10, 0x1C, 0x80, 0x84, 0x90, 0x94 };
	static const uint8_t p[] = { 0x00, 0x04, 0x02, 0x0C, 0x80, 0x41, 0xC1, 0xA4, 0xA6, 0x01, 0x1E };
	size_t n = sys_fake_below(f, 40), head = sys_fake_below(f, 8);

	if (sys_fake_below(f, 20) == 0)
		n = sys_fake_below(f, 400);
	assert_false(cc_failed(sys_random(&f->sys, out, n)));
	if (head == 0 || n < 5)
		return n;
	out[0] = cla[sys_fake_below(f, sizeof cla)];
	out[1] = ins[sys_fake_below(f, sizeof ins)];
	out[2] = p[sys_fake_below(f, sizeof p)];
	out[3] = p[sys_fake_below(f, sizeof p)];
	if (n > 5 && n < 260 && head < 6)
		out[4] = (uint8_t)(n - 5);
	/* Something that looks like the data objects of the protocols. */
	if (n > 8 && head < 4) {
		static const uint8_t tags[] = { 0x7C, 0x80, 0x83, 0x84, 0x87, 0x8E, 0x97, 0x91, 0x54, 0x4F };

		out[5] = tags[sys_fake_below(f, sizeof tags)];
		out[6] = (uint8_t)sys_fake_below(f, n);
	}
	return n;
}

static void check_answer(struct softchip *chip, struct bytes command)
{
	struct writer w;

	writer_init(&w, 70000);
	assert_false(cc_failed(softchip_transmit(chip, command, &w)));
	assert_true(w.n >= 2 && w.n <= 65538);
	writer_done(&w);
}

static void random_commands_are_answered(void **state)
{
	static const enum softchip_personality kinds[] = { SOFTCHIP_CCCD, SOFTCHIP_ICAO };
	unsigned commands = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 40; seed++) {
		struct softchip *chip = start(kinds[seed % 2], seed % 3 == 0, 0);
		struct softchip *again = NULL;
		struct buf memory = { 0 };

		rig.fake.state ^= seed * 0x9E3779B97F4A7C15u;
		if (seed % 4 == 0)
			assert_false(cc_failed(chip_memory_set_number(&chip->memory, CHIP_FIELD_APP_STATE, 0x0F, 1)));
		for (int i = 0; i < 500; i++, commands++) {
			uint8_t command[400];
			size_t n = random_command(&rig.fake, command);

			check_answer(chip, bytes_of(command, n));
		}
		/* Nobody was authenticated: files, keys and states are as they were. */
		for (size_t i = 0; i < CHIP_FILE_COUNT; i++)
			assert_int_equal(chip->memory.file[i].size, 0);
		assert_int_equal(chip_memory_number(&chip->memory, CHIP_FIELD_CARD_STATE), 0x01);
		assert_int_equal(chip_memory_field(&chip->memory, CHIP_FIELD_AA_KEY).n, 0);
		assert_false(cc_failed(softchip_save(chip, &memory)));
		assert_false(cc_failed(softchip_load(buf_view(&memory), &rig.fake.sys, &again)));
		softchip_free(&again);
		buf_done(&memory);
		stop(NULL);
	}
	printf("# count: %u random commands answered\n", commands);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_forms_of_a_command),
		cmocka_unit_test_teardown(short_length_chips_refuse_extended_commands, stop),
		cmocka_unit_test_teardown(a_command_longer_than_the_chip_takes, stop),
		cmocka_unit_test_teardown(classes, stop),
		cmocka_unit_test_teardown(selecting, stop),
		cmocka_unit_test_teardown(answers_wait_for_get_response, stop),
		cmocka_unit_test_teardown(chaining, stop),
		cmocka_unit_test_teardown(a_chain_has_an_end, stop),
		cmocka_unit_test(the_answer_to_reset_tells_the_capabilities),
		cmocka_unit_test_teardown(without_power_there_is_no_answer, stop),
		cmocka_unit_test(random_commands_are_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
