/* SPDX-License-Identifier: Apache-2.0 */
#include "biometrics/der_fields.h"

#define TAG_SEQUENCE 0x30u
#define TAG_OCTETS 0x04u
#define NUMBER_BYTES_MAX 5u

static uint32_t tag_of(const struct der_field *f)
{
	bool primitive = f->kind == DER_NUMBER || f->kind == DER_SIGNED || f->kind == DER_FLAG || f->kind == DER_OCTETS;

	return (primitive ? 0x80u : 0xA0u) | f->number;
}

static void *at(void *object, size_t offset)
{
	return (uint8_t *)object + offset;
}

static const void *at_const(const void *object, size_t offset)
{
	return (const uint8_t *)object + offset;
}

/* ---- numbers */

/* X.690 8.3: two's complement, the first nine bits not all equal. */
static bool take_signed(struct cursor *in, uint32_t tag, struct der_value *ret)
{
	struct bytes v;
	struct cursor content;
	uint8_t first = 0, second = 0, b;
	int64_t n;

	if (!tlv_expect_bytes(in, TLV_LENIENT, tag, &v) || v.n == 0 || v.n > NUMBER_BYTES_MAX)
		return cursor_fail(in);
	cursor_init(&content, v);
	if (!cursor_u8(&content, &first))
		return cursor_fail(in);
	if (cursor_peek(&content, &second) && (first == 0 || first == 0xFF) && (first & 0x80) == (second & 0x80))
		return cursor_fail(in);
	n = first & 0x80 ? (int64_t)first - 256 : first;
	while (cursor_left(&content) && cursor_u8(&content, &b))
		n = n * 256 + b;
	if (n < INT32_MIN || n > UINT32_MAX)
		return cursor_fail(in);
	*ret = (struct der_value){ .present = true, .n = n };
	return true;
}

static bool take_number(struct cursor *in, uint32_t tag, struct der_value *ret)
{
	struct der_value v;

	if (!take_signed(in, tag, &v) || v.n < 0)
		return cursor_fail(in);
	*ret = v;
	return true;
}

static void put_number(struct writer *w, uint32_t tag, int64_t n)
{
	uint8_t b[NUMBER_BYTES_MAX];
	size_t from = 0;

	if (n < INT32_MIN || n > UINT32_MAX) {
		writer_fail(w, CC_E_ARG);
		return;
	}
	for (size_t i = 0; i < sizeof b; i++)
		b[i] = (uint8_t)((uint64_t)n >> (8 * (sizeof b - 1 - i)));
	while (from + 1 < sizeof b && (b[from] == 0 || b[from] == 0xFF) && (b[from] & 0x80) == (b[from + 1] & 0x80))
		from++;
	tlv_put(w, tag, bytes_of(b + from, sizeof b - from));
}

/* X.690 11.1 */
static bool take_flag(struct cursor *in, uint32_t tag, struct der_value *ret)
{
	struct bytes v;

	if (!tlv_expect_bytes(in, TLV_LENIENT, tag, &v) || v.n != 1 || (v.p[0] != 0 && v.p[0] != 0xFF))
		return cursor_fail(in);
	*ret = (struct der_value){ .present = true, .n = v.p[0] != 0 };
	return true;
}

static bool take_code(struct cursor *in, uint32_t tag, struct der_value *ret)
{
	struct cursor code, extension;

	if (!tlv_expect(in, TLV_LENIENT, tag, &code))
		return false;
	if (tlv_is_next(&code, 0x80)) {
		if (!take_number(&code, 0x80, ret))
			return cursor_fail(in);
	} else {
		if (!tlv_expect(&code, TLV_LENIENT, 0xA1, &extension) || !take_number(&extension, 0x80, ret) ||
		    cc_failed(cursor_end(&extension)))
			return cursor_fail(in);
		ret->extended = true;
	}
	return !cc_failed(cursor_end(&code)) || cursor_fail(in);
}

static void put_code(struct writer *w, uint32_t tag, const struct der_value *v)
{
	tlv_open(w, tag);
	if (v->extended)
		tlv_open(w, 0xA1);
	put_number(w, 0x80, v->n);
	if (v->extended)
		tlv_close(w);
	tlv_close(w);
}

/* ---- reading */

static bool take_octets(struct cursor *in, uint32_t tag, struct der_octets *ret)
{
	ret->present = true;
	return tlv_expect_bytes(in, TLV_LENIENT, tag, &ret->b);
}

static bool take_list(struct cursor *in, const struct der_field *f, void *object)
{
	struct der_list *list = at(object, f->offset);
	struct cursor items, item;

	if (!tlv_expect(in, TLV_LENIENT, tag_of(f), &items))
		return false;
	list->present = true;
	for (list->count = 0; cursor_left(&items); list->count++) {
		void *to = at(object, f->items_offset + list->count * f->item_size);
		bool ok = list->count < f->items_max;

		if (ok && f->kind == DER_OCTETS_LIST)
			ok = take_octets(&items, TAG_OCTETS, to);
		else if (ok)
			ok = tlv_expect(&items, TLV_LENIENT, TAG_SEQUENCE, &item) && der_fields_take(&item, f->sub, to);
		if (!ok)
			return cursor_fail(in);
	}
	return true;
}

