/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/exchange_application.h"

#include "crypto/base/secret.h"
#include "crypto/cose.h"
#include "station/issue/ledger.h"
#include "station/issue/queue.h"
#include "station/registry/forms_hold.h"
#include "station/registry/gate.h"
#include "station/registry/registry_rows.h"

#include <stdio.h>
#include <string.h>

/* A package under way, in one transaction. */
struct making {
	struct exchange *x;
	struct exchange_peer peer;
	struct exchange_head head;
	char id[EXCHANGE_ID_SIZE];
	struct cbor_out out;
	struct buf payload, sealed;
	struct digest hash;
	size_t items;
};

static void making_done(struct making *m)
{
	exchange_peer_done(&m->peer);
	cbor_out_done(&m->out);
	buf_done(&m->payload);
	buf_done(&m->sealed);
}

static cc_status start(struct making *m, const char *peer, enum exchange_kind kind, uint64_t quota, int64_t expires_ms,
		       struct cc_error *err)
{
	struct exchange *x = m->x;
	struct exchange_head *h = &m->head;
	cc_status st = exchange_peer_lock(x, peer, bytes_of(NULL, 0), &m->peer, err);

	/* I2, I7: no other desk of this store binds a blank, corrects or takes a photo between what is judged here and the end.
	 */
	if (!cc_failed(st))
		st = registry_hold_keys(x->p.registry, err);

	if (cc_failed(st))
		return st;
	if (cc_failed(st = sys_random(x->p.sys, h->id, sizeof h->id)))
		return cc_fail(err, st.code, "crypto.failed", "random");
	bytes_to_hex(bytes_of(h->id, sizeof h->id), m->id);
	memcpy(h->from, x->kid, sizeof h->from);
	memcpy(h->to, m->peer.kid, sizeof h->to);
	h->seq = m->peer.sent_seq + 1;
	h->previous = buf_view(&m->peer.sent_hash);
	h->made_ms = sys_wall_ms(x->p.sys);
	h->expires_ms = expires_ms;
	h->acknowledged = m->peer.taken_seq;
	h->kind = kind;
	h->quota = quota;
	if (expires_ms <= h->made_ms)
		return cc_fail(err, CC_E_ARG, "exchange.expired", "it would be expired when it is made");
	exchange_package_open(&m->out, h);
	return st;
}

static cc_status sign_and_encrypt(struct making *m, struct cc_error *err)
{
	struct exchange *x = m->x;
	struct buf signed_data = { 0 };
	const struct cose_sign_params sign = { .keystore = x->p.keystore,
					       .key_label = EXCHANGE_SIGN_LABEL,
					       .external = BYTES_LITERAL(EXCHANGE_DOMAIN),
					       .payload = buf_view(&m->payload) };
	struct cose_encrypt_params seal = { .recipient_spki = buf_view(&m->peer.agree_spki),
					    .alg = COSE_A256GCM,
					    .external = BYTES_LITERAL(EXCHANGE_DOMAIN),
					    .sys = x->p.sys };
	cc_status st = cose_sign1(&sign, &signed_data, err);

	if (!cc_failed(st) && cc_failed(st = hash_digest(HASH_SHA256, buf_view(&signed_data), &m->hash)))
		(void)cc_fail(err, st.code, "crypto.failed", "hash");
	seal.plaintext = buf_view(&signed_data);
	if (!cc_failed(st))
		st = cose_encrypt(&seal, &m->sealed, err);
	buf_done(&signed_data);
	return st;
}

static cc_status book(struct making *m, struct cc_error *err)
{
	const struct books_value package[] = { books_text(m->id), books_blob(bytes_of(m->hash.p, m->hash.n)),
					       books_blob(buf_view(&m->sealed)), books_int((int64_t)m->items) };
	const struct books_value peer[] = { books_text(m->peer.name), books_int((int64_t)m->head.seq),
					    books_blob(bytes_of(m->hash.p, m->hash.n)) };
	cc_status st = books_run(m->x->p.books, "UPDATE exchange_package SET hash = $2, sealed = $3, items = $4 WHERE id = $1",
				 package, 4, err);

	if (cc_failed(st))
		return st;
	return books_run(m->x->p.books, "UPDATE exchange_peer SET sent_seq = $2, sent_hash = $3 WHERE name = $1", peer, 3, err);
}

