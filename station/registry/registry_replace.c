/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/registry_rows.h"

#include "crypto/base/secret.h"
#include "station/registry/photo_reuse.h"

#include <string.h>

static const char sql_row[] = "SELECT p.id, p.key_version, p.record, f.photo FROM registry_person p "
			      "LEFT JOIN registry_photo f ON f.person_id = p.id WHERE p.number_mac = $1";

/* *q stands on the row; *ret_key: which of the keys it lies under. */
static cc_status find(struct registry *r, const char *number, struct stmt **q, size_t *ret_key, struct cc_error *err)
{
	uint8_t mac[REGISTRY_MAC_LEN];
	bool row = false;
	cc_status st = cc_ok();

	for (size_t i = 0; i < r->keys.count && !row && !cc_failed(st); i++) {
		stmt_finish(q);
		*ret_key = i;
		if (cc_failed(st = registry_mac(r->keys.items[i].number, bytes_str(number), mac)))
			return registry_crypto_error(st, err, "HMAC-SHA256");
		st = store_prepare(r->store, sql_row, q);
		if (!cc_failed(st))
			st = stmt_bind_blob(*q, 1, bytes_of(mac, sizeof mac));
		if (!cc_failed(st))
			st = stmt_step(*q, &row);
	}
	if (cc_failed(st) || row)
		return registry_store_error(r, st, err);
	return cc_fail(err, CC_E_NOT_FOUND, "registry.not-found", "no person with this number");
}

static cc_status same(const struct person *a, const struct person *b, bool *ret)
{
	struct buf left = { 0 }, right = { 0 };
	cc_status st = person_pack(a, &left);

	if (!cc_failed(st))
		st = person_pack(b, &right);
	*ret = !cc_failed(st) && bytes_equal(buf_view(&left), buf_view(&right));
	buf_done(&left);
	buf_done(&right);
	return st;
}

cc_status registry_replace(struct registry *r, const struct person *before, const struct person *after, struct cc_error *err)
{
	struct person there = { 0 };
	struct buf photo = { 0 };
	struct stmt *q = NULL;
	size_t key = 0;
	int64_t id = 0;
	bool unchanged = false;
	cc_status st = registry_hold_keys(r, err);

	CC_ASSERT(strcmp(before->number, after->number) == 0);
	if (!cc_failed(st))
		st = find(r, before->number, &q, &key, err);
	if (!cc_failed(st)) {
		id = stmt_column_int(q, 0);
		st = registry_row_open(r, q, &there, err);
	}
	if (!cc_failed(st))
		st = registry_photo_open(r, q, 3, &photo, err);
	if (!cc_failed(st) && cc_failed(st = same(before, &there, &unchanged)))
		st = registry_crypto_error(st, err, "record");
	if (!cc_failed(st) && !unchanged)
		st = cc_fail(err, CC_E_STATE, "registry.changed-meanwhile", "row %lld", (long long)id);
	stmt_finish(&q);
	if (!cc_failed(st))
		st = registry_row_rewrite(r, key, id, before, after, buf_view(&photo), err);
	person_done(&there);
	buf_done(&photo);
	return st;
}

/* Where no photo is yet, the row is completed as an import would. */
static cc_status add_photo(struct registry *r, const struct person *p, struct bytes photo, struct cc_error *err)
{
	enum registry_put put = PUT_CONFLICT;
	cc_status st = registry_put(r, p, photo, &put, err);

	return !cc_failed(st) && put != PUT_COMPLETED ? cc_fail(err, CC_E_STATE, "registry.changed-meanwhile", "photo") : st;
}

cc_status registry_set_photo(struct registry *r, const char *number, struct bytes photo, struct buf *ret_before,
			     struct cc_error *err)
{
	struct person p = { 0 };
	struct buf before = { 0 };
	struct stmt *q = NULL;
	size_t key = 0;
	int64_t id = 0;
	cc_status st = registry_hold_keys(r, err);

	if (!cc_failed(st))
		st = find(r, number, &q, &key, err);
	if (!cc_failed(st)) {
		id = stmt_column_int(q, 0);
		st = registry_row_open(r, q, &p, err);
	}
	if (!cc_failed(st))
		st = registry_photo_open(r, q, 3, &before, err);
	stmt_finish(&q);
	if (!cc_failed(st) && before.n == 0)
		st = add_photo(r, &p, photo, err);
	else if (!cc_failed(st))
		st = registry_row_rewrite(r, key, id, &p, &p, photo, err);
	if (!cc_failed(st))
		st = photo_reuse_forget(r, id, err);
	if (!cc_failed(st))
		buf_move(ret_before, &before);
	buf_done(&before);
	person_done(&p);
	return st;
}

cc_status registry_id_of(struct registry *r, const char *number, int64_t *ret, struct cc_error *err)
{
	struct stmt *q = NULL;
	size_t key = 0;
	cc_status st = find(r, number, &q, &key, err);

	if (!cc_failed(st))
		*ret = stmt_column_int(q, 0);
	stmt_finish(&q);
	return st;
}
