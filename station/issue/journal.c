/* SPDX-License-Identifier: Apache-2.0 */
#include "station/issue/journal.h"

#include <string.h>

static const char *const phases[] = { [JOURNAL_BEGIN] = "begin", [JOURNAL_DONE] = "done" };

const char *journal_phase_name(enum journal_phase p)
{
	return phases[p];
}

cc_status journal_append(struct books *b, const char *job_id, enum job_event event, enum journal_phase phase,
			 enum job_state state, struct bytes evidence, struct cc_error *err)
{
	const struct books_value values[] = {
		books_text(job_id),	   books_text(job_event_name(event)),
		books_text(phases[phase]), books_text(job_state_name(state)),
		books_blob(evidence),	   books_int(sys_wall_ms(b->sys)),
	};

	CC_ASSERT(evidence.n <= JOURNAL_EVIDENCE_MAX);
	/* Two stations that hold one job take the same number: the second breaks the key. */
	return books_run(
		b,
		"INSERT INTO issue_journal (job_id, seq, event, phase, state, evidence, at_ms)"
		" VALUES ($1, (SELECT COALESCE(MAX(seq), 0) + 1 FROM issue_journal WHERE job_id = $1), $2, $3, $4, $5, $6)",
		values, 6, err);
}

/* Columns: seq, event, phase, state, evidence, at_ms. */
static cc_status read_row(struct stmt *q, struct journal_record *ret, struct cc_error *err)
{
	struct journal_record r = { .seq = stmt_column_int(q, 0), .at_ms = stmt_column_int(q, 5) };
	struct bytes phase = stmt_column_bytes(q, 2), evidence = stmt_column_bytes(q, 4);
	bool begin = bytes_equal(phase, bytes_str(phases[JOURNAL_BEGIN]));

	if ((!begin && !bytes_equal(phase, bytes_str(phases[JOURNAL_DONE]))) || evidence.n > sizeof r.evidence ||
	    !job_event_parse(stmt_column_bytes(q, 1), &r.event) || !job_state_parse(stmt_column_bytes(q, 3), &r.state))
		return cc_fail(err, CC_E_FORMAT, "issue.journal", "record %lld", (long long)r.seq);
	r.phase = begin ? JOURNAL_BEGIN : JOURNAL_DONE;
	r.evidence_len = evidence.n;
	if (evidence.n)
		memcpy(r.evidence, evidence.p, evidence.n);
	*ret = r;
	return cc_ok();
}

cc_status journal_last(struct books *b, const char *job_id, struct journal_record *ret, struct cc_error *err)
{
	const struct books_value values[] = { books_text(job_id) };
	struct stmt *q = NULL;
	bool row = false;
	cc_status st = books_query(b,
				   "SELECT seq, event, phase, state, evidence, at_ms FROM issue_journal WHERE job_id = $1"
				   " ORDER BY seq DESC LIMIT 1",
				   values, 1, &q, &row, err);

	if (!cc_failed(st) && !row)
		st = cc_fail(err, CC_E_NOT_FOUND, "issue.journal", "job %s has no record", job_id);
	if (!cc_failed(st))
		st = read_row(q, ret, err);
	stmt_finish(&q);
	return st;
}

cc_status journal_read(struct books *b, const char *job_id, struct journal_record *ret, size_t cap, size_t *ret_count,
		       struct cc_error *err)
{
	const struct books_value values[] = { books_text(job_id) };
	struct journal_record r;
	struct stmt *q = NULL;
	size_t n = 0;
	bool row = false;
	cc_status st = books_query(b,
				   "SELECT seq, event, phase, state, evidence, at_ms FROM issue_journal WHERE job_id = $1"
				   " ORDER BY seq",
				   values, 1, &q, &row, err);

	while (!cc_failed(st) && row) {
		if (cc_failed(st = read_row(q, &r, err)))
			break;
		if (n < cap)
			ret[n] = r;
		n++;
		st = stmt_step(q, &row);
	}
	stmt_finish(&q);
	if (!cc_failed(st))
		*ret_count = n;
	return st;
}
