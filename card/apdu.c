/* SPDX-License-Identifier: Apache-2.0 */
#include "card/apdu.h"

#include "card/atr.h"
#include "card/sw.h"
#include "crypto/base/log.h"

#define SHORT_LC_MAX 255
#define EXTENDED_LC_MAX 65535
#define APDU_MAX (4 + 3 + EXTENDED_LC_MAX + 2)
#define CLA_CHAIN 0x10
#define INS_GET_RESPONSE 0xC0
#define INS_GET_DATA 0xCA
#define INS_SELECT 0xA4
#define INS_READ_BINARY 0xB0
/* The longest answer in blocks of 256, and a few: a hostile card must not hold a reader with one byte at a time. */
#define GET_RESPONSES_MAX 260
#define CHAINED_MAX (1u << 20)

void response_done(struct response *r)
{
	buf_done(&r->data);
	r->sw = 0;
}

/* ISO/IEC 7816-3:2006 12.1.3: cases 1 to 4, short and extended; 256 and 65536 are sent as zeros. */
cc_status apdu_encode(const struct apdu *cmd, bool extended, struct writer *w)
{
	size_t lc_max = extended ? EXTENDED_LC_MAX : SHORT_LC_MAX;
	size_t le_max = extended ? APDU_LE_EXTENDED_MAX : APDU_LE_SHORT_MAX;

	if (cmd->data.n > lc_max || cmd->le > le_max)
		return cc_code_status(CC_E_LIMIT);
	writer_u8(w, cmd->cla);
	writer_u8(w, cmd->ins);
	writer_u8(w, cmd->p1);
	writer_u8(w, cmd->p2);
	if (extended && (cmd->data.n > 0 || cmd->le > 0))
		writer_u8(w, 0);
	if (cmd->data.n > 0) {
		if (extended)
			writer_u16(w, (uint16_t)cmd->data.n);
		else
			writer_u8(w, (uint8_t)cmd->data.n);
		writer_put(w, cmd->data);
	}
	if (cmd->le > 0) {
		if (extended)
			writer_u16(w, (uint16_t)cmd->le);
		else
			writer_u8(w, (uint8_t)cmd->le);
	}
	return cc_code_status(w->failed);
}

cc_status response_parse(struct bytes answer, struct response *ret)
{
	struct cursor in, trailer;
	struct bytes sw_bytes;
	uint16_t sw;
	cc_status st;

	cursor_init(&in, answer);
	if (!cursor_take_back(&in, 2, &sw_bytes))
		return cc_code_status(CC_E_FORMAT);
	cursor_init(&trailer, sw_bytes);
	if (!cursor_u16(&trailer, &sw))
		return cc_code_status(CC_E_FORMAT);
	st = buf_copy(&ret->data, cursor_rest(&in));
	if (!cc_failed(st))
		ret->sw = sw;
	return st;
}

void channel_init(struct channel *ch, struct reader *reader)
{
	*ch = (struct channel){ .reader = reader, .command_max = SHORT_LC_MAX, .response_max = APDU_LE_SHORT_MAX };
}

void channel_set_layer(struct channel *ch, struct secure_layer *layer)
{
	if (ch->layer != NULL && ch->layer != layer)
		ch->layer->ops->free(ch->layer);
	ch->layer = layer;
	ch->dead = false;
}

void channel_done(struct channel *ch)
{
	channel_set_layer(ch, NULL);
	ch->reader = NULL;
}

size_t channel_command_room(const struct channel *ch)
{
	return ch->layer == NULL ? ch->command_max : ch->layer->ops->command_room(ch->layer, ch->command_max);
}

size_t channel_response_room(const struct channel *ch)
{
	return ch->layer == NULL ? ch->response_max : ch->layer->ops->response_room(ch->layer, ch->response_max);
}

