/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "station/issue/stock.h"
#include "station/registry/application.h"
#include "station/registry/correction.h"
#include "station/registry/due.h"
#include "station/registry/outbox.h"
#include "station/registry/revocation.h"
#include "tests/support/alloc_fault.h"
#include "tests/support/books_fixture.h"
#include "tests/support/forms_world.h"
#include "tests/support/store_engine.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The end of one card: who may, for what, once; what the books, the feed and the next application say then. */
#define assert_ok(call) assert_int_equal((call).code, CC_OK)
#define NUMBER FORMS_WORLD_AN
#define CHIP1 "0011223344556677"
#define CHIP2 "0011223344556688"

static int down(void **state)
{
	const struct forms_world *w = *state;

	books_fixture_check(w->books);
	return forms_world_down(state);
}

/* ---- cards and applications */

static cc_status apply(struct forms_world *w, const char *kind, const char *reason)
{
	const struct check_context check = { .today = { 2026, 11, 24 }, .rules = validity_rules_2024() };
	const struct application_request q = { .number = NUMBER, .kind = kind, .reason = reason, .officer = "Hà" };
	struct application a;
	struct holds holds;
	bool is_new;

	cc_error_init(&w->err);
	return application_accept(&w->forms, &check, &q, &a, &is_new, &holds, &w->err);
}

static void issue(struct forms_world *w, const char *serial)
{
	struct job job;

	assert_ok(forms_world_bind(w, serial, &job));
	forms_world_finish(w, &job);
}

/* ---- revoking */

static cc_status ask(struct forms_world *w, const char *reason, const char *chip, struct revocation *ret, bool *ret_new)
{
	const struct revocation_request q = {
		.number = NUMBER, .reason = reason, .chip = chip, .evidence = "Đơn của bà Trần Thị Bí Mật", .officer = "Nguyễn Hà"
	};

	cc_error_init(&w->err);
	return revocation_ask(&w->forms, &q, ret, ret_new, &w->err);
}

static enum revocation_standing standing(struct forms_world *w, const char *serial, const char *reason)
{
	struct revocation_card card;

	assert_ok(revocation_card_of(w->store, serial, &card, &w->err));
	assert_string_equal(card.reason, reason);
	return card.standing;
}

static const char *card_hold(struct forms_world *w)
{
	const char *key = NULL;

	assert_ok(ledger_card_hold(w->books, NUMBER, &key, &w->err));
	return key != NULL ? key : "";
}

struct told {
	char lines[1024];
};

static enum outbox_answer hear(void *ctx, const struct outbox_event *e, char text[64])
{
	struct told *t = ctx;
	json_t *root = json_loadb((const char *)e->body.p, e->body.n, JSON_REJECT_DUPLICATES, NULL);
	const char *reason = json_string_value(json_object_get(root, "reason"));
	size_t n = strlen(t->lines);

	(void)text;
	assert_non_null(root);
	assert_null(memmem(e->body.p, e->body.n, "Bí Mật", strlen("Bí Mật")));
	assert_null(memmem(e->body.p, e->body.n, "Hà", strlen("Hà")));
	if (strncmp(e->kind, "card-", 5) == 0)
		(void)snprintf(t->lines + n, sizeof t->lines - n, "%s %s;", e->key, reason != NULL ? reason : "-");
	json_decref(root);
	return OUTBOX_ACCEPTED;
}

static void assert_told(struct forms_world *w, const char *want)
{
	struct told t = { 0 };
	const struct outbox_sender sender = { &t, hear };
	struct outbox_counts c;

	assert_ok(outbox_run(w->books, &sender, 1000, true, &c, &w->err));
	assert_string_equal(t.lines, want);
}

/* ---- what the holder reports */

