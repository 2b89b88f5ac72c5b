/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/registry_rows.h"

#include "crypto/base/secret.h"
#include "station/registry/number.h"

#include <string.h>

#define WALK_PAGE 200

static const char column_record[] = "registry_person.record";
static const char column_photo[] = "registry_photo.photo";

static const char sql_find[] = "SELECT id, key_version, record FROM registry_person WHERE number_mac = $1";
static const char sql_find_photo[] = "SELECT p.id, p.key_version, p.record, f.photo FROM registry_person p "
				     "LEFT JOIN registry_photo f ON f.person_id = p.id WHERE p.number_mac = $1";
static const char sql_brief[] = "SELECT p.id, p.content_mac, f.photo_mac FROM registry_person p "
				"LEFT JOIN registry_photo f ON f.person_id = p.id WHERE p.number_mac = $1";
static const char sql_add_person[] = "INSERT INTO registry_person (id, number_mac, content_mac, key_version, record, imported_ms)"
				     " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (number_mac) DO NOTHING";
static const char sql_add_photo[] = "INSERT INTO registry_photo (person_id, photo_mac, photo) VALUES ($1, $2, $3)";
static const char sql_count[] = "SELECT COUNT(*) FROM registry_person";
static const char sql_take_ids[] = "UPDATE registry_counter SET next = next + $1 WHERE name = 'person' RETURNING next";
static const char sql_walk[] =
	"SELECT p.id, p.key_version, p.record, CASE WHEN f.person_id IS NULL THEN 0 ELSE 1 END FROM registry_person p "
	"LEFT JOIN registry_photo f ON f.person_id = p.id WHERE p.id > $1 ORDER BY p.id LIMIT $2";

/* ---- sealed columns: bound to table, column, row and key version */

static size_t put_number(char *out, int64_t v)
{
	uint64_t left = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
	char digits[20];
	size_t n = 0, count = 0;

	do {
		digits[count++] = (char)('0' + left % 10);
		left /= 10;
	} while (left > 0);
	if (v < 0)
		out[n++] = '-';
	while (count > 0)
		out[n++] = digits[--count];
	return n;
}

/* "registry_person.record|17|1", without the NUL. Made for each row of a load: without the print library. */
static struct bytes place(char out[96], const char *column, int64_t id, int64_t version)
{
	size_t n = strlen(column);

	memcpy(out, column, n);
	out[n++] = '|';
	n += put_number(out + n, id);
	out[n++] = '|';
	n += put_number(out + n, version);
	return bytes_of(out, n);
}

static cc_status seal_column(struct registry_keys *k, const char *column, int64_t id, struct buf *inout)
{
	char aad[96];
	struct buf sealed = { 0 };
	cc_status st = sealer_encrypt(k->items[0].sealer, place(aad, column, id, k->items[0].version), buf_view(inout), &sealed);

	if (!cc_failed(st))
		buf_move(inout, &sealed);
	return st;
}

static const struct registry_key *key_of(const struct registry *r, int64_t version)
{
	for (size_t i = 0; i < r->keys.count; i++) {
		if (r->keys.items[i].version == version)
			return &r->keys.items[i];
	}
	return NULL;
}

static cc_status unseal_column(struct registry *r, const char *column, int64_t id, int64_t version, struct bytes sealed,
			       struct buf *ret, struct cc_error *err)
{
	const struct registry_key *k = key_of(r, version);
	char aad[96];
	cc_status st;

	if (k == NULL)
		return cc_fail(err, CC_E_VERIFY, "registry.key-unknown", "row %lld has key version %lld", (long long)id,
			       (long long)version);
	st = sealer_decrypt(k->sealer, place(aad, column, id, version), sealed, ret);
	if (st.code == CC_E_VERIFY)
		return cc_fail(err, st.code, "registry.damaged", "%s of row %lld", column, (long long)id);
	return cc_failed(st) ? registry_crypto_error(st, err, column) : st;
}

/* ---- preparing */

void registry_row_done(struct registry_row *row)
{
	buf_done(&row->record);
	buf_done(&row->photo);
	buf_done(&row->fingers);
	cc_wipe(row, sizeof *row);
}

