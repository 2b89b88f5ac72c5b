/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/export.h"

#include "crypto/base/secret.h"
#include "station/registry/residence.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FLUSH_AT (256u * 1024)

/* The file under its working name, while people are written into it. */
struct out {
	const struct export_request *q;
	const struct export_purpose *purpose;
	char part[PATH_MAX];
	int fd; /* -1: nothing is written (dry run) */
	struct writer buffer;
	int64_t people;
	cc_status st;
	struct cc_error *err;
};

static cc_status io_failed(const struct out *o, struct cc_error *err)
{
	if (errno == ENOENT || errno == EACCES)
		return sys_path_fail(err, errno, "%s", o->part);
	return cc_fail(err, CC_E_IO, "export.write", "%s: %s", o->part, strerror(errno));
}

/* ---- bookings */

static cc_status book_begun(struct forms *f, const struct export_request *q, struct export_booking *b, struct cc_error *err)
{
	cc_status st = forms_begin(f, err);

	if (cc_failed(st))
		return st;
	st = forms_next_id(f, &b->id, err);
	b->begun_ms = sys_wall_ms(f->books->sys);
	(void)snprintf(b->format, sizeof b->format, "%s", q->format == EXPORT_CSV ? "csv" : "jsonl");
	(void)snprintf(b->purpose, sizeof b->purpose, "%s", q->purpose);
	if (!cc_failed(st)) {
		const struct books_value values[] = { books_int(b->id),	      books_text(b->purpose), books_text(b->receiver),
						      books_text(b->officer), books_text(b->format),  books_int(b->begun_ms) };

		st = books_run(f->books,
			       "INSERT INTO registry_export (id, purpose, receiver, officer, format, state, people, sha256,"
			       " begun_ms, done_ms) VALUES ($1, $2, $3, $4, $5, 'begun', 0, NULL, $6, NULL)",
			       values, 6, err);
	}
	return forms_end(f, st, err);
}

static cc_status book_end(struct forms *f, struct export_booking *b, const char *state, struct cc_error *err)
{
	cc_status st = forms_begin(f, err);

	if (cc_failed(st))
		return st;
	(void)snprintf(b->state, sizeof b->state, "%s", state);
	b->done_ms = sys_wall_ms(f->books->sys);
	{
		const struct books_value values[] = {
			books_int(b->id),
			books_text(b->state),
			books_int(b->people),
			b->sha256.n > 0 ? books_blob(bytes_of(b->sha256.p, b->sha256.n)) : books_text(NULL),
			books_int(b->done_ms),
		};

		st = books_run(f->books,
			       "UPDATE registry_export SET state = $2, people = $3, sha256 = $4, done_ms = $5 WHERE id = $1",
			       values, 5, err);
	}
	return forms_end(f, st, err);
}

cc_status export_list(struct forms *f, export_visit visit, void *ctx, struct cc_error *err)
{
	struct stmt *q = NULL;
	bool row = false, go = true;
	cc_status st;

	books_lock(f->books);
	st = books_query(f->books,
			 "SELECT id, purpose, receiver, officer, format, state, people, sha256, begun_ms, done_ms"
			 " FROM registry_export ORDER BY id",
			 NULL, 0, &q, &row, err);
	while (!cc_failed(st) && row && go) {
		struct export_booking b = { .id = stmt_column_int(q, 0),
					    .people = stmt_column_int(q, 6),
					    .begun_ms = stmt_column_int(q, 8) };
		struct cursor in;

		forms_copy_column(q, 1, b.purpose, sizeof b.purpose);
		forms_copy_column(q, 2, b.receiver, sizeof b.receiver);
		forms_copy_column(q, 3, b.officer, sizeof b.officer);
		forms_copy_column(q, 4, b.format, sizeof b.format);
		forms_copy_column(q, 5, b.state, sizeof b.state);
		cursor_init(&in, stmt_column_is_null(q, 7) ? bytes_of(NULL, 0) : stmt_column_bytes(q, 7));
		if (cursor_copy(&in, b.sha256.p, hash_len(HASH_SHA256)))
			b.sha256.n = hash_len(HASH_SHA256);
		b.done_ms = stmt_column_is_null(q, 9) ? 0 : stmt_column_int(q, 9);
		go = visit(ctx, &b);
		if (go)
			st = forms_step(f, q, &row, err);
	}
	stmt_finish(&q);
	books_unlock(f->books);
	return st;
}

/* ---- writing */

