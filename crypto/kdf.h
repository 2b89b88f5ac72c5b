/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CRYPTO_KDF_H
#define CC_CRYPTO_KDF_H

#include "crypto/base/buf.h"
#include "crypto/base/bytes.h"
#include "crypto/base/err.h"
#include "crypto/base/secret.h"
#include "crypto/cipher.h"

#include <stdint.h>

/* ICAO 9303-11 9.7.1: key derivation. c = 1 encryption, 2 MAC, 3 password. SHA-1 for TDES and AES-128, else SHA-256. */
enum kdf_9303_counter { KDF_ENC = 1, KDF_MAC = 2, KDF_PI = 3 };

/* ret: cipher_key_len(alg) bytes; TDES keys get odd parity (9303-11 9.7.1.1). nonce may be empty. */
CC_MUST cc_status kdf_9303(struct bytes shared_secret, struct bytes nonce, enum kdf_9303_counter counter, enum cipher_alg alg,
			   struct secret *ret);

/*
 * NIST SP 800-108 in counter mode with AES-CMAC, as GlobalPlatform Card
 * Specification v2.3 Amendment D (SCP03) 4.1.5 lays its input out:
 * label (11 zero bytes and the constant), 00, L in bits (2 bytes), i (1 byte), context.
 * aes_key of 16, 24 or 32 bytes; out_bits: whole bytes, at most 8 * SECRET_LEN_MAX; else CC_E_ARG.
 */
CC_MUST cc_status kdf_scp03(struct bytes aes_key, uint8_t constant, struct bytes context, size_t out_bits, uint8_t *out);

/*
 * Card keys from a master key ("KDF3"): NIST SP 800-108 in counter mode with
 * AES-CMAC, as GlobalPlatform tools implement it (vectors 03_gp): i (1 byte),
 * 00 00 00, key_id, 00, diversification data; no length field. key_id: 01 ENC,
 * 02 MAC, 03 DEK. Key length = master length.
 */
CC_MUST cc_status kdf_kdf3(struct bytes master_key, uint8_t key_id, struct bytes diversification, struct secret *ret);
/* What the CMAC of block i (from 1) runs over, for a master key that lies in a device. */
CC_MUST cc_status kdf_kdf3_input(uint8_t i, uint8_t key_id, struct bytes diversification, struct buf *ret);

/*
 * Card keys from a two-key triple DES master key, as the chips of SCP02 are
 * delivered (vectors 03_gp): six bytes of the diversification data, F0, key_id,
 * the six bytes again, 0F, key_id, encrypted in ECB. diversification: the ten
 * bytes of INITIALIZE UPDATE.
 */
enum kdf_tdes_scheme {
	KDF_EMV_CPS, /* EMV Card Personalization Specification 4.1: the last six bytes */
	KDF_VISA2,   /* Visa: the first two, then bytes 5 to 8 */
};
CC_MUST cc_status kdf_tdes_card_key(enum kdf_tdes_scheme scheme, struct bytes master_key, uint8_t key_id,
				    struct bytes diversification, struct secret *ret);

/* How the keys of a chip family come from the issuer's master key. */
enum kdf_scheme { KDF_SCHEME_KDF3 = 1, KDF_SCHEME_EMV_CPS, KDF_SCHEME_VISA2 };
/* key_id: 01 ENC, 02 MAC, 03 DEK. CC_E_ARG when the master key isn't of the scheme's length. */
CC_MUST cc_status kdf_card_key(enum kdf_scheme scheme, struct bytes master_key, uint8_t key_id, struct bytes diversification,
			       struct secret *ret);

/*
 * GlobalPlatform Card Specification v2.3.1 E.4.1: an SCP02 session key, from a
 * static key of 16 bytes: constant (2 bytes), sequence counter (2), twelve zeros,
 * encrypted with triple DES in CBC mode under a zero ICV.
 */
CC_MUST cc_status kdf_scp02(struct bytes tdes_key, uint16_t constant, uint16_t sequence, struct secret *ret);

#endif
