/* SPDX-License-Identifier: Apache-2.0 */
#include "biometrics/finger_record.h"

#include "biometrics/wsq.h"
#include "card/lds/dg3.h"
#include "tests/support/finger_print.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t pixels[6] = { 0, 50, 100, 150, 200, 250 };

static struct finger_record small(void)
{
	struct finger_record r = finger_record_new(FINGER_RAW);

	r.fingers = 1;
	r.count = 1;
	r.images[0] = (struct finger_image){
		.position = FINGER_RIGHT_INDEX,
		.views = 1,
		.view = 1,
		.quality = FINGER_QUALITY_UNKNOWN,
		.width = 3,
		.height = 2,
		.data = { pixels, sizeof pixels },
	};
	return r;
}

static struct buf encoded(const struct finger_record *r)
{
	struct buf out = { 0 };

	assert_int_equal(finger_record_encode(r, FINGER_STRICT, &out, NULL).code, CC_OK);
	return out;
}

static void malformed(struct bytes in)
{
	struct finger_record r = { .count = 77 };
	struct cc_error err;

	cc_error_init(&err);
	assert_int_equal(finger_record_decode(in, &r, &err).code, CC_E_FORMAT);
	assert_string_equal(err.key, "finger.record-malformed");
	assert_int_equal(r.count, 77);
}

static void the_bytes_are_those_of_the_standard(void **state)
{
	struct finger_record r = small(), back;
	struct buf out = encoded(&r);

	(void)state;
	assert_true(vectors_is_hex(buf_view(&out), "46495200303130000000000000340000001F010101F401F401F401F408000000"
						   "00000014020101FE00000300020000326496C8FA"));
	assert_int_equal(finger_record_decode(buf_view(&out), &back, NULL).code, CC_OK);
	assert_int_equal(back.count, 1);
	assert_int_equal(back.images[0].position, FINGER_RIGHT_INDEX);
	assert_int_equal(finger_record_ppi(&back), 500);
	assert_int_equal(finger_record_check(&back, NULL).code, CC_OK);
	buf_done(&out);
}

static void several_fingers_and_views_go_into_one_record(void **state)
{
	struct finger_record r = small(), back;
	struct buf out;

	(void)state;
	r.images[2] = r.images[1] = r.images[0];
	r.images[0].views = r.images[1].views = 2;
	r.images[1].view = 2;
	r.images[2].position = FINGER_LEFT_INDEX;
	r.fingers = 2;
	r.count = 3;
	out = encoded(&r);
	assert_int_equal(finger_record_decode(buf_view(&out), &back, NULL).code, CC_OK);
	assert_int_equal(back.count, 3);
	assert_int_equal(back.images[2].position, FINGER_LEFT_INDEX);
	buf_done(&out);
}

static void every_truncation_and_a_byte_more_are_refused(void **state)
{
	struct finger_record r = small();
	struct buf out = encoded(&r), longer = { 0 };

	(void)state;
	for (size_t n = 0; n < out.n; n++)
		malformed(bytes_of(out.p, n));
	assert_int_equal(buf_zero(&longer, out.n + 1).code, CC_OK);
	memcpy(longer.p, out.p, out.n);
	malformed(buf_view(&longer));
	buf_done(&longer);
	buf_done(&out);
}

static void lying_lengths_are_refused(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
	} lies[] = { { 0, 'X' }, { 4, '1' }, { 8, 1 }, { 13, 0x35 }, { 35, 13 }, { 35, 21 }, { 32, 0xFF } };
	struct finger_record r = small();

	(void)state;
	for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
		struct buf out = encoded(&r);

		out.p[lies[i].at] = lies[i].value;
		malformed(buf_view(&out));
		buf_done(&out);
	}
}

static void a_record_without_images_is_refused(void **state)
{
	struct finger_record r = small();
	struct buf out = encoded(&r);

	(void)state;
	out.p[13] = 32;
	malformed(bytes_of(out.p, 32));
	r.count = 0;
	assert_int_equal(finger_record_encode(&r, FINGER_AS_READ, &out, NULL).code, CC_E_ARG);
	buf_done(&out);
}

static void too_many_images_are_a_limit(void **state)
{
	struct finger_record r = small();
	struct cc_error err;
	struct buf out = { 0 };
	struct writer w;

	(void)state;
	for (unsigned n = FINGER_IMAGES_MAX; n <= FINGER_IMAGES_MAX + 1; n++) {
		struct buf one = encoded(&r);

		writer_init(&w, 4096);
		one.p[12] = (uint8_t)((32 + 20 * n) >> 8);
		one.p[13] = (uint8_t)(32 + 20 * n);
		writer_put(&w, bytes_of(one.p, 32));
		for (unsigned i = 0; i < n; i++)
			writer_put(&w, bytes_of(one.p + 32, 20));
		assert_int_equal(writer_finish(&w, &out).code, CC_OK);
		cc_error_init(&err);
		assert_int_equal(finger_record_decode(buf_view(&out), &(struct finger_record){ 0 }, &err).code,
				 n == FINGER_IMAGES_MAX ? CC_OK : CC_E_LIMIT);
		buf_done(&one);
	}
	assert_string_equal(err.key, "finger.record-too-large");
	buf_done(&out);
}

static void refused_by_the_standard(const struct finger_record *r)
{
	struct buf out = { 0 };
	struct cc_error err;

	cc_error_init(&err);
	assert_int_equal(finger_record_encode(r, FINGER_STRICT, &out, &err).code, CC_E_ARG);
	assert_string_equal(err.key, "finger.record-invalid");
	assert_null(out.p);
	assert_int_equal(finger_record_encode(r, FINGER_AS_READ, &out, NULL).code, CC_OK);
	buf_done(&out);
}