/* Extended form only where the short one doesn't do: it costs three bytes more. */
static bool needs_extended(const struct channel *ch, const struct apdu *cmd)
{
	const struct secure_layer *l = ch->layer;

	if (!ch->extended)
		return false;
	if (l == NULL)
		return cmd->data.n > SHORT_LC_MAX || cmd->le > APDU_LE_SHORT_MAX;
	return cmd->data.n > l->ops->command_room(l, SHORT_LC_MAX) || cmd->le > l->ops->response_room(l, APDU_LE_SHORT_MAX);
}

static cc_status transmit(struct channel *ch, const struct apdu *wire, bool extended, struct response *ret)
{
	struct writer w;
	struct buf answer = { 0 };
	cc_status st;

	writer_init(&w, APDU_MAX);
	st = apdu_encode(wire, extended, &w);
	if (cc_failed(st)) {
		st = cc_fail(&ch->err, st.code, "card.command-too-long", "INS %02X with %zu bytes, Le %zu", wire->ins,
			     wire->data.n, wire->le);
		goto out;
	}
	ch->commands++;
	st = reader_transmit(ch->reader, writer_view(&w), &answer);
	if (cc_failed(st)) {
		ch->err = ch->reader->err;
		st = cc_fail(&ch->err, st.code, "card.transport", "INS %02X", wire->ins);
		goto out;
	}
	st = response_parse(buf_view(&answer), ret);
	if (st.code == CC_E_MEMORY)
		st = cc_fail(&ch->err, st.code, "memory", "INS %02X", wire->ins);
	else if (cc_failed(st))
		st = cc_fail(&ch->err, st.code, "card.bad-answer", "INS %02X", wire->ins);
	else /* I9: headers and lengths for support; never what a command or an answer carries */
		log_debug("apdu %02X %02X %02X%02X, %zu bytes, Le %zu: %04X, %zu bytes", wire->cla, wire->ins, wire->p1, wire->p2,
			  wire->data.n, wire->le, ret->sw, ret->data.n);
out:
	writer_done(&w);
	buf_done(&answer);
	return st;
}

/* ISO/IEC 7816-4:2020 5.4.1: GET RESPONSE goes on the same logical channel, without chaining or secure messaging bits. */
static uint8_t get_response_cla(uint8_t cla)
{
	if ((cla & 0x80) != 0)
		return cla & 0x03;
	return (cla & 0x40) != 0 ? cla & 0x4F : cla & 0x03;
}

static size_t le_from_sw(uint16_t sw)
{
	return (sw & 0xFF) == 0 ? APDU_LE_SHORT_MAX : sw & 0xFFu;
}

/* ISO/IEC 7816-4:2020 5.6: 61xx: more bytes are waiting. The card decides how often, so rounds and bytes are bounded here. */
static cc_status collect(struct channel *ch, uint8_t cla, struct response *r)
{
	struct writer all;
	cc_status st = cc_ok();

	writer_init(&all, READER_ANSWER_MAX - 2);
	writer_put(&all, buf_view(&r->data));
	for (unsigned round = 0; (r->sw & 0xFF00) == 0x6100; round++) {
		const struct apdu more = { .cla = cla, .ins = INS_GET_RESPONSE, .le = le_from_sw(r->sw) };

		st = transmit(ch, &more, false, r);
		if (cc_failed(st))
			goto out;
		writer_put(&all, buf_view(&r->data));
		if (round == GET_RESPONSES_MAX || all.failed != CC_OK || (r->data.n == 0 && (r->sw & 0xFF00) == 0x6100)) {
			st = cc_fail(&ch->err, CC_E_FORMAT, "card.bad-answer", "GET RESPONSE without end after %zu bytes", all.n);
			goto out;
		}
	}
	st = writer_finish(&all, &r->data);
	if (cc_failed(st))
		st = cc_fail(&ch->err, st.code, "card.bad-answer", "answer of GET RESPONSE");
out:
	writer_done(&all);
	return st;
}

/* One command on the wire with what the transport layer may add: a corrected Le once, GET RESPONSE. */
static cc_status exchange(struct channel *ch, const struct apdu *wire, bool extended, struct response *ret)
{
	cc_status st = transmit(ch, wire, extended, ret);

	if (!cc_failed(st) && (ret->sw & 0xFF00) == 0x6C00 && wire->le != APDU_LE_NONE) {
		struct apdu again = *wire;

		again.le = le_from_sw(ret->sw);
		st = transmit(ch, &again, extended, ret);
	}
	if (!cc_failed(st) && (ret->sw & 0xFF00) == 0x6100)
		st = collect(ch, get_response_cla(wire->cla), ret);
	return st;
}

