/* SPDX-License-Identifier: Apache-2.0 */
#include "biometrics/face.h"

#include <math.h>

/* What the fit says of upright heads on the average: the landmarks of nose and mouth sit a little below those of a measured head.
 */
#define PITCH_OF_UPRIGHT 4.5
#define DEGREES (180 / 3.14159265358979323846)

/*
 * A mean adult head in millimetres, from anthropometric means (L. Farkas: distance of the outer and inner eye corners, length and
 * depth of the nose, width of the mouth, height of the lower face). x to the left of the subject, y down, z towards the viewer;
 * the origin is between the eyes.
 */
static const struct {
	unsigned point; /* iBUG 300-W number, from 0 */
	double x, y, z;
} head[] = {
	{ 36, -45, 0, -12 }, { 39, -17, 1, 0 },	  { 42, 17, 1, 0 },  { 45, 45, 0, -12 }, { 27, 0, -2, 10 },
	{ 30, 0, 40, 32 },   { 31, -14, 47, 14 }, { 33, 0, 50, 20 }, { 35, 14, 47, 14 }, { 48, -25, 72, 8 },
	{ 51, 0, 67, 22 },   { 54, 25, 72, 8 },	  { 57, 0, 83, 20 },
};
#define HEAD_POINTS (sizeof head / sizeof head[0])

/* Solves the symmetric system m x = v of three unknowns by Cramer's rule. */
static void solve3(double m[3][3], const double v[3], double x[3])
{
	double c[3] = { m[1][1] * m[2][2] - m[1][2] * m[2][1], m[1][2] * m[2][0] - m[1][0] * m[2][2],
			m[1][0] * m[2][1] - m[1][1] * m[2][0] };
	double det = m[0][0] * c[0] + m[0][1] * c[1] + m[0][2] * c[2];

	for (unsigned k = 0; k < 3; k++) {
		double t[3][3];

		for (unsigned i = 0; i < 9; i++)
			t[i / 3][i % 3] = i % 3 == k ? v[i / 3] : m[i / 3][i % 3];
		x[k] = (t[0][0] * (t[1][1] * t[2][2] - t[1][2] * t[2][1]) - t[0][1] * (t[1][0] * t[2][2] - t[1][2] * t[2][0]) +
			t[0][2] * (t[1][0] * t[2][1] - t[1][1] * t[2][0])) /
		       det;
	}
}

/* D. DeMenthon's POS: the picture's axes in the head's coordinates, times the scale, by least squares. */
static void axes(const struct face_landmark points[FACE_LANDMARKS], double i_axis[3], double j_axis[3])
{
	double mean[3] = { 0 }, u = 0, v = 0, m[3][3] = { { 0 } }, a[3] = { 0 }, b[3] = { 0 };

	for (unsigned k = 0; k < HEAD_POINTS; k++) {
		mean[0] += head[k].x / HEAD_POINTS;
		mean[1] += head[k].y / HEAD_POINTS;
		mean[2] += head[k].z / HEAD_POINTS;
		u += points[head[k].point].x / HEAD_POINTS;
		v += points[head[k].point].y / HEAD_POINTS;
	}
	for (unsigned k = 0; k < HEAD_POINTS; k++) {
		double p[3] = { head[k].x - mean[0], head[k].y - mean[1], head[k].z - mean[2] };

		for (unsigned r = 0; r < 3; r++) {
			for (unsigned c = 0; c < 3; c++)
				m[r][c] += p[r] * p[c];
			a[r] += p[r] * (points[head[k].point].x - u);
			b[r] += p[r] * (points[head[k].point].y - v);
		}
	}
	solve3(m, a, i_axis);
	solve3(m, b, j_axis);
}

static double length3(const double v[3])
{
	return sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
}

void face_pose(const struct face_landmark points[FACE_LANDMARKS], double *ret_yaw, double *ret_pitch, double *ret_roll)
{
	double i[3], j[3], roll, scale;

	axes(points, i, j);
	roll = atan2(j[0] - i[1], i[0] + j[1]);
	scale = (length3(i) + length3(j)) / 2;
	/* The picture's axes turned back by the roll: what is left of z in them is yaw and pitch. */
	*ret_yaw = asin(fmin(fmax((cos(roll) * i[2] + sin(roll) * j[2]) / scale, -1), 1)) * DEGREES;
	*ret_pitch = asin(fmin(fmax((cos(roll) * j[2] - sin(roll) * i[2]) / scale, -1), 1)) * DEGREES - PITCH_OF_UPRIGHT;
	*ret_roll = -roll * DEGREES;
}
