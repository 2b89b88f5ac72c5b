/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/keystore_file_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_TRIES 200
#define LOCK_WAIT_MS 50
#define FILE_MODE 0600

/* Writers of all processes queue here. The key file itself is replaced by rename, so that a lock on it would be lost. */
cc_status keystore_file_lock_writers(struct keystore_file *f, int *ret_fd, struct cc_error *err)
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

void keystore_file_unlock_writers(int fd)
{
	(void)close(fd);
}

/* The file may have grown by another process's key; it may never have gone back. */
cc_status keystore_file_reload(struct keystore_file *f, struct cc_error *err)
{
	struct buf file = { 0 };
	struct keystore_image fresh = { 0 };
	cc_status st = keystore_file_check_process(f, err);

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

static struct keystore_file_seen look(const struct keystore_file *f)
{
	struct stat s;

	if (stat(f->path, &s) != 0)
		return (struct keystore_file_seen){ 0 };
	return (struct keystore_file_seen){ s.st_dev, s.st_ino, s.st_size, s.st_ctim };
}

static bool same_file(const struct keystore_file_seen *a, const struct keystore_file_seen *b)
{
	return a->inode != 0 && a->device == b->device && a->inode == b->inode && a->size == b->size &&
	       a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

/*
 * No key is used on that another process took away: what lies in the file counts, and has to be good as when it was opened. The
 * new file is only known once the keys of the old one are gone: until then each thread that signs comes this way.
 */
cc_status keystore_file_forget_changed(struct keystore_file *f, struct cc_error *err)
{
	const struct keystore_file_seen now = look(f); /* before it is read: a change in between shows next time */
	cc_status st = cc_ok();
	bool same;

	(void)pthread_mutex_lock(&f->lock);
	same = same_file(&now, &f->seen);
	if (!same)
		st = keystore_file_reload(f, err);
	(void)pthread_mutex_unlock(&f->lock);
	if (same)
		return st;
	kept_keys_forget(f->kept);
	(void)pthread_mutex_lock(&f->lock);
	f->seen = cc_failed(st) ? (struct keystore_file_seen){ 0 } : now;
	(void)pthread_mutex_unlock(&f->lock);
	return st;
}

cc_status keystore_file_save(struct keystore_file *f, const struct keystore_image *image, struct cc_error *err)
{
	struct buf file = { 0 };
	cc_status st = keystore_image_write(image, f->keys, &file);

	if (cc_failed(st))
		return cc_fail(err, st.code, "keystore.full", "%zu keys", image->count);
	st = sys_write_file(f->path, buf_view(&file), FILE_MODE, err);
	buf_done(&file);
	return st;
}

cc_status keystore_file_find(struct keystore_file *f, const char *label, const struct keystore_entry **ret, struct cc_error *err)
{
	const struct keystore_entry *e = keystore_image_find(&f->image, label);
	cc_status st;

	if (e == NULL) {
		st = keystore_file_reload(f, err);
		if (cc_failed(st))
			return st;
		e = keystore_image_find(&f->image, label);
	}
	if (e == NULL)
		return cc_fail(err, CC_E_NOT_FOUND, "keystore.no-key", "%s", label);
	*ret = e;
	return cc_ok();
}
