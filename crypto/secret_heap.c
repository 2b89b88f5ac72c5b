/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/secret_heap.h"

#include "crypto/base/err.h"

#include <openssl/crypto.h>
#include <pthread.h>

/* A scalar takes 32 to 128 bytes, an agreement some 2 KiB while it runs: room for hundreds of threads. */
#define ARENA_LEN ((size_t)1 << 20)
#define PIECE_LEN_MIN 32

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool made;

static void make(void)
{
	/* 2: made, but not locked. */
	made = CRYPTO_secure_malloc_initialized() == 1 || CRYPTO_secure_malloc_init(ARENA_LEN, PIECE_LEN_MIN) > 0;
}

bool secret_heap_ready(void)
{
	CC_ASSERT(pthread_once(&once, make) == 0);
	return made;
}
