/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_REGISTRY_PHOTO_CHANGE_H
#define CC_STATION_REGISTRY_PHOTO_CHANGE_H

#include "station/registry/forms.h"

/*
 * A photo that was taken again goes in the place of the one that a person had, or where none was. A face decides whose card it
 * is: to replace one takes two officers, of whom the second compared the person with the new photo. Each change is booked with
 * both files' hashes, in the transaction that makes it; the photos before are not kept.
 */
struct photo_change_request {
	const char *number, *officer;
	const char *approved_by; /* NULL or "": nobody, which is enough for the first photo */
	const char *reason;	 /* the same */
	struct bytes photo;
};
struct photo_change {
	int64_t id;
	bool first; /* there was none */
	char officer[FORMS_OFFICER_SIZE], approved_by[FORMS_OFFICER_SIZE], reason[FORMS_TEXT_SIZE];
	char before[65], after[65]; /* SHA-256 of the files, in hex; "": there was none */
	int64_t changed_ms;
};
/*
 * CC_E_DENIED "photo-change.same-officer", also when there is no second one; CC_E_ARG "photo-change.same-file";
 * CC_E_FORMAT "import.photo-not-jpeg"; CC_E_HELD "photo-change.card-under-way" (I7); CC_E_NOT_FOUND.
 */
CC_MUST cc_status photo_change(struct forms *f, const struct photo_change_request *q, struct photo_change *ret,
			       struct cc_error *err);

typedef bool (*photo_change_visit)(void *ctx, const struct photo_change *c);
/* Of one person, in their order. */
CC_MUST cc_status photo_change_list(struct forms *f, const char *number, photo_change_visit visit, void *ctx,
				    struct cc_error *err);

#endif
