/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/cose.h"
#include "station/registry/outbox.h"
#include "tests/support/exchange_rig.h"
#include "tests/support/store_engine.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void applicants_go_out_and_results_come_back(void **state)
{
	struct rig *r = *state;
	struct buf out = { 0 }, again = { 0 }, back = { 0 };
	struct exchange_taken taken;
	struct exchange_made made;
	uint64_t waiting, refused;

	assert_int_equal(exchange_rig_make(&r->centre, "Tổ lưu động 1", 0, 2, 5, &out).code, CC_OK);
	exchange_rig_assert_held(&r->centre, 0, "exchange.given-out");
	assert_int_equal(exchange_rig_take(&r->team, buf_view(&out), &taken).code, CC_OK);
	assert_true(!taken.before && taken.items == 2 && taken.added == 2 && taken.kind == EXCHANGE_APPLICANTS);
	assert_string_equal(taken.peer, "Trung tâm");
	assert_int_equal(exchange_rig_people(&r->team), 2);

	/* The same file again, and its other encryption from the store: nothing more happens. */
	assert_int_equal(exchange_rig_take(&r->team, buf_view(&out), &taken).code, CC_OK);
	assert_true(taken.before && exchange_rig_people(&r->team) == 2);
	assert_int_equal(exchange_again(&r->centre.x, "Tổ lưu động 1", 1, &again, &r->centre.f.err).code, CC_OK);
	assert_true(bytes_equal(buf_view(&out), buf_view(&again)));

	/* One card is made; the other applicant's result is open until the package expires. */
	exchange_rig_issue(&r->team, 0, "0000000000000001");
	assert_int_equal(
		exchange_make_results(&r->team.x, "Trung tâm", exchange_rig_in_days(&r->team, 30), &back, &made, &r->team.f.err)
			.code,
		CC_OK);
	assert_int_equal(made.items, 1);
	assert_int_equal(exchange_rig_take(&r->centre, buf_view(&back), &taken).code, CC_OK);
	assert_true(taken.issued == 1 && taken.kind == EXCHANGE_RESULTS);
	exchange_rig_assert_held(&r->centre, 0, "exchange.issued-elsewhere");
	exchange_rig_assert_held(&r->centre, 1, "exchange.given-out");
	assert_int_equal(exchange_again(&r->centre.x, "Tổ lưu động 1", 1, &again, &r->centre.f.err).code, CC_E_NOT_FOUND);
	assert_int_equal(outbox_pending(r->centre.f.books, &waiting, &refused, &r->centre.f.err).code, CC_OK);
	assert_int_equal(waiting, 1);

	sys_fake_advance(&r->team.f.sys, 8 * DAY_MS);
	exchange_rig_assert_held(&r->team, 1, "exchange.work-expired");
	assert_int_equal(
		exchange_make_results(&r->team.x, "Trung tâm", exchange_rig_in_days(&r->team, 30), &back, &made, &r->team.f.err)
			.code,
		CC_OK);
	exchange_rig_assert_held(&r->team, 1, "exchange.returned");
	assert_int_equal(exchange_rig_take(&r->centre, buf_view(&back), &taken).code, CC_OK);
	assert_int_equal(taken.returned, 1);
	exchange_rig_issue(&r->centre, 1, "0000000000000002"); /* free again */
	assert_int_equal(
		exchange_make_results(&r->team.x, "Trung tâm", exchange_rig_in_days(&r->team, 30), &back, &made, &r->team.f.err)
			.code,
		CC_E_NOT_FOUND);
	buf_done(&out);
	buf_done(&again);
	buf_done(&back);
}

static void the_quota_ends_and_a_second_team_gets_nobody_twice(void **state)
{
	struct rig *r = *state;
	struct buf out = { 0 };
	struct exchange_taken taken;
	struct job job;

	assert_int_equal(exchange_rig_make(&r->centre, "Tổ lưu động 1", 0, 2, 1, &out).code, CC_OK);
	assert_int_equal(exchange_rig_make(&r->centre, "Tổ lưu động 1", 1, 2, 1, &out).code, CC_E_STATE);
	assert_string_equal(r->centre.f.err.key, "exchange.given-out");
	assert_int_equal(exchange_again(&r->centre.x, "Tổ lưu động 1", 1, &out, &r->centre.f.err).code, CC_OK);
	assert_int_equal(exchange_rig_take(&r->team, buf_view(&out), &taken).code, CC_OK);
	exchange_rig_issue(&r->team, 0, "0000000000000001");
	exchange_rig_assert_held(&r->team, 1, "exchange.quota");
	/* Who is not of a package needs no quota. */
	exchange_rig_add(&r->team, 9, "Trần Thị Thủy");
	assert_int_equal(exchange_rig_bind(&r->team, 9, "0000000000000009", &job).code, CC_OK);
	buf_done(&out);
}

