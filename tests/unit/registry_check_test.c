/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/check.h"

#include "station/message.h"
#include "station/registry/codes.h"
#include "station/registry/number.h"
#include "station/registry/validity.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define assert_ok(call) assert_int_equal((call).code, CC_OK)

static struct date day(const char *text)
{
	struct date d = { 0 };

	assert_true(date_parse(bytes_str(text), &d));
	return d;
}

/* ---- dates */

static void date_knows_the_calendar(void **state)
{
	static const char *const good[] = { "2000-02-29", "2024-02-29", "1800-01-01", "2399-12-31",
					    "2023-04-30", "1949",	"1949-12" };
	static const char *const bad[] = { "",		 "1900-02-29",	"2100-02-29", "2023-02-29", "2023-04-31", "2023-13-01",
					   "2023-00",	 "2023-01-00",	"1799-12-31", "2400-01-01", "23-01-01",	  "2023-1-1",
					   "2023/01/01", "2023-01-01 ", "2023-",      "2023-01-",   "+023-01-01", "2023-01-011" };
	struct date d = { 1, 2, 3 };
	char text[DATE_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_true(date_parse(bytes_str(good[i]), &d));
		date_format(d, text);
		assert_string_equal(text, good[i]);
	}
	d = (struct date){ 1, 2, 3 };
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(date_parse(bytes_str(bad[i]), &d));
	assert_true(d.year == 1 && d.month == 2 && d.day == 3);
}

static void date_is_written_for_card_and_mrz(void **state)
{
	char text[DATE_TEXT_SIZE];

	(void)state;
	date_format_card(day("2001-03-08"), text);
	assert_string_equal(text, "08/03/2001");
	date_format_mrz(day("2001-03-08"), text);
	assert_string_equal(text, "010308");
	/* ICAO 9303-3 4.8: unknown parts are fillers. */
	date_format_mrz(day("1949-12"), text);
	assert_string_equal(text, "4912<<");
	date_format_mrz(day("1949"), text);
	assert_string_equal(text, "49<<<<");
	date_format_mrz((struct date){ 0 }, text);
	assert_string_equal(text, "<<<<<<");
}

static void date_in_vietnam_is_7_hours_ahead(void **state)
{
	(void)state;
	assert_int_equal(date_compare(date_in_vietnam(0), day("1970-01-01")), 0);
	assert_int_equal(date_compare(date_in_vietnam(-7 * 3600000LL - 1), day("1969-12-31")), 0);
	/* 2024-02-28 16:59:59.999 UTC and a millisecond later. */
	assert_int_equal(date_compare(date_in_vietnam(1709139599999LL), day("2024-02-28")), 0);
	assert_int_equal(date_compare(date_in_vietnam(1709139600000LL), day("2024-02-29")), 0);
	assert_int_equal(date_compare(date_in_vietnam(4102444800000LL), day("2100-01-01")), 0);
}

/* ---- numbers */

