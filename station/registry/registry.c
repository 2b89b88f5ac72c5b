/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/registry_rows.h"

#include "crypto/base/secret.h"

#include <stdio.h>
#include <string.h>

#define KEY_LEN 32

static const char sql_keys[] = "SELECT key_version, key_check FROM registry_key ORDER BY key_version DESC";
static const char sql_key_add[] = "INSERT INTO registry_key (key_version, key_check, created_ms) VALUES ($1, $2, $3)";

cc_status registry_store_error(struct registry *r, cc_status st, struct cc_error *err)
{
	if (!cc_failed(st) || r->store->err.code == CC_OK)
		return st;
	return cc_fail(err, r->store->err.code, r->store->err.key, "%s", r->store->err.detail);
}

cc_status registry_crypto_error(cc_status st, struct cc_error *err, const char *what)
{
	return cc_fail(err, st.code, st.code == CC_E_MEMORY ? "memory" : "crypto.failed", "%s", what);
}

cc_status registry_mac(struct hmac *h, struct bytes in, uint8_t out[REGISTRY_MAC_LEN])
{
	struct digest d;
	cc_status st = hmac_run(h, in, &d);

	if (!cc_failed(st))
		memcpy(out, d.p, REGISTRY_MAC_LEN);
	return st;
}

/* ---- keys */

void registry_key_label(int64_t version, char out[KEYSTORE_LABEL_MAX + 1])
{
	if (version == 1)
		(void)snprintf(out, KEYSTORE_LABEL_MAX + 1, "%s", REGISTRY_KEY_LABEL);
	else
		(void)snprintf(out, KEYSTORE_LABEL_MAX + 1, "%s-%lld", REGISTRY_KEY_LABEL, (long long)version);
}

static cc_status derive(struct registry *r, const char *label, const char *purpose, struct secret *ret, struct cc_error *err)
{
	cc_status st;

	cc_error_init(&r->ks->err);
	st = keystore_derive_kdf3(r->ks, label, 1, bytes_str(purpose), ret);
	if (st.code == CC_E_MEMORY)
		return cc_fail(err, st.code, "memory", "%s", label);
	if (cc_failed(st))
		return cc_fail(err, st.code, r->ks->err.key != NULL ? r->ks->err.key : "crypto.failed", "%s: %s", label,
			       r->ks->err.detail);
	if (ret->n != KEY_LEN)
		return cc_fail(err, CC_E_STATE, "registry.key-wrong", "%s: not an AES-256 key", label);
	return st;
}

static cc_status derive_hmac(struct registry *r, const char *label, const char *purpose, struct hmac **ret, struct cc_error *err)
{
	struct secret key = { 0 };
	cc_status st = derive(r, label, purpose, &key, err);

	if (!cc_failed(st)) {
		st = hmac_new(HASH_SHA256, bytes_of(key.p, key.n), ret);
		if (cc_failed(st))
			st = registry_crypto_error(st, err, "HMAC-SHA256");
	}
	secret_done(&key);
	return st;
}

static cc_status derive_sealer(struct registry *r, const char *label, struct sealer **ret, struct cc_error *err)
{
	struct secret key = { 0 };
	cc_status st = derive(r, label, "registry seal 1", &key, err);

	if (!cc_failed(st)) {
		st = sealer_new(bytes_of(key.p, key.n), r->sys, ret);
		if (cc_failed(st))
			st = registry_crypto_error(st, err, "AES-256-GCM");
	}
	secret_done(&key);
	return st;
}

cc_status registry_key_derive(struct registry *r, int64_t version, struct registry_key *ret, struct cc_error *err)
{
	struct registry_key k = { .version = version };
	char label[KEYSTORE_LABEL_MAX + 1];
	cc_status st;

	registry_key_label(version, label);
	st = derive_sealer(r, label, &k.sealer, err);
	if (!cc_failed(st))
		st = derive_hmac(r, label, "registry number 1", &k.number, err);
	if (!cc_failed(st))
		st = derive_hmac(r, label, "registry content 1", &k.content, err);
	if (!cc_failed(st))
		st = derive_hmac(r, label, "registry mark 1", &k.mark, err);
	if (cc_failed(st))
		registry_key_done(&k);
	else
		*ret = k;
	return st;
}

