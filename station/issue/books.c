/* SPDX-License-Identifier: Apache-2.0 */
#include "station/issue/books.h"

#include "crypto/seal.h"

#include <string.h>

#define KEY_VERSION 1
#define KEY_ID_SEAL 1
#define KEY_ID_MAC 2
static const char context[] = "issue-data";

/* ---- keys */

static cc_status find_or_make_key(struct keystore *ks, struct cc_error *err)
{
	struct keystore_key_info info = { .kind = KEYSTORE_AES, .bits = 256 }, found;
	cc_status st = keystore_info(ks, BOOKS_KEY_LABEL, &found);

	if (st.code == CC_E_NOT_FOUND) {
		memcpy(info.label, BOOKS_KEY_LABEL, sizeof BOOKS_KEY_LABEL);
		cc_error_init(&ks->err);
		st = keystore_generate(ks, &info);
	}
	if (cc_failed(st))
		return cc_fail(err, st.code, ks->err.key ? ks->err.key : "keystore.failed", "%s", ks->err.detail);
	return st;
}

static cc_status derive(struct keystore *ks, uint8_t id, struct secret *ret, struct cc_error *err)
{
	cc_status st = keystore_derive_kdf3(ks, BOOKS_KEY_LABEL, id, bytes_str(context), ret);

	if (cc_failed(st))
		return cc_fail(err, st.code, ks->err.key ? ks->err.key : "keystore.failed", "%s", ks->err.detail);
	return st;
}

/* A MAC that only the key which sealed the rows gives: a changed key store is told before anything is written. */
static cc_status check_key(struct books *b, struct cc_error *err)
{
	struct digest mac;
	struct stmt *q = NULL;
	bool row = false;
	cc_status st;

	if (cc_failed(st = hash_hmac(HASH_SHA256, bytes_of(b->mac_key.p, b->mac_key.n), BYTES_LITERAL("issue key check"), &mac)))
		return st;
	if (cc_failed(st = books_begin(b, err)))
		return st;
	st = books_query(b, "SELECT key_check FROM issue_secret WHERE key_version = 1", NULL, 0, &q, &row, err);
	if (!cc_failed(st) && row) {
		if (!bytes_equal(stmt_column_bytes(q, 0), bytes_of(mac.p, mac.n)))
			st = cc_fail(err, CC_E_VERIFY, "issue.damaged", "the key %s is not the one that sealed the rows",
				     BOOKS_KEY_LABEL);
	} else if (!cc_failed(st)) {
		const struct books_value values[] = { books_int(KEY_VERSION), books_blob(bytes_of(mac.p, mac.n)),
						      books_int(sys_wall_ms(b->sys)) };

		st = books_run(b, "INSERT INTO issue_secret (key_version, key_check, created_ms) VALUES ($1, $2, $3)", values, 3,
			       err);
	}
	stmt_finish(&q);
	return books_end(b, st, err);
}

cc_status books_open(struct store *store, struct keystore *ks, const struct sys *sys, const struct issue_hooks *hooks,
		     struct books **ret, struct cc_error *err)
{
	struct books *b = cc_alloc(sizeof *b);
	cc_status st;

	if (!b)
		return cc_fail(err, CC_E_MEMORY, "memory", "books");
	b->store = store;
	b->sys = sys;
	(void)pthread_mutex_init(&b->lock, NULL);
	if (cc_failed(st = find_or_make_key(ks, err)) || cc_failed(st = derive(ks, KEY_ID_SEAL, &b->seal_key, err)) ||
	    cc_failed(st = derive(ks, KEY_ID_MAC, &b->mac_key, err)) || cc_failed(st = check_key(b, err))) {
		books_close(&b);
		return st;
	}
	if (hooks)
		b->hooks = *hooks;
	*ret = b;
	return cc_ok();
}

void books_close(struct books **b)
{
	if (!b || !*b)
		return;
	(void)pthread_mutex_destroy(&(*b)->lock);
	cc_free(*b, sizeof **b);
	*b = NULL;
}

/* ---- transactions */

