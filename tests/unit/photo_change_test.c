/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "station/message.h"
#include "station/registry/gate.h"
#include "station/registry/photo_change.h"
#include "station/registry/photo_reuse.h"
#include "station/registry/registry_rows.h"
#include "tests/support/forms_world.h"
#include "tests/support/store_engine.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define assert_ok(call) assert_int_equal((call).code, CC_OK)
#define NUMBER "001090000000"
#define OTHER "004090000000"

static int begin(void **state)
{
	static struct forms_world w;

	forms_world(&w);
	forms_world_add(&w, NUMBER, "Nguyễn Văn An", "1990-02-15", "");
	forms_world_add(&w, OTHER, "Lê Văn Cao", "1991-03-16", "");
	*state = &w;
	return 0;
}

static int end(void **state)
{
	forms_world_done(*state);
	return 0;
}

static struct photo_change_request by(const char *officer, const char *approved_by, const char *reason, const char *photo)
{
	return (struct photo_change_request){
		.number = NUMBER, .officer = officer, .approved_by = approved_by, .reason = reason, .photo = bytes_str(photo)
	};
}

static void assert_photo(struct forms_world *w, const char *want)
{
	struct buf photo = { 0 };
	struct person p;

	assert_ok(registry_find(w->registry, NUMBER, &p, &photo, &w->err));
	assert_true(bytes_equal(buf_view(&photo), bytes_str(want)));
	buf_done(&photo);
	person_done(&p);
}

/* Refused with this key, which has sentences; the photo is the one before. */
static void assert_refused(struct forms_world *w, struct photo_change_request q, enum cc_code code, const char *key)
{
	struct buf before = { 0 }, after = { 0 };
	struct photo_change c;
	struct person p;

	assert_ok(registry_find(w->registry, NUMBER, &p, &before, &w->err));
	cc_error_init(&w->err);
	assert_int_equal(photo_change(&w->forms, &q, &c, &w->err).code, code);
	assert_string_equal(w->err.key, key);
	assert_string_equal(message_find(key)->key, key);
	cc_error_init(&w->err);
	assert_ok(registry_find(w->registry, NUMBER, &p, &after, &w->err));
	assert_true(bytes_equal(buf_view(&before), buf_view(&after)));
	buf_done(&before);
	buf_done(&after);
	person_done(&p);
}

static bool count(void *ctx, const struct photo_change *c)
{
	assert_string_equal(c->officer, "Hà");
	assert_string_equal(c->approved_by, "Cúc");
	assert_string_equal(c->reason, "chụp lại");
	assert_false(c->first);
	assert_string_not_equal(c->before, c->after);
	++*(size_t *)ctx;
	return true;
}

static void a_photo_is_replaced_by_two_officers(void **state)
{
	struct forms_world *w = *state;
	struct photo_change_request q = by("Hà", "Cúc", "chụp lại", "\xFF\xD8\xFF new");
	struct photo_change c;
	size_t n = 0;

	assert_refused(w, by("Hà", NULL, "chụp lại", "\xFF\xD8\xFF new"), CC_E_DENIED, "photo-change.same-officer");
	assert_refused(w, by("Hà", "HA", "chụp lại", "\xFF\xD8\xFF new"), CC_E_DENIED, "photo-change.same-officer");
	assert_refused(w, by("", "Cúc", "chụp lại", "\xFF\xD8\xFF new"), CC_E_ARG, "forms.officer");
	assert_refused(w, by("Hà", "Cúc", "", "\xFF\xD8\xFF new"), CC_E_ARG, "forms.text");
	assert_refused(w, by("Hà", "Cúc", "chụp lại", "GIF89a"), CC_E_FORMAT, "import.photo-not-jpeg");
	w->forms.dry_run = true;
	assert_ok(photo_change(&w->forms, &q, &c, &w->err));
	w->forms.dry_run = false;
	assert_ok(photo_change_list(&w->forms, NUMBER, count, &n, &w->err));
	assert_int_equal(n, 0);
	assert_ok(photo_change(&w->forms, &q, &c, &w->err));
	assert_photo(w, "\xFF\xD8\xFF new");
	assert_refused(w, q, CC_E_ARG, "photo-change.same-file");
	assert_ok(photo_change_list(&w->forms, NUMBER, count, &n, &w->err));
	assert_int_equal(n, 1);
	assert_ok(photo_change_list(&w->forms, OTHER, count, &n, &w->err));
	assert_int_equal(n, 1);
	assert_int_equal(forms_world_found(w, "an nguyen"), 1);
	q.number = "002090000000";
	assert_refused(w, q, CC_E_NOT_FOUND, "registry.not-found");
}

