/* SPDX-License-Identifier: Apache-2.0 */
#include "biometrics/wsq.h"

#include "biometrics/wsq_parts.h"
#include "crypto/base/secret.h"

#include <math.h>
#include <string.h>

/* The informative encoder of IAFIS-IC-0110. */

#define VARIANCE_MIN 1.01 /* a band with less carries nothing that a bit rate pays for */
#define BIN_CENTRE 0.44
#define ZERO_BIN_WIDER 1.2
#define VALUE_MAX 74 /* beyond these a value takes 8 or 16 bits more */
#define VALUE_MIN (-73)
#define FILE_LIMIT WSQ_BYTES_MAX

/* IAFIS-IC-0110, the filters of the FBI: biorthogonal 9/7, centre first, as sign and ten decimal places. */
struct coefficient {
	uint8_t negative, exponent;
	uint32_t mantissa;
};
static const struct coefficient low_table[5] = {
	{ 0, 9, 852698679 }, { 0, 10, 3774028556 }, { 1, 10, 1106244044 }, { 1, 11, 2384946502 }, { 0, 11, 3782845551 },
};
static const struct coefficient high_table[4] = {
	{ 0, 9, 788485616 },
	{ 1, 10, 4180922732 },
	{ 1, 11, 4068941761 },
	{ 0, 10, 645388826 },
};

static float coefficient_value(const struct coefficient *c)
{
	double v = c->mantissa / pow(10, c->exponent);

	return (float)(c->negative ? -v : v);
}

/* A number as the file has it: an integer of 16 bits and the power of ten that divides it. */
struct scaled16 {
	uint8_t exponent;
	uint16_t mantissa;
};

static struct scaled16 scaled16_of(double v)
{
	struct scaled16 s = { 0, 0 };
	double power = 1;

	if (v <= 0)
		return s;
	while (s.exponent < 15 && v * power * 10 < 65535) {
		power *= 10;
		s.exponent++;
	}
	s.mantissa = (uint16_t)fmin(v * power + 0.5, 65535);
	return s;
}

static double scaled16_value(struct scaled16 s)
{
	return s.mantissa / pow(10, s.exponent);
}

struct encoder {
	unsigned width, height;
	float *plane;
	int16_t *values; /* coded values, block after block */
	size_t block_start[WSQ_BLOCKS + 1];
	struct wsq_layout layout;
	struct scaled16 shift, scale;
	double variance[WSQ_CODED_BANDS];
	struct scaled16 bin[WSQ_CODED_BANDS], zero_bin[WSQ_CODED_BANDS];
	const struct wsq_params *params;
};

/* ---- picture to plane: mean zero, the widest swing 128 */

static void load_plane(struct encoder *e, const struct image *grey)
{
	size_t n = image_size(grey);
	uint64_t sum = 0;
	unsigned low = 255, high = 0;
	double mean, swing;
	float m, f;

	for (size_t i = 0; i < n; i++) {
		unsigned v = grey->p[i];

		sum += v;
		low = v < low ? v : low;
		high = v > high ? v : high;
	}
	mean = (double)sum / (double)n;
	swing = fmax(mean - low, high - mean) / 128;
	e->shift = scaled16_of(mean);
	e->scale = scaled16_of(swing > 0 ? swing : 1);
	m = (float)scaled16_value(e->shift);
	f = (float)(1 / scaled16_value(e->scale));
	for (size_t i = 0; i < n; i++)
		e->plane[i] = ((float)grey->p[i] - m) * f;
}

/* ---- bin widths */

static double variance_of(const struct encoder *e, const struct wsq_rect *r)
{
	double sum = 0, squares = 0, n = (double)r->width * r->height;

	if (n < 2)
		return 0;
	for (unsigned y = 0; y < r->height; y++) {
		const float *row = e->plane + (size_t)(r->y + y) * e->width + r->x;
		float s = 0, q = 0;

		for (unsigned x = 0; x < r->width; x++) {
			s += row[x];
			q += row[x] * row[x];
		}
		sum += (double)s;
		squares += (double)q;
	}
	return (squares - sum * sum / n) / (n - 1);
}

