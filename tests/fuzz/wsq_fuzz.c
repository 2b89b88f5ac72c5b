/* SPDX-License-Identifier: Apache-2.0 */
/* libfuzzer: -max_len=16384 */
#include "biometrics/wsq.h"
#include "tests/fuzz/fuzz_entry.h"

#include <string.h>

/* A WSQ file from outside: a picture within the limits that agrees with the probe, or a refusal by name. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes file = bytes_of(data, size);
	struct cc_error err;
	struct image im = { 0 };
	struct wsq_info info, probed;

	cc_error_init(&err);
	/* What is large only costs time; the limits themselves have unit tests. */
	if (cc_failed(wsq_probe(file, &probed, NULL)) || probed.width * probed.height > 65536)
		return 0;
	if (cc_failed(wsq_decode(file, &im, &info, &err))) {
		CC_ASSERT(err.key != NULL && (strncmp(err.key, "finger.", 7) == 0 || strcmp(err.key, "memory") == 0));
		CC_ASSERT(im.p == NULL);
		return 0;
	}
	CC_ASSERT(im.width == probed.width && im.height == probed.height && im.channels == 1);
	image_done(&im);
	return 0;
}
