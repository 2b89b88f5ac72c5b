/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/keystore_image.h"

#include "crypto/base/secret.h"
#include "crypto/hash.h"

#include <string.h>

#define FILE_VERSION 1
#define MAC_LEN 32
#define AAD_MAX 4096

static const struct bytes magic = BYTES_LITERAL("CCKS");
static const struct bytes aad_prefix = BYTES_LITERAL("cccd keystore entry 1");

void keystore_image_done(struct keystore_image *image)
{
	for (size_t i = 0; i < image->count; i++) {
		buf_done(&image->entries[i].spki);
		buf_done(&image->entries[i].sealed);
	}
	cc_free(image->entries, image->count * sizeof *image->entries);
	*image = (struct keystore_image){ 0 };
}

static cc_status derive_one(const struct secret *root, const char *name, uint8_t *out, size_t n)
{
	struct digest d;
	cc_status st = hash_hmac(HASH_SHA256, bytes_of(root->p, root->n), bytes_str(name), &d);

	if (!cc_failed(st)) {
		CC_ASSERT(n <= d.n);
		memcpy(out, d.p, n);
	}
	cc_wipe(&d, sizeof d);
	return st;
}

cc_status keystore_keys_derive(const struct keystore_header *header, struct bytes password, struct keystore_keys *ret,
			       uint8_t ret_check[KEYSTORE_CHECK_LEN])
{
	struct secret root = { 0 };
	cc_status st = password_key(password, bytes_of(header->salt, sizeof header->salt), header->cost, &root);

	if (!cc_failed(st))
		st = derive_one(&root, "cccd keystore seal 1", ret->seal, sizeof ret->seal);
	if (!cc_failed(st))
		st = derive_one(&root, "cccd keystore mac 1", ret->mac, sizeof ret->mac);
	if (!cc_failed(st))
		st = derive_one(&root, "cccd keystore check 1", ret_check, KEYSTORE_CHECK_LEN);
	secret_done(&root);
	return st;
}

static cc_status changed(struct cc_error *err, const char *what)
{
	return cc_fail(err, CC_E_VERIFY, "keystore.changed", "%s", what);
}

static bool read_header(struct cursor *in, struct keystore_header *ret, uint16_t *ret_version)
{
	struct bytes start;

	return cursor_take(in, magic.n, &start) && bytes_equal(start, magic) && cursor_u16(in, ret_version) &&
	       cursor_u32(in, &ret->cost.memory_kib) && cursor_u32(in, &ret->cost.passes) && cursor_u32(in, &ret->cost.lanes) &&
	       cursor_copy(in, ret->salt, sizeof ret->salt) && cursor_copy(in, ret->check, sizeof ret->check);
}

static void put_header_fields(struct writer *w, const struct keystore_header *h)
{
	writer_put(w, magic);
	writer_u16(w, FILE_VERSION);
	writer_u32(w, h->cost.memory_kib);
	writer_u32(w, h->cost.passes);
	writer_u32(w, h->cost.lanes);
	writer_put(w, bytes_of(h->salt, sizeof h->salt));
	writer_put(w, bytes_of(h->check, sizeof h->check));
}

#define HEADER_FIELDS_LEN (4 + 2 + 3 * 4 + KEYSTORE_SALT_LEN + KEYSTORE_CHECK_LEN)

static cc_status header_from(struct cursor *in, struct keystore_header *ret, struct cc_error *err)
{
	struct keystore_header h;
	struct bytes fields, stored;
	struct cursor inner;
	struct digest d;
	uint16_t version;
	cc_status st;

	if (!cursor_take(in, HEADER_FIELDS_LEN, &fields) || !cursor_take(in, MAC_LEN, &stored))
		return changed(err, "cut in the header");
	st = hash_digest(HASH_SHA256, fields, &d);
	if (cc_failed(st))
		return st;
	cursor_init(&inner, fields);
	if (!bytes_equal(bytes_of(d.p, d.n), stored) || !read_header(&inner, &h, &version) || cc_failed(cursor_end(&inner)))
		return changed(err, "header");
	if (version != FILE_VERSION)
		return cc_fail(err, CC_E_UNSUPPORTED, "keystore.version", "version %u", version);
	*ret = h;
	return cc_ok();
}

