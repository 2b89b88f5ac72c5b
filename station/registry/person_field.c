/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/person_field.h"

#include "crypto/base/secret.h"

#include <jansson.h>
#include <string.h>

#define FIELDS_MAX 64

static const char *const printed[] = {
	"full_name",	    "birth_date",  "sex",
	"nationality",	    "ethnicity",   "religion",
	"origin",	    "residence",   "identifying_marks",
	"father",	    "mother",	   "spouse",
	"old_cmnd",	    "issue_date",  "issue_place",
	"expiry_date",	    "birth_place", "birth_registration",
	"cancelled_number",
};

bool person_field_is_printed(const char *name)
{
	for (size_t i = 0; i < sizeof printed / sizeof printed[0]; i++) {
		if (strcmp(printed[i], name) == 0)
			return true;
	}
	return false;
}

bool person_field_may_change(const char *name)
{
	static const char *const fixed[] = { "number", "photo", "fingerprints", "birth_precision" };
	const char *known = person_field_of_heading(bytes_str(name));

	for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
		if (strcmp(fixed[i], name) == 0)
			return false;
	}
	return known != NULL && strcmp(known, name) == 0;
}

static cc_status load(const struct person *p, json_t **ret)
{
	struct buf row = { 0 };
	cc_status st = person_encode(p, &row);

	if (cc_failed(st))
		return st;
	person_json_wipes();
	*ret = json_loadb((const char *)row.p, row.n, 0, NULL);
	buf_done(&row);
	return *ret != NULL ? st : cc_code_status(CC_E_MEMORY);
}

cc_status person_field_get(const struct person *p, const char *name, char out[PERSON_FIELD_SIZE])
{
	json_t *root = NULL, *value;
	cc_status st = load(p, &root);

	if (cc_failed(st))
		return st;
	value = json_object_get(root, name);
	out[0] = '\0';
	if (json_is_string(value)) {
		CC_ASSERT(json_string_length(value) < PERSON_FIELD_SIZE);
		memcpy(out, json_string_value(value), json_string_length(value) + 1);
	}
	json_decref(root);
	return st;
}

cc_status person_field_set(const struct person *p, const char *name, const char *value, struct person *ret,
			   struct row_fault *fault)
{
	struct person_field list[FIELDS_MAX];
	struct person changed = { 0 };
	const char *other;
	json_t *root = NULL, *item;
	size_t n = 0;
	cc_status st = load(p, &root);

	if (cc_failed(st))
		return st;
	json_object_foreach(root, other, item)
	{
		/* Fingerprints are no text: they are carried over below. */
		if (!json_is_string(item) || strcmp(other, name) == 0)
			continue;
		CC_ASSERT(n + 1 < FIELDS_MAX);
		list[n++] = (struct person_field){ other, bytes_of(json_string_value(item), json_string_length(item)) };
	}
	list[n++] = (struct person_field){ name, bytes_str(value) };
	st = person_from_fields(list, n, &changed, NULL, fault);
	if (!cc_failed(st)) {
		memcpy(changed.finger_missing, p->finger_missing, sizeof changed.finger_missing);
		*ret = changed;
	}
	person_done(&changed);
	json_decref(root);
	return st;
}
