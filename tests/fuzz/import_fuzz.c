/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/person.h"
#include "tests/fuzz/fuzz_entry.h"

#include <string.h>

/* One row of an import file. What parses encodes to a row that parses to the same person; what doesn't names its fault. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct person p, again;
	struct row_warnings warnings = { 0 };
	struct row_fault fault = { 0 };
	struct buf row = { 0 }, row_again = { 0 };

	memset(&p, 0, sizeof p);
	memset(&again, 0, sizeof again);
	if (cc_failed(person_parse(bytes_of(data, size), &p, &warnings, &fault))) {
		CC_ASSERT(fault.key != NULL);
		return 0;
	}
	CC_ASSERT(!cc_failed(person_encode(&p, &row)));
	CC_ASSERT(!cc_failed(person_parse(buf_view(&row), &again, &warnings, &fault)));
	CC_ASSERT(!cc_failed(person_encode(&again, &row_again)));
	CC_ASSERT(bytes_equal(buf_view(&row), buf_view(&row_again)));
	buf_done(&row);
	buf_done(&row_again);
	return 0;
}
