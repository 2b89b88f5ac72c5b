/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_ACCESS_CHIP_AUTH_H
#define CC_CARD_ACCESS_CHIP_AUTH_H

#include "card/apdu.h"
#include "crypto/agree.h"
#include "crypto/base/sys.h"
#include "crypto/cipher.h"

/* Chip Authentication version 1, ICAO 9303-11 6.2, host side, over ECDH and DH. */
struct chip_auth_params {
	struct bytes oid; /* id-CA-..., content bytes */
	enum cipher_alg alg;
	bool has_key_id;
	struct bytes key_id;	      /* INTEGER content bytes */
	struct agree_group group;     /* of the chip's key */
	struct bytes chip_key;	      /* from DG14, whose hash the caller has verified: 04 || x || y or a DH value */
	struct buf *ret_terminal_key; /* may be NULL: this side's ephemeral public key, for evidence */
};
/* Kind of key and cipher of a Chip Authentication OID; CC_E_UNSUPPORTED. */
CC_MUST cc_status chip_auth_alg(struct bytes oid, enum agree_kind *ret_kind, enum cipher_alg *ret);
/*
 * MSE:Set KAT (3DES) or MSE:Set AT and GENERAL AUTHENTICATE (AES); on success
 * the channel carries the new keys. The proof that the chip owns its key is the
 * first command under them: this function sends one (READ BINARY of EF.COM by
 * SFI 1E) and returns CC_E_VERIFY when its MAC is wrong. ret_compressed (may be NULL): Comp() of the ephemeral key,
 * which Terminal Authentication signs.
 */
CC_MUST cc_status chip_auth_run(struct channel *ch, const struct chip_auth_params *p, const struct sys *sys,
				struct buf *ret_compressed);

#endif
