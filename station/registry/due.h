/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_REGISTRY_DUE_H
#define CC_STATION_REGISTRY_DUE_H

#include "station/registry/application.h"

/*
 * Who needs another card soon (cccd-card.md 6). With a known card (its dates in the
 * record, or its issue in the ledger) the card's own expiry counts: one that was
 * issued in the two years before an exchange age runs to the next one, and one
 * without expiry is never due; one that was revoked (revocation.h) counts no more. Without a known card the age alone is known.
 */
enum due_kind {
	DUE_FIRST,    /* reaches the age from which a card is a duty, and none is known */
	DUE_EXCHANGE, /* the card expires, or has expired */
	DUE_REVOKED,  /* the card was revoked, and no new one is applied for */
	DUE_AGE,      /* reaches an exchange age, the card is not known here */
};
const char *due_kind_name(enum due_kind k); /* "first", "exchange", "revoked", "age-unknown-card" */

struct due {
	const struct person *person;
	enum due_kind kind;
	struct date on; /* last day of the card, the day of its revocation, or the birthday */
	unsigned age;	/* on that day */
	bool overdue;
	struct date issued;   /* year 0: not known */
	const char *layout;   /* of the card to be made then */
	const char *province; /* of the residence; NULL */
};

struct due_query {
	struct validity_rules rules;
	struct date today, until;
	const char *province; /* name as residence.h has it; NULL: all */
};
/* The rule alone. card_issued: by the ledger, year 0: none. ret->province is left out. */
bool due_judge(const struct due_query *q, const struct person *p, struct date card_issued, struct due *ret);

typedef bool (*due_visit)(void *ctx, const struct due *d);
CC_MUST cc_status due_list(struct forms *f, const struct due_query *q, due_visit visit, void *ctx, struct cc_error *err);

#endif
