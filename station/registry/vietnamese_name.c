/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/vietnamese.h"

#include <string.h>

void vietnamese_split_name(const char *name, struct name_parts *ret)
{
	struct name_parts parts = { 0 };
	struct cursor in;
	const char *last;

	cursor_init(&in, bytes_str(name));
	if (!cursor_until(&in, ' ', &parts.surname))
		parts.surname = bytes_of(NULL, 0);
	last = strrchr(name, ' ');
	if (last != NULL) {
		struct bytes rest = cursor_rest(&in);

		parts.given = bytes_str(last + 1);
		if (rest.n > parts.given.n)
			parts.middle = bytes_of(rest.p, rest.n - parts.given.n - 1);
	}
	*ret = parts;
}
