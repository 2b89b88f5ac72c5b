/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "station/issue/ledger.h"
#include "station/issue/queue.h"
#include "station/registry/civil_task.h"
#include "station/registry/correction.h"
#include "station/registry/forms_hold.h"
#include "tests/support/alloc_fault.h"
#include "tests/support/forms_world.h"
#include "tests/support/store_engine.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define assert_ok(call) assert_int_equal((call).code, CC_OK)
#define NUMBER FORMS_WORLD_AN
#define RACES 100

static struct correction_request request(const char *field, const char *value)
{
	return (struct correction_request){ NUMBER, field, value, "Giấy khai sinh số 12", "Nguyễn An", "officer" };
}

static cc_status propose(struct forms_world *w, const char *field, const char *value, struct correction *ret)
{
	const struct correction_request q = request(field, value);
	bool is_new = false, making = false;

	cc_error_init(&w->err);
	return correction_propose(&w->forms, &q, ret, &is_new, &making, &w->err);
}

static cc_status approve(struct forms_world *w, int64_t id, const char *officer)
{
	struct correction c;

	cc_error_init(&w->err);
	return correction_approve(&w->forms, id, officer, &c, &w->err);
}

static void a_correction_changes_nothing_until_another_officer_approves(void **state)
{
	struct forms_world *w = *state;
	struct correction c;

	assert_ok(propose(w, "full_name", "Nguyễn Văn Ẩn", &c));
	assert_string_equal(c.old_value, "Nguyễn Văn An");
	assert_string_equal(forms_world_field(w, NUMBER, "full_name"), "Nguyễn Văn An");
	assert_int_equal(approve(w, c.id, "Nguyễn An").code, CC_E_DENIED);
	assert_string_equal(w->err.key, "correction.same-officer");
	assert_int_equal(approve(w, c.id, "  NGUYEN  AN ").code, CC_E_DENIED);
	assert_int_equal(approve(w, c.id, NULL).code, CC_E_ARG);
	assert_int_equal(approve(w, c.id, "--").code, CC_E_ARG);
	assert_string_equal(forms_world_field(w, NUMBER, "full_name"), "Nguyễn Văn An");
	assert_ok(approve(w, c.id, "Trần Bình"));
	assert_string_equal(forms_world_field(w, NUMBER, "full_name"), "Nguyễn Văn Ẩn");
	assert_int_equal(approve(w, c.id, "Lê Cường").code, CC_E_STATE);
	assert_string_equal(w->err.key, "correction.decided");
}

static void marks_follow_the_record(void **state)
{
	struct forms_world *w = *state;
	struct correction c;

	assert_ok(propose(w, "full_name", "Phạm Quốc Khánh", &c));
	assert_ok(approve(w, c.id, "Trần Bình"));
	assert_int_equal(forms_world_found(w, "pham khanh"), 1);
	assert_int_equal(forms_world_found(w, "nguyen an"), 0);
	forms_world_close(w);
	forms_world_open(w, NULL);
	assert_int_equal(forms_world_found(w, "khanh quoc"), 1);
}

static void the_new_value_is_judged_as_an_import_would(void **state)
{
	static const struct {
		const char *field, *value, *key;
	} bad[] = {
		{ "full_name", "Nguyễn 4n", "import.text-letter" },
		{ "full_name", "", "import.field-missing" },
		{ "birth_date", "1990-02-30", "import.date" },
		{ "sex", "x", "import.value" },
		{ "old_cmnd", "12345", "import.old-cmnd" },
		{ "number", "001090000001", "correction.field" },
		{ "photo", "a.jpg", "correction.field" },
		{ "fingerprints", "", "correction.field" },
		{ "birth_precision", "day", "correction.field" },
		{ "nothing", "x", "correction.field" },
		{ "residence", "Số 1,  Phường Hòa Bình, Hà Nội", "correction.no-change" },
	};
	struct forms_world *w = *state;
	struct correction c;

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(propose(w, bad[i].field, bad[i].value, &c).code, CC_E_ARG);
		assert_string_equal(w->err.key, bad[i].key);
	}
	assert_ok(propose(w, "Ngày sinh", "16/02/1990", &c));
	assert_string_equal(c.new_value, "1990-02-16");
	/* NFD comes out as NFC. */
	assert_ok(propose(w, "father", "Nguye\xCC\x82\xCC\x83n Ha\xCC\x80", &c));
	assert_string_equal(c.new_value, "Nguyễn Hà");
}

