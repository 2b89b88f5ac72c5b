/* SPDX-License-Identifier: Apache-2.0 */
#include "biometrics/face_record.h"
#include "tests/fuzz/fuzz_entry.h"

/* Facial records of ISO/IEC 19794-5: what decodes is written to the same bytes. */

static void check_19794(struct bytes in)
{
	static struct face_record r;
	struct buf out = { 0 };

	if (cc_failed(face_record_decode(in, &r, NULL)))
		return;
	CC_ASSERT(!cc_failed(face_record_encode(&r, FACE_AS_READ, &out, NULL)));
	CC_ASSERT(bytes_equal(buf_view(&out), in));
	buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_19794(bytes_of(data, size));
	return 0;
}
