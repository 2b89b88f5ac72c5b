/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/asn1.h"
#include "crypto/base/secret.h"
#include "crypto/pkcs11_attribute.h"
#include "crypto/pkcs11_key.h"

#define SIGNATURE_MAX 1024
#define DIGEST_INFO_MAX 128

static cc_status call_sign(struct pkcs11_session *s, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key, struct bytes in, uint8_t *out,
			   CK_ULONG *len, struct cc_error *err)
{
	CK_BYTE message[SIGNATURE_MAX];
	cc_status st = pkcs11_check(s, "C_SignInit", s->f->C_SignInit(s->h, mechanism, key), err);
	struct cursor c;

	cursor_init(&c, in);
	if (!cc_failed(st) && !cursor_copy(&c, message, in.n < sizeof message ? in.n : sizeof message + 1))
		st = cc_fail(err, CC_E_LIMIT, "keystore.failed", "%zu bytes to sign", in.n);
	if (!cc_failed(st))
		st = pkcs11_check(s, "C_Sign", s->f->C_Sign(s->h, message, in.n, out, len), err);
	return st;
}

/* RFC 8017 9.2: DigestInfo with NULL parameters. */
static cc_status digest_info(enum hash_alg hash, struct bytes digest, struct buf *ret)
{
	struct writer w;

	writer_init(&w, DIGEST_INFO_MAX);
	tlv_open(&w, DER_SEQUENCE);
	tlv_open(&w, DER_SEQUENCE);
	der_put_oid(&w, hash_oid(hash));
	der_put_null(&w);
	tlv_close(&w);
	tlv_put(&w, DER_OCTET_STRING, digest);
	tlv_close(&w);
	return writer_finish(&w, ret);
}

static CK_MECHANISM_TYPE hash_mechanism(enum hash_alg hash)
{
	switch (hash) {
	case HASH_SHA1:
		return CKM_SHA_1;
	case HASH_SHA224:
		return CKM_SHA224;
	case HASH_SHA256:
		return CKM_SHA256;
	case HASH_SHA384:
		return CKM_SHA384;
	case HASH_SHA512:
	case HASH_COUNT:
		break;
	}
	return CKM_SHA512;
}

static CK_RSA_PKCS_MGF_TYPE hash_mgf(enum hash_alg hash)
{
	switch (hash) {
	case HASH_SHA1:
		return CKG_MGF1_SHA1;
	case HASH_SHA224:
		return CKG_MGF1_SHA224;
	case HASH_SHA256:
		return CKG_MGF1_SHA256;
	case HASH_SHA384:
		return CKG_MGF1_SHA384;
	case HASH_SHA512:
	case HASH_COUNT:
		break;
	}
	return CKG_MGF1_SHA512;
}

static cc_status sign_rsa(struct pkcs11_session *s, const struct pkcs11_key *key, struct sig_alg alg, struct bytes digest,
			  struct buf *ret, struct cc_error *err)
{
	CK_RSA_PKCS_PSS_PARAMS pss = { hash_mechanism(alg.hash), hash_mgf(alg.mgf_hash), alg.salt_len };
	CK_MECHANISM mechanism = { CKM_RSA_PKCS, NULL, 0 };
	uint8_t sig[SIGNATURE_MAX];
	CK_ULONG len = sizeof sig;
	struct buf in = { 0 };
	cc_status st = alg.scheme == SIG_RSA_PSS ? buf_copy(&in, digest) : digest_info(alg.hash, digest, &in);

	if (alg.scheme == SIG_RSA_PSS)
		mechanism = (CK_MECHANISM){ CKM_RSA_PKCS_PSS, &pss, sizeof pss };
	if (cc_failed(st))
		(void)cc_fail(err, st.code, "memory", "digest");
	else
		st = call_sign(s, &mechanism, key->private_key, buf_view(&in), sig, &len, err);
	/* RFC 8017 8.2.1: as long as the modulus. */
	if (!cc_failed(st) && (len > sizeof sig || len != (key->info.bits + 7) / 8))
		st = pkcs11_wrong(err, "length of a signature", key->info.label);
	if (!cc_failed(st))
		st = buf_copy(ret, bytes_of(sig, len));
	buf_done(&in);
	return st;
}

static cc_status sign_ec(struct pkcs11_session *s, const struct pkcs11_key *key, struct bytes digest, struct buf *ret,
			 struct cc_error *err)
{
	CK_MECHANISM mechanism = { CKM_ECDSA, NULL, 0 };
	size_t order_len = ec_order_len(key->info.curve);
	uint8_t sig[SIGNATURE_MAX];
	CK_ULONG len = sizeof sig;
	cc_status st;

