/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/cose_internal.h"

#include "crypto/ec.h"

#include <openssl/evp.h>

#define SIGNATURE_MAX 1024
#define SIGNERS_MAX 16
#define ED25519_KEY_LEN 32 /* RFC 8032 5.1.5, 5.2.5 */
#define ED448_KEY_LEN 57
/* Sig_structure and the message around the payload. */
#define OVERHEAD_MAX 8192

/* RFC 9052 4.4: Sig_structure. */
static cc_status sig_structure(const struct cose_signed *m, struct bytes external, struct buf *ret)
{
	struct cbor_out out;
	cc_status st;

	cbor_out_init(&out, m->payload.n + external.n + OVERHEAD_MAX);
	cbor_open_array(&out);
	cbor_put_str(&out, m->is_multi ? "Signature" : "Signature1");
	cbor_put_bytes(&out, m->body_protected);
	if (m->is_multi)
		cbor_put_bytes(&out, m->sign_protected);
	cbor_put_bytes(&out, external);
	cbor_put_bytes(&out, m->payload);
	cbor_close(&out);
	st = cbor_finish(&out, ret);
	cbor_out_done(&out);
	return st;
}

/* ---- signing */
static enum cose_alg alg_of_key(const struct pubkey *k)
{
	if (pubkey_kind(k) == PUBKEY_RSA)
		return COSE_PS256;
	return pubkey_bits(k) <= 256 ? COSE_ES256 : pubkey_bits(k) <= 384 ? COSE_ES384 : COSE_ES512;
}

static cc_status key_failed(const struct cose_sign_params *p, cc_status st, struct cc_error *err)
{
	keystore_error(p->keystore, err);
	return cc_fail(err, st.code, "keystore.failed", "%s", p->key_label);
}

/* The signature in COSE's form: r||s (RFC 9053 2.1). */
static cc_status sign_structure(const struct cose_sign_params *p, const struct pubkey *key, struct sig_alg alg,
				struct bytes structure, struct buf *ret, struct cc_error *err)
{
	struct buf sig = { 0 };
	cc_status st = keystore_sign(p->keystore, p->key_label, alg, structure, &sig);

	if (cc_failed(st))
		return key_failed(p, st, err);
	if (pubkey_kind(key) == PUBKEY_EC)
		st = ec_sig_to_plain(buf_view(&sig), ec_order_len(pubkey_curve(key)), ret);
	else
		buf_move(ret, &sig);
	buf_done(&sig);
	return st;
}

static cc_status write_sign1(struct bytes protected_bytes, struct bytes payload, struct bytes sig, struct buf *ret)
{
	struct cbor_out out;
	cc_status st;

	cbor_out_init(&out, payload.n + OVERHEAD_MAX);
	cbor_put_tag(&out, COSE_TAG_SIGN1);
	cbor_open_array(&out);
	cbor_put_bytes(&out, protected_bytes);
	cbor_open_map(&out);
	cbor_close(&out);
	cbor_put_bytes(&out, payload);
	cbor_put_bytes(&out, sig);
	cbor_close(&out);
	st = cbor_finish(&out, ret);
	cbor_out_done(&out);
	return st;
}

static cc_status sign_with(const struct cose_sign_params *p, struct bytes spki, const struct pubkey *key, struct buf *ret,
			   struct cc_error *err)
{
	struct buf protected_bytes = { 0 }, structure = { 0 }, sig = { 0 };
	const struct cose_sig_alg *alg = cose_sig_alg_find(alg_of_key(key));
	struct cose_signed m = { .payload = p->payload };
	struct digest kid;
	cc_status st = cose_kid(spki, &kid);

	if (!cc_failed(st))
		st = cose_protected(alg->alg, bytes_of(kid.p, kid.n), &protected_bytes);
	m.body_protected = buf_view(&protected_bytes);
	if (!cc_failed(st))
		st = sig_structure(&m, p->external, &structure);
	if (!cc_failed(st))
		st = sign_structure(p, key, alg->sig, buf_view(&structure), &sig, err);
	if (!cc_failed(st))
		st = write_sign1(m.body_protected, p->payload, buf_view(&sig), ret);
	buf_done(&protected_bytes);
	buf_done(&structure);
	buf_done(&sig);
	return st;
}