static void a_lost_card_ends_at_once_and_once(void **state)
{
	struct forms_world *w = *state;
	char stock_reason[STOCK_REASON_SIZE];
	enum stock_state blank;
	struct revocation r, again;
	bool is_new = false;
	struct job job;

	issue(w, CHIP1);
	assert_int_equal(standing(w, CHIP1, ""), CARD_ACTIVE);
	w->forms.dry_run = true;
	assert_ok(ask(w, "lost", NULL, &r, &is_new));
	w->forms.dry_run = false;
	assert_int_equal(standing(w, CHIP1, ""), CARD_ACTIVE);
	assert_ok(ask(w, "lost", NULL, &r, &is_new));
	assert_true(is_new && r.state == REVOCATION_REVOKED && r.decided_ms == w->sys.wall_ms);
	assert_string_equal(r.serial, CHIP1);
	assert_string_equal(r.asked_by, "Nguyễn Hà");
	assert_int_equal(standing(w, CHIP1, "lost"), CARD_REVOKED);
	/* A new process, and the same again: told, and nothing changes. */
	forms_world_close(w);
	forms_world_open(w, NULL);
	assert_ok(ask(w, "lost", NULL, &again, &is_new));
	assert_true(!is_new && again.id == r.id);
	assert_string_equal(again.evidence, "Đơn của bà Trần Thị Bí Mật");
	assert_int_equal(ask(w, "stolen", NULL, &again, &is_new).code, CC_E_STATE);
	assert_string_equal(w->err.key, "revocation.already");
	assert_told(w, "card-issued/" CHIP1 " -;card-revoked/" CHIP1 " lost;");
	/* I5: the blank left the house and stays issued; it is none for another card. */
	assert_ok(ledger_blank(w->books, CHIP1, &blank, stock_reason, &w->err));
	assert_int_equal(blank, STOCK_ISSUED);
	/* Another card needs an application, and that is no first one. */
	assert_string_equal(card_hold(w), "issue.card-revoked");
	assert_int_equal(forms_world_bind(w, CHIP2, &job).code, CC_E_STATE);
	assert_string_equal(w->err.key, "issue.card-revoked");
	assert_int_equal(apply(w, "first", NULL).code, CC_E_STATE);
	assert_string_equal(w->err.key, "application.had-card");
	assert_ok(apply(w, "reissue", "lost"));
	assert_string_equal(card_hold(w), "");
	issue(w, CHIP2);
	assert_string_equal(card_hold(w), "issue.card-active");
	assert_int_equal(standing(w, CHIP1, "lost"), CARD_REVOKED);
	/* The revoked card is not told a second time as replaced. */
	assert_told(w, "card-issued/" CHIP2 " -;");
}

/* The lost card is often the one that was replaced yesterday: the new one must not end by mistake. */
static void of_several_cards_one_is_named(void **state)
{
	struct forms_world *w = *state;
	struct revocation r;
	bool is_new;

	issue(w, CHIP1);
	assert_ok(apply(w, "reissue", "lost"));
	issue(w, CHIP2);
	assert_int_equal(standing(w, CHIP1, ""), CARD_REPLACED);
	assert_int_equal(ask(w, "lost", NULL, &r, &is_new).code, CC_E_ARG);
	assert_string_equal(w->err.key, "revocation.which-card");
	assert_non_null(strstr(w->err.detail, CHIP2));
	assert_int_equal(ask(w, "lost", CHIP1, &r, &is_new).code, CC_E_STATE);
	assert_string_equal(w->err.key, "revocation.other-card");
	assert_int_equal(standing(w, CHIP2, ""), CARD_ACTIVE);
	assert_ok(ask(w, "lost", CHIP2, &r, &is_new));
	assert_int_equal(standing(w, CHIP2, "lost"), CARD_REVOKED);
	assert_int_equal(standing(w, "FFFFFFFFFFFFFFFF", ""), CARD_UNKNOWN);
}

/* ---- what takes a card from somebody */

