/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/photo_reuse.h"

#include "station/registry/registry_rows.h"

static const char sql_clear[] = "DELETE FROM registry_photo_doubt";
static const char sql_keep[] = "INSERT INTO registry_photo_doubt (person_id, other_id) VALUES ($1, $2) ON CONFLICT DO NOTHING";
static const char sql_forget[] = "DELETE FROM registry_photo_doubt WHERE person_id = $1 OR other_id = $1";
static const char sql_doubt[] = "SELECT 1 FROM registry_photo_doubt WHERE person_id = $1 LIMIT 1";
static const char sql_copy[] = "SELECT 1 FROM registry_photo a JOIN registry_photo b ON b.photo_mac = a.photo_mac"
			       " AND b.person_id <> a.person_id WHERE a.person_id = $1 LIMIT 1";
static const char sql_photo[] = "SELECT p.id, p.key_version, f.photo FROM registry_photo f JOIN registry_person p"
				" ON p.id = f.person_id WHERE p.id = $1";
static const char sql_mac[] = "SELECT 1 FROM registry_photo WHERE photo_mac = $2 AND person_id <> $1 LIMIT 1";

static cc_status run(struct registry *r, const char *sql, int64_t id, const int64_t *other)
{
	struct stmt *q = NULL;
	cc_status st = store_prepare(r->store, sql, &q);

	if (!cc_failed(st) && id != 0)
		st = stmt_bind_int(q, 1, id);
	if (!cc_failed(st) && other != NULL)
		st = stmt_bind_int(q, 2, *other);
	if (!cc_failed(st))
		st = stmt_run(q);
	stmt_finish(&q);
	return st;
}

cc_status photo_reuse_keep(struct registry *r, const struct photo_pair *pairs, size_t count, struct cc_error *err)
{
	cc_status st = store_begin(r->store);

	if (!cc_failed(st))
		st = run(r, sql_clear, 0, NULL);
	for (size_t i = 0; i < count && !cc_failed(st); i++)
		st = run(r, sql_keep, pairs[i].person, &pairs[i].other);
	if (!cc_failed(st))
		st = store_commit(r->store);
	st = registry_store_error(r, st, err);
	store_rollback(r->store);
	return st;
}

cc_status photo_reuse_forget(struct registry *r, int64_t id, struct cc_error *err)
{
	return registry_store_error(r, run(r, sql_forget, id, NULL), err);
}

/* mac: NULL, or the second value. */
static cc_status has_row(struct registry *r, const char *sql, int64_t id, const uint8_t *mac, bool *ret, struct cc_error *err)
{
	struct stmt *q = NULL;
	cc_status st = store_prepare(r->store, sql, &q);

	if (!cc_failed(st))
		st = stmt_bind_int(q, 1, id);
	if (!cc_failed(st) && mac != NULL)
		st = stmt_bind_blob(q, 2, bytes_of(mac, REGISTRY_MAC_LEN));
	if (!cc_failed(st))
		st = stmt_step(q, ret);
	stmt_finish(&q);
	return registry_store_error(r, st, err);
}

/* While keys are changed, the same file has another hash under each. */
static cc_status copy_under_each_key(struct registry *r, int64_t id, bool *ret, struct cc_error *err)
{
	uint8_t mac[REGISTRY_MAC_LEN];
	struct buf photo = { 0 };
	struct stmt *q = NULL;
	bool row = false;
	cc_status st = store_prepare(r->store, sql_photo, &q);

	if (!cc_failed(st))
		st = stmt_bind_int(q, 1, id);
	if (!cc_failed(st))
		st = stmt_step(q, &row);
	st = registry_store_error(r, st, err);
	if (!cc_failed(st) && row)
		st = registry_photo_open(r, q, 2, &photo, err);
	stmt_finish(&q);
	for (size_t k = 0; k < r->keys.count && photo.n > 0 && !*ret && !cc_failed(st); k++) {
		if (cc_failed(st = registry_mac(r->keys.items[k].content, buf_view(&photo), mac)))
			st = registry_crypto_error(st, err, "HMAC-SHA256");
		else
			st = has_row(r, sql_mac, id, mac, ret, err);
	}
	buf_done(&photo);
	return st;
}

cc_status photo_reuse_find(struct registry *r, int64_t id, bool copies_alone, bool *ret, struct cc_error *err)
{
	bool found = false;
	cc_status st = copies_alone ? cc_ok() : has_row(r, sql_doubt, id, NULL, &found, err);

	if (!cc_failed(st) && !found && r->keys.count > 1)
		st = copy_under_each_key(r, id, &found, err);
	else if (!cc_failed(st) && !found)
		st = has_row(r, sql_copy, id, NULL, &found, err);
	if (!cc_failed(st))
		*ret = found;
	return st;
}
