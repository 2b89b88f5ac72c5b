/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CRYPTO_SECRET_HEAP_H
#define CC_CRYPTO_SECRET_HEAP_H

#include <stdbool.h>

/*
 * The library's arena for secret numbers, between guard pages, locked against
 * swap and left out of core files: private EC scalars, and what is computed
 * with them, lie there once it is made. Where it can't be locked
 * (RLIMIT_MEMLOCK) it is still wiped number by number.
 *
 * Made once for the process, by whoever keeps private keys, before there are
 * threads that compute. False: there is none, and private keys stay sealed.
 */
bool secret_heap_ready(void);

#endif
