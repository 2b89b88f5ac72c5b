/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/base/sys.h"

#include "tests/support/alloc_fault.h"
#include "tests/support/sys_fake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/resource.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[PATH_MAX / 2];

static int make_folder(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	(void)snprintf(folder, sizeof folder, "%s/cccd-sys-XXXXXX", tmp != NULL ? tmp : "/tmp");
	return mkdtemp(folder) != NULL ? 0 : -1;
}

static size_t entries(const char *path)
{
	DIR *d = opendir(path);
	size_t n = 0;

	assert_non_null(d);
	for (const struct dirent *e = readdir(d); e != NULL; e = readdir(d))
		n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
	(void)closedir(d);
	return n;
}

static void path_in(const char *name, char *out, size_t cap)
{
	assert_true((size_t)snprintf(out, cap, "%s/%s", folder, name) < cap);
}

static int remove_folder(void **state)
{
	static const char *const files[] = { "a/b/c/file", "large", "key", "kept", "not-a-folder" };
	static const char *const folders[] = { "a/b/c", "a/b", "a", "taken" };
	char path[PATH_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		path_in(files[i], path, sizeof path);
		(void)unlink(path);
	}
	for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
		path_in(folders[i], path, sizeof path);
		(void)rmdir(path);
	}
	return rmdir(folder);
}

static void a_written_file_is_read_back(void **state)
{
	char path[PATH_MAX];
	struct buf data = { 0 }, back = { 0 };
	struct cc_error err = { 0 };

	(void)state;
	path_in("large", path, sizeof path);
	assert_int_equal(buf_zero(&data, 100000).code, CC_OK);
	for (size_t i = 0; i < data.n; i++)
		data.p[i] = (uint8_t)(i * 7 >> 3);
	assert_int_equal(sys_write_file(path, buf_view(&data), 0644, &err).code, CC_OK);
	assert_int_equal(sys_read_file(path, data.n, &back, &err).code, CC_OK);
	assert_true(bytes_equal(buf_view(&back), buf_view(&data)));
	assert_int_equal(sys_read_file(path, data.n - 1, &back, &err).code, CC_E_LIMIT);
	assert_string_equal(err.key, "file.too-large");
	assert_int_equal(back.n, data.n);
	buf_done(&data);
	buf_done(&back);
}

static void a_key_file_is_private_and_replaced_whole(void **state)
{
	char path[PATH_MAX];
	struct buf back = { 0 };
	struct stat st;

	(void)state;
	path_in("key", path, sizeof path);
	assert_int_equal(sys_write_file(path, bytes_str("the older and longer one"), 0600, NULL).code, CC_OK);
	assert_int_equal(sys_write_file(path, bytes_str("new"), 0600, NULL).code, CC_OK);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(sys_read_file(path, 100, &back, NULL).code, CC_OK);
	assert_true(bytes_equal(buf_view(&back), bytes_str("new")));
	assert_int_equal(sys_write_file(path, bytes_of(NULL, 0), 0600, NULL).code, CC_OK);
	assert_int_equal(sys_read_file(path, 0, &back, NULL).code, CC_OK);
	assert_int_equal(back.n, 0);
	buf_done(&back);
}

static void what_is_not_there_is_not_found(void **state)
{
	char path[PATH_MAX];
	struct buf back = { 0 };
	struct cc_error err = { 0 };

	(void)state;
	path_in("absent", path, sizeof path);
	assert_int_equal(sys_read_file(path, 100, &back, &err).code, CC_E_NOT_FOUND);
	assert_string_equal(err.key, "file.missing");
	assert_non_null(strstr(err.detail, "absent"));
	assert_null(back.p);
	cc_error_init(&err);
	path_in("absent/file", path, sizeof path);
	assert_int_equal(sys_write_file(path, bytes_str("x"), 0600, &err).code, CC_E_NOT_FOUND);
}

static void a_detail_drives_no_terminal(void **state)
{
	struct cc_error err = { 0 };

	(void)state;
	(void)cc_fail(&err, CC_E_FORMAT, "file.missing", "%s",
		      "a\x1B[31m\tb\x7F\nđỏ\xC2\x9B"
		      "Bž\xC2");
	assert_string_equal(err.detail, "a?[31m?b??đỏ??Bž\xC2");
}

static void a_folder_is_no_file(void **state)
{
	struct buf back = { 0 };
	struct cc_error err = { 0 };

	(void)state;
	assert_int_equal(sys_read_file(folder, 100, &back, &err).code, CC_E_IO);
	assert_string_equal(err.key, "file.is-folder");
	assert_null(back.p);
}

