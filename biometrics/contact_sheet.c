/* SPDX-License-Identifier: Apache-2.0 */
#include "biometrics/contact_sheet.h"

#include "biometrics/jp2.h"
#include "biometrics/portrait_geometry.h"

#include <math.h>
#include <string.h>

#define SHEET_HEIGHT 800u
#define GAP 16u
#define DEGREE (3.14159265358979323846 / 180)

struct colour {
	uint8_t r, g, b;
};
static const struct colour red = { 220, 30, 30 }, green = { 20, 160, 60 }, blue = { 20, 60, 230 };

static void dot(struct image *im, double x, double y, double alpha, struct colour c)
{
	uint8_t *p;

	if (x < 0 || y < 0 || x >= im->width || y >= im->height)
		return;
	p = im->p + ((size_t)y * im->width + (size_t)x) * 3;
	p[0] = (uint8_t)(p[0] + alpha * (c.r - p[0]));
	p[1] = (uint8_t)(p[1] + alpha * (c.g - p[1]));
	p[2] = (uint8_t)(p[2] + alpha * (c.b - p[2]));
}

static void line(struct image *im, struct face_landmark a, struct face_landmark b, struct colour c)
{
	double n = fmax(fmax(fabs(b.x - a.x), fabs(b.y - a.y)), 1);

	for (double i = 0; i <= n; i++)
		dot(im, a.x + (b.x - a.x) * i / n, a.y + (b.y - a.y) * i / n, 0.8, c);
}

static void cross(struct image *im, struct face_landmark at, double size, struct colour c)
{
	line(im, (struct face_landmark){ at.x - size, at.y }, (struct face_landmark){ at.x + size, at.y }, c);
	line(im, (struct face_landmark){ at.x, at.y - size }, (struct face_landmark){ at.x, at.y + size }, c);
}

/* Where the drawing of an image goes on the sheet. */
struct place {
	double left, scale;
};

static struct face_landmark on_sheet(const struct place *p, double x, double y)
{
	return (struct face_landmark){ p->left + x * p->scale, y * p->scale };
}

static void copy_into(struct image *sheet, const struct image *im, unsigned left)
{
	for (unsigned y = 0; y < im->height && y < sheet->height; y++)
		memcpy(sheet->p + ((size_t)y * sheet->width + left) * 3, image_row(im, y), (size_t)3 * im->width);
}

/* A corner of the cut in the photo: the cut is turned around the middle of the eyes. */
static struct face_landmark cut_corner(const struct face *face, const struct portrait *portrait, bool right, bool bottom)
{
	double mx = (face->eye[0].x + face->eye[1].x) / 2, my = (face->eye[0].y + face->eye[1].y) / 2,
	       a = -portrait->roll * DEGREE;
	double x = portrait->cut.x + (right ? portrait->cut.width : 0) - mx;
	double y = portrait->cut.y + (bottom ? portrait->cut.height : 0) - my;

	return (struct face_landmark){ mx + x * cos(a) - y * sin(a), my + x * sin(a) + y * cos(a) };
}

static void draw_photo(struct image *sheet, const struct place *at, const struct face *face, const struct portrait *portrait)
{
	struct face_landmark corner[4];

	for (unsigned i = 0; i < 4; i++) {
		corner[i] = cut_corner(face, portrait, i == 1 || i == 2, i >= 2);
		corner[i] = on_sheet(at, corner[i].x, corner[i].y);
	}
	for (unsigned i = 0; i < 4; i++)
		line(sheet, corner[i], corner[(i + 1) % 4], red);
	for (unsigned i = 0; i < FACE_LANDMARKS; i++)
		cross(sheet, on_sheet(at, face->points[i].x, face->points[i].y), 1, green);
	for (unsigned e = 0; e < 2; e++)
		cross(sheet, on_sheet(at, face->eye[e].x, face->eye[e].y), 6, blue);
}

static void across(struct image *sheet, const struct place *at, double y, double width, struct colour c)
{
	line(sheet, on_sheet(at, 0, y), on_sheet(at, width - 1, y), c);
}

static void down(struct image *sheet, const struct place *at, double x, double height, struct colour c)
{
	line(sheet, on_sheet(at, x, 0), on_sheet(at, x, height - 1), c);
}

static void draw_portrait(struct image *sheet, const struct place *at, const struct face *face, const struct portrait *p)
{
	double w = p->width, h = p->height, scale = w / p->cut.width;
	struct head head;

	/* ISO/IEC 19794-5:2005 8.3.2 and 8.3.3. */
	down(sheet, at, 0.45 * w, h, red);
	down(sheet, at, 0.55 * w, h, red);
	across(sheet, at, 0.3 * h, w, red);
	across(sheet, at, 0.5 * h, w, red);
	head_measure(face, &head);
	across(sheet, at, (head.crown - p->cut.y) * scale, w, green);
	across(sheet, at, (head.chin - p->cut.y) * scale, w, green);
	down(sheet, at, (head.left - p->cut.x) * scale, h, green);
	down(sheet, at, (head.right - p->cut.x) * scale, h, green);
	for (unsigned e = 0; e < 2; e++)
		cross(sheet, on_sheet(at, p->eye[e].x, p->eye[e].y), 6, blue);
}

cc_status contact_sheet(const struct image *photo, const struct face *face, const struct portrait *portrait, struct image *ret,
			struct cc_error *err)
{
	const struct image_rect whole = { 0, 0, photo->width, photo->height };
	struct image decoded = { 0 }, left = { 0 }, right = { 0 }, sheet = { 0 };
	struct place at_left = { 0, (double)SHEET_HEIGHT / photo->height };
	struct place at_right = { 0, (double)SHEET_HEIGHT / portrait->height };
	struct image_rect all;
	cc_status st = portrait->format == PORTRAIT_JPEG ? jpeg_decode(buf_view(&portrait->data), 1, &decoded, NULL, err)
							 : jp2_decode(buf_view(&portrait->data), &decoded, NULL, err);

	if (cc_failed(st))
		return st;
	all = (struct image_rect){ 0, 0, decoded.width, decoded.height };
	st = image_resample(photo, &whole, (unsigned)fmax(photo->width * at_left.scale, 1), SHEET_HEIGHT, &left, err);
	if (!cc_failed(st))
		st = image_resample(&decoded, &all, (unsigned)fmax(decoded.width * at_right.scale, 1), SHEET_HEIGHT, &right, err);
	if (!cc_failed(st))
		st = image_new(left.width + GAP + right.width, SHEET_HEIGHT, 3, &sheet, err);
	if (!cc_failed(st)) {
		memset(sheet.p, 255, image_size(&sheet));
		at_right.left = left.width + GAP;
		copy_into(&sheet, &left, 0);
		copy_into(&sheet, &right, left.width + GAP);
		draw_photo(&sheet, &at_left, face, portrait);
		draw_portrait(&sheet, &at_right, face, portrait);
		image_move(ret, &sheet);
	}
	image_done(&decoded);
	image_done(&left);
	image_done(&right);
	image_done(&sheet);
	return st;
}
