/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/base/secret.h"
#include "station/registry/correction.h"
#include "station/registry/forms_hold.h"
#include "station/registry/gate.h"
#include "station/registry/reconcile.h"
#include "tests/support/forms_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define assert_ok(call) assert_int_equal((call).code, CC_OK)
#define NUMBER FORMS_WORLD_AN
#define ORDER "birth-certificate,cccd,household-book,cmnd"

/* Documents held against each other: what the rules decide, what waits for officers, and what it holds meanwhile. */

static int up(void **state)
{
	return forms_world_up_with(state, ",\"old_cmnd\":\"012000000\"");
}

static struct check_context check_context(void)
{
	return (struct check_context){ .today = { 2026, 11, 24 }, .rules = validity_rules_2024() };
}

static cc_status compare(struct forms_world *w, const char *sources, struct reconcile_result *r)
{
	struct reconcile_rules rules;
	char text[4096];

	cc_error_init(&w->err);
	(void)snprintf(text, sizeof text, "{\"number\":\"%s\",\"sources\":[%s]}", NUMBER, sources);
	assert_ok(reconcile_rules_parse(ORDER, &rules, &w->err));
	return reconcile(&w->forms, &rules, bytes_str(text), "Nguyễn An", r, &w->err);
}

#define BIRTH(fields) "{\"source\":\"birth-certificate\",\"document\":\"KS 1\",\"date\":\"1990-03-01\",\"fields\":{" fields "}}"
#define CARD(fields) "{\"source\":\"cccd\",\"document\":\"CCCD 1\",\"date\":\"2022-03-01\",\"fields\":{" fields "}}"
#define CARD_2(fields) "{\"source\":\"cccd\",\"document\":\"CCCD 2\",\"date\":\"2022-03-01\",\"fields\":{" fields "}}"
#define BOOK(fields) "{\"source\":\"household-book\",\"document\":\"SHK 1\",\"date\":\"2010-03-01\",\"fields\":{" fields "}}"
#define CMND(fields) "{\"source\":\"cmnd\",\"document\":\"CMND 1\",\"date\":\"2012-03-01\",\"fields\":{" fields "}}"

static const struct {
	const char *sources, *verdict, *reason;
	size_t chosen;
} rules_of_a_field[] = {
	/* all agree, capitals or not */
	{ BIRTH("\"full_name\":\"NGUYỄN VĂN AN\"") "," CMND("\"full_name\":\"Nguyễn Văn An\""), "agreed", "agree", 0 },
	{ CMND("\"full_name\":\"Nguyễn Văn An\""), "agreed", "alone", 0 },
	/* the birth certificate decides, whatever the order of the papers */
	{ CMND("\"full_name\":\"Nguyễn Văn Ân\"") "," BIRTH("\"full_name\":\"Nguyễn Văn An\""), "kept", "precedence", 1 },
	{ CMND("\"full_name\":\"Nguyễn Văn An\"") "," BIRTH("\"full_name\":\"Nguyễn Văn Ân\""), "proposed", "precedence", 1 },
	{ BOOK("\"ethnicity\":\"Tày\"") "," CARD("\"ethnicity\":\"Kinh\""), "proposed", "precedence", 1 },
	{ BOOK("\"ethnicity\":\"Tày\"") "," CMND("\"ethnicity\":\"Kinh\""), "proposed", "precedence", 0 },
	/* what changes over life: the newest */
	{ BOOK("\"residence\":\"Số 2, Huế\"") "," CMND("\"residence\":\"Số 3, Huế\""), "proposed", "newest", 1 },
	{ BIRTH("\"religion\":\"Không\"") "," CARD("\"religion\":\"Phật giáo\""), "proposed", "newest", 1 },
	/* nobody decides */
	{ CARD("\"full_name\":\"Nguyễn Văn Ân\"") "," CARD_2("\"full_name\":\"Nguyễn Văn An\""), "conflict", "same-rank", 0 },
	{ CARD("\"spouse\":\"Lê Thị Hai\"") "," CARD_2("\"spouse\":\"Lê Thị Ba\""), "conflict", "same-rank", 0 },
	{ BIRTH("\"birth_date\":\"1990\"") "," CMND("\"birth_date\":\"1990-01-01\""), "conflict", "finer-date", 0 },
	{ BIRTH("\"birth_date\":\"1990\""), "conflict", "finer-date", 0 },
	{ BIRTH("\"birth_date\":\"1991-02-15\"") "," CMND("\"birth_date\":\"1990-02-15\""), "conflict", "number", 0 },
	{ BIRTH("\"sex\":\"female\""), "conflict", "number", 0 },
};

