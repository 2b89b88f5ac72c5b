/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/cbor/cbor_read.h"

#include <string.h>

cc_status cbor_open(struct cbor_in *ret, struct bytes data, enum cbor_order order, size_t limit, struct cc_error *err)
{
	enum cbor_fault fault;

	if (data.n > limit)
		return cc_fail(err, CC_E_LIMIT, "cbor.malformed", "%s: %zu bytes, at most %zu", cbor_fault_name(CBOR_SIZE),
			       data.n, limit);
	fault = cbor_check(data, order, NULL);
	if (fault != CBOR_GOOD)
		return cc_fail(err, fault == CBOR_DEPTH || fault == CBOR_SIZE ? CC_E_LIMIT : CC_E_FORMAT, "cbor.malformed",
			       "%s, in %zu bytes", cbor_fault_name(fault), data.n);
	*ret = (struct cbor_in){ .left = 1, .err = err };
	cursor_init(&ret->in, data);
	return cc_ok();
}

bool cbor_refuse(struct cbor_in *in, const char *field, const char *why)
{
	if (!in->in.failed)
		(void)cc_fail(in->err, CC_E_FORMAT, "cbor.field", "%s: %s", field, why);
	return cursor_fail(&in->in);
}

bool cbor_peek(const struct cbor_in *in, enum cbor_kind *ret)
{
	struct cursor copy = in->in;
	struct cbor_head head;

	if (in->left == 0 || cbor_head_read(&copy, &head) != CBOR_GOOD)
		return false;
	*ret = head.kind;
	return true;
}

static bool take(struct cbor_in *in, const char *field, enum cbor_kind kind, struct cbor_head *ret)
{
	static const char *const names[] = {
		"not an unsigned integer",
		"not a negative integer",
		"not a byte string",
		"not a text",
		"not an array",
		"not a map",
		"not a tag",
		"not a boolean",
		"not a null",
		"not undefined",
		"not a float",
	};
	struct cursor at = in->in;
	struct cbor_head head;

	if (in->left == 0 || in->in.failed)
		return cbor_refuse(in, field, "missing");
	if (cbor_head_read(&at, &head) != CBOR_GOOD || head.kind != kind)
		return cbor_refuse(in, field, names[kind]);
	in->in = at;
	in->left--;
	*ret = head;
	return true;
}

bool cbor_uint(struct cbor_in *in, const char *field, uint64_t max, uint64_t *ret)
{
	struct cbor_head head;

	if (!take(in, field, CBOR_KIND_UINT, &head))
		return false;
	if (head.value > max)
		return cbor_refuse(in, field, "number too large");
	*ret = head.value;
	return true;
}

bool cbor_int(struct cbor_in *in, const char *field, int64_t *ret)
{
	struct cbor_head head;
	enum cbor_kind kind;
	bool negative = cbor_peek(in, &kind) && kind == CBOR_KIND_NEGATIVE;

	if (!take(in, field, negative ? CBOR_KIND_NEGATIVE : CBOR_KIND_UINT, &head))
		return false;
	if (head.value > INT64_MAX)
		return cbor_refuse(in, field, "number too large");
	*ret = negative ? -1 - (int64_t)head.value : (int64_t)head.value;
	return true;
}

bool cbor_bytes(struct cbor_in *in, const char *field, size_t min, size_t max, struct bytes *ret)
{
	struct cbor_head head;

	if (!take(in, field, CBOR_KIND_BYTES, &head))
		return false;
	if (head.content.n < min || head.content.n > max)
		return cbor_refuse(in, field, head.content.n < min ? "too short" : "too long");
	*ret = head.content;
	return true;
}

bool cbor_text(struct cbor_in *in, const char *field, size_t max, struct bytes *ret)
{
	struct cbor_head head;

	if (!take(in, field, CBOR_KIND_TEXT, &head))
		return false;
	if (head.content.n > max)
		return cbor_refuse(in, field, "too long");
	*ret = head.content;
	return true;
}

