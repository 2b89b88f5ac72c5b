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
#include "station/registry/due.h"
#include "station/registry/export.h"
#include "station/registry/forms_hold.h"
#include "station/registry/gate.h"
#include "station/registry/reconcile.h"
#include "tests/support/forms_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define assert_ok(call) assert_int_equal((call).code, CC_OK)
#define NUMBER FORMS_WORLD_AN
#define ORDER "birth-certificate,cccd,household-book,cmnd"

static int up(void **state)
{
	return forms_world_up_with(state, ",\"old_cmnd\":\"012000000\"");
}

/* ---- CC01 */

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

/* ---- reconciliation */

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
		cmocka_unit_test(each_rule_decides_as_it_says),
		CASE(decided_fields_wait_for_another_officer_and_come_once),
		CASE(a_conflict_holds_until_an_officer_decides),
		CASE(the_gate_shows_open_forms),
		CASE(the_registry_may_be_right),
		CASE(a_paper_of_somebody_else_decides_nothing),
		CASE(broken_input_is_told_and_books_nothing),
		cmocka_unit_test(due_follows_the_card_not_the_age_alone),
		CASE(due_list_goes_by_province_of_residence),
		cmocka_unit_test(a_field_outside_of_the_whitelist_never_leaves),
		cmocka_unit_test(csv_quotes_what_would_break_a_row),
		CASE(an_export_is_booked_whole_and_never_overwrites),
		CASE(an_export_that_fails_leaves_its_booking_and_no_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
