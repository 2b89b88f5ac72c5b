/* SPDX-License-Identifier: Apache-2.0 */
#include "station/portrait_case.h"

#include "biometrics/face_record_39794.h"
#include "card/lds/dg2.h"
#include "station/portrait_dg2.h"
#include "tests/support/books_fixture.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct books_fixture f;

static int setup(void **state)
{
	(void)state;
	books_fixture(&f);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	books_fixture_done(&f);
	return 0;
}

static struct date day(const char *text)
{
	struct date d;

	assert_true(date_parse(bytes_str(text), &d));
	return d;
}

static void mac_of(unsigned person, uint8_t out[BOOKS_MAC_LEN])
{
	char number[13];

	(void)snprintf(number, sizeof number, "%06u000000", person);
	assert_int_equal(books_number_mac(f.books, number, out).code, CC_OK);
}

static void the_date_turns_the_policy(void **state)
{
	struct portrait_policy p = { .dated = true, .from = day("2030-01-01") };
	uint8_t mac[BOOKS_MAC_LEN];
	struct portrait_choice c;

	(void)state;
	mac_of(1, mac);
	c = portrait_policy_choose(&p, day("2029-12-31"), mac);
	assert_int_equal(c.record, PORTRAIT_RECORD_19794);
	c = portrait_policy_choose(&p, day("2030-01-01"), mac);
	assert_int_equal(c.record, PORTRAIT_RECORD_39794);
	assert_int_equal(c.reason, PORTRAIT_BY_DATE);
	p = (struct portrait_policy){ .record = PORTRAIT_RECORD_39794 };
	c = portrait_policy_choose(&p, day("2026-01-01"), mac);
	assert_int_equal(c.record, PORTRAIT_RECORD_39794);
	assert_int_equal(c.reason, PORTRAIT_BY_SETTING);
	p.record = PORTRAIT_RECORD_19794;
	assert_int_equal(portrait_policy_choose(&p, day("2040-01-01"), mac).record, PORTRAIT_RECORD_19794);
}

/* A person's lot never changes, the share is near the percentage, and a larger pilot keeps everybody who was in. */
static void the_pilot_draws_stable_lots(void **state)
{
	static const unsigned percents[] = { 0, 1, 10, 50, 100 };
	static bool in[5][4000];
	struct date today = day("2026-06-01");

	(void)state;
	for (unsigned k = 0; k < 5; k++) {
		struct portrait_policy p = { .dated = true, .from = day("2030-01-01"), .pilot_percent = percents[k] };
		unsigned count = 0;

		for (unsigned i = 0; i < 4000; i++) {
			uint8_t mac[BOOKS_MAC_LEN];
			struct portrait_choice c;

			mac_of(i, mac);
			c = portrait_policy_choose(&p, today, mac);
			in[k][i] = c.record == PORTRAIT_RECORD_39794;
			assert_true(!in[k][i] || c.reason == PORTRAIT_BY_PILOT);
			assert_int_equal(c.record, portrait_policy_choose(&p, today, mac).record);
			assert_true(k == 0 || !in[k - 1][i] || in[k][i]);
			count += in[k][i];
		}
		printf("# figure: pilot of %u %%: %u of 4000 people\n", percents[k], count);
		assert_in_range(count, percents[k] * 40 - percents[k] * 40 / 2, percents[k] * 60);
	}
}

static struct portrait_case case_of(const char *number, struct bytes photo)
{
	const struct portrait_policy p = { 0 };
	struct portrait_case c;

	assert_int_equal(portrait_case_of(f.books, &p, day("2026-01-01"), number, photo, &c, NULL).code, CC_OK);
	return c;
}

#define NUMBER "001090000000"