static void the_same_again_is_told_and_another_value_waits(void **state)
{
	struct forms_world *w = *state;
	const struct correction_request q = request("origin", "Xã Nam Đàn, Nghệ An");
	struct correction first, again;
	bool is_new = false, making = false;

	assert_ok(correction_propose(&w->forms, &q, &first, &is_new, &making, &w->err));
	assert_true(is_new && !making);
	assert_ok(correction_propose(&w->forms, &q, &again, &is_new, &making, &w->err));
	assert_true(!is_new && again.id == first.id);
	assert_int_equal(propose(w, "origin", "Huế", &again).code, CC_E_EXISTS);
	assert_string_equal(w->err.key, "correction.pending");
	assert_ok(correction_refuse(&w->forms, first.id, "Nguyễn An", "nhầm hồ sơ", &again, &w->err));
	assert_ok(propose(w, "origin", "Huế", &again));
	assert_ok(approve(w, again.id, "Trần Bình"));
	assert_string_equal(forms_world_field(w, NUMBER, "origin"), "Huế");
}

static void a_record_that_changed_meanwhile_is_not_overwritten(void **state)
{
	struct forms_world *w = *state;
	struct person before, after;
	struct correction c;

	assert_ok(propose(w, "religion", "Phật giáo", &c));
	/* Somebody else corrects it another way. */
	assert_ok(registry_find(w->registry, NUMBER, &before, NULL, &w->err));
	assert_ok(person_field_set(&before, "religion", "Công giáo", &after, NULL));
	assert_ok(store_begin(w->store));
	assert_ok(registry_replace(w->registry, &before, &after, &w->err));
	assert_ok(store_commit(w->store));
	assert_int_equal(approve(w, c.id, "Trần Bình").code, CC_E_STATE);
	assert_string_equal(w->err.key, "correction.stale");
	assert_string_equal(forms_world_field(w, NUMBER, "religion"), "Công giáo");
	/* And who read the old record can't put it back. */
	cc_error_init(&w->err);
	assert_ok(store_begin(w->store));
	assert_int_equal(registry_replace(w->registry, &before, &after, &w->err).code, CC_E_STATE);
	assert_string_equal(w->err.key, "registry.changed-meanwhile");
	store_rollback(w->store);
	assert_ok(correction_refuse(&w->forms, c.id, "Trần Bình", "hồ sơ đã đổi", &c, &w->err));
}

static void bind_blank(struct forms_world *w, struct job *job)
{
	struct ledger_files files = { .packet = BYTES_LITERAL("packet") };

	assert_ok(hash_digest(HASH_SHA256, files.packet, &files.hash));
	assert_ok(ledger_bind(w->books, NUMBER, "0011223344556677", "softchip", &files, NULL, job, &w->err));
}

static void a_card_under_way_holds_printed_fields(void **state)
{
	struct forms_world *w = *state;
	struct correction_request q = request("residence", "Số 9, Phường Cửa Nam, Hà Nội");
	struct correction c;
	struct job job;
	bool is_new = false, making = false;

	bind_blank(w, &job);
	assert_ok(correction_propose(&w->forms, &q, &c, &is_new, &making, &w->err));
	assert_true(making);
	assert_int_equal(approve(w, c.id, "Trần Bình").code, CC_E_HELD);
	assert_string_equal(w->err.key, "correction.card-under-way");
	assert_int_equal(forms_hold(w->books, NUMBER, &w->err).code, CC_E_HELD);
	cc_error_init(&w->err);
	q = request("occupation", "Giáo viên");
	assert_ok(correction_propose(&w->forms, &q, &c, &is_new, &making, &w->err));
	assert_false(making);
	assert_ok(approve(w, c.id, "Trần Bình")); /* not printed */
	assert_ok(ledger_spoil(w->books, &job, "test", &w->err));
	assert_ok(approve(w, c.id - 1, "Trần Bình"));
	assert_string_equal(forms_world_field(w, NUMBER, "residence"), "Số 9, Phường Cửa Nam, Hà Nội");
	assert_ok(forms_hold(w->books, NUMBER, &w->err));
}

