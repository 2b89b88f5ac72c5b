/* SPDX-License-Identifier: Apache-2.0 */
#include "card/lds/dg2.h"

#include "crypto/base/tlv.h"

#define TAG_DG2 0x75
#define TAG_GROUP 0x7F61
#define TAG_TEMPLATE 0x7F60
#define TAG_HEADER 0xA1
#define TAG_RECORD 0x5F2E
#define TAG_RECORD_CONSTRUCTED 0x7F2E

struct dg2_header dg2_header_face(void)
{
	return (struct dg2_header){
		.version = BYTES_LITERAL("\x01\x01"),
		.type = BYTES_LITERAL("\x02"),
		.format_owner = BYTES_LITERAL("\x01\x01"),
		.format_type = BYTES_LITERAL("\x00\x08"),
	};
}

/* Header elements in the order of ICAO 9303-10 table 41. */
static struct bytes *header_element(struct dg2_header *h, uint32_t tag)
{
	switch (tag) {
	case 0x80:
		return &h->version;
	case 0x81:
		return &h->type;
	case 0x82:
		return &h->subtype;
	case 0x83:
		return &h->created;
	case 0x85:
		return &h->validity;
	case 0x86:
		return &h->product;
	case 0x87:
		return &h->format_owner;
	case 0x88:
		return &h->format_type;
	default:
		return NULL;
	}
}

static void put_header(struct writer *w, const struct dg2_header *header)
{
	struct dg2_header h = *header;

	tlv_open(w, TAG_HEADER);
	for (uint32_t tag = 0x80; tag <= 0x88; tag++) {
		const struct bytes *value = header_element(&h, tag);

		if (value != NULL && value->n > 0)
			tlv_put(w, tag, *value);
	}
	tlv_close(w);
}

static cc_status check_template(const struct dg2_template *t, struct cc_error *err)
{
	if (t->header.format_owner.n != 2 || t->header.format_type.n != 2)
		return cc_fail(err, CC_E_ARG, "dg2.structure", "format owner and type are two bytes each");
	if (t->record_tag != TAG_RECORD && t->record_tag != TAG_RECORD_CONSTRUCTED)
		return cc_fail(err, CC_E_ARG, "dg2.structure", "record tag");
	if (t->record.n == 0)
		return cc_fail(err, CC_E_ARG, "dg2.structure", "empty record");
	return cc_ok();
}

cc_status dg2_encode(const struct dg2 *in, size_t limit, struct buf *ret, struct cc_error *err)
{
	struct writer w;
	cc_status st;

	if (in->count < 1 || in->count > DG2_TEMPLATES_MAX)
		return cc_fail(err, CC_E_ARG, "dg2.structure", "%zu templates", in->count);
	for (size_t i = 0; i < in->count; i++) {
		if (cc_failed(st = check_template(&in->items[i], err)))
			return st;
	}
	writer_init(&w, limit);
	tlv_open(&w, TAG_DG2);
	tlv_open(&w, TAG_GROUP);
	tlv_put_u8(&w, 0x02, (uint8_t)in->count);
	for (size_t i = 0; i < in->count; i++) {
		tlv_open(&w, TAG_TEMPLATE);
		put_header(&w, &in->items[i].header);
		tlv_put(&w, in->items[i].record_tag, in->items[i].record);
		tlv_close(&w);
	}
	tlv_close(&w);
	tlv_close(&w);
	st = writer_finish(&w, ret);
	if (st.code == CC_E_LIMIT)
		return cc_fail(err, CC_E_LIMIT, "dg2.too-large", "more than %zu bytes", limit);
	return st;
}

cc_status dg2_encode_face(struct bytes record, size_t limit, struct buf *ret, struct cc_error *err)
{
	struct dg2 one = { .count = 1 };

	one.items[0] = (struct dg2_template){ .header = dg2_header_face(), .record_tag = TAG_RECORD, .record = record };
	return dg2_encode(&one, limit, ret, err);
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

	if (!tlv_expect(in, TLV_LENIENT, TAG_HEADER, &header) || !read_header(&header, &ret->header))
		return false;
	if (!tlv_next(in, TLV_LENIENT, &record) || cc_failed(cursor_end(in)))
		return false;
	ret->record_tag = record.tag;
	ret->record = record.value;
	return (record.tag == TAG_RECORD || record.tag == TAG_RECORD_CONSTRUCTED) && record.value.n > 0;
}

static bool read_group(struct cursor *group, struct dg2 *ret)
{
	struct bytes count;

	if (!tlv_expect_bytes(group, TLV_LENIENT, 0x02, &count) || count.n != 1 || count.p[0] < 1 ||
	    count.p[0] > DG2_TEMPLATES_MAX)
		return false;
	ret->count = count.p[0];
	for (size_t i = 0; i < ret->count; i++) {
		struct cursor item;

		if (!tlv_expect(group, TLV_LENIENT, TAG_TEMPLATE, &item) || !read_template(&item, &ret->items[i]))
			return false;
	}
	return !cc_failed(cursor_end(group));
}

cc_status dg2_parse(struct bytes file, struct dg2 *ret, struct cc_error *err)
{
	struct cursor in, dg, group;
	struct dg2 read = { 0 };

	cursor_init(&in, file);
	if (!tlv_expect(&in, TLV_LENIENT, TAG_DG2, &dg) || !tlv_expect(&dg, TLV_LENIENT, TAG_GROUP, &group) ||
	    !read_group(&group, &read) || cc_failed(cursor_end(&dg)) || cc_failed(cursor_end(&in)))
		return cc_fail(err, CC_E_FORMAT, "dg2.structure", "not 75 { 7F61 { 02, 7F60 { A1, 5F2E } } }");
	*ret = read;
	return cc_ok();
}
