/* SPDX-License-Identifier: Apache-2.0 */
#include "station/whole_number.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool whole_number(const char *text, uint64_t low, uint64_t high, uint64_t *ret)
{
	unsigned long long v;

	if (text[0] == '\0' || text[strspn(text, "0123456789")] != '\0')
		return false;
	errno = 0;
	v = strtoull(text, NULL, 10);
	if (errno != 0 || v < low || v > high)
		return false;
	*ret = v;
	return true;
}

bool whole_number_option(const struct invocation *inv, const char *name, uint64_t low, uint64_t high, uint64_t *inout)
{
	const char *text = invocation_option(inv, name);

	return text == NULL || whole_number(text, low, high, inout);
}