static void a_claimed_application_holds_too(void **state)
{
	struct forms_world *w = *state;
	const struct queue_application a = { .number = NUMBER, .kind = "first", .form = BYTES_LITERAL("form") };
	struct queue_claim claim;
	struct correction c;
	char id[QUEUE_ID_SIZE];
	size_t n = 0;

	assert_ok(propose(w, "sex", "female", &c));
	assert_ok(queue_add(w->books, &a, id, &w->err));
	assert_ok(queue_take(w->books, "desk", 60000, 1, &claim, &n, &w->err));
	assert_int_equal(approve(w, c.id, "Trần Bình").code, CC_E_HELD);
	assert_ok(queue_settle(w->books, &claim, QUEUE_WAITING, NULL, &w->err));
	assert_ok(approve(w, c.id, "Trần Bình"));
	assert_string_equal(forms_world_field(w, NUMBER, "sex"), "female");
}

static void a_dry_run_judges_and_keeps_nothing(void **state)
{
	struct forms_world *w = *state;
	struct correction c, again;

	w->forms.dry_run = true;
	assert_ok(propose(w, "origin", "Huế", &c));
	assert_int_equal(propose(w, "origin", "Hà Nội", &c).code, CC_E_ARG);
	w->forms.dry_run = false;
	assert_ok(propose(w, "origin", "Cà Mau", &again)); /* nothing waits from the dry run */
	w->forms.dry_run = true;
	assert_ok(approve(w, again.id, "Trần Bình"));
	assert_string_equal(forms_world_field(w, NUMBER, "origin"), "Hà Nội");
	w->forms.dry_run = false;
	assert_ok(approve(w, again.id, "Trần Bình"));
	assert_string_equal(forms_world_field(w, NUMBER, "origin"), "Cà Mau");
}

static void corrections_go_on_while_keys_rotate(void **state)
{
	struct forms_world *w = *state;
	struct registry_rotation at = { 0 };
	struct correction c;

	assert_ok(propose(w, "full_name", "Nguyễn Văn Bốn", &c));
	assert_ok(registry_rotate_begin(w->registry, &w->err));
	assert_ok(approve(w, c.id, "Trần Bình")); /* moves the row to the new key */
	assert_string_equal(forms_world_field(w, NUMBER, "full_name"), "Nguyễn Văn Bốn");
	assert_int_equal(forms_world_found(w, "bon"), 1);
	while (!at.done)
		assert_ok(registry_rotate_step(w->registry, 10, &at, &w->err));
	assert_int_equal(forms_world_found(w, "van bon"), 1);
	assert_int_equal(forms_world_found(w, "van an"), 0);
	assert_string_equal(forms_world_field(w, NUMBER, "full_name"), "Nguyễn Văn Bốn");
}

/* ---- history */

struct seen {
	size_t count;
	struct correction last;
};

static bool see(void *ctx, const struct correction *c)
{
	struct seen *s = ctx;

	s->count++;
	s->last = *c;
	return true;
}

static void history_is_kept(void **state)
{
	struct forms_world *w = *state;
	struct seen s = { 0 };
	struct correction c;

	assert_ok(propose(w, "origin", "Huế", &c));
	assert_ok(approve(w, c.id, "Trần Bình"));
	assert_ok(propose(w, "origin", "Hà Nội", &c));
	assert_ok(correction_refuse(&w->forms, c.id, "Lê Cường", "thiếu giấy tờ", &c, &w->err));
	forms_world_close(w);
	forms_world_open(w, NULL);
	assert_ok(correction_list(&w->forms, NUMBER, false, see, &s, &w->err));
	assert_int_equal(s.count, 2);
	assert_int_equal(s.last.state, CORRECTION_REFUSED);
	assert_string_equal(s.last.old_value, "Huế");
	assert_string_equal(s.last.reason, "thiếu giấy tờ");
	assert_string_equal(s.last.decided_by, "Lê Cường");
	s.count = 0;
	assert_ok(correction_list(&w->forms, NULL, true, see, &s, &w->err));
	assert_int_equal(s.count, 0);
	assert_ok(correction_list(&w->forms, "002090000000", false, see, &s, &w->err));
	assert_int_equal(s.count, 0);
}