static void number_tells_place_sex_and_year(void **state)
{
	static const struct {
		const char *number, *province;
		enum person_sex sex;
		unsigned year;
	} cases[] = {
		{ "001090000000", "001", SEX_MALE, 1990 }, { "079301000000", "079", SEX_FEMALE, 2001 },
		{ "036058000000", "036", SEX_MALE, 1958 }, { "096199000000", "096", SEX_FEMALE, 1999 },
		{ "001405000000", "001", SEX_MALE, 2105 }, { "001505000000", "001", SEX_FEMALE, 2105 },
		{ "001605000000", "001", SEX_MALE, 2205 }, { "001700000000", "001", SEX_FEMALE, 2200 },
		{ "001899000000", "001", SEX_MALE, 2399 }, { "001900000000", "001", SEX_FEMALE, 2300 },
		{ "001200000000", "001", SEX_MALE, 2000 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct number_parts parts;

		number_parse(cases[i].number, &parts);
		assert_string_equal(parts.province, cases[i].province);
		assert_int_equal(parts.sex, cases[i].sex);
		assert_int_equal(parts.birth_year, cases[i].year);
	}
}

static void number_is_12_digits_and_nothing_else(void **state)
{
	(void)state;
	assert_true(number_is_well_formed(BYTES_LITERAL("001090000000")));
	assert_false(number_is_well_formed(BYTES_LITERAL("")));
	assert_false(number_is_well_formed(BYTES_LITERAL("00109000000")));
	assert_false(number_is_well_formed(BYTES_LITERAL("0010900000000")));
	assert_false(number_is_well_formed(BYTES_LITERAL("00109000000a")));
	assert_false(number_is_well_formed(BYTES_LITERAL("00109000000\0")));
	assert_false(number_is_well_formed(BYTES_LITERAL("\xD9\xA0\xD9\xA0\xD9\xA0\xD9\xA0\xD9\xA0\xD9\xA0")));
}

/* cccd-card.md 1: 63 codes until June 2025, 34 since; six of them changed their meaning. */
static void province_codes_are_read_by_date(void **state)
{
	static const char *const changed[][3] = { { "015", "Yên Bái", "Lào Cai" },	{ "024", "Bắc Giang", "Bắc Ninh" },
						  { "044", "Quảng Bình", "Quảng Trị" }, { "052", "Bình Định", "Gia Lai" },
						  { "080", "Long An", "Tây Ninh" },	{ "082", "Tiền Giang", "Đồng Tháp" },
						  { "046", "Thừa Thiên Huế", "Huế" },	{ "091", "Kiên Giang", "An Giang" } };
	size_t before = 0, since = 0, differ = 0;

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		char code[8];
		const char *a, *b;

		(void)snprintf(code, sizeof code, "%03u", i);
		a = number_province(code, day("2025-06-30"));
		b = number_province(code, day("2025-07-01"));
		before += a != NULL ? 1 : 0;
		since += b != NULL ? 1 : 0;
		differ += a != NULL && b != NULL && strcmp(a, b) != 0 ? 1 : 0;
		assert_true(a != NULL || b == NULL);
	}
	assert_int_equal(before, 63);
	assert_int_equal(since, 34);
	assert_int_equal(differ, sizeof changed / sizeof changed[0]);
	for (size_t i = 0; i < sizeof changed / sizeof changed[0]; i++) {
		assert_string_equal(number_province(changed[i][0], day("1990-01-01")), changed[i][1]);
		assert_string_equal(number_province(changed[i][0], day("2026-01-01")), changed[i][2]);
	}
}

/* ---- validity */

static void assert_expiry(const struct validity_rules *r, const char *birth, const char *issued, const char *want)
{
	struct date d = { 0 };
	char text[DATE_TEXT_SIZE] = "none";

	if (validity_expiry(r, day(birth), day(issued), &d))
		date_format(d, text);
	assert_string_equal(text, want);
}

static void expiry_follows_the_exchange_ages(void **state)
{
	static const char *const cases[][4] = {
		/* birth, issued, expiry by the 2024 rule, by the 2021 rule */
		{ "2015-06-10", "2021-06-10", "2029-06-10", "2040-06-10" }, /* 6 years */
		{ "2010-06-10", "2022-06-09", "2024-06-10", "2035-06-10" }, /* a day before 12 */
		{ "2010-06-10", "2022-06-10", "2035-06-10", "2035-06-10" }, /* 12: within 2 years of 14 */
		{ "2010-06-10", "2024-06-10", "2035-06-10", "2035-06-10" }, /* 14 */
		{ "2001-03-08", "2024-03-07", "2026-03-08", "2026-03-08" }, /* a day before 23 */
		{ "2001-03-08", "2024-03-08", "2041-03-08", "2041-03-08" }, /* 23 */
		{ "2001-03-08", "2026-03-08", "2041-03-08", "2041-03-08" }, /* 25 */
		{ "1990-02-15", "2026-01-01", "2030-02-15", "2030-02-15" }, /* the sample of cccd-card.md 2 */
		{ "1990-02-15", "2028-02-14", "2030-02-15", "2030-02-15" }, /* a day before 38 */
		{ "1990-02-15", "2028-02-15", "2050-02-15", "2050-02-15" }, /* 38 */
		{ "1990-02-15", "2048-02-14", "2050-02-15", "2050-02-15" }, /* a day before 58 */
		{ "1990-02-15", "2048-02-15", "none", "none" },		    /* 58 */
		{ "1958-01-01", "2021-03-30", "none", "none" },		    /* the sample of cccd-card.md 2 */
	};
	struct validity_rules new_rules = validity_rules_2024(), old_rules = validity_rules_2021();

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_expiry(&new_rules, cases[i][0], cases[i][1], cases[i][2]);
		assert_expiry(&old_rules, cases[i][0], cases[i][1], cases[i][3]);
	}
}

