/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/keystore_kept.h"

#include "crypto/base/secret.h"
#include "crypto/keystore.h"
#include "crypto/secret_heap.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define KEPT_MAX 32 /* beyond that a key is opened for each signature */

struct kept_key {
	char label[KEYSTORE_LABEL_MAX + 1];
	struct ec_signer *signer;
};

struct kept_keys {
	struct kept_keys *next;
	pthread_mutex_t lock; /* guards count and keys among those who hold the gate for reading */
	size_t count;
	struct kept_key *keys[KEPT_MAX];
};

/*
 * Held for reading by whoever uses a private key, for writing by whoever takes
 * keys away; guards the list of all stores too. Writers go first: a busy station
 * must not keep a fork waiting. No reader takes it twice.
 */
static pthread_rwlock_t gate = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
static struct kept_keys *all;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool may_keep;

void kept_keys_enter(void)
{
	CC_ASSERT(pthread_rwlock_rdlock(&gate) == 0);
}

void kept_keys_leave(void)
{
	CC_ASSERT(pthread_rwlock_unlock(&gate) == 0);
}

static void shut(void)
{
	CC_ASSERT(pthread_rwlock_wrlock(&gate) == 0);
}

/* With the gate shut. */
static void wipe(struct kept_keys *k)
{
	for (size_t i = 0; i < k->count; i++) {
		ec_signer_free(&k->keys[i]->signer);
		cc_free(k->keys[i], sizeof *k->keys[i]);
		k->keys[i] = NULL;
	}
	k->count = 0;
}

/* ---- forks */

static void before_fork(void)
{
	shut();
	for (struct kept_keys *k = all; k != NULL; k = k->next)
		wipe(k);
}

static void after_fork_in_parent(void)
{
	kept_keys_leave();
}

/* The lock knows its holder by the thread's number, which is another one here: the child, alone by now, starts with a new one. */
static void after_fork_in_child(void)
{
	gate = (pthread_rwlock_t)PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
}

static void prepare(void)
{
	may_keep = secret_heap_ready() && pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child) == 0;
}

/* ---- one store's keys */

cc_status kept_keys_new(struct kept_keys **ret)
{
	struct kept_keys *k = cc_alloc(sizeof *k);

	if (k == NULL)
		return cc_code_status(CC_E_MEMORY);
	CC_ASSERT(pthread_once(&once, prepare) == 0);
	CC_ASSERT(pthread_mutex_init(&k->lock, NULL) == 0);
	shut();
	k->next = all;
	all = k;
	kept_keys_leave();
	*ret = k;
	return cc_ok();
}

void kept_keys_free(struct kept_keys **k)
{
	struct kept_keys **at = &all;

	if (*k == NULL)
		return;
	shut();
	while (*at != *k)
		at = &(*at)->next;
	*at = (*k)->next;
	wipe(*k);
	kept_keys_leave();
	(void)pthread_mutex_destroy(&(*k)->lock);
	cc_free(*k, sizeof **k);
	*k = NULL;
}

void kept_keys_forget(struct kept_keys *k)
{
	shut();
	wipe(k);
	kept_keys_leave();
}

/* With k->lock held. */
static const struct ec_signer *find(const struct kept_keys *k, const char *label)
{
	for (size_t i = 0; i < k->count; i++)
		if (strcmp(k->keys[i]->label, label) == 0)
			return k->keys[i]->signer;
	return NULL;
}

const struct ec_signer *kept_keys_find(struct kept_keys *k, const char *label)
{
	const struct ec_signer *signer;

	(void)pthread_mutex_lock(&k->lock);
	signer = find(k, label);
	(void)pthread_mutex_unlock(&k->lock);
	return signer;
}

cc_status kept_keys_add(struct kept_keys *k, const char *label, struct ec_signer **signer)
{
	struct kept_key *key;

	if (!may_keep)
		return cc_ok();
	key = cc_alloc(sizeof *key);
	if (key == NULL)
		return cc_code_status(CC_E_MEMORY);
	(void)snprintf(key->label, sizeof key->label, "%s", label);
	(void)pthread_mutex_lock(&k->lock);
	if (k->count < KEPT_MAX && find(k, label) == NULL) {
		key->signer = *signer;
		*signer = NULL;
		k->keys[k->count++] = key;
		key = NULL;
	}
	(void)pthread_mutex_unlock(&k->lock);
	cc_free(key, sizeof *key);
	return cc_ok();
}
