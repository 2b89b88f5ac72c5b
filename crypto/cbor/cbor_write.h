/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CRYPTO_CBOR_WRITE_H
#define CC_CRYPTO_CBOR_WRITE_H

#include "crypto/base/buf.h"
#include "crypto/cbor/cbor_read.h"

/*
 * Deterministic CBOR (RFC 8949 4.2.1): shortest heads, definite lengths, the pairs
 * of a map sorted by the bytes of their keys when it is closed, in whatever order
 * they were written. Errors latch; cbor_finish reports them. A doubled key or a
 * key without a value is the program's error: CC_E_STATE.
 */
struct cbor_out {
	struct writer w;
	struct {
		size_t start;	/* of the content */
		uint64_t items; /* written so far */
		bool is_map;
	} levels[CBOR_DEPTH_MAX + 1];
	unsigned depth;
};

void cbor_out_init(struct cbor_out *out, size_t limit);
void cbor_out_done(struct cbor_out *out); /* wipes; safe after cbor_finish */
void cbor_put_uint(struct cbor_out *out, uint64_t v);
void cbor_put_int(struct cbor_out *out, int64_t v);
void cbor_put_bytes(struct cbor_out *out, struct bytes v);
void cbor_put_text(struct cbor_out *out, struct bytes utf8); /* the caller's word that it is UTF-8 */
void cbor_put_str(struct cbor_out *out, const char *s);
void cbor_put_bool(struct cbor_out *out, bool v);
void cbor_put_null(struct cbor_out *out);
void cbor_put_tag(struct cbor_out *out, uint64_t tag); /* the tagged item is put next */
/* One item that is encoded already, deterministically. */
void cbor_put_item(struct cbor_out *out, struct bytes item);
void cbor_open_array(struct cbor_out *out);
void cbor_open_map(struct cbor_out *out);
void cbor_close(struct cbor_out *out);
/* Exactly one item: moves it into ret. CC_E_STATE when something is open, missing or doubled; CC_E_LIMIT, CC_E_MEMORY. */
CC_MUST cc_status cbor_finish(struct cbor_out *out, struct buf *ret);

#endif
