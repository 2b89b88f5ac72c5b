/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_REGISTRY_APPLICATION_H
#define CC_STATION_REGISTRY_APPLICATION_H

#include "station/issue/queue.h"
#include "station/registry/check.h"
#include "station/registry/forms.h"

/*
 * Form CC01: somebody asks for a card. Accepted when the register has what the
 * wanted card needs; then it stands in the queue (queue.h), durable, once for a
 * person. The same application again is told, not queued again.
 *
 * kind		reasons (Law 26/2023/QH15, article 24)
 * first	none
 * exchange	age, data-changed, appearance, card-error, units-changed, number-renewed, on-request
 * reissue	lost, damaged, nationality-regained
 *
 * A card that was wrong (card-error) is made before new orders.
 */
struct application_request {
	const char *number, *kind;
	const char *reason;  /* NULL for a first card */
	const char *layout;  /* "2024-under-6", "2024"; NULL: by age */
	bool confirm_cmnd;   /* a confirmation of the old identity number is wanted */
	const char *officer; /* NULL: not named */
};

struct application {
	char id[QUEUE_ID_SIZE];
	char state[16]; /* queue_state_name */
	char number[PERSON_NUMBER_SIZE];
	char kind[16], reason[24], layout[16];
	bool confirm_cmnd;
	char officer[FORMS_OFFICER_SIZE];
	char note[QUEUE_REASON_SIZE]; /* why it is held: a message's key */
	char rejected_by[FORMS_OFFICER_SIZE], rejected_why[FORMS_TEXT_SIZE];
	int64_t received_ms;
};

/*
 * *ret_new false: it was accepted before. ret_holds: what was found about the person, also when it is refused.
 * CC_E_ARG "application.kind", "application.reason", "application.layout", "application.layout-2021", "application.layout-age",
 * "application.no-old-cmnd"; CC_E_HELD with the key of the first hold; CC_E_STATE "application.has-card", "application.had-card";
 * CC_E_EXISTS "queue.live": another one of this person is in work. Who lacks a whole birth date gets a civil-status task.
 */
CC_MUST cc_status application_accept(struct forms *f, const struct check_context *check, const struct application_request *q,
				     struct application *ret, bool *ret_new, struct holds *ret_holds, struct cc_error *err);

/*
 * One that another station accepted: queued as it is, inside the caller's transaction. CC_E_ARG "application.kind",
 * "application.reason"; CC_E_EXISTS "queue.live".
 */
CC_MUST cc_status application_enqueue_inside(struct forms *f, const struct application *a, struct cc_error *err);

typedef bool (*application_visit)(void *ctx, const struct application *a);
/* In the order in which they come to a reader; live_only: waiting, claimed and held ones. */
CC_MUST cc_status application_list(struct forms *f, bool live_only, application_visit visit, void *ctx, struct cc_error *err);
/* Of a claim's form. CC_E_VERIFY "issue.damaged". */
CC_MUST cc_status application_of_form(struct bytes form, struct application *ret, struct cc_error *err);

/* A held one back into the queue. CC_E_STATE "application.not-held". */
CC_MUST cc_status application_requeue(struct forms *f, const char *id, struct cc_error *err);
/* A waiting or held one is refused; not while a chip is half done for it. CC_E_STATE "application.not-open". */
CC_MUST cc_status application_reject(struct forms *f, const char *id, const char *officer, const char *reason,
				     struct cc_error *err);

/* The 2024 design for somebody of this age: "2024-under-6" has no face (cccd-card.md 6). */
const char *application_layout(const struct validity_rules *rules, struct date birth, struct date on);

#endif
