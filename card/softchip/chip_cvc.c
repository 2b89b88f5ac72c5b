/* SPDX-License-Identifier: Apache-2.0 */
#include "card/softchip/chip_cvc.h"

#include "crypto/base/tlv.h"
#include "crypto/rsa.h"

#define REFERENCE_MAX 16
#define EXPONENT_MAX 8

/* BSI TR-03110-3 A.6.3: id-TA, 0.4.0.127.0.7.2.2.2; 1 for RSA, 2 for ECDSA, then the scheme. */
static const struct bytes oid_ta = BYTES_LITERAL("\x04\x00\x7F\x00\x07\x02\x02\x02");
/* C.4.1: id-IS, 0.4.0.127.0.7.3.1.2.1: what an inspection system may do. */
static const struct bytes oid_is = BYTES_LITERAL("\x04\x00\x7F\x00\x07\x03\x01\x02\x01");

static const struct algorithm {
	uint8_t family, scheme;
	enum sig_scheme sig;
	enum hash_alg hash;
} algorithms[] = {
	{ 1, 1, SIG_RSA_PKCS1, HASH_SHA1 }, { 1, 2, SIG_RSA_PKCS1, HASH_SHA256 }, { 1, 3, SIG_RSA_PSS, HASH_SHA1 },
	{ 1, 4, SIG_RSA_PSS, HASH_SHA256 }, { 1, 5, SIG_RSA_PKCS1, HASH_SHA512 }, { 1, 6, SIG_RSA_PSS, HASH_SHA512 },
	{ 2, 1, SIG_ECDSA, HASH_SHA1 },	    { 2, 2, SIG_ECDSA, HASH_SHA224 },	  { 2, 3, SIG_ECDSA, HASH_SHA256 },
	{ 2, 4, SIG_ECDSA, HASH_SHA384 },   { 2, 5, SIG_ECDSA, HASH_SHA512 },
};

static cc_status read_algorithm(struct bytes oid, struct sig_alg *ret)
{
	struct cursor in;
	struct bytes stem;
	uint8_t family, scheme;

	cursor_init(&in, oid);
	if (!cursor_take(&in, oid_ta.n, &stem) || !bytes_equal(stem, oid_ta) || !cursor_u8(&in, &family) ||
	    !cursor_u8(&in, &scheme) || cc_failed(cursor_end(&in)))
		return cc_code_status(CC_E_UNSUPPORTED);
	for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++) {
		const struct algorithm *a = &algorithms[i];

		if (a->family != family || a->scheme != scheme)
			continue;
		*ret = (struct sig_alg){ .scheme = a->sig, .hash = a->hash, .salt_len = hash_len(a->hash), .mgf_hash = a->hash };
		return cc_ok();
	}
	return cc_code_status(CC_E_UNSUPPORTED);
}

/* D.3.1: 81 modulus, 82 exponent. */
static cc_status read_rsa_key(struct cursor *in, struct chip_cvc *ret)
{
	struct cursor modulus;
	uint8_t first;

	if (!tlv_expect(in, TLV_LENIENT, 0x81, &modulus) || !tlv_expect_bytes(in, TLV_LENIENT, 0x82, &ret->exponent) ||
	    cc_failed(cursor_end(in)) || ret->exponent.n > EXPONENT_MAX)
		return cc_code_status(CC_E_FORMAT);
	/* D.2.1.1: no zero in front. */
	if (!cursor_peek(&modulus, &first) || first == 0)
		return cc_code_status(CC_E_FORMAT);
	ret->modulus = cursor_rest(&modulus);
	return cc_ok();
}

/* D.3.3: 81 p, 82 a, 83 b, 84 generator, 85 order; the cofactor 87 comes behind the point. */
static cc_status read_curve(struct cursor *in, struct chip_cvc *ret)
{
	struct bytes v[5];

	for (uint32_t i = 0; i < 5; i++)
		if (!tlv_expect_bytes(in, TLV_LENIENT, 0x81 + i, &v[i]))
			return cc_code_status(CC_E_FORMAT);
	/* A curve that nobody knows has a generator that an attacker knows. */
	if (!ec_curve_from_numbers(v[0], v[1], v[2], v[3], v[4], &ret->curve))
		return cc_code_status(CC_E_UNSUPPORTED);
	ret->has_curve = true;
	return cc_ok();
}

static cc_status read_ec_key(struct cursor *in, struct chip_cvc *ret)
{
	struct bytes cofactor;
	cc_status st;

	if (tlv_is_next(in, 0x81) && cc_failed(st = read_curve(in, ret)))
		return st;
	if (!tlv_expect_bytes(in, TLV_LENIENT, 0x86, &ret->point))
		return cc_code_status(CC_E_FORMAT);
	if (ret->has_curve &&
	    (!tlv_expect_bytes(in, TLV_LENIENT, 0x87, &cofactor) || !bytes_equal(cofactor, BYTES_LITERAL("\x01"))))
		return cc_code_status(CC_E_FORMAT);
	return cursor_end(in);
}

static cc_status read_key(struct cursor *body, struct chip_cvc *ret)
{
	struct cursor in;
	struct bytes oid;
	cc_status st;

	if (!tlv_expect(body, TLV_LENIENT, 0x7F49, &in) || !tlv_expect_bytes(&in, TLV_LENIENT, 0x06, &oid))
		return cc_code_status(CC_E_FORMAT);
	if (cc_failed(st = read_algorithm(oid, &ret->alg)))
		return st;
	return ret->alg.scheme == SIG_ECDSA ? read_ec_key(&in, ret) : read_rsa_key(&in, ret);
}

