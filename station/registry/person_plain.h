/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_REGISTRY_PERSON_PLAIN_H
#define CC_STATION_REGISTRY_PERSON_PLAIN_H

#include "station/registry/person_judge.h"

/*
 * The common row, read without the JSON library: one flat object of our fields,
 * each once, all strings without escapes. Everything else goes to the library, which
 * alone judges what is wrong with a row. person_row.c's own.
 */
struct person_plain {
	size_t count;
	uint64_t seen; /* a bit for each field */
	struct {
		size_t field;	    /* person_judge_field */
		struct bytes value; /* into the row */
	} items[PERSON_JUDGE_FIELDS_MAX];
};

/* False: not of this form; ret is worth nothing then. */
bool person_plain_read(struct bytes row, struct person_plain *ret);
/* False: the fault is told. */
CC_MUST bool person_plain_judge(const struct person_plain *row, struct person_judge *in);

#endif
