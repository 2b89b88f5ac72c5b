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
	return (struct face_record_39794){ .generation = 3,
					   .year = 2019,
					   .image = BYTES_LITERAL("\xFF\xD8\xFF\xE0"),
					   .format = FACE_39794_JPEG,
					   .has_size = true,
					   .width = 480,
					   .height = 640 };
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
	assert_int_equal(r.generation, 3);
	assert_int_equal(r.year, 2019);
	assert_int_equal(r.id, 0);
	assert_int_equal(r.format, FACE_39794_JPEG);
	assert_true(r.has_size);
	assert_int_equal(r.width, 480);
	assert_int_equal(r.height, 640);
	assert_int_equal(r.image.n, 4);
}

static void numbers_are_minimal_in_both_directions(void **state)
{
	static const uint32_t values[] = { 0,	  1,	    127,      128,	  255,	      256,	 32767,
					   32768, 0x7FFFFF, 0x800000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF };

	(void)state;
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		struct face_record_39794 r = sample(), back;
		struct buf out = { 0 };

		r.id = values[i];
		r.width = values[i];
		assert_int_equal(face_record_39794_encode(&r, &out, NULL).code, CC_OK);
		assert_int_equal(face_record_39794_decode(buf_view(&out), &back, NULL).code, CC_OK);
		assert_int_equal(back.id, values[i]);
		assert_int_equal(back.width, values[i]);
		buf_done(&out);
	}
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
	r.image = bytes_of(NULL, 0);
	assert_int_equal(face_record_39794_encode(&r, &out, NULL).code, CC_E_ARG);
	assert_int_equal(buf_zero(&data, FACE_RECORD_BYTES_MAX + 1).code, CC_OK);
	r.image = bytes_of(data.p, FACE_RECORD_BYTES_MAX);
	assert_int_equal(face_record_39794_encode(&r, &out, NULL).code, CC_E_LIMIT);
	refused(buf_view(&data), CC_E_LIMIT);
	assert_null(out.p);
	buf_done(&data);
}

static void published_records_give_the_same_bytes_again(void **state)
{
	static const struct {
		const char *file;
		size_t optional_min;
	} rows[] = { { "08_face_cbeff/gmrtd/ICAO_39794_5_AP_MandFields.dat", 0 },
		     { "08_face_cbeff/gmrtd/ICAO_39794_5_AP_AllFields.dat", 300 },
		     { "08_face_cbeff/gmrtd/ICAO_39794_5_AP_MandFields_InvalidImage.dat", 0 } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct buf file = { 0 }, out = { 0 };
		struct face_record_39794 r;

		if (!vectors_file(rows[i].file, &file))
			skip();
		assert_int_equal(face_record_39794_decode(buf_view(&file), &r, NULL).code, CC_OK);
		assert_int_equal(r.generation, 3);
		assert_int_equal(r.year, 2019);
		assert_int_equal(r.image.n, 15000);
		assert_true(r.optional.n >= rows[i].optional_min);
		assert_int_equal(face_record_39794_encode(&r, &out, NULL).code, CC_OK);
		assert_int_equal(out.n, file.n);
		assert_memory_equal(out.p, file.p, out.n);
		buf_done(&file);
		buf_done(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_the_bytes_of_the_standard),
		cmocka_unit_test(reads_every_field),
		cmocka_unit_test(numbers_are_minimal_in_both_directions),
		cmocka_unit_test(every_truncation_and_one_byte_more_are_refused),
		cmocka_unit_test(wrong_tags_and_numbers_are_refused),
		cmocka_unit_test(an_empty_image_is_not_written_and_limits_hold),
		cmocka_unit_test(published_records_give_the_same_bytes_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
