/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "station/issue/ledger.h"
#include "station/registry/application.h"
#include "station/registry/correction.h"
#include "station/registry/export.h"
#include "station/registry/outbox.h"
#include "tests/support/forms_world.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the national registry is told of cards, blanks, applications and corrections: in order, once, and no field more. */
#define assert_ok(call) assert_int_equal((call).code, CC_OK)
#define NUMBER FORMS_WORLD_AN

static void apply(struct forms_world *w, const char *kind, const char *reason, struct application *ret)
{
	const struct check_context check = { .today = { 2026, 11, 24 }, .rules = validity_rules_2024() };
	const struct application_request q = { .number = NUMBER, .kind = kind, .reason = reason, .officer = "Hà" };
	struct holds holds;
	bool is_new;

	assert_ok(application_accept(&w->forms, &check, &q, ret, &is_new, &holds, &w->err));
}

static void bind_blank(struct forms_world *w, const char *serial, struct job *job)
{
	assert_ok(forms_world_bind(w, serial, job));
}

static void issue(struct forms_world *w, const char *serial)
{
	struct job job;

	bind_blank(w, serial, &job);
	forms_world_finish(w, &job);
}

static void correct(struct forms_world *w, const char *field, const char *value, bool approve)
{
	const struct correction_request q = { .number = NUMBER,
					      .field = field,
					      .value = value,
					      .evidence = "Giấy của bà Trần Thị Bí Mật",
					      .officer = "Hà",
					      .source = "officer" };
	struct correction c;
	bool is_new, under_way;

	assert_ok(correction_propose(&w->forms, &q, &c, &is_new, &under_way, &w->err));
	if (approve)
		assert_ok(correction_approve(&w->forms, c.id, "Minh", &c, &w->err));
	else
		assert_ok(correction_refuse(&w->forms, c.id, "Minh", "thiếu", &c, &w->err));
}

/* ---- the receiver */
struct told {
	char lines[2048];
	size_t count;
	uint64_t last;
};

static enum outbox_answer hear(void *ctx, const struct outbox_event *e, char text[64])
{
	static const char *const allowed[] = { "event",	 "at_ms",	"serial",      "files_hash", "issued_ms",
					       "reason", "replaced_by", "application", "kind",	     "number",
					       "field",	 "old",		"new" };
	struct told *t = ctx;
	json_t *root = json_loadb((const char *)e->body.p, e->body.n, JSON_REJECT_DUPLICATES, NULL), *value;
	size_t n = strlen(t->lines);
	const char *name;

	(void)text;
	assert_non_null(root);
	assert_string_equal(json_string_value(json_object_get(root, "event")), e->kind);
	assert_true(strncmp(e->key, e->kind, strlen(e->kind)) == 0 && e->key[strlen(e->kind)] == '/');
	assert_true(e->seq > t->last); /* order */
	t->last = e->seq;
	json_object_foreach(root, name, value)
	{
		bool known = false;

		for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++)
			known = known || strcmp(name, allowed[i]) == 0;
		if (!known)
			fail_msg("%s: %s", e->kind, name);
	}
	assert_null(memmem(e->body.p, e->body.n, "Bí Mật", strlen("Bí Mật")));
	n += (size_t)snprintf(t->lines + n, sizeof t->lines - n, "%s", e->kind);
	for (size_t i = 2; i < sizeof allowed / sizeof allowed[0]; i++) {
		const char *text_value = json_string_value(json_object_get(root, allowed[i]));

		if (text_value != NULL && strcmp(allowed[i], "application") != 0 && strcmp(allowed[i], "files_hash") != 0)
			n += (size_t)snprintf(t->lines + n, sizeof t->lines - n, " %s", text_value);
	}
	(void)snprintf(t->lines + n, sizeof t->lines - n, "\n");
	t->count++;
	json_decref(root);
	return OUTBOX_ACCEPTED;
}

static void assert_told(struct forms_world *w, const char *want)
{
	struct told *t = calloc(1, sizeof *t);
	const struct outbox_sender sender = { t, hear };
	struct outbox_counts c;

	assert_non_null(t);
	assert_ok(outbox_run(w->books, &sender, 1000, true, &c, &w->err));
	assert_string_equal(t->lines, want);
	print_message("# count: %zu events, each field on the whitelist\n", t->count);
	free(t);
}

static void a_card_s_life_is_told_in_its_order(void **state)
{
	struct forms_world *w = *state;
	struct application a;
	struct job job;

	apply(w, "first", NULL, &a);
	apply(w, "first", NULL, &a); /* the same again: no second event */
	issue(w, "0011223344556677");
	apply(w, "reissue", "lost", &a);
	bind_blank(w, "0011223344556688", &job);
	assert_ok(ledger_spoil(w->books, &job, "perso.write: at 5 of DG2", &w->err));
	issue(w, "0011223344556699");
	assert_told(w, "application-accepted  first " NUMBER "\n"
		       "card-issued 0011223344556677\n"
		       "application-issued 0011223344556677\n"
		       "application-accepted lost reissue " NUMBER "\n"
		       "blank-spoiled 0011223344556688 perso.write\n"
		       "card-revoked 0011223344556677 reissue 0011223344556699\n"
		       "card-issued 0011223344556699\n"
		       "application-issued 0011223344556699\n");
}

static void what_was_refused_is_told_and_the_words_stay(void **state)
{
	struct forms_world *w = *state;
	struct application a;

	apply(w, "first", NULL, &a);
	assert_ok(application_reject(&w->forms, a.id, "Minh", "Giấy của bà Trần Thị Bí Mật", &w->err));
	assert_int_equal(application_reject(&w->forms, a.id, "Minh", "x", &w->err).code, CC_E_STATE);
	assert_told(w, "application-accepted  first " NUMBER "\napplication-refused\n");
}

static void approved_corrections_of_listed_fields_are_told(void **state)
{
	struct forms_world *w = *state;
	struct application a;

	correct(w, "residence", "Số 2, Huế", true);
	correct(w, "residence", "Số 3, Huế", false);
	correct(w, "education", "12/12", true);
	correct(w, "identifying_marks", "Nốt ruồi", true);
	/* A dry run tells nothing. */
	w->forms.dry_run = true;
	apply(w, "first", NULL, &a);
	w->forms.dry_run = false;
	correct(w, "life_status", "missing", true);
	assert_told(w, "correction-approved " NUMBER " residence Số 1, Phường Hòa Bình, Hà Nội Số 2, Huế\n"
		       "correction-approved " NUMBER " life_status alive missing\n");
	assert_non_null(export_purpose_find("national-registry"));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, forms_world_up, forms_world_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_card_s_life_is_told_in_its_order),
		CASE(what_was_refused_is_told_and_the_words_stay),
		CASE(approved_corrections_of_listed_fields_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
