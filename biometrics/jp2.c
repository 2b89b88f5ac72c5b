/* SPDX-License-Identifier: Apache-2.0 */
#include "biometrics/jp2.h"

#include "crypto/base/secret.h"

#include <openjpeg.h>
#include <stdlib.h>
#include <string.h>

/* The one door to OpenJPEG: it sees codestreams alone, boxes are read and written here. */

/* What the library has to say: the first complaint, errors and warnings alike. */
struct complaint {
	bool any;
	char text[120];
};

static void complain(const char *message, void *ctx)
{
	struct complaint *c = ctx;
	size_t n = strcspn(message, "\r\n");

	if (c->any)
		return;
	c->any = true;
	if (n >= sizeof c->text)
		n = sizeof c->text - 1;
	memcpy(c->text, message, n);
	c->text[n] = '\0';
}

static void listen_to(opj_codec_t *codec, struct complaint *c)
{
	(void)opj_set_error_handler(codec, complain, c);
	(void)opj_set_warning_handler(codec, complain, c);
}

/* ---- bytes in */

struct source {
	struct bytes all;
	struct cursor in;
};

static OPJ_SIZE_T source_read(void *out, OPJ_SIZE_T n, void *ctx)
{
	struct source *s = ctx;
	size_t left = cursor_left(&s->in), take = n < left ? n : left;

	if (take == 0 || !cursor_copy(&s->in, out, take))
		return (OPJ_SIZE_T)-1;
	return take;
}

static OPJ_OFF_T source_skip(OPJ_OFF_T n, void *ctx)
{
	struct source *s = ctx;

	if (n < 0 || (uint64_t)n > cursor_left(&s->in) || !cursor_skip(&s->in, (size_t)n))
		return -1;
	return n;
}

static OPJ_BOOL source_seek(OPJ_OFF_T to, void *ctx)
{
	struct source *s = ctx;

	cursor_init(&s->in, s->all);
	return to >= 0 && (uint64_t)to <= s->all.n && cursor_skip(&s->in, (size_t)to) ? OPJ_TRUE : OPJ_FALSE;
}

static opj_stream_t *source_open(struct source *s)
{
	opj_stream_t *stream = opj_stream_create(s->all.n < 65536 ? s->all.n : 65536, OPJ_TRUE);

	if (!stream)
		return NULL;
	cursor_init(&s->in, s->all);
	opj_stream_set_read_function(stream, source_read);
	opj_stream_set_skip_function(stream, source_skip);
	opj_stream_set_seek_function(stream, source_seek);
	opj_stream_set_user_data(stream, s, NULL);
	opj_stream_set_user_data_length(stream, s->all.n);
	return stream;
}

/* ---- samples to pixels */

