/* SPDX-License-Identifier: Apache-2.0 */
#include "biometrics/jp2.h"

#include <string.h>

/*
 * The structure of a JPEG 2000 file, read before any decoder sees it: boxes by
 * ISO/IEC 15444-1 annex I, the codestream by annex A. Everything goes through
 * cursors; nothing is allocated.
 */
enum marker {
	M_SOC = 0xFF4F,
	M_SIZ = 0xFF51,
	M_COD = 0xFF52,
	M_COC = 0xFF53,
	M_SOT = 0xFF90,
	M_SOD = 0xFF93,
	M_EOC = 0xFFD9,
};

#define BOX(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (d))
#define BOX_FILE_TYPE BOX('f', 't', 'y', 'p')
#define BOX_HEADER BOX('j', 'p', '2', 'h')
#define BOX_IMAGE_HEADER BOX('i', 'h', 'd', 'r')
#define BOX_COLOUR BOX('c', 'o', 'l', 'r')
#define BOX_PALETTE BOX('p', 'c', 'l', 'r')
#define BOX_CODESTREAM BOX('j', 'p', '2', 'c')
#define BOXES_MAX 256u
#define SEGMENTS_MAX 4096u
#define TILE_PARTS_MAX 4096u
#define COMPONENTS_MAX 4u

static const struct bytes signature = { (const uint8_t *)"\0\0\0\x0CjP  \r\n\x87\n", 12 };
static const struct bytes start = { (const uint8_t *)"\xFF\x4F\xFF\x51", 4 };

struct walk {
	struct cc_error *err;
	struct jp2_info info;
	bool has_header, has_colour, has_coding, sub_sampled;
	uint32_t header_width, header_height;
	uint16_t header_components;
	size_t coded_bytes;
	bool tile_seen[JP2_TILES_MAX];
};

static cc_status damaged(struct walk *w, const char *what)
{
	return cc_fail(w->err, CC_E_FORMAT, "photo.damaged", "JPEG 2000: %s", what);
}

static cc_status unsupported(struct walk *w, const char *what)
{
	return cc_fail(w->err, CC_E_UNSUPPORTED, "photo.unsupported", "JPEG 2000: %s", what);
}

static cc_status too_large(struct walk *w, const char *what)
{
	return cc_fail(w->err, CC_E_LIMIT, "photo.too-large", "JPEG 2000: %s", what);
}

bool jp2_is(struct bytes file)
{
	return bytes_starts_with(file, signature) || bytes_starts_with(file, start);
}

/* ---- SIZ: ISO/IEC 15444-1 A.5.1 */

struct siz {
	uint32_t x, y, x0, y0, tile_w, tile_h, tile_x0, tile_y0;
};

static bool take_siz(struct cursor *in, struct siz *s, uint16_t *ret_components)
{
	uint16_t capabilities;

	return cursor_u16(in, &capabilities) && cursor_u32(in, &s->x) && cursor_u32(in, &s->y) && cursor_u32(in, &s->x0) &&
	       cursor_u32(in, &s->y0) && cursor_u32(in, &s->tile_w) && cursor_u32(in, &s->tile_h) &&
	       cursor_u32(in, &s->tile_x0) && cursor_u32(in, &s->tile_y0) && cursor_u16(in, ret_components);
}

static cc_status check_extent(struct walk *w, const struct siz *s)
{
	uint64_t across, down;

	if (s->x <= s->x0 || s->y <= s->y0 || s->tile_w == 0 || s->tile_h == 0 || s->tile_x0 > s->x0 || s->tile_y0 > s->y0 ||
	    (uint64_t)s->tile_x0 + s->tile_w <= s->x0 || (uint64_t)s->tile_y0 + s->tile_h <= s->y0)
		return damaged(w, "no lines, no columns or no tiles");
	w->info.width = s->x - s->x0;
	w->info.height = s->y - s->y0;
	if (s->x > INT32_MAX || s->y > INT32_MAX || w->info.width > IMAGE_SIDE_MAX || w->info.height > IMAGE_SIDE_MAX ||
	    (uint64_t)w->info.width * w->info.height > JP2_PIXELS_MAX)
		return too_large(w, "pixels");
	across = ((uint64_t)s->x - s->tile_x0 + s->tile_w - 1) / s->tile_w;
	down = ((uint64_t)s->y - s->tile_y0 + s->tile_h - 1) / s->tile_h;
	if (across > JP2_TILES_MAX || down > JP2_TILES_MAX || across * down > JP2_TILES_MAX)
		return too_large(w, "tiles");
	w->info.tiles = (unsigned)(across * down);
	return cc_ok();
}

