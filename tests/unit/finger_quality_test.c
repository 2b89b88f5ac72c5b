/* SPDX-License-Identifier: Apache-2.0 */
#include "biometrics/finger_quality.h"

#include "biometrics/wsq.h"
#include "tests/support/alloc_fault.h"
#include "tests/support/finger_print.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct finger_report report_of(const struct image *im, unsigned ppi)
{
	struct finger_rules rules = finger_rules_default();
	struct finger_report r;

	assert_int_equal(finger_quality_check(im, ppi, &rules, &r, NULL).code, CC_OK);
	return r;
}

static struct finger_report report_drawn(const struct finger_print *p, unsigned ppi)
{
	struct image im = { 0 };
	struct finger_report r;

	finger_print_draw(p, &im);
	r = report_of(&im, ppi);
	image_done(&im);
	return r;
}

static bool has_defect(const struct finger_report *r, const char *name)
{
	for (unsigned i = 0; i < FINGER_MEASURES; i++)
		if (r->result[i].defect != NULL && strcmp(r->result[i].defect, name) == 0)
			return true;
	return false;
}

static unsigned defect_count(const struct finger_report *r)
{
	unsigned n = 0;

	for (unsigned i = 0; i < FINGER_MEASURES; i++)
		n += r->result[i].defect != NULL;
	return n;
}

static void show(const char *what, const struct finger_report *r)
{
	static const char *const names[] = { "area", "contrast", "clarity", "flow", "period", "ridge" };

	printf("# figure: print %-12s", what);
	for (unsigned i = 0; i < 6; i++)
		printf(" %s %.2f%s", names[i], r->result[FINGER_Q_AREA + i].value,
		       r->result[FINGER_Q_AREA + i].defect ? "!" : "");
	printf("\n");
}

static void a_good_print_passes(void **state)
{
	struct finger_print p = finger_print_good();
	struct finger_report r = report_drawn(&p, 500);

	(void)state;
	show("good", &r);
	assert_true(r.passes);
	assert_int_equal(defect_count(&r), 0);
	for (unsigned i = 0; i < FINGER_MEASURES; i++)
		assert_true(r.result[i].measured);
	assert_true(r.result[FINGER_Q_PERIOD].value > 0.42 && r.result[FINGER_Q_PERIOD].value < 0.5);
	assert_true(r.result[FINGER_Q_RIDGE].value > 0.47 && r.result[FINGER_Q_RIDGE].value < 0.53);
}

struct fault {
	const char *name, *defect;
	struct finger_print print;
};

/* Each drawn fault is found by its name, and nothing else is claimed of most. */
static void drawn_faults_are_named(void **state)
{
	struct finger_print good = finger_print_good();
	struct fault faults[9];
	unsigned n = 0;

	(void)state;
#define FAULT(title, name, field, value) (faults[n] = (struct fault){ title, name, good }, faults[n++].print.field = (value))
	FAULT("wet", "wet", ridge, 0.85);
	FAULT("dry", "dry", ridge, 0.25);
	FAULT("faint", "low_contrast", dark, 195);
	FAULT("noisy", "unclear", noise, 125);
	FAULT("tip", "area_small", coverage, 0.4);
	FAULT("250 ppi", "ridges_close", period, 4.5);
	FAULT("1000 ppi", "ridges_wide", period, 18);
	FAULT("cut", "too_small", width, 150);
	FAULT("blank", "area_small", coverage, 0.01);
#undef FAULT
	for (unsigned i = 0; i < n; i++) {
		struct finger_report r = report_drawn(&faults[i].print, 500);

		show(faults[i].name, &r);
		assert_false(r.passes);
		assert_true(has_defect(&r, faults[i].defect));
	}
	assert_int_equal(n, 9);
}

