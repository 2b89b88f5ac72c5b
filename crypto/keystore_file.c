/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/keystore.h"

#include "crypto/base/secret.h"
#include "crypto/hash.h"
#include "crypto/kdf.h"
#include "crypto/keystore_image.h"
#include "crypto/keystore_kept.h"
#include "crypto/rsa.h"
#include "crypto/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_TRIES 200
#define LOCK_WAIT_MS 50
#define FILE_MODE 0600

static const struct password_cost default_cost = { .memory_kib = 64 << 10, .passes = 3, .lanes = 4 };

/* Which file lies at the path: another one after each change, as changes come by rename. */
struct seen {
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
	struct seen seen; /* the file that kept was opened from */
	struct kept_keys *kept;
	struct keystore_keys *keys;
	size_t keys_map_len;
};

static const struct keystore_ops file_ops;

static struct keystore_file *file_of(struct keystore *ks)
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

static cc_status check_process(const struct keystore_file *f, struct cc_error *err)
{
	if (f->pid == getpid())
		return cc_ok();
	return cc_fail(err, CC_E_STATE, "keystore.forked", "opened by process %ld", (long)f->pid);
}

/* ---- the file */

/* Writers of all processes queue here. The key file itself is replaced by rename, so that a lock on it would be lost. */
static cc_status lock_writers(struct keystore_file *f, int *ret_fd, struct cc_error *err)
{
	char path[PATH_MAX];
	int fd;

	if (snprintf(path, sizeof path, "%s.lock", f->path) >= (int)sizeof path)
		return cc_fail(err, CC_E_ARG, "file.io", "path too long");
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);
	if (fd < 0)
		return cc_fail(err, CC_E_IO, "file.io", "%s: %s", path, strerror(errno));
	for (unsigned i = 0; i < LOCK_TRIES; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
			*ret_fd = fd;
			return cc_ok();
		}
		if (errno != EWOULDBLOCK && errno != EINTR)
			break;
		f->sys->sleep_ms(f->sys->ctx, LOCK_WAIT_MS);
	}
	(void)close(fd);
	return cc_fail(err, CC_E_BUSY, "keystore.busy", "%s: another process is writing", f->path);
}

static void unlock_writers(int fd)
{
	(void)close(fd);
}

/* With f->lock held. The file may have grown by another process's key; it may never have gone back. */
static cc_status reload(struct keystore_file *f, struct cc_error *err)
{
	struct buf file = { 0 };
	struct keystore_image fresh = { 0 };
	cc_status st = check_process(f, err);

	if (!cc_failed(st))
		st = sys_read_file(f->path, KEYSTORE_FILE_MAX, &file, err);
	if (!cc_failed(st))
		st = keystore_image_read(buf_view(&file), f->keys, &fresh, err);
	buf_done(&file);
	if (cc_failed(st))
		return st;
	if (fresh.generation < f->image.generation) {
		keystore_image_done(&fresh);
		return cc_fail(err, CC_E_VERIFY, "keystore.changed", "%s: an older file was put back", f->path);
	}
	keystore_image_done(&f->image);
	f->image = fresh;
	return st;
}

static struct seen look(const struct keystore_file *f)
{
	struct stat s;

	if (stat(f->path, &s) != 0)
		return (struct seen){ 0 };
	return (struct seen){ s.st_dev, s.st_ino, s.st_size, s.st_ctim };
}

