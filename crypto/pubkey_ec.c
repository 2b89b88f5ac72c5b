/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pubkey_ec.h"

#include "crypto/asn1.h"
#include "crypto/ec_internal.h"
#include "crypto/pubkey.h"

#include <openssl/bn.h>

#define FIELD_MAX 66
#define SPKI_MAX 1024

const struct bytes pubkey_oid_ec = BYTES_LITERAL("\x2A\x86\x48\xCE\x3D\x02\x01");
static const struct bytes oid_prime_field = BYTES_LITERAL("\x2A\x86\x48\xCE\x3D\x01\x01");

/* The numbers of one curve, big-endian, p, a, b, x, y in field length, n without leading zeros. All have cofactor 1. */
struct domain_numbers {
	bool known;
	size_t field_len, order_len;
	uint8_t p[FIELD_MAX], a[FIELD_MAX], b[FIELD_MAX], point[1 + 2 * FIELD_MAX], n[FIELD_MAX];
};

static struct domain_numbers domains[EC_CURVE_COUNT];
static pthread_once_t domains_once = PTHREAD_ONCE_INIT;

static bool read_group(const EC_GROUP *group, struct domain_numbers *out)
{
	BIGNUM *p = BN_new(), *a = BN_new(), *b = BN_new();
	const BIGNUM *n = EC_GROUP_get0_order(group);
	int len = (EC_GROUP_get_degree(group) + 7) / 8;
	size_t point_len = 1 + 2 * (size_t)len;
	bool good = false;

	if (p == NULL || a == NULL || b == NULL || len > FIELD_MAX || BN_num_bytes(n) > FIELD_MAX ||
	    !BN_is_one(EC_GROUP_get0_cofactor(group)) || EC_GROUP_get_curve(group, p, a, b, NULL) != 1)
		goto out;
	out->field_len = (size_t)len;
	out->order_len = (size_t)BN_num_bytes(n);
	good = BN_bn2binpad(p, out->p, len) == len && BN_bn2binpad(a, out->a, len) == len &&
	       BN_bn2binpad(b, out->b, len) == len && BN_bn2bin(n, out->n) > 0 &&
	       EC_POINT_point2oct(group, EC_GROUP_get0_generator(group), POINT_CONVERSION_UNCOMPRESSED, out->point, point_len,
				  NULL) == point_len;
out:
	BN_free(p);
	BN_free(a);
	BN_free(b);
	return good;
}

static void load_domains(void)
{
	for (unsigned i = 0; i < EC_CURVE_COUNT; i++) {
		const EC_GROUP *group = ec_curve_group((enum ec_curve)i);

		if (group != NULL)
			domains[i].known = read_group(group, &domains[i]);
	}
}

static const struct domain_numbers *domain_numbers(enum ec_curve curve)
{
	(void)pthread_once(&domains_once, load_domains);
	return domains[curve].known ? &domains[curve] : NULL;
}

/* What an explicit SpecifiedECDomain says; views. cofactor is empty when absent. */
struct explicit_domain {
	struct bytes p, a, b, base, n, cofactor;
};

static bool same_number(struct bytes in, const uint8_t *known, size_t n)
{
	struct cursor c;
	uint8_t b;

	cursor_init(&c, in);
	while (cursor_left(&c) > n)
		if (!cursor_u8(&c, &b) || b != 0)
			return false;
	for (size_t i = 0; i < n; i++) {
		/* a shorter number has zeros in front */
		b = 0;
		if (cursor_left(&c) == n - i && !cursor_u8(&c, &b))
			return false;
		if (b != known[i])
			return false;
	}
	return true;
}

static bool same_base(struct bytes base, const struct domain_numbers *d)
{
	struct bytes known = bytes_of(d->point, 1 + 2 * d->field_len);
	struct cursor c;
	struct bytes x;
	uint8_t form;

	if (bytes_equal(base, known))
		return true;
	cursor_init(&c, base);
	if (!cursor_u8(&c, &form) || !cursor_take(&c, d->field_len, &x) || cc_failed(cursor_end(&c)))
		return false;
	return form == (0x02 | (d->point[2 * d->field_len] & 1)) && bytes_equal(x, bytes_of(d->point + 1, d->field_len));
}

static bool same_domain(const struct explicit_domain *e, const struct domain_numbers *d)
{
	static const uint8_t one[1] = { 1 };

	return same_number(e->p, d->p, d->field_len) && same_number(e->a, d->a, d->field_len) &&
	       same_number(e->b, d->b, d->field_len) && same_number(e->n, d->n, d->order_len) && same_base(e->base, d) &&
	       (e->cofactor.n == 0 || same_number(e->cofactor, one, sizeof one));
}

