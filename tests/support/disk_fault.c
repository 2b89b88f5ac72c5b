/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/disk_fault.h"

#include "crypto/base/err.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <unistd.h>

static enum disk_fault fault;
static unsigned long calls, fault_at;
static sqlite3_vfs *real_vfs, layer_vfs;
static sqlite3_io_methods layer_methods;

/* In front of the real file's own structure, which stands behind it. */
struct layer_file {
	sqlite3_file base;
	sqlite3_file *real;
};

static sqlite3_file *real_of(sqlite3_file *f)
{
	return ((struct layer_file *)f)->real;
}

static bool reached(void)
{
	return ++calls >= fault_at && fault_at > 0;
}

static void die(void)
{
	(void)kill(getpid(), SIGKILL);
	for (;;)
		(void)pause();
}

static int layer_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
	sqlite3_file *real = real_of(f);

	if (reached()) {
		if (fault == DISK_FULL)
			return SQLITE_FULL;
		if (fault == DISK_WRITE_IO)
			return SQLITE_IOERR_WRITE;
		if (fault == DISK_KILL_TORN)
			(void)real->pMethods->xWrite(real, p, n / 2, at);
		if (fault == DISK_KILL || fault == DISK_KILL_TORN)
			die();
	}
	return real->pMethods->xWrite(real, p, n, at);
}

static int layer_sync(sqlite3_file *f, int flags)
{
	sqlite3_file *real = real_of(f);

	if (reached()) {
		if (fault == DISK_KILL || fault == DISK_KILL_TORN)
			die();
		if (fault == DISK_SYNC_IO)
			return SQLITE_IOERR_FSYNC;
	}
	return real->pMethods->xSync(real, flags);
}

static int layer_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	sqlite3_file *real = real_of(f);

	if (reached() && (fault == DISK_KILL || fault == DISK_KILL_TORN))
		die();
	return real->pMethods->xTruncate(real, size);
}

static int layer_close(sqlite3_file *f)
{
	sqlite3_file *real = real_of(f);

	return real->pMethods != NULL ? real->pMethods->xClose(real) : SQLITE_OK;
}

static int layer_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
	return real_of(f)->pMethods->xRead(real_of(f), p, n, at);
}

static int layer_size(sqlite3_file *f, sqlite3_int64 *ret)
{
	return real_of(f)->pMethods->xFileSize(real_of(f), ret);
}

static int layer_lock(sqlite3_file *f, int level)
{
	return real_of(f)->pMethods->xLock(real_of(f), level);
}

static int layer_unlock(sqlite3_file *f, int level)
{
	return real_of(f)->pMethods->xUnlock(real_of(f), level);
}

static int layer_reserved(sqlite3_file *f, int *ret)
{
	return real_of(f)->pMethods->xCheckReservedLock(real_of(f), ret);
}

static int layer_control(sqlite3_file *f, int op, void *arg)
{
	return real_of(f)->pMethods->xFileControl(real_of(f), op, arg);
}

static int layer_sector(sqlite3_file *f)
{
	return real_of(f)->pMethods->xSectorSize(real_of(f));
}

static int layer_device(sqlite3_file *f)
{
	return real_of(f)->pMethods->xDeviceCharacteristics(real_of(f));
}

/* Version 1: no shared memory, which the one process that owns a file does not need. */
static sqlite3_io_methods layer_methods = {
	.iVersion = 1,
	.xClose = layer_close,
	.xRead = layer_read,
	.xWrite = layer_write,
	.xTruncate = layer_truncate,
	.xSync = layer_sync,
	.xFileSize = layer_size,
	.xLock = layer_lock,
	.xUnlock = layer_unlock,
	.xCheckReservedLock = layer_reserved,
	.xFileControl = layer_control,
	.xSectorSize = layer_sector,
	.xDeviceCharacteristics = layer_device,
};

static int layer_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *ret_flags)
{
	struct layer_file *own = (struct layer_file *)f;
	int rc;

	(void)vfs;
	own->real = (sqlite3_file *)(own + 1);
	rc = real_vfs->xOpen(real_vfs, name, own->real, flags, ret_flags);
	own->base.pMethods = own->real->pMethods != NULL ? &layer_methods : NULL;
	return rc;
}

void disk_fault_begin(enum disk_fault kind, unsigned long at)
{
	if (real_vfs == NULL) {
		real_vfs = sqlite3_vfs_find(NULL);
		layer_vfs = *real_vfs;
		layer_vfs.zName = "disk-fault";
		layer_vfs.szOsFile = (int)sizeof(struct layer_file) + real_vfs->szOsFile;
		layer_vfs.xOpen = layer_open;
		CC_ASSERT(sqlite3_vfs_register(&layer_vfs, 1) == SQLITE_OK);
	}
	fault = kind;
	fault_at = at;
	calls = 0;
}

unsigned long disk_fault_calls(void)
{
	return calls;
}

void disk_fault_end(void)
{
	if (real_vfs == NULL)
		return;
	(void)sqlite3_vfs_unregister(&layer_vfs);
	real_vfs = NULL;
}
