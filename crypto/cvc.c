/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/cvc.h"

#include "crypto/base/tlv.h"
#include "crypto/cvc_internal.h"

#include <string.h>

#define KEY_NUMBER_MAX 1024 /* RSA 8192 */

const struct bytes cvc_oid_terminals[CVC_TERMINAL_UNKNOWN] = {
	/* TR-03110-3 C.4: id-IS, id-AT, id-ST, 0.4.0.127.0.7.3.1.2.1 to .3 */
	[CVC_INSPECTION_SYSTEM] = { (const uint8_t *)"\x04\x00\x7F\x00\x07\x03\x01\x02\x01", 9 },
	[CVC_AUTHENTICATION_TERMINAL] = { (const uint8_t *)"\x04\x00\x7F\x00\x07\x03\x01\x02\x02", 9 },
	[CVC_SIGNATURE_TERMINAL] = { (const uint8_t *)"\x04\x00\x7F\x00\x07\x03\x01\x02\x03", 9 },
};
/* Bytes of an authorisation. */
static const size_t chat_lens[CVC_TERMINAL_UNKNOWN] = { 1, 5, 1 };

/* TR-03110-3 A.7.3.1 id-TA-RSA 0.4.0.127.0.7.2.2.2.1, A.7.3.2 id-TA-ECDSA 0.4.0.127.0.7.2.2.2.2 */
#define TA_RSA(arc)                                                                                                              \
	{                                                                                                                        \
		(const uint8_t *)("\x04\x00\x7F\x00\x07\x02\x02\x02\x01" arc), 10                                                \
	}
#define TA_ECDSA(arc)                                                                                                            \
	{                                                                                                                        \
		(const uint8_t *)("\x04\x00\x7F\x00\x07\x02\x02\x02\x02" arc), 10                                                \
	}
#define PSS(hash, len)                                                                                                           \
	{                                                                                                                        \
		SIG_RSA_PSS, hash, len, hash                                                                                     \
	}
#define PLAIN(scheme, hash)                                                                                                      \
	{                                                                                                                        \
		scheme, hash, 0, hash                                                                                            \
	}
static const struct {
	struct bytes oid;
	struct sig_alg alg;
} algs[] = {
	{ TA_RSA("\x01"), PLAIN(SIG_RSA_PKCS1, HASH_SHA1) },
	{ TA_RSA("\x02"), PLAIN(SIG_RSA_PKCS1, HASH_SHA256) },
	{ TA_RSA("\x03"), PSS(HASH_SHA1, 20) },
	{ TA_RSA("\x04"), PSS(HASH_SHA256, 32) },
	{ TA_RSA("\x05"), PLAIN(SIG_RSA_PKCS1, HASH_SHA512) },
	{ TA_RSA("\x06"), PSS(HASH_SHA512, 64) },
	{ TA_ECDSA("\x01"), PLAIN(SIG_ECDSA, HASH_SHA1) },
	{ TA_ECDSA("\x02"), PLAIN(SIG_ECDSA, HASH_SHA224) },
	{ TA_ECDSA("\x03"), PLAIN(SIG_ECDSA, HASH_SHA256) },
	{ TA_ECDSA("\x04"), PLAIN(SIG_ECDSA, HASH_SHA384) },
	{ TA_ECDSA("\x05"), PLAIN(SIG_ECDSA, HASH_SHA512) },
};
#define ALG_COUNT (sizeof algs / sizeof algs[0])

struct bytes cvc_alg_oid(struct sig_alg alg)
{
	for (size_t i = 0; i < ALG_COUNT; i++) {
		if (algs[i].alg.scheme == alg.scheme && algs[i].alg.hash == alg.hash && algs[i].alg.salt_len == alg.salt_len)
			return algs[i].oid;
	}
	return bytes_of(NULL, 0);
}

bool cvc_alg_from_oid(struct bytes oid, struct sig_alg *ret)
{
	for (size_t i = 0; i < ALG_COUNT; i++) {
		if (!bytes_equal(oid, algs[i].oid))
			continue;
		*ret = algs[i].alg;
		return true;
	}
	return false;
}

