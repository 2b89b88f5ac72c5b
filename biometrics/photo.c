/* SPDX-License-Identifier: Apache-2.0 */
#include "biometrics/photo.h"

#include "biometrics/jp2.h"
#include "biometrics/png.h"
#include "biometrics/wsq.h"

/* What is known of the file when it is no JPEG. */
static struct jpeg_info other_info(const struct image *im, bool grey)
{
	return (struct jpeg_info){
		.width = im->width, .height = im->height, .orientation = 1, .scans = 1, .colour = grey ? JPEG_GREY : JPEG_COLOUR
	};
}

static enum photo_kind kind_of(struct bytes file)
{
	if (png_is(file))
		return PHOTO_PNG;
	if (jp2_is(file))
		return PHOTO_JPEG2000;
	return wsq_is(file) ? PHOTO_WSQ : PHOTO_JPEG;
}

/* A print is grey; a photo's pixels have three values. */
static cc_status decode_wsq(struct bytes file, struct image *ret, struct cc_error *err)
{
	struct image grey = { 0 };
	cc_status st = wsq_decode(file, &grey, NULL, err);

	if (!cc_failed(st))
		st = image_new(grey.width, grey.height, 3, ret, err);
	for (size_t i = 0; !cc_failed(st) && i < image_size(&grey); i++)
		ret->p[3 * i] = ret->p[3 * i + 1] = ret->p[3 * i + 2] = grey.p[i];
	image_done(&grey);
	return st;
}

cc_status photo_decode(struct bytes file, struct photo *ret, struct cc_error *err)
{
	struct photo p = { .kind = kind_of(file) };
	struct jp2_info jp2 = { 0 };
	cc_status st;

	if (p.kind == PHOTO_PNG)
		st = png_decode(file, &p.image, err);
	else if (p.kind == PHOTO_JPEG2000)
		st = jp2_decode(file, &p.image, &jp2, err);
	else if (p.kind == PHOTO_WSQ)
		st = decode_wsq(file, &p.image, err);
	else
		st = jpeg_decode(file, 1, &p.image, &p.jpeg, err);
	if (cc_failed(st))
		return st;
	if (p.kind != PHOTO_JPEG)
		p.jpeg = other_info(&p.image, p.kind == PHOTO_WSQ || (p.kind == PHOTO_JPEG2000 && jp2.colour == JP2_GREY));
	*ret = p;
	return st;
}

void photo_done(struct photo *p)
{
	image_done(&p->image);
	*p = (struct photo){ 0 };
}
