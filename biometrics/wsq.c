/* SPDX-License-Identifier: Apache-2.0 */
#include "biometrics/wsq.h"

#include "biometrics/wsq_parts.h"
#include "crypto/base/secret.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TABLES 8u /* Huffman tables at once */

struct reader {
	struct cursor in;
	struct cc_error *err;
	struct wsq_info info;
	double shift, scale;
	float low[WSQ_HALF_TAPS], high[WSQ_HALF_TAPS];
	bool has_filters, has_quantiser;
	struct wsq_quantiser q;
	struct wsq_huffman tables[TABLES];
	struct wsq_layout layout;
};

static cc_status damaged(struct reader *r, const char *what)
{
	return cc_fail(r->err, CC_E_FORMAT, "finger.damaged", "WSQ: %s", what);
}

static cc_status unsupported(struct reader *r, const char *what)
{
	return cc_fail(r->err, CC_E_UNSUPPORTED, "finger.unsupported", "WSQ: %s", what);
}

bool wsq_is(struct bytes file)
{
	return bytes_starts_with(file, BYTES_LITERAL("\xFF\xA0"));
}

/* ---- marker segments */

/* IAFIS-IC-0110: a number is an integer and the power of ten that divides it. */
static bool scaled(uint8_t exponent, uint32_t mantissa, double *ret)
{
	static const double powers[] = {
		1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16
	};

	if (exponent >= sizeof powers / sizeof powers[0])
		return false;
	*ret = mantissa / powers[exponent];
	return true;
}

static bool take_scaled16(struct cursor *in, double *ret)
{
	uint8_t exponent;
	uint16_t mantissa;

	return cursor_u8(in, &exponent) && cursor_u16(in, &mantissa) && scaled(exponent, mantissa, ret);
}

/* Half of a symmetric filter, centre first. */
static bool take_filter(struct cursor *in, unsigned taps, float out[WSQ_HALF_TAPS])
{
	for (unsigned i = 0; i < (taps + 1) / 2; i++) {
		uint8_t sign, exponent;
		uint32_t mantissa;
		double v;

		if (!cursor_u8(in, &sign) || !cursor_u8(in, &exponent) || !cursor_u32(in, &mantissa) || sign > 1 ||
		    !scaled(exponent, mantissa, &v) || v > 16)
			return false;
		out[i] = (float)(sign ? -v : v);
	}
	return true;
}

static cc_status take_transform(struct reader *r, struct cursor *in)
{
	float low[WSQ_HALF_TAPS] = { 0 }, high[WSQ_HALF_TAPS] = { 0 };
	uint8_t low_taps, high_taps;

	if (r->has_filters)
		return damaged(r, "a second transform table");
	if (!cursor_u8(in, &low_taps) || !cursor_u8(in, &high_taps))
		return damaged(r, "transform table");
	if (low_taps % 2 == 0 || high_taps % 2 == 0 || low_taps > 9 || high_taps > 9)
		return unsupported(r, "filters other than symmetric of up to 9 taps");
	if (!take_filter(in, low_taps, low) || !take_filter(in, high_taps, high) || cc_failed(cursor_end(in)))
		return damaged(r, "transform table");
	memcpy(r->low, low, sizeof low);
	memcpy(r->high, high, sizeof high);
	r->has_filters = true;
	return cc_ok();
}

static cc_status take_quantiser(struct reader *r, struct cursor *in)
{
	double v;

	if (r->has_quantiser)
		return damaged(r, "a second quantisation table");
	if (!take_scaled16(in, &v))
		return damaged(r, "quantisation table");
	r->q.centre = (float)v;
	for (unsigned i = 0; i < WSQ_BANDS; i++) {
		double zero;

		if (!take_scaled16(in, &v) || !take_scaled16(in, &zero))
			return damaged(r, "quantisation table");
		r->q.bin[i] = (float)v;
		r->q.zero_bin[i] = (float)zero;
		if (i >= WSQ_CODED_BANDS && v > 0)
			return unsupported(r, "the finest diagonal bands are coded");
	}
	if (cc_failed(cursor_end(in)))
		return damaged(r, "quantisation table");
	r->has_quantiser = true;
	return cc_ok();
}

