/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_ISSUE_PREPARE_H
#define CC_STATION_ISSUE_PREPARE_H

#include "biometrics/portrait.h"
#include "biometrics/quality.h"
#include "card/inspect/will_it_read.h"
#include "card/lds/card_access.h"
#include "card/lds/dg13.h"
#include "card/lds/lds_set.h"
#include "card/perso/personalize.h"
#include "crypto/keystore.h"
#include "crypto/x509.h"
#include "station/config.h"
#include "station/face_cross_check.h"
#include "station/image_worker.h"
#include "station/issue/prepare_fingers.h"
#include "station/portrait_case.h"
#include "station/registry/check.h"
#include "station/registry/person.h"

/*
 * From a person to the files of one card. Built once: the bytes made here are
 * stored, signed, written, read back and compared.
 */
/* What a photo must pass before it becomes a card: every check, those that no supervisor may override, or none. */
enum prepare_gate { PREPARE_GATE_STANDARD, PREPARE_GATE_HARD, PREPARE_GATE_NONE };

/* What is done when readers in the field would lose something of this person's card (card/inspect/will_it_read.h). */
enum prepare_readers { PREPARE_READERS_OFF, PREPARE_READERS_WARN, PREPARE_READERS_HOLD };

struct prepare_settings {
	enum prepare_gate gate;
	enum prepare_readers readers;
	struct quality_rules photo_rules;
	struct portrait_params portrait;
	struct portrait_policy record;
	struct validity_rules rules;
	bool name_upper;	/* DG13 */
	char lds_version[5];	/* "0107", "0108" */
	unsigned sod_version;	/* 0, 1 */
	enum hash_alg sod_hash; /* data groups and EF.SOD's signature */
	bool rsa_pss;		/* of a document signer with an RSA key */
	enum ec_param_form params;
	struct card_access_settings access;
	enum ec_curve aa_curve;
	unsigned aa_rsa_bits; /* 0: ECDSA on aa_curve */
	struct agree_group ca_group;
	enum hash_alg aa_hash;
	enum cipher_alg ca_alg;
	struct buf cvca; /* trust point of Terminal Authentication, a CV certificate; empty: none */
	struct face_cross_check cross_check;
	struct prepare_fingers_settings fingers;
	struct {
		bool wanted;
		uint8_t aid[MATCH_ON_CARD_AID_MAX];
		size_t aid_len;
	} match_on_card;
	struct image_worker *images; /* photos are decoded there */
};
/* CC_E_FORMAT "issue.setting" names the setting. */
CC_MUST cc_status prepare_settings_read(const struct config *c, struct prepare_settings *ret, struct cc_error *err);
void prepare_settings_done(struct prepare_settings *s);

#define PREPARE_LOST_MAX 8
/* Zero-initialise ({0}) before use. */
struct prepared {
	struct lds_set files;
	char mrz_info[PERSONALIZE_MRZ_INFO_MAX + 1];
	char can[7];
	size_t template_count; /* for match-on-card */
	struct {
		struct match_on_card_reference where;
		struct buf object; /* 7F2E */
	} templates[PERSONALIZE_TEMPLATES_MAX];
	bool name_truncated; /* in the MRZ: must be shown */
	struct dg13_warnings warnings;
	/* What readers would lose by this person's data, WILL_LOSE and graver; the first of them. */
	size_t lost_count;
	struct will_finding lost[PREPARE_LOST_MAX];
};
void prepared_done(struct prepared *p); /* wipes */
/* The secrets and views of the files and of the trust point for the writer. now_s: the chip's first date. */
struct personalize_data prepared_data(const struct prepare_settings *s, const struct prepared *p, int64_t now_s);
/* SHA-256 over the files and the templates, in this order: without templates that of the files (lds_set_hash). */
CC_MUST cc_status prepared_hash(const struct prepared *p, const struct lds_set *files, struct digest *ret);
/* Views of the templates; count 0: none. */
struct personalize_templates prepared_templates(const struct prepare_settings *s, const struct prepared *p);
/* What the chip is asked to make. */
struct personalize_key_request prepare_key_request(const struct prepare_settings *s, enum personalize_key which);

/*
 * What needs no chip: EF.CardAccess, EF.COM, DG1, DG2. today: of the issue,
 * when the person's record has none. A photo that the gate refuses is
 * CC_E_HELD with the key of its first defect ("portrait.no_face"). portrait: the
 * record's standard and the checks that are overridden (portrait_case_of); not asked, as the photo, without a face.
 */
CC_MUST cc_status prepare_person(const struct prepare_settings *s, const struct person *person, struct bytes photo,
				 const struct portrait_case *portrait, struct date today, struct prepared *ret,
				 struct cc_error *err);
/* Then DG3, which EF.COM names already, when the setting dg3 wants it and the card has a face; packed: of
 * registry_fingers_find. */
CC_MUST cc_status prepare_dg3(const struct prepare_settings *s, const struct person *person, struct bytes packed,
			      struct prepared *p, struct cc_error *err);
/*
 * Then the templates for match-on-card, fitted to what the card asks for: one finger of each hand that the registry has a
 * template of, in the order index, thumb, middle, ring, little. References are 81 for the right hand, 82 for the left.
 * CC_E_VERIFY "finger.template-few" and the like when the card doesn't take it; CC_E_FORMAT when it said nothing sensible.
 */
CC_MUST cc_status prepare_templates(struct bytes packed, struct bytes information, struct prepared *p, struct cc_error *err);
/* The settings chip.match-on-card and chip.match-on-card-aid. CC_E_FORMAT "issue.setting". */
CC_MUST cc_status prepare_templates_settings(const struct config *c, struct prepare_settings *ret, struct cc_error *err);
/*
 * DG13, which names the chip (16 hex digits); then the readers in the field are
 * asked: CC_E_HELD "issue.readers" when one would lose something and the setting
 * says so.
 */
CC_MUST cc_status prepare_chip_id(const struct prepare_settings *s, const struct person *person, struct date today,
				  const char *serial, struct prepared *p, struct cc_error *err);

struct prepare_signer {
	struct keystore *keystore;
	const char *key_label; /* "ds-1" */
	const struct cert *cert;
	const struct trust *trust;
	int64_t now_s;
};
/* Bit n-1 for each DG n that a finished card has. face: of prepare_has_face. */
uint32_t prepare_data_groups(const struct prepare_settings *s, bool face);
/*
 * False for a child under 6 (registry_has_face): no DG2, no DG3 and no templates are made, whatever the registry holds and the
 * settings want.
 */
bool prepare_has_face(const struct prepare_settings *s, const struct person *person, struct date today);
/* How often a card's document signer signs: EF.SOD, and EF.CardSecurity when chip.pace has Chip Authentication Mapping. */
unsigned prepare_signatures(const struct prepare_settings *s);
/*
 * DG14 and DG15 from the chip's public points, EF.SOD over all, and EF.CardSecurity
 * when there is to be one; both verified to the country signer.
 */
CC_MUST cc_status prepare_sign(const struct prepare_settings *s, const struct prepare_signer *signer, struct bytes aa_point,
			       struct bytes ca_point, struct prepared *p, struct cc_error *err);

/* One packet for the store, and back. CC_E_FORMAT. */
CC_MUST cc_status prepared_encode(const struct prepared *p, struct buf *ret);
CC_MUST cc_status prepared_decode(struct bytes packet, struct prepared *ret);

#endif
