/* SPDX-License-Identifier: Apache-2.0 */
#include "biometrics/face_record_39794.h"

#include "biometrics/face_record.h"

/*
 * ISO/IEC 39794-5:2019 annex A as tables: each row names the context tag, the
 * kind and the member. NUMBER and the like are mandatory where the standard says so.
 */
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define ROW(number, kind, type, member)                                                                                          \
	{                                                                                                                        \
		number, kind, false, offsetof(type, member), NULL, 0, 0, 0                                                       \
	}
#define MUST(number, kind, type, member)                                                                                         \
	{                                                                                                                        \
		number, kind, true, offsetof(type, member), NULL, 0, 0, 0                                                        \
	}
#define BLOCK(number, type, member, table)                                                                                       \
	{                                                                                                                        \
		number, DER_BLOCK, false, offsetof(type, member), table, 0, 0, 0                                                 \
	}
#define MUST_BLOCK(number, type, member, table)                                                                                  \
	{                                                                                                                        \
		number, DER_BLOCK, true, offsetof(type, member), table, 0, 0, 0                                                  \
	}
#define WRAP(number, must, table)                                                                                                \
	{                                                                                                                        \
		number, DER_WRAP, must, 0, table, 0, 0, 0                                                                        \
	}
/* NOLINTBEGIN(bugprone-macro-parentheses): names of types and members take none */
#define LIST(number, kind, type, member, table)                                                                                  \
	{                                                                                                                        \
		number, kind, false, offsetof(type, member), table, offsetof(type, member.items),                                \
			sizeof((type *)NULL)->member.items[0], COUNT(((type *)NULL)->member.items)                               \
	}
/* NOLINTEND(bugprone-macro-parentheses) */
#define TABLE(name, rows) static const struct der_table name = { rows, COUNT(rows), false }
#define CHOICE(name, rows) static const struct der_table name = { rows, COUNT(rows), true }

#define T struct face_39794_time
static const struct der_field time_rows[] = {
	MUST(0, DER_NUMBER, T, year),	    ROW(1, DER_NUMBER, T, month),  ROW(2, DER_NUMBER, T, day),
	ROW(3, DER_NUMBER, T, hour),	    ROW(4, DER_NUMBER, T, minute), ROW(5, DER_NUMBER, T, second),
	ROW(6, DER_NUMBER, T, millisecond),
};
TABLE(time_table, time_rows);
#undef T

#define T struct face_39794_registry
static const struct der_field registry_rows[] = { MUST(0, DER_NUMBER, T, organization), MUST(1, DER_NUMBER, T, id) };
TABLE(registry_table, registry_rows);
#undef T

#define T struct face_39794_score
static const struct der_field score_rows[] = { MUST_BLOCK(0, T, algorithm, &registry_table), MUST(1, DER_CODE, T, score) };
TABLE(score_table, score_rows);
#undef T

#define T struct face_39794_extended
static const struct der_field extended_rows[] = { MUST_BLOCK(0, T, id, &registry_table), MUST(1, DER_OCTETS, T, data) };
TABLE(extended_table, extended_rows);
#undef T

#define T struct face_39794_attack
static const struct der_field attack_rows[] = {
	ROW(0, DER_CODE, T, decision),
	LIST(1, DER_LIST, T, scores, &score_table),
	LIST(2, DER_LIST, T, extended, &extended_table),
	ROW(3, DER_CODE, T, context),
	ROW(4, DER_CODE, T, supervision),
	ROW(5, DER_NUMBER, T, risk),
	ROW(6, DER_CODE, T, category),
	ROW(7, DER_OCTETS, T, parameter),
	LIST(8, DER_OCTETS_LIST, T, challenges, NULL),
	BLOCK(9, T, time, &time_table),
};
TABLE(attack_table, attack_rows);
#undef T

#define T struct face_39794_device
static const struct der_field device_rows[] = { BLOCK(0, T, model, &registry_table),
						LIST(1, DER_LIST, T, certifications, &registry_table) };
TABLE(device_table, device_rows);
#undef T

#define T struct face_39794_angle
static const struct der_field angle_rows[] = { MUST(0, DER_SIGNED, T, degrees), ROW(1, DER_NUMBER, T, uncertainty) };
TABLE(angle_table, angle_rows);
#undef T

