/* SPDX-License-Identifier: Apache-2.0 */
#include "biometrics/face_record.h"

#include "biometrics/jp2.h"

#include <string.h>

#define HEADER_BYTES 14u
#define INFORMATION_BYTES 20u
#define POINT_BYTES 8u
#define IMAGE_INFORMATION_BYTES 12u
#define FIXED_BYTES (INFORMATION_BYTES + IMAGE_INFORMATION_BYTES)

/* ISO/IEC 19794-5:2005 5.4: format identifier and version, each with its NUL. */
#define FORMAT_AND_VERSION                                                                                                       \
	BYTES_LITERAL("FAC\0"                                                                                                    \
		      "010\0")

cc_status face_picture_check(struct bytes picture, enum face_coding *ret, struct cc_error *err)
{
	if (bytes_starts_with(picture, BYTES_LITERAL("\xFF\xD8\xFF")))
		*ret = FACE_CODING_JPEG;
	else if (jp2_is(picture))
		*ret = FACE_CODING_JPEG2000;
	else
		return cc_fail(err, CC_E_FORMAT, "face.record-image", "%zu bytes that begin as neither coding", picture.n);
	return cc_ok();
}

static size_t block_size(const struct face_image *image)
{
	return FIXED_BYTES + image->point_count * POINT_BYTES + image->data.n;
}

static bool data_fits_coding(const struct face_image *image)
{
	enum face_coding coding = FACE_CODING_JPEG;

	return !cc_failed(face_picture_check(image->data, &coding, NULL)) && coding == image->coding;
}

static const char *field_fault(const struct face_image *image)
{
	if (image->properties > 0xFFFFFF)
		return "properties wider than 24 bits";
	return image->point_count > FACE_POINTS_MAX ? "number of feature points" : NULL;
}

static const char *standard_fault(const struct face_image *image)
{
	if (image->width == 0 || image->height == 0)
		return "picture without extent";
	if (image->type > FACE_IMAGE_TOKEN_FRONTAL)
		return "image type";
	if (!data_fits_coding(image))
		return "data are not of the coding named";
	for (size_t i = 0; i < image->point_count; i++) {
		const struct face_point *p = &image->points[i];

		if (p->type == FACE_POINT_2D && (p->x >= image->width || p->y >= image->height))
			return "feature point outside the picture";
	}
	return NULL;
}

static cc_status check(const struct face_record *record, enum face_mode mode, size_t *ret_size, struct cc_error *err)
{
	size_t size = HEADER_BYTES;

	if (record->count == 0 || record->count > FACE_IMAGES_MAX)
		return cc_fail(err, CC_E_ARG, "face.record-invalid", "%zu images", record->count);
	for (size_t i = 0; i < record->count; i++) {
		const char *fault = field_fault(&record->images[i]);

		if (!fault && mode == FACE_STRICT)
			fault = standard_fault(&record->images[i]);
		if (fault)
			return cc_fail(err, CC_E_ARG, "face.record-invalid", "image %zu: %s", i + 1, fault);
		if (record->images[i].data.n > FACE_RECORD_BYTES_MAX)
			return cc_fail(err, CC_E_LIMIT, "face.record-too-large", "image of %zu bytes", record->images[i].data.n);
		size += block_size(&record->images[i]);
	}
	if (size > FACE_RECORD_BYTES_MAX)
		return cc_fail(err, CC_E_LIMIT, "face.record-too-large", "%zu bytes", size);
	*ret_size = size;
	return cc_ok();
}

/* ISO/IEC 19794-5:2005 5.5 to 5.7, in the order of the fields. */
static void put_image(struct writer *w, const struct face_image *image)
{
	writer_u32(w, (uint32_t)block_size(image));
	writer_u16(w, (uint16_t)image->point_count);
	writer_u8(w, image->gender);
	writer_u8(w, image->eye_colour);
	writer_u8(w, image->hair_colour);
	writer_u24(w, image->properties);
	writer_u16(w, image->expression);
	writer_put(w, bytes_of(image->pose, sizeof image->pose));
	writer_put(w, bytes_of(image->pose_uncertainty, sizeof image->pose_uncertainty));
	for (size_t i = 0; i < image->point_count; i++) {
		writer_u8(w, image->points[i].type);
		writer_u8(w, image->points[i].code);
		writer_u16(w, image->points[i].x);
		writer_u16(w, image->points[i].y);
		writer_u16(w, image->points[i].reserved);
	}
	writer_u8(w, image->type);
	writer_u8(w, image->coding);
	writer_u16(w, image->width);
	writer_u16(w, image->height);
	writer_u8(w, image->colour);
	writer_u8(w, image->source);
	writer_u16(w, image->device);
	writer_u16(w, image->quality);
	writer_put(w, image->data);
}

