/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/import.h"

#include "crypto/base/secret.h"
#include "station/registry/photo.h"
#include "station/registry/registry_rows.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One commit for many rows: an fsync costs more than the rows. A crash loses at most this much work. */
#define BATCH_ROWS 500
#define BATCH_PHOTO_BYTES (32u * 1024 * 1024)
#define SEEN_SLOTS_FIRST 1024

const char *import_severity_name(enum import_severity s)
{
	static const char *const names[] = { [IMPORT_WARNING] = "warning", [IMPORT_HELD] = "held", [IMPORT_REFUSED] = "refused" };

	return names[s];
}

/* ---- numbers of this file, to tell a second row of one number from a row that was imported before */

struct seen_slot {
	uint64_t number_plus_1; /* 0: free */
	uint64_t line;
};
struct seen {
	struct seen_slot *slots;
	size_t size; /* a power of 2 */
	size_t count;
};

static struct seen_slot *seen_slot(const struct seen *s, uint64_t key)
{
	size_t i = (size_t)((key * 0x9E3779B97F4A7C15u) >> 20) & (s->size - 1);

	while (s->slots[i].number_plus_1 != 0 && s->slots[i].number_plus_1 != key)
		i = (i + 1) & (s->size - 1);
	return &s->slots[i];
}

static void seen_done(struct seen *s)
{
	cc_free(s->slots, s->size * sizeof *s->slots);
	*s = (struct seen){ 0 };
}

static bool seen_grow(struct seen *s)
{
	struct seen bigger = { .size = s->size == 0 ? SEEN_SLOTS_FIRST : s->size * 2, .count = s->count };

	bigger.slots = cc_alloc(bigger.size * sizeof *bigger.slots);
	if (bigger.slots == NULL)
		return false;
	for (size_t i = 0; i < s->size; i++) {
		if (s->slots[i].number_plus_1 != 0)
			*seen_slot(&bigger, s->slots[i].number_plus_1) = s->slots[i];
	}
	seen_done(s);
	*s = bigger;
	return true;
}

/* *ret_first: 0, or the line where the number stood first. False: out of memory. */
static bool seen_add(struct seen *s, const char *number, uint64_t line, uint64_t *ret_first)
{
	uint64_t key = strtoull(number, NULL, 10) + 1;
	struct seen_slot *slot;

	if (s->count * 2 >= s->size && !seen_grow(s))
		return false;
	slot = seen_slot(s, key);
	*ret_first = slot->line;
	if (slot->number_plus_1 == 0) {
		*slot = (struct seen_slot){ .number_plus_1 = key, .line = line };
		s->count++;
	}
	return true;
}

/* ---- the run */

struct run {
	struct registry *r;
	const struct import_options *o;
	struct cc_error *err;
	int folder_fd;
	FILE *in;
	char row[PERSON_ROW_MAX + 2]; /* a byte more than a row may have shows that it is too long */
	size_t row_len;
	uint64_t line, bytes;
	struct import_counts counts, committed;
	size_t batch_rows, batch_photo_bytes;
	bool in_batch;
	struct seen seen;
};

/* The next line without its end; what is above the limit is read over. False at the end of the file. */
static bool next_line(struct run *run)
{
	size_t n = 0;
	int c = EOF;

	while ((c = getc_unlocked(run->in)) != EOF) {
		run->bytes++;
		if (c == '\n')
			break;
		if (n < sizeof run->row)
			run->row[n++] = (char)c;
	}
	if (n == 0 && c == EOF)
		return false;
	if (n > 0 && n < sizeof run->row && run->row[n - 1] == '\r')
		n--;
	run->row_len = n;
	run->line++;
	return true;
}

/* A byte order mark before the first line is what some programs write; it is no part of the row. */
static struct bytes row_of(const struct run *run)
{
	struct bytes row = bytes_of(run->row, run->row_len), mark;
	struct cursor in;

	cursor_init(&in, row);
	if (run->line == 1 && bytes_starts_with(row, BYTES_LITERAL("\xEF\xBB\xBF")) && cursor_take(&in, 3, &mark))
		return cursor_rest(&in);
	return row;
}

static bool is_blank(struct bytes row)
{
	for (size_t i = 0; i < row.n; i++) {
		if (row.p[i] != ' ' && row.p[i] != '\t')
			return false;
	}
	return true;
}

static void remark(struct run *run, enum import_severity severity, const struct row_fault *fault, uint64_t other_line)
{
	struct import_remark m = { .line = run->line, .severity = severity, .fault = *fault, .other_line = other_line };

	if (severity == IMPORT_WARNING)
		run->counts.warnings++;
	if (run->o->remark != NULL)
		run->o->remark(run->o->ctx, &m);
}

static void refuse(struct run *run, const struct row_fault *fault, uint64_t other_line)
{
	run->counts.refused++;
	remark(run, IMPORT_REFUSED, fault, other_line);
}

static void progress(struct run *run)
{
	if (run->o->progress != NULL)
		run->o->progress(run->o->ctx, &run->counts, run->bytes);
}

static cc_status commit_batch(struct run *run)
{
	cc_status st = cc_ok();

	if (run->in_batch)
		st = store_commit(run->r->store);
	if (cc_failed(st))
		return cc_fail(run->err, st.code, run->r->store->err.key, "%s", run->r->store->err.detail);
	run->in_batch = false;
	run->batch_rows = 0;
	run->batch_photo_bytes = 0;
	run->committed = run->counts;
	progress(run);
	return st;
}

static cc_status begin_batch(struct run *run)
{
	cc_status st;

	if (run->in_batch)
		return cc_ok();
	st = store_begin(run->r->store);
	if (cc_failed(st))
		return cc_fail(run->err, st.code, run->r->store->err.key, "%s", run->r->store->err.detail);
	run->in_batch = true;
	return st;
}

