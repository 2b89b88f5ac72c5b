/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_SOFTCHIP_CHIP_SCP02_H
#define CC_CARD_SOFTCHIP_CHIP_SCP02_H

#include "card/softchip/chip_command.h"
#include "crypto/base/buf.h"
#include "crypto/base/secret.h"
#include "crypto/cipher.h"

/*
 * Secure Channel Protocol '02', GlobalPlatform 2.3.1 Annex E, the card's side
 * with i = 55: the session alone, without memory and counters (chip_gp.c keeps
 * those). Answers are not protected.
 */
enum chip_scp02_state { CHIP_SCP02_CLOSED, CHIP_SCP02_CHALLENGED, CHIP_SCP02_OPEN };

#define CHIP_SCP02_C_MAC 0x01
#define CHIP_SCP02_C_ENC 0x02

struct chip_scp02 {
	enum chip_scp02_state state;
	uint8_t level;
	struct cipher *enc;
	struct mac *mac;
	struct cipher *single; /* DES with the first half of the C-MAC key, for the ICV */
	struct secret dek;
	uint8_t challenge[6], card_cryptogram[8], host_cryptogram[8];
	uint8_t last[8]; /* C-MAC before */
	bool first;	 /* none before: the ICV is zero */
};

void chip_scp02_reset(struct chip_scp02 *s);
/* INITIALIZE UPDATE: session keys, challenge and cryptograms; keys of 16 bytes, host challenge of 8, aid as selected. */
CC_MUST cc_status chip_scp02_challenge(struct chip_scp02 *s, struct bytes key_enc, struct bytes key_mac, struct bytes key_dek,
				       uint16_t sequence, struct bytes aid, struct bytes host_challenge);
bool chip_scp02_level_known(uint8_t level);
/* EXTERNAL AUTHENTICATE: 9000 opens the session, 6300 host cryptogram wrong, 6982 MAC wrong, 6700. */
uint16_t chip_scp02_authenticate(struct chip_scp02 *s, const struct command *wire);
/* ret->data is a view into plain or wire. 9000, 6700 for an extended Lc, or 6982: the session is over. */
uint16_t chip_scp02_unwrap(struct chip_scp02 *s, const struct command *wire, struct buf *plain, struct command *ret);

#endif