cc_status keystore_header_read(struct bytes file, struct keystore_header *ret, struct cc_error *err)
{
	struct cursor in;

	cursor_init(&in, file);
	return header_from(&in, ret, err);
}

static bool read_label(struct cursor *in, char out[KEYSTORE_LABEL_MAX + 1])
{
	uint8_t n;

	memset(out, 0, KEYSTORE_LABEL_MAX + 1);
	return cursor_u8(in, &n) && n <= KEYSTORE_LABEL_MAX && cursor_copy(in, out, n) && strlen(out) == n &&
	       keystore_label_valid(out);
}

static bool read_kind(struct cursor *in, struct keystore_key_info *info)
{
	struct bytes oid;
	uint16_t bits;
	uint64_t created;
	uint8_t kind, n;

	if (!cursor_u8(in, &kind) || kind > KEYSTORE_TDES || !cursor_u8(in, &n) || !cursor_take(in, n, &oid) ||
	    !cursor_u16(in, &bits) || !cursor_u64(in, &created) || created > INT64_MAX)
		return false;
	info->kind = (enum keystore_kind)kind;
	info->bits = bits;
	info->created_ms = (int64_t)created;
	return info->kind == KEYSTORE_EC ? ec_curve_from_oid(oid, &info->curve) : oid.n == 0;
}

static bool read_blob(struct cursor *in, struct bytes *ret)
{
	uint16_t n;

	return cursor_u16(in, &n) && cursor_take(in, n, ret);
}

static cc_status read_entry(struct cursor *in, struct keystore_image *image)
{
	struct keystore_entry e = { 0 };
	struct bytes spki, sealed;
	cc_status st;

	if (!read_label(in, e.info.label) || !read_kind(in, &e.info) || !read_blob(in, &spki) || !read_blob(in, &sealed) ||
	    keystore_image_find(image, e.info.label) != NULL)
		return cc_code_status(CC_E_VERIFY);
	st = buf_copy(&e.spki, spki);
	if (!cc_failed(st))
		st = buf_copy(&e.sealed, sealed);
	if (!cc_failed(st))
		st = keystore_image_add(image, &e);
	buf_done(&e.spki);
	buf_done(&e.sealed);
	return st;
}

static cc_status check_mac(struct cursor *in, const struct keystore_keys *keys)
{
	struct bytes mac, all;
	struct cursor look;
	struct digest d;
	cc_status st;

	if (!cursor_take_back(in, MAC_LEN, &mac))
		return cc_code_status(CC_E_VERIFY);
	look = *in;
	all = cursor_rest(&look);
	st = hash_hmac(HASH_SHA256, bytes_of(keys->mac, sizeof keys->mac), all, &d);
	if (!cc_failed(st) && !cc_equal(d.p, d.n, mac.p, mac.n))
		st = cc_code_status(CC_E_VERIFY);
	return st;
}

cc_status keystore_image_read(struct bytes file, const struct keystore_keys *keys, struct keystore_image *ret,
			      struct cc_error *err)
{
	struct keystore_image image = { 0 };
	struct cursor in;
	uint16_t count;
	cc_status st;

	cursor_init(&in, file);
	st = check_mac(&in, keys);
	if (cc_failed(st))
		return st.code == CC_E_VERIFY ? changed(err, "the MAC over the file is wrong") : st;
	st = header_from(&in, &image.header, err);
	if (cc_failed(st))
		return st;
	if (!cursor_u64(&in, &image.generation) || !cursor_u16(&in, &count) || count > KEYSTORE_KEYS_MAX)
		return changed(err, "cut before the entries");
	for (uint16_t i = 0; i < count && !cc_failed(st); i++)
		st = read_entry(&in, &image);
	if (!cc_failed(st) && cc_failed(cursor_end(&in)))
		st = cc_code_status(CC_E_VERIFY);
	if (cc_failed(st)) {
		keystore_image_done(&image);
		return st.code == CC_E_VERIFY ? changed(err, "entries") : st;
	}
	*ret = image;
	return st;
}

