/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_PORTRAIT_CASE_H
#define CC_STATION_PORTRAIT_CASE_H

#include "biometrics/quality.h"
#include "station/config.h"
#include "station/issue/books.h"
#include "station/registry/date.h"

/*
 * What is decided about one person's portrait beside the picture itself: which
 * standard its record follows, and which soft checks a supervisor took upon
 * himself. Both are booked.
 */

/* ---- ISO/IEC 19794-5 or 39794-5: issuers owe the second from 2030 on (ICAO Doc 9303-10) */

enum portrait_record { PORTRAIT_RECORD_19794, PORTRAIT_RECORD_39794 };
enum portrait_reason { PORTRAIT_BY_SETTING, PORTRAIT_BY_DATE, PORTRAIT_BY_PILOT };

/* Settings dg2.record, dg2.record-date, dg2.pilot-percent. */
struct portrait_policy {
	bool dated;
	enum portrait_record record; /* unless dated */
	struct date from;	     /* dated: 39794 from this day on */
	unsigned pilot_percent;	     /* of the people who would get 19794 */
};
/* CC_E_FORMAT "issue.setting". */
CC_MUST cc_status portrait_policy_load(const struct config *c, struct portrait_policy *ret, struct cc_error *err);

struct portrait_choice {
	enum portrait_record record;
	enum portrait_reason reason;
};
/*
 * today: of the issue. number_mac: the books' keyed hash of the personal number,
 * which draws the pilot's lots: the same person has the same lot each time, a
 * larger percentage keeps all who were in, and nobody without the key can tell who is in.
 */
struct portrait_choice portrait_policy_choose(const struct portrait_policy *p, struct date today,
					      const uint8_t number_mac[BOOKS_MAC_LEN]);
const char *portrait_record_name(enum portrait_record r); /* "19794", "39794" */
const char *portrait_reason_name(enum portrait_reason r); /* "setting", "date", "pilot" */

/* ---- a supervisor's word */

#define PORTRAIT_CHECK_SIZE 48
#define PORTRAIT_OFFICER_SIZE 64
#define PORTRAIT_REASON_MAX 500u
#define PORTRAIT_OVERRIDES_MAX 16u

struct portrait_override {
	char check[PORTRAIT_CHECK_SIZE];     /* the measure's name, as in quality.c's table */
	char officer[PORTRAIT_OFFICER_SIZE]; /* who took it upon himself */
};
struct portrait_case {
	struct portrait_choice choice;
	size_t count;
	struct portrait_override overrides[PORTRAIT_OVERRIDES_MAX];
};

/*
 * Books an override of one check for this photo of this person, durable when it
 * returns CC_OK: another photo needs another word. The reason is sealed.
 * CC_E_EXISTS "portrait.override-exists".
 */
CC_MUST cc_status portrait_override_add(struct books *b, const char *number, struct bytes photo,
					const struct portrait_override *o, const char *reason, struct cc_error *err);
/* The choice by policy and all overrides that count for this photo. */
CC_MUST cc_status portrait_case_of(struct books *b, const struct portrait_policy *policy, struct date today, const char *number,
				   struct bytes photo, struct portrait_case *ret, struct cc_error *err);
/* Whether this measure is overridden. c may be NULL. */
bool portrait_case_overrides(const struct portrait_case *c, const char *measure);

/* Books with a job, inside the caller's transaction, what was decided for its card. */
CC_MUST cc_status portrait_case_book(struct books *b, const char *job_id, const struct portrait_case *c, struct cc_error *err);

#endif