static void birthday_on_29_february_follows_the_setting(void **state)
{
	struct validity_rules r = validity_rules_2024();

	(void)state;
	assert_expiry(&r, "2004-02-29", "2026-02-27", "2029-02-28");
	assert_expiry(&r, "2004-02-29", "2027-02-27", "2029-02-28");
	assert_expiry(&r, "2004-02-29", "2027-02-28", "2044-02-29"); /* 23 on 28 February */
	r.feb_29_is_march_1 = true;
	assert_expiry(&r, "2004-02-29", "2027-02-28", "2029-03-01");
	assert_expiry(&r, "2004-02-29", "2027-03-01", "2044-02-29");
}

static void age_is_counted_in_completed_years(void **state)
{
	struct validity_rules r = validity_rules_2024();

	(void)state;
	assert_int_equal(validity_age(&r, day("2010-06-10"), day("2024-06-09")), 13);
	assert_int_equal(validity_age(&r, day("2010-06-10"), day("2024-06-10")), 14);
	assert_int_equal(validity_age(&r, day("2010-06-10"), day("2010-06-10")), 0);
	assert_int_equal(validity_age(&r, day("2010-06-10"), day("2009-01-01")), 0);
	assert_int_equal(validity_age(&r, day("2004-02-29"), day("2023-02-28")), 19);
	r.feb_29_is_march_1 = true;
	assert_int_equal(validity_age(&r, day("2004-02-29"), day("2023-02-28")), 18);
}

static void rules_are_read_from_settings(void **state)
{
	static const char *const bad[] = { "",	  ",", "14,",	"14,,25",	    "25,14", "14,14", "2,14",
					   "200", "a", "14;25", "1,2,3,4,5,6,7,8,9" };
	struct validity_rules r = { 0 };
	struct cc_error err = { 0 };

	(void)state;
	assert_ok(validity_rules_parse("14,25,40,60", "02-28", &r, &err));
	assert_int_equal(r.age_count, 4);
	assert_int_equal(r.ages[3], 60);
	assert_false(r.feb_29_is_march_1);
	assert_ok(validity_rules_parse("25", "03-01", &r, &err));
	assert_true(r.feb_29_is_march_1 && r.age_count == 1);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(validity_rules_parse(bad[i], "02-28", &r, &err).code, CC_E_FORMAT);
	assert_int_equal(validity_rules_parse("14", "02-29", &r, &err).code, CC_E_FORMAT);
}

/* ---- holds */

static struct person somebody(void)
{
	struct person p = { .number = "001090000000",
			    .full_name = "Nguyễn Văn Đức",
			    .birth = { 1990, 2, 15 },
			    .sex = SEX_MALE,
			    .nationality = "Việt Nam",
			    .origin = "Hà Nội",
			    .residence = "Hà Nội" };

	return p;
}

static struct check_context today(void)
{
	return (struct check_context){ .today = { 2026, 7, 1 }, .rules = validity_rules_2024() };
}

