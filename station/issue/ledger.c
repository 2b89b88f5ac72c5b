/* SPDX-License-Identifier: Apache-2.0 */
#include "station/issue/ledger.h"

#include "station/issue/queue.h"
#include "station/registry/exchange.h"
#include "station/registry/outbox_events.h"

#include <stdio.h>
#include <string.h>

#define JOB_COLUMNS "id, number_mac, serial, profile, state"

/* ---- reading */

static bool copy_column(struct stmt *q, int column, char *out, size_t cap)
{
	struct bytes text = stmt_column_bytes(q, column);

	if (text.n >= cap)
		return false;
	if (text.n)
		memcpy(out, text.p, text.n);
	out[text.n] = '\0';
	return true;
}

static cc_status read_keys(struct books *b, struct job *job, struct cc_error *err)
{
	const struct books_value values[] = { books_text(job->id) };
	struct stmt *q = NULL;
	bool row = false;
	cc_status st = books_query(b, "SELECT kind, key_hash FROM issue_key WHERE job_id = $1", values, 1, &q, &row, err);

	while (!cc_failed(st) && row) {
		struct digest *key = bytes_equal(stmt_column_bytes(q, 0), BYTES_LITERAL("aa")) ? &job->aa_key : &job->ca_key;
		struct bytes hash = stmt_column_bytes(q, 1);

		if (hash.n > sizeof key->p) {
			st = cc_fail(err, CC_E_FORMAT, "issue.journal", "key of job %s", job->id);
			break;
		}
		key->n = hash.n;
		memcpy(key->p, hash.p, hash.n);
		st = stmt_step(q, &row);
	}
	stmt_finish(&q);
	return st;
}

static cc_status read_job(struct books *b, struct stmt *q, struct job *ret, struct cc_error *err)
{
	struct job job = { 0 };
	struct journal_record last;
	struct bytes mac = stmt_column_bytes(q, 1);
	cc_status st;

	if (mac.n != BOOKS_MAC_LEN || !copy_column(q, 0, job.id, sizeof job.id) ||
	    !copy_column(q, 2, job.serial, sizeof job.serial) || !copy_column(q, 3, job.profile, sizeof job.profile) ||
	    !job_state_parse(stmt_column_bytes(q, 4), &job.state))
		return cc_fail(err, CC_E_FORMAT, "issue.journal", "a job's row");
	memcpy(job.number_mac, mac.p, mac.n);
	if (cc_failed(st = journal_last(b, job.id, &last, err)) || cc_failed(st = read_keys(b, &job, err)))
		return st;
	if (last.state != job.state)
		return cc_fail(err, CC_E_FORMAT, "issue.journal", "job %s: %s here, %s in the journal", job.id,
			       job_state_name(job.state), job_state_name(last.state));
	job.begun = last.phase == JOURNAL_BEGIN;
	job.begun_event = last.event;
	*ret = job;
	return cc_ok();
}

static cc_status find_job(struct books *b, const char *sql, struct books_value key, struct job *ret, bool *ret_found,
			  struct cc_error *err)
{
	struct stmt *q = NULL;
	bool row = false;
	cc_status st = books_query(b, sql, &key, 1, &q, &row, err);

	if (!cc_failed(st) && row)
		st = read_job(b, q, ret, err);
	if (!cc_failed(st))
		*ret_found = row;
	stmt_finish(&q);
	return st;
}

cc_status ledger_find_live(struct books *b, const char *number, struct job *ret, bool *ret_found, struct cc_error *err)
{
	uint8_t mac[BOOKS_MAC_LEN];
	cc_status st;

	if (cc_failed(st = books_number_mac(b, number, mac)))
		return st;
	books_lock(b);
	st = find_job(b, "SELECT " JOB_COLUMNS " FROM issue_job WHERE number_mac = $1 AND live = 1",
		      books_blob(bytes_of(mac, sizeof mac)), ret, ret_found, err);
	books_unlock(b);
	return st;
}

cc_status ledger_find_by_serial(struct books *b, const char *serial, struct job *ret, bool *ret_found, struct cc_error *err)
{
	cc_status st;

	books_lock(b);
	st = find_job(b, "SELECT " JOB_COLUMNS " FROM issue_job WHERE serial = $1 AND live = 1", books_text(serial), ret,
		      ret_found, err);
	books_unlock(b);
	return st;
}

