/* SPDX-License-Identifier: Apache-2.0 */
#include "card/perso/gp.h"
#include "card/perso/scp03.h"
#include "card/softchip/chip.h"
#include "crypto/base/tlv.h"
#include "crypto/kdf.h"
#include "tests/support/chip_raw.h"
#include "tests/support/chip_reader.h"
#include "tests/support/sys_fake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

/*
 * The security domain and personalization. The secure channel's far end is the
 * host's SCP03 layer, which is held against the same recorded sessions; what it
 * carries is written out here.
 */
struct desk {
	struct sys_fake fake;
	struct chip_reader cr;
	struct channel ch;
	struct scp03_keys keys;
};

static void factory_keys(struct desk *d)
{
	uint8_t div[10] = { 0 };
	struct secret *to[3] = { &d->keys.enc, &d->keys.mac, &d->keys.dek };

	memcpy(div + 2, chip_factory_data(d->cr.chip).serial, 8);
	d->keys.alg = CIPHER_AES128;
	for (uint8_t i = 0; i < 3; i++)
		assert_false(cc_failed(kdf_kdf3(chip_reader_master, (uint8_t)(i + 1), bytes_of(div, sizeof div), to[i])));
}

static void desk_init(struct desk *d, const struct chip_reader_options *o)
{
	*d = (struct desk){ 0 };
	sys_fake_init(&d->fake, 7);
	chip_reader_init(&d->cr, o, &d->fake.sys);
	factory_keys(d);
	assert_false(cc_failed(reader_connect(d->cr.reader)));
	channel_init(&d->ch, d->cr.reader);
	d->ch.extended = !o->short_length;
	if (d->ch.extended) {
		d->ch.command_max = 4000;
		d->ch.response_max = 4000;
	}
}

static void desk_done(struct desk *d)
{
	channel_done(&d->ch);
	chip_reader_done(&d->cr);
	scp03_keys_done(&d->keys);
}

static void authenticate(struct desk *d, uint8_t level)
{
	struct scp03_handshake hs;

	channel_set_layer(&d->ch, NULL);
	assert_false(cc_failed(scp03_initialize_update(&d->ch, 0, &d->fake.sys, &hs)));
	assert_false(cc_failed(scp03_external_authenticate(&d->ch, &hs, &d->keys, level)));
}

static uint16_t send(struct desk *d, uint8_t ins, uint8_t p1, uint8_t p2, struct bytes data, size_t le, struct buf *ret)
{
	struct apdu cmd = { 0x80, ins, p1, p2, data, le };
	struct response r = { 0 };
	uint16_t sw;

	assert_false(cc_failed(channel_send(&d->ch, &cmd, &r)));
	sw = r.sw;
	if (ret != NULL)
		assert_false(cc_failed(buf_copy(ret, buf_view(&r.data))));
	response_done(&r);
	return sw;
}

static struct bytes hexed(const char *hex, uint8_t out[64])
{
	size_t n = 0;

	assert_true(bytes_from_hex(hex, out, 64, &n));
	return bytes_of(out, n);
}

static uint16_t send_hex(struct desk *d, uint8_t ins, uint8_t p1, uint8_t p2, const char *hex, size_t le, struct buf *ret)
{
	uint8_t data[64];

	return send(d, ins, p1, p2, hexed(hex, data), le, ret);
}

#define INSTALL "000007A0000002471001000000"

static uint16_t install(struct desk *d)
{
	return send_hex(d, 0xE6, 0x20, 0x00, INSTALL, 256, NULL);
}

static void put_dgi(struct writer *w, uint16_t dgi, size_t n, uint8_t fill)
{
	writer_u16(w, dgi);
	if (n < 255) {
		writer_u8(w, (uint8_t)n);
	} else {
		writer_u8(w, 0xFF);
		writer_u16(w, (uint16_t)n);
	}
	writer_fill(w, fill, n);
}