static cc_status flush(struct out *o)
{
	struct bytes left = writer_view(&o->buffer);
	struct buf none = { 0 };
	cc_status st = cc_ok();

	while (left.n > 0 && !cc_failed(st)) {
		ssize_t n = write(o->fd, left.p, left.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			st = io_failed(o, o->err);
		else
			left = bytes_of(left.p + n, left.n - (size_t)n);
	}
	if (!cc_failed(st) && cc_failed(st = writer_finish(&o->buffer, &none)))
		st = cc_fail(o->err, st.code, "memory", "export");
	buf_done(&none);
	writer_init(&o->buffer, 4 * FLUSH_AT);
	return st;
}

static bool write_person(void *ctx, const struct person *p, bool has_photo)
{
	struct out *o = ctx;
	struct buf line = { 0 };
	const char *province;

	(void)has_photo;
	if (o->q->province != NULL) {
		province = residence_province(p->residence, o->q->today);
		if (province == NULL || strcmp(province, o->q->province) != 0)
			return true;
	}
	o->people++;
	if (o->fd < 0)
		return true;
	o->st = export_line(o->purpose, o->q->format, p, o->q->today, &line);
	if (cc_failed(o->st))
		o->st = cc_fail(o->err, o->st.code, "memory", "export");
	writer_put(&o->buffer, buf_view(&line));
	if (!cc_failed(o->st) && writer_view(&o->buffer).n >= FLUSH_AT)
		o->st = flush(o);
	buf_done(&line);
	return !cc_failed(o->st);
}

static cc_status write_people(struct forms *f, struct out *o)
{
	struct buf heading = { 0 };
	cc_status st = cc_ok();

	if (o->fd >= 0 && o->q->format == EXPORT_CSV) {
		if (cc_failed(st = export_heading(o->purpose, &heading)))
			return cc_fail(o->err, st.code, "memory", "export");
		writer_put(&o->buffer, buf_view(&heading));
		buf_done(&heading);
	}
	books_lock(f->books);
	st = registry_walk(f->registry, write_person, o, o->err);
	books_unlock(f->books);
	if (!cc_failed(st))
		st = o->st;
	if (!cc_failed(st) && o->fd >= 0)
		st = flush(o);
	if (!cc_failed(st) && o->fd >= 0 && fsync(o->fd) != 0)
		st = io_failed(o, o->err);
	return st;
}

/* Of the bytes that lie in the file. */
static cc_status hash_file(const struct out *o, struct digest *ret)
{
	struct stat info;
	void *map;
	cc_status st;

	if (fstat(o->fd, &info) != 0)
		return io_failed(o, o->err);
	if (info.st_size == 0)
		return hash_digest(HASH_SHA256, bytes_of(NULL, 0), ret);
	map = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_SHARED, o->fd, 0);
	if (map == MAP_FAILED)
		return io_failed(o, o->err);
	st = hash_digest(HASH_SHA256, bytes_of(map, (size_t)info.st_size), ret);
	(void)munmap(map, (size_t)info.st_size);
	return cc_failed(st) ? cc_fail(o->err, st.code, "crypto.failed", "SHA-256") : st;
}

/* ---- names: never over a file that is there */

static cc_status open_part(struct out *o)
{
	if (snprintf(o->part, sizeof o->part, "%s.part", o->q->path) >= (int)sizeof o->part)
		return cc_fail(o->err, CC_E_ARG, "export.write", "the path is too long");
	if (access(o->q->path, F_OK) == 0)
		return cc_fail(o->err, CC_E_EXISTS, "export.exists", "%s", o->q->path);
	o->fd = open(o->part, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (o->fd < 0 && errno == EEXIST)
		return cc_fail(o->err, CC_E_EXISTS, "export.exists", "%s", o->part);
	return o->fd < 0 ? io_failed(o, o->err) : cc_ok();
}

static cc_status give_name(const struct out *o)
{
	char path[PATH_MAX];
	int folder;
	cc_status st = cc_ok();

	if (link(o->part, o->q->path) != 0)
		return errno == EEXIST ? cc_fail(o->err, CC_E_EXISTS, "export.exists", "%s", o->q->path) : io_failed(o, o->err);
	(void)unlink(o->part);
	(void)snprintf(path, sizeof path, "%s", o->q->path);
	folder = open(dirname(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0 || fsync(folder) != 0) {
		st = io_failed(o, o->err);
		(void)unlink(o->q->path);
	}
	if (folder >= 0)
		(void)close(folder);
	return st;
}

static cc_status write_and_name(struct forms *f, struct out *o, struct export_booking *b)
{
	cc_status st = write_people(f, o);

	b->people = o->people;
	if (!cc_failed(st))
		st = hash_file(o, &b->sha256);
	if (!cc_failed(st))
		st = book_end(f, b, "done", o->err);
	if (!cc_failed(st))
		st = give_name(o);
	return st;
}

/* What was booked as begun and came to nothing says so. */
static void book_failed(struct forms *f, const struct out *o, struct export_booking *b)
{
	struct cc_error unheard;
	cc_status st;

	(void)unlink(o->part);
	cc_error_init(&unheard);
	b->sha256.n = 0;
	st = book_end(f, b, "failed", &unheard);
	(void)st; /* the store's own failure leaves it "begun" */
}

static cc_status make(struct forms *f, struct out *o, struct export_booking *b)
{
	cc_status st;

	if (f->dry_run) {
		st = write_people(f, o);
		b->people = o->people;
		return st;
	}
	if (cc_failed(st = open_part(o)))
		return st;
	if (cc_failed(st = book_begun(f, o->q, b, o->err)))
		(void)unlink(o->part);
	else if (cc_failed(st = write_and_name(f, o, b)))
		book_failed(f, o, b);
	(void)close(o->fd);
	return st;
}

cc_status export_make(struct forms *f, const struct export_request *q, struct export_booking *ret, struct cc_error *err)
{
	struct export_booking b = { 0 };
	struct out *o = cc_alloc(sizeof *o);
	cc_status st = cc_ok();

	if (o == NULL)
		return cc_fail(err, CC_E_MEMORY, "memory", "export");
	*o = (struct out){ .q = q, .purpose = export_purpose_find(q->purpose), .fd = -1, .err = err, .st = cc_ok() };
	writer_init(&o->buffer, 4 * FLUSH_AT);
	if (o->purpose == NULL)
		st = cc_fail(err, CC_E_ARG, "export.purpose", "--purpose");
	if (!cc_failed(st))
		st = forms_officer(q->officer, b.officer, err);
	if (!cc_failed(st))
		st = forms_text(q->receiver, "--to", b.receiver, err);
	if (!cc_failed(st))
		st = make(f, o, &b);
	if (!cc_failed(st))
		*ret = b;
	writer_done(&o->buffer);
	cc_free(o, sizeof *o);
	return st;
}
