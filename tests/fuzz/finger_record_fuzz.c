/* SPDX-License-Identifier: Apache-2.0 */
#include "biometrics/finger_record.h"

#include "tests/fuzz/fuzz_entry.h"

/* ISO/IEC 19794-4: what decodes is written to the same bytes; uncoded pictures come out at their size or not at all. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct finger_record r;
	struct bytes in = bytes_of(data, size);
	struct buf out = { 0 };

	if (cc_failed(finger_record_decode(in, &r, NULL)))
		return 0;
	CC_ASSERT(!cc_failed(finger_record_encode(&r, FINGER_AS_READ, &out, NULL)));
	CC_ASSERT(bytes_equal(buf_view(&out), in));
	buf_done(&out);
	CC_ASSERT(cc_failed(finger_record_check(&r, NULL)) == cc_failed(finger_record_encode(&r, FINGER_STRICT, &out, NULL)));
	buf_done(&out);
	for (size_t i = 0; i < r.count; i++) {
		struct image im = { 0 };

		if (!cc_failed(finger_record_raw(&r, i, &im, NULL)))
			CC_ASSERT(im.width == r.images[i].width && im.height == r.images[i].height);
		image_done(&im);
	}
	return 0;
}
