/* SPDX-License-Identifier: Apache-2.0 */
#include "card/perso/match_on_card.h"

#include "card/sw.h"
#include "crypto/base/secret.h"
#include "crypto/base/tlv.h"

#define INS_SELECT 0xA4
#define INS_VERIFY 0x21 /* odd: the data field is a BER-TLV object */
#define INS_GET_DATA_ODD 0xCB
#define INS_PUT_DATA_ODD 0xDB
#define TAG_INFORMATION 0x7F60
#define TAG_INFORMATION_GROUP 0x7F61
#define TAG_TEMPLATE 0x7F2E
#define TAG_HEADER 0xA1
#define TAG_REFERENCE 0x83
#define TAG_SUBTYPE 0x82
#define CURRENT_DF_HIGH 0x3F /* ISO/IEC 7816-4:2020 11.5.2: P1-P2 3FFF, the object is looked for in the current DF */
#define CURRENT_DF_LOW 0xFF
#define SW_TRIES 0x63C0

cc_status match_on_card_select(struct channel *ch, struct bytes aid)
{
	const struct apdu cmd = { .ins = INS_SELECT, .p1 = 0x04, .p2 = 0x0C, .data = aid };
	struct response r = { 0 };
	cc_status st = channel_send(ch, &cmd, &r);

	if (!cc_failed(st) && r.sw == SW_FILE_NOT_FOUND)
		st = cc_fail(&ch->err, CC_E_NOT_FOUND, "moc.absent", "no match-on-card application");
	else if (!cc_failed(st) && r.sw != SW_OK)
		st = cc_fail(&ch->err, CC_E_STATUS, "card.refused", "SELECT: %04X", r.sw);
	response_done(&r);
	return st;
}

static bool is_one_object(struct bytes answer, enum tlv_mode mode, uint32_t tag)
{
	struct bytes value;
	struct cursor in;

	cursor_init(&in, answer);
	return tlv_expect_bytes(&in, mode, tag, &value) && value.n > 0 && !cc_failed(cursor_end(&in));
}

/* ISO/IEC 7816-4:2020 11.5.3: the tag list 5C names what is wanted. */
cc_status match_on_card_information(struct channel *ch, struct buf *ret)
{
	const struct apdu cmd = {
		.ins = INS_GET_DATA_ODD,
		.p1 = CURRENT_DF_HIGH,
		.p2 = CURRENT_DF_LOW,
		.data = BYTES_LITERAL("\x5C\x02\x7F\x60"),
		.le = APDU_LE_SHORT_MAX,
	};
	struct response r = { 0 };
	cc_status st = channel_send_ok(ch, &cmd, &r);

	if (!cc_failed(st) && !is_one_object(buf_view(&r.data), TLV_LENIENT, TAG_INFORMATION) &&
	    !is_one_object(buf_view(&r.data), TLV_LENIENT, TAG_INFORMATION_GROUP))
		st = cc_fail(&ch->err, CC_E_FORMAT, "moc.structure", "not one biometric information template");
	if (!cc_failed(st))
		buf_move(ret, &r.data);
	response_done(&r);
	return st;
}

/* ---- the group */

static bool take_byte(struct cursor *in, uint32_t tag, uint8_t *ret)
{
	struct cursor value;

	return tlv_expect(in, TLV_LENIENT, tag, &value) && cursor_u8(&value, ret) && !cc_failed(cursor_end(&value));
}

/* The header's objects in any order and number; the subtype is 0, any finger, when it names none. */
static bool take_subtype(struct cursor *header, uint8_t *ret)
{
	struct tlv item;

	*ret = 0;
	while (cursor_left(header) > 0) {
		if (tlv_is_next(header, TAG_SUBTYPE)) {
			if (!take_byte(header, TAG_SUBTYPE, ret))
				return false;
		} else if (!tlv_next(header, TLV_LENIENT, &item)) {
			return false;
		}
	}
	return !cc_failed(cursor_end(header));
}

static bool take_item(struct cursor *in, struct match_on_card_group *g)
{
	struct match_on_card_reference *to;
	struct cursor item, header;

	if (g->count == MATCH_ON_CARD_REFERENCES_MAX)
		return false;
	to = &g->items[g->count++];
	return tlv_expect(in, TLV_LENIENT, TAG_INFORMATION, &item) && take_byte(&item, TAG_REFERENCE, &to->reference) &&
	       tlv_expect(&item, TLV_LENIENT, TAG_HEADER, &header) && !cc_failed(cursor_end(&item)) &&
	       take_subtype(&header, &to->subtype);
}

cc_status match_on_card_group_parse(struct bytes answer, struct match_on_card_group *ret)
{
	struct match_on_card_group g = { 0 };
	struct cursor in, body;
	uint8_t count;

	cursor_init(&in, answer);
	if (!tlv_expect(&in, TLV_LENIENT, TAG_INFORMATION_GROUP, &body) || cc_failed(cursor_end(&in)) ||
	    !take_byte(&body, 0x02, &count))
		return cc_code_status(CC_E_FORMAT);
	while (cursor_left(&body) > 0)
		if (!take_item(&body, &g))
			return cc_code_status(CC_E_FORMAT);
	if (cc_failed(cursor_end(&body)) || g.count != count || g.count == 0)
		return cc_code_status(CC_E_FORMAT);
	*ret = g;
	return cc_ok();
}

