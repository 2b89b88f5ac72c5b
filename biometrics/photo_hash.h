/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_BIOMETRICS_PHOTO_HASH_H
#define CC_BIOMETRICS_PHOTO_HASH_H

#include "biometrics/image.h"

#include <stdint.h>

/*
 * A perceptual hash: 64 bits that tell where a picture grows lighter from left
 * to right, on a grid of 9 by 8. Another compression, size or a little light keep
 * most bits; another person's photo agrees by chance in about half of them.
 */
#define PHOTO_HASH_SAME_BITS 6 /* at most so many differ: the same photo */

uint64_t photo_hash(const struct image *im);
unsigned photo_hash_distance(uint64_t a, uint64_t b);

#endif
