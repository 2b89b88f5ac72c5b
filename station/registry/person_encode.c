/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/person.h"

#include <stdio.h>
#include <string.h>

/* A person as a row of JSON Lines, as person_parse reads it: RFC 8259 7. Control characters never pass the parser. */
static void put_string(struct writer *w, const char *value)
{
	struct bytes run = bytes_of(value, 0);

	writer_u8(w, '"');
	for (const char *c = value; *c != '\0'; c++) {
		if (*c == '"' || *c == '\\') {
			writer_put(w, run);
			writer_u8(w, '\\');
			run = bytes_of(c, 0);
		}
		run.n++;
	}
	writer_put(w, run);
	writer_u8(w, '"');
}

static void put_str(struct writer *w, const char *name, const char *value)
{
	if (value[0] == '\0')
		return;
	writer_str(w, writer_view(w).n == 1 ? "\"" : ",\"");
	writer_str(w, name);
	writer_str(w, "\":");
	put_string(w, value);
}

static void put_date(struct writer *w, const char *name, struct date d)
{
	char text[DATE_TEXT_SIZE];

	date_format(d, text);
	put_str(w, name, text);
}

static void put_expiry(struct writer *w, const char *name, const struct person *p)
{
	if (p->expiry_kind == EXPIRY_NONE)
		put_str(w, name, "none");
	if (p->expiry_kind == EXPIRY_DATE)
		put_date(w, name, p->expiry);
}

/* Which fingers have no print, and why; the prints themselves lie beside the record. */
static void put_fingers(struct writer *w, const struct person *p)
{
	const char *before = writer_view(w).n == 1 ? "\"fingerprints\":[" : ",\"fingerprints\":[";
	bool any = false;

	for (unsigned i = 1; i <= FINGERS; i++) {
		if (p->finger_missing[i] == FINGER_PRESENT)
			continue;
		writer_str(w, any ? "," : before);
		writer_str(w, "{\"finger\":\"");
		writer_str(w, finger_position_name(i));
		writer_str(w, "\",\"missing\":\"");
		writer_str(w, finger_missing_name(p->finger_missing[i]));
		writer_str(w, "\"}");
		any = true;
	}
	if (any)
		writer_str(w, "]");
}

/* In the order of the names: equal people give equal bytes. */
static void put_person(struct writer *w, const struct person *p)
{
	put_str(w, "birth_basis", p->birth_basis);
	put_date(w, "birth_date", p->birth);
	put_str(w, "birth_place", p->birth_place);
	put_str(w, "birth_registration", p->birth_registration);
	put_str(w, "blood_group", p->blood_group);
	put_str(w, "cancelled_number", p->cancelled_number);
	put_str(w, "current_residence", p->current_residence);
	put_date(w, "death_date", p->death);
	put_str(w, "education", p->education);
	put_str(w, "email", p->email);
	put_str(w, "ethnicity", p->ethnicity);
	put_expiry(w, "expiry_date", p);
	put_str(w, "father", p->father);
	put_str(w, "father_nationality", p->father_nationality);
	put_str(w, "father_number", p->father_number);
	put_fingers(w, p);
	put_str(w, "full_name", p->full_name);
	put_str(w, "household_head", p->household_head);
	put_str(w, "household_head_number", p->household_head_number);
	put_str(w, "household_relation", p->household_relation);
	put_str(w, "identifying_marks", p->marks);
	put_date(w, "issue_date", p->issued);
	put_str(w, "issue_place", p->issue_place);
	put_str(w, "life_status", person_life_name(p->life));
	put_str(w, "marital_status", p->marital_status);
	put_str(w, "mother", p->mother);
	put_str(w, "mother_nationality", p->mother_nationality);
	put_str(w, "mother_number", p->mother_number);
	put_str(w, "nationality", p->nationality);
	put_str(w, "number", p->number);
	put_str(w, "occupation", p->occupation);
	put_str(w, "old_cmnd", p->old_cmnd);
	put_str(w, "origin", p->origin);
	put_str(w, "other_name", p->other_name);
	put_str(w, "phone", p->phone);
	put_str(w, "religion", p->religion);
	put_str(w, "representative", p->representative);
	put_str(w, "representative_nationality", p->representative_nationality);
	put_str(w, "representative_number", p->representative_number);
	put_str(w, "residence", p->residence);
	put_str(w, "sex", person_sex_name(p->sex));
	put_str(w, "spouse", p->spouse);
	put_str(w, "spouse_nationality", p->spouse_nationality);
	put_str(w, "spouse_number", p->spouse_number);
}

cc_status person_encode(const struct person *p, struct buf *ret)
{
	struct writer w;
	cc_status st;

	writer_init(&w, PERSON_ROW_MAX);
	writer_u8(&w, '{');
	put_person(&w, p);
	writer_u8(&w, '}');
	st = writer_finish(&w, ret);
	writer_done(&w);
	return st;
}
