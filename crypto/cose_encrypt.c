/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/cose_internal.h"

#include "crypto/base/secret.h"
#include "crypto/ec.h"
#include "crypto/ec_internal.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <stdio.h>
#include <string.h>

#define IV_LEN 12
#define TAG_LEN 16
#define OVERHEAD_MAX 8192

/* RFC 9053 7.1 Table 18; the brainpool curves as ISO/IEC 18013-5 registered them. */
static const struct {
	enum ec_curve curve;
	int64_t id;
} curves[] = {
	{ EC_P256, 1 },	   { EC_P384, 2 },    { EC_P521, 3 },	 { EC_BP256, 256 },
	{ EC_BP320, 257 }, { EC_BP384, 258 }, { EC_BP512, 259 },
};
#define CURVES (sizeof curves / sizeof curves[0])
#define KEY_EC2 2 /* RFC 9053 7: kty */
enum key_label { KEY_KTY = 1, KEY_CURVE = -1, KEY_X = -2, KEY_Y = -3 };

/* ---- COSE_Key of an ephemeral point (RFC 9053 7.1.1) */
static cc_status put_key(struct cbor_out *out, enum ec_curve curve, struct bytes point)
{
	size_t n = ec_field_len(curve), i = 0;
	struct bytes x, y;
	struct cursor in;

	while (i < CURVES && curves[i].curve != curve)
		i++;
	cursor_init(&in, point);
	if (i == CURVES || !cursor_skip(&in, 1) || !cursor_take(&in, n, &x) || !cursor_take(&in, n, &y))
		return cc_code_status(CC_E_UNSUPPORTED);
	cbor_open_map(out);
	cbor_put_int(out, KEY_KTY);
	cbor_put_int(out, KEY_EC2);
	cbor_put_int(out, KEY_CURVE);
	cbor_put_int(out, curves[i].id);
	cbor_put_int(out, KEY_X);
	cbor_put_bytes(out, x);
	cbor_put_int(out, KEY_Y);
	cbor_put_bytes(out, y);
	cbor_close(out);
	return cc_ok();
}

/* y as its lowest bit: the point is computed (SEC 1 2.3.4), and checked by the agreement as any other. */
static bool decompress(enum ec_curve curve, struct bytes x, bool odd, uint8_t out[EC_POINT_LEN_MAX], size_t *ret_n)
{
	const EC_GROUP *group = ec_curve_group(curve);
	EC_POINT *point = group != NULL ? EC_POINT_new(group) : NULL;
	uint8_t in[1 + EC_POINT_LEN_MAX / 2];
	bool good;

	in[0] = odd ? 3 : 2;
	memcpy(in + 1, x.p, x.n);
	good = point != NULL && EC_POINT_oct2point(group, point, in, 1 + x.n, NULL) == 1;
	if (good)
		*ret_n = EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, out, EC_POINT_LEN_MAX, NULL);
	EC_POINT_free(point);
	return good && *ret_n > 0;
}

struct ephemeral {
	enum ec_curve curve;
	size_t n;
	uint8_t point[EC_POINT_LEN_MAX];
};

static bool read_curve(struct cbor_in *map, enum ec_curve *ret)
{
	int64_t id;

	if (!cbor_int(map, "curve", &id))
		return false;
	for (size_t i = 0; i < CURVES; i++) {
		if (curves[i].id == id) {
			*ret = curves[i].curve;
			return true;
		}
	}
	return cbor_refuse(map, "curve", "not known here");
}

static bool read_y(struct cbor_in *map, struct bytes x, struct ephemeral *e)
{
	enum cbor_kind kind;
	struct bytes y;
	bool odd;

	if (cbor_peek(map, &kind) && kind == CBOR_KIND_BOOL)
		return cbor_bool(map, "y", &odd) &&
		       (decompress(e->curve, x, odd, e->point, &e->n) || cbor_refuse(map, "x", "no point of the curve"));
	if (!cbor_bytes(map, "y", x.n, x.n, &y))
		return false;
	e->point[0] = 4;
	memcpy(e->point + 1, x.p, x.n);
	memcpy(e->point + 1 + x.n, y.p, y.n);
	e->n = 1 + 2 * x.n;
	return true;
}

