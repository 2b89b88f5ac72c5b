/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_PERSO_SCP02_H
#define CC_CARD_PERSO_SCP02_H

#include "card/apdu.h"
#include "card/perso/scp03.h"
#include "crypto/base/secret.h"
#include "crypto/base/sys.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Secure Channel Protocol 02, GlobalPlatform Card Specification v2.3.1 Annex E
 * (GP-E below), host side, for chips of the older kind: options i = 15 and 55,
 * that is three keys, C-MAC on the modified command with an encrypted ICV,
 * explicit initiation, no response MAC. (55 says that the card's challenge is
 * pseudo-random: for the host the same.) The chip doesn't name its i in
 * INITIALIZE UPDATE; the profile does.
 *
 * What comes from the chip is unprotected at both levels: read-back proves what
 * the chip stores only where nobody sits between it and the station. SCP03 is
 * to be preferred wherever the chip has it.
 *
 * Short commands only: the C-MAC is defined over an Lc of one byte.
 *
 * The card's cryptogram speaks for K_ENC alone: a wrong K_MAC shows first when
 * the chip refuses EXTERNAL AUTHENTICATE, which it may count.
 *
 * Card authentication is tried once, as in scp03.h, with the same keys of errors.
 */
#define SCP02_C_MAC 0x01
#define SCP02_C_ENC 0x02
#define SCP02_LEVEL_FULL 0x03

#define SCP02_MAC_LEN SCP_MAC_LEN
#define SCP02_KEY_LEN 16
#define SCP02_HOST_CHALLENGE_LEN SCP_CHALLENGE_LEN
#define SCP02_CARD_CHALLENGE_LEN 6
#define SCP02_CRYPTOGRAM_LEN SCP_CRYPTOGRAM_LEN
#define SCP02_KCV_LEN 3

/* Static keys are struct scp03_keys with alg CIPHER_TDES and three keys of 16 bytes; others are CC_E_ARG everywhere here. */

/* GP B.6: first 3 bytes of the encryption of 8 zero bytes. */
CC_MUST cc_status scp02_key_check_value(struct bytes key, uint8_t out[SCP02_KCV_LEN]);
/* GP-E 4.7: a key under the (session) DEK for PUT KEY: triple DES in ECB mode. 16 bytes each; CC_E_ARG. */
CC_MUST cc_status scp02_encrypt_key(struct bytes dek, struct bytes key, uint8_t out[SCP02_KEY_LEN]);

/* GP-E 5.1.6, answer to INITIALIZE UPDATE. */
struct scp02_card {
	uint8_t diversification[SCP03_DIVERSIFICATION_LEN];
	uint8_t key_version;
	uint16_t sequence;
	uint8_t challenge[SCP02_CARD_CHALLENGE_LEN];
	uint8_t cryptogram[SCP02_CRYPTOGRAM_LEN];
};
/* CC_E_FORMAT; CC_E_UNSUPPORTED when the protocol isn't 02. */
CC_MUST cc_status scp02_card_parse(struct bytes answer, struct scp02_card *ret);

/* GP-E 4.1 session keys and 4.2 cryptograms. */
struct scp02_session {
	struct secret s_enc, c_mac, r_mac, dek;
	uint8_t card_cryptogram[SCP02_CRYPTOGRAM_LEN]; /* what a card with these keys answers */
	uint8_t host_cryptogram[SCP02_CRYPTOGRAM_LEN];
};
CC_MUST cc_status scp02_session_derive(const struct scp03_keys *keys, const uint8_t host_challenge[SCP02_HOST_CHALLENGE_LEN],
				       uint16_t sequence, const uint8_t card_challenge[SCP02_CARD_CHALLENGE_LEN],
				       struct scp02_session *ret);
void scp02_session_done(struct scp02_session *s);

/* The secure layer, at level 01, as EXTERNAL AUTHENTICATE is sent; scp02_layer_set_level follows its success. */
CC_MUST cc_status scp02_layer_new(const struct scp02_session *session, struct secure_layer **ret);
/* level: 01 or 03; CC_E_ARG. */
CC_MUST cc_status scp02_layer_set_level(struct secure_layer *l, uint8_t level);
CC_MUST cc_status scp02_level_check(uint8_t level);
bool scp02_is_layer(const struct secure_layer *l); /* NULL: false */

/* An INITIALIZE UPDATE that was answered: one EXTERNAL AUTHENTICATE may follow. */
struct scp02_handshake {
	uint8_t host_challenge[SCP02_HOST_CHALLENGE_LEN];
	struct scp02_card card;
};
/* key_version 0: the card's first key set. 6983: CC_E_DENIED "perso.keys-blocked". */
CC_MUST cc_status scp02_initialize_update(struct channel *ch, uint8_t key_version, const struct sys *sys,
					  struct scp02_handshake *ret);
/* The card's cryptogram is that of `keys`; says nothing to the card. *ret_right is set on CC_OK. */
CC_MUST cc_status scp02_card_has_keys(const struct scp02_handshake *hs, const struct scp03_keys *keys, bool *ret_right);
/*
 * Checks the card, then sends EXTERNAL AUTHENTICATE once; on success the
 * channel carries the layer at `level`, takes short commands only, and ret_dek
 * is the session's DEK. Errors as scp03_external_authenticate.
 */
CC_MUST cc_status scp02_external_authenticate(struct channel *ch, const struct scp02_handshake *hs, const struct scp03_keys *keys,
					      uint8_t level, struct secret *ret_dek);
/* For the proof after sealing, as scp03_probe_refusal. */
CC_MUST cc_status scp02_probe_refusal(struct channel *ch, const struct scp02_handshake *hs, const struct scp03_keys *keys,
				      uint16_t *ret_sw);

#endif
