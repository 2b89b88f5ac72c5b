/* SPDX-License-Identifier: Apache-2.0 */
#include "card/lds/dg2.h"

#include "card/lds/bit_group.h"
#include "crypto/base/tlv.h"

#define TAG_DG2 0x75
#define TAG_RECORD 0x5F2E

struct dg2_header dg2_header_face(void)
{
	return (struct dg2_header){
		.version = BYTES_LITERAL("\x01\x01"),
		.type = BYTES_LITERAL("\x02"),
		.format_owner = BYTES_LITERAL("\x01\x01"),
		.format_type = BYTES_LITERAL("\x00\x08"),
	};
}

cc_status dg2_encode(const struct dg2 *in, size_t limit, struct buf *ret, struct cc_error *err)
{
	struct writer w;
	cc_status st;

	if (in->count < 1)
		return cc_fail(err, CC_E_ARG, "dg2.structure", "%zu templates", in->count);
	if (cc_failed(st = bit_group_check(in->items, in->count, "dg2.structure", err)))
		return st;
	writer_init(&w, limit);
	tlv_open(&w, TAG_DG2);
	bit_group_put(&w, in->items, in->count);
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

cc_status dg2_parse(struct bytes file, struct dg2 *ret, struct cc_error *err)
{
	struct cursor in, dg;
	struct dg2 read = { 0 };

	cursor_init(&in, file);
	if (!tlv_expect(&in, TLV_LENIENT, TAG_DG2, &dg) || !bit_group_take(&dg, read.items, &read.count) || read.count < 1 ||
	    cc_failed(cursor_end(&dg)) || cc_failed(cursor_end(&in)))
		return cc_fail(err, CC_E_FORMAT, "dg2.structure", "not 75 { 7F61 { 02, 7F60 { A1, 5F2E } } }");
	*ret = read;
	return cc_ok();
}
