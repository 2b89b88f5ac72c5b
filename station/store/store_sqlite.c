/* SPDX-License-Identifier: Apache-2.0 */
#include "station/store/store.h"

#include "crypto/base/secret.h"
#include "station/store/memory_limit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/*
 * The embedded engine. One process owns the file (a lock file beside it, and
 * SQLite's exclusive locking mode, which also keeps foreign programs from
 * writing or checkpointing: SQLite before 3.51.3 may lose commits in WAL mode
 * when one connection writes and another checkpoints).
 */
#define CACHE_MAX 64
#define PLACES_MAX 64
#define SMALL_MAX 1024

struct sqlite_stmt {
	struct stmt base;
	sqlite3_stmt *q;
	const char *sql; /* the caller's constant */
	bool in_use;
	uint8_t places[PLACES_MAX + 1]; /* of `$1`, `$2` ...; 0: the statement has none of that number */
	uint8_t *small[PLACES_MAX + 1]; /* short values of each, SMALL_MAX bytes; NULL until there was one */
	struct sqlite_stmt *next;
};

struct sqlite_store {
	struct store base;
	sqlite3 *db;
	int lock_fd;
	struct sqlite_stmt *cache;
	size_t cached;
	int journal_pages; /* after the last commit */
};

static struct sqlite_store *self(struct store *s)
{
	return (struct sqlite_store *)s;
}

static struct sqlite_stmt *self_stmt(struct stmt *q)
{
	return (struct sqlite_stmt *)q;
}

/* SQLite's messages name tables and columns, never values. */
static cc_status sqlite_error(struct sqlite_store *s, int rc)
{
	const char *text = sqlite3_errmsg(s->db);
	int extended = sqlite3_extended_errcode(s->db);

	switch (rc & 0xFF) {
	case SQLITE_CONSTRAINT:
		if (extended == SQLITE_CONSTRAINT_UNIQUE || extended == SQLITE_CONSTRAINT_PRIMARYKEY)
			return cc_fail(&s->base.err, CC_E_EXISTS, "store.exists", "%s", text);
		return cc_fail(&s->base.err, CC_E_STATE, "store.constraint", "%s", text);
	case SQLITE_NOMEM:
		return cc_fail(&s->base.err, CC_E_MEMORY, "memory", "sqlite");
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return cc_fail(&s->base.err, CC_E_BUSY, "store.in-use", "%s", text);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return cc_fail(&s->base.err, CC_E_VERIFY, "store.damaged", "%s", text);
	case SQLITE_FULL:
		return cc_fail(&s->base.err, CC_E_IO, "store.disk-full", "%s", text);
	case SQLITE_IOERR:
		s->base.stopped = true;
		return cc_fail(&s->base.err, CC_E_IO, "store.io", "%s (%d)", text, extended);
	default:
		return cc_fail(&s->base.err, CC_E_IO, "store.failed", "%s (%d)", text, extended);
	}
}

/* migrations.h: a table that is kept in its key. */
static const char key_ordered[] = "/*key-ordered*/";
static const char without_rowid[] = "WITHOUT ROWID  ";

static cc_status lite_exec(struct store *base, const char *sql)
{
	struct sqlite_store *s = self(base);
	size_t n = strlen(sql) + 1;
	char *own = NULL;
	int rc;

	_Static_assert(sizeof key_ordered == sizeof without_rowid, "one is written over the other");
	if (strstr(sql, key_ordered) != NULL) {
		own = cc_alloc(n);
		if (own == NULL)
			return cc_fail(&base->err, CC_E_MEMORY, "memory", "statement");
		memcpy(own, sql, n);
		for (char *at = own; (at = strstr(at, key_ordered)) != NULL;)
			memcpy(at, without_rowid, sizeof without_rowid - 1);
	}
	rc = sqlite3_exec(s->db, own != NULL ? own : sql, NULL, NULL, NULL);
	cc_free(own, n);
	return rc == SQLITE_OK ? cc_ok() : sqlite_error(s, rc);
}

static void stmt_destroy(struct sqlite_stmt *q)
{
	(void)sqlite3_finalize(q->q);
	for (size_t i = 0; i <= PLACES_MAX; i++)
		cc_free(q->small[i], SMALL_MAX);
	cc_free(q, sizeof *q);
}

static struct sqlite_stmt *cache_take(struct sqlite_store *s, const char *sql)
{
	struct sqlite_stmt *q = s->cache;

	/* Nearly always it is the very constant. */
	while (q != NULL && (q->in_use || q->sql != sql))
		q = q->next;
	if (q != NULL)
		return q;
	for (q = s->cache; q != NULL && (q->in_use || strcmp(q->sql, sql) != 0);)
		q = q->next;
	return q;
}

