/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/tlv_edit.h"

#include "crypto/base/tlv.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define EDIT_MAX (1u << 20)

static struct buf hex_of(const char *hex)
{
	return vectors_from_hex(hex != NULL ? hex : "");
}

static void put_object(struct writer *w, const struct tlv *t, struct bytes content)
{
	tlv_put(w, t->tag, content);
}

static void patched(const struct tlv *t, const struct tlv_edit *e, struct bytes hex, struct writer *w)
{
	struct buf copy = { 0 };

	assert_int_equal(buf_copy(&copy, t->value).code, CC_OK);
	assert_true(e->at + hex.n <= copy.n);
	memcpy(copy.p + e->at, hex.p, hex.n);
	put_object(w, t, buf_view(&copy));
	buf_done(&copy);
}

static void apply(const struct tlv *t, const struct tlv_edit *e, struct bytes hex, struct writer *w)
{
	switch (e->op) {
	case TLV_EDIT_VALUE:
		put_object(w, t, hex);
		break;
	case TLV_EDIT_WHOLE:
		writer_put(w, hex);
		break;
	case TLV_EDIT_REMOVE:
		break;
	case TLV_EDIT_BEFORE:
		writer_put(w, hex);
		writer_put(w, t->whole);
		break;
	case TLV_EDIT_AFTER:
		writer_put(w, t->whole);
		writer_put(w, hex);
		break;
	case TLV_EDIT_PATCH:
		patched(t, e, hex, w);
		break;
	case TLV_EDIT_RAW:
	case TLV_EDIT_CUT:
	case TLV_EDIT_SHORTEN:
	case TLV_EDIT_APPEND:
		fail_msg("an edit of the file has no path");
	}
}

static void rebuild(struct bytes level, const char *path, const struct tlv_edit *e, struct bytes hex, struct writer *w)
{
	char *rest = NULL;
	size_t want = strtoul(path, &rest, 10), i = 0;
	struct cursor in;
	struct tlv t;

	cursor_init(&in, level);
	for (; cursor_left(&in) > 0; i++) {
		if (!tlv_next(&in, TLV_LENIENT, &t))
			fail_msg("path %s: no TLV here", e->path);
		if (i != want) {
			writer_put(w, t.whole);
		} else if (*rest == 0) {
			apply(&t, e, hex, w);
		} else {
			struct writer inner;

			writer_init(&inner, EDIT_MAX);
			rebuild(t.value, rest + 1, e, hex, &inner);
			put_object(w, &t, writer_view(&inner));
			writer_done(&inner);
		}
	}
	if (i <= want)
		fail_msg("path %s: only %zu objects", e->path, i);
}

static void edit_file(struct bytes file, const struct tlv_edit *e, struct bytes hex, struct buf *ret)
{
	struct buf copy = { 0 };

	assert_int_equal(buf_copy(&copy, file).code, CC_OK);
	if (e->op == TLV_EDIT_RAW) {
		assert_true(e->at + hex.n <= copy.n);
		memcpy(copy.p + e->at, hex.p, hex.n);
		buf_move(ret, &copy);
	} else if (e->op == TLV_EDIT_CUT || e->op == TLV_EDIT_SHORTEN) {
		assert_true(e->at <= file.n);
		assert_int_equal(buf_copy(ret, bytes_of(file.p, e->op == TLV_EDIT_CUT ? e->at : file.n - e->at)).code, CC_OK);
	} else {
		struct writer w;

		writer_init(&w, EDIT_MAX);
		writer_put(&w, file);
		writer_put(&w, hex);
		assert_int_equal(writer_finish(&w, ret).code, CC_OK);
	}
	buf_done(&copy);
}

void tlv_edit(struct bytes file, const struct tlv_edit *edit, struct buf *ret)
{
	struct buf hex = hex_of(edit->hex);
	struct writer w;

	if (edit->op >= TLV_EDIT_RAW) {
		edit_file(file, edit, buf_view(&hex), ret);
	} else {
		writer_init(&w, EDIT_MAX);
		rebuild(file, edit->path, edit, buf_view(&hex), &w);
		assert_int_equal(writer_finish(&w, ret).code, CC_OK);
	}
	buf_done(&hex);
}

struct bytes tlv_edit_at(struct bytes file, const char *path)
{
	char *rest = NULL;
	size_t want = strtoul(path, &rest, 10);
	struct cursor in;
	struct tlv t = { 0 };

	cursor_init(&in, file);
	for (size_t i = 0; i <= want; i++) {
		if (!tlv_next(&in, TLV_LENIENT, &t))
			fail_msg("path %s leads nowhere", path);
	}
	return *rest == 0 ? t.whole : tlv_edit_at(t.value, rest + 1);
}
