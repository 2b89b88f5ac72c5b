/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/cose.h"
#include "station/registry/application.h"
#include "station/registry/revocation.h"
#include "station/registry/exchange.h"
#include "station/registry/outbox.h"
#include "tests/support/books_fixture.h"
#include "tests/support/store_engine.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define HOUR_MS (3600 * 1000LL)
#define DAY_MS (24 * HOUR_MS)
#define PEOPLE 3

/* A station: books, registry and packages over one store. */
struct station {
	struct books_fixture f;
	struct registry *registry;
	struct exchange x;
	const char *name;
	struct buf identity;
	char fingerprint[EXCHANGE_FINGERPRINT_SIZE];
};
struct rig {
	struct station centre, team, stranger;
};

static void open_exchange(struct station *s)
{
	struct exchange_params p = { .keystore = s->f.ks, .sys = &s->f.sys.sys, .name = s->name };

	assert_int_equal(registry_open(s->f.store, s->f.ks, &s->f.sys.sys, &s->registry, &s->f.err).code, CC_OK);
	p.registry = s->registry;
	p.books = s->f.books;
	assert_int_equal(exchange_init(&s->x, &p, &s->f.err).code, CC_OK);
}

static void station_up(struct station *s, const char *name, uint64_t seed)
{
	s->name = name;
	books_fixture(&s->f);
	s->f.sys.state += seed;
	open_exchange(s);
	assert_int_equal(exchange_identity(&s->x, &s->identity, s->fingerprint, &s->f.err).code, CC_OK);
}

static void station_close(struct station *s)
{
	exchange_done(&s->x);
	registry_close(&s->registry);
}

static void station_down(struct station *s)
{
	buf_done(&s->identity);
	station_close(s);
	books_fixture_done(&s->f);
}

static void pin(struct station *at, const struct station *peer)
{
	char name[EXCHANGE_NAME_SIZE];

	assert_int_equal(exchange_pin(&at->x, buf_view(&peer->identity), peer->fingerprint, name, &at->f.err).code, CC_OK);
	assert_string_equal(name, peer->name);
}

static void number_of(unsigned i, char out[13])
{
	(void)snprintf(out, 13, "%03u0%02u000000", 1 + i, 10 + i);
}

static void add_person(struct station *s, unsigned i, const char *name)
{
	char row[256], number[13];
	struct row_warnings warnings;
	struct row_fault fault;
	char photo[32];
	enum registry_put put;
	struct person p;

	number_of(i, number);
	(void)snprintf(photo, sizeof photo, "\xFF\xD8 photo %u", (unsigned)i);
	(void)snprintf(row, sizeof row,
		       "{\"number\":\"%s\",\"full_name\":\"%s\",\"birth_date\":\"19%02u-01-02\",\"birth_precision\":\"day\","
		       "\"birth_basis\":\"khai sinh\",\"sex\":\"male\",\"nationality\":\"Việt Nam\"}",
		       number, name, 10 + i);
	assert_int_equal(person_parse(bytes_str(row), &p, &warnings, &fault).code, CC_OK);
	assert_int_equal(books_begin(s->f.books, &s->f.err).code, CC_OK);
	assert_int_equal(books_end(s->f.books, registry_put(s->registry, &p, bytes_str(photo), &put, &s->f.err), &s->f.err).code,
			 CC_OK);
	assert_int_equal(put, PUT_ADDED);
	person_done(&p);
}

static int rig_up(void **state)
{
	struct rig *r = calloc(1, sizeof *r);

	assert_non_null(r);
	station_up(&r->centre, "Trung tâm", 11);
	station_up(&r->team, "Tổ lưu động 1", 22);
	station_up(&r->stranger, "Người lạ", 33);
	pin(&r->centre, &r->team);
	pin(&r->team, &r->centre);
	for (unsigned i = 0; i < PEOPLE; i++)
		add_person(&r->centre, i, "Nguyễn Văn Đức");
	*state = r;
	return 0;
}

static int rig_down(void **state)
{
	struct rig *r = *state;

	station_down(&r->centre);
	station_down(&r->team);
	station_down(&r->stranger);
	free(r);
	return 0;
}

/* ---- making and taking */
static int64_t in_days(const struct station *s, int days)
{
	return s->f.sys.wall_ms + days * DAY_MS;
}

