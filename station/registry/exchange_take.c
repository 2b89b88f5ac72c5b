/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/exchange_application.h"
#include "station/registry/registry_rows.h"

#include "crypto/cose.h"

#include <stdio.h>
#include <string.h>

/* A package that lies before us: what was decrypted, and views into it. */
struct taking {
	struct exchange *x;
	struct exchange_peer peer;
	struct buf signed_data;
	struct cose_signed message;
	struct digest hash;
	struct exchange_head head;
	struct cbor_in items;
	struct exchange_taken taken;
};

static void taking_done(struct taking *t)
{
	exchange_peer_done(&t->peer);
	buf_done(&t->signed_data);
}

/* ---- before anything is trusted */
static cc_status open_file(struct taking *t, struct bytes file, struct cc_error *err)
{
	cc_status st =
		cose_decrypt(t->x->p.keystore, EXCHANGE_AGREE_LABEL, file, BYTES_LITERAL(EXCHANGE_DOMAIN), &t->signed_data, err);

	if (!cc_failed(st))
		st = cose_signed_parse(buf_view(&t->signed_data), COSE_OURS, 0, &t->message, err);
	if (!cc_failed(st) && cc_failed(st = hash_digest(HASH_SHA256, buf_view(&t->signed_data), &t->hash)))
		(void)cc_fail(err, st.code, "crypto.failed", "hash");
	return st;
}

/* The sender is the peer whose key signed; then it is read, and says the same of sender and receiver. */
static cc_status check_sender(struct taking *t, struct cc_error *err)
{
	struct pubkey *key = NULL;
	cc_status st = exchange_peer_lock(t->x, NULL, t->message.kid, &t->peer, err);

	if (!cc_failed(st))
		st = pubkey_from_spki(buf_view(&t->peer.sign_spki), &key, err);
	if (!cc_failed(st))
		st = cose_signed_verify(&t->message, key, BYTES_LITERAL(EXCHANGE_DOMAIN), err);
	pubkey_free(&key);
	if (!cc_failed(st))
		st = exchange_package_read(t->message.payload, &t->head, &t->items, err);
	if (cc_failed(st))
		return st;
	if (memcmp(t->head.from, t->peer.kid, sizeof t->head.from) != 0 || memcmp(t->head.to, t->x->kid, sizeof t->head.to) != 0)
		return cc_fail(err, CC_E_VERIFY, "exchange.wrong-station", "signed for another pair of stations");
	return st;
}

/* ---- once, in order, in time */
static cc_status check_before(struct taking *t, struct cc_error *err)
{
	const struct books_value key[] = { books_text(t->peer.name), books_int((int64_t)t->head.seq),
					   books_blob(bytes_of(t->hash.p, t->hash.n)) };
	cc_status st = exchange_exists(t->x,
				       "SELECT id FROM exchange_package WHERE peer = $1 AND direction = 'in' AND seq = $2"
				       " AND hash = $3",
				       key, 3, &t->taken.before, err);

	if (!cc_failed(st) && !t->taken.before)
		st = cc_fail(err, CC_E_VERIFY, "exchange.forked", "number %llu was taken before with another content",
			     (unsigned long long)t->head.seq);
	return st;
}

static cc_status check_order(struct taking *t, struct cc_error *err)
{
	const struct exchange_head *h = &t->head;

	if (h->seq <= t->peer.taken_seq)
		return check_before(t, err);
	if (h->seq != t->peer.taken_seq + 1)
		return cc_fail(err, CC_E_STATE, "exchange.order", "this is number %llu, number %llu comes first",
			       (unsigned long long)h->seq, (unsigned long long)t->peer.taken_seq + 1);
	if (!bytes_equal(h->previous, buf_view(&t->peer.taken_hash)))
		return cc_fail(err, CC_E_VERIFY, "exchange.forked", "number %llu does not follow the one that was taken",
			       (unsigned long long)h->seq);
	if (h->acknowledged > t->peer.sent_seq)
		return cc_fail(err, CC_E_STATE, "exchange.rolled-back", "the sender has taken %llu, this store made %llu",
			       (unsigned long long)h->acknowledged, (unsigned long long)t->peer.sent_seq);
	if (sys_wall_ms(t->x->p.sys) > h->expires_ms)
		return cc_fail(err, CC_E_STATE, "exchange.expired", "number %llu", (unsigned long long)h->seq);
	return cc_ok();
}

/* ---- applicants */
/* In work here already, by another package or, when an application came along, by one of this station. */
static cc_status is_busy(struct taking *t, const char *number, bool applies, bool *ret, struct cc_error *err)
{
	uint8_t mac[BOOKS_MAC_LEN];
	const struct books_value key = books_blob(bytes_of(mac, sizeof mac));
	cc_status st = books_number_mac(t->x->p.books, number, mac);

	if (cc_failed(st))
		return cc_fail(err, st.code, "crypto.failed", "number");
	st = exchange_exists(t->x, "SELECT n FROM exchange_item WHERE number_mac = $1 AND live = 1", &key, 1, ret, err);
	return cc_failed(st) || *ret || !applies ? st : exchange_application_is_live(t->x, mac, ret, err);
}

