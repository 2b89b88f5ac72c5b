/* SPDX-License-Identifier: Apache-2.0 */
#include "card/inspect/lint_run.h"

/*
 * The record inside a biometric data block: face ISO/IEC 19794-5:2005, finger
 * 19794-4:2005, iris 19794-6:2005. Read here for its header values alone;
 * biometrics/ is the room that makes and decodes them.
 */
#define FINGERS_MAX 16
#define IMAGES_MAX 16

/* ---- face */
/* ISO/IEC 19794-5 5.5: what each one-byte field may hold. */
static void check_range(struct lint_run *run, enum lint_id id, struct bytes where, uint8_t v, uint8_t max)
{
	/* FF: not known, where the standard has that value. */
	bool unknown = v == 0xFF && max < 0x20;

	if (v > max && !unknown)
		lint_add(run, id, where, "%02X", v);
}

static void check_points(struct lint_run *run, struct cursor *in, uint16_t count, struct bytes picture_size)
{
	struct cursor size;
	uint16_t width = 0, height = 0;

	cursor_init(&size, picture_size);
	if (!cursor_u16(&size, &width) || !cursor_u16(&size, &height))
		return;
	for (uint16_t i = 0; i < count; i++) {
		struct bytes here = bytes_of(in->p, in->n);
		uint8_t type, code;
		uint16_t x, y, reserved;

		if (!cursor_u8(in, &type) || !cursor_u8(in, &code) || !cursor_u16(in, &x) || !cursor_u16(in, &y) ||
		    !cursor_u16(in, &reserved))
			return;
		if (x >= width || y >= height)
			lint_add(run, LINT_FACE_POINT, here, "point %u.%u", code >> 4, code & 15u);
	}
}

struct face_image_info {
	uint8_t type, coding;
	uint16_t width, height;
};

/* ICAO 9303-3 3.9.1: full frontal or token frontal. */
static void check_image_type(struct lint_run *run, const struct face_image_info *i, struct bytes where)
{
	if (i->type > 2)
		lint_add(run, LINT_FACE_TYPE, where, "%02X", i->type);
	else if (i->type == 0)
		lint_add(run, LINT_FACE_NOT_FRONTAL, where, "%02X", i->type);
	if (i->coding > 1)
		lint_add(run, LINT_FACE_CODING, where, "%02X", i->coding);
}

static void check_picture(struct lint_run *run, const struct face_image_info *i, struct bytes picture)
{
	enum lint_image_kind kind;
	unsigned width, height;

	if (picture.n == 0 || i->width == 0 || i->height == 0) {
		lint_add(run, LINT_IMAGE_EMPTY, picture, "%u x %u, %zu bytes", i->width, i->height, picture.n);
		return;
	}
	kind = lint_image_look(picture, &width, &height);
	if (kind == LINT_KIND_UNKNOWN)
		lint_add(run, LINT_IMAGE_UNKNOWN, picture, "%zu bytes", picture.n);
	else if (i->coding <= 1 && kind != (i->coding == 0 ? LINT_KIND_JPEG : LINT_KIND_JPEG2000))
		lint_add(run, LINT_IMAGE_KIND, picture, "data type %02X", i->coding);
	if (width != 0 && (width != i->width || height != i->height))
		lint_add(run, LINT_IMAGE_SIZE, picture, "%u x %u, the record says %u x %u", width, height, i->width, i->height);
}

