/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_REGISTRY_VIETNAMESE_H
#define CC_STATION_REGISTRY_VIETNAMESE_H

#include "crypto/base/bytes.h"
#include "crypto/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Vietnamese text: one form for everything that enters (NFC), and what is made
 * from it. Input may be NFC, NFD, the half-composed sequences of Windows-1258
 * (ê + acute) or marks in keyboard order (a + acute + circumflex): all come out
 * as the same bytes.
 *
 * The normal form is vietnamese.c, what is made from it vietnamese_fold.c.
 * Output buffers: NUL-terminated UTF-8; CC_E_LIMIT when it does not fit.
 */
enum text_fault_kind {
	TEXT_GOOD,
	TEXT_NOT_UTF8,
	TEXT_CONTROL,	/* control, format, private-use or unassigned character */
	TEXT_LETTER,	/* in a name: no Latin letter, space, hyphen or apostrophe */
	TEXT_LOOKALIKE, /* Ð (Eth) or Ɖ (African D) where Đ must stand */
	TEXT_MARK,	/* a combining mark without a letter, or more marks than a letter can carry */
	TEXT_SEPARATOR, /* in a name: begins or ends with, or doubles, a hyphen or apostrophe */
	TEXT_TOO_LONG,
};

/* Where and why, without the text itself: may be shown and logged. */
struct text_fault {
	enum text_fault_kind kind;
	size_t position; /* code point of the input, from 1 */
};
const char *text_fault_name(enum text_fault_kind kind); /* "letter" */

/*
 * Any text (addresses, places): NFC, white space trimmed and collapsed to
 * single spaces. CC_E_FORMAT with the fault; CC_E_LIMIT.
 */
CC_MUST cc_status vietnamese_normalise(struct bytes in, char *out, size_t cap, struct text_fault *fault);
/*
 * A person's name: the same, and only Latin letters (with any marks), space,
 * hyphen and apostrophe; the typographic forms of the last two become ASCII.
 */
CC_MUST cc_status vietnamese_normalise_name(struct bytes in, char *out, size_t cap, struct text_fault *fault);

/*
 * Letters of the machine readable zone, ICAO 9303-3 6 A: upper-case A to Z,
 * spaces, hyphens and apostrophes are kept (mrz_cccd_write turns them into fillers).
 * CC_E_FORMAT for a character that has no Latin letter.
 */
CC_MUST cc_status vietnamese_to_latin(const char *nfc, char *out, size_t cap);

CC_MUST cc_status vietnamese_upper(const char *nfc, char *out, size_t cap);
CC_MUST cc_status vietnamese_lower(const char *nfc, char *out, size_t cap);
/* First letter of each word, and after hyphen and apostrophe, is upper case. */
CC_MUST cc_status vietnamese_title(const char *nfc, char *out, size_t cap);

/*
 * What a search compares: lower-case letters without marks and digits, words
 * with single spaces between; apostrophes dropped, all else separates words.
 */
CC_MUST cc_status vietnamese_search_key(const char *nfc, char *out, size_t cap);

/* cccd-card.md 2: the first word is the surname, the last the given name, what is between is the middle name. */
struct name_parts {
	struct bytes surname;
	struct bytes middle; /* may be empty */
	struct bytes given;  /* empty for a one-word name */
};
/* Views into name. */
void vietnamese_split_name(const char *name, struct name_parts *ret);

#endif
