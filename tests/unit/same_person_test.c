/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "station/message.h"
#include "station/registry/correction.h"
#include "station/registry/gate.h"
#include "station/registry/same_person.h"
#include "tests/support/forms_world.h"

#include <string.h>

#define assert_ok(call) assert_int_equal((call).code, CC_OK)
#define HOA "001190000000"
#define HOA_2 "004190000000"
#define PARENTS ",\"father\":\"Lê Văn Hai\",\"mother\":\"Hồ Thị Ba\""

static int begin(void **state)
{
	static struct forms_world w;

	forms_world(&w);
	forms_world_add(&w, HOA, "Lê Thị Hoa", "1990-02-15", PARENTS);
	forms_world_add(&w, HOA_2, "Lê Thị Hòa", "1990-02-15", PARENTS);
	forms_world_add(&w, "006190000000", "Lê Thị Huệ", "1990-02-15", PARENTS);
	*state = &w;
	return 0;
}

static int end(void **state)
{
	forms_world_done(*state);
	return 0;
}

/* The first hold of somebody, "" when there is none; its sentences are there. */
static const char *hold_of(struct forms_world *w, const char *number)
{
	const struct gate_options o = { .check = { .today = { 2026, 7, 1 }, .rules = validity_rules_2024() } };
	struct holds h;

	assert_ok(gate_person(w->registry, number, &o, &h, NULL, &w->err));
	if (!holds_any(&h))
		return "";
	assert_string_equal(message_find(holds_first(&h)->key)->key, holds_first(&h)->key);
	return holds_first(&h)->key;
}

static void assert_refused(struct forms_world *w, const char *other, const char *approved_by, enum cc_code code, const char *key)
{
	const struct same_person_request q = {
		.number = HOA, .other = other, .officer = "Hà", .approved_by = approved_by, .reason = "sinh đôi"
	};
	bool is_new = false;

	cc_error_init(&w->err);
	assert_int_equal(same_person_part(&w->forms, &q, &is_new, &w->err).code, code);
	assert_string_equal(w->err.key, key);
	assert_string_equal(message_find(key)->key, key);
	cc_error_init(&w->err);
}

static void twins_are_parted_by_two_officers(void **state)
{
	struct forms_world *w = *state;
	const struct same_person_request q = {
		.number = HOA_2, .other = HOA, .officer = "Hà", .approved_by = "Cúc", .reason = "hai giấy khai sinh"
	};
	bool is_new = false;

	assert_string_equal(hold_of(w, HOA), "registry.same-person");
	assert_string_equal(hold_of(w, HOA_2), "registry.same-person");
	assert_refused(w, HOA_2, "ha", CC_E_DENIED, "same-person.same-officer");
	assert_refused(w, HOA_2, NULL, CC_E_DENIED, "same-person.same-officer");
	assert_refused(w, HOA, "Cúc", CC_E_ARG, "same-person.not-alike");
	assert_refused(w, "006190000000", "Cúc", CC_E_ARG, "same-person.not-alike");
	assert_refused(w, "008190000000", "Cúc", CC_E_NOT_FOUND, "registry.not-found");
	w->forms.dry_run = true;
	assert_ok(same_person_part(&w->forms, &q, &is_new, &w->err));
	w->forms.dry_run = false;
	assert_string_equal(hold_of(w, HOA), "registry.same-person");
	assert_ok(same_person_part(&w->forms, &q, &is_new, &w->err));
	assert_true(is_new);
	assert_string_equal(hold_of(w, HOA), "");
	assert_string_equal(hold_of(w, HOA_2), "");
	assert_ok(same_person_part(&w->forms, &q, &is_new, &w->err));
	assert_false(is_new);
	/* A third one of that name is a doubt again, at all three. */
	forms_world_add(w, "010190000000", "LE THI HOA", "1990-02-15", PARENTS);
	assert_string_equal(hold_of(w, HOA), "registry.same-person");
	assert_string_equal(hold_of(w, HOA_2), "registry.same-person");
	assert_string_equal(hold_of(w, "010190000000"), "registry.same-person");
}

/* Two offices gave one number, or somebody mistyped: shown with the other's number, and no card is held for it. */
static void one_old_number_at_two_people_is_shown(void **state)
{
	const struct gate_options o = { .check = { .today = { 2026, 7, 1 }, .rules = validity_rules_2024() } };
	struct forms_world *w = *state;
	char other[PERSON_NUMBER_SIZE];
	size_t warnings = 0;
	struct holds h;

	forms_world_add(w, "012190000000", "Hồ Thị Tư", "1991-02-15", ",\"old_cmnd\":\"012000000\"");
	forms_world_add(w, "014190000000", "Lò Thị Năm", "1992-02-15", ",\"old_cmnd\":\"013000000\"");
	forms_world_add(w, "016190000000", "Vũ Thị Sáu", "1993-02-15", ",\"old_cmnd\":\"012000000\"");
	assert_ok(gate_person(w->registry, "016190000000", &o, &h, other, &w->err));
	assert_false(holds_any(&h));
	assert_string_equal(other, "012190000000");
	for (size_t i = 0; i < h.count; i++)
		warnings += strcmp(h.items[i].key, "registry.cmnd-shared") == 0 && strcmp(h.items[i].field, "old_cmnd") == 0;
	assert_int_equal(warnings, 1);
	assert_string_equal(message_find("registry.cmnd-shared")->key, "registry.cmnd-shared");
	assert_ok(gate_person(w->registry, "014190000000", &o, &h, other, &w->err));
	assert_string_equal(other, "");
}

static void a_cancelled_number_frees_the_right_one(void **state)
{
	struct forms_world *w = *state;
	struct correction_request q = { .number = HOA,
					.field = "cancelled_number",
					.value = HOA_2,
					.evidence = "Thông báo hủy số",
					.officer = "Hà",
					.source = "officer" };
	struct correction c;
	bool is_new, under_way;

	assert_ok(correction_propose(&w->forms, &q, &c, &is_new, &under_way, &w->err));
	assert_string_equal(hold_of(w, HOA), "registry.same-person");
	assert_ok(correction_approve(&w->forms, c.id, "Cúc", &c, &w->err));
	assert_string_equal(hold_of(w, HOA), "");
	assert_string_equal(hold_of(w, HOA_2), "registry.number-cancelled");
	/* Each cancelled for the other: nobody is the right one. */
	q.number = HOA_2;
	q.value = HOA;
	assert_ok(correction_propose(&w->forms, &q, &c, &is_new, &under_way, &w->err));
	assert_ok(correction_approve(&w->forms, c.id, "Cúc", &c, &w->err));
	assert_string_equal(hold_of(w, HOA), "registry.same-person");
	assert_string_equal(hold_of(w, HOA_2), "registry.same-person");
	correction_done(&c);
}

#define same_test(t) cmocka_unit_test_setup_teardown(t, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		same_test(twins_are_parted_by_two_officers),
		same_test(one_old_number_at_two_people_is_shown),
		same_test(a_cancelled_number_frees_the_right_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