/* The person has this one finding and no other; its key has sentences. */
static void assert_finding(const struct person *p, bool photo, enum hold_severity severity, const char *key, const char *field)
{
	struct check_context ctx = today();
	struct holds h;

	registry_check_person(p, photo, &ctx, &h);
	assert_int_equal(h.count, 1);
	assert_string_equal(h.items[0].key, key);
	assert_string_equal(h.items[0].field, field);
	assert_int_equal(h.items[0].severity, severity);
	assert_int_equal(holds_any(&h), severity == HOLD_HOLD);
	assert_true((holds_first(&h) != NULL) == (severity == HOLD_HOLD));
	assert_string_equal(message_find(key)->key, key);
}

static void sound_record_has_no_finding(void **state)
{
	struct person p = somebody();
	struct check_context ctx = today();
	struct holds h;

	(void)state;
	registry_check_person(&p, true, &ctx, &h);
	assert_int_equal(h.count, 0);
	assert_false(holds_any(&h));
}

static void incomplete_birth_holds_unless_a_setting_allows(void **state)
{
	struct person p = somebody();
	struct check_context ctx = today();
	struct holds h;

	(void)state;
	p.birth.day = 0;
	assert_finding(&p, true, HOLD_HOLD, "registry.birth-incomplete", "birth_date");
	p.birth.month = 0;
	assert_finding(&p, true, HOLD_HOLD, "registry.birth-incomplete", "birth_date");
	ctx.allow_incomplete_birth = true;
	registry_check_person(&p, true, &ctx, &h);
	assert_int_equal(h.count, 1);
	assert_int_equal(h.items[0].severity, HOLD_WARNING);
	p.birth.year = 0;
	/* The table of province codes can't be chosen without a date: the older one has every code. */
	assert_finding(&p, true, HOLD_HOLD, "registry.birth-incomplete", "birth_date");
}

static void holds_stop_a_card(void **state)
{
	struct person p = somebody();

	(void)state;
	assert_finding(&p, false, HOLD_HOLD, "registry.no-photo", "photo");
	p.life = LIFE_DEAD;
	assert_finding(&p, true, HOLD_HOLD, "registry.dead", "life_status");
	p.life = LIFE_MISSING;
	assert_finding(&p, true, HOLD_HOLD, "registry.missing-person", "life_status");
	p = somebody();
	(void)strcpy(p.nationality, "Lào");
	assert_finding(&p, true, HOLD_HOLD, "registry.nationality", "nationality");
	(void)strcpy(p.nationality, "VIỆT NAM");
	p.issued = day("2012-01-01");
	p.birth = day("1991-02-15");
	(void)strcpy(p.number, "001091000000");
	assert_finding(&p, true, HOLD_HOLD, "registry.expired", "expiry_date"); /* 20 then: ran to 25, in 2016 */
	p = somebody();
	p.birth = day("2026-07-02");
	(void)strcpy(p.number, "001226000000");
	assert_finding(&p, true, HOLD_HOLD, "registry.birth-future", "birth_date");
}

static void several_holds_are_all_told(void **state)
{
	struct person p = somebody();
	struct check_context ctx = today();
	struct holds h;

	(void)state;
	p.life = LIFE_DEAD;
	p.birth = day("1990");
	registry_check_person(&p, false, &ctx, &h);
	assert_int_equal(h.count, 3);
	assert_string_equal(holds_first(&h)->key, "registry.dead");
}

/* cccd-card.md 1: never a hard reject. */
static void number_that_disagrees_is_a_warning(void **state)
{
	struct person p = somebody();

	(void)state;
	(void)strcpy(p.number, "003090000000");
	assert_finding(&p, true, HOLD_WARNING, "registry.number-province", "number");
	(void)strcpy(p.number, "001190000000");
	assert_finding(&p, true, HOLD_WARNING, "registry.number-sex", "number");
	(void)strcpy(p.number, "001091000000");
	assert_finding(&p, true, HOLD_WARNING, "registry.number-birth", "number");
	(void)strcpy(p.number, "001290000000");
	assert_finding(&p, true, HOLD_WARNING, "registry.number-birth", "number");
}

