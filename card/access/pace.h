/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_ACCESS_PACE_H
#define CC_CARD_ACCESS_PACE_H

#include "card/apdu.h"
#include "crypto/base/secret.h"
#include "crypto/base/sys.h"
#include "crypto/agree.h"
#include "crypto/cipher.h"
#include "crypto/cvc.h"

/*
 * PACE, ICAO 9303-11 4.4, host side: generic mapping, integrated mapping and
 * chip authentication mapping over ECDH, the first two over DH as well, with
 * standardized domain parameters. The functions carry the standard's step names
 * and can be driven without a card (worked examples: Appendices G, H, I).
 */
enum pace_password { PACE_MRZ = 1, PACE_CAN = 2 }; /* BSI TR-03110-3 B.1 password references */
enum pace_mapping { PACE_GM, PACE_IM, PACE_CAM };

struct pace_params {
	struct bytes oid;	   /* id-PACE-..., content bytes */
	unsigned parameter_id;	   /* standardized domain parameters */
	enum pace_mapping mapping; /* of the oid */
	enum cipher_alg alg;	   /* of the oid */
	struct agree_group group;  /* of the parameter id */
	bool ambiguous;		   /* the chip has other parameters too: MSE names the id (4.4.4.1, 84) */
	bool want_car;		   /* MSE asks for the certification authority references of terminal authentication (7F4C) */
};
/* CC_E_UNSUPPORTED for what the standard doesn't have. oid is copied as a view: keep it alive. The two flags are false. */
CC_MUST cc_status pace_params_from(struct bytes oid, unsigned parameter_id, struct pace_params *ret);
/* "ECDH-GM", "DH-IM", "ECDH-CAM" ... */
const char *pace_mapping_name(const struct pace_params *p);

/* K_pi: password is the MRZ key seed input (document number + birth + expiry with check digits) or the CAN digits. */
CC_MUST cc_status pace_password_key(enum pace_password kind, struct bytes password, enum cipher_alg alg, struct secret *ret);
/* The MRZ input of pace_password_key: SHA-1 is applied inside. out: document number with check digit etc., NUL-terminated. */
CC_MUST cc_status pace_mrz_input(const char *document_number, const char *birth, const char *expiry, char out[64]);

/* CC_E_FORMAT unless `encrypted` is one or more blocks, at most 32 bytes. */
CC_MUST cc_status pace_decrypt_nonce(const struct secret *k_pi, enum cipher_alg alg, struct bytes encrypted,
				     struct secret *ret_nonce);
/* T = MAC(KSmac, 7F49{06 oid, 86 point or 84 value}): 8 bytes. */
CC_MUST cc_status pace_token(const struct pace_params *p, const struct secret *ks_mac, struct bytes public_key, uint8_t out[8]);

/* What a run leaves behind; pace_result_done wipes. Start from {0}. */
struct pace_result {
	struct agree_group group;
	struct buf chip_public;		    /* PK_DH,IC: the identity of terminal authentication is its Comp() */
	struct buf chip_mapping;	    /* PK_Map,IC; empty with integrated mapping */
	struct buf chip_auth;		    /* CA_IC, decrypted; empty unless mapping is PACE_CAM */
	char car[2][CVC_REFERENCE_MAX + 1]; /* 87 and 88, when the chip gave them; else empty */
};
void pace_result_done(struct pace_result *r);

/* ICAO 9303-11 4.4.3.5.3, .4: A_IC under KSenc to CA_IC of `len` bytes. CC_E_VERIFY when length or padding are wrong. */
CC_MUST cc_status pace_decrypt_chip_auth(enum cipher_alg alg, const struct secret *ks_enc, struct bytes encrypted, size_t len,
					 struct buf *ret);
/*
 * ICAO 9303-11 4.4.3.5.2: PK_Map,IC = KA(CA_IC, PK_IC, D_IC). The key is the chip's static one of the same curve from
 * EF.CardSecurity or DG14, whose signature the caller has verified. CC_E_VERIFY: not the chip that owns it; CC_E_STATE:
 * no chip authentication mapping was run.
 */
CC_MUST cc_status pace_verify_chip_auth(const struct pace_result *r, struct agree_group group, struct bytes chip_key);
/* By any key of these infos. CC_E_NOT_FOUND: none is in the group; CC_E_VERIFY: one is, and it isn't the chip's. */
struct security_infos;
CC_MUST cc_status pace_verify_chip_auth_by(const struct pace_result *r, const struct security_infos *infos);

/*
 * The whole protocol: MSE:Set AT and four GENERAL AUTHENTICATE; on success the
 * channel carries secure messaging with SSC 0. CC_E_DENIED "access.pace-refused"
 * (wrong password: 6300 or a wrong token), CC_E_VERIFY when the card's side is
 * wrong. Never retried here, never falls to BAC here. ret (may be NULL) must be
 * empty. With chip authentication mapping the chip is not genuine until
 * pace_verify_chip_auth says so.
 */
CC_MUST cc_status pace_authenticate(struct channel *ch, const struct pace_params *p, enum pace_password kind,
				    struct bytes password, const struct sys *sys, struct pace_result *ret);

#endif