static cc_status has_card(struct books *b, const uint8_t mac[BOOKS_MAC_LEN], bool *ret, struct cc_error *err)
{
	const struct books_value values[] = { books_blob(bytes_of(mac, BOOKS_MAC_LEN)) };
	struct stmt *q = NULL;
	cc_status st =
		books_query(b, "SELECT job_id FROM issue_card WHERE number_mac = $1 AND active = 1 AND NOT " QUEUE_MAY_REPLACE,
			    values, 1, &q, ret, err);

	stmt_finish(&q);
	return st;
}

cc_status ledger_has_card(struct books *b, const char *number, bool *ret, struct cc_error *err)
{
	uint8_t mac[BOOKS_MAC_LEN];
	cc_status st;

	if (cc_failed(st = books_number_mac(b, number, mac)))
		return st;
	books_lock(b);
	st = has_card(b, mac, ret, err);
	books_unlock(b);
	return st;
}

cc_status ledger_is_renewal(struct books *b, const char *number, bool *ret, struct cc_error *err)
{
	uint8_t mac[BOOKS_MAC_LEN];
	const struct books_value values[] = { books_blob(bytes_of(mac, sizeof mac)) };
	struct stmt *q = NULL;
	cc_status st = books_number_mac(b, number, mac);

	if (cc_failed(st))
		return cc_fail(err, st.code, "crypto.failed", "HMAC-SHA256");
	st = books_query(b, "SELECT 1 WHERE " QUEUE_MAY_REPLACE, values, 1, &q, ret, err);
	stmt_finish(&q);
	return st;
}

static cc_status was_revoked(struct books *b, const uint8_t mac[BOOKS_MAC_LEN], bool *ret, struct cc_error *err)
{
	const struct books_value values[] = { books_blob(bytes_of(mac, BOOKS_MAC_LEN)) };
	struct stmt *q = NULL;
	cc_status st = books_query(
		b, "SELECT id FROM issue_revocation WHERE number_mac = $1 AND state = 'revoked' AND NOT " QUEUE_MAY_REPLACE,
		values, 1, &q, ret, err);

	stmt_finish(&q);
	return st;
}

static cc_status card_hold(struct books *b, const uint8_t mac[BOOKS_MAC_LEN], const char **ret_key, struct cc_error *err)
{
	bool active = false, revoked = false;
	cc_status st = has_card(b, mac, &active, err);

	if (!cc_failed(st) && !active)
		st = was_revoked(b, mac, &revoked, err);
	*ret_key = active ? "issue.card-active" : revoked ? "issue.card-revoked" : NULL;
	return st;
}

cc_status ledger_card_hold(struct books *b, const char *number, const char **ret_key, struct cc_error *err)
{
	uint8_t mac[BOOKS_MAC_LEN];
	cc_status st;

	if (cc_failed(st = books_number_mac(b, number, mac)))
		return st;
	books_lock(b);
	st = card_hold(b, mac, ret_key, err);
	books_unlock(b);
	return st;
}

cc_status ledger_blank(struct books *b, const char *serial, enum stock_state *ret, char *ret_reason, struct cc_error *err)
{
	cc_status st;

	books_lock(b);
	st = stock_find(b, serial, ret, ret_reason, err);
	books_unlock(b);
	return st;
}

/* ---- files */

static void files_place(const char *job_id, char out[64])
{
	(void)snprintf(out, 64, "issue_files/sealed/%s", job_id);
}

static cc_status put_files(struct books *b, const char *job_id, const struct ledger_files *files, const char *sql,
			   struct cc_error *err)
{
	struct buf sealed = { 0 };
	char place[64];
	cc_status st;

	files_place(job_id, place);
	if (cc_failed(st = books_seal(b, place, files->packet, &sealed)))
		return cc_fail(err, st.code, "issue.damaged", "sealing");
	const struct books_value values[] = { books_text(job_id), books_blob(buf_view(&sealed)),
					      books_blob(bytes_of(files->hash.p, files->hash.n)) };

	st = books_run(b, sql, values, 3, err);
	buf_done(&sealed);
	return st;
}

static cc_status open_files(struct books *b, const struct job *job, struct stmt *q, struct buf *ret_packet,
			    struct digest *ret_hash, struct cc_error *err)
{
	struct digest hash = { 0 };
	struct bytes h = stmt_column_bytes(q, 1);
	char place[64];

	files_place(job->id, place);
	if (h.n > sizeof hash.p || cc_failed(books_unseal(b, place, stmt_column_bytes(q, 0), ret_packet)))
		return cc_fail(err, CC_E_VERIFY, "issue.damaged", "files of job %s", job->id);
	hash.n = h.n;
	memcpy(hash.p, h.p, h.n);
	*ret_hash = hash;
	return cc_ok();
}

