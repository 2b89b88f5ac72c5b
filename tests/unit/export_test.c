/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/base/secret.h"
#include "station/registry/due.h"
#include "station/registry/export.h"
#include "station/registry/person_field.h"
#include "tests/support/forms_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define assert_ok(call) assert_int_equal((call).code, CC_OK)

/* ---- due lists */

static void due_follows_the_card_not_the_age_alone(void **state)
{
	static const struct {
		struct date birth, issued, ledger;
		enum person_expiry kind;
		const char *want; /* kind and day, "-": not due */
	} cases[] = {
		{ { 2001, 12, 24 }, { 2018, 1, 1 }, { 0 }, EXPIRY_BY_RULE, "exchange 2026-12-24" }, /* reaches 25 */
		{ { 2001, 12, 24 }, { 2024, 12, 23 }, { 0 }, EXPIRY_BY_RULE, "exchange 2026-12-24" },
		{ { 2001, 12, 24 }, { 2024, 12, 24 }, { 0 }, EXPIRY_BY_RULE, "-" }, /* within the 2 years before 25: to 40 */
		{ { 2001, 12, 24 }, { 0 }, { 2024, 11, 1 }, EXPIRY_BY_RULE, "exchange 2026-12-24" }, /* the ledger's day */
		{ { 2001, 12, 24 }, { 0 }, { 2025, 1, 1 }, EXPIRY_BY_RULE, "-" },
		/* The record has the old card's dates, the ledger a newer card. */
		{ { 2001, 12, 24 }, { 2018, 1, 1 }, { 2025, 1, 1 }, EXPIRY_BY_RULE, "-" },
		{ { 1966, 12, 1 }, { 2015, 1, 1 }, { 2024, 11, 30 }, EXPIRY_NONE, "exchange 2026-12-01" },
		{ { 2001, 12, 24 }, { 0 }, { 0 }, EXPIRY_BY_RULE, "age-unknown-card 2026-12-24" },
		{ { 2012, 12, 1 }, { 0 }, { 0 }, EXPIRY_BY_RULE, "first 2026-12-01" },		   /* 14 */
		{ { 2012, 12, 1 }, { 2020, 1, 1 }, { 0 }, EXPIRY_BY_RULE, "exchange 2026-12-01" }, /* a child's card */
		{ { 1986, 12, 1 }, { 2024, 12, 2 }, { 0 }, EXPIRY_BY_RULE, "-" },
		{ { 1966, 12, 1 }, { 2024, 12, 2 }, { 0 }, EXPIRY_BY_RULE, "-" }, /* from 58 on: no expiry */
		{ { 1966, 12, 1 }, { 2015, 1, 1 }, { 0 }, EXPIRY_BY_RULE, "exchange 2026-12-01" },
		{ { 1966, 12, 1 }, { 2015, 1, 1 }, { 0 }, EXPIRY_NONE, "-" },
		{ { 1990, 1, 1 }, { 2010, 1, 1 }, { 0 }, EXPIRY_BY_RULE, "exchange 2015-01-01" }, /* expired */
		{ { 2001, 0, 0 }, { 0 }, { 0 }, EXPIRY_BY_RULE, "-" },
		{ { 2012, 2, 29 }, { 0 }, { 0 }, EXPIRY_BY_RULE, "-" },
	};
	struct due_query q = { .rules = validity_rules_2024(), .today = { 2026, 11, 24 }, .until = { 2027, 1, 23 } };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct person p = { .birth = cases[i].birth, .issued = cases[i].issued, .expiry_kind = cases[i].kind };
		char got[48] = "-", day[DATE_TEXT_SIZE];
		struct due d;

		if (due_judge(&q, &p, cases[i].ledger, &d)) {
			date_format(d.on, day);
			(void)snprintf(got, sizeof got, "%s %s", due_kind_name(d.kind), day);
			assert_true(d.overdue == (date_compare(d.on, q.today) < 0));
		}
		assert_string_equal(got, cases[i].want);
		p.life = LIFE_DEAD;
		assert_false(due_judge(&q, &p, cases[i].ledger, &d));
	}
}

static bool count_due(void *ctx, const struct due *d)
{
	assert_string_equal(d->person->number, "001101000000");
	assert_string_equal(d->province, "Hà Nội");
	++*(size_t *)ctx;
	return true;
}

