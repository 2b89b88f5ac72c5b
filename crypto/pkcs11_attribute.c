/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pkcs11_attribute.h"

#include <string.h>

#define FIND_STEP 64

cc_status pkcs11_wrong(struct cc_error *err, const char *what, const char *label)
{
	return cc_fail(err, CC_E_VERIFY, "keystore.hsm-wrong", "%s: %s", label, what);
}

cc_status pkcs11_attribute(struct pkcs11_session *s, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, struct pkcs11_value *ret,
			   struct cc_error *err)
{
	CK_ATTRIBUTE a = { type, ret->p, sizeof ret->p };
	CK_RV rv = s->f->C_GetAttributeValue(s->h, object, &a, 1);
	cc_status st;

	ret->n = 0;
	if (rv == CKR_ATTRIBUTE_TYPE_INVALID)
		return cc_ok();
	st = pkcs11_check(s, "C_GetAttributeValue", rv, err);
	if (cc_failed(st) || a.ulValueLen == CK_UNAVAILABLE_INFORMATION)
		return st;
	if (a.ulValueLen > sizeof ret->p)
		return cc_fail(err, CC_E_VERIFY, "keystore.hsm-wrong", "attribute 0x%lX of %lu bytes", type, a.ulValueLen);
	ret->n = a.ulValueLen;
	return st;
}

cc_status pkcs11_attribute_ulong(struct pkcs11_session *s, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, CK_ULONG *ret,
				 struct cc_error *err)
{
	struct pkcs11_value v;
	cc_status st = pkcs11_attribute(s, object, type, &v, err);

	if (cc_failed(st))
		return st;
	if (v.n != sizeof *ret)
		return cc_fail(err, CC_E_VERIFY, "keystore.hsm-wrong", "attribute 0x%lX of %zu bytes", type, v.n);
	memcpy(ret, v.p, sizeof *ret);
	return st;
}

cc_status pkcs11_attribute_bool(struct pkcs11_session *s, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, bool *ret,
				struct cc_error *err)
{
	struct pkcs11_value v;
	cc_status st = pkcs11_attribute(s, object, type, &v, err);

	if (cc_failed(st))
		return st;
	if (v.n != sizeof(CK_BBOOL))
		return cc_fail(err, CC_E_VERIFY, "keystore.hsm-wrong", "attribute 0x%lX of %zu bytes", type, v.n);
	*ret = v.p[0] != CK_FALSE;
	return st;
}

static cc_status collect(struct pkcs11_session *s, CK_OBJECT_HANDLE *ret, size_t cap, size_t *ret_count, struct cc_error *err)
{
	CK_OBJECT_HANDLE step[FIND_STEP];
	CK_ULONG n;
	size_t count = 0;

	do {
		cc_status st;

		n = 0;
		st = pkcs11_check(s, "C_FindObjects", s->f->C_FindObjects(s->h, step, FIND_STEP, &n), err);
		if (cc_failed(st))
			return st;
		if (n > FIND_STEP)
			return cc_fail(err, CC_E_VERIFY, "keystore.hsm-wrong", "C_FindObjects: %lu of %d", n, FIND_STEP);
		if (n > cap - count)
			return cc_fail(err, CC_E_LIMIT, "keystore.full", "more than %zu objects", cap);
		memcpy(ret + count, step, n * sizeof step[0]);
		count += n;
	} while (n > 0);
	*ret_count = count;
	return cc_ok();
}

cc_status pkcs11_find(struct pkcs11_session *s, CK_ATTRIBUTE *template, CK_ULONG template_len, CK_OBJECT_HANDLE *ret, size_t cap,
		      size_t *ret_count, struct cc_error *err)
{
	cc_status st = pkcs11_check(s, "C_FindObjectsInit", s->f->C_FindObjectsInit(s->h, template, template_len), err);
	CK_RV rv;

	if (cc_failed(st))
		return st;
	st = collect(s, ret, cap, ret_count, err);
	rv = s->f->C_FindObjectsFinal(s->h);
	return cc_failed(st) ? st : pkcs11_check(s, "C_FindObjectsFinal", rv, err);
}
