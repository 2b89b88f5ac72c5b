/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/cose_internal.h"

#include "crypto/base/secret.h"
#include "crypto/hash.h"

#include <openssl/evp.h>

#define OVERHEAD_MAX 8192
#define TAG_MAX 16

/* Messages whose key both sides have already; reading. */
struct aead {
	int64_t alg;
	const char *name;
	size_t key_len, iv_len, tag_len;
	bool ccm;
};

/* RFC 9053 4.1, 4.2 */
static const struct aead aeads[] = {
	{ COSE_A128GCM, "AES-128-GCM", 16, 12, 16, false },	{ COSE_A192GCM, "AES-192-GCM", 24, 12, 16, false },
	{ COSE_A256GCM, "AES-256-GCM", 32, 12, 16, false },	{ COSE_CCM_16_64_128, "AES-128-CCM", 16, 13, 8, true },
	{ COSE_CCM_16_64_256, "AES-256-CCM", 32, 13, 8, true },
};

static const struct aead *find_aead(int64_t alg)
{
	for (size_t i = 0; i < sizeof aeads / sizeof aeads[0]; i++) {
		if (aeads[i].alg == alg)
			return &aeads[i];
	}
	return NULL;
}

/* [ context, protected, external ] and, of a MAC, the payload (RFC 9052 5.3, 6.3). */
static cc_status structure(const char *context, struct bytes protected_bytes, struct bytes external, const struct bytes *payload,
			   struct buf *ret)
{
	struct cbor_out out;
	cc_status st;

	cbor_out_init(&out, external.n + (payload != NULL ? payload->n : 0) + OVERHEAD_MAX);
	cbor_open_array(&out);
	cbor_put_str(&out, context);
	cbor_put_bytes(&out, protected_bytes);
	cbor_put_bytes(&out, external);
	if (payload != NULL)
		cbor_put_bytes(&out, *payload);
	cbor_close(&out);
	st = cbor_finish(&out, ret);
	cbor_out_done(&out);
	return st;
}

/* CCM must know tag and length before the first byte; GCM takes the tag at any time before the end. */
static bool start(EVP_CIPHER_CTX *ctx, const struct aead *a, struct bytes key, struct bytes iv, struct bytes aad, uint8_t *tag,
		  size_t text_len)
{
	EVP_CIPHER *evp = EVP_CIPHER_fetch(NULL, a->name, NULL);
	int n;
	bool good = evp != NULL && EVP_CipherInit_ex2(ctx, evp, NULL, NULL, 0, NULL) == 1 &&
		    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN, (int)a->iv_len, NULL) == 1 &&
		    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, (int)a->tag_len, tag) == 1 &&
		    EVP_CipherInit_ex2(ctx, NULL, key.p, iv.p, 0, NULL) == 1 &&
		    (!a->ccm || EVP_CipherUpdate(ctx, NULL, &n, NULL, (int)text_len) == 1) &&
		    EVP_CipherUpdate(ctx, NULL, &n, aad.p, (int)aad.n) == 1;

	EVP_CIPHER_free(evp);
	return good;
}

static cc_status decrypt(const struct aead *a, struct bytes key, struct bytes iv, struct bytes aad, struct bytes sealed,
			 struct buf *ret)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t tag[TAG_MAX], none[TAG_MAX];
	struct buf out = { 0 };
	struct cursor in;
	struct bytes text;
	int n = 0;
	cc_status st = cc_code_status(CC_E_VERIFY);

	cursor_init(&in, sealed);
	if (cursor_left(&in) < a->tag_len || !cursor_take(&in, cursor_left(&in) - a->tag_len, &text) ||
	    !cursor_copy(&in, tag, a->tag_len))
		goto out;
	if (cc_failed(st = buf_zero(&out, text.n)))
		goto out;
	if (ctx == NULL || !start(ctx, a, key, iv, aad, tag, text.n))
		st = cc_code_status(CC_E_CRYPTO);
	else if (EVP_CipherUpdate(ctx, out.p, &n, text.p, (int)text.n) != 1 || (size_t)n != text.n ||
		 (!a->ccm && EVP_CipherFinal_ex(ctx, none, &n) != 1))
		st = cc_code_status(CC_E_VERIFY);
	else
		buf_move(ret, &out);
out:
	EVP_CIPHER_CTX_free(ctx);
	buf_done(&out);
	return st;
}

