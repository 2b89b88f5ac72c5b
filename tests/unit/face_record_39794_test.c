/* SPDX-License-Identifier: Apache-2.0 */
#include "biometrics/face_record.h"
#include "biometrics/face_record_39794.h"

#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ISO/IEC 39794-5:2019 annex A, written out by hand: generation 3 of 2019, representation 0, JPEG of 480 x 640. */
static const uint8_t written_out[] = {
	0xA1, 49, 0x65, 47,					  /* face image data block */
	0xA0, 7,  0x80, 1,    3,    0x81, 2,	0x07, 0xE3,	  /* version 3 of 2019 */
	0xA1, 36, 0x30, 34,   0x80, 1,	  0,			  /* representation 0 */
	0xA1, 29, 0xA0, 27,   0xA0, 25,				  /* two-dimensional image */
	0x80, 4,  0xFF, 0xD8, 0xFF, 0xE0,			  /* data */
	0xA1, 17, 0xA0, 3,    0x80, 1,	  2,			  /* information: JPEG */
	0xA7, 8,  0x80, 2,    0x01, 0xE0, 0x81, 2,    0x02, 0x80, /* 480 x 640 */
	0xA8, 0,
};

static struct face_record_39794 sample(void)
{
	struct face_record_39794 r;

	face_record_39794_init(&r, BYTES_LITERAL("\xFF\xD8\xFF\xE0"), FACE_39794_JPEG);
	r.information.size.present = true;
	r.information.size.width = face_39794_number(480);
	r.information.size.height = face_39794_number(640);
	return r;
}

static void writes_the_bytes_of_the_standard(void **state)
{
	struct face_record_39794 r = sample();
	struct buf out = { 0 };
	uint8_t want[sizeof written_out];
	/* Without the empty measurements at the end, every length above them is two less. */
	static const size_t lengths[] = { 1, 3, 14, 16, 21, 23, 25, 33 };

	(void)state;
	memcpy(want, written_out, sizeof want);
	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++)
		want[lengths[i]] = (uint8_t)(want[lengths[i]] - 2);
	assert_int_equal(face_record_39794_encode(&r, &out, NULL).code, CC_OK);
	assert_int_equal(out.n, sizeof want - 2);
	assert_memory_equal(out.p, want, out.n);
	buf_done(&out);
}

static void reads_every_field(void **state)
{
	struct face_record_39794 r;

	(void)state;
	assert_int_equal(face_record_39794_decode(bytes_of(written_out, sizeof written_out), &r, NULL).code, CC_OK);
	assert_int_equal(r.version.generation.n, 3);
	assert_int_equal(r.version.year.n, 2019);
	assert_int_equal(r.id.n, 0);
	assert_int_equal(r.information.format.n, FACE_39794_JPEG);
	assert_true(r.information.size.present);
	assert_int_equal(r.information.size.width.n, 480);
	assert_int_equal(r.information.size.height.n, 640);
	assert_true(r.information.measurements.present);
	assert_false(r.information.measurements.head_width.present);
	assert_int_equal(r.image.b.n, 4);
}

static void numbers_are_minimal_in_both_directions(void **state)
{
	static const int64_t values[] = {
		0,	    1,		127,	    128, 255,  256,  32767,  32768,  0x7FFFFF, 0x800000,
		0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, -1,	 -128, -129, -32768, -32769, -180,     INT32_MIN
	};

	(void)state;
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		struct face_record_39794 r = sample(), back;
		struct buf out = { 0 };

		r.id = face_39794_number(values[i] < 0 ? 0 : values[i]);
		r.identity.present = r.identity.pose.present = r.identity.pose.yaw.present = true;
		r.identity.pose.yaw.degrees = face_39794_number(values[i]);
		assert_int_equal(face_record_39794_encode(&r, &out, NULL).code, CC_OK);
		assert_int_equal(face_record_39794_decode(buf_view(&out), &back, NULL).code, CC_OK);
		assert_true(back.id.n == (values[i] < 0 ? 0 : values[i]));
		assert_true(back.identity.pose.yaw.degrees.n == values[i]);
		assert_false(back.identity.pose.yaw.uncertainty.present);
		buf_done(&out);
	}
}

static void what_does_not_fit_or_is_missing_is_not_written(void **state)
{
	struct face_record_39794 r = sample();
	struct buf out = { 0 };
	struct cc_error err;

	(void)state;
	cc_error_init(&err);
	r.id = face_39794_number((int64_t)UINT32_MAX + 1);
	assert_int_equal(face_record_39794_encode(&r, &out, &err).code, CC_E_ARG);
	assert_string_equal(err.key, "face.record-invalid");
	r.id = face_39794_number(-1);
	assert_int_equal(face_record_39794_encode(&r, &out, NULL).code, CC_E_ARG);
	r = sample();
	r.information.format.present = false;
	assert_int_equal(face_record_39794_encode(&r, &out, NULL).code, CC_E_ARG);
	r = sample();
	r.information.size.height.present = false;
	assert_int_equal(face_record_39794_encode(&r, &out, NULL).code, CC_E_ARG);
	r = sample();
	assert_true(face_record_39794_add_point(&r, FACE_39794_POINT_LEFT_EYE, 3, 4));
	r.landmarks.items[0].name = face_39794_number(21); /* two kinds for one landmark */
	assert_int_equal(face_record_39794_encode(&r, &out, NULL).code, CC_E_ARG);
	r = sample();
	for (unsigned i = 0; i < FACE_39794_LANDMARKS_MAX; i++)
		assert_true(face_record_39794_add_point(&r, FACE_39794_POINT_LEFT_EYE, i, i));
	assert_false(face_record_39794_add_point(&r, FACE_39794_POINT_LEFT_EYE, 0, 0));
	assert_null(out.p);
}

