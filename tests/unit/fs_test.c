/* SPDX-License-Identifier: Apache-2.0 */
#include "card/fs.h"
#include "card/sw.h"
#include "crypto/base/tlv.h"
#include "tests/support/script_reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

/* ---- a card of one file, with the manners of cards in the field */
struct card {
	struct bytes file;
	uint16_t fid;
	size_t refuse_above;	/* Le beyond this is 6700; 0: any Le is taken */
	size_t give_max;	/* bytes in one answer; 0: as many as wanted */
	bool refuse_beyond_end; /* Le beyond the file's end is 6700, not 6282 */
	bool no_sfi;		/* 6A86 */
	bool sfi_not_found;	/* 6A82 */
	bool closed;		/* 6982 */
	bool no_odd;		/* B1 is 6D00 */
	bool drip_forever;	/* one byte and 6282, whatever the offset */
	bool too_much;		/* one byte more than Le */
	size_t fail_at;		/* from this offset on 6982 */
	unsigned commands, odd_reads;
	bool selected;
};

static size_t le_of(struct cursor *in)
{
	uint8_t b;
	uint16_t le;

	if (cursor_left(in) == 1)
		return cursor_u8(in, &b) ? (b == 0 ? 256 : b) : 0;
	return cursor_u16(in, &le) ? (le == 0 ? 65536 : le) : 0;
}

static void read_answer(struct card *c, size_t offset, size_t le, struct writer *answer)
{
	size_t left = offset < c->file.n ? c->file.n - offset : 0, n = le < left ? le : left;

	if (c->drip_forever) {
		writer_u8(answer, 0x82); /* read as tag and length: 33,414 bytes */
		writer_u16(answer, SW_END_OF_FILE);
	} else if (c->closed || (c->fail_at > 0 && offset >= c->fail_at)) {
		writer_u16(answer, SW_SECURITY_STATUS);
	} else if ((c->refuse_above > 0 && le > c->refuse_above) || (c->refuse_beyond_end && le > left)) {
		writer_u16(answer, SW_WRONG_LENGTH);
	} else if (left == 0) {
		writer_u16(answer, SW_WRONG_OFFSET);
	} else {
		if (c->give_max > 0 && n > c->give_max)
			n = c->give_max;
		writer_put(answer, bytes_of(c->file.p + offset, n));
		if (c->too_much)
			writer_fill(answer, 0, le + 1 - n);
		writer_u16(answer, n < le && offset + n == c->file.n ? SW_END_OF_FILE : SW_OK);
	}
}

static void read_even(struct card *c, uint8_t p1, uint8_t p2, struct cursor *in, struct writer *answer)
{
	size_t le, offset = (size_t)p1 << 8 | p2;

	if (cursor_left(in) == 3)
		assert_true(cursor_skip(in, 1));
	le = le_of(in);
	if ((p1 & 0x80) != 0) {
		if (c->no_sfi || c->sfi_not_found || (p1 & 0x1F) != (c->fid & 0x1F)) {
			writer_u16(answer, c->no_sfi ? SW_WRONG_P1P2 : SW_FILE_NOT_FOUND);
			return;
		}
		c->selected = true;
		offset = p2;
	}
	if (!c->selected)
		writer_u16(answer, 0x6986);
	else
		read_answer(c, offset, le, answer);
}

static void read_odd(struct card *c, struct cursor *in, struct writer *answer)
{
	struct writer plain;
	uint16_t offset, lc;
	uint8_t lc_short;
	struct bytes object;
	struct cursor data;
	size_t le, header;

	c->odd_reads++;
	assert_true(cursor_u8(in, &lc_short));
	if (lc_short == 0) {
		assert_true(cursor_u16(in, &lc));
		lc_short = (uint8_t)lc;
	}
	assert_int_equal(lc_short, 4);
	assert_true(cursor_take(in, 4, &object));
	cursor_init(&data, object);
	assert_true(cursor_u16(&data, &offset));
	assert_int_equal(offset, 0x5402);
	assert_true(cursor_u16(&data, &offset));
	le = le_of(in);
	if (c->no_odd) {
		writer_u16(answer, SW_INS_UNKNOWN);
		return;
	}
	header = le - 2 < 0x80 ? 2 : le - 3 < 0x100 ? 3 : 4;
	writer_init(&plain, 70000);
	read_answer(c, offset, le - header, &plain);
	cursor_init(&data, writer_view(&plain));
	assert_true(cursor_take_back(&data, 2, &object));
	if (cursor_left(&data) > 0)
		tlv_put(answer, 0x53, cursor_rest(&data));
	writer_put(answer, object);
	writer_done(&plain);
}

