/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_REGISTRY_CODES_H
#define CC_STATION_REGISTRY_CODES_H

#include "station/registry/date.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Lists that the forms choose from: the 54 peoples (Decision 121-TCTK/PPCĐ of
 * 1979), religions that the state has recognised, and the provinces, 63 until 30
 * June 2025 and 34 since (Resolution 202/2025/QH15). Compared without marks and case.
 */
bool codes_ethnicity(const char *name);
bool codes_religion(const char *name); /* "Không" among them */

enum province_standing {
	PROVINCE_UNKNOWN,
	PROVINCE_CURRENT, /* exists on the day */
	PROVINCE_MERGED,  /* existed before it; *ret_successor tells where it went */
	PROVINCE_FUTURE,  /* does not exist yet on the day */
};
/* name: as an address ends with, "Tỉnh" or "Thành phố" may stand before it. ret_successor may be NULL. */
enum province_standing codes_province(const char *name, struct date day, const char **ret_successor);
/* What provinces are compared by: the search key of a name without what kind of unit it is. False: no such text. */
bool codes_province_key(const char *name, char *out, size_t cap);
/* The province that an address ends with; "" when it has no comma. out has cap bytes. */
void codes_address_province(const char *address, char *out, size_t cap);

size_t codes_province_count(void);
/* The n-th province's name; NULL when it did not exist on the day. */
const char *codes_province_at(size_t n, struct date day);

#endif
