/* SPDX-License-Identifier: Apache-2.0 */
#include "biometrics/face_record.h"

#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/*
 * ISO/IEC 19794-5:2005 5.4 to 5.7 written out by hand: one full frontal image,
 * both eye centres, four bytes that begin a JPEG.
 */
static const uint8_t written_out[] = {
	'F',  'A',  'C',  0,	'0', '1',  '0', 0, 0, 0, 0, 66, 0, 1,			/* header: 66 bytes, one image */
	0,    0,    0,	  52,	0,   2,	   2,	0, 0, 0, 0, 0,	0, 0, 0, 0, 0, 0, 0, 0, /* female, two points */
	1,    0xC2, 0,	  180,	1,   0x10, 0,	0,					/* right eye at 180, 272 */
	1,    0xC1, 1,	  0x2C, 1,   0x11, 0,	0,					/* left eye at 300, 273 */
	1,    0,    1,	  0xE0, 2,   0x80, 1,	2, 0, 0, 0, 0,				/* 480 x 640, sRGB, camera */
	0xFF, 0xD8, 0xFF, 0xE0,
};

static struct face_record sample(void)
{
	struct face_record r = { .count = 1 };
	struct face_image *im = &r.images[0];

	im->gender = FACE_GENDER_FEMALE;
	im->point_count = 2;
	im->points[0] = (struct face_point){ FACE_POINT_2D, FACE_POINT_RIGHT_EYE, 180, 272, 0 };
	im->points[1] = (struct face_point){ FACE_POINT_2D, FACE_POINT_LEFT_EYE, 300, 273, 0 };
	im->type = FACE_IMAGE_FULL_FRONTAL;
	im->coding = FACE_CODING_JPEG;
	im->width = 480;
	im->height = 640;
	im->colour = FACE_COLOUR_SRGB;
	im->source = FACE_SOURCE_CAMERA;
	im->data = BYTES_LITERAL("\xFF\xD8\xFF\xE0");
	return r;
}

static void writes_the_bytes_of_the_standard(void **state)
{
	struct face_record r = sample();
	struct buf out = { 0 };

	(void)state;
	assert_int_equal(face_record_encode(&r, FACE_STRICT, &out, NULL).code, CC_OK);
	assert_int_equal(out.n, sizeof written_out);
	assert_memory_equal(out.p, written_out, out.n);
	buf_done(&out);
}

static void reads_every_field(void **state)
{
	struct face_record r;
	const struct face_point *eye;

	(void)state;
	assert_int_equal(face_record_decode(bytes_of(written_out, sizeof written_out), &r, NULL).code, CC_OK);
	assert_int_equal(r.count, 1);
	assert_int_equal(r.images[0].gender, FACE_GENDER_FEMALE);
	assert_int_equal(r.images[0].type, FACE_IMAGE_FULL_FRONTAL);
	assert_int_equal(r.images[0].width, 480);
	assert_int_equal(r.images[0].height, 640);
	assert_int_equal(r.images[0].colour, FACE_COLOUR_SRGB);
	assert_int_equal(r.images[0].source, FACE_SOURCE_CAMERA);
	eye = face_image_point(&r.images[0], FACE_POINT_LEFT_EYE);
	assert_non_null(eye);
	assert_int_equal(eye->x, 300);
	assert_int_equal(eye->y, 273);
	assert_null(face_image_point(&r.images[0], 0x21));
	assert_int_equal(r.images[0].data.n, 4);
}

static void two_images_keep_their_order(void **state)
{
	struct face_record r = sample(), back;
	struct buf out = { 0 };

	(void)state;
	r.count = 2;
	r.images[1] = r.images[0];
	r.images[1].point_count = 0;
	r.images[1].data = BYTES_LITERAL("\xFF\xD8\xFF\xE1zz");
	assert_int_equal(face_record_encode(&r, FACE_STRICT, &out, NULL).code, CC_OK);
	assert_int_equal(face_record_decode(buf_view(&out), &back, NULL).code, CC_OK);
	assert_int_equal(back.count, 2);
	assert_int_equal(back.images[0].point_count, 2);
	assert_true(bytes_equal(back.images[1].data, r.images[1].data));
	buf_done(&out);
}