/* ---- civil-status tasks */

struct tasks {
	size_t open, closed;
	struct civil_task last;
};

static bool see_task(void *ctx, const struct civil_task *t)
{
	struct tasks *s = ctx;

	s->open += t->open ? 1 : 0;
	s->closed += t->open ? 0 : 1;
	s->last = *t;
	return true;
}

static struct tasks tasks_of(struct forms_world *w)
{
	struct tasks t = { 0 };

	assert_ok(civil_task_list(&w->forms, false, see_task, &t, &w->err));
	return t;
}

static void an_incomplete_birth_date_is_a_task_that_ends_with_evidence(void **state)
{
	struct forms_world *w = *state;
	struct correction_request q = { "001058000000", "birth_date", "1958-03", "Trích lục khai sinh số 4",
					"Nguyễn An",	"officer" };
	struct correction c;
	struct tasks t;
	bool is_new, making;
	uint64_t opened = 0;

	forms_world_add(w, "001058000000", "Lê Văn Năm", "1958", "");
	forms_world_add(w, "001059000000", "Lê Văn Sáu", "1959-02", ",\"life_status\":\"dead\"");
	assert_ok(civil_task_collect(&w->forms, &opened, &w->err));
	assert_int_equal(opened, 1); /* the dead need no card */
	assert_ok(civil_task_collect(&w->forms, &opened, &w->err));
	assert_int_equal(opened, 0);
	t = tasks_of(w);
	assert_string_equal(t.last.known, "1958");
	/* Half of the way ends nothing. */
	assert_ok(correction_propose(&w->forms, &q, &c, &is_new, &making, &w->err));
	assert_ok(approve(w, c.id, "Trần Bình"));
	t = tasks_of(w);
	assert_int_equal(t.open, 1);
	q.value = "1958-03-09";
	q.evidence = "Quyết định hộ tịch số 7";
	assert_ok(correction_propose(&w->forms, &q, &c, &is_new, &making, &w->err));
	t = tasks_of(w);
	assert_int_equal(t.open, 1); /* proposed is not established */
	assert_ok(approve(w, c.id, "Trần Bình"));
	t = tasks_of(w);
	assert_true(t.open == 0 && t.closed == 1 && t.last.correction_id == c.id);
	assert_string_equal(forms_world_field(w, "001058000000", "birth_date"), "1958-03-09");
	assert_string_equal(forms_world_field(w, "001058000000", "birth_basis"), "Quyết định hộ tịch số 7");
}

static void evidence_of_a_birth_date_must_fit_its_basis(void **state)
{
	struct forms_world *w = *state;
	struct correction_request q = request("birth_date", "1990-02-16");
	struct correction c;
	bool is_new, making;
	char evidence[120];

	memset(evidence, 'a', sizeof evidence - 1);
	evidence[sizeof evidence - 1] = '\0';
	q.evidence = evidence;
	assert_int_equal(correction_propose(&w->forms, &q, &c, &is_new, &making, &w->err).code, CC_E_ARG);
	assert_string_equal(w->err.key, "correction.basis");
	cc_error_init(&w->err);
	q.evidence = " ";
	assert_int_equal(correction_propose(&w->forms, &q, &c, &is_new, &making, &w->err).code, CC_E_ARG);
	assert_string_equal(w->err.key, "forms.text");
}

/* ---- killed at each statement of an approval */

static size_t steps_left;
static struct store_ops killing;
static const struct store_ops *real;

static cc_status step_or_die(struct stmt *q, bool *ret_row)
{
	if (--steps_left == 0)
		(void)raise(SIGKILL);
	return real->step(q, ret_row);
}

