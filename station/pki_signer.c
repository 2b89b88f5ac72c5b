/* SPDX-License-Identifier: Apache-2.0 */
#include "station/pki_signer.h"

#include "crypto/base/secret.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CERT_FILE_MAX 65536
#define DAY_S 86400
#define RECENT_DAYS 30
#define LIMIT_MAX 10000000

const char *pki_signer_state_name(enum pki_signer_state s)
{
	static const char *const names[] = { "ready", "not-yet", "period-over", "used-up", "retired" };

	CC_ASSERT(s <= PKI_SIGNER_RETIRED);
	return names[s];
}

/* ---- certificates */

/* "ds-12.cer" */
static bool number_of(const char *name, unsigned *ret)
{
	unsigned long n;
	char *end;

	if (strncmp(name, "ds-", 3) != 0 || name[3] < '1' || name[3] > '9')
		return false;
	n = strtoul(name + 3, &end, 10);
	if (strcmp(end, ".cer") != 0 || n > 999999)
		return false;
	*ret = (unsigned)n;
	return true;
}

static int is_signer(const struct dirent *e)
{
	unsigned n;

	return number_of(e->d_name, &n);
}

static cc_status read_signer(const struct config *c, const char *name, struct pki_signer *ret, struct cc_error *err)
{
	struct pki_signer s = { 0 };
	char file[sizeof "certs/" + 256], path[PATH_MAX];
	struct buf data = { 0 };
	int64_t from_s, to_s;
	cc_status st;

	if (!number_of(name, &s.number))
		return cc_fail(err, CC_E_ARG, "certificate.malformed", "%s", name);
	(void)snprintf(s.label, sizeof s.label, "ds-%u", s.number);
	(void)snprintf(file, sizeof file, "certs/%s", name);
	config_path(c, file, path);
	st = sys_read_file(path, CERT_FILE_MAX, &data, err);
	if (!cc_failed(st))
		st = cert_parse(buf_view(&data), &s.cert, err);
	buf_done(&data);
	if (!cc_failed(st))
		st = hash_digest(HASH_SHA256, cert_spki(s.cert), &s.key_id);
	if (cc_failed(st)) {
		cert_free(&s.cert);
		return st;
	}
	s.from_s = cert_not_before_s(s.cert);
	s.to_s = cert_not_after_s(s.cert);
	if (cert_private_key_usage(s.cert, &from_s, &to_s)) {
		s.from_s = from_s > s.from_s ? from_s : s.from_s;
		s.to_s = to_s < s.to_s ? to_s : s.to_s;
	}
	*ret = s;
	return st;
}

static int by_number(const void *a, const void *b)
{
	const struct pki_signer *x = a, *y = b;

	return (x->number > y->number) - (x->number < y->number);
}

static cc_status read_signers(const struct config *c, struct pki_signers *s, struct cc_error *err)
{
	struct dirent **names = NULL;
	char path[PATH_MAX];
	cc_status st = cc_ok();
	int n;

	config_path(c, "certs", path);
	n = scandir(path, &names, is_signer, alphasort);
	if (n <= 0)
		st = cc_fail(err, CC_E_NOT_FOUND, "issue.signer-missing", "%s/ds-1.cer", path);
	for (int i = 0; i < n; i++) {
		if (!cc_failed(st) && s->count == PKI_SIGNERS_MAX)
			st = cc_fail(err, CC_E_LIMIT, "trust.too-many", "%s: document signers", path);
		if (!cc_failed(st))
			st = read_signer(c, names[i]->d_name, &s->items[s->count], err);
		s->count += cc_failed(st) ? 0 : 1;
		free(names[i]);
	}
	free(names);
	qsort(s->items, s->count, sizeof s->items[0], by_number);
	return st;
}

static bool is_known(const struct pki_signers *s, const char *name)
{
	unsigned n;

	for (size_t i = 0; number_of(name, &n) && i < s->count; i++) {
		if (s->items[i].number == n)
			return true;
	}
	return false;
}

/* Appends what was made since; *ret_more: there was something. The lock of the books is held. */
static cc_status look_again(struct pki_signers *s, bool *ret_more, struct cc_error *err)
{
	struct dirent **names = NULL;
	size_t before = s->count;
	char path[PATH_MAX];
	cc_status st = cc_ok();
	int n;

	config_path(&s->config, "certs", path);
	n = scandir(path, &names, is_signer, versionsort);
	for (int i = 0; i < n; i++) {
		if (!cc_failed(st) && s->count < PKI_SIGNERS_MAX && !is_known(s, names[i]->d_name)) {
			st = read_signer(&s->config, names[i]->d_name, &s->items[s->count], err);
			s->count += cc_failed(st) ? 0 : 1;
		}
		free(names[i]);
	}
	free(names);
	*ret_more = s->count > before;
	return st;
}

