/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/base/tlv.h"

#include "crypto/base/secret.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LEN_BYTES_MAX 4

static bool read_tag(struct cursor *in, uint32_t *ret)
{
	uint8_t b;
	uint32_t tag;

	if (!cursor_u8(in, &b))
		return false;
	tag = b;
	if ((b & 0x1F) != 0x1F) {
		*ret = tag;
		return true;
	}
	for (unsigned i = 1; i < TLV_TAG_BYTES_MAX; i++) {
		if (!cursor_u8(in, &b))
			return false;
		tag = tag << 8 | b;
		if ((b & 0x80) == 0) {
			*ret = tag;
			return true;
		}
	}
	return cursor_fail(in);
}

static bool read_len(struct cursor *in, enum tlv_mode mode, size_t *ret)
{
	uint8_t b;
	size_t len = 0;
	unsigned n;

	if (!cursor_u8(in, &b))
		return false;
	if (b < 0x80) {
		*ret = b;
		return true;
	}
	n = b & 0x7Fu;
	if (n == 0 || n > LEN_BYTES_MAX)
		return cursor_fail(in);
	for (unsigned i = 0; i < n; i++) {
		if (!cursor_u8(in, &b))
			return false;
		if (mode == TLV_STRICT && i == 0 && b == 0)
			return cursor_fail(in);
		len = len << 8 | b;
	}
	if (mode == TLV_STRICT && len < 0x80)
		return cursor_fail(in);
	*ret = len;
	return true;
}

/* Most objects: one byte of tag, one of length, which is minimal. Consumes nothing where it isn't such a one. */
static inline bool take_short_header(struct cursor *in, uint32_t *ret_tag, size_t *ret_len)
{
	if (in->failed || in->n < 2 || (in->p[0] & 0x1F) == 0x1F || in->p[1] >= 0x80)
		return false;
	*ret_tag = in->p[0];
	*ret_len = in->p[1];
	in->p += 2;
	in->n -= 2;
	return true;
}

bool tlv_header(struct cursor *in, enum tlv_mode mode, uint32_t *ret_tag, size_t *ret_len, size_t *ret_header_len)
{
	size_t before = in->n;

	if (!take_short_header(in, ret_tag, ret_len) && (!read_tag(in, ret_tag) || !read_len(in, mode, ret_len)))
		return false;
	*ret_header_len = before - in->n;
	return true;
}

bool tlv_next(struct cursor *in, enum tlv_mode mode, struct tlv *ret)
{
	const uint8_t *start = in->p;
	uint32_t tag;
	size_t len, header_len;
	struct bytes value;

	if (in->depth >= TLV_DEPTH_MAX)
		return cursor_fail(in);
	if (!tlv_header(in, mode, &tag, &len, &header_len) || !cursor_take(in, len, &value))
		return false;
	*ret = (struct tlv){ tag, value, bytes_of(start, header_len + len) };
	return true;
}

bool tlv_expect_bytes(struct cursor *in, enum tlv_mode mode, uint32_t tag, struct bytes *ret_value)
{
	struct tlv t = { 0 };

	if (!tlv_next(in, mode, &t))
		return false;
	if (t.tag != tag)
		return cursor_fail(in);
	*ret_value = t.value;
	return true;
}

bool tlv_expect(struct cursor *in, enum tlv_mode mode, uint32_t tag, struct cursor *ret_value)
{
	struct bytes value;

	if (!tlv_expect_bytes(in, mode, tag, &value))
		return false;
	cursor_nest(ret_value, in, value);
	return true;
}

bool tlv_is_next(const struct cursor *in, uint32_t tag)
{
	struct cursor look = *in;
	uint32_t next;

	return !look.failed && look.n > 0 && read_tag(&look, &next) && next == tag;
}

cc_status tlv_find(struct bytes in, enum tlv_mode mode, uint32_t tag, struct bytes *ret_value, bool *ret_found)
{
	struct cursor c;
	struct bytes hit = { 0 };
	bool found = false;

	cursor_init(&c, in);
	while (cursor_left(&c) > 0) {
		struct tlv t = { 0 };

		if (!tlv_next(&c, mode, &t))
			return cc_code_status(CC_E_FORMAT);
		if (t.tag == tag && !found) {
			found = true;
			hit = t.value;
		}
	}
	if (found)
		*ret_value = hit;
	*ret_found = found;
	return cc_ok();
}

static void put_tag(struct writer *w, uint32_t tag)
{
	if (tag > 0xFFFFFF)
		writer_u8(w, (uint8_t)(tag >> 24));
	if (tag > 0xFFFF)
		writer_u8(w, (uint8_t)(tag >> 16));
	if (tag > 0xFF)
		writer_u8(w, (uint8_t)(tag >> 8));
	writer_u8(w, (uint8_t)tag);
}

static size_t encode_len(size_t len, uint8_t out[1 + LEN_BYTES_MAX])
{
	size_t n = 0;

	if (len < 0x80) {
		out[0] = (uint8_t)len;
		return 1;
	}
	for (size_t rest = len; rest > 0; rest >>= 8)
		n++;
	CC_ASSERT(n <= LEN_BYTES_MAX);
	out[0] = (uint8_t)(0x80 | n);
	for (size_t i = 0; i < n; i++)
		out[1 + i] = (uint8_t)(len >> (8 * (n - 1 - i)));
	return 1 + n;
}

