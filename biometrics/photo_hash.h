/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_BIOMETRICS_PHOTO_HASH_H
#define CC_BIOMETRICS_PHOTO_HASH_H

#include "biometrics/image.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Whether two files show the same photo, whatever their size and compression.
 * The hash (64 bits: where the picture grows lighter from left to right, on a grid
 * of 9 by 8) finds candidates; ID photos are alike in their composition, so the
 * lightness on a grid of 24 by 32 decides.
 */
#define PHOTO_GRID_COLUMNS 24
#define PHOTO_GRID_ROWS 32
#define PHOTO_GRID_SIZE (PHOTO_GRID_COLUMNS * PHOTO_GRID_ROWS)
#define PHOTO_HASH_NEAR_BITS 6 /* candidates differ in at most so many */

struct photo_hash {
	uint64_t bits;
	int8_t grid[PHOTO_GRID_SIZE]; /* mean 0, spread 32 */
};

void photo_hash(const struct image *im, struct photo_hash *ret);
unsigned photo_hash_distance(uint64_t a, uint64_t b);
/* Correlation of the grids, -1 to 1. */
double photo_hash_likeness(const struct photo_hash *a, const struct photo_hash *b);
bool photo_hash_same(const struct photo_hash *a, const struct photo_hash *b);

#endif