void pki_signers_free(struct pki_signers **s)
{
	if (*s == NULL)
		return;
	for (size_t i = 0; i < (*s)->count; i++)
		cert_free(&(*s)->items[i].cert);
	cc_free(*s, sizeof **s);
	*s = NULL;
}

cc_status pki_signers_load(const struct config *c, struct pki_signers **ret, struct cc_error *err)
{
	struct pki_signers *s = cc_alloc(sizeof *s);
	cc_status st;

	if (s == NULL)
		return cc_fail(err, CC_E_MEMORY, "memory", "document signers");
	s->config = *c;
	st = config_setting_int(c, "pki.ds-max-signatures", &s->limit, err);
	if (!cc_failed(st) && (s->limit < 1 || s->limit > LIMIT_MAX))
		st = cc_fail(err, CC_E_FORMAT, "settings.bad-value", "pki.ds-max-signatures: 1 to %d", LIMIT_MAX);
	if (!cc_failed(st))
		st = read_signers(c, s, err);
	if (cc_failed(st))
		pki_signers_free(&s);
	else
		*ret = s;
	return st;
}

/* ---- use */

static cc_status store_failed(struct store *store, cc_status st, struct cc_error *err)
{
	if (!cc_failed(st))
		return st;
	return cc_fail(err, st.code, store->err.key != NULL ? store->err.key : "store.failed", "%s", store->err.detail);
}

/* One number of one row by the key; 0 without a row. *ret_null (may be NULL): the value is null. */
static cc_status read_number(struct store *store, const char *sql, const struct pki_signer *one, const int64_t *second,
			     int64_t *ret, bool *ret_null, struct cc_error *err)
{
	struct stmt *q = NULL;
	bool row = false;
	cc_status st = store_prepare(store, sql, &q);

	if (!cc_failed(st))
		st = stmt_bind_blob(q, 1, bytes_of(one->key_id.p, one->key_id.n));
	if (!cc_failed(st) && second != NULL)
		st = stmt_bind_int(q, 2, *second);
	if (!cc_failed(st))
		st = stmt_step(q, &row);
	if (!cc_failed(st)) {
		*ret = row && !stmt_column_is_null(q, 0) ? stmt_column_int(q, 0) : 0;
		if (ret_null != NULL)
			*ret_null = !row || stmt_column_is_null(q, 0);
	}
	stmt_finish(&q);
	return store_failed(store, st, err);
}

cc_status pki_signers_read_use(struct pki_signers *s, struct store *store, int64_t now_s, struct cc_error *err)
{
	int64_t since_ms = (now_s - (int64_t)RECENT_DAYS * DAY_S) * 1000;
	cc_status st = cc_ok();

	for (size_t i = 0; i < s->count && !cc_failed(st); i++) {
		struct pki_signer *one = &s->items[i];
		bool never = true;

		if (cc_failed(st = read_number(store, "SELECT used FROM pki_signer WHERE key_id = $1", one, NULL, &one->used,
					       NULL, err)) ||
		    cc_failed(st = read_number(store, "SELECT retired_ms FROM pki_signer WHERE key_id = $1", one, NULL,
					       &one->retired_ms, &never, err)) ||
		    cc_failed(st = read_number(store, "SELECT COUNT(*) FROM pki_signer_job WHERE key_id = $1 AND signed_ms >= $2",
					       one, &since_ms, &one->recent, NULL, err)) ||
		    cc_failed(st = read_number(store,
					       "SELECT COUNT(*) FROM pki_signer_job s JOIN issue_card c ON c.job_id = s.job_id"
					       " WHERE s.key_id = $1 AND c.active = 1",
					       one, NULL, &one->cards, NULL, err)))
			return st;
		one->retired = !never;
	}
	return st;
}

static enum pki_signer_state state_of(const struct pki_signer *one, int64_t used, bool retired, int64_t limit, int64_t now_s)
{
	if (retired)
		return PKI_SIGNER_RETIRED;
	if (now_s < one->from_s)
		return PKI_SIGNER_NOT_YET;
	if (now_s > one->to_s)
		return PKI_SIGNER_PERIOD_OVER;
	return used >= limit ? PKI_SIGNER_USED_UP : PKI_SIGNER_READY;
}

enum pki_signer_state pki_signer_state(const struct pki_signers *s, const struct pki_signer *one, int64_t now_s)
{
	return state_of(one, one->used, one->retired, s->limit, now_s);
}

/* ---- signing */

static cc_status want_row(struct books *b, const struct pki_signer *one, struct cc_error *err)
{
	const struct books_value values[] = { books_blob(bytes_of(one->key_id.p, one->key_id.n)), books_text(one->label) };

	return books_run(b, "INSERT INTO pki_signer (key_id, label, used) VALUES ($1, $2, 0) ON CONFLICT (key_id) DO NOTHING",
			 values, 2, err);
}