/* Keys in their sorted order, which is also the one others write: kty, crv, x, y. */
static cc_status read_key(struct bytes encoded, struct ephemeral *ret, struct cc_error *err)
{
	struct cbor_in in, map;
	struct bytes x;
	uint64_t kty;
	size_t n;

	if (encoded.n == 0)
		return cc_fail(err, CC_E_FORMAT, "cose.malformed", "no ephemeral key");
	if (cc_failed(cbor_open(&in, encoded, CBOR_ANY_ORDER, 512, err)) || !cbor_map(&in, "ephemeral key", &map) ||
	    !cbor_key(&map, KEY_KTY, "kty") || !cbor_uint(&map, "kty", UINT32_MAX, &kty) ||
	    (kty != KEY_EC2 && !cbor_refuse(&map, "kty", "not EC2")) || !cbor_key(&map, KEY_CURVE, "curve") ||
	    !read_curve(&map, &ret->curve))
		return cc_code_status(CC_E_FORMAT);
	n = ec_field_len(ret->curve);
	if (!cbor_key(&map, KEY_X, "x") || !cbor_bytes(&map, "x", n, n, &x) || !cbor_key(&map, KEY_Y, "y") ||
	    !read_y(&map, x, ret) || !cbor_end(&map, "ephemeral key"))
		return cc_code_status(CC_E_FORMAT);
	return cc_ok();
}

/* ---- the content key */
/* RFC 9053 5.2: COSE_KDF_Context; the parties' identities stand in what is encrypted. */
static cc_status kdf_context(int64_t content_alg, struct bytes recipient_protected, struct buf *ret)
{
	struct cbor_out out;
	cc_status st;

	cbor_out_init(&out, 1024);
	cbor_open_array(&out);
	cbor_put_int(&out, content_alg);
	for (int party = 0; party < 2; party++) {
		cbor_open_array(&out);
		for (int i = 0; i < 3; i++)
			cbor_put_null(&out);
		cbor_close(&out);
	}
	cbor_open_array(&out);
	cbor_put_uint(&out, 8 * cose_gcm_key_len(content_alg));
	cbor_put_bytes(&out, recipient_protected);
	cbor_close(&out);
	cbor_close(&out);
	st = cbor_finish(&out, ret);
	cbor_out_done(&out);
	return st;
}

/* RFC 5869, without salt (RFC 9053 5.1). */
static cc_status hkdf(const char *digest, struct bytes secret, struct bytes info, uint8_t *out, size_t n)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *ctx = kdf != NULL ? EVP_KDF_CTX_new(kdf) : NULL;
	char name[16];
	OSSL_PARAM params[4];
	bool good;

	(void)snprintf(name, sizeof name, "%s", digest);
	/* The library takes its inputs through pointers that are not const, and does not write to them. */
	params[0] = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, name, 0);
	params[1] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)secret.p, secret.n);
	params[2] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)(uintptr_t)info.p, info.n);
	params[3] = OSSL_PARAM_construct_end();
	good = ctx != NULL && EVP_KDF_derive(ctx, out, n, params) == 1;
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return good ? cc_ok() : cc_code_status(CC_E_CRYPTO);
}

static cc_status content_key(struct bytes secret, int64_t agreement, int64_t content_alg, struct bytes recipient_protected,
			     struct secret *ret)
{
	struct buf context = { 0 };
	cc_status st = kdf_context(content_alg, recipient_protected, &context);

	ret->n = cose_gcm_key_len(content_alg);
	if (!cc_failed(st))
		st = hkdf(agreement == COSE_ECDH_ES_HKDF_512 ? "SHA512" : "SHA256", secret, buf_view(&context), ret->p, ret->n);
	buf_done(&context);
	return st;
}

/* ---- AES-GCM */
/* RFC 9052 5.3: Enc_structure. */
static cc_status enc_structure(struct bytes body_protected, struct bytes external, struct buf *ret)
{
	struct cbor_out out;
	cc_status st;

	cbor_out_init(&out, external.n + OVERHEAD_MAX);
	cbor_open_array(&out);
	cbor_put_str(&out, "Encrypt");
	cbor_put_bytes(&out, body_protected);
	cbor_put_bytes(&out, external);
	cbor_close(&out);
	st = cbor_finish(&out, ret);
	cbor_out_done(&out);
	return st;
}

