/* SPDX-License-Identifier: Apache-2.0 */
#include "biometrics/quality_measure.h"

#include <math.h>

static struct lab colour_in(const struct image *rgb, double x0, double y0, double x1, double y1)
{
	double sum[3] = { 0 }, n = 0;

	for (int y = (int)fmax(y0, 0); y < y1 && y < (int)rgb->height; y++)
		for (int x = (int)fmax(x0, 0); x < x1 && x < (int)rgb->width; x++, n++)
			for (unsigned c = 0; c < 3; c++)
				sum[c] += image_row(rgb, (unsigned)y)[3 * x + (int)c];
	for (unsigned c = 0; c < 3; c++)
		sum[c] /= fmax(n, 1);
	return lab_of(sum);
}

static double middle_of_five(const double v[5])
{
	double s[5];

	for (unsigned i = 0; i < 5; i++) {
		unsigned k = i;

		for (; k > 0 && s[k - 1] > v[i]; k--)
			s[k] = s[k - 1];
		s[k] = v[i];
	}
	return s[2];
}

/* The skin of this face: the median of five places, of which hair or a hand may cover two. */
static struct lab skin_colour(const struct quality_frame *f)
{
	const struct face_landmark at[5] = { { FRAME_X - 45, FRAME_Y + 55 },
					     { FRAME_X + 45, FRAME_Y + 55 },
					     { FRAME_X, FRAME_Y + 20 },
					     { FRAME_X, f->points[33].y - 14 },
					     { (f->points[57].x + f->points[8].x) / 2, (f->points[57].y + f->points[8].y) / 2 } };
	double l[5], a[5], b[5];

	for (unsigned i = 0; i < 5; i++) {
		struct lab c = colour_in(&f->rgb, at[i].x - 8, at[i].y - 8, at[i].x + 8, at[i].y + 8);

		l[i] = c.l;
		a[i] = c.a;
		b[i] = c.b;
	}
	return (struct lab){ middle_of_five(l), middle_of_five(a), middle_of_five(b) };
}

/* Shade changes lightness more than hue, so lightness counts less. */
static double unlike(struct lab c, struct lab skin)
{
	return sqrt(0.16 * (c.l - skin.l) * (c.l - skin.l) + (c.a - skin.a) * (c.a - skin.a) + (c.b - skin.b) * (c.b - skin.b));
}

/* How clear an iris is against the contrast that this photo's face has: its edge over the spread of grey levels. */
static double openness(const struct quality_frame *f, const struct iris *iris)
{
	double sum = 0, square = 0, n = 0;

	for (unsigned y = FRAME_Y - 30; y < FRAME_Y + 110; y++)
		for (unsigned x = FRAME_X - 75; x < FRAME_X + 75; x++, n++) {
			double v = image_row(&f->grey, y)[x];

			sum += v;
			square += v * v;
		}
	return iris->edge / (sqrt(fmax(square / n - sum * sum / n / n, 0)) + 4);
}

#define LIDS_CLOSED 0.18
#define LIDS_USUAL 0.3
#define LIDS_LEAST 0.2

/* Under an iris this unclear the eye is closed or covered. */
#define IRIS_CLEAR 0.1

/* An eye that shows no iris is closed when lid and lashes are there, and covered when what is there is unlike skin. */
static double covered(const struct quality_frame *f, struct lab skin, double openness, int eye_x)
{
	if (openness >= IRIS_CLEAR)
		return 0;
	return unlike(colour_in(&f->rgb, eye_x - 22, FRAME_Y - 10, eye_x + 22, FRAME_Y + 10), skin);
}

/*
 * How wide the lids stand open by the landmarks, as a share of what is usual (a
 * third of the eye's length); kept within bounds, for narrow eyes with a clear iris are open too.
 */
static double lids_apart(const struct face_landmark *eye)
{
	double gaps = hypot(eye[1].x - eye[5].x, eye[1].y - eye[5].y) + hypot(eye[2].x - eye[4].x, eye[2].y - eye[4].y);
	double ratio = gaps / 2 / fmax(hypot(eye[3].x - eye[0].x, eye[3].y - eye[0].y), 1);

	return fmin(fmax((ratio - LIDS_CLOSED) / (LIDS_USUAL - LIDS_CLOSED), LIDS_LEAST), 1);
}

static double gap(const struct face_landmark *p, unsigned top, unsigned bottom)
{
	return p[bottom].y - p[top].y;
}

void quality_measure_features(const struct quality_frame *f, const struct face *face, double v[QUALITY_MEASURES])
{
	double lower_face = fmax(f->points[8].y - FRAME_Y, 1);
	double right = openness(f, &face->iris[FACE_EYE_RIGHT]), left = openness(f, &face->iris[FACE_EYE_LEFT]);
	struct lab skin = skin_colour(f);

	v[QUALITY_FACE_SCATTER] = face->scatter;
	v[QUALITY_EYES_OPEN] = fmin(right * lids_apart(&f->points[36]), left * lids_apart(&f->points[42]));
	v[QUALITY_EYES_VISIBLE] =
		fmax(covered(f, skin, right, FRAME_X - FRAME_EYES / 2), covered(f, skin, left, FRAME_X + FRAME_EYES / 2));
	v[QUALITY_MOUTH_CLOSED] =
		fmax(0, (gap(f->points, 61, 67) + gap(f->points, 62, 66) + gap(f->points, 63, 65)) / 3) / lower_face;
}
