/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "station/registry/fingers.h"
#include "station/registry/registry_rows.h"
#include "tests/support/registry_fixture.h"
#include "tests/support/store_engine.h"

#include <stdio.h>
#include <string.h>

#define assert_ok(call) assert_int_equal((call).code, CC_OK)

/* ---- rows */

static cc_status parse(const char *fingers, struct person *ret, struct row_fault *fault)
{
	char row[1200];

	(void)snprintf(
		row, sizeof row,
		"{\"number\":\"001090000000\",\"full_name\":\"Nguyễn Văn Đức\",\"birth_date\":\"1990-02-15\",\"sex\":\"male\","
		"\"nationality\":\"Việt Nam\",\"fingerprints\":%s}",
		fingers);
	return person_parse(bytes_str(row), ret, NULL, fault);
}

static void a_row_names_prints_and_reasons(void **state)
{
	struct person p, again;
	struct buf json = { 0 }, packed = { 0 };

	(void)state;
	assert_ok(parse("[{\"finger\":\"right-index\",\"file\":\"p/r.wsq\"},{\"missing\":\"amputated\",\"finger\":\"10\"}]", &p,
			NULL));
	assert_string_equal(p.finger_paths[FINGER_RIGHT_INDEX], "p/r.wsq");
	assert_int_equal(p.finger_missing[FINGER_LEFT_LITTLE], FINGER_AMPUTATED);
	/* Reasons are kept, paths are not. */
	assert_ok(person_encode(&p, &json));
	assert_non_null(memmem(json.p, json.n, "[{\"finger\":\"left-little\",\"missing\":\"amputated\"}]", 47));
	assert_null(memmem(json.p, json.n, "r.wsq", 5));
	assert_ok(person_parse(buf_view(&json), &again, NULL, NULL));
	assert_memory_equal(again.finger_missing, p.finger_missing, sizeof p.finger_missing);
	assert_ok(person_pack(&p, &packed));
	assert_ok(person_unpack(buf_view(&packed), &again));
	assert_memory_equal(again.finger_missing, p.finger_missing, sizeof p.finger_missing);
	assert_string_equal(again.finger_paths[FINGER_RIGHT_INDEX], "");
	buf_done(&json);
	buf_done(&packed);
	assert_ok(parse("[{\"finger\":\"2\",\"file\":\"r.wsq\",\"template\":\"r.7f2e\"},{\"finger\":\"7\",\"template\":\"l\"}]",
			&p, NULL));
	assert_string_equal(p.finger_templates[FINGER_RIGHT_INDEX], "r.7f2e");
	assert_string_equal(p.finger_templates[FINGER_LEFT_INDEX], "l");
	assert_string_equal(p.finger_paths[FINGER_LEFT_INDEX], "");
	assert_ok(parse("[]", &p, NULL));
	assert_ok(parse("null", &p, NULL));
}

static void what_is_no_list_of_fingers_is_refused(void **state)
{
	static const char *const rows[] = {
		"\"right-index\"",
		"[1]",
		"[[]]",
		"[{}]",
		"[{\"finger\":\"right-index\"}]",
		"[{\"finger\":\"nose\",\"file\":\"a\"}]",
		"[{\"finger\":2,\"file\":\"a\"}]",
		"[{\"finger\":\"right-index\",\"file\":\"\"}]",
		"[{\"finger\":\"right-index\",\"missing\":\"lost\"}]",
		"[{\"finger\":\"right-index\",\"missing\":\"\"}]",
		"[{\"finger\":\"right-index\",\"file\":\"a\",\"missing\":\"amputated\"}]",
		"[{\"finger\":\"right-index\",\"file\":\"a\",\"more\":\"b\"}]",
		"[{\"finger\":\"right-index\",\"template\":\"\"}]",
		"[{\"finger\":\"right-index\",\"file\":1,\"template\":\"a\"}]",
		"[{\"finger\":\"right-index\",\"template\":\"a\",\"missing\":\"amputated\"}]",
		"[{\"finger\":\"right-index\",\"template\":\"a\"},{\"finger\":\"2\",\"file\":\"b\"}]",
		"[{\"finger\":\"right-index\",\"file\":\"a\"},{\"finger\":\"2\",\"file\":\"b\"}]",
		"[{\"finger\":\"right-index\",\"file\":\"a\"},{\"finger\":\"2\",\"missing\":\"amputated\"}]",
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct row_fault fault = { 0 };
		struct person p;

		assert_int_equal(parse(rows[i], &p, &fault).code, CC_E_FORMAT);
		assert_string_equal(fault.field, "fingerprints");
	}
}

/* ---- packed prints */

