/* SPDX-License-Identifier: Apache-2.0 */
#include "card/inspect/lint_run.h"

#include "crypto/asn1.h"

#include <string.h>

/* Encoding rules of every object, whatever it means. */
#define DEPTH_MAX 24

/* ---- lengths */
/* ISO/IEC 8825-1 8.1.3.6: length byte 80. */
static bool is_indefinite(struct cursor in)
{
	uint8_t b;

	if (!cursor_u8(&in, &b))
		return false;
	if ((b & 0x1F) == 0x1F) {
		do {
			if (!cursor_u8(&in, &b))
				return false;
		} while ((b & 0x80) != 0);
	}
	return cursor_u8(&in, &b) && b == 0x80;
}

/* The next object; false: nothing more can be read at this level, a finding tells why. */
static bool take(struct lint_run *run, struct cursor *in, struct tlv *ret)
{
	struct cursor strict = *in, lenient = *in;
	struct bytes here = bytes_of(in->p, in->n);

	if (tlv_next(&strict, TLV_STRICT, ret)) {
		*in = strict;
		return true;
	}
	if (tlv_next(&lenient, TLV_LENIENT, ret)) {
		lint_add(run, LINT_FILE_LENGTH_FORM, ret->whole, "tag %X", (unsigned)ret->tag);
		*in = lenient;
		return true;
	}
	if (is_indefinite(*in))
		lint_add(run, LINT_FILE_INDEFINITE, here, "from here on");
	else if (in->p != run->bytes.p) /* the outermost object is judged by lint_outer */
		lint_add(run, LINT_FILE_NESTING, here, "%zu bytes are left for it", in->n);
	return false;
}

static bool is_constructed(uint32_t tag)
{
	while (tag > 0xFF)
		tag >>= 8;
	return (tag & 0x20) != 0;
}

/* ---- values */
static void check_integer(struct lint_run *run, const struct tlv *t)
{
	struct cursor in;
	uint8_t first, second;

	cursor_init(&in, t->value);
	if (!cursor_u8(&in, &first))
		lint_add(run, LINT_DER_INTEGER, t->whole, "empty");
	else if (cursor_u8(&in, &second) && ((first == 0 && second < 0x80) || (first == 0xFF && second >= 0x80)))
		lint_add(run, LINT_DER_INTEGER, t->whole, "%zu bytes", t->value.n);
}

static void check_bits(struct lint_run *run, const struct tlv *t)
{
	struct cursor in;
	struct bytes last;
	uint8_t unused;

	cursor_init(&in, t->value);
	if (!cursor_u8(&in, &unused) || unused > 7)
		lint_add(run, LINT_DER_BITS, t->whole, "unused bits");
	else if (unused > 0 && (!cursor_take_back(&in, 1, &last) || (last.p[0] & ((1u << unused) - 1)) != 0))
		lint_add(run, LINT_DER_BITS, t->whole, "unused bits are not zero");
}

/* RFC 5280 4.1.2.5.1, 4.1.2.5.2: YYMMDDHHMMSSZ, YYYYMMDDHHMMSSZ. */
static void check_time(struct lint_run *run, const struct tlv *t)
{
	size_t want = t->tag == DER_UTC_TIME ? 13 : 15;
	struct cursor in;
	uint8_t b = 0;
	bool digits = t->value.n == want;

	cursor_init(&in, t->value);
	while (digits && cursor_left(&in) > 1)
		digits = cursor_u8(&in, &b) && b >= '0' && b <= '9';
	if (!digits || !cursor_u8(&in, &b) || b != 'Z')
		lint_add(run, LINT_DER_TIME, t->whole, "%zu characters", t->value.n);
}

static void check_printable(struct lint_run *run, const struct tlv *t)
{
	static const char more[] = " '()+,-./:=?";
	struct cursor in;
	uint8_t b;

	cursor_init(&in, t->value);
	while (cursor_u8(&in, &b)) {
		bool plain = (b >= 'A' && b <= 'Z') || (b >= 'a' && b <= 'z') || (b >= '0' && b <= '9');

		if (plain || (b != 0 && strchr(more, b) != NULL))
			continue;
		lint_add(run, LINT_DER_PRINTABLE, t->whole, "character %02X", b);
		return;
	}
}

static void check_value(struct lint_run *run, const struct tlv *t)
{
	switch (t->tag) {
	case DER_INTEGER:
		check_integer(run, t);
		break;
	case DER_BOOLEAN:
		if (t->value.n != 1 || (t->value.p[0] != 0 && t->value.p[0] != 0xFF))
			lint_add(run, LINT_DER_BOOLEAN, t->whole, "%zu bytes", t->value.n);
		break;
	case DER_BIT_STRING:
		check_bits(run, t);
		break;
	case DER_UTC_TIME:
	case DER_GENERALIZED_TIME:
		check_time(run, t);
		break;
	case DER_PRINTABLE_STRING:
		check_printable(run, t);
		break;
	default:
		break;
	}
}

/* ---- the walk */
static void walk(struct lint_run *run, struct cursor in, bool der, bool sorted, unsigned depth)
{
	struct bytes before = { 0 };
	struct tlv t;

	while (cursor_left(&in) > 0 && take(run, &in, &t)) {
		struct cursor content;

		if (sorted && bytes_compare(before, t.whole) > 0)
			lint_add(run, LINT_DER_SET_ORDER, t.whole, "smaller than the member before it");
		before = t.whole;
		cursor_init(&content, t.value);
		if (!is_constructed(t.tag)) {
			if (der)
				check_value(run, &t);
		} else if (depth == DEPTH_MAX) {
			lint_add(run, LINT_FILE_NESTING, t.whole, "deeper than %d", DEPTH_MAX);
		} else {
			walk(run, content, der, der && t.tag == DER_SET, depth + 1);
		}
	}
}

void lint_der(struct lint_run *run, struct bytes bytes, bool der)
{
	struct cursor in;

	cursor_init(&in, bytes);
	/* Bytes behind the one outer object are lint_outer's, or padding. */
	if (bytes.p == run->bytes.p) {
		struct cursor probe = in;
		struct tlv outer;

		if (!tlv_next(&probe, TLV_LENIENT, &outer)) {
			if (is_indefinite(in))
				lint_add(run, LINT_FILE_INDEFINITE, bytes, "the outer object");
			return;
		}
		cursor_init(&in, outer.whole);
	}
	walk(run, in, der, false, 0);
}
