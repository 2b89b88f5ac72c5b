/* SPDX-License-Identifier: Apache-2.0 */
#include "biometrics/face_record.h"
#include "biometrics/face_record_39794.h"
#include "tests/fuzz/fuzz_entry.h"

/* Facial records of both standards: what decodes is written to bytes that decode to the same; 19794-5 to the same bytes. */

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

static void check_39794(struct bytes in)
{
	static struct face_record_39794 r, again;
	struct buf out = { 0 }, out_again = { 0 };

	if (cc_failed(face_record_39794_decode(in, &r, NULL)) || r.image.b.n == 0)
		return;
	CC_ASSERT(!cc_failed(face_record_39794_encode(&r, &out, NULL)));
	CC_ASSERT(!cc_failed(face_record_39794_decode(buf_view(&out), &again, NULL)));
	CC_ASSERT(bytes_equal(r.image.b, again.image.b) && r.id.n == again.id.n);
	CC_ASSERT(r.information.format.n == again.information.format.n && r.landmarks.list.count == again.landmarks.list.count);
	CC_ASSERT(!cc_failed(face_record_39794_encode(&again, &out_again, NULL)));
	CC_ASSERT(bytes_equal(buf_view(&out), buf_view(&out_again)));
	buf_done(&out);
	buf_done(&out_again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_19794(bytes_of(data, size));
	check_39794(bytes_of(data, size));
	return 0;
}