static void tell_conflict(struct taking *t, const char *number, enum exchange_conflict why)
{
	t->taken.conflicts++;
	if (t->x->p.conflict != NULL)
		t->x->p.conflict(t->x->p.ctx, number, why);
}

static cc_status put_person(struct taking *t, const struct person *p, struct bytes photo, struct bytes form, struct cc_error *err)
{
	struct exchange_item_row row = {
		.package_id = t->taken.id, .n = ++t->taken.items, .number = p->number, .state = EXCHANGE_ITEM_GIVEN, .live = true
	};
	enum registry_put put = PUT_CONFLICT;
	bool busy = false;
	cc_status st = is_busy(t, p->number, form.n > 0, &busy, err);

	if (!cc_failed(st))
		st = registry_put(t->x->p.registry, p, photo, &put, err);
	if (cc_failed(st))
		return st;
	if (busy || put == PUT_CONFLICT) {
		row.state = "conflict";
		row.live = false;
		tell_conflict(t, p->number, busy ? EXCHANGE_IN_WORK : EXCHANGE_OTHER_RECORD);
	} else if (put == PUT_UNCHANGED) {
		t->taken.unchanged++;
	} else {
		t->taken.added++;
	}
	st = exchange_item_insert(t->x, &row, err);
	return cc_failed(st) || !row.live ? st : exchange_application_in(t->x, row.package_id, row.n, p->number, form, err);
}

static cc_status take_applicant(struct taking *t, struct cc_error *err)
{
	struct bytes record, photo, form;
	struct row_warnings warnings;
	struct row_fault fault;
	struct person person;
	cc_status st;

	if (!exchange_package_applicant(&t->items, &record, &photo, &form))
		return cc_code_status(CC_E_FORMAT);
	st = person_parse(record, &person, &warnings, &fault);
	if (st.code == CC_E_MEMORY)
		return cc_fail(err, st.code, "memory", "record");
	if (cc_failed(st))
		return cc_fail(err, CC_E_FORMAT, "exchange.record", "applicant %zu: %s: %s", t->taken.items + 1, fault.field,
			       fault.key);
	st = put_person(t, &person, photo, form, err);
	person_done(&person);
	return st;
}

/* ---- results */
static cc_status find_given(struct taking *t, const struct exchange_result *r, uint8_t mac[BOOKS_MAC_LEN],
			    char package_id[EXCHANGE_ID_SIZE], int64_t *ret_n, struct cc_error *err)
{
	const struct books_value key[] = { books_blob(bytes_of(mac, BOOKS_MAC_LEN)), books_text(t->peer.name) };
	char number[13] = { 0 };
	struct stmt *q = NULL;
	bool row = false;
	cc_status st;

	memcpy(number, r->number.p, sizeof number - 1);
	if (cc_failed(st = books_number_mac(t->x->p.books, number, mac)))
		return cc_fail(err, st.code, "crypto.failed", "number");
	st = books_query(t->x->p.books,
			 "SELECT i.package_id, i.n FROM exchange_item i JOIN exchange_package p ON p.id = i.package_id"
			 " WHERE i.number_mac = $1 AND i.live = 1 AND p.direction = 'out' AND p.peer = $2",
			 key, 2, &q, &row, err);
	if (!cc_failed(st) && !row)
		st = cc_fail(err, CC_E_STATE, "exchange.not-given", "result %zu", t->taken.items + 1);
	if (!cc_failed(st)) {
		exchange_column_text(q, 0, package_id, EXCHANGE_ID_SIZE);
		*ret_n = stmt_column_int(q, 1);
	}
	stmt_finish(&q);
	return st;
}

/* I6: a chip is one card's. Told of twice, it would end or replace somebody else's. */
static cc_status check_chip(struct taking *t, const char *serial, struct cc_error *err)
{
	const struct books_value key = books_text(serial);
	bool known = false;
	cc_status st = exchange_exists(t->x,
				       "SELECT 1 FROM issue_card WHERE serial = $1 UNION ALL SELECT 1 FROM exchange_item i JOIN"
				       " exchange_package p ON p.id = i.package_id WHERE i.serial = $1 AND p.direction = 'out'"
				       " AND i.state IN ('issued', 'replaced', 'revoked')",
				       &key, 1, &known, err);

	return !cc_failed(st) && known
		       ? cc_fail(err, CC_E_VERIFY, "exchange.chip-known", "result %zu: chip %s", t->taken.items + 1, serial)
		       : st;
}

