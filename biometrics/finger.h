/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_BIOMETRICS_FINGER_H
#define CC_BIOMETRICS_FINGER_H

#include <stdbool.h>
#include <stdint.h>

/* Which finger, and why one is not there. Names are stable: files, settings and JSON have them. */

/* ISO/IEC 19794-4:2005 table 6; 0 and those of palms have no name here. */
enum finger_position {
	FINGER_UNKNOWN = 0,
	FINGER_RIGHT_THUMB = 1,
	FINGER_RIGHT_INDEX,
	FINGER_RIGHT_MIDDLE,
	FINGER_RIGHT_RING,
	FINGER_RIGHT_LITTLE,
	FINGER_LEFT_THUMB,
	FINGER_LEFT_INDEX,
	FINGER_LEFT_MIDDLE,
	FINGER_LEFT_RING,
	FINGER_LEFT_LITTLE = 10
};
#define FINGERS 10u

/*
 * Why a finger has no print, as ANSI/NIST-ITL and BSI TR-03121 tell them apart.
 * ISO/IEC 19794-4:2005 and DG3 have no place for it: it is kept in the registry.
 */
enum finger_missing {
	FINGER_PRESENT = 0,
	FINGER_AMPUTATED,  /* not there, for good */
	FINGER_BANDAGED,   /* covered or hurt, for a time */
	FINGER_UNREADABLE, /* worn or scarred: no print of it can be taken */
	FINGER_NOT_TAKEN   /* of another reason */
};

/* "right-index"; NULL outside 1 to 10. */
const char *finger_position_name(unsigned position);
const char *finger_position_name_vi(unsigned position);
/* By name, or the number 1 to 10; 0: neither. */
unsigned finger_position_find(const char *name);
/* ISO/IEC 7816-11 table C.2, biometric subtype: 09 right index, 0A left index; 0 for what it can't say. */
uint8_t finger_position_subtype(unsigned position);
/* Back from a subtype; 0 unknown. */
unsigned finger_position_of_subtype(uint8_t subtype);

/* "amputated"; NULL for FINGER_PRESENT and what is none. */
const char *finger_missing_name(unsigned missing);
/* FINGER_PRESENT when there is no such reason. */
enum finger_missing finger_missing_find(const char *name);

#endif
