/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/x509.h"

#include "crypto/asn1.h"
#include "crypto/base/secret.h"
#include "crypto/pem.h"

#include <string.h>

#define CERT_LEN_MAX (1u << 20)
#define EXTENSIONS_MAX 64

/* All views point into der. */
struct cert {
	struct buf der;
	struct bytes tbs, serial, issuer, subject, spki, sig_alg, sig, ski, aki;
	int64_t not_before_s, not_after_s;
	int64_t private_from_s, private_to_s;
	uint64_t path_len;
	bool is_ca, has_path_len, has_usage, has_private_usage, has_unknown_critical;
	unsigned usage;
	struct pubkey *key;
	struct asn1_extension extensions[EXTENSIONS_MAX];
	size_t extension_count;
};

static const struct bytes oid_ski = BYTES_LITERAL("\x55\x1D\x0E");
static const struct bytes oid_key_usage = BYTES_LITERAL("\x55\x1D\x0F");
static const struct bytes oid_private_key_usage = BYTES_LITERAL("\x55\x1D\x10");
static const struct bytes oid_basic_constraints = BYTES_LITERAL("\x55\x1D\x13");
static const struct bytes oid_aki = BYTES_LITERAL("\x55\x1D\x23");

/* Known and needing no action here: alternative names, CRL distribution, policies, extended usage; ICAO name change, document
 * types. */
static const struct bytes known_oids[] = {
	BYTES_LITERAL("\x55\x1D\x11"),
	BYTES_LITERAL("\x55\x1D\x12"),
	BYTES_LITERAL("\x55\x1D\x1F"),
	BYTES_LITERAL("\x55\x1D\x20"),
	BYTES_LITERAL("\x55\x1D\x25"),
	BYTES_LITERAL("\x67\x81\x08\x01\x01\x06\x01"),
	BYTES_LITERAL("\x67\x81\x08\x01\x01\x06\x02"),
};

/* ---- extensions */

static bool read_ski(struct cert *c, struct bytes value)
{
	struct cursor in;

	cursor_init(&in, value);
	return tlv_expect_bytes(&in, TLV_STRICT, DER_OCTET_STRING, &c->ski) && !cc_failed(cursor_end(&in));
}

static bool read_aki(struct cert *c, struct bytes value)
{
	return asn1_authority_key_id(value, &c->aki);
}

static bool read_key_usage(struct cert *c, struct bytes value)
{
	struct cursor in, bits;
	uint8_t unused, byte;
	unsigned n = 0;

	cursor_init(&in, value);
	if (!tlv_expect(&in, TLV_STRICT, DER_BIT_STRING, &bits) || cc_failed(cursor_end(&in)) || !cursor_u8(&bits, &unused) ||
	    unused > 7 || cursor_left(&bits) > 2)
		return false;
	while (cursor_left(&bits) > 0) {
		if (!cursor_u8(&bits, &byte))
			return false;
		for (unsigned i = 0; i < 8; i++, n++)
			if ((byte & (0x80u >> i)) != 0)
				c->usage |= 1u << n;
	}
	c->has_usage = true;
	return true;
}

static bool read_private_key_usage(struct cert *c, struct bytes value)
{
	struct cursor in, seq;
	struct tlv t;

	c->private_from_s = INT64_MIN;
	c->private_to_s = INT64_MAX;
	cursor_init(&in, value);
	if (!tlv_expect(&in, TLV_STRICT, DER_SEQUENCE, &seq) || cc_failed(cursor_end(&in)))
		return false;
	while (cursor_left(&seq) > 0) {
		if (!tlv_next(&seq, TLV_STRICT, &t) || (t.tag != 0x80 && t.tag != 0x81))
			return false;
		if (!asn1_generalized_time_text(t.value, t.tag == 0x80 ? &c->private_from_s : &c->private_to_s))
			return false;
	}
	c->has_private_usage = true;
	return true;
}

