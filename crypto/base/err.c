/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const code_names[] = {
	[CC_OK] = "ok",
	[CC_E_ARG] = "argument",
	[CC_E_MEMORY] = "memory",
	[CC_E_LIMIT] = "limit",
	[CC_E_FORMAT] = "format",
	[CC_E_VERIFY] = "verify",
	[CC_E_CRYPTO] = "crypto",
	[CC_E_IO] = "io",
	[CC_E_DEVICE] = "device",
	[CC_E_NO_SERVICE] = "no-service",
	[CC_E_STATUS] = "status-word",
	[CC_E_NOT_FOUND] = "not-found",
	[CC_E_EXISTS] = "exists",
	[CC_E_STATE] = "state",
	[CC_E_DENIED] = "denied",
	[CC_E_HELD] = "held",
	[CC_E_UNSUPPORTED] = "unsupported",
	[CC_E_BUSY] = "busy",
};

const char *cc_code_name(enum cc_code code)
{
	size_t i = (size_t)code;

	if (i >= sizeof code_names / sizeof code_names[0] || code_names[i] == NULL)
		return "unknown";
	return code_names[i];
}

void cc_error_init(struct cc_error *err)
{
	memset(err, 0, sizeof *err);
}

/* C0, DEL, and C1 as UTF-8 writes it: what a terminal would obey. */
static void clean(char *text)
{
	for (unsigned char *p = (unsigned char *)text; *p != '\0'; p++) {
		if (*p < 0x20 || *p == 0x7F)
			*p = '?';
		else if (p[0] == 0xC2 && p[1] >= 0x80 && p[1] <= 0x9F)
			p[0] = p[1] = '?';
	}
}

cc_status cc_fail(struct cc_error *err, enum cc_code code, const char *key, const char *fmt, ...)
{
	CC_ASSERT(code != CC_OK);
	if (err != NULL && err->code == CC_OK) {
		va_list ap;

		err->code = code;
		err->key = key;
		va_start(ap, fmt);
		(void)vsnprintf(err->detail, sizeof err->detail, fmt, ap);
		va_end(ap);
		clean(err->detail);
	}
	return cc_code_status(code);
}

_Noreturn void cc_assert_failed(const char *cond, const char *file, int line)
{
	(void)fprintf(stderr, "assertion failed: %s (%s:%d)\n", cond, file, line);
	abort();
}
