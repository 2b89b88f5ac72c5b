/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_LDS_CARD_ACCESS_H
#define CC_CARD_LDS_CARD_ACCESS_H

#include "card/lds/security_infos.h"
#include "crypto/agree.h"
#include "crypto/cipher.h"

/* EF.CardAccess, ICAO 9303-11 9.2.11 (9303-10 3.11.3): the SecurityInfos a reader needs before it has access. */
#define CARD_ACCESS_PACE_MAX 8
#define CARD_ACCESS_ECDH_CAM 6
/* One PACEInfo. variant: the arc of 9303-11 9.2.3 for group and mapping: 1 DH-GM, 2 ECDH-GM, 3 DH-IM, 4 ECDH-IM, 6 ECDH-CAM. */
struct card_access_pace {
	uint8_t variant;
	enum cipher_alg alg;
	unsigned parameter_id;
};

struct card_access_settings {
	bool with_ta; /* TerminalAuthenticationInfo version 1 */
	bool with_ca; /* ChipAuthenticationInfo */
	enum agree_kind ca_kind;
	enum cipher_alg ca_alg;
	unsigned ca_version;  /* 1 */
	uint8_t pace_variant; /* 0: as 2 */
	enum cipher_alg pace_alg;
	unsigned pace_parameter_id; /* 13 brainpoolP256r1 */
	struct card_access_pace more[CARD_ACCESS_PACE_MAX - 1];
	size_t more_count;
};
/* The card in the field (cccd-card.md 4): TA 1, CA ECDH AES-128 1, PACE ECDH-GM AES-128 2 parameter 13; 54 bytes. */
struct card_access_settings card_access_default(void);
/* Every PACEInfo of the settings, in their order; how many. */
size_t card_access_pace_list(const struct card_access_settings *s, struct card_access_pace ret[CARD_ACCESS_PACE_MAX]);
/* One of them is Chip Authentication Mapping: the chip needs EF.CardSecurity. */
bool card_access_has_cam(const struct card_access_settings *s);
CC_MUST cc_status card_access_encode(const struct card_access_settings *s, struct buf *ret, struct cc_error *err);
/* Bytes behind the SET (padding, a stray status word) are ignored: chips have them. Views into file. */
CC_MUST cc_status card_access_parse(struct bytes file, struct security_infos *ret, struct cc_error *err);

#endif