cc_status ledger_load_files(struct books *b, const struct job *job, struct buf *ret_packet, struct digest *ret_hash,
			    struct cc_error *err)
{
	const struct books_value values[] = { books_text(job->id) };
	struct stmt *q = NULL;
	bool row = false;
	cc_status st;

	books_lock(b);
	st = books_query(b, "SELECT sealed, files_hash FROM issue_files WHERE job_id = $1", values, 1, &q, &row, err);
	if (!cc_failed(st))
		st = row ? open_files(b, job, q, ret_packet, ret_hash, err)
			 : cc_fail(err, CC_E_VERIFY, "issue.damaged", "job %s has no files", job->id);
	stmt_finish(&q);
	books_unlock(b);
	return st;
}

/* ---- bind */

static cc_status make_id(struct books *b, char out[JOB_ID_SIZE])
{
	uint8_t raw[(JOB_ID_SIZE - 1) / 2];
	cc_status st = sys_random(b->sys, raw, sizeof raw);

	if (!cc_failed(st))
		bytes_to_hex(bytes_of(raw, sizeof raw), out);
	return st;
}

/* Told apart before the insert, so that the sentence is right; the unique indexes stand behind it. */
static cc_status check_free(struct books *b, const struct job *job, struct cc_error *err)
{
	const char *hold = NULL;
	struct job other;
	bool found = false;
	cc_status st;

	if (cc_failed(st = card_hold(b, job->number_mac, &hold, err)))
		return st;
	if (hold != NULL)
		return cc_fail(err, CC_E_STATE, hold, "by the ledger");
	if (cc_failed(st = find_job(b, "SELECT " JOB_COLUMNS " FROM issue_job WHERE number_mac = $1 AND live = 1",
				    books_blob(bytes_of(job->number_mac, BOOKS_MAC_LEN)), &other, &found, err)))
		return st;
	if (found)
		return cc_fail(err, CC_E_BUSY, "issue.job-busy", "blank %s", other.serial);
	if (cc_failed(st = find_job(b, "SELECT " JOB_COLUMNS " FROM issue_job WHERE serial = $1 AND live = 1",
				    books_text(job->serial), &other, &found, err)))
		return st;
	if (found)
		return cc_fail(err, CC_E_STATE, "issue.blank-busy", "blank %s", other.serial);
	return cc_ok();
}

static cc_status insert_job(struct books *b, const struct job *job, const struct ledger_files *files, struct cc_error *err)
{
	const struct books_value values[] = {
		books_text(job->id),
		books_blob(bytes_of(job->number_mac, BOOKS_MAC_LEN)),
		books_text(job->serial),
		books_text(job->profile),
		books_text(job_state_name(JOB_BOUND)),
		books_int(1),
		books_int(sys_wall_ms(b->sys)),
	};
	cc_status st;

	if (cc_failed(st = stock_receive(b, job->serial, err)) ||
	    cc_failed(st = stock_move(b, job->serial, STOCK_IN_MACHINE, NULL, err)))
		return st;
	st = books_run(b,
		       "INSERT INTO issue_job (id, number_mac, serial, profile, state, live, created_ms)"
		       " VALUES ($1, $2, $3, $4, $5, $6, $7)",
		       values, 7, err);
	if (cc_failed(st))
		return st;
	st = put_files(b, job->id, files, "INSERT INTO issue_files (job_id, sealed, files_hash) VALUES ($1, $2, $3)", err);
	if (!cc_failed(st) && files->portrait != NULL)
		st = portrait_case_book(b, job->id, files->portrait, err);
	if (cc_failed(st))
		return st;
	return journal_append(b, job->id, JOB_BIND, JOURNAL_DONE, JOB_BOUND, bytes_of(files->hash.p, files->hash.n), err);
}

cc_status ledger_bind(struct books *b, const char *number, const char *serial, const char *profile,
		      const struct ledger_files *files, const struct ledger_guard *guard, struct job *ret, struct cc_error *err)
{
	struct job job = { .state = JOB_BOUND };
	cc_status st;

	CC_ASSERT(strlen(serial) < sizeof job.serial && strlen(profile) < sizeof job.profile);
	memcpy(job.serial, serial, strlen(serial));
	memcpy(job.profile, profile, strlen(profile));
	if (cc_failed(st = make_id(b, job.id)) || cc_failed(st = books_number_mac(b, number, job.number_mac)) ||
	    cc_failed(st = books_begin(b, err)))
		return st;
	/* I2: the guard comes first, as it holds off the desk that hands this person out or binds a blank for them too. */
	if (guard != NULL)
		st = guard->still_true(guard->ctx, err);
	if (!cc_failed(st))
		st = check_free(b, &job, err);
	if (!cc_failed(st))
		st = exchange_claim(b, job.number_mac, err);
	if (!cc_failed(st))
		st = insert_job(b, &job, files, err);
	if (!cc_failed(st = books_end(b, st, err)))
		*ret = job;
	return st;
}

