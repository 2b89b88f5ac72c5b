/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_REGISTRY_FORMS_HOLD_H
#define CC_STATION_REGISTRY_FORMS_HOLD_H

#include "station/issue/books.h"
#include "station/registry/check.h"

/*
 * What open forms say about a card (I7: what is printed is what the register says).
 *
 *	correction.waiting		hold	what is printed would change: the old value would go on a card, and
 *						the law gives no card on data that two officers are about to correct
 *	correction.waiting-life		hold	papers say that they are dead or missing, or live after all
 *	correction.waiting-elsewhere	warning	a field that no card shows waits for its second officer
 *	reconcile.open			hold	documents disagree about a field and no officer has decided
 *
 * The open forms are few beside the people: they are read once, then each person is looked up.
 */
struct forms_findings {
	const struct books *books;
	size_t count, cap;
	struct forms_finding *items; /* by number */
};
/* Of one number, or of everybody (NULL). ret starts from {0}. Under the books' lock. */
CC_MUST cc_status forms_findings_load(struct books *b, const char *number, struct forms_findings *ret, struct cc_error *err);
void forms_findings_done(struct forms_findings *f);
/* Adds this person's to h. */
CC_MUST cc_status forms_findings_add(const struct forms_findings *f, const char *number, struct holds *h, struct cc_error *err);

/*
 * May a card be begun, as far as forms tell? CC_E_HELD with the key of the first hold. Under the books' lock. A card that is
 * half done is finished all the same.
 */
CC_MUST cc_status forms_hold(struct books *b, const char *number, struct cc_error *err);

#endif