static cc_status book_result(struct taking *t, const struct exchange_result *r, struct cc_error *err)
{
	char package_id[EXCHANGE_ID_SIZE], serial[65] = { 0 };
	uint8_t mac[BOOKS_MAC_LEN];
	int64_t n = 0;
	cc_status st = find_given(t, r, mac, package_id, &n, err);

	if (cc_failed(st))
		return st;
	if (r->serial.n > 0 && r->serial.n < sizeof serial)
		memcpy(serial, r->serial.p, r->serial.n);
	if (r->outcome == EXCHANGE_ISSUED && cc_failed(st = check_chip(t, serial, err)))
		return st;
	const struct books_value values[] = { books_text(package_id),
					      books_int(n),
					      books_text(exchange_outcome_name(r->outcome)),
					      books_text(r->outcome == EXCHANGE_ISSUED ? serial : NULL),
					      r->files_hash.n > 0 ? books_blob(r->files_hash) : books_text(NULL),
					      books_int(r->at_ms) };

	st = books_run(t->x->p.books,
		       "UPDATE exchange_item SET state = $3, live = 0, serial = $4, files_hash = $5, at_ms = $6"
		       " WHERE package_id = $1 AND n = $2",
		       values, 6, err);
	return cc_failed(st) ? st : exchange_application_settle(t->x, mac, r, serial, err);
}

static cc_status take_result(struct taking *t, struct cc_error *err)
{
	struct exchange_result r;
	cc_status st;

	if (!exchange_package_result(&t->items, &r))
		return cc_code_status(CC_E_FORMAT);
	if (cc_failed(st = book_result(t, &r, err)))
		return st;
	t->taken.items++;
	t->taken.issued += r.outcome == EXCHANGE_ISSUED ? 1 : 0;
	t->taken.returned += r.outcome == EXCHANGE_RETURNED ? 1 : 0;
	if (r.outcome == EXCHANGE_CONFLICT) {
		char number[PERSON_NUMBER_SIZE] = { 0 };

		memcpy(number, r.number.p, sizeof number - 1);
		tell_conflict(t, number, EXCHANGE_TOLD_BACK);
	}
	return st;
}

/* ---- the whole, in one transaction */
static cc_status book_package(struct taking *t, struct cc_error *err)
{
	const struct books_value peer[] = { books_text(t->peer.name), books_int((int64_t)t->head.seq),
					    books_blob(bytes_of(t->hash.p, t->hash.n)),
					    books_int((int64_t)t->head.acknowledged) };
	const struct books_value acknowledged[] = { peer[0], peer[3] };
	cc_status st = books_run(t->x->p.books,
				 "UPDATE exchange_peer SET taken_seq = $2, taken_hash = $3, acked_seq = $4 WHERE name = $1", peer,
				 4, err);

	if (cc_failed(st))
		return st;
	/* The peer has them for good: their bytes need not be kept to be sent again. */
	return books_run(t->x->p.books,
			 "UPDATE exchange_package SET sealed = NULL WHERE peer = $1 AND direction = 'out' AND seq <= $2",
			 acknowledged, 2, err);
}

static cc_status take_items(struct taking *t, struct cc_error *err)
{
	const struct exchange_package_row row = {
		.id = t->taken.id, .peer = t->peer.name, .head = &t->head, .hash = bytes_of(t->hash.p, t->hash.n)
	};
	/* As where a package is made: what is judged of a person here stays so. */
	cc_status st = registry_hold_keys(t->x->p.registry, err);

	if (!cc_failed(st))
		st = exchange_package_insert(t->x, &row, err);
	while (!cc_failed(st) && t->items.left > 0)
		st = t->head.kind == EXCHANGE_APPLICANTS ? take_applicant(t, err) : take_result(t, err);
	return cc_failed(st) ? st : book_package(t, err);
}

static cc_status take_in_transaction(struct taking *t, struct cc_error *err)
{
	cc_status st = check_sender(t, err);

	if (cc_failed(st) || cc_failed(st = check_order(t, err)))
		return st;
	memcpy(t->taken.peer, t->peer.name, sizeof t->taken.peer);
	bytes_to_hex(bytes_of(t->head.id, sizeof t->head.id), t->taken.id);
	t->taken.seq = t->head.seq;
	t->taken.kind = t->head.kind;
	return t->taken.before ? st : take_items(t, err);
}

cc_status exchange_take(struct exchange *x, struct bytes file, struct exchange_taken *ret, struct cc_error *err)
{
	struct taking t = { .x = x };
	cc_status st = open_file(&t, file, err);

	if (!cc_failed(st) && !cc_failed(st = books_begin(x->p.books, err)))
		st = exchange_end(x, take_in_transaction(&t, err), err);
	if (!cc_failed(st))
		*ret = t.taken;
	taking_done(&t);
	return st;
}