static cc_status make(struct station *s, const char *peer, unsigned first, unsigned count, uint64_t quota, struct buf *ret)
{
	char numbers[PEOPLE][13];
	const char *list[PEOPLE];
	struct exchange_made made;

	for (unsigned i = 0; i < count; i++) {
		number_of(first + i, numbers[i]);
		list[i] = numbers[i];
	}
	cc_error_init(&s->f.err);
	return exchange_make_applicants(&s->x, peer, list, count, quota, in_days(s, 7), ret, &made, &s->f.err);
}

static cc_status take(struct station *s, struct bytes file, struct exchange_taken *ret)
{
	cc_error_init(&s->f.err);
	return exchange_take(&s->x, file, ret, &s->f.err);
}

static int64_t people(struct station *s)
{
	int64_t n = -1;

	assert_int_equal(registry_count(s->registry, &n, &s->f.err).code, CC_OK);
	return n;
}

/* Everything that packages leave in the store, as one text. */
static void dump(struct station *s, char *out, size_t cap)
{
	static const char *const queries[] = {
		"SELECT name, sent_seq, taken_seq, acked_seq, taken_hash FROM exchange_peer ORDER BY name",
		"SELECT id, direction, seq, items, quota, quota_used FROM exchange_package ORDER BY id",
		"SELECT package_id, n, number_mac, state, live FROM exchange_item ORDER BY package_id, n",
		"SELECT event_key, seq FROM outbox_event ORDER BY seq",
	};
	size_t n = (size_t)snprintf(out, cap, "people %lld", (long long)people(s));

	for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
		struct stmt *q = NULL;
		bool row = false;

		assert_int_equal(books_query(s->f.books, queries[i], NULL, 0, &q, &row, &s->f.err).code, CC_OK);
		while (row) {
			for (int c = 0; c < (i == 3 ? 2 : 5); c++) {
				struct bytes v = stmt_column_bytes(q, c);
				char hex[2 * 64 + 1];

				assert_true(v.n <= 64);
				bytes_to_hex(v, hex);
				n += (size_t)snprintf(out + n, cap - n, " %s", hex);
				assert_true(n < cap);
			}
			assert_int_equal(stmt_step(q, &row).code, CC_OK);
		}
		stmt_finish(&q);
	}
}

static void assert_refused(struct station *s, struct bytes file, enum cc_code code, const char *key)
{
	static char before[16384], after[16384];
	struct exchange_taken taken;

	dump(s, before, sizeof before);
	assert_int_equal(take(s, file, &taken).code, code);
	assert_string_equal(s->f.err.key, key);
	dump(s, after, sizeof after);
	assert_string_equal(before, after);
}

static cc_status bind(struct station *s, unsigned i, const char *serial, struct job *ret)
{
	struct ledger_files files = { .packet = BYTES_LITERAL("packet") };
	char number[13];

	number_of(i, number);
	cc_error_init(&s->f.err);
	assert_int_equal(hash_digest(HASH_SHA256, files.packet, &files.hash).code, CC_OK);
	return ledger_bind(s->f.books, number, serial, "softchip", &files, NULL, ret, &s->f.err);
}

static void assert_held(struct station *s, unsigned i, const char *key)
{
	struct job job;

	assert_int_equal(bind(s, i, "00000000000000AA", &job).code, CC_E_HELD);
	assert_string_equal(s->f.err.key, key);
}

static void issue(struct station *s, unsigned i, const char *serial)
{
	struct job job;

	assert_int_equal(bind(s, i, serial, &job).code, CC_OK);
	books_fixture_walk(&s->f, &job, JOB_ISSUED);
}

