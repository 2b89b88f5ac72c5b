/* SPDX-License-Identifier: Apache-2.0 */
#include "biometrics/portrait.h"

#include "biometrics/portrait_geometry.h"
#include "biometrics/similarity.h"

#include <math.h>

#define DEGREE (3.14159265358979323846 / 180)
/* Turning costs sharpness: a lean that nobody sees is left. */
#define ROLL_LEFT 1.5

struct portrait_params portrait_params_default(void)
{
	return (struct portrait_params){ .width = 480, .height = 640, .bytes_max = 20000, .quality_min = 50, .quality_max = 95 };
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

cc_status portrait_cut(const struct image *photo, const struct face *face, const struct image_rect *cut, double roll,
		       unsigned width, unsigned height, struct image *ret, struct cc_error *err)
{
	double a = -roll * DEGREE, mx = (face->eye[0].x + face->eye[1].x) / 2, my = (face->eye[0].y + face->eye[1].y) / 2;
	double dx = cut->x + cut->width / 2 - mx, dy = cut->y + cut->height / 2 - my;
	struct image_turn turn = { mx + dx * cos(a) - dy * sin(a), my + dx * sin(a) + dy * cos(a), cut->width / width, a };

	if (roll == 0)
		return image_resample(photo, cut, width, height, ret, err);
	return image_turned(photo, &turn, IMAGE_CUBIC, width, height, ret, err);
}

/* From the photo to the portrait. */
static struct face_landmark in_portrait(const struct portrait *p, const struct face *face, struct face_landmark at)
{
	double a = -p->roll * DEGREE, mx = (face->eye[0].x + face->eye[1].x) / 2, my = (face->eye[0].y + face->eye[1].y) / 2;
	double x = at.x - mx, y = at.y - my, scale = p->width / p->cut.width;

	return (struct face_landmark){ (x * cos(a) + y * sin(a) + mx - p->cut.x) * scale,
				       (y * cos(a) - x * sin(a) + my - p->cut.y) * scale };
}

static void lay_out(const struct image *photo, const struct face *face, const struct portrait_params *params, struct portrait *p)
{
	struct head head;
	double want = (double)params->width / params->height;

	head_measure(face, &head);
	p->cut = portrait_rect(&head, photo->width, photo->height);
	/* Other proportions than 3:4 keep the middle of the eyes where it is. */
	if (p->cut.width / p->cut.height > want) {
		p->cut.x += (p->cut.width - p->cut.height * want) / 2;
		p->cut.width = p->cut.height * want;
	} else {
		double height = p->cut.width / want;

		p->cut.y += (p->cut.height - height) * (head.middle.y - p->cut.y) / p->cut.height;
		p->cut.height = height;
	}
	p->roll = fabs(face->roll) > ROLL_LEFT ? face->roll : 0;
	p->width = at_least_one(fmin(p->cut.width, params->width));
	p->height = at_least_one(p->width / want);
}

/* What is held against a trial: the picture to code, its luma, and its landmarks by one view. */
struct original {
	const struct image *rgb;
	struct image luma;
	struct face_crop crop;
	struct face_landmark points[FACE_LANDMARKS];
};

static cc_status original_of(struct face_net *net, const struct image *rgb, const struct portrait *p, struct original *ret,
			     struct cc_error *err)
{
	double d = hypot(p->eye[1].x - p->eye[0].x, p->eye[1].y - p->eye[0].y);

	*ret = (struct original){ .rgb = rgb };
	ret->crop = (struct face_crop){ .x = (p->eye[0].x + p->eye[1].x) / 2,
					.y = (p->eye[0].y + p->eye[1].y) / 2 + 0.47 * d,
					.side = fmax(2.2 * d, 1) };
	face_net_landmarks(net, rgb, &ret->crop, ret->points);
	return image_to_grey(rgb, &ret->luma, err);
}

static double mean_shift(const struct face_landmark a[FACE_LANDMARKS], const struct face_landmark b[FACE_LANDMARKS])
{
	double sum = 0;

	for (unsigned i = 0; i < FACE_LANDMARKS; i++)
		sum += hypot(a[i].x - b[i].x, a[i].y - b[i].y) / FACE_LANDMARKS;
	return sum;
}

/* Codes at p->quality and measures the similarity. */
static cc_status attempt(const struct original *o, struct portrait *p, struct cc_error *err)
{
	struct image luma = { 0 };
	cc_status st = encode_at(o->rgb, p->quality, &p->jpeg, err);

	if (!cc_failed(st))
		st = jpeg_decode_luma(buf_view(&p->jpeg), &luma, err);
	if (!cc_failed(st))
		p->similarity = image_similarity(&o->luma, &luma);
	image_done(&luma);
	return st;
}

/* How far the coding moved the landmarks. */
static cc_status measure_shift(const struct original *o, struct face_net *net, struct portrait *p, struct cc_error *err)
{
	struct face_landmark points[FACE_LANDMARKS];
	struct image back = { 0 };
	cc_status st = jpeg_decode(buf_view(&p->jpeg), 1, &back, NULL, err);

	if (cc_failed(st))
		return st;
	face_net_landmarks(net, &back, &o->crop, points);
	p->landmark_shift = mean_shift(points, o->points) / hypot(p->eye[1].x - p->eye[0].x, p->eye[1].y - p->eye[0].y);
	image_done(&back);
	return cc_ok();
}

#define QUALITY_USUAL 54
#define QUALITY_STEP 8
#define QUALITY_CLOSE 2 /* as near to the lowest quality as the search goes: a step is a hundredth of the bytes */

static void keep(struct portrait *p, struct portrait *trial)
{
	buf_move(&p->jpeg, &trial->jpeg);
	p->quality = trial->quality;
	p->similarity = trial->similarity;
}

/* The lowest quality with the similarity wanted, by steps from a usual one and then by halves; quality_max when none has it. */
static cc_status similar_enough(const struct original *o, const struct portrait_params *params, struct portrait *p,
				struct cc_error *err)
{
	int low = params->quality_min, high = params->quality_max, next = QUALITY_USUAL;
	struct portrait trial = *p;
	cc_status st = cc_ok();

