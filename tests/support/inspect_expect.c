/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/inspect_expect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

void inspect_expect(const struct inspection *i, const char *id, enum inspect_result want)
{
	const struct inspect_check *c = inspection_find(i, id);

	if (c == NULL)
		fail_msg("no check %s", id);
	else if (c->result != want)
		fail_msg("%s is %s: %s", id, inspect_result_name(c->result), c->evidence);
}

void inspect_expect_evidence(const struct inspection *i, const char *id, const char *part)
{
	const struct inspect_check *c = inspection_find(i, id);

	assert_non_null(c);
	if (strstr(c->evidence, part) == NULL)
		fail_msg("%s: %s", id, c->evidence);
}

void inspect_print_checks(const struct inspection *i)
{
	for (size_t k = 0; k < i->check_count; k++)
		print_message("# %s %s %s\n", i->checks[k].id, inspect_result_name(i->checks[k].result), i->checks[k].evidence);
}
