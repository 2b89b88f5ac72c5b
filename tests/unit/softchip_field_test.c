/* SPDX-License-Identifier: Apache-2.0 */
#include "card/access/bac.h"
#include "card/apdu.h"
#include "card/softchip/chip.h"
#include "tests/support/chip_desk.h"
#include "tests/support/chip_raw.h"
#include "tests/support/chip_reader.h"
#include "tests/support/sys_fake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

/* The application in the field: what it refuses, with which status word, and what ends a session. */

#define SELECT_APPLICATION "00A4040C07A0000002471001"
/* EXTERNAL AUTHENTICATE of BAC with forty zeros. */
#define WRONG_MUTUAL                                                                                                             \
	"0082000028"                                                                                                             \
	"00000000000000000000000000000000000000000000000000000000000000000000000000000000"                                       \
	"28"
#define CARD_ACCESS                                                                                                                    \
	"\x31\x28\x30\x12\x06\x0A\x04\x00\x7F\x00\x07\x02\x02\x04\x02\x02\x02\x01\x02\x02\x01\x0D\x30\x12\x06\x0A\x04\x00\x7F\x00\x07" \
	"\x02\x02\x04\x02\x04\x02\x01\x02\x02\x01\x0C"

struct field {
	struct sys_fake fake;
	struct chip_reader cr;
	struct channel ch;
};

static struct field f;

static void start(enum softchip_personality personality)
{
	static uint8_t dg2[600];
	const struct chip_reader_file files[] = {
		{ 0x011C, bytes_of(CARD_ACCESS, sizeof CARD_ACCESS - 1) },
		{ 0x011E,
		  BYTES_LITERAL("\x60\x14\x5F\x01\x04\x30\x31\x30\x36\x5F\x36\x06\x30\x34\x30\x30\x30\x30\x5C\x02\x61\x75") },
		{ 0x0101, BYTES_LITERAL("\x61\x03\x5F\x1F\x00") },
		{ 0x0102, bytes_of(dg2, sizeof dg2) },
		{ 0x0103, BYTES_LITERAL("\x63\x00") },
	};
	const struct chip_reader_document doc = {
		.files = files,
		.file_count = 5,
		.mrz_information = "L898902C<369080619406236",
		.can = "000001",
		.aa_parameter_id = 12,
		.aa_hash = 3,
		.ca_parameter_id = 13,
		.ca_cipher = 2,
	};

	for (size_t i = 0; i < sizeof dg2; i++)
		dg2[i] = (uint8_t)i;
	sys_fake_init(&f.fake, 5);
	chip_reader_init(&f.cr, &(struct chip_reader_options){ .number = 1, .personality = personality }, &f.fake.sys);
	chip_reader_personalize(&f.cr, &doc);
	assert_false(cc_failed(reader_connect(f.cr.reader)));
	channel_init(&f.ch, f.cr.reader);
}

static int stop(void **state)
{
	(void)state;
	channel_done(&f.ch);
	chip_reader_done(&f.cr);
	return 0;
}

static void expect(const char *command, const char *answer)
{
	chip_raw_expect(f.cr.chip, command, answer);
}

static void open_bac(void)
{
	struct secret seed = { 0 };

	channel_set_layer(&f.ch, NULL);
	expect(SELECT_APPLICATION, "9000");
	assert_false(cc_failed(bac_key_seed("L898902C<", "690806", "940623", &seed)));
	assert_false(cc_failed(bac_authenticate(&f.ch, &seed, &f.fake.sys)));
	secret_done(&seed);
}

/* Under secure messaging. ret may be NULL. */
static uint16_t protected_send(uint8_t ins, uint8_t p1, uint8_t p2, struct bytes data, size_t le, struct buf *ret)
{
	struct apdu cmd = { 0x00, ins, p1, p2, data, le };
	struct response r = { 0 };
	uint16_t sw;

	assert_false(cc_failed(channel_send(&f.ch, &cmd, &r)));
	sw = r.sw;
	if (ret != NULL)
		assert_false(cc_failed(buf_copy(ret, buf_view(&r.data))));
	response_done(&r);
	return sw;
}

static uint16_t protected_hex(uint8_t ins, uint8_t p1, uint8_t p2, const char *hex, size_t le)
{
	uint8_t data[200];
	size_t n;

	assert_true(bytes_from_hex(hex, data, sizeof data, &n));
	return protected_send(ins, p1, p2, bytes_of(data, n), le, NULL);
}

