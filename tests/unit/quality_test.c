/* SPDX-License-Identifier: Apache-2.0 */
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

#define FAULTY "tests/data/faulty_portraits/"
#define PEOPLE "tests/data/people/photos/"

static struct face_net *net;
static struct quality_rules rules;

static int open_net(void **state)
{
	(void)state;
	rules = quality_rules_default();
	return cc_failed(face_net_new(&net, NULL));
}

static int close_net(void **state)
{
	(void)state;
	face_net_free(&net);
	return 0;
}

struct truth {
	char file[64], verdict[8], defects[80];
	double eyes[4]; /* right x, y, left x, y; NAN when there are none */
};

static char *next_field(char **rest)
{
	char *field = *rest, *end = field + strcspn(field, ",\n");

	*rest = *end ? end + 1 : end;
	*end = 0;
	return field;
}

static void keep(char *to, size_t cap, const char *text)
{
	assert_true(strlen(text) < cap);
	memcpy(to, text, strlen(text) + 1);
}

static size_t read_truth(const char *path, struct truth *rows, size_t cap)
{
	FILE *f = fopen(path, "r");
	char line[512];
	size_t n = 0;

	assert_non_null(f);
	assert_non_null(fgets(line, sizeof line, f));
	while (n < cap && fgets(line, sizeof line, f)) {
		char *rest = line;
		struct truth *t = &rows[n++];

		keep(t->file, sizeof t->file, next_field(&rest));
		keep(t->verdict, sizeof t->verdict, next_field(&rest));
		keep(t->defects, sizeof t->defects, next_field(&rest));
		for (unsigned i = 0; i < 4; i++) {
			const char *v = next_field(&rest);

			t->eyes[i] = *v ? strtod(v, NULL) : NAN;
		}
	}
	fclose(f);
	return n;
}

static struct buf load(const char *folder, const char *file)
{
	char path[256];
	struct buf b = { 0 };

	snprintf(path, sizeof path, "%s%s", folder, file);
	assert_int_equal(sys_read_file(path, JPEG_BYTES_MAX, &b, NULL).code, CC_OK);
	return b;
}

static bool reported(const struct quality_report *r, const char *defect)
{
	for (unsigned i = 0; i < QUALITY_MEASURES; i++)
		if (r->result[i].defect && strcmp(r->result[i].defect, defect) == 0)
			return true;
	return false;
}

static cc_status check_bytes(struct bytes file, struct quality_report *r, struct cc_error *err)
{
	struct photo photo = { 0 };
	cc_status st = photo_decode(file, &photo, err);

	if (!cc_failed(st))
		st = quality_check(net, &photo, &rules, r, err);
	photo_done(&photo);
	return st;
}

static cc_status check(const char *folder, const char *file, struct quality_report *r, struct cc_error *err)
{
	struct buf b = load(folder, file);
	cc_status st = check_bytes(buf_view(&b), r, err);

	buf_done(&b);
	return st;
}

static int rising(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double eye_error(const struct face *f, const double t[4])
{
	double distance = hypot(t[2] - t[0], t[3] - t[1]);

	return 100 * fmax(hypot(f->eye[0].x - t[0], f->eye[0].y - t[1]), hypot(f->eye[1].x - t[2], f->eye[1].y - t[3])) /
	       distance;
}

/* Larger error of both eyes, in % of the distance between them. */
static void eye_centres_are_within_the_limits(void **state)
{
	static struct truth t[40];
	size_t n = read_truth(FAULTY "truth_of_people.csv", t, 40);
	double error[40];

	(void)state;
	assert_int_equal(n, 24);
	for (size_t i = 0; i < n; i++) {
		struct quality_report r;

		assert_int_equal(check(PEOPLE, t[i].file, &r, NULL).code, CC_OK);
		error[i] = eye_error(&r.finding.face, t[i].eyes);
	}
	qsort(error, n, sizeof *error, rising);
	printf("# figure: eye centres on %zu portraits: median %.2f %%, worst %.2f %% of the eye distance\n", n, error[n / 2],
	       error[n - 1]);
	assert_true(error[n / 2] <= 2.5);
	assert_true(error[n - 1] <= 5);
}

static void every_good_portrait_passes(void **state)
{
	static struct truth t[40];
	size_t n = read_truth(FAULTY "truth_of_people.csv", t, 40), alarms = 0;

	(void)state;
	for (size_t i = 0; i < n; i++) {
		struct quality_report r;

		assert_int_equal(check(PEOPLE, t[i].file, &r, NULL).code, CC_OK);
		for (unsigned k = 0; k < QUALITY_MEASURES && !r.passes; k++)
			if (r.result[k].defect)
				printf("# %s: %s %.3f\n", t[i].file, r.result[k].defect, r.result[k].value);
		alarms += !r.passes;
	}
	printf("# figure: false alarms on good portraits: %zu of %zu\n", alarms, n);
	assert_int_equal(alarms, 0);
}

static bool among(const char *const *list, size_t n, const char *defect)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i], defect) == 0)
			return true;
	return false;
}

