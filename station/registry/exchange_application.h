/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_REGISTRY_EXCHANGE_APPLICATION_H
#define CC_STATION_REGISTRY_EXCHANGE_APPLICATION_H

#include "station/registry/exchange_internal.h"

/*
 * An applicant's application (CC01) goes with them: to the station that makes the card, and back with its result. It lives
 * in one queue at a time (I1): here it is held while it is out, there it waits until the card is made or the work expires.
 * Everything is inside the caller's transaction.
 */

/*
 * Holds the person's live application, as "exchange.given-out", and gives its form; without one the form stays empty.
 * CC_E_STATE "issue.job-busy": a reader has it.
 */
CC_MUST cc_status exchange_application_out(struct exchange *x, const uint8_t mac[BOOKS_MAC_LEN], struct buf *ret_form,
					   struct cc_error *err);
/* *ret: this person has a live application in the queue here, so none may be queued beside it. */
CC_MUST cc_status exchange_application_is_live(struct exchange *x, const uint8_t mac[BOOKS_MAC_LEN], bool *ret,
					       struct cc_error *err);
/*
 * Queues the application that came in item n of a package, and notes the card that it replaces, so that the result is of the
 * next one. An empty form: no application came. CC_E_FORMAT "exchange.record": it is none, or somebody else's.
 */
CC_MUST cc_status exchange_application_in(struct exchange *x, const char *package_id, uint64_t n, const char *number,
					  struct bytes form, struct cc_error *err);
/* The work of a package ended here without a card: what came with it is refused. *ret_busy: a reader has it, wait. */
CC_MUST cc_status exchange_application_return(struct exchange *x, const uint8_t mac[BOOKS_MAC_LEN], bool *ret_busy,
					      struct cc_error *err);
/*
 * The result of what was given out: the card takes the place of the one here, and the national registry is told; or the
 * application waits again; or an officer must look. Last of all that is done for an item.
 */
CC_MUST cc_status exchange_application_settle(struct exchange *x, const uint8_t mac[BOOKS_MAC_LEN],
					      const struct exchange_result *r, const char *serial, struct cc_error *err);

#endif
