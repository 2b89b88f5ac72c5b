/* SPDX-License-Identifier: Apache-2.0 */
#include "biometrics/portrait.h"

struct portrait_params portrait_params_default(void)
{
	return (struct portrait_params){ .width = 480, .height = 640, .bytes_max = 20000, .quality_min = 40, .quality_max = 95 };
}

void portrait_done(struct portrait *p)
{
	buf_done(&p->jpeg);
	*p = (struct portrait){ 0 };
}

/* The largest rectangle of the portrait's proportions, in the middle. */
static struct image_rect centre_crop(const struct image *photo, const struct portrait_params *params)
{
	double w = photo->width, h = photo->height;
	double want = (double)params->width / params->height;
	double crop_w = w > h * want ? h * want : w;
	double crop_h = crop_w / want;

	return (struct image_rect){ (w - crop_w) / 2, (h - crop_h) / 2, crop_w, crop_h };
}

static unsigned at_least_one(double side)
{
	return side < 1 ? 1 : (unsigned)(side + 0.5);
}

static cc_status encode_at(const struct image *im, int quality, struct buf *ret, struct cc_error *err)
{
	return jpeg_encode(im, &(struct jpeg_params){ quality, JPEG_CHROMA_QUARTER }, ret, err);
}

/*
 * Bisects the quality: the size grows with it but for ripples of a few bytes,
 * and what is returned was encoded and measured, so the limit always holds.
 */
static cc_status best_fit(const struct image *im, const struct portrait_params *params, struct portrait *best,
			  struct cc_error *err)
{
	int low = params->quality_min, high = params->quality_max;
	struct buf trial = { 0 };
	cc_status st = cc_ok();

	while (low <= high && !cc_failed(st)) {
		int quality = best->jpeg.n ? low + (high - low) / 2 : low;

		st = encode_at(im, quality, &trial, err);
		if (cc_failed(st))
			break;
		if (trial.n <= params->bytes_max) {
			buf_move(&best->jpeg, &trial);
			best->quality = quality;
			low = quality + 1;
		} else if (!best->jpeg.n) {
			st = cc_fail(err, CC_E_LIMIT, "photo.does-not-fit", "%zu bytes at quality %d, at most %zu", trial.n,
				     quality, params->bytes_max);
		} else {
			high = quality - 1;
		}
	}
	buf_done(&trial);
	return st;
}

cc_status portrait_make(struct bytes photo, const struct portrait_params *params, struct portrait *ret, struct cc_error *err)
{
	struct image source = { 0 }, scaled = { 0 };
	struct portrait made = { 0 };
	struct image_rect crop;
	cc_status st;

	CC_ASSERT(params->width && params->height && params->quality_min >= 1 && params->quality_min <= params->quality_max &&
		  params->quality_max <= 100);
	st = jpeg_decode(photo, 1, &source, NULL, err);
	if (cc_failed(st))
		goto out;
	crop = centre_crop(&source, params);
	made.width = crop.width < params->width ? at_least_one(crop.width) : params->width;
	made.height = crop.height < params->height ? at_least_one(crop.height) : params->height;
	st = image_resample(&source, &crop, made.width, made.height, &scaled, err);
	if (cc_failed(st))
		goto out;
	st = best_fit(&scaled, params, &made, err);
	if (!cc_failed(st)) {
		*ret = made;
		made = (struct portrait){ 0 };
	}
out:
	image_done(&source);
	image_done(&scaled);
	portrait_done(&made);
	return st;
}
