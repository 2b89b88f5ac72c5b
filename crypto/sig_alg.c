/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pubkey.h"

#include "crypto/asn1.h"

#define SIG_ALG_MAX 128
#define PSS_SALT_MAX 1024

static const struct bytes oid_rsa_encryption = BYTES_LITERAL("\x2A\x86\x48\x86\xF7\x0D\x01\x01\x01");
static const struct bytes oid_pss = BYTES_LITERAL("\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0A");
static const struct bytes oid_mgf1 = BYTES_LITERAL("\x2A\x86\x48\x86\xF7\x0D\x01\x01\x08");
static const struct bytes oid_ec_public_key = BYTES_LITERAL("\x2A\x86\x48\xCE\x3D\x02\x01");
static const struct bytes oid_ecdsa_specified = BYTES_LITERAL("\x2A\x86\x48\xCE\x3D\x04\x03");

/* Algorithms whose OID names the hash. */
static const struct {
	enum sig_scheme scheme;
	enum hash_alg hash;
	struct bytes oid;
} plain_algs[] = {
	{ SIG_ECDSA, HASH_SHA1, BYTES_LITERAL("\x2A\x86\x48\xCE\x3D\x04\x01") },
	{ SIG_ECDSA, HASH_SHA224, BYTES_LITERAL("\x2A\x86\x48\xCE\x3D\x04\x03\x01") },
	{ SIG_ECDSA, HASH_SHA256, BYTES_LITERAL("\x2A\x86\x48\xCE\x3D\x04\x03\x02") },
	{ SIG_ECDSA, HASH_SHA384, BYTES_LITERAL("\x2A\x86\x48\xCE\x3D\x04\x03\x03") },
	{ SIG_ECDSA, HASH_SHA512, BYTES_LITERAL("\x2A\x86\x48\xCE\x3D\x04\x03\x04") },
	{ SIG_RSA_PKCS1, HASH_SHA1, BYTES_LITERAL("\x2A\x86\x48\x86\xF7\x0D\x01\x01\x05") },
	{ SIG_RSA_PKCS1, HASH_SHA224, BYTES_LITERAL("\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0E") },
	{ SIG_RSA_PKCS1, HASH_SHA256, BYTES_LITERAL("\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0B") },
	{ SIG_RSA_PKCS1, HASH_SHA384, BYTES_LITERAL("\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0C") },
	{ SIG_RSA_PKCS1, HASH_SHA512, BYTES_LITERAL("\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0D") },
	/* BSI TR-03111 5.2.1.1: ecdsa-plain-SHA1 ... 512 */
	{ SIG_ECDSA_PLAIN, HASH_SHA1, BYTES_LITERAL("\x04\x00\x7F\x00\x07\x01\x01\x04\x01\x01") },
	{ SIG_ECDSA_PLAIN, HASH_SHA224, BYTES_LITERAL("\x04\x00\x7F\x00\x07\x01\x01\x04\x01\x02") },
	{ SIG_ECDSA_PLAIN, HASH_SHA256, BYTES_LITERAL("\x04\x00\x7F\x00\x07\x01\x01\x04\x01\x03") },
	{ SIG_ECDSA_PLAIN, HASH_SHA384, BYTES_LITERAL("\x04\x00\x7F\x00\x07\x01\x01\x04\x01\x04") },
	{ SIG_ECDSA_PLAIN, HASH_SHA512, BYTES_LITERAL("\x04\x00\x7F\x00\x07\x01\x01\x04\x01\x05") },
};
#define PLAIN_COUNT (sizeof plain_algs / sizeof plain_algs[0])

static void put_hash_alg(struct writer *w, enum hash_alg hash)
{
	tlv_open(w, DER_SEQUENCE);
	der_put_oid(w, hash_oid(hash));
	der_put_null(w); /* RFC 4055 2.1: hash identifiers in PSS parameters carry NULL */
	tlv_close(w);
}