/* The middle of a band, where the print is; of a band too small for a variance, the whole. */
static struct wsq_rect middle_of(const struct wsq_rect *r)
{
	struct wsq_rect m = { r->x + r->width / 8, r->y + 9 * r->height / 32, 3 * r->width / 4, 7 * r->height / 16 };

	return m.width * m.height < 4 ? *r : m;
}

/* IAFIS-IC-0110: variances of the middle, but of whole bands when the four coarsest say that there is little in it. */
static void measure_variances(struct encoder *e)
{
	double coarse = 0;

	for (unsigned b = 0; b < WSQ_CODED_BANDS; b++) {
		struct wsq_rect r = middle_of(&e->layout.bands[b]);

		e->variance[b] = variance_of(e, &r);
		coarse += b < 4 ? e->variance[b] : 0;
	}
	if (coarse >= 20000)
		return;
	for (unsigned b = 0; b < WSQ_CODED_BANDS; b++)
		e->variance[b] = variance_of(e, &e->layout.bands[b]);
}

/* A band's share of the picture's samples. */
static double share_of(unsigned band)
{
	return band < 4 ? 1.0 / 1024 : band < 52 ? 1.0 / 256 : 1.0 / 16;
}

/* Bin widths that give one bit rate to one: to be divided by q. */
static double relative_bin(unsigned band, double variance)
{
	static const double weights[8] = { 1.32, 1.08, 1.42, 1.08, 1.32, 1.42, 1.08, 1.08 };
	double weight = band < 52 ? 1 : weights[band - 52];

	if (variance < VARIANCE_MIN)
		return 0;
	return band < 4 ? 1 : 10 / (weight * log(variance));
}

/*
 * IAFIS-IC-0110, bit allocation: q makes the bands that take part reach the bit
 * rate together; a band whose rate would be negative leaves, and q is found anew.
 */
static double find_q(const double variance[WSQ_CODED_BANDS], const double relative[WSQ_CODED_BANDS], double bit_rate)
{
	bool in[WSQ_CODED_BANDS], changed = true;
	double q = 1;

	for (unsigned b = 0; b < WSQ_CODED_BANDS; b++)
		in[b] = relative[b] > 0;
	while (changed) {
		double share = 0, logs = 0;

		for (unsigned b = 0; b < WSQ_CODED_BANDS; b++) {
			if (!in[b])
				continue;
			share += share_of(b);
			logs += share_of(b) * log(sqrt(variance[b]) / relative[b]);
		}
		if (share <= 0)
			break;
		q = exp2(bit_rate / share - 1) / 2.5 / exp(logs / share);
		changed = false;
		for (unsigned b = 0; b < WSQ_CODED_BANDS; b++) {
			if (in[b] && relative[b] / q >= 5 * sqrt(variance[b])) {
				in[b] = false;
				changed = true;
			}
		}
	}
	return q;
}

static void choose_bins(struct encoder *e)
{
	double relative[WSQ_CODED_BANDS], q;

	measure_variances(e);
	for (unsigned b = 0; b < WSQ_CODED_BANDS; b++)
		relative[b] = relative_bin(b, e->variance[b]);
	q = find_q(e->variance, relative, e->params->bit_rate);
	for (unsigned b = 0; b < WSQ_CODED_BANDS; b++) {
		e->bin[b] = scaled16_of(fmin(relative[b] / q, 65000));
		e->zero_bin[b] = scaled16_of(fmin(ZERO_BIN_WIDER * relative[b] / q, 65000));
	}
}

/* ---- values */

