/* SPDX-License-Identifier: Apache-2.0 */
#include "card/inspect/inspect.h"
#include "card/lds/card_access.h"
#include "card/lds/dg13.h"
#include "card/lds/ef_com.h"
#include "tests/support/alloc_fault.h"
#include "tests/support/inspect_expect.h"
#include "tests/support/lds_fixture.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct bytes none;

/* Files without a chip: passive authentication and the agreement of the files. */
static void judge(const struct lds_fixture *f, const struct lds_set *set, struct inspection *ret)
{
	const struct inspect_params p = { .trust = f->trust, .now_s = FIXTURE_NOW_S, .sys = &f->sys.sys };

	memset(ret, 0, sizeof *ret);
	assert_int_equal(inspect_files(set, &p, ret).code, CC_OK);
}

static void signed_files(const struct lds_fixture *f, struct lds_set *set)
{
	memset(set, 0, sizeof *set);
	lds_fixture_files(f, none, none, set);
	lds_fixture_sign(f, 1, set);
}

static void genuine_files_pass(void **state)
{
	struct lds_set set;
	struct inspection i;

	signed_files(*state, &set);
	judge(*state, &set, &i);
	if (i.verdict != INSPECT_GOOD)
		inspect_print_checks(&i);
	assert_int_equal(i.verdict, INSPECT_GOOD);
	inspect_expect(&i, "com.structure", INSPECT_PASSED);
	inspect_expect(&i, "sod.structure", INSPECT_PASSED);
	inspect_expect(&i, "sod.signature", INSPECT_PASSED);
	inspect_expect(&i, "sod.chain", INSPECT_PASSED);
	inspect_expect(&i, "sod.dg1", INSPECT_PASSED);
	inspect_expect(&i, "sod.dg15", INSPECT_PASSED);
	inspect_expect(&i, "com.sod", INSPECT_PASSED);
	inspect_expect(&i, "card-access.dg14", INSPECT_PASSED);
	inspect_expect(&i, "mrz.digits", INSPECT_PASSED);
	inspect_expect(&i, "dg13.dg1", INSPECT_PASSED);
	inspect_expect(&i, "dg2.structure", INSPECT_PASSED);
	inspect_expect(&i, "active-authentication", INSPECT_UNAVAILABLE);
	inspect_expect(&i, "chip-authentication", INSPECT_UNAVAILABLE);
	assert_true(i.has_mrz);
	inspection_done(&i);
	lds_set_done(&set);
}

static void without_an_anchor_nothing_is_proven(void **state)
{
	struct lds_fixture other = *(struct lds_fixture *)*state;
	struct lds_set set;
	struct inspection i;

	signed_files(*state, &set);
	other.trust = NULL;
	judge(&other, &set, &i);
	assert_int_equal(i.verdict, INSPECT_UNDECIDED);
	inspect_expect(&i, "sod.signature", INSPECT_PASSED);
	inspect_expect(&i, "sod.chain", INSPECT_INCONCLUSIVE);
	inspect_expect_evidence(&i, "sod.chain", "no-anchor");
	inspection_done(&i);
	lds_set_done(&set);
}

static void each_changed_file_is_named(void **state)
{
	static const unsigned groups[] = { 1, 2, 13, 14, 15 };
	struct lds_set set;
	struct inspection i;
	char id[32];

	signed_files(*state, &set);
	for (size_t k = 0; k < sizeof groups / sizeof groups[0]; k++) {
		struct buf *file = &set.files[lds_dg(groups[k])];

		file->p[file->n - 1] ^= 1;
		judge(*state, &set, &i);
		assert_int_equal(i.verdict, INSPECT_BAD);
		(void)snprintf(id, sizeof id, "sod.dg%u", groups[k]);
		inspect_expect(&i, id, INSPECT_FAILED);
		inspect_expect_evidence(&i, id, "hash differs");
		inspect_expect(&i, groups[k] == 1 ? "sod.dg2" : "sod.dg1", INSPECT_PASSED);
		inspection_done(&i);
		file->p[file->n - 1] ^= 1;
	}
	lds_set_done(&set);
}