/* ---- before authentication */

static void nothing_is_readable_before_access(void **state)
{
	(void)state;
	start(SOFTCHIP_CCCD);
	expect("00A4020C02011C", "9000");
	expect("00B0000002", "31289000");
	expect("00B0002803", "010C6282");
	expect("00B0002900", "0C9000");
	expect("00B0002A01", "6B00");
	expect("00B09C0002", "31289000");
	expect("00A4020C02011D", "6A82");
	expect(SELECT_APPLICATION, "9000");
	expect("00B0000004", "6986");
	expect("00B09E0004", "6982");
	expect("00B0FE0004", "6A86");
	expect("00A4020C02011E", "6982");
	expect("00A4020C02011C", "6A82");
	expect("00A4020C020103", "6982");
	expect("0088000008000102030405060700", "6982");
	expect("002241A40F800A04007F0007020203020202840101", "6982");
	expect("002241A6058603010203", "6982");
	expect("0022C1A40F800A04007F00070202040202830101", "6985"); /* PACE is for the root */
	expect("0022000000", "6A86");
	expect("00860000027C0000", "6985");
}

static void bac_refuses_what_is_malformed(void **state)
{
	(void)state;
	start(SOFTCHIP_CCCD);
	expect(SELECT_APPLICATION, "9000");
	expect("0084000104", "6A86");
	expect("0084000004", "6700");
	expect("00840000", "6700");
	chip_raw_expect_sw(f.cr.chip, "0084000008", 0x9000);
	expect("00820000280000", "6700");
	expect("008200000200FF", "6700");
	/* The challenge is for the very next command. */
	chip_raw_expect_sw(f.cr.chip, "0084000008", 0x9000);
	expect("00A4020C02011E", "6982");
	expect(WRONG_MUTUAL, "6985");
	assert_int_equal(chip_memory_number(&f.cr.chip->memory, CHIP_FIELD_PASSWORD_FAILURES), 0);
}

static void wrong_password(void)
{
	chip_raw_expect_sw(f.cr.chip, "0084000008", 0x9000);
	expect(WRONG_MUTUAL, "6300");
}

static void wrong_passwords_slow_the_chip_down_and_never_lock_it(void **state)
{
	(void)state;
	start(SOFTCHIP_CCCD);
	expect(SELECT_APPLICATION, "9000");
	for (int i = 0; i < 3; i++)
		wrong_password();
	assert_int_equal(f.fake.slept_ms, 0);
	wrong_password();
	assert_int_equal(f.fake.slept_ms, 1000);
	/* Power doesn't help. */
	chip_raw_power(f.cr.chip);
	expect("0022C1A40F800A04007F00070202040202830101", "9000");
	assert_int_equal(f.fake.slept_ms, 2000);
	chip_raw_expect_sw(f.cr.chip, "10860000027C0000", 0x9000);
	assert_int_equal(f.fake.slept_ms, 3000);
	expect(SELECT_APPLICATION, "9000");
	for (int i = 0; i < 300; i++)
		wrong_password();
	open_bac();
	assert_int_equal(chip_memory_number(&f.cr.chip->memory, CHIP_FIELD_PASSWORD_FAILURES), 0);
}

/* ---- PACE */

static void pace_refuses_what_is_not_offered(void **state)
{
	(void)state;
	start(SOFTCHIP_CCCD);
	expect("0022C1A40F800A04007F00070202040201830101", "6A80");	  /* 3DES isn't in EF.CardAccess */
	expect("0022C1A40F800A04007F00070202040102830101", "6A80");	  /* DH */
	expect("0022C1A40F800A04007F00070202040202830103", "6A88");	  /* PIN */
	expect("0022C1A412800A04007F0007020204020283010184010C", "6A80"); /* parameters of the other */
	expect("0022C1A412800A04007F0007020204020483010284010C", "9000");
	expect("0022C1A403830101", "6A80");
	expect("0022C1A40C800A04007F00070202040202", "6A80");
	expect("0022C1A40E800A04007F000702020402028301", "6A80");
}

