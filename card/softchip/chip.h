/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_SOFTCHIP_CHIP_H
#define CC_CARD_SOFTCHIP_CHIP_H

#include "card/softchip/chip_command.h"
#include "card/softchip/chip_cvc.h"
#include "card/softchip/chip_memory.h"
#include "card/softchip/chip_scp02.h"
#include "card/softchip/chip_scp03.h"
#include "card/softchip/chip_sm.h"
#include "card/softchip/softchip.h"
#include "crypto/base/buf.h"
#include "crypto/base/secret.h"
#include "crypto/base/sys.h"
#include "crypto/cipher.h"
#include "crypto/agree.h"
#include "crypto/ec.h"
#include "crypto/rsa.h"

/* Inside the chip: what its files share. Nothing outside card/softchip (and its tests) includes this. */

enum chip_place {
	CHIP_ROOT = 1,	/* after reset: the security domain, and EF.CardAccess; personality icao: the MF as well */
	CHIP_ISD = 2,	/* security domain selected by name */
	CHIP_EMRTD = 4, /* application A0000002471001 */
	CHIP_MOC = 8,	/* match-on-card application */
};

/* The STORE DATA stream: data groupings cut into blocks anywhere. */
struct chip_store {
	bool open;	/* INSTALL [for personalization] was accepted */
	unsigned block; /* expected P2 */
	uint8_t head[5];
	size_t head_n;
	uint16_t dgi;
	bool in_body;
	size_t left;		     /* of the running DGI's body */
	uint8_t small[CHIP_CVC_MAX]; /* body of a DGI that is no file */
	size_t small_n;
};

enum chip_pace_step { CHIP_PACE_NONE, CHIP_PACE_NONCE, CHIP_PACE_MAP, CHIP_PACE_AGREE, CHIP_PACE_TOKEN };
/* Generic, Integrated and Chip Authentication Mapping. */
enum chip_pace_mapping { CHIP_PACE_GM, CHIP_PACE_IM, CHIP_PACE_CAM };

/* One of the protocols that EF.CardAccess offers. */
struct chip_pace_info {
	enum chip_pace_mapping mapping;
	enum cipher_alg alg;
	struct agree_group group;
};

struct chip_pace {
	enum chip_pace_step step; /* what the next GENERAL AUTHENTICATE does */
	uint8_t oid[16];
	size_t oid_n;
	struct chip_pace_info info;
	uint8_t password; /* 1 MRZ, 2 CAN */
	bool want_car;	  /* the last answer names the trust points */
	struct secret nonce, ks_enc, ks_mac;
	struct agree_domain *mapped;
	struct buf mapping_private;	    /* private number of the mapping key, for Chip Authentication Mapping */
	struct buf own_public, peer_public; /* ephemeral public keys */
};

/* Command chaining (7816-4 5.3.3): what came so far. */
struct chip_chain {
	bool active;
	uint8_t cla, ins, p1, p2;
	struct writer data;
};

/* A certificate holder of the running chain. */
struct chip_holder {
	struct buf body; /* 7F4E; empty: none */
	bool has_curve;
	enum ec_curve curve;
	uint8_t rights; /* effective: AND over the chain so far */
};

struct chip_terminal {
	struct chip_holder issuer;    /* chosen by MSE:Set DST */
	struct chip_holder temporary; /* the last DV or terminal certificate that was accepted */
	struct buf comp_pcd;	      /* Comp() of the terminal's key in Chip Authentication; empty: none was run */
	bool key_chosen;	      /* MSE:Set AT named the terminal's key */
	uint8_t rights;		      /* of the authenticated terminal */
};

