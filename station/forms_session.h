/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CC_STATION_FORMS_SESSION_H
#define CC_STATION_FORMS_SESSION_H

#include "station/registry/forms.h"
#include "station/registry_session.h"

/* What the verbs about forms work on: a registry_session, the books beside it, and how forms are shown. */
struct forms_session {
	struct registry_session s;
	struct books *books;
	struct forms forms;
};

/* Start from { .s = { .inv = inv } }. */
cc_status forms_session_open(struct forms_session *f);
int forms_session_close(struct forms_session *f, cc_status st, int rc);
/* For verbs whose argument is the id of a form, and for those whose argument, when there is one, is somebody's number. */
cc_status forms_session_open_id(struct forms_session *f, int64_t *ret_id);
cc_status forms_session_open_number(struct forms_session *f, const char **ret_number);

bool forms_session_vi(const struct forms_session *f); /* the officer reads Vietnamese */
/* A whole number above 0 among the arguments or options; CC_E_ARG "forms.id". */
CC_MUST cc_status forms_session_number(const char *text, int64_t *ret, struct cc_error *err);

#define FORMS_TIME_SIZE 32
/* "24/11/2026 19:49" in Vietnam, "-" for 0. */
void forms_session_time(int64_t ms, char out[FORMS_TIME_SIZE]);
/* "2026-11-24T19:49:13+07:00"; NULL (absent) for 0. */
json_t *forms_session_time_json(int64_t ms);
/* A field as an officer calls it. */
const char *forms_session_field(const struct forms_session *f, const char *field);
/* A value, or what stands for none. */
const char *forms_session_value(const struct forms_session *f, const char *field, const char *value,
				char out[REGISTRY_VALUE_SIZE]);
/* "(dry run: nothing was changed)" on stderr when it is one. */
void forms_session_dry(const struct forms_session *f);

#endif