static void pace_steps_keep_their_order(void **state)
{
	const char *set_at = "0022C1A40F800A04007F00070202040202830102";

	(void)state;
	start(SOFTCHIP_ICAO);
	expect("10860000027C0000", "6985");
	expect(set_at, "9000");
	expect("00860000027C0000", "6985"); /* without the chaining bit */
	expect(set_at, "9000");
	expect("10860100027C0000", "6A86");
	expect("10860000047C02800000", "6A80");
	expect("10860000027C0000", "6985"); /* it begins anew after an error */
	expect(set_at, "9000");
	chip_raw_expect_sw(f.cr.chip, "10860000027C0000", 0x9000);
	expect("10860000027C0000", "6A80"); /* the nonce only once */
	expect(set_at, "9000");
	chip_raw_expect_sw(f.cr.chip, "10860000027C0000", 0x9000);
	expect("00A4020C02011C", "9000"); /* another command in between */
	expect("10860000057C0381010000", "6985");
	expect(set_at, "9000");
	chip_raw_expect_sw(f.cr.chip, "10860000027C0000", 0x9000);
	expect("10860000057C0381010400", "6300"); /* no point */
	assert_int_equal(chip_memory_number(&f.cr.chip->memory, CHIP_FIELD_PASSWORD_FAILURES), 0);
}

/* ---- with access */

static void reading_with_access(void **state)
{
	struct buf data = { 0 };

	(void)state;
	start(SOFTCHIP_CCCD);
	open_bac();
	assert_int_equal(protected_hex(0xA4, 0x02, 0x0C, "0102", 0), 0x9000);
	assert_int_equal(protected_send(0xB0, 0x02, 0x50, bytes_of(NULL, 0), 8, &data), 0x9000);
	assert_memory_equal(data.p, "\x50\x51\x52\x53\x54\x55\x56\x57", 8);
	assert_int_equal(protected_send(0xB0, 0x02, 0x50, bytes_of(NULL, 0), 16, &data), 0x6282);
	assert_int_equal(data.n, 8);
	assert_int_equal(protected_send(0xB0, 0x02, 0x58, bytes_of(NULL, 0), 16, &data), 0x6B00);
	assert_int_equal(protected_send(0xB1, 0x00, 0x00, BYTES_LITERAL("\x54\x02\x02\x50"), 10, &data), 0x9000);
	assert_memory_equal(data.p, "\x53\x08\x50\x51\x52\x53\x54\x55\x56\x57", 10);
	assert_int_equal(protected_send(0xB1, 0x00, 0x1E, BYTES_LITERAL("\x54\x01\x00"), 4, &data), 0x9000);
	assert_memory_equal(data.p, "\x53\x02\x60\x14", 4);
	assert_int_equal(protected_send(0xB1, 0x01, 0x02, BYTES_LITERAL("\x54\x03\x00\x02\x58"), 10, &data), 0x6B00);
	assert_int_equal(protected_hex(0xB1, 0x01, 0x02, "54040000000000", 10), 0x6A80);
	assert_int_equal(protected_hex(0xB1, 0x01, 0x02, "5400", 10), 0x6A80);
	assert_int_equal(protected_hex(0xB1, 0x01, 0x02, "540100", 2), 0x6700);
	assert_int_equal(protected_hex(0xB0, 0x00, 0x00, "", 0), 0x6700);
	assert_int_equal(protected_hex(0xA4, 0x02, 0x0C, "0103", 0), 0x6982);
	assert_int_equal(protected_hex(0xA4, 0x02, 0x0C, "0104", 0), 0x6982);
	assert_int_equal(protected_hex(0xA4, 0x02, 0x0C, "010B", 0), 0x6A82);
	assert_int_equal(protected_hex(0xA4, 0x04, 0x0C, "A000000151000000", 0), 0x6A82);
	assert_int_equal(protected_hex(0x88, 0x00, 0x00, "00010203040506", 256), 0x6700);
	assert_int_equal(protected_hex(0x88, 0x00, 0x00, "0001020304050607", 256), 0x9000);
	assert_int_equal(protected_hex(0x82, 0x00, 0x00,
				       "00000000000000000000000000000000000000000000000000000000000000000000000000000000", 40),
			 0x6985);
	/* The application selected again under secure messaging: the session goes on. */
	assert_int_equal(protected_hex(0xA4, 0x04, 0x0C, "A0000002471001", 0), 0x9000);
	assert_int_equal(protected_hex(0xA4, 0x02, 0x0C, "0101", 0), 0x9000);
	buf_done(&data);
}