static cc_status exec_or_die(struct store *s, const char *sql)
{
	cc_status st;

	if (--steps_left == 0)
		(void)raise(SIGKILL);
	st = real->exec(s, sql);
	if (--steps_left == 0)
		(void)raise(SIGKILL);
	return st;
}

/* true: the child came to the end. */
static bool approve_until(struct forms_world *w, int64_t id, size_t k)
{
	int status = 0;
	pid_t pid;

	forms_world_close(w);
	(void)fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct correction c;

		forms_world_open_keys(w);
		forms_world_open(w, NULL);
		real = w->store->ops;
		killing = *real;
		killing.step = step_or_die;
		killing.exec = exec_or_die;
		w->store->ops = &killing;
		steps_left = k;
		_exit(cc_failed(correction_approve(&w->forms, id, "Trần Bình", &c, &w->err)) ? 1 : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	forms_world_open(w, NULL);
	if (WIFEXITED(status))
		assert_int_equal(WEXITSTATUS(status), 0);
	return WIFEXITED(status);
}

static void killed_at_any_statement_form_and_record_agree(void **state)
{
	struct forms_world *w = *state;
	size_t kills = 0, after = 0;
	bool finished = false;

	for (size_t k = 1; !finished; k++) {
		const char *name = k % 2 ? "Phạm Quốc Khánh" : "Nguyễn Văn An";
		struct seen s = { 0 };
		struct correction c;

		if (strcmp(forms_world_field(w, NUMBER, "full_name"), name) == 0)
			name = k % 2 ? "Nguyễn Văn An" : "Phạm Quốc Khánh";
		assert_ok(propose(w, "full_name", name, &c));
		finished = approve_until(w, c.id, k);
		kills += finished ? 0 : 1;
		assert_ok(correction_list(&w->forms, NUMBER, false, see, &s, &w->err));
		if (s.last.state == CORRECTION_APPROVED) {
			after += finished ? 0 : 1;
			assert_string_equal(forms_world_field(w, NUMBER, "full_name"), name);
		} else {
			assert_int_equal(s.last.state, CORRECTION_PROPOSED);
			assert_string_equal(forms_world_field(w, NUMBER, "full_name"), c.old_value);
		}
		assert_int_equal(forms_world_found(w, "khanh") + forms_world_found(w, "van an"), 1);
		assert_int_equal(forms_world_found(w, forms_world_field(w, NUMBER, "full_name")), 1);
		/* The same command goes on where it was. */
		if (s.last.state == CORRECTION_PROPOSED)
			assert_ok(approve(w, c.id, "Trần Bình"));
		assert_string_equal(forms_world_field(w, NUMBER, "full_name"), name);
	}
	assert_true(kills > 8 && after == 1);
	(void)printf("# count: approval killed at %zu points: form and record agree, the same command ends it\n", kills);
}

static void out_of_memory_changes_nothing(void **state)
{
	struct forms_world *w = *state;
	struct correction c;
	size_t failures = 0;

	assert_ok(propose(w, "full_name", "Phạm Quốc Khánh", &c));
	for (size_t k = 1; alloc_fault_next(&k);) {
		cc_status st = approve(w, c.id, "Trần Bình");
		bool refused = alloc_fault_end();

		if (!refused) {
			assert_ok(st);
			break;
		}
		failures++;
		assert_int_equal(st.code, CC_E_MEMORY);
		assert_string_equal(forms_world_field(w, NUMBER, "full_name"), "Nguyễn Văn An");
	}
	assert_true(failures > 3);
	assert_string_equal(forms_world_field(w, NUMBER, "full_name"), "Phạm Quốc Khánh");
}

/* ---- two officers at two stations of one PostgreSQL */

struct racer {
	struct forms_world station;
	pthread_barrier_t *line;
	const char *officer;
	int64_t ids[RACES];
	bool won[RACES];
	size_t odd; /* neither won nor told why */
};

static void *race(void *ctx)
{
	struct racer *r = ctx;

	for (size_t i = 0; i < RACES; i++) {
		cc_status st;

		(void)pthread_barrier_wait(r->line);
		st = approve(&r->station, r->ids[i], r->officer);
		r->won[i] = !cc_failed(st);
		if (cc_failed(st) && (st.code != CC_E_STATE || strcmp(r->station.err.key, "correction.decided") != 0))
			r->odd++;
	}
	return NULL;
}

/* Forms for both; same: one form for both officers, else one each, of two fields of one person. */
static void run_race(struct forms_world *w, bool same, size_t *ret_won)
{
	static struct racer racers[2];
	pthread_barrier_t line;
	pthread_t threads[2];

	(void)pthread_barrier_init(&line, NULL, 2);
	memset(racers, 0, sizeof racers);
	for (size_t i = 0; i < RACES; i++) {
		char number[16], row[200];
		struct correction_request q = { number, "origin", "Huế", "Giấy khai sinh", "Nguyễn An", "officer" };
		struct correction c;
		bool is_new, making;

		(void)snprintf(number, sizeof number, "0%02zu0%s000000", i, same ? "91" : "92");
		(void)snprintf(row, sizeof row, "Người %c%c", (char)('A' + i / 26), (char)('a' + i % 26));
		forms_world_add(w, number, row, "1991-01-02", "");
		assert_ok(correction_propose(&w->forms, &q, &c, &is_new, &making, &w->err));
		racers[0].ids[i] = racers[1].ids[i] = c.id;
		q.field = "religion";
		q.value = "Phật giáo";
		if (!same) {
			assert_ok(correction_propose(&w->forms, &q, &c, &is_new, &making, &w->err));
			racers[1].ids[i] = c.id;
		}
	}
	for (size_t i = 0; i < 2; i++) {
		racers[i].line = &line;
		racers[i].officer = i == 0 ? "Trần Bình" : "Lê Cường";
		forms_world_station(w, &racers[i].station);
		assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
	}
	*ret_won = 0;
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	for (size_t i = 0; i < RACES; i++) {
		*ret_won += (size_t)racers[0].won[i] + (size_t)racers[1].won[i];
		assert_true(!same || racers[0].won[i] != racers[1].won[i]);
	}
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(racers[i].odd, 0);
		forms_world_station_done(&racers[i].station);
	}
	(void)pthread_barrier_destroy(&line);
}