static bool read_basic_constraints(struct cert *c, struct bytes value)
{
	struct cursor in, seq;
	struct bytes flag;

	cursor_init(&in, value);
	if (!tlv_expect(&in, TLV_STRICT, DER_SEQUENCE, &seq) || cc_failed(cursor_end(&in)))
		return false;
	if (tlv_is_next(&seq, DER_BOOLEAN)) {
		if (!tlv_expect_bytes(&seq, TLV_STRICT, DER_BOOLEAN, &flag) || flag.n != 1)
			return false;
		c->is_ca = !bytes_equal(flag, BYTES_LITERAL("\x00"));
	}
	c->has_path_len = tlv_is_next(&seq, DER_INTEGER);
	if (c->has_path_len && !der_uint(&seq, &c->path_len))
		return false;
	return !cc_failed(cursor_end(&seq));
}

static const struct {
	const struct bytes *oid;
	bool (*read)(struct cert *c, struct bytes value);
} readers[] = {
	{ &oid_ski, read_ski },
	{ &oid_aki, read_aki },
	{ &oid_key_usage, read_key_usage },
	{ &oid_private_key_usage, read_private_key_usage },
	{ &oid_basic_constraints, read_basic_constraints },
};

static bool read_by_oid(struct cert *c, const struct asn1_extension *e)
{
	for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++)
		if (bytes_equal(e->oid, *readers[i].oid))
			return readers[i].read(c, e->value);
	for (size_t i = 0; i < sizeof known_oids / sizeof known_oids[0]; i++)
		if (bytes_equal(e->oid, known_oids[i]))
			return true;
	if (e->critical)
		c->has_unknown_critical = true;
	return true;
}

static bool read_extension(struct cert *c, struct cursor *in)
{
	struct asn1_extension e;
	struct bytes unused;
	bool critical;

	/* RFC 5280 4.2: a certificate must not include more than one instance of an extension. */
	if (!asn1_extension(in, &e) || c->extension_count == EXTENSIONS_MAX || cert_extension(c, e.oid, &unused, &critical))
		return false;
	c->extensions[c->extension_count++] = e;
	return read_by_oid(c, &e);
}

static bool read_extensions(struct cert *c, struct cursor *tbs)
{
	struct cursor tagged, seq;

	if (!tlv_expect(tbs, TLV_STRICT, 0xA3, &tagged) || !tlv_expect(&tagged, TLV_STRICT, DER_SEQUENCE, &seq) ||
	    cc_failed(cursor_end(&tagged)))
		return false;
	while (cursor_left(&seq) > 0)
		if (!read_extension(c, &seq))
			return false;
	return true;
}

/* ---- the certificate */

static bool read_whole(struct cursor *in, uint32_t tag, struct bytes *ret)
{
	struct tlv t;

	if (!tlv_next(in, TLV_STRICT, &t) || t.tag != tag)
		return false;
	*ret = t.whole;
	return true;
}

static bool read_version(struct cursor *tbs)
{
	struct cursor tagged;
	uint64_t version;

	if (!tlv_is_next(tbs, 0xA0))
		return true;
	return tlv_expect(tbs, TLV_STRICT, 0xA0, &tagged) && der_uint(&tagged, &version) && version <= 2 &&
	       !cc_failed(cursor_end(&tagged));
}

static bool read_validity(struct cert *c, struct cursor *tbs)
{
	struct cursor seq;

	return tlv_expect(tbs, TLV_STRICT, DER_SEQUENCE, &seq) && asn1_time(&seq, &c->not_before_s) &&
	       asn1_time(&seq, &c->not_after_s) && !cc_failed(cursor_end(&seq));
}

