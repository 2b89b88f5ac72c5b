/* SPDX-License-Identifier: Apache-2.0 */
#include "biometrics/finger_record.h"

#include <string.h>

#define HEADER_BYTES 32u
#define IMAGE_HEADER_BYTES 14u
#define POSITION_MAX 36u   /* ISO/IEC 19794-4:2005 tables 6 and 8 */
#define IMPRESSION_MAX 15u /* table 7 */
#define VIEWS_MAX 16u

/* ISO/IEC 19794-4:2005 7.1: format identifier and version, each with its NUL. */
#define FORMAT_AND_VERSION                                                                                                       \
	BYTES_LITERAL("FIR\0"                                                                                                    \
		      "010\0")

struct finger_record finger_record_new(enum finger_coding coding)
{
	return (struct finger_record){
		.level = FINGER_LEVEL_31,
		.scale_units = FINGER_PER_INCH,
		.scan_x = 500,
		.scan_y = 500,
		.image_x = 500,
		.image_y = 500,
		.depth = 8,
		.coding = (uint8_t)coding,
	};
}

bool finger_record_is(struct bytes in)
{
	return bytes_starts_with(in, BYTES_LITERAL("FIR\0"));
}

unsigned finger_record_ppi(const struct finger_record *r)
{
	if (r->scale_units == FINGER_PER_INCH)
		return r->image_x;
	return r->scale_units == FINGER_PER_CM ? (unsigned)(r->image_x * 2.54 + 0.5) : 0;
}

/* ---- what the standard allows */

static bool data_fit_coding(const struct finger_record *r, const struct finger_image *im)
{
	static const struct bytes jp2 = { (const uint8_t *)"\0\0\0\x0CjP  \r\n\x87\n", 12 };
	size_t samples = (size_t)im->width * im->height;

	switch (r->coding) {
	case FINGER_RAW:
		return im->data.n == samples * (r->depth > 8 ? 2u : 1u);
	case FINGER_PACKED:
		return im->data.n == (samples * r->depth + 7) / 8;
	case FINGER_WSQ:
		return bytes_starts_with(im->data, BYTES_LITERAL("\xFF\xA0"));
	case FINGER_JPEG:
		return bytes_starts_with(im->data, BYTES_LITERAL("\xFF\xD8\xFF"));
	case FINGER_JPEG2000: /* a JP2 file or a bare codestream */
		return bytes_starts_with(im->data, jp2) || bytes_starts_with(im->data, BYTES_LITERAL("\xFF\x4F\xFF\x51"));
	case FINGER_PNG:
		return bytes_starts_with(im->data, BYTES_LITERAL("\x89PNG\r\n\x1A\n"));
	default:
		return false;
	}
}

/* ISO/IEC 19794-4:2005 table 1: least scan resolution in ppi (within 1 %) and depth of each acquisition level. */
static bool level_fits(const struct finger_record *r)
{
	static const struct {
		uint16_t level, ppi;
		uint8_t depth;
	} levels[] = { { 10, 125, 1 }, { 20, 250, 3 },	{ 30, 500, 8 }, { 31, 500, 8 },
		       { 35, 750, 8 }, { 40, 1000, 8 }, { 41, 1000, 8 } };
	double ppi = r->scale_units == FINGER_PER_CM ? r->scan_x * 2.54 : r->scan_x;

	for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++)
		if (levels[i].level == r->level)
			return r->depth >= levels[i].depth && ppi >= levels[i].ppi * 0.99;
	return false;
}

static const char *header_fault(const struct finger_record *r)
{
	if (r->scale_units != FINGER_PER_INCH && r->scale_units != FINGER_PER_CM)
		return "scale units";
	if (r->image_x == 0 || r->image_y == 0 || r->image_x > r->scan_x || r->image_y > r->scan_y)
		return "image resolution is none, or above the scan's";
	if (r->depth < 1 || r->depth > 16)
		return "pixel depth";
	if (!level_fits(r))
		return "image acquisition level and scan resolution";
	return r->coding > FINGER_PNG ? "image coding" : NULL;
}

static const char *image_fault(const struct finger_record *r, const struct finger_image *im)
{
	if (im->position > POSITION_MAX || (im->position > 15 && im->position < 20) || im->position == 11 || im->position == 12)
		return "position";
	if (im->views < 1 || im->views > VIEWS_MAX || im->view < 1 || im->view > im->views)
		return "view";
	if (im->quality > 100 && im->quality != FINGER_QUALITY_UNKNOWN)
		return "quality";
	if (im->impression > IMPRESSION_MAX)
		return "impression type";
	if (im->width == 0 || im->height == 0)
		return "picture without extent";
	return data_fit_coding(r, im) ? NULL : "data are not of the coding named";
}

