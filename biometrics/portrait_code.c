/* SPDX-License-Identifier: Apache-2.0 */
#include "biometrics/portrait_code.h"

#include "biometrics/jp2.h"
#include "biometrics/similarity.h"

#include <math.h>

/* ---- JPEG */

static cc_status encode_at(const struct image *im, int quality, struct buf *ret, struct cc_error *err)
{
	return jpeg_encode(im, &(struct jpeg_params){ quality, JPEG_CHROMA_QUARTER }, ret, err);
}

/*
 * Bisects the quality: the size grows with it but for ripples of a few bytes,
 * and what is returned was encoded and measured, so the limit always holds.
 */
cc_status portrait_code_fit(const struct image *im, const struct portrait_params *params, struct portrait *best,
			    struct cc_error *err)
{
	int low = params->quality_min, high = params->quality_max;
	size_t budget = portrait_budget(params);
	struct buf trial = { 0 };
	cc_status st = cc_ok();

	while (low <= high && !cc_failed(st)) {
		int quality = best->data.n ? low + (high - low) / 2 : low;

		st = encode_at(im, quality, &trial, err);
		if (cc_failed(st))
			break;
		if (trial.n <= budget) {
			buf_move(&best->data, &trial);
			best->quality = quality;
			low = quality + 1;
		} else if (!best->data.n) {
			st = cc_fail(err, CC_E_LIMIT, "photo.does-not-fit", "%zu bytes at quality %d, at most %zu", trial.n,
				     quality, budget);
		} else {
			high = quality - 1;
		}
	}
	buf_done(&trial);
	return st;
}

cc_status portrait_original_of(struct face_net *net, const struct image *rgb, const struct portrait *p,
			       struct portrait_original *ret, struct cc_error *err)
{
	double d = hypot(p->eye[1].x - p->eye[0].x, p->eye[1].y - p->eye[0].y);

	*ret = (struct portrait_original){ .rgb = rgb };
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
static cc_status attempt(const struct portrait_original *o, struct portrait *p, struct cc_error *err)
{
	struct image luma = { 0 };
	cc_status st = encode_at(o->rgb, p->quality, &p->data, err);

	if (!cc_failed(st))
		st = jpeg_decode_luma(buf_view(&p->data), &luma, err);
	if (!cc_failed(st))
		p->similarity = image_similarity(&o->luma, &luma);
	image_done(&luma);
	return st;
}

/* How far the coding moved the landmarks. */
static cc_status measure_shift(const struct portrait_original *o, struct face_net *net, struct portrait *p, struct cc_error *err)
{
	struct face_landmark points[FACE_LANDMARKS];
	struct image back = { 0 };
	cc_status st = p->format == PORTRAIT_JPEG ? jpeg_decode(buf_view(&p->data), 1, &back, NULL, err)
						  : jp2_decode(buf_view(&p->data), &back, NULL, err);

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
	p->format = trial->format;
	p->landmark_shift = trial->landmark_shift;
	buf_move(&p->data, &trial->data);
	p->quality = trial->quality;
	p->similarity = trial->similarity;
}

/* The lowest quality with the similarity wanted, by steps from a usual one and then by halves; quality_max when none has it. */
static cc_status similar_enough(const struct portrait_original *o, const struct portrait_params *params, struct portrait *p,
				struct cc_error *err)
{
	int low = params->quality_min, high = params->quality_max, next = QUALITY_USUAL;
	struct portrait trial = *p;
	cc_status st = cc_ok();

	while (high - low > (p->data.n ? QUALITY_CLOSE : 0) && !cc_failed(st)) {
		bool bracketed = low > params->quality_min && p->data.n;

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
	if (!cc_failed(st) && !p->data.n) {
		trial.quality = high;
		st = attempt(o, &trial, err);
		keep(p, &trial);
	}
	buf_done(&trial.data);
	return st;
}

/* The similarity's quality, raised while the landmarks move; then within the budget. */
static cc_status smallest_jpeg(struct face_net *net, const struct portrait_original *o, const struct portrait_params *params,
			       struct portrait *p, struct cc_error *err)
{
	cc_status st;

