/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "station/registry/application.h"
#include "station/registry/outbox.h"
#include "station/registry/revocation.h"
#include "station/registry/registry_rows.h"
#include "tests/support/exchange_rig.h"
#include "tests/support/store_engine.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

/* What becomes of applications, and of cards that end, when the person was handed out to another station. */

/* ---- applications go with their people */
static void apply(struct station *s, unsigned i, const char *kind, const char *reason, enum cc_code want)
{
	const struct check_context check = { .today = { 2026, 7, 1 }, .rules = validity_rules_2024() };
	struct forms f = { .registry = s->registry, .books = s->f.books };
	char number[13];
	struct application_request q = { .number = number, .kind = kind, .reason = reason };
	struct application a;
	struct holds holds;
	bool is_new;

	exchange_rig_number(i, number);
	cc_error_init(&s->f.err);
	assert_int_equal(application_accept(&f, &check, &q, &a, &is_new, &holds, &s->f.err).code, want);
}

static bool keep_application(void *ctx, const struct application *a)
{
	char *out = ctx;
	size_t n = strlen(out);

	(void)snprintf(out + n, 200 - n, "%s %s %s;", a->kind, a->state, a->note);
	return true;
}

static void assert_queue(struct station *s, const char *want)
{
	struct forms f = { .registry = s->registry, .books = s->f.books };
	char have[200] = "";

	assert_int_equal(application_list(&f, false, keep_application, have, &s->f.err).code, CC_OK);
	assert_string_equal(have, want);
}

static int64_t count_of(struct station *s, const char *sql)
{
	struct stmt *q = NULL;
	bool row = false;
	int64_t n;

	assert_int_equal(books_query(s->f.books, sql, NULL, 0, &q, &row, &s->f.err).code, CC_OK);
	assert_true(row);
	n = stmt_column_int(q, 0);
	stmt_finish(&q);
	return n;
}

static void give(struct rig *r, unsigned i, struct exchange_taken *taken)
{
	struct buf out = { 0 };

	assert_int_equal(exchange_rig_make(&r->centre, "Tổ lưu động 1", i, 1, 1, &out).code, CC_OK);
	assert_int_equal(exchange_rig_take(&r->team, buf_view(&out), taken).code, CC_OK);
	buf_done(&out);
}

static size_t bring_back(struct rig *r, enum cc_code want)
{
	struct exchange_taken taken = { 0 };
	struct exchange_made made = { 0 };
	struct buf back = { 0 };

	cc_error_init(&r->team.f.err);
	assert_int_equal(
		exchange_make_results(&r->team.x, "Trung tâm", exchange_rig_in_days(&r->team, 30), &back, &made, &r->team.f.err)
			.code,
		want);
	if (want == CC_OK)
		assert_int_equal(exchange_rig_take(&r->centre, buf_view(&back), &taken).code, CC_OK);
	buf_done(&back);
	return taken.issued;
}