/* Every defect that was planted is named; a file that can't be decoded says so by its refusal. */
static bool names_the_planted_defects(const struct truth *t, const struct quality_report *r, const char *const *refusal,
				      size_t refusals)
{
	char list[80], *save = NULL;

	snprintf(list, sizeof list, "%s", t->defects);
	for (char *d = strtok_r(list, ";", &save); d; d = strtok_r(NULL, ";", &save))
		if (!(refusals ? among(refusal, refusals, d) : reported(r, d)))
			return false;
	return true;
}

static bool verdict_is_right(const struct truth *t)
{
	struct buf b = load(FAULTY, t->file);
	const char *refusal[QUALITY_REFUSALS_MAX];
	struct quality_report r = { 0 };
	struct cc_error err;
	size_t refusals = 0;

	cc_error_init(&err);
	if (cc_failed(check_bytes(buf_view(&b), &r, &err)))
		refusals = quality_refusal(buf_view(&b), &err, refusal);
	buf_done(&b);
	if (strcmp(t->verdict, "pass") == 0)
		return refusals == 0 && r.passes;
	return !r.passes && names_the_planted_defects(t, &r, refusal, refusals);
}

static void every_faulty_portrait_gets_its_verdict(void **state)
{
	static struct truth t[40];
	size_t n = read_truth(FAULTY "truth.csv", t, 40), hits = 0, misses = 0;

	(void)state;
	assert_int_equal(n, 30);
	for (size_t i = 0; i < n; i++) {
		bool right = verdict_is_right(&t[i]);

		if (!right)
			printf("# %s: wrong, expected %s %s\n", t[i].file, t[i].verdict, t[i].defects);
		hits += right;
		misses += !right;
	}
	printf("# figure: faulty set: %zu right, %zu wrong\n", hits, misses);
	assert_int_equal(misses, 0);
}

static void hard_defects_cannot_be_overridden_and_soft_ones_can(void **state)
{
	struct quality_report r;

	(void)state;
	assert_int_equal(check(FAULTY, "b10_face_too_small.jpg", &r, NULL).code, CC_OK);
	assert_false(r.passes);
	assert_false(r.overridable);
	assert_int_equal(check(FAULTY, "b09_coloured_background.jpg", &r, NULL).code, CC_OK);
	assert_false(r.passes);
	assert_true(r.overridable);
	assert_int_equal(check(PEOPLE, "g01.jpg", &r, NULL).code, CC_OK);
	assert_true(r.passes);
	assert_false(r.overridable);
}

static void a_changed_rule_changes_the_verdict(void **state)
{
	struct quality_report r;
	struct quality_rules kept = rules;

	(void)state;
	assert_true(quality_rules_set(&rules, "background_colour", true, 100));
	assert_int_equal(check(FAULTY, "b09_coloured_background.jpg", &r, NULL).code, CC_OK);
	assert_true(r.passes);
	assert_false(quality_rules_set(&rules, "background_colour", false, 1)); /* has no lower bound */
	assert_false(quality_rules_set(&rules, "no_such_measure", true, 1));
	rules = kept;
}

static void roll_and_yaw_have_the_signs_of_the_standard(void **state)
{
	struct quality_report r;

	(void)state;
	assert_int_equal(check(FAULTY, "b01_tilted.jpg", &r, NULL).code, CC_OK);
	assert_true(r.finding.face.roll > 10 && r.finding.face.roll < 15); /* leans to its right shoulder */
	assert_int_equal(check(FAULTY, "b02_upside_down.jpg", &r, NULL).code, CC_OK);
	assert_true(fabs(r.finding.face.roll) > 170);
	assert_int_equal(check(FAULTY, "b29_head_turned.jpg", &r, NULL).code, CC_OK);
	assert_true(r.finding.face.yaw > 8);
}

static void every_measure_has_a_rule_with_a_name_and_a_bound(void **state)
{
	(void)state;
	for (unsigned i = 0; i < QUALITY_MEASURES; i++) {
		assert_non_null(rules.rule[i].name);
		assert_non_null(rules.rule[i].clause);
		assert_true(rules.rule[i].below || rules.rule[i].above);
		for (unsigned k = 0; k < i; k++)
			assert_string_not_equal(rules.rule[i].name, rules.rule[k].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(eye_centres_are_within_the_limits),
		cmocka_unit_test(every_good_portrait_passes),
		cmocka_unit_test(every_faulty_portrait_gets_its_verdict),
		cmocka_unit_test(hard_defects_cannot_be_overridden_and_soft_ones_can),
		cmocka_unit_test(a_changed_rule_changes_the_verdict),
		cmocka_unit_test(roll_and_yaw_have_the_signs_of_the_standard),
		cmocka_unit_test(every_measure_has_a_rule_with_a_name_and_a_bound),
	};
	return cmocka_run_group_tests(tests, open_net, close_net);
}
