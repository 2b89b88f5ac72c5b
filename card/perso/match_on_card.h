/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_PERSO_MATCH_ON_CARD_H
#define CC_CARD_PERSO_MATCH_ON_CARD_H

#include "card/apdu.h"

/*
 * The reference template of a match-on-card application, by ISO/IEC 7816-4 and
 * 7816-11 alone: which application it is, what it asks for and how it is opened
 * (a secure channel lies on the channel already) is the issuer's to say. A
 * template is an opaque data object 7F2E here: biometrics/ checks and fits it
 * to the information that the card gives.
 *
 * A card that was given a template never gives it back: that it was taken
 * whole is what its status word says.
 */
#define MATCH_ON_CARD_TEMPLATE_MAX 2048u

/* SELECT by name. CC_E_STATUS "card.refused". */
CC_MUST cc_status match_on_card_select(struct channel *ch, struct bytes aid);
/* GET DATA 7F60, or the group 7F61: the whole object as the card sent it. CC_E_FORMAT "moc.structure". */
CC_MUST cc_status match_on_card_information(struct channel *ch, struct buf *ret);
/* PUT DATA of the template 7F2E. CC_E_ARG "moc.structure" for bytes that are none; never sent twice. */
CC_MUST cc_status match_on_card_store(struct channel *ch, struct bytes template_object);

#endif
