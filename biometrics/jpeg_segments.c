/* SPDX-License-Identifier: Apache-2.0 */
#include "biometrics/jpeg.h"

#include <string.h>

/*
 * The structure of a JPEG file, read before any decoder sees it: ISO/IEC
 * 10918-1 annex B. Everything goes through cursors; nothing is allocated.
 */
enum marker {
	M_SOF0 = 0xC0,
	M_SOF1 = 0xC1,
	M_SOF2 = 0xC2,
	M_DHT = 0xC4,
	M_JPG = 0xC8,
	M_DAC = 0xCC,
	M_SOF15 = 0xCF,
	M_RST0 = 0xD0,
	M_RST7 = 0xD7,
	M_SOI = 0xD8,
	M_EOI = 0xD9,
	M_SOS = 0xDA,
	M_DQT = 0xDB,
	M_APP1 = 0xE1,
	M_APP14 = 0xEE,
	M_TEM = 0x01,
};

#define SEGMENTS_MAX 4096u
#define EXIF_ENTRIES_MAX 256u

struct walk {
	struct cursor in;
	struct jpeg_info info;
	struct cc_error *err;
	size_t file_bytes;
	bool frame_seen, adobe_seen, starved;
};

static cc_status damaged(struct walk *w, const char *what)
{
	return cc_fail(w->err, CC_E_FORMAT, "photo.damaged", "JPEG: %s", what);
}

static bool is_frame(uint8_t m)
{
	return m >= M_SOF0 && m <= M_SOF15 && m != M_DHT && m != M_JPG && m != M_DAC;
}

static bool exif_u16(struct cursor *in, bool little, uint16_t *ret)
{
	uint16_t v;

	if (!cursor_u16(in, &v))
		return false;
	*ret = v;
	if (little)
		*ret = __builtin_bswap16(v);
	return true;
}

static bool exif_u32(struct cursor *in, bool little, uint32_t *ret)
{
	uint32_t v;

	if (!cursor_u32(in, &v))
		return false;
	*ret = little ? __builtin_bswap32(v) : v;
	return true;
}

/* The first directory's Orientation; false when there is none. CIPA DC-008 4.6.2 and TIFF 6.0 section 2. */
static bool exif_orientation(struct bytes tiff, unsigned *ret)
{
	struct cursor in;
	uint16_t order, magic, count, tag, type, value;
	uint32_t offset, n;
	bool little;

	cursor_init(&in, tiff);
	if (!cursor_u16(&in, &order) || (order != 0x4949 && order != 0x4D4D))
		return false;
	little = order == 0x4949;
	if (!exif_u16(&in, little, &magic) || magic != 42 || !exif_u32(&in, little, &offset) || offset < 8 ||
	    !cursor_skip(&in, offset - 8) || !exif_u16(&in, little, &count) || count > EXIF_ENTRIES_MAX)
		return false;
	for (unsigned i = 0; i < count; i++) {
		if (!exif_u16(&in, little, &tag) || !exif_u16(&in, little, &type) || !exif_u32(&in, little, &n) ||
		    !exif_u16(&in, little, &value) || !cursor_skip(&in, 2))
			return false;
		if (tag == 0x0112 && type == 3 && n == 1 && value >= 1 && value <= 8) {
			*ret = value;
			return true;
		}
	}
	return false;
}

static void read_app1(struct walk *w, struct bytes body)
{
	struct cursor in;
	struct bytes id;

	cursor_init(&in, body);
	if (cursor_take(&in, 6, &id) && bytes_equal(id, BYTES_LITERAL("Exif\0\0")))
		(void)exif_orientation(cursor_rest(&in), &w->info.orientation);
}

static cc_status read_dqt(struct walk *w, struct bytes body)
{
	struct cursor in;

	cursor_init(&in, body);
	while (cursor_left(&in)) {
		uint8_t pq_tq, v8 = 0;
		uint16_t v16 = 0;
		unsigned sum = 0;

		if (!cursor_u8(&in, &pq_tq))
			break;
		for (unsigned i = 0; i < 64 && !in.failed; i++) {
			if (!(pq_tq >> 4 ? cursor_u16(&in, &v16) : cursor_u8(&in, &v8)))
				return damaged(w, "quantisation table cut off");
			sum += pq_tq >> 4 ? v16 : v8;
		}
		if ((pq_tq & 15) == 0)
			w->info.luma_scaled = sum;
	}
	return cc_ok();
}

/* Each 8 x 8 block costs a bit at least; with the most unequal sampling a component has a quarter of the blocks. */
static bool too_few_bytes(const struct walk *w)
{
	uint64_t blocks = (uint64_t)(w->info.width / 8) * (w->info.height / 8) / 4;

	return blocks / 8 > w->file_bytes;
}

static cc_status check_size(struct walk *w)
{
	const struct jpeg_info *i = &w->info;

	if (i->width == 0 || i->height == 0)
		return damaged(w, "no lines or no columns");
	w->starved = too_few_bytes(w);
	if (i->width > IMAGE_SIDE_MAX || i->height > IMAGE_SIDE_MAX || (uint64_t)i->width * i->height > IMAGE_PIXELS_MAX)
		return cc_fail(w->err, CC_E_LIMIT, "photo.too-large", "%u x %u pixels, at most %u a side and %u in all", i->width,
			       i->height, IMAGE_SIDE_MAX, IMAGE_PIXELS_MAX);
	return w->starved ? damaged(w, "fewer bytes than a picture of its size needs") : cc_ok();
}

