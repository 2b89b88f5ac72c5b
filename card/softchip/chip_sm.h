/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_SOFTCHIP_CHIP_SM_H
#define CC_CARD_SOFTCHIP_CHIP_SM_H

#include "card/softchip/chip_command.h"
#include "crypto/base/buf.h"
#include "crypto/cipher.h"

/* Secure messaging of ICAO 9303-11 9.8, the chip's side. */
struct chip_sm_keys {
	enum cipher_alg alg;
	struct cipher *enc;
	struct mac *mac;
	uint8_t ssc[CIPHER_BLOCK_MAX];
};

struct chip_sm {
	struct chip_sm_keys now;  /* enc == NULL: no session */
	struct chip_sm_keys next; /* made by the running command, used from the one after it */
};

bool chip_sm_active(const struct chip_sm *sm);
void chip_sm_reset(struct chip_sm *sm);
/* ssc: one block, or empty for zeros. */
CC_MUST cc_status chip_sm_stage(struct chip_sm *sm, enum cipher_alg alg, struct bytes k_enc, struct bytes k_mac,
				struct bytes ssc);
/* After the answer of the command that staged keys: they take over. Without staged keys nothing happens. */
void chip_sm_commit(struct chip_sm *sm);
/* They never do: the command failed. True when there were any. */
bool chip_sm_drop(struct chip_sm *sm);
/*
 * Opens a protected command; ret->data is a view into plain. 9000, 6987
 * (object missing) or 6988 (object or MAC wrong): then the session is over.
 */
uint16_t chip_sm_unwrap(struct chip_sm *sm, const struct command *wire, struct buf *plain, struct command *ret);
/* Protects an answer: writes the data objects. odd: the command's INS is odd. */
CC_MUST cc_status chip_sm_wrap(struct chip_sm *sm, bool odd, struct bytes data, uint16_t sw, struct writer *out);

#endif
