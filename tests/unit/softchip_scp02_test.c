/* SPDX-License-Identifier: Apache-2.0 */
#include "card/perso/gp.h"
#include "card/perso/profile.h"
#include "card/perso/scp02.h"
#include "card/softchip/chip.h"
#include "card/sw.h"
#include "crypto/kdf.h"
#include "tests/support/chip_reader.h"
#include "tests/support/sys_fake.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

/* The software chip of the older kind against hostile or broken hosts; the whole plan with it is in personalize_test.c. */

struct desk {
	struct sys_fake sys;
	struct chip_reader cr;
	struct channel ch;
	struct scp03_keys keys;
	struct scp02_handshake hs;
	struct secret dek;
};

static void keys_from_factory(struct desk *d)
{
	uint8_t div[10] = { 0 };
	struct secret *keys[] = { &d->keys.enc, &d->keys.mac, &d->keys.dek };

	memcpy(div + 2, chip_factory_data(d->cr.chip).serial, 8);
	for (uint8_t id = 1; id <= 3; id++)
		assert_int_equal(
			kdf_card_key(KDF_SCHEME_VISA2, chip_reader_master, id, bytes_of(div, sizeof div), keys[id - 1]).code,
			CC_OK);
	d->keys.alg = CIPHER_TDES;
}

static void desk_init(struct desk *d)
{
	*d = (struct desk){ 0 };
	sys_fake_init(&d->sys, 3);
	chip_reader_init(&d->cr, &(struct chip_reader_options){ .number = 1, .personality = SOFTCHIP_SCP02 }, &d->sys.sys);
	keys_from_factory(d);
	assert_int_equal(reader_connect(d->cr.reader).code, CC_OK);
	channel_init(&d->ch, d->cr.reader);
}

static void desk_done(struct desk *d)
{
	channel_done(&d->ch);
	chip_reader_done(&d->cr);
}

static void greet(struct desk *d)
{
	assert_int_equal(scp02_initialize_update(&d->ch, 0, &d->sys.sys, &d->hs).code, CC_OK);
}

static void open_at(struct desk *d, uint8_t level)
{
	greet(d);
	assert_int_equal(scp02_external_authenticate(&d->ch, &d->hs, &d->keys, level, &d->dek).code, CC_OK);
}

static uint16_t send(struct desk *d, const struct apdu *cmd)
{
	struct response r = { 0 };
	uint16_t sw;

	assert_int_equal(channel_send(&d->ch, cmd, &r).code, CC_OK);
	sw = r.sw;
	response_done(&r);
	return sw;
}

/* Bytes straight to the chip, past the host's layer. */
static uint16_t raw(struct desk *d, struct bytes command)
{
	struct writer answer;
	struct cursor in;
	struct bytes sw;

	writer_init(&answer, 70000);
	assert_int_equal(softchip_transmit(d->cr.chip, command, &answer).code, CC_OK);
	cursor_init(&in, writer_view(&answer));
	assert_true(cursor_take_back(&in, 2, &sw));
	uint16_t got = (uint16_t)(sw.p[0] << 8 | sw.p[1]);
	writer_done(&answer);
	return got;
}

static const struct apdu ask_isd = { 0x80, 0xF2, 0x80, 0x02, BYTES_LITERAL("\x4F\x00"), 256 };

static void both_levels_carry_commands_in_a_row(void **state)
{
	(void)state;
	for (uint8_t level = 1; level <= 3; level += 2) {
		struct desk d;

		desk_init(&d);
		open_at(&d, level);
		for (int i = 0; i < 5; i++)
			assert_int_equal(send(&d, &ask_isd), SW_OK);
		desk_done(&d);
	}
}

