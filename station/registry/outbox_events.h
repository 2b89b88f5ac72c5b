/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_REGISTRY_OUTBOX_EVENTS_H
#define CC_STATION_REGISTRY_OUTBOX_EVENTS_H

#include "station/issue/books.h"
#include "station/registry/correction.h"

/*
 * What the national registry is told, each inside the transaction of the change and as its last step: the outbox's counter is
 * a lock that stations share. Numbers in the feed rise in the order of commits.
 *
 * kind			key				body beside event and at_ms
 * card-issued		card-issued/SERIAL		serial, files_hash (issued_ms is its time)
 * card-revoked		card-revoked/SERIAL		serial, reason: exchange, reissue (then replaced_by), or of revocation.h
 * blank-spoiled	blank-spoiled/SERIAL		serial, reason: a stable key
 * application-accepted	application-accepted/ID		application, number, kind, reason
 * application-issued	application-issued/ID		application, serial
 * application-refused	application-refused/ID		application
 * correction-approved	correction-approved/FORM-RANDOM	number, field, old, new
 *
 * Personal values leave only in fields that the purpose "national-registry" of export.h lists: a correction of another field
 * is no event. Whoever was not told of an application's acceptance is not told of its end (it came from another station, which
 * tells).
 */

/* A card that was issued here or elsewhere, and what ended with it. */
struct outbox_issue {
	const char *serial;
	struct bytes files_hash;
	int64_t issued_ms;
	const char *replaced, *reason; /* serial of the card that is no longer active; "": none */
	const char *application;       /* id; "": none */
};
CC_MUST cc_status outbox_put_issue(struct books *b, const struct outbox_issue *e, struct cc_error *err);
/* A card that ended without another in its place. */
CC_MUST cc_status outbox_put_revoked(struct books *b, const char *serial, const char *reason, struct cc_error *err);
/* reason: a key, what stands behind a colon stays here. */
CC_MUST cc_status outbox_put_spoiled(struct books *b, const char *serial, const char *reason, struct cc_error *err);
CC_MUST cc_status outbox_put_accepted(struct books *b, const char *id, const char *number, const char *kind, const char *reason,
				      struct cc_error *err);
CC_MUST cc_status outbox_put_refused(struct books *b, const char *id, struct cc_error *err);
CC_MUST cc_status outbox_put_correction(struct books *b, const struct correction *c, struct cc_error *err);

#endif
