/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_SOFTCHIP_CHIP_SCP03_H
#define CC_CARD_SOFTCHIP_CHIP_SCP03_H

#include "card/softchip/chip_command.h"
#include "crypto/base/buf.h"
#include "crypto/base/secret.h"
#include "crypto/cipher.h"

/*
 * Secure Channel Protocol '03', GlobalPlatform Amendment D 1.2, the card's
 * side with i = 70 and S8: the session alone, without memory and counters
 * (chip_gp.c keeps those).
 */
enum chip_scp03_state { CHIP_SCP03_CLOSED, CHIP_SCP03_CHALLENGED, CHIP_SCP03_OPEN };

#define CHIP_SCP03_C_MAC 0x01
#define CHIP_SCP03_C_ENC 0x02
#define CHIP_SCP03_R_MAC 0x10
#define CHIP_SCP03_R_ENC 0x20

struct chip_scp03 {
	enum chip_scp03_state state;
	uint8_t level;
	enum cipher_alg alg;
	struct cipher *enc;
	struct mac *mac, *rmac;
	uint8_t card_cryptogram[8], host_cryptogram[8];
	uint8_t chaining[16];
	uint32_t counter; /* of commands, for the ICVs */
};

void chip_scp03_reset(struct chip_scp03 *s);
/* INITIALIZE UPDATE: session keys and both cryptograms from the static ENC and MAC keys and the challenges (8 bytes each). */
CC_MUST cc_status chip_scp03_challenge(struct chip_scp03 *s, struct bytes key_enc, struct bytes key_mac,
				       struct bytes host_challenge, struct bytes card_challenge);
/* Amendment D 6.2.2.1: the pseudo-random card challenge. */
CC_MUST cc_status chip_scp03_card_challenge(struct bytes key_enc, uint32_t sequence, struct bytes aid, uint8_t out[8]);
bool chip_scp03_level_known(uint8_t level);
/* EXTERNAL AUTHENTICATE: 9000 opens the session, 6300 host cryptogram wrong, 6982 MAC wrong, 6700. */
uint16_t chip_scp03_authenticate(struct chip_scp03 *s, const struct command *wire);
/* ret->data is a view into plain or wire. 9000, or 6982: the session is over. */
uint16_t chip_scp03_unwrap(struct chip_scp03 *s, const struct command *wire, struct buf *plain, struct command *ret);
/* R-ENC and R-MAC as the level says; an error status word is bare (Amendment D 6.2.5). */
CC_MUST cc_status chip_scp03_wrap(struct chip_scp03 *s, struct bytes data, uint16_t sw, struct writer *out);

#endif
