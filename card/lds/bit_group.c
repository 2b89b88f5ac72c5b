/* SPDX-License-Identifier: Apache-2.0 */
#include "card/lds/bit_group.h"

#include "crypto/base/tlv.h"

/* Header elements in the order of ICAO 9303-10 table 41. */
static struct bytes *header_element(struct dg2_header *h, uint32_t tag)
{
	switch (tag) {
	case BIT_GROUP_VERSION:
		return &h->version;
	case BIT_GROUP_TYPE:
		return &h->type;
	case BIT_GROUP_SUBTYPE:
		return &h->subtype;
	case BIT_GROUP_CREATED:
		return &h->created;
	case BIT_GROUP_VALIDITY:
		return &h->validity;
	case BIT_GROUP_PRODUCT:
		return &h->product;
	case BIT_GROUP_FORMAT_OWNER:
		return &h->format_owner;
	case BIT_GROUP_FORMAT_TYPE:
		return &h->format_type;
	default:
		return NULL;
	}
}

static void put_header(struct writer *w, const struct dg2_header *header)
{
	struct dg2_header h = *header;

	tlv_open(w, BIT_GROUP_HEADER);
	for (uint32_t tag = BIT_GROUP_VERSION; tag <= BIT_GROUP_FORMAT_TYPE; tag++) {
		const struct bytes *value = header_element(&h, tag);

		if (value != NULL && value->n > 0)
			tlv_put(w, tag, *value);
	}
	tlv_close(w);
}

static cc_status check_template(const struct dg2_template *t, const char *key, struct cc_error *err)
{
	if (t->header.format_owner.n != 2 || t->header.format_type.n != 2)
		return cc_fail(err, CC_E_ARG, key, "format owner and type are two bytes each");
	if (t->record_tag != BIT_GROUP_RECORD && t->record_tag != BIT_GROUP_RECORD_CONSTRUCTED)
		return cc_fail(err, CC_E_ARG, key, "record tag");
	if (t->record.n == 0)
		return cc_fail(err, CC_E_ARG, key, "empty record");
	return cc_ok();
}

cc_status bit_group_check(const struct dg2_template *items, size_t count, const char *key, struct cc_error *err)
{
	if (count > DG2_TEMPLATES_MAX)
		return cc_fail(err, CC_E_ARG, key, "%zu templates", count);
	for (size_t i = 0; i < count; i++) {
		cc_status st = check_template(&items[i], key, err);

		if (cc_failed(st))
			return st;
	}
	return cc_ok();
}

void bit_group_put(struct writer *w, const struct dg2_template *items, size_t count)
{
	tlv_open(w, BIT_GROUP_TAG);
	tlv_put_u8(w, BIT_GROUP_COUNT, (uint8_t)count);
	for (size_t i = 0; i < count; i++) {
		tlv_open(w, BIT_GROUP_TEMPLATE);
		put_header(w, &items[i].header);
		tlv_put(w, items[i].record_tag, items[i].record);
		tlv_close(w);
	}
	tlv_close(w);
}

/* Unknown elements are passed over: creators add their own. */
static bool read_header(struct cursor *in, struct dg2_header *ret)
{
	struct tlv t;

	while (cursor_left(in) > 0) {
		struct bytes *element;

		if (!tlv_next(in, TLV_LENIENT, &t))
			return false;
		element = header_element(ret, t.tag);
		if (element == NULL)
			continue;
		if (element->n > 0)
			return cursor_fail(in);
		*element = t.value;
	}
	return ret->format_owner.n == 2 && ret->format_type.n == 2;
}

static bool read_template(struct cursor *in, struct dg2_template *ret)
{
	struct cursor header;
	struct tlv record;

	if (!tlv_expect(in, TLV_LENIENT, BIT_GROUP_HEADER, &header) || !read_header(&header, &ret->header))
		return false;
	if (!tlv_next(in, TLV_LENIENT, &record) || cc_failed(cursor_end(in)))
		return false;
	ret->record_tag = record.tag;
	ret->record = record.value;
	return (record.tag == BIT_GROUP_RECORD || record.tag == BIT_GROUP_RECORD_CONSTRUCTED) && record.value.n > 0;
}

bool bit_group_take(struct cursor *in, struct dg2_template *items, size_t *ret_count)
{
	struct cursor group;
	struct bytes count;

	if (!tlv_expect(in, TLV_LENIENT, BIT_GROUP_TAG, &group) ||
	    !tlv_expect_bytes(&group, TLV_LENIENT, BIT_GROUP_COUNT, &count) || count.n != 1 || count.p[0] > DG2_TEMPLATES_MAX)
		return cursor_fail(in);
	for (size_t i = 0; i < count.p[0]; i++) {
		struct cursor item;

		if (!tlv_expect(&group, TLV_LENIENT, BIT_GROUP_TEMPLATE, &item) || !read_template(&item, &items[i]))
			return cursor_fail(in);
	}
	*ret_count = count.p[0];
	return !cc_failed(cursor_end(&group)) || cursor_fail(in);
}
