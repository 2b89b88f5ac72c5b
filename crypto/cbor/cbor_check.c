/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/cbor/cbor_read.h"

#include "crypto/base/utf8.h"

/* What cbor_open refuses before anything is read. Recursion ends at CBOR_DEPTH_MAX. */
struct check {
	struct cursor in;
	enum cbor_order order;
	enum cbor_fault fault;
};

static enum cbor_fault check_item(struct check *c, unsigned depth);

static bool is_utf8(struct bytes text)
{
	struct cursor in;
	uint32_t code;

	cursor_init(&in, text);
	while (cursor_left(&in) > 0) {
		if (!utf8_next(&in, &code))
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

/* RFC 8949 4.2.1: bytewise lexicographic order of the encoded keys. */
static enum cbor_fault check_sorted_map(struct check *c, uint64_t pairs, unsigned depth)
{
	struct bytes key = { 0 }, last = { 0 };
	enum cbor_fault fault = CBOR_GOOD;

	for (uint64_t i = 0; i < pairs && fault == CBOR_GOOD; i++, last = key) {
		int order;

		fault = check_viewed(c, depth, &key);
		if (fault != CBOR_GOOD)
			break;
		order = i == 0 ? -1 : bytes_compare(last, key);
		if (order >= 0)
			return order == 0 ? CBOR_DUPLICATE_KEY : CBOR_UNSORTED;
		fault = check_item(c, depth);
	}
	return fault;
}

/* The keys are kept, not walked again: a map nested in a map would be walked once more for each key of each level. */
static enum cbor_fault check_any_map(struct check *c, uint64_t pairs, unsigned depth)
{
	struct bytes keys[CBOR_UNSORTED_PAIRS_MAX];
	enum cbor_fault fault = CBOR_GOOD;

	if (pairs > CBOR_UNSORTED_PAIRS_MAX)
		return CBOR_SIZE;
	for (size_t i = 0; i < pairs && fault == CBOR_GOOD; i++) {
		fault = check_viewed(c, depth, &keys[i]);
		if (fault != CBOR_GOOD)
			break;
		for (size_t k = 0; k < i; k++) {
			if (bytes_equal(keys[k], keys[i]))
				return CBOR_DUPLICATE_KEY;
		}
		fault = check_item(c, depth);
	}
	return fault;
}

static enum cbor_fault check_map(struct check *c, uint64_t pairs, unsigned depth)
{
	return c->order == CBOR_SORTED ? check_sorted_map(c, pairs, depth) : check_any_map(c, pairs, depth);
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