#define T struct face_39794_pose
static const struct der_field pose_rows[] = { BLOCK(0, T, yaw, &angle_table), BLOCK(1, T, pitch, &angle_table),
					      BLOCK(2, T, roll, &angle_table) };
TABLE(pose_table, pose_rows);
#undef T

#define T struct face_39794_flags
static const struct der_field flag_rows[] = {
	ROW(0, DER_FLAG, T, flag[0]), ROW(1, DER_FLAG, T, flag[1]),   ROW(2, DER_FLAG, T, flag[2]),
	ROW(3, DER_FLAG, T, flag[3]), ROW(4, DER_FLAG, T, flag[4]),   ROW(5, DER_FLAG, T, flag[5]),
	ROW(6, DER_FLAG, T, flag[6]), ROW(7, DER_FLAG, T, flag[7]),   ROW(8, DER_FLAG, T, flag[8]),
	ROW(9, DER_FLAG, T, flag[9]), ROW(10, DER_FLAG, T, flag[10]), ROW(11, DER_FLAG, T, flag[11]),
};
static const struct der_table processing_table = { flag_rows, FACE_39794_PROCESSING, false };
static const struct der_table properties_table = { flag_rows, FACE_39794_PROPERTIES, false };
static const struct der_table expression_table = { flag_rows, FACE_39794_EXPRESSIONS, false };
static const struct der_table spectrum_table = { flag_rows, 3, false };
#undef T

#define T struct face_39794_identity
static const struct der_field identity_rows[] = {
	ROW(0, DER_CODE, T, gender),
	ROW(1, DER_CODE, T, eye_colour),
	ROW(2, DER_CODE, T, hair_colour),
	ROW(3, DER_NUMBER, T, height_mm),
	BLOCK(4, T, properties, &properties_table),
	BLOCK(5, T, expression, &expression_table),
	BLOCK(6, T, pose, &pose_table),
};
TABLE(identity_table, identity_rows);
#undef T

#define T struct face_39794_landmark
static const struct der_field anthropometric_rows[] = { ROW(0, DER_CODE, T, name), ROW(1, DER_CODE, T, point_name),
							ROW(2, DER_CODE, T, point_id) };
CHOICE(anthropometric_table, anthropometric_rows);
static const struct der_field anthropometric_base_rows[] = { WRAP(0, true, &anthropometric_table) };
TABLE(anthropometric_base_table, anthropometric_base_rows);
static const struct der_field landmark_kind_rows[] = { ROW(0, DER_CODE, T, mpeg4), WRAP(1, false, &anthropometric_base_table) };
CHOICE(landmark_kind_table, landmark_kind_rows);
static const struct der_field landmark_kind_base_rows[] = { WRAP(0, true, &landmark_kind_table) };
TABLE(landmark_kind_base_table, landmark_kind_base_rows);
static const struct der_field plane_rows[] = { MUST(0, DER_NUMBER, T, x), MUST(1, DER_NUMBER, T, y) };
TABLE(plane_table, plane_rows);
static const struct der_field texture_rows[] = { MUST(0, DER_NUMBER, T, u), MUST(1, DER_NUMBER, T, v) };
TABLE(texture_table, texture_rows);
static const struct der_field space_rows[] = { MUST(0, DER_NUMBER, T, x3), MUST(1, DER_NUMBER, T, y3),
					       MUST(2, DER_NUMBER, T, z3) };
TABLE(space_table, space_rows);
static const struct der_field place_rows[] = { WRAP(0, false, &plane_table), WRAP(1, false, &texture_table),
					       WRAP(2, false, &space_table) };
CHOICE(place_table, place_rows);
static const struct der_field place_base_rows[] = { WRAP(0, true, &place_table) };
TABLE(place_base_table, place_base_rows);
static const struct der_field landmark_rows[] = { WRAP(0, true, &landmark_kind_base_table), WRAP(1, false, &place_base_table) };
TABLE(landmark_table, landmark_rows);
#undef T

#define T struct face_39794_colour_pair
static const struct der_field pair_rows[] = { ROW(0, DER_OCTETS, T, definition), ROW(1, DER_OCTETS, T, value) };
TABLE(pair_table, pair_rows);
#undef T