static void a_decision_waits_for_its_second_officer(void **state)
{
	/* Who asked is "Nguyễn Hà". The last two have a Cyrillic letter and an invisible one. */
	static const char *const same[] = { "nguyen ha", "NGUYỄN  HÀ", "NguyễnHà", "Nguyễn-Hà.", "Nguye\u0302\u0303n Ha\u0300" };
	static const char *const nobody[] = { "", "...", "Nguyễn H\u0430", "Nguyễn\u200B Hà", "Nguyễn\x1B[2K Hà" };
	struct forms_world *w = *state;
	struct revocation r, again;
	bool is_new;

	issue(w, CHIP1);
	assert_ok(ask(w, "withdrawn", NULL, &r, &is_new));
	assert_true(is_new && r.state == REVOCATION_PROPOSED);
	assert_int_equal(standing(w, CHIP1, ""), CARD_ACTIVE);
	assert_ok(ask(w, "withdrawn", NULL, &again, &is_new));
	assert_true(!is_new && again.id == r.id);
	assert_int_equal(ask(w, "altered", NULL, &again, &is_new).code, CC_E_EXISTS);
	assert_string_equal(w->err.key, "revocation.pending");
	cc_error_init(&w->err);
	for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
		cc_error_init(&w->err);
		assert_int_equal(revocation_approve(&w->forms, r.id, same[i], &again, &w->err).code, CC_E_DENIED);
		assert_string_equal(w->err.key, "revocation.same-officer");
	}
	for (size_t i = 0; i < sizeof nobody / sizeof nobody[0]; i++) {
		cc_error_init(&w->err);
		assert_int_equal(revocation_approve(&w->forms, r.id, nobody[i], &again, &w->err).code, CC_E_ARG);
		assert_string_equal(w->err.key, "forms.officer");
	}
	assert_int_equal(standing(w, CHIP1, ""), CARD_ACTIVE);
	assert_ok(revocation_approve(&w->forms, r.id, "Lê Minh", &again, &w->err));
	assert_string_equal(again.decided_by, "Lê Minh");
	assert_int_equal(standing(w, CHIP1, "withdrawn"), CARD_REVOKED);
	cc_error_init(&w->err);
	assert_int_equal(revocation_approve(&w->forms, r.id, "Lê Minh", &again, &w->err).code, CC_E_STATE);
	assert_string_equal(w->err.key, "revocation.decided");
	assert_told(w, "card-issued/" CHIP1 " -;card-revoked/" CHIP1 " withdrawn;");
}

static void a_refused_one_leaves_the_card(void **state)
{
	struct forms_world *w = *state;
	struct revocation r, done;
	bool is_new;

	issue(w, CHIP1);
	assert_ok(ask(w, "issued-wrong", NULL, &r, &is_new));
	assert_ok(revocation_refuse(&w->forms, r.id, "Lê Minh", "Không sai", &done, &w->err));
	assert_true(done.state == REVOCATION_REFUSED);
	assert_int_equal(standing(w, CHIP1, ""), CARD_ACTIVE);
	assert_told(w, "card-issued/" CHIP1 " -;");
	/* and may be asked for again */
	assert_ok(ask(w, "altered", NULL, &r, &is_new));
	assert_true(is_new);
}

static bool remember(void *ctx, const struct revocation *r)
{
	char *states = ctx;
	size_t n = strlen(states);

	(void)snprintf(states + n, 256 - n, "%s %s %s;", r->reason, revocation_state_name(r->state), r->why);
	return true;
}

static void what_ends_in_another_way_first_is_not_ended_again(void **state)
{
	struct forms_world *w = *state;
	struct revocation r, lost;
	char states[256] = "";
	bool is_new;

	/* reported lost while the decision waits */
	issue(w, CHIP1);
	assert_ok(ask(w, "withdrawn", NULL, &r, &is_new));
	assert_ok(ask(w, "lost", NULL, &lost, &is_new));
	assert_true(is_new);
	cc_error_init(&w->err);
	assert_int_equal(revocation_approve(&w->forms, r.id, "Lê Minh", &r, &w->err).code, CC_E_STATE);
	assert_string_equal(w->err.key, "revocation.decided");
	/* replaced by an exchange while the next one waits */
	assert_ok(apply(w, "reissue", "lost"));
	issue(w, CHIP2);
	assert_ok(ask(w, "altered", CHIP2, &r, &is_new));
	assert_ok(apply(w, "exchange", "on-request"));
	issue(w, "0011223344556699");
	cc_error_init(&w->err);
	assert_int_equal(revocation_approve(&w->forms, r.id, "Lê Minh", &r, &w->err).code, CC_E_STATE);
	assert_string_equal(w->err.key, "revocation.overtaken");
	assert_int_equal(standing(w, CHIP2, ""), CARD_REPLACED);
	assert_int_equal(standing(w, "0011223344556699", ""), CARD_ACTIVE);
	assert_ok(revocation_refuse(&w->forms, r.id, "Lê Minh", "thẻ đã đổi", &r, &w->err));
	assert_ok(revocation_list(&w->forms, NUMBER, false, remember, states, &w->err));
	assert_string_equal(states, "withdrawn lapsed ;lost revoked ;altered refused thẻ đã đổi;");
	states[0] = '\0';
	assert_ok(revocation_list(&w->forms, NULL, true, remember, states, &w->err));
	assert_string_equal(states, "");
}

/* ---- what the register must say first */

