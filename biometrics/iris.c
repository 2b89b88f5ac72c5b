/* SPDX-License-Identifier: Apache-2.0 */
#include "biometrics/iris.h"

#include <math.h>
#include <string.h>

/* The eye is looked at upright and at one size: this many pixels between both eyes. */
#define UNITS 160.0
#define PATCH 106 /* side of the piece around the eye: the farthest place, plus one and a half of the largest radius */
#define REACH_X 20
#define REACH_Y 14
#define RADIUS_MIN 11
#define RADIUS_MAX 20
_Static_assert(PATCH / 2 > REACH_X + 1 + RADIUS_MAX * 3 / 2, "the whites lie in the patch");
#define RADII (RADIUS_MAX - RADIUS_MIN + 1)
#define ARC 9 /* samples of each side's arc, from 40 degrees above to 50 below the horizontal */
/* Where the landmarks put the eye, give or take: a wrong edge far away must be that much stronger. */
#define SPREAD_X 11.0
#define SPREAD_Y 8.0
#define WHITES_SHARE 0.08f
#define RADIUS_USUAL 15.0 /* 5.85 mm of 63 mm */
#define RADIUS_SPREAD 3.0

struct patch {
	float light[PATCH][PATCH];
	float sum[PATCH + 1][PATCH + 1]; /* of light, above and left of a corner */
	float gx[PATCH][PATCH], gy[PATCH][PATCH];
};

struct arc {
	float c, s;
};

static float sample(const struct image *grey, double x, double y)
{
	double fx = floor(x - 0.5), fy = floor(y - 0.5), ax = x - 0.5 - fx, ay = y - 0.5 - fy;
	double v[2][2];

	for (int j = 0; j < 2; j++)
		for (int i = 0; i < 2; i++) {
			double px = fmin(fmax(fx + i, 0), grey->width - 1.0), py = fmin(fmax(fy + j, 0), grey->height - 1.0);

			v[j][i] = image_row(grey, (unsigned)py)[(unsigned)px];
		}
	return (float)((v[0][0] * (1 - ax) + v[0][1] * ax) * (1 - ay) + (v[1][0] * (1 - ax) + v[1][1] * ax) * ay);
}

static void smooth(struct patch *p)
{
	static const float k[5] = { 1 / 16.f, 4 / 16.f, 6 / 16.f, 4 / 16.f, 1 / 16.f };

	for (int pass = 0; pass < 2; pass++) {
		float out[PATCH][PATCH];

		memcpy(out, p->light, sizeof out);
		for (int y = 2; y < PATCH - 2; y++)
			for (int x = 2; x < PATCH - 2; x++) {
				float sum = 0;

				for (int i = -2; i <= 2; i++)
					sum += k[i + 2] * (pass ? p->light[y + i][x] : p->light[y][x + i]);
				out[y][x] = sum;
			}
		memcpy(p->light, out, sizeof out);
	}
}

static void gradients(struct patch *p)
{
	memset(p->gx, 0, sizeof p->gx);
	memset(p->gy, 0, sizeof p->gy);
	for (int y = 1; y < PATCH - 1; y++)
		for (int x = 1; x < PATCH - 1; x++) {
			p->gx[y][x] = (p->light[y][x + 1] - p->light[y][x - 1]) / 2;
			p->gy[y][x] = (p->light[y + 1][x] - p->light[y - 1][x]) / 2;
		}
}

static void sums(struct patch *p)
{
	memset(p->sum, 0, sizeof p->sum);
	for (int y = 0; y < PATCH; y++)
		for (int x = 0; x < PATCH; x++)
			p->sum[y + 1][x + 1] = p->light[y][x] + p->sum[y][x + 1] + p->sum[y + 1][x] - p->sum[y][x];
}