/* The unnamed blocks of the information block: their members by the block's own offset. */
#define INFO struct face_39794_information
/* NOLINTNEXTLINE(bugprone-macro-parentheses) */
#define IN_BLOCK(member, block) (offsetof(INFO, block.member) - offsetof(INFO, block))
static const struct der_field size_rows[] = { { 0, DER_NUMBER, true, IN_BLOCK(width, size), NULL, 0, 0, 0 },
					      { 1, DER_NUMBER, true, IN_BLOCK(height, size), NULL, 0, 0, 0 } };
TABLE(size_table, size_rows);
static const struct der_field measurement_rows[] = {
	{ 0, DER_NUMBER, false, IN_BLOCK(head_width, measurements), NULL, 0, 0, 0 },
	{ 1, DER_NUMBER, false, IN_BLOCK(eye_distance, measurements), NULL, 0, 0, 0 },
	{ 2, DER_NUMBER, false, IN_BLOCK(eye_to_mouth, measurements), NULL, 0, 0, 0 },
	{ 3, DER_NUMBER, false, IN_BLOCK(head_length, measurements), NULL, 0, 0, 0 },
};
TABLE(measurement_table, measurement_rows);
static const struct der_field reference_rows[] = {
	{ 0, DER_OCTETS, false, IN_BLOCK(schema, reference), NULL, 0, 0, 0 },
	{ 1, DER_LIST, false, IN_BLOCK(pairs, reference), &pair_table, IN_BLOCK(pairs.items, reference),
	  sizeof(struct face_39794_colour_pair), FACE_39794_LIST_MAX },
};
TABLE(reference_table, reference_rows);
static const struct der_field information_rows[] = {
	MUST(0, DER_CODE, INFO, format),
	ROW(1, DER_CODE, INFO, kind),
	BLOCK(2, INFO, processing, &processing_table),
	ROW(3, DER_CODE, INFO, lossy_attempts),
	ROW(4, DER_NUMBER, INFO, distance_mm),
	ROW(5, DER_NUMBER, INFO, sensor_diagonal),
	ROW(6, DER_NUMBER, INFO, focal_length),
	BLOCK(7, INFO, size, &size_table),
	BLOCK(8, INFO, measurements, &measurement_table),
	ROW(9, DER_CODE, INFO, colour),
	BLOCK(10, INFO, reference, &reference_table),
};
TABLE(information_table, information_rows);

#define T struct face_39794_camera
static const struct der_field camera_rows[] = { BLOCK(0, T, spectrum, &spectrum_table), ROW(1, DER_CODE, T, technology) };
TABLE(camera_table, camera_rows);
#undef T

#define T struct face_record_39794
static const struct der_field image_rows[] = { MUST(0, DER_OCTETS, T, image), MUST_BLOCK(1, T, information, &information_table),
					       BLOCK(2, T, camera, &camera_table) };
TABLE(image_table, image_rows);
static const struct der_field image_base_rows[] = { WRAP(0, true, &image_table) };
TABLE(image_base_table, image_base_rows);
static const struct der_field image_choice_rows[] = { WRAP(0, true, &image_base_table) };
TABLE(image_choice_table, image_choice_rows);
static const struct der_field representation_rows[] = {
	MUST(0, DER_NUMBER, T, id),
	WRAP(1, true, &image_choice_table),
	BLOCK(2, T, captured, &time_table),
	LIST(3, DER_LIST, T, quality, &score_table),
	BLOCK(4, T, attack, &attack_table),
	ROW(5, DER_NUMBER, T, session),
	ROW(6, DER_NUMBER, T, derived_from),
	BLOCK(7, T, device, &device_table),
	BLOCK(8, T, identity, &identity_table),
	LIST(9, DER_LIST, T, landmarks, &landmark_table),
};
TABLE(representation_table, representation_rows);
static const struct der_field version_rows[] = {
	{ 0, DER_NUMBER, true, offsetof(T, version.generation) - offsetof(T, version), NULL, 0, 0, 0 },
	{ 1, DER_NUMBER, true, offsetof(T, version.year) - offsetof(T, version), NULL, 0, 0, 0 },
};
TABLE(version_table, version_rows);
#undef T

static cc_status malformed(struct cc_error *err, const char *what)
{
	return cc_fail(err, CC_E_FORMAT, "face.record-malformed", "%s", what);
}