/* Each view of a finger once, and as many fingers as the header says. */
static const char *count_fault(const struct finger_record *r)
{
	unsigned fingers = 0;

	for (size_t i = 0; i < r->count; i++) {
		unsigned same = 0;
		bool first = true;

		for (size_t k = 0; k < r->count; k++) {
			if (r->images[k].position != r->images[i].position)
				continue;
			same++;
			first = first && k >= i;
			if (k != i && r->images[k].view == r->images[i].view)
				return "a view of a finger twice";
		}
		if (same != r->images[i].views)
			return "number of views";
		fingers += first;
	}
	return fingers == r->fingers ? NULL : "number of fingers";
}

cc_status finger_record_check(const struct finger_record *r, struct cc_error *err)
{
	const char *fault = header_fault(r);

	if (fault)
		return cc_fail(err, CC_E_ARG, "finger.record-invalid", "%s", fault);
	for (size_t i = 0; i < r->count; i++) {
		fault = image_fault(r, &r->images[i]);
		if (fault)
			return cc_fail(err, CC_E_ARG, "finger.record-invalid", "image %zu: %s", i + 1, fault);
	}
	fault = count_fault(r);
	return fault ? cc_fail(err, CC_E_ARG, "finger.record-invalid", "%s", fault) : cc_ok();
}

/* ---- writing */

static cc_status size_of(const struct finger_record *r, size_t *ret, struct cc_error *err)
{
	size_t size = HEADER_BYTES;

	if (r->count == 0 || r->count > FINGER_IMAGES_MAX)
		return cc_fail(err, CC_E_ARG, "finger.record-invalid", "%zu images", r->count);
	for (size_t i = 0; i < r->count; i++) {
		if (r->images[i].data.n > FINGER_RECORD_BYTES_MAX)
			return cc_fail(err, CC_E_LIMIT, "finger.record-too-large", "image of %zu bytes", r->images[i].data.n);
		size += IMAGE_HEADER_BYTES + r->images[i].data.n;
	}
	if (size > FINGER_RECORD_BYTES_MAX)
		return cc_fail(err, CC_E_LIMIT, "finger.record-too-large", "%zu bytes", size);
	*ret = size;
	return cc_ok();
}

/* ISO/IEC 19794-4:2005 7.1, table 2. */
static void put_header(struct writer *w, const struct finger_record *r, size_t size)
{
	writer_put(w, FORMAT_AND_VERSION);
	writer_u16(w, 0); /* the length has six bytes */
	writer_u32(w, (uint32_t)size);
	writer_u16(w, r->device);
	writer_u16(w, r->level);
	writer_u8(w, r->fingers);
	writer_u8(w, r->scale_units);
	writer_u16(w, r->scan_x);
	writer_u16(w, r->scan_y);
	writer_u16(w, r->image_x);
	writer_u16(w, r->image_y);
	writer_u8(w, r->depth);
	writer_u8(w, r->coding);
	writer_u16(w, r->reserved);
}

/* ISO/IEC 19794-4:2005 7.2, table 5. */
static void put_image(struct writer *w, const struct finger_image *im)
{
	writer_u32(w, (uint32_t)(IMAGE_HEADER_BYTES + im->data.n));
	writer_u8(w, im->position);
	writer_u8(w, im->views);
	writer_u8(w, im->view);
	writer_u8(w, im->quality);
	writer_u8(w, im->impression);
	writer_u16(w, im->width);
	writer_u16(w, im->height);
	writer_u8(w, im->reserved);
	writer_put(w, im->data);
}

cc_status finger_record_encode(const struct finger_record *r, enum finger_mode mode, struct buf *ret, struct cc_error *err)
{
	struct writer w;
	size_t size = 0;
	cc_status st = size_of(r, &size, err);

	if (!cc_failed(st) && mode == FINGER_STRICT)
		st = finger_record_check(r, err);
	if (cc_failed(st))
		return st;
	writer_init(&w, size);
	put_header(&w, r, size);
	for (size_t i = 0; i < r->count; i++)
		put_image(&w, &r->images[i]);
	st = writer_finish(&w, ret);
	return cc_failed(st) ? cc_fail(err, st.code, "memory", "finger record of %zu bytes", size) : st;
}

/* ---- reading */

static cc_status malformed(struct cc_error *err, const char *what)
{
	return cc_fail(err, CC_E_FORMAT, "finger.record-malformed", "%s", what);
}