/* Who has a card is handed out when an exchange or a reissue is in the queue, and not otherwise. */
static void an_exchange_goes_out_with_its_application(void **state)
{
	struct rig *r = *state;
	struct exchange_taken taken;
	struct buf out = { 0 };
	struct job job;
	bool is_free = true;
	char number[13];

	exchange_rig_number(0, number);
	exchange_rig_issue(&r->centre, 0, "0000000000000001");
	assert_int_equal(exchange_rig_make(&r->centre, "Tổ lưu động 1", 0, 1, 1, &out).code, CC_E_STATE);
	assert_string_equal(r->centre.f.err.key, "issue.card-active");
	apply(&r->centre, 0, "first", NULL, CC_E_STATE);
	apply(&r->centre, 0, "exchange", "age", CC_OK);
	assert_int_equal(exchange_is_free(&r->centre.x, number, &is_free, &r->centre.f.err).code, CC_OK);
	assert_true(is_free);
	give(r, 0, &taken);
	assert_int_equal(taken.added, 1);
	assert_queue(&r->centre, "exchange held exchange.given-out;");
	assert_queue(&r->team, "exchange waiting ;");
	exchange_rig_assert_held(&r->centre, 0, "exchange.given-out");
	exchange_rig_issue(&r->team, 0, "0000000000000002");
	assert_queue(&r->team, "exchange issued ;");
	assert_int_equal(bring_back(r, CC_OK), 1);
	assert_queue(&r->centre, "exchange issued ;");
	/* I2: the old card is no longer active here. */
	assert_int_equal(count_of(&r->centre, "SELECT COUNT(*) FROM issue_card WHERE active = 1"), 0);
	exchange_rig_assert_held(&r->centre, 0, "exchange.issued-elsewhere");
	apply(&r->centre, 0, "first", NULL, CC_E_STATE);
	/* The next one: the same team, which holds the active card now. Its result is the new card, not that one. */
	apply(&r->centre, 0, "reissue", "lost", CC_OK);
	give(r, 0, &taken);
	assert_int_equal(bring_back(r, CC_E_NOT_FOUND), 0);
	exchange_rig_issue(&r->team, 0, "0000000000000003");
	assert_int_equal(bring_back(r, CC_OK), 1);
	assert_int_equal(count_of(&r->centre, "SELECT COUNT(*) FROM exchange_item WHERE serial = '0000000000000003'"), 1);
	/* And one at home, of a person whose card is elsewhere. */
	apply(&r->centre, 0, "exchange", "on-request", CC_OK);
	exchange_rig_issue(&r->centre, 0, "0000000000000004");
	assert_int_equal(count_of(&r->centre, "SELECT COUNT(*) FROM issue_card WHERE active = 1"), 1);
	assert_int_equal(exchange_rig_bind(&r->centre, 0, "0000000000000005", &job).code, CC_E_STATE);
	buf_done(&out);
}

static void an_application_comes_back_when_no_card_was_made(void **state)
{
	struct rig *r = *state;
	struct exchange_taken taken;
	struct queue_claim claim;
	struct buf out = { 0 };
	size_t n = 0;

	apply(&r->centre, 0, "first", NULL, CC_OK);
	assert_int_equal(queue_take(r->centre.f.books, "Trung tâm", HOUR_MS, 1, &claim, &n, &r->centre.f.err).code, CC_OK);
	assert_int_equal(n, 1);
	/* A reader has it. */
	assert_int_equal(exchange_rig_make(&r->centre, "Tổ lưu động 1", 0, 1, 1, &out).code, CC_E_STATE);
	assert_string_equal(r->centre.f.err.key, "issue.job-busy");
	assert_int_equal(queue_settle(r->centre.f.books, &claim, QUEUE_WAITING, NULL, &r->centre.f.err).code, CC_OK);
	give(r, 0, &taken);
	sys_fake_advance(&r->team.f.sys, 8 * DAY_MS);
	sys_fake_advance(&r->centre.f.sys, 8 * DAY_MS);
	assert_int_equal(bring_back(r, CC_OK), 0);
	assert_queue(&r->team, "first refused exchange.returned;");
	assert_queue(&r->centre, "first waiting ;");
	/* The team has another record under the number: its officer and ours must look. */
	apply(&r->centre, 1, "first", NULL, CC_OK);
	exchange_rig_add(&r->team, 1, "Trần Thị Thủy");
	give(r, 1, &taken);
	assert_int_equal(taken.conflicts, 1);
	assert_int_equal(bring_back(r, CC_OK), 0);
	assert_queue(&r->centre, "first waiting ;first held exchange.conflict;");
	assert_queue(&r->team, "first refused exchange.returned;");
	buf_done(&out);
}

/* ---- cards that end */
static cc_status end_card(struct station *s, unsigned i, const char *chip, struct revocation *ret)
{
	struct forms f = { .registry = s->registry, .books = s->f.books };
	char number[13];
	const struct revocation_request q = { .number = number, .reason = "lost", .chip = chip, .officer = "Hà" };
	bool is_new;

	exchange_rig_number(i, number);
	cc_error_init(&s->f.err);
	return revocation_ask(&f, &q, ret, &is_new, &s->f.err);
}

