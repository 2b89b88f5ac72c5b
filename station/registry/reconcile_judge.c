/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/reconcile_judge.h"

#include "crypto/base/secret.h"
#include "station/registry/number.h"

#include <stdio.h>
#include <string.h>

/* What changes over a life is known best by who asked last; everything else was settled at birth. */
static const char *const changing[] = {
	"residence",
	"current_residence",
	"marital_status",
	"spouse",
	"spouse_number",
	"spouse_nationality",
	"occupation",
	"education",
	"religion",
	"household_head",
	"household_head_number",
	"household_relation",
	"phone",
	"email",
	"identifying_marks",
	"representative",
	"representative_number",
	"representative_nationality",
};

static bool is_changing(const char *field)
{
	for (size_t i = 0; i < sizeof changing / sizeof changing[0]; i++) {
		if (strcmp(changing[i], field) == 0)
			return true;
	}
	return false;
}

bool reconcile_same_value(const char *a, const char *b)
{
	char left[2 * PERSON_FIELD_SIZE], right[2 * PERSON_FIELD_SIZE];
	bool same = strcmp(a, b) == 0;

	if (!same && !cc_failed(vietnamese_lower(a, left, sizeof left)) && !cc_failed(vietnamese_lower(b, right, sizeof right)))
		same = strcmp(left, right) == 0;
	return same;
}

/* ---- collecting: each value as the registry would hold it */

static struct reconcile_field *field_of(struct reconcile_result *r, const char *name)
{
	for (size_t i = 0; i < r->count; i++) {
		if (strcmp(r->fields[i].field, name) == 0)
			return &r->fields[i];
	}
	CC_ASSERT(r->count < RECONCILE_FIELDS_MAX); /* names come from a shorter table */
	(void)snprintf(r->fields[r->count].field, sizeof r->fields[0].field, "%s", name);
	return &r->fields[r->count++];
}

static cc_status take_value(const struct reconcile_paper *paper, size_t place, const char *name, const char *text,
			    const struct person *p, struct reconcile_result *r, struct cc_error *err)
{
	const char *field = person_field_of_heading(bytes_str(name));
	struct row_fault fault = { 0 };
	struct person changed = { 0 };
	struct reconcile_field *f;
	struct reconcile_value *v;
	cc_status st;

	/* The basis of a birth date follows from the document that decides it. */
	if (field == NULL || !person_field_may_change(field) || strcmp(field, "birth_basis") == 0 || text == NULL)
		return cc_fail(err, CC_E_ARG, "reconcile.input", "fields of %s: a name or a value that can't be",
			       reconcile_source_name(paper->source));
	if (text[0] == '\0')
		return cc_ok();
	st = person_field_set(p, field, text, &changed, &fault);
	if (st.code == CC_E_FORMAT)
		st = cc_fail(err, CC_E_ARG, fault.key, "%s: %s", reconcile_source_name(paper->source), fault.field);
	else if (cc_failed(st))
		st = cc_fail(err, st.code, "memory", "person");
	if (cc_failed(st))
		return st;
	f = field_of(r, field);
	/* A field may stand under its name and under a label: once is enough, and each paper has one place. */
	if (f->count > 0 && f->values[f->count - 1].paper == place) {
		person_done(&changed);
		return cc_fail(err, CC_E_ARG, "reconcile.input", "%s twice, source %zu", field, place);
	}
	CC_ASSERT(f->count < RECONCILE_SOURCES_MAX);
	v = &f->values[f->count++];
	v->source = paper->source;
	v->paper = place;
	v->date = paper->date;
	memcpy(v->document, paper->document, sizeof v->document);
	st = person_field_get(&changed, field, v->value);
	if (!cc_failed(st))
		st = person_field_get(p, field, f->registry);
	person_done(&changed);
	return cc_failed(st) ? cc_fail(err, st.code, "memory", "person") : st;
}

static cc_status take_paper(const struct reconcile_paper *paper, size_t place, const struct person *p, struct reconcile_result *r,
			    struct cc_error *err)
{
	json_t *fields = json_copy((json_t *)(uintptr_t)paper->fields), *value;
	const char *name;
	cc_status st = cc_ok();

	if (fields == NULL)
		return cc_fail(err, CC_E_MEMORY, "memory", "fields");
	json_object_foreach(fields, name, value)
	{
		if (!cc_failed(st))
			st = take_value(paper, place, name, json_string_value(value), p, r, err);
	}
	json_decref(fields);
	return st;
}

/* ---- judging one field */

static int compare_dates(struct date a, struct date b)
{
	if (a.year != b.year)
		return a.year < b.year ? -1 : 1;
	if (a.month != b.month)
		return a.month < b.month ? -1 : 1;
	return a.day == b.day ? 0 : a.day < b.day ? -1 : 1;
}

static size_t rank(const struct reconcile_rules *rules, enum reconcile_source s)
{
	size_t i = 0;

	while (rules->order[i] != s)
		i++;
	return i;
}

/* <0: a decides over b; 0: neither does. */
static int order(const struct reconcile_rules *rules, const char *field, const struct reconcile_value *a,
		 const struct reconcile_value *b)
{
	size_t left = rank(rules, a->source), right = rank(rules, b->source);

	if (is_changing(field))
		return compare_dates(b->date, a->date);
	return left == right ? 0 : left < right ? -1 : 1;
}

