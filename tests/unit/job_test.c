/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "station/issue/job.h"

static void the_way_leads_from_new_to_issued(void **state)
{
	static const enum job_event way[] = { JOB_BIND,	  JOB_MAKE_KEYS, JOB_SIGN,  JOB_WRITE, JOB_CLOSE,
					      JOB_SECURE, JOB_LOCK,	 JOB_PROVE, JOB_ISSUE };
	enum job_state s = JOB_NEW;

	(void)state;
	for (size_t i = 0; i < sizeof way / sizeof way[0]; i++) {
		const struct job_row *row = job_row_next(s);

		assert_non_null(row);
		assert_int_equal(row->event, way[i]);
		assert_ptr_equal(row, job_row_find(s, way[i]));
		s = row->to;
	}
	assert_int_equal(s, JOB_ISSUED);
	assert_null(job_row_next(s));
}

/* What changes the chip for good stands between two records; the keys go last, behind the life cycle. */
static void irreversible_rows_are_those_that_change_the_chip(void **state)
{
	(void)state;
	for (unsigned s = 0; s < JOB_STATE_COUNT; s++) {
		for (unsigned e = 0; e < JOB_EVENT_COUNT; e++) {
			const struct job_row *row = job_row_find((enum job_state)s, (enum job_event)e);
			bool changes = e == JOB_MAKE_KEYS || e == JOB_WRITE || e == JOB_CLOSE || e == JOB_SECURE || e == JOB_LOCK;

			if (!row)
				continue;
			assert_int_equal(row->irreversible, changes);
			assert_int_equal(row->enter == NULL, e == JOB_BIND || e == JOB_SPOIL);
		}
	}
	assert_int_equal(job_row_find(JOB_CLOSED, JOB_SECURE)->to, JOB_SECURED);
	assert_int_equal(job_row_find(JOB_SECURED, JOB_LOCK)->to, JOB_LOCKED);
	assert_null(job_row_find(JOB_CLOSED, JOB_LOCK));
	assert_null(job_row_find(JOB_WRITTEN, JOB_SECURE));
	assert_null(job_row_find(JOB_LOCKED, JOB_ISSUE));
}

static void only_live_jobs_can_be_spoiled(void **state)
{
	(void)state;
	for (unsigned s = 0; s < JOB_STATE_COUNT; s++) {
		const struct job_row *row = job_row_find((enum job_state)s, JOB_SPOIL);
		bool live = s != JOB_NEW && !job_state_is_final((enum job_state)s);

		assert_int_equal(row != NULL, live);
		if (row)
			assert_int_equal(row->to, JOB_SPOILED);
	}
}

static void final_states_have_no_way_out(void **state)
{
	(void)state;
	for (unsigned e = 0; e < JOB_EVENT_COUNT; e++) {
		assert_null(job_row_find(JOB_ISSUED, (enum job_event)e));
		assert_null(job_row_find(JOB_SPOILED, (enum job_event)e));
	}
}

static void names_read_back(void **state)
{
	enum job_state s;
	enum job_event e;

	(void)state;
	for (unsigned i = 0; i < JOB_STATE_COUNT; i++) {
		assert_true(job_state_parse(bytes_str(job_state_name((enum job_state)i)), &s));
		assert_int_equal(s, i);
	}
	for (unsigned i = 0; i < JOB_EVENT_COUNT; i++) {
		assert_true(job_event_parse(bytes_str(job_event_name((enum job_event)i)), &e));
		assert_int_equal(e, i);
	}
	assert_false(job_state_parse(bytes_str("sealed"), &s));
	assert_false(job_state_parse(bytes_str(""), &s));
	assert_false(job_event_parse(bytes_str("bindx"), &e));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_way_leads_from_new_to_issued),
		cmocka_unit_test(irreversible_rows_are_those_that_change_the_chip),
		cmocka_unit_test(only_live_jobs_can_be_spoiled),
		cmocka_unit_test(final_states_have_no_way_out),
		cmocka_unit_test(names_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