static cc_status read_component(struct walk *w, struct cursor *in, unsigned i)
{
	uint8_t depth, dx, dy;

	if (!cursor_u8(in, &depth) || !cursor_u8(in, &dx) || !cursor_u8(in, &dy) || dx == 0 || dy == 0)
		return damaged(w, "component");
	if ((depth & 0x80) || (depth & 0x7F) > 15)
		return unsupported(w, "signed samples or more than 16 bits");
	if (dx > 2 || dy > 2 || (i == 0 && (dx != 1 || dy != 1)))
		return unsupported(w, "sampling of the components");
	if (i == 0)
		w->info.bits = (depth & 0x7Fu) + 1;
	w->sub_sampled = w->sub_sampled || dx != 1 || dy != 1;
	return cc_ok();
}

static cc_status read_siz(struct walk *w, struct bytes body)
{
	struct cursor in;
	struct siz s;
	uint16_t components;
	cc_status st;

	cursor_init(&in, body);
	if (!take_siz(&in, &s, &components) || components == 0)
		return damaged(w, "size segment");
	if (components > COMPONENTS_MAX)
		return too_large(w, "components");
	if (components != 1 && components != 3)
		return unsupported(w, "alpha, or four colours");
	w->info.components = components;
	if (cc_failed(st = check_extent(w, &s)))
		return st;
	for (unsigned i = 0; i < components; i++)
		if (cc_failed(st = read_component(w, &in, i)))
			return st;
	return cc_failed(cursor_end(&in)) ? damaged(w, "size segment") : cc_ok();
}

/* ---- COD and COC: A.6.1, A.6.2 */

static uint64_t divided(uint64_t n, unsigned exponent)
{
	return (n + (1ull << exponent) - 1) >> exponent;
}

