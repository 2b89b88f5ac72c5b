/* SPDX-License-Identifier: Apache-2.0 */
#include "station/exit_code.h"

#include "station/command.h"

#include <string.h>

static const int by_code[] = {
	[CC_OK] = EXIT_DONE,
	[CC_E_ARG] = EXIT_USAGE,
	[CC_E_MEMORY] = EXIT_FAILED,
	[CC_E_LIMIT] = EXIT_FAILED,
	[CC_E_FORMAT] = EXIT_FAILED,
	[CC_E_VERIFY] = EXIT_CHECK_NO,
	[CC_E_CRYPTO] = EXIT_FAILED,
	[CC_E_IO] = EXIT_FAILED,
	[CC_E_DEVICE] = EXIT_DEVICE,
	[CC_E_NO_SERVICE] = EXIT_DEVICE,
	[CC_E_STATUS] = EXIT_DEVICE,
	[CC_E_NOT_FOUND] = EXIT_FAILED,
	[CC_E_EXISTS] = EXIT_FAILED,
	[CC_E_STATE] = EXIT_FAILED,
	[CC_E_DENIED] = EXIT_NOT_ALLOWED,
	[CC_E_HELD] = EXIT_CHECK_NO,
	[CC_E_UNSUPPORTED] = EXIT_FAILED,
	[CC_E_BUSY] = EXIT_FAILED,
};

static const struct {
	const char *key;
	int exit_code;
} by_key[] = {
	/* This person may have no card, or none now. */
	{ "application.had-card", EXIT_CHECK_NO },
	{ "application.has-card", EXIT_CHECK_NO },
	{ "exchange.given-out", EXIT_CHECK_NO },
	{ "issue.card-active", EXIT_CHECK_NO },
	{ "issue.card-revoked", EXIT_CHECK_NO },
	{ "queue.live", EXIT_CHECK_NO },
	{ "registry.birth-incomplete", EXIT_CHECK_NO },
	/* This card is none to write on, or not for this person. */
	{ "issue.already-sealed", EXIT_CHECK_NO },
	{ "issue.blank-busy", EXIT_CHECK_NO },
	{ "issue.blank-used", EXIT_CHECK_NO },
	{ "issue.duplicate-key", EXIT_CHECK_NO },
	{ "issue.other-chip", EXIT_CHECK_NO },
	{ "perso.already-personalized", EXIT_CHECK_NO },
	{ "perso.swapped", EXIT_CHECK_NO },
};

int exit_code_of(enum cc_code code, const char *key)
{
	for (size_t i = 0; key != NULL && code != CC_OK && i < sizeof by_key / sizeof by_key[0]; i++) {
		if (strcmp(by_key[i].key, key) == 0)
			return by_key[i].exit_code;
	}
	return (size_t)code < sizeof by_code / sizeof by_code[0] ? by_code[code] : EXIT_FAILED;
}