static void each_rule_decides_as_it_says(void **state)
{
	struct reconcile_result *r = cc_alloc(sizeof *r);

	(void)state;
	for (size_t i = 0; i < sizeof rules_of_a_field / sizeof rules_of_a_field[0]; i++) {
		struct forms_world *w = NULL;

		assert_int_equal(up((void **)&w), 0);
		assert_ok(compare(w, rules_of_a_field[i].sources, r));
		assert_int_equal(r->count, 1);
		assert_string_equal(reconcile_verdict_name(r->fields[0].verdict), rules_of_a_field[i].verdict);
		assert_string_equal(r->fields[0].reason, rules_of_a_field[i].reason);
		if (r->fields[0].verdict != RECONCILE_CONFLICT)
			assert_int_equal(r->fields[0].chosen, rules_of_a_field[i].chosen);
		forms_world_down((void **)&w);
	}
	cc_free(r, sizeof *r);
	(void)printf("# count: %zu cases of documents that agree, decide or conflict\n",
		     sizeof rules_of_a_field / sizeof rules_of_a_field[0]);
}

static void decided_fields_wait_for_another_officer_and_come_once(void **state)
{
	struct forms_world *w = *state;
	struct reconcile_result *r = cc_alloc(sizeof *r);
	struct correction c;
	int64_t form;

	assert_ok(compare(w, BIRTH("\"father\":\"Nguyễn Văn Cha\""), r));
	form = r->fields[0].form;
	assert_true(form > 0 && r->fields[0].is_new);
	assert_ok(compare(w, BIRTH("\"father\":\"Nguyễn Văn Cha\""), r));
	assert_true(r->fields[0].form == form && !r->fields[0].is_new);
	assert_string_equal(forms_world_field(w, NUMBER, "father"), "");
	assert_int_equal(correction_approve(&w->forms, form, "Nguyễn An", &c, &w->err).code, CC_E_DENIED);
	cc_error_init(&w->err);
	assert_ok(correction_approve(&w->forms, form, "Trần Bình", &c, &w->err));
	assert_string_equal(c.source, "reconcile");
	assert_string_equal(c.evidence, "KS 1");
	assert_string_equal(forms_world_field(w, NUMBER, "father"), "Nguyễn Văn Cha");
	cc_free(r, sizeof *r);
}

static cc_status hold(struct forms_world *w)
{
	cc_status st;

	cc_error_init(&w->err);
	books_lock(w->books);
	st = forms_hold(w->books, NUMBER, &w->err);
	books_unlock(w->books);
	return st;
}

static void a_conflict_holds_until_an_officer_decides(void **state)
{
	struct forms_world *w = *state;
	struct reconcile_result *r = cc_alloc(sizeof *r);
	struct correction c;
	int64_t id, form = 0;

	assert_ok(compare(
		w, CARD("\"mother\":\"Lê Thị Hai\"") "," CARD_2("\"mother\":\"Lê Thị Ba\"") "," CMND("\"mother\":\"Lê Thị Tư\""),
		r));
	id = r->fields[0].form;
	assert_int_equal(hold(w).code, CC_E_HELD);
	assert_string_equal(w->err.key, "reconcile.open");
	assert_ok(compare(
		w, CARD("\"mother\":\"Lê Thị Hai\"") "," CARD_2("\"mother\":\"Lê Thị Ba\"") "," CMND("\"mother\":\"Lê Thị Tư\""),
		r));
	assert_int_equal(r->fields[0].form, id); /* one conflict for a field */
	assert_int_equal(reconcile_decide(&w->forms, id, "cccd", "Trần Bình", "x", &form, &w->err).code, CC_E_ARG);
	assert_string_equal(w->err.key, "reconcile.choice");
	cc_error_init(&w->err);
	assert_int_equal(reconcile_decide(&w->forms, id, "birth-certificate", "Trần Bình", "x", &form, &w->err).code, CC_E_ARG);
	cc_error_init(&w->err);
	assert_ok(reconcile_decide(&w->forms, id, "cmnd", "Trần Bình", "mẹ xác nhận", &form, &w->err));
	assert_true(form > 0);
	assert_int_equal(hold(w).code, CC_E_HELD); /* still: the correction waits */
	assert_string_equal(w->err.key, "correction.waiting");
	cc_error_init(&w->err);
	assert_int_equal(correction_approve(&w->forms, form, "Trần Bình", &c, &w->err).code, CC_E_DENIED);
	cc_error_init(&w->err);
	assert_ok(correction_approve(&w->forms, form, "Nguyễn An", &c, &w->err));
	assert_ok(hold(w));
	assert_string_equal(forms_world_field(w, NUMBER, "mother"), "Lê Thị Tư");
	assert_int_equal(reconcile_decide(&w->forms, id, "cmnd", "Trần Bình", "x", &form, &w->err).code, CC_E_STATE);
	cc_free(r, sizeof *r);
}