cc_status registry_row_prepare(struct registry_keys *k, const struct person *p, struct bytes photo, struct registry_row *ret)
{
	cc_status st;

	*ret = (struct registry_row){ .has_photo = photo.n > 0 };
	st = person_pack(p, &ret->record);
	if (!cc_failed(st) && photo.n > 0)
		st = buf_copy(&ret->photo, photo);
	for (size_t i = 0; i < k->count && !cc_failed(st); i++) {
		st = registry_mac(k->items[i].number, bytes_str(p->number), ret->number_mac[i]);
		if (!cc_failed(st))
			st = registry_mac(k->items[i].content, buf_view(&ret->record), ret->content_mac[i]);
		if (!cc_failed(st) && photo.n > 0)
			st = registry_mac(k->items[i].content, photo, ret->photo_mac[i]);
	}
	if (!cc_failed(st))
		st = marks_of_person(k, 0, p, ret->marks, REGISTRY_MARKS_MAX, &ret->mark_count);
	if (cc_failed(st))
		registry_row_done(ret);
	return st;
}

cc_status registry_row_seal(struct registry_keys *k, struct registry_row *row)
{
	cc_status st = seal_column(k, column_record, row->id, &row->record);

	CC_ASSERT(row->id > 0 && !row->sealed);
	if (!cc_failed(st) && row->has_photo)
		st = seal_column(k, column_photo, row->id, &row->photo);
	row->sealed = !cc_failed(st);
	return st;
}

/* ---- comparing and writing */

static bool column_is_mac(struct stmt *q, int column, const uint8_t mac[REGISTRY_MAC_LEN])
{
	struct bytes stored = stmt_column_bytes(q, column);

	return cc_equal(stored.p, stored.n, mac, REGISTRY_MAC_LEN);
}

static enum registry_put judge(struct stmt *q, const struct registry_row *row, size_t key)
{
	if (!column_is_mac(q, 1, row->content_mac[key]))
		return PUT_CONFLICT;
	if (stmt_column_is_null(q, 2))
		return row->has_photo ? PUT_COMPLETED : PUT_UNCHANGED;
	return !row->has_photo || column_is_mac(q, 2, row->photo_mac[key]) ? PUT_UNCHANGED : PUT_CONFLICT;
}

/* Under one version of the key; *ret stays when there is no such row. */
static cc_status compare_under(struct registry *r, const struct registry_row *row, size_t key, enum registry_put *ret,
			       int64_t *ret_id)
{
	struct stmt *q = NULL;
	bool found = false;
	cc_status st = store_prepare(r->store, sql_brief, &q);

	if (!cc_failed(st))
		st = stmt_bind_blob(q, 1, bytes_of(row->number_mac[key], REGISTRY_MAC_LEN));
	if (!cc_failed(st))
		st = stmt_step(q, &found);
	if (!cc_failed(st) && found) {
		*ret_id = stmt_column_int(q, 0);
		*ret = judge(q, row, key);
	}
	stmt_finish(&q);
	return st;
}

/* The record and the photo; what the prints say, comes on top. */
static cc_status compare_record(struct registry *r, const struct registry_row *row, enum registry_put *ret, int64_t *ret_id,
				struct cc_error *err)
{
	enum registry_put result = PUT_ADDED;
	int64_t id = 0;
	cc_status st = cc_ok();

	for (size_t i = 0; i < r->keys.count && id == 0 && !cc_failed(st); i++)
		st = compare_under(r, row, i, &result, &id);
	if (cc_failed(st))
		return registry_store_error(r, st, err);
	*ret = result;
	*ret_id = id;
	return st;
}

static cc_status compare_fingers(struct registry *r, const struct registry_row *row, int64_t id, enum registry_put *ret,
				 struct cc_error *err)
{
	*ret = PUT_UNCHANGED;
	return row->fingers.n > 0 ? registry_fingers_compare(r, id, buf_view(&row->fingers), ret, err) : cc_ok();
}

cc_status registry_row_compare(struct registry *r, const struct registry_row *row, enum registry_put *ret, int64_t *ret_id,
			       struct cc_error *err)
{
	enum registry_put fingers = PUT_UNCHANGED;
	cc_status st = compare_record(r, row, ret, ret_id, err);

	if (cc_failed(st) || *ret == PUT_ADDED || *ret == PUT_CONFLICT)
		return st;
	st = compare_fingers(r, row, *ret_id, &fingers, err);
	if (!cc_failed(st) && fingers != PUT_UNCHANGED)
		*ret = fingers;
	return st;
}