/* Equal hashes under a broken signature aren't "not tampered". */
static void hashes_of_an_unsigned_list_prove_nothing(void **state)
{
	struct lds_set set;
	struct inspection i;

	signed_files(*state, &set);
	set.files[LDS_SOD].p[set.files[LDS_SOD].n - 1] ^= 1;
	judge(*state, &set, &i);
	assert_int_equal(i.verdict, INSPECT_BAD);
	inspect_expect(&i, "sod.signature", INSPECT_FAILED);
	inspect_expect(&i, "sod.dg1", INSPECT_INCONCLUSIVE);
	inspect_expect(&i, "card-access.dg14", INSPECT_INCONCLUSIVE);
	inspection_done(&i);
	lds_set_done(&set);
}

static void unsigned_file_is_a_finding(void **state)
{
	struct lds_set set;
	struct inspection i;

	signed_files(*state, &set);
	assert_int_equal(lds_set_put(&set, lds_dg(11), BYTES_LITERAL("\x6B\x00")).code, CC_OK);
	judge(*state, &set, &i);
	assert_int_equal(i.verdict, INSPECT_BAD);
	inspect_expect(&i, "sod.dg11", INSPECT_FAILED);
	inspect_expect_evidence(&i, "sod.dg11", "unsigned");
	inspection_done(&i);
	lds_set_done(&set);
}

static void missing_file_leaves_it_undecided(void **state)
{
	struct lds_set set;
	struct inspection i;

	signed_files(*state, &set);
	buf_done(&set.files[lds_dg(2)]);
	judge(*state, &set, &i);
	assert_int_equal(i.verdict, INSPECT_UNDECIDED);
	inspect_expect(&i, "sod.dg2", INSPECT_UNAVAILABLE);
	inspection_done(&i);
	lds_set_done(&set);
}

/* ICAO 9303-10 4.6.1: EF.COM is mandatory; what it would say is in EF.SOD, so nothing is shown to be false. */
static void missing_com_leaves_it_undecided(void **state)
{
	struct lds_set set;
	struct inspection i;

	signed_files(*state, &set);
	buf_done(&set.files[LDS_COM]);
	judge(*state, &set, &i);
	inspect_expect(&i, "com.structure", INSPECT_UNAVAILABLE);
	inspect_expect(&i, "sod.chain", INSPECT_PASSED);
	assert_int_equal(i.verdict, INSPECT_UNDECIDED);
	inspection_done(&i);
	lds_set_done(&set);
}

static void com_that_hides_a_group_is_a_finding(void **state)
{
	struct lds_set set;
	struct inspection i;
	struct ef_com com;
	struct buf file = { 0 };

	signed_files(*state, &set);
	assert_int_equal(ef_com_make("0108", lds_set_dg_mask(&set) & ~(1u << 14), &com, NULL).code, CC_OK);
	assert_int_equal(ef_com_encode(&com, &file, NULL).code, CC_OK);
	assert_int_equal(lds_set_put(&set, LDS_COM, buf_view(&file)).code, CC_OK);
	judge(*state, &set, &i);
	assert_int_equal(i.verdict, INSPECT_BAD);
	inspect_expect(&i, "com.sod", INSPECT_FAILED);
	inspect_expect_evidence(&i, "com.sod", "[15]");
	inspection_done(&i);
	assert_int_equal(ef_com_make("0107", lds_set_dg_mask(&set), &com, NULL).code, CC_OK);
	assert_int_equal(ef_com_encode(&com, &file, NULL).code, CC_OK);
	assert_int_equal(lds_set_put(&set, LDS_COM, buf_view(&file)).code, CC_OK);
	judge(*state, &set, &i);
	inspect_expect(&i, "com.sod", INSPECT_FAILED);
	buf_done(&file);
	inspection_done(&i);
	lds_set_done(&set);
}