static void applicants_go_out_and_results_come_back(void **state)
{
	struct rig *r = *state;
	struct buf out = { 0 }, again = { 0 }, back = { 0 };
	struct exchange_taken taken;
	struct exchange_made made;
	uint64_t waiting, refused;

	assert_int_equal(make(&r->centre, "Tổ lưu động 1", 0, 2, 5, &out).code, CC_OK);
	assert_held(&r->centre, 0, "exchange.given-out");
	assert_int_equal(take(&r->team, buf_view(&out), &taken).code, CC_OK);
	assert_true(!taken.before && taken.items == 2 && taken.added == 2 && taken.kind == EXCHANGE_APPLICANTS);
	assert_string_equal(taken.peer, "Trung tâm");
	assert_int_equal(people(&r->team), 2);

	/* The same file again, and its other encryption from the store: nothing more happens. */
	assert_int_equal(take(&r->team, buf_view(&out), &taken).code, CC_OK);
	assert_true(taken.before && people(&r->team) == 2);
	assert_int_equal(exchange_again(&r->centre.x, "Tổ lưu động 1", 1, &again, &r->centre.f.err).code, CC_OK);
	assert_true(bytes_equal(buf_view(&out), buf_view(&again)));

	/* One card is made; the other applicant's result is open until the package expires. */
	issue(&r->team, 0, "0000000000000001");
	assert_int_equal(exchange_make_results(&r->team.x, "Trung tâm", in_days(&r->team, 30), &back, &made, &r->team.f.err).code,
			 CC_OK);
	assert_int_equal(made.items, 1);
	assert_int_equal(take(&r->centre, buf_view(&back), &taken).code, CC_OK);
	assert_true(taken.issued == 1 && taken.kind == EXCHANGE_RESULTS);
	assert_held(&r->centre, 0, "exchange.issued-elsewhere");
	assert_held(&r->centre, 1, "exchange.given-out");
	assert_int_equal(exchange_again(&r->centre.x, "Tổ lưu động 1", 1, &again, &r->centre.f.err).code, CC_E_NOT_FOUND);
	assert_int_equal(outbox_pending(r->centre.f.books, &waiting, &refused, &r->centre.f.err).code, CC_OK);
	assert_int_equal(waiting, 1);

	sys_fake_advance(&r->team.f.sys, 8 * DAY_MS);
	assert_held(&r->team, 1, "exchange.work-expired");
	assert_int_equal(exchange_make_results(&r->team.x, "Trung tâm", in_days(&r->team, 30), &back, &made, &r->team.f.err).code,
			 CC_OK);
	assert_held(&r->team, 1, "exchange.returned");
	assert_int_equal(take(&r->centre, buf_view(&back), &taken).code, CC_OK);
	assert_int_equal(taken.returned, 1);
	issue(&r->centre, 1, "0000000000000002"); /* free again */
	assert_int_equal(exchange_make_results(&r->team.x, "Trung tâm", in_days(&r->team, 30), &back, &made, &r->team.f.err).code,
			 CC_E_NOT_FOUND);
	buf_done(&out);
	buf_done(&again);
	buf_done(&back);
}

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

	number_of(i, number);
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

	assert_int_equal(make(&r->centre, "Tổ lưu động 1", i, 1, 1, &out).code, CC_OK);
	assert_int_equal(take(&r->team, buf_view(&out), taken).code, CC_OK);
	buf_done(&out);
}