/* RFC 4055 3.1: RSASSA-PSS-params; a value that equals its DEFAULT may not stand in DER. */
static void put_pss(struct writer *w, struct sig_alg alg)
{
	der_put_oid(w, oid_pss);
	tlv_open(w, DER_SEQUENCE);
	if (alg.hash != HASH_SHA1) {
		tlv_open(w, 0xA0);
		put_hash_alg(w, alg.hash);
		tlv_close(w);
	}
	if (alg.mgf_hash != HASH_SHA1) {
		tlv_open(w, 0xA1);
		tlv_open(w, DER_SEQUENCE);
		der_put_oid(w, oid_mgf1);
		put_hash_alg(w, alg.mgf_hash);
		tlv_close(w);
		tlv_close(w);
	}
	if (alg.salt_len != 20) {
		tlv_open(w, 0xA2);
		der_put_uint(w, alg.salt_len);
		tlv_close(w);
	}
	tlv_close(w);
}

static void put_plain(struct writer *w, struct sig_alg alg)
{
	for (size_t i = 0; i < PLAIN_COUNT; i++) {
		if (plain_algs[i].scheme != alg.scheme || plain_algs[i].hash != alg.hash)
			continue;
		der_put_oid(w, plain_algs[i].oid);
		/* RFC 5758 3.2: ECDSA without parameters; RFC 4055 5: RSA with NULL. */
		if (alg.scheme == SIG_RSA_PKCS1)
			der_put_null(w);
		return;
	}
	writer_fail(w, CC_E_ARG);
}

cc_status sig_alg_encode(struct sig_alg alg, struct buf *ret)
{
	struct writer w;

	if (alg.hash >= HASH_COUNT || (alg.scheme == SIG_RSA_PSS && (alg.mgf_hash >= HASH_COUNT || alg.salt_len > PSS_SALT_MAX)))
		return cc_code_status(CC_E_ARG);
	writer_init(&w, SIG_ALG_MAX);
	tlv_open(&w, DER_SEQUENCE);
	if (alg.scheme == SIG_RSA_PSS)
		put_pss(&w, alg);
	else
		put_plain(&w, alg);
	tlv_close(&w);
	return writer_finish(&w, ret);
}

static bool read_hash_alg(struct cursor *in, enum hash_alg *ret)
{
	struct asn1_algorithm alg;

	return asn1_algorithm(in, TLV_STRICT, &alg) && asn1_params_empty(alg.params) && hash_from_oid(alg.oid, ret);
}

static bool read_mgf(struct cursor *in, enum hash_alg *ret)
{
	struct asn1_algorithm alg;
	struct cursor params;

	if (!asn1_algorithm(in, TLV_STRICT, &alg) || !bytes_equal(alg.oid, oid_mgf1))
		return false;
	cursor_init(&params, alg.params);
	return read_hash_alg(&params, ret) && !cc_failed(cursor_end(&params));
}

/* RFC 4055 3.1: each part has a DEFAULT (SHA-1, MGF1 with SHA-1, 20, 1). */
static bool read_pss(struct bytes params, struct sig_alg *ret)
{
	struct sig_alg alg = { SIG_RSA_PSS, HASH_SHA1, 20, HASH_SHA1 };
	struct cursor in, seq, part;
	uint64_t n;

	cursor_init(&in, params);
	if (!tlv_expect(&in, TLV_STRICT, DER_SEQUENCE, &seq) || cc_failed(cursor_end(&in)))
		return false;
	if (tlv_is_next(&seq, 0xA0) &&
	    (!tlv_expect(&seq, TLV_STRICT, 0xA0, &part) || !read_hash_alg(&part, &alg.hash) || cc_failed(cursor_end(&part))))
		return false;
	if (tlv_is_next(&seq, 0xA1) &&
	    (!tlv_expect(&seq, TLV_STRICT, 0xA1, &part) || !read_mgf(&part, &alg.mgf_hash) || cc_failed(cursor_end(&part))))
		return false;
	if (tlv_is_next(&seq, 0xA2)) {
		if (!tlv_expect(&seq, TLV_STRICT, 0xA2, &part) || !der_uint(&part, &n) || n > PSS_SALT_MAX ||
		    cc_failed(cursor_end(&part)))
			return false;
		alg.salt_len = (size_t)n;
	}
	if (tlv_is_next(&seq, 0xA3) &&
	    (!tlv_expect(&seq, TLV_STRICT, 0xA3, &part) || !der_uint(&part, &n) || n != 1 || cc_failed(cursor_end(&part))))
		return false;
	if (cc_failed(cursor_end(&seq)))
		return false;
	*ret = alg;
	return true;
}