cc_status match_on_card_list(struct channel *ch, enum match_on_card_class class, struct match_on_card_group *ret)
{
	const struct apdu cmd = {
		.cla = (uint8_t) class,
		.ins = INS_GET_DATA_ODD,
		.p1 = CURRENT_DF_HIGH,
		.p2 = CURRENT_DF_LOW,
		.data = BYTES_LITERAL("\x5C\x02\x7F\x61"),
		.le = APDU_LE_SHORT_MAX,
	};
	struct response r = { 0 };
	cc_status st = channel_send(ch, &cmd, &r);

	if (!cc_failed(st) && r.sw == SW_REFERENCE_NOT_FOUND)
		*ret = (struct match_on_card_group){ 0 };
	else if (!cc_failed(st) && r.sw != SW_OK)
		st = cc_fail(&ch->err, CC_E_STATUS, "card.refused", "GET DATA 7F61: %04X", r.sw);
	else if (!cc_failed(st) && cc_failed(st = match_on_card_group_parse(buf_view(&r.data), ret)))
		st = cc_fail(&ch->err, CC_E_FORMAT, "moc.structure", "not a group of biometric information templates");
	response_done(&r);
	return st;
}

/* ---- templates */

static cc_status check_template(struct channel *ch, struct bytes object)
{
	if (object.n > MATCH_ON_CARD_TEMPLATE_MAX || !is_one_object(object, TLV_STRICT, TAG_TEMPLATE))
		return cc_fail(&ch->err, CC_E_ARG, "moc.structure", "not one biometric data template");
	return cc_ok();
}

static void put_referenced(struct writer *w, const struct match_on_card_reference *where, struct bytes object)
{
	tlv_open(w, TAG_INFORMATION);
	tlv_put_u8(w, TAG_REFERENCE, where->reference);
	tlv_open(w, TAG_HEADER);
	tlv_put_u8(w, TAG_SUBTYPE, where->subtype);
	tlv_close(w);
	writer_put(w, object);
	tlv_close(w);
}

cc_status match_on_card_store(struct channel *ch, const struct match_on_card_reference *where, struct bytes template_object)
{
	struct apdu cmd = {
		.cla = MATCH_ON_CARD_PERSONALIZATION, .ins = INS_PUT_DATA_ODD, .p1 = CURRENT_DF_HIGH, .p2 = CURRENT_DF_LOW
	};
	struct response r = { 0 };
	struct writer w;
	cc_status st = check_template(ch, template_object);

	if (cc_failed(st))
		return st;
	writer_init(&w, MATCH_ON_CARD_TEMPLATE_MAX + 32);
	put_referenced(&w, where, template_object);
	st = cc_code_status(w.failed);
	if (cc_failed(st)) {
		st = cc_fail(&ch->err, st.code, "memory", "template");
	} else {
		cmd.data = writer_view(&w);
		st = channel_send_ok(ch, &cmd, &r);
	}
	response_done(&r);
	writer_done(&w);
	return st;
}

/* ISO/IEC 7816-4:2020 11.6.6: 63CX says that X tries are left, 6983 that none is. */
static cc_status judge(struct channel *ch, uint16_t sw, enum match_on_card_result *ret, unsigned *ret_tries)
{
	if (sw == SW_OK) {
		*ret = MATCH_ON_CARD_MATCH;
	} else if ((sw & 0xFFF0) == SW_TRIES) {
		*ret = MATCH_ON_CARD_NO_MATCH;
		*ret_tries = sw & 0x0F;
	} else if (sw == SW_AUTH_BLOCKED) {
		*ret = MATCH_ON_CARD_BLOCKED;
		*ret_tries = 0;
	} else if (sw == SW_REFERENCE_NOT_FOUND) {
		return cc_fail(&ch->err, CC_E_NOT_FOUND, "moc.absent", "no such template");
	} else {
		return cc_fail(&ch->err, CC_E_STATUS, "card.refused", "VERIFY: %04X", sw);
	}
	return cc_ok();
}

cc_status match_on_card_verify(struct channel *ch, uint8_t reference, struct bytes template_object,
			       enum match_on_card_result *ret, unsigned *ret_tries)
{
	const struct apdu cmd = { .ins = INS_VERIFY, .p1 = 0x00, .p2 = reference, .data = template_object };
	struct response r = { 0 };
	cc_status st = check_template(ch, template_object);

	if (cc_failed(st))
		return st;
	if (!cc_failed(st = channel_send(ch, &cmd, &r)))
		st = judge(ch, r.sw, ret, ret_tries);
	response_done(&r);
	return st;
}
