/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/keystore_file_internal.h"

#include "crypto/base/secret.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

static const struct password_cost default_cost = { .memory_kib = 64 << 10, .passes = 3, .lanes = 4 };

static const struct keystore_ops file_ops;

struct keystore_file *keystore_file_of(struct keystore *ks)
{
	CC_ASSERT(ks->ops == &file_ops);
	return (struct keystore_file *)ks;
}

static void file_free(struct keystore_file *f)
{
	kept_keys_free(&f->kept);
	/* In a child something else may lie there by now. */
	if (f->keys != NULL && f->pid == getpid()) {
		cc_wipe(f->keys, sizeof *f->keys);
		(void)munlock(f->keys, f->keys_map_len);
		(void)munmap(f->keys, f->keys_map_len);
	}
	keystore_image_done(&f->image);
	(void)pthread_mutex_destroy(&f->lock);
	cc_free(f, sizeof *f);
}

static cc_status map_keys(struct keystore_file *f)
{
	long page = sysconf(_SC_PAGESIZE);
	size_t len = page > 0 ? (size_t)page : 4096;
	void *p;

	CC_ASSERT(sizeof *f->keys <= len);
	p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return cc_code_status(CC_E_MEMORY);
	(void)mlock(p, len);
	(void)madvise(p, len, MADV_DONTDUMP);
	(void)madvise(p, len, MADV_DONTFORK);
	f->keys = p;
	f->keys_map_len = len;
	return cc_ok();
}

static cc_status file_new(const char *path, const struct sys *sys, struct keystore_file **ret, struct cc_error *err)
{
	struct keystore_file *f = cc_alloc(sizeof *f);
	cc_status st;

	if (f == NULL)
		return cc_fail(err, CC_E_MEMORY, "memory", "key store");
	CC_ASSERT(pthread_mutex_init(&f->lock, NULL) == 0);
	f->base.ops = &file_ops;
	f->sys = sys;
	f->pid = getpid();
	cc_error_init(&f->base.err);
	st = map_keys(f);
	if (!cc_failed(st))
		st = kept_keys_new(&f->kept);
	if (cc_failed(st))
		st = cc_fail(err, st.code, "memory", "key store");
	else if (snprintf(f->path, sizeof f->path, "%s", path) >= (int)sizeof f->path)
		st = cc_fail(err, CC_E_ARG, "file.io", "path too long");
	if (cc_failed(st))
		file_free(f);
	else
		*ret = f;
	return st;
}

cc_status keystore_file_check_process(const struct keystore_file *f, struct cc_error *err)
{
	if (f->pid == getpid())
		return cc_ok();
	return cc_fail(err, CC_E_STATE, "keystore.forked", "opened by process %ld", (long)f->pid);
}

cc_status keystore_file_pass_on(struct keystore_file *f, cc_status st, const struct cc_error *err)
{
	if (!cc_failed(st))
		return st;
	if (err->code == CC_OK)
		return keystore_fail(&f->base, st.code, "keystore.failed", "%s", cc_code_name(st.code));
	return keystore_fail(&f->base, err->code, err->key, "%s", err->detail);
}

static cc_status file_info(struct keystore *ks, const char *label, struct keystore_key_info *ret)
{
	struct keystore_file *f = keystore_file_of(ks);
	const struct keystore_entry *e;
	struct cc_error err;
	cc_status st;

	cc_error_init(&err);
	(void)pthread_mutex_lock(&f->lock);
	st = keystore_file_find(f, label, &e, &err);
	if (!cc_failed(st))
		*ret = e->info;
	(void)pthread_mutex_unlock(&f->lock);
	return keystore_file_pass_on(f, st, &err);
}

static cc_status file_public_key(struct keystore *ks, const char *label, struct buf *ret_spki)
{
	struct keystore_file *f = keystore_file_of(ks);
	const struct keystore_entry *e;
	struct cc_error err;
	cc_status st;

	cc_error_init(&err);
	(void)pthread_mutex_lock(&f->lock);
	st = keystore_file_find(f, label, &e, &err);
	if (!cc_failed(st) && e->spki.n == 0)
		st = cc_fail(&err, CC_E_ARG, "keystore.kind", "%s has no public key", label);
	if (!cc_failed(st))
		st = buf_copy(ret_spki, buf_view(&e->spki));
	(void)pthread_mutex_unlock(&f->lock);
	return keystore_file_pass_on(f, st, &err);
}

