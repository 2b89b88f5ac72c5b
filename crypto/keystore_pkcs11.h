/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CRYPTO_KEYSTORE_PKCS11_H
#define CC_CRYPTO_KEYSTORE_PKCS11_H

#include "crypto/base/bytes.h"
#include "crypto/base/err.h"
#include "crypto/base/sys.h"
#include "crypto/keystore.h"

#include <stdbool.h>

/*
 * The key store of crypto/keystore.h in a PKCS#11 token (HSM, SoftHSM2). Keys
 * are made in the token and never leave it: CKA_TOKEN, CKA_PRIVATE,
 * CKA_SENSITIVE, not CKA_EXTRACTABLE; one that a token made otherwise, or that
 * somebody put there otherwise, is refused. CKA_LABEL and CKA_ID are the key's
 * label. Needed of the token: CKM_EC_KEY_PAIR_GEN and CKM_ECDSA, or
 * CKM_RSA_PKCS_KEY_PAIR_GEN with CKM_RSA_PKCS or CKM_RSA_PKCS_PSS; CKM_AES_KEY_GEN
 * and CKM_AES_CMAC; CKM_ECDH1_DERIVE for keystore_agree. Card keys are derived inside the token, each block twice: a
 * wrong card key costs a card.
 *
 * created_ms: PKCS#11 knows no creation time. The public key's CKA_START_DATE
 * holds the day where the token takes it, so it is midnight UTC of that day;
 * else, and for AES keys, it is 0.
 *
 * Each operation runs on a session of a pool, in a thread of its own, and is
 * given up after a limit. Errors (keystore_error):
 *
 *	keystore.hsm-gone	CC_E_NO_SERVICE	token absent, pulled, or it says it is broken
 *	keystore.hsm-slow	CC_E_NO_SERVICE	no answer within the limit
 *	keystore.hsm-error	CC_E_NO_SERVICE	any other failure that it doesn't explain
 *	keystore.session-lost	CC_E_NO_SERVICE	lost again right after it was opened anew
 *	keystore.hsm-busy	CC_E_BUSY	no session free in the token
 *	keystore.hsm-wrong	CC_E_VERIFY	an answer that can't be true
 *	keystore.hsm-cannot	CC_E_UNSUPPORTED mechanism, curve or size is not in the token
 *	keystore.hsm-read-only	CC_E_DENIED	the token is write-protected
 *	keystore.key-exportable	CC_E_DENIED	the key could be read out of the token
 *	keystore.key-ambiguous	CC_E_STATE	two keys of one label
 *	keystore.pin-wrong	CC_E_DENIED	not tried again by this store: a token locks itself
 *	keystore.pin-final-try	CC_E_DENIED	one wrong PIN more would lock the token; not tried
 *	keystore.pin-locked, keystore.pin-unset	CC_E_DENIED
 *	keystore.module		CC_E_NOT_FOUND, CC_E_UNSUPPORTED	the module is missing or not one
 *	keystore.token-ambiguous CC_E_STATE	two tokens of one label
 *	keystore.forked		CC_E_STATE	opened before a fork: the child opens its own
 *
 * After each of them but pin-wrong and forked the next call starts over: it
 * looks for the token, opens a session and logs in. A session that is lost is
 * opened anew within the call, once.
 */
struct keystore_pkcs11_params {
	const char *module; /* path of the token's module */
	const char *token;  /* its label, at most 32 bytes */
	struct bytes pin;   /* copied to locked memory; needed again when a session was lost */
	/* Processes that make keys queue behind a lock on this file, as labels must stay unique; NULL: this process alone. */
	const char *lock_path;
	unsigned sessions_max;	    /* 0: 16 */
	unsigned limit_ms;	    /* of one operation; 0: 20 s */
	unsigned generate_limit_ms; /* of making a key; 0: 5 min */
	const struct sys *sys;
};

CC_MUST cc_status keystore_pkcs11_open(const struct keystore_pkcs11_params *params, struct keystore **ret, struct cc_error *err);

/* What `doctor` shows of module and token; no PIN is used. */
struct keystore_pkcs11_state {
	char library[33]; /* what the module calls itself */
	char manufacturer[33], model[17], serial[17];
	bool pin_locked, pin_count_low;
};
/* Only module, token, limit_ms of params. Errors as above. */
CC_MUST cc_status keystore_pkcs11_probe(const struct keystore_pkcs11_params *params, struct keystore_pkcs11_state *ret,
					struct cc_error *err);

#endif