static void order_is_kept_and_an_expired_package_is_refused(void **state)
{
	struct rig *r = *state;
	struct buf first = { 0 }, second = { 0 };
	struct exchange_taken taken;

	assert_int_equal(exchange_rig_make(&r->centre, "Tổ lưu động 1", 0, 1, 1, &first).code, CC_OK);
	assert_int_equal(exchange_rig_make(&r->centre, "Tổ lưu động 1", 1, 1, 1, &second).code, CC_OK);
	exchange_rig_assert_refused(&r->team, buf_view(&second), CC_E_STATE, "exchange.order");
	assert_int_equal(exchange_rig_take(&r->team, buf_view(&first), &taken).code, CC_OK);
	sys_fake_advance(&r->team.f.sys, 8 * DAY_MS);
	exchange_rig_assert_refused(&r->team, buf_view(&second), CC_E_STATE, "exchange.expired");
	/* One that was taken in time stays taken. */
	assert_int_equal(exchange_rig_take(&r->team, buf_view(&first), &taken).code, CC_OK);
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

	exchange_rig_number(person, number);
	result.number = bytes_str(number);
	exchange_package_open(&out, head);
	exchange_package_put_result(&out, &result);
	assert_int_equal(exchange_package_close(&out, &payload).code, CC_OK);
	wrap(from, to, buf_view(&payload), ret);
	buf_done(&payload);
}

static struct exchange_head head_of(const struct station *from, const struct station *to)
{
	struct exchange_head h = { .seq = 1,
				   .made_ms = from->f.sys.wall_ms,
				   .expires_ms = exchange_rig_in_days(from, 7),
				   .kind = EXCHANGE_APPLICANTS,
				   .quota = 1 };

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

	assert_int_equal(exchange_rig_make(&r->centre, "Tổ lưu động 1", 0, 1, 1, &good).code, CC_OK);
	/* For somebody else. */
	exchange_rig_assert_refused(&r->stranger, buf_view(&good), CC_E_NOT_FOUND, "cose.recipient");
	/* From somebody who is not pinned. */
	h = head_of(&r->stranger, &r->team);
	forge(&r->stranger, &r->team, &h, NULL, &bad);
	exchange_rig_assert_refused(&r->team, buf_view(&bad), CC_E_VERIFY, "exchange.unknown-sender");
	/* What the centre signed for the stranger, encrypted again for the team. */
	h = head_of(&r->centre, &r->stranger);
	forge(&r->centre, &r->team, &h, NULL, &bad);
	exchange_rig_assert_refused(&r->team, buf_view(&bad), CC_E_VERIFY, "exchange.wrong-station");
	/* A record that is none. */
	h = head_of(&r->centre, &r->team);
	forge(&r->centre, &r->team, &h, "{\"number\":\"001090000000\"}", &bad);
	exchange_rig_assert_refused(&r->team, buf_view(&bad), CC_E_FORMAT, "exchange.record");
	/* An acknowledgement of what was never made. */
	h.acknowledged = 3;
	forge(&r->centre, &r->team, &h, NULL, &bad);
	exchange_rig_assert_refused(&r->team, buf_view(&bad), CC_E_STATE, "exchange.rolled-back");
	/* A second history. */
	assert_int_equal(exchange_rig_take(&r->team, buf_view(&good), &taken).code, CC_OK);
	h = head_of(&r->centre, &r->team);
	forge(&r->centre, &r->team, &h, NULL, &bad);
	exchange_rig_assert_refused(&r->team, buf_view(&bad), CC_E_VERIFY, "exchange.forked");
	h.seq = 2;
	h.previous = bytes_of(other_hash, sizeof other_hash);
	forge(&r->centre, &r->team, &h, NULL, &bad);
	exchange_rig_assert_refused(&r->team, buf_view(&bad), CC_E_VERIFY, "exchange.forked");
	/* Results that are none, and one for whom nobody handed out. */
	h = head_of(&r->team, &r->centre);
	h.kind = EXCHANGE_RESULTS;
	forge(&r->team, &r->centre, &h, "x", &bad);
	exchange_rig_assert_refused(&r->centre, buf_view(&bad), CC_E_FORMAT, "cbor.field");
	forge_result(&r->team, &r->centre, &h, 2, &bad);
	exchange_rig_assert_refused(&r->centre, buf_view(&bad), CC_E_STATE, "exchange.not-given");
	forge_result(&r->team, &r->centre, &h, 0, &bad);
	assert_int_equal(exchange_rig_take(&r->centre, buf_view(&bad), &taken).code, CC_OK);
	buf_done(&good);
	buf_done(&bad);
}

static void a_changed_byte_or_a_cut_anywhere_is_refused(void **state)
{
	struct rig *r = *state;
	struct buf file = { 0 };
	struct exchange_taken taken;
	size_t changed = 0, cut = 0;

	assert_int_equal(exchange_rig_make(&r->centre, "Tổ lưu động 1", 0, 1, 1, &file).code, CC_OK);
	for (size_t at = 0; at < file.n; at++) {
		file.p[at] ^= (uint8_t)(1u << (at % 8));
		changed += cc_failed(exchange_rig_take(&r->team, buf_view(&file), &taken)) ? 1 : 0;
		file.p[at] ^= (uint8_t)(1u << (at % 8));
	}
	for (size_t n = 0; n < file.n; n++)
		cut += cc_failed(exchange_rig_take(&r->team, bytes_of(file.p, n), &taken)) ? 1 : 0;
	(void)printf("# count: packages: %zu changed bytes and %zu cuts, all refused\n", changed, cut);
	assert_int_equal(changed, file.n);
	assert_int_equal(cut, file.n);
	assert_int_equal(exchange_rig_people(&r->team), 0);
	assert_int_equal(exchange_rig_take(&r->team, buf_view(&file), &taken).code, CC_OK);
	buf_done(&file);
}

