/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/cose_internal.h"

#include "crypto/hash.h"

static const struct {
	int64_t alg;
	const char *name;
} names[] = {
	{ COSE_ES256, "ES256" },
	{ COSE_ES384, "ES384" },
	{ COSE_ES512, "ES512" },
	{ COSE_PS256, "PS256" },
	{ COSE_PS384, "PS384" },
	{ COSE_PS512, "PS512" },
	{ COSE_RS256, "RS256" },
	{ COSE_RS384, "RS384" },
	{ COSE_RS512, "RS512" },
	{ COSE_A128GCM, "A128GCM" },
	{ COSE_A192GCM, "A192GCM" },
	{ COSE_A256GCM, "A256GCM" },
	{ COSE_ECDH_ES_HKDF_256, "ECDH-ES + HKDF-256" },
	{ COSE_ECDH_ES_HKDF_512, "ECDH-ES + HKDF-512" },
	{ COSE_EDDSA, "EdDSA" },
	{ -6, "direct" },
	{ COSE_HMAC_256_64, "HMAC 256/64" },
	{ COSE_HMAC_256, "HMAC 256/256" },
	{ COSE_HMAC_384, "HMAC 384/384" },
	{ COSE_HMAC_512, "HMAC 512/512" },
	{ COSE_CCM_16_64_128, "AES-CCM-16-64-128" },
	{ COSE_CCM_16_64_256, "AES-CCM-16-64-256" },
};

const char *cose_alg_name(int64_t alg)
{
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (names[i].alg == alg)
			return names[i].name;
	}
	return "unknown";
}

/* RFC 9053 2.1, RFC 8230 2 (salt as long as the hash), RFC 8812 2. */
static const struct cose_sig_alg sig_algs[] = {
	{ COSE_ES256, { SIG_ECDSA, HASH_SHA256, 0, HASH_SHA256 } },
	{ COSE_ES384, { SIG_ECDSA, HASH_SHA384, 0, HASH_SHA384 } },
	{ COSE_ES512, { SIG_ECDSA, HASH_SHA512, 0, HASH_SHA512 } },
	{ COSE_PS256, { SIG_RSA_PSS, HASH_SHA256, 32, HASH_SHA256 } },
	{ COSE_PS384, { SIG_RSA_PSS, HASH_SHA384, 48, HASH_SHA384 } },
	{ COSE_PS512, { SIG_RSA_PSS, HASH_SHA512, 64, HASH_SHA512 } },
	{ COSE_RS256, { SIG_RSA_PKCS1, HASH_SHA256, 0, HASH_SHA256 } },
	{ COSE_RS384, { SIG_RSA_PKCS1, HASH_SHA384, 0, HASH_SHA384 } },
	{ COSE_RS512, { SIG_RSA_PKCS1, HASH_SHA512, 0, HASH_SHA512 } },
};

const struct cose_sig_alg *cose_sig_alg_find(int64_t alg)
{
	for (size_t i = 0; i < sizeof sig_algs / sizeof sig_algs[0]; i++) {
		if (sig_algs[i].alg == alg)
			return &sig_algs[i];
	}
	return NULL;
}

size_t cose_gcm_key_len(int64_t alg)
{
	return alg == COSE_A128GCM ? 16 : alg == COSE_A192GCM ? 24 : alg == COSE_A256GCM ? 32 : 0;
}

cc_status cose_unsupported(int64_t alg, struct cc_error *err)
{
	return cc_fail(err, CC_E_UNSUPPORTED, "cose.unsupported", "algorithm %lld (%s)", (long long)alg, cose_alg_name(alg));
}

cc_status cose_kid(struct bytes spki, struct digest *ret)
{
	return hash_digest(HASH_SHA256, spki, ret);
}

cc_status cose_open(struct bytes data, enum cose_profile profile, enum cose_tag tag, struct cbor_in *ret, struct cc_error *err)
{
	struct cbor_in in;
	enum cbor_kind kind;
	uint64_t seen = 0;
	cc_status st = cbor_open(&in, data, profile == COSE_OURS ? CBOR_SORTED : CBOR_ANY_ORDER, COSE_BYTES_MAX, err);

	if (cc_failed(st))
		return st;
	/* RFC 9052 2: the tag may be left out where the context says what it is. */
	if (profile == COSE_OURS || (cbor_peek(&in, &kind) && kind == CBOR_KIND_TAG)) {
		if (!cbor_tag(&in, "cose", &seen))
			return cc_code_status(CC_E_FORMAT);
		if (seen != (uint64_t)tag)
			return cc_fail(err, CC_E_FORMAT, "cose.malformed", "tag %llu, not %d", (unsigned long long)seen,
				       (int)tag);
	}
	if (!cbor_array(&in, "cose", 4, ret, NULL) || !cbor_end(&in, "cose"))
		return cc_code_status(CC_E_FORMAT);
	return cc_ok();
}

