/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pkcs11_key.h"
#include "crypto/pkcs11_attribute.h"
#include "crypto/pubkey.h"
#include "tests/fuzz/fuzz_entry.h"

#include <string.h>

/* libfuzzer: -max_len=4096 */

/*
 * A PKCS#11 token that answers whatever the input says: each answer is a return code
 * (1), a length (2) and bytes; objects are found one for each byte. A length may be a lie.
 * A key that is taken for one has a size, its public key reads, and what was refused has a name.
 */
static struct cursor answers;

static CK_RV answer(void *out, CK_ULONG cap, CK_ULONG *ret_len)
{
	struct bytes v = { 0 };
	uint16_t n = 0;
	uint8_t rv = 5;

	if (!cursor_u8(&answers, &rv) || !cursor_u16(&answers, &n))
		return CKR_DEVICE_REMOVED;
	CC_ASSERT(cursor_take(&answers, n < cursor_left(&answers) ? n : cursor_left(&answers), &v));
	if (v.n > 0 && out != NULL)
		memcpy(out, v.p, v.n < cap ? v.n : cap);
	*ret_len = n;
	return rv == 0 ? CKR_OK : rv == 1 ? CKR_ATTRIBUTE_TYPE_INVALID : rv;
}

static CK_RV get_attribute(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *a, CK_ULONG count)
{
	(void)h;
	(void)object;
	CC_ASSERT(count == 1);
	return answer(a->pValue, a->ulValueLen, &a->ulValueLen);
}

static CK_RV find_init(CK_SESSION_HANDLE h, CK_ATTRIBUTE *a, CK_ULONG count)
{
	(void)h;
	(void)a;
	(void)count;
	return CKR_OK;
}

static CK_RV find(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE *out, CK_ULONG cap, CK_ULONG *ret_count)
{
	uint8_t n = 0;

	(void)h;
	if (!cursor_u8(&answers, &n))
		return CKR_SESSION_CLOSED;
	for (CK_ULONG i = 0; i < n && i < cap; i++)
		out[i] = i + 1;
	*ret_count = n;
	return CKR_OK;
}

static CK_RV find_final(CK_SESSION_HANDLE h)
{
	(void)h;
	return CKR_OK;
}

static CK_RV sign_init(CK_SESSION_HANDLE h, CK_MECHANISM *m, CK_OBJECT_HANDLE key)
{
	(void)h;
	(void)m;
	(void)key;
	return CKR_OK;
}

static CK_RV sign(CK_SESSION_HANDLE h, CK_BYTE *data, CK_ULONG n, CK_BYTE *out, CK_ULONG *inout_len)
{
	(void)h;
	(void)data;
	(void)n;
	return answer(out, *inout_len, inout_len);
}

static CK_RV derive(CK_SESSION_HANDLE h, CK_MECHANISM *m, CK_OBJECT_HANDLE key, CK_ATTRIBUTE *a, CK_ULONG count,
		    CK_OBJECT_HANDLE *ret)
{
	(void)h;
	(void)m;
	(void)key;
	(void)a;
	(void)count;
	*ret = 9;
	return CKR_OK;
}

static CK_RV destroy(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE object)
{
	(void)h;
	(void)object;
	return CKR_OK;
}

static void use_ec(struct pkcs11_session *s, const struct pkcs11_key *key, struct bytes spki)
{
	struct sig_alg alg = { .scheme = SIG_ECDSA, .hash = HASH_SHA256 };
	struct buf out = { 0 };
	struct pubkey *k = NULL;
	uint8_t digest[32] = { 1 };

	if (!cc_failed(pkcs11_key_sign(s, key, alg, bytes_of(digest, 32), &out, NULL)))
		CC_ASSERT(out.n > 0);
	buf_done(&out);
	CC_ASSERT(!cc_failed(pubkey_from_spki(spki, &k, NULL)));
	/* The key's own point is a point of its curve. */
	if (!cc_failed(pkcs11_key_agree(s, key, pubkey_point(k), &out, NULL)))
		CC_ASSERT(out.n == ec_field_len(key->info.curve));
	buf_done(&out);
	pubkey_free(&k);
}

static void use(struct pkcs11_session *s, const struct pkcs11_key *key)
{
	struct sig_alg pss = { .scheme = SIG_RSA_PSS, .hash = HASH_SHA256, .mgf_hash = HASH_SHA256, .salt_len = 32 };
	struct cc_error err = { 0 };
	struct buf spki = { 0 }, sig = { 0 };
	uint8_t mac[PKCS11_CMAC_LEN], digest[32] = { 1 };

	CC_ASSERT(key->info.bits > 0 && key->info.bits <= 8 * PKCS11_ATTRIBUTE_MAX);
	if (cc_failed(pkcs11_key_spki(s, key, &spki, &err)))
		CC_ASSERT(err.key != NULL && spki.n == 0);
	else if (key->info.kind == KEYSTORE_EC)
		use_ec(s, key, buf_view(&spki));
	CC_ASSERT(cc_failed(pkcs11_key_cmac(s, key, bytes_of(digest, 32), mac, NULL)) || key->info.kind == KEYSTORE_AES);
	if (!cc_failed(pkcs11_key_sign(s, key, pss, bytes_of(digest, 32), &sig, NULL)))
		CC_ASSERT(key->info.kind == KEYSTORE_RSA && sig.n == (key->info.bits + 7) / 8);
	buf_done(&sig);
	buf_done(&spki);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CK_FUNCTION_LIST module = { .C_GetAttributeValue = get_attribute,
				    .C_FindObjectsInit = find_init,
				    .C_FindObjects = find,
				    .C_FindObjectsFinal = find_final,
				    .C_SignInit = sign_init,
				    .C_Sign = sign,
				    .C_DeriveKey = derive,
				    .C_DestroyObject = destroy };
	struct pkcs11_session s = { .f = &module, .failed = CKR_OK };
	struct cc_error err = { 0 };
	struct pkcs11_key key;
	bool there = false;

	cursor_init(&answers, bytes_of(data, size));
	if (cc_failed(pkcs11_key_look(&s, "ds-1", &key, &there, &err)))
		CC_ASSERT(err.key != NULL);
	else if (there)
		use(&s, &key);
	return 0;
}
