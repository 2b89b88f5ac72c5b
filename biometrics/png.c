/* SPDX-License-Identifier: Apache-2.0 */
#include "biometrics/png.h"

#include "crypto/base/secret.h"

#include <png.h>
#include <string.h>

/* The one door to libpng. */

#define PNG_BYTES_MAX (64u << 20)
#define CHUNKS_MAX 65536u
#define SIGNATURE BYTES_LITERAL("\x89PNG\r\n\x1A\n")

bool png_is(struct bytes file)
{
	return bytes_starts_with(file, SIGNATURE);
}

static cc_status damaged(struct cc_error *err, const char *what)
{
	return cc_fail(err, CC_E_FORMAT, "photo.damaged", "PNG: %s", what);
}

/* ISO/IEC 15948 11.2.2 */
static cc_status read_header(struct bytes body, uint64_t *ret_pixels, struct cc_error *err)
{
	struct cursor in;
	uint32_t width, height;

	cursor_init(&in, body);
	if (!cursor_u32(&in, &width) || !cursor_u32(&in, &height) || cursor_left(&in) != 5 || width == 0 || height == 0)
		return damaged(err, "header");
	if (width > IMAGE_SIDE_MAX || height > IMAGE_SIDE_MAX || (uint64_t)width * height > IMAGE_PIXELS_MAX)
		return cc_fail(err, CC_E_LIMIT, "photo.too-large", "%u x %u pixels, at most %u a side and %u in all", width,
			       height, IMAGE_SIDE_MAX, IMAGE_PIXELS_MAX);
	*ret_pixels = (uint64_t)width * height;
	return cc_ok();
}

static cc_status check_end(struct cursor *in, uint64_t pixels, uint64_t coded_bytes, struct cc_error *err)
{
	/* The coding packs at most 1032 bytes into one, and a byte holds at most 8 pixels. */
	if (pixels / 8 > 1032 * coded_bytes)
		return damaged(err, "fewer bytes than a picture of its size needs");
	for (uint8_t b = 0; cursor_left(in);)
		if (!cursor_u8(in, &b) || b != 0)
			return cc_fail(err, CC_E_FORMAT, "photo.trailing-data", "%zu bytes behind the picture",
				       cursor_left(in) + 1);
	return cc_ok();
}

/* ISO/IEC 15948 5.3: the chunks, before the library sees them. */
static cc_status walk(struct bytes file, struct cc_error *err)
{
	uint64_t pixels = 0, coded_bytes = 0;
	struct bytes type, body;
	struct cursor in;

	cursor_init(&in, file);
	if (!cursor_skip(&in, SIGNATURE.n))
		return damaged(err, "signature");
	for (unsigned i = 0; i < CHUNKS_MAX; i++) {
		uint32_t len;
		cc_status st;

		if (!cursor_u32(&in, &len) || !cursor_take(&in, 4, &type) || !cursor_take(&in, len, &body) ||
		    !cursor_skip(&in, 4))
			return damaged(err, "a chunk is cut off");
		if ((i == 0) != bytes_equal(type, BYTES_LITERAL("IHDR")))
			return damaged(err, "header");
		if (i == 0 && cc_failed(st = read_header(body, &pixels, err)))
			return st;
		if (bytes_equal(type, BYTES_LITERAL("IDAT")))
			coded_bytes += len;
		if (bytes_equal(type, BYTES_LITERAL("IEND")))
			return check_end(&in, pixels, coded_bytes, err);
	}
	return damaged(err, "too many chunks");
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
	if (cc_failed(st = walk(file, err)))
		return st;
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
