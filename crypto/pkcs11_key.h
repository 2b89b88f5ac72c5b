/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CRYPTO_PKCS11_KEY_H
#define CC_CRYPTO_PKCS11_KEY_H

#include "crypto/base/buf.h"
#include "crypto/pkcs11_token.h"

/*
 * Keys in a token, over one session. What a token answers is outside data: it
 * is read with bounds, and what can't be true is CC_E_VERIFY "keystore.hsm-wrong".
 */

/* CC_E_NOT_FOUND "keystore.no-key"; CC_E_STATE "keystore.key-ambiguous"; CC_E_DENIED "keystore.key-exportable". */
CC_MUST cc_status pkcs11_key_find(struct pkcs11_session *s, const char *label, struct pkcs11_key *ret, struct cc_error *err);
/*
 * The same past the cache; none is no error, *ret_there says so, and ret->public_key is one that was left alone. With an error
 * it still tells whether there is a key of the label.
 */
CC_MUST cc_status pkcs11_key_look(struct pkcs11_session *s, const char *label, struct pkcs11_key *ret, bool *ret_there,
				  struct cc_error *err);
/* SubjectPublicKeyInfo with named parameters. */
CC_MUST cc_status pkcs11_key_spki(struct pkcs11_session *s, const struct pkcs11_key *key, struct buf *ret, struct cc_error *err);
/*
 * pkcs11_generate.c: makes it (CKA_START_DATE is the day of want->created_ms), reads it back and lets it sign. CC_E_EXISTS
 * "keystore.key-exists". What was made wrong is destroyed. *made: false at first; a second run after a lost session takes the
 * key of the first for its own.
 */
CC_MUST cc_status pkcs11_key_generate(struct pkcs11_session *s, const struct keystore_key_info *want, bool *made,
				      struct cc_error *err);
/* *ret_count: all keys of the token that have a label of ours; at most cap are written. */
CC_MUST cc_status pkcs11_key_list(struct pkcs11_session *s, struct keystore_key_info *ret, size_t cap, size_t *ret_count,
				  struct cc_error *err);

/* pkcs11_sign.c. digest: of alg.hash. ECDSA in DER form. */
CC_MUST cc_status pkcs11_key_sign(struct pkcs11_session *s, const struct pkcs11_key *key, struct sig_alg alg, struct bytes digest,
				  struct buf *ret, struct cc_error *err);
/* ECDH: the x-coordinate. A peer's point that is none: CC_E_VERIFY. */
CC_MUST cc_status pkcs11_key_agree(struct pkcs11_session *s, const struct pkcs11_key *key, struct bytes peer_point,
				   struct buf *ret_x, struct cc_error *err);
#define PKCS11_CMAC_LEN 16
/* AES-CMAC. The caller wipes it. */
CC_MUST cc_status pkcs11_key_cmac(struct pkcs11_session *s, const struct pkcs11_key *key, struct bytes message,
				  uint8_t ret[PKCS11_CMAC_LEN], struct cc_error *err);

#endif
