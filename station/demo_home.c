/* SPDX-License-Identifier: Apache-2.0 */
#include "station/demo.h"

#include "crypto/base/secret.h"
#include "station/pki.h"
#include "station/registry/import.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MARKER "demo.marker"
#define PASSWORD_LEN 24

static int remove_entry(const char *path, const struct stat *s, int type, struct FTW *where)
{
	(void)s;
	(void)type;
	(void)where;
	return remove(path);
}

static cc_status clear_old(const struct config *c, struct cc_error *err)
{
	char marker[PATH_MAX];
	struct stat s;

	if (lstat(c->home, &s) != 0)
		return cc_ok();
	config_path(c, MARKER, marker);
	if (!S_ISDIR(s.st_mode) || lstat(marker, &s) != 0)
		return cc_fail(err, CC_E_EXISTS, "demo.not-a-demo", "%s has no " MARKER, c->home);
	/* FTW_PHYS: links are removed, never followed. */
	if (nftw(c->home, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) != 0)
		return cc_fail(err, CC_E_IO, "file.io", "%s: %s", c->home, strerror(errno));
	return cc_ok();
}

static cc_status write_password(struct config *c, struct cc_error *err)
{
	uint8_t raw[PASSWORD_LEN];
	char text[2 * PASSWORD_LEN + 1], path[PATH_MAX];
	cc_status st = sys_random(c->sys, raw, sizeof raw);

	if (cc_failed(st))
		return cc_fail(err, st.code, "crypto.failed", "random");
	bytes_to_hex(bytes_of(raw, sizeof raw), text);
	config_path(c, "password", path);
	if (!cc_failed(st = sys_write_file(path, bytes_str(text), 0600, err)))
		(void)snprintf(c->password_file, sizeof c->password_file, "%s", path);
	cc_wipe(raw, sizeof raw);
	cc_wipe(text, sizeof text);
	return st;
}

cc_status demo_prepare(struct config *c, struct cc_error *err)
{
	static const char *const folders[] = { "dumps", "cards" };
	char path[PATH_MAX];
	cc_status st;

	if (cc_failed(st = clear_old(c, err)) || cc_failed(st = sys_make_dirs(c->home, 0700, err)))
		return st;
	/* The marker comes first: a demo that dies here may be replaced. */
	config_path(c, MARKER, path);
	if (cc_failed(st = sys_write_file(path, BYTES_LITERAL("made by cccd demo\n"), 0600, err)))
		return st;
	for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
		config_path(c, folders[i], path);
		if (cc_failed(st = sys_make_dirs(path, 0700, err)))
			return st;
	}
	return write_password(c, err);
}

/* ---- PKI and people */

static cc_status make_pki(const struct config *c, struct cc_error *err)
{
	struct pki_options options;
	bool resumed = false;
	cc_status st = pki_options_default(c, &options, err);

	return cc_failed(st) ? st : pki_init(c, &options, &resumed, err);
}

static cc_status import_rows(struct registry *r, const struct config *c, const char *people, struct cc_error *err)
{
	struct import_options options = { 0 };
	struct import_counts counts = { 0 };
	char folder[PATH_MAX] = ".";
	const char *slash = strrchr(people, '/');
	FILE *in;
	cc_status st;

	if (cc_failed(st = registry_check_context(c, &options.check, err)))
		return st;
	if (slash)
		(void)snprintf(folder, sizeof folder, "%.*s", slash == people ? 1 : (int)(slash - people), people);
	options.folder = folder;
	if (!(in = fopen(people, "re")))
		return cc_fail(err, CC_E_NOT_FOUND, "file.missing", "%s: %s", people, strerror(errno));
	st = import_run(r, in, &options, &counts, err);
	(void)fclose(in);
	if (!cc_failed(st) && counts.imported == 0)
		st = cc_fail(err, CC_E_FORMAT, "demo.no-people", "%s: nobody was imported, %llu refused", people,
			     (unsigned long long)counts.refused);
	return st;
}

cc_status demo_fill(const struct config *c, const char *people, struct cc_error *err)
{
	struct registry *r = NULL;
	struct keystore *ks = NULL;
	struct store *store = NULL;
	cc_status st;

	if (!cc_failed(st = make_pki(c, err)) && !cc_failed(st = config_open_keystore(c, &ks, err)) &&
	    !cc_failed(st = config_open_store(c, &store, err)) && !cc_failed(st = registry_open(store, ks, c->sys, &r, err)))
		st = import_rows(r, c, people, err);
	registry_close(&r);
	store_close(&store);
	keystore_close(&ks);
	return st;
}
