/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/exchange.h"

#include "crypto/cose.h"
#include "station/registry/exchange_internal.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define IDENTITY_DOMAIN "cccd-exchange-identity"
#define IDENTITY_MAX 4096
#define IDENTITY_VERSION 1
#define FINGERPRINT_MIN 16

/* ---- keys */
static cc_status find_or_make(struct exchange *x, const char *label, struct buf *ret_spki, struct cc_error *err)
{
	struct keystore_key_info want = { .kind = KEYSTORE_EC, .curve = EC_P256 };
	cc_status st = keystore_public_key(x->p.keystore, label, ret_spki);

	if (st.code == CC_E_NOT_FOUND) {
		(void)snprintf(want.label, sizeof want.label, "%s", label);
		st = keystore_generate(x->p.keystore, &want);
		if (!cc_failed(st))
			st = keystore_public_key(x->p.keystore, label, ret_spki);
	}
	if (cc_failed(st))
		keystore_error(x->p.keystore, err);
	return st;
}

const char *exchange_conflict_name(enum exchange_conflict why)
{
	static const char *const names[] = { "other-record", "in-work", "told-back" };

	CC_ASSERT(why <= EXCHANGE_TOLD_BACK);
	return names[why];
}

cc_status exchange_init(struct exchange *x, const struct exchange_params *p, struct cc_error *err)
{
	struct digest kid;
	size_t n = strlen(p->name);
	cc_status st;

	memset(x, 0, sizeof *x);
	x->p = *p;
	if (n == 0 || n >= EXCHANGE_NAME_SIZE)
		return cc_fail(err, CC_E_ARG, "exchange.name", "station.name has %zu bytes, not 1 to %d", n,
			       EXCHANGE_NAME_SIZE - 1);
	st = find_or_make(x, EXCHANGE_SIGN_LABEL, &x->sign_spki, err);
	if (!cc_failed(st))
		st = find_or_make(x, EXCHANGE_AGREE_LABEL, &x->agree_spki, err);
	if (!cc_failed(st) && cc_failed(st = cose_kid(buf_view(&x->sign_spki), &kid)))
		(void)cc_fail(err, st.code, "crypto.failed", "key id");
	if (cc_failed(st))
		exchange_done(x);
	else
		memcpy(x->kid, kid.p, sizeof x->kid);
	return st;
}

void exchange_done(struct exchange *x)
{
	buf_done(&x->sign_spki);
	buf_done(&x->agree_spki);
}

/* ---- identity files: { 1 version, 2 name, 3 key that signs, 4 key that agrees } */
static cc_status identity_payload(const struct exchange *x, struct buf *ret)
{
	struct cbor_out out;
	cc_status st;

	cbor_out_init(&out, IDENTITY_MAX);
	cbor_open_map(&out);
	cbor_put_uint(&out, 1);
	cbor_put_uint(&out, IDENTITY_VERSION);
	cbor_put_uint(&out, 2);
	cbor_put_str(&out, x->p.name);
	cbor_put_uint(&out, 3);
	cbor_put_bytes(&out, buf_view(&x->sign_spki));
	cbor_put_uint(&out, 4);
	cbor_put_bytes(&out, buf_view(&x->agree_spki));
	cbor_close(&out);
	st = cbor_finish(&out, ret);
	cbor_out_done(&out);
	return st;
}

static cc_status fingerprint_of(struct bytes payload, char out[EXCHANGE_FINGERPRINT_SIZE])
{
	struct digest d;
	cc_status st = hash_digest(HASH_SHA256, payload, &d);

	if (!cc_failed(st))
		bytes_to_hex(bytes_of(d.p, d.n), out);
	return st;
}

cc_status exchange_identity(struct exchange *x, struct buf *ret, char fingerprint[EXCHANGE_FINGERPRINT_SIZE],
			    struct cc_error *err)
{
	struct buf payload = { 0 };
	struct cose_sign_params sign = { .keystore = x->p.keystore,
					 .key_label = EXCHANGE_SIGN_LABEL,
					 .external = BYTES_LITERAL(IDENTITY_DOMAIN) };
	cc_status st = identity_payload(x, &payload);

