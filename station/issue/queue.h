/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_ISSUE_QUEUE_H
#define CC_STATION_ISSUE_QUEUE_H

#include "station/issue/books.h"

/*
 * Applications for cards (CC01) on their way to a reader. Accepted once, each is
 * waiting, claimed, held, issued or refused, and never nothing (I1); a person has at
 * most one that is live (I2).
 *
 * A claim is a lease: its holder renews it or loses it. An application whose card
 * was not touched then waits again; one with a job is held, never given to another
 * station: its chip decides what became of it.
 */
enum queue_state { QUEUE_WAITING, QUEUE_CLAIMED, QUEUE_HELD, QUEUE_ISSUED, QUEUE_REFUSED, QUEUE_STATE_COUNT };
const char *queue_state_name(enum queue_state s);

#define QUEUE_ID_SIZE 33
#define QUEUE_STATION_MAX 63
#define QUEUE_FORM_MAX (64u * 1024)
#define QUEUE_REASON_SIZE 160

struct queue_application {
	const char *number; /* personal number */
	const char *kind;   /* "first", "exchange", "reissue" */
	struct bytes form;  /* sealed in the table */
	int64_t place;	    /* low first: rework stands before new orders */
};
/* CC_E_EXISTS "queue.live": the person has one that is live. In a transaction of its own; durable. */
CC_MUST cc_status queue_add(struct books *b, const struct queue_application *a, char ret_id[QUEUE_ID_SIZE], struct cc_error *err);
/* The same inside the caller's books_begin. */
CC_MUST cc_status queue_add_inside(struct books *b, const struct queue_application *a, char ret_id[QUEUE_ID_SIZE],
				   struct cc_error *err);

/*
 * In SQL, number_mac as $1: a live application for an exchange or a reissue lets the new card take the place of the active one
 * (CC01).
 */
#define QUEUE_MAY_REPLACE                                                                                                        \
	"EXISTS (SELECT 1 FROM issue_application a WHERE a.number_mac = $1 AND a.live = 1 AND a.kind IN ('exchange', 'reissue'))"

struct queue_claim {
	char id[QUEUE_ID_SIZE];
	uint8_t number_mac[BOOKS_MAC_LEN];
	int64_t fence;
	int64_t lease_until_ms;
};
/*
 * The next ones in line, at most `max`, for `station`. Each goes to one claimer
 * whatever the number of stations and threads. Durable when it returns. None waits:
 * *ret_count 0.
 */
CC_MUST cc_status queue_take(struct books *b, const char *station, int64_t lease_ms, size_t max, struct queue_claim *ret,
			     size_t *ret_count, struct cc_error *err);
/* What an application's form is bound to when it is sealed (books_seal). */
#define QUEUE_PLACE_SIZE 80
void queue_form_place(const char *id, char out[QUEUE_PLACE_SIZE]);
/* Opens the form of a claimed application. */
CC_MUST cc_status queue_form(struct books *b, const struct queue_claim *c, struct buf *ret, struct cc_error *err);
/* CC_E_BUSY "queue.lost": the lease ended and another holds it, or nobody. */
CC_MUST cc_status queue_renew(struct books *b, struct queue_claim *c, int64_t lease_ms, struct cc_error *err);
/* to: QUEUE_WAITING (given back untouched), QUEUE_HELD, QUEUE_ISSUED or QUEUE_REFUSED; reason may be NULL. CC_E_BUSY
 * "queue.lost". */
CC_MUST cc_status queue_settle(struct books *b, const struct queue_claim *c, enum queue_state to, const char *reason,
			       struct cc_error *err);
/* Inside the caller's transaction: the person's live application, if any, is issued. ret_id: its id, or "". */
CC_MUST cc_status queue_issued_inside(struct books *b, const uint8_t mac[BOOKS_MAC_LEN], char ret_id[QUEUE_ID_SIZE],
				      struct cc_error *err);
/* Judges leases that have ended. Any station may call it. *ret_waiting, *ret_held: how many went where. */
CC_MUST cc_status queue_expire(struct books *b, size_t *ret_waiting, size_t *ret_held, struct cc_error *err);
CC_MUST cc_status queue_count(struct books *b, int64_t ret[QUEUE_STATE_COUNT], struct cc_error *err);

/*
 * Many threads that each want one: those who come while a claim is being made
 * durable share the next one (group commit). Thread-safe; over books of its own.
 */
struct queue_desk;
CC_MUST cc_status queue_desk_new(struct books *b, const char *station, int64_t lease_ms, struct queue_desk **ret,
				 struct cc_error *err);
/* *ret_found: one was there. */
CC_MUST cc_status queue_desk_take(struct queue_desk *d, struct queue_claim *ret, bool *ret_found, struct cc_error *err);
void queue_desk_free(struct queue_desk **d); /* nobody waits in it */

#endif
