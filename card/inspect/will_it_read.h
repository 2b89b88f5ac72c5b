/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_INSPECT_WILL_IT_READ_H
#define CC_CARD_INSPECT_WILL_IT_READ_H

#include "card/lds/lds_set.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Models of readers that are deployed in the field, as data: how they open a
 * chip, in which pieces they read, and what they take for granted about the
 * bytes. Held against the files of a card, they say before it is signed what a
 * reader of that family would lose, and why. A model never reads a chip.
 *
 * None of this is conformance (lint.h): a card may be perfect and unreadable.
 */
enum will_effect {
	WILL_SLOW,  /* works, in more steps */
	WILL_LOSE,  /* a field is missing or wrong on the reader's screen */
	WILL_FAIL,  /* a file is not read, or a check of it fails */
	WILL_REFUSE /* the reader doesn't open the document at all */
};
const char *will_effect_name(enum will_effect e); /* "slow", "lose", "fail", "refuse" */

/* What a chip answers; what the files can't tell. */
struct will_chip {
	bool has_mf;   /* SELECT MF works (the Vietnamese card: 6D00) */
	bool has_bac;  /* BAC is accepted beside PACE */
	bool extended; /* extended length */
};
struct will_chip will_chip_default(void); /* no MF, BAC, extended length */

struct will_family {
	const char *id;	     /* "dg13-scan" */
	const char *vi, *en; /* who that is */
};

#define WILL_DETAIL_MAX 160
#define WILL_DETAIL_VI_MAX 240
struct will_finding {
	const struct will_family *family;
	enum will_effect effect;
	const char *rule;    /* stable: "dg13.parents" */
	bool by_person;	     /* caused by the data of this person; else every card of the profile has it */
	unsigned file;	     /* enum lds_file */
	const char *vi, *en; /* what is lost, as a sentence */
	/* Technical, without personal data: which field, how many bytes. */
	char detail[WILL_DETAIL_MAX], detail_vi[WILL_DETAIL_VI_MAX]; /* English; phrase.h */
};

#define WILL_FINDINGS_MAX 64
struct will_report {
	size_t count;
	size_t families; /* models that were asked */
	struct will_finding items[WILL_FINDINGS_MAX];
};

/* Every family in turn. Files that are not there yet (DG14, DG15, EF.SOD before signing) are not judged. */
void will_it_read(const struct lds_set *files, const struct will_chip *chip, struct will_report *ret);
/* The gravest effect, or -1 when every family reads everything. */
int will_worst(const struct will_report *r);
const struct will_finding *will_find(const struct will_report *r, const char *family, const char *rule);

size_t will_family_count(void);
const struct will_family *will_family_at(size_t i);

#endif
