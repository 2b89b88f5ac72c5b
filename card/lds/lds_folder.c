/* SPDX-License-Identifier: Apache-2.0 */
#include "card/lds/lds_set.h"

#include "crypto/base/sys.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A set of files as a folder: `cccd card inspect --dump`, `cccd card verify`. */
#define FILE_MAX (1u << 20)
#define NAMES_MAX 5
#define NAME_LEN 32

cc_status lds_set_save(const struct lds_set *s, const char *folder, struct cc_error *err)
{
	char path[PATH_MAX];
	cc_status st = sys_make_dirs(folder, 0700, err);

	for (unsigned f = 0; f < LDS_FILE_COUNT && !cc_failed(st); f++) {
		if (snprintf(path, sizeof path, "%s/%s", folder, lds_file_name(f)) >= (int)sizeof path)
			return cc_fail(err, CC_E_ARG, "lds.folder", "path too long");
		/* What another chip left here would be judged as this one's. */
		if (!lds_set_has(s, f) && unlink(path) != 0 && errno != ENOENT)
			st = sys_path_fail(err, errno, "%s", path);
		else if (lds_set_has(s, f))
			st = sys_write_file(path, lds_set_get(s, f), 0600, err);
	}
	return st;
}

/* The names that other collections give the same file. */
static size_t names_of(enum lds_file f, char out[NAMES_MAX][NAME_LEN])
{
	unsigned dg = lds_dg_number(f);

	(void)snprintf(out[0], NAME_LEN, "%s", lds_file_name(f));
	if (dg > 0) {
		(void)snprintf(out[1], NAME_LEN, "EF_DG%u.bin", dg);
		(void)snprintf(out[2], NAME_LEN, "Datagroup%u.bin", dg);
		(void)snprintf(out[3], NAME_LEN, "Dg%u.bin", dg);
		(void)snprintf(out[4], NAME_LEN, "DG%02u.bin", dg);
		return 5;
	}
	(void)snprintf(out[1], NAME_LEN, "%s.bin", lds_file_title(f));
	(void)snprintf(out[2], NAME_LEN, "%s",
		       f == LDS_COM   ? "Com.bin"
		       : f == LDS_SOD ? "Sod.bin"
				      : (f == LDS_CARD_ACCESS ? "efCardAccess.bin" : "efCardSecurity.bin"));
	return 3;
}

static cc_status load_one(struct lds_set *set, const char *folder, enum lds_file f, struct cc_error *err)
{
	char names[NAMES_MAX][NAME_LEN], path[PATH_MAX];
	size_t count = names_of(f, names);

	for (size_t i = 0; i < count; i++) {
		cc_status st;

		if (snprintf(path, sizeof path, "%s/%s", folder, names[i]) >= (int)sizeof path)
			return cc_fail(err, CC_E_ARG, "lds.folder", "path too long");
		st = sys_read_regular(path, FILE_MAX, &set->files[f], NULL);
		if (st.code == CC_E_NOT_FOUND)
			continue;
		if (cc_failed(st))
			return cc_fail(err, st.code, "lds.folder", "%s can't be read", names[i]);
		return st;
	}
	return cc_ok();
}

cc_status lds_set_load(struct lds_set *ret, const char *folder, struct cc_error *err)
{
	struct lds_set set = { 0 };
	cc_status st = cc_ok();

	for (unsigned f = 0; f < LDS_FILE_COUNT && !cc_failed(st); f++)
		st = load_one(&set, folder, f, err);
	if (!cc_failed(st) && lds_set_bytes(&set) == 0)
		st = cc_fail(err, CC_E_NOT_FOUND, "lds.folder", "no file of a chip in the folder");
	if (cc_failed(st)) {
		lds_set_done(&set);
		return st;
	}
	lds_set_done(ret);
	*ret = set;
	return st;
}
