/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/fingers.h"

#include "crypto/base/tlv.h"
#include "station/finger_file.h"
#include "station/registry/photo.h"

cc_status fingers_pack(const struct finger_prints *prints, struct buf *ret)
{
	struct writer w;
	cc_status st;

	writer_init(&w, FINGERS_BYTES_MAX);
	for (unsigned i = 1; i <= FINGERS; i++) {
		if (prints->files[i].n == 0)
			continue;
		tlv_open(&w, 0x30);
		der_put_uint(&w, i);
		tlv_put(&w, 0x04, prints->files[i]);
		tlv_close(&w);
	}
	st = writer_finish(&w, ret);
	writer_done(&w);
	return st;
}

cc_status fingers_unpack(struct bytes packed, struct finger_prints *ret)
{
	struct finger_prints p = { 0 };
	struct cursor in, item;
	uint64_t last = 0, position;
	struct bytes file;

	cursor_init(&in, packed);
	while (cursor_left(&in) > 0) {
		if (!tlv_expect(&in, TLV_STRICT, 0x30, &item) || !der_uint(&item, &position) ||
		    !tlv_expect_bytes(&item, TLV_STRICT, 0x04, &file) || cc_failed(cursor_end(&item)) || position <= last ||
		    position > FINGERS || file.n == 0)
			return cc_code_status(CC_E_FORMAT);
		p.files[position] = file;
		last = position;
	}
	*ret = p;
	return cc_ok();
}

/* ---- files that a row names */

static const char *fault_of(struct bytes file)
{
	if (file.n > FINGERS_FILE_MAX)
		return "import.finger-too-large";
	return finger_file_is(file) ? NULL : "import.finger-kind";
}

/* CC_E_FORMAT: *fault says why. */
static cc_status read_one(int folder_fd, const char *path, struct buf *ret, struct row_fault *fault)
{
	struct buf file = { 0 };
	cc_status st = photo_read_file(folder_fd, path, "fingerprints", &file, fault);
	const char *key = cc_failed(st) ? NULL : fault_of(buf_view(&file));

	if (key != NULL) {
		*fault = (struct row_fault){ .field = "fingerprints", .key = key };
		st = cc_code_status(CC_E_FORMAT);
	}
	if (!cc_failed(st))
		buf_move(ret, &file);
	buf_done(&file);
	return st;
}

cc_status fingers_read(int folder_fd, const struct person *p, struct buf *ret, fingers_fault told, void *ctx)
{
	struct buf files[FINGERS + 1] = { 0 };
	struct finger_prints prints = { 0 };
	cc_status st = cc_ok();

	for (unsigned i = 1; i <= FINGERS && !cc_failed(st); i++) {
		struct row_fault fault;

		if (p->finger_paths[i][0] == '\0')
			continue;
		st = read_one(folder_fd, p->finger_paths[i], &files[i], &fault);
		fault.position = i;
		if (st.code == CC_E_FORMAT)
			st = cc_code_status(told(ctx, &fault) ? CC_OK : CC_E_MEMORY);
		prints.files[i] = buf_view(&files[i]);
	}
	if (!cc_failed(st))
		st = fingers_pack(&prints, ret);
	for (unsigned i = 1; i <= FINGERS; i++)
		buf_done(&files[i]);
	return st;
}