/* All groupings that a document needs, but for the end. */
static void put_document(struct writer *w)
{
	static const uint16_t files[] = { 0x0101, 0x010E, 0x010F, 0x011C, 0x011D, 0x011E };

	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		put_dgi(w, files[i], 30 + i, (uint8_t)(0x30 + i));
	put_dgi(w, 0x0102, 9000, 0x42);
	writer_u16(w, 0x00B1);
	writer_u8(w, 24);
	writer_str(w, "L898902C<369080619406236");
	writer_u16(w, 0x00B2);
	writer_u8(w, 6);
	writer_str(w, "000001");
	writer_u16(w, 0x00A1);
	writer_u8(w, 2);
	writer_u8(w, 13);
	writer_u8(w, 3);
	writer_u16(w, 0x00A2);
	writer_u8(w, 2);
	writer_u8(w, 12);
	writer_u8(w, 2);
}

/* Cuts data into blocks of at most room; the block counter runs on. */
static uint16_t store(struct desk *d, struct bytes data, size_t room, bool last, uint8_t *block, struct buf *answer)
{
	struct cursor in;
	struct bytes part;
	uint16_t sw = 0x9000;

	for (cursor_init(&in, data); sw == 0x9000 && cursor_left(&in) > 0;) {
		size_t n = cursor_left(&in) < room ? cursor_left(&in) : room;
		uint8_t p1 = 0x08;

		assert_true(cursor_take(&in, n, &part));
		if (last && cursor_left(&in) == 0)
			p1 |= 0x80;
		if (answer != NULL)
			p1 |= 0x01;
		sw = send(d, 0xE2, p1, (*block)++, part, answer != NULL ? 256 : 0, answer);
	}
	return sw;
}

static void write_document(struct desk *d, size_t room, uint8_t *block)
{
	struct writer w;

	writer_init(&w, 20000);
	put_document(&w);
	assert_int_equal(install(d), 0x9000);
	assert_int_equal(store(d, writer_view(&w), room, false, block, NULL), 0x9000);
	writer_done(&w);
}

static uint16_t finish(struct desk *d, uint8_t *block)
{
	return store(d, BYTES_LITERAL("\x00\xFF\x00"), 200, true, block, NULL);
}

static void check_whole_life(const struct chip_reader_options *o, uint8_t level, size_t room)
{
	struct desk d;
	struct buf answer = { 0 };
	uint8_t block = 0;
	/* Le of a protected command counts the wire: 18 asked for are 40 there with R-ENC, which have room for 31. */
	size_t got = level == 0x33 ? 31 : 18;

	desk_init(&d, o);
	authenticate(&d, level);
	write_document(&d, room, &block);
	/* Reading back: 53 and a part of DG2; at the end a warning. */
	assert_int_equal(send_hex(&d, 0xB1, 0x01, 0x02, "54020004", 18, &answer), 0x9000);
	assert_int_equal(answer.n, got);
	assert_int_equal(answer.p[0], 0x53);
	assert_int_equal(answer.p[1], got - 2);
	assert_int_equal(send_hex(&d, 0xB1, 0x01, 0x02, "54022320", 18, &answer), 0x6282);
	assert_memory_equal(answer.p, "\x53\x08\x42\x42", 4);
	assert_int_equal(send_hex(&d, 0xB1, 0x01, 0x02, "54022328", 18, &answer), 0x6B00);
	assert_int_equal(send_hex(&d, 0xB1, 0x01, 0x0B, "540100", 18, &answer), 0x6A82);
	assert_int_equal(send_hex(&d, 0xCA, 0x00, 0xA1, "", 256, &answer), 0x9000);
	assert_memory_equal(answer.p, "\x7F\x49\x43\x86\x41\x04", 6);
	assert_int_equal(finish(&d, &block), 0x9000);
	assert_true(chip_is_personalized(d.cr.chip));
	/* Sealed: nothing opens it again. */
	assert_int_equal(store(&d,
			       BYTES_LITERAL("\x00\xB2\x06"
					     "000002"),
			       200, false, &block, NULL),
			 0x6985);
	assert_int_equal(install(&d), 0x6985);
	assert_int_equal(send_hex(&d, 0xB1, 0x01, 0x02, "540100", 18, &answer), 0x6985);
	assert_int_equal(send_hex(&d, 0xCA, 0x00, 0xA1, "", 256, &answer), 0x6985);
	buf_done(&answer);
	desk_done(&d);
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
	struct desk d;
	struct writer w;
	uint8_t block = 0;

	(void)state;
	desk_init(&d, &(struct chip_reader_options){ .number = 4, .short_length = true });
	authenticate(&d, 0x33);
	assert_int_equal(install(&d), 0x9000);
	writer_init(&w, 4000);
	put_dgi(&w, 0x0102, 3000, 0x77);
	/* The channel chains what is beyond 255 bytes. */
	assert_int_equal(store(&d, writer_view(&w), 4000, false, &block, NULL), 0x9000);
	writer_done(&w);
	assert_true(chip_file_complete(chip_memory_file(&d.cr.chip->memory, 0x0102)));
	desk_done(&d);
}