void tlv_put_len(struct writer *w, size_t len)
{
	uint8_t out[1 + LEN_BYTES_MAX];

	writer_put(w, bytes_of(out, encode_len(len, out)));
}

void tlv_put(struct writer *w, uint32_t tag, struct bytes value)
{
	put_tag(w, tag);
	tlv_put_len(w, value.n);
	writer_put(w, value);
}

void tlv_put_u8(struct writer *w, uint32_t tag, uint8_t value)
{
	tlv_put(w, tag, bytes_of(&value, 1));
}

void tlv_open(struct writer *w, uint32_t tag)
{
	CC_ASSERT(w->depth < WRITER_DEPTH_MAX);
	put_tag(w, tag);
	w->open[w->depth++] = w->n;
}

/* The content is already there; its length is only known now and is slid in before it. */
void tlv_close(struct writer *w)
{
	uint8_t len_field[1 + LEN_BYTES_MAX];
	size_t start, len, k;

	CC_ASSERT(w->depth > 0);
	start = w->open[--w->depth];
	if (w->failed != CC_OK)
		return;
	len = w->n - start;
	k = encode_len(len, len_field);
	writer_fill(w, 0, k);
	if (w->failed != CC_OK)
		return;
	memmove(w->p + start + k, w->p + start, len);
	memcpy(w->p + start, len_field, k);
}

void der_put_integer(struct writer *w, struct bytes magnitude)
{
	while (magnitude.n > 1 && magnitude.p[0] == 0)
		magnitude = bytes_of(magnitude.p + 1, magnitude.n - 1);
	writer_u8(w, 0x02);
	if (magnitude.n == 0) {
		tlv_put_len(w, 1);
		writer_u8(w, 0);
		return;
	}
	if (magnitude.p[0] >= 0x80) {
		tlv_put_len(w, magnitude.n + 1);
		writer_u8(w, 0);
	} else {
		tlv_put_len(w, magnitude.n);
	}
	writer_put(w, magnitude);
}

void der_put_uint(struct writer *w, uint64_t v)
{
	uint8_t be[8];

	for (unsigned i = 0; i < 8; i++)
		be[i] = (uint8_t)(v >> (8 * (7 - i)));
	der_put_integer(w, bytes_of(be, sizeof be));
}

void der_put_bool(struct writer *w, bool v)
{
	tlv_put_u8(w, 0x01, v ? 0xFF : 0x00);
}

void der_put_null(struct writer *w)
{
	tlv_put(w, 0x05, bytes_of(NULL, 0));
}

void der_put_oid(struct writer *w, struct bytes oid)
{
	tlv_put(w, 0x06, oid);
}

bool der_integer(struct cursor *in, struct bytes *ret_twos)
{
	struct bytes v;

	if (!tlv_expect_bytes(in, TLV_STRICT, 0x02, &v))
		return false;
	if (v.n == 0)
		return cursor_fail(in);
	if (v.n > 1 && ((v.p[0] == 0x00 && v.p[1] < 0x80) || (v.p[0] == 0xFF && v.p[1] >= 0x80)))
		return cursor_fail(in);
	*ret_twos = v;
	return true;
}

bool der_uint(struct cursor *in, uint64_t *ret)
{
	struct bytes v;
	uint64_t out = 0;

	if (!der_integer(in, &v))
		return false;
	if (v.p[0] >= 0x80 || v.n > 9 || (v.n == 9 && v.p[0] != 0))
		return cursor_fail(in);
	for (size_t i = 0; i < v.n; i++)
		out = out << 8 | v.p[i];
	*ret = out;
	return true;
}

bool der_oid(struct cursor *in, struct bytes *ret)
{
	struct bytes v;

	if (!tlv_expect_bytes(in, TLV_STRICT, 0x06, &v))
		return false;
	if (v.n == 0 || (v.p[v.n - 1] & 0x80) != 0)
		return cursor_fail(in);
	*ret = v;
	return true;
}

void der_oid_text(struct bytes oid, char *out, size_t cap)
{
	struct cursor in;
	uint64_t arc = 0;
	uint8_t b;
	size_t used = 0;
	bool first = true;

	CC_ASSERT(cap > 0);
	out[0] = '\0';
	cursor_init(&in, oid);
	while (cursor_left(&in) > 0 && cursor_u8(&in, &b)) {
		int n;

		if (arc > UINT64_MAX >> 7)
			return;
		arc = arc << 7 | (b & 0x7F);
		if ((b & 0x80) != 0)
			continue;
		if (first) {
			uint64_t top = arc < 80 ? arc / 40 : 2;

			n = snprintf(out, cap, "%" PRIu64 ".%" PRIu64, top, arc - 40 * top);
		} else {
			n = snprintf(out + used, cap - used, ".%" PRIu64, arc);
		}
		if (n < 0 || (size_t)n >= cap - used)
			return;
		used += (size_t)n;
		first = false;
		arc = 0;
	}
}
