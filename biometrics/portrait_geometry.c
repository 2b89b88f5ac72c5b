/* SPDX-License-Identifier: Apache-2.0 */
#include "biometrics/portrait_geometry.h"

#include <math.h>

#define TALL (4.0 / 3) /* B of A */

/* ISO/IEC 19794-5:2005 8.3.2 to 8.3.5. */
#define MIDDLE_MIN 0.45
#define MIDDLE_MAX 0.55
#define EYES_MIN 0.5
#define EYES_MAX 0.7
#define HEAD_WIDTH_MIN 0.5
#define HEAD_WIDTH_MAX 0.75
#define HEAD_LENGTH_MIN 0.6
#define HEAD_LENGTH_MAX 0.9

#define EYES_WANTED 0.56 /* hair needs room above */
#define HEAD_LENGTH_WANTED 0.68

/* The lowest landmark of the jaw lies on the front of the chin; its lower edge is so much further from the eyes. */
#define CHIN_BELOW 1.1

/* The eyes lie half way between crown and chin (the artist's rule; anthropometric means are within 3 %). */
void head_measure(const struct face *face, struct head *ret)
{
	double roll = -face->roll * 3.14159265358979323846 / 180;
	double mx = (face->eye[0].x + face->eye[1].x) / 2, my = (face->eye[0].y + face->eye[1].y) / 2;
	double down = 0, side = 0;

	for (unsigned i = 0; i < 17; i++) { /* the jaw, from ear to ear */
		double x = face->points[i].x - mx, y = face->points[i].y - my;

		down = fmax(down, -x * sin(roll) + y * cos(roll));
		side = fmax(side, fabs(x * cos(roll) + y * sin(roll)));
	}
	down *= CHIN_BELOW;
	*ret = (struct head){ { mx, my }, mx - side, mx + side, my - down, my + down };
}

double portrait_width_min(const struct head *head)
{
	return fmax((head->right - head->left) / HEAD_WIDTH_MAX, (head->chin - head->crown) / HEAD_LENGTH_MAX / TALL);
}

double portrait_width_max(const struct head *head)
{
	return fmin((head->right - head->left) / HEAD_WIDTH_MIN, (head->chin - head->crown) / HEAD_LENGTH_MIN / TALL);
}

double portrait_shift(const struct head *head, double width, double w, double h)
{
	double left = MIDDLE_MIN * width - head->middle.x, right = MIDDLE_MIN * width - (w - head->middle.x);
	double up = (1 - EYES_MAX) * width * TALL - head->middle.y, down = EYES_MIN * width * TALL - (h - head->middle.y);

	return fmax(fmax(left, right), fmax(up, down));
}

/* Where a piece of this length starts so that it holds `at` at a share between low and high, wanted if the photo allows. */
static double place(double at, double length, double low, double wanted, double high, double photo)
{
	double start = at - wanted * length;

	start = fmin(start, photo - length); /* inside at the far edge */
	start = fmax(start, 0);		     /* rather at the near edge */
	return fmin(fmax(start, at - high * length), at - low * length);
}

struct image_rect portrait_rect(const struct head *head, double w, double h)
{
	double least = portrait_width_min(head);
	double width = (head->chin - head->crown) / HEAD_LENGTH_WANTED / TALL;
	struct image_rect r;

	width = fmin(fmax(width, least), portrait_width_max(head));
	if (width > w)
		width = fmax(w, least);
	if (width * TALL > h)
		width = fmax(h / TALL, least);
	/* Narrower still where the head is near an edge. */
	for (int i = 0; i < 20 && width > least && portrait_shift(head, width, w, h) > 0; i++)
		width = fmax(width * 0.98, least);
	r.width = width;
	r.height = width * TALL;
	r.x = place(head->middle.x, r.width, MIDDLE_MIN, 0.5, MIDDLE_MAX, w);
	r.y = place(head->middle.y, r.height, 1 - EYES_MAX, 1 - EYES_WANTED, 1 - EYES_MIN, h);
	return r;
}
