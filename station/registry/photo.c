/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/photo.h"

#include "biometrics/jp2.h"
#include "crypto/base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static cc_status fault_of(struct row_fault *fault, const char *key)
{
	*fault = (struct row_fault){ .field = "photo", .key = key };
	return cc_code_status(CC_E_FORMAT);
}

/* A symbolic link shows as ELOOP at the end of a path and as ENOTDIR on the way. */
static cc_status open_fault(struct row_fault *fault)
{
	return fault_of(fault, errno == ELOOP || errno == ENOTDIR ? "import.photo-path" : "import.photo-missing");
}

static bool part_is_plain(struct bytes part)
{
	return part.n > 0 && part.n < PERSON_PATH_SIZE && !bytes_equal(part, BYTES_LITERAL(".")) &&
	       !bytes_equal(part, BYTES_LITERAL(".."));
}

/* One step down; takes over folder_fd. -1 with errno. */
static int step_down(int folder_fd, struct bytes part, int flags)
{
	char name[PERSON_PATH_SIZE];
	int fd, e;

	(void)snprintf(name, sizeof name, "%.*s", (int)part.n, (const char *)part.p);
	fd = openat(folder_fd, name, flags | O_NOFOLLOW | O_CLOEXEC);
	e = errno;
	(void)close(folder_fd);
	errno = e;
	return fd;
}

/* Judged before anything is opened: what exists outside the folder must not show in the answer. */
static bool path_is_plain(const char *path)
{
	struct cursor in;
	struct bytes part;

	cursor_init(&in, bytes_str(path));
	while (cursor_left(&in) > 0) {
		if (!cursor_until(&in, '/', &part) || !part_is_plain(part))
			return false;
	}
	return true;
}

static cc_status open_below(int folder_fd, const char *path, int *ret_fd, struct row_fault *fault)
{
	struct cursor in;
	struct bytes part;
	int fd;

	if (!path_is_plain(path))
		return fault_of(fault, "import.photo-path");
	fd = fcntl(folder_fd, F_DUPFD_CLOEXEC, 0);
	cursor_init(&in, bytes_str(path));
	while (fd >= 0 && cursor_left(&in) > 0 && cursor_until(&in, '/', &part)) {
		bool last = cursor_left(&in) == 0;

		/* O_NONBLOCK: a pipe of that name must not hold the import. */
		fd = step_down(fd, part, last ? O_RDONLY | O_NONBLOCK : O_PATH | O_DIRECTORY);
	}
	if (fd < 0)
		return open_fault(fault);
	*ret_fd = fd;
	return cc_ok();
}

static cc_status read_fd(int fd, struct buf *ret)
{
	static const size_t chunk_size = 65536;
	uint8_t *chunk = cc_alloc(chunk_size);
	struct writer w;
	cc_status st = cc_code_status(chunk == NULL ? CC_E_MEMORY : CC_OK);

	writer_init(&w, PERSON_PHOTO_MAX);
	while (!cc_failed(st)) {
		ssize_t got = read(fd, chunk, chunk_size);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			st = cc_code_status(got < 0 ? CC_E_IO : CC_OK);
			break;
		}
		writer_put(&w, bytes_of(chunk, (size_t)got));
		if (w.failed != CC_OK)
			break;
	}
	if (!cc_failed(st))
		st = writer_finish(&w, ret);
	writer_done(&w);
	cc_free(chunk, chunk_size);
	return st;
}

cc_status photo_read_file(int folder_fd, const char *path, const char *field, struct buf *ret, struct row_fault *fault)
{
	struct buf file = { 0 };
	struct stat info;
	int fd = -1;
	cc_status st = open_below(folder_fd, path, &fd, fault);

	if (!cc_failed(st)) {
		if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
			st = fault_of(fault, "import.photo-path");
		else
			st = read_fd(fd, &file);
		(void)close(fd);
	}
	if (st.code == CC_E_LIMIT)
		st = fault_of(fault, "import.photo-too-large");
	if (st.code == CC_E_FORMAT)
		fault->field = field;
	if (!cc_failed(st))
		buf_move(ret, &file);
	buf_done(&file);
	return st;
}

/* ISO/IEC 10918-1 B.1.1.3: SOI, and the first byte of the marker behind it; or JPEG 2000. */
bool photo_is_image(struct bytes file)
{
	return bytes_starts_with(file, BYTES_LITERAL("\xFF\xD8\xFF")) || jp2_is(file);
}

cc_status photo_read(int folder_fd, const char *path, struct buf *ret, struct row_fault *fault)
{
	struct buf photo = { 0 };
	cc_status st = photo_read_file(folder_fd, path, "photo", &photo, fault);

	if (!cc_failed(st) && !photo_is_image(buf_view(&photo)))
		st = fault_of(fault, "import.photo-not-jpeg");
	if (!cc_failed(st))
		buf_move(ret, &photo);
	buf_done(&photo);
	return st;
}
