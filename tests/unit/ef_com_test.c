/* SPDX-License-Identifier: Apache-2.0 */
#include "card/lds/ef_com.h"
#include "card/lds/lds_set.h"
#include "crypto/base/sys.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define DG(n) (1u << ((n)-1))

static void lists_the_data_groups_of_a_card(void **state)
{
	struct ef_com com, back;
	struct buf file = { 0 };
	struct buf want = vectors_from_hex("6018 5F0104 30313037 5F3606 303430303030 5C06 6175636D6E6F");
	uint32_t mask = DG(1) | DG(2) | DG(3) | DG(13) | DG(14) | DG(15);

	(void)state;
	assert_int_equal(ef_com_make("0107", mask, &com, NULL).code, CC_OK);
	assert_int_equal(ef_com_encode(&com, &file, NULL).code, CC_OK);
	assert_true(file.n == want.n && memcmp(file.p, want.p, want.n) == 0);
	assert_int_equal(ef_com_parse(buf_view(&file), &back, NULL).code, CC_OK);
	assert_int_equal(ef_com_dg_mask(&back), mask);
	assert_string_equal(back.lds_version, "0107");
	assert_string_equal(back.unicode_version, "040000");
	buf_done(&want);
	buf_done(&file);
}

static void makes_only_known_versions_and_groups(void **state)
{
	struct ef_com com;

	(void)state;
	assert_int_equal(ef_com_make("0108", 0xFFFF, &com, NULL).code, CC_OK);
	assert_int_equal(com.tag_count, 16);
	assert_int_equal(ef_com_make("0109", 1, &com, NULL).code, CC_E_ARG);
	assert_int_equal(ef_com_make("107", 1, &com, NULL).code, CC_E_ARG);
	assert_int_equal(ef_com_make("0107", 0, &com, NULL).code, CC_E_ARG);
	assert_int_equal(ef_com_make("0107", 0x10000, &com, NULL).code, CC_E_ARG);
}

