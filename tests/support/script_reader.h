/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_TESTS_SUPPORT_SCRIPT_READER_H
#define CC_TESTS_SUPPORT_SCRIPT_READER_H

#include "card/reader.h"

#include <stddef.h>

/*
 * A card that follows a script: each command must equal the next line, else the
 * test fails there; the line's answer comes back. Hex text, blanks allowed.
 *
 *	static const struct script_step steps[] = { { "00 84 00 00 08", "4608F91988702212 9000" } };
 *	struct script script = { steps, 1, NULL, 0 };
 *	reader = script_reader(&script);
 */
struct script_step {
	const char *command; /* NULL: any */
	const char *answer;  /* NULL: the card is torn out */
};

struct script {
	const struct script_step *steps;
	size_t count;
	const char *atr; /* NULL: 3B00 */
	size_t next;	 /* steps done so far */
};

/* Connected already; free with reader_free. */
struct reader *script_reader(struct script *script);

#endif
