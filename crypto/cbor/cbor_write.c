/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/cbor/cbor_write.h"

#include "crypto/base/secret.h"

#include <stdlib.h>
#include <string.h>

void cbor_out_init(struct cbor_out *out, size_t limit)
{
	memset(out, 0, sizeof *out);
	writer_init(&out->w, limit);
}

void cbor_out_done(struct cbor_out *out)
{
	writer_done(&out->w);
}

static void put_head(struct cbor_out *out, enum cbor_kind kind, uint64_t value)
{
	uint8_t head[CBOR_HEAD_MAX];

	writer_put(&out->w, bytes_of(head, cbor_head_write(kind, value, head)));
}

static void put_scalar(struct cbor_out *out, enum cbor_kind kind, uint64_t value)
{
	put_head(out, kind, value);
	out->levels[out->depth].items++;
}

void cbor_put_uint(struct cbor_out *out, uint64_t v)
{
	put_scalar(out, CBOR_KIND_UINT, v);
}

void cbor_put_int(struct cbor_out *out, int64_t v)
{
	if (v < 0)
		put_scalar(out, CBOR_KIND_NEGATIVE, (uint64_t)(-1 - v));
	else
		put_scalar(out, CBOR_KIND_UINT, (uint64_t)v);
}

void cbor_put_bytes(struct cbor_out *out, struct bytes v)
{
	put_scalar(out, CBOR_KIND_BYTES, v.n);
	writer_put(&out->w, v);
}

void cbor_put_text(struct cbor_out *out, struct bytes utf8)
{
	put_scalar(out, CBOR_KIND_TEXT, utf8.n);
	writer_put(&out->w, utf8);
}

void cbor_put_str(struct cbor_out *out, const char *s)
{
	cbor_put_text(out, bytes_str(s));
}

void cbor_put_bool(struct cbor_out *out, bool v)
{
	put_scalar(out, CBOR_KIND_BOOL, v ? 1 : 0);
}

void cbor_put_null(struct cbor_out *out)
{
	put_scalar(out, CBOR_KIND_NULL, 0);
}

void cbor_put_tag(struct cbor_out *out, uint64_t tag)
{
	put_head(out, CBOR_KIND_TAG, tag);
}

void cbor_put_item(struct cbor_out *out, struct bytes item)
{
	writer_put(&out->w, item);
	out->levels[out->depth].items++;
}

static void open_level(struct cbor_out *out, bool is_map)
{
	if (out->depth == CBOR_DEPTH_MAX) {
		writer_fail(&out->w, CC_E_STATE);
		return;
	}
	out->depth++;
	out->levels[out->depth].start = writer_view(&out->w).n;
	out->levels[out->depth].items = 0;
	out->levels[out->depth].is_map = is_map;
}

void cbor_open_array(struct cbor_out *out)
{
	open_level(out, false);
}

void cbor_open_map(struct cbor_out *out)
{
	open_level(out, true);
}

struct pair {
	struct bytes key, value;
};

static int compare_pairs(const void *a, const void *b)
{
	return bytes_compare(((const struct pair *)a)->key, ((const struct pair *)b)->key);
}

static bool read_pairs(struct bytes content, struct pair *pairs, size_t count)
{
	struct cbor_in in = { .left = 2 * count };

	cursor_init(&in.in, content);
	for (size_t i = 0; i < count; i++) {
		if (!cbor_item(&in, "key", &pairs[i].key) || !cbor_item(&in, "value", &pairs[i].value))
			return false;
	}
	return cbor_end(&in, "map");
}

/* Writes the pairs of `content` in order behind the map's head. */
static void put_sorted(struct cbor_out *out, struct bytes content, size_t count)
{
	struct pair *pairs = cc_alloc(count * sizeof *pairs);
	bool good = pairs != NULL && read_pairs(content, pairs, count);

	if (good)
		qsort(pairs, count, sizeof *pairs, compare_pairs);
	for (size_t i = 0; good && i < count; i++) {
		good = i == 0 || !bytes_equal(pairs[i - 1].key, pairs[i].key);
		writer_put(&out->w, pairs[i].key);
		writer_put(&out->w, pairs[i].value);
	}
	if (!good)
		writer_fail(&out->w, pairs == NULL ? CC_E_MEMORY : CC_E_STATE);
	cc_free(pairs, count * sizeof *pairs);
}

/* The head comes before the content and has its count: both are known only now. */
static void rewrite(struct cbor_out *out, size_t start, uint64_t items, bool is_map)
{
	struct cursor written;
	struct buf content = { 0 };
	cc_status st = cc_code_status(CC_E_STATE);

	cursor_init(&written, writer_view(&out->w));
	if (cursor_skip(&written, start) && !(is_map && items % 2 != 0))
		st = buf_copy(&content, cursor_rest(&written));
	if (cc_failed(st)) {
		writer_fail(&out->w, st.code);
		return;
	}
	out->w.n = start;
	put_head(out, is_map ? CBOR_KIND_MAP : CBOR_KIND_ARRAY, is_map ? items / 2 : items);
	if (is_map)
		put_sorted(out, buf_view(&content), (size_t)(items / 2));
	else
		writer_put(&out->w, buf_view(&content));
	buf_done(&content);
}

void cbor_close(struct cbor_out *out)
{
	if (out->w.failed != CC_OK)
		return;
	if (out->depth == 0) {
		writer_fail(&out->w, CC_E_STATE);
		return;
	}
	rewrite(out, out->levels[out->depth].start, out->levels[out->depth].items, out->levels[out->depth].is_map);
	out->depth--;
	out->levels[out->depth].items++;
}

cc_status cbor_finish(struct cbor_out *out, struct buf *ret)
{
	if (out->depth != 0 || out->levels[0].items != 1)
		writer_fail(&out->w, CC_E_STATE);
	return writer_finish(&out->w, ret);
}
