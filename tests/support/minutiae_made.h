/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_TESTS_SUPPORT_MINUTIAE_MADE_H
#define CC_TESTS_SUPPORT_MINUTIAE_MADE_H

#include "crypto/base/buf.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Fingers that nobody has: minutiae drawn from a seed, and further prints of
 * the same finger, as a reader would take them: turned, shifted, each minutia a
 * little elsewhere, some missing and some that aren't there.
 */
struct minutiae_noise {
	uint32_t seed;
	int turn_degrees;     /* anticlockwise */
	int shift_x, shift_y; /* 0.1 mm */
	int jitter;	      /* 0.1 mm either way, and a unit of angle either way */
	unsigned missing;     /* of the finger's minutiae */
	unsigned spurious;
};

#define MINUTIAE_MADE_COUNT 36

/* Template 7F2E { 81 ... }; owned by the caller. noise NULL: the finger as it is. */
struct buf minutiae_made(uint32_t finger, const struct minutiae_noise *noise);

#endif
