/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_REGISTRY_OUTBOX_H
#define CC_STATION_REGISTRY_OUTBOX_H

#include "station/issue/books.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What the national registry is told, server to server. An event is put into the
 * store in the transaction of the change that it tells of: neither is ever there
 * without the other. The feed delivers each at least once, in order, under an
 * idempotency key that never changes: the receiver applies a key once, whatever
 * it saw before.
 *
 * Order: the next event waits until the one before it was answered. Accepted:
 * done. Refused, by an answer that repeating won't change: set aside for people,
 * and the feed goes on. No answer, or one that says neither: tried again later.
 */
#define OUTBOX_KEY_MAX 96
#define OUTBOX_BODY_MAX (1u << 20)

/* Inside the caller's transaction. The same key again: nothing happens. body: JSON, sealed here. */
CC_MUST cc_status outbox_put(struct books *b, const char *key, const char *kind, struct bytes body, struct cc_error *err);
/* An event under this key was put, whatever became of it. */
CC_MUST cc_status outbox_has(struct books *b, const char *key, bool *ret, struct cc_error *err);
/* A card was issued: "card-issued/SERIAL", from the station that made it or from its results. No personal data. */
CC_MUST cc_status outbox_put_card(struct books *b, const char *serial, struct bytes files_hash, int64_t issued_ms,
				  struct cc_error *err);

/* How one delivery ended. */
enum outbox_answer { OUTBOX_ACCEPTED, OUTBOX_REFUSED, OUTBOX_AGAIN };
struct outbox_event {
	uint64_t seq;
	char key[OUTBOX_KEY_MAX + 1], kind[32];
	struct bytes body;
};
/* text: what is kept of the answer ("HTTP 500"), without the receiver's words. */
struct outbox_sender {
	void *ctx;
	enum outbox_answer (*send)(void *ctx, const struct outbox_event *e, char text[64]);
};

struct outbox_counts {
	uint64_t accepted, refused, failed; /* failed: deliveries that will be tried again */
	int64_t wait_ms;		    /* until the next try; -1: nothing waits */
	char failure[64];		    /* of the last delivery that failed: "HTTP 500" */
};
/*
 * Delivers what is due, in order, until nothing is left, one must wait, or `most`
 * were sent. now: the first is sent even if it must wait. The network is used outside of any transaction. A process that dies
 * between answer and record sends that event again under the same key.
 */
CC_MUST cc_status outbox_run(struct books *b, const struct outbox_sender *sender, uint64_t most, bool now,
			     struct outbox_counts *ret, struct cc_error *err);
/* Waiting and refused events. */
CC_MUST cc_status outbox_pending(struct books *b, uint64_t *ret_waiting, uint64_t *ret_refused, struct cc_error *err);
/* Waiting time after a number of failed tries: 1 s doubled each time, at most 5 minutes. */
int64_t outbox_backoff_ms(uint64_t tries);

#endif
