/* SPDX-License-Identifier: Apache-2.0 */
#include "station/defect_advice.h"

#include <stdio.h>

const struct message *defect_advice(const char *kind, const char *defect)
{
	char key[64];

	(void)snprintf(key, sizeof key, "%s.%s", kind, defect);
	return message_find(key);
}

void defect_advice_add(json_t *report, const char *kind, const char *const *defects, size_t n, enum lang lang)
{
	json_t *names = json_array(), *texts = json_array();

	for (size_t i = 0; i < n; i++) {
		const struct message *m = defect_advice(kind, defects[i]);

		(void)json_array_append_new(names, json_string(defects[i]));
		(void)json_array_append_new(texts, json_pack("{s:s, s:s, s:s}", "defect", defects[i], "text",
							     message_text(m, lang), "next", message_next(m, lang)));
	}
	(void)json_object_set_new(report, "defects", names);
	(void)json_object_set_new(report, "advice", texts);
}