	p->format = PORTRAIT_JPEG;
	st = similar_enough(o, params, p, err);
	if (!cc_failed(st))
		st = measure_shift(o, net, p, err);
	while (!cc_failed(st) && p->landmark_shift > PORTRAIT_LANDMARK_SHIFT_MAX &&
	       p->quality + QUALITY_STEP <= params->quality_max) {
		p->quality += QUALITY_STEP;
		st = attempt(o, p, err);
		if (!cc_failed(st))
			st = measure_shift(o, net, p, err);
	}
	if (cc_failed(st) || p->data.n <= portrait_budget(params))
		return st;
	buf_done(&p->data);
	st = portrait_code_fit(o->rgb, params, p, err);
	if (!cc_failed(st))
		st = attempt(o, p, err);
	return cc_failed(st) ? st : measure_shift(o, net, p, err);
}

/* ---- JPEG 2000: its encoder takes bytes, not a quality */

#define PIXELS_PER_BYTE_USUAL 24u
#define BYTES_LOW 1500.0
#define BYTES_STEP 1.25
#define BYTES_CLOSE 1.03	/* as near to the fewest bytes as the search goes */
#define SIMILARITY_CLOSE 0.0008 /* above the one wanted: near enough */
#define TRIALS_MAX 7u
/* What is missing to equality falls nearly as the bytes rise, to this power (24 portraits: 1.0 to 1.2). */
#define FALL 1.08

static cc_status attempt_jp2(const struct portrait_original *o, size_t bytes, struct portrait *p, struct cc_error *err)
{
	struct image back = { 0 }, luma = { 0 };
	cc_status st = jp2_encode(o->rgb, bytes, &p->data, err);

	if (!cc_failed(st))
		st = jp2_decode(buf_view(&p->data), &back, NULL, err);
	if (!cc_failed(st))
		st = image_to_grey(&back, &luma, err);
	if (!cc_failed(st))
		p->similarity = image_similarity(&o->luma, &luma);
	image_done(&back);
	image_done(&luma);
	return st;
}

/* Where the similarity wanted will be, from one trial; within what is known to be too few and enough. */
static double next_bytes(double bytes, double similarity, double wanted, double low, double high)
{
	double next = bytes * pow((1 - similarity) / (1 - wanted), 1 / FALL) * 1.01;

	return fmin(fmax(next, low * BYTES_CLOSE), high / BYTES_CLOSE);
}

/* The fewest bytes with the similarity wanted; the budget's when none has it. */
static cc_status fewest_bytes(const struct portrait_original *o, double budget, double wanted, struct portrait *p,
			      struct cc_error *err)
{
	double low = BYTES_LOW, high = budget * BYTES_CLOSE;
	double bytes = fmin((double)o->rgb->width * o->rgb->height / PIXELS_PER_BYTE_USUAL, budget);
	struct portrait trial = { .format = PORTRAIT_JPEG2000 };
	cc_status st = cc_ok();

	for (unsigned i = 0; i < TRIALS_MAX && !cc_failed(st); i++) {
		bool enough;

		if (cc_failed(st = attempt_jp2(o, (size_t)bytes, &trial, err)))
			break;
		enough = trial.similarity >= wanted;
		if (enough)
			high = bytes;
		else
			low = bytes;
		bytes = next_bytes(bytes, trial.similarity, wanted, low, high);
		if (enough || low >= budget)
			keep(p, &trial);
		if (high <= low * BYTES_CLOSE * BYTES_CLOSE || (enough && p->similarity <= wanted + SIMILARITY_CLOSE))
			break;
	}
	if (!cc_failed(st) && !p->data.n)
		st = attempt_jp2(o, (size_t)budget, p, err);
	buf_done(&trial.data);
	return st;
}

static cc_status smallest_jp2(struct face_net *net, const struct portrait_original *o, const struct portrait_params *params,
			      double wanted, struct portrait *p, struct cc_error *err)
{
	double budget = (double)portrait_budget(params);
	cc_status st;

	p->format = PORTRAIT_JPEG2000;
	p->quality = 0;
	if (cc_failed(st = fewest_bytes(o, budget, wanted, p, err)))
		return st;
	if (p->similarity < PORTRAIT_SIMILARITY_MIN) {
		buf_done(&p->data);
		return cc_fail(err, CC_E_LIMIT, "photo.does-not-fit", "similarity %.3f in %.0f bytes", p->similarity, budget);
	}
	st = measure_shift(o, net, p, err);
	for (double bytes = (double)p->data.n * BYTES_STEP;
	     !cc_failed(st) && p->landmark_shift > PORTRAIT_LANDMARK_SHIFT_MAX && bytes <= budget; bytes *= BYTES_STEP)
		if (!cc_failed(st = attempt_jp2(o, (size_t)bytes, p, err)))
			st = measure_shift(o, net, p, err);
	return st;
}

/* ---- either, or the smaller of both */

static cc_status smaller(struct face_net *net, const struct portrait_original *o, const struct portrait_params *params,
			 struct portrait *p, struct cc_error *err)
{
	struct portrait other = *p;
	struct cc_error why;
	cc_status st = smallest_jpeg(net, o, params, p, err), other_st;

	if (cc_failed(st) && st.code != CC_E_LIMIT)
		return st;
	cc_error_init(&why);
	other.data = (struct buf){ 0 };
	/* Held against each other at the same similarity. */
	other_st = smallest_jp2(net, o, params, cc_failed(st) ? PORTRAIT_SIMILARITY_JP2 : p->similarity, &other, &why);
	if (!cc_failed(other_st) && (cc_failed(st) || other.data.n < p->data.n)) {
		keep(p, &other);
		st = cc_ok();
		if (err)
			cc_error_init(err); /* the JPEG's, which is not needed */
	}
	buf_done(&other.data);
	return !cc_failed(other_st) || other_st.code == CC_E_LIMIT ? st : cc_fail(err, other_st.code, why.key, "%s", why.detail);
}

cc_status portrait_code(struct face_net *net, const struct portrait_original *o, const struct portrait_params *params,
			struct portrait *p, struct cc_error *err)
{
	switch (params->format) {
	case PORTRAIT_JPEG:
		return smallest_jpeg(net, o, params, p, err);
	case PORTRAIT_JPEG2000:
		return smallest_jp2(net, o, params, PORTRAIT_SIMILARITY_JP2, p, err);
	case PORTRAIT_SMALLEST:
		break;
	}
	return smaller(net, o, params, p, err);
}
