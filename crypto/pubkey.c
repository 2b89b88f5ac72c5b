/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pubkey.h"

#include "crypto/asn1.h"
#include "crypto/base/secret.h"
#include "crypto/pubkey_ec.h"
#include "crypto/rsa.h"

#define SPKI_RSA_MAX (2 * RSA_BITS_MAX / 8 + 128)

static const struct bytes oid_rsa = BYTES_LITERAL("\x2A\x86\x48\x86\xF7\x0D\x01\x01\x01");
static const struct bytes oid_rsa_pss = BYTES_LITERAL("\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0A");

struct pubkey {
	enum pubkey_kind kind;
	enum ec_curve curve;
	bool is_explicit, lacks_sign_octet;
	struct buf point;
	struct buf modulus, exponent;
	struct rsa_key *rsa;
	struct ec_verifier *verifier; /* PUBKEY_EC */
};

void pubkey_free(struct pubkey **k)
{
	if (*k == NULL)
		return;
	buf_done(&(*k)->point);
	buf_done(&(*k)->modulus);
	buf_done(&(*k)->exponent);
	rsa_key_free(&(*k)->rsa);
	ec_verifier_free(&(*k)->verifier);
	cc_free(*k, sizeof **k);
	*k = NULL;
}

cc_status pubkey_from_ec_point(enum ec_curve curve, struct bytes point, struct pubkey **ret)
{
	struct pubkey *k = cc_alloc(sizeof *k);
	cc_status st;

	if (k == NULL)
		return cc_code_status(CC_E_MEMORY);
	k->kind = PUBKEY_EC;
	k->curve = curve;
	st = ec_verifier_new(curve, point, &k->verifier);
	if (!cc_failed(st))
		st = buf_copy(&k->point, point);
	if (cc_failed(st))
		pubkey_free(&k);
	else
		*ret = k;
	return st;
}

static cc_status ec_from_spki(struct asn1_algorithm alg, struct bytes point, struct pubkey **ret, struct cc_error *err)
{
	enum ec_curve curve;
	bool is_explicit;
	cc_status st = pubkey_ec_curve(alg.params, &curve, &is_explicit, err);

	if (cc_failed(st))
		return st;
	st = pubkey_from_ec_point(curve, point, ret);
	if (cc_failed(st))
		return cc_fail(err, st.code, "pubkey.bad-point", "%s: the point is not on the curve", ec_curve_name(curve));
	(*ret)->is_explicit = is_explicit;
	return st;
}

/*
 * INTEGER that must be positive. *ret_lacks_octet (NULL: refused then): it has no
 * leading zero octet, and its first octets are not held against minimality, for
 * they are those of the unsigned number.
 */
static bool positive(struct cursor *in, struct bytes *ret, bool *ret_lacks_octet)
{
	struct bytes value;
	struct cursor c;
	uint8_t first, second;

	if (!tlv_expect_bytes(in, TLV_STRICT, DER_INTEGER, &value))
		return false;
	cursor_init(&c, value);
	if (!cursor_peek(&c, &first) || (first >= 0x80 && ret_lacks_octet == NULL))
		return cursor_fail(in);
	if (ret_lacks_octet != NULL)
		*ret_lacks_octet = first >= 0x80;
	if (first == 0 && cursor_left(&c) > 1 && (!cursor_skip(&c, 1) || !cursor_peek(&c, &second) || second < 0x80))
		return cursor_fail(in);
	*ret = cursor_rest(&c);
	return true;
}

static cc_status rsa_from_numbers(struct bytes modulus, struct bytes exponent, struct pubkey **ret)
{
	struct pubkey *k = cc_alloc(sizeof *k);
	cc_status st;

	if (k == NULL)
		return cc_code_status(CC_E_MEMORY);
	k->kind = PUBKEY_RSA;
	st = rsa_key_public(modulus, exponent, &k->rsa);
	if (!cc_failed(st))
		st = buf_copy(&k->modulus, modulus);
	if (!cc_failed(st))
		st = buf_copy(&k->exponent, exponent);
	if (cc_failed(st))
		pubkey_free(&k);
	else
		*ret = k;
	return st;
}

static cc_status rsa_from_spki(struct bytes key, struct pubkey **ret, struct cc_error *err)
{
	struct cursor in, seq;
	struct bytes modulus, exponent;
	bool lacks_octet = false;
	cc_status st;

	cursor_init(&in, key);
	if (!tlv_expect(&in, TLV_STRICT, DER_SEQUENCE, &seq) || !positive(&seq, &modulus, &lacks_octet) ||
	    !positive(&seq, &exponent, NULL) || cc_failed(cursor_end(&seq)) || cc_failed(cursor_end(&in)))
		return cc_fail(err, CC_E_FORMAT, "pubkey.malformed", "RSAPublicKey");
	st = rsa_from_numbers(modulus, exponent, ret);
	if (cc_failed(st))
		return cc_fail(err, st.code, "pubkey.bad-modulus", "RSA key of %zu bytes", modulus.n);
	(*ret)->lacks_sign_octet = lacks_octet;
	return st;
}