static void chip_authentication_refuses_what_is_wrong(void **state)
{
	(void)state;
	start(SOFTCHIP_CCCD);
	open_bac();
	assert_int_equal(protected_hex(0x22, 0x41, 0xA4, "800A04007F00070202030202", 0), 0x9000);
	assert_int_equal(protected_hex(0x86, 0x00, 0x00, "7C0380010400", 256), 0x6A80);
	assert_int_equal(protected_hex(0x86, 0x00, 0x00, "7C03800104", 256), 0x6985); /* begins anew with MSE */
	assert_int_equal(protected_hex(0x22, 0x41, 0xA4, "800A04007F00070202030202", 0), 0x9000);
	assert_int_equal(protected_hex(0x86, 0x00, 0x00, "7C03800104", 256), 0x6300);
	assert_int_equal(protected_hex(0x22, 0x41, 0xA4, "800A04007F00070202030204", 0), 0x6A80); /* another cipher */
	assert_int_equal(protected_hex(0x22, 0x41, 0xA4, "800A04007F00070202030201", 0), 0x6A80);
	assert_int_equal(protected_hex(0x22, 0x41, 0xA4, "840101", 0), 0x6A80);
	assert_int_equal(protected_hex(0x22, 0x41, 0xA6, "910104", 0), 0x6A80); /* KAT is for 3DES */
	assert_int_equal(protected_hex(0x22, 0x81, 0xB6, "830101", 0), 0x6A88); /* a trust point that isn't there */
	assert_int_equal(protected_hex(0x22, 0x81, 0xB7, "830101", 0), 0x6A86);
	assert_int_equal(protected_hex(0xA4, 0x02, 0x0C, "0101", 0), 0x9000); /* the old keys hold */
}

/* ---- secure messaging: any fault ends the session */

static void session_is_over(void)
{
	assert_false(chip_sm_active(&f.cr.chip->s.sm));
	assert_false(f.cr.chip->s.access);
	expect("0CA4020C158709016375432908C044F68E08BF8B92D635FF24F800", "6988");
	expect("00A4020C02011E", "6982");
}

static void faults_of_secure_messaging(void **state)
{
	static const struct {
		const char *command, *answer;
	} faults[] = {
		{ "0CB0000000", "6987" },					      /* no objects at all */
		{ "0CB000000397010400", "6987" },				      /* no MAC */
		{ "0CB000000D9701048E08000000000000000000", "6988" },		      /* MAC wrong */
		{ "0CB000000C9701048E070000000000000000", "6988" },		      /* MAC short */
		{ "0CB000000E9701048E0800000000000000000000", "6988" },		      /* something behind the MAC */
		{ "0CB000000D8E08000000000000000097010400", "6988" },		      /* order */
		{ "0CB000000F990290008E08000000000000000000", "6988" },		      /* unknown object */
		{ "0CB00000029704", "6988" },					      /* cut */
		{ "0CB00000158509016375432908C044F68E08BF8B92D635FF24F800", "6988" }, /* 85 under an even INS */
	};

	(void)state;
	start(SOFTCHIP_CCCD);
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
		open_bac();
		assert_int_equal(protected_hex(0xA4, 0x02, 0x0C, "0101", 0), 0x9000);
		expect(faults[i].command, faults[i].answer);
		session_is_over();
	}
	open_bac();
	expect("00A4020C02011E", "6982"); /* in the clear */
	session_is_over();
}

static void errors_under_secure_messaging_keep_it(void **state)
{
	(void)state;
	start(SOFTCHIP_CCCD);
	open_bac();
	assert_int_equal(protected_hex(0xF2, 0x00, 0x00, "", 0), 0x6D00);
	assert_int_equal(protected_hex(0xA4, 0x02, 0x0C, "01", 0), 0x6700);
	assert_int_equal(protected_hex(0xA4, 0x00, 0x0C, "3F00", 0), 0x6D00);
	assert_int_equal(protected_hex(0xA4, 0x02, 0x0C, "0101", 0), 0x9000);
}

/* ---- nonsense inside open sessions: protected rightly, so that it arrives */

static size_t nonsense(uint8_t *data, size_t cap)
{
	static const uint8_t tags[] = { 0x7C, 0x80, 0x81, 0x83, 0x84, 0x85, 0x91, 0x54, 0x4F, 0x5C, 0x00, 0x01 };
	size_t n = sys_fake_below(&f.fake, cap);

	assert_false(cc_failed(sys_random(&f.fake.sys, data, n)));
	if (n > 2 && sys_fake_below(&f.fake, 3) > 0) {
		data[0] = tags[sys_fake_below(&f.fake, sizeof tags)];
		data[1] = (uint8_t)(n - 2);
	}
	return n;
}