static cc_status wrong(cc_status st, const char *key, int64_t alg, struct cc_error *err)
{
	if (!cc_failed(st))
		return st;
	if (st.code == CC_E_VERIFY)
		return cc_fail(err, st.code, key, "%s", cose_alg_name(alg));
	return cc_fail(err, st.code, st.code == CC_E_MEMORY ? "memory" : "crypto.failed", "%s", cose_alg_name(alg));
}

cc_status cose_encrypt0_open(struct bytes key, struct bytes data, struct bytes external, struct buf *ret, struct cc_error *err)
{
	struct cose_headers h;
	struct buf aad = { 0 };
	const struct aead *a;
	struct cbor_in in;
	struct bytes sealed;
	cc_status st = cose_open(data, COSE_ANY, COSE_TAG_ENCRYPT0, &in, err);

	if (cc_failed(st) || cc_failed(st = cose_read_headers(&in, COSE_ANY, &h)))
		return st;
	if (!cbor_bytes(&in, "ciphertext", 1, COSE_BYTES_MAX, &sealed) || !cbor_end(&in, "cose"))
		return cc_code_status(CC_E_FORMAT);
	a = find_aead(h.alg);
	if (a == NULL)
		return cose_unsupported(h.alg, err);
	if (h.critical.n > 0)
		return cc_fail(err, CC_E_UNSUPPORTED, "cose.critical", "critical headers that are not known here");
	if (h.iv.n != a->iv_len || key.n != a->key_len)
		return cc_fail(err, CC_E_FORMAT, "cose.malformed", "an IV of %zu bytes, a key of %zu", h.iv.n, key.n);
	st = structure("Encrypt0", h.protected_bytes, external, NULL, &aad);
	if (!cc_failed(st))
		st = decrypt(a, key, h.iv, buf_view(&aad), sealed, ret);
	buf_done(&aad);
	return wrong(st, "cose.decrypt", h.alg, err);
}

/* RFC 9053 3.1 */
static bool find_hmac(int64_t alg, enum hash_alg *ret, size_t *ret_len)
{
	static const struct {
		int64_t alg;
		enum hash_alg hash;
		size_t n;
	} algs[] = { { COSE_HMAC_256_64, HASH_SHA256, 8 },
		     { COSE_HMAC_256, HASH_SHA256, 32 },
		     { COSE_HMAC_384, HASH_SHA384, 48 },
		     { COSE_HMAC_512, HASH_SHA512, 64 } };

	for (size_t i = 0; i < sizeof algs / sizeof algs[0]; i++) {
		if (algs[i].alg == alg) {
			*ret = algs[i].hash;
			*ret_len = algs[i].n;
			return true;
		}
	}
	return false;
}

cc_status cose_mac0_verify(struct bytes key, struct bytes data, struct bytes external, struct bytes *ret_payload,
			   struct cc_error *err)
{
	struct cose_headers h;
	struct buf covered = { 0 };
	struct digest mac = { 0 };
	enum hash_alg hash;
	struct cbor_in in;
	struct bytes payload, tag;
	size_t n;
	cc_status st = cose_open(data, COSE_ANY, COSE_TAG_MAC0, &in, err);

	if (cc_failed(st) || cc_failed(st = cose_read_headers(&in, COSE_ANY, &h)))
		return st;
	if (!cbor_bytes(&in, "payload", 0, COSE_BYTES_MAX, &payload) || !cbor_bytes(&in, "tag", 1, HASH_LEN_MAX, &tag) ||
	    !cbor_end(&in, "cose"))
		return cc_code_status(CC_E_FORMAT);
	if (!find_hmac(h.alg, &hash, &n))
		return cose_unsupported(h.alg, err);
	if (h.critical.n > 0)
		return cc_fail(err, CC_E_UNSUPPORTED, "cose.critical", "critical headers that are not known here");
	st = structure("MAC0", h.protected_bytes, external, &payload, &covered);
	if (!cc_failed(st))
		st = hash_hmac(hash, key, buf_view(&covered), &mac);
	if (!cc_failed(st) && !cc_equal(mac.p, n, tag.p, tag.n))
		st = cc_code_status(CC_E_VERIFY);
	if (!cc_failed(st))
		*ret_payload = payload;
	cc_wipe(&mac, sizeof mac);
	buf_done(&covered);
	return wrong(st, "cose.signature", h.alg, err);
}
