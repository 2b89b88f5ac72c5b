/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_INSPECT_PHRASE_H
#define CC_CARD_INSPECT_PHRASE_H

#include "crypto/base/err.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * The evidence of inspection, lint and verify-evidence in both languages. Code
 * says it once, in English with printf's conversions; a table has the
 * Vietnamese, in which {1} is the first value, {2} the second. Values that are
 * phrases themselves ("wrong", "6A82 file not found", a list of such) are
 * turned too; OIDs, hex, names and standard terms stay.
 */
struct phrase {
	const char *en; /* a printf format: %s %.*s %.Ns %u %zu %d %X %02X %c */
	const char *vi;
};
/* Tables by area, ended by a NULL; phrase.c lists them. */
extern const struct phrase phrases_inspect[], phrases_lint[], phrases_values[];

/* The Vietnamese of exactly this text; NULL when no table has it. */
const char *phrase_find(const char *en);
/* Every row, for tests: false behind the last. */
bool phrase_at(size_t i, struct phrase *ret);

/*
 * Both texts, cut at their caps. Of the values only printable ASCII gets through
 * ('?' for the rest): a card's bytes may stand in there.
 */
void phrase_format(char *ret_en, size_t en_cap, char *ret_vi, size_t vi_cap, const char *fmt, va_list ap)
	__attribute__((format(printf, 5, 0)));
/* The same with arguments. */
void phrase_say(char *ret_en, size_t en_cap, char *ret_vi, size_t vi_cap, const char *fmt, ...) CC_PRINTF(5, 6);

#endif