	if (!cc_failed(st))
		st = fingerprint_of(buf_view(&payload), fingerprint);
	sign.payload = buf_view(&payload);
	if (cc_failed(st))
		st = cc_fail(err, st.code, st.code == CC_E_MEMORY ? "memory" : "crypto.failed", "identity");
	else
		st = cose_sign1(&sign, ret, err);
	buf_done(&payload);
	return st;
}

struct identity {
	char name[EXCHANGE_NAME_SIZE];
	struct bytes sign_spki, agree_spki, kid;
};

static bool read_identity_map(struct cbor_in *map, struct identity *id)
{
	uint64_t version;

	return cbor_key(map, 1, "version") && cbor_uint(map, "version", IDENTITY_VERSION, &version) &&
	       (version == IDENTITY_VERSION || cbor_refuse(map, "version", "not known here")) && cbor_key(map, 2, "name") &&
	       cbor_string(map, "name", id->name, sizeof id->name) &&
	       (id->name[0] != '\0' || cbor_refuse(map, "name", "empty")) && cbor_key(map, 3, "signing key") &&
	       cbor_bytes(map, "signing key", 1, EXCHANGE_SPKI_MAX, &id->sign_spki) && cbor_key(map, 4, "agreement key") &&
	       cbor_bytes(map, "agreement key", 1, EXCHANGE_SPKI_MAX, &id->agree_spki) && cbor_end(map, "identity");
}

/* Both keys are EC keys that can be used, and the file is signed by the one inside. */
static cc_status check_identity(const struct cose_signed *m, struct identity *id, struct cc_error *err)
{
	struct pubkey *sign = NULL, *agree = NULL;
	struct digest kid;
	cc_status st = pubkey_from_spki(id->sign_spki, &sign, err);

	if (!cc_failed(st))
		st = pubkey_from_spki(id->agree_spki, &agree, err);
	if (!cc_failed(st) && pubkey_kind(agree) != PUBKEY_EC)
		st = cc_fail(err, CC_E_UNSUPPORTED, "cose.unsupported", "the agreement key is no EC key");
	if (!cc_failed(st))
		st = cose_signed_verify(m, sign, BYTES_LITERAL(IDENTITY_DOMAIN), err);
	if (!cc_failed(st))
		st = cose_kid(id->sign_spki, &kid);
	if (!cc_failed(st) && !bytes_equal(bytes_of(kid.p, kid.n), m->kid))
		st = cc_fail(err, CC_E_VERIFY, "cose.signature", "the key id is not that of the key inside");
	id->kid = m->kid;
	pubkey_free(&sign);
	pubkey_free(&agree);
	return st;
}

static cc_status read_identity(struct bytes file, struct identity *id, struct bytes *ret_payload, struct cc_error *err)
{
	struct cose_signed m;
	struct cbor_in in, map;
	cc_status st;

	if (file.n > IDENTITY_MAX)
		return cc_fail(err, CC_E_LIMIT, "cbor.malformed", "%zu bytes", file.n);
	if (cc_failed(st = cose_signed_parse(file, COSE_OURS, 0, &m, err)) ||
	    cc_failed(st = cbor_open(&in, m.payload, CBOR_SORTED, IDENTITY_MAX, err)))
		return st;
	if (!cbor_map(&in, "identity", &map) || !read_identity_map(&map, id))
		return cc_code_status(CC_E_FORMAT);
	*ret_payload = m.payload;
	return check_identity(&m, id, err);
}