void registry_key_done(struct registry_key *k)
{
	sealer_free(&k->sealer);
	hmac_free(&k->number);
	hmac_free(&k->content);
	hmac_free(&k->mark);
	*k = (struct registry_key){ 0 };
}

void registry_keys_done(struct registry_keys *k)
{
	for (size_t i = 0; i < k->count; i++)
		registry_key_done(&k->items[i]);
	mark_cache_free(&k->cache);
	k->count = 0;
}

cc_status registry_key_make(struct registry *r, int64_t version, struct cc_error *err)
{
	struct keystore_key_info want = { .kind = KEYSTORE_AES, .bits = 256 };
	cc_status st;

	registry_key_label(version, want.label);
	cc_error_init(&r->ks->err);
	st = keystore_generate(r->ks, &want);
	if (cc_failed(st) && st.code != CC_E_EXISTS)
		return cc_fail(err, st.code, r->ks->err.key, "%s: %s", want.label, r->ks->err.detail);
	return cc_ok();
}

static cc_status key_check(const struct registry_key *k, uint8_t out[REGISTRY_MAC_LEN], struct cc_error *err)
{
	cc_status st = registry_mac(k->content, BYTES_LITERAL("key check"), out);

	return cc_failed(st) ? registry_crypto_error(st, err, "HMAC-SHA256") : st;
}

cc_status registry_key_book(struct registry *r, const struct registry_key *k, struct cc_error *err)
{
	uint8_t check[REGISTRY_MAC_LEN];
	struct stmt *q = NULL;
	cc_status st = key_check(k, check, err);

	if (cc_failed(st))
		return st;
	st = store_prepare(r->store, sql_key_add, &q);
	if (!cc_failed(st))
		st = stmt_bind_int(q, 1, k->version);
	if (!cc_failed(st))
		st = stmt_bind_blob(q, 2, bytes_of(check, sizeof check));
	if (!cc_failed(st))
		st = stmt_bind_int(q, 3, sys_wall_ms(r->sys));
	if (!cc_failed(st))
		st = stmt_run(q);
	stmt_finish(&q);
	return registry_store_error(r, st, err);
}

/* What the store says of its keys, before any is derived: deriving may take a token's time. */
struct booked {
	size_t count;
	int64_t versions[REGISTRY_KEYS_MAX];
	uint8_t checks[REGISTRY_KEYS_MAX][REGISTRY_MAC_LEN];
};

static cc_status read_booked(struct registry *r, struct booked *ret, struct cc_error *err)
{
	struct stmt *q = NULL;
	bool row = false;
	cc_status st = store_prepare(r->store, sql_keys, &q);

	ret->count = 0;
	if (!cc_failed(st))
		st = stmt_step(q, &row);
	while (!cc_failed(st) && row) {
		struct cursor in;

		cursor_init(&in, stmt_column_bytes(q, 1));
		if (ret->count == REGISTRY_KEYS_MAX || !cursor_copy(&in, ret->checks[ret->count], REGISTRY_MAC_LEN)) {
			st = cc_fail(err, CC_E_VERIFY, "registry.damaged", "key check of version %lld",
				     (long long)stmt_column_int(q, 0));
			break;
		}
		ret->versions[ret->count++] = stmt_column_int(q, 0);
		st = stmt_step(q, &row);
	}
	stmt_finish(&q);
	return registry_store_error(r, st, err);
}

static cc_status open_booked(struct registry *r, const struct booked *b, struct registry_keys *k, struct cc_error *err)
{
	uint8_t check[REGISTRY_MAC_LEN];
	cc_status st = cc_ok();

	for (size_t i = 0; i < b->count && !cc_failed(st); i++) {
		st = registry_key_derive(r, b->versions[i], &k->items[i], err);
		if (cc_failed(st))
			break;
		k->count++;
		st = key_check(&k->items[i], check, err);
		if (!cc_failed(st) && !cc_equal(check, sizeof check, b->checks[i], sizeof check))
			st = cc_fail(err, CC_E_VERIFY, "registry.key-wrong", "key version %lld", (long long)b->versions[i]);
	}
	return st;
}