/* The rename fails because a folder has the name: nothing of the temporary file stays. */
static void a_failed_write_leaves_no_trace(void **state)
{
	char path[PATH_MAX];
	struct cc_error err = { 0 };
	size_t before;

	(void)state;
	path_in("taken", path, sizeof path);
	assert_int_equal(mkdir(path, 0700), 0);
	before = entries(folder);
	assert_int_equal(sys_write_file(path, bytes_str("x"), 0600, &err).code, CC_E_IO);
	assert_string_equal(err.key, "file.is-folder");
	assert_int_equal(entries(folder), before);
}

static void a_folder_without_write_permission_is_an_error(void **state)
{
	char path[PATH_MAX];
	struct cc_error err = { 0 };

	(void)state;
	if (geteuid() == 0) {
		/* Root writes everywhere, except where nobody can. */
		assert_int_equal(sys_write_file("/proc/cccd-test", bytes_str("x"), 0600, &err).code, CC_E_NOT_FOUND);
		return;
	}
	path_in("kept", path, sizeof path);
	assert_int_equal(chmod(folder, 0500), 0);
	assert_int_equal(sys_write_file(path, bytes_str("x"), 0600, &err).code, CC_E_IO);
	assert_int_equal(chmod(folder, 0700), 0);
	assert_int_not_equal(access(path, F_OK), 0);
}

/* No file may grow beyond two bytes: the write itself fails, after a part. */
static void a_full_disk_is_an_error(void **state)
{
	char path[PATH_MAX], tmp[PATH_MAX + 32];
	struct buf back = { 0 };
	struct cc_error err = { 0 };
	struct rlimit before, two;
	void (*handler)(int);
	cc_status st;

	(void)state;
	path_in("kept", path, sizeof path);
	assert_int_equal(sys_write_file(path, bytes_str("old"), 0600, &err).code, CC_OK);
	(void)snprintf(tmp, sizeof tmp, "%s.%ld.new", path, (long)getpid());
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	two = (struct rlimit){ 2, before.rlim_max };
	handler = signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &two), 0);
	st = sys_write_file(path, bytes_str("new"), 0600, &err);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	(void)signal(SIGXFSZ, handler);
	assert_int_equal(st.code, CC_E_IO);
	assert_string_equal(err.key, "file.io");
	assert_int_not_equal(access(tmp, F_OK), 0);
	assert_int_equal(sys_read_file(path, 100, &back, NULL).code, CC_OK);
	assert_true(bytes_equal(buf_view(&back), bytes_str("old")));
	buf_done(&back);
}

static void a_path_too_long_is_refused(void **state)
{
	char path[PATH_MAX + 10];
	struct cc_error err = { 0 };

	(void)state;
	memset(path, 'x', sizeof path - 1);
	path[sizeof path - 1] = '\0';
	assert_int_equal(sys_write_file(path, bytes_str("x"), 0600, &err).code, CC_E_LIMIT);
	assert_int_equal(sys_make_dirs(path, 0700, &err).code, CC_E_LIMIT);
	assert_int_equal(sys_make_dirs("", 0700, &err).code, CC_E_LIMIT);
}

static void folders_are_made_with_their_parents(void **state)
{
	char path[PATH_MAX], file[PATH_MAX];
	struct stat st;
	struct cc_error err = { 0 };

	(void)state;
	path_in("a/b/c", path, sizeof path);
	assert_int_equal(sys_make_dirs(path, 0700, &err).code, CC_OK);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(sys_make_dirs(path, 0700, &err).code, CC_OK);
	path_in("a/b/c/file", file, sizeof file);
	assert_int_equal(sys_write_file(file, bytes_str("x"), 0644, &err).code, CC_OK);
	path_in("a/b/c/file/d", path, sizeof path);
	assert_int_equal(sys_make_dirs(path, 0700, &err).code, CC_E_IO);
}

static void a_file_in_the_place_of_a_folder_is_an_error(void **state)
{
	char path[PATH_MAX];
	struct cc_error err = { 0 };

	(void)state;
	path_in("not-a-folder", path, sizeof path);
	assert_int_equal(sys_write_file(path, bytes_str("x"), 0644, &err).code, CC_OK);
	assert_int_equal(sys_make_dirs(path, 0700, &err).code, CC_E_IO);
	assert_string_equal(err.key, "file.io");
}

static void out_of_memory_while_reading_is_reported(void **state)
{
	char path[PATH_MAX];

	(void)state;
	path_in("large", path, sizeof path);
	for (size_t k = 1; alloc_fault_next(&k);) {
		struct buf back = { 0 };
		cc_status st = sys_read_file(path, 200000, &back, NULL);

		assert_int_equal(st.code, alloc_fault_end() ? CC_E_MEMORY : CC_OK);
		buf_done(&back);
	}
}