static void another_record_under_the_number_is_told_back(void **state)
{
	struct rig *r = *state;
	struct buf out = { 0 }, back = { 0 };
	struct exchange_taken taken;
	struct exchange_made made;

	exchange_rig_add(&r->team, 0, "Lê Thị Hoa");
	assert_int_equal(exchange_rig_make(&r->centre, "Tổ lưu động 1", 0, 1, 1, &out).code, CC_OK);
	assert_int_equal(exchange_rig_take(&r->team, buf_view(&out), &taken).code, CC_OK);
	assert_int_equal(taken.conflicts, 1);
	assert_int_equal(
		exchange_make_results(&r->team.x, "Trung tâm", exchange_rig_in_days(&r->team, 1), &back, &made, &r->team.f.err)
			.code,
		CC_OK);
	assert_int_equal(exchange_rig_take(&r->centre, buf_view(&back), &taken).code, CC_OK);
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
	exchange_rig_pin(s, &r->team); /* again: the same */
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

	return !cc_failed(exchange_rig_take(s, file, &taken));
}

static bool work_make(struct station *s, struct bytes file)
{
	struct buf out = { 0 };
	bool good = !cc_failed(exchange_rig_make(s, "Tổ lưu động 1", 0, PEOPLE, 1, &out));

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
	exchange_rig_open(s);
	_exit(what(s, file) ? 0 : 9);
}

static bool run_and_die(struct station *s, work what, struct bytes file, unsigned at)
{
	int status = 0;
	pid_t child;

	exchange_rig_close(s);
	books_close(&s->f.books);
	store_close(&s->f.store);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		run_in_child(s, what, file, at);
	assert_int_equal(waitpid(child, &status, 0), child);
	books_fixture_reopen(&s->f);
	exchange_rig_open(s);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

/* Killed before the commit nobody is handed out; behind it the package is written again from the store. */
static void killed_while_making_nobody_is_lost(void **state)
{
	static char before[16384], after[16384];
	struct rig *r = *state;
	struct exchange_taken taken;
	struct buf file = { 0 };

	exchange_rig_dump(&r->centre, before, sizeof before);
	assert_true(run_and_die(&r->centre, work_make, bytes_of(NULL, 0), 1));
	exchange_rig_dump(&r->centre, after, sizeof after);
	assert_string_equal(after, before);
	assert_true(run_and_die(&r->centre, work_make, bytes_of(NULL, 0), 2));
	exchange_rig_assert_held(&r->centre, 0, "exchange.given-out");
	assert_int_equal(exchange_again(&r->centre.x, "Tổ lưu động 1", 1, &file, &r->centre.f.err).code, CC_OK);
	assert_int_equal(exchange_rig_take(&r->team, buf_view(&file), &taken).code, CC_OK);
	assert_int_equal(taken.added, PEOPLE);
	buf_done(&file);
}

static void killed_while_taking_the_same_command_ends_it(void **state)
{
	static char before[16384], between[16384], after[16384], last[16384];
	struct rig *r = *state;
	struct buf file = { 0 };
	struct exchange_taken taken;

	assert_int_equal(exchange_rig_make(&r->centre, "Tổ lưu động 1", 0, PEOPLE, 1, &file).code, CC_OK);
	exchange_rig_dump(&r->team, before, sizeof before);
	assert_true(run_and_die(&r->team, work_take, buf_view(&file), 1)); /* all rows are written, none committed */
	exchange_rig_dump(&r->team, between, sizeof between);
	assert_string_equal(between, before);
	assert_true(run_and_die(&r->team, work_take, buf_view(&file), 2)); /* committed, nobody was told */
	exchange_rig_dump(&r->team, after, sizeof after);
	assert_string_not_equal(after, before);
	assert_int_equal(exchange_rig_take(&r->team, buf_view(&file), &taken).code, CC_OK);
	assert_true(taken.before);
	exchange_rig_dump(&r->team, last, sizeof last);
	assert_string_equal(last, after);
	assert_int_equal(exchange_rig_people(&r->team), PEOPLE);
	buf_done(&file);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, exchange_rig_up, exchange_rig_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(applicants_go_out_and_results_come_back),	       CASE(the_quota_ends_and_a_second_team_gets_nobody_twice),
		CASE(order_is_kept_and_an_expired_package_is_refused), CASE(forged_packages_are_refused_and_nothing_is_stored),
		CASE(a_changed_byte_or_a_cut_anywhere_is_refused),     CASE(another_record_under_the_number_is_told_back),
		CASE(a_peer_is_pinned_by_its_fingerprint_alone),       CASE(killed_while_making_nobody_is_lost),
		CASE(killed_while_taking_the_same_command_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
