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
 * JSON, schema 1: {"schema":1, "verdict", "access", "checks":[{"id","result",
 * "evidence"}], "files":[{"name","bytes","sha256"}], "mrz":{...} or null,
 * "dg13":{...} or null, "active_authentication":{"challenge","answer"} or null,
 * "error":{"key","detail"} or null}.
 */
void card_inspect_report_text(FILE *out, const struct inspection *i, enum lang lang, bool color);
/* False when there is no memory. */
bool card_inspect_report_json(FILE *out, const struct inspection *i);

#endif
