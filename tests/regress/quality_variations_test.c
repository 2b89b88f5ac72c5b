/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verdicts under disturbances that change nothing for an officer: good
 * portraits must stay good, faulty ones faulty. A part of the pairs runs each time;
 * with CCCD_VARIATIONS=all every one does.
 */
#include "biometrics/photo.h"
#include "biometrics/quality.h"
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

#define PICTURES_MAX 64u
#ifdef __SANITIZE_ADDRESS__
#define EVERY 37u /* sanitizers make it slow */
#else
#define EVERY 11u
#endif

enum kind { NOTHING, JPEG_QUALITY, NOISE, GAMMA, EXPOSURE, RESIZE, MIRROR, ROTATION, SHIFT, SCALE, SOFTEN, WARMTH };

static const struct variation {
	const char *name;
	enum kind kind;
	double amount;
} variations[] = {
	{ "as it is, coded again", NOTHING, 0 },
	{ "JPEG quality 97", JPEG_QUALITY, 97 },
	{ "JPEG quality 75", JPEG_QUALITY, 75 },
	{ "JPEG quality 60", JPEG_QUALITY, 60 },
	{ "noise, sigma 2", NOISE, 2 },
	{ "noise, sigma 4", NOISE, 4 },
	{ "gamma 0.85", GAMMA, 0.85 },
	{ "gamma 1.18", GAMMA, 1.18 },
	{ "exposure 0.85", EXPOSURE, 0.85 },
	{ "exposure 1.1", EXPOSURE, 1.1 },
	{ "size 0.8", RESIZE, 0.8 },
	{ "size 1.5", RESIZE, 1.5 },
	{ "size 2", RESIZE, 2 },
	{ "mirrored", MIRROR, 0 },
	{ "rotation -3 degrees", ROTATION, -3 },
	{ "rotation 3 degrees", ROTATION, 3 },
	{ "shift 20 pixels", SHIFT, 20 },
	{ "shift -20 pixels", SHIFT, -20 },
	{ "scale 0.9", SCALE, 0.9 },
	{ "scale 1.05", SCALE, 1.05 },
	{ "softened", SOFTEN, 1 },
	{ "warmer", WARMTH, 1.04 },
	{ "cooler", WARMTH, 0.96 },
};
#define VARIATIONS (sizeof variations / sizeof variations[0])

struct picture {
	char name[64];
	bool good;
	struct image image;
};

static struct face_net *net;
static struct quality_rules rules;
static struct picture pictures[PICTURES_MAX];
static unsigned count;

static void add_picture(const char *folder, const char *file, bool good)
{
	char path[160];
	struct buf b = { 0 };
	struct photo p = { 0 };

	assert_true(count < PICTURES_MAX);
	(void)snprintf(path, sizeof path, "%s/%s", folder, file);
	assert_int_equal(sys_read_file(path, JPEG_BYTES_MAX, &b, NULL).code, CC_OK);
	if (!cc_failed(photo_decode(buf_view(&b), &p, NULL))) {
		(void)snprintf(pictures[count].name, sizeof pictures[count].name, "%s", file);
		pictures[count].good = good;
		image_move(&pictures[count++].image, &p.image);
	}
	buf_done(&b);
}

/* Faults that are of the picture, not of the file: only they survive being coded again. */
static bool is_of_the_picture(const char *defects)
{
	static const char *const of_the_file[] = { "corrupt_file", "colour_space", "wrong_format", "compression_artifacts" };

	for (size_t i = 0; i < sizeof of_the_file / sizeof of_the_file[0]; i++)
		if (strstr(defects, of_the_file[i]))
			return false;
	return true;
}

static int open_all(void **state)
{
	FILE *f = fopen("tests/data/faulty_portraits/truth.csv", "r");
	char line[512], name[64], file[64], verdict[8], defects[80];

	(void)state;
	for (unsigned i = 1; i <= 24; i++) {
		(void)snprintf(name, sizeof name, "g%02u.jpg", i);
		add_picture("tests/data/people/photos", name, true);
	}
	assert_non_null(f);
	while (fgets(line, sizeof line, f))
		if (sscanf(line, "%63[^,],%7[^,],%79[^,]", file, verdict, defects) == 3 && strcmp(verdict, "fail") == 0 &&
		    is_of_the_picture(defects))
			add_picture("tests/data/faulty_portraits", file, false);
	fclose(f);
	rules = quality_rules_default();
	return cc_failed(face_net_new(&net, NULL));
}

static int close_all(void **state)
{
	(void)state;
	for (unsigned i = 0; i < count; i++)
		image_done(&pictures[i].image);
	face_net_free(&net);
	return 0;
}

static uint64_t seed = 20260202;

static double uniform(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (double)(seed >> 11) / 9007199254740992.0;
}

static uint8_t byte_of(double v)
{
	return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v + 0.5);
}

static double changed_value(const struct variation *v, double x, unsigned channel)
{
	if (v->kind == NOISE) /* Box and Muller */
		return x + v->amount * sqrt(-2 * log(uniform() + 1e-12)) * cos(6.283185307179586 * uniform());
	if (v->kind == GAMMA)
		return 255 * pow(x / 255, v->amount);
	if (v->kind == EXPOSURE)
		return x * v->amount;
	if (v->kind == WARMTH)
		return channel == 0 ? x * v->amount : channel == 2 ? x / v->amount : x;
	return x;
}

