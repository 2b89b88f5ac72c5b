/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_PERSO_PERSONALIZE_H
#define CC_CARD_PERSO_PERSONALIZE_H

#include "card/apdu.h"
#include "card/lds/lds_set.h"
#include "card/perso/gp.h"
#include "card/perso/match_on_card.h"
#include "card/perso/secure_channel.h"
#include "crypto/base/sys.h"
#include "crypto/dh.h"
#include "crypto/ec.h"
#include "crypto/hash.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The plan by which a blank becomes a card:
 *
 *	identify -> greet -> authenticate -> begin -> make keys -> write -> compare
 *	-> close -> secure -> lock -> prove
 *
 * Each function is one step; the caller keeps its journal between them. The
 * order is enforced (CC_ASSERT): nothing is closed that was not compared, and
 * the key set is replaced last, because after that nobody authenticates.
 * Details of failures are in p->err; "perso.*" keys.
 */
struct profile;
struct profile_registry;

enum personalize_progress {
	PERSONALIZE_IDENTIFIED,
	PERSONALIZE_AUTHENTICATED,
	PERSONALIZE_BEGUN,
	PERSONALIZE_WRITTEN,
	PERSONALIZE_COMPARED,
	PERSONALIZE_CLOSED,
	PERSONALIZE_SECURED,
	PERSONALIZE_LOCKED,
	PERSONALIZE_PROVED,
};

struct personalize {
	struct channel *ch; /* not owned */
	const struct sys *sys;
	const struct profile *profile;
	struct gp_cplc cplc;
	uint8_t diversification[SCP03_DIVERSIFICATION_LEN];
	struct secure_channel_handshake hs; /* of the greeting */
	bool greeted;
	struct secret dek; /* of this session: for PUT KEY */
	enum cipher_alg key_alg;
	uint8_t next_block; /* STORE DATA block number in this session */
	enum personalize_progress progress;
	struct cc_error err;
};
void personalize_done(struct personalize *p); /* wipes; the channel loses its layer */

/*
 * A card just connected or reset: lengths (the channel gets what card and reader
 * negotiate), SELECT ISD, CPLC, and the one profile that matches. CC_E_UNSUPPORTED
 * "perso.unknown-chip".
 */
CC_MUST cc_status personalize_identify(struct channel *ch, const struct profile_registry *profiles, const struct sys *sys,
				       struct personalize *ret, struct cc_error *err);

/*
 * INITIALIZE UPDATE: does the card answer with the cryptogram of these keys?
 * Nothing is spent by asking. "perso.wrong-card" when the card's
 * diversification data isn't that of its CPLC.
 */
CC_MUST cc_status personalize_greet(struct personalize *p, const struct scp03_keys *keys, bool *ret_live);
/* The one EXTERNAL AUTHENTICATE that belongs to the greeting (scp03.h). "perso.wrong-keys": nothing was sent. */
CC_MUST cc_status personalize_authenticate(struct personalize *p, const struct scp03_keys *keys);

struct personalize_state {
	bool card_secured;
	bool closed; /* the application is personalized */
};
/* Asks the chip, by GET STATUS; takes the progress from it (a closed or secured chip may be carried on). */
CC_MUST cc_status personalize_ask_state(struct personalize *p, struct personalize_state *ret);

/* Opens the application for writing. "perso.already-personalized" when it is closed. */
CC_MUST cc_status personalize_begin(struct personalize *p);

enum personalize_key { PERSONALIZE_KEY_AA, PERSONALIZE_KEY_CA };
struct personalize_key_request {
	enum personalize_key which;
	enum ec_curve curve; /* unless one of the next two says otherwise */
	unsigned rsa_bits;   /* Active Authentication: an RSA key of 2048, 3072 or 4096 bits; 0: EC */
	bool is_dh;	     /* Chip Authentication: a DH key of that group */
	enum dh_group group;
	enum hash_alg aa_hash;	/* Active Authentication */
	enum cipher_alg ca_alg; /* Chip Authentication */
};
/*
 * The chip makes a key pair; ret_point is its public half: a point, checked to lie on the curve; a DH value, checked to be
 * of the group's order; or the SubjectPublicKeyInfo of an RSA key of that length without the fingerprint of weak generators.
 */
CC_MUST cc_status personalize_make_key(struct personalize *p, const struct personalize_key_request *req, struct buf *ret_point);
/* The public half of a key made before; CC_E_NOT_FOUND when there is none. */
CC_MUST cc_status personalize_get_key(struct personalize *p, const struct personalize_key_request *req, struct buf *ret_point);

/* MRZ information with check digits: document number (9 to 22), 1, 6, 1, 6, 1 characters. */
#define PERSONALIZE_MRZ_INFO_MAX 40
struct personalize_data {
	const struct lds_set *files;
	char mrz_info[PERSONALIZE_MRZ_INFO_MAX + 1];
	char can[7];
	struct bytes cvca; /* first trust point of Terminal Authentication, a CV certificate (7F21); empty: none. A view */
	char cvca_date[7]; /* with it: the chip's first date, YYMMDD */
};
void personalize_data_done(struct personalize_data *d); /* wipes the secrets; the files are the caller's */
/* Bytes that the write phase must carry: contents with their DGI headers. */
size_t personalize_payload(const struct personalize_data *d);

CC_MUST cc_status personalize_write(struct personalize *p, const struct personalize_data *d);
/* Reads every file back under the same session and compares each byte. CC_E_VERIFY "perso.read-back". */
CC_MUST cc_status personalize_compare(struct personalize *p, const struct personalize_data *d);

/*
 * Templates for match-on-card, in their application under a secure channel of its own, before anything is closed; then the
 * session that was open is opened again. The card must list what was written and nothing else: CC_E_VERIFY "perso.templates".
 */
#define PERSONALIZE_TEMPLATES_MAX 2
struct personalize_template {
	struct match_on_card_reference where;
	struct bytes object; /* 7F2E; a view */
};
struct personalize_templates {
	struct bytes aid;
	size_t count;
	struct personalize_template items[PERSONALIZE_TEMPLATES_MAX];
};
CC_MUST cc_status personalize_write_templates(struct personalize *p, const struct scp03_keys *keys,
					      const struct personalize_templates *t);
/* What the application asks of a template, in the clear: 7F60. The security domain is selected again. */
CC_MUST cc_status personalize_template_information(struct personalize *p, struct bytes aid, struct buf *ret);
/* After personalize_prove: PUT DATA is refused too. CC_E_VERIFY "perso.writable". */
CC_MUST cc_status personalize_prove_templates(struct personalize *p, const struct personalize_templates *t);

/* The three irreversible steps. */
CC_MUST cc_status personalize_close(struct personalize *p);  /* the application becomes PERSONALIZED */
CC_MUST cc_status personalize_secure(struct personalize *p); /* the card becomes SECURED */
/* New random keys, kept nowhere. */
CC_MUST cc_status personalize_lock(struct personalize *p);

/*
 * After a reset: same chip; its cryptogram is no longer that of `keys`; EXTERNAL
 * AUTHENTICATE made from them is refused (one attempt); INSTALL [for
 * personalization] and STORE DATA are refused. CC_E_VERIFY "perso.keys-live",
 * "perso.writable", "perso.swapped".
 */
CC_MUST cc_status personalize_prove(struct personalize *p, const struct scp03_keys *keys);

/* SELECT of the security domain. */
CC_MUST cc_status personalize_select_isd(struct channel *ch, struct cc_error *err);
/* p->err from the channel's error, when there is none yet; st comes back. For profiles. */
cc_status personalize_fail(struct personalize *p, cc_status st, const char *key);

#endif
