/* SPDX-License-Identifier: Apache-2.0 */
#include "station/finger_file.h"

#include "biometrics/jp2.h"
#include "biometrics/png.h"
#include "biometrics/wsq.h"
#include "card/lds/dg3.h"

#include <string.h>

#define SHEET_GAP 16u

const char *finger_coding_name(enum finger_coding coding)
{
	static const char *const names[] = { [FINGER_RAW] = "raw",   [FINGER_PACKED] = "packed", [FINGER_WSQ] = "wsq",
					     [FINGER_JPEG] = "jpeg", [FINGER_JPEG2000] = "jp2",	 [FINGER_PNG] = "png" };

	return names[coding];
}

bool finger_coding_of(struct bytes file, enum finger_coding *ret)
{
	if (wsq_is(file))
		*ret = FINGER_WSQ;
	else if (png_is(file))
		*ret = FINGER_PNG;
	else if (jp2_is(file))
		*ret = FINGER_JPEG2000;
	else if (bytes_starts_with(file, BYTES_LITERAL("\xFF\xD8\xFF")))
		*ret = FINGER_JPEG;
	else
		return false;
	return true;
}

static bool is_dg3(struct bytes file)
{
	return bytes_starts_with(file, BYTES_LITERAL("\x63"));
}

bool finger_file_is(struct bytes file)
{
	enum finger_coding coding;

	return finger_record_is(file) || is_dg3(file) || finger_coding_of(file, &coding);
}

/* ---- pictures */

static cc_status decode(struct image_worker *w, struct finger_entry *e, struct cc_error *err)
{
	struct photo photo = { 0 };
	struct wsq_info info = { 0 };
	cc_status st = image_worker_decode(w, e->data, &photo, err);

	if (!cc_failed(st))
		st = image_to_grey(&photo.image, &e->image, err);
	/* A header alone: parsed here, the pixels were not. */
	if (!cc_failed(st) && e->coding == FINGER_WSQ && e->ppi == 0 && !cc_failed(wsq_probe(e->data, &info, NULL)))
		e->ppi = info.ppi;
	photo_done(&photo);
	return st;
}

static cc_status add_picture(struct image_worker *w, struct bytes file, struct finger_file *f, struct cc_error *err)
{
	struct finger_entry *e = &f->entries[f->count];
	cc_status st;

	if (!finger_coding_of(file, &e->coding))
		return cc_fail(err, CC_E_FORMAT, "finger.unknown-kind", "neither a picture, nor a record, nor a DG3");
	e->data = file;
	st = decode(w, e, err);
	if (!cc_failed(st))
		f->count++;
	return st;
}

static cc_status add_image(struct image_worker *w, const struct finger_record *r, size_t index, struct finger_file *f,
			   struct cc_error *err)
{
	const struct finger_image *im = &r->images[index];
	struct finger_entry *e = &f->entries[f->count];
	enum finger_coding found;
	cc_status st;

	if (f->count == FINGER_IMAGES_MAX)
		return cc_fail(err, CC_E_LIMIT, "finger.record-too-large", "more than %u prints", FINGER_IMAGES_MAX);
	*e = (struct finger_entry){ .position = im->position, .ppi = finger_record_ppi(r), .data = im->data };
	if (r->coding > FINGER_PNG)
		return cc_fail(err, CC_E_FORMAT, "finger.record-malformed", "coding %u", r->coding);
	e->coding = (enum finger_coding)r->coding;
	if (e->coding == FINGER_RAW || e->coding == FINGER_PACKED)
		st = finger_record_raw(r, index, &e->image, err);
	else if (!finger_coding_of(im->data, &found) || found != e->coding)
		st = cc_fail(err, CC_E_FORMAT, "finger.record-malformed", "data are not of the coding named");
	else
		st = decode(w, e, err);
	if (!cc_failed(st) && (e->image.width != im->width || e->image.height != im->height))
		st = cc_fail(err, CC_E_FORMAT, "finger.record-malformed", "picture of another size than its header says");
	f->count++; /* what it holds is freed with the file */
	return st;
}

static cc_status add_record(struct image_worker *w, struct bytes record, struct finger_file *f, struct cc_error *err)
{
	struct finger_record r;
	cc_status st = finger_record_decode(record, &r, err);

	for (size_t i = 0; !cc_failed(st) && i < r.count; i++)
		st = add_image(w, &r, i, f, err);
	return st;
}

static cc_status add_dg3(struct image_worker *w, struct bytes file, struct finger_file *f, struct cc_error *err)
{
	struct dg3 d;
	cc_status st = dg3_parse(file, &d, err);

	for (size_t i = 0; !cc_failed(st) && i < d.count; i++)
		st = add_record(w, d.items[i].record, f, err);
	return st;
}

cc_status finger_file_read(struct image_worker *w, struct bytes file, struct finger_file *ret, struct cc_error *err)
{
	cc_status st;

	if (file.n > FINGER_FILE_BYTES_MAX)
		return cc_fail(err, CC_E_LIMIT, "finger.too-large", "%zu bytes", file.n);
	if (finger_record_is(file)) {
		ret->kind = FINGER_FILE_RECORD;
		st = add_record(w, file, ret, err);
	} else if (is_dg3(file)) {
		ret->kind = FINGER_FILE_DG3;
		st = add_dg3(w, file, ret, err);
	} else {
		ret->kind = FINGER_FILE_PICTURE;
		st = add_picture(w, file, ret, err);
	}
	for (size_t i = 0; i < ret->count; i++) {
		ret->entries[i].width = ret->entries[i].image.width;
		ret->entries[i].height = ret->entries[i].image.height;
	}
	if (cc_failed(st))
		finger_file_done(ret);
	return st;
}

void finger_file_done(struct finger_file *f)
{
	for (size_t i = 0; i < FINGER_IMAGES_MAX; i++)
		image_done(&f->entries[i].image);
	*f = (struct finger_file){ 0 };
}

static void paste(const struct image *from, unsigned x, struct image *to)
{
	for (unsigned y = 0; y < from->height; y++)
		memcpy(to->p + (size_t)y * to->width + x, image_row(from, y), from->width);
}

cc_status finger_file_sheet(const struct finger_file *f, struct image *ret, struct cc_error *err)
{
	unsigned width = 0, height = 0, x = 0;
	struct image sheet = { 0 };
	cc_status st;

	if (f->count == 0)
		return cc_fail(err, CC_E_NOT_FOUND, "finger.none", "no print in the file");
	for (size_t i = 0; i < f->count; i++) {
		width += f->entries[i].width + (i > 0 ? SHEET_GAP : 0);
		height = f->entries[i].height > height ? f->entries[i].height : height;
	}
	st = image_new(width, height, 1, &sheet, err);
	if (cc_failed(st))
		return st;
	memset(sheet.p, 255, image_size(&sheet));
	for (size_t i = 0; i < f->count; i++) {
		paste(&f->entries[i].image, x, &sheet);
		x += f->entries[i].width + SHEET_GAP;
	}
	image_move(ret, &sheet);
	return st;
}