/* At least 16 digits, in either case, of the whole; blanks and colons between them, as they were written down, are not asked. */
static bool fingerprint_fits(const char *given, const char *whole)
{
	size_t n = 0;

	for (; *given != '\0'; given++) {
		if (*given == ' ' || *given == ':')
			continue;
		if (whole[n] == '\0' || toupper((unsigned char)*given) != whole[n])
			return false;
		n++;
	}
	return n >= FINGERPRINT_MIN;
}

static cc_status insert_peer(struct exchange *x, const struct identity *id, struct cc_error *err)
{
	struct bytes none = BYTES_LITERAL("");
	const struct books_value values[] = { books_text(id->name),
					      books_blob(id->kid),
					      books_blob(id->sign_spki),
					      books_blob(id->agree_spki),
					      books_int(sys_wall_ms(x->p.sys)),
					      books_int(0),
					      books_blob(none) };

	return books_run(x->p.books,
			 "INSERT INTO exchange_peer (name, kid, sign_spki, agree_spki, added_ms, sent_seq, sent_hash, acked_seq,"
			 " taken_seq, taken_hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $6, $6, $7)",
			 values, 7, err);
}

static cc_status pin(struct exchange *x, const struct identity *id, struct cc_error *err)
{
	const struct books_value same[] = { books_text(id->name), books_blob(id->kid), books_blob(id->agree_spki) };
	bool found = false, taken = false;
	cc_status st = exchange_exists(x, "SELECT name FROM exchange_peer WHERE name = $1 AND kid = $2 AND agree_spki = $3", same,
				       3, &found, err);

	if (!cc_failed(st) && !found)
		st = exchange_exists(x, "SELECT name FROM exchange_peer WHERE name = $1 OR kid = $2", same, 2, &taken, err);
	if (!cc_failed(st) && taken)
		st = cc_fail(err, CC_E_EXISTS, "exchange.peer-exists", "another station has that name or key");
	return cc_failed(st) || found ? st : insert_peer(x, id, err);
}

cc_status exchange_pin(struct exchange *x, struct bytes identity, const char *fingerprint, char ret_name[EXCHANGE_NAME_SIZE],
		       struct cc_error *err)
{
	char whole[EXCHANGE_FINGERPRINT_SIZE];
	struct identity id = { 0 };
	struct bytes payload;
	cc_status st = read_identity(identity, &id, &payload, err);

	if (!cc_failed(st) && cc_failed(st = fingerprint_of(payload, whole)))
		(void)cc_fail(err, st.code, "crypto.failed", "fingerprint");
	if (cc_failed(st))
		return st;
	if (!fingerprint_fits(fingerprint, whole))
		return cc_fail(err, CC_E_VERIFY, "exchange.fingerprint", "the file's is %.16s...", whole);
	if (bytes_equal(id.kid, bytes_of(x->kid, sizeof x->kid)))
		return cc_fail(err, CC_E_ARG, "exchange.self", "the identity of this station");
	if (cc_failed(st = books_begin(x->p.books, err)))
		return st;
	st = exchange_end(x, pin(x, &id, err), err);
	if (!cc_failed(st))
		memcpy(ret_name, id.name, sizeof id.name);
	return st;
}

/* ---- rows */
void exchange_peer_done(struct exchange_peer *p)
{
	buf_done(&p->sign_spki);
	buf_done(&p->agree_spki);
	buf_done(&p->sent_hash);
	buf_done(&p->taken_hash);
}

cc_status exchange_end(struct exchange *x, cc_status st, struct cc_error *err)
{
	if (cc_failed(st) || !x->p.dry_run)
		return books_end(x->p.books, st, err);
	(void)books_end(x->p.books, cc_code_status(CC_E_STATE), NULL).code;
	return st;
}

void exchange_column_text(struct stmt *q, int column, char *out, size_t cap)
{
	struct bytes text = stmt_column_bytes(q, column);
	size_t n = text.n < cap ? text.n : cap - 1;

	if (n > 0)
		memcpy(out, text.p, n);
	out[n] = '\0';
}