/* Items are in: close, sign, encrypt, book. */
static cc_status finish(struct making *m, struct cc_error *err)
{
	cc_status st = exchange_package_close(&m->out, &m->payload);

	if (st.code == CC_E_LIMIT)
		return cc_fail(err, st.code, "exchange.too-large", "more than %u MiB", EXCHANGE_BYTES_MAX >> 20);
	if (cc_failed(st))
		return cc_fail(err, st.code, "memory", "package");
	st = sign_and_encrypt(m, err);
	return cc_failed(st) ? st : book(m, err);
}

/* The package's row, before its items: they refer to it. */
static cc_status insert_row(struct making *m, struct cc_error *err)
{
	const struct exchange_package_row row = {
		.id = m->id, .peer = m->peer.name, .out = true, .head = &m->head, .hash = BYTES_LITERAL("")
	};

	return exchange_package_insert(m->x, &row, err);
}

static cc_status end(struct making *m, cc_status st, struct buf *ret, struct exchange_made *made, struct cc_error *err)
{
	st = exchange_end(m->x, st, err);
	if (!cc_failed(st)) {
		*made = (struct exchange_made){ .seq = m->head.seq, .items = m->items };
		memcpy(made->id, m->id, sizeof made->id);
		buf_move(ret, &m->sealed);
	}
	making_done(m);
	return st;
}

/* ---- applicants */
/* No card but one that an application replaces, no work on one, and not handed out: each has its own sentence. */
static cc_status check_free(struct exchange *x, const char *number, size_t place, struct cc_error *err)
{
	uint8_t mac[BOOKS_MAC_LEN];
	const struct books_value key = books_blob(bytes_of(mac, sizeof mac));
	bool card = false, revoked = false, job = false, out = false;
	cc_status st = books_number_mac(x->p.books, number, mac);

	if (cc_failed(st))
		return cc_fail(err, st.code, "crypto.failed", "number");
	st = exchange_exists(x, "SELECT job_id FROM issue_card WHERE number_mac = $1 AND active = 1 AND NOT " QUEUE_MAY_REPLACE,
			     &key, 1, &card, err);
	if (!cc_failed(st))
		st = exchange_exists(
			x,
			"SELECT id FROM issue_revocation WHERE number_mac = $1 AND state = 'revoked' AND NOT " QUEUE_MAY_REPLACE,
			&key, 1, &revoked, err);
	if (!cc_failed(st))
		st = exchange_exists(x, "SELECT id FROM issue_job WHERE number_mac = $1 AND live = 1", &key, 1, &job, err);
	if (!cc_failed(st))
		st = exchange_exists(x,
				     "SELECT n FROM exchange_item i JOIN exchange_package p ON p.id = i.package_id WHERE"
				     " i.number_mac = $1 AND (i.live = 1 OR (p.direction = 'out' AND i.state = 'issued'"
				     " AND NOT " QUEUE_MAY_REPLACE "))",
				     &key, 1, &out, err);
	if (cc_failed(st))
		return st;
	if (card)
		return cc_fail(err, CC_E_STATE, "issue.card-active", "applicant %zu", place);
	if (revoked)
		return cc_fail(err, CC_E_STATE, "issue.card-revoked", "applicant %zu", place);
	if (job)
		return cc_fail(err, CC_E_STATE, "issue.job-busy", "applicant %zu", place);
	if (out)
		return cc_fail(err, CC_E_STATE, "exchange.given-out", "applicant %zu", place);
	return st;
}

