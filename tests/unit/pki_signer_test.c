/* SPDX-License-Identifier: Apache-2.0 */
#include "station/pki_signer.h"

#include "station/store/migrations.h"
#include "tests/support/books_fixture.h"
#include "tests/support/pki_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY_S 86400

static const struct sig_alg sha256 = { SIG_ECDSA, HASH_SHA256, 0, HASH_SHA256 };

/* Two document signers, the second from day 60 on, and books. */
struct desk {
	struct fixture_pki pki;
	struct books_fixture books;
	struct config config;
	struct pki_signers *signers;
};

static void second_signer(struct fixture_pki *p)
{
	struct pki_profile profile = p->ds_profile;
	struct keystore_key_info want = { .label = "ds-2", .kind = KEYSTORE_EC, .curve = EC_P256 };
	struct buf der = { 0 };

	profile.common_name = "Test Document Signer 2";
	profile.private_from_s = FIXTURE_NOW_S + 60 * DAY_S;
	profile.private_to_s = FIXTURE_NOW_S + 150 * DAY_S;
	assert_int_equal(keystore_generate(p->ks, &want).code, CC_OK);
	assert_int_equal(ds_issue(p->ks, "csca-1", p->csca, "ds-2", &profile, &p->sys.sys, &der, NULL).code, CC_OK);
	fixture_write(&p->folder, "certs/ds-2.cer", buf_view(&der));
	buf_done(&der);
}

static int desk(void **state)
{
	struct desk *d = calloc(1, sizeof *d);
	struct cc_error err = { 0 };

	assert_non_null(d);
	fixture_pki(&d->pki, EC_P256, 0, sha256, EC_PARAMS_NAMED);
	assert_int_equal(fixture_run(&d->pki.folder, "mkdir certs && cp ds.cer certs/ds-1.cer && cp csca.cer certs/csca-1.cer && "
						     "cp ds.cer certs/ds-x.cer && cp ds.cer certs/ds-01.cer"),
			 0);
	second_signer(&d->pki);
	fixture_write(&d->pki.folder, "settings.json", BYTES_LITERAL("{\"pki.ds-max-signatures\": 3}"));
	d->config = (struct config){ .sys = &d->pki.sys.sys };
	(void)snprintf(d->config.home, sizeof d->config.home, "%s", d->pki.folder.path);
	books_fixture(&d->books);
	if (cc_failed(pki_signers_load(&d->config, &d->signers, &err)))
		fail_msg("%s: %s", err.key, err.detail);
	*state = d;
	return 0;
}

static int desk_done(void **state)
{
	struct desk *d = *state;

	pki_signers_free(&d->signers);
	books_fixture_done(&d->books);
	fixture_pki_done(&d->pki);
	free(d);
	return 0;
}

static void bind(struct desk *d, unsigned i, struct job *ret)
{
	char number[13], serial[17];

	(void)snprintf(number, sizeof number, "001%03u000000", i);
	(void)snprintf(serial, sizeof serial, "%016X", i);
	books_fixture_bind(&d->books, number, serial, ret);
}

static cc_status take_several(struct desk *d, const struct job *job, unsigned signatures, int64_t at_s, const char *want)
{
	const struct pki_signer *one = NULL;
	struct cc_error err = { 0 };
	cc_status st = pki_signer_take(d->signers, d->books.books, job->id, signatures, at_s, &one, &err);

	if (want == NULL) {
		assert_int_equal(st.code, CC_E_STATE);
		assert_string_equal(err.key, "signer.none");
		assert_null(one);
	} else {
		if (cc_failed(st))
			fail_msg("%s: %s", err.key, err.detail);
		assert_string_equal(one->label, want);
	}
	return st;
}

static cc_status take(struct desk *d, const struct job *job, int64_t at_s, const char *want)
{
	return take_several(d, job, 1, at_s, want);
}

static void read_use(struct desk *d, int64_t now_s)
{
	struct cc_error err = { 0 };

	if (cc_failed(pki_signers_read_use(d->signers, d->books.store, now_s, &err)))
		fail_msg("%s: %s", err.key, err.detail);
}

static void signers_are_found_by_number(void **state)
{
	struct desk *d = *state;

	assert_int_equal(d->signers->count, 2);
	assert_string_equal(d->signers->items[0].label, "ds-1");
	assert_string_equal(d->signers->items[1].label, "ds-2");
	assert_int_equal(d->signers->limit, 3);
	assert_int_equal(d->signers->items[1].from_s, FIXTURE_NOW_S + 60 * DAY_S);
}