cc_status registry_row_bind(const struct registry *r, const struct registry_row *row, struct stmt *q)
{
	cc_status st = stmt_bind_int(q, 1, row->id);

	if (!cc_failed(st))
		st = stmt_bind_blob(q, 2, bytes_of(row->number_mac[0], REGISTRY_MAC_LEN));
	if (!cc_failed(st))
		st = stmt_bind_blob(q, 3, bytes_of(row->content_mac[0], REGISTRY_MAC_LEN));
	if (!cc_failed(st))
		st = stmt_bind_int(q, 4, r->keys.items[0].version);
	if (!cc_failed(st))
		st = stmt_bind_blob(q, 5, buf_view(&row->record));
	return st;
}

static cc_status insert_person(struct registry *r, const struct registry_row *row, bool *ret_added)
{
	struct stmt *q = NULL;
	cc_status st = store_prepare(r->store, sql_add_person, &q);

	if (!cc_failed(st))
		st = registry_row_bind(r, row, q);
	if (!cc_failed(st))
		st = stmt_bind_int(q, 6, sys_wall_ms(r->sys));
	if (!cc_failed(st))
		st = stmt_run(q);
	if (!cc_failed(st))
		*ret_added = store_changes(r->store) == 1;
	stmt_finish(&q);
	return st;
}

static cc_status insert_photo(struct registry *r, int64_t id, const uint8_t mac[REGISTRY_MAC_LEN], struct bytes sealed)
{
	struct stmt *q = NULL;
	cc_status st = store_prepare(r->store, sql_add_photo, &q);

	if (!cc_failed(st))
		st = stmt_bind_int(q, 1, id);
	if (!cc_failed(st))
		st = stmt_bind_blob(q, 2, bytes_of(mac, REGISTRY_MAC_LEN));
	if (!cc_failed(st))
		st = stmt_bind_blob(q, 3, sealed);
	if (!cc_failed(st))
		st = stmt_run(q);
	stmt_finish(&q);
	return st;
}

/* The photo that was missing: sealed anew, for it was sealed for another id; under the version of its row. */
static cc_status complete(struct registry *r, int64_t id, const struct registry_row *row, struct cc_error *err)
{
	struct buf photo = { 0 }, sealed = { 0 };
	char aad[96];
	cc_status st;

	st = sealer_decrypt(r->keys.items[0].sealer, place(aad, column_photo, row->id, r->keys.items[0].version),
			    buf_view(&row->photo), &photo);
	for (size_t i = 0; i < r->keys.count && !cc_failed(st) && sealed.n == 0; i++) {
		enum registry_put under = PUT_ADDED;
		int64_t found = 0;

		st = compare_under(r, row, i, &under, &found);
		if (cc_failed(st) || found != id)
			continue;
		st = sealer_encrypt(r->keys.items[i].sealer, place(aad, column_photo, id, r->keys.items[i].version),
				    buf_view(&photo), &sealed);
		if (!cc_failed(st))
			st = insert_photo(r, id, row->photo_mac[i], buf_view(&sealed));
	}
	buf_done(&photo);
	buf_done(&sealed);
	if (cc_failed(st) && r->store->err.code == CC_OK)
		return registry_crypto_error(st, err, column_photo);
	return registry_store_error(r, st, err);
}

/* Somebody who is there already: adds what was missing, or changes nothing when the prints are others. */
static cc_status complete_row(struct registry *r, int64_t id, const struct registry_row *row, enum registry_put *inout,
			      struct cc_error *err)
{
	enum registry_put fingers = PUT_UNCHANGED;
	cc_status st = compare_fingers(r, row, id, &fingers, err);

	if (!cc_failed(st) && fingers != PUT_CONFLICT && *inout == PUT_COMPLETED)
		st = complete(r, id, row, err);
	if (!cc_failed(st) && fingers == PUT_COMPLETED)
		st = registry_fingers_add(r, id, buf_view(&row->fingers), err);
	if (!cc_failed(st) && fingers != PUT_UNCHANGED)
		*inout = fingers;
	return st;
}

cc_status registry_row_write(struct registry *r, const struct registry_row *row, enum registry_put *ret, struct cc_error *err)
{
	enum registry_put result = PUT_ADDED;
	int64_t id = 0;
	bool added = false;
	cc_status st = cc_ok();

	CC_ASSERT(row->sealed);
	/* While keys rotate a person may stand under an older number. */
	if (r->keys.count > 1)
		st = compare_record(r, row, &result, &id, err);
	if (!cc_failed(st) && id == 0)
		st = registry_store_error(r, insert_person(r, row, &added), err);
	if (!cc_failed(st) && added && row->has_photo)
		st = registry_store_error(r, insert_photo(r, row->id, row->photo_mac[0], buf_view(&row->photo)), err);
	if (!cc_failed(st) && id == 0 && !added)
		st = compare_record(r, row, &result, &id, err);
	if (!cc_failed(st) && added && row->fingers.n > 0)
		st = registry_fingers_add(r, row->id, buf_view(&row->fingers), err);
	if (!cc_failed(st) && !added && result != PUT_CONFLICT)
		st = complete_row(r, id, row, &result, err);
	if (!cc_failed(st))
		*ret = result;
	return st;
}

