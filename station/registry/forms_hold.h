/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_REGISTRY_FORMS_HOLD_H
#define CC_STATION_REGISTRY_FORMS_HOLD_H

#include "station/issue/books.h"

/*
 * May a card be begun, as far as forms tell? CC_E_HELD "correction.waiting": a
 * correction of what is printed waits for its second officer; "reconcile.open": documents
 * disagree and no officer has decided. Under the books' lock. A card that is half
 * done is finished all the same.
 */
CC_MUST cc_status forms_hold(struct books *b, const char *number, struct cc_error *err);

#endif