static enum revocation_standing standing(struct station *s, const char *serial)
{
	struct revocation_card card;

	assert_int_equal(revocation_card_of(s->f.store, serial, &card, &s->f.err).code, CC_OK);
	return card.standing;
}

/* One station keeps a card's books: the one that had handed its holder out. The team that made it sends the officer there. */
static void a_card_made_elsewhere_is_ended_by_who_handed_its_holder_out(void **state)
{
	struct rig *r = *state;
	struct exchange_taken taken;
	struct revocation done;
	struct buf out = { 0 };
	struct job job;

	give(r, 0, &taken);
	exchange_rig_issue(&r->team, 0, "0000000000000001");
	assert_int_equal(end_card(&r->team, 0, NULL, &done).code, CC_E_HELD); /* not told yet */
	assert_string_equal(r->team.f.err.key, "revocation.other-station");
	assert_string_equal(r->team.f.err.detail, "Trung tâm");
	assert_int_equal(bring_back(r, CC_OK), 1);
	assert_int_equal(end_card(&r->team, 0, NULL, &done).code, CC_E_HELD); /* nor after */
	assert_int_equal(standing(&r->team, "0000000000000001"), CARD_ELSEWHERE);
	assert_int_equal(standing(&r->centre, "0000000000000001"), CARD_ACTIVE);
	assert_int_equal(end_card(&r->centre, 0, NULL, &done).code, CC_OK);
	assert_string_equal(done.serial, "0000000000000001");
	assert_int_equal(standing(&r->centre, "0000000000000001"), CARD_REVOKED);
	assert_int_equal(
		count_of(&r->centre, "SELECT COUNT(*) FROM outbox_event WHERE event_key = 'card-revoked/0000000000000001'"), 1);
	/* The next one: by an application, from wherever. */
	assert_int_equal(exchange_rig_bind(&r->centre, 0, "0000000000000002", &job).code, CC_E_STATE);
	assert_string_equal(r->centre.f.err.key, "issue.card-revoked");
	assert_int_equal(exchange_rig_make(&r->centre, "Tổ lưu động 1", 0, 1, 1, &out).code, CC_E_STATE);
	assert_string_equal(r->centre.f.err.key, "issue.card-revoked");
	apply(&r->centre, 0, "first", NULL, CC_E_STATE);
	apply(&r->centre, 0, "reissue", "lost", CC_OK);
	give(r, 0, &taken);
	exchange_rig_issue(&r->team, 0, "0000000000000003");
	assert_int_equal(bring_back(r, CC_OK), 1);
	assert_int_equal(standing(&r->centre, "0000000000000003"), CARD_ACTIVE);
	assert_int_equal(standing(&r->centre, "0000000000000001"), CARD_REVOKED);
	buf_done(&out);
}

/* While another station has the holder, "the card" may be one that it has made and not told of. */
static void a_card_is_named_while_its_holder_is_handed_out(void **state)
{
	struct rig *r = *state;
	struct exchange_taken taken;
	struct revocation done;

	exchange_rig_issue(&r->centre, 0, "0000000000000007");
	apply(&r->centre, 0, "exchange", "on-request", CC_OK);
	give(r, 0, &taken);
	exchange_rig_issue(&r->team, 0, "0000000000000008");
	assert_int_equal(end_card(&r->centre, 0, NULL, &done).code, CC_E_HELD);
	assert_string_equal(r->centre.f.err.key, "revocation.handed-out");
	assert_string_equal(r->centre.f.err.detail, "Tổ lưu động 1");
	assert_int_equal(end_card(&r->centre, 0, "0000000000000008", &done).code, CC_E_STATE);
	assert_int_equal(end_card(&r->centre, 0, "0000000000000007", &done).code, CC_OK);
	/* "Lost" once more: the old card's end does not answer for the new one. */
	assert_int_equal(end_card(&r->centre, 0, NULL, &done).code, CC_E_HELD);
	assert_string_equal(r->centre.f.err.key, "revocation.handed-out");
	assert_int_equal(end_card(&r->centre, 0, "0000000000000007", &done).code, CC_OK);
	assert_int_equal(bring_back(r, CC_OK), 1);
	assert_int_equal(end_card(&r->centre, 0, "0000000000000008", &done).code, CC_OK);
	assert_int_equal(standing(&r->centre, "0000000000000008"), CARD_REVOKED);
}