/* `$3` is a name to SQLite: its place is asked for, as statements may use them in any order. */
static void find_places(struct sqlite_stmt *q)
{
	int count = sqlite3_bind_parameter_count(q->q);
	char name[16];

	CC_ASSERT(count <= PLACES_MAX);
	for (int i = 1; i <= PLACES_MAX; i++) {
		(void)snprintf(name, sizeof name, "$%d", i);
		q->places[i] = (uint8_t)sqlite3_bind_parameter_index(q->q, name);
	}
}

static cc_status lite_prepare(struct store *base, const char *sql, struct stmt **ret)
{
	struct sqlite_store *s = self(base);
	struct sqlite_stmt *q = cache_take(s, sql);
	int rc;

	if (q == NULL) {
		q = cc_alloc(sizeof *q);
		if (q == NULL)
			return cc_fail(&base->err, CC_E_MEMORY, "memory", "statement");
		rc = sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &q->q, NULL);
		if (rc != SQLITE_OK) {
			cc_free(q, sizeof *q);
			return sqlite_error(s, rc);
		}
		find_places(q);
		q->base.store = base;
		q->sql = sql;
		q->next = s->cache;
		s->cache = q;
		s->cached++;
	}
	q->in_use = true;
	*ret = &q->base;
	return cc_ok();
}

static int parameter(struct stmt *base, int index)
{
	CC_ASSERT(index >= 1 && index <= PLACES_MAX && self_stmt(base)->places[index] > 0);
	return self_stmt(base)->places[index];
}

static cc_status bound(struct stmt *base, int rc)
{
	return rc == SQLITE_OK ? cc_ok() : sqlite_error(self(base->store), rc);
}

static cc_status lite_bind_int(struct stmt *base, int index, int64_t v)
{
	return bound(base, sqlite3_bind_int64(self_stmt(base)->q, parameter(base, index), v));
}

struct kept {
	const void *p;
	sqlite3_destructor_type how;
};

/*
 * The caller's value may be gone by the next step. A short one is kept in the
 * statement, where the next one takes its room; SQLite would ask for memory for each.
 */
static cc_status keep(struct stmt *base, int index, struct bytes v, struct kept *ret)
{
	uint8_t **at = &self_stmt(base)->small[index];

	*ret = (struct kept){ v.n > 0 ? (const void *)v.p : "", SQLITE_TRANSIENT };
	if (v.n == 0 || v.n > SMALL_MAX)
		return cc_ok();
	if (*at == NULL && (*at = cc_alloc(SMALL_MAX)) == NULL)
		return cc_fail(&base->store->err, CC_E_MEMORY, "memory", "statement");
	memcpy(*at, v.p, v.n);
	*ret = (struct kept){ *at, SQLITE_STATIC };
	return cc_ok();
}

static cc_status lite_bind_text(struct stmt *base, int index, struct bytes utf8)
{
	int place = parameter(base, index);
	struct kept k;
	cc_status st = keep(base, index, utf8, &k);

	return cc_failed(st) ? st : bound(base, sqlite3_bind_text64(self_stmt(base)->q, place, k.p, utf8.n, k.how, SQLITE_UTF8));
}

static cc_status lite_bind_blob(struct stmt *base, int index, struct bytes v)
{
	int place = parameter(base, index);
	struct kept k;
	cc_status st = keep(base, index, v, &k);

	return cc_failed(st) ? st : bound(base, sqlite3_bind_blob64(self_stmt(base)->q, place, k.p, v.n, k.how));
}

static cc_status lite_bind_null(struct stmt *base, int index)
{
	return bound(base, sqlite3_bind_null(self_stmt(base)->q, parameter(base, index)));
}

static cc_status lite_step(struct stmt *base, bool *ret_row)
{
	int rc = sqlite3_step(self_stmt(base)->q);

	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return sqlite_error(self(base->store), rc);
	*ret_row = rc == SQLITE_ROW;
	return cc_ok();
}

static bool lite_column_is_null(struct stmt *base, int column)
{
	return sqlite3_column_type(self_stmt(base)->q, column) == SQLITE_NULL;
}

static int64_t lite_column_int(struct stmt *base, int column)
{
	return sqlite3_column_int64(self_stmt(base)->q, column);
}

static struct bytes lite_column_bytes(struct stmt *base, int column)
{
	const void *p = sqlite3_column_blob(self_stmt(base)->q, column);
	int n = sqlite3_column_bytes(self_stmt(base)->q, column);

	return bytes_of(p, p == NULL || n < 0 ? 0 : (size_t)n);
}

static cc_status lite_reset(struct stmt *base)
{
	/* Repeats the error of the last step, which has been told already. */
	(void)sqlite3_reset(self_stmt(base)->q);
	return cc_ok();
}

static int64_t lite_changes(struct store *base)
{
	return sqlite3_changes64(self(base)->db);
}

