/* SPDX-License-Identifier: Apache-2.0 */
#include "card/lds/dg.h"

#include "card/lds/lds_set.h"
#include "crypto/base/tlv.h"

#define TAG_COUNT 0x02
#define TAG_LIST 0x5C
#define TAG_GROUP 0xA0
#define TAG_PORTRAIT 0x5F40
#define TAG_SIGNATURE_IMAGE 0x5F43
#define TAG_PERSON 0xA1 /* A1, A2, ... */
#define DG_LEN_MAX 65535

bool dg_is_row(unsigned number)
{
	return number == 5 || number == 7 || number == 11 || number == 12 || number == 16;
}

static bool counter(struct bytes value, size_t want)
{
	return value.n == 1 && value.p[0] == want;
}

static bool has_element(const struct dg *d, uint32_t tag)
{
	for (size_t i = 1; i < d->count; i++) {
		if (d->elements[i].tag == tag)
			return true;
	}
	return false;
}

/* ICAO 9303-10 table 49: A0 { 02 number, the elements }. *ret_inner: their tag. */
static bool read_group(struct bytes group, uint32_t *ret_inner)
{
	struct cursor in;
	struct bytes count;
	struct tlv t;
	size_t n = 0;

	*ret_inner = 0;
	cursor_init(&in, group);
	if (!tlv_expect_bytes(&in, TLV_LENIENT, TAG_COUNT, &count))
		return false;
	for (; cursor_left(&in) > 0; n++) {
		if (!tlv_next(&in, TLV_LENIENT, &t) || (n > 0 && t.tag != *ret_inner))
			return false;
		*ret_inner = t.tag;
	}
	return counter(count, n);
}

bool dg_next_listed(struct cursor *list, uint32_t *ret)
{
	uint8_t b;

	if (!cursor_u8(list, &b))
		return false;
	*ret = b;
	if ((b & 0x1F) != 0x1F)
		return true;
	do {
		if (!cursor_u8(list, &b) || *ret > 0xFFFFFF)
			return false;
		*ret = *ret << 8 | b;
	} while ((b & 0x80) != 0);
	return true;
}

static bool check_listed(const struct dg *d)
{
	struct cursor list;
	uint32_t in_group = 0, tag;

	if (d->count == 0 || d->elements[0].tag != TAG_LIST)
		return false;
	for (size_t i = 1; i < d->count; i++) {
		if (d->elements[i].tag == TAG_GROUP && !read_group(d->elements[i].value, &in_group))
			return false;
	}
	cursor_init(&list, d->elements[0].value);
	while (cursor_left(&list) > 0) {
		if (!dg_next_listed(&list, &tag) || (!has_element(d, tag) && tag != in_group))
			return false;
	}
	return true;
}

/* Images share one tag; persons are A1, A2, ... */
static uint32_t counted_tag(unsigned number, size_t i)
{
	if (number == 16)
		return TAG_PERSON + (uint32_t)i;
	return number == 5 ? TAG_PORTRAIT : TAG_SIGNATURE_IMAGE;
}

static bool check_counted(const struct dg *d)
{
	if (d->count < 2 || d->elements[0].tag != TAG_COUNT || !counter(d->elements[0].value, d->count - 1))
		return false;
	for (size_t i = 1; i < d->count; i++) {
		if (d->elements[i].tag != counted_tag(d->number, i - 1))
			return false;
	}
	return true;
}

cc_status dg_parse(unsigned number, struct bytes file, struct dg *ret, struct cc_error *err)
{
	struct dg d = { .number = number };
	struct cursor in, row;

	CC_ASSERT(dg_is_row(number));
	cursor_init(&in, file);
	if (!tlv_expect(&in, TLV_LENIENT, lds_file_tag(lds_dg(number)), &row) || cc_failed(cursor_end(&in)))
		return cc_fail(err, CC_E_FORMAT, "dg.structure", "DG%u: outer tag or length", number);
	for (; cursor_left(&row) > 0; d.count++) {
		struct tlv t;

		if (d.count == DG_ELEMENTS_MAX)
			return cc_fail(err, CC_E_LIMIT, "dg.structure", "DG%u: more than %d elements", number, DG_ELEMENTS_MAX);
		if (!tlv_next(&row, TLV_LENIENT, &t))
			return cc_fail(err, CC_E_FORMAT, "dg.structure", "DG%u: element %zu", number, d.count + 1);
		d.elements[d.count] = (struct dg_element){ t.tag, t.value };
	}
	if (number == 11 || number == 12 ? !check_listed(&d) : !check_counted(&d))
		return cc_fail(err, CC_E_FORMAT, "dg.structure", "DG%u: the elements aren't those it lists", number);
	*ret = d;
	return cc_ok();
}

cc_status dg_encode(const struct dg *in, struct buf *ret)
{
	struct writer w;

	CC_ASSERT(dg_is_row(in->number));
	writer_init(&w, DG_LEN_MAX);
	tlv_open(&w, lds_file_tag(lds_dg(in->number)));
	for (size_t i = 0; i < in->count; i++)
		tlv_put(&w, in->elements[i].tag, in->elements[i].value);
	tlv_close(&w);
	return writer_finish(&w, ret);
}