/* A station that tells of a chip that is somebody else's card here ends nothing of theirs. */
static void another_stations_word_ends_nobody_elses_card(void **state)
{
	struct rig *r = *state;
	struct exchange_taken taken;
	struct revocation done;
	struct exchange_made made;
	struct buf back = { 0 };
	uint8_t mac[BOOKS_MAC_LEN];
	const struct books_value key = books_blob(bytes_of(mac, sizeof mac));
	char number[13];

	exchange_rig_issue(&r->centre, 1, "0000000000000001");
	give(r, 0, &taken);
	exchange_rig_issue(&r->team, 0, "0000000000000001");
	assert_int_equal(
		exchange_make_results(&r->team.x, "Trung tâm", exchange_rig_in_days(&r->team, 30), &back, &made, &r->team.f.err)
			.code,
		CC_OK);
	exchange_rig_assert_refused(&r->centre, buf_view(&back), CC_E_VERIFY, "exchange.chip-known");
	buf_done(&back);
	assert_int_equal(end_card(&r->centre, 0, NULL, &done).code, CC_E_HELD);
	/* Nor where such a word had been taken before. */
	exchange_rig_number(0, number);
	assert_int_equal(books_number_mac(r->centre.f.books, number, mac).code, CC_OK);
	assert_int_equal(books_begin(r->centre.f.books, &r->centre.f.err).code, CC_OK);
	assert_int_equal(books_end(r->centre.f.books,
				   books_run(r->centre.f.books,
					     "UPDATE exchange_item SET state = 'issued', live = 0, serial = '0000000000000001'"
					     " WHERE number_mac = $1",
					     &key, 1, &r->centre.f.err),
				   &r->centre.f.err)
				 .code,
			 CC_OK);
	assert_int_equal(end_card(&r->centre, 0, NULL, &done).code, CC_OK);
	assert_int_equal(count_of(&r->centre, "SELECT active FROM issue_card WHERE serial = '0000000000000001'"), 1);
}

/* I2 holds for the national registry too: it is told that the card from elsewhere ended. */
static void a_card_made_elsewhere_is_told_as_replaced(void **state)
{
	struct rig *r = *state;
	struct exchange_taken taken;
	struct revocation done;

	give(r, 0, &taken);
	exchange_rig_issue(&r->team, 0, "0000000000000001");
	assert_int_equal(bring_back(r, CC_OK), 1);
	apply(&r->centre, 0, "reissue", "lost", CC_OK);
	exchange_rig_issue(&r->centre, 0, "0000000000000002");
	assert_int_equal(standing(&r->centre, "0000000000000001"), CARD_REPLACED);
	assert_int_equal(standing(&r->centre, "0000000000000002"), CARD_ACTIVE);
	assert_int_equal(
		count_of(&r->centre, "SELECT COUNT(*) FROM outbox_event WHERE event_key = 'card-revoked/0000000000000001'"), 1);
	/* The old one is not what an officer ends now, and the new one only by its name. */
	assert_int_equal(end_card(&r->centre, 0, NULL, &done).code, CC_E_ARG);
	assert_string_equal(r->centre.f.err.key, "revocation.which-card");
	assert_int_equal(end_card(&r->centre, 0, "0000000000000002", &done).code, CC_OK);
	assert_int_equal(end_card(&r->centre, 0, "0000000000000001", &done).code, CC_E_STATE);
	assert_int_equal(count_of(&r->centre, "SELECT COUNT(*) FROM outbox_event WHERE kind = 'card-revoked'"), 2);
}

