/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_ACCESS_PACE_H
#define CC_CARD_ACCESS_PACE_H

#include "card/apdu.h"
#include "crypto/base/secret.h"
#include "crypto/base/sys.h"
#include "crypto/cipher.h"
#include "crypto/ec.h"

/*
 * PACE with ECDH generic mapping, ICAO 9303-11 4.4, host side. The functions
 * carry the standard's step names and can be driven without a card (worked
 * example: Appendix G.1).
 */
enum pace_password { PACE_MRZ = 1, PACE_CAN = 2 }; /* BSI TR-03110-3 B.1 password references */

struct pace_params {
	struct bytes oid;      /* id-PACE-ECDH-GM-..., content bytes */
	unsigned parameter_id; /* standardized domain parameters */
	enum cipher_alg alg;   /* of the oid */
	enum ec_curve curve;   /* of the parameter id */
};
/* CC_E_UNSUPPORTED for other mappings, DH, or unknown ids. oid is copied as a view: keep it alive. */
CC_MUST cc_status pace_params_from(struct bytes oid, unsigned parameter_id, struct pace_params *ret);

/* K_pi: password is the MRZ key seed input (document number + birth + expiry with check digits) or the CAN digits. */
CC_MUST cc_status pace_password_key(enum pace_password kind, struct bytes password, enum cipher_alg alg, struct secret *ret);
/* The MRZ input of pace_password_key: SHA-1 is applied inside. out: document number with check digit etc., NUL-terminated. */
CC_MUST cc_status pace_mrz_input(const char *document_number, const char *birth, const char *expiry, char out[64]);

CC_MUST cc_status pace_decrypt_nonce(const struct secret *k_pi, enum cipher_alg alg, struct bytes encrypted,
				     struct secret *ret_nonce);
/* T = MAC(KSmac, 7F49{06 oid, 86 point}): 8 bytes. */
CC_MUST cc_status pace_token(const struct pace_params *p, const struct secret *ks_mac, struct bytes point, uint8_t out[8]);

/*
 * The whole protocol: MSE:Set AT and four GENERAL AUTHENTICATE; on success the
 * channel carries secure messaging with SSC 0. CC_E_DENIED "access.pace-refused"
 * (wrong password: 6300 or a wrong token), CC_E_VERIFY when the card's side is
 * wrong. Never retried here, never falls to BAC here. ret_chip_point (may be
 * NULL): the chip's ephemeral key, for CAM and for TA.
 */
CC_MUST cc_status pace_authenticate(struct channel *ch, const struct pace_params *p, enum pace_password kind,
				    struct bytes password, const struct sys *sys, struct buf *ret_chip_point);

#endif