static const char *read_tbs(struct cert *c, struct cursor *tbs)
{
	struct tlv unique_id;
	struct bytes sig_alg;

	if (!read_version(tbs))
		return "version";
	/* Serials of real country signers are negative or padded: any INTEGER content is taken as it is. */
	if (!tlv_expect_bytes(tbs, TLV_STRICT, DER_INTEGER, &c->serial) || c->serial.n == 0)
		return "serial number";
	if (!read_whole(tbs, DER_SEQUENCE, &sig_alg) || !bytes_equal(sig_alg, c->sig_alg))
		return "signature algorithm";
	if (!read_whole(tbs, DER_SEQUENCE, &c->issuer))
		return "issuer";
	if (!read_validity(c, tbs))
		return "validity";
	if (!read_whole(tbs, DER_SEQUENCE, &c->subject))
		return "subject";
	if (!read_whole(tbs, DER_SEQUENCE, &c->spki))
		return "public key";
	while (tlv_is_next(tbs, 0x81) || tlv_is_next(tbs, 0x82))
		if (!tlv_next(tbs, TLV_STRICT, &unique_id))
			return "unique identifier";
	if (tlv_is_next(tbs, 0xA3) && !read_extensions(c, tbs))
		return "extensions";
	return cc_failed(cursor_end(tbs)) ? "trailing bytes" : NULL;
}

/* NULL when good, else the part that is wrong. */
static const char *read_cert(struct cert *c)
{
	struct cursor in, seq, tbs_outer, tbs;

	cursor_init(&in, buf_view(&c->der));
	if (!tlv_expect(&in, TLV_STRICT, DER_SEQUENCE, &seq) || cc_failed(cursor_end(&in)))
		return "Certificate";
	if (!read_whole(&seq, DER_SEQUENCE, &c->tbs) || !read_whole(&seq, DER_SEQUENCE, &c->sig_alg) ||
	    !asn1_bit_string(&seq, TLV_STRICT, &c->sig) || cc_failed(cursor_end(&seq)))
		return "Certificate";
	cursor_init(&tbs_outer, c->tbs);
	if (!tlv_expect(&tbs_outer, TLV_STRICT, DER_SEQUENCE, &tbs))
		return "TBSCertificate";
	return read_tbs(c, &tbs);
}

void cert_free(struct cert **c)
{
	if (*c == NULL)
		return;
	pubkey_free(&(*c)->key);
	buf_done(&(*c)->der);
	cc_free(*c, sizeof **c);
	*c = NULL;
}

static cc_status parse_der(struct bytes der, struct cert **ret, struct cc_error *err)
{
	struct cert *c;
	const char *wrong;
	cc_status st;

	if (der.n > CERT_LEN_MAX)
		return cc_fail(err, CC_E_LIMIT, "certificate.too-large", "%zu bytes", der.n);
	c = cc_alloc(sizeof *c);
	if (c == NULL)
		return cc_fail(err, CC_E_MEMORY, "memory", "certificate");
	st = buf_copy(&c->der, der);
	if (cc_failed(st)) {
		st = cc_fail(err, st.code, "memory", "certificate");
		goto out;
	}
	wrong = read_cert(c);
	if (wrong != NULL) {
		st = cc_fail(err, CC_E_FORMAT, "certificate.malformed", "%s", wrong);
		goto out;
	}
	/* A key of an unknown kind leaves the certificate readable; a broken key of a known kind doesn't. */
	st = pubkey_from_spki(c->spki, &c->key, NULL);
	if (st.code == CC_E_UNSUPPORTED)
		st = cc_ok();
	if (cc_failed(st))
		st = cc_fail(err, st.code, "certificate.malformed", "public key: %s", cc_code_name(st.code));
out:
	if (cc_failed(st))
		cert_free(&c);
	else
		*ret = c;
	return st;
}

struct pem_one {
	struct cert *cert;
	struct cc_error *err;
};

static cc_status take_one(void *ctx, struct bytes der)
{
	struct pem_one *one = ctx;

	if (one->cert != NULL)
		return cc_fail(one->err, CC_E_FORMAT, "certificate.malformed", "more than one certificate in PEM");
	return parse_der(der, &one->cert, one->err);
}

