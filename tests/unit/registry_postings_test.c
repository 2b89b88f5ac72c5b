/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "station/registry/registry_rows.h"
#include "tests/support/alloc_fault.h"
#include "tests/support/registry_fixture.h"
#include "tests/support/store_engine.h"

#include <stdio.h>
#include <string.h>

#define assert_ok(call) assert_int_equal((call).code, CC_OK)

/* Lists of people under marks, on both engines, against a table of who stands where. */
static int begin(void **state)
{
	static struct registry_fixture w;

	registry_fixture(&w);
	*state = &w;
	return 0;
}

static int end(void **state)
{
	registry_fixture_done(*state);
	return 0;
}

static cc_status add(struct registry_fixture *w, const struct registry_mark *marks, size_t count)
{
	cc_status st;

	assert_ok(store_begin(w->store));
	st = registry_marks_write(w->reg, marks, count, &w->err);
	if (st.code == CC_OK)
		assert_ok(store_commit(w->store));
	store_rollback(w->store);
	return st;
}

static cc_status drop(struct registry_fixture *w, int64_t mark, int64_t person)
{
	cc_status st;

	assert_ok(store_begin(w->store));
	st = registry_mark_drop(w->reg, (struct registry_mark){ mark, person }, &w->err);
	if (st.code == CC_OK)
		assert_ok(store_commit(w->store));
	store_rollback(w->store);
	return st;
}

static void run_sql(struct registry_fixture *w, const char *sql)
{
	struct stmt *q = NULL;

	assert_ok(store_prepare(w->store, sql, &q));
	assert_ok(stmt_run(q));
	stmt_finish(&q);
}

static int64_t rows(struct registry_fixture *w)
{
	struct stmt *q = NULL;
	bool row = false;
	int64_t n;

	assert_ok(store_prepare(w->store, "SELECT COUNT(*) FROM registry_mark", &q));
	assert_ok(stmt_step(q, &row));
	assert_true(row);
	n = stmt_column_int(q, 0);
	stmt_finish(&q);
	return n;
}

static int64_t next(struct registry_fixture *w, struct registry_postings *l, int64_t from)
{
	int64_t found = -1;

	assert_ok(registry_postings_next(w->reg, l, from, &found, &w->err));
	return found;
}

static size_t count_of(struct registry_fixture *w, int64_t mark)
{
	static struct registry_postings l;
	size_t n = 0;

	registry_postings_begin(&l, mark);
	for (int64_t id = 0; (id = next(w, &l, id + 1)) != 0; n++)
		;
	return n;
}

/* ---- everything at random */

#define MARKS 4
#define IDS (5 * REGISTRY_SLICE / 2)
#define STEPS 600

/* The first two share the bits by which marks are sorted. */
static const int64_t marks_of_test[MARKS] = { 0x1234567812345678, 0x1234567812345679, -5, INT64_MIN };
static bool stands[MARKS][IDS + 1];

static uint64_t random_next(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s;
}

/* A batch as a load makes it: ids rise, now and then from behind, and somebody comes twice. */
static void add_at_random(struct registry_fixture *w, uint64_t *s)
{
	static struct registry_mark batch[400], room[400];
	size_t n = 1 + random_next(s) % 400;
	int64_t id = 1 + (int64_t)(random_next(s) % IDS);

	for (size_t i = 0; i < n; i++) {
		size_t m = random_next(s) % MARKS;

		batch[i] = (struct registry_mark){ marks_of_test[m], id };
		stands[m][id] = true;
		id = random_next(s) % 50 == 0 ? 1 + (int64_t)(random_next(s) % IDS) : id + (int64_t)(random_next(s) % 4);
		id = id > IDS ? 1 : id;
	}
	registry_marks_sort(batch, room, n);
	assert_ok(add(w, batch, n));
}

static void drop_at_random(struct registry_fixture *w, uint64_t *s)
{
	for (int i = 0; i < 20; i++) {
		size_t m = random_next(s) % MARKS;
		int64_t id = 1 + (int64_t)(random_next(s) % IDS);

		/* Half of them somebody who stands there, if anybody is near. */
		while (i % 2 && id < IDS && !stands[m][id])
			id++;
		stands[m][id] = false;
		assert_ok(drop(w, marks_of_test[m], id));
	}
}