static void correct(struct forms_world *w, const char *field, const char *value)
{
	const struct correction_request q = { NUMBER, field, value, "Giấy tờ", "Hà", "officer" };
	struct correction c;
	bool is_new, under_way;

	assert_ok(correction_propose(&w->forms, &q, &c, &is_new, &under_way, &w->err));
	assert_ok(correction_approve(&w->forms, c.id, "Minh", &c, &w->err));
}

static void the_register_speaks_first_of_death_and_nationality(void **state)
{
	struct forms_world *w = *state;
	struct revocation r;
	bool is_new;

	issue(w, CHIP1);
	assert_int_equal(ask(w, "died", NULL, &r, &is_new).code, CC_E_HELD);
	assert_string_equal(w->err.key, "revocation.not-dead");
	assert_int_equal(ask(w, "nationality-lost", NULL, &r, &is_new).code, CC_E_HELD);
	assert_string_equal(w->err.key, "revocation.citizen");
	correct(w, "nationality", "Canada");
	assert_ok(ask(w, "nationality-lost", NULL, &r, &is_new));
	assert_int_equal(standing(w, CHIP1, "nationality-lost"), CARD_REVOKED);
	/* The record holds the next card until it says otherwise. */
	assert_int_equal(apply(w, "reissue", "nationality-regained").code, CC_E_HELD);
	assert_string_equal(w->err.key, "registry.nationality");
	correct(w, "nationality", "Việt Nam");
	assert_ok(apply(w, "reissue", "nationality-regained"));
	issue(w, CHIP2);
	correct(w, "life_status", "dead");
	assert_ok(ask(w, "died", CHIP2, &r, &is_new));
	assert_int_equal(standing(w, CHIP2, "died"), CARD_REVOKED);
}

static void what_is_not_complete_is_not_begun(void **state)
{
	static const struct {
		struct revocation_request q;
		enum cc_code code;
		const char *key;
	} bad[] = {
		{ { .number = NUMBER, .reason = "lost" }, CC_E_ARG, "forms.officer" },
		{ { .number = NUMBER, .officer = "A" }, CC_E_ARG, "revocation.reason" },
		{ { .number = NUMBER, .officer = "A", .reason = "tired" }, CC_E_ARG, "revocation.reason" },
		{ { .number = NUMBER, .officer = "A", .reason = "withdrawn" }, CC_E_ARG, "revocation.evidence" },
		{ { .number = NUMBER, .officer = "A", .reason = "lost", .evidence = "" }, CC_E_ARG, "forms.text" },
		{ { .number = "1", .officer = "A", .reason = "lost" }, CC_E_ARG, "registry.number-malformed" },
		{ { .number = "001091000000", .officer = "A", .reason = "lost" }, CC_E_NOT_FOUND, "registry.not-found" },
		{ { .number = NUMBER, .officer = "A", .reason = "lost" }, CC_E_NOT_FOUND, "revocation.no-card" },
	};
	struct forms_world *w = *state;
	struct revocation r;
	bool is_new;

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		cc_error_init(&w->err);
		assert_int_equal(revocation_ask(&w->forms, &bad[i].q, &r, &is_new, &w->err).code, bad[i].code);
		assert_string_equal(w->err.key, bad[i].key);
	}
	cc_error_init(&w->err);
	assert_int_equal(revocation_approve(&w->forms, 99, "A", &r, &w->err).code, CC_E_NOT_FOUND);
	assert_string_equal(w->err.key, "revocation.not-found");
}

/* While the new card is being made the old one can still be ended: the new one then replaces nothing. */
static void a_card_ends_while_its_successor_is_made(void **state)
{
	struct forms_world *w = *state;
	struct revocation r;
	struct job job;
	bool is_new;

	issue(w, CHIP1);
	assert_ok(apply(w, "reissue", "lost"));
	assert_ok(forms_world_bind(w, CHIP2, &job));
	assert_ok(ask(w, "lost", NULL, &r, &is_new));
	assert_string_equal(r.serial, CHIP1);
	forms_world_finish(w, &job);
	assert_int_equal(standing(w, CHIP1, "lost"), CARD_REVOKED);
	assert_int_equal(standing(w, CHIP2, ""), CARD_ACTIVE);
	assert_told(w, "card-issued/" CHIP1 " -;card-revoked/" CHIP1 " lost;card-issued/" CHIP2 " -;");
}

