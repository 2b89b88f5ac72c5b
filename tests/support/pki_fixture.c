/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/pki_fixture.h"

#include "crypto/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

void fixture_folder(struct fixture_folder *f)
{
	const char *root = getenv("TMPDIR");

	(void)snprintf(f->path, sizeof f->path, "%s/cccd-test-XXXXXX", root != NULL ? root : "/tmp");
	assert_non_null(mkdtemp(f->path));
}

int fixture_run(const struct fixture_folder *f, const char *command)
{
	char line[2048];
	int rc;

	assert_true(snprintf(line, sizeof line, "cd '%s' && { %s ; } >out 2>&1 </dev/null", f->path, command) < (int)sizeof line);
	rc = system(line);
	return WIFEXITED(rc) ? WEXITSTATUS(rc) : -1;
}

void fixture_folder_done(const struct fixture_folder *f)
{
	char line[256];

	(void)snprintf(line, sizeof line, "rm -rf -- '%s'", f->path);
	assert_int_equal(system(line), 0);
}

void fixture_path(const struct fixture_folder *f, const char *name, char *out, size_t cap)
{
	assert_true(snprintf(out, cap, "%s/%s", f->path, name) < (int)cap);
}

void fixture_write(const struct fixture_folder *f, const char *name, struct bytes data)
{
	char path[512];

	fixture_path(f, name, path, sizeof path);
	assert_int_equal(sys_write_file(path, data, 0600, NULL).code, CC_OK);
}

static int64_t fixed_wall(void *ctx)
{
	const struct fixture_sys *s = ctx;

	return s->wall_ms;
}

static cc_status counted_random(void *ctx, uint8_t *out, size_t n)
{
	struct fixture_sys *s = ctx;

	while (n > 0) {
		struct digest d;
		size_t take;

		s->seed++;
		if (cc_failed(hash_digest(HASH_SHA256, bytes_of(&s->seed, sizeof s->seed), &d)))
			return cc_code_status(CC_E_CRYPTO);
		take = n < d.n ? n : d.n;
		memcpy(out, d.p, take);
		out += take;
		n -= take;
	}
	return cc_ok();
}

static void no_sleep(void *ctx, int64_t ms)
{
	(void)ctx;
	(void)ms;
}

void fixture_sys(struct fixture_sys *s)
{
	*s = (struct fixture_sys){ .seed = 1, .wall_ms = (int64_t)FIXTURE_NOW_S * 1000 };
	s->sys = (struct sys){
		.ctx = s, .wall_ms = fixed_wall, .mono_ms = fixed_wall, .random = counted_random, .sleep_ms = no_sleep
	};
}
