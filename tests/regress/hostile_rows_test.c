/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/hostile_rows.h"
#include "tests/support/store_engine.h"

#include "station/registry/registry.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define assert_ok(call) assert_int_equal((call).code, CC_OK)
#define SEED 20260701

/*
 * 50,000 rows that offices could send and that nobody should: each has the verdict
 * that it must get (tests/support/hostile_rows.h), and no row stops another.
 */
static char folder[] = "/tmp/cccd-hostile-XXXXXX";
static struct keystore *ks;
static struct store *store;
static struct registry *reg;
static struct hostile_file files[HOSTILE_FILES];

static int make_home(void **state)
{
	char path[PATH_MAX];
	struct cc_error err = { 0 };

	(void)state;
	if (mkdtemp(folder) == NULL || hostile_photos(folder) != 0)
		return -1;
	(void)snprintf(path, sizeof path, "%s/a.ccks", folder);
	hostile_make(SEED, files);
	return cc_failed(keystore_file_create_cost(path, BYTES_LITERAL("a"), (struct password_cost){ 8192, 1, 1 }, sys_real(),
						   &ks, &err))
		       ? -1
		       : 0;
}

static int remove_home(void **state)
{
	char command[64];

	(void)state;
	for (size_t i = 0; i < HOSTILE_FILES; i++)
		hostile_file_done(&files[i]);
	keystore_close(&ks);
	(void)snprintf(command, sizeof command, "rm -rf %s", folder);
	return system(command);
}

static void open_registry(const char *name)
{
	char path[PATH_MAX], place[1024];
	struct cc_error err = { 0 };

	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	store_engine_place(path, place, sizeof place);
	assert_ok(store_open(place, &store, &err));
	assert_ok(registry_open(store, ks, sys_real(), &reg, &err));
}

static void close_registry(void)
{
	registry_close(&reg);
	store_close(&store);
}

/* ---- what an import says, line by line */

struct heard {
	struct import_remark *remarks;
	size_t count, cap;
	uint64_t *rejected;
	size_t rejected_count, rejected_cap;
};

static void *grown(void *list, size_t count, size_t *cap, size_t size)
{
	if (count < *cap)
		return list;
	*cap = *cap == 0 ? 1024 : *cap * 2;
	list = realloc(list, *cap * size);
	assert_non_null(list);
	return list;
}

static void hear(void *ctx, const struct import_remark *m)
{
	struct heard *h = ctx;

	h->remarks = grown(h->remarks, h->count, &h->cap, sizeof *h->remarks);
	h->remarks[h->count++] = *m;
}

static void hear_reject(void *ctx, uint64_t line, struct bytes row)
{
	struct heard *h = ctx;

	(void)row;
	h->rejected = grown(h->rejected, h->rejected_count, &h->rejected_cap, sizeof *h->rejected);
	h->rejected[h->rejected_count++] = line;
}

static struct import_counts run(const struct hostile_file *f, unsigned threads, struct heard *h)
{
	struct import_options o = { .folder = folder,
				    .format = f->format,
				    .named_encoding = f->named,
				    .encoding = f->encoding,
				    .threads = threads,
				    .check = { .today = { 2026, 7, 1 }, .rules = validity_rules_2024() },
				    .remark = hear,
				    .reject = hear_reject,
				    .ctx = h };
	struct import_counts c = { 0 };
	struct cc_error err = { 0 };
	FILE *in = fmemopen(f->bytes, f->n, "r");
	cc_status st;

	assert_non_null(in);
	st = import_run(reg, in, &o, &c, &err);
	if (cc_failed(st))
		print_message("# %s: %s %s\n", f->title, err.key, err.detail);
	assert_ok(st);
	(void)fclose(in);
	return c;
}

static void heard_done(struct heard *h)
{
	free(h->remarks);
	free(h->rejected);
}

static int by_key(const void *a, const void *b)
{
	const struct told_remark *x = a, *y = b;
	int order = strcmp(x->key, y->key);

	if (order == 0)
		order = strcmp(x->field, y->field);
	return order != 0 ? order : (int)x->severity - (int)y->severity;
}