static void due_list_goes_by_province_of_residence(void **state)
{
	struct forms_world *w = *state;
	struct due_query q = { .rules = validity_rules_2024(), .today = { 2026, 11, 24 }, .until = { 2027, 1, 23 } };
	size_t n = 0;

	forms_world_add(w, "001101000000", "Lê Văn Bảy", "2001-12-24", "");
	assert_ok(due_list(&w->forms, &q, count_due, &n, &w->err));
	assert_int_equal(n, 1);
	q.province = "Hà Nội";
	assert_ok(due_list(&w->forms, &q, count_due, &n, &w->err));
	assert_int_equal(n, 2);
	q.province = "Huế";
	assert_ok(due_list(&w->forms, &q, count_due, &n, &w->err));
	assert_int_equal(n, 2);
}

/* ---- exports */

/* Each text field of a person holds a marker of its own; numbers and dates are told apart by their digits. */
static void a_field_outside_of_the_whitelist_never_leaves(void **state)
{
	static const char row[] =
		"{\"number\":\"001090000000\",\"full_name\":\"Marker Fullname\",\"birth_date\":\"1990-02-15\",\"birth_basis\":\"markbasis\","
		"\"sex\":\"male\",\"nationality\":\"marknation\",\"ethnicity\":\"markethnicity\",\"religion\":\"markreligion\","
		"\"origin\":\"markorigin\",\"residence\":\"markstreet, Hà Nội\",\"identifying_marks\":\"markmarks\",\"father\":\"Markfather\","
		"\"mother\":\"Markmother\",\"spouse\":\"Markspouse\",\"old_cmnd\":\"012000000\",\"issue_date\":\"2025-01-03\","
		"\"issue_place\":\"markissueplace\",\"expiry_date\":\"2030-02-16\",\"life_status\":\"missing\",\"death_date\":\"2026-01-05\","
		"\"other_name\":\"Markother\",\"blood_group\":\"AB+\",\"marital_status\":\"divorced\",\"birth_place\":\"markbirthplace\","
		"\"birth_registration\":\"markregistration\",\"current_residence\":\"markcurrent\",\"occupation\":\"markoccupation\","
		"\"education\":\"markeducation\",\"father_number\":\"002090000000\",\"mother_number\":\"003090000000\","
		"\"spouse_number\":\"004090000000\",\"father_nationality\":\"markfathernation\",\"mother_nationality\":\"markmothernation\","
		"\"spouse_nationality\":\"markspousenation\",\"representative\":\"Markrepresentative\","
		"\"representative_number\":\"005090000000\",\"representative_nationality\":\"markrepnation\","
		"\"household_head\":\"Markhead\",\"household_head_number\":\"006090000000\",\"household_relation\":\"markrelation\","
		"\"phone\":\"0900000000\",\"email\":\"mark@example.invalid\",\"cancelled_number\":\"007090000000\"}";
	const struct date today = { 2026, 11, 24 };
	struct row_fault fault = { 0 };
	struct person p;
	json_t *all = json_loads(row, 0, NULL), *value;
	size_t leaks = 0, looked = 0;

	(void)state;
	assert_ok(person_parse(bytes_str(row), &p, NULL, &fault));
	for (const struct export_purpose *e = export_purposes; e->name != NULL; e++) {
		for (int format = EXPORT_JSONL; format <= EXPORT_CSV; format++) {
			struct buf line = { 0 };
			const char *field;
			char text[PERSON_ROW_MAX];

			assert_ok(export_line(e, (enum export_format)format, &p, today, &line));
			(void)snprintf(text, sizeof text, "%.*s", (int)line.n, (const char *)line.p);
			json_object_foreach(all, field, value)
			{
				bool may = false;
				char quoted[PERSON_FIELD_SIZE + 2];

				for (const char *const *f = e->fields; *f != NULL; f++)
					may = may || strcmp(*f, field) == 0;
				/* A whole value, and for texts of one word the word anywhere. */
				(void)snprintf(quoted, sizeof quoted, strlen(json_string_value(value)) > 6 ? "%s" : "\"%s\"",
					       json_string_value(value));
				looked++;
				leaks += !may && strstr(text, quoted) != NULL ? 1 : 0;
				assert_true(!may || strstr(text, quoted) != NULL);
			}
			assert_true(strstr(text, "markstreet") == NULL || strcmp(e->name, "statistics") != 0);
			buf_done(&line);
		}
	}
	assert_int_equal(leaks, 0);
	json_decref(all);
	(void)printf("# count: %zu fields of exports looked at, none outside of its whitelist\n", looked);
}