static void what_the_standard_forbids_is_not_written(void **state)
{
	struct finger_record r;

	(void)state;
#define FORBIDDEN(change) (r = small(), (change), refused_by_the_standard(&r))
	FORBIDDEN(r.scale_units = 3);
	FORBIDDEN(r.image_x = 501);
	FORBIDDEN(r.image_y = 0);
	FORBIDDEN(r.depth = 0);
	FORBIDDEN(r.depth = 17);
	FORBIDDEN(r.level = 32);
	FORBIDDEN(r.level = 41);
	FORBIDDEN(r.coding = 6);
	FORBIDDEN(r.coding = FINGER_WSQ);
	FORBIDDEN(r.fingers = 2);
	FORBIDDEN(r.images[0].position = 16);
	FORBIDDEN(r.images[0].position = 37);
	FORBIDDEN(r.images[0].views = 2);
	FORBIDDEN(r.images[0].view = 0);
	FORBIDDEN(r.images[0].quality = 101);
	FORBIDDEN(r.images[0].impression = 16);
	FORBIDDEN(r.images[0].width = 0);
	FORBIDDEN(r.images[0].height = 3);
	FORBIDDEN((r.images[1] = r.images[0], r.count = 2));
#undef FORBIDDEN
}

static void raw_pixels_come_out(void **state)
{
	struct finger_record r = small();
	struct image im = { 0 };

	(void)state;
	assert_int_equal(finger_record_raw(&r, 0, &im, NULL).code, CC_OK);
	assert_memory_equal(im.p, pixels, sizeof pixels);
	/* Six samples of four bits: 0 1 2 3 F 8. */
	r.coding = FINGER_PACKED;
	r.depth = 4;
	r.images[0].data = BYTES_LITERAL("\x01\x23\xF8");
	assert_int_equal(finger_record_raw(&r, 0, &im, NULL).code, CC_OK);
	assert_memory_equal(im.p, "\0\x11\x22\x33\xFF\x88", 6);
	r.images[0].data.n = 2;
	assert_int_equal(finger_record_raw(&r, 0, &im, NULL).code, CC_E_FORMAT);
	r.coding = FINGER_WSQ;
	assert_int_equal(finger_record_raw(&r, 0, &im, NULL).code, CC_E_UNSUPPORTED);
	image_done(&im);
}

static void positions_and_reasons_have_names(void **state)
{
	(void)state;
	for (unsigned i = 1; i <= FINGERS; i++) {
		assert_int_equal(finger_position_find(finger_position_name(i)), i);
		assert_int_equal(finger_position_of_subtype(finger_position_subtype(i)), i);
	}
	assert_int_equal(finger_position_find("10"), 10);
	assert_int_equal(finger_position_find("7"), FINGER_LEFT_INDEX);
	assert_int_equal(finger_position_find("11"), 0);
	assert_int_equal(finger_position_find(""), 0);
	assert_int_equal(finger_position_subtype(FINGER_RIGHT_INDEX), 0x09);
	assert_int_equal(finger_position_subtype(FINGER_LEFT_INDEX), 0x0A);
	assert_int_equal(finger_position_subtype(13), 0);
	assert_null(finger_position_name(11));
	for (unsigned i = FINGER_AMPUTATED; i <= FINGER_NOT_TAKEN; i++)
		assert_int_equal(finger_missing_find(finger_missing_name(i)), i);
	assert_int_equal(finger_missing_find("lost"), FINGER_PRESENT);
	assert_null(finger_missing_name(FINGER_NOT_TAKEN + 1));
}

/* The DG3 of a BSI test card: its two records, their fields, the same bytes again, and their pictures. */
static void a_test_cards_fingers_are_read(void **state)
{
	static const uint8_t positions[2] = { FINGER_RIGHT_INDEX, FINGER_LEFT_INDEX };
	struct buf file = { 0 };
	struct dg3 dg3;

	(void)state;
	if (!vectors_file("05_lds/bsi2008_jmrtd/Datagroup3.bin", &file))
		skip();
	assert_int_equal(dg3_parse(buf_view(&file), &dg3, NULL).code, CC_OK);
	assert_int_equal(dg3.count, 2);
	for (size_t i = 0; i < 2; i++) {
		struct finger_record r;
		struct buf again = { 0 };
		struct image im = { 0 };

		assert_int_equal(finger_record_decode(dg3.items[i].record, &r, NULL).code, CC_OK);
		assert_int_equal(finger_record_check(&r, NULL).code, CC_OK);
		assert_int_equal(r.coding, FINGER_WSQ);
		assert_int_equal(r.count, 1);
		assert_int_equal(r.images[0].position, positions[i]);
		assert_int_equal(finger_record_encode(&r, FINGER_STRICT, &again, NULL).code, CC_OK);
		assert_true(bytes_equal(buf_view(&again), dg3.items[i].record));
		assert_int_equal(wsq_decode(r.images[0].data, &im, NULL, NULL).code, CC_OK);
		assert_int_equal(im.width, r.images[0].width);
		assert_int_equal(im.height, r.images[0].height);
		image_done(&im);
		buf_done(&again);
	}
	buf_done(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_bytes_are_those_of_the_standard),
		cmocka_unit_test(several_fingers_and_views_go_into_one_record),
		cmocka_unit_test(every_truncation_and_a_byte_more_are_refused),
		cmocka_unit_test(lying_lengths_are_refused),
		cmocka_unit_test(a_record_without_images_is_refused),
		cmocka_unit_test(too_many_images_are_a_limit),
		cmocka_unit_test(what_the_standard_forbids_is_not_written),
		cmocka_unit_test(raw_pixels_come_out),
		cmocka_unit_test(positions_and_reasons_have_names),
		cmocka_unit_test(a_test_cards_fingers_are_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
