/* SPDX-License-Identifier: Apache-2.0 */
#include "card/lds/dg3.h"

#include "card/lds/bit_group.h"
#include "crypto/base/tlv.h"

#define TAG_DG3 0x63
#define TAG_FILLER 0x53
#define TAG_RECORD 0x5F2E

/* ICAO 9303-10 4.7.3, ISO/IEC 7816-11: type 08 fingerprint. */
struct dg2_template dg3_template_finger(const uint8_t *subtype, struct bytes record)
{
	return (struct dg2_template){
		.header = {
			.version = BYTES_LITERAL("\x01\x01"),
			.type = BYTES_LITERAL("\x08"),
			.subtype = bytes_of(subtype, 1),
			.format_owner = BYTES_LITERAL("\x01\x01"),
			.format_type = BYTES_LITERAL("\x00\x07"),
		},
		.record_tag = TAG_RECORD,
		.record = record,
	};
}

cc_status dg3_encode(const struct dg3 *in, size_t limit, struct buf *ret, struct cc_error *err)
{
	struct writer w;
	cc_status st;

	if (in->count == 0 ? in->filler.n < DG3_FILLER_MIN : in->filler.n > 0)
		return cc_fail(err, CC_E_ARG, "dg3.structure", "%zu templates with %zu bytes of filler", in->count, in->filler.n);
	if (cc_failed(st = bit_group_check(in->items, in->count, "dg3.structure", err)))
		return st;
	writer_init(&w, limit);
	tlv_open(&w, TAG_DG3);
	bit_group_put(&w, in->items, in->count);
	if (in->count == 0)
		tlv_put(&w, TAG_FILLER, in->filler);
	tlv_close(&w);
	st = writer_finish(&w, ret);
	if (st.code == CC_E_LIMIT)
		return cc_fail(err, CC_E_LIMIT, "dg3.too-large", "more than %zu bytes", limit);
	return st;
}

cc_status dg3_parse(struct bytes file, struct dg3 *ret, struct cc_error *err)
{
	struct dg3 read = { 0 };
	struct cursor in, dg;

	cursor_init(&in, file);
	if (!tlv_expect(&in, TLV_LENIENT, TAG_DG3, &dg) || !bit_group_take(&dg, read.items, &read.count) ||
	    (read.count == 0 && tlv_is_next(&dg, TAG_FILLER) && !tlv_expect_bytes(&dg, TLV_LENIENT, TAG_FILLER, &read.filler)) ||
	    cc_failed(cursor_end(&dg)) || cc_failed(cursor_end(&in)))
		return cc_fail(err, CC_E_FORMAT, "dg3.structure", "not 63 { 7F61 { 02, 7F60 { A1, 5F2E } } }");
	*ret = read;
	return cc_ok();
}
