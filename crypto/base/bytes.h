/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_BASE_BYTES_H
#define CC_BASE_BYTES_H

#include "crypto/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Reading outside bytes: a view and the one bounded cursor.
 *
 * All outside bytes (cards, files, HTTP, CBOR, images, registry rows) are read
 * through a cursor. Every call checks its bound; the first failure latches,
 * empties the cursor and makes every later call fail, so a parser may test
 * once at the end:
 *
 *	cursor_init(&in, reply);
 *	if (!cursor_u16(&in, &count) || !cursor_take(&in, 8, &serial))
 *		return fail(...);
 *	if (cc_failed(cursor_end(&in)))       all read, nothing failed?
 *		return fail(...);
 *
 * No code outside bytes.c and tlv.c computes an offset into outside bytes.
 */

/* A view: owns nothing. The empty view has n == 0; p may then be NULL. */
struct bytes {
	const uint8_t *p;
	size_t n;
};

static inline struct bytes bytes_of(const void *p, size_t n)
{
	return (struct bytes){ (const uint8_t *)p, n };
}

struct bytes bytes_str(const char *s); /* without the NUL */
#define BYTES_LITERAL(s) ((struct bytes){ (const uint8_t *)("" s), sizeof(s) - 1 })

bool bytes_equal(struct bytes a, struct bytes b);  /* public data only; secrets: cc_equal */
int bytes_compare(struct bytes a, struct bytes b); /* memcmp order, shorter first on a tie */
bool bytes_starts_with(struct bytes a, struct bytes prefix);
/* out needs 2 * n + 1 chars. Upper case. */
void bytes_to_hex(struct bytes in, char *out);
/* Even number of hex digits; white space between pairs is allowed. *ret_n <= cap bytes are written. */
bool bytes_from_hex(const char *hex, uint8_t *out, size_t cap, size_t *ret_n);

struct cursor {
	const uint8_t *p; /* next byte */
	size_t n;	  /* bytes left */
	unsigned depth;	  /* TLV nesting so far, see tlv.h */
	bool failed;
};

void cursor_init(struct cursor *in, struct bytes data);
/* A cursor for nested content: inherits the depth + 1. */
void cursor_nest(struct cursor *child, const struct cursor *parent, struct bytes data);
/* Latches failure; always false, so that parsers can `return cursor_fail(in)`. */
bool cursor_fail(struct cursor *in);

CC_MUST bool cursor_u8(struct cursor *in, uint8_t *ret);
CC_MUST bool cursor_u16(struct cursor *in, uint16_t *ret); /* big-endian, as all of these */
CC_MUST bool cursor_u24(struct cursor *in, uint32_t *ret);
CC_MUST bool cursor_u32(struct cursor *in, uint32_t *ret);
CC_MUST bool cursor_u64(struct cursor *in, uint64_t *ret);
CC_MUST bool cursor_take(struct cursor *in, size_t n, struct bytes *ret); /* a view into the data */
CC_MUST bool cursor_copy(struct cursor *in, void *out, size_t n);
CC_MUST bool cursor_skip(struct cursor *in, size_t n);
/* The last n bytes, removed from the end (status words, MACs). */
CC_MUST bool cursor_take_back(struct cursor *in, size_t n, struct bytes *ret);
/* Bytes up to, not including, the next `stop`; the stop is consumed. Without a stop: everything left. False when empty. */
CC_MUST bool cursor_until(struct cursor *in, uint8_t stop, struct bytes *ret);
bool cursor_peek(const struct cursor *in, uint8_t *ret); /* no failure latched */
struct bytes cursor_rest(struct cursor *in);		 /* takes all that is left */
static inline size_t cursor_left(const struct cursor *in)
{
	return in->n;
}
/* CC_E_FORMAT if something failed or bytes are left. */
CC_MUST cc_status cursor_end(const struct cursor *in);

#endif
