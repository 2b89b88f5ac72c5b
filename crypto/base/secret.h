/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_BASE_SECRET_H
#define CC_BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Overwrites n bytes in a way that the compiler may not drop. p may be NULL when n is 0. */
void cc_wipe(void *p, size_t n);

/* Compares without a data-dependent branch. Lengths are public: differing lengths compare unequal. */
bool cc_equal(const void *a, size_t a_len, const void *b, size_t b_len);

/* malloc/realloc partners whose free wipes. cc_alloc zeroes; n == 0 gives a valid pointer. NULL when out of memory. */
void *cc_alloc(size_t n);
void cc_free(void *p, size_t n); /* wipes n bytes, then frees; NULL-safe */

#define SECRET_LEN_MAX 64

/* A key or shared secret in the caller's storage. secret_done wipes; call it on every exit path. */
struct secret {
	size_t n;
	uint8_t p[SECRET_LEN_MAX];
};

void secret_done(struct secret *s);
/* Copies n <= SECRET_LEN_MAX bytes; asserts the bound. */
void secret_set(struct secret *s, const void *p, size_t n);

#endif