/* ISO/IEC 10918-1 B.2.2: frame header. */
static cc_status read_frame(struct walk *w, uint8_t marker, struct bytes body)
{
	struct cursor in;
	uint8_t precision, components;
	uint16_t height, width;

	if (w->frame_seen)
		return damaged(w, "two frames");
	cursor_init(&in, body);
	if (!cursor_u8(&in, &precision) || !cursor_u16(&in, &height) || !cursor_u16(&in, &width) ||
	    !cursor_u8(&in, &components) || !cursor_skip(&in, (size_t)components * 3) || cc_failed(cursor_end(&in)))
		return damaged(w, "frame header");
	if (marker > M_SOF2 || precision != 8 || (components != 1 && components != 3 && components != 4))
		return cc_fail(w->err, CC_E_UNSUPPORTED, "photo.unsupported", "frame type %02X, %u bits, %u components", marker,
			       precision, components);
	w->frame_seen = true;
	w->info.width = width;
	w->info.height = height;
	w->info.progressive = marker == M_SOF2;
	w->info.colour = components == 1 ? JPEG_GREY : components == 3 ? JPEG_COLOUR : JPEG_CMYK;
	return check_size(w);
}

/* Entropy-coded data up to the next marker that is neither a stuffed FF nor a restart; the marker is returned. */
static cc_status skip_coded(struct walk *w, uint8_t *ret_marker)
{
	struct bytes run;
	uint8_t m;

	for (;;) {
		if (!cursor_until(&w->in, 0xFF, &run) || !cursor_left(&w->in))
			return damaged(w, "the coded picture is cut off");
		do {
			if (!cursor_u8(&w->in, &m))
				return damaged(w, "the coded picture is cut off");
		} while (m == 0xFF);
		if (m != 0 && (m < M_RST0 || m > M_RST7)) {
			*ret_marker = m;
			return cc_ok();
		}
	}
}

static cc_status next_marker(struct walk *w, uint8_t *ret)
{
	uint8_t m;

	if (!cursor_u8(&w->in, &m) || m != 0xFF)
		return damaged(w, "a marker is missing");
	do {
		if (!cursor_u8(&w->in, &m))
			return damaged(w, "cut off between segments");
	} while (m == 0xFF);
	*ret = m;
	return cc_ok();
}

static cc_status read_segment(struct walk *w, uint8_t marker)
{
	struct bytes body;
	uint16_t len;

	if (marker < M_SOF0 || marker == M_SOI || (marker >= M_RST0 && marker <= M_RST7))
		return damaged(w, "a marker stands where none may");
	if (!cursor_u16(&w->in, &len) || len < 2 || !cursor_take(&w->in, (size_t)len - 2, &body))
		return damaged(w, "a segment is cut off");
	if (is_frame(marker))
		return read_frame(w, marker, body);
	if (marker == M_DQT)
		return read_dqt(w, body);
	if (marker == M_APP1)
		read_app1(w, body);
	if (marker == M_APP14 && bytes_starts_with(body, BYTES_LITERAL("Adobe")))
		w->adobe_seen = true;
	return cc_ok();
}

/* One segment, and after a scan header its coded data: *marker is the next marker then. */
static cc_status step(struct walk *w, uint8_t *marker)
{
	bool scan = *marker == M_SOS;
	cc_status st = read_segment(w, *marker);

	if (cc_failed(st) || !scan)
		return cc_failed(st) ? st : next_marker(w, marker);
	if (!w->frame_seen)
		return damaged(w, "a scan before its frame");
	if (++w->info.scans > JPEG_SCANS_MAX)
		return cc_fail(w->err, CC_E_LIMIT, "photo.too-large", "more than %u scans", JPEG_SCANS_MAX);
	return skip_coded(w, marker);
}

/* Cameras pad with zeros; anything else behind the picture makes the file two things at once. */
static cc_status check_trailing(struct walk *w)
{
	uint8_t b;

	while (cursor_left(&w->in))
		if (!cursor_u8(&w->in, &b) || b != 0)
			return cc_fail(w->err, CC_E_FORMAT, "photo.trailing-data", "%zu bytes behind the picture",
				       cursor_left(&w->in) + 1);
	return cc_ok();
}

static cc_status walk_file(struct walk *w, struct bytes file)
{
	uint8_t marker = 0;
	cc_status st;

	w->info.orientation = 1;
	w->file_bytes = file.n;
	if (file.n > JPEG_BYTES_MAX)
		return cc_fail(w->err, CC_E_LIMIT, "photo.too-large", "%zu bytes, at most %u", file.n, JPEG_BYTES_MAX);
	if (!bytes_starts_with(file, BYTES_LITERAL("\xFF\xD8\xFF")))
		return cc_fail(w->err, CC_E_FORMAT, "photo.not-jpeg", "%zu bytes without a JPEG's first marker", file.n);
	cursor_init(&w->in, file);
	if (!cursor_skip(&w->in, 2))
		return damaged(w, "no marker");
	st = next_marker(w, &marker);
	for (unsigned i = 0; !cc_failed(st) && marker != M_EOI; i++)
		st = i < SEGMENTS_MAX ? step(w, &marker) : damaged(w, "too many segments");
	if (cc_failed(st))
		return st;
	if (w->info.scans == 0)
		return damaged(w, "no picture in it");
	w->info.inverted = w->adobe_seen && w->info.colour == JPEG_CMYK;
	return check_trailing(w);
}

cc_status jpeg_probe(struct bytes file, struct jpeg_info *ret, struct cc_error *err)
{
	struct walk w = { .err = err };
	cc_status st = walk_file(&w, file);

	if (!cc_failed(st))
		*ret = w.info;
	return st;
}

bool jpeg_is_starved(struct bytes file)
{
	struct walk w = { .err = NULL };

	return cc_failed(walk_file(&w, file)) && w.starved;
}
