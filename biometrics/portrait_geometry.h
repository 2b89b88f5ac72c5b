/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_BIOMETRICS_PORTRAIT_GEOMETRY_H
#define CC_BIOMETRICS_PORTRAIT_GEOMETRY_H

#include "biometrics/face.h"

/*
 * The full frontal image of ISO/IEC 19794-5:2005 8.3, on a portrait of width A
 * and height B = 4/3 A:
 *
 *	8.3.2	centre of the eyes, horizontally	0.45 A to 0.55 A
 *	8.3.3	centre of the eyes above the bottom	0.5 B to 0.7 B
 *	8.3.4	width of the head			0.5 A to 0.75 A
 *	8.3.5	length of the head			0.6 B to 0.9 B
 */

/* The head in pixels of the photo, as if it stood upright; crown and sides follow from the face's proportions. */
struct head {
	struct face_landmark middle; /* of the eyes */
	double left, right, crown, chin;
};

void head_measure(const struct face *face, struct head *ret);

double portrait_width_min(const struct head *head); /* by the head's width and length; likewise the largest */
double portrait_width_max(const struct head *head);

/*
 * How far the head must move so that a portrait of this width, with the eyes in
 * their allowed band, lies inside a photo of w x h; 0 or less: it does already.
 */
double portrait_shift(const struct head *head, double width, double w, double h);

/*
 * The portrait to cut: eyes in the middle and at 0.56 B, the head 0.68 B long, moved and narrowed as far as the bands allow so
 * that it stays inside the photo. It may still reach out when the photo is too narrow.
 */
struct image_rect portrait_rect(const struct head *head, double w, double h);

#endif