static void province_code_of_a_child_is_read_with_the_new_table(void **state)
{
	struct person p = somebody();
	struct check_context ctx = today();
	struct holds h;

	(void)state;
	p.birth = day("2025-07-01");
	(void)strcpy(p.father, "Nguyễn Văn An");
	(void)strcpy(p.number, "027225000000"); /* Bắc Ninh until June 2025 */
	registry_check_person(&p, true, &ctx, &h);
	assert_int_equal(h.count, 2);
	assert_string_equal(h.items[0].key, "registry.under-age");
	assert_string_equal(h.items[1].key, "registry.number-province");
	p.birth = day("2025-06-30");
	registry_check_person(&p, true, &ctx, &h);
	assert_int_equal(h.count, 1);
}

static void codes_and_places_are_those_of_the_day(void **state)
{
	struct person p = somebody();
	const char *successor = NULL;

	(void)state;
	(void)strcpy(p.ethnicity, "Ê-đê");
	(void)strcpy(p.religion, "Phật giáo Hòa Hảo");
	(void)strcpy(p.residence, "Số 1, xã Xuân Hòa, tỉnh Nam Định");
	assert_finding(&p, true, HOLD_WARNING, "registry.address-old-unit", "residence");
	assert_int_equal(codes_province("Nam Định", day("2025-06-30"), &successor), PROVINCE_CURRENT);
	assert_int_equal(codes_province("nam dinh", day("2025-07-01"), &successor), PROVINCE_MERGED);
	assert_string_equal(successor, "Ninh Bình");
	assert_int_equal(codes_province("Huế", day("2024-12-31"), NULL), PROVINCE_FUTURE);
	assert_int_equal(codes_province("Thừa Thiên Huế", day("2024-12-31"), NULL), PROVINCE_CURRENT);
	assert_int_equal(codes_province("Thừa Thiên Huế", day("2025-02-01"), &successor), PROVINCE_MERGED);
	assert_int_equal(codes_province("Thành phố Hồ Chí Minh", day("2026-01-01"), NULL), PROVINCE_CURRENT);
	(void)strcpy(p.residence, "Số 1, xã Xuân Hòa");
	assert_finding(&p, true, HOLD_WARNING, "registry.address-province", "residence");
	p = somebody();
	(void)strcpy(p.ethnicity, "Kinhh");
	assert_finding(&p, true, HOLD_WARNING, "registry.ethnicity", "ethnicity");
	p = somebody();
	(void)strcpy(p.religion, "Không rõ");
	assert_finding(&p, true, HOLD_WARNING, "registry.religion", "religion");
}

/* 63 provinces until 30 June 2025, 34 since. */
static void provinces_are_counted_by_date(void **state)
{
	size_t before = 0, since = 0;

	(void)state;
	for (size_t i = 0; i < codes_province_count(); i++) {
		before += codes_province_at(i, day("2025-06-30")) != NULL;
		since += codes_province_at(i, day("2025-07-01")) != NULL;
		if (codes_province_at(i, day("2025-07-01")) != NULL)
			assert_int_equal(codes_province(codes_province_at(i, day("2025-07-01")), day("2025-07-01"), NULL),
					 PROVINCE_CURRENT);
	}
	assert_int_equal(before, 63);
	assert_int_equal(since, 34);
}

static void a_child_needs_somebody_who_asks(void **state)
{
	struct person p = somebody();
	struct check_context ctx = today();
	struct holds h;

	(void)state;
	p.birth = day("2020-02-15");
	(void)strcpy(p.number, "001220000000");
	registry_check_person(&p, true, &ctx, &h);
	assert_true(holds_any(&h));
	assert_string_equal(holds_first(&h)->key, "registry.no-representative");
	(void)strcpy(p.representative, "Lê Văn Hai");
	registry_check_person(&p, true, &ctx, &h);
	assert_false(holds_any(&h));
}