void books_lock(struct books *b)
{
	CC_ASSERT(pthread_mutex_lock(&b->lock) == 0);
}

void books_unlock(struct books *b)
{
	CC_ASSERT(pthread_mutex_unlock(&b->lock) == 0);
}

static cc_status store_failed(struct books *b, cc_status st, struct cc_error *err)
{
	if (!cc_failed(st))
		return st;
	return cc_fail(err, st.code, b->store->err.key ? b->store->err.key : "store.failed", "%s", b->store->err.detail);
}

cc_status books_begin(struct books *b, struct cc_error *err)
{
	cc_status st;

	books_lock(b);
	if (cc_failed(st = store_failed(b, store_begin(b->store), err)))
		books_unlock(b);
	return st;
}

cc_status books_end(struct books *b, cc_status st, struct cc_error *err)
{
	if (cc_failed(st)) {
		store_rollback(b->store);
	} else {
		if (b->hooks.durable)
			b->hooks.durable(b->hooks.ctx, false);
		st = store_failed(b, store_commit(b->store), err);
		if (b->hooks.durable && !cc_failed(st))
			b->hooks.durable(b->hooks.ctx, true);
	}
	books_unlock(b);
	return st;
}

/* ---- statements */

struct books_value books_int(int64_t v)
{
	return (struct books_value){ .kind = BOOKS_INT, .i = v };
}

struct books_value books_text(const char *s)
{
	if (!s)
		return (struct books_value){ .kind = BOOKS_NULL };
	return (struct books_value){ .kind = BOOKS_TEXT, .b = bytes_str(s) };
}

struct books_value books_blob(struct bytes b)
{
	return (struct books_value){ .kind = BOOKS_BLOB, .b = b };
}

static cc_status bind(struct stmt *q, int index, const struct books_value *v)
{
	switch (v->kind) {
	case BOOKS_INT:
		return stmt_bind_int(q, index, v->i);
	case BOOKS_TEXT:
		return stmt_bind_text(q, index, v->b);
	case BOOKS_BLOB:
		return stmt_bind_blob(q, index, v->b);
	case BOOKS_NULL:
		break;
	}
	return stmt_bind_null(q, index);
}

static cc_status prepare(struct books *b, const char *sql, const struct books_value *values, size_t count, struct stmt **ret)
{
	cc_status st = store_prepare(b->store, sql, ret);

	for (size_t i = 0; i < count && !cc_failed(st); i++)
		st = bind(*ret, (int)i + 1, &values[i]);
	return st;
}

cc_status books_run(struct books *b, const char *sql, const struct books_value *values, size_t count, struct cc_error *err)
{
	struct stmt *q = NULL;
	cc_status st = prepare(b, sql, values, count, &q);

	if (!cc_failed(st))
		st = stmt_run(q);
	stmt_finish(&q);
	return store_failed(b, st, err);
}

cc_status books_query(struct books *b, const char *sql, const struct books_value *values, size_t count, struct stmt **ret,
		      bool *ret_row, struct cc_error *err)
{
	cc_status st = prepare(b, sql, values, count, ret);

	if (!cc_failed(st))
		st = stmt_step(*ret, ret_row);
	return store_failed(b, st, err);
}

/* ---- personal data */

cc_status books_number_mac(const struct books *b, const char *number, uint8_t out[BOOKS_MAC_LEN])
{
	struct digest mac;
	cc_status st = hash_hmac(HASH_SHA256, bytes_of(b->mac_key.p, b->mac_key.n), bytes_str(number), &mac);

	if (!cc_failed(st))
		memcpy(out, mac.p, BOOKS_MAC_LEN);
	return st;
}

cc_status books_seal(const struct books *b, const char *place, struct bytes plain, struct buf *ret)
{
	return seal_encrypt(bytes_of(b->seal_key.p, b->seal_key.n), bytes_str(place), plain, b->sys, ret);
}

cc_status books_unseal(const struct books *b, const char *place, struct bytes sealed, struct buf *ret)
{
	return seal_decrypt(bytes_of(b->seal_key.p, b->seal_key.n), bytes_str(place), sealed, ret);
}
