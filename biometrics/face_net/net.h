/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_BIOMETRICS_FACE_NET_NET_H
#define CC_BIOMETRICS_FACE_NET_NET_H

#include "biometrics/image.h"
#include "crypto/base/err.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The two networks of weights/ORIGIN.md: a face detector (the shape of Tiny
 * YOLO v2 with separable convolutions) and 68 landmarks in the order of the
 * iBUG 300-W scheme.
 *
 * A net holds its working memory, so one thread uses it at a time.
 */
struct face_net;

CC_MUST cc_status face_net_new(struct face_net **ret, struct cc_error *err);
void face_net_free(struct face_net **net); /* NULL-safe, wipes */

struct face_box {
	struct image_rect rect; /* in pixels of the image; may reach beyond it */
	double score;		/* 0 to 1 */
};
#define FACE_BOXES_MAX 16u

/*
 * Faces of an RGB image, best first; what overlaps a better one by more than
 * 0.4 of their union is the same face. size: side of the network's input, 128
 * or 224. Returns how many, at most FACE_BOXES_MAX.
 */
CC_MUST cc_status face_net_detect(struct face_net *net, const struct image *im, unsigned size, double score_min,
				  struct face_box ret[FACE_BOXES_MAX], size_t *ret_count, struct cc_error *err);

#define FACE_LANDMARKS 68u
struct face_landmark {
	double x, y; /* in pixels of the image */
};

/* A square of an image, turned and perhaps mirrored, as the landmark network sees it. */
struct face_crop {
	double x, y, side; /* centre and side in pixels of the image; may reach beyond it */
	double roll;	   /* radians: the crop's horizontal axis in the image, clockwise as seen */
	bool mirrored;	   /* the network sees the mirror image; the landmarks come back as of the image itself */
};

void face_net_landmarks(struct face_net *net, const struct image *im, const struct face_crop *crop,
			struct face_landmark ret[FACE_LANDMARKS]);

/* Intersection over union of two rectangles: 0 apart, 1 equal. */
double image_rect_overlap(const struct image_rect *a, const struct image_rect *b);

#endif