/* ISO/IEC 19794-5 5.5 and 5.7; `in` is one facial block without its length field. */
static void check_face_block(struct lint_run *run, struct cursor *in)
{
	static const enum lint_id pose[] = { LINT_FACE_YAW,	  LINT_FACE_PITCH,	 LINT_FACE_ROLL,
					     LINT_FACE_YAW_DOUBT, LINT_FACE_PITCH_DOUBT, LINT_FACE_ROLL_DOUBT };
	struct bytes here = bytes_of(in->p, in->n), angles, points, size;
	struct face_image_info i;
	struct cursor list;
	uint16_t count, expression, device, quality;
	uint8_t gender, eyes, hair, colour, source;
	uint32_t properties;

	if (!cursor_u16(in, &count) || !cursor_u8(in, &gender) || !cursor_u8(in, &eyes) || !cursor_u8(in, &hair) ||
	    !cursor_u24(in, &properties) || !cursor_u16(in, &expression) || !cursor_take(in, 6, &angles) ||
	    !cursor_take(in, 8u * count, &points) || !cursor_u8(in, &i.type) || !cursor_u8(in, &i.coding) ||
	    !cursor_take(in, 4, &size) || !cursor_u8(in, &colour) || !cursor_u8(in, &source) || !cursor_u16(in, &device) ||
	    !cursor_u16(in, &quality)) {
		lint_add(run, LINT_FACE_LENGTH, here, "the block ends inside its headers");
		return;
	}
	check_range(run, LINT_FACE_GENDER, here, gender, 2);
	check_range(run, LINT_FACE_EYES, here, eyes, 7);
	check_range(run, LINT_FACE_HAIR, here, hair, 7);
	for (size_t k = 0; k < 6; k++)
		check_range(run, pose[k], angles, angles.p[k], 181);
	cursor_init(&list, size);
	if (!cursor_u16(&list, &i.width) || !cursor_u16(&list, &i.height))
		return;
	cursor_init(&list, points);
	check_points(run, &list, count, size);
	check_image_type(run, &i, size);
	check_picture(run, &i, cursor_rest(in));
}

static void check_face(struct lint_run *run, struct cursor *in, size_t whole)
{
	uint32_t len;
	uint16_t count, n = 0;

	if (!cursor_u32(in, &len) || !cursor_u16(in, &count))
		return;
	if (len != whole)
		lint_add(run, LINT_REC_LENGTH, bytes_of(in->p, in->n), "%u announced, %zu there", (unsigned)len, whole);
	for (; n < count && n < IMAGES_MAX && cursor_left(in) > 0; n++) {
		struct bytes here = bytes_of(in->p, in->n), body;
		struct cursor block;
		uint32_t block_len;

		if (!cursor_u32(in, &block_len) || block_len < 4)
			break;
		/* A last block that lies about its length is read as far as the record goes. */
		if (block_len - 4 > cursor_left(in) || (n + 1 == count && block_len - 4 != cursor_left(in))) {
			lint_add(run, LINT_FACE_LENGTH, here, "%u announced, %zu there", (unsigned)block_len,
				 cursor_left(in) + 4);
			body = cursor_rest(in);
		} else if (!cursor_take(in, block_len - 4u, &body)) {
			break;
		}
		cursor_init(&block, body);
		check_face_block(run, &block);
	}
	if (n != count)
		lint_add(run, LINT_REC_COUNT, bytes_of(in->p, in->n), "%u announced, %u there", count, n);
}

/* ---- finger, ISO/IEC 19794-4:2005 7.1, 7.2 */
/* Table 3: 0 raw, 1 raw packed, 2 WSQ, 3 JPEG, 4 JPEG 2000, 5 PNG. */
static bool coding_fits(uint8_t coding, enum lint_image_kind kind)
{
	switch (coding) {
	case 2:
		return kind == LINT_KIND_WSQ;
	case 3:
		return kind == LINT_KIND_JPEG;
	case 4:
		return kind == LINT_KIND_JPEG2000;
	default:
		return true;
	}
}

