/* SPDX-License-Identifier: Apache-2.0 */
#include "biometrics/finger_template.h"

#include "crypto/base/tlv.h"

#include <stdlib.h>
#include <string.h>

#define TAG_DATA 0x7F2E
#define TAG_MINUTIAE 0x81
#define TAG_EXTENDED 0xA1
#define TAG_EXTENDED_MINUTIAE 0x90
#define TAG_EXTENDED_LAST 0x95
#define TAG_INFORMATION 0x7F60
#define TAG_HEADER 0xA1
#define TAG_ALGORITHM 0xB1
#define MINUTIA_BYTES 3u
#define ANGLES 64u

static cc_status malformed(struct cc_error *err, const char *what)
{
	return cc_fail(err, CC_E_FORMAT, "finger.template-malformed", "%s", what);
}

/* ---- minutiae */

static bool take_minutia(struct cursor *in, struct finger_minutia *m)
{
	uint8_t last;

	/* ISO/IEC 19794-2:2005 8.3.2: two bits of type, six of angle. */
	if (!cursor_u8(in, &m->x) || !cursor_u8(in, &m->y) || !cursor_u8(in, &last))
		return false;
	m->type = last >> 6;
	m->angle = last & (ANGLES - 1);
	return m->type <= MINUTIA_BIFURCATION;
}

static cc_status take_minutiae(struct bytes data, struct finger_template *t, struct cc_error *err)
{
	struct cursor in;

	if (data.n % MINUTIA_BYTES != 0)
		return malformed(err, "minutiae of other than three bytes");
	if (data.n / MINUTIA_BYTES > FINGER_MINUTIAE_MAX)
		return cc_fail(err, CC_E_LIMIT, "finger.template-too-large", "%zu minutiae", data.n / MINUTIA_BYTES);
	cursor_init(&in, data);
	for (t->count = 0; cursor_left(&in) > 0; t->count++)
		if (!take_minutia(&in, &t->minutiae[t->count]))
			return malformed(err, "type of a minutia");
	return cc_ok();
}

/* Data objects 91 to 95, each once and in order. */
static bool extended_is_sound(struct bytes data)
{
	uint32_t last = TAG_EXTENDED_MINUTIAE;
	struct cursor in;
	struct tlv t;

	cursor_init(&in, data);
	while (cursor_left(&in) > 0) {
		if (!tlv_next(&in, TLV_STRICT, &t) || t.tag <= last || t.tag > TAG_EXTENDED_LAST)
			return false;
		last = t.tag;
	}
	return true;
}

cc_status finger_template_parse(struct bytes bytes, struct finger_template *ret, struct cc_error *err)
{
	struct finger_template t = { 0 };
	struct cursor in, data, extended;
	struct bytes minutiae;
	cc_status st;

	if (bytes.n > FINGER_TEMPLATE_BYTES_MAX)
		return cc_fail(err, CC_E_LIMIT, "finger.template-too-large", "%zu bytes", bytes.n);
	cursor_init(&in, bytes);
	if (!tlv_expect(&in, TLV_STRICT, TAG_DATA, &data) || cc_failed(cursor_end(&in)))
		return malformed(err, "not one biometric data template 7F2E");
	if (tlv_is_next(&data, TAG_MINUTIAE)) {
		if (!tlv_expect_bytes(&data, TLV_STRICT, TAG_MINUTIAE, &minutiae))
			return malformed(err, "minutiae are cut off");
	} else {
		if (!tlv_expect(&data, TLV_STRICT, TAG_EXTENDED, &extended) ||
		    !tlv_expect_bytes(&extended, TLV_STRICT, TAG_EXTENDED_MINUTIAE, &minutiae))
			return malformed(err, "no minutiae");
		t.extended = cursor_rest(&extended);
		if (t.extended.n == 0 || !extended_is_sound(t.extended))
			return malformed(err, "extended data");
	}
	if (cc_failed(cursor_end(&data)))
		return malformed(err, "more than one kind of data");
	st = take_minutiae(minutiae, &t, err);
	if (!cc_failed(st))
		*ret = t;
	return st;
}

static cc_status check_fields(const struct finger_template *t, struct cc_error *err)
{
	if (t->count > FINGER_MINUTIAE_MAX)
		return cc_fail(err, CC_E_ARG, "finger.template-malformed", "%zu minutiae", t->count);
	for (size_t i = 0; i < t->count; i++)
		if (t->minutiae[i].type > MINUTIA_BIFURCATION || t->minutiae[i].angle >= ANGLES)
			return cc_fail(err, CC_E_ARG, "finger.template-malformed", "minutia %zu", i + 1);
	if (!extended_is_sound(t->extended))
		return cc_fail(err, CC_E_ARG, "finger.template-malformed", "extended data");
	return cc_ok();
}