static size_t remarks_of(const struct heard *h, size_t *at, uint64_t line, struct told_remark *out, uint64_t *other_line)
{
	size_t n = 0;

	while (*at < h->count && h->remarks[*at].line == line) {
		const struct import_remark *m = &h->remarks[(*at)++];

		if (n < TOLD_MAX)
			out[n] = (struct told_remark){ m->severity, m->fault.key, m->fault.field };
		n++;
		if (m->other_line != 0)
			*other_line = m->other_line;
	}
	return n;
}

static bool same_verdict(const struct told *want, const struct told_remark *have, size_t count, uint64_t other_line)
{
	struct told_remark told[TOLD_MAX], heard[TOLD_MAX];

	if (count != want->count || other_line != want->other_line)
		return false;
	memcpy(told, want->remarks, sizeof told);
	memcpy(heard, have, sizeof heard);
	qsort(told, count, sizeof *told, by_key);
	qsort(heard, count, sizeof *heard, by_key);
	for (size_t i = 0; i < count; i++) {
		if (by_key(&told[i], &heard[i]) != 0)
			return false;
	}
	return true;
}

static void explain(const struct hostile_file *f, const struct told *want, const struct told_remark *have, size_t count)
{
	print_message("# %s, line %llu: %s\n", f->title, (unsigned long long)want->line, want->class);
	for (size_t i = 0; i < want->count; i++)
		print_message("#   expected: %s %s %s\n", import_severity_name(want->remarks[i].severity), want->remarks[i].key,
			      want->remarks[i].field);
	for (size_t i = 0; i < count && i < TOLD_MAX; i++)
		print_message("#   told: %s %s %s\n", import_severity_name(have[i].severity), have[i].key, have[i].field);
}

static void check_lines(const struct hostile_file *f, const struct heard *h)
{
	size_t at = 0, wrong = 0, rejected = 0;

	if (f->format == IMPORT_CSV) {
		assert_true(h->rejected_count > 0);
		assert_int_equal(h->rejected[rejected++], 1); /* the heading, so that the rejects are a file again */
	}
	for (size_t i = 0; i < f->count; i++) {
		struct told_remark have[TOLD_MAX] = { 0 };
		uint64_t other_line = 0;
		size_t n;
		const struct told *want = &f->rows[i];

		n = remarks_of(h, &at, want->line, have, &other_line);
		if (!same_verdict(want, have, n, other_line) && wrong++ < 10)
			explain(f, want, have, n);
		if (!want->refused && !want->conflict)
			continue;
		assert_true(rejected < h->rejected_count);
		assert_int_equal(h->rejected[rejected++], want->line);
	}
	assert_int_equal(wrong, 0);
	assert_int_equal(at, h->count);
	assert_int_equal(rejected, h->rejected_count);
}

static void check_counts(const struct hostile_file *f, const struct import_counts *c)
{
	struct import_counts want = { .rows = f->count };

	for (size_t i = 0; i < f->count; i++) {
		const struct told *t = &f->rows[i];

		want.refused += t->refused;
		want.conflicts += t->conflict;
		want.unchanged += t->unchanged;
		want.completed += t->completed;
		want.held += t->held;
		want.imported += !t->refused && !t->conflict && !t->unchanged && !t->completed;
		for (size_t k = 0; k < t->count; k++)
			want.warnings += t->remarks[k].severity == IMPORT_WARNING;
	}
	assert_memory_equal(c, &want, sizeof want);
}

/* ---- who is in the registry afterwards */

struct kept {
	char number[13];
	const char *name;
	bool seen;
};
struct people {
	struct kept *list;
	size_t count, met;
};

static int by_number(const void *a, const void *b)
{
	return strcmp(((const struct kept *)a)->number, ((const struct kept *)b)->number);
}

static struct people expected_people(void)
{
	struct people p = { .list = calloc(2 * HOSTILE_ROWS, sizeof *p.list) };