/* ---- steps */

cc_status ledger_begin(struct books *b, struct job *job, const struct job_row *row, struct cc_error *err)
{
	cc_status st = books_begin(b, err);

	CC_ASSERT(row->from == job->state);
	if (cc_failed(st))
		return st;
	st = journal_append(b, job->id, row->event, JOURNAL_BEGIN, job->state, bytes_of(NULL, 0), err);
	if (!cc_failed(st = books_end(b, st, err))) {
		job->begun = true;
		job->begun_event = row->event;
	}
	return st;
}

static cc_status put_key(struct books *b, const struct job *job, const struct digest *key, const char *kind, struct cc_error *err)
{
	const struct books_value values[] = { books_blob(bytes_of(key->p, key->n)), books_text(job->id), books_text(kind) };
	struct cc_error own;
	cc_status st;

	if (key->n == 0)
		return cc_ok();
	cc_error_init(&own);
	st = books_run(b, "INSERT INTO issue_key (key_hash, job_id, kind) VALUES ($1, $2, $3)", values, 3, &own);
	if (st.code == CC_E_EXISTS)
		return cc_fail(err, CC_E_EXISTS, "issue.duplicate-key", "%s key of blank %s", kind, job->serial);
	if (cc_failed(st))
		return cc_fail(err, st.code, own.key, "%s", own.detail);
	return st;
}

/* Only from the state that this worker knows: another one may have taken the job on meanwhile. */
static cc_status set_state(struct books *b, const struct job *job, enum job_state to, const char *reason, struct cc_error *err)
{
	const struct books_value values[] = { books_text(job->id), books_text(job_state_name(to)),
					      books_int(job_state_is_final(to) ? 0 : 1), books_text(reason),
					      books_text(job_state_name(job->state)) };
	struct stmt *q = NULL;
	bool row = false;
	cc_status st = books_query(
		b, "UPDATE issue_job SET state = $2, live = $3, reason = $4 WHERE id = $1 AND state = $5 RETURNING id", values, 5,
		&q, &row, err);

	stmt_finish(&q);
	if (!cc_failed(st) && !row)
		return cc_fail(err, CC_E_BUSY, "issue.job-busy", "job %s is no longer %s", job->id, job_state_name(job->state));
	return st;
}

/* Which kind of application lets a card go is asked with the card itself, so that both are of one moment. */
#define KIND_OF_APPLICATION "(SELECT a.kind FROM issue_application a WHERE a.number_mac = $1 AND a.live = 1)"
static const char sql_replace_here[] =
	"UPDATE issue_card SET active = 0 WHERE number_mac = $1 AND active = 1 AND " QUEUE_MAY_REPLACE
	" RETURNING serial, " KIND_OF_APPLICATION;
/* The card that the results of a package told of, but for the one that they tell of now ($2). */
static const char sql_replace_elsewhere[] =
	"UPDATE exchange_item SET state = 'replaced' WHERE number_mac = $1 AND state = 'issued' AND serial <> $2 AND package_id"
	" IN (SELECT id FROM exchange_package WHERE direction = 'out') AND " QUEUE_MAY_REPLACE
	" RETURNING serial, " KIND_OF_APPLICATION;

cc_status ledger_replace_inside(struct books *b, const uint8_t mac[BOOKS_MAC_LEN], const char *serial,
				char ret_serial[LEDGER_SERIAL_SIZE], char ret_kind[16], struct cc_error *err)
{
	const struct books_value values[] = { books_blob(bytes_of(mac, BOOKS_MAC_LEN)), books_text(serial) };
	struct stmt *q = NULL;
	bool row = false;
	cc_status st = books_query(b, sql_replace_here, values, 1, &q, &row, err);

	ret_serial[0] = ret_kind[0] = '\0';
	if (!cc_failed(st) && !row) {
		stmt_finish(&q);
		st = books_query(b, sql_replace_elsewhere, values, 2, &q, &row, err);
	}
	if (!cc_failed(st) && row && (!copy_column(q, 0, ret_serial, LEDGER_SERIAL_SIZE) || !copy_column(q, 1, ret_kind, 16)))
		st = cc_fail(err, CC_E_VERIFY, "issue.damaged", "the card that is replaced");
	stmt_finish(&q);
	return st;
}