static cc_status read_peer(struct stmt *q, struct exchange_peer *p)
{
	struct bytes kid = stmt_column_bytes(q, 1);
	cc_status st;

	if (kid.n != sizeof p->kid)
		return cc_code_status(CC_E_FORMAT);
	memcpy(p->kid, kid.p, kid.n);
	exchange_column_text(q, 0, p->name, sizeof p->name);
	p->sent_seq = (uint64_t)stmt_column_int(q, 4);
	p->taken_seq = (uint64_t)stmt_column_int(q, 6);
	if (!cc_failed(st = buf_copy(&p->sign_spki, stmt_column_bytes(q, 2))) &&
	    !cc_failed(st = buf_copy(&p->agree_spki, stmt_column_bytes(q, 3))) &&
	    !cc_failed(st = buf_copy(&p->sent_hash, stmt_column_bytes(q, 5))))
		st = buf_copy(&p->taken_hash, stmt_column_bytes(q, 7));
	return st;
}

/* An update that changes nothing locks the row on both engines. */
#define LOCK_PEER(column)                                                                                                        \
	"UPDATE exchange_peer SET added_ms = added_ms WHERE " column " = $1"                                                     \
	" RETURNING name, kid, sign_spki, agree_spki, sent_seq, sent_hash, taken_seq, taken_hash"

cc_status exchange_peer_lock(struct exchange *x, const char *name, struct bytes kid, struct exchange_peer *ret,
			     struct cc_error *err)
{
	const struct books_value key = name != NULL ? books_text(name) : books_blob(kid);
	struct stmt *q = NULL;
	bool row = false;
	cc_status st = books_query(x->p.books, name != NULL ? LOCK_PEER("name") : LOCK_PEER("kid"), &key, 1, &q, &row, err);

	if (!cc_failed(st) && !row && name != NULL)
		st = cc_fail(err, CC_E_NOT_FOUND, "exchange.unknown-peer", "no station of that name is pinned");
	else if (!cc_failed(st) && !row)
		st = cc_fail(err, CC_E_VERIFY, "exchange.unknown-sender", "signed by a key that is not pinned");
	if (!cc_failed(st) && cc_failed(st = read_peer(q, ret)))
		(void)cc_fail(err, st.code, st.code == CC_E_MEMORY ? "memory" : "store.damaged", "a peer's row");
	stmt_finish(&q);
	return st;
}

cc_status exchange_exists(struct exchange *x, const char *sql, const struct books_value *values, size_t count, bool *ret,
			  struct cc_error *err)
{
	struct stmt *q = NULL;
	cc_status st = books_query(x->p.books, sql, values, count, &q, ret, err);

	stmt_finish(&q);
	return st;
}

void exchange_number_place(const char *package_id, uint64_t n, char out[96])
{
	(void)snprintf(out, 96, "exchange_item/number/%s/%llu", package_id, (unsigned long long)n);
}

cc_status exchange_item_insert(struct exchange *x, const struct exchange_item_row *row, struct cc_error *err)
{
	uint8_t mac[BOOKS_MAC_LEN];
	struct buf sealed = { 0 };
	char place[96];
	cc_status st = books_number_mac(x->p.books, row->number, mac);

	exchange_number_place(row->package_id, row->n, place);
	if (!cc_failed(st))
		st = books_seal(x->p.books, place, bytes_str(row->number), &sealed);
	if (cc_failed(st)) {
		st = cc_fail(err, st.code, st.code == CC_E_MEMORY ? "memory" : "crypto.failed", "sealing");
	} else {
		const struct books_value values[] = {
			books_text(row->package_id),	 books_int((int64_t)row->n), books_blob(bytes_of(mac, sizeof mac)),
			books_blob(buf_view(&sealed)),	 books_text(row->state),     books_int(row->live ? 1 : 0),
			books_int(sys_wall_ms(x->p.sys))
		};

		st = books_run(x->p.books,
			       "INSERT INTO exchange_item (package_id, n, number_mac, number, state, live, at_ms)"
			       " VALUES ($1, $2, $3, $4, $5, $6, $7)",
			       values, 7, err);
	}
	buf_done(&sealed);
	return st;
}