/* Cuts the piece around `near`: unit is the image's pixels per pixel of the patch. */
static void cut(const struct image *grey, struct face_landmark near, double unit, double roll, struct patch *p)
{
	double dx = cos(roll) * unit, dy = sin(roll) * unit;
	int samples = unit > 1.5 ? 2 : 1;

	for (int y = 0; y < PATCH; y++)
		for (int x = 0; x < PATCH; x++) {
			float sum = 0;

			for (int k = 0; k < samples * samples; k++) {
				double u = x + (k % samples + 0.5) / samples - PATCH / 2.0;
				double v = y + (k / samples + 0.5) / samples - PATCH / 2.0;

				sum += sample(grey, near.x + u * dx - v * dy, near.y + u * dy + v * dx);
			}
			p->light[y][x] = sum / (float)(samples * samples);
		}
	smooth(p);
	gradients(p);
	sums(p);
}

static void arcs(struct arc a[ARC])
{
	for (int i = 0; i < ARC; i++) {
		double angle = (-40 + 90.0 * i / (ARC - 1)) * 3.14159265358979323846 / 180;

		a[i] = (struct arc){ (float)cos(angle), (float)sin(angle) };
	}
}

/* Light growing outwards along one side's arc; a reflection or a lash counts no more than a good edge does. */
static float side_edge(const struct patch *p, const struct arc a[ARC], float cx, float cy, float r, float side)
{
	float sum = 0;

	for (int i = 0; i < ARC; i++) {
		int x = (int)(cx + side * r * a[i].c + 0.5f), y = (int)(cy + r * a[i].s + 0.5f);
		float g = side * a[i].c * p->gx[y][x] + a[i].s * p->gy[y][x];

		sum += g < -4 ? -4 : g > 16 ? 16 : g;
	}
	return sum / ARC;
}

static float circle_edge(const struct patch *p, const struct arc a[ARC], int dx, int dy, int r)
{
	float cx = PATCH / 2.0f - 0.5f + (float)dx, cy = PATCH / 2.0f - 0.5f + (float)dy;
	float right = side_edge(p, a, cx, cy, (float)r, 1), left = side_edge(p, a, cx, cy, (float)r, -1);
	float weaker = right < left ? right : left;

	return (right + left + 2 * weaker) / 4;
}

static float box_mean(const struct patch *p, int x0, int y0, int x1, int y1)
{
	return (p->sum[y1][x1] - p->sum[y0][x1] - p->sum[y1][x0] + p->sum[y0][x0]) / (float)((x1 - x0) * (y1 - y0));
}

/* How much darker the disc is than the darker of the whites beside it; a corner of the eye has no white on one side. */
static float whites(const struct patch *p, int dx, int dy, int r)
{
	int cx = PATCH / 2 + dx, cy = PATCH / 2 + dy, far = r * 3 / 2;
	float disc = box_mean(p, cx - r * 3 / 4, cy - r / 2, cx + r * 3 / 4, cy + r / 2);
	float left = box_mean(p, cx - far, cy - r / 4, cx - r - 1, cy + r / 3);
	float right = box_mean(p, cx + r + 1, cy - r / 4, cx + far, cy + r / 3);
	float d = (left < right ? left : right) - disc;

	return d < -20 ? -20 : d > 60 ? 60 : d;
}

static double prior(int dx, int dy)
{
	return exp(-0.5 * (dx * dx / (SPREAD_X * SPREAD_X) + dy * dy / (SPREAD_Y * SPREAD_Y)));
}

struct best {
	int dx, dy, r;
	double score;
};

static double score(const struct patch *p, const struct arc a[ARC], int dx, int dy, int r)
{
	return (circle_edge(p, a, dx, dy, r) + WHITES_SHARE * whites(p, dx, dy, r)) * prior(dx, dy);
}

/* Every second place first, then the neighbours of the best. */
static struct best search(const struct patch *p, const struct arc a[ARC], int r)
{
	struct best best = { 0, 0, r, -1 };

