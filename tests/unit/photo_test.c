/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "station/registry/photo.h"
#include "tests/support/pki_fixture.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define assert_ok(call) assert_int_equal((call).code, CC_OK)

/* Where a row's photo may lie, and what it may be. */
static struct fixture_folder folder;

static int up(void **state)
{
	(void)state;
	fixture_folder(&folder);
	return 0;
}

static int down(void **state)
{
	(void)state;
	fixture_folder_done(&folder);
	return 0;
}

static void photo_stays_below_its_folder(void **state)
{
	static const char *const outside[] = { "../a.jpg", "/etc/passwd", "photos/../../x.jpg", "./a.jpg", "photos//a.jpg",
					       "..",	   "link.jpg",	  "linked/g01.jpg",	"folder",  "pipe" };
	char path[PATH_MAX], target[PATH_MAX];
	struct buf photo = { 0 };
	struct row_fault fault;
	int fd;

	(void)state;
	(void)snprintf(path, sizeof path, "%s/photos", folder.path);
	assert_int_equal(mkdir(path, 0700), 0);
	fd = open(path, O_PATH | O_DIRECTORY);
	assert_true(fd >= 0);
	assert_non_null(realpath("tests/data/people/photos", target));
	assert_int_equal(symlinkat(target, fd, "linked"), 0);
	(void)strcat(target, "/g01.jpg");
	assert_int_equal(symlinkat(target, fd, "link.jpg"), 0);
	assert_int_equal(mkdirat(fd, "folder", 0700), 0);
	assert_int_equal(mkfifoat(fd, "pipe", 0600), 0);
	for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++) {
		fault = (struct row_fault){ 0 };
		assert_int_equal(photo_read(fd, outside[i], &photo, &fault).code, CC_E_FORMAT);
		assert_string_equal(fault.key, "import.photo-path");
		assert_string_equal(fault.field, "photo");
		assert_int_equal(photo.n, 0);
	}
	assert_int_equal(photo_read(fd, "none.jpg", &photo, &fault).code, CC_E_FORMAT);
	assert_string_equal(fault.key, "import.photo-missing");
	assert_int_equal(photo_read(fd, "none/none.jpg", &photo, &fault).code, CC_E_FORMAT);
	assert_string_equal(fault.key, "import.photo-missing");
	(void)close(fd);
}

static void write_photo(int fd, const char *name, struct bytes head, off_t size)
{
	int f = openat(fd, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(f >= 0);
	assert_true(write(f, head.p, head.n) == (ssize_t)head.n);
	assert_int_equal(ftruncate(f, size), 0);
	(void)close(f);
}

static void photo_is_judged_by_first_bytes_and_size(void **state)
{
	struct buf photo = { 0 };
	struct row_fault fault = { 0 };
	int fd = open(folder.path, O_PATH | O_DIRECTORY);

	(void)state;
	write_photo(fd, "limit.jpg", BYTES_LITERAL("\xFF\xD8\xFF"), PERSON_PHOTO_MAX);
	assert_ok(photo_read(fd, "limit.jpg", &photo, &fault));
	assert_int_equal(photo.n, PERSON_PHOTO_MAX);
	buf_done(&photo);
	write_photo(fd, "big.jpg", BYTES_LITERAL("\xFF\xD8\xFF"), (off_t)PERSON_PHOTO_MAX + 1);
	assert_int_equal(photo_read(fd, "big.jpg", &photo, &fault).code, CC_E_FORMAT);
	assert_string_equal(fault.key, "import.photo-too-large");
	write_photo(fd, "png.jpg", BYTES_LITERAL("\x89PNG"), 100);
	assert_int_equal(photo_read(fd, "png.jpg", &photo, &fault).code, CC_E_FORMAT);
	assert_string_equal(fault.key, "import.photo-not-jpeg");
	write_photo(fd, "empty.jpg", bytes_of("", 0), 0);
	assert_int_equal(photo_read(fd, "empty.jpg", &photo, &fault).code, CC_E_FORMAT);
	assert_string_equal(fault.key, "import.photo-not-jpeg");
	write_photo(fd, "short.jpg", BYTES_LITERAL("\xFF\xD8"), 2);
	assert_int_equal(photo_read(fd, "short.jpg", &photo, &fault).code, CC_E_FORMAT);
	(void)close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(photo_stays_below_its_folder),
		cmocka_unit_test(photo_is_judged_by_first_bytes_and_size),
	};

	return cmocka_run_group_tests(tests, up, down);
}