static bool take_table(struct cursor *in, struct wsq_huffman *table)
{
	struct wsq_huffman t = { .defined = true };
	unsigned space = 0;

	if (!cursor_copy(in, t.counts, sizeof t.counts))
		return false;
	for (unsigned i = 0; i < WSQ_CODE_BITS; i++) {
		t.value_count += t.counts[i];
		space += (unsigned)t.counts[i] << (WSQ_CODE_BITS - 1 - i);
	}
	/* More codes than bits can tell apart. */
	if (t.value_count == 0 || t.value_count > sizeof t.values || space > 1u << WSQ_CODE_BITS ||
	    !cursor_copy(in, t.values, t.value_count))
		return false;
	*table = t;
	return true;
}

static cc_status take_tables(struct reader *r, struct cursor *in)
{
	do {
		uint8_t id;

		if (!cursor_u8(in, &id) || id >= TABLES || !take_table(in, &r->tables[id]))
			return damaged(r, "Huffman table");
	} while (cursor_left(in) > 0);
	return cc_ok();
}

/* A NIST comment has lines "NAME value"; any other text is passed over. */
static void take_comment(struct reader *r, struct cursor *in)
{
	struct bytes line, digits;

	while (cursor_left(in) > 0 && cursor_until(in, '\n', &line)) {
		struct cursor words;
		unsigned ppi = 0;

		cursor_init(&words, line);
		if (!bytes_starts_with(line, BYTES_LITERAL("PPI ")) || !cursor_skip(&words, 4))
			continue;
		digits = cursor_rest(&words);
		for (size_t i = 0; i < digits.n && i < 5 && digits.p[i] >= '0' && digits.p[i] <= '9'; i++)
			ppi = ppi * 10 + (unsigned)(digits.p[i] - '0');
		r->info.ppi = ppi;
	}
}

static cc_status take_frame(struct reader *r, struct cursor *in)
{
	uint8_t black, white, encoder;
	uint16_t width, height, software;

	if (!cursor_u8(in, &black) || !cursor_u8(in, &white) || !cursor_u16(in, &height) || !cursor_u16(in, &width) ||
	    !take_scaled16(in, &r->shift) || !take_scaled16(in, &r->scale) || !cursor_u8(in, &encoder) ||
	    !cursor_u16(in, &software) || cc_failed(cursor_end(in)))
		return damaged(r, "frame header");
	if (width > IMAGE_SIDE_MAX || height > IMAGE_SIDE_MAX || (uint32_t)width * height > WSQ_PIXELS_MAX)
		return cc_fail(r->err, CC_E_LIMIT, "finger.too-large", "%u x %u pixels", width, height);
	if (width == 0 || height == 0)
		return damaged(r, "picture without extent");
	if (width < WSQ_SIDE_MIN || height < WSQ_SIDE_MIN)
		return unsupported(r, "a side below 32 pixels");
	r->info.width = width;
	r->info.height = height;
	r->info.encoder = encoder;
	r->info.software = software;
	return cc_ok();
}

static bool take_segment(struct cursor *in, struct cursor *ret)
{
	struct bytes body;
	uint16_t len;

	if (!cursor_u16(in, &len) || len < 2 || !cursor_take(in, len - 2u, &body))
		return false;
	cursor_init(ret, body);
	return true;
}

/* Everything before `stop`, whose segment comes back. Tables may stand before the frame and before each block. */
static cc_status take_until(struct reader *r, enum wsq_marker stop, struct cursor *ret_segment)
{
	cc_status st = cc_ok();

	while (!cc_failed(st)) {
		struct cursor segment;
		uint16_t marker;

		if (!cursor_u16(&r->in, &marker) || !take_segment(&r->in, &segment))
			return damaged(r, "cut off between segments");
		if (marker == stop) {
			*ret_segment = segment;
			return st;
		}
		if (marker == WSQ_DTT)
			st = take_transform(r, &segment);
		else if (marker == WSQ_DQT)
			st = take_quantiser(r, &segment);
		else if (marker == WSQ_DHT)
			st = take_tables(r, &segment);
		else if (marker == WSQ_COM)
			take_comment(r, &segment);
		else if (marker == WSQ_DRT)
			st = unsupported(r, "restart intervals");
		else
			st = damaged(r, "unexpected marker");
	}
	return st;
}

