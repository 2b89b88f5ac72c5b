/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_BIOMETRICS_QUALITY_MEASURE_H
#define CC_BIOMETRICS_QUALITY_MEASURE_H

#include "biometrics/quality.h"

/*
 * The measuring behind quality_check, in its parts.
 *
 * The frame is the face turned upright at a fixed size: FRAME_EYES pixels
 * between the eyes, their middle at (FRAME_X, FRAME_Y).
 */
#define FRAME_EYES 100
#define FRAME_WIDTH 320u
#define FRAME_HEIGHT 400u
#define FRAME_X 160
#define FRAME_Y 160

struct quality_frame {
	struct image rgb, grey;
	struct face_landmark points[FACE_LANDMARKS]; /* in pixels of the frame */
};

CC_MUST cc_status quality_frame_make(const struct image *photo, const struct face *face, struct quality_frame *ret,
				     struct cc_error *err);
void quality_frame_done(struct quality_frame *f);

struct lab {
	double l, a, b;
};
/* CIELAB of an sRGB colour, D65. rgb: 0 to 255. */
struct lab lab_of(const double rgb[3]);
double lab_chroma(struct lab c);
double lab_distance(struct lab a, struct lab b);

/* Each sets the values it knows in v[enum quality_measure]. */
void quality_measure_light(const struct quality_frame *f, double v[QUALITY_MEASURES]);
void quality_measure_features(const struct quality_frame *f, const struct face *face, double v[QUALITY_MEASURES]);
void quality_measure_geometry(const struct image *photo, const struct face *face, double v[QUALITY_MEASURES]);
CC_MUST cc_status quality_measure_detail(const struct image *photo, const struct face *face, double v[QUALITY_MEASURES],
					 struct cc_error *err);
/* portrait: the piece whose edges show the wall; may reach beyond the photo. */
void quality_measure_background(const struct image *photo, const struct image_rect *portrait, double v[QUALITY_MEASURES]);

#endif
