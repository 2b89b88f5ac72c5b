/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_REGISTRY_CSV_H
#define CC_STATION_REGISTRY_CSV_H

#include "crypto/base/buf.h"
#include "crypto/base/bytes.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Rows of comma-separated values, RFC 4180: a field in quotes may hold separators,
 * line ends and doubled quotes. One row at a time, in the caller's storage.
 */
#define CSV_FIELDS_MAX 96

/* The separator that the first row uses: comma, semicolon or tab, outside quotes; the most frequent. */
char csv_separator(struct bytes heading);
/*
 * Is a line end inside quotes that opened a field? Then the row goes on with the next line: a row is scanned piece by
 * piece from {.at_start = true}. separator 0: any of the three.
 */
struct csv_scan {
	bool quoted, at_start, after_quote;
};
void csv_scan(struct csv_scan *s, struct bytes piece, char separator);
/* The same of a whole. */
bool csv_is_open(struct bytes row, char separator);
/*
 * Parts a row. Quotes are removed in place, so that the fields are views into row.
 * False: more than CSV_FIELDS_MAX, or a quote where none may stand; *ret_column tells where (from 1).
 */
bool csv_part(char *row, size_t n, char separator, struct bytes fields[CSV_FIELDS_MAX], size_t *ret_count, size_t *ret_column);

/* One field, RFC 4180 2: always quoted, a quote is doubled. */
void csv_put(struct writer *w, const char *value);

#endif