static void change_values(const struct variation *v, struct image *im)
{
	for (size_t i = 0; i < image_size(im); i++)
		im->p[i] = byte_of(changed_value(v, im->p[i], (unsigned)(i % 3)));
}

static void mirror(struct image *im)
{
	for (unsigned y = 0; y < im->height; y++)
		for (unsigned x = 0; x < im->width / 2; x++)
			for (unsigned c = 0; c < 3; c++) {
				uint8_t *row = im->p + (size_t)y * im->width * 3, t = row[3 * x + c];

				row[3 * x + c] = row[3 * (im->width - 1 - x) + c];
				row[3 * (im->width - 1 - x) + c] = t;
			}
}

static struct image varied(const struct variation *v, const struct image *from)
{
	struct image_turn turn = { from->width / 2.0, from->height / 2.0, 1, 0 };
	struct image_rect all = { 0, 0, from->width, from->height };
	unsigned w = from->width, h = from->height;
	struct image im = { 0 };

	if (v->kind == ROTATION)
		turn.roll = v->amount * 3.14159265358979323846 / 180;
	else if (v->kind == SHIFT)
		turn.x -= v->amount;
	else if (v->kind == SCALE)
		turn.unit = 1 / v->amount;
	if (v->kind == RESIZE)
		assert_int_equal(image_resample(from, &all, (unsigned)(w * v->amount), (unsigned)(h * v->amount), &im, NULL).code,
				 CC_OK);
	else if (v->kind == SOFTEN)
		assert_int_equal(image_turned(from, &(struct image_turn){ w / 2.0 + 0.5, h / 2.0 + 0.5, 1, 0 }, IMAGE_LINEAR, w,
					      h, &im, NULL)
					 .code,
				 CC_OK);
	else
		assert_int_equal(image_turned(from, &turn, IMAGE_CUBIC, w, h, &im, NULL).code, CC_OK);
	change_values(v, &im);
	if (v->kind == MIRROR)
		mirror(&im);
	return im;
}

static void judge(const struct variation *v, const struct picture *p, struct quality_report *ret)
{
	struct image im = varied(v, &p->image);
	struct jpeg_params params = { v->kind == JPEG_QUALITY ? (int)v->amount : 92, JPEG_CHROMA_QUARTER };
	struct photo photo = { 0 };
	struct buf jpeg = { 0 };

	assert_int_equal(jpeg_encode(&im, &params, &jpeg, NULL).code, CC_OK);
	assert_int_equal(photo_decode(buf_view(&jpeg), &photo, NULL).code, CC_OK);
	assert_int_equal(quality_check(net, &photo, &rules, ret, NULL).code, CC_OK);
	photo_done(&photo);
	buf_done(&jpeg);
	image_done(&im);
}

static void tell_defects(const struct variation *v, const struct picture *p, const struct quality_report *r)
{
	printf("# %s, %s:", p->name, v->name);
	for (unsigned m = 0; m < QUALITY_MEASURES; m++)
		if (r->result[m].defect)
			printf(" %s %.3f", rules.rule[m].name, r->result[m].value);
	printf("%s\n", r->passes ? " accepted" : "");
}

/* How near a measure of a good portrait comes to its bound: 1 is far, 0 at the bound. */
static double room(const struct quality_rule *rule, double value)
{
	double room = 1;

	if (rule->below && rule->low != 0)
		room = fmin(room, (value - rule->low) / fabs(rule->low));
	if (rule->above && rule->high != 0)
		room = fmin(room, (rule->high - value) / fabs(rule->high));
	return room;
}

static double least_room[QUALITY_MEASURES];

static void note_room(const struct quality_report *r)
{
	for (unsigned m = 0; m < QUALITY_MEASURES; m++)
		if (r->result[m].measured)
			least_room[m] = fmin(least_room[m], room(&rules.rule[m], r->result[m].value));
}

static void verdicts_survive_harmless_changes(void **state)
{
	const char *all = getenv("CCCD_VARIATIONS");
	unsigned every = all && strcmp(all, "all") == 0 ? 1 : EVERY, tried[2] = { 0 }, wrong[2] = { 0 };

	(void)state;
	for (unsigned m = 0; m < QUALITY_MEASURES; m++)
		least_room[m] = 1;
	for (unsigned v = 0; v < VARIATIONS; v++)
		for (unsigned i = v % every; i < count; i += every) {
			struct quality_report r;
			bool good = pictures[i].good;

			judge(&variations[v], &pictures[i], &r);
			if (good)
				note_room(&r);
			tried[good]++;
			if (r.passes == good)
				continue;
			wrong[good]++;
			tell_defects(&variations[v], &pictures[i], &r);
		}
	for (unsigned m = 0; m < QUALITY_MEASURES; m++)
		if (least_room[m] < 0.3)
			printf("# %s: %.2f of its bound is left on good portraits\n", rules.rule[m].name, least_room[m]);
	printf("# figure: %u variations of good portraits: %u refused; %u of faulty ones: %u accepted\n", tried[1], wrong[1],
	       tried[0], wrong[0]);
	assert_true(wrong[1] * 100 <= tried[1] * 2);
	assert_true(wrong[0] * 100 <= tried[0] * 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(verdicts_survive_harmless_changes) };

	return cmocka_run_group_tests(tests, open_all, close_all);
}
