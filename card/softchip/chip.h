/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_SOFTCHIP_CHIP_H
#define CC_CARD_SOFTCHIP_CHIP_H

#include "card/softchip/chip_command.h"
#include "card/softchip/chip_memory.h"
#include "card/softchip/chip_scp03.h"
#include "card/softchip/chip_sm.h"
#include "card/softchip/softchip.h"
#include "crypto/base/buf.h"
#include "crypto/base/secret.h"
#include "crypto/base/sys.h"
#include "crypto/cipher.h"
#include "crypto/ec.h"

/* Inside the chip: what its files share. Nothing outside card/softchip (and its tests) includes this. */

enum chip_place {
	CHIP_ROOT = 1,	/* after reset: the security domain, and EF.CardAccess; personality icao: the MF as well */
	CHIP_ISD = 2,	/* security domain selected by name */
	CHIP_EMRTD = 4, /* application A0000002471001 */
};

/* The STORE DATA stream: data groupings cut into blocks anywhere. */
struct chip_store {
	bool open;	/* INSTALL [for personalization] was accepted */
	unsigned block; /* expected P2 */
	uint8_t head[5];
	size_t head_n;
	uint16_t dgi;
	bool in_body;
	size_t left;	   /* of the running DGI's body */
	uint8_t small[48]; /* body of a DGI that is no file */
	size_t small_n;
};

enum chip_pace_step { CHIP_PACE_NONE, CHIP_PACE_NONCE, CHIP_PACE_MAP, CHIP_PACE_AGREE, CHIP_PACE_TOKEN };

struct chip_pace {
	enum chip_pace_step step; /* what the next GENERAL AUTHENTICATE does */
	uint8_t oid[16];
	size_t oid_n;
	enum cipher_alg alg;
	enum ec_curve curve;
	uint8_t password; /* 1 MRZ, 2 CAN */
	struct secret nonce, ks_enc, ks_mac;
	struct ec_domain *mapped;
	struct buf own_point, peer_point; /* ephemeral public keys */
};

/* Command chaining (7816-4 5.3.3): what came so far. */
struct chip_chain {
	bool active;
	uint8_t cla, ins, p1, p2;
	struct writer data;
};

/* What is gone with the power. */
struct chip_session {
	enum chip_place place;
	uint16_t ef; /* current elementary file; 0: none */
	struct chip_scp03 scp03;
	struct chip_store store;
	bool has_challenge; /* GET CHALLENGE just before */
	uint8_t challenge[8];
	struct chip_pace pace;
	struct chip_sm sm;
	bool access;	    /* BAC or PACE succeeded in this secure messaging session */
	bool ca_for_aes;    /* MSE:Set AT for Chip Authentication was accepted */
	bool access_staged; /* access begins with the staged keys */
	struct chip_chain chain;
	struct buf reply; /* rest for GET RESPONSE */
	size_t reply_sent;
	uint16_t reply_sw;
};

struct chip_tear_plan {
	enum softchip_tear kind;
	bool since_power_on;
	uint64_t at;
};

struct softchip {
	const struct sys *sys;
	struct chip_memory memory;
	struct chip_session s;
	bool powered;
	uint64_t apdus;		/* since new or load */
	uint64_t apdus_powered; /* since power-on */
	struct chip_tear_plan tear;
};

/* A handler writes response data to out and returns the status word. */
typedef uint16_t (*chip_handler)(struct softchip *chip, const struct command *cmd, struct writer *out);

/* ---- chip.c */
/* Status word of a failure inside: 6A84 when memory is full, 6581 when it can't be written, 6F00. */
uint16_t chip_sw_of(cc_status st);
/* Ends BAC or PACE and everything that depends on it. */
void chip_access_end(struct softchip *chip);
/* A random scalar and its key pair, drawn from the chip's random source. */
CC_MUST cc_status chip_make_key(struct softchip *chip, enum ec_curve curve, struct ec_key **ret);
bool chip_is_icao(const struct softchip *chip);
bool chip_is_personalized(const struct softchip *chip);
struct chip_factory {
	uint8_t personality, extended;
	uint32_t command_max;
	uint8_t serial[8];
};
struct chip_factory chip_factory_data(const struct softchip *chip);
/* Longest response data of one answer. */
size_t chip_answer_max(const struct softchip *chip);
/* 7F66: both lengths; false when the chip has short length only. */
bool chip_put_lengths(const struct softchip *chip, struct writer *out);

/* ---- chip_dispatch.c */
/* One command with everything around it: class, secure messaging, chaining, GET RESPONSE. */
CC_MUST cc_status chip_process(struct softchip *chip, struct bytes apdu, struct writer *answer);

