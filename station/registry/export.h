/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_REGISTRY_EXPORT_H
#define CC_STATION_REGISTRY_EXPORT_H

#include "station/registry/forms.h"

/*
 * People's data for somebody outside, for one purpose: the purpose's whitelist of
 * fields leaves and nothing else. The booking stands before the first byte is
 * written (state "begun"), and is ended with the file's SHA-256 before the file gets
 * its name ("done"); what was broken off stays "begun". A file is never overwritten
 * and is its owner's alone (0600).
 */
enum export_format { EXPORT_JSONL, EXPORT_CSV };

struct export_purpose {
	const char *name;
	const char *vi, *en;
	const char *const *fields; /* NULL ends; of person.h, or derived: birth_year, residence_province */
};
extern const struct export_purpose export_purposes[];		    /* a NULL name ends */
const struct export_purpose *export_purpose_find(const char *name); /* NULL: none */

struct export_request {
	const char *purpose, *receiver, *officer, *path;
	enum export_format format;
	const char *province; /* of the residence, as residence.h names it; NULL: everybody */
	struct date today;
};
struct export_booking {
	int64_t id;
	char purpose[32], receiver[FORMS_TEXT_SIZE], officer[FORMS_OFFICER_SIZE], format[8], state[8];
	int64_t people;
	struct digest sha256; /* n 0: not ended */
	int64_t begun_ms, done_ms;
};
/*
 * CC_E_ARG "export.purpose"; CC_E_EXISTS "export.exists"; CC_E_IO "export.write". A dry run counts, and writes and books
 * nothing.
 */
CC_MUST cc_status export_make(struct forms *f, const struct export_request *q, struct export_booking *ret, struct cc_error *err);

/* One line of a person for a purpose, with its newline; CSV has a heading of its own. No store here. */
CC_MUST cc_status export_line(const struct export_purpose *purpose, enum export_format format, const struct person *p,
			      struct date today, struct buf *ret);
CC_MUST cc_status export_heading(const struct export_purpose *purpose, struct buf *ret);

typedef bool (*export_visit)(void *ctx, const struct export_booking *b);
CC_MUST cc_status export_list(struct forms *f, export_visit visit, void *ctx, struct cc_error *err);

#endif
