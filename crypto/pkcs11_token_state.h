/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CRYPTO_PKCS11_TOKEN_STATE_H
#define CC_CRYPTO_PKCS11_TOKEN_STATE_H

#include "crypto/pkcs11_token.h"

/* What pkcs11_token.c (life, jobs) and pkcs11_session.c (connection, login, pool) share. */
#define PKCS11_SESSIONS_MAX 64
#define PKCS11_CACHE_MAX 32
#define PKCS11_PIN_MAX 255

struct pkcs11_pin {
	size_t n;
	uint8_t p[PKCS11_PIN_MAX];
};

struct pkcs11_token {
	struct pkcs11_module *module;
	char label[PKCS11_LABEL_LEN + 1];
	pid_t pid;
	struct pkcs11_pin *pin; /* a page of its own, locked against swap, not in core files, not in children */
	size_t pin_map_len;
	pthread_mutex_t connect; /* looking for the token and logging in: one at a time; before `lock` */
	CK_SLOT_ID slot;	 /* under connect, as the next two */
	bool slot_known;
	uint64_t slot_epoch;
	pthread_mutex_t lock; /* all below */
	pthread_cond_t change;
	unsigned refs, running;
	uint64_t generation; /* of sessions: one more when they are lost */
	bool down;	     /* the token is lost: the module is started anew before it is looked for */
	uint64_t down_epoch;
	CK_RV refused; /* a wrong PIN; CKR_OK: none */
	CK_SESSION_HANDLE idle[PKCS11_SESSIONS_MAX];
	uint64_t idle_epoch[PKCS11_SESSIONS_MAX];
	unsigned idle_count, open_count, open_max;
	struct pkcs11_key cache[PKCS11_CACHE_MAX];
	size_t cache_count, cache_next;
};

void pkcs11_token_lock(struct pkcs11_token *t);
void pkcs11_token_unlock(struct pkcs11_token *t);

/* A session of the pool, or a new one that is logged in; inside the module. *abandoned is read under the lock. */
CC_MUST cc_status pkcs11_session_acquire(struct pkcs11_session *s, const bool *abandoned, struct cc_error *err);
/* Leaves the module. A session that failed is not used again. */
void pkcs11_session_release(struct pkcs11_session *s);
/* Looks for the token alone; inside the module. */
CC_MUST cc_status pkcs11_session_slot(struct pkcs11_session *s, struct cc_error *err);

#endif