static EVP_CIPHER_CTX *gcm_new(const struct secret *key, const uint8_t iv[IV_LEN], struct bytes aad, int encrypt)
{
	const char *name = key->n == 16 ? "AES-128-GCM" : key->n == 24 ? "AES-192-GCM" : "AES-256-GCM";
	EVP_CIPHER *evp = EVP_CIPHER_fetch(NULL, name, NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n;

	if (evp == NULL || ctx == NULL || EVP_CipherInit_ex2(ctx, evp, key->p, iv, encrypt, NULL) != 1 ||
	    EVP_CipherUpdate(ctx, NULL, &n, aad.p, (int)aad.n) != 1) {
		EVP_CIPHER_CTX_free(ctx);
		ctx = NULL;
	}
	EVP_CIPHER_free(evp);
	return ctx;
}

static bool gcm_text(EVP_CIPHER_CTX *ctx, struct bytes in, uint8_t *out)
{
	int n = 0;

	return ctx != NULL && (in.n == 0 || (EVP_CipherUpdate(ctx, out, &n, in.p, (int)in.n) == 1 && (size_t)n == in.n));
}

static cc_status gcm_encrypt(const struct secret *key, const uint8_t iv[IV_LEN], struct bytes aad, struct bytes plain,
			     struct buf *ret)
{
	struct buf out = { 0 };
	EVP_CIPHER_CTX *ctx = NULL;
	int n;
	cc_status st = buf_zero(&out, plain.n + TAG_LEN);

	if (cc_failed(st))
		return st;
	ctx = gcm_new(key, iv, aad, 1);
	if (gcm_text(ctx, plain, out.p) && EVP_CipherFinal_ex(ctx, out.p + plain.n, &n) == 1 &&
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_LEN, out.p + plain.n) == 1)
		buf_move(ret, &out);
	else
		st = cc_code_status(CC_E_CRYPTO);
	EVP_CIPHER_CTX_free(ctx);
	buf_done(&out);
	return st;
}

static cc_status gcm_decrypt(const struct secret *key, const uint8_t iv[IV_LEN], struct bytes aad, struct bytes sealed,
			     struct buf *ret)
{
	struct buf out = { 0 };
	EVP_CIPHER_CTX *ctx = NULL;
	uint8_t tag[TAG_LEN], none[TAG_LEN];
	struct cursor in;
	struct bytes text;
	int n;
	cc_status st;

	cursor_init(&in, sealed);
	if (cursor_left(&in) < TAG_LEN || !cursor_take(&in, cursor_left(&in) - TAG_LEN, &text) ||
	    !cursor_copy(&in, tag, sizeof tag))
		return cc_code_status(CC_E_VERIFY);
	st = buf_zero(&out, text.n);
	if (cc_failed(st))
		return st;
	ctx = gcm_new(key, iv, aad, 0);
	if (!gcm_text(ctx, text, out.p) || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_LEN, tag) != 1)
		st = cc_code_status(CC_E_CRYPTO);
	/* Nothing of the text leaves before its tag was checked. */
	else if (EVP_CipherFinal_ex(ctx, none, &n) != 1)
		st = cc_code_status(CC_E_VERIFY);
	else
		buf_move(ret, &out);
	EVP_CIPHER_CTX_free(ctx);
	buf_done(&out);
	return st;
}

/* ---- writing */
struct sealing {
	struct buf body_protected, recipient_protected, text;
	struct ec_key *ephemeral;
	struct digest kid;
	uint8_t iv[IV_LEN];
};

static void sealing_done(struct sealing *s)
{
	buf_done(&s->body_protected);
	buf_done(&s->recipient_protected);
	buf_done(&s->text);
	ec_key_free(&s->ephemeral);
}

static cc_status make_ephemeral(enum ec_curve curve, struct ec_key **ret)
{
	struct ec_domain *d = NULL;
	cc_status st = ec_domain_new(curve, &d);

	if (!cc_failed(st))
		st = ec_key_generate(d, ret);
	ec_domain_free(&d);
	return st;
}

static cc_status seal(const struct cose_encrypt_params *p, const struct pubkey *key, int64_t agreement, struct sealing *s)
{
	struct buf x = { 0 }, aad = { 0 };
	struct secret cek = { 0 };
	cc_status st = make_ephemeral(pubkey_curve(key), &s->ephemeral);

	if (!cc_failed(st))
		st = ec_agree_x(s->ephemeral, pubkey_point(key), &x);
	if (!cc_failed(st))
		st = content_key(buf_view(&x), agreement, p->alg, buf_view(&s->recipient_protected), &cek);
	if (!cc_failed(st))
		st = sys_random(p->sys, s->iv, sizeof s->iv);
	if (!cc_failed(st))
		st = enc_structure(buf_view(&s->body_protected), p->external, &aad);
	if (!cc_failed(st))
		st = gcm_encrypt(&cek, s->iv, buf_view(&aad), p->plaintext, &s->text);
	secret_done(&cek);
	buf_done(&x);
	buf_done(&aad);
	return st;
}

