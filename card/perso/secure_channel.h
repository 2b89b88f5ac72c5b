/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_PERSO_SECURE_CHANNEL_H
#define CC_CARD_PERSO_SECURE_CHANNEL_H

#include "card/perso/scp02.h"
#include "card/perso/scp03.h"

/*
 * The secure channel protocol that a chip profile names: each function is that
 * of scp02.h or scp03.h, with its errors. A chip that answers in the other
 * protocol is refused ("perso.handshake"): nothing is negotiated, so nothing
 * can be talked down from SCP03 to SCP02.
 */
enum secure_channel_protocol { SECURE_CHANNEL_SCP02 = 2, SECURE_CHANNEL_SCP03 = 3 };

struct secure_channel_handshake {
	enum secure_channel_protocol protocol;
	struct scp02_handshake scp02;
	struct scp03_handshake scp03;
};

CC_MUST cc_status secure_channel_level_check(enum secure_channel_protocol protocol, uint8_t level);
/* The algorithm of a key set of that protocol whose keys have key_len bytes; CC_E_ARG. */
CC_MUST cc_status secure_channel_alg(enum secure_channel_protocol protocol, size_t key_len, enum cipher_alg *ret);
CC_MUST cc_status secure_channel_initialize_update(struct channel *ch, enum secure_channel_protocol protocol, uint8_t key_version,
						   const struct sys *sys, struct secure_channel_handshake *ret);
/* SCP03_DIVERSIFICATION_LEN bytes, a view. */
const uint8_t *secure_channel_diversification(const struct secure_channel_handshake *hs);
CC_MUST cc_status secure_channel_card_has_keys(const struct secure_channel_handshake *hs, const struct scp03_keys *keys,
					       bool *ret_right);
/* ret_dek: under what PUT KEY encrypts: the static DEK in SCP03, the session's in SCP02. */
CC_MUST cc_status secure_channel_authenticate(struct channel *ch, const struct secure_channel_handshake *hs,
					      const struct scp03_keys *keys, uint8_t level, struct secret *ret_dek);
CC_MUST cc_status secure_channel_probe_refusal(struct channel *ch, const struct secure_channel_handshake *hs,
					       const struct scp03_keys *keys, uint16_t *ret_sw);

#endif
