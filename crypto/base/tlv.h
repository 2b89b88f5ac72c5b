/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_BASE_TLV_H
#define CC_BASE_TLV_H

#include "crypto/base/buf.h"
#include "crypto/base/bytes.h"
#include "crypto/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * BER-TLV, ISO/IEC 7816-4:2020 6.3 and ITU-T X.690.
 *
 * A tag is its 1 to 4 bytes read as one big-endian number: 0x61, 0x5F1F,
 * 0x7F2E. Tags are compared as bytes, never re-encoded: DG11's 5F0E is illegal
 * to a strict X.690 reader and normal to a card.
 *
 * TLV_STRICT: DER lengths (minimal). TLV_LENIENT: any definite length of at
 * most 4 bytes, as real chips send. Indefinite lengths are always refused;
 * nesting is bounded by TLV_DEPTH_MAX.
 */
enum tlv_mode { TLV_STRICT, TLV_LENIENT };

#define TLV_DEPTH_MAX 32
#define TLV_TAG_BYTES_MAX 4

struct tlv {
	uint32_t tag;
	struct bytes value;
	struct bytes whole; /* tag, length and value */
};

/* All of these latch failure in `in` and return false on malformed input, except where said. */
CC_MUST bool tlv_next(struct cursor *in, enum tlv_mode mode, struct tlv *ret);
/* The next object must carry `tag`; ret_value is a nested cursor on its content. */
CC_MUST bool tlv_expect(struct cursor *in, enum tlv_mode mode, uint32_t tag, struct cursor *ret_value);
/* The same with the content as a view. */
CC_MUST bool tlv_expect_bytes(struct cursor *in, enum tlv_mode mode, uint32_t tag, struct bytes *ret_value);
/* True when the next object carries `tag`; consumes nothing, latches nothing. */
bool tlv_is_next(const struct cursor *in, uint32_t tag);
/* First sibling with `tag`. *ret_found tells; malformed data returns CC_E_FORMAT. */
CC_MUST cc_status tlv_find(struct bytes in, enum tlv_mode mode, uint32_t tag, struct bytes *ret_value, bool *ret_found);
/*
 * Tag and length alone: the content may lie beyond the data (first block of a
 * file, whose size is wanted). ret_header_len: bytes of tag and length.
 */
CC_MUST bool tlv_header(struct cursor *in, enum tlv_mode mode, uint32_t *ret_tag, size_t *ret_len, size_t *ret_header_len);

/* Writing: minimal lengths. tlv_open/tlv_close nest up to WRITER_DEPTH_MAX. */
void tlv_open(struct writer *w, uint32_t tag);
void tlv_close(struct writer *w);
void tlv_put(struct writer *w, uint32_t tag, struct bytes value);
void tlv_put_u8(struct writer *w, uint32_t tag, uint8_t value);
/* Length field alone (X.690 8.1.3 minimal). */
void tlv_put_len(struct writer *w, size_t len);

/* DER values that LDS and PKI need. */
void der_put_uint(struct writer *w, uint64_t v);		/* INTEGER, non-negative */
void der_put_integer(struct writer *w, struct bytes magnitude); /* INTEGER from an unsigned big-endian magnitude */
void der_put_bool(struct writer *w, bool v);
void der_put_null(struct writer *w);
/* OID content bytes (without tag), as constants in the code: BYTES_LITERAL("\x28\xD3\x16..."). */
void der_put_oid(struct writer *w, struct bytes oid);
CC_MUST bool der_uint(struct cursor *in, uint64_t *ret);	     /* non-negative INTEGER of at most 8 bytes */
CC_MUST bool der_integer(struct cursor *in, struct bytes *ret_twos); /* content bytes, two's complement, minimal */
CC_MUST bool der_oid(struct cursor *in, struct bytes *ret);
/* "1.2.840.10045.2.1" for messages; cut at cap. */
void der_oid_text(struct bytes oid, char *out, size_t cap);

#endif
