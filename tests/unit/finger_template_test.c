/* SPDX-License-Identifier: Apache-2.0 */
#include "biometrics/finger_template.h"

#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct finger_bit usual = {
	.subtype = 0x09, .min = 2, .max = 60, .order = FINGER_ORDER_XY | FINGER_ORDER_ASCENDING
};

static struct finger_template three(void)
{
	struct finger_template t = { .count = 3 };

	t.minutiae[0] = (struct finger_minutia){ 10, 20, MINUTIA_ENDING, 5 };
	t.minutiae[1] = (struct finger_minutia){ 10, 30, MINUTIA_BIFURCATION, 63 };
	t.minutiae[2] = (struct finger_minutia){ 200, 1, MINUTIA_OTHER, 0 };
	return t;
}

static void parses_to(const char *hex, enum cc_code code, const char *key)
{
	struct buf in = vectors_from_hex(hex);
	struct finger_template t = { .count = 99 };
	struct cc_error err;

	cc_error_init(&err);
	assert_int_equal(finger_template_parse(buf_view(&in), &t, &err).code, code);
	if (code != CC_OK) {
		assert_string_equal(err.key, key);
		assert_int_equal(t.count, 99);
	}
	buf_done(&in);
}

static void the_bytes_are_those_of_the_standard(void **state)
{
	struct finger_template t = three(), back;
	struct buf out = { 0 };

	(void)state;
	assert_int_equal(finger_template_encode(&t, &out, NULL).code, CC_OK);
	assert_true(vectors_is_hex(buf_view(&out), "7F2E0B81090A14450A1EBFC80100"));
	assert_int_equal(finger_template_parse(buf_view(&out), &back, NULL).code, CC_OK);
	assert_memory_equal(back.minutiae, t.minutiae, sizeof t.minutiae);
	for (size_t n = 0; n < out.n; n++)
		assert_int_equal(finger_template_parse(bytes_of(out.p, n), &back, NULL).code, CC_E_FORMAT);
	buf_done(&out);
}

static void extended_data_are_carried(void **state)
{
	struct buf in = vectors_from_hex("7F2E0CA10A90030A1445"
					 "9203010203"),
		   again = { 0 };
	struct finger_template t;

	(void)state;
	assert_int_equal(finger_template_parse(buf_view(&in), &t, NULL).code, CC_OK);
	assert_int_equal(t.extended.n, 5);
	assert_int_equal(finger_template_encode(&t, &again, NULL).code, CC_OK);
	assert_true(bytes_equal(buf_view(&in), buf_view(&again)));
	assert_int_equal(finger_template_check(&t, &(struct finger_bit){ .max = 60 }, NULL).code, CC_E_VERIFY);
	finger_template_fit(&t, &(struct finger_bit){ .max = 60 });
	assert_int_equal(t.extended.n, 0);
	buf_done(&in);
	buf_done(&again);
}

static void malformed_templates_are_refused(void **state)
{
	static const char key[] = "finger.template-malformed";

	(void)state;
	parses_to("7F2E0281007F2E028100", CC_E_FORMAT, key); /* two */
	parses_to("7F2E028100", CC_OK, NULL);
	parses_to("7F60028100", CC_E_FORMAT, key);
	parses_to("7F2E048102 0A14", CC_E_FORMAT, key);		      /* two bytes */
	parses_to("7F2E058103 0A14C5", CC_E_FORMAT, key);	      /* reserved type */
	parses_to("7F2E81058103 0A1445", CC_E_FORMAT, key);	      /* length not minimal */
	parses_to("7F2E0A8103 0A1445 8103 0A1445", CC_E_FORMAT, key); /* minutiae twice */
	parses_to("7F2E07A1 05 9003 0A1445", CC_E_FORMAT, key);	      /* extended without any */
	parses_to("7F2E0CA10A90030A1445 9603010203", CC_E_FORMAT, key);
	parses_to("7F2E0EA10C90030A1445 920101 920101 00", CC_E_FORMAT, key);
	parses_to("7F2E0DA10B90030A1445 920101 910101", CC_E_FORMAT, key); /* order */
}

static void the_limit_of_minutiae_is_kept(void **state)
{
	(void)state;
	for (unsigned n = FINGER_MINUTIAE_MAX; n <= FINGER_MINUTIAE_MAX + 1; n++) {
		struct finger_template t;
		struct buf in = { 0 };
		struct writer w;
		struct cc_error err;
		cc_status st;

		cc_error_init(&err);
		writer_init(&w, 4096);
		writer_u16(&w, 0x7F2E);
		writer_u8(&w, 0x82);
		writer_u16(&w, (uint16_t)(4 + 3 * n));
		writer_u8(&w, 0x81);
		writer_u8(&w, 0x82);
		writer_u16(&w, (uint16_t)(3 * n));
		writer_fill(&w, 0, 3 * (size_t)n);
		assert_int_equal(writer_finish(&w, &in).code, CC_OK);
		st = finger_template_parse(buf_view(&in), &t, &err);
		assert_int_equal(st.code, n == FINGER_MINUTIAE_MAX ? CC_OK : CC_E_LIMIT);
		buf_done(&in);
	}
}