static void other_warnings(void **state)
{
	struct person p = somebody();
	struct check_context ctx = today();
	struct holds h;

	(void)state;
	p.residence[0] = '\0';
	assert_finding(&p, true, HOLD_WARNING, "registry.no-residence", "residence");
	p = somebody();
	p.origin[0] = '\0';
	assert_finding(&p, true, HOLD_WARNING, "registry.no-origin", "origin");
	p = somebody();
	p.expiry_kind = EXPIRY_NONE;
	assert_finding(&p, true, HOLD_WARNING, "registry.expiry-differs", "expiry_date");
	p.expiry_kind = EXPIRY_DATE;
	p.expiry = day("2030-02-16");
	assert_finding(&p, true, HOLD_WARNING, "registry.expiry-differs", "expiry_date");
	p = somebody();
	(void)snprintf(p.residence, sizeof p.residence, "%0115d, Hà Nội", 1);
	assert_finding(&p, true, HOLD_WARNING, "registry.long-field", "residence");
	(void)snprintf(p.residence, sizeof p.residence, "%0110d, Hà Nội", 1);
	p.expiry_kind = EXPIRY_DATE;
	p.expiry = day("2030-02-15");
	registry_check_person(&p, true, &ctx, &h);
	assert_int_equal(h.count, 0);
}

/* Dates that can't all be true. Of a date known in part only what is known counts. */
static void dates_of_a_life_agree(void **state)
{
	struct person p = somebody();
	struct check_context ctx = today();
	struct holds h;

	(void)state;
	p.death = day("2020-01-01");
	assert_finding(&p, true, HOLD_HOLD, "registry.alive-with-death-date", "death_date");
	p.life = LIFE_DEAD;
	registry_check_person(&p, true, &ctx, &h);
	assert_int_equal(h.count, 1);
	for (size_t i = 0; i < 2; i++) {
		p.death = i == 0 ? day("1990-02-14") : day("2026-07-02");
		registry_check_person(&p, true, &ctx, &h);
		assert_int_equal(h.count, 2);
		assert_string_equal(h.items[0].key, "registry.death-date");
		assert_string_equal(h.items[1].key, "registry.dead");
	}
	p.death = day("1990-02");
	registry_check_person(&p, true, &ctx, &h);
	assert_int_equal(h.count, 1);
	p = somebody();
	p.issued = day("1990-02-14");
	registry_check_person(&p, true, &ctx, &h);
	assert_string_equal(holds_first(&h)->key, "registry.issue-before-birth");
	p.issued = day("2026-07-02");
	assert_finding(&p, true, HOLD_WARNING, "registry.issue-future", "issue_date");
	p.issued = day("2026-07-01");
	registry_check_person(&p, true, &ctx, &h);
	assert_int_equal(h.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(date_knows_the_calendar),
		cmocka_unit_test(date_is_written_for_card_and_mrz),
		cmocka_unit_test(date_in_vietnam_is_7_hours_ahead),
		cmocka_unit_test(number_tells_place_sex_and_year),
		cmocka_unit_test(number_is_12_digits_and_nothing_else),
		cmocka_unit_test(province_codes_are_read_by_date),
		cmocka_unit_test(expiry_follows_the_exchange_ages),
		cmocka_unit_test(birthday_on_29_february_follows_the_setting),
		cmocka_unit_test(age_is_counted_in_completed_years),
		cmocka_unit_test(rules_are_read_from_settings),
		cmocka_unit_test(sound_record_has_no_finding),
		cmocka_unit_test(incomplete_birth_holds_unless_a_setting_allows),
		cmocka_unit_test(holds_stop_a_card),
		cmocka_unit_test(several_holds_are_all_told),
		cmocka_unit_test(number_that_disagrees_is_a_warning),
		cmocka_unit_test(province_code_of_a_child_is_read_with_the_new_table),
		cmocka_unit_test(codes_and_places_are_those_of_the_day),
		cmocka_unit_test(provinces_are_counted_by_date),
		cmocka_unit_test(a_child_needs_somebody_who_asks),
		cmocka_unit_test(dates_of_a_life_agree),
		cmocka_unit_test(other_warnings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
