/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/cbor/cbor_head.h"

#include <cbor.h>
#include <float.h>
#include <math.h>
#include <string.h>

const char *cbor_fault_name(enum cbor_fault f)
{
	static const char *const names[] = {
		"good",		"truncated", "trailing",      "reserved", "simple", "indefinite",
		"not-shortest", "unsorted",  "duplicate-key", "utf-8",	  "depth",  "size",
	};

	CC_ASSERT((unsigned)f < sizeof names / sizeof names[0]);
	return names[f];
}

/* ---- reading: libcbor's callbacks fill this in */
struct seen {
	struct cbor_head head;
	size_t content_len;
	bool indefinite, lone_break;
	bool has_shorter; /* of a float: a narrower one has the same value */
};

static void see(void *ctx, enum cbor_kind kind, uint64_t value)
{
	struct seen *s = ctx;

	s->head.kind = kind;
	s->head.value = value;
}

static void see_u8(void *ctx, uint8_t v)
{
	see(ctx, CBOR_KIND_UINT, v);
}
static void see_u16(void *ctx, uint16_t v)
{
	see(ctx, CBOR_KIND_UINT, v);
}
static void see_u32(void *ctx, uint32_t v)
{
	see(ctx, CBOR_KIND_UINT, v);
}
static void see_u64(void *ctx, uint64_t v)
{
	see(ctx, CBOR_KIND_UINT, v);
}
static void see_n8(void *ctx, uint8_t v)
{
	see(ctx, CBOR_KIND_NEGATIVE, v);
}
static void see_n16(void *ctx, uint16_t v)
{
	see(ctx, CBOR_KIND_NEGATIVE, v);
}
static void see_n32(void *ctx, uint32_t v)
{
	see(ctx, CBOR_KIND_NEGATIVE, v);
}
static void see_n64(void *ctx, uint64_t v)
{
	see(ctx, CBOR_KIND_NEGATIVE, v);
}
static void see_bytes(void *ctx, cbor_data data, size_t n)
{
	struct seen *s = ctx;

	(void)data;
	see(ctx, CBOR_KIND_BYTES, n);
	s->content_len = n;
}
static void see_text(void *ctx, cbor_data data, size_t n)
{
	see_bytes(ctx, data, n);
	see(ctx, CBOR_KIND_TEXT, n);
}
static void see_array(void *ctx, size_t n)
{
	see(ctx, CBOR_KIND_ARRAY, n);
}
static void see_map(void *ctx, size_t n)
{
	see(ctx, CBOR_KIND_MAP, n);
}
static void see_tag(void *ctx, uint64_t v)
{
	see(ctx, CBOR_KIND_TAG, v);
}
static void see_bool(void *ctx, bool v)
{
	see(ctx, CBOR_KIND_BOOL, v ? 1 : 0);
}
static void see_null(void *ctx)
{
	see(ctx, CBOR_KIND_NULL, 0);
}
static void see_undefined(void *ctx)
{
	see(ctx, CBOR_KIND_UNDEFINED, 0);
}
static void see_indefinite(void *ctx)
{
	((struct seen *)ctx)->indefinite = true;
}
static void see_break(void *ctx)
{
	((struct seen *)ctx)->lone_break = true;
}

static void see_half(void *ctx, float v)
{
	(void)v;
	see(ctx, CBOR_KIND_FLOAT, 0);
}

/* A half has 11 bits of precision, 2^-24 as its smallest step, and 65504 as its largest number. */
static bool fits_half(float v)
{
	float a = fabsf(v);
	int exponent;

	if (isnan(v) || isinf(v) || a <= 0)
		return true;
	if (a > 65504.0f)
		return false;
	(void)frexpf(a, &exponent);
	a = ldexpf(a, exponent < -13 ? 24 : 11 - exponent);
	return floorf(a) >= a;
}

static void see_single(void *ctx, float v)
{
	see(ctx, CBOR_KIND_FLOAT, 0);
	((struct seen *)ctx)->has_shorter = fits_half(v);
}

static void see_double(void *ctx, double v)
{
	double narrow = fabs(v) <= (double)FLT_MAX ? (double)(float)v : v;

	see(ctx, CBOR_KIND_FLOAT, 0);
	((struct seen *)ctx)->has_shorter = isnan(v) || isinf(v) || (fabs(v) <= (double)FLT_MAX && narrow <= v && narrow >= v);
}

