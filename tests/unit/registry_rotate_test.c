/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "station/registry/registry.h"
#include "tests/support/registry_fixture.h"
#include "tests/support/store_engine.h"

#include <stdio.h>
#include <string.h>

#define assert_ok(call) assert_int_equal((call).code, CC_OK)
#define PEOPLE 25

/* Entries, not rows: one may hold many. */
static const char sql_marks[] = "SELECT COUNT(*) + COALESCE(SUM(LENGTH(more)), 0) / 2 FROM registry_mark";

static void person(int i, struct person *ret)
{
	char row[400];

	(void)snprintf(
		row, sizeof row,
		"{\"number\":\"0%02d090000000\",\"full_name\":\"Nguyễn Văn %s\",\"birth_date\":\"1990-02-15\",\"sex\":\"male\","
		"\"nationality\":\"Việt Nam\",\"residence\":\"Số 1, Phường Hòa Bình, Quận 3, Hà Nội\"}",
		i, i % 2 ? "An" : "Bình");
	assert_ok(person_parse(bytes_str(row), ret, NULL, NULL));
}

static enum registry_put put(struct registry_fixture *w, int i)
{
	static const uint8_t jpeg[] = { 0xFF, 0xD8, 0xFF, 1, 2, 3 };
	enum registry_put ret = PUT_CONFLICT;
	struct person p;

	person(i, &p);
	assert_ok(store_begin(w->store));
	assert_ok(registry_put(w->reg, &p, i % 3 ? bytes_of(NULL, 0) : bytes_of(jpeg, sizeof jpeg), &ret, &w->err));
	assert_ok(store_commit(w->store));
	return ret;
}

static void begin(struct registry_fixture *w)
{
	registry_fixture(w);
	for (int i = 10; i < 10 + PEOPLE; i++)
		assert_int_equal(put(w, i), PUT_ADDED);
}

static bool count(void *ctx, const struct person *p, bool has_photo)
{
	(void)p;
	(void)has_photo;
	++*(size_t *)ctx;
	return true;
}

static size_t found(struct registry_fixture *w, const char *words, const char *place)
{
	const struct registry_query q = { .words = words, .place = place, .birth_year = 1990 };
	size_t n = 0;

	assert_ok(registry_query(w->reg, &q, 100, count, &n, &w->err));
	return n;
}

/* Everybody is there once, whole, under whatever key. */
static void everybody_is_there(struct registry_fixture *w)
{
	size_t all = 0;

	assert_ok(registry_walk(w->reg, count, &all, &w->err));
	assert_int_equal(all, PEOPLE);
	assert_int_equal(found(w, "binh nguyen", NULL), 13);
	assert_int_equal(found(w, "an", "hoa binh"), 12);
	assert_int_equal(found(w, "an", "phường hòa bình"), 12);
	assert_int_equal(found(w, "an", "quan 3"), 12);
	assert_int_equal(found(w, "an", "hoa"), 0);
	for (int i = 10; i < 10 + PEOPLE; i++) {
		struct person want, p;
		struct buf photo = { 0 };

		person(i, &want);
		assert_ok(registry_find(w->reg, want.number, &p, &photo, &w->err));
		assert_memory_equal(&p, &want, sizeof p);
		assert_int_equal(photo.n, i % 3 ? 0 : 6);
		buf_done(&photo);
		assert_int_equal(put(w, i), PUT_UNCHANGED);
	}
}

static int64_t number_of(struct registry_fixture *w, const char *sql)
{
	struct stmt *q = NULL;
	bool row = false;
	int64_t v;

	assert_ok(store_prepare(w->store, sql, &q));
	assert_ok(stmt_step(q, &row));
	v = stmt_column_int(q, 0);
	stmt_finish(&q);
	return v;
}

static void everybody_is_found_at_every_step_and_across_restarts(void **state)
{
	struct registry_rotation at = { 0 };
	struct registry_fixture w;
	int64_t marks;

	(void)state;
	begin(&w);
	marks = number_of(&w, sql_marks);
	everybody_is_there(&w);
	assert_ok(registry_rotate_begin(w.reg, &w.err));
	everybody_is_there(&w);
	for (int step = 0; !at.done; step++) {
		assert_in_range(step, 0, 100);
		assert_ok(registry_rotate_step(w.reg, 4, &at, &w.err));
		everybody_is_there(&w);
		if (step % 3 == 1) {
			/* A process that died begins anew, from the start of the walk. */
			registry_fixture_close(&w);
			registry_fixture_open(&w);
			at.last = 0;
			assert_ok(registry_rotate_begin(w.reg, &w.err));
		}
	}
	assert_int_equal(at.moved, PEOPLE);
	assert_int_equal(number_of(&w, "SELECT COUNT(*) FROM registry_person WHERE key_version <> 2"), 0);
	assert_int_equal(number_of(&w, "SELECT COUNT(*) FROM registry_key"), 1);
	assert_int_equal(number_of(&w, sql_marks), marks);
	registry_fixture_done(&w);
}

/* Two stations on one database: what one rotates the other finds, and never adds twice. */
static void another_station_follows(void **state)
{
	struct registry_rotation at = { 0 };
	struct registry_fixture w;
	struct registry *mine;
	struct store *other_store = NULL;
	struct registry *other = NULL;
	enum registry_put result;
	struct person p, back;

	(void)state;
	if (!store_engine_is_postgres())
		skip();
	begin(&w);
	assert_ok(store_open(w.place, &other_store, &w.err));
	assert_ok(registry_open(other_store, w.ks, &w.sys.sys, &other, &w.err));
	assert_ok(registry_rotate_begin(w.reg, &w.err));
	while (!at.done)
		assert_ok(registry_rotate_step(w.reg, 10, &at, &w.err));
	person(12, &p);
	/* It does not add by its old keys ... */
	assert_ok(store_begin(other_store));
	assert_int_equal(registry_put(other, &p, bytes_of(NULL, 0), &result, &w.err).code, CC_E_BUSY);
	assert_string_equal(w.err.key, "registry.keys-changed");
	store_rollback(other_store);
	cc_error_init(&w.err);
	/* ... and a search learns the new ones. */
	assert_ok(registry_find(other, p.number, &back, NULL, &w.err));
	assert_ok(store_begin(other_store));
	assert_ok(registry_put(other, &p, bytes_of(NULL, 0), &result, &w.err));
	assert_int_equal(result, PUT_UNCHANGED);
	assert_ok(store_commit(other_store));
	mine = w.reg;
	assert_ptr_not_equal(mine, other);
	registry_close(&other);
	store_close(&other_store);
	registry_fixture_done(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everybody_is_found_at_every_step_and_across_restarts),
		cmocka_unit_test(another_station_follows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
