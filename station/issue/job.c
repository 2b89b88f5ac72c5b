/* SPDX-License-Identifier: Apache-2.0 */
#include "station/issue/job.h"

#include "station/issue/steps.h"

#include <string.h>

static const struct job_row rows[] = {
	/* from		event		to		irreversible	enter */
	{ JOB_NEW, JOB_BIND, JOB_BOUND, false, NULL },
	{ JOB_BOUND, JOB_MAKE_KEYS, JOB_KEYED, true, step_make_keys },
	{ JOB_KEYED, JOB_SIGN, JOB_SIGNED, false, step_sign },
	{ JOB_SIGNED, JOB_WRITE, JOB_WRITTEN, true, step_write },
	{ JOB_WRITTEN, JOB_CLOSE, JOB_CLOSED, true, step_close },
	{ JOB_CLOSED, JOB_SECURE, JOB_SECURED, true, step_secure },
	{ JOB_SECURED, JOB_LOCK, JOB_LOCKED, true, step_lock },
	{ JOB_LOCKED, JOB_PROVE, JOB_PROVED, false, step_prove },
	{ JOB_PROVED, JOB_ISSUE, JOB_ISSUED, false, step_inspect },

	{ JOB_BOUND, JOB_SPOIL, JOB_SPOILED, false, NULL },
	{ JOB_KEYED, JOB_SPOIL, JOB_SPOILED, false, NULL },
	{ JOB_SIGNED, JOB_SPOIL, JOB_SPOILED, false, NULL },
	{ JOB_WRITTEN, JOB_SPOIL, JOB_SPOILED, false, NULL },
	{ JOB_CLOSED, JOB_SPOIL, JOB_SPOILED, false, NULL },
	{ JOB_SECURED, JOB_SPOIL, JOB_SPOILED, false, NULL },
	{ JOB_LOCKED, JOB_SPOIL, JOB_SPOILED, false, NULL },
	{ JOB_PROVED, JOB_SPOIL, JOB_SPOILED, false, NULL },
};

static const char *const state_names[JOB_STATE_COUNT] = {
	[JOB_NEW] = "new",	   [JOB_BOUND] = "bound",   [JOB_KEYED] = "keyed",     [JOB_SIGNED] = "signed",
	[JOB_WRITTEN] = "written", [JOB_CLOSED] = "closed", [JOB_SECURED] = "secured", [JOB_LOCKED] = "locked",
	[JOB_PROVED] = "proved",   [JOB_ISSUED] = "issued", [JOB_SPOILED] = "spoiled",
};

static const char *const event_names[JOB_EVENT_COUNT] = {
	[JOB_BIND] = "bind",   [JOB_MAKE_KEYS] = "make-keys", [JOB_SIGN] = "sign", [JOB_WRITE] = "write",
	[JOB_CLOSE] = "close", [JOB_SECURE] = "secure",	      [JOB_LOCK] = "lock", [JOB_PROVE] = "prove",
	[JOB_ISSUE] = "issue", [JOB_SPOIL] = "spoil",
};

#define ROW_COUNT (sizeof rows / sizeof rows[0])

const struct job_row *job_row_find(enum job_state from, enum job_event event)
{
	for (size_t i = 0; i < ROW_COUNT; i++) {
		if (rows[i].from == from && rows[i].event == event)
			return &rows[i];
	}
	return NULL;
}

const struct job_row *job_row_next(enum job_state from)
{
	for (size_t i = 0; i < ROW_COUNT; i++) {
		if (rows[i].from == from && rows[i].event != JOB_SPOIL)
			return &rows[i];
	}
	return NULL;
}

bool job_state_is_final(enum job_state s)
{
	return s == JOB_ISSUED || s == JOB_SPOILED;
}

const char *job_state_name(enum job_state s)
{
	CC_ASSERT(s < JOB_STATE_COUNT);
	return state_names[s];
}

const char *job_event_name(enum job_event e)
{
	CC_ASSERT(e < JOB_EVENT_COUNT);
	return event_names[e];
}

static bool find_name(struct bytes name, const char *const *names, unsigned count, unsigned *ret)
{
	for (unsigned i = 0; i < count; i++) {
		if (bytes_equal(name, bytes_str(names[i]))) {
			*ret = i;
			return true;
		}
	}
	return false;
}

bool job_state_parse(struct bytes name, enum job_state *ret)
{
	unsigned i;

	if (!find_name(name, state_names, JOB_STATE_COUNT, &i))
		return false;
	*ret = (enum job_state)i;
	return true;
}

bool job_event_parse(struct bytes name, enum job_event *ret)
{
	unsigned i;

	if (!find_name(name, event_names, JOB_EVENT_COUNT, &i))
		return false;
	*ret = (enum job_event)i;
	return true;
}