static void weak_levels_do_not_personalize(void **state)
{
	static const uint8_t weak[] = { 0x01, 0x03, 0x11 };
	struct desk d;

	(void)state;
	desk_init(&d, &(struct chip_reader_options){ .number = 5 });
	assert_int_equal(install(&d), 0x6982);
	for (size_t i = 0; i < sizeof weak; i++) {
		authenticate(&d, weak[i]);
		assert_int_equal(install(&d), 0x6982);
	}
	desk_done(&d);
}

static void the_end_is_refused_until_all_is_there(void **state)
{
	struct desk d;
	uint8_t block = 0;

	(void)state;
	desk_init(&d, &(struct chip_reader_options){ .number = 6 });
	authenticate(&d, 0x33);
	assert_int_equal(install(&d), 0x9000);
	assert_int_equal(finish(&d, &block), 0x6985);
	assert_false(chip_is_personalized(d.cr.chip));
	block = 0;
	write_document(&d, 3000, &block);
	/* A begun and unfinished DG11 stands in the way as well. */
	assert_int_equal(store(&d,
			       BYTES_LITERAL("\x01\x0B\x05"
					     "ab"),
			       100, false, &block, NULL),
			 0x9000);
	assert_int_equal(store(&d, BYTES_LITERAL("cde"), 100, false, &block, NULL), 0x9000);
	assert_int_equal(finish(&d, &block), 0x9000);
	desk_done(&d);
}

static void store_data_checks_its_parameters(void **state)
{
	struct desk d;
	uint8_t zero = 0;

	(void)state;
	desk_init(&d, &(struct chip_reader_options){ .number = 7 });
	authenticate(&d, 0x33);
	assert_int_equal(send_hex(&d, 0xE2, 0x08, 0x00, "00B206303030303031", 0, NULL), 0x6985);
	assert_int_equal(install(&d), 0x9000);
	assert_int_equal(send_hex(&d, 0xE2, 0x08, 0x01, "00B206303030303031", 0, NULL), 0x6A86);
	assert_int_equal(send_hex(&d, 0xE2, 0x00, 0x00, "00B206303030303031", 0, NULL), 0x6A86);
	assert_int_equal(send_hex(&d, 0xE2, 0x68, 0x00, "00B206303030303031", 0, NULL), 0x6A86);
	assert_int_equal(send_hex(&d, 0xE2, 0x08, 0x00, "00B20630303030303A", 0, NULL), 0x6A80);
	assert_int_equal(send_hex(&d, 0xE2, 0x08, 0x00, "00B2053030303030", 0, NULL), 0x6A80);
	assert_int_equal(send_hex(&d, 0xE2, 0x08, 0x00, "01120100", 0, NULL), 0x6A80);
	assert_int_equal(send_hex(&d, 0xE2, 0x08, 0x00, "010100", 0, NULL), 0x6A80);
	assert_int_equal(send_hex(&d, 0xE2, 0x08, 0x00, "00A1020E03", 0, NULL), 0x6A80);
	assert_int_equal(send_hex(&d, 0xE2, 0x08, 0x00, "00A1020D06", 0, NULL), 0x6A80);
	assert_int_equal(send_hex(&d, 0xE2, 0x88, 0x00, "010105AA", 0, NULL), 0x6A80);
	assert_int_equal(store(&d,
			       BYTES_LITERAL("\x00\xB2\x06"
					     "000001"),
			       1, false, &zero, NULL),
			 0x9000);
	assert_int_equal(chip_memory_field(&d.cr.chip->memory, CHIP_FIELD_CAN).n, 6);
	desk_done(&d);
}

