/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/outbox.h"

#include "crypto/base/buf.h"

#include <stdio.h>
#include <string.h>

#define BACKOFF_FIRST_MS 1000
#define BACKOFF_MAX_MS (5 * 60 * 1000)

int64_t outbox_backoff_ms(uint64_t tries)
{
	int64_t ms = BACKOFF_FIRST_MS;

	for (uint64_t i = 1; i < tries && ms < BACKOFF_MAX_MS; i++)
		ms *= 2;
	return ms < BACKOFF_MAX_MS ? ms : BACKOFF_MAX_MS;
}

static void place_of(const char *key, char out[128])
{
	(void)snprintf(out, 128, "outbox_event/body/%s", key);
}

/* ---- putting */
static cc_status next_seq(struct books *b, int64_t *ret, struct cc_error *err)
{
	struct stmt *q = NULL;
	bool row = false;
	cc_status st =
		books_query(b, "UPDATE outbox_counter SET last = last + 1 WHERE id = 1 RETURNING last", NULL, 0, &q, &row, err);

	if (!cc_failed(st) && !row)
		st = cc_fail(err, CC_E_VERIFY, "store.damaged", "outbox_counter");
	if (!cc_failed(st))
		*ret = stmt_column_int(q, 0);
	stmt_finish(&q);
	return st;
}

cc_status outbox_has(struct books *b, const char *key, bool *ret, struct cc_error *err)
{
	const struct books_value v = books_text(key);
	struct stmt *q = NULL;
	cc_status st = books_query(b, "SELECT seq FROM outbox_event WHERE event_key = $1", &v, 1, &q, ret, err);

	stmt_finish(&q);
	return st;
}

static cc_status insert(struct books *b, const char *key, const char *kind, struct bytes sealed, struct cc_error *err)
{
	int64_t seq = 0;
	cc_status st = next_seq(b, &seq, err);

	if (cc_failed(st))
		return st;
	const struct books_value values[] = { books_int(seq), books_text(key), books_text(kind), books_blob(sealed),
					      books_int(sys_wall_ms(b->sys)) };

	return books_run(b,
			 "INSERT INTO outbox_event (seq, event_key, kind, body, state, tries, next_ms, made_ms)"
			 " VALUES ($1, $2, $3, $4, 'waiting', 0, 0, $5)",
			 values, 5, err);
}

cc_status outbox_put(struct books *b, const char *key, const char *kind, struct bytes body, struct cc_error *err)
{
	struct buf sealed = { 0 };
	bool known = false;
	char place[128];
	cc_status st;

	CC_ASSERT(strlen(key) <= OUTBOX_KEY_MAX && body.n <= OUTBOX_BODY_MAX);
	if (cc_failed(st = outbox_has(b, key, &known, err)) || known)
		return st;
	place_of(key, place);
	if (cc_failed(st = books_seal(b, place, body, &sealed)))
		st = cc_fail(err, st.code, st.code == CC_E_MEMORY ? "memory" : "crypto.failed", "sealing");
	else
		st = insert(b, key, kind, buf_view(&sealed), err);
	buf_done(&sealed);
	return st;
}

cc_status outbox_put_card(struct books *b, const char *serial, struct bytes files_hash, int64_t issued_ms, struct cc_error *err)
{
	char key[OUTBOX_KEY_MAX + 1], hash[2 * HASH_LEN_MAX + 1] = "", body[512];

	CC_ASSERT(strlen(serial) <= 64 && strspn(serial, "0123456789ABCDEFabcdef") == strlen(serial));
	if (files_hash.n <= HASH_LEN_MAX)
		bytes_to_hex(files_hash, hash);
	(void)snprintf(key, sizeof key, "card-issued/%s", serial);
	/* Hex and digits alone: nothing in it needs quoting. */
	(void)snprintf(body, sizeof body,
		       "{\"event\":\"card-issued\",\"serial\":\"%s\",\"files_hash\":\"%s\",\"issued_ms\":%lld}", serial, hash,
		       (long long)issued_ms);
	return outbox_put(b, key, "card-issued", bytes_str(body), err);
}

/* ---- delivering */
struct due {
	struct outbox_event event;
	struct buf body;
	uint64_t tries;
	int64_t next_ms;
	bool found;
};

static void copy_text(struct stmt *q, int column, char *out, size_t cap)
{
	struct bytes v = stmt_column_bytes(q, column);
	size_t n = v.n < cap ? v.n : cap - 1;

	if (n > 0)
		memcpy(out, v.p, n);
	out[n] = '\0';
}

