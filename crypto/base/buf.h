/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_BASE_BUF_H
#define CC_BASE_BUF_H

#include "crypto/base/bytes.h"
#include "crypto/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Owned bytes on the heap, and the writer that makes them. Both wipe what they
 * free and what they outgrow, so they may hold secrets.
 */

/* Owned; zero-initialise ({0}) before use; buf_done wipes, frees and empties. */
struct buf {
	uint8_t *p;
	size_t n;
};

static inline struct bytes buf_view(const struct buf *b)
{
	return bytes_of(b->p, b->n);
}
void buf_done(struct buf *b);
/* ret must be empty or owned: its old content is wiped and freed on success. */
CC_MUST cc_status buf_copy(struct buf *ret, struct bytes in);
/* n zero bytes. */
CC_MUST cc_status buf_zero(struct buf *ret, size_t n);
/* Moves src into ret (old content of ret is freed); src becomes empty. */
void buf_move(struct buf *ret, struct buf *src);

#define WRITER_DEPTH_MAX 16

/*
 * Growable writer. Errors (limit, memory) latch: later calls do nothing and
 * writer_finish reports. Nested TLV is opened and closed (tlv.h); finish fails
 * when something is still open.
 */
struct writer {
	uint8_t *p;
	size_t n, cap, limit;
	size_t open[WRITER_DEPTH_MAX];
	unsigned depth;
	enum cc_code failed; /* CC_OK while good */
};

/* limit: the most bytes it may ever hold. */
void writer_init(struct writer *w, size_t limit);
void writer_done(struct writer *w); /* wipes and frees; safe after finish */
void writer_put(struct writer *w, struct bytes in);
void writer_u8(struct writer *w, uint8_t v);
void writer_u16(struct writer *w, uint16_t v); /* big-endian, as all of these */
void writer_u24(struct writer *w, uint32_t v);
void writer_u32(struct writer *w, uint32_t v);
void writer_u64(struct writer *w, uint64_t v);
void writer_fill(struct writer *w, uint8_t v, size_t n);
void writer_str(struct writer *w, const char *s);
CC_MUST bool writer_printf(struct writer *w, const char *fmt, ...) CC_PRINTF(2, 3);
void writer_fail(struct writer *w, enum cc_code code);
/* What was written so far; valid until the next call. */
struct bytes writer_view(const struct writer *w);
/* Moves the bytes into ret and resets the writer, or fails with CC_E_LIMIT, CC_E_MEMORY or CC_E_STATE (still open) and wipes. */
CC_MUST cc_status writer_finish(struct writer *w, struct buf *ret);

#endif
