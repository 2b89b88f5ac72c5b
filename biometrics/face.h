/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_BIOMETRICS_FACE_H
#define CC_BIOMETRICS_FACE_H

#include "biometrics/face_net/net.h"
#include "biometrics/iris.h"

/*
 * The face in a photo: where, how many, the 68 landmarks, the eye centres and
 * the head's pose. Coordinates are pixels of the upright photo. "Right" and
 * "left" are the subject's: the right eye is at the left of a picture that
 * stands upright.
 */
enum face_eye { FACE_EYE_RIGHT, FACE_EYE_LEFT };

struct face {
	struct image_rect box;
	struct face_landmark points[FACE_LANDMARKS];
	struct face_landmark eye[2]; /* by enum face_eye */
	struct iris iris[2];
	double eye_distance;
	/*
	 * How far the network's answers for several views of the face lie apart, in eye distances (RMS over all points):
	 * about 0.02 for a face that it understands, far more for one that is covered or upside down.
	 */
	double scatter;
	/*
	 * Degrees, signs by ISO/IEC 19794-5:2005 5.5.8. Yaw: positive when the subject looks to its left. Pitch: positive when it
	 * looks down. Roll: positive when the head leans to its right shoulder, counter-clockwise in the picture; +-180 upside
	 * down. One standard deviation of the estimate on frontal heads is about 1.5 for yaw, 6 for pitch (noses differ), 0.5 for
	 * roll; yaw is underestimated beyond 15.
	 */
	double yaw, pitch, roll;
};

struct face_finding {
	struct face_box boxes[FACE_BOXES_MAX]; /* best first */
	size_t count;
	struct face face; /* the largest; unset when count is 0 */
};

/* Faces above this score count. */
#define FACE_SCORE_MIN 0.5

/* No face is no error: ret->count is 0. */
CC_MUST cc_status face_find(struct face_net *net, const struct image *photo, struct face_finding *ret, struct cc_error *err);

/* Yaw, pitch and roll of a head from its landmarks, by fitting a mean head under scaled orthography. */
void face_pose(const struct face_landmark points[FACE_LANDMARKS], double *ret_yaw, double *ret_pitch, double *ret_roll);

#endif
