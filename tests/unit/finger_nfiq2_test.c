/* SPDX-License-Identifier: Apache-2.0 */
#include "station/finger_nfiq2.h"

#include "tests/support/finger_print.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* Stand-ins for the program: shell scripts in a folder of the test. */
static char folder[64];
static struct image print;

static int open_folder(void **state)
{
	struct finger_print p = finger_print_good();

	(void)state;
	(void)snprintf(folder, sizeof folder, "/tmp/cccd-nfiq2-XXXXXX");
	assert_non_null(mkdtemp(folder));
	finger_print_draw(&p, &print);
	return 0;
}

static int remove_folder(void **state)
{
	char path[128];

	(void)state;
	(void)snprintf(path, sizeof path, "%s/nfiq2", folder);
	(void)unlink(path);
	image_done(&print);
	return rmdir(folder);
}

static cc_status run(const char *script, unsigned timeout_ms, unsigned *ret, struct cc_error *err)
{
	char path[128], text[512];

	(void)snprintf(path, sizeof path, "%s/nfiq2", folder);
	(void)snprintf(text, sizeof text, "#!/bin/sh\n%s\n", script);
	assert_int_equal(sys_write_file(path, bytes_str(text), 0700, NULL).code, CC_OK);
	cc_error_init(err);
	return finger_nfiq2_run(path, &print, timeout_ms, ret, err);
}

static void a_score_is_taken(void **state)
{
	struct cc_error err;
	unsigned score = 777;

	(void)state;
	assert_int_equal(run("[ \"$#\" = 2 ] && [ \"$1\" = -F ] && [ \"$(head -c 4 \"$2\" | tail -c 3)\" = PNG ] && echo 73",
			     10000, &score, &err)
				 .code,
			 CC_OK);
	assert_int_equal(score, 73);
}

/* Whatever our process has, its environment and its descriptors are not the program's. */
static void the_program_sees_nothing_of_us(void **state)
{
	struct cc_error err;
	unsigned score = 777;

	(void)state;
	assert_int_equal(setenv("CCCD_SECRET", "1", 1), 0);
	assert_int_equal(run("[ -z \"$CCCD_SECRET\" ] && [ ! -e /proc/self/fd/11 ] && echo 5", 10000, &score, &err).code, CC_OK);
	assert_int_equal(score, 5);
	(void)unsetenv("CCCD_SECRET");
}

static void other_answers_are_refused(void **state)
{
	static const char *const scripts[] = {
		"echo 101",
		"echo -1",
		"echo Image width is too small",
		"true",
		"printf '50\\n50\\n'",
		"printf '50 '",
		"echo 50; exit 1",
		"printf '%070d' 5",
		"kill -9 $$",
	};

	(void)state;
	for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
		struct cc_error err;
		unsigned score = 777;

		assert_int_equal(run(scripts[i], 10000, &score, &err).code, CC_E_FORMAT);
		assert_string_equal(err.key, "finger.nfiq2-refused");
		assert_int_equal(score, 777);
	}
}

static void one_that_hangs_is_ended(void **state)
{
	struct cc_error err;
	unsigned score = 777;

	(void)state;
	assert_int_equal(run("while :; do :; done", 100, &score, &err).code, CC_E_LIMIT);
	assert_string_equal(err.key, "finger.nfiq2-timeout");
	/* It closed its output but goes on. */
	assert_int_equal(run("echo 50; exec >&-; while :; do :; done", 100, &score, &err).code, CC_E_FORMAT);
	assert_int_equal(score, 777);
}

static void one_that_is_not_there_is_told(void **state)
{
	struct cc_error err;
	unsigned score = 777;

	(void)state;
	cc_error_init(&err);
	assert_int_equal(finger_nfiq2_run("/nowhere/nfiq2", &print, 1000, &score, &err).code, CC_E_IO);
	assert_string_equal(err.key, "finger.nfiq2-start");
	cc_error_init(&err);
	assert_int_equal(finger_nfiq2_run("nfiq2", &print, 1000, &score, &err).code, CC_E_IO);
	assert_string_equal(err.key, "finger.nfiq2-start");
	assert_int_equal(score, 777);
}

static void only_a_whole_number_is_a_score(void **state)
{
	unsigned v = 0;

	(void)state;
	assert_true(finger_nfiq2_parse(BYTES_LITERAL("0"), &v) && v == 0);
	assert_true(finger_nfiq2_parse(BYTES_LITERAL("100\n"), &v) && v == 100);
	assert_true(finger_nfiq2_parse(BYTES_LITERAL("7\n"), &v) && v == 7);
	assert_false(finger_nfiq2_parse(BYTES_LITERAL(""), &v));
	assert_false(finger_nfiq2_parse(BYTES_LITERAL("\n"), &v));
	assert_false(finger_nfiq2_parse(BYTES_LITERAL("1000"), &v));
	assert_false(finger_nfiq2_parse(BYTES_LITERAL("101"), &v));
	assert_false(finger_nfiq2_parse(BYTES_LITERAL("5 \n"), &v));
	assert_false(finger_nfiq2_parse(BYTES_LITERAL("5\n\n"), &v));
	assert_false(finger_nfiq2_parse(BYTES_LITERAL("NA\n"), &v));
	assert_int_equal(v, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_score_is_taken),
		cmocka_unit_test(the_program_sees_nothing_of_us),
		cmocka_unit_test(other_answers_are_refused),
		cmocka_unit_test(one_that_hangs_is_ended),
		cmocka_unit_test(one_that_is_not_there_is_told),
		cmocka_unit_test(only_a_whole_number_is_a_score),
	};
	return cmocka_run_group_tests(tests, open_folder, remove_folder);
}