/* Counts when the limit and retirement allow it: one statement, so that two stations never share the last signature. */
static cc_status count_them(struct books *b, const struct pki_signer *one, int64_t limit, unsigned signatures, bool *ret_counted,
			    struct cc_error *err)
{
	const struct books_value values[] = { books_blob(bytes_of(one->key_id.p, one->key_id.n)), books_int(limit),
					      books_int(signatures) };
	struct stmt *q = NULL;
	cc_status st =
		books_query(b,
			    "UPDATE pki_signer SET used = used + $3 WHERE key_id = $1 AND used + $3 <= $2 AND retired_ms IS NULL"
			    " RETURNING used",
			    values, 3, &q, ret_counted, err);

	stmt_finish(&q);
	return st;
}

static cc_status note_job(struct books *b, const struct pki_signer *one, const char *job_id, int64_t now_s, struct cc_error *err)
{
	const struct books_value values[] = { books_text(job_id), books_blob(bytes_of(one->key_id.p, one->key_id.n)),
					      books_int(now_s * 1000) };

	return books_run(b,
			 "INSERT INTO pki_signer_job (job_id, key_id, signed_ms) VALUES ($1, $2, $3)"
			 " ON CONFLICT (job_id) DO UPDATE SET key_id = excluded.key_id, signed_ms = excluded.signed_ms",
			 values, 3, err);
}

/* For people: "ds-1: period-over, ds-2: used-up or retired". */
static void note_why(char *why, size_t cap, size_t *n, const struct pki_signer *one, enum pki_signer_state state)
{
	if (*n < cap)
		*n += (size_t)snprintf(why + *n, cap - *n, "%s%s: %s", *n > 0 ? ", " : "", one->label,
				       state == PKI_SIGNER_READY ? "used-up or retired" : pki_signer_state_name(state));
}

/* Inside the transaction, from number `first` on. *ret stays NULL when none may sign; `why` collects each one's reason. */
static cc_status pick(const struct pki_signers *s, size_t first, struct books *b, const char *job_id, unsigned signatures,
		      int64_t now_s, char *why, size_t why_cap, const struct pki_signer **ret, struct cc_error *err)
{
	size_t n = strlen(why);
	cc_status st = cc_ok();

	for (size_t i = first; i < s->count && !cc_failed(st); i++) {
		const struct pki_signer *one = &s->items[i];
		enum pki_signer_state state = state_of(one, 0, false, s->limit, now_s);
		bool counted = false;

		if (state == PKI_SIGNER_READY) {
			st = want_row(b, one, err);
			if (!cc_failed(st))
				st = count_them(b, one, s->limit, signatures, &counted, err);
			if (cc_failed(st))
				return st;
		}
		if (counted) {
			*ret = one;
			return note_job(b, one, job_id, now_s, err);
		}
		note_why(why, why_cap, &n, one, state);
	}
	return st;
}

cc_status pki_signer_take(struct pki_signers *s, struct books *b, const char *job_id, unsigned signatures, int64_t now_s,
			  const struct pki_signer **ret, struct cc_error *err)
{
	const struct pki_signer *one = NULL;
	size_t before;
	char why[160] = "";
	bool more = false;
	cc_status st = books_begin(b, err);

	if (cc_failed(st))
		return st;
	before = s->count;
	st = pick(s, 0, b, job_id, signatures, now_s, why, sizeof why, &one, err);
	if (!cc_failed(st) && one == NULL && !cc_failed(st = look_again(s, &more, err)) && more)
		st = pick(s, before, b, job_id, signatures, now_s, why, sizeof why, &one, err);
	if (!cc_failed(st) && one == NULL)
		st = cc_fail(err, CC_E_STATE, "signer.none", "%s", why);
	st = books_end(b, st, err);
	if (!cc_failed(st))
		*ret = one;
	return st;
}

/* Under the lock: a row that says no. */
static cc_status is_spent(const struct pki_signers *s, struct books *b, const struct pki_signer *one, unsigned signatures,
			  bool *ret, struct cc_error *err)
{
	const struct books_value values[] = { books_blob(bytes_of(one->key_id.p, one->key_id.n)), books_int(s->limit),
					      books_int(signatures) };
	struct stmt *q = NULL;
	cc_status st =
		books_query(b, "SELECT used FROM pki_signer WHERE key_id = $1 AND (used + $3 > $2 OR retired_ms IS NOT NULL)",
			    values, 3, &q, ret, err);

	stmt_finish(&q);
	return st;
}