static size_t bring_back(struct rig *r, enum cc_code want)
{
	struct exchange_taken taken = { 0 };
	struct exchange_made made = { 0 };
	struct buf back = { 0 };

	cc_error_init(&r->team.f.err);
	assert_int_equal(exchange_make_results(&r->team.x, "Trung tâm", in_days(&r->team, 30), &back, &made, &r->team.f.err).code,
			 want);
	if (want == CC_OK)
		assert_int_equal(take(&r->centre, buf_view(&back), &taken).code, CC_OK);
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

	number_of(0, number);
	issue(&r->centre, 0, "0000000000000001");
	assert_int_equal(make(&r->centre, "Tổ lưu động 1", 0, 1, 1, &out).code, CC_E_STATE);
	assert_string_equal(r->centre.f.err.key, "issue.card-active");
	apply(&r->centre, 0, "first", NULL, CC_E_STATE);
	apply(&r->centre, 0, "exchange", "age", CC_OK);
	assert_int_equal(exchange_is_free(&r->centre.x, number, &is_free, &r->centre.f.err).code, CC_OK);
	assert_true(is_free);
	give(r, 0, &taken);
	assert_int_equal(taken.added, 1);
	assert_queue(&r->centre, "exchange held exchange.given-out;");
	assert_queue(&r->team, "exchange waiting ;");
	assert_held(&r->centre, 0, "exchange.given-out");
	issue(&r->team, 0, "0000000000000002");
	assert_queue(&r->team, "exchange issued ;");
	assert_int_equal(bring_back(r, CC_OK), 1);
	assert_queue(&r->centre, "exchange issued ;");
	/* I2: the old card is no longer active here. */
	assert_int_equal(count_of(&r->centre, "SELECT COUNT(*) FROM issue_card WHERE active = 1"), 0);
	assert_held(&r->centre, 0, "exchange.issued-elsewhere");
	apply(&r->centre, 0, "first", NULL, CC_E_STATE);
	/* The next one: the same team, which holds the active card now. Its result is the new card, not that one. */
	apply(&r->centre, 0, "reissue", "lost", CC_OK);
	give(r, 0, &taken);
	assert_int_equal(bring_back(r, CC_E_NOT_FOUND), 0);
	issue(&r->team, 0, "0000000000000003");
	assert_int_equal(bring_back(r, CC_OK), 1);
	assert_int_equal(count_of(&r->centre, "SELECT COUNT(*) FROM exchange_item WHERE serial = '0000000000000003'"), 1);
	/* And one at home, of a person whose card is elsewhere. */
	apply(&r->centre, 0, "exchange", "on-request", CC_OK);
	issue(&r->centre, 0, "0000000000000004");
	assert_int_equal(count_of(&r->centre, "SELECT COUNT(*) FROM issue_card WHERE active = 1"), 1);
	assert_int_equal(bind(&r->centre, 0, "0000000000000005", &job).code, CC_E_STATE);
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
	assert_int_equal(make(&r->centre, "Tổ lưu động 1", 0, 1, 1, &out).code, CC_E_STATE);
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
	add_person(&r->team, 1, "Trần Thị Thủy");
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

	number_of(i, number);
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
	issue(&r->team, 0, "0000000000000001");
	assert_int_equal(end_card(&r->team, 0, NULL, &done).code, CC_E_HELD); /* not told yet */
	assert_string_equal(r->team.f.err.key, "revocation.other-station");
	assert_string_equal(r->team.f.err.detail, "Trung tâm");
	assert_int_equal(bring_back(r, CC_OK), 1);
	assert_int_equal(end_card(&r->team, 0, NULL, &done).code, CC_E_HELD); /* nor after */
	assert_int_equal(standing(&r->team, "0000000000000001"), CARD_ACTIVE);
	assert_int_equal(standing(&r->centre, "0000000000000001"), CARD_ACTIVE);
	assert_int_equal(end_card(&r->centre, 0, NULL, &done).code, CC_OK);
	assert_string_equal(done.serial, "0000000000000001");
	assert_int_equal(standing(&r->centre, "0000000000000001"), CARD_REVOKED);
	assert_int_equal(
		count_of(&r->centre, "SELECT COUNT(*) FROM outbox_event WHERE event_key = 'card-revoked/0000000000000001'"), 1);
	/* The next one: by an application, from wherever. */
	assert_int_equal(bind(&r->centre, 0, "0000000000000002", &job).code, CC_E_STATE);
	assert_string_equal(r->centre.f.err.key, "issue.card-revoked");
	assert_int_equal(make(&r->centre, "Tổ lưu động 1", 0, 1, 1, &out).code, CC_E_STATE);
	assert_string_equal(r->centre.f.err.key, "issue.card-revoked");
	apply(&r->centre, 0, "first", NULL, CC_E_STATE);
	apply(&r->centre, 0, "reissue", "lost", CC_OK);
	give(r, 0, &taken);
	issue(&r->team, 0, "0000000000000003");
	assert_int_equal(bring_back(r, CC_OK), 1);
	assert_int_equal(standing(&r->centre, "0000000000000003"), CARD_ACTIVE);
	assert_int_equal(standing(&r->centre, "0000000000000001"), CARD_REVOKED);
	buf_done(&out);
}

/* I2 holds for the national registry too: it is told that the card from elsewhere ended. */
static void a_card_made_elsewhere_is_told_as_replaced(void **state)
{
	struct rig *r = *state;
	struct exchange_taken taken;
	struct revocation done;

	give(r, 0, &taken);
	issue(&r->team, 0, "0000000000000001");
	assert_int_equal(bring_back(r, CC_OK), 1);
	apply(&r->centre, 0, "reissue", "lost", CC_OK);
	issue(&r->centre, 0, "0000000000000002");
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
	assert_int_equal(make(s, "Tổ lưu động 1", 0, 2, 2, &out).code, CC_E_HELD);
	assert_string_equal(s->f.err.key, "registry.birth-future");
	assert_string_equal(s->f.err.detail, "applicant 1: birth_date");
	number_of(0, number);
	assert_int_equal(exchange_is_free(&s->x, number, &is_free, &s->f.err).code, CC_OK);
	assert_false(is_free);
	assert_int_equal(count_of(s, "SELECT COUNT(*) FROM exchange_item"), 0);
	s->x.p.check = NULL;
	assert_int_equal(make(s, "Tổ lưu động 1", 0, 2, 2, &out).code, CC_OK);
	buf_done(&out);
}

