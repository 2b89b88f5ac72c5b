/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/tr51.h"

#include "card/fs.h"
#include "card/quirks.h"
#include "card/inspect/inspect.h"
#include "crypto/base/tlv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/*
 * BSI TR-03105-5.1, ISO7816_A_01 and ISO7816_C: a chip without access control,
 * written here so that it may read as no other chip does.
 */
enum end {
	END_DATA_6282, /* less data than wanted, with 6282 */
	END_6B00,      /* reading across the end is refused */
	END_6CXX,      /* the right length is told */
	END_PLAIN,     /* less data, 9000 */
};
struct plain_chip {
	const struct lds_set *files;
	enum end end;
	bool odd_only;	  /* READ BINARY with an even INS ends at 32,767 */
	uint16_t missing; /* a file that can't be selected */
	uint16_t longer;  /* a file whose content ends before its length */
	bool in_application, used_odd;
	struct bytes selected;
};

static cc_status plain_reset(void *ctx, uint8_t atr[READER_ATR_MAX], size_t *ret_len)
{
	struct plain_chip *p = ctx;

	p->in_application = false;
	p->selected = bytes_of(NULL, 0);
	atr[0] = 0x3B;
	atr[1] = 0x00;
	*ret_len = 2;
	return cc_ok();
}

static uint16_t select_file(struct plain_chip *p, uint16_t fid)
{
	for (unsigned f = 0; f < LDS_FILE_COUNT; f++) {
		bool here = f == LDS_CARD_ACCESS ? !p->in_application : p->in_application;

		if (lds_file_fid(f) != fid || !lds_set_has(p->files, f) || fid == p->missing || !here)
			continue;
		p->selected = lds_set_get(p->files, f);
		if (fid == p->longer)
			p->selected.n -= 100;
		return 0x9000;
	}
	return 0x6A82;
}

/* 00 A4 P1 P2 Lc data */
static uint16_t select_command(struct plain_chip *p, uint8_t p1, struct cursor *in)
{
	struct bytes data;
	uint16_t fid;
	uint8_t lc;

	if (!cursor_u8(in, &lc) || !cursor_take(in, lc, &data))
		return 0x6700;
	if (p1 == 0x04) {
		p->in_application = bytes_equal(data, fs_aid_emrtd);
		return p->in_application ? 0x9000 : 0x6A82;
	}
	cursor_init(in, data);
	if (p1 != 0x02 || !cursor_u16(in, &fid))
		return 0x6D00;
	return select_file(p, fid);
}

static uint16_t read_at(struct plain_chip *p, size_t offset, size_t want, struct bytes *ret)
{
	size_t left = offset < p->selected.n ? p->selected.n - offset : 0;

	if (p->selected.n == 0)
		return 0x6986;
	if (left == 0)
		return 0x6B00;
	if (want > left && p->end == END_6B00)
		return 0x6B00;
	if (want > left && p->end == END_6CXX && left < 256)
		return (uint16_t)(0x6C00 | left);
	*ret = bytes_of(p->selected.p + offset, want < left ? want : left);
	return want > left && p->end == END_DATA_6282 ? 0x6282 : 0x9000;
}

static uint16_t read_even(struct plain_chip *p, uint8_t p1, uint8_t p2, struct cursor *in, struct bytes *ret)
{
	uint8_t le = 0;
	uint16_t sw;

	if (!cursor_u8(in, &le))
		return 0x6700;
	if ((p1 & 0x80) != 0) {
		unsigned sfi = p1 & 0x1Fu;

		sw = select_file(p, (uint16_t)(0x0100 + sfi));
		return sw == 0x9000 ? read_at(p, p2, le == 0 ? 256 : le, ret) : sw;
	}
	return read_at(p, (size_t)p1 << 8 | p2, le == 0 ? 256 : le, ret);
}

/* B1: 54 02 offset; the answer under 53. */
static uint16_t read_odd(struct plain_chip *p, struct cursor *in, struct writer *answer)
{
	struct bytes object, data = { 0 };
	struct cursor offset;
	uint8_t lc, le;
	uint16_t at, sw;
	size_t room;

	if (!cursor_u8(in, &lc) || !cursor_take(in, lc, &object) || !cursor_u8(in, &le))
		return 0x6700;
	cursor_init(&offset, object);
	if (!cursor_u16(&offset, &at) || at != 0x5402 || !cursor_u16(&offset, &at))
		return 0x6A80;
	room = le == 0 ? 256u : le;
	/* Tag and length of DO53: two bytes, from 128 bytes of content on three. */
	sw = read_at(p, at, room - (room - 2 < 0x80 ? 2u : 3u), &data);
	p->used_odd = true;
	if (data.n > 0)
		tlv_put(answer, 0x53, data);
	return sw;
}

