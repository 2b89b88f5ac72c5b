/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_REGISTRY_GATE_H
#define CC_STATION_REGISTRY_GATE_H

#include "station/image_worker.h"
#include "station/issue/books.h"
#include "station/registry/registry.h"

/*
 * The quality gate over everybody, "đúng, đủ, sạch, sống": what check.h judges of
 * a record alone (correct, complete, live), and what only the others show (clean):
 *
 *	registry.same-person	another number has the same name, birth date and parents (same_person.h)
 *	registry.cancelled-card	a card under the number that was cancelled for this one is active (same_person.h)
 *	registry.number-cancelled  that other number is the right one, this one was cancelled
 *	registry.cmnd-shared	somebody else has the same old identity number: a warning
 *	registry.photo-reused	the same photo belongs to another person: the same file at once, a photo that shows the same
 *				since the last look at everybody's photos (photo_reuse.h)
 *	registry.stale		not confirmed for gate_options.fresh_days
 *
 * and what open forms say (forms_hold.h). Both sides of a doubt are held until an officer decides.
 */
struct gate_options {
	struct check_context check;
	bool renewal;		     /* the card would go in another's place (check.h) */
	bool photos_later;	     /* judged as if a photo were there */
	unsigned fresh_days;	     /* 0: age does not matter */
	struct books *books;	     /* over the registry's store: open forms count (forms_hold.h); NULL: they don't */
	struct image_worker *images; /* photos are compared by what they show; NULL: what the last look found counts */
	bool keep_pairs;	     /* and what is found is kept, once everybody was seen */
};

struct gate_finding {
	const struct person *person;
	const struct holds *holds;
	char other[PERSON_NUMBER_SIZE]; /* the other number, of a finding that is about one (gate_names_other); else "" */
};
bool gate_names_other(const char *key);				     /* is a finding of this key about another number? */
typedef bool (*gate_visit)(void *ctx, const struct gate_finding *f); /* for each person; false stops */

#define GATE_PROVINCES 64
struct gate_province {
	char code[4];
	uint64_t collected, checked, held, issued; /* issued is left to who knows the cards */
};
struct gate_report {
	uint64_t people, held, warned;
	size_t province_count;
	struct gate_province provinces[GATE_PROVINCES * 4];
};

CC_MUST cc_status gate_run(struct registry *r, const struct gate_options *o, gate_visit visit, void *ctx, struct gate_report *ret,
			   struct cc_error *err);
/* The same for one person (the desk's question). other: PERSON_NUMBER_SIZE, may be NULL. */
CC_MUST cc_status gate_person(struct registry *r, const char *number, const struct gate_options *o, struct holds *ret,
			      char *other, struct cc_error *err);

/*
 * "Phúc tra": a random sample of each province, drawn by a seed so that it can be
 * drawn again, for officers who compare it with the papers. At most per_province
 * people of each province code.
 */
CC_MUST cc_status gate_sample(struct registry *r, uint64_t seed, size_t per_province, registry_visit visit, void *ctx,
			      struct cc_error *err);

#endif
