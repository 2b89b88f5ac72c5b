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

/* ---- the portrait's form */

static const char *const format_names[] = { "jpeg", "jp2", "smallest" };

bool portrait_format_from_name(const char *name, enum portrait_format *ret)
{
	for (size_t i = 0; i < sizeof format_names / sizeof format_names[0]; i++) {
		if (strcmp(format_names[i], name) == 0) {
			*ret = (enum portrait_format)i;
			return true;
		}
	}
	return false;
}

const char *portrait_format_name(enum portrait_format format)
{
	return format_names[format];
}

static cc_status number_between(const struct config *c, const char *name, int64_t low, int64_t high, int64_t *ret,
				struct cc_error *err)
{
	cc_status st = config_setting_int(c, name, ret, err);

	if (!cc_failed(st) && (*ret < low || *ret > high))
		st = cc_fail(err, CC_E_FORMAT, "issue.setting", "%s: %lld to %lld", name, (long long)low, (long long)high);
	return st;
}

cc_status portrait_params_load(const struct config *c, struct portrait_params *ret, struct cc_error *err)
{
	int64_t bytes_max = 0, width = 0, read_ms = 0, read_rate = 0;
	struct portrait_params p = portrait_params_default();
	char format[32];
	cc_status st;

	if (cc_failed(st = number_between(c, "dg2.bytes-max", 1000, 60000, &bytes_max, err)) ||
	    cc_failed(st = number_between(c, "dg2.width", 90, 2000, &width, err)) ||
	    cc_failed(st = number_between(c, "dg2.read-ms", 0, 60000, &read_ms, err)) ||
	    cc_failed(st = number_between(c, "dg2.read-rate", 0, 10000000, &read_rate, err)) ||
	    cc_failed(st = config_setting(c, "portrait.format", format, sizeof format, err)))
		return st;
	if (!portrait_format_from_name(format, &p.format))
		return cc_fail(err, CC_E_FORMAT, "issue.setting", "portrait.format: jpeg, jp2 or smallest");
	p.bytes_max = (size_t)bytes_max;
	p.width = (unsigned)width;
	p.height = p.width * 4 / 3;
	p.read_ms = (unsigned)read_ms;
	p.read_rate = (unsigned)read_rate;
	*ret = p;
	return cc_ok();
}
