/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/tr32.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/*
 * BSI TR-03105 part 3.2 (version 1.5.1), all of its cases against the software
 * chip. The table of results is written to tr03105-3.2.txt in the build folder.
 */

static const enum tr32_variant variants[] = { TR32_EC_BAC, TR32_EC_PACE, TR32_RSA_BAC, TR32_RSA_PACE };
static const char *const variant_names[] = { "ECDSA/BAC", "ECDSA/PACE", "RSA/BAC", "RSA/PACE" };
#define VARIANTS (sizeof variants / sizeof *variants)

static const struct tr32_unit *const units[] = { &tr32_unit_h, &tr32_unit_i, &tr32_unit_j,  &tr32_unit_k,
						 &tr32_unit_l, &tr32_unit_m, &tr32_unit_lds };
#define UNITS (sizeof units / sizeof *units)

struct totals {
	unsigned cases, applied, passed, not_applicable, runs;
};

static struct tr32_rig rigs[VARIANTS];

static const struct tr32_case *find_case(const char *id)
{
	for (size_t u = 0; u < UNITS; u++)
		for (size_t i = 0; i < units[u]->count; i++)
			if (strcmp(units[u]->cases[i].id, id) == 0)
				return &units[u]->cases[i];
	return NULL;
}

/* One case on every chip that it applies to; prints its line. */
static void run_case(const struct tr32_case *c, FILE *table, struct totals *t)
{
	bool passed = true;

	t->cases++;
	if (c->run == NULL) {
		t->not_applicable++;
		fprintf(table, "%-16s not applicable  %s\n", c->id, c->reason);
		return;
	}
	t->applied++;
	fprintf(table, "%-16s ", c->id);
	for (size_t v = 0; v < VARIANTS; v++) {
		bool good;

		if ((c->variants & variants[v]) == 0)
			continue;
		tr32_rig_fresh(&rigs[v]);
		good = c->run(&rigs[v], c->arg);
		t->runs++;
		fprintf(table, "%s %s%s%s; ", variant_names[v], good ? "passed" : "FAILED (", good ? "" : rigs[v].why,
			good ? "" : ")");
		if (!good)
			fprintf(stderr, "%s on %s: %s\n", c->id, variant_names[v], rigs[v].why);
		/* A case that failed says why; one that passed has nothing to say. */
		passed = passed && good && rigs[v].why[0] == '\0';
	}
	fprintf(table, "\n");
	t->passed += passed;
}

static FILE *open_table(void)
{
	const char *build = getenv("BUILD");
	char path[500];
	FILE *f;

	(void)snprintf(path, sizeof path, "%s/tr03105-3.2.txt", build != NULL ? build : "build");
	f = fopen(path, "w");
	return f != NULL ? f : tmpfile();
}

static void every_case_that_applies_passes(void **state)
{
	struct totals t = { 0 };
	FILE *table = open_table();

	(void)state;
	assert_non_null(table);
	for (size_t v = 0; v < VARIANTS; v++)
		tr32_rig_init(&rigs[v], variants[v]);
	for (size_t u = 0; u < UNITS; u++)
		for (size_t i = 0; i < units[u]->count; i++)
			run_case(&units[u]->cases[i], table, &t);
	fprintf(table, "%u cases, %u applied, %u passed, %u not applicable\n", t.cases, t.applied, t.passed, t.not_applicable);
	assert_int_equal(fclose(table), 0);
	for (size_t v = 0; v < VARIANTS; v++)
		tr32_rig_done(&rigs[v]);
	printf("# count: TR-03105-3.2: %u cases, %u applied (%u runs on four chips), %u passed, %u not applicable\n", t.cases,
	       t.applied, t.runs, t.passed, t.not_applicable);
	assert_int_equal(t.passed, t.applied);
	assert_int_equal(t.applied + t.not_applicable, t.cases);
}

/* Against the catalogue itself: no case is forgotten, none is invented, and what it deleted isn't claimed. */
static void the_table_is_the_catalogue(void **state)
{
	json_t *root = vectors_open("07_catalog/tr03105_3_2_chip_cases.json"), *cases, *entry;
	const char *id;
	size_t ours = 0;

	(void)state;
	if (root == NULL)
		skip();
	cases = vectors_at(root, "cases");
	json_object_foreach(cases, id, entry)
	{
		const struct tr32_case *c = find_case(id);
		bool gone = vectors_text(entry, "purpose")[0] == '\0';

		if (c == NULL)
			fprintf(stderr, "not in the table: %s\n", id);
		assert_non_null(c);
		if (gone)
			assert_null(c->run);
	}
	for (size_t u = 0; u < UNITS; u++)
		ours += units[u]->count;
	assert_int_equal(ours, json_object_size(cases));
	json_decref(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_is_the_catalogue),
		cmocka_unit_test(every_case_that_applies_passes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