static cc_status write_message(const struct sealing *s, struct buf *ret)
{
	struct cbor_out out;
	cc_status st;

	cbor_out_init(&out, s->text.n + OVERHEAD_MAX);
	cbor_put_tag(&out, COSE_TAG_ENCRYPT);
	cbor_open_array(&out);
	cbor_put_bytes(&out, buf_view(&s->body_protected));
	cbor_open_map(&out);
	cbor_put_int(&out, COSE_LABEL_IV);
	cbor_put_bytes(&out, bytes_of(s->iv, sizeof s->iv));
	cbor_close(&out);
	cbor_put_bytes(&out, buf_view(&s->text));
	cbor_open_array(&out);
	cbor_open_array(&out);
	cbor_put_bytes(&out, buf_view(&s->recipient_protected));
	cbor_open_map(&out);
	cbor_put_int(&out, COSE_LABEL_EPHEMERAL);
	st = put_key(&out, ec_key_curve(s->ephemeral), ec_key_public(s->ephemeral));
	cbor_close(&out);
	cbor_put_bytes(&out, bytes_of(NULL, 0)); /* RFC 9053 6.1: direct agreement carries no key */
	cbor_close(&out);
	cbor_close(&out);
	cbor_close(&out);
	if (!cc_failed(st))
		st = cbor_finish(&out, ret);
	cbor_out_done(&out);
	return st;
}

static cc_status encrypt_to(const struct cose_encrypt_params *p, const struct pubkey *key, struct buf *ret)
{
	struct sealing s = { 0 };
	int64_t agreement = pubkey_bits(key) > 384 ? COSE_ECDH_ES_HKDF_512 : COSE_ECDH_ES_HKDF_256;
	cc_status st = cose_kid(p->recipient_spki, &s.kid);

	if (!cc_failed(st))
		st = cose_protected(p->alg, bytes_of(NULL, 0), &s.body_protected);
	if (!cc_failed(st))
		st = cose_protected(agreement, bytes_of(s.kid.p, s.kid.n), &s.recipient_protected);
	if (!cc_failed(st))
		st = seal(p, key, agreement, &s);
	if (!cc_failed(st))
		st = write_message(&s, ret);
	sealing_done(&s);
	return st;
}

cc_status cose_encrypt(const struct cose_encrypt_params *p, struct buf *ret, struct cc_error *err)
{
	struct pubkey *key = NULL;
	cc_status st;

	CC_ASSERT(cose_gcm_key_len(p->alg) > 0);
	if (p->plaintext.n > COSE_BYTES_MAX - OVERHEAD_MAX || p->external.n > OVERHEAD_MAX)
		return cc_fail(err, CC_E_LIMIT, "cose.malformed", "a text of %zu bytes", p->plaintext.n);
	st = pubkey_from_spki(p->recipient_spki, &key, err);
	if (cc_failed(st))
		return st;
	if (pubkey_kind(key) != PUBKEY_EC)
		st = cc_fail(err, CC_E_UNSUPPORTED, "cose.unsupported", "key agreement wants an EC key");
	else if (cc_failed(st = encrypt_to(p, key, ret)))
		st = cc_fail(err, st.code, st.code == CC_E_MEMORY ? "memory" : "crypto.failed", "encrypting");
	pubkey_free(&key);
	return st;
}

/* ---- reading */
struct sealed {
	struct cose_headers body, recipient;
	struct bytes text, external;
	struct ephemeral ephemeral;
};

static cc_status read_recipient(struct cbor_in *in, struct sealed *s)
{
	struct cbor_in list, one;
	cc_status st;

	/* RFC 9053 6.1: with direct agreement there is exactly one recipient. */
	if (!cbor_array(in, "recipients", 1, &list, NULL) || !cbor_array(&list, "recipient", 3, &one, NULL))
		return cc_code_status(CC_E_FORMAT);
	st = cose_read_headers(&one, COSE_ANY, &s->recipient);
	if (cc_failed(st))
		return st;
	if (!cbor_bytes(&one, "encrypted key", 0, 0, &(struct bytes){ 0 }) || !cbor_end(&one, "recipient"))
		return cc_code_status(CC_E_FORMAT);
	if (s->recipient.alg != COSE_ECDH_ES_HKDF_256 && s->recipient.alg != COSE_ECDH_ES_HKDF_512)
		return cose_unsupported(s->recipient.alg, in->err);
	if (s->recipient.critical.n > 0)
		return cc_fail(in->err, CC_E_UNSUPPORTED, "cose.critical", "critical headers that are not known here");
	return read_key(s->recipient.ephemeral, &s->ephemeral, in->err);
}