static size_t quantise_band(const struct encoder *e, unsigned band, int16_t *out)
{
	const struct wsq_rect *r = &e->layout.bands[band];
	float bin = (float)scaled16_value(e->bin[band]), half = (float)scaled16_value(e->zero_bin[band]) / 2;
	float inverse;

	if (bin <= 0)
		return 0;
	inverse = 1 / bin;
	for (unsigned y = 0; y < r->height; y++) {
		const float *row = e->plane + (size_t)(r->y + y) * e->width + r->x;

		for (unsigned x = 0; x < r->width; x++) {
			float v = row[x];
			float bins = v > half ? (v - half) * inverse + 1 : v < -half ? (v + half) * inverse - 1 : 0;

			*out++ = (int16_t)fminf(fmaxf(bins, -32000), 32000);
		}
	}
	return (size_t)r->width * r->height;
}

static void quantise(struct encoder *e)
{
	size_t n = 0;
	unsigned band = 0;

	for (unsigned block = 0; block < WSQ_BLOCKS; block++) {
		e->block_start[block] = n;
		for (; band < wsq_block_end(block); band++)
			n += quantise_band(e, band, e->values + n);
	}
	e->block_start[WSQ_BLOCKS] = n;
}

/* ---- coded data */

/* Takes each symbol with the bits that follow it. */
struct symbol_sink {
	uint32_t *frequency; /* count them, or */
	struct writer *w;    /* write them */
	const uint32_t *codes;
	uint64_t hold;
	unsigned count;
};

static void put_bits(struct symbol_sink *s, uint32_t v, unsigned n)
{
	s->hold = s->hold << n | v;
	s->count += n;
	while (s->count >= 8) {
		uint8_t byte = (uint8_t)(s->hold >> (s->count - 8));

		s->count -= 8;
		writer_u8(s->w, byte);
		if (byte == 0xFF)
			writer_u8(s->w, 0);
	}
}

static void put_symbol(struct symbol_sink *s, unsigned symbol, uint32_t extra, unsigned extra_bits)
{
	if (s->frequency) {
		s->frequency[symbol]++;
		return;
	}
	put_bits(s, s->codes[symbol] & 0xFFFF, s->codes[symbol] >> 16);
	if (extra_bits > 0)
		put_bits(s, extra, extra_bits);
}

static void put_run(struct symbol_sink *s, size_t run)
{
	while (run > 0) {
		uint32_t part = (uint32_t)(run > 0xFFFF ? 0xFFFF : run);

		if (part <= WSQ_RUN_MAX)
			put_symbol(s, part, 0, 0);
		else if (part <= 0xFF)
			put_symbol(s, WSQ_RUN_8, part, 8);
		else
			put_symbol(s, WSQ_RUN_16, part, 16);
		run -= part;
	}
}

static void put_value(struct symbol_sink *s, int v)
{
	uint32_t size = (uint32_t)(v < 0 ? -v : v);

	if (v >= VALUE_MIN && v <= VALUE_MAX)
		put_symbol(s, (unsigned)(v + WSQ_VALUE_ZERO), 0, 0);
	else if (size <= 0xFF)
		put_symbol(s, v > 0 ? WSQ_PLUS_8 : WSQ_MINUS_8, size, 8);
	else
		put_symbol(s, v > 0 ? WSQ_PLUS_16 : WSQ_MINUS_16, size, 16);
}

static void put_block_values(const struct encoder *e, unsigned block, struct symbol_sink *s)
{
	size_t run = 0;

	for (size_t i = e->block_start[block]; i < e->block_start[block + 1]; i++) {
		if (e->values[i] == 0) {
			run++;
			continue;
		}
		put_run(s, run);
		run = 0;
		put_value(s, e->values[i]);
	}
	put_run(s, run);
}

/* By value: length in the high half, code in the low. */
static void codes_make(const struct wsq_huffman *t, uint32_t codes[256])
{
	uint32_t code = 0;
	unsigned at = 0;

	for (unsigned len = 1; len <= WSQ_CODE_BITS; len++) {
		for (unsigned i = 0; i < t->counts[len - 1]; i++)
			codes[t->values[at++]] = len << 16 | code++;
		code <<= 1;
	}
}

