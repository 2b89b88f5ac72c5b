/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_ISSUE_JOURNAL_H
#define CC_STATION_ISSUE_JOURNAL_H

#include "station/issue/books.h"
#include "station/issue/job.h"

/*
 * The append-only record of what was about to be done and what was done. The
 * sequence number orders events, never the clock (I12).
 */
enum journal_phase { JOURNAL_BEGIN, JOURNAL_DONE };
const char *journal_phase_name(enum journal_phase p);

#define JOURNAL_EVIDENCE_MAX 80

struct journal_record {
	int64_t seq;
	enum job_event event;
	enum journal_phase phase;
	enum job_state state; /* of the job after this record */
	int64_t at_ms;
	size_t evidence_len;
	uint8_t evidence[JOURNAL_EVIDENCE_MAX]; /* hashes: of the files, of the chip's keys */
};

/* Inside a transaction of the books; durable when that commits. */
CC_MUST cc_status journal_append(struct books *b, const char *job_id, enum job_event event, enum journal_phase phase,
				 enum job_state state, struct bytes evidence, struct cc_error *err);
/* The last record of a job. CC_E_NOT_FOUND; CC_E_FORMAT "issue.journal". */
CC_MUST cc_status journal_last(struct books *b, const char *job_id, struct journal_record *ret, struct cc_error *err);
/* All of a job's, in order; *ret_count: all there are, at most cap are written. */
CC_MUST cc_status journal_read(struct books *b, const char *job_id, struct journal_record *ret, size_t cap, size_t *ret_count,
			       struct cc_error *err);

#endif