static void memory_has_an_end(void **state)
{
	struct desk d;
	struct writer w;
	uint8_t block = 0;

	(void)state;
	desk_init(&d, &(struct chip_reader_options){ .number = 8 });
	authenticate(&d, 0x33);
	assert_int_equal(install(&d), 0x9000);
	writer_init(&w, 70000);
	put_dgi(&w, 0x0102, 65535, 1);
	assert_int_equal(store(&d, writer_view(&w), 3900, false, &block, NULL), 0x9000);
	/* 80 KB less 65,535: 16,385 are left. */
	assert_int_equal(store(&d, BYTES_LITERAL("\x01\x01\xFF\x40\x02"), 100, false, &block, NULL), 0x6A84);
	block--;
	assert_int_equal(store(&d, BYTES_LITERAL("\x01\x01\xFF\x40\x01"), 100, false, &block, NULL), 0x9000);
	writer_done(&w);
	desk_done(&d);
}

static void making_a_key_answers_it_and_again_replaces_it(void **state)
{
	struct desk d;
	struct buf first = { 0 }, second = { 0 }, read = { 0 };
	uint8_t block = 0;

	(void)state;
	desk_init(&d, &(struct chip_reader_options){ .number = 9 });
	authenticate(&d, 0x33);
	assert_int_equal(install(&d), 0x9000);
	assert_int_equal(send_hex(&d, 0xCA, 0x00, 0xA1, "", 256, NULL), 0x6A88);
	assert_int_equal(store(&d, BYTES_LITERAL("\x00\xA1\x02\x12\x05"), 100, false, &block, &first), 0x9000);
	assert_int_equal(first.n, 2 + 2 + 3 + 133);
	assert_int_equal(store(&d, BYTES_LITERAL("\x00\xA1\x02\x12\x05"), 100, false, &block, &second), 0x9000);
	assert_false(bytes_equal(buf_view(&first), buf_view(&second)));
	assert_int_equal(send_hex(&d, 0xCA, 0x00, 0xA1, "", 256, &read), 0x9000);
	assert_true(bytes_equal(buf_view(&read), buf_view(&second)));
	buf_done(&first);
	buf_done(&second);
	buf_done(&read);
	desk_done(&d);
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
	struct desk d;
	struct scp03_keys fresh;
	struct gp_command cmd;
	struct scp03_handshake hs;
	struct response r = { 0 };
	uint16_t sw;

	desk_init(&d, &(struct chip_reader_options){ .number = 10 });
	authenticate(&d, 0x33);
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
	desk_done(&d);
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
	struct desk d;
	struct scp03_keys fresh;
	struct gp_command cmd;
	struct buf before = { 0 };
	struct bytes keys;

	(void)state;
	desk_init(&d, &(struct chip_reader_options){ .number = 11 });
	authenticate(&d, 0x33);
	new_keys(&fresh, 16);
	assert_false(cc_failed(buf_copy(&before, chip_memory_field(&d.cr.chip->memory, CHIP_FIELD_KEYS))));
	assert_false(cc_failed(gp_put_key_build(&d.keys.dek, &fresh, 0x30, 0x31, &cmd)));
	cmd.data[cmd.apdu.data.n - 1] ^= 1;
	assert_int_equal(send(&d, 0xD8, 0x30, 0x81, cmd.apdu.data, 256, NULL), 0x6A80);
	assert_int_equal(send(&d, 0xD8, 0x29, 0x81, cmd.apdu.data, 256, NULL), 0x6A88);
	assert_int_equal(send(&d, 0xD8, 0x30, 0x01, cmd.apdu.data, 256, NULL), 0x6A86);
	for (size_t n = 0; n < cmd.apdu.data.n; n++)
		assert_int_equal(send(&d, 0xD8, 0x30, 0x81, bytes_of(cmd.data, n), 256, NULL), 0x6A80);
	keys = chip_memory_field(&d.cr.chip->memory, CHIP_FIELD_KEYS);
	assert_true(bytes_equal(keys, buf_view(&before)));
	buf_done(&before);
	gp_command_done(&cmd);
	scp03_keys_done(&fresh);
	desk_done(&d);
}

