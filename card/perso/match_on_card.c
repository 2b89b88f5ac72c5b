/* SPDX-License-Identifier: Apache-2.0 */
#include "card/perso/match_on_card.h"

#include "crypto/base/tlv.h"

#define INS_SELECT 0xA4
#define INS_GET_DATA_ODD 0xCB
#define INS_PUT_DATA_ODD 0xDB
#define TAG_INFORMATION 0x7F60
#define TAG_INFORMATION_GROUP 0x7F61
#define TAG_TEMPLATE 0x7F2E
#define CURRENT_DF_HIGH 0x3F /* ISO/IEC 7816-4:2020 11.5.2: P1-P2 3FFF, the object is looked for in the current DF */
#define CURRENT_DF_LOW 0xFF

cc_status match_on_card_select(struct channel *ch, struct bytes aid)
{
	const struct apdu cmd = { .ins = INS_SELECT, .p1 = 0x04, .p2 = 0x0C, .data = aid };
	struct response r = { 0 };
	cc_status st = channel_send_ok(ch, &cmd, &r);

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

cc_status match_on_card_store(struct channel *ch, struct bytes template_object)
{
	const struct apdu cmd = { .ins = INS_PUT_DATA_ODD, .p1 = CURRENT_DF_HIGH, .p2 = CURRENT_DF_LOW, .data = template_object };
	struct response r = { 0 };
	cc_status st;

	if (template_object.n > MATCH_ON_CARD_TEMPLATE_MAX || !is_one_object(template_object, TLV_STRICT, TAG_TEMPLATE))
		return cc_fail(&ch->err, CC_E_ARG, "moc.structure", "not one biometric data template");
	st = channel_send_ok(ch, &cmd, &r);
	response_done(&r);
	return st;
}
