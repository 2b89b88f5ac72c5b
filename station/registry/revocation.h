/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_REGISTRY_REVOCATION_H
#define CC_STATION_REGISTRY_REVOCATION_H

#include "station/issue/ledger.h"
#include "station/registry/forms.h"

/*
 * The end of one card without another in its place. The card is active no longer from the commit on, the national registry is
 * told in the same transaction, and its holder gets the next card by an exchange or a reissue (CC01). The blank stays "issued"
 * (I5): it left the house.
 *
 * What the holder reports, and what the register says already (approved there by two officers, DC02), ends a card at once:
 *	lost, stolen		who finds it can't use it
 *	died			the record must say so
 *	nationality-lost	Law 26/2023/QH15 29.1.a; the record must say so
 * What takes a card from somebody waits for a second officer, and needs a document:
 *	issued-wrong		29.1.b: found wrong after it was issued
 *	altered			29.1.c: erased or changed
 *	withdrawn		by another decision of who may decide it
 *
 * Keeping a card (29.2: custody, prison, compulsory measures) ends none: it is given back, and stays active here.
 */
struct revocation_reason {
	const char *code, *vi, *en;
	bool second_officer;
	const char *next_kind, *next_reason; /* of the application for the next card; NULL: there is none to advise */
};
extern const struct revocation_reason revocation_reasons[]; /* ends with a code of NULL */
/* NULL: no such reason. */
const struct revocation_reason *revocation_reason_find(const char *code);

enum revocation_state {
	REVOCATION_PROPOSED, /* waits for its second officer */
	REVOCATION_REVOKED,
	REVOCATION_REFUSED,
	REVOCATION_LAPSED, /* the card was ended in another way before it was decided */
	REVOCATION_STATES,
};
const char *revocation_state_name(enum revocation_state s);

struct revocation_request {
	const char *number;
	const char *reason;   /* a code */
	const char *chip;     /* serial of the card that is meant; NULL: the active one, of somebody who had no other */
	const char *evidence; /* NULL: none */
	const char *officer;
};

struct revocation {
	int64_t id;
	enum revocation_state state;
	char number[PERSON_NUMBER_SIZE];
	char serial[LEDGER_SERIAL_SIZE];
	char reason[24];
	char evidence[FORMS_TEXT_SIZE];
	char asked_by[FORMS_OFFICER_SIZE], decided_by[FORMS_OFFICER_SIZE]; /* decided_by "": nobody beside who asked */
	char why[FORMS_TEXT_SIZE];					   /* it was refused */
	int64_t asked_ms, decided_ms;
};
void revocation_done(struct revocation *r); /* wipes */

/*
 * Ends the card, or writes the form that a second officer decides. *ret_new false: the same was asked or done before, nothing
 * changed. CC_E_ARG "revocation.reason", "revocation.evidence", "revocation.which-card" (the person had several: name the
 * chip), "forms.officer", "forms.text"; CC_E_NOT_FOUND "registry.not-found", "revocation.no-card"; CC_E_HELD
 * "revocation.not-dead", "revocation.citizen", "revocation.other-station" (another station handed the holder out, and keeps
 * that card's books), "revocation.handed-out" (another station has the holder, and may have made a card: its results first, or
 * the chip by name); CC_E_STATE "revocation.already", "revocation.other-card" (that chip is not the active card);
 * CC_E_EXISTS "revocation.pending".
 */
CC_MUST cc_status revocation_ask(struct forms *f, const struct revocation_request *q, struct revocation *ret, bool *ret_new,
				 struct cc_error *err);
/*
 * By another officer. CC_E_DENIED "revocation.same-officer"; CC_E_NOT_FOUND "revocation.not-found"; CC_E_STATE
 * "revocation.decided", "revocation.overtaken": the card is no longer active.
 */
CC_MUST cc_status revocation_approve(struct forms *f, int64_t id, const char *officer, struct revocation *ret,
				     struct cc_error *err);
/* By anybody: who asked withdraws it so. */
CC_MUST cc_status revocation_refuse(struct forms *f, int64_t id, const char *officer, const char *why, struct revocation *ret,
				    struct cc_error *err);

typedef bool (*revocation_visit)(void *ctx, const struct revocation *r);
/* In the order in which they were asked; number NULL: everybody's. */
CC_MUST cc_status revocation_list(struct forms *f, const char *number, bool pending_only, revocation_visit visit, void *ctx,
				  struct cc_error *err);

/* What the books say of a chip. Without keys: nothing personal is read. */
enum revocation_standing {
	CARD_UNKNOWN,
	CARD_ACTIVE,
	CARD_REPLACED,
	CARD_REVOKED,
	CARD_ELSEWHERE, /* made here for the holder whom another station had handed out: that one ends it, and knows */
};
struct revocation_card {
	enum revocation_standing standing;
	char reason[24]; /* CARD_REVOKED */
	int64_t at_ms;	 /* CARD_REVOKED: when; CARD_ACTIVE: issued */
};
CC_MUST cc_status revocation_card_of(struct store *store, const char *serial, struct revocation_card *ret, struct cc_error *err);
/* Of a person's active card, else of the last one that was revoked. CARD_UNKNOWN: neither. Under the books' lock. */
CC_MUST cc_status revocation_card_of_person(struct books *b, const char *number, char ret_serial[LEDGER_SERIAL_SIZE],
					    struct revocation_card *ret, struct cc_error *err);

#endif
