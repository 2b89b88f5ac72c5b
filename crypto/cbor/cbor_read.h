/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CRYPTO_CBOR_READ_H
#define CC_CRYPTO_CBOR_READ_H

#include "crypto/base/bytes.h"
#include "crypto/base/err.h"
#include "crypto/cbor/cbor_head.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Strict CBOR (RFC 8949). cbor_open judges the whole input once, before anything
 * is taken from it: one well-formed item and nothing after it, definite and
 * shortest lengths, no duplicate key, UTF-8, bounded depth and size. CBOR_SORTED
 * also wants the deterministic key order of 4.2.1: what was read is then the only
 * encoding of its value. CBOR_ANY_ORDER is for structures of others (COSE).
 *
 * Getters then take the items in turn. The first that doesn't fit latches, records
 * "cbor.field" with the field's name, and makes every later call fail:
 *
 *	if (cc_failed(st = cbor_open(&in, data, CBOR_SORTED, LIMIT, err)))
 *		return st;
 *	if (!cbor_map(&in, "record", &map) ||
 *	    !cbor_key(&map, 1, "version") || !cbor_uint(&map, "version", 1, &version) ||
 *	    (cbor_has_key(&map, 2) && !cbor_text(&map, "name", 63, &name)) ||
 *	    !cbor_end(&map, "record") || !cbor_end(&in, "record"))
 *		return cc_code_status(CC_E_FORMAT);
 */
#define CBOR_DEPTH_MAX 16
/* Pairs of a map in CBOR_ANY_ORDER, where each key is held against all before it; more is CBOR_SIZE. */
#define CBOR_UNSORTED_PAIRS_MAX 64

enum cbor_order { CBOR_SORTED, CBOR_ANY_ORDER };

/* Judges alone. ret_at (may be NULL): bytes that were good. */
CC_MUST enum cbor_fault cbor_check(struct bytes data, enum cbor_order order, size_t *ret_at);

struct cbor_in {
	struct cursor in;
	uint64_t left; /* items */
	struct cc_error *err;
};

/* The reader of one item. CC_E_FORMAT "cbor.malformed" with the fault's name; CC_E_LIMIT above `limit` bytes. A view. */
CC_MUST cc_status cbor_open(struct cbor_in *ret, struct bytes data, enum cbor_order order, size_t limit, struct cc_error *err);

/* What comes next; false at the end. */
bool cbor_peek(const struct cbor_in *in, enum cbor_kind *ret);

CC_MUST bool cbor_uint(struct cbor_in *in, const char *field, uint64_t max, uint64_t *ret);
CC_MUST bool cbor_int(struct cbor_in *in, const char *field, int64_t *ret);
CC_MUST bool cbor_bytes(struct cbor_in *in, const char *field, size_t min, size_t max, struct bytes *ret);
CC_MUST bool cbor_text(struct cbor_in *in, const char *field, size_t max, struct bytes *ret);
/* Text without NUL into a C string; cap includes its NUL. */
CC_MUST bool cbor_string(struct cbor_in *in, const char *field, char *out, size_t cap);
CC_MUST bool cbor_bool(struct cbor_in *in, const char *field, bool *ret);
CC_MUST bool cbor_null(struct cbor_in *in, const char *field);
/* ret reads the array's items; *ret_count (may be NULL) is at most max. */
CC_MUST bool cbor_array(struct cbor_in *in, const char *field, size_t max, struct cbor_in *ret, size_t *ret_count);
/* ret reads keys and values in turn. */
CC_MUST bool cbor_map(struct cbor_in *in, const char *field, struct cbor_in *ret);
/* The tagged item follows as the next one. */
CC_MUST bool cbor_tag(struct cbor_in *in, const char *field, uint64_t *ret);
/* The bytes of the next item, whatever it is. */
CC_MUST bool cbor_item(struct cbor_in *in, const char *field, struct bytes *ret);
/* The next key of a map is this integer: taken when it is, else nothing happens (has_key) or failure (key). */
bool cbor_has_key(struct cbor_in *map, int64_t key);
CC_MUST bool cbor_key(struct cbor_in *map, int64_t key, const char *field);
/* Latches a failure of the caller's own rule; always false. */
bool cbor_refuse(struct cbor_in *in, const char *field, const char *why);
/* Everything was read and nothing failed; else "cbor.field": an item that nobody asked for. */
CC_MUST bool cbor_end(struct cbor_in *in, const char *field);

#endif
