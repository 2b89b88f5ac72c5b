/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CRYPTO_CBOR_HEAD_H
#define CC_CRYPTO_CBOR_HEAD_H

#include "crypto/base/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One data item's head (RFC 8949 3), through libcbor: its only door. What the rules of ours refuse is told, not thrown away. */
enum cbor_kind {
	CBOR_KIND_UINT,
	CBOR_KIND_NEGATIVE, /* value: -1 - n */
	CBOR_KIND_BYTES,
	CBOR_KIND_TEXT,
	CBOR_KIND_ARRAY,
	CBOR_KIND_MAP,
	CBOR_KIND_TAG,
	CBOR_KIND_BOOL, /* value: 0 or 1 */
	CBOR_KIND_NULL,
	CBOR_KIND_UNDEFINED,
	CBOR_KIND_FLOAT, /* carried and compared as bytes; no getter */
};

enum cbor_fault {
	CBOR_GOOD,
	CBOR_TRUNCATED,	    /* ends inside an item */
	CBOR_TRAILING,	    /* bytes after the item */
	CBOR_RESERVED,	    /* not well-formed: reserved additional information, break without a start (RFC 8949 Appendix F) */
	CBOR_SIMPLE,	    /* a simple value that nobody has assigned */
	CBOR_INDEFINITE,    /* RFC 8949 4.2.1: no indefinite lengths */
	CBOR_NOT_SHORTEST,  /* RFC 8949 4.2.1: preferred serialization */
	CBOR_UNSORTED,	    /* RFC 8949 4.2.1: keys in the order of their bytes */
	CBOR_DUPLICATE_KEY, /* RFC 8949 5.6 */
	CBOR_UTF8,	    /* RFC 8949 3.1: text is UTF-8 */
	CBOR_DEPTH,	    /* nested deeper than CBOR_DEPTH_MAX */
	CBOR_SIZE,	    /* larger than the reader's limit */
	CBOR_FAULT_COUNT
};
const char *cbor_fault_name(enum cbor_fault f); /* "not-shortest" */

struct cbor_head {
	enum cbor_kind kind;
	uint64_t value;	      /* integer, count of items or pairs, tag, bool */
	struct bytes content; /* of a string */
};

/* Head and, of a string, the content. Anything but CBOR_GOOD has latched failure in `in`. */
CC_MUST enum cbor_fault cbor_head_read(struct cursor *in, struct cbor_head *ret);

#define CBOR_HEAD_MAX 9
/* The shortest form; not for CBOR_KIND_FLOAT. Returns its length. */
size_t cbor_head_write(enum cbor_kind kind, uint64_t value, uint8_t out[CBOR_HEAD_MAX]);

#endif
