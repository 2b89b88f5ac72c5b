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
 * Any value is safe for any chip: a wrong one costs commands.
 */
/* Row of the table and what was learned together, into ch->habits. The reader is connected. */
void quirks_recall(struct channel *ch, struct bytes cplc);
void quirks_keep(const struct channel *ch, struct bytes cplc);
/* For tests. */
void quirks_forget(void);

#endif
