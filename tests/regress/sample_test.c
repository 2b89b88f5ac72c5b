/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/base/secret.h"
#include "station/registry/gate.h"
#include "station/registry/import.h"
#include "station/registry/sample.h"
#include "tests/support/registry_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Every planted defect is found, and none is invented. SAMPLE_PEOPLE: how many
 * (default 20,000; the release is judged with a million).
 */
#define assert_ok(call) assert_int_equal((call).code, CC_OK)

static const struct date today = { 2026, 7, 1 };

/* One finding as a line of text: "number key" or "line key". Both sides are sorted and compared. */
struct findings {
	size_t n, cap;
	char (*items)[64];
};

static void add(struct findings *f, const char *what, const char *key)
{
	if (f->n == f->cap) {
		f->cap = f->cap == 0 ? 1024 : 2 * f->cap;
		f->items = realloc(f->items, f->cap * sizeof *f->items);
		assert_non_null(f->items);
	}
	(void)snprintf(f->items[f->n++], sizeof f->items[0], "%s %s", what, key);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void keep_refused(void *ctx, const struct import_remark *m)
{
	char line[24];

	if (m->severity != IMPORT_REFUSED)
		return;
	(void)snprintf(line, sizeof line, "line %llu", (unsigned long long)m->line);
	add(ctx, line, m->fault.key);
}

static bool keep_found(void *ctx, const struct gate_finding *g)
{
	for (size_t i = 0; i < g->holds->count; i++)
		add(ctx, g->person->number, g->holds->items[i].key);
	return true;
}

static void read_truth(FILE *in, struct findings *f)
{
	char row[256];

	assert_non_null(fgets(row, sizeof row, in));
	while (fgets(row, sizeof row, in) != NULL) {
		char *rest = row, *line = strsep(&rest, ","), *number = strsep(&rest, ","), *severity = strsep(&rest, ",");
		char what[32];

		rest[strcspn(rest, "\n")] = '\0';
		(void)snprintf(what, sizeof what, "line %s", line);
		add(f, strcmp(severity, "refused") == 0 ? what : number, rest);
	}
}

/* The sample in the fixture's folder: rows, and what was planted in them. */
static void make_sample(const struct fixture_folder *folder, struct sample_counts *ret, struct findings *ret_planted)
{
	const char *people = getenv("SAMPLE_PEOPLE");
	const struct sample_options options = {
		.count = people != NULL ? strtoull(people, NULL, 10) : 20000, .seed = 7, .today = today, .defects_per_mille = 40
	};
	struct cc_error err = { 0 };
	char rows[256], truth[256];
	FILE *in, *out;

	fixture_path(folder, "rows.jsonl", rows, sizeof rows);
	fixture_path(folder, "truth.csv", truth, sizeof truth);
	in = fopen(rows, "w");
	out = fopen(truth, "w");
	assert_ok(sample_write(&options, in, out, ret, &err));
	(void)fclose(in);
	(void)fclose(out);
	assert_true(ret->rows >= options.count && ret->refused > 0 && ret->holds > 0 && ret->warnings > 0);
	in = fopen(truth, "r");
	read_truth(in, ret_planted);
	(void)fclose(in);
}

/* What the import and the gate find in it. */
static void find_defects(struct registry_fixture *f, const struct sample_counts *sample, struct findings *ret)
{
	struct import_options o = {
		.threads = 1, .check = { .today = today, .rules = validity_rules_2024() }, .remark = keep_refused, .ctx = ret
	};
	struct gate_options gate = { .check = o.check, .photos_later = true };
	static struct gate_report report;
	struct import_counts counts;
	char rows[256];
	FILE *in;

	o.folder = f->folder.path;
	fixture_path(&f->folder, "rows.jsonl", rows, sizeof rows);
	in = fopen(rows, "r");
	assert_ok(import_run(f->reg, in, &o, &counts, &f->err));
	(void)fclose(in);
	assert_int_equal(counts.rows, sample->rows);
	assert_int_equal(counts.refused, sample->refused);
	assert_int_equal(counts.imported, sample->rows - sample->refused);
	assert_ok(gate_run(f->reg, &gate, keep_found, ret, &report, &f->err));
	assert_int_equal(report.people, counts.imported);
}

static void every_planted_defect_is_found_and_none_invented(void **state)
{
	struct findings found = { 0 }, planted = { 0 };
	struct registry_fixture f;
	struct sample_counts sample;
	size_t missed = 0, invented = 0;

	(void)state;
	registry_fixture_with(&f, sys_real());
	make_sample(&f.folder, &sample, &planted);
	find_defects(&f, &sample, &found);
	qsort(found.items, found.n, sizeof found.items[0], by_text);
	qsort(planted.items, planted.n, sizeof planted.items[0], by_text);
	for (size_t i = 0, k = 0; i < found.n || k < planted.n;) {
		int c = i == found.n ? 1 : k == planted.n ? -1 : strcmp(found.items[i], planted.items[k]);

		if (c < 0 && invented++ < 10)
			printf("# invented: %s\n", found.items[i]);
		if (c > 0 && missed++ < 10)
			printf("# missed: %s\n", planted.items[k]);
		i += c <= 0;
		k += c >= 0;
	}
	printf("# count: %llu people: %zu planted defects, %zu found, %zu missed, %zu invented\n",
	       (unsigned long long)sample.rows, planted.n, found.n, missed, invented);
	assert_int_equal(missed + invented, 0);
	free(found.items);
	free(planted.items);
	registry_fixture_done(&f);
}

/* The same seed gives the same people; another one others. */
static void samples_are_repeatable(void **state)
{
	struct sample_options o = { .count = 500, .seed = 3, .today = today, .defects_per_mille = 100 };
	struct sample_counts counts;
	struct cc_error err = { 0 };
	char *text[3] = { NULL };
	size_t n[3];

	(void)state;
	for (int i = 0; i < 3; i++) {
		FILE *out = open_memstream(&text[i], &n[i]);

		o.seed = i < 2 ? 3 : 4;
		assert_ok(sample_write(&o, out, NULL, &counts, &err));
		(void)fclose(out);
	}
	assert_true(n[0] == n[1] && memcmp(text[0], text[1], n[0]) == 0);
	assert_false(n[0] == n[2] && memcmp(text[0], text[2], n[0]) == 0);
	for (int i = 0; i < 3; i++)
		free(text[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_planted_defect_is_found_and_none_invented),
		cmocka_unit_test(samples_are_repeatable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
