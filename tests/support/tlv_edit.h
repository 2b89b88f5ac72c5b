/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_TESTS_SUPPORT_TLV_EDIT_H
#define CC_TESTS_SUPPORT_TLV_EDIT_H

#include "crypto/base/buf.h"

#include <stddef.h>

/*
 * Changes one object inside a file of nested TLV and writes the lengths around
 * it anew: what a defective document is made of. A path counts objects from 0:
 * "0/2/1" is the second member of the third member of the outermost object. It
 * may go into an OCTET STRING. Fails the test when the path leads nowhere.
 */
enum tlv_edit_op {
	TLV_EDIT_VALUE, /* hex is the new content */
	TLV_EDIT_WHOLE, /* hex takes the place of the object */
	TLV_EDIT_REMOVE,
	TLV_EDIT_BEFORE, /* hex is put in front of it */
	TLV_EDIT_AFTER,
	TLV_EDIT_PATCH,	  /* hex overwrites content from byte `at` on */
	TLV_EDIT_RAW,	  /* hex overwrites bytes of the file from byte `at` on; no path, no length is mended */
	TLV_EDIT_CUT,	  /* the file ends after `at` bytes; no path */
	TLV_EDIT_SHORTEN, /* the last `at` bytes are cut off; no path */
	TLV_EDIT_APPEND	  /* hex behind the file; no path */
};
struct tlv_edit {
	enum tlv_edit_op op;
	const char *path;
	size_t at;
	const char *hex;
};

/* ret owned by the caller. */
void tlv_edit(struct bytes file, const struct tlv_edit *edit, struct buf *ret);
/* The object at a path, a view into file. */
struct bytes tlv_edit_at(struct bytes file, const char *path);

#endif