static void encode_refuses(const struct face_record *r, enum cc_code code)
{
	struct buf out = { 0 };

	assert_int_equal(face_record_encode(r, FACE_STRICT, &out, NULL).code, code);
	assert_null(out.p);
}

static void writer_refuses_what_the_standard_forbids(void **state)
{
	struct face_record r = sample();
	struct buf out = { 0 };

	(void)state;
	r.count = 0;
	encode_refuses(&r, CC_E_ARG);
	r.count = FACE_IMAGES_MAX + 1;
	encode_refuses(&r, CC_E_ARG);
	r = sample();
	r.images[0].height = 0;
	encode_refuses(&r, CC_E_ARG);
	r = sample();
	r.images[0].coding = FACE_CODING_JPEG2000;
	encode_refuses(&r, CC_E_ARG);
	r = sample();
	r.images[0].type = 3;
	encode_refuses(&r, CC_E_ARG);
	assert_int_equal(face_record_encode(&r, FACE_AS_READ, &out, NULL).code, CC_OK);
	buf_done(&out);
	r = sample();
	r.images[0].points[1].x = 480;
	encode_refuses(&r, CC_E_ARG);
	r = sample();
	r.images[0].properties = 0x1000000;
	encode_refuses(&r, CC_E_ARG);
	r = sample();
	r.images[0].point_count = FACE_POINTS_MAX + 1;
	encode_refuses(&r, CC_E_ARG);
}

static void a_record_at_the_limit_passes_and_one_byte_more_does_not(void **state)
{
	struct face_record r = sample(), back;
	struct buf data = { 0 }, out = { 0 };

	(void)state;
	assert_int_equal(buf_zero(&data, FACE_RECORD_BYTES_MAX).code, CC_OK);
	memcpy(data.p, "\xFF\xD8\xFF", 3);
	r.images[0].data = bytes_of(data.p, FACE_RECORD_BYTES_MAX - 62);
	assert_int_equal(face_record_encode(&r, FACE_STRICT, &out, NULL).code, CC_OK);
	assert_int_equal(out.n, FACE_RECORD_BYTES_MAX);
	assert_int_equal(face_record_decode(buf_view(&out), &back, NULL).code, CC_OK);
	r.images[0].data.n++;
	encode_refuses(&r, CC_E_LIMIT);
	buf_done(&data);
	buf_done(&out);
}

static void every_truncation_and_one_byte_more_are_refused(void **state)
{
	uint8_t longer[sizeof written_out + 1] = { 0 };
	struct face_record r;

	(void)state;
	for (size_t n = 0; n < sizeof written_out; n++)
		assert_int_equal(face_record_decode(bytes_of(written_out, n), &r, NULL).code, CC_E_FORMAT);
	memcpy(longer, written_out, sizeof written_out);
	assert_int_equal(face_record_decode(bytes_of(longer, sizeof longer), &r, NULL).code, CC_E_FORMAT);
	longer[11]++; /* record length covers the byte, the image block does not */
	assert_int_equal(face_record_decode(bytes_of(longer, sizeof longer), &r, NULL).code, CC_E_FORMAT);
}

static void decode_with(size_t at, uint8_t value, enum cc_code code)
{
	uint8_t changed[sizeof written_out];
	struct face_record r;
	struct cc_error err;

	cc_error_init(&err);
	memcpy(changed, written_out, sizeof changed);
	changed[at] = value;
	assert_int_equal(face_record_decode(bytes_of(changed, sizeof changed), &r, &err).code, code);
	assert_non_null(err.key);
}

static void wrong_header_lengths_and_counts_are_refused(void **state)
{
	(void)state;
	decode_with(0, 'X', CC_E_FORMAT); /* magic */
	decode_with(5, '2', CC_E_FORMAT); /* version 020 */
	decode_with(11, 65, CC_E_FORMAT); /* record length */
	decode_with(13, 0, CC_E_FORMAT);  /* no image */
	decode_with(13, 2, CC_E_FORMAT);  /* second image missing */
	decode_with(13, FACE_IMAGES_MAX + 1, CC_E_LIMIT);
	decode_with(17, 47, CC_E_FORMAT); /* block shorter than its fields */
	decode_with(17, 53, CC_E_FORMAT); /* block beyond the record */
	decode_with(18, 1, CC_E_LIMIT);	  /* 258 points */
	decode_with(19, 3, CC_E_FORMAT);  /* three points do not fit the block */
}