cc_status cose_sign1(const struct cose_sign_params *p, struct buf *ret, struct cc_error *err)
{
	struct pubkey *key = NULL;
	struct buf spki = { 0 };
	cc_status st = cc_ok();

	if (p->payload.n > COSE_BYTES_MAX - OVERHEAD_MAX)
		return cc_fail(err, CC_E_LIMIT, "cose.malformed", "a payload of %zu bytes", p->payload.n);
	st = keystore_public_key(p->keystore, p->key_label, &spki);
	if (cc_failed(st))
		return key_failed(p, st, err);
	st = pubkey_from_spki(buf_view(&spki), &key, err);
	if (!cc_failed(st))
		st = sign_with(p, buf_view(&spki), key, ret, err);
	if (st.code == CC_E_MEMORY)
		st = cc_fail(err, st.code, "memory", "signing");
	pubkey_free(&key);
	buf_done(&spki);
	return st;
}

/* ---- reading */
static void take_headers(const struct cose_headers *h, struct cose_signed *m)
{
	m->has_alg = h->has_alg;
	m->alg = h->alg;
	m->kid = h->kid;
	if (h->critical.n > 0)
		m->critical = h->critical;
}

static cc_status read_signature(struct cbor_in *in, size_t index, struct cose_signed *m)
{
	struct cbor_in list, one;
	struct cose_headers h;
	struct bytes skipped;
	cc_status st;

	if (!cbor_array(in, "signatures", SIGNERS_MAX, &list, NULL))
		return cc_code_status(CC_E_FORMAT);
	for (size_t i = 0; i < index; i++) {
		if (!cbor_item(&list, "signature", &skipped))
			return cc_code_status(CC_E_FORMAT);
	}
	if (!cbor_array(&list, "signature", 3, &one, NULL))
		return cc_code_status(CC_E_FORMAT);
	st = cose_read_headers(&one, COSE_ANY, &h);
	if (cc_failed(st))
		return st;
	m->sign_protected = h.protected_bytes;
	take_headers(&h, m);
	if (!cbor_bytes(&one, "signature", 1, SIGNATURE_MAX, &m->signature) || !cbor_end(&one, "signature"))
		return cc_code_status(CC_E_FORMAT);
	return st;
}

/* COSE_Sign or COSE_Sign1, where the tag says so; untagged: by the fourth item. */
static bool is_multi(struct bytes data)
{
	struct cbor_in in, list;
	enum cbor_kind kind;
	struct bytes skipped;
	uint64_t tag;

	if (cc_failed(cbor_open(&in, data, CBOR_ANY_ORDER, COSE_BYTES_MAX, NULL)))
		return false;
	if (cbor_peek(&in, &kind) && kind == CBOR_KIND_TAG && (!cbor_tag(&in, "cose", &tag) || tag != COSE_TAG_SIGN))
		return false;
	return cbor_array(&in, "cose", 4, &list, NULL) && cbor_item(&list, "", &skipped) && cbor_item(&list, "", &skipped) &&
	       cbor_item(&list, "", &skipped) && cbor_peek(&list, &kind) && kind == CBOR_KIND_ARRAY;
}

static cc_status check_profile(const struct cose_headers *h, const struct cose_signed *m, struct cc_error *err)
{
	struct buf expected = { 0 };
	cc_status st = cose_protected(h->alg, h->kid, &expected);

	/* The protected header is exactly algorithm and key id; then both came from it, and the unprotected one has neither. */
	if (!cc_failed(st) && (h->kid.n == 0 || !bytes_equal(buf_view(&expected), m->body_protected)))
		st = cc_fail(err, CC_E_FORMAT, "cose.malformed", "the protected header is not algorithm and key id");
	buf_done(&expected);
	return st;
}

cc_status cose_signed_parse(struct bytes data, enum cose_profile profile, size_t index, struct cose_signed *ret,
			    struct cc_error *err)
{
	struct cose_signed m = { .is_multi = profile == COSE_ANY && is_multi(data) };
	struct cose_headers h;
	struct cbor_in in, copy, map;
	struct bytes skipped;
	cc_status st = cose_open(data, profile, m.is_multi ? COSE_TAG_SIGN : COSE_TAG_SIGN1, &in, err);

	if (cc_failed(st))
		return st;
	copy = in;
	if (cc_failed(st = cose_read_headers(&in, profile, &h)))
		return st;
	m.body_protected = h.protected_bytes;
	take_headers(&h, &m);
	if (profile == COSE_OURS &&
	    (!cbor_item(&copy, "protected", &skipped) || !cbor_map(&copy, "unprotected", &map) || !cbor_end(&map, "unprotected")))
		return cc_code_status(CC_E_FORMAT);
	if (profile == COSE_OURS && cc_failed(st = check_profile(&h, &m, err)))
		return st;
	if (!cbor_bytes(&in, "payload", 0, COSE_BYTES_MAX, &m.payload))
		return cc_code_status(CC_E_FORMAT);
	if (m.is_multi)
		st = read_signature(&in, index, &m);
	else if (index > 0 || !cbor_bytes(&in, "signature", 1, SIGNATURE_MAX, &m.signature))
		st = cc_code_status(CC_E_FORMAT);
	if (!cc_failed(st) && !cbor_end(&in, "cose"))
		st = cc_code_status(CC_E_FORMAT);
	if (!cc_failed(st) && (!m.has_alg || (m.alg != COSE_EDDSA && cose_sig_alg_find(m.alg) == NULL)))
		st = cose_unsupported(m.alg, err);
	if (!cc_failed(st))
		*ret = m;
	return st;
}