/* RFC 3279 2.3.5 ECParameters. The seed of a curve is no part of the group and is not compared. */
static bool parse_explicit(struct cursor *in, struct explicit_domain *ret)
{
	struct cursor seq, field, curve;
	struct bytes oid, seed, hash;
	uint64_t version;

	*ret = (struct explicit_domain){ 0 };
	if (!tlv_expect(in, TLV_STRICT, DER_SEQUENCE, &seq) || !der_uint(&seq, &version) || version < 1 || version > 3)
		return false;
	if (!tlv_expect(&seq, TLV_STRICT, DER_SEQUENCE, &field) || !der_oid(&field, &oid) || !bytes_equal(oid, oid_prime_field) ||
	    !der_integer(&field, &ret->p) || cc_failed(cursor_end(&field)))
		return false;
	if (!tlv_expect(&seq, TLV_STRICT, DER_SEQUENCE, &curve) ||
	    !tlv_expect_bytes(&curve, TLV_STRICT, DER_OCTET_STRING, &ret->a) ||
	    !tlv_expect_bytes(&curve, TLV_STRICT, DER_OCTET_STRING, &ret->b))
		return false;
	if (tlv_is_next(&curve, DER_BIT_STRING) && !tlv_expect_bytes(&curve, TLV_STRICT, DER_BIT_STRING, &seed))
		return false;
	if (cc_failed(cursor_end(&curve)) || !tlv_expect_bytes(&seq, TLV_STRICT, DER_OCTET_STRING, &ret->base) ||
	    !der_integer(&seq, &ret->n))
		return false;
	if (tlv_is_next(&seq, DER_INTEGER) && !der_integer(&seq, &ret->cofactor))
		return false;
	if (tlv_is_next(&seq, DER_SEQUENCE) && !tlv_expect_bytes(&seq, TLV_STRICT, DER_SEQUENCE, &hash))
		return false;
	return !cc_failed(cursor_end(&seq)) && !cc_failed(cursor_end(in));
}

static cc_status explicit_curve(struct cursor *in, enum ec_curve *ret, struct cc_error *err)
{
	struct explicit_domain e;

	if (!parse_explicit(in, &e))
		return cc_fail(err, CC_E_FORMAT, "pubkey.malformed", "explicit EC parameters");
	for (unsigned i = 0; i < EC_CURVE_COUNT; i++) {
		const struct domain_numbers *d = domain_numbers((enum ec_curve)i);

		if (d != NULL && same_domain(&e, d)) {
			*ret = (enum ec_curve)i;
			return cc_ok();
		}
	}
	return cc_fail(err, CC_E_UNSUPPORTED, "pubkey.unknown-curve", "explicit parameters of no known curve, field of %zu bytes",
		       e.p.n);
}

cc_status pubkey_ec_curve(struct bytes params, enum ec_curve *ret, bool *ret_explicit, struct cc_error *err)
{
	struct cursor in;
	struct bytes oid;
	char text[64];
	cc_status st;

	cursor_init(&in, params);
	if (tlv_is_next(&in, DER_SEQUENCE)) {
		st = explicit_curve(&in, ret, err);
		if (!cc_failed(st))
			*ret_explicit = true;
		return st;
	}
	if (tlv_is_next(&in, DER_NULL))
		return cc_fail(err, CC_E_UNSUPPORTED, "pubkey.unknown-curve", "parameters inherited from elsewhere");
	if (!der_oid(&in, &oid) || cc_failed(cursor_end(&in)))
		return cc_fail(err, CC_E_FORMAT, "pubkey.malformed", "EC parameters");
	if (!ec_curve_from_oid(oid, ret)) {
		der_oid_text(oid, text, sizeof text);
		return cc_fail(err, CC_E_UNSUPPORTED, "pubkey.unknown-curve", "named curve %s", text);
	}
	*ret_explicit = false;
	return cc_ok();
}

static void put_explicit(struct writer *w, const struct domain_numbers *d)
{
	tlv_open(w, DER_SEQUENCE);
	der_put_uint(w, 1);
	tlv_open(w, DER_SEQUENCE);
	der_put_oid(w, oid_prime_field);
	der_put_integer(w, bytes_of(d->p, d->field_len));
	tlv_close(w);
	tlv_open(w, DER_SEQUENCE);
	tlv_put(w, DER_OCTET_STRING, bytes_of(d->a, d->field_len));
	tlv_put(w, DER_OCTET_STRING, bytes_of(d->b, d->field_len));
	tlv_close(w);
	tlv_put(w, DER_OCTET_STRING, bytes_of(d->point, 1 + 2 * d->field_len));
	der_put_integer(w, bytes_of(d->n, d->order_len));
	der_put_uint(w, 1);
	tlv_close(w);
}

cc_status ec_spki_encode(enum ec_curve curve, struct bytes point, enum ec_param_form form, struct buf *ret)
{
	const struct domain_numbers *d = domain_numbers(curve);
	struct writer w;

	if (d == NULL)
		return cc_code_status(CC_E_UNSUPPORTED);
	if (point.n != 1 + 2 * d->field_len)
		return cc_code_status(CC_E_ARG);
	writer_init(&w, SPKI_MAX);
	tlv_open(&w, DER_SEQUENCE);
	tlv_open(&w, DER_SEQUENCE);
	der_put_oid(&w, pubkey_oid_ec);
	if (form == EC_PARAMS_EXPLICIT)
		put_explicit(&w, d);
	else
		der_put_oid(&w, ec_curve_oid(curve));
	tlv_close(&w);
	asn1_put_bit_string(&w, point);
	tlv_close(&w);
	return writer_finish(&w, ret);
}

cc_status ec_spki_point(struct bytes der, struct bytes *ret_point)
{
	struct cursor in, seq;
	struct asn1_algorithm alg;
	struct bytes point;

	cursor_init(&in, der);
	if (!tlv_expect(&in, TLV_STRICT, DER_SEQUENCE, &seq) || !asn1_algorithm(&seq, TLV_STRICT, &alg) ||
	    !bytes_equal(alg.oid, pubkey_oid_ec) || !asn1_bit_string(&seq, TLV_STRICT, &point) || cc_failed(cursor_end(&seq)) ||
	    cc_failed(cursor_end(&in)))
		return cc_code_status(CC_E_FORMAT);
	*ret_point = point;
	return cc_ok();
}
