/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_PERSO_MATCH_ON_CARD_H
#define CC_CARD_PERSO_MATCH_ON_CARD_H

#include "card/apdu.h"

/*
 * The reference templates of a match-on-card application, by ISO/IEC 7816-4 and
 * 7816-11 alone: which application it is, what it asks for and how it is opened
 * (a secure channel lies on the channel already) is the issuer's to say. A
 * template is an opaque data object 7F2E here: biometrics/ checks and fits it
 * to the information that the card gives.
 *
 * A card that was given a template never gives it back: that it was taken
 * whole is what its status word says, and that it is there its information
 * group.
 */
#define MATCH_ON_CARD_TEMPLATE_MAX 2048u
#define MATCH_ON_CARD_REFERENCES_MAX 10u
#define MATCH_ON_CARD_AID_MAX 16u
#define MATCH_ON_CARD_TRIES_MAX 15u

/* The class of a command: in a GlobalPlatform secure channel, or in the clear and under secure messaging of the document. */
enum match_on_card_class { MATCH_ON_CARD_FIELD = 0x00, MATCH_ON_CARD_PERSONALIZATION = 0x80 };

/* Which template: the P2 of VERIFY, and the finger. */
struct match_on_card_reference {
	uint8_t reference;
	uint8_t subtype; /* of ISO/IEC 7816-11, finger_position_subtype */
};
struct match_on_card_group {
	size_t count;
	struct match_on_card_reference items[MATCH_ON_CARD_REFERENCES_MAX];
};

/* SELECT by name. CC_E_STATUS "card.refused"; CC_E_NOT_FOUND "moc.absent" when the card has no such application. */
CC_MUST cc_status match_on_card_select(struct channel *ch, struct bytes aid);
/* GET DATA 7F60, or the group 7F61: the whole object as the card sent it. CC_E_FORMAT "moc.structure". */
CC_MUST cc_status match_on_card_information(struct channel *ch, struct buf *ret);
/* GET DATA 7F61: the templates that are stored; none is a count of 0. CC_E_FORMAT "moc.structure". */
CC_MUST cc_status match_on_card_list(struct channel *ch, enum match_on_card_class class, struct match_on_card_group *ret);
/* 7F61 { 02 count, 7F60 { 83 reference, A1 { ... 82 subtype ... } } ... }. CC_E_FORMAT. */
CC_MUST cc_status match_on_card_group_parse(struct bytes answer, struct match_on_card_group *ret);
/*
 * PUT DATA 7F60 { 83 reference, A1 { 82 subtype }, 7F2E template }, in a secure channel. CC_E_ARG "moc.structure" for bytes that
 * are no template; never sent twice.
 */
CC_MUST cc_status match_on_card_store(struct channel *ch, const struct match_on_card_reference *where,
				      struct bytes template_object);

enum match_on_card_result { MATCH_ON_CARD_MATCH, MATCH_ON_CARD_NO_MATCH, MATCH_ON_CARD_BLOCKED };
/*
 * VERIFY, once. ret_tries: how many are left after a print that isn't the same. CC_E_NOT_FOUND "moc.absent": no such template.
 * CC_E_STATUS "card.refused", CC_E_ARG "moc.structure".
 */
CC_MUST cc_status match_on_card_verify(struct channel *ch, uint8_t reference, struct bytes template_object,
				       enum match_on_card_result *ret, unsigned *ret_tries);

#endif
