/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_BIOMETRICS_FACE_RECORD_H
#define CC_BIOMETRICS_FACE_RECORD_H

#include "crypto/base/buf.h"
#include "crypto/base/bytes.h"
#include "crypto/base/err.h"

#include <stddef.h>
#include <stdint.h>

/*
 * The facial record of ISO/IEC 19794-5:2005, which ICAO Doc 9303-10 puts into
 * DG2 behind a CBEFF header (format owner 0101, format type 0008).
 *
 *	facial record header	14	"FAC" 0, "010" 0, length, number of images
 *	per image:
 *	facial information	20	length, feature points, gender, eyes, hair, properties, expression, pose
 *	feature points		8 each
 *	image information	12	type, coding, width, height, colour, source, device, quality
 *	image data
 *
 * The writer is strict. The reader takes what real chips carry: field values
 * it does not know are kept as numbers, so that writing gives the same bytes.
 */
#define FACE_IMAGES_MAX 4u
#define FACE_POINTS_MAX 128u
#define FACE_RECORD_BYTES_MAX (1u << 20)

/* 5.6: a point of the face. Type 1 is a point of ISO/IEC 14496-2 (MPEG-4) in pixels of the image. */
struct face_point {
	uint8_t type;
	uint8_t code; /* major in the high, minor in the low half */
	uint16_t x, y;
	uint16_t reserved;
};
#define FACE_POINT_2D 1u
#define FACE_POINT_LEFT_EYE 0xC1u  /* 12.1: centre of the subject's left eye, at the right in the picture */
#define FACE_POINT_RIGHT_EYE 0xC2u /* 12.2 */

enum face_gender { FACE_GENDER_UNSPECIFIED = 0, FACE_GENDER_MALE = 1, FACE_GENDER_FEMALE = 2, FACE_GENDER_UNKNOWN = 0xFF };
enum face_image_type { FACE_IMAGE_BASIC = 0, FACE_IMAGE_FULL_FRONTAL = 1, FACE_IMAGE_TOKEN_FRONTAL = 2 };
enum face_coding { FACE_CODING_JPEG = 0, FACE_CODING_JPEG2000 = 1 };
enum face_colour { FACE_COLOUR_UNSPECIFIED = 0, FACE_COLOUR_SRGB = 1, FACE_COLOUR_YUV422 = 2, FACE_COLOUR_GREY8 = 3 };
enum face_source { FACE_SOURCE_UNSPECIFIED = 0, FACE_SOURCE_UNKNOWN_PHOTO = 1, FACE_SOURCE_CAMERA = 2, FACE_SOURCE_SCANNER = 3 };

struct face_image {
	uint8_t gender, eye_colour, hair_colour;
	uint32_t properties; /* 24 bits; 0: not specified */
	uint16_t expression;
	uint8_t pose[3], pose_uncertainty[3]; /* yaw, pitch, roll; 0: not specified */
	size_t point_count;
	struct face_point points[FACE_POINTS_MAX];
	uint8_t type, coding; /* enum face_image_type, enum face_coding */
	uint16_t width, height;
	uint8_t colour, source;
	uint16_t device, quality; /* quality: reserved by the 2005 edition, 0 */
	struct bytes data;	  /* a view: the caller's, or the record that was read */
};

struct face_record {
	size_t count;
	struct face_image images[FACE_IMAGES_MAX];
};

/*
 * FACE_STRICT refuses (CC_E_ARG, "face.record-invalid") what the standard does
 * not allow: an empty picture, an unknown type, data that are not of the coding
 * named, a point outside the picture. FACE_AS_READ writes a decoded record as
 * it was: chips in the field name JPEG data JPEG 2000. Both refuse fields that
 * do not fit their place and (CC_E_LIMIT) a record above FACE_RECORD_BYTES_MAX.
 */
enum face_mode { FACE_STRICT, FACE_AS_READ };
CC_MUST cc_status face_record_encode(const struct face_record *record, enum face_mode mode, struct buf *ret,
				     struct cc_error *err);

/* Views into `in`. Errors: CC_E_FORMAT "face.record-malformed", CC_E_LIMIT "face.record-too-large". */
CC_MUST cc_status face_record_decode(struct bytes in, struct face_record *ret, struct cc_error *err);

/* The first point of a 2D kind with this code, or NULL. */
const struct face_point *face_image_point(const struct face_image *image, uint8_t code);

/*
 * The picture inside a record of either standard begins as one of the two
 * codings that they allow (whatever coding the record names: chips in the field
 * mix them up). CC_E_FORMAT "face.record-image".
 */
CC_MUST cc_status face_picture_check(struct bytes picture, enum face_coding *ret, struct cc_error *err);

#endif