static bool keep_due(void *ctx, const struct due *d)
{
	char *out = ctx;
	char on[DATE_TEXT_SIZE];
	size_t n = strlen(out);

	date_format(d->on, on);
	(void)snprintf(out + n, 200 - n, "%s %s %s;", d->person->number, due_kind_name(d->kind), on);
	return true;
}

static void assert_due(struct forms_world *w, const char *want)
{
	const struct due_query q = { .rules = validity_rules_2024(), .today = { 2026, 11, 24 }, .until = { 2026, 12, 24 } };
	char have[200] = "";

	assert_ok(due_list(&w->forms, &q, keep_due, have, &w->err));
	assert_string_equal(have, want);
}

/* Whose card was revoked must have another: listed until they ask for it. A child, a dead person and a foreigner need none. */
static void a_revoked_card_is_due_until_another_is_asked_for(void **state)
{
	struct forms_world *w = *state;
	struct revocation_card card;
	char serial[LEDGER_SERIAL_SIZE];
	struct revocation r;
	bool is_new;

	assert_ok(revocation_card_of_person(w->books, NUMBER, serial, &card, &w->err));
	assert_int_equal(card.standing, CARD_UNKNOWN);
	issue(w, CHIP1);
	assert_due(w, "");
	assert_ok(ask(w, "lost", NULL, &r, &is_new));
	assert_due(w, NUMBER " revoked 2026-11-24;");
	assert_ok(revocation_card_of_person(w->books, NUMBER, serial, &card, &w->err));
	assert_true(card.standing == CARD_REVOKED && strcmp(serial, CHIP1) == 0 && strcmp(card.reason, "lost") == 0);
	assert_ok(apply(w, "reissue", "lost"));
	assert_due(w, "");
	issue(w, CHIP2);
	assert_due(w, "");
	assert_ok(revocation_card_of_person(w->books, NUMBER, serial, &card, &w->err));
	assert_true(card.standing == CARD_ACTIVE && strcmp(serial, CHIP2) == 0);
	correct(w, "life_status", "dead");
	assert_ok(ask(w, "died", CHIP2, &r, &is_new));
	assert_due(w, "");
}

/* ---- faults */

static int64_t count_of(struct store *store, const char *sql)
{
	struct stmt *q = NULL;
	bool row = false;
	int64_t n;

	assert_ok(store_prepare(store, sql, &q));
	assert_ok(stmt_step(q, &row));
	assert_true(row);
	n = stmt_column_int(q, 0);
	stmt_finish(&q);
	return n;
}

/* Wherever memory ends, the card ended whole, with its row and its event, or not at all. */
static void without_memory_a_card_ends_whole_or_not_at_all(void **state)
{
	struct forms_world *w = *state;
	struct revocation r = { 0 };
	size_t refused = 0;
	bool is_new = false;

	issue(w, CHIP1);
	assert_ok(ask(w, "altered", NULL, &r, &is_new));
	for (size_t k = 1; alloc_fault_next(&k);) {
		cc_status st;

		cc_error_init(&w->err);
		st = revocation_approve(&w->forms, r.id, "Lê Minh", &r, &w->err);
		if (!alloc_fault_end()) {
			assert_ok(st);
			break;
		}
		refused++;
		assert_int_equal(st.code, CC_E_MEMORY);
		assert_int_equal(standing(w, CHIP1, ""), CARD_ACTIVE);
		assert_int_equal(count_of(w->store, "SELECT COUNT(*) FROM issue_revocation WHERE state = 'proposed'"), 1);
		assert_int_equal(count_of(w->store, "SELECT COUNT(*) FROM outbox_event WHERE kind = 'card-revoked'"), 0);
	}
	assert_int_equal(standing(w, CHIP1, "altered"), CARD_REVOKED);
	assert_int_equal(count_of(w->store, "SELECT COUNT(*) FROM outbox_event WHERE kind = 'card-revoked'"), 1);
	assert_true(refused > 3);
	print_message("# count: %zu allocations refused on the way to a revocation\n", refused);
}

/* A process that dies before the commit leaves the card as it was; one that dies after it has ended the card. */
struct death {
	struct forms_world *w;
	bool after, seen;
};

