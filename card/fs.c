/* SPDX-License-Identifier: Apache-2.0 */
#include "card/fs.h"

#include "card/sw.h"
#include "crypto/base/tlv.h"

#include <string.h>

#define INS_SELECT 0xA4
#define INS_READ_BINARY 0xB0
#define INS_READ_BINARY_ODD 0xB1
#define OFFSET_B0_MAX 0x7FFF /* 15 bits in P1-P2 */
#define HEADER_READ 4	     /* tag and length of every elementary file of an eMRTD */
#define HEADER_LEAST 2	     /* an empty one */
#define HEADER_MAX 9	     /* tag of 4 bytes, length of 5 */
#define READS_MAX 2048	     /* a card that gives a few bytes at a time isn't followed for ever */
#define FS_SFI_BIT 0x80

static const uint8_t aid_emrtd[] = { 0xA0, 0x00, 0x00, 0x02, 0x47, 0x10, 0x01 };
const struct bytes fs_aid_emrtd = { aid_emrtd, sizeof aid_emrtd };

/* ---- SELECT */
struct select_form {
	uint8_t p1, p2;
	bool with_data;
	size_t le;
};

/* Status words by which a card refuses a form of SELECT rather than the file. */
static bool refuses_form(uint16_t sw)
{
	return sw == SW_WRONG_P1P2 || sw == SW_WRONG_LENGTH || sw == 0x6A81 || sw == 0x6A87;
}

/* Tries the forms in turn while the card refuses them as such. */
static cc_status select_by(struct channel *ch, const struct select_form *forms, size_t count, struct bytes data, uint16_t *ret_sw)
{
	struct response r = { 0 };
	cc_status st = cc_ok();

	for (size_t i = 0; i < count; i++) {
		struct apdu cmd = { .ins = INS_SELECT, .p1 = forms[i].p1, .p2 = forms[i].p2, .le = forms[i].le };

		if (forms[i].with_data)
			cmd.data = data;
		st = channel_send(ch, &cmd, &r);
		if (cc_failed(st) || !refuses_form(r.sw))
			break;
	}
	if (!cc_failed(st))
		*ret_sw = r.sw;
	response_done(&r);
	return st;
}

/* ICAO 9303-10 3.6.2: SELECT by DF name, no answer wanted (P2 0C); older cards give their FCI whatever one wants. */
cc_status fs_select_aid(struct channel *ch, struct bytes aid, uint16_t *ret_sw)
{
	static const struct select_form forms[] = { { 0x04, 0x0C, true, 0 }, { 0x04, 0x00, true, APDU_LE_SHORT_MAX } };

	return select_by(ch, forms, 2, aid, ret_sw);
}

/* ISO/IEC 7816-4:2020 11.2.2: the MF by its identifier, or by P1-P2 alone. */
cc_status fs_select_mf(struct channel *ch, uint16_t *ret_sw)
{
	static const struct select_form forms[] = { { 0x00, 0x0C, true, 0 },
						    { 0x00, 0x0C, false, 0 },
						    { 0x00, 0x00, false, APDU_LE_SHORT_MAX } };

	uint16_t sw = SW_INS_UNKNOWN;
	cc_status st = cc_ok();

	if (!ch->habits.no_mf)
		st = select_by(ch, forms, 3, BYTES_LITERAL("\x3F\x00"), &sw);
	if (cc_failed(st))
		return st;
	ch->habits.no_mf = sw == SW_INS_UNKNOWN;
	*ret_sw = sw;
	return st;
}

/* ICAO 9303-10 3.6.2: an elementary file under the present application. */
cc_status fs_select_ef(struct channel *ch, uint16_t fid, uint16_t *ret_sw)
{
	static const struct select_form forms[] = { { 0x02, 0x0C, true, 0 },
						    { 0x02, 0x00, true, APDU_LE_SHORT_MAX },
						    { 0x00, 0x0C, true, 0 } };
	const uint8_t id[2] = { (uint8_t)(fid >> 8), (uint8_t)fid };

	return select_by(ch, forms, 3, bytes_of(id, sizeof id), ret_sw);
}

