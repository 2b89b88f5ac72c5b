/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz_entry.h"

#include "tests/support/cbor_again.h"

/* What the deterministic rule accepts has one encoding; what any order accepts has one that the rule accepts. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data, size);
	struct buf again = { 0 };
	bool sorted = cbor_check(in, CBOR_SORTED, NULL) == CBOR_GOOD;

	if (sorted) {
		cbor_again(in, CBOR_SORTED, &again);
		CC_ASSERT(bytes_equal(buf_view(&again), in));
	}
	if (cbor_check(in, CBOR_ANY_ORDER, NULL) == CBOR_GOOD) {
		cbor_again(in, CBOR_ANY_ORDER, &again);
		CC_ASSERT(again.n == size && cbor_check(buf_view(&again), CBOR_SORTED, NULL) == CBOR_GOOD);
	}
	buf_done(&again);
	return 0;
}
