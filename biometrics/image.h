/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_BIOMETRICS_IMAGE_H
#define CC_BIOMETRICS_IMAGE_H

#include "crypto/base/err.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Pixels in memory: rows from the top, no padding, 8 bits a channel.
 * channels: 1 grey, 3 RGB. A portrait is a person: image_done wipes.
 */
#define IMAGE_SIDE_MAX 8000u
#define IMAGE_PIXELS_MAX 40000000u

struct image {
	uint8_t *p;
	unsigned width, height, channels;
};

/* A rectangle in pixels of an image; edges may lie between pixels. */
struct image_rect {
	double x, y, width, height;
};

static inline size_t image_size(const struct image *im)
{
	return (size_t)im->width * im->height * im->channels;
}
static inline const uint8_t *image_row(const struct image *im, unsigned y)
{
	return im->p + (size_t)y * im->width * im->channels;
}

/* Zeroed pixels. ret must be empty ({0}) or owned. Errors: CC_E_LIMIT beyond the limits above, CC_E_MEMORY. */
CC_MUST cc_status image_new(unsigned width, unsigned height, unsigned channels, struct image *ret, struct cc_error *err);
void image_done(struct image *im);
void image_move(struct image *ret, struct image *src);

/*
 * Turns a stored picture upright. orientation: the Exif tag 0x0112, 1 to 8
 * (1 is upright already). The content of im is replaced.
 */
CC_MUST cc_status image_upright(struct image *im, unsigned orientation, struct cc_error *err);

/*
 * The part `from` of src as width x height pixels: Lanczos with three lobes,
 * widened by the scale when it shrinks, so that fine texture averages instead
 * of aliasing. `from` may reach beyond src: the edge's pixels are repeated
 * there. Deterministic.
 */
CC_MUST cc_status image_resample(const struct image *src, const struct image_rect *from, unsigned width, unsigned height,
				 struct image *ret, struct cc_error *err);
/* The same by widened linear interpolation: softer and a third of the work, for measuring rather than for looking. */
CC_MUST cc_status image_reduce(const struct image *src, const struct image_rect *from, unsigned width, unsigned height,
			       struct image *ret, struct cc_error *err);

/*
 * A turned part: output pixel (u, v), measured from the output's middle, is the
 * picture at (x, y) + unit * (u cos roll - v sin roll, u sin roll + v cos roll).
 * Beyond the picture its edge goes on.
 */
struct image_turn {
	double x, y; /* what comes to the middle of the output */
	double unit; /* pixels of src per pixel of the output */
	double roll; /* radians; the output's horizontal in src, clockwise as seen */
};
enum image_sampling { IMAGE_LINEAR, IMAGE_CUBIC }; /* for measuring, for looking */
CC_MUST cc_status image_turned(const struct image *src, const struct image_turn *turn, enum image_sampling sampling,
			       unsigned width, unsigned height, struct image *ret, struct cc_error *err);

/* Luma of RGB by ITU-T T.871 (JFIF) in integers; grey is copied. */
CC_MUST cc_status image_to_grey(const struct image *src, struct image *ret, struct cc_error *err);

#endif