static void the_quota_ends_and_a_second_team_gets_nobody_twice(void **state)
{
	struct rig *r = *state;
	struct buf out = { 0 };
	struct exchange_taken taken;
	struct job job;

	assert_int_equal(make(&r->centre, "Tổ lưu động 1", 0, 2, 1, &out).code, CC_OK);
	assert_int_equal(make(&r->centre, "Tổ lưu động 1", 1, 2, 1, &out).code, CC_E_STATE);
	assert_string_equal(r->centre.f.err.key, "exchange.given-out");
	assert_int_equal(exchange_again(&r->centre.x, "Tổ lưu động 1", 1, &out, &r->centre.f.err).code, CC_OK);
	assert_int_equal(take(&r->team, buf_view(&out), &taken).code, CC_OK);
	issue(&r->team, 0, "0000000000000001");
	assert_held(&r->team, 1, "exchange.quota");
	/* Who is not of a package needs no quota. */
	add_person(&r->team, 9, "Trần Thị Thủy");
	assert_int_equal(bind(&r->team, 9, "0000000000000009", &job).code, CC_OK);
	buf_done(&out);
}

static void order_is_kept_and_an_expired_package_is_refused(void **state)
{
	struct rig *r = *state;
	struct buf first = { 0 }, second = { 0 };
	struct exchange_taken taken;

	assert_int_equal(make(&r->centre, "Tổ lưu động 1", 0, 1, 1, &first).code, CC_OK);
	assert_int_equal(make(&r->centre, "Tổ lưu động 1", 1, 1, 1, &second).code, CC_OK);
	assert_refused(&r->team, buf_view(&second), CC_E_STATE, "exchange.order");
	assert_int_equal(take(&r->team, buf_view(&first), &taken).code, CC_OK);
	sys_fake_advance(&r->team.f.sys, 8 * DAY_MS);
	assert_refused(&r->team, buf_view(&second), CC_E_STATE, "exchange.expired");
	/* One that was taken in time stays taken. */
	assert_int_equal(take(&r->team, buf_view(&first), &taken).code, CC_OK);
	assert_true(taken.before);
	buf_done(&first);
	buf_done(&second);
}

/* Signed and encrypted as `from` would. */
static void wrap(struct station *from, const struct station *to, struct bytes payload, struct buf *ret)
{
	struct buf signed_data = { 0 };
	struct cose_sign_params sign = { .keystore = from->f.ks,
					 .key_label = EXCHANGE_SIGN_LABEL,
					 .external = BYTES_LITERAL("cccd-exchange"),
					 .payload = payload };
	struct cose_encrypt_params seal = { .recipient_spki = buf_view(&to->x.agree_spki),
					    .alg = COSE_A256GCM,
					    .external = BYTES_LITERAL("cccd-exchange"),
					    .sys = &from->f.sys.sys };

	assert_int_equal(cose_sign1(&sign, &signed_data, NULL).code, CC_OK);
	seal.plaintext = buf_view(&signed_data);
	assert_int_equal(cose_encrypt(&seal, ret, NULL).code, CC_OK);
	buf_done(&signed_data);
}

/* With a head of the test's choice, and one applicant or none. */
static void forge(struct station *from, const struct station *to, const struct exchange_head *head, const char *record,
		  struct buf *ret)
{
	struct buf payload = { 0 };
	struct cbor_out out;

	exchange_package_open(&out, head);
	if (record != NULL)
		exchange_package_put_applicant(&out, bytes_str(record), bytes_of(NULL, 0), bytes_of(NULL, 0));
	assert_int_equal(exchange_package_close(&out, &payload).code, CC_OK);
	wrap(from, to, buf_view(&payload), ret);
	buf_done(&payload);
}

static void forge_result(struct station *from, const struct station *to, const struct exchange_head *head, unsigned person,
			 struct buf *ret)
{
	struct exchange_result result = { .outcome = EXCHANGE_ISSUED, .serial = BYTES_LITERAL("0000000000000001"), .at_ms = 1 };
	struct buf payload = { 0 };
	struct cbor_out out;
	char number[13];

	number_of(person, number);
	result.number = bytes_str(number);
	exchange_package_open(&out, head);
	exchange_package_put_result(&out, &result);
	assert_int_equal(exchange_package_close(&out, &payload).code, CC_OK);
	wrap(from, to, buf_view(&payload), ret);
	buf_done(&payload);
}