struct gate_seen {
	char text[400];
};

static bool keep_findings(void *ctx, const struct gate_finding *f)
{
	struct gate_seen *seen = ctx;

	for (size_t i = 0; i < f->holds->count; i++) {
		const struct hold *h = &f->holds->items[i];
		size_t n = strlen(seen->text);

		if (strncmp(h->key, "registry.", 9) != 0)
			(void)snprintf(seen->text + n, sizeof seen->text - n, "%.3s %s %s %s\n", f->person->number,
				       hold_severity_name(h->severity), h->key, h->field);
	}
	return true;
}

static void assert_gate(struct forms_world *w, const char *everybody, bool held)
{
	const struct gate_options o = { .check = check_context(), .books = w->books };
	struct gate_report *report = cc_alloc(sizeof *report);
	struct gate_seen seen = { 0 };
	struct holds h;

	assert_ok(gate_run(w->registry, &o, keep_findings, &seen, report, &w->err));
	assert_string_equal(seen.text, everybody);
	assert_ok(gate_person(w->registry, NUMBER, &o, &h, NULL, &w->err));
	assert_int_equal(holds_any(&h), held);
	cc_free(report, sizeof *report);
}

/* What waits at an officer's stands in the gate's list, for everybody and for one, with the reason why. */
static void the_gate_shows_open_forms(void **state)
{
	struct forms_world *w = *state;
	struct reconcile_result *r = cc_alloc(sizeof *r);
	struct correction_request q = {
		.number = NUMBER, .field = "phone", .value = "0900000000", .evidence = "Đơn", .officer = "Hà", .source = "officer"
	};
	struct correction c;
	bool is_new, making;

	forms_world_add(w, "004090000000", "Lê Văn Cao", "1991-03-16", "");
	assert_gate(w, "", false);
	assert_ok(correction_propose(&w->forms, &q, &c, &is_new, &making, &w->err));
	assert_gate(w, "001 warning correction.waiting-elsewhere phone\n", false);
	/* One officer has a death certificate: no card until another has looked. */
	q.field = "life_status";
	q.value = "dead";
	assert_ok(correction_propose(&w->forms, &q, &c, &is_new, &making, &w->err));
	assert_gate(w, "001 hold correction.waiting-life life_status\n001 warning correction.waiting-elsewhere phone\n", true);
	assert_int_equal(forms_hold(w->books, NUMBER, &w->err).code, CC_E_HELD);
	assert_ok(correction_refuse(&w->forms, c.id, "Hà", "không có giấy chứng tử", &c, &w->err));
	q.field = "residence";
	q.value = "Huế";
	assert_ok(correction_propose(&w->forms, &q, &c, &is_new, &making, &w->err));
	assert_ok(compare(
		w, CARD("\"mother\":\"Lê Thị Hai\"") "," CARD_2("\"mother\":\"Lê Thị Ba\"") "," CMND("\"mother\":\"Lê Thị Tư\""),
		r));
	assert_gate(w,
		    "001 hold reconcile.open mother\n001 warning correction.waiting-elsewhere phone\n"
		    "001 hold correction.waiting residence\n",
		    true);
	q.number = "004090000000";
	assert_ok(correction_propose(&w->forms, &q, &c, &is_new, &making, &w->err));
	assert_gate(w,
		    "001 hold reconcile.open mother\n001 warning correction.waiting-elsewhere phone\n"
		    "001 hold correction.waiting residence\n004 hold correction.waiting residence\n",
		    true);
	cc_free(r, sizeof *r);
}

