/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz_entry.h"

#include "crypto/cose.h"

/* A key of nobody: what matters is that the message is read and judged. */
static cc_status agree_on_something(void *ctx, enum ec_curve curve, struct bytes point, struct buf *ret_x)
{
	static const uint8_t x[66] = { 1 };

	(void)ctx;
	CC_ASSERT(point.n == 1 + 2 * ec_field_len(curve));
	return buf_copy(ret_x, bytes_of(x, ec_field_len(curve)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data, size);
	struct cose_signed ours, any;
	struct buf plain = { 0 };
	struct bytes payload;

	if (!cc_failed(cose_signed_parse(in, COSE_OURS, 0, &ours, NULL))) {
		/* What is ours is also anybody's, and reads alike. */
		CC_ASSERT(!cc_failed(cose_signed_parse(in, COSE_ANY, 0, &any, NULL)));
		CC_ASSERT(any.alg == ours.alg && bytes_equal(any.payload, ours.payload) && !any.is_multi);
	}
	if (!cc_failed(cose_signed_parse(in, COSE_ANY, 1, &any, NULL)))
		CC_ASSERT(any.is_multi && any.payload.n < size && any.signature.n < size);
	if (cc_failed(cose_decrypt_with(agree_on_something, NULL, COSE_ANY, in, bytes_of(NULL, 0), &plain, NULL)))
		CC_ASSERT(plain.p == NULL);
	buf_done(&plain);
	if (cc_failed(cose_encrypt0_open(BYTES_LITERAL("0123456789ABCDEF"), in, bytes_of(NULL, 0), &plain, NULL)))
		CC_ASSERT(plain.p == NULL);
	if (!cc_failed(cose_mac0_verify(BYTES_LITERAL("0123456789ABCDEF"), in, bytes_of(NULL, 0), &payload, NULL)))
		CC_ASSERT(payload.n < size);
	buf_done(&plain);
	return 0;
}