cc_status registry_take_ids(struct registry *r, size_t count, int64_t *ret_first, struct cc_error *err)
{
	struct stmt *q = NULL;
	bool row = false;
	cc_status st = store_prepare(r->store, sql_take_ids, &q);

	if (!cc_failed(st))
		st = stmt_bind_int(q, 1, (int64_t)count);
	if (!cc_failed(st))
		st = stmt_step(q, &row);
	if (!cc_failed(st)) {
		CC_ASSERT(row);
		*ret_first = stmt_column_int(q, 0) - (int64_t)count;
	}
	stmt_finish(&q);
	return registry_store_error(r, st, err);
}

static cc_status put_new(struct registry *r, struct registry_row *row, enum registry_put *ret, struct cc_error *err)
{
	struct registry_mark marks[REGISTRY_MARKS_MAX];
	cc_status st = registry_hold_keys(r, err);

	if (!cc_failed(st))
		st = registry_take_ids(r, 1, &row->id, err);
	if (cc_failed(st))
		return st;
	st = registry_row_seal(&r->keys, row);
	if (cc_failed(st))
		return registry_crypto_error(st, err, column_record);
	st = registry_row_write(r, row, ret, err);
	if (cc_failed(st) || *ret != PUT_ADDED)
		return st;
	for (size_t i = 0; i < row->mark_count; i++)
		marks[i] = (struct registry_mark){ row->marks[i], row->id };
	return registry_marks_write(r, marks, row->mark_count, err);
}

cc_status registry_put(struct registry *r, const struct person *p, struct bytes photo, enum registry_put *ret,
		       struct cc_error *err)
{
	enum registry_put result = PUT_ADDED;
	struct registry_row row;
	int64_t id = 0;
	cc_status st = registry_row_prepare(&r->keys, p, photo, &row);

	if (cc_failed(st))
		return registry_crypto_error(st, err, "row");
	st = registry_row_compare(r, &row, &result, &id, err);
	if (!cc_failed(st) && (result == PUT_ADDED || result == PUT_COMPLETED))
		st = put_new(r, &row, &result, err);
	registry_row_done(&row);
	if (!cc_failed(st))
		*ret = result;
	return st;
}

cc_status registry_compare(struct registry *r, const struct person *p, struct bytes photo, enum registry_put *ret,
			   struct cc_error *err)
{
	struct registry_row row;
	int64_t id;
	cc_status st = registry_row_prepare(&r->keys, p, photo, &row);

	if (cc_failed(st))
		return registry_crypto_error(st, err, "row");
	st = registry_row_compare(r, &row, ret, &id, err);
	registry_row_done(&row);
	return st;
}

/* ---- reading */

cc_status registry_row_open(struct registry *r, struct stmt *q, struct person *ret, struct cc_error *err)
{
	int64_t id = stmt_column_int(q, 0);
	struct buf record = { 0 };
	cc_status st = unseal_column(r, column_record, id, stmt_column_int(q, 1), stmt_column_bytes(q, 2), &record, err);

	if (!cc_failed(st)) {
		st = person_unpack(buf_view(&record), ret);
		if (cc_failed(st))
			st = cc_fail(err, CC_E_VERIFY, "registry.damaged", "record of row %lld", (long long)id);
	}
	buf_done(&record);
	return st;
}

cc_status registry_photo_open(struct registry *r, struct stmt *q, int column, struct buf *ret, struct cc_error *err)
{
	if (stmt_column_is_null(q, column))
		return cc_ok();
	return unseal_column(r, column_photo, stmt_column_int(q, 0), stmt_column_int(q, 1), stmt_column_bytes(q, column), ret,
			     err);
}

/* *q stands on the row when there is one. */
static cc_status look_up(struct registry *r, const char *sql, const char *number, struct stmt **q, bool *ret_row,
			 struct cc_error *err)
{
	uint8_t mac[REGISTRY_MAC_LEN];
	cc_status st = cc_ok();

