/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/ber.h"

#include "crypto/asn1.h"

/* each level that is rewritten is open in the writer at once */
_Static_assert(BER_DEPTH_MAX <= WRITER_DEPTH_MAX, "writer too shallow");

#define CONSTRUCTED 0x20
#define CONSTRUCTED_OCTET_STRING (DER_OCTET_STRING | CONSTRUCTED)
#define END_OF_CONTENTS 0x00

/* One object as BER writes it: its tag, whether its length is open, and, where it isn't, its content. */
struct ber_object {
	uint32_t tag;
	bool constructed, open;
	struct tlv definite;
};

static bool read_tag_bytes(struct cursor *in, uint32_t *ret, bool *ret_constructed)
{
	uint8_t b;

	if (!cursor_u8(in, &b))
		return false;
	*ret = b;
	*ret_constructed = (b & CONSTRUCTED) != 0;
	if ((b & 0x1F) != 0x1F)
		return true;
	for (unsigned i = 1; i < TLV_TAG_BYTES_MAX; i++) {
		if (!cursor_u8(in, &b))
			return false;
		*ret = *ret << 8 | b;
		if ((b & 0x80) == 0)
			return true;
	}
	return cursor_fail(in);
}

/* Consumes an object with a definite length, or the head alone of one without. */
static bool next_object(struct cursor *in, struct ber_object *ret)
{
	struct cursor look = *in;
	uint8_t first;

	*ret = (struct ber_object){ 0 };
	if (!read_tag_bytes(&look, &ret->tag, &ret->constructed) || !cursor_u8(&look, &first))
		return cursor_fail(in);
	if (first != 0x80)
		return tlv_next(in, TLV_LENIENT, &ret->definite);
	if (!ret->constructed)
		return cursor_fail(in);
	ret->open = true;
	*in = look;
	return true;
}

static bool at_end_of_contents(const struct cursor *in)
{
	return tlv_is_next(in, END_OF_CONTENTS);
}

static bool take_end_of_contents(struct cursor *in)
{
	struct bytes empty;

	if (!tlv_expect_bytes(in, TLV_STRICT, END_OF_CONTENTS, &empty))
		return false;
	return empty.n == 0 || cursor_fail(in);
}

/* Is something in here that must be rewritten? Malformed content of a definite object is its reader's business. */
static bool needs_rewriting(struct bytes content, unsigned depth)
{
	struct cursor in;
	struct ber_object o;

	cursor_init(&in, content);
	while (cursor_left(&in) > 0) {
		if (!next_object(&in, &o))
			return false;
		if (o.open || o.tag == CONSTRUCTED_OCTET_STRING)
			return true;
		if (o.constructed && depth < BER_DEPTH_MAX && needs_rewriting(o.definite.value, depth + 1))
			return true;
	}
	return false;
}

struct rewriting {
	struct writer w;
	bool changed;
	bool too_deep;
};

static bool rewrite_object(struct rewriting *r, struct cursor *in, unsigned depth);

/* The content of an open object, up to its end mark, or all of a definite one. */
static bool rewrite_content(struct rewriting *r, struct cursor *in, bool open, unsigned depth)
{
	while (open ? !at_end_of_contents(in) : cursor_left(in) > 0)
		if (!rewrite_object(r, in, depth))
			return false;
	return !open || take_end_of_contents(in);
}

/* X.690 8.7.3.2: the pieces of an OCTET STRING one after the other; pieces may be made of pieces. */
static bool join_pieces(struct rewriting *r, struct cursor *in, bool open, unsigned depth)
{
	struct ber_object o;
	struct cursor inner;

	if (depth >= BER_DEPTH_MAX) {
		r->too_deep = true;
		return false;
	}
	while (open ? !at_end_of_contents(in) : cursor_left(in) > 0) {
		if (!next_object(in, &o))
			return false;
		if (o.tag == DER_OCTET_STRING && !o.open) {
			writer_put(&r->w, o.definite.value);
			continue;
		}
		if (o.tag != CONSTRUCTED_OCTET_STRING)
			return false;
		cursor_init(&inner, o.definite.value);
		if (!join_pieces(r, o.open ? in : &inner, o.open, depth + 1))
			return false;
	}
	return !open || take_end_of_contents(in);
}

static bool rewrite_object(struct rewriting *r, struct cursor *in, unsigned depth)
{
	struct ber_object o;
	struct cursor inner;
	struct cursor *content;
	bool good;

	if (depth >= BER_DEPTH_MAX) {
		r->too_deep = true;
		return false;
	}
	if (!next_object(in, &o))
		return false;
	if (!o.open && o.tag != CONSTRUCTED_OCTET_STRING && !(o.constructed && needs_rewriting(o.definite.value, depth + 1))) {
		writer_put(&r->w, o.definite.whole);
		return true;
	}
	r->changed = true;
	cursor_init(&inner, o.definite.value);
	content = o.open ? in : &inner;
	if (o.tag == CONSTRUCTED_OCTET_STRING) {
		tlv_open(&r->w, DER_OCTET_STRING);
		good = join_pieces(r, content, o.open, depth + 1);
	} else {
		tlv_open(&r->w, o.tag);
		good = rewrite_content(r, content, o.open, depth + 1);
	}
	tlv_close(&r->w);
	return good;
}

cc_status ber_to_definite(struct bytes in, struct buf *ret, bool *ret_changed)
{
	/* Rewriting only shortens: an open object loses 80 00 00 and gains at most four length bytes at each level. */
	struct rewriting r = { 0 };
	struct cursor c;
	cc_status st;

	writer_init(&r.w, in.n + in.n / 2 + 64);
	cursor_init(&c, in);
	if (!rewrite_object(&r, &c, 0) || cc_failed(cursor_end(&c))) {
		writer_done(&r.w);
		return cc_code_status(r.too_deep ? CC_E_LIMIT : CC_E_FORMAT);
	}
	st = writer_finish(&r.w, ret);
	if (!cc_failed(st))
		*ret_changed = r.changed;
	return st;
}
