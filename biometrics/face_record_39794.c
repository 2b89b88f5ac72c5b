/* SPDX-License-Identifier: Apache-2.0 */
#include "biometrics/face_record_39794.h"

#include "biometrics/face_record.h"
#include "crypto/base/tlv.h"

static cc_status malformed(struct cc_error *err, const char *what)
{
	return cc_fail(err, CC_E_FORMAT, "face.record-malformed", "%s", what);
}

/* An INTEGER or ENUMERATED under an implicit tag: non-negative, minimal, at most four bytes (X.690 8.3). */
static bool take_number(struct cursor *in, uint32_t tag, uint32_t *ret)
{
	struct bytes v;
	struct cursor content;
	uint8_t b = 0;
	uint32_t n = 0;

	if (!tlv_expect_bytes(in, TLV_LENIENT, tag, &v) || v.n == 0 || v.n > 5)
		return cursor_fail(in);
	cursor_init(&content, v);
	for (size_t i = 0; cursor_left(&content); i++) {
		if (!cursor_u8(&content, &b) || (i == 0 && b & 0x80) || (i == 0 && v.n == 5 && b != 0))
			return cursor_fail(in);
		if (i == 1 && n == 0 && !(b & 0x80))
			return cursor_fail(in); /* a zero too many in front */
		n = n << 8 | b;
	}
	*ret = n;
	return true;
}

