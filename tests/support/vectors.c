/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/vectors.h"

#include "crypto/base/sys.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_MAX (16u << 20)
#define PART_MAX 128

bool vectors_path(const char *name, char *out, size_t cap)
{
	const char *places[] = { getenv("CCCD_VECTORS"), "../shared/vectors", "../../shared/vectors" };

	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		if (places[i] == NULL)
			continue;
		CC_ASSERT((size_t)snprintf(out, cap, "%s/%s", places[i], name) < cap);
		if (access(out, R_OK) == 0)
			return true;
		/* A folder that was named is the only one looked at. */
		if (i == 0)
			return false;
	}
	return false;
}

json_t *vectors_open(const char *name)
{
	char path[PATH_MAX];
	json_error_t why;
	json_t *root;

	if (!vectors_path(name, path, sizeof path))
		return NULL;
	root = json_load_file(path, 0, &why);
	if (root == NULL)
		(void)fprintf(stderr, "%s:%d: %s\n", path, why.line, why.text);
	CC_ASSERT(root != NULL);
	return root;
}

bool vectors_file(const char *name, struct buf *ret)
{
	char path[PATH_MAX];

	if (!vectors_path(name, path, sizeof path))
		return false;
	CC_ASSERT(!cc_failed(sys_read_file(path, FILE_MAX, ret, NULL)));
	return true;
}

json_t *vectors_find(const json_t *from, const char *path)
{
	json_t *at = NULL;
	char part[PART_MAX];

	while (*path != '\0') {
		size_t n = strcspn(path, ".");

		CC_ASSERT(n > 0 && n < sizeof part);
		memcpy(part, path, n);
		part[n] = '\0';
		at = json_is_array(from) ? json_array_get(from, strtoul(part, NULL, 10)) : json_object_get(from, part);
		if (at == NULL)
			return NULL;
		from = at;
		path += path[n] == '.' ? n + 1 : n;
	}
	return at;
}

json_t *vectors_at(const json_t *from, const char *path)
{
	json_t *at = vectors_find(from, path);

	if (at == NULL)
		(void)fprintf(stderr, "vectors: no %s\n", path);
	CC_ASSERT(at != NULL);
	return at;
}

const char *vectors_text(const json_t *from, const char *path)
{
	const char *text = json_string_value(vectors_at(from, path));

	CC_ASSERT(text != NULL);
	return text;
}

long vectors_int(const json_t *from, const char *path)
{
	json_t *at = vectors_at(from, path);

	CC_ASSERT(json_is_integer(at));
	return (long)json_integer_value(at);
}

struct buf vectors_hex(const json_t *from, const char *path)
{
	return vectors_from_hex(vectors_text(from, path));
}

struct buf vectors_from_hex(const char *hex)
{
	struct buf out = { 0 };
	size_t n = 0;

	CC_ASSERT(!cc_failed(buf_zero(&out, strlen(hex) / 2)));
	CC_ASSERT(bytes_from_hex(hex, out.p, out.n, &n));
	out.n = n;
	return out;
}

bool vectors_is_hex(struct bytes got, const char *hex)
{
	struct buf want = vectors_from_hex(hex), text = { 0 };
	bool same = bytes_equal(got, buf_view(&want));

	if (!same) {
		CC_ASSERT(!cc_failed(buf_zero(&text, 2 * got.n + 1)));
		bytes_to_hex(got, (char *)text.p);
		(void)fprintf(stderr, "want %s\ngot  %s\n", hex, (const char *)text.p);
	}
	buf_done(&text);
	buf_done(&want);
	return same;
}
