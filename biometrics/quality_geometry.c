/* SPDX-License-Identifier: Apache-2.0 */
#include "biometrics/quality_measure.h"

#include "biometrics/portrait_geometry.h"

#include <math.h>

void quality_measure_geometry(const struct image *photo, const struct face *face, double v[QUALITY_MEASURES])
{
	struct head head;
	double d = face->eye_distance, w = photo->width, h = photo->height, least;

	head_measure(face, &head);
	least = portrait_width_min(&head);
	v[QUALITY_INTER_EYE] = d;
	v[QUALITY_ROOM] = fmin(w, h * 3 / 4) / least;
	v[QUALITY_OFF_CENTRE] = fmax(0, portrait_shift(&head, least, w, h)) / d;
	v[QUALITY_HEAD_MARGIN] = fmin(fmin(head.left, w - head.right), fmin(head.crown, h - head.chin)) / d;
}
