/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_REGISTRY_FORMS_DECISION_H
#define CC_STATION_REGISTRY_FORMS_DECISION_H

#include "station/registry/forms.h"

/* What forms share that one officer proposes and another decides: corrections, revocations. */

/* The place of a state's name among `count`. CC_E_VERIFY "registry.damaged". */
CC_MUST cc_status forms_state(const char *table, int64_t id, struct bytes name, const char *const *names, size_t count,
			      size_t *ret, struct cc_error *err);
/* A column that holds one sealed text, which is `member` of an object; "" where it is NULL. place: as it was sealed for. */
CC_MUST cc_status forms_open_text(struct forms *f, const char *place, int64_t id, struct stmt *q, int column, const char *member,
				  char *out, size_t cap, struct cc_error *err);
/*
 * sql: an UPDATE that RETURNs the row when it was undecided; $1 id, $2 state, $3 officer, $4 when, which *ret_ms
 * tells, $5 the sealed reason or NULL. Of two officers who decide at once, the second finds no row to change.
 */
CC_MUST cc_status forms_decide(struct forms *f, const char *sql, int64_t id, const char *state, const char *officer,
			       struct bytes reason, int64_t *ret_ms, bool *ret_changed, struct cc_error *err);

/* A row; *go false ends the walk. */
typedef cc_status (*forms_row)(void *ctx, struct forms *f, struct stmt *q, bool *go, struct cc_error *err);
struct forms_list {
	const char *all, *pending, *of_number; /* statements; the last one's $1 is the number's MAC */
	forms_row row;
	void *ctx;
};
/* Of one number where it is given, else those that wait, else all. */
CC_MUST cc_status forms_walk(struct forms *f, const struct forms_list *list, const char *number, bool pending_only,
			     struct cc_error *err);

#endif