/* One landmark (12.1 at 300, 250) written out by hand: each layer of the choices. */
static void a_landmark_has_the_layers_of_the_standard(void **state)
{
	static const uint8_t want[] = { 0xA9, 25,   0x30, 23,	0xA0, 7,    0xA0, 5,	0xA0, 3,    0x80, 1,	84,  0xA1,
					12,   0xA0, 10,	  0xA0, 8,    0x80, 2,	  0x01, 0x2C, 0x81, 2,	  0x00, 0xFA };
	struct face_record_39794 r = sample(), back;
	const struct face_39794_landmark *l;
	struct buf out = { 0 };

	(void)state;
	assert_true(face_record_39794_add_point(&r, FACE_39794_POINT_LEFT_EYE, 300, 250));
	assert_int_equal(face_record_39794_encode(&r, &out, NULL).code, CC_OK);
	assert_true(out.n > sizeof want);
	assert_int_equal(face_record_39794_decode(buf_view(&out), &back, NULL).code, CC_OK);
	l = face_record_39794_point(&back, FACE_39794_POINT_LEFT_EYE);
	assert_non_null(l);
	assert_int_equal(l->x.n, 300);
	assert_int_equal(l->y.n, 250);
	assert_null(face_record_39794_point(&back, FACE_39794_POINT_RIGHT_EYE));
	assert_memory_equal(out.p + out.n - sizeof want, want, sizeof want);
	buf_done(&out);
}

static void refused(struct bytes in, enum cc_code code)
{
	struct face_record_39794 r;
	struct cc_error err;

	cc_error_init(&err);
	assert_int_equal(face_record_39794_decode(in, &r, &err).code, code);
	assert_non_null(err.key);
}

static void every_truncation_and_one_byte_more_are_refused(void **state)
{
	uint8_t longer[sizeof written_out + 1] = { 0 };

	(void)state;
	for (size_t n = 0; n < sizeof written_out; n++)
		refused(bytes_of(written_out, n), CC_E_FORMAT);
	memcpy(longer, written_out, sizeof written_out);
	refused(bytes_of(longer, sizeof longer), CC_E_FORMAT);
}

static void wrong_tags_and_numbers_are_refused(void **state)
{
	/* Place of a tag or first byte of a number, and what it becomes. */
	static const struct {
		size_t at;
		uint8_t to;
	} rows[] = { { 0, 0xA2 },  { 2, 0x66 },	 { 4, 0xA1 },  { 6, 0x81 },  { 8, 0x83 },  { 9, 0x82 },
		     { 13, 0xA2 }, { 15, 0x31 }, { 17, 0x81 }, { 20, 0xA3 }, { 22, 0xA1 }, { 24, 0xA1 },
		     { 26, 0x81 }, { 32, 0xA2 }, { 34, 0xA1 }, { 41, 0x81 }, { 11, 0x80 } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint8_t changed[sizeof written_out];

		memcpy(changed, written_out, sizeof changed);
		changed[rows[i].at] = rows[i].to;
		print_message("# byte %zu\n", rows[i].at);
		refused(bytes_of(changed, sizeof changed), CC_E_FORMAT);
	}
}

static void an_empty_image_is_not_written_and_limits_hold(void **state)
{
	struct face_record_39794 r = sample();
	struct buf out = { 0 }, data = { 0 };

	(void)state;
	r.image.b = bytes_of(NULL, 0);
	assert_int_equal(face_record_39794_encode(&r, &out, NULL).code, CC_E_ARG);
	assert_int_equal(buf_zero(&data, FACE_RECORD_BYTES_MAX + 1).code, CC_OK);
	r.image.b = bytes_of(data.p, FACE_RECORD_BYTES_MAX);
	assert_int_equal(face_record_39794_encode(&r, &out, NULL).code, CC_E_LIMIT);
	refused(buf_view(&data), CC_E_LIMIT);
	assert_null(out.p);
	buf_done(&data);
}