cc_status pubkey_from_spki(struct bytes der, struct pubkey **ret, struct cc_error *err)
{
	struct cursor in, seq;
	struct asn1_algorithm alg;
	struct bytes key;
	char text[64];

	cursor_init(&in, der);
	if (!tlv_expect(&in, TLV_STRICT, DER_SEQUENCE, &seq) || !asn1_algorithm(&seq, TLV_STRICT, &alg) ||
	    !asn1_bit_string(&seq, TLV_STRICT, &key) || cc_failed(cursor_end(&seq)) || cc_failed(cursor_end(&in)))
		return cc_fail(err, CC_E_FORMAT, "pubkey.malformed", "SubjectPublicKeyInfo of %zu bytes", der.n);
	if (bytes_equal(alg.oid, pubkey_oid_ec))
		return ec_from_spki(alg, key, ret, err);
	if (bytes_equal(alg.oid, oid_rsa) || bytes_equal(alg.oid, oid_rsa_pss))
		return rsa_from_spki(key, ret, err);
	der_oid_text(alg.oid, text, sizeof text);
	return cc_fail(err, CC_E_UNSUPPORTED, "pubkey.unknown-algorithm", "key algorithm %s", text);
}

enum pubkey_kind pubkey_kind(const struct pubkey *k)
{
	return k->kind;
}

enum ec_curve pubkey_curve(const struct pubkey *k)
{
	CC_ASSERT(k->kind == PUBKEY_EC);
	return k->curve;
}

bool pubkey_is_explicit(const struct pubkey *k)
{
	return k->is_explicit;
}

bool pubkey_lacks_sign_octet(const struct pubkey *k)
{
	return k->lacks_sign_octet;
}

struct bytes pubkey_point(const struct pubkey *k)
{
	return buf_view(&k->point);
}

struct bytes pubkey_modulus(const struct pubkey *k)
{
	return buf_view(&k->modulus);
}

struct bytes pubkey_exponent(const struct pubkey *k)
{
	return buf_view(&k->exponent);
}

/* The length of the curve's name, or of the modulus. */
unsigned pubkey_bits(const struct pubkey *k)
{
	unsigned bits;

	if (k->kind == PUBKEY_EC)
		return k->curve == EC_P521 ? 521 : (unsigned)(8 * ec_field_len(k->curve));
	bits = (unsigned)(8 * k->modulus.n);
	for (uint8_t top = k->modulus.p[0]; top < 0x80; top = (uint8_t)(top << 1))
		bits--;
	return bits;
}

static void put_rsa_public_key(struct writer *w, struct bytes modulus, struct bytes exponent)
{
	tlv_open(w, DER_SEQUENCE);
	der_put_integer(w, modulus);
	der_put_integer(w, exponent);
	tlv_close(w);
}

cc_status rsa_public_key_encode(struct bytes modulus, struct bytes exponent, struct buf *ret)
{
	struct writer w;

	writer_init(&w, SPKI_RSA_MAX);
	put_rsa_public_key(&w, modulus, exponent);
	return writer_finish(&w, ret);
}

cc_status rsa_spki_encode(struct bytes modulus, struct bytes exponent, struct buf *ret)
{
	struct writer w;

	writer_init(&w, SPKI_RSA_MAX);
	tlv_open(&w, DER_SEQUENCE);
	tlv_open(&w, DER_SEQUENCE);
	der_put_oid(&w, oid_rsa);
	der_put_null(&w);
	tlv_close(&w);
	tlv_open(&w, DER_BIT_STRING);
	writer_u8(&w, 0);
	put_rsa_public_key(&w, modulus, exponent);
	tlv_close(&w);
	tlv_close(&w);
	return writer_finish(&w, ret);
}

cc_status pubkey_verify(const struct pubkey *k, struct sig_alg alg, struct bytes message, struct bytes sig)
{
	enum ec_sig_form form = alg.scheme == SIG_ECDSA_PLAIN ? EC_SIG_PLAIN : EC_SIG_DER;
	struct digest d;
	cc_status st;

	/* A signature made for one key type must not be tried with the other. */
	if ((k->kind == PUBKEY_EC) != (alg.scheme == SIG_ECDSA || alg.scheme == SIG_ECDSA_PLAIN))
		return cc_code_status(CC_E_VERIFY);
	st = hash_digest(alg.hash, message, &d);
	if (cc_failed(st))
		return st;
	if (k->kind == PUBKEY_EC)
		return ec_verifier_digest(k->verifier, bytes_of(d.p, d.n), sig, form);
	return rsa_verify_digest(k->rsa, alg, bytes_of(d.p, d.n), sig);
}

bool pubkey_equal(const struct pubkey *a, const struct pubkey *b)
{
	if (a->kind != b->kind)
		return false;
	if (a->kind == PUBKEY_EC)
		return a->curve == b->curve && bytes_equal(pubkey_point(a), pubkey_point(b));
	return bytes_equal(pubkey_modulus(a), pubkey_modulus(b)) && bytes_equal(pubkey_exponent(a), pubkey_exponent(b));
}
