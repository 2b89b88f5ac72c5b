/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/base/buf.h"
#include "station/face_cross_check.h"
#include "station/image_worker_process.h"
#include "tests/fuzz/fuzz_entry.h"

#include <math.h>

/* What a decoder that was taken over may answer, and what a second detector may: within the limits, or refused. */

static void check_answer(struct bytes in)
{
	struct image_answer a, again;
	struct writer w;

	if (!image_answer_take(in, &a))
		return;
	CC_ASSERT(a.kind < PHOTO_KINDS && (uint64_t)a.width * a.height <= IMAGE_PIXELS_MAX && a.detail_len < CC_ERROR_DETAIL_MAX);
	CC_ASSERT((a.code == CC_OK) == (a.key[0] == '\0'));
	writer_init(&w, IMAGE_ANSWER_BYTES);
	image_answer_put(&w, &a);
	CC_ASSERT(w.failed == CC_OK && image_answer_take(writer_view(&w), &again));
	CC_ASSERT(bytes_equal(writer_view(&w), in));
	writer_done(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct image picture = { NULL, 600, 800, 3 };
	struct face_second_opinion o;

	check_answer(bytes_of(data, size));
	if (!cc_failed(face_cross_check_parse(bytes_of(data, size), &picture, &o, NULL)) && o.faces == 1)
		for (unsigned e = 0; e < 2; e++)
			CC_ASSERT(isfinite(o.eye[e].x) && o.eye[e].x >= 0 && o.eye[e].x <= 600 && o.eye[e].y <= 800);
	return 0;
}