static void csv_quotes_what_would_break_a_row(void **state)
{
	static const char row[] =
		"{\"number\":\"001090000000\",\"full_name\":\"An\",\"sex\":\"male\",\"nationality\":\"Việt Nam\","
		"\"residence\":\"Nhà \\\"Xanh\\\", Huế\"}";
	const struct export_purpose *e = export_purpose_find("health-insurance");
	struct buf line = { 0 };
	struct person p;

	(void)state;
	assert_ok(person_parse(bytes_str(row), &p, NULL, NULL));
	assert_ok(export_line(e, EXPORT_CSV, &p, (struct date){ 2026, 11, 24 }, &line));
	assert_true(bytes_equal(buf_view(&line),
				bytes_str("\"001090000000\",\"An\",\"\",\"male\",\"Nhà \"\"Xanh\"\", Huế\",\"alive\"\r\n")));
	buf_done(&line);
	assert_ok(export_line(e, EXPORT_JSONL, &p, (struct date){ 2026, 11, 24 }, &line));
	assert_true(
		bytes_equal(buf_view(&line), bytes_str("{\"number\":\"001090000000\",\"full_name\":\"An\",\"sex\":\"male\","
						       "\"residence\":\"Nhà \\\"Xanh\\\", Huế\",\"life_status\":\"alive\"}\n")));
	buf_done(&line);
}

struct bookings {
	size_t count;
	struct export_booking last;
};

static bool see_booking(void *ctx, const struct export_booking *b)
{
	struct bookings *s = ctx;

	s->count++;
	s->last = *b;
	return true;
}

static void an_export_is_booked_whole_and_never_overwrites(void **state)
{
	struct forms_world *w = *state;
	char path[256];
	struct export_request q = { .purpose = "health-insurance",
				    .receiver = "Bảo hiểm",
				    .officer = "Nguyễn An",
				    .path = path,
				    .today = { 2026, 11, 24 } };
	struct export_booking b;
	struct bookings seen = { 0 };
	struct buf file = { 0 };
	struct digest hash;
	struct stat info;

	fixture_path(&w->folder, "out.jsonl", path, sizeof path);
	w->forms.dry_run = true;
	assert_ok(export_make(&w->forms, &q, &b, &w->err));
	assert_true(b.people == 1 && access(path, F_OK) != 0);
	w->forms.dry_run = false;
	assert_ok(export_make(&w->forms, &q, &b, &w->err));
	assert_ok(sys_read_file(path, 65536, &file, &w->err));
	assert_ok(hash_digest(HASH_SHA256, buf_view(&file), &hash));
	assert_memory_equal(hash.p, b.sha256.p, 32);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 07777, 0600);
	assert_int_equal(export_make(&w->forms, &q, &b, &w->err).code, CC_E_EXISTS);
	cc_error_init(&w->err);
	q.purpose = "curiosity";
	assert_int_equal(export_make(&w->forms, &q, &b, &w->err).code, CC_E_ARG);
	cc_error_init(&w->err);
	forms_world_close(w);
	forms_world_open(w, NULL);
	assert_ok(export_list(&w->forms, see_booking, &seen, &w->err));
	assert_int_equal(seen.count, 1);
	assert_string_equal(seen.last.state, "done");
	assert_string_equal(seen.last.receiver, "Bảo hiểm");
	assert_memory_equal(hash.p, seen.last.sha256.p, 32);
	buf_done(&file);
}

static void an_export_that_fails_leaves_its_booking_and_no_file(void **state)
{
	struct forms_world *w = *state;
	char path[256], part[300];
	struct export_request q = {
		.purpose = "statistics", .receiver = "Thống kê", .officer = "Nguyễn An", .path = path, .today = { 2026, 11, 24 }
	};
	struct export_booking b;
	struct bookings seen = { 0 };
	struct stmt *stmt = NULL;
	bool row;

	/* A record that can't be opened stops it halfway. */
	assert_ok(store_prepare(w->store, "UPDATE registry_person SET record = $1 WHERE id > 0 RETURNING id", &stmt));
	assert_ok(stmt_bind_blob(stmt, 1, BYTES_LITERAL("damaged")));
	assert_ok(stmt_step(stmt, &row));
	stmt_finish(&stmt);
	fixture_path(&w->folder, "out.jsonl", path, sizeof path);
	(void)snprintf(part, sizeof part, "%s.part", path);
	assert_true(cc_failed(export_make(&w->forms, &q, &b, &w->err)));
	assert_true(access(path, F_OK) != 0 && access(part, F_OK) != 0);
	cc_error_init(&w->err);
	assert_ok(export_list(&w->forms, see_booking, &seen, &w->err));
	assert_string_equal(seen.last.state, "failed");
	assert_int_equal(seen.last.sha256.n, 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, forms_world_up, forms_world_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(due_follows_the_card_not_the_age_alone),
		CASE(due_list_goes_by_province_of_residence),
		cmocka_unit_test(a_field_outside_of_the_whitelist_never_leaves),
		cmocka_unit_test(csv_quotes_what_would_break_a_row),
		CASE(an_export_is_booked_whole_and_never_overwrites),
		CASE(an_export_that_fails_leaves_its_booking_and_no_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
