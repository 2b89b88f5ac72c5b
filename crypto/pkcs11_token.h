/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CRYPTO_PKCS11_TOKEN_H
#define CC_CRYPTO_PKCS11_TOKEN_H

#include "crypto/base/bytes.h"
#include "crypto/base/err.h"
#include "crypto/keystore.h"
#include "crypto/pkcs11_module.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * One token of a module, found by its label, with its login and a pool of
 * sessions. Work on it runs in threads of its own: a call into a module can't
 * be broken off, only be waited for no longer.
 */
#define PKCS11_LABEL_LEN 32

struct pkcs11_token;

/* The PIN is copied. Nothing is asked of the token yet. */
CC_MUST cc_status pkcs11_token_new(const char *module, const char *label, struct bytes pin, unsigned sessions_max,
				   struct pkcs11_token **ret, struct cc_error *err);
/* Sessions that a hanging call holds are closed when it returns. */
void pkcs11_token_free(struct pkcs11_token **t);
/* CC_E_STATE "keystore.forked" in a child of the process that opened it. */
CC_MUST cc_status pkcs11_token_check_process(const struct pkcs11_token *t, struct cc_error *err);

/* Where a key lies. Handles hold for the sessions of one generation. */
struct pkcs11_key {
	struct keystore_key_info info;
	CK_OBJECT_HANDLE private_key; /* or the AES key */
	CK_OBJECT_HANDLE public_key;  /* CK_INVALID_HANDLE for AES keys */
};

/* A session that is logged in, for the time of one work. */
struct pkcs11_session {
	struct pkcs11_token *token;
	CK_FUNCTION_LIST *f;
	CK_SESSION_HANDLE h;
	uint64_t epoch, generation;
	CK_RV failed; /* of the first call that failed */
};

/* Records a failed call for both the caller and the session's fate. CKR_OK is CC_OK. */
CC_MUST cc_status pkcs11_check(struct pkcs11_session *s, const char *call, CK_RV rv, struct cc_error *err);

/* Keys found before in the session's generation. */
bool pkcs11_cache_find(struct pkcs11_session *s, const char *label, struct pkcs11_key *ret);
void pkcs11_cache_add(struct pkcs11_session *s, const struct pkcs11_key *key);

/*
 * A piece of work, on the heap: it outlives the call that is tired of waiting.
 * run may be called twice: a lost session is replaced once. It leaves its
 * results in the struct around the job; free releases that, from whichever
 * thread is last.
 */
struct pkcs11_job {
	cc_status (*run)(struct pkcs11_job *job, struct pkcs11_session *s, struct cc_error *err);
	void (*free)(struct pkcs11_job *job);
	bool with_session; /* false: only module and slot are asked; s->h is not open */
	/* the token's own */
	struct pkcs11_token *token;
	CK_SLOT_ID slot;
	unsigned refs;
	bool done, abandoned;
	cc_status status;
	struct cc_error err;
};

/*
 * Runs it and waits limit_ms at most: CC_E_NO_SERVICE "keystore.hsm-slow". On
 * success the results may be read until pkcs11_job_done, which every caller
 * calls, also after a failure.
 */
CC_MUST cc_status pkcs11_token_run(struct pkcs11_token *t, struct pkcs11_job *job, unsigned limit_ms, struct cc_error *err);
void pkcs11_job_done(struct pkcs11_job *job);

#endif
