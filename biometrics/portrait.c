/* SPDX-License-Identifier: Apache-2.0 */
#include "biometrics/portrait.h"

#include "biometrics/portrait_code.h"
#include "biometrics/portrait_geometry.h"

#include <math.h>

#define DEGREE (3.14159265358979323846 / 180)
/* Turning costs sharpness: a lean that nobody sees is left. */
#define ROLL_LEFT 1.5

struct portrait_params portrait_params_default(void)
{
	return (struct portrait_params){ .width = 480, .height = 640, .bytes_max = 20000, .quality_min = 50, .quality_max = 95 };
}

size_t portrait_budget(const struct portrait_params *params)
{
	uint64_t readable = (uint64_t)params->read_ms * params->read_rate / 1000;

	return readable > 0 && readable < params->bytes_max ? (size_t)readable : params->bytes_max;
}

void portrait_done(struct portrait *p)
{
	buf_done(&p->data);
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

cc_status portrait_make(const struct image *photo, const struct portrait_params *params, struct portrait *ret,
			struct cc_error *err)
{
	struct image scaled = { 0 };
	struct portrait made = { 0 };
	struct image_rect crop = centre_crop(photo, params);
	cc_status st;

	CC_ASSERT(params->width && params->height && params->quality_min >= 1 && params->quality_min <= params->quality_max &&
		  params->quality_max <= 100);
	made.width = crop.width < params->width ? at_least_one(crop.width) : params->width;
	made.height = crop.height < params->height ? at_least_one(crop.height) : params->height;
	st = image_resample(photo, &crop, made.width, made.height, &scaled, err);
	if (!cc_failed(st))
		st = portrait_code_fit(&scaled, params, &made, err);
	if (!cc_failed(st)) {
		*ret = made;
		made = (struct portrait){ 0 };
	}
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

/* A portrait of p's size. */
static cc_status portrait_of_size(struct face_net *net, const struct image *photo, const struct face *face,
				  const struct portrait_params *params, struct portrait *p, struct cc_error *err)
{
	struct image picture = { 0 };
	struct portrait_original original = { 0 };
	cc_status st;

	for (unsigned e = 0; e < 2; e++)
		p->eye[e] = in_portrait(p, face, face->eye[e]);
	st = portrait_cut(photo, face, &p->cut, p->roll, p->width, p->height, &picture, err);
	if (!cc_failed(st))
		st = portrait_original_of(net, &picture, p, &original, err);
	if (!cc_failed(st))
		st = portrait_code(net, &original, params, p, err);
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
