/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_QUIRKS_H
#define CC_CARD_QUIRKS_H

#include "card/apdu.h"

/*
 * Chip types that need care from the first command on, as one table: a row says
 * how the type is known, what is done for it, and why. Everything in it could be
 * learned by trying (fs.c does); a row saves the tries, and the sessions that a
 * try costs on chips that answer it without protection.
 */
struct quirk {
	const char *name;
	const char *historical; /* hex: first historical bytes of the ATR; NULL: any */
	bool exact;		/* no further historical bytes; "" and exact: an ATR without any */
	const char *cplc;	/* hex: first bytes of the CPLC (IC fabricator, IC type, OS ...); NULL: any, or not read */
	struct channel_habits habits;
	const char *reason;
};
extern const struct quirk quirks_table[];
extern const size_t quirks_count;

bool quirk_fits(const struct quirk *q, struct bytes atr, struct bytes cplc);
/* The first row that fits; NULL. cplc: empty when it wasn't read. */
const struct quirk *quirks_find(struct bytes atr, struct bytes cplc);

/*
 * ---- what was learned, kept while the process lives, by chip type (historical bytes of the ATR, CPLC when read). Thread-safe.
 *
 * A card says its ATR and CPLC itself, so a hostile one can speak for the type of honest cards. What it can do to them is
 * bounded: a lesson only makes reads smaller or more careful, never skips a way into the chip (no_mf is of the table alone:
 * without SELECT MF a chip's PACE might not be seen); it is forgotten after some cards and tried anew; and the word of a chip
 * that proved itself stands above that of one that didn't, which is heard for the next card alone, takes no block below
 * QUIRKS_UNPROVEN_READ_MIN, and never takes the place of a proven type's row.
 *
 * Not kept on disk, on purpose. That a lesson wears off is what bounds a liar; over processes each card would have to write
 * down, durably, that it used one, and an inspection needs no station's folder and must not wait for its store, which another
 * process may hold. What is won is a few commands for each first card of a run. A type that deserves to be remembered for
 * good is a row of the table, with its reason.
 */
enum { QUIRKS_PROVEN_USES = 64, QUIRKS_UNPROVEN_USES = 1, QUIRKS_UNPROVEN_READ_MIN = 160 };
/* Row of the table and what was learned together, into ch->habits. The reader is connected. */
void quirks_recall(struct channel *ch, struct bytes cplc);
/* proven: its data are genuine and the chip showed its own key. */
void quirks_keep(const struct channel *ch, struct bytes cplc, bool proven);
/* For tests. */
void quirks_forget(void);

#endif