	while (high - low > (p->jpeg.n ? QUALITY_CLOSE : 0) && !cc_failed(st)) {
		bool bracketed = low > params->quality_min && p->jpeg.n;

		trial.quality = bracketed || next < low || next >= high ? low + (high - low) / 2 : next;
		st = attempt(o, &trial, err);
		if (cc_failed(st))
			break;
		next = trial.quality + (trial.similarity >= PORTRAIT_SIMILARITY_WANTED ? -QUALITY_STEP : QUALITY_STEP);
		if (trial.similarity >= PORTRAIT_SIMILARITY_WANTED) {
			high = trial.quality;
			keep(p, &trial);
		} else {
			low = trial.quality + 1;
		}
	}
	if (!cc_failed(st) && !p->jpeg.n) {
		trial.quality = high;
		st = attempt(o, &trial, err);
		keep(p, &trial);
	}
	buf_done(&trial.jpeg);
	return st;
}

/* The similarity's quality, raised while the landmarks move; then within the budget. */
static cc_status smallest(struct face_net *net, const struct original *o, const struct portrait_params *params,
			  struct portrait *p, struct cc_error *err)
{
	cc_status st = similar_enough(o, params, p, err);

	if (!cc_failed(st))
		st = measure_shift(o, net, p, err);
	while (!cc_failed(st) && p->landmark_shift > PORTRAIT_LANDMARK_SHIFT_MAX &&
	       p->quality + QUALITY_STEP <= params->quality_max) {
		p->quality += QUALITY_STEP;
		st = attempt(o, p, err);
		if (!cc_failed(st))
			st = measure_shift(o, net, p, err);
	}
	if (cc_failed(st) || p->jpeg.n <= params->bytes_max)
		return st;
	buf_done(&p->jpeg);
	st = best_fit(o->rgb, params, p, err);
	if (!cc_failed(st))
		st = attempt(o, p, err);
	return cc_failed(st) ? st : measure_shift(o, net, p, err);
}

/* A portrait of p's size. */
static cc_status portrait_of_size(struct face_net *net, const struct image *photo, const struct face *face,
				  const struct portrait_params *params, struct portrait *p, struct cc_error *err)
{
	struct image picture = { 0 };
	struct original original = { 0 };
	cc_status st;

	for (unsigned e = 0; e < 2; e++)
		p->eye[e] = in_portrait(p, face, face->eye[e]);
	st = portrait_cut(photo, face, &p->cut, p->roll, p->width, p->height, &picture, err);
	if (!cc_failed(st))
		st = original_of(net, &picture, p, &original, err);
	if (!cc_failed(st))
		st = smallest(net, &original, params, p, err);
	image_done(&picture);
	image_done(&original.luma);
	return st;
}

/* ISO/IEC 19794-5:2005 8.4.1: about 90 pixels between the eyes. */
#define EYE_PIXELS_MIN 90
#define SHRINK 0.88

/* A size smaller that still has the pixels between the eyes; false when there is none. */
static bool shrink(struct portrait *p)
{
	double d = hypot(p->eye[1].x - p->eye[0].x, p->eye[1].y - p->eye[0].y);

	if (d < EYE_PIXELS_MIN + 2)
		return false;
	p->width = at_least_one(p->width * fmax(SHRINK, (EYE_PIXELS_MIN + 0.5) / d));
	p->height = at_least_one(p->width * p->cut.height / p->cut.width);
	return true;
}

cc_status portrait_from_face(struct face_net *net, const struct image *photo, const struct face *face,
			     const struct portrait_params *params, struct portrait *ret, struct cc_error *err)
{
	struct portrait made = { 0 };
	struct cc_error trial;
	cc_status st;

	CC_ASSERT(params->quality_min >= 1 && params->quality_min <= params->quality_max && params->quality_max <= 100);
	lay_out(photo, face, params, &made);
	do {
		cc_error_init(&trial);
		st = portrait_of_size(net, photo, face, params, &made, &trial);
	} while (st.code == CC_E_LIMIT && shrink(&made));
	if (cc_failed(st)) {
		portrait_done(&made);
		return cc_fail(err, st.code, trial.key, "%s", trial.detail);
	}
	*ret = made;
	return cc_ok();
}
