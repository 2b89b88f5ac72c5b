/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/softhsm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * The module keeps what it made at its start for the life of the process. Only
 * that is let pass: the rest of a test is looked at for leaks as ever.
 */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libsofthsm2.so\n";
}

bool softhsm_there(void)
{
	return access(SOFTHSM_MODULE, R_OK) == 0 && access("/usr/bin/softhsm2-util", X_OK) == 0;
}

void softhsm_add_token(struct softhsm *h, const char *label)
{
	char command[256];

	(void)snprintf(command, sizeof command,
		       "SOFTHSM2_CONF=$PWD/softhsm2.conf softhsm2-util --init-token --free --label '%s' --pin " SOFTHSM_PIN
		       " --so-pin " SOFTHSM_SO_PIN,
		       label);
	CC_ASSERT(fixture_run(&h->folder, command) == 0);
}

/* The token writes each attribute of an object to the disk by itself: in memory a test is a hundred times as fast. */
static void make_token_folder(struct softhsm *h)
{
	char absolute[PATH_MAX];

	(void)snprintf(h->tokens, sizeof h->tokens, "/dev/shm/cccd-token-XXXXXX");
	if (mkdtemp(h->tokens) != NULL)
		return;
	CC_ASSERT(realpath(h->folder.path, absolute) != NULL);
	CC_ASSERT(snprintf(h->tokens, sizeof h->tokens, "%s/tokens", absolute) < (int)sizeof h->tokens);
	CC_ASSERT(mkdir(h->tokens, 0700) == 0);
}

void softhsm(struct softhsm *h)
{
	char absolute[PATH_MAX], text[PATH_MAX + 128];

	fixture_folder(&h->folder);
	make_token_folder(h);
	(void)snprintf(text, sizeof text, "directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n",
		       h->tokens);
	fixture_write(&h->folder, "softhsm2.conf", bytes_str(text));
	fixture_path(&h->folder, "token.lock", h->lock_path, sizeof h->lock_path);
	softhsm_add_token(h, SOFTHSM_LABEL);
	CC_ASSERT(realpath(h->folder.path, absolute) != NULL);
	(void)snprintf(text, sizeof text, "%s/softhsm2.conf", absolute);
	CC_ASSERT(setenv("SOFTHSM2_CONF", text, 1) == 0);
}

void softhsm_done(struct softhsm *h)
{
	char command[PATH_MAX + 32];

	(void)snprintf(command, sizeof command, "rm -rf '%s' '%s.away'", h->tokens, h->tokens);
	CC_ASSERT(fixture_run(&h->folder, command) == 0);
	fixture_folder_done(&h->folder);
}

static void away(const struct softhsm *h, char path[PATH_MAX])
{
	(void)snprintf(path, PATH_MAX, "%s.away", h->tokens);
}

void softhsm_pull(struct softhsm *h)
{
	char path[PATH_MAX];

	away(h, path);
	CC_ASSERT(rename(h->tokens, path) == 0);
	CC_ASSERT(mkdir(h->tokens, 0700) == 0);
}

void softhsm_plug(struct softhsm *h)
{
	char path[PATH_MAX];

	away(h, path);
	CC_ASSERT(rmdir(h->tokens) == 0);
	CC_ASSERT(rename(path, h->tokens) == 0);
}

struct keystore_pkcs11_params softhsm_params(const struct softhsm *h, const struct sys *sys)
{
	return (struct keystore_pkcs11_params){
		.module = SOFTHSM_MODULE,
		.token = SOFTHSM_LABEL,
		.pin = bytes_str(SOFTHSM_PIN),
		.lock_path = h->lock_path,
		.sys = sys,
	};
}

void *softhsm_state(void **state)
{
	if (*state == NULL) {
		print_message("# softhsm2 is not installed\n");
		skip();
	}
	return *state;
}