static void published_records_give_the_same_bytes_again(void **state)
{
	static const struct {
		const char *file;
		bool all, good;
	} rows[] = { { "08_face_cbeff/gmrtd/ICAO_39794_5_AP_MandFields.dat", false, true },
		     { "08_face_cbeff/gmrtd/ICAO_39794_5_AP_AllFields.dat", true, true },
		     { "08_face_cbeff/gmrtd/ICAO_39794_5_AP_MandFields_InvalidImage.dat", false, false } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct buf file = { 0 }, out = { 0 };
		struct face_record_39794 r;
		enum face_coding coding = FACE_CODING_JPEG;
		struct cc_error err;

		cc_error_init(&err);
		if (!vectors_file(rows[i].file, &file))
			skip();
		assert_int_equal(face_record_39794_decode(buf_view(&file), &r, NULL).code, CC_OK);
		assert_int_equal(r.version.generation.n, 3);
		assert_int_equal(r.version.year.n, 2019);
		assert_int_equal(r.image.b.n, 15000);
		assert_int_equal(r.identity.present, rows[i].all);
		assert_int_equal(face_record_39794_encode(&r, &out, NULL).code, CC_OK);
		assert_int_equal(out.n, file.n);
		assert_memory_equal(out.p, file.p, out.n);
		assert_int_equal(!cc_failed(face_picture_check(r.image.b, &coding, &err)), rows[i].good);
		assert_string_equal(rows[i].good ? "face.record-image" : err.key, "face.record-image");
		assert_int_equal(coding, rows[i].good ? FACE_CODING_JPEG2000 : FACE_CODING_JPEG);
		buf_done(&file);
		buf_done(&out);
	}
}

/* The values that the published record with all fields was made from. */
static void every_published_field_is_read(void **state)
{
	struct buf file = { 0 };
	struct face_record_39794 r;

	(void)state;
	if (!vectors_file("08_face_cbeff/gmrtd/ICAO_39794_5_AP_AllFields.dat", &file))
		skip();
	assert_int_equal(face_record_39794_decode(buf_view(&file), &r, NULL).code, CC_OK);
	assert_int_equal(r.information.format.n, FACE_39794_JPEG2000_LOSSY);
	assert_int_equal(r.information.kind.n, FACE_39794_KIND_MRTD);
	assert_int_equal(r.information.lossy_attempts.n, 1);
	assert_int_equal(r.information.distance_mm.n, 3000);
	assert_int_equal(r.information.sensor_diagonal.n, 43);
	assert_int_equal(r.information.focal_length.n, 55);
	assert_int_equal(r.information.size.width.n, 572);
	assert_int_equal(r.information.size.height.n, 731);
	assert_int_equal(r.information.measurements.head_width.n, 300);
	assert_int_equal(r.information.measurements.head_length.n, 500);
	assert_int_equal(r.information.colour.n, FACE_39794_COLOUR_RGB24);
	assert_int_equal(r.information.reference.pairs.list.count, 1);
	assert_int_equal(r.camera.technology.n, FACE_39794_PHOTO_CAMERA);
	assert_int_equal(r.captured.year.n, 2024);
	assert_int_equal(r.captured.millisecond.n, 908);
	assert_int_equal(r.quality.items[0].score.n, 99);
	assert_int_equal(r.attack.risk.n, 5);
	assert_int_equal(r.attack.challenges.list.count, 1);
	assert_int_equal(r.attack.time.second.n, 17);
	assert_int_equal(r.session.n, 9);
	assert_int_equal(r.device.certifications.items[0].organization.n, 2);
	assert_int_equal(r.identity.gender.n, FACE_39794_GENDER_FEMALE);
	assert_int_equal(r.identity.height_mm.n, 1786);
	assert_int_equal(r.identity.expression.flag[0].n, 1);
	assert_int_equal(r.identity.pose.yaw.degrees.n, 2);
	assert_int_equal(r.identity.pose.pitch.degrees.n, 3);
	assert_int_equal(r.identity.pose.roll.uncertainty.n, 2);
	assert_int_equal(r.landmarks.list.count, 1);
	assert_int_equal(r.landmarks.items[0].mpeg4.n, 10); /* 2.11 */
	assert_int_equal(r.landmarks.items[0].x.n, 90);
	assert_int_equal(r.landmarks.items[0].y.n, 22);
	for (size_t n = 0; n<file.n; n += n + 700> file.n ? 1 : 61)
		assert_int_equal(face_record_39794_decode(bytes_of(file.p, n), &r, NULL).code, CC_E_FORMAT);
	buf_done(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_the_bytes_of_the_standard),
		cmocka_unit_test(reads_every_field),
		cmocka_unit_test(numbers_are_minimal_in_both_directions),
		cmocka_unit_test(what_does_not_fit_or_is_missing_is_not_written),
		cmocka_unit_test(a_landmark_has_the_layers_of_the_standard),
		cmocka_unit_test(every_published_field_is_read),
		cmocka_unit_test(every_truncation_and_one_byte_more_are_refused),
		cmocka_unit_test(wrong_tags_and_numbers_are_refused),
		cmocka_unit_test(an_empty_image_is_not_written_and_limits_hold),
		cmocka_unit_test(published_records_give_the_same_bytes_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