static void a_first_photo_needs_one_officer(void **state)
{
	struct forms_world *w = *state;
	struct photo_change_request q = by("Hà", NULL, NULL, "\xFF\xD8\xFF first");
	enum registry_put put;
	struct photo_change c;
	struct person p;

	q.number = "002090000000";
	assert_ok(person_parse(BYTES_LITERAL("{\"number\":\"002090000000\",\"full_name\":\"Hồ Bá Kê\",\"sex\":\"male\","
					     "\"nationality\":\"Việt Nam\",\"birth_date\":\"1990-02-15\"}"),
			       &p, NULL, NULL));
	assert_ok(store_begin(w->store));
	assert_ok(registry_put(w->registry, &p, bytes_of(NULL, 0), &put, &w->err));
	assert_ok(store_commit(w->store));
	assert_ok(photo_change(&w->forms, &q, &c, &w->err));
	assert_true(c.first);
	q.photo = BYTES_LITERAL("\xFF\xD8\xFF second");
	assert_int_equal(photo_change(&w->forms, &q, &c, &w->err).code, CC_E_DENIED);
	person_done(&p);
}

/* Whoever had the wrong photo gets another, and both may have a card again; a third doubt stays. */
static void a_new_photo_ends_the_doubt(void **state)
{
	static const struct photo_pair pairs[] = { { 1, 2 }, { 2, 1 } };
	const struct gate_options o = { .check = { .today = { 2026, 7, 1 }, .rules = validity_rules_2024() } };
	struct forms_world *w = *state;
	struct photo_change_request q = by("Hà", "Cúc", "ảnh của người khác", "\xFF\xD8\xFF mine");
	struct photo_change c;
	struct holds h;

	assert_ok(photo_reuse_keep(w->registry, pairs, 2, &w->err));
	assert_ok(gate_person(w->registry, OTHER, &o, &h, NULL, &w->err));
	assert_string_equal(holds_first(&h)->key, "registry.photo-reused");
	assert_ok(photo_change(&w->forms, &q, &c, &w->err));
	assert_ok(gate_person(w->registry, OTHER, &o, &h, NULL, &w->err));
	assert_false(holds_any(&h));
	assert_ok(gate_person(w->registry, NUMBER, &o, &h, NULL, &w->err));
	assert_false(holds_any(&h));
}

/* ---- another station of one PostgreSQL binds a blank in the same moment */

struct binding {
	struct forms_world *w, station;
	pthread_t officer;
	cc_status st;
	char key[64];
};

static void *take_photo(void *ctx)
{
	struct binding *b = ctx;
	const struct photo_change_request q = by("Hà", "Cúc", "ảnh cũ nhắm mắt", "\xFF\xD8\xFF later");
	struct photo_change c;

	cc_error_init(&b->w->err);
	b->st = photo_change(&b->w->forms, &q, &c, &b->w->err);
	(void)snprintf(b->key, sizeof b->key, "%s", cc_failed(b->st) ? b->w->err.key : "");
	return NULL;
}

static bool somebody_waits(struct books *b, struct cc_error *err)
{
	struct stmt *q = NULL;
	bool row = false, waits;

	assert_ok(books_query(b, "SELECT COUNT(*) FROM pg_locks WHERE NOT granted", NULL, 0, &q, &row, err));
	waits = row && stmt_column_int(q, 0) > 0;
	stmt_finish(&q);
	return waits;
}

/* The binding has read what it prints and is about to be durable: the officer's photo comes now. */
static cc_status photo_comes_now(void *ctx, struct cc_error *err)
{
	struct binding *b = ctx;
	cc_status st = registry_hold_keys(b->station.registry, err);

	if (cc_failed(st))
		return st;
	assert_int_equal(pthread_create(&b->officer, NULL, take_photo, b), 0);
	while (!somebody_waits(b->station.books, err))
		;
	return st;
}

static void a_photo_waits_for_a_card_that_is_being_bound(void **state)
{
	static struct binding b;
	const struct ledger_guard guard = { photo_comes_now, &b };
	struct ledger_files files = { .packet = BYTES_LITERAL("packet") };
	struct job job;

	if (!store_engine_is_postgres())
		skip(); /* one connection: nobody comes in between */
	memset(&b, 0, sizeof b);
	b.w = *state;
	forms_world_station(b.w, &b.station);
	assert_ok(hash_digest(HASH_SHA256, files.packet, &files.hash));
	assert_ok(ledger_bind(b.station.books, NUMBER, "0011223344556677", "softchip", &files, &guard, &job, &b.station.err));
	assert_int_equal(pthread_join(b.officer, NULL), 0);
	assert_int_equal(b.st.code, CC_E_HELD);
	assert_string_equal(b.key, "photo-change.card-under-way");
	forms_world_station_done(&b.station);
}

#define change_test(t) cmocka_unit_test_setup_teardown(t, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		change_test(a_photo_is_replaced_by_two_officers),
		change_test(a_first_photo_needs_one_officer),
		change_test(a_new_photo_ends_the_doubt),
		change_test(a_photo_waits_for_a_card_that_is_being_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
