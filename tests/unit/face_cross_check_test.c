/* SPDX-License-Identifier: Apache-2.0 */
#include "station/face_cross_check.h"

#include "biometrics/photo.h"
#include "crypto/base/sys.h"
#include "tests/support/pki_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct image picture; /* 600 x 800 */

static int setup(void **state)
{
	(void)state;
	return cc_failed(image_new(600, 800, 3, &picture, NULL));
}

static int teardown(void **state)
{
	(void)state;
	image_done(&picture);
	return 0;
}

static void an_answer_is_read_strictly(void **state)
{
	static const char *const bad[] = {
		"",
		"{",
		"[]",
		"{}",
		"{\"faces\":1}",
		"{\"faces\":\"1\"}",
		"{\"faces\":-1}",
		"{\"faces\":1,\"eyes\":{}}",
		"{\"faces\":1,\"eyes\":{\"right\":[1,2]}}",
		"{\"faces\":1,\"eyes\":{\"right\":[1,2],\"left\":[3]}}",
		"{\"faces\":1,\"eyes\":{\"right\":[1,2],\"left\":[3,\"4\"]}}",
		"{\"faces\":1,\"eyes\":{\"right\":[1,2],\"left\":[3,4,5]}}",
		"{\"faces\":1,\"eyes\":{\"right\":[1,2],\"left\":[601,4]}}",
		"{\"faces\":1,\"eyes\":{\"right\":[-1,2],\"left\":[3,4]}}",
		"{\"faces\":1,\"eyes\":{\"right\":[1,2],\"left\":[3,4],\"nose\":[5,6]}}",
		"{\"faces\":1,\"eyes\":{\"right\":[1,2],\"left\":[3,4]},\"more\":1}",
		"{\"faces\":1,\"faces\":1,\"eyes\":{\"right\":[1,2],\"left\":[3,4]}}",
		"{\"faces\":1,\"eyes\":{\"right\":[1e999,2],\"left\":[3,4]}}",
		"{\"faces\":1,\"eyes\":{\"right\":[1,2],\"left\":[3,4]}} x",
	};
	struct face_second_opinion o = { 0 };
	struct cc_error err;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		cc_error_init(&err);
		print_message("# %s\n", bad[i]);
		assert_int_equal(face_cross_check_parse(bytes_str(bad[i]), &picture, &o, &err).code, CC_E_FORMAT);
		assert_string_equal(err.key, "face.cross-check-answer");
	}
	assert_int_equal(face_cross_check_parse(bytes_str("{\"faces\":1,\"eyes\":{\"right\":[230,350.5],\"left\":[374,349]}}\n"),
						&picture, &o, NULL)
				 .code,
			 CC_OK);
	assert_int_equal(o.faces, 1);
	assert_true(o.eye[FACE_EYE_RIGHT].x == 230 && o.eye[FACE_EYE_RIGHT].y == 350.5 && o.eye[FACE_EYE_LEFT].x == 374);
	assert_int_equal(face_cross_check_parse(bytes_str("{\"faces\":0}"), &picture, &o, NULL).code, CC_OK);
	assert_int_equal(o.faces, 0);
}

/* A stand-in: a script in an own folder. */
static struct face_cross_check stand_in(const struct fixture_folder *folder, const char *body, unsigned timeout_ms)
{
	struct face_cross_check x = { .timeout_ms = timeout_ms };
	char text[1024], path[512];
	int n = snprintf(text, sizeof text, "#!/bin/sh\n%s\n", body);

	fixture_path(folder, "detector", path, sizeof path);
	assert_int_equal(sys_write_file(path, bytes_of(text, (size_t)n), 0700, NULL).code, CC_OK);
	assert_non_null(realpath(path, x.program));
	return x;
}

