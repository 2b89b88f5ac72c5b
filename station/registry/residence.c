/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/residence.h"

#include "station/registry/codes.h"
#include "station/registry/person.h"

#include <string.h>

const char *residence_province_of_name(const char *name, struct date day)
{
	char key[2 * PERSON_TERM_SIZE], other[2 * PERSON_TERM_SIZE];
	const char *successor = NULL;

	if (codes_province(name, day, &successor) == PROVINCE_MERGED)
		name = successor;
	if (!codes_province_key(name, key, sizeof key))
		return NULL;
	for (size_t i = 0; i < codes_province_count(); i++) {
		const char *there = codes_province_at(i, day);

		if (there != NULL && codes_province_key(there, other, sizeof other) && strcmp(key, other) == 0)
			return there;
	}
	return NULL;
}

const char *residence_province(const char *address, struct date day)
{
	char province[PERSON_TERM_SIZE];

	codes_address_province(address, province, sizeof province);
	return residence_province_of_name(province[0] != '\0' ? province : address, day);
}