	assert_non_null(p.list);
	for (size_t f = 0; f < HOSTILE_FILES; f++) {
		for (size_t i = 0; i < files[f].count; i++) {
			const struct told *t = &files[f].rows[i];

			if (t->refused || t->conflict || t->unchanged || t->completed)
				continue;
			memcpy(p.list[p.count].number, t->number, sizeof t->number);
			p.list[p.count++].name = t->name;
		}
	}
	qsort(p.list, p.count, sizeof *p.list, by_number);
	return p;
}

static bool meet(void *ctx, const struct person *p, bool has_photo)
{
	struct people *all = ctx;
	struct kept key = { .seen = false }, *k;

	(void)has_photo;
	memcpy(key.number, p->number, sizeof key.number);
	k = bsearch(&key, all->list, all->count, sizeof key, by_number);
	assert_non_null(k);
	assert_false(k->seen);
	k->seen = true;
	all->met++;
	assert_string_equal(p->full_name, k->name);
	return true;
}

static void check_people(void)
{
	struct people p = expected_people();
	struct cc_error err = { 0 };

	assert_ok(registry_walk(reg, meet, &p, &err));
	assert_int_equal(p.met, p.count);
	free(p.list);
}

static size_t import_all(unsigned threads)
{
	size_t rows = 0;

	for (size_t i = 0; i < HOSTILE_FILES; i++) {
		struct heard h = { 0 };
		struct import_counts c = run(&files[i], threads, &h);

		check_lines(&files[i], &h);
		check_counts(&files[i], &c);
		rows += c.rows;
		heard_done(&h);
	}
	check_people();
	return rows;
}

static void each_row_gets_its_verdict(void **state)
{
	size_t rows;

	(void)state;
	open_registry("a.db");
	rows = import_all(0);
	close_registry();
	assert_true(rows >= HOSTILE_ROWS);
}

static int by_class(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static size_t classes(void)
{
	const char **list = calloc(2 * HOSTILE_ROWS, sizeof *list);
	size_t n = 0, distinct = 0;

	assert_non_null(list);
	for (size_t f = 0; f < HOSTILE_FILES; f++) {
		for (size_t i = 0; i < files[f].count; i++)
			list[n++] = files[f].rows[i].class;
	}
	qsort(list, n, sizeof *list, by_class);
	for (size_t i = 0; i < n; i++)
		distinct += i == 0 || strcmp(list[i], list[i - 1]) != 0;
	free(list);
	return distinct;
}

static void a_thread_of_its_own_says_the_same(void **state)
{
	size_t rows;

	(void)state;
	open_registry("b.db");
	rows = import_all(1);
	close_registry();
	print_message("# count: %zu rows of %zu classes in %d files, each with its expected verdict, read in turn and ahead\n",
		      rows, classes(), HOSTILE_FILES);
}

/* Everybody who was imported is unchanged; what was refused or in conflict is so again. */
static void all_of_it_again_changes_nothing(void **state)
{
	(void)state;
	open_registry("b.db");
	for (size_t i = 0; i < HOSTILE_FILES; i++) {
		struct heard h = { 0 };
		struct import_counts c = run(&files[i], 1, &h);
		uint64_t refused = 0, conflicts = 0;

		for (size_t k = 0; k < files[i].count; k++) {
			refused += files[i].rows[k].refused;
			conflicts += files[i].rows[k].conflict;
		}
		assert_int_equal(c.imported + c.completed, 0);
		assert_int_equal(c.refused, refused);
		assert_int_equal(c.conflicts, conflicts);
		assert_int_equal(c.unchanged, files[i].count - refused - conflicts);
		heard_done(&h);
	}
	check_people();
	close_registry();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_gets_its_verdict),
		cmocka_unit_test(a_thread_of_its_own_says_the_same),
		cmocka_unit_test(all_of_it_again_changes_nothing),
	};

	return cmocka_run_group_tests(tests, make_home, remove_home);
}