/* ---- READ BINARY */
static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* ISO/IEC 7816-4:2020 11.3.3: B1 carries the offset in DO54 and answers in DO53. */
static cc_status read_odd(struct channel *ch, size_t offset, size_t want, struct response *r)
{
	const uint8_t object[] = { 0x54, 0x02, (uint8_t)(offset >> 8), (uint8_t)offset };
	const size_t header = want < 0x80 ? 2u : want < 0x100 ? 3u : 4u;
	struct apdu cmd = { .ins = INS_READ_BINARY_ODD, .data = bytes_of(object, sizeof object), .le = want + header };
	struct cursor in;
	struct bytes value;
	struct buf data = { 0 };
	cc_status st = channel_send(ch, &cmd, r);

	if (cc_failed(st) || r->data.n == 0)
		return st;
	cursor_init(&in, buf_view(&r->data));
	if (!tlv_expect_bytes(&in, TLV_LENIENT, 0x53, &value) || cc_failed(cursor_end(&in)))
		return cc_fail(&ch->err, CC_E_FORMAT, "card.bad-answer", "READ BINARY B1: no data object 53");
	st = buf_copy(&data, value);
	if (cc_failed(st))
		return cc_fail(&ch->err, st.code, "memory", "READ BINARY B1");
	buf_move(&r->data, &data);
	return st;
}

/* sfi: 0, or the file to select while reading its start. */
static cc_status read_block(struct channel *ch, uint8_t sfi, size_t offset, size_t want, struct response *r)
{
	struct apdu cmd = { .ins = INS_READ_BINARY, .p1 = (uint8_t)(offset >> 8), .p2 = (uint8_t)offset, .le = want };
	cc_status st;

	if (sfi != 0)
		cmd.p1 = FS_SFI_BIT | sfi;
	st = offset > OFFSET_B0_MAX ? read_odd(ch, offset, want, r) : channel_send(ch, &cmd, r);
	if (!cc_failed(st) && r->data.n > want)
		st = cc_fail(&ch->err, CC_E_FORMAT, "card.bad-answer", "READ BINARY: %zu bytes for %zu", r->data.n, want);
	return st;
}

struct reading {
	struct channel *ch;
	struct writer w;
	size_t limit;
	size_t total;  /* 0: not known yet */
	size_t header; /* bytes to ask for when the card gives nothing beyond the end */
	bool done;     /* sw says why, unless everything is there */
	uint16_t sw;
	unsigned reads;
};

static size_t block_max(const struct channel *ch)
{
	size_t room = channel_response_room(ch);

	return ch->habits.read_max > 0 ? smaller(room, ch->habits.read_max) : room;
}

/* Bytes to ask for next. */
static size_t wanted(const struct reading *rd)
{
	size_t offset = rd->w.n, n = block_max(rd->ch);

	if (rd->total == 0) {
		if (offset > 0)
			return HEADER_MAX - offset;
		return rd->ch->habits.header_first ? rd->header : smaller(n, rd->limit);
	}
	if (offset > OFFSET_B0_MAX && n > 4)
		n -= 4; /* tag and length of DO53 */
	return smaller(n, rd->total - offset);
}

/* The card refused a length. True when there is something smaller to try. */
static bool ask_for_less(struct reading *rd, size_t want)
{
	/* 223: the most that fits a short AES-protected answer; 160 and 96: buffers of old cards. */
	static const size_t sizes[] = { 223, 160, 96, 32 };
	struct channel_habits *habits = &rd->ch->habits;

	if (rd->w.n == 0 && rd->total == 0) {
		if (habits->header_first && rd->header == HEADER_LEAST)
			return false;
		if (habits->header_first)
			rd->header = HEADER_LEAST;
		habits->header_first = true;
		return true;
	}
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		if (sizes[i] < want) {
			habits->read_max = sizes[i];
			return true;
		}
	}
	return false;
}

static bool refuses_length(uint16_t sw)
{
	return sw == SW_WRONG_LENGTH || sw == SW_WRONG_OFFSET || (sw & 0xFF00) == 0x6C00;
}

