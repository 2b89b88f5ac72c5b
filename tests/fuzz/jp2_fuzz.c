/* SPDX-License-Identifier: Apache-2.0 */
/* libfuzzer: -max_len=65536 */
#include "biometrics/jp2.h"
#include "tests/fuzz/fuzz_entry.h"

#include <string.h>

/* A JPEG 2000 picture from outside: pixels within the limits, or a refusal with a name of the photo family. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cc_error err;
	struct jp2_info info;
	struct image im = { 0 };

	cc_error_init(&err);
	/* Small pictures only: the time should go into parsing. */
	if (!cc_failed(jp2_probe(bytes_of(data, size), &info, &err)) && (uint64_t)info.width * info.height > 1u << 17)
		return 0;
	cc_error_init(&err);
	if (cc_failed(jp2_decode(bytes_of(data, size), &im, &info, &err))) {
		CC_ASSERT(err.key != NULL && (strncmp(err.key, "photo.", 6) == 0 || err.code == CC_E_MEMORY));
		CC_ASSERT(im.p == NULL);
		return 0;
	}
	CC_ASSERT(im.width == info.width && im.height == info.height && im.channels == 3);
	image_done(&im);
	return 0;
}