/* Algorithms that leave the hash to somebody else. */
static cc_status from_fallback(struct sig_alg alg, struct sig_alg *ret, struct cc_error *err)
{
	if (alg.hash >= HASH_COUNT)
		return cc_fail(err, CC_E_UNSUPPORTED, "signature.unknown-algorithm", "algorithm without a hash");
	*ret = alg;
	return cc_ok();
}

static cc_status with_params(struct asn1_algorithm in, enum hash_alg fallback, struct sig_alg *ret, struct cc_error *err)
{
	struct cursor params;
	enum hash_alg hash = fallback;

	if (bytes_equal(in.oid, oid_rsa_encryption))
		return from_fallback((struct sig_alg){ SIG_RSA_PKCS1, fallback, 0, fallback }, ret, err);
	if (bytes_equal(in.oid, oid_ec_public_key))
		return from_fallback((struct sig_alg){ SIG_ECDSA, fallback, 0, fallback }, ret, err);
	if (bytes_equal(in.oid, oid_pss) && asn1_params_empty(in.params))
		return from_fallback(
			(struct sig_alg){ SIG_RSA_PSS, fallback, fallback < HASH_COUNT ? hash_len(fallback) : 0, fallback }, ret,
			err);
	if (bytes_equal(in.oid, oid_pss) && read_pss(in.params, ret))
		return cc_ok();
	if (bytes_equal(in.oid, oid_ecdsa_specified)) {
		cursor_init(&params, in.params);
		if (asn1_params_empty(in.params) || (read_hash_alg(&params, &hash) && !cc_failed(cursor_end(&params))))
			return from_fallback((struct sig_alg){ SIG_ECDSA, hash, 0, hash }, ret, err);
	}
	return cc_fail(err, CC_E_UNSUPPORTED, "signature.unknown-algorithm", "unknown algorithm or parameters");
}

cc_status sig_alg_parse(struct bytes der, enum hash_alg fallback_hash, struct sig_alg *ret, struct cc_error *err)
{
	struct cursor in;
	struct asn1_algorithm alg;

	cursor_init(&in, der);
	if (!asn1_algorithm(&in, TLV_STRICT, &alg) || cc_failed(cursor_end(&in)))
		return cc_fail(err, CC_E_FORMAT, "signature.malformed-algorithm", "AlgorithmIdentifier of %zu bytes", der.n);
	for (size_t i = 0; i < PLAIN_COUNT; i++)
		if (bytes_equal(alg.oid, plain_algs[i].oid)) {
			*ret = (struct sig_alg){ plain_algs[i].scheme, plain_algs[i].hash, 0, plain_algs[i].hash };
			return cc_ok();
		}
	return with_params(alg, fallback_hash, ret, err);
}

struct sig_alg sig_alg_of_key(enum pubkey_kind kind, enum hash_alg hash, bool rsa_pss)
{
	if (kind == PUBKEY_EC)
		return (struct sig_alg){ SIG_ECDSA, hash, 0, hash };
	if (rsa_pss)
		return (struct sig_alg){ SIG_RSA_PSS, hash, hash_len(hash), hash };
	return (struct sig_alg){ SIG_RSA_PKCS1, hash, 0, hash };
}
