/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_BIOMETRICS_PORTRAIT_H
#define CC_BIOMETRICS_PORTRAIT_H

#include "biometrics/jpeg.h"

/*
 * From a photo to what goes on the chip: upright, cropped, scaled, and coded
 * as the best JPEG that fits. The same photo and parameters give the same
 * bytes.
 */
struct portrait_params {
	unsigned width, height; /* of the portrait in pixels; a smaller photo is not enlarged, it gives a smaller portrait */
	size_t bytes_max;	/* of the JPEG */
	int quality_min;	/* below this the portrait is refused rather than spoiled; 1 to 100 */
	int quality_max;
};

/* 480 x 640 (3:4), at most 20,000 bytes, quality 40 to 95. */
struct portrait_params portrait_params_default(void);

struct portrait {
	struct buf jpeg; /* baseline, sRGB, 4:2:0 */
	unsigned width, height;
	int quality;
};

/*
 * The photo's middle in the portrait's proportions. Errors: those of
 * jpeg_decode, and CC_E_LIMIT "photo.does-not-fit" when even quality_min is too
 * large. ret must be empty ({0}).
 */
CC_MUST cc_status portrait_make(struct bytes photo, const struct portrait_params *params, struct portrait *ret,
				struct cc_error *err);
void portrait_done(struct portrait *p);

#endif