static const struct cbor_callbacks callbacks = {
	.uint8 = see_u8,
	.uint16 = see_u16,
	.uint32 = see_u32,
	.uint64 = see_u64,
	.negint8 = see_n8,
	.negint16 = see_n16,
	.negint32 = see_n32,
	.negint64 = see_n64,
	.byte_string_start = see_indefinite,
	.byte_string = see_bytes,
	.string = see_text,
	.string_start = see_indefinite,
	.indef_array_start = see_indefinite,
	.array_start = see_array,
	.indef_map_start = see_indefinite,
	.map_start = see_map,
	.tag = see_tag,
	.float2 = see_half,
	.float4 = see_single,
	.float8 = see_double,
	.undefined = see_undefined,
	.null = see_null,
	.boolean = see_bool,
	.indef_break = see_break,
};

/* libcbor refuses them without saying which: E0..F3 and F8 20..FF are well-formed, F8 00..1F are not (RFC 8949 3.3). */
static enum cbor_fault judge_refused(struct cursor in)
{
	uint8_t first, second;

	if (!cursor_u8(&in, &first))
		return CBOR_TRUNCATED;
	if (first >= 0xE0 && first <= 0xF3)
		return CBOR_SIMPLE;
	if (first != 0xF8)
		return CBOR_RESERVED;
	if (!cursor_u8(&in, &second))
		return CBOR_TRUNCATED;
	return second >= 32 ? CBOR_SIMPLE : CBOR_RESERVED;
}

static enum cbor_fault judge(const struct seen *s, size_t head_len)
{
	uint8_t shortest[CBOR_HEAD_MAX];

	if (s->lone_break)
		return CBOR_RESERVED;
	if (s->indefinite)
		return CBOR_INDEFINITE;
	if (s->head.kind == CBOR_KIND_FLOAT)
		return s->has_shorter ? CBOR_NOT_SHORTEST : CBOR_GOOD;
	return cbor_head_write(s->head.kind, s->head.value, shortest) == head_len ? CBOR_GOOD : CBOR_NOT_SHORTEST;
}

/* libcbor knows the tags of RFC 7049 alone and calls C6 to D4 errors; COSE_Sign1 is D2. */
static bool read_short_tag(struct cursor *in, struct cbor_head *ret)
{
	struct cursor at = *in;
	uint8_t first;

	if (!cursor_u8(&at, &first) || first < 0xC6 || first > 0xD4)
		return false;
	*in = at;
	*ret = (struct cbor_head){ .kind = CBOR_KIND_TAG, .value = first & 0x1Fu };
	return true;
}

enum cbor_fault cbor_head_read(struct cursor *in, struct cbor_head *ret)
{
	struct seen s = { 0 };
	struct cbor_decoder_result r = { .status = CBOR_DECODER_NEDATA };
	enum cbor_fault fault = CBOR_TRUNCATED;

	if (read_short_tag(in, ret))
		return CBOR_GOOD;
	if (cursor_left(in) > 0)
		r = cbor_stream_decode(in->p, cursor_left(in), &callbacks, &s);
	if (r.status == CBOR_DECODER_ERROR)
		fault = judge_refused(*in);
	else if (r.status == CBOR_DECODER_FINISHED)
		fault = judge(&s, r.read - s.content_len);
	if (fault != CBOR_GOOD || !cursor_skip(in, r.read - s.content_len) || !cursor_take(in, s.content_len, &s.head.content)) {
		(void)cursor_fail(in);
		return fault != CBOR_GOOD ? fault : CBOR_TRUNCATED;
	}
	*ret = s.head;
	return CBOR_GOOD;
}

size_t cbor_head_write(enum cbor_kind kind, uint64_t value, uint8_t out[CBOR_HEAD_MAX])
{
	switch (kind) {
	case CBOR_KIND_UINT:
		return cbor_encode_uint(value, out, CBOR_HEAD_MAX);
	case CBOR_KIND_NEGATIVE:
		return cbor_encode_negint(value, out, CBOR_HEAD_MAX);
	case CBOR_KIND_BYTES:
		return cbor_encode_bytestring_start((size_t)value, out, CBOR_HEAD_MAX);
	case CBOR_KIND_TEXT:
		return cbor_encode_string_start((size_t)value, out, CBOR_HEAD_MAX);
	case CBOR_KIND_ARRAY:
		return cbor_encode_array_start((size_t)value, out, CBOR_HEAD_MAX);
	case CBOR_KIND_MAP:
		return cbor_encode_map_start((size_t)value, out, CBOR_HEAD_MAX);
	case CBOR_KIND_TAG:
		return cbor_encode_tag(value, out, CBOR_HEAD_MAX);
	case CBOR_KIND_BOOL:
		return cbor_encode_bool(value != 0, out, CBOR_HEAD_MAX);
	case CBOR_KIND_NULL:
		return cbor_encode_null(out, CBOR_HEAD_MAX);
	case CBOR_KIND_UNDEFINED:
		return cbor_encode_undef(out, CBOR_HEAD_MAX);
	case CBOR_KIND_FLOAT:
		break;
	}
	CC_ASSERT(kind != CBOR_KIND_FLOAT);
	return 0;
}
