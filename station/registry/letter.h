/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_REGISTRY_LETTER_H
#define CC_STATION_REGISTRY_LETTER_H

#include "crypto/base/bytes.h"
#include "crypto/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Letters as Unicode code points: what vietnamese.c (the normal form) and
 * vietnamese_fold.c (what is made from it) ask of one letter. letter.c is the one
 * file that knows utf8proc.
 */
#define LETTER_POINTS_MAX 8 /* canonical decomposition of one code point */

enum {
	MARK_GRAVE = 0x0300,
	MARK_ACUTE = 0x0301,
	MARK_CIRCUMFLEX = 0x0302,
	MARK_TILDE = 0x0303,
	MARK_BREVE = 0x0306,
	MARK_DIAERESIS = 0x0308,
	MARK_HOOK = 0x0309,
	MARK_RING = 0x030A,
	MARK_HORN = 0x031B,
	MARK_DOT = 0x0323,
};

/* One code point at the front of a cursor. Latches failure on bytes that are no UTF-8. */
bool letter_next(struct cursor *in, int32_t *ret);
size_t letter_encode(int32_t c, uint8_t out[4]);
/* Canonical decomposition, at least one code point: the base, then its marks. */
size_t letter_parts(int32_t c, int32_t out[LETTER_POINTS_MAX]);
/* Canonical composition in place of code points in canonical order; how many are left. */
size_t letter_compose(int32_t *points, size_t n);

bool letter_is_ascii(int32_t c); /* A to Z, a to z */
bool letter_is_mark(int32_t c);
bool letter_is_tone(int32_t c);
bool letter_is_space(int32_t c);
bool letter_is_separator(int32_t c); /* within a name: hyphen, apostrophe */
/* Control, format (bidirectional overrides, zero-width), private-use, unassigned; line and paragraph separators. */
bool letter_is_forbidden(int32_t c);
/* The machine readable zone's letters for a Latin letter that Unicode does not decompose; NULL: it is none. */
const char *letter_mrz(int32_t c);
/* The plain form of what keyboards and word processors put in place of hyphen and apostrophe; else c. */
int32_t letter_plain_form(int32_t c);
int32_t letter_upper(int32_t c);
int32_t letter_lower(int32_t c);
/*
 * Of two marks: canonical order (Unicode 3.11), and among marks of one class quality
 * before tone: a, acute, circumflex as some keyboards send it is ấ.
 */
bool letter_belongs_before(int32_t c, int32_t other);

/* ---- output into the caller's buffer */

struct letter_out {
	char *p;
	size_t n, cap;
	bool full;
};

static inline void letter_out_ascii(struct letter_out *o, char c)
{
	if (o->full || o->cap - o->n <= 1)
		o->full = true;
	else
		o->p[o->n++] = c;
}

void letter_out_point(struct letter_out *o, int32_t c);
void letter_out_str(struct letter_out *o, const char *s);
/* The buffer holds a text or, on CC_E_LIMIT, "". */
CC_MUST cc_status letter_out_end(struct letter_out *o);

/* ---- the Latin blocks: ASCII to Latin Extended-B, Latin Extended Additional; tables of them are by letter_index */

#define LETTER_BLOCK_1_END 0x250
#define LETTER_BLOCK_2 0x1E00
#define LETTER_BLOCK_2_END 0x1F00
#define LETTER_INDEX_COUNT (LETTER_BLOCK_1_END + LETTER_BLOCK_2_END - LETTER_BLOCK_2)

/* -1: of another block. */
static inline int letter_index(int32_t c)
{
	if (c >= 0 && c < LETTER_BLOCK_1_END)
		return (int)c;
	return c >= LETTER_BLOCK_2 && c < LETTER_BLOCK_2_END ? (int)(LETTER_BLOCK_1_END + c - LETTER_BLOCK_2) : -1;
}

/* The next code point of the blocks. */
static inline int32_t letter_after(int32_t c)
{
	return c + 1 == LETTER_BLOCK_1_END ? LETTER_BLOCK_2 : c + 1;
}

/*
 * These letters read byte by byte, RFC 3629: one of ASCII, two from C2 to C9, three
 * from E1. Everything else, also what is no UTF-8, is left to letter_next.
 */
struct letter_reader {
	unsigned left; /* bytes until the letter is whole */
	int32_t c;
};
enum { LETTER_MORE = -1, LETTER_OTHER = -2 };

/* letter_index of the letter that this byte ends, or LETTER_MORE, LETTER_OTHER. */
static inline int letter_reader_next(struct letter_reader *r, uint8_t byte)
{
	int i;

	if (r->left == 0) {
		if (byte < 0x80)
			return byte;
		r->left = byte >= 0xC2 && byte <= 0xC9 ? 1 : 2;
		r->c = byte & 0x1F;
		return byte == 0xE1 || r->left == 1 ? LETTER_MORE : LETTER_OTHER;
	}
	if ((byte & 0xC0) != 0x80)
		return LETTER_OTHER;
	r->c = (r->c << 6 | (byte & 0x3F)) & 0xFFFF;
	if (--r->left > 0)
		return LETTER_MORE;
	i = letter_index(r->c);
	return i < 0 ? LETTER_OTHER : i;
}

#endif
