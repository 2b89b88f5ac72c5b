/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CRYPTO_PKCS11_ATTRIBUTE_H
#define CC_CRYPTO_PKCS11_ATTRIBUTE_H

#include "crypto/pkcs11_token.h"

#include <stdbool.h>
#include <stddef.h>

/* Attributes of objects in a token, and objects by their attributes. */
#define PKCS11_ATTRIBUTE_MAX 1024 /* longest value that keys of ours have: an RSA-4096 modulus and room */

struct pkcs11_value {
	size_t n;
	uint8_t p[PKCS11_ATTRIBUTE_MAX];
};

/* One attribute. *ret_n 0 when the object hasn't got it. */
CC_MUST cc_status pkcs11_attribute(struct pkcs11_session *s, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
				   struct pkcs11_value *ret, struct cc_error *err);
/* One that is a number or a truth value and that must be there. */
CC_MUST cc_status pkcs11_attribute_ulong(struct pkcs11_session *s, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, CK_ULONG *ret,
					 struct cc_error *err);
CC_MUST cc_status pkcs11_attribute_bool(struct pkcs11_session *s, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, bool *ret,
					struct cc_error *err);
/* All objects that fit; more than cap: CC_E_LIMIT. */
CC_MUST cc_status pkcs11_find(struct pkcs11_session *s, CK_ATTRIBUTE *template, CK_ULONG template_len, CK_OBJECT_HANDLE *ret,
			      size_t cap, size_t *ret_count, struct cc_error *err);
/* "keystore.hsm-wrong". */
CC_MUST cc_status pkcs11_wrong(struct cc_error *err, const char *what, const char *label);

#endif
