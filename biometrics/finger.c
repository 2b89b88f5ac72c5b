/* SPDX-License-Identifier: Apache-2.0 */
#include "biometrics/finger.h"

#include <stddef.h>
#include <string.h>

struct name {
	const char *en, *vi;
};

static const struct name positions[FINGERS + 1] = {
	{ NULL, NULL },
	{ "right-thumb", "ngón cái phải" },
	{ "right-index", "ngón trỏ phải" },
	{ "right-middle", "ngón giữa phải" },
	{ "right-ring", "ngón áp út phải" },
	{ "right-little", "ngón út phải" },
	{ "left-thumb", "ngón cái trái" },
	{ "left-index", "ngón trỏ trái" },
	{ "left-middle", "ngón giữa trái" },
	{ "left-ring", "ngón áp út trái" },
	{ "left-little", "ngón út trái" },
};

static const char *const reasons[] = { NULL, "amputated", "bandaged", "unreadable", "not-taken" };

const char *finger_position_name(unsigned position)
{
	return position <= FINGERS ? positions[position].en : NULL;
}

const char *finger_position_name_vi(unsigned position)
{
	return position <= FINGERS ? positions[position].vi : NULL;
}

unsigned finger_position_find(const char *name)
{
	for (unsigned i = 1; i <= FINGERS; i++) {
		const char number[3] = { (char)(i == FINGERS ? '1' : '0' + i), (char)(i == FINGERS ? '0' : '\0'), '\0' };

		if (strcmp(name, positions[i].en) == 0 || strcmp(name, number) == 0)
			return i;
	}
	return FINGER_UNKNOWN;
}

/* ISO/IEC 7816-11:2004 table C.2: bits 2 and 1 the side (01 right, 10 left), bits 5 to 3 the finger from the thumb. */
uint8_t finger_position_subtype(unsigned position)
{
	if (position < FINGER_RIGHT_THUMB || position > FINGER_LEFT_LITTLE)
		return 0;
	return (uint8_t)(((position - 1) % 5 + 1) << 2 | (position <= FINGER_RIGHT_LITTLE ? 1 : 2));
}

unsigned finger_position_of_subtype(uint8_t subtype)
{
	for (unsigned i = 1; i <= FINGERS; i++)
		if (finger_position_subtype(i) == subtype)
			return i;
	return FINGER_UNKNOWN;
}

const char *finger_missing_name(unsigned missing)
{
	return missing < sizeof reasons / sizeof reasons[0] ? reasons[missing] : NULL;
}

enum finger_missing finger_missing_find(const char *name)
{
	for (unsigned i = FINGER_AMPUTATED; i <= FINGER_NOT_TAKEN; i++)
		if (strcmp(name, reasons[i]) == 0)
			return (enum finger_missing)i;
	return FINGER_PRESENT;
}