static uint8_t clip(int v)
{
	return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

/* The sample of component c that covers pixel (x, y), as 8 bits. */
static int sample(const opj_image_comp_t *c, unsigned x, unsigned y)
{
	unsigned sx = x / c->dx < c->w ? x / c->dx : c->w - 1, sy = y / c->dy < c->h ? y / c->dy : c->h - 1;
	int64_t v = c->data[(size_t)sy * c->w + sx], top = (1 << c->prec) - 1;

	return c->prec == 8 ? clip((int)v) : clip((int)((v * 255 + top / 2) / top));
}

/* ISO/IEC 15444-1 I.5.3.3, sYCC: IEC 61966-2-1 amendment 1, annex F. In 1/65536. */
static void ycc_to_rgb(int y, int cb, int cr, uint8_t *rgb)
{
	cb -= 128;
	cr -= 128;
	rgb[0] = clip((y * 65536 + 91881 * cr + 32768) >> 16);
	rgb[1] = clip((y * 65536 - 22554 * cb - 46802 * cr + 32768) >> 16);
	rgb[2] = clip((y * 65536 + 116130 * cb + 32768) >> 16);
}

static void put_pixel(const opj_image_t *from, enum jp2_colour colour, unsigned x, unsigned y, uint8_t *rgb)
{
	int v[3];

	for (unsigned c = 0; c < 3; c++)
		v[c] = colour == JP2_GREY && c > 0 ? v[0] : sample(&from->comps[c], x, y);
	if (colour == JP2_YCC) {
		ycc_to_rgb(v[0], v[1], v[2], rgb);
		return;
	}
	for (unsigned c = 0; c < 3; c++)
		rgb[c] = (uint8_t)v[c];
}

static bool is_as_probed(const opj_image_t *from, const struct jp2_info *info)
{
	if (from->numcomps != info->components)
		return false;
	for (unsigned c = 0; c < from->numcomps; c++) {
		const opj_image_comp_t *p = &from->comps[c];

		if (!p->data || p->w == 0 || p->h == 0 || p->dx == 0 || p->dy == 0 || p->prec == 0 || p->prec > 16 || p->sgnd)
			return false;
	}
	return from->comps[0].w == info->width && from->comps[0].h == info->height;
}

static cc_status to_pixels(const opj_image_t *from, const struct jp2_info *info, struct image *im, struct cc_error *err)
{
	cc_status st;

	if (!is_as_probed(from, info))
		return cc_fail(err, CC_E_FORMAT, "photo.damaged", "JPEG 2000: components of another size");
	st = image_new(info->width, info->height, 3, im, err);
	if (cc_failed(st))
		return st;
	for (unsigned y = 0; y < info->height; y++)
		for (unsigned x = 0; x < info->width; x++)
			put_pixel(from, info->colour, x, y, im->p + ((size_t)y * info->width + x) * 3);
	return st;
}

static void wipe_samples(opj_image_t *im)
{
	for (unsigned c = 0; im && c < im->numcomps; c++)
		if (im->comps[c].data)
			cc_wipe(im->comps[c].data, (size_t)im->comps[c].w * im->comps[c].h * sizeof *im->comps[c].data);
	opj_image_destroy(im);
}

/* A complaint means lost pixels: refused like an error. */
static bool decompress(opj_codec_t *codec, opj_stream_t *stream, struct complaint *c, opj_image_t **ret)
{
	opj_dparameters_t params;

	opj_set_default_decoder_parameters(&params);
	listen_to(codec, c);
	return opj_setup_decoder(codec, &params) && opj_decoder_set_strict_mode(codec, OPJ_TRUE) &&
	       opj_read_header(stream, codec, ret) && opj_decode(codec, stream, *ret) && opj_end_decompress(codec, stream) &&
	       !c->any;
}

static cc_status decode_codestream(const struct jp2_info *info, struct image *im, struct cc_error *err)
{
	struct source source = { .all = info->codestream };
	struct complaint complaint = { 0 };
	opj_stream_t *stream = source_open(&source);
	opj_codec_t *codec = opj_create_decompress(OPJ_CODEC_J2K);
	opj_image_t *decoded = NULL;
	cc_status st;

	if (!stream || !codec)
		st = cc_fail(err, CC_E_MEMORY, "memory", "JPEG 2000 decoder");
	else if (!decompress(codec, stream, &complaint, &decoded))
		st = cc_fail(err, CC_E_FORMAT, "photo.damaged", "JPEG 2000: %s", complaint.any ? complaint.text : "not decoded");
	else
		st = to_pixels(decoded, info, im, err);
	wipe_samples(decoded);
	opj_destroy_codec(codec);
	opj_stream_destroy(stream);
	return st;
}

cc_status jp2_decode(struct bytes file, struct image *ret, struct jp2_info *ret_info, struct cc_error *err)
{
	struct jp2_info info;
	struct image im = { 0 };
	cc_status st = jp2_probe(file, &info, err);

	if (!cc_failed(st))
		st = decode_codestream(&info, &im, err);
	if (!cc_failed(st)) {
		image_move(ret, &im);
		if (ret_info)
			*ret_info = info;
	}
	image_done(&im);
	return st;
}

/* ---- bytes out */

#define ENCODED_BYTES_MAX (64u << 20)

static OPJ_SIZE_T sink_write(void *in, OPJ_SIZE_T n, void *ctx)
{
	struct writer *w = ctx;

	writer_put(w, bytes_of(in, n));
	return w->failed == CC_OK ? n : (OPJ_SIZE_T)-1;
}

static opj_image_t *samples_of(const struct image *im)
{
	opj_image_cmptparm_t params[3] = { 0 };
	opj_image_t *out;

	for (unsigned c = 0; c < im->channels; c++)
		params[c] = (opj_image_cmptparm_t){ .dx = 1, .dy = 1, .w = im->width, .h = im->height, .prec = 8 };
	out = opj_image_create(im->channels, params, im->channels == 3 ? OPJ_CLRSPC_SRGB : OPJ_CLRSPC_GRAY);
	if (!out)
		return NULL;
	out->x1 = im->width;
	out->y1 = im->height;
	for (size_t i = 0, n = (size_t)im->width * im->height; i < n; i++)
		for (unsigned c = 0; c < im->channels; c++)
			out->comps[c].data[i] = im->p[i * im->channels + c];
	return out;
}

static int levels_for(const struct image *im)
{
	unsigned side = im->width < im->height ? im->width : im->height;
	int levels = 0;

	while (levels < 5 && side >> (levels + 1) >= 8)
		levels++;
	return levels;
}

static bool compress(const struct image *im, size_t bytes, opj_codec_t *codec, opj_stream_t *stream, struct complaint *c)
{
	static char no_comment[] = "";
	opj_image_t *samples = samples_of(im);
	opj_cparameters_t params;
	bool ok;

	opj_set_default_encoder_parameters(&params);
	params.tcp_numlayers = 1;
	params.tcp_rates[0] = (float)image_size(im) / (float)bytes;
	params.cp_disto_alloc = 1;
	params.irreversible = 1;
	params.tcp_mct = (char)(im->channels == 3);
	params.numresolution = levels_for(im) + 1;
	params.cp_comment = no_comment;
	listen_to(codec, c);
	ok = samples && opj_setup_encoder(codec, &params, samples) && opj_start_compress(codec, samples, stream) &&
	     opj_encode(codec, stream) && opj_end_compress(codec, stream);
	wipe_samples(samples);
	return ok;
}

/* About `bytes` long: the library misses its aim by a few. */
static cc_status encode_codestream(const struct image *im, size_t bytes, struct buf *ret, struct cc_error *err)
{
	struct complaint complaint = { 0 };
	struct writer w;
	opj_codec_t *codec = opj_create_compress(OPJ_CODEC_J2K);
	opj_stream_t *stream = opj_stream_create(65536, OPJ_FALSE);
	cc_status st;

	writer_init(&w, ENCODED_BYTES_MAX);
	if (stream) {
		opj_stream_set_write_function(stream, sink_write);
		opj_stream_set_user_data(stream, &w, NULL);
	}
	if (!codec || !stream || !compress(im, bytes, codec, stream, &complaint))
		st = cc_fail(err, CC_E_MEMORY, "memory", "JPEG 2000 encoder: %s", complaint.text);
	else if (cc_failed(st = writer_finish(&w, ret)))
		st = cc_fail(err, st.code, "memory", "JPEG 2000 codestream");
	opj_destroy_codec(codec);
	opj_stream_destroy(stream);
	writer_done(&w);
	return st;
}

/* ISO/IEC 15444-1 annex I: signature, file type, header (image header, colour), codestream. */
#define BOXES_BYTES (12u + 20u + 8u + 22u + 15u + 8u)

static cc_status put_boxes(const struct image *im, struct bytes codestream, struct buf *ret)
{
	struct writer w;

	writer_init(&w, BOXES_BYTES + codestream.n);
	writer_put(&w, BYTES_LITERAL("\0\0\0\x0CjP  \r\n\x87\n"));
	writer_put(&w, BYTES_LITERAL("\0\0\0\x14"
				     "ftypjp2 \0\0\0\0jp2 "));
	writer_u32(&w, 8 + 22 + 15);
	writer_str(&w, "jp2h");
	writer_u32(&w, 22);
	writer_str(&w, "ihdr");
	writer_u32(&w, im->height);
	writer_u32(&w, im->width);
	writer_u16(&w, (uint16_t)im->channels);
	writer_put(&w, BYTES_LITERAL("\x07\x07\0\0")); /* 8 bits, wavelet, colour space known, no rights */
	writer_u32(&w, 15);
	writer_str(&w, "colr");
	writer_put(&w, BYTES_LITERAL("\x01\0\0"));
	writer_u32(&w, im->channels == 3 ? 16 : 17);
	writer_u32(&w, (uint32_t)(8 + codestream.n));
	writer_str(&w, "jp2c");
	writer_put(&w, codestream);
	return writer_finish(&w, ret);
}

#define CODESTREAM_BYTES_MIN 120u /* its headers alone */
#define TRIALS_MAX 6u

cc_status jp2_encode(const struct image *im, size_t bytes_max, struct buf *ret, struct cc_error *err)
{
	struct buf codestream = { 0 };
	size_t want = bytes_max > BOXES_BYTES ? bytes_max - BOXES_BYTES : 0;
	cc_status st = cc_ok();

	for (size_t i = 0, over; i < TRIALS_MAX && want >= CODESTREAM_BYTES_MIN; i++) {
		st = encode_codestream(im, want, &codestream, err);
		if (cc_failed(st) || codestream.n + BOXES_BYTES <= bytes_max)
			break;
		over = codestream.n + BOXES_BYTES - bytes_max + 4 * i;
		want = over < want ? want - over : 0;
		buf_done(&codestream);
	}
	if (!cc_failed(st) && codestream.n == 0)
		st = cc_fail(err, CC_E_LIMIT, "photo.does-not-fit", "JPEG 2000 of %u x %u in %zu bytes", im->width, im->height,
			     bytes_max);
	else if (!cc_failed(st) && cc_failed(st = put_boxes(im, buf_view(&codestream), ret)))
		st = cc_fail(err, st.code, "memory", "JPEG 2000 file");
	buf_done(&codestream);
	return st;
}