cc_status cert_parse(struct bytes data, struct cert **ret, struct cc_error *err)
{
	struct pem_one one = { .err = err };
	size_t count = 0;
	cc_status st;

	if (!pem_is(data))
		return parse_der(data, ret, err);
	st = pem_each_certificate(data, take_one, &one, &count);
	if (!cc_failed(st) && one.cert == NULL)
		st = cc_fail(err, CC_E_FORMAT, "certificate.malformed", "no certificate in PEM");
	if (cc_failed(st))
		cert_free(&one.cert);
	else
		*ret = one.cert;
	return st;
}

/* ---- what it says */

struct bytes cert_der(const struct cert *c)
{
	return buf_view(&c->der);
}

struct bytes cert_serial(const struct cert *c)
{
	return c->serial;
}

struct bytes cert_issuer(const struct cert *c)
{
	return c->issuer;
}

struct bytes cert_subject(const struct cert *c)
{
	return c->subject;
}

struct bytes cert_spki(const struct cert *c)
{
	return c->spki;
}

const struct pubkey *cert_pubkey(const struct cert *c)
{
	return c->key;
}

struct bytes cert_ski(const struct cert *c)
{
	return c->ski;
}

struct bytes cert_aki(const struct cert *c)
{
	return c->aki;
}

int64_t cert_not_before_s(const struct cert *c)
{
	return c->not_before_s;
}

int64_t cert_not_after_s(const struct cert *c)
{
	return c->not_after_s;
}

struct bytes cert_tbs(const struct cert *c)
{
	return c->tbs;
}

struct bytes cert_sig_alg(const struct cert *c)
{
	return c->sig_alg;
}

bool cert_path_len(const struct cert *c, uint64_t *ret)
{
	if (c->has_path_len)
		*ret = c->path_len;
	return c->has_path_len;
}

bool cert_is_ca(const struct cert *c)
{
	return c->is_ca;
}

bool cert_key_usage(const struct cert *c, unsigned *ret)
{
	if (c->has_usage)
		*ret = c->usage;
	return c->has_usage;
}

bool cert_private_key_usage(const struct cert *c, int64_t *ret_from_s, int64_t *ret_to_s)
{
	if (c->has_private_usage) {
		*ret_from_s = c->private_from_s;
		*ret_to_s = c->private_to_s;
	}
	return c->has_private_usage;
}

bool cert_has_unknown_critical(const struct cert *c)
{
	return c->has_unknown_critical;
}

bool cert_extension(const struct cert *c, struct bytes oid, struct bytes *ret_value, bool *ret_critical)
{
	for (size_t i = 0; i < c->extension_count; i++) {
		if (!bytes_equal(c->extensions[i].oid, oid))
			continue;
		*ret_value = c->extensions[i].value;
		*ret_critical = c->extensions[i].critical;
		return true;
	}
	return false;
}

cc_status cert_verify_signature(const struct cert *c, const struct cert *issuer, struct cc_error *err)
{
	struct sig_alg alg;
	cc_status st;

	if (issuer->key == NULL)
		return cc_fail(err, CC_E_UNSUPPORTED, "certificate.key-unsupported", "the issuer's key is of an unknown kind");
	st = sig_alg_parse(c->sig_alg, HASH_COUNT, &alg, err);
	if (cc_failed(st))
		return st;
	st = pubkey_verify(issuer->key, alg, c->tbs, c->sig);
	if (st.code == CC_E_VERIFY)
		return cc_fail(err, st.code, "certificate.signature-wrong", "signature under the issuer's key");
	/* No memory, or a library that refuses, says nothing about the signature. */
	if (cc_failed(st))
		return cc_fail(err, st.code, st.code == CC_E_MEMORY ? "memory" : "crypto.failed", "certificate signature");
	return st;
}