/* The record, its neighbours and the open forms: a card made elsewhere is made under the same rules. */
static cc_status check_holds(struct exchange *x, const char *number, size_t place, struct cc_error *err)
{
	struct gate_options gate = { .books = x->p.books };
	const struct hold *hold;
	struct holds holds;
	cc_status st;

	if (x->p.check == NULL)
		return forms_hold(x->p.books, number, err);
	gate.check = *x->p.check;
	if (cc_failed(st = ledger_is_renewal(x->p.books, number, &gate.renewal, err)))
		return st;
	st = gate_person(x->p.registry, number, &gate, &holds, NULL, err);
	if (!cc_failed(st) && (hold = holds_first(&holds)) != NULL)
		st = cc_fail(err, CC_E_HELD, hold->key, "applicant %zu: %s", place, hold->field);
	return st;
}

cc_status exchange_is_free(struct exchange *x, const char *number, bool *ret, struct cc_error *err)
{
	struct cc_error why;
	cc_status st;

	cc_error_init(&why);
	books_lock(x->p.books);
	st = check_free(x, number, 0, &why);
	if (!cc_failed(st))
		st = check_holds(x, number, 0, &why);
	books_unlock(x->p.books);
	*ret = !cc_failed(st);
	if (cc_failed(st) && st.code != CC_E_STATE && st.code != CC_E_HELD)
		return cc_fail(err, why.code, why.key, "%s", why.detail);
	return cc_ok();
}

static cc_status put_applicant(struct making *m, const char *number, struct cc_error *err)
{
	struct exchange_item_row row = {
		.package_id = m->id, .n = m->items + 1, .number = number, .state = EXCHANGE_ITEM_GIVEN, .live = true
	};
	struct buf photo = { 0 }, record = { 0 }, form = { 0 };
	uint8_t mac[BOOKS_MAC_LEN];
	struct person person;
	cc_status st = check_free(m->x, number, m->items + 1, err);

	if (!cc_failed(st))
		st = check_holds(m->x, number, m->items + 1, err);
	if (cc_failed(st) || cc_failed(st = registry_find(m->x->p.registry, number, &person, &photo, err)))
		return st;
	st = person_encode(&person, &record);
	person_done(&person);
	if (cc_failed(st))
		(void)cc_fail(err, st.code, "memory", "record");
	else if (cc_failed(st = books_number_mac(m->x->p.books, number, mac)))
		(void)cc_fail(err, st.code, "crypto.failed", "number");
	else
		st = exchange_application_out(m->x, mac, &form, err);
	if (!cc_failed(st)) {
		exchange_package_put_applicant(&m->out, buf_view(&record), buf_view(&photo), buf_view(&form));
		st = exchange_item_insert(m->x, &row, err);
		m->items++;
	}
	buf_done(&record);
	buf_done(&photo);
	buf_done(&form);
	return st;
}

cc_status exchange_make_applicants(struct exchange *x, const char *peer, const char *const *numbers, size_t count, uint64_t quota,
				   int64_t expires_ms, struct buf *ret, struct exchange_made *made, struct cc_error *err)
{
	struct making m = { .x = x };
	cc_status st;

	if (count == 0 || count > EXCHANGE_ITEMS_MAX || quota > EXCHANGE_QUOTA_MAX)
		return cc_fail(err, CC_E_ARG, "exchange.count", "%zu applicants, quota %llu", count, (unsigned long long)quota);
	if (cc_failed(st = books_begin(x->p.books, err)))
		return st;
	st = start(&m, peer, EXCHANGE_APPLICANTS, quota, expires_ms, err);
	if (!cc_failed(st))
		st = insert_row(&m, err);
	for (size_t i = 0; i < count && !cc_failed(st); i++)
		st = put_applicant(&m, numbers[i], err);
	if (!cc_failed(st))
		st = finish(&m, err);
	return end(&m, st, ret, made, err);
}

/* ---- results */
struct pending {
	char package_id[EXCHANGE_ID_SIZE];
	uint64_t n;
	uint8_t mac[BOOKS_MAC_LEN];
	char number[13];
	bool conflict;
	int64_t expires_ms;
};

