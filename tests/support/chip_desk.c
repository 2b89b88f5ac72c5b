/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/chip_desk.h"

#include "card/softchip/chip.h"
#include "crypto/kdf.h"

#include <string.h>

static void factory_keys(struct chip_desk *d)
{
	uint8_t div[10] = { 0 };
	struct secret *to[3] = { &d->keys.enc, &d->keys.mac, &d->keys.dek };

	memcpy(div + 2, chip_factory_data(d->cr.chip).serial, 8);
	d->keys.alg = CIPHER_AES128;
	for (uint8_t i = 0; i < 3; i++)
		CC_ASSERT(!cc_failed(kdf_kdf3(chip_reader_master, (uint8_t)(i + 1), bytes_of(div, sizeof div), to[i])));
}

void chip_desk_init(struct chip_desk *d, const struct chip_reader_options *o)
{
	*d = (struct chip_desk){ 0 };
	sys_fake_init(&d->fake, 7);
	chip_reader_init(&d->cr, o, &d->fake.sys);
	factory_keys(d);
	CC_ASSERT(!cc_failed(reader_connect(d->cr.reader)));
	channel_init(&d->ch, d->cr.reader);
	d->ch.extended = !o->short_length;
	if (d->ch.extended) {
		d->ch.command_max = 4000;
		d->ch.response_max = 4000;
	}
}

void chip_desk_done(struct chip_desk *d)
{
	channel_done(&d->ch);
	chip_reader_done(&d->cr);
	scp03_keys_done(&d->keys);
}

void chip_desk_power(struct chip_desk *d)
{
	channel_set_layer(&d->ch, NULL);
	d->ch.dead = false;
	d->torn = false;
	reader_disconnect(d->cr.reader);
	cc_error_init(&d->cr.reader->err);
	CC_ASSERT(!cc_failed(reader_connect(d->cr.reader)));
}

/* False when the card was torn out; any other failure ends the test. */
static bool went(struct chip_desk *d, cc_status st)
{
	CC_ASSERT(!cc_failed(st) || st.code == CC_E_DEVICE);
	d->torn = cc_failed(st);
	return !d->torn;
}

void chip_desk_authenticate(struct chip_desk *d, uint8_t level)
{
	struct scp03_handshake hs;

	if (d->torn)
		return;
	channel_set_layer(&d->ch, NULL);
	if (went(d, scp03_initialize_update(&d->ch, 0, &d->fake.sys, &hs)))
		(void)went(d, scp03_external_authenticate(&d->ch, &hs, &d->keys, level));
}

uint16_t chip_desk_send(struct chip_desk *d, uint8_t ins, uint8_t p1, uint8_t p2, struct bytes data, size_t le, struct buf *ret)
{
	struct apdu cmd = { 0x80, ins, p1, p2, data, le };
	struct response r = { 0 };
	uint16_t sw;

	if (d->torn || !went(d, channel_send(&d->ch, &cmd, &r)))
		return 0;
	sw = r.sw;
	if (ret != NULL)
		CC_ASSERT(!cc_failed(buf_copy(ret, buf_view(&r.data))));
	response_done(&r);
	return sw;
}

static struct bytes hexed(const char *hex, uint8_t out[64])
{
	size_t n = 0;

	CC_ASSERT(bytes_from_hex(hex, out, 64, &n));
	return bytes_of(out, n);
}

uint16_t chip_desk_send_hex(struct chip_desk *d, uint8_t ins, uint8_t p1, uint8_t p2, const char *hex, size_t le, struct buf *ret)
{
	uint8_t data[64];

	return chip_desk_send(d, ins, p1, p2, hexed(hex, data), le, ret);
}

#define INSTALL "000007A0000002471001000000"

uint16_t chip_desk_install(struct chip_desk *d)
{
	return chip_desk_send_hex(d, 0xE6, 0x20, 0x00, INSTALL, 256, NULL);
}

void chip_desk_put_dgi(struct writer *w, uint16_t dgi, size_t n, uint8_t fill)
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

void chip_desk_put_document(struct writer *w)
{
	static const uint16_t files[] = { 0x0101, 0x010E, 0x010F, 0x011C, 0x011D, 0x011E };

	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		chip_desk_put_dgi(w, files[i], 30 + i, (uint8_t)(0x30 + i));
	chip_desk_put_dgi(w, 0x0102, 9000, 0x42);
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

uint16_t chip_desk_store(struct chip_desk *d, struct bytes data, size_t room, bool last, uint8_t *block, struct buf *answer)
{
	struct cursor in;
	struct bytes part;
	uint16_t sw = 0x9000;

	for (cursor_init(&in, data); sw == 0x9000 && cursor_left(&in) > 0;) {
		size_t n = cursor_left(&in) < room ? cursor_left(&in) : room;
		uint8_t p1 = 0x08;

		CC_ASSERT(cursor_take(&in, n, &part));
		if (last && cursor_left(&in) == 0)
			p1 |= 0x80;
		if (answer != NULL)
			p1 |= 0x01;
		sw = chip_desk_send(d, 0xE2, p1, (*block)++, part, answer != NULL ? 256 : 0, answer);
	}
	return sw;
}

uint16_t chip_desk_write(struct chip_desk *d, size_t room, uint8_t *block)
{
	struct writer w;
	uint16_t sw;

	writer_init(&w, 20000);
	chip_desk_put_document(&w);
	sw = chip_desk_install(d);
	if (sw == 0x9000)
		sw = chip_desk_store(d, writer_view(&w), room, false, block, NULL);
	writer_done(&w);
	return sw;
}

uint16_t chip_desk_finish(struct chip_desk *d, uint8_t *block)
{
	return chip_desk_store(d, BYTES_LITERAL("\x00\xFF\x00"), 200, true, block, NULL);
}