/* The outer TLV tells the file's length (ICAO 9303-10 4: each file is one data object). */
static cc_status find_total(struct reading *rd)
{
	struct cursor in;
	uint32_t tag;
	size_t len, header_len;
	struct cc_error *err = &rd->ch->err;

	cursor_init(&in, writer_view(&rd->w));
	if (!tlv_header(&in, TLV_LENIENT, &tag, &len, &header_len)) {
		if (rd->w.n >= HEADER_MAX)
			return cc_fail(err, CC_E_FORMAT, "card.file-length", "the file doesn't begin with tag and length");
		return cc_ok();
	}
	if (len > rd->limit - smaller(header_len, rd->limit))
		return cc_fail(err, CC_E_LIMIT, "card.file-too-large", "%zu bytes, the limit is %zu", len, rd->limit);
	rd->total = header_len + len;
	return cc_ok();
}

/* Takes one answer of READ BINARY. */
static cc_status take_block(struct reading *rd, size_t want, const struct response *r)
{
	struct cc_error *err = &rd->ch->err;

	if (r->sw != SW_OK && r->sw != SW_END_OF_FILE) {
		if (refuses_length(r->sw) && ask_for_less(rd, want))
			return cc_ok();
		if (rd->w.n > 0 && refuses_length(r->sw))
			return cc_fail(err, CC_E_FORMAT, "card.file-length", "%zu bytes of %zu, then %04X", rd->w.n, rd->total,
				       r->sw);
		rd->done = true;
		rd->sw = r->sw;
		return cc_ok();
	}
	/* Some chips give nothing at all when the file ends within what was asked for. */
	if (r->data.n == 0 && r->sw == SW_END_OF_FILE && ask_for_less(rd, want))
		return cc_ok();
	if (r->data.n == 0)
		return cc_fail(err, CC_E_FORMAT, "card.file-length", "the file ends after %zu bytes of %zu", rd->w.n, rd->total);
	writer_put(&rd->w, buf_view(&r->data));
	if (rd->w.failed != CC_OK)
		return cc_fail(err, rd->w.failed, "card.file-too-large", "%zu bytes", rd->w.n);
	if (rd->total == 0) {
		cc_status st = find_total(rd);

		if (cc_failed(st))
			return st;
	}
	rd->done = rd->total > 0 && rd->w.n >= rd->total;
	rd->sw = SW_OK;
	return cc_ok();
}

/*
 * Some chips answer a length that they don't like without protection, which ends
 * the session. This one is lost; the next with such a chip asks for less at once.
 */
static void learn_from_break(struct reading *rd, size_t want, cc_status st)
{
	if (st.code == CC_E_VERIFY && rd->ch->err.key != NULL && strcmp(rd->ch->err.key, "card.sm-unprotected") == 0)
		(void)ask_for_less(rd, want);
}

static cc_status read_rest(struct reading *rd)
{
	cc_status st = cc_ok();

	while (!cc_failed(st) && !rd->done) {
		struct response r = { 0 };
		size_t want = wanted(rd);

		if (++rd->reads > READS_MAX)
			return cc_fail(&rd->ch->err, CC_E_LIMIT, "card.file-too-large", "%u reads for %zu bytes", READS_MAX,
				       rd->w.n);
		st = read_block(rd->ch, 0, rd->w.n, want, &r);
		learn_from_break(rd, want, st);
		if (!cc_failed(st))
			st = take_block(rd, want, &r);
		response_done(&r);
	}
	return st;
}

static void reading_init(struct reading *rd, struct channel *ch, size_t limit)
{
	*rd = (struct reading){ .ch = ch, .limit = smaller(limit, FS_FILE_MAX), .header = HEADER_READ };
	/* A first block may reach beyond the file's end. */
	writer_init(&rd->w, rd->limit + HEADER_MAX);
}

