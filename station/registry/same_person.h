/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_REGISTRY_SAME_PERSON_H
#define CC_STATION_REGISTRY_SAME_PERSON_H

#include "station/registry/forms.h"

/*
 * Two numbers under which the same name, birth date and parents stand hold both cards (gate.h), until officers have found out
 * which it is:
 *
 *	one person	form DC02 writes the wrong number into the right one's record as its cancelled number; the right one is
 *			held no longer, the wrong one for good
 *	two people	(twins whose names differ by a mark) two officers say so, with a reason, and neither is held for the other
 */
enum same_person {
	SAME_PERSON_DOUBT,
	SAME_PERSON_HERE,     /* the other one's number was cancelled for this one */
	SAME_PERSON_CANCELLED /* this one's was, for the other */
};
/* Of two whose identities are the same. */
enum same_person same_person_of(const struct person *self, const struct person *other);
/* Were these two rows found to be two people? */
CC_MUST cc_status same_person_distinct(struct registry *r, int64_t id, int64_t other, bool *ret, struct cc_error *err);

/*
 * I2: has this person an active card, or one in work, under the number that was cancelled for theirs? It ends first: card revoke.
 * Under the books' lock, or in a transaction.
 */
CC_MUST cc_status same_person_has_card(struct books *b, const struct person *p, bool *ret, struct cc_error *err);

struct same_person_request {
	const char *number, *other;
	const char *officer, *approved_by, *reason;
};
/*
 * Books that they are two people; *ret_new false: that is booked already. CC_E_DENIED "same-person.same-officer"; CC_E_ARG
 * "same-person.not-alike": nothing holds them for each other; CC_E_NOT_FOUND.
 */
CC_MUST cc_status same_person_part(struct forms *f, const struct same_person_request *q, bool *ret_new, struct cc_error *err);

#endif
