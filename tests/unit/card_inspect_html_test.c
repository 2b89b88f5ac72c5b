/* SPDX-License-Identifier: Apache-2.0 */
#include "station/card_inspect_html.h"

#include "station/card_inspect_report.h"
#include "station/image_worker_process.h"
#include "station/portrait_dg2.h"
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

static struct image_worker *images;

static int setup(void **state)
{
	(void)state;
	lds_fixture(&fixture, EC_BP256, HASH_SHA256);
	lds_fixture_files(&fixture, bytes_of(NULL, 0), bytes_of(NULL, 0), &files);
	lds_fixture_sign(&fixture, 0, &files);
	return cc_failed(image_worker_new(&(struct image_worker_options){ IMAGE_SANDBOX_REQUIRE, 10000, image_worker_name },
					  &images, NULL));
}

static int teardown(void **state)
{
	(void)state;
	image_worker_free(&images);
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
	assert_int_equal(card_inspect_html(path, i, images, 1767225600000, lang, &err).code, CC_OK);
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
	assert_non_null(strstr((char *)en.p, "To do: "));
	assert_non_null(strstr((char *)vi.p, "Việc cần làm: "));
	assert_non_null(strstr((char *)en.p, "Hash of DG2"));
	assert_non_null(strstr((char *)en.p, "EF_SOD.bin"));
	assert_non_null(strstr((char *)en.p, "2026-01-01 00:00:00 UTC"));
	assert_non_null(strstr((char *)en.p, "default-src 'none'"));
	/* what takes from the verdict stands before what passed */
	assert_true(strstr((char *)en.p, "Inconclusive or unavailable") < strstr((char *)en.p, "<h2>Passed"));
	assert_non_null(strstr((char *)vi.p, "trạm chưa tin chứng thư quốc gia nào"));
	assert_null(strstr((char *)vi.p, "no country signer is trusted here"));
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
	i.checks[0].error_key = NULL;
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

/* "Nguyen\u202Ecud" shows as "Nguyenduc": what stands in the file is what the officer sees. */
static void a_name_can_t_turn_itself_around(void **state)
{
	static const char *const marks[] = { "\xE2\x80\xAE", "\xE2\x81\xA7", "\xE2\x80\x8F", "\xD8\x9C" };
	struct inspection i = { 0 };
	struct buf out = { 0 };
	mode_t mode;

	(void)state;
	inspect(&i);
	for (size_t k = 0; k < sizeof marks / sizeof marks[0]; k++) {
		(void)snprintf(i.mrz.text, sizeof i.mrz.text, "A%sB", marks[k]);
		i.has_mrz = true;
		page(&i, LANG_EN, &out, &mode);
		assert_null(strstr((char *)out.p, marks[k]));
		assert_non_null(strstr((char *)out.p, "A?B"));
		buf_done(&out);
	}
	inspection_done(&i);
}

/* A card whose DG2 holds these bytes as its picture. */
static void page_with_picture(struct bytes picture, enum portrait_format format, enum portrait_record standard, struct buf *ret)
{
	const struct portrait_subject subject = { .male = true };
	struct portrait p = { .format = format, .width = 30, .height = 40 };
	struct inspection i = { 0 };
	struct buf dg2 = { 0 };
	mode_t mode;

	assert_int_equal(buf_copy(&p.data, picture).code, CC_OK);
	assert_int_equal(portrait_dg2_make(&p, &subject, standard, 65535, &dg2, NULL).code, CC_OK);
	inspect(&i);
	buf_move(&i.files.files[lds_dg(2)], &dg2);
	page(&i, LANG_EN, ret, &mode);
	inspection_done(&i);
	portrait_done(&p);
}

static struct buf jpeg_with(struct bytes comment, struct bytes behind)
{
	struct image im = { 0 };
	struct buf plain = { 0 }, out = { 0 };
	struct writer w;

	assert_int_equal(image_new(30, 40, 3, &im, NULL).code, CC_OK);
	assert_int_equal(jpeg_encode(&im, &(struct jpeg_params){ 80, JPEG_CHROMA_FULL }, &plain, NULL).code, CC_OK);
	writer_init(&w, 65000);
	writer_put(&w, BYTES_LITERAL("\xFF\xD8\xFF\xFE"));
	writer_u16(&w, (uint16_t)(comment.n + 2));
	writer_put(&w, comment);
	writer_put(&w, bytes_of(plain.p + 2, plain.n - 2));
	writer_put(&w, behind);
	assert_int_equal(writer_finish(&w, &out).code, CC_OK);
	image_done(&im);
	buf_done(&plain);
	return out;
}

/* The base64 of "Aaaa..." three bytes at a time does not depend on where it starts when it is long enough and of one letter. */
static void the_portrait_is_coded_anew(void **state)
{
	static const char letters[] = "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz";
	struct buf jpeg = jpeg_with(bytes_str(letters), bytes_of(NULL, 0)), out = { 0 };

	(void)state;
	for (int standard = 0; standard < 2; standard++) {
		page_with_picture(buf_view(&jpeg), PORTRAIT_JPEG, (enum portrait_record)standard, &out);
		assert_non_null(strstr((char *)out.p, "<img alt=\"DG2\" src=\"data:image/jpeg;base64,/9j/"));
		assert_null(strstr((char *)out.p, "enp6enp6enp6")); /* "zzzzzzzzz" */
		buf_done(&out);
	}
	buf_done(&jpeg);
}

static void a_hostile_portrait_is_a_sentence(void **state)
{
	struct buf polyglot = jpeg_with(BYTES_LITERAL("x"), BYTES_LITERAL("<html><script>alert(1)</script>")), out = { 0 };

	(void)state;
	page_with_picture(buf_view(&polyglot), PORTRAIT_JPEG, PORTRAIT_RECORD_19794, &out);
	assert_null(strstr((char *)out.p, "<img"));
	assert_null(strstr((char *)out.p, "alert(1)"));
	assert_non_null(strstr((char *)out.p, "The file holds something else behind the picture."));
	buf_done(&out);
	buf_done(&polyglot);
	page_with_picture(BYTES_LITERAL("<svg onload=alert(1)>"), PORTRAIT_JPEG, PORTRAIT_RECORD_39794, &out);
	assert_null(strstr((char *)out.p, "<img"));
	assert_null(strstr((char *)out.p, "svg"));
	assert_non_null(strstr((char *)out.p, "neither JPEG nor JPEG 2000"));
	buf_done(&out);
}

static void unwritable_place_is_told(void **state)
{
	struct inspection i = { 0 };
	struct cc_error err = { 0 };

	(void)state;
	inspect(&i);
	assert_int_equal(card_inspect_html("/nonexistent/folder/page.html", &i, images, 0, LANG_EN, &err).code, CC_E_NOT_FOUND);
	assert_string_equal(err.key, "file.missing");
	inspection_done(&i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(page_shows_verdict_checks_and_files_in_both_languages),
		cmocka_unit_test(what_the_chip_says_is_escaped),
		cmocka_unit_test(a_name_can_t_turn_itself_around),
		cmocka_unit_test(the_portrait_is_coded_anew),
		cmocka_unit_test(a_hostile_portrait_is_a_sentence),
		cmocka_unit_test(unwritable_place_is_told),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