static void programs_that_fail_are_told(void **state)
{
	static const struct {
		const char *body, *key;
		unsigned timeout_ms;
	} rows[] = {
		{ "exec /bin/false", "face.cross-check-failed", 20000 },
		{ "/bin/cat >/dev/null; echo nonsense", "face.cross-check-answer", 20000 },
		{ "/bin/cat", "face.cross-check-answer", 20000 }, /* the whole picture back: too long */
		{ "while :; do :; done", "face.cross-check-failed", 300 },
		{ "/bin/cat >/dev/null; echo '{\"faces\":0}'; exit 1", "face.cross-check-failed", 20000 },
		{ "exit 0", "face.cross-check-answer", 20000 },
	};
	struct fixture_folder folder;
	struct face_second_opinion o;

	(void)state;
	fixture_folder(&folder);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct face_cross_check x = stand_in(&folder, rows[i].body, rows[i].timeout_ms);
		struct cc_error err;

		cc_error_init(&err);
		print_message("# %s\n", rows[i].body);
		assert_true(cc_failed(face_cross_check_run(&x, &picture, &o, &err)));
		assert_string_equal(err.key, rows[i].key);
	}
	struct face_cross_check none = { .program = "/nonexistent/detector", .timeout_ms = 1000 };

	assert_int_equal(face_cross_check_run(&none, &picture, &o, NULL).code, CC_E_IO);
	fixture_folder_done(&folder);
}

/* It gets a PNG, no argument and no environment of ours. */
static void the_program_gets_the_picture_and_nothing_else(void **state)
{
	struct fixture_folder folder;
	struct face_second_opinion o;
	struct face_cross_check x;

	(void)state;
	fixture_folder(&folder);
	x = stand_in(&folder,
		     "[ $# = 0 ] && [ -z \"$CCCD_HOME$HOME\" ] || exit 1\n"
		     "[ \"$(/usr/bin/head -c 4 | /usr/bin/od -An -tx1 | /usr/bin/tr -d ' \\n')\" = 89504e47 ] || exit 2\n"
		     "/bin/cat >/dev/null\n"
		     "echo '{\"faces\":1,\"eyes\":{\"right\":[1,2],\"left\":[3,4]}}'",
		     20000);
	assert_int_equal(face_cross_check_run(&x, &picture, &o, NULL).code, CC_OK);
	assert_true(o.eye[FACE_EYE_LEFT].y == 4);
	fixture_folder_done(&folder);
}

/* A good portrait passes, holds softly, or is not judged at all, as the second opinion goes. */
static void disagreement_is_a_soft_defect(void **state)
{
	static const struct {
		const char *answer;
		bool passes;
	} rows[] = { { "{\"faces\":1,\"eyes\":{\"right\":[231,350],\"left\":[374,350]}}", true },
		     { "{\"faces\":1,\"eyes\":{\"right\":[200,350],\"left\":[374,350]}}", false },
		     { "{\"faces\":1,\"eyes\":{\"right\":[374,350],\"left\":[231,350]}}", false },
		     { "{\"faces\":2}", false },
		     { "{\"faces\":0}", false } };
	struct quality_rules rules = quality_rules_default();
	struct quality_report first;
	struct fixture_folder folder;
	struct face_net *net = NULL;
	struct photo photo = { 0 };
	struct buf file = { 0 };

	(void)state;
	fixture_folder(&folder);
	assert_int_equal(face_net_new(&net, NULL).code, CC_OK);
	assert_int_equal(sys_read_file("tests/data/people/photos/g01.jpg", JPEG_BYTES_MAX, &file, NULL).code, CC_OK);
	assert_int_equal(photo_decode(buf_view(&file), &photo, NULL).code, CC_OK);
	assert_int_equal(quality_check(net, &photo, &rules, &first, NULL).code, CC_OK);
	assert_true(first.passes);
	assert_false(first.result[QUALITY_AGREEMENT].measured);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct quality_report r = first;
		struct face_cross_check x;
		char body[256];

		(void)snprintf(body, sizeof body, "/bin/cat >/dev/null; echo '%s'", rows[i].answer);
		x = stand_in(&folder, body, 20000);
		assert_int_equal(face_cross_check_apply(&x, &photo.image, &rules, &r, NULL).code, CC_OK);
		assert_true(r.result[QUALITY_AGREEMENT].measured);
		assert_int_equal(r.passes, rows[i].passes);
		assert_int_equal(r.overridable, !rows[i].passes);
	}
	photo_done(&photo);
	buf_done(&file);
	face_net_free(&net);
	fixture_folder_done(&folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_is_read_strictly),
		cmocka_unit_test(programs_that_fail_are_told),
		cmocka_unit_test(the_program_gets_the_picture_and_nothing_else),
		cmocka_unit_test(disagreement_is_a_soft_defect),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