static void ten_wrong_cryptograms_lock_the_keys_for_ever(void **state)
{
	struct desk d;
	struct scp03_keys wrong;
	struct scp03_handshake hs;
	struct buf memory = { 0 };
	uint16_t sw;

	(void)state;
	desk_init(&d, &(struct chip_reader_options){ .number = 12 });
	new_keys(&wrong, 16);
	for (int i = 0; i < 9; i++) {
		assert_false(cc_failed(scp03_initialize_update(&d.ch, 0, &d.fake.sys, &hs)));
		assert_false(cc_failed(scp03_probe_refusal(&d.ch, &hs, &wrong, &sw)));
		assert_int_equal(sw, 0x6300);
	}
	authenticate(&d, 0x01); /* success clears */
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
	desk_done(&d);
}

static void the_sequence_counter_rises_and_the_challenge_with_it(void **state)
{
	struct desk d;
	struct scp03_handshake a, b;

	(void)state;
	desk_init(&d, &(struct chip_reader_options){ .number = 13 });
	assert_false(cc_failed(scp03_initialize_update(&d.ch, 0, &d.fake.sys, &a)));
	assert_false(cc_failed(reader_reset(d.cr.reader)));
	assert_false(cc_failed(scp03_initialize_update(&d.ch, 0, &d.fake.sys, &b)));
	assert_int_equal(a.card.sequence, 1);
	assert_int_equal(b.card.sequence, 2);
	assert_memory_not_equal(a.card.challenge, b.card.challenge, 8);
	/* One EXTERNAL AUTHENTICATE for each: not without, not with the key version of nobody. */
	chip_raw_expect(d.cr.chip, "8050310008000000000000000000", "6A88");
	chip_raw_expect(d.cr.chip, "848233001000000000000000000000000000000000", "6985");
	desk_done(&d);
}

/* ---- life cycle and data of the domain */

static void the_card_goes_to_secured_and_never_back(void **state)
{
	struct desk d;
	struct buf answer = { 0 };

	(void)state;
	desk_init(&d, &(struct chip_reader_options){ .number = 14 });
	chip_raw_expect(d.cr.chip, "80F0800F00", "6982");
	chip_raw_expect(d.cr.chip, "80F28002024F0000", "6982");
	authenticate(&d, 0x33);
	assert_int_equal(send_hex(&d, 0xF2, 0x80, 0x02, "4F00", 256, &answer), 0x9000);
	assert_memory_equal(answer.p, "\xE3\x13\x4F\x08\xA0\x00\x00\x01\x51\x00\x00\x00\x9F\x70\x01\x01", 16);
	assert_int_equal(send_hex(&d, 0xF2, 0x40, 0x02, "4F07A0000002471001", 256, &answer), 0x9000);
	assert_memory_equal(answer.p, "\xE3\x12\x4F\x07\xA0\x00\x00\x02\x47\x10\x01\x9F\x70\x01\x07", 15);
	assert_int_equal(send_hex(&d, 0xF2, 0x40, 0x02, "4F07A0000002471002", 256, &answer), 0x6A88);
	assert_int_equal(send_hex(&d, 0xF0, 0x80, 0x7F, "", 0, NULL), 0x6A86);
	assert_int_equal(send_hex(&d, 0xF0, 0x80, 0x0F, "", 0, NULL), 0x9000);
	assert_int_equal(send_hex(&d, 0xF0, 0x80, 0x0F, "", 0, NULL), 0x6985);
	assert_int_equal(send_hex(&d, 0xF0, 0x80, 0x07, "", 0, NULL), 0x6985);
	assert_int_equal(chip_memory_number(&d.cr.chip->memory, CHIP_FIELD_CARD_STATE), 0x0F);
	buf_done(&answer);
	desk_done(&d);
}

static void a_command_in_the_clear_ends_the_channel(void **state)
{
	struct desk d;

	(void)state;
	desk_init(&d, &(struct chip_reader_options){ .number = 15 });
	authenticate(&d, 0x33);
	chip_raw_expect(d.cr.chip, "80CA9F7F00", "6982");
	assert_int_equal(d.cr.chip->s.scp03.state, CHIP_SCP03_CLOSED);
	authenticate(&d, 0x33);
	/* A MAC of nothing. */
	chip_raw_expect(d.cr.chip, "84F0800F080000000000000000", "6982");
	assert_int_equal(d.cr.chip->s.scp03.state, CHIP_SCP03_CLOSED);
	assert_int_equal(chip_memory_number(&d.cr.chip->memory, CHIP_FIELD_CARD_STATE), 0x01);
	desk_done(&d);
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