/* An algorithm may be text (RFC 9052 3.1): none of those is known here. */
static bool read_alg(struct cbor_in *map, struct cose_headers *ret)
{
	enum cbor_kind kind;
	struct bytes text;

	if (cbor_peek(map, &kind) && kind == CBOR_KIND_TEXT) {
		if (!cbor_text(map, "alg", 64, &text))
			return false;
		ret->alg = 0;
	} else if (!cbor_int(map, "alg", &ret->alg)) {
		return false;
	}
	/* RFC 9052 3: a label in both headers is malformed. */
	if (ret->has_alg)
		return cbor_refuse(map, "alg", "given twice");
	ret->has_alg = true;
	return true;
}

/* A byte string (RFC 9052 3.1); a text occurs (working group, x509-examples), and is refused by COSE_OURS later. */
static bool read_kid(struct cbor_in *map, struct cose_headers *ret)
{
	enum cbor_kind kind;

	if (ret->kid.n > 0)
		return cbor_refuse(map, "kid", "given twice");
	if (cbor_peek(map, &kind) && kind == CBOR_KIND_TEXT)
		return cbor_text(map, "kid", COSE_KID_MAX, &ret->kid);
	return cbor_bytes(map, "kid", 1, COSE_KID_MAX, &ret->kid);
}

/* One pair; what isn't ours is passed over. */
static bool read_pair(struct cbor_in *map, struct cose_headers *ret)
{
	struct bytes skipped;

	if (cbor_has_key(map, COSE_LABEL_ALG))
		return read_alg(map, ret);
	if (cbor_has_key(map, COSE_LABEL_CRIT))
		return cbor_item(map, "crit", &ret->critical);
	if (cbor_has_key(map, COSE_LABEL_KID))
		return read_kid(map, ret);
	if (cbor_has_key(map, COSE_LABEL_IV))
		return ret->iv.n > 0 ? cbor_refuse(map, "IV", "given twice") : cbor_bytes(map, "IV", 1, 16, &ret->iv);
	if (cbor_has_key(map, COSE_LABEL_EPHEMERAL))
		return cbor_item(map, "ephemeral key", &ret->ephemeral);
	if (cbor_has_key(map, COSE_LABEL_SALT)) {
		ret->has_salt = true;
		return cbor_item(map, "salt", &skipped);
	}
	return cbor_item(map, "label", &skipped) && cbor_item(map, "header", &skipped);
}

static bool read_map(struct cbor_in *map, struct cose_headers *ret)
{
	while (map->left > 0) {
		if (!read_pair(map, ret))
			return false;
	}
	return cbor_end(map, "headers");
}

/* RFC 9052 3: a map in a byte string; an empty map counts as an empty string when it is signed or authenticated. */
static cc_status read_protected(struct cbor_in *in, enum cose_profile profile, struct cose_headers *ret)
{
	struct cbor_in inner, map;
	struct bytes bytes;
	cc_status st;

	if (!cbor_bytes(in, "protected", 0, 4096, &bytes))
		return cc_code_status(CC_E_FORMAT);
	if (bytes.n == 0)
		return cc_ok();
	st = cbor_open(&inner, bytes, profile == COSE_OURS ? CBOR_SORTED : CBOR_ANY_ORDER, bytes.n, in->err);
	if (cc_failed(st))
		return st;
	if (!cbor_map(&inner, "protected", &map))
		return cc_code_status(CC_E_FORMAT);
	if (map.left > 0)
		ret->protected_bytes = bytes;
	return read_map(&map, ret) ? cc_ok() : cc_code_status(CC_E_FORMAT);
}

cc_status cose_read_headers(struct cbor_in *in, enum cose_profile profile, struct cose_headers *ret)
{
	struct cose_headers h = { 0 };
	struct cbor_in map;
	cc_status st = read_protected(in, profile, &h);

	if (cc_failed(st))
		return st;
	if (profile == COSE_OURS && (!h.has_alg || h.iv.n > 0 || h.ephemeral.n > 0))
		return cc_fail(in->err, CC_E_FORMAT, "cose.malformed",
			       "the protected header holds the algorithm, and no key material");
	if (!cbor_map(in, "unprotected", &map) || !read_map(&map, &h))
		return cc_code_status(CC_E_FORMAT);
	if (h.has_salt)
		return cc_fail(in->err, CC_E_UNSUPPORTED, "cose.unsupported", "a salt for HKDF");
	*ret = h;
	return st;
}

cc_status cose_protected(int64_t alg, struct bytes kid, struct buf *ret)
{
	struct cbor_out out;
	cc_status st;

	cbor_out_init(&out, 256);
	cbor_open_map(&out);
	cbor_put_int(&out, COSE_LABEL_ALG);
	cbor_put_int(&out, alg);
	if (kid.n > 0) {
		cbor_put_int(&out, COSE_LABEL_KID);
		cbor_put_bytes(&out, kid);
	}
	cbor_close(&out);
	st = cbor_finish(&out, ret);
	cbor_out_done(&out);
	return st;
}