static bool take_header(struct cursor *in, struct finger_record *r)
{
	return cursor_u16(in, &r->device) && cursor_u16(in, &r->level) && cursor_u8(in, &r->fingers) &&
	       cursor_u8(in, &r->scale_units) && cursor_u16(in, &r->scan_x) && cursor_u16(in, &r->scan_y) &&
	       cursor_u16(in, &r->image_x) && cursor_u16(in, &r->image_y) && cursor_u8(in, &r->depth) &&
	       cursor_u8(in, &r->coding) && cursor_u16(in, &r->reserved);
}

static cc_status take_image(struct cursor *in, struct finger_image *im, struct cc_error *err)
{
	uint32_t len;

	if (!cursor_u32(in, &len) || !cursor_u8(in, &im->position) || !cursor_u8(in, &im->views) || !cursor_u8(in, &im->view) ||
	    !cursor_u8(in, &im->quality) || !cursor_u8(in, &im->impression) || !cursor_u16(in, &im->width) ||
	    !cursor_u16(in, &im->height) || !cursor_u8(in, &im->reserved))
		return malformed(err, "image header is cut off");
	if (len < IMAGE_HEADER_BYTES)
		return malformed(err, "image length is shorter than its header");
	if (!cursor_take(in, len - IMAGE_HEADER_BYTES, &im->data))
		return malformed(err, "image data are cut off");
	return cc_ok();
}

cc_status finger_record_decode(struct bytes bytes, struct finger_record *ret, struct cc_error *err)
{
	struct finger_record r = { 0 };
	struct bytes head;
	struct cursor in;
	uint16_t len_high;
	uint32_t len;

	if (bytes.n > FINGER_RECORD_BYTES_MAX)
		return cc_fail(err, CC_E_LIMIT, "finger.record-too-large", "%zu bytes", bytes.n);
	cursor_init(&in, bytes);
	if (!cursor_take(&in, FORMAT_AND_VERSION.n, &head) || !bytes_equal(head, FORMAT_AND_VERSION))
		return malformed(err, "not a finger image record of version 010");
	if (!cursor_u16(&in, &len_high) || !cursor_u32(&in, &len) || len_high != 0 || len != bytes.n)
		return malformed(err, "record length");
	if (!take_header(&in, &r))
		return malformed(err, "general header is cut off");
	if (cursor_left(&in) == 0)
		return malformed(err, "no image");
	while (cursor_left(&in) > 0) {
		cc_status st;

		if (r.count == FINGER_IMAGES_MAX)
			return cc_fail(err, CC_E_LIMIT, "finger.record-too-large", "more than %u images", FINGER_IMAGES_MAX);
		st = take_image(&in, &r.images[r.count], err);
		if (cc_failed(st))
			return st;
		r.count++;
	}
	*ret = r;
	return cc_ok();
}

/* ---- uncoded pictures */

/* Samples of `depth` bits one after the other, without a gap at the end of a line. */
static bool unpack(struct cursor *in, unsigned depth, struct image *im)
{
	unsigned hold = 0, bits = 0, white = (1u << depth) - 1;
	size_t n = image_size(im);

	for (size_t i = 0; i < n; i++) {
		uint8_t byte;

		if (bits < depth) {
			if (!cursor_u8(in, &byte))
				return false;
			hold = (hold << 8 | byte) & 0xFFFF;
			bits += 8;
		}
		bits -= depth;
		im->p[i] = (uint8_t)((hold >> bits & white) * 255 / white);
	}
	return true;
}

cc_status finger_record_raw(const struct finger_record *r, size_t index, struct image *ret, struct cc_error *err)
{
	const struct finger_image *from = &r->images[index];
	struct image im = { 0 };
	struct cursor in;
	cc_status st;

	CC_ASSERT(index < r->count);
	if (r->depth < 1 || r->depth > 8 || (r->coding != FINGER_PACKED && (r->coding != FINGER_RAW || r->depth != 8)))
		return cc_fail(err, CC_E_UNSUPPORTED, "finger.record-malformed", "coding %u of %u bits", r->coding, r->depth);
	if (!data_fit_coding(r, from) || from->data.n == 0)
		return malformed(err, "uncoded data of another size than its lines");
	st = image_new(from->width, from->height, 1, &im, err);
	if (cc_failed(st))
		return st;
	cursor_init(&in, from->data);
	if (r->coding == FINGER_RAW ? !cursor_copy(&in, im.p, image_size(&im)) : !unpack(&in, r->depth, &im))
		st = malformed(err, "uncoded data are cut off");
	else
		image_move(ret, &im);
	image_done(&im);
	return st;
}