static cc_status read_pending(struct making *m, struct stmt *q, struct pending *p, struct cc_error *err)
{
	struct bytes mac = stmt_column_bytes(q, 2);
	struct buf number = { 0 };
	char place[96];
	cc_status st;

	exchange_column_text(q, 0, p->package_id, sizeof p->package_id);
	p->n = (uint64_t)stmt_column_int(q, 1);
	exchange_number_place(p->package_id, p->n, place);
	st = books_unseal(m->x->p.books, place, stmt_column_bytes(q, 3), &number);
	if (cc_failed(st) || number.n != sizeof p->number - 1 || mac.n != sizeof p->mac) {
		buf_done(&number);
		return cc_fail(err, st.code == CC_E_MEMORY ? st.code : CC_E_VERIFY, "registry.damaged", "item %llu",
			       (unsigned long long)p->n);
	}
	memcpy(p->number, number.p, number.n);
	p->number[number.n] = '\0';
	memcpy(p->mac, mac.p, mac.n);
	p->conflict = bytes_equal(stmt_column_bytes(q, 4), BYTES_LITERAL("conflict"));
	p->expires_ms = stmt_column_int(q, 5);
	buf_done(&number);
	return st;
}

/* Read into memory first: the same rows are changed while they are worked off. */
static cc_status list_pending(struct making *m, struct pending *list, size_t cap, size_t *ret_count, struct cc_error *err)
{
	const struct books_value key = books_text(m->peer.name);
	struct stmt *q = NULL;
	size_t n = 0;
	bool row = false;
	cc_status st = books_query(m->x->p.books,
				   "SELECT i.package_id, i.n, i.number_mac, i.number, i.state, p.expires_ms FROM exchange_item i"
				   " JOIN exchange_package p ON p.id = i.package_id WHERE p.peer = $1 AND p.direction = 'in'"
				   " AND (i.live = 1 OR i.state = 'conflict') ORDER BY p.seq, i.n",
				   &key, 1, &q, &row, err);

	while (!cc_failed(st) && row && n < cap) {
		if (cc_failed(st = read_pending(m, q, &list[n++], err)))
			break;
		if (cc_failed(st = stmt_step(q, &row)))
			(void)cc_fail(err, st.code, "store.failed", "reading items");
	}
	stmt_finish(&q);
	*ret_count = n;
	return st;
}

/* A told card's serial stays with the item: that card belongs to the station that had handed its holder out. */
static cc_status end_item(struct making *m, const struct pending *p, const struct exchange_result *r, const char *state,
			  struct cc_error *err)
{
	char serial[LEDGER_SERIAL_SIZE] = "";

	if (r->outcome == EXCHANGE_ISSUED && r->serial.n > 0 && r->serial.n < sizeof serial)
		memcpy(serial, r->serial.p, r->serial.n);

	const struct books_value values[] = { books_text(p->package_id), books_int((int64_t)p->n), books_text(state),
					      books_int(sys_wall_ms(m->x->p.sys)),
					      books_text(serial[0] != '\0' ? serial : NULL) };

	return books_run(
		m->x->p.books,
		"UPDATE exchange_item SET state = $3, live = 0, at_ms = $4, serial = $5 WHERE package_id = $1 AND n = $2", values,
		5, err);
}

static cc_status put_result(struct making *m, const struct pending *p, const struct exchange_result *r, const char *state,
			    struct cc_error *err)
{
	exchange_package_put_result(&m->out, r);
	m->items++;
	return end_item(m, p, r, state, err);
}

static cc_status put_issued(struct making *m, const struct pending *p, struct stmt *q, struct cc_error *err)
{
	const struct exchange_result r = { .number = bytes_str(p->number),
					   .outcome = EXCHANGE_ISSUED,
					   .serial = stmt_column_bytes(q, 0),
					   .files_hash = stmt_column_bytes(q, 1),
					   .at_ms = stmt_column_int(q, 2) };

	return put_result(m, p, &r, "issued", err);
}

