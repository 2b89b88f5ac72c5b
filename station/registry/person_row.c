/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/person.h"

#include "crypto/base/secret.h"
#include "station/registry/person_judge.h"
#include "station/registry/person_plain.h"

#include <jansson.h>
#include <string.h>

/* The one field that is no text. */
static const char fingerprints[] = "fingerprints";

static bool reject_row(struct row_fault *fault, const char *key, size_t position)
{
	*fault = (struct row_fault){ .field = "", .key = key, .position = position };
	return false;
}

/* Nesting is judged before the JSON library, which would follow it 2048 levels down. */
static bool check_depth(struct bytes row, struct row_fault *fault)
{
	bool in_string = false, escaped = false;
	size_t depth = 0, column = 0;
	struct cursor in;
	uint8_t c;

	cursor_init(&in, row);
	while (cursor_left(&in) > 0 && cursor_u8(&in, &c)) {
		column++;
		if (in_string) {
			in_string = escaped || c != '"';
			escaped = !escaped && c == '\\';
		} else if (c == '"') {
			in_string = true;
		} else if (c == '{' || c == '[') {
			if (++depth > PERSON_ROW_DEPTH_MAX)
				return reject_row(fault, "import.too-deep", column);
		} else if ((c == '}' || c == ']') && depth > 0) {
			depth--;
		}
	}
	return true;
}

/* json_object_get's value: absent, or a path. */
static bool take_path(const json_t *value, char out[PERSON_PATH_SIZE])
{
	const char *path = json_string_value(value);

	if (value == NULL)
		return true;
	if (path == NULL || path[0] == '\0' || strlen(path) >= PERSON_PATH_SIZE)
		return false;
	memcpy(out, path, strlen(path) + 1);
	return true;
}

/* {"finger": ..., "file": ..., "template": ...}, of which one may be absent, or {"finger": ..., "missing": ...}; nothing else. */
static bool take_finger(struct person_judge *in, json_t *item, size_t place)
{
	const char *finger = json_string_value(json_object_get(item, "finger"));
	const json_t *file = json_object_get(item, "file"), *minutiae = json_object_get(item, "template");
	const json_t *missing = json_object_get(item, "missing");
	unsigned position = finger != NULL ? finger_position_find(finger) : FINGER_UNKNOWN;
	size_t known = 1 + (size_t)(file != NULL) + (size_t)(minutiae != NULL) + (size_t)(missing != NULL);
	struct person *p = in->person;

	if (position == FINGER_UNKNOWN || known < 2 || json_object_size(item) != known || (missing != NULL && known != 2) ||
	    p->finger_paths[position][0] != '\0' || p->finger_templates[position][0] != '\0' ||
	    p->finger_missing[position] != FINGER_PRESENT)
		return person_judge_reject(in, fingerprints, "import.value", place);
	if (missing != NULL) {
		const char *why = json_string_value(missing);

		p->finger_missing[position] = (uint8_t)(why != NULL ? finger_missing_find(why) : FINGER_PRESENT);
		return p->finger_missing[position] != FINGER_PRESENT ||
		       person_judge_reject(in, fingerprints, "import.value", place);
	}
	if (!take_path(file, p->finger_paths[position]) || !take_path(minutiae, p->finger_templates[position]))
		return person_judge_reject(in, fingerprints, "import.value", place);
	return true;
}

static bool take_fingerprints(struct person_judge *in, const json_t *list)
{
	if (json_is_null(list))
		return true;
	if (!json_is_array(list))
		return person_judge_reject(in, fingerprints, "import.field-type", 0);
	for (size_t i = 0; i < json_array_size(list); i++)
		if (!take_finger(in, json_array_get(list, i), i + 1))
			return false;
	return true;
}

static bool take_field(struct person_judge *in, const char *name, const json_t *value, struct row_warnings *warnings)
{
	size_t f = person_judge_field(bytes_str(name));

	if (strcmp(name, fingerprints) == 0)
		return take_fingerprints(in, value);
	if (f == PERSON_JUDGE_NO_FIELD) {
		person_judge_unknown(warnings, name);
		return true;
	}
	if (json_is_null(value))
		return true;
	if (!json_is_string(value))
		return person_judge_reject(in, person_judge_field_name(f), "import.field-type", 0);
	return person_judge_value(in, f, bytes_of(json_string_value(value), json_string_length(value)));
}

static bool take_object(struct person_judge *in, json_t *root, struct row_warnings *warnings)
{
	const char *name;
	json_t *value;

	if (!json_is_object(root))
		return reject_row(in->fault, "import.not-object", 0);
	json_object_foreach(root, name, value)
	{
		if (!take_field(in, name, value, warnings))
			return false;
	}
	return person_judge_whole(in);
}

/* What the JSON library says of a row that it can't read. Want of memory is no fault of the row. */
static cc_status json_fault(const json_error_t *e, struct row_fault *fault)
{
	enum json_error_code code = json_error_code(e);
	const char *key = "import.not-json";

	if (code == json_error_out_of_memory)
		key = "memory";
	else if (code == json_error_duplicate_key)
		key = "import.duplicate-field";
	else if (code == json_error_invalid_utf8)
		key = "import.not-utf8";
	(void)reject_row(fault, key, e->position > 0 ? (size_t)e->position : 0);
	return cc_code_status(code == json_error_out_of_memory ? CC_E_MEMORY : CC_E_FORMAT);
}

static cc_status load_row(struct bytes row, json_t **ret, struct row_fault *fault)
{
	json_error_t e = { 0 };
	cc_status st = cc_ok();

	if (row.n > PERSON_ROW_MAX) {
		(void)reject_row(fault, "import.line-too-long", 0);
		return cc_code_status(CC_E_LIMIT);
	}
	if (!check_depth(row, fault))
		return cc_code_status(CC_E_FORMAT);
	person_json_wipes();
	*ret = json_loadb((const char *)row.p, row.n, JSON_REJECT_DUPLICATES, &e);
	if (*ret == NULL)
		st = json_fault(&e, fault);
	cc_wipe(&e, sizeof e); /* its text quotes the row */
	return st;
}

cc_status person_parse(struct bytes row, struct person *ret, struct row_warnings *ret_warnings, struct row_fault *fault)
{
	struct person_plain plain;
	struct row_warnings warnings = { 0 };
	struct row_fault unheard;
	struct person_judge in = { .person = ret, .fault = fault != NULL ? fault : &unheard };
	json_t *root = NULL;
	cc_status st = cc_ok();

	memset(ret, 0, sizeof *ret);
	if (person_plain_read(row, &plain)) {
		if (!person_plain_judge(&plain, &in))
			st = cc_code_status(CC_E_FORMAT);
	} else {
		st = load_row(row, &root, in.fault);
		if (!cc_failed(st) && !take_object(&in, root, &warnings))
			st = cc_code_status(CC_E_FORMAT);
		json_decref(root);
	}
	if (cc_failed(st))
		person_done(ret);
	else if (ret_warnings != NULL)
		*ret_warnings = warnings;
	return st;
}
