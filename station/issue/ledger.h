/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_ISSUE_LEDGER_H
#define CC_STATION_ISSUE_LEDGER_H

#include "station/issue/books.h"
#include "station/issue/job.h"
#include "station/issue/journal.h"
#include "station/issue/stock.h"
#include "station/portrait_case.h"

/*
 * Jobs and cards: at most one live job and one active card for a person, one
 * live job for a blank, no public key twice; unique indexes of the store hold
 * that whoever asks first (I2, I6). Each function is one transaction, durable
 * when it returns CC_OK, and takes the lock itself.
 */

/* *ret_found false: the person has no live job. */
CC_MUST cc_status ledger_find_live(struct books *b, const char *number, struct job *ret, bool *ret_found, struct cc_error *err);
/* The live job that a blank is bound to. */
CC_MUST cc_status ledger_find_by_serial(struct books *b, const char *serial, struct job *ret, bool *ret_found,
					struct cc_error *err);
/*
 * Does a live application ask for a card in another's place (CC01: exchange, reissue)? Then the record's dates of issue and
 * expiry are the old card's (check.h, registry_renewal). Under the books' lock, or in a transaction.
 */
CC_MUST cc_status ledger_is_renewal(struct books *b, const char *number, bool *ret, struct cc_error *err);

/* An active card that a new one may not replace: no application for an exchange or a reissue is live. */
CC_MUST cc_status ledger_has_card(struct books *b, const char *number, bool *ret, struct cc_error *err);
/*
 * What the person's last card says about another one: "issue.card-active"; "issue.card-revoked": it was ended by an officer,
 * and the next one needs an application for an exchange or a reissue too; NULL: nothing.
 */
CC_MUST cc_status ledger_card_hold(struct books *b, const char *number, const char **ret_key, struct cc_error *err);

/* What lies in the stock about a blank; ret_reason: STOCK_REASON_SIZE. */
CC_MUST cc_status ledger_blank(struct books *b, const char *serial, enum stock_state *ret, char *ret_reason,
			       struct cc_error *err);

/* Prepared files: `packet` is sealed here; hash goes in the clear (lds_set_hash). */
struct ledger_files {
	struct bytes packet;
	struct digest hash;
	const struct portrait_case *portrait; /* of ledger_bind: booked with the job; NULL: nothing to book */
};

/*
 * Asked inside the transaction that binds a blank, before everything else: is what the files were made from still true, and
 * will it be until the end of the transaction? A failure is ledger_bind's.
 */
struct ledger_guard {
	cc_status (*still_true)(void *ctx, struct cc_error *err);
	void *ctx;
};

/*
 * new -bind-> bound: receives the blank when it is new here, takes it into the
 * machine, stores the files. CC_E_STATE "issue.blank-used", "issue.blank-busy";
 * CC_E_BUSY "issue.job-busy"; CC_E_STATE "issue.card-active", "issue.card-revoked". guard: NULL in books without people.
 */
CC_MUST cc_status ledger_bind(struct books *b, const char *number, const char *serial, const char *profile,
			      const struct ledger_files *files, const struct ledger_guard *guard, struct job *ret,
			      struct cc_error *err);
/* Reads and opens the job's packet. CC_E_VERIFY "issue.damaged". */
CC_MUST cc_status ledger_load_files(struct books *b, const struct job *job, struct buf *ret_packet, struct digest *ret_hash,
				    struct cc_error *err);

/* The durable record before an irreversible step. */
CC_MUST cc_status ledger_begin(struct books *b, struct job *job, const struct job_row *row, struct cc_error *err);

/* What a step leaves behind beside its new state; zero what it doesn't. */
struct ledger_result {
	struct digest aa_key, ca_key;	  /* make-keys: CC_E_EXISTS "issue.duplicate-key" when a chip ever made one of them */
	const struct ledger_files *files; /* sign */
	struct digest evidence;
};
/*
 * The durable record after a step: the job moves to row->to. Issuing books card and blank; a card that is exchanged is
 * no longer active from then on, and the person's live application is issued.
 */
CC_MUST cc_status ledger_done(struct books *b, struct job *job, const struct job_row *row, const struct ledger_result *result,
			      struct cc_error *err);
/*
 * Inside the caller's transaction, before the person's application is settled: the active card that the application lets go is
 * active no longer (I2), whether it was made here or by a station that had the applicant from here. serial: of the new card.
 * ret_serial: LEDGER_SERIAL_SIZE, "" when there is none; ret_kind: of the application.
 */
#define LEDGER_SERIAL_SIZE 65
CC_MUST cc_status ledger_replace_inside(struct books *b, const uint8_t mac[BOOKS_MAC_LEN], const char *serial,
					char ret_serial[LEDGER_SERIAL_SIZE], char ret_kind[16], struct cc_error *err);
/* The job ends, and the blank is spoiled. reason: a stable key, optionally followed by ": text" without personal data. */
CC_MUST cc_status ledger_spoil(struct books *b, struct job *job, const char *reason, struct cc_error *err);

#endif
