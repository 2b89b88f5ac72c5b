/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CARD_SOFTCHIP_CHIP_MOC_MATCH_H
#define CC_CARD_SOFTCHIP_CHIP_MOC_MATCH_H

#include "crypto/base/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Minutiae of ISO/IEC 19794-2:2005 clause 8, compact size, and their comparison:
 * each pair of one minutia of either print gives a rotation and a shift; under
 * the best of them minutiae are paired one to one within a tolerance of place
 * and direction. A match is when enough are paired, in number and in share of
 * both prints.
 */
#define CHIP_MINUTIAE_MIN 12
#define CHIP_MINUTIAE_MAX 60

struct chip_minutia {
	int x, y; /* 0.1 mm, right and down */
	unsigned type;
	unsigned angle; /* 0 to 63, anticlockwise */
};
struct chip_minutiae {
	size_t n;
	struct chip_minutia at[CHIP_MINUTIAE_MAX];
};

/* Three bytes each. False: too few, too many, a reserved type or one twice. */
bool chip_minutiae_read(struct bytes in, struct chip_minutiae *ret);
/* Most minutiae that pair under one alignment. */
size_t chip_minutiae_paired(const struct chip_minutiae *a, const struct chip_minutiae *b);
bool chip_minutiae_match(const struct chip_minutiae *reference, const struct chip_minutiae *probe);

#endif