static void put_table(struct writer *w, uint8_t id, const struct wsq_huffman *t)
{
	writer_u16(w, WSQ_DHT);
	writer_u16(w, (uint16_t)(2 + 1 + WSQ_CODE_BITS + t->value_count));
	writer_u8(w, id);
	writer_put(w, bytes_of(t->counts, sizeof t->counts));
	writer_put(w, bytes_of(t->values, t->value_count));
}

static void put_block(const struct encoder *e, unsigned block, uint8_t table, const uint32_t codes[256], struct writer *w)
{
	struct symbol_sink s = { .w = w, .codes = codes };

	writer_u16(w, WSQ_SOB);
	writer_u16(w, 3);
	writer_u8(w, table);
	put_block_values(e, block, &s);
	if (s.count > 0) /* the last byte is filled with ones, which begin no code that ends in it */
		put_bits(&s, (1u << (8 - s.count)) - 1, 8 - s.count);
}

/* IAFIS-IC-0110: one table for the coarse block, one for the two fine ones. */
static void put_blocks(const struct encoder *e, struct writer *w)
{
	static const unsigned first[3] = { 0, 1, WSQ_BLOCKS };

	for (uint8_t table = 0; table < 2; table++) {
		uint32_t frequency[256] = { 0 }, codes[256] = { 0 };
		struct symbol_sink count = { .frequency = frequency };
		struct wsq_huffman huffman;

		for (unsigned b = first[table]; b < first[table + 1]; b++)
			put_block_values(e, b, &count);
		wsq_huffman_build(frequency, &huffman);
		codes_make(&huffman, codes);
		put_table(w, table, &huffman);
		for (unsigned b = first[table]; b < first[table + 1]; b++)
			put_block(e, b, table, codes, w);
	}
}

/* ---- the file */

static void put_scaled16(struct writer *w, struct scaled16 s)
{
	writer_u8(w, s.exponent);
	writer_u16(w, s.mantissa);
}

static void put_transform(struct writer *w)
{
	const struct coefficient *const tables[] = { low_table, high_table };
	static const uint8_t counts[] = { 5, 4 };

	writer_u16(w, WSQ_DTT);
	writer_u16(w, 58);
	writer_u8(w, 9);
	writer_u8(w, 7);
	for (unsigned t = 0; t < 2; t++) {
		for (unsigned i = 0; i < counts[t]; i++) {
			writer_u8(w, tables[t][i].negative);
			writer_u8(w, tables[t][i].exponent);
			writer_u32(w, tables[t][i].mantissa);
		}
	}
}

static void put_quantiser(const struct encoder *e, struct writer *w)
{
	writer_u16(w, WSQ_DQT);
	writer_u16(w, 389);
	put_scaled16(w, (struct scaled16){ 2, (uint16_t)(BIN_CENTRE * 100 + 0.5) });
	for (unsigned b = 0; b < WSQ_BANDS; b++) {
		put_scaled16(w, b < WSQ_CODED_BANDS ? e->bin[b] : (struct scaled16){ 0, 0 });
		put_scaled16(w, b < WSQ_CODED_BANDS ? e->zero_bin[b] : (struct scaled16){ 0, 0 });
	}
}

static void put_frame(const struct encoder *e, struct writer *w)
{
	writer_u16(w, WSQ_SOF);
	writer_u16(w, 17);
	writer_u8(w, 0);
	writer_u8(w, 255);
	writer_u16(w, (uint16_t)e->height);
	writer_u16(w, (uint16_t)e->width);
	put_scaled16(w, e->shift);
	put_scaled16(w, e->scale);
	writer_u8(w, 0);  /* encoder algorithm: no number has been given to this one */
	writer_u16(w, 0); /* nor to its software */
}

