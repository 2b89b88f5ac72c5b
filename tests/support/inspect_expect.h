/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_TESTS_SUPPORT_INSPECT_EXPECT_H
#define CC_TESTS_SUPPORT_INSPECT_EXPECT_H

#include "card/inspect/inspect.h"

/* The check is there, with this result; else the test fails with its evidence. */
void inspect_expect(const struct inspection *i, const char *id, enum inspect_result want);
/* Its evidence has this part. */
void inspect_expect_evidence(const struct inspection *i, const char *id, const char *part);
void inspect_print_checks(const struct inspection *i);

#endif