static struct exchange_head head_of(const struct station *from, const struct station *to)
{
	struct exchange_head h = {
		.seq = 1, .made_ms = from->f.sys.wall_ms, .expires_ms = in_days(from, 7), .kind = EXCHANGE_APPLICANTS, .quota = 1
	};

	memcpy(h.from, from->x.kid, sizeof h.from);
	memcpy(h.to, to->x.kid, sizeof h.to);
	return h;
}

static void forged_packages_are_refused_and_nothing_is_stored(void **state)
{
	static const uint8_t other_hash[32] = { 1 };
	struct rig *r = *state;
	struct buf good = { 0 }, bad = { 0 };
	struct exchange_taken taken;
	struct exchange_head h;

	assert_int_equal(make(&r->centre, "Tổ lưu động 1", 0, 1, 1, &good).code, CC_OK);
	/* For somebody else. */
	assert_refused(&r->stranger, buf_view(&good), CC_E_NOT_FOUND, "cose.recipient");
	/* From somebody who is not pinned. */
	h = head_of(&r->stranger, &r->team);
	forge(&r->stranger, &r->team, &h, NULL, &bad);
	assert_refused(&r->team, buf_view(&bad), CC_E_VERIFY, "exchange.unknown-sender");
	/* What the centre signed for the stranger, encrypted again for the team. */
	h = head_of(&r->centre, &r->stranger);
	forge(&r->centre, &r->team, &h, NULL, &bad);
	assert_refused(&r->team, buf_view(&bad), CC_E_VERIFY, "exchange.wrong-station");
	/* A record that is none. */
	h = head_of(&r->centre, &r->team);
	forge(&r->centre, &r->team, &h, "{\"number\":\"001090000000\"}", &bad);
	assert_refused(&r->team, buf_view(&bad), CC_E_FORMAT, "exchange.record");
	/* An acknowledgement of what was never made. */
	h.acknowledged = 3;
	forge(&r->centre, &r->team, &h, NULL, &bad);
	assert_refused(&r->team, buf_view(&bad), CC_E_STATE, "exchange.rolled-back");
	/* A second history. */
	assert_int_equal(take(&r->team, buf_view(&good), &taken).code, CC_OK);
	h = head_of(&r->centre, &r->team);
	forge(&r->centre, &r->team, &h, NULL, &bad);
	assert_refused(&r->team, buf_view(&bad), CC_E_VERIFY, "exchange.forked");
	h.seq = 2;
	h.previous = bytes_of(other_hash, sizeof other_hash);
	forge(&r->centre, &r->team, &h, NULL, &bad);
	assert_refused(&r->team, buf_view(&bad), CC_E_VERIFY, "exchange.forked");
	/* Results that are none, and one for whom nobody handed out. */
	h = head_of(&r->team, &r->centre);
	h.kind = EXCHANGE_RESULTS;
	forge(&r->team, &r->centre, &h, "x", &bad);
	assert_refused(&r->centre, buf_view(&bad), CC_E_FORMAT, "cbor.field");
	forge_result(&r->team, &r->centre, &h, 2, &bad);
	assert_refused(&r->centre, buf_view(&bad), CC_E_STATE, "exchange.not-given");
	forge_result(&r->team, &r->centre, &h, 0, &bad);
	assert_int_equal(take(&r->centre, buf_view(&bad), &taken).code, CC_OK);
	buf_done(&good);
	buf_done(&bad);
}

static void a_changed_byte_or_a_cut_anywhere_is_refused(void **state)
{
	struct rig *r = *state;
	struct buf file = { 0 };
	struct exchange_taken taken;
	size_t changed = 0, cut = 0;

	assert_int_equal(make(&r->centre, "Tổ lưu động 1", 0, 1, 1, &file).code, CC_OK);
	for (size_t at = 0; at < file.n; at++) {
		file.p[at] ^= (uint8_t)(1u << (at % 8));
		changed += cc_failed(take(&r->team, buf_view(&file), &taken)) ? 1 : 0;
		file.p[at] ^= (uint8_t)(1u << (at % 8));
	}
	for (size_t n = 0; n < file.n; n++)
		cut += cc_failed(take(&r->team, bytes_of(file.p, n), &taken)) ? 1 : 0;
	(void)printf("# count: packages: %zu changed bytes and %zu cuts, all refused\n", changed, cut);
	assert_int_equal(changed, file.n);
	assert_int_equal(cut, file.n);
	assert_int_equal(people(&r->team), 0);
	assert_int_equal(take(&r->team, buf_view(&file), &taken).code, CC_OK);
	buf_done(&file);
}

