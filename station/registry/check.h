/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_REGISTRY_CHECK_H
#define CC_STATION_REGISTRY_CHECK_H

#include "station/registry/person.h"
#include "station/registry/validity.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * May a card be issued to this person? A hold stops it, a warning is shown.
 * Keys have their sentences and next actions in message_registry.c.
 */
#define AGE_MANDATORY 14 /* Law 26/2023/QH15 19.2: from this age a card is a duty */
enum hold_severity { HOLD_WARNING, HOLD_HOLD };

struct hold {
	const char *key;   /* "registry.birth-incomplete" */
	const char *field; /* as in person.h */
	enum hold_severity severity;
};

#define HOLDS_MAX 32
struct holds {
	size_t count;
	struct hold items[HOLDS_MAX];
};

/*
 * Holds:    registry.birth-incomplete, registry.no-photo, registry.dead, registry.missing-person, registry.birth-future,
 *           registry.nationality, registry.expired, registry.number-malformed, registry.no-representative,
 *           registry.alive-with-death-date, registry.issue-before-birth
 * Warnings: registry.number-province, registry.number-sex, registry.number-birth, registry.under-age,
 *           registry.no-residence, registry.no-origin, registry.expiry-differs, registry.long-field,
 *           registry.address-province, registry.address-old-unit, registry.ethnicity, registry.religion,
 *           registry.death-date, registry.issue-future
 */
struct check_context {
	struct date today;
	struct validity_rules rules;
	bool allow_incomplete_birth; /* setting rules.issue-unknown-birth */
};
/*
 * Is a face due on the card that is made of this record today? False for a child under 6 (card/lds/cccd_design.h), who has to be
 * that today and on the record's date of issue: either date alone is easily wrong, and would take a grown-up's face away.
 */
bool registry_has_face(const struct validity_rules *rules, const struct person *p, struct date today);
/*
 * The record as the next card takes it, when that one goes in another's place: the dates of issue and expiry that it has are that
 * other card's, the new one's are its own day's and the rule's.
 */
void registry_renewal(struct person *p);
void registry_check_person(const struct person *p, bool has_photo, const struct check_context *ctx, struct holds *ret);
bool registry_is_citizen(const struct person *p); /* by the record's nationality */
bool holds_any(const struct holds *h);		  /* at least one HOLD_HOLD */
/* The first hold, or NULL. */
const struct hold *holds_first(const struct holds *h);
const char *hold_severity_name(enum hold_severity s); /* "hold", "warning" */

#endif