static void cache_drop(struct sqlite_store *s, struct sqlite_stmt *q)
{
	struct sqlite_stmt **at = &s->cache;

	while (*at != q)
		at = &(*at)->next;
	*at = q->next;
	s->cached--;
	stmt_destroy(q);
}

static void lite_finish(struct stmt *base)
{
	struct sqlite_stmt *q = self_stmt(base);
	struct sqlite_store *s = self(base->store);

	(void)sqlite3_reset(q->q);
	(void)sqlite3_clear_bindings(q->q);
	q->in_use = false;
	if (s->cached > CACHE_MAX)
		cache_drop(s, q);
}

static void lite_close(struct store *base)
{
	struct sqlite_store *s = self(base);

	while (s->cache != NULL)
		cache_drop(s, s->cache);
	/* The one connection checkpoints as it closes; the lock goes last. */
	(void)sqlite3_close(s->db);
	if (s->lock_fd >= 0)
		(void)close(s->lock_fd);
	cc_free(s, sizeof *s);
}

static cc_status lite_set_cache(struct store *base, int kib)
{
	char pragma[64];

	(void)snprintf(pragma, sizeof pragma, "PRAGMA cache_size=-%d", kib);
	return lite_exec(base, pragma);
}

static const struct store_ops lite_ops = {
	.name = "sqlite",
	.exec = lite_exec,
	.prepare = lite_prepare,
	.bind_int = lite_bind_int,
	.bind_text = lite_bind_text,
	.bind_blob = lite_bind_blob,
	.bind_null = lite_bind_null,
	.step = lite_step,
	.column_is_null = lite_column_is_null,
	.column_int = lite_column_int,
	.column_bytes = lite_column_bytes,
	.reset = lite_reset,
	.changes = lite_changes,
	.set_cache = lite_set_cache,
	.finish = lite_finish,
	.close = lite_close,
};

/* The lock file stays: removing it would let two processes lock two different files of that name. */
static cc_status take_lock(const char *path, int *ret_fd, struct cc_error *err)
{
	char lock_path[PATH_MAX + 8];
	int fd;

	(void)snprintf(lock_path, sizeof lock_path, "%s.lock", path);
	fd = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return cc_fail(err, errno == ENOENT ? CC_E_NOT_FOUND : CC_E_IO, "store.open", "%s: %s", lock_path,
			       strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		int e = errno;

		(void)close(fd);
		if (e == EWOULDBLOCK)
			return cc_fail(err, CC_E_BUSY, "store.in-use", "%s", path);
		return cc_fail(err, CC_E_IO, "store.open", "%s: %s", lock_path, strerror(e));
	}
	*ret_fd = fd;
	return cc_ok();
}

/* Made here, so that it is readable to the owner alone from its first byte; SQLite's own files follow its mode. */
static cc_status make_file(const char *path, struct cc_error *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return cc_fail(err, CC_E_IO, "store.open", "%s: %s", path, strerror(errno));
	(void)close(fd);
	return cc_ok();
}

/* temp_store: no personal field may reach a temporary file; secure_delete: deleted rows leave no bytes behind. */
static const char connection_settings[] = "PRAGMA locking_mode=EXCLUSIVE;"
					  "PRAGMA journal_mode=WAL;"
					  "PRAGMA synchronous=FULL;"
					  "PRAGMA foreign_keys=ON;"
					  "PRAGMA temp_store=MEMORY;"
					  "PRAGMA secure_delete=ON;"
					  "PRAGMA cell_size_check=ON;"
					  "PRAGMA trusted_schema=OFF;"
					  "PRAGMA mmap_size=0;";

/*
 * The journal. Pages that a load writes again and again are copied home once in
 * 32 MiB. While the file grows, each flush writes its inode too and takes twice as
 * long: who commits little and often finds room of zeros ahead, which SQLite takes
 * for the end of the journal. It starts over at its beginning after a checkpoint.
 */
#define JOURNAL_PAGES 8192
#define JOURNAL_PAGE (4096 + 24) /* with its header */
#define JOURNAL_LITTLE 64	 /* pages of a commit; a short command never has as many in all */
#define JOURNAL_AHEAD_MAX (4 << 20)

/* Ahead of what is used as much again. Where there is no room for it nothing is lost but time. */
static void journal_room(struct sqlite_store *s, sqlite3_int64 used)
{
	static const uint8_t zeros[1 << 16];
	sqlite3_int64 size = 0, ahead = used < JOURNAL_AHEAD_MAX ? used : JOURNAL_AHEAD_MAX;
	sqlite3_file *f = NULL;

	if (sqlite3_file_control(s->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &f) != SQLITE_OK || f == NULL ||
	    f->pMethods == NULL)
		return;
	if (f->pMethods->xFileSize(f, &size) != SQLITE_OK || size > used + ahead / 2)
		return;
	for (sqlite3_int64 at = size; at < size + ahead; at += (sqlite3_int64)sizeof zeros) {
		if (f->pMethods->xWrite(f, zeros, (int)sizeof zeros, at) != SQLITE_OK) {
			(void)f->pMethods->xTruncate(f, size);
			return;
		}
	}
}

