/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/alloc_fault.h"

#include "crypto/base/err.h"
#include "crypto/base/secret.h"

/* The linker's --wrap=cc_alloc gives these two their names. */
void *__real_cc_alloc(size_t n);
void *__wrap_cc_alloc(size_t n);

static size_t left; /* allocations until the one that fails; 0: none fails */
static bool refused;

void *__wrap_cc_alloc(size_t n)
{
	if (left > 0 && --left == 0) {
		refused = true;
		return NULL;
	}
	return __real_cc_alloc(n);
}

bool alloc_fault_next(size_t *k)
{
	CC_ASSERT(*k > 0);
	if (*k > 1 && !refused)
		return false;
	refused = false;
	left = (*k)++;
	return true;
}

bool alloc_fault_end(void)
{
	left = 0;
	return refused;
}