static void an_override_is_booked_for_one_photo_of_one_person(void **state)
{
	const struct portrait_override a = { "background_colour", "Lê Thị B" }, b = { "head_pose_yaw", "Lê Thị B" };
	struct bytes photo = BYTES_LITERAL("photo one"), other = BYTES_LITERAL("photo two");
	struct portrait_case c;
	struct cc_error err;

	(void)state;
	cc_error_init(&err);
	assert_int_equal(portrait_override_add(f.books, NUMBER, photo, &a, "nền trường học", &err).code, CC_OK);
	assert_int_equal(portrait_override_add(f.books, NUMBER, photo, &b, "đã xem", &err).code, CC_OK);
	assert_int_equal(portrait_override_add(f.books, NUMBER, photo, &a, "lần nữa", &err).code, CC_E_EXISTS);
	assert_string_equal(err.key, "portrait.override-exists");
	books_fixture_reopen(&f);
	c = case_of(NUMBER, photo);
	assert_int_equal(c.count, 2);
	assert_string_equal(c.overrides[0].check, "background_colour");
	assert_string_equal(c.overrides[0].officer, "Lê Thị B");
	assert_true(portrait_case_overrides(&c, "head_pose_yaw"));
	assert_false(portrait_case_overrides(&c, "blur"));
	assert_false(portrait_case_overrides(NULL, "head_pose_yaw"));
	assert_int_equal(case_of(NUMBER, other).count, 0);
	assert_int_equal(case_of("001090000001", photo).count, 0);
}

/* Neither the reason nor the number lies in the store in the clear. */
static void the_reason_is_sealed(void **state)
{
	const struct portrait_override o = { "background_colour", "B" };
	struct stmt *q = NULL;
	bool row = false;

	(void)state;
	assert_int_equal(portrait_override_add(f.books, NUMBER, BYTES_LITERAL("p"), &o, "SECRETREASON", NULL).code, CC_OK);
	books_lock(f.books);
	assert_int_equal(books_query(f.books, "SELECT reason, number_mac FROM portrait_override", NULL, 0, &q, &row, NULL).code,
			 CC_OK);
	assert_true(row);
	for (int k = 0; k < 2; k++) {
		struct bytes v = stmt_column_bytes(q, k);

		assert_true(v.n >= 12);
		assert_null(memmem(v.p, v.n, "SECRETREASON", 12));
		assert_null(memmem(v.p, v.n, NUMBER, 12));
	}
	stmt_finish(&q);
	books_unlock(f.books);
}

static void what_was_decided_is_booked_with_the_job(void **state)
{
	struct portrait_case c = { .choice = { PORTRAIT_RECORD_39794, PORTRAIT_BY_PILOT },
				   .count = 1,
				   .overrides = { { "head_pose_yaw", "B" } } };
	struct ledger_files files = { .packet = BYTES_LITERAL("files"), .portrait = &c };
	struct stmt *q = NULL;
	struct job job;
	bool row = false;

	(void)state;
	assert_int_equal(hash_digest(HASH_SHA256, files.packet, &files.hash).code, CC_OK);
	assert_int_equal(ledger_bind(f.books, NUMBER, "00112233445566FF", "softchip", &files, NULL, &job, NULL).code, CC_OK);
	books_lock(f.books);
	assert_int_equal(
		books_query(f.books, "SELECT job_id, record, reason, overrides FROM issue_portrait", NULL, 0, &q, &row, NULL)
			.code,
		CC_OK);
	assert_true(row);
	assert_true(bytes_equal(stmt_column_bytes(q, 0), bytes_str(job.id)));
	assert_true(bytes_equal(stmt_column_bytes(q, 1), bytes_str("39794")));
	assert_true(bytes_equal(stmt_column_bytes(q, 2), bytes_str("pilot")));
	assert_true(bytes_equal(stmt_column_bytes(q, 3), bytes_str("head_pose_yaw=B")));
	stmt_finish(&q);
	books_unlock(f.books);
}

