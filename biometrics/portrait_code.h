/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_BIOMETRICS_PORTRAIT_CODE_H
#define CC_BIOMETRICS_PORTRAIT_CODE_H

#include "biometrics/portrait.h"

/*
 * Coding a cut portrait: the search for the fewest bytes at the quality wanted.
 * Of struct portrait it sets data, format, quality, similarity and landmark_shift.
 */

/* What is held against a trial: the picture to code, its luma, and its landmarks by one view. */
struct portrait_original {
	const struct image *rgb; /* borrowed */
	struct image luma;
	struct face_crop crop;
	struct face_landmark points[FACE_LANDMARKS];
};
/* The eyes of p are known. image_done(&ret->luma) frees. */
CC_MUST cc_status portrait_original_of(struct face_net *net, const struct image *rgb, const struct portrait *p,
				       struct portrait_original *ret, struct cc_error *err);

/* The best JPEG within the budget. CC_E_LIMIT "photo.does-not-fit". */
CC_MUST cc_status portrait_code_fit(const struct image *im, const struct portrait_params *params, struct portrait *best,
				    struct cc_error *err);
/*
 * The smallest picture of params' format with the similarity wanted and quiet
 * landmarks; above the budget, the best that fits. CC_E_LIMIT "photo.does-not-fit".
 */
CC_MUST cc_status portrait_code(struct face_net *net, const struct portrait_original *o, const struct portrait_params *params,
				struct portrait *p, struct cc_error *err);

#endif
