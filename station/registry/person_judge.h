/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_REGISTRY_PERSON_JUDGE_H
#define CC_STATION_REGISTRY_PERSON_JUDGE_H

#include "station/registry/person.h"

/*
 * The fields of a row (person.h) and what may stand in each, however the row was
 * written; own to the readers person_row.c, person_plain.c and person_column.c.
 * One judge takes the values of one person, in any order, and at the end looks at
 * the whole. What is false has left its fault.
 */
struct person_judge {
	struct person *person;	 /* zeroed by the caller, who wipes it on failure */
	struct row_fault *fault; /* the first */
	char precision[8];	 /* "birth_precision"; "": not said */
	bool has_sex;
};

/* A field by its place in the table. */
#define PERSON_JUDGE_FIELDS_MAX 64
#define PERSON_JUDGE_NO_FIELD SIZE_MAX
size_t person_judge_field(struct bytes name);
const char *person_judge_field_name(size_t field);
bool person_judge_field_is_date(size_t field);

/* An empty value is an absent one. */
CC_MUST bool person_judge_value(struct person_judge *in, size_t field, struct bytes value);
/* What one field alone can't tell: all that is required is there, and it agrees. */
CC_MUST bool person_judge_whole(struct person_judge *in);
/* Always false. field: "" for the row as a whole. */
bool person_judge_reject(struct person_judge *in, const char *field, const char *key, size_t position);
/* A field that is none of ours, by a name of the outside. */
void person_judge_unknown(struct row_warnings *w, const char *name);

#endif
