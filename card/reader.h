/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_READER_H
#define CC_CARD_READER_H

#include "crypto/base/buf.h"
#include "crypto/base/bytes.h"
#include "crypto/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A reader with at most one card: the transport under everything. One owner,
 * one thread. Implementations: reader_pcsc (pcscd), reader_memory (a function
 * in this process: tests, fuzzing), reader_trace (counts and records, around
 * another reader).
 *
 * Errors are CC_E_DEVICE with key "card.removed", "card.absent", "card.reset",
 * "card.mute" (deadline), "card.short-answer", "reader.gone", "reader.busy", or
 * CC_E_NO_SERVICE "pcscd.absent"; detail in r->err. An answer of fewer than two
 * bytes is an error, never returned. After any error the card's identity must
 * be read again (pcsc-lab: a quick swap isn't noticed by pcscd).
 */
#define READER_ATR_MAX 33
#define READER_ANSWER_MAX 65538 /* extended Le and the status word */

struct reader;

struct reader_ops {
	const char *kind;
	cc_status (*connect)(struct reader *r);						/* powers the card, exclusive */
	cc_status (*reset)(struct reader *r);						/* warm reset, still connected */
	cc_status (*transmit)(struct reader *r, struct bytes command, struct buf *ret); /* whole answer with status word */
	void (*disconnect)(struct reader *r); /* powers down; harmless when not connected */
	void (*free)(struct reader *r);
};

struct reader {
	const struct reader_ops *ops;
	struct cc_error err;
	char name[128];
	uint8_t atr[READER_ATR_MAX];
	size_t atr_len;
	/* Capability as data: longest APDU that the transport carries; 0: no limit known beyond READER_ANSWER_MAX. */
	size_t command_max;
};

CC_MUST cc_status reader_connect(struct reader *r);
CC_MUST cc_status reader_reset(struct reader *r);
CC_MUST cc_status reader_transmit(struct reader *r, struct bytes command, struct buf *ret);
void reader_disconnect(struct reader *r);
void reader_free(struct reader **r); /* disconnects; NULL-safe */

/*
 * ---- reader_pcsc.c. Keys of its own: "reader.ambiguous", "reader.none" (no reader
 * at all), "pcscd.failed" (anything else that pcscd says).
 */
#define READER_PCSC_MAX 16 /* pcscd serves no more */
struct reader_info {
	char name[128];
	bool card_present;
	bool in_use; /* another program holds it exclusively */
	uint8_t atr[READER_ATR_MAX];
	size_t atr_len;
};
/* Lists pcscd's readers; *ret_count: all there are, at most cap written. CC_E_NO_SERVICE when pcscd isn't running. */
CC_MUST cc_status reader_pcsc_list(struct reader_info *ret, size_t cap, size_t *ret_count, struct cc_error *err);
/* name: exact reader name, or NULL: the only reader with a card (CC_E_ARG "reader.ambiguous" when several, CC_E_DEVICE
 * "card.absent"). */
CC_MUST cc_status reader_pcsc_open(const char *name, struct reader **ret, struct cc_error *err);
/*
 * PC/SC calls block as long as the driver does, so each reader has a thread of
 * its own that makes them. A call that isn't back after the deadline (default
 * 30 s: a chip may take 10 to make an RSA key) is "card.mute"; its thread is
 * left to end by itself and the next connect starts another.
 */
#define READER_PCSC_DEADLINE_MS 30000
void reader_pcsc_set_deadline(struct reader *r, unsigned ms);
/*
 * Waits until a card or reader comes or goes, compared with `known` (from
 * reader_pcsc_list). *ret_changed false: timeout_ms passed.
 */
CC_MUST cc_status reader_pcsc_wait(const struct reader_info *known, size_t count, unsigned timeout_ms, bool *ret_changed,
				   struct cc_error *err);

/* ---- reader_memory.c */
/* Writes the card's whole answer into `answer` (an empty writer); CC_E_DEVICE: torn. */
typedef cc_status (*reader_memory_transmit)(void *ctx, struct bytes command, struct writer *answer);
/* Cold reset (connect) and warm reset both call this; it returns the ATR. */
typedef cc_status (*reader_memory_reset)(void *ctx, uint8_t atr[READER_ATR_MAX], size_t *ret_len);
CC_MUST cc_status reader_memory_new(const char *name, void *ctx, reader_memory_reset reset, reader_memory_transmit transmit,
				    struct reader **ret);

/* ---- reader_trace.c: a decorator. */
struct reader_counts {
	uint64_t apdus;
	uint64_t bytes_out; /* command bytes */
	uint64_t bytes_in;  /* answer bytes, with status words */
};
/* Called for every exchange, with the raw bytes: the callee must not log them unredacted. May be NULL. */
typedef void (*reader_trace_hook)(void *ctx, struct bytes command, struct bytes answer, cc_status st);
/* Takes ownership of inner. */
CC_MUST cc_status reader_trace_new(struct reader *inner, reader_trace_hook hook, void *ctx, struct reader **ret);
struct reader_counts reader_trace_counts(const struct reader *trace);

#endif
