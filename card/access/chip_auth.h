/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_ACCESS_CHIP_AUTH_H
#define CC_CARD_ACCESS_CHIP_AUTH_H

#include "card/apdu.h"
#include "crypto/base/sys.h"
#include "crypto/cipher.h"
#include "crypto/pubkey.h"

/* Chip Authentication version 1, ICAO 9303-11 6.2, host side. */
struct chip_auth_params {
	struct bytes oid; /* id-CA-ECDH-..., content bytes */
	enum cipher_alg alg;
	bool has_key_id;
	struct bytes key_id;	       /* INTEGER content bytes */
	const struct pubkey *chip_key; /* from DG14, whose hash the caller has verified */
};
/* Cipher of a Chip Authentication OID; CC_E_UNSUPPORTED. */
CC_MUST cc_status chip_auth_alg(struct bytes oid, enum cipher_alg *ret);
/*
 * MSE:Set KAT (3DES) or MSE:Set AT and GENERAL AUTHENTICATE (AES); on success
 * the channel carries the new keys. The proof that the chip owns its key is the
 * first command under them: this function sends one (READ BINARY of EF.COM by
 * SFI 1E) and returns CC_E_VERIFY when its MAC is wrong.
 */
CC_MUST cc_status chip_auth_run(struct channel *ch, const struct chip_auth_params *p, const struct sys *sys);

#endif
