/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/cbor/cbor_read.h"

/* What cbor_open refuses before anything is read. Recursion ends at CBOR_DEPTH_MAX. */
struct check {
	struct cursor in;
	enum cbor_order order;
	enum cbor_fault fault;
};

static enum cbor_fault check_item(struct check *c, unsigned depth);

static bool continuation(struct cursor *in, uint8_t low, uint8_t high)
{
	uint8_t b;

	return cursor_u8(in, &b) && b >= low && b <= high;
}

/* RFC 3629 4: shortest forms, no surrogates, nothing above U+10FFFF. */
static bool utf8_character(struct cursor *in, uint8_t b)
{
	if (b < 0x80)
		return true;
	if (b >= 0xC2 && b <= 0xDF)
		return continuation(in, 0x80, 0xBF);
	if (b >= 0xE0 && b <= 0xEF)
		return continuation(in, b == 0xE0 ? 0xA0 : 0x80, b == 0xED ? 0x9F : 0xBF) && continuation(in, 0x80, 0xBF);
	if (b >= 0xF0 && b <= 0xF4)
		return continuation(in, b == 0xF0 ? 0x90 : 0x80, b == 0xF4 ? 0x8F : 0xBF) && continuation(in, 0x80, 0xBF) &&
		       continuation(in, 0x80, 0xBF);
	return false;
}

static bool is_utf8(struct bytes text)
{
	struct cursor in;
	uint8_t b;

	cursor_init(&in, text);
	while (cursor_left(&in) > 0) {
		if (!cursor_u8(&in, &b) || !utf8_character(&in, b))
			return false;
	}
	return true;
}

/* Checks one item and gives its bytes. */
static enum cbor_fault check_viewed(struct check *c, unsigned depth, struct bytes *ret)
{
	struct cursor from = c->in;
	enum cbor_fault fault = check_item(c, depth);

	if (fault == CBOR_GOOD && !cursor_take(&from, cursor_left(&from) - cursor_left(&c->in), ret))
		fault = CBOR_TRUNCATED;
	return fault;
}

/* The keys before this one, walked again: maps of others are small. */
static enum cbor_fault is_new_key(struct check *c, struct cursor map, uint64_t before, struct bytes key, unsigned depth)
{
	struct check again = { .in = map, .order = c->order };
	struct bytes other, value;

	if (before >= CBOR_UNSORTED_PAIRS_MAX)
		return CBOR_SIZE;
	for (uint64_t i = 0; i < before; i++) {
		enum cbor_fault fault = check_viewed(&again, depth, &other);

		if (fault == CBOR_GOOD)
			fault = check_viewed(&again, depth, &value);
		if (fault != CBOR_GOOD)
			return fault;
		if (bytes_equal(other, key))
			return CBOR_DUPLICATE_KEY;
	}
	return CBOR_GOOD;
}

static enum cbor_fault compare_key(struct check *c, struct cursor map, uint64_t before, struct bytes last, struct bytes key,
				   unsigned depth)
{
	int order;

	if (before == 0)
		return CBOR_GOOD;
	if (c->order == CBOR_ANY_ORDER)
		return is_new_key(c, map, before, key, depth);
	/* RFC 8949 4.2.1: bytewise lexicographic order of the encoded keys. */
	order = bytes_compare(last, key);
	return order < 0 ? CBOR_GOOD : order == 0 ? CBOR_DUPLICATE_KEY : CBOR_UNSORTED;
}

static enum cbor_fault check_map(struct check *c, uint64_t pairs, unsigned depth)
{
	struct cursor map = c->in;
	struct bytes key = { 0 }, last = { 0 };
	enum cbor_fault fault = CBOR_GOOD;

	for (uint64_t i = 0; i < pairs && fault == CBOR_GOOD; i++, last = key) {
		fault = check_viewed(c, depth, &key);
		if (fault == CBOR_GOOD)
			fault = compare_key(c, map, i, last, key, depth);
		if (fault == CBOR_GOOD)
			fault = check_item(c, depth);
	}
	return fault;
}

static enum cbor_fault check_item(struct check *c, unsigned depth)
{
	struct cbor_head head;
	enum cbor_fault fault = CBOR_GOOD;

	if (depth > CBOR_DEPTH_MAX)
		return CBOR_DEPTH;
	fault = cbor_head_read(&c->in, &head);
	if (fault != CBOR_GOOD)
		return fault;
	switch (head.kind) {
	case CBOR_KIND_TEXT:
		return is_utf8(head.content) ? CBOR_GOOD : CBOR_UTF8;
	case CBOR_KIND_TAG:
		return check_item(c, depth + 1);
	case CBOR_KIND_ARRAY:
		for (uint64_t i = 0; i < head.value && fault == CBOR_GOOD; i++)
			fault = check_item(c, depth + 1);
		return fault;
	case CBOR_KIND_MAP:
		return check_map(c, head.value, depth + 1);
	case CBOR_KIND_UINT:
	case CBOR_KIND_NEGATIVE:
	case CBOR_KIND_BYTES:
	case CBOR_KIND_BOOL:
	case CBOR_KIND_NULL:
	case CBOR_KIND_UNDEFINED:
	case CBOR_KIND_FLOAT:
		break;
	}
	return CBOR_GOOD;
}

enum cbor_fault cbor_check(struct bytes data, enum cbor_order order, size_t *ret_at)
{
	struct check c = { .order = order };
	enum cbor_fault fault;
	size_t left;

	cursor_init(&c.in, data);
	fault = check_item(&c, 0);
	left = cursor_left(&c.in);
	if (ret_at != NULL)
		*ret_at = data.n - left;
	return fault == CBOR_GOOD && left > 0 ? CBOR_TRAILING : fault;
}