static cc_status file_list(struct keystore *ks, struct keystore_key_info *ret, size_t cap, size_t *ret_count)
{
	struct keystore_file *f = keystore_file_of(ks);
	struct cc_error err;
	cc_status st;

	cc_error_init(&err);
	(void)pthread_mutex_lock(&f->lock);
	st = keystore_file_reload(f, &err);
	if (!cc_failed(st)) {
		for (size_t i = 0; i < f->image.count && i < cap; i++)
			ret[i] = f->image.entries[i].info;
		*ret_count = f->image.count;
	}
	(void)pthread_mutex_unlock(&f->lock);
	return keystore_file_pass_on(f, st, &err);
}

static void file_close(struct keystore *ks)
{
	file_free(keystore_file_of(ks));
}

static const struct keystore_ops file_ops = {
	.name = "file",
	.generate = keystore_file_generate,
	.info = file_info,
	.public_key = file_public_key,
	.sign = keystore_file_sign,
	.derive_kdf3 = keystore_file_derive_kdf3,
	.derive_tdes = keystore_file_derive_tdes,
	.agree = keystore_file_agree,
	.list = file_list,
	.close = file_close,
};

/* ---- making and opening the store */

static cc_status password_error(struct cc_error *err, cc_status st)
{
	if (st.code == CC_E_ARG)
		return cc_fail(err, st.code, "keystore.password-empty", "empty password");
	return cc_fail(err, st.code, "keystore.failed", "key derivation: %s", cc_code_name(st.code));
}

/* With the writers' lock held: two processes that create at once must not both win. */
static cc_status create_locked(struct keystore_file *f, struct bytes password, struct password_cost cost, struct cc_error *err)
{
	struct keystore_header *h = &f->image.header;
	cc_status st;

	if (access(f->path, F_OK) == 0)
		return cc_fail(err, CC_E_EXISTS, "keystore.exists", "%s", f->path);
	h->cost = cost;
	st = sys_random(f->sys, h->salt, sizeof h->salt);
	if (!cc_failed(st))
		st = keystore_keys_derive(h, password, f->keys, h->check);
	if (cc_failed(st))
		return password_error(err, st);
	f->image.generation = 1;
	return keystore_file_save(f, &f->image, err);
}

cc_status keystore_file_create_cost(const char *path, struct bytes password, struct password_cost cost, const struct sys *sys,
				    struct keystore **ret, struct cc_error *err)
{
	struct keystore_file *f = NULL;
	int fd = -1;
	cc_status st = file_new(path, sys, &f, err);

	if (cc_failed(st))
		return st;
	st = keystore_file_lock_writers(f, &fd, err);
	if (!cc_failed(st)) {
		st = create_locked(f, password, cost, err);
		keystore_file_unlock_writers(fd);
	}
	if (cc_failed(st))
		file_free(f);
	else
		*ret = &f->base;
	return st;
}

cc_status keystore_file_create(const char *path, struct bytes password, const struct sys *sys, struct keystore **ret,
			       struct cc_error *err)
{
	return keystore_file_create_cost(path, password, default_cost, sys, ret, err);
}

static cc_status unlock_image(struct keystore_file *f, struct bytes file, struct bytes password, struct cc_error *err)
{
	struct keystore_header header;
	uint8_t check[KEYSTORE_CHECK_LEN];
	cc_status st = keystore_header_read(file, &header, err);

	if (cc_failed(st))
		return st;
	st = keystore_keys_derive(&header, password, f->keys, check);
	if (cc_failed(st))
		return password_error(err, st);
	if (!cc_equal(check, sizeof check, header.check, sizeof header.check))
		return cc_fail(err, CC_E_DENIED, "keystore.password", "%s", f->path);
	return keystore_image_read(file, f->keys, &f->image, err);
}

cc_status keystore_file_open(const char *path, struct bytes password, const struct sys *sys, struct keystore **ret,
			     struct cc_error *err)
{
	struct keystore_file *f = NULL;
	struct buf file = { 0 };
	cc_status st = file_new(path, sys, &f, err);

	if (cc_failed(st))
		return st;
	st = sys_read_file(path, KEYSTORE_FILE_MAX, &file, err);
	if (!cc_failed(st))
		st = unlock_image(f, buf_view(&file), password, err);
	buf_done(&file);
	if (cc_failed(st))
		file_free(f);
	else
		*ret = &f->base;
	return st;
}
