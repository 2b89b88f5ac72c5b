/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_APDU_H
#define CC_CARD_APDU_H

#include "card/reader.h"
#include "crypto/base/buf.h"
#include "crypto/base/bytes.h"
#include "crypto/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Commands, responses and the channel that carries them (ISO/IEC 7816-3 12.1,
 * 7816-4 5). The channel does what is between a protocol and a reader: short or
 * extended form, command chaining, GET RESPONSE and corrected Le (each bounded),
 * secure messaging by the layer that is installed, counting.
 */
#define APDU_LE_NONE 0
#define APDU_LE_SHORT_MAX 256
#define APDU_LE_EXTENDED_MAX 65536

struct apdu {
	uint8_t cla, ins, p1, p2;
	struct bytes data;
	size_t le; /* APDU_LE_NONE, or 1..65536 bytes wanted; 256 and 65536 are sent as 00 and 0000 */
};

struct response {
	struct buf data;
	uint16_t sw;
};

void response_done(struct response *r);

/* Extended form when asked for. CC_E_LIMIT when data or le don't fit the form. */
CC_MUST cc_status apdu_encode(const struct apdu *cmd, bool extended, struct writer *w);
/* Answer bytes with status word; CC_E_FORMAT below two bytes. */
CC_MUST cc_status response_parse(struct bytes answer, struct response *ret);

/*
 * A secure layer (ISO secure messaging, SCP03) turns a command into its
 * protected form and a response back. A failed unwrap kills the session: the
 * channel drops to an error state and later commands fail with CC_E_STATE until
 * the layer is removed.
 */
struct secure_layer;

struct secure_layer_ops {
	const char *name;
	/* *ret_cmd's data view lives in `scratch` until the next wrap. */
	cc_status (*wrap)(struct secure_layer *l, const struct apdu *cmd, bool extended, struct writer *scratch,
			  struct apdu *ret_cmd);
	/* raw: answer without transport; on failure CC_E_VERIFY. ret's sw is the protected one. */
	cc_status (*unwrap)(struct secure_layer *l, const struct response *raw, struct response *ret);
	/*
	 * Most command data (or response data) bytes that still fit a wrapped APDU whose Lc (or Le) field allows wire_max.
	 * Exact for a command that carries an Le too.
	 */
	size_t (*command_room)(const struct secure_layer *l, size_t wire_max);
	size_t (*response_room)(const struct secure_layer *l, size_t wire_max);
	void (*free)(struct secure_layer *l); /* wipes keys */
};

struct secure_layer {
	const struct secure_layer_ops *ops;
};

/* What fs.c learned about reading this card, so that each refusal is met once; any value is safe. */
struct channel_habits {
	bool no_sfi;	   /* short file identifiers failed where SELECT worked */
	bool header_first; /* a read beyond the end of a small file was refused */
	bool no_mf;	   /* SELECT MF is unknown to it */
	size_t read_max;   /* larger blocks were refused; 0: none were */
};

struct channel {
	struct reader *reader;	    /* not owned */
	struct secure_layer *layer; /* owned; NULL: in the clear */
	bool extended;		    /* the card takes extended length (ATR, EF.ATR/INFO, or probed) */
	size_t command_max;	    /* wire limit of command data: 255, or up to 65535 */
	size_t response_max;	    /* wire limit of Le: 256, or up to 65536 */
	uint64_t commands;	    /* sent so far */
	bool dead;		    /* secure messaging broke */
	struct channel_habits habits;
	struct cc_error err;
};

/* Short length until told otherwise. The reader must be connected. */
void channel_init(struct channel *ch, struct reader *reader);
void channel_done(struct channel *ch); /* frees the layer */
/*
 * Finds out the lengths that card and reader take: the card capabilities of
 * the ATR (ISO/IEC 7816-4:2020 12.1.1.9), then the extended length information
 * by GET DATA 7F66 or from EF.ATR/INFO (12.7.1). One command when the card is
 * short only or answers the first. In the clear, right after connect or reset:
 * EF.ATR/INFO becomes the selected file. Fails only when the transport does.
 */
CC_MUST cc_status channel_negotiate(struct channel *ch);
/* Replaces (and frees) the layer; NULL goes back to plain. */
void channel_set_layer(struct channel *ch, struct secure_layer *layer);
/* Largest data that one command may carry, and one answer may bring, under the present layer. */
size_t channel_command_room(const struct channel *ch);
size_t channel_response_room(const struct channel *ch);

/*
 * Sends one command and returns its final response. Any status word is
 * success here: callers decide. Data longer than the room is chained (CLA bit
 * 5), in the clear or wrapped block by block. 61xx: GET RESPONSE at most
 * until READER_ANSWER_MAX bytes; 6Cxx: once.
 *
 * ch->err starts anew with each call. Under a layer, a transport error and an
 * answer that the layer refuses end the session (CC_E_VERIFY): key
 * "card.sm-wrong" (MAC or form), "card.sm-ended" (the chip said 6987 or 6988),
 * "card.sm-unprotected" (another bare status word: anybody could have sent it).
 */
CC_MUST cc_status channel_send(struct channel *ch, const struct apdu *cmd, struct response *ret);
/* The same, and a status word other than 9000 is CC_E_STATUS with key "card.refused" and "INS A4: 6A82 file not found". */
CC_MUST cc_status channel_send_ok(struct channel *ch, const struct apdu *cmd, struct response *ret);

#endif
