/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_REGISTRY_RECONCILE_JUDGE_H
#define CC_STATION_REGISTRY_RECONCILE_JUDGE_H

#include "station/registry/reconcile.h"

#include <jansson.h>

/* Between reconcile.c (which books), reconcile_read.c (input) and reconcile_judge.c (rules): no store here. */
struct reconcile_paper {
	enum reconcile_source source;
	char document[FORMS_TEXT_SIZE];
	struct date date;
	const json_t *fields; /* of the input */
};
struct reconcile_input {
	json_t *root;
	char number[PERSON_NUMBER_SIZE];
	size_t count;
	struct reconcile_paper papers[RECONCILE_SOURCES_MAX];
};
CC_MUST cc_status reconcile_read(struct bytes text, struct reconcile_input *ret, struct cc_error *err);
void reconcile_input_done(struct reconcile_input *in);
bool reconcile_source_find(const char *name, enum reconcile_source *ret);

/* Verdicts and reasons of every field that a document names; ret is wholly written, no forms yet. */
CC_MUST cc_status reconcile_judge(const struct reconcile_input *in, const struct reconcile_rules *rules, const struct person *p,
				  struct reconcile_result *ret, struct cc_error *err);
/* Values that differ in letter case alone are one: documents print names in capitals. */
bool reconcile_same_value(const char *a, const char *b);

#endif