static bool take_version(struct cursor *in, struct face_record_39794 *r)
{
	struct cursor version;

	r->version.present = true;
	return tlv_expect(in, TLV_LENIENT, 0xA0, &version) && der_fields_take(&version, &version_table, &r->version);
}

cc_status face_record_39794_decode(struct bytes bytes, struct face_record_39794 *ret, struct cc_error *err)
{
	struct face_record_39794 r = { 0 };
	struct cursor in, block, data, list, one;

	if (bytes.n > FACE_RECORD_BYTES_MAX)
		return cc_fail(err, CC_E_LIMIT, "face.record-too-large", "%zu bytes", bytes.n);
	cursor_init(&in, bytes);
	if (!tlv_expect(&in, TLV_LENIENT, 0xA1, &block) || cc_failed(cursor_end(&in)) ||
	    !tlv_expect(&block, TLV_LENIENT, 0x65, &data) || cc_failed(cursor_end(&block)))
		return malformed(err, "no face image data block");
	if (!take_version(&data, &r))
		return malformed(err, "version");
	if (!tlv_expect(&data, TLV_LENIENT, 0xA1, &list) || cc_failed(cursor_end(&data)) ||
	    !tlv_expect(&list, TLV_LENIENT, 0x30, &one))
		return malformed(err, "representations");
	if (cursor_left(&list))
		return cc_fail(err, CC_E_LIMIT, "face.record-too-large", "more than one representation");
	if (!der_fields_take(&one, &representation_table, &r))
		return malformed(err, "representation");
	*ret = r;
	return cc_ok();
}

cc_status face_record_39794_encode(const struct face_record_39794 *r, struct buf *ret, struct cc_error *err)
{
	struct writer w;
	cc_status st;

	if (r->image.b.n == 0)
		return cc_fail(err, CC_E_ARG, "face.record-invalid", "no image");
	writer_init(&w, FACE_RECORD_BYTES_MAX);
	tlv_open(&w, 0xA1);
	tlv_open(&w, 0x65);
	tlv_open(&w, 0xA0);
	der_fields_put(&w, &version_table, &r->version);
	tlv_close(&w);
	tlv_open(&w, 0xA1);
	tlv_open(&w, 0x30);
	der_fields_put(&w, &representation_table, r);
	for (unsigned i = 0; i < 4; i++)
		tlv_close(&w);
	st = writer_finish(&w, ret);
	if (st.code == CC_E_LIMIT)
		return cc_fail(err, st.code, "face.record-too-large", "more than %u bytes", FACE_RECORD_BYTES_MAX);
	if (st.code == CC_E_ARG)
		return cc_fail(err, st.code, "face.record-invalid", "a mandatory field is absent, or a number does not fit");
	return cc_failed(st) ? cc_fail(err, st.code, "memory", "face image record") : st;
}

void face_record_39794_init(struct face_record_39794 *r, struct bytes image, enum face_39794_format format)
{
	*r = (struct face_record_39794){ .id = face_39794_number(0), .image = { true, image } };
	r->version.present = true;
	r->version.generation = face_39794_number(3);
	r->version.year = face_39794_number(2019);
	r->information.present = true;
	r->information.format = face_39794_number(format);
}

bool face_record_39794_add_point(struct face_record_39794 *r, enum face_39794_point point, uint32_t x, uint32_t y)
{
	struct face_39794_landmark *l = &r->landmarks.items[r->landmarks.list.count];

	if (r->landmarks.list.count >= FACE_39794_LANDMARKS_MAX)
		return false;
	*l = (struct face_39794_landmark){ .mpeg4 = face_39794_number(point),
					   .x = face_39794_number(x),
					   .y = face_39794_number(y) };
	r->landmarks.list.present = true;
	r->landmarks.list.count++;
	return true;
}

const struct face_39794_landmark *face_record_39794_point(const struct face_record_39794 *r, enum face_39794_point point)
{
	for (size_t i = 0; i < r->landmarks.list.count; i++) {
		const struct face_39794_landmark *l = &r->landmarks.items[i];

		if (l->mpeg4.present && l->mpeg4.n == point && l->x.present && l->y.present)
			return l;
	}
	return NULL;
}