static int journal_committed(void *ctx, sqlite3 *db, const char *name, int pages)
{
	struct sqlite_store *s = ctx;
	int added = pages - s->journal_pages;

	if (pages >= JOURNAL_PAGES)
		(void)sqlite3_wal_checkpoint(db, name);
	else if (pages > JOURNAL_LITTLE && added > 0 && added < JOURNAL_LITTLE)
		journal_room(s, (sqlite3_int64)pages * JOURNAL_PAGE);
	s->journal_pages = pages;
	return SQLITE_OK;
}

/*
 * A page that is not at hand costs more than all else of a lookup, and keyed
 * hashes fall anywhere. Taken only as pages are read: a small registry stays small.
 */
#define CACHE_KIB_UNKNOWN (128 * 1024)
#define CACHE_KIB_MAX (32 * 1024 * 1024)
#define CACHE_SHARE 4 /* of the memory that this process may have: what databases of a server's size are given */

int store_sqlite_cache_kib(int64_t memory_kib)
{
	int64_t kib = memory_kib / CACHE_SHARE;

	return memory_kib <= 0 ? CACHE_KIB_UNKNOWN : kib > CACHE_KIB_MAX ? CACHE_KIB_MAX : (int)kib;
}

static cc_status configure(struct sqlite_store *s)
{
	struct stmt *q = NULL;
	bool row = false;
	cc_status st = lite_exec(&s->base, connection_settings);

	if (!cc_failed(st))
		st = lite_set_cache(&s->base, store_sqlite_cache_kib(memory_limit_kib("")));
	if (cc_failed(st))
		return st;
	(void)sqlite3_wal_hook(s->db, journal_committed, s);
	(void)sqlite3_extended_result_codes(s->db, 1);
	(void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	(void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	(void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
	st = lite_prepare(&s->base, "PRAGMA journal_mode", &q);
	if (!cc_failed(st))
		st = lite_step(q, &row);
	/* A file system without what WAL needs silently keeps another journal. */
	if (!cc_failed(st) && s->lock_fd >= 0 && (!row || !bytes_equal(lite_column_bytes(q, 0), BYTES_LITERAL("wal"))))
		st = cc_fail(&s->base.err, CC_E_UNSUPPORTED, "store.no-wal", "the file system does not carry a WAL journal");
	stmt_finish(&q);
	return st;
}

static cc_status connect_file(const char *path, struct sqlite_store *s)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
	int rc = sqlite3_open_v2(path, &s->db, flags, NULL);

	if (rc != SQLITE_OK)
		return cc_fail(&s->base.err, CC_E_IO, "store.open", "%s: %s", path, sqlite3_errstr(rc));
	return configure(s);
}

/* Its accounts of memory that nobody reads cost a lock for each piece. Refused, and no harm, when SQLite is at work already. */
static void set_up(void)
{
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static cc_status open_store(const char *path, bool as_it_is, struct store **ret, struct cc_error *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct sqlite_store *s = cc_alloc(sizeof *s);
	struct store *base;
	cc_status st;

	(void)pthread_once(&once, set_up);
	if (s == NULL)
		return cc_fail(err, CC_E_MEMORY, "memory", "store");
	s->base.ops = &lite_ops;
	s->lock_fd = -1;
	base = &s->base;
	st = strcmp(path, STORE_IN_MEMORY) == 0 ? cc_ok() : take_lock(path, &s->lock_fd, &base->err);
	if (!cc_failed(st) && s->lock_fd >= 0)
		st = make_file(path, &base->err);
	if (!cc_failed(st))
		st = connect_file(path, s);
	if (!cc_failed(st) && as_it_is && s->lock_fd >= 0)
		st = store_migrated(base, store_migrations, store_migration_count);
	else if (!cc_failed(st))
		st = store_migrate(base, store_migrations, store_migration_count, sys_real());
	if (cc_failed(st)) {
		st = cc_fail(err, st.code, base->err.key, "%s", base->err.detail);
		store_close(&base);
		return st;
	}
	*ret = base;
	return cc_ok();
}

cc_status store_sqlite_open(const char *path, struct store **ret, struct cc_error *err)
{
	return open_store(path, false, ret, err);
}

cc_status store_sqlite_open_as_it_is(const char *path, struct store **ret, struct cc_error *err)
{
	return open_store(path, true, ret, err);
}