/* Whoever the register holds is handed to nobody, and nobody beside them; --all leaves them out. */
static void who_is_held_is_not_handed_out(void **state)
{
	const struct check_context check = { .today = { 1905, 7, 1 }, .rules = validity_rules_2024() };
	struct rig *r = *state;
	struct station *s = &r->centre;
	struct buf out = { 0 };
	bool is_free = true;
	char number[13];

	/* Long before any of them was born. */
	s->x.p.check = &check;
	assert_int_equal(exchange_rig_make(s, "Tổ lưu động 1", 0, 2, 2, &out).code, CC_E_HELD);
	assert_string_equal(s->f.err.key, "registry.birth-future");
	assert_string_equal(s->f.err.detail, "applicant 1: birth_date");
	exchange_rig_number(0, number);
	assert_int_equal(exchange_is_free(&s->x, number, &is_free, &s->f.err).code, CC_OK);
	assert_false(is_free);
	assert_int_equal(count_of(s, "SELECT COUNT(*) FROM exchange_item"), 0);
	s->x.p.check = NULL;
	assert_int_equal(exchange_rig_make(s, "Tổ lưu động 1", 0, 2, 2, &out).code, CC_OK);
	buf_done(&out);
}

/* ---- two desks of a centre at one PostgreSQL: one binds a blank, one hands its person out */

struct desks {
	struct station *centre, second; /* of one store */
	pthread_t thread;
	atomic_bool done;
	cc_status st;
	char key[64];
};

static void desks_up(struct desks *d, struct station *centre)
{
	char path[256], place[1024];
	struct books_fixture *f = &d->second.f;

	memset(d, 0, sizeof *d);
	d->centre = centre;
	d->second.name = centre->name;
	sys_fake_init(&f->sys, 99);
	f->sys.wall_ms = centre->f.sys.wall_ms;
	f->ks = centre->f.ks;
	fixture_path(&centre->f.folder, "station.db", path, sizeof path);
	store_engine_place(path, place, sizeof place);
	assert_int_equal(store_open(place, &f->store, &f->err).code, CC_OK);
	assert_int_equal(books_open(f->store, f->ks, &f->sys.sys, NULL, &f->books, &f->err).code, CC_OK);
	exchange_rig_open(&d->second);
}

static void desks_down(struct desks *d)
{
	exchange_rig_close(&d->second);
	books_close(&d->second.f.books);
	store_close(&d->second.f.store);
}

static void settle(struct desks *d, cc_status st, const struct cc_error *err)
{
	d->st = st;
	(void)snprintf(d->key, sizeof d->key, "%s", cc_failed(st) ? err->key : "");
	atomic_store(&d->done, true);
}

/* Until the other desk waits for this one, or is done without. */
static void other_desk_comes(struct desks *d, struct station *here, void *(*run)(void *))
{
	assert_int_equal(pthread_create(&d->thread, NULL, run, d), 0);
	while (!atomic_load(&d->done) && count_of(here, "SELECT COUNT(*) FROM pg_locks WHERE NOT granted") == 0)
		;
}

static void *hand_out(void *ctx)
{
	struct desks *d = ctx;
	struct buf out = { 0 };

	cc_error_init(&d->second.f.err);
	settle(d, exchange_rig_make(&d->second, "Tổ lưu động 1", 0, 1, 1, &out), &d->second.f.err);
	buf_done(&out);
	return NULL;
}

static cc_status while_it_is_handed_out(void *ctx, struct cc_error *err)
{
	struct desks *d = ctx;
	cc_status st = registry_hold_keys(d->centre->registry, err);

	if (!cc_failed(st))
		other_desk_comes(d, d->centre, hand_out);
	return st;
}

