/* SPDX-License-Identifier: Apache-2.0 */
#include "biometrics/quality_measure.h"

#include <math.h>

cc_status quality_frame_make(const struct image *photo, const struct face *face, struct quality_frame *ret, struct cc_error *err)
{
	struct quality_frame f = { 0 };
	double mx = (face->eye[0].x + face->eye[1].x) / 2, my = (face->eye[0].y + face->eye[1].y) / 2;
	double roll = -face->roll * 3.14159265358979323846 / 180, unit = fmax(face->eye_distance, 2) / FRAME_EYES;
	double down = (FRAME_HEIGHT / 2.0 - FRAME_Y) * unit;
	struct image_turn turn = { mx - sin(roll) * down, my + cos(roll) * down, unit, roll };
	cc_status st = image_turned(photo, &turn, IMAGE_LINEAR, FRAME_WIDTH, FRAME_HEIGHT, &f.rgb, err);

	if (!cc_failed(st))
		st = image_to_grey(&f.rgb, &f.grey, err);
	for (unsigned i = 0; i < FACE_LANDMARKS; i++) {
		double x = (face->points[i].x - mx) / unit, y = (face->points[i].y - my) / unit;

		f.points[i].x = x * cos(roll) + y * sin(roll) + FRAME_X;
		f.points[i].y = y * cos(roll) - x * sin(roll) + FRAME_Y;
	}
	if (cc_failed(st))
		quality_frame_done(&f);
	else
		*ret = f;
	return st;
}

void quality_frame_done(struct quality_frame *f)
{
	image_done(&f->rgb);
	image_done(&f->grey);
}

static double linear_light(double v)
{
	v /= 255;
	return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

static double lab_curve(double t)
{
	return t > 216.0 / 24389 ? cbrt(t) : (24389.0 / 27 * t + 16) / 116;
}

/* IEC 61966-2-1 (sRGB) and ISO/CIE 11664-4. */
struct lab lab_of(const double rgb[3])
{
	double r = linear_light(rgb[0]), g = linear_light(rgb[1]), b = linear_light(rgb[2]);
	double x = lab_curve((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047);
	double y = lab_curve(0.2126 * r + 0.7152 * g + 0.0722 * b);
	double z = lab_curve((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883);

	return (struct lab){ 116 * y - 16, 500 * (x - y), 200 * (y - z) };
}

double lab_chroma(struct lab c)
{
	return hypot(c.a, c.b);
}

double lab_distance(struct lab a, struct lab b)
{
	return sqrt((a.l - b.l) * (a.l - b.l) + (a.a - b.a) * (a.a - b.a) + (a.b - b.b) * (a.b - b.b));
}
