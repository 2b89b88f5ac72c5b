/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/registry_rows.h"

#include "crypto/base/secret.h"

/*
 * Rotation of the keys that seal the people, while the station works: the new
 * key seals at once, rows follow in small transactions, each moved whole (record,
 * photo, number, marks). Rows under both keys are found until the last one has moved.
 */
static const char sql_rows[] = "SELECT p.id, p.key_version, p.record, f.photo FROM registry_person p "
			       "LEFT JOIN registry_photo f ON f.person_id = p.id WHERE p.id > $1 AND p.key_version < $2"
			       " ORDER BY p.id LIMIT $3";
static const char sql_move_person[] =
	"UPDATE registry_person SET number_mac = $2, content_mac = $3, key_version = $4, record = $5 WHERE id = $1";
static const char sql_move_photo[] = "UPDATE registry_photo SET photo_mac = $2, photo = $3 WHERE person_id = $1";
static const char sql_drop_keys[] = "DELETE FROM registry_key WHERE key_version < $1";

cc_status registry_rotate_begin(struct registry *r, struct cc_error *err)
{
	struct registry_key next = { 0 };
	bool changed = false;
	int64_t version = r->keys.items[0].version + 1;
	cc_status st = cc_ok();

	if (r->keys.count > 1)
		return st; /* one is under way: it is finished first */
	st = registry_key_make(r, version, err);
	if (!cc_failed(st))
		st = registry_key_derive(r, version, &next, err);
	if (cc_failed(st))
		return st;
	st = registry_store_error(r, store_begin(r->store), err);
	if (!cc_failed(st))
		st = registry_hold_keys(r, err);
	if (!cc_failed(st))
		st = registry_key_book(r, &next, err);
	if (!cc_failed(st))
		st = registry_store_error(r, store_commit(r->store), err);
	store_rollback(r->store);
	registry_key_done(&next);
	return cc_failed(st) ? st : registry_refresh_keys(r, &changed, err);
}

static cc_status update_person(struct registry *r, const struct registry_row *row)
{
	struct stmt *q = NULL;
	cc_status st = store_prepare(r->store, sql_move_person, &q);

	if (!cc_failed(st))
		st = registry_row_bind(r, row, q);
	if (!cc_failed(st))
		st = stmt_run(q);
	stmt_finish(&q);
	return st;
}

static cc_status update_photo(struct registry *r, const struct registry_row *row)
{
	struct stmt *q = NULL;
	cc_status st = store_prepare(r->store, sql_move_photo, &q);

	if (!cc_failed(st))
		st = stmt_bind_int(q, 1, row->id);
	if (!cc_failed(st))
		st = stmt_bind_blob(q, 2, bytes_of(row->photo_mac[0], REGISTRY_MAC_LEN));
	if (!cc_failed(st))
		st = stmt_bind_blob(q, 3, buf_view(&row->photo));
	if (!cc_failed(st))
		st = stmt_run(q);
	stmt_finish(&q);
	return st;
}

static cc_status drop_marks(struct registry *r, size_t key, const struct person *p, int64_t id, struct cc_error *err)
{
	int64_t marks[REGISTRY_MARKS_MAX];
	size_t count = 0;
	cc_status st = marks_of_person(&r->keys, key, p, marks, REGISTRY_MARKS_MAX, &count);

	if (cc_failed(st))
		return registry_crypto_error(st, err, "marks");
	for (size_t i = 0; i < count && !cc_failed(st); i++)
		st = registry_mark_drop(r, (struct registry_mark){ marks[i], id }, err);
	return st;
}

static size_t key_at(const struct registry *r, int64_t version)
{
	size_t i = 0;

	while (i < r->keys.count && r->keys.items[i].version != version)
		i++;
	return i;
}

