/* SPDX-License-Identifier: Apache-2.0 */
#include "station/command.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* `cccd settings`: every setting that settings.json may hold, with what holds now, its default and its meaning. */

#define VALUE_MAX 4096

static void print_text(const struct config *c, const struct setting *s, const char *value)
{
	bool vi = c->lang == LANG_VI, set = strcmp(value, s->value) != 0;

	(void)printf("%s = \"%s\"", s->name, value);
	if (set)
		(void)printf(vi ? "  (mặc định \"%s\")" : "  (default \"%s\")", s->value);
	(void)printf("\n    %s\n", vi ? s->help_vi : s->help_en);
}

static json_t *as_json(const struct config *c, const struct setting *s, const char *value)
{
	return json_pack("{s:s, s:s, s:s, s:s}", "name", s->name, "value", value, "default", s->value, "help",
			 c->lang == LANG_VI ? s->help_vi : s->help_en);
}

static int run_settings(struct invocation *inv)
{
	const struct config *c = &inv->config;
	json_t *root = json_pack("{s:i, s:[]}", "schema", 1, "settings");
	struct cc_error err;
	cc_status st = cc_ok();
	bool good = root != NULL;

	cc_error_init(&err);
	for (size_t i = 0; i < settings_count && good && !cc_failed(st); i++) {
		char value[VALUE_MAX];

		if (cc_failed(st = config_setting(c, settings_table[i].name, value, sizeof value, &err)))
			break;
		if (c->json)
			good = json_array_append_new(json_object_get(root, "settings"), as_json(c, &settings_table[i], value)) ==
			       0;
		else
			print_text(c, &settings_table[i], value);
	}
	if (!good)
		st = cc_fail(&err, CC_E_MEMORY, "memory", "settings");
	if (!cc_failed(st) && c->json)
		good = json_dumpf(root, stdout, JSON_INDENT(2)) == 0 && putchar('\n') == '\n';
	json_decref(root);
	return cc_failed(st) ? invocation_fail(inv, &err) : good ? EXIT_DONE : EXIT_FAILED;
}

const struct command commands_settings[] = {
	{ "settings", NULL, "", 0, 0, "every setting of settings.json: what holds now, the default, the meaning",
	  "mọi cài đặt của settings.json: giá trị hiện dùng, mặc định, ý nghĩa", NULL, run_settings },
	{ 0 },
};