static cc_status card_transmit(void *ctx, struct bytes command, struct writer *answer)
{
	struct card *c = ctx;
	struct cursor in;
	uint8_t cla, ins = 0, p1 = 0, p2 = 0, lc;
	uint16_t fid = 0;

	c->commands++;
	cursor_init(&in, command);
	assert_true(cursor_u8(&in, &cla) && cursor_u8(&in, &ins) && cursor_u8(&in, &p1) && cursor_u8(&in, &p2));
	if (ins == 0xA4) {
		assert_true(cursor_u8(&in, &lc) && cursor_u16(&in, &fid));
		c->selected = fid == c->fid;
		writer_u16(answer, c->selected ? SW_OK : SW_FILE_NOT_FOUND);
	} else if (ins == 0xB0) {
		read_even(c, p1, p2, &in, answer);
	} else {
		assert_int_equal(ins, 0xB1);
		read_odd(c, &in, answer);
	}
	return cc_ok();
}

static cc_status card_reset(void *ctx, uint8_t atr[READER_ATR_MAX], size_t *ret_len)
{
	((struct card *)ctx)->selected = false;
	atr[0] = 0x3B;
	*ret_len = 1;
	return cc_ok();
}

static void open_card(struct card *c, struct channel *ch, size_t response_max)
{
	struct reader *r;

	assert_false(cc_failed(reader_memory_new("card", c, card_reset, card_transmit, &r)));
	assert_false(cc_failed(reader_connect(r)));
	channel_init(ch, r);
	ch->extended = response_max > 256;
	ch->response_max = response_max;
}

static void close_card(struct channel *ch)
{
	struct reader *r = ch->reader;

	channel_done(ch);
	reader_free(&r);
}

/* A file 61 L of `total` bytes all in all, and `behind` more bytes. */
static struct bytes make_file(size_t total, size_t behind)
{
	static uint8_t file[80000];
	struct writer w;
	size_t header = total < 2 + 0x80 ? 2 : total < 3 + 0x100 ? 3 : total < 4 + 0x10000 ? 4 : 5;
	struct bytes view;

	writer_init(&w, sizeof file);
	writer_u8(&w, 0x61);
	tlv_put_len(&w, total - header);
	for (size_t i = w.n; i < total; i++)
		writer_u8(&w, (uint8_t)(i * 7 + (i >> 8)));
	writer_fill(&w, 0xEE, behind);
	view = writer_view(&w);
	memcpy(file, view.p, view.n);
	writer_done(&w);
	return bytes_of(file, total + behind);
}

/* Reads the whole file by fs_read_ef; returns the commands it took. */
static unsigned reads_whole(struct card *c, size_t total, size_t response_max)
{
	struct channel ch;
	struct buf file = { 0 };
	uint16_t sw = 0;

	c->commands = 0;
	open_card(c, &ch, response_max);
	assert_false(cc_failed(fs_read_ef(&ch, c->fid, FS_FILE_MAX, &file, &sw)));
	assert_int_equal(sw, SW_OK);
	assert_int_equal(file.n, total);
	assert_memory_equal(file.p, c->file.p, total);
	buf_done(&file);
	close_card(&ch);
	return c->commands;
}

static void small_file_takes_one_command(void **state)
{
	struct card c = { .file = make_file(93, 0), .fid = 0x0101 };

	(void)state;
	assert_int_equal(reads_whole(&c, 93, 256), 1);
	c.file = make_file(256, 0);
	assert_int_equal(reads_whole(&c, 256, 256), 1);
	c.file = make_file(93, 300);
	assert_int_equal(reads_whole(&c, 93, 256), 1);
}