/* ---- verifying */
static bool scheme_fits(const struct pubkey *key, enum sig_scheme scheme)
{
	return (pubkey_kind(key) == PUBKEY_EC) == (scheme == SIG_ECDSA);
}

/* RFC 9053 2.1: r||s, each as long as the order. */
static cc_status signature_der(const struct cose_signed *m, const struct pubkey *key, struct buf *ret)
{
	if (pubkey_kind(key) != PUBKEY_EC)
		return buf_copy(ret, m->signature);
	if (m->signature.n != 2 * ec_order_len(pubkey_curve(key)))
		return cc_code_status(CC_E_VERIFY);
	return ec_sig_to_der(m->signature, ret);
}

cc_status cose_signed_verify(const struct cose_signed *m, const struct pubkey *key, struct bytes external, struct cc_error *err)
{
	const struct cose_sig_alg *alg = cose_sig_alg_find(m->alg);
	struct buf structure = { 0 }, sig = { 0 };
	cc_status st;

	if (alg == NULL)
		return cose_unsupported(m->alg, err);
	if (m->critical.n > 0)
		return cc_fail(err, CC_E_UNSUPPORTED, "cose.critical", "critical headers that are not known here");
	if (!scheme_fits(key, alg->sig.scheme))
		return cc_fail(err, CC_E_VERIFY, "cose.signature", "%s with a key of another kind", cose_alg_name(m->alg));
	st = sig_structure(m, external, &structure);
	if (!cc_failed(st))
		st = signature_der(m, key, &sig);
	if (!cc_failed(st))
		st = pubkey_verify(key, alg->sig, buf_view(&structure), buf_view(&sig));
	if (st.code == CC_E_VERIFY || st.code == CC_E_FORMAT)
		st = cc_fail(err, CC_E_VERIFY, "cose.signature", "%s", cose_alg_name(m->alg));
	else if (cc_failed(st))
		st = cc_fail(err, st.code, st.code == CC_E_MEMORY ? "memory" : "crypto.failed", "verifying");
	buf_done(&structure);
	buf_done(&sig);
	return st;
}

/* ---- EdDSA */
static cc_status eddsa_verify(struct bytes key, struct bytes message, struct bytes sig)
{
	int type = key.n == ED25519_KEY_LEN ? EVP_PKEY_ED25519 : EVP_PKEY_ED448;
	EVP_PKEY *pkey = EVP_PKEY_new_raw_public_key(type, NULL, key.p, key.n);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	cc_status st = cc_code_status(CC_E_CRYPTO);

	if (pkey != NULL && ctx != NULL && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, pkey) == 1)
		st = EVP_DigestVerify(ctx, sig.p, sig.n, message.p, message.n) == 1 ? cc_ok() : cc_code_status(CC_E_VERIFY);
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(pkey);
	return st;
}

cc_status cose_signed_verify_eddsa(const struct cose_signed *m, struct bytes key, struct bytes external, struct cc_error *err)
{
	struct buf structure = { 0 };
	cc_status st;

	if (m->alg != COSE_EDDSA || (key.n != ED25519_KEY_LEN && key.n != ED448_KEY_LEN))
		return cc_fail(err, CC_E_VERIFY, "cose.signature", "%s with a key of another kind", cose_alg_name(m->alg));
	if (m->critical.n > 0)
		return cc_fail(err, CC_E_UNSUPPORTED, "cose.critical", "critical headers that are not known here");
	st = sig_structure(m, external, &structure);
	if (!cc_failed(st))
		st = eddsa_verify(key, buf_view(&structure), m->signature);
	buf_done(&structure);
	if (st.code == CC_E_VERIFY)
		return cc_fail(err, st.code, "cose.signature", "%s", cose_alg_name(m->alg));
	return cc_failed(st) ? cc_fail(err, st.code, st.code == CC_E_MEMORY ? "memory" : "crypto.failed", "verifying") : st;
}