static void prints_are_packed_in_order(void **state)
{
	struct finger_prints prints = { 0 }, back;
	struct buf packed = { 0 };

	(void)state;
	prints.files[FINGER_LEFT_INDEX] = BYTES_LITERAL("second");
	prints.files[FINGER_RIGHT_INDEX] = BYTES_LITERAL("first");
	assert_ok(fingers_pack(&prints, &packed));
	assert_ok(fingers_unpack(buf_view(&packed), &back));
	for (unsigned i = 0; i <= FINGERS; i++)
		assert_true(bytes_equal(back.files[i], prints.files[i]));
	for (size_t n = 1; n < packed.n; n++)
		if (n != 12) /* one whole finger */
			assert_int_equal(fingers_unpack(bytes_of(packed.p, n), &back).code, CC_E_FORMAT);
	assert_ok(fingers_unpack(BYTES_LITERAL("\x30\x06\x02\x01\x02\x81\x01t\x30\x09\x02\x01\x07\x04\x01x\x81\x01u"), &back));
	assert_true(bytes_equal(back.templates[FINGER_RIGHT_INDEX], BYTES_LITERAL("t")) && back.files[FINGER_RIGHT_INDEX].n == 0);
	assert_true(bytes_equal(back.templates[FINGER_LEFT_INDEX], BYTES_LITERAL("u")) && back.files[FINGER_LEFT_INDEX].n == 1);
	assert_int_equal(fingers_unpack(BYTES_LITERAL("\x30\x05\x02\x01\x02\x81\x00"), &back).code, CC_E_FORMAT);
	assert_int_equal(fingers_unpack(BYTES_LITERAL("\x30\x03\x02\x01\x02"), &back).code, CC_E_FORMAT);
	assert_ok(fingers_unpack(BYTES_LITERAL(""), &back));
	assert_int_equal(fingers_unpack(BYTES_LITERAL("\x30\x06\x02\x01\x0B\x04\x01x"), &back).code, CC_E_FORMAT);
	assert_int_equal(fingers_unpack(BYTES_LITERAL("\x30\x05\x02\x01\x02\x04\x00"), &back).code, CC_E_FORMAT);
	assert_int_equal(fingers_unpack(BYTES_LITERAL("\x30\x06\x02\x01\x02\x04\x01x\x30\x06\x02\x01\x02\x04\x01x"), &back).code,
			 CC_E_FORMAT);
	buf_done(&packed);
}

/* ---- the registry */

/* As the import does. A photo or prints may be empty. */
static enum registry_put put(struct registry_fixture *w, const char *photo, const char *prints)
{
	enum registry_put ret = PUT_CONFLICT, said = PUT_CONFLICT;
	struct registry_row row;
	struct person p;
	int64_t id;

	assert_ok(parse("null", &p, NULL));
	assert_ok(registry_row_prepare(&w->reg->keys, &p, bytes_str(photo), &row));
	assert_ok(buf_copy(&row.fingers, bytes_str(prints)));
	assert_ok(registry_row_compare(w->reg, &row, &said, &id, &w->err));
	assert_ok(store_begin(w->store));
	assert_ok(registry_take_ids(w->reg, 1, &row.id, &w->err));
	assert_ok(registry_row_seal(&w->reg->keys, &row));
	assert_ok(registry_row_write(w->reg, &row, &ret, &w->err));
	assert_ok(store_commit(w->store));
	/* What a dry run says is what happens. */
	assert_int_equal(ret, said);
	registry_row_done(&row);
	return ret;
}

static void expect(struct registry_fixture *w, const char *photo, const char *prints)
{
	struct buf got_photo = { 0 }, got = { 0 };
	struct person p;

	assert_ok(registry_find(w->reg, "001090000000", &p, &got_photo, &w->err));
	assert_ok(registry_fingers_find(w->reg, "001090000000", &got, &w->err));
	assert_true(bytes_equal(buf_view(&got_photo), bytes_str(photo)));
	assert_true(bytes_equal(buf_view(&got), bytes_str(prints)));
	buf_done(&got_photo);
	buf_done(&got);
}

static void prints_are_added_once_and_never_replaced(void **state)
{
	struct registry_fixture w;

	(void)state;
	registry_fixture(&w);
	assert_int_equal(put(&w, "", ""), PUT_ADDED);
	expect(&w, "", "");
	assert_int_equal(put(&w, "", "ridges"), PUT_COMPLETED);
	expect(&w, "", "ridges");
	assert_int_equal(put(&w, "", "ridges"), PUT_UNCHANGED);
	assert_int_equal(put(&w, "", ""), PUT_UNCHANGED);
	assert_int_equal(put(&w, "", "others"), PUT_CONFLICT);
	/* In conflict the missing photo isn't taken either. */
	assert_int_equal(put(&w, "a photo", "others"), PUT_CONFLICT);
	expect(&w, "", "ridges");
	assert_int_equal(put(&w, "a photo", "ridges"), PUT_COMPLETED);
	assert_int_equal(put(&w, "a photo", "ridges"), PUT_UNCHANGED);
	expect(&w, "a photo", "ridges");
	registry_fixture_done(&w);
}

static void prints_move_with_the_keys(void **state)
{
	struct registry_fixture w;
	struct registry_rotation at = { 0 };

	(void)state;
	registry_fixture(&w);
	assert_int_equal(put(&w, "a photo", "ridges"), PUT_ADDED);
	assert_ok(registry_rotate_begin(w.reg, &w.err));
	expect(&w, "a photo", "ridges");
	assert_int_equal(put(&w, "a photo", "ridges"), PUT_UNCHANGED);
	assert_int_equal(put(&w, "a photo", "others"), PUT_CONFLICT);
	while (!at.done)
		assert_ok(registry_rotate_step(w.reg, 10, &at, &w.err));
	assert_int_equal(w.reg->keys.count, 1);
	expect(&w, "a photo", "ridges");
	assert_int_equal(put(&w, "a photo", "ridges"), PUT_UNCHANGED);
	registry_fixture_done(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_row_names_prints_and_reasons), cmocka_unit_test(what_is_no_list_of_fingers_is_refused),
		cmocka_unit_test(prints_are_packed_in_order),	  cmocka_unit_test(prints_are_added_once_and_never_replaced),
		cmocka_unit_test(prints_move_with_the_keys),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
