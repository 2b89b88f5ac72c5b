/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_PERSO_SCP_H
#define CC_CARD_PERSO_SCP_H

#include "card/apdu.h"
#include "crypto/base/buf.h"
#include "crypto/base/sys.h"
#include "crypto/cipher.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * What SCP02 (GlobalPlatform v2.3.1 Annex E) and SCP03 (Amendment D) share:
 * INITIALIZE UPDATE and EXTERNAL AUTHENTICATE with their status words, one set
 * of error keys, and padded data. What differs is theirs (scp02.h, scp03.h):
 * the answer's shape, levels, session keys and cryptograms, and the layer.
 */
#define SCP_CHALLENGE_LEN 8 /* the host's */
#define SCP_CRYPTOGRAM_LEN 8
#define SCP_MAC_LEN 8

/*
 * Clears the channel's layer, draws the challenge and sends INITIALIZE UPDATE.
 * 6983 is CC_E_DENIED "perso.keys-blocked", another refusal CC_E_STATUS
 * "perso.handshake".
 */
CC_MUST cc_status scp_initialize_update(struct channel *ch, uint8_t key_version, const struct sys *sys,
					uint8_t ret_challenge[SCP_CHALLENGE_LEN], struct buf *ret_answer);
/* Passes on what a protocol's parser says of that answer; a failure is told as "perso.handshake". */
CC_MUST cc_status scp_answer_parsed(struct channel *ch, cc_status parsed, const struct buf *answer);

/* CC_E_DENIED "perso.wrong-keys" when the cryptogram that the card sent isn't that of our keys. */
CC_MUST cc_status scp_card_check(struct channel *ch, uint8_t key_version, const uint8_t ours[SCP_CRYPTOGRAM_LEN],
				 const uint8_t cards[SCP_CRYPTOGRAM_LEN]);

/*
 * Sends the one EXTERNAL AUTHENTICATE under `layer`, which the channel takes
 * over. On 9000 the layer stays in the channel, else the channel is in the clear.
 */
CC_MUST cc_status scp_send_external_authenticate(struct channel *ch, struct secure_layer *layer, uint8_t level,
						 const uint8_t cryptogram[SCP_CRYPTOGRAM_LEN], uint16_t *ret_sw);
/* The same, where anything but 9000 is CC_E_DENIED "perso.authentication-refused". */
CC_MUST cc_status scp_external_authenticate(struct channel *ch, struct secure_layer *layer, uint8_t level,
					    const uint8_t cryptogram[SCP_CRYPTOGRAM_LEN]);

/* Data field under a layer: padded by ISO 9797-1 method 2 to whole blocks, then CBC under `icv`, appended to w. */
CC_MUST cc_status scp_encrypt_data(struct cipher *c, const uint8_t *icv, size_t block, struct bytes plain, struct writer *w);
/* How much data fits into wire_max bytes beside a MAC and, where block isn't 0, with padding to whole blocks. */
size_t scp_room(size_t wire_max, bool with_mac, size_t block);

#endif
