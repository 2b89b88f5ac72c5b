/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_BIOMETRICS_SIMILARITY_H
#define CC_BIOMETRICS_SIMILARITY_H

#include "biometrics/image.h"

/*
 * Structural similarity (Wang, Bovik, Sheikh and Simoncelli, 2004) of two grey
 * images of one size: means, variances and covariance in windows of 8 x 8
 * side by side. 1: equal; an image smaller than a window counts as equal.
 */
double image_similarity(const struct image *a, const struct image *b);

#endif
