/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_CRYPTO_KEYSTORE_FILE_INTERNAL_H
#define CC_CRYPTO_KEYSTORE_FILE_INTERNAL_H

#include "crypto/base/sys.h"
#include "crypto/keystore.h"
#include "crypto/keystore_image.h"
#include "crypto/keystore_kept.h"

#include <limits.h>
#include <pthread.h>
#include <sys/types.h>
#include <time.h>

/* The file store's inside, shared by keystore_file*.c alone; what it promises stands in keystore.h. */

/* Which file lies at the path: another one after each change, as changes come by rename. */
struct keystore_file_seen {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec changed;
};

/*
 * Private keys stay sealed in memory too and are opened for one operation; EC
 * keys that sign stay open as keystore_kept.h says. The two keys that open them
 * lie in pages of their own that are locked against swap and left out of core
 * files. What the process can't lock (RLIMIT_MEMLOCK) is still wiped.
 */
struct keystore_file {
	struct keystore base;
	const struct sys *sys;
	pid_t pid; /* a child has no keys: their page isn't copied */
	char path[PATH_MAX];
	pthread_mutex_t lock; /* guards image and seen */
	struct keystore_image image;
	struct keystore_file_seen seen; /* the file that kept was opened from */
	struct kept_keys *kept;
	struct keystore_keys *keys;
	size_t keys_map_len;
};

/* Of a store that keystore_file.c made: asserted. */
struct keystore_file *keystore_file_of(struct keystore *ks);
/* CC_E_STATE "keystore.forked" in a child. */
CC_MUST cc_status keystore_file_check_process(const struct keystore_file *f, struct cc_error *err);
/* st, and where it failed what the store's own error tells the caller. */
CC_MUST cc_status keystore_file_pass_on(struct keystore_file *f, cc_status st, const struct cc_error *err);

/* ---- keystore_file_disk.c: the file, its writers, and what others changed */

CC_MUST cc_status keystore_file_lock_writers(struct keystore_file *f, int *ret_fd, struct cc_error *err);
void keystore_file_unlock_writers(int fd);
/* With f->lock held: the image as it lies in the file now. */
CC_MUST cc_status keystore_file_reload(struct keystore_file *f, struct cc_error *err);
/* Without f->lock: kept keys of another file than the one at the path are wiped. */
CC_MUST cc_status keystore_file_forget_changed(struct keystore_file *f, struct cc_error *err);
CC_MUST cc_status keystore_file_save(struct keystore_file *f, const struct keystore_image *image, struct cc_error *err);
/* With f->lock held: the entry, also one that another process made since. */
CC_MUST cc_status keystore_file_find(struct keystore_file *f, const char *label, const struct keystore_entry **ret,
				     struct cc_error *err);

/* ---- operations of the store (struct keystore_ops): keystore_file_make.c, keystore_file_use.c */

CC_MUST cc_status keystore_file_generate(struct keystore *ks, const struct keystore_key_info *want);
CC_MUST cc_status keystore_file_sign(struct keystore *ks, const char *label, struct sig_alg alg, struct bytes message,
				     struct buf *ret_sig);
CC_MUST cc_status keystore_file_derive_kdf3(struct keystore *ks, const char *label, uint8_t key_id, struct bytes diversification,
					    struct secret *ret);
CC_MUST cc_status keystore_file_derive_tdes(struct keystore *ks, const char *label, enum kdf_tdes_scheme scheme, uint8_t key_id,
					    struct bytes diversification, struct secret *ret);
CC_MUST cc_status keystore_file_agree(struct keystore *ks, const char *label, struct bytes peer_point, struct buf *ret_x);

#endif