static cc_status open_frame(struct reader *r, struct bytes file, struct cc_error *err)
{
	struct cursor frame;
	uint16_t marker;
	cc_status st;

	r->err = err;
	if (!wsq_is(file))
		return cc_fail(err, CC_E_FORMAT, "finger.not-wsq", "no SOI of WSQ");
	if (file.n > WSQ_BYTES_MAX)
		return cc_fail(err, CC_E_LIMIT, "finger.too-large", "%zu bytes, at most %u", file.n, WSQ_BYTES_MAX);
	cursor_init(&r->in, file);
	if (!cursor_u16(&r->in, &marker))
		return damaged(r, "cut off");
	st = take_until(r, WSQ_SOF, &frame);
	if (!cc_failed(st))
		st = take_frame(r, &frame);
	if (!cc_failed(st) && (uint64_t)r->info.width * r->info.height > (uint64_t)file.n * WSQ_PIXELS_PER_BYTE_MAX)
		st = damaged(r, "more pixels than its bytes can hold");
	return st;
}

/* ---- coded data */

/*
 * The bytes up to the next marker, unstuffed. ret_marker is that marker: the
 * coded data end where a byte other than zero follows 0xFF.
 */
static cc_status take_coded(struct reader *r, struct writer *w, uint16_t *ret_marker)
{
	struct bytes piece;
	uint8_t next;

	for (;;) {
		size_t left = cursor_left(&r->in);

		if (left == 0 || !cursor_until(&r->in, 0xFF, &piece) || left == piece.n || !cursor_u8(&r->in, &next))
			return damaged(r, "cut off in coded data");
		writer_put(w, piece);
		if (next != 0) {
			*ret_marker = (uint16_t)(0xFF00 | next);
			return cc_ok();
		}
		writer_u8(w, 0xFF);
	}
}

static cc_status decode_block(struct reader *r, struct wsq_sink *s, struct wsq_lookup *codes, struct bytes coded, uint8_t table)
{
	if (table >= TABLES || !r->tables[table].defined)
		return damaged(r, "a block names a Huffman table that is not there");
	wsq_lookup_make(&r->tables[table], codes);
	return wsq_decode_block(coded, codes, s) ? cc_ok() : damaged(r, "coded data don't fill their block");
}

/* What follows a block: its marker has been read with the coded data. Gives it back to the cursor's reader. */
static cc_status next_block(struct reader *r, uint16_t marker, struct cursor *ret_segment)
{
	struct cursor segment;

	if (marker != WSQ_SOB && marker != WSQ_DHT && marker != WSQ_COM)
		return damaged(r, "unexpected marker behind a block");
	if (!take_segment(&r->in, &segment))
		return damaged(r, "cut off behind a block");
	if (marker == WSQ_SOB) {
		*ret_segment = segment;
		return cc_ok();
	}
	if (marker == WSQ_COM) {
		take_comment(r, &segment);
	} else {
		cc_status st = take_tables(r, &segment);

		if (cc_failed(st))
			return st;
	}
	return take_until(r, WSQ_SOB, ret_segment);
}

/* Comments may follow the last block. */
static cc_status take_end(struct reader *r, uint16_t marker)
{
	while (marker == WSQ_COM) {
		struct cursor segment;

		if (!take_segment(&r->in, &segment) || !cursor_u16(&r->in, &marker))
			return damaged(r, "cut off before its end");
		take_comment(r, &segment);
	}
	if (marker != WSQ_EOI)
		return damaged(r, "no end marker");
	/* Writers pad a file to even length, or end it with a line. */
	return cursor_left(&r->in) <= 2 ? cc_ok() : damaged(r, "bytes behind the end");
}

