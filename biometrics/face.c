/* SPDX-License-Identifier: Apache-2.0 */
#include "biometrics/face.h"

#include <math.h>
#include <string.h>

#define PI 3.14159265358979323846
/* Larger photos are searched at this length of their longer side. */
#define WORK_SIDE 1000u
/* The eyes lie so far above the middle of the crop that the landmarks like best, whose side is so many eye distances. */
#define CROP_BELOW 0.47
#define CROP_SIDE 2.2
#define VIEWS 4u
/* Answers that lie further apart than this are no face that stands as assumed. */
#define SCATTER_LOST 0.08
/* The eye's centre: the landmarks' middle of the lids, corrected by the iris. */
#define IRIS_SHARE 0.7
#define IRIS_EDGE_MIN 3.0

struct reading {
	struct face_landmark points[FACE_LANDMARKS];
	double scatter;
};

static struct face_landmark mean_point(const struct face_landmark *p, unsigned n)
{
	struct face_landmark sum = { 0, 0 };

	for (unsigned i = 0; i < n; i++) {
		sum.x += p[i].x / n;
		sum.y += p[i].y / n;
	}
	return sum;
}

static struct face_landmark eye_by_lids(const struct face_landmark points[FACE_LANDMARKS], enum face_eye eye)
{
	return mean_point(points + (eye == FACE_EYE_RIGHT ? 36 : 42), 6);
}

/* A crop that stands upright on the eyes. side and mirrored make it one of several views. */
static struct face_crop crop_on_eyes(const struct face_landmark points[FACE_LANDMARKS], double side, bool mirrored)
{
	struct face_landmark r = eye_by_lids(points, FACE_EYE_RIGHT), l = eye_by_lids(points, FACE_EYE_LEFT);
	double d = fmax(hypot(l.x - r.x, l.y - r.y), 4), roll = atan2(l.y - r.y, l.x - r.x);

	return (struct face_crop){ .x = (r.x + l.x) / 2 - sin(roll) * CROP_BELOW * d,
				   .y = (r.y + l.y) / 2 + cos(roll) * CROP_BELOW * d,
				   .side = side * d,
				   .roll = roll,
				   .mirrored = mirrored };
}

static void average_views(struct face_landmark views[VIEWS][FACE_LANDMARKS], struct reading *ret)
{
	double spread = 0;
	struct face_landmark r, l;

	for (unsigned i = 0; i < FACE_LANDMARKS; i++) {
		struct face_landmark p[VIEWS];

		for (unsigned v = 0; v < VIEWS; v++)
			p[v] = views[v][i];
		ret->points[i] = mean_point(p, VIEWS);
		for (unsigned v = 0; v < VIEWS; v++)
			spread += pow(p[v].x - ret->points[i].x, 2) + pow(p[v].y - ret->points[i].y, 2);
	}
	r = eye_by_lids(ret->points, FACE_EYE_RIGHT);
	l = eye_by_lids(ret->points, FACE_EYE_LEFT);
	ret->scatter = sqrt(spread / (VIEWS * FACE_LANDMARKS)) / fmax(hypot(l.x - r.x, l.y - r.y), 1);
}

/* First the detector's box, then a crop on the eyes it gave, then four views around those; roll: how the head is thought to
 * stand. */
static void read_face(struct face_net *net, const struct image *im, const struct image_rect *box, double roll,
		      struct reading *ret)
{
	struct face_crop crop = {
		.x = box->x + box->width / 2, .y = box->y + box->height / 2, .side = fmax(box->width, box->height), .roll = roll
	};
	struct face_landmark views[VIEWS][FACE_LANDMARKS], points[FACE_LANDMARKS];

	face_net_landmarks(net, im, &crop, points);
	crop = crop_on_eyes(points, CROP_SIDE, false);
	face_net_landmarks(net, im, &crop, points);
	for (unsigned v = 0; v < VIEWS; v++) {
		crop = crop_on_eyes(points, v & 2 ? CROP_SIDE + 0.13 : CROP_SIDE - 0.12, v & 1);
		face_net_landmarks(net, im, &crop, views[v]);
	}
	average_views(views, ret);
}

/* As the head probably stands; when that makes no sense, also upside down and on its sides. */
static void read_best(struct face_net *net, const struct image *im, const struct image_rect *box, struct reading *ret)
{
	static const double rolls[3] = { PI, PI / 2, -PI / 2 };

	read_face(net, im, box, 0, ret);
	for (unsigned i = 0; i < 3 && ret->scatter > SCATTER_LOST; i++) {
		struct reading other;

		read_face(net, im, box, rolls[i], &other);
		if (other.scatter < ret->scatter)
			*ret = other;
	}
}

/* The smallest of the three colours: irises of every colour are dark in it, the white of the eye is light. */
static cc_status darkest_channel(const struct image *im, struct image *ret, struct cc_error *err)
{
	size_t n = (size_t)im->width * im->height;
	cc_status st = image_new(im->width, im->height, 1, ret, err);

	if (cc_failed(st))
		return st;
	for (size_t i = 0; i < n; i++) {
		const uint8_t *p = im->p + 3 * i;
		uint8_t low = p[0] < p[1] ? p[0] : p[1];

		ret->p[i] = low < p[2] ? low : p[2];
	}
	return cc_ok();
}

