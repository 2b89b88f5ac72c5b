/* SPDX-License-Identifier: Apache-2.0 */
#include "card/softchip/chip.h"

#include "crypto/base/tlv.h"

#include <string.h>

/*
 * The chip's trust in inspection systems, one field that is replaced as a
 * whole: the current date (6), then up to two trust points, the newer one first,
 * each C0 { curve or FF (1), certificate body 7F4E }. The curve is written out
 * because a link certificate may leave its domain parameters to its issuer.
 */
#define TAG_POINT 0xC0
#define NO_CURVE 0xFF
#define POINTS_MAX 2
#define FIELD_MAX 4096
#define EF_CVCA_LEN 36 /* BSI TR-03110-3 A.6.2.2 */

struct trust {
	uint8_t date[CHIP_DATE_LEN];
	size_t count;
	struct chip_cvc point[POINTS_MAX];
};

static bool read_point(struct cursor *in, struct chip_cvc *ret)
{
	struct cursor point;
	uint8_t curve;

	if (!tlv_expect(in, TLV_LENIENT, TAG_POINT, &point) || !cursor_u8(&point, &curve) ||
	    cc_failed(chip_cvc_read(cursor_rest(&point), ret)))
		return false;
	ret->has_curve = curve < EC_CURVE_COUNT;
	if (ret->has_curve)
		ret->curve = (enum ec_curve)curve;
	return true;
}

/* Views into memory. What can't be read is not there: then nobody is trusted. */
static void read_trust(const struct softchip *chip, struct trust *ret)
{
	struct cursor in;

	*ret = (struct trust){ 0 };
	cursor_init(&in, chip_memory_field(&chip->memory, CHIP_FIELD_TRUST));
	if (!cursor_copy(&in, ret->date, sizeof ret->date))
		return;
	while (cursor_left(&in) > 0 && ret->count < POINTS_MAX && read_point(&in, &ret->point[ret->count]))
		ret->count++;
}

static struct bytes date_of(const struct trust *t)
{
	return bytes_of(t->date, sizeof t->date);
}

static cc_status write_trust(struct softchip *chip, const struct trust *t)
{
	struct writer w;
	cc_status st;

	writer_init(&w, FIELD_MAX);
	writer_put(&w, date_of(t));
	for (size_t i = 0; i < t->count; i++) {
		const struct chip_cvc *p = &t->point[i];

		/* TR-03110-3 2.6: when the date has passed its end a trust point is disabled; the last one stays for its link. */
		if (i > 0 && bytes_compare(p->expiration, date_of(t)) < 0)
			continue;
		tlv_open(&w, TAG_POINT);
		writer_u8(&w, p->has_curve ? (uint8_t)p->curve : NO_CURVE);
		writer_put(&w, p->body);
		tlv_close(&w);
	}
	st = cc_code_status(w.failed);
	if (!cc_failed(st))
		st = chip_memory_set(&chip->memory, CHIP_FIELD_TRUST, writer_view(&w));
	writer_done(&w);
	return st;
}

static void advance(struct trust *t, struct bytes date)
{
	CC_ASSERT(date.n == sizeof t->date);
	if (bytes_compare(date, date_of(t)) > 0)
		memcpy(t->date, date.p, sizeof t->date);
}

bool chip_trust_find(const struct softchip *chip, struct bytes holder, struct chip_cvc *ret)
{
	struct trust t;

	read_trust(chip, &t);
	for (size_t i = 0; i < t.count; i++) {
		if (bytes_equal(t.point[i].chr, holder)) {
			*ret = t.point[i];
			return true;
		}
	}
	return false;
}

bool chip_trust_expired(const struct softchip *chip, struct bytes expiration)
{
	struct trust t;

	read_trust(chip, &t);
	return bytes_compare(expiration, date_of(&t)) < 0;
}

cc_status chip_trust_advance(struct softchip *chip, struct bytes date)
{
	struct trust t;

	read_trust(chip, &t);
	if (bytes_compare(date, date_of(&t)) <= 0)
		return cc_ok();
	advance(&t, date);
	return write_trust(chip, &t);
}

cc_status chip_trust_link(struct softchip *chip, const struct chip_cvc *link)
{
	struct trust t;

	read_trust(chip, &t);
	if (t.count < POINTS_MAX)
		t.count++;
	for (size_t i = t.count - 1; i > 0; i--)
		t.point[i] = t.point[i - 1];
	t.point[0] = *link;
	advance(&t, link->effective);
	return write_trust(chip, &t);
}

uint16_t chip_trust_personalize(struct softchip *chip, struct bytes certificate)
{
	struct bytes content, body, signature;
	struct chip_cvc c;
	struct cursor in;
	struct trust t;

	cursor_init(&in, certificate);
	if (!tlv_expect_bytes(&in, TLV_LENIENT, 0x7F21, &content) || cc_failed(cursor_end(&in)) ||
	    cc_failed(chip_cvc_split(content, &body, &signature)) || cc_failed(chip_cvc_read(body, &c)) ||
	    c.role != CHIP_CVC_CVCA || !bytes_equal(c.car, c.chr) || cc_failed(chip_cvc_verify(&c, body, signature)))
		return CHIP_SW_DATA;
	read_trust(chip, &t);
	t.count = 1;
	t.point[0] = c;
	advance(&t, c.effective);
	return chip_sw_of(write_trust(chip, &t));
}

uint16_t chip_trust_personalize_date(struct softchip *chip, struct bytes date)
{
	struct trust t;

	if (!chip_cvc_date_valid(date))
		return CHIP_SW_DATA;
	read_trust(chip, &t);
	memcpy(t.date, date.p, sizeof t.date);
	return chip_sw_of(write_trust(chip, &t));
}

/* BSI TR-03110-3 A.6.2.2: one or two references, then zeros. */
bool chip_trust_put_ef(const struct softchip *chip, struct writer *out)
{
	struct trust t;

	read_trust(chip, &t);
	if (t.count == 0)
		return false;
	for (size_t i = 0; i < t.count; i++)
		tlv_put(out, 0x42, t.point[i].chr);
	if (out->n < EF_CVCA_LEN)
		writer_fill(out, 0, EF_CVCA_LEN - out->n);
	return true;
}

/* ICAO 9303-11 table 4: 87 the most recent reference, 88 the one before. */
void chip_trust_put_references(const struct softchip *chip, struct writer *out)
{
	struct trust t;

	read_trust(chip, &t);
	for (size_t i = 0; i < t.count; i++)
		tlv_put(out, 0x87 + (uint32_t)i, t.point[i].chr);
}
