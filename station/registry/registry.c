/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/registry_rows.h"

#include "crypto/base/secret.h"
#include "crypto/hash.h"
#include "crypto/seal.h"
#include "station/registry/number.h"

#include <stdio.h>
#include <string.h>

#define KEY_VERSION 1
#define KEY_LEN 32

static const char sql_key_find[] = "SELECT key_check FROM registry_key WHERE key_version = $1";
static const char sql_key_add[] = "INSERT INTO registry_key (key_version, key_check, created_ms) VALUES ($1, $2, $3)";

cc_status registry_store_error(struct registry *r, cc_status st, struct cc_error *err)
{
	if (!cc_failed(st) || r->store->err.code == CC_OK)
		return st;
	return cc_fail(err, r->store->err.code, r->store->err.key, "%s", r->store->err.detail);
}

static cc_status crypto_error(cc_status st, struct cc_error *err, const char *what)
{
	return cc_fail(err, st.code, st.code == CC_E_MEMORY ? "memory" : "crypto.failed", "%s", what);
}

/* ---- keys */

static cc_status derive(struct registry *r, const char *purpose, struct secret *ret, struct cc_error *err)
{
	cc_status st;

	cc_error_init(&r->ks->err);
	st = keystore_derive_kdf3(r->ks, REGISTRY_KEY_LABEL, 1, bytes_str(purpose), ret);
	if (cc_failed(st))
		return cc_fail(err, st.code, r->ks->err.key != NULL ? r->ks->err.key : "crypto.failed", "%s: %s",
			       REGISTRY_KEY_LABEL, r->ks->err.detail);
	if (ret->n != KEY_LEN)
		return cc_fail(err, CC_E_STATE, "registry.key-wrong", "%s: not an AES-256 key", REGISTRY_KEY_LABEL);
	return st;
}

static cc_status derive_all(struct registry *r, struct cc_error *err)
{
	cc_status st = derive(r, "registry seal 1", &r->seal_key, err);

	if (!cc_failed(st))
		st = derive(r, "registry number 1", &r->number_key, err);
	if (!cc_failed(st))
		st = derive(r, "registry word 1", &r->word_key, err);
	if (!cc_failed(st))
		st = derive(r, "registry content 1", &r->content_key, err);
	return st;
}

cc_status registry_mac(const struct secret *key, struct bytes in, struct digest *ret, struct cc_error *err)
{
	cc_status st = hash_hmac(HASH_SHA256, bytes_of(key->p, key->n), in, ret);

	return cc_failed(st) ? crypto_error(st, err, "HMAC-SHA256") : st;
}

/* *ret_known: rows of this store were sealed under a key before. */
static cc_status stored_check(struct registry *r, struct digest *ret, bool *ret_known, struct cc_error *err)
{
	struct stmt *q = NULL;
	bool row = false;
	cc_status st = store_prepare(r->store, sql_key_find, &q);

	if (!cc_failed(st))
		st = stmt_bind_int(q, 1, KEY_VERSION);
	if (!cc_failed(st))
		st = stmt_step(q, &row);
	if (!cc_failed(st) && row) {
		struct cursor in;

		cursor_init(&in, stmt_column_bytes(q, 0));
		ret->n = hash_len(HASH_SHA256);
		if (!cursor_copy(&in, ret->p, ret->n) || cc_failed(cursor_end(&in)))
			st = cc_fail(err, CC_E_VERIFY, "registry.damaged", "key check of version %d", KEY_VERSION);
	}
	stmt_finish(&q);
	if (!cc_failed(st))
		*ret_known = row;
	return registry_store_error(r, st, err);
}

static cc_status add_check(struct registry *r, const struct digest *check, struct cc_error *err)
{
	struct stmt *q = NULL;
	cc_status st = store_prepare(r->store, sql_key_add, &q);

	if (!cc_failed(st))
		st = stmt_bind_int(q, 1, KEY_VERSION);
	if (!cc_failed(st))
		st = stmt_bind_blob(q, 2, bytes_of(check->p, check->n));
	if (!cc_failed(st))
		st = stmt_bind_int(q, 3, sys_wall_ms(r->sys));
	if (!cc_failed(st))
		st = stmt_run(q);
	stmt_finish(&q);
	return registry_store_error(r, st, err);
}

static cc_status make_key(struct registry *r, struct cc_error *err)
{
	struct keystore_key_info want = { .label = REGISTRY_KEY_LABEL, .kind = KEYSTORE_AES, .bits = 256 };
	cc_status st;

	cc_error_init(&r->ks->err);
	st = keystore_generate(r->ks, &want);
	if (cc_failed(st) && st.code != CC_E_EXISTS)
		return cc_fail(err, st.code, r->ks->err.key, "%s: %s", REGISTRY_KEY_LABEL, r->ks->err.detail);
	return cc_ok();
}

/*
 * A wrong key would find nobody and import everybody anew: it is told before
 * the first row is read. A new registry makes the key; one with rows never does.
 */
static cc_status open_keys(struct registry *r, struct cc_error *err)
{
	struct digest stored = { 0 }, check;
	bool known = false;
	cc_status st = stored_check(r, &stored, &known, err);

	if (!cc_failed(st) && !known)
		st = make_key(r, err);
	if (!cc_failed(st))
		st = derive_all(r, err);
	if (!cc_failed(st))
		st = registry_mac(&r->content_key, BYTES_LITERAL("key check"), &check, err);
	if (cc_failed(st))
		return st;
	if (!known)
		return add_check(r, &check, err);
	if (!cc_equal(stored.p, stored.n, check.p, check.n))
		return cc_fail(err, CC_E_VERIFY, "registry.key-wrong", "key version %d", KEY_VERSION);
	return st;
}

cc_status registry_open(struct store *store, struct keystore *ks, const struct sys *sys, struct registry **ret,
			struct cc_error *err)
{
	struct registry *r = cc_alloc(sizeof *r);
	cc_status st;

	if (r == NULL)
		return cc_fail(err, CC_E_MEMORY, "memory", "registry");
	r->store = store;
	r->ks = ks;
	r->sys = sys;
	st = open_keys(r, err);
	if (cc_failed(st))
		registry_close(&r);
	else
		*ret = r;
	return st;
}

void registry_close(struct registry **r)
{
	if (r == NULL || *r == NULL)
		return;
	cc_free(*r, sizeof **r);
	*r = NULL;
}

/* ---- sealed columns: bound to table, column, row and key version */

static void place(char *out, size_t cap, const char *column, const char *id)
{
	(void)snprintf(out, cap, "%s|%s|%d", column, id, KEY_VERSION);
}

cc_status registry_seal(struct registry *r, const char *column, const char *id, struct bytes plain, struct buf *ret,
			struct cc_error *err)
{
	char aad[96];
	cc_status st;

	place(aad, sizeof aad, column, id);
	st = seal_encrypt(bytes_of(r->seal_key.p, r->seal_key.n), bytes_str(aad), plain, r->sys, ret);
	return cc_failed(st) ? crypto_error(st, err, column) : st;
}

cc_status registry_unseal(struct registry *r, const char *column, const char *id, struct bytes sealed, struct buf *ret,
			  struct cc_error *err)
{
	char aad[96];
	cc_status st;

	place(aad, sizeof aad, column, id);
	st = seal_decrypt(bytes_of(r->seal_key.p, r->seal_key.n), bytes_str(aad), sealed, ret);
	if (st.code == CC_E_VERIFY)
		return cc_fail(err, st.code, "registry.damaged", "%s of row %s", column, id);
	return cc_failed(st) ? crypto_error(st, err, column) : st;
}