static void put_short(struct writer *w, struct bytes v)
{
	CC_ASSERT(v.n <= 0xFF);
	writer_u8(w, (uint8_t)v.n);
	writer_put(w, v);
}

static void put_blob(struct writer *w, struct bytes v)
{
	if (v.n > 0xFFFF) {
		writer_fail(w, CC_E_LIMIT);
		return;
	}
	writer_u16(w, (uint16_t)v.n);
	writer_put(w, v);
}

/* All of an entry but the sealed key. */
static void put_description(struct writer *w, const struct keystore_entry *e)
{
	put_short(w, bytes_str(e->info.label));
	writer_u8(w, (uint8_t)e->info.kind);
	put_short(w, e->info.kind == KEYSTORE_EC ? ec_curve_oid(e->info.curve) : bytes_of(NULL, 0));
	writer_u16(w, (uint16_t)e->info.bits);
	writer_u64(w, (uint64_t)e->info.created_ms);
	put_blob(w, buf_view(&e->spki));
}

cc_status keystore_entry_aad(const struct keystore_header *header, const struct keystore_entry *entry, struct buf *ret)
{
	struct writer w;

	writer_init(&w, AAD_MAX);
	writer_put(&w, aad_prefix);
	writer_put(&w, bytes_of(header->salt, sizeof header->salt));
	put_description(&w, entry);
	return writer_finish(&w, ret);
}

static void put_digest(struct writer *w, const struct digest *d, cc_status st)
{
	if (cc_failed(st))
		writer_fail(w, st.code);
	else
		writer_put(w, bytes_of(d->p, d->n));
}

cc_status keystore_image_write(const struct keystore_image *image, const struct keystore_keys *keys, struct buf *ret)
{
	struct writer w;
	struct digest d = { 0 };
	cc_status st;

	writer_init(&w, KEYSTORE_FILE_MAX);
	put_header_fields(&w, &image->header);
	st = hash_digest(HASH_SHA256, writer_view(&w), &d);
	put_digest(&w, &d, st);
	writer_u64(&w, image->generation);
	writer_u16(&w, (uint16_t)image->count);
	for (size_t i = 0; i < image->count; i++) {
		put_description(&w, &image->entries[i]);
		put_blob(&w, buf_view(&image->entries[i].sealed));
	}
	st = hash_hmac(HASH_SHA256, bytes_of(keys->mac, sizeof keys->mac), writer_view(&w), &d);
	put_digest(&w, &d, st);
	return writer_finish(&w, ret);
}

cc_status keystore_image_add(struct keystore_image *image, struct keystore_entry *entry)
{
	size_t n = image->count;
	struct keystore_entry *more;

	if (n >= KEYSTORE_KEYS_MAX)
		return cc_code_status(CC_E_LIMIT);
	more = cc_alloc((n + 1) * sizeof *more);
	if (more == NULL)
		return cc_code_status(CC_E_MEMORY);
	if (n > 0)
		memcpy(more, image->entries, n * sizeof *more);
	cc_free(image->entries, n * sizeof *more);
	more[n] = *entry;
	entry->spki = (struct buf){ 0 };
	entry->sealed = (struct buf){ 0 };
	image->entries = more;
	image->count = n + 1;
	return cc_ok();
}

const struct keystore_entry *keystore_image_find(const struct keystore_image *image, const char *label)
{
	for (size_t i = 0; i < image->count; i++)
		if (strcmp(image->entries[i].info.label, label) == 0)
			return &image->entries[i];
	return NULL;
}
