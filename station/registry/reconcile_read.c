/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/reconcile_judge.h"

#include "station/registry/number.h"

#include <string.h>

static const char *const names[RECONCILE_SOURCES] = {
	[RECONCILE_BIRTH_CERTIFICATE] = "birth-certificate",
	[RECONCILE_CCCD] = "cccd",
	[RECONCILE_HOUSEHOLD_BOOK] = "household-book",
	[RECONCILE_CMND] = "cmnd",
};

const char *reconcile_source_name(enum reconcile_source s)
{
	CC_ASSERT(s < RECONCILE_SOURCES);
	return names[s];
}

bool reconcile_source_find(const char *name, enum reconcile_source *ret)
{
	for (unsigned i = 0; name != NULL && i < RECONCILE_SOURCES; i++) {
		if (strcmp(names[i], name) == 0) {
			*ret = (enum reconcile_source)i;
			return true;
		}
	}
	return false;
}

cc_status reconcile_rules_parse(const char *text, struct reconcile_rules *ret, struct cc_error *err)
{
	struct reconcile_rules r = { 0 };
	bool seen[RECONCILE_SOURCES] = { false };
	struct cursor in;
	struct bytes item;
	size_t n = 0;

	cursor_init(&in, bytes_str(text));
	while (cursor_left(&in) > 0 && n < RECONCILE_SOURCES && cursor_until(&in, ',', &item)) {
		for (unsigned i = 0; i < RECONCILE_SOURCES; i++) {
			if (!seen[i] && bytes_equal(item, bytes_str(names[i]))) {
				seen[i] = true;
				r.order[n++] = (enum reconcile_source)i;
				break;
			}
		}
	}
	if (n != RECONCILE_SOURCES || cursor_left(&in) > 0)
		return cc_fail(err, CC_E_FORMAT, "settings.bad-value",
			       "reconcile.precedence: birth-certificate, cccd, household-book and cmnd, each once");
	*ret = r;
	return cc_ok();
}

static cc_status bad(struct cc_error *err, const char *what, size_t place)
{
	return cc_fail(err, CC_E_ARG, "reconcile.input", "%s, source %zu", what, place);
}

static bool only_known(const json_t *object, const char *const *known)
{
	const char *name;
	json_t *value;

	/* The library's iteration takes no const. */
	json_object_foreach((json_t *)(uintptr_t)object, name, value)
	{
		size_t i = 0;

		while (known[i] != NULL && strcmp(known[i], name) != 0)
			i++;
		if (known[i] == NULL)
			return false;
	}
	return true;
}

static cc_status read_paper(const json_t *item, size_t place, struct reconcile_paper *ret, struct cc_error *err)
{
	static const char *const known[] = { "source", "document", "date", "fields", NULL };
	const char *date = json_string_value(json_object_get(item, "date"));

	if (!json_is_object(item) || !only_known(item, known))
		return bad(err, "source, document, date, fields", place);
	if (!reconcile_source_find(json_string_value(json_object_get(item, "source")), &ret->source))
		return bad(err, "source: birth-certificate, cccd, household-book or cmnd", place);
	if (json_object_get(item, "date") != NULL && (date == NULL || !date_parse(bytes_str(date), &ret->date)))
		return bad(err, "date: YYYY-MM-DD", place);
	ret->fields = json_object_get(item, "fields");
	if (!json_is_object(ret->fields) || json_object_size(ret->fields) == 0)
		return bad(err, "fields: an object", place);
	if (cc_failed(forms_text(json_string_value(json_object_get(item, "document")), "document", ret->document, NULL)))
		return bad(err, "document: its name and number", place);
	return cc_ok();
}

cc_status reconcile_read(struct bytes text, struct reconcile_input *ret, struct cc_error *err)
{
	static const char *const known[] = { "number", "sources", NULL };
	struct reconcile_input in = { 0 };
	const char *number;
	const json_t *list;
	cc_status st = cc_ok();

	if (text.n > RECONCILE_INPUT_MAX)
		return cc_fail(err, CC_E_ARG, "reconcile.input", "longer than %d bytes", RECONCILE_INPUT_MAX);
	person_json_wipes();
	in.root = json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
	number = json_string_value(json_object_get(in.root, "number"));
	list = json_object_get(in.root, "sources");
	if (!json_is_object(in.root) || !only_known(in.root, known) || number == NULL ||
	    !number_is_well_formed(bytes_str(number)) || !json_is_array(list) || json_array_size(list) == 0 ||
	    json_array_size(list) > RECONCILE_SOURCES_MAX)
		st = cc_fail(err, CC_E_ARG, "reconcile.input", "JSON with number and 1 to %d sources", RECONCILE_SOURCES_MAX);
	for (size_t i = 0; !cc_failed(st) && i < json_array_size(list); i++)
		st = read_paper(json_array_get(list, i), i + 1, &in.papers[in.count++], err);
	if (cc_failed(st)) {
		reconcile_input_done(&in);
		return st;
	}
	memcpy(in.number, number, PERSON_NUMBER_SIZE);
	*ret = in;
	return st;
}

void reconcile_input_done(struct reconcile_input *in)
{
	json_decref(in->root);
	*in = (struct reconcile_input){ 0 };
}
