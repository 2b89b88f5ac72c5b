/* SPDX-License-Identifier: Apache-2.0 */
#include "station/trust_folder.h"

#include <stdio.h>

cc_status trust_folder_load(const struct config *c, const char *given, struct trust **ret, struct cc_error *err)
{
	char path[PATH_MAX];
	struct trust *t = NULL;
	size_t skipped = 0;
	cc_status st = trust_new(&t);

	if (cc_failed(st))
		return cc_fail(err, st.code, "memory", "trust");
	config_path(c, "trust", path);
	st = trust_load(t, given != NULL ? given : path, &skipped, given != NULL ? err : NULL);
	if (cc_failed(st) && given != NULL) {
		trust_free(&t);
		return st;
	}
	if (skipped > 0)
		(void)fprintf(stderr, "%zu %s\n", skipped,
			      c->lang == LANG_VI ? "tệp trong thư mục trust không đọc được, bỏ qua"
						 : "files of the trust folder can't be read and were skipped");
	*ret = t;
	return cc_ok();
}