static void random_commands_under_secure_messaging(void **state)
{
	static const uint8_t ins[] = { 0xA4, 0xCA, 0xB0, 0xB1, 0x84, 0x82, 0x88, 0x22, 0x86, 0xC0, 0xE2 };
	static const uint8_t p[] = { 0x00, 0x02, 0x04, 0x0C, 0x41, 0xA4, 0xA6, 0x81, 0x9E, 0x01, 0x1E, 0xC1 };
	struct buf before = { 0 };
	unsigned opened = 0;

	(void)state;
	start(SOFTCHIP_ICAO);
	assert_false(cc_failed(buf_copy(&before, chip_memory_field(&f.cr.chip->memory, CHIP_FIELD_CA_KEY))));
	for (int i = 0; i < 6000; i++) {
		uint8_t data[120];
		struct bytes in = bytes_of(data, nonsense(data, sizeof data));

		if (!chip_sm_active(&f.cr.chip->s.sm)) {
			open_bac();
			opened++;
		}
		(void)protected_send(ins[sys_fake_below(&f.fake, sizeof ins)], p[sys_fake_below(&f.fake, sizeof p)],
				     p[sys_fake_below(&f.fake, sizeof p)], in, sys_fake_below(&f.fake, 257), NULL);
	}
	assert_true(opened < 10);
	assert_true(bytes_equal(chip_memory_field(&f.cr.chip->memory, CHIP_FIELD_CA_KEY), buf_view(&before)));
	buf_done(&before);
}

static void random_commands_in_a_personalization(void **state)
{
	static const uint8_t ins[] = { 0xCA, 0xB1, 0xE2, 0xE2, 0xE2, 0xE6, 0xD8, 0xF0, 0xF2, 0x82 };
	static const uint8_t dgi[] = { 0x00, 0x01, 0xA1, 0xA2, 0xB1, 0xB2, 0xFF, 0x02, 0x1C, 0x1E };
	struct chip_desk d;
	uint8_t data[120];

	(void)state;
	start(SOFTCHIP_CCCD); /* for its random numbers */
	chip_desk_init(&d, &(struct chip_reader_options){ .number = 3 });
	for (int i = 0; i < 6000; i++) {
		uint8_t code = ins[sys_fake_below(&f.fake, sizeof ins)];
		size_t n = nonsense(data, sizeof data);

		if (d.cr.chip->s.scp03.state != CHIP_SCP03_OPEN)
			chip_desk_authenticate(&d, 0x33);
		if (!d.cr.chip->s.store.open)
			assert_int_equal(chip_desk_install(&d), 0x9000);
		if (n > 2) {
			data[0] = dgi[sys_fake_below(&f.fake, 2)];
			data[1] = dgi[sys_fake_below(&f.fake, sizeof dgi)];
			data[2] = (uint8_t)sys_fake_below(&f.fake, 8);
		}
		(void)chip_desk_send(&d, code, code == 0xE2 ? 0x08 : dgi[sys_fake_below(&f.fake, sizeof dgi)],
				     code == 0xE2 ? (uint8_t)d.cr.chip->s.store.block : data[5], bytes_of(data, n),
				     sys_fake_below(&f.fake, 257), NULL);
	}
	/* Nobody made the document whole, so it isn't sealed; and it can still be. */
	assert_false(chip_is_personalized(d.cr.chip));
	assert_true(chip_memory_left(&d.cr.chip->memory) > 70000);
	chip_desk_done(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(nothing_is_readable_before_access, stop),
		cmocka_unit_test_teardown(bac_refuses_what_is_malformed, stop),
		cmocka_unit_test_teardown(wrong_passwords_slow_the_chip_down_and_never_lock_it, stop),
		cmocka_unit_test_teardown(pace_refuses_what_is_not_offered, stop),
		cmocka_unit_test_teardown(pace_steps_keep_their_order, stop),
		cmocka_unit_test_teardown(reading_with_access, stop),
		cmocka_unit_test_teardown(chip_authentication_refuses_what_is_wrong, stop),
		cmocka_unit_test_teardown(faults_of_secure_messaging, stop),
		cmocka_unit_test_teardown(errors_under_secure_messaging_keep_it, stop),
		cmocka_unit_test_teardown(random_commands_under_secure_messaging, stop),
		cmocka_unit_test_teardown(random_commands_in_a_personalization, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
