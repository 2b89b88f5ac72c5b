/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/fingers.h"

#include "biometrics/finger_template.h"
#include "crypto/base/tlv.h"
#include "station/finger_file.h"
#include "station/registry/photo.h"

cc_status fingers_pack(const struct finger_prints *prints, struct buf *ret)
{
	struct writer w;
	cc_status st;

	writer_init(&w, FINGERS_BYTES_MAX);
	for (unsigned i = 1; i <= FINGERS; i++) {
		if (prints->files[i].n == 0 && prints->templates[i].n == 0)
			continue;
		tlv_open(&w, 0x30);
		der_put_uint(&w, i);
		if (prints->files[i].n > 0)
			tlv_put(&w, 0x04, prints->files[i]);
		if (prints->templates[i].n > 0)
			tlv_put(&w, 0x81, prints->templates[i]);
		tlv_close(&w);
	}
	st = writer_finish(&w, ret);
	writer_done(&w);
	return st;
}

/* Absent, or with content. */
static bool take_part(struct cursor *in, uint32_t tag, struct bytes *ret)
{
	return !tlv_is_next(in, tag) || (tlv_expect_bytes(in, TLV_STRICT, tag, ret) && ret->n > 0);
}

cc_status fingers_unpack(struct bytes packed, struct finger_prints *ret)
{
	struct finger_prints p = { 0 };
	struct cursor in, item;
	uint64_t last = 0, position;

	cursor_init(&in, packed);
	while (cursor_left(&in) > 0) {
		if (!tlv_expect(&in, TLV_STRICT, 0x30, &item) || !der_uint(&item, &position) || position <= last ||
		    position > FINGERS || !take_part(&item, 0x04, &p.files[position]) ||
		    !take_part(&item, 0x81, &p.templates[position]) || cc_failed(cursor_end(&item)) ||
		    (p.files[position].n == 0 && p.templates[position].n == 0))
			return cc_code_status(CC_E_FORMAT);
		last = position;
	}
	*ret = p;
	return cc_ok();
}

/* ---- files that a row names */

static const char *fault_of(struct bytes file, bool minutiae)
{
	struct finger_template t;

	if (file.n > FINGERS_FILE_MAX)
		return "import.finger-too-large";
	if (minutiae)
		return cc_failed(finger_template_parse(file, &t, NULL)) ? "import.finger-template" : NULL;
	return finger_file_is(file) ? NULL : "import.finger-kind";
}

/* CC_E_FORMAT: *fault says why. */
static cc_status read_one(int folder_fd, const char *path, bool minutiae, struct buf *ret, struct row_fault *fault)
{
	struct buf file = { 0 };
	cc_status st = photo_read_file(folder_fd, path, "fingerprints", &file, fault);
	const char *key = cc_failed(st) ? NULL : fault_of(buf_view(&file), minutiae);

	if (key != NULL) {
		*fault = (struct row_fault){ .field = "fingerprints", .key = key };
		st = cc_code_status(CC_E_FORMAT);
	}
	if (!cc_failed(st))
		buf_move(ret, &file);
	buf_done(&file);
	return st;
}

/* Who is told of files that can't be taken. */
struct listener {
	int folder_fd;
	fingers_fault told;
	void *ctx;
};

static cc_status read_told(const struct listener *l, const char *path, unsigned position, bool minutiae, struct buf *ret)
{
	struct row_fault fault = { 0 };
	cc_status st;

	if (path[0] == '\0')
		return cc_ok();
	st = read_one(l->folder_fd, path, minutiae, ret, &fault);
	fault.position = position;
	if (st.code == CC_E_FORMAT)
		st = cc_code_status(l->told(l->ctx, &fault) ? CC_OK : CC_E_MEMORY);
	return st;
}

cc_status fingers_read(int folder_fd, const struct person *p, struct buf *ret, fingers_fault told, void *ctx)
{
	const struct listener l = { folder_fd, told, ctx };
	struct buf files[FINGERS + 1] = { 0 }, templates[FINGERS + 1] = { 0 };
	struct finger_prints prints = { 0 };
	cc_status st = cc_ok();

	for (unsigned i = 1; i <= FINGERS && !cc_failed(st); i++) {
		st = read_told(&l, p->finger_paths[i], i, false, &files[i]);
		if (!cc_failed(st))
			st = read_told(&l, p->finger_templates[i], i, true, &templates[i]);
		prints.files[i] = buf_view(&files[i]);
		prints.templates[i] = buf_view(&templates[i]);
	}
	if (!cc_failed(st))
		st = fingers_pack(&prints, ret);
	for (unsigned i = 1; i <= FINGERS; i++) {
		buf_done(&files[i]);
		buf_done(&templates[i]);
	}
	return st;
}
