/* SPDX-License-Identifier: Apache-2.0 */
#include "station/store/memory_limit.h"

#include "crypto/base/buf.h"
#include "crypto/base/sys.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define GROUPS_BYTES_MAX 65536
#define NUMBER_BYTES_MAX 64
#define DIGITS_MAX 18 /* an int64_t holds each of them */

/* ---- what the kernel writes */

bool memory_limit_number(struct bytes text, int64_t *ret_kib)
{
	struct cursor in;
	struct bytes number;
	int64_t v = 0;

	cursor_init(&in, text);
	if (!cursor_until(&in, '\n', &number) || cursor_left(&in) > 0 || number.n == 0)
		return false;
	/* Version 1 says "none" as the largest number, of 19 digits. */
	if (number.n > DIGITS_MAX)
		return false;
	for (size_t i = 0; i < number.n; i++) {
		if (number.p[i] < '0' || number.p[i] > '9')
			return false;
		v = v * 10 + number.p[i] - '0';
	}
	*ret_kib = v / 1024;
	return true;
}

static bool names_memory(struct bytes controllers)
{
	struct cursor in;
	struct bytes one;

	cursor_init(&in, controllers);
	while (cursor_left(&in) > 0 && cursor_until(&in, ',', &one))
		if (bytes_equal(one, BYTES_LITERAL("memory")))
			return true;
	return false;
}

static bool stays_inside(struct bytes path)
{
	struct cursor in;
	struct bytes part;

	cursor_init(&in, path);
	while (cursor_left(&in) > 0 && cursor_until(&in, '/', &part))
		if (bytes_equal(part, BYTES_LITERAL("..")) || (part.n > 0 && memchr(part.p, 0, part.n) != NULL))
			return false;
	return true;
}

bool memory_limit_group(struct bytes line, bool *ret_v1, char ret_path[MEMORY_LIMIT_PATH_MAX])
{
	struct bytes number, controllers, path;
	struct cursor in;

	cursor_init(&in, line);
	if (!cursor_until(&in, ':', &number) || !cursor_until(&in, ':', &controllers))
		return false;
	path = cursor_rest(&in);
	if (!bytes_starts_with(path, BYTES_LITERAL("/")) || path.n >= MEMORY_LIMIT_PATH_MAX || !stays_inside(path))
		return false;
	if (!names_memory(controllers) && (controllers.n > 0 || !bytes_equal(number, BYTES_LITERAL("0"))))
		return false;
	*ret_v1 = controllers.n > 0;
	memcpy(ret_path, path.p, path.n);
	ret_path[path.n] = '\0';
	return true;
}

/* ---- the groups */

static void lower_by_file(const char *path, int64_t *inout_kib)
{
	struct buf text = { 0 };
	int64_t kib;

	if (!cc_failed(sys_read_file(path, NUMBER_BYTES_MAX, &text, NULL)) && memory_limit_number(buf_view(&text), &kib) &&
	    kib > 0 && (*inout_kib == 0 || kib < *inout_kib))
		*inout_kib = kib;
	buf_done(&text);
}

/*
 * The group and each above it. Inside a container without a namespace of its own the path is not there, the limit is where
 * the groups are mounted: the last of the way up.
 */
static void lower_by_groups(const char *root, char group[MEMORY_LIMIT_PATH_MAX], bool v1, int64_t *inout_kib)
{
	char path[PATH_MAX];

	for (bool more = true; more;) {
		char *last = strrchr(group, '/');

		if (snprintf(path, sizeof path, "%s/sys/fs/cgroup%s%s/%s", root, v1 ? "/memory" : "", group,
			     v1 ? "memory.limit_in_bytes" : "memory.max") < (int)sizeof path)
			lower_by_file(path, inout_kib);
		more = last != NULL;
		if (more)
			*last = '\0';
	}
}

int64_t memory_limit_kib(const char *root)
{
	long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
	int64_t kib = pages > 0 && size > 0 ? (int64_t)pages * (size / 1024) : 0;
	char path[PATH_MAX], group[MEMORY_LIMIT_PATH_MAX];
	struct buf text = { 0 };
	struct bytes line;
	struct cursor in;
	bool v1;

	if (snprintf(path, sizeof path, "%s/proc/self/cgroup", root) >= (int)sizeof path ||
	    cc_failed(sys_read_file(path, GROUPS_BYTES_MAX, &text, NULL)))
		return kib;
	cursor_init(&in, buf_view(&text));
	while (cursor_left(&in) > 0 && cursor_until(&in, '\n', &line))
		if (memory_limit_group(line, &v1, group))
			lower_by_groups(root, group, v1, &kib);
	buf_done(&text);
	return kib;
}