static cc_status bind_with(struct station *s, const struct ledger_guard *guard)
{
	struct ledger_files files = { .packet = BYTES_LITERAL("packet") };
	char number[13];
	struct job job;

	exchange_rig_number(0, number);
	cc_error_init(&s->f.err);
	assert_int_equal(hash_digest(HASH_SHA256, files.packet, &files.hash).code, CC_OK);
	return ledger_bind(s->f.books, number, "0000000000000007", "softchip", &files, guard, &job, &s->f.err);
}

static void whose_card_is_being_bound_is_not_handed_out(void **state)
{
	static struct desks d;
	const struct ledger_guard guard = { while_it_is_handed_out, &d };
	struct rig *r = *state;

	if (!store_engine_is_postgres())
		skip(); /* one connection: nobody comes in between */
	desks_up(&d, &r->centre);
	assert_int_equal(bind_with(&r->centre, &guard).code, CC_OK);
	assert_int_equal(pthread_join(d.thread, NULL), 0);
	assert_int_equal(d.st.code, CC_E_STATE);
	assert_string_equal(d.key, "issue.job-busy");
	assert_int_equal(count_of(&r->centre, "SELECT COUNT(*) FROM exchange_item"), 0);
	desks_down(&d);
}

static cc_status hold_only(void *ctx, struct cc_error *err)
{
	return registry_hold_keys(((struct desks *)ctx)->centre->registry, err);
}

static void *bind_meanwhile(void *ctx)
{
	struct desks *d = ctx;
	const struct ledger_guard guard = { hold_only, d };

	settle(d, bind_with(d->centre, &guard), &d->centre->f.err);
	return NULL;
}

static void who_is_being_handed_out_gets_no_card_here(void **state)
{
	static struct desks d;
	struct rig *r = *state;
	struct books *b;
	uint8_t mac[BOOKS_MAC_LEN];
	const struct books_value key = books_blob(bytes_of(mac, sizeof mac));
	char number[13];

	if (!store_engine_is_postgres())
		skip();
	desks_up(&d, &r->centre);
	b = d.second.f.books;
	exchange_rig_number(0, number);
	assert_int_equal(books_number_mac(b, number, mac).code, CC_OK);
	assert_int_equal(books_begin(b, &d.second.f.err).code, CC_OK);
	assert_int_equal(registry_hold_keys(d.second.registry, &d.second.f.err).code, CC_OK);
	assert_int_equal(books_run(b,
				   "INSERT INTO exchange_package VALUES ('p', 'Tổ lưu động 1', 'out', 9, 'h', 'applicants', 1, 1,"
				   " 0, 0, 0, 0, NULL)",
				   NULL, 0, &d.second.f.err)
				 .code,
			 CC_OK);
	assert_int_equal(books_run(b, "INSERT INTO exchange_item VALUES ('p', 1, $1, 'n', 'given', 1, NULL, NULL, 0)", &key, 1,
				   &d.second.f.err)
				 .code,
			 CC_OK);
	other_desk_comes(&d, &d.second, bind_meanwhile);
	assert_int_equal(books_end(b, cc_ok(), &d.second.f.err).code, CC_OK);
	assert_int_equal(pthread_join(d.thread, NULL), 0);
	assert_int_equal(d.st.code, CC_E_HELD);
	assert_string_equal(d.key, "exchange.given-out");
	assert_int_equal(count_of(&r->centre, "SELECT COUNT(*) FROM issue_job"), 0);
	desks_down(&d);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, exchange_rig_up, exchange_rig_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(an_exchange_goes_out_with_its_application),
		CASE(an_application_comes_back_when_no_card_was_made),
		CASE(a_card_made_elsewhere_is_ended_by_who_handed_its_holder_out),
		CASE(a_card_is_named_while_its_holder_is_handed_out),
		CASE(another_stations_word_ends_nobody_elses_card),
		CASE(a_card_made_elsewhere_is_told_as_replaced),
		CASE(who_is_held_is_not_handed_out),
		CASE(whose_card_is_being_bound_is_not_handed_out),
		CASE(who_is_being_handed_out_gets_no_card_here),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