static void reads_literals_of_others(void **state)
{
	static const struct {
		const char *hex;
		enum cc_code code;
		uint32_t mask;
	} cases[] = {
		{ "60145F0104303130365F36063034303030305C026175", CC_OK, DG(1) | DG(2) },
		{ "601A5F0104303130375F36063034303030305C08617563676B6C6E6F", CC_OK,
		  DG(1) | DG(2) | DG(3) | DG(7) | DG(11) | DG(12) | DG(14) | DG(15) },
		{ "60165F0104313539395F36063034303030305C046175766C", CC_OK, DG(1) | DG(2) | DG(4) | DG(12) },
		{ "60195F0104303130375F36063034303030305C076175636B6C6D5F", CC_OK,
		  DG(1) | DG(2) | DG(3) | DG(11) | DG(12) | DG(13) },
		{ "60155F010530313036305F36063034303030305C026175", CC_E_FORMAT, 0 }, /* version of five */
		{ "60135F0104303130365F360534303030305C026175", CC_E_FORMAT, 0 },     /* Unicode version of five */
		{ "60145F01043031303A5F36063034303030305C026175", CC_E_FORMAT, 0 },
		{ "61145F0104303130365F36063034303030305C026175", CC_E_FORMAT, 0 },
		{ "60155F0104303130365F36063034303030305C02617500", CC_E_FORMAT, 0 },
		{ "60145F0104303130365F36063034303030305C02617500", CC_E_FORMAT, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf file = vectors_from_hex(cases[i].hex), again = { 0 };
		struct ef_com com;

		assert_int_equal(ef_com_parse(buf_view(&file), &com, NULL).code, cases[i].code);
		if (cases[i].code == CC_OK) {
			assert_int_equal(ef_com_dg_mask(&com), cases[i].mask);
			assert_int_equal(ef_com_encode(&com, &again, NULL).code, CC_OK);
			assert_true(bytes_equal(buf_view(&file), buf_view(&again)));
		}
		buf_done(&again);
		buf_done(&file);
	}
}

static void truncations_and_limits(void **state)
{
	struct buf file = vectors_from_hex("60145F0104303130365F36063034303030305C026175");
	struct buf many = vectors_from_hex("6033 5F0104 30313036 5F3606 303430303030 5C21"
					   "616161616161616161616161616161616161616161616161616161616161616161");
	struct ef_com com;

	(void)state;
	for (size_t n = 0; n < file.n; n++)
		assert_int_equal(ef_com_parse(bytes_of(file.p, n), &com, NULL).code, CC_E_FORMAT);
	assert_int_equal(ef_com_parse(buf_view(&many), &com, NULL).code, CC_E_LIMIT);
	buf_done(&many);
	buf_done(&file);
}

/* ---- the set of files */
static void files_have_the_standards_identifiers(void **state)
{
	(void)state;
	assert_int_equal(lds_file_fid(LDS_CARD_ACCESS), 0x011C);
	assert_int_equal(lds_file_fid(LDS_COM), 0x011E);
	assert_int_equal(lds_file_fid(LDS_SOD), 0x011D);
	assert_int_equal(lds_file_fid(lds_dg(13)), 0x010D);
	assert_string_equal(lds_file_name(lds_dg(13)), "DG13.bin");
	assert_int_equal(lds_dg_number(lds_dg(16)), 16);
	assert_int_equal(lds_dg_number(LDS_SOD), 0);
	for (unsigned n = 1; n <= LDS_DG_LAST; n++)
		assert_int_equal(lds_dg_of_tag(lds_file_tag(lds_dg(n))), n);
	assert_int_equal(lds_dg_of_tag(0x60), 0);
}

static void hash_covers_every_file_and_its_place(void **state)
{
	struct lds_set a = { 0 }, b = { 0 };
	struct digest ha, hb;

	(void)state;
	assert_int_equal(lds_set_put(&a, LDS_COM, BYTES_LITERAL("com")).code, CC_OK);
	assert_int_equal(lds_set_put(&b, LDS_COM, BYTES_LITERAL("com")).code, CC_OK);
	assert_int_equal(lds_set_put(&a, lds_dg(1), BYTES_LITERAL("one")).code, CC_OK);
	assert_int_equal(lds_set_put(&b, lds_dg(2), BYTES_LITERAL("one")).code, CC_OK);
	assert_int_equal(lds_set_compare(&a, &b), lds_dg(1));
	assert_int_equal(lds_set_hash(&a, true, &ha).code, CC_OK);
	assert_int_equal(lds_set_hash(&b, true, &hb).code, CC_OK);
	assert_memory_not_equal(ha.p, hb.p, 32);
	assert_int_equal(lds_set_put(&a, LDS_SOD, BYTES_LITERAL("sod")).code, CC_OK);
	assert_int_equal(lds_set_hash(&a, false, &hb).code, CC_OK);
	assert_memory_equal(ha.p, hb.p, 32);
	assert_int_equal(lds_set_hash(&a, true, &hb).code, CC_OK);
	assert_memory_not_equal(ha.p, hb.p, 32);
	assert_int_equal(lds_set_dg_mask(&a), DG(1));
	assert_int_equal(lds_set_bytes(&a), 9);
	lds_set_done(&a);
	lds_set_done(&b);
	assert_false(lds_set_has(&a, LDS_COM));
}

static void folder_keeps_the_set(void **state)
{
	char folder[] = "/tmp/lds_set_test.XXXXXX", path[96], command[96];
	struct lds_set a = { 0 }, b = { 0 };

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(lds_set_load(&b, folder, NULL).code, CC_E_NOT_FOUND);
	assert_int_equal(lds_set_put(&a, LDS_COM, BYTES_LITERAL("com")).code, CC_OK);
	assert_int_equal(lds_set_put(&a, LDS_SOD, BYTES_LITERAL("sod")).code, CC_OK);
	assert_int_equal(lds_set_put(&a, lds_dg(13), BYTES_LITERAL("thirteen")).code, CC_OK);
	assert_int_equal(lds_set_save(&a, folder, NULL).code, CC_OK);
	assert_int_equal(lds_set_load(&b, folder, NULL).code, CC_OK);
	assert_int_equal(lds_set_compare(&a, &b), LDS_FILE_COUNT);
	(void)snprintf(path, sizeof path, "%s/EF_DG1.bin", folder);
	assert_int_equal(sys_write_file(path, BYTES_LITERAL("one"), 0600, NULL).code, CC_OK);
	assert_int_equal(lds_set_load(&b, folder, NULL).code, CC_OK);
	assert_true(bytes_equal(lds_set_get(&b, lds_dg(1)), BYTES_LITERAL("one")));
	lds_set_done(&a);
	lds_set_done(&b);
	(void)snprintf(command, sizeof command, "rm -r %s", folder);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_the_data_groups_of_a_card),
		cmocka_unit_test(makes_only_known_versions_and_groups),
		cmocka_unit_test(reads_literals_of_others),
		cmocka_unit_test(truncations_and_limits),
		cmocka_unit_test(files_have_the_standards_identifiers),
		cmocka_unit_test(hash_covers_every_file_and_its_place),
		cmocka_unit_test(folder_keeps_the_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