static void the_real_clocks_and_random_work(void **state)
{
	const struct sys *s = sys_real();
	uint8_t a[32] = { 0 }, b[32] = { 0 };
	int64_t before = sys_mono_ms(s);

	(void)state;
	/* After 2025 and before 2200: milliseconds, not seconds or microseconds. */
	assert_true(sys_wall_ms(s) > INT64_C(1735689600000) && sys_wall_ms(s) < INT64_C(7258118400000));
	assert_int_equal(sys_random(s, a, sizeof a).code, CC_OK);
	assert_int_equal(sys_random(s, b, sizeof b).code, CC_OK);
	assert_memory_not_equal(a, b, sizeof a);
	assert_true(sys_mono_ms(s) >= before);
}

static void the_fake_world_moves_only_when_told(void **state)
{
	struct sys_fake f, same, other;
	uint8_t a[16], b[16], c[16];
	int64_t wall;

	(void)state;
	sys_fake_init(&f, 7);
	sys_fake_init(&same, 7);
	sys_fake_init(&other, 8);
	wall = sys_wall_ms(&f.sys);
	assert_true(sys_wall_ms(&f.sys) == wall);
	f.sys.sleep_ms(f.sys.ctx, 90000);
	assert_true(sys_wall_ms(&f.sys) == wall + 90000);
	assert_true(sys_mono_ms(&f.sys) == 91000);
	assert_true(f.slept_ms == 90000);
	assert_int_equal(sys_random(&f.sys, a, sizeof a).code, CC_OK);
	assert_int_equal(sys_random(&same.sys, b, sizeof b).code, CC_OK);
	assert_int_equal(sys_random(&other.sys, c, sizeof c).code, CC_OK);
	assert_memory_equal(a, b, sizeof a);
	assert_memory_not_equal(a, c, sizeof a);
	f.fail_random_at = 2;
	assert_int_equal(sys_random(&f.sys, a, sizeof a).code, CC_E_CRYPTO);
	assert_int_equal(sys_random(&f.sys, a, sizeof a).code, CC_OK);
}