cc_status exchange_package_insert(struct exchange *x, const struct exchange_package_row *row, struct cc_error *err)
{
	const struct exchange_head *h = row->head;
	const struct books_value values[] = { books_text(row->id),
					      books_text(row->peer),
					      books_text(row->out ? "out" : "in"),
					      books_int((int64_t)h->seq),
					      books_blob(row->hash),
					      books_text(exchange_kind_name(h->kind)),
					      books_int((int64_t)h->count),
					      books_int((int64_t)h->quota),
					      books_int(h->made_ms),
					      books_int(h->expires_ms),
					      books_int(sys_wall_ms(x->p.sys)),
					      row->sealed.n > 0 ? books_blob(row->sealed) : books_text(NULL) };

	return books_run(x->p.books,
			 "INSERT INTO exchange_package (id, peer, direction, seq, hash, kind, items, quota, quota_used, made_ms,"
			 " expires_ms, booked_ms, sealed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, $10, $11, $12)",
			 values, 12, err);
}

/* ---- telling */
static void read_row(struct stmt *q, struct exchange_row *row)
{
	exchange_column_text(q, 0, row->id, sizeof row->id);
	exchange_column_text(q, 1, row->peer, sizeof row->peer);
	row->out = bytes_equal(stmt_column_bytes(q, 2), BYTES_LITERAL("out"));
	row->kind = bytes_equal(stmt_column_bytes(q, 3), bytes_str(exchange_kind_name(EXCHANGE_RESULTS))) ? EXCHANGE_RESULTS
													  : EXCHANGE_APPLICANTS;
	row->seq = (uint64_t)stmt_column_int(q, 4);
	row->items = (uint64_t)stmt_column_int(q, 5);
	row->quota = (uint64_t)stmt_column_int(q, 6);
	row->quota_used = (uint64_t)stmt_column_int(q, 7);
	row->expires_ms = stmt_column_int(q, 8);
	row->open = (uint64_t)stmt_column_int(q, 9);
}

cc_status exchange_list_peers(struct exchange *x, void (*visit)(void *ctx, const char *name), void *ctx, struct cc_error *err)
{
	struct stmt *q = NULL;
	bool row = false;
	cc_status st;

	books_lock(x->p.books);
	st = books_query(x->p.books, "SELECT name FROM exchange_peer ORDER BY name", NULL, 0, &q, &row, err);
	while (!cc_failed(st) && row) {
		char name[EXCHANGE_NAME_SIZE];

		exchange_column_text(q, 0, name, sizeof name);
		visit(ctx, name);
		if (cc_failed(st = stmt_step(q, &row)))
			(void)cc_fail(err, st.code, "store.failed", "reading stations");
	}
	stmt_finish(&q);
	books_unlock(x->p.books);
	return st;
}

cc_status exchange_list(struct exchange *x, exchange_visit visit, void *ctx, struct cc_error *err)
{
	struct stmt *q = NULL;
	bool row = false;
	cc_status st;

	books_lock(x->p.books);
	st = books_query(x->p.books,
			 "SELECT id, peer, direction, kind, seq, items, quota, quota_used, expires_ms,"
			 " (SELECT COUNT(*) FROM exchange_item i WHERE i.package_id = p.id AND i.live = 1)"
			 " FROM exchange_package p ORDER BY peer, direction, seq",
			 NULL, 0, &q, &row, err);
	while (!cc_failed(st) && row) {
		struct exchange_row r;

		read_row(q, &r);
		visit(ctx, &r);
		if (cc_failed(st = stmt_step(q, &row)))
			(void)cc_fail(err, st.code, "store.failed", "reading packages");
	}
	stmt_finish(&q);
	books_unlock(x->p.books);
	return st;
}