static void compare_from(struct registry_fixture *w, size_t m, int64_t from, int64_t leap, size_t *count)
{
	static struct registry_postings l;
	int64_t found;

	registry_postings_begin(&l, marks_of_test[m]);
	do {
		int64_t want = from;

		while (want <= IDS && !stands[m][want])
			want++;
		found = next(w, &l, from);
		assert_int_equal(found, want > IDS ? 0 : want);
		from = found + leap;
		++*count;
	} while (found != 0 && from <= IDS);
}

static void lists_are_what_was_written(void **state)
{
	struct registry_fixture *w = *state;
	uint64_t s = 20260701;
	size_t compared = 0, left = 0;

	memset(stands, 0, sizeof stands);
	for (int step = 0; step < STEPS; step++) {
		if (step % 3 == 2)
			drop_at_random(w, &s);
		else
			add_at_random(w, &s);
		if (step % 10 == 9)
			compare_from(w, random_next(&s) % MARKS, 1 + (int64_t)(random_next(&s) % IDS),
				     1 + (int64_t)(random_next(&s) % 3000), &compared);
	}
	for (size_t m = 0; m < MARKS; m++)
		compare_from(w, m, 1, 1, &compared);
	for (size_t m = 0; m < MARKS; m++) {
		for (int64_t id = 1; id <= IDS; id++) {
			if (stands[m][id]) {
				stands[m][id] = false;
				left++;
				if (left % 5 == 0)
					assert_ok(drop(w, marks_of_test[m], id));
				else
					stands[m][id] = true;
			}
		}
		compare_from(w, m, 1, 1, &compared);
	}
	assert_true(left > 10000);
	print_message("# count: %zu steps through lists of people agree with the table, %zu entries at the end\n", compared,
		      left);
}

/* ---- by hand */

static void a_load_is_a_row_for_each_slice(void **state)
{
	static struct registry_mark m[1000];
	struct registry_fixture *w = *state;
	int64_t first = REGISTRY_SLICE - 400;

	for (int i = 0; i < 1000; i++)
		m[i] = (struct registry_mark){ 77, first + i };
	assert_ok(add(w, m, 1000));
	assert_int_equal(rows(w), 2);
	assert_int_equal(count_of(w, 77), 1000);
	assert_int_equal(count_of(w, 76), 0);
	/* The same once more, and one who came alone before: nothing changes. */
	assert_ok(add(w, m, 1000));
	assert_int_equal(count_of(w, 77), 1000);
}

/* What an older program wrote stands for one each; a row that would begin with the same person doesn't hide the others. */
static void rows_of_one_go_on(void **state)
{
	static const struct registry_mark m[] = { { 9, 5 }, { 9, 6 }, { 9, 40000 } };
	struct registry_fixture *w = *state;

	run_sql(w, "INSERT INTO registry_mark (mark, person_id) VALUES (9, 5)");
	run_sql(w, "INSERT INTO registry_mark (mark, person_id) VALUES (9, 7)");
	assert_ok(add(w, m, 3));
	assert_int_equal(count_of(w, 9), 4);
	assert_ok(drop(w, 9, 6));
	assert_ok(drop(w, 9, 5));
	assert_ok(drop(w, 9, 5));
	assert_ok(drop(w, 9, 8));
	assert_int_equal(count_of(w, 9), 2);
}

static void people_leave_a_row_one_by_one(void **state)
{
	static const struct registry_mark m[] = { { 3, 10 }, { 3, 11 }, { 3, 20 }, { 3, 30 } };
	struct registry_fixture *w = *state;

	assert_ok(add(w, m, 4));
	assert_int_equal(rows(w), 1);
	assert_ok(drop(w, 3, 20)); /* in the middle */
	assert_int_equal(count_of(w, 3), 3);
	assert_ok(drop(w, 3, 10)); /* the one in the key */
	assert_int_equal(count_of(w, 3), 2);
	assert_ok(drop(w, 3, 30)); /* the last */
	assert_int_equal(count_of(w, 3), 1);
	assert_ok(drop(w, 3, 11));
	assert_int_equal(rows(w), 0);
}

