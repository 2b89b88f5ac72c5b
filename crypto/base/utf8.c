/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/base/utf8.h"

static bool continuation(struct cursor *in, unsigned count, uint32_t *code)
{
	uint8_t b;

	for (unsigned i = 0; i < count; i++) {
		if (!cursor_u8(in, &b) || (b & 0xC0) != 0x80)
			return false;
		*code = *code << 6 | (b & 0x3Fu);
	}
	return true;
}

bool utf8_next(struct cursor *in, uint32_t *ret)
{
	static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
	unsigned extra;
	uint32_t code;
	uint8_t b;

	if (!cursor_u8(in, &b))
		return false;
	if (b < 0x80)
		extra = 0, code = b;
	else if (b >= 0xC2 && b < 0xE0)
		extra = 1, code = b & 0x1Fu;
	else if (b >= 0xE0 && b < 0xF0)
		extra = 2, code = b & 0x0Fu;
	else if (b >= 0xF0 && b < 0xF5)
		extra = 3, code = b & 0x07u;
	else
		return cursor_fail(in);
	if (!continuation(in, extra, &code) || code < least[extra] || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000))
		return cursor_fail(in);
	*ret = code;
	return true;
}