/* What is gone with the power. */
struct chip_session {
	enum chip_place place;
	uint16_t ef;		 /* current elementary file; 0: none */
	struct chip_scp02 scp02; /* of a chip with the older protocol; else scp03 */
	struct chip_scp03 scp03;
	struct chip_store store;
	bool has_challenge; /* GET CHALLENGE just before */
	uint8_t challenge[8];
	struct chip_pace pace;
	struct chip_sm sm;
	bool access;	    /* BAC or PACE succeeded in this secure messaging session */
	bool access_staged; /* access begins with the staged keys */
	bool ca_for_aes;    /* MSE:Set AT for Chip Authentication was accepted */
	enum chip_field ca_key;
	struct buf id_picc; /* the chip's name to a terminal: document number or PACE's ephemeral key */
	struct chip_terminal terminal;
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
/* A key pair, its private number drawn from the chip's random source. ret_private: that number; may be NULL. */
CC_MUST cc_status chip_make_key(struct softchip *chip, const struct agree_domain *domain, struct agree_key **ret,
				struct buf *ret_private);
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

/* ---- chip_moc.c: the match-on-card application */
extern const struct bytes chip_aid_moc_default;
/* Whatever its document: is it there to be selected? */
bool chip_moc_selectable(const struct softchip *chip);
/* Content that the memory may have: false for none that chip_moc_put_data stores. */
bool chip_moc_sound(const struct softchip *chip);
uint16_t chip_moc_get_data(struct softchip *chip, const struct command *cmd, struct writer *out);
uint16_t chip_moc_put_data(struct softchip *chip, const struct command *cmd, struct writer *out);
uint16_t chip_moc_verify(struct softchip *chip, const struct command *cmd, struct writer *out);

/* ---- chip_gp.c: the security domain */
uint16_t chip_gp_get_data(struct softchip *chip, const struct command *cmd, struct writer *out);
uint16_t chip_gp_initialize_update(struct softchip *chip, const struct command *cmd, struct writer *out);
uint16_t chip_gp_external_authenticate(struct softchip *chip, const struct command *cmd, struct writer *out);
uint16_t chip_gp_get_status(struct softchip *chip, const struct command *cmd, struct writer *out);
uint16_t chip_gp_set_status(struct softchip *chip, const struct command *cmd, struct writer *out);
void chip_gp_close(struct softchip *chip); /* secure channel and personalization end */
bool chip_has_scp02(const struct softchip *chip);
bool chip_gp_session(const struct softchip *chip); /* a secure channel is open */
/* Static keys, with their version. */
struct chip_keys {
	uint8_t version;
	struct bytes enc, mac, dek; /* views into memory */
};
CC_MUST cc_status chip_keys_read(const struct softchip *chip, struct chip_keys *ret);

/* ---- chip_put_key.c */
uint16_t chip_put_key(struct softchip *chip, const struct command *cmd, struct writer *out);

/* ---- chip_store.c: personalization */
/* Secure channel with C-MAC, C-ENC and R-MAC: what personalization needs. */
bool chip_store_session_strong(const struct softchip *chip);
uint16_t chip_store_install(struct softchip *chip, const struct command *cmd, struct writer *out);
uint16_t chip_store_data(struct softchip *chip, const struct command *cmd, struct writer *out);
uint16_t chip_store_read(struct softchip *chip, const struct command *cmd, struct writer *out);

/* ---- chip_keypair.c: the keys that the chip makes */
#define CHIP_KEY_RSA 0xFF /* in place of a standardized domain parameter id */
struct chip_key {
	uint8_t parameter_id;
	uint8_t detail; /* hash id (Active Authentication) or cipher id (Chip Authentication) */
	uint8_t form;	/* Active Authentication: 1 DER signatures; Chip Authentication: 1 has an id */
	uint8_t id;
	struct agree_group group; /* not for RSA */
	struct agree_key *agree;  /* not for RSA */
	struct ec_key *ec;	  /* ECDSA */
	struct rsa_key *rsa;
	struct bytes secret; /* the private number; a view into memory, until its next change */
};
void chip_key_done(struct chip_key *k);
/* body: as DGI 00A1 (CHIP_FIELD_AA_KEY) or 00A2. Writes 7F49 { public key } to out when out isn't NULL. */
uint16_t chip_keypair_make(struct softchip *chip, enum chip_field which, struct bytes body, struct writer *out);
/* 6A88 when there is none. */
uint16_t chip_keypair_put_public(struct softchip *chip, enum chip_field which, struct writer *out);
/* ret: chip_key_done. CC_E_NOT_FOUND. */
CC_MUST cc_status chip_keypair_load(struct softchip *chip, enum chip_field which, struct chip_key *ret);
/* The Chip Authentication key that a reference (tag 84; empty: none given) names. */
bool chip_keypair_find(const struct softchip *chip, struct bytes reference, enum chip_field *ret);
/* Is there a key of this slot in the group? */
bool chip_keypair_in_group(const struct softchip *chip, enum chip_field which, struct agree_group group);
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
/* What EF.CardAccess says of an OID; parameters: content of tag 84, or empty for the only one. False: not offered. */
bool chip_pace_info_find(struct bytes card_access, struct bytes oid, struct bytes parameters, struct chip_pace_info *ret);

/* ---- chip_active.c: Active Authentication */
uint16_t chip_active_internal(struct softchip *chip, const struct command *cmd, struct writer *out);

/* ---- chip_ca.c: Chip Authentication */
uint16_t chip_ca_set_kat(struct softchip *chip, const struct command *cmd);
uint16_t chip_ca_set_at(struct softchip *chip, const struct command *cmd);
uint16_t chip_ca_general(struct softchip *chip, const struct command *cmd, struct writer *out);

/* ---- chip_terminal.c: Terminal Authentication */
void chip_terminal_reset(struct chip_terminal *t);
uint16_t chip_terminal_set_dst(struct softchip *chip, const struct command *cmd);
uint16_t chip_terminal_verify(struct softchip *chip, const struct command *cmd, struct writer *out);
uint16_t chip_terminal_set_at(struct softchip *chip, const struct command *cmd);
uint16_t chip_terminal_external(struct softchip *chip, const struct command *cmd);

/* ---- chip_trust.c: trust points and the current date */
/* DGI 00B3: a self-signed CVCA certificate (7F21); DGI 00B4: the date of personalization. */
uint16_t chip_trust_personalize(struct softchip *chip, struct bytes certificate);
uint16_t chip_trust_personalize_date(struct softchip *chip, struct bytes date);
/* The trust point of that name; views into memory, until its next change. */
bool chip_trust_find(const struct softchip *chip, struct bytes holder, struct chip_cvc *ret);
bool chip_trust_expired(const struct softchip *chip, struct bytes expiration);
/* The date moves forward, or stays. */
CC_MUST cc_status chip_trust_advance(struct softchip *chip, struct bytes date);
/* A verified link certificate becomes the newest trust point. */
CC_MUST cc_status chip_trust_link(struct softchip *chip, const struct chip_cvc *link);
/* Content of EF.CVCA; false when there is no trust point. */
bool chip_trust_put_ef(const struct softchip *chip, struct writer *out);
/* The same in the last answer of PACE: 87 and 88. */
void chip_trust_put_references(const struct softchip *chip, struct writer *out);

/* ---- chip_auth.c: commands that several protocols share */
uint16_t chip_auth_manage_environment(struct softchip *chip, const struct command *cmd, struct writer *out);
uint16_t chip_auth_general(struct softchip *chip, const struct command *cmd, struct writer *out);
uint16_t chip_auth_external(struct softchip *chip, const struct command *cmd, struct writer *out);

#endif
