/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_REGISTRY_RECHECK_H
#define CC_STATION_REGISTRY_RECHECK_H

#include "crypto/base/bytes.h"
#include "crypto/base/err.h"

/*
 * What came back of a sample that officers held against the papers (gate_sample): CSV with a column for the number and, last, one
 * named "sai" or "wrong". An empty cell there: the paper says the same. Anything else: it doesn't; names of fields among it
 * ("quê quán; cha") are counted. A spreadsheet may have taken zeros from the numbers' front, or written other separators.
 */
#define RECHECK_PROVINCES 1000 /* by the three digits of the number */
#define RECHECK_FIELDS 64
struct recheck_field {
	const char *name; /* of person.h */
	uint64_t wrong;
};
struct recheck_report {
	uint64_t people, wrong;
	struct recheck_province {
		uint64_t people, wrong;
	} provinces[RECHECK_PROVINCES];
	size_t field_count;
	struct recheck_field fields[RECHECK_FIELDS];
};
/* CC_E_FORMAT "recheck.heading", "recheck.row" with the line: a report of half the sample would be none. */
CC_MUST cc_status recheck_read(struct bytes file, struct recheck_report *ret, struct cc_error *err);
/* The share that may be wrong of all, in per mille: above it only one sample in 40 would come out so well (Wilson, 95 %). */
unsigned recheck_at_most(uint64_t people, uint64_t wrong);

#endif
