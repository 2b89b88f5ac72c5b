/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/base/secret.h"
#include "station/issue/ledger.h"
#include "station/registry/application.h"
#include "station/registry/correction.h"
#include "station/registry/forms_hold.h"
#include "station/registry/gate.h"
#include "tests/support/forms_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define assert_ok(call) assert_int_equal((call).code, CC_OK)
#define NUMBER FORMS_WORLD_AN

static int up(void **state)
{
	return forms_world_up_with(state, ",\"old_cmnd\":\"012000000\"");
}

/* Form CC01: applications, from the counter to the card. */

static struct check_context check_context(void)
{
	return (struct check_context){ .today = { 2026, 11, 24 }, .rules = validity_rules_2024() };
}

static cc_status apply(struct forms_world *w, const struct application_request *q, struct application *ret, bool *ret_new)
{
	const struct check_context check = check_context();
	struct holds holds;

	cc_error_init(&w->err);
	return application_accept(&w->forms, &check, q, ret, ret_new, &holds, &w->err);
}

static void an_application_is_accepted_once_and_survives(void **state)
{
	struct forms_world *w = *state;
	struct application_request q = { .number = NUMBER, .kind = "first" };
	struct application a, again;
	int64_t counts[QUEUE_STATE_COUNT];
	bool is_new = false;

	assert_ok(apply(w, &q, &a, &is_new));
	assert_true(is_new);
	assert_string_equal(a.layout, "2024");
	forms_world_close(w);
	forms_world_open(w, NULL);
	assert_ok(apply(w, &q, &again, &is_new));
	assert_true(!is_new);
	assert_string_equal(a.id, again.id);
	q.confirm_cmnd = true;
	assert_int_equal(apply(w, &q, &again, &is_new).code, CC_E_EXISTS);
	assert_string_equal(w->err.key, "queue.live");
	assert_ok(queue_count(w->books, counts, &w->err));
	assert_int_equal(counts[QUEUE_WAITING], 1);
}

static void what_does_not_fit_is_not_accepted(void **state)
{
	static const struct {
		struct application_request q;
		enum cc_code code;
		const char *key;
	} bad[] = {
		{ { .number = NUMBER }, CC_E_ARG, "application.kind" },
		{ { .number = NUMBER, .kind = "second" }, CC_E_ARG, "application.kind" },
		{ { .number = NUMBER, .kind = "first", .reason = "lost" }, CC_E_ARG, "application.reason" },
		{ { .number = NUMBER, .kind = "exchange" }, CC_E_ARG, "application.reason" },
		{ { .number = NUMBER, .kind = "reissue", .reason = "age" }, CC_E_ARG, "application.reason" },
		{ { .number = NUMBER, .kind = "first", .layout = "2021" }, CC_E_ARG, "application.layout-2021" },
		{ { .number = NUMBER, .kind = "first", .layout = "2024-under-6" }, CC_E_ARG, "application.layout-age" },
		{ { .number = NUMBER, .kind = "first", .layout = "1999" }, CC_E_ARG, "application.layout" },
		{ { .number = "001091000000", .kind = "first" }, CC_E_NOT_FOUND, "registry.not-found" },
		{ { .number = "1", .kind = "first" }, CC_E_ARG, "registry.number-malformed" },
		{ { .number = "002090000000", .kind = "first", .confirm_cmnd = true }, CC_E_ARG, "application.no-old-cmnd" },
		{ { .number = "003090000000", .kind = "first" }, CC_E_HELD, "registry.dead" },
		{ { .number = "004090000000", .kind = "first" }, CC_E_HELD, "registry.birth-incomplete" },
	};
	struct forms_world *w = *state;
	struct application a;
	bool is_new;

	forms_world_add(w, "002090000000", "Lê Văn Hai", "1990-01-02", "");
	forms_world_add(w, "003090000000", "Lê Văn Ba", "1990-01-03", ",\"life_status\":\"dead\"");
	forms_world_add(w, "004090000000", "Lê Văn Tư", "1990", "");
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(apply(w, &bad[i].q, &a, &is_new).code, bad[i].code);
		assert_string_equal(w->err.key, bad[i].key);
	}
}

static void the_design_goes_by_age(void **state)
{
	const struct validity_rules rules = validity_rules_2024();
	const struct date day = { 2026, 11, 24 };

	(void)state;
	assert_string_equal(application_layout(&rules, (struct date){ 2020, 11, 24 }, day), "2024");
	assert_string_equal(application_layout(&rules, (struct date){ 2020, 11, 25 }, day), "2024-under-6");
	assert_string_equal(application_layout(&rules, (struct date){ 2026, 1, 1 }, day), "2024-under-6");
	assert_string_equal(application_layout(&rules, (struct date){ 1958, 0, 0 }, day), "2024");
	assert_string_equal(application_layout(&rules, (struct date){ 2020, 0, 0 }, day), "2024-under-6");
}

static void forms_about_a_person_hold_the_application(void **state)
{
	struct forms_world *w = *state;
	const struct application_request q = { .number = NUMBER, .kind = "first" };
	const struct correction_request dc02 = { NUMBER, "mother", "Lê Thị Ba", "Giấy khai sinh", "Nguyễn An", "officer" };
	struct application a;
	struct correction c;
	bool is_new, making;

	assert_ok(correction_propose(&w->forms, &dc02, &c, &is_new, &making, &w->err));
	assert_int_equal(apply(w, &q, &a, &is_new).code, CC_E_HELD);
	assert_string_equal(w->err.key, "correction.waiting");
	assert_ok(correction_approve(&w->forms, c.id, "Trần Bình", &c, &w->err));
	assert_ok(apply(w, &q, &a, &is_new));
}