/*
 * A wrong key would find nobody and import everybody anew: it is told before
 * the first row is read. A new registry makes the key; one with rows never does.
 */
cc_status registry_keys_open(struct registry *r, bool make_first, struct registry_keys *ret, struct cc_error *err)
{
	struct registry_keys k = { 0 };
	struct booked booked;
	cc_status st = read_booked(r, &booked, err);

	if (!cc_failed(st) && booked.count == 0 && (make_first || r->dry)) {
		st = registry_key_make(r, 1, err);
		if (!cc_failed(st))
			st = registry_key_derive(r, 1, &k.items[0], err);
		if (!cc_failed(st)) {
			k.count = 1;
			st = r->dry ? cc_ok() : registry_key_book(r, &k.items[0], err);
		}
		if (st.code == CC_E_EXISTS) {
			/* Another station was first: its key is judged like any other. */
			registry_keys_done(&k);
			cc_error_init(err);
			return registry_keys_open(r, false, ret, err);
		}
	} else if (!cc_failed(st)) {
		st = open_booked(r, &booked, &k, err);
	}
	if (!cc_failed(st) && cc_failed(st = mark_cache_new(&k.cache)))
		st = cc_fail(err, st.code, "memory", "marks");
	if (cc_failed(st))
		registry_keys_done(&k);
	else
		*ret = k;
	return st;
}

static cc_status same_keys(struct registry *r, bool *ret, struct cc_error *err)
{
	struct booked booked;
	cc_status st = read_booked(r, &booked, err);

	if (cc_failed(st))
		return st;
	if (r->dry && booked.count == 0) {
		*ret = true;
		return st;
	}
	*ret = booked.count == r->keys.count;
	for (size_t i = 0; i < booked.count && *ret; i++)
		*ret = booked.versions[i] == r->keys.items[i].version;
	return st;
}

cc_status registry_hold_keys(struct registry *r, struct cc_error *err)
{
	int64_t unused = 0;
	bool same = false;
	/* The counter's row is the lock: who takes ids, even none, waits for who holds it. */
	cc_status st = registry_take_ids(r, 0, &unused, err);

	if (!cc_failed(st))
		st = same_keys(r, &same, err);
	if (!cc_failed(st) && !same)
		return cc_fail(err, CC_E_BUSY, "registry.keys-changed", "the keys of the registry were rotated meanwhile");
	return st;
}

cc_status registry_refresh_keys(struct registry *r, bool *ret_changed, struct cc_error *err)
{
	struct registry_keys fresh;
	bool same = false;
	cc_status st = same_keys(r, &same, err);

	*ret_changed = false;
	if (cc_failed(st) || same)
		return st;
	st = registry_keys_open(r, false, &fresh, err);
	if (cc_failed(st))
		return st;
	registry_keys_done(&r->keys);
	r->keys = fresh;
	*ret_changed = true;
	return st;
}

static cc_status open_registry(struct store *store, struct keystore *ks, const struct sys *sys, bool dry, struct registry **ret,
			       struct cc_error *err)
{
	struct registry *r = cc_alloc(sizeof *r);
	cc_status st;

	if (r == NULL)
		return cc_fail(err, CC_E_MEMORY, "memory", "registry");
	r->store = store;
	r->ks = ks;
	r->sys = sys;
	r->dry = dry;
	st = registry_keys_open(r, true, &r->keys, err);
	if (cc_failed(st))
		registry_close(&r);
	else
		*ret = r;
	return st;
}

cc_status registry_open(struct store *store, struct keystore *ks, const struct sys *sys, struct registry **ret,
			struct cc_error *err)
{
	return open_registry(store, ks, sys, false, ret, err);
}

cc_status registry_open_dry(struct store *store, struct keystore *ks, const struct sys *sys, struct registry **ret,
			    struct cc_error *err)
{
	return open_registry(store, ks, sys, true, ret, err);
}

void registry_close(struct registry **r)
{
	if (r == NULL || *r == NULL)
		return;
	registry_keys_done(&(*r)->keys);
	cc_free(*r, sizeof **r);
	*r = NULL;
}
