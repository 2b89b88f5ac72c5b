/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CRYPTO_KEYSTORE_KEPT_H
#define CC_CRYPTO_KEYSTORE_KEPT_H

#include "crypto/base/err.h"
#include "crypto/ec.h"

/*
 * EC keys that stay open between signatures; the file store's own
 * (keystore_file_internal.h). Opening one anew each time costs as much as the
 * signature.
 *
 * No forked child may hold a private key: it may be one that reads hostile
 * bytes. The scalars lie in secret_heap.h's arena, which a child inherits; so a
 * fork waits until nobody uses a private key, and finds none: all are freed
 * (which wipes them) before the process is copied, and opened again when they
 * are next needed. That holds for fork() alone: tests/lint/check.sh refuses
 * calls that copy a process past its handlers. A program that is started
 * (posix_spawn) gets no memory of ours at all.
 */
struct kept_keys;

CC_MUST cc_status kept_keys_new(struct kept_keys **ret);
void kept_keys_free(struct kept_keys **k); /* wipes; NULL-safe */

/* Around each use of a private key, kept or opened for one operation: no fork happens in between. Not nested. */
void kept_keys_enter(void);
void kept_keys_leave(void);

/* These two between enter and leave, and the signer is used there alone. NULL: not kept. */
const struct ec_signer *kept_keys_find(struct kept_keys *k, const char *label);
/*
 * Takes *signer, which becomes NULL; it stays the caller's where there is no
 * room, no arena, or another thread was faster. CC_E_MEMORY.
 */
CC_MUST cc_status kept_keys_add(struct kept_keys *k, const char *label, struct ec_signer **signer);

/* Wipes all; waits for those in use. Not between enter and leave. */
void kept_keys_forget(struct kept_keys *k);

#endif
