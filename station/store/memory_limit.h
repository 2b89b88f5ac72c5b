/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_STORE_MEMORY_LIMIT_H
#define CC_STATION_STORE_MEMORY_LIMIT_H

#include "crypto/base/bytes.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The memory that this process may have: the machine's, or less when a control
 * group says so (a container, a systemd unit), of version 2 (memory.max) or 1
 * (memory.limit_in_bytes), its own or one above it. Below `root`: "" is the machine, a test gives a
 * folder with proc/self/cgroup and sys/fs/cgroup. 0: nothing is known.
 */
int64_t memory_limit_kib(const char *root);

/*
 * One line of /proc/self/cgroup, "0::/a/b" or "4:cpu,memory:/a/b": its path, when it is the group that limits memory.
 * *ret_v1: of version 1. A path that climbs ("..": outside of the namespace) is none.
 */
#define MEMORY_LIMIT_PATH_MAX 1024
CC_MUST bool memory_limit_group(struct bytes line, bool *ret_v1, char ret_path[MEMORY_LIMIT_PATH_MAX]);
/* A number of bytes with or without a line's end, as KiB; "max", or anything else: false. */
CC_MUST bool memory_limit_number(struct bytes text, int64_t *ret_kib);

#endif