static cc_status decode_blocks(struct reader *r, struct wsq_sink *s, struct wsq_lookup *codes)
{
	struct cursor header;
	uint16_t marker = 0;
	cc_status st = take_until(r, WSQ_SOB, &header);

	if (!cc_failed(st) && (!r->has_filters || !r->has_quantiser))
		st = damaged(r, "no transform or quantisation table");
	for (unsigned block = 0; block < WSQ_BLOCKS && !cc_failed(st); block++) {
		struct writer w;
		uint8_t table;

		if (block > 0)
			st = next_block(r, marker, &header);
		if (cc_failed(st))
			break;
		writer_init(&w, WSQ_BYTES_MAX);
		s->end = wsq_block_end(block);
		if (!cursor_u8(&header, &table) || cc_failed(cursor_end(&header)))
			st = damaged(r, "block header");
		if (!cc_failed(st))
			st = take_coded(r, &w, &marker);
		if (!cc_failed(st) && w.failed != CC_OK)
			st = cc_fail(r->err, w.failed, "memory", "WSQ: coded data");
		if (!cc_failed(st))
			st = decode_block(r, s, codes, writer_view(&w), table);
		writer_done(&w);
	}
	return cc_failed(st) ? st : take_end(r, marker);
}

static void to_pixels(const float *plane, double shift, double scale, struct image *im)
{
	float m = (float)shift + 0.5f, f = (float)scale;
	size_t n = image_size(im);

	for (size_t i = 0; i < n; i++) {
		float v = plane[i] * f + m;

		/* Written so that a value that is no number becomes black. */
		im->p[i] = (uint8_t)(v > 0 ? (v < 255 ? v : 255) : 0);
	}
}

static cc_status decode_plane(struct reader *r, float *plane, struct wsq_lookup *codes)
{
	struct wsq_sink s = { .plane = plane, .stride = r->info.width, .layout = &r->layout, .q = &r->q };
	struct wsq_bank bank;
	cc_status st = decode_blocks(r, &s, codes);

	if (cc_failed(st))
		return st;
	wsq_bank_synthesis(r->low, r->high, &bank);
	return wsq_synthesise(plane, r->info.width, r->info.height, &r->layout, &bank, r->err);
}

static cc_status decode_frame(struct reader *r, struct image *im, struct cc_error *err)
{
	size_t size = (size_t)r->info.width * r->info.height * sizeof(float);
	struct wsq_lookup *codes = cc_alloc(sizeof *codes);
	float *plane = cc_alloc(size);
	cc_status st;

	wsq_layout_make(r->info.width, r->info.height, &r->layout);
	if (codes == NULL || plane == NULL)
		st = cc_fail(err, CC_E_MEMORY, "memory", "WSQ of %u x %u", r->info.width, r->info.height);
	else
		st = decode_plane(r, plane, codes);
	if (!cc_failed(st))
		st = image_new(r->info.width, r->info.height, 1, im, err);
	if (!cc_failed(st))
		to_pixels(plane, r->shift, r->scale, im);
	cc_free(codes, sizeof *codes);
	cc_free(plane, size);
	return st;
}

cc_status wsq_probe(struct bytes file, struct wsq_info *ret, struct cc_error *err)
{
	struct reader *r = cc_alloc(sizeof *r);
	cc_status st;

	if (r == NULL)
		return cc_fail(err, CC_E_MEMORY, "memory", "WSQ");
	st = open_frame(r, file, err);
	if (!cc_failed(st))
		*ret = r->info;
	cc_free(r, sizeof *r);
	return st;
}

cc_status wsq_decode(struct bytes file, struct image *ret, struct wsq_info *ret_info, struct cc_error *err)
{
	struct reader *r = cc_alloc(sizeof *r);
	struct image im = { 0 };
	cc_status st;

	if (r == NULL)
		return cc_fail(err, CC_E_MEMORY, "memory", "WSQ");
	st = open_frame(r, file, err);
	if (!cc_failed(st))
		st = decode_frame(r, &im, err);
	if (!cc_failed(st)) {
		image_move(ret, &im);
		if (ret_info)
			*ret_info = r->info;
	}
	cc_free(r, sizeof *r);
	image_done(&im);
	return st;
}
