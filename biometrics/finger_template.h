/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_BIOMETRICS_FINGER_TEMPLATE_H
#define CC_BIOMETRICS_FINGER_TEMPLATE_H

#include "biometrics/finger.h"
#include "crypto/base/buf.h"
#include "crypto/base/bytes.h"
#include "crypto/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Minutiae for match-on-card: ISO/IEC 19794-2:2005 clause 8, card format of
 * compact size, in the biometric data template of ISO/IEC 7816-11. Three bytes
 * a minutia: x and y in 0.1 mm, type and angle.
 *
 *	7F2E { 81 minutiae }			minutiae alone
 *	7F2E { A1 { 90 minutiae, 91 to 95 ... } }	with ridge counts, cores, deltas, cell quality
 *
 * No minutiae are extracted here: a template comes from an enrolment program,
 * is checked against what the card asks for, and is written to it.
 */
#define FINGER_MINUTIAE_MAX 128u
#define FINGER_TEMPLATE_BYTES_MAX 2048u

enum finger_minutia_type { MINUTIA_OTHER = 0, MINUTIA_ENDING = 1, MINUTIA_BIFURCATION = 2 }; /* 3 is reserved */

struct finger_minutia {
	uint8_t x, y;  /* 0.1 mm */
	uint8_t type;  /* enum finger_minutia_type */
	uint8_t angle; /* 0 to 63, in 5.625 degrees, anticlockwise from the right */
};

struct finger_template {
	size_t count;
	struct finger_minutia minutiae[FINGER_MINUTIAE_MAX];
	struct bytes extended; /* data objects 91 to 95 behind the minutiae, as they came; empty: none */
};

/* 8.3.3, the order that a card may demand of its minutiae: low two bits the direction, next three the key. */
enum finger_order {
	FINGER_ORDER_NONE = 0x00,
	FINGER_ORDER_ASCENDING = 0x01,
	FINGER_ORDER_DESCENDING = 0x02,
	FINGER_ORDER_XY = 1 << 2, /* x first, then y */
	FINGER_ORDER_YX = 2 << 2,
	FINGER_ORDER_ANGLE = 3 << 2,
	FINGER_ORDER_POLAR = 4 << 2 /* by distance from the centre of mass */
};

/*
 * What the card says of its matcher: the biometric information template,
 * 7F60 { A1 { 81 08, 82 subtype, 87 0101, 88 0005, B1 { 81 min max, 82 order, 83 extended features } } }.
 */
struct finger_bit {
	uint8_t subtype;  /* finger_position_subtype; 0: any */
	uint8_t min, max; /* minutiae; max at most FINGER_MINUTIAE_MAX */
	uint8_t order;
	uint8_t features; /* 83: extended features that the card uses, bit by bit; 0 none */
};
#define FINGER_FORMAT_COMPACT 0x0005	      /* 19794-2 card format, compact size, minutiae alone */
#define FINGER_FORMAT_COMPACT_EXTENDED 0x0006 /* and extended data */

/* Errors: CC_E_FORMAT "finger.template-malformed", CC_E_LIMIT "finger.template-too-large". `extended` is a view into `in`. */
CC_MUST cc_status finger_template_parse(struct bytes in, struct finger_template *ret, struct cc_error *err);
/* The same bytes for what was parsed. CC_E_ARG "finger.template-malformed" for fields beyond their range. */
CC_MUST cc_status finger_template_encode(const struct finger_template *t, struct buf *ret, struct cc_error *err);
CC_MUST cc_status finger_bit_parse(struct bytes in, struct finger_bit *ret, struct cc_error *err);
CC_MUST cc_status finger_bit_encode(const struct finger_bit *b, struct buf *ret, struct cc_error *err);

/*
 * Does the card take this template? CC_E_VERIFY with "finger.template-few",
 * "finger.template-many", "finger.template-order", "finger.template-features"
 * or "finger.template-double" (a minutia twice: no print has that).
 */
CC_MUST cc_status finger_template_check(const struct finger_template *t, const struct finger_bit *bit, struct cc_error *err);
/*
 * Fits a template to a card: leaves out what is beyond the card's maximum,
 * farthest from the centre of mass first, drops the extended data when the card
 * uses none, and sorts. What is too few stays too few.
 */
void finger_template_fit(struct finger_template *t, const struct finger_bit *bit);

#endif