static cc_status put(struct run *run, const struct person *p, struct bytes photo, enum registry_put *ret)
{
	cc_status st;

	if (run->o->dry_run)
		return registry_compare(run->r, p, photo, ret, run->err);
	st = begin_batch(run);
	if (!cc_failed(st))
		st = registry_put(run->r, p, photo, ret, run->err);
	run->batch_photo_bytes += photo.n;
	return st;
}

/* What stops this person's card, or is worth a look. A photo that failed has been told already. */
static void tell_holds(struct run *run, const struct person *p, bool has_photo)
{
	struct holds holds;

	registry_check_person(p, has_photo, &run->o->check, &holds);
	if (holds_any(&holds))
		run->counts.held++;
	for (size_t i = 0; i < holds.count; i++) {
		const struct hold *h = &holds.items[i];
		struct row_fault fault = { .field = h->field, .key = h->key };

		if (has_photo || p->photo_path[0] == '\0' || strcmp(h->field, "photo") != 0)
			remark(run, h->severity == HOLD_HOLD ? IMPORT_HELD : IMPORT_WARNING, &fault, 0);
	}
}

static void count_put(struct run *run, const struct person *p, bool has_photo, enum registry_put result)
{
	static const struct row_fault conflict = { .field = "number", .key = "import.conflict" };

	switch (result) {
	case PUT_ADDED:
		run->counts.imported++;
		break;
	case PUT_UNCHANGED:
		run->counts.unchanged++;
		break;
	case PUT_COMPLETED:
		run->counts.completed++;
		break;
	case PUT_CONFLICT:
		run->counts.conflicts++;
		remark(run, IMPORT_REFUSED, &conflict, 0);
		return;
	}
	tell_holds(run, p, has_photo);
}

/* Without its photo a person is imported and held; CC_E_FORMAT is the row's fault and goes no further. */
static cc_status take_photo(struct run *run, const struct person *p, struct buf *ret)
{
	struct row_fault fault;
	cc_status st;

	if (p->photo_path[0] == '\0')
		return cc_ok();
	st = photo_read(run->folder_fd, p->photo_path, ret, &fault);
	if (st.code == CC_E_FORMAT) {
		remark(run, IMPORT_HELD, &fault, 0);
		return cc_ok();
	}
	if (st.code == CC_E_MEMORY)
		return cc_fail(run->err, st.code, "memory", "photo");
	return cc_failed(st) ? cc_fail(run->err, st.code, "file.io", "photo of line %llu", (unsigned long long)run->line) : st;
}

static cc_status take_person(struct run *run, const struct person *p)
{
	enum registry_put result = PUT_CONFLICT;
	struct buf photo = { 0 };
	cc_status st = take_photo(run, p, &photo);

	if (!cc_failed(st))
		st = put(run, p, buf_view(&photo), &result);
	if (!cc_failed(st))
		count_put(run, p, photo.n > 0, result);
	buf_done(&photo);
	return st;
}

static cc_status take_row(struct run *run, struct bytes row)
{
	struct person p;
	struct row_warnings warnings = { 0 };
	struct row_fault fault = { 0 };
	uint64_t first = 0;
	cc_status st;

	st = person_parse(row, &p, &warnings, &fault);
	if (st.code == CC_E_MEMORY)
		return cc_fail(run->err, st.code, "memory", "row");
	if (cc_failed(st)) {
		refuse(run, &fault, 0);
		return cc_ok();
	}
	for (size_t i = 0; i < warnings.count && i < PERSON_WARNINGS_MAX; i++)
		remark(run, IMPORT_WARNING, &warnings.items[i], 0);
	if (!seen_add(&run->seen, p.number, run->line, &first)) {
		st = cc_fail(run->err, CC_E_MEMORY, "memory", "numbers of the file");
	} else if (first != 0) {
		fault = (struct row_fault){ .field = "number", .key = "import.duplicate" };
		refuse(run, &fault, first);
	} else {
		st = take_person(run, &p);
	}
	person_done(&p);
	return st;
}

static cc_status take_rows(struct run *run)
{
	cc_status st = cc_ok();

	while (!cc_failed(st) && next_line(run)) {
		struct bytes row = row_of(run);

		if (is_blank(row))
			continue;
		run->counts.rows++;
		run->batch_rows++;
		st = take_row(run, row);
		if (!cc_failed(st) && (run->batch_rows >= BATCH_ROWS || run->batch_photo_bytes >= BATCH_PHOTO_BYTES))
			st = commit_batch(run);
	}
	if (!cc_failed(st) && ferror(run->in))
		st = cc_fail(run->err, CC_E_IO, "file.io", "after line %llu: %s", (unsigned long long)run->line, strerror(errno));
	return cc_failed(st) ? st : commit_batch(run);
}

cc_status import_run(struct registry *r, FILE *in, const struct import_options *o, struct import_counts *ret,
		     struct cc_error *err)
{
	struct run *run = cc_alloc(sizeof *run);
	cc_status st;

	if (run == NULL)
		return cc_fail(err, CC_E_MEMORY, "memory", "import");
	run->r = r;
	run->o = o;
	run->in = in;
	run->err = err;
	run->folder_fd = open(o->folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (run->folder_fd < 0)
		st = cc_fail(err, CC_E_NOT_FOUND, "file.missing", "%s: %s", o->folder, strerror(errno));
	else
		st = take_rows(run);
	store_rollback(r->store);
	*ret = run->committed;
	if (run->folder_fd >= 0)
		(void)close(run->folder_fd);
	seen_done(&run->seen);
	cc_free(run, sizeof *run);
	return st;
}