static bool agrees_with_number(const char *field, const char *number, const char *value)
{
	struct number_parts parts;
	struct date d;

	number_parse(number, &parts);
	if (strcmp(field, "sex") == 0)
		return strcmp(value, person_sex_name(parts.sex)) == 0;
	if (strcmp(field, "birth_date") == 0)
		return date_parse(bytes_str(value), &d) && d.year == parts.birth_year;
	return true;
}

static bool is_finer(const char *a, const char *b)
{
	struct date left = { 0 }, right = { 0 };

	return date_parse(bytes_str(a), &left) && date_parse(bytes_str(b), &right) &&
	       date_precision(left) > date_precision(right);
}

/* Why no rule decides, or NULL. */
static const char *doubt(const struct reconcile_result *r, const struct reconcile_rules *rules, const struct reconcile_field *f)
{
	const struct reconcile_value *top = &f->values[f->chosen];
	bool number = agrees_with_number(f->field, r->number, top->value);

	for (size_t i = 0; i < f->count; i++) {
		const struct reconcile_value *v = &f->values[i];

		if (reconcile_same_value(v->value, top->value))
			continue;
		if (order(rules, f->field, top, v) == 0)
			return "same-rank";
		if (strcmp(f->field, "birth_date") == 0 && is_finer(v->value, top->value))
			return "finer-date";
		if (!number && agrees_with_number(f->field, r->number, v->value))
			return "number";
	}
	if (strcmp(f->field, "birth_date") == 0 && is_finer(f->registry, top->value))
		return "finer-date";
	return !number && agrees_with_number(f->field, r->number, f->registry) && f->registry[0] != '\0' ? "number" : NULL;
}

static void judge_field(const struct reconcile_result *r, const struct reconcile_rules *rules, struct reconcile_field *f)
{
	bool same = true;

	for (size_t i = 1; i < f->count; i++) {
		if (order(rules, f->field, &f->values[i], &f->values[f->chosen]) < 0)
			f->chosen = i;
	}
	for (size_t i = 0; i < f->count; i++)
		same = same && reconcile_same_value(f->values[i].value, f->values[f->chosen].value);
	f->reason = doubt(r, rules, f);
	if (f->reason != NULL) {
		f->verdict = RECONCILE_CONFLICT;
		return;
	}
	f->reason = f->count == 1 ? "alone" : same ? "agree" : is_changing(f->field) ? "newest" : "precedence";
	if (!reconcile_same_value(f->values[f->chosen].value, f->registry))
		f->verdict = RECONCILE_PROPOSED;
	else
		f->verdict = same ? RECONCILE_AGREED : RECONCILE_KEPT;
}

/* ---- a document of another person */

static const char *value_of(struct reconcile_result *r, size_t place, const char *field)
{
	for (size_t i = 0; i < r->count; i++) {
		for (size_t k = 0; k < r->fields[i].count; k++) {
			if (strcmp(r->fields[i].field, field) == 0 && r->fields[i].values[k].paper == place)
				return r->fields[i].values[k].value;
		}
	}
	return NULL;
}

static bool is_of_another(struct reconcile_result *r, size_t place, const struct person *p)
{
	const char *name = value_of(r, place, "full_name"), *birth = value_of(r, place, "birth_date");
	char left[2 * PERSON_NAME_SIZE], right[2 * PERSON_NAME_SIZE];
	struct date d = { 0 };

	if (name == NULL || birth == NULL || !date_parse(bytes_str(birth), &d) || d.year == p->birth.year)
		return false;
	return cc_failed(vietnamese_search_key(name, left, sizeof left)) ||
	       cc_failed(vietnamese_search_key(p->full_name, right, sizeof right)) || strcmp(left, right) != 0;
}

static void doubt_paper(struct reconcile_result *r, size_t place)
{
	for (size_t i = 0; i < r->count; i++) {
		struct reconcile_field *f = &r->fields[i];

		for (size_t k = 0; k < f->count; k++) {
			if (f->values[k].paper != place || reconcile_same_value(f->values[k].value, f->registry))
				continue;
			f->verdict = RECONCILE_CONFLICT;
			f->reason = "another-person";
		}
	}
}

cc_status reconcile_judge(const struct reconcile_input *in, const struct reconcile_rules *rules, const struct person *p,
			  struct reconcile_result *ret, struct cc_error *err)
{
	cc_status st = cc_ok();

	memset(ret, 0, sizeof *ret);
	memcpy(ret->number, in->number, sizeof ret->number);
	for (size_t i = 0; i < in->count && !cc_failed(st); i++)
		st = take_paper(&in->papers[i], i + 1, p, ret, err);
	if (cc_failed(st)) {
		cc_wipe(ret, sizeof *ret);
		return st;
	}
	for (size_t i = 0; i < ret->count; i++)
		judge_field(ret, rules, &ret->fields[i]);
	for (size_t i = 0; i < in->count; i++) {
		if (is_of_another(ret, i + 1, p))
			doubt_paper(ret, i + 1);
	}
	return st;
}
