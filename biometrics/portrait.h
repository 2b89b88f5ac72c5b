/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_BIOMETRICS_PORTRAIT_H
#define CC_BIOMETRICS_PORTRAIT_H

#include "biometrics/face.h"
#include "biometrics/photo.h"

/*
 * From a photo to what goes on the chip: upright, cropped, scaled, and coded
 * as the smallest or best JPEG or JPEG 2000 that fits. The same photo and
 * parameters give the same bytes.
 */
enum portrait_format { PORTRAIT_JPEG, PORTRAIT_JPEG2000, PORTRAIT_SMALLEST /* of the two */ };

struct portrait_params {
	unsigned width, height; /* of the portrait in pixels; a smaller photo is not enlarged, it gives a smaller portrait */
	size_t bytes_max;	/* of the coded picture */
	int quality_min;	/* of JPEG: below this the portrait is refused rather than spoiled; 1 to 100 */
	int quality_max;
	enum portrait_format format;
	/* What a chip's reading allows: bytes_max is lowered to read_ms at read_rate bytes a second; 0: no such limit. */
	unsigned read_ms, read_rate;
};

/* JPEG of 480 x 640 (3:4), at most 20,000 bytes, quality 50 to 95, any reading time. */
struct portrait_params portrait_params_default(void);

struct portrait {
	struct buf data;	     /* JPEG: baseline, sRGB, 4:2:0 */
	enum portrait_format format; /* never "smallest" */
	unsigned width, height;
	int quality; /* of JPEG; 0 of JPEG 2000 */
	/* Only of portrait_from_face: */
	struct image_rect cut;	     /* of the photo; turned by -roll around the middle of the eyes */
	double roll;		     /* degrees that the photo was turned by, 0 when it stood well enough */
	struct face_landmark eye[2]; /* by enum face_eye, in pixels of the portrait */
	double similarity;	     /* to the picture that was coded: structural similarity of luma, 1 is equal */
	double landmark_shift;	     /* how far the coding moved the landmarks, in eye distances (mean) */
};

/* The budget of params: bytes_max, or less when the time to read it says so. */
size_t portrait_budget(const struct portrait_params *params);

/*
 * The photo's middle in the portrait's proportions, as JPEG. CC_E_LIMIT
 * "photo.does-not-fit" when even quality_min is too large. ret must be empty ({0}).
 */
CC_MUST cc_status portrait_make(const struct image *photo, const struct portrait_params *params, struct portrait *ret,
				struct cc_error *err);
/*
 * The portrait by the geometry of ISO/IEC 19794-5:2005 8.3 (portrait_geometry.h),
 * turned when the head leans by more than a degree and a half. It becomes the smallest picture
 * whose similarity reaches similarity_wanted and whose landmarks stay where they
 * are; when that is above bytes_max, the best that fits, in fewer pixels if it
 * must be, down to 90 between the eyes.
 */
#define PORTRAIT_SIMILARITY_WANTED 0.975
/* JPEG 2000 smooths skin before the measure sees it: it must come nearer, as near as JPEG at its lowest quality does. */
#define PORTRAIT_SIMILARITY_JP2 0.985
#define PORTRAIT_SIMILARITY_MIN 0.93 /* JPEG 2000 below this is refused, as JPEG below quality_min */
#define PORTRAIT_LANDMARK_SHIFT_MAX 0.02
CC_MUST cc_status portrait_from_face(struct face_net *net, const struct image *photo, const struct face *face,
				     const struct portrait_params *params, struct portrait *ret, struct cc_error *err);
/* The picture before coding, for a contact sheet; cut and roll as in a portrait. */
CC_MUST cc_status portrait_cut(const struct image *photo, const struct face *face, const struct image_rect *cut, double roll,
			       unsigned width, unsigned height, struct image *ret, struct cc_error *err);
void portrait_done(struct portrait *p);

#endif
