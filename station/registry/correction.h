/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_REGISTRY_CORRECTION_H
#define CC_STATION_REGISTRY_CORRECTION_H

#include "station/registry/forms.h"
#include "station/registry/person_field.h"

/*
 * Form DC02: one field of one person, from an old value to a new one, with the
 * document that shows it. One officer proposes, another approves; only then is
 * the person's record rewritten, in the transaction of the approval. A decided
 * form is never changed or removed.
 *
 * A birth date's evidence becomes its basis document, and an approved full date
 * ends the person's civil-status task (civil_task.h).
 */
enum correction_state { CORRECTION_PROPOSED, CORRECTION_APPROVED, CORRECTION_REFUSED, CORRECTION_STATES };
const char *correction_state_name(enum correction_state s); /* "proposed" */

struct correction {
	int64_t id;
	enum correction_state state;
	char number[PERSON_NUMBER_SIZE];
	char field[32];
	char old_value[PERSON_FIELD_SIZE], new_value[PERSON_FIELD_SIZE]; /* "": absent */
	char evidence[FORMS_TEXT_SIZE];
	char source[16]; /* "officer", "reconcile" */
	char proposed_by[FORMS_OFFICER_SIZE], decided_by[FORMS_OFFICER_SIZE];
	int64_t proposed_ms, decided_ms;
	char reason[FORMS_TEXT_SIZE]; /* of a refusal */
};
void correction_done(struct correction *c); /* wipes */

struct correction_request {
	const char *number, *field, *value, *evidence, *officer;
	const char *source;
};
/*
 * ret: the form. *ret_new false: the same is proposed already, ret is that one.
 * *ret_card_under_way: a card of this person is being made, the approval will have to wait for it.
 * CC_E_ARG "correction.field", "correction.no-change", "correction.basis"; CC_E_FORMAT with a key of import and its field
 * in the detail; CC_E_EXISTS "correction.pending": another value is proposed for this field.
 */
CC_MUST cc_status correction_propose(struct forms *f, const struct correction_request *q, struct correction *ret, bool *ret_new,
				     bool *ret_card_under_way, struct cc_error *err);
/* The same inside the caller's forms_begin. */
CC_MUST cc_status correction_propose_inside(struct forms *f, const struct correction_request *q, struct correction *ret,
					    bool *ret_new, struct cc_error *err);
/*
 * CC_E_DENIED "correction.same-officer"; CC_E_STATE "correction.decided", or "correction.stale": the registry no longer holds
 * the old value; CC_E_HELD "correction.card-under-way": I7, the field is printed and a card is being made from the old value.
 */
CC_MUST cc_status correction_approve(struct forms *f, int64_t id, const char *officer, struct correction *ret,
				     struct cc_error *err);
/* By anyone, also by who proposed it. */
CC_MUST cc_status correction_refuse(struct forms *f, int64_t id, const char *officer, const char *reason, struct correction *ret,
				    struct cc_error *err);

/* I7: is a card of this person being made, here or elsewhere? Inside a transaction. */
CC_MUST cc_status correction_card_under_way(struct forms *f, const char *number, bool *ret, struct cc_error *err);

typedef bool (*correction_visit)(void *ctx, const struct correction *c);
/* In order of their ids; number NULL: everybody's. */
CC_MUST cc_status correction_list(struct forms *f, const char *number, bool pending_only, correction_visit visit, void *ctx,
				  struct cc_error *err);

#endif
