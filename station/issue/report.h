/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_ISSUE_REPORT_H
#define CC_STATION_ISSUE_REPORT_H

#include "station/issue/worker.h"

#include <stdio.h>

/*
 * What `card issue` tells about one card.
 *
 * JSON, schema 1: {"schema":1, "number", "chip", "profile", "verdict", "state",
 * "resumed_from" or null, "steps":[...], "warnings":[{"key","field"}],
 * "name_truncated", "files":{"bytes","sha256"}, "phases":[{"name","apdus",
 * "bytes","seconds","least_apdus","least_bytes"}], "apdus", "bytes", "seconds",
 * "least_apdus", "least_bytes", "ratio_apdus", "ratio_bytes",
 * "inspection":{"verdict","access","checks":[{"id","result"}]} or null,
 * "spoil_reason" or null, "error":{"key","code","detail"} or null}.
 */

/* "issued", "could-be-issued" (dry run), "spoiled", "held", "outstanding" (the same command finishes it), "not-started". */
const char *report_verdict(const struct worker_report *r, const struct cc_error *err, bool dry_run);
/* "ĐÃ CẤP" for "issued", in the user's language. */
const char *report_verdict_text(const char *verdict, enum lang lang);
struct report_sums {
	struct figures_cost spent, least;
	int64_t ms;
};
struct report_sums report_sums(const struct worker_report *r);

/* False when there is no memory. err: CC_OK in its code when all went well. */
CC_MUST bool report_json(FILE *out, const struct worker_report *r, const struct cc_error *err, bool dry_run);
/* A few lines for the operator. */
void report_text(FILE *out, const struct worker_report *r, const struct cc_error *err, bool dry_run, enum lang lang);

/* "making the chip's keys", for progress lines. */
const char *report_event_text(enum job_event e, enum lang lang);

#endif
