/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_PERSO_SCP03_H
#define CC_CARD_PERSO_SCP03_H

#include "card/apdu.h"
#include "card/perso/scp.h"
#include "crypto/base/secret.h"
#include "crypto/base/sys.h"
#include "crypto/cipher.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Secure Channel Protocol 03, GlobalPlatform Card Specification v2.3 Amendment
 * D v1.2, host side, S8 mode (cryptograms and MACs of 8 bytes). Called GP-D
 * below.
 *
 * Card authentication is tried once: a wrong card cryptogram stops before
 * EXTERNAL AUTHENTICATE is sent, and a refusal is never repeated here.
 */
#define SCP03_C_MAC 0x01
#define SCP03_C_ENC 0x02
#define SCP03_R_MAC 0x10
#define SCP03_R_ENC 0x20
#define SCP03_LEVEL_FULL 0x33

#define SCP03_MAC_LEN SCP_MAC_LEN
#define SCP03_CHALLENGE_LEN SCP_CHALLENGE_LEN
#define SCP03_CRYPTOGRAM_LEN SCP_CRYPTOGRAM_LEN
#define SCP03_DIVERSIFICATION_LEN 10
#define SCP03_KCV_LEN 3

/* A static key set; alg is one of the AES ones, or CIPHER_TDES: keys of SCP02 (scp02.h), which nothing here takes. */
struct scp03_keys {
	enum cipher_alg alg;
	struct secret enc, mac, dek;
};
void scp03_keys_done(struct scp03_keys *k);
/* AES by key length: 16, 24, 32; CC_E_ARG. */
CC_MUST cc_status scp03_alg(size_t key_len, enum cipher_alg *ret);
/* GP-D B.6 (of the card specification): first 3 bytes of the encryption of 16 bytes 01. */
CC_MUST cc_status scp03_key_check_value(struct bytes key, uint8_t out[SCP03_KCV_LEN]);

/* GP-D 7.1.1, answer to INITIALIZE UPDATE. */
struct scp03_card {
	uint8_t diversification[SCP03_DIVERSIFICATION_LEN];
	uint8_t key_version;
	uint8_t i; /* options: 10 pseudo-random challenge, 20 R-MAC, 40 R-ENC (with 20) */
	uint8_t challenge[SCP03_CHALLENGE_LEN];
	uint8_t cryptogram[SCP03_CRYPTOGRAM_LEN];
	bool has_sequence;
	uint32_t sequence; /* 3 bytes, with pseudo-random challenges */
};
/* CC_E_FORMAT; CC_E_UNSUPPORTED when the protocol isn't 03 or the mode isn't S8. */
CC_MUST cc_status scp03_card_parse(struct bytes answer, struct scp03_card *ret);

/* GP-D 6.2.1 session keys and 6.2.2 cryptograms. CC_E_ARG: keys of SCP02. */
struct scp03_session {
	enum cipher_alg alg;
	struct secret s_enc, s_mac, s_rmac;
	uint8_t card_cryptogram[SCP03_CRYPTOGRAM_LEN]; /* what a card with these keys answers */
	uint8_t host_cryptogram[SCP03_CRYPTOGRAM_LEN];
};
CC_MUST cc_status scp03_session_derive(const struct scp03_keys *keys, const uint8_t host_challenge[SCP03_CHALLENGE_LEN],
				       const uint8_t card_challenge[SCP03_CHALLENGE_LEN], struct scp03_session *ret);
void scp03_session_done(struct scp03_session *s);

/*
 * The secure layer. It starts at level 01, as EXTERNAL AUTHENTICATE is sent;
 * scp03_layer_set_level follows its success.
 */
CC_MUST cc_status scp03_layer_new(const struct scp03_session *session, struct secure_layer **ret);
/* level: 01, 03, 11, 13 or 33; CC_E_ARG. */
CC_MUST cc_status scp03_layer_set_level(struct secure_layer *l, uint8_t level);
/* CC_E_UNSUPPORTED when the card's i doesn't offer the level; CC_E_ARG when there is no such level. */
CC_MUST cc_status scp03_level_check(uint8_t level, uint8_t i);

/* An INITIALIZE UPDATE that was answered: one EXTERNAL AUTHENTICATE may follow. */
struct scp03_handshake {
	uint8_t host_challenge[SCP03_CHALLENGE_LEN];
	struct scp03_card card;
};
/* key_version 0: the card's first key set. 6983: CC_E_DENIED "perso.keys-blocked". */
CC_MUST cc_status scp03_initialize_update(struct channel *ch, uint8_t key_version, const struct sys *sys,
					  struct scp03_handshake *ret);
/* The card's cryptogram is that of `keys`; says nothing to the card. *ret_right is set on CC_OK. */
CC_MUST cc_status scp03_card_has_keys(const struct scp03_handshake *hs, const struct scp03_keys *keys, bool *ret_right);
/*
 * Checks the card, then sends EXTERNAL AUTHENTICATE once; on success the
 * channel carries the layer at `level`. A card cryptogram of other keys is
 * CC_E_DENIED "perso.wrong-keys" and nothing was sent; a refusal by the card is
 * CC_E_DENIED "perso.authentication-refused". Both leave the channel in the clear.
 */
CC_MUST cc_status scp03_external_authenticate(struct channel *ch, const struct scp03_handshake *hs, const struct scp03_keys *keys,
					      uint8_t level);
/*
 * For the proof after sealing: sends one EXTERNAL AUTHENTICATE made from
 * `keys` whatever the card's cryptogram was, and returns the status word. The
 * channel is in the clear afterwards.
 */
CC_MUST cc_status scp03_probe_refusal(struct channel *ch, const struct scp03_handshake *hs, const struct scp03_keys *keys,
				      uint16_t *ret_sw);

#endif
