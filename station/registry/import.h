/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_REGISTRY_IMPORT_H
#define CC_STATION_REGISTRY_IMPORT_H

#include "station/registry/encoding.h"
#include "station/registry/registry.h"

#include <stdint.h>
#include <stdio.h>

/*
 * Import of JSON Lines (person.h). Rows that are malformed, doubled or in
 * conflict are told and left out; the rest is committed in batches. A crash
 * loses at most the open batch; the same file again counts the committed rows as
 * unchanged.
 */
struct import_counts {
	uint64_t rows;	    /* lines that are not empty */
	uint64_t imported;  /* new people */
	uint64_t unchanged; /* there already, with this content */
	uint64_t completed; /* there already; the missing photo was added */
	uint64_t conflicts; /* there already, with another content */
	uint64_t refused;   /* malformed, or a second row of one number */
	uint64_t held;	    /* of imported, unchanged and completed: a hold stops their card */
	uint64_t warnings;
};

/* CSV: RFC 4180, the first row names the fields (person.h, or their Vietnamese labels); comma, semicolon or tab. */
enum import_format { IMPORT_JSON_LINES, IMPORT_CSV };

enum import_severity { IMPORT_WARNING, IMPORT_HELD, IMPORT_REFUSED };

/* One remark about a line. Never a value of the row. */
struct import_remark {
	uint64_t line;
	enum import_severity severity;
	struct row_fault fault;
	uint64_t other_line; /* "import.duplicate": the first line with this number */
};
const char *import_severity_name(enum import_severity s);

struct import_options {
	const char *folder; /* photos are below it */
	bool dry_run;
	enum import_format format;
	bool named_encoding;	     /* encoding was named; else it is detected on the first 64 KiB */
	enum text_encoding encoding; /* then: "import.encoding-unknown" when none stands out */
	unsigned threads;	     /* 0: reads and writes in turn; 1: a thread of its own reads, checks and seals ahead */
	struct check_context check;
	void (*remark)(void *ctx, const struct import_remark *m);		    /* may be NULL */
	void (*progress)(void *ctx, const struct import_counts *c, uint64_t bytes); /* after each batch; may be NULL */
	/* A row that was refused or is in conflict, as it stood in the file; CSV: its first row before them. May be NULL.
	 * Personal data. */
	void (*reject)(void *ctx, uint64_t line, struct bytes row);
	/*
	 * Somebody living whose birth date is incomplete was added, or is there already: inside the transaction of the row,
	 * which a failure undoes. Their row and what is booked here are there together or not at all. May be NULL.
	 */
	cc_status (*incomplete)(void *ctx, const struct person *p, struct cc_error *err);
	void *ctx;
};

/* A failure of store or disk ends it; ret holds what was done until then. */
CC_MUST cc_status import_run(struct registry *r, FILE *in, const struct import_options *o, struct import_counts *ret,
			     struct cc_error *err);

#endif
