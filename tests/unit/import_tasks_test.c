/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "station/registry/civil_task.h"
#include "station/registry/correction.h"
#include "station/registry/import.h"
#include "tests/support/forms_world.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* An import opens civil status' tasks with the rows that need them: together or not at all, and once. */
#define assert_ok(call) assert_int_equal((call).code, CC_OK)
#define PEOPLE 40
#define EACH 4 /* of these one date is incomplete */

struct hook {
	struct forms *forms;
	unsigned calls, kill_at, fail_at;
};

static cc_status open_task(void *ctx, const struct person *p, struct cc_error *err)
{
	struct hook *h = ctx;
	bool opened;

	h->calls++;
	if (h->calls == h->kill_at)
		(void)raise(SIGKILL);
	if (h->calls == h->fail_at)
		return cc_fail(err, CC_E_IO, "store.failed", "as asked");
	return civil_task_open_inside(h->forms, p, &opened, err);
}

static void make_rows(char *out, size_t cap)
{
	static const char *const incomplete[] = { "1958", "1958-03" };
	size_t n = 0;

	for (unsigned i = 0; i < PEOPLE; i++) {
		char whole[16];

		(void)snprintf(whole, sizeof whole, "1958-03-%02u", 1 + i % 28);
		n += (size_t)snprintf(out + n, cap - n,
				      "{\"number\":\"%03u058000000\",\"full_name\":\"Nguyễn Văn An\",\"birth_date\":\"%s\","
				      "\"sex\":\"male\",\"nationality\":\"Việt Nam\"%s}\n",
				      1 + i, i % EACH == 0 ? incomplete[i / EACH % 2] : whole,
				      i == EACH ? ",\"life_status\":\"dead\"" : "");
		assert_true(n < cap);
	}
}

static cc_status import(struct forms_world *w, struct hook *h, unsigned threads, struct import_counts *counts)
{
	static char rows[PEOPLE * 200];
	const struct import_options o = { .folder = ".",
					  .threads = threads,
					  .check = { .today = { 2026, 11, 24 }, .rules = validity_rules_2024() },
					  .incomplete = open_task,
					  .ctx = h };
	FILE *in;
	cc_status st;

	make_rows(rows, sizeof rows);
	in = fmemopen(rows, strlen(rows), "r");
	assert_non_null(in);
	cc_error_init(&w->err);
	h->forms = &w->forms;
	st = import_run(w->registry, in, &o, counts, &w->err);
	(void)fclose(in);
	return st;
}

static bool count_task(void *ctx, const struct civil_task *t)
{
	assert_true(strcmp(t->known, "1958") == 0 || strcmp(t->known, "1958-03") == 0);
	++*(size_t *)ctx;
	return true;
}

static size_t tasks(struct forms_world *w)
{
	size_t n = 0;

	assert_ok(civil_task_list(&w->forms, false, count_task, &n, &w->err));
	return n;
}

static int64_t people(struct forms_world *w)
{
	int64_t n = 0;

	assert_ok(registry_count(w->registry, &n, &w->err));
	return n;
}

static int up(void **state)
{
	struct forms_world *w = calloc(1, sizeof *w);

	assert_non_null(w);
	forms_world(w);
	*state = w;
	return 0;
}

static int down(void **state)
{
	forms_world_done(*state);
	free(*state);
	return 0;
}

/* The dead need no card. */
#define TASKS (PEOPLE / EACH - 1)

static void tasks_are_opened_once(void **state)
{
	struct forms_world *w = *state;
	struct import_counts c;
	uint64_t opened = 99;

	for (unsigned again = 0; again < 3; again++) {
		struct hook h = { 0 };

		assert_ok(import(w, &h, again % 2, &c));
		assert_int_equal(c.imported + c.unchanged, PEOPLE);
		assert_int_equal(h.calls, TASKS);
		assert_int_equal(tasks(w), TASKS);
	}
	assert_ok(civil_task_collect(&w->forms, &opened, &w->err));
	assert_int_equal(opened, 0);
}

static void a_failure_leaves_neither_row_nor_task(void **state)
{
	struct forms_world *w = *state;
	struct import_counts c;
	struct hook h = { .fail_at = 5 };

	assert_int_equal(import(w, &h, 0, &c).code, CC_E_IO);
	assert_int_equal(people(w), 0);
	assert_int_equal(tasks(w), 0);
	h = (struct hook){ 0 };
	assert_ok(import(w, &h, 0, &c));
	assert_int_equal(tasks(w), TASKS);
}

static void killed_anywhere_the_same_command_ends_it(void **state)
{
	struct forms_world *w = *state;
	struct hook none = { 0 };
	struct import_counts c;
	unsigned killed = 0;

	forms_world_close(w);
	for (unsigned at = 1; at <= TASKS; at += 3) {
		pid_t child = fork();
		int status;

		assert_true(child >= 0);
		if (child == 0) {
			struct hook h = { .kill_at = at };

			forms_world_open_keys(w);
			forms_world_open(w, NULL);
			(void)import(w, &h, 0, &c).code;
			_exit(9);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		killed++;
		forms_world_open(w, NULL);
		/* Whoever is here has their task. */
		assert_true((people(w) == 0 && tasks(w) == 0) || (people(w) == PEOPLE && tasks(w) == TASKS));
		forms_world_close(w);
	}
	forms_world_open(w, NULL);
	assert_ok(import(w, &none, 0, &c));
	assert_int_equal(people(w), PEOPLE);
	assert_int_equal(tasks(w), TASKS);
	print_message("# count: an import killed at %u tasks: each row has its task\n", killed);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, up, down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(tasks_are_opened_once),
		CASE(a_failure_leaves_neither_row_nor_task),
		CASE(killed_anywhere_the_same_command_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
