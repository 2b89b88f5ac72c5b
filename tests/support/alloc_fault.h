/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_TESTS_SUPPORT_ALLOC_FAULT_H
#define CC_TESTS_SUPPORT_ALLOC_FAULT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Out of memory at a chosen allocation: test programs are linked so that the
 * rooms' cc_alloc passes through here.
 *
 *	for (size_t k = 1; alloc_fault_next(&k); ) {
 *		cc_status st = make_something(&thing);
 *		if (alloc_fault_end())
 *			assert_int_equal(st.code, CC_E_MEMORY);
 *		...free...
 *	}
 *
 * fails the first, second ... allocation in turn, until a run has no more of
 * them; that last run went through unharmed.
 */

/* Begins run *k (start at 1) and counts it up; false when the run before met no failure. */
bool alloc_fault_next(size_t *k);
/* Stops failing; true when an allocation was refused in this run. */
bool alloc_fault_end(void);

#endif
