/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/softhsm.h"

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

void softhsm(struct softhsm *h)
{
	char path[256], absolute[PATH_MAX], text[PATH_MAX + 128];

	fixture_folder(&h->folder);
	CC_ASSERT(realpath(h->folder.path, absolute) != NULL);
	fixture_path(&h->folder, "tokens", path, sizeof path);
	CC_ASSERT(mkdir(path, 0700) == 0);
	(void)snprintf(text, sizeof text, "directories.tokendir = %s/tokens\nobjectstore.backend = file\nlog.level = ERROR\n",
		       absolute);
	fixture_write(&h->folder, "softhsm2.conf", bytes_str(text));
	fixture_path(&h->folder, "token.lock", h->lock_path, sizeof h->lock_path);
	softhsm_add_token(h, SOFTHSM_LABEL);
	(void)snprintf(text, sizeof text, "%s/softhsm2.conf", absolute);
	CC_ASSERT(setenv("SOFTHSM2_CONF", text, 1) == 0);
}

void softhsm_done(struct softhsm *h)
{
	fixture_folder_done(&h->folder);
}

void softhsm_pull(struct softhsm *h)
{
	CC_ASSERT(fixture_run(&h->folder, "mv tokens away && mkdir tokens") == 0);
}

void softhsm_plug(struct softhsm *h)
{
	CC_ASSERT(fixture_run(&h->folder, "rm -rf tokens && mv away tokens") == 0);
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
