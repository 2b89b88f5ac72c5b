/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "card/inspect/lint.h"
#include "card/lds/ef_com.h"
#include "station/registry/fingers.h"
#include "station/registry/registry_rows.h"
#include "tests/support/books_fixture.h"
#include "tests/support/issue_station.h"
#include "tests/support/minutiae_made.h"

#include <stdio.h>
#include <string.h>

/* A child under 6 (cccd-card.md 6): neither face nor prints go on the card, and what is there passes every check. */
#define assert_ok(call) assert_int_equal((call).code, CC_OK)
#define CHILD "001222000000"
#define NO_FACE ((uint32_t)(1u << 0 | 1u << 12 | 1u << 13 | 1u << 14))

/* Somebody who will be 6 in `days` days; 0: today. */
static void add_child(int years, int days, struct bytes photo)
{
	struct date d = date_in_vietnam(sys_wall_ms(&station.sys) + days * INT64_C(86400000));
	enum registry_put put;
	struct person p;
	char row[512];

	(void)snprintf(row, sizeof row,
		       "{\"number\":\"" CHILD
		       "\",\"full_name\":\"Lý Gia Bảo\",\"birth_date\":\"%04d-%02d-%02d\",\"sex\":\"male\","
		       "\"nationality\":\"Việt Nam\",\"mother\":\"Trần Thị Mẹ\",\"residence\":\"Hà Nội\",\"origin\":\"Hà Nội\"}",
		       d.year - years, d.month, d.day);
	assert_ok(person_parse(bytes_str(row), &p, NULL, NULL));
	assert_ok(store_begin(station.store));
	assert_ok(registry_put(station.issuer.registry, &p, photo, &put, &station.err));
	assert_int_equal(put, PUT_ADDED);
	assert_ok(store_commit(station.store));
}

/* A grown-up whose record says that the card was issued when the holder was 3, and runs on without end. */
static void add_backdated(struct bytes photo)
{
	struct date today = date_in_vietnam(sys_wall_ms(&station.sys));
	enum registry_put put;
	struct person p;
	char row[512];

	(void)snprintf(row, sizeof row,
		       "{\"number\":\"" CHILD "\",\"full_name\":\"Lý Gia Bảo\",\"birth_date\":\"%04d-01-02\",\"sex\":\"male\","
		       "\"nationality\":\"Việt Nam\",\"issue_date\":\"%04d-02-03\",\"expiry_date\":\"none\"}",
		       today.year - 30, today.year - 27);
	assert_ok(person_parse(bytes_str(row), &p, NULL, NULL));
	assert_ok(store_begin(station.store));
	assert_ok(registry_put(station.issuer.registry, &p, photo, &put, &station.err));
	assert_ok(store_commit(station.store));
}

/* Prints that somebody took all the same: they stay where they are. */
static void add_prints(void)
{
	struct buf right = minutiae_made(1, NULL), packed = { 0 };
	struct finger_prints prints = { 0 };
	struct stmt *q = NULL;
	bool row = false;
	int64_t id;

	prints.templates[FINGER_RIGHT_INDEX] = buf_view(&right);
	assert_ok(fingers_pack(&prints, &packed));
	assert_ok(store_prepare(station.store, "SELECT MAX(id) FROM registry_person", &q));
	assert_ok(stmt_step(q, &row));
	id = stmt_column_int(q, 0);
	stmt_finish(&q);
	assert_ok(store_begin(station.store));
	assert_ok(registry_fingers_add(station.issuer.registry, id, buf_view(&packed), &station.err));
	assert_ok(store_commit(station.store));
	buf_done(&right);
	buf_done(&packed);
}

static void begin(const char *more)
{
	char settings[256];

	issue_fixture_fresh(&station);
	(void)snprintf(settings, sizeof settings, "{" ISSUE_SETTINGS "%s}", more);
	issue_fixture_settings(&station, settings);
	issue_fixture_open(&station, NULL);
}

static void assert_lint_clean(const struct lds_set *files)
{
	const struct lint_input in = { .files = files, .now_s = sys_wall_ms(&station.sys) / 1000 };
	struct lint_report *r = cc_alloc(sizeof *r);

	assert_ok(lint_files(&in, r));
	for (size_t i = 0; i < r->count; i++)
		if (r->items[i].rule->severity == LINT_ERROR)
			fail_msg("%s: %s", r->items[i].rule->id, r->items[i].detail);
	cc_free(r, sizeof *r);
}

static void issue_faceless(void)
{
	const struct worker_request request = { .number = CHILD };
	const struct inspect_check *c;
	struct worker_report r = { 0 };
	struct issue_chip chip = { 0 };
	struct ef_com com;

	issue_chip_blank(&station, &chip, 1, true);
	if (cc_failed(issue_run(&station, &chip, &request, &r)))
		fail_msg("%s: %s", station.err.key, station.err.detail);
	assert_int_equal(r.inspection.verdict, INSPECT_GOOD);
	assert_int_equal(lds_set_dg_mask(&r.inspection.files), NO_FACE);
	assert_ok(ef_com_parse(lds_set_get(&r.inspection.files, LDS_COM), &com, &station.err));
	assert_int_equal(ef_com_dg_mask(&com), NO_FACE);
	c = inspection_find(&r.inspection, "dg2.structure");
	assert_non_null(c);
	assert_int_equal(c->result, INSPECT_NOT_APPLICABLE);
	assert_false(r.portrait_decided);
	assert_lint_clean(&r.inspection.files);
	worker_report_done(&r);
	issue_chip_done(&chip);
	books_fixture_check(station.issuer.books);
	issue_fixture_close(&station);
}

