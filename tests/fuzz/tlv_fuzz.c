/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz_entry.h"

#include "crypto/base/tlv.h"

#include <string.h>

#define CONSTRUCTED 0x20

/* The class and form are in the tag's first byte. */
static bool is_constructed(uint32_t tag)
{
	while (tag > 0xFF)
		tag >>= 8;
	return (tag & CONSTRUCTED) != 0;
}

/* Walks the whole tree; what STRICT accepts is written again into w. False when malformed. */
static bool walk(struct cursor *in, enum tlv_mode mode, struct writer *w, size_t *count)
{
	while (cursor_left(in) > 0) {
		struct tlv t;

		if (!tlv_next(in, mode, &t))
			return false;
		CC_ASSERT(t.value.n < t.whole.n && t.value.n + t.whole.n > t.value.n);
		(*count)++;
		/* A writer nests less deep than a reader: the rest is written flat. */
		if (is_constructed(t.tag) && w->depth < WRITER_DEPTH_MAX) {
			struct cursor child;

			cursor_nest(&child, in, t.value);
			tlv_open(w, t.tag);
			if (!walk(&child, mode, w, count))
				return false;
			CC_ASSERT(!cc_failed(cursor_end(&child)));
			tlv_close(w);
		} else {
			tlv_put(w, t.tag, t.value);
		}
	}
	return !in->failed;
}

static bool walk_all(struct bytes data, enum tlv_mode mode, struct buf *ret, size_t *count)
{
	struct cursor in;
	struct writer w;
	bool good;

	*count = 0;
	cursor_init(&in, data);
	writer_init(&w, data.n);
	good = walk(&in, mode, &w, count);
	if (good)
		CC_ASSERT(!cc_failed(writer_finish(&w, ret)));
	writer_done(&w);
	return good;
}

static void find_each(struct bytes data)
{
	static const uint32_t tags[] = { 0x02, 0x06, 0x30, 0x5F1F, 0x7F49 };

	for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++) {
		struct bytes value;
		bool found = false;

		if (!cc_failed(tlv_find(data, TLV_LENIENT, tags[i], &value, &found)) && found)
			CC_ASSERT(value.n <= data.n);
	}
}

/* A value that reads as a DER number or name is written back to the same bytes. */
static void der_round(struct bytes data)
{
	struct cursor in;
	struct writer w;
	struct bytes oid, twos;
	uint64_t v;
	char text[64];

	writer_init(&w, data.n);
	cursor_init(&in, data);
	if (der_uint(&in, &v)) {
		der_put_uint(&w, v);
		CC_ASSERT(bytes_starts_with(data, writer_view(&w)));
	}
	cursor_init(&in, data);
	if (der_integer(&in, &twos))
		CC_ASSERT(twos.n > 0);
	writer_done(&w);
	cursor_init(&in, data);
	if (der_oid(&in, &oid)) {
		der_put_oid(&w, oid);
		CC_ASSERT(bytes_starts_with(data, writer_view(&w)));
	}
	der_oid_text(data, text, sizeof text);
	CC_ASSERT(strlen(text) < sizeof text);
	writer_done(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data, size);
	struct buf strict = { 0 }, lenient = { 0 };
	size_t strict_count, lenient_count;

	if (walk_all(in, TLV_STRICT, &strict, &strict_count)) {
		CC_ASSERT(bytes_equal(buf_view(&strict), in));
		/* LENIENT reads all that STRICT reads, and reads it alike. */
		CC_ASSERT(walk_all(in, TLV_LENIENT, &lenient, &lenient_count));
		CC_ASSERT(lenient_count == strict_count && bytes_equal(buf_view(&lenient), in));
	} else if (walk_all(in, TLV_LENIENT, &lenient, &lenient_count)) {
		/* Its minimal form is never longer, and STRICT takes it. */
		CC_ASSERT(lenient.n <= size && walk_all(buf_view(&lenient), TLV_STRICT, &strict, &strict_count));
	}
	find_each(in);
	der_round(in);
	buf_done(&strict);
	buf_done(&lenient);
	return 0;
}