/* Both standards: what is written is read back, with the eyes where they were. */
static void dg2_of_both_standards_is_read_back(void **state)
{
	const struct portrait_subject subject = { .male = false, .eyes_known = true };
	struct portrait p = { .format = PORTRAIT_JPEG, .width = 480, .height = 640, .eye = { { 170.4, 280 }, { 309.6, 281 } } };

	(void)state;
	assert_int_equal(buf_copy(&p.data, BYTES_LITERAL("\xFF\xD8\xFF\xE0 picture")).code, CC_OK);
	for (int s = 0; s < 2; s++) {
		struct buf file = { 0 };
		struct portrait_dg2 back;

		assert_int_equal(portrait_dg2_make(&p, &subject, (enum portrait_record)s, 65535, &file, NULL).code, CC_OK);
		assert_int_equal(portrait_dg2_read(buf_view(&file), &back, NULL).code, CC_OK);
		assert_int_equal(back.standard, s);
		assert_int_equal(back.coding, FACE_CODING_JPEG);
		assert_true(bytes_equal(back.picture, buf_view(&p.data)));
		assert_int_equal(back.width, 480);
		assert_int_equal(back.height, 640);
		for (size_t n = 0; n < file.n; n++)
			assert_int_not_equal(portrait_dg2_read(bytes_of(file.p, n), &back, NULL).code, CC_OK);
		buf_done(&file);
	}
	buf_done(&p.data);
}

static void the_new_record_carries_eyes_and_subject(void **state)
{
	const struct portrait_subject subject = { .male = false, .eyes_known = true };
	struct portrait p = {
		.format = PORTRAIT_JPEG2000, .width = 480, .height = 640, .eye = { { 170.4, 280 }, { 309.6, 281 } }
	};
	static struct face_record_39794 r;
	const struct face_39794_landmark *left;
	struct buf file = { 0 };
	struct dg2 dg2;

	(void)state;
	assert_int_equal(buf_copy(&p.data, BYTES_LITERAL("\xFF\x4F\xFF\x51 picture")).code, CC_OK);
	assert_int_equal(portrait_dg2_make(&p, &subject, PORTRAIT_RECORD_39794, 65535, &file, NULL).code, CC_OK);
	assert_int_equal(dg2_parse(buf_view(&file), &dg2, NULL).code, CC_OK);
	assert_int_equal(dg2.items[0].record_tag, 0x7F2E);
	assert_true(bytes_equal(dg2.items[0].header.format_type, BYTES_LITERAL("\x00\x2A")));
	assert_int_equal(face_record_39794_decode(dg2.items[0].record, &r, NULL).code, CC_OK);
	assert_int_equal(r.information.format.n, FACE_39794_JPEG2000_LOSSY);
	assert_int_equal(r.identity.gender.n, FACE_39794_GENDER_FEMALE);
	assert_int_equal(r.information.measurements.eye_distance.n, 139);
	left = face_record_39794_point(&r, FACE_39794_POINT_LEFT_EYE);
	assert_non_null(left);
	assert_int_equal(left->x.n, 310);
	assert_int_equal(left->y.n, 281);
	buf_done(&file);
	buf_done(&p.data);
}

static void published_dg2_are_read(void **state)
{
	static const struct {
		const char *file;
		enum face_coding coding;
	} rows[] = { { "05_lds/bsi2008_jmrtd/Datagroup2.bin", FACE_CODING_JPEG2000 },
		     { "05_lds/icao_p10_samples_gmrtd/Dg2.bin", FACE_CODING_JPEG } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct buf file = { 0 };
		struct portrait_dg2 p;

		if (!vectors_file(rows[i].file, &file))
			skip();
		assert_int_equal(portrait_dg2_read(buf_view(&file), &p, NULL).code, CC_OK);
		assert_int_equal(p.coding, rows[i].coding);
		assert_int_equal(p.standard, PORTRAIT_RECORD_19794);
		buf_done(&file);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_date_turns_the_policy, setup, teardown),
		cmocka_unit_test_setup_teardown(the_pilot_draws_stable_lots, setup, teardown),
		cmocka_unit_test_setup_teardown(an_override_is_booked_for_one_photo_of_one_person, setup, teardown),
		cmocka_unit_test_setup_teardown(the_reason_is_sealed, setup, teardown),
		cmocka_unit_test_setup_teardown(what_was_decided_is_booked_with_the_job, setup, teardown),
		cmocka_unit_test(dg2_of_both_standards_is_read_back),
		cmocka_unit_test(the_new_record_carries_eyes_and_subject),
		cmocka_unit_test(published_dg2_are_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