static void put_minutiae(struct writer *w, uint32_t tag, const struct finger_template *t)
{
	tlv_open(w, tag);
	for (size_t i = 0; i < t->count; i++) {
		writer_u8(w, t->minutiae[i].x);
		writer_u8(w, t->minutiae[i].y);
		writer_u8(w, (uint8_t)(t->minutiae[i].type << 6 | t->minutiae[i].angle));
	}
	tlv_close(w);
}

cc_status finger_template_encode(const struct finger_template *t, struct buf *ret, struct cc_error *err)
{
	struct writer w;
	cc_status st = check_fields(t, err);

	if (cc_failed(st))
		return st;
	writer_init(&w, FINGER_TEMPLATE_BYTES_MAX);
	tlv_open(&w, TAG_DATA);
	if (t->extended.n > 0) {
		tlv_open(&w, TAG_EXTENDED);
		put_minutiae(&w, TAG_EXTENDED_MINUTIAE, t);
		writer_put(&w, t->extended);
		tlv_close(&w);
	} else {
		put_minutiae(&w, TAG_MINUTIAE, t);
	}
	tlv_close(&w);
	st = writer_finish(&w, ret);
	if (st.code == CC_E_LIMIT)
		return cc_fail(err, st.code, "finger.template-too-large", "above %u bytes", FINGER_TEMPLATE_BYTES_MAX);
	return cc_failed(st) ? cc_fail(err, st.code, "memory", "template") : st;
}

/* ---- what the card says */

static bool order_is_known(uint8_t order)
{
	unsigned direction = order & 3, key = order & 0x1C;

	if (order == FINGER_ORDER_NONE)
		return true;
	return (order & 0xE0) == 0 && direction != 0 && direction != 3 && key >= FINGER_ORDER_XY && key <= FINGER_ORDER_POLAR;
}

static bool take_byte(struct cursor *in, uint32_t tag, uint8_t *ret)
{
	struct cursor value;

	return tlv_expect(in, TLV_STRICT, tag, &value) && cursor_u8(&value, ret) && !cc_failed(cursor_end(&value));
}

static bool take_algorithm(struct cursor *header, struct finger_bit *b)
{
	struct cursor in, numbers;

	if (!tlv_expect(header, TLV_STRICT, TAG_ALGORITHM, &in) || !tlv_expect(&in, TLV_STRICT, 0x81, &numbers) ||
	    !cursor_u8(&numbers, &b->min) || !cursor_u8(&numbers, &b->max) || cc_failed(cursor_end(&numbers)) ||
	    !take_byte(&in, 0x82, &b->order))
		return false;
	if (tlv_is_next(&in, 0x83) && !take_byte(&in, 0x83, &b->features))
		return false;
	return !cc_failed(cursor_end(&in)) && b->min <= b->max && b->max <= FINGER_MINUTIAE_MAX && order_is_known(b->order);
}

cc_status finger_bit_parse(struct bytes bytes, struct finger_bit *ret, struct cc_error *err)
{
	struct cursor in, information, header;
	struct bytes owner, format;
	struct finger_bit b = { 0 };
	uint8_t type;

	cursor_init(&in, bytes);
	if (!tlv_expect(&in, TLV_STRICT, TAG_INFORMATION, &information) || cc_failed(cursor_end(&in)) ||
	    !tlv_expect(&information, TLV_STRICT, TAG_HEADER, &header) || cc_failed(cursor_end(&information)) ||
	    !take_byte(&header, 0x81, &type) || !take_byte(&header, 0x82, &b.subtype) ||
	    !tlv_expect_bytes(&header, TLV_STRICT, 0x87, &owner) || !tlv_expect_bytes(&header, TLV_STRICT, 0x88, &format))
		return malformed(err, "not a biometric information template 7F60");
	if (type != 0x08 || !bytes_equal(owner, BYTES_LITERAL("\x01\x01")) ||
	    (!bytes_equal(format, BYTES_LITERAL("\x00\x05")) && !bytes_equal(format, BYTES_LITERAL("\x00\x06"))))
		return malformed(err, "not of finger minutiae of compact size");
	if (!take_algorithm(&header, &b) || cc_failed(cursor_end(&header)))
		return malformed(err, "parameters of the matching algorithm");
	if ((b.features != 0) != bytes_equal(format, BYTES_LITERAL("\x00\x06")))
		return malformed(err, "format and extended features disagree");
	*ret = b;
	return cc_ok();
}