static void another_record_under_the_number_is_told_back(void **state)
{
	struct rig *r = *state;
	struct buf out = { 0 }, back = { 0 };
	struct exchange_taken taken;
	struct exchange_made made;

	add_person(&r->team, 0, "Lê Thị Hoa");
	assert_int_equal(make(&r->centre, "Tổ lưu động 1", 0, 1, 1, &out).code, CC_OK);
	assert_int_equal(take(&r->team, buf_view(&out), &taken).code, CC_OK);
	assert_int_equal(taken.conflicts, 1);
	assert_int_equal(exchange_make_results(&r->team.x, "Trung tâm", in_days(&r->team, 1), &back, &made, &r->team.f.err).code,
			 CC_OK);
	assert_int_equal(take(&r->centre, buf_view(&back), &taken).code, CC_OK);
	assert_int_equal(taken.conflicts, 1);
	buf_done(&out);
	buf_done(&back);
}

static void a_peer_is_pinned_by_its_fingerprint_alone(void **state)
{
	struct rig *r = *state;
	char name[EXCHANGE_NAME_SIZE], wrong[EXCHANGE_FINGERPRINT_SIZE];
	struct station *s = &r->centre;
	struct buf changed = { 0 };
	size_t refused = 0;

	memcpy(wrong, r->stranger.fingerprint, sizeof wrong);
	wrong[15] = wrong[15] == '0' ? '1' : '0';
	cc_error_init(&s->f.err);
	assert_int_equal(exchange_pin(&s->x, buf_view(&r->stranger.identity), wrong, name, &s->f.err).code, CC_E_VERIFY);
	assert_string_equal(s->f.err.key, "exchange.fingerprint");
	wrong[15] = '\0'; /* too short to mean anything */
	assert_int_equal(exchange_pin(&s->x, buf_view(&r->stranger.identity), wrong, name, NULL).code, CC_E_VERIFY);
	assert_int_equal(exchange_pin(&s->x, buf_view(&s->identity), s->fingerprint, name, NULL).code, CC_E_ARG);
	pin(s, &r->team); /* again: the same */
	assert_int_equal(buf_copy(&changed, buf_view(&r->stranger.identity)).code, CC_OK);
	for (size_t at = 0; at < changed.n; at++) {
		changed.p[at] ^= (uint8_t)(1u << (at % 8));
		refused += cc_failed(exchange_pin(&s->x, buf_view(&changed), r->stranger.fingerprint, name, NULL)) ? 1 : 0;
		changed.p[at] ^= (uint8_t)(1u << (at % 8));
	}
	(void)printf("# count: identity files: %zu changed bytes, all refused\n", refused);
	assert_int_equal(refused, changed.n);
	buf_done(&changed);
}

/* ---- kill -9 while a package is taken */
struct killer {
	unsigned seen, at;
};

static void kill_here(void *ctx, bool after)
{
	struct killer *k = ctx;

	(void)after;
	if (++k->seen == k->at)
		(void)kill(getpid(), SIGKILL);
}

/* What the child does; true when it went well. */
typedef bool (*work)(struct station *s, struct bytes file);

static bool work_take(struct station *s, struct bytes file)
{
	struct exchange_taken taken;

	return !cc_failed(take(s, file, &taken));
}

static bool work_make(struct station *s, struct bytes file)
{
	struct buf out = { 0 };
	bool good = !cc_failed(make(s, "Tổ lưu động 1", 0, PEOPLE, 1, &out));

	(void)file;
	buf_done(&out);
	return good;
}

/* A process of its own, as it starts: own key store, store and books. */
static void run_in_child(struct station *s, work what, struct bytes file, unsigned at)
{
	struct killer killer = { 0, at };
	const struct issue_hooks hooks = { &killer, kill_here };
	char path[256], place[1024];

	s->f.ks = NULL;
	s->f.store = NULL;
	s->f.books = NULL;
	fixture_path(&s->f.folder, "keys.ccks", path, sizeof path);
	CC_ASSERT(!cc_failed(keystore_file_open(path, BYTES_LITERAL("a test's password"), &s->f.sys.sys, &s->f.ks, &s->f.err)));
	fixture_path(&s->f.folder, "station.db", path, sizeof path);
	store_engine_place(path, place, sizeof place);
	CC_ASSERT(!cc_failed(store_open(place, &s->f.store, &s->f.err)));
	CC_ASSERT(!cc_failed(books_open(s->f.store, s->f.ks, &s->f.sys.sys, &hooks, &s->f.books, &s->f.err)));
	open_exchange(s);
	_exit(what(s, file) ? 0 : 9);
}

