/* SPDX-License-Identifier: Apache-2.0 */
#include "station/card_verdict.h"

#include "station/message.h"
#include "station/card_inspect_report.h"
#include "tests/support/lds_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct lds_fixture fixture;

static int setup(void **state)
{
	(void)state;
	lds_fixture(&fixture, EC_BP256, HASH_SHA256);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	lds_fixture_done(&fixture);
	return 0;
}

static void card(struct lds_set *ret)
{
	lds_fixture_files(&fixture, bytes_of(NULL, 0), bytes_of(NULL, 0), ret);
	lds_fixture_sign(&fixture, 0, ret);
}

static void inspect(const struct lds_set *files, const struct trust *trust, struct inspection *ret)
{
	const struct inspect_params p = { .trust = trust,
					  .now_s = sys_wall_ms(&fixture.sys.sys) / 1000,
					  .sys = &fixture.sys.sys };

	assert_int_equal(inspect_files(files, &p, ret).code, CC_OK);
}

static void is_told(const struct lds_set *files, const struct trust *trust, const char *word, const char *key)
{
	struct inspection i = { 0 };
	struct card_verdict v;

	inspect(files, trust, &i);
	card_verdict_of(&i, LANG_EN, &v);
	assert_string_equal(v.key, key);
	assert_string_equal(v.word, word);
	/* Its row is there, in both languages, with what to do. */
	assert_string_equal(message_find(key)->key, key);
	assert_true(v.what[0] != 0 && v.next[0] != 0);
	card_verdict_of(&i, LANG_VI, &v);
	assert_string_not_equal(v.word, word);
	assert_string_not_equal(v.what, message_find(key)->en);
	inspection_done(&i);
}

/* The last byte of `part` within a file of the set is another one now. */
static void spoil(struct lds_set *files, enum lds_file f, struct bytes part)
{
	struct buf *file = &files->files[f];
	uint8_t *at = memmem(file->p, file->n, part.p, part.n);

	assert_non_null(at);
	at[part.n - 1] ^= 1;
}

static void a_signer_that_our_country_signer_did_not_sign_is_forgery(void **state)
{
	struct lds_set files = { 0 };

	(void)state;
	card(&files);
	spoil(&files, LDS_SOD, cert_der(fixture.ds));
	is_told(&files, fixture.trust, "FAILED", "verdict.signer-forged");
	/* Without the country signer here nothing is known of that: no accusation. */
	is_told(&files, NULL, "INCONCLUSIVE", "verdict.no-anchor");
	lds_set_done(&files);
}

static void changed_data_and_a_wrong_signature_are_forgery(void **state)
{
	struct lds_set files = { 0 };

	(void)state;
	card(&files);
	spoil(&files, lds_dg(2), lds_set_get(&files, lds_dg(2)));
	is_told(&files, fixture.trust, "FAILED", "verdict.data-changed");
	lds_set_done(&files);
	card(&files);
	spoil(&files, LDS_SOD, lds_set_get(&files, LDS_SOD));
	is_told(&files, fixture.trust, "FAILED", "verdict.list-forged");
	lds_set_done(&files);
}

static void good_files_say_that_the_chip_was_not_asked(void **state)
{
	struct lds_set files = { 0 };

	(void)state;
	card(&files);
	is_told(&files, fixture.trust, "PASSED", "verdict.chip-not-shown");
	lds_set_done(&files);
}

static void of_several_causes_the_gravest_is_told(void **state)
{
	struct inspection i = { .verdict = INSPECT_BAD, .access = INSPECT_ACCESS_BAC };
	struct card_verdict v;

	(void)state;
	i.check_count = 3;
	i.checks[0] = (struct inspect_check){ .id = "mrz.number", .result = INSPECT_FAILED };
	i.checks[1] = (struct inspect_check){ .id = "chip-authentication-mapping", .result = INSPECT_FAILED };
	i.checks[2] = (struct inspect_check){ .id = "sod.dg13", .result = INSPECT_PASSED };
	card_verdict_of(&i, LANG_VI, &v);
	assert_string_equal(v.key, "verdict.chip-copied");
	i.checks[2].result = INSPECT_FAILED;
	card_verdict_of(&i, LANG_VI, &v);
	assert_string_equal(v.key, "verdict.data-changed");
	i.checks[1].result = i.checks[2].result = INSPECT_PASSED;
	card_verdict_of(&i, LANG_VI, &v);
	assert_string_equal(v.key, "verdict.other-person");
	(void)snprintf(i.checks[0].id, sizeof i.checks[0].id, "com.sod");
	card_verdict_of(&i, LANG_VI, &v);
	assert_string_equal(v.key, "verdict.failed");
	/* A contradiction is one only where both sides could be read. */
	(void)snprintf(i.checks[0].id, sizeof i.checks[0].id, "dg13.dg1");
	card_verdict_of(&i, LANG_VI, &v);
	assert_string_equal(v.key, "verdict.contradiction");
	i.checks[0].error_key = "dg13.structure";
	card_verdict_of(&i, LANG_VI, &v);
	assert_string_equal(v.key, "verdict.malformed");
	i.verdict = INSPECT_GOOD;
	(void)snprintf(i.checks[1].id, sizeof i.checks[1].id, "active-authentication");
	card_verdict_of(&i, LANG_VI, &v);
	assert_string_equal(v.key, "verdict.passed");
	/* A child's card: no portrait is signed. */
	(void)snprintf(i.checks[2].id, sizeof i.checks[2].id, "sod.dg1");
	card_verdict_of(&i, LANG_VI, &v);
	assert_string_equal(v.key, "verdict.passed-no-photo");
	(void)snprintf(i.checks[0].id, sizeof i.checks[0].id, "sod.dg2");
	card_verdict_of(&i, LANG_VI, &v);
	assert_string_equal(v.key, "verdict.passed");
}

/* An error's detail is English: in Vietnamese its sentence goes before it. */
static void the_evidence_of_an_error_has_its_sentence(void **state)
{
	struct lds_set files = { 0 };
	struct inspection i = { 0 };
	char text[CARD_INSPECT_EVIDENCE_MAX];
	const struct inspect_check *c;

	(void)state;
	card(&files);
	assert_int_equal(lds_set_put(&files, lds_dg(1), BYTES_LITERAL("\x61\x03\x5F\x1F\x00")).code, CC_OK);
	inspect(&files, fixture.trust, &i);
	c = inspection_find(&i, "mrz.digits");
	assert_non_null(c->error_key);
	card_inspect_evidence(c, LANG_VI, text);
	assert_ptr_equal(strstr(text, message_find(c->error_key)->vi), text);
	assert_non_null(strstr(text, c->evidence_vi));
	card_inspect_evidence(c, LANG_EN, text);
	assert_string_equal(text, c->evidence);
	inspection_done(&i);
	lds_set_done(&files);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_signer_that_our_country_signer_did_not_sign_is_forgery),
		cmocka_unit_test(changed_data_and_a_wrong_signature_are_forgery),
		cmocka_unit_test(good_files_say_that_the_chip_was_not_asked),
		cmocka_unit_test(of_several_causes_the_gravest_is_told),
		cmocka_unit_test(the_evidence_of_an_error_has_its_sentence),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
