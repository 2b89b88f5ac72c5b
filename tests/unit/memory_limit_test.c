/* SPDX-License-Identifier: Apache-2.0 */
#include "station/store/memory_limit.h"
#include "station/store/store.h"
#include "tests/support/pki_fixture.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define MIB 1024 /* in KiB */

/* A machine's /proc and /sys, as files of a folder. */
struct world {
	struct fixture_folder folder;
	int64_t machine_kib;
};

static int begin(void **state)
{
	static struct world w;

	fixture_folder(&w.folder);
	w.machine_kib = (int64_t)sysconf(_SC_PHYS_PAGES) * (sysconf(_SC_PAGESIZE) / 1024);
	assert_true(w.machine_kib > 64 * MIB);
	assert_int_equal(fixture_run(&w.folder, "mkdir -p proc/self sys/fs/cgroup/a/b sys/fs/cgroup/memory/a/b"), 0);
	*state = &w;
	return 0;
}

static int end(void **state)
{
	fixture_folder_done(&((struct world *)*state)->folder);
	return 0;
}

static void put(const struct world *w, const char *name, const char *text)
{
	fixture_write(&w->folder, name, bytes_str(text));
}

static int64_t limit(const struct world *w)
{
	return memory_limit_kib(w->folder.path);
}

static void without_groups_it_is_the_machine(void **state)
{
	const struct world *w = *state;

	assert_int_equal(limit(w), w->machine_kib);
	put(w, "proc/self/cgroup", "0::/a/b\n");
	assert_int_equal(limit(w), w->machine_kib);
	put(w, "sys/fs/cgroup/a/b/memory.max", "max\n");
	assert_int_equal(limit(w), w->machine_kib);
}

static void the_lowest_of_the_way_up_counts(void **state)
{
	const struct world *w = *state;

	put(w, "proc/self/cgroup", "0::/a/b\n");
	put(w, "sys/fs/cgroup/a/b/memory.max", "33554432\n");
	assert_int_equal(limit(w), 32 * MIB);
	put(w, "sys/fs/cgroup/a/memory.max", "16777216\n");
	assert_int_equal(limit(w), 16 * MIB);
	put(w, "sys/fs/cgroup/a/memory.max", "67108864\n");
	assert_int_equal(limit(w), 32 * MIB);
}

/* A container whose groups are mounted at its own, with a namespace ("/") or without (the outer path, which is not there). */
static void a_container_sees_its_limit_at_the_mount(void **state)
{
	static const char *const ways[] = { "0::/\n", "0::/docker/0123/x\n" };
	const struct world *w = *state;

	put(w, "sys/fs/cgroup/memory.max", "50331648\n");
	for (size_t i = 0; i < 2; i++) {
		put(w, "proc/self/cgroup", ways[i]);
		assert_int_equal(limit(w), 48 * MIB);
	}
}

static void version_1_is_read_as_well(void **state)
{
	const struct world *w = *state;

	put(w, "proc/self/cgroup", "12:cpuset:/a\n4:cpu,memory:/a/b\n1:name=systemd:/a\n0::/a\n");
	put(w, "sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
	put(w, "sys/fs/cgroup/memory/a/b/memory.limit_in_bytes", "9223372036854771712\n");
	assert_int_equal(limit(w), w->machine_kib);
	put(w, "sys/fs/cgroup/memory/a/memory.limit_in_bytes", "41943040\n");
	assert_int_equal(limit(w), 40 * MIB);
}

static void nonsense_limits_nothing(void **state)
{
	static const char *const numbers[] = { "", "\n", "-1\n", "0\n", "12x\n", "1\n2\n", "99999999999999999999999\n" };
	static const char *const groups[] = { "0::a\n", "0::/../../a\n", "0:/a\n", "7:cpu:/a\n", "3::/a\n", "\n", "0::\n" };
	const struct world *w = *state;

	put(w, "proc/self/cgroup", "0::/a\n");
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		put(w, "sys/fs/cgroup/a/memory.max", numbers[i]);
		assert_int_equal(limit(w), w->machine_kib);
	}
	put(w, "sys/fs/cgroup/a/memory.max", "16777216\n");
	for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
		put(w, "proc/self/cgroup", groups[i]);
		assert_int_equal(limit(w), w->machine_kib);
	}
}

static void pages_take_a_share(void **state)
{
	(void)state;
	assert_int_equal(store_sqlite_cache_kib(0), 128 * MIB);
	assert_int_equal(store_sqlite_cache_kib(64 * MIB), 16 * MIB);
	assert_int_equal(store_sqlite_cache_kib(512 * MIB), 128 * MIB);
	assert_int_equal(store_sqlite_cache_kib(1024 * MIB), 256 * MIB);
	assert_int_equal(store_sqlite_cache_kib(4096 * MIB), 1024 * MIB);
	assert_int_equal(store_sqlite_cache_kib((int64_t)1024 * 1024 * MIB), 32768 * MIB);
	assert_int_equal(store_sqlite_cache_kib(INT64_MAX), 32768 * MIB);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(without_groups_it_is_the_machine, begin, end),
		cmocka_unit_test_setup_teardown(the_lowest_of_the_way_up_counts, begin, end),
		cmocka_unit_test_setup_teardown(a_container_sees_its_limit_at_the_mount, begin, end),
		cmocka_unit_test_setup_teardown(version_1_is_read_as_well, begin, end),
		cmocka_unit_test_setup_teardown(nonsense_limits_nothing, begin, end),
		cmocka_unit_test(pages_take_a_share),
	};

	return cmocka_run_group_tests_name("memory_limit", tests, NULL, NULL);
}