static bool run_and_die(struct station *s, work what, struct bytes file, unsigned at)
{
	int status = 0;
	pid_t child;

	station_close(s);
	books_close(&s->f.books);
	store_close(&s->f.store);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		run_in_child(s, what, file, at);
	assert_int_equal(waitpid(child, &status, 0), child);
	books_fixture_reopen(&s->f);
	open_exchange(s);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

/* Killed before the commit nobody is handed out; behind it the package is written again from the store. */
static void killed_while_making_nobody_is_lost(void **state)
{
	static char before[16384], after[16384];
	struct rig *r = *state;
	struct exchange_taken taken;
	struct buf file = { 0 };

	dump(&r->centre, before, sizeof before);
	assert_true(run_and_die(&r->centre, work_make, bytes_of(NULL, 0), 1));
	dump(&r->centre, after, sizeof after);
	assert_string_equal(after, before);
	assert_true(run_and_die(&r->centre, work_make, bytes_of(NULL, 0), 2));
	assert_held(&r->centre, 0, "exchange.given-out");
	assert_int_equal(exchange_again(&r->centre.x, "Tổ lưu động 1", 1, &file, &r->centre.f.err).code, CC_OK);
	assert_int_equal(take(&r->team, buf_view(&file), &taken).code, CC_OK);
	assert_int_equal(taken.added, PEOPLE);
	buf_done(&file);
}

static void killed_while_taking_the_same_command_ends_it(void **state)
{
	static char before[16384], between[16384], after[16384], last[16384];
	struct rig *r = *state;
	struct buf file = { 0 };
	struct exchange_taken taken;

	assert_int_equal(make(&r->centre, "Tổ lưu động 1", 0, PEOPLE, 1, &file).code, CC_OK);
	dump(&r->team, before, sizeof before);
	assert_true(run_and_die(&r->team, work_take, buf_view(&file), 1)); /* all rows are written, none committed */
	dump(&r->team, between, sizeof between);
	assert_string_equal(between, before);
	assert_true(run_and_die(&r->team, work_take, buf_view(&file), 2)); /* committed, nobody was told */
	dump(&r->team, after, sizeof after);
	assert_string_not_equal(after, before);
	assert_int_equal(take(&r->team, buf_view(&file), &taken).code, CC_OK);
	assert_true(taken.before);
	dump(&r->team, last, sizeof last);
	assert_string_equal(last, after);
	assert_int_equal(people(&r->team), PEOPLE);
	buf_done(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(applicants_go_out_and_results_come_back, rig_up, rig_down),
		cmocka_unit_test_setup_teardown(an_exchange_goes_out_with_its_application, rig_up, rig_down),
		cmocka_unit_test_setup_teardown(an_application_comes_back_when_no_card_was_made, rig_up, rig_down),
		cmocka_unit_test_setup_teardown(a_card_made_elsewhere_is_ended_by_who_handed_its_holder_out, rig_up, rig_down),
		cmocka_unit_test_setup_teardown(a_card_made_elsewhere_is_told_as_replaced, rig_up, rig_down),
		cmocka_unit_test_setup_teardown(who_is_held_is_not_handed_out, rig_up, rig_down),
		cmocka_unit_test_setup_teardown(the_quota_ends_and_a_second_team_gets_nobody_twice, rig_up, rig_down),
		cmocka_unit_test_setup_teardown(order_is_kept_and_an_expired_package_is_refused, rig_up, rig_down),
		cmocka_unit_test_setup_teardown(forged_packages_are_refused_and_nothing_is_stored, rig_up, rig_down),
		cmocka_unit_test_setup_teardown(a_changed_byte_or_a_cut_anywhere_is_refused, rig_up, rig_down),
		cmocka_unit_test_setup_teardown(another_record_under_the_number_is_told_back, rig_up, rig_down),
		cmocka_unit_test_setup_teardown(a_peer_is_pinned_by_its_fingerprint_alone, rig_up, rig_down),
		cmocka_unit_test_setup_teardown(killed_while_making_nobody_is_lost, rig_up, rig_down),
		cmocka_unit_test_setup_teardown(killed_while_taking_the_same_command_ends_it, rig_up, rig_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