static cc_status read_due(struct books *b, struct stmt *q, struct due *d, struct cc_error *err)
{
	char place[128];

	d->event.seq = (uint64_t)stmt_column_int(q, 0);
	copy_text(q, 1, d->event.key, sizeof d->event.key);
	copy_text(q, 2, d->event.kind, sizeof d->event.kind);
	d->tries = (uint64_t)stmt_column_int(q, 4);
	d->next_ms = stmt_column_int(q, 5);
	place_of(d->event.key, place);
	if (cc_failed(books_unseal(b, place, stmt_column_bytes(q, 3), &d->body)))
		return cc_fail(err, CC_E_VERIFY, "issue.damaged", "outbox event %llu", (unsigned long long)d->event.seq);
	d->event.body = buf_view(&d->body);
	d->found = true;
	return cc_ok();
}

/* The oldest that waits. */
static cc_status find_due(struct books *b, struct due *d, struct cc_error *err)
{
	struct stmt *q = NULL;
	bool row = false;
	cc_status st;

	books_lock(b);
	st = books_query(b,
			 "SELECT seq, event_key, kind, body, tries, next_ms FROM outbox_event WHERE state = 'waiting'"
			 " ORDER BY seq LIMIT 1",
			 NULL, 0, &q, &row, err);
	if (!cc_failed(st) && row)
		st = read_due(b, q, d, err);
	stmt_finish(&q);
	books_unlock(b);
	return st;
}

/* Another feed on the same store may have recorded it meanwhile: a row that is no longer waiting stays as it is. */
static cc_status record(struct books *b, const struct due *d, enum outbox_answer a, const char *text, struct cc_error *err)
{
	static const char *const states[] = { "sent", "refused", "waiting" };
	int64_t now = sys_wall_ms(b->sys);
	const struct books_value values[] = { books_int((int64_t)d->event.seq),
					      books_text(states[a]),
					      books_int((int64_t)d->tries + 1),
					      books_int(now + outbox_backoff_ms(d->tries + 1)),
					      books_int(now),
					      books_text(text) };
	cc_status st = books_begin(b, err);

	if (cc_failed(st))
		return st;
	st = books_run(b,
		       "UPDATE outbox_event SET state = $2, tries = $3, next_ms = $4, done_ms = $5, reply = $6"
		       " WHERE seq = $1 AND state = 'waiting'",
		       values, 6, err);
	/* Its key stays for good; what it said is delivered and need not be kept. */
	if (!cc_failed(st) && a == OUTBOX_ACCEPTED)
		st = books_run(b, "UPDATE outbox_event SET body = $2 WHERE seq = $1",
			       (const struct books_value[]){ values[0], books_blob(BYTES_LITERAL("")) }, 2, err);
	return books_end(b, st, err);
}

/* A clock that was set back must not stop the feed: nothing waits longer than the longest pause. */
static int64_t wait_of(const struct due *d, int64_t now)
{
	int64_t wait = d->next_ms - now;

	return wait > BACKOFF_MAX_MS ? 0 : wait > 0 ? wait : 0;
}

static cc_status deliver(struct books *b, const struct outbox_sender *sender, const struct due *d, struct outbox_counts *c,
			 struct cc_error *err)
{
	char text[64] = "";
	enum outbox_answer a = sender->send(sender->ctx, &d->event, text);

	c->accepted += a == OUTBOX_ACCEPTED ? 1 : 0;
	c->refused += a == OUTBOX_REFUSED ? 1 : 0;
	c->failed += a == OUTBOX_AGAIN ? 1 : 0;
	if (a == OUTBOX_AGAIN)
		memcpy(c->failure, text, sizeof c->failure);
	return record(b, d, a, text, err);
}

cc_status outbox_run(struct books *b, const struct outbox_sender *sender, uint64_t most, bool now, struct outbox_counts *ret,
		     struct cc_error *err)
{
	struct outbox_counts c = { .wait_ms = -1 };
	bool go_on = true;
	cc_status st = cc_ok();

	while (!cc_failed(st) && go_on && c.accepted + c.refused + c.failed < most) {
		struct due d = { 0 };

		st = find_due(b, &d, err);
		c.wait_ms = d.found ? wait_of(&d, sys_wall_ms(b->sys)) : -1;
		go_on = d.found && (now || c.wait_ms == 0);
		if (!cc_failed(st) && go_on)
			st = deliver(b, sender, &d, &c, err);
		buf_done(&d.body);
		/* The next one waits for this one. */
		if (c.failed > 0)
			go_on = false;
	}
	*ret = c;
	return st;
}

cc_status outbox_pending(struct books *b, uint64_t *ret_waiting, uint64_t *ret_refused, struct cc_error *err)
{
	struct stmt *q = NULL;
	bool row = false;
	cc_status st;

	books_lock(b);
	st = books_query(b,
			 "SELECT (SELECT COUNT(*) FROM outbox_event WHERE state = 'waiting'),"
			 " (SELECT COUNT(*) FROM outbox_event WHERE state = 'refused')",
			 NULL, 0, &q, &row, err);
	if (!cc_failed(st) && row) {
		*ret_waiting = (uint64_t)stmt_column_int(q, 0);
		*ret_refused = (uint64_t)stmt_column_int(q, 1);
	}
	stmt_finish(&q);
	books_unlock(b);
	return st;
}
