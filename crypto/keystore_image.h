/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CRYPTO_KEYSTORE_IMAGE_H
#define CC_CRYPTO_KEYSTORE_IMAGE_H

#include "crypto/base/buf.h"
#include "crypto/base/err.h"
#include "crypto/keystore.h"
#include "crypto/password.h"
#include "crypto/seal.h"

#include <stddef.h>
#include <stdint.h>

/*
 * The bytes of a key store file; the file store's own (keystore_file_internal.h).
 *
 *	header	"CCKS" version(2) argon2id: KiB(4) passes(4) lanes(4) salt(16) check(16) SHA-256 of all before(32)
 *	body	generation(8) count(2) entry...
 *	entry	label(1+n) kind(1) curve OID(1+n) bits(2) created ms(8) SPKI(2+n) sealed key(2+n)
 *	end	HMAC-SHA-256 of all before(32)
 *
 * check tells a wrong password from a changed file. The header's plain hash
 * tells a damaged header from a wrong password. A sealed key's associated data
 * are the salt and its entry's description.
 */
#define KEYSTORE_FILE_MAX (4u << 20)
#define KEYSTORE_KEYS_MAX 1024
#define KEYSTORE_SALT_LEN 16
#define KEYSTORE_CHECK_LEN 16

struct keystore_header {
	struct password_cost cost;
	uint8_t salt[KEYSTORE_SALT_LEN];
	uint8_t check[KEYSTORE_CHECK_LEN];
};

/* The keys that the password opens. Lives in locked memory. */
struct keystore_keys {
	uint8_t seal[SEAL_KEY_LEN];
	uint8_t mac[32];
};

struct keystore_entry {
	struct keystore_key_info info;
	struct buf spki; /* empty for AES and triple DES keys */
	struct buf sealed;
};

struct keystore_image {
	struct keystore_header header;
	uint64_t generation; /* one more with each change */
	struct keystore_entry *entries;
	size_t count;
};

void keystore_image_done(struct keystore_image *image);
/* Keys from the password by the header's cost and salt, and the check value that belongs to them. */
CC_MUST cc_status keystore_keys_derive(const struct keystore_header *header, struct bytes password, struct keystore_keys *ret,
				       uint8_t ret_check[KEYSTORE_CHECK_LEN]);
/* CC_E_VERIFY "keystore.changed" when it is damaged, CC_E_UNSUPPORTED when it is of another version. */
CC_MUST cc_status keystore_header_read(struct bytes file, struct keystore_header *ret, struct cc_error *err);
/* Whole file, after its MAC was found good: else CC_E_VERIFY "keystore.changed". */
CC_MUST cc_status keystore_image_read(struct bytes file, const struct keystore_keys *keys, struct keystore_image *ret,
				      struct cc_error *err);
CC_MUST cc_status keystore_image_write(const struct keystore_image *image, const struct keystore_keys *keys, struct buf *ret);
/* Moves spki and sealed of `entry` in. */
CC_MUST cc_status keystore_image_add(struct keystore_image *image, struct keystore_entry *entry);
/* NULL when there is none. */
const struct keystore_entry *keystore_image_find(const struct keystore_image *image, const char *label);
/* What a sealed key is bound to. */
CC_MUST cc_status keystore_entry_aad(const struct keystore_header *header, const struct keystore_entry *entry, struct buf *ret);

#endif
