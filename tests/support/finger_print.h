/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_TESTS_SUPPORT_FINGER_PRINT_H
#define CC_TESTS_SUPPORT_FINGER_PRINT_H

#include "biometrics/image.h"

/*
 * Ridges made by a formula: nobody's finger. A whorl inside an ellipse, on
 * white paper. Known truth for tests of the measures and of the codecs.
 */
struct finger_print {
	unsigned width, height;
	double period;	 /* pixels from ridge to ridge; 9 is a usual finger at 500 ppi */
	double dark;	 /* grey of a ridge's middle */
	double light;	 /* grey of a valley's middle */
	double ridge;	 /* share of a period that is ridge; 0.5 usual, 0.75 wet, 0.25 dry */
	double noise;	 /* amplitude in grey levels */
	double coverage; /* the ellipse's axes as a share of the picture's sides */
	unsigned seed;
};

/* 400 x 480, good. */
struct finger_print finger_print_good(void);
/* Grey. Aborts when out of memory. */
void finger_print_draw(const struct finger_print *p, struct image *ret);
/* Peak signal to noise ratio in dB of two pictures of one size; 99 for equal ones. */
double finger_print_psnr(const struct image *a, const struct image *b);

#endif
