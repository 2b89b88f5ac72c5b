/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/asn1.h"

#include <stdio.h>
#include <time.h>

bool asn1_bit_string(struct cursor *in, enum tlv_mode mode, struct bytes *ret)
{
	struct cursor value;
	uint8_t unused;

	if (!tlv_expect(in, mode, DER_BIT_STRING, &value))
		return false;
	if (!cursor_u8(&value, &unused) || unused != 0)
		return cursor_fail(in);
	*ret = cursor_rest(&value);
	return true;
}

bool asn1_algorithm(struct cursor *in, enum tlv_mode mode, struct asn1_algorithm *ret)
{
	struct cursor seq;
	struct bytes oid;
	struct tlv params = { 0 };

	if (!tlv_expect(in, mode, DER_SEQUENCE, &seq))
		return false;
	if (!der_oid(&seq, &oid))
		return cursor_fail(in);
	if (cursor_left(&seq) > 0 && !tlv_next(&seq, mode, &params))
		return cursor_fail(in);
	if (cc_failed(cursor_end(&seq)))
		return cursor_fail(in);
	*ret = (struct asn1_algorithm){ oid, params.whole };
	return true;
}

bool asn1_params_empty(struct bytes params)
{
	return params.n == 0 || bytes_equal(params, BYTES_LITERAL("\x05\x00"));
}

static bool two_digits(struct cursor *in, int *ret)
{
	uint8_t a, b;

	if (!cursor_u8(in, &a) || !cursor_u8(in, &b) || a < '0' || a > '9' || b < '0' || b > '9')
		return cursor_fail(in);
	*ret = (a - '0') * 10 + (b - '0');
	return true;
}

/* Month to second and the Z. Seconds are mandatory in DER; without them the time is refused. */
static bool time_after_year(struct cursor *in, int year, int64_t *ret_s)
{
	int month, day, hour, minute, second;
	uint8_t z;
	struct tm tm = { 0 };
	struct tm again;
	time_t t;

	if (!two_digits(in, &month) || !two_digits(in, &day) || !two_digits(in, &hour) || !two_digits(in, &minute) ||
	    !two_digits(in, &second) || !cursor_u8(in, &z) || z != 'Z' || cc_failed(cursor_end(in)))
		return cursor_fail(in);
	tm.tm_year = year - 1900;
	tm.tm_mon = month - 1;
	tm.tm_mday = day;
	tm.tm_hour = hour;
	tm.tm_min = minute;
	tm.tm_sec = second;
	t = timegm(&tm);
	/* timegm turns 31 February into March: what doesn't come back unchanged was no date. */
	if (gmtime_r(&t, &again) == NULL || again.tm_year != year - 1900 || again.tm_mon != month - 1 || again.tm_mday != day ||
	    again.tm_hour != hour || again.tm_min != minute || again.tm_sec != second)
		return cursor_fail(in);
	*ret_s = (int64_t)t;
	return true;
}

bool asn1_generalized_time_text(struct bytes text, int64_t *ret_s)
{
	struct cursor in;
	int century, year;

	cursor_init(&in, text);
	return two_digits(&in, &century) && two_digits(&in, &year) && time_after_year(&in, century * 100 + year, ret_s);
}

static bool utc_time_text(struct bytes text, int64_t *ret_s)
{
	struct cursor in;
	int year;

	cursor_init(&in, text);
	return two_digits(&in, &year) && time_after_year(&in, year >= 50 ? 1900 + year : 2000 + year, ret_s);
}

bool asn1_time(struct cursor *in, int64_t *ret_s)
{
	struct tlv t;

	if (!tlv_next(in, TLV_STRICT, &t))
		return false;
	if (t.tag == DER_UTC_TIME && utc_time_text(t.value, ret_s))
		return true;
	if (t.tag == DER_GENERALIZED_TIME && asn1_generalized_time_text(t.value, ret_s))
		return true;
	return cursor_fail(in);
}

bool asn1_extension(struct cursor *in, struct asn1_extension *ret)
{
	struct cursor seq;
	struct asn1_extension e = { 0 };
	struct bytes flag;

	if (!tlv_expect(in, TLV_STRICT, DER_SEQUENCE, &seq))
		return false;
	if (!der_oid(&seq, &e.oid))
		return cursor_fail(in);
	if (tlv_is_next(&seq, DER_BOOLEAN)) {
		if (!tlv_expect_bytes(&seq, TLV_STRICT, DER_BOOLEAN, &flag) || flag.n != 1)
			return cursor_fail(in);
		e.critical = !bytes_equal(flag, BYTES_LITERAL("\x00"));
	}
	if (!tlv_expect_bytes(&seq, TLV_STRICT, DER_OCTET_STRING, &e.value) || cc_failed(cursor_end(&seq)))
		return cursor_fail(in);
	*ret = e;
	return true;
}

bool asn1_authority_key_id(struct bytes value, struct bytes *ret)
{
	struct cursor in, seq;
	struct bytes id = { 0 };
	struct tlv t;

	cursor_init(&in, value);
	if (!tlv_expect(&in, TLV_STRICT, DER_SEQUENCE, &seq) || cc_failed(cursor_end(&in)))
		return false;
	while (cursor_left(&seq) > 0) {
		if (!tlv_next(&seq, TLV_STRICT, &t))
			return false;
		if (t.tag == 0x80)
			id = t.value;
	}
	*ret = id;
	return true;
}

void asn1_put_bit_string(struct writer *w, struct bytes octets)
{
	tlv_open(w, DER_BIT_STRING);
	writer_u8(w, 0);
	writer_put(w, octets);
	tlv_close(w);
}

/* "YYYYMMDDHHMMSSZ"; the writer fails for years that have no four digits. */
static bool time_text(struct writer *w, int64_t s, char out[16], int *ret_year)
{
	time_t t = (time_t)s;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL || tm.tm_year < 1950 - 1900 || tm.tm_year > 9999 - 1900 ||
	    strftime(out, 16, "%Y%m%d%H%M%SZ", &tm) != 15) {
		writer_fail(w, CC_E_ARG);
		return false;
	}
	*ret_year = tm.tm_year + 1900;
	return true;
}

void asn1_put_generalized_time(struct writer *w, uint32_t tag, int64_t s)
{
	char text[16];
	int year;

	if (time_text(w, s, text, &year))
		tlv_put(w, tag, bytes_str(text));
}

void asn1_put_time(struct writer *w, int64_t s)
{
	char text[16];
	int year;

	if (!time_text(w, s, text, &year))
		return;
	if (year < 2050)
		tlv_put(w, DER_UTC_TIME, bytes_str(text + 2));
	else
		tlv_put(w, DER_GENERALIZED_TIME, bytes_str(text));
}

/*
 * X.690 11.6 pads the shorter one with zeros for the comparison. An encoding
 * that is another one's prefix would have to be longer than its own length says,
 * so the order of bytes_compare is the same.
 */
void asn1_put_set_of(struct writer *w, uint32_t tag, struct bytes *members, size_t count)
{
	if (count > DER_SET_MAX) {
		writer_fail(w, CC_E_LIMIT);
		return;
	}
	for (size_t i = 1; i < count; i++)
		for (size_t k = i; k > 0 && bytes_compare(members[k - 1], members[k]) > 0; k--) {
			struct bytes swap = members[k];

			members[k] = members[k - 1];
			members[k - 1] = swap;
		}
	tlv_open(w, tag);
	for (size_t i = 0; i < count; i++)
		writer_put(w, members[i]);
	tlv_close(w);
}
