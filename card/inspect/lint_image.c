/* SPDX-License-Identifier: Apache-2.0 */
#include "card/inspect/lint_run.h"

/*
 * The kind of a picture and its size by the picture's own header: enough to
 * hold a biometric record against it. Nothing is decoded.
 */
#define SEGMENTS_MAX 256
#define BOXES_MAX 32

/* ITU-T T.81 B.2.2: a frame header is C0 to CF, but for tables and reserved markers. */
static bool is_frame(uint8_t marker)
{
	return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

static bool jpeg_size(struct cursor *in, unsigned *ret_width, unsigned *ret_height)
{
	for (size_t i = 0; i < SEGMENTS_MAX; i++) {
		uint8_t mark, marker, precision;
		uint16_t len, height, width;

		if (!cursor_u8(in, &mark) || mark != 0xFF || !cursor_u8(in, &marker))
			return false;
		while (marker == 0xFF) { /* fill bytes, B.1.1.2 */
			if (!cursor_u8(in, &marker))
				return false;
		}
		if (!cursor_u16(in, &len) || len < 2)
			return false;
		if (is_frame(marker)) {
			if (!cursor_u8(in, &precision) || !cursor_u16(in, &height) || !cursor_u16(in, &width))
				return false;
			*ret_width = width;
			*ret_height = height;
			return true;
		}
		if (!cursor_skip(in, len - 2u))
			return false;
	}
	return false;
}

/* ISO/IEC 15444-1 A.5.1: SIZ follows SOC. */
static bool codestream_size(struct cursor *in, unsigned *ret_width, unsigned *ret_height)
{
	uint16_t marker, len, capabilities;
	uint32_t x, y, x0, y0;

	if (!cursor_u16(in, &marker) || marker != 0xFF51 || !cursor_u16(in, &len) || !cursor_u16(in, &capabilities) ||
	    !cursor_u32(in, &x) || !cursor_u32(in, &y) || !cursor_u32(in, &x0) || !cursor_u32(in, &y0) || x0 > x || y0 > y)
		return false;
	*ret_width = x - x0;
	*ret_height = y - y0;
	return true;
}

/* ISO/IEC 15444-1 I.5.3.1: the image header box, inside jp2h. */
static bool jp2_size(struct cursor *in, unsigned *ret_width, unsigned *ret_height)
{
	for (size_t i = 0; i < BOXES_MAX; i++) {
		uint32_t len, type, height, width;

		if (!cursor_u32(in, &len) || !cursor_u32(in, &type) || len < 8)
			return false;
		if (type == 0x6A703268) /* jp2h: its boxes follow */
			continue;
		if (type == 0x69686472) { /* ihdr */
			if (!cursor_u32(in, &height) || !cursor_u32(in, &width))
				return false;
			*ret_width = width;
			*ret_height = height;
			return true;
		}
		if (!cursor_skip(in, len - 8u))
			return false;
	}
	return false;
}

/* WSQ Gray-Scale Fingerprint Image Compression Specification 3.1, table 6: SOF is FFA2. */
static bool wsq_size(struct cursor *in, unsigned *ret_width, unsigned *ret_height)
{
	for (size_t i = 0; i < SEGMENTS_MAX; i++) {
		uint16_t marker, len, height, width, black_white;

		if (!cursor_u16(in, &marker) || marker < 0xFFA0 || !cursor_u16(in, &len) || len < 2)
			return false;
		if (marker == 0xFFA2) {
			if (!cursor_u16(in, &black_white) || !cursor_u16(in, &height) || !cursor_u16(in, &width))
				return false;
			*ret_width = width;
			*ret_height = height;
			return true;
		}
		if (!cursor_skip(in, len - 2u))
			return false;
	}
	return false;
}

enum lint_image_kind lint_image_look(struct bytes picture, unsigned *ret_width, unsigned *ret_height)
{
	static const struct {
		struct bytes begin;
		enum lint_image_kind kind;
		size_t skip;
		bool (*size)(struct cursor *in, unsigned *ret_width, unsigned *ret_height);
	} kinds[] = {
		{ BYTES_LITERAL("\xFF\xD8\xFF"), LINT_KIND_JPEG, 2, jpeg_size },
		{ BYTES_LITERAL("\xFF\x4F\xFF\x51"), LINT_KIND_JPEG2000, 2, codestream_size },
		{ BYTES_LITERAL("\x00\x00\x00\x0CjP  \r\n\x87\n"), LINT_KIND_JPEG2000, 12, jp2_size },
		{ BYTES_LITERAL("\xFF\xA0\xFF"), LINT_KIND_WSQ, 2, wsq_size },
	};

	*ret_width = *ret_height = 0;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		struct cursor in;

		if (!bytes_starts_with(picture, kinds[i].begin))
			continue;
		cursor_init(&in, picture);
		if (!cursor_skip(&in, kinds[i].skip) || !kinds[i].size(&in, ret_width, ret_height))
			*ret_width = *ret_height = 0;
		return kinds[i].kind;
	}
	return LINT_KIND_UNKNOWN;
}
