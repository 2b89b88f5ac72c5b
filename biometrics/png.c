/* SPDX-License-Identifier: Apache-2.0 */
#include "biometrics/png.h"

#include "crypto/base/secret.h"

#include <png.h>
#include <string.h>

/* The one door to libpng. */

#define PNG_BYTES_MAX (64u << 20)

bool png_is(struct bytes file)
{
	return bytes_starts_with(file, BYTES_LITERAL("\x89PNG\r\n\x1A\n"));
}

static cc_status read_pixels(png_image *png, struct image *im, struct cc_error *err)
{
	const png_color white = { 255, 255, 255 };

	png->format = PNG_FORMAT_RGB;
	if (!png_image_finish_read(png, &white, im->p, 0, NULL) || (png->warning_or_error & PNG_IMAGE_WARNING))
		return cc_fail(err, CC_E_FORMAT, "photo.damaged", "PNG: %s", png->message);
	return cc_ok();
}

cc_status png_decode(struct bytes file, struct image *ret, struct cc_error *err)
{
	png_image png = { .version = PNG_IMAGE_VERSION };
	struct image im = { 0 };
	cc_status st;

	if (file.n > PNG_BYTES_MAX)
		return cc_fail(err, CC_E_LIMIT, "photo.too-large", "%zu bytes, at most %u", file.n, PNG_BYTES_MAX);
	if (!png_image_begin_read_from_memory(&png, file.p, file.n)) {
		st = cc_fail(err, CC_E_FORMAT, "photo.damaged", "PNG: %s", png.message);
	} else {
		st = image_new(png.width, png.height, 3, &im, err);
		if (!cc_failed(st))
			st = read_pixels(&png, &im, err);
	}
	png_image_free(&png);
	if (!cc_failed(st))
		image_move(ret, &im);
	image_done(&im);
	return st;
}

cc_status png_encode(const struct image *im, struct buf *ret, struct cc_error *err)
{
	png_image png = { .version = PNG_IMAGE_VERSION,
			  .width = im->width,
			  .height = im->height,
			  .format = im->channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB };
	png_alloc_size_t n = PNG_IMAGE_PNG_SIZE_MAX(png);
	struct buf out = { 0 };
	cc_status st = buf_zero(&out, n);

	if (cc_failed(st))
		return cc_fail(err, st.code, "memory", "PNG of %u x %u", im->width, im->height);
	if (!png_image_write_to_memory(&png, out.p, &n, 0, im->p, 0, NULL))
		st = cc_fail(err, CC_E_MEMORY, "memory", "PNG: %s", png.message);
	else
		st = buf_copy(ret, bytes_of(out.p, n));
	png_image_free(&png);
	buf_done(&out);
	return st;
}