/* ---- small fields */
static bool is_letter(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool cvc_reference_valid(const char *s)
{
	size_t n = strlen(s);

	/* TR-03110-3 C.1.2: country code, holder mnemonic, sequence number. */
	if (n < 8 || n > CVC_REFERENCE_MAX || !is_letter(s[0]) || !is_letter(s[1]))
		return false;
	for (size_t i = 2; i < n; i++) {
		bool alnum = is_letter(s[i]) || (s[i] >= '0' && s[i] <= '9');

		/* Mnemonics are ISO 8859-1 in the standard; what we make and show is printable ASCII. */
		if (!alnum && (i + 5 >= n || s[i] <= 0x20 || s[i] > 0x7E))
			return false;
	}
	return true;
}

/* Certificates in the field break the form of the name, not its limits: any printable text is taken. */
static bool read_reference(struct cursor *in, uint32_t tag, char out[CVC_REFERENCE_MAX + 1])
{
	struct bytes text;

	if (!tlv_expect_bytes(in, TLV_STRICT, tag, &text) || text.n == 0 || text.n > CVC_REFERENCE_MAX)
		return cursor_fail(in);
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < 0x20 || text.p[i] > 0x7E)
			return cursor_fail(in);
	}
	memset(out, 0, CVC_REFERENCE_MAX + 1);
	memcpy(out, text.p, text.n);
	return true;
}

static bool read_date(struct cursor *in, uint32_t tag, uint32_t *ret)
{
	struct bytes six;

	return tlv_expect_bytes(in, TLV_STRICT, tag, &six) && (cvc_date_parse(six, ret) || cursor_fail(in));
}

/* ---- the public key, TR-03110-3 D.3 */
static bool read_number(struct cursor *in, uint32_t tag, struct bytes *ret)
{
	return tlv_expect_bytes(in, TLV_STRICT, tag, ret) && ((ret->n > 0 && ret->n <= KEY_NUMBER_MAX) || cursor_fail(in));
}

/* D.3.3: 81 p, 82 a, 83 b, 84 G, 85 r, 86 Y, 87 f; all but 86 are there or none is. */
static bool read_ec(struct cursor *in, struct cvc_key *k)
{
	struct bytes p, a, b, g, n, f;

	k->kind = PUBKEY_EC;
	if (!tlv_is_next(in, 0x81))
		return read_number(in, 0x86, &k->point);
	if (!read_number(in, 0x81, &p) || !read_number(in, 0x82, &a) || !read_number(in, 0x83, &b) ||
	    !read_number(in, 0x84, &g) || !read_number(in, 0x85, &n) || !read_number(in, 0x86, &k->point) ||
	    !read_number(in, 0x87, &f))
		return false;
	k->has_domain = ec_curve_from_numbers(p, a, b, g, n, &k->curve) && bytes_equal(f, BYTES_LITERAL("\x01"));
	k->unusable = !k->has_domain;
	return true;
}

static bool read_rsa(struct cursor *in, struct cvc_key *k)
{
	k->kind = PUBKEY_RSA;
	return read_number(in, 0x81, &k->modulus) && read_number(in, 0x82, &k->exponent);
}

static cc_status read_key(struct cursor *body, struct cvc_key *ret, struct cc_error *err)
{
	struct cvc_key k = { 0 };
	struct cursor in;
	struct tlv t;

	if (!tlv_next(body, TLV_STRICT, &t) || t.tag != 0x7F49)
		return cc_fail(err, CC_E_FORMAT, "cvc.structure", "no public key 7F49");
	k.whole = t.whole;
	cursor_nest(&in, body, t.value);
	if (!der_oid(&in, &k.oid))
		return cc_fail(err, CC_E_FORMAT, "cvc.structure", "public key without OID");
	if (!cvc_alg_from_oid(k.oid, &k.alg))
		return cc_fail(err, CC_E_UNSUPPORTED, "cvc.algorithm", "unknown algorithm of the public key");
	if (!(k.alg.scheme == SIG_ECDSA ? read_ec(&in, &k) : read_rsa(&in, &k)) || cc_failed(cursor_end(&in)))
		return cc_fail(err, CC_E_FORMAT, "cvc.structure", "public key 7F49");
	if (k.has_domain && cc_failed(ec_curve_point_check(k.curve, k.point))) {
		k.has_domain = false;
		k.unusable = true;
	}
	*ret = k;
	return cc_ok();
}