	/* FIPS 186-4 6.4: the leftmost bits; every order but P-521's ends at a byte, and no hash is longer than that one. */
	if (digest.n > order_len)
		digest.n = order_len;
	st = call_sign(s, &mechanism, key->private_key, digest, sig, &len, err);
	if (cc_failed(st))
		return st;
	/* PKCS#11 2.40 2.3.1: r || s, each as long as the order. */
	if (len != 2 * order_len)
		return pkcs11_wrong(err, "length of a signature", key->info.label);
	return ec_sig_to_der(bytes_of(sig, len), ret);
}

cc_status pkcs11_key_sign(struct pkcs11_session *s, const struct pkcs11_key *key, struct sig_alg alg, struct bytes digest,
			  struct buf *ret, struct cc_error *err)
{
	enum keystore_kind kind = alg.scheme == SIG_ECDSA ? KEYSTORE_EC : KEYSTORE_RSA;

	if (key->info.kind != kind)
		return cc_fail(err, CC_E_ARG, "keystore.kind", "%s: the key is of another kind than the signature",
			       key->info.label);
	return kind == KEYSTORE_EC ? sign_ec(s, key, digest, ret, err) : sign_rsa(s, key, alg, digest, ret, err);
}

cc_status pkcs11_key_cmac(struct pkcs11_session *s, const struct pkcs11_key *key, struct bytes message,
			  uint8_t ret[PKCS11_CMAC_LEN], struct cc_error *err)
{
	CK_MECHANISM mechanism = { CKM_AES_CMAC, NULL, 0 };
	uint8_t mac[SIGNATURE_MAX];
	CK_ULONG len = sizeof mac;
	struct cursor in;
	cc_status st;

	if (key->info.kind != KEYSTORE_AES)
		return cc_fail(err, CC_E_ARG, "keystore.kind", "%s is no AES key", key->info.label);
	st = call_sign(s, &mechanism, key->private_key, message, mac, &len, err);
	if (!cc_failed(st)) {
		cursor_init(&in, bytes_of(mac, len <= sizeof mac ? len : 0));
		if (!cursor_copy(&in, ret, PKCS11_CMAC_LEN) || cc_failed(cursor_end(&in)))
			st = pkcs11_wrong(err, "length of a MAC", key->info.label);
	}
	cc_wipe(mac, sizeof mac);
	return st;
}

/* The shared secret is an object of this session alone, and gone after it was read. */
static cc_status read_and_destroy(struct pkcs11_session *s, CK_OBJECT_HANDLE object, size_t len, struct buf *ret,
				  struct cc_error *err)
{
	struct pkcs11_value v;
	cc_status st = pkcs11_attribute(s, object, CKA_VALUE, &v, err);
	CK_RV rv = s->f->C_DestroyObject(s->h, object);

	if (!cc_failed(st))
		st = pkcs11_check(s, "C_DestroyObject", rv, err);
	if (!cc_failed(st) && v.n != len)
		st = pkcs11_wrong(err, "length of a shared secret", "C_DeriveKey");
	if (!cc_failed(st))
		st = buf_copy(ret, bytes_of(v.p, v.n));
	cc_wipe(&v, sizeof v);
	return st;
}

cc_status pkcs11_key_agree(struct pkcs11_session *s, const struct pkcs11_key *key, struct bytes peer_point, struct buf *ret_x,
			   struct cc_error *err)
{
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE type = CKK_GENERIC_SECRET;
	CK_ULONG len = ec_field_len(key->info.curve);
	CK_ATTRIBUTE template[] = {
		{ CKA_CLASS, &class, sizeof class }, { CKA_KEY_TYPE, &type, sizeof type },  { CKA_TOKEN, &no, sizeof no },
		{ CKA_SENSITIVE, &no, sizeof no },   { CKA_EXTRACTABLE, &yes, sizeof yes }, { CKA_VALUE_LEN, &len, sizeof len },
	};
	struct buf point = { 0 };
	CK_ECDH1_DERIVE_PARAMS ecdh = { .kdf = CKD_NULL };
	CK_MECHANISM mechanism = { CKM_ECDH1_DERIVE, &ecdh, sizeof ecdh };
	CK_OBJECT_HANDLE object = CK_INVALID_HANDLE;
	cc_status st;

	if (key->info.kind != KEYSTORE_EC)
		return cc_fail(err, CC_E_ARG, "keystore.kind", "%s is no EC key", key->info.label);
	if (cc_failed(st = ec_curve_point_check(key->info.curve, peer_point)))
		return cc_fail(err, st.code, "pubkey.bad-point", "%s: the other side's point", key->info.label);
	if (cc_failed(st = buf_copy(&point, peer_point)))
		return cc_fail(err, st.code, "memory", "point");
	ecdh.ulPublicDataLen = point.n;
	ecdh.pPublicData = point.p;
	st = pkcs11_check(
		s, "C_DeriveKey",
		s->f->C_DeriveKey(s->h, &mechanism, key->private_key, template, sizeof template / sizeof template[0], &object),
		err);
	if (!cc_failed(st))
		st = read_and_destroy(s, object, len, ret_x, err);
	buf_done(&point);
	return st;
}