static void the_registry_may_be_right(void **state)
{
	struct forms_world *w = *state;
	struct reconcile_result *r = cc_alloc(sizeof *r);
	int64_t form = 9;

	assert_ok(compare(w, BIRTH("\"birth_date\":\"1990\""), r));
	assert_ok(reconcile_decide(&w->forms, r->fields[0].form, "registry", "Trần Bình", "bản gốc đủ ngày", &form, &w->err));
	assert_int_equal(form, 0);
	assert_ok(hold(w));
	assert_string_equal(forms_world_field(w, NUMBER, "birth_date"), "1990-02-15");
	cc_free(r, sizeof *r);
}

static void a_paper_of_somebody_else_decides_nothing(void **state)
{
	struct forms_world *w = *state;
	struct reconcile_result *r = cc_alloc(sizeof *r);

	assert_ok(compare(
		w, BIRTH("\"full_name\":\"Phạm Thị Sáu\",\"birth_date\":\"1975-01-02\",\"sex\":\"male\",\"ethnicity\":\"Tày\""),
		r));
	for (size_t i = 0; i < r->count; i++) {
		bool is_sex = strcmp(r->fields[i].field, "sex") == 0;

		assert_string_equal(reconcile_verdict_name(r->fields[i].verdict), is_sex ? "agreed" : "conflict");
		assert_string_equal(r->fields[i].reason, is_sex ? "alone" : "another-person");
	}
	cc_free(r, sizeof *r);
}

static void broken_input_is_told_and_books_nothing(void **state)
{
	static const char *const bad[] = {
		"",
		"{}",
		"[]",
		"{\"source\":\"cmnd\"}",
		"{\"source\":\"diary\",\"document\":\"x\",\"fields\":{\"sex\":\"male\"}}",
		"{\"source\":\"cmnd\",\"document\":\"x\",\"fields\":{}}",
		"{\"source\":\"cmnd\",\"document\":\"\",\"fields\":{\"sex\":\"male\"}}",
		"{\"source\":\"cmnd\",\"document\":\"x\",\"date\":\"2012-02-30\",\"fields\":{\"sex\":\"male\"}}",
		"{\"source\":\"cmnd\",\"document\":\"x\",\"date\":\"2026-11-26\",\"fields\":{\"sex\":\"male\"}}",
		"{\"source\":\"cmnd\",\"document\":\"x\",\"more\":1,\"fields\":{\"sex\":\"male\"}}",
		CMND("\"number\":\"001090000001\""),
		CMND("\"birth_basis\":\"x\""),
		CMND("\"nothing\":\"x\""),
		CMND("\"residence\":\"Huế\",\"Nơi cư trú\":\"Huế\""),
		CMND("\"sex\":1"),
		CMND("\"full_name\":\"Nguyễn 4n\""),
		BIRTH("\"father\":\"Nguyễn Cha\"") "," CMND("\"sex\":\"x\""),
		CMND("\"sex\":\"male\"") "," CMND("\"sex\":\"male\"") "," CMND("\"sex\":\"male\"") "," CMND("\"sex\":\"male\"") "," CMND(
			"\"sex\":\"male\"") "," CMND("\"sex\":\"male\"") "," CMND("\"sex\":\"male\"") "," CMND("\"sex\":\"male\"") "," CMND("\"sex\":\"male\""),
	};
	struct forms_world *w = *state;
	struct reconcile_result *r = cc_alloc(sizeof *r);
	struct reconcile_rules rules;

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(compare(w, bad[i], r).code, CC_E_ARG);
	assert_ok(hold(w));
	assert_int_equal(reconcile_rules_parse("cccd,cmnd", &rules, &w->err).code, CC_E_FORMAT);
	assert_int_equal(reconcile_rules_parse("cccd,cmnd,cccd,household-book", &rules, NULL).code, CC_E_FORMAT);
	assert_int_equal(reconcile_rules_parse(ORDER ",cmnd", &rules, NULL).code, CC_E_FORMAT);
	cc_free(r, sizeof *r);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, up, forms_world_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_rule_decides_as_it_says),
		CASE(decided_fields_wait_for_another_officer_and_come_once),
		CASE(a_conflict_holds_until_an_officer_decides),
		CASE(the_gate_shows_open_forms),
		CASE(the_registry_may_be_right),
		CASE(a_paper_of_somebody_else_decides_nothing),
		CASE(broken_input_is_told_and_books_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
