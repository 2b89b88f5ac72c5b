/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/csv.h"
#include "tests/fuzz/fuzz_entry.h"

#include <stdlib.h>
#include <string.h>

/*
 * One row of CSV. Its fields are views into the row and none overlaps another; written
 * again with quotes they part to the same fields; scanned in two pieces it is as
 * open as in one.
 */

static size_t write_again(const struct bytes *fields, size_t count, char separator, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			out[n++] = separator;
		out[n++] = '"';
		for (size_t k = 0; k < fields[i].n; k++) {
			if (fields[i].p[k] == '"')
				out[n++] = '"';
			out[n++] = (char)fields[i].p[k];
		}
		out[n++] = '"';
	}
	return n;
}

static void part_again(const struct bytes *fields, size_t count, char separator, size_t size)
{
	char *again = malloc(2 * size + 3 * CSV_FIELDS_MAX + 1);
	struct bytes same[CSV_FIELDS_MAX];
	size_t n, same_count = 0, column = 0;

	CC_ASSERT(again != NULL);
	n = write_again(fields, count, separator, again);
	CC_ASSERT(!csv_is_open(bytes_of(again, n), separator));
	CC_ASSERT(csv_part(again, n, separator, same, &same_count, &column));
	CC_ASSERT(same_count == count);
	for (size_t i = 0; i < count; i++)
		CC_ASSERT(bytes_equal(fields[i], same[i]));
	free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes fields[CSV_FIELDS_MAX], whole = bytes_of(data, size);
	size_t count = 0, column = 0, half = size / 2;
	struct csv_scan scan = { .at_start = true };
	char separator = csv_separator(whole), *row = malloc(size + 1);
	const char *end;

	CC_ASSERT(row != NULL);
	csv_scan(&scan, bytes_of(data, half), separator);
	csv_scan(&scan, bytes_of(data + half, size - half), separator);
	CC_ASSERT(scan.quoted == csv_is_open(whole, separator));
	if (size > 0)
		memcpy(row, data, size);
	if (csv_part(row, size, separator, fields, &count, &column)) {
		CC_ASSERT(count >= 1 && count <= CSV_FIELDS_MAX);
		end = row;
		for (size_t i = 0; i < count; i++) {
			CC_ASSERT((const char *)fields[i].p >= end);
			end = (const char *)fields[i].p + fields[i].n;
		}
		CC_ASSERT(end <= row + size);
		CC_ASSERT(!scan.quoted);
		part_again(fields, count, separator, size);
	} else {
		CC_ASSERT(column >= 1 && column <= size + 1);
	}
	free(row);
	return 0;
}
