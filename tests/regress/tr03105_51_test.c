/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/tr51.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/*
 * BSI TR-03105 part 5.1 (version 1.5): every case against the inspection and lint.
 * The table of results is written to tr03105-5.1.txt in the build folder.
 */
static struct tr51_rig rig;

/* Numbers that part 5.1 gives, by unit: how many there are. */
static const struct {
	const char *unit;
	unsigned count;
} units[] = { { "ISO7816_A", 3 }, { "ISO7816_B", 10 }, { "ISO7816_C", 8 }, { "ISO7816_D", 15 }, { "ISO7816_E", 38 },
	      { "ISO7816_F", 9 }, { "ISO7816_G", 41 }, { "LDS_A", 10 },	   { "LDS_B", 28 },	{ "LDS_C", 28 },
	      { "LDS_D", 16 },	  { "LDS_E", 14 },     { "LDS_F", 7 },	   { "LDS_G", 2 },	{ "LDS_H", 98 },
	      { "LDS_I", 3 },	  { "LDS_J", 4 },      { "LDS_K", 4 } };
#define CASES 338

static const struct {
	const char *id, *reason;
} not_applicable[] = {
	{ "ISO7816_F_03", "Active Authentication by RSA is ISO/IEC 9796-2 (ICAO 9303-11 6.1.2.2), never PSS: no such chip" },
	{ "LDS_H_08", "DSA: no key of that kind is known here; the verdict is inconclusive, never passed" },
	{ "LDS_H_97", "DSA: no key of that kind is known here; the verdict is inconclusive, never passed" },
	{ "LDS_H_98", "DSA: no key of that kind is known here; the verdict is inconclusive, never passed" },
	{ "LDS_H_93", "EF.SOD hashes DG1 to DG16 (ICAO 9303-10 4.6.2.3); EF.CardSecurity carries a signature of its own" },
};

static const char *reason_of(const char *id)
{
	for (size_t i = 0; i < sizeof not_applicable / sizeof not_applicable[0]; i++) {
		if (strcmp(not_applicable[i].id, id) == 0)
			return not_applicable[i].reason;
	}
	return NULL;
}

static enum tr51_result run_case(const char *id)
{
	enum tr51_result (*const all[])(struct tr51_rig *, const char *) = { tr51_lds_run, tr51_signer_run, tr51_plain_run,
									     tr51_chip_run, tr51_terminal_run };
	enum tr51_result result = TR51_UNKNOWN;

	if (reason_of(id) != NULL)
		return TR51_NOT_APPLICABLE;
	for (size_t i = 0; i < sizeof all / sizeof all[0] && result == TR51_UNKNOWN; i++) {
		rig.why[0] = rig.note[0] = 0;
		result = all[i](&rig, id);
	}
	return result;
}

static FILE *open_table(void)
{
	const char *build = getenv("BUILD");
	char path[500];
	FILE *f;

	(void)snprintf(path, sizeof path, "%s/tr03105-5.1.txt", build != NULL ? build : "build");
	f = fopen(path, "w");
	return f != NULL ? f : tmpfile();
}

static void every_case_of_part_5_1(void **state)
{
	const char *only = getenv("TR51_ONLY");
	unsigned cases = 0, applied = 0, passed = 0, without = 0;
	FILE *table = open_table();

	(void)state;
	assert_non_null(table);
	for (size_t u = 0; u < sizeof units / sizeof units[0]; u++) {
		for (unsigned n = 1; n <= units[u].count; n++) {
			char id[24];
			enum tr51_result result;

			(void)snprintf(id, sizeof id, "%s_%02u", units[u].unit, n);
			if (only != NULL && strncmp(id, only, strlen(only)) != 0)
				continue;
			cases++;
			result = run_case(id);
			if (result == TR51_NOT_APPLICABLE) {
				without++;
				(void)fprintf(table, "%-14s not applicable  %s\n", id, reason_of(id));
				continue;
			}
			applied++;
			passed += result == TR51_PASSED;
			(void)fprintf(table, "%-14s %s  %s\n", id, result == TR51_PASSED ? "passed" : "FAILED",
				      result == TR51_PASSED    ? rig.note
				      : result == TR51_UNKNOWN ? "no such case here"
							       : rig.why);
			if (result != TR51_PASSED)
				print_message("# %s: %s\n", id, result == TR51_UNKNOWN ? "no such case here" : rig.why);
		}
	}
	(void)fclose(table);
	print_message("# count: TR-03105-5.1: %u cases, %u applied, %u passed, %u not applicable\n", cases, applied, passed,
		      without);
	if (only == NULL)
		assert_int_equal(cases, CASES);
	assert_int_equal(passed, applied);
}

/* The numbers are the catalogue's. */
static void the_catalogue_has_these_cases(void **state)
{
	json_t *catalogue = vectors_open("07_catalog/tr03105_5_1_inspection_system_cases.json"), *list, *value;
	const char *id;

	(void)state;
	if (catalogue == NULL)
		skip();
	list = json_object_get(catalogue, "cases");
	assert_int_equal(json_object_size(list), CASES);
	json_object_foreach(list, id, value)
	{
		bool known = false;

		for (size_t u = 0; u < sizeof units / sizeof units[0] && !known; u++) {
			size_t n = strlen(units[u].unit);
			unsigned long number = strlen(id) > n ? strtoul(id + n + 1, NULL, 10) : 0;

			known = strncmp(id, units[u].unit, n) == 0 && number >= 1 && number <= units[u].count;
		}
		if (!known)
			fail_msg("%s has no place here", id);
	}
	json_decref(catalogue);
}

static int setup(void **state)
{
	(void)state;
	tr51_rig_init(&rig);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	tr51_rig_done(&rig);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_case_of_part_5_1),
		cmocka_unit_test(the_catalogue_has_these_cases),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
