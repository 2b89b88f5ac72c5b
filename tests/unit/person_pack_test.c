/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "station/registry/person.h"
#include "tests/support/alloc_fault.h"

#include <string.h>

static const char row[] =
	"{\"number\":\"001090000000\",\"full_name\":\"Nguyễn Văn Đức\",\"birth_date\":\"1990-02\",\"birth_basis\":\"giấy khai sinh\","
	"\"sex\":\"male\",\"nationality\":\"Việt Nam\",\"ethnicity\":\"Kinh\",\"religion\":\"Không\",\"origin\":\"Hà Nội\","
	"\"residence\":\"Số 1, Phường X, Hà Nội\",\"identifying_marks\":\"sẹo\",\"father\":\"Nguyễn Văn A\",\"mother\":\"Lê Thị B\","
	"\"spouse\":\"Trần C\",\"old_cmnd\":\"012345678\",\"issue_date\":\"2026-01-01\",\"issue_place\":\"Cục\","
	"\"expiry_date\":\"2030-02-15\",\"life_status\":\"missing\",\"death_date\":\"2026-01\",\"other_name\":\"Đức Anh\","
	"\"blood_group\":\"AB-\",\"marital_status\":\"married\",\"birth_place\":\"Huế\",\"birth_registration\":\"Xã Y\","
	"\"current_residence\":\"Xã Z\",\"occupation\":\"giáo viên\",\"education\":\"12/12\",\"father_number\":\"001060000000\","
	"\"mother_number\":\"001160000000\",\"spouse_number\":\"001190000000\",\"father_nationality\":\"Việt Nam\","
	"\"mother_nationality\":\"Lào\",\"spouse_nationality\":\"Việt Nam\",\"representative\":\"Lê Văn D\","
	"\"representative_number\":\"001070000000\",\"representative_nationality\":\"Việt Nam\",\"household_head\":\"Nguyễn Văn A\","
	"\"household_head_number\":\"001060000000\",\"household_relation\":\"con\",\"phone\":\"0900000000\",\"email\":\"a@example.vn\","
	"\"cancelled_number\":\"001290000000\"}";

/* JSON and back, too: both forms carry every field. */
static void every_field_of_the_forms_is_written(void **state)
{
	struct person p, back;
	struct buf json = { 0 };

	(void)state;
	assert_int_equal(person_parse(bytes_str(row), &p, NULL, NULL).code, CC_OK);
	assert_int_equal(person_encode(&p, &json).code, CC_OK);
	assert_int_equal(person_parse(buf_view(&json), &back, NULL, NULL).code, CC_OK);
	assert_memory_equal(&back, &p, sizeof p);
	assert_int_equal(json.n, strlen(row));
	buf_done(&json);
}

static struct buf pack(struct person *p)
{
	struct buf b = { 0 };

	assert_int_equal(person_parse(bytes_str(row), p, NULL, NULL).code, CC_OK);
	assert_int_equal(person_pack(p, &b).code, CC_OK);
	return b;
}

static void packed_people_come_back_whole(void **state)
{
	struct person p, back;
	struct buf b = pack(&p);

	(void)state;
	assert_int_equal(person_unpack(buf_view(&b), &back).code, CC_OK);
	assert_memory_equal(&back, &p, sizeof p);
	buf_done(&b);
	/* Only what must be there. */
	assert_int_equal(
		person_parse(
			bytes_str(
				"{\"number\":\"001090000000\",\"full_name\":\"An\",\"sex\":\"female\",\"nationality\":\"Lào\"}"),
			&p, NULL, NULL)
			.code,
		CC_OK);
	assert_int_equal(person_pack(&p, &b).code, CC_OK);
	assert_int_equal(person_unpack(buf_view(&b), &back).code, CC_OK);
	assert_memory_equal(&back, &p, sizeof p);
	buf_done(&b);
}

static void every_cut_and_one_more_byte_are_refused(void **state)
{
	static const uint8_t zero;
	struct person p, back;
	struct buf b = pack(&p), longer = { 0 };
	struct writer w;

	(void)state;
	for (size_t n = 0; n < b.n; n++)
		assert_int_equal(person_unpack(bytes_of(b.p, n), &back).code, CC_E_FORMAT);
	writer_init(&w, 1u << 16);
	writer_put(&w, buf_view(&b));
	writer_put(&w, bytes_of(&zero, 1));
	assert_int_equal(writer_finish(&w, &longer).code, CC_OK);
	assert_int_equal(person_unpack(buf_view(&longer), &back).code, CC_E_FORMAT);
	buf_done(&longer);
	buf_done(&b);
}

static void changed_bytes_never_leave_their_buffers(void **state)
{
	struct person p, back;
	struct buf b = pack(&p);
	size_t accepted = 0;

	(void)state;
	for (size_t i = 0; i < b.n; i++) {
		for (unsigned v = 0; v < 256; v += 17) {
			uint8_t old = b.p[i];

			b.p[i] = (uint8_t)v;
			if (!cc_failed(person_unpack(buf_view(&b), &back))) {
				accepted++;
				/* Every text still ends inside its field. */
				assert_true(memchr(back.full_name, 0, sizeof back.full_name) != NULL);
				assert_true(memchr(back.residence, 0, sizeof back.residence) != NULL);
				assert_true(memchr(back.number, 0, sizeof back.number) != NULL);
			}
			b.p[i] = old;
		}
	}
	assert_true(accepted > 0); /* letters may change; the seal is there to see it */
	buf_done(&b);
}

static void out_of_memory_is_said(void **state)
{
	struct person p;
	struct buf b = pack(&p);

	(void)state;
	buf_done(&b);
	for (size_t k = 1; alloc_fault_next(&k);) {
		cc_status st = person_pack(&p, &b);

		assert_int_equal(st.code, alloc_fault_end() ? CC_E_MEMORY : CC_OK);
		buf_done(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_of_the_forms_is_written),
		cmocka_unit_test(packed_people_come_back_whole),
		cmocka_unit_test(every_cut_and_one_more_byte_are_refused),
		cmocka_unit_test(changed_bytes_never_leave_their_buffers),
		cmocka_unit_test(out_of_memory_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