/* From number `first` on, under the lock. */
static cc_status find_ready(const struct pki_signers *s, size_t first, struct books *b, unsigned signatures, int64_t now_s,
			    char *why, size_t why_cap, bool *ret, struct cc_error *err)
{
	size_t n = strlen(why);
	bool ready = false;
	cc_status st = cc_ok();

	for (size_t i = first; i < s->count && !ready && !cc_failed(st); i++) {
		enum pki_signer_state state = state_of(&s->items[i], 0, false, s->limit, now_s);
		bool spent = true;

		if (state == PKI_SIGNER_READY)
			st = is_spent(s, b, &s->items[i], signatures, &spent, err);
		ready = !cc_failed(st) && !spent;
		if (!ready)
			note_why(why, why_cap, &n, &s->items[i], state);
	}
	*ret = ready;
	return st;
}

cc_status pki_signer_ready(struct pki_signers *s, struct books *b, unsigned signatures, int64_t now_s, struct cc_error *err)
{
	char why[160] = "";
	size_t before;
	bool ready = false, more = false;
	cc_status st;

	books_lock(b);
	before = s->count;
	st = find_ready(s, 0, b, signatures, now_s, why, sizeof why, &ready, err);
	if (!cc_failed(st) && !ready && !cc_failed(st = look_again(s, &more, err)) && more)
		st = find_ready(s, before, b, signatures, now_s, why, sizeof why, &ready, err);
	books_unlock(b);
	if (cc_failed(st) || ready)
		return st;
	return cc_fail(err, CC_E_STATE, "signer.none", "%s", why);
}

cc_status pki_signer_retire(const struct pki_signer *one, struct store *store, int64_t now_ms, struct cc_error *err)
{
	struct stmt *q = NULL;
	cc_status st = store_begin(store);

	if (cc_failed(st))
		return store_failed(store, st, err);
	st = store_prepare(
		store,
		"INSERT INTO pki_signer (key_id, label, used, retired_ms) VALUES ($1, $2, 0, $3)"
		" ON CONFLICT (key_id) DO UPDATE SET retired_ms = COALESCE(pki_signer.retired_ms, excluded.retired_ms)",
		&q);
	if (!cc_failed(st))
		st = stmt_bind_blob(q, 1, bytes_of(one->key_id.p, one->key_id.n));
	if (!cc_failed(st))
		st = stmt_bind_str(q, 2, one->label);
	if (!cc_failed(st))
		st = stmt_bind_int(q, 3, now_ms);
	if (!cc_failed(st))
		st = stmt_run(q);
	stmt_finish(&q);
	if (!cc_failed(st))
		st = store_commit(store);
	else
		store_rollback(store);
	return store_failed(store, st, err);
}

static cc_status give_card(struct stmt *q, pki_signer_each each, void *ctx)
{
	struct bytes serial = stmt_column_bytes(q, 0);
	char text[33];

	if (serial.n >= sizeof text)
		return cc_code_status(CC_E_FORMAT);
	memcpy(text, serial.p, serial.n);
	text[serial.n] = '\0';
	return each(ctx, text, stmt_column_int(q, 1));
}

cc_status pki_signer_each_card(const struct pki_signer *one, struct store *store, pki_signer_each each, void *ctx,
			       struct cc_error *err)
{
	struct stmt *q = NULL;
	bool row = false;
	cc_status st = store_prepare(store,
				     "SELECT c.serial, c.issued_ms FROM pki_signer_job s JOIN issue_card c ON c.job_id = s.job_id"
				     " WHERE s.key_id = $1 AND c.active = 1 ORDER BY c.issued_ms, c.serial",
				     &q);

	if (!cc_failed(st))
		st = stmt_bind_blob(q, 1, bytes_of(one->key_id.p, one->key_id.n));
	while (!cc_failed(st) && !cc_failed(st = stmt_step(q, &row)) && row)
		st = give_card(q, each, ctx);
	stmt_finish(&q);
	return store_failed(store, st, err);
}

/* ---- planning */

void pki_rotation_plan(const struct pki_signers *s, int64_t now_s, struct pki_rotation *ret)
{
	struct pki_rotation plan = { 0 };

	for (size_t i = 0; i < s->count && plan.next == NULL; i++) {
		enum pki_signer_state state = pki_signer_state(s, &s->items[i], now_s);

		if (state == PKI_SIGNER_READY && plan.current == NULL)
			plan.current = &s->items[i];
		else if (state == PKI_SIGNER_READY || state == PKI_SIGNER_NOT_YET)
			plan.next = &s->items[i];
	}
	plan.due_s = now_s;
	if (plan.current != NULL) {
		const struct pki_signer *one = plan.current;

		plan.left = s->limit - one->used;
		plan.due_s = one->to_s;
		/* left / (recent per 30 days), in seconds; at most 1e7 * 30 days, which fits */
		if (one->recent > 0 && now_s + plan.left * RECENT_DAYS * DAY_S / one->recent < one->to_s) {
			plan.due_s = now_s + plan.left * RECENT_DAYS * DAY_S / one->recent;
			plan.due_by_limit = true;
		}
	}
	*ret = plan;
}
