/* SPDX-License-Identifier: Apache-2.0 */
#include "station/issue/prepare.h"

#include "tests/support/pki_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Before signing the readers in the field are asked; what happens then is a setting. */
static struct fixture_folder folder;
static struct config config;

static int setup(void **state)
{
	(void)state;
	fixture_folder(&folder);
	config_init(&config);
	(void)snprintf(config.home, sizeof config.home, "%s", folder.path);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fixture_folder_done(&folder);
	return 0;
}

static void someone(struct person *p, size_t residence_len)
{
	*p = (struct person){ .sex = SEX_MALE, .birth = { 1990, 2, 15 }, .issued = { 2026, 1, 1 } };
	(void)snprintf(p->number, sizeof p->number, "001090000000");
	(void)snprintf(p->full_name, sizeof p->full_name, "Nguyễn Văn Đức");
	(void)snprintf(p->nationality, sizeof p->nationality, "Việt Nam");
	(void)snprintf(p->father, sizeof p->father, "Nguyễn Văn An");
	(void)snprintf(p->mother, sizeof p->mother, "Trần Thị Bình");
	assert_true(residence_len < sizeof p->residence);
	memset(p->residence, 'a', residence_len);
}

static cc_status prepare(const char *setting, size_t residence_len, struct prepared *p, struct cc_error *err)
{
	struct prepare_settings settings;
	struct person person;
	char json[64];
	cc_status st;

	(void)snprintf(json, sizeof json, "{\"issue.readers\":\"%s\"}", setting);
	fixture_write(&folder, "settings.json", bytes_str(json));
	cc_error_init(err);
	assert_int_equal(prepare_settings_read(&config, &settings, err).code, CC_OK);
	someone(&person, residence_len);
	st = prepare_chip_id(&settings, &person, (struct date){ 2026, 1, 1 }, "0000000000000000", p, err);
	prepare_settings_done(&settings);
	return st;
}

static bool lost(const struct prepared *p, const char *family, const char *rule)
{
	for (size_t i = 0; i < p->lost_count; i++) {
		if (strcmp(p->lost[i].family->id, family) == 0 && strcmp(p->lost[i].rule, rule) == 0)
			return true;
	}
	return false;
}

static void what_fits_every_reader_loses_nothing(void **state)
{
	struct prepared p = { 0 };
	struct cc_error err;

	(void)state;
	assert_int_equal(prepare("hold", 100, &p, &err).code, CC_OK);
	assert_int_equal(p.lost_count, 0);
	prepared_done(&p);
}

static void a_long_residence_is_a_warning_that_names_what_is_lost(void **state)
{
	struct prepared p = { 0 };
	struct cc_error err;

	(void)state;
	assert_int_equal(prepare("warn", 130, &p, &err).code, CC_OK);
	assert_true(lost(&p, "dg13-scan", "dg13.residence"));
	assert_true(lost(&p, "dg13-scan-stop", "dg13.parents"));
	prepared_done(&p);
}

static void it_holds_the_person_when_the_setting_says_so(void **state)
{
	struct prepared p = { 0 };
	struct cc_error err;

	(void)state;
	assert_int_equal(prepare("hold", 130, &p, &err).code, CC_E_HELD);
	assert_string_equal(err.key, "issue.readers");
	/* the reason names the field, never its content */
	assert_non_null(strstr(err.detail, "dg13.residence"));
	assert_null(strstr(err.detail, "aaaa"));
	prepared_done(&p);
}

static void off_asks_nobody(void **state)
{
	struct prepared p = { 0 };
	struct cc_error err;

	(void)state;
	assert_int_equal(prepare("off", 130, &p, &err).code, CC_OK);
	assert_int_equal(p.lost_count, 0);
	prepared_done(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_fits_every_reader_loses_nothing),
		cmocka_unit_test(a_long_residence_is_a_warning_that_names_what_is_lost),
		cmocka_unit_test(it_holds_the_person_when_the_setting_says_so),
		cmocka_unit_test(off_asks_nobody),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
