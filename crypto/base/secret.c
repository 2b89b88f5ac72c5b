/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/base/secret.h"

#include "crypto/base/err.h"

#include <stdlib.h>
#include <string.h>

void cc_wipe(void *p, size_t n)
{
	if (n > 0)
		explicit_bzero(p, n);
}

bool cc_equal(const void *a, size_t a_len, const void *b, size_t b_len)
{
	const volatile uint8_t *x = a;
	const volatile uint8_t *y = b;
	uint8_t diff = 0;

	if (a_len != b_len)
		return false;
	for (size_t i = 0; i < a_len; i++)
		diff = (uint8_t)(diff | (x[i] ^ y[i]));
	return diff == 0;
}

void *cc_alloc(size_t n)
{
	return calloc(1, n > 0 ? n : 1);
}

void cc_free(void *p, size_t n)
{
	if (p == NULL)
		return;
	cc_wipe(p, n);
	free(p);
}

void secret_done(struct secret *s)
{
	cc_wipe(s, sizeof *s);
}

void secret_set(struct secret *s, const void *p, size_t n)
{
	CC_ASSERT(n <= SECRET_LEN_MAX);
	cc_wipe(s, sizeof *s);
	if (n > 0)
		memcpy(s->p, p, n);
	s->n = n;
}
