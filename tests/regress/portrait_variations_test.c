/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The 24 portraits of the tests, each disturbed in 21 ways with known geometry:
 * how well the eyes are still found, disturbance by disturbance.
 */
#include "biometrics/face.h"
#include "biometrics/jpeg.h"
#include "crypto/base/sys.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PEOPLE 24u
#define WIDTH 600u
#define HEIGHT 800u

#ifdef __SANITIZE_ADDRESS__
#define EVERY 6u /* sanitizers make it slow: a part of the people */
#else
#define EVERY 1u
#endif

enum kind { ROTATION, SCALE, SHIFT_X, SHIFT_Y, BLUR, EXPOSURE };

static const struct {
	enum kind kind;
	const char *name;
	double amount;
} disturbances[] = {
	{ ROTATION, "rotation, degrees", -9 },
	{ ROTATION, "rotation, degrees", -6 },
	{ ROTATION, "rotation, degrees", -3 },
	{ ROTATION, "rotation, degrees", 3 },
	{ ROTATION, "rotation, degrees", 6 },
	{ ROTATION, "rotation, degrees", 9 },
	{ SCALE, "scale", 0.5 },
	{ SCALE, "scale", 0.75 },
	{ SCALE, "scale", 1.15 },
	{ SCALE, "scale", 1.3 },
	{ SHIFT_X, "shift across, pixels", -80 },
	{ SHIFT_X, "shift across, pixels", 80 },
	{ SHIFT_Y, "shift down, pixels", -60 },
	{ SHIFT_Y, "shift down, pixels", 60 },
	{ BLUR, "blur, sigma in pixels", 1 },
	{ BLUR, "blur, sigma in pixels", 2 },
	{ BLUR, "blur, sigma in pixels", 3 },
	{ EXPOSURE, "exposure, times", 0.5 },
	{ EXPOSURE, "exposure, times", 0.75 },
	{ EXPOSURE, "exposure, times", 1.25 },
	{ EXPOSURE, "exposure, times", 1.5 },
};
#define DISTURBANCES (sizeof disturbances / sizeof disturbances[0])

struct person {
	struct image photo;
	double eyes[4];
};

static struct face_net *net;
static struct person people[PEOPLE];

static void read_person(unsigned i, double eyes[4])
{
	char path[128];
	struct buf b = { 0 };

	snprintf(path, sizeof path, "tests/data/people/photos/g%02u.jpg", i + 1);
	assert_int_equal(sys_read_file(path, JPEG_BYTES_MAX, &b, NULL).code, CC_OK);
	assert_int_equal(jpeg_decode(buf_view(&b), 1, &people[i].photo, NULL, NULL).code, CC_OK);
	memcpy(people[i].eyes, eyes, sizeof people[i].eyes);
	buf_done(&b);
}

static int open_all(void **state)
{
	FILE *f = fopen("tests/data/faulty_portraits/truth_of_people.csv", "r");
	char line[512];

	(void)state;
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof line, f));
	for (unsigned i = 0; i < PEOPLE; i++) {
		double e[4];

		assert_non_null(fgets(line, sizeof line, f));
		assert_int_equal(sscanf(line, "%*[^,],%*[^,],,%lf,%lf,%lf,%lf", &e[0], &e[1], &e[2], &e[3]), 4);
		read_person(i, e);
	}
	fclose(f);
	return cc_failed(face_net_new(&net, NULL));
}

static int close_all(void **state)
{
	(void)state;
	for (unsigned i = 0; i < PEOPLE; i++)
		image_done(&people[i].photo);
	face_net_free(&net);
	return 0;
}

#define REACH 9

static int within(int i, int last)
{
	return i < 0 ? 0 : i > last ? last : i;
}

/* A Gaussian along rows or columns, written out. */
static void blur_along(struct image *im, bool rows, double sigma)
{
	struct image out = { 0 };
	float weight[2 * REACH + 1], sum = 0;
	size_t step = rows ? 3 : (size_t)im->width * 3;
	int last = (int)(rows ? im->width : im->height) - 1;

	for (int k = -REACH; k <= REACH; k++)
		sum += weight[k + REACH] = (float)exp(-k * k / (2 * sigma * sigma));
	for (int k = 0; k <= 2 * REACH; k++)
		weight[k] /= sum;
	assert_int_equal(image_new(im->width, im->height, 3, &out, NULL).code, CC_OK);
	for (unsigned y = 0; y < im->height; y++)
		for (unsigned x = 0; x < im->width; x++) {
			size_t at = ((size_t)y * im->width + x) * 3;
			int place = (int)(rows ? x : y);
			const uint8_t *line = im->p + at - step * (size_t)place;
			float v[3] = { 0.5f, 0.5f, 0.5f };

			for (int k = -REACH; k <= REACH; k++) {
				const uint8_t *p = line + step * (size_t)within(place + k, last);

				for (unsigned c = 0; c < 3; c++)
					v[c] += weight[k + REACH] * p[c];
			}
			for (unsigned c = 0; c < 3; c++)
				out.p[at + c] = (uint8_t)v[c];
		}
	image_move(im, &out);
}