/* Another PACE variant in the unsigned file than in the signed one. */
static void changed_card_access_is_a_finding(void **state)
{
	struct card_access_settings weaker = card_access_default();
	struct lds_set set;
	struct inspection i;
	struct buf file = { 0 };

	signed_files(*state, &set);
	weaker.pace_alg = CIPHER_TDES;
	assert_int_equal(card_access_encode(&weaker, &file, NULL).code, CC_OK);
	assert_int_equal(lds_set_put(&set, LDS_CARD_ACCESS, buf_view(&file)).code, CC_OK);
	judge(*state, &set, &i);
	assert_int_equal(i.verdict, INSPECT_BAD);
	inspect_expect(&i, "card-access.dg14", INSPECT_FAILED);
	buf_done(&file);
	inspection_done(&i);
	lds_set_done(&set);
}

static void dg13_of_another_person_is_a_finding(void **state)
{
	const struct dg13 other = { .number = BYTES_LITERAL("001090000000"),
				    .birth = BYTES_LITERAL("16/02/1990"),
				    .sex = BYTES_LITERAL("Nữ") };
	struct lds_set set = { 0 };
	struct inspection i;
	struct buf file = { 0 };

	lds_fixture_files(*state, none, none, &set);
	assert_int_equal(dg13_encode(&other, &file, NULL, NULL).code, CC_OK);
	assert_int_equal(lds_set_put(&set, lds_dg(13), buf_view(&file)).code, CC_OK);
	lds_fixture_sign(*state, 0, &set);
	judge(*state, &set, &i);
	assert_int_equal(i.verdict, INSPECT_BAD);
	inspect_expect(&i, "sod.dg13", INSPECT_PASSED);
	inspect_expect(&i, "dg13.dg1", INSPECT_FAILED);
	inspect_expect_evidence(&i, "dg13.dg1", "birth sex");
	buf_done(&file);
	inspection_done(&i);
	lds_set_done(&set);
}

static void no_files_at_all_prove_nothing(void **state)
{
	struct lds_set set = { 0 };
	struct inspection i;

	judge(*state, &set, &i);
	assert_int_equal(i.verdict, INSPECT_UNDECIDED);
	inspect_expect(&i, "sod.structure", INSPECT_UNAVAILABLE);
	inspect_expect(&i, "mrz.digits", INSPECT_UNAVAILABLE);
	inspection_done(&i);
}

/* A hostile folder: every file replaced by every other, and by noise. */
static void files_in_the_wrong_place_never_pass(void **state)
{
	struct lds_set set, mixed = { 0 };
	struct inspection i;

	signed_files(*state, &set);
	for (unsigned a = 0; a < LDS_FILE_COUNT; a++) {
		for (unsigned b = 0; b < LDS_FILE_COUNT; b++) {
			if (!lds_set_has(&set, a) || !lds_set_has(&set, b) || a == b)
				continue;
			for (unsigned f = 0; f < LDS_FILE_COUNT; f++)
				assert_int_equal(lds_set_put(&mixed, f, lds_set_get(&set, f == a ? b : f)).code, CC_OK);
			judge(*state, &mixed, &i);
			assert_int_not_equal(i.verdict, INSPECT_GOOD);
			inspection_done(&i);
		}
	}
	lds_set_done(&mixed);
	lds_set_done(&set);
}

