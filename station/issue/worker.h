/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_ISSUE_WORKER_H
#define CC_STATION_ISSUE_WORKER_H

#include "card/inspect/inspect.h"
#include "card/perso/personalize.h"
#include "card/reader.h"
#include "station/issue/figures.h"
#include "station/issue/issuer.h"
#include "station/issue/ledger.h"
#include "station/issue/prepare.h"

/*
 * One card in one reader, from the applicant's number to the issued card; or
 * the rest of the way, when the journal says that this chip is half done.
 *
 * After a crash or a torn card the chip is asked, never guessed: only the same
 * chip (CPLC serial, and the public keys that the journal has) is carried on, at
 * the step on which journal and chip agree. Where they contradict each other the
 * blank is spoiled with the reason. Failures of the world around (reader, disk,
 * key store) leave the job where it is: the same command finishes it.
 */
struct worker_request {
	const char *number;
	bool spoil;   /* declare the outstanding blank of this person spoiled, then go on with the one in the reader */
	bool dry_run; /* everything that can be looked at without changing chip or books */
	/* Told before (done false) and after each step; may be NULL. From the worker's own thread. */
	void (*progress)(void *ctx, enum job_event event, bool done);
	void *ctx;
};

struct worker_report {
	char number[PERSON_NUMBER_SIZE];
	char serial[JOB_SERIAL_SIZE];
	char profile[JOB_PROFILE_SIZE];
	enum job_state state; /* JOB_NEW: nothing was booked */
	bool resumed;
	enum job_state resumed_from;
	size_t step_count;
	enum job_event steps[JOB_EVENT_COUNT]; /* done in this run */
	bool name_truncated;
	struct dg13_warnings warnings;
	size_t lost_count; /* by readers in the field */
	struct will_finding lost[PREPARE_LOST_MAX];
	bool portrait_decided;
	struct portrait_case portrait; /* the record's standard, and the overrides of soft checks */
	struct holds holds;	       /* warnings of the registry's check */
	size_t files_bytes;
	struct digest files_hash;
	bool inspected;
	struct inspection inspection;
	struct figures figures;
	char spoil_reason[STOCK_REASON_SIZE]; /* "" unless the blank was spoiled */
};
void worker_report_done(struct worker_report *r); /* wipes; start from {0} */

/*
 * Takes the reader (not yet connected). CC_OK: issued (or, in a dry run, could
 * be). ret holds what was done in any case. A spoiled blank is CC_E_VERIFY
 * "issue.spoiled".
 */
CC_MUST cc_status worker_issue(const struct issuer *issuer, struct reader *reader, const struct worker_request *request,
			       struct worker_report *ret, struct cc_error *err);

/* ---- between worker.c, steps.c and resume.c */
struct worker {
	bool renewal; /* this card goes in another's place */
	const struct issuer *issuer;
	const struct worker_request *request;
	struct worker_report *report;
	struct reader *reader; /* counted */
	struct channel ch;
	struct personalize perso;
	struct scp03_keys keys;
	struct job job;
	struct digest read_at; /* registry_stamp of the person, before they were read */
	struct prepared prepared;
	struct buf aa_point, ca_point;
	struct ledger_result result; /* of the step that runs */
	struct buf packet;	     /* behind result.files */
	struct ledger_files files;
	int64_t phase_start;
	struct cc_error err;
};

void worker_phase(struct worker *w, enum figures_phase phase);
/* Personal keys of this chip from the master key. */
CC_MUST cc_status worker_derive_keys(struct worker *w);
/* Identify from a fresh connection or reset. */
CC_MUST cc_status worker_identify(struct worker *w);
/* Records w->perso.err as the worker's. */
cc_status worker_perso_failed(struct worker *w, cc_status st);
/* resume.c: brings w->job to where chip and journal agree, with the session that its next step needs. */
CC_MUST cc_status worker_resume(struct worker *w);

#endif
