/* SPDX-License-Identifier: Apache-2.0 */
#include "station/card_inspect_html.h"

#include "station/card_inspect_report.h"
#include "tests/support/lds_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

static struct lds_fixture fixture;
static struct lds_set files;

static int setup(void **state)
{
	(void)state;
	lds_fixture(&fixture, EC_BP256, HASH_SHA256);
	lds_fixture_files(&fixture, bytes_of(NULL, 0), bytes_of(NULL, 0), &files);
	lds_fixture_sign(&fixture, 0, &files);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	lds_set_done(&files);
	lds_fixture_done(&fixture);
	return 0;
}

/* The page as a NUL-terminated text. */
static void page(const struct inspection *i, enum lang lang, struct buf *ret, mode_t *ret_mode)
{
	struct cc_error err = { 0 };
	struct buf text = { 0 };
	struct writer w;
	struct stat st;
	char path[256];

	fixture_path(&fixture.folder, "page.html", path, sizeof path);
	assert_int_equal(card_inspect_html(path, i, 1767225600000, lang, &err).code, CC_OK);
	assert_int_equal(stat(path, &st), 0);
	*ret_mode = st.st_mode & 0777;
	assert_int_equal(sys_read_file(path, 1 << 20, &text, &err).code, CC_OK);
	writer_init(&w, text.n + 1);
	writer_put(&w, buf_view(&text));
	writer_u8(&w, 0);
	assert_int_equal(writer_finish(&w, ret).code, CC_OK);
	buf_done(&text);
}

static void inspect(struct inspection *ret)
{
	const struct inspect_params params = { .now_s = sys_wall_ms(&fixture.sys.sys) / 1000, .sys = &fixture.sys.sys };

	assert_int_equal(inspect_files(&files, &params, ret).code, CC_OK);
}

static void page_shows_verdict_checks_and_files_in_both_languages(void **state)
{
	struct inspection i = { 0 };
	struct buf vi = { 0 }, en = { 0 };
	mode_t mode;

	(void)state;
	inspect(&i);
	page(&i, LANG_VI, &vi, &mode);
	assert_int_equal(mode, 0600);
	page(&i, LANG_EN, &en, &mode);
	assert_non_null(strstr((char *)vi.p, "KẾT LUẬN"));
	assert_non_null(strstr((char *)en.p, "VERDICT"));
	assert_non_null(strstr((char *)en.p, "Hash of DG2"));
	assert_non_null(strstr((char *)en.p, "EF_SOD.bin"));
	assert_non_null(strstr((char *)en.p, "2026-01-01 00:00:00 UTC"));
	assert_non_null(strstr((char *)en.p, "default-src 'none'"));
	/* each check has its row */
	for (size_t k = 0; k < i.check_count; k++) {
		const char *mark, *word = card_inspect_result_text(i.checks[k].result, LANG_EN, &mark);

		assert_non_null(strstr((char *)en.p, word));
	}
	buf_done(&vi);
	buf_done(&en);
	inspection_done(&i);
}

static void what_the_chip_says_is_escaped(void **state)
{
	static const char hostile[] = "<script>alert(1)</script>\"'&\x1b[2J";
	struct inspection i = { 0 };
	struct buf out = { 0 };
	mode_t mode;

	(void)state;
	inspect(&i);
	(void)snprintf(i.checks[0].evidence, sizeof i.checks[0].evidence, "%s", hostile);
	(void)snprintf(i.mrz.text, sizeof i.mrz.text, "<b>NGUYEN");
	i.has_mrz = true;
	page(&i, LANG_EN, &out, &mode);
	assert_null(strstr((char *)out.p, "<script"));
	assert_null(strstr((char *)out.p, "<b>"));
	assert_null(memchr(out.p, 0x1B, out.n));
	assert_non_null(strstr((char *)out.p, "&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp; [2J"));
	assert_non_null(strstr((char *)out.p, "&lt;b&gt;NGUYEN"));
	buf_done(&out);
	inspection_done(&i);
}

static void unwritable_place_is_told(void **state)
{
	struct inspection i = { 0 };
	struct cc_error err = { 0 };

	(void)state;
	inspect(&i);
	assert_int_equal(card_inspect_html("/nonexistent/folder/page.html", &i, 0, LANG_EN, &err).code, CC_E_NOT_FOUND);
	assert_string_equal(err.key, "file.missing");
	inspection_done(&i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(page_shows_verdict_checks_and_files_in_both_languages),
		cmocka_unit_test(what_the_chip_says_is_escaped),
		cmocka_unit_test(unwritable_place_is_told),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
