/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_CARD_BOOKS_H
#define CC_STATION_CARD_BOOKS_H

#include "card/inspect/inspect.h"
#include "station/config.h"

/*
 * What only the books know of a genuine card: that it was revoked, or replaced. Adds the check "books" to an inspection whose
 * DG13 names the chip, in a station that has a store: passed (active), failed with "verdict.revoked" or "verdict.replaced" as
 * its error, not applicable (these books don't know the chip), inconclusive (they can't be read now, also after a short wait
 * for another command's end: a good card is undecided then). Asks no password, and writes nothing.
 */
void card_books_compare(const struct config *config, struct inspection *i);
/* The same, for who acts on the card's word: CC_E_VERIFY "verdict.revoked", "verdict.replaced"; CC_E_STATE: they can't be read.
 */
CC_MUST cc_status card_books_refuse(const struct config *config, struct inspection *i, struct cc_error *err);

#endif