static void damaged_rows_are_named(void **state)
{
	static const struct {
		int64_t first;
		const char *bytes;
		size_t n;
	} bad[] = {
		{ 5, "\0", 1 },			   /* half a distance */
		{ 5, "\0\1\0", 3 },		   /* and after a whole one */
		{ 5, "\0\0", 2 },		   /* the first again */
		{ 5, "\0\2\0\2", 4 },		   /* nobody twice */
		{ 5, "\0\2\0\1", 4 },		   /* not back */
		{ REGISTRY_SLICE - 1, "\0\1", 2 }, /* over the slice's end */
		{ 5, "\xFF\xFF", 2 },
	};
	struct registry_fixture *w = *state;
	static struct registry_postings l;
	int64_t found = 0;

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct stmt *q = NULL;

		assert_ok(store_prepare(w->store, "INSERT INTO registry_mark (mark, person_id, more) VALUES ($1, $2, $3)", &q));
		assert_ok(stmt_bind_int(q, 1, (int64_t)i));
		assert_ok(stmt_bind_int(q, 2, bad[i].first));
		assert_ok(stmt_bind_blob(q, 3, bytes_of(bad[i].bytes, bad[i].n)));
		assert_ok(stmt_run(q));
		stmt_finish(&q);
		registry_postings_begin(&l, (int64_t)i);
		cc_error_init(&w->err);
		assert_int_equal(registry_postings_next(w->reg, &l, 1, &found, &w->err).code, CC_E_VERIFY);
		assert_string_equal(w->err.key, "registry.damaged");
		cc_error_init(&w->err);
		assert_int_equal(drop(w, (int64_t)i, REGISTRY_SLICE - 1).code, CC_E_VERIFY);
	}
	cc_error_init(&w->err);
}

/* SQLite keeps any value under any column: ids that are none, more than are read at once, end a walk. */
static void ids_that_are_no_numbers_end_a_walk(void **state)
{
	struct registry_fixture *w = *state;
	struct registry_postings l;
	int64_t found = 0;

	if (store_engine_is_postgres())
		skip();
	run_sql(w, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6000)"
		   " INSERT INTO registry_mark (mark, person_id) SELECT 3, 'x' || i FROM n");
	registry_postings_begin(&l, 3);
	assert_int_equal(registry_postings_next(w->reg, &l, 1, &found, &w->err).code, CC_E_VERIFY);
	assert_string_equal(w->err.key, "registry.damaged");
	cc_error_init(&w->err);
	run_sql(w, "INSERT INTO registry_mark (mark, person_id) VALUES (4, 9223372036854775807)");
	registry_postings_begin(&l, 4);
	assert_int_equal(registry_postings_next(w->reg, &l, 1, &found, &w->err).code, CC_E_VERIFY);
}

static void no_memory_writes_nothing(void **state)
{
	static const struct registry_mark m[] = { { 3, 10 }, { 3, 11 }, { 3, 20 }, { 4, 10 } };
	struct registry_fixture *w = *state;
	size_t refused = 0;

	for (size_t k = 1; alloc_fault_next(&k);) {
		cc_status st = add(w, m, 4);

		refused += st.code != CC_OK;
		if (alloc_fault_end())
			assert_true(st.code == CC_OK || st.code == CC_E_MEMORY);
		assert_int_equal(count_of(w, 3), st.code == CC_OK ? 3 : 0);
		cc_error_init(&w->err);
	}
	assert_true(refused > 0);
	for (size_t k = 1; alloc_fault_next(&k);) {
		cc_status st = drop(w, 3, 11);

		if (alloc_fault_end())
			assert_true(st.code == CC_OK || st.code == CC_E_MEMORY);
		assert_int_equal(count_of(w, 3), st.code == CC_OK ? 2 : 3);
		cc_error_init(&w->err);
	}
	assert_int_equal(count_of(w, 4), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(lists_are_what_was_written, begin, end),
		cmocka_unit_test_setup_teardown(a_load_is_a_row_for_each_slice, begin, end),
		cmocka_unit_test_setup_teardown(rows_of_one_go_on, begin, end),
		cmocka_unit_test_setup_teardown(people_leave_a_row_one_by_one, begin, end),
		cmocka_unit_test_setup_teardown(damaged_rows_are_named, begin, end),
		cmocka_unit_test_setup_teardown(ids_that_are_no_numbers_end_a_walk, begin, end),
		cmocka_unit_test_setup_teardown(no_memory_writes_nothing, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
