/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/registry_rows.h"

#include "station/registry/fingers.h"
#include "station/registry/number.h"

#include <stdio.h>

/* Prints beside a person's row: sealed under the newest key when they are written, moved by a rotation. */

static const char sql_find[] = "SELECT f.person_id, f.key_version, f.fingers FROM registry_person p "
			       "JOIN registry_fingers f ON f.person_id = p.id WHERE p.number_mac = $1";
static const char sql_of_id[] = "SELECT person_id, key_version, fingers, fingers_mac FROM registry_fingers WHERE person_id = $1";
static const char sql_add[] =
	"INSERT INTO registry_fingers (person_id, key_version, fingers_mac, fingers) VALUES ($1, $2, $3, $4)";
static const char sql_move[] =
	"UPDATE registry_fingers SET key_version = $2, fingers_mac = $3, fingers = $4 WHERE person_id = $1";

static const struct registry_key *key_of(const struct registry *r, int64_t version)
{
	for (size_t i = 0; i < r->keys.count; i++)
		if (r->keys.items[i].version == version)
			return &r->keys.items[i];
	return NULL;
}

/* Bound to table, column, row and key version, as all sealed columns. */
static void place(char out[96], int64_t id, int64_t version)
{
	(void)snprintf(out, 96, "registry_fingers.fingers|%lld|%lld", (long long)id, (long long)version);
}

/* q: person_id, key_version, fingers. */
static cc_status open_row(struct registry *r, struct stmt *q, struct buf *ret, struct cc_error *err)
{
	int64_t id = stmt_column_int(q, 0), version = stmt_column_int(q, 1);
	const struct registry_key *k = key_of(r, version);
	char aad[96];
	cc_status st;

	if (k == NULL)
		return cc_fail(err, CC_E_VERIFY, "registry.key-unknown", "prints of row %lld have key version %lld",
			       (long long)id, (long long)version);
	place(aad, id, version);
	st = sealer_decrypt(k->sealer, bytes_str(aad), stmt_column_bytes(q, 2), ret);
	if (st.code == CC_E_VERIFY)
		return cc_fail(err, st.code, "registry.damaged", "prints of row %lld", (long long)id);
	return cc_failed(st) ? registry_crypto_error(st, err, "prints") : st;
}

static cc_status save(struct registry *r, const char *sql, int64_t id, struct bytes packed, struct cc_error *err)
{
	const struct registry_key *k = &r->keys.items[0];
	uint8_t mac[REGISTRY_MAC_LEN];
	struct buf sealed = { 0 };
	struct stmt *q = NULL;
	char aad[96];
	cc_status st;

	place(aad, id, k->version);
	if (cc_failed(st = registry_mac(k->content, packed, mac)) ||
	    cc_failed(st = sealer_encrypt(k->sealer, bytes_str(aad), packed, &sealed)))
		return registry_crypto_error(st, err, "prints");
	st = store_prepare(r->store, sql, &q);
	if (!cc_failed(st))
		st = stmt_bind_int(q, 1, id);
	if (!cc_failed(st))
		st = stmt_bind_int(q, 2, k->version);
	if (!cc_failed(st))
		st = stmt_bind_blob(q, 3, bytes_of(mac, sizeof mac));
	if (!cc_failed(st))
		st = stmt_bind_blob(q, 4, buf_view(&sealed));
	if (!cc_failed(st))
		st = stmt_run(q);
	stmt_finish(&q);
	buf_done(&sealed);
	return registry_store_error(r, st, err);
}

/* *q stands on the row when there is one. */
static cc_status row_of(struct registry *r, int64_t id, struct stmt **q, bool *ret_row, struct cc_error *err)
{
	cc_status st = store_prepare(r->store, sql_of_id, q);

	if (!cc_failed(st))
		st = stmt_bind_int(*q, 1, id);
	if (!cc_failed(st))
		st = stmt_step(*q, ret_row);
	return registry_store_error(r, st, err);
}

cc_status registry_fingers_compare(struct registry *r, int64_t id, struct bytes packed, enum registry_put *ret,
				   struct cc_error *err)
{
	uint8_t mac[REGISTRY_MAC_LEN];
	struct stmt *q = NULL;
	bool row = false;
	cc_status st = row_of(r, id, &q, &row, err);

	if (!cc_failed(st) && row) {
		const struct registry_key *k = key_of(r, stmt_column_int(q, 1));
		struct bytes stored = stmt_column_bytes(q, 3);

		if (k == NULL)
			st = cc_fail(err, CC_E_VERIFY, "registry.key-unknown", "prints of row %lld", (long long)id);
		else if (cc_failed(st = registry_mac(k->content, packed, mac)))
			st = registry_crypto_error(st, err, "prints");
		else
			*ret = bytes_equal(stored, bytes_of(mac, sizeof mac)) ? PUT_UNCHANGED : PUT_CONFLICT;
	} else if (!cc_failed(st)) {
		*ret = PUT_COMPLETED;
	}
	stmt_finish(&q);
	return st;
}

cc_status registry_fingers_add(struct registry *r, int64_t id, struct bytes packed, struct cc_error *err)
{
	return save(r, sql_add, id, packed, err);
}

cc_status registry_fingers_move(struct registry *r, int64_t id, struct cc_error *err)
{
	struct stmt *q = NULL;
	struct buf packed = { 0 };
	bool row = false, old = false;
	cc_status st = row_of(r, id, &q, &row, err);

	old = !cc_failed(st) && row && stmt_column_int(q, 1) != r->keys.items[0].version;
	if (old)
		st = open_row(r, q, &packed, err);
	stmt_finish(&q);
	if (old && !cc_failed(st))
		st = save(r, sql_move, id, buf_view(&packed), err);
	buf_done(&packed);
	return st;
}

static cc_status find_under(struct registry *r, const struct registry_key *k, const char *number, struct buf *ret,
			    struct cc_error *err)
{
	uint8_t mac[REGISTRY_MAC_LEN];
	struct stmt *q = NULL;
	bool row = false;
	cc_status st = registry_mac(k->number, bytes_str(number), mac);

	if (cc_failed(st))
		return registry_crypto_error(st, err, "HMAC-SHA256");
	st = store_prepare(r->store, sql_find, &q);
	if (!cc_failed(st))
		st = stmt_bind_blob(q, 1, bytes_of(mac, sizeof mac));
	if (!cc_failed(st))
		st = stmt_step(q, &row);
	st = registry_store_error(r, st, err);
	if (!cc_failed(st) && row)
		st = open_row(r, q, ret, err);
	stmt_finish(&q);
	return st;
}

cc_status registry_fingers_find(struct registry *r, const char *number, struct buf *ret, struct cc_error *err)
{
	cc_status st = cc_ok();

	if (!number_is_well_formed(bytes_str(number)))
		return cc_fail(err, CC_E_ARG, "registry.number-malformed", "a number has 12 digits");
	for (size_t i = 0; i < r->keys.count && ret->n == 0 && !cc_failed(st); i++)
		st = find_under(r, &r->keys.items[i], number, ret, err);
	return st;
}
