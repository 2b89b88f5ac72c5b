/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_BIOMETRICS_FACE_RECORD_39794_H
#define CC_BIOMETRICS_FACE_RECORD_39794_H

#include "biometrics/der_fields.h"
#include "crypto/base/buf.h"
#include "crypto/base/bytes.h"
#include "crypto/base/err.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The face image of ISO/IEC 39794-5:2019 in ICAO's application profile, as DG2
 * carries it under 7F2E (format owner 0101, format type 002A): DER, one
 * representation with one two-dimensional image.
 *
 *	A1 { 65 FaceImageDataBlock
 *		A0 version		80 generation, 81 year
 *		A1 representations { 30
 *			80 id
 *			A1 { A0 { A0 image
 *				80 data
 *				A1 information	A0 format, A1 kind ... A7 size, A8 measurements ...
 *				A2 capture device (optional) } } }
 *			A2 to A9	time, quality, attack detection, device, identity, landmarks (optional) } }
 *
 * Every element of the profile is a field; a number, flag or code that is
 * absent has present == false. Codes are kept as numbers, whether or not this
 * program knows them, so that what was read is written to the same bytes.
 */
enum face_39794_format {
	FACE_39794_UNKNOWN = 0,
	FACE_39794_OTHER = 1,
	FACE_39794_JPEG = 2,
	FACE_39794_JPEG2000_LOSSY = 3,
	FACE_39794_JPEG2000_LOSSLESS = 4,
};
enum face_39794_kind { FACE_39794_KIND_MRTD = 0, FACE_39794_KIND_GENERAL = 1 };
enum face_39794_colour { FACE_39794_COLOUR_UNKNOWN = 0, FACE_39794_COLOUR_RGB24 = 2 };
enum face_39794_gender {
	FACE_39794_GENDER_UNKNOWN = 0,
	FACE_39794_GENDER_OTHER = 1,
	FACE_39794_GENDER_MALE = 2,
	FACE_39794_GENDER_FEMALE = 3,
};
enum face_39794_technology { FACE_39794_PHOTO_UNKNOWN_SOURCE = 1, FACE_39794_PHOTO_CAMERA = 2, FACE_39794_PHOTO_SCANNER = 3 };
/* MPEG-4 feature points (ISO/IEC 14496-2) by their number in the list of the standard. */
enum face_39794_point { FACE_39794_POINT_LEFT_EYE = 84 /* 12.1 */, FACE_39794_POINT_RIGHT_EYE = 85 /* 12.2 */ };

#define FACE_39794_LIST_MAX 8u
#define FACE_39794_LANDMARKS_MAX 128u
#define FACE_39794_PROCESSING 12u
#define FACE_39794_PROPERTIES 11u
#define FACE_39794_EXPRESSIONS 6u

struct face_39794_time {
	bool present;
	struct der_value year, month, day, hour, minute, second, millisecond;
};
struct face_39794_registry {
	bool present;
	struct der_value organization, id;
};
struct face_39794_score {
	struct face_39794_registry algorithm;
	struct der_value score; /* or the error's code */
};
struct face_39794_scores {
	struct der_list list;
	struct face_39794_score items[FACE_39794_LIST_MAX];
};
struct face_39794_extended {
	struct face_39794_registry id;
	struct der_octets data;
};
struct face_39794_attack { /* presentation attack detection */
	bool present;
	struct der_value decision;
	struct face_39794_scores scores;
	struct {
		struct der_list list;
		struct face_39794_extended items[FACE_39794_LIST_MAX];
	} extended;
	struct der_value context, supervision, risk, category;
	struct der_octets parameter;
	struct {
		struct der_list list;
		struct der_octets items[FACE_39794_LIST_MAX];
	} challenges;
	struct face_39794_time time;
};
struct face_39794_device {
	bool present;
	struct face_39794_registry model;
	struct {
		struct der_list list;
		struct face_39794_registry items[FACE_39794_LIST_MAX];
	} certifications;
};
struct face_39794_angle {
	bool present;
	struct der_value degrees, uncertainty;
};
struct face_39794_pose {
	bool present;
	struct face_39794_angle yaw, pitch, roll;
};
struct face_39794_flags {
	bool present;
	struct der_value flag[FACE_39794_PROCESSING]; /* the largest of the three that use it */
};
struct face_39794_identity {
	bool present;
	struct der_value gender, eye_colour, hair_colour, height_mm;
	struct face_39794_flags properties; /* glasses, moustache, beard, teeth, pupils, mouth, patches, dark glasses, ... */
	struct face_39794_flags expression; /* neutral, smile, raised eyebrows, eyes looking away, squinting, frowning */
	struct face_39794_pose pose;
};
struct face_39794_landmark {
	struct der_value mpeg4, name, point_name, point_id; /* one of them */
	struct der_value x, y;				    /* of the picture */
	struct der_value u, v;				    /* or of a texture */
	struct der_value x3, y3, z3;			    /* or in space */
};
struct face_39794_colour_pair {
	struct der_octets definition, value;
};
struct face_39794_information {
	bool present;
	struct der_value format, kind;
	struct face_39794_flags processing;
	struct der_value lossy_attempts, distance_mm, sensor_diagonal, focal_length;
	struct {
		bool present;
		struct der_value width, height;
	} size;
	struct {
		bool present;
		struct der_value head_width, eye_distance, eye_to_mouth, head_length;
	} measurements;
	struct der_value colour;
	struct {
		bool present;
		struct der_octets schema;
		struct {
			struct der_list list;
			struct face_39794_colour_pair items[FACE_39794_LIST_MAX];
		} pairs;
	} reference;
};
struct face_39794_camera {
	bool present;
	struct face_39794_flags spectrum; /* white light, near infrared, thermal */
	struct der_value technology;
};

struct face_record_39794 {
	struct {
		bool present;
		struct der_value generation, year;
	} version;
	struct der_value id; /* of the representation */
	struct der_octets image;
	struct face_39794_information information;
	struct face_39794_camera camera;
	struct face_39794_time captured;
	struct face_39794_scores quality;
	struct face_39794_attack attack;
	struct der_value session, derived_from;
	struct face_39794_device device;
	struct face_39794_identity identity;
	struct {
		struct der_list list;
		struct face_39794_landmark items[FACE_39794_LANDMARKS_MAX];
	} landmarks;
};

/* A number that is present. */
static inline struct der_value face_39794_number(int64_t n)
{
	return (struct der_value){ .present = true, .n = n };
}

/* Version 3 of 2019, representation 0 with this picture: the mandatory fields. */
void face_record_39794_init(struct face_record_39794 *r, struct bytes image, enum face_39794_format format);
/* Appends a landmark of the picture; false when the list is full. */
CC_MUST bool face_record_39794_add_point(struct face_record_39794 *r, enum face_39794_point point, uint32_t x, uint32_t y);
/* The first landmark of this kind that has a place in the picture, or NULL. */
const struct face_39794_landmark *face_record_39794_point(const struct face_record_39794 *r, enum face_39794_point point);

/* Views into `in`. Errors: CC_E_FORMAT "face.record-malformed", CC_E_LIMIT "face.record-too-large". */
CC_MUST cc_status face_record_39794_decode(struct bytes in, struct face_record_39794 *ret, struct cc_error *err);
/*
 * Errors: CC_E_ARG "face.record-invalid" when there is no image, a mandatory
 * field is absent or a number does not fit; CC_E_LIMIT "face.record-too-large".
 */
CC_MUST cc_status face_record_39794_encode(const struct face_record_39794 *record, struct buf *ret, struct cc_error *err);

#endif