/* INDEX.md 05_lds/bsi2008_jmrtd: DG4 and DG15 are reported as not in the SOD. */
static void collected_documents_are_judged_like_others_do(void **state)
{
	static const struct {
		const char *folder;
		const unsigned good[6];
		const unsigned not_listed[4];
	} cases[] = { { "05_lds/bsi2008_jmrtd", { 1, 2, 3, 14 }, { 4, 15 } },
		      { "05_lds/etsi_eacaa_pymrtd", { 1, 14, 15 }, { 0 } } };

	for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
		struct lds_set set = { 0 };
		struct inspection i;
		char path[256], id[32];

		if (!vectors_path(cases[k].folder, path, sizeof path))
			skip();
		assert_int_equal(lds_set_load(&set, path, NULL).code, CC_OK);
		judge(*state, &set, &i);
		inspect_expect(&i, "sod.structure", INSPECT_PASSED);
		inspect_expect(&i, "sod.signature", INSPECT_PASSED);
		inspect_expect(&i, "sod.chain", INSPECT_INCONCLUSIVE);
		for (const unsigned *n = cases[k].good; *n != 0; n++) {
			(void)snprintf(id, sizeof id, "sod.dg%u", *n);
			inspect_expect(&i, id, INSPECT_PASSED);
		}
		for (const unsigned *n = cases[k].not_listed; *n != 0; n++) {
			(void)snprintf(id, sizeof id, "sod.dg%u", *n);
			inspect_expect(&i, id, INSPECT_FAILED);
			inspect_expect_evidence(&i, id, "not in EF.SOD");
		}
		inspection_done(&i);
		lds_set_done(&set);
	}
}

static size_t count_failed(const struct inspection *i)
{
	size_t n = 0;

	for (size_t k = 0; k < i->check_count; k++)
		n += i->checks[k].result == INSPECT_FAILED;
	return n;
}

/*
 * No memory is our fault: it neither proves a document nor condemns it. Only the
 * chain's verdict has no word for it: a signature that couldn't be checked is
 * "signature-wrong" there.
 */
static void without_memory_there_is_no_verdict(void **state)
{
	const struct lds_fixture *f = *state;
	const struct inspect_params p = { .trust = f->trust, .now_s = FIXTURE_NOW_S, .sys = &f->sys.sys };
	struct lds_set set;
	size_t refused = 0;

	signed_files(f, &set);
	for (size_t k = 1; alloc_fault_next(&k);) {
		struct inspection i = { 0 };
		cc_status st = inspect_files(&set, &p, &i);
		bool refused_one = alloc_fault_end();

		if (refused_one) {
			refused++;
			const struct inspect_check *chain = inspection_find(&i, "sod.chain");
			size_t by_chain = chain != NULL && chain->result == INSPECT_FAILED;

			if (count_failed(&i) > by_chain || i.verdict == INSPECT_GOOD) {
				inspect_print_checks(&i);
				fail_msg("allocation %zu", refused);
			}
		} else {
			assert_int_equal(st.code, CC_OK);
			assert_int_equal(i.verdict, INSPECT_GOOD);
		}
		inspection_done(&i);
	}
	print_message("# count: inspection of files with each of %zu allocations refused\n", refused);
	assert_true(refused > 8);
	lds_set_done(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(genuine_files_pass),
		cmocka_unit_test(without_an_anchor_nothing_is_proven),
		cmocka_unit_test(each_changed_file_is_named),
		cmocka_unit_test(hashes_of_an_unsigned_list_prove_nothing),
		cmocka_unit_test(unsigned_file_is_a_finding),
		cmocka_unit_test(missing_file_leaves_it_undecided),
		cmocka_unit_test(missing_com_leaves_it_undecided),
		cmocka_unit_test(com_that_hides_a_group_is_a_finding),
		cmocka_unit_test(changed_card_access_is_a_finding),
		cmocka_unit_test(dg13_of_another_person_is_a_finding),
		cmocka_unit_test(no_files_at_all_prove_nothing),
		cmocka_unit_test(files_in_the_wrong_place_never_pass),
		cmocka_unit_test(collected_documents_are_judged_like_others_do),
		cmocka_unit_test(without_memory_there_is_no_verdict),
	};

	return cmocka_run_group_tests(tests, lds_fixture_up, lds_fixture_down);
}