/* One bit in each byte of a protected command, flipped on the wire: refused, and the session is over. */
static void any_changed_byte_ends_the_session(void **state)
{
	size_t n = 0;

	(void)state;
	for (size_t byte = 0; byte < 5 + 16; byte++) {
		struct secure_layer *l;
		struct writer scratch, wire;
		struct apdu out;
		struct desk d;

		if (byte == 4) /* Lc: another length is no changed bit */
			continue;
		desk_init(&d);
		open_at(&d, 0x03);
		l = d.ch.layer;
		writer_init(&scratch, 300);
		writer_init(&wire, 300);
		assert_int_equal(l->ops->wrap(l, &ask_isd, false, &scratch, &out).code, CC_OK);
		assert_int_equal(apdu_encode(&out, false, &wire).code, CC_OK);
		assert_int_equal(writer_view(&wire).n, 5 + 16 + 1);
		wire.p[byte] ^= byte == 0 ? 0x20 : 0x01;
		assert_int_not_equal(raw(&d, writer_view(&wire)), SW_OK);
		if (byte > 0)
			assert_int_equal(send(&d, &ask_isd), SW_SECURITY_STATUS);
		n++;
		writer_done(&scratch);
		writer_done(&wire);
		desk_done(&d);
	}
	assert_int_equal(n, 20);
}

static void a_command_is_not_taken_twice(void **state)
{
	struct writer scratch, wire;
	struct apdu out;
	struct desk d;

	(void)state;
	desk_init(&d);
	open_at(&d, 0x01);
	writer_init(&scratch, 300);
	writer_init(&wire, 300);
	assert_int_equal(d.ch.layer->ops->wrap(d.ch.layer, &ask_isd, false, &scratch, &out).code, CC_OK);
	assert_int_equal(apdu_encode(&out, false, &wire).code, CC_OK);
	assert_int_equal(raw(&d, writer_view(&wire)), SW_OK);
	assert_int_equal(raw(&d, writer_view(&wire)), SW_SECURITY_STATUS);
	writer_done(&scratch);
	writer_done(&wire);
	desk_done(&d);
}

static void plain_and_extended_commands_end_the_session(void **state)
{
	struct desk d;

	(void)state;
	desk_init(&d);
	open_at(&d, 0x03);
	assert_int_equal(raw(&d, BYTES_LITERAL("\x80\xF2\x80\x02\x02\x4F\x00\x00")), SW_SECURITY_STATUS);
	assert_int_equal(send(&d, &ask_isd), SW_SECURITY_STATUS);
	open_at(&d, 0x03);
	assert_int_equal(raw(&d, BYTES_LITERAL("\x84\xF2\x80\x02\x00\x00\x0A"
					       "0123456789")),
			 SW_WRONG_LENGTH);
	assert_int_equal(send(&d, &ask_isd), SW_SECURITY_STATUS);
	desk_done(&d);
}

/* E.4.2.3: asking doesn't move the counter, opening a session does; no session is like another. */
static void the_counter_rises_with_each_session(void **state)
{
	struct desk d;
	uint16_t before;

	(void)state;
	desk_init(&d);
	greet(&d);
	before = d.hs.card.sequence;
	greet(&d);
	assert_int_equal(d.hs.card.sequence, before);
	open_at(&d, 0x03);
	greet(&d);
	assert_int_equal(d.hs.card.sequence, before + 1);
	desk_done(&d);
}

static void wrong_cryptograms_are_counted(void **state)
{
	struct scp03_keys wrong;
	struct desk d;
	uint16_t sw;

	(void)state;
	desk_init(&d);
	wrong = d.keys;
	wrong.enc.p[0] ^= 0x80;
	for (int i = 0; i < 9; i++) {
		greet(&d);
		assert_int_equal(scp02_probe_refusal(&d.ch, &d.hs, &wrong, &sw).code, CC_OK);
		assert_int_equal(sw, SW_GP_AUTH_FAILED);
	}
	open_at(&d, 0x01); /* success clears the count */
	for (int i = 0; i < 10; i++) {
		greet(&d);
		assert_int_equal(scp02_probe_refusal(&d.ch, &d.hs, &wrong, &sw).code, CC_OK);
	}
	assert_int_equal(scp02_initialize_update(&d.ch, 0, &d.sys.sys, &d.hs).code, CC_E_DENIED);
	assert_string_equal(d.ch.err.key, "perso.keys-blocked");
	desk_done(&d);
}

