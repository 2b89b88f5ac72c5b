/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_BIOMETRICS_IRIS_H
#define CC_BIOMETRICS_IRIS_H

#include "biometrics/face_net/net.h"

/*
 * The iris in the picture: a dark disc in a lighter surrounding, whose visible
 * edge is left and right of its centre (the lids hide top and bottom). Sought
 * as the circle across which the light changes most, J. Daugman's operator,
 * near where the landmarks put the eye.
 *
 * Its size is no free parameter: an adult's iris is 11.7 mm wide (10.2 to 13.0)
 * and the pupils stand 63 mm apart on average (52 to 78), so the radius is 7 to
 * 12 hundredths of the distance between the eyes.
 */
struct iris {
	struct face_landmark centre; /* in pixels of the image */
	double radius;		     /* in pixels of the image */
	double edge;		     /* mean step of light across the visible edge, grey levels 0 to 255 */
	double darkness;	     /* surrounding minus disc, grey levels; negative: lighter than its surrounding */
};

/*
 * Both irises, which have one size. near: the eyes' centres by landmarks, the
 * one at the left of the picture first; their line gives roll and scale.
 */
void iris_find(const struct image *grey, const struct face_landmark near[2], struct iris ret[2]);

#endif
