/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_CARD_INSPECT_REPORT_H
#define CC_STATION_CARD_INSPECT_REPORT_H

#include "card/inspect/inspect.h"
#include "station/config.h"

#include <stdbool.h>
#include <stdio.h>

/*
 * What an inspection found, for people and for machines. Nothing of the chip
 * reaches a terminal unescaped.
 *
 * JSON, schema 1: {"schema":1, "verdict", "reason", "access", "checks":[{"id","result",
 * "evidence"}], "files":[{"name","bytes","sha256"}], "mrz":{...} or null,
 * "dg13":{...} or null, "active_authentication":{"challenge","answer"} or null,
 * "error":{"key","detail"} or null}.
 */
void card_inspect_report_text(FILE *out, const struct inspection *i, enum lang lang, bool color);
/* False when there is no memory. */
bool card_inspect_report_json(FILE *out, const struct inspection *i);

/* The words of the report, for other forms of it. "Hash of DG2" for "sod.dg2"; out is cut at cap. */
void card_inspect_label(const char *id, enum lang lang, char *out, size_t cap);
/* Evidence in the officer's language: of an error its sentence, with the technical detail behind it. */
#define CARD_INSPECT_EVIDENCE_MAX 640
void card_inspect_evidence(const struct inspect_check *c, enum lang lang, char out[CARD_INSPECT_EVIDENCE_MAX]);
const char *card_inspect_result_text(enum inspect_result r, enum lang lang, const char **ret_mark); /* "passed", and its mark */

#endif