static void expose(struct image *im, double times)
{
	for (size_t i = 0; i < image_size(im); i++)
		im->p[i] = (uint8_t)fmin(im->p[i] * times, 255);
}

static void copy_of(const struct image *im, struct image *ret)
{
	assert_true(im->width == WIDTH && im->height == HEIGHT && im->channels == 3);
	assert_int_equal(image_new(WIDTH, HEIGHT, 3, ret, NULL).code, CC_OK);
	memcpy(ret->p, im->p, image_size(im));
}

/* The disturbed photo, and where the eyes are in it. */
static struct image disturb(const struct person *p, enum kind kind, double amount, double eyes[4])
{
	struct image_turn turn = { WIDTH / 2.0, HEIGHT / 2.0, 1, 0 };
	struct image out = { 0 };

	if (kind == ROTATION)
		turn.roll = amount * 3.14159265358979323846 / 180;
	else if (kind == SCALE)
		turn.unit = 1 / amount;
	else if (kind == SHIFT_X)
		turn.x -= amount;
	else if (kind == SHIFT_Y)
		turn.y -= amount;
	if (kind == BLUR || kind == EXPOSURE)
		copy_of(&p->photo, &out);
	else
		assert_int_equal(image_turned(&p->photo, &turn, IMAGE_CUBIC, WIDTH, HEIGHT, &out, NULL).code, CC_OK);
	if (kind == BLUR) {
		blur_along(&out, true, amount);
		blur_along(&out, false, amount);
	} else if (kind == EXPOSURE) {
		expose(&out, amount);
	}
	for (unsigned e = 0; e < 2; e++) {
		double x = p->eyes[2 * e] - turn.x, y = p->eyes[2 * e + 1] - turn.y;

		eyes[2 * e] = (x * cos(turn.roll) + y * sin(turn.roll)) / turn.unit + WIDTH / 2.0;
		eyes[2 * e + 1] = (y * cos(turn.roll) - x * sin(turn.roll)) / turn.unit + HEIGHT / 2.0;
	}
	return out;
}

static double error_of(const struct face *f, const double t[4])
{
	return 100 * fmax(hypot(f->eye[0].x - t[0], f->eye[0].y - t[1]), hypot(f->eye[1].x - t[2], f->eye[1].y - t[3])) /
	       hypot(t[2] - t[0], t[3] - t[1]);
}

static int rising(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void eyes_are_found_under_each_disturbance(void **state)
{
	unsigned variations = 0, lost = 0;

	(void)state;
	for (size_t d = 0; d < DISTURBANCES; d++) {
		double error[PEOPLE];
		unsigned n = 0;

		for (unsigned i = 0; i < PEOPLE; i += EVERY, variations++) {
			double eyes[4];
			struct image im = disturb(&people[i], disturbances[d].kind, disturbances[d].amount, eyes);
			struct face_finding f;

			assert_int_equal(face_find(net, &im, &f, NULL).code, CC_OK);
			if (f.count == 1)
				error[n++] = error_of(&f.face, eyes);
			else
				lost++;
			image_done(&im);
		}
		qsort(error, n, sizeof *error, rising);
		assert_true(n > 0);
		printf("# figure: %s %g: median %.2f %%, worst %.2f %% of the eye distance, %u faces\n", disturbances[d].name,
		       disturbances[d].amount, error[n / 2], error[n - 1], n);
		assert_true(error[n / 2] <= 2.5);
		assert_true(error[n - 1] <= (disturbances[d].kind == BLUR ? 8 : 5));
	}
	printf("# figure: %u variations, %u faces lost\n", variations, lost);
	assert_int_equal(lost, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(eyes_are_found_under_each_disturbance) };

	return cmocka_run_group_tests(tests, open_all, close_all);
}