cc_status finger_bit_encode(const struct finger_bit *b, struct buf *ret, struct cc_error *err)
{
	struct writer w;
	cc_status st;

	if (b->min > b->max || b->max > FINGER_MINUTIAE_MAX || !order_is_known(b->order))
		return cc_fail(err, CC_E_ARG, "finger.template-malformed", "%u to %u minutiae, order %02X", b->min, b->max,
			       b->order);
	writer_init(&w, 64);
	tlv_open(&w, TAG_INFORMATION);
	tlv_open(&w, TAG_HEADER);
	tlv_put_u8(&w, 0x81, 0x08);
	tlv_put_u8(&w, 0x82, b->subtype);
	tlv_put(&w, 0x87, BYTES_LITERAL("\x01\x01"));
	tlv_open(&w, 0x88);
	writer_u16(&w, b->features ? FINGER_FORMAT_COMPACT_EXTENDED : FINGER_FORMAT_COMPACT);
	tlv_close(&w);
	tlv_open(&w, TAG_ALGORITHM);
	tlv_open(&w, 0x81);
	writer_u8(&w, b->min);
	writer_u8(&w, b->max);
	tlv_close(&w);
	tlv_put_u8(&w, 0x82, b->order);
	if (b->features)
		tlv_put_u8(&w, 0x83, b->features);
	tlv_close(&w);
	tlv_close(&w);
	tlv_close(&w);
	st = writer_finish(&w, ret);
	return cc_failed(st) ? cc_fail(err, st.code, "memory", "biometric information template") : st;
}

/* ---- order: a key of 32 bits for each minutia */

struct keyed {
	uint32_t key;
	struct finger_minutia m;
};

/* Squared distance from the centre of mass, both times the count, so that whole numbers do. */
static uint32_t distance_key(const struct finger_template *t, const struct finger_minutia *m)
{
	int64_t sx = 0, sy = 0, n = (int64_t)t->count, dx, dy;

	for (size_t i = 0; i < t->count; i++) {
		sx += t->minutiae[i].x;
		sy += t->minutiae[i].y;
	}
	dx = m->x * n - sx;
	dy = m->y * n - sy;
	return (uint32_t)(dx * dx + dy * dy); /* at most 2 (255 * 128)^2 < 2^32 */
}

static uint32_t order_key(const struct finger_template *t, const struct finger_minutia *m, uint8_t order)
{
	switch (order & 0x1C) {
	case FINGER_ORDER_XY:
		return (uint32_t)m->x << 8 | m->y;
	case FINGER_ORDER_YX:
		return (uint32_t)m->y << 8 | m->x;
	case FINGER_ORDER_ANGLE:
		return m->angle;
	case FINGER_ORDER_POLAR:
		return distance_key(t, m);
	default:
		return 0;
	}
}

static int by_key(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return memcmp(&x->m, &y->m, sizeof x->m);
}

static int by_key_down(const void *a, const void *b)
{
	return by_key(b, a);
}

static void sort(struct finger_template *t, uint8_t order)
{
	struct keyed keyed[FINGER_MINUTIAE_MAX];

	for (size_t i = 0; i < t->count; i++)
		keyed[i] = (struct keyed){ order_key(t, &t->minutiae[i], order), t->minutiae[i] };
	qsort(keyed, t->count, sizeof keyed[0], (order & 3) == FINGER_ORDER_DESCENDING ? by_key_down : by_key);
	for (size_t i = 0; i < t->count; i++)
		t->minutiae[i] = keyed[i].m;
}

static bool is_ordered(const struct finger_template *t, uint8_t order)
{
	for (size_t i = 1; i < t->count; i++) {
		uint32_t a = order_key(t, &t->minutiae[i - 1], order), b = order_key(t, &t->minutiae[i], order);

		if ((order & 3) == FINGER_ORDER_DESCENDING ? a < b : a > b)
			return false;
	}
	return true;
}

static bool has_double(const struct finger_template *t)
{
	for (size_t i = 0; i < t->count; i++)
		for (size_t k = 0; k < i; k++)
			if (memcmp(&t->minutiae[i], &t->minutiae[k], sizeof t->minutiae[i]) == 0)
				return true;
	return false;
}

cc_status finger_template_check(const struct finger_template *t, const struct finger_bit *bit, struct cc_error *err)
{
	if (t->count < bit->min)
		return cc_fail(err, CC_E_VERIFY, "finger.template-few", "%zu minutiae, at least %u", t->count, bit->min);
	if (t->count > bit->max)
		return cc_fail(err, CC_E_VERIFY, "finger.template-many", "%zu minutiae, at most %u", t->count, bit->max);
	if (has_double(t))
		return cc_fail(err, CC_E_VERIFY, "finger.template-double", "a minutia twice");
	if (bit->order != FINGER_ORDER_NONE && !is_ordered(t, bit->order))
		return cc_fail(err, CC_E_VERIFY, "finger.template-order", "order %02X", bit->order);
	if (t->extended.n > 0 && bit->features == 0)
		return cc_fail(err, CC_E_VERIFY, "finger.template-features", "the card uses no extended data");
	return cc_ok();
}

void finger_template_fit(struct finger_template *t, const struct finger_bit *bit)
{
	if (bit->features == 0)
		t->extended = bytes_of(NULL, 0);
	if (t->count > bit->max) {
		sort(t, FINGER_ORDER_POLAR | FINGER_ORDER_ASCENDING);
		t->count = bit->max;
	}
	if (bit->order != FINGER_ORDER_NONE)
		sort(t, bit->order);
}