cc_status cvc_key_inherit(struct cvc_key *k, const struct cvc_key *from)
{
	struct cvc_key with = *k;

	if (k->kind != PUBKEY_EC || k->has_domain || k->unusable)
		return cc_ok();
	/* An RSA issuer has no domain to hand down; such a key must bring its own. */
	if (from->kind != PUBKEY_EC || !from->has_domain)
		return cc_code_status(CC_E_VERIFY);
	with.curve = from->curve;
	with.has_domain = true;
	if (cc_failed(ec_curve_point_check(with.curve, with.point)))
		return cc_code_status(CC_E_VERIFY);
	*k = with;
	return cc_ok();
}

/* ---- certificate and request */
/* TR-03110-3 C.4: 7F4C { 06 terminal type, 53 authorisation }. */
static bool read_chat(struct cursor *body, struct cvc_chat *ret)
{
	struct cvc_chat c = { .terminal = CVC_TERMINAL_UNKNOWN };
	struct cursor in;

	if (!tlv_expect(body, TLV_STRICT, 0x7F4C, &in) || !der_oid(&in, &c.oid) ||
	    !tlv_expect_bytes(&in, TLV_STRICT, 0x53, &c.raw) || cc_failed(cursor_end(&in)) || c.raw.n == 0 || c.raw.n > 8)
		return cursor_fail(body);
	for (unsigned i = 0; i < CVC_TERMINAL_UNKNOWN; i++) {
		if (!bytes_equal(c.oid, cvc_oid_terminals[i]))
			continue;
		if (c.raw.n != chat_lens[i])
			return cursor_fail(body);
		c.terminal = (enum cvc_terminal)i;
	}
	cursor_init(&in, c.raw);
	if (!cursor_u8(&in, &c.rights))
		return cursor_fail(body);
	c.role = (enum cvc_role)(c.rights >> 6);
	c.rights = c.terminal == CVC_INSPECTION_SYSTEM ? c.rights & 0x3F : 0;
	*ret = c;
	return true;
}

/* TR-03110-3 C.1: 5F29, 42, 7F49, 5F20, then 7F4C, 5F25, 5F24 in a certificate, and 65 in either. */
static cc_status read_body(struct cursor *in, struct cvc *c, struct cc_error *err)
{
	struct bytes profile;
	cc_status st;

	if (!tlv_expect_bytes(in, TLV_STRICT, 0x5F29, &profile) || !bytes_equal(profile, bytes_of("", 1)))
		return cc_fail(err, CC_E_FORMAT, "cvc.structure", "profile identifier");
	c->has_car = tlv_is_next(in, 0x42);
	if (c->has_car && !read_reference(in, 0x42, c->car))
		return cc_fail(err, CC_E_FORMAT, "cvc.structure", "authority reference");
	if (cc_failed(st = read_key(in, &c->key, err)))
		return st;
	if (!read_reference(in, 0x5F20, c->chr))
		return cc_fail(err, CC_E_FORMAT, "cvc.structure", "holder reference");
	c->is_request = !tlv_is_next(in, 0x7F4C);
	if (!c->is_request && (!c->has_car || !read_chat(in, &c->chat) || !read_date(in, 0x5F25, &c->effective) ||
			       !read_date(in, 0x5F24, &c->expiration)))
		return cc_fail(err, CC_E_FORMAT, "cvc.structure", "authorisation or dates");
	if (tlv_is_next(in, 0x65) && !tlv_expect_bytes(in, TLV_STRICT, 0x65, &c->extensions))
		return cc_fail(err, CC_E_FORMAT, "cvc.structure", "extensions");
	if (cc_failed(cursor_end(in)))
		return cc_fail(err, CC_E_FORMAT, "cvc.structure", "bytes behind the body");
	return cc_ok();
}