static void the_measures_follow_their_cause(void **state)
{
	double last = 0;

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		struct finger_print p = finger_print_good();
		struct finger_report r;

		p.ridge = 0.2 + 0.1 * i;
		r = report_drawn(&p, 500);
		assert_true(r.result[FINGER_Q_RIDGE].value > last + 0.03);
		last = r.result[FINGER_Q_RIDGE].value;
	}
	last = 1;
	for (unsigned i = 0; i < 5; i++) {
		struct finger_print p = finger_print_good();
		struct finger_report r;

		p.noise = 5 + 30 * i;
		r = report_drawn(&p, 500);
		assert_true(r.result[FINGER_Q_CLARITY].value < last);
		last = r.result[FINGER_Q_CLARITY].value;
	}
}

static void resolution_counts_where_it_is_claimed(void **state)
{
	struct finger_print p = finger_print_good();
	struct finger_report r = report_drawn(&p, 0);

	(void)state;
	assert_false(r.result[FINGER_Q_RESOLUTION].measured);
	assert_true(r.passes);
	r = report_drawn(&p, 300);
	assert_true(has_defect(&r, "resolution_low"));
	r = report_drawn(&p, 9999);
	assert_true(has_defect(&r, "resolution_high"));
	p.width = 800;
	p.height = 960;
	p.period = 18;
	r = report_drawn(&p, 1000);
	show("at 1000 ppi", &r);
	assert_true(r.passes);
}

static void small_and_coloured_pictures_are_measured(void **state)
{
	struct image im = { 0 };
	struct finger_report r;

	(void)state;
	assert_int_equal(image_new(5, 5, 3, &im, NULL).code, CC_OK);
	r = report_of(&im, 500);
	assert_true(has_defect(&r, "too_small"));
	assert_true(has_defect(&r, "area_small"));
	assert_false(r.result[FINGER_Q_CLARITY].measured);
	assert_int_equal(image_new(400, 20, 3, &im, NULL).code, CC_OK);
	r = report_of(&im, 500);
	assert_false(r.passes);
	image_done(&im);
}

static void bounds_can_be_set_by_name(void **state)
{
	struct finger_print p = finger_print_good();
	struct finger_rules rules = finger_rules_default();
	struct finger_report r;
	struct image im = { 0 };

	(void)state;
	assert_true(finger_rules_set(&rules, "contrast", false, 200));
	assert_false(finger_rules_set(&rules, "contrast", true, 200));
	assert_false(finger_rules_set(&rules, "beauty", false, 1));
	finger_print_draw(&p, &im);
	assert_int_equal(finger_quality_check(&im, 500, &rules, &r, NULL).code, CC_OK);
	assert_true(has_defect(&r, "low_contrast"));
	image_done(&im);
}

static void want_of_memory_is_told(void **state)
{
	struct finger_print p = finger_print_good();
	struct finger_rules rules = finger_rules_default();
	struct image im = { 0 };
	unsigned failures = 0;

	(void)state;
	finger_print_draw(&p, &im);
	for (size_t k = 1; alloc_fault_next(&k);) {
		struct finger_report r;
		cc_status st = finger_quality_check(&im, 1000, &rules, &r, NULL);

		if (alloc_fault_end()) {
			assert_int_equal(st.code, CC_E_MEMORY);
			failures++;
		}
	}
	assert_true(failures >= 4);
	image_done(&im);
}

static void foreign_prints_pass(void **state)
{
	static const char *const names[] = { "05_lds/wsq_jmrtd/fp.wsq", "05_lds/wsq_jmrtd/sample_image.wsq" };

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct buf file = { 0 };
		struct image im = { 0 };
		struct finger_report r;

		if (!vectors_file(names[i], &file))
			skip();
		assert_int_equal(wsq_decode(buf_view(&file), &im, NULL, NULL).code, CC_OK);
		r = report_of(&im, 500);
		show(i == 0 ? "foreign 1" : "foreign 2", &r);
		assert_true(r.passes);
		image_done(&im);
		buf_done(&file);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_print_passes),
		cmocka_unit_test(drawn_faults_are_named),
		cmocka_unit_test(the_measures_follow_their_cause),
		cmocka_unit_test(resolution_counts_where_it_is_claimed),
		cmocka_unit_test(small_and_coloured_pictures_are_measured),
		cmocka_unit_test(bounds_can_be_set_by_name),
		cmocka_unit_test(want_of_memory_is_told),
		cmocka_unit_test(foreign_prints_pass),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