/* The comment that NIST's programs write: the one place of a WSQ file that names the resolution. */
static bool put_comment(const struct encoder *e, struct writer *w)
{
	struct writer text;
	bool good;

	writer_init(&text, 512);
	good = writer_printf(&text,
			     "NIST_COM 9\nPIX_WIDTH %u\nPIX_HEIGHT %u\nPIX_DEPTH 8\nPPI %u\nLOSSY 1\nCOLORSPACE GRAY\n"
			     "COMPRESSION WSQ\nWSQ_BITRATE %.6f",
			     e->width, e->height, e->params->ppi, e->params->bit_rate);
	if (good) {
		writer_u16(w, WSQ_COM);
		writer_u16(w, (uint16_t)(2 + writer_view(&text).n));
		writer_put(w, writer_view(&text));
	}
	writer_done(&text);
	return good;
}

static cc_status write_file(const struct encoder *e, struct buf *ret, struct cc_error *err)
{
	struct writer w;
	cc_status st;

	writer_init(&w, FILE_LIMIT);
	writer_u16(&w, WSQ_SOI);
	if (e->params->ppi > 0 && !put_comment(e, &w))
		writer_fail(&w, CC_E_MEMORY);
	put_transform(&w);
	put_quantiser(e, &w);
	put_frame(e, &w);
	put_blocks(e, &w);
	writer_u16(&w, WSQ_EOI);
	st = writer_finish(&w, ret);
	if (st.code == CC_E_LIMIT)
		return cc_fail(err, st.code, "finger.too-large", "WSQ above %u bytes", FILE_LIMIT);
	return cc_failed(st) ? cc_fail(err, st.code, "memory", "WSQ") : st;
}

static cc_status encode(struct encoder *e, const struct image *grey, struct buf *ret, struct cc_error *err)
{
	float low[WSQ_HALF_TAPS] = { 0 }, high[WSQ_HALF_TAPS] = { 0 };
	struct wsq_bank bank;
	cc_status st;

	for (unsigned i = 0; i < 5; i++)
		low[i] = coefficient_value(&low_table[i]);
	for (unsigned i = 0; i < 4; i++)
		high[i] = coefficient_value(&high_table[i]);
	wsq_bank_analysis(low, high, &bank);
	wsq_layout_make(e->width, e->height, &e->layout);
	load_plane(e, grey);
	st = wsq_analyse(e->plane, e->width, e->height, &e->layout, &bank, err);
	if (cc_failed(st))
		return st;
	choose_bins(e);
	quantise(e);
	return write_file(e, ret, err);
}

cc_status wsq_encode(const struct image *im, const struct wsq_params *params, struct buf *ret, struct cc_error *err)
{
	size_t pixels = (size_t)im->width * im->height;
	struct encoder e = { .width = im->width, .height = im->height, .params = params };
	struct image grey = { 0 };
	cc_status st;

	if (!(params->bit_rate >= 0.1 && params->bit_rate <= 8) || im->width < WSQ_ENCODE_SIDE_MIN ||
	    im->height < WSQ_ENCODE_SIDE_MIN)
		return cc_fail(err, CC_E_ARG, "finger.bad-option", "WSQ of %u x %u at %.3f bits a pixel", im->width, im->height,
			       params->bit_rate);
	if (pixels > WSQ_PIXELS_MAX)
		return cc_fail(err, CC_E_LIMIT, "finger.too-large", "%u x %u pixels", im->width, im->height);
	st = image_to_grey(im, &grey, err);
	if (cc_failed(st))
		return st;
	e.plane = cc_alloc(pixels * sizeof *e.plane);
	e.values = cc_alloc(pixels * sizeof *e.values);
	if (e.plane == NULL || e.values == NULL)
		st = cc_fail(err, CC_E_MEMORY, "memory", "WSQ of %u x %u", im->width, im->height);
	else
		st = encode(&e, &grey, ret, err);
	cc_free(e.plane, pixels * sizeof *e.plane);
	cc_free(e.values, pixels * sizeof *e.values);
	image_done(&grey);
	return st;
}
