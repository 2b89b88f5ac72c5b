/* SPDX-License-Identifier: Apache-2.0 */
#include "card/lds/dg1.h"
#include "card/lds/mrz.h"
#include "tests/fuzz/fuzz_entry.h"

#include <string.h>

/* First byte: exact or scan. What reads has a text that reads exactly, and the same. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor in;
	struct mrz m, again;
	struct buf file = { 0 };
	uint8_t mode;

	cursor_init(&in, bytes_of(data, size));
	if (!cursor_u8(&in, &mode))
		return 0;
	if (cc_failed(mrz_read(cursor_rest(&in), (mode & 1) != 0 ? MRZ_READ_SCAN : MRZ_READ_EXACT, &m, NULL)))
		return 0;
	CC_ASSERT(!cc_failed(mrz_read(bytes_str(m.text), MRZ_READ_EXACT, &again, NULL)));
	CC_ASSERT(strcmp(m.text, again.text) == 0 && memcmp(m.digits, again.digits, sizeof m.digits) == 0);
	CC_ASSERT(strcmp(m.primary, again.primary) == 0 && strcmp(m.document_number, again.document_number) == 0);
	CC_ASSERT(cc_failed(dg1_encode(m.text, &file, NULL)) == !m.digits_good);
	if (m.digits_good) {
		CC_ASSERT(!cc_failed(dg1_parse(buf_view(&file), &again, NULL)));
		CC_ASSERT(strcmp(m.text, again.text) == 0);
	}
	buf_done(&file);
	return 0;
}
