/* SPDX-License-Identifier: Apache-2.0 */
#include "station/portrait_dg2.h"

#include "biometrics/face_record_39794.h"
#include "card/lds/dg2.h"
#include "crypto/base/secret.h"

#define TAG_RECORD_19794 0x5F2E
#define TAG_RECORD_39794 0x7F2E

static unsigned pixel(double v)
{
	return v > 0 ? (unsigned)(v + 0.5) : 0;
}

/* ---- ISO/IEC 19794-5 */

/* 5.6: MPEG-4 points 12.1 and 12.2, in pixels of the picture. */
static void put_eyes(const struct portrait *portrait, struct face_image *image)
{
	static const struct {
		enum face_eye eye;
		uint8_t point;
	} eyes[] = { { FACE_EYE_LEFT, FACE_POINT_LEFT_EYE }, { FACE_EYE_RIGHT, FACE_POINT_RIGHT_EYE } };

	for (size_t i = 0; i < sizeof eyes / sizeof eyes[0]; i++) {
		struct face_point *p = &image->points[image->point_count++];

		p->type = FACE_POINT_2D;
		p->code = eyes[i].point;
		p->x = (uint16_t)pixel(portrait->eye[eyes[i].eye].x);
		p->y = (uint16_t)pixel(portrait->eye[eyes[i].eye].y);
	}
}

static cc_status record_19794(const struct portrait *p, const struct portrait_subject *subject, struct buf *ret,
			      struct cc_error *err)
{
	struct face_record *record = cc_alloc(sizeof *record);
	struct face_image *image;
	cc_status st;

	if (record == NULL)
		return cc_fail(err, CC_E_MEMORY, "memory", "facial record");
	record->count = 1;
	image = &record->images[0];
	image->gender = subject->male ? FACE_GENDER_MALE : FACE_GENDER_FEMALE;
	image->type = FACE_IMAGE_FULL_FRONTAL;
	image->coding = p->format == PORTRAIT_JPEG2000 ? FACE_CODING_JPEG2000 : FACE_CODING_JPEG;
	image->colour = FACE_COLOUR_SRGB;
	image->source = FACE_SOURCE_UNKNOWN_PHOTO;
	image->width = (uint16_t)p->width;
	image->height = (uint16_t)p->height;
	image->data = buf_view(&p->data);
	if (subject->eyes_known)
		put_eyes(p, image);
	st = face_record_encode(record, FACE_STRICT, ret, err);
	cc_free(record, sizeof *record);
	return st;
}

/* ---- ISO/IEC 39794-5 */

static void describe(const struct portrait *p, const struct portrait_subject *subject, struct face_record_39794 *r)
{
	r->information.kind = face_39794_number(FACE_39794_KIND_MRTD);
	r->information.size.present = true;
	r->information.size.width = face_39794_number(p->width);
	r->information.size.height = face_39794_number(p->height);
	r->information.colour = face_39794_number(FACE_39794_COLOUR_RGB24);
	r->camera.present = true;
	r->camera.technology = face_39794_number(FACE_39794_PHOTO_UNKNOWN_SOURCE);
	r->identity.present = true;
	r->identity.gender = face_39794_number(subject->male ? FACE_39794_GENDER_MALE : FACE_39794_GENDER_FEMALE);
	if (!subject->eyes_known)
		return;
	r->information.measurements.present = true;
	r->information.measurements.eye_distance =
		face_39794_number((int64_t)(p->eye[FACE_EYE_LEFT].x - p->eye[FACE_EYE_RIGHT].x + 0.5));
	CC_ASSERT(face_record_39794_add_point(r, FACE_39794_POINT_LEFT_EYE, pixel(p->eye[FACE_EYE_LEFT].x),
					      pixel(p->eye[FACE_EYE_LEFT].y)));
	CC_ASSERT(face_record_39794_add_point(r, FACE_39794_POINT_RIGHT_EYE, pixel(p->eye[FACE_EYE_RIGHT].x),
					      pixel(p->eye[FACE_EYE_RIGHT].y)));
}