static bool take_nested(struct cursor *in, const struct der_field *f, void *object)
{
	struct cursor content;
	bool *present = at(object, f->offset);

	if (!tlv_expect(in, TLV_LENIENT, tag_of(f), &content))
		return false;
	if (f->kind == DER_BLOCK)
		*present = true;
	return der_fields_take(&content, f->sub, f->kind == DER_BLOCK ? at(object, f->offset) : object) || cursor_fail(in);
}

static bool take_field(struct cursor *in, const struct der_field *f, void *object)
{
	switch (f->kind) {
	case DER_NUMBER:
		return take_number(in, tag_of(f), at(object, f->offset));
	case DER_SIGNED:
		return take_signed(in, tag_of(f), at(object, f->offset));
	case DER_FLAG:
		return take_flag(in, tag_of(f), at(object, f->offset));
	case DER_CODE:
		return take_code(in, tag_of(f), at(object, f->offset));
	case DER_OCTETS:
		return take_octets(in, tag_of(f), at(object, f->offset));
	case DER_BLOCK:
	case DER_WRAP:
		return take_nested(in, f, object);
	case DER_LIST:
	case DER_OCTETS_LIST:
		break;
	}
	return take_list(in, f, object);
}

bool der_fields_take(struct cursor *in, const struct der_table *t, void *object)
{
	size_t seen = 0;

	for (size_t i = 0; i < t->count; i++) {
		const struct der_field *f = &t->fields[i];

		if (!tlv_is_next(in, tag_of(f))) {
			if (f->mandatory)
				return cursor_fail(in);
			continue;
		}
		if (!take_field(in, f, object))
			return cursor_fail(in);
		seen++;
	}
	if (t->choice && seen != 1)
		return cursor_fail(in);
	return !cc_failed(cursor_end(in)) || cursor_fail(in);
}

/* ---- writing */

static bool any_present(const struct der_table *t, const void *object);

static bool is_present(const struct der_field *f, const void *object)
{
	/* All but a wrap begin with the flag. */
	return f->kind == DER_WRAP ? any_present(f->sub, object) : *(const bool *)at_const(object, f->offset);
}

static bool any_present(const struct der_table *t, const void *object)
{
	for (size_t i = 0; i < t->count; i++)
		if (is_present(&t->fields[i], object))
			return true;
	return false;
}

static void put_list(struct writer *w, const struct der_field *f, const void *object)
{
	const struct der_list *list = at_const(object, f->offset);

	if (list->count > f->items_max) {
		writer_fail(w, CC_E_ARG);
		return;
	}
	tlv_open(w, tag_of(f));
	for (size_t i = 0; i < list->count; i++) {
		const void *item = at_const(object, f->items_offset + i * f->item_size);

		if (f->kind == DER_OCTETS_LIST) {
			tlv_put(w, TAG_OCTETS, ((const struct der_octets *)item)->b);
			continue;
		}
		tlv_open(w, TAG_SEQUENCE);
		der_fields_put(w, f->sub, item);
		tlv_close(w);
	}
	tlv_close(w);
}

static void put_field(struct writer *w, const struct der_field *f, const void *object)
{
	const void *member = at_const(object, f->offset);
	const struct der_value *value = member;
	const struct der_octets *octets = member;
	static const uint8_t no = 0, yes = 0xFF;

	switch (f->kind) {
	case DER_NUMBER:
		if (value->n < 0)
			writer_fail(w, CC_E_ARG);
		put_number(w, tag_of(f), value->n);
		break;
	case DER_SIGNED:
		put_number(w, tag_of(f), value->n);
		break;
	case DER_FLAG:
		tlv_put(w, tag_of(f), bytes_of(value->n ? &yes : &no, 1));
		break;
	case DER_CODE:
		put_code(w, tag_of(f), value);
		break;
	case DER_OCTETS:
		tlv_put(w, tag_of(f), octets->b);
		break;
	case DER_BLOCK:
	case DER_WRAP:
		tlv_open(w, tag_of(f));
		der_fields_put(w, f->sub, f->kind == DER_BLOCK ? member : object);
		tlv_close(w);
		break;
	case DER_LIST:
	case DER_OCTETS_LIST:
		put_list(w, f, object);
		break;
	}
}

void der_fields_put(struct writer *w, const struct der_table *t, const void *object)
{
	size_t put = 0;

	for (size_t i = 0; i < t->count; i++) {
		if (!is_present(&t->fields[i], object)) {
			if (t->fields[i].mandatory)
				writer_fail(w, CC_E_ARG);
			continue;
		}
		put_field(w, &t->fields[i], object);
		put++;
	}
	if (t->choice && put != 1)
		writer_fail(w, CC_E_ARG);
}
