/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/cbor_again.h"

#include "crypto/cbor/cbor_write.h"

static void copy_item(struct cbor_in *in, struct cbor_out *out);

static void copy_all(struct cbor_in *in, struct cbor_out *out)
{
	while (in->left > 0)
		copy_item(in, out);
	CC_ASSERT(cbor_end(in, "items"));
	cbor_close(out);
}

static void copy_integer(struct cbor_in *in, struct cbor_out *out, enum cbor_kind kind)
{
	struct cbor_in copy = *in;
	struct bytes item;
	uint64_t u;
	int64_t i;

	copy.err = NULL;
	if (kind == CBOR_KIND_UINT) {
		CC_ASSERT(cbor_uint(in, "uint", UINT64_MAX, &u));
		cbor_put_uint(out, u);
	} else if (cbor_int(&copy, "int", &i)) {
		CC_ASSERT(cbor_int(in, "int", &i));
		cbor_put_int(out, i);
	} else { /* below -2^63 */
		CC_ASSERT(cbor_item(in, "int", &item));
		cbor_put_item(out, item);
	}
}

static void copy_string(struct cbor_in *in, struct cbor_out *out, enum cbor_kind kind)
{
	struct bytes view;

	if (kind == CBOR_KIND_BYTES) {
		CC_ASSERT(cbor_bytes(in, "bytes", 0, SIZE_MAX, &view));
		cbor_put_bytes(out, view);
	} else {
		CC_ASSERT(cbor_text(in, "text", SIZE_MAX, &view));
		cbor_put_text(out, view);
	}
}

static void copy_item(struct cbor_in *in, struct cbor_out *out)
{
	struct cbor_in child;
	enum cbor_kind kind;
	struct bytes view;
	uint64_t u;
	bool b;

	CC_ASSERT(cbor_peek(in, &kind));
	switch (kind) {
	case CBOR_KIND_UINT:
	case CBOR_KIND_NEGATIVE:
		copy_integer(in, out, kind);
		break;
	case CBOR_KIND_BYTES:
	case CBOR_KIND_TEXT:
		copy_string(in, out, kind);
		break;
	case CBOR_KIND_ARRAY:
		CC_ASSERT(cbor_array(in, "array", SIZE_MAX, &child, NULL));
		cbor_open_array(out);
		copy_all(&child, out);
		break;
	case CBOR_KIND_MAP:
		CC_ASSERT(cbor_map(in, "map", &child));
		cbor_open_map(out);
		copy_all(&child, out);
		break;
	case CBOR_KIND_TAG:
		CC_ASSERT(cbor_tag(in, "tag", &u));
		cbor_put_tag(out, u);
		copy_item(in, out);
		break;
	case CBOR_KIND_BOOL:
		CC_ASSERT(cbor_bool(in, "bool", &b));
		cbor_put_bool(out, b);
		break;
	case CBOR_KIND_NULL:
		CC_ASSERT(cbor_null(in, "null"));
		cbor_put_null(out);
		break;
	case CBOR_KIND_UNDEFINED:
	case CBOR_KIND_FLOAT:
		CC_ASSERT(cbor_item(in, "item", &view));
		cbor_put_item(out, view);
		break;
	}
}

void cbor_again(struct bytes data, enum cbor_order order, struct buf *ret)
{
	struct cbor_in in;
	struct cbor_out out;

	CC_ASSERT(!cc_failed(cbor_open(&in, data, order, SIZE_MAX, NULL)));
	cbor_out_init(&out, data.n + 16);
	copy_item(&in, &out);
	CC_ASSERT(cbor_end(&in, "end"));
	CC_ASSERT(!cc_failed(cbor_finish(&out, ret)));
	cbor_out_done(&out);
}