static void note_commit(void *ctx, bool after)
{
	struct death *d = ctx;
	struct store *other = NULL;
	struct revocation_card card;

	/* Only a shared store can be looked at from outside meanwhile. */
	if (d->w == NULL || !store_engine_is_postgres())
		return;
	assert_ok(store_open_as_it_is(d->w->place, &other, &d->w->err));
	assert_ok(revocation_card_of(other, CHIP1, &card, &d->w->err));
	assert_int_equal(card.standing, after ? CARD_REVOKED : CARD_ACTIVE);
	assert_int_equal(count_of(other, "SELECT COUNT(*) FROM outbox_event WHERE kind = 'card-revoked'"), after ? 1 : 0);
	assert_int_equal(count_of(other, "SELECT COUNT(*) FROM issue_revocation"), after ? 1 : 0);
	store_close(&other);
	d->seen = d->seen || after;
}

static void all_of_it_is_one_commit(void **state)
{
	struct forms_world *w = *state;
	struct death death = { 0 };
	const struct issue_hooks hooks = { &death, note_commit };
	struct revocation r;
	bool is_new;

	if (!store_engine_is_postgres())
		skip();
	issue(w, CHIP1);
	forms_world_close(w);
	forms_world_open(w, &hooks);
	death.w = w;
	assert_ok(ask(w, "lost", NULL, &r, &is_new));
	death.w = NULL;
	assert_true(death.seen);
}

/* ---- a store of an older program */

static void run_sql(struct store *s, const char *sql)
{
	assert_ok(s->ops->exec(s, sql));
}

/* Which card from elsewhere is still active was not written down before: what a card from here had replaced is marked. */
static void an_older_store_learns_which_card_from_elsewhere_is_active(void **state)
{
	static const char rows[] =
		"INSERT INTO exchange_peer VALUES ('T', 'k', 's', 'a', 0, 0, 'h', 0, 0, 'h');"
		"INSERT INTO exchange_package VALUES ('out', 'T', 'out', 1, 'h', 'applicants', 2, 2, 0, 0, 0, 0, NULL);"
		"INSERT INTO exchange_package VALUES ('in', 'T', 'in', 1, 'h', 'applicants', 1, 1, 0, 0, 0, 0, NULL);"
		"INSERT INTO exchange_item VALUES ('out', 1, 'anna', 'n', 'issued', 0, 'A1', 'h', 0);"
		"INSERT INTO exchange_item VALUES ('out', 2, 'binh', 'n', 'issued', 0, 'B1', 'h', 0);"
		"INSERT INTO exchange_item VALUES ('in', 1, 'anna', 'n', 'issued', 0, 'A0', 'h', 0);"
		"INSERT INTO issue_blank VALUES ('A2', 'issued', NULL, 0, 0);"
		"INSERT INTO issue_job VALUES ('j', 'anna', 'A2', 'softchip', 'issued', 0, NULL, 0);"
		"INSERT INTO issue_card VALUES ('j', 'anna', 'A2', 'h', 1, 0);";
	struct forms_world *w = *state;
	struct store *s = NULL;
	char path[256], place[1024];

	fixture_path(&w->folder, "older.db", path, sizeof path);
	store_engine_drop(path);
	store_engine_place(path, place, sizeof place);
	assert_ok(store_open(place, &s, &w->err));
	/* As it was before the twelfth migration. */
	run_sql(s,
		"DROP TABLE issue_revocation; DROP INDEX exchange_item_serial; DELETE FROM schema_migration WHERE number = 12;");
	run_sql(s, rows);
	store_close(&s);
	assert_ok(store_open(place, &s, &w->err));
	assert_int_equal(count_of(s, "SELECT COUNT(*) FROM exchange_item WHERE state = 'replaced'"), 1);
	assert_int_equal(count_of(s, "SELECT COUNT(*) FROM exchange_item WHERE state = 'replaced' AND serial = 'A1'"), 1);
	assert_int_equal(count_of(s, "SELECT COUNT(*) FROM issue_revocation"), 0);
	store_close(&s);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, forms_world_up, down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_lost_card_ends_at_once_and_once),
		CASE(of_several_cards_one_is_named),
		CASE(a_decision_waits_for_its_second_officer),
		CASE(a_refused_one_leaves_the_card),
		CASE(what_ends_in_another_way_first_is_not_ended_again),
		CASE(the_register_speaks_first_of_death_and_nationality),
		CASE(what_is_not_complete_is_not_begun),
		CASE(a_revoked_card_is_due_until_another_is_asked_for),
		CASE(without_memory_a_card_ends_whole_or_not_at_all),
		CASE(all_of_it_is_one_commit),
		CASE(an_older_store_learns_which_card_from_elsewhere_is_active),
		CASE(a_card_ends_while_its_successor_is_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