static void put_number(struct writer *w, uint32_t tag, uint32_t v)
{
	uint8_t b[5] = { 0, (uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v };
	size_t from = 0;

	while (from < 4 && b[from] == 0 && !(b[from + 1] & 0x80))
		from++;
	tlv_put(w, tag, bytes_of(b + from, 5 - from));
}

/* The objects from here on whose tags lie between first and last, as one view over their bytes. */
static bool take_objects(struct cursor *in, uint32_t first, uint32_t last, struct bytes *ret)
{
	struct bytes all = { 0 };
	uint8_t tag;

	while (cursor_peek(in, &tag) && (tag & 0x1Fu) >= first && (tag & 0x1Fu) <= last) {
		struct tlv t;

		if (!tlv_next(in, TLV_LENIENT, &t))
			return false;
		all = bytes_of(all.n ? all.p : t.whole.p, all.n + t.whole.n);
	}
	*ret = all;
	return true;
}

static bool take_size(struct cursor *in, struct face_record_39794 *r)
{
	struct cursor size;

	if (!tlv_is_next(in, 0xA7))
		return true;
	r->has_size = true;
	return tlv_expect(in, TLV_LENIENT, 0xA7, &size) && take_number(&size, 0x80, &r->width) &&
	       take_number(&size, 0x81, &r->height) && !cc_failed(cursor_end(&size));
}

static bool take_format(struct face_record_39794 *r)
{
	struct cursor in;

	r->format = FACE_39794_UNKNOWN;
	cursor_init(&in, r->format_block);
	if (!tlv_is_next(&in, 0x80))
		return true; /* an extension */
	return take_number(&in, 0x80, &r->format) && !cc_failed(cursor_end(&in));
}

static bool take_information(struct cursor *in, struct face_record_39794 *r)
{
	struct cursor info;

	if (!tlv_expect(in, TLV_LENIENT, 0xA1, &info) || !tlv_expect_bytes(&info, TLV_LENIENT, 0xA0, &r->format_block) ||
	    !take_format(r) || !take_objects(&info, 1, 6, &r->before_size) || !take_size(&info, r))
		return false;
	if (tlv_is_next(&info, 0xA8) && !tlv_expect_bytes(&info, TLV_LENIENT, 0xA8, &r->measurements))
		return false;
	return take_objects(&info, 9, 30, &r->after) && !cc_failed(cursor_end(&info));
}

static bool take_image(struct cursor *in, struct face_record_39794 *r)
{
	struct cursor choice, base, image;

	return tlv_expect(in, TLV_LENIENT, 0xA1, &choice) && tlv_expect(&choice, TLV_LENIENT, 0xA0, &base) &&
	       tlv_expect(&base, TLV_LENIENT, 0xA0, &image) && tlv_expect_bytes(&image, TLV_LENIENT, 0x80, &r->image) &&
	       take_information(&image, r) && take_objects(&image, 2, 30, &r->device) && !cc_failed(cursor_end(&image)) &&
	       !cc_failed(cursor_end(&base)) && !cc_failed(cursor_end(&choice));
}

static bool take_version(struct cursor *in, struct face_record_39794 *r)
{
	struct cursor version;

	return tlv_expect(in, TLV_LENIENT, 0xA0, &version) && take_number(&version, 0x80, &r->generation) &&
	       take_number(&version, 0x81, &r->year) && !cc_failed(cursor_end(&version));
}

cc_status face_record_39794_decode(struct bytes bytes, struct face_record_39794 *ret, struct cc_error *err)
{
	struct face_record_39794 r = { 0 };
	struct cursor in, block, data, list, one;

	if (bytes.n > FACE_RECORD_BYTES_MAX)
		return cc_fail(err, CC_E_LIMIT, "face.record-too-large", "%zu bytes", bytes.n);
	cursor_init(&in, bytes);
	if (!tlv_expect(&in, TLV_LENIENT, 0xA1, &block) || cc_failed(cursor_end(&in)) ||
	    !tlv_expect(&block, TLV_LENIENT, 0x65, &data) || cc_failed(cursor_end(&block)))
		return malformed(err, "no face image data block");
	if (!take_version(&data, &r))
		return malformed(err, "version");
	if (!tlv_expect(&data, TLV_LENIENT, 0xA1, &list) || cc_failed(cursor_end(&data)) ||
	    !tlv_expect(&list, TLV_LENIENT, 0x30, &one))
		return malformed(err, "representations");
	if (cursor_left(&list))
		return cc_fail(err, CC_E_LIMIT, "face.record-too-large", "more than one representation");
	if (!take_number(&one, 0x80, &r.id) || !take_image(&one, &r))
		return malformed(err, "image representation");
	if (!take_objects(&one, 2, 9, &r.optional) || cc_failed(cursor_end(&one)))
		return malformed(err, "behind the image");
	*ret = r;
	return cc_ok();
}

static void put_information(struct writer *w, const struct face_record_39794 *r)
{
	tlv_open(w, 0xA1);
	tlv_open(w, 0xA0);
	if (r->format_block.n)
		writer_put(w, r->format_block);
	else
		put_number(w, 0x80, r->format);
	tlv_close(w);
	writer_put(w, r->before_size);
	if (r->has_size) {
		tlv_open(w, 0xA7);
		put_number(w, 0x80, r->width);
		put_number(w, 0x81, r->height);
		tlv_close(w);
	}
	if (r->measurements.n)
		tlv_put(w, 0xA8, r->measurements);
	writer_put(w, r->after);
	tlv_close(w);
}

static void put_image(struct writer *w, const struct face_record_39794 *r)
{
	tlv_open(w, 0xA1);
	tlv_open(w, 0xA0);
	tlv_open(w, 0xA0);
	tlv_put(w, 0x80, r->image);
	put_information(w, r);
	writer_put(w, r->device);
	tlv_close(w);
	tlv_close(w);
	tlv_close(w);
}

cc_status face_record_39794_encode(const struct face_record_39794 *r, struct buf *ret, struct cc_error *err)
{
	struct writer w;
	cc_status st;

	if (r->image.n == 0)
		return cc_fail(err, CC_E_ARG, "face.record-invalid", "no image");
	writer_init(&w, FACE_RECORD_BYTES_MAX);
	tlv_open(&w, 0xA1);
	tlv_open(&w, 0x65);
	tlv_open(&w, 0xA0);
	put_number(&w, 0x80, r->generation);
	put_number(&w, 0x81, r->year);
	tlv_close(&w);
	tlv_open(&w, 0xA1);
	tlv_open(&w, 0x30);
	put_number(&w, 0x80, r->id);
	put_image(&w, r);
	writer_put(&w, r->optional);
	for (unsigned i = 0; i < 4; i++)
		tlv_close(&w);
	st = writer_finish(&w, ret);
	if (st.code == CC_E_LIMIT)
		return cc_fail(err, st.code, "face.record-too-large", "more than %u bytes", FACE_RECORD_BYTES_MAX);
	return cc_failed(st) ? cc_fail(err, st.code, "memory", "face image record") : st;
}