/* A card with EF.CardSecurity takes two at once: the third is left for a card that needs one. */
static void two_signatures_are_taken_together_or_not_at_all(void **state)
{
	struct desk *d = *state;
	struct job jobs[3];
	struct cc_error err = { 0 };

	for (unsigned i = 0; i < 3; i++)
		bind(d, i, &jobs[i]);
	(void)take_several(d, &jobs[0], 2, FIXTURE_NOW_S, "ds-1");
	assert_int_equal(pki_signer_ready(d->signers, d->books.books, 2, FIXTURE_NOW_S, &err).code, CC_E_STATE);
	assert_string_equal(err.key, "signer.none");
	(void)take_several(d, &jobs[1], 2, FIXTURE_NOW_S, NULL);
	assert_int_equal(pki_signer_ready(d->signers, d->books.books, 1, FIXTURE_NOW_S, &err).code, CC_OK);
	(void)take(d, &jobs[2], FIXTURE_NOW_S, "ds-1");
	read_use(d, FIXTURE_NOW_S);
	assert_int_equal(d->signers->items[0].used, 3);
}

/* A station that runs for days goes on with the key that was made for it meanwhile; one in the wrong form stops nobody's card. */
static void a_signer_made_after_start_is_found(void **state)
{
	struct desk *d = *state;
	struct cc_error err = { 0 };
	struct job jobs[4];

	assert_int_equal(fixture_run(&d->pki.folder, "mv certs/ds-2.cer later.cer"), 0);
	pki_signers_free(&d->signers);
	assert_int_equal(pki_signers_load(&d->config, &d->signers, &err).code, CC_OK);
	assert_int_equal(d->signers->count, 1);
	for (unsigned i = 0; i < 4; i++)
		bind(d, i, &jobs[i]);
	for (unsigned i = 0; i < 3; i++)
		(void)take(d, &jobs[i], FIXTURE_NOW_S + 61 * DAY_S, "ds-1");
	(void)take(d, &jobs[3], FIXTURE_NOW_S + 61 * DAY_S, NULL);
	assert_int_equal(pki_signer_ready(d->signers, d->books.books, 1, FIXTURE_NOW_S + 61 * DAY_S, &err).code, CC_E_STATE);
	cc_error_init(&err);
	assert_int_equal(fixture_run(&d->pki.folder, "mv later.cer certs/ds-2.cer"), 0);
	assert_int_equal(pki_signer_ready(d->signers, d->books.books, 1, FIXTURE_NOW_S + 61 * DAY_S, &err).code, CC_OK);
	(void)take(d, &jobs[3], FIXTURE_NOW_S + 61 * DAY_S, "ds-2");
	assert_int_equal(d->signers->count, 2);
}

/* Three signatures are the limit, over a restart too; then nobody signs until the second one's period begins. */
static void limit_holds_over_a_restart(void **state)
{
	struct desk *d = *state;
	struct job jobs[4];

	for (unsigned i = 0; i < 4; i++)
		bind(d, i, &jobs[i]);
	(void)take(d, &jobs[0], FIXTURE_NOW_S, "ds-1");
	(void)take(d, &jobs[0], FIXTURE_NOW_S, "ds-1"); /* signed again after a break: counts again */
	books_fixture_reopen(&d->books);
	(void)take(d, &jobs[1], FIXTURE_NOW_S, "ds-1");
	(void)take(d, &jobs[2], FIXTURE_NOW_S, NULL);
	read_use(d, FIXTURE_NOW_S);
	assert_int_equal(d->signers->items[0].used, 3);
	assert_int_equal(d->signers->items[0].recent, 2);
	assert_int_equal(pki_signer_state(d->signers, &d->signers->items[0], FIXTURE_NOW_S), PKI_SIGNER_USED_UP);
	assert_int_equal(pki_signer_state(d->signers, &d->signers->items[1], FIXTURE_NOW_S), PKI_SIGNER_NOT_YET);
	(void)take(d, &jobs[3], FIXTURE_NOW_S + 60 * DAY_S, "ds-2");
}

static void usage_period_is_kept(void **state)
{
	struct desk *d = *state;
	struct job job;

	bind(d, 1, &job);
	(void)take(d, &job, d->signers->items[0].from_s - 1, NULL);
	(void)take(d, &job, d->signers->items[0].to_s, "ds-1");
	(void)take(d, &job, d->signers->items[0].to_s + 1, "ds-2");
	(void)take(d, &job, d->signers->items[1].to_s + 1, NULL);
	read_use(d, FIXTURE_NOW_S);
	assert_int_equal(d->signers->items[0].used, 1);
	assert_int_equal(d->signers->items[1].used, 1);
}