/* As few commands as blocks of the channel's size fit into the file. */
static void long_file_takes_the_fewest_commands(void **state)
{
	struct card c = { .file = make_file(15000, 0), .fid = 0x0102 };

	(void)state;
	assert_int_equal(reads_whole(&c, 15000, 256), (15000 + 255) / 256);
	assert_int_equal(reads_whole(&c, 15000, 65536), 1);
	assert_int_equal(reads_whole(&c, 15000, 4096), 4);
}

static void every_size_is_read(void **state)
{
	(void)state;
	for (size_t n = 2; n < 600; n++) {
		struct card c = { .file = make_file(n == 130 || n == 259 ? n + 1 : n, 0), .fid = 0x0110 };

		(void)reads_whole(&c, c.file.n, 256);
		c.refuse_beyond_end = true;
		(void)reads_whole(&c, c.file.n, 256);
	}
}

static void card_that_refuses_long_reads_is_asked_for_less(void **state)
{
	static const size_t limits[] = { 255, 230, 223, 200, 160, 128, 96, 32 };

	(void)state;
	for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
		struct card c = { .file = make_file(2000, 0), .fid = 0x0102, .refuse_above = limits[i] };

		assert_in_range(reads_whole(&c, 2000, 256), 2000 / limits[i], 2000 / limits[i] * 2 + 10);
	}
}

static void habits_are_learned_once(void **state)
{
	struct card c = { .file = make_file(600, 0), .fid = 0x0102, .refuse_above = 200, .no_sfi = true };
	struct channel ch;
	struct buf file = { 0 };
	uint16_t sw;
	unsigned first;

	(void)state;
	open_card(&c, &ch, 256);
	assert_false(cc_failed(fs_read_ef(&ch, 0x0102, FS_FILE_MAX, &file, &sw)));
	first = c.commands;
	assert_true(ch.habits.no_sfi);
	assert_int_equal(ch.habits.read_max, 160);
	c.commands = 0;
	assert_false(cc_failed(fs_read_ef(&ch, 0x0102, FS_FILE_MAX, &file, &sw)));
	assert_int_equal(c.commands, 1 + 1 + 4); /* SELECT, header, three blocks of 160 and the rest */
	assert_true(c.commands < first);
	buf_done(&file);
	close_card(&ch);
}

static void short_blocks_are_put_together(void **state)
{
	struct card c = { .file = make_file(1000, 0), .fid = 0x0102, .give_max = 100 };

	(void)state;
	assert_int_equal(reads_whole(&c, 1000, 256), 10);
	c.give_max = 1;
	assert_int_equal(reads_whole(&c, 1000, 256), 1000);
}

/* ISO/IEC 7816-4:2020 11.3.3: offsets beyond 32,767 need B1. */
static void file_beyond_32767_is_read_by_b1(void **state)
{
	struct card c = { .file = make_file(65536, 0), .fid = 0x0102 };

	(void)state;
	(void)reads_whole(&c, 65536, 256);
	assert_in_range(c.odd_reads, 130, 131);
	c.odd_reads = 0;
	(void)reads_whole(&c, 65536, 30000);
	assert_int_equal(c.odd_reads, 1);
	c.file = make_file(32768 + 100, 0);
	c.odd_reads = 0;
	(void)reads_whole(&c, 32768 + 100, 256);
	assert_int_equal(c.odd_reads, 1);
}

struct ending {
	struct card card;
	size_t limit;
	enum cc_code code;
	const char *key; /* NULL: no failure, sw instead */
	uint16_t sw;
};