static cc_status read_message(struct bytes data, enum cose_profile profile, struct sealed *s, struct cc_error *err)
{
	struct cbor_in in;
	cc_status st = cose_open(data, profile, COSE_TAG_ENCRYPT, &in, err);

	if (!cc_failed(st))
		st = cose_read_headers(&in, COSE_ANY, &s->body);
	if (cc_failed(st))
		return st;
	if (cose_gcm_key_len(s->body.alg) == 0)
		return cose_unsupported(s->body.alg, err);
	if (s->body.critical.n > 0)
		return cc_fail(err, CC_E_UNSUPPORTED, "cose.critical", "critical headers that are not known here");
	if (s->body.iv.n != IV_LEN)
		return cc_fail(err, CC_E_FORMAT, "cose.malformed", "an IV of %zu bytes", s->body.iv.n);
	if (!cbor_bytes(&in, "ciphertext", TAG_LEN, COSE_BYTES_MAX, &s->text))
		return cc_code_status(CC_E_FORMAT);
	st = read_recipient(&in, s);
	if (!cc_failed(st) && !cbor_end(&in, "cose"))
		st = cc_code_status(CC_E_FORMAT);
	return st;
}

static cc_status open_text(const struct sealed *s, struct bytes shared, struct buf *ret)
{
	struct secret cek = { 0 };
	struct buf aad = { 0 };
	cc_status st = content_key(shared, s->recipient.alg, s->body.alg, s->recipient.protected_bytes, &cek);

	if (!cc_failed(st))
		st = enc_structure(s->body.protected_bytes, s->external, &aad);
	if (!cc_failed(st))
		st = gcm_decrypt(&cek, s->body.iv.p, buf_view(&aad), s->text, ret);
	secret_done(&cek);
	buf_done(&aad);
	return st;
}

static cc_status open_sealed(cose_agree agree, void *ctx, const struct sealed *s, struct buf *ret, struct cc_error *err)
{
	struct buf x = { 0 };
	cc_status st = agree(ctx, s->ephemeral.curve, bytes_of(s->ephemeral.point, s->ephemeral.n), &x);

	if (!cc_failed(st))
		st = open_text(s, buf_view(&x), ret);
	buf_done(&x);
	if (st.code == CC_E_VERIFY)
		return cc_fail(err, st.code, "cose.decrypt", "%s", cose_alg_name(s->body.alg));
	if (cc_failed(st))
		return cc_fail(err, st.code, st.code == CC_E_MEMORY ? "memory" : "crypto.failed", "decrypting: %s",
			       cc_code_name(st.code));
	return st;
}

cc_status cose_decrypt_with(cose_agree agree, void *ctx, enum cose_profile profile, struct bytes data, struct bytes external,
			    struct buf *ret, struct cc_error *err)
{
	struct sealed s = { .external = external };
	cc_status st = read_message(data, profile, &s, err);

	return cc_failed(st) ? st : open_sealed(agree, ctx, &s, ret, err);
}

struct store_key {
	struct keystore *ks;
	const char *label;
	enum ec_curve curve;
};

static cc_status agree_in_store(void *ctx, enum ec_curve curve, struct bytes point, struct buf *ret_x)
{
	const struct store_key *k = ctx;

	return curve == k->curve ? keystore_agree(k->ks, k->label, point, ret_x) : cc_code_status(CC_E_VERIFY);
}

cc_status cose_decrypt(struct keystore *ks, const char *label, struct bytes data, struct bytes external, struct buf *ret,
		       struct cc_error *err)
{
	struct sealed s = { .external = external };
	struct store_key key = { .ks = ks, .label = label };
	struct keystore_key_info info;
	struct buf spki = { 0 };
	struct digest kid;
	cc_status st = read_message(data, COSE_OURS, &s, err);

	if (cc_failed(st))
		return st;
	if (cc_failed(st = keystore_public_key(ks, label, &spki)) || cc_failed(st = keystore_info(ks, label, &info)) ||
	    cc_failed(st = cose_kid(buf_view(&spki), &kid))) {
		keystore_error(ks, err);
		st = cc_fail(err, st.code, "keystore.failed", "%s", label);
	} else if (!bytes_equal(s.recipient.kid, bytes_of(kid.p, kid.n))) {
		st = cc_fail(err, CC_E_NOT_FOUND, "cose.recipient", "not for %s", label);
	} else {
		key.curve = info.curve;
		st = open_sealed(agree_in_store, &key, &s, ret, err);
	}
	buf_done(&spki);
	return st;
}