static void what_the_card_says_is_read(void **state)
{
	struct finger_bit b = usual, back;
	struct buf out = { 0 };

	(void)state;
	assert_int_equal(finger_bit_encode(&b, &out, NULL).code, CC_OK);
	assert_true(vectors_is_hex(buf_view(&out), "7F6019A1178101088201098702010188020005B1078102023C820105"));
	assert_int_equal(finger_bit_parse(buf_view(&out), &back, NULL).code, CC_OK);
	assert_memory_equal(&back, &b, sizeof b);
	for (size_t n = 0; n < out.n; n++)
		assert_int_equal(finger_bit_parse(bytes_of(out.p, n), &back, NULL).code, CC_E_FORMAT);
	out.p[7] = 0x02; /* a face */
	assert_int_equal(finger_bit_parse(buf_view(&out), &back, NULL).code, CC_E_FORMAT);
	b.features = 0x03;
	assert_int_equal(finger_bit_encode(&b, &out, NULL).code, CC_OK);
	assert_int_equal(finger_bit_parse(buf_view(&out), &back, NULL).code, CC_OK);
	assert_memory_equal(&back, &b, sizeof b);
	b.order = 0x1D;
	assert_int_equal(finger_bit_encode(&b, &out, NULL).code, CC_E_ARG);
	b = usual;
	b.max = 129;
	assert_int_equal(finger_bit_encode(&b, &out, NULL).code, CC_E_ARG);
	buf_done(&out);
}

static void checked(const struct finger_template *t, struct finger_bit bit, const char *key)
{
	struct cc_error err;

	cc_error_init(&err);
	assert_int_equal(finger_template_check(t, &bit, &err).code, key ? CC_E_VERIFY : CC_OK);
	if (key)
		assert_string_equal(err.key, key);
}

static void a_card_refuses_by_name(void **state)
{
	struct finger_template t = three();

	(void)state;
	checked(&t, usual, NULL);
	checked(&t, (struct finger_bit){ .min = 4, .max = 60 }, "finger.template-few");
	checked(&t, (struct finger_bit){ .min = 1, .max = 2 }, "finger.template-many");
	checked(&t, (struct finger_bit){ .max = 60, .order = FINGER_ORDER_XY | FINGER_ORDER_DESCENDING },
		"finger.template-order");
	checked(&t, (struct finger_bit){ .max = 60, .order = FINGER_ORDER_YX | FINGER_ORDER_ASCENDING }, "finger.template-order");
	checked(&t, (struct finger_bit){ .max = 60, .order = FINGER_ORDER_ANGLE | FINGER_ORDER_ASCENDING },
		"finger.template-order");
	t.minutiae[1] = t.minutiae[0];
	checked(&t, usual, "finger.template-double");
}

static void every_order_can_be_made(void **state)
{
	(void)state;
	for (unsigned key = FINGER_ORDER_XY; key <= FINGER_ORDER_POLAR; key += 4) {
		for (unsigned direction = 1; direction <= 2; direction++) {
			struct finger_bit bit = { .max = 60, .order = (uint8_t)(key | direction) };
			struct finger_template t = { .count = 50 };

			for (size_t i = 0; i < t.count; i++)
				t.minutiae[i] = (struct finger_minutia){ (uint8_t)(i * 37), (uint8_t)(i * 101), (uint8_t)(i % 3),
									 (uint8_t)(i * 29 % 64) };
			checked(&t, bit, "finger.template-order");
			finger_template_fit(&t, &bit);
			checked(&t, bit, NULL);
		}
	}
}

/* What is left out lies at the edge: the middle of a print is what another capture will have too. */
static void the_farthest_minutiae_are_left_out(void **state)
{
	struct finger_template t = { .count = 5 };
	struct finger_bit bit = { .max = 4 };

	(void)state;
	for (size_t i = 0; i < 4; i++)
		t.minutiae[i] = (struct finger_minutia){ (uint8_t)(100 + i), 100, MINUTIA_ENDING, 0 };
	t.minutiae[4] = t.minutiae[0];
	t.minutiae[0].x = 250;
	finger_template_fit(&t, &bit);
	assert_int_equal(t.count, 4);
	for (size_t i = 0; i < 4; i++)
		assert_true(t.minutiae[i].x < 104);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_bytes_are_those_of_the_standard),
		cmocka_unit_test(extended_data_are_carried),
		cmocka_unit_test(malformed_templates_are_refused),
		cmocka_unit_test(the_limit_of_minutiae_is_kept),
		cmocka_unit_test(what_the_card_says_is_read),
		cmocka_unit_test(a_card_refuses_by_name),
		cmocka_unit_test(every_order_can_be_made),
		cmocka_unit_test(the_farthest_minutiae_are_left_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
