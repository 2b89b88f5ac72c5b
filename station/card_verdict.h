/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_CARD_VERDICT_H
#define CC_STATION_CARD_VERDICT_H

#include "card/inspect/inspect.h"
#include "station/config.h"

/*
 * What an officer in a hurry takes from an inspection: one word, the gravest
 * reason for it as a sentence, and what to do now. A certificate that names our
 * country signer without its signature is another case than a missing trust
 * folder, and is told as one.
 */
struct card_verdict {
	const char *word; /* "PASSED", "FAILED", "INCONCLUSIVE", "NOT OPENED" */
	const char *key;  /* of the message: "verdict.signer-forged" */
	const char *what, *next;
};
void card_verdict_of(const struct inspection *i, enum lang lang, struct card_verdict *ret);

#endif