static cc_status unwrap_failed(struct channel *ch, const struct response *raw, cc_status st)
{
	if (st.code != CC_E_VERIFY)
		return cc_fail(&ch->err, st.code, "card.sm-failed", "%s: %s", ch->layer->ops->name, cc_code_name(st.code));
	if (raw->data.n > 0)
		return cc_fail(&ch->err, st.code, "card.sm-wrong", "%s: answer of %zu bytes isn't the chip's",
			       ch->layer->ops->name, raw->data.n);
	if (raw->sw == SW_SM_MISSING || raw->sw == SW_SM_WRONG)
		return cc_fail(&ch->err, st.code, "card.sm-ended", "%s: the chip answered %04X", ch->layer->ops->name, raw->sw);
	return cc_fail(&ch->err, st.code, "card.sm-unprotected", "%s: bare status word %04X", ch->layer->ops->name, raw->sw);
}

static cc_status exchange_secured(struct channel *ch, const struct apdu *cmd, bool extended, struct response *ret)
{
	struct writer scratch;
	struct response raw = { 0 };
	struct apdu wrapped;
	cc_status st;

	writer_init(&scratch, APDU_MAX);
	st = ch->layer->ops->wrap(ch->layer, cmd, extended, &scratch, &wrapped);
	if (cc_failed(st)) {
		st = cc_fail(&ch->err, st.code, "card.sm-failed", "%s: wrapping INS %02X: %s", ch->layer->ops->name, cmd->ins,
			     cc_code_name(st.code));
		goto out;
	}
	st = exchange(ch, &wrapped, extended, &raw);
	if (cc_failed(st))
		goto out;
	st = ch->layer->ops->unwrap(ch->layer, &raw, ret);
	if (cc_failed(st))
		st = unwrap_failed(ch, &raw, st);
out:
	/* Counters of host and chip no longer agree, whatever went wrong: the session is over. */
	ch->dead = ch->dead || cc_failed(st);
	writer_done(&scratch);
	response_done(&raw);
	return st;
}

static cc_status send_block(struct channel *ch, const struct apdu *cmd, struct response *ret)
{
	bool extended = needs_extended(ch, cmd);

	return ch->layer == NULL ? exchange(ch, cmd, extended, ret) : exchange_secured(ch, cmd, extended, ret);
}

/* ISO/IEC 7816-4:2020 5.3.3: all blocks but the last carry CLA bit 5 and must be answered 9000. */
static cc_status send_chained(struct channel *ch, const struct apdu *cmd, size_t room, struct response *ret)
{
	struct cursor in;
	cc_status st;

	cursor_init(&in, cmd->data);
	while (cursor_left(&in) > room) {
		struct apdu block = *cmd;

		block.cla |= CLA_CHAIN;
		block.le = APDU_LE_NONE;
		if (!cursor_take(&in, room, &block.data))
			return cc_fail(&ch->err, CC_E_LIMIT, "card.command-too-long", "INS %02X", cmd->ins);
		st = send_block(ch, &block, ret);
		if (cc_failed(st) || ret->sw != SW_OK)
			return st;
	}
	struct apdu last = *cmd;

	last.data = cursor_rest(&in);
	return send_block(ch, &last, ret);
}

cc_status channel_send(struct channel *ch, const struct apdu *cmd, struct response *ret)
{
	struct response answer = { 0 };
	size_t room;
	cc_status st;

	if (ch->dead) /* ch->err keeps why */
		return cc_fail(&ch->err, CC_E_STATE, "card.session-lost", "the secure session broke before");
	cc_error_init(&ch->err);
	room = channel_command_room(ch);
	if (room == 0 || cmd->data.n > CHAINED_MAX)
		return cc_fail(&ch->err, CC_E_LIMIT, "card.command-too-long", "INS %02X with %zu bytes", cmd->ins, cmd->data.n);
	if (cmd->data.n <= room)
		st = send_block(ch, cmd, &answer);
	else
		st = send_chained(ch, cmd, room, &answer);
	if (!cc_failed(st)) {
		buf_move(&ret->data, &answer.data);
		ret->sw = answer.sw;
	}
	response_done(&answer);
	return st;
}

