/* SPDX-License-Identifier: Apache-2.0 */
#include "station/portrait_rules.h"

#include <jansson.h>
#include <string.h>
#include <unistd.h>

#define RULES_BYTES_MAX 65536

static cc_status set_bound(struct quality_rules *rules, const char *name, const char *bound, const json_t *value,
			   struct cc_error *err)
{
	bool high = strcmp(bound, "max") == 0;

	if (!high && strcmp(bound, "min") != 0)
		return cc_fail(err, CC_E_FORMAT, "settings.unknown", "portrait.json: %.60s has no %.20s", name, bound);
	if (!json_is_number(value))
		return cc_fail(err, CC_E_FORMAT, "settings.bad-value", "portrait.json: %.60s %.20s is no number", name, bound);
	if (!quality_rules_set(rules, name, high, json_number_value(value)))
		return cc_fail(err, CC_E_FORMAT, "settings.unknown", "portrait.json: no measure %.60s with a %.20s", name, bound);
	return cc_ok();
}

static cc_status read_rules(json_t *root, struct quality_rules *rules, struct cc_error *err)
{
	const char *name, *bound;
	json_t *bounds, *value;

	json_object_foreach(root, name, bounds)
	{
		json_object_foreach(bounds, bound, value)
		{
			cc_status st = set_bound(rules, name, bound, value, err);

			if (cc_failed(st))
				return st;
		}
	}
	return cc_ok();
}

cc_status portrait_rules_load(const struct config *c, struct quality_rules *rules, struct cc_error *err)
{
	char path[PATH_MAX];
	struct buf text = { 0 };
	json_error_t where;
	json_t *root;
	cc_status st;

	*rules = quality_rules_default();
	config_path(c, "portrait.json", path);
	if (access(path, F_OK) != 0)
		return cc_ok();
	st = sys_read_file(path, RULES_BYTES_MAX, &text, err);
	if (cc_failed(st))
		return st;
	root = json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, &where);
	if (!json_is_object(root))
		st = cc_fail(err, CC_E_FORMAT, "settings.not-json", "portrait.json, line %d", where.line);
	else
		st = read_rules(root, rules, err);
	json_decref(root);
	buf_done(&text);
	return st;
}
