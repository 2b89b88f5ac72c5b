/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "station/command.h"
#include "station/exit_code.h"
#include "station/message.h"

#include <string.h>

/* Exit codes: 0 done, 1 failed, 2 usage, 3 a check said no, 4 not allowed, 5 device. */
static void each_code_has_its_exit(void **state)
{
	static const struct {
		enum cc_code code;
		int want;
	} cases[] = {
		{ CC_OK, 0 },	    { CC_E_ARG, 2 },	{ CC_E_MEMORY, 1 },	{ CC_E_LIMIT, 1 },     { CC_E_FORMAT, 1 },
		{ CC_E_VERIFY, 3 }, { CC_E_CRYPTO, 1 }, { CC_E_IO, 1 },		{ CC_E_DEVICE, 5 },    { CC_E_STATUS, 5 },
		{ CC_E_EXISTS, 1 }, { CC_E_STATE, 1 },	{ CC_E_NO_SERVICE, 5 }, { CC_E_NOT_FOUND, 1 }, { CC_E_UNSUPPORTED, 1 },
		{ CC_E_DENIED, 4 }, { CC_E_HELD, 3 },	{ CC_E_BUSY, 1 },
	};

	(void)state;
	/* CC_E_BUSY is the last one: every code stands above. */
	assert_int_equal(sizeof cases / sizeof cases[0], CC_E_BUSY + 1);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_int_equal(exit_code_of(cases[i].code, NULL), cases[i].want);
	assert_int_equal(exit_code_of((enum cc_code)999, NULL), 1);
}

/* One sentence, one exit code, whatever part of the program found it. */
static void a_judgement_exits_alike_wherever_it_is_found(void **state)
{
	static const char *const keys[] = {
		"application.has-card",	     "exchange.given-out",   "issue.card-active", "queue.live",
		"registry.birth-incomplete", "issue.already-sealed", "issue.blank-busy",  "issue.blank-used",
		"issue.duplicate-key",	     "issue.other-chip",     "perso.swapped",	  "perso.already-personalized"
	};

	(void)state;
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		assert_string_equal(message_find(keys[i])->key, keys[i]); /* it has its sentences */
		for (int code = CC_OK + 1; code <= CC_E_BUSY; code++)
			assert_int_equal(exit_code_of((enum cc_code)code, keys[i]), EXIT_CHECK_NO);
		assert_int_equal(exit_code_of(CC_OK, keys[i]), EXIT_DONE);
	}
	assert_int_equal(exit_code_of(CC_E_STATE, "correction.decided"), EXIT_FAILED);
	assert_int_equal(exit_code_of(CC_E_HELD, "correction.waiting"), EXIT_CHECK_NO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_code_has_its_exit),
		cmocka_unit_test(a_judgement_exits_alike_wherever_it_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