static cc_status read_authorisation(struct cursor *body, struct chip_cvc *ret)
{
	struct cursor chat, in;
	struct bytes oid;
	uint8_t v;

	if (!tlv_expect(body, TLV_LENIENT, 0x7F4C, &chat) || !tlv_expect_bytes(&chat, TLV_LENIENT, 0x06, &oid) ||
	    !tlv_expect(&chat, TLV_LENIENT, 0x53, &in) || cc_failed(cursor_end(&chat)))
		return cc_code_status(CC_E_FORMAT);
	if (!bytes_equal(oid, oid_is))
		return cc_code_status(CC_E_UNSUPPORTED);
	if (!cursor_u8(&in, &v) || cc_failed(cursor_end(&in)))
		return cc_code_status(CC_E_FORMAT);
	ret->role = (enum chip_cvc_role)(v & 0xC0);
	ret->rights = v & (CHIP_CVC_READ_DG3 | CHIP_CVC_READ_DG4);
	return cc_ok();
}

static unsigned two_digits(const uint8_t p[2])
{
	return p[0] * 10u + p[1];
}

/* D.2.1.3: digits, and a day of the calendar (years 2000 to 2099, where each fourth one is a leap year). */
bool chip_cvc_date_valid(struct bytes date)
{
	static const unsigned days[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	uint8_t d[CHIP_DATE_LEN];
	struct cursor in;
	unsigned month, day;

	cursor_init(&in, date);
	if (!cursor_copy(&in, d, sizeof d) || cc_failed(cursor_end(&in)))
		return false;
	for (size_t i = 0; i < sizeof d; i++)
		if (d[i] > 9)
			return false;
	month = two_digits(d + 2);
	day = two_digits(d + 4);
	if (month < 1 || month > 12 || day < 1)
		return false;
	return day <= days[month - 1] + (month == 2 && two_digits(d) % 4 == 0 ? 1u : 0u);
}

static bool read_reference(struct cursor *body, uint32_t tag, struct bytes *ret)
{
	return tlv_expect_bytes(body, TLV_LENIENT, tag, ret) && ret->n > 0 && ret->n <= REFERENCE_MAX;
}

/* C.1: 5F29 profile, 42 authority, 7F49 key, 5F20 holder, 7F4C authorisation, 5F25 from, 5F24 to, 65 extensions. */
static cc_status read_body(struct cursor *in, struct chip_cvc *ret)
{
	struct bytes profile, extensions;
	cc_status st;

	if (!tlv_expect_bytes(in, TLV_LENIENT, 0x5F29, &profile) || !bytes_equal(profile, BYTES_LITERAL("\x00")) ||
	    !read_reference(in, 0x42, &ret->car))
		return cc_code_status(CC_E_FORMAT);
	if (cc_failed(st = read_key(in, ret)))
		return st;
	if (!read_reference(in, 0x5F20, &ret->chr))
		return cc_code_status(CC_E_FORMAT);
	if (cc_failed(st = read_authorisation(in, ret)))
		return st;
	if (!tlv_expect_bytes(in, TLV_LENIENT, 0x5F25, &ret->effective) ||
	    !tlv_expect_bytes(in, TLV_LENIENT, 0x5F24, &ret->expiration) || !chip_cvc_date_valid(ret->effective) ||
	    !chip_cvc_date_valid(ret->expiration) || bytes_compare(ret->expiration, ret->effective) < 0)
		return cc_code_status(CC_E_FORMAT);
	if (tlv_is_next(in, 0x65) && !tlv_expect_bytes(in, TLV_LENIENT, 0x65, &extensions))
		return cc_code_status(CC_E_FORMAT);
	return cursor_end(in);
}

cc_status chip_cvc_read(struct bytes body, struct chip_cvc *ret)
{
	struct chip_cvc c = { .body = body };
	struct cursor in, content;
	cc_status st;

	cursor_init(&in, body);
	if (body.n > CHIP_CVC_MAX || !tlv_expect(&in, TLV_LENIENT, 0x7F4E, &content) || cc_failed(cursor_end(&in)))
		return cc_code_status(CC_E_FORMAT);
	st = read_body(&content, &c);
	if (!cc_failed(st))
		*ret = c;
	return st;
}

cc_status chip_cvc_split(struct bytes content, struct bytes *ret_body, struct bytes *ret_signature)
{
	struct cursor in;
	struct tlv body;
	struct bytes signature;

	cursor_init(&in, content);
	if (!tlv_next(&in, TLV_LENIENT, &body) || body.tag != 0x7F4E || !tlv_expect_bytes(&in, TLV_LENIENT, 0x5F37, &signature) ||
	    cc_failed(cursor_end(&in)))
		return cc_code_status(CC_E_FORMAT);
	*ret_body = body.whole;
	*ret_signature = signature;
	return cc_ok();
}

static cc_status verify_rsa(const struct chip_cvc *key, struct bytes digest, struct bytes signature)
{
	struct rsa_key *rsa = NULL;
	cc_status st;

	if (signature.n != key->modulus.n)
		return cc_code_status(CC_E_VERIFY);
	st = rsa_key_public(key->modulus, key->exponent, &rsa);
	if (!cc_failed(st))
		st = rsa_verify_digest(rsa, key->alg, digest, signature);
	rsa_key_free(&rsa);
	return st;
}

cc_status chip_cvc_verify(const struct chip_cvc *key, struct bytes message, struct bytes signature)
{
	struct digest d;
	cc_status st = hash_digest(key->alg.hash, message, &d);

	if (cc_failed(st))
		return st;
	if (key->alg.scheme != SIG_ECDSA)
		return verify_rsa(key, bytes_of(d.p, d.n), signature);
	if (!key->has_curve)
		return cc_code_status(CC_E_FORMAT);
	return ec_verify_digest(key->curve, key->point, bytes_of(d.p, d.n), signature, EC_SIG_PLAIN);
}