static void lying_and_stubborn_cards_are_left(void **state)
{
	static const uint8_t claims_more[] = { 0x61, 0x82, 0x10, 0x00, 1, 2, 3 };
	static const uint8_t claims_too_much[] = { 0x61, 0x83, 0x01, 0x00, 0x00, 2, 3 };
	static const uint8_t claims_all[] = { 0x61, 0x84, 0xFF, 0xFF, 0xFF, 0xFF, 3 };
	static const uint8_t endless_tag[] = { 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF };
	static const uint8_t indefinite[] = { 0x61, 0x80, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0 };
	static const uint8_t one[] = { 0x61 };
	const struct ending cases[] = {
		{ { .file = { claims_more, sizeof claims_more } }, FS_FILE_MAX, CC_E_FORMAT, "card.file-length", 0 },
		{ { .file = { claims_more, sizeof claims_more }, .refuse_beyond_end = true },
		  FS_FILE_MAX,
		  CC_E_FORMAT,
		  "card.file-length",
		  0 },
		{ { .file = { claims_too_much, sizeof claims_too_much } }, FS_FILE_MAX, CC_E_LIMIT, "card.file-too-large", 0 },
		{ { .file = { claims_more, sizeof claims_more } }, 4099, CC_E_LIMIT, "card.file-too-large", 0 },
		{ { .file = { claims_all, sizeof claims_all } }, FS_FILE_MAX, CC_E_LIMIT, "card.file-too-large", 0 },
		{ { .file = { endless_tag, sizeof endless_tag } }, FS_FILE_MAX, CC_E_FORMAT, "card.file-length", 0 },
		{ { .file = { indefinite, sizeof indefinite } }, FS_FILE_MAX, CC_E_FORMAT, "card.file-length", 0 },
		{ { .file = { one, sizeof one } }, FS_FILE_MAX, CC_E_FORMAT, "card.file-length", 0 },
		{ { .file = make_file(300, 0), .too_much = true }, FS_FILE_MAX, CC_E_FORMAT, "card.bad-answer", 0 },
		{ { .drip_forever = true }, FS_FILE_MAX, CC_E_LIMIT, "card.file-too-large", 0 },
		{ { .file = make_file(300, 0), .closed = true }, FS_FILE_MAX, CC_OK, NULL, SW_SECURITY_STATUS },
		{ { .file = make_file(300, 0), .fail_at = 256 }, FS_FILE_MAX, CC_OK, NULL, SW_SECURITY_STATUS },
		{ { .file = { NULL, 0 } }, FS_FILE_MAX, CC_OK, NULL, SW_WRONG_OFFSET },
		{ { .file = make_file(40000, 0), .no_odd = true }, FS_FILE_MAX, CC_OK, NULL, SW_INS_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct card c = cases[i].card;
		struct channel ch;
		struct buf file = { 0 };
		uint16_t sw = 0;

		if (i >= 8) /* make_file shares one buffer: the last one made is 40000 long */
			c.file = c.file.n > 0 ? make_file(c.file.n, 0) : c.file;
		c.fid = 0x0102;
		open_card(&c, &ch, 256);
		assert_int_equal(fs_read_ef(&ch, 0x0102, cases[i].limit, &file, &sw).code, cases[i].code);
		if (cases[i].key != NULL)
			assert_string_equal(ch.err.key, cases[i].key);
		else
			assert_int_equal(sw, cases[i].sw);
		assert_null(file.p);
		assert_in_range(c.commands, 1, 3000);
		close_card(&ch);
	}
}

static void every_truncated_file_is_a_lie(void **state)
{
	struct bytes whole = make_file(700, 0);

	(void)state;
	for (size_t n = 1; n < 700; n++) {
		struct card c = { .file = bytes_of(whole.p, n), .fid = 0x0102 };
		struct channel ch;
		struct buf file = { 0 };
		uint16_t sw = 0;

		open_card(&c, &ch, 256);
		assert_int_equal(fs_read_ef(&ch, 0x0102, FS_FILE_MAX, &file, &sw).code, CC_E_FORMAT);
		assert_string_equal(ch.err.key, "card.file-length");
		close_card(&ch);
	}
}

static void limit_is_exact(void **state)
{
	struct card c = { .file = make_file(500, 0), .fid = 0x0102 };
	struct channel ch;
	struct buf file = { 0 };
	uint16_t sw = 0;

	(void)state;
	open_card(&c, &ch, 256);
	assert_false(cc_failed(fs_read_ef(&ch, 0x0102, 500, &file, &sw)));
	assert_int_equal(file.n, 500);
	buf_done(&file);
	assert_int_equal(fs_read_ef(&ch, 0x0102, 499, &file, &sw).code, CC_E_LIMIT);
	close_card(&ch);
}

/* A card without short identifiers may say "not found" for them: only SELECT tells the truth about a file. */
static void absent_file_is_absent_only_by_select(void **state)
{
	struct card c = { .file = make_file(40, 0), .fid = 0x010D, .sfi_not_found = true };
	struct channel ch;
	struct buf file = { 0 };
	uint16_t sw = 0;

	(void)state;
	assert_int_equal(reads_whole(&c, 40, 256), 3);
	open_card(&c, &ch, 256);
	assert_false(cc_failed(fs_read_ef(&ch, 0x010B, FS_FILE_MAX, &file, &sw)));
	assert_int_equal(sw, SW_FILE_NOT_FOUND);
	assert_null(file.p);
	assert_false(ch.habits.no_sfi);
	close_card(&ch);
}

static cc_status run_select(struct script *script, cc_status (*select)(struct channel *, uint16_t *), uint16_t *ret_sw)
{
	struct channel ch;
	struct reader *r = script_reader(script);
	cc_status st;

	channel_init(&ch, r);
	st = select(&ch, ret_sw);
	assert_int_equal(script->next, script->count);
	channel_done(&ch);
	reader_free(&r);
	return st;
}

static cc_status select_emrtd(struct channel *ch, uint16_t *ret_sw)
{
	return fs_select_aid(ch, fs_aid_emrtd, ret_sw);
}

static cc_status select_card_access(struct channel *ch, uint16_t *ret_sw)
{
	return fs_select_ef(ch, FS_EF_CARD_ACCESS, ret_sw);
}

static void select_forms_of_real_cards(void **state)
{
	/* cccd-card: the card of the field answers 6D00 to SELECT MF, and that is final. */
	static const struct script_step mf_field[] = { { "00A4000C023F00", "6D00" } };
	static const struct script_step mf_bare[] = { { "00A4000C023F00", "6A86" }, { "00A4000C", "9000" } };
	static const struct script_step ef[] = { { "00A4020C02011C", "9000" } };
	static const struct script_step ef_fci[] = { { "00A4020C02011C", "6A86" }, { "00A4020002011C00", "6F0080 9000" } };
	static const struct script_step aid[] = { { "00A4040C07A0000002471001", "9000" } };
	static const struct script_step aid_fci[] = { { "00A4040C07A0000002471001", "6A86" },
						      { "00A4040007A000000247100100", "6F00 9000" } };
	static const struct script_step torn[] = { { "00A4040C07A0000002471001", NULL } };
	const struct {
		struct script script;
		cc_status (*select)(struct channel *, uint16_t *);
		uint16_t sw;
	} cases[] = {
		{ { mf_field, 1, NULL, 0 }, fs_select_mf, SW_INS_UNKNOWN },
		{ { mf_bare, 2, NULL, 0 }, fs_select_mf, SW_OK },
		{ { ef, 1, NULL, 0 }, select_card_access, SW_OK },
		{ { ef_fci, 2, NULL, 0 }, select_card_access, SW_OK },
		{ { aid, 1, NULL, 0 }, select_emrtd, SW_OK },
		{ { aid_fci, 2, NULL, 0 }, select_emrtd, SW_OK },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct script script = cases[i].script;
		uint16_t sw = 0;

		assert_false(cc_failed(run_select(&script, cases[i].select, &sw)));
		assert_int_equal(sw, cases[i].sw);
	}
	struct script script = { torn, 1, NULL, 0 };
	uint16_t sw = 0x1234;

	assert_int_equal(run_select(&script, select_emrtd, &sw).code, CC_E_DEVICE);
	assert_int_equal(sw, 0x1234);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(small_file_takes_one_command),
		cmocka_unit_test(long_file_takes_the_fewest_commands),
		cmocka_unit_test(every_size_is_read),
		cmocka_unit_test(card_that_refuses_long_reads_is_asked_for_less),
		cmocka_unit_test(habits_are_learned_once),
		cmocka_unit_test(short_blocks_are_put_together),
		cmocka_unit_test(file_beyond_32767_is_read_by_b1),
		cmocka_unit_test(lying_and_stubborn_cards_are_left),
		cmocka_unit_test(every_truncated_file_is_a_lie),
		cmocka_unit_test(limit_is_exact),
		cmocka_unit_test(absent_file_is_absent_only_by_select),
		cmocka_unit_test(select_forms_of_real_cards),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
