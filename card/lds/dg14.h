/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_LDS_DG14_H
#define CC_CARD_LDS_DG14_H

#include "card/lds/card_access.h"
#include "card/lds/security_infos.h"

/* DG14, ICAO 9303-10 4.7.14: 6E { SecurityInfos }. */
struct dg14_params {
	struct card_access_settings access; /* its infos are repeated: a reader compares them with EF.CardAccess */
	struct bytes ca_spki;		    /* SubjectPublicKeyInfo of the chip's Chip Authentication key */
	bool has_ca_key_id;
	uint8_t ca_key_id;
	bool with_aa; /* ActiveAuthenticationInfo: demanded when the Active Authentication key is ECDSA (9303-11 9.2.9) */
	enum hash_alg aa_hash;
};
CC_MUST cc_status dg14_encode(const struct dg14_params *p, struct buf *ret, struct cc_error *err);
/* What was parsed, in its order. */
CC_MUST cc_status dg14_encode_infos(const struct security_infos *in, struct buf *ret);
/* Views into file. CC_E_FORMAT "dg14.structure" or "security-infos.structure". */
CC_MUST cc_status dg14_parse(struct bytes file, struct security_infos *ret, struct cc_error *err);

#endif
