/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_REGISTRY_FORMS_H
#define CC_STATION_REGISTRY_FORMS_H

#include "station/issue/books.h"
#include "station/registry/registry.h"

#include <jansson.h>

/*
 * What the forms of this room share (corrections, conflicts, tasks, exports): the
 * registry and the books over one store, ids, officers' names, and sealed JSON.
 * What a form says is sealed with the books' key, bound to its table and id.
 */
struct forms {
	struct registry *registry; /* borrowed, as the books */
	struct books *books;
	bool dry_run; /* everything is done and judged, and nothing is kept */
};

#define FORMS_OFFICER_SIZE 64
#define FORMS_TEXT_SIZE 256

/* A transaction, as books_begin and books_end; a dry run rolls back what is good. */
CC_MUST cc_status forms_begin(struct forms *f, struct cc_error *err);
CC_MUST cc_status forms_end(struct forms *f, cc_status st, struct cc_error *err);
/* Ids rise, one row of numbers for all forms. Inside a transaction. */
CC_MUST cc_status forms_next_id(struct forms *f, int64_t *ret, struct cc_error *err);

/* NFC; CC_E_ARG "forms.officer" when it is missing, too long or no text. */
CC_MUST cc_status forms_officer(const char *name, char out[FORMS_OFFICER_SIZE], struct cc_error *err);
/* Compared without marks, case and spacing: two spellings of a name are one officer. */
bool forms_same_officer(const char *a, const char *b);
/* The same for evidence, reasons, receivers: NFC, not empty; CC_E_ARG "forms.text" names `what`. */
CC_MUST cc_status forms_text(const char *text, const char *what, char out[FORMS_TEXT_SIZE], struct cc_error *err);

/* Compact, keys sorted. Steals root, which may be NULL: CC_E_MEMORY. */
CC_MUST cc_status forms_seal(struct forms *f, const char *table, int64_t id, json_t *root, struct buf *ret, struct cc_error *err);
/* An object. CC_E_VERIFY "registry.damaged". */
CC_MUST cc_status forms_open(struct forms *f, const char *table, int64_t id, struct bytes sealed, json_t **ret,
			     struct cc_error *err);
/* A member's text into out; "" when there is none; cut at cap. */
void forms_copy(const json_t *root, const char *name, char *out, size_t cap);
void forms_copy_column(struct stmt *q, int column, char *out, size_t cap);

/* The next row of a query that books_query began. */
CC_MUST cc_status forms_step(struct forms *f, struct stmt *q, bool *ret_row, struct cc_error *err);
CC_MUST cc_status forms_mac(struct forms *f, const char *number, uint8_t out[BOOKS_MAC_LEN], struct cc_error *err);
/* A statement with RETURNING: did it change a row? */
CC_MUST cc_status forms_change(struct forms *f, const char *sql, const struct books_value *values, size_t count, bool *ret,
			       struct cc_error *err);

#endif
