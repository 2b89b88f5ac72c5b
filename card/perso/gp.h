/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_PERSO_GP_H
#define CC_CARD_PERSO_GP_H

#include "card/apdu.h"
#include "card/perso/scp03.h"
#include "crypto/base/buf.h"
#include "crypto/base/secret.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * GlobalPlatform Card Specification v2.3.1 (GP below): commands are built and
 * answers parsed here without I/O; the caller sends them.
 */
#define GP_AID_MAX 16
#define GP_CPLC_LEN 42
#define GP_SERIAL_LEN 8
#define GP_COMMAND_DATA_MAX 255

/* A command with its data inside; it may hold encrypted keys: gp_command_done wipes. Not to be copied (apdu.data points inside).
 */
struct gp_command {
	struct apdu apdu;
	uint8_t data[GP_COMMAND_DATA_MAX];
};
void gp_command_done(struct gp_command *c);

/* GP 11.9: SELECT by name. */
CC_MUST cc_status gp_select_build(struct bytes aid, struct gp_command *ret);
/* FCI template 6F { 84 AID, A5 {...} }: the AID that was selected, a view; the list inside A5 isn't judged. */
CC_MUST cc_status gp_select_parse(struct bytes answer, struct bytes *ret_aid);

/* GP 11.3: GET DATA. */
void gp_get_data_build(uint16_t tag, struct gp_command *ret);

/* Card production life cycle data, tag 9F7F. */
struct gp_cplc {
	uint8_t raw[GP_CPLC_LEN];
	uint16_t ic_fabricator, ic_type, os_id, os_date, os_level;
	uint8_t serial[GP_SERIAL_LEN]; /* fabrication date (2), IC serial number (4), IC batch (2) */
};
CC_MUST cc_status gp_cplc_parse(struct bytes answer, struct gp_cplc *ret);

/* GP 11.4: GET STATUS, P2 02 (BER-TLV). p1: 80 issuer security domain, 40 applications. */
#define GP_STATUS_ISD 0x80
#define GP_STATUS_APPLICATIONS 0x40
CC_MUST cc_status gp_get_status_build(uint8_t p1, struct bytes aid, struct gp_command *ret);
/* Life cycle state (9F70, first byte) of `aid` in the E3 list. CC_E_NOT_FOUND when it isn't there. */
CC_MUST cc_status gp_get_status_parse(struct bytes answer, struct bytes aid, uint8_t *ret_life_cycle);

/* GP 11.10: SET STATUS of the card. */
#define GP_CARD_OP_READY 0x01
#define GP_CARD_INITIALIZED 0x07
#define GP_CARD_SECURED 0x0F
void gp_set_card_status_build(uint8_t state, struct gp_command *ret);

/* GP 11.5.2.3.6: INSTALL [for personalization] of the application `aid`. */
CC_MUST cc_status gp_install_personalization_build(struct bytes aid, struct gp_command *ret);

/*
 * PUT KEY, replacing `old_version` by `new_version`: three AES keys under the static DEK (GP 11.8 and GP-D 7.2), or, when
 * new_keys->alg is CIPHER_TDES, three 3DES keys under the DEK of an SCP02 session (GP 11.8 and E.4.7).
 */
CC_MUST cc_status gp_put_key_build(const struct secret *dek, const struct scp03_keys *new_keys, uint8_t old_version,
				   uint8_t new_version, struct gp_command *ret);
/* The card repeats version and check values: CC_E_VERIFY when they aren't the keys that were sent. */
CC_MUST cc_status gp_put_key_parse(struct bytes answer, const struct scp03_keys *new_keys, uint8_t new_version);

/*
 * GP 11.11 STORE DATA in DGI format (GP Systems Scripting Language: two bytes,
 * length of one byte, or FF and two bytes above 254). DGIs are written one after
 * the other and cut into blocks of exactly the channel's room, so that no
 * smaller number of commands is possible.
 */
#define GP_DGI_LEN_MAX 65535
void gp_dgi_put(struct writer *w, uint16_t dgi, struct bytes content);

struct gp_store_data {
	struct cursor left;
	size_t room;
	uint8_t block; /* P2 of the next block: runs on from block to block within one personalization session */
	bool last;     /* the final block ends personalization: P1 b8 */
	bool answer;   /* P1 b1: response data expected (case 4) */
	bool done;
};
/* dgis: a view that must stay alive. first_block: P2 to start with. */
void gp_store_data_init(struct gp_store_data *s, struct bytes dgis, size_t room, uint8_t first_block, bool last, bool answer);
/* False when all blocks were given. ret->data is a view into the DGIs. */
CC_MUST bool gp_store_data_next(struct gp_store_data *s, struct apdu *ret);
/* Number of commands for n bytes of DGIs. */
size_t gp_store_data_count(size_t n, size_t room);

#endif