static cc_status plain_transmit(void *ctx, struct bytes command, struct writer *answer)
{
	struct plain_chip *p = ctx;
	uint8_t cla = 0, ins = 0, p1 = 0, p2 = 0;
	struct bytes data = { 0 };
	struct cursor in;
	uint16_t sw = 0x6D00;

	cursor_init(&in, command);
	assert_true(cursor_u8(&in, &cla) && cursor_u8(&in, &ins) && cursor_u8(&in, &p1) && cursor_u8(&in, &p2));
	if (ins == 0xA4)
		sw = select_command(p, p1, &in);
	else if (ins == 0xB0)
		sw = read_even(p, p1, p2, &in, &data);
	else if (ins == 0xB1)
		sw = read_odd(p, &in, answer);
	writer_put(answer, data);
	writer_u16(answer, sw);
	return cc_ok();
}

/* DG1, DG2 and EF.COM, signed; DG2 with a picture of any size. */
static void make_files(struct tr51_rig *r, size_t picture, struct lds_set *ret)
{
	static const enum lds_file kept[] = { LDS_COM, LDS_DG1, LDS_DG1 + 1 };
	struct buf bytes = { 0 };
	char *hex;

	tr51_restore(r);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(lds_set_put(ret, kept[i], lds_set_get(&r->doc.files, kept[i])).code, CC_OK);
	if (picture > 0) {
		struct buf big = { 0 };

		assert_int_equal(buf_zero(&bytes, picture).code, CC_OK);
		hex = test_malloc(2 * picture + 1);
		bytes_to_hex(buf_view(&bytes), hex);
		tlv_edit(lds_set_get(ret, lds_dg(2)), &(struct tlv_edit){ TLV_EDIT_VALUE, "0/0/1/1", 0, hex }, &big);
		buf_move(&ret->files[lds_dg(2)], &big);
		test_free(hex);
		buf_done(&bytes);
	}
	lds_fixture_sign(&r->doc.lds, 1, ret);
}

static cc_status inspect(struct tr51_rig *r, struct plain_chip *p)
{
	struct inspect_keys keys = { 0 };
	const struct inspect_params params = {
		.trust = r->doc.lds.trust, .now_s = FIXTURE_NOW_S, .keys = &keys, .sys = &r->doc.lds.sys.sys
	};
	struct reader *reader = NULL;
	struct channel ch;
	cc_status st;

	inspection_done(&r->inspection);
	assert_int_equal(reader_memory_new("plain", p, plain_reset, plain_transmit, &reader).code, CC_OK);
	assert_int_equal(reader_connect(reader).code, CC_OK);
	channel_init(&ch, reader);
	st = inspect_card(&ch, &params, &r->inspection);
	channel_done(&ch);
	reader_free(&reader);
	return st;
}

static const struct plain_case {
	const char *id;
	bool pass;
	size_t picture;
	struct plain_chip chip;
} cases[] = {
	{ "ISO7816_A_01", true, 0, { .end = END_DATA_6282 } },
	{ "ISO7816_C_01", false, 0, { .end = END_DATA_6282, .missing = 0x0102 } },
	{ "ISO7816_C_02", true, 30000, { .end = END_DATA_6282 } },
	{ "ISO7816_C_03", false, 0, { .end = END_DATA_6282, .longer = 0x0102 } },
	{ "ISO7816_C_04", true, 0, { .end = END_6B00 } },
	{ "ISO7816_C_05", true, 0, { .end = END_DATA_6282 } },
	{ "ISO7816_C_06", true, 0, { .end = END_6CXX } },
	{ "ISO7816_C_07", true, 40000, { .end = END_PLAIN, .odd_only = true } },
};

static bool run(struct tr51_rig *r, const struct plain_case *c)
{
	struct lds_set files = { 0 };
	struct plain_chip chip = c->chip;
	bool good;
	cc_status st;

	quirks_forget(); /* each case is a chip that nobody has met */
	make_files(r, c->picture, &files);
	chip.files = &files;
	st = inspect(r, &chip);
	tr51_note(r, "%s", c->pass ? "inspection passed" : tr51_first_failed(&r->inspection));
	if (c->pass)
		good = tr51_is(r, tr51_first_failed(&r->inspection), !cc_failed(st) && r->inspection.verdict == INSPECT_GOOD) &&
		       tr51_is(r, "an odd INS where it is needed", !chip.odd_only || chip.used_odd);
	else
		good = tr51_is(r, "the inspection doesn't pass", cc_failed(st) || r->inspection.verdict != INSPECT_GOOD);
	lds_set_done(&files);
	return good;
}

enum tr51_result tr51_plain_run(struct tr51_rig *r, const char *id)
{
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		if (strcmp(cases[i].id, id) == 0)
			return run(r, &cases[i]) ? TR51_PASSED : TR51_FAILED;
	}
	return TR51_UNKNOWN;
}