static void a_child_under_6_needs_no_photo(void **state)
{
	(void)state;
	begin("");
	add_child(3, 0, bytes_of(NULL, 0));
	issue_faceless();
}

/* The last day before the sixth birthday; photo, prints and templates are there and wanted, and none of them is written. */
static void what_was_taken_of_a_child_stays_off_the_card(void **state)
{
	static const uint8_t no_picture[] = { 0xFF, 0xD8, 0xFF, 1, 2, 3 };

	(void)state;
	begin(", \"dg3\": \"yes\", \"chip.match-on-card\": \"yes\"");
	add_child(6, 1, bytes_of(no_picture, sizeof no_picture));
	add_prints();
	issue_faceless();
}

static void from_6_on_the_face_is_due(void **state)
{
	const struct worker_request request = { .number = CHILD };
	struct worker_report r = { 0 };
	struct issue_chip chip = { 0 };

	(void)state;
	begin("");
	add_child(6, 0, bytes_of(NULL, 0));
	issue_chip_blank(&station, &chip, 1, true);
	assert_int_equal(issue_run(&station, &chip, &request, &r).code, CC_E_HELD);
	assert_string_equal(station.err.key, "registry.no-photo");
	worker_report_done(&r);
	issue_chip_done(&chip);
	issue_fixture_close(&station);
}

/* A date of issue in the record is data like any other: it makes nobody a child again. */
static void no_date_of_issue_takes_a_grown_ups_face_away(void **state)
{
	const struct worker_request request = { .number = CHILD };
	struct worker_report r = { 0 };
	struct issue_chip chip = { 0 };

	(void)state;
	begin("");
	add_backdated(bytes_of(NULL, 0));
	issue_chip_blank(&station, &chip, 1, true);
	assert_int_equal(issue_run(&station, &chip, &request, &r).code, CC_E_HELD);
	assert_string_equal(station.err.key, "registry.no-photo");
	worker_report_done(&r);
	issue_chip_done(&chip);
	issue_fixture_close(&station);
}

static void a_grown_up_with_an_early_date_of_issue_has_face_and_prints(void **state)
{
	const struct date today = date_in_vietnam(sys_wall_ms(&station.sys));
	const struct prepare_settings *s;
	struct person p = { .birth = { (uint16_t)(today.year - 30), 1, 2 }, .issued = { (uint16_t)(today.year - 27), 2, 3 } };

	(void)state;
	begin("");
	s = &station.issuer.settings;
	assert_true(prepare_has_face(s, &p, today));
	/* a card dated after it is a card for somebody of 6 */
	p.birth = (struct date){ (uint16_t)(today.year - 3), 1, 2 };
	p.issued = (struct date){ 0 };
	assert_false(prepare_has_face(s, &p, today));
	p.issued = (struct date){ (uint16_t)(today.year + 4), 1, 2 };
	assert_true(prepare_has_face(s, &p, today));
	issue_fixture_close(&station);
}

/* A grown-up's card without DG2 is none that lint lets pass. */
static void others_must_have_a_face(void **state)
{
	const struct worker_request request = { .number = ISSUE_ANNA };
	const struct lint_input in = { .now_s = sys_wall_ms(&station.sys) / 1000 };
	struct lint_report *report = cc_alloc(sizeof *report);
	struct lint_input without = in;
	struct worker_report r = { 0 };
	struct issue_chip chip = { 0 };
	struct ef_com com;

	(void)state;
	begin("");
	issue_chip_blank(&station, &chip, 1, true);
	assert_ok(issue_run(&station, &chip, &request, &r));
	buf_done(&r.inspection.files.files[lds_dg(2)]);
	buf_done(&r.inspection.files.files[LDS_COM]);
	assert_ok(ef_com_make("0107", NO_FACE, &com, &station.err));
	assert_ok(ef_com_encode(&com, &r.inspection.files.files[LDS_COM], &station.err));
	without.files = &r.inspection.files;
	assert_ok(lint_files(&without, report));
	assert_non_null(lint_find(report, "com.list-dg1", LDS_COM));
	cc_free(report, sizeof *report);
	worker_report_done(&r);
	issue_chip_done(&chip);
	issue_fixture_close(&station);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_child_under_6_needs_no_photo),
		cmocka_unit_test(what_was_taken_of_a_child_stays_off_the_card),
		cmocka_unit_test(from_6_on_the_face_is_due),
		cmocka_unit_test(no_date_of_issue_takes_a_grown_ups_face_away),
		cmocka_unit_test(a_grown_up_with_an_early_date_of_issue_has_face_and_prints),
		cmocka_unit_test(others_must_have_a_face),
	};

	return cmocka_run_group_tests(tests, issue_station, issue_station_done);
}