cc_status channel_send_ok(struct channel *ch, const struct apdu *cmd, struct response *ret)
{
	struct response answer = { 0 };
	char text[48];
	cc_status st = channel_send(ch, cmd, &answer);

	if (!cc_failed(st) && answer.sw != SW_OK)
		st = cc_fail(&ch->err, CC_E_STATUS, "card.refused", "INS %02X: %s", cmd->ins, sw_text(answer.sw, text));
	if (!cc_failed(st)) {
		buf_move(&ret->data, &answer.data);
		ret->sw = answer.sw;
	}
	response_done(&answer);
	return st;
}

/* False when there are no lengths, or none that make sense (below the short form's). */
static bool take_length_info(struct channel *ch, const struct response *r)
{
	const size_t frame = 4 + 3 + 2;
	size_t command, response;

	if (r->sw != SW_OK && r->sw != SW_END_OF_FILE)
		return false;
	if (cc_failed(atr_length_info(buf_view(&r->data), &command, &response)))
		return false;
	if (command < SHORT_LC_MAX + frame || response < APDU_LE_SHORT_MAX + 2)
		return false;
	ch->command_max = command - frame < EXTENDED_LC_MAX ? command - frame : EXTENDED_LC_MAX;
	ch->response_max = response - 2 < APDU_LE_EXTENDED_MAX ? response - 2 : APDU_LE_EXTENDED_MAX;
	return true;
}

static cc_status read_length_info(struct channel *ch)
{
	const struct apdu get_data = { .ins = INS_GET_DATA, .p1 = 0x7F, .p2 = 0x66, .le = APDU_LE_SHORT_MAX };
	const struct apdu select = { .ins = INS_SELECT, .p1 = 0x02, .p2 = 0x0C, .data = BYTES_LITERAL("\x2F\x01") };
	const struct apdu read = { .ins = INS_READ_BINARY, .le = APDU_LE_SHORT_MAX };
	struct response r = { 0 };
	cc_status st = channel_send(ch, &get_data, &r);

	if (cc_failed(st) || take_length_info(ch, &r))
		goto out;
	st = channel_send(ch, &select, &r);
	if (cc_failed(st) || r.sw != SW_OK)
		goto out;
	st = channel_send(ch, &read, &r);
	if (!cc_failed(st))
		(void)take_length_info(ch, &r);
out:
	response_done(&r);
	return st;
}

cc_status channel_negotiate(struct channel *ch)
{
	struct atr_capabilities caps = atr_capabilities(bytes_of(ch->reader->atr, ch->reader->atr_len));
	size_t reader_max = ch->reader->command_max;
	cc_status st;

	CC_ASSERT(ch->layer == NULL);
	/* Perhaps another card than before: nothing known of that one holds. */
	channel_init(ch, ch->reader);
	if (!caps.extended)
		return cc_ok();
	/*
	 * Without the length information nobody knows how much a command may carry: commands stay short (and chained); for
	 * answers the card cuts to what it can, and fs.c falls back.
	 */
	ch->extended = true;
	ch->command_max = SHORT_LC_MAX;
	ch->response_max = APDU_LE_EXTENDED_MAX;
	st = read_length_info(ch);
	if (reader_max > 0 && ch->command_max + 9 > reader_max)
		ch->command_max = reader_max > SHORT_LC_MAX + 9 ? reader_max - 9 : SHORT_LC_MAX;
	if (reader_max > 0 && ch->response_max + 2 > reader_max)
		ch->response_max = reader_max > APDU_LE_SHORT_MAX + 2 ? reader_max - 2 : APDU_LE_SHORT_MAX;
	return st;
}