	for (int dy = -REACH_Y; dy <= REACH_Y; dy += 2)
		for (int dx = -REACH_X; dx <= REACH_X; dx += 2) {
			double s = score(p, a, dx, dy, r);

			if (s > best.score)
				best = (struct best){ dx, dy, r, s };
		}
	for (int k = 0, x = best.dx, y = best.dy; k < 9; k++) {
		double s = score(p, a, x + k % 3 - 1, y + k / 3 - 1, r);

		if (s > best.score)
			best = (struct best){ x + k % 3 - 1, y + k / 3 - 1, r, s };
	}
	return best;
}

/* The size at which both eyes together show the best circles. */
static int common_radius(const struct best left[RADII], const struct best right[RADII])
{
	int at = 0;
	double most = -1;

	for (int i = 0; i < RADII; i++) {
		double off = (RADIUS_MIN + i - RADIUS_USUAL) / RADIUS_SPREAD;
		double s = (left[i].score + right[i].score) * exp(-0.5 * off * off);

		if (s > most) {
			most = s;
			at = i;
		}
	}
	return at;
}

/* The top of the parabola through three scores, -0.5 to 0.5. */
static double peak(double before, double at, double after)
{
	double bend = before - 2 * at + after;

	return bend < -1e-9 ? fmin(fmax(0.5 * (before - after) / bend, -0.5), 0.5) : 0;
}

static double disc_darkness(const struct patch *p, const struct best *b)
{
	double in = 0, out = 0;
	int in_n = 0, out_n = 0;
	int cx = PATCH / 2 + b->dx, cy = PATCH / 2 + b->dy;

	for (int y = -b->r; y <= b->r; y++)
		for (int x = -2 * b->r; x <= 2 * b->r; x++) {
			int d2 = x * x + y * y, px = cx + x, py = cy + y;

			if (px < 0 || py < 0 || px >= PATCH || py >= PATCH)
				continue;
			if (d2 < b->r * b->r * 3 / 4) {
				in += p->light[py][px];
				in_n++;
			} else if (d2 > b->r * b->r * 5 / 4 && 2 * (y < 0 ? -y : y) < b->r) {
				out += p->light[py][px];
				out_n++;
			}
		}
	return in_n && out_n ? out / out_n - in / in_n : 0;
}

/* The circle found, to a fraction of a pixel, in the image. */
static struct iris place(const struct patch *p, const struct arc a[ARC], const struct best *b, struct face_landmark near,
			 double unit, double roll)
{
	double here = circle_edge(p, a, b->dx, b->dy, b->r);
	double u = b->dx + peak(circle_edge(p, a, b->dx - 1, b->dy, b->r), here, circle_edge(p, a, b->dx + 1, b->dy, b->r));
	double v = b->dy + peak(circle_edge(p, a, b->dx, b->dy - 1, b->r), here, circle_edge(p, a, b->dx, b->dy + 1, b->r));

	return (struct iris){ .centre = { near.x + (u * cos(roll) - v * sin(roll)) * unit,
					  near.y + (u * sin(roll) + v * cos(roll)) * unit },
			      .radius = b->r * unit,
			      .edge = here,
			      .darkness = disc_darkness(p, b) };
}

void iris_find(const struct image *grey, const struct face_landmark near[2], struct iris ret[2])
{
	double dx = near[1].x - near[0].x, dy = near[1].y - near[0].y;
	double unit = hypot(dx, dy) / UNITS, roll = atan2(dy, dx);
	struct best best[2][RADII];
	struct patch p[2];
	struct arc a[ARC];
	int r;

	CC_ASSERT(grey->channels == 1 && unit > 0);
	arcs(a);
	for (int eye = 0; eye < 2; eye++) {
		cut(grey, near[eye], unit, roll, &p[eye]);
		for (int i = 0; i < RADII; i++)
			best[eye][i] = search(&p[eye], a, RADIUS_MIN + i);
	}
	r = common_radius(best[0], best[1]);
	for (int eye = 0; eye < 2; eye++)
		ret[eye] = place(&p[eye], a, &best[eye][r], near[eye], unit, roll);
}
