/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_REGISTRY_CIVIL_TASK_H
#define CC_STATION_REGISTRY_CIVIL_TASK_H

#include "station/registry/forms.h"

/*
 * Work for civil status: a person whose birth date is known to the year or the
 * month only (cccd-card.md 7). The date is never invented: the task ends when a
 * correction of birth_date with its basis document is approved and the date is whole.
 */
struct civil_task {
	int64_t id;
	char number[PERSON_NUMBER_SIZE];
	char known[DATE_TEXT_SIZE]; /* "1958", "1958-03", "" */
	char basis[PERSON_TERM_SIZE];
	bool open;
	int64_t opened_ms, closed_ms, correction_id; /* of the correction that ended it */
};

/* Opens the person's task when the date is incomplete and none is open; *ret_opened. Inside forms_begin. */
CC_MUST cc_status civil_task_open_inside(struct forms *f, const struct person *p, bool *ret_opened, struct cc_error *err);
/* After a correction: ends the task when the date is whole now. */
CC_MUST cc_status civil_task_settle_inside(struct forms *f, const struct person *p, int64_t correction_id, struct cc_error *err);
/* Everybody alive whose date is incomplete; *ret_opened new tasks. Durable page by page: broken off, it is just run again. */
CC_MUST cc_status civil_task_collect(struct forms *f, uint64_t *ret_opened, struct cc_error *err);

typedef bool (*civil_task_visit)(void *ctx, const struct civil_task *t);
CC_MUST cc_status civil_task_list(struct forms *f, bool open_only, civil_task_visit visit, void *ctx, struct cc_error *err);

#endif