static bool same_file(const struct seen *a, const struct seen *b)
{
	return a->inode != 0 && a->device == b->device && a->inode == b->inode && a->size == b->size &&
	       a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

/*
 * No key is used on that another process took away: what lies in the file counts, and has to be good as when it was opened. The
 * new file is only known once the keys of the old one are gone: until then each thread that signs comes this way.
 */
static cc_status forget_changed(struct keystore_file *f, struct cc_error *err)
{
	const struct seen now = look(f); /* before it is read: a change in between shows next time */
	cc_status st = cc_ok();
	bool same;

	(void)pthread_mutex_lock(&f->lock);
	same = same_file(&now, &f->seen);
	if (!same)
		st = reload(f, err);
	(void)pthread_mutex_unlock(&f->lock);
	if (same)
		return st;
	kept_keys_forget(f->kept);
	(void)pthread_mutex_lock(&f->lock);
	f->seen = cc_failed(st) ? (struct seen){ 0 } : now;
	(void)pthread_mutex_unlock(&f->lock);
	return st;
}

static cc_status save(struct keystore_file *f, const struct keystore_image *image, struct cc_error *err)
{
	struct buf file = { 0 };
	cc_status st = keystore_image_write(image, f->keys, &file);

	if (cc_failed(st))
		return cc_fail(err, st.code, "keystore.full", "%zu keys", image->count);
	st = sys_write_file(f->path, buf_view(&file), FILE_MODE, err);
	buf_done(&file);
	return st;
}

/* With f->lock held: the entry, also one that another process made since. */
static cc_status find(struct keystore_file *f, const char *label, const struct keystore_entry **ret, struct cc_error *err)
{
	const struct keystore_entry *e = keystore_image_find(&f->image, label);
	cc_status st;

	if (e == NULL) {
		st = reload(f, err);
		if (cc_failed(st))
			return st;
		e = keystore_image_find(&f->image, label);
	}
	if (e == NULL)
		return cc_fail(err, CC_E_NOT_FOUND, "keystore.no-key", "%s", label);
	*ret = e;
	return cc_ok();
}

/* ---- making keys */

static cc_status make_ec(const struct keystore_key_info *want, struct buf *ret_spki, struct buf *ret_private)
{
	struct ec_domain *d = NULL;
	struct ec_key *k = NULL;
	cc_status st = ec_domain_new(want->curve, &d);

	if (!cc_failed(st))
		st = ec_key_generate(d, &k);
	if (!cc_failed(st))
		st = ec_spki_encode(want->curve, ec_key_public(k), EC_PARAMS_NAMED, ret_spki);
	if (!cc_failed(st))
		st = ec_key_scalar(k, ret_private);
	ec_key_free(&k);
	ec_domain_free(&d);
	return st;
}

static cc_status make_rsa(const struct keystore_key_info *want, struct buf *ret_spki, struct buf *ret_private)
{
	struct rsa_key *k = NULL;
	struct buf n = { 0 }, e = { 0 };
	cc_status st = rsa_key_generate(want->bits, &k);

	if (!cc_failed(st))
		st = rsa_key_numbers(k, &n, &e);
	if (!cc_failed(st))
		st = rsa_spki_encode(buf_view(&n), buf_view(&e), ret_spki);
	if (!cc_failed(st))
		st = rsa_key_export(k, ret_private);
	rsa_key_free(&k);
	buf_done(&n);
	buf_done(&e);
	return st;
}

static cc_status make_symmetric(struct keystore_file *f, const struct keystore_key_info *want, struct buf *ret_private)
{
	cc_status st = buf_zero(ret_private, want->bits / 8);

	return cc_failed(st) ? st : sys_random(f->sys, ret_private->p, ret_private->n);
}

static cc_status make_entry(struct keystore_file *f, const struct keystore_header *header, const struct keystore_key_info *want,
			    struct keystore_entry *ret)
{
	struct buf private = { 0 }, aad = { 0 };
	cc_status st = cc_code_status(CC_E_ARG);

	ret->info = *want;
	ret->info.created_ms = sys_wall_ms(f->sys);
	switch (want->kind) {
	case KEYSTORE_EC:
		ret->info.bits = (unsigned)(8 * ec_field_len(want->curve));
		st = make_ec(want, &ret->spki, &private);
		break;
	case KEYSTORE_RSA:
		st = make_rsa(want, &ret->spki, &private);
		break;
	case KEYSTORE_AES:
	case KEYSTORE_TDES:
		st = make_symmetric(f, want, &private);
		break;
	}
	if (!cc_failed(st))
		st = keystore_entry_aad(header, ret, &aad);
	if (!cc_failed(st))
		st = seal_encrypt(bytes_of(f->keys->seal, sizeof f->keys->seal), buf_view(&aad), buf_view(&private), f->sys,
				  &ret->sealed);
	buf_done(&private);
	buf_done(&aad);
	return st;
}

/* With both locks held. Memory follows the file, never the other way round. */
static cc_status append(struct keystore_file *f, struct keystore_entry *entry, struct cc_error *err)
{
	struct keystore_image *image = &f->image;
	uint64_t generation = image->generation;
	cc_status st = keystore_image_add(image, entry);

	if (cc_failed(st))
		return cc_fail(err, st.code, "keystore.full", "%zu keys", image->count);
	image->generation++;
	st = save(f, image, err);
	if (cc_failed(st)) {
		/* What the disk holds now is not known: the next call reads it again and takes what it finds. */
		keystore_image_done(image);
		image->generation = generation;
	}
	return st;
}

static cc_status pass_on(struct keystore_file *f, cc_status st, const struct cc_error *err)
{
	if (!cc_failed(st))
		return st;
	if (err->code == CC_OK)
		return keystore_fail(&f->base, st.code, "keystore.failed", "%s", cc_code_name(st.code));
	return keystore_fail(&f->base, err->code, err->key, "%s", err->detail);
}

/* With the writers' lock held. The key is made outside f->lock: an RSA key takes a second and others are signing. */
static cc_status generate_locked(struct keystore_file *f, const struct keystore_key_info *want, struct cc_error *err)
{
	struct keystore_entry entry = { 0 };
	struct keystore_header header;
	cc_status st;

	(void)pthread_mutex_lock(&f->lock);
	st = reload(f, err);
	if (!cc_failed(st) && keystore_image_find(&f->image, want->label) != NULL)
		st = cc_fail(err, CC_E_EXISTS, "keystore.key-exists", "%s", want->label);
	header = f->image.header;
	(void)pthread_mutex_unlock(&f->lock);
	if (!cc_failed(st)) {
		kept_keys_enter();
		st = make_entry(f, &header, want, &entry);
		kept_keys_leave();
	}
	if (!cc_failed(st)) {
		(void)pthread_mutex_lock(&f->lock);
		st = append(f, &entry, err);
		(void)pthread_mutex_unlock(&f->lock);
	}
	buf_done(&entry.spki);
	buf_done(&entry.sealed);
	return st;
}

static cc_status file_generate(struct keystore *ks, const struct keystore_key_info *want)
{
	struct keystore_file *f = file_of(ks);
	struct cc_error err;
	int fd = -1;
	cc_status st;

	cc_error_init(&err);
	st = check_process(f, &err);
	if (!cc_failed(st))
		st = lock_writers(f, &fd, &err);
	if (!cc_failed(st)) {
		st = generate_locked(f, want, &err);
		unlock_writers(fd);
	}
	return pass_on(f, st, &err);
}

/* ---- using keys */

static cc_status file_info(struct keystore *ks, const char *label, struct keystore_key_info *ret)
{
	struct keystore_file *f = file_of(ks);
	const struct keystore_entry *e;
	struct cc_error err;
	cc_status st;

	cc_error_init(&err);
	(void)pthread_mutex_lock(&f->lock);
	st = find(f, label, &e, &err);
	if (!cc_failed(st))
		*ret = e->info;
	(void)pthread_mutex_unlock(&f->lock);
	return pass_on(f, st, &err);
}

static cc_status file_public_key(struct keystore *ks, const char *label, struct buf *ret_spki)
{
	struct keystore_file *f = file_of(ks);
	const struct keystore_entry *e;
	struct cc_error err;
	cc_status st;

	cc_error_init(&err);
	(void)pthread_mutex_lock(&f->lock);
	st = find(f, label, &e, &err);
	if (!cc_failed(st) && e->spki.n == 0)
		st = cc_fail(&err, CC_E_ARG, "keystore.kind", "%s has no public key", label);
	if (!cc_failed(st))
		st = buf_copy(ret_spki, buf_view(&e->spki));
	(void)pthread_mutex_unlock(&f->lock);
	return pass_on(f, st, &err);
}

/* A key that is open for one operation, during which no fork happens; opened_done wipes it. */
struct opened {
	struct keystore_key_info info;
	struct buf spki, private;
};

static void opened_done(struct opened *k)
{
	buf_done(&k->private);
	buf_done(&k->spki);
}

static cc_status open_key(struct keystore_file *f, const char *label, struct opened *ret, struct cc_error *err)
{
	struct keystore_header header;
	const struct keystore_entry *e;
	struct buf sealed = { 0 }, aad = { 0 };
	cc_status st = check_process(f, err);

	if (cc_failed(st))
		return st;
	(void)pthread_mutex_lock(&f->lock);
	st = find(f, label, &e, err);
	if (!cc_failed(st)) {
		header = f->image.header;
		ret->info = e->info;
		st = keystore_entry_aad(&header, e, &aad);
	}
	if (!cc_failed(st))
		st = buf_copy(&ret->spki, buf_view(&e->spki));
	if (!cc_failed(st))
		st = buf_copy(&sealed, buf_view(&e->sealed));
	(void)pthread_mutex_unlock(&f->lock);
	if (!cc_failed(st)) {
		st = seal_decrypt(bytes_of(f->keys->seal, sizeof f->keys->seal), buf_view(&aad), buf_view(&sealed),
				  &ret->private);
		if (st.code == CC_E_VERIFY)
			st = cc_fail(err, CC_E_VERIFY, "keystore.changed", "%s", label);
	}
	buf_done(&sealed);
	buf_done(&aad);
	return st;
}

/* The public point lies beside the scalar. That they belong together shows when the signature is verified. */
static cc_status open_signer(const struct opened *k, struct ec_signer **ret)
{
	struct bytes point;
	cc_status st = ec_spki_point(buf_view(&k->spki), &point);

	return cc_failed(st) ? st : ec_signer_new(k->info.curve, buf_view(&k->private), point, ret);
}

static cc_status sign_ec(struct keystore_file *f, const struct opened *k, struct bytes digest, struct buf *ret)
{
	struct ec_signer *signer = NULL;
	const struct ec_signer *use;
	cc_status st = open_signer(k, &signer);

	use = signer; /* whoever owns it afterwards, it lives as long as this thread is between enter and leave */
	if (!cc_failed(st))
		st = kept_keys_add(f->kept, k->info.label, &signer);
	if (!cc_failed(st))
		st = ec_signer_digest(use, digest, ret);
	ec_signer_free(&signer);
	return st;
}

static cc_status sign_rsa(struct sig_alg alg, struct bytes private, struct bytes digest, struct buf *ret)
{
	struct rsa_key *k = NULL;
	cc_status st = rsa_key_import(private, &k);

	if (!cc_failed(st))
		st = rsa_sign_digest(k, alg, digest, ret);
	rsa_key_free(&k);
	return st;
}

static bool scheme_fits(enum keystore_kind kind, enum sig_scheme scheme)
{
	if (scheme == SIG_ECDSA_PLAIN) /* for reading */
		return false;
	return scheme == SIG_ECDSA ? kind == KEYSTORE_EC : kind == KEYSTORE_RSA;
}

static cc_status sign_opened(struct keystore_file *f, const char *label, struct sig_alg alg, struct bytes digest,
			     struct buf *ret_sig, struct cc_error *err)
{
	struct opened k = { 0 };
	cc_status st = open_key(f, label, &k, err);

	if (!cc_failed(st) && !scheme_fits(k.info.kind, alg.scheme))
		st = cc_fail(err, CC_E_ARG, "keystore.kind", "%s: the key is of another kind than the signature", label);
	if (!cc_failed(st))
		st = k.info.kind == KEYSTORE_EC ? sign_ec(f, &k, digest, ret_sig)
						: sign_rsa(alg, buf_view(&k.private), digest, ret_sig);
	opened_done(&k);
	return st;
}

static cc_status file_sign(struct keystore *ks, const char *label, struct sig_alg alg, struct bytes message, struct buf *ret_sig)
{
	struct keystore_file *f = file_of(ks);
	const struct ec_signer *kept;
	struct digest d = { 0 };
	struct cc_error err;
	cc_status st;

	cc_error_init(&err);
	st = forget_changed(f, &err);
	if (!cc_failed(st))
		st = hash_digest(alg.hash, message, &d);
	if (cc_failed(st))
		return pass_on(f, st, &err);
	kept_keys_enter();
	kept = alg.scheme == SIG_ECDSA ? kept_keys_find(f->kept, label) : NULL;
	if (kept != NULL)
		st = ec_signer_digest(kept, bytes_of(d.p, d.n), ret_sig);
	else
		st = sign_opened(f, label, alg, bytes_of(d.p, d.n), ret_sig, &err);
	kept_keys_leave();
	return pass_on(f, st, &err);
}

static cc_status file_derive_kdf3(struct keystore *ks, const char *label, uint8_t key_id, struct bytes diversification,
				  struct secret *ret)
{
	struct keystore_file *f = file_of(ks);
	struct opened k = { 0 };
	struct cc_error err;
	cc_status st;

	cc_error_init(&err);
	kept_keys_enter();
	st = open_key(f, label, &k, &err);
	if (!cc_failed(st) && k.info.kind != KEYSTORE_AES)
		st = cc_fail(&err, CC_E_ARG, "keystore.kind", "%s is no AES key", label);
	if (!cc_failed(st))
		st = kdf_kdf3(buf_view(&k.private), key_id, diversification, ret);
	opened_done(&k);
	kept_keys_leave();
	return pass_on(f, st, &err);
}

static cc_status file_derive_tdes(struct keystore *ks, const char *label, enum kdf_tdes_scheme scheme, uint8_t key_id,
				  struct bytes diversification, struct secret *ret)
{
	struct keystore_file *f = file_of(ks);
	struct opened k = { 0 };
	struct cc_error err;
	cc_status st;

	cc_error_init(&err);
	kept_keys_enter();
	st = open_key(f, label, &k, &err);
	if (!cc_failed(st) && k.info.kind != KEYSTORE_TDES)
		st = cc_fail(&err, CC_E_ARG, "keystore.kind", "%s is no triple DES key", label);
	if (!cc_failed(st))
		st = kdf_tdes_card_key(scheme, buf_view(&k.private), key_id, diversification, ret);
	opened_done(&k);
	kept_keys_leave();
	return pass_on(f, st, &err);
}

static cc_status agree_ec(const struct keystore_key_info *info, struct bytes private, struct bytes peer_point, struct buf *ret)
{
	struct ec_domain *d = NULL;
	struct ec_key *k = NULL;
	cc_status st = ec_domain_new(info->curve, &d);

	if (!cc_failed(st))
		st = ec_key_import(d, private, &k);
	if (!cc_failed(st))
		st = ec_agree_x(k, peer_point, ret);
	ec_key_free(&k);
	ec_domain_free(&d);
	return st;
}

static cc_status file_agree(struct keystore *ks, const char *label, struct bytes peer_point, struct buf *ret_x)
{
	struct keystore_file *f = file_of(ks);
	struct opened k = { 0 };
	struct cc_error err;
	cc_status st;

	cc_error_init(&err);
	kept_keys_enter();
	st = open_key(f, label, &k, &err);
	if (!cc_failed(st) && k.info.kind != KEYSTORE_EC)
		st = cc_fail(&err, CC_E_ARG, "keystore.kind", "%s is no EC key", label);
	if (!cc_failed(st))
		st = agree_ec(&k.info, buf_view(&k.private), peer_point, ret_x);
	opened_done(&k);
	kept_keys_leave();
	return pass_on(f, st, &err);
}

static cc_status file_list(struct keystore *ks, struct keystore_key_info *ret, size_t cap, size_t *ret_count)
{
	struct keystore_file *f = file_of(ks);
	struct cc_error err;
	cc_status st;

	cc_error_init(&err);
	(void)pthread_mutex_lock(&f->lock);
	st = reload(f, &err);
	if (!cc_failed(st)) {
		for (size_t i = 0; i < f->image.count && i < cap; i++)
			ret[i] = f->image.entries[i].info;
		*ret_count = f->image.count;
	}
	(void)pthread_mutex_unlock(&f->lock);
	return pass_on(f, st, &err);
}

static void file_close(struct keystore *ks)
{
	file_free(file_of(ks));
}

static const struct keystore_ops file_ops = {
	.name = "file",
	.generate = file_generate,
	.info = file_info,
	.public_key = file_public_key,
	.sign = file_sign,
	.derive_kdf3 = file_derive_kdf3,
	.derive_tdes = file_derive_tdes,
	.agree = file_agree,
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
	return save(f, &f->image, err);
}

cc_status keystore_file_create_cost(const char *path, struct bytes password, struct password_cost cost, const struct sys *sys,
				    struct keystore **ret, struct cc_error *err)
{
	struct keystore_file *f = NULL;
	int fd = -1;
	cc_status st = file_new(path, sys, &f, err);

	if (cc_failed(st))
		return st;
	st = lock_writers(f, &fd, err);
	if (!cc_failed(st)) {
		st = create_locked(f, password, cost, err);
		unlock_writers(fd);
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