static cc_status insert_card(struct books *b, const struct job *job, int64_t now, struct digest *ret_hash, struct cc_error *err)
{
	const struct books_value values[] = { books_text(job->id), books_int(now) };
	struct stmt *q = NULL;
	bool row = false;
	cc_status st = books_query(b,
				   "INSERT INTO issue_card (job_id, number_mac, serial, files_hash, active, issued_ms)"
				   " SELECT j.id, j.number_mac, j.serial, f.files_hash, 1, $2 FROM issue_job j, issue_files f"
				   " WHERE j.id = $1 AND f.job_id = $1 RETURNING files_hash",
				   values, 2, &q, &row, err);

	if (!cc_failed(st) && (!row || stmt_column_bytes(q, 0).n > sizeof ret_hash->p))
		st = cc_fail(err, CC_E_VERIFY, "issue.damaged", "job %s has no files", job->id);
	if (!cc_failed(st)) {
		ret_hash->n = stmt_column_bytes(q, 0).n;
		memcpy(ret_hash->p, stmt_column_bytes(q, 0).p, ret_hash->n);
	}
	stmt_finish(&q);
	return st;
}

/* The active card that the new one replaces (I2: one at most); the application that the card was made for is done (I1). */
static cc_status book_card(struct books *b, const struct job *job, struct cc_error *err)
{
	char replaced[LEDGER_SERIAL_SIZE], kind[16], application[QUEUE_ID_SIZE];
	struct outbox_issue told = { .serial = job->serial, .replaced = replaced, .reason = kind, .application = application };
	struct digest hash = { 0 };
	cc_status st = ledger_replace_inside(b, job->number_mac, job->serial, replaced, kind, err);

	told.issued_ms = sys_wall_ms(b->sys);
	if (!cc_failed(st))
		st = insert_card(b, job, told.issued_ms, &hash, err);
	if (!cc_failed(st))
		st = queue_issued_inside(b, job->number_mac, application, err);
	if (!cc_failed(st))
		st = stock_move(b, job->serial, STOCK_ISSUED, NULL, err);
	told.files_hash = bytes_of(hash.p, hash.n);
	return cc_failed(st) ? st : outbox_put_issue(b, &told, err);
}

static cc_status put_result(struct books *b, const struct job *job, const struct job_row *row, const struct ledger_result *r,
			    struct cc_error *err)
{
	cc_status st;

	if (cc_failed(st = put_key(b, job, &r->aa_key, "aa", err)) || cc_failed(st = put_key(b, job, &r->ca_key, "ca", err)))
		return st;
	if (r->files && cc_failed(st = put_files(b, job->id, r->files,
						 "UPDATE issue_files SET sealed = $2, files_hash = $3 WHERE job_id = $1", err)))
		return st;
	if (cc_failed(st = set_state(b, job, row->to, NULL, err)) ||
	    cc_failed(st = journal_append(b, job->id, row->event, JOURNAL_DONE, row->to, bytes_of(r->evidence.p, r->evidence.n),
					  err)))
		return st;
	return row->to == JOB_ISSUED ? book_card(b, job, err) : st;
}

cc_status ledger_done(struct books *b, struct job *job, const struct job_row *row, const struct ledger_result *result,
		      struct cc_error *err)
{
	cc_status st = books_begin(b, err);

	CC_ASSERT(row->from == job->state && (!row->irreversible || (job->begun && job->begun_event == row->event)));
	if (cc_failed(st))
		return st;
	st = books_end(b, put_result(b, job, row, result, err), err);
	if (cc_failed(st))
		return st;
	if (result->aa_key.n)
		job->aa_key = result->aa_key;
	if (result->ca_key.n)
		job->ca_key = result->ca_key;
	job->state = row->to;
	job->begun = false;
	return st;
}

cc_status ledger_spoil(struct books *b, struct job *job, const char *reason, struct cc_error *err)
{
	char cut[STOCK_REASON_SIZE];
	cc_status st;

	CC_ASSERT(job_row_find(job->state, JOB_SPOIL));
	(void)snprintf(cut, sizeof cut, "%s", reason);
	if (cc_failed(st = books_begin(b, err)))
		return st;
	if (!cc_failed(st = stock_move(b, job->serial, STOCK_SPOILED, cut, err)) &&
	    !cc_failed(st = set_state(b, job, JOB_SPOILED, cut, err)))
		st = journal_append(b, job->id, JOB_SPOIL, JOURNAL_DONE, JOB_SPOILED, bytes_of(NULL, 0), err);
	if (!cc_failed(st))
		st = outbox_put_spoiled(b, job->serial, cut, err);
	if (!cc_failed(st = books_end(b, st, err)))
		job->state = JOB_SPOILED;
	return st;
}