/* In a folder where others write too: what lies ready under the temporary name is neither followed nor filled. */
static void planted_temporary_names_get_nothing(void **state)
{
	char shared[] = "/tmp/sys_test.XXXXXX", path[64], planted[96], victim[64];
	struct buf back = { 0 };
	struct stat s;
	int watched;

	(void)state;
	assert_non_null(mkdtemp(shared));
	(void)snprintf(path, sizeof path, "%s/report", shared);
	(void)snprintf(victim, sizeof victim, "%s/victim", shared);
	(void)snprintf(planted, sizeof planted, "%s.%ld.new", path, (long)getpid());
	assert_int_equal(sys_write_file(victim, BYTES_LITERAL("mine"), 0600, NULL).code, CC_OK);
	assert_int_equal(symlink(victim, planted), 0);
	assert_int_equal(sys_write_file(path, BYTES_LITERAL("a person's data"), 0600, NULL).code, CC_OK);
	assert_int_equal(sys_read_file(victim, 100, &back, NULL).code, CC_OK);
	assert_int_equal(back.n, 4);
	watched = open(planted, O_RDONLY | O_CREAT | O_EXCL, 0666);
	assert_true(watched >= 0);
	assert_int_equal(sys_write_file(path, BYTES_LITERAL("a person's data"), 0600, NULL).code, CC_OK);
	assert_int_equal(fstat(watched, &s), 0);
	assert_int_equal(s.st_size, 0);
	assert_int_equal(close(watched), 0);
	assert_int_equal(stat(path, &s), 0);
	assert_int_equal(s.st_mode & 0777, 0600);
	/* Something that can't be taken away. */
	(void)unlink(planted);
	assert_int_equal(mkdir(planted, 0700), 0);
	assert_int_equal(sys_write_file(path, BYTES_LITERAL("again"), 0600, NULL).code, CC_E_IO);
	buf_done(&back);
	assert_int_equal(rmdir(planted), 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(unlink(victim), 0);
	assert_int_equal(rmdir(shared), 0);
}

/* A folder of somebody else's: what would wait for ever, or never end, is refused at once. */
static void pipe_and_device_are_no_regular_files(void **state)
{
	char path[] = "/tmp/sys_test.XXXXXX", pipe[64];
	struct buf back = { 0 };
	struct cc_error err = { 0 };

	(void)state;
	assert_non_null(mkdtemp(path));
	(void)snprintf(pipe, sizeof pipe, "%s/pipe", path);
	assert_int_equal(mkfifo(pipe, 0600), 0);
	assert_int_equal(sys_read_regular(pipe, 100, &back, &err).code, CC_E_IO);
	assert_string_equal(err.key, "file.io");
	assert_int_equal(sys_read_regular("/dev/zero", 100, &back, NULL).code, CC_E_IO);
	assert_int_equal(sys_read_regular(path, 100, &back, NULL).code, CC_E_IO);
	assert_int_equal(unlink(pipe), 0);
	assert_int_equal(sys_write_file(pipe, BYTES_LITERAL("abc"), 0600, NULL).code, CC_OK);
	assert_int_equal(sys_read_regular(pipe, 100, &back, NULL).code, CC_OK);
	assert_int_equal(back.n, 3);
	assert_int_equal(sys_read_regular(pipe, 2, &back, NULL).code, CC_E_LIMIT);
	buf_done(&back);
	assert_int_equal(unlink(pipe), 0);
	assert_int_equal(sys_read_regular(pipe, 100, &back, NULL).code, CC_E_NOT_FOUND);
	assert_int_equal(rmdir(path), 0);
}

static void a_new_file_replaces_nothing(void **state)
{
	struct cc_error err = { 0 };
	struct buf file = { 0 };
	char path[PATH_MAX], other[PATH_MAX];

	(void)state;
	(void)snprintf(path, sizeof path, "%s/new-file", folder);
	(void)snprintf(other, sizeof other, "%s/new-link", folder);
	assert_int_equal(sys_write_new_file(path, bytes_str("first"), 0600, &err).code, CC_OK);
	assert_int_equal(sys_write_new_file(path, bytes_str("second"), 0600, &err).code, CC_E_EXISTS);
	assert_string_equal(err.key, "file.exists");
	assert_int_equal(sys_read_file(path, 100, &file, NULL).code, CC_OK);
	assert_true(bytes_equal(buf_view(&file), bytes_str("first")));
	/* A link that leads nowhere is a name that is taken, too. */
	assert_int_equal(symlink("/nonexistent/x", other), 0);
	assert_int_equal(sys_write_new_file(other, bytes_str("second"), 0600, NULL).code, CC_E_EXISTS);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(unlink(other), 0);
	buf_done(&file);
}

/* As a service or a cron job may start it: the next file must be none that messages go to. */
static int child_without(unsigned closed)
{
	char path[PATH_MAX + 16];
	int fd;

	for (int i = 0; i <= STDERR_FILENO; i++)
		if ((closed >> i & 1) != 0)
			(void)close(i);
	if (!sys_fill_standard_files())
		return 1;
	for (int i = 0; i <= STDERR_FILENO; i++)
		if (fcntl(i, F_GETFD) < 0)
			return 2;
	(void)snprintf(path, sizeof path, "%s/standard", folder);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd <= STDERR_FILENO || unlink(path) != 0)
		return 3;
	if ((closed >> STDERR_FILENO & 1) != 0 && write(STDERR_FILENO, "x", 1) != 1)
		return 4;
	return lseek(fd, 0, SEEK_END) == 0 ? 0 : 5;
}

static void closed_standard_files_are_filled(void **state)
{
	(void)state;
	for (unsigned closed = 0; closed < 8; closed++) {
		int status = -1;
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0)
			_exit(child_without(closed));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_file_replaces_nothing),
		cmocka_unit_test(closed_standard_files_are_filled),
		cmocka_unit_test(a_written_file_is_read_back),
		cmocka_unit_test(a_key_file_is_private_and_replaced_whole),
		cmocka_unit_test(what_is_not_there_is_not_found),
		cmocka_unit_test(a_detail_drives_no_terminal),
		cmocka_unit_test(a_folder_is_no_file),
		cmocka_unit_test(a_failed_write_leaves_no_trace),
		cmocka_unit_test(a_folder_without_write_permission_is_an_error),
		cmocka_unit_test(a_full_disk_is_an_error),
		cmocka_unit_test(a_path_too_long_is_refused),
		cmocka_unit_test(folders_are_made_with_their_parents),
		cmocka_unit_test(a_file_in_the_place_of_a_folder_is_an_error),
		cmocka_unit_test(out_of_memory_while_reading_is_reported),
		cmocka_unit_test(the_real_clocks_and_random_work),
		cmocka_unit_test(planted_temporary_names_get_nothing),
		cmocka_unit_test(pipe_and_device_are_no_regular_files),
		cmocka_unit_test(the_fake_world_moves_only_when_told),
	};

	return cmocka_run_group_tests_name("sys", tests, make_folder, remove_folder);
}
