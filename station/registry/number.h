/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_REGISTRY_NUMBER_H
#define CC_STATION_REGISTRY_NUMBER_H

#include "crypto/base/bytes.h"
#include "station/registry/date.h"
#include "station/registry/person.h"

#include <stdbool.h>

/*
 * The personal number, PPP G YY NNNNNN (cccd-card.md 1). The 2023 law guarantees
 * 12 digits only: everything number_parse tells is grounds for a warning, never
 * for a refusal.
 */
struct number_parts {
	char province[4];
	enum person_sex sex;
	unsigned birth_year;
};

/* Exactly 12 ASCII digits. */
bool number_is_well_formed(struct bytes text);
/* number: well-formed. */
void number_parse(const char *number, struct number_parts *ret);
/*
 * The province that a code meant on a day: 63 codes until 30 June 2025, 34 of
 * them, some with another meaning, since. NULL: not in that table (a country
 * code of a birth registered abroad).
 */
const char *number_province(const char *code, struct date registered);

#endif