static void a_retired_key_never_signs(void **state)
{
	struct desk *d = *state;
	struct job job;
	int64_t first_ms = (int64_t)FIXTURE_NOW_S * 1000;

	bind(d, 1, &job);
	assert_int_equal(pki_signer_retire(&d->signers->items[0], d->books.store, first_ms, NULL).code, CC_OK);
	assert_int_equal(pki_signer_retire(&d->signers->items[0], d->books.store, first_ms + 5, NULL).code, CC_OK);
	(void)take(d, &job, FIXTURE_NOW_S, NULL);
	(void)take(d, &job, FIXTURE_NOW_S + 60 * DAY_S, "ds-2");
	read_use(d, FIXTURE_NOW_S);
	assert_true(d->signers->items[0].retired);
	assert_int_equal(d->signers->items[0].retired_ms, first_ms);
	assert_int_equal(pki_signer_state(d->signers, &d->signers->items[0], FIXTURE_NOW_S), PKI_SIGNER_RETIRED);
}

struct seen {
	unsigned count;
	char last[33];
};

static cc_status see(void *ctx, const char *serial, int64_t issued_ms)
{
	struct seen *s = ctx;

	assert_true(issued_ms > 0);
	(void)snprintf(s->last, sizeof s->last, "%s", serial);
	s->count++;
	return cc_ok();
}

/* Which cards carry this key: those that were issued, by the key that signed last. */
static void cards_of_a_key_are_counted(void **state)
{
	struct desk *d = *state;
	struct seen seen = { 0 };
	struct job jobs[3];

	for (unsigned i = 0; i < 3; i++)
		bind(d, i, &jobs[i]);
	(void)take(d, &jobs[0], FIXTURE_NOW_S, "ds-1");
	(void)take(d, &jobs[1], FIXTURE_NOW_S, "ds-1");
	(void)take(d, &jobs[1], FIXTURE_NOW_S + 100 * DAY_S, "ds-2");
	(void)take(d, &jobs[2], FIXTURE_NOW_S, "ds-1");
	books_fixture_walk(&d->books, &jobs[0], JOB_ISSUED);
	books_fixture_walk(&d->books, &jobs[1], JOB_ISSUED);
	read_use(d, FIXTURE_NOW_S);
	assert_int_equal(d->signers->items[0].cards, 1);
	assert_int_equal(d->signers->items[1].cards, 1);
	assert_int_equal(pki_signer_each_card(&d->signers->items[1], d->books.store, see, &seen, NULL).code, CC_OK);
	assert_int_equal(seen.count, 1);
	assert_string_equal(seen.last, "0000000000000001");
}

static void rotation_plan_names_the_day(void **state)
{
	struct desk *d = *state;
	struct pki_rotation plan;
	struct job job;

	read_use(d, FIXTURE_NOW_S);
	pki_rotation_plan(d->signers, FIXTURE_NOW_S, &plan);
	assert_ptr_equal(plan.current, &d->signers->items[0]);
	assert_ptr_equal(plan.next, &d->signers->items[1]);
	assert_int_equal(plan.left, 3);
	assert_int_equal(plan.due_s, d->signers->items[0].to_s);
	assert_false(plan.due_by_limit);
	/* one signature in 30 days: the two that are left last 60 days, less than the period */
	bind(d, 1, &job);
	(void)take(d, &job, FIXTURE_NOW_S, "ds-1");
	read_use(d, FIXTURE_NOW_S);
	pki_rotation_plan(d->signers, FIXTURE_NOW_S, &plan);
	assert_int_equal(plan.left, 2);
	assert_true(plan.due_by_limit);
	assert_int_equal(plan.due_s, FIXTURE_NOW_S + 60 * DAY_S);
	/* nobody left */
	pki_rotation_plan(d->signers, FIXTURE_NOW_S + 500 * DAY_S, &plan);
	assert_null(plan.current);
	assert_null(plan.next);
}

static void settings_out_of_bounds_are_named(void **state)
{
	struct desk *d = *state;
	struct pki_signers *s = NULL;
	struct cc_error err = { 0 };

	fixture_write(&d->pki.folder, "settings.json", BYTES_LITERAL("{\"pki.ds-max-signatures\": 0}"));
	assert_int_equal(pki_signers_load(&d->config, &s, &err).code, CC_E_FORMAT);
	assert_string_equal(err.key, "settings.bad-value");
	assert_null(s);
}

#define with_desk(f) cmocka_unit_test_setup_teardown(f, desk, desk_done)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_desk(signers_are_found_by_number),
		with_desk(a_signer_made_after_start_is_found),
		with_desk(two_signatures_are_taken_together_or_not_at_all),
		with_desk(limit_holds_over_a_restart),
		with_desk(usage_period_is_kept),
		with_desk(a_retired_key_never_signs),
		with_desk(cards_of_a_key_are_counted),
		with_desk(rotation_plan_names_the_day),
		with_desk(settings_out_of_bounds_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
