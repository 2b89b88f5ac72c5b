/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/base/secret.h"

#include "crypto/base/err.h"
#include "crypto/base/log.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void equal_needs_every_byte_and_the_length(void **state)
{
	uint8_t a[64], b[64];

	(void)state;
	memset(a, 0x5A, sizeof a);
	memcpy(b, a, sizeof b);
	assert_true(cc_equal(a, sizeof a, b, sizeof b));
	assert_false(cc_equal(a, sizeof a, b, sizeof b - 1));
	assert_true(cc_equal(NULL, 0, NULL, 0));
	for (size_t i = 0; i < sizeof a; i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			b[i] ^= (uint8_t)(1u << bit);
			assert_false(cc_equal(a, sizeof a, b, sizeof b));
			b[i] ^= (uint8_t)(1u << bit);
		}
	}
}

static void a_secret_is_wiped_whole(void **state)
{
	static const struct secret zero;
	struct secret s;

	(void)state;
	memset(&s, 0xEE, sizeof s);
	secret_set(&s, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", SECRET_LEN_MAX);
	assert_int_equal(s.n, SECRET_LEN_MAX);
	secret_set(&s, "short", 5);
	assert_int_equal(s.n, 5);
	/* Nothing of the longer one is left behind the shorter. */
	assert_memory_equal(s.p + 5, zero.p, SECRET_LEN_MAX - 5);
	secret_done(&s);
	assert_memory_equal(&s, &zero, sizeof s);
}

static int exit_of_oversized_secret(void)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		struct secret s;
		uint8_t large[SECRET_LEN_MAX + 1] = { 0 };

		/* The message of the assertion is expected and not for the log. */
		if (freopen("/dev/null", "w", stderr) == NULL)
			_exit(3);
		secret_set(&s, large, sizeof large);
		_exit(0);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? WTERMSIG(status) : -1;
}

static void an_oversized_secret_stops_the_program(void **state)
{
	(void)state;
	assert_int_equal(exit_of_oversized_secret(), SIGABRT);
}

static void memory_comes_zeroed_and_even_for_nothing(void **state)
{
	uint8_t *p = cc_alloc(100);
	void *none = cc_alloc(0);

	(void)state;
	assert_non_null(p);
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(p[i], 0);
	assert_non_null(none);
	cc_free(p, 100);
	cc_free(none, 0);
	cc_free(NULL, 10);
	cc_wipe(NULL, 0);
}

/* ---- log */

struct caught {
	char text[2048];
	size_t lines;
	enum log_level level;
};

static void catch_line(void *ctx, enum log_level level, const char *line)
{
	struct caught *c = ctx;

	c->lines++;
	c->level = level;
	(void)snprintf(c->text, sizeof c->text, "%s", line);
}

static void a_secret_dump_shows_no_byte(void **state)
{
	struct caught c = { .lines = 0 };
	uint8_t key[16];

	(void)state;
	log_set_sink(catch_line, &c);
	log_set_level(LOG_DEBUG);
	for (unsigned v = 0; v < 256; v++) {
		memset(key, (int)v, sizeof key);
		log_dump_secret("S-ENC", bytes_of(key, sizeof key));
		assert_string_equal(c.text, "S-ENC [16] (not shown)");
	}
	assert_int_equal(c.lines, 256);
	log_dump("ATR", BYTES_LITERAL("\x3B\x80"));
	assert_string_equal(c.text, "ATR [2] 3B80");
	log_set_level(LOG_WARNING);
	log_set_sink(NULL, NULL);
}

static void the_level_decides_what_is_heard(void **state)
{
	struct caught c = { .lines = 0 };

	(void)state;
	log_set_sink(catch_line, &c);
	log_set_level(LOG_WARNING);
	assert_int_equal(log_get_level(), LOG_WARNING);
	log_info("quiet");
	log_debug("quiet");
	log_dump("quiet", bytes_str("x"));
	log_dump_secret("quiet", bytes_str("x"));
	assert_int_equal(c.lines, 0);
	log_warning("heard %d", 1);
	assert_int_equal(c.level, LOG_WARNING);
	assert_string_equal(c.text, "heard 1");
	log_error("heard too");
	assert_int_equal(c.lines, 2);
	log_set_sink(NULL, NULL);
}

static void a_long_dump_is_cut(void **state)
{
	struct caught c = { .lines = 0 };
	uint8_t data[65];

	(void)state;
	memset(data, 0xAB, sizeof data);
	log_set_sink(catch_line, &c);
	log_set_level(LOG_DEBUG);
	log_dump("x", bytes_of(data, 64));
	assert_int_equal(strlen(c.text), strlen("x [64] ") + 128);
	log_dump("x", bytes_of(data, 65));
	assert_int_equal(strlen(c.text), strlen("x [65] ") + 128 + 3);
	log_set_level(LOG_WARNING);
	log_set_sink(NULL, NULL);
}

/* ---- error detail */

static void the_first_cause_is_kept(void **state)
{
	struct cc_error err;

	(void)state;
	cc_error_init(&err);
	assert_int_equal(cc_fail(&err, CC_E_IO, "file.io", "cause %d", 1).code, CC_E_IO);
	assert_int_equal(cc_fail(&err, CC_E_STATE, "later", "cause %d", 2).code, CC_E_STATE);
	assert_int_equal(err.code, CC_E_IO);
	assert_string_equal(err.key, "file.io");
	assert_string_equal(err.detail, "cause 1");
	assert_int_equal(cc_fail(NULL, CC_E_BUSY, "x", "y").code, CC_E_BUSY);
}

static void a_long_detail_is_cut(void **state)
{
	struct cc_error err = { 0 };
	char text[2 * CC_ERROR_DETAIL_MAX];

	(void)state;
	memset(text, 'x', sizeof text);
	text[sizeof text - 1] = '\0';
	assert_int_equal(cc_fail(&err, CC_E_IO, "k", "%s", text).code, CC_E_IO);
	assert_int_equal(strlen(err.detail), CC_ERROR_DETAIL_MAX - 1);
}

static void each_code_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (int a = CC_OK; a <= CC_E_BUSY; a++) {
		assert_string_not_equal(cc_code_name((enum cc_code)a), "unknown");
		for (int b = CC_OK; b < a; b++)
			assert_string_not_equal(cc_code_name((enum cc_code)a), cc_code_name((enum cc_code)b));
	}
	assert_string_equal(cc_code_name((enum cc_code)(CC_E_BUSY + 1)), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_needs_every_byte_and_the_length),
		cmocka_unit_test(a_secret_is_wiped_whole),
		cmocka_unit_test(an_oversized_secret_stops_the_program),
		cmocka_unit_test(memory_comes_zeroed_and_even_for_nothing),
		cmocka_unit_test(a_secret_dump_shows_no_byte),
		cmocka_unit_test(the_level_decides_what_is_heard),
		cmocka_unit_test(a_long_dump_is_cut),
		cmocka_unit_test(the_first_cause_is_kept),
		cmocka_unit_test(a_long_detail_is_cut),
		cmocka_unit_test(each_code_has_a_name_of_its_own),
	};

	return cmocka_run_group_tests_name("secret", tests, NULL, NULL);
}
