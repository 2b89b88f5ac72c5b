/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/hash.h"
#include "crypto/keystore_image.h"
#include "tests/fuzz/fuzz_entry.h"

/*
 * A key store's file, and a sealed text. As it comes, no MAC is good; then the harness, which knows the
 * keys, appends the right hash behind the header's fields and the right MAC behind all, so that
 * the entries are reached. What is read is written to the same bytes.
 */
#define HEADER_FIELDS 50 /* magic, version, cost, salt, check */

static const struct keystore_keys keys = { .seal = { 1 }, .mac = { 2 } };

static void put_digest(struct writer *w, bool mac)
{
	struct bytes all = writer_view(w);
	struct digest d;

	CC_ASSERT(!cc_failed(mac ? hash_hmac(HASH_SHA256, bytes_of(keys.mac, sizeof keys.mac), all, &d)
				 : hash_digest(HASH_SHA256, all, &d)));
	writer_put(w, bytes_of(d.p, d.n));
}

static void read_signed(struct bytes in)
{
	struct keystore_image image = { 0 };
	struct buf file = { 0 }, again = { 0 };
	struct cc_error err = { 0 };
	struct cursor c;
	struct bytes head;
	struct writer w;

	cursor_init(&c, in);
	if (!cursor_take(&c, HEADER_FIELDS, &head))
		return;
	writer_init(&w, in.n + 64);
	writer_put(&w, head);
	put_digest(&w, false);
	writer_put(&w, cursor_rest(&c));
	put_digest(&w, true);
	CC_ASSERT(!cc_failed(writer_finish(&w, &file)));
	if (!cc_failed(keystore_image_read(buf_view(&file), &keys, &image, &err))) {
		CC_ASSERT(!cc_failed(keystore_image_write(&image, &keys, &again)));
		CC_ASSERT(bytes_equal(buf_view(&again), buf_view(&file)));
	} else {
		CC_ASSERT(err.key != NULL && image.entries == NULL && image.count == 0);
	}
	keystore_image_done(&image);
	buf_done(&file);
	buf_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct keystore_image image = { 0 };
	struct keystore_header header;
	struct cc_error err = { 0 };
	struct buf plain = { 0 };

	if (cc_failed(keystore_header_read(bytes_of(data, size), &header, &err)))
		CC_ASSERT(err.key != NULL);
	CC_ASSERT(cc_failed(keystore_image_read(bytes_of(data, size), &keys, &image, NULL)) && image.entries == NULL);
	CC_ASSERT(
		cc_failed(seal_decrypt(bytes_of(keys.seal, sizeof keys.seal), bytes_of(NULL, 0), bytes_of(data, size), &plain)));
	CC_ASSERT(plain.p == NULL);
	read_signed(bytes_of(data, size));
	return 0;
}