cc_status face_record_encode(const struct face_record *record, enum face_mode mode, struct buf *ret, struct cc_error *err)
{
	struct writer w;
	size_t size = 0;
	cc_status st = check(record, mode, &size, err);

	if (cc_failed(st))
		return st;
	writer_init(&w, size);
	writer_put(&w, FORMAT_AND_VERSION);
	writer_u32(&w, (uint32_t)size);
	writer_u16(&w, (uint16_t)record->count);
	for (size_t i = 0; i < record->count; i++)
		put_image(&w, &record->images[i]);
	st = writer_finish(&w, ret);
	return cc_failed(st) ? cc_fail(err, st.code, "memory", "facial record of %zu bytes", size) : st;
}

static bool take_information(struct cursor *in, struct face_image *image, uint32_t *ret_len)
{
	uint16_t points;

	if (!cursor_u32(in, ret_len) || !cursor_u16(in, &points) || !cursor_u8(in, &image->gender) ||
	    !cursor_u8(in, &image->eye_colour) || !cursor_u8(in, &image->hair_colour) || !cursor_u24(in, &image->properties) ||
	    !cursor_u16(in, &image->expression) || !cursor_copy(in, image->pose, sizeof image->pose) ||
	    !cursor_copy(in, image->pose_uncertainty, sizeof image->pose_uncertainty))
		return false;
	image->point_count = points;
	return true;
}

static bool take_point(struct cursor *in, struct face_point *p)
{
	return cursor_u8(in, &p->type) && cursor_u8(in, &p->code) && cursor_u16(in, &p->x) && cursor_u16(in, &p->y) &&
	       cursor_u16(in, &p->reserved);
}

static bool take_image_information(struct cursor *in, struct face_image *image)
{
	return cursor_u8(in, &image->type) && cursor_u8(in, &image->coding) && cursor_u16(in, &image->width) &&
	       cursor_u16(in, &image->height) && cursor_u8(in, &image->colour) && cursor_u8(in, &image->source) &&
	       cursor_u16(in, &image->device) && cursor_u16(in, &image->quality);
}

static cc_status malformed(struct cc_error *err, const char *what)
{
	return cc_fail(err, CC_E_FORMAT, "face.record-malformed", "%s", what);
}

static cc_status take_image(struct cursor *in, struct face_image *image, struct cc_error *err)
{
	uint32_t len;
	size_t points;

	if (!take_information(in, image, &len))
		return malformed(err, "facial information is cut off");
	if (image->point_count > FACE_POINTS_MAX)
		return cc_fail(err, CC_E_LIMIT, "face.record-too-large", "%zu feature points", image->point_count);
	points = image->point_count * POINT_BYTES;
	if (len < FIXED_BYTES + points)
		return malformed(err, "block length is shorter than its fields");
	for (size_t i = 0; i < image->point_count; i++)
		if (!take_point(in, &image->points[i]))
			return malformed(err, "feature points are cut off");
	if (!take_image_information(in, image))
		return malformed(err, "image information is cut off");
	if (!cursor_take(in, len - FIXED_BYTES - points, &image->data))
		return malformed(err, "image data are cut off");
	return cc_ok();
}

cc_status face_record_decode(struct bytes bytes, struct face_record *ret, struct cc_error *err)
{
	struct face_record record = { 0 };
	struct bytes head;
	struct cursor in;
	uint32_t len;
	uint16_t count;

	if (bytes.n > FACE_RECORD_BYTES_MAX)
		return cc_fail(err, CC_E_LIMIT, "face.record-too-large", "%zu bytes", bytes.n);
	cursor_init(&in, bytes);
	if (!cursor_take(&in, FORMAT_AND_VERSION.n, &head) || !bytes_equal(head, FORMAT_AND_VERSION))
		return malformed(err, "not a facial record of version 010");
	if (!cursor_u32(&in, &len) || len != bytes.n || !cursor_u16(&in, &count))
		return malformed(err, "record length");
	if (count == 0)
		return malformed(err, "no image");
	if (count > FACE_IMAGES_MAX)
		return cc_fail(err, CC_E_LIMIT, "face.record-too-large", "%u images", count);
	for (record.count = 0; record.count < count; record.count++) {
		cc_status st = take_image(&in, &record.images[record.count], err);

		if (cc_failed(st))
			return st;
	}
	if (cc_failed(cursor_end(&in)))
		return malformed(err, "bytes behind the last image");
	*ret = record;
	return cc_ok();
}

const struct face_point *face_image_point(const struct face_image *image, uint8_t code)
{
	for (size_t i = 0; i < image->point_count; i++)
		if (image->points[i].type == FACE_POINT_2D && image->points[i].code == code)
			return &image->points[i];
	return NULL;
}