/* A wrong K_MAC isn't seen in the card's cryptogram: the chip refuses the command's MAC, once. */
static void a_wrong_mac_key_is_refused_by_the_chip(void **state)
{
	struct desk d;
	uint64_t before;

	(void)state;
	desk_init(&d);
	d.keys.mac.p[0] ^= 0x80;
	greet(&d);
	before = softchip_apdu_count(d.cr.chip);
	assert_int_equal(scp02_external_authenticate(&d.ch, &d.hs, &d.keys, 0x03, &d.dek).code, CC_E_DENIED);
	assert_string_equal(d.ch.err.key, "perso.authentication-refused");
	assert_int_equal(softchip_apdu_count(d.cr.chip), before + 1);
	assert_null(d.ch.layer);
	desk_done(&d);
}

static void keys_are_replaced_under_the_session_dek_only(void **state)
{
	struct scp03_keys fresh = { .alg = CIPHER_TDES };
	struct gp_command cmd;
	struct desk d;

	(void)state;
	desk_init(&d);
	secret_set(&fresh.enc, "0123456789abcdef", 16);
	secret_set(&fresh.mac, "fedcba9876543210", 16);
	secret_set(&fresh.dek, "0011223344556677", 16);
	open_at(&d, 0x03);
	assert_int_equal(gp_put_key_build(&d.keys.dek, &fresh, 0x30, 0x30, &cmd).code, CC_OK);
	assert_int_equal(cmd.apdu.data.n, 1 + 3 * (2 + 16 + 4));
	assert_int_equal(send(&d, &cmd.apdu), SW_WRONG_DATA); /* the static DEK: check values don't fit */
	assert_int_equal(gp_put_key_build(&d.dek, &fresh, 0x30, 0x30, &cmd).code, CC_OK);
	assert_int_equal(send(&d, &cmd.apdu), SW_OK);
	d.keys = fresh;
	open_at(&d, 0x03);
	assert_int_equal(send(&d, &ask_isd), SW_OK);
	gp_command_done(&cmd);
	desk_done(&d);
}

static void personalization_wants_level_03(void **state)
{
	const struct bytes aid = BYTES_LITERAL("\xA0\x00\x00\x02\x47\x10\x01");
	struct gp_command install;
	struct desk d;

	(void)state;
	desk_init(&d);
	assert_int_equal(gp_install_personalization_build(aid, &install).code, CC_OK);
	open_at(&d, 0x01);
	assert_int_equal(send(&d, &install.apdu), SW_SECURITY_STATUS);
	open_at(&d, 0x03);
	assert_int_equal(send(&d, &install.apdu), SW_OK);
	desk_done(&d);
}

/* 3DES keys have 16 bytes. */
static void master_keys_of_other_lengths_make_no_chip(void **state)
{
	static const uint8_t master[32], serial[8];
	struct softchip *chip = NULL;

	(void)state;
	for (size_t n = 1; n <= sizeof master; n++) {
		struct softchip_config config = { .personality = SOFTCHIP_SCP02,
						  .serial = bytes_of(serial, 8),
						  .master_key = bytes_of(master, n) };

		assert_int_equal(softchip_new(&config, sys_real(), &chip).code, n == 16 ? CC_OK : CC_E_ARG);
		softchip_free(&chip);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_levels_carry_commands_in_a_row),
		cmocka_unit_test(any_changed_byte_ends_the_session),
		cmocka_unit_test(a_command_is_not_taken_twice),
		cmocka_unit_test(plain_and_extended_commands_end_the_session),
		cmocka_unit_test(the_counter_rises_with_each_session),
		cmocka_unit_test(wrong_cryptograms_are_counted),
		cmocka_unit_test(a_wrong_mac_key_is_refused_by_the_chip),
		cmocka_unit_test(keys_are_replaced_under_the_session_dek_only),
		cmocka_unit_test(personalization_wants_level_03),
		cmocka_unit_test(master_keys_of_other_lengths_make_no_chip),
	};

	return cmocka_run_group_tests_name("softchip_scp02", tests, NULL, NULL);
}
