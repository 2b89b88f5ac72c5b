/* SPDX-License-Identifier: Apache-2.0 */
#include "card/atr.h"

#include "crypto/base/tlv.h"

#define CATEGORY_STATUS_LAST 0x00 /* compact TLV, then three status bytes */
#define CATEGORY_COMPACT_TLV 0x80
#define TAG_CARD_CAPABILITIES 0x07
#define INTERFACE_ROUNDS_MAX 8

/* ISO/IEC 7816-3 8.2.3: T0 and each TD tell in their high half which of TA, TB, TC, TD follow. */
cc_status atr_historical(struct bytes atr, struct bytes *ret)
{
	struct cursor in;
	struct bytes historical;
	uint8_t ts, format;
	size_t count;
	unsigned rounds = 0;

	cursor_init(&in, atr);
	if (!cursor_u8(&in, &ts) || (ts != 0x3B && ts != 0x3F) || !cursor_u8(&in, &format))
		return cc_code_status(CC_E_FORMAT);
	count = format & 0x0F;
	for (;;) {
		size_t before_td = (format >> 4 & 1u) + (format >> 5 & 1u) + (format >> 6 & 1u);

		if (!cursor_skip(&in, before_td))
			return cc_code_status(CC_E_FORMAT);
		if ((format & 0x80) == 0)
			break;
		if (++rounds > INTERFACE_ROUNDS_MAX || !cursor_u8(&in, &format))
			return cc_code_status(CC_E_FORMAT);
	}
	/* The check byte TCK may follow; some readers leave it out. */
	if (!cursor_take(&in, count, &historical) || cursor_left(&in) > 1)
		return cc_code_status(CC_E_FORMAT);
	*ret = historical;
	return cc_ok();
}

/* ISO/IEC 7816-4:2020 12.1.1.9: third software function byte: b8 chaining, b7 extended length, b6 length information. */
static struct atr_capabilities capabilities_from(struct bytes value)
{
	struct atr_capabilities caps = { 0 };
	struct cursor in;
	uint8_t third;

	cursor_init(&in, value);
	if (!cursor_skip(&in, 2) || !cursor_u8(&in, &third))
		return caps;
	caps.chaining = (third & 0x80) != 0;
	caps.extended = (third & 0x40) != 0;
	caps.length_info = (third & 0x20) != 0;
	return caps;
}

struct atr_capabilities atr_capabilities(struct bytes atr)
{
	struct atr_capabilities none = { 0 };
	struct bytes historical, value;
	struct cursor in;
	uint8_t b;

	if (cc_failed(atr_historical(atr, &historical)))
		return none;
	cursor_init(&in, historical);
	/* Some cards send the object 73 without the category byte that 12.1.1.2 wants before it. */
	if (cursor_peek(&in, &b) && (b == CATEGORY_COMPACT_TLV || b == CATEGORY_STATUS_LAST) && !cursor_skip(&in, 1))
		return none;
	while (cursor_left(&in) > 0) {
		/* 12.1.1.3: compact TLV: tag and length share a byte. */
		if (!cursor_u8(&in, &b) || !cursor_take(&in, b & 0x0F, &value))
			return none;
		if (b >> 4 == TAG_CARD_CAPABILITIES)
			return capabilities_from(value);
	}
	return none;
}

static bool length_value(struct cursor *in, size_t *ret)
{
	struct bytes value;
	size_t len = 0;

	if (!tlv_expect_bytes(in, TLV_LENIENT, 0x02, &value) || value.n == 0 || value.n > 4)
		return false;
	for (size_t i = 0; i < value.n; i++)
		len = len << 8 | value.p[i];
	*ret = len;
	return true;
}

cc_status atr_length_info(struct bytes in, size_t *ret_command, size_t *ret_response)
{
	struct bytes value;
	struct cursor c;
	size_t command, response;
	bool found;

	if (cc_failed(tlv_find(in, TLV_LENIENT, 0x7F66, &value, &found)))
		return cc_code_status(CC_E_FORMAT);
	if (!found)
		return cc_code_status(CC_E_NOT_FOUND);
	cursor_init(&c, value);
	if (!length_value(&c, &command) || !length_value(&c, &response) || cc_failed(cursor_end(&c)))
		return cc_code_status(CC_E_FORMAT);
	*ret_command = command;
	*ret_response = response;
	return cc_ok();
}