/* Hands out what was read, cut to the outer TLV. */
static cc_status reading_finish(struct reading *rd, cc_status st, struct buf *ret, uint16_t *ret_sw)
{
	struct cursor in;
	struct bytes file = { 0 };

	if (!cc_failed(st) && rd->sw == SW_OK) {
		cursor_init(&in, writer_view(&rd->w));
		st = cursor_take(&in, rd->total, &file) ? buf_copy(ret, file) : cc_code_status(CC_E_FORMAT);
		if (cc_failed(st))
			st = cc_fail(&rd->ch->err, st.code, "card.file-length", "%zu bytes", rd->total);
	} else if (!cc_failed(st)) {
		buf_done(ret);
	}
	if (!cc_failed(st))
		*ret_sw = rd->sw;
	writer_done(&rd->w);
	return st;
}

cc_status fs_read_selected(struct channel *ch, size_t limit, struct buf *ret, uint16_t *ret_sw)
{
	struct reading rd;

	CC_ASSERT(limit > 0);
	reading_init(&rd, ch, limit);
	return reading_finish(&rd, read_rest(&rd), ret, ret_sw);
}

/*
 * ICAO 9303-10 3.6.3 and table 38: short identifiers 01 to 10 (DG1 to DG16), 1D (EF.SOD), 1E (EF.COM). EF.CardAccess has 1C, but
 * real cards are known to answer SELECT for it, in the clear and without an application.
 */
static uint8_t sfi_of(uint16_t fid)
{
	if ((fid >= FS_EF_DG(1) && fid <= FS_EF_DG(16)) || fid == FS_EF_SOD || fid == FS_EF_COM)
		return (uint8_t)(fid & 0x1F);
	return 0;
}

/* Selects and reads the first block in one command. *ret_taken false: the card wants a SELECT. */
static cc_status read_first_by_sfi(struct reading *rd, uint8_t sfi, bool *ret_taken)
{
	struct response r = { 0 };
	size_t want = wanted(rd);
	cc_status st = read_block(rd->ch, sfi, 0, want, &r);

	learn_from_break(rd, want, st);
	*ret_taken = !cc_failed(st) && (r.sw == SW_OK || r.sw == SW_END_OF_FILE || r.sw == SW_SECURITY_STATUS);
	if (*ret_taken)
		st = take_block(rd, want, &r);
	response_done(&r);
	return st;
}

cc_status fs_read_ef(struct channel *ch, uint16_t fid, size_t limit, struct buf *ret, uint16_t *ret_sw)
{
	struct reading rd;
	uint8_t sfi = ch->habits.no_sfi ? 0 : sfi_of(fid);
	bool taken = false;
	uint16_t sw;
	cc_status st = cc_ok();

	CC_ASSERT(limit > 0);
	reading_init(&rd, ch, limit);
	if (sfi != 0)
		st = read_first_by_sfi(&rd, sfi, &taken);
	if (cc_failed(st) || taken) {
		if (!cc_failed(st))
			st = read_rest(&rd);
		return reading_finish(&rd, st, ret, ret_sw);
	}
	st = fs_select_ef(ch, fid, &sw);
	if (!cc_failed(st) && sw != SW_OK) {
		rd.sw = sw;
		return reading_finish(&rd, st, ret, ret_sw);
	}
	if (!cc_failed(st))
		st = read_rest(&rd);
	if (!cc_failed(st) && rd.sw == SW_OK && sfi != 0)
		ch->habits.no_sfi = true;
	return reading_finish(&rd, st, ret, ret_sw);
}

cc_status fs_read_raw(struct channel *ch, uint16_t fid, size_t len, struct buf *ret, uint16_t *ret_sw)
{
	struct response r = { 0 };
	uint16_t sw = 0;
	cc_status st;

	CC_ASSERT(len > 0 && len <= APDU_LE_SHORT_MAX);
	buf_done(ret);
	st = fs_select_ef(ch, fid, &sw);
	if (cc_failed(st) || sw != SW_OK)
		goto out;
	st = read_block(ch, 0, 0, smaller(len, block_max(ch)), &r);
	if (cc_failed(st))
		goto out;
	sw = r.sw == SW_END_OF_FILE ? SW_OK : r.sw;
	if (sw == SW_OK)
		buf_move(ret, &r.data);
out:
	if (!cc_failed(st))
		*ret_sw = sw;
	response_done(&r);
	return st;
}