static void check_finger(struct lint_run *run, struct cursor *in, uint8_t coding)
{
	struct bytes here = bytes_of(in->p, in->n), picture;
	uint32_t len;
	uint8_t position, views, view, quality, impression, reserved;
	uint16_t width, height;
	unsigned has_width, has_height;

	if (!cursor_u32(in, &len) || !cursor_u8(in, &position) || !cursor_u8(in, &views) || !cursor_u8(in, &view) ||
	    !cursor_u8(in, &quality) || !cursor_u8(in, &impression) || !cursor_u16(in, &width) || !cursor_u16(in, &height) ||
	    !cursor_u8(in, &reserved) || len < 14 || !cursor_take(in, len - 14u, &picture)) {
		lint_add(run, LINT_REC_LENGTH, here, "a finger's header and image");
		return;
	}
	/* Table 5: 1 to 10 a finger, 13 to 15 the plain impressions of several. */
	if (position > 15 || position == 11 || position == 12)
		lint_add(run, LINT_FINGER_POSITION, here, "%u", position);
	if (picture.n == 0 || width == 0 || height == 0) {
		lint_add(run, LINT_IMAGE_EMPTY, here, "%u x %u, %zu bytes", width, height, picture.n);
		return;
	}
	if (!coding_fits(coding, lint_image_look(picture, &has_width, &has_height)))
		lint_add(run, LINT_IMAGE_KIND, picture, "compression %u", coding);
	else if (coding >= 2 && has_width != 0 && (has_width != width || has_height != height))
		lint_add(run, LINT_IMAGE_SIZE, picture, "%u x %u, the record says %u x %u", has_width, has_height, width, height);
}

static void check_fingers(struct lint_run *run, struct cursor *in, size_t whole)
{
	struct bytes here = bytes_of(in->p, in->n), device;
	uint16_t len_high, level;
	uint32_t len_low, resolution;
	uint8_t count, scale, depth, coding;

	if (!cursor_u16(in, &len_high) || !cursor_u32(in, &len_low) || !cursor_take(in, 2, &device) || !cursor_u16(in, &level) ||
	    !cursor_u8(in, &count) || !cursor_u8(in, &scale) || !cursor_u32(in, &resolution) || !cursor_u32(in, &resolution) ||
	    !cursor_u8(in, &depth) || !cursor_u8(in, &coding) || !cursor_skip(in, 2)) {
		lint_add(run, LINT_REC_LENGTH, here, "the record ends inside its header");
		return;
	}
	if (len_high != 0 || len_low != whole)
		lint_add(run, LINT_REC_LENGTH, here, "%u announced, %zu there", (unsigned)len_low, whole);
	if (coding > 5)
		lint_add(run, LINT_FINGER_CODING, here, "%u", coding);
	for (uint8_t n = 0; n < count && n < FINGERS_MAX && !in->failed; n++)
		check_finger(run, in, coding);
	if (count == 0 || (!in->failed && cursor_left(in) > 0))
		lint_add(run, LINT_REC_COUNT, here, "%u finger(s), %zu bytes behind them", count, cursor_left(in));
}

/* ---- iris, ISO/IEC 19794-6:2005 6.5.1 */
static void check_iris(struct lint_run *run, struct cursor *in, size_t whole)
{
	struct bytes here = bytes_of(in->p, in->n);
	uint32_t len;

	if (!cursor_u32(in, &len) || len != whole)
		lint_add(run, LINT_REC_LENGTH, here, "%zu bytes there", whole);
}

void lint_record(struct lint_run *run, unsigned number, struct bytes record)
{
	static const struct {
		struct bytes id;
		void (*check)(struct lint_run *run, struct cursor *in, size_t whole);
	} formats[] = {
		{ BYTES_LITERAL("FAC\0"), check_face },
		{ BYTES_LITERAL("FIR\0"), check_fingers },
		{ BYTES_LITERAL("IIR\0"), check_iris },
	};
	struct bytes id, version;
	struct cursor in;

	CC_ASSERT(number >= 2 && number <= 4);
	cursor_init(&in, record);
	if (record.n == 0 || !cursor_take(&in, 4, &id) || !cursor_take(&in, 4, &version)) {
		lint_add(run, record.n == 0 ? LINT_BIO_RECORD_MISSING : LINT_REC_FORMAT, record, "%zu bytes", record.n);
		return;
	}
	if (!bytes_equal(id, formats[number - 2].id)) {
		lint_add(run, LINT_REC_FORMAT, id, "not %s", (const char *)formats[number - 2].id.p);
		return;
	}
	if (!bytes_equal(version, BYTES_LITERAL("010\0")))
		lint_add(run, LINT_REC_VERSION, version, "not 010");
	formats[number - 2].check(run, &in, record.n);
}
