/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_BIOMETRICS_PHOTO_H
#define CC_BIOMETRICS_PHOTO_H

#include "biometrics/image.h"
#include "biometrics/jpeg.h"

/*
 * A picture from outside, whatever its kind: JPEG, JPEG 2000, PNG, or a fingerprint in
 * WSQ, by its first bytes. Pictures that nobody here made are decoded behind station/image_worker.h;
 * this is what runs inside the worker.
 */
enum photo_kind { PHOTO_JPEG, PHOTO_JPEG2000, PHOTO_PNG, PHOTO_WSQ };
#define PHOTO_KINDS 4u
#define PHOTO_BYTES_MAX JPEG_BYTES_MAX

struct photo {
	struct image image; /* upright RGB */
	enum photo_kind kind;
	struct jpeg_info jpeg; /* of a JPEG; of another kind only the size, the orientation 1 and the colours are set */
};

/* Errors as of jpeg.h, of WSQ as of wsq.h: what is none of the four is "photo.not-jpeg". ret must be empty ({0}). */
CC_MUST cc_status photo_decode(struct bytes file, struct photo *ret, struct cc_error *err);
void photo_done(struct photo *p);

#endif
