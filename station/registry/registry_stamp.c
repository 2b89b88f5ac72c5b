/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/registry_stamp.h"

#include "station/registry/number.h"
#include "station/registry/registry_rows.h"

#define COLUMNS 3

static const char sql_stamp[] =
	"SELECT p.content_mac, f.photo_mac, g.fingers_mac, p.key_version FROM registry_person p"
	" LEFT JOIN registry_photo f ON f.person_id = p.id LEFT JOIN registry_fingers g ON g.person_id = p.id"
	" WHERE p.number_mac = $1";

/* q stands on a row of sql_stamp. Each part is led by its length, so that none can pass for another. */
static cc_status stamp_of(struct stmt *q, struct digest *ret)
{
	uint8_t lengths[COLUMNS], version = (uint8_t)(stmt_column_int(q, COLUMNS) & 0xFF);
	struct bytes parts[2 * COLUMNS + 1];
	size_t n = 0;

	for (int i = 0; i < COLUMNS; i++) {
		struct bytes mac = stmt_column_is_null(q, i) ? bytes_of(NULL, 0) : stmt_column_bytes(q, i);

		lengths[i] = (uint8_t)mac.n;
		parts[n++] = bytes_of(&lengths[i], 1);
		parts[n++] = mac;
	}
	parts[n++] = bytes_of(&version, 1);
	return hash_digest_parts(HASH_SHA256, parts, n, ret);
}

static cc_status under(struct registry *r, const struct registry_key *k, const char *number, struct digest *ret, bool *ret_found,
		       struct cc_error *err)
{
	uint8_t mac[REGISTRY_MAC_LEN];
	struct stmt *q = NULL;
	cc_status st = registry_mac(k->number, bytes_str(number), mac);

	if (cc_failed(st))
		return registry_crypto_error(st, err, "HMAC-SHA256");
	st = store_prepare(r->store, sql_stamp, &q);
	if (!cc_failed(st))
		st = stmt_bind_blob(q, 1, bytes_of(mac, sizeof mac));
	if (!cc_failed(st))
		st = stmt_step(q, ret_found);
	st = registry_store_error(r, st, err);
	if (!cc_failed(st) && *ret_found && cc_failed(st = stamp_of(q, ret)))
		st = registry_crypto_error(st, err, "SHA-256");
	stmt_finish(&q);
	return st;
}

cc_status registry_stamp(struct registry *r, const char *number, struct digest *ret, struct cc_error *err)
{
	bool found = false;
	cc_status st = cc_ok();

	if (!number_is_well_formed(bytes_str(number)))
		return cc_fail(err, CC_E_ARG, "registry.number-malformed", "a number has 12 digits");
	for (size_t i = 0; i < r->keys.count && !found && !cc_failed(st); i++)
		st = under(r, &r->keys.items[i], number, ret, &found, err);
	if (!cc_failed(st) && !found)
		return cc_fail(err, CC_E_NOT_FOUND, "registry.not-found", "no person with this number");
	return st;
}

cc_status registry_stamp_hold(struct registry *r, const char *number, const struct digest *was, struct cc_error *err)
{
	struct digest now = { 0 };
	cc_status st = registry_hold_keys(r, err);

	if (!cc_failed(st))
		st = registry_stamp(r, number, &now, err);
	if (!cc_failed(st) && !bytes_equal(bytes_of(now.p, now.n), bytes_of(was->p, was->n)))
		st = cc_fail(err, CC_E_BUSY, "issue.person-changed", "record, photo or prints");
	return st;
}