/* 7F4E body, 5F37 signature; all of `in`. */
static cc_status read_content(struct cursor *in, struct cvc *c, struct cc_error *err)
{
	struct tlv body;
	struct cursor nested;
	cc_status st;

	if (!tlv_next(in, TLV_STRICT, &body) || body.tag != 0x7F4E)
		return cc_fail(err, CC_E_FORMAT, "cvc.structure", "no body 7F4E");
	c->body = body.whole;
	cursor_nest(&nested, in, body.value);
	if (cc_failed(st = read_body(&nested, c, err)))
		return st;
	if (!read_number(in, 0x5F37, &c->signature) || cc_failed(cursor_end(in)))
		return cc_fail(err, CC_E_FORMAT, "cvc.structure", "signature 5F37");
	return cc_ok();
}

static cc_status read_certificate(struct cursor *in, struct cvc *c, struct cc_error *err)
{
	struct cursor content;
	struct tlv t;

	/* Issued certificates are known whose outermost length isn't minimal; what is signed is below it. */
	if (!tlv_next(in, TLV_LENIENT, &t) || t.tag != 0x7F21)
		return cc_fail(err, CC_E_FORMAT, "cvc.structure", "no certificate 7F21");
	c->whole = t.whole;
	cursor_nest(&content, in, t.value);
	return read_content(&content, c, err);
}

/* TR-03110-3 C.2.2: 67 { request, 42 authority reference, 5F37 outer signature over the two }. */
static cc_status read_authenticated(struct cursor *in, struct cvc *c, struct cc_error *err)
{
	struct cursor content, covered;
	struct tlv outer;
	cc_status st;

	if (!tlv_next(in, TLV_STRICT, &outer) || outer.tag != 0x67)
		return cc_fail(err, CC_E_FORMAT, "cvc.structure", "authentication 67");
	cursor_nest(&content, in, outer.value);
	covered = content;
	if (cc_failed(st = read_certificate(&content, c, err)))
		return st;
	if (!c->is_request || !read_reference(&content, 0x42, c->outer_car) ||
	    !cursor_take(&covered, cursor_left(&covered) - cursor_left(&content), &c->outer_body) ||
	    !read_number(&content, 0x5F37, &c->outer_signature) || cc_failed(cursor_end(&content)))
		return cc_fail(err, CC_E_FORMAT, "cvc.structure", "outer signature");
	c->has_outer = true;
	c->whole = outer.whole;
	return st;
}

static cc_status too_long(struct bytes der, struct cc_error *err)
{
	return der.n > CVC_LEN_MAX ? cc_fail(err, CC_E_LIMIT, "cvc.structure", "%zu bytes", der.n) : cc_ok();
}

cc_status cvc_parse(struct bytes der, struct cvc *ret, struct cc_error *err)
{
	struct cvc c = { 0 };
	struct cursor in;
	cc_status st = too_long(der, err);

	if (cc_failed(st))
		return st;
	cursor_init(&in, der);
	st = tlv_is_next(&in, 0x67) ? read_authenticated(&in, &c, err) : read_certificate(&in, &c, err);
	if (cc_failed(st))
		return st;
	if (cc_failed(cursor_end(&in)))
		return cc_fail(err, CC_E_FORMAT, "cvc.structure", "bytes behind the certificate");
	*ret = c;
	return st;
}

cc_status cvc_parse_first(struct bytes der, struct cvc *ret, size_t *ret_used, struct cc_error *err)
{
	struct cursor in;
	struct tlv t;
	cc_status st;

	cursor_init(&in, der);
	if (!tlv_next(&in, TLV_LENIENT, &t))
		return cc_fail(err, CC_E_FORMAT, "cvc.structure", "not a data object");
	st = cvc_parse(t.whole, ret, err);
	if (!cc_failed(st))
		*ret_used = t.whole.n;
	return st;
}

cc_status cvc_parse_content(struct bytes content, struct cvc *ret, struct cc_error *err)
{
	struct cvc c = { 0 };
	struct cursor in;
	cc_status st = too_long(content, err);

	if (cc_failed(st))
		return st;
	cursor_init(&in, content);
	st = read_content(&in, &c, err);
	if (cc_failed(st))
		return st;
	c.whole = content;
	*ret = c;
	return st;
}