static void rework_stands_before_new_orders(void **state)
{
	struct forms_world *w = *state;
	struct application_request q = { .number = NUMBER, .kind = "first" };
	struct queue_claim claim;
	struct application a, rework;
	size_t n = 0;
	bool is_new;

	forms_world_add(w, "002090000000", "Lê Văn Hai", "1990-01-02", "");
	forms_world_add(w, "003090000000", "Lê Văn Ba", "1990-01-03", "");
	assert_ok(apply(w, &q, &a, &is_new));
	q.number = "003090000000";
	assert_ok(apply(w, &q, &a, &is_new));
	q = (struct application_request){ .number = "002090000000", .kind = "exchange", .reason = "card-error" };
	assert_ok(apply(w, &q, &rework, &is_new));
	assert_ok(queue_take(w->books, "desk", 60000, 1, &claim, &n, &w->err));
	assert_string_equal(claim.id, rework.id);
	assert_ok(queue_take(w->books, "desk", 60000, 1, &claim, &n, &w->err));
	assert_string_not_equal(claim.id, a.id); /* who came first */
}

static void bind_blank(struct forms_world *w, const char *serial, struct job *job, enum cc_code want)
{
	assert_int_equal(forms_world_bind(w, serial, job).code, want);
}

static bool keep_application(void *ctx, const struct application *a)
{
	*(struct application *)ctx = *a;
	return true;
}

static void an_exchange_replaces_the_active_card_and_ends_with_it(void **state)
{
	struct forms_world *w = *state;
	struct application_request q = { .number = NUMBER, .kind = "first" };
	struct application a;
	int64_t counts[QUEUE_STATE_COUNT];
	struct job job;
	bool is_new, has = false;

	assert_ok(apply(w, &q, &a, &is_new));
	bind_blank(w, "0011223344556677", &job, CC_OK);
	/* Its chip is half done: nobody can take the application away. */
	assert_int_equal(application_reject(&w->forms, a.id, "Trần Bình", "thôi", &w->err).code, CC_E_STATE);
	forms_world_finish(w, &job);
	assert_ok(queue_count(w->books, counts, &w->err));
	assert_int_equal(counts[QUEUE_ISSUED], 1);
	assert_int_equal(apply(w, &q, &a, &is_new).code, CC_E_STATE);
	assert_string_equal(w->err.key, "application.has-card");
	bind_blank(w, "0011223344556688", &job, CC_E_STATE);
	assert_string_equal(w->err.key, "issue.card-active");
	q = (struct application_request){ .number = NUMBER, .kind = "reissue", .reason = "lost" };
	assert_ok(apply(w, &q, &a, &is_new));
	assert_ok(ledger_has_card(w->books, NUMBER, &has, &w->err));
	assert_false(has);
	bind_blank(w, "0011223344556688", &job, CC_OK);
	forms_world_finish(w, &job);
	/* The same again makes no third card (I11). */
	assert_ok(ledger_has_card(w->books, NUMBER, &has, &w->err));
	assert_true(has);
	bind_blank(w, "0011223344556699", &job, CC_E_STATE);
	assert_ok(queue_count(w->books, counts, &w->err));
	assert_true(counts[QUEUE_ISSUED] == 2 && counts[QUEUE_WAITING] == 0);
}

static void a_held_one_waits_again_or_is_refused_with_its_reason(void **state)
{
	struct forms_world *w = *state;
	const struct application_request q = { .number = NUMBER, .kind = "first" };
	struct queue_claim claim;
	struct application a;
	size_t n = 0;
	bool is_new;

	assert_ok(apply(w, &q, &a, &is_new));
	assert_int_equal(application_requeue(&w->forms, a.id, &w->err).code, CC_E_STATE);
	cc_error_init(&w->err);
	assert_ok(queue_take(w->books, "desk", 60000, 1, &claim, &n, &w->err));
	assert_ok(queue_settle(w->books, &claim, QUEUE_HELD, "registry.dead", &w->err));
	assert_ok(application_list(&w->forms, true, keep_application, &a, &w->err));
	assert_string_equal(a.note, "registry.dead");
	assert_ok(application_requeue(&w->forms, a.id, &w->err));
	assert_ok(application_reject(&w->forms, a.id, "Trần Bình", "xin rút hồ sơ", &w->err));
	assert_int_equal(application_reject(&w->forms, a.id, "Trần Bình", "lần nữa", &w->err).code, CC_E_STATE);
	assert_ok(application_list(&w->forms, false, keep_application, &a, &w->err));
	assert_string_equal(a.state, "refused");
	assert_string_equal(a.rejected_why, "xin rút hồ sơ");
	assert_string_equal(a.number, NUMBER);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, up, forms_world_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(an_application_is_accepted_once_and_survives),
		CASE(what_does_not_fit_is_not_accepted),
		cmocka_unit_test(the_design_goes_by_age),
		CASE(forms_about_a_person_hold_the_application),
		CASE(rework_stands_before_new_orders),
		CASE(an_exchange_replaces_the_active_card_and_ends_with_it),
		CASE(a_held_one_waits_again_or_is_refused_with_its_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