	*ret_row = false;
	for (size_t i = 0; i < r->keys.count && !*ret_row && !cc_failed(st); i++) {
		stmt_finish(q);
		st = registry_mac(r->keys.items[i].number, bytes_str(number), mac);
		if (cc_failed(st))
			return registry_crypto_error(st, err, "HMAC-SHA256");
		st = store_prepare(r->store, sql, q);
		if (!cc_failed(st))
			st = stmt_bind_blob(*q, 1, bytes_of(mac, sizeof mac));
		if (!cc_failed(st))
			st = stmt_step(*q, ret_row);
	}
	return registry_store_error(r, st, err);
}

static cc_status find_row(struct registry *r, const char *sql, const char *number, struct stmt **q, struct cc_error *err)
{
	bool row = false, changed = false;
	cc_status st = look_up(r, sql, number, q, &row, err);

	/* Nobody is said to be missing by keys that another station has replaced. */
	if (!cc_failed(st) && !row && !r->store->in_transaction)
		st = registry_refresh_keys(r, &changed, err);
	if (!cc_failed(st) && changed)
		st = look_up(r, sql, number, q, &row, err);
	if (cc_failed(st) || row)
		return st;
	return cc_fail(err, CC_E_NOT_FOUND, "registry.not-found", "no person with this number");
}

static cc_status find(struct registry *r, const char *number, struct person *ret, struct buf *ret_photo, bool *ret_has_photo,
		      struct cc_error *err)
{
	struct stmt *q = NULL;
	struct buf photo = { 0 };
	struct person p = { 0 };
	cc_status st;

	if (!number_is_well_formed(bytes_str(number)))
		return cc_fail(err, CC_E_ARG, "registry.number-malformed", "a number has 12 digits");
	st = find_row(r, ret_photo != NULL || ret_has_photo != NULL ? sql_find_photo : sql_find, number, &q, err);
	if (!cc_failed(st))
		st = registry_row_open(r, q, &p, err);
	if (!cc_failed(st) && ret_photo != NULL)
		st = registry_photo_open(r, q, 3, &photo, err);
	if (!cc_failed(st)) {
		*ret = p;
		if (ret_photo != NULL)
			buf_move(ret_photo, &photo);
		if (ret_has_photo != NULL)
			*ret_has_photo = !stmt_column_is_null(q, 3);
	}
	stmt_finish(&q);
	person_done(&p);
	buf_done(&photo);
	return st;
}

cc_status registry_find(struct registry *r, const char *number, struct person *ret, struct buf *ret_photo, struct cc_error *err)
{
	return find(r, number, ret, ret_photo, NULL, err);
}

cc_status registry_count(struct registry *r, int64_t *ret, struct cc_error *err)
{
	struct stmt *q = NULL;
	bool row = false;
	cc_status st = store_prepare(r->store, sql_count, &q);

	if (!cc_failed(st))
		st = stmt_step(q, &row);
	if (!cc_failed(st) && row)
		*ret = stmt_column_int(q, 0);
	stmt_finish(&q);
	return registry_store_error(r, st, err);
}

/* ---- everybody, page by page: no statement stays open while a visitor works */

static cc_status walk_page(struct registry *r, int64_t *last, registry_visit visit, void *ctx, bool *go, struct cc_error *err)
{
	struct stmt *q = NULL;
	bool row = false;
	size_t n = 0;
	cc_status st = store_prepare(r->store, sql_walk, &q);

	if (!cc_failed(st))
		st = stmt_bind_int(q, 1, *last);
	if (!cc_failed(st))
		st = stmt_bind_int(q, 2, WALK_PAGE);
	if (!cc_failed(st))
		st = stmt_step(q, &row);
	st = registry_store_error(r, st, err);
	while (!cc_failed(st) && row && *go) {
		struct person p = { 0 };

		n++;
		*last = stmt_column_int(q, 0);
		st = registry_row_open(r, q, &p, err);
		if (!cc_failed(st))
			*go = visit(ctx, &p, stmt_column_int(q, 3) == 1);
		person_done(&p);
		if (!cc_failed(st) && *go)
			st = registry_store_error(r, stmt_step(q, &row), err);
	}
	stmt_finish(&q);
	*go = *go && n == WALK_PAGE;
	return st;
}

cc_status registry_walk(struct registry *r, registry_visit visit, void *ctx, struct cc_error *err)
{
	int64_t last = 0;
	bool go = true;
	cc_status st = cc_ok();

	while (!cc_failed(st) && go)
		st = walk_page(r, &last, visit, ctx, &go, err);
	return st;
}
