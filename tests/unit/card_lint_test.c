/* SPDX-License-Identifier: Apache-2.0 */
#include "station/card_lint.h"

#include "tests/support/document_fixture.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* `cccd card lint DIR` as the command line runs it; what it prints goes to a file. */
struct world {
	struct document_fixture doc;
	struct command lint;
	char dump[256], out[256];
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof *w);

	document_fixture(&w->doc);
	fixture_path(&w->doc.lds.folder, "dump", w->dump, sizeof w->dump);
	fixture_path(&w->doc.lds.folder, "stdout", w->out, sizeof w->out);
	w->lint = (struct command){ .noun = "card", .verb = "lint", .options = card_lint_options };
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	document_fixture_done(&w->doc);
	free(w);
	return 0;
}

static int run(struct world *w, enum lang lang, bool json, const char *mrz, struct buf *ret_out)
{
	char *arguments[] = { w->dump, NULL };
	struct invocation inv = { .command = &w->lint, .arguments = arguments, .argument_count = 1 };
	int keep_out = dup(1), rc;

	inv.config.sys = &w->doc.lds.sys.sys;
	inv.config.lang = lang;
	inv.config.json = json;
	inv.option_values[0] = mrz;
	(void)fflush(stdout);
	assert_non_null(freopen(w->out, "w", stdout));
	rc = command_card_lint(&inv);
	(void)fflush(stdout);
	(void)dup2(keep_out, 1);
	(void)close(keep_out);
	assert_int_equal(sys_read_file(w->out, 1 << 20, ret_out, NULL).code, CC_OK);
	return rc;
}

static void save(struct world *w)
{
	assert_int_equal(fixture_run(&w->doc.lds.folder, "rm -rf dump"), 0);
	assert_int_equal(lds_set_save(&w->doc.files, w->dump, NULL).code, CC_OK);
	fixture_write(&w->doc.lds.folder, "dump/EF_CVCA.bin", buf_view(&w->doc.ef_cvca));
}

static bool printed(const struct buf *out, const char *text)
{
	return memmem(out->p, out->n, text, strlen(text)) != NULL;
}

static void a_good_folder_is_exit_0_in_both_languages(void **state)
{
	struct world *w = *state;
	struct buf out = { 0 };

	save(w);
	assert_int_equal(run(w, LANG_EN, false, NULL, &out), EXIT_DONE);
	assert_true(printed(&out, "0 errors, 0 warnings"));
	assert_true(printed(&out, "Readers in the field"));
	assert_int_equal(run(w, LANG_VI, false, NULL, &out), EXIT_DONE);
	assert_true(printed(&out, "0 lỗi, 0 cảnh báo"));
	buf_done(&out);
}

static void an_error_is_exit_3_with_its_case_number(void **state)
{
	struct world *w = *state;
	struct buf out = { 0 };
	json_t *root, *finding;

	document_edit(&w->doc, LDS_COM, &(struct tlv_edit){ TLV_EDIT_VALUE, "0/1", 0, "303530303030" });
	save(w);
	assert_int_equal(run(w, LANG_EN, true, NULL, &out), EXIT_CHECK_NO);
	root = json_loadb((const char *)out.p, out.n, 0, NULL);
	assert_non_null(root);
	assert_int_equal(json_integer_value(json_object_get(root, "schema")), 1);
	assert_int_equal(json_integer_value(json_object_get(root, "errors")), 2);
	finding = json_array_get(json_object_get(root, "findings"), 0);
	assert_string_equal(json_string_value(json_object_get(finding, "rule")), "com.unicode-version");
	assert_string_equal(json_string_value(json_array_get(json_object_get(finding, "cases"), 0)), "LDS_A_06");
	assert_string_equal(json_string_value(json_object_get(finding, "file")), "EF.COM");
	assert_int_equal(json_integer_value(json_object_get(finding, "offset")), 9);
	assert_true(json_array_size(json_object_get(root, "readers")) > 0);
	json_decref(root);
	document_sign(&w->doc, true);
	buf_done(&out);
}

static void the_printed_mrz_is_held_against_dg1(void **state)
{
	struct world *w = *state;
	struct buf out = { 0 };
	char mrz[] = LDS_FIXTURE_MRZ;

	save(w);
	assert_int_equal(run(w, LANG_EN, false, mrz, &out), EXIT_DONE);
	memcpy(mrz + 60, "TRAN<<", 6);
	assert_int_equal(run(w, LANG_EN, false, mrz, &out), EXIT_CHECK_NO);
	assert_true(printed(&out, "mrz.printed-name"));
	buf_done(&out);
}

static void a_folder_that_is_not_there_is_an_error_with_a_sentence(void **state)
{
	struct world *w = *state;
	struct buf out = { 0 };

	assert_int_equal(fixture_run(&w->doc.lds.folder, "rm -rf dump"), 0);
	assert_int_equal(run(w, LANG_EN, false, NULL, &out), EXIT_FAILED);
	assert_int_equal(out.n, 0);
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_folder_is_exit_0_in_both_languages),
		cmocka_unit_test(an_error_is_exit_3_with_its_case_number),
		cmocka_unit_test(the_printed_mrz_is_held_against_dg1),
		cmocka_unit_test(a_folder_that_is_not_there_is_an_error_with_a_sentence),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
