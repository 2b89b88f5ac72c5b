/* SPDX-License-Identifier: Apache-2.0 */
#include "station/store/memory_limit.h"
#include "tests/fuzz/fuzz_entry.h"

#include <string.h>

/* libfuzzer: -max_len=2048 */

/* What the kernel, or whoever mounts over it, says of a group: a path that stays below the mount, a number of KiB, or nothing. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[MEMORY_LIMIT_PATH_MAX];
	struct bytes in = bytes_of(data, size);
	int64_t kib = -1;
	bool v1 = false;

	if (memory_limit_group(in, &v1, path))
		CC_ASSERT(path[0] == '/' && strstr(path, "/../") == NULL && strlen(path) < size);
	if (memory_limit_number(in, &kib))
		CC_ASSERT(kib >= 0 && kib < INT64_MAX / 1024);
	else
		CC_ASSERT(kib == -1);
	return 0;
}
