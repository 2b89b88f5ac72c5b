/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/base/sys.h"

#include "crypto/base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int64_t clock_ms(clockid_t id)
{
	struct timespec ts;

	CC_ASSERT(clock_gettime(id, &ts) == 0);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int64_t real_wall_ms(void *ctx)
{
	(void)ctx;
	return clock_ms(CLOCK_REALTIME);
}

static int64_t real_mono_ms(void *ctx)
{
	(void)ctx;
	return clock_ms(CLOCK_MONOTONIC);
}

static cc_status real_random(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx;
	while (n > 0) {
		ssize_t got = getrandom(out, n, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return cc_code_status(CC_E_CRYPTO);
		out += got;
		n -= (size_t)got;
	}
	return cc_ok();
}

static void real_sleep_ms(void *ctx, int64_t ms)
{
	struct timespec ts = { ms / 1000, (ms % 1000) * 1000000 };

	(void)ctx;
	while (nanosleep(&ts, &ts) != 0 && errno == EINTR)
		continue;
}

const struct sys *sys_real(void)
{
	static const struct sys real = {
		.wall_ms = real_wall_ms,
		.mono_ms = real_mono_ms,
		.random = real_random,
		.sleep_ms = real_sleep_ms,
	};

	return &real;
}

cc_status sys_path_fail(struct cc_error *err, int number, const char *format, ...)
{
	char what[PATH_MAX];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(what, sizeof what, format, args);
	va_end(args);
	if (number == ENOENT)
		return cc_fail(err, CC_E_NOT_FOUND, "file.missing", "%s: %s", what, strerror(number));
	if (number == EACCES || number == EPERM)
		return cc_fail(err, CC_E_DENIED, "file.denied", "%s: %s", what, strerror(number));
	if (number == EISDIR)
		return cc_fail(err, CC_E_IO, "file.is-folder", "%s", what);
	return cc_fail(err, CC_E_IO, "file.io", "%s: %s", what, strerror(number));
}

static cc_status io_error(struct cc_error *err, const char *path, const char *what)
{
	return sys_path_fail(err, errno, "%s: %s", path, what);
}

static cc_status read_all(int fd, const char *path, size_t limit, struct buf *ret, struct cc_error *err)
{
	struct writer w;
	uint8_t chunk[16384];
	cc_status st = cc_ok();

	writer_init(&w, limit);
	for (;;) {
		ssize_t got = read(fd, chunk, sizeof chunk);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			st = io_error(err, path, "read");
		if (got <= 0)
			break;
		writer_put(&w, bytes_of(chunk, (size_t)got));
		if (w.failed != CC_OK)
			break;
	}
	cc_wipe(chunk, sizeof chunk);
	if (cc_failed(st)) {
		writer_done(&w);
		return st;
	}
	st = writer_finish(&w, ret);
	if (st.code == CC_E_LIMIT)
		return cc_fail(err, CC_E_LIMIT, "file.too-large", "%s: more than %zu bytes", path, limit);
	if (cc_failed(st))
		return cc_fail(err, st.code, "memory", "%s", path);
	return st;
}

cc_status sys_read_file(const char *path, size_t limit, struct buf *ret, struct cc_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	cc_status st;

	if (fd < 0)
		return io_error(err, path, "open");
	st = read_all(fd, path, limit, ret, err);
	(void)close(fd);
	return st;
}

cc_status sys_read_regular(const char *path, size_t limit, struct buf *ret, struct cc_error *err)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat s;
	cc_status st;

	if (fd < 0)
		return io_error(err, path, "open");
	if (fstat(fd, &s) != 0 || !S_ISREG(s.st_mode))
		st = cc_fail(err, CC_E_IO, "file.io", "%s: not a regular file", path);
	else
		st = read_all(fd, path, limit, ret, err);
	(void)close(fd);
	return st;
}

static bool write_all(int fd, struct bytes data)
{
	while (data.n > 0) {
		ssize_t put = write(fd, data.p, data.n);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return false;
		data = bytes_of(data.p + put, data.n - (size_t)put);
	}
	return true;
}

/* Without it a rename may be lost in a power cut although the file's bytes are safe. */
static bool sync_folder_of(const char *path)
{
	char folder[PATH_MAX];
	char *slash;
	int fd;
	bool good;

	(void)snprintf(folder, sizeof folder, "%s", path);
	slash = strrchr(folder, '/');
	if (slash == NULL)
		(void)snprintf(folder, sizeof folder, ".");
	else
		slash[slash == folder ? 1 : 0] = '\0';
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return false;
	good = fsync(fd) == 0;
	(void)close(fd);
	return good;
}

/*
 * A new file, never one that is there: in a folder where others write too, a
 * planted link would lead elsewhere, and a planted file stay open for who
 * planted it. What a killed process left under the name is taken away.
 */
static int open_temporary(const char *path, unsigned mode)
{
	(void)unlink(path);
	return open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, (mode_t)mode);
}

/* Some file systems can't refuse to replace (EINVAL): there it is looked at right before. */
static int rename_new(const char *from, const char *to)
{
	struct stat st;

	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	if (lstat(to, &st) == 0) {
		errno = EEXIST;
		return -1;
	}
	return rename(from, to);
}

static cc_status write_durably(const char *path, struct bytes data, unsigned mode, int (*move)(const char *from, const char *to),
			       struct cc_error *err)
{
	char tmp[PATH_MAX];
	int fd;
	bool good;

	if (snprintf(tmp, sizeof tmp, "%s.%ld.new", path, (long)getpid()) >= (int)sizeof tmp)
		return cc_fail(err, CC_E_LIMIT, "file.io", "path too long");
	fd = open_temporary(tmp, mode);
	if (fd < 0)
		return io_error(err, path, "create");
	good = write_all(fd, data) && fsync(fd) == 0;
	if (close(fd) != 0)
		good = false;
	if (!good || move(tmp, path) != 0 || !sync_folder_of(path)) {
		cc_status st = good && errno == EEXIST ? cc_fail(err, CC_E_EXISTS, "file.exists", "%s", path)
						       : io_error(err, path, "write");

		(void)unlink(tmp);
		return st;
	}
	return cc_ok();
}

cc_status sys_write_file(const char *path, struct bytes data, unsigned mode, struct cc_error *err)
{
	return write_durably(path, data, mode, rename, err);
}

cc_status sys_write_new_file(const char *path, struct bytes data, unsigned mode, struct cc_error *err)
{
	return write_durably(path, data, mode, rename_new, err);
}

/* Asked after a mkdir that failed: keeps its errno when the answer is no. */
static bool is_folder(const char *path)
{
	int e = errno;
	struct stat st;

	if (e == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return true;
	errno = e;
	return false;
}

cc_status sys_make_dirs(const char *path, unsigned mode, struct cc_error *err)
{
	char part[PATH_MAX];
	size_t n = strlen(path);

	if (n == 0 || n >= sizeof part)
		return cc_fail(err, CC_E_LIMIT, "file.io", "path too long or empty");
	memcpy(part, path, n + 1);
	for (size_t i = 1; i <= n; i++) {
		if (part[i] != '/' && part[i] != '\0')
			continue;
		part[i] = '\0';
		if (mkdir(part, (mode_t)mode) != 0 && !is_folder(part))
			return io_error(err, part, "mkdir");
		if (i < n)
			part[i] = '/';
	}
	return cc_ok();
}

bool sys_fill_standard_files(void)
{
	int fd;

	/* The lowest free number: one of the three, or all of them are open. */
	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	return fd >= 0 && close(fd) == 0;
}