/* ---- chip_select.c */
uint16_t chip_select(struct softchip *chip, const struct command *cmd, struct writer *out);
extern const struct bytes chip_aid_isd, chip_aid_emrtd;

/* ---- chip_gp.c: the security domain */
uint16_t chip_gp_get_data(struct softchip *chip, const struct command *cmd, struct writer *out);
uint16_t chip_gp_initialize_update(struct softchip *chip, const struct command *cmd, struct writer *out);
uint16_t chip_gp_external_authenticate(struct softchip *chip, const struct command *cmd, struct writer *out);
uint16_t chip_gp_get_status(struct softchip *chip, const struct command *cmd, struct writer *out);
uint16_t chip_gp_set_status(struct softchip *chip, const struct command *cmd, struct writer *out);
void chip_gp_close(struct softchip *chip); /* secure channel and personalization end */
/* Static keys, with their version. */
struct chip_keys {
	uint8_t version;
	struct bytes enc, mac, dek; /* views into memory */
};
CC_MUST cc_status chip_keys_read(const struct softchip *chip, struct chip_keys *ret);

/* ---- chip_put_key.c */
uint16_t chip_put_key(struct softchip *chip, const struct command *cmd, struct writer *out);

/* ---- chip_store.c: personalization */
uint16_t chip_store_install(struct softchip *chip, const struct command *cmd, struct writer *out);
uint16_t chip_store_data(struct softchip *chip, const struct command *cmd, struct writer *out);
uint16_t chip_store_read(struct softchip *chip, const struct command *cmd, struct writer *out);

/* ---- chip_keypair.c: the two keys that the chip makes */
/* body: parameter id and hash or cipher. Writes 7F49 { 86 point } to out when out isn't NULL. */
uint16_t chip_keypair_make(struct softchip *chip, enum chip_field which, struct bytes body, struct writer *out);
/* 6A88 when there is none. */
uint16_t chip_keypair_put_public(struct softchip *chip, enum chip_field which, struct writer *out);
/* ret_detail: hash or cipher id. CC_E_NOT_FOUND. */
CC_MUST cc_status chip_keypair_load(struct softchip *chip, enum chip_field which, uint8_t *ret_detail, struct ec_key **ret);
enum cipher_alg chip_cipher_of_id(uint8_t id); /* 1 3DES .. 4 AES-256 */

/* ---- chip_file.c: reading in the field */
uint16_t chip_file_select(struct softchip *chip, const struct command *cmd, struct writer *out);
uint16_t chip_file_read(struct softchip *chip, const struct command *cmd, struct writer *out);
uint16_t chip_file_read_odd(struct softchip *chip, const struct command *cmd, struct writer *out);
uint16_t chip_file_get_data(struct softchip *chip, const struct command *cmd, struct writer *out);
/* Offset object 54 in, object 53 out, over a whole file's content. */
uint16_t chip_file_answer_object(const struct command *cmd, struct bytes offset_object, struct bytes content, struct writer *out);

/* ---- chip_bac.c */
uint16_t chip_bac_get_challenge(struct softchip *chip, const struct command *cmd, struct writer *out);
uint16_t chip_bac_external_authenticate(struct softchip *chip, const struct command *cmd, struct writer *out);
/* A password was right or wrong: counted in non-volatile memory. */
CC_MUST cc_status chip_password_count(struct softchip *chip, bool right);
/* One second from the third wrong password in a row. */
void chip_password_delay(struct softchip *chip);

/* ---- chip_pace.c, chip_pace_info.c */
void chip_pace_reset(struct chip_pace *p);
uint16_t chip_pace_set_at(struct softchip *chip, const struct command *cmd);
uint16_t chip_pace_general_authenticate(struct softchip *chip, const struct command *cmd, struct writer *out);
/*
 * What EF.CardAccess says of an OID: parameter_id 0 takes the only PACEInfo
 * with it. False: not offered.
 */
bool chip_pace_info_find(struct bytes card_access, struct bytes oid, unsigned parameter_id, enum cipher_alg *ret_alg,
			 enum ec_curve *ret_curve);

/* ---- chip_auth.c: Active Authentication, Chip Authentication, and MSE for all */
uint16_t chip_auth_internal(struct softchip *chip, const struct command *cmd, struct writer *out);
uint16_t chip_auth_manage_environment(struct softchip *chip, const struct command *cmd, struct writer *out);
uint16_t chip_auth_general(struct softchip *chip, const struct command *cmd, struct writer *out);

#endif