bool cbor_string(struct cbor_in *in, const char *field, char *out, size_t cap)
{
	struct bytes text = { 0 };

	if (!cbor_text(in, field, cap - 1, &text))
		return false;
	if (text.n > 0 && memchr(text.p, 0, text.n) != NULL)
		return cbor_refuse(in, field, "holds a NUL");
	if (text.n > 0)
		memcpy(out, text.p, text.n);
	out[text.n] = '\0';
	return true;
}

bool cbor_bool(struct cbor_in *in, const char *field, bool *ret)
{
	struct cbor_head head;

	if (!take(in, field, CBOR_KIND_BOOL, &head))
		return false;
	*ret = head.value != 0;
	return true;
}

bool cbor_null(struct cbor_in *in, const char *field)
{
	struct cbor_head head;

	return take(in, field, CBOR_KIND_NULL, &head);
}

bool cbor_tag(struct cbor_in *in, const char *field, uint64_t *ret)
{
	struct cbor_head head;

	if (!take(in, field, CBOR_KIND_TAG, &head))
		return false;
	in->left++;
	*ret = head.value;
	return true;
}

/* Past n items and all that they hold. The input was checked: counts are true, and depth is bounded. */
static bool skip_items(struct cursor *in, uint64_t n)
{
	struct cbor_head head;

	while (n > 0) {
		if (cbor_head_read(in, &head) != CBOR_GOOD)
			return false;
		n--;
		if (head.kind == CBOR_KIND_ARRAY)
			n += head.value;
		else if (head.kind == CBOR_KIND_MAP)
			n += 2 * head.value;
		else if (head.kind == CBOR_KIND_TAG)
			n++;
	}
	return true;
}

/* The next n items as a view, taken out of `in`. */
static bool take_items(struct cbor_in *in, uint64_t n, struct bytes *ret)
{
	struct cursor end = in->in;

	return skip_items(&end, n) && cursor_take(&in->in, cursor_left(&in->in) - cursor_left(&end), ret);
}

static bool nest(struct cbor_in *in, const char *field, uint64_t items, struct cbor_in *ret)
{
	struct bytes content;

	if (!take_items(in, items, &content))
		return cbor_refuse(in, field, "malformed");
	*ret = (struct cbor_in){ .left = items, .err = in->err };
	cursor_nest(&ret->in, &in->in, content);
	return true;
}

bool cbor_array(struct cbor_in *in, const char *field, size_t max, struct cbor_in *ret, size_t *ret_count)
{
	struct cbor_head head;

	if (!take(in, field, CBOR_KIND_ARRAY, &head))
		return false;
	if (head.value > max)
		return cbor_refuse(in, field, "too many items");
	if (!nest(in, field, head.value, ret))
		return false;
	if (ret_count != NULL)
		*ret_count = (size_t)head.value;
	return true;
}

bool cbor_map(struct cbor_in *in, const char *field, struct cbor_in *ret)
{
	struct cbor_head head;

	/* Checked before: a map has no more pairs than bytes. */
	return take(in, field, CBOR_KIND_MAP, &head) && nest(in, field, 2 * head.value, ret);
}

bool cbor_item(struct cbor_in *in, const char *field, struct bytes *ret)
{
	if (in->left == 0 || in->in.failed)
		return cbor_refuse(in, field, "missing");
	if (!take_items(in, 1, ret))
		return cbor_refuse(in, field, "malformed");
	in->left--;
	return true;
}

bool cbor_has_key(struct cbor_in *map, int64_t key)
{
	struct cursor at = map->in;
	struct cbor_head head;
	uint64_t value = key < 0 ? (uint64_t)(-1 - key) : (uint64_t)key;

	if (map->left == 0 || cbor_head_read(&at, &head) != CBOR_GOOD ||
	    head.kind != (key < 0 ? CBOR_KIND_NEGATIVE : CBOR_KIND_UINT) || head.value != value)
		return false;
	map->in = at;
	map->left--;
	return true;
}

bool cbor_key(struct cbor_in *map, int64_t key, const char *field)
{
	return cbor_has_key(map, key) || cbor_refuse(map, field, "missing");
}

bool cbor_end(struct cbor_in *in, const char *field)
{
	if (in->left > 0 && !in->in.failed)
		return cbor_refuse(in, field, "an item that is not known here");
	return !in->in.failed;
}