static cc_status record_39794(const struct portrait *p, const struct portrait_subject *subject, struct buf *ret,
			      struct cc_error *err)
{
	struct face_record_39794 *r = cc_alloc(sizeof *r);
	cc_status st;

	if (r == NULL)
		return cc_fail(err, CC_E_MEMORY, "memory", "facial record");
	face_record_39794_init(r, buf_view(&p->data),
			       p->format == PORTRAIT_JPEG2000 ? FACE_39794_JPEG2000_LOSSY : FACE_39794_JPEG);
	describe(p, subject, r);
	st = face_record_39794_encode(r, ret, err);
	cc_free(r, sizeof *r);
	return st;
}

/* ---- DG2 */

cc_status portrait_dg2_make(const struct portrait *p, const struct portrait_subject *subject, enum portrait_record standard,
			    size_t limit, struct buf *ret, struct cc_error *err)
{
	bool new_standard = standard == PORTRAIT_RECORD_39794;
	struct dg2 dg2 = { .count = 1 };
	struct buf record = { 0 };
	cc_status st = new_standard ? record_39794(p, subject, &record, err) : record_19794(p, subject, &record, err);

	if (cc_failed(st))
		return st;
	dg2.items[0] = (struct dg2_template){ .header = dg2_header_face(),
					      .record_tag = new_standard ? TAG_RECORD_39794 : TAG_RECORD_19794,
					      .record = buf_view(&record) };
	if (new_standard)
		dg2.items[0].header.format_type = BYTES_LITERAL("\x00\x2A");
	st = dg2_encode(&dg2, limit, ret, err);
	buf_done(&record);
	return st;
}

static cc_status read_19794(struct bytes bytes, struct portrait_dg2 *ret, struct cc_error *err)
{
	struct face_record *record = cc_alloc(sizeof *record);
	cc_status st;

	if (record == NULL)
		return cc_fail(err, CC_E_MEMORY, "memory", "facial record");
	st = face_record_decode(bytes, record, err);
	if (!cc_failed(st)) {
		ret->picture = record->images[0].data;
		ret->width = record->images[0].width;
		ret->height = record->images[0].height;
	}
	cc_free(record, sizeof *record);
	return st;
}

static cc_status read_39794(struct bytes bytes, struct portrait_dg2 *ret, struct cc_error *err)
{
	struct face_record_39794 *r = cc_alloc(sizeof *r);
	cc_status st;

	if (r == NULL)
		return cc_fail(err, CC_E_MEMORY, "memory", "facial record");
	st = face_record_39794_decode(bytes, r, err);
	if (!cc_failed(st)) {
		ret->picture = r->image.b;
		if (r->information.size.present && r->information.size.width.n <= IMAGE_SIDE_MAX &&
		    r->information.size.height.n <= IMAGE_SIDE_MAX) {
			ret->width = (unsigned)r->information.size.width.n;
			ret->height = (unsigned)r->information.size.height.n;
		}
	}
	cc_free(r, sizeof *r);
	return st;
}

cc_status portrait_dg2_read(struct bytes file, struct portrait_dg2 *ret, struct cc_error *err)
{
	struct portrait_dg2 p = { 0 };
	struct dg2 dg2;
	cc_status st = dg2_parse(file, &dg2, err);

	if (cc_failed(st))
		return st;
	p.standard = dg2.items[0].record_tag == TAG_RECORD_39794 ? PORTRAIT_RECORD_39794 : PORTRAIT_RECORD_19794;
	st = p.standard == PORTRAIT_RECORD_39794 ? read_39794(dg2.items[0].record, &p, err)
						 : read_19794(dg2.items[0].record, &p, err);
	if (!cc_failed(st))
		st = face_picture_check(p.picture, &p.coding, err);
	if (!cc_failed(st))
		*ret = p;
	return st;
}
