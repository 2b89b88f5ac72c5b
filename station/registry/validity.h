/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_REGISTRY_VALIDITY_H
#define CC_STATION_REGISTRY_VALIDITY_H

#include "crypto/base/err.h"
#include "station/registry/date.h"

#include <stdbool.h>
#include <stddef.h>

/* Expiry of a card, cccd-card.md 6. */
#define VALIDITY_AGES_MAX 8

struct validity_rules {
	unsigned ages[VALIDITY_AGES_MAX]; /* exchange ages, rising */
	size_t age_count;
	bool feb_29_is_march_1; /* else 28 February, in common years */
};

/* 14, 25, 40, 60 (2024); 28 February. */
struct validity_rules validity_rules_2024(void);
/* 25, 40, 60 (2021). */
struct validity_rules validity_rules_2021(void);
/* From the settings rules.exchange-ages ("14,25,40,60") and rules.birthday-feb-29 ("02-28", "03-01"); CC_E_FORMAT
 * "settings.bad-value". */
CC_MUST cc_status validity_rules_parse(const char *ages, const char *feb_29, struct validity_rules *ret, struct cc_error *err);

/* Day on which the person reaches an age; birth is known to the day. */
struct date validity_birthday(const struct validity_rules *r, struct date birth, unsigned age);
/* Completed years on a day. 0 before the first birthday. */
unsigned validity_age(const struct validity_rules *r, struct date birth, struct date on);
/* A card of this day shows a face: the holder is 6 or older (card/lds/cccd_design.h). True while the birth date is incomplete. */
bool validity_has_face(const struct validity_rules *r, struct date birth, struct date on);
/*
 * Expiry of a card issued on `issued`: the birthday at the next exchange age
 * that is more than 2 years away. False: the card has no expiry (MRZ 991231).
 */
CC_MUST bool validity_expiry(const struct validity_rules *r, struct date birth, struct date issued, struct date *ret);

#endif
