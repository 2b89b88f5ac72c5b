/* SPDX-License-Identifier: Apache-2.0 */
#include "biometrics/jpeg.h"

#include "crypto/base/secret.h"

#include <turbojpeg.h>

/* The one door to libjpeg-turbo. */

static unsigned reduced(unsigned side, unsigned reduce)
{
	return (side + reduce - 1) / reduce;
}

/* Ink to light: inverted CMYK (Adobe) stores 255 - ink. No profile is applied: the result is for looking and measuring. */
static void cmyk_to_rgb(const uint8_t *cmyk, size_t pixels, bool inverted, uint8_t *rgb)
{
	unsigned flip = inverted ? 0 : 255;

	for (size_t i = 0; i < pixels; i++) {
		unsigned k = cmyk[4 * i + 3] ^ flip;

		for (size_t j = 0; j < 3; j++)
			rgb[3 * i + j] = (uint8_t)(((cmyk[4 * i + j] ^ flip) * k + 127) / 255);
	}
}

/* A warning (premature end, bad code) means lost pixels: refused like an error. */
static cc_status decompress(tjhandle tj, struct bytes file, uint8_t *out, unsigned w, unsigned h, int format,
			    struct cc_error *err)
{
	if (tjDecompress2(tj, file.p, (unsigned long)file.n, out, (int)w, 0, (int)h, format, TJFLAG_STOPONWARNING) != 0)
		return cc_fail(err, CC_E_FORMAT, "photo.damaged", "JPEG: %s", tjGetErrorStr2(tj));
	return cc_ok();
}

static cc_status decode_cmyk(tjhandle tj, struct bytes file, bool inverted, struct image *im, struct cc_error *err)
{
	size_t pixels = (size_t)im->width * im->height;
	uint8_t *cmyk = cc_alloc(pixels * 4);
	cc_status st;

	if (!cmyk)
		return cc_fail(err, CC_E_MEMORY, "memory", "%u x %u pixels of four colours", im->width, im->height);
	st = decompress(tj, file, cmyk, im->width, im->height, TJPF_CMYK, err);
	if (!cc_failed(st))
		cmyk_to_rgb(cmyk, pixels, inverted, im->p);
	cc_free(cmyk, pixels * 4);
	return st;
}

cc_status jpeg_decode(struct bytes file, unsigned reduce, struct image *ret, struct jpeg_info *ret_info, struct cc_error *err)
{
	struct jpeg_info info;
	struct image im = { 0 };
	tjhandle tj = NULL;
	cc_status st;

	CC_ASSERT(reduce == 1 || reduce == 2 || reduce == 4 || reduce == 8);
	st = jpeg_probe(file, &info, err);
	if (cc_failed(st))
		return st;
	st = image_new(reduced(info.width, reduce), reduced(info.height, reduce), 3, &im, err);
	if (cc_failed(st))
		return st;
	tj = tjInitDecompress();
	if (!tj)
		st = cc_fail(err, CC_E_MEMORY, "memory", "JPEG decoder");
	else if (info.colour == JPEG_CMYK)
		st = decode_cmyk(tj, file, info.inverted, &im, err);
	else
		st = decompress(tj, file, im.p, im.width, im.height, TJPF_RGB, err);
	if (!cc_failed(st))
		st = image_upright(&im, info.orientation, err);
	if (!cc_failed(st)) {
		image_move(ret, &im);
		if (ret_info)
			*ret_info = info;
	}
	if (tj)
		tjDestroy(tj);
	image_done(&im);
	return st;
}

cc_status jpeg_decode_luma(struct bytes file, struct image *ret, struct cc_error *err)
{
	struct jpeg_info info;
	struct image im = { 0 };
	tjhandle tj = NULL;
	cc_status st = jpeg_probe(file, &info, err);

	if (!cc_failed(st) && info.colour == JPEG_CMYK)
		st = cc_fail(err, CC_E_UNSUPPORTED, "photo.unsupported", "luma of CMYK");
	if (!cc_failed(st))
		st = image_new(info.width, info.height, 1, &im, err);
	if (cc_failed(st))
		return st;
	tj = tjInitDecompress();
	st = tj ? decompress(tj, file, im.p, im.width, im.height, TJPF_GRAY, err)
		: cc_fail(err, CC_E_MEMORY, "memory", "JPEG decoder");
	if (!cc_failed(st))
		st = image_upright(&im, info.orientation, err);
	if (!cc_failed(st))
		image_move(ret, &im);
	if (tj)
		tjDestroy(tj);
	image_done(&im);
	return st;
}

static int subsampling(const struct image *im, enum jpeg_chroma chroma)
{
	if (im->channels == 1)
		return TJSAMP_GRAY;
	return chroma == JPEG_CHROMA_FULL ? TJSAMP_444 : chroma == JPEG_CHROMA_HALF ? TJSAMP_422 : TJSAMP_420;
}

cc_status jpeg_encode(const struct image *im, const struct jpeg_params *params, struct buf *ret, struct cc_error *err)
{
	tjhandle tj = tjInitCompress();
	unsigned char *out = NULL;
	unsigned long n = 0;
	cc_status st;

	CC_ASSERT(params->quality >= 1 && params->quality <= 100);
	if (!tj)
		return cc_fail(err, CC_E_MEMORY, "memory", "JPEG encoder");
	if (tjCompress2(tj, im->p, (int)im->width, 0, (int)im->height, im->channels == 1 ? TJPF_GRAY : TJPF_RGB, &out, &n,
			subsampling(im, params->chroma), params->quality, TJFLAG_ACCURATEDCT) != 0)
		st = cc_fail(err, CC_E_MEMORY, "memory", "JPEG encoder: %s", tjGetErrorStr2(tj));
	else
		st = buf_copy(ret, bytes_of(out, n));
	if (out) {
		cc_wipe(out, n);
		tjFree(out);
	}
	tjDestroy(tj);
	return st;
}