cc_status registry_row_rewrite(struct registry *r, size_t old_key, int64_t id, const struct person *before,
			       const struct person *after, struct bytes photo, struct cc_error *err)
{
	struct registry_mark marks[REGISTRY_MARKS_MAX];
	struct registry_row row;
	cc_status st = registry_row_prepare(&r->keys, after, photo, &row);

	if (cc_failed(st))
		return registry_crypto_error(st, err, "row");
	row.id = id;
	st = registry_row_seal(&r->keys, &row);
	if (cc_failed(st)) {
		st = registry_crypto_error(st, err, "row");
		goto out;
	}
	st = update_person(r, &row);
	if (!cc_failed(st) && row.has_photo)
		st = update_photo(r, &row);
	st = registry_store_error(r, st, err);
	if (!cc_failed(st))
		st = registry_fingers_move(r, id, err);
	if (!cc_failed(st))
		st = drop_marks(r, old_key, before, id, err);
	for (size_t i = 0; i < row.mark_count; i++)
		marks[i] = (struct registry_mark){ row.marks[i], id };
	if (!cc_failed(st))
		st = registry_marks_write(r, marks, row.mark_count, err);
out:
	registry_row_done(&row);
	return st;
}

/* Moves what q stands on. */
static cc_status move_row(struct registry *r, struct stmt *q, struct cc_error *err)
{
	int64_t id = stmt_column_int(q, 0);
	size_t old_key = key_at(r, stmt_column_int(q, 1));
	struct person p = { 0 };
	struct buf photo = { 0 };
	cc_status st = registry_row_open(r, q, &p, err);

	if (!cc_failed(st))
		st = registry_photo_open(r, q, 3, &photo, err);
	if (!cc_failed(st))
		st = registry_row_rewrite(r, old_key, id, &p, &p, buf_view(&photo), err);
	person_done(&p);
	buf_done(&photo);
	return st;
}

static cc_status move_rows(struct registry *r, size_t limit, int64_t *last, size_t *moved, struct cc_error *err)
{
	struct stmt *q = NULL;
	bool row = false;
	cc_status st = store_prepare(r->store, sql_rows, &q);

	if (!cc_failed(st))
		st = stmt_bind_int(q, 1, *last);
	if (!cc_failed(st))
		st = stmt_bind_int(q, 2, r->keys.items[0].version);
	if (!cc_failed(st))
		st = stmt_bind_int(q, 3, (int64_t)limit);
	if (!cc_failed(st))
		st = stmt_step(q, &row);
	st = registry_store_error(r, st, err);
	while (!cc_failed(st) && row) {
		*last = stmt_column_int(q, 0);
		st = move_row(r, q, err);
		if (cc_failed(st))
			break;
		++*moved;
		st = registry_store_error(r, stmt_step(q, &row), err);
	}
	stmt_finish(&q);
	return st;
}

static cc_status drop_old_keys(struct registry *r, struct cc_error *err)
{
	struct stmt *q = NULL;
	/* The rows' reference to their key refuses this while one is left. */
	cc_status st = store_prepare(r->store, sql_drop_keys, &q);

	if (!cc_failed(st))
		st = stmt_bind_int(q, 1, r->keys.items[0].version);
	if (!cc_failed(st))
		st = stmt_run(q);
	stmt_finish(&q);
	return registry_store_error(r, st, err);
}

cc_status registry_rotate_step(struct registry *r, size_t limit, struct registry_rotation *at, struct cc_error *err)
{
	size_t moved = 0;
	int64_t last = at->last;
	bool changed = false;
	cc_status st;

	at->done = r->keys.count == 1;
	if (at->done)
		return cc_ok();
	st = registry_store_error(r, store_begin(r->store), err);
	if (!cc_failed(st))
		st = registry_hold_keys(r, err);
	if (!cc_failed(st))
		st = move_rows(r, limit, &last, &moved, err);
	/* People who came under the old key meanwhile stand behind: the walk starts over until it finds none at all. */
	at->done = !cc_failed(st) && moved == 0 && at->last == 0;
	if (at->done)
		st = drop_old_keys(r, err);
	if (!cc_failed(st))
		st = registry_store_error(r, store_commit(r->store), err);
	store_rollback(r->store);
	if (cc_failed(st)) {
		at->done = false;
		return st;
	}
	at->moved += moved;
	at->last = moved == 0 ? 0 : last;
	return at->done ? registry_refresh_keys(r, &changed, err) : st;
}