static unsigned at_most(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

struct coding {
	uint8_t levels, block_w, block_h; /* exponents */
	uint8_t precinct[JP2_LEVELS_MAX + 1];
};

/* What the decoder will keep for it; a little more when tiles cut through blocks. */
static cc_status check_blocks(struct walk *w, const struct coding *c)
{
	uint64_t blocks = 0, precincts = 0;

	for (unsigned r = 0; r <= c->levels; r++) {
		unsigned px = c->precinct[r] & 15u, py = c->precinct[r] >> 4;
		uint64_t width = divided(w->info.width, c->levels - r), height = divided(w->info.height, c->levels - r);
		uint64_t here = divided(width, px) * divided(height, py) + w->info.tiles;

		/* B.7: a code block is not larger than its precinct's part of a subband. */
		precincts += here;
		blocks += divided(width, at_most(c->block_w, r && px ? px - 1 : px)) *
				  divided(height, at_most(c->block_h, r && py ? py - 1 : py)) +
			  3 * here;
	}
	if ((blocks + precincts) * w->info.components > JP2_BLOCKS_MAX ||
	    precincts * w->info.components * w->info.layers > JP2_PACKETS_MAX)
		return too_large(w, "code blocks or packets");
	return cc_ok();
}

static cc_status read_coding(struct walk *w, struct cursor *in, bool own_precincts)
{
	struct coding c;
	uint8_t style, transform;

	memset(c.precinct, 0xFF, sizeof c.precinct);
	if (!cursor_u8(in, &c.levels) || !cursor_u8(in, &c.block_w) || !cursor_u8(in, &c.block_h) || !cursor_u8(in, &style) ||
	    !cursor_u8(in, &transform))
		return damaged(w, "coding style");
	if (c.levels > JP2_LEVELS_MAX)
		return c.levels > 32 ? damaged(w, "decomposition levels") : too_large(w, "decomposition levels");
	if (c.block_w > 8 || c.block_h > 8 || c.block_w + c.block_h > 8 || transform > 1 || style > 63)
		return damaged(w, "code blocks or transform");
	c.block_w = (uint8_t)(c.block_w + 2);
	c.block_h = (uint8_t)(c.block_h + 2);
	if (own_precincts && !cursor_copy(in, c.precinct, (size_t)c.levels + 1))
		return damaged(w, "precincts");
	if (cc_failed(cursor_end(in)))
		return damaged(w, "coding style");
	w->info.levels = c.levels;
	w->info.reversible = transform == 1;
	return check_blocks(w, &c);
}

static cc_status read_cod(struct walk *w, struct bytes body)
{
	struct cursor in;
	uint8_t style, progression, mix;
	uint16_t layers;

	cursor_init(&in, body);
	if (!cursor_u8(&in, &style) || !cursor_u8(&in, &progression) || !cursor_u16(&in, &layers) || !cursor_u8(&in, &mix) ||
	    progression > 4 || layers == 0 || mix > 1)
		return damaged(w, "coding style");
	if (layers > JP2_LAYERS_MAX)
		return too_large(w, "layers");
	if (mix == 1 && (w->info.components != 3 || w->sub_sampled))
		return damaged(w, "colour transform without three equal components");
	w->info.layers = layers;
	w->has_coding = true;
	return read_coding(w, &in, style & 1);
}

static cc_status read_coc(struct walk *w, struct bytes body)
{
	struct cursor in;
	uint8_t component, style;

	cursor_init(&in, body);
	if (!w->has_coding || !cursor_u8(&in, &component) || component >= w->info.components || !cursor_u8(&in, &style))
		return damaged(w, "coding style of a component");
	return read_coding(w, &in, style & 1);
}

/* ---- the codestream */

/* Marker segments up to and including `stop`. */
static cc_status read_segments(struct walk *w, struct cursor *in, uint16_t stop)
{
	for (unsigned i = 0; i < SEGMENTS_MAX; i++) {
		uint16_t marker, len;
		struct bytes body;
		cc_status st = cc_ok();

		if (!cursor_u16(in, &marker))
			return damaged(w, "cut off between segments");
		if (marker == stop)
			return cc_ok();
		if (marker < M_SOC || marker >= M_SOT || marker == M_SIZ || marker == M_SOC)
			return damaged(w, "a marker stands where none may");
		if (!cursor_u16(in, &len) || len < 2 || !cursor_take(in, (size_t)len - 2, &body))
			return damaged(w, "a segment is cut off");
		if (marker == M_COD)
			st = read_cod(w, body);
		else if (marker == M_COC)
			st = read_coc(w, body);
		if (cc_failed(st))
			return st;
	}
	return damaged(w, "too many segments");
}

/* A.4.2; behind the marker. A length of 0: all up to the end. */
static cc_status read_tile_part(struct walk *w, struct cursor *in)
{
	uint16_t len, tile;
	uint32_t part_len;
	uint8_t part, parts;
	struct bytes body, end = { 0 };
	struct cursor c;
	cc_status st;

	if (!cursor_u16(in, &len) || len != 10 || !cursor_u16(in, &tile) || !cursor_u32(in, &part_len) || !cursor_u8(in, &part) ||
	    !cursor_u8(in, &parts) || tile >= w->info.tiles)
		return damaged(w, "tile-part header");
	if (part_len == 0 && (!cursor_take_back(in, 2, &end) || !bytes_equal(end, BYTES_LITERAL("\xFF\xD9"))))
		return damaged(w, "the coded picture is cut off");
	if (part_len != 0 && (part_len < 14 || !cursor_take(in, part_len - 12, &body)))
		return damaged(w, "the coded picture is cut off");
	if (part_len == 0) {
		body = cursor_rest(in);
		cursor_init(in, end);
	}
	w->tile_seen[tile] = true;
	cursor_init(&c, body);
	if (cc_failed(st = read_segments(w, &c, M_SOD)))
		return st;
	w->coded_bytes += cursor_left(&c);
	return cc_ok();
}

static cc_status read_tile_parts(struct walk *w, struct cursor *in)
{
	uint16_t marker = M_SOT;
	cc_status st = cc_ok();

	for (unsigned i = 0; !cc_failed(st) && marker == M_SOT; i++) {
		st = i < TILE_PARTS_MAX ? read_tile_part(w, in) : too_large(w, "tile-parts");
		if (!cc_failed(st) && !cursor_u16(in, &marker))
			st = damaged(w, "the end is missing");
	}
	if (cc_failed(st))
		return st;
	if (marker != M_EOC)
		return damaged(w, "a marker stands where none may");
	for (unsigned i = 0; i < w->info.tiles; i++)
		if (!w->tile_seen[i])
			return damaged(w, "a tile is missing");
	return cc_ok();
}

/* A blank wall costs almost nothing; a million pixels still need some bytes. */
#define PIXELS_FREE 65536u
#define PIXELS_PER_BYTE_MAX 2000u

static cc_status walk_codestream(struct walk *w, struct bytes all)
{
	struct cursor in;
	struct bytes body;
	uint16_t soc, siz, len;
	cc_status st;

	cursor_init(&in, all);
	if (!cursor_u16(&in, &soc) || !cursor_u16(&in, &siz) || soc != M_SOC || siz != M_SIZ || !cursor_u16(&in, &len) ||
	    len < 2 || !cursor_take(&in, (size_t)len - 2, &body))
		return damaged(w, "no codestream");
	if (cc_failed(st = read_siz(w, body)) || cc_failed(st = read_segments(w, &in, M_SOT)))
		return st;
	if (!w->has_coding)
		return damaged(w, "no coding style");
	if (cc_failed(st = read_tile_parts(w, &in)))
		return st;
	if ((uint64_t)w->info.width * w->info.height > PIXELS_FREE + (uint64_t)PIXELS_PER_BYTE_MAX * w->coded_bytes)
		return damaged(w, "fewer bytes than a picture of its size needs");
	w->info.codestream = bytes_of(all.p, all.n - cursor_left(&in));
	for (uint8_t b = 0; cursor_left(&in);)
		if (!cursor_u8(&in, &b) || b != 0)
			return cc_fail(w->err, CC_E_FORMAT, "photo.trailing-data", "%zu bytes behind the picture",
				       cursor_left(&in) + 1);
	return cc_ok();
}

/* ---- boxes */

static bool take_box(struct cursor *in, uint32_t *ret_type, struct bytes *ret)
{
	uint32_t len;
	uint64_t long_len;

	if (!cursor_u32(in, &len) || !cursor_u32(in, ret_type))
		return false;
	if (len == 0) {
		*ret = cursor_rest(in);
		return true;
	}
	if (len == 1)
		return cursor_u64(in, &long_len) && long_len >= 16 && long_len - 16 <= cursor_left(in) &&
		       cursor_take(in, (size_t)(long_len - 16), ret);
	return len >= 8 && cursor_take(in, len - 8, ret);
}

/* I.5.3.1 */
static cc_status read_image_header(struct walk *w, struct bytes body)
{
	struct cursor in;
	uint8_t bits, compression, unknown, rights;

	cursor_init(&in, body);
	if (w->has_header || !cursor_u32(&in, &w->header_height) || !cursor_u32(&in, &w->header_width) ||
	    !cursor_u16(&in, &w->header_components) || !cursor_u8(&in, &bits) || !cursor_u8(&in, &compression) ||
	    !cursor_u8(&in, &unknown) || !cursor_u8(&in, &rights) || cc_failed(cursor_end(&in)) || compression != 7)
		return damaged(w, "image header box");
	w->has_header = true;
	return cc_ok();
}

/* I.5.3.3: the first one counts. */
static cc_status read_colour(struct walk *w, struct bytes body)
{
	struct cursor in;
	uint8_t method, precedence, approximation;
	uint32_t space;

	if (w->has_colour)
		return cc_ok();
	cursor_init(&in, body);
	if (!cursor_u8(&in, &method) || !cursor_u8(&in, &precedence) || !cursor_u8(&in, &approximation))
		return damaged(w, "colour box");
	if (method != 1)
		return cc_ok(); /* a profile: by the number of components */
	if (!cursor_u32(&in, &space))
		return damaged(w, "colour box");
	if (space != 16 && space != 17 && space != 18)
		return unsupported(w, "colour space");
	w->info.colour = space == 16 ? JP2_RGB : space == 17 ? JP2_GREY : JP2_YCC;
	w->has_colour = true;
	return cc_ok();
}

static cc_status read_header(struct walk *w, struct bytes body)
{
	struct cursor in;

	cursor_init(&in, body);
	for (unsigned i = 0; cursor_left(&in); i++) {
		struct bytes box;
		uint32_t type;
		cc_status st = cc_ok();

		if (i >= BOXES_MAX || !take_box(&in, &type, &box))
			return damaged(w, "header box");
		if (type == BOX_IMAGE_HEADER)
			st = read_image_header(w, box);
		else if (type == BOX_COLOUR)
			st = read_colour(w, box);
		else if (type == BOX_PALETTE)
			st = unsupported(w, "palette");
		if (cc_failed(st))
			return st;
	}
	return cc_ok();
}

/* Behind the codestream nothing may come but padding: what hides there is another file. */
static cc_status read_boxes(struct walk *w, struct bytes file, struct bytes *ret_codestream)
{
	struct cursor in;

	cursor_init(&in, file);
	if (!cursor_skip(&in, signature.n))
		return damaged(w, "signature box");
	for (unsigned i = 0; i < BOXES_MAX; i++) {
		struct bytes box;
		uint32_t type;
		cc_status st = cc_ok();

		if (!take_box(&in, &type, &box))
			return damaged(w, "a box is cut off");
		if ((i == 0) != (type == BOX_FILE_TYPE))
			return damaged(w, "file type box");
		if (type == BOX_HEADER)
			st = read_header(w, box);
		if (cc_failed(st))
			return st;
		if (type != BOX_CODESTREAM)
			continue;
		if (!w->has_header)
			return damaged(w, "no image header box");
		*ret_codestream = box;
		for (uint8_t b = 0; cursor_left(&in);)
			if (!cursor_u8(&in, &b) || b != 0)
				return cc_fail(w->err, CC_E_FORMAT, "photo.trailing-data", "%zu bytes behind the picture",
					       cursor_left(&in) + 1);
		return cc_ok();
	}
	return damaged(w, "too many boxes");
}

static cc_status check_colour(struct walk *w)
{
	if (w->info.boxed && (w->header_width != w->info.width || w->header_height != w->info.height ||
			      w->header_components != w->info.components))
		return damaged(w, "header box and codestream differ");
	if (!w->has_colour)
		w->info.colour = w->info.components == 1 ? JP2_GREY : w->sub_sampled ? JP2_YCC : JP2_RGB;
	if ((w->info.colour == JP2_GREY) != (w->info.components == 1))
		return damaged(w, "colour space and components differ");
	return cc_ok();
}

cc_status jp2_probe(struct bytes file, struct jp2_info *ret, struct cc_error *err)
{
	struct walk w = { .err = err };
	struct bytes codestream = file;
	cc_status st = cc_ok();

	if (file.n > JP2_BYTES_MAX)
		return too_large(&w, "bytes");
	if (!jp2_is(file))
		return cc_fail(err, CC_E_FORMAT, "photo.not-jpeg2000", "%zu bytes without the first box or marker", file.n);
	w.info.boxed = bytes_starts_with(file, signature);
	if (w.info.boxed)
		st = read_boxes(&w, file, &codestream);
	if (!cc_failed(st))
		st = walk_codestream(&w, codestream);
	if (!cc_failed(st))
		st = check_colour(&w);
	if (!cc_failed(st))
		*ret = w.info;
	return st;
}
