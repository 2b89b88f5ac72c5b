/* SPDX-License-Identifier: Apache-2.0 */
#include "biometrics/photo.h"

#include "biometrics/jp2.h"
#include "biometrics/png.h"

/* What is known of the file when it is no JPEG. */
static struct jpeg_info other_info(const struct image *im, bool grey)
{
	return (struct jpeg_info){
		.width = im->width, .height = im->height, .orientation = 1, .scans = 1, .colour = grey ? JPEG_GREY : JPEG_COLOUR
	};
}

cc_status photo_decode(struct bytes file, struct photo *ret, struct cc_error *err)
{
	struct photo p = { .kind = png_is(file) ? PHOTO_PNG : jp2_is(file) ? PHOTO_JPEG2000 : PHOTO_JPEG };
	struct jp2_info jp2 = { 0 };
	cc_status st;

	if (p.kind == PHOTO_PNG)
		st = png_decode(file, &p.image, err);
	else if (p.kind == PHOTO_JPEG2000)
		st = jp2_decode(file, &p.image, &jp2, err);
	else
		st = jpeg_decode(file, 1, &p.image, &p.jpeg, err);
	if (cc_failed(st))
		return st;
	if (p.kind != PHOTO_JPEG)
		p.jpeg = other_info(&p.image, p.kind == PHOTO_JPEG2000 && jp2.colour == JP2_GREY);
	*ret = p;
	return st;
}

void photo_done(struct photo *p)
{
	image_done(&p->image);
	*p = (struct photo){ 0 };
}
