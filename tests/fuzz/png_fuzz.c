/* SPDX-License-Identifier: Apache-2.0 */
/* libfuzzer: -max_len=65536 */
#include "biometrics/png.h"
#include "tests/fuzz/fuzz_entry.h"

#include <string.h>

/* A PNG from outside: a picture within the limits, or a refusal with a name of the photo family. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cc_error err;
	struct image im = { 0 };

	cc_error_init(&err);
	if (cc_failed(png_decode(bytes_of(data, size), &im, &err)))
		CC_ASSERT(err.key != NULL && (strncmp(err.key, "photo.", 6) == 0 || strcmp(err.key, "memory") == 0) &&
			  im.p == NULL);
	image_done(&im);
	return 0;
}