static void of_two_officers_one_approves(void **state)
{
	struct forms_world *w = *state;
	size_t won = 0;

	if (!store_engine_is_postgres())
		skip(); /* one process owns an SQLite store */
	run_race(w, true, &won);
	assert_int_equal(won, RACES);
	(void)printf("# count: race: two officers approve one form, %d rounds, one winner each\n", RACES);
}

static void two_fields_approved_at_once_are_both_kept(void **state)
{
	struct forms_world *w = *state;
	char number[16];
	size_t won = 0;

	if (!store_engine_is_postgres())
		skip();
	run_race(w, false, &won);
	assert_int_equal(won, 2 * RACES);
	for (size_t i = 0; i < RACES; i++) {
		(void)snprintf(number, sizeof number, "0%02zu092000000", i);
		assert_string_equal(forms_world_field(w, number, "origin"), "Huế");
		assert_string_equal(forms_world_field(w, number, "religion"), "Phật giáo");
	}
	(void)printf("# count: race: two fields of one person approved at once, %d rounds, none lost\n", RACES);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, forms_world_up, forms_world_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_correction_changes_nothing_until_another_officer_approves),
		CASE(marks_follow_the_record),
		CASE(the_new_value_is_judged_as_an_import_would),
		CASE(the_same_again_is_told_and_another_value_waits),
		CASE(a_record_that_changed_meanwhile_is_not_overwritten),
		CASE(a_card_under_way_holds_printed_fields),
		CASE(a_claimed_application_holds_too),
		CASE(a_dry_run_judges_and_keeps_nothing),
		CASE(corrections_go_on_while_keys_rotate),
		CASE(history_is_kept),
		CASE(an_incomplete_birth_date_is_a_task_that_ends_with_evidence),
		CASE(evidence_of_a_birth_date_must_fit_its_basis),
		CASE(killed_at_any_statement_form_and_record_agree),
		CASE(out_of_memory_changes_nothing),
		CASE(of_two_officers_one_approves),
		CASE(two_fields_approved_at_once_are_both_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