static cc_status find_eyes(const struct image *im, struct face *face, struct cc_error *err)
{
	struct image dark = { 0 };
	cc_status st = darkest_channel(im, &dark, err);

	if (cc_failed(st))
		return st;
	for (unsigned e = 0; e < 2; e++)
		face->eye[e] = eye_by_lids(face->points, e);
	iris_find(&dark, face->eye, face->iris);
	for (unsigned e = 0; e < 2; e++) {
		double share = face->iris[e].edge > IRIS_EDGE_MIN ? IRIS_SHARE : 0;

		face->eye[e].x += share * (face->iris[e].centre.x - face->eye[e].x);
		face->eye[e].y += share * (face->iris[e].centre.y - face->eye[e].y);
	}
	face->eye_distance = hypot(face->eye[1].x - face->eye[0].x, face->eye[1].y - face->eye[0].y);
	image_done(&dark);
	return cc_ok();
}

static cc_status describe(struct face_net *net, const struct image *im, const struct image_rect *box, struct face *ret,
			  struct cc_error *err)
{
	struct reading reading;
	cc_status st;

	read_best(net, im, box, &reading);
	*ret = (struct face){ .box = *box, .scatter = reading.scatter };
	memcpy(ret->points, reading.points, sizeof ret->points);
	st = find_eyes(im, ret, err);
	if (cc_failed(st))
		return st;
	face_pose(ret->points, &ret->yaw, &ret->pitch, &ret->roll);
	ret->roll = -atan2(ret->eye[1].y - ret->eye[0].y, ret->eye[1].x - ret->eye[0].x) * 180 / PI;
	return cc_ok();
}

/* Adds the boxes of another scale: where both see the same face, the mean of both boxes and the better score. */
static void merge(struct face_box all[FACE_BOXES_MAX], size_t *count, const struct face_box *more, size_t more_count)
{
	for (size_t i = 0; i < more_count; i++) {
		struct face_box *same = NULL;

		for (size_t k = 0; k < *count && !same; k++)
			if (image_rect_overlap(&all[k].rect, &more[i].rect) > 0.3)
				same = &all[k];
		if (!same && *count < FACE_BOXES_MAX) {
			all[(*count)++] = more[i];
		} else if (same) {
			same->rect =
				(struct image_rect){ (same->rect.x + more[i].rect.x) / 2, (same->rect.y + more[i].rect.y) / 2,
						     (same->rect.width + more[i].rect.width) / 2,
						     (same->rect.height + more[i].rect.height) / 2 };
			same->score = fmax(same->score, more[i].score);
		}
	}
}

static cc_status detect(struct face_net *net, const struct image *im, struct face_finding *ret, struct cc_error *err)
{
	struct face_box fine[FACE_BOXES_MAX];
	size_t n = 0;
	cc_status st = face_net_detect(net, im, 128, FACE_SCORE_MIN, ret->boxes, &ret->count, err);

	if (cc_failed(st))
		return st;
	st = face_net_detect(net, im, 224, FACE_SCORE_MIN, fine, &n, err);
	if (!cc_failed(st))
		merge(ret->boxes, &ret->count, fine, n);
	return st;
}

static const struct image_rect *largest(const struct face_finding *f)
{
	const struct image_rect *best = &f->boxes[0].rect;

	for (size_t i = 1; i < f->count; i++)
		if (f->boxes[i].rect.width * f->boxes[i].rect.height > best->width * best->height)
			best = &f->boxes[i].rect;
	return best;
}

static void scale_rect(struct image_rect *r, double by)
{
	*r = (struct image_rect){ r->x * by, r->y * by, r->width * by, r->height * by };
}

static void scale_point(struct face_landmark *p, double by)
{
	p->x *= by;
	p->y *= by;
}

/* From pixels of the searched picture to pixels of the photo. */
static void scale_finding(struct face_finding *f, double by)
{
	for (size_t i = 0; i < f->count; i++)
		scale_rect(&f->boxes[i].rect, by);
	scale_rect(&f->face.box, by);
	for (unsigned i = 0; i < FACE_LANDMARKS; i++)
		scale_point(&f->face.points[i], by);
	for (unsigned e = 0; e < 2; e++) {
		scale_point(&f->face.eye[e], by);
		scale_point(&f->face.iris[e].centre, by);
		f->face.iris[e].radius *= by;
	}
	f->face.eye_distance *= by;
}

static cc_status search(struct face_net *net, const struct image *im, struct face_finding *ret, struct cc_error *err)
{
	cc_status st = detect(net, im, ret, err);

	if (cc_failed(st) || ret->count == 0)
		return st;
	return describe(net, im, largest(ret), &ret->face, err);
}

cc_status face_find(struct face_net *net, const struct image *photo, struct face_finding *ret, struct cc_error *err)
{
	unsigned longer = photo->width > photo->height ? photo->width : photo->height;
	double by = (double)longer / WORK_SIDE;
	const struct image_rect whole = { 0, 0, photo->width, photo->height };
	struct image work = { 0 };
	struct face_finding found = { 0 };
	cc_status st;

	CC_ASSERT(photo->channels == 3);
	if (longer <= WORK_SIDE) {
		st = search(net, photo, &found, err);
	} else {
		st = image_reduce(photo, &whole, (unsigned)fmax(photo->width / by, 1), (unsigned)fmax(photo->height / by, 1),
				  &work, err);
		if (!cc_failed(st))
			st = search(net, &work, &found, err);
		scale_finding(&found, by);
	}
	if (!cc_failed(st))
		*ret = found;
	image_done(&work);
	return st;
}
