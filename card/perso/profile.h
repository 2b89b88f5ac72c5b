/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_PERSO_PROFILE_H
#define CC_CARD_PERSO_PROFILE_H

#include "card/perso/personalize.h"
#include "crypto/kdf.h"

/*
 * One chip family: what its data sheet says, as data and a few functions. A
 * profile is complete (registration refuses holes) and matches by itself: two
 * profiles that match one card are a start-up error, order has no meaning.
 */

/* What is known before anything is sent under keys. */
struct profile_card {
	struct bytes atr;
	const struct gp_cplc *cplc;
};

enum profile_read_back {
	PROFILE_READ_BACK_SESSION = 1, /* in the personalization session, before anything is final */
	PROFILE_READ_BACK_FIELD,       /* through BAC, before the lock */
};

enum profile_seal {
	PROFILE_SEAL_KEYS_REPLACED = 1, /* life cycle, then random keys in place of the personalization keys */
	PROFILE_SEAL_LOCK,		/* a lock command of the application */
};

struct profile {
	const char *name; /* "softchip" */
	/* data */
	/*
	 * application_aid: as the chip's maker installed it; what is issued for the field has fs_aid_emrtd, which every reader
	 * selects (ICAO 9303-10, LDS1). No setting: a lot with another name is another data sheet, another profile.
	 */
	struct bytes isd_aid, application_aid;
	uint8_t key_version;
	enum secure_channel_protocol protocol;
	uint8_t level;		/* secure channel level, of those that the protocol has */
	enum kdf_scheme scheme; /* how the chip maker made its keys from the issuer's master key: KDF3 with SCP03 only */
	size_t file_max;
	size_t memory; /* non-volatile bytes for all files */
	bool chip_makes_keys;
	enum profile_read_back read_back;
	enum profile_seal seal;
	/* A CPLC and ATR of this family: registration checks that exactly this profile matches them. */
	struct bytes sample_atr, sample_cplc;

	/* No I/O. */
	bool (*match)(const struct profile_card *card);
	void (*diversification)(const struct gp_cplc *cplc, uint8_t out[SCP03_DIVERSIFICATION_LEN]);

	/* Steps; the channel is in the state that the plan gives. */
	cc_status (*ask_state)(struct personalize *p, struct personalize_state *ret);
	cc_status (*begin)(struct personalize *p);
	cc_status (*make_key)(struct personalize *p, const struct personalize_key_request *req, struct buf *ret_point);
	cc_status (*get_key)(struct personalize *p, const struct personalize_key_request *req, struct buf *ret_point);
	cc_status (*write)(struct personalize *p, const struct personalize_data *d);
	/* One block of a file from offset; *ret_end when nothing seems to follow: it said so, or could have held more. */
	cc_status (*read)(struct personalize *p, uint16_t fid, size_t offset, struct buf *ret, bool *ret_end);
	cc_status (*close)(struct personalize *p);
	cc_status (*secure)(struct personalize *p);
	cc_status (*lock)(struct personalize *p, const struct scp03_keys *new_keys);
	/* In the clear after a reset: is writing refused? CC_E_VERIFY "perso.writable". */
	cc_status (*prove_refusal)(struct personalize *p);
};

#define PROFILE_MAX 16

struct profile_registry {
	const struct profile *items[PROFILE_MAX];
	size_t count;
};

/* CC_E_ARG "perso.profile-hole" names what is missing; CC_E_EXISTS "perso.profile-clash" when a sample matches twice or not at
 * all. */
CC_MUST cc_status profile_register(struct profile_registry *r, const struct profile *profile, struct cc_error *err);
/* CC_E_UNSUPPORTED "perso.unknown-chip"; CC_E_STATE "perso.profile-clash" when several match. */
CC_MUST cc_status profile_find(const struct profile_registry *r, const struct profile_card *card, const struct profile **ret,
			       struct cc_error *err);
/* All that this program knows. */
CC_MUST cc_status profile_registry_default(struct profile_registry *ret, struct cc_error *err);

extern const struct profile profile_softchip, profile_softchip_scp02;

#endif