static void again_the_same_bytes(struct bytes record, unsigned type, unsigned coding, unsigned width, unsigned height,
				 unsigned colour)
{
	struct face_record r;
	struct buf out = { 0 };

	assert_int_equal(face_record_decode(record, &r, NULL).code, CC_OK);
	assert_int_equal(r.count, 1);
	assert_int_equal(r.images[0].type, type);
	assert_int_equal(r.images[0].coding, coding);
	assert_int_equal(r.images[0].width, width);
	assert_int_equal(r.images[0].height, height);
	assert_int_equal(r.images[0].colour, colour);
	assert_int_equal(r.images[0].point_count, 0);
	assert_int_equal(face_record_encode(&r, FACE_AS_READ, &out, NULL).code, CC_OK);
	assert_int_equal(out.n, record.n);
	assert_memory_equal(out.p, record.p, out.n);
	buf_done(&out);
}

/* The record inside a DG2: it runs from "FAC" to the end of the file. */
static struct bytes record_of(struct buf *file)
{
	const uint8_t *at = memmem(file->p, file->n, "FAC\0", 4);

	assert_non_null(at);
	return bytes_of(at, (size_t)(file->p + file->n - at));
}

static void published_records_give_the_same_bytes_again(void **state)
{
	static const struct {
		const char *file;
		unsigned type, coding, width, height, colour;
	} rows[] = {
		{ "08_face_cbeff/gmrtd/ISO19794_Test1_Data.bin", 2, 1, 148, 70, 0 },
		{ "05_lds/bsi2008_jmrtd/Datagroup2.bin", 1, 1, 337, 449, 0 },
		{ "05_lds/icao_p10_samples_gmrtd/Dg2.bin", 2, 1, 148, 70, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct buf file = { 0 };

		if (!vectors_file(rows[i].file, &file))
			skip();
		again_the_same_bytes(record_of(&file), rows[i].type, rows[i].coding, rows[i].width, rows[i].height,
				     rows[i].colour);
		buf_done(&file);
	}
}

/* Every 19794-5 record of the folder: the picture of one is broken on purpose, and only that one's is refused. */
static void a_published_record_without_a_picture_is_refused_by_name(void **state)
{
	static const struct {
		const char *file;
		bool good;
	} rows[] = { { "08_face_cbeff/gmrtd/ISO19794_Test1_Data.bin", true },
		     { "08_face_cbeff/gmrtd/ISO19794_Test2_Data_InvalidImage.bin", false } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct buf file = { 0 }, out = { 0 };
		struct face_record r;
		enum face_coding coding = FACE_CODING_JPEG2000;
		struct cc_error err;

		cc_error_init(&err);
		if (!vectors_file(rows[i].file, &file))
			skip();
		assert_int_equal(face_record_decode(buf_view(&file), &r, NULL).code, CC_OK);
		assert_int_equal(!cc_failed(face_picture_check(r.images[0].data, &coding, &err)), rows[i].good);
		assert_string_equal(rows[i].good ? "face.record-image" : err.key, "face.record-image");
		assert_int_equal(coding, rows[i].good ? FACE_CODING_JPEG : FACE_CODING_JPEG2000);
		assert_int_equal(face_record_encode(&r, FACE_AS_READ, &out, NULL).code, CC_OK);
		assert_true(bytes_equal(buf_view(&out), buf_view(&file)));
		buf_done(&out);
		assert_int_equal(face_record_encode(&r, FACE_STRICT, &out, NULL).code, CC_E_ARG);
		buf_done(&file);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_the_bytes_of_the_standard),
		cmocka_unit_test(reads_every_field),
		cmocka_unit_test(two_images_keep_their_order),
		cmocka_unit_test(writer_refuses_what_the_standard_forbids),
		cmocka_unit_test(a_record_at_the_limit_passes_and_one_byte_more_does_not),
		cmocka_unit_test(every_truncation_and_one_byte_more_are_refused),
		cmocka_unit_test(wrong_header_lengths_and_counts_are_refused),
		cmocka_unit_test(published_records_give_the_same_bytes_again),
		cmocka_unit_test(a_published_record_without_a_picture_is_refused_by_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