/* Nothing to tell yet while the package is valid, or while a card is in the machine. */
static cc_status put_not_issued(struct making *m, const struct pending *p, struct cc_error *err)
{
	const struct books_value key = books_blob(bytes_of(p->mac, sizeof p->mac));
	struct exchange_result r = { .number = bytes_str(p->number),
				     .outcome = p->conflict ? EXCHANGE_CONFLICT : EXCHANGE_RETURNED,
				     .at_ms = m->head.made_ms };
	bool job = false, busy = false;
	cc_status st = exchange_exists(m->x, "SELECT id FROM issue_job WHERE number_mac = $1 AND live = 1", &key, 1, &job, err);

	if (cc_failed(st) || (!p->conflict && (job || m->head.made_ms <= p->expires_ms)))
		return st;
	if (!p->conflict)
		st = exchange_application_return(m->x, p->mac, &busy, err);
	if (cc_failed(st) || busy)
		return st;
	return put_result(m, p, &r, p->conflict ? "conflict-told" : "returned", err);
}

static cc_status put_pending(struct making *m, const struct pending *p, struct cc_error *err)
{
	const struct books_value key[] = { books_blob(bytes_of(p->mac, sizeof p->mac)), books_text(p->package_id),
					   books_int((int64_t)p->n) };
	struct stmt *q = NULL;
	bool row = false;
	/* The card that was there when the applicant came is not the one that was asked for. */
	cc_status st = books_query(m->x->p.books,
				   "SELECT c.serial, c.files_hash, c.issued_ms FROM issue_card c WHERE c.number_mac = $1"
				   " AND c.active = 1 AND NOT EXISTS (SELECT 1 FROM exchange_item i WHERE i.package_id = $2"
				   " AND i.n = $3 AND i.serial = c.serial)",
				   key, 3, &q, &row, err);

	if (!cc_failed(st))
		st = row && !p->conflict ? put_issued(m, p, q, err) : put_not_issued(m, p, err);
	stmt_finish(&q);
	return st;
}

static cc_status put_results(struct making *m, struct cc_error *err)
{
	size_t bytes = EXCHANGE_ITEMS_MAX * sizeof(struct pending), count = 0;
	struct pending *list = cc_alloc(bytes);
	cc_status st;

	if (list == NULL)
		return cc_fail(err, CC_E_MEMORY, "memory", "results");
	st = list_pending(m, list, EXCHANGE_ITEMS_MAX, &count, err);
	for (size_t i = 0; i < count && !cc_failed(st); i++)
		st = put_pending(m, &list[i], err);
	if (!cc_failed(st) && m->items == 0)
		st = cc_fail(err, CC_E_NOT_FOUND, "exchange.nothing", "no result for this station");
	cc_free(list, bytes);
	return st;
}

cc_status exchange_make_results(struct exchange *x, const char *peer, int64_t expires_ms, struct buf *ret,
				struct exchange_made *made, struct cc_error *err)
{
	struct making m = { .x = x };
	cc_status st = books_begin(x->p.books, err);

	if (cc_failed(st))
		return st;
	st = start(&m, peer, EXCHANGE_RESULTS, 0, expires_ms, err);
	if (!cc_failed(st))
		st = insert_row(&m, err);
	if (!cc_failed(st))
		st = put_results(&m, err);
	if (!cc_failed(st))
		st = finish(&m, err);
	return end(&m, st, ret, made, err);
}

cc_status exchange_again(struct exchange *x, const char *peer, uint64_t seq, struct buf *ret, struct cc_error *err)
{
	const struct books_value key[] = { books_text(peer), books_int((int64_t)seq) };
	struct stmt *q = NULL;
	bool row = false;
	cc_status st;

	books_lock(x->p.books);
	st = books_query(x->p.books,
			 "SELECT sealed FROM exchange_package WHERE peer = $1 AND direction = 'out' AND seq = $2"
			 " AND sealed IS NOT NULL",
			 key, 2, &q, &row, err);
	if (!cc_failed(st) && !row)
		st = cc_fail(err, CC_E_NOT_FOUND, "exchange.no-package", "number %llu", (unsigned long long)seq);
	if (!cc_failed(st) && cc_failed(st = buf_copy(ret, stmt_column_bytes(q, 0))))
		(void)cc_fail(err, st.code, "memory", "package");
	stmt_finish(&q);
	books_unlock(x->p.books);
	return st;
}
